//! Channels besides mail: chat rooms, telephones, pagers, webhooks. Each is a reconciler like a sending account: woken, it
//! claims what is due from the outbox, posts it, and records what became of it.
//!
//! What is told is decided and stored with the decision, as a [`desk::channel::Note`]; here it gets the form that the
//! channel wants ([`payload`]) and is carried there ([`http`]). A note that is too late helps nobody: after a day it is
//! given up.

mod http;
mod payload;

use std::sync::Arc;
use std::time::Duration;

use desk::effect::{OutboxPhase, OutboxRow, OutboxStep};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::engine::{Claimed, Outgoing};

pub use payload::{Kind, Request, request};

/// Notes under way at once: order matters little, patience does.
const CLAIMED_MAX: usize = 4;
/// Waits after the first refusals; later ones wait [`REGULAR`].
const FIRST: [SignedDuration; 4] =
    [SignedDuration::from_secs(20), SignedDuration::from_mins(1), SignedDuration::from_mins(5), SignedDuration::from_mins(15)];
/// Wait after every later refusal.
const REGULAR: SignedDuration = SignedDuration::from_hours(1);
/// A note older than this is given up.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Looked at again even if nobody woke us.
const IDLE: Duration = Duration::from_secs(60);

/// A channel.
#[derive(Clone)]
pub struct ChannelSettings {
    /// Its name in the file.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where it is, `https://…`; `http://` on this machine only.
    pub url: String,
    /// Key that signs or logs in, if it needs one.
    pub key: Option<String>,
    /// HTTP method, for gateways that want another than POST.
    pub method: Option<String>,
    /// Body with `{text}` and `{ticket}`, for gateways.
    pub body: Option<String>,
    /// TLS.
    pub tls: Arc<rustls::ClientConfig>,
}

/// Starts the reconciler of a channel; it ends when `stop` turns true.
pub fn spawn<O: Outgoing>(settings: ChannelSettings, outgoing: O, clock: Clock, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(run(settings, outgoing, clock, stop))
}

async fn run<O: Outgoing>(settings: ChannelSettings, outgoing: O, clock: Clock, mut stop: watch::Receiver<bool>) {
    let account = desk::channel::account(&settings.name);
    while !*stop.borrow() {
        let claimed = match outgoing.claim(&account, CLAIMED_MAX).await {
            Ok(claimed) => claimed,
            // The store has failed and the process ends elsewhere.
            Err(_) => return,
        };
        if claimed.is_empty() {
            let wait = outgoing.next_due(&account).map_or(IDLE, |due| {
                Duration::try_from(clock.now().duration_until(due)).unwrap_or_default().clamp(Duration::from_millis(50), IDLE)
            });
            tokio::select! {
                () = outgoing.woken() => {}
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => {}
            }
            continue;
        }
        for one in claimed {
            let step = deliver(&settings, &clock, one).await;
            if outgoing.step(step).await.is_err() {
                return;
            }
        }
    }
}

async fn deliver(settings: &ChannelSettings, clock: &Clock, claimed: Claimed) -> OutboxStep {
    let Claimed { row, raw } = claimed;
    let at = clock.now();
    let step = |phase: OutboxPhase, next_at: Timestamp, reply: String| OutboxStep {
        id: row.id,
        phase,
        at,
        attempts: row.attempts,
        next_at,
        reply: Some(reply),
    };
    // After a crash nobody knows whether it was posted; telling people twice of an alarm does less harm than not at all.
    let Some(request) = request(settings, &raw, row.id) else {
        return step(OutboxPhase::Failed, at, "the note cannot be read".to_owned());
    };
    let answer = http::post(settings, &request).await;
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => step(OutboxPhase::Accepted, at, answer.shown()),
        Ok(answer) if matches!(answer.status, 408 | 425 | 429 | 500..=599) => {
            later(&row, at, answer.retry_after, answer.shown(), step)
        }
        Ok(answer) => {
            tracing::warn!(channel = settings.name, status = answer.status, "A channel refuses what it is told.");
            step(OutboxPhase::Failed, at, answer.shown())
        }
        Err(error) => later(&row, at, None, error.to_string(), step),
    }
}

fn later(
    row: &OutboxRow,
    at: Timestamp,
    asked: Option<SignedDuration>,
    reply: String,
    step: impl Fn(OutboxPhase, Timestamp, String) -> OutboxStep,
) -> OutboxStep {
    if row.created_at.duration_until(at) >= AGE_MAX {
        return step(OutboxPhase::Failed, at, reply);
    }
    let regular = FIRST.get(row.attempts.saturating_sub(1) as usize).copied().unwrap_or(REGULAR);
    // Spread over a quarter more, by the row's id, so that those refused together do not come back together.
    let jitter = regular.as_secs() * i64::from(row.id.0[0]) / (4 * 256);
    let wait =
        asked.unwrap_or(SignedDuration::from_secs(regular.as_secs() + jitter)).clamp(SignedDuration::from_secs(1), AGE_MAX);
    step(OutboxPhase::Deferred, at.checked_add(wait).unwrap_or(at), reply)
}
