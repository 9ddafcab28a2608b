//! What happened that an agent is told of, and why that agent.

use jiff::Timestamp;
use mail::Address;

use crate::decision::MessageEntry;
use crate::ids::VendorName;
use crate::remark::Remark;
use crate::ticket::Ticket;
use crate::token::Mode;

/// Why a mail goes to this agent; stands in its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// They own the ticket.
    Owner,
    /// Their team has it and nobody owns it.
    Team,
    /// They read along.
    Watching,
    /// They lead the team.
    Lead,
    /// A step of it is theirs.
    Step,
    /// They asked for it.
    Asked,
    /// They practise.
    Practice,
}

impl Why {
    /// As written in `X-Frontdesk-Why`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Team => "team",
            Self::Watching => "watching",
            Self::Lead => "lead",
            Self::Step => "step",
            Self::Asked => "asked",
            Self::Practice => "practice",
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Cause<'a> {
    /// A new ticket.
    New {
        /// The mail that made it.
        message: &'a MessageEntry,
    },
    /// Somebody outside wrote: the requester, a participant, or a person who waits for an agent's yes.
    Wrote {
        /// What they wrote.
        message: &'a MessageEntry,
    },
    /// A colleague wrote a note.
    Noted {
        /// Who, as shown.
        by: &'a str,
        /// The note.
        message: &'a MessageEntry,
    },
    /// A colleague answered the requester.
    Answered {
        /// Who, as shown.
        by: &'a str,
        /// The answer.
        message: &'a MessageEntry,
    },
    /// A colleague did something else.
    Acted {
        /// Who, as shown.
        by: &'a str,
        /// What, in a sentence.
        what: &'a str,
    },
    /// Another ticket became part of it.
    Joined {
        /// Who did that, as shown.
        by: &'a str,
        /// The other, as it was.
        other: &'a Ticket,
    },
    /// It was given to this agent, or to their team.
    Assigned {
        /// Who gave it, as shown; `None` = the desk itself.
        by: Option<&'a str>,
        /// The requester's last words, if at hand.
        message: Option<&'a MessageEntry>,
        /// What whoever gave it wrote with it: a note, or an answer to the requester.
        with: Option<&'a MessageEntry>,
    },
    /// A vendor wrote.
    VendorWrote {
        /// Which.
        vendor: &'a VendorName,
        /// What.
        message: &'a MessageEntry,
    },
    /// A message waits for this agent's yes.
    Held {
        /// The message.
        message: &'a MessageEntry,
        /// Why it waits.
        why: &'a Remark,
    },
    /// A mail of ours did not arrive.
    DeliveryFailed {
        /// To whom it was.
        to: &'a Address,
        /// The server's words.
        reply: &'a str,
    },
    /// A mail of ours has not arrived for hours, and is tried again.
    DeliveryDelayed {
        /// To whom it is.
        to: &'a Address,
        /// The server's words.
        reply: &'a str,
    },
    /// Nobody knows whether a mail of ours arrived.
    DeliveryUnknown {
        /// To whom it was.
        to: &'a Address,
        /// The server's words.
        reply: &'a str,
    },
    /// A promise is about to break, or is broken.
    AtRisk {
        /// When it should be met.
        due_at: Timestamp,
    },
    /// A vendor has not answered in time.
    VendorLate {
        /// Which.
        vendor: &'a VendorName,
        /// When a word of theirs was due.
        due_at: Timestamp,
    },
    /// A step became theirs. What they answer stays inside.
    StepIsYours {
        /// It ends with a yes or a no, not with an answer.
        approve: bool,
    },
    /// It comes back from sleep.
    Awake,
    /// The practice ticket.
    Practice {
        /// What its make-believe customer wrote.
        message: &'a MessageEntry,
    },
}

impl<'a> Cause<'a> {
    /// The message it brings.
    #[must_use]
    pub fn message(&self) -> Option<&'a MessageEntry> {
        match self {
            Self::New { message }
            | Self::Wrote { message }
            | Self::Noted { message, .. }
            | Self::Answered { message, .. }
            | Self::VendorWrote { message, .. }
            | Self::Held { message, .. }
            | Self::Practice { message } => Some(message),
            Self::Assigned { message, .. } => *message,
            Self::Acted { .. }
            | Self::Joined { .. }
            | Self::DeliveryFailed { .. }
            | Self::DeliveryDelayed { .. }
            | Self::DeliveryUnknown { .. }
            | Self::AtRisk { .. }
            | Self::VendorLate { .. }
            | Self::StepIsYours { .. }
            | Self::Awake => None,
        }
    }

    /// What an answer to the mail is. A vendor's words stay inside until somebody passes them on.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self {
            Self::Noted { .. }
            | Self::VendorWrote { .. }
            | Self::Held { .. }
            | Self::Answered { .. }
            | Self::StepIsYours { .. } => Mode::Note,
            Self::New { .. }
            | Self::Wrote { .. }
            | Self::Acted { .. }
            | Self::Joined { .. }
            | Self::Assigned { .. }
            | Self::DeliveryFailed { .. }
            | Self::DeliveryDelayed { .. }
            | Self::DeliveryUnknown { .. }
            | Self::AtRisk { .. }
            | Self::VendorLate { .. }
            | Self::Awake
            | Self::Practice { .. } => Mode::Reply,
        }
    }
}
