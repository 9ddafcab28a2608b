//! From settings to running watchers and senders.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use desk::AccountName;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cli::output::{Exit, Failure};
use crate::cli::setup::Setup;
use crate::clock::Clock;
use crate::config::{self, Account, Auth, Host, MailSink, MailSource, Security, System, Watch};
use crate::engine::Engine;
use crate::store::MailboxKey;
use crate::{ingest, notify, outbox};

/// How long one look for traces may take.
const SEARCH_MAX: Duration = Duration::from_secs(60);

/// A watcher or a sender to be started.
pub struct Plan {
    name: String,
    kind: PlanKind,
}

enum PlanKind {
    Watch(Box<ingest::WatchSettings>),
    Maildir(Box<ingest::MaildirSettings>),
    Send(Result<(Box<outbox::OutboxSettings>, SentFolder), String>, AccountName),
    Notify(Result<Box<notify::ChannelSettings>, String>),
}

/// A running watcher or sender.
pub struct Side {
    name: String,
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    kind: SideKind,
}

enum SideKind {
    Watch(MailboxKey, Arc<ingest::Health>),
    Send(Arc<outbox::Health>),
    /// It could not even be set up.
    Broken(AccountName, String),
    Notify,
}

/// Everything that a configuration asks for, by a key that changes with its settings.
#[must_use]
pub fn wanted(setup: &Setup, path: &Path, store: &Path) -> BTreeMap<String, Plan> {
    let mut plans = BTreeMap::new();
    let config = &setup.config;
    for watch in config.inboxes.values() {
        let Some(account) = config.accounts.get(&watch.account) else { continue };
        let mailbox = MailboxKey { account: watch.account.clone(), mailbox: watch.folder.clone() };
        let key = format!(
            "watch {mailbox:?} {:?} {:?} {:?} {:?} {:?}",
            account.imap, account.ca, account.poll, watch.done, watch.since
        );
        let name = format!("watch {}/{}", mailbox.account, mailbox.mailbox);
        plans.entry(key).or_insert_with(|| Plan { name, kind: watch_plan(path, store, account, watch, mailbox) });
    }
    for account in config.accounts.values() {
        if let Some(folder) = &account.sent {
            let watch = sent_watch(account, folder);
            let mailbox = MailboxKey { account: account.name.clone(), mailbox: folder.clone() };
            let is_watched = config.inboxes.values().any(|inbox| inbox.account == watch.account && inbox.folder == watch.folder);
            let key = format!("sent {mailbox:?} {:?} {:?} {:?}", account.imap, account.ca, account.poll);
            let name = format!("watch {}/{}", mailbox.account, mailbox.mailbox);
            if !is_watched {
                plans.insert(key, Plan { name, kind: watch_plan(path, store, account, &watch, mailbox) });
            }
        }
        let sent = SentFolder(sent_settings(path, store, account));
        let key = format!("send {} {:?} {:?} {:?} {:?}", account.name, account.smtp, account.ca, account.send_rate, account.sent);
        let kind = PlanKind::Send(send_settings(path, account).map(|settings| (Box::new(settings), sent)), account.name.clone());
        plans.insert(key, Plan { name: format!("send {}", account.name), kind });
    }
    for target in config.channels.values() {
        let key = format!("notify {target:?} {}", target.url.expose());
        let kind = PlanKind::Notify(channel_settings(target).map(Box::new));
        plans.insert(key, Plan { name: format!("notify {}", target.name), kind });
    }
    plans
}

fn channel_settings(target: &config::ChannelTarget) -> Result<notify::ChannelSettings, String> {
    let kind = match target.kind {
        config::ChannelKind::Slack => notify::Kind::Slack,
        config::ChannelKind::Mattermost => notify::Kind::Mattermost,
        config::ChannelKind::Discord => notify::Kind::Discord,
        config::ChannelKind::Teams => notify::Kind::Teams,
        config::ChannelKind::Ntfy => notify::Kind::Ntfy,
        config::ChannelKind::PagerDuty => notify::Kind::PagerDuty,
        config::ChannelKind::Sms => notify::Kind::Sms,
        config::ChannelKind::Webhook => notify::Kind::Webhook,
    };
    Ok(notify::ChannelSettings {
        name: target.name.clone(),
        kind,
        url: target.url.expose().to_owned(),
        key: target.key.as_ref().map(|key| key.expose().to_owned()),
        method: target.method.clone(),
        body: target.body.clone(),
        tls: client_config(None)?,
    })
}

