//! Mailboxes and mail servers that change, forget and lie while the desk works.

use std::time::Duration;

use crate::harness::dovecot::{self, Dovecot};
use crate::harness::frontdesk::{Desk, inbox};
use crate::harness::mails::{self, Basics};
use crate::harness::proxy::{Proxy, Way};
use crate::harness::sink::Sink;
use crate::harness::wait::{stays, wait_true};
use crate::scene::{ADDRESS, PATIENCE, Scene, config, desk, is_live, sink, sink_of};

const SOON: Duration = Duration::from_secs(2);

/// What must not change when the same mails are shown again.
fn tickets_and_mails(scene: &Scene) -> (usize, usize) {
    (scene.desk.tickets().len(), scene.sink.count())
}

#[test]
fn a_changed_uidvalidity_or_a_lost_index_makes_nothing_new() {
    let mut scene = Scene::with_done("\"keep\"");
    for _ in 0..3 {
        scene.request();
    }
    scene.sink.wait_for(3, PATIENCE);
    let before = tickets_and_mails(&scene);
    assert_eq!(before, (3, 3));

    scene.dovecot.bump_uidvalidity("support");
    scene.request();
    scene.sink.wait_for(4, PATIENCE);
    stays("UIDVALIDITY changed in an open session", SOON, (4, 4), || tickets_and_mails(&scene));

    scene.dovecot.lose_index("support");
    scene.dovecot.kick("support");
    scene.request();
    scene.sink.wait_for(5, PATIENCE);
    stays("the index was lost", SOON, (5, 5), || tickets_and_mails(&scene));

    scene.desk.kill9();
    scene.dovecot.bump_uidvalidity("support");
    scene.start_live();
    scene.request();
    scene.sink.wait_for(6, PATIENCE);
    stays("UIDVALIDITY changed while the desk was down", SOON, (6, 6), || tickets_and_mails(&scene));
    assert_eq!(scene.check().len(), 6);
}

#[test]
fn mail_taken_away_by_others_changes_nothing_else() {
    let mut scene = Scene::with_done("\"keep\"");
    scene.dovecot.create_mailbox("support", "Elsewhere");
    scene.request();
    scene.request();
    scene.sink.wait_for(2, PATIENCE);
    scene.dovecot.expunge("support", "INBOX", &["uid", "1"]);
    scene.dovecot.move_mails("support", "INBOX", "Elsewhere", &["uid", "2"]);
    scene.request();
    scene.sink.wait_for(3, PATIENCE);
    scene.desk.kill9();
    scene.start_live();
    // Back again under a new UID: the same mail.
    scene.dovecot.move_mails("support", "Elsewhere", "INBOX", &["all"]);
    scene.request();
    scene.sink.wait_for(4, PATIENCE);
    stays("expunged, moved away and back", SOON, (4, 4), || tickets_and_mails(&scene));
    scene.check();
}

fn note(id: &str, text: &str) -> Vec<u8> {
    let basics = Basics { from: "Dana <dana@x.example>", to: ADDRESS, subject: "Meter", id };
    mails::request(basics, text).bytes()
}

#[test]
fn a_mail_that_the_mta_delivers_twice_is_one_ticket() {
    let scene = Scene::with_done("\"keep\"");
    let first = note("same@x.example", "It is dead.\n");
    let with_trace =
        |trace: &str| [format!("Received: by {trace}; Mon, 16 Nov 2026 09:13:00 +0000\r\n").as_bytes(), &first].concat();
    scene.dovecot.deliver("support", &with_trace("a.test.example"));
    scene.dovecot.deliver("support", &with_trace("b.test.example"));
    scene.sink.wait_for(1, PATIENCE);
    scene.desk.wait_settled(2);
    scene.dovecot.deliver("support", &with_trace("c.test.example"));
    scene.desk.wait_settled(3);
    stays("one ticket, one mail", SOON, (1, 1), || tickets_and_mails(&scene));
    let shown = scene.desk.ticket(scene.desk.tickets()[0]["ref"].as_str().unwrap_or_default());
    let again = shown["history"].as_array().into_iter().flatten().filter(|entry| entry.to_string().contains("again"));
    assert!(again.count() >= 2 || shown["history"].to_string().matches("uplicate").count() >= 2, "{shown:#}");
}

#[test]
fn a_squatted_message_id_takes_nothing_from_its_victim() {
    let scene = Scene::with_done("\"keep\"");
    let squatter = Basics { from: "eve@evil.example", to: ADDRESS, subject: "Meter", id: "victim-1@x.example" };
    scene.dovecot.deliver("support", &mails::request(squatter, "I was first.\n").bytes());
    scene.desk.wait_tickets(1);
    scene.dovecot.deliver("support", &note("victim-1@x.example", "My meter is dead.\n"));
    scene.dovecot.deliver("support", &note("victim-1@x.example", "The same id, another text.\n"));
    scene.desk.wait_settled(3);
    let tickets = scene.desk.tickets();
    let victims = tickets.iter().filter(|ticket| ticket["requester"]["address"] == "dana@x.example").count();
    assert!(victims >= 1, "{tickets:#?}");
    let texts: Vec<String> = tickets
        .iter()
        .filter_map(|ticket| ticket["ref"].as_str())
        .map(|reference| scene.desk.ticket(reference)["messages"].to_string())
        .collect();
    for text in ["I was first", "My meter is dead", "another text"] {
        assert_eq!(texts.iter().map(|messages| messages.matches(text).count().min(1)).sum::<usize>(), 1, "{text}: {texts:#?}");
    }
}

