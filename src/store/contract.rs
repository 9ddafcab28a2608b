//! One suite for every store: what [`Store`] promises, whichever keeps it.

use desk::effect::OutboxPhase;
use desk::ticket::LinkKind;
use desk::{EffectId, EventId, Outcome, RawHash, Status, Ticket, TicketNo, TimerKind};

use super::sample::{
    ack, address, at, decision, keys, mail, mail_event, mailbox, message, message_id, new_ticket, outbox_row, place, record,
    request, step, ticket,
};
use super::{
    BudgetKey, Cause, ContentKeys, Cursor, Decided, DiskStore, MemoryStore, OpenOptions, Record, Store, StoreError, TicketFilter,
};

/// Runs a case on every store.
fn on_both(case: impl Fn(&dyn Store)) {
    case(&MemoryStore::new());
    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = DiskStore::open(dir.path(), OpenOptions::default(), &mut |_, _| {}).expect("a new store");
    case(&store);
}

fn stage(store: &dyn Store, record: Record) {
    store.stage(record, &[]).expect("stage a record");
}

/// A mail that makes a ticket, kept and staged as the engine does it.
fn arrive(store: &dyn Store, uid: u32, no: u64) -> Decided {
    let decided = new_ticket(uid, no);
    store.keep(&[&mail(uid)]).expect("keep a mail");
    store.stage(record(decided.clone()), &[(RawHash::of(&ack(no)), ack(no))]).expect("stage a ticket");
    decided
}

#[test]
fn tickets_of_one_requester_are_found_among_others() {
    on_both(|store| {
        for no in 1..=40 {
            let requester = if no % 10 == 0 { "dana@x.example" } else { "other@x.example" };
            let mut ticket = ticket(no, if no == 20 { Status::Closed } else { Status::Open });
            ticket.requester.address = mail::Address::new(requester).expect("an address");
            stage(store, record(request(&format!("r{no}"), ticket, 0)));
        }
        let found = |status: &[Status], limit: usize| {
            let requester = Some("dana@x.example".to_owned());
            let found = store.tickets(&TicketFilter { status: status.to_vec(), requester, limit });
            found.into_iter().map(|ticket| ticket.no.0).collect::<Vec<_>>()
        };
        assert_eq!(found(&[Status::Open], 0), [40, 30, 10]);
        assert_eq!(found(&[Status::Open], 2), [40, 30]);
        assert_eq!(found(&[], 3), [40, 30, 20]);
    });
}

fn statuses(store: &dyn Store, status: &[Status], limit: usize) -> Vec<u64> {
    let found = store.tickets(&TicketFilter { status: status.to_vec(), requester: None, limit });
    found.into_iter().map(|ticket| ticket.no.0).collect()
}

#[test]
fn kept_mail_is_given_back_and_repeats_are_the_same_mail() {
    on_both(|store| {
        let hashes = store.keep(&[b"one", b"two", b"one"]).expect("keep");
        assert_eq!(hashes, [RawHash::of(b"one"), RawHash::of(b"two"), RawHash::of(b"one")]);
        assert_eq!(store.raw(&hashes[1]).expect("kept"), b"two");
        assert!(matches!(store.raw(&RawHash::of(b"three")), Err(StoreError::Raw { what: "is missing", .. })));
    });
}

