//! The command line: one file per verb, and the wiring of the daemon in [`run`].
//!
//! A verb that reads or changes the desk asks the running daemon over its control socket; where none runs it opens the
//! store itself and does the very same thing ([`service`]).

mod alarm;
pub mod args;
pub mod control;
mod figures;
mod files;
pub mod online;
pub mod output;
pub mod run;
mod scan;
pub mod service;
mod service_report;
pub mod setup;
pub mod trial;
pub mod verb;
pub mod view;
pub mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

use crate::telemetry::{self, LogForm, LogSettings};

pub use args::Args;
pub use output::{Exit, Failure, Printer};

/// Sets up the log of a process that runs on.
///
/// # Errors
/// The filter in the environment cannot be read.
pub fn start_log(common: &args::Common, printer: &Printer) -> Result<(), Failure> {
    let form = if common.json { LogForm::Json } else { LogForm::Text };
    let settings = LogSettings::from_environment(common.quiet, form);
    let lines = printer.log();
    telemetry::init_to(&settings, move || lines.clone()).map_err(|error| Failure::from_error(Exit::Usage, &error))
}

/// Parses the command line, does what it says, prints what went wrong.
#[must_use]
pub fn main() -> ExitCode {
    // The child that reads dangerous mail is no verb for people: it must start fast and touch nothing.
    let mut words = std::env::args();
    if words.nth(1).as_deref() == Some(crate::engine::child::CHILD_VERB) {
        return match crate::engine::child::serve(&words.collect::<Vec<_>>()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let is_answer = !error.use_stderr();
            // Nothing is left to do if even this cannot be printed.
            drop(error.print());
            return ExitCode::from(if is_answer { Exit::Good as u8 } else { Exit::Usage as u8 });
        }
    };
    let printer = Printer::new(&args.common);
    match verb::dispatch(&args, &printer) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            printer.failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}
