//! Commands in a mail: a run of command lines as the first or the last thing of what the agent wrote.
//!
//! `#` and a verb make a command, only there. What is doubtful is held and asked about, since words that were meant for us
//! must not reach a customer, nor words for a customer get lost: an unknown word behind `#` in a block is a mistake, a verb
//! alone on a line within the message stops the mail, and so does a command line that a mail program may have wrapped.
//! `#1`, `##`, `#T-4821` and lines of nothing but hashtags are the agent's text.

use crate::argument::{self, Line, normal, strip_mark, trim};
use crate::command::{Command, DeskCommand};
use crate::command_name;
use crate::command_word::{self, Context, Said, find_verb};
use crate::mistake::Mistake;
use crate::policy::AgentProof;
use crate::remark::Remark;
use crate::verb::{Verb, Verbs};

/// Commands of one mail: more are no work of a person.
const COMMANDS_MAX: usize = 50;
/// Lines with `#` in one mail that are compared with every verb; past them what is doubtful is held uncompared.
const COMPARED_MAX: usize = 100;
/// Mail programs wrap lines at 66 columns or later, so a line that could have taken the next word within them was ended
/// by its writer.
const WRAP_COLUMNS_MIN: usize = 64;
/// Longer words are no PIN.
const PIN_CHARACTERS_MAX: usize = 32;
/// Longer words on a line of their own are no verb.
const VERB_BYTES_MAX: usize = 48;

/// What an agent's words ask for, and what is left of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// Commands in the order of their lines.
    pub commands: Vec<CommandLine>,
    /// Lines that cannot be carried out; where there is one, nothing is.
    pub mistakes: Vec<WrongLine>,
    /// The message: every other line as it was written. Without a block it is the whole text, word for word.
    pub message: String,
    /// A line within the message that looks like a command: the mail is held, and its writer asked.
    pub verb_in_text: Option<TextLine>,
    /// The PIN of a `pin: 123456` line, where this desk asks agents for one.
    pub pin: Option<Pin>,
    /// All words of all lines, for comparing the parts of a mail.
    words: String,
    /// Every line that has the form of a command, wherever it stands.
    marked: Vec<String>,
}

/// A line that is a command.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandLine {
    /// Counted from 1 in the new text.
    pub number: usize,
    /// As written.
    pub raw: String,
    /// Without `#`; what spans are counted in.
    pub text: String,
    /// What it asks for.
    pub said: Said,
}

/// A line that should be a command and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongLine {
    /// Counted from 1 in the new text.
    pub number: usize,
    /// As written.
    pub raw: String,
    /// Without `#`; what spans are counted in.
    pub text: String,
    /// What is wrong.
    pub mistake: Mistake,
}

/// A line of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLine {
    /// Counted from 1 in the new text.
    pub number: usize,
    /// As written, trimmed.
    pub text: String,
}

/// A PIN; printed as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(pub String);

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(***)")
    }
}

/// What the message is, by a `#note` or `#reply` line without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// It stays inside.
    Note,
    /// It goes to the requester.
    Reply,
}

impl Block {
    /// There is neither a command nor a mistake.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.mistakes.is_empty()
    }

    /// What a `#note` or `#reply` line without words makes of the message. Its command has an empty text.
    #[must_use]
    pub fn speech(&self) -> Option<Speech> {
        self.commands.iter().find_map(|line| speech(&line.said))
    }
}

fn speech(said: &Said) -> Option<Speech> {
    match said {
        Said::Ticket(Command::Note { text }) if text.is_empty() => Some(Speech::Note),
        Said::Ticket(Command::Reply { text }) if text.is_empty() => Some(Speech::Reply),
        Said::Ticket(_) | Said::Desk(_) => None,
    }
}

