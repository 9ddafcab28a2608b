//! The same mail cut twice, as text and as HTML: which of the two to believe.

use crate::Reply;
use crate::reply_cut::{self, CutInput, Division, Part};

/// Share of words that two versions must have in common to say the same.
const SAME_SHARE: f64 = 0.85;
/// Below this the two parts are different messages.
const RELATED_SHARE: f64 = 0.4;

/// The reply of a mail with both parts. Text is kept as the text part has it; the HTML may move the cut.
pub(crate) fn choose(mut text: Division<'_>, html: &Division<'_>, input: &CutInput<'_>) -> Reply {
    if kept_characters(&text) == kept_characters(html) {
        return text.reply();
    }
    let text_words = kept_words(&text);
    let html_words = kept_words(html);
    if share(&text_words, &html_words) >= SAME_SHARE {
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
    let (text_history, html_history) = (words_in(&text, Part::History), words_in(html, Part::History));
    if !text_history.is_empty() && share(&text_history, &html_history) >= SAME_SHARE {
        return text.reply();
    }
    let all_text = all_words(&text);
    let all_html = all_words(html);
    let is_related =
        share(&all_text, &all_html) >= RELATED_SHARE || contains(&all_text, &all_html) || contains(&all_html, &all_text);
    let is_covered = contains(&text_words, &html_words);
    if !is_related
        || !is_covered
            && !text_words.is_empty()
            && share(&text_words, &html_words) < RELATED_SHARE
            && text.has(Part::History)
            && !text.lines.iter().any(|line| line.depth > 0)
    {
        text.parts.fill(Part::New);
        text.whole_kept = true;
    }
    text.reply()
}

/// The words of a line, folded; addresses of links and names of pictures differ between the parts and do not count.
fn words_of(line: &str) -> impl Iterator<Item = String> {
    line.split_whitespace()
        .filter(|word| !word.contains("://") && !word.contains("cid:"))
        .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// The same as one run of letters and digits: most mails say the same twice, which is found out without a list of words.
fn kept_characters(division: &Division<'_>) -> Vec<u8> {
    let kept = division.lines.iter().zip(&division.parts).filter(|(_, part)| **part != Part::History);
    let mut folded = Vec::new();
    kept.for_each(|(line, _)| push_characters(&mut folded, line.body));
    folded
}

/// Appends the letters and digits of a text in lower case, without its links and pictures.
fn push_characters(folded: &mut Vec<u8>, text: &str) {
    // Links and names of pictures have a colon; most lines have none.
    if memchr::memchr(b':', text.as_bytes()).is_none() {
        return push_folded(folded, text);
    }
    let words = text.split_whitespace().filter(|word| !word.contains("://") && !word.contains("cid:"));
    words.for_each(|word| push_folded(folded, word));
}

fn push_folded(folded: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        folded.extend(text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()));
        return;
    }
    let mut buffer = [0; 4];
    for c in text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase) {
        folded.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }
}

/// Whether two texts have the same letters and digits in the same order, links aside.
pub(crate) fn says_the_same(one: &str, other: &str) -> bool {
    let ascii = |text: &str| text.is_ascii() && memchr::memchr(b':', text.as_bytes()).is_none();
    if ascii(one) && ascii(other) {
        // Nothing has to be left out or folded, so that the first difference ends it.
        return ascii_letters(one).eq(ascii_letters(other));
    }
    let [one, other] = [one, other].map(|text| {
        let mut folded = Vec::with_capacity(text.len());
        push_characters(&mut folded, text);
        folded
    });
    one == other
}

fn ascii_letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

fn kept_words(division: &Division<'_>) -> Vec<String> {
    division
        .lines
        .iter()
        .zip(&division.parts)
        .filter(|(_, part)| **part != Part::History)
        .flat_map(|(line, _)| words_of(line.body))
        .collect()
}

fn words_in(division: &Division<'_>, part: Part) -> Vec<String> {
    division
        .lines
        .iter()
        .zip(&division.parts)
        .filter(|(_, found)| **found == part)
        .flat_map(|(line, _)| words_of(line.body))
        .collect()
}

fn all_words(division: &Division<'_>) -> Vec<String> {
    division.lines.iter().flat_map(|line| words_of(line.body)).collect()
}

/// Common words as a share of the longer text.
fn share(one: &[String], other: &[String]) -> f64 {
    let longer = one.len().max(other.len());
    if longer == 0 {
        return 1.0;
    }
    #[allow(clippy::cast_precision_loss)]
    let share = common(one, other) as f64 / longer as f64;
    share
}

/// Whether nearly all words of `part` are in `whole`.
fn contains(whole: &[String], part: &[String]) -> bool {
    common(whole, part) * 10 >= part.len() * 9
}

fn common(one: &[String], other: &[String]) -> usize {
    let (mut one, mut other): (Vec<&String>, Vec<&String>) = (one.iter().collect(), other.iter().collect());
    one.sort_unstable();
    other.sort_unstable();
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
fn place_behind(text: &Division<'_>, wanted: &[String]) -> Option<usize> {
    let mut next = 0;
    let mut strangers = 0;
    for (index, line) in text.lines.iter().enumerate() {
        for word in words_of(line.body) {
            if wanted.get(next) == Some(&word) {
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
