//! An agent's word about a mail that waits: in the subject of a link that was pressed, or in an answer to the mail that
//! asked. Who may say it is the same table as for every mail of an agent; only the question whether they wrote a mail at all
//! is answered by whoever reads their mailbox, since that is what it asks.

use crate::agent_act::{self, Consent, Writing};
use crate::agent_hold::{self, About};
use crate::agent_mail::{DraftMail, Found};
use crate::agent_proof::{Right, Sender};
use crate::agent_request::{self, Request};
use crate::arrival::Incoming;
use crate::change::Change;
use crate::command::Command;
use crate::decide;
use crate::decision::{Decision, Direction, HistoryEntry, MessageEntry, Outcome};
use crate::draft::{Draft, Why};
use crate::effect::{Effect, Enclosed};
use crate::event::{Actor, AgentState, Arrival};
use crate::ids::AgentName;
use crate::letter::Words;
use crate::one_click::Word;
use crate::remark::Remark;
use crate::ticket::Ticket;
use crate::token::{CODE_CHARACTERS, Choice, Mode};
use crate::trace::TraceLine;
use crate::{act, agent_desk, agent_practice, answer, answer_layout, argument};

/// Addresses that one agent can have besides those of the configuration.
const ADDRESSES_MAX: usize = 10;
/// First lines of footers that are remembered of one agent.
const FOOTERS_MAX: usize = 5;
/// An answer to a question about a held mail is a word, with a greeting and a name at most.
const CHOICE_WORDS_MAX: usize = 6;
/// Held mails of which it is remembered that an agent was told they are decided.
const DECIDED_MAX: usize = 20;

/// What an answer to a question says.
enum Said {
    /// Go on, with this known.
    Yes(Box<Consent>),
    /// Throw it away.
    No,
    /// Neither: it is asked once more.
    Unclear,
    /// Something like a code, and not the one that was sent.
    WrongCode,
}

/// Decides about a mail that says a word about a held one. `right` is what the table allows its sender with that token.
pub(crate) fn decide(mail: &mut Incoming<'_>, found: &Found, word: &Word, sender: &Sender, right: Right) -> Decision {
    let kept = found.ticket.as_ref().and_then(|ticket| draft_of(ticket, word));
    let asks_who = match word.choice {
        Choice::Mine | Choice::Remember | Choice::NotMine => true,
        Choice::Answer => match (&found.ticket, kept) {
            (_, Some(kept)) => kept.why == Why::NotProven,
            // Without a ticket nothing else is asked by mail; on one, it is whether somebody outside is let in.
            (ticket, None) => ticket.is_none(),
        },
        Choice::Send
        | Choice::Note
        | Choice::Drop
        | Choice::TextOnly
        | Choice::Use
        | Choice::Confirm
        | Choice::Release
        | Choice::PutAway
        | Choice::PassOn => false,
    };
    if asks_who && matches!(sender, Sender::Agent { name, .. } if *name == word.agent) {
        return choose(mail, found, word, &word.agent);
    }
    match right {
        Right::Act(name) if name == word.agent => choose(mail, found, word, &name),
        // What waits on the ticket is anybody's who works on it; what a colleague wrote is theirs.
        Right::Act(name) if matches!(word.choice, Choice::Release | Choice::PutAway | Choice::PassOn) => {
            choose(mail, found, word, &name)
        }
        Right::Challenge(agent) => agent_hold::challenge(mail, found, &agent),
        Right::Hold | Right::Vendor(_) | Right::Ordinary => match &found.ticket {
            Some(ticket) => agent_hold::outsider(mail, ticket),
            None => mail.held_aside("somebody outside used an agent's link".to_owned()),
        },
        Right::Act(name) | Right::Note(name) => match &found.ticket {
            Some(ticket) => agent_hold::colleague(mail, ticket, &name, &word.agent),
            None => mail.held_aside("a word about a colleague's held mail".to_owned()),
        },
    }
}

