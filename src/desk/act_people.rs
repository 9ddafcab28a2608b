//! Acts on people and on whole tickets: who takes part, vendors, merging, splitting, spam.

use mail::Address;

use crate::change::Change;
use crate::command::Command;
use crate::effect::{Effect, TimerKind};
use crate::event::Actor;
use crate::ids::TicketNo;
use crate::ticket::{Link, LinkKind, Status};

pub(crate) fn carry_out(change: &mut Change<'_>, by: &Actor, command: &Command) {
    let label = by.label();
    match command {
        Command::AddPerson { address } => {
            change.tell("joined", &label, format!("{address} takes part"));
            change.ticket.waiting.remove(address);
            change.ticket.participants.insert(address.clone());
        }
        Command::RemovePerson { address } => {
            change.tell("left", &label, format!("{address} no longer takes part"));
            let gone = address.folded();
            change.ticket.participants.retain(|person| person.folded() != gone);
            change.ticket.waiting.retain(|person| person.folded() != gone);
        }
        Command::SetRequester { address } => set_requester(change, &label, address),
        Command::Merge { into } => merge(change, &label, *into),
        Command::Spam => spam(change, &label),
        _ => {}
    }
}

/// After a forward or a phone call: somebody else is the customer. Nothing proves their address.
fn set_requester(change: &mut Change<'_>, label: &str, address: &Address) {
    change.tell("requester_set", label, address.to_string());
    let policy = change.policy;
    let next = &mut change.ticket;
    let before = next.requester.address.folded();
    if policy.agent_by_address(&next.requester.address).is_some() {
        next.participants.retain(|person| person.folded() != before);
    }
    next.participants.insert(address.clone());
    next.requester.name = String::new();
    next.requester.address = address.clone();
    next.requester.proven = false;
    // The agent's own mail is none of the customer's business: nothing of that thread is referred to.
    next.last_in = None;
    next.references.clear();
    next.requester_ids.clear();
    next.thread_root = None;
}

/// This ticket goes on as part of another; whatever is written to it leads there from now on.
fn merge(change: &mut Change<'_>, label: &str, into: TicketNo) {
    let reference = change.policy.reference(into);
    change.tell("merged", label, format!("into {reference}"));
    let next = &mut change.ticket;
    next.merged_into = Some(into);
    next.links.insert(Link { kind: LinkKind::MergedInto, ticket: into });
    next.status = Status::Closed;
    next.snoozed_until = None;
    change.link_back = Some((into, LinkKind::MergedFrom));
    change.stop_timer(TimerKind::CloseSolved);
    change.stop_timer(TimerKind::Wake);
}

/// Nobody is answered, and its sender gets no automatic mail any more.
fn spam(change: &mut Change<'_>, label: &str) {
    change.tell("marked_spam", label, change.ticket.requester.address.to_string());
    change.ticket.tags.insert("spam".to_owned());
    change.ticket.status = Status::Closed;
    change.ticket.snoozed_until = None;
    change.stop_timer(TimerKind::CloseSolved);
    change.stop_timer(TimerKind::Wake);
    let address = change.ticket.requester.address.folded();
    change.effects.push(Effect::Suppress { address, reason: format!("marked as spam by {label}"), until: None });
}
