//! Transfer encodings (RFC 2045 §6): base64, quoted-printable, uuencode. Lenient: what can be read is read.

use std::borrow::Cow;

use crate::uuencode;

/// How the bytes of a part are wrapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransferEncoding {
    /// 7bit, 8bit, binary, or a name nobody knows.
    #[default]
    Identity,
    /// RFC 2045 §6.8.
    Base64,
    /// RFC 2045 §6.7.
    QuotedPrintable,
    /// `x-uuencode` and its spellings.
    Uuencode,
}

/// Reads the value of Content-Transfer-Encoding. The flag says that the name is unknown.
#[must_use]
pub fn encoding_of(value: &[u8]) -> (TransferEncoding, bool) {
    let word: Vec<u8> = value
        .iter()
        .copied()
        .skip_while(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\''))
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'_')
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    match word.as_slice() {
        b"base64" | b"base-64" | b"x-base64" | b"b" => (TransferEncoding::Base64, false),
        b"quoted-printable" | b"quotedprintable" | b"quoted_printable" | b"x-quoted-printable" | b"qp" => {
            (TransferEncoding::QuotedPrintable, false)
        }
        b"x-uuencode" | b"uuencode" | b"x-uue" | b"uue" => (TransferEncoding::Uuencode, false),
        b"" | b"7bit" | b"8bit" | b"binary" | b"7-bit" | b"8-bit" | b"none" => (TransferEncoding::Identity, false),
        _ => (TransferEncoding::Identity, true),
    }
}

/// Unwraps a body. The flag says that the data was broken.
#[must_use]
pub fn decode(bytes: &[u8], encoding: TransferEncoding) -> (Cow<'_, [u8]>, bool) {
    match encoding {
        TransferEncoding::Identity => (bytes.into(), false),
        TransferEncoding::QuotedPrintable => {
            let (decoded, broken) = quoted_printable(bytes);
            (decoded.into(), broken)
        }
        TransferEncoding::Base64 => {
            let (decoded, strange) = base64(bytes);
            if strange == 0 && !starts_with_words(bytes) {
                return (decoded.into(), false);
            }
            match strange_base64(bytes, strange, decoded) {
                Some(decoded) => (decoded.into(), strange > 0),
                None => (bytes.into(), true),
            }
        }
        TransferEncoding::Uuencode => match uuencode::files(bytes).into_iter().next() {
            Some(file) => (file.data.into(), false),
            None => (bytes.into(), true),
        },
    }
}

const SKIP: u8 = 0xfe;
const STRANGE: u8 = 0xff;
const PAD: u8 = 0xfd;

const BASE64: [u8; 256] = {
    let mut table = [STRANGE; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut index = 0_u8;
    while index < 64 {
        table[alphabet[index as usize] as usize] = index;
        index += 1;
    }
    table[b' ' as usize] = SKIP;
    table[b'\t' as usize] = SKIP;
    table[b'\r' as usize] = SKIP;
    table[b'\n' as usize] = SKIP;
    table[0] = SKIP;
    table[b'=' as usize] = PAD;
    table
};

/// Base64 in pieces, each with its own padding, as some hosts join them. Returns the number of strange bytes skipped.
#[must_use]
pub fn base64(bytes: &[u8]) -> (Vec<u8>, usize) {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut bits, mut count, mut strange) = (0_u32, 0_u32, 0_usize);
    let mut rest = bytes;
    loop {
        if count == 0 {
            rest = base64_groups(rest, &mut out);
        }
        let Some((&byte, tail)) = rest.split_first() else { break };
        rest = tail;
        match BASE64[usize::from(byte)] {
            SKIP => {}
            PAD => {
                flush(&mut out, &mut bits, &mut count);
                if !goes_on(tail) {
                    break;
                }
            }
            STRANGE => strange += 1,
            value => {
                bits = (bits << 6) | u32::from(value);
                count += 1;
                if count == 4 {
                    out.extend_from_slice(&bits.to_be_bytes()[1..]);
                    (bits, count) = (0, 0);
                }
            }
        }
    }
    flush(&mut out, &mut bits, &mut count);
    (out, strange)
}