fn watch_plan(path: &Path, store: &Path, account: &Account, watch: &Watch, mailbox: MailboxKey) -> PlanKind {
    let done = match &watch.done {
        config::Done::Keep => ingest::Done::Keep,
        config::Done::Seen => ingest::Done::Seen,
        config::Done::Move(folder) => ingest::Done::Move(folder.clone()),
    };
    let since = match watch.since {
        config::Since::Now => ingest::Since::Now,
        config::Since::All => ingest::Since::All,
        config::Since::Date(date) => ingest::Since::Date(date),
    };
    let poll = Duration::try_from(account.poll).unwrap_or(Duration::from_secs(30));
    let deadlines = ingest::Deadlines::default();
    match &account.imap {
        MailSource::Maildir(dir) => {
            let path = if watch.folder == "INBOX" { dir.clone() } else { dir.join(format!(".{}", watch.folder)) };
            let poll = poll.min(Duration::from_secs(1));
            PlanKind::Maildir(Box::new(ingest::MaildirSettings { mailbox, path, poll, done, since, deadlines }))
        }
        MailSource::Imap(host) => PlanKind::Watch(Box::new(ingest::WatchSettings {
            mailbox,
            server: ingest::Server {
                host: host.name.clone(),
                port: host.port,
                security: match host.security {
                    Security::Tls => ingest::Security::Tls,
                    Security::StartTls => ingest::Security::StartTls,
                    Security::Plain => ingest::Security::Plain,
                },
                // A file that cannot be read trusts nobody: the connection fails and says so.
                ca: account.ca.as_ref().map(|file| std::fs::read(file).unwrap_or_default()),
            },
            auth: imap_auth(path, account),
            poll,
            done,
            since,
            spool: store.join("spool"),
            deadlines,
        })),
    }
}

/// Where a mail in doubt leaves a trace: the account's folder of sent mail, where one is configured.
struct SentFolder(Option<Box<ingest::WatchSettings>>);

impl outbox::TraceSearch for SentFolder {
    async fn find(&self, message_id: &mail::MessageId) -> outbox::Trace {
        let Some(settings) = &self.0 else { return outbox::Trace::Unavailable };
        match tokio::time::timeout(SEARCH_MAX, ingest::Watcher::holds(settings, message_id)).await {
            Ok(Ok(true)) => outbox::Trace::Found,
            Ok(Ok(false)) => outbox::Trace::NotFound,
            Ok(Err(why)) => {
                tracing::warn!(why, "The folder of sent mail could not be searched.");
                outbox::Trace::Unavailable
            }
            Err(_) => outbox::Trace::Unavailable,
        }
    }
}

/// Looked at and left as it is; what was there before the first start is nobody's answer any more.
fn sent_watch(account: &Account, folder: &str) -> Watch {
    Watch { account: account.name.clone(), folder: folder.to_owned(), done: config::Done::Keep, since: config::Since::Now }
}

fn sent_settings(path: &Path, store: &Path, account: &Account) -> Option<Box<ingest::WatchSettings>> {
    let folder = account.sent.clone()?;
    let watch = sent_watch(account, &folder);
    let mailbox = MailboxKey { account: account.name.clone(), mailbox: folder };
    match watch_plan(path, store, account, &watch, mailbox) {
        PlanKind::Watch(settings) => Some(settings),
        PlanKind::Maildir(_) | PlanKind::Send(..) | PlanKind::Notify(_) => None,
    }
}

/// Credentials as they are now: the file is read again at each login, so a rotated password needs no restart.
fn fresh_auth(path: &Path, account: &AccountName) -> Result<Auth, String> {
    let loaded = config::load(path, &System).map_err(|_| "the configuration cannot be read just now".to_owned())?;
    loaded
        .config
        .accounts
        .get(account)
        .map(|account| account.auth.clone())
        .ok_or_else(|| "the account is no longer configured".to_owned())
}

