//! What is decided about a command that was admitted.

use std::collections::BTreeSet;

use crate::command::{Assignee, Command};
use crate::decide::{changed, entry, nothing};
use crate::effect::{Effect, TimerKind};
use crate::event::{Actor, Decision, Direction, Event, MessageEntry};
use crate::letter;
use crate::policy::Policy;
use crate::ticket::{Status, Ticket};

pub(crate) fn decide(policy: &Policy, ticket: &Ticket, event: &Event, by: &Actor, command: &Command) -> Decision {
    let label = by.label();
    match command {
        Command::Reply { text } => reply(policy, ticket, event, by, text),
        Command::Note { text } => {
            let mut decision = changed(ticket, event, "noted", &label, excerpt(text));
            decision.message = Some(note(event, by, text));
            looked_at(&mut decision);
            decision
        }
        Command::Take => match by {
            Actor::Agent(name) => assign(ticket, event, &label, &Assignee::Agent(name.clone())),
            Actor::Operator => nothing("command", "nobody to take it"),
        },
        Command::Assign { to } => assign(ticket, event, &label, to),
        Command::PutAway { .. } => nothing("held", "a message is put away without its ticket"),
        Command::LetIn { message } => let_in(ticket, event, &label, message),
        Command::Close { reason } => close(policy, ticket, event, &label, reason.as_deref()),
        Command::Reopen => {
            let from = ticket.status.as_str();
            let mut decision = changed(ticket, event, "reopened", &label, format!("{from} → open"));
            decision.effects.push(Effect::StopTimer { kind: TimerKind::CloseSolved });
            edit(&mut decision, |next| {
                next.status = Status::Open;
                next.solved_at = None;
            });
            decision
        }
        Command::SetPriority { priority } => {
            let what = format!("{} → {}", ticket.priority.as_str(), priority.as_str());
            let mut decision = changed(ticket, event, "priority_changed", &label, what);
            let first_response = crate::opening::first_response(policy, ticket, *priority);
            edit(&mut decision, |next| {
                next.priority = *priority;
                next.first_response = first_response;
            });
            looked_at(&mut decision);
            decision
        }
        Command::Tag { add, remove } => {
            let mut tags = ticket.tags.clone();
            tags.extend(add.iter().cloned());
            let removed: BTreeSet<&String> = remove.iter().collect();
            tags.retain(|tag| !removed.contains(tag));
            let what = add.iter().map(|tag| format!("+{tag}")).chain(remove.iter().map(|tag| format!("-{tag}")));
            let mut decision = changed(ticket, event, "tagged", &label, what.collect::<Vec<_>>().join(" "));
            edit(&mut decision, |next| next.tags = tags);
            decision
        }
        Command::Set { field, value } => {
            let mut decision = changed(ticket, event, "field_set", &label, format!("{field} = {value}"));
            let today = event.at.to_zoned(policy.company.timezone.clone()).date();
            let ticket_type = policy.types.get(&ticket.ticket_type);
            let known = ticket_type.and_then(|ticket_type| ticket_type.fields.iter().find(|known| known.id == *field));
            if let Some(known) = known {
                let value = crate::field::read_value(known, value, "agent", None, today);
                edit(&mut decision, |next| {
                    next.missing.retain(|missing| missing != field);
                    next.fields.insert(field.clone(), value);
                });
            }
            looked_at(&mut decision);
            decision
        }
    }
}

