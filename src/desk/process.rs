//! Walking the steps of a ticket type: entering, finishing, skipping, going back.
//!
//! A step begins when those before it have ended, unless its fields say that it does not apply. Whose it is, is told by
//! mail; what it waits for ends it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::assign;
use crate::change::Change;
use crate::condition;
use crate::courtesy::{self, Courtesy};
use crate::escalation;
use crate::event::Actor;
use crate::ids::{AgentName, TeamName};
use crate::notice;
use crate::policy::{Policy, Step};
use crate::promise;
use crate::ticket::{Clock, StepEnd, StepState, Ticket};
use crate::ticket_mail::{Cause, Why};
use crate::vendor;

/// Steps of the ticket's type, in file order.
#[must_use]
pub fn steps_of<'p>(policy: &'p Policy, ticket: &Ticket) -> &'p [Step] {
    policy.types.get(&ticket.ticket_type).map_or(&[], |ticket_type| &ticket_type.steps)
}

/// The step that somebody means who names none: their own, else one that is there for their team, else the one under way that
/// was entered first.
#[must_use]
pub fn meant<'t>(policy: &Policy, ticket: &'t Ticket, by: Option<&AgentName>) -> Option<&'t StepState> {
    by.and_then(|agent| theirs(policy, ticket, agent)).or_else(|| ticket.step())
}

/// The step under way that an agent has, or that their team has and nobody of it.
fn theirs<'t>(policy: &Policy, ticket: &'t Ticket, agent: &AgentName) -> Option<&'t StepState> {
    let under_way = || ticket.steps.iter().filter(|state| state.ended.is_none());
    let is_member =
        |step: &Step| team_of(policy, step).is_some_and(|team| policy.members(Some(team)).any(|member| member.name == *agent));
    let is_for_team = |state: &&StepState| {
        let step = steps_of(policy, ticket).iter().find(|step| step.id == state.id);
        state.owner.is_none() && step.is_some_and(is_member)
    };
    under_way().find(|state| state.owner.as_ref() == Some(agent)).or_else(|| under_way().find(is_for_team))
}

/// Steps under way that are ours to finish: closing would leave them open.
pub(crate) fn left_open<'t>(policy: &'t Policy, ticket: &'t Ticket) -> impl Iterator<Item = &'t str> {
    let waits = |id: &str| steps_of(policy, ticket).iter().any(|step| step.id == id && step.waits_on.is_some());
    ticket.steps.iter().filter(move |state| state.ended.is_none() && !waits(&state.id)).map(|state| state.id.as_str())
}

/// Enters every step whose turn it is. Called whenever a step has ended or fields have changed.
pub(crate) fn advance(change: &mut Change<'_>) {
    let steps = steps_of(change.policy, &change.ticket);
    // Each round enters at least one step, so there are no more rounds than steps.
    for _ in 0..steps.len() {
        let is_next = |(index, step): &(usize, &Step)| {
            let known = change.ticket.steps.iter().any(|state| state.id == step.id);
            !known && predecessors(steps, *index).iter().all(|before| has_passed(&change.ticket, before))
        };
        let Some((_, step)) = steps.iter().enumerate().find(is_next) else { return };
        match condition::first_unmet(&step.only_if, &change.ticket.fields) {
            Some(field) => {
                change.tell("step_skipped", "frontdesk", format!("{}: {field} does not ask for it", step.id));
                change.ticket.steps.push(skipped(step, change.event.at));
            }
            None => enter(change, step),
        }
    }
}

/// A step that was passed over.
fn skipped(step: &Step, at: Timestamp) -> StepState {
    let clock = Clock { started_at: Some(at), met_at: Some(at), ..Clock::default() };
    StepState { id: step.id.clone(), clock, ended: Some(StepEnd::Skipped), ..StepState::default() }
}

fn predecessors(steps: &[Step], index: usize) -> Vec<&str> {
    match (&steps[index].after, index) {
        (Some(after), _) => after.iter().map(String::as_str).collect(),
        (None, 0) => Vec::new(),
        (None, _) => vec![steps[index - 1].id.as_str()],
    }
}

