//! `frontdesk explain`: why a mail is, or was, decided as it is.

use serde_json::Value;

use super::{ask, cell, setup};
use crate::cli::args::{Common, ExplainArgs};
use crate::cli::output::{Exit, Failure, Printer, Style};
use crate::cli::service::Request;
use crate::cli::trial::{Trial, compose};
use crate::cli::view;
use crate::config::InlineMail;

/// Does it: a reference is asked of the desk, a file or a made-up mail is decided on a store that forgets.
///
/// # Errors
/// The configuration or the mail cannot be used.
pub fn explain(common: &Common, options: &ExplainArgs, printer: &Printer) -> Result<Exit, Failure> {
    let is_file = options.what.as_ref().is_some_and(|what| what == "-" || std::path::Path::new(what).exists());
    if let Some(path) = options.what.as_ref().filter(|what| !is_file && what.contains(['.', '/'])) {
        return Err(Failure::new(Exit::BadInput, format!("there is no file `{path}`")));
    }
    if let Some(reference) = options.what.as_ref().filter(|_| !is_file) {
        let shown = ask(common, printer, Request::Explain { ticket: reference.clone() })?;
        if printer.json {
            printer.value(&shown);
        } else {
            for (at, decision) in shown.as_array().map_or(&[][..], Vec::as_slice).iter().enumerate() {
                if at > 0 {
                    printer.line("");
                }
                print(printer, decision);
            }
        }
        return Ok(Exit::Good);
    }
    let setup = setup::load(&setup::config_path(common)?, printer, "Nothing was decided.")?;
    let mut trial = Trial::new(&setup)?;
    let decided = match &options.what {
        Some(file) => {
            let raw =
                if file == "-" { std::io::read_to_string(std::io::stdin()).map(String::into_bytes) } else { std::fs::read(file) };
            let raw = raw.map_err(|error| Failure::new(Exit::BadInput, format!("{file}: {error}")))?;
            trial.raw(&raw, None)?
        }
        None => {
            let to =
                options.to.clone().or_else(|| setup.live.policy.first_inbox(|_| true).map(|inbox| inbox.address.to_string()));
            let mail = InlineMail {
                from: options.from.clone().ok_or_else(|| {
                    Failure::new(Exit::Usage, "name a mail file, a reference, or --from with --subject and --text")
                })?,
                to: to.into_iter().collect(),
                subject: options.subject.clone().unwrap_or_default(),
                text: options.text.clone().unwrap_or_default(),
                authenticated: true,
                ..InlineMail::default()
            };
            trial.raw(&compose(&mail, None)?, Some(true))?
        }
    };
    let shown = view::explanation(&setup.live.policy, &decided);
    if printer.json {
        printer.value(&shown);
    } else {
        print(printer, &shown);
    }
    Ok(Exit::Good)
}

fn print(printer: &Printer, shown: &Value) {
    for line in shown["trace"].as_array().map_or(&[][..], Vec::as_slice) {
        let rule = match (line["rule"].as_str(), line["line"].as_u64()) {
            (Some(rule), Some(at)) => format!("  [{rule}, line {at}]"),
            (Some(rule), None) => format!("  [{rule}]"),
            (None, _) => String::new(),
        };
        let step = format!("{:<10}", cell(&line["step"]));
        printer.line(&format!(
            "{} {:<14} {}{rule}",
            printer.paint(Style::Bold, &step),
            cell(&line["outcome"]),
            cell(&line["detail"])
        ));
    }
    for send in shown["sends"].as_array().map_or(&[][..], Vec::as_slice) {
        printer.line(&format!("sends      {:<14} to {}: {}", cell(&send["kind"]), cell(&send["to"]), cell(&send["subject"])));
    }
}
