//! The header block (RFC 5322 §2.2) as raw fields, and the text of one field.
//!
//! Fields are slices of the mail. A line that is no field is skipped where the block clearly goes on behind it, and ends
//! the block where it does not: then the blank line is missing and the body starts there.

use std::borrow::Cow;

use crate::{charset, encoded_word, limits};

/// One field as it stands in the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawField<'a> {
    /// Name without white space around it.
    pub name: &'a [u8],
    /// Everything after the colon, folds included, without the last line end.
    pub value: &'a [u8],
}

impl RawField<'_> {
    /// Compares names without case.
    #[must_use]
    #[inline]
    pub fn is(&self, name: &str) -> bool {
        // Each mail asks hundreds of times, and most names differ in length already.
        self.name.len() == name.len() && self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// A header block.
#[derive(Clone, Debug, Default)]
pub struct Block<'a> {
    /// Fields top to bottom.
    pub fields: Vec<RawField<'a>>,
    /// Where the body starts, in bytes from the start of the slice given.
    pub body_start: usize,
    /// Over a limit; the fields beyond were not read.
    pub is_truncated: bool,
}

impl<'a> Block<'a> {
    /// The topmost field of that name.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.fields.iter().find(|field| field.is(name)).map(|field| field.value)
    }
}

/// Reads a header block at the start of `raw`.
#[must_use]
pub fn read_block(raw: &[u8]) -> Block<'_> {
    let mut block = Block { fields: Vec::with_capacity(16), ..Block::default() };
    let mut position = 0;
    let mut lines = 0_usize;
    while position < raw.len() {
        let line_start = position;
        let (content, next) = line_at(raw, position);
        position = next;
        if content.is_empty() {
            block.body_start = next;
            return block;
        }
        let over = lines >= limits::HEADER_LINES_MAX || position > limits::HEADER_BYTES_MAX;
        if content.starts_with(b"--") {
            // A delimiter of the multipart around us: this part has no body.
            block.body_start = line_start;
            return block;
        }
        let is_continuation = matches!(content[0], b' ' | b'\t');
        match colon_of(content) {
            _ if is_continuation => {}
            Some(colon) => {
                let end = fold_end(raw, next, &mut lines);
                position = end;
                if over {
                    block.is_truncated = true;
                    continue;
                }
                block.is_truncated |= end - line_start > limits::HEADER_BYTES_MAX;
                let value_end = (line_start + limits::HEADER_BYTES_MAX).min(end);
                let value = trim_line_end(&raw[line_start + colon + 1..value_end.max(line_start + colon + 1)]);
                block.fields.push(RawField { name: content[..colon].trim_ascii(), value });
            }
            None if position_is_strange_but_goes_on(raw, content, line_start, next) => {}
            None => {
                block.body_start = line_start;
                return block;
            }
        }
        lines += 1;
    }
    block.body_start = raw.len();
    block
}

/// The line at `position` without its end, and where the next one starts.
#[must_use]
pub fn line_at(raw: &[u8], position: usize) -> (&[u8], usize) {
    match memchr::memchr(b'\n', &raw[position..]) {
        Some(length) => (trim_line_end(&raw[position..=position + length]), position + length + 1),
        None => (trim_line_end(&raw[position..]), raw.len()),
    }
}

/// Hosts that convert twice leave several CR before one LF.
fn trim_line_end(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    while let Some(rest) = line.strip_suffix(b"\r") {
        line = rest;
    }
    line
}

/// Where the folded lines after `position` end.
fn fold_end(raw: &[u8], mut position: usize, lines: &mut usize) -> usize {
    while let Some(b' ' | b'\t') = raw.get(position) {
        position = line_at(raw, position).1;
        *lines += 1;
    }
    position
}

/// Whether the text begins with a field.
#[must_use]
pub fn starts_with_field(raw: &[u8]) -> bool {
    colon_of(line_at(raw, 0).0).is_some()
}