fn has_passed(ticket: &Ticket, id: &str) -> bool {
    let ended = ticket.steps.iter().find(|state| state.id == id).and_then(|state| state.ended);
    matches!(ended, Some(StepEnd::Done | StepEnd::Skipped))
}

fn enter(change: &mut Change<'_>, step: &Step) {
    let owner = owner_of(change, step);
    let whose = owner.as_ref().map_or_else(String::new, |name| format!(", {name}'s"));
    change.tell("step_entered", "frontdesk", format!("{}{whose}", step.id));
    let clock = Clock { started_at: Some(change.at()), ..Clock::default() };
    change.ticket.steps.push(StepState { id: step.id.clone(), clock, owner: owner.clone(), ..StepState::default() });
    promise::set_due(change.policy, &mut change.ticket);
    tell_owner(change, step, owner.as_ref());
    let waits_on = step.waits_on.as_deref();
    let vendor = change.policy.vendors.keys().find(|name| Some(name.as_str()) == waits_on).cloned();
    if let Some(name) = vendor
        && change.ticket.side_threads.get(&name).is_none_or(|thread| thread.asked_at.is_none())
    {
        vendor::ask_for_step(change, &name, &step.todo);
    }
}

/// Named by the file, or found among the people of its team; a second person where four eyes are asked for.
fn owner_of(change: &Change<'_>, step: &Step) -> Option<AgentName> {
    if step.owner.is_some() {
        return step.owner.clone();
    }
    let own_team = team_of(change.policy, step);
    if own_team.is_none() && !step.by_other {
        return None;
    }
    let but = change.ticket.owner.as_ref().filter(|_| step.by_other);
    let team = own_team.or(change.ticket.team.as_ref());
    assign::chosen(change.policy, &change.event.around, team, but, change.ticket.language.as_deref(), change.at())
}

/// Whoever has the step hears of it; where it is a team's and nobody's, all of the team.
fn tell_owner(change: &mut Change<'_>, step: &Step, owner: Option<&AgentName>) {
    let own_team = team_of(change.policy, step);
    let people: Vec<AgentName> = match owner {
        Some(name) => vec![name.clone()],
        None if own_team.is_some() || step.by_other => {
            let team = own_team.or(change.ticket.team.as_ref());
            let but = change.ticket.owner.as_ref().filter(|_| step.by_other);
            let members = change.policy.members(team).filter(|agent| Some(&agent.name) != but);
            members.map(|agent| agent.name.clone()).collect()
        }
        None => Vec::new(),
    };
    for name in people {
        notice::tell_agent(change, &Cause::StepIsYours { approve: step.approve }, &name, Why::Step);
    }
}

/// Ends a step; what comes after it begins.
pub(crate) fn finish(change: &mut Change<'_>, id: &str, end: StepEnd, by: &str, why: &str) {
    let at = change.at();
    let Some(state) = change.ticket.steps.iter_mut().find(|state| state.id == id && state.ended.is_none()) else { return };
    state.ended = Some(end);
    state.clock.paused_at = None;
    promise::end(&mut state.clock, at);
    let kind = match end {
        StepEnd::Done => "step_done",
        StepEnd::Skipped => "step_skipped",
        StepEnd::Rejected => "step_rejected",
    };
    change.tell(kind, by, if why.is_empty() { id.to_owned() } else { format!("{id}: {why}") });
    if end == StepEnd::Rejected {
        return go_back(change, id);
    }
    advance(change);
    let steps = steps_of(change.policy, &change.ticket);
    if !steps.is_empty() && steps.iter().all(|step| has_passed(&change.ticket, &step.id)) {
        change.trace("steps", "all done", "nothing is left of the process but closing");
    }
}

