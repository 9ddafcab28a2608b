//! What is kept: raw mail, the journal that is the truth, and state that can be rebuilt from it.
//!
//! One writer (the engine) stages records and flushes them in groups; the flush is the commit point. Staged records are
//! visible to reads at once, so the decisions of one group see each other; nothing outside the engine acts on them before
//! the flush has returned.

mod answer;
pub mod backup;
#[cfg(test)]
mod contract;
mod disk;
mod file;
mod filter;
mod fold;
mod fold_know;
mod journal;
mod key;
mod kv;
mod memory;
mod pack;
mod query;
mod query_know;
mod raw;
mod record;
#[cfg(test)]
mod recover;
mod redo;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod sample;
mod sled;
mod verify;

pub use disk::{DiskStore, OpenOptions};
pub use memory::MemoryStore;
pub use verify::{Verification, rebuild};

use desk::decision::Decision;
use desk::effect::{OutboxRow, OutboxStep};
use desk::event::Place;
use desk::{AccountName, EffectId, EventId, RawHash, Ticket, TicketNo, TimerKind};
use jiff::Timestamp;
use mail::MessageId;
use serde::{Deserialize, Serialize};

/// One mailbox of one account, or one folder of a maildir.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MailboxKey {
    /// Account.
    pub account: AccountName,
    /// Mailbox name, decoded from modified UTF-7.
    pub mailbox: String,
}

/// What is settled of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// UIDVALIDITY the rest belongs to; `None` before the first look.
    pub uid_validity: Option<u32>,
    /// Settled UIDs as ascending, disjoint, inclusive ranges.
    pub settled: Vec<(u32, u32)>,
    /// Settled UIDs whose mail still has to be marked or moved on the server.
    pub to_file: Vec<u32>,
    /// UIDs settled since the store began, earlier UIDVALIDITYs included.
    pub total: u64,
}

impl Cursor {
    /// This UID reached its outcome.
    #[must_use]
    pub fn is_settled(&self, uid: u32) -> bool {
        let after = self.settled.partition_point(|(from, _)| *from <= uid);
        after > 0 && uid <= self.settled[after - 1].1
    }

    /// Adds an inclusive range, keeping ranges ascending, disjoint and joined where they touch.
    pub fn settle(&mut self, from: u32, to: u32) {
        let start = self.settled.partition_point(|(_, end)| end.saturating_add(1) < from);
        let end = self.settled.partition_point(|(begin, _)| *begin <= to.saturating_add(1));
        let joined = self.settled[start..end].iter().fold((from, to), |range, next| (range.0.min(next.0), range.1.max(next.1)));
        self.settled.splice(start..end, [joined]);
    }

    /// How many UIDs are settled.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.settled.iter().map(|(from, to)| u64::from(to - from) + 1).sum()
    }

    /// The highest settled UID.
    #[must_use]
    pub fn highest(&self) -> u32 {
        self.settled.last().map_or(0, |(_, to)| *to)
    }
}

/// Content keys of a mail, for recognising it when it comes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentKeys {
    /// K2: Message-ID, From and body; absent without a Message-ID.
    pub k2: Option<[u8; 16]>,
    /// K3: the whole mail without trace headers.
    pub k3: [u8; 16],
}

/// Why a decision was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A mail at its place on a server.
    Mail {
        /// Where.
        place: Place,
        /// Its bytes.
        raw: RawHash,
        /// For recognising it again; absent for mail that was never read.
        keys: Option<ContentKeys>,
        /// It has to be marked or moved on the server.
        to_file: bool,
        /// For which inbox it was; unknown in records of the first days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inbox: Option<desk::InboxName>,
    },
    /// Somebody's request.
    Request,
    /// A timer of the decision's ticket.
    Timer {
        /// Which.
        kind: TimerKind,
    },
    /// A mail of ours came to its end.
    Delivery,
    /// One ticket hears of what an event said to many.
    Errand {
        /// That event.
        of: EventId,
        /// The ticket.
        ticket: TicketNo,
    },
}

/// One commit: an event with all that was decided about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// Identity; a second record with the same id is refused by the engine.
    pub event: EventId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// What.
    pub decision: Decision,
    /// Mails to send; their bytes are durable in the raw store.
    pub outbox: Vec<OutboxRow>,
    /// Counters of automatic mail that this commit moves.
    pub budget: Vec<BudgetKey>,
}

