//! Address lists (RFC 5322 §3.4) as they are really written: unquoted commas, missing brackets, groups, comments, junk.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::ops::Range;

use crate::address::is_bidi_control;
use crate::header::{self, Oddities};
use crate::{Address, Mailbox, encoded_word, limits};

/// Mailboxes with what was odd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Every usable mailbox, in order, group members included.
    pub mailboxes: Vec<Mailbox>,
    /// What was odd about the text.
    pub oddities: Oddities,
    /// More addresses than are kept.
    pub is_truncated: bool,
}

/// Reads a field value. `hint` is a charset for raw 8-bit bytes.
#[must_use]
pub fn read(value: &[u8], hint: Option<&str>) -> List {
    let (text, oddities) = header::unfold(value, hint);
    let mut list = List { oddities, ..List::default() };
    // A whole list inside one encoded word hides its commas and brackets: then it is decoded first.
    let decoded = (!text.contains('@') && text.contains("=?")).then(|| encoded_word::decode(&text).text);
    let mut pending = String::new();
    for segment in segments(decoded.as_deref().unwrap_or(&text)) {
        if list.mailboxes.len() >= limits::ADDRESSES_MAX {
            list.is_truncated = true;
            break;
        }
        if !segment.contains('@') {
            keep_pending(&mut pending, segment);
            continue;
        }
        let joined;
        // `Doe, Jane <a@b>` without quotes: the comma belonged to the name. Who quotes would have quoted all of it.
        let whole = if pending.is_empty() || !segment.contains('<') || segment.trim_start().starts_with(['<', '"']) {
            segment
        } else {
            joined = format!("{pending}, {}", segment.trim());
            &joined
        };
        if let Some(mailbox) = mailbox(whole, &mut list.oddities) {
            list.mailboxes.push(mailbox);
        }
        pending.clear();
    }
    list
}

/// What a From field shows where it holds no address at all: a word in place of the address, and a name.
///
/// `MAILER-DAEMON (Mail System)` → (`MAILER-DAEMON`, `Mail System`); `Postmaster <>` → (none, `Postmaster`).
#[must_use]
pub fn bare_word(value: &str) -> (Option<String>, Option<String>) {
    let (name, word) = match (value.find('<'), value.find('(')) {
        (Some(open), _) => {
            let inner = &value[open + 1..];
            (value[..open].trim(), inner[..inner.find('>').unwrap_or(inner.len())].trim())
        }
        (None, Some(open)) => (value[open + 1..].trim_end_matches(')').trim(), value[..open].trim()),
        (None, None) => ("", value.trim()),
    };
    let word = word.trim_matches('"');
    let name = name.trim_matches('"').trim();
    let usable = !word.is_empty() && word.len() <= limits::ADDRESS_BYTES_MAX && !word.contains(char::is_whitespace);
    (usable.then(|| word.to_owned()), (!name.is_empty()).then(|| name.to_owned()))
}

fn keep_pending(pending: &mut String, segment: &str) {
    let segment = segment.trim();
    if segment.is_empty() {
        return;
    }
    if !pending.is_empty() {
        pending.push_str(", ");
    }
    if pending.len() < limits::ADDRESS_BYTES_MAX {
        pending.push_str(segment);
    }
}

/// Splits at commas and semicolons outside quotes, comments, brackets and encoded words; group names are dropped.
fn segments(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut at = 0;
    // A quote or comment that never closes must not swallow the list: then its mark is an ordinary character.
    let last_quote = LazyCell::new(|| text.rfind('"'));
    let last_close = LazyCell::new(|| text.rfind(')'));
    while at < text.len() {
        let rest = &text[at..];
        let step = match rest.as_bytes()[0] {
            b'"' if last_quote.is_some_and(|last| last > at) => quoted_length(rest),
            b'(' if last_close.is_some_and(|last| last > at) => comment_length(rest),
            b'<' => angle_length(rest),
            b'=' if rest.starts_with("=?") => encoded_word::length_at(rest).unwrap_or(2),
            b',' | b';' => {
                out.push(&text[start..at]);
                start = at + 1;
                1
            }
            b':' if !text[start..at].contains(['@', '<']) && !text[start..at].trim().eq_ignore_ascii_case("mailto") => {
                start = at + 1;
                1
            }
            _ => {
                let is_mark = |byte: &u8| matches!(byte, b'"' | b'(' | b'<' | b'=' | b',' | b';' | b':');
                rest.as_bytes()[1..].iter().position(is_mark).map_or(rest.len(), |others| 1 + others)
            }
        };
        at += step;
    }
    out.push(&text[start.min(text.len())..]);
    out
}

