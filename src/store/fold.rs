//! What a record changes in the state: the one function that both stores, start-up and `rebuild` apply, so that a state
//! read back from the journal equals the one that was live.

use std::collections::BTreeMap;

use desk::effect::{Effect, OutboxRow, OutboxStep};
use desk::event::ContactFacts;
use desk::ticket::Rating;
use desk::{EventId, RawHash, Status, Ticket, TicketNo, TimerKind};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::kv::{Read, Scan, Write};
use super::record::{
    AgentRow, BUDGET_HOURS, BudgetRow, ContentRow, Figures, Location, MailboxRow, RangeRow, SuppressedRow, TicketRow,
    outcome_code, pack, unpack,
};
use super::{BudgetKey, Cause, ContentKeys, Decided, HeldItem, MailboxKey, Record, StoreError, fold_know, key};

/// Places kept beside the ticket before they move into a chunk of their own.
const RECENT_MAX: usize = 16;
/// Hour buckets kept per budget key: twice what is asked for, since a clock may jump.
const HOUR_BUCKETS_MAX: usize = 2 * BUDGET_HOURS as usize;
/// Minute buckets kept: the last hour and as much again.
pub(crate) const MINUTE_BUCKETS_MAX: usize = 130;
/// Budget keys touched between two sweeps, and keys looked at by one: a sweep is faster than growth.
const SWEEP_EVERY: u32 = 64;
const SWEEP_KEYS: usize = 128;

/// The writes that a record makes. `body` is where its JSON stands, if it is a decision. A repeated event changes nothing.
pub(crate) fn fold(reads: &dyn Read, record: &Record, body: Location) -> Result<Vec<Write>, StoreError> {
    let mut draft = Draft::new(reads)?;
    match record {
        Record::Decided(decided) => decision(&mut draft, decided, body)?,
        Record::Outbox(steps) => steps.iter().try_for_each(|step| outbox_step(&mut draft, step))?,
        Record::MailboxOpened { mailbox, uid_validity, at: _ } => mailbox_opened(&mut draft, mailbox, *uid_validity)?,
        Record::Settled { mailbox, uid_validity, ranges, outcome, at: _ } => {
            settled(&mut draft, mailbox, *uid_validity, ranges, outcome)?;
        }
        Record::Filed { mailbox, uid_validity, uids } => {
            uids.iter().try_for_each(|uid| mark_to_file(&mut draft, mailbox, *uid_validity, *uid, false))?;
        }
        Record::Breaker { reason, at: _ } => draft.figures.breaker.clone_from(reason),
        Record::Suppressed { address, reason, until } => match reason {
            Some(reason) => draft.put(key::suppressed(address), &SuppressedRow { reason: reason.clone(), until: *until })?,
            None => draft.remove(key::suppressed(address)),
        },
    }
    draft.finish()
}

/// Writes so far over what was read.
pub(super) struct Draft<'a> {
    pub(super) reads: &'a dyn Read,
    pub(super) writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    figures: Figures,
    figures_before: Option<Vec<u8>>,
}

impl<'a> Draft<'a> {
    fn new(reads: &'a dyn Read) -> Result<Self, StoreError> {
        let figures_before = reads.get(key::FIGURES)?;
        let figures = figures_before.as_deref().map(unpack).transpose()?.unwrap_or_default();
        Ok(Self { reads, writes: BTreeMap::new(), figures, figures_before })
    }

    fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.writes.get(key) {
            Some(written) => Ok(written.clone()),
            None => self.reads.get(key),
        }
    }

    pub(super) fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.bytes(key)?.as_deref().map(unpack).transpose()
    }

    pub(super) fn put<T: Serialize>(&mut self, key: Vec<u8>, value: &T) -> Result<(), StoreError> {
        self.writes.insert(key, Some(pack(value)?));
        Ok(())
    }

    pub(super) fn put_bytes(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.writes.insert(key, Some(value));
    }

    pub(super) fn remove(&mut self, key: Vec<u8>) {
        self.writes.insert(key, None);
    }

    fn finish(mut self) -> Result<Vec<Write>, StoreError> {
        let figures = pack(&self.figures)?;
        if self.figures_before.as_deref() != Some(&figures) {
            self.put_bytes(key::FIGURES.to_vec(), figures);
        }
        Ok(self.writes.into_iter().collect())
    }
}

