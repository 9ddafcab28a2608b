//! Bytes to [`Message`]. Total: every input gives a message, and what was odd is listed.
//!
//! Work and memory are linear in the size of the mail, and nothing recurses deeper than [`limits::MIME_DEPTH_MAX`], so it
//! is safe on a small stack whatever the mail holds.

use std::borrow::Cow;
use std::ops::Range;

use crate::body::Body;
use crate::header::{self, Block, Oddities};
use crate::message::{Header, Message, Parsed, Reply, ReturnPath};
use crate::reply_cut::{self, CutInput};
use crate::{
    Address, Defect, Mailbox, MessageId, address_list, arf, attached, body, date, dsn, flowed, language, limits, machine, part,
    pre_scan,
};

/// What a desk knows about mails before it reads one; [`Known::default`] knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// Beginning of the line that our own mails put above the part to be cut.
    pub marker: Option<&'a str>,
    /// Legal notices learned from mails of the sender's domain; see [`crate::disclaimer`].
    pub disclaimers: &'a [String],
}

/// Reads a mail.
#[must_use]
pub fn parse(raw: &[u8]) -> Parsed {
    parse_with(raw, &Known::default())
}

/// As [`parse`], for callers that know something beforehand.
#[must_use]
pub fn parse_with(raw: &[u8], known: &Known<'_>) -> Parsed {
    let mut defects = pre_scan::defects(raw);
    let prepared = prepared(&raw[..raw.len().min(limits::MAIL_BYTES_MAX)]);
    let raw = prepared.as_ref();
    let block = header::read_block(raw);
    if block.is_truncated {
        defects.push(Defect::HeaderTooLarge);
    }
    if block.fields.is_empty() && raw.trim_ascii().is_empty() {
        defects.push(Defect::Unreadable);
    }
    let parts = part::walk(raw, &block, &mut defects);
    let hint =
        parts.iter().find_map(|part| part.parameters.get("charset").filter(|label| !label.eq_ignore_ascii_case("us-ascii")));
    let mut message = Fields::new(&block, hint, &mut defects).read();
    let roles = body::roles(&parts);
    let mut text = body::read(&parts, &roles, &mut defects);
    message.attachments = body::attachments(&parts, &roles, text.html.as_deref(), &mut defects);
    message.form_data = body::form_data(&parts, &roles);
    message.text = std::mem::take(&mut text.text);
    message.charset = text.charset.take();
    let mut notice = None;
    let leaf_types = parts.iter().filter(|part| !part.is_multipart() && part.is_textual()).map(|part| part.content_type.as_str());
    let has_calendar = leaf_types.clone().any(|kind| kind == "text/calendar");
    // Most mails are neither, and decoding every part again would be for nothing.
    let may_complain = arf::is_candidate(&message, leaf_types.clone());
    // No more of them are read.
    let signs = dsn::signs(&message, leaf_types.take(limits::ATTACHMENTS_LISTED_MAX));
    if has_calendar || may_complain || signs.is_some() {
        let known_html = text.html_part.zip(text.html.as_deref());
        let known_text = text.text_part.zip(Some(message.text.as_str()));
        let known: Vec<(usize, &str)> = known_html.into_iter().chain(known_text).collect();
        let text_parts = part::text_parts(&parts, &known);
        let report = signs.and_then(|signs| dsn::read_signed(raw, &signs, &text_parts));
        (message.bounce, notice) = report.unzip();
        message.calendar_method = machine::calendar_method(&text_parts);
        if may_complain && message.bounce.is_none() {
            message.complaint = arf::read(raw, &message, &text_parts);
        }
    }
    let has_stuffed_signs = text.has_stuffed_signs;
    let is_report = message.bounce.is_some() || message.complaint.is_some();
    message.reply = match notice {
        // A report was written by a host: it answers nobody, and its language is not its recipient's.
        Some(notice) => reply_cut::behind_notice(&message.text, &notice),
        None => divided(&message, text, known, &mut defects),
    };
    if has_stuffed_signs {
        let Reply { new_text, elided, signature, .. } = &mut message.reply;
        [&mut message.text, new_text, elided, signature].into_iter().for_each(flowed::unmark);
    }
    if !is_report && message.reply.forward.is_none() {
        message.reply.forward = attached::forward(&message, &parts);
    }
    if message.bounce.is_none() {
        let language = language::detect(prefix(&message.reply.new_text, limits::LANGUAGE_BYTES_MAX));
        message.language_confidence = language.as_ref().map(|found| found.confidence_percent);
        message.language = language.map(|found| found.code);
    }
    defects.sort_unstable();
    defects.dedup();
    Parsed { message, defects }
}

