//! Delivery reports: which mail did not arrive where, and why (RFC 3464, and what mailers wrote before and beside it).
//!
//! A report is read in three steps, from what is stated to what can only be told from words: the machine-readable
//! fields ([`crate::dsn_report`]), the notice for people ([`crate::dsn_text`]), and what both say about the refusal
//! ([`crate::dsn_code`], [`crate::dsn_phrase`]). Nothing here knows one mailer by name: a shape that two mailers share
//! is read once, and a mailer never seen is read as far as its shape is known.
//!
//! Deliberately absent: whose mail it was that bounced. The caller compares the original Message-ID with its own.

use std::cell::{LazyCell, OnceCell};
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::dsn_original::{self, Original};
use crate::dsn_report::{self, Action, Reported};
use crate::dsn_signs::Signs;
use crate::dsn_text::{self, Notice, Said};
use crate::part::TextPart;
use crate::{Bounce, BounceRecipient, Message, dsn_code, dsn_json, dsn_phrase, limits};

/// What makes a mail worth [`read`]ing as a report, by its headers and the types of its parts alone; `None` where nothing does.
///
/// Reading needs every part decoded; people's mail is spared that.
pub(crate) fn signs<'a, 'b>(message: &'a Message, content_types: impl IntoIterator<Item = &'b str>) -> Option<Signs<'a>> {
    let signs = Signs::of(message, content_types);
    signs.worth_reading().then_some(signs)
}

/// Reads a delivery report; `None` where the mail is none.
///
/// `raw` is the whole mail, used only where its parts hold no original message. `parts` are its textual leaves. A
/// report of success is no bounce, a report of delay is one that is not permanent.
#[must_use]
pub fn read(raw: &[u8], message: &Message, parts: &[TextPart]) -> Option<Bounce> {
    read_signed(raw, &signs(message, parts.iter().map(|part| part.content_type.as_str()))?, parts).map(|(bounce, _)| bounce)
}

/// As [`read`], by signs that were taken before, and with the notice for people, without the mail that it returns.
pub(crate) fn read_signed(raw: &[u8], signs: &Signs<'_>, parts: &[TextPart]) -> Option<(Bounce, String)> {
    let message = signs.message;
    if let Some(bounce) = dsn_json::read(message, parts) {
        return Some((tidied(bounce), String::new()));
    }
    let texts = dsn_text::human_text(parts);
    let mut reading = Reading::of(parts, &texts, message);
    let (broken, broken_texts);
    let mut parts = parts;
    if (signs.report_type() || (signs.daemon && signs.multipart())) && reading.names_nobody() {
        // A boundary that does not fit its parts hides all of them; the report is still legible as text.
        broken = [TextPart { content_type: "text/plain".to_owned(), text: body_as_text(raw) }];
        parts = &broken;
        broken_texts = dsn_text::human_text(parts);
        reading = Reading::of(parts, &broken_texts, message);
    }
    let reported = &reading.reported;
    let whole_success = !reported.is_empty() && reported.iter().all(|one| one.action == Action::Success);
    if whole_success {
        return None;
    }
    let failed_header = failed_recipients(message);
    if !signs.enough(!reported.is_empty(), !failed_header.is_empty(), || reading.notice()) {
        return None;
    }
    let original = dsn_original::find(raw, parts, reading.tail);
    let is_open = reported.is_empty() || reported.iter().any(|one| one.action == Action::Unstated);
    let delayed = is_open && (is_delay_subject(&message.subject) || reading.notice().is_delayed());
    let recipients: Vec<BounceRecipient> = if reported.is_empty() {
        unreported(reading.notice(), &failed_header, &original, delayed)
    } else {
        let kept: Vec<&Reported> = reported.iter().filter(|one| one.action != Action::Success).collect();
        let alone = kept.len() == 1;
        let said = |index: usize, address: &str| words(reading.notice(), address, index, alone);
        kept.iter()
            .enumerate()
            .map(|(index, one)| from_report(one, &LazyCell::new(|| said(index, &one.address)), delayed))
            .collect()
    };
    let bounce = Bounce { recipients, original_message_id: original.message_id, original_subject: original.subject };
    Some((tidied(bounce), texts.0))
}

/// A report is a stranger's text; what is kept of it stands in lists and logs, each address once.
fn tidied(mut bounce: Bounce) -> Bounce {
    let mut seen = BTreeSet::new();
    for one in &mut bounce.recipients {
        one.address.retain(|c| !c.is_control());
    }
    bounce.recipients.retain(|one| seen.insert(one.address.to_lowercase()));
    // An address of nothing but controls names nobody; a report of one recipient is kept without.
    if bounce.recipients.len() > 1 {
        bounce.recipients.retain(|one| !one.address.is_empty());
    }
    bounce.recipients.truncate(limits::ADDRESSES_MAX);
    if let Some(subject) = &mut bounce.original_subject {
        subject.retain(|c| !c.is_control());
    }
    bounce
}

/// Both halves of a report: the fields, and the notice for people, which is read only where the fields leave something
/// open.
struct Reading<'a> {
    message: &'a Message,
    reported: Vec<Reported>,
    human: &'a str,
    /// What stands behind the notice in the same part.
    tail: &'a str,
    notice: OnceCell<Notice<'a>>,
}

impl<'a> Reading<'a> {
    fn of(parts: &[TextPart], (human, tail): &'a (String, String), message: &'a Message) -> Self {
        let mut reported = dsn_report::read(parts);
        for text in [human, tail] {
            if reported.is_empty() {
                reported = dsn_report::read_inline(text);
            }
        }
        Self { message, reported, human, tail, notice: OnceCell::new() }
    }

