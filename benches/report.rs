//! A report over a store of many events: 1,000,000 in 100,000 tickets unless `REPORT_BENCH_TICKETS` says otherwise.
//!
//! The store is written first, as the engine writes it but without deciding; then reports are made from it, of everything and
//! of the last week, each with the memory that it took.

mod support;

use std::sync::Arc;
use std::time::Instant;

use desk::article::Articles;
use desk::decision::{Decision, HistoryEntry};
use desk::knowledge::Every;
use desk::report::Scope;
use desk::ticket::{Answered, Clock, Requester, Status, Ticket};
use desk::{EventId, Outcome, TicketNo};
use frontdesk::cli::output::Printer;
use frontdesk::cli::setup;
use frontdesk::engine::report::report;
use frontdesk::store::{Cause, Decided, DiskStore, OpenOptions, Record, Store};
use jiff::{SignedDuration, Timestamp};
use support::{config, memory, setting};

/// Events of each ticket.
const EVENTS: u32 = 10;

fn main() {
    let tickets = setting("REPORT_BENCH_TICKETS", 100_000);
    let dir = tempfile::tempdir_in("target").expect("a directory on a real disk");
    std::fs::write(dir.path().join("signing.key"), "0123456789abcdef0123456789abcdef\n").expect("a key");
    let path = dir.path().join("frontdesk.toml");
    std::fs::write(&path, config("imap://127.0.0.1:1", "smtp://127.0.0.1:2", "")).expect("a configuration");
    let setup = setup::load(&path, &Printer::plain(), "").unwrap_or_else(|failure| panic!("{}", failure.message));
    let mut policy = Arc::into_inner(setup.live).and_then(|live| Arc::into_inner(live.policy)).expect("nobody else has it");
    policy.knowledge.articles = Articles::default();
    let store = DiskStore::open(&dir.path().join("state"), OpenOptions::default(), &mut |_, _| {}).expect("a new store");
    let now: Timestamp = "2026-11-23T09:00:00Z".parse().expect("an instant");
    write(&store, tickets, now);
    let store: Arc<dyn Store> = Arc::new(store);
    let zone = jiff::tz::TimeZone::UTC;
    let since = jiff::civil::date(2025, 1, 1);
    measure("everything", &store, &policy, &Scope::since(since, now, &zone, None).expect("the past"));
    measure("a week", &store, &policy, &Scope::last(Every::Week, now, &zone, None).expect("the past"));
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn measure(what: &str, store: &Arc<dyn Store>, policy: &desk::Policy, scope: &Scope) {
    let begun = Instant::now();
    let made = report(store, policy, scope).expect("readable");
    println!(
        "{what}: {:.2} s, {} arrivals, {} closings, resident {} MB",
        begun.elapsed().as_secs_f64(),
        made.flow.arrivals,
        made.flow.closings,
        memory("self", "VmRSS:")
    );
}

/// Tickets over a year and a half, the newest last: asked, answered, asked again, answered, solved.
#[expect(clippy::print_stdout, reason = "a bench prints")]
fn write(store: &DiskStore, tickets: u32, now: Timestamp) {
    let begun = Instant::now();
    let first = now - SignedDuration::from_hours(550 * 24);
    let apart = first.duration_until(now) / i32::try_from(tickets).expect("not so many");
    for number in 0..tickets {
        let no = TicketNo(u64::from(number) + 1);
        let created_at = first + apart * i32::try_from(number).expect("not so many");
        let address = mail::Address::new(&format!("c{}@x.example", number % 9_000)).expect("an address");
        let requester = Requester { name: "Carla".to_owned(), address, proven: true };
        let made_by = EventId::of_request(&format!("made {number}"));
        let mut ticket = Ticket::blank(requester, "support".into(), "request".into(), made_by, created_at);
        (ticket.no, ticket.subject) = (no, format!("Printer {number} is on fire"));
        ticket.first_response = Clock { started_at: Some(created_at), due_at: Some(created_at), ..Clock::default() };
        for event in 0..EVENTS {
            let at = created_at + SignedDuration::from_mins(i64::from(event) * 97);
            let (kind, status) = match event {
                0 => ("requester_wrote", Status::New),
                9 => ("solved", Status::Solved),
                event if event % 2 == 1 => ("answered", Status::Pending),
                _ => ("requester_wrote", Status::Open),
            };
            let owed = desk::ledger::owed_by(&ticket);
            ticket.ledger.write(at, owed, None);
            (ticket.status, ticket.updated_at, ticket.rev) = (status, at, event + 1);
            if kind == "answered" {
                ticket.first_response.met_at.get_or_insert(at);
                ticket.next_response.met_at = ticket.next_response.started_at.map(|_| at);
                let (by, excerpt) = ("ana".to_owned(), "Please try again.".to_owned());
                ticket.answered = Some(Answered { rev: event + 1, by, at, event: made_by, excerpt });
            } else if event > 0 {
                ticket.next_response = Clock { started_at: Some(at), ..Clock::default() };
            }
            stage(store, &ticket, at, kind);
        }
        if number % 500 == 499 {
            store.flush().expect("flushed");
        }
    }
    store.flush().expect("flushed");
    println!("written: {} events in {:.0} s", tickets * EVENTS, begun.elapsed().as_secs_f64());
}

fn stage(store: &DiskStore, ticket: &Ticket, at: Timestamp, kind: &str) {
    let history =
        vec![HistoryEntry { at, kind: kind.to_owned(), by: "ana".to_owned(), what: "in a sentence".to_owned(), rule: None }];
    let decision = Decision {
        outcome: Outcome::Changed,
        ticket: Some(ticket.clone()),
        message: None,
        notes: Vec::new(),
        history,
        effects: Vec::new(),
        link_back: None,
        also: Vec::new(),
        trace: Vec::new(),
    };
    let event = EventId::of_request(&format!("{} {at}", ticket.no.0));
    let decided = Decided { event, at, cause: Cause::Request, decision, outbox: Vec::new(), budget: Vec::new() };
    store.stage(Record::Decided(Box::new(decided)), &[]).expect("staged");
}
