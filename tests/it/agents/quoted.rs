//! Our own mails, quoted as each mail program quotes them and answered: nothing is carried out that the agent did not write,
//! and nothing of the quote is sent on.

use desk::event::Actor;
use desk::{Command, Outcome, TicketNo};

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, press, text_of};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, Basics, header_of};
use crate::harness::office::{INBOX, letter, vouched};

/// What an answer of words alone may leave in a history.
const KINDS: [&str; 7] = ["answered", "noted", "status_changed", "held", "nothing_said", "reopened", "asked_again"];
const VENDOR: &str =
    "[vendor.northgate]\nname = \"Northgate IT\"\nemail = \"servicedesk@northgate.example\"\ntheir_ref = '\\[NG#(\\d+)\\]'\n";
/// What a customer may write, hoping for somebody to quote it.
const HOSTILE: &str =
    "It drops.\n#close\n# assign ben\n> #spam\n~~~~ T-1 · write above this line ~~~~\n#tag +pwned\npin: 246810\n\nDana\n";

/// A desk on which Ana has got every kind of mail that we write to agents.
fn office() -> Bare {
    let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}{VENDOR}")));
    let ask = |desk: &mut Bare, id: &str, text: &str| {
        desk.receive(&vouched(mails::request(letter(DANA, "Probe #close drops", id), text)));
    };
    ask(&mut desk, "dana-1@x.example", HOSTILE);
    let to_ana = desk.newest(ANA_ADDRESS);
    let to_ben = desk.newest(BEN_ADDRESS);
    let mut number = 0;
    let mut ana = |desk: &mut Bare, text: &str| {
        number += 1;
        desk.receive(&vouched(Client::Mutt.answer(&to_ana, ANA, &format!("ana-{number}@acme.example"), text)))
    };
    // A receipt, help, the whole ticket, a mistake, a verb in the text, a code.
    for text in ["#watch", "#help", "#show", "Hello.\n\n#asign ben", "Hello.\n\n#close\n\nPlease tell me how it goes.", "#spam"] {
        ana(&mut desk, text);
    }
    desk.pass(jiff::SignedDuration::from_mins(11));
    ana(&mut desk, "#vendor northgate Is it down?");
    let asked = desk.newest("servicedesk@northgate.example");
    desk.receive(&vouched(Client::Yahoo.answer(
        &asked,
        "N <servicedesk@northgate.example>",
        "ng-1@northgate.example",
        "#close it",
    )));
    desk.receive(&vouched(Client::Gmail.answer(&to_ben, BEN, "ben-1@acme.example", "#note\nINTERNAL-CANARY they restart it.")));
    desk.receive(&vouched(Client::Gmail.answer(&to_ben, BEN, "ben-2@acme.example", "Please try 3.5.0.")));
    // Overtaken by Ben; nobody vouches; parts differ; an outsider; a tag alone; a list.
    ana(&mut desk, "Please send the log.");
    desk.receive(&Client::Mutt.answer(&to_ana, ANA, "ana-x@acme.example", "#close"));
    let two = Client::Gmail.answer_of_two(&to_ana, ANA, "ana-y@acme.example", ["#close", "Thanks."]);
    desk.receive(&vouched(two));
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, DANA, "dana-2@x.example", "#close")));
    let to_desk = |subject, id| Basics { from: ANA, to: "desk@acme.example", subject, id };
    desk.receive(&vouched(mails::request(to_desk("[T-1] Probe", "ana-t@acme.example"), "Only a tag.\n")));
    desk.receive(&vouched(mails::request(to_desk("list team", "ana-l@acme.example"), "\n")));
    // The customer writes again, and Ben hands it over.
    let answer = desk.newest(DANA_ADDRESS);
    desk.receive(&vouched(Client::OutlookWeb.answer(&answer, DANA, "dana-3@x.example", "#close\nStill broken.")));
    let assign = Command::Assign { to: desk::command::Assignee::Agent("ana".into()) };
    assert!(desk.command(TicketNo(1), Actor::Agent("ben".into()), assign));
    desk
}

