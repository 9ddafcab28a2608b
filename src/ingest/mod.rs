//! Mail in: watchers of mailboxes and maildirs.
//!
//! A watcher is a reconciler: woken by IDLE, a poll or its own start, it compares what is on the server with what is
//! settled in the [`Intake`] and fetches the rest. It keeps no truth of its own, so a restart, a lost wake-up and a new
//! connection are one code path.
//!
//! Invariants: nothing changes on the server before `Intake::receive` has returned; only UIDs are used, never sequence
//! numbers; `\Seen` is set for `done = seen` alone; nothing of IMAP leaves this module; mail content is never logged.
//! Deliberately absent: BODYSTRUCTURE and ENVELOPE (their parser recurses), CONDSTORE and QRESYNC (not every provider
//! has them, and UIDs suffice). Begin reading in `watcher.rs`.

mod anchor;
mod backoff;
mod connect;
mod enter;
mod error;
mod fetch;
mod file_done;
mod guard;
mod health;
mod idle;
mod known;
mod limits;
mod maildir;
mod pipeline;
mod reconcile;
mod session;
mod uidlist;
mod utf7;
mod watcher;
mod work;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::engine::Intake;
use crate::store::MailboxKey;

pub use error::{IngestError, Remedy};
pub use health::{Health, Phase, Progress, Snapshot};

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (port 993).
    Tls,
    /// Plain until STARTTLS (port 143); a server that refuses it is an error, never a plain session.
    StartTls,
    /// No protection: allowed to loopback addresses alone.
    Plain,
}

/// Where the mailbox is.
#[derive(Clone, Debug)]
pub struct Server {
    /// DNS name or address; the certificate is checked against it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// PEM certificates of a private authority, trusted instead of the machine's own.
    pub ca: Option<Vec<u8>>,
}

/// How to log in.
#[derive(Clone, PartialEq, Eq)]
pub enum Auth {
    /// LOGIN, RFC 9051 §6.2.3.
    Password {
        /// Account name.
        user: String,
        /// Password.
        secret: String,
    },
    /// SASL XOAUTH2 with a fresh access token.
    XOAuth2 {
        /// Account name.
        user: String,
        /// Bearer token.
        token: String,
    },
    /// Nothing to log in with: only maildirs need none.
    None,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { user, .. } => write!(f, "Password({user}, Secret(..))"),
            Self::XOAuth2 { user, .. } => write!(f, "XOAuth2({user}, Secret(..))"),
            Self::None => f.write_str("None"),
        }
    }
}

/// Gives the credentials at each login, so that a rotated password works without a restart. May read files: it is called
/// on the blocking pool. The error text is shown to the operator and must not contain a secret.
pub type AuthProvider = Arc<dyn Fn() -> Result<Auth, String> + Send + Sync>;

/// What happens on the server to a mail that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It stays as it is; where the server allows keywords, it gets `$Frontdesk`.
    Keep,
    /// It gets `\Seen`.
    Seen,
    /// It moves to that mailbox (decoded name), which is created when missing.
    Move(String),
}

/// Which of the mails that were there before the first start are taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// None of them.
    Now,
    /// All, silently: tickets, no mail.
    All,
    /// Those the server received on that day or later, silently.
    Date(jiff::civil::Date),
}

/// How long the peer may take. Monotonic time.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Connecting, the TLS handshake and the greeting, each.
    pub connect: Duration,
    /// A command without a single new byte.
    pub stall: Duration,
    /// Ending an IDLE.
    pub idle_done: Duration,
    /// A STATUS check even when IDLE looks healthy; IDLE is re-issued then. At most 9 minutes: RFC 2177 servers may hang
    /// up after 30, some providers do so after 10.
    pub status_poll: Duration,
    /// The first IDLE after work is cut short for a look at UIDNEXT: a mail may have come between the last look and IDLE.
    pub settle: Duration,
    /// Comparing the UIDs on the server with the outcomes.
    pub reconcile: Duration,
    /// First pause after a failure; doubles to [`Deadlines::retry_max`].
    pub retry_min: Duration,
    /// Longest pause after a failure.
    pub retry_max: Duration,
    /// First pause after the server said that it has enough of us; doubles to [`Deadlines::throttle_max`].
    pub throttle_min: Duration,
    /// Longest pause after the server said that it has enough of us.
    pub throttle_max: Duration,
    /// Pause after a refused login, unless the credentials change.
    pub login: Duration,
    /// How often changed credentials are looked for during that pause.
    pub login_look: Duration,
    /// How long a commit in flight may take after a stop was asked for.
    pub stop: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            stall: Duration::from_secs(60),
            idle_done: Duration::from_secs(20),
            status_poll: Duration::from_secs(5 * 60),
            settle: Duration::from_secs(2),
            reconcile: Duration::from_secs(60 * 60),
            retry_min: Duration::from_secs(1),
            retry_max: Duration::from_secs(5 * 60),
            throttle_min: Duration::from_secs(30),
            throttle_max: Duration::from_secs(15 * 60),
            login: Duration::from_secs(5 * 60),
            login_look: Duration::from_secs(5),
            stop: Duration::from_secs(25),
        }
    }
}

