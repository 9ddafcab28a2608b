//! Timers and clocks as a desk grows: `cargo bench --bench process`. What one decision about a ticket with a process costs,
//! and what due timers cost where few and where many others exist; `PROCESS_BENCH_TICKETS` changes how many.

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::event::{Around, Event, EventKind, Place, SenderProof};
use desk::{EventId, RawHash, TimerKind, decide};
use frontdesk::cli::output::Printer;
use frontdesk::cli::setup;
use frontdesk::engine::Live;
use frontdesk::engine::core::Core;
use frontdesk::engine::read::read_here;
use frontdesk::store::{DiskStore, OpenOptions, Store, TicketFilter};
use jiff::{SignedDuration, Timestamp};

/// A decision may cost so much.
const DECISION_MAX: Duration = Duration::from_micros(100);
/// Due timers may cost so much more where everything else is a hundred times as many.
const GROWTH_MAX: f64 = 1.5;
/// Timers worked off for a figure.
const DUE: usize = 1_000;

fn main() {
    let count = std::env::var("PROCESS_BENCH_TICKETS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let few = grow(DUE + 200);
    let many = grow(count);
    let decision = decision(&many);
    report("decide about a ticket with steps and promises", decision, DECISION_MAX);
    let (few, many) = (due(few), due(many));
    let growth = many.as_secs_f64() / few.as_secs_f64();
    let word = if growth <= GROWTH_MAX { "reached" } else { "MISSED" };
    say(&format!(
        "a due timer: {few:?} of {} tickets, {many:?} of {count}: {growth:.2} × (wanted {GROWTH_MAX}: {word})",
        DUE + 200
    ));
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn say(text: &str) {
    println!("{text}");
}

fn report(what: &str, took: Duration, most: Duration) {
    say(&format!("{what}: {took:?} (wanted {most:?}: {})", if took <= most { "reached" } else { "MISSED" }));
}

struct Grown {
    core: Core,
    store: Arc<DiskStore>,
    live: Arc<Live>,
    now: Timestamp,
    _dir: tempfile::TempDir,
}

/// A store with so many open tickets, each with a step and a promise under way, a minute apart.
fn grow(count: usize) -> Grown {
    let dir = tempfile::tempdir_in("target").expect("a directory on a real disk");
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenario/process.toml");
    let live = setup::load(&config, &Printer::plain(), "").unwrap_or_else(|failure| panic!("{}", failure.message)).live;
    let store = DiskStore::open(dir.path(), OpenOptions::default(), &mut |_, _| {}).expect("a new store");
    let store = Arc::new(store);
    let start: Timestamp = "2026-11-23T09:00:00Z".parse().expect("an instant");
    let mut core = Core::new(store.clone(), live.clone(), start).expect("a new store");
    let key = live.mailboxes.keys().next().expect("a mailbox").clone();
    let mut now = start;
    for number in 1..=u32::try_from(count).expect("fewer") {
        now = start + SignedDuration::from_mins(i64::from(number));
        let raw = format!(
            "From: c{number}@d{}.example\r\nTo: support@fernhill.example\r\nSubject: Probe {number}\r\nMessage-ID: <b{number}@x.example>\r\n\r\n\
             Probe FH-{:05} drops off.\r\n",
            number % 5_000,
            number % 100_000
        );
        let mut reading = read_here(RawHash::of(raw.as_bytes()), raw.as_bytes(), &[]);
        reading.proof = SenderProof::Proven { by: "dkim".to_owned() };
        let hash = store.keep(&[raw.as_bytes()]).expect("kept");
        reading.raw = hash[0];
        let place = Place { account: key.account.clone(), mailbox: key.mailbox.clone(), uid_validity: 1, uid: number };
        core.mail(now, &place, false, reading).expect("decided");
        core.take_happenings();
        if number % 200 == 0 {
            store.flush().expect("flushed");
        }
    }
    store.flush().expect("flushed");
    Grown { core, store, live, now, _dir: dir }
}

/// The mean of a promise that fires on a ticket.
fn decision(grown: &Grown) -> Duration {
    let tickets = grown.store.tickets(&TicketFilter { limit: 500, ..TicketFilter::default() });
    let begun = Instant::now();
    let mut decided = 0;
    for ticket in tickets.iter().cycle().take(5_000) {
        let kind = TimerKind::Promise;
        let due_at = ticket.timers.get(&kind).copied().unwrap_or(grown.now);
        let id = EventId::of_timer(ticket.no, kind.as_str(), due_at);
        let event = Event { id, at: due_at, kind: EventKind::TimerFired { kind, due_at }, around: Around::default() };
        decided += decide::decide(&grown.live.policy, Some(ticket), &event).history.len();
    }
    assert!(decided > 0, "they were due");
    begun.elapsed() / 5_000
}

/// What one due timer costs, looked for, decided and committed.
fn due(mut grown: Grown) -> Duration {
    // As long as the first of them are due; the others are not.
    let mut dues: Vec<Timestamp> = Vec::new();
    for (at, _, _) in grown.store.due_timers(Timestamp::MAX, DUE) {
        dues.push(at);
    }
    let at = dues.last().copied().expect("there are timers");
    let begun = Instant::now();
    let mut done = 0;
    while done < DUE {
        let now = grown.core.timers(at, 64).expect("decided");
        grown.store.flush().expect("flushed");
        grown.core.take_happenings();
        if now == 0 {
            break;
        }
        done += now;
    }
    begun.elapsed() / u32::try_from(done.max(1)).expect("few")
}
