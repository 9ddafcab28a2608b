//! Mails that wait for their writer: codes, questions that are asked again, and how often anybody is told.

use desk::Outcome;
use jiff::SignedDuration;

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, press, text_of};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, Basics, Mail};
use crate::harness::office::{INBOX, letter, vouched};

fn asked_with(desk: &str) -> Bare {
    let mut desk = Bare::new(&live(&format!("{INBOX}{desk}")));
    let question = mails::request(letter(DANA, "Probe drops off Wi-Fi", "dana-1@x.example"), "It happened again.\n");
    assert_eq!(desk.receive(&vouched(question)), Outcome::NewTicket);
    desk
}

fn asked() -> Bare {
    asked_with(DESK)
}

/// Ana answers a mail.
fn ana(desk: &mut Bare, to_mail: &[u8], number: u32, text: &str) -> Outcome {
    desk.receive(&vouched(Client::Gmail.answer(to_mail, ANA, &format!("ana-{number}@acme.example"), text)))
}

/// The code that a mail about a dangerous verb shows.
fn code_in(question: &[u8]) -> String {
    let text = text_of(question).split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, behind) = text.split_once("#confirm ").unwrap_or_else(|| panic!("no code in {text}"));
    behind.chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[test]
fn a_dangerous_verb_asks_for_a_code_and_each_way_of_giving_it_works() {
    type Answer = fn(&mut Bare, &[u8], &[u8], &str) -> Outcome;
    let ways: [(&str, Answer); 5] = [
        ("the link", |desk, question, _, _| desk.receive(&vouched(press(question, "yes, do it", ANA, "ana-9@acme.example", "")))),
        ("the code alone", |desk, question, _, code| ana(desk, question, 9, code)),
        ("the code as a sentence", |desk, question, _, code| ana(desk, question, 9, &format!("confirm {}", code.to_uppercase()))),
        ("the command, in answer to the question", |desk, question, _, code| ana(desk, question, 9, &format!("#confirm {code}"))),
        ("the command, in answer to the ticket", |desk, _, ticket, code| ana(desk, ticket, 9, &format!("#confirm {code}"))),
    ];
    for (what, answer) in ways {
        let mut desk = asked();
        let to_ana = desk.newest(ANA_ADDRESS);
        let outcome = ana(&mut desk, &to_ana, 1, "#spam");
        assert!(matches!(outcome, Outcome::Held { .. }), "{what}: {outcome:?}");
        assert_eq!(desk.ticket(1).status.as_str(), "new", "{what}: nothing before the code");
        let question = desk.newest(ANA_ADDRESS);
        let code = code_in(&question);
        answer(&mut desk, &question, &to_ana, &code);
        let ticket = desk.ticket(1);
        assert_eq!((ticket.status.as_str(), ticket.tags.contains("spam")), ("closed", true), "{what}: {:?}", desk.kinds(1));
        assert_eq!(desk.held().len(), 0, "{what}: nothing waits any more");
    }
}

#[test]
fn a_wrong_code_does_nothing_and_is_asked_for_again() {
    let mut desk = asked();
    let to_ana = desk.newest(ANA_ADDRESS);
    ana(&mut desk, &to_ana, 1, "#spam");
    let question = desk.newest(ANA_ADDRESS);
    let code = code_in(&question);
    for (number, wrong) in [(2, "confirm 123456"), (3, "yes"), (4, "what is this?"), (5, "#confirm 123456")] {
        ana(&mut desk, &question, number, wrong);
        assert_eq!(desk.ticket(1).status.as_str(), "new", "{wrong}");
    }
    assert_eq!(code_in(&desk.newest(ANA_ADDRESS)), code, "asked again, with the same code");
    // Ben has no business with it, even with the code.
    let to_ben = desk.newest(BEN_ADDRESS);
    desk.receive(&vouched(Client::Gmail.answer(&to_ben, BEN, "ben-1@acme.example", &format!("#confirm {code}"))));
    assert_eq!(desk.ticket(1).status.as_str(), "new");
    ana(&mut desk, &question, 6, &code);
    assert_eq!(desk.ticket(1).status.as_str(), "closed", "{:?}", desk.kinds(1));
}

