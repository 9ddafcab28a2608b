//! Sixty ways to get into somebody else's ticket: none is attached as a trusted message, nothing of the ticket reaches the
//! intruder, and no word of the intruder's reaches the customer.

use desk::decision::Direction;
use desk::{Outcome, Status};

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, press};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, Basics, Mail, header_of};
use crate::harness::office::{INBOX, SUPPORT, letter, vouched};

const EVE: &str = "Eve <eve@evil.example>";
/// Has a ticket of his own.
const KARL: &str = "Karl Berg <karl@y.example>";
const AGENTS: [&str; 2] = [ANA_ADDRESS, BEN_ADDRESS];
/// Stands in Dana's ticket alone.
const SECRET: &str = "SECRET-OF-DANA";
/// Stands in intruders' mails alone.
const MARK: &str = "WORDS-OF-AN-INTRUDER";

/// What is known to whoever has seen some of the conversation.
struct Seen {
    ack: Vec<u8>,
    answer: Vec<u8>,
    to_ana: Vec<u8>,
    note: Vec<u8>,
    question: Vec<u8>,
}

/// Dana asked, Ana answered, Ben noted; Karl has a ticket of his own; one mail of Ana's waits.
fn office() -> (Bare, Seen) {
    let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}")));
    let first = mails::request(letter(DANA, "Probe drops off Wi-Fi", "dana-1@x.example"), &format!("It drops. {SECRET}\n"));
    assert_eq!(desk.receive(&vouched(first)), Outcome::NewTicket);
    let ack = desk.newest(DANA_ADDRESS);
    let to_ana = desk.newest(ANA_ADDRESS);
    let words = format!("Please try firmware 3.5.0. {SECRET}");
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", &words)));
    let answer = desk.newest(DANA_ADDRESS);
    let to_ben = desk.newest(BEN_ADDRESS);
    let note = format!("#note\nThey restart it twice. {SECRET}");
    desk.receive(&vouched(Client::Mutt.answer(&to_ben, super::BEN, "ben-1@acme.example", &note)));
    let note = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(Client::Mutt.answer(&to_ana, ANA, "ana-2@acme.example", &format!("Hello {SECRET}\n\n#asign ben"))));
    let question = desk.newest(ANA_ADDRESS);
    let karl = mails::request(letter(KARL, "Meter broken", "karl-1@y.example"), "The meter is broken.\n");
    assert_eq!(desk.receive(&vouched(karl)), Outcome::NewTicket);
    (desk, Seen { ack, answer, to_ana, note, question })
}

fn id(bytes: &[u8]) -> String {
    mails::id_of(bytes).expect("an id")
}

/// A mail of an intruder to the customers' address, with a number of its own.
fn plain(number: usize, from: &str, subject: &str) -> Mail {
    let id = format!("intruder-{number}@evil.example");
    mails::request(letter(from, subject, &id), &format!("{MARK} {number}\n\n#close\n"))
}

fn referring(number: usize, from: &str, subject: &str, ids: &[&str]) -> Mail {
    let list = ids.iter().map(|id| format!("<{id}>")).collect::<Vec<_>>().join(" ");
    plain(number, from, subject).header("In-Reply-To", &format!("<{}>", ids[ids.len() - 1])).header("References", &list)
}

fn answering(number: usize, from: &str, to_mail: &[u8]) -> Mail {
    let id = format!("intruder-{number}@evil.example");
    Client::Thunderbird.answer(to_mail, from, &id, &format!("#close\n{MARK} {number}"))
}

/// Sixty mails, by what is tried.
fn attempts(seen: &Seen) -> Vec<(&'static str, Mail)> {
    let mut all = tags();
    all.extend(references(seen));
    all.extend(tokens(seen));
    all.extend(copies(seen));
    all.extend(authors(seen));
    all.extend(line_ends(seen));
    all
}

