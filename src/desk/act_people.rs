//! Acts on people and on whole tickets: who takes part, vendors, merging, splitting, spam.

use mail::Address;

use crate::act;
use crate::change::Change;
use crate::command::Command;
use crate::decision::{MessageEntry, REDACTED};
use crate::effect::Effect;
use crate::event::Actor;
use crate::ids::{FieldId, TicketNo};
use crate::ledger::Ledger;
use crate::ticket::{Clock, Link, LinkKind, Status, Ticket};
use crate::ticket_mail::Cause;
use crate::{article, field, fill_in, issue, letter, notice, process, saved};

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
        Command::Merge { into } => {
            merge(change, &label, *into);
            if let Some(other) = &change.event.around.joined_to {
                tell_joined(change, by, other);
            }
        }
        Command::Split => split(change, &label),
        Command::Spam => spam(change, &label),
        Command::Redact => redact(change, by),
        Command::Ask { fields } => ask(change, &label, fields),
        Command::Issue(act) => issue::carry_out(change, by, act),
        Command::Article { which, whole } => article::send(change, by, which, *whole),
        Command::SendSaved { name } => saved::send(change, by, name),
        _ => {}
    }
}

/// The newest message of the requester becomes a ticket of its own, with nothing of this one but the people.
fn split(change: &mut Change<'_>, label: &str) {
    let around = &change.event.around;
    let Some(message) = around.last_in.clone() else {
        return change.trace("command", "nothing", "there is no message to split off");
    };
    let no = around.next_ticket;
    let mut other = change.ticket.clone();
    other.no = no;
    other.rev = 0;
    other.subject = act::excerpt(&message.text);
    other.first_subject.clone_from(&message.subject);
    other.status = Status::Open;
    other.created_at = change.at();
    other.made_by = change.event.id;
    other.fields.clear();
    other.steps.clear();
    other.timers.clear();
    other.ledger = Ledger::new(change.at());
    other.resolution = Clock { started_at: Some(change.at()), ..Clock::default() };
    other.next_response = Clock::default();
    (other.silence, other.rating, other.checked_in, other.rounds) = (None, None, false, 0);
    (other.known_issue, other.help, other.promised) = (None, crate::help::Help::default(), None);
    other.links = [Link { kind: LinkKind::SplitFrom, ticket: change.ticket.no }].into();
    other.first_response = Clock { started_at: Some(message.at), ..Clock::default() };
    other.thread_root.clone_from(&message.message_id);
    other.last_in.clone_from(&message.message_id);
    other.references = message.message_id.iter().cloned().collect();
    (other.acts, other.drafts, other.last_note) = (Vec::new(), Vec::new(), None);
    (other.answered, other.told) = (None, None);
    other.side_threads.clear();
    other.events = 0;
    change.tell("split", label, format!("{} goes on with: {}", change.policy.reference(no), act::excerpt(&message.text)));
    change.ticket.links.insert(Link { kind: LinkKind::SplitInto, ticket: no });
    change.add_message(message.clone());
    let other = begun(change, &other, &message);
    change.also.push(other);
}

/// Whoever owns the ticket that goes on, or reads along, hears what became part of it.
pub(crate) fn tell_joined(change: &mut Change<'_>, by: &Actor, other: &Ticket) {
    let shown = notice::shown(change.policy, by);
    let joined = change.before.clone();
    let effects = std::mem::take(&mut change.effects);
    let mut next = Change { effects, ..Change::new(change.policy, other, change.event) };
    notice::tell(&mut next, &Cause::Joined { by: &shown, other: &joined }, by.agent());
    change.effects = next.effects;
    change.trace.append(&mut next.trace);
}

/// A ticket that another gave birth to: its work begins, and its people get the mail that they can answer.
fn begun(change: &mut Change<'_>, other: &Ticket, message: &MessageEntry) -> Ticket {
    let policy = change.policy;
    // Effects are known by their place among all of the event.
    let effects = std::mem::take(&mut change.effects);
    let mut born = Change { effects, ..Change::new(policy, other, change.event) };
    if let Some(ticket_type) = policy.types.get(&other.ticket_type) {
        born.ticket.missing = field::missing(ticket_type, &other.fields);
    }
    process::advance(&mut born);
    notice::tell(&mut born, &Cause::New { message }, None);
    change.effects = born.effects;
    change.trace.append(&mut born.trace);
    born.ticket
}

/// The words of the newest message are shown no more. The mail itself is erased by `forget` alone.
fn redact(change: &mut Change<'_>, by: &Actor) {
    let Some(message) = change.event.around.last_in.clone() else {
        return change.trace("command", "nothing", "there is no message to redact");
    };
    change.tell(REDACTED, &by.label(), "the newest message");
    let text = format!("(redacted by {})", by.label());
    let (cut, signature, attachments) = (String::new(), String::new(), Vec::new());
    change.add_message(MessageEntry { text, cut, signature, attachments, ..message });
}

/// The fill-in form goes to the requester, who owes the next word from then on.
fn ask(change: &mut Change<'_>, label: &str, fields: &[FieldId]) {
    let policy = change.policy;
    let asked: Vec<FieldId> = if fields.is_empty() { change.ticket.missing.clone() } else { fields.to_vec() };
    let known = policy.types.get(&change.ticket.ticket_type).map_or(&[][..], |ticket_type| &ticket_type.fields);
    let languages = letter::languages(policy, &change.ticket);
    let wanted = known.iter().filter(|field| asked.contains(&field.id) && !field.agents_only);
    let questions: Vec<String> = wanted.map(|field| field.question(&languages).to_owned()).collect();
    let Some(inbox) = policy.inboxes.get(&change.ticket.inbox).filter(|_| !questions.is_empty()) else {
        return change.trace("command", "nothing", "nothing is left to ask");
    };
    match letter::questions(change, inbox, &questions) {
        Ok(send) => {
            change.tell("asked", label, questions.join(", "));
            change.effects.push(Effect::Send(Box::new(send)));
            change.ticket.status = Status::Pending;
            let fields = known.iter().filter(|field| asked.contains(&field.id) && !field.agents_only);
            change.ticket.asked = fields.map(|field| field.id.clone()).take(fill_in::QUESTIONS_MAX).collect();
        }
        Err(problem) => change.trace("command", "nothing", format!("template {}: {}", problem.name, problem.what)),
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
}

/// Nobody is answered, and its sender gets no automatic mail any more.
fn spam(change: &mut Change<'_>, label: &str) {
    change.tell("marked_spam", label, change.ticket.requester.address.to_string());
    change.ticket.tags.insert("spam".to_owned());
    change.ticket.status = Status::Closed;
    change.ticket.snoozed_until = None;
    let address = change.ticket.requester.address.folded();
    change.effects.push(Effect::Suppress { address, reason: format!("marked as spam by {label}"), until: None });
}
