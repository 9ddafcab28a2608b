//! Codes within words: SMTP replies (RFC 5321 §4.2) and enhanced status codes (RFC 3463).
//!
//! Notices are full of numbers that look alike: addresses of hosts, versions, sizes, waiting times. A number counts by
//! where it stands, and the best place wins.

/// The two codes a text states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codes {
    /// SMTP reply, 400–599.
    pub(crate) smtp: Option<u16>,
    /// Enhanced status, `5.1.1`.
    pub(crate) status: Option<String>,
}

impl Codes {
    /// The codes of the refusal described in `text`.
    pub(crate) fn of(text: &str) -> Self {
        let replies = replies(text);
        let mut best = replies.iter().max_by_key(|reply| (reply.weight, std::cmp::Reverse(reply.at)));
        if best.and_then(|reply| reply.status).is_some_and(is_expiry) {
            // "Expired" only says that trying ended; the last attempt, where it is quoted too, says why.
            best =
                replies.iter().find(|reply| reply.status.is_some_and(|status| !is_expiry(status) && !is_vague(status))).or(best);
        }
        let status = best
            .and_then(|reply| reply.status)
            .filter(|status| !is_vague(status))
            .or_else(|| statuses(text).find(|status| !is_vague(status)))
            .or_else(|| statuses(text).next());
        Self { smtp: best.map(|reply| reply.code), status: status.map(str::to_owned) }
    }
}

/// A status that says no more than "it failed".
pub(crate) fn is_vague(status: &str) -> bool {
    status.ends_with(".0.0")
}

/// A status that says that trying ended, not why.
pub(crate) fn is_expiry(status: &str) -> bool {
    status.ends_with(".4.7")
}

/// The stated status of a report, unless the words of the refusing host are more exact.
///
/// Reporting mailers often write 5.0.0 where the other host said why.
pub(crate) fn prefer(stated: Option<&str>, from_words: Option<&str>) -> Option<String> {
    match (stated, from_words) {
        (Some(_), Some(words)) if !is_vague(words) => Some(words.to_owned()),
        (Some(stated), _) => Some(stated.to_owned()),
        (None, words) => words.map(str::to_owned),
    }
}

/// A number that may be an SMTP reply.
struct Reply<'a> {
    code: u16,
    at: usize,
    weight: u8,
    status: Option<&'a str>,
}

fn replies(text: &str) -> Vec<Reply<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut behind = 0;
    for at in memchr::memchr2_iter(b'4', b'5', bytes) {
        if at < behind || at + 3 > bytes.len() || !is_reply_at(bytes, at) {
            continue;
        }
        let code = u16::from(bytes[at] - b'0') * 100 + u16::from(bytes[at + 1] - b'0') * 10 + u16::from(bytes[at + 2] - b'0');
        let status = status_after(text, at + 3);
        if let Some(weight) = weight_of(text, at, status.is_some()) {
            found.push(Reply { code, at, weight, status });
        }
        behind = at + 3;
    }
    found
}

/// Three digits on their own, 400–599 with the second digit 0–5 as RFC 5321 has it, and 6 and 7 as hosts made up.
fn is_reply_at(bytes: &[u8], at: usize) -> bool {
    let digits = matches!(bytes[at], b'4' | b'5') && matches!(bytes[at + 1], b'0'..=b'7') && bytes[at + 2].is_ascii_digit();
    if !digits {
        return false;
    }
    let before = at.checked_sub(1).map(|index| bytes[index]);
    let after = bytes.get(at + 3).copied();
    let open = before.is_none_or(|byte| {
        !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'@' | b'$') || byte >= 0x80)
    });
    let close = after.is_none_or(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@' | b'%') || byte >= 0x80));
    // A port: `host.example:587`, `[192.0.2.1]:465`.
    let is_port = before == Some(b':') && {
        let before_colon = &bytes[(at - 1).saturating_sub(HOST_BYTES_MAX)..at - 1];
        let start = before_colon.iter().rposition(u8::is_ascii_whitespace).map_or(0, |index| index + 1);
        let host = &before_colon[start..];
        host.contains(&b'.') || host.ends_with(b"]")
    };
    let is_decimal = after == Some(b'.') && bytes.get(at + 4).is_some_and(u8::is_ascii_digit) && !is_enclosed(bytes, at);
    open && close && !is_decimal && !is_port
}

/// A known reply alone in brackets, behind which no number goes on: `(550)`, and `(554.30)` as Yahoo writes it.
fn is_enclosed(bytes: &[u8], at: usize) -> bool {
    const KNOWN: [&[u8]; 9] = [b"421", b"450", b"451", b"452", b"550", b"551", b"552", b"553", b"554"];
    let (code, behind) = bytes[at..].split_at(3);
    let part = behind.strip_prefix(b".").map_or(behind, |part| &part[part.iter().take_while(|b| b.is_ascii_digit()).count()..]);
    let is_closed =
        part.strip_prefix(b")").is_some_and(|after| !after.trim_ascii_start().first().is_some_and(u8::is_ascii_digit));
    at.checked_sub(1).is_some_and(|index| bytes[index] == b'(') && KNOWN.contains(&code) && is_closed
}

