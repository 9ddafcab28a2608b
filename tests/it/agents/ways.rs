//! What reaches an agent, and which way an answer finds back: carriers, what is known of a contact, who gets a ticket, and what
//! vendors are told.

use std::collections::BTreeSet;

use desk::Outcome;
use jiff::SignedDuration;

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, links, press, text_of};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, Basics};
use crate::harness::office::{INBOX, SUPPORT, letter, vouched};

const NORTHGATE: &str = "Northgate <servicedesk@northgate.example>";
const NORTHGATE_ADDRESS: &str = "servicedesk@northgate.example";
const VENDOR: &str =
    "[vendor.northgate]\nname = \"Northgate IT\"\nemail = \"servicedesk@northgate.example\"\nsees = [\"site\"]\n";

#[track_caller]
fn asked_with(sections: &str) -> Bare {
    let mut desk = Bare::new(&live(sections));
    let question = mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops at night.\n");
    assert_eq!(desk.receive(&vouched(question)), Outcome::NewTicket);
    desk
}

/// What somebody got, as text.
fn texts(desk: &Bare, who: &str) -> Vec<String> {
    desk.received(who).into_iter().map(text_of).collect()
}

#[test]
fn a_token_before_the_domain_carries_answers_of_every_program_and_answers_to_questions() {
    let carrier = "[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\ncarrier = \"subdomain\"\n";
    let mut desk = asked_with(&format!("{INBOX}{carrier}"));
    let to_ana = desk.newest(ANA_ADDRESS);
    let reply_to = mail::parse(&to_ana).message.reply_to[0].address.to_string();
    assert!(reply_to.starts_with("t1-") && reply_to.ends_with("@desk.acme.example"), "{reply_to}");
    for (number, client) in Client::ALL.into_iter().enumerate() {
        let words = format!("Please try 3.5.{number}.");
        desk.receive(&vouched(client.answer(&to_ana, ANA, &format!("ana-{number}@acme.example"), &words)));
        assert!(text_of(&desk.newest(DANA_ADDRESS)).contains(&words), "{client:?}: {:?}", desk.kinds(1));
    }
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-s@acme.example", "#spam")));
    let question = desk.newest(ANA_ADDRESS);
    let text = text_of(&question);
    let code: String = text.split("#confirm ").nth(1).expect("a code").chars().take_while(char::is_ascii_alphanumeric).collect();
    // Whoever strips the references still has the address.
    let bare = Client::Mutt.answer(&question, ANA, "ana-c@acme.example", &code).without("References").without("In-Reply-To");
    desk.receive(&vouched(bare));
    assert_eq!(desk.ticket(1).status.as_str(), "closed", "{:?}", desk.kinds(1));
}

#[test]
fn the_last_line_of_a_quoted_mail_says_where_an_answer_belongs_and_no_more() {
    let mut desk = asked_with(&format!("{INBOX}{DESK}"));
    let to_ana = desk.newest(ANA_ADDRESS);
    // A program that keeps neither address, nor subject, nor references.
    for (number, to) in ["desk@acme.example", SUPPORT].into_iter().enumerate() {
        let answer = Client::Thunderbird.answer(&to_ana, ANA, &format!("ana-{number}@acme.example"), "Please try 3.5.0.");
        let lost =
            answer.set("To", to).set("Delivered-To", to).set("Subject", "Probe").without("References").without("In-Reply-To");
        assert_eq!(desk.receive(&vouched(lost)), Outcome::Attached, "{to}");
        assert_eq!(desk.kinds(1).iter().filter(|kind| *kind == "noted").count(), number + 1, "{:?}", desk.kinds(1));
        assert_eq!((desk.received(DANA_ADDRESS).len(), desk.tickets()), (1, 1), "it never authorises");
    }
    let offer = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(press(&offer, "send it to Dana", ANA, "ana-p@acme.example", "")));
    assert!(text_of(&desk.newest(DANA_ADDRESS)).contains("Please try 3.5.0."));
    // A customer who writes such a line is a customer.
    let mut desk = asked_with(&format!("{INBOX}{DESK}"));
    let before = desk.kinds(1);
    let eve = letter("Eve <eve@evil.example>", "Hello", "eve-1@evil.example");
    assert_eq!(desk.receive(&vouched(mails::request(eve, "Close it.\n\nwhy: owner · ref T-1.1\n"))), Outcome::NewTicket);
    assert_eq!(desk.kinds(1), before);
}

