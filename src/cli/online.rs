//! `check --online`: logs in to every account, in and out.

use std::path::Path;
use std::time::Duration;

use crate::cli::output::{Failure, Printer, Style};
use crate::cli::setup::Setup;
use crate::cli::{run, wiring};

/// How long one account may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Logs in everywhere and says how it went. Returns how many logins failed.
///
/// # Errors
/// The machine gives no threads.
pub fn log_in_everywhere(setup: &Setup, path: &Path, printer: &Printer) -> Result<usize, Failure> {
    run::runtime()?.block_on(async {
        let mut failed = 0;
        for (what, attempt) in wiring::logins(setup, path) {
            let result = match tokio::time::timeout(PATIENCE, attempt).await {
                Ok(result) => result,
                Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
            };
            match result {
                Ok(()) => printer.line(&format!("{} {what}", printer.paint(Style::Green, "good  "))),
                Err(why) => {
                    failed += 1;
                    printer.line(&format!("{} {what}: {why}", printer.paint(Style::Red, "FAILED")));
                }
            }
        }
        Ok(failed)
    })
}
