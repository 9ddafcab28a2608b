//! Content-Type and Content-Disposition: a value with parameters (RFC 2045 §5.1, RFC 2183), extended by RFC 2231.

use crate::{charset, encoded_word, header, limits, transfer};

/// A value with its parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameterised {
    /// `type/subtype` or the disposition, lower case; empty where nothing usable stands there.
    pub value: String,
    /// Names in lower case, values decoded; RFC 2231 pieces joined.
    pub parameters: Vec<(String, String)>,
}

impl Parameterised {
    /// The first parameter of that (lower case) name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One `name*2*=value`.
struct Piece {
    name: String,
    index: Option<u32>,
    is_encoded: bool,
    value: String,
}

/// Reads a field value. `hint` is a charset for raw 8-bit bytes.
#[must_use]
pub fn read(value: &[u8], hint: Option<&str>) -> Parameterised {
    let (text, _) = header::unfold(value, hint);
    let (head, mut rest) = split_head(&text);
    let mut pieces = Vec::new();
    while !rest.is_empty() && pieces.len() < limits::PARAMETERS_MAX {
        let (piece, tail) = read_piece(rest);
        pieces.extend(piece);
        rest = tail;
    }
    Parameterised { value: clean_value(head), parameters: join(pieces) }
}

/// The part before the first parameter. Some writers forget the semicolon: `text/plain charset=x`.
fn split_head(text: &str) -> (&str, &str) {
    let end = text.find(';').unwrap_or(text.len());
    let head = &text[..end];
    if let Some(equals) = head.find('=') {
        let start = head[..equals].trim_end().rfind([' ', '\t', ',']).map_or(0, |at| at + 1);
        return (&text[..start], &text[start..]);
    }
    (head, text.get(end + 1..).unwrap_or_default())
}

fn clean_value(head: &str) -> String {
    let bare = head.trim();
    if bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-+._".contains(&byte)) {
        return bare.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(head.len());
    let mut depth = 0_u32;
    for c in head.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 || c.is_whitespace() || c == '"' || c.is_control() => {}
            _ => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// Reads up to and with the next semicolon.
fn read_piece(text: &str) -> (Option<Piece>, &str) {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == ';' || c == ',');
    let name_end = text.find(['=', ';']).unwrap_or(text.len());
    if !text[name_end..].starts_with('=') {
        return (None, text.get(name_end + 1..).unwrap_or_default());
    }
    let name = text[..name_end].trim().rsplit(char::is_whitespace).next().unwrap_or_default().to_ascii_lowercase();
    let after = text[name_end + 1..].trim_start();
    let (value, rest) = match after.strip_prefix('"') {
        Some(inside) => quoted(inside),
        None => unquoted(after),
    };
    (Some(piece_of(name, value)), rest)
}

fn piece_of(name: String, value: String) -> Piece {
    if !name.contains('*') {
        return Piece { name, index: None, is_encoded: false, value };
    }
    let name = name.as_str();
    let (bare, is_encoded) = name.strip_suffix('*').map_or((name, false), |bare| (bare, true));
    match bare.rsplit_once('*').and_then(|(base, digits)| Some((base, digits.parse::<u32>().ok()?))) {
        Some((base, index)) => Piece { name: base.to_owned(), index: Some(index), is_encoded, value },
        None => Piece { name: bare.to_owned(), index: None, is_encoded, value },
    }
}

/// A quoted value. A backslash escapes only a quote or a backslash, since others stand for Windows paths.
fn quoted(text: &str) -> (String, &str) {
    let mut out = String::with_capacity(memchr::memchr(b'"', text.as_bytes()).unwrap_or(text.len()));
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' if matches!(characters.peek(), Some((_, '"' | '\\'))) => out.extend(characters.next().map(|(_, next)| next)),
            '"' => {
                let rest = &text[at + 1..];
                // `name="a "b".pdf"`: a quote that no separator follows belongs to the value.
                if closes(rest) {
                    return (out, rest.find(';').map_or("", |end| &rest[end + 1..]));
                }
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    (out, "")
}

fn closes(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.is_empty() || rest.starts_with([';', '(', ',']) || !rest.contains('"') || {
        // Another parameter without a separator: `"a" name="b"`.
        rest.split_once('=')
            .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-*_".contains(&byte)))
    }
}

/// An unquoted value ends at the semicolon: file names with spaces are often left unquoted. Encoded words are kept whole,
/// and `name*1*=` begins another piece even where the semicolon before it is missing.
fn unquoted(text: &str) -> (String, &str) {
    let mut end = text.len();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = rest.starts_with("=?").then(|| encoded_word::length_at(rest)).flatten() {
            at += length;
        } else if rest.starts_with(';') || (rest.starts_with([' ', '\t']) && begins_piece(&rest[1..])) {
            end = at;
            break;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    let value = text[..end].trim();
    let value = value.strip_suffix('"').unwrap_or(value);
    (strip_comment(value).to_owned(), text.get(end + 1..).unwrap_or_default())
}

/// `name*0*=` or `name*=`.
fn begins_piece(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_*".contains(&byte);
    let length = text.bytes().take_while(|&byte| is_name(byte)).count();
    text[length..].starts_with('=') && text[..length].contains('*')
}

fn strip_comment(value: &str) -> &str {
    match value.rfind(" (") {
        Some(start) if value.ends_with(')') => value[..start].trim_end(),
        _ => value,
    }
}

/// Joins continuations (RFC 2231 §3) and decodes. The extended form of a name beats its plain one.
fn join(pieces: Vec<Piece>) -> Vec<(String, String)> {
    const NAMES_MAX: usize = 32;
    if pieces.iter().all(|piece| piece.index.is_none() && !piece.is_encoded) {
        let mut joined: Vec<(String, String)> = Vec::with_capacity(pieces.len().min(NAMES_MAX));
        for piece in pieces {
            if joined.len() < NAMES_MAX && joined.iter().all(|(name, _)| *name != piece.name) {
                joined.push((piece.name, plain(piece.value)));
            }
        }
        return joined;
    }
    let mut names: Vec<String> = Vec::new();
    for piece in &pieces {
        if !names.contains(&piece.name) {
            names.push(piece.name.clone());
        }
        if names.len() >= NAMES_MAX {
            break;
        }
    }
    names.into_iter().filter_map(|name| value_of(&pieces, &name).map(|value| (name, value))).collect()
}

fn value_of(pieces: &[Piece], name: &str) -> Option<String> {
    let mut numbered: Vec<&Piece> = pieces.iter().filter(|piece| piece.name == name && piece.index.is_some()).collect();
    numbered.sort_by_key(|piece| piece.index);
    numbered.dedup_by_key(|piece| piece.index);
    let single = pieces.iter().find(|piece| piece.name == name && piece.index.is_none() && piece.is_encoded);
    let unmarked = pieces.iter().find(|piece| piece.name == name && piece.index.is_none() && !piece.is_encoded);
    if let Some(piece) = single {
        return Some(extended(&[piece]));
    }
    if !numbered.is_empty() {
        return Some(extended(&numbered));
    }
    unmarked.map(|piece| plain(piece.value.clone()))
}

fn plain(value: String) -> String {
    without_star(&value).unwrap_or_else(|| words(value))
}

/// `filename="UTF-8''caf%C3%A9.txt"`: the extended form under the plain name, by writers who forgot the asterisk.
fn without_star(value: &str) -> Option<String> {
    let (label, rest) = value.split_once('\'')?;
    let (language, text) = rest.split_once('\'')?;
    let is_extended = charset::is_known(label) && language.len() <= 8 && text.contains('%') && text.is_ascii();
    is_extended.then(|| {
        let mut bytes = Vec::with_capacity(text.len());
        push_percent(&mut bytes, text);
        charset::decode(&bytes, Some(label), None).text.into_owned()
    })
}

/// Percent-decodes the encoded pieces, then reads all bytes in the charset that the first piece names.
fn extended(pieces: &[&Piece]) -> String {
    let mut label = None;
    let mut bytes = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let mut value = piece.value.as_str();
        if index == 0 && piece.is_encoded {
            let mut parts = value.splitn(3, '\'');
            if let (Some(charset), Some(_language), Some(text)) = (parts.next(), parts.next(), parts.next()) {
                label = Some(charset);
                value = text;
            }
        }
        if piece.is_encoded { push_percent(&mut bytes, value) } else { bytes.extend_from_slice(value.as_bytes()) }
    }
    let label = label.filter(|label| !label.is_empty());
    let text = charset::decode(&bytes, label, None).text.into_owned();
    // Encoded words cut into numbered pieces: wrong, and frequent.
    words(text)
}

fn push_percent(bytes: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(b'%', rest) {
        bytes.extend_from_slice(&rest[..at]);
        match transfer::hex_pair(&rest[at + 1..]) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[at + 3..];
            }
            None => {
                bytes.push(b'%');
                rest = &rest[at + 1..];
            }
        }
    }
    bytes.extend_from_slice(rest);
}

