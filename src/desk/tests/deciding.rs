//! What is decided about mails and commands.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use desk::command::{Assignee, Closing, Command};
use desk::decision::Direction;
use desk::{Effect, Outcome, Priority, SendClass, Status, TicketNo, TimerKind};
use mail::ReturnPath;
use support::{Desk, NOW, at, reply, request, sends};

const SUPPORT: &str = "support@fernhill.example";

fn letter(decision: &desk::Decision) -> mail::compose::Letter {
    *sends(decision)[0].letter.clone().unwrap()
}

#[test]
fn a_request_becomes_a_ticket_with_fields_clock_and_acknowledgement() {
    let mut desk = Desk::new();
    let decision = desk.mail(&request("RE: Probe drops", "My probe FH-20931 drops every night."), true);
    assert_eq!(decision.outcome, Outcome::NewTicket);
    let ticket = desk.ticket(1);
    assert_eq!((ticket.subject.as_str(), ticket.status, ticket.priority), ("Probe drops", Status::New, Priority::Normal));
    assert_eq!(ticket.fields[&"serial".into()].value, "FH-20931");
    assert_eq!(ticket.missing, ["model".into()]);
    assert_eq!(ticket.first_response.due_at, Some(at("2026-11-23T14:00:00Z")));
    let letter = letter(&decision);
    assert_eq!(letter.subject.as_str(), "RE: Probe drops");
    assert_eq!(letter.in_reply_to.as_ref().map(mail::MessageId::as_str), Some("1@x.example"));
    for part in ["Hello Dana,", "T-1", "Monday 23 November, 15:00 (your time)", "1. Router model:", "You wrote:"] {
        assert!(letter.text.contains(part), "{part}: {}", letter.text);
    }
    assert!(!letter.text.contains("Serial"), "what is known is not asked");
    assert_eq!(sends(&decision)[0].envelope_from, ReturnPath::Null);
}

#[test]
fn somebody_who_is_not_proven_gets_no_word_of_the_mail_back() {
    let mut desk = Desk::new();
    let decision = desk.mail(&request("Buy pills at http://spam.example", "Buy pills now."), false);
    let letter = letter(&decision);
    let whole = format!("{} {:?} {} {}", letter.subject, letter.to, letter.text, letter.html.unwrap());
    assert_eq!(letter.subject.as_str(), "We have your message [T-1]");
    for foreign in ["pills", "spam", "Dana"] {
        assert!(!whole.contains(foreign), "{foreign}: {whole}");
    }
}

#[test]
fn a_private_inbox_says_as_little_as_to_a_stranger() {
    let mut desk = Desk::new();
    desk.policy.inboxes.get_mut(&"support".into()).unwrap().private = true;
    let decision = desk.mail(&request("Leak", "The key leaked."), true);
    assert_eq!(letter(&decision).subject.as_str(), "We have your message [T-1]");
}

#[test]
fn german_mail_is_answered_in_german() {
    let mut desk = Desk::new();
    let text = "Guten Tag, seit gestern Abend verbindet sich die Sonde nicht mehr mit dem drahtlosen Netz in unserem Labor, \
                obwohl wir am Router nichts verändert haben. Können Sie uns bitte helfen?";
    let decision = desk.mail(&request("Sonde ohne Netz", text), true);
    assert!(letter(&decision).text.starts_with("Guten Tag Dana,"), "{}", letter(&decision).text);
}

#[test]
fn an_away_notice_changes_nothing_but_is_kept() {
    let mut desk = Desk::new();
    let ack = sends(&desk.mail(&request("Probe", "It drops."), true))[0].message_id.to_string();
    desk.command(1, Some("maya"), Command::Close(Closing::default())).unwrap();
    let before = desk.ticket(1).clone();
    let away = reply("Dana <dana@x.example>", "Automatic reply: Probe", SUPPORT, &ack, "7@x.example")
        .replace("Subject:", "Auto-Submitted: auto-replied\nSubject:");
    let decision = desk.mail(&away, true);
    assert_eq!(decision.outcome, Outcome::Attached);
    let after = desk.ticket(1);
    assert_eq!((after.status, &after.owner, after.updated_at), (before.status, &before.owner, before.updated_at));
    assert!(decision.effects.is_empty(), "{:?}", decision.effects);
    assert!(decision.message.unwrap().machine.is_some());
}

#[test]
fn an_answer_reopens_and_stops_the_timer() {
    let mut desk = Desk::new();
    let ack = sends(&desk.mail(&request("Probe", "It drops."), true))[0].message_id.to_string();
    let closed =
        desk.command(1, Some("maya"), Command::Close(Closing { reason: Some("fixed".into()), ..Closing::default() })).unwrap();
    let due_at = at(NOW) + desk.policy.reopen_within;
    assert_eq!(closed.ticket.unwrap().timers.get(&TimerKind::CloseSolved), Some(&due_at));
    let decision = desk.mail(&reply("Dana <dana@x.example>", "Re: Probe", SUPPORT, &ack, "2@x.example"), true);
    assert_eq!(desk.ticket(1).status, Status::Open);
    assert_eq!(desk.ticket(1).timers.get(&TimerKind::CloseSolved), None);
    assert!(sends(&decision).is_empty(), "a ticket is acknowledged once");
}

#[test]
fn the_sixth_mail_in_ten_minutes_mutes_the_ticket_and_the_sixth_reopening_waits_for_a_person() {
    let mut desk = Desk::new();
    let ack = sends(&desk.mail(&request("Probe", "It drops."), true))[0].message_id.to_string();
    for n in 0..6 {
        desk.command(1, Some("maya"), Command::Close(Closing::default())).unwrap_or_else(|_| desk.mail(&request("x", "y"), true));
        desk.mail(&reply("Dana <dana@x.example>", "Re: Probe", SUPPORT, &ack, &format!("r{n}@x.example")), true);
    }
    assert!(desk.ticket(1).muted_until.is_some());
    assert_eq!(desk.ticket(1).status, Status::Solved, "five reopenings a day are enough");
    assert!(desk.ticket(1).hold.is_some());
}

