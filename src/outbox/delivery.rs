//! What runs beside an account's loop: dialling, one sending, recording, looking for traces.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use desk::EffectId;
use desk::effect::{OutboxPhase, OutboxRow, OutboxStep};
use tracing::{debug, error, info};

use super::health::Health;
use super::open::{OpenError, Opening};
use super::outcome::{end_doubt, in_doubt};
use super::sent::{Doubt, Trace, TraceSearch, after_search, words_for};
use super::session::{Sent, Session};
use super::{Login, OutboxSettings, Target, limits, maildir};
use crate::clock::Clock;
use crate::engine::{Claimed, Outgoing};
use crate::failpoint;
use crate::store::StoreError;

/// What the loop and its tasks share.
pub(crate) struct Shared<O, S> {
    pub(crate) settings: OutboxSettings,
    pub(crate) outgoing: O,
    pub(crate) search: S,
    pub(crate) clock: Clock,
    pub(crate) health: Arc<Health>,
}

/// A mail to be sent.
pub(crate) struct Job {
    pub(crate) row: OutboxRow,
    pub(crate) raw: Vec<u8>,
    /// The second sending of a mail in doubt.
    pub(crate) again: bool,
    /// Set when content may be out.
    pub(crate) marked: Arc<AtomicBool>,
}

/// What carries mails to the target.
pub(crate) enum Carrier {
    Smtp(Box<Session>),
    Maildir(PathBuf),
}

impl Carrier {
    pub(crate) fn is_usable(&self) -> bool {
        match self {
            Self::Smtp(session) => session.is_usable(),
            Self::Maildir(_) => true,
        }
    }

    pub(crate) fn idle_for(&self) -> Duration {
        match self {
            Self::Smtp(session) => session.used_at.elapsed(),
            Self::Maildir(_) => Duration::ZERO,
        }
    }

    pub(crate) async fn quit(self) {
        match self {
            Self::Smtp(session) => session.quit().await,
            Self::Maildir(_) => {}
        }
    }
}

/// Why there is no carrier.
pub(crate) struct DialFailed {
    pub(crate) error: OpenError,
    /// Credentials that were tried; `None` if they could not be read.
    pub(crate) login: Option<Login>,
}

/// Something that ran beside the loop has ended.
pub(crate) enum Done {
    Claimed(Result<Vec<Claimed>, StoreError>),
    Dialed(Result<Carrier, DialFailed>),
    Delivered {
        job: Job,
        /// `None` if it cannot be used again.
        carrier: Option<Carrier>,
        /// The connection had carried a mail before.
        reused: bool,
        sent: Sent,
    },
    DoubtEnds {
        job: Job,
        doubt: Doubt,
    },
    Recorded {
        ids: Vec<EffectId>,
        error: Option<StoreError>,
    },
    Searched {
        ids: Vec<EffectId>,
        /// Those whose end was recorded.
        found: BTreeSet<EffectId>,
    },
    LoginRead(Option<Login>),
    Nothing,
}

impl<O: Outgoing, S: TraceSearch> Shared<O, S> {
    pub(crate) async fn claim(self: Arc<Self>, limit: usize) -> Done {
        Done::Claimed(self.outgoing.claim(&self.settings.account, limit).await)
    }

    pub(crate) async fn dial(self: Arc<Self>) -> Done {
        Done::Dialed(dial(&self.settings).await)
    }

    pub(crate) async fn read_login(self: Arc<Self>) -> Done {
        Done::LoginRead((self.settings.login)().await.ok())
    }

    /// Sends one mail. Its outcome is judged, and recorded, by the loop.
    pub(crate) async fn deliver(self: Arc<Self>, job: Job, mut carrier: Carrier) -> Done {
        let (reused, sent) = match &mut carrier {
            Carrier::Smtp(session) => {
                let reused = session.is_used();
                let mark = async {
                    let search_max = self.settings.pacing.search_max;
                    let step = in_doubt(&job.row, job.again, "content is on its way", self.clock.now(), search_max);
                    self.outgoing.step(step).await?;
                    job.marked.store(true, Ordering::SeqCst);
                    Ok(())
                };
                let sent = session.send(&job.row, &job.raw, mark).await;
                failpoint::hit("server_answered");
                (reused, sent)
            }
            Carrier::Maildir(path) => (false, write_file(path.clone(), &job).await),
        };
        let carrier = carrier.is_usable().then_some(carrier);
        Done::Delivered { job, carrier, reused, sent }
    }

