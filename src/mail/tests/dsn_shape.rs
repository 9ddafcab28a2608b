//! Shapes of delivery reports beyond the corpora: mailers of many kinds, languages, and mail that only speaks of them.

use mail::BounceRecipient;

/// What a report should say about its first recipient.
struct Expect {
    recipients: &'static [&'static str],
    status: Option<&'static str>,
    smtp_code: Option<u16>,
    permanent: bool,
}

fn failed(recipients: &'static [&'static str], status: &'static str, smtp_code: Option<u16>) -> Expect {
    Expect { recipients, status: Some(status), smtp_code, permanent: true }
}

fn check(headers: &str, body: &str, expect: &Expect) {
    let raw = format!("{headers}To: support@shop.example\nDate: Mon, 02 Dec 2024 10:00:00 +0100\nMIME-Version: 1.0\n\n{body}");
    let Some(bounce) = mail::parse(raw.as_bytes()).message.bounce else { panic!("no report:\n{raw}") };
    let found: Vec<&str> = bounce.recipients.iter().map(|one| one.address.as_str()).collect();
    assert_eq!(found, expect.recipients, "{raw}");
    let first = bounce.recipients.first().cloned().unwrap_or_default();
    let BounceRecipient { status, smtp_code, permanent, .. } = first;
    assert_eq!((status.as_deref(), smtp_code, permanent), (expect.status, expect.smtp_code, expect.permanent), "{raw}");
}

const DAEMON: &str = "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.acme.example>\nReturn-Path: <>\nSubject: Undeliverable mail\nContent-Type: text/plain; charset=utf-8\n";
const DANA: &[&str] = &["dana@acme.example"];

#[test]
fn mailers_that_head_a_paragraph_with_the_address() {
    check(
        DAEMON,
        "Hi. This is the qmail-send program at mx.acme.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<dana@acme.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@shop.example>\nReceived: (qmail 1 invoked by uid 0)\nMessage-ID: <a@shop.example>\n",
        &failed(DANA, "5.1.1", None),
    );
    check(
        DAEMON,
        "Message delivery to 'dana@acme.example' failed.\nSMTP module(domain acme.example) reports:\n host mx.acme.example says:\n 550 5.1.1 unknown user\n",
        &failed(DANA, "5.1.1", Some(550)),
    );
    check(
        DAEMON,
        "Failed to deliver to 'dana@acme.example'\nSMTP module(domain acme.example) reports:\n mailbox is full\n\nOriginal message follows.\n\nReceived: x\n",
        &failed(DANA, "5.2.2", None),
    );
    check(
        DAEMON,
        "The following recipients could not be reached:\n\n      'dana@acme.example' on 12/2/2024 10:00 AM\n            The e-mail account does not exist at the organization this message was sent to.\n            <mx.acme.example #5.1.1>\n",
        &failed(DANA, "5.1.1", None),
    );
    check(
        DAEMON,
        "   ----- The following addresses had permanent fatal errors -----\n<dana@acme.example>\n    (reason: 550 5.7.1 Message rejected as spam)\n\n   ----- Transcript of session follows -----\n... while talking to mx.acme.example.:\n>>> DATA\n<<< 550 5.7.1 Message rejected as spam\n554 5.0.0 Service unavailable\n",
        &failed(DANA, "5.7.1", Some(550)),
    );
    check(
        DAEMON,
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  dana@acme.example\n    Unrouteable address\n  eve@acme.example\n    mailbox is full: retry timeout exceeded\n",
        &failed(&["dana@acme.example", "eve@acme.example"], "5.1.1", None),
    );
}

