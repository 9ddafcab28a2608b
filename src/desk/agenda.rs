//! What falls due for a ticket, as a function of the ticket alone, and the settling that ends every change: the ledger is
//! written, clocks are stopped and set, timers follow.
//!
//! Nobody starts or stops a timer. Whatever a change does to a ticket, its timers are what [`of`] says afterwards, so none
//! is forgotten and none fires for a ticket that has moved on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::effect::TimerKind;
use crate::event::EventKind;
use crate::ids::TicketNo;
use crate::ledger::owed_by;
use crate::policy::Policy;
use crate::ticket::{Silence, Status, Ticket};
use crate::{change::Change, escalation, follow_up, promise, renewal, vendor};

/// The instants at which something is to be done about a ticket.
#[must_use]
pub(crate) fn of(policy: &Policy, ticket: &Ticket) -> BTreeMap<TimerKind, Timestamp> {
    TimerKind::ALL.into_iter().filter_map(|kind| Some((kind, due_at(policy, ticket, kind)?))).collect()
}

/// The ticket as it would be under a policy: the same matter, with the promises and timers of that policy.
#[must_use]
pub fn under(policy: &Policy, ticket: &Ticket, at: Timestamp) -> Ticket {
    let mut next = ticket.clone();
    settle_ticket(policy, ticket, &mut next, at);
    next
}

/// Whether two states of a ticket promise the same at the same time.
#[must_use]
pub fn promises_equal(one: &Ticket, other: &Ticket) -> bool {
    let due = |ticket: &Ticket| {
        let clocks = [&ticket.first_response, &ticket.next_response, &ticket.resolution].map(|clock| clock.due_at);
        let steps: Vec<_> = ticket.steps.iter().map(|state| state.clock.due_at).collect();
        (clocks, steps, ticket.timers.clone())
    };
    due(one) == due(other)
}

fn due_at(policy: &Policy, ticket: &Ticket, kind: TimerKind) -> Option<Timestamp> {
    match kind {
        TimerKind::CloseSolved if ticket.status == Status::Solved => ticket.solved_at?.checked_add(policy.reopen_within).ok(),
        TimerKind::Wake if matches!(ticket.status, Status::OnHold | Status::Pending) => ticket.snoozed_until,
        TimerKind::CloseSolved | TimerKind::Wake => None,
        TimerKind::FollowUp => follow_up::next_at(policy, ticket),
        TimerKind::CheckIn => follow_up::check_in_at(policy, ticket),
        TimerKind::Promise => escalation::next_at(policy, ticket),
        TimerKind::Vendor => vendor::next_at(policy, ticket),
        TimerKind::Renew => renewal::at(policy, ticket),
    }
}

/// Ends a change: everything that follows from its status, type, priority and people.
pub(crate) fn settle(change: &mut Change<'_>) {
    let (policy, at, before) = (change.policy, change.at(), change.before);
    settle_ticket(policy, before, &mut change.ticket, at);
    // What has just fired is never set for the same instant again: whatever went wrong, it does not go round and round.
    if let EventKind::TimerFired { kind, due_at } = &change.event.kind
        && change.ticket.timers.get(kind) == Some(due_at)
    {
        change.ticket.timers.remove(kind);
        change.trace("timer", "stopped", format!("{} would fall due again at once", kind.as_str()));
    }
    for other in &mut change.also {
        let whole = other.clone();
        settle_ticket(policy, &whole, other, at);
    }
    trace_timers(change);
}

pub(crate) fn settle_ticket(policy: &Policy, before: &Ticket, ticket: &mut Ticket, at: Timestamp) {
    settle_clocks(policy, before, ticket, at);
    ticket.timers = of(policy, ticket);
}

/// The ticket as it will be once the event is settled, for mails about it: what comes back from waiting for somebody is not
/// late, and the answer that is owed from now on has its time.
pub(crate) fn to_show(change: &Change<'_>) -> Ticket {
    let mut ticket = change.ticket.clone();
    settle_clocks(change.policy, change.before, &mut ticket, change.at());
    ticket
}

fn settle_clocks(policy: &Policy, before: &Ticket, ticket: &mut Ticket, at: Timestamp) {
    ticket.ledger.write(at, owed_by(before), promise::calendar_of(policy, before));
    if !ticket.status.is_active() {
        // Nobody waits for an answer any more.
        promise::answered(ticket, at);
        ticket.asked.clear();
    }
    promise::turn(policy, ticket, at);
    keep_silence(before, ticket, at);
    promise::set_due(policy, ticket);
}

/// A silence begins with every answer that leaves the next word to the requester, and ends with the status.
fn keep_silence(before: &Ticket, ticket: &mut Ticket, at: Timestamp) {
    if ticket.status != Status::Pending {
        ticket.silence = None;
        return;
    }
    let is_new_answer =
        before.answered.as_ref().map(|answer| answer.event) != ticket.answered.as_ref().map(|answer| answer.event);
    if before.status != Status::Pending || is_new_answer || ticket.silence.is_none() {
        ticket.silence = Some(Silence { since: ticket.back_at.map_or(at, |back_at| back_at.max(at)), done: 0 });
    }
}

fn trace_timers(change: &mut Change<'_>) {
    let is_new = change.ticket.made_by == change.event.id && change.ticket.no != TicketNo(0);
    for kind in TimerKind::ALL {
        let before = if is_new { None } else { change.before.timers.get(&kind).copied() };
        let after = change.ticket.timers.get(&kind).copied();
        match (before, after) {
            (before, Some(after)) if before != Some(after) => {
                change.trace("timer", kind.as_str(), format!("falls due {after:.0}"));
            }
            (Some(_), None) => change.trace("timer", kind.as_str(), "stopped"),
            _ => {}
        }
    }
}
