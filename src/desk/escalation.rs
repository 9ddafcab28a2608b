//! Who is told when a promise comes near, breaks, and stays broken: the rungs of a ladder, each once per period.
//!
//! A rung stands at a part of the target. At half of it a ticket whose owner is silent goes back to the team, at three
//! quarters the owner is warned, at the target and after it the ladder of the SLA is climbed. Alerts of the file stand on the
//! same ladder.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::change::Change;
use crate::effect::Effect;
use crate::ids::AgentName;
use crate::notice;
use crate::policy::{Alert, Policy, Sla};
use crate::process;
use crate::promise::{self, Measure};
use crate::ticket::{Clock, Priority, Status, Ticket};
use crate::ticket_mail::{Cause, Why};

/// Half of the target: the owner was silent for so long that somebody else should look.
const RETURN_PERCENT: u32 = 50;
/// Three quarters: there is still time.
const WARN_PERCENT: u32 = 75;
/// The target itself.
const DUE_PERCENT: u32 = 100;
/// After the target one rung of the ladder is climbed with every further quarter of it.
const RUNG_PERCENT: u32 = 25;
/// Told when a promise breaks, where the SLA names nobody.
const LADDER: [&str; 2] = ["owner", "lead"];

/// One rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act<'p> {
    /// The ticket goes back to its team.
    Return,
    /// Whoever owes the next word is warned.
    Warn,
    /// Somebody on the ladder is told that it is late.
    Tell(&'p str),
    /// An alert of the file.
    Alert(&'p Alert),
}

/// Rungs of the clock of an answer or of the resolution, lowest first.
fn rungs<'p>(policy: &'p Policy, ticket: &Ticket, measure: Measure) -> Vec<(u32, Act<'p>)> {
    let mut rungs = vec![(WARN_PERCENT, Act::Warn)];
    let is_answer = matches!(measure, Measure::FirstResponse | Measure::NextResponse);
    if is_answer && ticket.owner.is_some() && policy.members(ticket.team.as_ref()).count() > 1 {
        rungs.push((RETURN_PERCENT, Act::Return));
    }
    let sla = promise::sla_of(policy, ticket);
    let lead = ticket.team.as_ref().and_then(|team| policy.teams.get(team)?.lead.as_ref());
    let is_same = lead.is_some() && lead == ticket.owner.as_ref();
    let ladder = ladder(sla).filter(|who| !(is_same && *who == "lead"));
    rungs.extend(ladder.zip((DUE_PERCENT..).step_by(RUNG_PERCENT as usize)).map(|(who, percent)| (percent, Act::Tell(who))));
    for alert in policy.alerts.iter().filter(|alert| alert.concerns(ticket)) {
        rungs.push((DUE_PERCENT - alert.left_percent.min(DUE_PERCENT), Act::Alert(alert)));
    }
    rungs.sort_by_key(|(percent, _)| *percent);
    rungs
}

/// Who is told from the target on. Where the SLA names nobody: the owner at the target, then the lead.
fn ladder(sla: Option<&Sla>) -> impl Iterator<Item = &str> {
    sla.into_iter()
        .flat_map(|sla| sla.escalate.iter().map(String::as_str))
        .chain(sla.filter(|sla| sla.escalate.is_empty()).into_iter().flat_map(|_| LADDER))
}

/// When the next rung of any clock is reached.
pub(crate) fn next_at(policy: &Policy, ticket: &Ticket) -> Option<Timestamp> {
    if !ticket.status.is_active() {
        return None;
    }
    let calendar = promise::calendar_of(policy, ticket)?;
    let answers = [Measure::FirstResponse, Measure::NextResponse, Measure::Resolution].into_iter().flat_map(|measure| {
        let clock = measure.of(ticket);
        let rungs = if is_watched(ticket, measure) { rungs(policy, ticket, measure) } else { Vec::new() };
        let next = rungs.into_iter().map(|(percent, _)| percent).find(|percent| *percent > clock.told_percent);
        next.and_then(|percent| promise::reached_at(calendar, clock, percent))
    });
    let steps = ticket.steps.iter().filter(|state| state.ended.is_none() && promise::runs(&state.clock)).filter_map(|state| {
        let next = [WARN_PERCENT, DUE_PERCENT].into_iter().find(|percent| *percent > state.clock.told_percent)?;
        promise::reached_at(calendar, &state.clock, next)
    });
    answers.chain(steps).min()
}

/// An answer is owed even while a vendor works on it; not while the customer owes the next word.
fn is_watched(ticket: &Ticket, measure: Measure) -> bool {
    promise::runs(measure.of(ticket)) && ticket.status != Status::Pending
}