#[test]
fn mailers_that_label_the_address() {
    check(
        DAEMON,
        "Your message\n\n  Subject: Your lamp\n\nwas not delivered to:\n\n  dana@acme.example\n\nbecause:\n\n  User dana (dana@acme.example) not listed in Domino Directory\n",
        &failed(DANA, "5.1.1", None),
    );
    check(
        DAEMON,
        "The attached message had PERMANENT fatal delivery errors!\n\nAfter one or more unsuccessful delivery attempts the attached message has been removed.\n\nFailed address: dana@acme.example\n\n--- Session Transcript ---\n Mon 2024-12-02 10:00:00: --> RCPT To:<dana@acme.example>\n Mon 2024-12-02 10:00:01: <-- 550 5.1.1 No such user here\n--- End Transcript ---\n",
        &failed(DANA, "5.1.1", Some(550)),
    );
    check(
        DAEMON,
        "Your message could not be delivered.\n\nRecipient: dana@acme.example\nReason: 552 Mailbox quota exceeded\n",
        &failed(DANA, "5.2.2", Some(552)),
    );
    check(
        DAEMON,
        "Delivery to the following recipients failed.\n\n       dana@acme.example\n       eve@acme.example\n\n",
        &failed(&["dana@acme.example", "eve@acme.example"], "5.0.0", None),
    );
}

#[test]
fn notices_in_other_languages() {
    let from = |subject: &str| {
        format!("From: postmaster@acme.example\nReturn-Path: <>\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n")
    };
    check(
        &from("Unzustellbar: Ihre Lampe"),
        "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Verteilerlisten:\n\ndana@acme.example\nDie eingegebene E-Mail-Adresse konnte nicht gefunden werden.\n\nDiagnoseinformationen für Administratoren:\n\ndana@acme.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n",
        &failed(DANA, "5.1.1", Some(550)),
    );
    check(
        &from("Non remis : votre lampe"),
        "Échec de la remise pour ces destinataires ou groupes :\n\ndana@acme.example\nLa boîte aux lettres du destinataire est pleine.\n\n#554 5.2.2 mailbox full ##\n",
        &failed(DANA, "5.2.2", Some(554)),
    );
    check(
        &from("No se puede entregar: su lámpara"),
        "Error de entrega a los siguientes destinatarios:\n\ndana@acme.example\n550 5.4.1 Recipient address rejected: Access denied\n",
        &failed(DANA, "5.4.1", Some(550)),
    );
    check(
        &from("配信不能: ランプ"),
        "次の受信者またはグループへの配信に失敗しました:\n\ndana@acme.example\n550 5.1.1 User unknown\n",
        &failed(DANA, "5.1.1", Some(550)),
    );
    check(
        &from("Недоставленное сообщение"),
        "Сообщение не может быть доставлено следующим получателям:\n\ndana@acme.example\n550 5.7.1 spam message rejected\n",
        &failed(DANA, "5.7.1", Some(550)),
    );
    check(
        &from("系统退信/Systems bounce"),
        "抱歉，您的邮件被退回来了……\n\n收件人：dana@acme.example\n550 5.1.1 用户不存在\n",
        &failed(DANA, "5.1.1", Some(550)),
    );
}

#[test]
fn warnings_of_delay_in_other_languages() {
    let late = |subject: &str, body: &str, status: &'static str, smtp_code: Option<u16>| {
        let expect = Expect { recipients: DANA, status: Some(status), smtp_code, permanent: false };
        check(&DAEMON.replace("Undeliverable mail", subject), body, &expect);
    };
    late(
        "Avis de retard de remise",
        "Votre message n'a pas encore été remis à dana@acme.example. De nouvelles tentatives auront lieu.\nRaison : 451 4.4.1 pas de réponse\n",
        "4.4.1",
        Some(451),
    );
    late(
        "Aviso del sistema",
        "Su mensaje todavía no se ha entregado a dana@acme.example. Se seguirá intentando.\nMotivo: 450 4.2.1 buzón no disponible\n",
        "4.2.1",
        Some(450),
    );
    late(
        "Сообщение системы",
        "Ваше сообщение пока не доставлено, попытки будут продолжены.\n\ndana@acme.example\n  451 4.4.1 нет соединения\n",
        "4.4.1",
        Some(451),
    );
    late(
        "系统通知",
        "您的邮件暂时无法投递，系统将继续重试。\n收件人: dana@acme.example\n原因: 451 4.7.1 Greylisted\n",
        "4.7.1",
        Some(451),
    );
    late(
        "Message Delivery Delay",
        "Message is delayed: will continue to attempt delivery.\n\n\tRecipient: [SMTP:dana@acme.example]\n\tReason: The destination server is not accepting connections right now.\n",
        "4.4.1",
        None,
    );
    // The mail that failed was about a delay.
    let body = "The mail could not be delivered to:\n\ndana@acme.example\n550 5.1.1 no such user\n";
    check(&DAEMON.replace("mail\nContent", ": Retard de ma commande\nContent"), body, &failed(DANA, "5.1.1", Some(550)));
}

