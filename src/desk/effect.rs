//! What follows from a decision: mails to send, timers, notices.

use jiff::Timestamp;
use mail::{Address, MessageId, ReturnPath};
use serde::{Deserialize, Serialize};

use crate::ids::{AccountName, AgentName, EffectId, InboxName, RawHash, TicketNo};

/// Something to be done after the commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A mail leaves through the outbox.
    Send(Box<Send>),
    /// Automatic mail to an address stops: it bounced, its owner complained or said STOP.
    Suppress {
        /// Address, lower case.
        address: String,
        /// Why.
        reason: String,
        /// Until when; `None` = for ever.
        until: Option<Timestamp>,
    },
    /// A mail of an earlier decision does not leave, if it has not begun to.
    Recall {
        /// Which.
        mail: EffectId,
    },
    /// What is remembered of an agent is now this.
    Agent {
        /// Who.
        name: AgentName,
        /// What.
        state: crate::event::AgentState,
    },
    /// A person was asked what they thought of our work; not again for a while.
    AskedRating {
        /// Address, lower case.
        address: String,
        /// When.
        at: Timestamp,
    },
    /// What is known of a known issue is now this.
    Issue {
        /// Its id.
        id: String,
        /// What.
        state: crate::issue::IssueState,
    },
    /// Every ticket of a known issue hears something, each by an event of its own.
    Broadcast {
        /// Which issue.
        issue: String,
        /// What.
        news: crate::issue::News,
        /// Who says so.
        by: crate::event::Actor,
    },
    /// People or channels are told, outside of the ticket's own mail.
    Notify {
        /// A `[notify]` channel or an agent.
        to: String,
        /// What they are told: one sentence.
        text: String,
    },
}

/// What a mail of ours is for. With ticket, recipient and event it makes the row of the outbox unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The answer to a first mail: we have it, here is your reference.
    Acknowledgement,
    /// A person's answer to the requester.
    Answer,
    /// Something an agent should know.
    AgentNotice,
    /// A question to a vendor.
    VendorMail,
    /// Automatic mail to the requester besides the acknowledgement: nudges, closing, check-in, status.
    FollowUp,
    /// Something a channel besides mail is told.
    Note,
}

impl Purpose {
    /// As written in JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledgement => "acknowledgement",
            Self::Answer => "answer",
            Self::AgentNotice => "agent_notice",
            Self::VendorMail => "vendor_mail",
            Self::FollowUp => "follow_up",
            Self::Note => "note",
        }
    }
}

/// What is promised when the peer may or may not have accepted a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendClass {
    /// Never repeated once the content may have been accepted: automatic mail.
    AtMostOnce,
    /// Repeated byte for byte when in doubt: a person's words.
    AtLeastOnce,
}

/// A mail that was decided. Its bytes are frozen at commit and lie in the raw store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Send {
    /// What it is for.
    pub purpose: Purpose,
    /// What holds when in doubt.
    pub class: SendClass,
    /// The one envelope recipient (RFC 5321 RCPT TO).
    pub to: Address,
    /// Envelope sender (RFC 5321 MAIL FROM).
    pub envelope_from: ReturnPath,
    /// Inbox in whose name and through whose account it leaves.
    pub inbox: InboxName,
    /// Our Message-ID, derived from the effect.
    pub message_id: MessageId,
    /// Subject, for lists.
    pub subject: String,
    /// Not before this instant (undo, quiet hours).
    pub not_before: Option<Timestamp>,
    /// Files of a kept mail that go along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enclosed: Vec<Enclosed>,
    /// The text from which the bytes are composed; not stored, since the bytes are.
    #[serde(skip)]
    pub letter: Option<Box<mail::compose::Letter>>,
}

/// A file of a kept mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    /// The mail.
    pub raw: RawHash,
    /// Where in it: [`mail::Attachment::part`].
    pub part: u32,
    /// Its name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// Its size.
    pub bytes: u64,
    /// Content-ID under which the HTML of the mail shows it; `None` = a file of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
}

