//! An agent's mail about a ticket: its words go where its kind says, its commands are carried out, all in one commit or
//! not at all.

use mail::Message;
use mail::reply_cut::CutInput;

use crate::act;
use crate::agent_choice;
use crate::agent_hold;
use crate::agent_mail::{DraftMail, Found};
use crate::answer;
use crate::answer::Written;
use crate::arrival::Incoming;
use crate::change::Change;
use crate::command::{Closing, Command, IssueAct};
use crate::command_block::{self, Block, Speech};
use crate::command_word::{Context, Names, Said};
use crate::decision::{Decision, Direction, MessageEntry, Outcome};
use crate::draft::Why;
use crate::event::Actor;
use crate::ids::{AgentName, RawHash};
use crate::letter::Words;
use crate::policy::Receipts;
use crate::remark::Remark;
use crate::ticket::Ticket;
use crate::token::Mode;
use crate::{act_people, admit, argument, below_marker, closing_question, command_word, process};

/// Larger mails are refused by many servers: 25 MB is what the large providers take.
pub(crate) const ANSWER_BYTES_MAX: u64 = 25_000_000;
/// Begins the line above which agents write.
const MARKER: &str = "~~~~ ";

/// How far the sender's right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Everything.
    Everything,
    /// A note, no more.
    NoteOnly,
}

/// One mail of an agent, whether it has just come or waited as a draft.
pub(crate) struct Writing<'a> {
    pub(crate) agent: &'a AgentName,
    pub(crate) message: &'a Message,
    pub(crate) html: Option<&'a str>,
    /// The text of the mail of ours that it answers.
    pub(crate) quoted: Option<&'a str>,
    /// Its body, divided at our marker line.
    pub(crate) reply: mail::Reply,
    pub(crate) raw: RawHash,
    /// Revision of the ticket that it was written against; `None` where nothing tells.
    pub(crate) rev: Option<u32>,
    /// What its words are, where it does not say so itself.
    pub(crate) mode: Mode,
    /// The words of a link that was pressed.
    pub(crate) pressed: Option<&'a str>,
    /// What its writer has already said yes to.
    pub(crate) consent: Consent,
}

/// What a writer has already said yes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Consent {
    /// Send it although somebody answered meanwhile, although a verb stands in the text.
    pub(crate) as_it_is: bool,
    /// Leave the commands out.
    pub(crate) without_commands: bool,
    /// Keep the words as a note.
    pub(crate) as_note: bool,
    /// A line of the block as it should read.
    pub(crate) corrected: Option<(String, String)>,
    /// The code for a dangerous verb was given.
    pub(crate) code: bool,
    /// Close although something is open, and why.
    pub(crate) because: Option<String>,
}

/// What a mail asks for.
pub(crate) struct Plan {
    /// The words, and whether they go to the customer.
    pub(crate) words: Option<(Words, bool)>,
    /// The words for a vendor, where a command that asks one has none of its own.
    for_vendor: Option<Words>,
    /// Commands in order.
    pub(crate) commands: Vec<(String, Command)>,
    /// It says itself that its words are a note, and no more.
    pub(crate) is_note: bool,
}

impl Plan {
    /// Something of it is an answer to the customer.
    fn goes_out(&self) -> bool {
        let is_answer =
            |command: &Command| matches!(command, Command::Reply { .. } | Command::Article { .. } | Command::SendSaved { .. });
        self.words.as_ref().is_some_and(|(_, goes_out)| *goes_out) || self.commands.iter().any(|(_, command)| is_answer(command))
    }
}

/// Decides about a mail that has just come.
pub(crate) fn decide(mail: &mut Incoming<'_>, found: &Found, ticket: &Ticket, agent: &AgentName, extent: Extent) -> Decision {
    let request = found.request.as_ref();
    let pressed = request.and_then(|request| request.pressed.as_ref());
    let claim = request.and_then(|request| request.claim);
    let rev = pressed.map(|pressed| pressed.rev).or(claim.map(|claim| claim.rev));
    let writing = Writing {
        agent,
        message: &mail.arrival.parsed.message,
        html: found.html.as_deref(),
        quoted: found.quoted.as_deref(),
        reply: divide(&mail.arrival.parsed.message, found.html.as_deref()),
        raw: mail.arrival.raw,
        rev,
        mode: claim.filter(|claim| claim.mode.is_for_agents()).map_or(Mode::Note, |claim| claim.mode),
        pressed: pressed.map(|pressed| pressed.words.as_str()),
        consent: Consent::default(),
    };
    match extent {
        Extent::Everything => act_on(mail, found, ticket, &writing),
        Extent::NoteOnly => note_only(mail, found, ticket, &writing),
    }
}