/// Divides what an agent wrote into commands and message. `new_text` is what the quote cut left.
#[must_use]
pub fn read(context: &Context<'_>, new_text: &str) -> Block {
    let verbs = context.policy.templates.verbs();
    let takes_pin = takes_pin(context);
    let lines = lines(new_text);
    let mut compares = COMPARED_MAX;
    let kinds: Vec<Kind> = lines.iter().map(|line| kind(context, line.text, takes_pin, &mut compares)).collect();
    let top = kinds.iter().position(|kind| *kind == Kind::Text).unwrap_or(kinds.len());
    let bottom = kinds.iter().rposition(|kind| *kind == Kind::Text).map_or(top, |last| last + 1);
    let marked = lines.iter().zip(&kinds).filter(|(_, kind)| **kind == Kind::Command).map(|(line, _)| normal(line.text));
    let mut block = Block { words: normal(new_text), marked: marked.collect(), ..Block::default() };
    for (index, line) in lines.iter().enumerate().filter(|(index, _)| *index < top || *index >= bottom) {
        match kinds[index] {
            Kind::Text | Kind::Blank => {}
            Kind::Pin => block.pin = block.pin.or_else(|| read_pin(line.text)),
            Kind::Command => add_command(context, &mut block, index, line.text),
        }
    }
    let has_block =
        kinds.iter().zip(0..).any(|(kind, index)| (index < top || index >= bottom) && matches!(kind, Kind::Command | Kind::Pin));
    block.message = match (has_block, lines.get(top..bottom)) {
        (false, _) => new_text.to_owned(),
        (true, Some([first, .., last])) => new_text[first.start..last.start + last.text.len()].to_owned(),
        (true, Some([only])) => only.text.to_owned(),
        (true, Some([]) | None) => String::new(),
    };
    for (index, line) in lines.iter().enumerate().take(bottom).skip(top) {
        match kinds[index] {
            Kind::Pin => add_mistake(&mut block, index, "pin: ******", Remark::of(|say| say.pin_place)),
            Kind::Text | Kind::Blank | Kind::Command => {
                if block.verb_in_text.is_none() && is_verb_in_text(verbs, line.text, &mut compares) {
                    block.verb_in_text = Some(TextLine { number: index + 1, text: trim(line.text).to_owned() });
                }
            }
        }
    }
    check_wrap(verbs, &mut block, &lines, &kinds, top);
    check_whole(context, &mut block);
    block
}

/// A mail's text and its HTML say the same commands; white space and line numbers may differ. Otherwise the mail is held:
/// one of the two was not what its writer saw.
#[must_use]
pub fn same_block(text: &Block, html: &Block) -> bool {
    let shape = |block: &Block| -> Vec<String> { block_lines(block).into_iter().map(|(_, line)| normal(line)).collect() };
    let in_text = |block: &Block| block.verb_in_text.as_ref().map(|line| normal(&line.text));
    shape(text) == shape(html) && in_text(text) == in_text(html) && text.pin == html.pin
}

/// The block of a mail that has both parts, or `None` where they differ and the mail must be held.
///
/// Mail programs wrap the text and leave the HTML as it was typed, so a command of several lines in the text is one in the
/// HTML. Where both hold the same words in the same order, and each line with a command of the text is the beginning of
/// that of the HTML, the HTML is taken: it is what the writer saw.
#[must_use]
pub fn agreed<'b>(text: &'b Block, html: &'b Block) -> Option<&'b Block> {
    if same_block(text, html) {
        return Some(text);
    }
    let begins = |(short, long): (&String, &String)| {
        long.strip_prefix(short.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let is_unwrapped = text.words == html.words
        && text.pin == html.pin
        && html.verb_in_text.is_none()
        && text.marked.len() == html.marked.len()
        && text.marked.iter().zip(&html.marked).all(begins);
    is_unwrapped.then_some(html)
}

/// Lines of the block in their order.
fn block_lines(block: &Block) -> Vec<(usize, &str)> {
    let commands = block.commands.iter().map(|line| (line.number, line.text.as_str()));
    let mut lines: Vec<(usize, &str)> =
        commands.chain(block.mistakes.iter().map(|line| (line.number, line.text.as_str()))).collect();
    lines.sort_unstable();
    lines.dedup_by_key(|(number, _)| *number);
    lines
}

/// A line without its end, and where it begins.
struct TextAt<'a> {
    start: usize,
    text: &'a str,
}

/// Every character that begins a new line on a screen ends one here: what looks like a message below a command must not be
/// read as its words.
fn lines(text: &str) -> Vec<TextAt<'_>> {
    let is_end = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut start = 0;
    let mut found = Vec::new();
    // CR and LF together are one end.
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_end).unwrap_or(rest.len());
        found.push(TextAt { start, text: &rest[..end] });
        let behind = &rest[end..];
        let sign = if behind.starts_with("\r\n") { 2 } else { behind.chars().next().map_or(0, char::len_utf8) };
        start += end + sign;
        rest = &behind[sign..];
    }
    found
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blank,
    Text,
    Command,
    Pin,
}