#[test]
fn a_mail_tells_what_is_known_of_its_contact() {
    let follow_up = "[follow_up]\nclosed = { send = \"closed\", rating = \"1 per 30d\" }\n";
    let mut desk = asked_with(&format!("{INBOX}{DESK}{follow_up}"));
    let first = text_of(&desk.newest(ANA_ADDRESS));
    assert!(first.contains("first ticket") && first.contains("11:00 there"), "she writes at +01:00: {first}");
    let to_ana = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", "It is mended.\n\n#close")));
    let asks = mails::id_of(&desk.newest(DANA_ADDRESS)).expect("an id");
    let says = mails::reply(letter(DANA, "Re: Probe drops", "dana-2@x.example"), &asks, &[], "Solved!\n");
    desk.receive(&vouched(says));
    assert_eq!(desk.ticket(1).rating.map(|rating| format!("{rating:?}")).as_deref(), Some("Good"), "{:?}", desk.kinds(1));
    desk.pass(SignedDuration::from_hours(24 * 400));
    desk.receive(&vouched(mails::request(letter(DANA, "Another matter", "dana-3@x.example"), "It drops again.\n")));
    let told = text_of(&desk.newest(BEN_ADDRESS)).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("2 tickets in 13 months") && told.contains("rated good 1, bad 0"), "{told}");
}

