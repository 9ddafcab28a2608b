//! Channels besides mail: what they are told, stored with the decision so that it can be carried there until it arrives.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::AccountName;

/// What a channel is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The ticket's reference; empty if it is about none.
    pub reference: String,
    /// One sentence.
    pub text: String,
    /// When it was decided.
    pub at: Timestamp,
    /// Somebody should be woken.
    pub is_urgent: bool,
}

/// Where a channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A mail address.
    Mail(mail::Address),
    /// Anything that is reached by a request; the shell knows how.
    Request,
}

/// The name under which the outbox keeps what is for a channel. No account of the file can have it: names hold no colon.
#[must_use]
pub fn account(channel: &str) -> AccountName {
    AccountName(format!("notify:{channel}"))
}

/// Header fields of a note by mail: automatic, answered by no machine.
#[must_use]
pub fn marks(policy: &crate::Policy, message_id: &mail::MessageId) -> Vec<mail::compose::ExtraHeader> {
    crate::envelope::marks(policy, message_id, Some("auto-generated"))
}
