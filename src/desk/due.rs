//! What is done when a timer fires. Firing only means "look again": what is done follows from the ticket as it is by then.

use crate::change::Change;
use crate::decide::nothing;
use crate::decision::{Decision, Outcome};
use crate::effect::TimerKind;
use crate::event::Event;
use crate::policy::Policy;
use crate::ticket::{Status, Ticket};
use crate::ticket_mail::Cause;
use crate::{agenda, escalation, follow_up, notice, renewal, vendor};

pub(crate) fn decide(policy: &Policy, ticket: &Ticket, event: &Event, kind: TimerKind) -> Decision {
    let mut change = Change::new(policy, ticket, event);
    match (kind, ticket.status) {
        (TimerKind::CloseSolved, Status::Solved) => {
            change.tell("closed", "frontdesk", "nobody reopened it: from now on a reply makes a new ticket");
            change.ticket.status = Status::Closed;
        }
        (TimerKind::Wake, Status::OnHold | Status::Pending) => {
            change.tell("woken", "frontdesk", "the date it waited for has come");
            change.ticket.status = Status::Open;
            change.ticket.snoozed_until = None;
            notice::tell(&mut change, &Cause::Awake, None);
        }
        (TimerKind::FollowUp, Status::Pending) => follow_up::work_off(&mut change),
        (TimerKind::CheckIn, Status::Solved) => follow_up::check_in(&mut change),
        (TimerKind::Promise, Status::New | Status::Open | Status::OnHold) => escalation::climb(&mut change),
        (TimerKind::Vendor, status) if status.is_active() => vendor::chase(&mut change),
        (TimerKind::Renew, Status::New | Status::Open | Status::OnHold) => renewal::renew(&mut change),
        (
            TimerKind::CloseSolved
            | TimerKind::Wake
            | TimerKind::FollowUp
            | TimerKind::CheckIn
            | TimerKind::Promise
            | TimerKind::Vendor
            | TimerKind::Renew,
            Status::New | Status::Open | Status::Pending | Status::OnHold | Status::Solved | Status::Closed,
        ) => {}
    }
    if change.history.is_empty() && change.effects.is_empty() {
        let mut decision = nothing("timer", "the ticket has moved on");
        let mut settled = change.finish(Outcome::Changed);
        decision.trace.append(&mut settled.trace);
        // Only its timers are as they should be now: nobody worked on it.
        decision.ticket = settled.ticket.map(|next| Ticket { rev: ticket.rev, updated_at: ticket.updated_at, ..next });
        return decision;
    }
    change.finish(Outcome::Changed)
}

/// Promises and timers as the new configuration has them. What has passed is kept; a ticket that nothing changes for is left
/// alone.
pub(crate) fn policy_changed(policy: &Policy, ticket: &Ticket, event: &Event) -> Decision {
    let next = agenda::under(policy, ticket, event.at);
    if agenda::promises_equal(ticket, &next) {
        return nothing("policy", "it promises the same");
    }
    let mut change = Change::new(policy, ticket, event);
    let due = |ticket: &Ticket| ticket.first_response.due_at.or(ticket.next_response.due_at);
    if due(ticket) != due(&next) {
        let shown = |at: Option<jiff::Timestamp>| at.map_or_else(|| "none".to_owned(), |at| at.to_string());
        change.tell("promise_changed", "frontdesk", format!("due {} → {}", shown(due(ticket)), shown(due(&next))));
    }
    let mut decision = change.finish(Outcome::Changed);
    // Nobody worked on it: an agent's answer that is under way stays good.
    if let Some(next) = &mut decision.ticket {
        next.rev = ticket.rev;
        next.updated_at = ticket.updated_at;
    }
    decision
}
