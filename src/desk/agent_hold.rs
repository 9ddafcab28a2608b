//! Agents' mails that are not carried out: held on the ticket with the reason, told to the registered address, and carried
//! out or thrown away by its word. Nothing of them reaches a customer before.

use jiff::SignedDuration;

use crate::agent_act::{self, Consent, Writing};
use crate::agent_mail::{DraftMail, Found};
use crate::agent_request;
use crate::arrival::Incoming;
use crate::change::Change;
use crate::command::Command;
use crate::decide;
use crate::desk_mail::{DeskMail, Mistake};
use crate::draft::{self, Draft, Why};
use crate::effect::Effect;
use crate::event::{Actor, AgentState, Decision, Direction, MessageEntry, Outcome};
use crate::ids::{AgentName, EffectId};
use crate::letter::Words;
use crate::one_click::Word;
use crate::policy::Agent;
use crate::ticket::Ticket;
use crate::ticket_mail::AgentDesk;
use crate::token::{Choice, Mode};
use crate::{act, answer};

/// An agent's address is asked about mails in its name at most this often: more would let a forger flood it.
const CHALLENGE_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// One mail about a mistake per ticket in this time.
const MISTAKE_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Characters of a code that is typed.
const CODE_CHARACTERS: usize = 6;

/// Holds a mail of a proven agent, and tells them why and what they can do.
pub(crate) fn draft(mail: &mut Incoming<'_>, found: &Found, ticket: &Ticket, writing: &Writing<'_>, why: Why) -> Decision {
    let mut change = hold(mail, ticket, writing.agent, writing.rev, why.clone());
    let Some(agent) = change.policy.agents.get(writing.agent) else { return change.finish(held(&why)) };
    let mut state = state_of(&change, &agent.name);
    let told_lately = state.told_at.get(&ticket.no).is_some_and(|at| at.duration_until(change.at()) < MISTAKE_EVERY);
    let is_mistake = matches!(why, Why::Mistake { .. });
    if is_mistake && told_lately {
        change.trace("notice", "no", "told of a mistake on this ticket within ten minutes");
        return change.finish(held(&why));
    }
    let text = writing.reply.new_text.clone();
    let about = About { subject: &writing.message.subject, text: &text, answered: found.answered.as_deref() };
    ask_writer(&mut change, agent, &why, &about);
    if is_mistake {
        let at = change.at();
        state.told_at.retain(|_, told| told.duration_until(at) < MISTAKE_EVERY);
        state.told_at.insert(ticket.no, at);
        change.effects.push(Effect::Agent { name: agent.name.clone(), state });
    }
    change.finish(held(&why))
}

/// What a mail about a held one can show of it.
struct About<'a> {
    subject: &'a str,
    text: &'a str,
    /// What somebody else answered meanwhile.
    answered: Option<&'a str>,
}

/// A mail of the desk about the ticket; none where no inbox is left to send through.
pub(crate) fn say(change: &mut Change<'_>, agent: &Agent, build: impl FnOnce(&DeskMail<'_>, EffectId) -> crate::Send) {
    let Some(desk) = AgentDesk::of_ticket(change.policy, &change.ticket) else { return };
    change.send(|change, id| build(&DeskMail { desk, to: agent, ticket: Some(&change.ticket), at: change.at() }, id));
}

fn ask_writer(change: &mut Change<'_>, agent: &Agent, why: &Why, about: &About<'_>) {
    let event = change.event.id;
    let code = code(change, agent);
    let answered = change.ticket.answered.clone();
    say(change, agent, |mail, id| match why {
        Why::NotProven => mail.challenge(event, about.subject, about.text, id),
        Why::Mistake { line, what, meant } => {
            let lines = [line.trim_start_matches(['#', ' ']).to_owned()];
            let meant = meant.as_deref();
            let has_text = about.text.trim() != line.trim();
            let characters = (0, lines[0].chars().count());
            mail.mistake(&Mistake { held: event, lines: &lines, wrong: 0, characters, what, meant, has_text }, id)
        }
        Why::Internal { what } => {
            let lines = ["your answer".to_owned()];
            mail.mistake(
                &Mistake { held: event, lines: &lines, wrong: 0, characters: (0, 11), what, meant: None, has_text: true },
                id,
            )
        }
        Why::Overtaken => match &answered {
            Some(answered) => mail.overtaken(event, answered, about.answered.unwrap_or(&answered.excerpt), id),
            None => mail.parts_differ(event, about.text, id),
        },
        Why::PartsDiffer => mail.parts_differ(event, about.text, id),
        Why::VerbInText { line } => mail.verb_in_text(event, line, id),
        Why::Incomplete { open } => mail.incomplete(event, open, id),
        Why::Code { verb } => mail.code(event, verb, &code, id),
        Why::TagOnly => mail.tag_only(event, about.text, id),
    });
}

