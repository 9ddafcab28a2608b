//! Mails to agents that no event on a ticket causes: the morning list, and the practice ticket of a new agent.

use std::collections::BTreeSet;

use desk::command::Command;
use desk::event::{Actor, EventKind};
use desk::ticket_mail::AgentDesk;
use desk::{AgentName, Effect, EffectId, Event, EventId, Policy, Status, TicketNo, desk_mail, morning};
use jiff::Timestamp;

use super::core::Core;
use crate::store::{Cause, Store, StoreError, TicketFilter};

impl Core {
    /// Sends the morning lists that are due and were not sent. Returns how many were decided.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn mornings(&mut self, now: Timestamp) -> Result<usize, StoreError> {
        let policy = self.live.policy.clone();
        let Some(due) = open(&policy, &**self.store(), now) else { return Ok(0) };
        let date = morning::date(&policy, due);
        let status = vec![Status::New, Status::Open, Status::Pending, Status::OnHold];
        let tickets = self.store().tickets(&TicketFilter { status, ..TicketFilter::default() });
        let held: BTreeSet<TicketNo> = self.store().held().into_iter().filter_map(|item| item.ticket).collect();
        let states = self.store().agents();
        let mut decided = 0;
        for agent in morning::readers(&policy) {
            let id = morning::event_id(agent, date);
            if self.store().has_event(id) {
                continue;
            }
            let state = states.get(&agent.name).map(|(state, _)| state.clone()).unwrap_or_default();
            let decision = morning::decide(&policy, agent, &state, (&tickets, &held), (id, now));
            self.stage(&alone(id, now), Cause::Request, decision)?;
            decided += 1;
        }
        Ok(decided)
    }

    /// Sends an agent the practice ticket. `false` if there is no such agent, or if agents do not work by mail here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn invite(&mut self, now: Timestamp, agent: &AgentName, request: &str) -> Result<bool, StoreError> {
        let policy = self.live.policy.clone();
        let id = EventId::of_request(request);
        let Some(to) = policy.agents.get(agent) else { return Ok(false) };
        let Some(desk) = AgentDesk::of_agent(&policy, to) else { return Ok(false) };
        if self.store().has_event(id) {
            return Ok(true);
        }
        let send = desk_mail::invite(desk, to, now, EffectId::new(id, 0));
        let decision = desk::Decision::of_mail("invite", "the practice ticket", Effect::Send(Box::new(send)));
        self.stage(&alone(id, now), Cause::Request, decision)?;
        Ok(true)
    }
}

/// An event that no mail, timer or command on a ticket caused; asked for by whoever runs the desk.
fn alone(id: EventId, at: Timestamp) -> Event {
    let kind = EventKind::Commanded { by: Actor::Operator, command: Command::Show };
    Event { id, at, kind, around: desk::event::Around::default() }
}

/// When the next morning lists are due, the open ones of today included.
pub(super) fn next(policy: &Policy, store: &dyn Store, now: Timestamp) -> Option<Timestamp> {
    if let Some(open) = open(policy, store, now) {
        return Some(open);
    }
    let today = morning::date(policy, now);
    let tomorrow = today.tomorrow().ok();
    [Some(today), tomorrow].into_iter().flatten().filter_map(|date| morning::due_at(policy, date)).find(|due| *due > now)
}

/// When those of today were due, if some are still to be sent.
fn open(policy: &Policy, store: &dyn Store, now: Timestamp) -> Option<Timestamp> {
    let date = morning::date(policy, now);
    let due = morning::due_at(policy, date)?;
    let is_time = due <= now && due.duration_until(now) < morning::LATE_MAX;
    let is_left = || morning::readers(policy).any(|agent| !store.has_event(morning::event_id(agent, date)));
    (is_time && is_left()).then_some(due)
}
