//! What is wrong with a command, where, and what was probably meant.

use std::ops::Range;

use crate::agent_page::fill_text;
use crate::remark::Remark;
use crate::wrong_words::{Noun, Sentences};

/// Longer words are no typing mistakes of names.
const NAME_CHARACTERS_MAX: usize = 48;

/// A command that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, for the person who wrote it; no full stop.
    pub what: Remark,
    /// Where, in bytes of the line without its `#`; always on borders of characters.
    pub span: Range<usize>,
    /// The whole line as it was probably meant, without `#`.
    pub meant: Option<String>,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.what)?;
        match &self.meant {
            Some(meant) => write!(f, "; did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

impl Mistake {
    /// Where, in characters of the line: the first, and how many.
    pub(crate) fn place(&self, line: &str) -> (usize, usize) {
        let count = |text: Option<&str>| text.map_or(0, |text| text.chars().count());
        (count(line.get(..self.span.start)), count(line.get(self.span.clone())).max(1))
    }

    /// The line of `^` to print below the line in a fixed-width font.
    #[must_use]
    pub fn caret(&self, line: &str) -> String {
        let (before, under) = self.place(line);
        format!("{}{}", " ".repeat(before), "^".repeat(under))
    }
}

/// The nearest of the known names, if one is near enough to be meant: a third of the letters may be wrong.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    if length == 0 || length > NAME_CHARACTERS_MAX {
        return None;
    }
    let ranked = known.into_iter().filter_map(|known| {
        let known_length = known.chars().count();
        let shorter = length.min(known_length);
        let wrong_max = (shorter / 3).max(1).min(shorter.saturating_sub(1));
        // The lengths alone rule most names out, at no cost.
        if length.abs_diff(known_length) > wrong_max {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&lower, &known.to_lowercase());
        (distance <= wrong_max).then_some((distance, known))
    });
    ranked.min().map(|(_, best)| best)
}

/// That there is none of that name, and which there are.
pub(crate) fn unknown<'k>(noun: Noun, word: &str, known: impl Iterator<Item = &'k str> + Clone) -> Remark {
    Remark::each(|say| {
        let mut what = fill_text(say.unknown(noun), &[("word", word)]);
        if known.clone().next().is_some() {
            what.push_str(&fill_text(say.there_are, &[("all", &list(say, known.clone()))]));
        }
        what
    })
}

/// The same where one of the known names is close.
pub(crate) fn close(noun: Noun, word: &str, near: &str) -> Remark {
    let hint = |say: &Sentences| fill_text(say.is_close, &[("near", near)]);
    Remark::each(|say| fill_text(say.unknown(noun), &[("word", word)]) + &hint(say))
}

/// `a, b, c`, cut after twelve.
fn list<'k>(say: &Sentences, known: impl Iterator<Item = &'k str>) -> String {
    let all: Vec<&str> = known.collect();
    match all.len() {
        0..=12 => all.join(", "),
        more => fill_text(say.and_more, &[("all", &all[..12].join(", ")), ("count", &(more - 12).to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_a_third_of_the_shorter_word() {
        assert_eq!(nearest("Tomas", ["maya", "tomasz"]), Some("tomasz"));
        assert_eq!(nearest("bob", ["maya", "tomasz"]), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("", ["y"]), None);
    }

    #[test]
    fn the_caret_stands_below_the_word_in_any_script() {
        let mistake = Mistake { what: Remark::default(), span: 11..16, meant: None };
        assert_eq!(mistake.caret("für café sigma"), "         ^^^^^");
        let beyond = Mistake { what: Remark::default(), span: 99..100, meant: None };
        assert_eq!(beyond.caret("x"), "^");
    }
}