fn draft_of<'t>(ticket: &'t Ticket, word: &Word) -> Option<&'t Draft> {
    ticket.drafts.iter().find(|draft| draft.event == word.event && draft.agent == word.agent)
}

/// Carries the word out; `name` says it.
fn choose(mail: &mut Incoming<'_>, found: &Found, word: &Word, name: &AgentName) -> Decision {
    let source = found.drafts.get(&word.event);
    let Some(ticket) = &found.ticket else {
        return match source {
            Some(source) if agent_practice::is_about(mail, source) => agent_practice::choose(mail, found, word, source),
            Some(source) => alone(mail, found, word, source),
            None => mail.held_aside("the ticket of that held mail is gone".to_owned()),
        };
    };
    let by = Actor::Agent(name.clone());
    // A mail of an agent is a draft, and what was let in or thrown away is decided.
    let waits = |message: &MessageEntry| message.held && message.direction == Direction::In;
    let undecided = source.filter(|source| source.settled.is_none());
    let held_message = undecided.and_then(|source| source.message.clone()).filter(waits);
    match (word.choice, held_message) {
        (Choice::Release, Some(message)) => return act_alone(mail, ticket, &by, &Command::LetIn { message: Box::new(message) }),
        (Choice::PutAway, Some(message)) => return decide::put_away(&by, &message),
        (Choice::PassOn, _) => return pass_on(mail, ticket, &by, source),
        (Choice::Answer, Some(message)) if draft_of(ticket, word).is_none() => {
            return about_outsider(mail, found, ticket, &by, message);
        }
        _ => {}
    }
    match (draft_of(ticket, word).cloned(), source) {
        (Some(kept), Some(source)) => decide_draft(mail, found, ticket, word, &kept, source),
        (_, source) => gone(mail, ticket, word, name, source.and_then(|source| source.settled.as_ref())),
    }
}

/// An answer to the question whether a message of somebody outside may come in: any other words are a note, and commands are
/// commands.
fn about_outsider(mail: &mut Incoming<'_>, found: &Found, ticket: &Ticket, by: &Actor, message: MessageEntry) -> Decision {
    let typed = typed(mail);
    match (first_word(&typed), by.agent()) {
        (Some(word), _) if is_yes(&word) => act_alone(mail, ticket, by, &Command::LetIn { message: Box::new(message) }),
        (Some(word), _) if is_no(&word) => decide::put_away(by, &message),
        (_, Some(agent)) => agent_act::decide(mail, found, ticket, agent, agent_act::Extent::Everything),
        (_, None) => decide::nothing("held", "nobody answered"),
    }
}

/// Carries a held mail out as its writer says, throws it away, or asks once more.
pub(crate) fn decide_draft(
    mail: &mut Incoming<'_>,
    found: &Found,
    ticket: &Ticket,
    word: &Word,
    kept: &Draft,
    source: &DraftMail,
) -> Decision {
    let typed = typed(mail);
    let all = Consent { as_it_is: true, ..Consent::default() };
    let consent = match word.choice {
        Choice::Drop | Choice::NotMine | Choice::PutAway => return throw(mail, ticket, &word.agent, kept),
        Choice::Mine | Choice::Remember => Consent::default(),
        Choice::Send | Choice::Release | Choice::PassOn => all,
        Choice::Note => Consent { as_note: true, ..all },
        Choice::TextOnly => Consent { without_commands: true, ..all },
        Choice::Use => Consent { corrected: correction(kept), ..all },
        Choice::Confirm => Consent { code: true, because: Some(because(&typed)), ..all },
        Choice::Answer => match answered(mail, kept, &typed) {
            Said::Yes(consent) => *consent,
            Said::No => return throw(mail, ticket, &word.agent, kept),
            Said::Unclear => return ask_again(mail, found, ticket, kept, source, kept.why.clone()),
            Said::WrongCode => {
                mail.trace("token", "bad", "not the code that was sent");
                return ask_again(mail, found, ticket, kept, source, kept.why.clone());
            }
        },
    };
    let without_it = consent.as_it_is && !consent.as_note;
    let mut decision = carry_out(mail, found, ticket, kept, source, consent);
    if let Why::BelowMarker { line } = &kept.why
        && without_it
    {
        know_footer(mail, &mut decision, &kept.agent, line);
    }
    let is_told = word.choice == Choice::Answer && first_word(&typed).is_some_and(|word| is_remember(&word));
    if kept.why == Why::NotProven && (word.choice == Choice::Remember || is_told) {
        remember(mail, &mut decision, &kept.agent, source);
    }
    decision
}

