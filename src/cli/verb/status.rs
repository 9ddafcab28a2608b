//! `frontdesk status`.

use serde_json::Value;

use super::{ask, cell};
use crate::cli::args::{Common, StatusArgs};
use crate::cli::output::{Exit, Failure, Printer, Style};
use crate::cli::service::Request;

/// Does it.
///
/// # Errors
/// As [`ask`].
pub fn status(common: &Common, options: &StatusArgs, printer: &Printer) -> Result<Exit, Failure> {
    if options.reset_breaker && !printer.dry_run {
        ask(common, printer, Request::BreakerReset)?;
    }
    let status = ask(common, printer, Request::Status)?;
    if printer.json {
        printer.value(&status);
    } else {
        print(printer, &status);
    }
    Ok(Exit::Good)
}

fn print(printer: &Printer, status: &Value) {
    match status["started_at"].as_str() {
        Some(since) => printer.line(&format!(
            "running since {since}, config {}, version {}",
            cell(&status["config"]),
            cell(&status["version"])
        )),
        None => printer.line(&printer.paint(Style::Yellow, "not running")),
    }
    for inbox in list(&status["inboxes"]) {
        let word = if inbox["live"] == true {
            printer.paint(Style::Green, "live")
        } else {
            printer.paint(Style::Red, &cell(&inbox["phase"]))
        };
        let progress = inbox["progress"]
            .as_object()
            .map_or_else(String::new, |progress| format!("  scanning {}/{}", cell(&progress["done"]), cell(&progress["total"])));
        printer.line(&format!("inbox {}: {word}, {} settled{progress}", cell(&inbox["name"]), cell(&inbox["settled"])));
        for key in ["error", "filing_error"] {
            if let Some(error) = inbox[key].as_str() {
                printer.line(&format!("  {}", printer.paint(Style::Red, error)));
            }
        }
    }
    for account in list(&status["accounts"]) {
        printer.line(&format!(
            "sending {}: {}, {} accepted",
            cell(&account["name"]),
            cell(&account["state"]),
            cell(&account["accepted"])
        ));
        if let Some(error) = account["error"].as_str() {
            printer.line(&format!("  {}", printer.paint(Style::Red, error)));
        }
    }
    let tickets = ["new", "open", "pending", "on_hold", "solved", "closed"];
    let counts: Vec<String> =
        tickets.iter().map(|word| format!("{} {}", cell(&status["tickets"][*word]), word.replace('_', " "))).collect();
    printer.line(&format!("tickets: {}", counts.join(", ")));
    printer.line(&format!("held {}, outbox {}", cell(&status["held"]), cell(&status["outbox"])));
    if let Some(reason) = status["breaker"].as_str() {
        let text = format!("automatic mail has stopped: {reason}; `frontdesk status --reset-breaker` lets it go again");
        printer.line(&printer.paint(Style::Red, &text));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
