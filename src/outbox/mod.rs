//! Mail out: one reconciler per account. Woken, it claims what is due, sends it over a few kept connections, and records
//! every step before the act that it names.
//!
//! - `account`: the loop. `delivery`: what runs beside it. `outcome`: from a server's words to the row's next phase (pure).
//! - `open`, `session`, `wire`, `reply`, `content`: SMTP. Nothing of it leaves this folder.
//! - `schedule`: the retry table (pure). `sent`: what is done in doubt. `maildir`: mail as files. `pool`: rate and pauses.
//!
//! Invariants: no content leaves before the row says so durably; a row that is provably unsent is never in doubt; a row in
//! doubt is never sent again before its traces were looked for, and never twice; trouble of one recipient stays with its
//! row, trouble of the account stops the account. Time that is waited for here is monotonic; only rows carry civil time.
//!
//! Deliberately absent: MX look-up and delivery to strangers' servers. Mail leaves through the account's own server.

mod account;
mod content;
mod delivery;
mod health;
pub mod limits;
mod maildir;
mod open;
mod outcome;
mod pool;
mod reply;
mod schedule;
mod sent;
mod session;
mod wire;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use desk::AccountName;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::engine::Outgoing;

pub use health::{Health, SendingHealth, SendingState};
pub use open::OpenError;
pub use reply::{Meaning, Reply};
pub use schedule::{Next, after_refusal};
pub use sent::{NoTraces, Trace, TraceSearch};

/// Everything the sending side of one account is made of.
#[derive(Clone)]
pub struct OutboxSettings {
    /// Whose rows are sent.
    pub account: AccountName,
    /// Where they go.
    pub target: Target,
    /// Name given with EHLO: a fully qualified name of this host, or an address literal (RFC 5321 §4.1.1.1).
    pub hello: String,
    /// Reads the credentials.
    pub login: LoginProvider,
    /// Connections at most, 1 to [`limits::CONNECTIONS_MAX`].
    pub connections: usize,
    /// `at_most`: mails that may begin in a span; `None` for no limit.
    pub rate: Option<Rate>,
    /// Patience with the server's replies.
    pub deadlines: Deadlines,
    /// Pauses of our own.
    pub pacing: Pacing,
}

impl OutboxSettings {
    /// Settings with the usual limits, no login, and this host's name.
    #[must_use]
    pub fn new(account: AccountName, target: Target) -> Self {
        let hello = lettre::transport::smtp::extension::ClientId::default().to_string();
        Self {
            account,
            target,
            hello,
            login: login_from(|| Ok(Login::None)),
            connections: limits::CONNECTIONS_DEFAULT,
            rate: None,
            deadlines: Deadlines::default(),
            pacing: Pacing::default(),
        }
    }
}

/// Where an account's mail goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// To a server.
    Smtp(SmtpServer),
    /// Into files under this directory (`maildir:PATH`).
    Maildir(PathBuf),
}

/// A submission server.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Name or address; with TLS, the name that its certificate must prove.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
}

/// How a connection is protected. There is no way to talk in the clear to another machine.
#[derive(Clone, Debug)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3), port 465.
    Tls(Arc<rustls::ClientConfig>),
    /// STARTTLS, required (RFC 3207), port 587.
    StartTls(Arc<rustls::ClientConfig>),
    /// None; the peer's address must be of this machine.
    PlainLoopback,
}

/// Credentials. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// The server needs none.
    None,
    /// AUTH PLAIN or LOGIN (RFC 4954).
    Password {
        /// Who.
        user: String,
        /// The secret.
        password: String,
    },
    /// AUTH XOAUTH2.
    Bearer {
        /// Who.
        user: String,
        /// Access token.
        token: String,
    },
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Password { user, .. } => write!(f, "Password({user}, Secret(..))"),
            Self::Bearer { user, .. } => write!(f, "Bearer({user}, Secret(..))"),
        }
    }
}

