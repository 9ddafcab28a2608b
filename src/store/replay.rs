//! Tests: the state is a function of the journal, backups come back, and released stores stay readable.

use std::path::{Path, PathBuf};

use desk::effect::OutboxPhase;
use desk::ticket::LinkKind;
use desk::{Outcome, RawHash, Status, TicketNo, TimerKind};
use proptest::prelude::*;

use super::sample::{ack, at, decision, keys, mail, mailbox, message, new_ticket, place, record, request, step, ticket};
use super::{BudgetKey, Cause, DiskStore, OpenOptions, Record, Store, StoreError, backup, rebuild};

fn open(dir: &Path) -> Result<DiskStore, StoreError> {
    DiskStore::open(dir, OpenOptions::default(), &mut |_, _| {})
}

fn arrive(store: &dyn Store, uid: u32) {
    let no = u64::from(uid);
    store.keep(&[&mail(uid)]).expect("keep");
    store.stage(record(new_ticket(uid, no)), &[(RawHash::of(&ack(no)), ack(no))]).expect("stage");
}

fn phases() -> impl Strategy<Value = OutboxPhase> {
    use OutboxPhase::{Accepted, Claimed, DataSent, Deferred, Dropped, Failed, Held, Queued, Unknown};
    prop::sample::select(vec![Accepted, Claimed, DataSent, Deferred, Dropped, Failed, Held, Queued, Unknown])
}