#[test]
fn our_own_mail_coming_back_makes_nothing() {
    let mut desk = Desk::new();
    let first = desk.mail(&request("Probe", "It drops."), true);
    let raw = String::from_utf8(mail::compose(&letter(&first))).unwrap().replace("\r\n", "\n");
    let decision = desk.mail(&raw, true);
    assert_eq!(decision.outcome, Outcome::LoopLedger);
    assert_eq!(desk.tickets.len(), 1);
}

#[test]
fn an_agents_answer_reaches_the_requester_in_their_thread() {
    let mut desk = Desk::new();
    desk.mail(&request("Probe drops", "It drops."), true);
    let decision = desk.command(1, Some("maya"), Command::Reply { text: "Try 3.4.2.\n".into() }).unwrap();
    let send = sends(&decision)[0];
    assert_eq!((send.class, send.to.as_str()), (SendClass::AtLeastOnce, "dana@x.example"));
    let letter = letter(&decision);
    assert_eq!(letter.from.name.as_deref(), Some("maya, Fernhill support"));
    assert_eq!((letter.subject.as_str(), letter.text.as_str()), ("Re: Probe drops", "Try 3.4.2.\n\n-- \nFernhill support\n"));
    let ticket = desk.ticket(1);
    assert_eq!((ticket.status, ticket.owner.clone()), (Status::Pending, Some("maya".into())));
    assert_eq!(ticket.first_response.met_at, Some(at(NOW)));
    assert_eq!(decision.message.unwrap().direction, Direction::Out);
}

#[test]
fn a_note_stays_inside() {
    let mut desk = Desk::new();
    desk.mail(&request("Probe drops", "It drops."), true);
    let decision = desk.command(1, None, Command::Note { text: "INTERNAL-CANARY".into() }).unwrap();
    assert!(sends(&decision).is_empty());
    let answer = desk.command(1, Some("maya"), Command::Reply { text: "Hello".into() }).unwrap();
    let bytes = mail::compose(&letter(&answer));
    assert!(!String::from_utf8_lossy(&bytes).contains("CANARY"));
}

#[test]
fn commands_are_refused_with_the_ones_that_are_possible() {
    let mut desk = Desk::new();
    desk.mail(&request("Probe drops", "It drops."), true);
    let refused = |desk: &mut Desk, command| desk.command(1, None, command).unwrap_err();
    assert_eq!(refused(&mut desk, Command::Take), "say who does it: `--as AGENT`");
    let unknown = Command::Assign { to: Assignee::Agent("nobody".into()) };
    assert_eq!(refused(&mut desk, unknown), "there is no agent `nobody`; there are: maya, tomasz");
    assert!(refused(&mut desk, Command::Reopen).starts_with("T-1 is new: `reopen` is not possible; possible now: reply, note"));
    desk.tickets.get_mut(&TicketNo(1)).unwrap().status = Status::Closed;
    assert!(
        refused(&mut desk, Command::Reply { text: "x".into() }).contains("possible now: note, watch, mute, tag, time"),
        "closed is final"
    );
}

#[test]
fn a_timer_closes_what_is_still_solved_and_nothing_else() {
    let mut desk = Desk::new();
    desk.mail(&request("Probe drops", "It drops."), true);
    let fire = |desk: &Desk| {
        let kind = desk::EventKind::TimerFired { kind: TimerKind::CloseSolved, due_at: at(NOW) };
        let event = desk::Event { id: desk::EventId::of_request("t"), at: at(NOW), kind, around: Default::default() };
        desk::decide::decide(&desk.policy, Some(desk.ticket(1)), &event)
    };
    assert_eq!(fire(&desk).ticket.unwrap().status, Status::New);
    desk.command(1, None, Command::Close(Closing::default())).unwrap();
    assert_eq!(fire(&desk).ticket.unwrap().status, Status::Closed);
}

#[test]
fn colleagues_copied_by_the_requester_take_part_and_others_wait() {
    let mut desk = Desk::new();
    let raw = request("Probe", "It drops.").replace("\nSubject:", "\nCc: bob@mail.x.example, eve@y.example\nSubject:");
    desk.mail(&raw, true);
    let people: Vec<&str> = desk.ticket(1).participants.iter().map(mail::Address::as_str).collect();
    assert_eq!(people, ["bob@mail.x.example", "dana@x.example"]);
    assert_eq!(desk.ticket(1).waiting.len(), 1);
}

#[test]
fn a_complaint_about_our_mail_stops_automatic_mail_to_the_requester() {
    let mut desk = Desk::new();
    let ack = sends(&desk.mail(&request("Probe", "It drops."), true))[0].message_id.to_string();
    let report = |id: &str| {
        format!(
            "From: fbl@isp.example\nTo: {SUPPORT}\nSubject: FW: Probe\nMessage-ID: <c@isp.example>\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
             --b\n\nA report.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n\
             --b\nContent-Type: message/rfc822\n\nFrom: {SUPPORT}\nSubject: Probe\nMessage-ID: <{id}>\n\nHello\n--b--\n"
        )
    };
    let is_stopped = |decision: &desk::Decision| decision.effects.iter().any(|effect| matches!(effect, Effect::Suppress { .. }));
    assert!(!is_stopped(&desk.mail(&report("forged@fernhill.example"), false)), "an id that is not ours proves nothing");
    let decision = desk.mail(&report(&ack), false);
    assert!(is_stopped(&decision), "{:?}", decision.trace);
}
