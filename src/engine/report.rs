//! The report from a store: tickets are read one by one, those that cannot stand in it without their events.

use std::sync::Arc;

use desk::report::{Besides, Case, Report, Scope, compute};
use desk::{Policy, TicketNo};

use crate::store::{Store, StoreError};

/// Makes a report. Reads only, so that it may run beside the writer; it can take seconds on a large store.
///
/// # Errors
/// [`StoreError`] if the events of a ticket cannot be read.
pub fn report(store: &Arc<dyn Store>, policy: &Policy, scope: &Scope) -> Result<Report, StoreError> {
    let day = |at: jiff::Timestamp| at.as_second().div_euclid(86_400);
    let held = store.held().len() as u64;
    let besides = Besides { mails: store.mails_of_days(day(scope.from), day(scope.until).max(day(scope.from) + 1)), held };
    let end = store.next_ticket();
    let mut failed = None;
    let cases = (1..end.0).map_while(|no| {
        if failed.is_some() {
            return None;
        }
        let ticket = store.ticket(TicketNo(no)).filter(|ticket| scope.concerns(ticket));
        Some(ticket.and_then(|ticket| match store.glances(ticket.no) {
            Ok(events) => Some(Case { ticket, events }),
            Err(error) => {
                failed = Some(error);
                None
            }
        }))
    });
    let report = compute(policy, scope, cases.flatten(), &besides);
    failed.map_or(Ok(report), Err)
}