/// The code that an agent may type instead of pressing the link: a part of the link's own token, so whoever has it has got
/// the mail.
fn code(change: &Change<'_>, agent: &Agent) -> String {
    let token = change.policy.keys.release_token(change.event.id, &agent.name, Choice::Confirm);
    token.chars().take(CODE_CHARACTERS).collect()
}

/// Nothing proves that the agent wrote it: the registered address is asked, at most once an hour.
pub(crate) fn challenge(mail: &mut Incoming<'_>, found: &Found, agent: &AgentName) -> Decision {
    let rev = found.request.as_ref().and_then(|request| request.claim).map(|claim| claim.rev);
    let Some(ticket) = &found.ticket else {
        // About no ticket: held like any mail that waits for a person.
        return mail.held_aside(format!("nothing proves that {agent} wrote it"));
    };
    let mut change = hold(mail, ticket, agent, rev, Why::NotProven);
    let Some(agent) = change.policy.agents.get(agent) else { return change.finish(held(&Why::NotProven)) };
    let state = state_of(&change, &agent.name);
    if state.challenged_at.is_some_and(|at| at.duration_until(change.at()) < CHALLENGE_EVERY) {
        change.trace("notice", "no", "the registered address was asked within the hour");
        return change.finish(held(&Why::NotProven));
    }
    let message = &mail.arrival.parsed.message;
    let text = format!("{}: {}", mail.sender.address, message.reply.new_text);
    ask_writer(&mut change, agent, &Why::NotProven, &About { subject: &message.subject, text: &text, answered: None });
    let state = AgentState { challenged_at: Some(change.at()), ..state };
    change.effects.push(Effect::Agent { name: agent.name.clone(), state });
    change.finish(held(&Why::NotProven))
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
    let from = crate::arrival::shown(&mail.sender);
    let text = mail.arrival.parsed.message.reply.new_text.clone();
    for agent in people {
        say(&mut change, agent, |desk_mail, id| desk_mail.outsider_warning(&from, &text, id));
    }
    change.finish(Outcome::Held { why })
}

/// The mail had neither words nor commands: the agent is told, since they meant something.
pub(crate) fn nothing_said(mail: &mut Incoming<'_>, ticket: &Ticket, writing: &Writing<'_>) -> Decision {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("nothing_said", writing.agent.as_str(), "a mail without words or commands");
    if let Some(agent) = change.policy.agents.get(writing.agent) {
        let lines = crate::verb::help_lines();
        say(&mut change, agent, |desk_mail, id| desk_mail.help(None, lines, id));
    }
    change.finish(Outcome::Attached)
}

/// The offer to send what came as a note, since only a subject tag said where it belongs.
pub(crate) fn offer(change: &mut Change<'_>, writing: &Writing<'_>) {
    let rev = writing.rev.unwrap_or(change.before.rev);
    let draft = Draft { event: change.event.id, agent: writing.agent.clone(), at: change.at(), rev, why: Why::TagOnly };
    draft::push(&mut change.ticket.drafts, draft);
    if let Some(agent) = change.policy.agents.get(writing.agent) {
        let about = About { subject: &writing.message.subject, text: &writing.reply.new_text, answered: None };
        ask_writer(change, agent, &Why::TagOnly, &about);
    }
}

/// The writer's word about a held mail.
pub(crate) fn choose(mail: &mut Incoming<'_>, found: &Found, word: &Word) -> Decision {
    let Some(ticket) = &found.ticket else { return mail.held_aside("the ticket of that held mail is gone".to_owned()) };
    let by = Actor::Agent(word.agent.clone());
    let source = found.drafts.get(&word.event);
    let held_message = source.and_then(|source| source.message.clone()).filter(|message| message.held);
    match (word.choice, held_message) {
        (Choice::Release, Some(message)) => return act_alone(mail, ticket, &by, &Command::LetIn { message: Box::new(message) }),
        (Choice::PutAway, Some(message)) => return decide::put_away(&by, &message),
        (Choice::PassOn, _) => return pass_on(mail, ticket, &by, source),
        _ => {}
    }
    let kept = ticket.drafts.iter().find(|draft| draft.event == word.event && draft.agent == word.agent).cloned();
    match (kept, source) {
        (Some(kept), Some(source)) => decide_draft(mail, found, ticket, word, &kept, source),
        _ => gone(mail, ticket, &word.agent),
    }
}