/// 10: the number of the ticket, guessed.
fn tags() -> Vec<(&'static str, Mail)> {
    let mut all = vec![
        ("a tag, proven stranger", vouched(plain(1, EVE, "[T-1] Probe drops off Wi-Fi"))),
        ("a tag, unproven stranger", plain(2, EVE, "Re: [T-1] Probe drops off Wi-Fi")),
        ("a tag, another customer", vouched(plain(3, KARL, "Re: [T-1] Meter"))),
        ("a tag, the customer's address forged", plain(4, DANA, "Re: [T-1] Probe drops off Wi-Fi")),
        ("a forward with a tag", vouched(plain(5, EVE, "Fwd: [T-1] Probe drops off Wi-Fi"))),
        ("two tags", vouched(plain(6, KARL, "[T-2] [T-1] Meter"))),
        ("a tag in an encoded word", vouched(plain(7, EVE, "=?utf-8?b?W1QtMV0=?= Probe"))),
        ("the same subject", vouched(plain(8, EVE, "Re: Probe drops off Wi-Fi"))),
    ];
    let desk = |number: usize, from, subject| plain(number, from, subject).set("To", "desk@acme.example");
    all.push(("a tag to the agents' address", vouched(desk(9, EVE, "[T-1] Probe"))));
    all.push(("a tag to the agents' address, another customer", vouched(desk(10, KARL, "[T-1] Probe"))));
    all
}

/// 15: ids of mails that were seen.
fn references(seen: &Seen) -> Vec<(&'static str, Mail)> {
    let (ack, answer, to_ana, note) = (id(&seen.ack), id(&seen.answer), id(&seen.to_ana), id(&seen.note));
    let root = header_of(&seen.to_ana, "References").unwrap_or_default();
    let root = root.trim_matches(['<', '>']).to_owned();
    let subject = "Re: Probe drops off Wi-Fi";
    let mut all = Vec::new();
    let ids = [ack.as_str(), answer.as_str(), to_ana.as_str(), note.as_str(), root.as_str(), "dana-1@x.example"];
    for (at, known) in ids.into_iter().enumerate() {
        all.push(("stolen references, proven stranger", vouched(referring(11 + 2 * at, EVE, subject, &[known]))));
        all.push(("stolen references, another customer", vouched(referring(12 + 2 * at, KARL, subject, &[known]))));
    }
    all.push(("all stolen references at once", vouched(referring(23, EVE, subject, &ids))));
    all.push(("stolen references, nobody vouches", referring(24, EVE, subject, &[answer.as_str()])));
    let forged = answer.replacen("T1.", "T2.", 1);
    all.push(("an id of ours with another number", vouched(referring(25, EVE, subject, &[forged.as_str()]))));
    all
}

/// 15: addresses and links that were copied.
fn tokens(seen: &Seen) -> Vec<(&'static str, Mail)> {
    let outsider = |number, from, mail: &[u8]| vouched(answering(number, from, mail));
    let mut all = vec![
        ("an agent's token, stranger", outsider(26, EVE, &seen.to_ana)),
        ("an agent's token, nobody vouches", answering(27, EVE, &seen.to_ana)),
        ("an agent's token, another customer", outsider(28, KARL, &seen.to_ana)),
        ("an agent's token, the customer", outsider(29, DANA, &seen.to_ana)),
        ("a note's token, stranger", outsider(30, EVE, &seen.note)),
        ("a note's token, another customer", outsider(31, KARL, &seen.note)),
        ("a note's token, the customer", outsider(32, DANA, &seen.note)),
        ("a question's token, stranger", outsider(33, EVE, &seen.question)),
        ("a question's token, another customer", outsider(34, KARL, &seen.question)),
        ("a question's token, the customer", outsider(35, DANA, &seen.question)),
    ];
    let pressed = |number: usize, from, mail: &[u8], words: &str| {
        let id = format!("intruder-{number}@evil.example");
        vouched(press(mail, words, from, &id, &format!("{MARK} {number}\n")))
    };
    all.push(("a link, stranger", pressed(36, EVE, &seen.to_ana, "close")));
    all.push(("a link, another customer", pressed(37, KARL, &seen.to_ana, "close")));
    all.push(("a link of a question, stranger", pressed(38, EVE, &seen.question, "send my text without commands")));
    all.push(("a link of a question, another customer", pressed(39, KARL, &seen.question, "send my text without commands")));
    all.push(("a link of a question, the customer", pressed(40, DANA, &seen.question, "send my text without commands")));
    all
}

