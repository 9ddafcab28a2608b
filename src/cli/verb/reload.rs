//! `frontdesk reload`: the daemon checks and tests the file, and keeps the old one if anything is wrong.

use super::{cell, configured_store, setup};
use crate::cli::args::Common;
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::Request;
use crate::cli::{control, run};

/// Does it.
///
/// # Errors
/// Everything that is wrong with the new file; or no daemon runs.
pub fn reload(common: &Common, printer: &Printer) -> Result<Exit, Failure> {
    // A file that does not even load is rendered here, with colours; the daemon would say the same.
    setup::load(&setup::config_path(common)?, printer, "The running configuration was kept.")?;
    let dir = configured_store(common, printer)?;
    let answer = run::runtime()?.block_on(control::ask(&dir, &Request::Reload));
    let done =
        answer.unwrap_or_else(|| Err(Failure::new(Exit::Unavailable, "no daemon runs; start one with `frontdesk run`")))?;
    if printer.json {
        printer.value(&done);
        return Ok(Exit::Good);
    }
    let changes = done["changes"].as_array().map_or(&[][..], Vec::as_slice);
    if changes.is_empty() {
        printer.line("nothing has changed");
    }
    for change in changes {
        printer.line(&cell(change));
    }
    Ok(Exit::Good)
}
