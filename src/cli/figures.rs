//! Figures for Prometheus, read from the store and the watchers when they are asked for.

use std::sync::{Arc, Weak};

use desk::Status;

use crate::cli::run::Daemon;
use crate::metrics::Metrics;

/// Puts the daemon's figures into a registry.
#[allow(clippy::cast_precision_loss)] // figures far below 2^52
pub(crate) fn register(metrics: &Metrics, daemon: &Arc<Daemon>) {
    let daemon: Weak<Daemon> = Arc::downgrade(daemon);
    metrics.source(move |out| {
        let Some(daemon) = daemon.upgrade() else { return };
        let counts = daemon.engine().store().counts();
        for (status, count) in Status::ALL.iter().zip(counts.tickets) {
            out.gauge("frontdesk_tickets", "Tickets by status.", &[("status", status.as_str())], count as f64);
        }
        for (outcome, count) in &counts.settled {
            out.counter("frontdesk_mails_settled_total", "Mails that reached their outcome.", &[("outcome", outcome)], *count);
        }
        out.gauge("frontdesk_held", "Mails and messages that wait for a person.", &[], counts.held as f64);
        out.gauge("frontdesk_outbox_mails", "Outgoing mails not yet done.", &[], counts.outbox as f64);
        let is_open = daemon.engine().store().breaker().is_some();
        out.gauge("frontdesk_breaker_open", "All automatic mail has stopped.", &[], f64::from(u8::from(is_open)));
        let health = daemon.health();
        for inbox in &health.inboxes {
            let name = inbox["name"].as_str().unwrap_or_default();
            let live = f64::from(u8::from(inbox["live"] == true));
            out.gauge("frontdesk_inbox_up", "Mail of the inbox reaches us at once.", &[("inbox", name)], live);
            let lag = inbox["lag_seconds"].as_f64().unwrap_or_default();
            out.gauge("frontdesk_inbox_lag_seconds", "How far behind the inbox is.", &[("inbox", name)], lag);
        }
        for account in &health.accounts {
            let name = account["name"].as_str().unwrap_or_default();
            for (key, help) in
                [("accepted", "Mails accepted."), ("deferred", "Refusals for now."), ("failed", "Refusals for good.")]
            {
                let labels = [("account", name), ("result", key)];
                out.counter("frontdesk_sent_mails_total", help, &labels, account[key].as_u64().unwrap_or_default());
            }
        }
        out.gauge("frontdesk_config_info", "The configuration in force.", &[("hash", &health.config)], 1.0);
    });
}
