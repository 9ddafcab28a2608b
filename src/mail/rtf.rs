//! Rich text as Outlook stores it: compressed (MS-OXRTFCP), and read as plain text.

use crate::{charset, limits};

const PRELOAD: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Unpacks compressed RTF. `None` if it is none; at most [`limits::TEXT_BYTES_MAX`] bytes.
#[must_use]
pub fn decompress(data: &[u8]) -> Option<Vec<u8>> {
    let kind: [u8; 4] = data.get(8..12)?.try_into().ok()?;
    let size = u32::from_le_bytes(data.get(4..8)?.try_into().ok()?);
    let size = usize::try_from(size).ok()?.min(limits::TEXT_BYTES_MAX);
    let mut input = data.get(16..)?.iter().copied();
    match &kind {
        b"MELA" => return Some(input.take(size).collect()),
        b"LZFu" => {}
        _ => return None,
    }
    let mut window = [b' '; 4_096];
    window[..PRELOAD.len()].copy_from_slice(PRELOAD);
    let mut write = PRELOAD.len();
    let mut out = Vec::with_capacity(size.min(64 * 1024));
    'all: while let Some(flags) = input.next() {
        for bit in 0..8 {
            if out.len() >= size {
                break 'all;
            }
            if flags >> bit & 1 == 0 {
                let Some(byte) = input.next() else { break 'all };
                out.push(byte);
                window[write] = byte;
                write = (write + 1) % window.len();
                continue;
            }
            let (Some(high), Some(low)) = (input.next(), input.next()) else { break 'all };
            let word = usize::from(high) << 8 | usize::from(low);
            let (offset, length) = (word >> 4, (word & 0xf) + 2);
            if offset == write {
                break 'all;
            }
            for step in 0..length {
                let byte = window[(offset + step) % window.len()];
                out.push(byte);
                window[write] = byte;
                write = (write + 1) % window.len();
            }
        }
    }
    Some(out)
}

/// The visible text. Tables of fonts and styles, pictures and the HTML tags that Outlook hides inside are left out.
#[must_use]
pub fn to_text(rtf: &[u8]) -> String {
    let mut reader = Reader::default();
    let mut rest = rtf;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'{' => reader.open(),
            b'}' => reader.close(),
            b'\r' | b'\n' | 0 => {}
            b'\\' => rest = reader.control(tail),
            _ => reader.byte(byte),
        }
        if reader.out.len() > limits::TEXT_BYTES_MAX {
            break;
        }
    }
    reader.finish()
}

/// What holds within a group and ends with it.
#[derive(Clone, Copy)]
struct Group {
    is_hidden: bool,
    is_font_table: bool,
    code_page: u32,
    /// Characters that stand behind a `\u` for readers that know none of it (`\uc`).
    fallback: usize,
}

/// Text of one kind, kept until it ends: characters of several bytes, and pairs of surrogates, come in pieces.
#[derive(Default)]
struct Reader {
    out: String,
    bytes: Vec<u8>,
    units: Vec<u16>,
    groups: Vec<Group>,
    /// Code pages of the fonts, by their number.
    fonts: Vec<(i32, u32)>,
    /// The page of the whole text (`\ansicpg`).
    page: Option<u32>,
    /// The font that the table is about.
    font: i32,
    skip: usize,
}

/// Deeper groups are read as if they were the last of these; no writer nests so far.
const GROUPS_MAX: usize = 1_000;
/// Fonts that are remembered; who writes more uses few of them.
const FONTS_MAX: usize = 200;

impl Reader {
    fn group(&self) -> Group {
        let page = self.page.unwrap_or(1252);
        self.groups.last().copied().unwrap_or(Group { is_hidden: false, is_font_table: false, code_page: page, fallback: 1 })
    }

    fn set(&mut self, group: Group) {
        match self.groups.last_mut() {
            Some(top) => *top = group,
            None => self.groups.push(group),
        }
    }

    fn open(&mut self) {
        self.flush();
        if self.groups.len() < GROUPS_MAX {
            self.groups.push(self.group());
        }
    }

    fn close(&mut self) {
        self.flush();
        self.skip = 0;
        self.groups.pop();
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.group().is_hidden {
            self.push_units();
            self.bytes.push(byte);
        }
    }

