//! The words of one command, read into a value: the same for mail and for the command line.
//!
//! Every name is looked up here, so that a mistake is found before anything is done and can be answered with the line as
//! it was probably meant. Whether a command is allowed is asked elsewhere: [`crate::admit`].

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Time, time};
use jiff::tz::TimeZone;

use crate::agent_page::fill_text;
use crate::argument::{self, Argument, Line};
use crate::calendar::Calendar;
use crate::command::{Command, DeskCommand};
use crate::ids::AgentName;
use crate::mistake::Mistake;
use crate::moment;
use crate::policy::{Agent, Policy, TicketType};
use crate::remark::Remark;
use crate::ticket::Ticket;
use crate::verb::{Verb, Verbs};
use crate::wrong_words::Sentences;
use crate::{command_desk, command_name, command_work};

/// Longest line of a command that is not for people, in bytes.
const LINE_BYTES_MAX: usize = 2000;

/// What the words of a command depend on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Names, zones, calendars, aliases.
    pub policy: &'a Policy,
    /// The ticket that is spoken of; `None` in a mail to the desk.
    pub ticket: Option<&'a Ticket>,
    /// Who speaks; `None` for whoever runs the command line.
    pub agent: Option<&'a AgentName>,
    /// When.
    pub at: Timestamp,
    /// Names that the policy does not hold.
    pub names: Names<'a>,
}

/// Names that live outside of the policy. Where a set is `None` nobody knows them here, and every name is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// Names of saved answers.
    pub saved_answers: Option<&'a BTreeSet<String>>,
    /// Letters and ids of articles.
    pub articles: Option<&'a BTreeSet<String>>,
    /// Ids of known issues.
    pub issues: Option<&'a BTreeSet<String>>,
}

impl<'a> Names<'a> {
    /// Those that the policy knows after all. Where there are none, whatever is named is read, and refused with what is missing.
    #[must_use]
    pub fn of(policy: &'a Policy) -> Self {
        let saved_answers = Some(policy.templates.saved_answers()).filter(|names| !names.is_empty());
        Self { saved_answers, ..Self::default() }
    }
}

/// What a command says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Something about the ticket.
    Ticket(Command),
    /// Something about no ticket, or about another one.
    Desk(DeskCommand),
}

/// Reads one command, with or without its `#`.
///
/// # Errors
/// What is wrong with the line, where, and what was probably meant. Spans are those of [`Line::text`].
pub fn read(context: &Context<'_>, line: &str) -> Result<Said, Mistake> {
    let line = Line::new(line);
    let verb = read_verb(context, &line)?;
    let reader = Reader { context, line: &line, verb };
    reader.check_length()?;
    reader.check_second_command()?;
    if !takes_free_text(verb) {
        reader.check_quotes()?;
    }
    read_arguments(&reader)
}