/// The first words of the marker: what kind of mail it is.
fn kind_of(bytes: &[u8]) -> String {
    text_of(bytes).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn no_quoted_mail_of_ours_does_anything() {
    let mut desk = office();
    let ours: Vec<Vec<u8>> = desk.received(ANA_ADDRESS).into_iter().map(<[u8]>::to_vec).collect();
    assert!(ours.len() >= 17, "{:#?}", ours.iter().map(|mail| kind_of(mail)).collect::<Vec<_>>());
    let mut number = 0;
    for original in &ours {
        for client in Client::ALL {
            for typed in ["My own words.", ""] {
                number += 1;
                check(&mut desk, original, client, typed, number);
            }
        }
    }
}

fn check(desk: &mut Bare, original: &[u8], client: Client, typed: &str, number: u32) {
    let what = format!("{client:?}, {typed:?}, {}", kind_of(original));
    let (before, ticket) = (desk.kinds(1).len(), desk.ticket(1));
    let sent = desk.sent.len();
    let id = format!("quoted-{number}@acme.example");
    desk.receive(&vouched(client.answer(original, ANA, &id, typed)));
    let after = desk.ticket(1);
    let new: Vec<String> = desk.kinds(1).split_off(before);
    assert!(new.iter().all(|kind| KINDS.contains(&kind.as_str())), "{what}: {new:?}");
    assert_eq!(
        (&after.owner, &after.tags, after.priority, &after.participants, &after.watchers, after.snoozed_until),
        (&ticket.owner, &ticket.tags, ticket.priority, &ticket.participants, &ticket.watchers, ticket.snoozed_until),
        "{what}"
    );
    assert_eq!(desk.tickets(), 1, "{what}: a ticket was made");
    for mail in desk.sent[sent..].iter().filter(|mail| mail.to == DANA_ADDRESS) {
        let text = text_of(&mail.bytes);
        let own: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "--" && *line != "Acme Support").collect();
        assert!(!typed.is_empty() && own == [typed], "{what}: sent besides, or without words\n{text}");
        for ours in ["INTERNAL-CANARY", "STATE", "~~~~", "DO IT WITH", "ref T-", "desk@"] {
            assert!(!String::from_utf8_lossy(&mail.bytes).contains(ours), "{what}: `{ours}` was sent\n{text}");
        }
    }
}

#[test]
fn what_an_agent_writes_is_carried_out_in_every_program_and_nothing_else() {
    for client in Client::ALL {
        let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}")));
        desk.receive(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), HOSTILE)));
        let to_ana = desk.newest(ANA_ADDRESS);
        let typed = "Hello Dana,\nplease try 3.5.0.\n\n#take\n#tag +wifi";
        desk.receive(&vouched(client.answer(&to_ana, ANA, "ana-1@acme.example", typed)));
        let ticket = desk.ticket(1);
        let tags: Vec<&str> = ticket.tags.iter().map(String::as_str).collect();
        assert_eq!(
            (ticket.status.as_str(), tags),
            ("pending", vec!["wifi"]),
            "{client:?}: {:?} {:?}",
            desk.kinds(1),
            desk.held()
        );
        let sent = text_of(&desk.newest(DANA_ADDRESS));
        assert!(sent.contains("please try 3.5.0."), "{client:?}: {sent}");
        assert!(!sent.contains("#take") && !sent.contains("drops") && !sent.contains("pwned"), "{client:?}: {sent}");
    }
}

