//! What the supervisor of the machine is told: ready, reloading, stopping, a line of status, and that we move.
//!
//! The watchdog proves progress: it is fed only while every loop that was put in turned since it was last fed, idle turns
//! included. A loop that hangs, not only a process that hangs, leads to a restart.
//!
//! Without systemd all of this does nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::watch;
use tracing::{debug, warn};

/// Tells the supervisor; the default speaks over `NOTIFY_SOCKET`.
pub type Tell = Arc<dyn Fn(&[NotifyState<'_>]) -> std::io::Result<()> + Send + Sync>;

/// The supervisor. Clones share it.
#[derive(Clone)]
pub struct Supervisor {
    tell: Tell,
    watched: Arc<Mutex<BTreeMap<String, Watched>>>,
}

/// A loop that must turn.
struct Watched {
    beats: Arc<AtomicU64>,
    /// Beats when the watchdog was last fed.
    seen: u64,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new(Arc::new(|state: &[NotifyState<'_>]| sd_notify::notify(state)))
    }
}

impl Supervisor {
    /// One that tells `tell`.
    #[must_use]
    pub fn new(tell: Tell) -> Self {
        Self { tell, watched: Arc::default() }
    }

    /// The daemon serves, or serves again after a reload.
    pub fn ready(&self) {
        self.say(&[NotifyState::Ready]);
    }

    /// A reload begins; [`Supervisor::ready`] ends it.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            // systemd from 253 on wants the instant, to match it with its request.
            Ok(now) => self.say(&[NotifyState::Reloading, now]),
            Err(_) => self.say(&[NotifyState::Reloading]),
        }
    }

    /// The end begins. A watchdog is no longer fed.
    pub fn stopping(&self) {
        self.say(&[NotifyState::Stopping]);
    }

    /// One line for `systemctl status`.
    pub fn status(&self, line: &str) {
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.say(&[NotifyState::Status(&line)]);
    }

    /// A long start-up needs this much more time.
    pub fn extend_start(&self, span: Duration) {
        self.say(&[NotifyState::ExtendTimeoutUsec(u32::try_from(span.as_micros()).unwrap_or(u32::MAX))]);
    }

    /// From now on this loop must turn. It has to add to `beats` at least every 5 s. A loop of the same name is replaced.
    pub fn watch(&self, name: impl Into<String>, beats: Arc<AtomicU64>) {
        // Different from what it is, so that the first look sees a turn.
        let seen = beats.load(Ordering::Relaxed).wrapping_sub(1);
        self.lock().insert(name.into(), Watched { beats, seen });
    }

    /// This loop ended as it should.
    pub fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    /// Names of loops that have not turned since the last call that found none.
    fn standing(&self) -> Vec<String> {
        let mut watched = self.lock();
        let still = |watched: &Watched| watched.beats.load(Ordering::Relaxed) == watched.seen;
        let standing: Vec<String> = watched.iter().filter(|(_, watched)| still(watched)).map(|(name, _)| name.clone()).collect();
        if standing.is_empty() {
            for watched in watched.values_mut() {
                watched.seen = watched.beats.load(Ordering::Relaxed);
            }
        }
        standing
    }

    /// Feeds the watchdog, if every loop turned. Returns whether it did.
    pub fn feed(&self) -> bool {
        let standing = self.standing();
        if standing.is_empty() {
            self.say(&[NotifyState::Watchdog]);
            return true;
        }
        warn!(loops = standing.join(", "), "A loop does not turn; the watchdog is not fed.");
        false
    }

    /// Feeds the watchdog three times in its span until `stop` turns true or its sender is gone. Returns at once if no
    /// watchdog is set.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let Some(span) = sd_notify::watchdog_enabled() else { return };
        let mut ticks = tokio::time::interval((span / 3).max(Duration::from_secs(1)));
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = ticks.tick() => {
                    self.feed();
                }
            }
        }
    }

    fn say(&self, state: &[NotifyState<'_>]) {
        if let Err(error) = (self.tell)(state) {
            debug!(error = &error as &dyn std::error::Error, "Supervisor not reached.");
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor").field("watched", &self.lock().keys().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording() -> (Supervisor, Arc<Mutex<Vec<String>>>) {
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let into = Arc::clone(&said);
        let tell = move |state: &[NotifyState<'_>]| {
            let line = state.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            into.lock().expect("not poisoned").push(line);
            Ok(())
        };
        (Supervisor::new(Arc::new(tell)), said)
    }

    #[test]
    fn the_watchdog_is_fed_only_while_every_loop_turns() {
        let (supervisor, said) = recording();
        let (intake, outbox) = (Arc::new(AtomicU64::new(7)), Arc::new(AtomicU64::new(0)));
        supervisor.watch("intake", Arc::clone(&intake));
        supervisor.watch("outbox", Arc::clone(&outbox));
        assert!(supervisor.feed(), "a loop that was just put in is given its first span");
        assert!(!supervisor.feed(), "neither turned");
        intake.fetch_add(1, Ordering::Relaxed);
        assert!(!supervisor.feed(), "one turned");
        outbox.fetch_add(1, Ordering::Relaxed);
        assert!(supervisor.feed(), "both turned, if not at once");
        supervisor.forget("outbox");
        intake.fetch_add(1, Ordering::Relaxed);
        assert!(supervisor.feed());
        assert_eq!(*said.lock().expect("not poisoned"), ["WATCHDOG=1"; 3]);
    }

    #[test]
    fn a_status_is_one_line() {
        let (supervisor, said) = recording();
        supervisor.status("3/3 inboxes live\nREADY=1");
        supervisor.reloading();
        supervisor.ready();
        let said = said.lock().expect("not poisoned");
        assert_eq!(said[0], "STATUS=3/3 inboxes live READY=1");
        assert!(said[1].starts_with("RELOADING=1 MONOTONIC_USEC="));
        assert_eq!(said[2], "READY=1");
    }
}
