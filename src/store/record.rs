//! Stored shapes: what stands in the journal and in the values of the state, each with its version.
//!
//! Journal shapes are read for ever: a released one is changed by adding optional fields (JSON) or a new record kind.
//! State shapes may change at will together with [`STATE_VERSION`]: a state of another version is rebuilt.

use std::cell::RefCell;

use desk::{EventId, RawHash, Ticket, TicketNo};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Record, StoreError};

/// Version of journal records written now.
pub(crate) const JOURNAL_VERSION: u8 = 1;
/// Version of the state's keys and values.
pub(crate) const STATE_VERSION: u32 = 12;

/// Where a blob stands in the packs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Location {
    /// Pack number.
    pub(crate) pack: u32,
    /// Byte offset of its header.
    pub(crate) at: u64,
}

/// What the journal holds of a decision: ids and hashes. The decision itself is a blob, so that a person's words can be
/// erased without breaking the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DecidedEntry {
    /// The event.
    pub(crate) event: EventId,
    /// Where its JSON stands.
    pub(crate) body: Location,
    /// SHA-256 of its JSON.
    pub(crate) body_hash: RawHash,
    /// Mails it names: the one that came in, then those that go out.
    pub(crate) raws: Vec<RawHash>,
}

/// Payload of one journal record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Payload {
    /// A decision, by reference.
    Decided(DecidedEntry),
    /// Any other record, whole.
    Inline(Record),
}

impl Payload {
    const DECIDED: u8 = 1;
    const INLINE: u8 = 2;

    /// Kind byte and bytes.
    pub(crate) fn encode(&self) -> Result<(u8, Vec<u8>), StoreError> {
        match self {
            Self::Decided(entry) => Ok((Self::DECIDED, pack(entry)?)),
            Self::Inline(record) => Ok((Self::INLINE, to_json(record)?)),
        }
    }

    /// The reverse. `None` for a kind or shape that this program does not know.
    pub(crate) fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        match kind {
            Self::DECIDED => postcard::from_bytes(bytes).ok().map(Self::Decided),
            Self::INLINE => serde_json::from_slice(bytes).ok().map(Self::Inline),
            _ => None,
        }
    }
}

/// A ticket as it stands in the state, with the places of its newest decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TicketRow {
    /// Full chunks of older decisions under keys of their own, so that a long ticket costs no more per event.
    pub(crate) chunks: u32,
    /// Places of the newest decisions, oldest first.
    pub(crate) recent: Vec<Location>,
    /// The ticket.
    pub(crate) ticket: Ticket,
}

/// The first delivery of a mail, under each of its content keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContentRow {
    /// Its event.
    pub(crate) event: EventId,
    /// Its ticket.
    pub(crate) ticket: Option<TicketNo>,
}

/// UIDs settled together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RangeRow {
    /// Last UID.
    pub(crate) to: u32,
    /// Outcome code, see [`outcome_name`].
    pub(crate) outcome: u8,
}

/// A mailbox without its UIDs to file, which stand in bit maps of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailboxRow {
    /// UIDVALIDITY.
    pub(crate) uid_validity: Option<u32>,
    /// Settled UIDs.
    pub(crate) settled: Vec<(u32, u32)>,
    /// UIDs settled since the store began, earlier UIDVALIDITYs included.
    pub(crate) total: u64,
}

/// Counters of one budget key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BudgetRow {
    /// Count per hour since 1970, pruned after [`BUDGET_HOURS`].
    pub(crate) hours: Buckets,
    /// Count per minute since 1970, of the newest hour; only for the sum of all mail.
    pub(crate) minutes: Buckets,
}

/// Counts by a moment, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Buckets(pub(crate) Vec<(i64, u32)>);

impl Buckets {
    /// Counts one more; the oldest go beyond `most`.
    pub(crate) fn add(&mut self, moment: i64, most: usize) {
        match self.0.binary_search_by_key(&moment, |(at, _)| *at) {
            Ok(index) => self.0[index].1 += 1,
            Err(index) => self.0.insert(index, (moment, 1)),
        }
        if self.0.len() > most {
            self.0.remove(0);
        }
    }

    /// The sum from a moment on.
    pub(crate) fn since(&self, moment: i64) -> u64 {
        self.0.iter().rev().take_while(|(at, _)| *at >= moment).map(|(_, count)| u64::from(*count)).sum()
    }
}

/// Hours that budgets look back, the running one included.
pub(crate) const BUDGET_HOURS: i64 = 25;

/// Figures that change with nearly every record; one hot value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// What [`super::Store::counts`] returns.
    pub(crate) counts: super::Counts,
    /// Highest ticket number used.
    pub(crate) ticket_last: u64,
    /// Outgoing mails ever.
    pub(crate) outbox_total: u64,
    /// Budget keys touched since the last sweep.
    pub(crate) budget_touched: u32,
    /// Where the sweep of old budget keys goes on.
    pub(crate) budget_sweep: Vec<u8>,
    /// The hour in which the last sweep came to its end.
    pub(crate) budget_swept: i64,
    /// Why automatic mail is stopped.
    pub(crate) breaker: Option<String>,
}

/// An agent: what is remembered of them, and how many tickets they own that are neither solved nor closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AgentRow {
    /// What is remembered.
    pub(crate) state: desk::event::AgentState,
    /// Their open tickets.
    pub(crate) open: u64,
}

/// A suppressed address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SuppressedRow {
    /// Why.
    pub(crate) reason: String,
    /// Until when.
    pub(crate) until: Option<Timestamp>,
}

const OUTCOMES: [&str; 12] = [
    "new_ticket",
    "attached",
    "duplicate",
    "loop",
    "bounce",
    "machine",
    "held",
    "ignored",
    "spam",
    "seen_before",
    "vanished",
    "changed",
];

/// One byte for an outcome, from 1; 0 means none.
pub(crate) fn outcome_code(outcome: &desk::Outcome) -> u8 {
    OUTCOMES.iter().position(|name| *name == outcome.as_str()).map_or(0, |index| u8::try_from(index + 1).unwrap_or(0))
}

/// The name of an outcome code.
pub(crate) fn outcome_name(code: u8) -> Option<&'static str> {
    OUTCOMES.get(usize::from(code).checked_sub(1)?).copied()
}

/// Compact bytes of a stored value.
pub(crate) fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    postcard::to_allocvec(value).map_err(|error| StoreError::State { what: format!("write a value: {error}") })
}

/// Reads [`pack`]'s bytes.
pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|error| StoreError::State { what: format!("read a value: {error}") })
}

/// A buffer that has grown beyond this is not kept.
const JSON_BYTES_KEPT: usize = 1 << 20;

thread_local! {
    /// Grown once: decisions follow each other, and growing a buffer step by step costs as much as the writing.
    static JSON: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// JSON bytes of a record.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(unwritten)
}

/// The same, lent.
pub(crate) fn with_json<T: Serialize, R>(value: &T, take: impl FnOnce(&[u8]) -> R) -> Result<R, StoreError> {
    JSON.with_borrow_mut(|bytes| {
        bytes.clear();
        serde_json::to_writer(&mut *bytes, value).map_err(unwritten)?;
        let taken = take(bytes);
        bytes.shrink_to(JSON_BYTES_KEPT);
        Ok(taken)
    })
}

fn unwritten(error: serde_json::Error) -> StoreError {
    StoreError::State { what: format!("write a record: {error}") }
}
