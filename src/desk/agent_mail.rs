//! Mail that agents write, or that says so: who may act, what they ask, what follows.

use std::collections::BTreeMap;

use crate::ids::{EventId, TicketNo};
use crate::ticket::Ticket;

/// What the engine found about a mail that an agent wrote, or that says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Every ticket that it speaks of.
    pub tickets: BTreeMap<TicketNo, Ticket>,
    /// Drafts that it speaks of: the mails in which the acts were asked for.
    pub drafts: BTreeMap<EventId, DraftMail>,
    /// Its HTML, for its formatting.
    pub html: Option<String>,
    /// Tickets that answer its question, in order.
    pub listing: Vec<Ticket>,
}

/// The mail of a draft, read again.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftMail {
    /// What it says.
    pub parsed: mail::Parsed,
    /// Its bytes.
    pub raw: crate::RawHash,
    /// Its HTML.
    pub html: Option<String>,
}