/// Any record, about few mails and tickets so that they meet each other.
fn any_record() -> impl Strategy<Value = Record> {
    let uid = 1..30u32;
    let second = 0..400_000i64;
    let changed =
        (0..1000u32, 1..12u64, 0..6usize, second.clone(), any::<bool>()).prop_map(|(name, no, status, second, starts)| {
            let mut decided = request(&format!("r{name}"), ticket(no, Status::ALL[status]), second);
            let kind = TimerKind::ALL[usize::from(starts)];
            if let Some(ticket) = decided.decision.ticket.as_mut().filter(|_| second % 3 != 0) {
                ticket.timers.insert(kind, at(second));
            }
            decided.decision.link_back = Some((TicketNo(no % 3), LinkKind::ClaimedBy));
            decided.budget = vec![BudgetKey::Notice(format!("agent {}", second % 50)), BudgetKey::All];
            record(decided)
        });
    let held = (uid.clone(), 1..12u64).prop_map(|(uid, no)| {
        let mut decided = new_ticket(uid, no);
        decided.decision = decision(Outcome::Held { why: "odd".to_owned() }, None, Some(message(decided.event, "held@x", "Hi")));
        record(decided)
    });
    let released = (0..1000u32, uid.clone()).prop_map(|(name, uid)| {
        let mut decided = request(&format!("release {name}"), ticket(1, Status::Open), 0);
        decided.decision.message = Some(message(new_ticket(uid, 1).event, "held@x", "Hi"));
        record(decided)
    });
    let duplicate = (uid.clone(), uid.clone()).prop_map(|(uid, of)| {
        let mut decided = new_ticket(uid, 1);
        decided.cause = Cause::Mail {
            place: place(uid),
            raw: RawHash::of(&mail(of)),
            keys: Some(keys(of)),
            to_file: uid % 2 == 0,
            inbox: None,
        };
        decided.decision = decision(Outcome::Duplicate, None, None);
        decided.outbox.clear();
        record(decided)
    });
    let steps = prop::collection::vec((uid.clone(), phases(), second), 1..4).prop_map(|steps| {
        let step =
            |(uid, phase, second): (u32, OutboxPhase, i64)| step(new_ticket(uid, u64::from(uid)).outbox[0].id, phase, second);
        Record::Outbox(steps.into_iter().map(step).collect())
    });
    let settled = (6..9u32, 1..600u32, 0..300u32).prop_map(|(uid_validity, from, more)| Record::Settled {
        mailbox: mailbox(),
        uid_validity,
        ranges: vec![(from, from + more)],
        outcome: Outcome::Vanished,
        at: at(0),
    });
    prop_oneof![
        6 => uid.clone().prop_map(|uid| record(new_ticket(uid, u64::from(uid % 11 + 1)))),
        4 => changed,
        1 => held,
        1 => released,
        2 => duplicate,
        4 => steps,
        1 => settled,
        1 => (6..9u32).prop_map(|uid_validity| Record::MailboxOpened { mailbox: mailbox(), uid_validity, at: at(0) }),
        1 => prop::collection::vec(uid, 1..9).prop_map(|uids| Record::Filed { mailbox: mailbox(), uid_validity: 7, uids }),
        1 => any::<bool>().prop_map(|open| Record::Breaker { reason: open.then(|| "storm".to_owned()), at: at(0) }),
        1 => any::<bool>().prop_map(|stop| Record::Suppressed {
            address: "a@b.example".to_owned(),
            reason: stop.then(|| "bounce".to_owned()),
            until: None,
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_state_read_back_from_the_journal_equals_the_live_one(
        records in prop::collection::vec((any_record(), prop::bool::weighted(0.2)), 1..120),
        pause in 0..120usize,
    ) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let memory = super::MemoryStore::new();
        let mut store = open(dir.path()).expect("a new store");
        for (index, (record, flush)) in records.into_iter().enumerate() {
            memory.stage(record.clone(), &[]).expect("stage");
            store.stage(record, &[]).expect("stage");
            if flush {
                store.flush().expect("flush");
            }
            if index == pause {
                store.flush().expect("flush");
                drop(store);
                store = open(dir.path()).expect("open again");
            }
        }
        let found = store.verify(&mut |_, _| {}).expect("verify");
        prop_assert_eq!(found.differences, Vec::<String>::new());
        prop_assert_eq!(store.counts(), memory.counts());
        prop_assert_eq!(store.outbox(true, 999), memory.outbox(true, 999));
        prop_assert_eq!(store.outbox(false, 999), memory.outbox(false, 999));
        prop_assert_eq!(store.tickets(&super::TicketFilter::default()), memory.tickets(&super::TicketFilter::default()));
        prop_assert_eq!(store.due_timers(at(999_999), 999), memory.due_timers(at(999_999), 999));
        prop_assert_eq!(store.outcomes(&mailbox()), memory.outcomes(&mailbox()));
        prop_assert_eq!(store.held(), memory.held());
        let open_rows = store.outbox(false, 999).len() as u64;
        prop_assert_eq!(store.counts().outbox, open_rows);
    }
}

#[test]
fn verify_finds_a_damaged_mail_and_a_wrong_state() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = open(dir.path()).expect("a new store");
    (1..=20).for_each(|uid| arrive(&store, uid));
    let found = store.verify(&mut |_, _| {}).expect("verify");
    assert_eq!((found.records, found.blobs, found.differences.len()), (20, 60, 0));
    assert!(found.keys > 100);
    store.state.stage(vec![(super::key::contact("c3@example.org"), Some(vec![9]))]);
    let found = store.verify(&mut |_, _| {}).expect("verify");
    assert_eq!(found.differences.len(), 1, "{found:?}");
    drop(store);
    let pack = dir.path().join("raw/000001.pack");
    let mut bytes = std::fs::read(&pack).expect("read");
    bytes[66] ^= 1;
    std::fs::write(&pack, bytes).expect("write");
    let store = rebuild(dir.path(), OpenOptions::default(), &mut |_, _| {}).expect("rebuild");
    let found = store.verify(&mut |_, _| {}).expect("verify");
    assert_eq!(found.differences.len(), 1, "{found:?}");
}

#[test]
fn a_backup_of_a_running_store_comes_back_held() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (live, kept, again) = (dir.path().join("live"), dir.path().join("kept"), dir.path().join("again"));
    let store = open(&live).expect("a new store");
    (1..=10).for_each(|uid| arrive(&store, uid));
    store.stage(Record::Outbox(vec![step(new_ticket(2, 2).outbox[0].id, OutboxPhase::Accepted, 9)]), &[]).expect("stage");
    store.flush().expect("flush");
    let manifest = backup::create(&live, &kept, &mut |_, _| {}).expect("back up while it runs");
    assert_eq!(manifest.seq, 11);
    arrive(&store, 11);
    store.flush().expect("flush");
    assert_eq!(backup::verify(&kept, &mut |_, _| {}).expect("whole"), manifest);
    assert!(backup::create(&live, &kept, &mut |_, _| {}).is_err(), "a backup is never written over");
    backup::restore(&kept, &again, &mut |_, _| {}).expect("restore");
    let restored = open(&again).expect("open");
    assert_eq!(restored.tickets(&super::TicketFilter::default()).len(), 10);
    let waiting = restored.outbox(false, 99);
    assert_eq!(waiting.len(), 9);
    assert!(waiting.iter().all(|row| row.phase == OutboxPhase::Held));
    assert_eq!(restored.raw(&RawHash::of(&mail(3))).expect("kept"), mail(3));
    drop(restored);
    let restored = open(&again).expect("open");
    restored.stage(Record::Outbox(vec![step(waiting[0].id, OutboxPhase::Queued, 9)]), &[]).expect("release");
    restored.flush().expect("flush");
    drop(restored);
    let phases: Vec<OutboxPhase> = open(&again).expect("open").outbox(false, 99).into_iter().map(|row| row.phase).collect();
    assert_eq!(phases.iter().filter(|phase| **phase == OutboxPhase::Queued).count(), 1, "held once, not at every start");
}