/// What an agent wrote now: above our marker line, wherever their client put it.
pub(crate) fn divide(message: &Message, html: Option<&str>) -> mail::Reply {
    let mut new_text = answer::own_text(message, html);
    // Where the two parts differ, the HTML tells where the words end; a command that only the text has must not go with the
    // history.
    if html.is_some() {
        let by_text = mail::reply_cut::cut(&cut_input(message, &message.text, None)).new_text;
        let is_lost = |line: &str| is_marked(line) && !new_text.lines().any(|kept| kept.trim() == line.trim());
        if by_text.lines().any(is_lost) {
            new_text = by_text;
        }
    }
    mail::Reply { new_text, ..mail::reply_cut::cut(&cut_input(message, &message.text, html)) }
}

/// A line that may be a command.
fn is_marked(line: &str) -> bool {
    argument::strip_mark(line).is_some_and(|rest| rest.starts_with(char::is_alphabetic))
}

/// The same by the HTML alone.
fn divide_html(message: &Message, html: &str) -> mail::Reply {
    mail::reply_cut::cut(&cut_input(message, "", Some(html)))
}

fn cut_input<'a>(message: &'a Message, text: &'a str, html: Option<&'a str>) -> CutInput<'a> {
    CutInput {
        text,
        html,
        subject: &message.subject,
        from_name: message.from.first().and_then(|mailbox| mailbox.name.as_deref()),
        marker: Some(MARKER),
        is_answer: true,
        ..CutInput::default()
    }
}

/// Carries a writing out, or holds it with the reason.
pub(crate) fn act_on(mail: &mut Incoming<'_>, found: &Found, ticket: &Ticket, writing: &Writing<'_>) -> Decision {
    try_on(mail, found, ticket, writing).unwrap_or_else(|why| agent_hold::draft(mail, found, ticket, writing, why))
}

/// Carries a writing out, or says why it has to wait.
pub(crate) fn try_on(mail: &mut Incoming<'_>, found: &Found, ticket: &Ticket, writing: &Writing<'_>) -> Result<Decision, Why> {
    let plan = plan(mail, ticket, writing)?;
    if plan.words.is_none() && plan.commands.is_empty() {
        return Ok(agent_hold::nothing_said(mail, ticket, writing));
    }
    if let Some((line, command)) = plan.commands.iter().find(|(_, command)| matches!(command, Command::Confirm { .. })) {
        if plan.words.is_some() || plan.commands.len() > 1 {
            return Err(refused(line.clone(), Remark::of(|say| say.said_alone)));
        }
        return Ok(agent_choice::confirm(mail, found, ticket, writing, (line, command)));
    }
    if let Some(why) = second_thoughts(ticket, writing, &plan) {
        if matches!(why, Why::Code { .. }) {
            // Nobody is asked for a code for what would be refused with it.
            carry_out(mail, found, ticket, writing, &plan)?;
        }
        return Err(why);
    }
    carry_out(mail, found, ticket, writing, &plan)
}

/// Why a mail that was held would have to wait again on this ticket; `None` if it would not.
pub(crate) fn why_held(
    mail: &mut Incoming<'_>,
    found: &Found,
    ticket: &Ticket,
    source: &DraftMail,
    agent: &AgentName,
) -> Option<Why> {
    let request = agent_choice::request_of(mail, source);
    let pressed = request.as_ref().and_then(|request| request.pressed.as_ref()).map(|pressed| pressed.words.clone());
    let claim = request.and_then(|request| request.claim);
    let writing = Writing {
        agent,
        message: &source.parsed.message,
        html: source.html.as_deref(),
        quoted: source.quoted.as_deref(),
        reply: divide(&source.parsed.message, source.html.as_deref()),
        raw: source.raw,
        rev: claim.map(|claim| claim.rev),
        mode: claim.filter(|claim| claim.mode.is_for_agents()).map_or(Mode::Note, |claim| claim.mode),
        pressed: pressed.as_deref(),
        consent: Consent::default(),
    };
    try_on(mail, found, ticket, &writing).err()
}

