//! What a new agent gets: the practice ticket, on which everything is safe; and every morning a list.

use std::time::Duration;

use desk::{AgentName, Outcome};
use jiff::SignedDuration;

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN_ADDRESS, DANA, DANA_ADDRESS, DESK, links, press, text_of};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, header_of};
use crate::harness::office::{INBOX, Office, all_live, letter, vouched};
use crate::harness::wait::wait_some;

fn invited() -> Bare {
    let mut desk = Bare::new(&live(&format!("{INBOX}{DESK}")));
    let now = desk.now;
    assert!(desk.core.invite(now, &AgentName::from("ana"), "invitation 1").expect("memory refuses nothing"));
    assert!(desk.core.invite(now, &AgentName::from("ana"), "invitation 1").expect("memory refuses nothing"), "a repeat");
    assert!(!desk.core.invite(now, &AgentName::from("nobody"), "invitation 2").expect("memory refuses nothing"));
    desk.pass(SignedDuration::from_secs(1));
    assert_eq!(desk.received(ANA_ADDRESS).len(), 1, "once");
    desk
}

/// Nothing of practice is kept, and nobody else hears of it.
#[track_caller]
fn nothing_is_kept(desk: &Bare, what: &str) {
    assert_eq!(desk.tickets(), 0, "{what}");
    assert_eq!(desk.held().len(), 0, "{what}");
    assert!(desk.sent.iter().all(|sent| sent.to == ANA_ADDRESS), "{what}: somebody else was written to");
}

#[test]
fn practice_reads_every_command_and_keeps_nothing() {
    let check = |typed: &str, told: &str| {
        let mut desk = invited();
        let practice = desk.newest(ANA_ADDRESS);
        assert_eq!(header_of(&practice, "X-Frontdesk-Ticket").as_deref(), Some("T-0"));
        desk.receive(&vouched(Client::OutlookWeb.answer(&practice, ANA, "ana-1@acme.example", typed)));
        nothing_is_kept(&desk, typed);
        let answer = text_of(&desk.newest(ANA_ADDRESS));
        assert!(desk.received(ANA_ADDRESS).len() > 1 && answer.contains(told), "{typed}: {answer}");
    };
    check("Please try firmware 3.5.0.", "answered");
    check("#note\nThey restart it twice.", "noted");
    check("#take\n#priority high\n#tag +wifi", "priority");
    check("Thanks.\n\n#close", "solved");
    check("#snooze 1d", "snoozed");
    check("#show", "my probe drops off Wi-Fi");
    check("#help", "assign");
    check("Hello.\n\n#asign ben", "assign");
    check("#spam", "code");
}

#[test]
fn practice_goes_on_by_links_and_answers() {
    let mut desk = invited();
    let practice = desk.newest(ANA_ADDRESS);
    for (number, (label, _)) in links(&practice).into_iter().enumerate() {
        let before = desk.received(ANA_ADDRESS).len();
        let id = format!("ana-p{number}@acme.example");
        desk.receive(&vouched(press(&practice, &label, ANA, &id, "")));
        nothing_is_kept(&desk, &label);
        assert!(desk.received(ANA_ADDRESS).len() > before, "{label}: nothing was answered");
    }
    desk.receive(&vouched(Client::Gmail.answer(&practice, ANA, "ana-1@acme.example", "Hello.\n\n#asign ben")));
    let mistake = desk.newest(ANA_ADDRESS);
    let (label, _) = links(&mistake).into_iter().find(|(label, _)| label.starts_with("use")).expect("a correction");
    desk.receive(&vouched(press(&mistake, &label, ANA, "ana-2@acme.example", "")));
    nothing_is_kept(&desk, &label);
    let told = text_of(&desk.newest(ANA_ADDRESS));
    assert!(told.contains("assigned") && told.contains("answered"), "{told}");
    // Nobody vouches for it: asked, released, and still only practice.
    desk.receive(&Client::Gmail.answer(&practice, ANA, "ana-3@acme.example", "#close"));
    let question = desk.newest(ANA_ADDRESS);
    desk.receive(&press(&question, "it is me: release it", ANA, "ana-4@acme.example", ""));
    nothing_is_kept(&desk, "released");
    assert!(text_of(&desk.newest(ANA_ADDRESS)).contains("solved"));
}

