//! What channels besides mail are told, as rows of the outbox: stored with the decision, carried there until it arrives.

use desk::channel::{Channel, Note, account};
use desk::chore::Chore;
use desk::effect::{OutboxRow, Purpose, Send, SendClass};
use desk::policy::Inbox;
use desk::token::{Claim, Mode};
use desk::{EffectId, Event, EventId, EventKind, Policy, Priority, RawHash, Ticket, TicketNo, decide};
use jiff::Timestamp;
use mail::compose::Letter;
use mail::{Address, HeaderText, Mailbox, MessageId, ReturnPath};

use super::core::Core;
use super::outgoing::queued;
use crate::store::{Cause, StoreError};

impl Core {
    /// Tells agents and channels something that is about no ticket.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tell(&mut self, now: Timestamp, request: &str, to: &[String], text: &str) -> Result<(), StoreError> {
        let id = EventId::of_request(request);
        if self.store.has_event(id) {
            return Ok(());
        }
        let chore = Chore::Alarm { to: to.to_vec(), text: text.to_owned() };
        let around = desk::event::Around::default();
        let event = Event { id, at: now, kind: EventKind::Chore(Box::new(chore)), around };
        let decision = decide::decide(&self.live.policy, None, &event);
        self.stage(&event, Cause::Request, decision)
    }

    /// The row for a note to a channel or an agent; `None` if nobody has that name. A note by mail is composed and read
    /// again as every mail of ours.
    pub(super) fn note(
        &mut self,
        event: &Event,
        id: EffectId,
        ticket: Option<&Ticket>,
        to: &str,
        text: &str,
    ) -> Option<(OutboxRow, Vec<u8>)> {
        let live = self.live.clone();
        let policy = &live.policy;
        let agent =
            policy.agents.values().find(|agent| agent.name.as_str() == to).map(|agent| Channel::Mail(agent.email.clone()));
        let channel = policy.channels.get(to).cloned().or(agent)?;
        let inbox = ticket.and_then(|ticket| policy.inboxes.get(&ticket.inbox)).or_else(|| policy.inboxes.values().next())?;
        let (no, rev) = ticket.map_or((TicketNo(0), 0), |ticket| (ticket.no, ticket.rev));
        let message_id = policy.keys.message_id(Claim { ticket: no, rev, mode: Mode::Command }, id, inbox.address.domain());
        let (to_address, letter) = match &channel {
            // Names of channels are letters, digits, - and _.
            Channel::Request => (Address::new(&format!("{to}@notify.invalid")).ok()?, None),
            Channel::Mail(address) => {
                (address.clone(), Some(Box::new(by_mail(policy, inbox, address, &message_id, event.at, text))))
            }
        };
        let mut send = Send {
            purpose: Purpose::Note,
            class: SendClass::AtLeastOnce,
            to: to_address,
            envelope_from: ReturnPath::Null,
            inbox: inbox.name.clone(),
            message_id,
            subject: text.to_owned(),
            not_before: None,
            enclosed: Vec::new(),
            letter,
        };
        if send.letter.is_some() {
            return self.compose(event, id, no, &mut send);
        }
        let note = Note {
            reference: ticket.map(|ticket| policy.reference(ticket.no)).unwrap_or_default(),
            text: text.to_owned(),
            at: event.at,
            is_urgent: ticket.is_some_and(|ticket| ticket.priority == Priority::Urgent),
        };
        let stored = serde_json::to_vec(&note).ok()?;
        let row = queued(event, id, no, &send, account(to), RawHash::of(&stored));
        Some((row, stored))
    }
}

fn by_mail(policy: &Policy, inbox: &Inbox, to: &Address, message_id: &MessageId, at: Timestamp, text: &str) -> Letter {
    Letter {
        from: Mailbox { name: Some(inbox.label.clone()), address: inbox.address.clone() },
        to: Mailbox { name: None, address: to.clone() },
        cc: Vec::new(),
        reply_to: None,
        subject: HeaderText::new(text),
        message_id: message_id.clone(),
        in_reply_to: None,
        references: Vec::new(),
        date_unix_seconds: at.as_second(),
        extra: desk::channel::marks(policy, message_id),
        boundary_seed: message_id.to_string(),
        attachments: Vec::new(),
        html: None,
        text: format!("{text}\n"),
    }
}
