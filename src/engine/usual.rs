//! How long first answers took lately, per inbox: what an honest promise is made from (`promise = "measured"`).

use std::collections::{BTreeMap, VecDeque};

use desk::{InboxName, Policy, Ticket, promise};
use jiff::{SignedDuration, Timestamp};

use crate::store::{Store, TicketFilter};

/// Answers that are remembered of an inbox.
const KEPT: usize = 100;
/// Tickets that are looked through at the start.
const LOOKED_THROUGH: usize = 400;
/// From fewer answers nothing can be said.
const FEWEST: usize = 5;

/// Open time from a request to its first answer, newest last.
#[derive(Debug, Default)]
pub(super) struct Usual(BTreeMap<InboxName, VecDeque<SignedDuration>>);

impl Usual {
    /// What the newest tickets of a store tell.
    pub(super) fn load(store: &dyn Store, policy: &Policy) -> Self {
        let mut usual = Self::default();
        if policy.slas.values().all(|sla| !sla.promises_measured) {
            return usual;
        }
        for ticket in store.tickets(&TicketFilter { limit: LOOKED_THROUGH, ..TicketFilter::default() }).iter().rev() {
            if let Some(met_at) = ticket.first_response.met_at {
                usual.note(policy, ticket, met_at);
            }
        }
        usual
    }

    /// A ticket was changed at an instant: if that was its first answer, it counts.
    pub(super) fn note(&mut self, policy: &Policy, ticket: &Ticket, at: Timestamp) {
        let (Some(started), Some(met)) = (ticket.first_response.started_at, ticket.first_response.met_at) else { return };
        let is_measured = promise::sla_of(policy, ticket).is_some_and(|sla| sla.promises_measured);
        let Some(calendar) = promise::calendar_of(policy, ticket).filter(|_| is_measured && met == at) else { return };
        let times = self.0.entry(ticket.inbox.clone()).or_default();
        if times.len() >= KEPT {
            times.pop_front();
        }
        times.push_back(calendar.open_between(started, met));
    }

    /// The 80th percentile; `None` where too little is known or nothing is measured.
    pub(super) fn of(&self, policy: &Policy, inbox: &InboxName) -> Option<SignedDuration> {
        policy.inboxes.get(inbox)?;
        let mut times: Vec<SignedDuration> = self.0.get(inbox)?.iter().copied().collect();
        if times.len() < FEWEST {
            return None;
        }
        times.sort_unstable();
        times.get(times.len() * 4 / 5).or(times.last()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_of_five_were_answered_within_it() {
        let mut usual = Usual::default();
        let times = usual.0.entry("support".into()).or_default();
        times.extend((1..=10).map(SignedDuration::from_hours));
        let mut times: Vec<_> = usual.0[&"support".into()].iter().copied().collect();
        times.sort_unstable();
        assert_eq!(times[times.len() * 4 / 5], SignedDuration::from_hours(9));
    }
}
