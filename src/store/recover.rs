//! Tests of the store on disk against what crashes, cuts and failing disks leave behind.

use std::path::{Path, PathBuf};

use desk::effect::OutboxPhase;
use desk::{RawHash, Status, TicketNo};

use super::sample::{ack, at, mail, mail_event, mailbox, new_ticket, record, request, step, ticket};
use super::{DiskStore, OpenOptions, Record, Store, StoreError};
use crate::failpoint;

fn open(dir: &Path) -> Result<DiskStore, StoreError> {
    DiskStore::open(dir, OpenOptions::default(), &mut |_, _| {})
}

fn arrive(store: &DiskStore, uid: u32) {
    let no = u64::from(uid);
    store.keep(&[&mail(uid)]).expect("keep");
    store.stage(record(new_ticket(uid, no)), &[(RawHash::of(&ack(no)), ack(no))]).expect("stage");
}

/// A closed store with tickets 1 to `tickets`, each flushed alone.
fn closed_store(tickets: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = open(dir.path()).expect("a new store");
    for uid in 1..=tickets {
        arrive(&store, uid);
        store.flush().expect("flush");
    }
    drop(store);
    dir
}

fn journal(dir: &Path) -> PathBuf {
    dir.join("journal/00000001.seg")
}

fn pack(dir: &Path) -> PathBuf {
    dir.join("raw/000001.pack")
}

fn tickets(store: &DiskStore) -> usize {
    store.tickets(&super::TicketFilter::default()).len()
}

fn flip(path: &Path, offset: u64) {
    let mut bytes = std::fs::read(path).expect("read");
    let index = usize::try_from(offset).expect("small");
    bytes[index] ^= 0x10;
    std::fs::write(path, bytes).expect("write");
}

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).expect("there").len()
}

fn cut(path: &Path, length: u64) {
    std::fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(length)).expect("cut");
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("create");
    for entry in std::fs::read_dir(from).expect("list") {
        let entry = entry.expect("list");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("look").is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copy");
        }
    }
}

#[test]
fn what_was_flushed_is_there_after_a_restart() {
    let dir = closed_store(30);
    let store = open(dir.path()).expect("open");
    assert_eq!(tickets(&store), 30);
    assert_eq!(store.suspects(), []);
    assert_eq!(store.history(TicketNo(7)).expect("readable"), [new_ticket(7, 7)]);
    assert_eq!(store.raw(&RawHash::of(&mail(9))).expect("kept"), mail(9));
    arrive(&store, 31);
    assert_eq!(store.flush().expect("flush"), 31);
}

#[test]
fn a_second_process_is_told_who_has_the_store() {
    let dir = closed_store(1);
    let first = open(dir.path()).expect("open");
    let own = std::process::id().to_string();
    assert!(matches!(open(dir.path()), Err(StoreError::Busy { pid, .. }) if pid == own));
    drop(first);
    assert!(open(dir.path()).is_ok());
}

#[test]
fn a_torn_record_is_cut_at_every_byte() {
    let dir = closed_store(2);
    let whole = length(&journal(dir.path()));
    let store = open(dir.path()).expect("open");
    arrive(&store, 3);
    store.flush().expect("flush");
    drop(store);
    let end = length(&journal(dir.path()));
    std::fs::remove_dir_all(dir.path().join("state")).expect("remove the state");
    for torn in (whole..end).rev() {
        cut(&journal(dir.path()), torn);
        let store = open(dir.path()).expect("a torn end is cut");
        assert_eq!(tickets(&store), 2, "cut at {torn}");
        assert_eq!(store.suspects().len(), 1, "the third mail was kept");
        drop(store);
        assert_eq!(length(&journal(dir.path())), whole);
        if torn % 40 == 0 {
            std::fs::remove_dir_all(dir.path().join("state")).expect("remove the state");
        }
        // Put something torn back.
        let file = std::fs::OpenOptions::new().write(true).open(journal(dir.path())).expect("open");
        file.set_len(torn).expect("zeroes, as an unsynced page");
    }
}

#[test]
fn a_flipped_byte_in_the_middle_refuses_and_changes_nothing() {
    let dir = closed_store(3);
    let bytes = std::fs::read(journal(dir.path())).expect("read");
    for offset in [0, 9, 16, 20, 30, 60, 100, 200] {
        flip(&journal(dir.path()), offset);
        let refused = open(dir.path());
        assert!(
            matches!(&refused, Err(StoreError::Damaged { what, .. }) if what.contains("backup restore"))
                || matches!(&refused, Err(StoreError::Version { .. })),
            "byte {offset}: {refused:?}"
        );
        flip(&journal(dir.path()), offset);
        assert!(std::fs::read(journal(dir.path())).expect("read") == bytes, "byte {offset}");
    }
    assert_eq!(tickets(&open(dir.path()).expect("open")), 3);
}

