//! The configuration file: raw shapes, compiled into [`desk::Policy`] and the daemon's settings, with all problems at once.
//!
//! The way is [`source`] (files), `tree` (TOML with places), `read` and `raw` (shapes), `compile` (checks and references).
//! Nothing outside sees a raw shape. A file is accepted whole or not at all; the daemon never writes one.

mod compile;
mod diff;
mod endpoint;
pub mod problem;
mod raw;
mod read;
mod secret;
mod settings;
pub mod source;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::path::Path;

use data_encoding::HEXLOWER;
use desk::Policy;
use sha2::{Digest as _, Sha256};

pub use diff::{Side, diff};
pub use problem::{Problem, Problems, Severity};
pub use settings::{
    Account, Auth, ChannelKind, ChannelTarget, Config, ConfigTest, Done, Expect, Host, InboxAlarm, InlineMail, MailSink,
    MailSource, OAuth2, OAuthProvider, Rate, Secret, Security, Server, Since, StoreKind, TestHave, TestMail, TestWant, Watch,
};
pub use source::{Environment, Memory, System};
pub use value::{write_length, write_span};

use problem::{Code, Report};
use read::Read as _;

/// Characters of the hash that people see: enough to tell two configurations apart.
const HASH_CHARACTERS: usize = 7;

/// A configuration that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// What the shell needs.
    pub config: Config,
    /// What decisions depend on. Its `templates` are the built-in ones until `config.template_sources` are added.
    pub policy: Policy,
    /// What will do something in a later version, and what stands in for something that is missing.
    pub notes: Vec<Problem>,
    /// What probably is not meant.
    pub warnings: Vec<Problem>,
    /// Seven hexadecimal digits of everything that has effect: files, secrets and templates. Comments have none.
    pub hash: String,
}

/// Reads, checks and compiles a configuration.
///
/// # Errors
/// [`Problems`] with at least one error, and with all warnings, in file order.
pub fn load(path: &Path, environment: &dyn Environment) -> Result<Loaded, Problems> {
    let mut report = Report::default();
    let Some(tree) = source::read_all(path, environment, &mut report) else { return Err(report.finish()) };
    if report.has_code(Code::Syntax) {
        // What a broken file seems to lack is guesswork.
        return Err(report.finish());
    }
    let Some(raw) = raw::RawFile::read(&tree, &mut report) else { return Err(report.finish()) };
    let (result, report) = compile::compile(path, raw, report, environment);
    let failed = report.has_errors();
    let problems = report.finish();
    let (Some((config, policy)), false) = (result, failed) else { return Err(problems) };
    let (warnings, notes) = problems.0.into_iter().partition(|problem| problem.severity == Severity::Warning);
    let hash = hash(&tree, &config);
    Ok(Loaded { config, policy, notes, warnings, hash })
}

fn hash(tree: &tree::Node, config: &Config) -> String {
    let mut text = String::new();
    tree.value.canonical(&mut text);
    let mut hasher = Sha256::new();
    hasher.update(text);
    hasher.update(config.server.key.expose_bytes());
    for account in config.accounts.values() {
        for secret in account.auth.secrets() {
            hasher.update(Sha256::digest(secret.expose_bytes()));
        }
    }
    for ((name, language), source) in &config.template_sources {
        for part in [name, language, source] {
            hasher.update(Sha256::digest(part));
        }
    }
    let mut hash = HEXLOWER.encode(&hasher.finalize());
    hash.truncate(HASH_CHARACTERS);
    hash
}
