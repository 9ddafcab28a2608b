//! The mail that bounced, as far as the report returns it.

use crate::part::TextPart;
use crate::{MessageId, dsn_text, parse};

/// What is known of the returned mail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Original {
    /// Its id.
    pub(crate) message_id: Option<MessageId>,
    /// Its subject, decoded.
    pub(crate) subject: Option<String>,
    /// Its To and Cc addresses.
    pub(crate) recipients: Vec<String>,
}

/// Looks in the returned mail, then in the returned headers, then behind the notice, then for the fields some reports
/// state beside it.
pub(crate) fn find(raw: &[u8], parts: &[TextPart], tail: &str) -> Original {
    let mut original = Original::default();
    let blocks = parts.iter().filter(|part| is_returned(&part.content_type)).map(|part| part.text.as_str()).chain([tail]);
    for block in blocks {
        merge(&mut original, from_block(block));
        if original.message_id.is_some() && original.subject.is_some() {
            return original;
        }
    }
    if original.message_id.is_none() {
        for part in parts {
            merge(&mut original, from_block(&part.text));
        }
    }
    if original.message_id.is_none() && original.subject.is_none() {
        // A returned mail in a part that was not read as text: its headers follow the report's own header block.
        let body =
            raw.windows(2).position(|pair| pair == b"\n\n").or_else(|| raw.windows(3).position(|three| three == b"\n\r\n"));
        let slice = body.map_or(&[][..], |at| &raw[at..raw.len().min(at + 256 * 1024)]);
        merge(&mut original, from_block(&String::from_utf8_lossy(slice)));
    }
    original
}

/// Whether a part holds the returned mail or its headers.
pub(crate) fn is_returned(content_type: &str) -> bool {
    ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "text/rfc822", "message/rfc822-headers"]
        .contains(&content_type)
}

fn merge(into: &mut Original, from: Original) {
    into.message_id = into.message_id.take().or(from.message_id);
    into.subject = into.subject.take().or(from.subject);
    if into.recipients.is_empty() {
        into.recipients = from.recipients;
    }
}

/// Reads header lines wherever they start in a block; a returned mail may be indented or quoted.
fn from_block(block: &str) -> Original {
    let mut original = Original::default();
    let mut lines = parse::lines(block).take(2_000).peekable();
    while let Some(line) = lines.next() {
        const NAMES: [&str; 6] = ["message-id", "subject", "to", "cc", "original-message-id", "x-original-message-id"];
        let bare = line.trim_start_matches(['>', ' ', '\t', '|']);
        // Few other lines begin with the letters that these do.
        let may_be_named = bare.as_bytes().first().is_some_and(|first| b"mstcox".contains(&first.to_ascii_lowercase()));
        let Some(colon) = may_be_named.then(|| memchr::memchr(b':', bare.as_bytes())).flatten() else { continue };
        let (name, value) = (&bare[..colon], &bare[colon + 1..]);
        let name = name.trim_end();
        let Some(name) = NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name)) else { continue };
        let mut value = value.trim().to_owned();
        while let Some(next) = lines.peek() {
            let folded = next.starts_with([' ', '\t']) && !next.trim().is_empty();
            if !folded || value.len() > 8_192 || (line.starts_with([' ', '\t']) && next.contains(": ")) {
                break;
            }
            value.push(' ');
            value.push_str(next.trim());
            lines.next();
        }
        match name {
            "subject" if original.subject.is_none() && !value.is_empty() => original.subject = Some(decoded(&value)),
            "to" | "cc" if original.recipients.len() < 50 => original.recipients.extend(dsn_text::addresses_in(&value)),
            "message-id" | "original-message-id" | "x-original-message-id" if original.message_id.is_none() => {
                let bare =
                    value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(value.as_str(), |(inner, _)| inner);
                original.message_id = MessageId::new(bare);
            }
            _ => {}
        }
        if original.message_id.is_some() && original.subject.is_some() && !original.recipients.is_empty() {
            break;
        }
    }
    original
}

/// A header value with its encoded words (RFC 2047) decoded and controls removed.
fn decoded(value: &str) -> String {
    let mut field = value.replace(['\r', '\n'], " ");
    if field.contains("=?") {
        let line = format!("Subject: {field}\r\n\r\n");
        if let Some(subject) =
            mail_parser::MessageParser::new().parse(line.as_bytes()).and_then(|mail| mail.subject().map(str::to_owned))
        {
            field = subject;
        }
    }
    field.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}
