//! Encoded words (RFC 2047), read as they are found: glued to text, with spaces inside, cut in the middle of a character.

use std::borrow::Cow;

use crate::{charset, transfer};

/// Decoded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text.
    pub text: String,
    /// A charset was unknown or did not fit.
    pub mismatch: bool,
}

/// One `=?charset?encoding?text?=`.
struct Word<'a> {
    charset: &'a str,
    is_base64: bool,
    payload: &'a str,
    /// Bytes of the whole word.
    length: usize,
}

/// Whether a text may hold a word.
pub(crate) fn may_be_in(text: &str) -> bool {
    memchr::memchr_iter(b'=', text.as_bytes()).any(|at| text.as_bytes().get(at + 1) == Some(&b'?'))
}

/// Decodes every word in a text. White space between two words is dropped (RFC 2047 §6.2).
///
/// The bytes of neighbours with the same charset are joined before they are decoded, since many writers cut them in the
/// middle of a character.
#[must_use]
pub fn decode(text: &str) -> Decoded {
    let mut out = Decoded { text: String::with_capacity(text.len()), mismatch: false };
    let mut run = Run::default();
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        match word_at(from) {
            Some(word) => {
                let only_space = before.chars().all(char::is_whitespace);
                if !(run.is_open() && only_space) {
                    run.finish(&mut out);
                    out.text.push_str(before);
                }
                rest = &from[word.length..];
                run.add(&word, &mut out);
            }
            None => {
                run.finish(&mut out);
                out.text.push_str(before);
                out.text.push_str("=?");
                rest = &from[2..];
            }
        }
    }
    run.finish(&mut out);
    out.text.push_str(rest);
    out
}

/// Length of the encoded word at the start of `text`, if there is one. Lists are split around words, not in them.
#[must_use]
pub fn length_at(text: &str) -> Option<usize> {
    word_at(text).map(|word| word.length)
}

/// Neighbouring words of one charset, not yet decoded.
#[derive(Default)]
struct Run<'a> {
    charset: Option<&'a str>,
    bytes: Vec<u8>,
    /// Where each word begins in `bytes`.
    starts: Vec<usize>,
    /// Base64 letters that do not yet make whole groups.
    letters: Cow<'a, str>,
    /// The beginning of a "Q" escape that a word ends with: `=` or `=C`.
    escape: &'a str,
}

impl<'a> Run<'a> {
    fn is_open(&self) -> bool {
        self.charset.is_some()
    }

    fn add(&mut self, word: &Word<'a>, out: &mut Decoded) {
        if !self.charset.is_some_and(|charset| charset.eq_ignore_ascii_case(word.charset)) {
            self.finish(out);
            self.charset = Some(word.charset);
        }
        self.starts.push(self.bytes.len());
        if word.is_base64 {
            self.take_escape();
            let payload = word.payload.trim();
            if self.lacks_padding(payload) {
                self.take_letters();
            }
            if self.letters.is_empty() {
                self.letters = payload.into()
            } else {
                self.letters.to_mut().push_str(payload)
            }
            let count = self.letters.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
            if self.letters.ends_with('=') || count.is_multiple_of(4) {
                self.take_letters();
            }
        } else {
            self.take_letters();
            let joined = (!self.escape.is_empty()).then(|| format!("{}{}", self.escape, word.payload));
            self.escape = cut_escape(word.payload);
            let whole = joined.as_deref().unwrap_or(word.payload);
            push_q(&mut self.bytes, whole.strip_suffix(self.escape).unwrap_or(whole));
        }
    }

    /// An escape that no neighbour goes on with stays as it stands.
    fn take_escape(&mut self) {
        self.bytes.extend_from_slice(std::mem::take(&mut self.escape).as_bytes());
    }

