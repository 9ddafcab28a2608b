//! What a decision changes of known issues, errands and days. See [`super::fold`].

use std::collections::BTreeMap;

use desk::{Ticket, TicketNo};

use super::fold::Draft;
use super::kv::Scan;
use super::{Cause, Decided, StoreError, key};

/// The index of tickets by known issue says what the ticket says.
pub(super) fn index_issue(draft: &mut Draft<'_>, before: Option<&Ticket>, after: &Ticket) {
    let before = before.and_then(|ticket| ticket.known_issue.as_ref());
    if before == after.known_issue.as_ref() {
        return;
    }
    if let Some(gone) = before {
        draft.remove(key::issue_ticket(gone, Some(after.no)));
    }
    if let Some(id) = &after.known_issue {
        draft.put_bytes(key::issue_ticket(id, Some(after.no)), Vec::new());
    }
}

/// Every ticket of an issue has still to hear of it: one errand each, those that this very decision has joined among them.
pub(super) fn broadcast(draft: &mut Draft<'_>, decided: &Decided, issue: &str) -> Result<(), StoreError> {
    let prefix = key::issue_ticket(issue, None);
    let stored = draft.reads.scan(&Scan::prefix(&prefix))?.into_iter().map(|(key, _)| key);
    let mut found: BTreeMap<Vec<u8>, bool> = stored.map(|key| (key, true)).collect();
    let written = draft.writes.iter().filter(|(key, _)| key.starts_with(&prefix));
    found.extend(written.map(|(key, value)| (key.clone(), value.is_some())));
    for (key, _) in found.into_iter().filter(|(_, is_there)| *is_there) {
        draft.put_bytes(key::errand(decided.event, TicketNo(key::last_u64(&key))), Vec::new());
    }
    Ok(())
}

/// Counts a mail by outcome and day, and takes an errand off the list that was done.
pub(super) fn note_cause(draft: &mut Draft<'_>, decided: &Decided) -> Result<(), StoreError> {
    match &decided.cause {
        Cause::Errand { of, ticket } => draft.remove(key::errand(*of, *ticket)),
        Cause::Mail { .. } => {
            let day_key = key::day(decided.at.as_second().div_euclid(86_400));
            let mut counts: BTreeMap<String, u64> = draft.get(&day_key)?.unwrap_or_default();
            *counts.entry(decided.decision.outcome.as_str().to_owned()).or_default() += 1;
            draft.put(day_key, &counts)?;
        }
        Cause::Request | Cause::Timer { .. } | Cause::Delivery => {}
    }
    Ok(())
}
