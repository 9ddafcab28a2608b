//! `frontdesk rebuild`: state from the journal.

use super::configured_store;
use crate::cli::args::{Common, RebuildArgs};
use crate::cli::output::{Exit, Failure, Printer};
use crate::store::{self, DiskStore, OpenOptions};

/// Does it. The daemon must not run: it has the store locked.
///
/// # Errors
/// The store is in use or damaged.
pub fn rebuild(common: &Common, options: &RebuildArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dir = configured_store(common, printer)?;
    let bar = printer.progress(if options.verify { "comparing" } else { "rebuilding" });
    let mut progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    if options.verify || printer.dry_run {
        let store = DiskStore::open(&dir, OpenOptions::default(), &mut |_, _| ())?;
        let found = store.verify(&mut progress)?;
        bar.finish_and_clear();
        if printer.json {
            printer.value(&serde_json::json!({ "records": found.records, "keys": found.keys, "differences": found.differences }));
        } else {
            printer.line(&format!("{} records, {} keys, {} differences", found.records, found.keys, found.differences.len()));
            for difference in &found.differences {
                printer.line(difference);
            }
        }
        return Ok(if found.differences.is_empty() { Exit::Good } else { Exit::Findings });
    }
    store::rebuild(&dir, OpenOptions::default(), &mut progress)?;
    bar.finish_and_clear();
    printer.line("the state was rebuilt from the journal");
    Ok(Exit::Good)
}
