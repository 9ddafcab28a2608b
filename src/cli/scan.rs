//! The first scan of mailboxes, on the terminal in which the daemon was started.
//!
//! Elsewhere `status` and the status line of the service manager show it.

use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::sync::watch;

use crate::cli::output::Printer;
use crate::cli::run::Daemon;

/// Often enough to look alive, seldom enough to cost nothing.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Shows a bar for as long as a scan runs, and again for a later one (a changed UIDVALIDITY, another inbox after a
/// reload). Lines of the log may pass above it: the bar is drawn anew below them. Returns once `stop` turns true, or at
/// once where there is no terminal.
pub(super) async fn show(daemon: Arc<Daemon>, printer: Printer, mut stop: watch::Receiver<bool>) {
    if printer.progress("").is_hidden() {
        return;
    }
    let mut shown: Option<ProgressBar> = None;
    loop {
        match daemon.scan() {
            Some(scan) => {
                let bar = shown.get_or_insert_with(|| printer.progress("reading mail that is already there"));
                bar.set_length(scan.total);
                bar.set_position(scan.done);
            }
            None => clear(shown.take()),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    clear(shown);
}

fn clear(bar: Option<ProgressBar>) {
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}