/// Kinds of timers; one of each kind runs per ticket, and which run follows from the ticket alone (`agenda`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// A solved ticket becomes final.
    CloseSolved,
    /// A snoozed ticket comes back.
    Wake,
    /// The next that is done about a requester's silence.
    FollowUp,
    /// Some time after closing: is it still fine?
    CheckIn,
    /// The next time at which somebody is told of a promise.
    Promise,
    /// A vendor's answer is late.
    Vendor,
    /// What the requester was promised will not be kept.
    Renew,
}

impl TimerKind {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::CloseSolved, Self::Wake, Self::FollowUp, Self::CheckIn, Self::Promise, Self::Vendor, Self::Renew];

    /// As written in ids and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CloseSolved => "close_solved",
            Self::Wake => "wake",
            Self::FollowUp => "follow_up",
            Self::CheckIn => "check_in",
            Self::Promise => "promise",
            Self::Vendor => "vendor",
            Self::Renew => "renew",
        }
    }

    /// Firing may write to a customer.
    #[must_use]
    pub fn is_for_customers(self) -> bool {
        match self {
            Self::FollowUp | Self::CheckIn | Self::Renew => true,
            Self::CloseSolved | Self::Wake | Self::Promise | Self::Vendor => false,
        }
    }
}

/// Where an outgoing mail stands. Every phase is durable before the act that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxPhase {
    /// Decided; provably unsent.
    Queued,
    /// Attempt n is under way and has not sent its content: provably unsent.
    Claimed,
    /// The content is being handed over: after a crash nobody knows.
    DataSent,
    /// The server took it.
    Accepted,
    /// Refused for now; `next_at` says when it is tried again.
    Deferred,
    /// Refused for good.
    Failed,
    /// It may have been accepted; not repeated.
    Unknown,
    /// An operator stopped it; `release` sends it.
    Held,
    /// An operator threw it away.
    Dropped,
}

impl OutboxPhase {
    /// As written in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::DataSent => "data_sent",
            Self::Accepted => "accepted",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Dropped => "dropped",
        }
    }

    /// Nothing more will be done.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Accepted | Self::Failed | Self::Unknown | Self::Dropped => true,
            Self::Queued | Self::Claimed | Self::DataSent | Self::Deferred | Self::Held => false,
        }
    }
}

/// One mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// The effect that decided it.
    pub id: EffectId,
    /// Its ticket.
    pub ticket: TicketNo,
    /// What it is for.
    pub purpose: Purpose,
    /// What holds when in doubt.
    pub class: SendClass,
    /// Account through which it leaves.
    pub account: AccountName,
    /// Inbox in whose name it leaves.
    pub inbox: InboxName,
    /// Envelope recipient.
    pub to: Address,
    /// Envelope sender.
    pub envelope_from: ReturnPath,
    /// Our Message-ID.
    pub message_id: MessageId,
    /// Its bytes.
    pub raw: RawHash,
    /// Where it stands.
    pub phase: OutboxPhase,
    /// Attempts begun.
    pub attempts: u32,
    /// Earliest next attempt; in phase [`OutboxPhase::DataSent`] the end of the search for its traces.
    pub next_at: Timestamp,
    /// When it was decided.
    pub created_at: Timestamp,
    /// The last words of the server or of the network.
    pub last_reply: Option<String>,
}

/// A step of an outgoing mail, as the outbox reports it to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxStep {
    /// Which mail.
    pub id: EffectId,
    /// The new phase.
    pub phase: OutboxPhase,
    /// When it happened.
    pub at: Timestamp,
    /// Attempts begun, this one included.
    pub attempts: u32,
    /// See [`OutboxRow::next_at`].
    pub next_at: Timestamp,
    /// What the server said.
    pub reply: Option<String>,
}