#[test]
fn a_large_file_is_kept_like_a_mail() {
    on_both(|store| {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("large");
        let bytes: Vec<u8> = (0..3_000_000u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        std::fs::write(&path, &bytes).expect("write");
        let hash = store.keep_file(&path).expect("keep a file");
        assert_eq!(hash, RawHash::of(&bytes));
        assert_eq!(store.keep_file(&path).expect("keep it again"), hash);
        assert!(store.raw(&hash).expect("kept") == bytes);
    });
}

#[test]
fn a_decision_is_visible_as_soon_as_it_is_staged() {
    on_both(|store| {
        assert_eq!(store.next_ticket(), TicketNo(1));
        let decided = arrive(store, 5, 1);
        assert_eq!(store.next_ticket(), TicketNo(2));
        assert_eq!(store.ticket(TicketNo(1)).as_ref(), decided.decision.ticket.as_ref());
        assert!(store.has_event(decided.event));
        assert!(!store.has_event(mail_event(6)));
        assert_eq!(store.decided(decided.event).expect("readable"), Some(decided.clone()));
        assert_eq!(store.history(TicketNo(1)).expect("readable"), [decided]);
        assert_eq!(store.find_by_message_id(&message_id("m1@example.org")), [TicketNo(1)]);
        assert_eq!(store.find_by_message_id(&message_id("ack1@example.com")), [TicketNo(1)]);
        assert_eq!(store.contact("C1@Example.org").tickets, 1);
        assert_eq!(store.raw(&RawHash::of(&ack(1))).expect("kept with the record"), ack(1));
        assert_eq!(store.flush().expect("flush"), 1);
        assert_eq!(store.flush().expect("nothing to flush"), 1);
    });
}

#[test]
fn the_same_event_twice_changes_nothing() {
    on_both(|store| {
        arrive(store, 5, 1);
        let before = (store.counts(), store.contact("c1@example.org"), store.history(TicketNo(1)).expect("readable"));
        arrive(store, 5, 1);
        let after = (store.counts(), store.contact("c1@example.org"), store.history(TicketNo(1)).expect("readable"));
        assert_eq!(before, after);
    });
}

#[test]
fn tickets_are_listed_newest_first_by_status() {
    on_both(|store| {
        for no in 1..=600 {
            let status = if no % 100 == 0 { Status::Open } else { Status::Closed };
            stage(store, record(request(&format!("r{no}"), ticket(no, status), 0)));
        }
        assert_eq!(statuses(store, &[Status::Open], 0), [600, 500, 400, 300, 200, 100]);
        assert_eq!(statuses(store, &[Status::Open, Status::Closed], 3), [600, 599, 598]);
        assert_eq!(statuses(store, &[], 2), [600, 599]);
        assert_eq!(statuses(store, &[], 0).len(), 600);
        assert_eq!(statuses(store, &[Status::New], 0), [0; 0]);
        stage(store, record(request("reopen", ticket(7, Status::Open), 1)));
        assert_eq!(statuses(store, &[Status::Open], 0).last(), Some(&7));
        assert_eq!(store.counts().tickets, [0, 7, 0, 0, 0, 593]);
    });
}

#[test]
fn a_long_history_is_complete_and_in_order() {
    on_both(|store| {
        for turn in 0..100 {
            stage(store, record(request(&format!("turn {turn}"), ticket(1, Status::Open), turn)));
        }
        let turns: Vec<EventId> =
            store.history(TicketNo(1)).expect("readable").into_iter().map(|decided| decided.event).collect();
        let expected: Vec<EventId> = (0..100).map(|turn| EventId::of_request(&format!("turn {turn}"))).collect();
        assert_eq!(turns, expected);
    });
}

#[test]
fn a_repeat_is_recognised_by_content_and_the_first_delivery_counts() {
    on_both(|store| {
        arrive(store, 5, 1);
        let mut again = new_ticket(6, 2);
        again.cause =
            Cause::Mail { place: place(6), raw: RawHash::of(&mail(5)), keys: Some(keys(5)), to_file: false, inbox: None };
        again.decision = decision(Outcome::Duplicate, None, None);
        again.outbox.clear();
        stage(store, record(again));
        let by_k2 = store.find_by_content(&keys(5)).expect("known");
        assert_eq!((by_k2.key.as_str(), by_k2.ticket, by_k2.event), ("K2", Some(TicketNo(1)), mail_event(5)));
        let by_k3 = store.find_by_content(&ContentKeys { k2: None, ..keys(5) }).expect("known");
        assert_eq!(by_k3.key, "K3");
        assert_eq!(store.find_by_content(&keys(9)), None);
    });
}

#[test]
fn a_mailbox_knows_what_is_settled_and_what_is_to_be_filed() {
    on_both(|store| {
        let inbox = mailbox();
        assert_eq!(store.cursor(&inbox), Cursor::default());
        stage(store, Record::MailboxOpened { mailbox: inbox.clone(), uid_validity: 7, at: at(0) });
        let seen = Record::Settled {
            mailbox: inbox.clone(),
            uid_validity: 7,
            ranges: vec![(1, 1000), (1005, 1005)],
            outcome: Outcome::SeenBefore,
            at: at(0),
        };
        stage(store, seen);
        arrive(store, 1001, 1);
        arrive(store, 1003, 2);
        let cursor = store.cursor(&inbox);
        assert_eq!(cursor.settled, [(1, 1001), (1003, 1003), (1005, 1005)]);
        assert_eq!(cursor.to_file, [1001, 1003]);
        assert!(cursor.is_settled(500) && !cursor.is_settled(1002));
        stage(store, Record::Filed { mailbox: inbox.clone(), uid_validity: 7, uids: vec![1001] });
        assert_eq!(store.cursor(&inbox).to_file, [1003]);
        let outcomes = store.outcomes(&inbox);
        let expected = [
            (1, 1000, "seen_before".to_owned(), None),
            (1001, 1001, "new_ticket".to_owned(), Some(mail_event(1001))),
            (1003, 1003, "new_ticket".to_owned(), Some(mail_event(1003))),
            (1005, 1005, "seen_before".to_owned(), None),
        ];
        assert_eq!(outcomes, expected);
        assert_eq!(store.counts().settled["seen_before"], 1001);
    });
}

#[test]
fn another_uidvalidity_voids_what_was_known_of_uids() {
    on_both(|store| {
        let inbox = mailbox();
        arrive(store, 5, 1);
        stage(store, Record::MailboxOpened { mailbox: inbox.clone(), uid_validity: 8, at: at(9) });
        assert_eq!(store.cursor(&inbox), Cursor { uid_validity: Some(8), total: 1, ..Cursor::default() });
        assert_eq!(store.outcomes(&inbox), []);
        let late = |uid_validity| Record::Settled {
            mailbox: inbox.clone(),
            uid_validity,
            ranges: vec![(2, 3)],
            outcome: Outcome::Vanished,
            at: at(9),
        };
        stage(store, late(7));
        assert_eq!(store.cursor(&inbox).settled, []);
        stage(store, late(8));
        assert_eq!(store.cursor(&inbox).settled, [(2, 3)]);
        stage(store, Record::MailboxOpened { mailbox: inbox.clone(), uid_validity: 7, at: at(9) });
        assert_eq!(store.outcomes(&inbox), []);
    });
}

#[test]
fn outgoing_mail_is_open_until_it_is_terminal() {
    on_both(|store| {
        let ids: Vec<EffectId> = (1..=5u32).map(|uid| arrive(store, uid, u64::from(uid)).outbox[0].id).collect();
        stage(store, Record::Outbox(vec![step(ids[0], OutboxPhase::Deferred, 10), step(ids[1], OutboxPhase::Accepted, 10)]));
        stage(store, Record::Outbox(vec![step(ids[2], OutboxPhase::Held, 10)]));
        let row = store.outbox_row(ids[1]).expect("terminal rows are kept");
        assert_eq!((row.phase, row.attempts, row.last_reply.as_deref()), (OutboxPhase::Accepted, 1, Some("250 ok")));
        let listed = |all, limit| -> Vec<u64> { store.outbox(all, limit).into_iter().map(|row| row.ticket.0).collect() };
        assert_eq!(listed(true, 10), [5, 4, 3, 2, 1]);
        assert_eq!(listed(false, 2), [5, 4]);
        assert_eq!(listed(false, 10), [5, 4, 3, 1]);
        assert_eq!((listed(true, 0), listed(false, 0)), (vec![5, 4, 3, 2, 1], vec![5, 4, 3, 1]), "0 = all");
        assert_eq!(store.outbox_of(TicketNo(3)).len(), 1);
        assert_eq!(store.outbox_of(TicketNo(2)), []);
        assert_eq!(store.counts().outbox, 4);
    });
}

#[test]
fn the_list_of_all_outgoing_mail_is_long() {
    on_both(|store| {
        for uid in 1..=200u32 {
            arrive(store, uid, u64::from(uid));
        }
        let listed: Vec<u64> = store.outbox(true, 150).into_iter().map(|row| row.ticket.0).collect();
        assert_eq!(listed, (51..=200).rev().collect::<Vec<_>>());
    });
}

#[test]
fn one_timer_of_a_kind_runs_per_ticket() {
    on_both(|store| {
        let with = |name: &str, timers: &[(TimerKind, i64)]| {
            let timers = timers.iter().map(|(kind, due)| (*kind, at(*due))).collect();
            record(request(name, Ticket { timers, ..ticket(1, Status::Solved) }, 0))
        };
        let close = TimerKind::CloseSolved;
        stage(store, with("a", &[(close, 100)]));
        stage(store, with("b", &[(close, 200)]));
        stage(store, with("c", &[(close, 200), (TimerKind::Wake, 150)]));
        assert_eq!(store.next_timer(), Some(at(150)));
        assert_eq!(store.due_timers(at(199), 9), [(at(150), TicketNo(1), TimerKind::Wake)]);
        assert_eq!(store.due_timers(at(200), 9).len(), 2);
        stage(store, with("d", &[(close, 200)]));
        let mut fired = request("e", ticket(1, Status::Closed), 200);
        fired.cause = Cause::Timer { kind: close };
        fired.event = EventId::of_timer(TicketNo(1), close.as_str(), at(200));
        stage(store, record(fired));
        assert_eq!((store.next_timer(), store.due_timers(at(999), 9)), (None, Vec::new()));
    });
}

#[test]
fn a_timer_of_a_ticket_that_is_gone_does_not_fire_for_ever() {
    on_both(|store| {
        let timers = [(TimerKind::Wake, at(5))].into();
        stage(store, record(request("a", Ticket { timers, ..ticket(1, Status::Solved) }, 0)));
        let mut fired = request("b", ticket(1, Status::Solved), 6);
        fired.cause = Cause::Timer { kind: TimerKind::Wake };
        fired.event = EventId::of_timer(TicketNo(1), TimerKind::Wake.as_str(), at(5));
        fired.decision.ticket = None;
        stage(store, record(fired));
        assert_eq!(store.next_timer(), None);
    });
}

#[test]
fn budgets_never_count_too_few() {
    on_both(|store| {
        for uid in 1..=10u32 {
            arrive(store, uid, u64::from(uid));
        }
        let domain = BudgetKey::Domain("example.org".to_owned());
        assert_eq!(store.budget(&domain, at(0)), 10);
        assert_eq!(store.budget(&domain, at(10)), 10, "whole hours");
        assert_eq!(store.budget(&domain, at(2 * 3600)), 0);
        assert_eq!(store.budget(&BudgetKey::Sender("c3@example.org".to_owned()), at(0)), 1);
        assert_eq!(store.budget(&BudgetKey::All, at(0)), 10);
        assert_eq!(store.budget(&BudgetKey::All, at(120)), 0, "whole minutes");
    });
}

#[test]
fn old_budget_keys_are_forgotten() {
    on_both(|store| {
        let later = |number: u32| 3600 * 30 + i64::from(number);
        for uid in 1..=100u32 {
            arrive(store, uid, u64::from(uid));
        }
        for number in 0..300 {
            let mut decided = request(&format!("n{number}"), ticket(1, Status::Open), later(number));
            decided.budget = vec![BudgetKey::Notice("ann".to_owned())];
            stage(store, record(decided));
        }
        assert_eq!(store.budget(&BudgetKey::Sender("c3@example.org".to_owned()), at(0)), 0);
        assert_eq!(store.budget(&BudgetKey::Notice("ann".to_owned()), at(later(0))), 300);
    });
}

#[test]
fn the_breaker_and_suppressed_addresses_are_kept() {
    on_both(|store| {
        stage(store, Record::Breaker { reason: Some("storm".to_owned()), at: at(0) });
        assert_eq!(store.breaker().as_deref(), Some("storm"));
        stage(store, Record::Breaker { reason: None, at: at(1) });
        assert_eq!(store.breaker(), None);
        let bounced = |reason: Option<&str>, until| Record::Suppressed {
            address: "a@example.org".to_owned(),
            reason: reason.map(str::to_owned),
            until,
        };
        stage(store, bounced(Some("bounce"), Some(at(100))));
        assert_eq!(store.suppressed("a@example.org", at(99)).as_deref(), Some("bounce"));
        assert_eq!(store.suppressed("a@example.org", at(100)), None);
        stage(store, bounced(Some("stop"), None));
        assert_eq!(store.suppressed("a@example.org", at(9999)).as_deref(), Some("stop"));
        stage(store, bounced(None, None));
        assert_eq!(store.suppressed("a@example.org", at(0)), None);
    });
}

#[test]
fn held_mail_waits_until_a_person_lets_it_in() {
    on_both(|store| {
        let mut decided = new_ticket(5, 1);
        decided.decision.outcome = Outcome::Held { why: "two From addresses".to_owned() };
        let mut entry = message(decided.event, "m1@example.org", "Hello");
        entry.held = true;
        decided.decision.message = Some(entry.clone());
        stage(store, record(decided.clone()));
        let held = store.held();
        assert_eq!((held.len(), held[0].why.as_str(), held[0].ticket), (1, "two From addresses", Some(TicketNo(1))));
        assert_eq!(store.counts().held, 1);
        entry.held = false;
        let mut released = request("release", ticket(1, Status::Open), 9);
        released.decision.message = Some(entry);
        stage(store, record(released));
        assert_eq!((store.held(), store.counts().held), (Vec::new(), 0));
    });
}

#[test]
fn a_link_is_seen_from_both_tickets() {
    on_both(|store| {
        arrive(store, 1, 1);
        let mut decided = new_ticket(2, 2);
        decided.decision.link_back = Some((TicketNo(1), LinkKind::ClaimedBy));
        stage(store, record(decided));
        let links = store.ticket(TicketNo(1)).expect("there").links;
        assert_eq!(links.into_iter().map(|link| (link.kind, link.ticket.0)).collect::<Vec<_>>(), [(LinkKind::ClaimedBy, 2)]);
    });
}

#[test]
fn one_id_may_belong_to_several_tickets() {
    on_both(|store| {
        for (name, no) in [("a", 1), ("b", 2)] {
            let mut decided = request(name, ticket(no, Status::Open), 0);
            decided.decision.message = Some(message(decided.event, "shared@example.org", "Hi"));
            decided.outbox = vec![outbox_row(decided.event, no, 0)];
            stage(store, record(decided));
        }
        assert_eq!(store.find_by_message_id(&message_id("shared@example.org")), [TicketNo(1), TicketNo(2)]);
        assert_eq!(address("x@EXAMPLE.org").domain(), "example.org");
    });
}

#[test]
fn tickets_of_an_issue_are_found_and_hear_each_news_once() {
    let case = |no: u64, issue: Option<&str>| {
        let mut ticket = ticket(no, Status::OnHold);
        ticket.known_issue = issue.map(str::to_owned);
        ticket
    };
    let numbers = |store: &dyn Store, id: &str| store.issue_tickets(id).into_iter().map(|no| no.0).collect::<Vec<_>>();
    on_both(|store| {
        for no in 1..=3 {
            stage(store, record(request(&format!("join {no}"), case(no, Some("sync")), 0)));
        }
        stage(store, record(request("other", case(4, Some("syn")), 0)));
        stage(store, record(request("leave", case(2, None), 1)));
        assert_eq!((numbers(store, "sync"), numbers(store, "syn"), numbers(store, "")), (vec![1, 3], vec![4], vec![]));
        let mut said = request("said", case(5, Some("sync")), 2);
        let by = desk::event::Actor::Operator;
        said.decision.effects.push(desk::Effect::Broadcast { issue: "sync".to_owned(), news: desk::issue::News::Solved, by });
        let event = said.event;
        stage(store, record(said.clone()));
        stage(store, record(said));
        let left = |store: &dyn Store| store.errands(9).into_iter().map(|(of, no)| (of == event, no.0)).collect::<Vec<_>>();
        assert_eq!(left(store), [(true, 1), (true, 3), (true, 5)], "the ticket that joined with it among them");
        let mut done = request("done", case(3, Some("sync")), 3);
        done.cause = Cause::Errand { of: event, ticket: TicketNo(3) };
        stage(store, record(done));
        assert_eq!(left(store), [(true, 1), (true, 5)]);
        assert_eq!(store.glances(TicketNo(3)).expect("readable").len(), 2);
    });
}

#[test]
fn mails_are_counted_by_day() {
    on_both(|store| {
        arrive(store, 5, 1);
        arrive(store, 6, 2);
        let day = new_ticket(5, 1).at.as_second().div_euclid(86_400);
        assert_eq!(store.mails_of_days(day, day + 1).get("new_ticket"), Some(&2));
        assert!(store.mails_of_days(day + 1, day + 9).is_empty() && store.mails_of_days(day - 9, day).is_empty());
    });
}
