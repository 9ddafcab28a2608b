//! Server, accounts and inboxes.

use std::collections::BTreeMap;

use desk::policy::{Company, Inbox, Limits, NOTICES_PER_HOUR_MAX};
use desk::{AccountName, InboxName, TeamName, TypeName};
use jiff::SignedDuration;
use jiff::civil::Date;
use mail::Address;

use super::people::DEFAULT_TEAM;
use super::process::DEFAULT_TYPE;
use super::{Compiler, Kind};
use crate::config::endpoint::{IMAP, NotAnEndpoint, SMTP, is_loopback, read, read_listen, read_resolver, read_url};
use crate::config::problem::Code;
use crate::config::raw::{RawAccount, RawAuth, RawFile, RawInbox, RawLimits, RawProvider, RawServer, RawStore};
use crate::config::read::{At, Named, Read as _, TextOrFlag, list, nearest};
use crate::config::secret::{Reference, Secret, fetch};
use crate::config::settings::{
    Account, Auth, Done, Host, MailSink, MailSource, OAuth2, OAuthProvider, Security, Server, Since, StoreKind, Watch,
};
use crate::config::source::beside;
use crate::config::tree::{Node, Value};

/// Shortest signing key, in bytes.
const KEY_BYTES_MIN: usize = 32;
/// How often to look where the server does not tell.
const POLL: SignedDuration = SignedDuration::from_secs(30);
/// Looking more often than this is an attack on the server.
const POLL_MIN: SignedDuration = SignedDuration::from_secs(1);

