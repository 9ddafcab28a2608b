//! Commands, links, mistakes and the way back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ANA, ANA_ADDRESS, BEN_ADDRESS, DANA_ADDRESS, answer, asked, asked_with, links, newest, press, text_of};
use crate::harness::mails::{self, Basics};
use crate::harness::office::{Office, vouched};
use crate::harness::wait::wait_some;

/// What a busy machine may take to file a mail.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ana writes these words in answer to her mail of the ticket.
#[track_caller]
fn ana_writes(office: &Office, number: u32, words: &str) -> Value {
    let to_ana = office.received(ANA_ADDRESS).remove(0);
    office.deliver(&vouched(answer(&to_ana, ANA, &format!("ana-{number}@acme.example"), words)));
    office.desk.ticket("T-1")
}

#[test]
fn verbs_of_a_batch_are_carried_out_together() {
    let office = asked();
    let ticket = ana_writes(&office, 1, "#take\n#priority high\n#tag +wifi +probe\n#time 15m");
    assert_eq!((&ticket["owner"], &ticket["priority"], &ticket["status"]), (&json!("ana"), &json!("high"), &json!("open")));
    assert_eq!(ticket["tags"], json!(["probe", "wifi"]));
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "no words, so no mail to the customer");
    let receipt = newest(&office, ANA_ADDRESS);
    assert!(links(&receipt).iter().any(|(words, _)| words == "undo"), "{:?}", links(&receipt));

    office.deliver(&vouched(press(&receipt, "undo", ANA, "ana-undo@acme.example", "")));
    let ticket = office.desk.ticket("T-1");
    assert_eq!(
        (&ticket["owner"], &ticket["priority"], &ticket["tags"]),
        (&Value::Null, &json!("normal"), &json!([])),
        "{ticket}"
    );
}

#[test]
fn an_answer_with_close_sends_first_and_closes_then() {
    let office = asked();
    let ticket = ana_writes(&office, 1, "Please try firmware 3.5.0.\n\n#close fixed in 3.5.0");
    assert_eq!(ticket["status"], json!("solved"), "{ticket}");
    let to_dana = office.received(DANA_ADDRESS);
    assert_eq!(to_dana.len(), 2);
    let text = text_of(&to_dana[1]);
    assert!(text.contains("Please try firmware 3.5.0.") && !text.contains("#close"), "{text}");
}

#[test]
fn a_mistyped_verb_sends_nothing_and_is_mended_by_one_link() {
    let office = asked();
    let ticket = ana_writes(&office, 1, "Please try firmware 3.5.0.\n\n#asign ben");
    assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("new"), &Value::Null));
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "nothing was sent");
    let told = newest(&office, ANA_ADDRESS);
    let text = text_of(&told);
    assert!(text.contains("NOT sent") && text.contains("assign"), "{text}");
    let all = links(&told);
    let (label, _) = all.iter().find(|(words, _)| words.starts_with("use")).unwrap_or_else(|| panic!("{all:?}"));
    office.deliver(&vouched(press(&told, label, ANA, "ana-2@acme.example", "")));
    let ticket = office.desk.ticket("T-1");
    assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("pending"), &json!("ben")), "{ticket}\n{}", office.desk.log_tail());
    assert_eq!(office.received(DANA_ADDRESS).len(), 2);
    assert!(!newest(&office, BEN_ADDRESS).is_empty(), "Ben is told that it is his");
}

#[test]
fn an_answer_can_be_undone_while_it_waits() {
    let office = asked_with("[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"1h\"\nreceipts = \"all\"\n");
    let to_ana = office.desk.json(&["outbox", "list", "--all"]);
    assert!(to_ana.as_array().is_some_and(|rows| !rows.is_empty()));
    let first = office.postfix.received(ANA_ADDRESS);
    let first = if first.is_empty() { office.received(ANA_ADDRESS) } else { first };
    office.deliver(&vouched(answer(&first[0], ANA, "ana-1@acme.example", "Please try firmware 3.5.0.")));
    let waiting = office.outbox();
    let row = waiting.iter().find(|row| row["to"] == DANA_ADDRESS && row["kind"] == "answer").expect("the answer waits");
    assert_eq!(row["state"], json!("queued"), "{row}");
    office.desk.wait_until("agents' mails have left", |status| status["outbox"] == 1);
    // What has left may still be on its way into her mailbox.
    let is_receipt = |mail: &Vec<u8>| String::from_utf8_lossy(mail).contains("undo");
    let receipt = wait_some(PATIENCE, || office.postfix.received(ANA_ADDRESS).into_iter().find(is_receipt)).expect("a receipt");
    office.deliver(&vouched(press(&receipt, "undo", ANA, "ana-undo@acme.example", "")));
    let row =
        office.outbox().into_iter().find(|row| row["to"] == DANA_ADDRESS && row["kind"] == "answer").expect("the row stays");
    assert_eq!(row["state"], json!("dropped"), "{row}");
    assert_eq!(office.desk.ticket("T-1")["status"], json!("new"));
}

