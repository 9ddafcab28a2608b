//! What was said to many tickets is brought to each, as an event of its own whose id follows from what was said: a crash in
//! between repeats and forgets nothing, since an errand stands in the state until its event does.

use desk::chore::Chore;
use desk::{Effect, Event, EventId, EventKind, TicketNo, decide};
use jiff::Timestamp;

use super::core::Core;
use crate::store::{Cause, StoreError};

impl Core {
    /// There may be errands left.
    #[must_use]
    pub fn has_errands(&self) -> bool {
        self.has_errands
    }

    /// Runs some of the errands that are left. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn errands(&mut self, now: Timestamp, at_most: usize) -> Result<usize, StoreError> {
        let waiting = self.store.errands(at_most);
        self.has_errands = waiting.len() >= at_most;
        for (of, no) in &waiting {
            self.errand(now, *of, *no)?;
        }
        Ok(waiting.len())
    }

    fn errand(&mut self, now: Timestamp, of: EventId, no: TicketNo) -> Result<(), StoreError> {
        let said = self.store.decided(of)?.map(|decided| decided.decision.effects).unwrap_or_default();
        let news = said.into_iter().find_map(|effect| match effect {
            Effect::Broadcast { issue, news, by } => Some(EventKind::IssueNews { issue, news, by }),
            _ => None,
        });
        let ticket = self.store.ticket(no);
        let id = EventId::of_request(&format!("errand {of} {}", no.0));
        // Nothing was said: the errand goes off the list all the same.
        let kind = news.unwrap_or_else(|| EventKind::Chore(Box::new(Chore::Alarm { to: Vec::new(), text: String::new() })));
        let event = Event { id, at: now, kind, around: self.around(ticket.as_ref(), None, now) };
        let decision = decide::decide(&self.live.policy, ticket.as_ref(), &event);
        self.stage(&event, Cause::Errand { of, ticket: no }, decision)
    }
}
