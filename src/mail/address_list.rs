//! Address lists (RFC 5322 §3.4) as they are really written: unquoted commas, missing brackets, groups, comments, junk.

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
    let last_quote = text.rfind('"');
    let last_close = text.rfind(')');
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
            _ => rest.chars().next().map_or(1, char::len_utf8),
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
    let (name, address) = match bracketed(segment) {
        Some((before, inner, after)) => {
            let name = if before.trim().is_empty() { comment_of(after) } else { before.to_owned() };
            (name, usable_address(inner)?)
        }
        None => bare(segment)?,
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
    let without_comment = match (decoded.find('('), decoded.rfind(')')) {
        (Some(open), Some(close)) if open < close => format!("{}{}", &decoded[..open], &decoded[close + 1..]),
        _ => decoded,
    };
    let squeezed: String = without_comment.chars().filter(|c| !c.is_whitespace()).collect();
    let trimmed = squeezed.trim_matches(|c| "\"'.,;:<>[]()".contains(c));
    Address::new(trimmed).ok()
}

/// No brackets: the word with the `@` is the address, the rest or the comment is the name.
fn bare(segment: &str) -> Option<(String, Address)> {
    let comment = comment_of(segment);
    let without = without_comments(segment);
    if let Ok(address) = Address::new(without.trim()) {
        return Some((comment, address));
    }
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

fn comment_of(text: &str) -> String {
    match (text.find('('), text.rfind(')')) {
        (Some(open), Some(close)) if open < close => text[open + 1..close].replace('\\', ""),
        _ => String::new(),
    }
}

fn without_comments(text: &str) -> String {
    match (text.find('('), text.rfind(')')) {
        (Some(open), Some(close)) if open < close => format!("{} {}", &text[..open], &text[close + 1..]),
        _ => text.to_owned(),
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
        name.extend(word.chars().filter(|&c| !turns_direction(c)));
    }
    oddities.control |= clean.contains(turns_direction);
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
