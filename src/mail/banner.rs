//! Warnings that a gateway puts on top of a mail: "CAUTION: This email originated from outside of the organization."

use crate::quote::Line;
use crate::words;

/// The first line behind the warnings above a body.
pub(crate) fn end(lines: &[Line<'_>]) -> usize {
    let mut end = 0;
    while let Some(first) = (end..lines.len()).find(|index| !lines[*index].is_blank()) {
        let behind = (first..lines.len()).find(|index| lines[*index].is_blank()).unwrap_or(lines.len());
        let paragraph = &lines[first..behind.min(first + LINES_MAX)];
        if !is_banner(paragraph) {
            break;
        }
        let own = own_lines(paragraph);
        end = first + own;
        // Some gateways leave no blank line above the text.
        if end < behind {
            break;
        }
    }
    end
}

/// No warning has more lines.
const LINES_MAX: usize = 6;

/// A warning that the mail came from outside: by how it begins, or as a call for attention with the words of one.
fn is_banner(paragraph: &[Line<'_>]) -> bool {
    let first = paragraph[0].body;
    if matches!(first, "[EXTERNAL]" | "EXTERNAL") {
        return true;
    }
    let opening = opening(first);
    if !words::BANNERS.may_begin(opening) && !words::BANNER_CALLS.may_begin(opening) {
        return false;
    }
    let lower = opening.to_lowercase();
    // A tag stands before the sender's own words too.
    let tag = TAGS.iter().find_map(|tag| lower.strip_prefix(tag));
    if tag.is_none_or(|rest| rest.trim().is_empty()) && first.len() > 12 && words::BANNERS.begin(&lower) {
        return true;
    }
    if !words::BANNER_CALLS.begin(&lower) {
        return false;
    }
    let whole = paragraph.iter().map(|line| line.body).collect::<Vec<_>>().join(" ").to_lowercase();
    let behind_tag = tag.map(|rest| begins_warning(rest.trim_start()));
    words::BANNER_ORIGIN.is_match(&whole) && words::BANNER_ADVICE.is_match(&whole) || behind_tag.unwrap_or(false)
}

/// What a gateway may put right before a text.
const TAGS: [&str; 3] = ["external]", "external email]", "external:"];

fn begins_warning(rest: &str) -> bool {
    words::BANNERS.begin(opening(rest))
}

/// Without the marks before it.
fn opening(line: &str) -> &str {
    let is_mark = |c: char| matches!(c, '*' | '_' | '[' | '-' | '=' | ' ' | '⚠' | '\u{fe0f}' | '|' | '!');
    line.trim_start_matches(is_mark)
}

/// How many lines of its paragraph the warning has: those with its words, and what was wrapped behind them.
fn own_lines(paragraph: &[Line<'_>]) -> usize {
    let warns = |line: &Line<'_>| {
        let lower = line.body.to_lowercase();
        words::BANNER_ORIGIN.is_match(&lower) || words::BANNER_ADVICE.is_match(&lower) || words::BANNERS.begin(opening(&lower))
    };
    let last = paragraph.iter().rposition(warns).unwrap_or(0);
    let is_open = |line: &Line<'_>| !line.body.ends_with(['.', '!', ']', ')', '*', '。', '】']);
    let goes_on = |pair: &&[Line<'_>]| {
        let [above, below] = pair else { return false };
        let may_begin = below.body.starts_with(char::is_uppercase) && above.body.len() < WRAP_BYTES_MIN;
        is_open(above) && !may_begin && !words::greets(below.body)
    };
    last + 1 + paragraph[last..].windows(2).take_while(goes_on).count()
}

/// Shorter lines are not wrapped.
const WRAP_BYTES_MIN: usize = 55;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote;

    #[track_caller]
    fn check(text: &str, behind: usize) {
        assert_eq!(end(&quote::lines(text, &[])), behind, "{text}");
    }

    #[test]
    fn a_warning_ends_where_the_text_begins() {
        let caution = "CAUTION: This email originated from outside of the organization.";
        check(&format!("{caution} Do not click links.\nHi, it is broken."), 1);
        check(&format!("{caution} Do not click\nlinks or open attachments unless you know the sender.\nHi, it is broken."), 2);
        check(&format!("{caution}\nUnless you know the sender, be careful.\n\nHi, it is broken."), 2);
        check("You don't often get email from bob@x.example. Learn why this is important\nHello, it is broken.", 1);
        check("[EXTERNAL EMAIL]\n\nHi, it is broken.", 1);
    }

    #[test]
    fn a_tag_before_words_takes_none_of_them() {
        check("[EXTERNAL] Hi, it is broken.\n\nThanks", 0);
        check("External: it is broken since Monday\n\nThanks", 0);
        check("[EXTERNAL] This email originated from outside of the organization.\n\nThanks", 1);
    }
}
