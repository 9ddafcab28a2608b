//! Who may act: every row of the table, by mail between real servers, under both kinds of proof. Each row has a ticket of its
//! own, and is told by what reached whose mailbox.

use std::cell::Cell;

use serde_json::{Value, json};

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, links, press, text_of};
use crate::harness::mails::{self, Basics, Mail, header_of};
use crate::harness::office::{Office, SUPPORT};
use crate::harness::proof::Proof;

const SECTIONS: &str = r#"
[inbox]
support = { address = "support@acme.example", team = "support" }
[agent_mail]
address = "desk@acme.example"
undo_send = "0s"
[agent.carl]
name = "Carl Roth"
email = "carl@acme.example"
[team]
support = { members = ["ana", "ben"] }
field = { members = ["carl"] }
[vendor.northgate]
name = "Northgate IT"
email = "servicedesk@northgate.example"
their_ref = '\[NG#(\d+)\]'
[limits]
acks_per_hour = 1000
notices_per_agent_hour = 256
"#;
const CARL: &str = "Carl Roth <carl@acme.example>";
const CARL_ADDRESS: &str = "carl@acme.example";
const NORTHGATE: &str = "Northgate <servicedesk@northgate.example>";
const NORTHGATE_ADDRESS: &str = "servicedesk@northgate.example";

#[test]
fn every_row_of_who_may_act_by_signed_mail() {
    every_row(Proof::Dkim);
}

#[test]
fn every_row_of_who_may_act_where_a_server_vouches() {
    every_row(Proof::Results);
}

#[track_caller]
fn every_row(proof: Proof) {
    let stage = Stage { office: Office::proven_by(proof, SECTIONS, &[]), proof, count: Cell::new(0), mails: Cell::new(0) };
    an_own_token_acts(&stage);
    a_colleagues_token_acts_as_the_sender_on_the_same_team_else_it_is_a_note(&stage);
    a_subject_tag_alone_is_a_note_and_an_offer(&stage);
    an_agents_address_without_proof_is_held_until_the_registered_one_says_yes(&stage);
    an_unknown_address_with_an_agents_token_is_held_and_can_be_remembered(&stage);
    an_outsider_with_an_agents_token_is_held_and_the_owner_warned(&stage);
    a_requester_and_a_participant_write_as_customers(&stage);
    whoever_a_customer_copied_in_is_a_new_person_until_an_agent_says_so(&stage);
    a_vendor_writes_into_its_thread_by_token_and_by_number(&stage);
    automatic_mail_executes_nothing(&stage);
    if proof == Proof::Dkim {
        a_signature_that_does_not_fit_proves_nothing(&stage);
    }
}

struct Stage {
    office: Office,
    proof: Proof,
    count: Cell<usize>,
    mails: Cell<usize>,
}

/// A ticket of one row.
struct Case<'s> {
    stage: &'s Stage,
    number: usize,
    dana: String,
}

impl Stage {
    /// Dana asks something new.
    #[track_caller]
    fn ask(&self) -> Case<'_> {
        let number = self.office.desk.tickets().len() + 1;
        self.count.set(self.count.get() + 1);
        let dana = format!("dana@c{}.example", self.count.get());
        let case = Case { stage: self, number, dana };
        case.writes(&case.dana_named(), None, "It happened again at 02:10.");
        assert_eq!(case.ticket()["requester"]["address"], json!(case.dana));
        case
    }

    fn id(&self) -> String {
        self.mails.set(self.mails.get() + 1);
        format!("m{}@mails.example", self.mails.get())
    }

    /// Nothing proves who wrote it: it is delivered as it is.
    #[track_caller]
    fn deliver_unproven(&self, mail: &Mail) {
        self.office.deliver(mail);
    }

    #[track_caller]
    fn deliver(&self, mail: Mail) {
        self.office.deliver(&self.proof.of(mail));
    }
}