#[test]
fn a_hole_in_the_newest_group_is_a_torn_end() {
    let dir = closed_store(2);
    let whole = length(&journal(dir.path()));
    let store = open(dir.path()).expect("open");
    for uid in 3..=6 {
        arrive(&store, uid);
    }
    store.flush().expect("one group");
    drop(store);
    std::fs::remove_dir_all(dir.path().join("state")).expect("remove the state");
    flip(&journal(dir.path()), whole + 70);
    let store = open(dir.path()).expect("power was cut before the group was durable");
    assert_eq!(tickets(&store), 2);
    assert_eq!(store.suspects().len(), 4);
}

#[test]
fn a_broken_chain_refuses() {
    let dir = closed_store(3);
    let other = closed_store(0);
    let store = open(other.path()).expect("open");
    store.stage(record(request("other", ticket(9, Status::New), 0)), &[]).expect("stage");
    store.flush().expect("flush");
    arrive(&store, 2);
    store.flush().expect("flush");
    drop(store);
    // The second record of another journal in place of our own: whole in itself.
    let (ours, theirs) = (std::fs::read(journal(dir.path())).expect("read"), std::fs::read(journal(other.path())).expect("read"));
    let record_bytes =
        |bytes: &[u8], from: usize| 54 + 5 + u32::from_le_bytes(bytes[from + 2..from + 6].try_into().expect("4 bytes")) as usize;
    let (ours_end, theirs_start) = (16 + record_bytes(&ours, 16), 16 + record_bytes(&theirs, 16));
    let mixed: Vec<u8> = ours[..ours_end].iter().chain(&theirs[theirs_start..]).copied().collect();
    std::fs::write(journal(dir.path()), mixed).expect("write");
    assert!(matches!(open(dir.path()), Err(StoreError::Damaged { what, .. }) if what.contains("continue")));
}

#[test]
fn a_newer_record_version_refuses() {
    let dir = closed_store(1);
    let mut bytes = std::fs::read(journal(dir.path())).expect("read");
    bytes[16] = 2;
    let end = bytes.len();
    let crc = crc32fast::hash(&bytes[16..end - 5]);
    bytes[end - 5..end - 1].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(journal(dir.path()), &bytes).expect("write");
    assert!(matches!(open(dir.path()), Err(StoreError::Version { version: 2 })));
    assert!(std::fs::read(journal(dir.path())).expect("read") == bytes);
}

fn dump(store: &DiskStore) -> Vec<(Vec<u8>, Vec<u8>)> {
    use super::answer::Answers;
    let scan = super::kv::Scan { from: vec![b'B'], until: vec![u8::MAX], reverse: false, limit: usize::MAX };
    store.state().scan(&scan).expect("readable")
}

#[test]
fn a_lost_or_damaged_state_is_built_anew_and_equal() {
    let dir = closed_store(40);
    let store = open(dir.path()).expect("open");
    store.stage(Record::Outbox(vec![step(new_ticket(4, 4).outbox[0].id, OutboxPhase::Accepted, 50)]), &[]).expect("stage");
    store.flush().expect("flush");
    let live = dump(&store);
    drop(store);
    let damages: [&dyn Fn(&Path); 4] = [
        &|state| std::fs::remove_dir_all(state).expect("remove"),
        &|state| std::fs::write(state.join("db"), vec![0xA5; 8192]).expect("write"),
        &|state| cut(&state.join("db"), 100),
        &|state| std::fs::write(state.join("conf"), b"nonsense").expect("write"),
    ];
    for (number, damage) in damages.iter().enumerate() {
        damage(&dir.path().join("state"));
        let store = open(dir.path()).unwrap_or_else(|error| panic!("damage {number}: {error:?}"));
        assert!(dump(&store) == live, "damage {number}");
    }
}

#[test]
fn a_state_ahead_of_the_journal_is_built_anew() {
    let dir = closed_store(3);
    cut(&journal(dir.path()), length(&journal(dir.path())) - 1);
    let store = open(dir.path()).expect("open");
    assert_eq!((tickets(&store), store.counts().tickets[0]), (2, 2));
    assert!(dir.path().join("state.damaged-1").exists());
}

#[test]
fn a_failed_sync_ends_everything() {
    let dir = closed_store(1);
    let store = open(dir.path()).expect("open");
    arrive(&store, 2);
    failpoint::thread::arm("fsync_fails");
    assert!(matches!(store.flush(), Err(StoreError::Io { act: "sync", .. })));
    assert!(store.flush().is_err(), "a sync is never tried again");
    assert!(store.keep(&[b"more"]).is_err());
    assert!(store.stage(record(new_ticket(3, 3)), &[]).is_err());
    drop(store);
    assert_eq!(open(dir.path()).expect("open").ticket(TicketNo(1)).map(|ticket| ticket.no), Some(TicketNo(1)));
}