/// What its writer did not want to be sent is no answer the next time either: gateways add the same to every mail.
fn know_footer(mail: &Incoming<'_>, decision: &mut Decision, agent: &AgentName, line: &str) {
    let mut state = AgentState::of(agent, &decision.effects, &mail.event.around.agents);
    state.footers.retain(|known| known != line);
    state.footers.push(line.to_owned());
    let surplus = state.footers.len().saturating_sub(FOOTERS_MAX);
    state.footers.drain(..surplus);
    decision.effects.push(Effect::Agent { name: agent.clone(), state });
}

/// Mails from the address of a held one are its agent's from now on; they still have to be proven.
fn remember(mail: &Incoming<'_>, decision: &mut Decision, agent: &AgentName, source: &DraftMail) {
    let known = &mail.event.around.agents;
    let from = source.parsed.message.from.first().map(|author| &author.address);
    let Some(address) = from.filter(|from| agent_hold::may_be_remembered(mail.policy, known, from)) else { return };
    let mut state = AgentState::of(agent, &decision.effects, known);
    if state.addresses.len() >= ADDRESSES_MAX {
        return;
    }
    state.addresses.insert(address.folded());
    decision.trace.push(TraceLine::new("agent", "address remembered", format!("{address} is {agent}'s by their word")));
    decision.effects.push(Effect::Agent { name: agent.clone(), state });
}

/// A code that was typed in an answer to another mail of the ticket.
pub(crate) fn confirm(
    mail: &mut Incoming<'_>,
    found: &Found,
    ticket: &Ticket,
    writing: &Writing<'_>,
    (line, command): (&str, &Command),
) -> Decision {
    let wrong = |what: Remark| Why::Mistake { line: line.to_owned(), what, meant: None, place: None };
    let Command::Confirm { draft, code } = command else {
        return agent_hold::draft(mail, found, ticket, writing, wrong(Remark::of(|say| say.nothing_waits)));
    };
    let kept = ticket.drafts.iter().find(|kept| kept.event == *draft && kept.agent == *writing.agent).cloned();
    let (Some(kept), Some(source)) = (kept, found.drafts.get(draft)) else {
        return agent_hold::draft(mail, found, ticket, writing, wrong(Remark::of(|say| say.nothing_waits)));
    };
    let needs_code = matches!(kept.why, Why::Code { .. });
    let is_code = |code: &String| mail.policy.keys.is_release_code(code, kept.event, writing.agent);
    if needs_code && !code.as_ref().is_some_and(is_code) {
        mail.trace("token", "bad", "not the code that was sent");
        return agent_hold::draft(mail, found, ticket, writing, wrong(Remark::of(|say| say.wrong_code)));
    }
    let consent = Consent { as_it_is: true, code: true, because: Some("confirmed".to_owned()), ..Consent::default() };
    carry_out(mail, found, ticket, &kept, source, consent)
}

