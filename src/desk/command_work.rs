//! Arguments of the commands on a ticket, one function for each verb that has some.

use std::collections::BTreeSet;

use crate::agent_page::fill_text;
use crate::argument::{self, Argument};
use crate::command::{Closing, Command, IssueAct, IssueFact};
use crate::command_name::{self, known};
use crate::command_word::{Names, Reader, bare};
use crate::draft::Why;
use crate::ids::{TypeName, VendorName};
use crate::mistake::{Mistake, nearest};
use crate::policy::{Field, Step};
use crate::remark::Remark;
use crate::ticket::Priority;
use crate::verb::Verb;
use crate::wrong_words::Noun;
use crate::{kind, moment};

/// Longest label.
const TAG_CHARACTERS_MAX: usize = 40;
/// More items than any checklist has.
const ITEM_MAX: u32 = 999;
/// Longest code that is worth comparing.
const CODE_CHARACTERS_MAX: usize = 32;
/// Closing questions that every type may be asked in the reports.
const QUESTIONS: [&str; 3] = ["cause", "article", "feature"];

/// `kb a`, `kb KB-112`, `kb a text`, `kb a link`.
pub(crate) fn article(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let (first, form) = match reader.arguments() {
        [] => return Err(reader.missing(|say| say.say_article)),
        [first] => (first, None),
        [first, form] => (first, Some(form)),
        [_, _, more, ..] => return Err(reader.too_much(more)),
    };
    let whole = match form.map(|form| (form, bare(&form.text).to_lowercase())) {
        None => false,
        Some((form, word)) => match word.as_str() {
            "link" => false,
            "text" => true,
            _ => return Err(reader.wrong(form, Remark::of(|say| say.article_form), nearest(&word, ["link", "text"]))),
        },
    };
    let which = listed(reader, first, Noun::Article, |names| names.articles)?;
    Ok(Command::Article { which, whole })
}

/// `send NAME`; a name of several words needs no quotation marks.
pub(crate) fn saved(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let Some(first) = reader.arguments().first() else { return Err(reader.missing(|say| say.say_saved)) };
    let joined = whole_of(first, &reader.text_from(0), reader.line.text.len());
    Ok(Command::SendSaved { name: listed(reader, &joined, Noun::SavedAnswer, |names| names.saved_answers)? })
}

/// `assign @x`, `assign to x`, `assign team y`, `assign none`.
pub(crate) fn assign(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let arguments = reader.arguments();
    let skip = arguments.first().is_some_and(|first| matches!(first.text.to_lowercase().as_str(), "to" | "an"));
    let rest = &arguments[usize::from(skip)..];
    let to = match rest {
        [] => return Err(reader.missing(|say| say.say_whom)),
        [only] => command_name::assignee(reader, only)?,
        [team, name] if matches!(team.text.to_lowercase().as_str(), "team" | "team:") => {
            crate::command::Assignee::Team(command_name::team(reader, name, bare(&name.text), "")?)
        }
        [first, last] => {
            // A full name without quotation marks.
            let joined = whole_of(first, &format!("{} {}", first.text, bare(&last.text)), last.span.end);
            command_name::assignee(reader, &joined).map_err(|_| reader.too_much(last))?
        }
        [_, more, ..] => return Err(reader.too_much(more)),
    };
    Ok(Command::Assign { to })
}

