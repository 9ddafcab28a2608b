//! The seven answers: typed on a terminal, or read from a file.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::output::{Exit, Failure, Printer, Style};

/// Where the password is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Password {
    /// It was told: it goes into a file of its own.
    Told(String),
    /// In this file, which stays where it is.
    File(PathBuf),
    /// None is needed.
    None,
}

/// What was answered.
pub(super) struct Answers {
    pub(super) company: String,
    pub(super) address: String,
    pub(super) imap: String,
    pub(super) smtp: String,
    pub(super) user: String,
    pub(super) password: Password,
    pub(super) agent: String,
}

/// Keys of an answers file. `password_file` stands for `password`.
const KEYS: [&str; 8] = ["company", "address", "imap", "smtp", "user", "password", "password_file", "agent"];

impl Answers {
    /// Reads `key = "value"` lines.
    ///
    /// # Errors
    /// The file cannot be read, or an answer is missing or unknown: all of them at once.
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let bad = |message: String| Failure::new(Exit::BadInput, format!("{}: {message}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| bad(error.to_string()))?;
        let mut problems: Vec<String> = Vec::new();
        for (key, value) in &table {
            if !KEYS.contains(&key.as_str()) {
                problems.push(format!("there is no question `{key}`; there are: {}", KEYS.join(", ")));
            } else if !value.is_str() {
                problems.push(format!("`{key}` has to be a text in quotes"));
            }
        }
        let optional = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        let mut required = |key: &str| {
            let value = optional(key).filter(|value| !value.trim().is_empty());
            value.unwrap_or_else(|| {
                problems.push(format!("`{key}` is missing"));
                String::new()
            })
        };
        let (company, address) = (required("company"), required("address"));
        let (imap, smtp, agent) = (required("imap"), required("smtp"), required("agent"));
        let user = if is_plain(&imap, &smtp) { optional("user").unwrap_or_default() } else { required("user") };
        let password = match (optional("password"), optional("password_file")) {
            (Some(password), _) => Password::Told(password),
            (None, Some(path)) => Password::File(std::path::absolute(path).map_err(|error| bad(error.to_string()))?),
            (None, None) if user.is_empty() => Password::None,
            (None, None) => {
                problems.push("`password_file` or `password` is missing".to_owned());
                Password::None
            }
        };
        if !problems.is_empty() {
            return Err(bad(problems.join("\n  ")));
        }
        Ok(Self { company, address, imap, smtp, user, password, agent })
    }

    /// Asks on the terminal.
    ///
    /// # Errors
    /// There is no terminal, or it was closed.
    pub(super) fn ask(printer: &Printer) -> Result<Self, Failure> {
        if !io::stdin().is_terminal() {
            let message = format!("no terminal to ask on; give the answers in a file: --answers FILE with {}", KEYS.join(", "));
            return Err(Failure::new(Exit::Usage, message));
        }
        printer.line("Seven questions make a first desk. Enter takes what stands in brackets; Ctrl-C writes nothing.");
        let company = question(printer, "1. What is the company called?", None)?;
        let address = question(printer, "2. Which address do customers write to?", None)?;
        let domain = address.rsplit_once('@').map_or("example.org", |(_, domain)| domain).to_owned();
        let imap = question(printer, "3. Where does its mail arrive?", Some(format!("imaps://mail.{domain}")))?;
        let host = imap.split_once("://").map_or_else(|| format!("mail.{domain}"), |(_, host)| bare_host(host).to_owned());
        let smtp = question(printer, "4. Where does mail leave?", Some(format!("smtps://{host}")))?;
        let (user, password) = if is_plain(&imap, &smtp) {
            printer.line("5. and 6. are not needed here: nothing to log in to.");
            (String::new(), Password::None)
        } else {
            let user = question(printer, "5. Who logs in there?", Some(address.clone()))?;
            let word = silently(|| question(printer, "6. The password, or a file that holds it (not shown)?", None))?;
            let is_file = Path::new(&word).is_file();
            (user, if is_file { Password::File(std::path::absolute(&word).unwrap_or_default()) } else { Password::Told(word) })
        };
        let agent = question(printer, "7. Who answers first? (Ana Ruiz <ana@company.example>)", None)?;
        Ok(Self { company, address, imap, smtp, user, password, agent })
    }
}

/// Both sides are directories: nobody logs in.
fn is_plain(imap: &str, smtp: &str) -> bool {
    imap.starts_with("maildir:") && smtp.starts_with("maildir:")
}

fn bare_host(host: &str) -> &str {
    host.split([':', '/']).next().unwrap_or(host)
}

fn question(printer: &Printer, text: &str, default: Option<String>) -> Result<String, Failure> {
    let failed = |error: io::Error| Failure::new(Exit::Failed, format!("the terminal cannot be used: {error}"));
    loop {
        let offer = default.as_ref().map_or_else(String::new, |default| format!(" [{default}]"));
        print_bare(&format!("{}{offer} ", printer.paint(Style::Bold, text))).map_err(failed)?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line).map_err(failed)? == 0 {
            return Err(Failure::new(Exit::Failed, "the questions were not answered; nothing was written"));
        }
        let answer = line.trim();
        match (&default, answer) {
            (Some(default), "") => return Ok(default.clone()),
            (None, "") => {}
            (_, answer) => return Ok(answer.to_owned()),
        }
    }
}

fn print_bare(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// With the terminal's echo off, where it can be turned off.
fn silently<T>(ask: impl FnOnce() -> T) -> T {
    let echo = |word: &str| drop(Command::new("stty").arg(word).stderr(Stdio::null()).status());
    echo("-echo");
    let answer = ask();
    echo("echo");
    // The Enter was not shown either.
    drop(print_bare("\n"));
    answer
}
