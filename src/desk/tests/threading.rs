//! The trust matrix: what a signal is worth depends on who sends.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use desk::ticket::LinkKind;
use desk::token::{Claim, Mode};
use desk::{Outcome, Status, TicketNo};
use support::{Desk, NOW, at, reply, request, sends};

const DANA: &str = "Dana Okafor <dana@x.example>";
const EVE: &str = "Eve <eve@y.example>";
const SUPPORT: &str = "support@fernhill.example";

/// A desk with Dana's request as T-1; returns the id of its acknowledgement.
fn desk() -> (Desk, String) {
    let mut desk = Desk::new();
    let decision = desk.mail(&request("Probe drops", "It drops."), true);
    let ack = sends(&decision)[0].message_id.to_string();
    (desk, ack)
}

fn outcome(from: &str, proven: bool, subject: &str, to: &str, answers: &str) -> (String, Option<LinkKind>) {
    let (mut desk, ack) = desk();
    let token = desk.policy.keys.reply_detail(Claim { ticket: TicketNo(1), rev: 1, mode: Mode::Reply }, "dana@x.example");
    let to = to.replace("TOKEN", &format!("support+{token}@fernhill.example"));
    let answers = answers.replace("ACK", &ack);
    let decision = desk.mail(&reply(from, subject, &to, &answers, "2@any.example"), proven);
    let link = decision.ticket.as_ref().and_then(|ticket| ticket.links.first()).map(|link| link.kind);
    let marked = decision.message.as_ref().is_some_and(|message| message.unproven);
    let word = match decision.outcome {
        Outcome::Attached if marked => "attached, marked".to_owned(),
        other => other.as_str().to_owned(),
    };
    if word != "attached" && word != "attached, marked" {
        assert_eq!(desk.ticket(1).status, Status::New, "the ticket of somebody else is untouched");
    }
    (word, link)
}

#[test]
fn each_signal_counts_as_much_as_its_sender_is_trusted() {
    let claims = Some(LinkKind::Claims);
    type Row = (&'static str, &'static str, &'static str, [(&'static str, Option<LinkKind>); 3]);
    let table: [Row; 4] = [
        // signal, to, answers; participant proven, participant not proven, stranger
        ("T1", "TOKEN", "none@any.example", [("attached", None), ("attached, marked", None), ("held", None)]),
        ("T2", SUPPORT, "ACK", [("attached", None), ("attached, marked", None), ("new_ticket", claims)]),
        ("T3", SUPPORT, "1@x.example", [("attached", None), ("attached, marked", None), ("new_ticket", claims)]),
        ("T4", SUPPORT, "none@any.example", [("attached", None), ("new_ticket", claims), ("new_ticket", claims)]),
    ];
    for (signal, to, answers, expected) in table {
        let subject = if signal == "T4" { "Re: [T-1] Probe drops" } else { "Re: Probe drops" };
        let got = [
            outcome(DANA, true, subject, to, answers),
            outcome(DANA, false, subject, to, answers),
            outcome(EVE, true, subject, to, answers),
        ];
        let expected = expected.map(|(word, link)| (word.to_owned(), link));
        assert_eq!(got, expected, "{signal}");
    }
}

#[test]
fn a_participant_who_is_not_proven_may_answer_only_mail_of_their_own() {
    let (mut desk, _) = desk();
    desk.tickets.get_mut(&TicketNo(1)).unwrap().participants.insert(support::address("bob@x.example"));
    let decision = desk.mail(&reply("Bob <bob@x.example>", "Re: Probe drops", SUPPORT, "1@x.example", "3@x.example"), false);
    assert_eq!(decision.outcome, Outcome::NewTicket, "Dana's own mail is no secret of Bob's");
}

#[test]
fn a_changed_token_or_id_proves_nothing() {
    let (word, _) = outcome(DANA, false, "Hello", "support+t1-1r-0000000000000000@fernhill.example", "none@any.example");
    assert_eq!(word, "new_ticket");
    let (word, _) = outcome(DANA, true, "Hello", SUPPORT, "T1.1.R.00000000000000000000000000@fernhill.example");
    assert_eq!(word, "new_ticket");
}

#[test]
fn a_closed_ticket_is_continued_by_a_new_one() {
    let (mut desk, ack) = desk();
    desk.tickets.get_mut(&TicketNo(1)).unwrap().status = Status::Closed;
    let decision = desk.mail(&reply(DANA, "Re: Probe drops", SUPPORT, &ack, "2@x.example"), true);
    assert_eq!(decision.outcome, Outcome::NewTicket);
    assert_eq!(decision.link_back, Some((TicketNo(1), LinkKind::ContinuedBy)));
}

#[test]
fn a_new_subject_on_an_old_reference_is_a_new_matter() {
    let later = at(NOW) + jiff::SignedDuration::from_hours(15 * 24);
    let (mut desk, ack) = desk();
    let decision = desk.mail_at(&reply(DANA, "Invoice", SUPPORT, &ack, "2@x.example"), true, later);
    assert_eq!(decision.outcome, Outcome::NewTicket);
    let (mut desk, ack) = self::desk();
    let decision = desk.mail_at(&reply(DANA, "Re: Probe drops", SUPPORT, &ack, "2@x.example"), true, later);
    assert_eq!(decision.outcome, Outcome::Attached, "the same subject is the same matter");
}

#[test]
fn a_merged_ticket_leads_to_its_successor() {
    let (mut desk, ack) = desk();
    let second = request("Other", "Another thing.").replace("1@x", "9@x");
    desk.mail(&second, true);
    desk.tickets.get_mut(&TicketNo(1)).unwrap().merged_into = Some(TicketNo(2));
    let decision = desk.mail(&reply(DANA, "Re: Probe drops", SUPPORT, &ack, "3@x.example"), true);
    assert_eq!(decision.ticket.unwrap().no, TicketNo(2));
}

#[test]
fn a_forward_is_a_new_request_even_with_references() {
    let (mut desk, ack) = desk();
    let raw = format!(
        "From: {DANA}\nTo: {SUPPORT}\nSubject: Fwd: Probe drops\nMessage-ID: <2@x.example>\nReferences: <{ack}>\n\n\
         Please look.\n\n---------- Forwarded message ---------\nFrom: Joe <joe@z.example>\nDate: Mon, 23 Nov 2026\n\
         Subject: Probe drops\nTo: Dana <dana@x.example>\n\nIt is broken.\n"
    );
    assert_eq!(desk.mail(&raw, true).outcome, Outcome::NewTicket);
}

#[test]
fn reasons_stand_in_the_trace() {
    let (mut desk, ack) = desk();
    let decision = desk.mail(&reply(EVE, "Re: Probe drops", SUPPORT, &ack, "2@y.example"), true);
    let line = decision.trace.iter().find(|line| line.step == "ticket").unwrap();
    assert_eq!((line.outcome.as_str(), line.detail.as_str()), ("new, linked", "T2 reply to our mail of T-1 from a stranger"));
    assert!(matches!(decision.link_back, Some((TicketNo(1), LinkKind::ClaimedBy))));
}