/// Length of a quoted string, or 1 if it does not close before a bracketed address begins a new mailbox.
fn quoted_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1).take(limits::FIELD_BYTES_MAX / 16) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    1
}

fn comment_length(text: &str) -> usize {
    let (mut depth, mut escaped) = (0_u32, false);
    for (at, byte) in text.bytes().enumerate().take(limits::FIELD_BYTES_MAX / 16) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    1
}

/// A bracket pair holds one address, so a pair that is too long or opens again was none.
fn angle_length(text: &str) -> usize {
    let window = text.as_bytes().iter().take(limits::ADDRESS_BYTES_MAX * 4).skip(1);
    for (at, byte) in window.enumerate() {
        match byte {
            b'>' => return at + 2,
            b'<' => return 1,
            _ => {}
        }
    }
    1
}

fn mailbox(segment: &str, oddities: &mut Oddities) -> Option<Mailbox> {
    let segment = segment.trim();
    let uncommented = Uncommented::of(segment);
    // A bracket in a comment is none, unless it is the only one.
    let (name, address) = match bracketed(&uncommented.text).or_else(|| bracketed(segment)) {
        Some((before, inner, _)) => {
            let name = if before.trim().is_empty() { uncommented.last() } else { before.to_owned() };
            (name, usable_address(inner)?)
        }
        None => bare(&uncommented)?,
    };
    Some(Mailbox { name: display_name(&name, oddities), address })
}

/// The last bracket pair that holds an `@`, with what stands around it.
fn bracketed(segment: &str) -> Option<(&str, &str, &str)> {
    let mut end = segment.len();
    while let Some(open) = segment[..end].rfind('<') {
        let inner = &segment[open + 1..];
        let close = inner.find('>').unwrap_or(inner.len());
        if inner[..close].contains('@') {
            return Some((segment[..open].trim_end_matches('<'), &inner[..close], inner.get(close + 1..).unwrap_or_default()));
        }
        end = open;
    }
    None
}

/// Drops what is no part of an address: a route (RFC 5322 §4.4), `mailto:`, quotes around all of it, white space.
fn usable_address(inner: &str) -> Option<Address> {
    let inner = inner.trim();
    let inner = if inner.starts_with('@') { inner.split_once(':').map_or(inner, |(_, rest)| rest) } else { inner };
    let inner = inner.strip_prefix("mailto:").or_else(|| inner.strip_prefix("MAILTO:")).unwrap_or(inner);
    if let Ok(address) = Address::new(inner) {
        return Some(address);
    }
    let decoded = if inner.contains("=?") { encoded_word::decode(inner).text } else { inner.to_owned() };
    let squeezed: String = Uncommented::of(&decoded).text.chars().filter(|c| !c.is_whitespace()).collect();
    let trimmed = squeezed.trim_matches(|c| "\"'.,;:<>[]()".contains(c));
    Address::new(trimmed).ok()
}

/// No brackets: the word with the `@` is the address, the rest or the comment at an end is the name.
fn bare(uncommented: &Uncommented<'_>) -> Option<(String, Address)> {
    let comment = uncommented.at_an_end();
    if let Ok(address) = Address::new(uncommented.text.trim()) {
        return Some((comment, address));
    }
    let without = tightened(&uncommented.text);
    let mut name = Vec::new();
    let mut found = None;
    for word in without.split_whitespace() {
        match found {
            None if word.contains('@') => {
                found = usable_address(word);
                if found.is_none() {
                    name.push(word);
                }
            }
            _ => name.push(word),
        }
    }
    let address = found.or_else(|| usable_address(&without))?;
    let name = if comment.is_empty() { name.join(" ") } else { comment };
    let name = if name.contains('@') { String::new() } else { name };
    Some((name, address))
}

/// Without the white space that old programs put around the `@` and the dots behind it (RFC 5322 §4.4).
fn tightened(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_behind = false;
    for word in text.split_whitespace() {
        let joins = |mark: char| out.ends_with(mark) || word.starts_with(mark);
        if !(out.is_empty() || joins('@') || is_behind && joins('.')) {
            out.push(' ');
        }
        is_behind |= word.contains('@');
        out.push_str(word);
    }
    out
}

