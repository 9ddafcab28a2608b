//! A small desk to decide on, and mails to decide about.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test uses a part")]

use std::collections::{BTreeMap, BTreeSet};

use desk::event::{Arrival, Known, Place, SenderProof};
use desk::policy::{Agent, Assign, Company, Field, FieldKind, FollowUp, Inbox, Limits, Sla, Team, TicketType};
use desk::rule::RuleBook;
use desk::template::Templates;
use desk::thread::{Incoming, Lookup, place, signals};
use desk::token::Keys;
use desk::{Decision, Effect, Event, EventId, EventKind, Policy, RawHash, Ticket, TicketNo, decide};
use jiff::{SignedDuration, Timestamp};
use mail::Address;

pub const NOW: &str = "2026-11-23T10:00:00Z";

pub fn address(text: &str) -> Address {
    Address::new(text).expect("a test's address")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a test's instant")
}

fn field(id: &str, ask: &str, find: Option<&str>, required: bool) -> Field {
    Field {
        id: desk::FieldId(id.into()),
        ask: ask.into(),
        asks: std::collections::BTreeMap::new(),
        kind: FieldKind::Text,
        find: find.map(|find| regex::Regex::new(find).expect("a test's pattern")),
        labels: vec![],
        matches: None,
        options: vec![],
        required,
        agents_only: false,
    }
}

/// Fernhill: one inbox `support`, one private inbox `security`, agents maya and tomasz, answers due in four open hours.
pub fn policy(rules: RuleBook) -> Policy {
    let zone = jiff::tz::TimeZone::get("Europe/London").expect("bundled");
    let always = desk::calendar::Calendar::always(zone.clone());
    let inbox = |name: &str, private: bool| Inbox {
        name: name.into(),
        place: 0,
        address: address(&format!("{name}@fernhill.example")),
        label: format!("Fernhill {name}"),
        also: vec![],
        account: "main".into(),
        team: "support".into(),
        ticket_type: "question".into(),
        sla: Some("standard".into()),
        ack: Some("ack".into()),
        private,
        machines: vec![],
        language: None,
        pgp: None,
    };
    let agent = |name: &str| Agent {
        name: name.into(),
        label: format!("{name} Agent"),
        email: address(&format!("{name}@fernhill.example")),
        also: vec![],
        speaks: vec![],
        reports_only: false,
        pin: None,
        calendar: None,
    };
    let four_hours = Some(desk::calendar::Span::Open(SignedDuration::from_hours(4)));
    let sla = Sla {
        name: "standard".into(),
        calendar: "always".into(),
        first_response: [four_hours; 4],
        next_response: [None; 4],
        resolution: [None; 4],
        escalate: vec![],
        promises_measured: false,
    };
    let question = TicketType {
        name: "question".into(),
        label: "A question".into(),
        fields: vec![
            field("serial", "Serial number on the back label", Some(r"\bFH-\d{5}\b"), true),
            field("model", "Router model", None, true),
        ],
        steps: vec![],
        close_asks: vec![],
        policy: BTreeMap::new(),
    };
    let team = Team { name: "support".into(), lead: None, members: vec!["maya".into()], assign: Assign::Pull, max_open: None };
    Policy {
        company: Company {
            name: "Fernhill".into(),
            timezone: zone,
            languages: vec!["en".into(), "de".into()],
            prefix: "T".into(),
        },
        keys: Keys::new(&[7; 32]),
        inboxes: BTreeMap::from([("support".into(), inbox("support", false)), ("security".into(), inbox("security", true))]),
        agents: BTreeMap::from([("maya".into(), agent("maya")), ("tomasz".into(), agent("tomasz"))]),
        agent_mail: None,
        teams: BTreeMap::from([("support".into(), team)]),
        vendors: BTreeMap::new(),
        types: BTreeMap::from([("question".into(), question)]),
        slas: BTreeMap::from([("standard".into(), sla)]),
        calendars: BTreeMap::from([("always".into(), always)]),
        forms: vec![],
        rules,
        limits: Limits::default(),
        templates: Templates::default(),
        follow_up: FollowUp::default(),
        channels: BTreeMap::new(),
        alerts: vec![],
        knowledge: desk::knowledge::Knowledge::default(),
        reopen_within: SignedDuration::from_hours(14 * 24),
        own_addresses: BTreeSet::from(["support@fernhill.example".into(), "security@fernhill.example".into()]),
        url: None,
    }
}

/// A desk that keeps its tickets in a map, as the engine keeps them in a store.
pub struct Desk {
    pub policy: Policy,
    pub tickets: BTreeMap<TicketNo, Ticket>,
    pub ids: Vec<(mail::MessageId, TicketNo)>,
    pub mails: u32,
}

