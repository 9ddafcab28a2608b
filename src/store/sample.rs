//! Records for tests: a small desk's worth of mail.

use std::collections::{BTreeMap, BTreeSet};

use desk::decision::{Decision, Direction, MessageEntry};
use desk::effect::{OutboxPhase, OutboxRow, OutboxStep, Purpose, SendClass};
use desk::event::Place;
use desk::ticket::{Clock, Requester, Ticket};
use desk::{EffectId, EventId, Outcome, RawHash, Status, TicketNo};
use jiff::Timestamp;
use mail::{Address, MessageId, ReturnPath};

use super::{BudgetKey, Cause, ContentKeys, Decided, MailboxKey, Record};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("an instant of this century")
}

pub(crate) fn mailbox() -> MailboxKey {
    MailboxKey { account: "support".into(), mailbox: "INBOX".to_owned() }
}

pub(crate) fn address(text: &str) -> Address {
    Address::new(text).expect("an address")
}

pub(crate) fn message_id(text: &str) -> MessageId {
    MessageId::new(text).expect("an id")
}

pub(crate) fn place(uid: u32) -> Place {
    Place { account: "support".into(), mailbox: "INBOX".to_owned(), uid_validity: 7, uid }
}

pub(crate) fn mail_event(uid: u32) -> EventId {
    EventId::of_mail(&"support".into(), "INBOX", 7, uid)
}

/// A mail's bytes.
pub(crate) fn mail(uid: u32) -> Vec<u8> {
    format!("From: c{uid}@example.org\r\nSubject: Mail {uid}\r\n\r\nPrinter {uid} is on fire.\r\n").into_bytes()
}

pub(crate) fn keys(uid: u32) -> ContentKeys {
    let mut k3 = [3; 16];
    k3[..4].copy_from_slice(&uid.to_be_bytes());
    let mut k2 = k3;
    k2[15] = 2;
    ContentKeys { k2: Some(k2), k3 }
}

pub(crate) fn ticket(no: u64, status: Status) -> Ticket {
    Ticket {
        no: TicketNo(no),
        rev: 1,
        subject: format!("Printer {no}"),
        status,
        ticket_type: "request".into(),
        inbox: "support".into(),
        team: Some("first".into()),
        owner: None,
        priority: desk::Priority::Normal,
        tags: BTreeSet::from(["printer".to_owned()]),
        requester: Requester { name: "Carla".to_owned(), address: address(&format!("c{no}@example.org")), proven: true },
        participants: BTreeSet::new(),
        waiting: BTreeSet::new(),
        language: Some("en".to_owned()),
        fields: BTreeMap::new(),
        missing: Vec::new(),
        vendor: None,
        steps: Vec::new(),
        first_response: Clock { started_at: Some(at(0)), due_at: Some(at(3600)), met_at: None, ..Clock::default() },
        created_at: at(0),
        updated_at: at(0),
        solved_at: None,
        links: BTreeSet::new(),
        merged_into: None,
        thread_root: None,
        references: vec![message_id(&format!("m{no}@example.org"))],
        last_in: Some(message_id(&format!("m{no}@example.org"))),
        requester_ids: vec![message_id(&format!("m{no}@example.org"))],
        first_subject: format!("Re: Printer {no}"),
        private: false,
        acknowledged: true,
        muted_until: None,
        recent_mails: Vec::new(),
        reopened: Vec::new(),
        hold: None,
        events: 1,
        made_by: EventId([1; 16]),
        watchers: BTreeSet::new(),
        muted_by: BTreeSet::new(),
        answered: None,
        last_note: None,
        acts: Vec::new(),
        drafts: Vec::new(),
        side_threads: BTreeMap::new(),
        snoozed_until: None,
        minutes: 0,
        closing: BTreeMap::new(),
        signed: false,
        ledger: desk::ledger::Ledger::new(at(0)),
        next_response: Clock::default(),
        resolution: Clock::default(),
        silence: None,
        back_at: None,
        timers: BTreeMap::new(),
        utc_offset_minutes: None,
        asked: Vec::new(),
        rounds: 0,
        rating: None,
        checked_in: false,
        known_issue: None,
        help: desk::help::Help::default(),
        promised: None,
        told: None,
        withdrawn: None,
    }
}

pub(crate) fn message(event: EventId, id: &str, text: &str) -> MessageEntry {
    MessageEntry {
        id: event,
        direction: Direction::In,
        from: "Carla <c@example.org>".to_owned(),
        to: vec!["support@example.com".to_owned()],
        subject: "Printer".to_owned(),
        text: text.to_owned(),
        cut: String::new(),
        cut_is_news: false,
        signature: String::new(),
        message_id: Some(message_id(id)),
        in_reply_to: None,
        attachments: Vec::new(),
        machine: None,
        unproven: false,
        held: false,
        at: at(0),
        raw: None,
        answers_to: None,
    }
}

pub(crate) fn decision(outcome: Outcome, ticket: Option<Ticket>, message: Option<MessageEntry>) -> Decision {
    Decision::of(outcome, ticket, message)
}

pub(crate) fn outbox_row(event: EventId, no: u64, second: i64) -> OutboxRow {
    OutboxRow {
        id: EffectId::new(event, 0),
        ticket: TicketNo(no),
        purpose: Purpose::Acknowledgement,
        class: SendClass::AtMostOnce,
        account: "support".into(),
        inbox: "support".into(),
        to: address(&format!("c{no}@example.org")),
        envelope_from: ReturnPath::Null,
        message_id: message_id(&format!("ack{no}@example.com")),
        raw: RawHash::of(&ack(no)),
        phase: OutboxPhase::Queued,
        attempts: 0,
        next_at: at(second),
        created_at: at(second),
        last_reply: None,
    }
}

/// Bytes of an acknowledgement.
pub(crate) fn ack(no: u64) -> Vec<u8> {
    format!("To: c{no}@example.org\r\n\r\nWe have it: {no}.\r\n").into_bytes()
}

/// A mail that makes a ticket and is acknowledged.
pub(crate) fn new_ticket(uid: u32, no: u64) -> Decided {
    let event = mail_event(uid);
    let second = i64::from(uid);
    let message = message(event, &format!("m{no}@example.org"), "My printer is on fire.");
    Decided {
        event,
        at: at(second),
        cause: Cause::Mail { place: place(uid), raw: RawHash::of(&mail(uid)), keys: Some(keys(uid)), to_file: true, inbox: None },
        decision: decision(Outcome::NewTicket, Some(ticket(no, Status::New)), Some(message)),
        outbox: vec![outbox_row(event, no, second)],
        budget: vec![
            BudgetKey::Sender(format!("c{no}@example.org")),
            BudgetKey::Domain("example.org".to_owned()),
            BudgetKey::All,
        ],
    }
}

/// A request that leaves the ticket with a status.
pub(crate) fn request(name: &str, ticket: Ticket, second: i64) -> Decided {
    Decided {
        event: EventId::of_request(name),
        at: at(second),
        cause: Cause::Request,
        decision: decision(Outcome::Changed, Some(ticket), None),
        outbox: Vec::new(),
        budget: Vec::new(),
    }
}

pub(crate) fn step(id: EffectId, phase: OutboxPhase, second: i64) -> OutboxStep {
    OutboxStep { id, phase, at: at(second), attempts: 1, next_at: at(second + 60), reply: Some("250 ok".to_owned()) }
}

pub(crate) fn record(decided: Decided) -> Record {
    Record::Decided(Box::new(decided))
}
