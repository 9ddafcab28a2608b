//! Agents' mails that are not carried out: held on the ticket with the reason, and told to the registered address. Nothing
//! of them reaches a customer before that has said a word about it, which [`crate::agent_choice`] reads.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mail::{Address, Message};

use crate::agent_act::Writing;
use crate::agent_mail::Found;
use crate::agent_request;
use crate::arrival::Incoming;
use crate::change::Change;
use crate::decision::{Decision, Direction, MessageEntry, Outcome};
use crate::desk_mail::{DeskMail, Mistake};
use crate::draft::{self, Draft, Why};
use crate::effect::Effect;
use crate::event::AgentState;
use crate::ids::{AgentName, EffectId, EventId, TicketNo};
use crate::policy::{Agent, Policy};
use crate::ticket::Ticket;
use crate::ticket_mail::AgentDesk;

/// An agent's address is asked about mails in its name at most this often: more would let a forger flood it.
const CHALLENGE_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// One mail about a mistake per ticket in this time.
const MISTAKE_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Under which number it is remembered that an agent was told of a mistake in a mail about no ticket.
const NO_TICKET: TicketNo = TicketNo(0);

/// Holds a mail of a proven agent, and tells them why and what they can do.
pub(crate) fn draft(mail: &mut Incoming<'_>, found: &Found, ticket: &Ticket, writing: &Writing<'_>, why: Why) -> Decision {
    let mut change = hold(mail, ticket, writing.agent, writing.rev, why.clone());
    let Some(agent) = change.policy.agents.get(writing.agent) else { return change.finish(held(&why)) };
    let mut state = state_of(&change, &agent.name);
    let is_mistake = matches!(why, Why::Mistake { .. });
    if is_mistake && !may_be_told(&mut state, ticket.no, change.at()) {
        change.trace("notice", "no", "told of a mistake on this ticket within ten minutes");
        return change.finish(held(&why));
    }
    let text = writing.reply.new_text.clone();
    let event = mail.event.id;
    let about = About { answered: found.answered.as_deref(), ..About::of(event, writing.message, &text) };
    ask_writer(&mut change, agent, &why, &about);
    if is_mistake {
        change.effects.push(Effect::Agent { name: agent.name.clone(), state });
    }
    change.finish(held(&why))
}

/// Whether an agent may be told of one more mistake there; if so, that they were is remembered.
fn may_be_told(state: &mut AgentState, ticket: TicketNo, at: Timestamp) -> bool {
    state.told_at.retain(|_, told| told.duration_until(at) < MISTAKE_EVERY);
    let may = !state.told_at.contains_key(&ticket);
    state.told_at.entry(ticket).or_insert(at);
    may
}

/// The same for mistakes in mails about no ticket: the agent's state as it is then, where they may be told.
pub(crate) fn told_at_desk(state: &AgentState, at: Timestamp) -> Option<AgentState> {
    let mut state = state.clone();
    may_be_told(&mut state, NO_TICKET, at).then_some(state)
}

/// What a mail about a held one can show of it.
pub(crate) struct About<'a> {
    /// The event that held it.
    pub(crate) event: EventId,
    pub(crate) subject: &'a str,
    pub(crate) text: &'a str,
    /// Whose it is, by its From.
    pub(crate) from: Option<&'a Address>,
    /// What somebody else answered meanwhile.
    pub(crate) answered: Option<&'a str>,
}

impl<'a> About<'a> {
    /// Nothing but the mail itself.
    pub(crate) fn of(event: EventId, message: &'a Message, text: &'a str) -> Self {
        let from = message.from.first().map(|author| &author.address);
        Self { event, subject: &message.subject, text, from, answered: None }
    }
}

/// A mail of the desk about the ticket; none where no inbox is left to send through.
pub(crate) fn say(change: &mut Change<'_>, agent: &Agent, build: impl FnOnce(&DeskMail<'_>, EffectId) -> crate::Send) {
    let Some(desk) = AgentDesk::of_ticket(change.policy, &change.ticket) else { return };
    change.send(|change, id| build(&DeskMail { desk, to: agent, ticket: Some(&change.ticket), at: change.at() }, id));
}

