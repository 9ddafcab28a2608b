//! From what a store can do to the [`Store`] trait: the questions are the same for all.

use std::collections::BTreeMap;
use std::path::Path;

use desk::effect::OutboxRow;
use desk::event::{AgentState, ContactFacts};
use desk::glance::Glance;
use desk::issue::IssueState;
use desk::{AgentName, EffectId, EventId, RawHash, Ticket, TicketNo, TimerKind};
use jiff::Timestamp;
use mail::MessageId;

use super::kv::Read;
use super::record::Location;
use super::{
    BudgetKey, ContentKeys, Counts, Cursor, Decided, HeldItem, MailboxKey, Record, Store, StoreError, Suspect, TicketFilter,
    query, query_know,
};

/// What differs between stores. [`Store`] follows from it.
pub(crate) trait Answers: Send + Sync + 'static {
    /// The state, staged records included.
    fn state(&self) -> &dyn Read;
    /// The state could not be read: an answer was made up, so nothing may be committed any more.
    fn doubt(&self, error: &StoreError);
    /// One decision from where it stands.
    fn body(&self, at: Location) -> Result<Decided, StoreError>;
    /// As much of it as reports need.
    fn glance(&self, at: Location) -> Result<Glance, StoreError>;
    /// See [`Store::keep_hashed`].
    fn keep_all(&self, mails: &[(RawHash, &[u8])]) -> Result<Vec<bool>, StoreError>;
    /// See [`Store::keep_file`].
    fn keep_one_file(&self, path: &Path) -> Result<RawHash, StoreError>;
    /// See [`Store::raw`].
    fn kept_raw(&self, hash: &RawHash) -> Result<Vec<u8>, StoreError>;
    /// See [`Store::has_raw`].
    fn is_kept(&self, hash: &RawHash) -> Result<bool, StoreError>;
    /// See [`Store::suspects`].
    fn unfinished(&self) -> Vec<Suspect>;
    /// See [`Store::stage`].
    fn stage_record(&self, record: Record, outgoing: &[(RawHash, Vec<u8>)]) -> Result<(), StoreError>;
    /// See [`Store::flush`].
    fn flush_all(&self) -> Result<u64, StoreError>;

    /// The answer, or an empty one together with [`Answers::doubt`].
    fn sure<T: Default>(&self, answer: Result<T, StoreError>) -> T {
        answer.unwrap_or_else(|error| {
            self.doubt(&error);
            T::default()
        })
    }
}

impl<S: Answers> Store for S {
    fn keep_hashed(&self, mails: &[(RawHash, &[u8])]) -> Result<Vec<bool>, StoreError> {
        self.keep_all(mails)
    }

    fn keep_file(&self, path: &Path) -> Result<RawHash, StoreError> {
        self.keep_one_file(path)
    }

    fn raw(&self, hash: &RawHash) -> Result<Vec<u8>, StoreError> {
        self.kept_raw(hash)
    }

    fn has_raw(&self, hash: &RawHash) -> Result<bool, StoreError> {
        self.is_kept(hash)
    }

    fn suspects(&self) -> Vec<Suspect> {
        self.unfinished()
    }

    fn stage(&self, record: Record, outgoing: &[(RawHash, Vec<u8>)]) -> Result<(), StoreError> {
        self.stage_record(record, outgoing)
    }

    fn flush(&self) -> Result<u64, StoreError> {
        self.flush_all()
    }

    fn ticket(&self, no: TicketNo) -> Option<Ticket> {
        self.sure(query::ticket_row(self.state(), no)).map(|row| row.ticket)
    }

    fn tickets(&self, filter: &TicketFilter) -> Vec<Ticket> {
        self.sure(query::tickets(self.state(), filter))
    }

    fn next_ticket(&self) -> TicketNo {
        TicketNo(self.sure(query::figures(self.state())).ticket_last + 1)
    }

    fn history(&self, no: TicketNo) -> Result<Vec<Decided>, StoreError> {
        query::history(self.state(), no)?.into_iter().map(|at| self.body(at)).collect()
    }

    fn decided(&self, event: EventId) -> Result<Option<Decided>, StoreError> {
        query::event(self.state(), event)?.map(|at| self.body(at)).transpose()
    }

    fn find_by_message_id(&self, id: &MessageId) -> Vec<TicketNo> {
        self.sure(query::by_message_id(self.state(), id))
    }

    fn find_by_content(&self, keys: &ContentKeys) -> Option<desk::event::Duplicate> {
        self.sure(query::by_content(self.state(), keys))
    }

    fn contact(&self, address: &str) -> ContactFacts {
        self.sure(query::contact(self.state(), address))
    }

    fn agents(&self) -> BTreeMap<AgentName, (AgentState, u64)> {
        self.sure(query::agents(self.state()))
    }

    fn issues(&self) -> BTreeMap<String, IssueState> {
        self.sure(query_know::issues(self.state()))
    }

    fn issue_tickets(&self, id: &str) -> Vec<TicketNo> {
        self.sure(query_know::issue_tickets(self.state(), id))
    }

    fn errands(&self, limit: usize) -> Vec<(EventId, TicketNo)> {
        self.sure(query_know::errands(self.state(), limit))
    }

    fn glances(&self, no: TicketNo) -> Result<Vec<Glance>, StoreError> {
        query::history(self.state(), no)?.into_iter().map(|at| self.glance(at)).collect()
    }

    fn mails_of_days(&self, from: i64, until: i64) -> BTreeMap<String, u64> {
        self.sure(query_know::mails_of_days(self.state(), from, until))
    }

    fn cursor(&self, mailbox: &MailboxKey) -> Cursor {
        self.sure(query::cursor(self.state(), mailbox))
    }

    fn outcomes(&self, mailbox: &MailboxKey) -> Vec<super::OutcomeSpan> {
        self.sure(query::outcomes(self.state(), mailbox))
    }

    fn inbox_mails(&self, inbox: &desk::InboxName) -> u64 {
        self.sure(query::inbox_mails(self.state(), inbox))
    }

    fn has_event(&self, event: EventId) -> bool {
        self.sure(query::event(self.state(), event)).is_some()
    }

    fn outbox_row(&self, id: EffectId) -> Option<OutboxRow> {
        self.sure(query::outbox_row(self.state(), id))
    }

    fn outbox_of(&self, no: TicketNo) -> Vec<OutboxRow> {
        self.sure(query::outbox_of(self.state(), no))
    }

    fn outbox(&self, all: bool, limit: usize) -> Vec<OutboxRow> {
        self.sure(query::outbox(self.state(), all, limit))
    }

    fn due_timers(&self, now: Timestamp, limit: usize) -> Vec<(Timestamp, TicketNo, TimerKind)> {
        self.sure(query::due_timers(self.state(), now, limit))
    }

    fn next_timer(&self) -> Option<Timestamp> {
        self.sure(query::next_timer(self.state()))
    }

    fn budget(&self, key: &BudgetKey, since: Timestamp) -> u64 {
        self.sure(query::budget(self.state(), key, since))
    }

    fn breaker(&self) -> Option<String> {
        self.sure(query::figures(self.state())).breaker
    }

    fn suppressed(&self, address: &str, now: Timestamp) -> Option<String> {
        self.sure(query::suppressed(self.state(), address, now))
    }

    fn held(&self) -> Vec<HeldItem> {
        self.sure(query::held(self.state()))
    }

    fn counts(&self) -> Counts {
        self.sure(query::figures(self.state())).counts
    }
}
