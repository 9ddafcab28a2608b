//! Reading a script: one step a line, with the words and header fields of a mail below it.

use jiff::{SignedDuration, Timestamp};

/// A conversation.
#[derive(Debug)]
pub(super) struct Script {
    /// Configuration it is played under, without its ending.
    pub config: String,
    /// When it begins.
    pub begins_at: Timestamp,
    pub steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) struct Step {
    /// As written.
    pub line: String,
    pub act: Act,
    /// Lines of text below it.
    pub text: String,
    /// Header fields below it.
    pub fields: Vec<(String, String)>,
}

#[derive(Debug)]
pub(super) enum Act {
    /// Time passes until then.
    Until(Timestamp),
    /// So much time passes.
    Wait(SignedDuration),
    /// Nobody looks until then: what was due meanwhile is late.
    Down(Timestamp),
    /// A new mail.
    Mail { from: String, to: String, subject: String, proven: bool },
    /// An answer to the newest mail that somebody got of us, or that a ticket's requester or the receiver `of` got.
    /// `late` answers the one before it.
    Reply { from: String, of: Option<String>, on: Option<u64>, subject: Option<String>, proven: bool, late: bool },
    /// A command on a ticket.
    Command { by: Option<String>, ticket: u64, words: Vec<String> },
    /// Another configuration.
    Reload(String),
    /// The ticket's state.
    Show(u64),
    /// The words of the newest mail to somebody.
    Read(String),
    /// Its envelope and the header fields that tell what kind it is.
    Head(String),
    /// The newest mail to somebody comes back, for good or for now.
    Bounce { to: String, permanent: bool },
    /// The server refuses the newest mail to somebody for now.
    Defer(String),
    /// Why the newest event was decided as it was.
    Why,
    /// The desk comes up again from what it stored.
    Restart,
}

pub(super) fn read(text: &str) -> Result<Script, String> {
    let mut script = Script { config: String::new(), begins_at: Timestamp::UNIX_EPOCH, steps: Vec::new() };
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: String| format!("line {}: {what}", number + 1);
        if let Some(words) = line.strip_prefix("| ").or_else(|| (line == "|").then_some("")) {
            let step = script.steps.last_mut().ok_or_else(|| wrong("words of nobody".into()))?;
            step.text.push_str(words);
            step.text.push('\n');
        } else if let Some(field) = line.strip_prefix("+ ") {
            let step = script.steps.last_mut().ok_or_else(|| wrong("a field of nothing".into()))?;
            let (name, value) = field.split_once(": ").ok_or_else(|| wrong("no field".into()))?;
            step.fields.push((name.to_owned(), value.to_owned()));
        } else if line.trim().is_empty() || line.starts_with('#') {
        } else if let Some(config) = line.strip_prefix("config ") {
            config.trim().clone_into(&mut script.config);
        } else if let Some(at) = line.strip_prefix("begins ") {
            script.begins_at = instant(at).map_err(wrong)?;
        } else {
            let act = act(line).map_err(wrong)?;
            script.steps.push(Step { line: line.to_owned(), act, text: String::new(), fields: Vec::new() });
        }
    }
    Ok(script)
}

fn act(line: &str) -> Result<Act, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "at" => instant(rest).map(Act::Until),
        "down" => instant(rest).map(Act::Down),
        "wait" => rest.parse().map(Act::Wait).map_err(|error| format!("`{rest}`: {error}")),
        "mail" | "forged" => {
            let (people, subject) = rest.split_once(": ").unwrap_or((rest, ""));
            let (from, to) = people.split_once(" to ").ok_or("mail FROM to ADDRESS: SUBJECT")?;
            Ok(Act::Mail { from: from.to_owned(), to: to.to_owned(), subject: subject.to_owned(), proven: word == "mail" })
        }
        "reply" | "forged-reply" | "late-reply" => {
            let (rest, subject) = rest.split_once(": ").map_or((rest, None), |(rest, subject)| (rest, Some(subject.to_owned())));
            let (rest, of) = rest.split_once(" of ").map_or((rest, None), |(rest, of)| (rest, Some(of.to_owned())));
            let (from, on) = rest.split_once(" on ").map_or((rest, None), |(from, on)| (from, Some(on)));
            let (proven, late) = (word != "forged-reply", word == "late-reply");
            Ok(Act::Reply { from: from.to_owned(), of, on: on.map(number).transpose()?, subject, proven, late })
        }
        "agent" => {
            let mut words = rest.split_whitespace().map(str::to_owned);
            let by = words.next().ok_or("agent NAME T-n COMMAND")?;
            let ticket = number(&words.next().ok_or("which ticket?")?)?;
            Ok(Act::Command { by: Some(by), ticket, words: words.collect() })
        }
        "operator" => {
            let mut words = rest.split_whitespace().map(str::to_owned);
            let ticket = number(&words.next().ok_or("which ticket?")?)?;
            Ok(Act::Command { by: None, ticket, words: words.collect() })
        }
        "reload" => Ok(Act::Reload(rest.to_owned())),
        "show" => number(rest).map(Act::Show),
        "read" => Ok(Act::Read(rest.to_owned())),
        "head" => Ok(Act::Head(rest.to_owned())),
        "bounce" | "delay" => Ok(Act::Bounce { to: rest.to_owned(), permanent: word == "bounce" }),
        "defer" => Ok(Act::Defer(rest.to_owned())),
        "why" => Ok(Act::Why),
        "restart" => Ok(Act::Restart),
        _ => Err(format!("`{word}` is no step")),
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    text.trim().parse().map_err(|error| format!("`{text}`: {error}"))
}

fn number(reference: &str) -> Result<u64, String> {
    reference.trim_start_matches("T-").parse().map_err(|_| format!("`{reference}` is no ticket"))
}
