//! Who is told of what by mail, and why. Nobody gets mail about their own act, and nobody twice about one event.

use std::collections::BTreeMap;

use crate::change::Change;
use crate::decision::{Decision, Direction, MessageEntry};
use crate::effect::Effect;
use crate::event::Actor;
use crate::ids::AgentName;
use crate::policy::{Agent, Policy};
use crate::ticket_mail::{AgentDesk, Cause, TicketMail, Why};
use crate::trace::TraceLine;

/// The step of a trace that says who is told.
const STEP: &str = "notice";

/// Tells everybody who should know of an event, except whoever caused it.
pub(crate) fn tell(change: &mut Change<'_>, cause: &Cause<'_>, author: Option<&AgentName>) {
    for (name, why) in audience(change, cause) {
        if Some(&name) != author {
            tell_agent(change, cause, &name, why);
        }
    }
}

/// Tells one agent.
pub(crate) fn tell_agent(change: &mut Change<'_>, cause: &Cause<'_>, name: &AgentName, why: Why) {
    let Some(desk) = AgentDesk::of_ticket(change.policy, &change.ticket) else { return };
    let agent = change.policy.agents.get(name);
    if let Some(agent) = agent.filter(|agent| !agent.reports_only) {
        if change.trace.iter().any(|line| line.step == STEP && line.outcome == name.as_str()) {
            return;
        }
        if is_told_enough(change, agent) {
            return keep_back(change, name);
        }
        change.trace(STEP, name.as_str(), why.as_str());
        let perhaps = crate::article::perhaps(change.policy, &change.ticket);
        let ticket = crate::agenda::to_show(change);
        change.send(|change, id| {
            let mail = TicketMail {
                desk,
                ticket: &ticket,
                around: &change.event.around,
                to: agent,
                why,
                cause: *cause,
                perhaps: &perhaps,
                their_offset: change.ticket.utc_offset_minutes.map(i32::from),
                at: change.at(),
            };
            mail.send(id)
        });
    }
}

/// They got as many of these mails within the hour as they may.
fn is_told_enough(change: &Change<'_>, agent: &Agent) -> bool {
    let before = change.event.around.notices.get(&agent.name).copied().unwrap_or(0);
    let is_notice = |line: &&TraceLine| line.step == STEP && line.outcome == agent.name.as_str();
    let now = change.trace.iter().filter(is_notice).count();
    before as usize + now >= change.policy.limits.notices_per_agent_hour as usize
}

/// The next digest names the ticket.
fn keep_back(change: &mut Change<'_>, name: &AgentName) {
    change.trace(STEP, "kept back", format!("{name} is told of enough within the hour; a digest follows"));
    let mut state = change.agent_state(name);
    state.keep_back(change.ticket.no, change.at());
    change.effects.push(Effect::Agent { name: name.clone(), state });
}

/// Agents whom a decision tells of a ticket, each as often as it does.
pub fn told(decision: &Decision) -> impl Iterator<Item = AgentName> {
    decision
        .trace
        .iter()
        .filter(|line| line.step == STEP && line.outcome != "kept back")
        .map(|line| AgentName(line.outcome.clone()))
}

/// Whoever acts, as colleagues know them.
pub(crate) fn shown(policy: &Policy, by: &Actor) -> String {
    by.agent().and_then(|name| policy.agents.get(name)).map_or_else(|| by.label(), |agent| agent.label.clone())
}

/// After an act of an agent or an operator.
pub(crate) fn of_act(change: &mut Change<'_>, by: &Actor) {
    let author = by.agent();
    let shown = shown(change.policy, by);
    let did = |kind: &str| change.history.iter().any(|line| line.kind == kind);
    let (noted, answered, assigned) = (did("noted"), did("answered"), did("assigned"));
    let last_in = change.event.around.last_in.clone();
    let all: Vec<MessageEntry> = change.message.iter().chain(&change.notes).cloned().collect();
    // Whoever gets the ticket hears of that, with whatever was written to them or for them.
    let (before, after) = (&change.before.owner, &change.ticket.owner);
    if assigned && before != after {
        let is_words = |message: &&MessageEntry| match message.direction {
            Direction::Out => answered,
            Direction::Note => noted,
            Direction::In => false,
        };
        let with = all.iter().find(is_words);
        tell(change, &Cause::Assigned { by: Some(&shown), message: last_in.as_ref(), with }, author);
    }
    for message in &all {
        match message.direction {
            Direction::Out if answered => tell(change, &Cause::Answered { by: &shown, message }, author),
            Direction::Note if noted => tell(change, &Cause::Noted { by: &shown, message }, author),
            Direction::In | Direction::Out | Direction::Note => {}
        }
    }
}

/// The owner, those who read along, and where nobody owns it the whole team. Who muted it hears of it only as its owner.
fn audience(change: &Change<'_>, cause: &Cause<'_>) -> BTreeMap<AgentName, Why> {
    let (policy, ticket) = (change.policy, &change.ticket);
    let mut audience: BTreeMap<AgentName, Why> = BTreeMap::new();
    let is_for_owner_alone = matches!(cause, Cause::Assigned { .. });
    if !is_for_owner_alone {
        audience.extend(ticket.watchers.iter().map(|name| (name.clone(), Why::Watching)));
    }
    // What colleagues do concerns those who read along, and the owner.
    let is_for_team = !matches!(cause, Cause::Answered { .. } | Cause::Noted { .. } | Cause::Joined { .. });
    if ticket.owner.is_none() && is_for_team {
        audience.extend(policy.members(ticket.team.as_ref()).map(|agent| (agent.name.clone(), Why::Team)));
    }
    audience.retain(|name, _| !ticket.muted_by.contains(name));
    audience.extend(ticket.owner.iter().map(|name| (name.clone(), Why::Owner)));
    audience.retain(|name, _| policy.agents.get(name).is_some_and(|agent| !agent.reports_only));
    audience
}
