//! How a mail is built: its parts as a flat list (RFC 2046), found in one pass over the lines.
//!
//! Nested messages are leaves here: they are files of the mail, so nobody can make the reader recurse. Depth, number of
//! parts and header sizes are limited while walking. A multipart that was never opened or never closed is read as far as
//! it goes. mail-parser is not used for this step, since it descends into nested messages without a limit and takes a
//! delimiter that is a prefix of another for the same.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::header::{self, Block, RawField};
use crate::param::{self, Parameterised};
use crate::transfer::{self, TransferEncoding};
use crate::{Defect, charset, limits, parse, tnef, uuencode};

/// One part. Its index in the list is its handle.
#[derive(Clone, Debug, Default)]
pub struct Part<'a> {
    /// `type/subtype`, lower case; the default of the context where none is declared.
    pub content_type: String,
    /// Parameters of Content-Type.
    pub parameters: Parameterised,
    /// Content-Disposition; its value is empty where there is none.
    pub disposition: Parameterised,
    /// How the body is wrapped.
    pub encoding: TransferEncoding,
    /// Content-ID without brackets.
    pub content_id: Option<String>,
    /// The raw body.
    pub body: &'a [u8],
    /// Parts within this multipart.
    pub children: Vec<u32>,
    /// Declared as a multipart of which no part was found: read as text, and kept as a file since it may be anything.
    pub is_unopened: bool,
}

impl Part<'_> {
    /// Whether the part holds others and nothing of its own.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        !self.children.is_empty()
    }

    /// Whether the body consists of lines: then its line ends are CRLF, however the mail was stored (RFC 2046 §4.1.1).
    #[must_use]
    pub fn is_textual(&self) -> bool {
        self.content_type.starts_with("text/") || self.content_type.starts_with("message/")
    }

    /// The declared name of the file, unsafe as it is.
    #[must_use]
    pub fn declared_name(&self) -> Option<&str> {
        [
            self.disposition.get("filename"),
            self.parameters.get("name"),
            self.disposition.get("name"),
            self.parameters.get("filename"),
        ]
        .into_iter()
        .flatten()
        .find(|name| !name.trim().is_empty())
    }

    /// The unwrapped body. The flag says that its wrapping was broken.
    #[must_use]
    pub fn bytes(&self) -> (Cow<'_, [u8]>, bool) {
        transfer::decode(self.body, self.encoding)
    }

    /// Size of [`Part::file_bytes`], without unwrapping where that can be told.
    #[must_use]
    pub fn file_size(&self) -> u64 {
        let size = match self.encoding {
            TransferEncoding::Base64 => transfer::base64_size(self.body),
            TransferEncoding::Identity if self.is_textual() => self.body.len() + bare_line_feeds(self.body),
            TransferEncoding::Identity => self.body.len(),
            TransferEncoding::QuotedPrintable | TransferEncoding::Uuencode => self.file_bytes().len(),
        };
        u64::try_from(size).unwrap_or(u64::MAX)
    }

    /// The bytes of the file: unwrapped, lines ended by CRLF where the part consists of lines.
    #[must_use]
    pub fn file_bytes(&self) -> Cow<'_, [u8]> {
        let (bytes, _) = self.bytes();
        let has_lines = self.encoding == TransferEncoding::QuotedPrintable
            || (self.encoding == TransferEncoding::Identity && self.is_textual());
        if has_lines && bare_line_feeds(&bytes) > 0 { with_crlf(&bytes).into() } else { bytes }
    }
}

/// A textual leaf for the readers of reports, decoded and limited in size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextPart {
    /// `type/subtype`, lower case.
    pub content_type: String,
    /// Decoded text with LF line ends; an embedded message as raw text.
    pub text: String,
}

/// A multipart whose end was not yet seen.
struct Open {
    part: usize,
    boundary: Vec<u8>,
    start: usize,
}

/// A delimiter line.
struct Delimiter {
    line_start: usize,
    next: usize,
    level: usize,
    is_close: bool,
}

