//! Bytes to text: the declared charset where it fits, else a detected one, else windows-1252.
//!
//! Labels are those of the WHATWG standard plus an alias table for what mail adds to them. Nothing is ever refused: the
//! worst case is windows-1252, which gives every byte a character.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::code_page;

/// Text with the charset it was really read in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without byte order mark.
    pub text: Cow<'a, str>,
    /// Lower case name of the charset used.
    pub charset: Cow<'static, str>,
    /// The declared charset is unknown or does not fit the bytes.
    pub mismatch: bool,
}

/// How the bytes of a label are read.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// No charset, or ASCII, which says nothing about bytes above 127.
    Undeclared,
    /// A label nobody knows.
    Unknown,
    Whatwg(&'static Encoding),
    Utf7,
    Iso2022Kr,
    Hz,
    /// A code page that only mail-parser knows (the DOS ones).
    Other(fn(&[u8]) -> String),
}

/// Decodes with a declared label.
///
/// `hint` is a charset found elsewhere in the mail; it is asked where nothing is declared and the bytes are no UTF-8.
#[must_use]
pub fn decode<'a>(bytes: &'a [u8], label: Option<&str>, hint: Option<&str>) -> Decoded<'a> {
    let name = label.map(normal_label).unwrap_or_default();
    let reader = reader_of(&name);
    if bytes.is_ascii() && is_ascii_superset(reader) && !has_escape(bytes) {
        let text = utf8(bytes);
        return Decoded { text, charset: shown(reader, &name), mismatch: matches!(reader, Reader::Unknown) };
    }
    match reader {
        Reader::Undeclared => detect(bytes, hint, !name.is_empty()),
        Reader::Unknown => detect(bytes, hint, true),
        Reader::Whatwg(encoding) if encoding != encoding_rs::ISO_2022_JP && is_shifted_japanese(bytes) => {
            detect(bytes, None, true)
        }
        Reader::Whatwg(encoding) => decode_declared(bytes, encoding),
        Reader::Utf7 => owned(utf7(bytes), "utf-7"),
        Reader::Iso2022Kr => owned(iso_2022_kr(bytes), "iso-2022-kr"),
        Reader::Hz => owned(hz(bytes), "hz-gb-2312"),
        Reader::Other(function) => Decoded { text: function(bytes).into(), charset: name.into(), mismatch: false },
    }
}

/// Whether a label names a charset that can be read.
#[must_use]
pub fn is_known(label: &str) -> bool {
    known(label).is_some()
}

/// The [`normal_label`] of a charset that can be read.
pub(crate) fn known(label: &str) -> Option<String> {
    let name = normal_label(label);
    (!matches!(reader_of(&name), Reader::Unknown)).then_some(name)
}

/// The label of a Windows code page, by its number.
#[must_use]
pub(crate) fn label_of_page(code_page: u32) -> String {
    match code_page {
        65_001 => "utf-8".to_owned(),
        437 | 852 | 866 | 874 | 932 | 936 | 949 | 950 => format!("cp{code_page}"),
        _ => format!("windows-{code_page}"),
    }
}

/// Bytes that are UTF-8 as a rule. Sound bytes, which are looked at many at a time, need no copy.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

fn owned(text: String, charset: &'static str) -> Decoded<'static> {
    Decoded { text: text.into(), charset: charset.into(), mismatch: false }
}

fn shown(reader: Reader, name: &str) -> Cow<'static, str> {
    match reader {
        Reader::Whatwg(encoding) => encoding.name().to_ascii_lowercase().into(),
        Reader::Undeclared | Reader::Unknown => "us-ascii".into(),
        Reader::Utf7 | Reader::Iso2022Kr | Reader::Hz | Reader::Other(_) => name.to_owned().into(),
    }
}

