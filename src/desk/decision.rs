//! What is decided about an event, and the messages and history lines that a ticket gets by it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use mail::MessageId;
use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::ids::{EventId, RawHash, TicketNo};
use crate::ticket::{LinkKind, Ticket};
use crate::trace::TraceLine;

/// What is decided about one event. Stored whole: the journal is read back by applying it, never by deciding again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Which list the event ends in.
    pub outcome: Outcome,
    /// The ticket after the event, where one is concerned.
    pub ticket: Option<Ticket>,
    /// The message that came in or goes out, as `ticket show` prints it.
    pub message: Option<MessageEntry>,
    /// Notes that were made beside it: a mail can answer the requester and tell colleagues something else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<MessageEntry>,
    /// Lines of the ticket's history.
    pub history: Vec<HistoryEntry>,
    /// What follows.
    pub effects: Vec<Effect>,
    /// Other tickets that get a link back.
    pub link_back: Option<(TicketNo, LinkKind)>,
    /// Tickets that came out of it besides, as one was split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Ticket>,
    /// Why.
    pub trace: Vec<TraceLine>,
}

impl Decision {
    /// One from which nothing follows and that says no reason yet.
    #[must_use]
    pub fn of(outcome: Outcome, ticket: Option<Ticket>, message: Option<MessageEntry>) -> Self {
        Self {
            outcome,
            ticket,
            message,
            notes: Vec::new(),
            history: Vec::new(),
            effects: Vec::new(),
            link_back: None,
            also: Vec::new(),
            trace: Vec::new(),
        }
    }

    /// All messages that it adds to the ticket.
    pub fn messages(&self) -> impl Iterator<Item = &MessageEntry> {
        self.message.iter().chain(&self.notes)
    }

    /// One mail, and nothing else changes.
    #[must_use]
    pub fn of_mail(step: &str, why: &str, send: Effect) -> Self {
        Self { effects: vec![send], ..crate::decide::nothing(step, why) }
    }
}

/// The one list a mail ends in (I1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Made a ticket.
    NewTicket,
    /// Joined a ticket.
    Attached,
    /// The same mail as before.
    Duplicate,
    /// Our own mail came back.
    LoopLedger,
    /// A report about mail of ours or of others.
    BounceLedger,
    /// Machine mail without a ticket.
    MachineLedger,
    /// Waits for a person.
    Held {
        /// Why.
        why: String,
    },
    /// A rule says so.
    Ignored {
        /// The rule's name.
        rule: String,
    },
    /// Marked as spam by the provider.
    Spam,
    /// In the mailbox before we came.
    SeenBefore,
    /// Gone before we could fetch it.
    Vanished,
    /// Not a mail: a command, a timer, a delivery.
    Changed,
}

impl Outcome {
    /// As written in JSON and metrics.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NewTicket => "new_ticket",
            Self::Attached => "attached",
            Self::Duplicate => "duplicate",
            Self::LoopLedger => "loop",
            Self::BounceLedger => "bounce",
            Self::MachineLedger => "machine",
            Self::Held { .. } => "held",
            Self::Ignored { .. } => "ignored",
            Self::Spam => "spam",
            Self::SeenBefore => "seen_before",
            Self::Vanished => "vanished",
            Self::Changed => "changed",
        }
    }
}

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From outside.
    In,
    /// To outside.
    Out,
    /// Inside only.
    Note,
}

/// One message of a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageEntry {
    /// The event that brought it.
    pub id: EventId,
    /// Which way it went.
    pub direction: Direction,
    /// Sender as shown.
    pub from: String,
    /// Recipients as shown.
    pub to: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// New text.
    pub text: String,
    /// Quoted rest.
    pub cut: String,
    /// The quoted rest is news: a mail that they forward, or what the mail that opens a ticket quotes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_is_news: bool,
    /// Signature.
    pub signature: String,
    /// Its Message-ID.
    pub message_id: Option<MessageId>,
    /// What it answers.
    pub in_reply_to: Option<MessageId>,
    /// Its files.
    pub attachments: Vec<mail::Attachment>,
    /// What kind of machine wrote it.
    pub machine: Option<mail::MachineClass>,
    /// The sender is not proven.
    pub unproven: bool,
    /// It waits for a person's yes and is not part of the conversation.
    pub held: bool,
    /// When we had it.
    pub at: Timestamp,
    /// Its bytes.
    pub raw: Option<RawHash>,
    /// Where it asks for answers, if that is not its author's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers_to: Option<mail::Address>,
}

/// Messages of decisions, oldest first, each in its newest form: one that was let in stands for the one that was held, and
/// one whose words were taken out for what it said.
pub fn newest_messages<'a>(decisions: impl IntoIterator<Item = &'a Decision>) -> Vec<&'a MessageEntry> {
    let mut newest: Vec<&MessageEntry> = Vec::new();
    for message in decisions.into_iter().flat_map(Decision::messages) {
        match newest.iter_mut().find(|earlier| earlier.id == message.id) {
            Some(earlier) => *earlier = message,
            None => newest.push(message),
        }
    }
    newest
}

/// Messages whose words were taken out. What the mail with the command says besides is none of them.
#[must_use]
pub fn redacted<'a>(decisions: impl IntoIterator<Item = &'a Decision>) -> BTreeSet<EventId> {
    let (mut known, mut redacted) = (BTreeSet::new(), BTreeSet::new());
    for decision in decisions {
        let is_redaction = decision.history.iter().any(|line| line.kind == REDACTED);
        for message in decision.messages() {
            if !known.insert(message.id) && is_redaction {
                redacted.insert(message.id);
            }
        }
    }
    redacted
}

/// Kind of the history line of a redaction.
pub const REDACTED: &str = "redacted";

/// One line of a ticket's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// `requester_wrote`, `acknowledged`, `assigned`, `rule_matched` …
    pub kind: String,
    /// Who: an address, an agent, `operator`, `frontdesk`.
    pub by: String,
    /// What, in a sentence.
    pub what: String,
    /// The rule that caused it, with its line.
    pub rule: Option<(String, u32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_there_before_is_redacted_and_shows_its_newest_form() {
        let message = |id: &str, text: &str| MessageEntry {
            id: EventId::of_request(id),
            ..crate::sample::message("Dana <dana@x.example>", text)
        };
        let first = Decision::of(Outcome::Attached, None, Some(message("first", "My password is hunter2.")));
        let at = Timestamp::UNIX_EPOCH;
        let (kind, by, what) = (REDACTED.to_owned(), "maya".to_owned(), "the newest message".to_owned());
        let second = Decision {
            history: vec![HistoryEntry { at, kind, by, what, rule: None }],
            notes: vec![message("answer", "Please change it.")],
            ..Decision::of(Outcome::Attached, None, Some(message("first", "(redacted)")))
        };
        let all = [first, second];
        assert_eq!(redacted(&all), BTreeSet::from([EventId::of_request("first")]));
        let texts: Vec<&str> = newest_messages(&all).into_iter().map(|message| message.text.as_str()).collect();
        assert_eq!(texts, ["(redacted)", "Please change it."]);
    }
}