    fn notice(&self) -> &Notice<'a> {
        self.notice.get_or_init(|| Notice::read(self.human, &exclusions(self.message), self.message))
    }

    fn names_nobody(&self) -> bool {
        self.reported.is_empty() && self.notice().found.is_empty() && self.notice().weak.is_empty()
    }
}

/// The body of a mail nobody could take apart, up to 128 KiB.
fn body_as_text(raw: &[u8]) -> String {
    let start = raw.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2);
    let start = start.or_else(|| raw.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)).unwrap_or(raw.len());
    String::from_utf8_lossy(&raw[start..raw.len().min(start + 128 * 1024)]).replace('\r', "")
}

/// The subject announces later tries; that of the mail which failed, where it is repeated behind the mark, does not count.
fn is_delay_subject(subject: &str) -> bool {
    static DELAY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)\(delay|delayed|delivery delay|delay(?:ed)? (?:notif|mail|warn)|^warning: (?:message|could not send)|warning - ?delay|",
            "verzögert|verzögerung|retard|retras|atrasad|ritard|vertraagd|vertraging|försena|fördröj|forsink|opóźni|zpožd|opožd|",
            "késlelt|viiväst|gecik|задерж|затримк|遅延|延迟|延遲|지연"
        ))
        .expect("constant pattern")
    });
    let mark = subject.split_once(':').map(|(mark, _)| mark).filter(|mark| {
        let folded = mark.to_lowercase();
        // Behind "Delivery status notification" stands what became of the mail.
        !folded.contains("status") && !folded.contains("notif") && dsn_phrase::is_report_subject(&folded)
    });
    DELAY.is_match(mark.unwrap_or(subject))
}

/// Addresses a notice names without meaning that they failed: its own sender and recipient.
fn exclusions(message: &Message) -> BTreeSet<String> {
    message.from.iter().chain(&message.to).map(|mailbox| mailbox.address.folded()).collect()
}

/// RFC 3464 knows no such header, but Exim and Gmail write it.
fn failed_recipients(message: &Message) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in message.header_values("x-failed-recipients") {
        for address in dsn_text::addresses_in(value) {
            if !found.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
                found.push(address);
            }
        }
    }
    found
}

/// Recipients of a report without machine-readable fields.
fn unreported(notice: &Notice<'_>, failed_header: &[String], original: &Original, delayed: bool) -> Vec<BounceRecipient> {
    let mut addresses: Vec<String> = failed_header.to_vec();
    for found in &notice.found {
        if !addresses.iter().any(|known| known.eq_ignore_ascii_case(found)) {
            addresses.push(found.clone());
        }
    }
    if addresses.is_empty() {
        addresses = notice.weak.clone();
    }
    if addresses.is_empty() {
        addresses.clone_from(&original.recipients);
    }
    if addresses.is_empty() && notice.says_failure() {
        addresses.push(String::new());
    }
    let alone = addresses.len() == 1;
    addresses
        .iter()
        .enumerate()
        .map(|(index, address)| from_notice(address, words(notice, address, index, alone), delayed))
        .filter(|one| !one.address.is_empty() || alone)
        .collect()
}

/// What the notice says about a recipient. Searched for the first recipients only, since each search reads the notice.
fn words<'a>(notice: &Notice<'a>, address: &str, index: usize, alone: bool) -> Said<'a> {
    const SEARCHED_MAX: usize = 50;
    if index < SEARCHED_MAX { notice.about(address, alone) } else { Said::default() }
}

fn from_notice(address: &str, said: Said<'_>, delayed: bool) -> BounceRecipient {
    let Said { text, codes } = said;
    let permanent = !delayed;
    let status = codes.status.or_else(|| dsn_phrase::derive(text, codes.smtp, permanent));
    BounceRecipient {
        address: address.to_owned(),
        status,
        smtp_code: codes.smtp,
        permanent,
        diagnostic: Some(dsn_text::shortened(text)).filter(|text| !text.is_empty()),
    }
}

/// `said` is asked only where the fields leave something open.
fn from_report<'a, F: FnOnce() -> Said<'a>>(one: &Reported, said: &LazyCell<Said<'a>, F>, delayed: bool) -> BounceRecipient {
    let stated = one.diagnostic.as_deref().unwrap_or_default();
    let mut codes = dsn_code::Codes::of(stated);
    if codes.status.as_deref().or(one.status.as_deref()).is_some_and(dsn_code::is_expiry) {
        let last_attempt = &said.codes;
        if last_attempt.status.as_deref().is_some_and(|status| !dsn_code::is_expiry(status) && !dsn_code::is_vague(status)) {
            codes.clone_from(last_attempt);
        }
    }
    if codes.smtp.is_none() || (codes.status.is_none() && one.status.as_deref().is_none_or(dsn_code::is_vague)) {
        codes.smtp = codes.smtp.or(said.codes.smtp);
        if codes.status.is_none() && one.status.as_deref().is_none_or(dsn_code::is_vague) {
            codes.status.clone_from(&said.codes.status);
        }
    }
    let permanent = match one.action {
        Action::Delayed => false,
        Action::Failed | Action::Success => true,
        Action::Unstated => !delayed,
    };
    let status = dsn_code::prefer(one.status.as_deref(), codes.status.as_deref())
        .or_else(|| dsn_phrase::derive(if stated.is_empty() { said.text } else { stated }, codes.smtp, permanent));
    let diagnostic = dsn_text::shortened(if stated.is_empty() { said.text } else { stated });
    BounceRecipient {
        address: one.address.clone(),
        status,
        smtp_code: codes.smtp,
        permanent,
        diagnostic: Some(diagnostic).filter(|text| !text.is_empty()),
    }
}
