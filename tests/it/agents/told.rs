//! What mails to agents say has happened, and that it is so.

use desk::Outcome;
use jiff::SignedDuration;

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, links, press, text_of};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, Basics, header_of};
use crate::harness::office::{INBOX, letter, vouched};

const TEAM: &str = "[team]\nsupport = { members = [\"ana\", \"ben\"] }\n";
const STEPS: &str = "[type.fault]\nlabel = \"A fault\"\nsteps = [{ id = \"look\", do = [\"Reproduce it\"] }]\n[follow_up]\nclosed = { send = \"closed\" }\n";
const ASKS: &str = "It drops at night. What can I do about it?\n";

#[track_caller]
fn asked_with(sections: &str) -> Bare {
    let mut desk = Bare::new(&live(sections));
    let question = mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), ASKS);
    assert_eq!(desk.receive(&vouched(question)), Outcome::NewTicket);
    desk
}

fn inbox(more: &str) -> String {
    INBOX.replace("address =", &format!("{more}, address ="))
}

fn answer(desk: &mut Bare, to_mail: &[u8], from: &str, number: u32, typed: &str) -> Outcome {
    desk.receive(&vouched(Client::Gmail.answer(to_mail, from, &format!("agent-{number}@acme.example"), typed)))
}

/// The text of the newest mail to somebody, in one line.
fn told(desk: &Bare, who: &str) -> String {
    text_of(&desk.newest(who)).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn whoever_gets_a_ticket_hears_that_and_what_was_written_with_it() {
    for (typed, says) in [
        ("#note\n#assign @ben\n\nYou know this probe best.", "Ana noted: \"You know this probe best.\""),
        ("Ben will call you.\n\n#assign @ben", "Ana has just answered: | Ben will call you."),
        ("#assign @ben", "given by Ana Ruiz"),
    ] {
        let mut desk = asked_with(&format!("{}{DESK}{TEAM}", inbox("team = \"support\"")));
        let to_ana = desk.newest(ANA_ADDRESS);
        let before = desk.received(BEN_ADDRESS).len();
        answer(&mut desk, &to_ana, ANA, 1, typed);
        let text = told(&desk, BEN_ADDRESS);
        assert_eq!(desk.received(BEN_ADDRESS).len(), before + 1, "one mail: {text}");
        for words in ["ticket is yours", "now yours", says, "| It drops at night.", "Your answer goes to Dana"] {
            assert!(text.contains(words), "{typed}: `{words}` in {text}");
        }
    }
}

#[test]
fn a_ticket_that_nobody_owns_is_nobodys() {
    let mut desk = asked_with(&format!("{}{DESK}{TEAM}", inbox("team = \"support\"")));
    let to_ana = desk.newest(ANA_ADDRESS);
    answer(&mut desk, &to_ana, ANA, 1, "#take");
    answer(&mut desk, &to_ana, ANA, 2, "#drop");
    let text = told(&desk, BEN_ADDRESS);
    assert!(text.contains("Ana Ruiz gave this ticket to the team") && text.contains("Dana waits for the team"), "{text}");
    assert!(!text.contains("yours") && text.contains("nobody owns it"), "{text}");
}

#[test]
fn closing_with_something_open_says_that_nothing_was_sent_and_takes_no_line_of_ours_for_a_reason() {
    let mut desk = asked_with(&format!("{}{DESK}{STEPS}", inbox("type = \"fault\"")));
    let to_ana = desk.newest(ANA_ADDRESS);
    answer(
        &mut desk,
        &to_ana,
        ANA,
        1,
        "Hold the button for ten seconds. Then the light turns green, and you can go on.\n\n#close",
    );
    let question = desk.newest(ANA_ADDRESS);
    assert!(told(&desk, ANA_ADDRESS).contains("Nothing was sent and nothing was closed"), "{}", told(&desk, ANA_ADDRESS));
    assert_eq!(desk.received(DANA_ADDRESS).len(), 1);
    // A command is no reason.
    answer(&mut desk, &question, ANA, 2, "#done 1");
    assert_eq!(desk.ticket(1).status.as_str(), "new", "{:?}", desk.kinds(1));
    desk.receive(&vouched(press(&question, "close anyway", ANA, "agent-3@acme.example", "")));
    assert_eq!(desk.ticket(1).status.as_str(), "solved", "{:?}", desk.kinds(1));
    let receipt = told(&desk, ANA_ADDRESS);
    assert!(receipt.contains("no reason given") && !receipt.contains("above this line"), "{receipt}");
    let closed: String = desk.received(DANA_ADDRESS).into_iter().map(text_of).collect();
    assert!(closed.contains("Our last word was: \"Hold the button for ten seconds.\""), "{closed}");
}

#[test]
fn what_cannot_be_undone_is_not_offered_to_be() {
    let mut desk = asked_with(&format!("{INBOX}{DESK}"));
    desk.receive(&vouched(mails::request(letter(DANA, "Lamp", "dana-2@x.example"), "My lamp is broken.\n")));
    let to_ana = desk.newest(ANA_ADDRESS);
    answer(&mut desk, &to_ana, ANA, 1, "#merge T-1");
    let question = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(press(&question, "yes, do it", ANA, "agent-2@acme.example", "")));
    let receipt = desk.newest(ANA_ADDRESS);
    assert!(text_of(&receipt).contains("merged: into T-1"), "{}", text_of(&receipt));
    assert!(!links(&receipt).iter().any(|(label, _)| label == "undo"), "{:?}", links(&receipt));
}