/// The body of a mail that a person may have written, divided.
fn divided(message: &Message, body: Body, known: &Known<'_>, defects: &mut Vec<Defect>) -> Reply {
    let Body { html, converted, is_text_from_html, .. } = body;
    let converted = converted.or_else(|| html.as_deref().map(|source| body::converted(source, defects)));
    let author = message.from.first().map(author_words);
    let input = CutInput {
        text: &message.text,
        html: html.as_deref(),
        subject: &message.subject,
        from_name: author.as_deref(),
        is_text_from_html,
        is_answer: !message.in_reply_to.is_empty() || !message.references.is_empty(),
        marker: known.marker,
        disclaimers: known.disclaimers,
    };
    let reply = reply_cut::cut_with(&input, converted.as_ref());
    if reply.whole_kept {
        defects.push(Defect::CutLeftNothing);
    }
    reply
}

/// The HTML of a mail as it is shown, for its formatting; `None` where it has none. Read again, since hardly anybody asks.
#[must_use]
pub fn html(raw: &[u8]) -> Option<String> {
    let prepared = prepared(&raw[..raw.len().min(limits::MAIL_BYTES_MAX)]);
    let parts = part::walk(&prepared, &header::read_block(&prepared), &mut Vec::new());
    body::read(&parts, &body::roles(&parts), &mut Vec::new()).html
}

/// The name of an author as the cut looks for it: with the words of the address, which often has the full name where the
/// header has a part of it or none.
fn author_words(mailbox: &Mailbox) -> String {
    let local = mailbox.address.local();
    let local = local.split('+').next().unwrap_or(local).trim_end_matches(|c: char| c.is_ascii_digit());
    let is_role = ROLES.iter().any(|role| local.eq_ignore_ascii_case(role));
    let name = mailbox.name.as_deref().unwrap_or_default();
    if is_role { name.to_owned() } else { format!("{name} {}", local.replace('_', " ")) }
}

/// Addresses of nobody in particular.
const ROLES: [&str; 16] = [
    "info", "help", "support", "office", "sales", "contact", "admin", "mail", "service", "team", "desk", "helpdesk", "kontakt",
    "post", "shop", "noreply",
];

/// Reads the header alone: what the envelope facts of a mail are. Parts and text stay empty.
#[must_use]
pub fn parse_headers(raw: &[u8]) -> Message {
    let prepared = prepared(&raw[..raw.len().min(limits::HEADER_BYTES_MAX)]);
    let block = header::read_block(prepared.as_ref());
    Fields::new(&block, None, &mut Vec::new()).read()
}

/// The mail as the reader sees it: without a byte order mark, a mailbox separator or empty lines before the header, and
/// with LF where a mail has nothing but bare CR for its line ends. Positions of parts refer to this form.
#[must_use]
pub(crate) fn prepared(raw: &[u8]) -> Cow<'_, [u8]> {
    let raw = raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw);
    let has_only_cr = memchr::memchr(b'\n', raw).is_none() && memchr::memchr(b'\r', raw).is_some();
    if has_only_cr {
        let lines: Vec<u8> = raw.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect();
        let start = lines.len() - without_blank_start(&lines).len();
        return lines[start..].to_vec().into();
    }
    without_blank_start(raw).into()
}

/// Some stores put an empty line first; a mail whose body comes first has no header and is left alone.
fn without_blank_start(raw: &[u8]) -> &[u8] {
    let rest = raw.trim_ascii_start();
    let blank = &raw[..raw.len() - rest.len()];
    // A mailbox separator may stand between.
    let first = if rest.starts_with(b"From ") { &rest[header::line_at(rest, 0).1..] } else { rest };
    if blank.is_empty() || !blank.contains(&b'\n') || !header::starts_with_field(first) {
        return raw;
    }
    rest
}

