//! The text of a delivery report, alone and within a report: what it names can be stored, shown and compared.
#![no_main]

use std::collections::BTreeSet;

use frontdesk_fuzz as law;
use libfuzzer_sys::fuzz_target;
use mail::{Bounce, limits};

const HEAD: &str = "From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: Undelivered Mail Returned to Sender\n";
const REPORT: &str = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nsorry\n--b\n";

/// RFC 3463 §2: class, subject and detail.
fn is_status(status: &str) -> bool {
    let numbers: Vec<&str> = status.split('.').collect();
    let is_number = |text: &&str| (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.len() == 3 && ["2", "4", "5"].contains(&numbers[0]) && numbers.iter().all(is_number)
}

fn check(raw: &str) {
    let bounce = mail::parse(raw.as_bytes()).message.bounce;
    if law::is_plain(raw.as_bytes()) && raw.len() % 2 == 0 {
        assert_eq!(mail::parse(raw.replace('\n', "\r\n").as_bytes()).message.bounce, bounce);
    }
    let Some(Bounce { recipients, original_message_id, original_subject }) = bounce else { return };
    assert!(recipients.len() <= limits::ADDRESSES_MAX);
    let addresses: BTreeSet<String> = recipients.iter().map(|recipient| recipient.address.to_lowercase()).collect();
    assert_eq!(addresses.len(), recipients.len(), "each address once");
    for recipient in &recipients {
        law::assert_one_line(&recipient.address);
        assert!(!recipient.address.contains(char::is_whitespace) || recipient.address.contains('"'), "{recipient:?}");
        assert!(recipients.len() == 1 || !recipient.address.is_empty());
        assert!(recipient.status.as_deref().is_none_or(is_status), "{recipient:?}");
        assert!(recipient.smtp_code.is_none_or(|code| (200..600).contains(&code)), "{recipient:?}");
    }
    law::assert_one_line(original_message_id.as_ref().map(mail::MessageId::as_str).unwrap_or_default());
    law::assert_one_line(original_subject.as_deref().unwrap_or_default());
}

fuzz_target!(|text: &str| {
    let text = text.replace('\r', "");
    check(&format!("{HEAD}\n{text}"));
    check(&format!("{HEAD}{REPORT}Content-Type: message/delivery-status\n\n{text}\n--b--\n"));
});
