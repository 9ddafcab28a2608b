//! Agents' mails that are not carried out: held on the ticket with the reason, told to the registered address, and carried
//! out or thrown away by its word. Nothing of them reaches a customer before.

use jiff::SignedDuration;

use crate::agent_act::{self, Consent, Writing};
use crate::agent_mail::Found;
use crate::arrival::Incoming;
use crate::change::Change;
use crate::desk_mail;
use crate::draft::{self, Draft, Why};
use crate::effect::Effect;
use crate::event::{Actor, AgentState, Decision, Direction, MessageEntry, Outcome};
use crate::ids::{AgentName, EventId};
use crate::policy::Agent;
use crate::ticket::Ticket;
use crate::token::{Choice, Mode};
use crate::{act, agent_mail};

/// An agent's address is asked about mails in its name at most this often: more would let a forger flood it.
const CHALLENGE_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// One mail about a mistake per ticket in this time.
const MISTAKE_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Holds a mail of a proven agent, and tells them why and what they can do.
pub(crate) fn draft(mail: &mut Incoming<'_>, ticket: &Ticket, writing: &Writing<'_>, why: Why) -> Decision {
    let mut change = hold(mail, ticket, writing.agent, writing.rev, why.clone());
    let Some(agent) = change.policy.agents.get(writing.agent) else { return change.finish(held(&why)) };
    let state = state_of(&change, &agent.name);
    let told_lately = state.told_at.get(&ticket.no).is_some_and(|at| at.duration_until(change.at()) < MISTAKE_EVERY);
    if matches!(why, Why::Mistake { .. }) && told_lately {
        change.trace("notice", "no", "told of a mistake on this ticket within ten minutes");
        return change.finish(held(&why));
    }
    let event = mail.event.id;
    change.send(|change, id| desk_mail::held(change, id, agent, event, &why));
    if matches!(why, Why::Mistake { .. }) {
        let mut state = state;
        state.told_at.retain(|_, at| at.duration_until(mail.event.at) < MISTAKE_EVERY);
        state.told_at.insert(ticket.no, mail.event.at);
        change.effects.push(Effect::Agent { name: agent.name.clone(), state });
    }
    change.finish(held(&why))
}

/// Nothing proves that the agent wrote it: the registered address is asked, at most once an hour.
pub(crate) fn challenge(mail: &mut Incoming<'_>, found: &Found, agent: &AgentName) -> Decision {
    let registered = agent_mail::registered(mail.policy, agent);
    let rev = found.request.as_ref().and_then(|request| request.claim).map(|claim| claim.rev);
    let Some(ticket) = &found.ticket else {
        // About no ticket: held like any mail that waits for a person, and the address is asked all the same.
        let mut decision = mail.held_aside(format!("nothing proves that {agent} wrote it"));
        if let Some(agent) = registered {
            ask(mail, &mut decision.effects, agent, |mail, id| desk_mail::challenge_without_ticket(mail, id, agent));
        }
        return decision;
    };
    let mut change = hold(mail, ticket, agent, rev, Why::NotProven);
    if let Some(agent) = registered {
        let event = mail.event.id;
        let state = state_of(&change, &agent.name);
        let asked_lately = state.challenged_at.is_some_and(|at| at.duration_until(change.at()) < CHALLENGE_EVERY);
        if asked_lately {
            change.trace("notice", "no", "the registered address was asked within the hour");
        } else {
            change.send(|change, id| desk_mail::held(change, id, agent, event, &Why::NotProven));
            let state = AgentState { challenged_at: Some(change.at()), ..state };
            change.effects.push(Effect::Agent { name: agent.name.clone(), state });
        }
    }
    change.finish(held(&Why::NotProven))
}

