//! Notices that are objects: Amazon SES reports by mail through SNS as JSON in a plain text.
//!
//! Only the few fields needed are taken, by their names; the notice is often wrapped at 1,000 columns in the middle of
//! a string, which a strict reader would refuse.

use crate::part::TextPart;
use crate::{Bounce, BounceRecipient, Complaint, Message, MessageId, dsn_code, dsn_phrase};

/// Whether the sender is such a service.
pub(crate) fn is_candidate(message: &Message) -> bool {
    message
        .from
        .iter()
        .any(|mailbox| mailbox.address.domain().ends_with("amazonaws.com") || mailbox.address.domain().ends_with("amazonses.com"))
}

/// The kind of notice: `bounce`, `complaint`, `delivery`, in lower case.
fn kind_of(text: &str) -> Option<String> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    string_after(text, "notificationType").or_else(|| string_after(text, "eventType")).map(|kind| kind.to_ascii_lowercase())
}

/// The bounce a notice tells of.
pub(crate) fn read(message: &Message, parts: &[TextPart]) -> Option<Bounce> {
    if !is_candidate(message) {
        return None;
    }
    let text = parts.first().map(|part| notice_of(&part.text))?;
    if kind_of(&text)? != "bounce" {
        return None;
    }
    let permanent = string_after(&text, "bounceType").is_none_or(|kind| kind != "Transient");
    let list = text.split_once("\"bouncedRecipients\"").map_or(text.as_str(), |(_, rest)| rest);
    let list = list.split_once(']').map_or(list, |(inner, _)| inner);
    let mut recipients = Vec::new();
    for object in list.split('{').skip(1).take(1_000) {
        let Some(address) = string_after(object, "emailAddress") else { continue };
        let diagnostic = string_after(object, "diagnosticCode");
        let words = diagnostic.clone().unwrap_or_default();
        let codes = dsn_code::Codes::of(&words);
        let stated = string_after(object, "status");
        let status = dsn_code::prefer(stated.as_deref(), codes.status.as_deref())
            .or_else(|| dsn_phrase::derive(&words, codes.smtp, permanent));
        recipients.push(BounceRecipient { address, status, smtp_code: codes.smtp, permanent, diagnostic });
    }
    let (original_message_id, original_subject) = original_of(&text);
    Some(Bounce { recipients, original_message_id, original_subject })
}

/// The complaint a notice tells of.
pub(crate) fn read_complaint(message: &Message, parts: &[TextPart]) -> Option<Complaint> {
    if !is_candidate(message) {
        return None;
    }
    let text = parts.first().map(|part| notice_of(&part.text))?;
    if kind_of(&text)? != "complaint" {
        return None;
    }
    let list = text.split_once("\"complainedRecipients\"").map_or("", |(_, rest)| rest);
    let list = list.split_once(']').map_or(list, |(inner, _)| inner);
    let recipients = list.split('{').skip(1).take(1_000).filter_map(|object| string_after(object, "emailAddress")).collect();
    let (original_message_id, original_subject) = original_of(&text);
    let feedback_type = string_after(&text, "complaintFeedbackType").map(|kind| kind.to_ascii_lowercase());
    Some(Complaint { feedback_type, recipients, original_message_id, original_subject })
}

/// Message-ID and subject of the mail that a notice is about.
fn original_of(text: &str) -> (Option<MessageId>, Option<String>) {
    let original = text.split_once("\"commonHeaders\"").map_or("", |(_, rest)| rest);
    let message_id = header_value(text, "Message-ID")
        .or_else(|| string_after(original, "messageId"))
        .or_else(|| string_after(text, "messageId"));
    (message_id.as_deref().and_then(MessageId::new), string_after(original, "subject"))
}

/// The notice without its line breaks. A subscription that asks for all of JSON gets it as a string in an object.
fn notice_of(text: &str) -> String {
    let whole = unwrapped(text);
    string_after(&whole, "Message").filter(|inner| inner.trim_start().starts_with('{')).unwrap_or(whole)
}

fn unwrapped(text: &str) -> String {
    let object = text.split_once("\n--").map_or(text, |(object, _)| object);
    let mut joined = String::with_capacity(object.len());
    for line in object.lines() {
        joined.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end_matches('\r'));
    }
    joined
}

/// The string value of the first key of that name, with the common escapes undone.
fn string_after(text: &str, key: &str) -> Option<String> {
    let quoted = format!("\"{key}\"");
    let rest = &text[text.find(&quoted)? + quoted.len()..];
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let mut value = String::new();
    let mut characters = rest.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => return Some(value),
            '\\' => match characters.next()? {
                'n' | 'r' | 't' => value.push(' '),
                'u' => value.push(unit(&mut characters)?),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// The character of `\uXXXX` (RFC 8259 §7), beyond the first plane of two such escapes.
fn unit(characters: &mut std::str::Chars<'_>) -> Option<char> {
    let first = u32::from_str_radix(&characters.by_ref().take(4).collect::<String>(), 16).ok()?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let second = characters.as_str().strip_prefix("\\u").and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok());
    let Some(second) = second.filter(|second| (0xdc00..0xe000).contains(second)) else {
        return Some(char::REPLACEMENT_CHARACTER);
    };
    characters.nth(5);
    char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
}

/// The value of a `{"name":"X","value":"…"}` pair.
fn header_value(text: &str, name: &str) -> Option<String> {
    let at = text.find(&format!("\"name\":\"{name}\""))?;
    string_after(&text[at..], "value")
}
