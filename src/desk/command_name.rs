//! Names in commands: agents, teams, types, fields, vendors, tickets, addresses. A name that does not exist is a mistake
//! with the nearest one.

use mail::Address;

use crate::agent_page::fill_text;
use crate::argument::Argument;
use crate::command::Assignee;
use crate::command_word::{Reader, bare};
use crate::ids::{AgentName, FieldId, TeamName, TicketNo};
use crate::mistake::{Mistake, nearest, unknown};
use crate::policy::{Field, Policy};
use crate::remark::Remark;
use crate::wrong_words::Noun;

/// One of the known names; case is ignored.
pub(crate) fn known<'k>(
    reader: &Reader<'_>,
    argument: &Argument,
    noun: Noun,
    names: impl Iterator<Item = &'k str> + Clone,
) -> Result<&'k str, Mistake> {
    let word = bare(&argument.text);
    let lower = word.to_lowercase();
    if let Some(name) = names.clone().find(|name| name.to_lowercase() == lower) {
        return Ok(name);
    }
    let near = nearest(word, names.clone());
    Err(reader.wrong(argument, unknown(noun, word, names), near))
}

/// `@x`, `team:y`, `none`, `me`; the name of a team alone where no agent is called so.
pub(crate) fn assignee(reader: &Reader<'_>, argument: &Argument) -> Result<Assignee, Mistake> {
    let policy = reader.context.policy;
    let word = bare(&argument.text);
    let lower = word.to_lowercase();
    if matches!(lower.as_str(), "none" | "nobody" | "niemand" | "-") {
        return Ok(Assignee::Nobody);
    }
    if let Some(team) = lower.strip_prefix("team:") {
        return self::team(reader, argument, team, "team:").map(Assignee::Team);
    }
    if let Some(agent) = agent(reader, word) {
        return Ok(Assignee::Agent(agent));
    }
    let lower = lower.trim_start_matches('@');
    if let Some(team) = policy.teams.keys().find(|team| team.as_str().to_lowercase() == lower) {
        return Ok(Assignee::Team(team.clone()));
    }
    let agents = || policy.agents.values().filter(|agent| !agent.reports_only).map(|agent| agent.name.as_str());
    let near = nearest(lower, agents().chain(policy.teams.keys().map(TeamName::as_str)));
    let at = if word.starts_with('@') { "@" } else { "" };
    let near = near.map(|near| format!("{at}{near}"));
    let what = unknown(Noun::Agent, word.trim_start_matches('@'), agents());
    Err(reader.wrong(argument, what, near.as_deref()))
}

/// By key, address, whole name, or first name where only one agent has it.
fn agent(reader: &Reader<'_>, word: &str) -> Option<AgentName> {
    let lower = word.trim_start_matches('@').to_lowercase();
    if matches!(lower.as_str(), "me" | "mich" | "mir") {
        return reader.context.agent.cloned();
    }
    let agents = || reader.context.policy.agents.values().filter(|agent| !agent.reports_only);
    let exact = agents().find(|agent| {
        agent.name.as_str().to_lowercase() == lower
            || agent.label.to_lowercase() == lower
            || agent.email.folded() == lower
            || agent.also.iter().any(|also| also.folded() == lower)
    });
    let first_name = |label: &str| label.split_whitespace().next().is_some_and(|first| first.to_lowercase() == lower);
    let mut called = agents().filter(|agent| first_name(&agent.label));
    let only = called.next().filter(|_| called.next().is_none());
    exact.or(only).map(|agent| agent.name.clone())
}

/// A team by its name; `before` stands before it in the line.
pub(crate) fn team(reader: &Reader<'_>, argument: &Argument, word: &str, before: &str) -> Result<TeamName, Mistake> {
    let teams = reader.context.policy.teams.keys();
    if let Some(team) = teams.clone().find(|team| team.as_str().to_lowercase() == word.to_lowercase()) {
        return Ok(team.clone());
    }
    let near = nearest(word, teams.clone().map(TeamName::as_str)).map(|near| format!("{before}{near}"));
    let what = unknown(Noun::Team, word, teams.map(TeamName::as_str));
    Err(reader.wrong(argument, what, near.as_deref()))
}

/// A field of the ticket's process by its id, label or question.
pub(crate) fn find_field<'a>(reader: &Reader<'a>, word: &str) -> Option<&'a Field> {
    let folded = crate::field::fold(word);
    let names = |field: &&&Field| crate::field::names_of(field).contains(&folded);
    let fields = fields(reader);
    let exact = fields.iter().find(|field| field.id.as_str() == word);
    exact.or_else(|| fields.iter().find(names)).copied().filter(|_| !folded.is_empty())
}