fn decision(draft: &mut Draft<'_>, decided: &Decided, body: Location) -> Result<(), StoreError> {
    if draft.bytes(&key::event(decided.event))?.is_some() {
        return Ok(());
    }
    draft.put(key::event(decided.event), &body)?;
    let ticket = decided.decision.ticket.as_ref();
    match &decided.cause {
        Cause::Mail { place, raw: _, keys, to_file, inbox } => {
            let mailbox = MailboxKey { account: place.account.clone(), mailbox: place.mailbox.clone() };
            mail_outcome(draft, &mailbox, place, &decided.decision.outcome)?;
            if let Some(inbox) = inbox.as_ref().or(ticket.map(|ticket| &ticket.inbox)) {
                let inbox_key = key::inbox(inbox);
                let mails: u64 = draft.get(&inbox_key)?.unwrap_or_default();
                draft.put(inbox_key, &(mails + 1))?;
            }
            if *to_file {
                mark_to_file(draft, &mailbox, place.uid_validity, place.uid, true)?;
            }
            if let Some(keys) = keys {
                content(draft, keys, ContentRow { event: decided.event, ticket: ticket.map(|ticket| ticket.no) })?;
            }
        }
        Cause::Timer { kind } if ticket.is_none() => stray_timer(draft, decided, *kind)?,
        Cause::Timer { .. } | Cause::Request | Cause::Delivery | Cause::Errand { .. } => {}
    }
    fold_know::note_cause(draft, decided)?;
    if let Some(ticket) = ticket {
        put_ticket(draft, ticket, body)?;
        if let Some(id) = decided.decision.message.as_ref().and_then(|message| message.message_id.as_ref()) {
            name_message(draft, id, ticket.no)?;
        }
        for other in &decided.decision.also {
            put_ticket(draft, other, body)?;
        }
        if let Some((other, link)) = decided.decision.link_back {
            link_back(draft, other, desk::ticket::Link { kind: link, ticket: ticket.no })?;
        }
    }
    for effect in &decided.decision.effects {
        match effect {
            Effect::Agent { name, state } => {
                let row: AgentRow = draft.get(&key::agent(name))?.unwrap_or_default();
                draft.put(key::agent(name), &AgentRow { state: state.clone(), ..row })?;
            }
            Effect::AskedRating { address, at } => {
                let facts: ContactFacts = draft.get(&key::contact(address))?.unwrap_or_default();
                draft.put(key::contact(address), &ContactFacts { rating_asked_at: Some(*at), ..facts })?;
            }
            Effect::Issue { id, state } => draft.put(key::issue(id), state)?,
            Effect::Broadcast { issue, .. } => fold_know::broadcast(draft, decided, issue)?,
            // A suppression and a recalled mail have records of their own.
            Effect::Send(_) | Effect::Notify { .. } | Effect::Suppress { .. } | Effect::Recall { .. } => {}
        }
    }
    for row in &decided.outbox {
        new_outbox_row(draft, row)?;
    }
    held(draft, decided)?;
    decided.budget.iter().try_for_each(|key| count_budget(draft, key, decided.at))
}

fn mail_outcome(
    draft: &mut Draft<'_>,
    mailbox: &MailboxKey,
    place: &desk::event::Place,
    outcome: &desk::Outcome,
) -> Result<(), StoreError> {
    *draft.figures.counts.settled.entry(outcome.as_str().to_owned()).or_default() += 1;
    let block_key = key::outcomes(mailbox, place.uid_validity, Some(place.uid / key::UID_BLOCK));
    let mut block = draft.bytes(&block_key)?.unwrap_or_default();
    let index = (place.uid % key::UID_BLOCK) as usize;
    block.resize(block.len().max(index + 1), 0);
    block[index] = outcome_code(outcome);
    draft.put_bytes(block_key, block);
    settle(draft, mailbox, place.uid_validity, &[(place.uid, place.uid)])
}