#[test]
fn fields_beat_words_and_last_attempts_beat_expiry() {
    let report = "From: postmaster@acme.example\nSubject: Undeliverable: Your lamp\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n";
    let body = |fields: &str| {
        format!(
            "--b\nContent-Type: text/plain\n\nDelivery has failed to these recipients: other@acme.example\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns;mx.acme.example\n\n{fields}\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <a@shop.example>\nSubject: Your lamp\n\nx\n--b--\n"
        )
    };
    check(
        report,
        &body(
            "Final-recipient: RFC822;dana@acme.example\nAction: failed\nStatus: 5.1.10\nDiagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found\n",
        ),
        &failed(DANA, "5.1.10", Some(550)),
    );
    check(
        report,
        &body(
            "Original-Recipient: rfc822;dana@acme.example\nFinal-Recipient: rfc822;alias@hidden.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550-5.7.26 This mail is unauthenticated\n",
        ),
        &failed(DANA, "5.7.26", Some(550)),
    );
    check(
        report,
        &body(
            "Final-Recipient: rfc822;dana@acme.example\nAction: expired\nStatus: 4.4.7\nDiagnostic-Code: smtp; 550 4.4.300 Message expired -> 421 4.2.1 unable to connect\n",
        ),
        &failed(DANA, "4.4.300", Some(550)),
    );
    let delayed = Expect { recipients: DANA, status: Some("4.4.1"), smtp_code: None, permanent: false };
    check(
        report,
        &body(
            "Final-Recipient: rfc822;dana@acme.example\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Fri, 06 Dec 2024 10:00:00 +0100\n",
        ),
        &delayed,
    );
    check(
        report,
        &body(
            "Final-Recipient: rfc822;dana@acme.example\nAction: failed\nStatus: 5.0.0 (permanent failure)\nDiagnostic-Code: smtp; user unknown\n",
        ),
        &failed(DANA, "5.0.0", None),
    );
    check(
        report,
        &body("Final-Recipient: rfc822;dana@acme.example\nAction: failed\nDiagnostic-Code: smtp; mailbox is over quota\n"),
        &failed(DANA, "5.2.2", None),
    );
}

#[test]
fn recipients_are_read_as_they_were_written() {
    let report = "From: MAILER-DAEMON@mx.acme.example\nSubject: Report\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n";
    for (fields, address) in [
        ("Final-Recipient: rfc822; \"dana fox\"@acme.example", "\"dana fox\"@acme.example"),
        ("Final-Recipient: utf-8; d\\x{E4}na@acme.example", "d\u{e4}na@acme.example"),
        ("Final-Recipient: rfc822; dana@acme.example;", "dana@acme.example"),
        ("Final-Recipient: dana@acme.example;", "dana@acme.example"),
        ("Original-Recipient: rfc822;dana+2Bx@acme.example\nFinal-Recipient: rfc822;dana+x@acme.example", "dana+x@acme.example"),
        ("Original-Recipient: rfc822;dana+42@acme.example\nFinal-Recipient: rfc822;box@hub.example", "dana+42@acme.example"),
    ] {
        let body = format!("--b\nContent-Type: message/delivery-status\n\n{fields}\nAction: failed\nStatus: 5.1.1\n--b--\n");
        let raw = format!("{report}To: support@shop.example\n\n{body}");
        let bounce = mail::parse(raw.as_bytes()).message.bounce.unwrap_or_default();
        assert_eq!(bounce.recipients.first().map(|one| one.address.as_str()), Some(address), "{raw}");
    }
    let fields = |status: &str| {
        format!(
            "--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;dana@acme.example\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; 550 no such user\n--b--\n"
        )
    };
    check(report, &fields("2.0.0"), &failed(DANA, "5.1.1", Some(550)));
    check(report, &fields("5.02.001 (gone)"), &failed(DANA, "5.2.1", Some(550)));
}

