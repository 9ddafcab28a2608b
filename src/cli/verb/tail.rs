//! `frontdesk tail`: follow what happens.

use std::time::Duration;

use serde_json::Value;

use super::{cell, configured_store};
use crate::cli::args::{Common, TailArgs};
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::Request;
use crate::cli::{control, run};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Events of one look.
const EVENTS_MAX: usize = 500;

/// Does it, until Ctrl-C.
///
/// # Errors
/// No daemon runs, or it ends.
pub fn tail(common: &Common, options: &TailArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dir = configured_store(common, printer)?;
    run::runtime()?.block_on(async {
        let mut after = None;
        let mut limit = options.lines;
        loop {
            let answer = control::ask(&dir, &Request::Events { after, limit }).await;
            let events = answer
                .unwrap_or_else(|| Err(Failure::new(Exit::Unavailable, "no daemon runs; start one with `frontdesk run`")))?;
            let events = events.as_array().map_or(&[][..], Vec::as_slice);
            for event in events {
                print(printer, event);
            }
            after = events.last().and_then(|event| event["seq"].as_u64()).or(after).or(Some(0));
            limit = EVENTS_MAX;
            if options.no_follow {
                return Ok(Exit::Good);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
}

fn print(printer: &Printer, event: &Value) {
    if printer.json {
        printer.value(event);
        return;
    }
    let head = format!("{} {:<10} {}", cell(&event["at"]), cell(&event["outcome"]), cell(&event["ticket"]));
    let lines = event["history"].as_array().map_or(&[][..], Vec::as_slice);
    if lines.is_empty() {
        printer.line(&head);
    }
    for line in lines {
        printer.line(&format!("{head}  {} by {}: {}", cell(&line["kind"]), cell(&line["by"]), cell(&line["what"])));
    }
}
