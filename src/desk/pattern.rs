//! Patterns of conditions: words and regular expressions.
//!
//! Everything is linear in the text: the `regex` crate never backtracks, and each pattern has a size limit. Many patterns
//! of one target are sought in one pass by a [`crate::sieve::Sieve`]. There are no back references and no look-around; the
//! crate has none.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::Hir;

use crate::needle;
use crate::sieve::{Found, SIEVE_BYTES_MAX};

/// Compiled size of one pattern. `\w{1,100}` needs 300 KB with Unicode; what needs more is a mistake.
pub const PATTERN_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Longest piece of a mail shown in an explanation, in characters.
const SHOWN_CHARACTERS_MAX: usize = 60;

/// Longer words are sought as regular expressions.
const WORD_BYTES_MAX: usize = 64;

const _: () = assert!(PATTERN_BYTES_MAX <= SIEVE_BYTES_MAX);

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// What is wrong, in the words of the regex parser.
    pub message: String,
    /// Byte range within the pattern as written, where one is to blame.
    pub span: Option<(usize, usize)>,
}

/// One pattern as written: `"word words"` or `"~ regex"`.
///
/// Words mean: each of them occurs, whole, in any case, in any order. Whole means that no letter or digit stands beside
/// it; scripts that write without spaces are found anywhere.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    parts: Vec<Part>,
}

/// One thing that must occur. `slot` is its place in a [`crate::sieve::Sieve`], once it is in one.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Word { text: String, slot: Option<usize> },
    Regex { regex: Regex, slot: Option<usize> },
}

impl Pattern {
    /// Reads a pattern as it stands in the configuration.
    ///
    /// # Errors
    /// [`PatternError`] for an empty pattern, a regular expression that does not parse, or one over [`PATTERN_BYTES_MAX`].
    pub fn new(source: &str) -> Result<Self, PatternError> {
        let parts = match source.strip_prefix('~') {
            Some(rest) => {
                let regex = rest.trim_start();
                let offset = source.len() - regex.len();
                let regex = compile(regex).map_err(|err| err.shifted(offset))?;
                vec![Part::Regex { regex, slot: None }]
            }
            None => source.split_whitespace().map(word).collect::<Result<_, _>>()?,
        };
        if parts.is_empty() {
            return Err(PatternError { message: "an empty pattern matches nothing".to_owned(), span: None });
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// As written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(crate) fn parts_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        self.parts.iter_mut()
    }

    /// Names of its groups: what `"{name}"` in a rule's `set` may stand for.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(Part::regex).flat_map(|regex| regex.capture_names().flatten())
    }

    /// The text in which a sieve found that may match it.
    pub(crate) fn may_match(&self, found: &Found) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Word { slot, .. } => slot.is_none_or(|slot| found.has_word(slot)),
            Part::Regex { slot, .. } => slot.is_none_or(|slot| found.may_match(slot)),
        })
    }

    /// It matches the text.
    #[must_use]
    pub fn is_match(&self, text: &str, found: Option<&Found>) -> bool {
        self.parts.iter().all(|part| part.is_match(text, found))
    }

    /// What it matched, cut to a readable length, and its named groups. Call it only where [`Pattern::is_match`] holds.
    #[must_use]
    pub fn explain(&self, text: &str) -> (String, Vec<(String, String)>) {
        let mut shown = Vec::new();
        let mut groups = Vec::new();
        for part in &self.parts {
            match part {
                Part::Word { text: word, .. } => shown.push(word.clone()),
                Part::Regex { regex, .. } => {
                    let Some(captures) = regex.captures(text) else { continue };
                    shown.push(captures.get(0).map_or_else(String::new, |whole| shorten(whole.as_str())));
                    let named = regex.capture_names().flatten();
                    groups.extend(named.filter_map(|name| Some((name.to_owned(), captures.name(name)?.as_str().to_owned()))));
                }
            }
        }
        (shown.join(" "), groups)
    }
}

impl Part {
    fn regex(&self) -> Option<&Regex> {
        match self {
            Self::Word { .. } => None,
            Self::Regex { regex, .. } => Some(regex),
        }
    }

    fn is_match(&self, text: &str, found: Option<&Found>) -> bool {
        match (self, found) {
            (Self::Word { slot: Some(slot), .. }, Some(found)) => found.has_word(*slot),
            (Self::Word { text: word, .. }, _) => tokens(text).any(|token| is_word(token, word)),
            (Self::Regex { regex, slot: Some(slot) }, Some(found)) => found.may_match(*slot) && regex.is_match(text),
            (Self::Regex { regex, .. }, _) => regex.is_match(text),
        }
    }
}

impl PatternError {
    fn shifted(mut self, by: usize) -> Self {
        self.span = self.span.map(|(from, to)| (from + by, to + by));
        self
    }
}