#[test]
fn of_two_answers_at_once_the_second_waits_whoever_was_first() {
    let (ana_says, ben_says) = ("Please try firmware 3.5.0.", "Please send the log.");
    let writers = [(ANA, ANA_ADDRESS, ana_says), (BEN, BEN_ADDRESS, ben_says)];
    for order in [[0, 1], [1, 0]] {
        let mut desk = asked();
        let mails = writers.map(|(_, address, _)| desk.newest(address));
        for who in order {
            let (from, _, words) = writers[who];
            desk.receive(&vouched(Client::OutlookWeb.answer(&mails[who], from, &format!("{who}@acme.example"), words)));
        }
        let ((_, _, first), (second_from, second, _)) = (writers[order[0]], writers[order[1]]);
        assert_eq!(desk.received(DANA_ADDRESS).len(), 2, "the acknowledgement and one answer");
        assert!(text_of(&desk.newest(DANA_ADDRESS)).contains(first));
        let question = desk.newest(second);
        assert!(text_of(&question).contains(first), "the other's words are shown: {}", text_of(&question));
        desk.receive(&vouched(press(&question, "make it a note", second_from, "n@acme.example", "")));
        assert_eq!((desk.received(DANA_ADDRESS).len(), desk.held().len()), (2, 0));
    }
}

#[test]
fn answers_and_links_from_before_a_change_of_key_are_understood() {
    let before = asked();
    let to_ana = before.newest(ANA_ADDRESS);
    // The same desk under another key, once with the old one and once without.
    for (keys, status) in [("old_key = { file = \"signing.key\" }\nrotated_on = \"2999-01-01\"\n", "pending"), ("", "open")] {
        let live = crate::harness::bare::live_of("new.key", keys, "", &format!("{INBOX}{DESK}"));
        let mut desk = Bare::new(&live);
        let question = mails::request(letter(DANA, "Probe drops off Wi-Fi", "dana-1@x.example"), "It happened again.\n");
        desk.receive(&vouched(question));
        ana(&mut desk, &to_ana, 1, "Please try firmware 3.5.0.");
        // Without it only the tag in the subject is left, which makes a note.
        assert_eq!(desk.ticket(1).status.as_str(), status, "{keys}");
        assert_eq!(desk.received(DANA_ADDRESS).len(), if status == "pending" { 2 } else { 1 }, "{keys}");
    }
}

#[test]
fn a_code_and_a_link_from_before_a_change_of_key_are_taken_after_it() {
    type Answer = fn(&mut Bare, &[u8], &str) -> Outcome;
    let ways: [(&str, Answer); 3] = [
        ("the code", |desk, question, code| ana(desk, question, 9, code)),
        ("the command", |desk, question, code| ana(desk, question, 9, &format!("#confirm {code}"))),
        ("the link", |desk, question, _| desk.receive(&vouched(press(question, "yes, do it", ANA, "ana-9@acme.example", "")))),
    ];
    let sections =
        format!("{INBOX}{DESK}[[known_issue]]\nid = \"sync\"\ntitle = \"Sync is slow\"\nwhen = {{ text = \"sync\" }}\n");
    let old = "old_key = { file = \"signing.key\" }\nrotated_on = \"2999-01-01\"\n";
    let verbs = ["#merge T-2", "#split", "#spam", "#redact", "We found it.\n\n#issue sync update"];
    for (verb, (what, answer)) in verbs.into_iter().flat_map(|verb| ways.into_iter().map(move |way| (verb, way))) {
        let mut desk = Bare::new(&live(&sections));
        for (number, text) in [(1, "The sync hangs."), (2, "Another one.")] {
            let id = format!("dana-{number}@x.example");
            desk.receive(&vouched(mails::request(letter(DANA, &format!("Case {number}"), &id), &format!("{text}\n"))));
        }
        let to_ana = desk.received(ANA_ADDRESS)[0].to_vec();
        ana(&mut desk, &to_ana, 1, verb);
        let question = desk.newest(ANA_ADDRESS);
        let code = code_in(&question);
        assert_eq!(desk.held().len(), 1, "{verb}");
        desk.reload(&crate::harness::bare::live_of("new.key", old, "", &sections));
        answer(&mut desk, &question, &code);
        assert_eq!(desk.held().len(), 0, "{verb} by {what}: {:?}", desk.kinds(1));
        let done = ["merged", "split", "marked_spam", "redacted", "broadcast", "issue_updated", "issue_update"];
        assert!(desk.kinds(1).iter().any(|kind| done.contains(&kind.as_str())), "{verb} by {what}: {:?}", desk.kinds(1));
    }
}

