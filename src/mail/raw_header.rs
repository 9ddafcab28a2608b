//! Header fields as bytes, before any decoding.
//!
//! Proof is sought here and not in decoded headers: an encoded word (RFC 2047) in an address could decode to the very
//! `dmarc=pass` that a host never wrote.

use crate::limits;

/// One field, unfolded (RFC 5322 §2.2.3), bytes that are no UTF-8 replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawHeader {
    /// Name as written.
    pub(crate) name: String,
    /// Everything behind the colon, line ends removed.
    pub(crate) value: String,
    /// Nobody reads this field as something else: no line that is no field stands above it, where other programs let the
    /// body begin, and no blank stands before its colon.
    pub(crate) is_plain: bool,
}

impl RawHeader {
    /// Whether this is the field of that name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The fields of a mail's header block, top to bottom, within the limits of the reader.
pub(crate) fn fields(raw: &[u8]) -> Vec<RawHeader> {
    let block = &raw[..raw.len().min(limits::HEADER_BYTES_MAX)];
    let mut found: Vec<RawHeader> = Vec::new();
    let mut in_header = true;
    for line in block.split(|byte| *byte == b'\n').take(limits::HEADER_LINES_MAX) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(line);
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let Some(last) = found.last_mut() {
                last.value.push_str(&text);
            }
            continue;
        }
        let (written, value) = text.split_once(':').unwrap_or_default();
        let name = written.trim_end();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            // An mbox separator may precede the fields.
            in_header &= found.is_empty() && line.starts_with(b"From ");
            continue;
        }
        found.push(RawHeader { name: name.to_owned(), value: value.to_owned(), is_plain: in_header && name == written });
    }
    found
}
