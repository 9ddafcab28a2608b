//! One IMAP connection: set up, log in, open the mailbox, run commands.
//!
//! The client library's own commands take NO, BAD and the end of the stream for success, so commands are driven here:
//! success is the tagged OK of our own tag, nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use async_imap::imap_proto::{Capability, MailboxDatum, RequestId, Response, ResponseCode, Status, StatusAttribute};
use async_imap::{Authenticator, Client};
use tokio::time::{Instant, timeout};

use super::connect::{self, Wire};
use super::error::IngestError;
use super::guard::{Allowance, Breach};
use super::limits::BYTES_PER_SECOND_MIN;
use super::{Auth, Deadlines, Server, WatchSettings, utf7};

/// A logged-in connection.
pub(super) struct Session {
    imap: async_imap::Session<Wire>,
    capabilities: BTreeSet<String>,
    pub(super) deadlines: Deadlines,
    /// The server spoke of new mail since this was last cleared.
    pub(super) news: bool,
    /// Mails in the open mailbox, as the server counted last.
    exists: u32,
}

/// The opened mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selected {
    pub(super) uid_validity: u32,
    /// The next UID; some old servers do not tell.
    pub(super) uid_next: Option<u32>,
    pub(super) exists: u32,
    /// Nothing may be marked or moved.
    pub(super) read_only: bool,
    /// `$Frontdesk` may be set.
    pub(super) keyword: bool,
}

/// What STATUS told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MailboxStatus {
    pub(super) uid_validity: Option<u32>,
    pub(super) uid_next: Option<u32>,
}

/// The keyword of mails that were taken in.
pub(super) const KEYWORD: &str = "$Frontdesk";

impl Session {
    /// Connects and logs in.
    pub(super) async fn open(settings: &WatchSettings, auth: Auth) -> Result<Self, IngestError> {
        let deadlines = settings.deadlines;
        let client = connect::connect(&settings.server, &deadlines).await?;
        let imap = timeout(deadlines.stall, log_in(client, &settings.server, auth))
            .await
            .map_err(|_| stalled("log in", deadlines.stall))??;
        let mut session = Self { imap, capabilities: BTreeSet::new(), deadlines, news: false, exists: 0 };
        session.learn_capabilities().await?;
        Ok(session)
    }

    /// The server has this capability (upper case).
    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    async fn learn_capabilities(&mut self) -> Result<(), IngestError> {
        let mut found = BTreeSet::new();
        self.command("ask for capabilities", "CAPABILITY", Allowance::NO_MAIL, |response| {
            if let Response::Capabilities(list) = response {
                found.extend(list.iter().filter_map(|capability| match capability {
                    Capability::Atom(atom) => Some(atom.to_ascii_uppercase()),
                    Capability::Imap4rev1 | Capability::Auth(_) => None,
                }));
            }
        })
        .await?;
        self.capabilities = found;
        Ok(())
    }

    /// Opens a mailbox, by its decoded name.
    pub(super) async fn select(&mut self, mailbox: &str) -> Result<Selected, IngestError> {
        let no_mailbox = |text: String| IngestError::NoMailbox { mailbox: mailbox.to_owned(), text };
        let name = utf7::quoted(mailbox).ok_or_else(|| no_mailbox("its name holds a line end".to_owned()))?;
        let mut selected = Selected::default();
        let mut uid_validity = None;
        let mut tagged_read_only = false;
        let result = self
            .command("open mailbox", &format!("SELECT {name}"), Allowance::NO_MAIL, |response| match response {
                Response::MailboxData(MailboxDatum::Exists(count)) => selected.exists = *count,
                Response::Data { outcome, .. } => match &outcome.code {
                    Some(ResponseCode::UidValidity(value)) => uid_validity = Some(*value),
                    Some(ResponseCode::UidNext(value)) => selected.uid_next = Some(*value),
                    Some(ResponseCode::PermanentFlags(flags)) => {
                        selected.keyword = flags.iter().any(|flag| flag == "\\*" || flag.eq_ignore_ascii_case(KEYWORD));
                    }
                    _ => {}
                },
                Response::Done { outcome, .. } => tagged_read_only = matches!(outcome.code, Some(ResponseCode::ReadOnly)),
                _ => {}
            })
            .await;
        match result {
            Ok(()) => {}
            Err(IngestError::Refused { text, .. }) => return Err(no_mailbox(text)),
            Err(error) => return Err(error),
        }
        // RFC 9051 §2.3.1.1: without UIDVALIDITY no UID may be relied upon; a cut answer looks like this too.
        selected.uid_validity = uid_validity
            .ok_or(IngestError::Protocol { act: "open mailbox", what: "the server gives no UIDVALIDITY".to_owned() })?;
        selected.read_only = tagged_read_only;
        self.news = false;
        Ok(selected)
    }

