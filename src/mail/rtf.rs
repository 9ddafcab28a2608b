//! Rich text as Outlook stores it: compressed (MS-OXRTFCP), and read as plain text.

use crate::limits;

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
    let mut out = String::with_capacity(rtf.len() / 2);
    // For every open group: is it hidden?
    let mut hidden = vec![false];
    let mut rest = rtf;
    let mut skip = 0_usize;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let is_hidden = hidden.last().copied().unwrap_or(false);
        match byte {
            b'{' => hidden.push(is_hidden),
            b'}' => {
                hidden.pop();
            }
            b'\r' | b'\n' => {}
            b'\\' => {
                let (text, after, hides) = control(tail, &mut skip);
                rest = after;
                if let (Some(hides), Some(top)) = (hides, hidden.last_mut()) {
                    *top = hides;
                }
                if !is_hidden && hides.is_none() {
                    out.push_str(&text);
                }
            }
            _ if skip > 0 => skip -= 1,
            _ if is_hidden => {}
            _ => out.push(char::from(byte)),
        }
        if out.len() > limits::TEXT_BYTES_MAX {
            break;
        }
    }
    out
}

/// One control word or symbol behind the backslash: its text, the rest, and whether its group is hidden from here on.
fn control<'a>(text: &'a [u8], skip: &mut usize) -> (String, &'a [u8], Option<bool>) {
    let letters = text.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(text.len());
    if letters == 0 {
        let Some((&symbol, rest)) = text.split_first() else { return (String::new(), text, None) };
        return match symbol {
            b'\'' => match crate::transfer::hex_pair(rest) {
                Some(_) if *skip > 0 => {
                    *skip -= 1;
                    (String::new(), &rest[2..], None)
                }
                Some(byte) => (encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.into_owned(), &rest[2..], None),
                None => (String::new(), rest, None),
            },
            b'*' => (String::new(), rest, Some(true)),
            b'~' => (" ".to_owned(), rest, None),
            b'_' => ("-".to_owned(), rest, None),
            b'\\' | b'{' | b'}' => (char::from(symbol).to_string(), rest, None),
            _ => (String::new(), rest, None),
        };
    }
    let word = &text[..letters];
    let after = &text[letters..];
    let sign = usize::from(after.first() == Some(&b'-'));
    let digits = after[sign..].iter().take(6).position(|byte| !byte.is_ascii_digit()).unwrap_or(after[sign..].len().min(6));
    let number = std::str::from_utf8(&after[..sign + digits]).ok().and_then(|digits| digits.parse::<i32>().ok());
    let after = if digits > 0 { &after[sign + digits..] } else { after };
    let after = after.strip_prefix(b" ").unwrap_or(after);
    let shown = match word {
        b"par" | b"line" | b"row" | b"sect" | b"page" => "\n".to_owned(),
        b"tab" | b"cell" => "\t".to_owned(),
        b"lquote" => "‘".to_owned(),
        b"rquote" => "’".to_owned(),
        b"ldblquote" => "“".to_owned(),
        b"rdblquote" => "”".to_owned(),
        b"bullet" => "•".to_owned(),
        b"endash" => "–".to_owned(),
        b"emdash" => "—".to_owned(),
        b"u" => {
            *skip = 1;
            let code = number.unwrap_or(0x20).rem_euclid(0x1_0000);
            u32::try_from(code).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string()
        }
        _ => String::new(),
    };
    let hides = match word {
        b"fonttbl" | b"colortbl" | b"stylesheet" | b"pict" | b"info" | b"object" | b"listtable" | b"header" | b"footer" => {
            Some(true)
        }
        b"htmlrtf" => Some(number != Some(0)),
        _ => None,
    };
    (shown, after, hides)
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
