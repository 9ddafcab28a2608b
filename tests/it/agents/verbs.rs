//! Every verb of the table, by mail: what an agent writes, and what then stands in each mailbox and in the ticket. All of it
//! between a real Dovecot and a real Postfix, once with DKIM signatures that the desk checks, once with the results of a
//! server that it trusts.

mod play;
mod table;

use serde_json::{Value, json};

use play::{Played, play};
use table::SECTIONS;

use super::client::Client;
use super::{ANA, ANA_ADDRESS, text_of};
use crate::harness::mails::{self, Basics, header_of};
use crate::harness::office::Office;
use crate::harness::proof::Proof;

/// Files beside the configuration.
const FILES: [(&str, &str); 3] = [
    ("articles/KB-1.md", "---\ntitle: Set the channel\nurl: https://help.acme.example/1\n---\nSet the router to channel 6.\n"),
    (
        "templates/en/answer-reset.txt",
        "{% if alone %}Hello {{ name }},\n\n{% endif %}hold the button for ten seconds ({{ reference }}).\n",
    ),
    ("templates/en/verbs.txt", "nimmdirs = take\n"),
];

#[test]
fn every_verb_works_by_signed_mail() {
    every_verb(Proof::Dkim);
}

#[test]
fn every_verb_works_where_a_server_vouches() {
    every_verb(Proof::Results);
}

#[track_caller]
fn every_verb(proof: Proof) {
    let office = Office::proven_by(proof, SECTIONS, &FILES);
    let rows = table::rows();
    let covered: Vec<&str> = rows.iter().flat_map(|row| row.verbs.iter().copied()).chain(DESK_VERBS).collect();
    let missing: Vec<&str> = desk::verb::TABLE.iter().map(|entry| entry.word).filter(|word| !covered.contains(word)).collect();
    assert!(missing.is_empty(), "the table of this test lacks {missing:?}");
    let played = play(&office, proof, &rows);
    let mut wrong = Vec::new();
    for (number, row) in (1..).zip(&rows) {
        if let Err(what) = played.check(number, row) {
            wrong.push(format!("{} (T-{number}): {what}", row.name));
        }
    }
    if let Err(what) = nothing_leaks(&played) {
        wrong.push(what);
    }
    assert!(wrong.is_empty(), "{proof:?}:\n{}\n{}", wrong.join("\n"), office.desk.log_tail());
    if let Some(names) = &office.names {
        assert!(names.asked() > 0, "the key was looked up");
    }
    what_was_split_off_is_a_ticket(&office, proof);
    desk_verbs(&office, proof);
}

/// The message that was split off stands in its own ticket, with nothing of the first.
#[track_caller]
fn what_was_split_off_is_a_ticket(office: &Office, proof: Proof) {
    let made = office.desk.tickets().into_iter().find(|ticket| ticket["subject"] == "And my lamp is broken.").expect("a ticket");
    let reference = made["ref"].as_str().expect("a reference");
    let whole = office.desk.ticket(reference);
    let texts: Vec<&str> =
        whole["messages"].as_array().into_iter().flatten().filter_map(|message| message["text"].as_str()).collect();
    assert_eq!(texts.last(), Some(&"And my lamp is broken."), "{whole}");
    assert_eq!(whole["step"]["id"], json!("look"), "its work begins");
    // Who works on it has a mail to answer.
    let customer = made["requester"]["address"].as_str().expect("an address");
    let is_of_it = |mail: &Vec<u8>| header_of(mail, "X-Frontdesk-Ticket").as_deref() == Some(reference);
    let to_ana = office.received(ANA_ADDRESS).into_iter().find(is_of_it).expect("Ana is told");
    let before = office.received(customer).len();
    office.deliver(&proof.of(Client::Gmail.answer(&to_ana, ANA, "ana-split@acme.example", "Which lamp is it?")));
    let got = office.received(customer);
    assert_eq!(got.len(), before + 1);
    assert!(text_of(got.last().expect("one")).contains("Which lamp is it?"));
    assert_eq!(office.desk.ticket(reference)["owner"], json!("ana"));
}

/// No customer got a word of a note, a command, or our frame.
fn nothing_leaks(played: &Played) -> Result<(), String> {
    for (who, mails) in played.outside() {
        for mail in mails {
            let raw = String::from_utf8_lossy(mail);
            let text = text_of(mail);
            // A vendor's answer goes to the desk's address, with a token of their own.
            let internal = ["INTERNAL-CANARY", "~~~~", "X-Frontdesk-Owner", "desk@acme.example", "desk+"];
            let internal = &internal[..if who.ends_with("@northgate.example") { 3 } else { 5 }];
            let found = internal.iter().copied().find(|one| raw.contains(one));
            let command = text.lines().find(|line| line.starts_with('#'));
            if let Some(what) = found.or(command) {
                return Err(format!("`{what}` reached {who}: {text}"));
            }
        }
    }
    Ok(())
}

/// Verbs that are about no ticket.
const DESK_VERBS: [&str; 6] = ["list", "find", "new", "away", "forget", "report"];

/// What is asked of the desk without a ticket: subject, text, what the answer holds.
const QUESTIONS: [(&str, &str, &str); 11] = [
    ("list mine", "\n", "these tickets match: list mine"),
    ("list team", "\n", "these tickets match: list team"),
    ("list overdue", "\n", "list overdue"),
    ("a question", "#find telescope\n", "Telescope 7 is broken"),
    ("show T-1", "\n", "It happened again, case note."),
    ("#help snooze", "\n", "snooze WHEN"),
    ("zeige T-1", "\n", "It happened again, case note."),
    ("a call", "#new customer: karl@y.example\n\nKarl's meter is broken.\n", "Karl's meter is broken."),
    ("report week", "\n", "report"),
    ("forget ana@home.example", "\n", "no such address"),
    ("away until mon", "\n", "away until"),
];

#[track_caller]
fn desk_verbs(office: &Office, proof: Proof) {
    let before = office.received(ANA_ADDRESS).len();
    let telescope = Basics {
        from: "Tess <tess@telescope.example>",
        to: "support@acme.example",
        subject: "Telescope 7 is broken",
        id: "tess-1@telescope.example",
    };
    office.deliver(&proof.of(mails::request(telescope, "Please help.\n")));
    for (number, (subject, text, expected)) in QUESTIONS.into_iter().enumerate() {
        let id = format!("ana-desk-{number}@acme.example");
        let basics = Basics { from: ANA, to: "desk@acme.example", subject, id: &id };
        office.deliver(&proof.of(mails::request(basics, text)));
        let answers = office.received(ANA_ADDRESS).split_off(before);
        let shown: Vec<String> = answers
            .iter()
            .map(|mail| format!("{}\n{}", header_of(mail, "Subject").unwrap_or_default(), text_of(mail)).to_lowercase())
            .collect();
        let fits = |text: &&String| text.contains(&expected.to_lowercase());
        assert!(shown.iter().any(|text| fits(&text)), "{subject}: none has {expected:?}: {:#?}", shown.last());
    }
    let made = office.desk.tickets().into_iter().find(|ticket| ticket["requester"]["address"] == "karl@y.example");
    assert_eq!(
        made.map(|ticket| ticket["owner"].clone()),
        Some(json!("ana")),
        "a ticket for a caller is whose who took the call"
    );
    assert_eq!(office.received("karl@y.example").len(), 0, "nobody proved that address");
    let held = office.desk.json(&["held", "list"]);
    let aside: Vec<&Value> = held.as_array().into_iter().flatten().filter(|item| item["ticket"].is_null()).collect();
    assert!(aside.is_empty(), "nothing waits: {aside:?}");
}
