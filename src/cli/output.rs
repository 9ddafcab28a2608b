//! How the command line talks: exit codes, failures, colours, tables, progress.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::args::Common;
use crate::store::{Remedy, StoreError};

/// Exit codes, as `sysexits.h` has them from 64 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Good = 0,
    /// Not done.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Done in part.
    Partly = 3,
    /// There are findings, or tests failed.
    Findings = 4,
    /// The input cannot be used.
    BadInput = 65,
    /// The daemon cannot be reached.
    Unavailable = 69,
    /// Try again later.
    TryAgain = 75,
    /// Not allowed.
    NotAllowed = 77,
    /// The configuration is invalid.
    BadConfig = 78,
}

/// Why a verb did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// For the exit code.
    pub exit: Exit,
    /// For a person: what, why, what to do.
    pub message: String,
}

impl Failure {
    /// A failure in words.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// An error with everything that caused it, outermost first.
    #[must_use]
    pub fn from_error(exit: Exit, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self { exit, message }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error.remedy() {
            Remedy::Retry => Exit::TryAgain,
            Remedy::Quarantine | Remedy::FixConfig | Remedy::ReportBug => Exit::Failed,
        };
        Self::from_error(exit, &error)
    }
}

impl From<std::sync::Arc<StoreError>> for Failure {
    fn from(error: std::sync::Arc<StoreError>) -> Self {
        Self::from_error(Exit::Failed, &*error)
    }
}

/// How a word looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Style {
    Bold,
    Red,
    Yellow,
    Green,
    Dim,
}

/// Prints to the terminal, or not.
#[derive(Clone, Debug)]
pub struct Printer {
    /// JSON is wanted.
    pub json: bool,
    /// Only what was asked for.
    pub quiet: bool,
    /// Nothing is written.
    pub dry_run: bool,
    colors: bool,
    /// Progress bars on the terminal: whoever writes there does it through these, so that no line runs into a bar.
    bars: MultiProgress,
}

impl Printer {
    /// As the options and the terminal say.
    #[must_use]
    pub fn new(common: &Common) -> Self {
        let wanted = !common.no_color && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let is_able = std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let bars = MultiProgress::new();
        Self { json: common.json, quiet: common.quiet, dry_run: common.dry_run, colors: wanted && is_able, bars }
    }

    /// Text without colours, hints or bars: for answers over the control socket.
    #[must_use]
    pub fn plain() -> Self {
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        Self { json: false, quiet: true, dry_run: false, colors: false, bars }
    }

    /// Colours are welcome.
    #[must_use]
    pub fn has_colors(&self) -> bool {
        self.colors
    }

    /// Prints what was asked for. A closed pipe ends the output quietly.
    pub fn line(&self, text: &str) {
        drop(writeln!(std::io::stdout().lock(), "{text}"));
    }

    /// Prints text that ends its own lines.
    pub fn text(&self, text: &str) {
        drop(write!(std::io::stdout().lock(), "{text}"));
    }

    /// Prints what helps, unless it is to be quiet.
    pub fn hint(&self, text: &str) {
        if !self.quiet && !self.json {
            self.bars.suspend(|| drop(writeln!(std::io::stderr().lock(), "{text}")));
        }
    }

    /// Prints a value as JSON.
    pub fn value(&self, value: &Value) {
        let is_for_eyes = std::io::stdout().is_terminal();
        let text = if is_for_eyes { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        self.line(&text.unwrap_or_default());
    }

    /// Says why something was not done.
    pub fn failure(&self, failure: &Failure) {
        let mut error = std::io::stderr().lock();
        if self.json {
            drop(writeln!(error, "{}", serde_json::json!({ "error": failure.message, "exit": failure.exit as u8 })));
            return;
        }
        // A message of several lines brings its own marks.
        if failure.message.contains('\n') {
            drop(writeln!(error, "{}", failure.message.trim_end()));
        } else {
            let word = if self.colors && std::io::stderr().is_terminal() { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
            drop(writeln!(error, "{word}: {}", failure.message));
        }
    }

    /// A word in a style, where colours are welcome.
    #[must_use]
    pub fn paint(&self, style: Style, text: &str) -> String {
        if !self.colors {
            return text.to_owned();
        }
        let code = match style {
            Style::Bold => "1",
            Style::Red => "31",
            Style::Yellow => "33",
            Style::Green => "32",
            Style::Dim => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Columns of equal width, two spaces apart; the last one is not padded.
    pub fn table(&self, heads: &[&str], rows: &[Vec<String>]) {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.chain([heads[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        let line = |cells: &[String]| {
            let mut text = String::new();
            for (column, cell) in cells.iter().enumerate() {
                text.push_str(cell);
                if column + 1 < cells.len() {
                    let gap = widths[column].saturating_sub(cell.chars().count()) + 2;
                    text.extend(std::iter::repeat_n(' ', gap));
                }
            }
            text
        };
        let head: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
        self.line(&self.paint(Style::Dim, &line(&head)));
        for row in rows {
            self.line(&line(row));
        }
    }

    /// Standard error for a log: its lines pass above the bars.
    #[must_use]
    pub fn log(&self) -> LogLines {
        LogLines(self.bars.clone())
    }

    /// A progress bar on a terminal; elsewhere nothing.
    #[must_use]
    pub fn progress(&self, what: &str) -> ProgressBar {
        if self.quiet || self.json || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = self.bars.add(ProgressBar::new(0));
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {human_pos}/{human_len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar
    }
}

/// Where lines of the log go. Each is written whole, between two drawings of the bars.
#[derive(Clone, Debug)]
pub struct LogLines(MultiProgress);

impl std::io::Write for LogLines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.suspend(|| std::io::stderr().write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}