/// The colon of a field line: everything before it is printable and without white space inside.
fn colon_of(line: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', line)?;
    let name = line[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(|byte| (33..=126).contains(byte) || *byte >= 0x80);
    is_name.then_some(colon)
}

/// A field's name as text. Its bytes from 0x80, which RFC 5322 §2.2 does not allow, may spell controls.
pub(crate) fn name_text(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    if text.contains(char::is_control) { text.replace(char::is_control, "") } else { text.into_owned() }
}

/// A mailbox separator, its quoted form, or one broken line, folded or not, with a well-known field right behind it.
fn position_is_strange_but_goes_on(raw: &[u8], line: &[u8], start: usize, next: usize) -> bool {
    if line.starts_with(b">From ") || (start == 0 && line.starts_with(b"From ")) {
        return true;
    }
    let (following, _) = line_at(raw, fold_end(raw, next, &mut 0));
    colon_of(following).is_some_and(|colon| is_common_name(&following[..colon]))
}

fn is_common_name(name: &[u8]) -> bool {
    const COMMON: [&[u8]; 20] = [
        b"received",
        b"from",
        b"to",
        b"cc",
        b"bcc",
        b"subject",
        b"date",
        b"message-id",
        b"in-reply-to",
        b"references",
        b"reply-to",
        b"sender",
        b"return-path",
        b"delivered-to",
        b"mime-version",
        b"user-agent",
        b"dkim-signature",
        b"importance",
        b"priority",
        b"authentication-results",
    ];
    let lower = name.trim_ascii().to_ascii_lowercase();
    lower.starts_with(b"content-") || lower.starts_with(b"x-") || lower.starts_with(b"arc-") || COMMON.contains(&lower.as_slice())
}

/// What was odd about a text taken from a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// Raw bytes above 127.
    pub eight_bit: bool,
    /// CR, LF, NUL or another control character stood in the text and was dropped.
    pub control: bool,
    /// A charset was unknown or did not fit.
    pub charset: bool,
}

impl Oddities {
    /// Adds those of another text.
    pub fn merge(&mut self, other: Oddities) {
        self.eight_bit |= other.eight_bit;
        self.control |= other.control;
        self.charset |= other.charset;
    }
}

/// The text of a field: unfolded, raw 8-bit bytes read, RFC 2047 words decoded, controls dropped, ends trimmed.
///
/// `hint` is the charset of the body: who writes raw bytes in headers uses the one of the text.
#[must_use]
pub fn text(value: &[u8], hint: Option<&str>) -> (String, Oddities) {
    let bare = trimmed(value);
    if is_printable(bare)
        && let text = charset::utf8(bare)
        && !encoded_word::may_be_in(&text)
    {
        // Cut at its limit, a field may end in white space again.
        return (text.trim_end().to_owned(), Oddities::default());
    }
    let (unfolded, mut odd) = unfold(value, hint);
    if !encoded_word::may_be_in(&unfolded) {
        let text = clean(&unfolded, &mut odd);
        return (text, odd);
    }
    let decoded = encoded_word::decode(&unfolded);
    odd.charset |= decoded.mismatch;
    let text = clean(&decoded.text, &mut odd);
    (text, odd)
}

fn trimmed(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    &value[..value.len().min(limits::FIELD_BYTES_MAX)]
}

/// Most fields are, told without branches, so that many bytes are looked at in one step.
fn is_printable(value: &[u8]) -> bool {
    value.iter().fold(true, |all, byte| all & (byte.wrapping_sub(b' ') < 95))
}

/// Removes the line ends (RFC 5322 §2.2.3) and reads raw bytes; encoded words stay as they are.
#[must_use]
pub fn unfold<'a>(value: &'a [u8], hint: Option<&str>) -> (Cow<'a, str>, Oddities) {
    let value = trimmed(value);
    let mut odd = Oddities::default();
    let bytes: Cow<'_, [u8]> =
        if memchr::memchr2(b'\n', b'\r', value).is_some() { remove_folds(value, &mut odd).into() } else { value.into() };
    let shifts = memchr::memchr(0x1b, &bytes).is_some_and(|at| bytes[at..].starts_with(b"\x1b$"));
    if bytes.is_ascii() && !shifts {
        let text = match bytes {
            Cow::Borrowed(bytes) => charset::utf8(bytes),
            Cow::Owned(bytes) => {
                String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()).into()
            }
        };
        return (text, odd);
    }
    if bytes.is_ascii() {
        // Japanese programs of old write their seven-bit charset without a word about it.
        odd.charset = true;
        return (charset::decode(&bytes, Some("iso-2022-jp"), None).text.into_owned().into(), odd);
    }
    odd.eight_bit = true;
    (charset::decode(&bytes, None, hint).text.into_owned().into(), odd)
}