/// Words that came without the right to more: a note, and the offer to send it.
fn note_only(mail: &mut Incoming<'_>, found: &Found, ticket: &Ticket, writing: &Writing<'_>) -> Decision {
    let by = Actor::Agent(writing.agent.clone());
    let words = match block(mail, ticket, writing, &writing.reply.new_text) {
        Ok(block) => words(mail, ticket, writing, &block, false),
        Err(why) => Err(why),
    };
    let words = match words {
        Ok(words) if !words.text.trim().is_empty() => words,
        Ok(_) => return agent_hold::nothing_said(mail, ticket, writing),
        Err(why) => return agent_hold::draft(mail, found, ticket, writing, why),
    };
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    act::carry_out(&mut change, &by, &Command::Note { text: words.text.clone() }, Some(&words));
    name_source(&mut change, writing);
    agent_hold::offer(&mut change, writing);
    let mut decision = act::finish(change, &by);
    decision.outcome = Outcome::Attached;
    decision
}

/// Reads words and commands out of a mail. All lines are read before anything is done.
fn plan(mail: &Incoming<'_>, ticket: &Ticket, writing: &Writing<'_>) -> Result<Plan, Why> {
    if let Some(line) = below_marker(mail, writing) {
        return Err(Why::BelowMarker { line });
    }
    let text = corrected(&writing.reply.new_text, writing.consent.corrected.as_ref());
    let block = block(mail, ticket, writing, &text)?;
    let mut commands = Vec::new();
    // Of a block with a mistake nothing is done; whoever keeps the words has seen it.
    let keeps_words = writing.consent.as_note && !block.mistakes.is_empty();
    if !writing.consent.without_commands && !keeps_words {
        if let Some(wrong) = block.mistakes.first() {
            let mistake = &wrong.mistake;
            let (line, what, meant) = (wrong.raw.clone(), mistake.what.clone(), mistake.meant.clone());
            return Err(Why::Mistake { line, what, meant, place: Some(mistake.place(&wrong.text)) });
        }
        if let Some(line) = block.verb_in_text.as_ref().filter(|_| !writing.consent.as_it_is) {
            return Err(Why::VerbInText { line: line.text.clone() });
        }
        for line in &block.commands {
            match &line.said {
                // Alone they say what the text is; with words of their own they are words.
                Said::Ticket(Command::Note { text } | Command::Reply { text }) if text.is_empty() => {}
                Said::Ticket(command) => commands.push((line.raw.clone(), command.clone())),
                Said::Desk(_) => {
                    let what = Remark::of(|say| say.desk_only);
                    return Err(Why::Mistake { line: line.raw.clone(), what, meant: None, place: None });
                }
            }
        }
    }
    if let Some(words) = writing.pressed {
        // A link has no line in the text that a correction could mend.
        let line = corrected(&format!("#{words}"), writing.consent.corrected.as_ref());
        match command_word::read(&context(mail, ticket, writing), &line) {
            Ok(Said::Ticket(Command::Reply { text } | Command::Note { text })) if text.is_empty() => {}
            Ok(Said::Ticket(command)) => commands.insert(0, (line, command)),
            Ok(Said::Desk(_)) | Err(_) => {
                return Err(Why::Mistake { line, what: Remark::of(|say| say.link_old), meant: None, place: None });
            }
        }
    }
    let goes_out = goes_out(writing, block.speech());
    let is_broadcast =
        commands.iter().any(|(_, command)| matches!(command, Command::Issue(IssueAct::Update { text, .. }) if text.is_empty()));
    let is_vendors = is_vendors(writing, &block, &commands);
    let words = words(mail, ticket, writing, &block, goes_out || is_broadcast || is_vendors)?;
    if crate::issue::take_words(&mut commands, &words.text) {
        return Ok(Plan { words: None, for_vendor: None, commands, is_note: false });
    }
    if is_vendors && !words.text.trim().is_empty() {
        give_vendor(&mut commands, &words.text);
        return Ok(Plan { words: None, for_vendor: Some(words), commands, is_note: false });
    }
    let has_words = !words.text.trim().is_empty() || !words.enclosed.is_empty();
    let is_note = writing.consent.as_note || matches!(block.speech(), Some(Speech::Note));
    Ok(Plan { words: has_words.then_some((words, goes_out)), for_vendor: None, commands, is_note })
}