/// Behind the padding comes the end, another whole piece, or a list footer that would be read as rubbish.
fn goes_on(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b"=").unwrap_or(rest).trim_ascii_start();
    // No further: a line may be all of the mail, and padding may stand on it a million times.
    let rest = &rest[..rest.len().min(1_000)];
    let line = rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())].trim_ascii_end();
    !line.is_empty() && line.len().is_multiple_of(4) && line.iter().all(|&byte| BASE64[usize::from(byte)] < 64 || byte == b'=')
}

/// Length of what [`decode`] makes of base64, without making it.
#[must_use]
pub fn base64_size(bytes: &[u8]) -> usize {
    let (mut size, mut count, mut strange) = (0_usize, 0_usize, 0_usize);
    let mut rest = bytes;
    loop {
        // The quick path: lines, then pieces of a line, of nothing but letters.
        while let Some((line, tail)) = rest.split_first_chunk::<LINE_BYTES>()
            && let Some(length) = line_end_at(tail)
            && is_line_of_letters(line)
        {
            count += line.len();
            rest = &tail[length..];
        }
        while let Some((piece, tail)) = rest.split_first_chunk::<32>()
            && are_letters(piece)
        {
            count += piece.len();
            rest = tail;
        }
        while let Some((piece, tail)) = rest.split_first_chunk::<4>()
            && are_letters(piece)
        {
            count += piece.len();
            rest = tail;
        }
        let Some((&byte, tail)) = rest.split_first() else { break };
        rest = tail;
        match BASE64[usize::from(byte)] {
            SKIP => {}
            PAD => {
                size += count * 6 / 8;
                count = 0;
                if !goes_on(tail) {
                    break;
                }
            }
            STRANGE => strange += 1,
            _ => count += 1,
        }
    }
    if strange == 0 && !starts_with_words(bytes) {
        return size + count * 6 / 8;
    }
    strange_base64(bytes, strange, base64(bytes).0).map_or(bytes.len(), |decoded| decoded.len())
}

/// A space in its first line: base64 has none.
fn starts_with_words(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(LINE_BYTES)].contains(&b' ')
}

/// What base64 with other bytes in it, which gave `decoded` without them, really says. `None` if it never was base64.
fn strange_base64(bytes: &[u8], strange: usize, decoded: Vec<u8>) -> Option<Vec<u8>> {
    if let Some(text) = behind_words(bytes).or_else(|| url_safe(bytes)) {
        return Some(text);
    }
    if !was_never_encoded(bytes, strange) || is_readable(&decoded) {
        return Some(decoded);
    }
    with_footer(bytes)
}

/// Longer than a word or two, and of nothing but characters that people write, which bytes by chance never are.
fn is_readable(decoded: &[u8]) -> bool {
    let is_text = |text: &str| !text.contains(|c: char| c.is_control() && !c.is_whitespace());
    decoded.len() >= READABLE_BYTES_MIN && std::str::from_utf8(decoded).is_ok_and(is_text)
}

const READABLE_BYTES_MIN: usize = 12;

/// Hosts that warn of mail from outside write their warning above, whatever the encoding: both as text.
fn behind_words(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut start = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n').take(WARNING_LINES_MAX) {
        let content = line.trim_ascii();
        if !content.is_empty() && content.iter().all(|&byte| BASE64[usize::from(byte)] < 64 || byte == b'=') {
            break;
        }
        if !content.is_empty() && !content.contains(&b' ') {
            return None;
        }
        start += line.len();
    }
    let (words, encoded) = bytes.split_at(start);
    let letters = encoded.iter().filter(|byte| !byte.is_ascii_whitespace());
    let is_encoded = letters.clone().all(|&byte| BASE64[usize::from(byte)] < 64 || byte == b'=');
    let count = letters.count();
    if words.is_empty() || !is_encoded || count < FOOTED_LETTERS_MIN || !count.is_multiple_of(4) {
        return None;
    }
    Some([words, &base64(encoded).0].concat())
}