/// One arm for each verb; the leaves are below and in [`command_work`].
fn read_arguments(reader: &Reader<'_>) -> Result<Said, Mistake> {
    use Command as C;
    let ticket = |command: C| Ok(Said::Ticket(command));
    let alone = |command: C| reader.nothing().map(|()| Said::Ticket(command));
    match reader.verb {
        Verb::Note => ticket(C::Note { text: reader.free_text() }),
        Verb::Reply => ticket(C::Reply { text: reader.free_text() }),
        Verb::Kb => ticket(command_work::article(reader)?),
        Verb::Send => ticket(command_work::saved(reader)?),
        Verb::Ask => ticket(C::Ask { fields: command_name::field_ids(reader)? }),
        Verb::Take => alone(C::Take),
        Verb::Drop => alone(C::Drop),
        Verb::Assign => ticket(command_work::assign(reader)?),
        Verb::Watch => alone(C::Watch),
        Verb::Mute => alone(C::Mute),
        Verb::Close => ticket(C::Close(command_work::closing(reader)?)),
        Verb::Wait => ticket(command_work::wait(reader)?),
        Verb::Snooze => ticket(C::Snooze { until: reader.moment_from(0)? }),
        Verb::Reopen => alone(C::Reopen),
        Verb::Done => ticket(C::Done { items: command_work::items(reader)? }),
        Verb::Undone => ticket(C::Undone { items: command_work::items(reader)? }),
        Verb::Reject => ticket(command_work::reject(reader)?),
        Verb::Skip => ticket(command_work::skip(reader)?),
        Verb::Step => ticket(command_work::step(reader)?),
        Verb::Set => ticket(command_work::set(reader)?),
        Verb::Type => ticket(command_work::change_type(reader)?),
        Verb::Priority => ticket(command_work::priority(reader)?),
        Verb::Tag => ticket(command_work::tag(reader)?),
        Verb::Time => ticket(command_work::time(reader)?),
        Verb::Cc => ticket(C::AddPerson { address: command_name::address(reader, 0)? }),
        Verb::Uncc => ticket(C::RemovePerson { address: command_name::address(reader, 0)? }),
        Verb::Vendor => ticket(command_work::vendor(reader)?),
        Verb::Customer => ticket(C::SetRequester { address: command_name::address(reader, 0)? }),
        Verb::Merge => ticket(command_work::merge(reader)?),
        Verb::Split => alone(C::Split),
        Verb::Issue => ticket(C::Issue(command_work::issue(reader)?)),
        Verb::Spam => alone(C::Spam),
        Verb::Redact => alone(C::Redact),
        Verb::Undo => alone(C::Undo),
        Verb::Confirm => ticket(command_work::confirm(reader)?),
        Verb::Help => help(reader),
        Verb::Show => show(reader),
        Verb::List => Ok(Said::Desk(command_desk::list(reader)?)),
        Verb::Find => Ok(Said::Desk(command_desk::find(reader)?)),
        Verb::New => Ok(Said::Desk(command_desk::new(reader)?)),
        Verb::Forget => Ok(Said::Desk(command_desk::forget(reader)?)),
        Verb::Away => Ok(Said::Desk(command_desk::away(reader)?)),
        Verb::Report => Ok(Said::Desk(command_desk::report(reader)?)),
    }
}

/// The verb that a word is, where its ending may be a sign: `close!`.
pub(crate) fn find_verb(verbs: &Verbs, word: &str) -> Option<Verb> {
    verbs.find(word.trim_end_matches(['.', ',', ';', '!']))
}

fn read_verb(context: &Context<'_>, line: &Line<'_>) -> Result<Verb, Mistake> {
    let verbs = context.policy.templates.verbs();
    if let Some(verb) = find_verb(verbs, &line.verb) {
        return Ok(verb);
    }
    let whole = |verb: &str, rest: &str| format!("{verb} {rest}").trim_end().to_owned();
    let word = line.verb.trim_end_matches(['.', ',', ';', '!']);
    if word.is_empty() {
        return Err(mistake(Remark::of(|say| say.no_command), line.verb_span.clone(), None));
    }
    // `done2` and `snooze3d`: the blank is missing.
    let glued = word.find(|c: char| c.is_ascii_digit()).map(|at| word.split_at(at));
    if let Some((verb, number)) = glued.and_then(|(start, number)| Some((verbs.find(start)?, number))) {
        let meant = whole(verb.word(), &whole(number, line.rest));
        return Err(mistake(Remark::of(|say| say.blank_missing), line.verb_span.clone(), Some(meant)));
    }
    let near = verbs.near(word);
    // Another tool's word may need other arguments: only what reads is offered.
    let meant = near.map(|verb| whole(verb.word(), line.rest)).filter(|meant| read(context, meant).is_ok());
    let what = match near {
        Some(near) => Remark::with(|say| say.unknown_near, &[("near", near.word())]),
        None => Remark::of(|say| say.unknown_verb),
    };
    Err(mistake(what, line.verb_span.clone(), meant))
}

/// What follows is taken as it was written.
fn takes_free_text(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Note | Verb::Reply | Verb::Find | Verb::Vendor | Verb::Reject | Verb::Skip | Verb::Set | Verb::Issue | Verb::Close
    )
}

fn show(reader: &Reader<'_>) -> Result<Said, Mistake> {
    let Some(argument) = reader.at_most_one()? else {
        let missing = || reader.missing(|say| say.say_ticket);
        return if reader.context.ticket.is_some() { Ok(Said::Ticket(Command::Show)) } else { Err(missing()) };
    };
    let ticket = command_name::ticket(reader, argument)?;
    let is_this = reader.context.ticket.is_some_and(|this| this.no == ticket);
    Ok(if is_this { Said::Ticket(Command::Show) } else { Said::Desk(DeskCommand::Show { ticket }) })
}

