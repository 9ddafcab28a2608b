//! Fernhill's desk, as far as commands see it: agents maya, tomasz and aisha, ticket T-4821 in its second step.

use std::collections::{BTreeMap, BTreeSet};

use ::desk::calendar::Calendar;
use ::desk::command_block::{self, Block};
use ::desk::command_word::{self, Context, Names};
use ::desk::draft::{Draft, Why};
use ::desk::policy::{Agent, Assign, Company, Field, FieldKind, FollowUp, Inbox, Limits, Sla, Step, Team, TicketType, Vendor};
use ::desk::rule::RuleBook;
use ::desk::template::Templates;
use ::desk::ticket::{Clock, Requester, StepState};
use ::desk::token::Keys;
use ::desk::{AgentName, EventId, Policy, Priority, Status, Ticket, TicketNo};
use jiff::civil::{Time, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mail::Address;

/// Wednesday 25 November 2026, 10:00 in London.
pub(crate) const NOW: &str = "2026-11-25T10:00:00Z";

pub(crate) struct Desk {
    pub(crate) policy: Policy,
    pub(crate) ticket: Ticket,
    pub(crate) agent: AgentName,
    pub(crate) saved: BTreeSet<String>,
    pub(crate) issues: BTreeSet<String>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            policy: policy(),
            ticket: ticket(),
            agent: "maya".into(),
            saved: BTreeSet::from(["reset".to_owned(), "slow wifi".to_owned()]),
            issues: BTreeSet::from(["cloud-sync".to_owned()]),
        }
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            policy: &self.policy,
            ticket: Some(&self.ticket),
            agent: Some(&self.agent),
            at: NOW.parse().expect("instant"),
            names: Names { saved_answers: Some(&self.saved), articles: None, issues: Some(&self.issues) },
        }
    }

    pub(crate) fn without_ticket(&self) -> Context<'_> {
        Context { ticket: None, ..self.context() }
    }

    pub(crate) fn block(&self, text: &str) -> Block {
        command_block::read(&self.context(), text)
    }
}

/// A line's value, or `what [place] -> meant`.
pub(crate) fn shown(context: &Context<'_>, line: &str) -> String {
    match command_word::read(context, line) {
        Ok(said) => format!("{said:?}"),
        Err(mistake) => {
            let line = ::desk::argument::Line::new(line);
            let place = line.text.get(mistake.span.clone()).expect("a span lies within the line");
            let meant = mistake.meant.as_ref().map_or(String::new(), |meant| format!(" -> {meant}"));
            format!("{} [{place}]{meant}", mistake.what)
        }
    }
}

fn address(text: &str) -> Address {
    Address::new(text).expect("address")
}

fn field(id: &str, kind: FieldKind, options: &[&str]) -> Field {
    Field {
        id: id.into(),
        ask: format!("What is the {id}?"),
        asks: std::collections::BTreeMap::new(),
        kind,
        find: None,
        labels: if id == "serial" { vec!["Serial number".into(), "S/N".into()] } else { Vec::new() },
        matches: None,
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        required: true,
        agents_only: id == "refund",
    }
}

