//! Keys of the state: one tag byte, then fixed-width big-endian parts, so that byte order is the order of meaning.

use desk::{AgentName, EffectId, EventId, RawHash, TicketNo, TimerKind};
use jiff::Timestamp;
use mail::MessageId;

use super::{BudgetKey, MailboxKey, StoreError};

/// One value: [`super::record::Figures`].
pub(crate) const FIGURES: &[u8] = b"F";
pub(crate) const TICKETS: &[u8] = b"t";
pub(crate) const STATUS: &[u8] = b"s";
pub(crate) const OUTBOX_OPEN: &[u8] = b"p";
pub(crate) const OUTBOX_ORDER: &[u8] = b"l";
pub(crate) const TIMERS: &[u8] = b"y";
pub(crate) const HELD: &[u8] = b"w";
pub(crate) const BUDGETS: &[u8] = b"b";
pub(crate) const AGENTS: &[u8] = b"a";
pub(crate) const ISSUES: &[u8] = b"q";
pub(crate) const ERRANDS: &[u8] = b"r";

/// Tickets per value of the status index.
pub(crate) const STATUS_BLOCK: u64 = 256;
/// Outgoing mails per value of the list of all.
pub(crate) const OUTBOX_BLOCK: u64 = 64;
/// UIDs per value of the outcomes and of the bit maps of what is to be filed.
pub(crate) const UID_BLOCK: u32 = 256;

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn short(bytes: &[u8]) -> [u8; 16] {
    let hash = RawHash::of(bytes).0;
    std::array::from_fn(|index| hash[index])
}