/// 8: who else gets it.
fn copies(seen: &Seen) -> Vec<(&'static str, Mail)> {
    let token = mail::parse(&seen.to_ana).message.reply_to[0].address.to_string();
    let cc = |number: usize, from, cc: &str| vouched(plain(number, from, "Re: Probe drops off Wi-Fi").header("Cc", cc));
    let answer = id(&seen.answer);
    let forged = |number: usize| referring(number, DANA, "Re: Probe drops off Wi-Fi", &[answer.as_str()]);
    vec![
        ("the token in Cc, stranger", cc(41, EVE, &token)),
        ("the token in Cc, another customer", cc(42, KARL, &token)),
        ("the customer in Cc", cc(43, EVE, DANA)),
        ("the customer in Cc with a reference", vouched(referring(44, EVE, "Re: Probe", &[answer.as_str()]).header("Cc", DANA))),
        ("the customer forged, the intruder in Cc", forged(45).header("Cc", EVE)),
        ("the customer forged, the intruder in To", forged(46).set("To", &format!("{SUPPORT}, {EVE}"))),
        ("the token as where it was delivered", vouched(plain(47, EVE, "Probe").header("X-Original-To", &token))),
        ("the token as where it was delivered, another customer", vouched(plain(48, KARL, "Probe").set("Delivered-To", &token))),
    ]
}

/// 6: who it says it is from, and where answers shall go.
fn authors(seen: &Seen) -> Vec<(&'static str, Mail)> {
    let answer = id(&seen.answer);
    let of =
        |number: usize, from: &str| referring(number, EVE, "Re: Probe drops off Wi-Fi", &[answer.as_str()]).set("From", from);
    let evil = |mail: Mail| mail.on_top("Authentication-Results", "mx.test.example; dmarc=pass header.from=evil.example");
    vec![
        ("the customer and the intruder", evil(of(49, "Dana Okafor <dana@x.example>, Eve <eve@evil.example>"))),
        ("the intruder and the customer", evil(of(50, "Eve <eve@evil.example>, Dana Okafor <dana@x.example>"))),
        ("two From headers", evil(of(51, DANA).header("From", EVE))),
        ("the customer as a name", evil(of(52, "\"Dana Okafor <dana@x.example>\" <eve@evil.example>"))),
        ("the customer as Sender", evil(of(53, EVE).header("Sender", DANA))),
        ("the customer forged, answers to the intruder", of(54, DANA).header("Reply-To", EVE)),
    ]
}

/// 6: line ends where none belong.
fn line_ends(seen: &Seen) -> Vec<(&'static str, Mail)> {
    let answer = id(&seen.answer);
    let encoded = |text: &str| format!("=?utf-8?b?{}?=", data_encoding::BASE64.encode(text.as_bytes()));
    let injected = "x\r\nBcc: eve@evil.example\r\nX-Injected: yes\r\n\r\nbody";
    vec![
        ("in the subject", vouched(plain(55, EVE, &encoded(injected)))),
        ("in the subject, by the customer", vouched(plain(56, DANA, &encoded(injected)))),
        ("in a name", vouched(plain(57, &format!("{} <eve@evil.example>", encoded(injected)), "Probe"))),
        ("in an address", vouched(plain(58, EVE, "Probe").set("From", "\"eve\r\n\tx\"@evil.example"))),
        ("in a reference", vouched(plain(59, EVE, "Probe").header("References", &format!("<{answer}\r\n\tX-Injected: yes>")))),
        ("in a file name", vouched(plain(60, EVE, "Probe")).parts("mixed", &[named_file(&encoded(injected))])),
    ]
}

fn named_file(name: &str) -> Vec<u8> {
    format!(
        "Content-Type: application/pdf; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
    )
    .into_bytes()
}

/// Everything a reader may see of a mail, and its raw head.
fn all_words(bytes: &[u8]) -> String {
    let message = mail::parse(bytes).message;
    let html = mail::part::html_of(bytes).unwrap_or_default();
    format!("{}\n{}\n{html}\n{}", message.subject, message.text, String::from_utf8_lossy(bytes))
}