fn decide_draft(
    mail: &mut Incoming<'_>,
    found: &Found,
    ticket: &Ticket,
    word: &Word,
    kept: &Draft,
    source: &DraftMail,
) -> Decision {
    let typed = agent_act::divide(&mail.arrival.parsed.message, None).new_text;
    let all = Consent { as_it_is: true, ..Consent::default() };
    let consent = match word.choice {
        Choice::Drop | Choice::NotMine | Choice::PutAway => return throw(mail, ticket, &word.agent, kept),
        Choice::Mine => Consent::default(),
        Choice::Send | Choice::Release | Choice::PassOn => all,
        Choice::Note => Consent { as_note: true, ..all },
        Choice::TextOnly => Consent { without_commands: true, ..all },
        Choice::Use => Consent { corrected: correction(kept), ..all },
        Choice::Confirm => Consent { code: true, because: Some(because(&typed)), ..all },
        Choice::Answer => match answered(kept, &typed) {
            Some(consent) => consent,
            None => return throw(mail, ticket, &word.agent, kept),
        },
    };
    let sends_on = matches!(kept.why, Why::TagOnly | Why::Overtaken | Why::VerbInText { .. }) && !consent.as_note;
    let writing = Writing {
        agent: &word.agent,
        message: &source.parsed.message,
        html: source.html.as_deref(),
        reply: agent_act::divide(&source.parsed.message, source.html.as_deref()),
        raw: source.raw,
        rev: Some(kept.rev),
        mode: if sends_on { Mode::Reply } else { mode_of(mail, source) },
        pressed: None,
        consent,
    };
    let mut without = ticket.clone();
    without.drafts.retain(|draft| draft.event != word.event);
    let mut decision = agent_act::act_on(mail, found, &without, &writing);
    // The held message becomes what was done with it, under the same identity, so that it leaves the list of held ones.
    match decision.message.as_mut() {
        Some(message) if !message.held => message.id = word.event,
        Some(_) => {}
        None => {
            let by = Actor::Agent(word.agent.clone());
            let done = act::blank(mail.event, &by, &source.parsed.message.reply.new_text);
            decision.message = Some(MessageEntry { id: word.event, raw: Some(source.raw), ..done });
        }
    }
    decision
}

/// What an answer to the question says: yes, as a note, or the line as it should read. `None` = no.
fn answered(kept: &Draft, typed: &str) -> Option<Consent> {
    let all = Consent { as_it_is: true, ..Consent::default() };
    let typed = typed.trim();
    let first = typed.split_whitespace().next().unwrap_or_default().trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    match (&kept.why, first.as_str()) {
        (_, "no" | "nein" | "drop" | "cancel" | "discard") => None,
        (_, "note" | "notiz") => Some(Consent { as_note: true, ..all }),
        (Why::Mistake { line, .. }, word) if !matches!(word, "yes" | "ja" | "send" | "ok") => {
            let right = typed.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']).to_owned();
            Some(Consent { corrected: Some((line.clone(), right)), ..all })
        }
        (Why::Mistake { .. }, _) => Some(Consent { corrected: correction(kept), ..all }),
        (Why::NotProven, "yes" | "ja" | "ok" | "mine" | "send") => Some(Consent::default()),
        (Why::NotProven, _) => None,
        (Why::Code { .. } | Why::Incomplete { .. }, _) => Some(Consent { code: true, because: Some(because(typed)), ..all }),
        (Why::Overtaken | Why::PartsDiffer | Why::Internal { .. } | Why::VerbInText { .. } | Why::TagOnly, _) => Some(all),
    }
}

fn because(typed: &str) -> String {
    let words = typed.split_whitespace().take(40).collect::<Vec<_>>().join(" ");
    if words.is_empty() { "confirmed".to_owned() } else { words }
}

/// One command of an agent, and nothing else.
fn act_alone(mail: &mut Incoming<'_>, ticket: &Ticket, by: &Actor, command: &Command) -> Decision {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    act::carry_out(&mut change, by, command, None);
    let mut decision = act::finish(change, by);
    decision.outcome = Outcome::Attached;
    decision
}

/// A vendor's words go to the requester, as the agent's answer.
fn pass_on(mail: &mut Incoming<'_>, ticket: &Ticket, by: &Actor, source: Option<&DraftMail>) -> Decision {
    let Some(source) = source else { return mail.held_aside("the vendor's mail is gone".to_owned()) };
    let text = source.parsed.message.reply.new_text.clone();
    if let Some(what) = answer::leaks(&text, None, mail.policy, ticket.no) {
        return mail.held_aside(format!("the vendor's words have {what}"));
    }
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    act::carry_out(&mut change, by, &Command::Reply { text: text.clone() }, Some(&Words::plain(&text)));
    let mut decision = act::finish(change, by);
    decision.outcome = Outcome::Attached;
    decision
}

/// The kind of answer that a draft was, by what it replies to.
fn mode_of(mail: &Incoming<'_>, source: &DraftMail) -> Mode {
    let request = agent_request::read(mail.policy, &mail.event.around.agents, &source.parsed.message, mail.event.at);
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
    change.finish(Outcome::Attached)
}

fn hold<'t, 'm: 't>(mail: &mut Incoming<'m>, ticket: &'t Ticket, agent: &AgentName, rev: Option<u32>, why: Why) -> Change<'t> {
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