fn imap_auth(path: &Path, account: &Account) -> ingest::AuthProvider {
    let (path, name, first) = (path.to_owned(), account.name.clone(), account.auth.clone());
    Arc::new(move || match fresh_auth(&path, &name).unwrap_or_else(|_| first.clone()) {
        Auth::Password { user, secret } => Ok(ingest::Auth::Password { user, secret: secret.expose().to_owned() }),
        Auth::None => Ok(ingest::Auth::None),
        Auth::OAuth2(_) => Err(OAUTH_LATER.to_owned()),
    })
}

const OAUTH_LATER: &str = "auth.kind = \"oauth2\" is checked but tokens are fetched by a later version; use a password for now";

fn smtp_login(path: &Path, account: &Account) -> outbox::LoginProvider {
    let (path, name, first) = (path.to_owned(), account.name.clone(), account.auth.clone());
    outbox::login_from(move || match fresh_auth(&path, &name).unwrap_or_else(|_| first.clone()) {
        Auth::Password { user, secret } => Ok(outbox::Login::Password { user, password: secret.expose().to_owned() }),
        Auth::None => Ok(outbox::Login::None),
        Auth::OAuth2(_) => Err(OAUTH_LATER.to_owned()),
    })
}

fn send_settings(path: &Path, account: &Account) -> Result<outbox::OutboxSettings, String> {
    let target = match &account.smtp {
        MailSink::Maildir(dir) => outbox::Target::Maildir(dir.clone()),
        MailSink::Smtp(host) => outbox::Target::Smtp(outbox::SmtpServer {
            host: host.name.clone(),
            port: host.port,
            security: smtp_security(host, account.ca.as_ref())?,
        }),
    };
    let mut settings = outbox::OutboxSettings::new(account.name.clone(), target);
    settings.login = smtp_login(path, account);
    settings.rate = account
        .send_rate
        .map(|rate| outbox::Rate { mails: rate.count, per: Duration::try_from(rate.per).unwrap_or(Duration::from_secs(60)) });
    Ok(settings)
}

fn smtp_security(host: &Host, ca: Option<&PathBuf>) -> Result<outbox::Security, String> {
    match host.security {
        Security::Plain => Ok(outbox::Security::PlainLoopback),
        Security::Tls => Ok(outbox::Security::Tls(client_config(ca)?)),
        Security::StartTls => Ok(outbox::Security::StartTls(client_config(ca)?)),
    }
}

