//! Plain parts that only stand in for the HTML beside them: a notice that there is HTML, a word of a program, the beginning
//! of a text that was cut off, the source of the HTML itself. What such a mail says is in its HTML alone.
//!
//! A plain part that is shorter for another reason, and says what it says, stays the text.

use std::collections::BTreeSet;

use crate::reply_compare::said;

/// Notices are shorter.
const NOTICE_BYTES_MAX: usize = 600;

/// Whether a plain part may be one, told by its length and its end, so that the HTML of most mails need not be asked.
pub(crate) fn is_candidate(plain: &str) -> bool {
    plain.len() <= NOTICE_BYTES_MAX || is_unfinished(plain) || is_markup(plain)
}

/// Whether the HTML, as text, must be read in place of a plain part.
pub(crate) fn is_stand_in(plain: &str, html: &str) -> bool {
    let has_words = || html.contains(char::is_alphanumeric);
    is_markup(plain) && has_words()
        || plain.len() <= NOTICE_BYTES_MAX && is_notice(plain, html)
        || html.len() > plain.len() && is_cut_off(plain, html)
}

/// Next to none of its words are in the HTML, which has many more, unless a notice is what the words are of.
fn is_notice(plain: &str, html: &str) -> bool {
    if begins_alike(plain, html) {
        return false;
    }
    let folded = plain.to_lowercase();
    let mut missing: BTreeSet<&str> = said(&folded).flat_map(words).collect();
    let count = missing.len();
    let is_known = NOTICE_WORDS.iter().any(|word| missing.contains(word));
    let (mut html_words, mut folded_word) = (0_usize, String::new());
    for word in said(html).flat_map(words) {
        html_words += 1;
        folded_word.clear();
        folded_word.extend(word.chars().flat_map(char::to_lowercase));
        if missing.remove(folded_word.as_str()) && (count - missing.len()) * COMMON_DIVISOR > count {
            return false;
        }
    }
    html_words >= if is_known { 1 } else { count * 2 + 3 }
}

/// Parts that agree, which most do, begin alike, and are told so without a list of their words.
fn begins_alike(plain: &str, html: &str) -> bool {
    let [plain_bytes, html_bytes] = [plain, html].map(|text| text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let enough = plain.len() / COMMON_DIVISOR + 1;
    plain_bytes.zip(html_bytes).take(enough).take_while(|(one, other)| one == other).count() == enough
}

/// What notices name in every language.
const NOTICE_WORDS: [&str; 3] = ["html", "mime", "browser"];

/// One word in so many may be in both: two texts in one language share their small words.
const COMMON_DIVISOR: usize = 3;

/// The HTML begins with the same words and goes on where the plain part breaks off.
fn is_cut_off(plain: &str, html: &str) -> bool {
    if !is_unfinished(plain) {
        return false;
    }
    let mut rest = said(html).flat_map(words);
    let mut plain = said(plain).flat_map(words).peekable();
    while let Some(word) = plain.next() {
        let is_last = plain.peek().is_none();
        let is_same = |found: &str| found == word || is_last && found.starts_with(word);
        if !rest.next().is_some_and(is_same) {
            return false;
        }
    }
    rest.next().is_some()
}

/// A text that breaks off after a greeting, or where a program left the rest out.
fn is_unfinished(text: &str) -> bool {
    let text = text.trim_end().trim_end_matches([']', ')']);
    text.ends_with([',', ':', '…', '，', '：']) || text.ends_with("...")
}

/// From tag to tag. Markup that somebody writes about is in the HTML, too.
fn is_markup(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('<') && text.ends_with('>') && text.contains("</")
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = "Hello,\n\nthe pump of the P40 has been leaking since Monday.\n\nWhat can I do about it?";

    #[track_caller]
    fn check(plain: &str, html: &str, expect: bool) {
        assert_eq!(is_candidate(plain) && is_stand_in(plain, html), expect, "{plain}");
    }

    #[test]
    fn a_notice_says_nothing_of_what_the_html_says() {
        check("This message contains HTML. Please use a mail program that shows it.", HTML, true);
        check("Bitte aktivieren Sie die HTML-Ansicht.", "Danke!", true);
        check("To view this email go to https://x.example/v/leaking-since-monday", HTML, true);
        check("[image: logo.png]", HTML, true);
        check("null", HTML, true);
        check("&nbsp;", HTML, true);
        check("This is a multi-part message in MIME format.", "It works again.", true);
        check("&nbsp;", "", false);
        check("my plain text", "my other words are no more", false);
        check("plain", "the other", false);
    }

    #[test]
    fn a_text_that_was_cut_off_goes_on_in_the_html() {
        check("Hello,", HTML, true);
        check("Hello,\n\nthe pump of the P40 has been leaking since Mon...", HTML, true);
        check("Hello,\n\nthe pump of the P40 has been […]", HTML, true);
    }

    #[test]
    fn the_source_of_the_html_is_no_text() {
        check("<p>Hello,</p>\n<p>the pump leaks.</p>\n", "Hello,\n\nthe pump leaks.", true);
        check("<p>Hello</p>", "", false);
        check("<3 that pump", "<3 that pump", false);
    }

    #[test]
    fn a_plain_part_that_says_something_stays() {
        check("Hello, the pump is leaking.", HTML, false);
        check("Hello,\n\nthe pump of the P40 has been leaking since Monday.", HTML, false);
        check("What can I do about the pump: ", HTML, false);
        check("Yes.", "Yes.\n\nRegards,\nMaya\n\nOn Monday Bob wrote:\nIs it on?", false);
        check("Please turn it off and on again.", "Thanks!", false);
    }
}
