//! Questions to the state, shared by every store.

use std::collections::BTreeMap;

use desk::effect::OutboxRow;
use desk::event::{AgentState, ContactFacts, Duplicate};
use desk::{AgentName, EffectId, EventId, Ticket, TicketNo, TimerKind};
use jiff::Timestamp;
use mail::MessageId;
use serde::de::DeserializeOwned;

use super::fold::{MINUTE_BUCKETS_MAX, hour, minute, status_code};
use super::kv::{Read, Scan};
use super::record::{
    AgentRow, BudgetRow, ContentRow, Figures, Location, MailboxRow, RangeRow, SuppressedRow, TicketRow, outcome_name, unpack,
};
use super::{BudgetKey, ContentKeys, Cursor, HeldItem, MailboxKey, OutcomeSpan, StoreError, TicketFilter, key};

/// Entries read at a time where the number of useful ones is not known before.
const PAGE: usize = 256;
/// Tickets that are looked through for those of one requester: the writer waits for it, some tenths of a second at most.
pub(crate) const OF_REQUESTER_MAX: usize = 10_000;

fn get<T: DeserializeOwned>(state: &dyn Read, key: &[u8]) -> Result<Option<T>, StoreError> {
    state.get(key)?.as_deref().map(unpack).transpose()
}

/// Walks a range page by page until `visit` says that it has enough.
fn walk(state: &dyn Read, scan: Scan, mut visit: impl FnMut(&[u8], &[u8]) -> Result<bool, StoreError>) -> Result<(), StoreError> {
    let mut scan = scan.limit(PAGE);
    loop {
        let page = state.scan(&scan)?;
        for (key, value) in &page {
            if !visit(key, value)? {
                return Ok(());
            }
        }
        let Some((last, _)) = page.last().filter(|_| page.len() == PAGE) else { return Ok(()) };
        if scan.reverse {
            scan.until.clone_from(last);
        } else {
            scan.from.clone_from(last);
            scan.from.push(0);
        }
    }
}

pub(crate) fn figures(state: &dyn Read) -> Result<Figures, StoreError> {
    Ok(get(state, key::FIGURES)?.unwrap_or_default())
}

pub(crate) fn ticket_row(state: &dyn Read, no: TicketNo) -> Result<Option<TicketRow>, StoreError> {
    get(state, &key::ticket(no))
}