/// The daemon goes on at a time of day, UTC, so many days from now.
fn at_day(office: &Office, days: i64, time: &str) {
    let now = jiff::Timestamp::now();
    let date = now.to_zoned(jiff::tz::TimeZone::UTC).date().checked_add(jiff::Span::new().days(days)).expect("a day");
    let then: jiff::Timestamp = format!("{date}T{time}Z").parse().expect("an instant");
    assert_eq!(office.desk.term(), Some(0));
    office.desk.shift_clock(&format!("+{}s", now.duration_until(then).as_secs()));
    office.desk.start();
    office.desk.wait_until("every inbox is live", all_live);
}

#[test]
fn the_morning_list_is_sent_by_the_daemon_when_its_time_comes() {
    let sections = format!("{INBOX}[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\ndigest = \"08:45\"\n");
    let office = Office::with(&sections);
    office.deliver(&vouched(mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n")));
    office.act("T-1", "ana", &["take"]);
    let lists = || -> Vec<Vec<u8>> {
        let is_list = |mail: &Vec<u8>| text_of(mail).contains("Waiting on you") || text_of(mail).contains("WAITING ON YOU");
        office.postfix.received(ANA_ADDRESS).into_iter().filter(is_list).collect()
    };
    at_day(&office, 1, "06:00:00");
    assert_eq!(office.received(ANA_ADDRESS).len(), lists().len() + 1, "the ticket, and what came before");
    let before = lists().len();
    at_day(&office, 1, "08:44:50");
    assert!(
        wait_some(Duration::from_secs(60), || Some(lists()).filter(|lists| lists.len() > before)).is_some(),
        "{}",
        office.desk.log_tail()
    );
    let list = lists().pop().expect("a list");
    assert!(text_of(&list).contains("T-1") && text_of(&list).contains("Probe drops"), "{}", text_of(&list));
    // A restart on the same day sends none again, the next morning does.
    at_day(&office, 1, "11:00:00");
    office.deliver(&vouched(mails::request(letter(DANA, "Another", "dana-2@x.example"), "It drops too.\n")));
    office.received(ANA_ADDRESS);
    assert_eq!(lists().len(), before + 1);
    at_day(&office, 2, "08:45:05");
    assert!(wait_some(Duration::from_secs(60), || Some(lists()).filter(|lists| lists.len() > before + 1)).is_some());
    assert_eq!(office.received(BEN_ADDRESS).iter().filter(|mail| text_of(mail).contains("T-1  Probe")).count(), 0, "it is Ana's");
}

#[test]
fn the_morning_list_comes_once_a_day() {
    let sections = "[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\ndigest = \"08:45\"\n";
    let mut desk = Bare::new(&live(&format!("{INBOX}{sections}")));
    let question = mails::request(letter(DANA, "Probe drops", "dana-1@x.example"), "It drops.\n");
    assert_eq!(desk.receive(&vouched(question)), Outcome::NewTicket);
    let to_ana = desk.newest(ANA_ADDRESS);
    desk.receive(&vouched(Client::Gmail.answer(&to_ana, ANA, "ana-1@acme.example", "#take")));
    let (ana, ben) = (desk.received(ANA_ADDRESS).len(), desk.received(BEN_ADDRESS).len());
    // It is Monday, ten o'clock. Every hour until Thursday noon.
    for _ in 0..74 {
        desk.pass(SignedDuration::from_hours(1));
    }
    assert_eq!(desk.received(ANA_ADDRESS).len(), ana + 3, "Tuesday, Wednesday, Thursday");
    assert_eq!(desk.received(BEN_ADDRESS).len(), ben, "nothing waits on Ben");
    let list = desk.newest(ANA_ADDRESS);
    assert!(text_of(&list).contains("T-1"), "{}", text_of(&list));
    assert_eq!(desk.received(DANA_ADDRESS).len(), 1, "the acknowledgement alone");
    // A desk that was down all morning sends none in the evening.
    desk.now = "2026-11-20T20:00:00Z".parse().expect("an instant");
    desk.pass(SignedDuration::from_secs(1));
    assert_eq!(desk.received(ANA_ADDRESS).len(), ana + 3);
}
