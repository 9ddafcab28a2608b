//! `winmail.dat` (MS-OXTNEF): the text and the files that Outlook packs into one attachment.
//!
//! Only what a reader needs is taken: names, bytes, text bodies. Nested messages inside are not opened. The one crate for
//! this format stops at the attributes and leaves the MAPI properties, where long names and texts are, unread.

use crate::{charset, limits};

/// What a `winmail.dat` holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tnef {
    /// The plain text, where there is one.
    pub text: Option<String>,
    /// The HTML text, where there is one.
    pub html: Option<String>,
    /// Files in order, at most [`limits::TNEF_FILES_MAX`].
    pub files: Vec<File>,
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Declared name, unsafe as it is.
    pub name: Option<String>,
    /// Declared media type.
    pub content_type: Option<String>,
    /// Content-ID without brackets.
    pub content_id: Option<String>,
    /// The bytes.
    pub data: Vec<u8>,
}

const SIGNATURE: u32 = 0x223e_9f78;
const ATTRIBUTE_ATTACHMENT_RENDERING: u16 = 0x9002;
const ATTRIBUTE_MESSAGE_PROPERTIES: u16 = 0x9003;
const ATTRIBUTE_ATTACHMENT_PROPERTIES: u16 = 0x9005;
const ATTRIBUTE_CODE_PAGE: u16 = 0x9007;
const ATTRIBUTE_BODY: u16 = 0x800c;
const ATTRIBUTE_ATTACHMENT_DATA: u16 = 0x800f;
const ATTRIBUTE_ATTACHMENT_TITLE: u16 = 0x8010;

const PROPERTY_BODY: u16 = 0x1000;
const PROPERTY_RTF: u16 = 0x1009;
const PROPERTY_HTML: u16 = 0x1013;
const PROPERTY_ATTACHMENT_DATA: u16 = 0x3701;
const PROPERTY_ATTACHMENT_SHORT_NAME: u16 = 0x3704;
const PROPERTY_ATTACHMENT_LONG_NAME: u16 = 0x3707;
const PROPERTY_ATTACHMENT_TYPE: u16 = 0x370e;
const PROPERTY_ATTACHMENT_CONTENT_ID: u16 = 0x3712;

/// The handle of a file inside the part `part`; the part itself has the handle of its index.
#[must_use]
pub fn handle(part: usize, file: usize) -> u32 {
    let part = u32::try_from(part).unwrap_or(u32::MAX) & 0xffff;
    part | u32::try_from(file + 1).unwrap_or(0) << 16
}

/// Index of the part, and of the file inside it.
#[must_use]
pub fn split_handle(handle: u32) -> (usize, Option<usize>) {
    let part = usize::try_from(handle & 0xffff).unwrap_or(0);
    (part, usize::try_from(handle >> 16).ok().and_then(|file| file.checked_sub(1)))
}

/// Opens a `winmail.dat`; `None` if it is none. One that ends too early gives what it holds up to there.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Tnef> {
    let mut cursor = Cursor(bytes);
    if cursor.u32()? != SIGNATURE {
        return None;
    }
    cursor.u16()?;
    let mut tnef = Tnef::default();
    let mut code_page = 1252;
    while let Some((id, data)) = attribute(&mut cursor) {
        match id {
            ATTRIBUTE_CODE_PAGE => code_page = Cursor(data).u32().unwrap_or(code_page),
            ATTRIBUTE_BODY => tnef.text = Some(narrow(data, code_page)),
            ATTRIBUTE_MESSAGE_PROPERTIES => {
                for (id, value) in properties(data, code_page) {
                    take_message_property(&mut tnef, id, value, code_page);
                }
            }
            ATTRIBUTE_ATTACHMENT_RENDERING if tnef.files.len() >= limits::TNEF_FILES_MAX => break,
            ATTRIBUTE_ATTACHMENT_RENDERING => tnef.files.push(File::default()),
            ATTRIBUTE_ATTACHMENT_TITLE | ATTRIBUTE_ATTACHMENT_DATA | ATTRIBUTE_ATTACHMENT_PROPERTIES => {
                if let Some(file) = tnef.files.last_mut() {
                    take_file_attribute(file, id, data, code_page);
                }
            }
            _ => {}
        }
    }
    Some(tnef)
}

