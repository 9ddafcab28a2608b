//! Mail found in the account's own folder of sent mail: whoever wrote it there had the account, so an answer to somebody who
//! takes part counts as one, and nothing is sent again. All else that lies there is none of the desk's business.

use crate::act;
use crate::arrival::Incoming;
use crate::change::Change;
use crate::decision::{Decision, Direction, MessageEntry, Outcome};
use crate::event::Actor;
use crate::ids::AgentName;
use crate::notice;
use crate::ticket::{Answered, Status, Ticket};
use crate::ticket_mail::Cause;

/// Decides about a mail in that folder; `ticket` is what its references lead to.
pub(crate) fn decide(mut mail: Incoming<'_>, ticket: Option<&Ticket>) -> Decision {
    let agent = mail.policy.agent_by_address(&mail.sender.address).map(|agent| agent.name.clone());
    let answered = ticket.and_then(|ticket| answered(&mut mail, ticket, agent.as_ref()));
    answered.unwrap_or_else(|| {
        mail.trace("sent", "ignored", "not an answer to anybody who takes part in a ticket");
        mail.finish(Outcome::Ignored { rule: "the folder of sent mail".to_owned() }, None, None)
    })
}

/// Somebody here wrote straight to the customer: that is the answer. `None` if it goes to nobody who takes part, or if the
/// matter is over.
pub(crate) fn answered(mail: &mut Incoming<'_>, ticket: &Ticket, agent: Option<&AgentName>) -> Option<Decision> {
    let message = &mail.arrival.parsed.message;
    let takes_part = |address: &mail::Address| ticket.participants.iter().any(|person| person.folded() == address.folded());
    let mut recipients = message.to.iter().chain(&message.cc).map(|mailbox| &mailbox.address);
    if ticket.status == Status::Closed || !recipients.any(takes_part) {
        return None;
    }
    let label = agent.map_or_else(|| mail.sender.address.to_string(), |agent| agent.0.clone());
    let text = message.reply.new_text.clone();
    let entry = MessageEntry { direction: Direction::Out, from: label.clone(), ..mail.entry(None, false) };
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("answered", &label, format!("directly: {}", act::excerpt(&text)));
    let at = change.at();
    let next = &mut change.ticket;
    next.status = Status::Pending;
    next.answered = Some(Answered { rev: next.rev, by: label.clone(), at, event: mail.event.id, excerpt: act::sentence(&text) });
    crate::promise::answered(next, at);
    next.owner = next.owner.take().or_else(|| agent.cloned());
    next.references.extend(message.message_id.clone());
    change.message = Some(entry.clone());
    match agent {
        Some(agent) => notice::of_act(&mut change, &Actor::Agent(agent.clone())),
        None => notice::tell(&mut change, &Cause::Answered { by: &label, message: &entry }, None),
    }
    Some(change.finish(Outcome::Attached))
}
