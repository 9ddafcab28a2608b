//! What `status` shows of a watcher.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::clock::Clock;

use super::{IngestError, Remedy};

/// What a watcher is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Connecting and logging in.
    Connecting,
    /// Working off what is there.
    Fetching,
    /// Waiting for the server to tell of new mail.
    Idling,
    /// Looking from time to time: the server has no IDLE, or it is a maildir.
    Polling,
    /// Waiting after a failure; see [`Snapshot::error`].
    Waiting,
    /// Ended for good; see [`Snapshot::error`].
    Failed,
    /// Ended as asked.
    Stopped,
}

impl Phase {
    /// As written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Fetching => "fetching",
            Self::Idling => "idling",
            Self::Polling => "polling",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// How far the first scan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Mails taken in or set aside.
    pub done: u64,
    /// Mails that were there when the scan began.
    pub total: u64,
}

/// The state of a watcher at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// What it is doing.
    pub phase: Phase,
    /// Connected, logged in, mailbox open; nothing wrong.
    pub live: bool,
    /// When the server last answered as it should.
    pub last_ok_at: Option<Timestamp>,
    /// Why it is not live, on one line.
    pub error: Option<String>,
    /// Who has to act on the error.
    pub remedy: Option<Remedy>,
    /// For how long mail has been known to be there without being taken in. Monotonic.
    pub lag: Duration,
    /// The first scan, or the rescan after a change of UIDVALIDITY, while it runs.
    pub progress: Option<Progress>,
    /// Mails handed over since the start.
    pub received: u64,
    /// Mails that were gone before they could be fetched, since the start.
    pub vanished: u64,
    /// Mails found unsettled by a reconciliation though they should have been taken in, since the start.
    pub gaps: u64,
    /// Mails that the server lists and does not give.
    pub unreadable: u64,
    /// Why mails could not be marked or moved on the server.
    pub filing_error: Option<String>,
    /// For how long that has been so. Monotonic.
    pub filing_failed_for: Option<Duration>,
    /// Times a session was opened since the start.
    pub sessions: u64,
}

#[derive(Debug)]
struct Figures {
    snapshot: Snapshot,
    behind_since: Option<Instant>,
    filing_failed_since: Option<Instant>,
}

/// Shared with whoever shows it.
#[derive(Debug)]
pub struct Health {
    clock: Clock,
    figures: Mutex<Figures>,
}

impl Health {
    pub(super) fn new(clock: Clock) -> Self {
        let snapshot = Snapshot {
            phase: Phase::Connecting,
            live: false,
            last_ok_at: None,
            error: None,
            remedy: None,
            lag: Duration::ZERO,
            progress: None,
            received: 0,
            vanished: 0,
            gaps: 0,
            unreadable: 0,
            filing_error: None,
            filing_failed_for: None,
            sessions: 0,
        };
        Self { clock, figures: Mutex::new(Figures { snapshot, behind_since: None, filing_failed_since: None }) }
    }

    /// The state right now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let figures = self.lock();
        let mut snapshot = figures.snapshot.clone();
        snapshot.lag = figures.behind_since.map_or(Duration::ZERO, |since| since.elapsed());
        snapshot.filing_failed_for = figures.filing_failed_since.map(|since| since.elapsed());
        snapshot
    }

    /// No write below can leave the figures half changed, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The wall clock, for what is shown and stored.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn phase(&self, phase: Phase) {
        self.lock().snapshot.phase = phase;
    }

    /// The mailbox is open.
    pub(super) fn opened(&self) {
        let now = self.clock.now();
        let mut figures = self.lock();
        figures.snapshot.live = true;
        figures.snapshot.error = None;
        figures.snapshot.remedy = None;
        figures.snapshot.last_ok_at = Some(now);
        figures.snapshot.sessions += 1;
    }

    /// The server answered as it should.
    pub(super) fn ok(&self) {
        let now = self.clock.now();
        self.lock().snapshot.last_ok_at = Some(now);
    }

    /// The session failed. Returns true if this is news.
    pub(super) fn failed(&self, error: &IngestError, phase: Phase) -> bool {
        let text = error.chain();
        let mut figures = self.lock();
        let news = figures.snapshot.error.as_deref() != Some(text.as_str());
        figures.snapshot.live = false;
        figures.snapshot.phase = phase;
        figures.snapshot.remedy = Some(error.remedy());
        figures.snapshot.error = Some(text);
        news
    }

    /// Ended as asked.
    pub(super) fn stopped(&self) {
        let mut figures = self.lock();
        figures.snapshot.live = false;
        figures.snapshot.phase = Phase::Stopped;
    }

    /// There is mail to take in, or no more.
    pub(super) fn behind(&self, behind: bool) {
        let mut figures = self.lock();
        match (behind, figures.behind_since) {
            (true, None) => figures.behind_since = Some(Instant::now()),
            (true, Some(_)) => {}
            (false, _) => figures.behind_since = None,
        }
    }

    pub(super) fn progress(&self, progress: Option<Progress>) {
        self.lock().snapshot.progress = progress;
    }

    pub(super) fn advance(&self, mails: u64) {
        if let Some(progress) = &mut self.lock().snapshot.progress {
            progress.done = (progress.done + mails).min(progress.total);
        }
    }

    pub(super) fn received(&self, mails: u64, vanished: u64) {
        let mut figures = self.lock();
        figures.snapshot.received += mails;
        figures.snapshot.vanished += vanished;
    }

    pub(super) fn gaps(&self, mails: u64) {
        self.lock().snapshot.gaps += mails;
    }

    pub(super) fn unreadable(&self, mails: u64) {
        self.lock().snapshot.unreadable = mails;
    }

    /// Filing failed or works again. Returns true if this is news.
    pub(super) fn filing(&self, error: Option<String>) -> bool {
        let mut figures = self.lock();
        let news = figures.snapshot.filing_error != error;
        match &error {
            Some(_) => {
                figures.filing_failed_since.get_or_insert_with(Instant::now);
            }
            None => figures.filing_failed_since = None,
        }
        figures.snapshot.filing_error = error;
        news
    }
}