/// One IMAP mailbox to watch.
#[derive(Clone)]
pub struct WatchSettings {
    /// Which.
    pub mailbox: MailboxKey,
    /// Where.
    pub server: Server,
    /// Credentials, asked for at each login.
    pub auth: AuthProvider,
    /// How often to look where the server has no IDLE.
    pub poll: Duration,
    /// What to do with mail that was taken in.
    pub done: Done,
    /// What to do with mail that was there first.
    pub since: Since,
    /// Directory for mails over 8 MiB while they are fetched, and for the note of what was there first. Must persist.
    pub spool: PathBuf,
    /// Patience.
    pub deadlines: Deadlines,
}

impl fmt::Debug for WatchSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchSettings")
            .field("mailbox", &self.mailbox)
            .field("host", &self.server.host)
            .field("port", &self.server.port)
            .finish_non_exhaustive()
    }
}

/// One maildir to watch.
#[derive(Clone, Debug)]
pub struct MaildirSettings {
    /// Under which name its mails are recorded.
    pub mailbox: MailboxKey,
    /// The directory with `new`, `cur` and `tmp`; made when missing.
    pub path: PathBuf,
    /// How often to look; 1 s is fine.
    pub poll: Duration,
    /// `Keep` moves `new` to `cur`; `Seen` sets the `S` flag too; `Move` names a sibling maildir below `path` (`.NAME`).
    pub done: Done,
    /// What to do with mail that was there first.
    pub since: Since,
    /// Patience.
    pub deadlines: Deadlines,
}

/// Starts watchers.
#[derive(Debug)]
pub struct Watcher;

impl Watcher {
    /// Watches an IMAP mailbox until `stop` turns true (or its sender is dropped). After that the commit in flight is
    /// finished and the task ends within [`Deadlines::stop`]. It also ends when the store failed for good; the
    /// [`Health`] then has phase [`Phase::Failed`].
    pub fn spawn(
        settings: WatchSettings,
        intake: impl Intake,
        clock: Clock,
        stop: watch::Receiver<bool>,
    ) -> (JoinHandle<()>, Arc<Health>) {
        let health = Arc::new(Health::new(clock));
        let task = tokio::spawn(watcher::watch(Arc::new(settings), intake, Arc::clone(&health), stop));
        (task, health)
    }

    /// Looks whether a mailbox holds a mail with that Message-ID, on a connection of its own.
    ///
    /// # Errors
    /// Why one could not look.
    pub async fn holds(settings: &WatchSettings, message_id: &mail::MessageId) -> Result<bool, String> {
        let auth = (settings.auth)()?;
        let mut session = session::Session::open(settings, auth).await.map_err(|error| error.chain())?;
        session.select(&settings.mailbox.mailbox).await.map_err(|error| error.chain())?;
        session.has_message_id(message_id).await.map_err(|error| error.chain())
    }

    /// Logs in, opens the mailbox and leaves again: for `check --online` and `init`.
    ///
    /// # Errors
    /// Why mail could not be fetched now, in words for an operator.
    pub async fn probe(settings: &WatchSettings) -> Result<(), String> {
        let auth = (settings.auth)()?;
        let mut session = session::Session::open(settings, auth).await.map_err(|error| error.chain())?;
        session.select(&settings.mailbox.mailbox).await.map_err(|error| error.chain())?;
        Ok(())
    }

    /// Watches a maildir; otherwise as [`Watcher::spawn`].
    pub fn spawn_maildir(
        settings: MaildirSettings,
        intake: impl Intake,
        clock: Clock,
        stop: watch::Receiver<bool>,
    ) -> (JoinHandle<()>, Arc<Health>) {
        let health = Arc::new(Health::new(clock));
        let task = tokio::spawn(maildir::watch(Arc::new(settings), intake, Arc::clone(&health), stop));
        (task, health)
    }
}
