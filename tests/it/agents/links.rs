//! Every link of every mail to an agent, opened as a mail program opens it and sent.

use std::collections::BTreeSet;

use desk::Outcome;
use jiff::SignedDuration;

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, links, press};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, header_of};
use crate::harness::office::{INBOX, letter, vouched};

const SECTIONS: &str = "[vendor.northgate]\nname = \"Northgate IT\"\nemail = \"servicedesk@northgate.example\"\n\
    [articles]\npath = \"articles\"\n[team]\nsupport = { members = [\"ana\", \"ben\"] }\n\
    [type.fault]\nlabel = \"A fault\"\nfields = [{ id = \"serial\", ask = \"Serial number?\", kind = \"text\", required = true }]\n\
    steps = [{ id = \"look\", do = [\"Confirm the serial\", \"Reproduce it\"] }]\n";

/// A desk on which Ana has got mails with every link that there is.
fn office() -> Bare {
    let inbox = INBOX.replace("address =", "team = \"support\", type = \"fault\", address =");
    let mut desk = Bare::new(&live(&format!("{inbox}{DESK}{SECTIONS}")));
    let question = mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n");
    let question = question.header("Cc", "Bob <bob@elsewhere.example>");
    assert_eq!(desk.receive(&vouched(question)), Outcome::NewTicket);
    let (to_ana, to_ben) = (desk.newest(ANA_ADDRESS), desk.newest(BEN_ADDRESS));
    let texts = [
        "#take",
        "Hello.\n\n#asign ben",
        "#spam",
        "#close",
        "Hello.\n\n#wait\n\nPlease tell me how it goes.",
        "#vendor northgate Is it down?",
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let id = format!("ana-{number}@acme.example");
        desk.receive(&vouched(Client::Mutt.answer(&to_ana, ANA, &id, text)));
    }
    let asked = desk.newest("servicedesk@northgate.example");
    let vendor = "Northgate <servicedesk@northgate.example>";
    desk.receive(&vouched(Client::Yahoo.answer(&asked, vendor, "ng-1@northgate.example", "It is up again.")));
    desk.receive(&vouched(Client::Gmail.answer(&to_ben, BEN, "ben-1@acme.example", "Please try 3.5.0.")));
    desk.receive(&vouched(Client::Mutt.answer(&to_ana, ANA, "ana-o@acme.example", "Please send the log.")));
    desk.receive(&Client::Mutt.answer(&to_ana, ANA, "ana-u@acme.example", "#close"));
    desk.pass(SignedDuration::from_hours(2));
    let home = "Ana Ruiz <ana@home.example>";
    desk.receive(&vouched(Client::K9.answer(&to_ana, home, "ana-h@home.example", "Please try 3.6.0.")));
    // Bob, who was copied in, and somebody who has an address that was Dana's alone.
    let to_dana = mails::id_of(&desk.newest(DANA_ADDRESS)).expect("an id");
    let bob = letter("Bob <bob@elsewhere.example>", "Re: Probe drops", "bob-1@elsewhere.example");
    desk.receive(&vouched(mails::reply(bob, &to_dana, &[], "Which channel is it on?\n")));
    let ticket = desk.ticket(1);
    let claim = desk::token::Claim { ticket: ticket.no, rev: ticket.rev, mode: desk::token::Mode::Outside };
    let detail = desk.core.live.policy.keys.reply_detail(claim, DANA_ADDRESS);
    let to = format!("support+{detail}@acme.example");
    let eve = mails::Basics { from: "Eve <eve@evil.example>", to: &to, subject: "Probe", id: "eve-1@evil.example" };
    desk.receive(&vouched(mails::request(eve, "I am a friend of Dana's.\n")));
    let two = Client::Gmail.answer_of_two(&to_ana, ANA, "ana-t@acme.example", ["#close", "Thanks."]);
    desk.receive(&vouched(two));
    let tag = mails::Basics { from: ANA, to: "desk@acme.example", subject: "[T-1] Probe", id: "ana-g@acme.example" };
    desk.receive(&vouched(mails::request(tag, "Only a tag.\n")));
    let list = mails::Basics { subject: "list team", id: "ana-l@acme.example", ..tag };
    desk.receive(&vouched(mails::request(list, "\n")));
    desk
}

#[test]
fn every_link_is_short_has_no_plus_and_does_what_it_says_when_it_is_sent() {
    let all: Vec<Vec<u8>> = office().received(ANA_ADDRESS).into_iter().map(<[u8]>::to_vec).collect();
    let mut labels = BTreeSet::new();
    let mut count = 0;
    for (at, ours) in all.iter().enumerate() {
        for (label, href) in links(ours) {
            count += 1;
            assert!(href.len() <= 450, "{label}: {} characters", href.len());
            assert!(!href.contains('+') && !href.contains("%2B"), "{label}: {href}");
            // Each on a desk of its own, which is the same every time.
            let mut desk = office();
            let ours = desk.received(ANA_ADDRESS)[at].to_vec();
            let (kinds, sent) = (desk.kinds(1).len(), desk.sent.len());
            let held = desk.held().len();
            let outcome = desk.receive(&vouched(press(&ours, &label, ANA, "ana-press@acme.example", "")));
            let subject = header_of(&ours, "Subject").unwrap_or_default();
            let is_done = desk.kinds(1).len() > kinds || desk.sent.len() > sent || desk.held().len() != held;
            assert!(is_done, "{label} of {subject}: nothing followed, {outcome:?}");
            labels.insert(label);
        }
    }
    let expected = [
        "take",
        "note",
        "close",
        "wait",
        "more",
        "undo",
        "yes, do it",
        "no, leave it",
        "send mine too",
        "make it a note",
        "throw away",
        "it is me: release it",
        "not me",
        "keep as note",
        "it is me, also from there in future",
        "insert link",
        "insert text",
        "include bob@elsewhere.example",
        "let it in",
        "put it away",
        "pass on to Dana",
        "send it to Dana",
        "close anyway",
    ];
    let missing: Vec<&str> = expected.into_iter().filter(|label| !labels.contains(*label)).collect();
    assert!(count >= 30 && missing.is_empty(), "{count} links, missing {missing:?} of {labels:#?}");
}