/// Lines of a warning, the blank ones around it included.
const WARNING_LINES_MAX: usize = 8;

/// RFC 4648 §5: another alphabet, which programs take for the one of mail. Lines of dashes are none.
fn url_safe(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut letters, mut others) = (0_usize, 0_usize);
    for &byte in bytes {
        match byte {
            b'-' | b'_' => others += 1,
            b'\r' | b'\n' => continue,
            b'=' => {}
            _ if BASE64[usize::from(byte)] < 64 => {}
            _ => return None,
        }
        letters += 1;
    }
    if others == 0 || others * 6 > letters || letters < FOOTED_LETTERS_MIN || !letters.is_multiple_of(4) {
        return None;
    }
    let usual = |&byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        _ => byte,
    };
    Some(base64(&bytes.iter().map(usual).collect::<Vec<u8>>()).0)
}

/// RFC 2045 §6.8: no line is longer, and few writers make them shorter.
const LINE_BYTES: usize = 76;

/// Length of the line end at the start of a text.
fn line_end_at(text: &[u8]) -> Option<usize> {
    if text.starts_with(b"\r\n") { Some(2) } else { text.starts_with(b"\n").then_some(1) }
}

/// As [`are_letters`] in lengths that a step divides; the end is looked at twice in part.
fn is_line_of_letters(line: &[u8; LINE_BYTES]) -> bool {
    line.first_chunk::<64>().is_some_and(are_letters) && line.last_chunk::<16>().is_some_and(are_letters)
}

/// Whether all are letters of the alphabet, told without branches, so that many are looked at in one step.
fn are_letters<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(true, |all, &byte| {
        let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let is_other = (byte.wrapping_sub(b'0') < 10) | (byte == b'+') | (byte == b'/');
        all & (is_letter | is_other)
    })
}

/// A list that knows nothing of encodings wrote its footer below the base64: both as text.
fn with_footer(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_line = |line: &[u8]| line.iter().all(|&byte| BASE64[usize::from(byte)] < 64 || matches!(byte, b'=' | b'\r' | b'\n'));
    let length: usize = bytes.split_inclusive(|&byte| byte == b'\n').take_while(|line| is_line(line)).map(<[u8]>::len).sum();
    let (encoded, footer) = bytes.split_at(length);
    let letters = encoded.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
    if letters < FOOTED_LETTERS_MIN || !letters.is_multiple_of(4) {
        return None;
    }
    let (mut text, _) = base64(encoded);
    text.push(b'\n');
    text.extend_from_slice(footer);
    Some(text)
}

/// Shorter lines of nothing but letters may be words.
const FOOTED_LETTERS_MIN: usize = 16;

/// More than one strange byte in sixteen, or spaces as between words: this is text, whatever its header says.
fn was_never_encoded(bytes: &[u8], strange: usize) -> bool {
    let count = |byte: u8| memchr::memchr_iter(byte, bytes).count();
    let spaces = count(b' ');
    if strange == 0 && spaces == 0 {
        return false;
    }
    // However the lines end.
    let length = bytes.len() - count(b'\r') - count(b'\n');
    strange * 16 > length || spaces * 10 > length
}

/// The quick path: whole groups without anything between.
fn base64_groups<'a>(mut rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    while let [a, b, c, d, tail @ ..] = rest {
        let (a, b) = (BASE64[usize::from(*a)], BASE64[usize::from(*b)]);
        let (c, d) = (BASE64[usize::from(*c)], BASE64[usize::from(*d)]);
        if a | b | c | d >= 64 {
            break;
        }
        let word = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
        out.extend_from_slice(&word.to_be_bytes()[1..]);
        rest = tail;
    }
    rest
}

fn flush(out: &mut Vec<u8>, bits: &mut u32, count: &mut u32) {
    match *count {
        2 => out.extend_from_slice(&(*bits << 12).to_be_bytes()[1..2]),
        3 => out.extend_from_slice(&(*bits << 6).to_be_bytes()[1..3]),
        _ => {}
    }
    (*bits, *count) = (0, 0);
}