/// Does with a held mail what its writer has said yes to. What cannot be done even so waits on, under its old identity.
fn carry_out(
    mail: &mut Incoming<'_>,
    found: &Found,
    ticket: &Ticket,
    kept: &Draft,
    source: &DraftMail,
    consent: Consent,
) -> Decision {
    let request = request_of(mail, source);
    let inner = request.as_ref().and_then(|request| request.choice.clone()).filter(|inner| inner.event != kept.event);
    let mut without = ticket.clone();
    without.drafts.retain(|draft| draft.event != kept.event);
    if let Some(inner) = inner {
        // What nobody could prove was a word about yet another mail.
        let found = Found { ticket: Some(without), ..found.clone() };
        return choose(mail, &found, &inner, &kept.agent);
    }
    let corrected = consent.corrected.clone();
    let pressed = request.as_ref().and_then(|request| request.pressed.clone());
    // Only there the question was whether the words are for the requester; elsewhere they go where they were meant to.
    let sends_on = kept.why == Why::TagOnly && !consent.as_note;
    let mode = request.and_then(|request| request.claim).map(|claim| claim.mode).filter(|mode| mode.is_for_agents());
    let writing = Writing {
        agent: &kept.agent,
        message: &source.parsed.message,
        html: source.html.as_deref(),
        quoted: source.quoted.as_deref(),
        reply: agent_act::divide(&source.parsed.message, source.html.as_deref()),
        raw: source.raw,
        rev: Some(kept.rev),
        mode: if sends_on { Mode::Reply } else { mode.unwrap_or(Mode::Note) },
        pressed: pressed.as_ref().map(|pressed| pressed.words.as_str()),
        consent,
    };
    let mut decision = match agent_act::try_on(mail, found, &without, &writing) {
        Ok(decision) => decision,
        Err(why) => {
            let kept = Draft { why: first_line(kept, &corrected, &why), ..kept.clone() };
            return ask_again(mail, found, ticket, &kept, source, why);
        }
    };
    // The held message becomes what was done with it, under the same identity, so that it leaves the list of held ones.
    match decision.message.as_mut() {
        Some(message) if message.held => {}
        Some(message) if message.id == mail.event.id => message.id = kept.event,
        // A message of somebody else, as it reads from now on, stays under its own.
        _ => {
            let by = Actor::Agent(kept.agent.clone());
            let text = answer_layout::without_pin(&source.parsed.message.reply.new_text);
            let done = act::blank(mail.event, &by, &text);
            let done = MessageEntry { id: kept.event, raw: Some(source.raw), ..done };
            decision.notes.extend(decision.message.replace(done));
        }
    }
    decision
}

/// Why a mail waits on whose correction is wrong as well: the line that stands in it is the one to be corrected.
fn first_line(kept: &Draft, corrected: &Option<(String, String)>, why: &Why) -> Why {
    match (why, &kept.why, corrected) {
        (Why::Mistake { line: wrong, what, meant, .. }, Why::Mistake { line, .. }, Some((_, right)))
            if wrong.trim_start_matches(['#', ' ']).trim() == right.trim() =>
        {
            Why::Mistake { line: line.clone(), what: what.clone(), meant: meant.clone(), place: None }
        }
        _ => why.clone(),
    }
}

/// The mail waits on as `kept` says, and its writer is asked again: nothing that they wrote gets lost by an answer that says
/// nothing.
fn ask_again(mail: &mut Incoming<'_>, found: &Found, ticket: &Ticket, kept: &Draft, source: &DraftMail, why: Why) -> Decision {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("asked_again", kept.agent.as_str(), "about a mail that waits");
    let event = mail.event.id;
    for draft in change.ticket.drafts.iter_mut().filter(|draft| draft.event == kept.event) {
        draft.why = kept.why.clone();
        draft.asked_again = Some(event);
    }
    if let Some(agent) = change.policy.agents.get(&kept.agent) {
        let message = &source.parsed.message;
        let text = agent_act::divide(message, source.html.as_deref()).new_text;
        let about = About { answered: found.answered.as_deref(), ..About::of(kept.event, message, &text) };
        agent_hold::ask_writer(&mut change, agent, &why, &about);
    }
    change.finish(Outcome::Attached)
}