/// What is counted for the budgets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetKey {
    /// Acknowledgements to one sender, detail folded.
    Sender(String),
    /// Acknowledgements to one domain.
    Domain(String),
    /// Acknowledgements to one sender about one subject (hash).
    SenderSubject(String),
    /// Acknowledgements in all.
    All,
    /// Notices to one agent.
    Notice(String),
    /// New silent tickets from one machine sender.
    Machine(String),
    /// Tokens from one sender that we did not make.
    BadToken(String),
    /// Lists of what is open that one sender asked for.
    Status(String),
}

/// Anything that is journaled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A decision.
    Decided(Box<Decided>),
    /// Steps of outgoing mails.
    Outbox(Vec<OutboxStep>),
    /// The mailbox was (re)found with this UIDVALIDITY: what was known of UIDs is void.
    MailboxOpened {
        /// Which.
        mailbox: MailboxKey,
        /// RFC 9051 §2.3.1.1.
        uid_validity: u32,
        /// When.
        at: Timestamp,
    },
    /// UIDs settled without a decision each.
    Settled {
        /// Which mailbox.
        mailbox: MailboxKey,
        /// Of which UIDVALIDITY; a record of another one changes nothing.
        uid_validity: u32,
        /// Inclusive ranges.
        ranges: Vec<(u32, u32)>,
        /// `SeenBefore` or `Vanished`.
        outcome: desk::Outcome,
        /// When.
        at: Timestamp,
    },
    /// These mails were marked or moved on the server as wished.
    Filed {
        /// Which mailbox.
        mailbox: MailboxKey,
        /// Of which UIDVALIDITY.
        uid_validity: u32,
        /// Which UIDs.
        uids: Vec<u32>,
    },
    /// The breaker of automatic mail opened (`Some(reason)`) or was reset by an operator (`None`).
    Breaker {
        /// Why it opened.
        reason: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Automatic mail to that address stops or may go again: hard bounces, complaints, STOP.
    Suppressed {
        /// Address, lower case.
        address: String,
        /// Why; `None` lifts it.
        reason: Option<String>,
        /// Until when; `None` = for ever.
        until: Option<Timestamp>,
    },
}

/// A stored mail that has no outcome yet: found at start-up after a crash. It may have killed the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// Its bytes.
    pub raw: RawHash,
}

/// UIDs settled together: first, last (inclusive), outcome, and the event where a decision was taken.
pub type OutcomeSpan = (u32, u32, String, Option<EventId>);

/// Which tickets to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// Any of these statuses; empty = all.
    pub status: Vec<desk::Status>,
    /// Of this requester alone, folded, among the newest ten thousand that fit besides.
    pub requester: Option<String>,
    /// At most so many, newest number first; 0 = all.
    pub limit: usize,
}

/// Figures that are kept current, never counted by scanning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Tickets per status, in the order of [`desk::Status::ALL`].
    pub tickets: [u64; 6],
    /// Mails that reached their outcome, by outcome name.
    pub settled: std::collections::BTreeMap<String, u64>,
    /// Messages and mails waiting for a person.
    pub held: u64,
    /// Outgoing mails not yet in a terminal phase.
    pub outbox: u64,
}

/// A mail or a message that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldItem {
    /// The event that holds it.
    pub event: EventId,
    /// Its ticket, if it has one.
    pub ticket: Option<TicketNo>,
    /// Sender.
    pub from: String,
    /// Subject.
    pub subject: String,
    /// Why.
    pub why: String,
    /// Its bytes.
    pub raw: Option<RawHash>,
    /// Since when.
    pub at: Timestamp,
}