impl Case<'_> {
    fn dana_named(&self) -> String {
        format!("Dana Okafor <{}>", self.dana)
    }

    fn ticket(&self) -> Value {
        self.stage.office.desk.ticket(&format!("T-{}", self.number))
    }

    /// What somebody got of this ticket, oldest first.
    #[track_caller]
    fn got(&self, who: &str) -> Vec<Vec<u8>> {
        let tag = format!("[T-{}]", self.number);
        let mut all = self.stage.office.received(who);
        let is_inside = who.ends_with("@acme.example") || who == NORTHGATE_ADDRESS;
        all.retain(|mail| !is_inside || header_of(mail, "Subject").is_some_and(|subject| subject.contains(&tag)));
        all
    }

    #[track_caller]
    fn newest(&self, who: &str) -> Vec<u8> {
        let all = self.got(who);
        all.into_iter().next_back().unwrap_or_else(|| panic!("{who} got nothing of {}: {}", self.number, self.ticket()))
    }

    #[track_caller]
    fn first(&self, who: &str) -> Vec<u8> {
        self.got(who).into_iter().next().unwrap_or_else(|| panic!("{who} got nothing of {}", self.number))
    }

    fn held(&self) -> usize {
        let all = self.stage.office.desk.json(&["held", "list"]);
        let reference = format!("T-{}", self.number);
        all.as_array().into_iter().flatten().filter(|item| item["ticket"] == json!(reference)).count()
    }

    /// Somebody outside writes to the shared address, perhaps in answer to something.
    #[track_caller]
    fn writes(&self, from: &str, parent: Option<&[u8]>, text: &str) {
        self.stage.deliver(self.outside(from, parent, text));
    }

    fn outside(&self, from: &str, parent: Option<&[u8]>, text: &str) -> Mail {
        let id = self.stage.id();
        let basics = Basics { from, to: SUPPORT, subject: "Probe drops", id: &id };
        match parent {
            None => mails::request(basics, &format!("{text}\n")),
            Some(parent) => {
                let parent = mails::id_of(parent).expect("an id");
                mails::reply(Basics { subject: "Re: Probe drops", ..basics }, &parent, &[], &format!("{text}\n"))
            }
        }
    }

    fn answers(&self, to_mail: &[u8], from: &str, text: &str) -> Mail {
        Client::Gmail.answer(to_mail, from, &self.stage.id(), text)
    }

    fn presses(&self, mail: &[u8], words: &str, from: &str) -> Mail {
        press(mail, words, from, &self.stage.id(), "")
    }

    /// Dana got so many mails beyond the acknowledgement, the newest with these words.
    #[track_caller]
    fn dana_got(&self, count: usize, words: &str) {
        let all: Vec<String> = self.got(&self.dana).iter().map(|mail| text_of(mail)).collect();
        assert_eq!(all.len(), count + 1, "{all:#?}\n{}", self.ticket());
        assert!(all.last().is_some_and(|text| text.contains(words)), "{words:?} is not in {all:#?}");
    }

    #[track_caller]
    fn dana_got_nothing(&self) {
        assert_eq!(self.got(&self.dana).len(), 1, "the acknowledgement alone: {}", self.ticket());
    }

    #[track_caller]
    fn nothing_done(&self) {
        let ticket = self.ticket();
        assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("new"), &Value::Null), "{ticket}");
        self.dana_got_nothing();
    }
}

fn an_own_token_acts(stage: &Stage) {
    let case = stage.ask();
    stage.deliver(case.answers(&case.first(ANA_ADDRESS), ANA, "Please try 3.5.0.\n\n#priority high"));
    let ticket = case.ticket();
    assert_eq!((&ticket["owner"], &ticket["priority"], &ticket["status"]), (&json!("ana"), &json!("high"), &json!("pending")));
    case.dana_got(1, "Please try 3.5.0.");
}

fn a_colleagues_token_acts_as_the_sender_on_the_same_team_else_it_is_a_note(stage: &Stage) {
    let case = stage.ask();
    stage.deliver(case.answers(&case.first(BEN_ADDRESS), ANA, "Please try 3.5.1."));
    case.dana_got(1, "Please try 3.5.1.");
    assert_eq!(case.ticket()["owner"], json!("ana"), "as themselves, not as the colleague");

    let case = stage.ask();
    stage.deliver(case.answers(&case.first(BEN_ADDRESS), CARL, "I would ring them, CANARY."));
    let ticket = case.ticket();
    assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("open"), &Value::Null), "{ticket}");
    assert_eq!((&ticket["messages"][1]["direction"], &ticket["messages"][1]["from"]), (&json!("note"), &json!("carl")));
    case.dana_got_nothing();
    let offered = links(&case.newest(CARL_ADDRESS));
    assert!(offered.iter().any(|(words, _)| words == "send it to Dana"), "{offered:?}");
}

fn a_subject_tag_alone_is_a_note_and_an_offer(stage: &Stage) {
    let case = stage.ask();
    let (subject, id) = (format!("[T-{}] Probe", case.number), stage.id());
    let basics = Basics { from: ANA, to: "desk@acme.example", subject: &subject, id: &id };
    stage.deliver(mails::request(basics, "Please try 3.5.2.\n"));
    assert_eq!(case.ticket()["messages"][1]["direction"], json!("note"));
    case.dana_got_nothing();
    stage.deliver(case.presses(&case.newest(ANA_ADDRESS), "send it to Dana", ANA));
    case.dana_got(1, "Please try 3.5.2.");
}