#[test]
fn a_name_that_links_to_its_address_names_the_recipient() {
    check(
        &DAEMON.replace("text/plain", "text/html"),
        "<p>Your message to <a href=\"mailto:dana@acme.example?subject=x\">Dana Fox</a> was not delivered.</p><p>550 5.7.1 blocked</p><p>Help: <a href=\"mailto:help@hub.example\">help@hub.example</a></p>\n",
        &failed(DANA, "5.7.1", Some(550)),
    );
}

#[test]
fn codes_in_brackets_and_in_words() {
    for (body, status, code) in [
        ("Your message to dana@acme.example cannot be delivered. This mailbox is disabled (554.30).\n", "5.2.1", 554),
        ("dana@acme.example (mailbox unavailable, smtp reply 550)\n", "5.1.1", 550),
        ("Die Mailbox dana@acme.example hat keinen Platz: voll. Ihre Nachricht wurde nicht angenommen (552).\n", "5.2.2", 552),
    ] {
        check(DAEMON, body, &failed(DANA, status, Some(code)));
    }
    // Without any known word, a mailer that names somebody and a reply is understood.
    check(
        &DAEMON.replace("Undeliverable mail", "Mitteilung"),
        "Die Mailbox dana@acme.example nimmt nichts mehr an (552).\n",
        &failed(DANA, "5.2.2", Some(552)),
    );
}

#[test]
fn numbers_that_are_no_codes() {
    check(
        DAEMON,
        "I could not deliver your message after 432000 seconds (550 minutes) and 512 attempts.\n\n<dana@acme.example>: connect to 192.0.2.5[192.0.2.5]:587: Connection timed out\n",
        &failed(DANA, "5.4.1", None),
    );
    check(
        DAEMON,
        "<dana@acme.example>: Exim 5.5.1 at 10.5.1.1 port 554: user unknown, message of 550 KB\n",
        &failed(DANA, "5.1.1", None),
    );
    check(
        DAEMON,
        "dana@acme.example\n  user unknown\n\nPlease call 0550 511 22, (550) 555 0100 or 0550 511 for help.\n",
        &failed(DANA, "5.1.1", None),
    );
}

/// What qmail and its kin say about one address.
fn qmail(refusal: &str) -> String {
    format!(
        "Hi. This is the qmail-send program at q.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<dana@acme.example>:\n203.0.113.4 does not like recipient.\n{refusal}\n"
    )
}

#[test]
fn the_words_of_the_refusing_host_say_why() {
    for (words, status, code) in [
        ("550 Unknown user", "5.1.1", 550),
        ("550 user does not exist", "5.1.1", 550),
        ("550 Usuario desconocido", "5.1.1", 550),
        ("550 Host unknown", "5.1.2", 550),
        ("501 Bad address syntax", "5.1.3", 501),
        ("530 Authentication required", "5.7.0", 530),
        ("554 Your IP has a poor reputation", "5.7.1", 554),
    ] {
        check(
            DAEMON,
            &qmail(&format!("Remote host said: {words}\nGiving up on 203.0.113.4.")),
            &failed(DANA, status, Some(code)),
        );
    }
    check(
        DAEMON,
        "The following address(es) failed:\n\n  dana@acme.example\n    host mx.acme.example [203.0.113.4]: 550 invalid recipient\n",
        &failed(DANA, "5.1.1", Some(550)),
    );
    // Time ran out for a mail that was only put off.
    check(
        DAEMON,
        &qmail("Remote host said: 451 Out of shape\nI'm not going to try again; this message has been in the queue too long."),
        &failed(DANA, "4.4.7", Some(451)),
    );
    let delayed = Expect { recipients: DANA, status: Some("4.3.1"), smtp_code: Some(452), permanent: false };
    check(
        &DAEMON.replace("Undeliverable mail", "Warning: could not send message for past 4 hours"),
        "   ----- Transcript of session follows -----\n452 insufficient system storage\n<dana@acme.example>... Deferred: 452 insufficient system storage\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n",
        &delayed,
    );
}

