//! Answers and notes: the customer gets the answer as it was written, and never a word of a note.

use serde_json::json;

use super::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, answer, asked, asked_with, newest, text_of};
use crate::harness::mails::{self, Basics, header_of};
use crate::harness::office::{INBOX, Office, letter, vouched};

#[test]
fn everybody_on_the_team_is_told_of_a_new_ticket_and_can_answer_by_reply() {
    let office = asked();
    let to_ana = newest(&office, ANA_ADDRESS);
    let header = |name: &str| header_of(&to_ana, name).unwrap_or_default();
    assert_eq!(header("Subject"), "[T-1] Probe drops off Wi-Fi");
    assert!(header("From").contains("desk@acme.example"), "{}", header("From"));
    assert!(header("Reply-To").contains("desk+t1-"), "{}", header("Reply-To"));
    assert_eq!((header("Auto-Submitted").as_str(), header("X-Auto-Response-Suppress").as_str()), ("auto-generated", "All"));
    assert_eq!(header("X-Frontdesk-Ticket"), "T-1");
    assert!(text_of(&to_ana).contains("| Is there firmware newer than 3.4.1?"), "{}", text_of(&to_ana));
    assert_eq!(office.received(BEN_ADDRESS).len(), 1, "the whole team is told");

    let words = "Hello Dana,\n\nplease try firmware 3.5.0, it is out since Friday.\n\nAna";
    office.deliver(&vouched(answer(&to_ana, ANA, "ana-1@acme.example", words)));
    let ticket = office.desk.ticket("T-1");
    assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("pending"), &json!("ana")));
    let mails = office.received(DANA_ADDRESS);
    assert_eq!(mails.len(), 2, "the acknowledgement and the answer");
    let sent = &mails[1];
    let header = |name: &str| header_of(sent, name).unwrap_or_default();
    assert_eq!(header("Subject"), "Re: Probe drops off Wi-Fi");
    assert_eq!(header("In-Reply-To"), "<dana-1@x.example>");
    assert!(
        header("From").contains("Ana, Acme Support") && header("From").contains("support@acme.example"),
        "{}",
        header("From")
    );
    let text = text_of(sent);
    assert!(text.contains("please try firmware 3.5.0, it is out since Friday."), "{text}");
    for internal in ["~~~~", "desk@", "desk+", "T-1.", "STATE", "wrote:", "X-Frontdesk-Ticket"] {
        assert!(!String::from_utf8_lossy(sent).contains(internal), "`{internal}` reached the customer:\n{text}");
    }
}

#[test]
fn a_note_stays_inside_and_reaches_colleagues_who_should_know() {
    let office = asked();
    let to_ben = newest(&office, BEN_ADDRESS);
    office.deliver(&vouched(answer(&to_ben, BEN, "ben-1@acme.example", "#take")));
    let to_ana = newest(&office, ANA_ADDRESS);
    let before = office.received(DANA_ADDRESS).len();
    office.deliver(&vouched(answer(&to_ana, ANA, "ana-1@acme.example", "#note\nINTERNAL-CANARY: they always restart it twice.")));
    let ticket = office.desk.ticket("T-1");
    assert_eq!((&ticket["owner"], &ticket["status"]), (&json!("ben"), &json!("open")));
    assert!(
        ticket["messages"].as_array().is_some_and(|all| all.iter().any(|message| message["direction"] == "note")),
        "{ticket}"
    );
    let mails = office.received(DANA_ADDRESS);
    assert_eq!(mails.len(), before, "nothing to the customer");
    let note = newest(&office, BEN_ADDRESS);
    assert!(text_of(&note).contains("they always restart it twice"), "{}", text_of(&note));

    // The owner answers the note: that stays inside too.
    office.deliver(&vouched(answer(&note, BEN, "ben-2@acme.example", "INTERNAL-CANARY: I will ring them.")));
    assert_eq!(office.received(DANA_ADDRESS).len(), before, "an answer to a note is a note");
    let all: Vec<u8> = office.received(DANA_ADDRESS).concat();
    assert!(!String::from_utf8_lossy(&all).contains("INTERNAL-CANARY"));
}

#[test]
fn two_agents_who_answer_at_once_are_not_both_sent() {
    let office = asked();
    let (to_ana, to_ben) = (newest(&office, ANA_ADDRESS), newest(&office, BEN_ADDRESS));
    office.deliver(&vouched(answer(&to_ana, ANA, "ana-1@acme.example", "Please try firmware 3.5.0.")));
    office.deliver(&vouched(answer(&to_ben, BEN, "ben-1@acme.example", "Please send the log.")));
    let to_dana = office.received(DANA_ADDRESS);
    assert_eq!(to_dana.len(), 2, "the acknowledgement and one answer");
    assert!(text_of(&to_dana[1]).contains("firmware 3.5.0"));
    let held = newest(&office, BEN_ADDRESS);
    let text = text_of(&held);
    assert!(text.contains("Please try firmware 3.5.0."), "the other's words are shown: {text}");

    // Ben sends his too, by one link.
    office.deliver(&vouched(super::press(&held, "send mine too", BEN, "ben-2@acme.example", "")));
    let to_dana = office.received(DANA_ADDRESS);
    assert_eq!(to_dana.len(), 3, "{}", office.desk.log_tail());
    assert!(text_of(&to_dana[2]).contains("Please send the log."));
    assert_eq!(office.desk.json(&["held", "list"]), json!([]), "nothing waits any more");
}