/// What went wrong in the store. Every variant with another remedy than [`Remedy::Retry`] must stop intake.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("store `{path}` is in use by process {pid}: one at a time works on it, so stop that one first")]
    Busy {
        /// Its directory.
        path: String,
        /// Who.
        pid: String,
    },
    /// Reading or writing a file failed.
    #[error("{act} `{path}`")]
    Io {
        /// What was tried.
        act: &'static str,
        /// On which file.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The disk reserve is reached: nothing more is taken in.
    #[error("only {free_bytes} bytes free under `{path}`, too few to take mail in; free some, and it goes on by itself")]
    Full {
        /// Where.
        path: String,
        /// How many are left.
        free_bytes: u64,
    },
    /// A record in the middle of the journal is damaged.
    #[error("journal segment `{path}` is damaged at byte {offset}: {what}")]
    Damaged {
        /// Segment.
        path: String,
        /// Where.
        offset: u64,
        /// How it shows.
        what: String,
    },
    /// Raw bytes are gone or not those that were kept.
    #[error("raw mail {hash} {what}")]
    Raw {
        /// Which.
        hash: RawHash,
        /// `is missing` or `is damaged`.
        what: &'static str,
    },
    /// A record was written by a newer version.
    #[error("journal record version {version} is newer than this program")]
    Version {
        /// Found version.
        version: u8,
    },
    /// Mails before these could not be committed, so these were not either.
    #[error("mails before these were not taken in")]
    Earlier,
    /// State could not be read or written; `frontdesk rebuild` makes it anew.
    #[error("state: {what}")]
    State {
        /// What failed.
        what: String,
    },
}

/// What a caller should do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Try again later.
    Retry,
    /// Set the item aside and go on.
    Quarantine,
    /// The operator must change something.
    FixConfig,
    /// A bug: report it.
    ReportBug,
}

impl StoreError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Busy { .. } | Self::Full { .. } | Self::Earlier => Remedy::Retry,
            Self::Raw { .. } => Remedy::Quarantine,
            Self::Io { .. } | Self::Damaged { .. } | Self::Version { .. } => Remedy::FixConfig,
            Self::State { .. } => Remedy::ReportBug,
        }
    }
}