fn policy() -> Policy {
    let zone = TimeZone::get("Europe/London").expect("bundled");
    let day: Vec<(Time, Time)> = vec![(time(9, 0, 0, 0), time(17, 30, 0, 0))];
    let office = |name: &str, zone: &str| Calendar {
        name: name.into(),
        zone: TimeZone::get(zone).expect("bundled"),
        hours: std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() }),
        closed: BTreeSet::new(),
    };
    let agent = |name: &str, label: &str, calendar: Option<&str>| Agent {
        name: name.into(),
        label: label.into(),
        email: address(&format!("{name}@fernhill.example")),
        also: Vec::new(),
        speaks: Vec::new(),
        reports_only: name == "boss",
        pin: (name == "aisha").then(|| "$argon2id$…".to_owned()),
        calendar: calendar.map(str::to_owned),
    };
    let agents = [
        agent("maya", "Maya Lindqvist", None),
        agent("tomasz", "Tomasz Nowak", None),
        agent("aisha", "Aisha Rahman", Some("tokyo")),
        agent("boss", "The Boss", None),
    ];
    let team = |name: &str| Team {
        name: name.into(),
        lead: None,
        members: vec!["maya".into(), "tomasz".into()],
        assign: Assign::Pull,
        max_open: None,
    };
    let step = |id: &str, todo: &[&str]| Step { todo: todo.iter().map(|item| (*item).to_owned()).collect(), ..Step::named(id) };
    let question = TicketType {
        name: "question".into(),
        label: "A question".into(),
        fields: vec![
            field("serial", FieldKind::Text, &[]),
            field("firmware", FieldKind::Text, &[]),
            field("site", FieldKind::Choice, &["Leeds", "Bergen", "Home office"]),
            field("refund", FieldKind::Money, &[]),
        ],
        steps: vec![step("understand", &["Confirm"]), step("diagnose", &["Reproduce", "Ask for a log", "Name the cause"])],
        close_asks: vec!["cause".into(), "mood".into()],
        policy: BTreeMap::new(),
    };
    let invoice = TicketType {
        name: "invoice".into(),
        label: String::new(),
        fields: vec![],
        steps: vec![],
        close_asks: vec![],
        policy: BTreeMap::new(),
    };
    let inbox = Inbox {
        name: "support".into(),
        place: 0,
        address: address("support@fernhill.example"),
        label: "Fernhill Support".into(),
        also: vec![],
        account: "main".into(),
        team: "support".into(),
        ticket_type: "question".into(),
        sla: Some("standard".into()),
        ack: None,
        private: false,
        machines: vec![],
        language: None,
        pgp: None,
    };
    let sla = Sla {
        name: "standard".into(),
        calendar: "office".into(),
        first_response: [None; 4],
        next_response: [None; 4],
        resolution: [None; 4],
        escalate: vec![],
        promises_measured: false,
    };
    let vendor = Vendor {
        name: "northgate".into(),
        label: "Northgate IT".into(),
        email: address("help@northgate.example"),
        their_ref: None,
        sees: vec![],
        within: None,
        calendar: None,
        chase: vec![],
    };
    Policy {
        company: Company { name: "Fernhill".into(), timezone: zone, languages: vec!["en".into()], prefix: "T".into() },
        keys: Keys::new(&[7; 32]),
        inboxes: BTreeMap::from([("support".into(), inbox)]),
        agents: agents.into_iter().map(|agent| (agent.name.clone(), agent)).collect(),
        agent_mail: None,
        teams: BTreeMap::from([("support".into(), team("support")), ("billing".into(), team("billing"))]),
        vendors: BTreeMap::from([("northgate".into(), vendor)]),
        types: BTreeMap::from([("question".into(), question), ("invoice".into(), invoice)]),
        slas: BTreeMap::from([("standard".into(), sla)]),
        calendars: BTreeMap::from([
            ("office".into(), office("office", "Europe/London")),
            ("tokyo".into(), office("tokyo", "Asia/Tokyo")),
        ]),
        forms: vec![],
        rules: RuleBook::default(),
        limits: Limits::default(),
        templates: Templates::default(),
        follow_up: FollowUp::default(),
        channels: BTreeMap::new(),
        alerts: vec![],
        knowledge: desk::knowledge::Knowledge::default(),
        reopen_within: SignedDuration::from_hours(14 * 24),
        own_addresses: BTreeSet::from(["support@fernhill.example".into()]),
        url: None,
    }
}

fn ticket() -> Ticket {
    let at: Timestamp = NOW.parse().expect("instant");
    let draft =
        |n: &str, why: Why| Draft { event: EventId::of_request(n), agent: "maya".into(), at, rev: 3, why, asked_again: None };
    Ticket {
        no: TicketNo(4821),
        rev: 12,
        subject: "Probe drops off Wi-Fi".into(),
        status: Status::Open,
        ticket_type: "question".into(),
        inbox: "support".into(),
        team: Some("support".into()),
        owner: None,
        priority: Priority::Normal,
        tags: BTreeSet::new(),
        requester: Requester { name: "Dana".into(), address: address("dana@northern-labs.example"), proven: true },
        participants: BTreeSet::new(),
        waiting: BTreeSet::new(),
        language: None,
        fields: BTreeMap::new(),
        missing: vec![],
        vendor: None,
        steps: vec![StepState { id: "diagnose".into(), ..StepState::default() }],
        first_response: Clock::default(),
        created_at: at,
        updated_at: at,
        solved_at: None,
        links: BTreeSet::new(),
        merged_into: None,
        thread_root: None,
        references: vec![],
        last_in: None,
        requester_ids: vec![],
        first_subject: String::new(),
        private: false,
        acknowledged: true,
        muted_until: None,
        recent_mails: vec![],
        reopened: vec![],
        hold: None,
        events: 3,
        made_by: EventId::of_request("t"),
        watchers: BTreeSet::new(),
        muted_by: BTreeSet::new(),
        answered: None,
        last_note: None,
        acts: vec![],
        drafts: vec![draft("coded", Why::Code { verb: "merge".into() }), draft("overtaken", Why::Overtaken)],
        side_threads: BTreeMap::new(),
        snoozed_until: None,
        minutes: 0,
        closing: BTreeMap::new(),
        signed: false,
        ..Ticket::blank(
            Requester { name: "Dana".into(), address: address("dana@northern-labs.example"), proven: true },
            "support".into(),
            "question".into(),
            EventId::of_request("t"),
            at,
        )
    }
}