#[test]
fn sixty_attempts_get_nowhere() {
    let (_, seen) = office();
    let all = attempts(&seen);
    assert_eq!(all.len(), 60);
    let names: Vec<&str> = all.iter().map(|(what, _)| *what).collect();
    for (at, what) in names.iter().enumerate() {
        // Each alone, and on a desk of its own, which is the same every time.
        let (mut desk, seen) = office();
        let (_, attempt) = attempts(&seen).swap_remove(at);
        let before = desk.sent.len();
        let ticket_before = desk.ticket(1);
        let outcome = desk.receive(&attempt);
        let what = format!("{what} (number {})", at + 1);
        nothing_is_trusted(&desk, &what, &outcome);
        let ticket = desk.ticket(1);
        assert_eq!((ticket.owner, ticket.participants), (ticket_before.owner, ticket_before.participants), "{what}");
        let is_dana =
            mail::parse(&attempt.bytes()).message.from.first().is_some_and(|from| from.address.as_str() == DANA_ADDRESS);
        assert!(ticket.status == Status::Pending || is_dana && ticket.status == Status::Open, "{what}: {:?}", ticket.status);
        for sent in &desk.sent[before..] {
            let words = all_words(&sent.bytes);
            let is_agent = AGENTS.contains(&sent.to.as_str());
            assert!(
                is_agent || sent.to == DANA_ADDRESS || !words.contains(SECRET),
                "{what}: the secret reached {}\n{words}",
                sent.to
            );
            assert!(sent.to != DANA_ADDRESS || is_dana || !words.contains(MARK), "{what}: the customer got the words\n{words}");
            let head = words.split("\r\n\r\n").next().unwrap_or_default().to_owned();
            assert!(!head.contains("\nX-Injected") && !head.contains("\nBcc"), "{what}: a header was injected\n{head}");
        }
        answers_reach_dana_alone(&mut desk, &what);
    }
}

/// Nothing on the ticket is a message of the intruder that is neither marked nor held.
#[track_caller]
fn nothing_is_trusted(desk: &Bare, what: &str, outcome: &Outcome) {
    use frontdesk::store::Store as _;
    let history = desk.store.history(desk::TicketNo(1)).expect("memory reads back");
    for message in history.into_iter().filter_map(|decided| decided.decision.message) {
        let is_theirs = message.text.contains(MARK) || message.cut.contains(MARK);
        let by_dana = message.from.ends_with("<dana@x.example>") && message.direction == Direction::In;
        let is_safe = message.held || message.unproven || by_dana && what.contains("by the customer");
        assert!(!is_theirs || is_safe, "{what}, {outcome:?}: trusted as {:?} of {}", message.direction, message.from);
    }
}

/// After all of it, an answer of the agent's goes where it went before.
#[track_caller]
fn answers_reach_dana_alone(desk: &mut Bare, what: &str) {
    let before = desk.sent.len();
    let reply = desk::Command::Reply { text: format!("It is fixed. {SECRET}") };
    assert!(desk.command(desk::TicketNo(1), desk::event::Actor::Agent("ana".into()), reply), "{what}");
    let outside = desk.sent[before..].iter().filter(|sent| !AGENTS.contains(&sent.to.as_str()));
    let outside: Vec<&str> = outside.map(|sent| sent.to.as_str()).collect();
    assert_eq!(outside, [DANA_ADDRESS], "{what}");
    let copy = header_of(&desk.newest(DANA_ADDRESS), "Cc");
    assert_eq!(copy, None, "{what}");
}

#[test]
fn one_desk_under_all_sixty_attempts_stays_as_it_was() {
    let (mut desk, seen) = office();
    for (_, attempt) in attempts(&seen) {
        desk.receive(&attempt);
    }
    let basics = Basics { from: DANA, to: SUPPORT, subject: "Re: Probe drops off Wi-Fi", id: "dana-9@x.example" };
    let genuine = mails::reply(basics, &id(&seen.answer), &[], "It works now.\n");
    assert_eq!(desk.receive(&vouched(genuine)), Outcome::Attached, "the customer is still heard");
    answers_reach_dana_alone(&mut desk, "after all of them");
}