/// Compiles a regular expression of an operator: any case, `^` and `$` at lines, bounded size.
///
/// # Errors
/// [`PatternError`] with the range that is to blame.
pub fn compile(pattern: &str) -> Result<Regex, PatternError> {
    parse(pattern)?;
    RegexBuilder::new(pattern).case_insensitive(true).multi_line(true).size_limit(PATTERN_BYTES_MAX).build().map_err(too_large)
}

/// Compiles a regular expression that says itself whether case matters, such as a field's `find`.
///
/// # Errors
/// [`PatternError`] with the range that is to blame.
pub fn compile_exact(pattern: &str) -> Result<Regex, PatternError> {
    parse(pattern)?;
    RegexBuilder::new(pattern).multi_line(true).size_limit(PATTERN_BYTES_MAX).build().map_err(too_large)
}

fn too_large(err: regex::Error) -> PatternError {
    let message = match err {
        regex::Error::CompiledTooBig(_) => format!("the pattern needs more than {} KiB", PATTERN_BYTES_MAX / 1024),
        other => other.to_string(),
    };
    PatternError { message, span: None }
}

pub(crate) fn parse(pattern: &str) -> Result<Hir, PatternError> {
    let parsed = regex_syntax::ParserBuilder::new().case_insensitive(true).multi_line(true).build().parse(pattern);
    parsed.map_err(|err| match err {
        regex_syntax::Error::Parse(err) => at(err.kind(), err.span()),
        regex_syntax::Error::Translate(err) => at(err.kind(), err.span()),
        other => PatternError { message: other.to_string(), span: None },
    })
}

fn at(kind: &impl std::fmt::Display, span: &regex_syntax::ast::Span) -> PatternError {
    PatternError { message: kind.to_string(), span: Some((span.start.offset, span.end.offset.max(span.start.offset + 1))) }
}

fn word(word: &str) -> Result<Part, PatternError> {
    if word.len() < WORD_BYTES_MAX && word.chars().all(|c| c.is_alphanumeric() && !is_unspaced(c)) {
        return Ok(Part::Word { text: word.chars().map(needle::fold_character).collect(), slot: None });
    }
    let border = |c: Option<char>| if c.is_some_and(|c| c.is_alphanumeric() && !is_unspaced(c)) { r"\b" } else { "" };
    let pattern = format!("{}{}{}", border(word.chars().next()), regex::escape(word), border(word.chars().next_back()));
    Ok(Part::Regex { regex: compile(&pattern)?, slot: None })
}

/// Scripts that do not put spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty())
}

fn is_word(token: &str, folded: &str) -> bool {
    if token.is_ascii() { token.eq_ignore_ascii_case(folded) } else { needle::fold(token) == folded }
}

fn shorten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sieve::Sieve;

    fn check(pattern: &str, text: &str, expect: bool) {
        let mut pattern = Pattern::new(pattern).expect("compiles");
        assert_eq!(pattern.is_match(text, None), expect, "{} alone in {text:?}", pattern.source());
        let sieve = Sieve::new(&mut [&mut pattern]).expect("small");
        let found = sieve.sift(text);
        assert_eq!(pattern.is_match(text, Some(&found)), expect, "{} by sieve in {text:?}", pattern.source());
    }

    #[test]
    fn words_are_whole_in_any_case_and_any_order() {
        check("refund order", "Order 12: REFUND please", true);
        check("refund order", "Order 12: refunded", false);
        check("wi-fi", "The Wi-Fi, again", true);
        check("wi-fi", "Hawaii wi-fiber", false);
        check("größe", "GRÖßE fehlt", true);
        check("障害", "現在障害が発生", true);
    }

    #[test]
    fn regexes_match_in_any_case_beyond_ascii_too() {
        check(r"~ \b(vulnerab|exploit)", "Über eine Vulnerability", true);
        check(r"~ \bvpn\b", "ÄVPN", false);
        check(r"~ ^contact form$", "Hello\nContact form\nbye", true);
        check(r"~ ^contact", "my contact", false);
    }

    #[test]
    fn a_broken_regex_names_the_place() {
        let err = Pattern::new("~ a(b").expect_err("unclosed");
        assert_eq!(err.span, Some((3, 4)), "{err}");
        assert!(Pattern::new("  ").is_err());
        assert!(Pattern::new(r"~ (\w{500}){500}").is_err());
    }

    #[test]
    fn named_groups_are_captured() {
        let pattern = Pattern::new(r"~ order (?<no>\d+)").expect("compiles");
        assert_eq!(pattern.group_names().collect::<Vec<_>>(), ["no"]);
        assert_eq!(pattern.explain("my Order 12 is late"), ("Order 12".to_owned(), vec![("no".to_owned(), "12".to_owned())]));
    }
}