/// A line end followed by white space folds; any other CR or LF in a value is an attack or damage and becomes a space.
fn remove_folds(value: &[u8], odd: &mut Oddities) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
        out.extend_from_slice(&rest[..at]);
        let length = if rest[at..].starts_with(b"\r\n") { 2 } else { 1 };
        let folds = rest[at + length - 1] == b'\n' && matches!(rest.get(at + length), Some(b' ' | b'\t'));
        if !folds {
            odd.control = true;
            out.push(b' ');
        }
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
    out
}

/// Tabs become spaces, other controls go, ends are trimmed.
#[must_use]
pub fn clean(text: &str, odd: &mut Oddities) -> String {
    let is_clean = if text.is_ascii() {
        // To the end in any case, so that many bytes are looked at in one step.
        !text.bytes().fold(false, |found, byte| found | byte.is_ascii_control())
    } else {
        !text.contains(|c: char| c.is_control())
    };
    if is_clean {
        return text.trim().to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, control)) = rest.char_indices().find(|(_, c)| c.is_control()) {
        out.push_str(&rest[..at]);
        rest = &rest[at + control.len_utf8()..];
        odd.control |= control != '\t';
        // A line end inside an encoded word separated something.
        if matches!(control, '\t' | '\n') {
            out.push(' ');
        }
    }
    out.push_str(rest);
    out.truncate(out.trim_end().len());
    out.drain(..out.len() - out.trim_start().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_spells_no_control() {
        assert_eq!(name_text(b"X-Mailer"), "X-Mailer");
        assert_eq!(name_text(b"\xC2\x90\xC3\xA9Type"), "\u{e9}Type");
    }

    #[track_caller]
    fn check(raw: &[u8], expect: &[(&str, &str)], body: &[u8]) {
        let block = read_block(raw);
        let fields: Vec<(String, String)> = block
            .fields
            .iter()
            .map(|field| (String::from_utf8_lossy(field.name).into_owned(), text(field.value, None).0))
            .collect();
        let expect: Vec<(String, String)> =
            expect.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(fields, expect);
        assert_eq!(&raw[block.body_start..], body);
    }

    #[test]
    fn a_block_ends_at_the_blank_line() {
        check(b"A: 1\r\nB : x\r\n\ty\r\n\r\nbody", &[("A", "1"), ("B", "x y")], b"body");
        check(b"A: 1\nB: x\n  y\n\nbody", &[("A", "1"), ("B", "x  y")], b"body");
        check(b"\nbody", &[], b"body");
        check(b"", &[], b"");
    }

    #[test]
    fn broken_lines_are_skipped_where_the_block_goes_on() {
        check(b"From x@y Mon Jan 1\nSubject: a\n>From z\nTo: b@c\n\nbody", &[("Subject", "a"), ("To", "b@c")], b"body");
        check(b"Subject: a\nbroken line\nTo: b@c\n\nbody", &[("Subject", "a"), ("To", "b@c")], b"body");
    }

    #[test]
    fn a_missing_blank_line_starts_the_body() {
        check(b"Subject: a\nHello there,\nall well\n", &[("Subject", "a")], b"Hello there,\nall well\n");
    }

    #[test]
    fn raw_bytes_and_controls_do_not_survive() {
        assert_eq!(text("Gr\u{fc}\u{df}e".as_bytes(), None).0, "Grüße");
        assert_eq!(text(b"Gr\xfc\xdfe", None).0, "Grüße");
        assert_eq!(text(b"\xcf\xf0\xe8", Some("windows-1251")).0, "При");
        let (value, odd) = text(b"a\x00b\rc", None);
        assert_eq!((value.as_str(), odd.control), ("ab c", true));
        assert_eq!(text(b"=?utf-8?Q?a=0D=0ABcc:_x?=", None).0, "a Bcc: x");
    }

    #[test]
    fn a_huge_block_is_read_up_to_its_limit() {
        let mut raw = "X: 1\n".repeat(2_000).into_bytes();
        raw.extend_from_slice(b"\nbody");
        let block = read_block(&raw);
        assert!(block.is_truncated);
        assert_eq!(block.fields.len(), limits::HEADER_LINES_MAX);
        assert_eq!(&raw[block.body_start..], b"body");
    }
}
