//! `frontdesk report`.

use desk::knowledge::Every;
use desk::report::Report;
use desk::{report_html, report_text};
use jiff::tz::TimeZone;

use super::ask;
use crate::cli::args::{Common, ReportArgs};
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::{ReportRequest, Request};

/// Does it.
///
/// # Errors
/// As [`ask`].
pub fn report(common: &Common, options: &ReportArgs, printer: &Printer) -> Result<Exit, Failure> {
    let every = if options.month { Every::Month } else { Every::Week };
    let mail = options.mail.as_ref().map(|to| to.clone().unwrap_or_default());
    let request = ReportRequest {
        every,
        since: options.since.clone(),
        team: options.team.clone(),
        mail: if printer.dry_run { None } else { mail.clone() },
        request: super::ticket::unique_request()?,
    };
    let answer = ask(common, printer, Request::Report(request))?;
    if let Some(to) = answer["mailed"].as_array() {
        let to: Vec<String> = to.iter().map(super::cell).collect();
        printer.line(&format!("sent to {}", to.join(", ")));
        return Ok(Exit::Good);
    }
    let report: Report = serde_json::from_value(answer["report"].clone())
        .map_err(|error| Failure::new(Exit::Failed, format!("the report cannot be read: {error}")))?;
    let zone = answer["timezone"].as_str().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    if printer.json {
        printer.value(&answer["report"]);
    } else if options.csv {
        printer.text(&report_text::csv(&report));
    } else if options.html {
        printer.text(&report_html::html(&report, answer["company"].as_str().unwrap_or_default(), &zone));
    } else {
        if mail.is_some() {
            printer.hint("this would be sent");
        }
        printer.text(&report_text::text(&report, &zone));
    }
    Ok(Exit::Good)
}
