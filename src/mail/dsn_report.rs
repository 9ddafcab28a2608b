//! The machine-readable half of a report: groups of fields (RFC 3464 §2.1), also where a mailer pasted them into text.

use std::borrow::Cow;

use crate::parse;
use crate::part::TextPart;

/// What happened to one recipient (RFC 3464 §2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Given up.
    Failed,
    /// Still being tried.
    Delayed,
    /// Delivered, relayed or expanded.
    Success,
    /// The field is missing or unknown.
    Unstated,
}

/// One recipient as the fields state it.
#[derive(Clone, Debug)]
pub(crate) struct Reported {
    /// Final or original recipient.
    pub(crate) address: String,
    /// What happened.
    pub(crate) action: Action,
    /// Enhanced status without comment.
    pub(crate) status: Option<String>,
    /// All diagnostic codes, joined by line ends.
    pub(crate) diagnostic: Option<String>,
}

/// Whether a part is a delivery status (RFC 3464, RFC 6533).
pub(crate) fn is_status(content_type: &str) -> bool {
    content_type.starts_with("message/delivery-status") || content_type.starts_with("message/global-delivery-status")
}

/// Recipients of every delivery-status part that precedes the returned mail.
pub(crate) fn read(parts: &[TextPart]) -> Vec<Reported> {
    let before_original = parts.iter().position(|part| part.content_type == "message/rfc822").unwrap_or(parts.len());
    let mut sources: Vec<&TextPart> = parts[..before_original].iter().filter(|part| is_status(&part.content_type)).collect();
    if sources.is_empty() {
        sources = parts.iter().filter(|part| is_status(&part.content_type)).take(1).collect();
    }
    let mut found = Vec::new();
    for part in sources {
        read_groups(&part.text, &mut found);
    }
    found
}

/// Recipients of fields pasted into the notice, as "technical report" or the like.
pub(crate) fn read_inline(text: &str) -> Vec<Reported> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let begins =
        |at: usize, word: &str| bytes.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()));
    let ends = |at: usize, word: &str| at.checked_sub(word.len()).is_some_and(|start| begins(start, word));
    // What all of them hold is rarer in words than any letter.
    let names_recipient =
        memchr::memchr_iter(b'-', bytes).any(|at| begins(at, "-recipient:") && (ends(at, "final") || ends(at, "original")));
    if names_recipient && memchr::memchr_iter(b':', bytes).any(|at| ends(at, "action") || ends(at, "status")) {
        read_groups(text, &mut found);
    }
    found
}

/// Fields of one group while it is read.
#[derive(Default)]
struct Group {
    final_recipient: Option<String>,
    original_recipient: Option<String>,
    action: Option<Action>,
    status: Option<String>,
    diagnostics: Vec<String>,
}

impl Group {
    fn flush(&mut self, found: &mut Vec<Reported>) {
        let group = std::mem::take(self);
        // The original recipient is the address we wrote to; the final one may be an alias we never heard of.
        let original = group.original_recipient.filter(|address| address.contains('@'));
        let original = original.map(|address| without_xtext(address, group.final_recipient.as_deref()));
        let Some(address) = original.or(group.final_recipient) else {
            // A group without recipient is that of the message, or the rest of a group that a blank line cut in two.
            if let Some(last) = found.last_mut() {
                last.status = last.status.take().or(group.status);
                if last.action == Action::Unstated {
                    last.action = group.action.unwrap_or(Action::Unstated);
                }
                if last.diagnostic.is_none() && !group.diagnostics.is_empty() {
                    last.diagnostic = Some(group.diagnostics.join("\n"));
                }
            }
            return;
        };
        if found.len() >= crate::limits::ADDRESSES_MAX {
            return;
        }
        let diagnostic = (!group.diagnostics.is_empty()).then(|| group.diagnostics.join("\n"));
        let action = group.action.unwrap_or(Action::Unstated);
        // A status of success contradicts what is said to have happened; old AOL stated it always.
        let fails = matches!(action, Action::Failed | Action::Delayed);
        let status = group.status.filter(|status| !fails || !status.starts_with('2'));
        found.push(Reported { address, action, status, diagnostic });
    }

    /// `name` is as written, in any case.
    fn take(&mut self, name: &str, value: &str, found: &mut Vec<Reported>) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("final-recipient") {
            if self.final_recipient.is_some() {
                self.flush(found);
            }
            self.final_recipient = recipient(value);
        } else if is("original-recipient") {
            if self.original_recipient.is_some() {
                self.flush(found);
            }
            self.original_recipient = recipient(value);
        } else if is("action") {
            self.action = Some(action(value));
        } else if is("status") {
            self.status = status(value);
        } else if DIAGNOSTICS.into_iter().any(is) {
            let (kind, words) = value.split_once(';').unwrap_or(("", value));
            let words = if kind.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '-') { words } else { value };
            self.diagnostics.push(words.trim().to_owned());
        }
    }
}

const DIAGNOSTICS: [&str; 4] = ["diagnostic-code", "x-sendmail-transaction", "x-supplementary-info", "x-actual-error"];