/// `close`, `close words`, `close cause=… article=… words`, `close anyway because words`.
pub(crate) fn closing(reader: &Reader<'_>) -> Result<Closing, Mistake> {
    let mut closing = Closing::default();
    let mut words: Vec<&str> = Vec::new();
    let mut quoted: Option<&str> = None;
    for argument in reader.arguments() {
        let Some(name) = &argument.name else {
            words.push(argument::trim(&reader.line.text[argument.span.clone()]));
            quoted = argument.is_quoted.then_some(argument.text.as_str());
            continue;
        };
        check_question(reader, argument, name)?;
        if argument.is_unclosed {
            return Err(reader.wrong(argument, Remark::of(|say| say.quote_open), None));
        }
        if argument.text.trim().is_empty() {
            return Err(reader.wrong(argument, Remark::with(|say| say.question_empty, &[("name", name)]), None));
        }
        if closing.answers.iter().any(|(known, _)| known == name) {
            return Err(reader.wrong(argument, Remark::with(|say| say.question_twice, &[("name", name)]), None));
        }
        closing.answers.push((name.clone(), argument.text.trim().to_owned()));
    }
    let is_anyway = words.first().is_some_and(|word| matches!(strip_end(word).to_lowercase().as_str(), "anyway" | "trotzdem"));
    if !is_anyway {
        let text = match (words.as_slice(), quoted) {
            ([_], Some(text)) => text.trim().to_owned(),
            _ => words.join(" "),
        };
        closing.reason = (!text.is_empty()).then_some(text);
        return Ok(closing);
    }
    let because = without_because(&words[1..]).join(" ");
    if because.is_empty() {
        let anyway = reader.arguments().iter().find(|argument| argument.name.is_none()).unwrap_or(&reader.arguments()[0]);
        return Err(reader.wrong(anyway, Remark::of(|say| say.say_why_anyway), None));
    }
    closing.anyway = Some(because);
    Ok(closing)
}

/// The name before `=` is a closing question; otherwise the words are probably a reason with a typing mistake in it.
fn check_question(reader: &Reader<'_>, argument: &Argument, name: &str) -> Result<(), Mistake> {
    let asked = reader.context.ticket_type().map_or(&[][..], |ticket_type| &ticket_type.close_asks);
    let questions = || QUESTIONS.into_iter().chain(asked.iter().map(String::as_str));
    if questions().any(|question| question == name) {
        return Ok(());
    }
    let span = argument.span.start..argument.value_span.start.saturating_sub(1).max(argument.span.start);
    let meant = nearest(name, questions()).map(|near| reader.replaced(&span, near));
    let what = Remark::with(|say| say.no_question, &[("name", name), ("all", &QUESTIONS.join(", "))]);
    Err(Mistake { what, span, meant })
}

/// `wait` takes no date; whoever gives one wants `snooze`.
pub(crate) fn wait(reader: &Reader<'_>) -> Result<Command, Mistake> {
    match reader.nothing() {
        Ok(()) => Ok(Command::Wait),
        Err(_) if reader.moment_from(0).is_ok() => {
            let meant = argument::normal(&format!("snooze {}", reader.line.rest));
            Err(reader.wrong_from(0, Remark::of(|say| say.wait_date), Some(meant)))
        }
        Err(mistake) => Err(mistake),
    }
}

/// Numbers of a checklist: `2`, `2 3`, `2,3`, `2-4`, `2 and 3`, `all`.
pub(crate) fn items(reader: &Reader<'_>) -> Result<Vec<u32>, Mistake> {
    let step = current_step(reader);
    let mut items = BTreeSet::new();
    for argument in reader.arguments() {
        for word in argument.text.split([',', ';', '+', '&']).map(bare).filter(|word| !word.is_empty()) {
            match (word.to_lowercase().as_str(), step) {
                ("and" | "und", _) => {}
                ("all" | "alle" | "alles", Some(step)) => items.extend((1..=ITEM_MAX).take(step.todo.len())),
                _ => {
                    let (from, to) = range(word).ok_or_else(|| {
                        let values = |language: &str| [("word", word), ("usage", reader.verb.usage(language))];
                        let what = Remark::by_language(|language, say| fill_text(say.no_item, &values(language)));
                        reader.wrong(argument, what, None)
                    })?;
                    check_item(reader, argument, step, to)?;
                    items.extend(from..=to);
                }
            }
        }
    }
    match (items.is_empty(), step) {
        (false, _) => Ok(items.into_iter().collect()),
        (true, _) if reader.verb == Verb::Done => Ok(Vec::new()),
        (true, Some(step)) if step.todo.len() == 1 => Ok(vec![1]),
        (true, _) => Err(reader.missing(|say| say.say_items)),
    }
}