fn words(value: String) -> String {
    if encoded_word::may_be_in(&value) { encoded_word::decode(&value).text } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &[u8], value: &str, name: &str, expect: &str) {
        let read = read(input, None);
        assert_eq!((read.value.as_str(), read.get(name)), (value, Some(expect)));
    }

    #[test]
    fn parameters_are_read_in_every_usual_form() {
        check(b" Text/Plain; charset=\"UTF-8\"; format=flowed", "text/plain", "format", "flowed");
        check(b"text/plain charset=us-ascii", "text/plain", "charset", "us-ascii");
        check(b"attachment; filename=my file.pdf; size=3", "attachment", "filename", "my file.pdf");
        check(b"attachment; filename=\"a;b \\\"c\\\".pdf\"", "attachment", "filename", "a;b \"c\".pdf");
        check(b"attachment; filename=\"C:\\dir\\a.pdf\"", "attachment", "filename", "C:\\dir\\a.pdf");
        check(b"attachment; filename=\"open.pdf", "attachment", "filename", "open.pdf");
        check(b"text/plain (a comment); charset=x", "text/plain", "charset", "x");
        check("multipara\u{a0}y=\"a\"".as_bytes(), "", "y", "a");
        check(b"image/png;\r\n\tname=\"a.png\"", "image/png", "name", "a.png");
    }

    #[test]
    fn rfc_2231_is_read_with_its_misuses() {
        check(b"a/b; name*=utf-8''%e2%82%ac.txt", "a/b", "name", "\u{20ac}.txt");
        check(b"a/b; name*0*=utf-8''%e2%82; name*1*=%ac; name*2=.txt", "a/b", "name", "\u{20ac}.txt");
        check(b"a/b; name*1=b.txt; name*0=a", "a/b", "name", "ab.txt");
        check(b"a/b; name=\"=?utf-8?Q?=C3=A4.txt?=\"", "a/b", "name", "\u{e4}.txt");
        check(b"a/b; name==?utf-8?Q?a;b.txt?=", "a/b", "name", "a;b.txt");
        check(b"a/b; name*0=\"=?utf-8?Q?=C3\"; name*1=\"=A4.txt?=\"", "a/b", "name", "\u{e4}.txt");
        check(b"a/b; filename=plain.txt; filename*=UTF-8''%C3%A4.txt", "a/b", "filename", "\u{e4}.txt");
        check(b"a/b\r\n name*0*=us-ascii'en'a%20\r\n name*1*=b%20\r\n name*2=\"c.txt\"", "a/b", "name", "a b c.txt");
        check(b"a/b; name=\"UTF-8''a%20%C3%A4.txt\"", "a/b", "name", "a \u{e4}.txt");
        check(b"a/b; name=\"it''s 5%25.txt\"", "a/b", "name", "it''s 5%25.txt");
        check("a/b; name=\"ä.txt\"".as_bytes(), "a/b", "name", "\u{e4}.txt");
    }
}
