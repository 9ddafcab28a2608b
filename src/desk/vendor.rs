//! Vendors: outside companies that work on a ticket in a side thread of their own. The customer's thread never quotes it,
//! and it never quotes the customer's thread.

use jiff::Timestamp;
use mail::MessageId;
use serde::{Deserialize, Serialize};

/// The thread with one vendor about one ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideThread {
    /// One id that leads every References of this thread.
    pub root: Option<MessageId>,
    /// The newest ids, oldest first, at most 10.
    pub references: Vec<MessageId>,
    /// The vendor's last mail: what ours replies to.
    pub last_in: Option<MessageId>,
    /// Their number for the matter, once they have told it.
    pub their_ref: Option<String>,
    /// Since when they owe us a word; `None` if they do not.
    pub asked_at: Option<Timestamp>,
    /// How often they were asked again.
    pub chased: u32,
}