#[test]
fn an_answer_that_says_nothing_loses_nothing() {
    let mut desk = asked();
    let (to_ana, to_ben) = (desk.newest(ANA_ADDRESS), desk.newest(BEN_ADDRESS));
    ana(&mut desk, &to_ana, 1, "Please try firmware 3.5.0.");
    desk.receive(&vouched(Client::Gmail.answer(&to_ben, BEN, "ben-1@acme.example", "Please send the log.")));
    let question = desk.newest(BEN_ADDRESS);
    let to_dana = desk.received(DANA_ADDRESS).len();
    for (number, text) in [(2, "What does that mean?"), (3, "")] {
        desk.receive(&vouched(Client::Mutt.answer(&question, BEN, &format!("ben-{number}@acme.example"), text)));
        assert_eq!(desk.received(DANA_ADDRESS).len(), to_dana, "{text:?} sends nothing");
        assert_eq!(desk.held().len(), 1, "{text:?} throws nothing away");
    }
    let again = desk.newest(BEN_ADDRESS);
    desk.receive(&vouched(Client::Mutt.answer(&again, BEN, "ben-4@acme.example", "Yes, send it")));
    assert!(text_of(&desk.newest(DANA_ADDRESS)).contains("Please send the log."));
    assert_eq!(desk.held().len(), 0);
}

#[test]
fn a_message_of_somebody_outside_is_let_in_by_a_yes_and_other_words_are_a_note() {
    let check = |typed: &str, held: usize, kind: &str, is_proven: bool| {
        let mut desk = asked();
        // A stranger uses the address that Dana alone was given.
        let ticket = desk.ticket(1);
        let claim = desk::token::Claim { ticket: ticket.no, rev: ticket.rev, mode: desk::token::Mode::Outside };
        let policy = desk.core.live.policy.clone();
        let to = format!("support+{}@acme.example", policy.keys.reply_detail(claim, DANA_ADDRESS));
        let eve = Basics { from: "Eve <eve@evil.example>", to: &to, subject: "Probe", id: "eve-1@evil.example" };
        desk.receive(&vouched(mails::request(eve, "I am a friend of Dana's.\n")));
        assert_eq!(desk.held().len(), 1);
        let question = desk.newest(ANA_ADDRESS);
        let answer = Client::Gmail.answer(&question, ANA, "ana-1@acme.example", typed);
        desk.receive(&if is_proven { vouched(answer) } else { answer });
        assert!(desk.kinds(1).contains(&kind.to_owned()), "{typed}: {:?}", desk.kinds(1));
        assert_eq!(desk.held().len(), held, "{typed}");
    };
    check("Yes, please", 0, "let_in", true);
    check("no", 0, "held", true);
    check("Who is that?", 1, "noted", true);
    check("#take", 1, "assigned", true);
    check("yes", 2, "held", false);
}

#[test]
fn a_correction_that_is_wrong_too_keeps_the_first_words() {
    let mut desk = asked();
    let to_ana = desk.newest(ANA_ADDRESS);
    ana(&mut desk, &to_ana, 1, "Please try firmware 3.5.0.\n\n#asign ben");
    let question = desk.newest(ANA_ADDRESS);
    ana(&mut desk, &question, 2, "assign bbbn");
    assert_eq!(desk.received(DANA_ADDRESS).len(), 1, "nothing was sent");
    let again = desk.newest(ANA_ADDRESS);
    ana(&mut desk, &again, 3, "assign ben");
    assert_eq!(desk.ticket(1).owner, Some("ben".into()), "{:?}", desk.kinds(1));
    assert!(text_of(&desk.newest(DANA_ADDRESS)).contains("Please try firmware 3.5.0."));
}

