//! The laws that hold in every world once it has settled: I1 to I10. I10, that nothing of this depends on the wall clock,
//! holds since the clock of these worlds jumps.

use std::collections::{BTreeMap, BTreeSet};

use desk::effect::{OutboxPhase, Purpose};
use desk::{EventId, Outcome, RawHash, TimerKind};
use frontdesk::store::{Cause, Decided, Store, TicketFilter};
use jiff::Timestamp;

use super::people::{CANARY, FORGED, is_customer};
use super::world::{NOTICES_MAX, World};

/// Everything that was ever decided about a ticket, by event.
struct Past {
    decided: BTreeMap<EventId, Decided>,
}

impl Past {
    fn of(world: &World) -> Self {
        let store = world.store();
        let tickets = store.tickets(&TicketFilter::default());
        let all = tickets.iter().flat_map(|ticket| store.history(ticket.no).expect("readable"));
        Self { decided: all.map(|decided| (decided.event, decided)).collect() }
    }
}

pub(super) fn check(world: &mut World) {
    let past = Past::of(world);
    every_mail_has_one_outcome(world);
    no_mail_is_twice_on_tickets(&past);
    what_was_filed_has_an_outcome(world);
    nothing_is_sent_twice(world);
    no_event_writes_twice_to_one(&past);
    every_row_has_ended(world);
    customers_get_what_is_for_them(world, &past);
    ledgers_sum_to_elapsed_time(world);
    automatic_mail_stays_within_bounds(world, &past);
    agents_are_told_within_bounds(&past);
    timers_fire_once(world);
    no_mail_kills_twice(world);
    the_journal_replays_to_the_same(world);
}

/// I1: every UID of the server has one outcome, and every mail that we had is kept (I9) with its bytes.
fn every_mail_has_one_outcome(world: &World) {
    let store = world.store();
    for raw in world.mailbox.shown.difference(&world.mailbox.taken_away) {
        let hash = RawHash::of(raw);
        assert!(store.has_raw(&hash).expect("readable"), "a mail that was shown is not kept");
        assert_eq!(&store.raw(&hash).expect("I9"), raw, "its bytes are others");
    }
    let mut seen = BTreeSet::new();
    for (from, to, outcome, _) in store.outcomes(world.key()) {
        for uid in from..=to {
            assert!(seen.insert(uid), "uid {uid} has two outcomes, the second {outcome}");
        }
    }
    let (uid_validity, uid_next) = world.mailbox.select();
    if store.cursor(world.key()).uid_validity == Some(uid_validity) {
        assert!((1..uid_next).all(|uid| seen.contains(&uid)), "of all before {uid_next} only {seen:?} have an outcome");
    }
}

/// I2: one mail is the work of one ticket at most, however often it was delivered.
fn no_mail_is_twice_on_tickets(past: &Past) {
    let mut worked: BTreeMap<RawHash, EventId> = BTreeMap::new();
    for decided in past.decided.values() {
        let Cause::Mail { raw, .. } = decided.cause else { continue };
        if matches!(decided.decision.outcome, Outcome::NewTicket | Outcome::Attached) {
            let other = worked.insert(raw, decided.event);
            assert!(other.is_none(), "{raw} was worked on as {other:?} and {}", decided.event);
        }
    }
}

/// I3: nothing changed on the server that was not committed. That no commit is lost is looked at after each start.
fn what_was_filed_has_an_outcome(world: &World) {
    for filed in &world.mailbox.filed {
        assert!(world.durable.contains(filed), "{filed:?} was moved before it was durable");
    }
}

/// The promises of sending: automatic mail at most once, a person's answer at most twice and then the same bytes.
fn nothing_is_sent_twice(world: &World) {
    let mut times: BTreeMap<String, (usize, BTreeSet<RawHash>, bool)> = BTreeMap::new();
    let mut acknowledged = BTreeSet::new();
    for row in &world.peer.received {
        let entry = times.entry(row.message_id.to_string()).or_default();
        entry.0 += 1;
        entry.1.insert(row.raw);
        entry.2 = row.class == desk::SendClass::AtMostOnce;
        if entry.0 == 1 && row.purpose == Purpose::Acknowledgement {
            assert!(acknowledged.insert(row.ticket), "{:?} was acknowledged twice", row.ticket);
        }
    }
    for (id, (count, bytes, at_most_once)) in times {
        assert!(count <= if at_most_once { 1 } else { 2 }, "{id} was sent {count} times");
        assert_eq!(bytes.len(), 1, "{id} was sent with other bytes");
    }
}

/// I4: one row for each ticket, purpose, recipient and event.
fn no_event_writes_twice_to_one(past: &Past) {
    for decided in past.decided.values() {
        let mut keys = BTreeSet::new();
        for row in decided.outbox.iter().filter(|row| row.purpose != Purpose::Note) {
            let key = (row.ticket, row.purpose, row.to.folded());
            assert!(keys.insert(key.clone()), "{key:?} twice in {:?}: {:?}", decided.cause, decided.decision.trace);
        }
    }
}

/// I5.
fn every_row_has_ended(world: &World) {
    for row in world.store().outbox(true, 0) {
        let ended =
            matches!(row.phase, OutboxPhase::Accepted | OutboxPhase::Failed | OutboxPhase::Unknown | OutboxPhase::Dropped);
        assert!(ended, "{row:?}");
    }
}

