//! `frontdesk ticket list|show|act`.

use desk::command::{Assignee, Closing, Command};
use desk::{AgentName, FieldId, Priority, TeamName};
use serde_json::Value;

use super::{ask, cell};
use crate::cli::args::{ActArgs, Common, TicketVerb};
use crate::cli::output::{Exit, Failure, Printer, Style};
use crate::cli::service::Request;

/// Commands of `ticket act`.
const VERBS: [&str; 9] = ["reply", "note", "assign", "take", "close", "reopen", "priority", "tag", "set"];

/// Does it.
///
/// # Errors
/// As [`ask`].
pub fn ticket(common: &Common, verb: &TicketVerb, printer: &Printer) -> Result<Exit, Failure> {
    match verb {
        TicketVerb::List(list) => {
            let request = Request::TicketList {
                status: list.status.clone(),
                team: list.team.clone(),
                owner: list.owner.clone(),
                inbox: list.inbox.clone(),
                limit: list.limit,
            };
            let tickets = ask(common, printer, request)?;
            if printer.json {
                printer.value(&tickets);
            } else {
                print_list(printer, &tickets);
            }
        }
        TicketVerb::Show { ticket } => {
            let ticket = ask(common, printer, Request::TicketShow { ticket: ticket.clone() })?;
            if printer.json {
                printer.value(&ticket);
            } else {
                print_ticket(printer, &ticket);
            }
        }
        TicketVerb::Act(act) => return act_on(common, act, printer),
    }
    Ok(Exit::Good)
}

fn act_on(common: &Common, act: &ActArgs, printer: &Printer) -> Result<Exit, Failure> {
    // Said before anything is asked, so that a typing mistake needs no daemon.
    read_command(&act.command)?;
    if printer.dry_run {
        printer.line(&format!("would do on {}: {}", act.ticket, act.command.join(" ")));
        return Ok(Exit::Good);
    }
    let request = match &act.request {
        Some(id) => id.clone(),
        None => unique_request()?,
    };
    let request = Request::Act { ticket: act.ticket.clone(), words: act.command.clone(), agent: act.agent.clone(), request };
    let ticket = ask(common, printer, request)?;
    if printer.json {
        printer.value(&ticket);
    } else {
        let owner = cell(&ticket["owner"]);
        printer.line(&format!("{} is {}, owner {owner}", cell(&ticket["ref"]), cell(&ticket["status"])));
    }
    Ok(Exit::Good)
}

fn unique_request() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Exit::Failed, format!("the machine gives no random bytes: {error}")))?;
    Ok(format!("cli {}", data_encoding::HEXLOWER.encode(&bytes)))
}

fn print_list(printer: &Printer, tickets: &Value) {
    let rows: Vec<Vec<String>> = tickets
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|ticket| {
            ["ref", "status", "priority", "team", "owner"]
                .iter()
                .map(|key| cell(&ticket[*key]))
                .chain([cell(&ticket["requester"]["address"]), cell(&ticket["subject"])])
                .collect()
        })
        .collect();
    if rows.is_empty() {
        printer.hint("no tickets");
        return;
    }
    printer.table(&["REF", "STATUS", "PRIORITY", "TEAM", "OWNER", "REQUESTER", "SUBJECT"], &rows);
}