/// The agent's words go to the requester: the first answer ends the first-response clock, and the requester owes the next
/// word.
fn reply(policy: &Policy, ticket: &Ticket, event: &Event, by: &Actor, text: &str) -> Decision {
    let Some(inbox) = policy.inboxes.get(&ticket.inbox) else {
        return nothing("command", "the ticket's inbox is no longer configured, so there is no address to answer from");
    };
    let label = by.label();
    let mut decision = changed(ticket, event, "answered", &label, excerpt(text));
    let agent = match by {
        Actor::Agent(name) => policy.agents.get(name),
        Actor::Operator => None,
    };
    edit(&mut decision, |next| {
        next.status = Status::Pending;
        next.recent_mails.clear();
        next.muted_until = None;
        if next.first_response.met_at.is_none() {
            next.first_response.met_at = Some(event.at);
            next.first_response.breached = next.first_response.due_at.is_some_and(|due| event.at > due);
        }
        if next.owner.is_none() {
            next.owner = agent.map(|agent| agent.name.clone());
        }
    });
    let Some(next) = &mut decision.ticket else { return decision };
    let send = letter::answer(policy, next, inbox, event, agent.map(|agent| agent.label.as_str()), text);
    next.references.push(send.message_id.clone());
    let surplus = next.references.len().saturating_sub(10);
    next.references.drain(..surplus);
    decision.message = Some(MessageEntry {
        direction: Direction::Out,
        from: inbox.address.to_string(),
        to: vec![send.to.to_string()],
        subject: send.subject.clone(),
        message_id: Some(send.message_id.clone()),
        in_reply_to: ticket.last_in.clone(),
        ..note(event, by, text)
    });
    decision.history.push(entry(event, "status_changed", &label, format!("{} → pending", ticket.status.as_str())));
    decision.effects.push(Effect::StopTimer { kind: TimerKind::CloseSolved });
    decision.effects.insert(0, Effect::Send(Box::new(send)));
    decision
}

/// A person vouches for a message that was held: it joins the conversation, and its writer is heard from now on.
fn let_in(ticket: &Ticket, event: &Event, label: &str, message: &MessageEntry) -> Decision {
    let mut decision = changed(ticket, event, "let_in", label, format!("the message of {}", message.from));
    edit(&mut decision, |next| {
        if matches!(next.status, Status::Pending | Status::OnHold | Status::Solved) {
            next.status = Status::Open;
            next.solved_at = None;
        }
    });
    decision.effects.push(Effect::StopTimer { kind: TimerKind::CloseSolved });
    decision.message = Some(MessageEntry { held: false, ..message.clone() });
    decision
}

fn note(event: &Event, by: &Actor, text: &str) -> MessageEntry {
    MessageEntry {
        id: event.id,
        direction: Direction::Note,
        from: by.label(),
        to: Vec::new(),
        subject: String::new(),
        text: text.to_owned(),
        cut: String::new(),
        signature: String::new(),
        message_id: None,
        in_reply_to: None,
        attachments: Vec::new(),
        machine: None,
        unproven: false,
        held: false,
        at: event.at,
        raw: None,
    }
}

fn assign(ticket: &Ticket, event: &Event, label: &str, to: &Assignee) -> Decision {
    let what = match to {
        Assignee::Agent(name) => format!("to {name}"),
        Assignee::Team(name) => format!("to team {name}"),
        Assignee::Nobody => "to nobody".to_owned(),
    };
    let mut decision = changed(ticket, event, "assigned", label, what);
    edit(&mut decision, |next| match to {
        Assignee::Agent(name) => next.owner = Some(name.clone()),
        Assignee::Team(name) => {
            next.team = Some(name.clone());
            next.owner = None;
        }
        Assignee::Nobody => next.owner = None,
    });
    looked_at(&mut decision);
    decision
}

fn close(policy: &Policy, ticket: &Ticket, event: &Event, label: &str, reason: Option<&str>) -> Decision {
    let what = reason.map_or_else(|| format!("{} → solved", ticket.status.as_str()), |reason| format!("solved: {reason}"));
    let mut decision = changed(ticket, event, "solved", label, what);
    edit(&mut decision, |next| {
        next.status = Status::Solved;
        next.solved_at = Some(event.at);
        next.hold = None;
    });
    if let Ok(due_at) = event.at.checked_add(policy.reopen_within) {
        decision.effects.push(Effect::StartTimer { kind: TimerKind::CloseSolved, due_at });
    }
    decision.effects.push(Effect::StopTimer { kind: TimerKind::Wake });
    decision
}

/// An agent acted, so the ticket is no longer new, and machines that wrote in bursts start from nought.
fn looked_at(decision: &mut Decision) {
    edit(decision, |next| {
        if next.status == Status::New {
            next.status = Status::Open;
        }
        next.recent_mails.clear();
    });
}

fn edit(decision: &mut Decision, change: impl FnOnce(&mut Ticket)) {
    if let Some(ticket) = &mut decision.ticket {
        change(ticket);
    }
}

fn excerpt(text: &str) -> String {
    let words = text.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
    words.chars().take(100).collect()
}
