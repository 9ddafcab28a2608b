//! `frontdesk outbox list|retry|hold|drop`.

use serde_json::Value;

use super::{ask, cell};
use crate::cli::args::{Common, OutboxVerb};
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::{OutboxChange, Request};

/// Does it.
///
/// # Errors
/// As [`ask`].
pub fn outbox(common: &Common, verb: &OutboxVerb, printer: &Printer) -> Result<Exit, Failure> {
    let (change, ids) = match verb {
        OutboxVerb::List { all } => {
            let rows = ask(common, printer, Request::OutboxList { all: *all })?;
            print(printer, &rows);
            return Ok(Exit::Good);
        }
        OutboxVerb::Retry { ids } => (OutboxChange::Retry, ids),
        OutboxVerb::Hold { ids } => (OutboxChange::Hold, ids),
        OutboxVerb::Drop { ids } => (OutboxChange::Drop, ids),
    };
    if printer.dry_run {
        printer.line("would change:");
        print(printer, &ask(common, printer, Request::OutboxList { all: false })?);
        return Ok(Exit::Good);
    }
    let done = ask(common, printer, Request::OutboxChange { change, ids: ids.clone() })?;
    let changed = done["changed"].as_array().map_or(0, Vec::len);
    if printer.json {
        printer.value(&done);
    } else {
        printer.line(&format!("{changed} changed"));
    }
    Ok(if changed < ids.len() { Exit::Partly } else { Exit::Good })
}

fn print(printer: &Printer, rows: &Value) {
    if printer.json {
        printer.value(rows);
        return;
    }
    let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
    if rows.is_empty() {
        printer.hint("nothing waits to leave");
        return;
    }
    let keys = ["id", "ticket", "kind", "state", "attempts", "next_at", "to", "reply"];
    let cells: Vec<Vec<String>> = rows.iter().map(|row| keys.iter().map(|key| cell(&row[*key])).collect()).collect();
    printer.table(&["ID", "TICKET", "KIND", "STATE", "TRIES", "NEXT", "TO", "REPLY"], &cells);
}