fn kind(context: &Context<'_>, line: &str, takes_pin: bool, compares: &mut usize) -> Kind {
    if trim(line).is_empty() {
        Kind::Blank
    } else if takes_pin && read_pin(line).is_some() {
        Kind::Pin
    } else if is_command_line(context, line, compares) {
        Kind::Command
    } else {
        Kind::Text
    }
}

/// `#` and a word. Numbers, headings, references of tickets, and lines of nothing but hashtags are text.
fn is_command_line(context: &Context<'_>, line: &str, compares: &mut usize) -> bool {
    let Some(rest) = strip_mark(line) else { return false };
    if !rest.starts_with(char::is_alphabetic) {
        return false;
    }
    let verbs = context.policy.templates.verbs();
    let word = verb_word(rest);
    if find_verb(verbs, &word).is_some() {
        return true;
    }
    let prefix = format!("{}-", context.policy.company.prefix.to_lowercase());
    let is_reference = word.to_lowercase().starts_with(&prefix) && command_name::reference(context.policy, &word).is_some();
    let mut more = rest.split_whitespace().skip(1).peekable();
    let is_hashtags = more.peek().is_some() && more.all(|word| strip_mark(word).is_some());
    let is_hashtags = is_hashtags && may_compare(compares) && verbs.near(&word).is_none();
    !is_reference && !is_hashtags
}

fn may_compare(compares: &mut usize) -> bool {
    let before = *compares;
    *compares = before.saturating_sub(1);
    before > 0
}

/// The word of a line that would be its verb.
fn verb_word(line: &str) -> String {
    let end = line.find(|c: char| c.is_whitespace() || c == ':' || c == '：').unwrap_or(line.len());
    normal(&line[..end])
}

fn add_command(context: &Context<'_>, block: &mut Block, index: usize, raw: &str) {
    if block.commands.len() + block.mistakes.len() >= COMMANDS_MAX {
        return add_mistake(block, index, raw, Remark::of(|say| say.too_many));
    }
    let text = Line::new(raw).text.to_owned();
    let (number, raw) = (index + 1, raw.to_owned());
    match command_word::read(context, &text) {
        Ok(said) => block.commands.push(CommandLine { number, raw, text, said }),
        Err(mistake) => block.mistakes.push(WrongLine { number, raw, text, mistake }),
    }
}

/// A mistake of the whole line.
fn add_mistake(block: &mut Block, index: usize, raw: &str, what: Remark) {
    let text = Line::new(raw).text.to_owned();
    let mistake = Mistake { what, span: 0..text.len(), meant: None };
    block.mistakes.push(WrongLine { number: index + 1, raw: raw.to_owned(), text, mistake });
}