    /// Whether the letters so far are a whole word whose padding is missing, and no piece of one that goes on: the bits
    /// left over are zero then, and joined with what follows they make no text.
    fn lacks_padding(&self, payload: &str) -> bool {
        let is_rest_zero = match (self.letters.len() % 4, self.letters.bytes().next_back()) {
            (2, Some(last)) => b"AQgw".contains(&last),
            (3, Some(last)) => b"AEIMQUYcgkosw048".contains(&last),
            _ => false,
        };
        let reads = |letters: &str| !charset::decode(&transfer::base64(letters.as_bytes()).0, self.charset, None).mismatch;
        is_rest_zero && reads(&self.letters) && !reads(&format!("{}{payload}", self.letters))
    }

    fn take_letters(&mut self) {
        if !self.letters.is_empty() {
            self.bytes.extend_from_slice(&transfer::base64(self.letters.as_bytes()).0);
            self.letters = Cow::default();
        }
    }

    fn finish(&mut self, out: &mut Decoded) {
        self.take_letters();
        self.take_escape();
        if let Some(charset) = self.charset.take() {
            let whole = charset::decode(&self.bytes, Some(charset), None);
            // Words that are good alone are taken alone: the shift states of ISO-2022 must not be joined.
            match self.alone(charset).filter(|_| whole.mismatch) {
                Some(text) => out.text.push_str(&text),
                None => {
                    out.mismatch |= whole.mismatch;
                    out.text.push_str(&whole.text);
                }
            }
            self.bytes.clear();
            self.starts.clear();
        }
    }
}

impl Run<'_> {
    /// Each word decoded on its own; `None` if one of them is cut.
    fn alone(&self, charset: &str) -> Option<String> {
        let ends = self.starts.iter().skip(1).copied().chain([self.bytes.len()]);
        let mut text = String::new();
        for (start, end) in self.starts.iter().copied().zip(ends) {
            let word = charset::decode(&self.bytes[start..end], Some(charset), None);
            if word.mismatch {
                return None;
            }
            text.push_str(&word.text);
        }
        Some(text)
    }
}

/// The beginning of an escape at the end of a payload.
fn cut_escape(payload: &str) -> &str {
    let at = payload.len() - payload.len().min(2);
    let end = payload.get(at..).unwrap_or_default();
    match end.as_bytes() {
        [b'=', digit] if digit.is_ascii_hexdigit() => end,
        [.., b'='] => &end[end.len() - 1..],
        _ => "",
    }
}

/// The "Q" encoding (RFC 2047 §4.2). An escape may be folded in its middle.
fn push_q(bytes: &mut Vec<u8>, payload: &str) {
    let mut rest = payload.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'_' => bytes.push(b' '),
            b'=' => match transfer::hex_pair(tail) {
                Some(decoded) => {
                    bytes.push(decoded);
                    rest = &tail[2..];
                }
                None => match folded_pair(tail) {
                    Some((decoded, after)) => {
                        bytes.push(decoded);
                        rest = after;
                    }
                    None => bytes.push(byte),
                },
            },
            _ => bytes.push(byte),
        }
    }
}

/// `C 3`: two digits of one escape with a fold between them, and what follows.
fn folded_pair(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&high, rest) = text.split_first()?;
    let after = rest.trim_ascii_start();
    let (&low, tail) = after.split_first()?;
    let is_folded = after.len() < rest.len() && high.is_ascii_hexdigit();
    Some((transfer::hex_pair(&[high, low]).filter(|_| is_folded)?, tail))
}

fn word_at(text: &str) -> Option<Word<'_>> {
    let inner = text.strip_prefix("=?")?;
    let charset_end = inner.find('?').filter(|&end| end > 0 && end <= 60)?;
    let charset = &inner[..charset_end];
    if charset.contains(|c: char| !c.is_ascii_graphic() || c == '=') {
        return None;
    }
    let after = &inner[charset_end + 1..];
    let is_base64 = match after.as_bytes() {
        [b'b' | b'B', b'?', ..] => true,
        [b'q' | b'Q', b'?', ..] => false,
        _ => return None,
    };
    let payload = &after[2..];
    let (payload, tail) = end_of_payload(payload, is_base64)?;
    Some(Word { charset, is_base64, payload, length: 2 + charset_end + 1 + 2 + payload.len() + tail })
}

