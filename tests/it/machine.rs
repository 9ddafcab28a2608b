//! Mail that no person wrote, and mail that answers itself: who gets an acknowledgement, and how often.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::dovecot::{self, Dovecot, password};
use crate::harness::frontdesk::{Desk, settled};
use crate::harness::mails::{self, Basics, Mail, id_of};
use crate::harness::office::{INBOX, Office, SUPPORT, TRUSTED, all_live, base, letter, vouched};
use crate::harness::postfix::{self, Postfix};
use crate::harness::wait::{stays, wait_for, wait_true};

/// What a mail must lead to.
struct Expect {
    /// Tickets by then.
    tickets: usize,
    /// Mails held or on the spam list by then.
    held: u64,
    /// Whether an acknowledgement leaves.
    ack: bool,
}

/// Delivers a mail and compares what came of it; the row is read from the daemon's own log of events.
#[track_caller]
fn check(office: &Office, row: u8, mail: &Mail, outcome: &str, expect: &Expect) {
    let before = office.outbox().len();
    let latest = || serde_json::from_str::<Value>(&office.desk.cli(&["--json", "tail", "-n", "1", "--no-follow"]).stdout).ok();
    let seq = |event: &Value| event["seq"].as_u64();
    let seen = latest().as_ref().and_then(seq);
    office.deliver(mail);
    // Told right after the commit, so a moment after the mail counts as settled.
    let tail = wait_for("the mail in the tail", Duration::from_secs(10), || latest().filter(|event| seq(event) > seen));
    assert_eq!(tail["outcome"], json!(outcome), "row {row}: {tail}");
    let status = office.desk.status().expect("a status");
    assert_eq!((office.desk.tickets().len(), &status["held"]), (expect.tickets, &json!(expect.held)), "row {row}");
    let sent = office.outbox().len() - before;
    assert_eq!(sent, usize::from(expect.ack), "row {row}: acknowledgements");
    if let Some(reference) = tail["ticket"].as_str().filter(|_| outcome == "new_ticket") {
        let explained = office.desk.json(&["explain", reference]);
        let lines = explained[0]["trace"].as_array().expect("a trace");
        let machine = lines.iter().find(|line| line["step"] == "machine");
        assert_eq!(machine.map(|line| &line["outcome"]), Some(&json!(format!("row {row}"))), "{machine:?}");
    }
}

fn from<'a>(sender: &'a str, id: &'a str) -> Basics<'a> {
    letter(sender, "About the meter", id)
}

