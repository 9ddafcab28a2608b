//! Who gets a new ticket, by the team's way of sharing work. People who are away, off duty or full are passed over; where
//! nobody is left the whole team is told and whoever takes it owns it.

use jiff::Timestamp;

use crate::change::Change;
use crate::effect::Effect;
use crate::event::{AgentState, Around};
use crate::ids::{AgentName, TeamName};
use crate::policy::{Agent, Assign, Policy};
use crate::ticket::Ticket;

/// The agent who gets the ticket; `None` if it is there for whoever takes it.
#[must_use]
pub fn owner_for(policy: &Policy, around: &Around, ticket: &Ticket, at: Timestamp) -> Option<AgentName> {
    chosen(policy, around, ticket.team.as_ref(), None, ticket.language.as_deref(), at)
}

/// The member of a team whose turn it is, `but` for one; `None` if its members take what they want.
#[must_use]
pub fn chosen(
    policy: &Policy,
    around: &Around,
    team: Option<&TeamName>,
    but: Option<&AgentName>,
    language: Option<&str>,
    at: Timestamp,
) -> Option<AgentName> {
    let team = policy.teams.get(team?)?;
    if team.assign == Assign::Pull {
        return None;
    }
    let load = |agent: &Agent| around.loads.get(&agent.name).copied().unwrap_or(0);
    let has_room = |agent: &&Agent| team.max_open.is_none_or(|most| load(agent) < u64::from(most));
    let present: Vec<&Agent> =
        policy.members(Some(&team.name)).filter(|agent| is_present(policy, around, agent, at)).filter(has_room).collect();
    let present: Vec<&Agent> = present.into_iter().filter(|agent| Some(&agent.name) != but).collect();
    // Whoever speaks the customer's language comes first, if anybody does.
    let language = language.unwrap_or_default();
    let speaks = |agent: &&&Agent| agent.speaks.iter().any(|spoken| spoken.eq_ignore_ascii_case(language));
    let speakers: Vec<&Agent> = present.iter().filter(speaks).copied().collect();
    let candidates = if speakers.is_empty() { present } else { speakers };
    let given_at = |agent: &Agent| around.agents.get(&agent.name).and_then(|state| state.assigned_at);
    let chosen = match team.assign {
        Assign::LeastLoaded => candidates.iter().min_by_key(|agent| (load(agent), given_at(agent))),
        Assign::RoundRobin => candidates.iter().min_by_key(|agent| given_at(agent)),
        Assign::Pull => None,
    };
    chosen.map(|agent| agent.name.clone())
}

/// The requester waits for a word of somebody who is away: the team has the ticket again, or whose turn it is.
pub(crate) fn without_the_away(change: &mut Change<'_>) {
    let (around, at) = (&change.event.around, change.at());
    let Some(owner) = change.ticket.owner.clone() else { return };
    if !around.agents.get(&owner).is_some_and(|state| state.is_away(at)) {
        return;
    }
    change.ticket.owner = None;
    change.tell("returned", "frontdesk", format!("{owner} is away"));
    let (team, language) = (change.ticket.team.clone(), change.ticket.language.clone());
    let Some(next) = chosen(change.policy, around, team.as_ref(), Some(&owner), language.as_deref(), at) else { return };
    change.tell("assigned", "frontdesk", format!("to {next}"));
    let state = around.agents.get(&next).cloned().unwrap_or_default();
    change.effects.push(Effect::Agent { name: next.clone(), state: AgentState { assigned_at: Some(at), ..state } });
    change.ticket.owner = Some(next);
}

/// Neither away nor outside of their hours.
#[must_use]
pub fn is_present(policy: &Policy, around: &Around, agent: &Agent, at: Timestamp) -> bool {
    let is_away = around.agents.get(&agent.name).is_some_and(|state| state.is_away(at));
    let calendar = agent.calendar.as_ref().and_then(|name| policy.calendars.get(name));
    !is_away && calendar.is_none_or(|calendar| calendar.is_open(at))
}
