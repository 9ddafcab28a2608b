//! `frontdesk check`: everything that is wrong with the configuration, at once.

use super::{setup, test};
use crate::cli::args::{CheckArgs, Common};
use crate::cli::online;
use crate::cli::output::{Exit, Failure, Printer, Style};

/// Does it.
///
/// # Errors
/// The configuration cannot be used, or, with `--online`, an account cannot be logged in to.
pub fn check(common: &Common, options: &CheckArgs, printer: &Printer) -> Result<Exit, Failure> {
    let path = setup::config_path(common)?;
    let setup = setup::load(&path, printer, "Nothing was changed.")?;
    let warnings = setup::warnings(&setup.findings);
    let failed = test::failing(&setup);
    if printer.json {
        let findings = serde_json::to_value(&setup.findings).unwrap_or_default();
        printer.value(&serde_json::json!({ "findings": findings, "failed_tests": failed, "config": setup.hash }));
    } else {
        for finding in &setup.findings {
            printer.line(finding.render(printer.has_colors()).trim_end());
        }
        for line in &failed {
            printer.line(line);
        }
    }
    let refused = if options.online { online::log_in_everywhere(&setup, &path, printer)? } else { 0 };
    if !printer.json && failed.is_empty() && refused == 0 {
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let (found, tests) = (plural(warnings, "warning"), plural(setup.config.tests.len(), "test"));
        let tests = if setup.config.tests.is_empty() { "no tests".to_owned() } else { format!("{tests} passed") };
        let text = format!("{} is good: {found}, {tests}", path.display());
        printer.line(&printer.paint(Style::Green, &text));
    }
    let is_denied = options.deny.is_some() && warnings > 0;
    Ok(match (refused, failed.is_empty() && !is_denied) {
        (0, true) => Exit::Good,
        (0, false) => Exit::Findings,
        _ => Exit::Failed,
    })
}