/// The longest prefix of at most `length` bytes that ends between characters.
#[must_use]
pub(crate) fn prefix(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// As [`str::lines`], but found many bytes at a step, which long texts of short lines repay.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(end) = memchr::memchr(b'\n', rest.as_bytes()) else { return Some(std::mem::take(&mut rest)) };
        let line = &rest[..end];
        rest = &rest[end + 1..];
        Some(line.strip_suffix('\r').unwrap_or(line))
    })
}

/// The line of a text that holds the byte before a place, without its end.
pub(crate) fn line_around(text: &str, at: usize) -> Range<usize> {
    let start = memchr::memrchr(b'\n', &text.as_bytes()[..at]).map_or(0, |line_end| line_end + 1);
    start..memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |line_end| at + line_end)
}

/// CRLF and bare CR become LF; several CR before one LF are one line end, made by hosts that convert twice.
#[must_use]
pub(crate) fn unix_lines(text: Cow<'_, str>) -> String {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = memchr::memchr(b'\r', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let after = rest[at..].trim_start_matches('\r');
        let returns = rest.len() - at - after.len();
        match after.strip_prefix('\n') {
            Some(after) => {
                out.push('\n');
                rest = after;
            }
            None => {
                out.extend(std::iter::repeat_n('\n', returns));
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Fields that RFC 5322 §3.6 allows once at most.
const ONCE: [&str; 10] = ["from", "sender", "reply-to", "to", "cc", "message-id", "in-reply-to", "references", "subject", "date"];
/// Where hosts say that a mail went.
const DELIVERED: [&str; 3] = ["delivered-to", "x-original-to", "envelope-to"];

/// The header fields of a mail, being read.
struct Fields<'a, 'b> {
    block: &'b Block<'a>,
    hint: Option<&'b str>,
    defects: &'b mut Vec<Defect>,
    oddities: Oddities,
    addresses: usize,
    /// By name of [`ONCE`]: the place of the first, and how many there are.
    places: [(usize, usize); ONCE.len()],
}

impl<'a, 'b> Fields<'a, 'b> {
    fn new(block: &'b Block<'a>, hint: Option<&'b str>, defects: &'b mut Vec<Defect>) -> Self {
        let mut places = [(0, 0); ONCE.len()];
        for (at, field) in block.fields.iter().enumerate() {
            if let Some((first, count)) = ONCE.iter().position(|name| field.is(name)).map(|name| &mut places[name]) {
                *first = if *count == 0 { at } else { *first };
                *count += 1;
            }
        }
        Self { block, hint, defects, oddities: Oddities::default(), addresses: 0, places }
    }

    fn read(mut self) -> Message {
        let mut message = Message { headers: self.headers(), ..Message::default() };
        self.note_repeats();
        message.from = self.mailboxes("from");
        message.sender = self.mailboxes("sender").into_iter().next();
        message.reply_to = self.mailboxes("reply-to");
        message.to = self.mailboxes("to");
        message.cc = self.mailboxes("cc");
        message.return_path = self.return_path();
        message.delivered_to = self.delivered_to();
        message.subject = self.first("subject").map(|at| message.headers[at].value.clone()).unwrap_or_default();
        message.message_id = self.ids("message-id").into_iter().next();
        message.in_reply_to = self.ids("in-reply-to");
        message.references = self.ids("references");
        if message.references.len() > limits::REFERENCES_MAX {
            message.references.drain(..message.references.len() - limits::REFERENCES_MAX);
            self.defects.push(Defect::ListTruncated);
        }
        message.in_reply_to.truncate(limits::REFERENCES_MAX);
        message.date = self.first("date").and_then(|at| date::read(&message.headers[at].value));
        if message.date.is_none() {
            self.defects.push(Defect::BadDate);
        }
        match message.from.len() {
            0 => self.defects.push(Defect::NoSender),
            1 => {}
            _ => self.defects.push(Defect::SeveralSenders),
        }
        self.note_oddities();
        message
    }

    fn headers(&mut self) -> Vec<Header> {
        let mut headers = Vec::with_capacity(self.block.fields.len());
        for field in &self.block.fields {
            let (value, oddities) = header::text(field.value, self.hint);
            self.oddities.merge(oddities);
            headers.push(Header { name: header::name_text(field.name), value });
        }
        headers
    }

    fn note_repeats(&mut self) {
        for (name, (_, count)) in ONCE.into_iter().zip(self.places) {
            if count > 1 {
                self.defects.push(Defect::RepeatedHeader);
            }
            if count > 1 && name == "from" {
                self.defects.push(Defect::SeveralSenders);
            }
        }
    }

    fn note_oddities(&mut self) {
        let Oddities { eight_bit, control, charset } = self.oddities;
        let found =
            [(eight_bit, Defect::RawEightBitHeader), (control, Defect::ControlInHeader), (charset, Defect::CharsetMismatch)];
        self.defects.extend(found.into_iter().filter_map(|(is_set, defect)| is_set.then_some(defect)));
    }

    /// The place of the topmost field of a name of [`ONCE`].
    fn first(&self, name: &str) -> Option<usize> {
        let place = ONCE.iter().position(|known| *known == name)?;
        Some(self.places[place]).filter(|(_, count)| *count > 0).map(|(first, _)| first)
    }

    /// The fields of a name of [`ONCE`], top to bottom.
    fn named(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'b> {
        let (first, count) = ONCE.iter().position(|known| *known == name).map_or((0, 0), |place| self.places[place]);
        let fields = &self.block.fields;
        fields[first..].iter().filter(|field| field.is(name)).take(count).map(|field| field.value)
    }

    /// Recipients of repeated fields are joined; of repeated authors only the topmost field counts.
    fn mailboxes(&mut self, name: &'static str) -> Vec<Mailbox> {
        let mut out = Vec::new();
        let only_first = matches!(name, "from" | "sender");
        for value in self.named(name) {
            let list = address_list::read(value, self.hint);
            self.oddities.merge(list.oddities);
            let room = limits::ADDRESSES_MAX.saturating_sub(self.addresses);
            if list.is_truncated || list.mailboxes.len() > room {
                self.defects.push(Defect::ListTruncated);
            }
            self.addresses += list.mailboxes.len().min(room);
            out.extend(list.mailboxes.into_iter().take(room));
            if only_first && !out.is_empty() {
                break;
            }
        }
        out
    }

    fn return_path(&self) -> Option<ReturnPath> {
        let value = self.block.first("return-path")?;
        let (text, _) = header::unfold(value, None);
        if matches!(without_space(&text).as_ref(), "<>" | "\"\"" | "<\"\">") {
            return Some(ReturnPath::Null);
        }
        address_list::read(value, None).mailboxes.into_iter().next().map(|mailbox| ReturnPath::Address(mailbox.address))
    }

    fn delivered_to(&self) -> Vec<Address> {
        let fields = self.block.fields.iter().filter(|field| DELIVERED.iter().any(|name| field.is(name)));
        fields
            .flat_map(|field| address_list::read(field.value, None).mailboxes)
            .map(|mailbox| mailbox.address)
            .take(limits::ADDRESSES_MAX)
            .collect()
    }

    fn ids(&self, name: &'static str) -> Vec<MessageId> {
        self.named(name).flat_map(ids_of_field).collect()
    }
}

/// An id may look like an encoded word and is none (RFC 2047 §5), but some writers encode the whole field.
fn ids_of_field(value: &[u8]) -> Vec<MessageId> {
    let (text, _) = header::unfold(value, None);
    if text.contains('<') || !text.contains("=?") { ids(&text) } else { ids(&header::text(value, None).0) }
}

/// Without white space.
fn without_space(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_whitespace) { text.replace(char::is_whitespace, "").into() } else { text.into() }
}

/// Ids in brackets; where there are none, every word, since some writers leave the brackets out.
fn ids(text: &str) -> Vec<MessageId> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let inner = &rest[open + 1..];
        let Some(close) = inner.find('>') else { break };
        // Folding cuts long ids in two.
        let squeezed = without_space(&inner[..close]);
        let bare = squeezed.rsplit('<').next().unwrap_or_default();
        out.extend(MessageId::new(bare));
        rest = &inner[close + 1..];
    }
    if out.is_empty() {
        let words: Vec<&str> = text.split([' ', ',', '\t', '<', '>']).filter(|word| !word.is_empty()).collect();
        // A sentence such as "Your message of Monday" names no id.
        let usable = |word: &&&str| words.len() == 1 || word.contains('@');
        out.extend(words.iter().filter(usable).filter_map(|word| MessageId::new(word)));
    }
    out
}
