//! From what became of a sending to the row's next phase. Pure.

use desk::effect::{OutboxPhase, OutboxRow, OutboxStep};
use jiff::{SignedDuration, Timestamp};

use super::reply::Meaning;
use super::schedule::{Next, after_refusal};
use super::sent::words_for;
use super::session::Sent;

/// What is done with the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowAfter {
    /// It takes this step.
    Step(OutboxStep),
    /// It is given back as if it had not been tried.
    GiveBack,
}

/// What the sending says about the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountAfter {
    /// The server works.
    Well,
    /// The connection broke; another may do.
    Shaken(String),
    /// The server wants patience.
    Slow(String),
    /// The credentials are refused.
    LoginRefused(String),
    /// The store records nothing.
    StoreFails(String),
}

/// A sending that has ended.
pub(crate) struct Ended<'a> {
    /// The row as claimed, this attempt counted.
    pub(crate) row: &'a OutboxRow,
    /// This was the second sending of a mail in doubt.
    pub(crate) again: bool,
    /// [`OutboxPhase::DataSent`] was recorded in this sending.
    pub(crate) marked: bool,
    /// What became of it.
    pub(crate) sent: &'a Sent,
    /// When.
    pub(crate) now: Timestamp,
    /// How long traces are looked for.
    pub(crate) search_max: SignedDuration,
}

/// What follows for the row and for the account.
pub(crate) fn outcome(ended: &Ended<'_>) -> (RowAfter, AccountAfter) {
    match ended.sent {
        Sent::Accepted(words) => (ended.step(OutboxPhase::Accepted, words), AccountAfter::Well),
        Sent::Impossible(words) => (ended.step(OutboxPhase::Failed, words), AccountAfter::Well),
        Sent::InDoubt(words) => {
            let words = format!("no answer to the whole mail: {words}");
            let step = in_doubt(ended.row, ended.again, &words, ended.now, ended.search_max);
            (RowAfter::Step(step), AccountAfter::Shaken(words))
        }
        Sent::LostBefore(words) => (ended.deferred(words), AccountAfter::Shaken(words.clone())),
        Sent::Refused(reply) => match reply.meaning() {
            Meaning::FailMail => (ended.step(OutboxPhase::Failed, &reply.words), AccountAfter::Well),
            Meaning::DeferMail => (ended.deferred(&reply.words), AccountAfter::Well),
            Meaning::SlowAccount => (ended.deferred(&reply.words), AccountAfter::Slow(reply.words.clone())),
            Meaning::StopAccount if ended.marked || ended.again => {
                (ended.deferred(&reply.words), AccountAfter::LoginRefused(reply.words.clone()))
            }
            Meaning::StopAccount => (RowAfter::GiveBack, AccountAfter::LoginRefused(reply.words.clone())),
        },
        Sent::Unrecorded(error) => {
            // The row is still claimed and no content left us.
            (RowAfter::GiveBack, AccountAfter::StoreFails(error.to_string()))
        }
    }
}

impl Ended<'_> {
    fn step(&self, phase: OutboxPhase, words: &str) -> RowAfter {
        RowAfter::Step(make(self.row, self.again, phase, words, self.now))
    }

    fn deferred(&self, words: &str) -> RowAfter {
        RowAfter::Step(deferred(self.row, self.again, words, self.now))
    }
}

/// The step of a row that could not be sent because there was no connection.
pub(crate) fn not_reached(row: &OutboxRow, words: &str, now: Timestamp) -> OutboxStep {
    deferred(row, false, words, now)
}

/// The step into doubt: before the first byte of content, and again when the server's answer to it is lost.
pub(crate) fn in_doubt(row: &OutboxRow, again: bool, words: &str, now: Timestamp, search_max: SignedDuration) -> OutboxStep {
    let next_at = now.saturating_add(search_max).unwrap_or(Timestamp::MAX);
    OutboxStep { next_at, ..make(row, again, OutboxPhase::DataSent, words, now) }
}

/// The step that ends a doubt without another sending.
pub(crate) fn end_doubt(row: &OutboxRow, phase: OutboxPhase, words: &str, now: Timestamp) -> OutboxStep {
    make(row, false, phase, words, now)
}

fn deferred(row: &OutboxRow, again: bool, words: &str, now: Timestamp) -> OutboxStep {
    match after_refusal(row.id, row.attempts, row.created_at, now) {
        Next::RetryAt(next_at) => OutboxStep { next_at, ..make(row, again, OutboxPhase::Deferred, words, now) },
        Next::GiveUp => make(row, again, OutboxPhase::Failed, &format!("given up after 5 days: {words}"), now),
    }
}

fn make(row: &OutboxRow, again: bool, phase: OutboxPhase, words: &str, now: Timestamp) -> OutboxStep {
    let reply = Some(words_for(row, again, words));
    OutboxStep { id: row.id, phase, at: now, attempts: row.attempts, next_at: now, reply }
}
