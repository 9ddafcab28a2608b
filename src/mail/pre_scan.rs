//! One linear look at a mail before anything reads it: how large and how deep is it?
//!
//! The reader in [`crate::parse`] limits itself and is safe in the same process. The verdict here lets the daemon put
//! unusual mail into a child process all the same, so that a mistake in the reader costs one mail and not the desk.

use serde::{Deserialize, Serialize};

use crate::{Defect, header, limits};

/// What the scan counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreScan {
    /// Whole size.
    pub bytes: usize,
    /// Size of the header block.
    pub header_bytes: usize,
    /// Lines of the header block.
    pub header_lines: usize,
    /// Longest field of the header block, folds included.
    pub field_bytes_max: usize,
    /// Times that a nested message is declared anywhere.
    pub nested_messages: usize,
    /// Times that a multipart boundary is declared anywhere.
    pub boundaries: usize,
    /// Lines that could be delimiters of a multipart.
    pub delimiter_lines: usize,
    /// RFC 2231 pieces (`name*3=`) anywhere.
    pub continuation_pieces: usize,
}

/// Whether a mail may be read in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict", content = "reason")]
pub enum Verdict {
    /// Nothing unusual.
    Safe,
    /// To be read in a child process.
    Risky(Risk),
}

/// The limit that a mail breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// The whole mail.
    Size,
    /// Bytes or lines of the header block.
    Header,
    /// One header field.
    Field,
    /// Messages within messages.
    NestedMessages,
    /// Multiparts or their parts.
    Parts,
    /// RFC 2231 pieces.
    Continuations,
}

/// A digest may hold many messages side by side, so the count is far above the depth that is opened.
const NESTED_COUNTED_MAX: usize = 64;
const BOUNDARIES_MAX: usize = 1_000;
const CONTINUATIONS_MAX: usize = 2_000;

/// Counts. Linear in the size of the mail, without allocation.
#[must_use]
pub fn pre_scan(raw: &[u8]) -> PreScan {
    let mut scan = PreScan { bytes: raw.len(), ..PreScan::default() };
    scan_header(raw, &mut scan);
    scan.nested_messages = nested_messages(raw);
    scan.boundaries = count(raw, b"oundary=") + count(raw, b"OUNDARY=");
    scan.delimiter_lines = count(raw, b"\n--");
    scan.continuation_pieces = continuation_pieces(raw);
    scan
}

/// What the scan alone tells to be beyond what is read. Counts only what may be over its limit in a mail of that size.
pub(crate) fn defects(raw: &[u8]) -> Vec<Defect> {
    let mut scan = PreScan { bytes: raw.len(), ..PreScan::default() };
    if raw.len() > NESTED_COUNTED_MAX * NESTED_BYTES_MIN {
        scan.nested_messages = nested_messages(raw);
    }
    if raw.len() > limits::FIELD_BYTES_MAX {
        scan_header(raw, &mut scan);
    }
    if raw.len() > CONTINUATIONS_MAX * PIECE_BYTES_MIN {
        scan.continuation_pieces = continuation_pieces(raw);
    }
    scan.defects()
}

/// `*0=`.
const PIECE_BYTES_MIN: usize = 3;
/// `Content-Type:message/rfc822` and the line end.
const NESTED_BYTES_MIN: usize = 28;

/// In either case; the digits are found in one pass.
fn nested_messages(raw: &[u8]) -> usize {
    memchr::memmem::find_iter(raw, b"822").filter(|&at| raw[..at].ends_with(b"rfc") || raw[..at].ends_with(b"RFC")).count()
}

fn continuation_pieces(raw: &[u8]) -> usize {
    memchr::memchr_iter(b'*', raw).filter(|&at| is_piece(&raw[at + 1..])).count()
}

fn scan_header(raw: &[u8], scan: &mut PreScan) {
    let mut position = 0;
    let mut field_start = 0;
    while position < raw.len() {
        let (line, next) = header::line_at(raw, position);
        if line.is_empty() {
            break;
        }
        if !matches!(line[0], b' ' | b'\t') {
            field_start = position;
        }
        scan.field_bytes_max = scan.field_bytes_max.max(next - field_start);
        scan.header_lines += 1;
        position = next;
    }
    scan.header_bytes = position;
}

fn count(raw: &[u8], needle: &[u8]) -> usize {
    memchr::memmem::find_iter(raw, needle).count()
}

fn is_piece(after: &[u8]) -> bool {
    let digits = after.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0 && matches!(after.get(digits), Some(b'=' | b'*'))
}

impl PreScan {
    /// Whether the mail may be read in this process, by the first limit it breaks.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let broken = [
            (self.bytes > limits::MAIL_WHOLE_BYTES_MAX, Risk::Size),
            (self.header_bytes > limits::HEADER_BYTES_MAX || self.header_lines > limits::HEADER_LINES_MAX, Risk::Header),
            (self.field_bytes_max > limits::FIELD_BYTES_MAX, Risk::Field),
            (self.nested_messages > NESTED_COUNTED_MAX, Risk::NestedMessages),
            (self.boundaries > BOUNDARIES_MAX || self.delimiter_lines > limits::PARTS_MAX, Risk::Parts),
            (self.continuation_pieces > CONTINUATIONS_MAX, Risk::Continuations),
        ];
        broken.into_iter().find(|(is_broken, _)| *is_broken).map_or(Verdict::Safe, |(_, risk)| Verdict::Risky(risk))
    }

    fn defects(&self) -> Vec<Defect> {
        let found = [
            (self.bytes > limits::MAIL_BYTES_MAX, Defect::TextTruncated),
            (self.field_bytes_max > limits::FIELD_BYTES_MAX, Defect::HeaderTooLarge),
            (self.nested_messages > NESTED_COUNTED_MAX, Defect::TooDeep),
            (self.continuation_pieces > CONTINUATIONS_MAX, Defect::HeaderTooLarge),
        ];
        found.into_iter().filter_map(|(is_found, defect)| is_found.then_some(defect)).collect()
    }
}