#[test]
fn links_are_confirmed_like_commands_and_times_are_those_of_people() {
    let vendor = "[vendor.northgate]\nname = \"Northgate IT\"\nemail = \"servicedesk@northgate.example\"\n\
        reply = { within = \"4h\" }\n";
    let mut desk = asked_with(&format!("{INBOX}{DESK}{vendor}"));
    let to_ana = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(press(&to_ana, "note", ANA, "agent-1@acme.example", "He called.")));
    let receipt = told(&desk, ANA_ADDRESS);
    assert!(receipt.contains("noted: He called.") && receipt.contains("undo"), "{receipt}");
    desk.receive(&vouched(press(&to_ana, "snooze 1 day", ANA, "agent-2@acme.example", "")));
    let receipt = told(&desk, ANA_ADDRESS);
    assert!(receipt.contains("- sleeps until ") && !receipt.contains("Z"), "{receipt}");
    answer(&mut desk, &to_ana, ANA, 3, "#vendor northgate Is it down?");
    // They are late, and it is not our promise.
    desk.pass(SignedDuration::from_hours(30 * 24));
    let late: Vec<String> =
        desk.received(ANA_ADDRESS).into_iter().map(text_of).filter(|text| text.contains("owes a word")).collect();
    assert_eq!(late.len(), 1, "{late:?}");
    assert!(!late[0].contains("promise") && late[0].contains("Northgate IT has owed us a word since"), "{}", late[0]);
    assert!(late[0].contains("Northgate IT asked "), "{}", late[0]);
    let asked = desk.newest("servicedesk@northgate.example");
    let vendor = "N <servicedesk@northgate.example>";
    desk.receive(&vouched(Client::Gmail.answer(&asked, vendor, "ng-1@northgate.example", "It is up again.")));
    let news = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(press(&news, "pass on to Dana", ANA, "agent-4@acme.example", "")));
    let receipt = told(&desk, ANA_ADDRESS);
    assert!(receipt.contains("answered: It is up again.") && receipt.contains("undo"), "{receipt}");
}

#[test]
fn an_answer_to_who_waits_for_us_anyway_changes_no_status() {
    let mut desk = asked_with(&format!("{INBOX}{DESK}"));
    let to_ana = desk.newest(ANA_ADDRESS);
    for number in 1..=2 {
        answer(&mut desk, &to_ana, ANA, number, "Please try 3.5.0.");
    }
    let changes = desk.kinds(1).into_iter().filter(|kind| kind == "status_changed").count();
    assert_eq!((desk.received(DANA_ADDRESS).len(), changes), (3, 1), "{:?}", desk.kinds(1));
}

#[test]
fn a_mistake_without_a_ticket_is_told_under_a_subject() {
    let mut desk = asked_with(&format!("{INBOX}{DESK}"));
    let basics = Basics { from: ANA, to: "desk@acme.example", subject: "", id: "agent-1@acme.example" };
    desk.receive(&vouched(mails::request(basics, "#new\n\nHe called.\n")));
    let mail = desk.newest(ANA_ADDRESS);
    assert_eq!(header_of(&mail, "Subject").as_deref(), Some("Your mail to the desk"));
    assert!(
        header_of(&mail, "Reply-To").is_some_and(|to| to.contains("Your mail to the desk")),
        "{:?}",
        header_of(&mail, "Reply-To")
    );
}

#[test]
fn without_an_address_that_tells_the_team_of_the_agent_or_the_first_inbox_takes_a_mail() {
    let inboxes = "[inbox]\nsupport = { address = \"support@acme.example\", team = \"support\" }\n\
        billing = { address = \"billing@acme.example\", team = \"billing\" }\n\
        [team]\nsupport = { members = [\"ana\"] }\nbilling = { members = [\"ben\"] }\n";
    let mut desk = asked_with(&format!("{inboxes}{DESK}"));
    let mut made = |from, number: u64| {
        let id = format!("agent-{number}@acme.example");
        let basics = Basics { from, to: "desk@acme.example", subject: "A call", id: &id };
        let mail = mails::request(basics, "#new customer: karl@y.example\n\nHis meter is broken.\n")
            .set("Delivered-To", "desk@acme.example");
        desk.receive(&vouched(mail));
        desk.ticket(number).inbox.to_string()
    };
    assert_eq!(made(BEN, 2), "billing");
    assert_eq!(made(ANA, 3), "support");
    let stranger = Basics { from: "Sam <sam@z.example>", to: "desk@acme.example", subject: "Hello", id: "sam@z.example" };
    desk.receive(&vouched(mails::request(stranger, "Is anybody there?\n").set("Delivered-To", "desk@acme.example")));
    assert_eq!(desk.ticket(4).inbox.to_string(), "support");
}