    /// Asks for the state of a mailbox, which may be the open one.
    pub(super) async fn status(&mut self, mailbox: &str) -> Result<MailboxStatus, IngestError> {
        let no_mailbox = |text: String| IngestError::NoMailbox { mailbox: mailbox.to_owned(), text };
        let name = utf7::quoted(mailbox).ok_or_else(|| no_mailbox("its name holds a line end".to_owned()))?;
        let mut found = MailboxStatus::default();
        let text = format!("STATUS {name} (UIDNEXT UIDVALIDITY)");
        let result = self
            .command("ask for news", &text, Allowance::NO_MAIL, |response| {
                if let Response::MailboxData(MailboxDatum::Status { status, .. }) = response {
                    for attribute in status {
                        match attribute {
                            StatusAttribute::UidNext(value) => found.uid_next = Some(*value),
                            StatusAttribute::UidValidity(value) => found.uid_validity = Some(*value),
                            _ => {}
                        }
                    }
                }
            })
            .await;
        match result {
            Ok(()) => Ok(found),
            Err(IngestError::Refused { text, .. }) => Err(no_mailbox(text)),
            Err(error) => Err(error),
        }
    }

    /// The open mailbox holds a mail with that Message-ID.
    pub(super) async fn has_message_id(&mut self, id: &mail::MessageId) -> Result<bool, IngestError> {
        // RFC 9051 §4.3: a quoted string holds neither quotes nor backslashes as they are; ids of ours have none.
        let id: String = id.as_str().chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\')).collect();
        let mut found = false;
        self.command("search a mail", &format!("UID SEARCH HEADER Message-ID \"{id}\""), Allowance::NO_MAIL, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found |= !uids.is_empty();
            }
        })
        .await?;
        Ok(found)
    }

    /// Lets the server tell what is new.
    pub(super) async fn noop(&mut self) -> Result<(), IngestError> {
        self.command("ask for news", "NOOP", Allowance::NO_MAIL, |_| {}).await
    }

    /// Runs a command to its tagged answer; every response on the way goes through `take`, the tagged one too.
    ///
    /// # Errors
    /// [`IngestError::Refused`] and [`IngestError::Throttled`] leave the session usable, all others end it.
    pub(super) async fn command(
        &mut self,
        act: &'static str,
        text: &str,
        allowance: Allowance,
        take: impl FnMut(&Response<'_>),
    ) -> Result<(), IngestError> {
        let tag = self.send(act, text, allowance).await?;
        self.answer(act, &tag, allowance, take).await
    }

    /// Reads the answer to a command that was sent, as [`Session::command`] does.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn answer(
        &mut self,
        act: &'static str,
        tag: &RequestId,
        allowance: Allowance,
        mut take: impl FnMut(&Response<'_>),
    ) -> Result<(), IngestError> {
        let patience = self.patience(allowance);
        let deadline = Instant::now() + patience;
        loop {
            let response = tokio::time::timeout_at(deadline, self.imap.read_response()).await;
            let response = response.map_err(|_| stalled(act, patience))?;
            let response = response.map_err(|error| lost(act, &error))?;
            let response = response.ok_or_else(|| ended(act))?;
            let response = response.parsed();
            (self.news, self.exists) = counted(response, self.news, self.exists);
            take(response);
            if let Response::Done { tag: answered, status, outcome } = response {
                let words = outcome.information.as_deref().unwrap_or_default();
                if answered == tag {
                    return judge(act, status, words);
                }
                return Err(IngestError::Protocol { act, what: "answer to a command that was not sent".to_owned() });
            }
        }
    }

    /// Sends a command without waiting for its answer.
    pub(super) async fn send(&mut self, act: &'static str, text: &str, allowance: Allowance) -> Result<RequestId, IngestError> {
        let stall = self.deadlines.stall;
        self.imap.as_mut().allow(allowance);
        self.imap.as_mut().set_stall(Some(stall));
        timeout(stall, self.imap.run_command(text))
            .await
            .map_err(|_| stalled(act, stall))?
            .map_err(|error| of_library(act, &error))
    }

    /// Sends a line that is not a command: the end of IDLE.
    pub(super) async fn send_line(&mut self, act: &'static str, text: &str) -> Result<(), IngestError> {
        let stall = self.deadlines.stall;
        timeout(stall, self.imap.run_command_untagged(text))
            .await
            .map_err(|_| stalled(act, stall))?
            .map_err(|error| of_library(act, &error))
    }

    /// Reads one response while no deadline runs, and gives it to `take`. Cancelling loses nothing.
    pub(super) async fn read<R>(&mut self, act: &'static str, take: impl FnOnce(&Response<'_>) -> R) -> Result<R, IngestError> {
        let response = self.imap.read_response().await.map_err(|error| lost(act, &error))?;
        let response = response.ok_or_else(|| ended(act))?;
        (self.news, self.exists) = counted(response.parsed(), self.news, self.exists);
        Ok(take(response.parsed()))
    }

    /// Whether silence ends the session.
    pub(super) fn set_stall(&mut self, stall: Option<Duration>) {
        self.imap.as_mut().set_stall(stall);
    }

    /// How long a whole command may take.
    fn patience(&self, allowance: Allowance) -> Duration {
        self.deadlines.stall + Duration::from_secs(allowance.literals_bytes_max / BYTES_PER_SECOND_MIN)
    }
}

