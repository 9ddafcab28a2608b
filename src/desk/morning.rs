//! The morning list of one agent: what is due today, what waits on them, what waits on others, what is held.
//!
//! One a day: its event is named by agent and date, so a restart, or a second look, finds it done.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::decide::nothing;
use crate::decision::Decision;
use crate::desk_mail::{DeskMail, Digest};
use crate::effect::Effect;
use crate::event::AgentState;
use crate::ids::{EffectId, EventId, TicketNo};
use crate::policy::{Agent, Policy};
use crate::ticket::{Status, Ticket};
use crate::ticket_block::due;
use crate::ticket_mail::AgentDesk;

/// A list that could not be sent in time is sent so much later at most: in the afternoon it is no morning list.
pub const LATE_MAX: SignedDuration = SignedDuration::from_hours(4);

/// When the list of that day is sent; `None` where none is wanted.
#[must_use]
pub fn due_at(policy: &Policy, date: Date) -> Option<Timestamp> {
    let time = policy.agent_mail.as_ref()?.digest?;
    let zoned = date.to_datetime(time).to_zoned(policy.company.timezone.clone()).ok()?;
    Some(zoned.timestamp())
}

/// The day in the company's zone.
#[must_use]
pub fn date(policy: &Policy, at: Timestamp) -> Date {
    at.to_zoned(policy.company.timezone.clone()).date()
}

/// The identity of an agent's list of that day.
#[must_use]
pub fn event_id(agent: &Agent, date: Date) -> EventId {
    EventId::of_request(&format!("morning list of {} on {date}", agent.name))
}

/// Who gets one: whoever works on tickets.
pub fn readers(policy: &Policy) -> impl Iterator<Item = &Agent> {
    policy.agents.values().filter(|agent| !agent.reports_only)
}

/// What is decided about the morning of an agent. `tickets` are all that are neither solved nor closed; on those of `held`
/// something waits for a person. No mail on a day on which they do not work, and none that says nothing.
#[must_use]
pub fn decide(
    policy: &Policy,
    agent: &Agent,
    state: &AgentState,
    (tickets, held): (&[Ticket], &BTreeSet<TicketNo>),
    (event, at): (EventId, Timestamp),
) -> Decision {
    if state.is_away(at) || !works_today(policy, agent, at) {
        return nothing("morning", "they do not work today");
    }
    let today = date(policy, at);
    let owns = |ticket: &Ticket| ticket.owner.as_ref() == Some(&agent.name);
    let is_of_team =
        |ticket: &Ticket| ticket.owner.is_none() && policy.members(ticket.team.as_ref()).any(|member| member.name == agent.name);
    let is_due = |ticket: &Ticket| due(ticket).is_some_and(|due| date(policy, due) <= today);
    let is_ours = |ticket: &Ticket| matches!(ticket.status, Status::New | Status::Open);
    let pick = |wanted: &dyn Fn(&Ticket) -> bool| {
        let mut picked: Vec<Ticket> = tickets.iter().filter(|ticket| wanted(ticket)).cloned().collect();
        picked.sort_by_key(|ticket| (due(ticket).unwrap_or(Timestamp::MAX), ticket.no));
        picked
    };
    let due_today = pick(&|ticket| (owns(ticket) || is_of_team(ticket)) && is_due(ticket));
    let waiting_on_you = pick(&|ticket| owns(ticket) && is_ours(ticket) && !is_due(ticket));
    let waiting_on_others = pick(&|ticket| owns(ticket) && !is_ours(ticket));
    let has_held = |ticket: &Ticket| {
        ticket.drafts.iter().any(|draft| draft.agent == agent.name)
            || held.contains(&ticket.no) && (owns(ticket) || is_of_team(ticket))
    };
    let held = pick(&has_held);
    let digest =
        Digest { due_today: &due_today, waiting_on_you: &waiting_on_you, waiting_on_others: &waiting_on_others, held: &held };
    let is_empty = [&due_today, &waiting_on_you, &waiting_on_others, &held].iter().all(|list| list.is_empty());
    let Some(desk) = AgentDesk::of_agent(policy, agent).filter(|_| !is_empty) else {
        return nothing("morning", "nothing waits");
    };
    let mut decision = nothing("morning", "the list of the day");
    let mail = DeskMail { desk, to: agent, ticket: None, at };
    decision.effects.push(Effect::Send(Box::new(mail.digest(&digest, EffectId::new(event, 0)))));
    decision
}

/// Their calendar opens on that day of theirs.
fn works_today(policy: &Policy, agent: &Agent, at: Timestamp) -> bool {
    let Some(calendar) = agent.calendar.as_ref().and_then(|name| policy.calendars.get(name)) else { return true };
    let today = at.to_zoned(calendar.zone.clone()).date();
    let Ok(midnight) = today.to_zoned(calendar.zone.clone()) else { return true };
    calendar.next_opening(midnight.timestamp()).is_some_and(|opening| opening.to_zoned(calendar.zone.clone()).date() == today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn decided(change: impl Fn(&mut Ticket), state: AgentState) -> Decision {
        let policy = sample::policy();
        let mut ticket = sample::ticket();
        change(&mut ticket);
        let agent = &policy.agents[&"maya".into()];
        let at = sample::at(sample::NOW);
        decide(&policy, agent, &state, (&[ticket], &BTreeSet::new()), (event_id(agent, date(&policy, at)), at))
    }

    fn text(decision: &Decision) -> Option<String> {
        match decision.effects.first()? {
            Effect::Send(send) => Some(send.letter.as_deref()?.text.clone()),
            _ => None,
        }
    }

    #[test]
    fn a_ticket_stands_in_the_list_of_whoever_has_to_do_with_it() {
        let shown = text(&decided(|_| (), AgentState::default())).expect("a mail");
        assert!(shown.contains("T-4821"), "{shown}");
        let tomasz = decided(|ticket| ticket.owner = Some("tomasz".into()), AgentState::default());
        assert_eq!(text(&tomasz), None, "it is a colleague's");
        let pending = text(&decided(|ticket| ticket.status = Status::Pending, AgentState::default())).expect("a mail");
        assert!(pending.contains("T-4821"), "{pending}");
    }

    #[test]
    fn who_is_away_gets_none() {
        let away = AgentState { away_until: sample::at(sample::NOW).checked_add(LATE_MAX).ok(), ..AgentState::default() };
        assert_eq!(text(&decided(|_| (), away)), None);
    }
}