#[test]
fn a_notice_is_new_and_the_mail_that_it_returns_is_not() {
    let notice = "I could not deliver your mail.\n\n<dana@acme.example>: user unknown\n\nRegards,\nthe mail system";
    let returned = "--- Below this line is a copy of the message.\n\nSubject: Your lamp\n\nHello Dana,\n> is it on?";
    let read = |body: &str| {
        let message = mail::parse(format!("{DAEMON}\n{body}").as_bytes()).message;
        assert!(message.bounce.is_some(), "{body}");
        (message.reply.new_text, message.reply.elided, message.language)
    };
    assert_eq!(read(&format!("{notice}\n\n{returned}\n")), (notice.to_owned(), returned.to_owned(), None));
    assert_eq!(read(notice), (notice.to_owned(), String::new(), None));
}

#[test]
fn mail_that_only_speaks_of_reports() {
    for raw in [
        "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Re: Undelivered Mail Returned to Sender\nIn-Reply-To: <x@y.example>\n\nI got this for <eve@acme.example>: 550 5.1.1 user unknown. What now?\n",
        "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Delivery failed\n\nThe courier said the delivery failed. My number is 550 1234.\n",
        "From: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Your delivery status\n\nWhere is my parcel? It has been returned to sender. Call me or write to eve@acme.example.\n",
        "From: Dana <dana@acme.example>\nReturn-Path: <>\nAuto-Submitted: auto-replied\nTo: support@shop.example\nSubject: Out of office\n\nI am away. Mail to dana@acme.example cannot be delivered to others; write to eve@acme.example.\n",
        "From: shop@parcel.example\nTo: support@shop.example\nSubject: Delivery notification\n\nYour parcel could not be delivered to Eve, eve@acme.example. It will be retried tomorrow.\n",
    ] {
        assert_eq!(mail::parse(raw.as_bytes()).message.bounce, None, "{raw}");
    }
}

#[test]
fn a_person_who_speaks_of_a_failure_is_no_mailer() {
    let qmail = qmail("Sorry, no mailbox here by that name. (#5.1.1)");
    let person = |headers: &str, body: &str| {
        let raw = format!("{headers}To: support@shop.example\n\n{body}\n");
        assert_eq!(mail::parse(raw.as_bytes()).message.bounce, None, "{raw}");
    };
    let dana = "Return-Path: <dana@acme.example>\nFrom: Dana Fox <dana@acme.example>\n";
    person(&format!("{dana}Subject: failure notice\n"), &format!("See below.\n\n{qmail}"));
    person(&format!("{dana}Subject: Re: [T-4821] Undeliverable mail\n"), "I get <eve@acme.example>: 550 5.1.1 unknown user");
    // Some accounts keep no return path.
    let dana = "From: Dana Fox <dana@acme.example>\n";
    person(&format!("{dana}Subject: failure notice\n"), &format!("What is this?\n\n{qmail}"));
    person(&format!("{dana}Subject: Message not delivered\n"), "My mail to eve@acme.example could not be delivered.");
    person(
        &format!("{dana}Subject: Mail delivery failed\n"),
        "I keep getting this.\n\nDelivery to <eve@acme.example> failed: 550 unknown recipient",
    );
    let postmaster = "Return-Path: <postmaster@acme.example>\nFrom: Ole <postmaster@acme.example>\n";
    person(
        &format!("{postmaster}Subject: Your mail\n"),
        "Mail from you to eve@acme.example was rejected (550 5.7.1). Does it work now?",
    );
    person(
        &format!("{postmaster}Subject: Re: Blocked sender\nIn-Reply-To: <out-1@shop.example>\n"),
        "The block is gone, mail to eve@acme.example was rejected with 550 5.7.1.",
    );
}

