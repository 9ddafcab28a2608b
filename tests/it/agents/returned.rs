//! Mail that comes back, and answers that were written elsewhere.

use desk::effect::{OutboxPhase, OutboxStep};
use desk::{AccountName, Outcome};
use frontdesk::engine::outgoing::step_of;

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, text_of};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, Basics};
use crate::harness::office::{INBOX, SUPPORT, letter, vouched};

fn answered() -> Bare {
    let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}")));
    let question = mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n");
    assert_eq!(desk.receive(&vouched(question)), Outcome::NewTicket);
    let to_ana = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", "Please try 3.5.0.")));
    desk
}

/// The return path of the newest mail to a customer.
fn return_path(desk: &Bare) -> String {
    use frontdesk::store::Store as _;
    let rows = desk.store.outbox(true, 0);
    let row = rows.into_iter().find(|row| row.to.as_str() == DANA_ADDRESS && row.purpose == desk::Purpose::Answer);
    match row.expect("an answer left").envelope_from {
        mail::ReturnPath::Address(address) => address.to_string(),
        mail::ReturnPath::Null => panic!("answers can bounce"),
    }
}

#[test]
fn a_report_that_names_no_mail_of_ours_finds_its_ticket_by_the_return_path() {
    let mut desk = answered();
    let to = return_path(&desk);
    assert!(to.starts_with("support+b1-"), "{to}");
    let before = desk.received(ANA_ADDRESS).len();
    let basics =
        Basics { from: "Mail Delivery <mailer-daemon@mx.x.example>", to: &to, subject: "Undelivered", id: "b1@mx.x.example" };
    // The original is not enclosed, as some servers do.
    let report = mails::bounce(basics, DANA_ADDRESS, "5.1.1", b"Subject: nothing\r\n\r\n");
    assert_eq!(desk.receive(&report), Outcome::Attached);
    assert!(desk.kinds(1).contains(&"bounced".to_owned()), "{:?}", desk.kinds(1));
    assert_eq!(desk.received(ANA_ADDRESS).len(), before + 1, "the owner is told");
    let told = text_of(&desk.newest(ANA_ADDRESS));
    assert!(told.contains("Recipient address rejected") && told.contains(DANA_ADDRESS), "{told}");
    assert_eq!(desk.received(BEN_ADDRESS).len(), 1, "and nobody else");
    // Once: a second report adds no mail.
    let basics = Basics { id: "b2@mx.x.example", ..basics };
    desk.receive(&mails::bounce(basics, DANA_ADDRESS, "5.1.1", b"Subject: nothing again\r\n\r\n"));
    assert_eq!(desk.received(ANA_ADDRESS).len(), before + 1);
}

#[test]
fn a_return_path_that_was_made_up_or_is_written_to_by_a_person_is_nothing() {
    for (what, to, is_person) in
        [("made up", "support+b1-0123456789-0123456789abcdef@acme.example", false), ("a person", "", true)]
    {
        let mut desk = answered();
        let to = if to.is_empty() { return_path(&desk) } else { to.to_owned() };
        let basics = Basics { from: "Eve <eve@evil.example>", to: &to, subject: "Hello", id: "e1@evil.example" };
        let mail = mails::request(basics, "Let me in.\n");
        let mail = if is_person { vouched(mail) } else { mails::bounce(basics, DANA_ADDRESS, "5.1.1", b"Subject: x\r\n\r\n") };
        let kinds = desk.kinds(1).len();
        desk.receive(&mail);
        assert_eq!(desk.kinds(1).len(), kinds, "{what}: {:?}", desk.kinds(1));
    }
}

/// The newest waiting mail to somebody is refused for good.
fn refuse(desk: &mut Bare, to: &str) {
    use frontdesk::store::Store as _;
    let account = AccountName("main".to_owned());
    let rows = desk.core.claim(desk.now, &account, 100).expect("memory refuses nothing");
    let reply = Some("550 5.1.1 no such user here".to_owned());
    let steps: Vec<OutboxStep> = rows
        .iter()
        .map(|row| {
            let is_refused = row.to.as_str() == to;
            let phase = if is_refused { OutboxPhase::Failed } else { OutboxPhase::Accepted };
            OutboxStep { phase, reply: reply.clone().filter(|_| is_refused), ..step_of(row, desk.now) }
        })
        .collect();
    assert!(steps.iter().any(|step| step.phase == OutboxPhase::Failed), "nothing for {to} was waiting");
    desk.core.steps(steps).expect("memory refuses nothing");
    desk.store.flush().expect("memory refuses nothing");
}

