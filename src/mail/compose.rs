//! Writing a mail: a [`Letter`] to the bytes that go over the wire (RFC 5322, RFC 2045).
//!
//! Deterministic: same letter, same bytes, so a resumed delivery sends what was decided. There is no clock and no chance;
//! boundaries are derived from the content. Every foreign word passes [`HeaderText`]. No line is over 998 bytes.

use std::fmt::Write as _;

use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use crate::header_text::HeaderText;
use crate::{Mailbox, MessageId, date, file_name, limits, parse};

/// One mail to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Author; the name is cleaned on writing.
    pub from: Mailbox,
    /// The only recipient: each sees a letter of their own.
    pub to: Mailbox,
    /// Others who got a copy of their own, named so that "reply all" works among them. Never envelope recipients.
    pub cc: Vec<Mailbox>,
    /// Where answers go, if not to the author.
    pub reply_to: Option<Mailbox>,
    /// Subject.
    pub subject: HeaderText,
    /// Our own id for it.
    pub message_id: MessageId,
    /// The mail answered.
    pub in_reply_to: Option<MessageId>,
    /// The thread, oldest first; the newest 50 are written.
    pub references: Vec<MessageId>,
    /// Value of Date, in seconds since 1970-01-01T00:00:00Z.
    pub date_unix_seconds: i64,
    /// Further fields in order.
    pub extra: Vec<ExtraHeader>,
    /// Plain text with LF line ends.
    pub text: String,
    /// The same in HTML.
    pub html: Option<String>,
    /// Mixed into the boundaries, so that nobody can write one into a text: an own secret or an id made with it.
    pub boundary_seed: String,
    /// Files.
    pub attachments: Vec<Enclosure>,
}

/// A field that the letter has no place for, such as Auto-Submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraHeader {
    name: String,
    value: HeaderText,
}

impl ExtraHeader {
    /// `None` if the name is no field name, or one that the letter writes itself.
    #[must_use]
    pub fn new(name: &str, value: HeaderText) -> Option<Self> {
        const OWN: [&str; 11] =
            ["from", "to", "cc", "bcc", "reply-to", "subject", "message-id", "in-reply-to", "references", "date", "mime-version"];
        let lower = name.to_ascii_lowercase();
        let is_name =
            !name.is_empty() && name.len() <= 60 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_free = !OWN.contains(&lower.as_str()) && !lower.starts_with("content-");
        (is_name && is_free).then(|| Self { name: name.to_owned(), value })
    }
}

/// A file to send along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosure {
    /// Name; made safe on writing.
    pub name: String,
    /// `type/subtype`; one that cannot be written becomes `application/octet-stream`.
    pub content_type: String,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Content-ID without brackets of an image that the HTML shows (RFC 2392); `None` = a file of its own.
    pub content_id: Option<String>,
}

impl Enclosure {
    /// The image's id, where it can be written.
    fn shown_as(&self) -> Option<&str> {
        let is_plain = |id: &&str| {
            let has_good_bytes = id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"()\\".contains(&byte));
            !id.is_empty() && id.len() <= 200 && has_good_bytes
        };
        self.content_id.as_deref().filter(is_plain)
    }
}

/// Whether the bytes read as the letter was meant: exactly its recipient, its copies, its author and its id. Asked before
/// a mail may leave, since a name or an address that reads as another one is a bug or a trick.
#[must_use]
pub fn reads_as(raw: &[u8], letter: &Letter) -> bool {
    let read = parse::parse_headers(raw);
    let addresses = |list: &[Mailbox]| list.iter().map(|mailbox| mailbox.address.clone()).collect::<Vec<_>>();
    addresses(&read.to) == addresses(std::slice::from_ref(&letter.to))
        && addresses(&read.cc) == addresses(&letter.cc)
        && addresses(&read.from) == addresses(std::slice::from_ref(&letter.from))
        && read.header("bcc").is_none()
        && read.message_id.as_ref() == Some(&letter.message_id)
}

/// Writes the letter with CRLF line ends.
#[must_use]
pub fn compose(letter: &Letter) -> Vec<u8> {
    let mut head = String::with_capacity(1_024);
    field(&mut head, "Date", &date::rfc5322(letter.date_unix_seconds));
    mailbox_field(&mut head, "From", std::slice::from_ref(&letter.from));
    mailbox_field(&mut head, "To", std::slice::from_ref(&letter.to));
    mailbox_field(&mut head, "Cc", &letter.cc);
    if let Some(reply_to) = &letter.reply_to {
        mailbox_field(&mut head, "Reply-To", std::slice::from_ref(reply_to));
    }
    text_field(&mut head, "Subject", letter.subject.as_str());
    id_field(&mut head, "Message-ID", std::slice::from_ref(&letter.message_id));
    id_field(&mut head, "In-Reply-To", letter.in_reply_to.as_slice());
    let first = letter.references.len().saturating_sub(limits::REFERENCES_MAX);
    id_field(&mut head, "References", &letter.references[first..]);
    for extra in &letter.extra {
        text_field(&mut head, &extra.name, extra.value.as_str());
    }
    field(&mut head, "MIME-Version", "1.0");
    let mut out = head.into_bytes();
    out.extend_from_slice(&body(letter));
    out
}