/// `2` or `2-4`.
fn range(word: &str) -> Option<(u32, u32)> {
    let word = word.trim_start_matches('#');
    let (from, to) = word.split_once(['-', '–']).unwrap_or((word, word));
    let number = |text: &str| text.parse().ok().filter(|number| (1..=ITEM_MAX).contains(number) && !text.starts_with('+'));
    let (from, to) = (number(from)?, number(to)?);
    (from <= to).then_some((from, to))
}

fn check_item(reader: &Reader<'_>, argument: &Argument, step: Option<&Step>, item: u32) -> Result<(), Mistake> {
    match step {
        Some(step) if item as usize > step.todo.len() => {
            let values = [("step", step.id.as_str()), ("count", &step.todo.len().to_string())];
            Err(reader.wrong(argument, Remark::with(|say| say.items_range, &values), None))
        }
        Some(_) | None => Ok(()),
    }
}

fn current_step<'a>(reader: &Reader<'a>) -> Option<&'a Step> {
    let context = reader.context;
    let state = crate::process::meant(context.policy, context.ticket?, context.agent)?;
    reader.context.ticket_type()?.steps.iter().find(|step| step.id == state.id)
}

/// `skip 2 because words`, `skip 2: words`, `skip 2 words`.
pub(crate) fn skip(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let Some(first) = reader.arguments().first() else { return Err(reader.missing(|say| say.say_item)) };
    let number = first.text.trim_end_matches([':', '.', ',']);
    let Some((item, to)) = range(number).filter(|(from, to)| from == to) else {
        let values = [("word", number), ("usage", "skip 2 because …")];
        return Err(reader.wrong(first, Remark::with(|say| say.no_item, &values), None));
    };
    check_item(reader, first, current_step(reader), to)?;
    let words: Vec<&str> = reader.arguments()[1..].iter().map(|argument| &reader.line.text[argument.span.clone()]).collect();
    let because = match (reader.arguments(), words.first()) {
        ([_, only], _) if only.is_quoted => only.text.clone(),
        _ => without_because(&words).join(" "),
    };
    if because.is_empty() {
        return Err(reader.missing(|say| say.say_why));
    }
    Ok(Command::Skip { item, because })
}

/// `reject because words`.
pub(crate) fn reject(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let words: Vec<&str> = reader.arguments().iter().map(|argument| &reader.line.text[argument.span.clone()]).collect();
    let because = match reader.arguments() {
        [only] if only.is_quoted => only.text.clone(),
        _ => without_because(&words).join(" "),
    };
    if because.is_empty() {
        return Err(reader.missing(|say| say.say_why));
    }
    Ok(Command::Reject { because })
}

/// `step NAME`.
pub(crate) fn step(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let argument = reader.one(|say| say.say_step)?;
    let steps = match (reader.context.ticket, reader.context.ticket_type()) {
        (None, _) | (Some(_), None) => return Ok(Command::Step { id: bare(&argument.text).to_owned() }),
        (Some(_), Some(ticket_type)) => &ticket_type.steps,
    };
    let id = known(reader, argument, Noun::Step, steps.iter().map(|step| step.id.as_str()))?;
    Ok(Command::Step { id: id.to_owned() })
}