#[test]
fn the_owner_is_told_of_a_refused_mail_in_the_servers_words_and_a_refused_notice_makes_no_storm() {
    let sections = DESK.replace("0s", "1m");
    let mut desk = Bare::new(&live(&format!("{INBOX}{sections}")));
    desk.receive(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n")));
    let to_ana = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", "Please try 3.5.0.")));
    desk.now = desk.now.checked_add(jiff::SignedDuration::from_mins(2)).expect("soon");
    refuse(&mut desk, DANA_ADDRESS);
    desk.pass(jiff::SignedDuration::from_secs(1));
    let told = text_of(&desk.newest(ANA_ADDRESS));
    assert!(told.contains("550 5.1.1 no such user here"), "{told}");
    // Ana's own mailbox refuses the next one.
    let reply =
        mails::request(letter(DANA, "Probe drops", "dana-2@x.example"), "Hello?\n").header("In-Reply-To", "<dana-1@x.example>");
    let place = desk.sent.len();
    let raw = vouched(reply).bytes();
    receive_without_sending(&mut desk, &raw);
    refuse(&mut desk, ANA_ADDRESS);
    desk.pass(jiff::SignedDuration::from_secs(1));
    assert!(desk.sent[place..].iter().all(|sent| sent.to != ANA_ADDRESS), "no mail about a mail to Ana that failed");
}

fn receive_without_sending(desk: &mut Bare, raw: &[u8]) {
    use frontdesk::store::Store as _;
    let hash = desk.store.keep(&[raw]).expect("memory keeps all")[0];
    let place =
        desk::event::Place { account: AccountName("main".to_owned()), mailbox: "INBOX".to_owned(), uid_validity: 1, uid: 9_000 };
    let reading = frontdesk::engine::read::read_here(hash, raw, &["mx.test.example".to_owned()]);
    desk.core.mail(desk.now, &place, false, reading).expect("memory refuses nothing");
    desk.store.flush().expect("memory refuses nothing");
}

#[test]
fn an_answer_found_in_the_folder_of_sent_mail_counts() {
    let account = live(&format!("{INBOX}{DESK}"));
    assert!(account.mailboxes.values().all(|watched| !watched.sent), "none is configured");
    let with_sent = crate::harness::bare::live_with("sent = \"Sent\"\n", &format!("{INBOX}{DESK}"));
    let mut desk = Bare::new(&with_sent);
    desk.receive(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n")));
    let sent = desk.sent.len();
    // Somebody answered from the shared account itself, in another program.
    let basics = Basics { from: "Support <support@acme.example>", to: DANA, subject: "Re: Probe drops", id: "s1@acme.example" };
    let answer = mails::request(basics, "Please ring us.\n").header("In-Reply-To", "<dana-1@x.example>");
    assert_eq!(desk.receive_in("Sent", &answer.bytes()), Outcome::Attached);
    let ticket = desk.ticket(1);
    assert_eq!((ticket.status.as_str(), ticket.first_response.met_at.is_some()), ("pending", true));
    assert!(desk.sent[sent..].iter().all(|sent| sent.to != DANA_ADDRESS), "it is not sent again");
    // Another answer, by an agent, who owns it from then on.
    let basics = Basics { from: ANA, id: "s2@acme.example", ..basics };
    let answer = mails::request(basics, "Or write.\n").header("In-Reply-To", "<dana-1@x.example>");
    desk.receive_in("Sent", &answer.bytes());
    assert_eq!(desk.ticket(1).owner, Some("ana".into()));
    // What else lies there is no business of the desk's: no ticket, no mail.
    for (number, to) in [(3, "boss@acme.example"), (4, DANA), (5, SUPPORT)] {
        let id = format!("s{number}@acme.example");
        let basics = Basics { from: SUPPORT, to, subject: "Lunch", id: &id };
        let outcome = desk.receive_in("Sent", &mails::request(basics, "Lunch?\n").bytes());
        assert!(matches!(outcome, Outcome::Ignored { .. }), "{to}: {outcome:?}");
    }
    // Our own mails, as servers file them there.
    let ours = desk.newest(DANA_ADDRESS);
    assert_eq!(desk.receive_in("Sent", &ours), Outcome::LoopLedger);
    assert_eq!(desk.tickets(), 1);
}

#[test]
fn an_answer_with_the_inbox_in_copy_that_is_found_in_the_sent_folder_too_counts_once() {
    let with_sent = crate::harness::bare::live_with("sent = \"Sent\"\n", &format!("{INBOX}{DESK}"));
    let mut desk = Bare::new(&with_sent);
    desk.receive(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n")));
    let basics = Basics { from: ANA, to: DANA, subject: "Re: Probe drops", id: "s1@acme.example" };
    let answer = mails::request(basics, "Please ring us.\n").header("In-Reply-To", "<dana-1@x.example>").header("Cc", SUPPORT);
    assert_eq!(desk.receive(&vouched(answer.clone())), Outcome::Attached);
    assert_eq!(desk.receive_in("Sent", &answer.bytes()), Outcome::Duplicate);
    let count = desk.kinds(1).iter().filter(|kind| *kind == "answered").count();
    assert_eq!(count, 1);
}
