//! Mails made to hurt a reader, and laws that hold for every input.
//!
//! Tests run on threads with 2 MiB of stack; that each ends is the proof, since nothing here measures time.

use mail::pre_scan::Risk;
use mail::{Defect, Parsed, Verdict, pre_scan};
use proptest::prelude::*;

#[track_caller]
fn check(raw: &[u8], risk: Option<Risk>, defects: &[Defect]) -> Parsed {
    let expect = risk.map_or(Verdict::Safe, Verdict::Risky);
    assert_eq!(pre_scan(raw).verdict(), expect);
    let parsed = mail::parse(raw);
    for defect in defects {
        assert!(parsed.defects.contains(defect), "{defect:?} not in {:?}", parsed.defects);
    }
    assert!(parsed.message.text.len() <= mail::limits::TEXT_BYTES_MAX);
    assert!(parsed.message.attachments.len() <= mail::limits::ATTACHMENTS_LISTED_MAX);
    parsed
}

fn with_header(rest: &[u8]) -> Vec<u8> {
    [b"From: Dana <dana@x.example>\r\nSubject: Broken key\r\n".as_slice(), rest].concat()
}

#[test]
fn fifty_thousand_nested_messages_are_one_file() {
    let raw = with_header("Content-Type: message/rfc822\r\n\r\n".repeat(50_000).as_bytes());
    let parsed = check(&raw, Some(Risk::NestedMessages), &[Defect::TooDeep]);
    assert_eq!(parsed.message.subject, "Broken key");
    assert_eq!(parsed.message.attachments.len(), 1);
}