fn body(letter: &Letter) -> Vec<u8> {
    let plain = SinglePart::plain(wire_text(&letter.text));
    let is_image = |file: &&(usize, &Enclosure)| letter.html.is_some() && file.1.shown_as().is_some();
    let numbered = letter.attachments.iter().enumerate().map(|(index, file)| (index + 1, file));
    let (images, files): (Vec<_>, Vec<_>) = numbered.partition(|file| is_image(&file));
    let Some(html) = &letter.html else {
        return match files.as_slice() {
            [] => plain.formatted(),
            files => mixed(letter, files, |builder| builder.singlepart(plain)),
        };
    };
    let alternative = MultiPart::alternative().boundary(boundary(letter, "alternative")).singlepart(plain);
    let html = SinglePart::html(wire_text(html));
    let alternative = if images.is_empty() {
        alternative.singlepart(html)
    } else {
        // Readers of plain text need no images, so they stand with the HTML that shows them (RFC 2387).
        let related = MultiPart::related().boundary(boundary(letter, "related")).singlepart(html);
        let all = images.iter().fold(related, |all, (number, image)| all.singlepart(enclosure(*number, image, image.shown_as())));
        alternative.multipart(all)
    };
    match files.as_slice() {
        [] => alternative.formatted(),
        files => mixed(letter, files, |builder| builder.multipart(alternative)),
    }
}

fn mixed(
    letter: &Letter,
    files: &[(usize, &Enclosure)],
    first: impl FnOnce(lettre::message::MultiPartBuilder) -> MultiPart,
) -> Vec<u8> {
    let whole = first(MultiPart::mixed().boundary(boundary(letter, "mixed")));
    let whole = files.iter().fold(whole, |whole, (number, file)| whole.singlepart(enclosure(*number, file, None)));
    whole.formatted()
}

fn enclosure(number: usize, file: &Enclosure, shown_as: Option<&str>) -> SinglePart {
    let declared = file.content_type.trim().to_ascii_lowercase();
    let is_plain = declared.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.+-_".contains(&byte));
    // A nested message must not be wrapped (RFC 2046 §5.2.1), and a multipart needs its boundary: both travel as bytes.
    let travels = is_plain && !declared.starts_with("message/") && !declared.starts_with("multipart/");
    let declared = if travels { declared.as_str() } else { "application/octet-stream" };
    let content_type = ContentType::parse(declared)
        .or_else(|_| ContentType::parse("application/octet-stream"))
        .unwrap_or(ContentType::TEXT_PLAIN);
    let name = file_name::safe(&file.name).unwrap_or_else(|| file_name::made_up(number, declared));
    let attachment = match shown_as {
        Some(id) => Attachment::new_inline_with_name(id.to_owned(), name),
        None => Attachment::new(name),
    };
    attachment.body(file.data.clone(), content_type)
}

/// CRLF line ends, no other controls. Done here since lettre inserts each CR on its own, which is quadratic.
fn wire_text(text: &str) -> String {
    if !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        return text.replace('\n', "\r\n");
    }
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\r\n"),
            '\t' => out.push(c),
            _ if c.is_control() => {}
            _ => out.push(c),
        }
    }
    out
}

fn boundary(letter: &Letter, role: &str) -> String {
    let mut hash = Sha256::new();
    for part in [letter.boundary_seed.as_str(), role, letter.message_id.as_str(), &letter.text] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = data_encoding::HEXLOWER.encode(&hash.finalize());
    // `=_` occurs in no quoted-printable or base64 text (RFC 2045 §6.7).
    format!("=_{}", &digest[..32])
}

fn field(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, "{name}: {value}\r\n");
}

fn text_field(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push(':');
    let mut column = name.len() + 1;
    push_folded(out, &mut column, value);
    out.push_str("\r\n");
}

fn id_field(out: &mut String, name: &str, ids: &[MessageId]) {
    if ids.is_empty() {
        return;
    }
    out.push_str(name);
    out.push(':');
    let mut column = name.len() + 1;
    for id in ids {
        push_word(out, &mut column, &format!("<{id}>"));
    }
    out.push_str("\r\n");
}