#[test]
fn an_agent_is_told_of_a_mistake_once_in_ten_minutes() {
    let mut desk = asked();
    let to_ana = desk.newest(ANA_ADDRESS);
    let before = desk.received(ANA_ADDRESS).len();
    for number in 1..=5 {
        let outcome = ana(&mut desk, &to_ana, number, &format!("Words {number}.\n\n#asign ben"));
        assert!(matches!(outcome, Outcome::Held { .. }), "{outcome:?}");
    }
    assert_eq!((desk.received(ANA_ADDRESS).len(), desk.held().len()), (before + 1, 5));
    desk.pass(SignedDuration::from_mins(11));
    ana(&mut desk, &to_ana, 6, "Words 6.\n\n#asign ben");
    assert_eq!(desk.received(ANA_ADDRESS).len(), before + 2);
}

#[test]
fn mistakes_at_the_desk_are_told_once_in_ten_minutes_and_none_is_lost() {
    let mut desk = asked();
    let write = |desk: &mut Bare, number: u32| {
        let id = format!("ana-d{number}@acme.example");
        let basics = Basics { from: ANA, to: "desk@acme.example", subject: "a call", id: &id };
        desk.receive(&vouched(mails::request(basics, "#new custommer: karl@y.example\n\nKarl rang.\n")))
    };
    let before = desk.received(ANA_ADDRESS).len();
    for number in 1..=4 {
        write(&mut desk, number);
    }
    assert_eq!(desk.received(ANA_ADDRESS).len(), before + 1, "one mail");
    assert_eq!(desk.held().len(), 3, "what was not answered waits");
    assert!(desk.held().iter().all(|item| item.why.contains("custommer")), "{:?}", desk.held());
    desk.pass(SignedDuration::from_mins(11));
    write(&mut desk, 5);
    assert_eq!(desk.received(ANA_ADDRESS).len(), before + 2);
    // A ticket has its own ten minutes.
    let to_ana = desk.received(ANA_ADDRESS)[0].to_vec();
    ana(&mut desk, &to_ana, 6, "#asign ben");
    assert_eq!(desk.received(ANA_ADDRESS).len(), before + 3);
}

#[test]
fn what_is_decided_together_leaves_in_its_order() {
    let closing = "[follow_up]\nclosed = { send = \"closed\" }\n";
    for number in 1..=12 {
        let mut desk = asked_with(&format!("{DESK}{closing}"));
        let to_ana = desk.newest(ANA_ADDRESS);
        ana(&mut desk, &to_ana, number, &format!("Press button {number}.\n\n#close"));
        let texts: Vec<String> = desk.received(DANA_ADDRESS)[1..].iter().map(|bytes| text_of(bytes)).collect();
        let [answer, closing] = texts.as_slice() else { panic!("{texts:?}") };
        assert!(answer.starts_with("Press button") && closing.contains("is solved"), "{number}: {texts:?}");
    }
}

#[test]
fn the_words_beside_a_mistake_are_kept_as_a_note() {
    let mut desk = asked();
    let to_ana = desk.newest(ANA_ADDRESS);
    ana(&mut desk, &to_ana, 1, "It is the aerial.\n\n#asign ben\n#close");
    let question = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(press(&question, "keep as note", ANA, "ana-keep@acme.example", "")));
    assert_eq!(desk.kinds(1).iter().filter(|kind| *kind == "noted").count(), 1, "{:?}", desk.kinds(1));
    assert_eq!((desk.ticket(1).owner, desk.ticket(1).drafts.len()), (None, 0));
    assert!(desk.received(DANA_ADDRESS).len() == 1 && desk.ticket(1).status.as_str() != "solved");
}

/// The link that makes the address theirs is pressed.
fn pressed(desk: &mut Bare, question: &[u8], from: &str) -> Outcome {
    desk.receive(&vouched(press(question, "it is me, also from there in future", from, "pressed@acme.example", "")))
}