/// Credentials on their way, or why they cannot be read.
pub type LoginFuture = Pin<Box<dyn Future<Output = Result<Login, String>> + Send>>;

/// Reads the credentials anew. Called before each login, and every [`Pacing::login_recheck`] while the login is refused, so
/// one that asks another server must keep its answer for a while.
pub type LoginProvider = Arc<dyn Fn() -> LoginFuture + Send + Sync>;

/// A provider that reads credentials without waiting.
pub fn login_from(read: impl Fn() -> Result<Login, String> + Send + Sync + 'static) -> LoginProvider {
    Arc::new(move || {
        let login = read();
        Box::pin(async move { login })
    })
}

/// No more than `mails` begin in any span of `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub mails: u32,
    /// In which span.
    pub per: Duration,
}

/// How long a server may take. Defaults are those of RFC 5321 §4.5.3.2.
#[derive(Clone, Debug)]
pub struct Deadlines {
    /// Name look-up, and connection to each address.
    pub connect: Duration,
    /// Greeting.
    pub greeting: Duration,
    /// EHLO, STARTTLS, AUTH, MAIL, RCPT, RSET.
    pub command: Duration,
    /// 354 after DATA.
    pub data: Duration,
    /// Each block of content.
    pub block: Duration,
    /// The reply after the final dot.
    pub last: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self {
            connect: Duration::from_secs(30),
            greeting: minutes(5),
            command: minutes(5),
            data: minutes(2),
            block: minutes(3),
            last: minutes(10),
        }
    }
}

/// A pause: the first one, doubled for each trouble in a row up to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The first.
    pub first: Duration,
    /// The longest.
    pub most: Duration,
}

/// Pauses of our own. Defaults and reasons are in [`limits`].
#[derive(Clone, Debug)]
pub struct Pacing {
    /// After 421 and 4.7.x.
    pub slow: Pause,
    /// After a connection that failed.
    pub unreachable: Pause,
    /// Between logins with credentials that were refused.
    pub login: Duration,
    /// Between looks whether refused credentials were changed.
    pub login_recheck: Duration,
    /// How long traces of a mail in doubt are looked for.
    pub search_max: jiff::SignedDuration,
    /// Between two looks.
    pub search_every: Duration,
    /// How long a connection is kept without work.
    pub idle: Duration,
    /// How long mails on their way may take once we are asked to stop.
    pub stop: Duration,
}

impl Default for Pacing {
    fn default() -> Self {
        Self {
            slow: limits::SLOW_PAUSE,
            unreachable: limits::UNREACHABLE_PAUSE,
            login: limits::LOGIN_PAUSE,
            login_recheck: limits::LOGIN_RECHECK,
            search_max: limits::SEARCH_MAX,
            search_every: limits::SEARCH_EVERY,
            idle: limits::IDLE_MAX,
            stop: limits::STOP_MAX,
        }
    }
}

/// The sending side of one account.
#[derive(Debug)]
pub struct Outbox;

impl Outbox {
    /// Starts it. It ends after `stop` turns true (or its sender is gone): no new mail is begun, mails on their way are
    /// finished within [`Pacing::stop`], claimed rows are given back.
    pub fn spawn<O: Outgoing, S: TraceSearch>(
        settings: OutboxSettings,
        outgoing: O,
        search: S,
        clock: Clock,
        stop: watch::Receiver<bool>,
    ) -> (JoinHandle<()>, Arc<Health>) {
        let health = Arc::new(Health::new(settings.account.clone()));
        let desk = Arc::new(delivery::Shared { settings, outgoing, search, clock, health: Arc::clone(&health) });
        (tokio::spawn(account::Account::new(desk).run(stop)), health)
    }

    /// Connects and logs in once, sends nothing: for `doctor` and `init`.
    ///
    /// # Errors
    /// [`OpenError`] with the server's words.
    pub async fn probe(settings: &OutboxSettings) -> Result<(), OpenError> {
        delivery::probe(settings).await
    }
}