/// What was not approved is done again: the work goes back to the steps before, which begin anew.
fn go_back(change: &mut Change<'_>, rejected: &str) {
    let steps = steps_of(change.policy, &change.ticket);
    let Some(index) = steps.iter().position(|step| step.id == rejected) else { return };
    let again: Vec<String> = predecessors(steps, index).into_iter().map(str::to_owned).collect();
    if again.is_empty() {
        return;
    }
    change.ticket.steps.retain(|state| state.id != rejected && !again.contains(&state.id));
    advance(change);
}

/// The work goes on at a step that somebody named; whatever was under way is left.
pub(crate) fn jump(change: &mut Change<'_>, id: &str, by: &str) {
    let at = change.at();
    let Some(step) = steps_of(change.policy, &change.ticket).iter().find(|step| step.id == id) else { return };
    change.ticket.steps.retain(|state| state.id != id);
    for state in change.ticket.steps.iter_mut().filter(|state| state.ended.is_none()) {
        state.ended = Some(StepEnd::Skipped);
        promise::end(&mut state.clock, at);
    }
    change.trace("step", "jump", format!("{by} goes on at {id}"));
    // What was never entered on the way there is passed over, and does not begin later.
    let before = steps_of(change.policy, &change.ticket).iter().take_while(|step| step.id != id);
    for passed in before {
        if change.ticket.steps.iter().all(|state| state.id != passed.id) {
            change.ticket.steps.push(skipped(passed, at));
        }
    }
    enter(change, step);
}

/// Another type: what was done under the same name stays done, and the work restarts at the first step that is not.
pub(crate) fn restart(change: &mut Change<'_>) {
    let steps = steps_of(change.policy, &change.ticket);
    let is_kept = |state: &StepState| state.ended == Some(StepEnd::Done) && steps.iter().any(|step| step.id == state.id);
    change.ticket.steps.retain(is_kept);
    advance(change);
}

/// Items of the checklist are done, or are not; when nothing is left open, the step is done.
pub(crate) fn check_off(change: &mut Change<'_>, by: &Actor, items: &[u32], done: bool) {
    let Some(id) = meant(change.policy, &change.ticket, by.agent()).map(|state| state.id.clone()) else { return };
    let label = by.label();
    if items.is_empty() {
        let step = steps_of(change.policy, &change.ticket).iter().find(|step| step.id == id);
        let all = step.map_or(0, |step| u32::try_from(step.todo.len()).unwrap_or(u32::MAX));
        if let Some(state) = change.ticket.steps.iter_mut().find(|state| state.id == id && state.ended.is_none()) {
            state.done.extend(1..=all);
        }
        return finish(change, &id, StepEnd::Done, &label, "");
    }
    let numbers = items.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    change.tell(if done { "item_done" } else { "item_undone" }, &label, numbers);
    let Some(state) = change.ticket.steps.iter_mut().find(|state| state.id == id && state.ended.is_none()) else { return };
    for item in items {
        if done {
            state.done.insert(*item);
        } else {
            state.done.remove(item);
        }
    }
    let whole = state.done.len();
    let step = steps_of(change.policy, &change.ticket).iter().find(|step| step.id == id);
    if done && step.is_some_and(|step| whole >= step.todo.len()) {
        finish(change, &id, StepEnd::Done, &label, "");
    }
}

/// Whoever has a step that is not the ticket's owner answers the mail about it: that completes the step. A question or a no
/// does not, nor does any reply where `done` or `reject` has to be said.
pub(crate) fn replied(change: &mut Change<'_>, agent: &AgentName, text: &str) {
    let policy = change.policy;
    let is_question = text.contains(['?', '？']) || courtesy::begins_with_no(text);
    if change.ticket.owner.as_ref() == Some(agent) || is_question {
        return;
    }
    let Some(id) = theirs(policy, &change.ticket, agent).map(|state| state.id.clone()) else { return };
    let needs_word = steps_of(policy, &change.ticket).iter().any(|step| step.id == id && step.approve);
    if !needs_word {
        finish(change, &id, StepEnd::Done, agent.as_str(), "answered");
    }
}