/// Lists the parts of a mail; the first is the mail itself. `root` is its header block.
#[must_use]
pub fn walk<'a>(raw: &'a [u8], root: &Block<'a>, defects: &mut Vec<Defect>) -> Vec<Part<'a>> {
    let mut parts = vec![part_of(root, "text/plain", None, defects)];
    let mut open: Vec<Open> = Vec::new();
    // The first part that names the charset of its text.
    let mut hint: Option<usize> = None;
    let mut leaf = enter(raw, &mut parts, 0, root.body_start, &mut open, defects);
    let mut position = root.body_start;
    while let Some(delimiter) = next_delimiter(raw, position, &open) {
        let content_end = before_line_end(raw, delimiter.line_start);
        if let Some((part, start)) = leaf.take() {
            parts[part].body = &raw[start..content_end.max(start)];
        }
        let keep = if delimiter.is_close { delimiter.level } else { delimiter.level + 1 };
        while open.len() > keep {
            let is_closed = delimiter.is_close && open.len() == keep + 1;
            if !is_closed {
                defects.push(Defect::UnclosedMultipart);
            }
            close(raw, &mut parts, open.pop(), content_end);
        }
        position = delimiter.next;
        if delimiter.is_close {
            continue;
        }
        if parts.len() >= limits::PARTS_MAX {
            defects.push(Defect::TooManyParts);
            break;
        }
        let block = embedded(header::read_block(&raw[position..]), &raw[position..]);
        position += block.body_start;
        if block.is_truncated {
            defects.push(Defect::HeaderTooLarge);
        }
        let parent = open[delimiter.level].part;
        let default = if parts[parent].content_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
        let child = parts.len();
        let part = part_of(&block, default, hint.and_then(|text| text_charset(&parts[text])), defects);
        parts.push(part);
        hint = hint.or_else(|| text_charset(&parts[child]).map(|_| child));
        parts[parent].children.push(u32::try_from(child).unwrap_or(u32::MAX));
        leaf = enter(raw, &mut parts, child, position, &mut open, defects);
    }
    if let Some((part, start)) = leaf {
        parts[part].body = &raw[start..];
    }
    if !open.is_empty() {
        defects.push(Defect::UnclosedMultipart);
    }
    while let Some(multipart) = open.pop() {
        close(raw, &mut parts, Some(multipart), raw.len());
    }
    parts
}

fn text_charset<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    let label = part.parameters.get("charset").filter(|label| !label.eq_ignore_ascii_case("us-ascii"))?;
    part.content_type.starts_with("text/").then_some(label)
}

/// A multipart without a single part is text that was labelled wrongly.
fn close<'a>(raw: &'a [u8], parts: &mut [Part<'a>], open: Option<Open>, end: usize) {
    let Some(Open { part, start, .. }) = open else { return };
    if parts[part].children.is_empty() {
        take_for_text(&mut parts[part]);
        parts[part].body = &raw[start..end.max(start)];
    }
}

fn take_for_text(part: &mut Part<'_>) {
    part.content_type = "text/plain".to_owned();
    part.is_unopened = true;
}

/// Some hosts leave the blank line out between the head of a `message/rfc822` part and the message in it: then its own
/// Content-Type must not be taken for that of the part.
fn embedded<'a>(mut block: Block<'a>, raw: &'a [u8]) -> Block<'a> {
    let starts_with = |text: &[u8], word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let is_head =
        |field: &RawField<'_>| field.is("content-type") && starts_with(field.value.trim_ascii_start(), b"message/rfc822");
    let Some(head) = block.fields.iter().position(is_head) else { return block };
    let own = block.fields[head + 1..].iter().take_while(|field| starts_with(field.name, b"content-")).count();
    let length = head + 1 + own;
    if block.fields[length..].iter().any(|field| field.is("from")) {
        let (mut seen, mut position) = (0, 0);
        while seen < length || !header::starts_with_field(&raw[position..]) {
            seen += usize::from(header::starts_with_field(&raw[position..]));
            position = header::line_at(raw, position).1;
        }
        block.body_start = position;
        block.fields.truncate(length);
    }
    block
}

