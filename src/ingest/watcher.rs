//! The supervisor of one mailbox: opens sessions, waits between them, shows what is wrong. Begin here.
//!
//! A session selects the mailbox (`enter.rs`), works off what is open (`work.rs`), then waits for news and looks again.
//! Whatever goes wrong ends the session; the next one begins with what the store says.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info, warn};

use crate::engine::Intake;

use super::backoff::{Backoff, Class};
use super::enter::View;
use super::error::IngestError;
use super::fetch::Large;
use super::health::{Health, Phase};
use super::idle::{Wake, idle};
use super::limits::STRIKES_MAX;
use super::pipeline::Pipeline;
use super::session::Session;
use super::{Auth, WatchSettings};

/// What outlives a session.
pub(super) struct Watch<I> {
    pub(super) settings: Arc<WatchSettings>,
    pub(super) pipeline: Pipeline<I>,
    pub(super) health: Arc<Health>,
    /// How often mails broke a session, by UID.
    pub(super) strikes: BTreeMap<u32, u32>,
    /// UIDs whose bodies are being fetched right now.
    pub(super) current: Vec<u32>,
    /// The first of the UIDs during which the connection was lost, and how often in a row.
    barren: (u32, u32),
    /// A large mail that is partly here.
    pub(super) large: Option<Large>,
    pub(super) reconciled_at: Instant,
    opened_at: Option<Instant>,
    auth: Option<Auth>,
    no_idle: bool,
}

/// Watches until stopped or failed for good.
pub(super) async fn watch<I: Intake>(
    settings: Arc<WatchSettings>,
    intake: I,
    health: Arc<Health>,
    mut stop: watch::Receiver<bool>,
) {
    let pipeline = Pipeline::new(intake, settings.mailbox.clone(), Arc::clone(&health));
    let mut hasher = DefaultHasher::new();
    settings.mailbox.hash(&mut hasher);
    std::process::id().hash(&mut hasher);
    let mut backoff = Backoff::new(hasher.finish());
    let mut watch = Watch {
        settings,
        pipeline,
        health,
        strikes: BTreeMap::new(),
        current: Vec::new(),
        barren: (0, 0),
        large: None,
        reconciled_at: Instant::now(),
        opened_at: None,
        auth: None,
        no_idle: false,
    };
    watch.sweep().await;
    loop {
        watch.health.phase(Phase::Connecting);
        watch.opened_at = None;
        let ended = tokio::select! {
            biased;
            () = stopped(&mut stop) => None,
            ended = AssertUnwindSafe(watch.session()).catch_unwind() => Some(ended),
        };
        let Some(ended) = ended else { break };
        let result = ended.unwrap_or(Err(IngestError::Panicked { act: "a session" }));
        let result = if let Err(failed) = watch.settle_down().await { Err(failed) } else { result };
        let Err(failed) = result else { continue };
        if !watch.after(&failed, &mut backoff, &mut stop).await {
            break;
        }
    }
    if let Err(failed) = watch.settle_down().await {
        warn!(error = failed.chain(), "The last mails were not taken in; they are fetched again.");
    }
    if watch.health.snapshot().phase != Phase::Failed {
        watch.health.stopped();
    }
}

/// Returns when a stop is asked for.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A dropped sender means that whoever could stop us is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

impl<I: Intake> Watch<I> {
    /// One connection, until it fails.
    async fn session(&mut self) -> Result<(), IngestError> {
        let auth = self.credentials().await?;
        let mut session = Session::open(&self.settings, auth).await?;
        loop {
            let mut view = self.enter(&mut session).await?;
            if self.health.snapshot().error.is_some() || self.opened_at.is_none() {
                let mailbox = &self.settings.mailbox;
                info!(account = mailbox.account.as_str(), mailbox = mailbox.mailbox, "Mailbox is watched.");
            }
            self.opened_at.get_or_insert_with(Instant::now);
            self.health.opened();
            self.attend(&mut session, &mut view).await?;
        }
    }

    async fn credentials(&mut self) -> Result<Auth, IngestError> {
        let provider = Arc::clone(&self.settings.auth);
        let auth = tokio::task::spawn_blocking(move || provider())
            .await
            .map_err(|_| IngestError::Panicked { act: "reading credentials" })?
            .map_err(|why| IngestError::Credentials { why })?;
        self.auth = Some(auth.clone());
        Ok(auth)
    }

    /// Works and waits, until the mailbox has to be opened anew.
    async fn attend(&mut self, session: &mut Session, view: &mut View) -> Result<(), IngestError> {
        loop {
            self.health.phase(Phase::Fetching);
            self.work_off(session, view).await?;
            self.file_later(session, view).await?;
            self.health.behind(false);
            self.health.progress(None);
            self.health.ok();
            if !self.wait(session, view).await? {
                continue;
            }
            if self.look_around(session, view).await? {
                return Ok(());
            }
            if self.reconciled_at.elapsed() >= self.settings.deadlines.reconcile {
                self.reconcile(session, view).await?;
            }
        }
    }

