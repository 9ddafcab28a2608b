//! Pieces of plain text that must stand in a text where a regular expression matches.
//!
//! Many patterns of operators need a word: `\bvpn\b.*(down|broken)` matches nowhere without "vpn" and one of the others.
//! Needles are folded, and so is the text in which they are sought; see [`fold`].

use std::borrow::Cow;

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shorter pieces stand in most texts and rule nothing out.
const NEEDLE_BYTES_MIN: usize = 3;
/// More alternatives than that rule little out.
const ALTERNATIVES_MAX: usize = 16;
/// A class of more characters is not one letter in several cases.
const CASES_MAX: usize = 4;

/// Needles of which at least one must occur.
pub(crate) type Clause = Vec<String>;

/// What must occur wherever the pattern matches: one needle of each clause. Empty where nothing is sure.
pub(crate) fn clauses(hir: &Hir) -> Vec<Clause> {
    let mut reader = Reader::default();
    reader.read(hir);
    reader.end_run();
    reader.clauses
}

/// A text without cases. ASCII stays as it is, since the search itself ignores its cases.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { text.chars().map(fold_character).collect::<String>().into() }
}

/// One character without its case: `ſ` and `s`, `ς` and `σ` are one letter to regular expressions that ignore case.
pub(crate) fn fold_character(c: char) -> char {
    match c {
        'ſ' => 's',
        'ς' => 'σ',
        c if c.is_ascii() => c.to_ascii_lowercase(),
        c => c.to_lowercase().next().unwrap_or(c),
    }
}

#[derive(Default)]
struct Reader {
    clauses: Vec<Clause>,
    /// Characters that follow each other for sure.
    run: String,
}

impl Reader {
    fn read(&mut self, hir: &Hir) {
        match hir.kind() {
            // They take no room between two characters.
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => self.run.extend(text.chars().map(fold_character)),
                Err(_) => self.end_run(),
            },
            HirKind::Class(class) => match one_letter(class) {
                Some(c) => self.run.push(c),
                None => self.end_run(),
            },
            HirKind::Capture(capture) => self.read(&capture.sub),
            HirKind::Concat(list) => list.iter().for_each(|part| self.read(part)),
            HirKind::Repetition(repetition) => {
                self.end_run();
                if repetition.min > 0 {
                    self.clauses.extend(clauses(&repetition.sub));
                }
            }
            HirKind::Alternation(branches) => {
                self.end_run();
                self.clauses.extend(one_of(branches));
            }
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.len() >= NEEDLE_BYTES_MIN {
            self.clauses.push(vec![run]);
        }
    }
}

/// The letter, if the class is one letter in its cases.
fn one_letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut letters = class.iter().flat_map(|range| range.start()..=range.end()).take(CASES_MAX + 1).map(fold_character);
    let count: usize = class.iter().map(|range| range.len()).sum();
    let first = letters.next()?;
    (count <= CASES_MAX && letters.all(|letter| letter == first)).then_some(first)
}

/// Where each branch needs something, one of those needles: the rarest of each branch, that is the longest.
fn one_of(branches: &[Hir]) -> Option<Clause> {
    let mut all = Clause::new();
    for branch in branches {
        let shortest = |clause: &Clause| clause.iter().map(String::len).min().unwrap_or(0);
        all.extend(clauses(branch).into_iter().max_by_key(shortest)?);
    }
    (all.len() <= ALTERNATIVES_MAX).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expect: &[&[&str]]) {
        let hir = regex_syntax::ParserBuilder::new().case_insensitive(true).multi_line(true).build().parse(pattern);
        assert_eq!(clauses(&hir.expect("a pattern")), expect, "{pattern}");
    }

    #[test]
    fn a_pattern_needs_the_words_that_it_cannot_do_without() {
        check(r"\binvoice\s+(?:is|was)\s+missing\b", &[&["invoice"], &["missing"]]);
        check(r"cancel(?:ed|ing)?\b.{0,40}\bcontracts?", &[&["cancel"], &["contract"]]);
        check(r"^order no\. ?(?<no>\d{4,})$", &[&["order no."]]);
        check(r"(vpn|wi-?fi|network) (is )?down", &[&["down"]]);
        check(r"\b(outage|störung)\b", &[&["outage", "störung"]]);
        check(r"(refund){2}", &[&["refund"]]);
        check(r"[a-z]{3}|refund", &[]);
        check(r"\d+|(?:broken)?", &[]);
    }

    #[test]
    fn letters_beyond_ascii_have_one_form() {
        check("status", &[&["status"]]);
        check("οδός", &[&["οδόσ"]]);
        assert_eq!(fold("ſTATUS \u{212a} Straẞe ΟΔΌΣ İ"), "status k straße οδόσ i");
        assert!(matches!(fold("Straight"), Cow::Borrowed("Straight")));
    }
}