/// How sure the place makes us that this number is a reply; `None` if it counts something else.
fn weight_of(text: &str, at: usize, has_status: bool) -> Option<u8> {
    let bytes = text.as_bytes();
    let rest = text.get(at + 3..).unwrap_or_default();
    let behind = rest.trim_start();
    let word = &behind[..behind.bytes().take_while(u8::is_ascii_alphabetic).count()];
    const UNITS: [&str; 23] = [
        "second",
        "seconds",
        "sec",
        "secs",
        "minute",
        "minutes",
        "min",
        "mins",
        "hour",
        "hours",
        "hrs",
        "day",
        "days",
        "byte",
        "bytes",
        "kb",
        "mb",
        "kbytes",
        "lines",
        "times",
        "attempts",
        "messages",
        "recipients",
    ];
    if UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(word)) {
        return None;
    }
    if has_status {
        return Some(9);
    }
    let before = words_before(text, at);
    let ends_with = |lead: &str| {
        let start = before.len().checked_sub(lead.len());
        start.is_some_and(|start| before.as_bytes()[start..].eq_ignore_ascii_case(lead.as_bytes()))
    };
    let next_is_separator = matches!(bytes.get(at + 3), Some(b' ' | b'-' | b':' | b'\r' | b'\n') | None);
    const LEADS: [&str; 23] = [
        "said:",
        "said",
        "replied:",
        "reply:",
        "reply",
        "response:",
        "responded:",
        "code :",
        "error:",
        "error",
        "smtp;",
        "failure:",
        "code",
        "code:",
        "with",
        "reason:",
        "status:",
        "answered:",
        "server:",
        "returned",
        "was:",
        "smtp:",
        "message:",
    ];
    if (before.is_empty() || before == "<<<") && next_is_separator {
        return Some(8);
    }
    if LEADS.iter().any(|lead| ends_with(lead)) {
        return Some(7);
    }
    if before.ends_with(['"', '\'', '<', '(', '#', ':', ';', '[']) && next_is_separator {
        return Some(6);
    }
    if is_enclosed(bytes, at) {
        return Some(4);
    }
    // Groups of digits before and behind: a telephone number.
    let goes_on = behind.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    let group = before.trim_end_matches(')');
    let group = &group[group.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
    if group.starts_with('0') || (goes_on && !group.is_empty()) {
        return None;
    }
    let port = ends_with("port") || bytes.get(at.wrapping_sub(1)) == Some(&b'/') || bytes.get(at.wrapping_sub(1)) == Some(&b'=');
    (next_is_separator && !port).then_some(3)
}

/// The end of what stands before a number on its line: as much as the longest lead needs, since a line may be the whole
/// notice and be full of numbers.
fn words_before(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default().trim_end_matches(|c: char| c.is_whitespace() && c != '\n');
    let mut start = before.len().saturating_sub(LEAD_BYTES_MAX);
    while !before.is_char_boundary(start) {
        start += 1;
    }
    let end = &before[start..];
    end.rfind('\n').map_or(end, |line_end| &end[line_end + 1..])
}

/// No lead is longer.
const LEAD_BYTES_MAX: usize = 16;
/// RFC 1035 §2.3.4: no name of a host is longer.
const HOST_BYTES_MAX: usize = 255;

/// An enhanced status right after a reply code, as in `550 5.1.1` or `550-5.7.26` or `550 #5.1.0`.
fn status_after(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?;
    let rest = rest.trim_start_matches([' ', '-', ':', '#', '(', '[', '<', ',', '\t', '_', '\'', '"']);
    (text.len() - at - rest.len() <= 4).then(|| status_at(rest)).flatten()
}

/// Every enhanced status in order.
fn statuses(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let starts = |at: usize| {
        at.checked_sub(1).is_none_or(|index| {
            !(bytes[index].is_ascii_alphanumeric() || matches!(bytes[index], b'.' | b'_' | b'/' | b'@') || bytes[index] >= 0x80)
        })
    };
    let is_version = |at: usize| {
        text.get(..at).is_some_and(|before| before.trim_end().ends_with("Exim") || before.trim_end().ends_with("ersion"))
    };
    memchr::memchr2_iter(b'4', b'5', bytes)
        .filter_map(move |at| starts(at).then(|| text.get(at..)).flatten().and_then(status_at).filter(|_| !is_version(at)))
}

/// A whole status at the start of a text: class, one digit of subject, up to three of detail, no fourth number.
pub(crate) fn status_at(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    if bytes.len() < 5 || !matches!(bytes[0], b'2' | b'4' | b'5') || bytes[1] != b'.' {
        return None;
    }
    let subject = bytes[2..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if subject == 0 || subject > 1 || bytes.get(2 + subject) != Some(&b'.') {
        return None;
    }
    let detail_at = 3 + subject;
    let detail = bytes[detail_at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if detail == 0 || detail > 3 {
        return None;
    }
    let end = detail_at + detail;
    let goes_on = match bytes.get(end) {
        Some(b'.') => bytes.get(end + 1).is_some_and(u8::is_ascii_digit),
        Some(byte) => byte.is_ascii_alphanumeric() || *byte == b'_',
        None => false,
    };
    (!goes_on).then(|| &text[..end])
}
