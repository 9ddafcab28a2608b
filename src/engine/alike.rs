//! Tickets of late by requester and subject: for noticing that one matter comes twice.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash as _, Hasher as _};

use desk::{Ticket, TicketNo, subject};
use mail::{Address, Message};

use crate::store::{Store, TicketFilter};

/// Tickets that are remembered.
const REMEMBERED_MAX: usize = 10_000;
/// Of these, so many are looked up at a start.
const LOOKED_UP_MAX: usize = 2_000;
/// Tickets that one mail may name.
const NAMED_MAX: usize = 5;

/// The newest ticket of each requester and subject.
#[derive(Debug, Default)]
pub(super) struct Alike {
    tickets: HashMap<u64, TicketNo>,
    order: VecDeque<u64>,
}

impl Alike {
    /// As the store knows it.
    pub(super) fn new(store: &dyn Store, prefix: &str) -> Self {
        let mut alike = Self::default();
        let newest = store.tickets(&TicketFilter { limit: LOOKED_UP_MAX, ..TicketFilter::default() });
        newest.iter().rev().for_each(|ticket| alike.note(ticket, prefix));
        alike
    }

    /// A ticket was made.
    pub(super) fn note(&mut self, ticket: &Ticket, prefix: &str) {
        let Some(key) = key(&ticket.requester.address, &ticket.first_subject, prefix) else { return };
        if self.tickets.insert(key, ticket.no).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.tickets.remove(&oldest);
        }
    }

    /// An open ticket of the sender's that a mail names in its text, or that has its subject (spec "Which ticket?", T5).
    pub(super) fn find(&self, store: &dyn Store, sender: &Address, message: &Message, prefix: &str) -> Option<TicketNo> {
        let named = subject::named(&message.reply.new_text, prefix).into_iter().take(NAMED_MAX);
        let same = key(sender, &message.subject, prefix).and_then(|key| self.tickets.get(&key).copied());
        let is_theirs = |ticket: &Ticket| {
            ticket.status.is_active() && !ticket.private && ticket.requester.address.folded() == sender.folded()
        };
        named.chain(same).find(|no| store.ticket(*no).is_some_and(|ticket| is_theirs(&ticket)))
    }
}

/// `None` where there is no subject to compare.
fn key(address: &Address, text: &str, prefix: &str) -> Option<u64> {
    let folded = subject::folded(text, prefix);
    let mut hasher = std::hash::DefaultHasher::new();
    (address.folded(), &folded).hash(&mut hasher);
    (!folded.is_empty()).then(|| hasher.finish())
}