/// The payload and the length of what closes it. A word that is never closed ends at white space or with the text.
fn end_of_payload(text: &str, is_base64: bool) -> Option<(&str, usize)> {
    let next = text.find("=?");
    match text.find("?=") {
        // `=?utf-8?Q?a?==?utf-8?Q?b?=`: the found end may overlap the next start, which is fine; an end beyond it is not ours.
        Some(end) if next.is_none_or(|next| end <= next + 1) => {
            // In `?Q??=41?=` the first mark is part of the text: `?=` followed by two digits goes on.
            let goes_on =
                !is_base64 && transfer::hex_pair(&text.as_bytes()[end + 2..]).is_some() && text[end + 2..].contains("?=");
            if goes_on && next.is_none() {
                let second = end + 2 + text[end + 2..].find("?=")?;
                return Some((&text[..second], 2));
            }
            Some((&text[..end], 2))
        }
        _ if is_base64 => {
            let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c))).unwrap_or(text.len());
            let end = text[..end].find("=?").map_or(end, |start| start.min(end));
            let tail = usize::from(text[end..].starts_with('?'));
            (end > 0).then_some((&text[..end], tail))
        }
        _ => {
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            (end > 0).then_some((text[..end].trim_end_matches('?'), end - text[..end].trim_end_matches('?').len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expect: &str) {
        assert_eq!(decode(input).text, expect, "{input}");
    }

    #[test]
    fn words_are_decoded_wherever_they_stand() {
        check("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße");
        check("Re: =?iso-8859-1?q?caf=E9?= today", "Re: café today");
        check("a=?utf-8?B?w6Q=?=b", "aäb");
        check("=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore");
        check("=?utf-8?Q?with raw spaces?=", "with raw spaces");
        check("=?utf-8?q?a?= =?utf-8?q?b?=  c", "ab  c");
        check("=?utf-8?q?a?==?utf-8?q?b?=", "ab");
        check("=?utf-8?Q??=41?=", "?A");
    }

    #[test]
    fn characters_cut_between_words_are_joined() {
        check("=?utf-8?B?w4==?= =?utf-8?B?pA==?=", "ä");
        check("=?utf-8?Q?=C3?= =?UTF-8?Q?=A4?=", "ä");
        check("=?utf-8?B?w6?= =?utf-8?B?Q=?=", "ä");
        // Without padding, each whole.
        check("=?utf-8?B?bMOkbmc?= =?utf-8?B?w7xtbGF1?= =?utf-8?B?dGUh?=", "längümlaute!");
        check("=?utf-8?Q?=C3=84b=C?= =?utf-8?Q?3=A4?=", "Äbä");
        check("=?utf-8?Q?a=?= =?utf-8?Q?C3=A4?= =?utf-8?Q?b=4?=", "aäb=4");
        check("=?utf-8?Q?=C3=B6=C 3=B5 =C g?=", "öõ =C g");
        check("=?iso-2022-jp?B?GyRCJU8=?= =?iso-2022-jp?B?JW0bKEI=?=", "ハロ");
        check("=?iso-2022-jp?B?GyRCJU8bKEI=?= =?iso-2022-jp?B?GyRCJW0bKEI=?=", "ハロ");
    }

    #[test]
    fn what_is_no_word_stays() {
        check("a =? b ?= c", "a =? b ?= c");
        check("=?utf-8?X?a?=", "=?utf-8?X?a?=");
        check("=?\u{e5}?b?YYvv?=", "=?\u{e5}?b?YYvv?=");
        check("=?utf-8?Q?open", "open");
        check("=?", "=?");
    }

    #[test]
    fn an_unknown_charset_is_guessed_and_noted() {
        let decoded = decode("=?x-nonsense?B?U3VibWl0?=");
        assert_eq!((decoded.text.as_str(), decoded.mismatch), ("Submit", true));
    }
}