/// Notes UIDs in the cursor, unless they belong to another UIDVALIDITY than the mailbox has by now.
fn settle(draft: &mut Draft<'_>, mailbox: &MailboxKey, uid_validity: u32, ranges: &[(u32, u32)]) -> Result<(), StoreError> {
    let mailbox_key = key::mailbox(mailbox);
    let row: MailboxRow = draft.get(&mailbox_key)?.unwrap_or_default();
    if row.uid_validity.is_some_and(|known| known != uid_validity) {
        return Ok(());
    }
    let mut cursor =
        super::Cursor { uid_validity: Some(uid_validity), settled: row.settled, to_file: Vec::new(), total: row.total };
    let before = cursor.covered();
    for (from, to) in ranges {
        cursor.settle(*from, *to);
    }
    let total = row.total + (cursor.covered() - before);
    draft.put(mailbox_key, &MailboxRow { uid_validity: Some(uid_validity), settled: cursor.settled, total })
}

fn mailbox_opened(draft: &mut Draft<'_>, mailbox: &MailboxKey, uid_validity: u32) -> Result<(), StoreError> {
    let mailbox_key = key::mailbox(mailbox);
    let row: MailboxRow = draft.get(&mailbox_key)?.unwrap_or_default();
    if row.uid_validity == Some(uid_validity) {
        return Ok(());
    }
    draft.put(mailbox_key, &MailboxRow { uid_validity: Some(uid_validity), settled: Vec::new(), total: row.total })?;
    // A server may come back to a UIDVALIDITY that it had before (a restored backup); what was known then is void too.
    for prefix in [
        key::outcomes(mailbox, uid_validity, None),
        key::ranges(mailbox, uid_validity, None),
        key::to_file(mailbox, uid_validity, None),
    ] {
        for (stale, _) in draft.reads.scan(&Scan::prefix(&prefix))? {
            draft.remove(stale);
        }
    }
    Ok(())
}

fn settled(
    draft: &mut Draft<'_>,
    mailbox: &MailboxKey,
    uid_validity: u32,
    ranges: &[(u32, u32)],
    outcome: &desk::Outcome,
) -> Result<(), StoreError> {
    let row: MailboxRow = draft.get(&key::mailbox(mailbox))?.unwrap_or_default();
    if row.uid_validity.is_some_and(|known| known != uid_validity) {
        return Ok(());
    }
    let total: u64 = ranges.iter().map(|(from, to)| u64::from(to.saturating_sub(*from)) + 1).sum();
    *draft.figures.counts.settled.entry(outcome.as_str().to_owned()).or_default() += total;
    for (from, to) in ranges {
        draft.put(key::ranges(mailbox, uid_validity, Some(*from)), &RangeRow { to: *to, outcome: outcome_code(outcome) })?;
    }
    settle(draft, mailbox, uid_validity, ranges)
}

fn mark_to_file(
    draft: &mut Draft<'_>,
    mailbox: &MailboxKey,
    uid_validity: u32,
    uid: u32,
    wanted: bool,
) -> Result<(), StoreError> {
    let block_key = key::to_file(mailbox, uid_validity, Some(uid / key::UID_BLOCK));
    let mut bits = draft.bytes(&block_key)?.unwrap_or_default();
    bits.resize((key::UID_BLOCK / 8) as usize, 0);
    let (byte, bit) = ((uid % key::UID_BLOCK / 8) as usize, 1u8 << (uid % 8));
    if wanted {
        bits[byte] |= bit;
    } else {
        bits[byte] &= !bit;
    }
    if bits.iter().any(|byte| *byte != 0) {
        draft.put_bytes(block_key, bits);
    } else {
        draft.remove(block_key);
    }
    Ok(())
}

fn content(draft: &mut Draft<'_>, keys: &ContentKeys, row: ContentRow) -> Result<(), StoreError> {
    let named = [(2, keys.k2.as_ref()), (3, Some(&keys.k3))];
    for (kind, hash) in named {
        let Some(hash) = hash else { continue };
        let content_key = key::content(kind, hash);
        // The first delivery stays the one that later ones are compared with.
        if draft.bytes(&content_key)?.is_none() {
            draft.put(content_key, &row)?;
        }
    }
    Ok(())
}

