//! Laws that more than one target asserts, and the rewritings of a mail that must not change what it says.

use std::collections::BTreeMap;

use mail::{Address, Defect, Mailbox, Message, MessageId, Parsed, Reply, address, file_name, limits, part};

/// The rewritings are compared up to this size, so that no limit in bytes falls between two of them.
pub const REWRITTEN_BYTES_MAX: usize = 8 * 1024;

/// How often each word occurs.
#[must_use]
pub fn words(texts: &[&str]) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    let is_mark = |c: char| !c.is_alphanumeric();
    for word in texts.iter().flat_map(|text| text.split(is_mark)).filter(|word| !word.is_empty()) {
        *count.entry(word.to_owned()).or_default() += 1;
    }
    count
}

/// New text, history and signature together are the body: no word is lost, none is made up.
pub fn assert_no_word_lost(body: &str, reply: &Reply) {
    assert_eq!(words(&[body]), words(&[&reply.new_text, &reply.elided, &reply.signature]), "body {body:?}\nreply {reply:?}");
}

/// What is written into a header or a log later is one line without controls.
pub fn assert_one_line(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}

/// An address that was taken once is taken again, or it could be stored and never read back.
pub fn assert_address(address: &Address) {
    assert_eq!(Address::new(address.as_str()).as_ref(), Ok(address));
}

/// A name that can be shown and stored on any system.
pub fn assert_file_name(name: &str) {
    assert!(!name.is_empty() && name.len() <= limits::FILE_NAME_BYTES_MAX, "{name:?}");
    assert!(!name.contains(|c: char| matches!(c, '/' | '\\') || c.is_control() || address::is_bidi_control(c)), "{name:?}");
    assert!(!name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']), "{name:?}");
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    assert!(!["con", "prn", "aux", "nul", "com1", "com9", "lpt1", "lpt9"].contains(&stem.as_str()), "{name:?}");
    assert_eq!(file_name::safe(name).as_deref(), Some(name), "sanitising twice is sanitising once");
}

/// What holds for every mail that was read.
pub fn assert_read(parsed: &Parsed) {
    let Message { from, sender, reply_to, to, cc, .. } = &parsed.message;
    let message = &parsed.message;
    let people: Vec<&Mailbox> = from.iter().chain(sender).chain(reply_to).chain(to).chain(cc).collect();
    assert!(people.len() <= limits::ADDRESSES_MAX && message.delivered_to.len() <= limits::ADDRESSES_MAX);
    for mailbox in people {
        assert_address(&mailbox.address);
        assert_one_line(mailbox.name.as_deref().unwrap_or_default());
    }
    message.delivered_to.iter().for_each(assert_address);
    let ids = message.message_id.iter().chain(&message.in_reply_to).chain(&message.references);
    for id in ids.chain(message.bounce.iter().filter_map(|bounce| bounce.original_message_id.as_ref())) {
        assert_eq!(MessageId::new(id.as_str()).as_ref(), Some(id));
    }
    assert!(message.references.len() <= limits::REFERENCES_MAX && message.in_reply_to.len() <= limits::REFERENCES_MAX);
    assert!(message.headers.len() <= limits::HEADER_LINES_MAX);
    assert_one_line(&message.subject);
    for header in &message.headers {
        assert_one_line(&header.name);
        assert_one_line(&header.value);
    }
    assert!(message.text.len() <= limits::TEXT_BYTES_MAX && !message.text.contains('\r'));
    assert_no_word_lost(&message.text, &message.reply);
    assert!(message.attachments.len() <= limits::ATTACHMENTS_LISTED_MAX);
    message.attachments.iter().for_each(|file| assert_file_name(&file.name));
    assert!(parsed.defects.is_sorted());
}

/// Every listed file can be taken out again and has the size it was listed with.
pub fn assert_files(raw: &[u8], message: &Message) {
    for file in message.attachments.iter().take(5) {
        let taken = part::attachment_bytes(raw, file.part).map(|bytes| bytes.len() as u64);
        assert_eq!(taken, Some(file.bytes), "{file:?}");
    }
}

/// The part of a result that no rewriting may change.
#[must_use]
pub fn essence(raw: &[u8]) -> (Message, Vec<Defect>) {
    let Parsed { mut message, defects } = mail::parse(raw);
    message.headers.iter_mut().for_each(|header| header.name.make_ascii_lowercase());
    // A file that does not consist of lines really has other bytes where a line end was rewritten.
    message.attachments.iter_mut().for_each(|file| file.bytes = 0);
    (message, defects)
}

/// The mail with LF for every line end.
#[must_use]
pub fn with_line_feeds(raw: &[u8]) -> Vec<u8> {
    raw.iter().copied().filter(|&byte| byte != b'\r').collect()
}

/// The mail, whose line ends are LF, with CRLF.
#[must_use]
pub fn with_carriage_returns(raw: &[u8]) -> Vec<u8> {
    raw.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// The mail with the names of its outer header fields in upper case. Line ends are LF.
#[must_use]
pub fn with_upper_names(raw: &[u8]) -> Vec<u8> {
    rewritten_header(raw, |name, value| [&name.to_ascii_uppercase(), b":".as_slice(), value].concat())
}

/// The mail with its outer header fields folded at every blank between two words (RFC 5322 §2.2.3). Line ends are LF.
#[must_use]
pub fn with_folding(raw: &[u8]) -> Vec<u8> {
    rewritten_header(raw, |name, value| {
        let mut line = [name, b":"].concat();
        for (at, &byte) in value.iter().enumerate() {
            let is_word = |at: Option<usize>| at.and_then(|at| value.get(at)).is_some_and(u8::is_ascii_alphanumeric);
            if byte == b' ' && is_word(at.checked_sub(1)) && is_word(Some(at + 1)) {
                line.push(b'\n');
            }
            line.push(byte);
        }
        line
    })
}

fn rewritten_header(raw: &[u8], rewrite: impl Fn(&[u8], &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut in_header = true;
    for line in raw.split(|&byte| byte == b'\n') {
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(0);
        let is_name = |name: &[u8]| name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        let is_field = colon > 0 && is_name(&line[..colon]) && !line.starts_with(b"--");
        // Behind a line that is no field, the reader may see a body.
        in_header &= is_field || line.starts_with(b" ") || line.starts_with(b"\t");
        lines.push(if in_header && is_field { rewrite(&line[..colon], &line[colon + 1..]) } else { line.to_vec() });
    }
    lines.join(&b'\n')
}

/// Whether the mail is made of lines of text: in some charsets a line end is more than its byte, or ends what came before.
#[must_use]
pub fn is_plain(raw: &[u8]) -> bool {
    const WIDE: [&str; 8] = ["utf-16", "utf16", "utf-32", "utf-7", "utf7", "ucs-2", "unicode", "hz-gb"];
    let folded = String::from_utf8_lossy(raw).to_ascii_lowercase();
    // A byte order mark makes a part UTF-16, whatever its label says.
    let has_mark = raw.windows(2).any(|pair| matches!(pair, [0xfe, 0xff] | [0xff, 0xfe]));
    let is_short = raw.len() <= REWRITTEN_BYTES_MAX;
    is_short && !has_mark && !folded.contains(['\0', '\u{1b}']) && !WIDE.iter().any(|label| folded.contains(label))
}