fn ask(
    mail: &Incoming<'_>,
    effects: &mut Vec<Effect>,
    agent: &Agent,
    build: impl FnOnce(&Incoming<'_>, crate::EffectId) -> crate::Send,
) {
    let state = mail.event.around.agents.get(&agent.name).cloned().unwrap_or_default();
    if state.challenged_at.is_some_and(|at| at.duration_until(mail.event.at) < CHALLENGE_EVERY) {
        return;
    }
    let id = crate::EffectId::new(mail.event.id, effects.len());
    effects.push(Effect::Send(Box::new(build(mail, id))));
    let state = AgentState { challenged_at: Some(mail.event.at), ..state };
    effects.push(Effect::Agent { name: agent.name.clone(), state });
}

/// Somebody outside used an agent's reply address: held, never sent on, and the owner is warned.
pub(crate) fn outsider(mail: &mut Incoming<'_>, ticket: &Ticket) -> Decision {
    let why = "somebody outside used an agent's reply address".to_owned();
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("held", mail.sender.address.as_str(), why.clone());
    change.message = Some(MessageEntry { held: true, unproven: true, ..mail.entry(None, true) });
    let people: Vec<&Agent> = match &ticket.owner {
        Some(owner) => change.policy.agents.get(owner).into_iter().collect(),
        None => change.policy.members(ticket.team.as_ref()).collect(),
    };
    if change.policy.agent_mail.is_some() {
        for agent in people {
            let from = crate::arrival::shown(&mail.sender);
            change.send(|change, id| desk_mail::outsider(change, id, agent, &from));
        }
    }
    change.finish(Outcome::Held { why })
}

/// The mail had neither words nor commands: the agent is told, since they meant something.
pub(crate) fn nothing_said(mail: &mut Incoming<'_>, ticket: &Ticket, writing: &Writing<'_>) -> Decision {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("nothing_said", writing.agent.as_str(), "a mail without words or commands");
    if let Some(agent) = change.policy.agents.get(writing.agent) {
        change.send(|change, id| desk_mail::nothing_said(change, id, agent));
    }
    change.finish(Outcome::Attached)
}

/// The offer to send what came as a note, since only a subject tag said where it belongs.
pub(crate) fn offer(change: &mut Change<'_>, writing: &Writing<'_>) {
    let event = change.event.id;
    let rev = writing.rev.unwrap_or(change.before.rev);
    let draft = Draft { event, agent: writing.agent.clone(), at: change.at(), rev, why: Why::TagOnly };
    draft::push(&mut change.ticket.drafts, draft);
    if let Some(agent) = change.policy.agents.get(writing.agent) {
        change.send(|change, id| desk_mail::held(change, id, agent, event, &Why::TagOnly));
    }
}

/// The writer decides about a held mail.
pub(crate) fn choose(
    mail: &mut Incoming<'_>,
    found: &Found,
    event: EventId,
    agent: &AgentName,
    choice: &Choice,
) -> Decision {
    let Some(ticket) = &found.ticket else { return mail.held_aside("the ticket of that draft is gone".to_owned()) };
    let kept = ticket.drafts.iter().find(|draft| draft.event == event && draft.agent == *agent).cloned();
    let (Some(kept), Some(source)) = (kept, found.drafts.get(&event)) else {
        return gone(mail, ticket, agent);
    };
    let consent = match choice {
        Choice::Throw => return throw(mail, ticket, agent, &kept),
        Choice::Send | Choice::Yes if matches!(kept.why, Why::NotProven) => Consent::default(),
        Choice::Send | Choice::Yes => Consent { as_it_is: true, ..Consent::default() },
        Choice::Code => Consent { as_it_is: true, code: true, ..Consent::default() },
        Choice::Note => Consent { as_note: true, as_it_is: true, ..Consent::default() },
        Choice::TextOnly => Consent { without_commands: true, as_it_is: true, ..Consent::default() },
        Choice::Use => Consent { as_it_is: true, corrected: correction(&kept), ..Consent::default() },
    };
    let is_tag_only = matches!(kept.why, Why::TagOnly);
    let writing = Writing {
        agent,
        message: &source.parsed.message,
        html: source.html.as_deref(),
        reply: agent_act::divide(&source.parsed.message, source.html.as_deref()),
        raw: source.raw,
        rev: Some(kept.rev),
        mode: if is_tag_only || consent.as_it_is && !consent.as_note { Mode::Reply } else { mode_of(mail, source) },
        pressed: None,
        consent,
    };
    let mut without = ticket.clone();
    without.drafts.retain(|draft| draft.event != event);
    let mut decision = agent_act::act_on(mail, found, &without, &writing);
    // The held message becomes what was done with it, under the same identity, so that it leaves the list of held ones.
    if let Some(message) = decision.message.as_mut().filter(|message| !message.held) {
        message.id = event;
    }
    decision
}

/// The kind of answer that a draft was, by what it replies to.
fn mode_of(mail: &Incoming<'_>, source: &crate::agent_mail::DraftMail) -> Mode {
    let states = &mail.event.around.agents;
    let today = mail.event.at.as_second().div_euclid(86_400);
    let request = crate::agent_request::read(mail.policy, states, &source.parsed.message, today);
    request.and_then(|request| request.claim).filter(|claim| claim.mode.is_for_agents()).map_or(Mode::Note, |claim| claim.mode)
}

fn correction(kept: &Draft) -> Option<(String, String)> {
    match &kept.why {
        Why::Mistake { line, meant: Some(meant), .. } => Some((line.clone(), meant.clone())),
        _ => None,
    }
}

fn throw(mail: &mut Incoming<'_>, ticket: &Ticket, agent: &AgentName, kept: &Draft) -> Decision {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("thrown_away", agent.as_str(), "the held mail");
    change.ticket.drafts.retain(|draft| draft.event != kept.event);
    let by = Actor::Agent(agent.clone());
    let text = "(thrown away by its writer)";
    change.message = Some(MessageEntry { id: kept.event, direction: Direction::Note, ..act::blank(mail.event, &by, text) });
    change.finish(Outcome::Attached)
}

fn gone(mail: &mut Incoming<'_>, ticket: &Ticket, agent: &AgentName) -> Decision {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("nothing_said", agent.as_str(), "a choice about a held mail that is already decided");
    if let Some(agent) = change.policy.agents.get(agent) {
        change.send(|change, id| desk_mail::already_decided(change, id, agent));
    }
    change.finish(Outcome::Attached)
}

fn hold<'a>(mail: &mut Incoming<'a>, ticket: &'a Ticket, agent: &AgentName, rev: Option<u32>, why: Why) -> Change<'a> {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("held", mail.sender.address.as_str(), words(&why));
    let unproven = matches!(why, Why::NotProven);
    change.message = Some(MessageEntry { held: true, unproven, direction: Direction::Note, ..mail.entry(None, unproven) });
    let draft = Draft { event: mail.event.id, agent: agent.clone(), at: change.at(), rev: rev.unwrap_or(ticket.rev), why };
    draft::push(&mut change.ticket.drafts, draft);
    change
}

fn held(why: &Why) -> Outcome {
    Outcome::Held { why: words(why) }
}

/// Why, in a sentence for lists and histories.
fn words(why: &Why) -> String {
    match why {
        Why::NotProven => "nothing proves that the agent wrote it".to_owned(),
        Why::Mistake { line, what, .. } => format!("`{line}`: {what}"),
        Why::Overtaken => "somebody answered the customer while it was written".to_owned(),
        Why::PartsDiffer => "its text and its HTML do not say the same".to_owned(),
        Why::Internal { what } => format!("not fit for people outside: {what}"),
        Why::VerbInText { line } => format!("a command stands within the text: `{line}`"),
        Why::Incomplete { open } => format!("closing would leave open: {}", open.join(", ")),
        Why::Code { verb } => format!("`{verb}` asks for a code"),
        Why::TagOnly => "only a subject tag says where it belongs".to_owned(),
    }
}

fn state_of(change: &Change<'_>, agent: &AgentName) -> AgentState {
    change.event.around.agents.get(agent).cloned().unwrap_or_default()
}