/// The bare label, lower case, as it was declared.
#[must_use]
pub fn normal_label(label: &str) -> String {
    const KEY: &str = "charset=";
    let bare =
        label.trim_matches(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | ';' | ',' | '<' | '>'));
    let bare = bare.split_at_checked(KEY.len()).filter(|(key, _)| key.eq_ignore_ascii_case(KEY)).map_or(bare, |(_, rest)| rest);
    // RFC 2231 §5: a language may follow the charset.
    bare.split('*').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn reader_of(name: &str) -> Reader {
    if matches!(
        name,
        "" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso646-us" | "x-unknown" | "unknown" | "unknown-8bit" | "binary"
    ) {
        return Reader::Undeclared;
    }
    if name == "utf-8" {
        return Reader::Whatwg(UTF_8);
    }
    let alias = alias_of(name);
    match alias {
        "utf-7" | "unicode-1-1-utf-7" | "x-unicode-1-1-utf-7" | "utf7" | "csunicode11utf7" => return Reader::Utf7,
        "iso-2022-kr" | "csiso2022kr" | "iso2022-kr" | "iso2022kr" | "iso2022_kr" => return Reader::Iso2022Kr,
        "hz-gb-2312" | "hz" | "csisohz" | "hz-gb" | "hzgb" => return Reader::Hz,
        _ => {}
    }
    if let Some(encoding) = Encoding::for_label_no_replacement(alias.as_bytes()) {
        return Reader::Whatwg(superset_of(encoding));
    }
    match alias {
        "cp437" => return Reader::Other(code_page::cp437),
        "cp852" => return Reader::Other(code_page::cp852),
        _ => {}
    }
    match mail_parser::decoders::charsets::map::charset_decoder(alias.as_bytes()) {
        Some(function) => Reader::Other(function),
        None => by_digits(alias),
    }
}

/// Labels that mail uses and the WHATWG table lacks.
fn alias_of(name: &str) -> &str {
    match name {
        "cp932" | "ms932" | "x-ms-cp932" | "windows-932" | "cp943c" | "x-sjis-jp" | "shift-jis" | "shiftjis" | "sjis-win"
        | "s-jis" | "mskanji" | "x-mac-japanese" => "shift_jis",
        "cp949" | "ms949" | "uhc" | "x-windows-949" | "ksc_5601" | "ks_c_5601" | "ks-c-5601" | "ks_x_1001" | "ksx1001"
        | "euckr" | "x-mac-korean" => "euc-kr",
        "cp936" | "ms936" | "windows-936" | "x-euc-cn" | "euc-cn" | "gb18030-2000" | "gb_18030" | "gb2312-80" | "gb2312-1980"
        | "euccn" | "x-mac-simp-chinese" => "gb18030",
        "cp950" | "ms950" | "windows-950" | "big5-eten" | "big5-tw" | "big5_tw" | "x-big5" | "x-mac-trad-chinese" => "big5",
        "cp51932" | "eucjp" | "eucjp-win" | "ujis" | "u-jis" => "euc-jp",
        "iso-2022-jp-1" | "iso-2022-jp-2" | "iso-2022-jp-3" | "iso-2022-jp-ms" | "cp50220" | "cp50221" | "cp50222" => {
            "iso-2022-jp"
        }
        "utf8mb4" | "utf-8mb4" | "utf_8" | "unicode-utf-8" | "x-utf-8" | "utf-8-sig" | "cp65001" | "65001" | "utf=8" => "utf-8",
        "latin-1" | "iso_8859_1" | "8859-1" | "8859_1" | "iso-8859-1-windows-3.1-latin-1" | "ansi" | "windows-ansi" => {
            "windows-1252"
        }
        "x-ias-german" | "iso-8859-1-german" | "western" | "default" | "iso-8859" | "iso8859" => "windows-1252",
        "latin-2" => "iso-8859-2",
        "latin-9" | "iso-8859-15-euro" => "iso-8859-15",
        "cp874" | "windows-874-2000" | "tis620" => "windows-874",
        "koi8r" | "x-koi8-r" | "koi-8-r" => "koi8-r",
        "koi8u" | "x-koi8-u" => "koi8-u",
        "iso-8859-8-logical" => "iso-8859-8",
        "mac" | "x-macroman" | "macroman" | "mac-roman" | "mac_roman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" | "macukraine" => "x-mac-cyrillic",
        "ibm437" | "cspc8codepage437" | "437" | "cp-437" => "cp437",
        "ibm852" | "cspcp852" | "852" | "cp-852" => "cp852",
        other => other,
    }
}

