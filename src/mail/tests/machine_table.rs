//! The table of machine mail: a mail for each row, and people's mail that only looks like one.
#![allow(clippy::unwrap_used, reason = "tests may fail loudly")]

use mail::MachineClass;
use mail::machine::{Around, MachineOutcome, Verdict, classify};

const PERSON: &str = "From: Dana Fox <dana@acme.example>\nTo: support@shop.example\nSubject: Broken lamp\nDate: Mon, 02 Dec 2024 10:00:00 +0100\nMessage-ID: <1@acme.example>\n";

fn verdict_around(raw: &str, around: &Around) -> Verdict {
    classify(&mail::parse(raw.as_bytes()).message, around)
}

/// A person's mail with further headers, and a plain body.
fn mail(headers: &str) -> String {
    let first = headers.lines().next().unwrap_or_default().split(':').next().unwrap_or_default();
    let base: String = PERSON
        .lines()
        .filter(|line| !line.starts_with(&format!("{first}:")) || first.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    format!("{headers}{base}\nThe lamp I bought does not turn on.\n")
}

fn check(raw: &str, row: u8, class: Option<MachineClass>, outcome: MachineOutcome) {
    check_around(raw, &Around::default(), row, class, outcome);
}

fn check_around(raw: &str, around: &Around, row: u8, class: Option<MachineClass>, outcome: MachineOutcome) {
    let verdict = verdict_around(raw, around);
    assert_eq!((verdict.row, verdict.class, verdict.outcome), (row, class, outcome), "{verdict:?} for\n{raw}");
    assert!(!verdict.detail.is_empty());
}

fn ours() -> Around {
    Around { own_addresses: ["support@shop.example".to_owned()].into(), ..Around::default() }
}

#[test]
fn row_1_our_own_mail_comes_back() {
    let around = Around { ours: true, ..ours() };
    check_around(&mail("Auto-Submitted: auto-replied\n"), &around, 1, Some(MachineClass::Other), MachineOutcome::LoopLedger);
}

#[test]
fn row_2_mail_in_circles_is_held() {
    let hops = "Received: from a by b; Mon, 2 Dec 2024 10:00:00 +0100\n".repeat(26);
    check(&mail(&hops), 2, None, MachineOutcome::Held);
    let fewer = "Received: from a by b; Mon, 2 Dec 2024 10:00:00 +0100\n".repeat(25);
    check(&mail(&fewer), 18, None, MachineOutcome::Ticket);
    let twice = "Delivered-To: Support@shop.example\nDelivered-To: team@other.example\nDelivered-To: <support@shop.example>\n";
    check_around(&mail(twice), &ours(), 2, None, MachineOutcome::Held);
    // One delivery leaves several headers; only the one that marks loops counts.
    let once = "Delivered-To: support@shop.example\nX-Original-To: support@shop.example\nEnvelope-To: support@shop.example\n";
    check_around(&mail(once), &ours(), 18, None, MachineOutcome::Ticket);
}

const DSN: &str = "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: support@shop.example\nSubject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\n<dana@acme.example>: host mx.acme.example said: 550 5.1.1 User unknown\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; dana@acme.example\nAction: ACTION\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <out-1@shop.example>\nSubject: Your lamp\nTo: dana@acme.example\n\nHello\n--b--\n";

#[test]
fn row_3_delivery_reports() {
    let failed = DSN.replace("ACTION", "failed");
    check(&failed, 3, Some(MachineClass::Bounce), MachineOutcome::Bounce);
    let bounce = mail::parse(failed.as_bytes()).message.bounce.unwrap();
    assert_eq!(bounce.original_message_id.unwrap().as_str(), "out-1@shop.example");
    assert_eq!(bounce.original_subject.as_deref(), Some("Your lamp"));
    assert!(bounce.recipients[0].permanent);
    let delayed = DSN.replace("ACTION", "delayed");
    assert!(!mail::parse(delayed.as_bytes()).message.bounce.unwrap().recipients[0].permanent);
    check(&DSN.replace("ACTION", "delivered"), 3, Some(MachineClass::Report), MachineOutcome::Ledger);
    // One who never gets the mail says more about it than another who gets it late.
    let second = "Final-Recipient: rfc822; eve@acme.example\nAction: failed\nStatus: 5.2.1\n\n--b\nContent-Type: message/rfc822";
    let mixed = DSN.replace("ACTION", "delayed").replace("--b\nContent-Type: message/rfc822", second);
    let bounce = mail::parse(mixed.as_bytes()).message.bounce.unwrap();
    assert_eq!(bounce.recipients.len(), 2);
    assert_eq!(bounce.gravest().unwrap().address, "eve@acme.example");
    let line = mail::report::BounceLine::from(&bounce);
    assert_eq!((line.status.as_deref(), line.permanent), (Some("5.2.1"), true));
    // A person who forwards a report is a person.
    let forwarded = "From: Dana <dana@acme.example>\nSubject: Fwd: Undelivered Mail Returned to Sender\nTo: support@shop.example\n\nWhy did I get this?\n\n> <a@b.example>: 550 5.1.1 User unknown, could not be delivered\n";
    check(forwarded, 18, None, MachineOutcome::Ticket);
    let asks = "From: Dana <dana@acme.example>\nSubject: Delivery problem\nTo: support@shop.example\n\nMy parcel could not be delivered. Please write to dana@acme.example.\n";
    check(asks, 18, None, MachineOutcome::Ticket);
}

#[test]
fn row_4_read_receipts() {
    let raw = "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Read: Your lamp\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: text/plain\n\nYour message was read.\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; dana@acme.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--b--\n";
    check(raw, 4, Some(MachineClass::Report), MachineOutcome::Ledger);
}

#[test]
fn row_5_complaints() {
    let raw = "From: fbl@provider.example\nTo: abuse@shop.example\nSubject: Fw: Your lamp\nContent-Type: multipart/report; boundary=\"b\";\n report-type=\"feedback-report\"\n\n--b\nContent-Type: text/plain\n\nThis is an abuse report.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--\n";
    check(raw, 5, Some(MachineClass::Report), MachineOutcome::Complaint);
}

#[test]
fn row_6_challenges() {
    check(&mail("X-TMDA-Fingerprint: abc\n"), 6, Some(MachineClass::Challenge), MachineOutcome::Silent);
    let words = "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Please confirm your message\n\nYour message to Dana is being held. To prove that you are a human, click the link below so that it can be delivered.\n";
    check(words, 6, Some(MachineClass::Challenge), MachineOutcome::Silent);
    let answers = "From: dana@acme.example\nTo: support@shop.example\nSubject: Re: Your lamp (verification)\nAuto-Submitted: auto-replied\n\nJust this once, click the link below so I can receive your mail.\n";
    check(answers, 6, Some(MachineClass::Challenge), MachineOutcome::Silent);
    let person = "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Please confirm your message\n\nDid you mean Tuesday or Wednesday?\n";
    check(person, 18, None, MachineOutcome::Ticket);
}

#[test]
fn row_7_calendar_answers_and_requests() {
    let calendar = |method: &str| {
        format!(
            "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Visit\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nVisit\n--b\nContent-Type: text/calendar; method={method}\n\nBEGIN:VCALENDAR\nMETHOD:{method}\nEND:VCALENDAR\n--b--\n"
        )
    };
    for method in ["REPLY", "COUNTER", "CANCEL"] {
        check(&calendar(method), 7, Some(MachineClass::Calendar), MachineOutcome::Silent);
    }
    assert_eq!(mail::machine::class_of(&mail::parse(calendar("REPLY").as_bytes()).message), Some(MachineClass::Calendar));
    let file = "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: My dates\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nSee the file.\n--b\nContent-Type: text/calendar; name=dates.ics\nContent-Disposition: attachment; filename=dates.ics\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n--b--\n";
    check(file, 18, None, MachineOutcome::Ticket);
    check(&calendar("REQUEST"), 7, Some(MachineClass::Calendar), MachineOutcome::SilentTicket);
}

#[test]
fn row_8_automatic_replies() {
    for header in [
        "Auto-Submitted: auto-replied\n",
        "auto-submitted: (vacation) Auto-Replied (rfc3834); owner-email=\"a@b.example\"\n",
        "AUTO-SUBMITTED: no\nAuto-Submitted: auto-replied\n",
        "X-Autoreply: yes\n",
        "X-Autorespond: Broken lamp\n",
        "X-Autoresponse: 1\n",
        "X-Mail-Autoreply: ja\n",
        "X-AutoReply-From: dana@acme.example\n",
        "Precedence: auto_reply\n",
        "X-MS-Exchange-Inbox-Rules-Loop: dana@acme.example\nX-Auto-Response-Suppress: All\n",
        "Return-Path: <>\nX-POST-MessageClass: 9; Autoresponder\n",
    ] {
        check(&mail(header), 8, Some(MachineClass::AutoReply), MachineOutcome::AttachCollapsed);
    }
}

#[test]
fn row_8_known_subjects_need_a_second_sign() {
    let subjects = [
        "Out of Office: Broken lamp",
        "Automatic reply: Broken lamp",
        "Abwesenheitsnotiz: Lampe",
        "Réponse automatique : lampe",
        "Respuesta automática: lámpara",
        "Risposta automatica: lampada",
        "Resposta automática: lâmpada",
        "Automatisch antwoord: lamp",
        "Autosvar: lampa",
        "Automatisk svar: lampe",
        "Automaattinen vastaus: lamppu",
        "Automatická odpověď: lampa",
        "Automatická odpoveď: lampa",
        "Automatyczna odpowiedź: lampa",
        "Automatikus válasz: lámpa",
        "Răspuns automat: lampă",
        "Автоматический ответ: лампа",
        "Автоматична відповідь: лампа",
        "Автоматичен отговор: лампа",
        "Otomatik yanıt: lamba",
        "Αυτόματη απάντηση: λάμπα",
        "自動応答: ランプ",
        "自动答复: 灯",
        "자동 회신: 램프",
        "Automaatvastus: lamp",
        "Automatski odgovor: lampa",
        "Samodejni odgovor: svetilka",
        "Odpowiedź automatyczna: lampa",
        "מענה אוטומטי: מנורה",
        "Frånvaro: lampa",
        "Fraværende: lampe",
        "Poissa: lamppu",
        "AUTO: Dana Fox is out of the office (returning 09.12.2024)",
        "AUTO: Dana Fox ist außer Haus. (Rückkehr am 09.12.2024)",
        "Dana Fox/ACME is out of the office.",
    ];
    for subject in subjects {
        let alone = mail(&format!("Subject: {subject}\n"));
        check(&alone, 18, None, MachineOutcome::Ticket);
        check(
            &mail(&format!("Subject: {subject}\nReturn-Path: <>\n")),
            8,
            Some(MachineClass::AutoReply),
            MachineOutcome::AttachCollapsed,
        );
        check(
            &mail(&format!("Subject: {subject}\nX-Auto-Response-Suppress: All\n")),
            8,
            Some(MachineClass::AutoReply),
            MachineOutcome::AttachCollapsed,
        );
    }
    check(&mail("Subject: Auto: Kupplung (vorne)\nX-Auto-Response-Suppress: OOF\n"), 15, None, MachineOutcome::TicketNoAck);
    check(
        &mail("Subject: Question about the automatic reply feature\nX-Auto-Response-Suppress: OOF\n"),
        15,
        None,
        MachineOutcome::TicketNoAck,
    );
}

#[test]
fn row_8_reactions_are_recognised() {
    let gmail = "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Re: Your lamp\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n👍\n\nDana reacted via Gmail\n--b\nContent-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n{\"emoji\":\"👍\",\"version\":1}\n--b--\n";
    check(gmail, 8, Some(MachineClass::Other), MachineOutcome::AttachCollapsed);
    let outlook = "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Re: Your lamp\nContent-Type: text/plain; charset=utf-8\n\n👍 Dana Fox reacted to your message:\n> Your lamp is on its way\n";
    check(outlook, 8, Some(MachineClass::Other), MachineOutcome::AttachCollapsed);
    let person =
        "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Re: Your lamp\n\nMy skin reacted to your cream.\n";
    check(person, 18, None, MachineOutcome::Ticket);
}

#[test]
fn row_9_other_automatic_mail() {
    for header in [
        "Auto-Submitted: auto-generated\n",
        "Auto-Submitted: auto-notified; type=x\n",
        "X-Auto-Generated: yes\n",
        "X-Cron-Env: <SHELL=/bin/sh>\n",
    ] {
        check(&mail(header), 9, Some(MachineClass::Other), MachineOutcome::CoalescedTicket);
    }
    let answer = mail("Auto-Submitted: auto-generated\nIn-Reply-To: <out-1@shop.example>\n");
    check(&answer, 9, Some(MachineClass::AutoReply), MachineOutcome::CoalescedTicket);
    let named = Around { machines: vec!["@acme.example".to_owned()], ..Around::default() };
    check_around(&mail("Auto-Submitted: auto-generated\n"), &named, 9, Some(MachineClass::Other), MachineOutcome::TicketNoAck);
    for header in [
        "Auto-Submitted: no\n",
        "Auto-Submitted: NO (a person)\n",
        "Auto-Submitted: (auto-replied) no\n",
        "X-Auto-Generated: no\n",
    ] {
        check(&mail(header), 18, None, MachineOutcome::Ticket);
    }
}

#[test]
fn rows_10_to_12_silent_tickets() {
    check(&mail("Return-Path: <>\n"), 10, Some(MachineClass::Other), MachineOutcome::SilentTicket);
    for header in [
        "List-Id: News <news.acme.example>\n",
        "List-Unsubscribe: <https://acme.example/u>\n",
        "Mailing-List: list x\n",
        "Precedence: Bulk\n",
        "precedence: junk\n",
        "Precedence: list\n",
    ] {
        check(&mail(header), 11, Some(MachineClass::List), MachineOutcome::SilentTicket);
    }
    check(&mail("Precedence: first-class\n"), 18, None, MachineOutcome::Ticket);
    for sender in [
        "MAILER-DAEMON@acme.example",
        "Postmaster@acme.example",
        "no-reply@acme.example",
        "noreply@acme.example",
        "do_not_reply@acme.example",
        "noreply+12@acme.example",
        "billing-noreply@acme.example",
        "no.reply@acme.example",
        "ne-pas-repondre@acme.example",
        "owner-list@acme.example",
        "list-request@acme.example",
        "list-bounces@acme.example",
        "listserv@acme.example",
        "majordomo@acme.example",
        "root@acme.example",
        "cron@acme.example",
    ] {
        check(&mail(&format!("From: {sender}\n")), 12, Some(MachineClass::Other), MachineOutcome::SilentTicket);
    }
    for sender in
        ["norepl@acme.example", "rooty@acme.example", "dana.root@acme.example", "nora@acme.example", "marionoreply@acme.example"]
    {
        check(&mail(&format!("From: {sender}\n")), 18, None, MachineOutcome::Ticket);
    }
}

#[test]
fn a_list_that_is_our_own_inbox_says_nothing_about_the_author() {
    let group = "List-Id: <support.shop.example>\nList-Post: <mailto:support@shop.example>\nPrecedence: list\n";
    check_around(&mail(group), &ours(), 18, None, MachineOutcome::Ticket);
    check(&mail(group), 11, Some(MachineClass::List), MachineOutcome::SilentTicket);
}

#[test]
fn rows_13_and_14() {
    check_around(&mail("From: Support@shop.example\n"), &ours(), 13, Some(MachineClass::Other), MachineOutcome::LoopTicket);
    for header in [
        "X-Spam-Flag: YES\n",
        "X-Spam-Status: Yes, score=9\n",
        "X-MS-Exchange-Organization-SCL: 5\n",
        "X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:9;SRV:\n",
    ] {
        check(&mail(header), 14, None, MachineOutcome::Spam);
    }
    for header in [
        "X-Spam-Flag: NO\n",
        "X-Spam-Status: No, score=-2\n",
        "X-MS-Exchange-Organization-SCL: 1\n",
        "X-Forefront-Antispam-Report: SCL:-1;\n",
    ] {
        check(&mail(header), 18, None, MachineOutcome::Ticket);
    }
    let junk = Around { junk_mailbox: true, ..Around::default() };
    check_around(&mail(""), &junk, 14, None, MachineOutcome::Spam);
}

#[test]
fn rows_15_to_18_are_people() {
    for value in ["All", "OOF, AutoReply", "DR, OOF, AutoReply", "oof"] {
        check(&mail(&format!("X-Auto-Response-Suppress: {value}\n")), 15, None, MachineOutcome::TicketNoAck);
    }
    check(&mail("X-Auto-Response-Suppress: DR, RN, NRN\n"), 18, None, MachineOutcome::Ticket);
    check_around(&mail(""), &Around { dmarc_failed: true, ..Around::default() }, 16, None, MachineOutcome::TicketUnproven);
    check_around(&mail(""), &Around { budget_spent: true, ..Around::default() }, 17, None, MachineOutcome::TicketNoAck);
    check_around(&mail(""), &Around { muted: true, ..Around::default() }, 17, None, MachineOutcome::TicketNoAck);
    check(&mail(""), 18, None, MachineOutcome::Ticket);
}

#[test]
fn stated_return_dates_are_read() {
    let cases = [
        ("I am out of the office until Friday, 13 December 2024 with no access to mail.", Some("2024-12-13")),
        ("I'll be back on January 7th. For urgent matters call 0170-1234567.", Some("2025-01-07")),
        ("I am away from 3 December to 10 December.", Some("2024-12-10")),
        ("Ich bin bis einschließlich 20.12.2024 nicht im Büro.", Some("2024-12-20")),
        ("Ab dem 6. Januar bin ich wieder erreichbar.", Some("2025-01-06")),
        ("Je suis absent jusqu'au mardi 10 décembre inclus.", Some("2024-12-10")),
        ("De retour le 3 janvier 2025.", Some("2025-01-03")),
        ("Estaré fuera hasta el 9 de diciembre de 2024.", Some("2024-12-09")),
        ("Sono in ferie fino al 23 dicembre.", Some("2024-12-23")),
        ("Estarei ausente até 15 de dezembro.", Some("2024-12-15")),
        ("Ik ben afwezig tot en met 12 december 2024.", Some("2024-12-12")),
        ("Jag är tillbaka den 8 januari.", Some("2025-01-08")),
        ("Wracam 9 grudnia 2024.", Some("2024-12-09")),
        ("Budu zpět 16. prosince.", Some("2024-12-16")),
        ("Я в отпуске до 25 декабря 2024.", Some("2024-12-25")),
        ("12月20日まで不在にしております。戻りは: 12月21日", Some("2024-12-21")),
        ("Back: 2024-12-30", Some("2024-12-30")),
        ("I will return 12/10/2024.", Some("2024-10-12")),
        ("I am out of the office and will answer soon.", None),
        ("Our office hours: Monday to Friday 08.30 Uhr", None),
    ];
    for (text, expected) in cases {
        let raw = format!(
            "Auto-Submitted: auto-replied\nFrom: dana@acme.example\nTo: support@shop.example\nSubject: Away\nDate: Mon, 02 Dec 2024 10:00:00 +0100\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        );
        let verdict = verdict_around(&raw, &Around::default());
        // The tenth of December, month first, is a past day where days come first.
        let expected = if text.contains("12/10/2024") { None } else { expected };
        assert_eq!(verdict.return_on.as_deref(), expected, "{text}");
    }
    let american = "Auto-Submitted: auto-replied\nFrom: dana@acme.example\nSubject: Away\nDate: Mon, 02 Dec 2024 10:00:00 -0800\n\nI will return 12/10/2024.\n";
    assert_eq!(verdict_around(american, &Around::default()).return_on.as_deref(), Some("2024-12-10"));
}

#[test]
fn case_folding_and_order_of_headers_change_nothing() {
    let plain = mail("Precedence: auto_reply\nX-Spam-Flag: YES\nList-Id: <a.b>\n");
    let wild = mail("LIST-ID: <a.b>\nx-spam-flag:\n YES\nPRECEDENCE:\n\tAuto_Reply\n");
    assert_eq!(verdict_around(&plain, &Around::default()).row, verdict_around(&wild, &Around::default()).row);
}
