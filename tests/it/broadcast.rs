//! One command that reaches many tickets, over crashes: every requester hears of it exactly once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use desk::command::{Command, IssueAct};
use desk::event::{Actor, Place, SenderProof};
use desk::{EffectId, Purpose, TicketNo};
use frontdesk::cli::output::Printer;
use frontdesk::cli::setup;
use frontdesk::engine::core::{Core, Order};
use frontdesk::engine::read::read_here;
use frontdesk::store::{DiskStore, OpenOptions, Store};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::harness::wait::wait_for;

fn open(dir: &Path) -> Arc<DiskStore> {
    // A child of another test may hold the lock for the moment between its fork and its exec.
    let open = || DiskStore::open(dir, OpenOptions::default(), &mut |_, _| {}).ok();
    Arc::new(wait_for("the store to open", Duration::from_secs(10), open))
}

fn core(store: &Arc<DiskStore>) -> Core {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenario/know.toml");
    let setup = setup::load(&path, &Printer::plain(), "").unwrap_or_else(|failure| panic!("{}", failure.message));
    Core::new(store.clone(), setup.live, at(0)).expect("takes over")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).expect("an instant of this century")
}

/// A case of the known issue, by a person of their own.
fn arrive(core: &mut Core, uid: u32) {
    let raw = format!(
        "From: c{uid}@x{uid}.example\r\nTo: support@fernhill.example\r\nSubject: Slow\r\nMessage-ID: <{uid}@x.example>\r\n\r\n\
         The sync is slow.\r\n"
    );
    let hash = core.store().keep(&[raw.as_bytes()]).expect("kept")[0];
    let mut reading = read_here(hash, raw.as_bytes(), &[]);
    reading.proof = SenderProof::Proven { by: "a test".to_owned() };
    let place = Place { account: "main".into(), mailbox: "in".to_owned(), uid_validity: 1, uid };
    core.mail(at(i64::from(uid)), &place, false, reading).expect("decided");
}

fn order(request: &str, act: IssueAct) -> Order {
    let (by, ticket) = (Actor::Agent("tomasz".into()), TicketNo(1));
    Order { request: request.to_owned(), ticket, by, command: Command::Issue(act) }
}

fn news(store: &DiskStore, tickets: u64) -> BTreeMap<TicketNo, Vec<EffectId>> {
    let mut told: BTreeMap<TicketNo, Vec<EffectId>> = (1..=tickets).map(|no| (TicketNo(no), Vec::new())).collect();
    for row in store.outbox(true, 0).into_iter().filter(|row| row.purpose == Purpose::FollowUp) {
        told.entry(row.ticket).or_default().push(row.id);
    }
    told
}

/// Ends the process as `kill -9` would: what was flushed stays. Returns what comes up after it.
fn crash(core: Core, store: Arc<DiskStore>, dir: &Path) -> (Core, Arc<DiskStore>) {
    drop(core);
    drop(store);
    let store = open(dir);
    (self::core(&store), store)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_ticket_of_an_issue_hears_each_news_once_over_any_crash(
        tickets in 1..14_u32,
        steps in prop::collection::vec((1..5_usize, any::<bool>()), 1..10),
    ) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut store = open(dir.path());
        let mut desk = core(&store);
        (1..=tickets).for_each(|uid| arrive(&mut desk, uid));
        let update = IssueAct::Update { issue: "cloud-sync".to_owned(), text: "By noon.".to_owned() };
        for (request, act) in [("update", update), ("solved", IssueAct::Solved { issue: "cloud-sync".to_owned() })] {
            desk.command(at(100), order(request, act.clone())).expect("the store works").expect("it is allowed");
            store.flush().expect("flushed");
            for (some, dies) in &steps {
                desk.errands(at(200), *some).expect("the store works");
                store.flush().expect("flushed");
                if *dies {
                    (desk, store) = crash(desk, store, dir.path());
                    // The same request again, as an impatient client sends it, changes nothing.
                    desk.command(at(300), order(request, act.clone())).expect("the store works").expect("a repeat is good");
                    store.flush().expect("flushed");
                }
            }
            while desk.errands(at(400), 3).expect("the store works") > 0 {}
            store.flush().expect("flushed");
        }
        for (no, mails) in news(&store, u64::from(tickets)) {
            prop_assert_eq!(mails.len(), 2, "{:?}", no);
        }
        prop_assert_eq!(store.errands(99), vec![]);
        let found = store.verify(&mut |_, _| {}).expect("verified");
        prop_assert_eq!(found.differences, Vec::<String>::new());
    }
}

#[test]
fn a_chore_is_done_once_over_a_restart() {
    use frontdesk::engine::chore::jobs;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = open(dir.path());
    let mut desk = core(&store);
    arrive(&mut desk, 1);
    // The first Monday after, at 08:30 in London.
    let monday: Timestamp = "2026-11-23T08:31:00Z".parse().expect("an instant");
    let due = |store: &Arc<DiskStore>, desk: &Core| {
        let shared: Arc<dyn Store> = store.clone();
        jobs(&shared, &desk.live.policy, monday, true).expect("gathered")
    };
    let found = due(&store, &desk);
    // The report, a look at closing questions that finds none, and the promise to a case of an issue.
    assert_eq!(found.len(), 3, "{found:?}");
    for job in found.clone() {
        assert!(desk.chore(monday, job).expect("staged"));
    }
    store.flush().expect("flushed");
    let (mut desk, store) = crash(desk, store, dir.path());
    assert!(due(&store, &desk).is_empty());
    for job in found {
        assert!(!desk.chore(monday, job).expect("staged"), "a repeat is a no-op");
    }
    let sent = store.outbox(true, 0).into_iter().filter(|row| row.ticket == TicketNo(0)).count();
    assert_eq!(sent, 3, "the report for two, the promise for one");
}
