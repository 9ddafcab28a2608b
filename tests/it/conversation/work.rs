//! What agents do from the command line, and what of it leaves the house.

use serde_json::json;

use super::{DANA_ADDRESS, first_mail, word};
use crate::harness::mails::{self, header_of};
use crate::harness::office::{Office, letter, vouched};

const SECTIONS: &str = "[inbox]\nsupport = { address = \"support@acme.example\", team = \"field\", type = \"fault\" }\n\
    [team]\nfield = { lead = \"ana\", members = [\"ana\", \"ben\"] }\nback = { lead = \"ben\", members = [\"ben\"] }\n\
    [type.fault]\nlabel = \"A fault\"\nfields = [\n  { id = \"site\", ask = \"Where?\", kind = \"choice\", options = [\"Leeds\", \"Bergen\"], required = true },\n\
    \x20 { id = \"serial\", ask = \"Serial?\", kind = \"text\", find = 'FH-\\d{5}' },\n]\n";

#[test]
fn a_reply_reaches_the_customer_and_a_note_stays_inside() {
    let office = Office::with(SECTIONS);
    office.deliver(&vouched(first_mail()));
    let canary = "CANARY-4711";
    let noted = office.act("T-1", "ana", &["note", "do not tell:", canary]);
    assert_eq!((&noted["status"], &noted["messages"][1]["direction"]), (&json!("open"), &json!("note")));
    let replied = office.act("T-1", "ana", &["reply", "Please press the red button."]);
    assert_eq!((&replied["status"], &replied["owner"]), (&json!("pending"), &json!("ana")));
    assert!(replied["clocks"]["first_response"]["met_at"].is_string());
    let mails = office.received(DANA_ADDRESS);
    assert_eq!(mails.len(), 2);
    let answer = mails.iter().find(|mail| header_of(mail, "Auto-Submitted").is_none()).expect("an answer of a person");
    assert_eq!(header_of(answer, "In-Reply-To").as_deref(), Some("<dana-1@x.example>"));
    assert_eq!(header_of(answer, "Subject").as_deref(), Some("Re: The meter shows nothing"));
    assert!(header_of(answer, "From").is_some_and(|from| from.contains("Ana") && from.contains("support@acme.example")));
    assert!(header_of(answer, "X-Auto-Response-Suppress").is_none());
    assert!(String::from_utf8_lossy(answer).contains("Please press the red button."));
    let sent = office.postfix.delivered();
    assert!(sent.iter().any(|mail| mail.sender.starts_with("support")), "answers can bounce: {sent:?}");

    // She answers, and the answer joins; then she is told that it is done.
    let id = mails::id_of(answer).expect("an id");
    let basics = letter(super::DANA, "Re: The meter shows nothing", "dana-2@x.example");
    office.deliver(&vouched(mails::reply(basics, &id, &["dana-1@x.example"], "It works now.\n")));
    let ticket = office.desk.ticket("T-1");
    assert_eq!((&ticket["status"], word(&ticket["messages"][3]["text"]).trim()), (&json!("open"), "It works now."));
    for mail in office.postfix.delivered() {
        let text = String::from_utf8_lossy(&mail.bytes).into_owned();
        assert!(!text.contains(canary), "a note left the house: {text}");
    }
    assert!(office.postfix.delivered().iter().all(|mail| mail.recipient == DANA_ADDRESS));
}

#[test]
fn commands_change_the_ticket_and_what_is_not_possible_is_refused() {
    let office = Office::with(SECTIONS);
    office.deliver(&first_mail());
    assert_eq!(office.act("T-1", "ben", &["take"])["owner"], json!("ben"));
    assert_eq!(office.act("T-1", "ana", &["assign", "ana"])["owner"], json!("ana"));
    let moved = office.act("T-1", "ana", &["assign", "team:back"]);
    assert_eq!((&moved["team"], &moved["owner"]), (&json!("back"), &json!(null)));
    assert_eq!(office.act("T-1", "ana", &["priority", "urgent"])["priority"], json!("urgent"));
    assert_eq!(office.act("T-1", "ana", &["tag", "+key", "+old"])["tags"], json!(["key", "old"]));
    assert_eq!(office.act("T-1", "ana", &["tag", "-old"])["tags"], json!(["key"]));
    let open = office.desk.cli(&["ticket", "act", "--as", "ana", "T-1", "close"]);
    assert_eq!(open.code, Some(77), "it is asked once: {open:?}");
    assert!(open.stderr.contains("Where?") && open.stderr.contains("close anyway because"), "{open:?}");
    let set = office.act("T-1", "ana", &["set", "site=Bergen"]);
    assert_eq!(
        (&set["fields"]["site"]["value"], &set["missing"]),
        (&json!("Bergen"), &json!(["serial"])),
        "what is wished for can still be asked"
    );
    let closed = office.act("T-1", "ana", &["close", "new battery"]);
    assert_eq!(closed["status"], json!("solved"));
    assert_eq!(office.act("T-1", "ana", &["reopen"])["status"], json!("open"));
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "none of this is a mail");

    let history = office.desk.ticket("T-1")["history"].clone();
    let kinds: Vec<&str> = history.as_array().expect("history").iter().map(|line| word(&line["kind"])).collect();
    for kind in ["assigned", "priority_changed", "tagged", "field_set", "solved", "reopened"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    for (words, code, says) in [
        (&["ticket", "act", "T-1", "take"][..], 77, "--as"),
        (&["ticket", "act", "--as", "ana", "T-1", "set", "site=Paris"], 2, "Leeds"),
        (&["ticket", "act", "--as", "ana", "T-1", "assign", "zoe"], 2, "ben"),
        (&["ticket", "act", "--as", "zoe", "T-1", "close"], 2, "ana"),
        (&["ticket", "act", "T-1", "clsoe"], 2, "\"close\" is close"),
        (&["ticket", "act", "T-1", "reopen"], 77, "possible now"),
        (&["ticket", "act", "T-9", "close"], 1, "T-9"),
        (&["ticket", "show", "T-9"], 1, "T-9"),
    ] {
        let output = office.desk.cli(words);
        assert_eq!(output.code, Some(code), "{words:?}: {output:?}");
        assert!(output.stderr.contains(says), "{words:?} says `{says}`: {output:?}");
    }

    // The same request again changes nothing: a script that is run twice answers once.
    for _ in 0..2 {
        office.desk.json(&["ticket", "act", "--as", "ana", "--request", "nightly-1", "T-1", "reply", "Done."]);
    }
    assert_eq!(office.received(DANA_ADDRESS).len(), 2);
}