#[test]
fn an_address_is_remembered_by_its_agents_word_and_by_no_other() {
    const HOME: &str = "Ana Ruiz <ana@home.example>";
    let check = |answer: fn(&mut Bare, &[u8]) -> Outcome, is_remembered: bool, what: &str| {
        let mut desk = asked();
        let to_ana = desk.newest(ANA_ADDRESS);
        desk.receive(&vouched(Client::Iphone.answer(&to_ana, HOME, "home-1@home.example", "Try 3.5.0.")));
        assert_eq!(desk.held().len(), 1, "{what}");
        let question = desk.newest(ANA_ADDRESS);
        answer(&mut desk, &question);
        let sent = desk.received(DANA_ADDRESS).len();
        desk.receive(&vouched(Client::Iphone.answer(&to_ana, HOME, "home-2@home.example", "#note\nTry 3.6.0.")));
        let is_known = desk.kinds(1).contains(&"noted".to_owned());
        assert_eq!(is_known, is_remembered, "{what}: {:?}", desk.kinds(1));
        assert_eq!(desk.received(DANA_ADDRESS).len(), sent, "{what}");
    };
    check(|desk, question| ana(desk, question, 9, "remember"), true, "by a word");
    check(|desk, question| ana(desk, question, 9, "yes"), false, "a yes is about one mail");
    check(|desk, question| ana(desk, question, 9, "no"), false, "a no");
    check(|desk, question| pressed(desk, question, ANA), true, "by the link");
    check(|desk, question| pressed(desk, question, HOME), false, "by the link, from the address itself");
    check(|desk, question| pressed(desk, question, BEN), false, "by the link, as a colleague");
}

#[test]
fn a_remembered_address_is_nobodys_once_its_agent_has_left() {
    const CARL: &str = "Carl Roth <carl@acme.example>";
    const HOME: &str = "Carl Roth <carl@home.example>";
    let carl = "[agent.carl]\nname = \"Carl Roth\"\nemail = \"carl@acme.example\"\n";
    let mut desk = asked_with(&format!("{DESK}{carl}"));
    let to_carl = desk.newest("carl@acme.example");
    desk.receive(&vouched(Client::Proton.answer(&to_carl, HOME, "home-1@home.example", "#take")));
    let question = desk.newest("carl@acme.example");
    desk.receive(&vouched(press(&question, "it is me, also from there in future", CARL, "carl-1@acme.example", "")));
    assert_eq!(desk.ticket(1).owner, Some("carl".into()), "{:?}", desk.kinds(1));
    desk.receive(&vouched(Client::Proton.answer(&to_carl, HOME, "home-2@home.example", "#priority high")));
    assert_eq!(desk.ticket(1).priority.as_str(), "high");
    desk.reload(&live(&format!("{INBOX}{DESK}")));
    for (number, text) in [(3, "#close"), (4, "I still own it."), (5, "#priority low")] {
        let before = desk.kinds(1);
        desk.receive(&vouched(Client::Proton.answer(&to_carl, HOME, &format!("home-{number}@home.example"), text)));
        let done = desk.kinds(1).into_iter().skip(before.len()).find(|kind| !matches!(kind.as_str(), "held" | "claimed"));
        assert_eq!((done, desk.ticket(1).status.as_str()), (None, "open"), "{text}");
    }
    assert_eq!(desk.received(DANA_ADDRESS).len(), 1);
}

#[test]
fn verbs_that_this_desk_has_nothing_for_are_answered() {
    for (verb, words) in [("#kb a", "no articles"), ("#send greeting", "no saved answer"), ("#issue cloud", "no known issue")] {
        let mut desk = asked();
        let to_ana = desk.newest(ANA_ADDRESS);
        let outcome = ana(&mut desk, &to_ana, 1, verb);
        assert!(matches!(outcome, Outcome::Held { .. }), "{verb}: {outcome:?}");
        let told = text_of(&desk.newest(ANA_ADDRESS));
        assert!(told.contains(words), "{verb}: {told}");
    }
}

