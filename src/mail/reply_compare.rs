//! The same mail cut twice, as text and as HTML: which of the two to believe.

use crate::Reply;
use crate::reply_cut::{self, CutInput, Division, Part};

/// Share of words that two versions must have in common to say the same.
const SAME_SHARE: f64 = 0.85;
/// Below this the two parts are different messages.
const RELATED_SHARE: f64 = 0.4;

/// The reply of a mail with both parts. Text is kept as the text part has it; the HTML may move the cut.
pub(crate) fn choose(mut text: Division<'_>, html: &Division<'_>, input: &CutInput<'_>) -> Reply {
    if keep_the_same(&text, html) {
        return text.reply();
    }
    let text_words = kept_words(&text);
    let html_words = kept_words(html);
    if have_in_common(&text_words, &html_words, SAME_SHARE) {
        return text.reply();
    }
    if html.is_structural && !html.whole_kept && !html_words.is_empty() {
        // The markup knows where history begins; find the place in the text.
        if let Some(behind) = place_behind(&text, &html_words) {
            text.parts[..behind].fill(Part::New);
            text.parts[behind..].fill(Part::History);
            text.whole_kept = false;
            return reply_cut::finish(text, input).reply();
        }
    }
    // Both cut off the same history: the cut is right, however the words above it differ.
    let is_history = |part| part == Part::History;
    let (text_history, html_history) = (words_in(&text, is_history), words_in(html, is_history));
    if !text_history.is_empty() && have_in_common(&text_history, &html_history, SAME_SHARE) {
        return text.reply();
    }
    let (all_text, all_html) = (words_in(&text, |_| true), words_in(html, |_| true));
    let is_related =
        have_in_common(&all_text, &all_html, RELATED_SHARE) || contains(&all_text, &all_html) || contains(&all_html, &all_text);
    let is_covered = contains(&text_words, &html_words);
    if !is_related
        || !is_covered
            && !text_words.is_empty()
            && !have_in_common(&text_words, &html_words, RELATED_SHARE)
            && text.has(Part::History)
            && !text.lines.iter().any(|line| line.depth > 0)
    {
        text.parts.fill(Part::New);
        text.whole_kept = true;
    }
    text.reply()
}

/// Words, folded; addresses of links and names of pictures differ between the parts and do not count.
#[derive(Default)]
struct Words {
    folded: String,
    /// Where each word ends.
    ends: Vec<usize>,
}

impl Words {
    fn of<'a>(bodies: impl Iterator<Item = &'a str>) -> Self {
        let mut words = Self::default();
        bodies.for_each(|body| words.push_line(body));
        words
    }

    fn push_line(&mut self, line: &str) {
        let words = said(line).flat_map(|said| said.split(|c: char| !c.is_alphanumeric()));
        for word in words.filter(|word| !word.is_empty()) {
            if word.is_ascii() {
                let start = self.folded.len();
                self.folded.push_str(word);
                self.folded[start..].make_ascii_lowercase();
            } else {
                self.folded.push_str(&word.to_lowercase());
            }
            self.ends.push(self.folded.len());
        }
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.folded[start..end])
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// What a text says: all of it, or its words without links and names of pictures.
pub(crate) fn said(text: &str) -> impl Iterator<Item = &str> {
    // Both have a colon; most texts have neither.
    let has_link = memchr::memchr_iter(b':', text.as_bytes())
        .any(|colon| text[colon..].starts_with("://") || text[..colon].ends_with("cid"));
    let (whole, linked) = if has_link { (None, text) } else { (Some(text), "") };
    whole.into_iter().chain(linked.split_whitespace().filter(|word| is_said(word)))
}

fn is_said(word: &str) -> bool {
    !word.contains("://") && !word.contains("cid:")
}

/// Whether two texts have the same letters and digits in the same order, links aside.
pub(crate) fn says_the_same(one: &str, other: &str) -> bool {
    have_same_letters(said(one), said(other))
}

/// Whether the lines kept of two bodies do: most mails say the same twice, which is found out without a list of words.
fn keep_the_same(one: &Division<'_>, other: &Division<'_>) -> bool {
    let [one, other] = [one, other].map(|division| {
        let kept = division.lines.iter().zip(&division.parts).filter(|(_, part)| **part != Part::History);
        kept.flat_map(|(line, _)| said(line.body))
    });
    have_same_letters(one, other)
}