fn put_ticket(draft: &mut Draft<'_>, ticket: &Ticket, body: Location) -> Result<(), StoreError> {
    let ticket_key = key::ticket(ticket.no);
    // Numbers are given in order, so a higher one needs no look.
    let before: Option<TicketRow> = if ticket.no.0 > draft.figures.ticket_last { None } else { draft.get(&ticket_key)? };
    let before_status = before.as_ref().map(|row| row.ticket.status);
    count_people(draft, before.as_ref().map(|row| &row.ticket), ticket)?;
    set_timers(draft, before.as_ref().map(|row| &row.ticket.timers), ticket)?;
    fold_know::index_issue(draft, before.as_ref().map(|row| &row.ticket), ticket);
    let (mut chunks, mut recent) = before.map_or((0, Vec::new()), |row| (row.chunks, row.recent));
    recent.push(body);
    if recent.len() >= RECENT_MAX {
        draft.put(key::history(ticket.no, chunks), &recent)?;
        chunks += 1;
        recent.clear();
    }
    if before_status.is_none() {
        draft.figures.ticket_last = draft.figures.ticket_last.max(ticket.no.0);
    }
    if before_status != Some(ticket.status) {
        if let Some(status) = before_status {
            draft.figures.counts.tickets[status_index(status)] -= 1;
        }
        draft.figures.counts.tickets[status_index(ticket.status)] += 1;
        let block_key = key::status_block(ticket.no);
        let mut block = draft.bytes(&block_key)?.unwrap_or_default();
        let index = (ticket.no.0 % key::STATUS_BLOCK) as usize;
        block.resize(block.len().max(index + 1), 0);
        block[index] = status_code(ticket.status);
        draft.put_bytes(block_key, block);
    }
    draft.put(ticket_key, &TicketRow { chunks, recent, ticket: ticket.clone() })
}

/// Tickets of the requester and of the owner, kept current: all of them, and those that are neither solved nor closed.
fn count_people(draft: &mut Draft<'_>, before: Option<&Ticket>, after: &Ticket) -> Result<(), StoreError> {
    let contact = |ticket: &Ticket| (ticket.requester.address.folded(), ticket.status.is_active(), ticket.rating);
    let owner = |ticket: &Ticket| ticket.owner.clone().filter(|_| ticket.status.is_active());
    if before.map(contact) != Some(contact(after)) {
        for (ticket, is_added) in before.map(|ticket| (ticket, false)).into_iter().chain([(after, true)]) {
            let (address, is_open, rating) = contact(ticket);
            let mut facts: ContactFacts = draft.get(&key::contact(&address))?.unwrap_or_default();
            let changed = |count: u64, by: bool| {
                let by = u64::from(by);
                if is_added { count + by } else { count.saturating_sub(by) }
            };
            facts.tickets = changed(facts.tickets, true);
            facts.open = changed(facts.open, is_open);
            facts.good = changed(facts.good, rating == Some(Rating::Good));
            facts.bad = changed(facts.bad, rating == Some(Rating::Bad));
            facts.since = facts.since.filter(|since| *since <= ticket.created_at).or(Some(ticket.created_at));
            // Whoever writes in somebody else's name does not choose their language.
            facts = if is_added && ticket.requester.proven { facts.speaking(ticket.language.as_deref()) } else { facts };
            draft.put(key::contact(&address), &facts)?;
        }
    }
    let (old, new) = (before.and_then(owner), owner(after));
    if old != new {
        for (name, is_added) in old.into_iter().map(|name| (name, false)).chain(new.into_iter().map(|name| (name, true))) {
            let mut row: AgentRow = draft.get(&key::agent(&name))?.unwrap_or_default();
            row.open = if is_added { row.open + 1 } else { row.open.saturating_sub(1) };
            draft.put(key::agent(&name), &row)?;
        }
    }
    Ok(())
}

fn status_index(status: Status) -> usize {
    match status {
        Status::New => 0,
        Status::Open => 1,
        Status::Pending => 2,
        Status::OnHold => 3,
        Status::Solved => 4,
        Status::Closed => 5,
    }
}