/// `win1251`, `windows1251`, `cp-1251`, `x-cp1251`, `1251`, `iso_8859_5`, `latin-7` and other spellings, read by their digits.
fn by_digits(name: &str) -> Reader {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
    let label = match letters.as_str() {
        "win" | "windows" | "cp" | "xcp" | "mswindows" | "ms" if digits.len() == 4 && digits.starts_with("125") => {
            format!("windows-{digits}")
        }
        "iso" if digits.len() > 4 && digits.starts_with("8859") => format!("iso-8859-{}", &digits[4..]),
        "utf" | "xutf" if digits == "8" => "utf-8".to_owned(),
        "" if digits.len() == 4 && digits.starts_with("125") => format!("windows-{digits}"),
        "" => match digits.as_str() {
            "874" => "windows-874".to_owned(),
            "932" => "shift_jis".to_owned(),
            "936" => "gbk".to_owned(),
            "949" => "euc-kr".to_owned(),
            "950" => "big5".to_owned(),
            _ => return Reader::Unknown,
        },
        "latin" | "l" => {
            /// The parts of ISO 8859 in the order of their Latin numbers.
            const PARTS: [&str; 10] = ["1", "2", "3", "4", "9", "10", "13", "14", "15", "16"];
            let part = digits.parse::<usize>().ok().and_then(|number| PARTS.get(number.checked_sub(1)?));
            part.map(|part| format!("iso-8859-{part}")).unwrap_or_default()
        }
        _ => return Reader::Unknown,
    };
    Encoding::for_label_no_replacement(label.as_bytes()).map_or(Reader::Unknown, |encoding| Reader::Whatwg(superset_of(encoding)))
}

/// GB 18030 reads everything its two forerunners do, and mail labelled with them often holds more.
fn superset_of(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == encoding_rs::GBK { encoding_rs::GB18030 } else { encoding }
}

fn is_ascii_superset(reader: Reader) -> bool {
    match reader {
        Reader::Undeclared | Reader::Unknown | Reader::Other(_) => true,
        Reader::Whatwg(encoding) => encoding.is_ascii_compatible(),
        Reader::Utf7 | Reader::Iso2022Kr | Reader::Hz => false,
    }
}

fn has_escape(bytes: &[u8]) -> bool {
    memchr::memchr(0x1b, bytes).is_some()
}

/// Seven bits with the shifts of ISO-2022-JP, which are what they are whatever the label says.
fn is_shifted_japanese(bytes: &[u8]) -> bool {
    let mut escapes = memchr::memchr_iter(0x1b, bytes);
    escapes.any(|at| matches!(bytes.get(at + 1..at + 3), Some(b"$B" | b"$@"))) && bytes.is_ascii()
}

/// No usable declaration: UTF-8 or ISO-2022-JP can be told from the bytes, anything else is a guess.
fn detect<'a>(bytes: &'a [u8], hint: Option<&str>, declared: bool) -> Decoded<'a> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some((encoding, length)) = Encoding::for_bom(bytes)
        && encoding != UTF_8
    {
        return Decoded {
            text: encoding.decode_without_bom_handling(&bytes[length..]).0.into_owned().into(),
            charset: encoding.name().to_ascii_lowercase().into(),
            mismatch: declared,
        };
    }
    if is_shifted_japanese(body) {
        return Decoded { mismatch: true, ..iso_2022_jp(body, "iso-2022-jp".into()) };
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let charset = if body.is_ascii() { "us-ascii" } else { "utf-8" };
        return Decoded { text: text.into(), charset: charset.into(), mismatch: declared && !body.is_ascii() };
    }
    if let Some(hint) = hint
        && let Reader::Whatwg(encoding) = reader_of(&normal_label(hint))
        && encoding != UTF_8
        && let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(body)
    {
        return Decoded { text, charset: encoding.name().to_ascii_lowercase().into(), mismatch: true };
    }
    if is_nearly_utf8(body) {
        return Decoded { text: nearly_utf8(body).into(), charset: "utf-8".into(), mismatch: true };
    }
    let encoding = guess(body).unwrap_or(WINDOWS_1252);
    let (text, _) = encoding.decode_without_bom_handling(body);
    Decoded { text, charset: encoding.name().to_ascii_lowercase().into(), mismatch: true }
}

