//! `frontdesk backup create|verify|restore`.

use super::configured_store;
use crate::cli::args::{BackupVerb, Common};
use crate::cli::output::{Exit, Failure, Printer};
use crate::store::backup as copy;

/// Does it. `create` works while the daemon runs; `restore` needs an empty store.
///
/// # Errors
/// The copy is damaged, the target is not empty, or the disk fails.
pub fn backup(common: &Common, verb: &BackupVerb, printer: &Printer) -> Result<Exit, Failure> {
    let bar = printer.progress("copying");
    let mut progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let (word, dir) = match verb {
        BackupVerb::Create { dir } => ("created", dir),
        BackupVerb::Verify { dir } => ("whole", dir),
        BackupVerb::Restore { dir } => ("restored", dir),
    };
    if printer.dry_run && !matches!(verb, BackupVerb::Verify { .. }) {
        let store = configured_store(common, printer)?;
        printer.line(&format!("would copy between {} and {}", store.display(), dir.display()));
        return Ok(Exit::Good);
    }
    match verb {
        BackupVerb::Create { dir } => copy::create(&configured_store(common, printer)?, dir, &mut progress)?,
        BackupVerb::Verify { dir } => copy::verify(dir, &mut progress)?,
        BackupVerb::Restore { dir } => copy::restore(dir, &configured_store(common, printer)?, &mut progress)?,
    };
    bar.finish_and_clear();
    if printer.json {
        printer.value(&serde_json::json!({ "backup": dir, "result": word }));
    } else {
        printer.line(&format!("{}: {word}", dir.display()));
    }
    if matches!(verb, BackupVerb::Restore { .. }) {
        printer.hint("mail that had not left is held: look at `frontdesk outbox list`, then `frontdesk outbox retry`");
    }
    Ok(Exit::Good)
}
