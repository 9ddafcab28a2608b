//! What is wrong with a configuration, shown where it is wrong. All problems are collected; none hides another.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

/// Problems of one class share a code; people search for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // `title` says it
pub enum Code {
    Unreadable,
    Syntax,
    UnknownKey,
    RenamedKey,
    WrongType,
    MissingKey,
    BadValue,
    BadAddress,
    BadUrl,
    LiteralSecret,
    Secret,
    Include,
    Pattern,
    Duplicate,
    Reference,
    PlainConnection,
    Verification,
    Contradiction,
    Test,
    NeverMatches,
    NoLanguage,
    ReadableByOthers,
    Unused,
    NoTrust,
    WeakProof,
    Article,
    NoAgentMail,
    Later,
    Fallback,
}

impl Code {
    /// `E214`: errors from 200, warnings from 300, notes from 400.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "E200",
            Self::Syntax => "E201",
            Self::UnknownKey => "E202",
            Self::RenamedKey => "E203",
            Self::WrongType => "E204",
            Self::MissingKey => "E205",
            Self::BadValue => "E206",
            Self::BadAddress => "E207",
            Self::BadUrl => "E208",
            Self::LiteralSecret => "E209",
            Self::Secret => "E210",
            Self::Include => "E211",
            Self::Pattern => "E212",
            Self::Duplicate => "E213",
            Self::Reference => "E214",
            Self::PlainConnection => "E215",
            Self::Verification => "E216",
            Self::Contradiction => "E217",
            Self::Test => "E218",
            Self::NeverMatches => "W301",
            Self::NoLanguage => "W302",
            Self::ReadableByOthers => "W303",
            Self::Unused => "W304",
            Self::NoTrust => "W305",
            Self::WeakProof => "W306",
            Self::Article => "W307",
            Self::NoAgentMail => "W308",
            Self::Later => "N401",
            Self::Fallback => "N402",
        }
    }

    /// How grave it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self.as_str().as_bytes()[0] {
            b'E' => Severity::Error,
            b'W' => Severity::Warning,
            _ => Severity::Note,
        }
    }
}

/// How grave a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can, but probably does not do what was meant.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Error => "\x1b[1;31m",
            Self::Warning => "\x1b[1;33m",
            Self::Note => "\x1b[1;36m",
        }
    }
}

/// A byte range in one of the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub(super) file: u32,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// A file as it was read.
#[derive(Debug)]
pub(super) struct Source {
    /// As shown: relative to where the main file lies.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// One problem with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How grave it is.
    pub severity: Severity,
    /// `E214`.
    pub code: &'static str,
    /// What is wrong, one sentence without full stop.
    pub message: String,
    /// File as given or included; `None` where no file could be read.
    pub file: Option<String>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column in characters, from 1.
    pub column: Option<u32>,
    /// Text beside the caret: what would be right.
    pub label: String,
    /// What to do, where that is not obvious.
    pub hint: Option<String>,
    /// The line of the file.
    #[serde(skip)]
    source: String,
    /// Characters marked.
    #[serde(skip)]
    width: u32,
}

impl Problem {
    /// As shown to people: three lines and a hint, with colours if wanted.
    #[must_use]
    pub fn render(&self, colours: bool) -> String {
        let (on, dim, off) = if colours { (self.severity.colour(), "\x1b[1;34m", "\x1b[0m") } else { ("", "", "") };
        let mut text = format!("{on}{}[{}]{off}: {}\n", self.severity.word(), self.code, self.message);
        if let (Some(file), Some(line), Some(column)) = (&self.file, self.line, self.column) {
            let number = line.to_string();
            let margin = " ".repeat(number.len());
            let _ = writeln!(text, "  {dim}-->{off} {file}:{line}:{column}");
            let _ = writeln!(text, "{dim}{number} |{off} {}", self.source);
            let before: String = self.source.chars().take(column as usize - 1).map(pad).collect();
            let carets = "^".repeat(self.width.max(1) as usize);
            let _ = writeln!(text, "{dim}{margin} |{off} {before}{on}{carets}{off}{}{}", space_if(&self.label), self.label);
        } else if !self.label.is_empty() {
            let _ = writeln!(text, "  {}", self.label);
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "  hint: {hint}");
        }
        text
    }
}

/// Tabs stay tabs, so that the caret stands below what it marks.
fn pad(c: char) -> char {
    if c == '\t' { '\t' } else { ' ' }
}

fn space_if(label: &str) -> &'static str {
    if label.is_empty() { "" } else { " " }
}

/// All problems of one configuration, in file order, errors first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// So many of that severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|problem| problem.severity == severity).count()
    }

    /// Everything as text, closing with the counts and `consequence`, such as `The running configuration was kept.`
    #[must_use]
    pub fn render(&self, colours: bool, consequence: &str) -> String {
        let mut text: String = self.0.iter().map(|problem| problem.render(colours)).collect();
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let mut counts = plural(errors, "error");
        if warnings > 0 {
            counts = format!("{counts}, {}", plural(warnings, "warning"));
        }
        let _ = writeln!(text, "{counts}.{}{consequence}", space_if(consequence));
        text
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.render(false, "").trim_end())
    }
}