/// Quoted-printable; an escape that is none stays as it stands. The flag says that there was one.
#[must_use]
pub fn quoted_printable(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(bytes.len());
    let mut broken = false;
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = rest.split_off(..memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1)).unwrap_or_default();
        let content = trim_line_end(line);
        let line_end: &[u8] = &line[content.len()..];
        // RFC 2045 §6.7 rule 3: white space at the end of a line was added on the way.
        let trimmed = content.trim_ascii_end();
        let (text, soft) = match trimmed.strip_suffix(b"=") {
            Some(text) => (text, true),
            None => (trimmed, false),
        };
        broken |= push_unescaped(&mut out, text);
        if !soft {
            out.extend_from_slice(line_end);
        }
    }
    (out, broken)
}

fn push_unescaped(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let mut broken = false;
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'=', rest) {
        out.extend_from_slice(&rest[..at]);
        match hex_pair(&rest[at + 1..]) {
            Some(byte) => {
                out.push(byte);
                rest = &rest[at + 3..];
            }
            None => {
                out.push(b'=');
                broken = true;
                rest = &rest[at + 1..];
            }
        }
    }
    out.extend_from_slice(rest);
    broken
}

/// The byte that two hexadecimal digits at the start of `text` spell.
#[must_use]
pub fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    match text {
        [high, low, ..] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_in_pieces_and_with_dirt() {
        assert_eq!(base64(b"aGVs\r\nbG8=").0, b"hello");
        for pieces in
            [&b"aGVs\r\nbG8="[..], b"aA==aQ==", b"aGVsbG8", b"aGVsbG8=\n____\nlist", b"aGVsbG8= ignored", b"not base64, is it?"]
        {
            assert_eq!(base64_size(pieces), decode(pieces, TransferEncoding::Base64).0.len());
        }
        assert_eq!(base64(b"aGVsbG8").0, b"hello");
        assert_eq!(base64(b"aA==aQ==").0, b"hi");
        assert_eq!(base64(b"aGVs!bG8=\n____\nlist footer").0, b"hello");
        assert_eq!(decode(b"this was never encoded, see?", TransferEncoding::Base64).0, &b"this was never encoded, see?"[..]);
    }

    #[test]
    fn base64_of_other_kinds_is_read_where_it_makes_sense() {
        #[track_caller]
        fn check(raw: &[u8], expect: &str) {
            let decoded = decode(raw, TransferEncoding::Base64).0;
            assert_eq!(String::from_utf8_lossy(&decoded), expect);
            assert_eq!(base64_size(raw), decoded.len());
        }
        check(
            b"[EXTERNAL] Be careful.\r\n\r\nV2hlcmUgaXMgbXkg\r\ncGFyY2VsPw==\r\n",
            "[EXTERNAL] Be careful.\r\n\r\nWhere is my parcel?",
        );
        check(b"Be careful with this\n\nV2hlcmUgaXMgbXkg\ncGFyY2VsPw==", "Be careful with this\n\nWhere is my parcel?");
        check(b"R3LDvMOfZT8-Pn5-w7_DvyBlbmQ=", "Gr\u{fc}\u{df}e?>>~~\u{ff}\u{ff} end");
        check(b"V2hl!!cmUg*aXMgbXkg?cGFyY2VsPw==", "Where is my parcel?");
        check(b"V2hl!cmUgaXMg\nbXkgcGFyY2VsPw==\n", "Where is my parcel?");
        for text in ["--------------------", "No parcel here, so where is it?\nGreetings", "see:www.x.example/a/b,c"] {
            check(text.as_bytes(), text);
        }
    }

    #[test]
    fn quoted_printable_keeps_what_it_cannot_read() {
        assert_eq!(quoted_printable(b"a=20b=\r\nc  \r\nd=zz=e9"), (b"a bc\r\nd=zz\xe9".to_vec(), true));
        assert_eq!(quoted_printable(b"a =20\n= \nb"), (b"a  \nb".to_vec(), false));
    }
}