/// Opens a multipart, or returns the leaf whose body begins here.
fn enter(
    raw: &[u8],
    parts: &mut [Part<'_>],
    index: usize,
    start: usize,
    open: &mut Vec<Open>,
    defects: &mut Vec<Defect>,
) -> Option<(usize, usize)> {
    let part = &parts[index];
    if !part.content_type.starts_with("multipart/") {
        return Some((index, start));
    }
    if open.len() >= limits::MIME_DEPTH_MAX {
        defects.push(Defect::TooDeep);
        return Some((index, start));
    }
    match boundary_of(raw, part, start) {
        Some(boundary) => {
            open.push(Open { part: index, boundary, start });
            None
        }
        None => {
            defects.push(Defect::UnclosedMultipart);
            take_for_text(&mut parts[index]);
            Some((index, start))
        }
    }
}

/// The declared boundary; where none is declared, or it does not occur, one that the body itself shows.
fn boundary_of(raw: &[u8], part: &Part<'_>, start: usize) -> Option<Vec<u8>> {
    /// A preamble is a line or two.
    const WINDOW: usize = 64 * 1024;
    let window = &raw[start..raw.len().min(start + WINDOW)];
    let declared = part.parameters.get("boundary").map(|boundary| boundary.trim_end().as_bytes().to_vec());
    let declared = declared.filter(|boundary| !boundary.is_empty());
    // Most often the first delimiter is the first line.
    let is_first_line =
        |boundary: &[u8]| window.trim_ascii_start().strip_prefix(b"--").is_some_and(|line| line.starts_with(boundary));
    if let Some(boundary) = &declared
        && (raw.len() > start + WINDOW || is_first_line(boundary) || memchr::memmem::find(window, boundary).is_some())
    {
        return declared;
    }
    let mut position = 0;
    while position < window.len() {
        let (line, next) = header::line_at(window, position);
        if let Some(shown) = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end)
            && !shown.is_empty()
            && window[next..].get(..8).is_some_and(|word| word.eq_ignore_ascii_case(b"content-"))
        {
            return Some(shown.to_vec());
        }
        position = next;
    }
    declared
}

fn next_delimiter(raw: &[u8], from: usize, open: &[Open]) -> Option<Delimiter> {
    static DASHES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\n--"));
    if open.is_empty() {
        return None;
    }
    let mut candidate = Some(from).filter(|&at| raw[at..].starts_with(b"--"));
    let mut search = from;
    loop {
        let line_start = match candidate.take() {
            Some(at) => at,
            None => {
                let at = search + DASHES.find(&raw[search..])?;
                search = at + 1;
                at + 1
            }
        };
        let (line, next) = header::line_at(raw, line_start);
        if let Some((level, is_close)) = level_of(&line[2..], open) {
            return Some(Delimiter { line_start, next, level, is_close });
        }
    }
}

/// The innermost multipart that a line behind its two dashes belongs to, exact matches first.
fn level_of(text: &[u8], open: &[Open]) -> Option<(usize, bool)> {
    let mut loose = None;
    for (level, multipart) in open.iter().enumerate().rev() {
        let Some(rest) = text.strip_prefix(multipart.boundary.as_slice()) else { continue };
        match rest.trim_ascii_end() {
            b"" => return Some((level, false)),
            b"--" => return Some((level, true)),
            other if other.starts_with(b"--") => loose = loose.or(Some((level, true))),
            _ => {}
        }
    }
    loose
}

/// The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
fn before_line_end(raw: &[u8], line_start: usize) -> usize {
    let before = &raw[..line_start];
    let before = before.strip_suffix(b"\n").unwrap_or(before);
    before.strip_suffix(b"\r").unwrap_or(before).len()
}

