//! Many patterns over one text, sought in one pass.
//!
//! All words, and the needles that regular expressions need, are one automaton (Aho-Corasick) that reads the text once.
//! What a needle does not rule out is then sought by the exact pattern, so that letting one through costs time alone.
//! Regular expressions without needles, and those that too many needles let through, are one `RegexSet`; it ignores word
//! borders and anchors, so that its automaton stays fast on text that is not ASCII.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::{RegexSet, RegexSetBuilder};
use regex_syntax::hir::{Hir, HirKind};

use crate::needle::{self, Clause};
use crate::pattern::{Part, Pattern, PatternError};

/// Compiled size of all patterns of one target together.
pub const SIEVE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Memory of the automaton that is built while it runs, for each thread.
const SET_CACHE_BYTES: usize = 8 * 1024 * 1024;
/// The automaton of more needles is a slower one that needs less memory.
const FAST_NEEDLES_MAX: usize = 1_000;
/// So many regular expressions are sought one by one; more of them in one pass.
const ALONE_MAX: usize = 8;

/// Many patterns over one target.
#[derive(Debug)]
pub struct Sieve {
    needles: Option<AhoCorasick>,
    /// By needle: it is a word. A needle of a regular expression may be one too.
    is_word: Vec<bool>,
    regexes: Vec<Need>,
    set: Option<RegexSet>,
}

/// What a regular expression needs: of each clause one needle, by their numbers.
#[derive(Debug)]
struct Need {
    clauses: Vec<Vec<usize>>,
}

/// What a [`Sieve`] found in one text.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// By needle: it is a word, and stands in the text as one.
    words: Vec<bool>,
    /// By slot: the regular expression may match.
    regexes: Vec<bool>,
}

impl Found {
    pub(crate) fn has_word(&self, slot: usize) -> bool {
        self.words.get(slot).copied().unwrap_or(false)
    }

    pub(crate) fn may_match(&self, slot: usize) -> bool {
        self.regexes.get(slot).copied().unwrap_or(false)
    }
}

impl Sieve {
    /// Puts patterns into one sieve and tells each its slots.
    ///
    /// # Errors
    /// [`PatternError`] if they are too large together.
    pub fn new(patterns: &mut [&mut Pattern]) -> Result<Self, PatternError> {
        let mut needles: BTreeMap<String, usize> = BTreeMap::new();
        let mut place = |needle: &str| {
            let next = needles.len();
            *needles.entry(needle.to_owned()).or_insert(next)
        };
        let (mut words, mut regexes, mut loose) = (Vec::new(), Vec::new(), Vec::new());
        for part in patterns.iter_mut().flat_map(|pattern| pattern.parts_mut()) {
            match part {
                Part::Word { text, slot } => {
                    words.push(place(text));
                    *slot = words.last().copied();
                }
                Part::Regex { regex, slot } => {
                    let hir = crate::pattern::parse(regex.as_str())?;
                    loose.push(without_looks(&hir).to_string());
                    let numbers = |clause: Clause| clause.iter().map(|needle| place(needle)).collect();
                    *slot = Some(regexes.len());
                    regexes.push(Need { clauses: needle::clauses(&hir).into_iter().map(numbers).collect() });
                }
            }
        }
        let set = if loose.is_empty() { None } else { Some(build_set(&loose)?) };
        let mut is_word = vec![false; needles.len()];
        words.into_iter().for_each(|slot| is_word[slot] = true);
        let mut by_slot: Vec<&String> = needles.keys().collect();
        by_slot.sort_by_key(|needle| needles[*needle]);
        let needles = if by_slot.is_empty() { None } else { Some(build_needles(&by_slot)?) };
        Ok(Self { needles, is_word, regexes, set })
    }

    /// Reads the text once.
    #[must_use]
    pub fn sift(&self, text: &str) -> Found {
        let (words, stands) = self.needles_in(text);
        let mut regexes: Vec<bool> = self.regexes.iter().map(|need| need.is_met(&stands)).collect();
        let is_vague = |(need, may_match): (&Need, &bool)| *may_match && need.clauses.is_empty();
        let many = regexes.iter().filter(|may_match| **may_match).count() > ALONE_MAX;
        if let Some(set) = self.set.as_ref().filter(|_| many || self.regexes.iter().zip(&regexes).any(is_vague)) {
            let matches = set.matches(text);
            regexes.iter_mut().enumerate().for_each(|(slot, may_match)| *may_match &= matches.matched(slot));
        }
        Found { words, regexes }
    }