#[test]
fn a_mailer_that_signs_with_its_own_address_is_a_mailer() {
    let body = "Your message could not be delivered to the following recipients:\n\ndana@acme.example\n";
    check(
        "Return-Path: <scanner@acme.example>\nFrom: scanner@acme.example\nSubject: Delivery failure\n",
        body,
        &failed(DANA, "5.0.0", None),
    );
    check(
        "Return-Path: <postmaster@acme.example>\nFrom: Postmaster <postmaster@acme.example>\nIn-Reply-To: <out-1@shop.example>\nSubject: Undeliverable: Where is it?\n",
        body,
        &failed(DANA, "5.0.0", None),
    );
}

#[test]
fn a_gateway_that_answers_is_a_mailer() {
    check(
        "Return-Path: <post_master@pager.example>\nFrom: post_master@pager.example\nIn-Reply-To: <out-1@shop.example>\nSubject: Re:Your lamp\n",
        "Error: Invalid user address\n\n550 - Requested action not taken: no such user here\n\n  RCPT TO: dana@acme.example\n",
        &failed(DANA, "5.1.1", Some(550)),
    );
}

#[test]
fn an_automatic_reply_may_quote_a_report() {
    for headers in [
        "Return-Path: <>\nFrom: Dana <dana@acme.example>\nSubject: Automatic reply: Undelivered mail\n",
        "Return-Path: <dana@acme.example>\nFrom: Dana <dana@acme.example>\nSubject: [#12] Ticket created: Undeliverable mail\nAuto-Submitted: auto-replied\n",
    ] {
        let raw = format!(
            "{headers}To: support@shop.example\n\nI am on holiday until 5 December.\n\n> Delivery to eve@acme.example failed:\n> 550 5.1.1 user unknown\n"
        );
        let message = mail::parse(raw.as_bytes()).message;
        assert_eq!(message.bounce, None, "{raw}");
        assert_eq!(mail::machine::class_of(&message), Some(mail::MachineClass::AutoReply), "{raw}");
    }
}

#[test]
fn mail_kept_from_its_reader_is_no_bounce() {
    for body in [
        "3 messages were not delivered to you and are in quarantine:\n\nspam@evil.example  Cheap things\n",
        "Our detector found a virus in a message sent to you by spam@evil.example.\nIt was removed and not delivered.\n",
    ] {
        let raw = format!(
            "Return-Path: <postmaster@shop.example>\nFrom: postmaster@shop.example\nTo: support@shop.example\nSubject: Filter report\nAuto-Submitted: auto-generated\n\n{body}"
        );
        assert_eq!(mail::parse(raw.as_bytes()).message.bounce, None, "{raw}");
    }
}

#[test]
fn a_receipt_of_failure_is_a_receipt() {
    let raw = "Return-Path: <>\nFrom: Dana <dana@acme.example>\nTo: support@shop.example\nSubject: Disposition notification\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: text/plain\n\nThe message could not be delivered to the user.\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;dana@acme.example\nOriginal-Message-ID: <out-1@shop.example>\nDisposition: automatic-action/MDN-sent-automatically; failed\n--b--\n";
    let message = mail::parse(raw.as_bytes()).message;
    assert_eq!(message.bounce, None);
    assert_eq!(mail::machine::class_of(&message), Some(mail::MachineClass::Report));
}

#[test]
fn a_field_name_of_several_bytes_is_no_field() {
    // Found by chance: the second byte of the line lies within a character.
    check(
        "From: postmaster@acme.example\nSubject: Undeliverable\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n",
        "--b\nContent-Type: message/delivery-status\n\n+\u{2022}x: y\n\nFinal-Recipient: rfc822;dana@acme.example\nAction: failed\nStatus: 5.1.1\n--b--\n",
        &failed(DANA, "5.1.1", None),
    );
}

#[test]
fn an_address_of_controls_alone_is_no_recipient_beside_others() {
    let raw = "Return-Path: <>\nSubject: Undelivered\nContent-Type: message/delivery-status\n\n\
               Final-Recipient: rfc822; \u{1}\nAction: failed\n\nFinal-Recipient: rfc822; bob@acme.example\nAction: failed\n";
    let bounce = mail::parse(raw.as_bytes()).message.bounce.expect("a report");
    assert!(bounce.recipients.iter().all(|one| !one.address.is_empty()), "{bounce:?}");
}