#[test]
fn an_answer_is_held_when_a_colleague_has_closed_and_the_customer_was_told() {
    let office = asked_with(&format!("{DESK}[follow_up]\nclosed = {{ send = \"closed\" }}\n"));
    let (to_ana, to_ben) = (newest(&office, ANA_ADDRESS), newest(&office, BEN_ADDRESS));
    office.deliver(&vouched(answer(&to_ana, ANA, "ana-1@acme.example", "#close")));
    assert_eq!(office.received(DANA_ADDRESS).len(), 2, "the acknowledgement, and that it is closed");
    office.deliver(&vouched(answer(&to_ben, BEN, "ben-1@acme.example", "Please send the log.")));
    assert_eq!(office.received(DANA_ADDRESS).len(), 2, "{}", office.desk.log_tail());
    let held = newest(&office, BEN_ADDRESS);
    assert!(text_of(&held).contains("by an act of Ana"), "{}", text_of(&held));
    office.deliver(&vouched(super::press(&held, "send mine too", BEN, "ben-2@acme.example", "")));
    let to_dana = office.received(DANA_ADDRESS);
    assert!(text_of(&to_dana[2]).contains("Please send the log."), "{}", office.desk.log_tail());
}

#[test]
fn a_customers_reply_reaches_the_owner_alone() {
    let office = asked();
    let to_ana = newest(&office, ANA_ADDRESS);
    office.deliver(&vouched(answer(&to_ana, ANA, "ana-1@acme.example", "Please try firmware 3.5.0.")));
    let answer_to_dana = newest(&office, DANA_ADDRESS);
    let id = mails::id_of(&answer_to_dana).expect("an id");
    let before = (office.received(ANA_ADDRESS).len(), office.received(BEN_ADDRESS).len());
    let reply = mails::reply(letter(DANA, "Re: Probe drops off Wi-Fi", "dana-2@x.example"), &id, &[], "It works, but slowly.\n");
    office.deliver(&vouched(reply));
    assert_eq!(office.received(ANA_ADDRESS).len(), before.0 + 1);
    assert_eq!(office.received(BEN_ADDRESS).len(), before.1, "Ben has nothing to do with it");
    assert!(text_of(&newest(&office, ANA_ADDRESS)).contains("| It works, but slowly."));
}

#[test]
fn an_answer_written_straight_to_the_customer_counts_and_is_not_sent_again() {
    let office = asked();
    let mail = mails::reply(
        crate::harness::mails::Basics {
            from: ANA,
            to: DANA,
            subject: "Re: Probe drops off Wi-Fi",
            id: "ana-direct@acme.example",
        },
        "dana-1@x.example",
        &[],
        "Dana, please ring me.\n",
    );
    office.deliver(&vouched(mail.header("Cc", "support@acme.example")));
    let ticket = office.desk.ticket("T-1");
    assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("pending"), &json!("ana")), "{ticket}");
    assert_eq!(office.desk.tickets().len(), 1, "no second ticket");
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "the acknowledgement alone");
}

#[test]
fn an_answer_written_from_the_shared_account_is_found_in_its_folder_of_sent_mail() {
    use crate::harness::dovecot::{Dovecot, Options};
    let dovecot = Dovecot::start(Options::users(&["support"]));
    dovecot.create_mailbox("support", "Sent");
    let office = Office::with_account(dovecot, "sent = \"Sent\"\n", &format!("{INBOX}{DESK}"));
    office.deliver(&vouched(mails::request(letter(DANA, "Probe drops off Wi-Fi", "dana-1@x.example"), "It drops.\n")));
    let basics = Basics { from: "Support <support@acme.example>", to: DANA, subject: "Re: Probe", id: "s1@acme.example" };
    let answer = mails::request(basics, "Please ring us.\n").header("In-Reply-To", "<dana-1@x.example>");
    office.dovecot.deliver_to("support", "Sent", &answer.bytes());
    let ticket = office.wait_ticket("T-1", "is answered", |ticket| ticket["status"] == "pending");
    assert_eq!(ticket["messages"][1]["direction"], json!("out"), "{ticket}");
    assert_eq!(office.received(DANA_ADDRESS).len(), 1, "the acknowledgement alone: it is not sent again");
    assert_eq!(office.desk.tickets().len(), 1);
}