/// TLS with the machine's authorities, or with a private one instead.
fn client_config(ca: Option<&PathBuf>) -> Result<Arc<rustls::ClientConfig>, String> {
    let mut roots = rustls::RootCertStore::empty();
    match ca {
        Some(file) => {
            let certificates = CertificateDer::pem_file_iter(file).map_err(|error| format!("{}: {error}", file.display()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| format!("{}: {error}", file.display()))?;
                roots.add(certificate).map_err(|error| format!("{}: {error}", file.display()))?;
            }
        }
        None => {
            let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if added == 0 {
                return Err("this machine has no trusted authorities; install ca-certificates or set tls.ca".to_owned());
            }
        }
    }
    Ok(Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

/// A login on its way.
pub type Login = std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// One login per watched mailbox and sending account, by what it is for.
#[must_use]
pub fn logins(setup: &Setup, path: &Path) -> Vec<(String, Login)> {
    let spool = std::env::temp_dir();
    let plans = wanted(setup, path, &spool).into_values();
    plans
        .map(|plan| {
            let attempt: Login = match plan.kind {
                PlanKind::Watch(settings) => Box::pin(async move { ingest::Watcher::probe(&settings).await }),
                PlanKind::Maildir(settings) => Box::pin(async move { reachable(&settings.path) }),
                PlanKind::Send(Ok((settings, _)), _) => Box::pin(async move {
                    outbox::Outbox::probe(&settings).await.map_err(|error| Failure::from_error(Exit::Failed, &error).message)
                }),
                PlanKind::Send(Err(why), _) | PlanKind::Notify(Err(why)) => Box::pin(async move { Err(why) }),
                // Whether it takes anything is seen only by telling it something.
                PlanKind::Notify(Ok(_)) => Box::pin(async { Ok(()) }),
            };
            (plan.name, attempt)
        })
        .collect()
}

/// A maildir that is not there yet is made at the first start, so only its parent must be.
fn reachable(dir: &Path) -> Result<(), String> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if dir.is_dir() || parent.is_dir() { Ok(()) } else { Err(format!("{} does not exist", parent.display())) }
}

impl Plan {
    /// Starts it.
    #[must_use]
    pub fn start(self, engine: &Engine, clock: &Clock) -> Side {
        let (stop, stopped) = watch::channel(false);
        let (engine, clock) = (engine.clone(), clock.clone());
        let (task, kind) = match self.kind {
            PlanKind::Watch(settings) => {
                let key = settings.mailbox.clone();
                let (task, health) = ingest::Watcher::spawn(*settings, engine, clock, stopped);
                (task, SideKind::Watch(key, health))
            }
            PlanKind::Maildir(settings) => {
                let key = settings.mailbox.clone();
                let (task, health) = ingest::Watcher::spawn_maildir(*settings, engine, clock, stopped);
                (task, SideKind::Watch(key, health))
            }
            PlanKind::Send(Ok((settings, sent)), _) => {
                let (task, health) = outbox::Outbox::spawn(*settings, engine, sent, clock, stopped);
                (task, SideKind::Send(health))
            }
            PlanKind::Notify(Ok(settings)) => (notify::spawn(*settings, engine, clock, stopped), SideKind::Notify),
            PlanKind::Notify(Err(why)) => {
                tracing::error!(channel = self.name, why, "A channel cannot be told anything.");
                (tokio::spawn(async {}), SideKind::Notify)
            }
            PlanKind::Send(Err(why), account) => {
                tracing::error!(account = account.as_str(), why, "Mail of this account cannot be sent.");
                (tokio::spawn(async {}), SideKind::Broken(account, why))
            }
        };
        Side { name: self.name, task, stop, kind }
    }
}

impl Side {
    /// For the watchdog.
    #[must_use]
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// A figure that moves while it is alive.
    #[must_use]
    pub fn beats(&self) -> Option<Arc<AtomicU64>> {
        match &self.kind {
            SideKind::Watch(_, _) | SideKind::Broken(..) | SideKind::Notify => None,
            SideKind::Send(health) => Some(health.heartbeat()),
        }
    }

    /// Asks it to stop; the task ends when what is in flight is done.
    #[must_use]
    pub fn stop(self) -> JoinHandle<()> {
        self.stop.send_replace(true);
        self.task
    }

    /// It watches that mailbox.
    #[must_use]
    pub fn watches(&self, account: &AccountName, folder: &str) -> bool {
        matches!(&self.kind, SideKind::Watch(key, _) if key.account == *account && key.mailbox == folder)
    }

    /// How far the first scan of its mailbox is, while there is one.
    #[must_use]
    pub fn progress(&self) -> Option<ingest::Progress> {
        let SideKind::Watch(_, health) = &self.kind else { return None };
        health.snapshot().progress
    }

    /// As `status` shows an inbox.
    #[must_use]
    pub fn inbox_health(&self) -> Value {
        let SideKind::Watch(_, health) = &self.kind else { return Value::Null };
        let now = health.snapshot();
        json!({
            "live": now.live,
            "lag_seconds": now.lag.as_secs_f64(),
            "last_ok_at": now.last_ok_at,
            "error": now.error,
            "phase": now.phase.as_str(),
            "progress": now.progress.map(|progress| json!({ "done": progress.done, "total": progress.total })),
            "filing_error": now.filing_error,
        })
    }

    /// As `status` shows a sending account.
    #[must_use]
    pub fn account_health(&self) -> Option<Value> {
        match &self.kind {
            SideKind::Watch(..) | SideKind::Notify => None,
            SideKind::Send(health) => {
                let mut shown = serde_json::to_value(health.snapshot()).unwrap_or_default();
                if let Value::Object(map) = &mut shown {
                    map.insert("name".to_owned(), health.account().as_str().into());
                }
                Some(shown)
            }
            SideKind::Broken(account, why) => Some(json!({ "name": account, "state": "unsafe", "error": why })),
        }
    }
}
