//! Laws of the machine reader: nothing panics, and how headers are written changes no verdict.

use mail::machine::{Around, classify};
use mail::part::TextPart;
use mail::{auth_results, dkim_guard, dsn};
use proptest::prelude::*;

/// Header lines that decide something, and some that do not.
const HEADERS: [&str; 24] = [
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: no",
    "Auto-Submitted: auto-generated (x; \"y\")",
    "Precedence: bulk",
    "Precedence: auto_reply",
    "X-Auto-Response-Suppress: All",
    "List-Id: <a.b.example>",
    "Return-Path: <>",
    "Return-Path: <dana@acme.example>",
    "X-Spam-Flag: YES",
    "X-Failed-Recipients: eve@acme.example",
    "X-MS-Exchange-Inbox-Rules-Loop: a@b.example",
    "X-Mailer: Thing 1.0",
    "Received: from a by b; Mon, 02 Dec 2024 10:00:00 +0100",
    "Delivered-To: support@shop.example",
    "X-TMDA-Fingerprint: x",
    "Content-Language: en",
    "In-Reply-To: <a@b.example>",
    "X-Cron-Env: <A=B>",
    "X-Autoreply: yes",
    "Authentication-Results: mx.shop.example; dmarc=pass",
    "DKIM-Signature: v=1; a=rsa-sha256; d=acme.example; s=k; h=from; bh=x; b=y",
    "Organization: Acme",
    "X-Priority: 3",
];

fn written(lines: &[String], subject: &str, body: &str) -> String {
    let head: String = lines.iter().map(|line| format!("{line}\n")).collect();
    format!(
        "{head}From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: {subject}\nDate: Mon, 02 Dec 2024 10:00:00 +0100\n\n{body}"
    )
}

fn judged(raw: &str) -> (u8, Option<mail::MachineClass>, mail::machine::MachineOutcome) {
    let around = Around { own_addresses: ["support@shop.example".to_owned()].into(), ..Around::default() };
    let verdict = classify(&mail::parse(raw.as_bytes()).message, &around);
    (verdict.row, verdict.class, verdict.outcome)
}

/// The same line with another case of its name and folded at its first blank.
fn rewritten(line: &str) -> String {
    let (name, value) = line.split_once(": ").unwrap_or((line, ""));
    let name: String = name
        .chars()
        .enumerate()
        .map(|(at, c)| if at % 2 == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
        .collect();
    format!("{name}:\n  {}", value.replacen(' ', "\n\t", 1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn case_folding_and_order_never_change_a_verdict(
        chosen in proptest::sample::subsequence(HEADERS.to_vec(), 0..6).prop_shuffle(),
        seed in any::<u64>(),
        subject in proptest::sample::select(vec!["Broken lamp", "Automatic reply: Broken lamp", "Undelivered Mail Returned to Sender", "Please confirm your message"]),
        body in proptest::sample::select(vec!["The lamp is broken.", "<eve@acme.example>: 550 5.1.1 user unknown", "Your message is held until you prove that you are a human."]),
    ) {
        let lines: Vec<String> = chosen.iter().map(|&line| line.to_owned()).collect();
        let plain = judged(&written(&lines, subject, body));
        let mut moved: Vec<String> = lines.iter().map(|line| rewritten(line)).collect();
        // Trace headers keep their order among themselves; here each name but these stands at most in two values.
        if !moved.is_empty() && !lines.iter().any(|line| line.starts_with("Return-Path")) {
            let turn = usize::try_from(seed % moved.len() as u64).unwrap_or(0);
            moved.rotate_left(turn);
        }
        prop_assert_eq!(plain, judged(&written(&moved, subject, body)));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(raw in proptest::collection::vec(any::<u8>(), 0..600), kind in 0_usize..4) {
        let head = [
            "From: <MAILER-DAEMON@x.example>\nReturn-Path: <>\nSubject: failure notice\n\n",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\nFrom: postmaster@x.example\n\n--b\nContent-Type: message/delivery-status\n\n",
            "From: a@b.example\nAuthentication-Results: ",
            "From: a@b.example\nAuto-Submitted: auto-replied\nDate: Mon, 02 Dec 2024 10:00:00 +0100\nSubject: ",
        ][kind];
        let mut whole = head.as_bytes().to_vec();
        whole.extend_from_slice(&raw);
        let message = mail::parse(&whole).message;
        let _ = classify(&message, &Around::default());
        let _ = auth_results::proof_from_headers(&whole, &message, &["mx.shop.example".to_owned()]);
        let _ = dkim_guard::signatures_worth_verifying(&whole, &message, 0);
    }

    #[test]
    fn no_text_makes_the_report_reader_panic(text in "(\\PC|[ \n:;<>@.0-9()\\[\\]=-]|said|550|5\\.1\\.1|a@b\\.c|until |Final-Recipient: |Status: ){0,80}", kind in 0_usize..4) {
        let content_type = ["text/plain", "text/html", "message/delivery-status", "message/rfc822"][kind].to_owned();
        let parts = [TextPart { content_type, text: text.clone() }];
        let raw = format!("From: MAILER-DAEMON@x.example\nSubject: failure notice\nReturn-Path: <>\n\n{text}");
        let mut message = mail::parse(raw.as_bytes()).message;
        message.text.clone_from(&text);
        message.date = Some(mail::SentDate { unix_seconds: 1_733_130_000, offset_minutes: 60 });
        let _ = dsn::read(raw.as_bytes(), &message, &parts);
        message.bounce = None;
        let _ = classify(&message, &Around { ours: false, ..Around::default() });
        let _ = auth_results::parse_header(&text);
    }
}