#[test]
fn a_failed_sync_of_kept_mail_ends_everything() {
    let dir = closed_store(1);
    let store = open(dir.path()).expect("open");
    failpoint::thread::arm("fsync_fails");
    assert!(store.keep(&[b"one"]).is_err());
    assert!(store.flush().is_err());
}

#[test]
fn power_loss_leaves_every_flushed_record() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = open(dir.path()).expect("a new store");
    let mut uid = 0;
    for round in 1..=6u32 {
        for _ in 0..round {
            uid += 1;
            arrive(&store, uid);
        }
        store.flush().expect("flush");
        let synced = (length(&journal(dir.path())), length(&pack(dir.path())));
        let image = tempfile::tempdir().expect("a temporary directory");
        // More is written but never synced; the image keeps what was durable.
        arrive(&store, 1000 + round);
        copy_dir(&dir.path().join("journal"), &image.path().join("journal"));
        copy_dir(&dir.path().join("raw"), &image.path().join("raw"));
        cut(&journal(image.path()), synced.0);
        cut(&pack(image.path()), synced.1);
        let recovered = open(image.path()).expect("open the image");
        assert!((1..=uid).all(|uid| recovered.has_event(mail_event(uid))), "round {round}");
        assert!((1..=uid).all(|uid| recovered.raw(&RawHash::of(&mail(uid))).is_ok()), "round {round}");
    }
}

#[test]
fn a_torn_pack_end_is_cut_and_damage_before_it_refuses() {
    let dir = closed_store(2);
    let whole = length(&pack(dir.path()));
    let store = open(dir.path()).expect("open");
    store.keep(&[b"a mail that no record names"]).expect("keep");
    drop(store);
    let end = length(&pack(dir.path()));
    let store = open(dir.path()).expect("open");
    assert_eq!(store.suspects(), [super::Suspect { raw: RawHash::of(b"a mail that no record names") }]);
    drop(store);
    for torn in whole + 1..end {
        cut(&pack(dir.path()), torn);
        let store = open(dir.path()).expect("a torn end is cut");
        assert_eq!(store.suspects(), []);
        drop(store);
        assert_eq!(length(&pack(dir.path())), whole);
        cut(&pack(dir.path()), end);
    }
    drop(open(dir.path()).expect("open"));
    cut(&pack(dir.path()), whole - 1);
    assert!(matches!(open(dir.path()), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_damaged_mail_is_found_when_it_is_read() {
    let dir = closed_store(2);
    flip(&pack(dir.path()), 70);
    let store = open(dir.path()).expect("open");
    let hash = RawHash::of(&mail(1));
    assert!(matches!(store.raw(&hash), Err(StoreError::Raw { what: "is damaged", .. })));
    assert_eq!(store.cursor(&mailbox()).settled, [(1, 2)]);
}

#[test]
fn nothing_is_kept_below_the_reserve() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = OpenOptions { reserve_bytes: u64::MAX / 2, ..OpenOptions::default() };
    let store = DiskStore::open(dir.path(), options, &mut |_, _| {}).expect("a new store");
    assert!(matches!(store.keep(&[b"one"]), Err(StoreError::Full { .. })));
    assert!(store.stage(record(request("a", ticket(1, Status::New), at(0).as_second())), &[]).is_ok(), "outcomes go on");
}

#[test]
fn small_packs_and_segments_hold_the_same_as_large_ones() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options = OpenOptions { pack_bytes: 4_000, segment_bytes: 1_000, ..OpenOptions::default() };
    let reopen = || DiskStore::open(dir.path(), options, &mut |_, _| {}).expect("open");
    let mut store = reopen();
    for uid in 1..=40 {
        arrive(&store, uid);
        store.flush().expect("flush");
        if uid % 15 == 0 {
            drop(store);
            store = reopen();
        }
    }
    drop(store);
    let saved = |number: u32| dir.path().join(format!("raw/{number:06}.idx"));
    assert!(saved(1).exists() && saved(2).exists(), "full packs have their index beside them");
    std::fs::write(saved(2), b"damaged").expect("write");
    std::fs::remove_dir_all(dir.path().join("state")).expect("remove the state");
    let store = reopen();
    assert!((1..=40).all(|uid| store.raw(&RawHash::of(&mail(uid))).expect("kept") == mail(uid)));
    assert!((1..=40).all(|no| store.raw(&RawHash::of(&ack(no))).is_ok()));
    assert_eq!((tickets(&store), store.suspects()), (40, Vec::new()));
    assert_eq!(store.verify(&mut |_, _| {}).expect("verify").differences, Vec::<String>::new());
    drop(store);
    flip(&dir.path().join("journal/00000003.seg"), 100);
    assert!(DiskStore::open(dir.path(), options, &mut |_, _| {}).is_err(), "damage in a segment that is read at start");
}