/// Text in UTF-8 with some words in another charset, as quotes and footers are pasted in: a lone byte is a letter of
/// windows-1252, and half a character is none.
fn nearly_utf8(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        match chunk.invalid() {
            [] => {}
            [_] if chunks.peek().is_some() => push_latin(&mut text, chunk.invalid()),
            // A letter with a quote mark, an ellipsis or a hard space behind it.
            [_, 0x85 | 0x91..=0x94 | 0xa0 | 0xab | 0xbb] => push_latin(&mut text, chunk.invalid()),
            _ => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    text
}

/// Asks the statistics, but only for texts that consist mostly of bytes above 127: those are not in Latin letters. A few
/// such bytes are the accents of a western language, where a guess does more harm than good.
fn guess(bytes: &[u8]) -> Option<&'static Encoding> {
    /// The statistics settle long before.
    const SAMPLE: usize = 16 * 1024;
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let high = sample.iter().filter(|&&byte| byte >= 0x80).count();
    let letters = high + sample.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if high < 6 || high * 3 < letters {
        return None;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guessed = superset_of(detector.guess(None, chardetng::Utf8Detection::Deny));
    let (_, had_errors) = guessed.decode_without_bom_handling(bytes);
    (!had_errors).then_some(guessed)
}

fn decode_declared<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Decoded<'a> {
    let name: Cow<'static, str> = encoding.name().to_ascii_lowercase().into();
    if encoding == UTF_8 {
        return match std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)) {
            Ok(text) => Decoded { text: text.into(), charset: name, mismatch: false },
            Err(_) => detect(bytes, None, true),
        };
    }
    if encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE {
        return utf16(bytes, encoding);
    }
    // Text that is valid UTF-8 with characters above 127 is practically never anything else (RFC 3629 §3).
    let declared_fits_all = encoding.is_single_byte() || encoding == encoding_rs::ISO_2022_JP;
    if declared_fits_all && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
        return Decoded { mismatch: true, ..detect(bytes, None, true) };
    }
    if encoding == encoding_rs::ISO_2022_JP {
        return iso_2022_jp(bytes, name);
    }
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    if had_errors && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
        return Decoded { mismatch: true, ..detect(bytes, None, true) };
    }
    Decoded { text, charset: name, mismatch: had_errors }
}

/// Shifting out and in again with nothing between is an error to the WHATWG decoder and an everyday thing in mail.
fn iso_2022_jp<'a>(bytes: &'a [u8], name: Cow<'static, str>) -> Decoded<'a> {
    let (text, had_errors) = encoding_rs::ISO_2022_JP.decode_without_bom_handling(bytes);
    if !had_errors {
        return Decoded { text, charset: name, mismatch: false };
    }
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(0x1b, rest) {
        kept.extend_from_slice(&rest[..at]);
        // An escape sequence right behind another replaces it.
        if rest.get(at + 3) != Some(&0x1b) {
            kept.extend_from_slice(&rest[at..rest.len().min(at + 3)]);
        }
        rest = &rest[rest.len().min(at + 3)..];
    }
    kept.extend_from_slice(rest);
    let (text, had_errors) = encoding_rs::ISO_2022_JP.decode_without_bom_handling(&kept);
    if had_errors && !bytes.is_ascii() {
        // Raw eight-bit Japanese under this label is Shift_JIS.
        if let Some(text) = encoding_rs::SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes) {
            return Decoded { text: text.into_owned().into(), charset: "shift_jis".into(), mismatch: true };
        }
    }
    Decoded { text: text.into_owned().into(), charset: name, mismatch: had_errors }
}

/// The mark decides; without one the zero bytes of Latin text do, since the label is often wrong about the order.
fn utf16<'a>(bytes: &'a [u8], declared: &'static Encoding) -> Decoded<'a> {
    let (encoding, start) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, length),
        None => {
            let sample = &bytes[..bytes.len().min(512)];
            let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
            match (zeros(0), zeros(1)) {
                (0, 0) if std::str::from_utf8(bytes).is_ok() => (UTF_8, 0),
                (even, odd) if even > odd * 2 => (encoding_rs::UTF_16BE, 0),
                (even, odd) if odd > even * 2 => (encoding_rs::UTF_16LE, 0),
                _ => (declared, 0),
            }
        }
    };
    let (text, had_errors) = encoding.decode_without_bom_handling(&bytes[start..]);
    Decoded { text, charset: encoding.name().to_ascii_lowercase().into(), mismatch: had_errors || encoding == UTF_8 }
}