#[test]
fn work_is_shared_as_the_team_says_and_nobody_who_is_away_or_off_duty_gets_it() {
    let shared = |assign: &str, more: &str| {
        let inbox = INBOX.replace("address =", "team = \"support\", address =");
        let team = format!("[team]\nsupport = {{ members = [\"ana\", \"ben\"], assign = \"{assign}\", max_open = 3 }}\n");
        Bare::new(&live(&format!("{inbox}{DESK}{team}{more}")))
    };
    let ask = |desk: &mut Bare, number: u64| -> Option<String> {
        let from = format!("Dana <dana@c{number}.example>");
        desk.receive(&vouched(mails::request(letter(&from, "A matter", &format!("d{number}@c{number}.example")), "It drops.\n")));
        desk.ticket(number).owner.map(|owner| owner.to_string())
    };
    let owners = |desk: &mut Bare, count: u64| -> Vec<Option<String>> { (1..=count).map(|number| ask(desk, number)).collect() };
    let (ana, ben) = (Some("ana".to_owned()), Some("ben".to_owned()));
    // One after the other, at most three each; then it is for whoever takes it.
    for assign in ["round-robin", "least-loaded"] {
        let mut desk = shared(assign, "");
        let given = owners(&mut desk, 7);
        let of = |who: &Option<String>| given.iter().filter(|owner| *owner == who).count();
        assert_eq!((of(&ana), of(&ben), of(&None)), (3, 3, 1), "{assign}: {given:?}");
        assert_eq!(desk.received(ANA_ADDRESS).len(), 4, "{assign}: hers alone, and the one that nobody has");
    }
    // Whoever has less to do gets more.
    let mut desk = shared("least-loaded", "");
    owners(&mut desk, 2);
    let hers = desk.received(ANA_ADDRESS)[0].to_vec();
    desk.receive(&vouched(Client::Gmail.answer(&hers, ANA, "ana-1@acme.example", "#close")));
    let next = (ask(&mut desk, 3), ask(&mut desk, 4));
    assert_eq!(next.0, ana, "she has none left: {next:?}");
    // Everybody is told, and the first to answer or to take it owns it.
    let mut desk = shared("pull", "");
    assert_eq!(owners(&mut desk, 2), [None, None]);
    assert_eq!((desk.received(ANA_ADDRESS).len(), desk.received(BEN_ADDRESS).len()), (2, 2));
    let (one, two) = (desk.received(ANA_ADDRESS)[0].to_vec(), desk.received(BEN_ADDRESS)[1].to_vec());
    desk.receive(&vouched(Client::Gmail.answer(&one, ANA, "ana-1@acme.example", "Please try 3.5.0.")));
    desk.receive(&vouched(Client::Gmail.answer(&two, BEN, "ben-1@acme.example", "#take")));
    assert_eq!((desk.ticket(1).owner, desk.ticket(2).owner), (Some("ana".into()), Some("ben".into())));
    // Away by their own word.
    let mut desk = shared("round-robin", "");
    let away = Basics { from: ANA, to: "desk@acme.example", subject: "away until 2026-12-01", id: "ana-1@acme.example" };
    desk.receive(&vouched(mails::request(away, "\n")));
    assert_eq!(owners(&mut desk, 2), [ben.clone(), ben.clone()]);
    // What was hers before goes on without her when its requester writes again.
    let mut waits = shared("pull", "");
    ask(&mut waits, 1);
    let hers = waits.newest(ANA_ADDRESS);
    waits.receive(&vouched(Client::Gmail.answer(&hers, ANA, "ana-1@acme.example", "Please try 3.5.0.")));
    waits.receive(&vouched(mails::request(away, "\n")));
    let answered = mails::id_of(&waits.newest("dana@c1.example")).expect("an id");
    let (hers, his) = (waits.received(ANA_ADDRESS).len(), waits.received(BEN_ADDRESS).len());
    let again = letter("Dana <dana@c1.example>", "Re: A matter", "again@c1.example");
    waits.receive(&vouched(mails::reply(again, &answered, &[], "It still drops.\n")));
    assert_eq!(waits.ticket(1).owner, None, "{:?}", waits.kinds(1));
    assert_eq!((waits.received(ANA_ADDRESS).len(), waits.received(BEN_ADDRESS).len()), (hers + 1, his + 1), "all are told");
    let back = Basics { subject: "away off", id: "ana-2@acme.example", ..away };
    desk.receive(&vouched(mails::request(back, "\n")));
    assert_eq!(ask(&mut desk, 3), ana);
    // Off duty: it is Monday, and Carl works at the weekend.
    let weekend = "[agent.carl]\nname = \"Carl Roth\"\nemail = \"carl@acme.example\"\ncalendar = \"weekend\"\n\
                   [calendar.weekend]\nhours = { sat-sun = \"09:00-17:00\" }\n";
    let mut desk = shared("round-robin", weekend);
    let sections = format!(
        "{}{DESK}{weekend}[team]\nsupport = {{ members = [\"ana\", \"carl\"], assign = \"round-robin\" }}\n",
        INBOX.replace("address =", "team = \"support\", address =")
    );
    desk.reload(&live(&sections));
    let given: BTreeSet<Option<String>> = owners(&mut desk, 3).into_iter().collect();
    assert_eq!(given, BTreeSet::from([ana]));
}