    /// Records outcomes. The server has spoken, so this is tried for a while; then the row stays where it is, and the
    /// search for traces ends it.
    pub(crate) async fn record(self: Arc<Self>, step: OutboxStep) -> Done {
        let ids = vec![step.id];
        let mut tries = 1;
        loop {
            match self.outgoing.step(step.clone()).await {
                Ok(()) => return Done::Recorded { ids, error: None },
                Err(error) if tries >= limits::RECORD_TRIES_MAX => {
                    error!(error = &error as &dyn std::error::Error, effect = %step.id, phase = step.phase.as_str(), "Outcome not recorded.");
                    return Done::Recorded { ids, error: Some(error) };
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
            tries += 1;
        }
    }

    pub(crate) async fn release(self: Arc<Self>, rows: Vec<OutboxRow>) -> Done {
        let ids = rows.iter().map(|row| row.id).collect();
        let error = self.outgoing.release(rows).await.err();
        Done::Recorded { ids, error }
    }

    /// Looks once for each row; what is found is recorded as accepted.
    pub(crate) async fn look_for(self: Arc<Self>, rows: Vec<OutboxRow>) -> Done {
        let ids = rows.iter().map(|row| row.id).collect();
        let mut found = BTreeSet::new();
        for row in rows {
            if self.search.find(&row.message_id).await != Trace::Found {
                continue;
            }
            info!(effect = %row.id, ticket_id = row.ticket.0, "A mail in doubt was found.");
            let step = end_doubt(&row, OutboxPhase::Accepted, "found where the server keeps what it sent", self.clock.now());
            match self.outgoing.step(step).await {
                Ok(()) => {
                    found.insert(row.id);
                }
                // It stays in doubt and is looked for again.
                Err(error) => debug!(error = &error as &dyn std::error::Error, effect = %row.id, "Find not recorded."),
            }
        }
        Done::Searched { ids, found }
    }

    /// The last look at a row whose time for looking is over.
    pub(crate) async fn last_look(self: Arc<Self>, job: Job) -> Done {
        let last = self.search.find(&job.row.message_id).await;
        let doubt = after_search(&job.row, last);
        Done::DoubtEnds { job, doubt }
    }
}

/// The step that ends a doubt, or `None` if the mail is to be sent once more.
pub(crate) fn step_after_doubt(row: &OutboxRow, doubt: Doubt, now: jiff::Timestamp) -> Option<OutboxStep> {
    match doubt {
        Doubt::Accepted => Some(end_doubt(row, OutboxPhase::Accepted, "found where the server keeps what it sent", now)),
        Doubt::Unknown => {
            let said = row.last_reply.as_deref().unwrap_or("the program ended before the server answered");
            let words = words_for(row, false, &format!("may have arrived, not repeated; last word: {said}"));
            Some(end_doubt(row, OutboxPhase::Unknown, &words, now))
        }
        Doubt::SendAgain => None,
    }
}

pub(crate) async fn probe(settings: &OutboxSettings) -> Result<(), OpenError> {
    let carrier = dial(settings).await.map_err(|failed| failed.error)?;
    carrier.quit().await;
    Ok(())
}

async fn dial(settings: &OutboxSettings) -> Result<Carrier, DialFailed> {
    match &settings.target {
        Target::Smtp(server) => {
            let login = (settings.login)().await.map_err(|words| {
                let server = format!("{}:{}", server.host, server.port);
                DialFailed { error: OpenError::Login { server, words }, login: None }
            })?;
            let opening = Opening { server, hello: &settings.hello, login: &login, deadlines: &settings.deadlines };
            match opening.open().await {
                Ok(session) => Ok(Carrier::Smtp(Box::new(session))),
                Err(error) => Err(DialFailed { error, login: Some(login) }),
            }
        }
        Target::Maildir(path) => {
            let directory = path.clone();
            let prepared = blocking(move || maildir::prepare(&directory)).await;
            let failed = |words| DialFailed {
                error: OpenError::Unreachable { server: path.display().to_string(), words },
                login: Some(Login::None),
            };
            prepared.map(|()| Carrier::Maildir(path.clone())).map_err(failed)
        }
    }
}

async fn write_file(directory: PathBuf, job: &Job) -> Sent {
    let (id, raw, is_repeat) = (job.row.id, job.raw.clone(), job.row.attempts > 1 || job.again);
    match blocking(move || maildir::write(&directory, id, &raw, is_repeat)).await {
        Ok(words) => Sent::Accepted(words),
        Err(words) => Sent::LostBefore(words),
    }
}

async fn blocking<T: Send + 'static>(act: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> Result<T, String> {
    match tokio::task::spawn_blocking(act).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