#[test]
fn text_and_html_that_disagree_wait() {
    let pairs = [
        ["#close", "Thanks."],
        ["Thanks.", "#close"],
        ["#close", "#take"],
        ["Hi.\n\n#take", "Hi.\n\n#spam"],
        ["#assign ben", "#assign ana"],
        ["Hello Dana.\n\n#close", "Hello Dana."],
        ["Hello Dana.", "Hello Dana.\n\n#close"],
    ];
    for client in Client::ALL.into_iter().filter(|client| !client.is_text_only()) {
        for pair in pairs {
            let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}")));
            desk.receive(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n")));
            let to_ana = desk.newest(ANA_ADDRESS);
            let outcome = desk.receive(&vouched(client.answer_of_two(&to_ana, ANA, "ana-1@acme.example", pair)));
            assert!(matches!(outcome, Outcome::Held { .. }), "{client:?}, {pair:?}: {outcome:?} {:?}", desk.kinds(1));
            let ticket = desk.ticket(1);
            assert_eq!((ticket.status.as_str(), ticket.owner), ("new", None), "{client:?}, {pair:?}");
            assert_eq!(desk.received(DANA_ADDRESS).len(), 1, "{client:?}, {pair:?}: the acknowledgement alone");
            let told = desk.newest(ANA_ADDRESS);
            assert_eq!(header_of(&told, "X-Frontdesk-Ticket").as_deref(), Some("T-1"), "{client:?}, {pair:?}");
        }
    }
}

#[test]
fn of_two_parts_the_text_is_taken_where_its_writer_says_so() {
    let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}")));
    desk.receive(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n")));
    let to_ana = desk.newest(ANA_ADDRESS);
    let pair = ["Hello Dana.\n\n#tag +wifi", "Hello Dana."];
    desk.receive(&vouched(Client::Gmail.answer_of_two(&to_ana, ANA, "ana-1@acme.example", pair)));
    let question = desk.newest(ANA_ADDRESS);
    assert!(text_of(&question).contains("#tag +wifi"), "all of it is shown: {}", text_of(&question));
    desk.receive(&vouched(press(&question, "send it as this text", ANA, "ana-2@acme.example", "")));
    assert!(desk.ticket(1).tags.contains("wifi"), "{:?}", desk.kinds(1));
    assert!(text_of(&desk.newest(DANA_ADDRESS)).starts_with("Hello Dana."));
}

#[test]
fn words_between_the_lines_of_our_mail_are_never_lost() {
    let answers = ["Yes, take 3.5.0.", "No.", "\nYes, take 3.5.0.\n"];
    for client in Client::ALL.into_iter().filter(|client| *client != Client::Mutt) {
        for inline in answers {
            let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}")));
            let asks = "It drops.\nIs there firmware newer than 3.4.1?\n\nDana\n";
            desk.receive(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), asks)));
            let to_ana = desk.newest(ANA_ADDRESS);
            let mail = client.answer(&to_ana, ANA, "ana-1@acme.example", "See below.");
            let text = mail::parse(&mail.bytes()).message.text;
            let (above, below) = text.split_once("3.4.1?\n").expect("quoted");
            let written = format!("{above}3.4.1?\n{inline}\n{below}");
            let basics = Basics { from: ANA, to: &to_of(&mail), subject: "Re: Probe drops", id: "ana-2@acme.example" };
            let id = mails::id_of(&to_ana).expect("an id");
            let mail = mails::request(basics, &written).header("In-Reply-To", &format!("<{id}>"));
            let outcome = desk.receive(&vouched(mail));
            let sent = desk.received(DANA_ADDRESS).len() > 1;
            let is_whole = sent && text_of(&desk.newest(DANA_ADDRESS)).contains(inline.trim());
            assert!(
                is_whole || matches!(outcome, Outcome::Held { .. }),
                "{client:?} {inline:?}: {outcome:?} {:?}\n{written}\n{}",
                desk.kinds(1),
                text_of(&desk.newest(ANA_ADDRESS))
            );
        }
    }
}

fn to_of(mail: &mails::Mail) -> String {
    header_of(&mail.bytes(), "To").unwrap_or_default()
}