/// `hint` is the charset of the text above: who writes file names as raw bytes uses that.
fn part_of<'a>(block: &Block<'a>, default: &str, hint: Option<&str>, defects: &mut Vec<Defect>) -> Part<'a> {
    let mut part = Part { content_type: default.to_owned(), ..Part::default() };
    for field in &block.fields {
        if !field.name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-")) {
            continue;
        }
        // Of repeated fields the last counts: a gateway prepends, the author's own stands below.
        if field.is("content-type") {
            part.parameters = param::read(field.value, hint);
        } else if field.is("content-disposition") {
            part.disposition = param::read(field.value, hint);
        } else if field.is("content-transfer-encoding") {
            let (encoding, is_unknown) = transfer::encoding_of(field.value);
            part.encoding = encoding;
            if is_unknown {
                defects.push(Defect::BrokenTransferEncoding);
            }
        } else if field.is("content-id") {
            let (text, _) = header::text(field.value, None);
            let id = text.trim_matches(|c: char| c == '<' || c == '>' || c.is_whitespace());
            part.content_id = (!id.is_empty()).then(|| id.to_owned());
        }
    }
    let declared = part.parameters.value.as_str();
    match declared.split_once('/') {
        Some((kind, subtype)) if !kind.is_empty() && !subtype.is_empty() => part.content_type = declared.to_owned(),
        // RFC 2045 §5.2: what cannot be read is plain text, unless it is clearly a file.
        _ if declared == "text" || declared.is_empty() => {}
        // Scripts write the subtype alone, or another mark between the two.
        _ if matches!(declared, "html" | "text\\html" | "text-html" | "texthtml") => part.content_type = "text/html".to_owned(),
        _ if part.declared_name().is_some() => part.content_type = "application/octet-stream".to_owned(),
        _ => {}
    }
    part
}

fn bare_line_feeds(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).filter(|&at| at == 0 || bytes[at - 1] != b'\r').count()
}

fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    let mut start = 0;
    for at in memchr::memchr_iter(b'\n', bytes) {
        out.extend_from_slice(&bytes[start..at]);
        if at == 0 || bytes[at - 1] != b'\r' {
            out.push(b'\r');
        }
        out.push(b'\n');
        start = at + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out
}

/// Every textual leaf, decoded, in order. Together they are at most [`limits::TEXT_BYTES_MAX`] long.
///
/// `known` holds texts that were decoded before, by the index of their part.
#[must_use]
pub fn text_parts(parts: &[Part<'_>], known: &[(usize, &str)]) -> Vec<TextPart> {
    let mut budget = limits::TEXT_BYTES_MAX;
    let mut out = Vec::new();
    let leaves = parts.iter().enumerate().filter(|(_, part)| !part.is_multipart() && part.is_textual());
    for (index, part) in leaves.take(limits::ATTACHMENTS_LISTED_MAX) {
        let length = limits::REPORT_TEXT_BYTES_MAX.min(budget);
        let text = match known.iter().find(|(place, _)| *place == index) {
            Some((_, text)) => parse::prefix(text, length).to_owned(),
            None => {
                let (bytes, _) = transfer::decode(&part.body[..part.body.len().min(length)], part.encoding);
                parse::unix_lines(charset::decode(&bytes, part.parameters.get("charset"), None).text)
            }
        };
        budget = budget.saturating_sub(text.len());
        out.push(TextPart { content_type: part.content_type.clone(), text });
    }
    out
}

/// The first HTML part of a mail, decoded: what its writer saw, history and all. `None` if there is none.
#[must_use]
pub fn html_of(raw: &[u8]) -> Option<String> {
    let raw = parse::prepared(raw);
    let block = header::read_block(&raw);
    let parts = walk(&raw, &block, &mut Vec::new());
    text_parts(&parts, &[]).into_iter().find(|part| part.content_type == "text/html").map(|part| part.text)
}

/// The bytes of one attachment, by the handle in [`crate::Attachment::part`]. `None` if the mail has no such part.
#[must_use]
pub fn attachment_bytes(raw: &[u8], part: u32) -> Option<Vec<u8>> {
    let raw = parse::prepared(raw);
    let block = header::read_block(&raw);
    let parts = walk(&raw, &block, &mut Vec::new());
    let (index, inner) = tnef::split_handle(part);
    let found = parts.get(index).filter(|part| !part.is_multipart())?;
    match inner {
        None => Some(found.file_bytes().into_owned()),
        Some(file) => {
            let (bytes, _) = found.bytes();
            if found.content_type == "text/plain" {
                return uuencode::files(&bytes).into_iter().nth(file).map(|file| file.data);
            }
            tnef::read(&bytes)?.files.into_iter().nth(file).map(|file| file.data)
        }
    }
}
