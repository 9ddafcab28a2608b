//! Arguments of the commands to the desk itself.

use crate::command::{DeskCommand, Listing, Period};
use crate::command_name;
use crate::command_word::{Reader, bare};
use crate::mistake::{Mistake, nearest};
use crate::remark::Remark;

/// `list`, `list mine`, `list team`, `list team:support`, `list team support`, `list overdue`.
pub(crate) fn list(reader: &Reader<'_>) -> Result<DeskCommand, Mistake> {
    let arguments = reader.arguments();
    let Some(first) = arguments.first() else { return Ok(DeskCommand::List { which: Listing::Mine }) };
    let word = bare(&first.text).trim_end_matches(':').to_lowercase();
    let (which, taken) = match (word.as_str(), arguments.get(1)) {
        ("mine" | "my" | "me" | "meine", _) => (Listing::Mine, 1),
        ("overdue" | "late" | "überfällig" | "überfällige", _) => (Listing::Overdue, 1),
        ("team", Some(name)) => (Listing::Team(Some(command_name::team(reader, name, bare(&name.text), "")?)), 2),
        ("team", None) => (Listing::Team(None), 1),
        (other, _) => match other.strip_prefix("team:") {
            Some(name) => (Listing::Team(Some(command_name::team(reader, first, name, "team:")?)), 1),
            None => {
                let near = nearest(other, ["mine", "team", "overdue"]);
                return Err(reader.wrong(first, Remark::of(|say| say.lists), near));
            }
        },
    };
    match arguments.get(taken) {
        Some(more) => Err(reader.too_much(more)),
        None => Ok(DeskCommand::List { which }),
    }
}

/// `find words`.
pub(crate) fn find(reader: &Reader<'_>) -> Result<DeskCommand, Mistake> {
    let words = reader.free_text();
    if words.trim().is_empty() { Err(reader.missing(|say| say.say_find)) } else { Ok(DeskCommand::Find { words }) }
}

/// `new`, `new a@b`, `new for Anna <a@b>`.
pub(crate) fn new(reader: &Reader<'_>) -> Result<DeskCommand, Mistake> {
    let arguments = reader.arguments();
    let from = usize::from(arguments.first().is_some_and(|first| {
        let word = bare(&first.text).trim_end_matches(':').to_lowercase();
        matches!(word.as_str(), "for" | "für" | "customer" | "kunde")
    }));
    let customer = if arguments.is_empty() { None } else { Some(command_name::address(reader, from)?) };
    Ok(DeskCommand::New { customer })
}

/// `away until mon`, `away 3d`, `away off`.
pub(crate) fn away(reader: &Reader<'_>) -> Result<DeskCommand, Mistake> {
    if reader.arguments().is_empty() {
        return Err(reader.missing(|say| say.say_until));
    }
    let is_end = |word: &str| matches!(bare(word).to_lowercase().as_str(), "off" | "none" | "no" | "back" | "aus" | "ende");
    match reader.arguments() {
        [only] if is_end(&only.text) => Ok(DeskCommand::Away { until: None }),
        [..] => Ok(DeskCommand::Away { until: Some(reader.moment_from(0)?) }),
    }
}

/// `forget a@b`.
pub(crate) fn forget(reader: &Reader<'_>) -> Result<DeskCommand, Mistake> {
    Ok(DeskCommand::Forget { address: command_name::address(reader, 0)? })
}

/// `report`, `report week`, `report month`.
pub(crate) fn report(reader: &Reader<'_>) -> Result<DeskCommand, Mistake> {
    let Some(argument) = reader.at_most_one()? else { return Ok(DeskCommand::Report { period: Period::Week }) };
    let period = match bare(&argument.text).to_lowercase().as_str() {
        "week" | "weekly" | "woche" => Period::Week,
        "month" | "monthly" | "monat" => Period::Month,
        other => {
            let near = nearest(other, ["week", "month"]);
            return Err(reader.wrong(argument, Remark::of(|say| say.reports), near));
        }
    };
    Ok(DeskCommand::Report { period })
}