/// I6: a customer gets templates, and the words of proven agents that were meant for them.
fn customers_get_what_is_for_them(world: &World, past: &Past) {
    let store = world.store();
    let answers: BTreeMap<_, &Decided> =
        past.decided.values().flat_map(|decided| decided.outbox.iter().map(move |row| (row.id, decided))).collect();
    for row in world.peer.received.iter().filter(|row| is_customer(row.to.as_str())) {
        let raw = store.raw(&row.raw).expect("kept");
        let text = mail::parse(&raw).message.text;
        assert!(!text.contains(CANARY), "{} got {text}", row.to);
        assert!(
            matches!(row.purpose, Purpose::Acknowledgement | Purpose::FollowUp | Purpose::Answer),
            "{} got a {}",
            row.to,
            row.purpose.as_str()
        );
        if row.purpose != Purpose::Answer {
            continue;
        }
        let decided = answers.get(&row.id).expect("an answer is of a ticket");
        match &decided.cause {
            Cause::Request => {}
            Cause::Mail { raw, .. } => {
                let source = store.raw(raw).expect("kept");
                let message = mail::parse::parse_headers(&source);
                let from = message.from.first().map(|from| from.address.to_string()).unwrap_or_default();
                assert!(from.ends_with("@fernhill.example") && message.header(FORGED).is_none(), "{from} answered {}", row.to);
            }
            other => panic!("{} got an answer because of {other:?}", row.to),
        }
    }
}

/// Every second of a ticket belongs to somebody, and none to two.
fn ledgers_sum_to_elapsed_time(world: &World) {
    for ticket in world.store().tickets(&TicketFilter::default()) {
        let sum: i128 = ticket.ledger.shares().iter().map(|(_, time)| time.as_millis()).sum();
        let elapsed = ticket.created_at.duration_until(ticket.ledger.until).as_millis();
        assert_eq!(sum, elapsed, "{:?}", ticket.no);
        assert!(ticket.ledger.shares().iter().all(|(_, time)| !time.is_negative()));
    }
}

/// I7: acknowledgements within the day's budget, and no more follow-ups in one silence than the file lists.
fn automatic_mail_stays_within_bounds(world: &World, past: &Past) {
    let store = world.store();
    for ticket in store.tickets(&TicketFilter::default()) {
        let history = store.history(ticket.no).expect("readable");
        let (mut in_silence, mut renewed) = (0, 0);
        for line in history.iter().flat_map(|decided| &decided.decision.history) {
            match line.kind.as_str() {
                "answered" | "requester_wrote" => (in_silence, renewed) = (0, 0),
                "nudged" => in_silence += 1,
                "promise_renewed" => renewed += 1,
                _ => {}
            }
            assert!(in_silence <= 2, "{:?} is nudged without end", ticket.no);
            assert!(renewed <= 3, "{:?} is put off without end", ticket.no);
        }
        let kinds =
            |kind: &str| history.iter().flat_map(|decided| &decided.decision.history).filter(|line| line.kind == kind).count();
        assert!(kinds("acknowledged") <= 1, "{:?}", ticket.no);
        assert!(kinds("checked_in") <= 1, "{:?}", ticket.no);
    }
    let mut per_person: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let acknowledgements = past.decided.values().flat_map(|decided| &decided.outbox);
    for row in acknowledgements.filter(|row| row.purpose == Purpose::Acknowledgement) {
        per_person.entry(row.to.folded()).or_default().push(row.created_at.as_second());
    }
    for (person, mut times) in per_person {
        times.sort_unstable();
        for window in times.windows(4) {
            assert!(window[3] - window[0] >= 23 * 3600, "{person} got four acknowledgements in a day");
        }
    }
}

/// I7: mails about tickets to one agent within an hour.
fn agents_are_told_within_bounds(past: &Past) {
    let mut told: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for decided in past.decided.values() {
        for line in decided.decision.trace.iter().filter(|line| line.step == "notice" && line.outcome != "kept back") {
            told.entry(line.outcome.clone()).or_default().push(decided.at.as_second());
        }
    }
    for (agent, mut times) in told {
        times.sort_unstable();
        for window in times.windows(NOTICES_MAX as usize + 1) {
            assert!(window[NOTICES_MAX as usize] - window[0] >= 3600, "{agent} was told too much: {window:?}");
        }
    }
}

/// A timer fires once: only what was set does something, not before its time, and what has fired is set no more. One that
/// another of the same moment has taken off may still be looked at.
fn timers_fire_once(world: &World) {
    let store = world.store();
    for ticket in store.tickets(&TicketFilter::default()) {
        let mut set: BTreeMap<TimerKind, Timestamp> = BTreeMap::new();
        for decided in store.history(ticket.no).expect("readable") {
            let of_ticket = decided.decision.ticket.iter().chain(&decided.decision.also).find(|other| other.no == ticket.no);
            if let Cause::Timer { kind } = decided.cause {
                let due_at = set.get(&kind);
                let is_due = due_at.is_some_and(|due_at| *due_at <= decided.at);
                let did_nothing = decided.decision.effects.is_empty() && decided.decision.history.is_empty();
                assert!(is_due || did_nothing, "{kind:?} of {:?} was not due: {due_at:?}", ticket.no);
                let again = of_ticket.and_then(|ticket| ticket.timers.get(&kind));
                assert!(again.is_none() || again != due_at, "{kind:?} of {:?} is set again for {due_at:?}", ticket.no);
            }
            if let Some(of_ticket) = of_ticket {
                set.clone_from(&of_ticket.timers);
            }
        }
    }
}

/// I8: what killed the desk when it was read is never read in it again.
fn no_mail_kills_twice(world: &World) {
    for (raw, deaths) in &world.deaths {
        assert!(*deaths <= 1, "{raw} killed the desk {deaths} times");
    }
}

/// Replaying the journal gives the same state, and the whole of it can be read.
fn the_journal_replays_to_the_same(world: &World) {
    let found = world.store().verify(&mut |_, _| {}).expect("readable");
    assert!(found.differences.is_empty(), "{:?}", found.differences);
}