#[test]
fn a_rule_asks_a_vendor_with_the_text_and_what_they_may_see_unless_a_step_will() {
    let rule = "[[rule]]\nname = \"IT\"\nwhen = { subject = \"probe\" }\nthen = { type = \"fault\", vendor = \"northgate\", \
                set = { site = \"Leeds\", cost = \"100\" } }\n";
    let fields = "fields = [{ id = \"site\", ask = \"Where\" }, { id = \"cost\", ask = \"Cost\", agents_only = true }]\n";
    let desk = asked_with(&format!("{INBOX}{DESK}{VENDOR}{rule}[type.fault]\n{fields}"));
    let told = texts(&desk, NORTHGATE_ADDRESS);
    assert_eq!(told.len(), 1, "{:?}", desk.kinds(1));
    assert!(told[0].contains("It drops at night.") && told[0].contains("Leeds") && !told[0].contains("100"), "{told:?}");
    let raw = String::from_utf8_lossy(&desk.newest(NORTHGATE_ADDRESS)).into_owned();
    assert!(!raw.contains(DANA_ADDRESS), "{raw}");
    // A process whose step waits on them asks when it comes to that step.
    let steps =
        "steps = [{ id = \"look\", do = [\"Look at it\"] }, { id = \"mend\", do = [\"Mend it\"], waits_on = \"northgate\" }]\n";
    let mut desk = asked_with(&format!("{INBOX}{DESK}{VENDOR}{rule}[type.fault]\n{fields}{steps}"));
    assert_eq!(desk.received(NORTHGATE_ADDRESS).len(), 0);
    let to_ana = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", "#done")));
    let told = texts(&desk, NORTHGATE_ADDRESS);
    assert!(told.len() == 1 && told[0].contains("Mend it") && !told[0].contains("at night"), "{told:?}");
}

#[test]
fn a_vendors_words_are_passed_on_with_their_files() {
    let fields = "[type.request]\nfields = [{ id = \"site\", ask = \"Where\" }]\n";
    let mut desk = asked_with(&format!("{INBOX}{DESK}{VENDOR}{fields}"));
    let to_ana = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", "#take\n#vendor northgate Is it down?")));
    let asked = desk.newest(NORTHGATE_ADDRESS);
    let to = mail::parse(&asked).message.reply_to[0].address.to_string();
    let basics = Basics { from: NORTHGATE, to: &to, subject: "Re: [T-1] Probe drops", id: "ng-1@northgate.example" };
    let file =
        mails::part("text/csv; name=\"outage.csv\"\r\nContent-Disposition: attachment; filename=\"outage.csv\"", "from,to\n");
    let body = mails::part("text/plain; charset=utf-8", "It was down, see the list.\n");
    desk.receive(&vouched(mails::request(basics, "").parts("mixed", &[body, file])));
    let told = desk.newest(ANA_ADDRESS);
    assert!(links(&told).iter().any(|(words, _)| words == "pass on to Dana"), "{}", text_of(&told));
    assert_eq!(mail::parse(&told).message.attachments.len(), 1, "she sees the file");
    desk.receive(&vouched(press(&told, "pass on to Dana", ANA, "ana-2@acme.example", "")));
    let passed = mail::parse(&desk.newest(DANA_ADDRESS)).message;
    assert!(passed.text.contains("It was down, see the list."), "{}", passed.text);
    assert_eq!(passed.attachments.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["outage.csv"]);
    assert!(!passed.text.contains("northgate"), "{}", passed.text);
}

#[test]
fn whatever_a_customer_would_see_waits_and_can_be_undone_while_it_does() {
    let desk_section = "[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"60s\"\n";
    let more = "[type.request]\nfields = [{ id = \"site\", ask = \"Where is it\" }]\n[follow_up]\nclosed = { send = \"closed\" }\n\
                [[known_issue]]\nid = \"sync\"\ntitle = \"Sync is slow\"\nwhen = { text = \"sync\" }\n";
    for verb in ["Please try 3.5.0.", "#reply Please try 3.5.0.", "#ask site", "#close", "#issue sync"] {
        for is_undone in [true, false] {
            let mut desk = asked_with(&format!("{INBOX}{desk_section}{more}"));
            let to_ana = desk.newest(ANA_ADDRESS);
            desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", verb)));
            if verb.starts_with("#issue") {
                desk.receive(&vouched(press(&desk.newest(ANA_ADDRESS), "yes, do it", ANA, "ana-2@acme.example", "")));
            }
            assert_eq!(desk.received(DANA_ADDRESS).len(), 1, "{verb}: it waits: {:?}", desk.kinds(1));
            if is_undone {
                desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-3@acme.example", "#undo")));
            }
            desk.pass(SignedDuration::from_mins(2));
            let expected = if is_undone { 1 } else { 2 };
            assert_eq!(desk.received(DANA_ADDRESS).len(), expected, "{verb}, undone {is_undone}: {:?}", desk.kinds(1));
            if is_undone {
                assert_eq!(desk.ticket(1).status.as_str(), "new", "{verb}: {:?}", desk.kinds(1));
            }
        }
    }
}

