//! What is decided about an event. Pure: the same policy, ticket and event always give the same decision.
//!
//! The parts: [`crate::arrival`] for mail, [`crate::act`] for commands, [`crate::due`] for timers, here failed deliveries.

use crate::command::Command;
use crate::decision::{Decision, HistoryEntry, MessageEntry, Outcome};
use crate::event::{Actor, Event, EventKind};
use crate::policy::Policy;
use crate::ticket::Ticket;
use crate::trace::TraceLine;
use crate::{act, arrival, delivery, due};

/// Decides. `ticket` is the one that the event is about, where there is one: the placement's, the command's, the timer's.
#[must_use]
pub fn decide(policy: &Policy, ticket: Option<&Ticket>, event: &Event) -> Decision {
    match &event.kind {
        EventKind::MailArrived(arrival) => arrival::decide(policy, ticket, event, arrival),
        EventKind::Commanded { by, command: Command::PutAway { message } } => put_away(by, message),
        EventKind::Commanded { by, command } => match ticket {
            Some(ticket) => act::decide(policy, ticket, event, by, command),
            None => nothing("command", "the ticket does not exist"),
        },
        EventKind::TimerFired { kind, due_at: _ } => match ticket {
            Some(ticket) => due::decide(policy, ticket, event, *kind),
            None => nothing("timer", "the ticket does not exist"),
        },
        EventKind::PolicyChanged => match ticket {
            Some(ticket) => due::policy_changed(policy, ticket, event),
            None => nothing("policy", "the ticket does not exist"),
        },
        EventKind::IssueNews { issue, news, by } => match ticket {
            Some(ticket) => crate::issue::decide(policy, ticket, event, issue, news, by),
            None => nothing("issue", "the ticket does not exist"),
        },
        EventKind::Chore(chore) => crate::chore::decide(policy, event, chore),
        EventKind::DeliveryEnded { effect: _, to, result, reply } => match ticket {
            Some(ticket) => delivery::ended(policy, ticket, event, &delivery::Failed { to, result, reply }),
            None => nothing("delivery", "the ticket does not exist"),
        },
    }
}

/// Off the list of held mail, and on no ticket.
pub(crate) fn put_away(by: &Actor, message: &MessageEntry) -> Decision {
    let mut decision = nothing("held", &format!("put away by {}", by.label()));
    decision.message = Some(MessageEntry { held: false, ..message.clone() });
    decision
}

/// A decision that changes nothing.
pub(crate) fn nothing(step: &str, why: &str) -> Decision {
    Decision { trace: vec![TraceLine::new(step, "nothing", why)], ..Decision::of(Outcome::Changed, None, None) }
}

/// A decision with one line of history; the caller changes the ticket further.
pub(crate) fn changed(ticket: &Ticket, event: &Event, kind: &str, by: &str, what: String) -> Decision {
    let mut next = ticket.clone();
    next.rev += 1;
    next.updated_at = event.at;
    Decision {
        history: vec![entry(event, kind, by, what.clone())],
        trace: vec![TraceLine::new("decide", kind, what)],
        ..Decision::of(Outcome::Changed, Some(next), None)
    }
}

pub(crate) fn entry(event: &Event, kind: &str, by: &str, what: impl Into<String>) -> HistoryEntry {
    HistoryEntry { at: event.at, kind: kind.to_owned(), by: by.to_owned(), what: what.into(), rule: None }
}