impl std::error::Error for Problems {}

/// Collects problems while a configuration is read.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) sources: Vec<Arc<Source>>,
    /// Names of the things that are being read, outermost first: `maya` within `[agent.maya]`.
    pub(super) within: Vec<String>,
    drafts: Vec<(Option<Place>, Problem)>,
}

impl Report {
    /// Notes a problem; `label` stands beside the caret.
    pub(super) fn add(&mut self, code: Code, at: impl Into<Option<Place>>, message: impl Into<String>, label: impl Into<String>) {
        self.draft(code, at.into(), message.into(), label.into(), None);
    }

    /// The same with a hint.
    pub(super) fn hint(
        &mut self,
        code: Code,
        at: impl Into<Option<Place>>,
        message: impl Into<String>,
        label: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.draft(code, at.into(), message.into(), label.into(), Some(hint.into()));
    }

    fn draft(&mut self, code: Code, at: Option<Place>, message: String, label: String, hint: Option<String>) {
        let mut problem = Problem {
            severity: code.severity(),
            code: code.as_str(),
            message,
            file: None,
            line: None,
            column: None,
            label,
            hint,
            source: String::new(),
            width: 0,
        };
        if let Some((place, source)) = at.and_then(|place| Some((place, self.sources.get(place.file as usize)?))) {
            locate(&mut problem, place, source);
        }
        self.drafts.push((at, problem));
    }

    /// Line of a place, from 1.
    pub(super) fn line(&self, place: Place) -> u32 {
        self.sources.get(place.file as usize).map_or(0, |source| line_of(&source.text, place.from as usize))
    }

    /// `line 55`, with the file where it is another than that of `from`.
    pub(super) fn line_seen_from(&self, place: Place, from: Place) -> String {
        let line = self.line(place);
        match self.sources.get(place.file as usize) {
            Some(source) if place.file != from.file => format!("{}:{line}", source.name),
            _ => format!("line {line}"),
        }
    }

    /// Text of a place as it stands in the file.
    pub(super) fn text(&self, place: Place) -> &str {
        let source = self.sources.get(place.file as usize);
        source.and_then(|source| source.text.get(place.from as usize..place.to as usize)).unwrap_or("")
    }

    pub(super) fn has_errors(&self) -> bool {
        self.drafts.iter().any(|(_, problem)| problem.severity == Severity::Error)
    }

    pub(super) fn has_code(&self, code: Code) -> bool {
        self.drafts.iter().any(|(_, problem)| problem.code == code.as_str())
    }

    /// Everything collected: errors first, each severity in file order.
    pub(super) fn finish(mut self) -> Problems {
        if self.has_errors() {
            // Notes are about a file that is used.
            self.drafts.retain(|(_, problem)| problem.severity != Severity::Note);
        }
        self.drafts.sort_by_key(|(place, problem)| (problem.severity, *place));
        let mut problems: Vec<Problem> = self.drafts.into_iter().map(|(_, problem)| problem).collect();
        problems.dedup();
        Problems(problems)
    }
}

fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset.min(text.len())).unwrap_or_default();
    u32::try_from(before.iter().filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
}

fn locate(problem: &mut Problem, place: Place, source: &Source) {
    let text = &source.text;
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (from, to) = (floor(place.from as usize), floor(place.to as usize));
    let start = text[..from].rfind('\n').map_or(0, |at| at + 1);
    let end = text[from..].find('\n').map_or(text.len(), |at| from + at);
    let line = text[start..end].trim_end_matches('\r');
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    problem.file = Some(source.name.clone());
    problem.line = Some(line_of(text, from));
    problem.column = Some(count(&text[start..from]) + 1);
    problem.width = count(&text[from..to.clamp(from, end.max(from))]);
    problem.source = masked(line);
}

/// The line with stars for what stands where a secret would: people paste these messages into tickets.
fn masked(line: &str) -> String {
    const WORDS: [&str; 6] = ["password", "passwd", "secret", "token", "pin", "key"];
    let mut text: Vec<char> = line.chars().collect();
    for at in 0..text.len() {
        if text[at] != '=' {
            continue;
        }
        let before: String = text[..at].iter().collect::<String>().trim_end().to_lowercase();
        let Some(open) = (at + 1..text.len()).find(|next| !text[*next].is_whitespace()) else { continue };
        let quote = text[open];
        if !WORDS.iter().any(|word| before.ends_with(word)) || !(quote == '"' || quote == '\'') {
            continue;
        }
        for hidden in text[open + 1..].iter_mut().take_while(|c| **c != quote) {
            *hidden = '*';
        }
    }
    text.into_iter().collect()
}