pub(crate) fn tickets(state: &dyn Read, filter: &TicketFilter) -> Result<Vec<Ticket>, StoreError> {
    let limit = if filter.limit == 0 { usize::MAX } else { filter.limit };
    let looked_at = if filter.requester.is_some() { OF_REQUESTER_MAX } else { limit };
    let is_theirs =
        |ticket: &Ticket| filter.requester.as_ref().is_none_or(|requester| ticket.requester.address.folded() == *requester);
    let mut found = Vec::new();
    if filter.status.is_empty() {
        let mut seen = 0;
        walk(state, Scan::prefix(key::TICKETS).reversed(), |_, value| {
            found.extend(Some(unpack::<TicketRow>(value)?.ticket).filter(is_theirs));
            seen += 1;
            Ok(found.len() < limit && seen < looked_at)
        })?;
        return Ok(found);
    }
    // The index of statuses is walked instead of the tickets: one byte each, so closed ones cost nothing.
    let wanted: Vec<u8> = filter.status.iter().map(|status| status_code(*status)).collect();
    let mut numbers = Vec::new();
    walk(state, Scan::prefix(key::STATUS).reversed(), |block_key, block| {
        let first = key::last_u64(block_key) * key::STATUS_BLOCK;
        let matching = block.iter().enumerate().rev().filter(|(_, status)| wanted.contains(status));
        numbers.extend(matching.map(|(index, _)| TicketNo(first + index as u64)));
        Ok(numbers.len() < looked_at)
    })?;
    for no in numbers.into_iter().take(looked_at) {
        found.extend(ticket_row(state, no)?.map(|row| row.ticket).filter(is_theirs));
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// Places of all decisions about a ticket, oldest first.
pub(crate) fn history(state: &dyn Read, no: TicketNo) -> Result<Vec<Location>, StoreError> {
    let Some(row) = ticket_row(state, no)? else { return Ok(Vec::new()) };
    let mut places = Vec::new();
    for chunk in 0..row.chunks {
        places.extend(get::<Vec<Location>>(state, &key::history(no, chunk))?.unwrap_or_default());
    }
    places.extend(row.recent);
    Ok(places)
}

pub(crate) fn event(state: &dyn Read, id: EventId) -> Result<Option<Location>, StoreError> {
    get(state, &key::event(id))
}

pub(crate) fn by_message_id(state: &dyn Read, id: &MessageId) -> Result<Vec<TicketNo>, StoreError> {
    Ok(get::<Vec<u64>>(state, &key::message_id(id))?.unwrap_or_default().into_iter().map(TicketNo).collect())
}

pub(crate) fn by_content(state: &dyn Read, keys: &ContentKeys) -> Result<Option<Duplicate>, StoreError> {
    for (name, kind, hash) in [("K2", 2, keys.k2.as_ref()), ("K3", 3, Some(&keys.k3))] {
        let Some(hash) = hash else { continue };
        if let Some(row) = get::<ContentRow>(state, &key::content(kind, hash))? {
            return Ok(Some(Duplicate { key: name.to_owned(), ticket: row.ticket, event: row.event }));
        }
    }
    Ok(None)
}

pub(crate) fn contact(state: &dyn Read, address: &str) -> Result<ContactFacts, StoreError> {
    Ok(get(state, &key::contact(address))?.unwrap_or_default())
}

pub(crate) fn agents(state: &dyn Read) -> Result<BTreeMap<AgentName, (AgentState, u64)>, StoreError> {
    let mut found = BTreeMap::new();
    for (agent_key, value) in state.scan(&Scan::prefix(key::AGENTS))? {
        let row: AgentRow = unpack(&value)?;
        let name = String::from_utf8_lossy(&agent_key[key::AGENTS.len()..]).into_owned();
        found.insert(AgentName(name), (row.state, row.open));
    }
    Ok(found)
}

pub(crate) fn cursor(state: &dyn Read, mailbox: &MailboxKey) -> Result<Cursor, StoreError> {
    let row: MailboxRow = get(state, &key::mailbox(mailbox))?.unwrap_or_default();
    let mut to_file = Vec::new();
    if let Some(uid_validity) = row.uid_validity {
        for (block_key, bits) in state.scan(&Scan::prefix(&key::to_file(mailbox, uid_validity, None)))? {
            let first = key::last_u32(&block_key) * key::UID_BLOCK;
            let marked = |index: &u32| bits.get((index / 8) as usize).is_some_and(|byte| byte & (1 << (index % 8)) != 0);
            to_file.extend((0..key::UID_BLOCK).filter(marked).map(|index| first + index));
        }
    }
    Ok(Cursor { uid_validity: row.uid_validity, settled: row.settled, to_file, total: row.total })
}

pub(crate) fn inbox_mails(state: &dyn Read, inbox: &desk::InboxName) -> Result<u64, StoreError> {
    Ok(get(state, &key::inbox(inbox))?.unwrap_or_default())
}

pub(crate) fn outcomes(state: &dyn Read, mailbox: &MailboxKey) -> Result<Vec<OutcomeSpan>, StoreError> {
    let row: MailboxRow = get(state, &key::mailbox(mailbox))?.unwrap_or_default();
    let Some(uid_validity) = row.uid_validity else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for (range_key, value) in state.scan(&Scan::prefix(&key::ranges(mailbox, uid_validity, None)))? {
        let range: RangeRow = unpack(&value)?;
        let name = outcome_name(range.outcome).unwrap_or_default().to_owned();
        found.push((key::last_u32(&range_key), range.to, name, None));
    }
    for (block_key, block) in state.scan(&Scan::prefix(&key::outcomes(mailbox, uid_validity, None)))? {
        let first = key::last_u32(&block_key) * key::UID_BLOCK;
        for (uid, code) in (first..).zip(block) {
            if let Some(name) = outcome_name(code) {
                let event = EventId::of_mail(&mailbox.account, &mailbox.mailbox, uid_validity, uid);
                found.push((uid, uid, name.to_owned(), Some(event)));
            }
        }
    }
    found.sort_unstable_by_key(|(from, to, _, _)| (*from, *to));
    Ok(found)
}

pub(crate) fn outbox_row(state: &dyn Read, id: EffectId) -> Result<Option<OutboxRow>, StoreError> {
    get(state, &key::outbox(id))
}

/// Rows of one ticket that are not terminal, oldest first.
pub(crate) fn outbox_of(state: &dyn Read, no: TicketNo) -> Result<Vec<OutboxRow>, StoreError> {
    let mut rows = Vec::new();
    for (open_key, _) in state.scan(&Scan::prefix(&key::open_row(no, None)))? {
        rows.extend(outbox_row(state, key::last_effect(&open_key))?);
    }
    // Keys know milliseconds only.
    rows.sort_by_key(|row| row.created_at);
    Ok(rows)
}

pub(crate) fn outbox(state: &dyn Read, all: bool, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
    let limit = if limit == 0 { usize::MAX } else { limit };
    let mut rows = Vec::new();
    if all {
        walk(state, Scan::prefix(key::OUTBOX_ORDER).reversed(), |_, order| {
            for id in order.rchunks_exact(16).filter_map(|id| id.try_into().ok()) {
                if rows.len() >= limit {
                    return Ok(false);
                }
                rows.extend(outbox_row(state, EffectId(id))?);
            }
            Ok(true)
        })?;
        return Ok(rows);
    }
    walk(state, Scan::prefix(key::OUTBOX_OPEN), |open_key, _| {
        rows.extend(outbox_row(state, key::last_effect(open_key))?);
        Ok(true)
    })?;
    rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
    rows.truncate(limit);
    Ok(rows)
}

pub(crate) fn due_timers(
    state: &dyn Read,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(Timestamp, TicketNo, TimerKind)>, StoreError> {
    let mut due = Vec::new();
    walk(state, Scan::prefix(key::TIMERS), |_, value| {
        let timer: (Timestamp, TicketNo, TimerKind) = unpack(value)?;
        if due.len() >= limit || timer.0.as_millisecond() > now.as_millisecond() {
            return Ok(false);
        }
        if timer.0 <= now {
            due.push(timer);
        }
        Ok(true)
    })?;
    due.sort_unstable();
    Ok(due)
}

pub(crate) fn next_timer(state: &dyn Read) -> Result<Option<Timestamp>, StoreError> {
    let first = state.scan(&Scan::prefix(key::TIMERS).limit(1))?;
    let Some((_, value)) = first.first() else { return Ok(None) };
    let (due_at, _, _): (Timestamp, TicketNo, TimerKind) = unpack(value)?;
    Ok(Some(due_at))
}

pub(crate) fn budget(state: &dyn Read, budget: &BudgetKey, since: Timestamp) -> Result<u64, StoreError> {
    let row: BudgetRow = get(state, &key::budget(budget)?)?.unwrap_or_default();
    let first_minute = row.minutes.0.first().map(|(minute, _)| *minute);
    // Minutes answer exactly only if none that matters was dropped.
    let complete = row.minutes.0.len() < MINUTE_BUCKETS_MAX || first_minute.is_some_and(|first| first <= minute(since));
    let by_minute = *budget == BudgetKey::All && complete;
    Ok(if by_minute { row.minutes.since(minute(since)) } else { row.hours.since(hour(since)) })
}

pub(crate) fn suppressed(state: &dyn Read, address: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
    let row: Option<SuppressedRow> = get(state, &key::suppressed(address))?;
    Ok(row.filter(|row| row.until.is_none_or(|until| now < until)).map(|row| row.reason))
}

pub(crate) fn held(state: &dyn Read) -> Result<Vec<HeldItem>, StoreError> {
    let mut items = Vec::new();
    for (_, value) in state.scan(&Scan::prefix(key::HELD))? {
        items.push(unpack::<HeldItem>(&value)?);
    }
    items.sort_by_key(|item| (item.at, item.event));
    Ok(items)
}
