//! Content keys: how the same mail is recognised when it comes again.

use blake3::Hasher;
use mail::Message;
use memchr::memmem;

use crate::store::ContentKeys;

/// Headers that hosts on the way add or change: two deliveries of one mail differ in them.
const TRACE_HEADERS: [&str; 16] = [
    "received",
    "return-path",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "authentication-results",
    "x-received",
    "received-spf",
    "x-spam-status",
    "x-spam-score",
    "x-spam-level",
    "x-spam-flag",
    "x-spam-checker-version",
    "x-delivered-to",
    "x-uid",
    "status",
];
/// The same, by their beginning.
const TRACE_PREFIXES: [&str; 4] = ["arc-", "x-ms-exchange-", "x-forefront-", "x-google-"];
/// Bytes joined before they are hashed.
const JOINED_BYTES: usize = 16 * 1024;

/// Computes both keys. Line ends do not count, since servers and maildirs differ in them.
#[must_use]
pub fn keys(raw: &[u8], message: &Message) -> ContentKeys {
    let (header, body) = split(raw);
    let body = digest_lines(body);
    let k2 = message.message_id.as_ref().map(|id| {
        let from: Vec<String> = message.from.iter().map(|mailbox| mailbox.address.folded()).collect();
        short(&[b"k2", id.as_str().as_bytes(), from.join(",").as_bytes(), &body])
    });
    let mut kept = Hasher::new();
    for field in fields(header) {
        let name_end = field.iter().position(|b| *b == b':').unwrap_or(field.len());
        let name = String::from_utf8_lossy(&field[..name_end]).trim().to_ascii_lowercase();
        let is_trace = TRACE_HEADERS.contains(&name.as_str()) || TRACE_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if !is_trace {
            update_lines(&mut kept, field);
        }
    }
    let kept: [u8; 32] = kept.finalize().into();
    ContentKeys { k2, k3: short(&[b"k3", &kept, &body]) }
}

fn split(raw: &[u8]) -> (&[u8], &[u8]) {
    let crlf = memmem::find(raw, b"\r\n\r\n").map(|at| (at + 2, at + 4));
    // A mail with CRLF has no bare pair of LF before its body, and behind it one would mean nothing.
    let lf = memmem::find(&raw[..crlf.map_or(raw.len(), |(header, _)| header)], b"\n\n").map(|at| (at + 1, at + 2));
    lf.or(crlf).map_or((raw, &[][..]), |(header, body)| (&raw[..header], &raw[body..]))
}

/// Header fields with their folded lines.
fn fields(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = header;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        loop {
            end += rest[end..].iter().position(|b| *b == b'\n').map_or(rest.len() - end, |at| at + 1);
            if end >= rest.len() || !matches!(rest[end], b' ' | b'\t') {
                break;
            }
        }
        let (field, after) = rest.split_at(end);
        rest = after;
        Some(field)
    })
}

fn digest_lines(bytes: &[u8]) -> [u8; 32] {
    let mut hasher = Hasher::new();
    update_lines(&mut hasher, bytes);
    hasher.finalize().into()
}

/// Hashes all bytes but the CR of each CRLF and line ends at the very end.
fn update_lines(hasher: &mut Hasher, bytes: &[u8]) {
    let end = bytes.iter().rposition(|b| *b != b'\r' && *b != b'\n').map_or(0, |at| at + 1);
    let bytes = &bytes[..end];
    // Copied together first: the hash takes one long run faster than many lines.
    let mut joined = Vec::with_capacity(bytes.len().min(JOINED_BYTES) + 1);
    let mut from = 0;
    for cr in memchr::memchr_iter(b'\r', bytes) {
        if bytes.get(cr + 1) == Some(&b'\n') {
            push_hashed(hasher, &mut joined, &bytes[from..cr]);
            from = cr + 1;
        }
    }
    push_hashed(hasher, &mut joined, &bytes[from..]);
    joined.push(b'\n');
    hasher.update(&joined);
}

fn push_hashed(hasher: &mut Hasher, joined: &mut Vec<u8>, bytes: &[u8]) {
    if joined.len() + bytes.len() > JOINED_BYTES {
        hasher.update(&joined[..]);
        joined.clear();
    }
    if bytes.len() > JOINED_BYTES {
        hasher.update(bytes);
    } else {
        joined.extend_from_slice(bytes);
    }
}

fn short(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().as_bytes()[..16].try_into().expect("32 bytes hold 16")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(raw: &str, id: Option<&str>, from: &str) -> ContentKeys {
        let message = Message {
            message_id: id.and_then(mail::MessageId::new),
            from: vec![mail::Mailbox { name: None, address: mail::Address::new(from).expect("address") }],
            ..Message::default()
        };
        keys(raw.as_bytes(), &message)
    }

    #[test]
    fn trace_headers_and_line_ends_do_not_make_another_mail() {
        let one = of("Received: a\r\n b\r\nSubject: x\r\n\r\nHi\r\n", Some("1@x"), "a@x.example");
        let two = of("Received: c\nDelivered-To: q@x\nSubject: x\n\nHi\n\n", Some("1@x"), "a@x.example");
        assert_eq!(one, two);
    }

    #[test]
    fn the_same_id_with_another_body_or_sender_is_another_mail() {
        let mail = of("Subject: x\n\nHi\n", Some("1@x"), "a@x.example");
        let other_body = of("Subject: x\n\nHo\n", Some("1@x"), "a@x.example");
        let other_sender = of("Subject: x\n\nHi\n", Some("1@x"), "b@x.example");
        assert_ne!(mail.k2, other_body.k2);
        assert_ne!(mail.k3, other_body.k3);
        assert_ne!(mail.k2, other_sender.k2);
    }
}
