//! `frontdesk held list|show|release|discard`.

use serde_json::Value;

use super::{ask, cell};
use crate::cli::args::{Common, HeldVerb};
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::Request;

/// Does it.
///
/// # Errors
/// As [`ask`].
pub fn held(common: &Common, verb: &HeldVerb, printer: &Printer) -> Result<Exit, Failure> {
    match verb {
        HeldVerb::List => list(printer, &ask(common, printer, Request::HeldList)?),
        HeldVerb::Show { id } => show(printer, &ask(common, printer, Request::HeldShow { id: id.clone() })?),
        HeldVerb::Release { id } | HeldVerb::Discard { id } => {
            let release = matches!(verb, HeldVerb::Release { .. });
            if printer.dry_run {
                show(printer, &ask(common, printer, Request::HeldShow { id: id.clone() })?);
                return Ok(Exit::Good);
            }
            let done = ask(common, printer, Request::HeldDecide { id: id.clone(), release })?;
            if printer.json {
                printer.value(&done);
            } else if release {
                printer.line(&format!("let in: {}", cell(&done["ticket"])));
            } else {
                printer.line("put away; its bytes stay kept");
            }
        }
    }
    Ok(Exit::Good)
}

fn list(printer: &Printer, items: &Value) {
    if printer.json {
        printer.value(items);
        return;
    }
    let items = items.as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        printer.hint("nothing waits for a person");
        return;
    }
    let short = |item: &Value| cell(&item["id"]).chars().take(8).collect::<String>();
    let keys = ["at", "ticket", "from", "why", "subject"];
    let rows: Vec<Vec<String>> =
        items.iter().map(|item| [short(item)].into_iter().chain(keys.iter().map(|key| cell(&item[*key]))).collect()).collect();
    printer.table(&["ID", "SINCE", "TICKET", "FROM", "WHY", "SUBJECT"], &rows);
}

fn show(printer: &Printer, item: &Value) {
    if printer.json {
        printer.value(item);
        return;
    }
    for key in ["id", "at", "ticket", "from", "subject", "why"] {
        printer.line(&format!("{key:<8} {}", cell(&item[key])));
    }
    if let Some(text) = item["message"]["text"].as_str() {
        printer.line("");
        printer.line(text.trim_end());
    }
}