/// `set field=value`, `set field = value`, `set field: value`; the value goes to the end of the line, and the field may be
/// called by its label.
pub(crate) fn set(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let Some(first) = reader.arguments().first() else { return Err(reader.missing(|say| say.say_field)) };
    let assigned = reader.line.rest.split_once(['=', '＝']).map(|(name, value)| (argument::normal(name), unquoted(value)));
    let assigned = assigned
        .filter(|(name, _)| first.name.is_some() || command_name::find_field(reader, name).is_some() || !name.contains(' '));
    let (name, value) = match assigned {
        Some(assigned) => assigned,
        // An equals sign further on belongs to the value: `set link https://x.example/?a=b`.
        None => (first.text.trim_end_matches(':').to_owned(), reader.text_from(1)),
    };
    let field = command_name::field(reader, first, &name)?;
    let is_field =
        |argument: &&Argument| argument.name.as_ref().is_some_and(|name| command_name::find_field(reader, name).is_some());
    if let Some(second) = reader.arguments().iter().skip(1).find(is_field).filter(|_| first.name.is_some()) {
        let meant = argument::normal(&reader.line.text[..second.span.start]);
        return Err(Mistake { meant: Some(meant), ..reader.wrong(second, Remark::of(|say| say.one_field), None) });
    }
    if value.trim().is_empty() {
        return Err(reader.missing(|say| say.say_value));
    }
    check_value(reader, first, field, &value)?;
    Ok(Command::Set { field: field.id.clone(), value })
}

fn check_value(reader: &Reader<'_>, first: &Argument, field: &Field, value: &str) -> Result<(), Mistake> {
    let today = reader.context.at.to_zoned(reader.context.zone()).date();
    if kind::normalise(field, value, today).is_some() {
        return Ok(());
    }
    let near = nearest(value, field.options.iter().map(String::as_str));
    let meant = near.map(|near| {
        let marks = if near.contains(' ') { "\"" } else { "" };
        format!("{} {}={marks}{near}{marks}", reader.verb.word(), field.id)
    });
    let start = reader.line.text.rfind(value).unwrap_or(first.value_span.start);
    Err(Mistake { what: no_value(field, value), span: start..reader.line.text.len(), meant })
}

/// That a value does not fit a field, and what would.
pub(crate) fn no_value(field: &Field, value: &str) -> Remark {
    Remark::each(|say| {
        let one_of = || fill_text(say.one_of, &[("all", &field.options.join(", "))]);
        let expected = if field.options.is_empty() { field.ask.clone() } else { one_of() };
        fill_text(say.no_value, &[("value", value), ("field", field.id.as_str()), ("expected", &expected)])
    })
}

/// `type NAME`.
pub(crate) fn change_type(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let argument = reader.one(|say| say.say_type)?;
    let name = known(reader, argument, Noun::Type, reader.context.policy.types.keys().map(TypeName::as_str))?;
    Ok(Command::ChangeType { to: name.into() })
}

/// `priority high`.
pub(crate) fn priority(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let argument = reader.one(|say| say.say_priority)?;
    let german = match bare(&argument.text).to_lowercase().as_str() {
        "niedrig" => Some(Priority::Low),
        "hoch" => Some(Priority::High),
        "dringend" => Some(Priority::Urgent),
        _ => None,
    };
    if let Some(priority) = german {
        return Ok(Command::SetPriority { priority });
    }
    let word = known(reader, argument, Noun::Priority, Priority::ALL.iter().map(|priority| priority.as_str()))?;
    let priority = Priority::ALL.into_iter().find(|priority| priority.as_str() == word).unwrap_or_default();
    Ok(Command::SetPriority { priority })
}

/// `tag +a -b c`, `tag a, b`.
pub(crate) fn tag(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for argument in reader.arguments() {
        let words = argument.text.split(',').filter(|word| !word.trim().is_empty());
        for word in words {
            let word = word.trim();
            let (list, label) = match word.strip_prefix('-') {
                Some(label) => (&mut remove, label),
                None => (&mut add, word.strip_prefix('+').unwrap_or(word)),
            };
            let label = bare(label).trim_start_matches('#');
            let is_label = label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | ' '));
            if label.is_empty() || !is_label || label.chars().count() > TAG_CHARACTERS_MAX || argument.name.is_some() {
                return Err(reader.wrong(argument, Remark::with(|say| say.no_label, &[("word", word)]), None));
            }
            let label = label.to_owned();
            if !list.contains(&label) {
                list.push(label);
            }
        }
    }
    if add.is_empty() && remove.is_empty() {
        return Err(reader.missing(|say| say.say_labels));
    }
    match reader
        .arguments()
        .iter()
        .find(|argument| add.iter().any(|label| remove.contains(label) && argument.text.contains(label.as_str())))
    {
        Some(both) => Err(reader.wrong(both, Remark::of(|say| say.both_labels), None)),
        None => Ok(Command::Tag { add, remove }),
    }
}