/// UTF-8 that was cut or damaged, or has words of another charset in it: among Latin letters any number of them, else at
/// most half as many bad sequences as good ones. Two bytes of another charset seldom make a character that people write.
fn is_nearly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii() && !is_seldom_written(*c)).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 0 && (bad * 2 <= good || bad * 8 <= good + 7 || guess(bytes).is_none())
}

/// What a capital letter of windows-1252 makes together with a quote mark or a dash behind it: signs of phonetics, and
/// scripts that mail hardly ever has.
fn is_seldom_written(c: char) -> bool {
    matches!(c, '\u{250}'..='\u{2af}' | '\u{590}'..='\u{5af}' | '\u{700}'..='\u{7ff}')
}

/// RFC 2152. Own, since the one at hand ends a shifted run too late when text follows without a minus.
fn utf7(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(plus) = memchr::memchr(b'+', rest) {
        push_latin(&mut text, &rest[..plus]);
        rest = &rest[plus + 1..];
        let length = rest.iter().position(|&byte| base64_value(byte).is_none()).unwrap_or(rest.len());
        if length == 0 && rest.first() == Some(&b'-') {
            text.push('+');
        } else {
            push_utf16_bits(&mut text, &rest[..length]);
        }
        rest = &rest[length..];
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
    }
    push_latin(&mut text, rest);
    text
}

fn push_latin(text: &mut String, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(part) => text.push_str(part),
        Err(_) => text.push_str(&WINDOWS_1252.decode_without_bom_handling(bytes).0),
    }
}

fn push_utf16_bits(text: &mut String, letters: &[u8]) {
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut units = Vec::with_capacity(letters.len() / 2);
    for value in letters.iter().filter_map(|&byte| base64_value(byte)) {
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push(u16::try_from((bits >> count) & 0xffff).unwrap_or(0xfffd));
        }
    }
    text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')));
}

fn base64_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// RFC 1557: shifted bytes are those of EUC-KR with the high bit off.
fn iso_2022_kr(bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            0x1b => rest = tail.strip_prefix(b"$)C").unwrap_or(tail),
            0x0e => shifted = true,
            0x0f => shifted = false,
            b'\n' => {
                shifted = false;
                plain.push(byte);
            }
            0x21..=0x7e if shifted => plain.push(byte | 0x80),
            _ => plain.push(byte),
        }
    }
    encoding_rs::EUC_KR.decode_without_bom_handling(&plain).0.into_owned()
}

