//! Secrets: named in the file, never written there, never printed.

use std::path::PathBuf;

use super::problem::{Code, Report};
use super::read::{At, Read, shape, wrong};
use super::source::{Environment, beside};
use super::tree::{Node, Value};

/// The folder in which systemd puts credentials.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Bytes that nobody sees: `Debug` and `Display` print `***` in every build.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps the bytes of a secret.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes as they are, for keys.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text without the line end that editors add, for passwords.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("").trim_end_matches(['\r', '\n'])
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Where a secret lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Credential(String),
    File(String),
    Variable(String),
}

shape! {
    /// `{ credential = "x" }`, `{ file = "…" }`, `{ env = "X" }`
    RawReference = "secret" {
        /// Name of a systemd credential.
        credential: At<String>,
        /// A file, relative to the configuration.
        file: At<String>,
        /// A variable of the environment.
        env: At<String>,
    }
}

impl Read for Reference {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        if let Value::String(_) = node.value {
            report.add(
                Code::LiteralSecret,
                node.at,
                "a secret never stands in the file",
                "write { file = \"…\" }, { credential = \"…\" } or { env = \"…\" }",
            );
            return None;
        }
        if !matches!(node.value, Value::Table(_)) {
            return wrong(node, "{ file = \"…\" }, { credential = \"…\" } or { env = \"…\" }", report);
        }
        let raw = RawReference::read(node, report)?;
        let mut all = Vec::new();
        all.extend(raw.credential.map(|name| Self::Credential(name.value)));
        all.extend(raw.file.map(|path| Self::File(path.value)));
        all.extend(raw.env.map(|name| Self::Variable(name.value)));
        if all.len() != 1 {
            report.add(Code::Contradiction, node.at, "a secret lies in one place", "one of `file`, `credential`, `env`");
            return None;
        }
        all.pop()
    }
}

/// Fetches a secret and reports why it cannot be had, or who else can read it.
pub(super) fn fetch(reference: &At<Reference>, environment: &dyn Environment, report: &mut Report) -> Option<Secret> {
    let (what, path) = match &reference.value {
        Reference::Variable(name) => {
            let value = environment.variable(name);
            if value.is_none() {
                report.add(Code::Secret, reference.at, format!("the variable {name} is not set"), "cannot be read");
            }
            return value.map(|value| Secret::new(value.into_bytes()));
        }
        Reference::Credential(name) => {
            let good = !name.is_empty() && !name.contains('/') && name != "." && name != "..";
            let Some(folder) = environment.variable(CREDENTIALS).filter(|_| good) else {
                report.hint(
                    Code::Secret,
                    reference.at,
                    format!("the credential \"{name}\" cannot be read"),
                    format!("${CREDENTIALS} is not set"),
                    format!(
                        "systemd sets it: LoadCredential={name}:/etc/frontdesk/{name}; by hand: {CREDENTIALS}=DIR frontdesk …"
                    ),
                );
                return None;
            };
            (format!("the credential \"{name}\""), PathBuf::from(folder).join(name))
        }
        Reference::File(path) => (format!("the secret file {path}"), beside(reference.at, path, report)),
    };
    match environment.read(&path) {
        Ok(bytes) if bytes.is_empty() => {
            report.add(Code::Secret, reference.at, format!("{what} is empty"), "nothing in it");
            None
        }
        Ok(bytes) => {
            if matches!(reference.value, Reference::File(_)) && environment.others_can_read(&path) {
                let hint = format!("chmod 600 {}", path.display());
                report.hint(Code::ReadableByOthers, reference.at, format!("{what} can be read by others"), "", hint);
            }
            Some(Secret::new(bytes))
        }
        Err(error) => {
            report.add(Code::Secret, reference.at, format!("{what} cannot be read"), super::source::unread(&error));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new(b"hunter2\n".to_vec());
        assert_eq!(format!("{secret} {secret:?}"), "*** Secret(***)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