/// What a held mail carried.
pub(crate) fn request_of(mail: &Incoming<'_>, source: &DraftMail) -> Option<Request> {
    agent_request::read(mail.policy, &mail.event.around.agents, &source.parsed.message, mail.event.at)
}

/// A held mail about no ticket: its agent says that they wrote it, or did not.
fn alone(mail: &mut Incoming<'_>, found: &Found, word: &Word, source: &DraftMail) -> Decision {
    let by = Actor::Agent(word.agent.clone());
    let typed = typed(mail);
    let is_yes = matches!(word.choice, Choice::Mine | Choice::Remember)
        || word.choice == Choice::Answer && first_word(&typed).is_some_and(|word| is_yes(&word));
    let request = request_of(mail, source).filter(|request| request.from.as_ref() == Some(&word.agent));
    let Some(message) = source.message.clone().filter(|message| message.held) else {
        return decide::nothing("held", "it was decided before");
    };
    if !is_yes || request.is_none() {
        let is_no = matches!(word.choice, Choice::NotMine | Choice::Drop | Choice::PutAway);
        return if is_no { decide::put_away(&by, &message) } else { decide::nothing("held", "neither yes nor no was said") };
    }
    let arrival = Arrival { parsed: source.parsed.clone(), raw: source.raw, let_in: Some(word.event), ..mail.arrival.clone() };
    let mut released = Incoming::new(mail.policy, mail.event, &arrival);
    released.lines = std::mem::take(&mut mail.lines);
    let found = Found { request, ..found.clone() };
    let decided = agent_desk::decide(&mut released, &found, &word.agent);
    let mut decision = decided.unwrap_or_else(|| decide::nothing("held", "it asks for nothing"));
    if decision.message.is_none() {
        decision.message = Some(MessageEntry { held: false, direction: Direction::Note, ..message });
    }
    decision
}

/// What was typed in an answer or above the line of a link. That line is ours, and says nothing.
fn typed(mail: &Incoming<'_>) -> String {
    let new_text = agent_act::divide(&mail.arrival.parsed.message, None).new_text;
    let is_typed = |line: &&str| !answer_layout::is_marker(answer_layout::unquoted(line).0);
    new_text.lines().take_while(is_typed).collect::<Vec<_>>().join("\n")
}

/// What an answer to the question says: yes, as a note, a code, or the line as it should read.
fn answered(mail: &Incoming<'_>, kept: &Draft, typed: &str) -> Said {
    let all = Consent { as_it_is: true, ..Consent::default() };
    let yes = |consent: Consent| Said::Yes(Box::new(consent));
    let typed = typed.trim();
    let Some(first) = first_word(typed) else { return Said::Unclear };
    // Whoever writes more than that means something else as well, which would get lost.
    let is_alone = || typed.split_whitespace().count() <= CHOICE_WORDS_MAX;
    match (&kept.why, first.as_str()) {
        (_, word) if is_no(word) => Said::No,
        (Why::NotProven, word) if is_yes(word) || word == "mine" || is_remember(word) => yes(Consent::default()),
        (Why::NotProven, _) => Said::Unclear,
        (_, "note" | "notiz") if is_alone() => yes(Consent { as_note: true, ..all }),
        (Why::Code { .. }, _) => match code_in(mail, kept, typed) {
            Some(true) => yes(Consent { code: true, because: Some(because(typed)), ..all }),
            Some(false) => Said::WrongCode,
            None => Said::Unclear,
        },
        // A command would be read as a reason, and get lost.
        (Why::Incomplete { .. }, _) if argument::strip_mark(typed).is_some() => Said::Unclear,
        (Why::Incomplete { .. }, _) => yes(Consent { code: true, because: Some(because(typed)), ..all }),
        (Why::Mistake { meant: Some(_), .. }, word) if is_yes(word) => yes(Consent { corrected: correction(kept), ..all }),
        (Why::Mistake { line, .. }, _) if !line.is_empty() && words_below(typed) <= CHOICE_WORDS_MAX => {
            let right = typed.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']).to_owned();
            yes(Consent { corrected: Some((line.clone(), right)), ..all })
        }
        (_, word) if is_yes(word) && is_alone() => yes(all),
        (_, _) => Said::Unclear,
    }
}

