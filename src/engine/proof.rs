//! Our own DKIM check (RFC 6376), for mail whose host left no results we may trust.
//!
//! `mail::dkim_guard` decides first which signatures would prove anything, so a mail without a fitting signature costs
//! no lookup and a mail with a hundred costs few. Keys are cached by name for as long as DNS allows. DNS being down
//! proves nothing and stops nothing: the mail flows as "not proven for now".
//!
//! SPF and ARC are deliberately absent: SPF speaks of a connection that is over, ARC of hosts nobody vouched for.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::proto::op::ResponseCode;
use mail::Message;
use mail::dkim_guard::{self, DkimGuard};
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::{AuthenticatedMessage, DkimResult, DnsError, Error, MessageAuthenticator, ResolverCache, Txt};

/// Longest check of one mail. Resolvers answer in milliseconds or are down.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);
/// Most keys kept; one is about a kilobyte.
const KEYS_CACHED_MAX: usize = 10_000;
/// Longest time a key is kept, whatever DNS says, so that a revoked key dies.
const KEY_AGE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Why no check can be made at all.
#[derive(Debug, thiserror::Error)]
pub enum DkimCheckError {
    /// The resolver's configuration cannot be used.
    #[error("read the resolver configuration")]
    Resolver {
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What our own check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DkimOutcome {
    /// A signature of this domain verified and is aligned with From.
    Aligned {
        /// The signing domain.
        domain: String,
    },
    /// No signature that would prove anything.
    None,
    /// Keys could not be looked up in time.
    DnsDown,
    /// Signatures that would have proven something did not verify.
    Failed {
        /// For the trace.
        why: String,
    },
}

/// Checks signatures, with a cache of keys. Share one for the life of the process.
pub struct DkimCheck {
    authenticator: MessageAuthenticator,
    keys: KeyCache,
}

impl DkimCheck {
    /// With the resolvers of this machine.
    ///
    /// # Errors
    /// [`DkimCheckError::Resolver`] if the system's configuration cannot be read.
    pub fn new() -> Result<Self, DkimCheckError> {
        let authenticator =
            MessageAuthenticator::new_system_conf().map_err(|source| DkimCheckError::Resolver { source: Box::new(source) })?;
        Ok(Self { authenticator, keys: KeyCache::new(false) })
    }

    /// With one name server.
    ///
    /// # Errors
    /// [`DkimCheckError::Resolver`] if no resolver can be built.
    pub fn with_server(server: SocketAddr) -> Result<Self, DkimCheckError> {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = server.port();
            connection
        });
        let server = NameServerConfig::new(server.ip(), true, connections.into());
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let authenticator = MessageAuthenticator::new(config, ResolverOpts::default())
            .map_err(|source| DkimCheckError::Resolver { source: Box::new(source) })?;
        Ok(Self { authenticator, keys: KeyCache::new(false) })
    }