impl Compiler<'_> {
    pub(super) fn server(&mut self, raw: Option<&RawServer>) -> (Option<Server>, Option<Secret>) {
        let default = RawServer::default();
        let raw = raw.unwrap_or(&default);
        let listen = raw.listen.as_ref().and_then(|listen| {
            let address = read_listen(&listen.value);
            if address.is_none() {
                let message = format!("\"{}\" is not an address with a port", listen.value);
                self.report.add(Code::BadValue, listen.at, message, "for example \"127.0.0.1:8425\"");
            }
            address
        });
        let url = raw.url.as_ref().and_then(|url| self.url(url));
        let resolver = raw.resolver.as_ref().and_then(|resolver| {
            let address = read_resolver(&resolver.value);
            if address.is_none() {
                let message = format!("\"{}\" is not the address of a name server", resolver.value);
                self.report.add(
                    Code::BadValue,
                    resolver.at,
                    message,
                    "an IP address, for example \"127.0.0.53\" or \"[::1]:5353\"",
                );
            }
            address
        });
        if let Some(sign_in) = &raw.sign_in {
            self.comes_later("server.sign_in", sign_in.at);
            self.missing("header", &sign_in.keys, sign_in.at, "server.sign_in");
            for proxy in sign_in.trust.iter().flatten() {
                if proxy.value.split('/').next().is_none_or(|ip| ip.parse::<std::net::IpAddr>().is_err()) {
                    let message = format!("\"{}\" is not an IP address", proxy.value);
                    self.report.add(Code::BadValue, proxy.at, message, "address of the proxy, or a network 10.0.0.0/8");
                }
            }
        }
        let store = self.store(raw.store.as_ref());
        let key = self.key(raw);
        let old_key = self.old_key(raw);
        let server = store.zip(key.clone()).map(|(store, key)| Server { listen, resolver, url, store, key, old_key });
        (server, key)
    }

    fn url(&mut self, url: &At<String>) -> Option<String> {
        let good = read_url(&url.value);
        if good.is_none() {
            let message = format!("\"{}\" is not an address of a web server", url.value);
            self.report.add(Code::BadUrl, url.at, message, "expected https://host[:port][/path]");
        }
        good
    }

    fn key(&mut self, raw: &RawServer) -> Option<Secret> {
        let default = At { value: Reference::File("signing.key".to_owned()), at: raw.at };
        let reference = match &raw.key {
            Some(reference) => reference,
            None if raw.has("key") => return None,
            None => &default,
        };
        let absent = raw.key.is_none() && self.environment.read(&beside(raw.at, "signing.key", &self.report)).is_err();
        if absent {
            let hint = "`frontdesk init` makes a key; or: head -c 32 /dev/urandom > signing.key";
            let label = "`server.key` is signing.key where the file says nothing";
            self.report.hint(Code::Secret, None, "there is no key to sign with", label, hint);
            return None;
        }
        let key = fetch(reference, self.environment, &mut self.report)?;
        let bytes = key.expose_bytes().len();
        if bytes < KEY_BYTES_MIN {
            let message = format!("the signing key has {bytes} bytes");
            self.report.add(Code::BadValue, reference.at, message, format!("{KEY_BYTES_MIN} or more are needed"));
            return None;
        }
        Some(key)
    }

    /// The key before, with the day on which it was replaced.
    fn old_key(&mut self, raw: &RawServer) -> Option<(Secret, Date)> {
        let (reference, rotated) = match (&raw.old_key, &raw.rotated_on) {
            (Some(reference), Some(rotated)) => (reference, rotated),
            (None, None) => return None,
            (Some(one), None) => {
                self.report.add(
                    Code::MissingKey,
                    one.at,
                    "`old_key` needs `rotated_on`",
                    "the day on which `key` took its place",
                );
                return None;
            }
            (None, Some(one)) => {
                self.report.add(
                    Code::MissingKey,
                    one.at,
                    "`rotated_on` needs `old_key`",
                    "the key that was replaced on that day",
                );
                return None;
            }
        };
        let date: Option<Date> = rotated.value.parse().ok();
        if date.is_none() {
            let message = format!("\"{}\" is not a date", rotated.value);
            self.report.add(Code::BadValue, rotated.at, message, "for example \"2026-11-23\"");
        }
        let key = fetch(reference, self.environment, &mut self.report)?;
        if key.expose_bytes().len() < KEY_BYTES_MIN {
            let message = format!("the old signing key has {} bytes", key.expose_bytes().len());
            self.report.add(Code::BadValue, reference.at, message, format!("{KEY_BYTES_MIN} or more are needed"));
            return None;
        }
        Some((key, date?))
    }

    fn store(&mut self, raw: Option<&RawStore>) -> Option<StoreKind> {
        let default = RawStore::default();
        let raw = raw.unwrap_or(&default);
        let kind =
            raw.kind.as_ref().map_or(Some(true), |kind| self.word(kind, "kind", &[("sled", true), ("postgres", false)]))?;
        if kind {
            let path = raw.path.as_ref().map_or("state", |path| path.value.as_str());
            return Some(StoreKind::Sled { path: beside(raw.path.as_ref().map_or(raw.at, |path| path.at), path, &self.report) });
        }
        self.comes_later("server.store.kind = \"postgres\"", raw.at);
        self.missing("url", &raw.keys, raw.at, "a postgres store");
        let url = raw.url.as_ref()?;
        Some(StoreKind::Postgres { url: fetch(url, self.environment, &mut self.report)? })
    }

    pub(super) fn accounts(&mut self, raw: Option<&Named<RawAccount>>) -> BTreeMap<AccountName, Account> {
        let mut accounts = BTreeMap::new();
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            if let Some(account) = self.account(name, raw) {
                accounts.insert(account.name.clone(), account);
            }
        }
        if raw.is_none_or(|named| named.0.is_empty()) {
            let hint = "[account.main] with imap, smtp and auth";
            self.report.hint(Code::MissingKey, None, "the file has no [account]", "nothing says where mail comes from", hint);
        }
        accounts
    }

    fn account(&mut self, name: &At<String>, raw: &RawAccount) -> Option<Account> {
        let who = format!("account \"{}\"", name.value);
        self.missing("imap", &raw.keys, name.at, &who);
        self.missing("smtp", &raw.keys, name.at, &who);
        let imap = raw.imap.as_ref().and_then(|url| match self.maildir(url) {
            Some(path) => Some(MailSource::Maildir(path)),
            None => self.host(url, IMAP, &who).map(MailSource::Imap),
        });
        let smtp = raw.smtp.as_ref().and_then(|url| match self.maildir(url) {
            Some(path) => Some(MailSink::Maildir(path)),
            None => self.host(url, SMTP, &who).map(MailSink::Smtp),
        });
        let auth = self.auth(raw.auth.as_ref(), raw.has("auth"), &who);
        let remote = [
            matches!(&imap, Some(MailSource::Imap(host)) if !is_loopback(&host.name)),
            matches!(&smtp, Some(MailSink::Smtp(host)) if !is_loopback(&host.name)),
        ];
        if matches!(auth, Some(Auth::None)) && remote.contains(&true) {
            let at = raw.auth.as_ref().map_or(name.at, |auth| auth.at);
            let label = "`kind = \"none\"` is for this machine and maildirs";
            self.report.add(Code::Contradiction, at, format!("{who} does not log in at another machine"), label);
        }
        let ca = raw.tls.as_ref().and_then(|tls| tls.ca.as_ref()).and_then(|ca| self.authority(ca));
        self.account_later(raw);
        let poll = raw.poll.as_ref().map_or(POLL, |poll| poll.value.0);
        if poll < POLL_MIN {
            let at = raw.poll.as_ref().map_or(name.at, |poll| poll.at);
            self.report.add(Code::BadValue, at, "a server is asked at most once a second", "1s or more");
        }
        let send = raw.send.as_ref();
        Some(Account {
            name: AccountName(name.value.clone()),
            imap: imap?,
            smtp: smtp?,
            auth: auth?,
            ca,
            trusts: raw.trusts.iter().flatten().map(|id| id.value.to_lowercase()).collect(),
            send_rate: send.and_then(|send| send.at_most.as_ref()).map(|rate| rate.value),
            send_bytes_max: send.and_then(|send| send.size.as_ref()).map(|size| size.value.0),
            sent: raw.sent.as_ref().map(|sent| sent.value.clone()),
            poll,
        })
    }

    fn account_later(&mut self, raw: &RawAccount) {
        if let Some(board) = &raw.board {
            self.comes_later("account.board", board.at);
        }
        if let Some(dkim) = &raw.dkim {
            self.comes_later("account.dkim", dkim.at);
            self.missing("selector", &dkim.keys, dkim.at, "account.dkim");
            self.missing("key", &dkim.keys, dkim.at, "account.dkim");
            if let Some(key) = &dkim.key {
                fetch(key, self.environment, &mut self.report);
            }
        }
    }

    fn maildir(&mut self, url: &At<String>) -> Option<std::path::PathBuf> {
        let path = url.value.strip_prefix("maildir:")?;
        if path.trim().is_empty() {
            self.report.add(Code::BadUrl, url.at, "the maildir has no path", "for example \"maildir:mail/in\"");
        }
        Some(beside(url.at, path.trim_start_matches("//").trim(), &self.report))
    }

    fn host(&mut self, url: &At<String>, schemes: &[(&str, u16, Security)], who: &str) -> Option<Host> {
        let why = match read(&url.value, schemes) {
            Ok(host) => return Some(host),
            Err(why) => why,
        };
        let secure = schemes[0].0;
        if why == NotAnEndpoint::Plain {
            let message = format!("{who} would send password and mail in the clear");
            let label = format!("write {secure}:// or {}://; plain text stays on this machine", schemes[1].0);
            self.report.add(Code::PlainConnection, url.at, message, label);
            return None;
        }
        let names = || schemes.iter().map(|(name, ..)| *name).chain(["maildir"]);
        let label = match why {
            NotAnEndpoint::Scheme => {
                let scheme = url.value.split(':').next().unwrap_or("");
                match nearest(scheme, names()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("begins with one of {}", list(names())),
                }
            }
            NotAnEndpoint::User => "the user stands in `auth`".to_owned(),
            NotAnEndpoint::Host => "this is no host name".to_owned(),
            NotAnEndpoint::Port => "the port is from 1 to 65535".to_owned(),
            NotAnEndpoint::Rest => "nothing follows the port; folders stand in `inbox.folder`".to_owned(),
            NotAnEndpoint::Plain => String::new(),
        };
        let message = format!("\"{}\" is not an address of a mail server", url.value);
        self.report.hint(Code::BadUrl, url.at, message, label, format!("for example {secure}://mail.acme.example"));
        None
    }

    fn authority(&mut self, ca: &At<String>) -> Option<std::path::PathBuf> {
        let path = beside(ca.at, &ca.value, &self.report);
        match self.environment.read(&path) {
            Ok(bytes) if bytes.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") => return Some(path),
            Ok(_) => {
                let message = format!("{} holds no certificate", ca.value);
                self.report.add(Code::BadValue, ca.at, message, "expected PEM: -----BEGIN CERTIFICATE-----");
            }
            Err(error) => {
                self.report.add(Code::Unreadable, ca.at, format!("{} cannot be read", ca.value), error.to_string());
            }
        }
        None
    }

    fn auth(&mut self, raw: Option<&RawAuth>, present: bool, who: &str) -> Option<Auth> {
        let Some(raw) = raw else { return (!present).then_some(Auth::None) };
        self.missing("kind", &raw.keys, raw.at, &format!("the `auth` of {who}"));
        let kind = raw.kind.as_ref()?;
        let secret = raw.secret.as_ref().map(|secret| fetch(secret, self.environment, &mut self.report));
        match self.word(kind, "kind", &[("password", 0), ("oauth2", 1), ("none", 2)])? {
            0 => {
                self.missing("user", &raw.keys, raw.at, "a password login");
                self.missing("secret", &raw.keys, raw.at, "a password login");
                Some(Auth::Password { user: raw.user.as_ref()?.value.clone(), secret: secret??.clone() })
            }
            1 => self.oauth(raw, secret.flatten()).map(|oauth| Auth::OAuth2(Box::new(oauth))),
            _ => Some(Auth::None),
        }
    }

    fn oauth(&mut self, raw: &RawAuth, secret: Option<Secret>) -> Option<OAuth2> {
        self.comes_later("account.auth.kind = \"oauth2\"", raw.at);
        self.missing("provider", &raw.keys, raw.at, "an oauth2 login");
        let mut more = |reference: &Option<At<Reference>>| {
            reference.as_ref().and_then(|reference| fetch(reference, self.environment, &mut self.report))
        };
        let (refresh_token, service_account) = (more(&raw.refresh_token), more(&raw.service_account));
        if !["secret", "refresh_token", "service_account"].iter().any(|key| raw.has(key)) {
            let label = "one of `secret`, `refresh_token`, `service_account`";
            self.report.add(Code::MissingKey, raw.at, "an oauth2 login has nothing to prove itself with", label);
        }
        let provider = self.provider(raw.provider.as_ref()?, raw)?;
        if !matches!(provider, OAuthProvider::Google) || !raw.has("service_account") {
            self.missing("client", &raw.keys, raw.at, "an oauth2 login");
        }
        let text = |value: &Option<At<String>>| value.as_ref().map(|value| value.value.clone());
        Some(OAuth2 {
            provider,
            user: text(&raw.user),
            client: text(&raw.client),
            secret,
            scope: text(&raw.scope),
            refresh_token,
            service_account,
        })
    }

    fn provider(&mut self, node: &Node, raw: &RawAuth) -> Option<OAuthProvider> {
        if let Value::String(name) = &node.value {
            let name = At { value: name.clone(), at: node.at };
            if self.word(&name, "provider", &[("microsoft", true), ("google", false)])? {
                self.missing("tenant", &raw.keys, raw.at, "a Microsoft login");
                return Some(OAuthProvider::Microsoft { tenant: raw.tenant.as_ref()?.value.clone() });
            }
            return Some(OAuthProvider::Google);
        }
        let custom = RawProvider::read(node, &mut self.report)?;
        self.missing("token_url", &custom.keys, custom.at, "a provider");
        Some(OAuthProvider::Custom { token_url: self.url(custom.token_url.as_ref()?)? })
    }

    pub(super) fn inboxes(
        &mut self,
        file: &RawFile,
        company: &Company,
        accounts: &BTreeMap<AccountName, Account>,
    ) -> (BTreeMap<InboxName, Inbox>, BTreeMap<InboxName, Watch>) {
        let first = |names: Option<&At<String>>, default: &str| names.map_or(default.to_owned(), |name| name.value.clone());
        let defaults = Defaults {
            account: first(file.account.as_ref().and_then(|named| named.0.first()).map(|(name, _)| name), ""),
            team: first(file.team.as_ref().and_then(|named| named.0.first()).map(|(name, _)| name), DEFAULT_TEAM),
            ticket_type: first(file.r#type.as_ref().and_then(|named| named.0.first()).map(|(name, _)| name), DEFAULT_TYPE),
        };
        let (mut inboxes, mut watches) = (BTreeMap::new(), BTreeMap::new());
        let all = file.inbox.as_ref().map_or(&[][..], |named| named.0.as_slice());
        if all.is_empty() && !file.has("inbox") {
            let hint = "[inbox] support = { address = \"support@acme.example\" }";
            self.report.hint(Code::MissingKey, None, "the file has no [inbox]", "no address is watched", hint);
        }
        for (name, raw) in all {
            if let Some(inbox) = self.inbox(name, raw, company, &defaults) {
                let inbox = Inbox { place: inboxes.len(), ..inbox };
                let watch = self.watch(raw, &inbox, accounts);
                self.same_mailbox(name, raw, &watch, &watches);
                watches.insert(inbox.name.clone(), watch);
                let addresses = std::iter::once(&inbox.address).chain(&inbox.also).map(Address::without_detail).collect();
                self.inbox_addresses.insert(inbox.name.clone(), addresses);
                inboxes.insert(inbox.name.clone(), inbox);
            }
        }
        (inboxes, watches)
    }

    fn inbox(&mut self, name: &At<String>, raw: &RawInbox, company: &Company, defaults: &Defaults) -> Option<Inbox> {
        let who = format!("inbox \"{}\"", name.value);
        self.missing("address", &raw.keys, name.at, &who);
        let address = raw.address.as_ref().and_then(|address| self.own_address(address, &who));
        let also = raw.also.iter().flatten().filter_map(|also| self.own_address(also, &who)).collect();
        for (kind, value) in
            [(Kind::Account, &raw.account), (Kind::Team, &raw.team), (Kind::Type, &raw.r#type), (Kind::Sla, &raw.sla)]
        {
            if let Some(value) = value {
                self.reference(kind, value, &who);
            }
        }
        self.used_slas.extend(raw.sla.as_ref().map(|sla| sla.value.clone()));
        let ack = match &raw.ack {
            None | Some(At { value: TextOrFlag::Flag(true), .. }) => Some("ack".to_owned()),
            Some(At { value: TextOrFlag::Flag(false), .. }) => None,
            Some(At { value: TextOrFlag::Text(template), at }) => {
                self.template(&At { value: template.clone(), at: *at }, &who);
                Some(template.clone())
            }
        };
        for machine in raw.machines.iter().flatten() {
            self.address_pattern(machine);
        }
        if let Some(language) = &raw.language {
            self.language(language, company);
        }
        let text = |value: &Option<At<String>>, default: &str| value.as_ref().map_or(default.to_owned(), |v| v.value.clone());
        Some(Inbox {
            name: InboxName(name.value.clone()),
            place: 0,
            address: address?,
            label: text(&raw.name, &format!("{} {}", company.name, capitalised(&name.value))),
            also,
            account: AccountName(text(&raw.account, &defaults.account)),
            team: TeamName(text(&raw.team, &defaults.team)),
            ticket_type: TypeName(text(&raw.r#type, &defaults.ticket_type)),
            sla: raw.sla.as_ref().map(|sla| sla.value.clone()),
            ack,
            private: raw.private.as_ref().is_some_and(|private| private.value),
            language: raw.language.as_ref().map(|language| language.value.clone()),
            pgp: raw.pgp.as_ref().map(|pgp| pgp.value.trim().to_owned()).filter(|pgp| !pgp.is_empty()),
            machines: raw.machines.iter().flatten().map(|machine| machine.value.to_lowercase()).collect(),
        })
    }

    fn watch(&mut self, raw: &RawInbox, inbox: &Inbox, accounts: &BTreeMap<AccountName, Account>) -> Watch {
        let done = raw.done.as_ref().and_then(|done| self.done(done)).unwrap_or_default();
        let since = raw.since.as_ref().and_then(|since| self.since(since)).unwrap_or_default();
        let folder = raw.folder.as_ref().map_or("INBOX".to_owned(), |folder| folder.value.clone());
        let is_bad = |name: &str| name.is_empty() || name.chars().any(char::is_control);
        if let Some(at) = raw.folder.as_ref().filter(|folder| is_bad(&folder.value)) {
            self.report.add(Code::BadValue, at.at, "this is no folder", "a name without control characters");
        }
        if let (Done::Move(target), Some(_)) = (&done, accounts.get(&inbox.account))
            && *target == folder
        {
            let at = raw.done.as_ref().map_or(raw.at, |done| done.at);
            self.report.add(Code::Contradiction, at, "mail is moved to the folder that is watched", "name another folder");
        }
        Watch { account: inbox.account.clone(), folder, done, since }
    }

    /// One mailbox can be treated in one way only, whichever of its inboxes a mail is for.
    fn same_mailbox(&mut self, name: &At<String>, raw: &RawInbox, watch: &Watch, others: &BTreeMap<InboxName, Watch>) {
        let other = others.iter().find(|(_, other)| other.account == watch.account && other.folder == watch.folder);
        let Some((other_name, other)) = other else { return };
        let differs = [("done", other.done != watch.done), ("since", other.since != watch.since)];
        for (key, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            let at = match key {
                "done" => raw.done.as_ref().map_or(name.at, |node| node.at),
                _ => raw.since.as_ref().map_or(name.at, |node| node.at),
            };
            let message = format!("inboxes \"{other_name}\" and \"{}\" watch the same mailbox with another `{key}`", name.value);
            self.report.add(Code::Contradiction, at, message, "give both the same");
        }
    }

    fn done(&mut self, node: &Node) -> Option<Done> {
        match &node.value {
            Value::String(word) => {
                let word = At { value: word.clone(), at: node.at };
                self.word(&word, "done", &[("keep", Done::Keep), ("seen", Done::Seen)])
            }
            Value::Table(entries) => match entries.as_slice() {
                [only] if only.key == "move" => String::read(&only.node, &mut self.report).map(Done::Move),
                _ => {
                    self.report.add(Code::BadValue, node.at, "`done` has one key here", "{ move = \"Archive\" }");
                    None
                }
            },
            _ => {
                self.report.add(
                    Code::WrongType,
                    node.at,
                    "`done` cannot be this",
                    "\"keep\", \"seen\" or { move = \"Archive\" }",
                );
                None
            }
        }
    }

    fn since(&mut self, node: &Node) -> Option<Since> {
        let text = match &node.value {
            Value::String(text) | Value::Moment(text) => text.as_str(),
            _ => "",
        };
        let since = match text {
            "now" => Some(Since::Now),
            "all" => Some(Since::All),
            date => date.parse().ok().map(Since::Date),
        };
        if since.is_none() {
            self.report.add(Code::BadValue, node.at, "`since` cannot be this", "\"now\", \"all\" or a date \"2026-11-01\"");
        }
        since
    }

    pub(super) fn limits(&mut self, raw: Option<&RawLimits>) -> Limits {
        let mut limits = Limits::default();
        let Some(raw) = raw else { return limits };
        let all = [
            (&raw.acks_per_sender_day, &mut limits.acks_per_sender_day),
            (&raw.acks_per_domain_day, &mut limits.acks_per_domain_day),
            (&raw.acks_per_freemail_day, &mut limits.acks_per_freemail_day),
            (&raw.acks_per_hour, &mut limits.acks_per_hour),
            (&raw.acks_per_day, &mut limits.acks_per_day),
            (&raw.reopens_per_day, &mut limits.reopens_per_day),
            (&raw.notices_per_agent_hour, &mut limits.notices_per_agent_hour),
        ];
        for (value, limit) in all {
            if let Some(value) = value {
                *limit = value.value;
            }
        }
        if let Some(notices) = raw.notices_per_agent_hour.as_ref().filter(|notices| notices.value > NOTICES_PER_HOUR_MAX) {
            let message = format!("{} notices within an hour are no limit", notices.value);
            self.report.add(Code::BadValue, notices.at, message, format!("0 to {NOTICES_PER_HOUR_MAX}"));
            limits.notices_per_agent_hour = NOTICES_PER_HOUR_MAX;
        }
        limits
    }

    /// A language that our texts speak.
    pub(super) fn language(&mut self, language: &At<String>, company: &Company) {
        if !company.languages.contains(&language.value) {
            let label = format!("`company.languages` has {}", list(company.languages.iter().map(String::as_str)));
            let message = format!("our texts are not there in \"{}\"", language.value);
            self.report.add(Code::Reference, language.at, message, label);
        }
    }
}

/// What an inbox takes where it says nothing: the first of each.
struct Defaults {
    account: String,
    team: String,
    ticket_type: String,
}

fn capitalised(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