/// `time 15m`.
pub(crate) fn time(reader: &Reader<'_>) -> Result<Command, Mistake> {
    if reader.arguments().is_empty() {
        return Err(reader.missing(|say| say.say_long));
    }
    let words: Vec<&str> = reader.arguments().iter().map(|argument| bare(&argument.text)).collect();
    match moment::minutes(&words) {
        Some(minutes) => Ok(Command::Time { minutes }),
        None => Err(reader.wrong_from(0, Remark::of(|say| say.no_time), None)),
    }
}

/// `vendor northgate`, `vendor northgate: words`.
pub(crate) fn vendor(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let Some(first) = reader.arguments().first() else { return Err(reader.missing(|say| say.say_vendor)) };
    let policy = reader.context.policy;
    let label = |word: &str| policy.vendors.values().find(|vendor| vendor.label.to_lowercase() == word.to_lowercase());
    let plain = Argument { text: first.text.trim_end_matches([':', ',', '.']).to_owned(), ..first.clone() };
    let vendor = match label(&plain.text) {
        Some(vendor) => vendor.name.clone(),
        None => known(reader, &plain, Noun::Vendor, policy.vendors.keys().map(VendorName::as_str))?.into(),
    };
    Ok(Command::AskVendor { vendor, text: reader.text_from(1) })
}

/// `merge T-4700`, `merge into T-4700`.
pub(crate) fn merge(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let arguments = reader.arguments();
    let rest = match arguments {
        [first, rest @ ..] if matches!(first.text.to_lowercase().as_str(), "into" | "with" | "in" | "mit") => rest,
        whole => whole,
    };
    match rest {
        [] => Err(reader.missing(|say| say.say_into)),
        [only] => {
            let into = command_name::ticket(reader, only)?;
            if reader.context.ticket.is_some_and(|ticket| ticket.no == into) {
                return Err(reader.wrong(only, Remark::of(|say| say.into_itself), None));
            }
            Ok(Command::Merge { into })
        }
        [_, more, ..] => Err(reader.too_much(more)),
    }
}

/// `issue cloud-sync`, `issue new "title"`, `issue new "title" match: words`, `issue cloud-sync update: words`,
/// `issue cloud-sync match: words`, `issue cloud-sync solved`.
pub(crate) fn issue(reader: &Reader<'_>) -> Result<IssueAct, Mistake> {
    let Some(first) = reader.arguments().first() else { return Err(reader.missing(|say| say.say_issue)) };
    if bare(&first.text).eq_ignore_ascii_case("new") {
        return new_issue(reader);
    }
    let plain = Argument { text: first.text.trim_end_matches(':').to_owned(), ..first.clone() };
    let issue = listed(reader, &plain, Noun::Issue, |names| names.issues)?;
    let Some(act) = reader.arguments().get(1) else { return Ok(IssueAct::Join { issue }) };
    match act.text.trim_end_matches([':', '.', '!']).to_lowercase().as_str() {
        "update" => Ok(IssueAct::Update { issue, text: reader.text_from(2) }),
        "match" => Ok(IssueAct::Describe { issue, fact: IssueFact::Match, text: reader.text_from(2) }),
        "workaround" => Ok(IssueAct::Describe { issue, fact: IssueFact::Workaround, text: reader.text_from(2) }),
        "cause" => Ok(IssueAct::Describe { issue, fact: IssueFact::Cause, text: reader.text_from(2) }),
        "solved" => match reader.arguments().get(2) {
            Some(more) => Err(reader.too_much(more)),
            None => Ok(IssueAct::Solved { issue }),
        },
        other => {
            let near = nearest(other, ["update", "solved", "match", "workaround", "cause"]);
            let what = Remark::of(|say| say.issue_form);
            Err(reader.wrong(act, what, near))
        }
    }
}