/// One byte for a status in the index, from 1; 0 means no ticket.
pub(crate) fn status_code(status: Status) -> u8 {
    u8::try_from(status_index(status) + 1).unwrap_or(0)
}

/// The other ticket shows the link; its revision and instants stay, since nobody worked on it.
fn link_back(draft: &mut Draft<'_>, other: TicketNo, link: desk::ticket::Link) -> Result<(), StoreError> {
    let other_key = key::ticket(other);
    if let Some(mut row) = draft.get::<TicketRow>(&other_key)? {
        row.ticket.links.insert(link);
        draft.put(other_key, &row)?;
    }
    Ok(())
}

fn name_message(draft: &mut Draft<'_>, id: &mail::MessageId, no: TicketNo) -> Result<(), StoreError> {
    // A mail to an agent that is about no ticket.
    if no.0 == 0 {
        return Ok(());
    }
    let id_key = key::message_id(id);
    let mut tickets: Vec<u64> = draft.get(&id_key)?.unwrap_or_default();
    if !tickets.contains(&no.0) {
        tickets.push(no.0);
        draft.put(id_key, &tickets)?;
    }
    Ok(())
}

/// The index of timers says what the ticket says.
fn set_timers(draft: &mut Draft<'_>, before: Option<&BTreeMap<TimerKind, Timestamp>>, after: &Ticket) -> Result<(), StoreError> {
    for (kind, due_at) in before.into_iter().flatten() {
        if after.timers.get(kind) != Some(due_at) {
            draft.remove(key::timer(*due_at, after.no, *kind));
        }
    }
    for (kind, due_at) in &after.timers {
        if before.is_none_or(|before| before.get(kind) != Some(due_at)) {
            draft.put(key::timer(*due_at, after.no, *kind), &(*due_at, after.no, *kind))?;
        }
    }
    Ok(())
}

/// A timer that fired for a ticket that is gone runs no more: its event id says which one it was.
fn stray_timer(draft: &mut Draft<'_>, decided: &Decided, kind: TimerKind) -> Result<(), StoreError> {
    for (stored, value) in draft.reads.scan(&Scan::prefix(key::TIMERS))? {
        let (due_at, no, found): (Timestamp, TicketNo, TimerKind) = unpack(&value)?;
        if found == kind && EventId::of_timer(no, kind.as_str(), due_at) == decided.event {
            draft.remove(stored);
        }
    }
    Ok(())
}

fn new_outbox_row(draft: &mut Draft<'_>, row: &OutboxRow) -> Result<(), StoreError> {
    // Its id comes from the event, which was new: so is the row.
    let order_key = key::outbox_order(draft.figures.outbox_total / key::OUTBOX_BLOCK);
    let mut order = draft.bytes(&order_key)?.unwrap_or_default();
    order.extend(row.id.0);
    draft.put_bytes(order_key, order);
    draft.figures.outbox_total += 1;
    name_message(draft, &row.message_id, row.ticket)?;
    put_outbox_row(draft, None, row)
}

fn outbox_step(draft: &mut Draft<'_>, step: &OutboxStep) -> Result<(), StoreError> {
    let Some(before) = draft.get::<OutboxRow>(&key::outbox(step.id))? else { return Ok(()) };
    let mut row = before.clone();
    row.phase = step.phase.clone();
    row.attempts = step.attempts;
    row.next_at = step.next_at;
    if step.reply.is_some() {
        row.last_reply.clone_from(&step.reply);
    }
    put_outbox_row(draft, Some(&before), &row)
}

fn put_outbox_row(draft: &mut Draft<'_>, before: Option<&OutboxRow>, row: &OutboxRow) -> Result<(), StoreError> {
    let open_key = key::open_row(row.ticket, Some((row.created_at, row.id)));
    let was_open = before.is_some_and(|before| !before.phase.is_terminal());
    match (was_open, !row.phase.is_terminal()) {
        (false, true) => {
            draft.put_bytes(open_key, Vec::new());
            draft.figures.counts.outbox += 1;
        }
        (true, false) => {
            draft.remove(open_key);
            draft.figures.counts.outbox -= 1;
        }
        (true, true) | (false, false) => {}
    }
    draft.put(key::outbox(row.id), row)
}