#[test]
fn each_row_of_the_machine_table_from_a_real_looking_mail() {
    let office = Office::with("[inbox]\nsupport = { address = \"support@acme.example\" }\n[limits]\nacks_per_sender_day = 1\n");
    let dana = "Dana Okafor <dana@x.example>";
    let expect = |tickets, held, ack| Expect { tickets, held, ack };
    check(&office, 18, &vouched(mails::request(from(dana, "18@x.example"), "Hello.\n")), "new_ticket", &expect(1, 0, true));
    let ack = office.received("dana@x.example").remove(0);
    let ack_id = id_of(&ack).expect("an id");

    // 1 to 8: our own mail, mail in circles, reports, challenges, calendars, automatic replies.
    let own = Mail::new(from(dana, &ack_id)).text("Your own words.\n");
    check(&office, 1, &own, "loop", &expect(1, 0, false));
    let hop = "from a.example by b.example; Mon, 16 Nov 2026 09:12:33 +0000";
    let hops = (0..26).fold(mails::request(from(dana, "2@x.example"), "Hello.\n"), |mail, _| mail.on_top("Received", hop));
    check(&office, 2, &hops, "held", &expect(1, 1, false));
    let daemon = "MAILER-DAEMON@mx.y.example";
    let foreign = mails::request(from("someone@y.example", "out-1@y.example"), "Not ours.\n").bytes();
    check(
        &office,
        3,
        &mails::bounce(from(daemon, "3@y.example"), "gone@y.example", "5.1.1", &foreign),
        "bounce",
        &expect(1, 1, false),
    );
    check(&office, 4, &mails::read_receipt(from(dana, "4@x.example"), &ack_id), "machine", &expect(1, 1, false));
    let abuse = mails::abuse_report(from("fbl@provider.example", "5@provider.example"), "carl@z.example", &foreign);
    check(&office, 5, &abuse, "machine", &expect(1, 1, false));
    check(&office, 6, &mails::challenge(from("eve@y.example", "6@y.example")), "machine", &expect(1, 1, false));
    check(&office, 7, &mails::calendar_reply(from("eve@y.example", "7@y.example")), "machine", &expect(1, 1, false));
    check(&office, 7, &mails::calendar(from("eve@y.example", "7b@y.example"), "REQUEST"), "new_ticket", &expect(2, 1, false));
    check(
        &office,
        8,
        &mails::out_of_office(from("eve@y.example", "8@y.example"), "other@y.example"),
        "machine",
        &expect(2, 1, false),
    );

    // 9 to 14: machines that deserve a ticket and no mail; spam.
    check(&office, 9, &mails::monitoring(from("alarm@m.example", "9@m.example")), "new_ticket", &expect(3, 1, false));
    let null = mails::request(from("ned@n.example", "10@n.example"), "Hello.\n").set("Return-Path", "<>");
    check(&office, 10, &null, "new_ticket", &expect(4, 1, false));
    check(&office, 11, &mails::list_post(from("una@u.example", "11@u.example")), "new_ticket", &expect(5, 1, false));
    check(&office, 11, &mails::bulk(from("bob@b.example", "11b@b.example")), "new_ticket", &expect(6, 1, false));
    let robot = mails::request(from("no-reply@shop.example", "12@shop.example"), "Your parcel left.\n");
    check(&office, 12, &robot, "new_ticket", &expect(7, 1, false));
    let ourselves = mails::request(from(SUPPORT, "13@acme.example"), "Hello.\n");
    check(&office, 13, &ourselves, "new_ticket", &expect(8, 1, false));
    check(&office, 14, &mails::spam(from("win@s.example", "14@s.example")), "spam", &expect(8, 2, false));

    // 15 to 17: people, who are not answered by a machine today.
    let outlook = mails::request(from("olga@o.example", "15@o.example"), "Hello.\n")
        .header("X-Auto-Response-Suppress", "DR, OOF, AutoReply");
    check(&office, 15, &outlook, "new_ticket", &expect(9, 2, false));
    check(
        &office,
        16,
        &mails::judged(from("fred@f.example", "16@f.example"), TRUSTED, "dmarc=fail"),
        "new_ticket",
        &expect(10, 2, false),
    );
    let spent = mails::request(letter(dana, "Something else", "17@x.example"), "And another thing.\n");
    check(&office, 17, &spent, "new_ticket", &expect(11, 2, false));

    assert_eq!(office.received("dana@x.example").len(), 1);
    assert_eq!(office.postfix.delivered().len(), 1, "one person, one acknowledgement");
}

#[test]
fn machines_that_answer_an_acknowledgement_change_nothing_on_its_ticket() {
    let office = Office::open();
    office.deliver(&vouched(mails::request(from("Dana <dana@x.example>", "1@x.example"), "Hello.\n")));
    let ack = office.received("dana@x.example").remove(0);
    let ack_id = id_of(&ack).expect("an id");
    office.act("T-1", "ana", &["close"]);
    office.deliver(&mails::out_of_office(from("Dana <dana@x.example>", "2@x.example"), &ack_id));
    office.deliver(
        &mails::calendar_reply(from("Dana <dana@x.example>", "3@x.example")).header("In-Reply-To", &format!("<{ack_id}>")),
    );
    let ticket = office.desk.ticket("T-1");
    assert_eq!(ticket["status"], json!("solved"), "no machine reopens");
    let machines: Vec<&Value> =
        ticket["messages"].as_array().expect("messages").iter().map(|message| &message["machine"]).collect();
    assert_eq!(machines, [&json!(null), &json!("auto_reply"), &json!("calendar")]);

    let report = mails::bounce(from("MAILER-DAEMON@mx.x.example", "4@x.example"), "dana@x.example", "5.1.1", &ack);
    office.deliver(&report);
    let ticket = office.desk.ticket("T-1");
    let bounced = ticket["history"].as_array().and_then(|lines| lines.iter().find(|line| line["kind"] == "bounced"));
    assert!(bounced.is_some_and(|line| line["what"].as_str().is_some_and(|what| what.contains("5.1.1"))), "{ticket}");
    assert_eq!(ticket["status"], json!("solved"));
    // The address is dead, so nothing automatic goes there any more, on no ticket.
    office.deliver(&mails::request(letter("Dana <dana@x.example>", "A new matter", "5@x.example"), "Hello again.\n"));
    assert_eq!(office.desk.tickets().len(), 2);
    assert_eq!(office.received("dana@x.example").len(), 1);
}

