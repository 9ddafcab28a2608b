//! `frontdesk ticket list|show|act`.

use clap::CommandFactory as _;
use serde_json::Value;

use super::{ask, cell};
use crate::cli::args::{ActArgs, Args, Common, TicketVerb};
use crate::cli::output::{Exit, Failure, Printer, Style};
use crate::cli::service::Request;

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
    let options = options();
    if let Some(option) = act.command.iter().find(|word| options.contains(word)) {
        let message =
            format!("`{option}` is an option and goes before the reference: frontdesk ticket act {option} … {} …", act.ticket);
        return Err(Failure::new(Exit::Usage, message));
    }
    // Said before anything is asked, so that a typing mistake needs no daemon.
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

/// The options that the verb takes, as they are typed. Nobody writes one to a customer: among the words of a command it was
/// meant for us.
fn options() -> Vec<String> {
    let mut program = Args::command();
    // Hands down the options that all verbs take.
    program.build();
    let act = program.find_subcommand("ticket").and_then(|ticket| ticket.find_subcommand("act"));
    let arguments = act.into_iter().flat_map(clap::Command::get_arguments);
    arguments.filter_map(|argument| Some(format!("--{}", argument.get_long()?))).collect()
}

/// An identity for a request that was given none.
///
/// # Errors
/// The machine gives no random bytes.
pub fn unique_request() -> Result<String, Failure> {
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
        ("issue", cell(&ticket["known_issue"])),
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
    for (place, message) in ticket["messages"].as_array().into_iter().flatten().enumerate() {
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
        let text = cell(&message["text"]);
        printer.line(text.trim_end());
        // What the mail that opened the ticket quotes or forwards stands nowhere else; nor does what comes without own words.
        let cut = cell(&message["cut"]);
        if message["direction"] == "in" && (place == 0 || text.trim().is_empty()) && !cut.trim().is_empty() {
            printer.line("");
            cut.trim_end().lines().for_each(|line| printer.line(&printer.paint(Style::Dim, &format!("  {line}"))));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_verb_and_of_all_verbs_are_known() {
        let options = options();
        for option in ["--as", "--request", "--config", "--json", "--no-color", "--quiet", "--dry-run", "--help"] {
            assert!(options.contains(&option.to_owned()), "{option} is not among {options:?}");
        }
    }
}