    /// Waits for news (false) or until it is time to look without any (true).
    async fn wait(&mut self, session: &mut Session, view: &mut View) -> Result<bool, IngestError> {
        if self.no_idle || !session.can("IDLE") {
            self.health.phase(Phase::Polling);
            sleep(self.settings.poll).await;
            session.noop().await?;
            return Ok(true);
        }
        self.health.phase(Phase::Idling);
        let deadlines = &self.settings.deadlines;
        let limit = if view.fresh { deadlines.settle } else { deadlines.status_poll.min(Duration::from_secs(9 * 60)) };
        match idle(session, limit).await? {
            Wake::News => {
                view.fresh = true;
                Ok(false)
            }
            Wake::TimeUp => {
                view.fresh = false;
                Ok(true)
            }
            Wake::Refused => {
                self.no_idle = true;
                Ok(true)
            }
        }
    }

    /// Lets the commit in flight end.
    async fn settle_down(&mut self) -> Result<(), IngestError> {
        let limit = self.settings.deadlines.stop;
        timeout(limit, self.pipeline.finish())
            .await
            .unwrap_or(Err(IngestError::Stalled { act: "hand mail over", seconds: limit.as_secs() }))
    }

    /// Shows a failure and waits. False if there is no going on.
    async fn after(&mut self, failed: &IngestError, backoff: &mut Backoff, stop: &mut watch::Receiver<bool>) -> bool {
        self.blame(failed);
        let mailbox = self.settings.mailbox.clone();
        if failed.is_final() {
            self.health.failed(failed, Phase::Failed);
            let (account, mailbox) = (mailbox.account.as_str(), mailbox.mailbox.as_str());
            error!(account, mailbox, error = failed.chain(), remedy = ?failed.remedy(), "Mailbox is no longer watched.");
            return false;
        }
        if self.opened_at.is_some_and(|at| at.elapsed() >= Duration::from_secs(10)) {
            backoff.reset();
        }
        let class = Class::of(failed);
        let pause = backoff.next(class, &self.settings.deadlines);
        if self.health.failed(failed, Phase::Waiting) {
            let (account, mailbox) = (mailbox.account.as_str(), mailbox.mailbox.as_str());
            let retry_s = pause.as_secs();
            warn!(account, mailbox, error = failed.chain(), remedy = ?failed.remedy(), retry_s, "Mailbox is not watched.");
        }
        tokio::select! {
            biased;
            () = stopped(stop) => false,
            () = sleep(pause) => true,
            () = self.rotated(), if class == Class::Login => {
                backoff.reset();
                true
            }
        }
    }

    /// Returns when the credentials are no longer those that were refused.
    async fn rotated(&self) {
        loop {
            sleep(self.settings.deadlines.login_look).await;
            let provider = Arc::clone(&self.settings.auth);
            let found = tokio::task::spawn_blocking(move || provider()).await;
            if let Ok(Ok(auth)) = found
                && Some(&auth) != self.auth.as_ref()
            {
                return;
            }
        }
    }

    /// Remembers which mails were on their way when a session broke. Those are tried alone, then left for later: one
    /// mail that a server or a parser cannot handle must not keep all others out.
    fn blame(&mut self, failed: &IngestError) {
        let current = std::mem::take(&mut self.current);
        let Some(first) = current.first().copied() else { return };
        match failed {
            IngestError::Protocol { .. } | IngestError::Panicked { .. } => self.strike(&current),
            IngestError::Lost { .. } | IngestError::Stalled { .. } => {
                self.barren = if self.barren.0 == first { (first, self.barren.1 + 1) } else { (first, 1) };
                if self.barren.1 >= STRIKES_MAX {
                    self.barren = (0, 0);
                    self.strike(&current);
                }
            }
            IngestError::Connect { .. }
            | IngestError::Tls { .. }
            | IngestError::NoTls { .. }
            | IngestError::PlainRefused { .. }
            | IngestError::Credentials { .. }
            | IngestError::Login { .. }
            | IngestError::Throttled { .. }
            | IngestError::NoMailbox { .. }
            | IngestError::Refused { .. }
            | IngestError::File { .. }
            | IngestError::Store(_) => {}
        }
    }

    /// Counts against mails.
    pub(super) fn strike(&mut self, uids: &[u32]) {
        for uid in uids {
            let strikes = self.strikes.entry(*uid).or_default();
            *strikes += 1;
            if *strikes == STRIKES_MAX {
                warn!(uid, "The server does not give this mail; it is tried again at the next reconciliation.");
            }
        }
        let unreadable = self.strikes.values().filter(|strikes| **strikes >= STRIKES_MAX).count();
        self.health.unreadable(unreadable as u64);
    }

    /// Removes pieces of mails that an earlier process left.
    async fn sweep(&self) {
        let prefix = format!("{}-", super::anchor::file_stem(&self.settings.mailbox));
        let Ok(mut entries) = tokio::fs::read_dir(&self.settings.spool).await else { return };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(".part") {
                // Left over pieces cost space only; the next start tries again.
                let _ = tokio::fs::remove_file(entry.path()).await;
            }
        }
    }
}