#[test]
fn a_changed_backup_is_not_restored() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (live, kept) = (dir.path().join("live"), dir.path().join("kept"));
    let store = open(&live).expect("a new store");
    arrive(&store, 1);
    store.flush().expect("flush");
    backup::create(&live, &kept, &mut |_, _| {}).expect("back up");
    let pack = kept.join("raw/000001.pack");
    let mut bytes = std::fs::read(&pack).expect("read");
    bytes[80] ^= 1;
    std::fs::write(&pack, bytes).expect("write");
    assert!(
        matches!(backup::verify(&kept, &mut |_, _| {}), Err(StoreError::Damaged { path, .. }) if path.ends_with("000001.pack"))
    );
    assert!(backup::restore(&kept, &dir.path().join("again"), &mut |_, _| {}).is_err());
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/store/v1")
}

/// The records of the fixture, for writing it and for telling what must come back.
fn write_fixture(store: &dyn Store) {
    (1..=3).for_each(|uid| arrive(store, uid));
    let mut solved = request("solve", ticket(2, Status::Solved), 100);
    solved.decision.ticket.as_mut().expect("it has one").timers.insert(TimerKind::CloseSolved, at(1000));
    store.stage(record(solved), &[]).expect("stage");
    store.stage(Record::Outbox(vec![step(new_ticket(1, 1).outbox[0].id, OutboxPhase::Accepted, 9)]), &[]).expect("stage");
    let settled =
        Record::Settled { mailbox: mailbox(), uid_validity: 7, ranges: vec![(4, 9)], outcome: Outcome::Vanished, at: at(5) };
    store.stage(settled, &[]).expect("stage");
    store.stage(Record::Filed { mailbox: mailbox(), uid_validity: 7, uids: vec![1] }, &[]).expect("stage");
    store.stage(Record::Breaker { reason: Some("storm".to_owned()), at: at(6) }, &[]).expect("stage");
    let suppressed = Record::Suppressed { address: "a@b.example".to_owned(), reason: Some("bounce".to_owned()), until: None };
    store.stage(suppressed, &[]).expect("stage");
    store.flush().expect("flush");
}

#[test]
fn a_store_of_version_1_loads() {
    if std::env::var_os("UPDATE_EXPECT").is_some() && !fixture().exists() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let live = dir.path().join("live");
        write_fixture(&open(&live).expect("a new store"));
        backup::create(&live, &fixture(), &mut |_, _| {}).expect("write the fixture");
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let copy = dir.path().join("store");
    for part in ["journal/00000001.seg", "raw/000001.pack"] {
        let target = copy.join(part);
        std::fs::create_dir_all(target.parent().expect("a directory")).expect("create");
        std::fs::copy(fixture().join(part), target).expect("copy the fixture");
    }
    let store = open(&copy).expect("a released store loads");
    let expected = super::MemoryStore::new();
    write_fixture(&expected);
    let all = super::TicketFilter::default();
    assert_eq!(store.tickets(&all), expected.tickets(&all));
    assert_eq!(store.history(TicketNo(2)).expect("readable"), expected.history(TicketNo(2)).expect("readable"));
    assert_eq!((store.counts(), store.breaker()), (expected.counts(), expected.breaker()));
    assert_eq!(store.cursor(&mailbox()), expected.cursor(&mailbox()));
    assert_eq!(store.outbox(true, 9), expected.outbox(true, 9));
    assert_eq!(store.due_timers(at(1000), 9), expected.due_timers(at(1000), 9));
    assert_eq!(store.suppressed("a@b.example", at(0)), expected.suppressed("a@b.example", at(0)));
    assert_eq!(store.raw(&RawHash::of(&mail(2))).expect("kept"), mail(2));
}
