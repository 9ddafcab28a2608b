//! From a configuration file to what the engine needs; shared by the daemon and by verbs that open the store themselves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use desk::template::Templates;

use crate::cli::args::Common;
use crate::cli::output::{Exit, Failure, Printer};
use crate::clock::Clock;
use crate::config::{self, Config, Done, Loaded, Problem, Severity, StoreKind, System};
use crate::engine::child::ChildReader;
use crate::engine::core::Watched;
use crate::engine::proof::DkimCheck;
use crate::engine::{Engine, EngineOptions, Live};
use crate::store::{DiskStore, MailboxKey, OpenOptions, Store};

/// Where the configuration is looked for, in this order.
const PLACES: [&str; 2] = ["frontdesk.toml", "/etc/frontdesk/frontdesk.toml"];

/// What an old key signed is read for so many days after it was replaced: longer than any link of ours lives.
const OLD_KEY_DAYS: i64 = 90;

/// A configuration in use.
pub struct Setup {
    /// Settings of the shell.
    pub config: Arc<Config>,
    /// What the engine needs.
    pub live: Arc<Live>,
    /// Short hash.
    pub hash: String,
    /// Warnings and notes.
    pub findings: Vec<Problem>,
}

/// The configuration file that is meant.
///
/// # Errors
/// None was named and none is where it is looked for.
pub fn config_path(common: &Common) -> Result<PathBuf, Failure> {
    if let Some(path) = &common.config {
        return Ok(path.clone());
    }
    PLACES.iter().map(PathBuf::from).find(|path| path.exists()).ok_or_else(|| {
        let message = "no configuration: neither ./frontdesk.toml nor /etc/frontdesk/frontdesk.toml exists; name one with --config, \
                       make one with `frontdesk init`, or try `frontdesk demo`";
        Failure::new(Exit::BadConfig, message)
    })
}

/// Reads, checks and compiles; templates included.
///
/// # Errors
/// Every problem, rendered with its place.
pub fn load(path: &Path, printer: &Printer, consequence: &str) -> Result<Setup, Failure> {
    let loaded = config::load(path, &System)
        .map_err(|problems| Failure::new(Exit::BadConfig, problems.render(printer.has_colors(), consequence)))?;
    finish(loaded)
}

/// Puts texts and mailboxes in their places.
///
/// # Errors
/// A text of the operator is no template.
pub fn finish(loaded: Loaded) -> Result<Setup, Failure> {
    let Loaded { config, mut policy, notes, warnings, hash } = loaded;
    let is_over = |rotated: &jiff::civil::Date| {
        let today = Clock::system().now().to_zoned(policy.company.timezone.clone()).date();
        rotated.checked_add(jiff::Span::new().days(OLD_KEY_DAYS)).is_ok_and(|end| end < today)
    };
    if config.server.old_key.as_ref().is_some_and(|(_, rotated)| is_over(rotated)) {
        policy.keys.forget_old();
    }
    policy.templates = Templates::new(&config.template_sources).map_err(|problems| {
        let lines = problems.iter().map(|problem| {
            let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
            format!("error: template templates/{}/{}.txt{line}: {}", problem.language, problem.name, problem.what)
        });
        Failure::new(Exit::BadConfig, lines.collect::<Vec<_>>().join("\n"))
    })?;
    let wrong = policy.templates.lint();
    if !wrong.is_empty() {
        let lines = wrong.iter().map(|problem| {
            let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
            format!("error: template templates/{}/{}.txt{line}: {}", problem.language, problem.name, problem.what)
        });
        return Err(Failure::new(Exit::BadConfig, lines.collect::<Vec<_>>().join("\n")));
    }
    let mut mailboxes: BTreeMap<MailboxKey, Watched> = BTreeMap::new();
    for (name, watch) in &config.inboxes {
        let key = MailboxKey { account: watch.account.clone(), mailbox: watch.folder.clone() };
        let watched = mailboxes.entry(key).or_default();
        // The mailbox of agents' mail is watched without being an inbox.
        if policy.inboxes.contains_key(name) {
            watched.inboxes.push(name.clone());
        }
        watched.files |= watch.done != Done::Keep;
    }
    for (name, account) in &config.accounts {
        // A folder that an inbox watches as well is that inbox's.
        let key = account.sent.clone().map(|mailbox| MailboxKey { account: name.clone(), mailbox });
        if let Some(key) = key.filter(|key| !mailboxes.contains_key(key)) {
            mailboxes.insert(key, Watched { sent: true, ..Watched::default() });
        }
    }
    let trusts = config.accounts.iter().map(|(name, account)| (name.clone(), account.trusts.clone())).collect();
    let live = Arc::new(Live { policy: Arc::new(policy), mailboxes, trusts });
    let findings = warnings.into_iter().chain(notes).collect();
    Ok(Setup { config: Arc::new(config), live, hash, findings })
}

/// How many findings are warnings.
#[must_use]
pub fn warnings(findings: &[Problem]) -> usize {
    findings.iter().filter(|problem| problem.severity == Severity::Warning).count()
}

/// The store's directory.
///
/// # Errors
/// The configured kind is not built in.
pub fn store_dir(config: &Config) -> Result<PathBuf, Failure> {
    match &config.server.store {
        StoreKind::Sled { path } => Ok(path.clone()),
        StoreKind::Postgres { .. } => Err(Failure::new(
            Exit::BadConfig,
            "server.store: this version keeps its state in sled; `postgres` comes with a later one",
        )),
    }
}

/// Where the store of a file is that cannot be used: enough to ask the daemon that runs on with the last good one.
///
/// `None` if the file is no TOML at all.
#[must_use]
pub fn store_dir_of_bad(path: &Path) -> Option<PathBuf> {
    let file: toml::Table = std::fs::read_to_string(path).ok()?.parse().ok()?;
    let store = file.get("server").and_then(|server| server.get("store"));
    let dir = store.and_then(|store| store.get("path")).map_or(Some("state"), toml::Value::as_str)?;
    Some(path.parent().unwrap_or(Path::new("")).join(dir))
}

/// Opens the store with a progress bar, and says so if that brings up an engine that may take over.
///
/// # Errors
/// As [`DiskStore::open`].
pub fn open_store(dir: &Path, printer: &Printer) -> Result<Arc<dyn Store>, Failure> {
    let bar = printer.progress("reading the journal");
    let store = DiskStore::open(dir, OpenOptions::default(), &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    Ok(Arc::new(store))
}

/// Starts an engine on a store.
///
/// # Errors
/// As [`Engine::start`].
pub fn start_engine(store: Arc<dyn Store>, setup: &Setup, clock: Clock) -> Result<Engine, Failure> {
    let live = setup.live.clone();
    let check = match setup.config.server.resolver {
        Some(server) => DkimCheck::with_server(server),
        None => DkimCheck::new(),
    };
    let dkim = match check {
        Ok(check) => Some(Arc::new(check)),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "Senders cannot be proven by our own DKIM check.");
            None
        }
    };
    let options = EngineOptions { live, clock, child: ChildReader::of_this_program(), dkim };
    Ok(Engine::start(store, options)?)
}
