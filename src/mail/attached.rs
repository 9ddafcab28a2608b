//! A mail that is passed on as a file: "Forward as attachment".

use crate::part::Part;
use crate::{Forward, Message, body, forward, header, header_block, limits, parse, part};

/// The attached mail, where the mail is about it: its subject says so, or it has no words of its own. `None` where several
/// are attached, since none of them is the one.
///
/// What is attached to the attached mail stays closed, so this goes one level down.
pub(crate) fn forward(message: &Message, parts: &[Part<'_>]) -> Option<Forward> {
    let mut attached = parts.iter().filter(|part| matches!(part.content_type.as_str(), "message/rfc822" | "message/global"));
    let part = attached.next().filter(|_| attached.next().is_none())?;
    if !forward::is_forward_subject(&message.subject) && !message.reply.new_text.trim().is_empty() {
        return None;
    }
    let (bytes, _) = part.bytes();
    let raw = parse::prepared(&bytes[..bytes.len().min(limits::MAIL_BYTES_MAX)]);
    let block = header::read_block(&raw);
    let field = |name: &str| block.first(name).map(|value| header::text(value, None).0).filter(|text| !text.is_empty());
    let inner = part::walk(&raw, &block, &mut Vec::new());
    Some(Forward {
        from: Some(field("from")?),
        to: field("to").map(|list| header_block::mailboxes(&list)).unwrap_or_default(),
        subject: field("subject"),
        date: field("date"),
        text: body::read(&inner, &body::roles(&inner), &mut Vec::new()).text,
    })
}
