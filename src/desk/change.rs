//! A change of a ticket under way: the ticket as it will be, and everything that follows. Several commands of one mail
//! work on one change, so that they are carried out together or not at all.

use jiff::Timestamp;

use crate::agenda;
use crate::decision::{Decision, Direction, HistoryEntry, MessageEntry, Outcome};
use crate::effect::{Effect, Send};
use crate::event::{AgentState, Event};
use crate::ids::{AgentName, EffectId, EventId, TicketNo};
use crate::policy::Policy;
use crate::ticket::{LinkKind, Ticket};
use crate::trace::TraceLine;

/// A change under way.
pub(crate) struct Change<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) event: &'a Event,
    /// The ticket before.
    pub(crate) before: &'a Ticket,
    /// The ticket as it will be.
    pub(crate) ticket: Ticket,
    pub(crate) history: Vec<HistoryEntry>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) message: Option<MessageEntry>,
    pub(crate) notes: Vec<MessageEntry>,
    pub(crate) link_back: Option<(TicketNo, LinkKind)>,
    /// Tickets that this one gave birth to.
    pub(crate) also: Vec<Ticket>,
    pub(crate) trace: Vec<TraceLine>,
    /// What became of an act that was undone.
    pub(crate) undone: Option<Undone>,
}

/// What became of an act that was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undone {
    /// The act.
    pub(crate) what: String,
    /// Values that somebody changed since, so that they stay.
    pub(crate) kept: Vec<&'static str>,
    /// Mails of it were called back.
    pub(crate) recalled: bool,
    /// Mails of it had left.
    pub(crate) gone: bool,
}

impl<'a> Change<'a> {
    pub(crate) fn new(policy: &'a Policy, ticket: &'a Ticket, event: &'a Event) -> Self {
        let mut next = ticket.clone();
        next.rev += 1;
        next.updated_at = event.at;
        Self {
            policy,
            event,
            before: ticket,
            ticket: next,
            history: Vec::new(),
            effects: Vec::new(),
            message: None,
            notes: Vec::new(),
            link_back: None,
            also: Vec::new(),
            trace: Vec::new(),
            undone: None,
        }
    }

    /// Goes on with what was decided about a mail, whose ticket is `before` and `decision.ticket`.
    pub(crate) fn resume(policy: &'a Policy, event: &'a Event, before: &'a Ticket, decision: Decision) -> Self {
        Self {
            policy,
            event,
            before,
            ticket: decision.ticket.unwrap_or_else(|| before.clone()),
            history: decision.history,
            effects: decision.effects,
            message: decision.message,
            notes: decision.notes,
            link_back: decision.link_back,
            also: decision.also,
            trace: decision.trace,
            undone: None,
        }
    }

    pub(crate) fn at(&self) -> Timestamp {
        self.event.at
    }

    /// A line of history, which is also the reason in the trace.
    pub(crate) fn tell(&mut self, kind: &str, by: &str, what: impl Into<String>) {
        let what = what.into();
        self.trace.push(TraceLine::new("decide", kind, what.clone()));
        self.history.push(crate::decide::entry(self.event, kind, by, what));
    }

    pub(crate) fn trace(&mut self, step: &str, outcome: impl Into<String>, detail: impl Into<String>) {
        self.trace.push(TraceLine::new(step, outcome, detail));
    }

    /// A mail leaves. Its identity comes from its place among the effects, so it is built once that is known.
    pub(crate) fn send(&mut self, build: impl FnOnce(&Self, EffectId) -> Send) -> EffectId {
        let id = EffectId::new(self.event.id, self.effects.len());
        let send = build(self, id);
        self.effects.push(Effect::Send(Box::new(send)));
        id
    }

    /// Adds a message to the ticket. Of several, the one to people outside is the message of the event, whose id is known by
    /// that event; the others stand beside it.
    pub(crate) fn add_message(&mut self, message: MessageEntry) {
        let Some(earlier) = self.message.take() else {
            self.message = Some(message);
            return;
        };
        let is_first = message.direction == Direction::Out && earlier.direction != Direction::Out;
        let (first, mut other) = if is_first { (message, earlier) } else { (earlier, message) };
        if other.id == first.id {
            other.id = EventId::of_note(self.event.id, self.notes.len());
        }
        self.message = Some(first);
        self.notes.push(other);
    }

    /// What is remembered of an agent, as far as this change has brought it.
    pub(crate) fn agent_state(&self, agent: &AgentName) -> AgentState {
        AgentState::of(agent, &self.effects, &self.event.around.agents)
    }

    /// The requester is asked what they thought, which is remembered of the person.
    pub(crate) fn ask_rating(&mut self) {
        let address = self.ticket.requester.address.folded();
        self.effects.push(Effect::AskedRating { address, at: self.at() });
    }

    pub(crate) fn finish(mut self, outcome: Outcome) -> Decision {
        agenda::settle(&mut self);
        Decision {
            outcome,
            ticket: Some(self.ticket),
            message: self.message,
            notes: self.notes,
            history: self.history,
            effects: self.effects,
            link_back: self.link_back,
            also: self.also,
            trace: self.trace,
        }
    }
}