/// Openings that never close, after which a text is taken to have no more comments.
const UNCLOSED_COMMENTS_MAX: usize = 8;

/// A text without its comments (RFC 5322 §3.2.2). Brackets in quotes and encoded words are none, and one that never
/// closes stays.
struct Uncommented<'a> {
    source: &'a str,
    text: Cow<'a, str>,
    /// Where the comments stand in the source.
    comments: Vec<Range<usize>>,
}

impl<'a> Uncommented<'a> {
    fn of(source: &'a str) -> Self {
        if !source.contains('(') {
            return Self { source, text: source.into(), comments: Vec::new() };
        }
        let mut out = String::with_capacity(source.len());
        let (mut comments, mut unclosed) = (Vec::new(), 0);
        let mut at = 0;
        while at < source.len() {
            let rest = &source[at..];
            let step = match rest.as_bytes()[0] {
                b'(' if unclosed < UNCLOSED_COMMENTS_MAX => match comment_length(rest) {
                    1 => {
                        unclosed += 1;
                        1
                    }
                    length => {
                        comments.push(at..at + length);
                        at += length;
                        continue;
                    }
                },
                b'"' => quoted_length(rest),
                b'=' if rest.starts_with("=?") => encoded_word::length_at(rest).unwrap_or(2),
                _ => rest.chars().next().map_or(1, char::len_utf8),
            };
            out.push_str(&rest[..step]);
            at += step;
        }
        Self { source, text: out.into(), comments }
    }

    /// What a comment says, without the backslashes inside.
    fn said(&self, comment: &Range<usize>) -> String {
        self.source[comment.start + 1..comment.end - 1].replace('\\', "")
    }

    fn last(&self) -> String {
        self.comments.last().map(|comment| self.said(comment)).unwrap_or_default()
    }

    /// A comment before or behind an address is a name; one inside says nothing about it.
    fn at_an_end(&self) -> String {
        let last = self.comments.last().filter(|comment| comment.end == self.source.len());
        last.or_else(|| self.comments.first().filter(|comment| comment.start == 0))
            .map(|comment| self.said(comment))
            .unwrap_or_default()
    }
}

/// Quotes removed, words decoded, comments behind a name kept out, white space squeezed.
fn display_name(raw: &str, oddities: &mut Oddities) -> Option<String> {
    let unquoted = unquote(raw.trim());
    let decoded = if unquoted.contains("=?") {
        let decoded = encoded_word::decode(&unquoted);
        oddities.charset |= decoded.mismatch;
        decoded.text
    } else {
        unquoted
    };
    let clean = header::clean(&decoded, oddities);
    let mut name = String::with_capacity(clean.len());
    for word in clean.split_whitespace() {
        if !name.is_empty() {
            name.push(' ');
        }
        if word.is_ascii() {
            name.push_str(word);
        } else {
            name.extend(word.chars().filter(|&c| !turns_direction(c)));
        }
    }
    oddities.control |= !clean.is_ascii() && clean.contains(turns_direction);
    // An encoded word may hold the quotes too.
    let name = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map_or(name.as_str(), str::trim);
    (!name.is_empty()).then(|| name.to_owned())
}

