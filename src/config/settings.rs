//! The daemon's settings, compiled: every reference resolved, every secret read, every path absolute or relative to where
//! the daemon runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use desk::{AccountName, InboxName};
use jiff::SignedDuration;
use jiff::civil::Date;

pub use super::secret::Secret;
pub use super::value::Rate;

/// What the shell needs to know besides the policy.
#[derive(Clone, Debug)]
pub struct Config {
    /// The main file, as given.
    pub path: PathBuf,
    /// The daemon itself.
    pub server: Server,
    /// Where mail comes from and goes.
    pub accounts: BTreeMap<AccountName, Account>,
    /// What is watched for each inbox.
    pub inboxes: BTreeMap<InboxName, Watch>,
    /// Texts that replace ours: (name, language) to the text of `templates/<language>/<name>.txt`.
    pub template_sources: BTreeMap<(String, String), String>,
    /// Channels besides mail.
    pub channels: BTreeMap<String, ChannelTarget>,
    /// Alerts about inboxes that are not reached.
    pub inbox_alarms: Vec<InboxAlarm>,
    /// Help articles as they were read, by id.
    pub article_sources: BTreeMap<String, String>,
    /// Tests of the configuration, in file order.
    pub tests: Vec<ConfigTest>,
}

/// An `[[alert]]` with `inbox_down`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxAlarm {
    /// For people.
    pub name: String,
    /// An inbox is not reached for so long.
    pub after: SignedDuration,
    /// Told: `lead`, `team`, agents, teams, channels.
    pub tell: Vec<String>,
}

/// `notify.NAME`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelTarget {
    /// Key.
    pub name: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Where it is.
    pub url: Secret,
    /// Key that signs or logs in.
    pub key: Option<Secret>,
    /// HTTP method, if another than POST.
    pub method: Option<String>,
    /// Body for gateways.
    pub body: Option<String>,
}

/// What a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum ChannelKind {
    Slack,
    Mattermost,
    Discord,
    Teams,
    Ntfy,
    PagerDuty,
    Sms,
    Webhook,
}

/// `[server]`
#[derive(Clone, Debug)]
pub struct Server {
    /// The signing key before this one, and the day on which it was replaced.
    pub old_key: Option<(Secret, Date)>,
    /// Where pages and metrics are served.
    pub listen: Option<SocketAddr>,
    /// Name server that is asked for DKIM keys; `None` = those of this machine.
    pub resolver: Option<SocketAddr>,
    /// How they are reached from outside, without a slash at the end.
    pub url: Option<String>,
    /// Where state lives.
    pub store: StoreKind,
    /// 32 bytes or more.
    pub key: Secret,
}

/// Where state lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Everything in one folder.
    Sled {
        /// The folder.
        path: PathBuf,
    },
    /// Several nodes.
    Postgres {
        /// Connection string.
        url: Secret,
    },
}

/// `[account.NAME]`
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Its key.
    pub name: AccountName,
    /// Where mail comes from.
    pub imap: MailSource,
    /// Where mail goes.
    pub smtp: MailSink,
    /// How to log in.
    pub auth: Auth,
    /// PEM file of an authority that is trusted besides the system's.
    pub ca: Option<PathBuf>,
    /// authserv-ids whose Authentication-Results are believed, lower case.
    pub trusts: Vec<String>,
    /// How fast mail may leave.
    pub send_rate: Option<Rate>,
    /// Largest mail sent, in bytes.
    pub send_bytes_max: Option<u64>,
    /// Folder of sent mail.
    pub sent: Option<String>,
    /// How often to look where the server does not tell.
    pub poll: SignedDuration,
}

/// Where mail comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailSource {
    /// An IMAP server.
    Imap(Host),
    /// A maildir; folders other than `INBOX` are its `.Name` subfolders.
    Maildir(PathBuf),
}

/// Where mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailSink {
    /// An SMTP server.
    Smtp(Host),
    /// A maildir that gets every mail as a file.
    Maildir(PathBuf),
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Name or address, without brackets.
    pub name: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
}

/// How a connection is protected. There is no "if possible".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// STARTTLS, required.
    StartTls,
    /// None; loopback only.
    Plain,
}

/// How to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// A user's password.
    Password {
        /// Who.
        user: String,
        /// The password.
        secret: Secret,
    },
    /// A token.
    OAuth2(Box<OAuth2>),
    /// Not at all.
    None,
}

/// How a token is had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth2 {
    /// Who gives it.
    pub provider: OAuthProvider,
    /// Whose mailbox; by default the inbox's address.
    pub user: Option<String>,
    /// The application's id.
    pub client: Option<String>,
    /// The application's secret.
    pub secret: Option<Secret>,
    /// What is asked for.
    pub scope: Option<String>,
    /// A person's refresh token.
    pub refresh_token: Option<Secret>,
    /// A service account's key file.
    pub service_account: Option<Secret>,
}