/// As [`find_field`], with the mistake where there is none.
pub(crate) fn field<'a>(reader: &Reader<'a>, argument: &Argument, word: &str) -> Result<&'a Field, Mistake> {
    if let Some(field) = find_field(reader, word) {
        return Ok(field);
    }
    let fields = fields(reader);
    let ids = || fields.iter().map(|field| field.id.as_str());
    let what = match fields.first() {
        Some(_) => unknown(Noun::Field, word, ids()),
        None => Remark::each(|say| fill_text(say.no_field, &[("word", word)]) + say.type_has_none),
    };
    // The name stands at the beginning of the argument, its value may follow.
    let at = argument.span.start..argument.span.end.min(argument.span.start + word.len());
    let at = if reader.line.text.get(at.clone()) == Some(word) { at } else { argument.span.clone() };
    let meant = nearest(word, ids()).map(|near| reader.replaced(&at, near));
    Err(Mistake { what, span: at, meant })
}

/// Fields of the ticket's process; where no ticket is known yet, of all.
fn fields<'a>(reader: &Reader<'a>) -> Vec<&'a Field> {
    match (reader.context.ticket, reader.context.ticket_type()) {
        (Some(_), Some(ticket_type)) => ticket_type.fields.iter().collect(),
        (Some(_), None) => Vec::new(),
        (None, _) => reader.context.policy.types.values().flat_map(|ticket_type| &ticket_type.fields).collect(),
    }
}

/// Names of fields, separated by blanks or commas.
pub(crate) fn field_ids(reader: &Reader<'_>) -> Result<Vec<FieldId>, Mistake> {
    let mut ids: Vec<FieldId> = Vec::new();
    for argument in reader.arguments() {
        let words = argument.text.split(',').map(|word| bare(word.trim())).filter(|word| !word.is_empty());
        let words: Vec<&str> = if argument.is_quoted { vec![argument.text.as_str()] } else { words.collect() };
        for word in words.into_iter().filter(|word| !matches!(word.to_lowercase().as_str(), "and" | "und" | "for" | "nach")) {
            let field = field(reader, argument, word)?;
            if field.agents_only {
                return Err(reader.wrong(argument, Remark::with(|say| say.never_asked, &[("field", field.id.as_str())]), None));
            }
            if !ids.contains(&field.id) {
                ids.push(field.id.clone());
            }
        }
    }
    Ok(ids)
}

/// `T-4700`, `t4700`, `4700`, `#4700`, `[T-4700]`.
pub(crate) fn reference(policy: &Policy, word: &str) -> Option<TicketNo> {
    let word = bare(word).trim_start_matches(['#', '[']).trim_end_matches(']');
    let prefix = &policy.company.prefix;
    let digits = match word.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(prefix) => word[prefix.len()..].trim_start_matches('-'),
        _ => word,
    };
    let plain = !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok().map(TicketNo)).flatten().filter(|no| no.0 > 0)
}

/// The ticket that an argument names.
pub(crate) fn ticket(reader: &Reader<'_>, argument: &Argument) -> Result<TicketNo, Mistake> {
    let policy = reader.context.policy;
    reference(policy, &argument.text).ok_or_else(|| {
        let example = policy.reference(TicketNo(4700));
        let values = [("word", argument.text.as_str()), ("example", example.as_str())];
        reader.wrong(argument, Remark::with(|say| say.names_no_ticket, &values), None)
    })
}

/// The one address from an argument on: `a@b`, `Anna <a@b>`, and what mail programs make of it (`a@b <mailto:a@b>`).
pub(crate) fn address(reader: &Reader<'_>, from: usize) -> Result<Address, Mistake> {
    let arguments = &reader.arguments()[from.min(reader.arguments().len())..];
    let mut found: Option<Address> = None;
    let mut name_words = 0;
    for argument in arguments {
        // Some programs leave no blank before the link.
        for part in argument.text.split('<').filter(|part| !part.is_empty()) {
            let part = part.trim_matches(['>', ',', ';', '[', ']', '(', ')', '.']);
            let part = part.strip_prefix("mailto:").unwrap_or(part);
            if !part.contains('@') {
                name_words += 1;
                continue;
            }
            let what = || Remark::with(|say| say.no_address, &[("word", part)]);
            let address = Address::new(part).map_err(|_| reader.wrong(argument, what(), None))?;
            match &found {
                Some(known) if known.folded() != address.folded() => {
                    let meant = format!("{} {known}", reader.verb.word());
                    return Err(Mistake {
                        meant: Some(meant),
                        ..reader.wrong(argument, Remark::of(|say| say.one_address), None)
                    });
                }
                Some(_) | None => found = Some(address),
            }
        }
    }
    let bracketed = arguments.last().is_some_and(|last| last.text.trim_end_matches(['.', ',', ';']).ends_with('>'));
    match found {
        // Words beside an address are a display name only where brackets set the address apart.
        Some(address) if name_words == 0 || bracketed => Ok(address),
        Some(address) => {
            let meant = format!("{} {address}", reader.verb.word());
            Err(reader.wrong_from(from, Remark::of(|say| say.only_address), Some(meant)))
        }
        None if arguments.is_empty() => Err(reader.missing(|say| say.say_address)),
        None => Err(reader.wrong_from(from, Remark::of(|say| say.not_address), None)),
    }
}