/// Where a desk keeps what it knows. Implemented on disk (journal + sled) and in memory; one contract suite for both.
///
/// Writes come from one thread. Reads may come from any and see staged records.
pub trait Store: Send + Sync + 'static {
    /// Keeps mails and makes them durable. Repeats are kept once. Hashes in the order of `mails`.
    ///
    /// # Errors
    /// [`StoreError::Full`] before anything is written; [`StoreError::Io`] if durability is in doubt.
    fn keep(&self, mails: &[&[u8]]) -> Result<Vec<RawHash>, StoreError> {
        let hashed: Vec<(RawHash, &[u8])> = mails.iter().map(|mail| (RawHash::of(mail), *mail)).collect();
        self.keep_hashed(&hashed)?;
        Ok(hashed.into_iter().map(|(hash, _)| hash).collect())
    }

    /// [`Store::keep`] for mails whose hashes are known. Says of each whether it was kept before.
    ///
    /// # Errors
    /// As [`Store::keep`].
    fn keep_hashed(&self, mails: &[(RawHash, &[u8])]) -> Result<Vec<bool>, StoreError>;

    /// Like [`Store::keep`] for one large mail in a file, without holding it in memory twice.
    ///
    /// # Errors
    /// As [`Store::keep`].
    fn keep_file(&self, path: &std::path::Path) -> Result<RawHash, StoreError>;

    /// The bytes of a mail, verified against its hash.
    ///
    /// # Errors
    /// [`StoreError::Raw`] if they are missing or damaged.
    fn raw(&self, hash: &RawHash) -> Result<Vec<u8>, StoreError>;

    /// The bytes of this mail are kept.
    ///
    /// # Errors
    /// [`StoreError::Io`] if one could not look.
    fn has_raw(&self, hash: &RawHash) -> Result<bool, StoreError>;

    /// Mails kept before the last start that no record names: whatever handled them died.
    fn suspects(&self) -> Vec<Suspect>;

    /// Adds a record to the group; visible to reads, not yet durable. Outgoing bytes are passed along and kept too.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::State`].
    fn stage(&self, record: Record, outgoing: &[(RawHash, Vec<u8>)]) -> Result<(), StoreError>;

    /// Makes all staged records durable: the commit point. Returns the sequence number of the newest record.
    ///
    /// # Errors
    /// After an error nothing staged may be acted upon and the process must end: an fsync is never repeated.
    fn flush(&self) -> Result<u64, StoreError>;

    /// A ticket as of its newest event.
    fn ticket(&self, no: TicketNo) -> Option<Ticket>;
    /// Tickets, newest number first.
    fn tickets(&self, filter: &TicketFilter) -> Vec<Ticket>;
    /// Number for the next new ticket.
    fn next_ticket(&self) -> TicketNo;
    /// All decisions about a ticket, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Damaged`].
    fn history(&self, no: TicketNo) -> Result<Vec<Decided>, StoreError>;
    /// One decision.
    ///
    /// # Errors
    /// As [`Store::history`].
    fn decided(&self, event: EventId) -> Result<Option<Decided>, StoreError>;
    /// Tickets that have a message with that id, oldest first.
    fn find_by_message_id(&self, id: &MessageId) -> Vec<TicketNo>;
    /// The earlier delivery of the same mail: which key matched (`K2`, `K3`), its event, its ticket.
    fn find_by_content(&self, keys: &ContentKeys) -> Option<desk::event::Duplicate>;
    /// Tickets of a requester, by folded address.
    fn contact(&self, address: &str) -> desk::event::ContactFacts;
    /// What is remembered of agents, and how many tickets each owns that are neither solved nor closed.
    fn agents(&self) -> std::collections::BTreeMap<desk::AgentName, (desk::event::AgentState, u64)>;
    /// What has become of known issues, by id.
    fn issues(&self) -> std::collections::BTreeMap<String, desk::issue::IssueState>;
    /// Tickets that are cases of a known issue, by number.
    fn issue_tickets(&self, id: &str) -> Vec<TicketNo>;
    /// Tickets that have still to hear of what an event said to many: the event and the ticket, at most `limit`.
    fn errands(&self, limit: usize) -> Vec<(EventId, TicketNo)>;
    /// What reports need of a ticket's events, oldest first; cheaper than [`Store::history`].
    ///
    /// # Errors
    /// As [`Store::history`].
    fn glances(&self, no: TicketNo) -> Result<Vec<desk::glance::Glance>, StoreError>;
    /// Mails of some days since 1970 by outcome; the last day is left out.
    fn mails_of_days(&self, from: i64, until: i64) -> std::collections::BTreeMap<String, u64>;
    /// What is settled of a mailbox.
    fn cursor(&self, mailbox: &MailboxKey) -> Cursor;
    /// Every settled UID range of a mailbox with its outcome and, where a decision was taken, its event.
    fn outcomes(&self, mailbox: &MailboxKey) -> Vec<OutcomeSpan>;
    /// Mails decided for an inbox, since the store began. Mails set aside without a look belong to their mailbox alone.
    fn inbox_mails(&self, inbox: &desk::InboxName) -> u64;
    /// This event was committed.
    fn has_event(&self, event: EventId) -> bool;
    /// One outgoing mail, terminal ones included.
    fn outbox_row(&self, id: EffectId) -> Option<OutboxRow>;
    /// Outgoing mails of a ticket that are not terminal, oldest first: what a later one to the same recipient waits for.
    fn outbox_of(&self, no: TicketNo) -> Vec<OutboxRow>;
    /// Outgoing mails, newest first, at most `limit` (0 = all of them); `all` includes terminal ones.
    fn outbox(&self, all: bool, limit: usize) -> Vec<OutboxRow>;
    /// Timers due at `now`, earliest first.
    fn due_timers(&self, now: Timestamp, limit: usize) -> Vec<(Timestamp, TicketNo, TimerKind)>;
    /// When the earliest timer falls due.
    fn next_timer(&self) -> Option<Timestamp>;
    /// How often a budget key was counted since `since`. Counted in whole hours (minutes for [`BudgetKey::All`] within
    /// the last hour), rounded so that never too few are counted.
    fn budget(&self, key: &BudgetKey, since: Timestamp) -> u64;
    /// Why automatic mail is stopped altogether.
    fn breaker(&self) -> Option<String>;
    /// Why automatic mail to an address (lower case) is stopped at `now`.
    fn suppressed(&self, address: &str, now: Timestamp) -> Option<String>;
    /// What waits for a person, oldest first.
    fn held(&self) -> Vec<HeldItem>;
    /// Current figures.
    fn counts(&self) -> Counts;
}