/// Who gives tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OAuthProvider {
    /// Microsoft 365.
    Microsoft {
        /// Directory.
        tenant: String,
    },
    /// Google.
    Google,
    /// Any other.
    Custom {
        /// Where tokens are given out.
        token_url: String,
    },
}

/// What is watched for one inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Through which account.
    pub account: AccountName,
    /// Mailbox.
    pub folder: String,
    /// What happens to a mail on the server after commit.
    pub done: Done,
    /// What happens at the first start.
    pub since: Since,
}

/// What happens to a mail on the server after commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Done {
    /// Left as it is, with the keyword `$Frontdesk` where allowed.
    #[default]
    Keep,
    /// Marked as read.
    Seen,
    /// Moved to that mailbox.
    Move(String),
}

/// What happens to mail that was there before the first start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// It is recorded as seen before.
    #[default]
    Now,
    /// It is imported silently.
    All,
    /// What came on or after that day is imported silently.
    Date(Date),
}

/// One `[[test]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigTest {
    /// For people.
    pub name: String,
    /// Line in the file.
    pub line: u32,
    /// What comes in.
    pub mail: TestMail,
    /// The ticket that is there before.
    pub have: Option<TestHave>,
    /// What must come out.
    pub want: TestWant,
}

/// The mail of a test.
#[derive(Clone, Debug, PartialEq)]
pub enum TestMail {
    /// A file with its bytes.
    File {
        /// Where it lies.
        path: PathBuf,
        /// What it holds.
        raw: Vec<u8>,
    },
    /// Fields of a mail.
    Inline(Box<InlineMail>),
}

/// A mail in a few words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InlineMail {
    /// Sender, as in a From header.
    pub from: String,
    /// Recipients; never empty.
    pub to: Vec<String>,
    /// Copies.
    pub cc: Vec<String>,
    /// Subject.
    pub subject: String,
    /// Body.
    pub text: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// File names.
    pub attachments: Vec<String>,
    /// The sender is proven.
    pub authenticated: bool,
}

/// The ticket that a test begins with; what is `None` has its default.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)] // fields of a ticket
pub struct TestHave {
    pub status: Option<desk::Status>,
    pub inbox: Option<String>,
    pub team: Option<String>,
    pub owner: Option<String>,
    pub ticket_type: Option<String>,
    pub priority: Option<desk::Priority>,
    pub tags: Vec<String>,
    pub fields: BTreeMap<String, String>,
}

/// What a test compares; what is `None` may be anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TestWant {
    /// Inbox in the end.
    pub inbox: Option<String>,
    /// Team in the end.
    pub team: Option<String>,
    /// Owner in the end; `none` is nobody.
    pub owner: Option<String>,
    /// Type in the end.
    pub ticket_type: Option<String>,
    /// Priority in the end.
    pub priority: Option<desk::Priority>,
    /// All tags in the end, sorted.
    pub tags: Option<Vec<String>>,
    /// Status in the end.
    pub status: Option<desk::Status>,
    /// Fields in the end.
    pub fields: BTreeMap<String, String>,
    /// Template of the acknowledgement, or that there is none.
    pub ack: Option<Expect>,
    /// Kinds of mail that leave, in order.
    pub sends: Option<Vec<String>>,
    /// `new` or `attached`.
    pub thread: Option<Expect>,
    /// Class of machine mail, or that it is none.
    pub machine: Option<Expect>,
    /// Held, and why.
    pub held: Option<Expect>,
    /// Ignored, and why.
    pub ignored: Option<Expect>,
}

/// An expectation on something that may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It is there and reads so.
    Text(String),
    /// It is there, or it is not.
    Flag(bool),
}

impl Auth {
    /// Every secret of it.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let (password, oauth) = match self {
            Self::Password { secret, .. } => (Some(secret), None),
            Self::OAuth2(oauth) => (None, Some(oauth)),
            Self::None => (None, None),
        };
        let more = oauth.into_iter().flat_map(|oauth| [&oauth.secret, &oauth.refresh_token, &oauth.service_account]);
        password.into_iter().chain(more.filter_map(Option::as_ref))
    }
}

impl Account {
    /// Mail of it leaves this machine.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        let hosts = [
            if let MailSource::Imap(host) = &self.imap { Some(host) } else { None },
            if let MailSink::Smtp(host) = &self.smtp { Some(host) } else { None },
        ];
        hosts.into_iter().flatten().any(|host| !super::endpoint::is_loopback(&host.name))
    }
}