/// Whether there is news, and how many mails there are, after a response. A server that repeats the same count with
/// every answer tells nothing new.
fn counted(response: &Response<'_>, news: bool, exists: u32) -> (bool, u32) {
    match response {
        Response::MailboxData(MailboxDatum::Exists(count)) => (news || *count != exists, *count),
        Response::Expunge(_) => (news, exists.saturating_sub(1)),
        _ => (news, exists),
    }
}

/// What a tagged answer means.
pub(super) fn judge(act: &'static str, status: &Status, words: &str) -> Result<(), IngestError> {
    match status {
        Status::Ok => Ok(()),
        Status::No | Status::Bad if is_throttle(words) => Err(IngestError::Throttled { act, text: tidy(words) }),
        Status::No | Status::Bad => Err(IngestError::Refused { act, text: tidy(words) }),
        Status::PreAuth | Status::Bye => Err(IngestError::Lost { act, text: tidy(words) }),
    }
}

/// Response codes that ask for patience: RFC 5530, and those that providers use.
pub(super) fn is_throttle(words: &str) -> bool {
    let words = words.to_ascii_uppercase();
    ["[LIMIT]", "[OVERQUOTA]", "[UNAVAILABLE]", "[INUSE]", "[THROTTLED]", "[SERVERBUG]"].iter().any(|code| words.contains(code))
}

async fn log_in(client: Client<Wire>, server: &Server, auth: Auth) -> Result<async_imap::Session<Wire>, IngestError> {
    let (result, secret) = match auth {
        Auth::Password { user, secret } => (client.login(&user, &secret).await, secret),
        Auth::XOAuth2 { user, token } => {
            let first = Some(format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}"));
            (client.authenticate("XOAUTH2", Bearer { first }).await, token)
        }
        Auth::None => return Err(IngestError::Credentials { why: "none are configured".to_owned() }),
    };
    result.map_err(|(error, _)| {
        let act = "log in";
        match error {
            async_imap::error::Error::No(text) | async_imap::error::Error::Bad(text) => {
                let text = if secret.is_empty() { text } else { text.replace(&secret, "…") };
                let text = tidy(text.strip_prefix("code: None, info: ").unwrap_or(&text));
                if is_throttle(&text) {
                    IngestError::Throttled { act, text }
                } else {
                    IngestError::Login { server: format!("{}:{}", server.host, server.port), text }
                }
            }
            async_imap::error::Error::Validate(_) => {
                IngestError::Credentials { why: "user or password holds a line end".to_owned() }
            }
            error => of_library(act, &error),
        }
    })
}

/// SASL XOAUTH2: the token, then an empty answer to the server's reasons for refusing it.
struct Bearer {
    first: Option<String>,
}

impl Authenticator for Bearer {
    type Response = String;

    fn process(&mut self, _challenge: &[u8]) -> String {
        self.first.take().unwrap_or_default()
    }
}

/// Words of a peer, fit for one line of a log.
pub(super) fn tidy(words: &str) -> String {
    let words = words.trim_start_matches("Some(\"").trim_end_matches("\")");
    let clean: String = words.chars().map(|each| if each.is_control() { ' ' } else { each }).take(200).collect();
    if clean.trim().is_empty() { "no reason given".to_owned() } else { clean.trim().to_owned() }
}

pub(super) fn stalled(act: &'static str, limit: Duration) -> IngestError {
    IngestError::Stalled { act, seconds: limit.as_secs() }
}

fn ended(act: &'static str) -> IngestError {
    IngestError::Lost { act, text: "the server hung up".to_owned() }
}

/// An I/O error while reading. The library's own texts quote what it read, which may be mail: they are not passed on.
pub(super) fn lost(act: &'static str, error: &std::io::Error) -> IngestError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Breach>()) {
        Some(Breach::Stalled(limit)) => stalled(act, *limit),
        Some(breach) => IngestError::Protocol { act, what: breach.to_string() },
        None if error.kind() == std::io::ErrorKind::Other => {
            IngestError::Protocol { act, what: "the server's answer makes no sense".to_owned() }
        }
        None => IngestError::Lost { act, text: tidy(&error.to_string()) },
    }
}

/// An error of the client library.
pub(super) fn of_library(act: &'static str, error: &async_imap::error::Error) -> IngestError {
    match error {
        async_imap::error::Error::Io(error) => lost(act, error),
        async_imap::error::Error::ConnectionLost => ended(act),
        async_imap::error::Error::No(text) | async_imap::error::Error::Bad(text) => {
            IngestError::Refused { act, text: tidy(text) }
        }
        _ => IngestError::Protocol { act, what: "the server's answer makes no sense".to_owned() },
    }
}