/// Asks what shall become of a held mail.
pub(crate) fn ask_writer(change: &mut Change<'_>, agent: &Agent, why: &Why, about: &About<'_>) {
    let event = about.event;
    let code = change.policy.keys.release_code(event, &agent.name);
    let seen = change.ticket.seen_of_others(Some(&agent.name)).cloned();
    let is_answer = seen == change.ticket.answered;
    let withdrawn = change.ticket.withdrawn.clone();
    let known = &change.event.around.agents;
    let stranger = about.from.filter(|from| may_be_remembered(change.policy, known, from)).cloned();
    say(change, agent, |mail, id| match why {
        Why::NotProven => mail.challenge(event, about.subject, about.text, stranger.as_ref(), id),
        Why::Mistake { line, what, meant, place } => {
            let lines = [line.trim_start_matches(['#', ' ']).to_owned()];
            let meant = meant.as_deref();
            let has_text = about.text.trim() != line.trim();
            let characters = place.unwrap_or((0, lines[0].chars().count()));
            let what = what.told(mail.words().language);
            mail.mistake(&Mistake { held: event, lines: &lines, wrong: 0, characters, what, meant, has_text }, id)
        }
        Why::Internal { what } => mail.unfit(event, what, id),
        Why::Overtaken => match &seen {
            Some(seen) => mail.overtaken(event, seen, is_answer, about.answered.unwrap_or(&seen.excerpt), id),
            None => mail.parts_differ(event, about.text, id),
        },
        Why::Withdrawn => match &withdrawn {
            Some(said) => mail.withdrawn(event, said, id),
            None => mail.parts_differ(event, about.text, id),
        },
        Why::PartsDiffer => mail.parts_differ(event, about.text, id),
        Why::BelowMarker { line } => mail.below_marker(event, line, id),
        Why::VerbInText { line } => mail.verb_in_text(event, line, id),
        Why::Incomplete { open } => mail.incomplete(event, open, id),
        Why::Code { verb } => mail.code(event, verb, &code, id),
        Why::TagOnly => mail.tag_only(event, about.text, id),
    });
}

/// Whether an address can become an agent's by their word: nobody's whom we know, and none of ours.
pub(crate) fn may_be_remembered(policy: &Policy, known: &BTreeMap<AgentName, AgentState>, address: &Address) -> bool {
    let is_vendor = policy.vendors.values().any(|vendor| vendor.email.folded() == address.folded());
    let is_ours = policy.own_addresses.contains(&address.without_detail());
    agent_request::agent_of(policy, known, address).is_none() && !is_vendor && !is_ours
}

/// Nothing proves that the agent wrote it: the registered address is asked, at most once an hour.
pub(crate) fn challenge(mail: &mut Incoming<'_>, found: &Found, agent: &AgentName) -> Decision {
    let rev = found.request.as_ref().and_then(|request| request.claim).map(|claim| claim.rev);
    let Some(ticket) = &found.ticket else { return challenge_aside(mail, agent) };
    let mut change = hold(mail, ticket, agent, rev, Why::NotProven);
    let Some(agent) = change.policy.agents.get(agent) else { return change.finish(held(&Why::NotProven)) };
    let state = state_of(&change, &agent.name);
    if state.challenged_at.is_some_and(|at| at.duration_until(change.at()) < CHALLENGE_EVERY) {
        change.trace("notice", "no", "the registered address was asked within the hour");
        return change.finish(held(&Why::NotProven));
    }
    let message = &mail.arrival.parsed.message;
    let text = format!("{}: {}", mail.sender.address, message.reply.new_text);
    ask_writer(&mut change, agent, &Why::NotProven, &About::of(mail.event.id, message, &text));
    let state = AgentState { challenged_at: Some(change.at()), ..state };
    change.effects.push(Effect::Agent { name: agent.name.clone(), state });
    change.finish(held(&Why::NotProven))
}

/// The same for a mail about no ticket: it waits like any mail that a person has to look at.
fn challenge_aside(mail: &mut Incoming<'_>, agent: &AgentName) -> Decision {
    let mut decision = mail.held_aside(format!("nothing proves that {agent} wrote it"));
    let (policy, at) = (mail.policy, mail.event.at);
    let state = mail.event.around.agents.get(agent).cloned().unwrap_or_default();
    let is_told = state.challenged_at.is_some_and(|last| last.duration_until(at) < CHALLENGE_EVERY);
    let desk = policy.agents.get(agent).and_then(|to| Some((AgentDesk::of_agent(policy, to)?, to)));
    if let Some((desk, to)) = desk.filter(|_| !is_told) {
        let message = &mail.arrival.parsed.message;
        let text = format!("{}: {}", mail.sender.address, message.reply.new_text);
        let question = DeskMail { desk, to, ticket: None, at };
        let send = question.challenge(mail.event.id, &message.subject, &text, None, EffectId::new(mail.event.id, 0));
        decision.effects.push(Effect::Send(Box::new(send)));
        let state = AgentState { challenged_at: Some(at), ..state };
        decision.effects.push(Effect::Agent { name: agent.clone(), state });
    }
    decision
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
    let from = crate::sender::shown(&mail.sender);
    let text = mail.arrival.parsed.message.reply.new_text.clone();
    for agent in people {
        say(&mut change, agent, |desk_mail, id| desk_mail.outsider_warning(&from, &text, id));
    }
    change.finish(Outcome::Held { why })
}