#[test]
fn every_link_is_short_and_survives_outlook() {
    let office = asked();
    let to_ana = newest(&office, ANA_ADDRESS);
    let all = links(&to_ana);
    assert!(all.len() >= 5, "{all:?}");
    for (words, href) in &all {
        assert!(href.len() <= 450, "{words}: {} characters", href.len());
        assert!(!href.contains('+'), "{words}: {href}");
    }
    office.deliver(&vouched(press(&to_ana, "take", ANA, "ana-1@acme.example", "")));
    assert_eq!(office.desk.ticket("T-1")["owner"], json!("ana"), "{}", office.desk.log_tail());
    office.deliver(&vouched(press(&to_ana, "close", ANA, "ana-2@acme.example", "It is fixed, thank you.\n")));
    assert_eq!(office.desk.ticket("T-1")["status"], json!("solved"));
    assert!(text_of(&newest(&office, DANA_ADDRESS)).contains("It is fixed, thank you."), "words above the line go first");
}

#[test]
fn the_desk_answers_questions_without_a_ticket() {
    let office = asked();
    let ask = |number: u32, subject: &str, text: &str| {
        let id = format!("ana-q{number}@acme.example");
        let basics = Basics { from: ANA, to: "desk@acme.example", subject, id: &id };
        office.deliver(&vouched(mails::request(basics, text)));
        text_of(&newest(&office, ANA_ADDRESS))
    };
    assert!(ask(1, "list team", "\n").contains("T-1"));
    assert!(ask(2, "question", "#find probe\n").contains("T-1"));
    assert!(ask(3, "help", "#help\n").contains("assign"));
    let made = ask(4, "a call", "#new customer: karl@y.example\n\nKarl's meter is broken, he will send a photo.\n");
    assert!(made.contains("meter is broken"), "{made}");
    let ticket = office.desk.ticket("T-2");
    assert_eq!(ticket["requester"]["address"], json!("karl@y.example"));
    assert_eq!(ticket["owner"], json!("ana"));
    assert_eq!(office.received("karl@y.example").len(), 0, "nobody proved that address");
}

#[test]
fn a_vendor_is_asked_in_a_thread_of_its_own() {
    let office = asked_with(
        "[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\n\
         [vendor.northgate]\nname = \"Northgate IT\"\nemail = \"servicedesk@northgate.example\"\ntheir_ref = '\\[NG#(\\d+)\\]'\n",
    );
    let ticket = ana_writes(&office, 1, "#vendor northgate Is the access point at Leeds down?");
    assert_eq!(ticket["status"], json!("on_hold"), "{ticket}\n{}", office.desk.log_tail());
    let asked = newest(&office, "servicedesk@northgate.example");
    let text = text_of(&asked);
    assert!(text.contains("Is the access point at Leeds down?"), "{text}");
    assert!(!String::from_utf8_lossy(&asked).contains("dana@x.example"), "the customer is none of the vendor's business");

    let mail = answer(&asked, "Northgate <servicedesk@northgate.example>", "ng-1@northgate.example", "It was, it is up again.");
    office.deliver(&vouched(mail.set("Subject", "Re: [T-1] [NG#5512] Probe drops off Wi-Fi")));
    let ticket = office.desk.ticket("T-1");
    assert_eq!(ticket["status"], json!("open"), "{ticket}");
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "the customer never sees it");
    assert!(text_of(&newest(&office, ANA_ADDRESS)).contains("It was, it is up again."));
}