/// A title in quotation marks may be followed by the words that such mails have.
fn new_issue(reader: &Reader<'_>) -> Result<IssueAct, Mistake> {
    let is_match = |argument: &Argument| argument.text.eq_ignore_ascii_case("match:") && !argument.is_quoted;
    let (title, words) = match reader.arguments() {
        [_, title, word, ..] if title.is_quoted && is_match(word) => (title.text.clone(), reader.text_from(3)),
        _ => (reader.text_from(1), String::new()),
    };
    let title = title.trim().to_owned();
    if title.is_empty() { Err(reader.missing(|say| say.say_title)) } else { Ok(IssueAct::New { title, words }) }
}

/// `confirm CODE`, or `confirm` alone for what waits without a code. It is about the newest mail of this agent that waits.
pub(crate) fn confirm(reader: &Reader<'_>) -> Result<Command, Mistake> {
    let argument = reader.at_most_one()?;
    let code = match argument {
        None => None,
        Some(argument) => {
            let code = bare(&argument.text);
            let is_code = !code.is_empty()
                && code.len() <= CODE_CHARACTERS_MAX
                && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            if !is_code {
                return Err(reader.wrong(argument, Remark::of(|say| say.no_code), None));
            }
            Some(code.to_owned())
        }
    };
    let agent = reader.context.agent;
    let drafts = reader.context.ticket.map_or(&[][..], |ticket| &ticket.drafts);
    let mine = drafts.iter().rev().filter(|draft| agent.is_some_and(|agent| draft.agent == *agent));
    let mut fitting = mine.filter(|draft| matches!(draft.why, Why::Code { .. }) == code.is_some());
    match fitting.next() {
        Some(draft) => Ok(Command::Confirm { draft: draft.event, code }),
        None => Err(reader.wrong_from(0, Remark::of(|say| say.nothing_waits), None)),
    }
}

/// A name of a list that may not be known here.
fn listed<'a>(
    reader: &Reader<'a>,
    argument: &Argument,
    noun: Noun,
    list: impl Fn(&Names<'a>) -> Option<&'a BTreeSet<String>>,
) -> Result<String, Mistake> {
    match list(&reader.context.names) {
        Some(names) => known(reader, argument, noun, names.iter().map(String::as_str)).map(str::to_owned),
        None => Ok(bare(&argument.text).to_owned()),
    }
}

/// An argument that goes on to the end of the line.
fn whole_of(first: &Argument, text: &str, end: usize) -> Argument {
    let span = first.span.start..end;
    Argument { text: text.to_owned(), value_span: span.clone(), span, ..first.clone() }
}

fn unquoted(value: &str) -> String {
    let value = argument::trim(value);
    let mark = |c: char| matches!(c, '"' | '“' | '”' | '„' | '«' | '»');
    let inner = value.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    inner.filter(|inner| !inner.contains(mark)).unwrap_or(value).to_owned()
}

fn strip_end(word: &str) -> &str {
    word.trim_end_matches([':', ',', '.', '!', ';'])
}

/// Without the word that begins a reason.
fn without_because<'w, 'a>(words: &'w [&'a str]) -> &'w [&'a str] {
    match words {
        [first, rest @ ..]
            if matches!(strip_end(first).to_lowercase().as_str(), "because" | "weil" | "since" | "da" | "-" | "–" | "—") =>
        {
            rest
        }
        whole => whole,
    }
}