    /// By needle: whether it stands there as a word, and whether it stands there at all.
    fn needles_in(&self, text: &str) -> (Vec<bool>, Vec<bool>) {
        let (mut words, mut stands) = (vec![false; self.is_word.len()], vec![false; self.is_word.len()]);
        let Some(needles) = &self.needles else { return (words, stands) };
        let text = needle::fold(text);
        for found in needles.find_overlapping_iter(text.as_ref()) {
            let needle = found.pattern().as_usize();
            stands[needle] = true;
            if self.is_word[needle] && !words[needle] {
                words[needle] = is_whole(&text, found.start(), found.end());
            }
        }
        (words, stands)
    }
}

impl Need {
    fn is_met(&self, stands: &[bool]) -> bool {
        self.clauses.iter().all(|clause| clause.iter().any(|needle| stands[*needle]))
    }
}

/// No letter or digit stands beside it.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|before| before.chars().next_back());
    let after = text.get(end..).and_then(|after| after.chars().next());
    ![before, after].into_iter().flatten().any(char::is_alphanumeric)
}

fn build_needles(needles: &[&String]) -> Result<AhoCorasick, PatternError> {
    let kind = if needles.len() <= FAST_NEEDLES_MAX { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(kind))
        .build(needles)
        .map_err(|err| PatternError { message: format!("the words are too many together: {err}"), span: None })
}

fn build_set(patterns: &[String]) -> Result<RegexSet, PatternError> {
    RegexSetBuilder::new(patterns)
        .size_limit(SIEVE_BYTES_MAX)
        .dfa_size_limit(SET_CACHE_BYTES)
        .build()
        .map_err(|err| PatternError { message: format!("the patterns are too large together: {err}"), span: None })
}

/// The same pattern without borders and anchors: it matches wherever the pattern does, and maybe elsewhere. A lazy DFA
/// gives up at the first letter beyond ASCII where a pattern asks for a Unicode word border.
fn without_looks(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Look(_) | HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(class) => Hir::class(class.clone()),
        HirKind::Repetition(repetition) => {
            let mut loose = repetition.clone();
            loose.sub = Box::new(without_looks(&repetition.sub));
            Hir::repetition(loose)
        }
        // Groups are of no use to a set.
        HirKind::Capture(capture) => without_looks(&capture.sub),
        HirKind::Concat(list) => Hir::concat(list.iter().map(without_looks).collect()),
        HirKind::Alternation(list) => Hir::alternation(list.iter().map(without_looks).collect()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Patterns of every kind: words, needles alone and in clauses, none at all, letters with odd cases.
    const PATTERNS: [&str; 16] = [
        "refund",
        "order refund",
        "straße",
        "~ refunds?",
        r"~ \border\b.{0,9}\brefund\b",
        r"~ (order|straße)\s+\d",
        r"~ ^order$",
        r"~ \d{2}",
        r"~ [xyz]+|no refund",
        "~ (?:mass)+",
        "~ οδός",
        "οδός",
        "~ (a|refund)?order",
        "mass",
        "~ K",
        r"~ (?-i:Order)",
    ];
    const PIECES: [&str; 22] = [
        "refund", "REFUND", "s", " ", "\n", "order", "Order", "straße", "STRASSE", "Straẞe", "12", "3", "x", "ma", "ſſ", "SS",
        "ΟΔΌΣ", "οδός", "no ", "\u{212a}", "K", "é",
    ];

    proptest! {
        #[test]
        fn a_sieve_finds_what_each_pattern_finds_alone(pieces in prop::collection::vec(prop::sample::select(&PIECES), 0..12)) {
            let text = pieces.concat();
            let alone: Vec<Pattern> = PATTERNS.iter().map(|source| Pattern::new(source).expect("a pattern")).collect();
            let mut sifted = alone.clone();
            let sieve = Sieve::new(&mut sifted.iter_mut().collect::<Vec<_>>()).expect("small");
            let found = sieve.sift(&text);
            for (alone, sifted) in alone.iter().zip(&sifted) {
                prop_assert_eq!(alone.is_match(&text, None), sifted.is_match(&text, Some(&found)), "{} in {:?}", alone.source(), &text);
            }
        }
    }

    #[test]
    fn many_that_may_match_are_sought_in_one_pass() {
        let mut patterns: Vec<Pattern> =
            (0..40).map(|number| Pattern::new(&format!(r"~ order\s+no {number}\b")).expect("a pattern")).collect();
        let sieve = Sieve::new(&mut patterns.iter_mut().collect::<Vec<_>>()).expect("small");
        let text = (0..40).map(|number| format!("order no {number}. ")).collect::<String>().replace("no 7.", "no: 7.");
        let found = sieve.sift(&text);
        let matched = patterns.iter().filter(|pattern| pattern.is_match(&text, Some(&found))).count();
        assert_eq!(matched, 39);
    }
}