/// Whether the code stands in what was typed; `None` if nothing there looks like one.
fn code_in(mail: &Incoming<'_>, kept: &Draft, typed: &str) -> Option<bool> {
    let line = typed.lines().next().unwrap_or_default();
    let words = line.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() == CODE_CHARACTERS);
    let mut codes = words.filter(|word| !word.eq_ignore_ascii_case("confirm")).peekable();
    codes.peek()?;
    Some(codes.any(|word| mail.policy.keys.is_release_code(word, kept.event, &kept.agent)))
}

/// Words below the first line.
fn words_below(typed: &str) -> usize {
    typed.split_once('\n').map_or(0, |(_, below)| below.split_whitespace().count())
}

fn first_word(typed: &str) -> Option<String> {
    let word = typed.split_whitespace().next()?.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    (!word.is_empty()).then_some(word)
}

fn is_yes(word: &str) -> bool {
    matches!(word, "yes" | "ja" | "ok" | "okay" | "send" | "senden")
}

/// It was them, and mail from there is theirs in future.
fn is_remember(word: &str) -> bool {
    matches!(word, "remember" | "merken")
}

fn is_no(word: &str) -> bool {
    matches!(word, "no" | "nein" | "drop" | "cancel" | "discard")
}

fn because(typed: &str) -> String {
    let words = typed.split_whitespace().take(40).collect::<Vec<_>>().join(" ");
    if words.is_empty() { "no reason given".to_owned() } else { words }
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
    // What a vendor's signature shows is theirs.
    let files: Vec<&mail::Attachment> = source.parsed.message.attachments.iter().filter(|file| !file.inline).collect();
    let enclosed = files.iter().map(|file| Enclosed {
        raw: source.raw,
        part: file.part,
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        bytes: file.bytes,
        content_id: None,
    });
    let words = Words { enclosed: enclosed.collect(), ..Words::plain(&text) };
    if let Some(file) = answer::too_large(&words, agent_act::ANSWER_BYTES_MAX).first() {
        return mail.held_aside(format!("\"{}\" of the vendor is larger than servers take", file.name));
    }
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    act::carry_out(&mut change, by, &Command::Reply { text }, Some(&words));
    if let Some(agent) = by.agent() {
        agent_act::receipt(
            &mut change,
            agent,
            agent_act::Done { is_command: true, goes_out: true, can_undo: true, is_alone: true },
        );
    }
    let mut decision = act::finish(change, by);
    decision.outcome = Outcome::Attached;
    decision
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

/// The held mail is decided already. Whoever pressed the link is told so once, lest they think that it did something.
fn gone(mail: &mut Incoming<'_>, ticket: &Ticket, word: &Word, name: &AgentName, settled: Option<&HistoryEntry>) -> Decision {
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    change.tell("nothing_said", name.as_str(), "a choice about a held mail that is already decided");
    let mut state = change.agent_state(name);
    let is_told = state.told_decided.contains(&word.event);
    if let Some(agent) = change.policy.agents.get(name).filter(|_| !is_told) {
        agent_hold::say(&mut change, agent, |desk_mail, id| desk_mail.decided(settled, id));
        state.told_decided.push(word.event);
        let surplus = state.told_decided.len().saturating_sub(DECIDED_MAX);
        state.told_decided.drain(..surplus);
        change.effects.push(Effect::Agent { name: name.clone(), state });
    }
    change.finish(Outcome::Attached)
}
