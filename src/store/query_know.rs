//! Questions to the state about known issues and days, shared by every store.

use std::collections::BTreeMap;

use desk::issue::IssueState;
use desk::{EventId, TicketNo};

use super::kv::{Read, Scan};
use super::record::unpack;
use super::{StoreError, key};

pub(crate) fn issues(state: &dyn Read) -> Result<BTreeMap<String, IssueState>, StoreError> {
    let mut found = BTreeMap::new();
    for (issue_key, value) in state.scan(&Scan::prefix(key::ISSUES))? {
        let id = String::from_utf8_lossy(&issue_key[key::ISSUES.len()..]).into_owned();
        found.insert(id, unpack(&value)?);
    }
    Ok(found)
}

pub(crate) fn issue_tickets(state: &dyn Read, id: &str) -> Result<Vec<TicketNo>, StoreError> {
    let keys = state.scan(&Scan::prefix(&key::issue_ticket(id, None)))?;
    Ok(keys.into_iter().map(|(key, _)| TicketNo(key::last_u64(&key))).collect())
}

pub(crate) fn errands(state: &dyn Read, limit: usize) -> Result<Vec<(EventId, TicketNo)>, StoreError> {
    let keys = state.scan(&Scan::prefix(key::ERRANDS).limit(limit))?;
    let read = |stored: &[u8]| {
        let event = stored.get(key::ERRANDS.len()..)?.first_chunk().copied()?;
        Some((EventId(event), TicketNo(key::last_u64(stored))))
    };
    Ok(keys.iter().filter_map(|(key, _)| read(key)).collect())
}

pub(crate) fn mails_of_days(state: &dyn Read, from: i64, until: i64) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut sum = BTreeMap::new();
    let days = Scan { from: key::day(from), until: key::day(until), reverse: false, limit: usize::MAX };
    for (_, value) in state.scan(&days)? {
        for (outcome, count) in unpack::<BTreeMap<String, u64>>(&value)? {
            *sum.entry(outcome).or_default() += count;
        }
    }
    Ok(sum)
}