/// Two inboxes on two accounts, one desk.
#[test]
fn one_mail_to_two_inboxes_is_one_ticket_and_one_acknowledgement() {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support", "billing"]));
    let sink = sink();
    // Whichever delivery comes first decides through which account the acknowledgement leaves.
    let other = sink_of("billing");
    let more = format!(
        "[account.second]\nimap = \"imap://127.0.0.1:{}\"\nsmtp = \"smtp://127.0.0.1:{}\"\npoll = \"1s\"\n\
         auth = {{ kind = \"password\", user = \"billing\", secret = {{ file = \"billing.password\" }} }}\n",
        dovecot.port(),
        other.port()
    );
    let usual = config(dovecot.port(), sink.port(), "\"keep\"");
    let both = usual
        .replace(
            "[inbox]\nsupport = {",
            "[inbox]\nbilling = { address = \"billing@acme.example\", account = \"second\" }\nsupport = { account = \"main\",",
        )
        .replace("[limits]", &format!("{more}[limits]"));
    let desk = desk(&both);
    desk.write("billing.password", &dovecot::password("billing"));
    desk.start();
    desk.wait_until("both are live", |status| is_live(status) && inbox(status, "billing")["live"] == true);
    let mail = note("both@x.example", "To both of you.\n");
    let mail = String::from_utf8_lossy(&mail).replace(&format!("To: {ADDRESS}"), &format!("To: {ADDRESS}, billing@acme.example"));
    for user in ["support", "billing"] {
        dovecot.deliver(user, format!("Delivered-To: {user}@acme.example\r\n{mail}").as_bytes());
    }
    desk.wait_settled(2);
    wait_true("an acknowledgement arrives", PATIENCE, || sink.count() + other.count() > 0);
    stays("one ticket, one acknowledgement", SOON, (1, 1), || (desk.tickets().len(), sink.count() + other.count()));
}

/// A desk that reaches Dovecot through a proxy.
fn through_proxy() -> (Dovecot, Proxy, Sink, Desk) {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
    let proxy = Proxy::start(dovecot.port());
    let sink = sink();
    let desk = desk(&config(proxy.port(), sink.port(), "\"keep\""));
    desk.start();
    desk.wait_until("the inbox is live", is_live);
    (dovecot, proxy, sink, desk)
}

fn long(id: &str) -> Vec<u8> {
    note(id, &"A line of some length, to be cut somewhere.\n".repeat(2_000))
}

#[test]
fn a_server_that_breaks_off_or_trickles_hands_nothing_half_over() {
    let (dovecot, proxy, sink, desk) = through_proxy();
    proxy.cut_after(Way::Down, 40_000);
    dovecot.deliver("support", &long("cut@x.example"));
    wait_true("the mail after the cut", PATIENCE, || sink.count() == 1);
    proxy.trickle(Way::Down, 3_000, Duration::from_millis(20));
    dovecot.deliver("support", &long("trickle@x.example"));
    desk.wait_settled(2);
    proxy.heal();
    let tickets = desk.tickets();
    assert_eq!(tickets.len(), 2);
    for ticket in &tickets {
        let text = desk.ticket(ticket["ref"].as_str().unwrap_or_default())["messages"][0]["text"].to_string();
        assert_eq!(text.matches("to be cut somewhere").count(), 2_000, "nothing is missing");
    }
}

#[test]
fn a_server_that_lies_about_size_is_not_believed() {
    let (dovecot, proxy, sink, desk) = through_proxy();
    let mail = note("lie@x.example", "It is dead.\n");
    for lie in ["{2147483648}", "{99999999999999999999}"] {
        proxy.replace(Way::Down, &format!("{{{}}}", mail.len()), lie, 1);
    }
    dovecot.deliver("support", &mail);
    wait_true("the truth", PATIENCE, || sink.count() == 1);
    assert_eq!(desk.tickets().len(), 1);
    let peak = desk.memory_peak_bytes().unwrap_or_default();
    assert!(peak < 300_000_000, "{peak} bytes resident");
    // As large as announced to the listing: fetched in pieces, of which there is one.
    let mail = note("size@x.example", "It is dead again.\n");
    proxy.replace(Way::Down, &format!("RFC822.SIZE {}", mail.len()), "RFC822.SIZE 2147483647", 1);
    dovecot.deliver("support", &mail);
    desk.wait_settled(2);
    assert_eq!(desk.tickets().len(), 2);
}