#[test]
fn five_hundred_forged_senders_get_no_more_than_the_budgets_allow() {
    let office = Office::open();
    let addresses: Vec<(String, String)> =
        (0..500).map(|n| (format!("victim{n}@d{}.example", n % 50), format!("f-{n}@evil.example"))).collect();
    let flood: Vec<Mail> =
        addresses.iter().map(|(from, id)| mails::request(letter(from, "You have won", id), "Click here.\n")).collect();
    office.deliver_all(&flood, Duration::from_secs(90));
    assert_eq!(office.desk.tickets().len(), 500, "no mail is lost");
    office.received("victim0@d0.example");
    assert_eq!(office.postfix.delivered().len(), 60, "60 an hour in all");
    for mail in office.postfix.delivered() {
        let text = String::from_utf8_lossy(&mail.bytes).into_owned();
        assert!(!text.contains("won") && !text.contains("Click"), "a spammer's words were carried: {text}");
    }
    office.desk.restart();
    let late = mails::request(letter("late@l.example", "Hello", "late@l.example"), "Hello.\n");
    office.deliver(&late);
    assert_eq!(office.received("late@l.example").len(), 0, "budgets survive a restart");
}

#[test]
fn the_breaker_opens_at_the_budget_of_the_day_and_stays_open_until_an_operator_looks() {
    let limits = "[limits]\nacks_per_day = 4\nacks_per_domain_day = 2\n";
    let office = Office::with(&(INBOX.to_owned() + limits));
    let send = |from: &str, id: &str| office.deliver(&mails::request(letter(from, "Hello", id), "Hello.\n"));
    for n in 0..3 {
        send(&format!("p{n}@one.example"), &format!("one-{n}@x.example"));
    }
    assert_eq!(office.outbox().len(), 2, "two for one domain");
    for n in 0..4 {
        send(&format!("p@d{n}.example"), &format!("two-{n}@x.example"));
    }
    assert_eq!(office.outbox().len(), 4);
    let breaker = |office: &Office| office.desk.status().expect("a status")["breaker"].clone();
    assert!(breaker(&office).as_str().is_some_and(|why| why.contains('4')), "{}", breaker(&office));
    office.desk.restart();
    assert!(breaker(&office).is_string(), "the breaker is latched");
    // People are still answered: only machines are stopped.
    office.act("T-1", "ana", &["reply", "Good day."]);
    assert_eq!(office.received("p0@one.example").len(), 2);
    assert_eq!(office.desk.cli(&["status", "--reset-breaker"]).code, Some(0));
    assert_eq!(breaker(&office), json!(null));
}

#[test]
fn two_desks_that_write_to_each_other_stop_within_three_mails() {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support", "other"]));
    let other = "help@other.example";
    let routes = vec![postfix::route(SUPPORT, &dovecot, "support"), postfix::route(other, &dovecot, "other")];
    let auth = Some(dovecot.auth_socket());
    let postfix = Postfix::start(&postfix::Options { auth, routes, ..postfix::Options::default() });
    let ours = Desk::new(&(base(&dovecot, &postfix) + INBOX));
    ours.write("mail.password", &password("support"));
    let config =
        base(&dovecot, &postfix).replace("user = \"support\"", "user = \"other\"").replace("acme.example", "other.example");
    let theirs = Desk::new(&(config + "[inbox]\nhelp = { address = \"help@other.example\" }\n"));
    theirs.write("mail.password", &password("other"));
    theirs.write("signing.key", "fedcba9876543210fedcba9876543210\n");
    for desk in [&ours, &theirs] {
        desk.start();
    }
    for desk in [&ours, &theirs] {
        desk.wait_until("its inbox is live", all_live);
    }
    // Somebody writes to one desk in the name of the other: the acknowledgement goes there.
    let spark = mails::request(letter(other, "Hello", "spark@other.example"), "Hello.\n");
    dovecot.deliver("support", &spark.bytes());
    ours.wait_settled(1);
    theirs.wait_settled(1);
    let mails = || dovecot.messages("support", "INBOX").len() + dovecot.messages("other", "INBOX").len();
    wait_true("both outboxes are empty", Duration::from_secs(20), || {
        [&ours, &theirs].iter().all(|desk| desk.status().is_some_and(|status| status["outbox"] == 0))
    });
    stays("the number of mails", Duration::from_secs(3), 2, mails);
    assert_eq!(
        (ours.status().map(|status| settled(&status)), theirs.status().map(|status| settled(&status))),
        (Some(1), Some(1))
    );

    // A person at one desk answers the other: their words arrive, are taken for a person's, and start nothing endless.
    ours.json(&["ticket", "act", "--as", "ana", "T-1", "reply", "Who are you?"]);
    theirs.wait_settled(2);
    wait_true("both outboxes are empty", Duration::from_secs(20), || {
        [&ours, &theirs].iter().all(|desk| desk.status().is_some_and(|status| status["outbox"] == 0))
    });
    wait_true("the mail is quiet", Duration::from_secs(20), || ours.status().is_some_and(|status| settled(&status) >= 2));
    stays("the number of mails", Duration::from_secs(3), mails(), mails);
    assert!(mails() <= 4, "{} mails", mails());
}