/// Climbs every rung that was reached. Of several that were passed while nobody could look, only the highest is told.
pub(crate) fn climb(change: &mut Change<'_>) {
    let Some(calendar) = promise::calendar_of(change.policy, &change.ticket) else { return };
    // Nobody gets two mails about one instant.
    let mut told = BTreeSet::new();
    for measure in [Measure::FirstResponse, Measure::NextResponse, Measure::Resolution] {
        let clock = measure.of(&change.ticket).clone();
        if !is_watched(&change.ticket, measure) {
            continue;
        }
        let rungs = rungs(change.policy, &change.ticket, measure);
        let reached = reached(calendar, &clock, change.at(), rungs.iter().map(|(percent, _)| *percent));
        let Some(highest) = reached.last().copied() else { continue };
        let acts: Vec<(u32, Act<'_>)> = rungs.into_iter().filter(|(percent, _)| reached.contains(percent)).collect();
        measure.of_mut(&mut change.ticket).told_percent = highest;
        if highest >= DUE_PERCENT {
            measure.of_mut(&mut change.ticket).breached = true;
        }
        take_rungs(change, measure, &clock, &acts, &mut told);
    }
    let late: Vec<(String, Clock)> = change
        .ticket
        .steps
        .iter()
        .filter(|state| state.ended.is_none() && promise::runs(&state.clock))
        .map(|state| (state.id.clone(), state.clock.clone()))
        .collect();
    for (id, clock) in late {
        let reached = reached(calendar, &clock, change.at(), [WARN_PERCENT, DUE_PERCENT].into_iter());
        if let Some(highest) = reached.last() {
            process::late(change, &id, (*highest >= DUE_PERCENT, *highest), &mut told);
        }
    }
}

/// Rungs above what was told whose instant has come, lowest first.
fn reached(calendar: &crate::calendar::Calendar, clock: &Clock, now: Timestamp, percents: impl Iterator<Item = u32>) -> Vec<u32> {
    let above = percents.filter(|percent| *percent > clock.told_percent);
    above.filter(|percent| promise::reached_at(calendar, clock, *percent).is_some_and(|at| at <= now)).collect()
}

fn take_rungs(change: &mut Change<'_>, measure: Measure, clock: &Clock, acts: &[(u32, Act<'_>)], told: &mut BTreeSet<AgentName>) {
    let Some(due_at) = clock.due_at else { return };
    let name = measure.as_str().replace('_', " ");
    let is_late = change.at() >= due_at;
    if let Some((_, Act::Return)) = acts.iter().find(|(_, act)| *act == Act::Return) {
        give_back(change, clock);
    }
    let warned = acts.iter().any(|(_, act)| *act == Act::Warn);
    if warned && !is_late {
        change.tell("promise_near", "frontdesk", format!("{name} due {due_at:.0}"));
        tell_one(change, "owner", due_at, &format!("{name} due {due_at:.0}"), told);
    }
    let late: Vec<&str> = acts.iter().filter_map(|(_, act)| if let Act::Tell(who) = act { Some(*who) } else { None }).collect();
    if clock.told_percent < DUE_PERCENT && is_late {
        change.tell("promise_broken", "frontdesk", format!("{name} was due {due_at:.0}"));
    } else if let Some(who) = late.first() {
        change.tell("escalated", "frontdesk", format!("{name} was due {due_at:.0}: {who} is told"));
    }
    for who in late {
        tell_one(change, who, due_at, &format!("{name} was due {due_at:.0}"), told);
    }
    for (_, act) in acts {
        let Act::Alert(alert) = act else { continue };
        change.tell("alerted", "frontdesk", alert.name.clone());
        if let Some(priority) = alert.raise.filter(|priority| *priority > change.ticket.priority) {
            raise(change, priority);
        }
        for who in &alert.tell {
            tell_one(change, who, due_at, &format!("{}: {name} due {due_at:.0}", alert.name), told);
        }
    }
}

/// The ticket becomes more important. Its targets are shorter from then on, and still count from the same start.
pub(crate) fn raise(change: &mut Change<'_>, priority: Priority) {
    change.tell("priority_changed", "frontdesk", format!("{} → {}", change.ticket.priority.as_str(), priority.as_str()));
    change.ticket.priority = priority;
}

/// Tells a person or a role by mail, a channel by a notice. Nobody is told twice of one event.
pub(crate) fn tell_one(change: &mut Change<'_>, who: &str, due_at: Timestamp, text: &str, told: &mut BTreeSet<AgentName>) {
    let people = people(change.policy, &change.ticket, who);
    if people.is_empty() {
        let text = format!("{} {}: {text}", change.policy.reference(change.ticket.no), change.ticket.subject);
        change.effects.push(Effect::Notify { to: who.to_owned(), text });
        return;
    }
    for (name, why) in people {
        if told.insert(name.clone()) {
            notice::tell_agent(change, &Cause::AtRisk { due_at }, &name, why);
        }
    }
}

/// The agents behind `owner`, `lead`, `team`, a team's or an agent's name. Without an owner the whole team owes the word.
fn people(policy: &Policy, ticket: &Ticket, who: &str) -> Vec<(AgentName, Why)> {
    let members = || policy.members(ticket.team.as_ref()).map(|agent| (agent.name.clone(), Why::Team)).collect::<Vec<_>>();
    match who {
        "owner" => ticket.owner.as_ref().map_or_else(members, |owner| vec![(owner.clone(), Why::Owner)]),
        "team" => members(),
        "lead" => {
            let team = ticket.team.as_ref().and_then(|team| policy.teams.get(team));
            team.and_then(|team| team.lead.clone()).into_iter().map(|lead| (lead, Why::Lead)).collect()
        }
        name => {
            let agent = policy.agents.keys().find(|agent| agent.as_str() == name).map(|agent| (agent.clone(), Why::Team));
            let team = policy.teams.values().find(|team| team.name.as_str() == name);
            let members = team.into_iter().flat_map(|team| team.members.iter().map(|member| (member.clone(), Why::Team)));
            agent.into_iter().chain(members).collect()
        }
    }
}

/// The owner did nothing for half of the time: the team has it again, and everybody of it is told.
fn give_back(change: &mut Change<'_>, clock: &Clock) {
    let Some(owner) = change.ticket.owner.clone() else { return };
    let is_silent = |act: &crate::undo::Act| act.agent != owner || clock.started_at.is_some_and(|since| act.at < since);
    if !change.ticket.acts.iter().all(is_silent) {
        return change.trace("promise", "kept", format!("{owner} works on it"));
    }
    change.ticket.owner = None;
    change.tell("returned", "frontdesk", format!("{owner} has not answered for half of the promised time"));
    let last_in = change.event.around.last_in.clone();
    notice::tell(change, &Cause::Assigned { by: None, message: last_in.as_ref(), with: None }, None);
}
