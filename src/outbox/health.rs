//! How an account's sending side is doing: for `status`, metrics, readiness and the watchdog.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use desk::AccountName;
use jiff::Timestamp;
use serde::Serialize;

/// What an account's sending side is up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SendingState {
    /// Nothing was sent yet.
    #[default]
    Starting,
    /// The last contact went well.
    Live,
    /// The server asked for patience.
    Slowed,
    /// The server cannot be reached.
    Unreachable,
    /// The credentials are refused; nothing is sent until they are right.
    LoginRefused,
    /// The server cannot be talked to safely: no encryption, or a wrong certificate.
    Unsafe,
    /// Outcomes cannot be recorded, so nothing is sent.
    StoreFailing,
    /// Ended.
    Stopped,
}

/// A look at the sending side of one account. Counts are since start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SendingHealth {
    /// What it is up to.
    pub state: SendingState,
    /// The latest trouble; `None` after the next success.
    pub error: Option<String>,
    /// It pauses until then.
    pub paused_until: Option<Timestamp>,
    /// The last mail that was accepted.
    pub last_ok_at: Option<Timestamp>,
    /// Open connections.
    pub connections: usize,
    /// Mails in memory: claimed, on their way, or with their outcome being recorded.
    pub in_flight: usize,
    /// Mails accepted.
    pub accepted: u64,
    /// Refusals for now.
    pub deferred: u64,
    /// Refusals for good.
    pub failed: u64,
    /// Mails that ended unknown.
    pub unknown: u64,
    /// Mails that fell into doubt.
    pub in_doubt: u64,
}

/// The shared state behind [`SendingHealth`].
#[derive(Debug)]
pub struct Health {
    account: AccountName,
    heartbeat: Arc<AtomicU64>,
    now: Mutex<SendingHealth>,
}

impl Health {
    pub(crate) fn new(account: AccountName) -> Self {
        Self { account, heartbeat: Arc::default(), now: Mutex::default() }
    }

    /// Whose.
    #[must_use]
    pub fn account(&self) -> &AccountName {
        &self.account
    }

    /// How it is now.
    #[must_use]
    pub fn snapshot(&self) -> SendingHealth {
        self.lock().clone()
    }

    /// Moves with every turn of the loop, idle turns included: at least every [`super::limits::SLEEP_MAX`].
    #[must_use]
    pub fn heartbeat(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.heartbeat)
    }

    pub(crate) fn beat(&self) {
        self.heartbeat.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut SendingHealth)) {
        change(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, SendingHealth> {
        // Every change is whole, so a panic elsewhere leaves nothing half done.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