fn mailbox_field(out: &mut String, name: &str, mailboxes: &[Mailbox]) {
    let Some((last, others)) = mailboxes.split_last() else { return };
    out.push_str(name);
    out.push(':');
    let mut column = name.len() + 1;
    for mailbox in others {
        push_mailbox(out, &mut column, mailbox, ",");
    }
    push_mailbox(out, &mut column, last, "");
    out.push_str("\r\n");
}

fn push_mailbox(out: &mut String, column: &mut usize, mailbox: &Mailbox, end: &str) {
    let shown = mailbox.name.as_deref().map(HeaderText::name).unwrap_or_default();
    if shown.is_empty() {
        push_word(out, column, &format!("{}{end}", mailbox.address));
    } else {
        push_phrase(out, column, shown.as_str());
        push_word(out, column, &format!("<{}>{end}", mailbox.address));
    }
}

/// A display name: bare words, else a quoted string, else encoded words.
fn push_phrase(out: &mut String, column: &mut usize, name: &str) {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~ ".contains(&byte);
    if needs_words(name) {
        push_words(out, column, name);
    } else if name.bytes().all(is_atom) {
        push_folded(out, column, name);
    } else {
        push_word(out, column, &format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")));
    }
}

fn needs_words(text: &str) -> bool {
    // A word longer than a line cannot be folded; encoded it can.
    !text.is_ascii() || text.contains("=?") || text.split(' ').any(|word| word.len() > 900)
}

fn push_folded(out: &mut String, column: &mut usize, text: &str) {
    if needs_words(text) {
        return push_words(out, column, text);
    }
    for word in text.split(' ') {
        push_word(out, column, word);
    }
}

/// Appends a space and a word, on a new line where it would pass column 76.
fn push_word(out: &mut String, column: &mut usize, word: &str) {
    if *column + 1 + word.len() > 76 && !out.ends_with("\r\n") && !word.is_empty() {
        out.push_str("\r\n");
        *column = 0;
    }
    out.push(' ');
    out.push_str(word);
    *column += 1 + word.len();
}

/// RFC 2047 base64 words of at most 75 characters, cut between characters (§5 rule 3).
fn push_words(out: &mut String, column: &mut usize, text: &str) {
    /// 45 bytes make 60 letters; with `=?utf-8?B?` and `?=` the word has 72.
    const BYTES_MAX: usize = 45;
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(BYTES_MAX);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (head, tail) = rest.split_at(end);
        push_word(out, column, &format!("=?utf-8?B?{}?=", data_encoding::BASE64.encode(head.as_bytes())));
        rest = tail;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Address, parse};

    fn mailbox(name: Option<&str>, address: &str) -> Mailbox {
        Mailbox { name: name.map(str::to_owned), address: Address::new(address).expect("a good address") }
    }

    fn letter() -> Letter {
        Letter {
            from: mailbox(Some("Support"), "support@desk.example"),
            to: mailbox(Some("Dana Okafor"), "dana@x.example"),
            cc: Vec::new(),
            reply_to: Some(mailbox(None, "support+t.4821@desk.example")),
            subject: HeaderText::new("[T-4821] Re: Broken key"),
            message_id: MessageId::new("1.abc@desk.example").expect("a good id"),
            in_reply_to: MessageId::new("q@x.example"),
            references: ["p@x.example", "q@x.example"].into_iter().filter_map(MessageId::new).collect(),
            date_unix_seconds: 1_795_000_000,
            extra: ExtraHeader::new("Auto-Submitted", HeaderText::new("auto-replied")).into_iter().collect(),
            text: "Hello Dana,\n\nwe are on it.".to_owned(),
            html: None,
            boundary_seed: "seed".to_owned(),
            attachments: Vec::new(),
        }
    }

    #[test]
    fn a_letter_is_written_as_expected() {
        let expect = "Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n\
            From: Support <support@desk.example>\r\n\
            To: Dana Okafor <dana@x.example>\r\n\
            Reply-To: support+t.4821@desk.example\r\n\
            Subject: [T-4821] Re: Broken key\r\n\
            Message-ID: <1.abc@desk.example>\r\n\
            In-Reply-To: <q@x.example>\r\n\
            References: <p@x.example> <q@x.example>\r\n\
            Auto-Submitted: auto-replied\r\n\
            MIME-Version: 1.0\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: 7bit\r\n\r\n\
            Hello Dana,\r\n\r\nwe are on it.\r\n";
        assert_eq!(String::from_utf8_lossy(&compose(&letter())), expect);
    }

    #[test]
    fn foreign_words_cannot_add_a_header() {
        let mut hostile = letter();
        hostile.to.name = Some("Dana\r\nBcc: all@x.example\0".to_owned());
        hostile.subject = HeaderText::new("a\r\nBcc: all@x.example");
        hostile.extra.extend(ExtraHeader::new("X-A\r\nBcc", HeaderText::new("x")));
        let parsed = parse(&compose(&hostile));
        assert_eq!(parsed.message.header("bcc"), None);
        assert_eq!(parsed.message.to, vec![mailbox(Some("Dana Bcc: all@x.example"), "dana@x.example")]);
    }

    #[test]
    fn text_html_and_files_read_back() {
        let mut full = letter();
        full.text = "Grüße\n--=_x\n.\nFrom here".to_owned();
        full.html = Some("<p>Grüße</p>".to_owned());
        full.attachments = vec![
            Enclosure {
                name: "../ä.pdf".to_owned(),
                content_type: "application/pdf".to_owned(),
                data: vec![0, 1, 2, 255],
                content_id: None,
            },
            Enclosure {
                name: String::new(),
                content_type: "message/rfc822".to_owned(),
                data: b"Subject: x\r\n\r\ny".to_vec(),
                content_id: None,
            },
        ];
        let raw = compose(&full);
        let parsed = parse(&raw);
        assert_eq!(parsed.message.text, full.text);
        let names: Vec<&str> = parsed.message.attachments.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["ä.pdf", "attachment-2.bin"]);
        for (found, sent) in parsed.message.attachments.iter().zip(&full.attachments) {
            assert_eq!(crate::part::attachment_bytes(&raw, found.part).as_ref(), Some(&sent.data));
        }
        assert_eq!(parsed.defects, []);
    }

    #[test]
    fn copies_are_named_and_the_bytes_say_so() {
        let mut copied = letter();
        copied.cc = vec![mailbox(Some("Okafor, Eve"), "eve@x.example"), mailbox(None, "anna@northern-labs.example")];
        let raw = compose(&copied);
        assert_eq!(parse(&raw).message.cc, copied.cc);
        assert!(reads_as(&raw, &copied));
        assert!(!reads_as(&raw, &letter()));
        assert!(!reads_as(&compose(&letter()), &copied));
    }

    #[test]
    fn images_stand_with_the_html_that_shows_them() {
        let mut shown = letter();
        shown.html = Some("<p>See <img src=\"cid:a1@x\" alt=\"\"></p>".to_owned());
        let image = |id: &str| Enclosure {
            name: format!("{}.png", id.len()),
            content_type: "image/png".to_owned(),
            data: vec![1, 2, 3],
            content_id: Some(id.to_owned()),
        };
        shown.attachments = vec![image("a1@x"), image("a b\r\nBcc: x")];
        let raw = compose(&shown);
        let read = parse(&raw).message;
        let ids: Vec<_> = read.attachments.iter().map(|file| (file.content_id.as_deref(), file.inline)).collect();
        assert_eq!(ids, [(Some("a1@x"), true), (None, false)], "{}", String::from_utf8_lossy(&raw));
        assert_eq!(read.header("bcc"), None);
    }

    proptest! {
        #[test]
        fn what_is_composed_reads_back(
            name in any::<String>(),
            subject in any::<String>(),
            text in "[^\\p{Cc}]{0,300}",
            html in proptest::option::of("[a-z<> ]{0,50}"),
            ids in proptest::collection::vec("[!-;=?-~]{1,100}", 0..60),
        ) {
            let mut sent = letter();
            sent.to.name = Some(HeaderText::name(&name).as_str().to_owned()).filter(|name| !name.is_empty());
            sent.subject = HeaderText::new(&subject);
            sent.text = format!("x{} x", text.replace('\u{2028}', "\n").trim_end());
            // A plain part that says nothing of what the HTML says would not be read.
            let shown = sent.text.replace('&', "&amp;").replace('<', "&lt;");
            sent.html = html.map(|html| format!("<div>{shown}</div>{html}"));
            sent.references = ids.iter().filter_map(|id| MessageId::new(id)).collect();
            let raw = compose(&sent);
            let parsed = parse(&raw).message;
            prop_assert!(raw.split(|&byte| byte == b'\n').all(|line| line.len() <= 999));
            prop_assert_eq!(&parsed.from, &vec![sent.from.clone()]);
            prop_assert_eq!(&parsed.to, &vec![sent.to.clone()]);
            prop_assert_eq!(parsed.subject.as_str(), sent.subject.as_str());
            prop_assert_eq!(&parsed.message_id, &Some(sent.message_id.clone()));
            prop_assert_eq!(&parsed.in_reply_to, &vec![sent.in_reply_to.clone().expect("set above")]);
            let first = sent.references.len().saturating_sub(limits::REFERENCES_MAX);
            prop_assert_eq!(&parsed.references[..], &sent.references[first..]);
            prop_assert_eq!(parsed.date.map(|date| date.unix_seconds), Some(sent.date_unix_seconds));
            prop_assert_eq!(&parsed.text, sent.text.trim_end());
            prop_assert_eq!(compose(&sent), raw);
        }
    }
}