fn held(draft: &mut Draft<'_>, decided: &Decided) -> Result<(), StoreError> {
    let message = decided.decision.message.as_ref();
    let ticket = decided.decision.ticket.as_ref();
    let why = match &decided.decision.outcome {
        desk::Outcome::Held { why } => Some(why.clone()),
        desk::Outcome::Spam => Some("marked as spam by the provider".to_owned()),
        _ if message.is_some_and(|message| message.held) => {
            Some(ticket.and_then(|ticket| ticket.hold.clone()).unwrap_or_default())
        }
        _ => None,
    };
    if let Some(message) = message.filter(|message| !message.held && message.id != decided.event) {
        // A person let an earlier message in.
        if draft.bytes(&key::held(message.id))?.is_some() {
            draft.remove(key::held(message.id));
            draft.figures.counts.held -= 1;
        }
    }
    let Some(why) = why else { return Ok(()) };
    let raw = match &decided.cause {
        Cause::Mail { raw, .. } => Some(*raw),
        Cause::Request | Cause::Timer { .. } | Cause::Delivery | Cause::Errand { .. } => message.and_then(|message| message.raw),
    };
    let item = HeldItem {
        event: decided.event,
        ticket: ticket.map(|ticket| ticket.no),
        from: message.map_or_else(String::new, |message| message.from.clone()),
        subject: message.map_or_else(String::new, |message| message.subject.clone()),
        why,
        raw,
        at: decided.at,
    };
    draft.figures.counts.held += 1;
    draft.put(key::held(decided.event), &item)
}

/// The whole hour since 1970 that holds an instant.
pub(crate) fn hour(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}

/// The whole minute since 1970 that holds an instant.
pub(crate) fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

fn count_budget(draft: &mut Draft<'_>, budget: &BudgetKey, at: Timestamp) -> Result<(), StoreError> {
    let budget_key = key::budget(budget)?;
    let mut row: BudgetRow = draft.get(&budget_key)?.unwrap_or_default();
    row.hours.add(hour(at), HOUR_BUCKETS_MAX);
    if *budget == BudgetKey::All {
        row.minutes.add(minute(at), MINUTE_BUCKETS_MAX);
    }
    draft.put(budget_key, &row)?;
    draft.figures.budget_touched += 1;
    // What was swept within the hour has hardly anything to forget.
    if draft.figures.budget_touched >= SWEEP_EVERY && draft.figures.budget_swept != hour(at) {
        draft.figures.budget_touched = 0;
        sweep_budgets(draft, at)?;
    }
    Ok(())
}

/// Forgets budget keys without a count in the last [`BUDGET_HOURS`], a stretch of keys at a time.
fn sweep_budgets(draft: &mut Draft<'_>, at: Timestamp) -> Result<(), StoreError> {
    let mut scan = Scan::prefix(key::BUDGETS).limit(SWEEP_KEYS);
    if !draft.figures.budget_sweep.is_empty() {
        scan.from.clone_from(&draft.figures.budget_sweep);
    }
    let rows = draft.reads.scan(&scan)?;
    draft.figures.budget_sweep = match rows.last() {
        Some((last, _)) if rows.len() == SWEEP_KEYS => super::kv::after_prefix(last),
        _ => {
            draft.figures.budget_swept = hour(at);
            Vec::new()
        }
    };
    for (stale, value) in rows {
        let row: BudgetRow = unpack(&value)?;
        let newest = row.hours.0.last().map_or(i64::MIN, |(hour, _)| *hour);
        if newest < hour(at) - BUDGET_HOURS && !draft.writes.contains_key(&stale) {
            draft.remove(stale);
        }
    }
    Ok(())
}

/// Mails that a record names, which must be durable before it: the one that came in, then those that go out.
pub(crate) fn raws(decided: &Decided) -> Vec<RawHash> {
    let incoming = match &decided.cause {
        Cause::Mail { raw, .. } => Some(*raw),
        Cause::Request | Cause::Timer { .. } | Cause::Delivery | Cause::Errand { .. } => None,
    };
    incoming.into_iter().chain(decided.outbox.iter().map(|row| row.raw)).collect()
}
