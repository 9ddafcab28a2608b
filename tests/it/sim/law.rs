//! The laws that hold in every world once it has settled; I1 to I10 of the reliability page, as far as they can be seen here.

use std::collections::{BTreeMap, BTreeSet};

use desk::effect::{OutboxPhase, Purpose};
use desk::{EventId, RawHash};
use frontdesk::store::{Cause, Store, TicketFilter};

use super::world::World;

pub(super) fn check(world: &mut World) {
    every_mail_has_one_outcome(world);
    no_mail_makes_two_tickets(world);
    nothing_is_sent_twice(world);
    every_row_has_ended(world);
    ledgers_sum_to_elapsed_time(world);
    automatic_mail_stays_within_bounds(world);
    the_journal_replays_to_the_same(world);
}

/// I1: every UID of the server has an outcome, and every mail ever shown is kept.
fn every_mail_has_one_outcome(world: &World) {
    let store = world.store();
    for raw in &world.shown {
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
}

/// I2: one mail, one ticket at most, however often it was delivered.
fn no_mail_makes_two_tickets(world: &World) {
    let store = world.store();
    let mut made: BTreeMap<RawHash, EventId> = BTreeMap::new();
    for ticket in store.tickets(&TicketFilter::default()) {
        let decided = store.decided(ticket.made_by).expect("readable").expect("whatever made it is known");
        let Cause::Mail { raw, .. } = decided.cause else { continue };
        assert!(made.insert(raw, decided.event).is_none(), "{:?} made two tickets", ticket.no);
    }
}

/// I4 and the promises of sending: automatic mail at most once, a person's answer at most twice and then the same bytes.
fn nothing_is_sent_twice(world: &World) {
    let mut times: BTreeMap<String, (usize, BTreeSet<RawHash>, bool)> = BTreeMap::new();
    let mut acknowledged = BTreeSet::new();
    for mail in &world.received {
        let entry = times.entry(mail.row.message_id.to_string()).or_default();
        entry.0 += 1;
        entry.1.insert(mail.row.raw);
        entry.2 = mail.row.class == desk::SendClass::AtMostOnce;
        if entry.0 == 1 && mail.row.purpose == Purpose::Acknowledgement {
            assert!(acknowledged.insert(mail.row.ticket), "{:?} was acknowledged twice", mail.row.ticket);
        }
    }
    for (id, (count, bytes, at_most_once)) in times {
        assert!(!at_most_once || count == 1, "{id} was sent {count} times");
        assert_eq!(bytes.len(), 1, "{id} was sent with other bytes");
    }
    let rows = world.store().outbox(true, 0);
    let keys: BTreeSet<_> = rows.iter().map(|row| (row.ticket, row.purpose, row.to.clone(), row.id)).collect();
    assert_eq!(keys.len(), rows.len(), "two rows are one");
}

/// I5.
fn every_row_has_ended(world: &World) {
    for row in world.store().outbox(true, 0) {
        let ended =
            matches!(row.phase, OutboxPhase::Accepted | OutboxPhase::Failed | OutboxPhase::Unknown | OutboxPhase::Dropped);
        assert!(ended, "{row:?}");
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
fn automatic_mail_stays_within_bounds(world: &World) {
    let store = world.store();
    for ticket in store.tickets(&TicketFilter::default()) {
        let history = store.history(ticket.no).expect("readable");
        let mut in_silence = 0;
        for decided in &history {
            if decided.decision.history.iter().any(|line| line.kind == "answered" || line.kind == "requester_wrote") {
                in_silence = 0;
            }
            in_silence += decided.decision.history.iter().filter(|line| line.kind == "nudged").count();
            assert!(in_silence <= 2, "{:?} is nudged without end", ticket.no);
        }
        let kinds =
            |kind: &str| history.iter().flat_map(|decided| &decided.decision.history).filter(|line| line.kind == kind).count();
        assert!(kinds("acknowledged") <= 1, "{:?}", ticket.no);
        assert!(kinds("checked_in") <= 1, "{:?}", ticket.no);
    }
    let mut per_person: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in store.outbox(true, 0).iter().filter(|row| row.purpose == Purpose::Acknowledgement) {
        per_person.entry(row.to.folded()).or_default().push(row.created_at.as_second());
    }
    for (person, mut times) in per_person {
        times.sort_unstable();
        for window in times.windows(4) {
            assert!(window[3] - window[0] >= 23 * 3600, "{person} got four acknowledgements in a day");
        }
    }
}

/// Replaying the journal gives the same state, and the whole of it can be read.
fn the_journal_replays_to_the_same(world: &World) {
    let found = world.store().verify(&mut |_, _| {}).expect("readable");
    assert!(found.differences.is_empty(), "{:?}", found.differences);
}
