//! Which mail belongs to which ticket, and who may add to it.

use serde_json::json;

use super::{DANA, DANA_ADDRESS, acknowledged, first_mail, links, message_ids, references};
use crate::harness::mails::{self, header_of};
use crate::harness::office::{INBOX, Office, letter, vouched};

#[test]
fn a_mail_becomes_a_ticket_and_postfix_delivers_its_acknowledgement() {
    let (office, id) = acknowledged(&first_mail());
    let ticket = office.desk.ticket("T-1");
    assert_eq!((&ticket["status"], &ticket["subject"]), (&json!("new"), &json!("The meter shows nothing")));
    assert_eq!(ticket["requester"], json!({ "name": "Dana Okafor", "address": DANA_ADDRESS, "proven": false }));
    let delivered = office.postfix.delivered();
    assert_eq!(delivered[0].sender, "", "RFC 3834 §3.3: nothing may answer an automatic answer");
    let ack = &delivered[0].bytes;
    let header = |name: &str| header_of(ack, name).unwrap_or_else(|| panic!("no {name} in {}", String::from_utf8_lossy(ack)));
    assert_eq!(header("Auto-Submitted"), "auto-replied");
    assert_eq!(header("X-Auto-Response-Suppress"), "All");
    assert_eq!(header("In-Reply-To"), "<dana-1@x.example>");
    assert_eq!(header("References"), "<dana-1@x.example>");
    assert_eq!((header("From").as_str(), header("To").as_str()), ("Acme Support <support@acme.example>", DANA_ADDRESS));
    assert!(header("Subject").contains("T-1") && !header("X-Frontdesk-Loop").is_empty());
    assert!(id.ends_with("@acme.example"), "{id}");
    assert!(!String::from_utf8_lossy(ack).contains("shows nothing"), "words of an unproven sender are never repeated");
}

#[test]
fn a_proven_sender_is_answered_under_their_own_subject() {
    let (office, _) = acknowledged(&vouched(first_mail()));
    assert_eq!(office.desk.ticket("T-1")["requester"]["proven"], json!(true));
    let ack = &office.received(DANA_ADDRESS)[0];
    assert_eq!(header_of(ack, "Subject").as_deref(), Some("Re: The meter shows nothing"));
    assert!(String::from_utf8_lossy(ack).contains("T-1"));
}

#[test]
fn replies_by_either_header_join_the_ticket_and_are_not_acknowledged_again() {
    let (office, ack) = acknowledged(&first_mail());
    let basics = letter(DANA, "Re: The meter shows nothing", "dana-2@x.example");
    office.deliver(&mails::reply(basics, &ack, &[], "It is the red one.\n").without("References"));
    let basics = letter(DANA, "Re: The meter shows nothing", "dana-3@x.example");
    office.deliver(&mails::reply(basics, &ack, &["dana-1@x.example"], "And it is old.\n").without("In-Reply-To"));
    assert_eq!(references(&office.desk), ["T-1"]);
    let ticket = office.desk.ticket("T-1");
    assert_eq!(message_ids(&ticket), ["dana-1@x.example", "dana-2@x.example", "dana-3@x.example"]);
    let reply = &ticket["messages"][1];
    assert_eq!(reply["text"].as_str().map(str::trim), Some("It is the red one."));
    assert!(reply["cut"].as_str().is_some_and(|cut| cut.contains("We will answer soon")), "{reply}");
    assert_eq!(reply["unproven"], json!(true));
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "no second acknowledgement");
}

#[test]
fn a_reply_reopens_what_was_solved_and_continues_what_was_closed() {
    let (office, ack) = acknowledged(&first_mail());
    assert_eq!(office.act("T-1", "ana", &["close", "new", "battery"])["status"], json!("solved"));
    let basics = letter(DANA, "Re: The meter shows nothing", "dana-2@x.example");
    office.deliver(&mails::reply(basics, &ack, &[], "Still nothing.\n"));
    let ticket = office.desk.ticket("T-1");
    assert_eq!(ticket["status"], json!("open"));
    assert!(ticket["history"].as_array().is_some_and(|lines| lines.iter().any(|line| line["kind"] == "reopened")), "{ticket}");

    // From now on nobody has time to reopen: what is solved is closed soon after.
    let config = std::fs::read_to_string(office.desk.path("frontdesk.toml")).expect("the file of the desk");
    office.desk.write("frontdesk.toml", &(config + "[follow_up]\nreopen = { within = \"1s\" }\n"));
    assert_eq!(office.desk.cli(&["reload"]).code, Some(0));
    office.act("T-1", "ana", &["close"]);
    office.wait_ticket("T-1", "closed", |ticket| ticket["status"] == "closed");
    let basics = letter(DANA, "Re: The meter shows nothing", "dana-3@x.example");
    office.deliver(&mails::reply(basics, &ack, &["dana-2@x.example"], "It happened again.\n"));
    assert_eq!(references(&office.desk), ["T-1", "T-2"]);
    assert_eq!(links(&office.desk.ticket("T-2")), ["continues T-1"]);
    let closed = office.desk.ticket("T-1");
    assert_eq!((&closed["status"], links(&closed)), (&json!("closed"), vec!["continued_by T-2".to_owned()]));
    assert!(!message_ids(&closed).contains(&"dana-3@x.example".to_owned()));
}