    fn text(&mut self, text: &str) {
        if !self.group().is_hidden {
            self.flush();
            self.out.push_str(text);
        }
    }

    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            let text = charset::decode(&self.bytes, Some(&charset::label_of_page(self.group().code_page)), None).text;
            self.out.push_str(&text);
            self.bytes.clear();
        }
        self.push_units();
    }

    fn push_units(&mut self) {
        if !self.units.is_empty() {
            let characters = char::decode_utf16(self.units.drain(..)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
            self.out.extend(characters);
        }
    }

    fn finish(mut self) -> String {
        self.flush();
        self.out
    }

    /// One control word or symbol behind the backslash; returns what follows it.
    fn control<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let letters = text.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(text.len());
        if letters == 0 {
            let Some((&symbol, rest)) = text.split_first() else { return text };
            match symbol {
                b'\'' => {
                    let Some(byte) = crate::transfer::hex_pair(rest) else { return rest };
                    self.byte(byte);
                    return &rest[2..];
                }
                b'*' => self.hide(true),
                b'~' => self.text(" "),
                b'_' => self.text("-"),
                b'\\' | b'{' | b'}' => self.byte(symbol),
                _ => {}
            }
            return rest;
        }
        let word = &text[..letters];
        let after = &text[letters..];
        let sign = usize::from(after.first() == Some(&b'-'));
        let digits = after[sign..].iter().take(6).position(|byte| !byte.is_ascii_digit()).unwrap_or(after[sign..].len().min(6));
        let number = std::str::from_utf8(&after[..sign + digits]).ok().and_then(|digits| digits.parse::<i32>().ok());
        let after = if digits > 0 { &after[sign + digits..] } else { after };
        self.word(word, number);
        after.strip_prefix(b" ").unwrap_or(after)
    }

    fn hide(&mut self, is_hidden: bool) {
        self.flush();
        self.set(Group { is_hidden, ..self.group() });
    }

    fn word(&mut self, word: &[u8], number: Option<i32>) {
        match word {
            b"par" | b"line" | b"row" | b"sect" | b"page" => self.text("\n"),
            b"tab" | b"cell" => self.text("\t"),
            b"lquote" => self.text("‘"),
            b"rquote" => self.text("’"),
            b"ldblquote" => self.text("“"),
            b"rdblquote" => self.text("”"),
            b"bullet" => self.text("•"),
            b"endash" => self.text("–"),
            b"emdash" => self.text("—"),
            b"u" => {
                let group = self.group();
                if !group.is_hidden {
                    let units = std::mem::take(&mut self.units);
                    self.flush();
                    self.units = units;
                    self.units.extend(u16::try_from(number.unwrap_or(0x20).rem_euclid(0x1_0000)));
                }
                self.skip = group.fallback;
            }
            b"uc" => {
                let fallback = number.and_then(|count| usize::try_from(count).ok()).unwrap_or(1).min(8);
                self.set(Group { fallback, ..self.group() });
            }
            b"fonttbl" => {
                self.hide(true);
                self.set(Group { is_font_table: true, ..self.group() });
            }
            b"colortbl" | b"stylesheet" | b"pict" | b"info" | b"object" | b"listtable" | b"header" | b"footer" => self.hide(true),
            b"htmlrtf" => self.hide(number != Some(0)),
            b"ansicpg" => {
                self.page = number.and_then(|page| u32::try_from(page).ok()).filter(|&page| page != 0);
                self.set(Group { code_page: self.page.unwrap_or(1252), ..self.group() });
            }
            b"f" => self.font(number.unwrap_or(0)),
            b"fcharset" if self.group().is_font_table && self.fonts.len() < FONTS_MAX => {
                self.fonts.extend(number.and_then(page_of_font).map(|page| (self.font, page)));
            }
            _ => {}
        }
    }

    fn font(&mut self, number: i32) {
        let group = self.group();
        if group.is_font_table {
            self.font = number;
            return;
        }
        let known = self.fonts.iter().find(|(font, _)| *font == number).map(|(_, page)| *page);
        let code_page = known.or(self.page).unwrap_or(1252);
        if code_page != group.code_page {
            self.flush();
            self.set(Group { code_page, ..group });
        }
    }
}

/// The code page of a font's `\fcharset`; the fonts of western text say nothing more than the text as a whole.
fn page_of_font(charset: i32) -> Option<u32> {
    let page = match charset {
        128 => 932,
        129 => 949,
        134 => 936,
        136 => 950,
        161 => 1253,
        162 => 1254,
        163 => 1258,
        177 => 1255,
        178 => 1256,
        186 => 1257,
        204 => 1251,
        222 => 874,
        238 => 1250,
        _ => return None,
    };
    Some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_read_without_tables_and_tags() {
        let rtf = br"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Gr\'fc\u223?e\par {\*\htmltag <b>}two\tab three\par}";
        assert_eq!(to_text(rtf), "Grüße\ntwo\tthree\n");
    }

    #[test]
    fn text_is_read_in_the_code_page_of_its_font_or_of_the_whole() {
        let fonts = br"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}{\f2\fcharset128 Gothic;}}{\f1 \'cf\'f0\'e8}\f0\'e9\f2\'93\'fa\'96\'7b\par}";
        assert_eq!(to_text(fonts), "Приé日本\n");
        assert_eq!(to_text(br"{\rtf1\ansi\ansicpg1251\'cf\'f0\'e8}"), "При");
        assert_eq!(to_text(br"{\rtf1\uc1\u-10179?\u-8704?\uc2\u246\'81\'40x{\uc0\u228}y}"), "\u{1f600}öxäy");
    }

    #[test]
    fn the_sample_of_the_specification_is_unpacked() {
        // MS-OXRTFCP §4.1.1.
        let data: &[u8] = &[
            0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a, 0x00, 0x72, 0x63,
            0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05,
            0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
        ];
        assert_eq!(decompress(data).as_deref(), Some(&b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"[..]));
    }
}
