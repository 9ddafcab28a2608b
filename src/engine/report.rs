//! The report from a store: tickets are read one by one, those that cannot stand in it without their events.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use desk::report::{Besides, Case, Report, Scope, compute};
use desk::{Policy, TicketNo};

use crate::store::{Store, StoreError};

/// Cases that wait to be counted; reading them is the slow part, so few do.
const CASES_MAX: usize = 256;
/// Threads that read cases: one for each processor, and no more than help.
const READERS_MAX: usize = 8;

/// Makes a report. Reads only, so that it may run beside the writer; it can take seconds on a large store.
///
/// # Errors
/// [`StoreError`] if the events of a ticket cannot be read.
pub fn report(store: &Arc<dyn Store>, policy: &Policy, scope: &Scope) -> Result<Report, StoreError> {
    let day = |at: jiff::Timestamp| at.as_second().div_euclid(86_400);
    let held = store.held().len() as u64;
    let besides = Besides { mails: store.mails_of_days(day(scope.from), day(scope.until).max(day(scope.from) + 1)), held };
    let readers = std::thread::available_parallelism().map_or(1, usize::from).min(READERS_MAX);
    let (found, cases) = sync_channel(CASES_MAX);
    let mut failed = None;
    let report = std::thread::scope(|threads| {
        for first in 0..readers {
            let found = found.clone();
            threads.spawn(move || read(store, scope, (first, readers), &found));
        }
        drop(found);
        // After a failure the readers find nobody who listens, and end.
        let good = cases.into_iter().map_while(|case| case.map_err(|error| failed = Some(error)).ok());
        compute(policy, scope, good, &besides)
    });
    failed.map_or(Ok(report), Err)
}

/// Reads every so-many-th ticket, beginning with one, until nobody listens any more.
fn read(store: &Arc<dyn Store>, scope: &Scope, (first, every): (usize, usize), found: &SyncSender<Result<Case, StoreError>>) {
    for no in (1..store.next_ticket().0).skip(first).step_by(every) {
        let Some(ticket) = store.ticket(TicketNo(no)).filter(|ticket| scope.concerns(ticket)) else { continue };
        let case = store.glances(ticket.no).map(|events| Case { ticket, events });
        if found.send(case).is_err() {
            return;
        }
    }
}