    /// With these TXT records and no others: no packet leaves, an unknown name does not exist.
    ///
    /// `records` are pairs of a full name (`k1._domainkey.acme.example`) and the text of its record.
    ///
    /// # Errors
    /// [`DkimCheckError::Resolver`] if no idle resolver can be built.
    pub fn with_records<'a>(records: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, DkimCheckError> {
        let authenticator = MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default())
            .map_err(|source| DkimCheckError::Resolver { source: Box::new(source) })?;
        let keys = KeyCache::new(true);
        for (name, text) in records {
            let entry = match DomainKey::parse(text.as_bytes()) {
                Ok(key) => Txt::from(key),
                Err(error) => Txt::Error(error),
            };
            keys.keep(&fqdn(name), entry, None);
        }
        Ok(Self { authenticator, keys })
    }

    /// Makes every lookup fail as if no resolver answered, for tests of what happens then.
    pub fn set_dns_down(&self, down: bool) {
        self.keys.lock().down = down;
    }

    /// Verifies the signatures that would prove the author.
    ///
    /// `raw` is the whole mail as received, `message` the same mail read, `now_unix` the present in seconds since 1970.
    /// Never takes longer than five seconds.
    pub async fn check(&self, raw: &[u8], message: &Message, now_unix: i64) -> DkimOutcome {
        let guard = dkim_guard::signatures_worth_verifying(raw, message, now_unix);
        if guard.candidates.is_empty() {
            return DkimOutcome::None;
        }
        let Some(mut authenticated) = AuthenticatedMessage::parse(raw) else {
            return DkimOutcome::Failed { why: "the mail cannot be taken apart for verification".to_owned() };
        };
        authenticated.dkim_headers.retain(|header| {
            // The guard read the same header by itself; both must agree on what it says.
            header.header.l == 0 && is_candidate(&guard, &header.header.d, &header.header.s)
        });
        if authenticated.dkim_headers.is_empty() {
            return DkimOutcome::Failed { why: "the signature is malformed".to_owned() };
        }
        let parameters = mail_auth::Parameters::new(&authenticated).with_txt_cache(&self.keys);
        let verification = self.authenticator.verify_dkim(parameters);
        let Ok(outputs) = tokio::time::timeout(CHECK_TIMEOUT, verification).await else {
            return DkimOutcome::DnsDown;
        };
        let mut dns_down = false;
        let mut why = None;
        for output in &outputs {
            let Some(signature) = output.signature() else { continue };
            match output.result() {
                DkimResult::Pass => return DkimOutcome::Aligned { domain: signature.d.to_ascii_lowercase() },
                DkimResult::Neutral(error)
                | DkimResult::Fail(error)
                | DkimResult::PermError(error)
                | DkimResult::TempError(error) => {
                    dns_down |= is_dns_down(error);
                    why.get_or_insert_with(|| format!("{}: {error}", signature.d));
                }
                DkimResult::None => {}
            }
        }
        if dns_down {
            DkimOutcome::DnsDown
        } else {
            DkimOutcome::Failed { why: why.unwrap_or_else(|| "no signature verified".to_owned()) }
        }
    }
}

fn is_candidate(guard: &DkimGuard, domain: &str, selector: &str) -> bool {
    guard.candidates.iter().any(|one| one.domain.eq_ignore_ascii_case(domain) && one.selector.eq_ignore_ascii_case(selector))
}

/// Whether an error speaks of the resolver rather than of the domain: then the same mail may be proven later.
fn is_dns_down(error: &Error) -> bool {
    match error {
        Error::Dns(DnsError::Resolver(_)) => true,
        Error::Dns(DnsError::RecordNotFound(code)) => !matches!(*code, ResponseCode::NXDomain | ResponseCode::NoError),
        _ => false,
    }
}

fn fqdn(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_ascii_lowercase())
}

/// Keys by name. A sealed cache knows all there is.
struct KeyCache {
    state: Mutex<Keys>,
    sealed: bool,
}

#[derive(Default)]
struct Keys {
    entries: HashMap<Box<str>, (Txt, Option<Instant>)>,
    down: bool,
}

impl KeyCache {
    fn new(sealed: bool) -> Self {
        Self { state: Mutex::default(), sealed }
    }

    /// A panic while the lock was held leaves a map that is whole all the same.
    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, name: &str, entry: Txt, valid_until: Option<Instant>) {
        let mut state = self.lock();
        if state.entries.len() >= KEYS_CACHED_MAX {
            let now = Instant::now();
            state.entries.retain(|_, (_, until)| until.is_none_or(|until| until > now));
            if state.entries.len() >= KEYS_CACHED_MAX {
                state.entries.clear();
            }
        }
        state.entries.insert(name.into(), (entry, valid_until));
    }
}

impl ResolverCache<Box<str>, Txt> for KeyCache {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let state = self.lock();
        if state.down {
            return Some(Txt::Error(Error::Dns(DnsError::Resolver("resolver is down".to_owned()))));
        }
        let now = Instant::now();
        match state.entries.get(name) {
            Some((entry, until)) if until.is_none_or(|until| until > now) => Some(entry.clone()),
            Some(_) | None if self.sealed => Some(Txt::Error(Error::Dns(DnsError::RecordNotFound(ResponseCode::NXDomain)))),
            Some(_) | None => None,
        }
    }

    fn remove<Q>(&self, _name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        // Entries leave by age.
        None
    }

    fn insert(&self, name: Box<str>, entry: Txt, valid_until: Instant) {
        let latest = Instant::now() + KEY_AGE_MAX;
        self.keep(&name, entry, Some(valid_until.min(latest)));
    }
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