#[test]
fn nested_messages_wrapped_in_base64_are_not_opened() {
    let inner = "Content-Type: message/rfc822\n\n".repeat(100_000);
    let mut raw = with_header(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    for line in inner.as_bytes().chunks(57) {
        raw.extend_from_slice(data_encoding::BASE64.encode(line).as_bytes());
        raw.push(b'\n');
    }
    let parsed = check(&raw, None, &[]);
    assert_eq!(parsed.message.attachments[0].bytes, inner.len() as u64);
}

#[test]
fn twenty_thousand_nested_multiparts_are_cut_at_the_depth() {
    let mut raw = with_header(b"");
    for level in 0..20_000 {
        raw.extend_from_slice(format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n").as_bytes());
    }
    check(&raw, Some(Risk::Parts), &[Defect::TooDeep]);
}

#[test]
fn two_hundred_thousand_parts_are_cut_at_their_number() {
    let mut raw = with_header(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    raw.extend_from_slice(b"--b\r\n\r\nfirst\r\n");
    raw.extend_from_slice("--b\r\nContent-Type: a/b\r\n\r\nx\r\n".repeat(200_000).as_bytes());
    let parsed = check(&raw, Some(Risk::Parts), &[Defect::TooManyParts]);
    assert_eq!(parsed.message.text, "first");
}

#[test]
fn a_million_continuation_pieces_are_not_joined() {
    let mut raw = with_header(b"Content-Type: text/plain");
    for index in 0..1_000_000 {
        raw.extend_from_slice(format!(";\r\n name*{index}=a").as_bytes());
    }
    raw.extend_from_slice(b"\r\n\r\nbody");
    let parsed = check(&raw, Some(Risk::Header), &[Defect::HeaderTooLarge]);
    assert_eq!(parsed.message.text, "body");
}

#[test]
fn repeated_structure_characters_are_read_in_one_pass() {
    for (field, pattern) in [
        ("To", "("),
        ("To", "\""),
        ("To", "<"),
        ("To", "a@b.example,"),
        ("To", "=?"),
        ("To", "(a"),
        ("From", "\"a\" <"),
        ("To", ":"),
        ("Subject", "=?utf-8?Q?a?= "),
        ("Subject", "=?utf-8?Q?"),
        ("Subject", "=?utf-8?B?a"),
        ("Subject", "?="),
        ("References", "<a@b> "),
        ("References", "<"),
        ("Content-Type", ";a=\""),
        ("Content-Type", "("),
        ("Content-Disposition", ";a*1="),
        ("Content-Type", ";a==?"),
        ("Date", "("),
        ("Message-ID", "<<<>"),
    ] {
        let raw = with_header(format!("{field}: {}\r\n\r\nbody", pattern.repeat(1_000_000 / pattern.len())).as_bytes());
        let parsed = check(&raw, Some(Risk::Header), &[Defect::HeaderTooLarge]);
        assert_eq!(parsed.message.text, "body");
    }
}

#[test]
fn a_header_without_end_is_cut() {
    let raw = with_header("X-Line: value\r\n".repeat(300_000).as_bytes());
    let parsed = check(&raw, Some(Risk::Header), &[Defect::HeaderTooLarge]);
    assert!(parsed.message.headers.len() <= mail::limits::HEADER_LINES_MAX);
}

#[test]
fn boundaries_that_never_come_cost_one_look() {
    let mut raw = with_header(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for index in 0..9_000 {
        raw.extend_from_slice(format!("--b\r\nContent-Type: multipart/mixed; boundary=never{index}\r\n\r\nx\r\n").as_bytes());
    }
    check(&raw, Some(Risk::Parts), &[Defect::UnclosedMultipart]);
}

#[test]
fn long_texts_are_cut_at_their_limit() {
    for (kind, encoding, line) in
        [("text/plain", "7bit", "word word\r\n"), ("text/plain; format=flowed", "quoted-printable", "> =E4=E4 \r\n")]
    {
        let head = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
        let raw = with_header([head.as_bytes(), line.repeat(9_000_000 / line.len()).as_bytes()].concat().as_slice());
        check(&raw, None, &[Defect::TextTruncated]);
    }
}

#[test]
fn more_files_than_are_listed_are_noted() {
    let mut raw = with_header(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    raw.extend_from_slice("--b\r\nContent-Type: a/b\r\n\r\nx\r\n".repeat(500).as_bytes());
    let parsed = check(&raw, None, &[Defect::TooManyParts]);
    assert_eq!(parsed.message.attachments.len(), 200);
}

#[test]
fn a_tag_of_very_many_attributes_needs_no_stack() {
    for attribute in ["a=\"b\" ", "a=\"\" ", "a=\"\"\n/", "a='' ", "a ", "a=b "] {
        let html = format!("<p {}>x</p>", attribute.repeat(150_000));
        let parsed = check(&with_header(format!("Content-Type: text/html\n\n{html}").as_bytes()), None, &[]);
        assert_eq!(parsed.message.text, "x", "{attribute:?}");
        assert!(mail::html_clean::own_images(&html).is_empty());
    }
}

#[test]
fn base64_that_is_none_stays_text_however_its_lines_end() {
    let body = "JVBERi0xLjQK\n--b\nContent-Type: message/rfc411\n\nSubject: inner\n\nx\n--b\nContent-Type: text/cale`dar\n--b--";
    let read = |body: &str| {
        let parsed = check(&with_header(format!("Content-Transfer-Encoding: base64\n\n{body}").as_bytes()), None, &[]);
        parsed.message.text
    };
    assert_eq!(read(body), read(&body.replace('\n', "\r\n")));
}

#[test]
fn a_list_footer_below_base64_is_read_and_the_text_too() {
    let raw = with_header(b"Content-Transfer-Encoding: base64\n\nSGVsbG8gdGhlcmUsIGl0IHdvcmtz\n_____\nthe list of x.example\n");
    let parsed = check(&raw, None, &[Defect::BrokenTransferEncoding]);
    assert_eq!(parsed.message.text, "Hello there, it works\n_____\nthe list of x.example");
}

#[test]
fn a_damaged_calendar_method_is_one_word() {
    let calendar = "BEGIN:VCALENDAR\nMETHOD:REP\u{1f}\0 x\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n";
    let parsed = check(&with_header(format!("Content-Type: text/calendar\n\n{calendar}").as_bytes()), None, &[]);
    assert_eq!(parsed.message.calendar_method.as_deref(), Some("REP"));
}

/// Names of addresses, subjects and words as they come.
fn sample() -> impl Strategy<Value = String> {
    let word = "[a-zA-Z\u{e4}\u{4e2d}]{1,12}";
    (word, proptest::collection::vec(word, 1..12), proptest::collection::vec(word, 0..40), any::<bool>()).prop_map(
        |(name, subject, text, with_file)| {
            let letter = mail::compose::Letter {
                from: mail::Mailbox { name: Some(name), address: mail::Address::new("a@b.example").expect("good") },
                to: mail::Mailbox { name: None, address: mail::Address::new("c@d.example").expect("good") },
                cc: Vec::new(),
                reply_to: None,
                subject: mail::HeaderText::new(&subject.join(" ")),
                message_id: mail::MessageId::new("1@b.example").expect("good"),
                in_reply_to: None,
                references: (0..9).filter_map(|n| mail::MessageId::new(&format!("long-reference-{n}@b.example"))).collect(),
                date_unix_seconds: 1_795_000_000,
                extra: Vec::new(),
                text: text.join("\n"),
                html: Some(format!("<p>{}</p>", text.join("<br>"))),
                boundary_seed: String::new(),
                attachments: with_file
                    .then(|| mail::compose::Enclosure {
                        name: "a.txt".into(),
                        content_type: "text/plain".into(),
                        data: b"x\r\ny".to_vec(),
                        content_id: None,
                    })
                    .into_iter()
                    .collect(),
            };
            String::from_utf8(mail::compose(&letter)).expect("what we write is ASCII")
        },
    )
}

/// The parts of a result that the form of the mail must not change.
fn essence(raw: &str) -> (mail::Message, Vec<Defect>) {
    let parsed = mail::parse(raw.as_bytes());
    let mut message = parsed.message;
    for header in &mut message.headers {
        header.name = header.name.to_lowercase();
    }
    (message, parsed.defects)
}

/// Changes the names of all header fields of the outer header.
fn with_upper_names(raw: &str) -> String {
    let (head, body) = raw.split_once("\r\n\r\n").expect("a composed mail has a body");
    let lines = head.split("\r\n").map(|line| match line.split_once(':') {
        Some((name, value)) if !line.starts_with(' ') => format!("{}:{value}", name.to_uppercase()),
        _ => line.to_owned(),
    });
    format!("{}\r\n\r\n{body}", lines.collect::<Vec<_>>().join("\r\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn line_ends_case_of_names_and_folding_never_change_a_result(raw in sample()) {
        let expect = essence(&raw);
        prop_assert_eq!(&essence(&raw.replace("\r\n", "\n")), &expect);
        prop_assert_eq!(&essence(&with_upper_names(&raw)), &expect);
        let (head, body) = raw.split_once("\r\n\r\n").expect("a composed mail has a body");
        let unfolded = head.replace("\r\n ", " ");
        prop_assert_eq!(&essence(&format!("{unfolded}\r\n\r\n{body}")), &expect);
        let refolded = unfolded.replace(' ', "\r\n ");
        prop_assert_eq!(&essence(&format!("{refolded}\r\n\r\n{body}")), &expect);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let parsed = mail::parse(&bytes);
        let _ = mail::report::ParseLine::new(&parsed, None, "x");
    }

    #[test]
    fn no_pieces_of_mails_make_the_reader_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let raw: Vec<u8> = pieces.iter().flat_map(|&piece| PIECES[piece].iter().copied()).collect();
        let parsed = mail::parse(&raw);
        for file in &parsed.message.attachments {
            let bytes = mail::part::attachment_bytes(&raw, file.part);
            prop_assert_eq!(bytes.map(|bytes| bytes.len() as u64), Some(file.bytes));
        }
        prop_assert_eq!(mail::parse(&raw), parsed);
    }
}

const PIECES: [&[u8]; 34] = [
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b"From: ",
    b"To: a@b, ",
    b"Subject: ",
    b"=?utf-8?Q?=C3?=",
    b"=?x?B?w6Q=?=",
    b"<a@b>",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Type: text/html\n",
    b"Content-Type: message/rfc822\n",
    b"--b\n",
    b"--b--\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"aGVsbG8=",
    b"=C3=A4=\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''%c3",
    b"; filename*1=\"x\"",
    b"Date: Mon, 1 Jan 2020 10:00:00 +0100\n",
    b"\xff\xfe",
    b"\0",
    b"(",
    b"\"",
    b"References: <a> <b",
    b"charset=iso-2022-jp\n",
    b"\x1b$B",
    b"\x78\x9f\x3e\x22\x01\x00",
    b"Content-Type: application/ms-tnef\n",
    b"Content-Type: text/calendar\n",
];
