//! The text of a delivery report, within a report and alone.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let head = "From: MAILER-DAEMON@x.example\r\nReturn-Path: <>\r\nSubject: Undelivered Mail Returned to Sender\r\n";
    let _ = mail::parse(format!("{head}\r\n{text}").as_bytes());
    let report = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\n";
    let _ = mail::parse(format!("{head}{report}Content-Type: message/delivery-status\r\n\r\n{text}\r\n--b--\r\n").as_bytes());
});