#[test]
fn a_stranger_who_guesses_a_tag_or_an_id_gets_a_ticket_of_their_own() {
    let (office, ack) = acknowledged(&vouched(first_mail()));
    let mallory = |subject, id| letter("Mallory <mallory@evil.example>", subject, id);
    office.deliver(&vouched(mails::request(mallory("Re: [T-1] The meter", "m-1@evil.example"), "Send me all you know.\n")));
    let stolen = mallory("Re: The meter shows nothing", "m-2@evil.example");
    office.deliver(&vouched(mails::reply(stolen, &ack, &["dana-1@x.example"], "And the address.\n")));
    let guessed = mallory("The same question", "m-3@evil.example");
    office.deliver(&mails::reply(guessed, "dana-1@x.example", &[], "I am Dana.\n"));
    assert_eq!(references(&office.desk), ["T-1", "T-2", "T-3", "T-4"]);
    for reference in ["T-2", "T-3", "T-4"] {
        let ticket = office.desk.ticket(reference);
        assert_eq!(links(&ticket), ["claims T-1"], "{reference}");
        assert_eq!(ticket["requester"]["address"], json!("mallory@evil.example"));
    }
    let victim = office.desk.ticket("T-1");
    assert_eq!(message_ids(&victim), ["dana-1@x.example"]);
    assert_eq!((&victim["status"], &victim["participants"]), (&json!("new"), &json!([DANA_ADDRESS])));
    for mail in office.received("mallory@evil.example") {
        // The header repeats what the stranger wrote, as every reply does; the text says nothing of T-1.
        let text = String::from_utf8_lossy(&mail).into_owned();
        let body = text.split_once("\n\n").map_or(text.as_str(), |(_, body)| body);
        assert!(!body.contains("T-1") && !body.to_lowercase().contains("dana"), "{text}");
    }
}

#[test]
fn a_tag_serves_a_participant_only_whose_domain_vouches_for_them() {
    let (office, _) = acknowledged(&vouched(first_mail()));
    let mail = |id| mails::request(letter(DANA, "[T-1] One more thing", id), "The serial is FH-20931.\n");
    office.deliver(&vouched(mail("dana-2@x.example")));
    assert_eq!(message_ids(&office.desk.ticket("T-1")), ["dana-1@x.example", "dana-2@x.example"]);
    office.deliver(&mail("dana-3@x.example"));
    assert_eq!(references(&office.desk), ["T-1", "T-2"]);
    assert_eq!(message_ids(&office.desk.ticket("T-1")).len(), 2);

    // What passed a foreign host says nothing about what our own server saw, nor does what another server says.
    let verdict = "mx.test.example; dmarc=pass header.from=x.example";
    let hop = "from laptop by mail.evil.example; Mon, 16 Nov 2026 09:12:32 +0000";
    office.deliver(&mail("dana-4@x.example").header("Received", hop).header("Authentication-Results", verdict));
    let foreign = mail("dana-5@x.example").on_top("Authentication-Results", "mx.evil.example; dmarc=pass header.from=x.example");
    office.deliver(&foreign);
    assert_eq!(message_ids(&office.desk.ticket("T-1")).len(), 2, "forged verdicts prove nothing");
}

#[test]
fn one_mail_in_two_inboxes_or_delivered_twice_is_one_ticket_and_one_acknowledgement() {
    let dovecot = crate::harness::dovecot::Dovecot::start(crate::harness::dovecot::Options::users(&["support"]));
    dovecot.create_mailbox("support", "Sales");
    let sections = "[inbox]\nsupport = { address = \"support@acme.example\", also = [\"help@acme.example\"] }\n\
                    sales = { address = \"sales@acme.example\", folder = \"Sales\" }\n";
    let office = Office::around(dovecot, sections);
    let both = "support@acme.example, sales@acme.example, help@acme.example";
    let mail = first_mail().set("To", both);
    office.deliver(&mail);
    let received = "from relay.x.example by mx.test.example; Mon, 16 Nov 2026 09:12:34 +0000";
    office.deliver_to("Sales", &mail.clone().set("Delivered-To", "sales@acme.example").on_top("Received", received));
    office.deliver(&mail.clone().set("Delivered-To", "help@acme.example"));
    office.deliver(&mail);
    assert_eq!(references(&office.desk), ["T-1"]);
    assert_eq!(office.received(DANA_ADDRESS).len(), 1);
    let ticket = office.desk.ticket("T-1");
    assert_eq!(message_ids(&ticket).len(), 1);
    let again = ticket["history"].as_array().expect("history").iter().filter(|line| line["kind"] == "delivered_again").count();
    assert_eq!(again, 3, "each delivery is listed: {}", ticket["history"]);
}

#[test]
fn the_same_id_from_somebody_else_does_not_make_a_mail_vanish() {
    let office = Office::with(INBOX);
    let squatter = letter("Mallory <mallory@evil.example>", "The meter shows nothing", "dana-1@x.example");
    office.deliver(&mails::request(squatter, "Nothing to see.\n"));
    office.deliver(&first_mail());
    let other_words = letter(DANA, "The meter shows nothing", "dana-1@x.example");
    office.deliver(&mails::request(other_words, "The meter burns.\n"));
    assert_eq!(references(&office.desk), ["T-1", "T-2", "T-3"]);
    assert_eq!(office.desk.ticket("T-2")["requester"]["address"], json!(DANA_ADDRESS));
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "the same sender and subject within a day is acknowledged once");
    // Dana's own reply finds her ticket, not the squatter's.
    let basics = letter(DANA, "Re: The meter shows nothing", "dana-2@x.example");
    office.deliver(&mails::reply(basics, "dana-1@x.example", &[], "Anybody there?\n"));
    assert!(!message_ids(&office.desk.ticket("T-1")).contains(&"dana-2@x.example".to_owned()));
}