fn have_same_letters<'a>(mut one: impl Iterator<Item = &'a str>, mut other: impl Iterator<Item = &'a str>) -> bool {
    let (mut left, mut right) = ("", "");
    loop {
        let same = common_start(left, right);
        left = from_letter(&left[same..], &mut one);
        right = from_letter(&right[same..], &mut other);
        let (mut left_chars, mut right_chars) = (left.chars(), right.chars());
        match (left_chars.next(), right_chars.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || a.to_lowercase().eq(b.to_lowercase()) => {}
            _ => return false,
        }
        (left, right) = (left_chars.as_str(), right_chars.as_str());
    }
}

/// The rest of a piece, or the next piece, from its first letter or digit on; empty behind the last.
fn from_letter<'a>(rest: &'a str, pieces: &mut impl Iterator<Item = &'a str>) -> &'a str {
    let mut piece = Some(rest);
    while let Some(text) = piece {
        let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
        if !text.is_empty() {
            return text;
        }
        piece = pieces.next();
    }
    ""
}

/// Bytes of the characters with which both texts begin.
fn common_start(one: &str, other: &str) -> usize {
    // Whole blocks are compared at once.
    const BLOCK: usize = 16;
    let (left, right) = (one.as_bytes(), other.as_bytes());
    let blocks = left.chunks_exact(BLOCK).zip(right.chunks_exact(BLOCK)).take_while(|(left, right)| left == right).count();
    let (left, right) = (&left[blocks * BLOCK..], &right[blocks * BLOCK..]);
    let mut end = blocks * BLOCK + left.iter().zip(right).take_while(|(left, right)| left == right).count();
    while !one.is_char_boundary(end) {
        end -= 1;
    }
    end
}

fn kept_words(division: &Division<'_>) -> Words {
    words_in(division, |part| part != Part::History)
}

fn words_in(division: &Division<'_>, is_wanted: impl Fn(Part) -> bool) -> Words {
    let wanted = division.lines.iter().zip(&division.parts).filter(|(_, part)| is_wanted(**part));
    Words::of(wanted.map(|(line, _)| line.body))
}

/// Whether the words in common are at least this share of the longer text.
fn have_in_common(one: &Words, other: &Words, share_min: f64) -> bool {
    let longer = one.len().max(other.len());
    #[allow(clippy::cast_precision_loss)]
    let suffice = |common: usize| longer == 0 || common as f64 / longer as f64 >= share_min;
    common_suffice(one, other, suffice)
}

/// Whether nearly all words of `part` are in `whole`.
fn contains(whole: &Words, part: &Words) -> bool {
    common_suffice(whole, part, |common| common * 10 >= part.len() * 9)
}

/// Whether so many words in common are enough. What is enough, more is too.
fn common_suffice(one: &Words, other: &Words, suffice: impl Fn(usize) -> bool) -> bool {
    // The same words at the beginning and at the end, and how many are left, tell mostly without sorting.
    let shorter = one.len().min(other.len());
    let start = one.iter().zip(other.iter()).take_while(|(a, b)| a == b).count();
    let end = one.iter().rev().zip(other.iter().rev()).take(shorter - start).take_while(|(a, b)| a == b).count();
    if suffice(start + end) || !suffice(shorter) {
        return suffice(start + end);
    }
    let [one, other] = [one, other].map(|words| {
        let mut rest: Vec<&str> = (start..words.len() - end).filter_map(|index| words.get(index)).collect();
        rest.sort_unstable();
        rest
    });
    suffice(start + end + common_sorted(&one, &other))
}

fn common_sorted(one: &[&str], other: &[&str]) -> usize {
    let (mut left, mut right, mut count) = (0, 0, 0);
    while let (Some(a), Some(b)) = (one.get(left), other.get(right)) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => left += 1,
            std::cmp::Ordering::Greater => right += 1,
            std::cmp::Ordering::Equal => {
                count += 1;
                left += 1;
                right += 1;
            }
        }
    }
    count
}

/// The line of the text behind which all `wanted` words have been said, in order and with few strangers between them.
fn place_behind(text: &Division<'_>, wanted: &Words) -> Option<usize> {
    let mut next = 0;
    let mut strangers = 0;
    for (index, line) in text.lines.iter().enumerate() {
        let mut words = Words::default();
        words.push_line(line.body);
        for word in words.iter() {
            if wanted.get(next) == Some(word) {
                next += 1;
            } else {
                strangers += 1;
            }
        }
        if strangers > 3 + wanted.len() / 5 {
            return None;
        }
        if next == wanted.len() {
            return Some(index + 1);
        }
    }
    None
}