/// The team that does a step, or that it waits on.
fn team_of<'p>(policy: &'p Policy, step: &'p Step) -> Option<&'p TeamName> {
    let waits_on = step.waits_on.as_deref();
    step.team.as_ref().or_else(|| policy.teams.keys().find(|name| Some(name.as_str()) == waits_on))
}

/// The customer answered: steps that waited for it end, unless they said no.
pub(crate) fn customer_answered(change: &mut Change<'_>, said: Option<Courtesy>, by: &str) {
    let waiting: Vec<String> = {
        let steps = steps_of(change.policy, &change.ticket);
        let waits = |id: &str| steps.iter().any(|step| step.id == id && step.waits_on.as_deref() == Some("customer"));
        change
            .ticket
            .steps
            .iter()
            .filter(|state| state.ended.is_none() && waits(&state.id))
            .map(|state| state.id.clone())
            .collect()
    };
    for id in waiting {
        match said {
            Some(Courtesy::No | Courtesy::Bad) => change.tell("step_kept", by, format!("{id}: the customer said no")),
            Some(Courtesy::Stop | Courtesy::Status) => {}
            Some(Courtesy::Yes | Courtesy::Good | Courtesy::Thanks) => {
                finish(change, &id, StepEnd::Done, by, "the customer said yes")
            }
            None => finish(change, &id, StepEnd::Done, by, "the customer answered"),
        }
    }
}

/// A step comes near its time, or is late.
pub(crate) fn late(change: &mut Change<'_>, id: &str, (is_late, percent): (bool, u32), told: &mut BTreeSet<AgentName>) {
    let Some(state) = change.ticket.steps.iter_mut().find(|state| state.id == id && state.ended.is_none()) else { return };
    state.clock.told_percent = percent;
    state.clock.breached |= is_late;
    let (owner, due_at) = (state.owner.clone(), state.clock.due_at);
    let Some(due_at) = due_at else { return };
    let whose = owner.as_ref().map_or("owner", AgentName::as_str).to_owned();
    if !is_late {
        change.tell("step_near", "frontdesk", format!("{id} due {due_at:.0}"));
        return escalation::tell_one(change, &whose, due_at, &format!("step {id} due {due_at:.0}"), told);
    }
    change.tell("step_late", "frontdesk", format!("{id} was due {due_at:.0}"));
    let step = steps_of(change.policy, &change.ticket).iter().find(|step| step.id == id);
    let Some(on_late) = step.and_then(|step| step.on_late.as_ref()) else {
        return escalation::tell_one(change, &whose, due_at, &format!("step {id} was due {due_at:.0}"), told);
    };
    if let Some(priority) = on_late.priority.filter(|priority| *priority != change.ticket.priority) {
        escalation::raise(change, priority);
    }
    if let Some(to) = &on_late.assign {
        hand_over(change, to);
    }
    for who in on_late.tell.iter().chain(&on_late.escalate) {
        escalation::tell_one(change, who, due_at, &format!("step {id} was due {due_at:.0}"), told);
    }
}

/// The ticket goes to an agent or a team that the file names.
fn hand_over(change: &mut Change<'_>, to: &str) {
    let policy = change.policy;
    let lead = change.ticket.team.as_ref().and_then(|team| policy.teams.get(team)).and_then(|team| team.lead.clone());
    let agent = policy.agents.keys().find(|name| name.as_str() == to).cloned().or(lead.filter(|_| to == "lead"));
    let team = policy.teams.keys().find(|name| name.as_str() == to).cloned();
    match (agent, team) {
        (Some(name), _) => {
            change.tell("assigned", "frontdesk", format!("to {name}"));
            change.ticket.owner = Some(name);
        }
        (None, Some(name)) => {
            change.tell("assigned", "frontdesk", format!("to team {name}"));
            change.ticket.team = Some(name);
            change.ticket.owner = None;
        }
        (None, None) => return,
    }
    let last_in = change.event.around.last_in.clone();
    notice::tell(change, &Cause::Assigned { by: None, message: last_in.as_ref(), with: None }, None);
}