fn take_message_property(tnef: &mut Tnef, id: u16, value: Value<'_>, code_page: u32) {
    match (id, value) {
        (PROPERTY_BODY, Value::Text(text)) => tnef.text = Some(text),
        (PROPERTY_HTML, Value::Text(text)) => tnef.html = Some(text),
        (PROPERTY_HTML, Value::Bytes(bytes)) => tnef.html = Some(narrow(bytes, code_page)),
        (PROPERTY_RTF, Value::Bytes(bytes)) if tnef.text.is_none() => {
            tnef.text = crate::rtf::decompress(bytes).map(|rtf| crate::rtf::to_text(&rtf)).filter(|text| !text.trim().is_empty());
        }
        _ => {}
    }
}

fn take_file_attribute(file: &mut File, id: u16, data: &[u8], code_page: u32) {
    match id {
        ATTRIBUTE_ATTACHMENT_TITLE if file.name.is_none() => file.name = Some(narrow(data, code_page)),
        ATTRIBUTE_ATTACHMENT_DATA => file.data = data.to_vec(),
        ATTRIBUTE_ATTACHMENT_PROPERTIES => {
            for (id, value) in properties(data, code_page) {
                match (id, value) {
                    (PROPERTY_ATTACHMENT_LONG_NAME, Value::Text(name)) if !name.is_empty() => file.name = Some(name),
                    (PROPERTY_ATTACHMENT_SHORT_NAME, Value::Text(name)) if file.name.is_none() => file.name = Some(name),
                    (PROPERTY_ATTACHMENT_TYPE, Value::Text(kind)) if kind.contains('/') => {
                        file.content_type = Some(kind.to_lowercase())
                    }
                    (PROPERTY_ATTACHMENT_CONTENT_ID, Value::Text(id)) if !id.is_empty() => file.content_id = Some(id),
                    (PROPERTY_ATTACHMENT_DATA, Value::Bytes(bytes)) if file.data.is_empty() => file.data = bytes.to_vec(),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// One attribute: level, id, type, length, data, checksum. The checksum is not verified: a wrong one harms nobody.
fn attribute<'a>(cursor: &mut Cursor<'a>) -> Option<(u16, &'a [u8])> {
    cursor.take(1)?;
    let id = cursor.u16()?;
    cursor.u16()?;
    let length = usize::try_from(cursor.u32()?).ok()?;
    let data = cursor.take(length)?;
    let _checksum = cursor.u16();
    Some((id, data))
}

/// A property value of a kind that is read here.
enum Value<'a> {
    Text(String),
    Bytes(&'a [u8]),
    Other,
}

/// MAPI properties (MS-OXTNEF §2.1.3.4) up to the first that cannot be read.
fn properties(data: &[u8], code_page: u32) -> Vec<(u16, Value<'_>)> {
    let mut cursor = Cursor(data);
    let mut out = Vec::new();
    let count = cursor.u32().unwrap_or(0).min(2_000);
    for _ in 0..count {
        let Some(property) = property(&mut cursor, code_page) else { break };
        out.push(property);
    }
    out
}

fn property<'a>(cursor: &mut Cursor<'a>, code_page: u32) -> Option<(u16, Value<'a>)> {
    let kind = cursor.u16()?;
    let id = cursor.u16()?;
    if id >= 0x8000 {
        skip_property_name(cursor)?;
    }
    let is_multiple = kind & 0x1000 != 0;
    let base = kind & 0x0fff;
    let fixed = match base {
        // 16-bit values are padded to four bytes.
        0x02 | 0x03 | 0x04 | 0x0a | 0x0b => Some(4),
        0x05 | 0x06 | 0x07 | 0x14 | 0x40 => Some(8),
        0x48 => Some(16),
        _ => None,
    };
    let count = if is_multiple || fixed.is_none() { cursor.u32()? } else { 1 };
    let mut value = Value::Other;
    for _ in 0..count {
        let Some(length) = fixed else {
            let length = usize::try_from(cursor.u32()?).ok()?;
            let data = cursor.take(length)?;
            cursor.take((4 - length % 4) % 4)?;
            value = match base {
                0x1e => Value::Text(narrow(data, code_page)),
                0x1f => Value::Text(wide(data)),
                // An object starts with the 16 bytes of its interface.
                0x0d => Value::Bytes(data.get(16..).unwrap_or_default()),
                0x102 => Value::Bytes(data),
                _ => Value::Other,
            };
            continue;
        };
        cursor.take(length)?;
    }
    Some((id, value))
}

fn skip_property_name(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.take(16)?;
    if cursor.u32()? == 0 {
        cursor.u32()?;
    } else {
        let length = usize::try_from(cursor.u32()?).ok()?;
        cursor.take(length)?;
        cursor.take((4 - length % 4) % 4)?;
    }
    Some(())
}

fn narrow(bytes: &[u8], code_page: u32) -> String {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let label = charset::label_of_page(code_page);
    charset::decode(&bytes[..end], Some(&label), None).text.into_owned()
}

fn wide(bytes: &[u8]) -> String {
    let text = encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0;
    text.trim_end_matches('\0').to_owned()
}

/// Little-endian reading that ends with `None` where the data does.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(out: &mut Vec<u8>, level: u8, id: u16, data: &[u8]) {
        out.push(level);
        out.extend_from_slice(&id.to_le_bytes());
        out.extend_from_slice(&6_u16.to_le_bytes());
        out.extend_from_slice(&u32::try_from(data.len()).expect("small").to_le_bytes());
        out.extend_from_slice(data);
        out.extend_from_slice(&data.iter().fold(0_u16, |sum, &byte| sum.wrapping_add(u16::from(byte))).to_le_bytes());
    }

    fn sample() -> Vec<u8> {
        let mut long_name = 1_u32.to_le_bytes().to_vec();
        long_name.extend_from_slice(&[0x1f, 0, 0x07, 0x37, 1, 0, 0, 0, 10, 0, 0, 0]);
        long_name.extend("ä.tx\0".encode_utf16().flat_map(u16::to_le_bytes));
        long_name.extend_from_slice(&[0, 0]);
        let mut out = SIGNATURE.to_le_bytes().to_vec();
        out.extend_from_slice(&[1, 0]);
        attribute(&mut out, 1, ATTRIBUTE_BODY, b"Hello\r\n\0");
        attribute(&mut out, 2, ATTRIBUTE_ATTACHMENT_RENDERING, &[0; 14]);
        attribute(&mut out, 2, ATTRIBUTE_ATTACHMENT_TITLE, b"short.txt\0");
        attribute(&mut out, 2, ATTRIBUTE_ATTACHMENT_DATA, b"content");
        attribute(&mut out, 2, ATTRIBUTE_ATTACHMENT_PROPERTIES, &long_name);
        out
    }

    #[test]
    fn text_and_files_are_taken_out() {
        let tnef = read(&sample()).expect("a winmail.dat");
        assert_eq!(tnef.text.as_deref(), Some("Hello\r\n"));
        assert_eq!(tnef.files.len(), 1);
        assert_eq!((tnef.files[0].name.as_deref(), tnef.files[0].data.as_slice()), (Some("ä.tx"), &b"content"[..]));
    }

    #[test]
    fn a_cut_file_gives_what_it_holds() {
        let whole = sample();
        for length in 0..whole.len() {
            let _ = read(&whole[..length]);
        }
        assert_eq!(read(&whole[..40]).and_then(|tnef| tnef.text).as_deref(), Some("Hello\r\n"));
        assert_eq!(read(b"no tnef at all"), None);
    }

    #[test]
    fn a_handle_splits_into_what_it_was_made_of() {
        assert_eq!(split_handle(handle(9_999, 42)), (9_999, Some(42)));
        assert_eq!(split_handle(7), (7, None));
    }
}
