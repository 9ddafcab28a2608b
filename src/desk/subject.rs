//! Subjects: prefixes that clients add, our reference tag, and the bare subject that is left.

use crate::ids::TicketNo;

/// Prefixes of answers, lower case, without the colon.
const REPLY_PREFIXES: [&str; 24] = [
    "re",
    "aw",
    "antw",
    "antwort",
    "sv",
    "vs",
    "odp",
    "res",
    "rif",
    "r",
    "ref",
    "ynt",
    "yan",
    "ats",
    "vá",
    "vast",
    "bls",
    "回复",
    "答复",
    "回覆",
    "返信",
    "rép",
    "отв",
    "ответ",
];

/// Prefixes of forwarded mail, lower case, without the colon.
const FORWARD_PREFIXES: [&str; 20] = [
    "fwd",
    "fw",
    "wg",
    "tr",
    "rv",
    "vl",
    "vb",
    "enc",
    "i",
    "pd",
    "továbbítás",
    "fs",
    "trs",
    "doorst",
    "转发",
    "轉寄",
    "転送",
    "пер",
    "weitergeleitet",
    "vidarebefordrat",
];

/// A subject taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// What the writer meant, prefixes and our tags removed.
    pub bare: &'a str,
    /// It starts like an answer.
    pub is_reply: bool,
    /// It starts like a forward.
    pub is_forward: bool,
}

/// Takes prefixes off, repeatedly: `AW: Fwd: [T-12] Hi` → `Hi`.
#[must_use]
pub fn read<'a>(subject: &'a str, reference_prefix: &str) -> Subject<'a> {
    let mut rest = subject.trim();
    let (mut is_reply, mut is_forward) = (false, false);
    loop {
        if let Some(tag_end) = leading_tag(rest, reference_prefix) {
            rest = rest[tag_end..].trim_start();
            continue;
        }
        let Some((prefix, after)) = leading_prefix(rest) else { break };
        if FORWARD_PREFIXES.contains(&prefix.as_str()) {
            is_forward = true;
        } else if REPLY_PREFIXES.contains(&prefix.as_str()) {
            is_reply = true;
        } else {
            break;
        }
        rest = after.trim_start();
    }
    Subject { bare: rest.trim_end(), is_reply, is_forward }
}

/// All `[T-4821]` tags in a subject, in order.
#[must_use]
pub fn tags(subject: &str, reference_prefix: &str) -> Vec<TicketNo> {
    let mut found = Vec::new();
    for (at, _) in subject.match_indices('[') {
        if let Some(ticket) = tag_at(&subject[at..], reference_prefix).map(|(ticket, _)| ticket)
            && !found.contains(&ticket)
        {
            found.push(ticket);
        }
    }
    found
}

/// Tickets that a text names, such as `T-4821`, in order.
#[must_use]
pub fn named(text: &str, reference_prefix: &str) -> Vec<TicketNo> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-'));
    let number = |word: &str| word.strip_prefix(reference_prefix)?.strip_prefix('-')?.parse().ok().map(TicketNo);
    words.filter_map(number).collect()
}

/// For comparing subjects: bare, lower case, white space folded.
#[must_use]
pub fn folded(subject: &str, reference_prefix: &str) -> String {
    read(subject, reference_prefix).bare.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn leading_tag(text: &str, reference_prefix: &str) -> Option<usize> {
    tag_at(text, reference_prefix).map(|(_, end)| end)
}

fn tag_at(text: &str, reference_prefix: &str) -> Option<(TicketNo, usize)> {
    let end = text.find(']')?;
    let inner = text.strip_prefix('[')?.get(..end.checked_sub(1)?)?.trim();
    let head = inner.get(..reference_prefix.len())?;
    let digits = inner.get(reference_prefix.len()..)?.strip_prefix('-')?;
    let plain = head.eq_ignore_ascii_case(reference_prefix) && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().map(|number| (TicketNo(number), end + 1))
}

/// `Re:`, `RE[2]:`, `AW :`, `回复：` at the start: the prefix in lower case and what follows the colon.
fn leading_prefix(text: &str) -> Option<(String, &str)> {
    let (at, colon) = text.char_indices().take(24).find(|(_, c)| *c == ':' || *c == '：')?;
    let word = text[..at].trim_end();
    let word = match word.find(['[', '(']) {
        Some(open) if word.ends_with([']', ')']) && word[open + 1..word.len() - 1].bytes().all(|b| b.is_ascii_digit()) => {
            &word[..open]
        }
        _ => word,
    };
    let is_word = !word.is_empty() && word.chars().all(char::is_alphabetic);
    is_word.then(|| (word.to_lowercase(), &text[at + colon.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_our_tags_come_off_in_any_order() {
        let subject = read("AW: [T-12] Fwd: RE[2]: Probe drops", "T");
        assert_eq!(subject, Subject { bare: "Probe drops", is_reply: true, is_forward: true });
        assert_eq!(read("回复：你好", "T").bare, "你好");
        assert_eq!(read("Invoice: 77", "T").bare, "Invoice: 77");
        assert_eq!(read("", "T").bare, "");
    }

    #[test]
    fn a_tag_is_ours_only_with_our_prefix_and_digits() {
        assert_eq!(tags("Re: [T-4821] x [t-7] [X-9] [T-] [T-1a]", "T"), [TicketNo(4821), TicketNo(7)]);
    }
}