/// A command above text without an empty line between may have been wrapped: its end would reach the customer.
fn check_wrap(verbs: &Verbs, block: &mut Block, lines: &[TextAt<'_>], kinds: &[Kind], top: usize) {
    let Some(above) = top.checked_sub(1).filter(|above| kinds[*above] == Kind::Command && top < lines.len()) else { return };
    let width = |text: &str| text.chars().count();
    let next = trim(lines[top].text).split_whitespace().next().map_or(0, width);
    if width(lines[above].text.trim_end()) + 1 + next <= WRAP_COLUMNS_MIN {
        return;
    }
    let takes_words =
        |line: &CommandLine| find_verb(verbs, &Line::new(&line.text).verb).is_none_or(|verb| verb.entry().usage != verb.word());
    if let Some(at) = block.commands.iter().position(|line| line.number == above + 1 && takes_words(line)) {
        let line = block.commands.remove(at);
        let mistake = Mistake { what: Remark::of(|say| say.wrapped), span: 0..line.text.len(), meant: None };
        block.mistakes.push(WrongLine { number: line.number, raw: line.raw, text: line.text, mistake });
        block.mistakes.sort_by_key(|line| line.number);
    }
}

/// What is wrong with the commands together.
fn check_whole(context: &Context<'_>, block: &mut Block) {
    // Whoever names the customer of a mail that is about no ticket makes one for them.
    let is_new = |said: &Said| matches!(said, Said::Desk(DeskCommand::New { .. }) | Said::Ticket(Command::SetRequester { .. }));
    let has_ticket = context.ticket.is_some() || block.commands.iter().any(|line| is_new(&line.said));
    let first_speech = block.speech();
    let mut kept = Vec::with_capacity(block.commands.len());
    for line in std::mem::take(&mut block.commands) {
        let what = match (&line.said, speech(&line.said)) {
            (Said::Ticket(_), _) if !has_ticket => Remark::of(|say| say.no_ticket),
            (_, Some(speech)) if first_speech.is_some_and(|first| first != speech) => Remark::of(|say| say.note_and_reply),
            (Said::Ticket(_) | Said::Desk(_), _) => {
                kept.push(line);
                continue;
            }
        };
        let mistake = Mistake { what, span: 0..Line::new(&line.text).verb_span.end, meant: None };
        block.mistakes.push(WrongLine { number: line.number, raw: line.raw, text: line.text, mistake });
    }
    block.commands = kept;
    block.mistakes.sort_by_key(|line| line.number);
}

/// A line within the message that its writer may have meant for us: `#` with a verb, with one mistyped or of another tool,
/// be it in a list or in bold, or a verb that is complete in itself, alone on the line.
fn is_verb_in_text(verbs: &Verbs, line: &str, compares: &mut usize) -> bool {
    let plain = trim(line).trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '-' | '*' | '_' | '•' | '·' | '–'));
    if let Some(rest) = strip_mark(plain) {
        let word = verb_word(rest);
        let word = word.trim_end_matches(['*', '_']);
        let is_short = word.len() <= VERB_BYTES_MAX && !word.is_empty();
        return is_short && (find_verb(verbs, word).is_some() || !may_compare(compares) || verbs.is_meant(word));
    }
    let word = trim(line);
    let is_alone =
        word.len() <= VERB_BYTES_MAX && !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || argument::is_invisible(c));
    let stands_alone = |verb: Verb| verb.entry().stands_alone;
    is_alone && verbs.find(&normal(word)).is_some_and(stands_alone)
}

/// Agents write PINs where the desk asks for them, or where they have one from when it did.
fn takes_pin(context: &Context<'_>) -> bool {
    let is_asked = context.policy.agent_mail.as_ref().is_some_and(|mail| mail.proof == AgentProof::TokenPin);
    is_asked || context.speaker().is_some_and(|agent| agent.pin.is_some())
}

/// `pin: 123456`, with or without `#`. Behind a colon any one word counts, since a PIN with a mistake in it is nothing for
/// customers either.
fn read_pin(line: &str) -> Option<Pin> {
    let line = strip_mark(line).unwrap_or(line);
    if line.len() > 4 * PIN_CHARACTERS_MAX {
        return None;
    }
    let line = normal(line);
    let (name, pin) = line.split_at_checked(3)?;
    let sign = pin.chars().next().filter(|c| matches!(c, ':' | '：' | ' '))?;
    let pin = pin.trim_start_matches([' ', ':', '：']);
    let is_number = !pin.is_empty() && pin.bytes().all(|b| b.is_ascii_digit());
    let is_word = sign != ' ' && !pin.is_empty() && !pin.contains(' ');
    let is_pin = name.eq_ignore_ascii_case("pin") && (is_number || is_word) && pin.len() <= PIN_CHARACTERS_MAX;
    is_pin.then(|| Pin(pin.to_owned()))
}