/// Whether the text is what a vendor is asked: a command or a link names one without words of its own, and nothing says that
/// the text is for somebody else.
fn is_vendors(writing: &Writing<'_>, block: &Block, commands: &[(String, Command)]) -> bool {
    let asks = |command: &Command| matches!(command, Command::AskVendor { text, .. } if text.is_empty());
    block.speech().is_none() && !writing.consent.as_note && commands.iter().any(|(_, command)| asks(command))
}

fn give_vendor(commands: &mut [(String, Command)], words: &str) {
    for (_, command) in commands {
        if let Command::AskVendor { text, .. } = command
            && text.is_empty()
        {
            words.clone_into(text);
        }
    }
}

/// A line that was written where nothing is read: between those of our mail, or below them. Where the answer was cut out of
/// its quote, it is read.
fn below_marker(mail: &Incoming<'_>, writing: &Writing<'_>) -> Option<String> {
    if writing.consent.as_it_is {
        return None;
    }
    let name = mail.policy.agents.get(writing.agent).map_or("", |agent| agent.label.as_str());
    let stray = below_marker::answer_in(&writing.message.text, writing.quoted?, name)?;
    let is_read = writing.reply.new_text.lines().any(|read| read.trim() == stray.line);
    let known = mail.event.around.agents.get(writing.agent);
    let is_footer = stray.is_behind && known.is_some_and(|known| known.footers.contains(&stray.line));
    (!is_read && !is_footer).then_some(stray.line)
}

/// The block of the text, if the HTML agrees with it: one of two that differ was not what the writer saw.
fn block(mail: &Incoming<'_>, ticket: &Ticket, writing: &Writing<'_>, text: &str) -> Result<Block, Why> {
    let context = context(mail, ticket, writing);
    let by_text = command_block::read(&context, text);
    let Consent { as_it_is, without_commands, corrected, .. } = &writing.consent;
    let is_believed = *as_it_is || *without_commands || corrected.is_some();
    let Some(html) = writing.html.filter(|_| !is_believed) else { return Ok(by_text) };
    let by_html = command_block::read(&context, &divide_html(writing.message, html).new_text);
    command_block::agreed(&by_text, &by_html).cloned().ok_or(Why::PartsDiffer)
}

/// Whether the text goes to the customer: by the verb that says so, else by the link, else by the kind of mail answered.
fn goes_out(writing: &Writing<'_>, speech: Option<Speech>) -> bool {
    if writing.consent.as_note {
        return false;
    }
    let stated = speech.map(|speech| match speech {
        Speech::Note => false,
        Speech::Reply => true,
    });
    let by_link = || {
        let verb = writing.pressed?.split_whitespace().next()?;
        Some(matches!(verb, "close" | "wait" | "reply" | "kb" | "send"))
    };
    stated.or_else(by_link).unwrap_or(writing.mode == Mode::Reply)
}

fn context<'c>(mail: &'c Incoming<'_>, ticket: &'c Ticket, writing: &'c Writing<'_>) -> Context<'c> {
    let names = Names::of(mail.policy);
    Context { policy: mail.policy, ticket: Some(ticket), agent: Some(writing.agent), at: mail.event.at, names }
}

fn corrected(text: &str, correction: Option<&(String, String)>) -> String {
    let Some((wrong, right)) = correction else { return text.to_owned() };
    let mend = |line: &str| if line.trim() == wrong.trim() { format!("#{right}") } else { line.to_owned() };
    text.lines().map(mend).collect::<Vec<_>>().join("\n")
}