impl Desk {
    pub fn new() -> Self {
        Self { policy: policy(RuleBook::default()), tickets: BTreeMap::new(), ids: vec![], mails: 0 }
    }

    /// Decides about a mail and keeps what follows.
    pub fn mail(&mut self, raw: &str, proven: bool) -> Decision {
        self.mail_at(raw, proven, at(NOW))
    }

    pub fn mail_at(&mut self, raw: &str, proven: bool, now: Timestamp) -> Decision {
        self.mails += 1;
        let raw = raw.replace('\n', "\r\n");
        let parsed = mail::parse(raw.as_bytes());
        let proof =
            if proven { SenderProof::Proven { by: "a test".into() } } else { SenderProof::NotProven { why: "a test".into() } };
        let signals = signals(&self.policy, &parsed.message);
        let stored = signals.ids.iter().filter_map(|id| self.ids.iter().rev().find(|(known, _)| known == id).cloned()).collect();
        let lookup = Lookup { tickets: self.tickets.clone(), stored };
        let sender = (parsed.message.from.len() == 1).then(|| parsed.message.from[0].address.clone());
        let incoming = Incoming { message: &parsed.message, sender: sender.as_ref(), proof: &proof, at: now };
        let placement = place(&self.policy, &incoming, &signals, &lookup);
        let ticket = desk::arrival::placed_ticket(&placement.target).and_then(|no| self.tickets.get(&no).cloned());
        let next_ticket = TicketNo(self.tickets.len() as u64 + 1);
        let place = Place { account: "main".into(), mailbox: "INBOX".into(), uid_validity: 1, uid: self.mails };
        let id = EventId::of_mail(&place.account, &place.mailbox, 1, self.mails);
        let arrival = Arrival {
            place,
            inbox: "support".into(),
            raw: RawHash::of(raw.as_bytes()),
            raw_bytes: raw.len() as u64,
            parsed,
            proof,
            let_in: None,
            silent: false,
            sent: false,
            known: Known { next_ticket, placement, ..Known::default() },
        };
        let event = Event { id, at: now, kind: EventKind::MailArrived(Box::new(arrival)), around: Default::default() };
        let decision = decide::decide(&self.policy, ticket.as_ref(), &event);
        assert_eq!(decision, decide::decide(&self.policy, ticket.as_ref(), &event), "a decision can be repeated exactly");
        self.keep(&decision);
        decision
    }

    pub fn command(&mut self, no: u64, by: Option<&str>, command: desk::Command) -> Result<Decision, String> {
        self.mails += 1;
        let ticket = self.tickets[&TicketNo(no)].clone();
        let by = by.map_or(desk::event::Actor::Operator, |name| desk::event::Actor::Agent(name.into()));
        let kind = desk::admit::admit(&self.policy, &ticket, &by, command).map_err(|refusal| refusal.to_string())?;
        let event = Event { id: EventId::of_request(&self.mails.to_string()), at: at(NOW), kind, around: Default::default() };
        let decision = decide::decide(&self.policy, Some(&ticket), &event);
        self.keep(&decision);
        Ok(decision)
    }

    fn keep(&mut self, decision: &Decision) {
        if let Some(ticket) = &decision.ticket {
            self.tickets.insert(ticket.no, ticket.clone());
            if let Some(id) = decision.message.as_ref().and_then(|message| message.message_id.clone()) {
                self.ids.push((id, ticket.no));
            }
        }
    }

    pub fn ticket(&self, no: u64) -> &Ticket {
        &self.tickets[&TicketNo(no)]
    }
}

/// The mails that a decision sends.
pub fn sends(decision: &Decision) -> Vec<&desk::Send> {
    let all = decision.effects.iter();
    all.filter_map(|effect| if let Effect::Send(send) = effect { Some(&**send) } else { None }).collect()
}

/// A request by Dana.
pub fn request(subject: &str, text: &str) -> String {
    format!(
        "From: Dana Okafor <dana@x.example>\nTo: support@fernhill.example\nSubject: {subject}\nMessage-ID: <1@x.example>\n\
         Date: Mon, 23 Nov 2026 11:00:00 +0100\n\n{text}\n"
    )
}

/// A mail that answers another.
pub fn reply(from: &str, subject: &str, to: &str, answers: &str, id: &str) -> String {
    format!(
        "From: {from}\nTo: {to}\nSubject: {subject}\nMessage-ID: <{id}>\nIn-Reply-To: <{answers}>\n\
         Date: Mon, 23 Nov 2026 12:00:00 +0100\n\nMore about it.\n"
    )
}