fn help(reader: &Reader<'_>) -> Result<Said, Mistake> {
    let verbs = reader.context.policy.templates.verbs();
    let verb = match reader.at_most_one()? {
        None => None,
        Some(argument) => {
            let word = bare(&argument.text).trim_start_matches('#');
            let Some(verb) = verbs.find(word) else {
                let near = verbs.near(word).map(Verb::word);
                return Err(reader.wrong(argument, Remark::with(|say| say.no_such_command, &[("word", word)]), near));
            };
            Some(verb.word().to_owned())
        }
    };
    Ok(match reader.context.ticket {
        Some(_) => Said::Ticket(Command::Help { verb }),
        None => Said::Desk(DeskCommand::Help { verb }),
    })
}

fn mistake(what: Remark, span: Range<usize>, meant: Option<String>) -> Mistake {
    Mistake { what, span, meant }
}

/// Picks a sentence.
pub(crate) type Say = fn(&'static Sentences) -> &'static str;

/// A word without the signs that end a sentence.
pub(crate) fn bare(word: &str) -> &str {
    word.trim_end_matches(['.', ',', ';', '!'])
}

/// One line on its way to a command.
pub(crate) struct Reader<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) line: &'a Line<'a>,
    pub(crate) verb: Verb,
}

impl<'a> Reader<'a> {
    pub(crate) fn arguments(&self) -> &'a [Argument] {
        &self.line.arguments
    }

    /// Everything behind the verb, as written; quotation marks around the whole are dropped.
    pub(crate) fn free_text(&self) -> String {
        self.text_from(0)
    }

    /// Everything from that argument on, as written; quotation marks around the whole are dropped.
    pub(crate) fn text_from(&self, index: usize) -> String {
        match &self.arguments()[index.min(self.arguments().len())..] {
            [] => String::new(),
            [only] if only.is_quoted && only.name.is_none() && !only.is_unclosed => only.text.clone(),
            [first, ..] => argument::trim(&self.line.text[first.span.start..]).to_owned(),
        }
    }

    /// A mistake at an argument; `near` takes its place in the line as it was meant.
    pub(crate) fn wrong(&self, argument: &Argument, what: Remark, near: Option<&str>) -> Mistake {
        let meant = near.map(|near| self.replaced(&argument.value_span, near));
        mistake(what, argument.value_span.clone(), meant)
    }

    /// A mistake behind the verb: something is not there.
    pub(crate) fn missing(&self, say: Say) -> Mistake {
        let what = Remark::by_language(|language, sentences| format!("{}: `{}`", say(sentences), self.verb.usage(language)));
        mistake(what, self.line.verb_span.clone(), None)
    }

    /// A mistake of everything from an argument on.
    pub(crate) fn wrong_from(&self, index: usize, what: Remark, meant: Option<String>) -> Mistake {
        let end = self.line.text.len();
        let start = self.arguments().get(index).map_or(self.line.verb_span.start, |argument| argument.span.start);
        mistake(what, start..end, meant)
    }

    pub(crate) fn replaced(&self, span: &Range<usize>, with: &str) -> String {
        let quoted = if with.contains(char::is_whitespace) { format!("\"{with}\"") } else { with.to_owned() };
        argument::normal(&format!("{}{quoted}{}", &self.line.text[..span.start], &self.line.text[span.end..]))
    }

    /// Only words for people may be long.
    fn check_length(&self) -> Result<(), Mistake> {
        let is_for_people = matches!(self.verb, Verb::Note | Verb::Reply | Verb::Vendor | Verb::Issue);
        if is_for_people || self.line.text.len() <= LINE_BYTES_MAX {
            return Ok(());
        }
        Err(mistake(Remark::of(|say| say.too_long), self.line.verb_span.clone(), None))
    }

    /// `#take #close`: what stands second would get lost.
    fn check_second_command(&self) -> Result<(), Mistake> {
        if matches!(self.verb, Verb::Note | Verb::Reply | Verb::Find | Verb::Help) {
            return Ok(());
        }
        let verbs = self.context.policy.templates.verbs();
        let is_command = |argument: &&Argument| {
            !argument.is_quoted && argument::strip_mark(&argument.text).is_some_and(|word| find_verb(verbs, word).is_some())
        };
        match self.arguments().iter().find(is_command) {
            Some(second) => Err(self.wrong(second, Remark::of(|say| say.one_command), None)),
            None => Ok(()),
        }
    }

    fn check_quotes(&self) -> Result<(), Mistake> {
        match self.arguments().iter().find(|argument| argument.is_unclosed) {
            Some(open) => {
                let meant = self.replaced(&(self.line.text.len()..self.line.text.len()), "\"");
                Err(mistake(Remark::of(|say| say.quote_open), open.span.clone(), Some(meant)))
            }
            None => Ok(()),
        }
    }

    /// No argument, besides the reference of this very ticket, which people copy along.
    pub(crate) fn nothing(&self) -> Result<(), Mistake> {
        match self.arguments() {
            [] => Ok(()),
            [only] if self.is_this_ticket(only)? => Ok(()),
            [..] => {
                let word = self.verb.word();
                let what = Remark::with(|say| say.stands_alone, &[("word", word)]);
                Err(self.wrong_from(0, what, Some(word.to_owned())))
            }
        }
    }

    /// Whether it is the reference of this ticket; that of another one is a mistake.
    fn is_this_ticket(&self, argument: &Argument) -> Result<bool, Mistake> {
        let Some(ticket) = self.context.ticket else { return Ok(false) };
        let policy = self.context.policy;
        match command_name::reference(policy, &argument.text) {
            Some(no) if no == ticket.no => Ok(true),
            Some(_) => {
                let reference = policy.reference(ticket.no);
                let what = Remark::with(|say| say.other_ticket, &[("reference", &reference)]);
                Err(self.wrong(argument, what, None))
            }
            None => Ok(false),
        }
    }

    pub(crate) fn at_most_one(&self) -> Result<Option<&'a Argument>, Mistake> {
        match self.arguments() {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            [_, more, ..] => Err(self.too_much(more)),
        }
    }

    pub(crate) fn one(&self, missing: Say) -> Result<&'a Argument, Mistake> {
        self.at_most_one()?.ok_or_else(|| self.missing(missing))
    }

    pub(crate) fn too_much(&self, more: &Argument) -> Mistake {
        let meant = argument::normal(&self.line.text[..more.span.start]);
        let usage = |language: &str| self.verb.usage(language);
        let what = Remark::by_language(|language, say| fill_text(say.nothing_more, &[("usage", usage(language))]));
        mistake(what, more.span.start..self.line.text.len(), Some(meant))
    }

    /// The words from an argument on as a moment.
    pub(crate) fn moment_from(&self, index: usize) -> Result<Timestamp, Mistake> {
        let words: Vec<&str> = self.arguments()[index.min(self.arguments().len())..]
            .iter()
            .flat_map(|argument| argument.text.split_whitespace())
            .collect();
        let calendar = self.context.calendar();
        let now = moment::Now { at: self.context.at, zone: self.context.zone(), calendar: &calendar };
        moment::read(&now, &words).map_err(|what| self.wrong_from(index, what, None))
    }
}