/// The words of the mail. Those for people outside must have nothing internal in them, or the mail is held.
fn words(mail: &Incoming<'_>, ticket: &Ticket, writing: &Writing<'_>, block: &Block, goes_out: bool) -> Result<Words, Why> {
    let lines = block.commands.iter().map(|line| line.raw.as_str());
    let skip: Vec<&str> = lines.chain(block.mistakes.iter().map(|line| line.raw.as_str())).collect();
    let written = Written {
        message: writing.message,
        html: writing.html,
        text: &block.message,
        skip: &skip,
        raw: writing.raw,
        mode: writing.mode,
        ticket: ticket.no,
    };
    match answer::words(mail.policy, &written) {
        Ok(words) => match answer::too_large(&words, ANSWER_BYTES_MAX).first() {
            Some(file) if goes_out => Err(Why::Internal { what: Remark::with(|say| say.too_large, &[("name", &file.name)]) }),
            Some(_) | None => Ok(words),
        },
        Err(hold) if goes_out => Err(Why::Internal { what: hold.what() }),
        // What stays inside may hold anything.
        Err(_) => Ok(Words::plain(&block.message)),
    }
}

/// What makes us ask before acting.
fn second_thoughts(ticket: &Ticket, writing: &Writing<'_>, plan: &Plan) -> Option<Why> {
    let goes_out = plan.goes_out();
    let seen = ticket.seen_of_others(Some(writing.agent));
    let is_overtaken = seen.is_some_and(|seen| writing.rev.is_some_and(|rev| seen.rev > rev));
    if goes_out && is_overtaken && !writing.consent.as_it_is {
        return Some(Why::Overtaken);
    }
    if goes_out && ticket.withdrawn_since(writing.rev).is_some() && !writing.consent.as_it_is {
        return Some(Why::Withdrawn);
    }
    let dangerous = plan.commands.iter().find(|(_, command)| is_final(command));
    match dangerous {
        Some((_, command)) if !writing.consent.code => Some(Why::Code { verb: admit::verb(command).to_owned() }),
        _ => None,
    }
}

/// It cannot be undone, so it is asked about first.
fn is_final(command: &Command) -> bool {
    matches!(command, Command::Merge { .. } | Command::Split | Command::Spam | Command::Redact | Command::Issue(_))
}

/// All of it on one change; the first refusal drops the change and says which line it was.
fn carry_out(
    mail: &mut Incoming<'_>,
    found: &Found,
    ticket: &Ticket,
    writing: &Writing<'_>,
    plan: &Plan,
) -> Result<Decision, Why> {
    let by = Actor::Agent(writing.agent.clone());
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.extend(mail.lines.iter().cloned());
    let (outgoing, inside) = match &plan.words {
        Some((words, true)) => (Some(words), None),
        Some((words, false)) => (None, Some(words)),
        None => (None, None),
    };
    let outgoing = crate::article::enclose(mail.policy, ticket, &by, &plan.commands, outgoing);
    let note = inside.map(|words| (Command::Note { text: words.told() }, words));
    let reply = outgoing.as_ref().map(|words| (Command::Reply { text: words.told() }, words));
    for (command, words) in reply.into_iter().chain(note) {
        admitted(&change, found, &by, &command).map_err(|what| refused(String::new(), what))?;
        act::carry_out(&mut change, &by, &command, Some(words));
        if matches!(command, Command::Note { .. }) && !plan.is_note && plan.commands.is_empty() {
            process::replied(&mut change, writing.agent, &words.text);
        }
    }
    for (line, command) in &plan.commands {
        let command = &confirmed(command, writing);
        if let Some(open) = closing_question::open_work(change.policy, &change.ticket, command) {
            return Err(Why::Incomplete { open });
        }
        admitted(&change, found, &by, command).map_err(|what| refused(line.clone(), what))?;
        let words =
            plan.for_vendor.as_ref().filter(|words| matches!(command, Command::AskVendor { text, .. } if *text == words.text));
        act::carry_out(&mut change, &by, command, words);
        tell(&mut change, found, writing, command);
    }
    name_source(&mut change, writing);
    let done = Done {
        is_command: !plan.commands.is_empty() || writing.pressed.is_some(),
        goes_out: plan.goes_out(),
        can_undo: !plan.commands.iter().any(|(_, command)| is_final(command)),
        is_alone: plan.commands.len() == 1,
    };
    receipt(&mut change, writing.agent, done);
    let mut decision = act::finish(change, &by);
    decision.outcome = Outcome::Attached;
    Ok(decision)
}