#[test]
fn after_five_bad_tokens_an_address_is_held_for_an_hour() {
    let mut desk = asked();
    let to_ana = desk.newest(ANA_ADDRESS);
    let good = mail::parse(&to_ana).message.reply_to[0].address.to_string();
    let guess = |number: usize| -> Mail {
        let to = format!("desk+t1-1r-{:016}@acme.example", number);
        let id = format!("eve-{number}@evil.example");
        let basics = Basics { from: "Eve <eve@evil.example>", to: &to, subject: "Probe", id: &id };
        vouched(mails::request(basics, &format!("#close number {number}\n")))
    };
    for number in 1..=5 {
        let outcome = desk.receive(&guess(number));
        assert!(!matches!(outcome, Outcome::Held { .. }), "a guess is a mail like any other: {outcome:?}");
    }
    let tickets = desk.tickets();
    assert!(matches!(desk.receive(&guess(6)), Outcome::Held { .. }));
    let right = guess(7).set("To", &good);
    assert!(matches!(desk.receive(&right), Outcome::Held { .. }), "a right one after wrong ones is a guess too");
    assert_eq!((desk.tickets(), desk.ticket(1).status.as_str()), (tickets, "new"));
    let sent = desk.sent.len();
    desk.pass(SignedDuration::from_hours(3));
    assert_eq!(desk.sent.len(), sent);
    assert!(!matches!(desk.receive(&guess(8)), Outcome::Held { .. }), "the hours are over");
}

#[test]
fn where_no_address_carries_a_token_our_ids_do() {
    let subject = "[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\ncarrier = \"subject\"\n";
    let mut desk = asked_with(subject);
    let to_ana = desk.newest(ANA_ADDRESS);
    let parsed = mail::parse(&to_ana).message;
    assert_eq!(parsed.reply_to[0].address.as_str(), "desk@acme.example", "no plus address");
    // A ticket mail, with every program.
    for (number, client) in Client::ALL.into_iter().enumerate() {
        let id = format!("ana-s{number}@acme.example");
        let outcome = desk.receive(&vouched(client.answer(&to_ana, ANA, &id, &format!("Please try 3.5.{number}."))));
        assert_eq!(outcome, Outcome::Attached, "{client:?}");
        let sent = text_of(&desk.newest(DANA_ADDRESS));
        assert!(sent.contains(&format!("Please try 3.5.{number}.")), "{client:?}: {sent}");
    }
    // A held mail, by an answer in words.
    ana(&mut desk, &to_ana, 30, "Hello.\n\n#spam");
    let question = desk.newest(ANA_ADDRESS);
    let code = code_in(&question);
    ana(&mut desk, &question, 31, "what?");
    let again = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(Client::Mutt.answer(&again, BEN, "ben-9@acme.example", &code)));
    assert_ne!(desk.ticket(1).status.as_str(), "closed", "a colleague cannot say it");
    assert!(text_of(&desk.newest(BEN_ADDRESS)).contains("This was asked of Ana Ruiz, so nothing was done."));
    assert!(text_of(&desk.newest(ANA_ADDRESS)).contains("answered what was asked of you about T-1."));
    ana(&mut desk, &again, 32, &code);
    assert_eq!(desk.ticket(1).status.as_str(), "closed", "{:?}", desk.kinds(1));
}

#[test]
fn an_old_link_about_a_held_mail_is_answered_once_and_then_no_more() {
    let mut desk = asked();
    let to_ana = desk.newest(ANA_ADDRESS);
    ana(&mut desk, &to_ana, 1, "Take 3.5.0.\n\n#asign ben");
    let question = desk.newest(ANA_ADDRESS);
    let press_again = |desk: &mut Bare, number: u32| {
        let mail = press(&question, "throw away", ANA, &format!("ana-press-{number}@acme.example"), "");
        assert_eq!(desk.receive(&vouched(mail)), Outcome::Attached);
        desk.received(ANA_ADDRESS).len()
    };
    let thrown = press_again(&mut desk, 1);
    assert_eq!(desk.ticket(1).drafts.len(), 0);
    let told = press_again(&mut desk, 2);
    assert_eq!(told, thrown + 1, "the second press is answered");
    assert!(text_of(&desk.newest(ANA_ADDRESS)).contains("already"), "{}", text_of(&desk.newest(ANA_ADDRESS)));
    assert_eq!(press_again(&mut desk, 3), told, "the third is silent");
    assert_eq!(press_again(&mut desk, 4), told, "and so is every other");
    assert_eq!((desk.received(DANA_ADDRESS).len(), desk.held().len()), (1, 0), "{:?}", desk.kinds(1));
}