impl<'a> Context<'a> {
    /// The agent who speaks, as configured.
    #[must_use]
    pub fn speaker(&self) -> Option<&'a Agent> {
        self.agent.and_then(|name| self.policy.agents.get(name))
    }

    /// The zone in which hours are meant: that of the agent's calendar, else the company's.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.own_calendar().map_or_else(|| self.policy.company.timezone.clone(), |calendar| calendar.zone.clone())
    }

    /// The process of the ticket.
    pub(crate) fn ticket_type(&self) -> Option<&'a TicketType> {
        self.ticket.and_then(|ticket| self.policy.types.get(&ticket.ticket_type))
    }

    /// The calendar of business days: the agent's, that of the ticket's promise, else Monday to Friday, since `1bd` means
    /// no Sunday even where no hours are configured.
    fn calendar(&self) -> Calendar {
        let calendars = &self.policy.calendars;
        let promised = self.ticket.and_then(|ticket| {
            let sla = self.policy.inboxes.get(&ticket.inbox)?.sla.as_ref()?;
            calendars.get(&self.policy.slas.get(sla)?.calendar)
        });
        let known = self.own_calendar().or(promised).filter(|calendar| calendar.name != "always");
        known.cloned().unwrap_or_else(|| {
            const DAY: (Time, Time) = (time(9, 0, 0, 0), time(17, 0, 0, 0));
            Calendar {
                name: "weekdays".to_owned(),
                zone: self.zone(),
                hours: std::array::from_fn(|day| if day < 5 { vec![DAY] } else { Vec::new() }),
                closed: BTreeSet::new(),
            }
        })
    }

    fn own_calendar(&self) -> Option<&'a Calendar> {
        self.speaker().and_then(|agent| self.policy.calendars.get(agent.calendar.as_ref()?))
    }
}