/// The marks U+200E and U+200F are part of right-to-left names; overrides and isolates only serve to deceive.
fn turns_direction(c: char) -> bool {
    is_bidi_control(c) && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// Drops quotes that enclose a part, and the backslashes inside them; a lone quote goes too.
fn unquote(text: &str) -> String {
    if !text.contains(['"', '\\']) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => out.extend(characters.next()),
            '"' => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expect: &[(&str, &str)]) {
        let found: Vec<(String, String)> = read(input.as_bytes(), None)
            .mailboxes
            .into_iter()
            .map(|mailbox| (mailbox.name.unwrap_or_default(), mailbox.address.to_string()))
            .collect();
        let expect: Vec<(String, String)> =
            expect.iter().map(|(name, address)| ((*name).to_owned(), (*address).to_owned())).collect();
        assert_eq!(found, expect, "{input}");
    }

    #[test]
    fn ordinary_lists_are_read() {
        check("a@b.example", &[("", "a@b.example")]);
        check("A B <a@b.example>, \"C, D\" <c@d.example>", &[("A B", "a@b.example"), ("C, D", "c@d.example")]);
        check("a@b.example (A B)", &[("A B", "a@b.example")]);
        check(
            "Team: a@b.example, C <c@d.example>;, e@f.example",
            &[("", "a@b.example"), ("C", "c@d.example"), ("", "e@f.example")],
        );
        check("undisclosed-recipients:;", &[]);
        check("\"a \\\"b\\\" c\" <a@b.example>", &[("a \"b\" c", "a@b.example")]);
        check("<@x.example,@y.example:a@b.example>", &[("", "a@b.example")]);
    }

    #[test]
    fn comments_stand_anywhere() {
        check("Ana(the \\) one) <ana(her desk)@x.example(a host)>", &[("Ana", "ana@x.example")]);
        check("Ana (old) Lis <a(b (c) d)@x.(e)example>", &[("Ana Lis", "a@x.example")]);
        check("ana(work, mostly)@x.example, b@x.example", &[("", "ana@x.example"), ("", "b@x.example")]);
        check("ana.lis(desk)@x.example (Ana Lis)", &[("Ana Lis", "ana.lis@x.example")]);
        check("(Ana Lis) ana@x.example", &[("Ana Lis", "ana@x.example")]);
        check("ana@x.example (Ana (Lis))", &[("Ana (Lis)", "ana@x.example")]);
        check("<ana@x.example> (Ana Lis)", &[("Ana Lis", "ana@x.example")]);
        check("\"Ana (Lis)\" <ana@x.example>", &[("Ana (Lis)", "ana@x.example")]);
        check("=?utf-8?Q?Ana_(Lis)?= <ana@x.example>", &[("Ana (Lis)", "ana@x.example")]);
        check("Ana (Lis <ana@x.example>", &[("Ana (Lis", "ana@x.example")]);
        check("Ana (not <b@x.example>) <ana@x.example>", &[("Ana", "ana@x.example")]);
        check("Ana <ana @ x . example>, ana @x. example", &[("Ana", "ana@x.example"), ("", "ana@x.example")]);
    }

    #[test]
    fn malformed_lists_are_recovered() {
        check("Doe, Jane <a@b.example>", &[("Doe, Jane", "a@b.example")]);
        check("junk, , a@b.example,", &[("", "a@b.example")]);
        check("\"Open <a@b.example>", &[("Open", "a@b.example")]);
        check("\"Name\"<a@b.example> , x", &[("Name", "a@b.example")]);
        check("a@b.example <a@b.example>", &[("a@b.example", "a@b.example")]);
        check("Name a@b.example", &[("Name", "a@b.example")]);
        check("mailto:a@b.example", &[("", "a@b.example")]);
        check("Foo <bar> <a@b.example>", &[("Foo <bar>", "a@b.example")]);
        check("A <a@b.example>; B <b@b.example>", &[("A", "a@b.example"), ("B", "b@b.example")]);
        check("\"'a@b.example'\" <a@b.example>", &[("'a@b.example'", "a@b.example")]);
        check(
            "no_host, \"This one: is \\\"right\\\"\" <ding@dong.example>, No-address",
            &[("This one: is \"right\"", "ding@dong.example")],
        );
    }

    #[test]
    fn encoded_names_may_hold_anything() {
        check("=?utf-8?Q?Doe,_J=C3=A4n?= <a@b.example>", &[("Doe, J\u{e4}n", "a@b.example")]);
        check("\"=?utf-8?Q?J=C3=A4n?=\" <a@b.example>", &[("J\u{e4}n", "a@b.example")]);
        check("=?utf-8?Q?A?=<a@b.example>", &[("A", "a@b.example")]);
        let list = read("=?utf-8?Q?A=0D=0AB?= \u{202e}x <a@b.example>".as_bytes(), None);
        assert!(list.oddities.control);
        assert_eq!(list.mailboxes[0].name.as_deref(), Some("A B x"));
    }

    #[test]
    fn a_word_without_host_is_still_shown() {
        assert_eq!(bare_word("MAILER-DAEMON (Mail System)"), (Some("MAILER-DAEMON".into()), Some("Mail System".into())));
        assert_eq!(bare_word("\"Admin\" <root>"), (Some("root".into()), Some("Admin".into())));
        assert_eq!(bare_word("Postmaster <>"), (None, Some("Postmaster".into())));
    }
}