fn an_agents_address_without_proof_is_held_until_the_registered_one_says_yes(stage: &Stage) {
    let case = stage.ask();
    let to_ana = case.first(ANA_ADDRESS);
    stage.deliver_unproven(&case.answers(&to_ana, ANA, "Wire the money.\n\n#close"));
    case.nothing_done();
    assert_eq!(case.held(), 1);
    let ticket = case.ticket();
    assert_eq!((&ticket["messages"][1]["held"], &ticket["messages"][1]["unproven"]), (&json!(true), &json!(true)), "not hers");
    assert_eq!(case.got(BEN_ADDRESS).len(), 1, "no colleague reads it as hers");
    let question = case.newest(ANA_ADDRESS);
    assert!(!links(&question).iter().any(|(words, _)| words.contains("in future")), "her own address is known");
    // Nobody vouches for this one either: only her mailbox has the link.
    stage.deliver_unproven(&case.presses(&question, "it is me: release it", ANA));
    case.dana_got(1, "Wire the money.");
    assert_eq!((case.held(), &case.ticket()["status"]), (0, &json!("solved")));
}

fn an_unknown_address_with_an_agents_token_is_held_and_can_be_remembered(stage: &Stage) {
    // She was asked about a mail in her name within the hour, and is asked no more than that: Ben is free.
    let home = "Ben Okri <ben@home.example>";
    let case = stage.ask();
    stage.deliver(case.answers(&case.first(BEN_ADDRESS), home, "From home: try 3.5.3."));
    case.nothing_done();
    assert_eq!(case.held(), 1);
    let question = case.newest(BEN_ADDRESS);
    assert!(text_of(&question).contains("ben@home.example"), "{}", text_of(&question));
    stage.deliver(case.presses(&question, "it is me, also from there in future", BEN));
    case.dana_got(1, "From home: try 3.5.3.");
    assert_eq!(stage.office.received("ben@home.example").len(), 0, "mail goes to the registered address as before");

    // From then on it is his, and still has to be proven.
    let case = stage.ask();
    stage.deliver_unproven(&case.answers(&case.first(BEN_ADDRESS), home, "Wire the money."));
    case.nothing_done();
    stage.deliver(case.answers(&case.first(BEN_ADDRESS), home, "From home again: try 3.5.4."));
    case.dana_got(1, "From home again: try 3.5.4.");
    assert_eq!(case.ticket()["owner"], json!("ben"));
}

fn an_outsider_with_an_agents_token_is_held_and_the_owner_warned(stage: &Stage) {
    let case = stage.ask();
    let to_ana = case.first(ANA_ADDRESS);
    for from in [case.dana_named(), NORTHGATE.to_owned()] {
        stage.deliver(case.answers(&to_ana, &from, "Close it, please.\n\n#close"));
    }
    case.nothing_done();
    assert_eq!(case.held(), 2);
    let warned = text_of(&case.newest(BEN_ADDRESS));
    assert!(warned.contains("servicedesk@northgate.example"), "{warned}");
    assert_eq!(case.got(NORTHGATE_ADDRESS).len(), 0);
}

fn a_requester_and_a_participant_write_as_customers(stage: &Stage) {
    let case = stage.ask();
    stage.deliver(case.answers(&case.first(ANA_ADDRESS), ANA, "#cc bob@elsewhere.example"));
    stage.deliver(case.answers(&case.first(ANA_ADDRESS), ANA, "Please try 3.5.5."));
    let to_bob = case.stage.office.received("bob@elsewhere.example").pop().expect("he takes part");
    case.writes(&case.dana_named(), Some(&case.newest(&case.dana)), "It works.\n#close");
    case.writes("Bob <bob@elsewhere.example>", Some(&to_bob), "For me too.\n#assign ben");
    let ticket = case.ticket();
    assert_eq!((&ticket["status"], &ticket["owner"]), (&json!("open"), &json!("ana")), "words, no commands: {ticket}");
    assert!(text_of(&case.newest(ANA_ADDRESS)).contains("| For me too."), "{}", text_of(&case.newest(ANA_ADDRESS)));
}

fn whoever_a_customer_copied_in_is_a_new_person_until_an_agent_says_so(stage: &Stage) {
    let case = stage.ask();
    stage.deliver(case.answers(&case.first(ANA_ADDRESS), ANA, "Please try 3.5.6."));
    let eve = "Eve <eve@partner.example>";
    let reply = case.outside(&case.dana_named(), Some(&case.newest(&case.dana)), "Eve helps me.").header("Cc", eve);
    stage.deliver(reply);
    case.writes(eve, Some(&case.newest(&case.dana)), "Which channel is it on?");
    let told = case.newest(ANA_ADDRESS);
    let text = text_of(&told);
    assert!(text.contains("| Which channel is it on?") && text.contains("eve@partner.example"), "{text}");
    stage.deliver(case.answers(&told, ANA, "It is on 6."));
    case.dana_got(2, "It is on 6.");
    assert_eq!(case.stage.office.received("eve@partner.example").len(), 0, "nobody has said yes to her");
    stage.deliver(case.presses(&told, "include eve@partner.example", ANA));
    stage.deliver(case.answers(&case.first(ANA_ADDRESS), ANA, "#reply And now it is on 11."));
    let to_eve = case.stage.office.received("eve@partner.example");
    assert!(to_eve.len() == 1 && text_of(&to_eve[0]).contains("And now it is on 11."), "{}", case.ticket());
}