/// Ana answers the mail by a program that leaves the quote whole, and a gateway writes a line below it.
fn through_gateway(desk: &mut Bare, to_mail: &[u8], number: u32, text: &str, footer: &str) -> Outcome {
    let mail = Client::OutlookWeb.answer(to_mail, ANA, &format!("ana-{number}@acme.example"), text);
    let written = format!("{}\n\n{footer}\n", mail::parse(&mail.bytes()).message.text.trim_end());
    let to = mails::header_of(&mail.bytes(), "To").unwrap_or_default();
    let basics = Basics { from: ANA, to: &to, subject: "Re: Probe drops", id: &format!("ana-g{number}@acme.example") };
    let id = mails::id_of(to_mail).expect("an id");
    desk.receive(&vouched(mails::request(basics, &written).header("In-Reply-To", &format!("<{id}>"))))
}

#[test]
fn a_footer_that_a_gateway_adds_is_learned_from_the_answer_to_one_question() {
    const FOOTER: &str = "We are open from nine to five on every working day.";
    let mut desk = asked();
    let to_ana = desk.newest(ANA_ADDRESS);
    let outcome = through_gateway(&mut desk, &to_ana, 1, "Take 3.5.0.", FOOTER);
    assert!(matches!(outcome, Outcome::Held { .. }), "nobody knows yet whose words they are: {outcome:?}");
    let question = desk.newest(ANA_ADDRESS);
    assert!(text_of(&question).contains(FOOTER), "{}", text_of(&question));
    desk.receive(&vouched(press(&question, "send only what stands at the top", ANA, "ana-press@acme.example", "")));
    let sent = desk.received(DANA_ADDRESS).len();
    assert!(!text_of(&desk.newest(DANA_ADDRESS)).contains(FOOTER));
    // The same line is known now, a remark is not.
    desk.receive(&vouched(mails::request(
        letter(DANA, "Re: [T-1] Probe drops off Wi-Fi", "dana-2@x.example"),
        "Still broken.\n",
    )));
    let to_ana = desk.newest(ANA_ADDRESS);
    assert_eq!(through_gateway(&mut desk, &to_ana, 2, "Then take 3.6.0.", FOOTER), Outcome::Attached);
    assert_eq!(desk.received(DANA_ADDRESS).len(), sent + 1, "{:?}", desk.kinds(1));
    assert!(!text_of(&desk.newest(DANA_ADDRESS)).contains(FOOTER));
    let outcome = through_gateway(&mut desk, &to_ana, 3, "Or 3.7.0.", "Please tell him that it takes an hour.");
    assert!(matches!(outcome, Outcome::Held { .. }), "{outcome:?}");
}

/// Every other ticket is newer, and there are more of them than a search looks through.
#[test]
fn an_old_ticket_is_shown_and_listed_however_many_have_come_since() {
    const NEWER: u32 = 2_001;
    let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}[limits]\nnotices_per_agent_hour = 1\n")));
    desk.receive(&vouched(mails::request(letter(DANA, "The old meter", "dana-1@x.example"), "It is dark.\n")));
    assert!(desk.command(desk::TicketNo(1), desk::event::Actor::Agent("ana".into()), desk::Command::Take));
    for number in 0..NEWER {
        let mail = letter("Eve <eve@y.example>", "A newer meter", "");
        let id = format!("eve-{number}@y.example");
        desk.receive(&vouched(mails::request(Basics { id: &id, ..mail }, "So is mine.\n")));
    }
    desk.pass(SignedDuration::from_hours(2));
    let mut ask = |subject: &str, number: u32| {
        let id = format!("ana-{number}@acme.example");
        let basics = Basics { from: ANA, to: "desk@acme.example", subject, id: &id };
        desk.receive(&vouched(mails::request(basics, "\n")));
        text_of(&desk.newest(ANA_ADDRESS))
    };
    let (shown, mine, found) = (ask("show T-1", 1), ask("list mine", 2), ask("find meter", 3));
    assert!(shown.contains("It is dark."), "{shown}");
    assert!(mine.contains("T-1 ") && mine.contains("The old meter"), "{mine}");
    assert!(found.contains("and 1960 more") && found.contains("newest 2000 tickets"), "{found}");
}
