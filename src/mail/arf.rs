//! Feedback reports: who called which mail spam (RFC 5965, and the two services that write something else).
//!
//! Deliberately absent: whether the mail was ours. The caller compares the Message-ID with its own.

use crate::part::TextPart;
use crate::{Complaint, Message, dsn_json, dsn_original, dsn_text, limits};

/// Most fields read of one report.
const FIELDS_MAX: usize = 200;

/// Whether a mail is worth [`read`]ing as a feedback report, by its headers and the types of its parts alone.
pub(crate) fn is_candidate<'a>(message: &Message, content_types: impl IntoIterator<Item = &'a str>) -> bool {
    content_types.into_iter().any(is_report)
        || message.header("content-type").is_some_and(|value| value.to_ascii_lowercase().contains("feedback-report"))
        || dsn_json::is_candidate(message)
        || is_junk_report(message)
}

/// Reads a feedback report; `None` where the mail is none.
///
/// `raw` is the whole mail and `parts` are its textual leaves, as for [`crate::dsn::read`].
pub(crate) fn read(raw: &[u8], message: &Message, parts: &[TextPart]) -> Option<Complaint> {
    if let Some(complaint) = dsn_json::read_complaint(message, parts) {
        return Some(complaint);
    }
    let report = parts.iter().find(|part| is_report(&part.content_type));
    let returned = parts.iter().find(|part| dsn_original::is_returned(&part.content_type));
    if report.is_none() && !(is_junk_report(message) && returned.is_some()) {
        return None;
    }
    let mut complaint = Complaint::default();
    for (name, value) in report.map(|part| fields(&part.text)).unwrap_or_default() {
        match name.as_str() {
            "feedback-type" if complaint.feedback_type.is_none() => {
                complaint.feedback_type = Some(value.to_ascii_lowercase());
            }
            // RFC 5965 §3.2; the second is how some hosts named it before.
            "original-rcpt-to" | "removal-recipient" => take_addresses(&mut complaint, &value),
            _ => {}
        }
    }
    if let Some(returned) = returned {
        for (name, value) in fields(&returned.text) {
            if name == "x-hmxmroriginalrecipient" {
                take_addresses(&mut complaint, &value);
            }
        }
    }
    let original = dsn_original::find(raw, parts, "");
    if complaint.recipients.is_empty() {
        complaint.recipients = original.recipients;
    }
    complaint.recipients.truncate(limits::ADDRESSES_MAX);
    complaint.original_message_id = original.message_id;
    complaint.original_subject = original.subject;
    Some(complaint)
}

fn is_report(content_type: &str) -> bool {
    content_type == "message/feedback-report"
}

/// Microsoft's service returns the mail without any report beside it.
fn is_junk_report(message: &Message) -> bool {
    let subject = message.subject.trim_start();
    subject.get(..29).is_some_and(|start| start.eq_ignore_ascii_case("complaint about message from "))
}

fn take_addresses(complaint: &mut Complaint, value: &str) {
    for address in dsn_text::addresses_in(value) {
        if !complaint.recipients.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
            complaint.recipients.push(address);
        }
    }
}

/// Header lines up to the first blank one behind them, unfolded, names in lower case.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.trim_start().lines().take_while(|line| !line.trim().is_empty()).take(FIELDS_MAX) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            found.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}