fn print_ticket(printer: &Printer, ticket: &Value) {
    printer.line(&printer.paint(Style::Bold, &format!("{}  {}", cell(&ticket["ref"]), cell(&ticket["subject"]))));
    let requester = &ticket["requester"];
    let proven = if requester["proven"] == true { "proven" } else { "not proven" };
    let facts = [
        ("requester", format!("{} <{}> ({proven})", cell(&requester["name"]), cell(&requester["address"]))),
        ("status", cell(&ticket["status"])),
        ("type", cell(&ticket["type"])),
        ("inbox", cell(&ticket["inbox"])),
        ("team", format!("{}, owner {}", cell(&ticket["team"]), cell(&ticket["owner"]))),
        ("priority", cell(&ticket["priority"])),
        ("due", cell(&ticket["clocks"]["first_response"]["due_at"])),
        (
            "missing",
            ticket["missing"].as_array().map_or_else(String::new, |ids| ids.iter().map(cell).collect::<Vec<_>>().join(", ")),
        ),
        ("hold", cell(&ticket["hold"])),
    ];
    for (name, value) in facts {
        if !value.is_empty() && value != "-" {
            printer.line(&format!("{name:<10} {value}"));
        }
    }
    if let Some(fields) = ticket["fields"].as_object() {
        for (id, field) in fields {
            printer.line(&format!("{id:<10} {} ({})", cell(&field["value"]), cell(&field["from"])));
        }
    }
    for message in ticket["messages"].as_array().map_or(&[][..], Vec::as_slice) {
        let mark = if message["held"] == true {
            " (held)"
        } else if message["unproven"] == true {
            " (sender not proven)"
        } else {
            ""
        };
        let head = format!("── {} {} {}{mark}", cell(&message["at"]), cell(&message["direction"]), cell(&message["from"]));
        printer.line("");
        printer.line(&printer.paint(Style::Dim, &head));
        printer.line(cell(&message["text"]).trim_end());
        for file in message["attachments"].as_array().map_or(&[][..], Vec::as_slice) {
            printer.line(&format!("  [{} {} bytes]", cell(&file["name"]), cell(&file["bytes"])));
        }
    }
    printer.line("");
    for entry in ticket["history"].as_array().map_or(&[][..], Vec::as_slice) {
        let rule = entry["rule"]["line"].as_u64().map_or_else(String::new, |line| format!(" (line {line})"));
        let text =
            format!("{} {} by {}: {}{rule}", cell(&entry["at"]), cell(&entry["kind"]), cell(&entry["by"]), cell(&entry["what"]));
        printer.line(&printer.paint(Style::Dim, &text));
    }
}

/// The words of a command: the same as in mail, with or without `#`.
///
/// # Errors
/// What is wrong with them, with the nearest command.
pub fn read_command(words: &[String]) -> Result<Command, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let (verb, rest) = words.split_first().ok_or_else(|| usage(format!("say what to do: {}", VERBS.join(", "))))?;
    let verb = verb.trim_start_matches('#').trim_end_matches(':').to_lowercase();
    let text = rest.join(" ");
    let first = || rest.first().map(String::as_str).ok_or_else(|| usage(format!("`{verb}` needs a word more")));
    Ok(match verb.as_str() {
        "reply" => Command::Reply { text },
        "note" => Command::Note { text },
        "take" => Command::Take,
        "assign" => Command::Assign { to: read_assignee(first()?) },
        "close" => Command::Close(Closing { reason: (!text.is_empty()).then_some(text), ..Closing::default() }),
        "reopen" => Command::Reopen,
        "priority" => {
            let word = first()?.to_lowercase();
            let known = Priority::ALL.into_iter().find(|priority| priority.as_str() == word);
            let priority =
                known.ok_or_else(|| usage(format!("`{word}` is no priority; there are: low, normal, high, urgent")))?;
            Command::SetPriority { priority }
        }
        "tag" => {
            let (remove, add): (Vec<&String>, Vec<&String>) = rest.iter().partition(|word| word.starts_with('-'));
            let bare = |word: &&String| word.trim_start_matches(['+', '-']).to_owned();
            Command::Tag { add: add.iter().map(bare).collect(), remove: remove.iter().map(bare).collect() }
        }
        "set" => {
            let (field, value) = text.split_once('=').ok_or_else(|| usage("write `set field=value`".to_owned()))?;
            Command::Set { field: FieldId(field.trim().to_owned()), value: value.trim().to_owned() }
        }
        unknown => return Err(usage(unknown_verb(unknown))),
    })
}

fn unknown_verb(verb: &str) -> String {
    let distance = |known: &str| strsim::damerau_levenshtein(known, verb);
    match VERBS.into_iter().min_by_key(|known| distance(known)).filter(|known| distance(known) <= 2) {
        Some(nearest) => format!("there is no command `{verb}`; `{nearest}` is close"),
        None => format!("there is no command `{verb}`; there are: {}", VERBS.join(", ")),
    }
}

fn read_assignee(word: &str) -> Assignee {
    match word.strip_prefix("team:") {
        Some(team) => Assignee::Team(TeamName(team.to_owned())),
        None if word == "none" => Assignee::Nobody,
        None => Assignee::Agent(AgentName(word.trim_start_matches('@').to_owned())),
    }
}