#[test]
fn words_are_found_wherever_they_stand_on_a_ticket() {
    let fields = "[type.request]\nfields = [{ id = \"site\", ask = \"Where\" }]\n";
    let mut desk = asked_with(&format!("{INBOX}{DESK}{fields}"));
    let to_ana = desk.newest(ANA_ADDRESS);
    let typed = "#set site=Leeds\n#tag +wifi\n#cc bob@elsewhere.example\n#note They restart it twice.";
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", typed)));
    let mut find = |number: usize, words: &str| {
        let (id, subject) = (format!("find-{number}@acme.example"), format!("find {words}"));
        let basics = Basics { from: ANA, to: "desk@acme.example", subject: &subject, id: &id };
        desk.receive(&vouched(mails::request(basics, "\n")));
        text_of(&desk.newest(ANA_ADDRESS)).contains("T-1  Probe")
    };
    let found = ["probe", "dana okafor", "night", "leeds", "wifi", "elsewhere", "restart twice", "probe leeds"];
    for (number, words) in found.into_iter().enumerate() {
        assert!(find(number, words), "{words}");
    }
    for (number, words) in ["telescope", "probe bergen"].into_iter().enumerate() {
        assert!(!find(100 + number, words), "{words}");
    }
}

#[test]
fn a_vendor_is_asked_in_the_words_of_the_agent_and_in_no_others() {
    let ask = |typed: &dyn Fn(&[u8]) -> mails::Mail| {
        let vendor = VENDOR.replace("sees = [\"site\"]\n", "");
        let mut desk = asked_with(&format!("{INBOX}{DESK}{vendor}"));
        let to_ana = desk.newest(ANA_ADDRESS);
        desk.receive(&vouched(typed(&to_ana)));
        desk
    };
    let words = "Please check the gateway in Leeds.";
    let pressed = ask(&|to_ana| press(to_ana, "ask Northgate IT", ANA, "ana-1@acme.example", words));
    let typed =
        ask(&|to_ana| Client::OutlookWeb.answer(to_ana, ANA, "ana-1@acme.example", &format!("#vendor northgate\n\n{words}")));
    for desk in [pressed, typed] {
        let text = text_of(&desk.newest(NORTHGATE_ADDRESS));
        assert!(text.starts_with(words) && !text.contains("It drops at night"), "{text}");
        assert_eq!(desk.received(DANA_ADDRESS).len(), 1, "nothing for her: {:?}", desk.kinds(1));
        assert!(!desk.kinds(1).contains(&"noted".to_owned()), "{:?}", desk.kinds(1));
    }
    // Without words there is no question, and the customer's are not ours to give away.
    let mut desk = ask(&|to_ana| press(to_ana, "ask Northgate IT", ANA, "ana-1@acme.example", ""));
    assert_eq!((desk.received(NORTHGATE_ADDRESS).len(), desk.held().len()), (0, 1), "{:?}", desk.kinds(1));
    let question = desk.newest(ANA_ADDRESS);
    let line = format!("#vendor northgate {words}");
    desk.receive(&vouched(Client::Gmail.answer(&question, ANA, "ana-2@acme.example", &line)));
    let text = text_of(&desk.newest(NORTHGATE_ADDRESS));
    assert!(text.starts_with(words) && desk.held().is_empty(), "{text}");
    // Where a line says whose the words are, the question stands on the other.
    let note = ask(&|to_ana| {
        let typed = format!("#note\n#vendor northgate {words}\n\nHe was rude on the phone.");
        Client::Gmail.answer(to_ana, ANA, "ana-1@acme.example", &typed)
    });
    let text = text_of(&note.newest(NORTHGATE_ADDRESS));
    assert!(text.starts_with(words) && !text.contains("rude"), "{text}");
}
