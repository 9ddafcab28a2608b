//! A small reader for tests of reports: headers, addresses and textual leaves, nothing else.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "tests read fixtures"
)]

use mail::part::TextPart;
use mail::{Address, Attachment, Header, Mailbox, Message, MessageId, ReturnPath, SentDate};
use mail_parser::{MessageParser, MimeHeaders, PartType};

/// Reads a mail as far as reports and machine classes need it.
pub fn read(raw: &[u8]) -> (Message, Vec<TextPart>) {
    let Some(parsed) =
        MessageParser::new().with_mime_headers().with_address_headers().with_date_headers().default_header_text().parse(raw)
    else {
        return (Message::default(), Vec::new());
    };
    let mut message = Message::default();
    for header in parsed.parts[0].headers() {
        let value = raw.get(header.offset_start as usize..header.offset_end as usize).unwrap_or_default();
        let value = String::from_utf8_lossy(value).replace(['\r', '\n'], "").replace('\t', " ");
        message.headers.push(Header { name: header.name().to_owned(), value: value.trim().to_owned() });
    }
    message.from = mailboxes(parsed.from());
    message.to = mailboxes(parsed.to());
    message.cc = mailboxes(parsed.cc());
    message.subject = parsed.header("Subject").and_then(|value| value.as_text()).unwrap_or_default().to_owned();
    message.message_id = parsed.header("Message-ID").and_then(|value| value.as_text()).and_then(MessageId::new);
    message.return_path = message.header("return-path").and_then(return_path);
    let mut parts = Vec::new();
    leaves(&parsed, raw, &mut parts, 0);
    for part in parts.iter().filter(|part| !part.content_type.starts_with("text/plain") && part.content_type != "text/html") {
        message.attachments.push(Attachment {
            name: "part".to_owned(),
            content_type: part.content_type.clone(),
            bytes: part.text.len() as u64,
            inline: false,
            content_id: None,
            part: 0,
        });
    }
    message.date = parsed.date().map(|date| SentDate {
        unix_seconds: date.to_timestamp(),
        offset_minutes: (i32::from(date.tz_hour) * 60 + i32::from(date.tz_minute)) * if date.tz_before_gmt { -1 } else { 1 },
    });
    message.text = parts.first().map(|part| part.text.clone()).unwrap_or_default();
    (message, parts)
}

fn return_path(value: &str) -> Option<ReturnPath> {
    let bare = value.trim();
    if bare == "<>" { Some(ReturnPath::Null) } else { Address::new(bare).ok().map(ReturnPath::Address) }
}

fn mailboxes(list: Option<&mail_parser::Address<'_>>) -> Vec<Mailbox> {
    let Some(list) = list else { return Vec::new() };
    list.iter()
        .filter_map(|one| Some(Mailbox { name: one.name().map(str::to_owned), address: Address::new(one.address()?).ok()? }))
        .collect()
}

fn leaves(parsed: &mail_parser::Message<'_>, raw: &[u8], parts: &mut Vec<TextPart>, depth: usize) {
    for part in &parsed.parts {
        let kind = part.content_type().map(|kind| match kind.subtype() {
            Some(subtype) => format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase(),
            None => kind.ctype().to_ascii_lowercase(),
        });
        match &part.body {
            PartType::Text(text) => {
                parts.push(TextPart { content_type: kind.unwrap_or_else(|| "text/plain".into()), text: text.to_string() })
            }
            PartType::Html(text) => parts.push(TextPart { content_type: "text/html".into(), text: text.to_string() }),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                let kind = kind.unwrap_or_default();
                if kind.starts_with("message/") || kind.starts_with("text/") {
                    parts.push(TextPart { content_type: kind, text: String::from_utf8_lossy(bytes).into_owned() });
                }
            }
            PartType::Message(inner) => {
                let text = String::from_utf8_lossy(inner.raw_message()).into_owned();
                parts.push(TextPart { content_type: kind.unwrap_or_else(|| "message/rfc822".into()), text });
                if depth < 3 {
                    leaves(inner, raw, parts, depth + 1);
                }
            }
            PartType::Multipart(_) => {}
        }
    }
}