/// Milliseconds, ordered as bytes, also before 1970.
pub(crate) fn instant(at: Timestamp) -> [u8; 8] {
    (at.as_millisecond().cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

pub(crate) fn ticket(no: TicketNo) -> Vec<u8> {
    join(&[TICKETS, &no.0.to_be_bytes()])
}

pub(crate) fn status_block(no: TicketNo) -> Vec<u8> {
    join(&[STATUS, &(no.0 / STATUS_BLOCK).to_be_bytes()])
}

pub(crate) fn history(no: TicketNo, chunk: u32) -> Vec<u8> {
    join(&[b"h", &no.0.to_be_bytes(), &chunk.to_be_bytes()])
}

pub(crate) fn event(id: EventId) -> Vec<u8> {
    join(&[b"e", &id.0])
}

pub(crate) fn content(kind: u8, hash: &[u8; 16]) -> Vec<u8> {
    join(&[b"k", &[kind], hash])
}

pub(crate) fn agent(name: &AgentName) -> Vec<u8> {
    join(&[AGENTS, name.as_str().as_bytes()])
}

pub(crate) fn message_id(id: &MessageId) -> Vec<u8> {
    join(&[b"i", &short(id.as_str().as_bytes())])
}

pub(crate) fn contact(address: &str) -> Vec<u8> {
    join(&[b"g", &short(address.to_lowercase().as_bytes())])
}

pub(crate) fn suppressed(address: &str) -> Vec<u8> {
    join(&[b"v", &short(address.to_lowercase().as_bytes())])
}

pub(crate) fn budget(key: &BudgetKey) -> Result<Vec<u8>, StoreError> {
    Ok(join(&[BUDGETS, &short(&super::record::pack(key)?)]))
}

fn mailbox_id(mailbox: &MailboxKey) -> [u8; 16] {
    short(&join(&[mailbox.account.as_str().as_bytes(), b"\0", mailbox.mailbox.as_bytes()]))
}

pub(crate) fn mailbox(mailbox: &MailboxKey) -> Vec<u8> {
    join(&[b"c", &mailbox_id(mailbox)])
}

/// How many mails were decided for an inbox.
pub(crate) fn inbox(inbox: &desk::InboxName) -> Vec<u8> {
    join(&[b"n", inbox.as_str().as_bytes()])
}

/// Outcomes of single UIDs; without a block, the prefix of all of them.
pub(crate) fn outcomes(mailbox: &MailboxKey, uid_validity: u32, block: Option<u32>) -> Vec<u8> {
    uid_key(b"u", mailbox, uid_validity, block)
}

/// Outcomes of ranges, by their first UID.
pub(crate) fn ranges(mailbox: &MailboxKey, uid_validity: u32, from: Option<u32>) -> Vec<u8> {
    uid_key(b"U", mailbox, uid_validity, from)
}

/// Bit maps of UIDs to be filed.
pub(crate) fn to_file(mailbox: &MailboxKey, uid_validity: u32, block: Option<u32>) -> Vec<u8> {
    uid_key(b"f", mailbox, uid_validity, block)
}

fn uid_key(tag: &[u8], mailbox: &MailboxKey, uid_validity: u32, number: Option<u32>) -> Vec<u8> {
    let mut key = join(&[tag, &mailbox_id(mailbox), &uid_validity.to_be_bytes()]);
    if let Some(number) = number {
        key.extend(number.to_be_bytes());
    }
    key
}

/// The number at the end of a key.
pub(crate) fn last_u32(key: &[u8]) -> u32 {
    key.last_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// The number at the end of a key.
pub(crate) fn last_u64(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

pub(crate) fn outbox(id: EffectId) -> Vec<u8> {
    join(&[b"o", &id.0])
}

/// Rows of a ticket that are not terminal; without a row, the prefix of all of them.
pub(crate) fn open_row(ticket: TicketNo, row: Option<(Timestamp, EffectId)>) -> Vec<u8> {
    let mut key = join(&[OUTBOX_OPEN, &ticket.0.to_be_bytes()]);
    if let Some((created_at, id)) = row {
        key.extend(instant(created_at));
        key.extend(id.0);
    }
    key
}

/// The effect at the end of a key.
pub(crate) fn last_effect(key: &[u8]) -> EffectId {
    EffectId(key.last_chunk().copied().unwrap_or_default())
}

pub(crate) fn outbox_order(block: u64) -> Vec<u8> {
    join(&[OUTBOX_ORDER, &block.to_be_bytes()])
}

fn timer_code(kind: TimerKind) -> u8 {
    match kind {
        TimerKind::CloseSolved => 1,
        TimerKind::Wake => 2,
        TimerKind::FollowUp => 3,
        TimerKind::CheckIn => 4,
        TimerKind::Promise => 5,
        TimerKind::Vendor => 6,
        TimerKind::Renew => 7,
    }
}

/// All running timers by instant.
pub(crate) fn timer(due_at: Timestamp, no: TicketNo, kind: TimerKind) -> Vec<u8> {
    join(&[TIMERS, &instant(due_at), &no.0.to_be_bytes(), &[timer_code(kind)]])
}

/// What has become of a known issue.
pub(crate) fn issue(id: &str) -> Vec<u8> {
    join(&[ISSUES, id.as_bytes()])
}

/// Tickets of a known issue; without a number, the prefix of all of them.
pub(crate) fn issue_ticket(id: &str, no: Option<TicketNo>) -> Vec<u8> {
    let mut key = join(&[b"Q", &short(id.as_bytes())]);
    if let Some(no) = no {
        key.extend(no.0.to_be_bytes());
    }
    key
}

/// A ticket that has still to hear of what an event says to many.
pub(crate) fn errand(of: EventId, no: TicketNo) -> Vec<u8> {
    join(&[ERRANDS, &of.0, &no.0.to_be_bytes()])
}

/// Mails by outcome of one day since 1970.
pub(crate) fn day(day: i64) -> Vec<u8> {
    join(&[b"z", &(day.cast_unsigned() ^ (1 << 63)).to_be_bytes()])
}

pub(crate) fn held(event: EventId) -> Vec<u8> {
    join(&[HELD, &event.0])
}