/// What is asked to be shown is shown.
fn tell(change: &mut Change<'_>, found: &Found, writing: &Writing<'_>, command: &Command) {
    let Some(agent) = change.policy.agents.get(writing.agent) else { return };
    match command {
        Command::Show => agent_hold::say(change, agent, |mail, id| mail.whole(&found.messages, id)),
        Command::Help { verb } => {
            agent_hold::say(change, agent, |mail, id| mail.commands(verb.as_deref(), id));
        }
        Command::Merge { into } => {
            if let Some(other) = found.tickets.get(into) {
                act_people::tell_joined(change, &Actor::Agent(writing.agent.clone()), other);
            }
        }
        _ => {}
    }
}

/// Closing that was asked about once is closing anyway.
fn confirmed(command: &Command, writing: &Writing<'_>) -> Command {
    match (command, &writing.consent.because) {
        (Command::Close(closing), Some(because)) if closing.anyway.is_none() => {
            Command::Close(Closing { anyway: Some(because.clone()), ..closing.clone() })
        }
        _ => command.clone(),
    }
}

fn refused(line: String, what: Remark) -> Why {
    Why::Mistake { line, what, meant: None, place: None }
}

/// Whether a command may be carried out on the ticket as it is by then.
fn admitted(change: &Change<'_>, found: &Found, by: &Actor, command: &Command) -> Result<(), Remark> {
    if let Command::Merge { into } = command
        && !found.tickets.contains_key(into)
    {
        return Err(Remark::with(|say| say.absent_ticket, &[("reference", &change.policy.reference(*into))]));
    }
    let issues = &change.event.around.issues;
    crate::issue::admit(change.policy, issues, &change.ticket, by, command).map_err(|refusal| refusal.told())?;
    admit::admit(change.policy, &change.ticket, by, command.clone()).map(|_| ()).map_err(|refusal| refusal.told())
}

/// The message names the mail that it came in, and takes the place of the draft it may have been.
fn name_source(change: &mut Change<'_>, writing: &Writing<'_>) {
    let event = change.event.id;
    // Messages of others that an act brings along keep theirs.
    let is_own = |message: &&mut MessageEntry| message.id == event || message.direction == Direction::Note;
    for message in change.message.iter_mut().chain(&mut change.notes).filter(is_own) {
        message.raw = Some(writing.raw);
    }
}

/// What a receipt is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// A command or a link asked for it.
    pub(crate) is_command: bool,
    /// Something of it is an answer to the customer.
    pub(crate) goes_out: bool,
    /// It can be reversed.
    pub(crate) can_undo: bool,
    /// It is one command.
    pub(crate) is_alone: bool,
}

/// One short mail for a batch of commands, with the way back.
pub(crate) fn receipt(change: &mut Change<'_>, agent: &AgentName, done: Done) {
    let Some(desk) = &change.policy.agent_mail else { return };
    let wanted = match desk.receipts {
        Receipts::None | Receipts::Errors => false,
        Receipts::Commands => done.is_command,
        Receipts::All => true,
    };
    // What was only asked to be shown is shown.
    let wanted = wanted && !change.history.is_empty();
    let Some(agent) = change.policy.agents.get(agent).filter(|_| wanted) else { return };
    let history = change.history.clone();
    let leaves_at = done.goes_out.then(|| change.at().checked_add(desk.undo_send).ok()).flatten();
    if let (Some(undone), true) = (change.undone.clone(), done.is_alone) {
        return agent_hold::say(change, agent, |mail, id| mail.undone(&undone, id));
    }
    let can_undo = done.can_undo && change.undone.is_none();
    agent_hold::say(change, agent, |mail, id| {
        let lines: Vec<String> = history.iter().map(|line| mail.done(line)).collect();
        mail.receipt(&lines, leaves_at, can_undo, id)
    });
}