/// A colleague answers a question that was put to `asked`: held, and both are told.
pub(crate) fn colleague(mail: &mut Incoming<'_>, ticket: &Ticket, name: &AgentName, asked: &AgentName) -> Decision {
    let why = format!("a word of {name} about what was asked of {asked}");
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("held", name.as_str(), why.clone());
    change.message = Some(MessageEntry { held: true, direction: Direction::Note, ..mail.entry(None, false) });
    let text = crate::agent_act::divide(&mail.arrival.parsed.message, None).new_text;
    for (to, other, is_theirs) in [(name, asked, false), (asked, name, true)] {
        let Some(agent) = change.policy.agents.get(to) else { continue };
        let other = change.policy.agents.get(other).map_or_else(|| other.to_string(), |agent| agent.label.clone());
        say(&mut change, agent, |desk_mail, id| desk_mail.wrong_person(&other, &text, is_theirs, id));
    }
    change.finish(Outcome::Held { why })
}

/// The mail had neither words nor commands: the agent is told, since they meant something.
pub(crate) fn nothing_said(mail: &mut Incoming<'_>, ticket: &Ticket, writing: &Writing<'_>) -> Decision {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("nothing_said", writing.agent.as_str(), "a mail without words or commands");
    if let Some(agent) = change.policy.agents.get(writing.agent) {
        say(&mut change, agent, |desk_mail, id| desk_mail.commands(None, id));
    }
    change.finish(Outcome::Attached)
}

/// The offer to send what came as a note, since only a subject tag said where it belongs.
pub(crate) fn offer(change: &mut Change<'_>, writing: &Writing<'_>) {
    let rev = writing.rev.unwrap_or(change.before.rev);
    let (event, at) = (change.event.id, change.at());
    let draft = Draft { event, agent: writing.agent.clone(), at, rev, why: Why::TagOnly, asked_again: None };
    draft::push(&mut change.ticket.drafts, draft);
    if let Some(agent) = change.policy.agents.get(writing.agent) {
        let about = About::of(event, writing.message, &writing.reply.new_text);
        ask_writer(change, agent, &Why::TagOnly, &about);
    }
}

fn hold<'t, 'm: 't>(mail: &mut Incoming<'m>, ticket: &'t Ticket, agent: &AgentName, rev: Option<u32>, why: Why) -> Change<'t> {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("held", mail.sender.address.as_str(), words(&why));
    let unproven = matches!(why, Why::NotProven);
    change.message = Some(MessageEntry { held: true, unproven, direction: Direction::Note, ..mail.entry(None, unproven) });
    let (event, rev) = (mail.event.id, rev.unwrap_or(ticket.rev));
    let draft = Draft { event, agent: agent.clone(), at: change.at(), rev, why, asked_again: None };
    draft::push(&mut change.ticket.drafts, draft);
    change
}

pub(crate) fn held(why: &Why) -> Outcome {
    Outcome::Held { why: words(why) }
}

/// Why, in a sentence for lists and histories.
fn words(why: &Why) -> String {
    match why {
        Why::NotProven => "nothing proves that the agent wrote it".to_owned(),
        Why::Mistake { line, what, .. } => format!("`{line}`: {what}"),
        Why::Overtaken => "somebody wrote to the customer while it was written".to_owned(),
        Why::Withdrawn => "the requester said meanwhile that no answer is needed".to_owned(),
        Why::PartsDiffer => "its text and its HTML do not say the same".to_owned(),
        Why::Internal { what } => format!("not fit for people outside: {what}"),
        Why::BelowMarker { line } => format!("words stand below the line above which answers are written: `{line}`"),
        Why::VerbInText { line } => format!("a command stands within the text: `{line}`"),
        Why::Incomplete { open } => format!("closing would leave open: {}", crate::closing_question::listed(open)),
        Why::Code { verb } => format!("`{verb}` asks for a code"),
        Why::TagOnly => "only a subject tag says where it belongs".to_owned(),
    }
}

pub(crate) fn state_of(change: &Change<'_>, agent: &AgentName) -> AgentState {
    change.agent_state(agent)
}
