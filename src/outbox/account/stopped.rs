//! An account that a person has to help: its credentials are refused, or its server proves nothing about itself. Both are
//! looked at from time to time, so that mail flows soon after they were put right, whatever pause was begun meanwhile.

use std::sync::Arc;

use tokio::time::Instant;
use tracing::info;

use super::super::Login;
use super::super::sent::TraceSearch;
use super::Account;
use crate::engine::Outgoing;

impl<O: Outgoing, S: TraceSearch> Account<O, S> {
    /// Begins the looks whose time has come.
    pub(super) fn begin_looks(&mut self, now: Instant) {
        let every = self.shared.settings.pacing.login_recheck;
        if self.refused_login.is_some() && !self.reading_login && self.next_login_read <= now {
            self.reading_login = true;
            self.next_login_read = now + every;
            self.tasks.spawn(Arc::clone(&self.shared).read_login());
        }
        // A handshake that fails comes before any login, so it hammers nobody; one that succeeds is a connection to send on.
        if self.next_proof.is_some_and(|at| at <= now) && self.dialing == 0 {
            self.next_proof = Some(now + every);
            self.dialing += 1;
            self.tasks.spawn(Arc::clone(&self.shared).dial());
        }
    }

    pub(super) fn take_login(&mut self, login: Option<Login>) {
        self.reading_login = false;
        let changed = match (&self.refused_login, &login) {
            (Some(Some(refused)), Some(login)) => refused != login,
            (Some(None), Some(_)) => true,
            (Some(_) | None, None) | (None, Some(_)) => false,
        };
        if changed {
            self.refused_login = None;
            self.go_on("Credentials were changed.");
        }
    }

    /// What stopped the account is put right.
    pub(super) fn go_on(&mut self, why: &'static str) {
        info!(account = %self.shared.settings.account, "{why}");
        self.gate.open();
        self.next_claim = Instant::now();
    }
}