/// RFC 1843: between `~{` and `~}` stand the bytes of GB 2312 with the high bit off.
fn hz(bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail.first()) {
            (b'~', Some(b'{')) => (shifted, rest) = (true, &tail[1..]),
            (b'~', Some(b'}')) => (shifted, rest) = (false, &tail[1..]),
            (b'~', Some(b'~')) if !shifted => {
                plain.push(b'~');
                rest = &tail[1..];
            }
            (b'~', Some(b'\n')) if !shifted => rest = &tail[1..],
            (0x21..=0x7e, _) if shifted => plain.push(byte | 0x80),
            _ => plain.push(byte),
        }
    }
    encoding_rs::GB18030.decode_without_bom_handling(&plain).0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], label: Option<&str>, expect: &str) {
        assert_eq!(decode(bytes, label, None).text, expect, "{label:?}");
    }

    #[test]
    fn the_declared_charset_is_used() {
        check(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251"), "Привет");
        check(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("\"CP1251\""), "Привет");
        check(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("win-1251"), "Привет");
        check(b"\xf0\xd2\xc9\xd7\xc5\xd4", Some("KOI8-R"), "Привет");
        check(b"\x83n\x83\x8D\x81[", Some("cp932"), "ハロー");
        check(b"\xc4\xe3\xba\xc3", Some("gb2312"), "你好");
        check(b"\x1b$B%O%m!<\x1b(B", Some("iso-2022-jp"), "ハロー");
        check(b"\x1b$B%O\x1b(B\x1b$B%m\x1b(B!", Some("iso-2022-jp"), "ハロ!");
        check(b"\x83n\x83\x8D", Some("iso-2022-jp"), "ハロ");
        check(b"\xbe\xc8\xb3\xe7", Some("ks_c_5601-1987"), "안녕");
        check(b"\x9b\x9c", Some("ibm850"), "ø£");
        check(b"caf\xe9", Some("x-ias-german"), "café");
        check(b"\xadq\xb3\xe6", Some("big5_tw"), "訂單");
        check(b"Gr\x9f\xa7e", Some("mac_roman"), "Grüße");
        check(b"\x1b$)C\x0e>H3g\x0f!", Some("iso2022_kr"), "안녕!");
    }

    #[test]
    fn shifted_seven_bit_charsets_are_read() {
        check(b"+ZYeB9FH6ckh5Pg-, 1980.", Some("utf-7"), "文致出版社, 1980.");
        check(b"1 +- 1 +AOQ.", Some("unicode-1-1-utf-7"), "1 + 1 ä.");
        check(b"\x1b$)C\x0e>H3g\x0f!", Some("iso-2022-kr"), "안녕!");
        check(b"~{Dc:C~}!", Some("hz-gb-2312"), "你好!");
    }

    #[test]
    fn a_missing_or_wrong_charset_is_detected() {
        check("päivää".as_bytes(), None, "päivää");
        check("päivää".as_bytes(), Some("us-ascii"), "päivää");
        check("päivää".as_bytes(), Some("x-nonsense"), "päivää");
        check("päivää".as_bytes(), Some("iso-8859-1"), "päivää");
        check(b"p\xe4iv\xe4\xe4", None, "päivää");
        check(b"p\xe4iv\xe4\xe4", Some("utf-8"), "päivää");
        check(b"\x1b$B%O%m!<\x1b(B", None, "ハロー");
        check(b"a\0b\0", Some("utf-16"), "ab");
        check(b"\xff\xfea\0b\0", None, "ab");
        check(b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?", None, "Привет, как дела?");
        check(b"\x8d\x91\x97\xa7\x8d\x91\x89\xef\x90}\x8f\x91\x8a\xd9", Some("x-unknown"), "国立国会図書館");
        assert!(decode(b"p\xe4", Some("utf-8"), None).mismatch);
        assert_eq!(decode(b"\xcf\xf0", None, Some("windows-1251")).text, "Пр");
    }

    #[test]
    fn seven_bits_with_shifts_are_japanese_whatever_the_label_says() {
        for label in ["utf-8", "iso-8859-1", "shift_jis"] {
            check(b"a \x1b$B%O%m!<\x1b(B?", Some(label), "a ハロー?");
        }
        check(b"\x1b[1mbold\x1b[0m $B", Some("iso-8859-1"), "\x1b[1mbold\x1b[0m $B");
    }

    #[test]
    fn utf8_with_words_of_another_charset_keeps_both() {
        let footed = [
            "„Grüße“ für 30 €.\n".as_bytes(),
            b"Diese Nachricht ist f\xfcr den Empf\xe4nger. \xdcber Gr\xf6\xdfe und M\xe4ngel \xe0\xa0la carte: \xabcaf\xe9\xbb.",
        ];
        for label in [None, Some("utf-8")] {
            check(
                &footed.concat(),
                label,
                "„Grüße“ für 30 €.\nDiese Nachricht ist für den Empfänger. Über Größe und Mängel à\u{a0}la carte: «café».",
            );
        }
        // A sharp s with a quote mark behind it is no sign that people write.
        check(b"\x84Spa\xdf\x93 f\xfcr alle", Some("utf-8"), "„Spaß“ für alle");
        check(b"\xcf\xf0\xe8\xe2\xe5\xf2, \xce\xce\xce \xab\xc2\xc5\xd2\xc2\xbb!", Some("utf-8"), "Привет, ООО «ВЕТВ»!");
    }

    #[test]
    fn a_cut_utf8_text_keeps_its_good_characters() {
        check(b"pr\xc3\xa9c\xc3\xa9dent \xc3", Some("utf-8"), "précédent \u{fffd}");
    }
}