fn a_vendor_writes_into_its_thread_by_token_and_by_number(stage: &Stage) {
    let case = stage.ask();
    stage.deliver(case.answers(&case.first(ANA_ADDRESS), ANA, "#take\n#vendor northgate Is the access point down?"));
    let asked = case.newest(NORTHGATE_ADDRESS);
    // Their machine answers first, and tells their number; nobody is told, and we wait on.
    let number = 5512 + case.number;
    let to_ana = case.got(ANA_ADDRESS).len();
    let machine = case.answers(&asked, NORTHGATE, "We have your mail.\n#close").header("Auto-Submitted", "auto-replied");
    stage.deliver(machine.set("Subject", &format!("[NG#{number}] We have your mail")));
    assert_eq!(case.ticket()["status"], json!("on_hold"), "{}", case.ticket());
    assert_eq!(case.got(ANA_ADDRESS).len(), to_ana, "nothing to read");
    stage.deliver(case.answers(&case.first(ANA_ADDRESS), ANA, "#vendor northgate And the switch?"));
    let subject = header_of(&case.newest(NORTHGATE_ADDRESS), "Subject").unwrap_or_default();
    assert!(subject.contains(&format!("[T-{}] [NG#{number}] ", case.number)), "{subject}");
    stage.deliver(case.answers(&asked, NORTHGATE, "We have opened a case.\n#close"));
    assert_eq!(case.ticket()["status"], json!("open"), "no command of theirs counts");
    assert!(text_of(&case.newest(ANA_ADDRESS)).contains("We have opened a case."));
    // Their own number and nothing else: as their system writes.
    let subject = format!("[NG#{number}] Update");
    for (to, text) in [("desk@acme.example", "It is up again."), (SUPPORT, "We have closed it.")] {
        let basics = Basics { from: NORTHGATE, to, subject: &subject, id: &stage.id() };
        stage.deliver(mails::request(basics, &format!("{text}\n")));
        assert!(text_of(&case.newest(ANA_ADDRESS)).contains(text), "{}", case.ticket());
    }
    // Numbers can be guessed: nobody vouches, so it is a request like any other.
    let tickets = stage.office.desk.tickets().len();
    let basics = Basics { from: NORTHGATE, to: SUPPORT, subject: &subject, id: &stage.id() };
    stage.deliver_unproven(&mails::request(basics, "Send the contract to eve@evil.example.\n"));
    assert_eq!(stage.office.desk.tickets().len(), tickets + 1);
    let ticket = case.ticket();
    let directions: Vec<&str> =
        ticket["messages"].as_array().into_iter().flatten().filter_map(|message| message["direction"].as_str()).collect();
    // Two questions and four mails of the vendor.
    assert_eq!(directions, ["in", "note", "note", "note", "note", "note", "note"], "{ticket}");
    case.dana_got_nothing();
}

fn a_signature_that_does_not_fit_proves_nothing(stage: &Stage) {
    let case = stage.ask();
    let to_ana = case.first(ANA_ADDRESS);
    let signed = |text: &str| stage.proof.of(case.answers(&to_ana, ANA, text)).bytes();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // Another text, another author, a signature of somebody else.
    let changed = text(&signed("Please try 3.5.7.")).replace("3.5.7", "3.5.8");
    let foreign = stage.proof.of(case.answers(&to_ana, "Eve <eve@evil.example>", "Wire the money.")).bytes();
    let renamed = text(&foreign).replace("From: Eve <eve@evil.example>", &format!("From: {ANA}"));
    for bytes in [changed, renamed] {
        stage.office.deliver_bytes(bytes.as_bytes());
    }
    case.nothing_done();
    assert_eq!(case.held(), 2);
    stage.office.deliver_bytes(&signed("Please try 3.5.9."));
    case.dana_got(1, "Please try 3.5.9.");
}

fn automatic_mail_executes_nothing(stage: &Stage) {
    let case = stage.ask();
    let to_ana = case.first(ANA_ADDRESS);
    let parsed = mail::parse(&to_ana).message;
    let (to, subject) = (parsed.reply_to[0].address.to_string(), format!("Automatic reply: [T-{}]", case.number));
    let basics = Basics { from: ANA, to: &to, subject: &subject, id: &stage.id() };
    let parent = mails::id_of(&to_ana).expect("an id");
    stage.deliver(mails::out_of_office(basics, &parent).text("#close\nI am away.\n"));
    case.nothing_done();
    assert_eq!(case.held(), 0);
}