fn read_groups(text: &str, found: &mut Vec<Reported>) {
    let mut group = Group::default();
    let mut name = "";
    let mut value = Cow::Borrowed("");
    for line in parse::lines(text) {
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() {
            group.take(name, value.trim(), found);
            name = "";
            group.flush(found);
            continue;
        }
        if line.starts_with([' ', '\t']) && !name.is_empty() {
            value.to_mut().push(' ');
            value.to_mut().push_str(line.trim());
            continue;
        }
        if let Some((field, content)) = line.trim_start().split_once(':').filter(|(field, _)| is_field_name(field)) {
            group.take(name, value.trim(), found);
            name = field.trim();
            value = content.trim().into();
        } else if !name.is_empty() {
            // Some mailers break a diagnostic over lines without indenting them.
            value.to_mut().push(' ');
            value.to_mut().push_str(line.trim());
        }
    }
    group.take(name, value.trim(), found);
    group.flush(found);
}

fn is_field_name(field: &str) -> bool {
    let field = field.trim_end();
    const KNOWN: [&str; 16] = [
        "reporting-mta",
        "received-from-mta",
        "arrival-date",
        "original-recipient",
        "final-recipient",
        "action",
        "status",
        "remote-mta",
        "diagnostic-code",
        "last-attempt-date",
        "final-log-id",
        "will-retry-until",
        "original-envelope-id",
        "dsn-gateway",
        "x-actual-recipient",
        "x-display-name",
    ];
    field.len() <= 60
        && (KNOWN.iter().any(|known| field.eq_ignore_ascii_case(known))
            || (field.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"))
                && field.bytes().all(|byte| byte.is_ascii_graphic())))
}

/// The address of a typed recipient field: `rfc822; a@b`, `rfc822;<a@b>`, `LOCAL; <a@b>`, `utf-8; \x{E4}@b`.
fn recipient(value: &str) -> Option<String> {
    let typed = value.split_once(';').filter(|(kind, _)| !kind.contains('@'));
    let bare = typed.map_or(value, |(_, rest)| rest).trim();
    let bare = bare.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(bare, |(inner, _)| inner).trim();
    // A quoted local part may hold blanks (RFC 5321 §4.1.2).
    let quoted = bare.strip_prefix('"').and_then(|rest| rest.find("\"@")).map(|at| at + 1);
    let bare = match quoted {
        Some(at) => &bare[..at + bare[at..].find(char::is_whitespace).unwrap_or(bare.len() - at)],
        None => bare.trim_matches(['"', '\'', '<', '>', ' ']).split_whitespace().next().unwrap_or_default(),
    };
    let bare = bare.trim_end_matches([';', ',']);
    (!bare.is_empty()).then(|| without_embedding(bare))
}

/// Characters beyond ASCII as RFC 6533 §3 embeds them in 7 bits: `\x{E4}`.
fn without_embedding(address: &str) -> String {
    let mut decoded = String::with_capacity(address.len());
    let mut rest = address;
    while let Some((before, behind)) = rest.split_once("\\x{") {
        let character = behind
            .split_once('}')
            .and_then(|(digits, after)| Some((u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?, after)));
        let Some((character, after)) = character else { break };
        decoded.push_str(before);
        decoded.push(character);
        rest = after;
    }
    decoded.push_str(rest);
    decoded
}

/// An original recipient as it was written, where the reporting host left it in xtext (RFC 3461 §4.2). Plus signs are
/// common in addresses, so the final recipient must agree.
fn without_xtext(original: String, last: Option<&str>) -> String {
    let mut parts = original.split('+');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(u8::is_ascii_graphic);
        let Some(code) = code else { return original };
        decoded.push(char::from(code));
        decoded.push_str(&part[2..]);
    }
    if last.is_some_and(|last| last.eq_ignore_ascii_case(&decoded)) { decoded } else { original }
}

fn action(value: &str) -> Action {
    let word: String = value.trim().chars().take_while(|c| c.is_ascii_alphabetic()).map(|c| c.to_ascii_lowercase()).collect();
    match word.as_str() {
        "failed" | "failure" | "fail" | "error" | "expired" | "deleted" | "hard" => Action::Failed,
        "delayed" | "delay" | "deferred" => Action::Delayed,
        "delivered" | "relayed" | "expanded" | "deliverable" => Action::Success,
        _ => Action::Unstated,
    }
}

/// `5.1.1 (bad address)` → `5.1.1`, and `5.01.001` as well.
fn status(value: &str) -> Option<String> {
    let bare = &value[value.find(|c: char| c.is_ascii_digit())?..];
    crate::dsn_code::status_at(bare).map(str::to_owned).or_else(|| padded_status(bare))
}

/// A status with the leading zeros that RFC 3463 §2 forbids.
fn padded_status(bare: &str) -> Option<String> {
    let end = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
    let mut numbers = bare[..end].split('.').map(|digits| digits.parse::<u16>().ok().filter(|_| digits.len() <= 3));
    let (class, subject, detail) = (numbers.next()??, numbers.next()??, numbers.next()??);
    (numbers.next().is_none() && matches!(class, 2 | 4 | 5) && subject < 10).then(|| format!("{class}.{subject}.{detail}"))
}
