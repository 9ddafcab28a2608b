//! Fernhill, small: what the tests of mails to agents are about.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use mail::{Address, Attachment};

use crate::change::Undone;
use crate::decision::{Direction, MessageEntry};
use crate::desk_mail::{DeskMail, Digest, Listing, Mistake};
use crate::effect::Send;
use crate::event::{Around, ContactFacts};
use crate::ids::{EffectId, EventId, RawHash, TicketNo};
use crate::policy::{
    Agent, AgentMail, AgentProof, Assign, Carrier, Company, Field, FieldKind, Inbox, Limits, Policy, Receipts, Step, Team,
    TicketType, Vendor,
};
use crate::remark::Remark;
use crate::ticket::{Answered, Clock, FieldValue, NoteLine, Priority, Requester, Status, StepState, Ticket};
use crate::ticket_mail::{AgentDesk, Cause, Suggestion, TicketMail, Why};
use crate::token::Keys;

pub(crate) const NOW: &str = "2026-11-23T14:12:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("a test's instant")
}

pub(crate) fn address(text: &str) -> Address {
    Address::new(text).expect("a test's address")
}

fn agent(name: &str, label: &str, speaks: &[&str]) -> Agent {
    Agent {
        name: name.into(),
        label: label.into(),
        email: address(&format!("{name}@fernhill.example")),
        also: vec![],
        speaks: speaks.iter().map(|tag| (*tag).to_owned()).collect(),
        reports_only: false,
        pin: None,
        calendar: None,
    }
}

fn field(id: &str, ask: &str, label: &str) -> Field {
    Field {
        id: id.into(),
        ask: ask.into(),
        asks: std::collections::BTreeMap::new(),
        kind: FieldKind::Text,
        find: None,
        labels: vec![label.into()],
        matches: None,
        options: vec![],
        required: true,
        agents_only: false,
    }
}

fn question() -> TicketType {
    let step = |id: &str, todo: &[&str], waits_on: Option<&str>| Step {
        todo: todo.iter().map(|item| (*item).to_owned()).collect(),
        waits_on: waits_on.map(str::to_owned),
        ..Step::named(id)
    };
    TicketType {
        name: "question".into(),
        label: "A question about a product".into(),
        fields: vec![
            field("serial", "Serial number on the back label", "Serial"),
            field("firmware", "Firmware version", "Firmware"),
            field("model", "Router model", "Router model"),
        ],
        steps: vec![
            step("understand", &["Confirm serial and firmware"], None),
            step("diagnose", &["Confirm serial and firmware", "Reproduce or ask for a log"], None),
            step("confirm", &["Customer says it works"], Some("customer")),
        ],
        close_asks: vec!["cause".into()],
        policy: BTreeMap::new(),
    }
}

pub(crate) fn policy() -> Policy {
    let inbox = Inbox {
        name: "support".into(),
        place: 0,
        address: address("support@fernhill.example"),
        label: "Fernhill Support".into(),
        also: vec![],
        account: "main".into(),
        team: "support".into(),
        ticket_type: "question".into(),
        sla: None,
        ack: None,
        private: false,
        machines: vec![],
        language: None,
        pgp: None,
    };
    let agent_mail = AgentMail {
        address: address("desk@fernhill.example"),
        carrier: Carrier::Plus,
        undo_send: SignedDuration::from_secs(60),
        receipts: Receipts::Commands,
        attach_bytes: 10_000_000,
        digest: None,
        proof: AgentProof::TokenSender,
    };
    let northgate = Vendor {
        name: "northgate".into(),
        label: "Northgate".into(),
        email: address("servicedesk@northgate.example"),
        their_ref: None,
        sees: vec![],
        within: None,
        calendar: None,
        chase: vec![],
    };
    let members = vec!["maya".into(), "tomasz".into(), "aisha".into()];
    let team = Team { name: "support".into(), lead: None, members, assign: Assign::LeastLoaded, max_open: None };
    let agents =
        [agent("maya", "Maya Chen", &[]), agent("tomasz", "Tomasz Nowak", &["de", "en"]), agent("aisha", "Aisha Bello", &["fr"])];
    Policy {
        company: Company {
            name: "Fernhill".into(),
            timezone: jiff::tz::TimeZone::get("Europe/London").expect("bundled"),
            languages: vec!["en".into(), "de".into()],
            prefix: "T".into(),
        },
        keys: Keys::new(&[7; 32]),
        inboxes: BTreeMap::from([("support".into(), inbox)]),
        agents: agents.into_iter().map(|agent| (agent.name.clone(), agent)).collect(),
        agent_mail: Some(agent_mail),
        teams: BTreeMap::from([("support".into(), team)]),
        vendors: BTreeMap::from([("northgate".into(), northgate)]),
        types: BTreeMap::from([("question".into(), question())]),
        slas: BTreeMap::new(),
        calendars: BTreeMap::new(),
        forms: vec![],
        rules: crate::rule::RuleBook::default(),
        limits: Limits::default(),
        templates: crate::template::Templates::default(),
        follow_up: crate::policy::FollowUp::default(),
        channels: BTreeMap::new(),
        alerts: vec![],
        knowledge: crate::knowledge::Knowledge::default(),
        reopen_within: SignedDuration::from_hours(14 * 24),
        own_addresses: BTreeSet::new(),
        url: Some("https://desk.fernhill.example".into()),
    }
}

pub(crate) fn ticket() -> Ticket {
    let requester = Requester { name: "Dana Okafor".into(), address: address("dana@northern-labs.example"), proven: true };
    let made_by = EventId::of_request("4821");
    let value = |value: &str| FieldValue { value: value.into(), from: "text".into(), span: None, valid: true };
    let mut ticket = Ticket::blank(requester, "support".into(), "question".into(), made_by, at("2026-11-21T08:00:00Z"));
    ticket.no = TicketNo(4821);
    ticket.rev = 12;
    ticket.subject = "Probe drops off Wi-Fi every night".into();
    ticket.status = Status::Open;
    ticket.team = Some("support".into());
    ticket.owner = Some("maya".into());
    ticket.priority = Priority::High;
    ticket.participants.insert(address("anna@northern-labs.example"));
    ticket.fields = BTreeMap::from([("serial".into(), value("FH-20931")), ("firmware".into(), value("3.4.1"))]);
    ticket.missing = vec!["model".into()];
    ticket.asked = ticket.missing.clone();
    ticket.rounds = 1;
    ticket.steps = vec![StepState {
        id: "diagnose".into(),
        clock: Clock {
            started_at: Some(at("2026-11-22T10:00:00Z")),
            due_at: Some(at("2026-11-23T16:30:00Z")),
            ..Clock::default()
        },
        done: BTreeSet::from([1]),
        ..StepState::default()
    }];
    ticket.first_response = Clock {
        started_at: Some(at("2026-11-21T08:00:00Z")),
        due_at: Some(at("2026-11-21T12:00:00Z")),
        met_at: Some(at("2026-11-21T10:10:00Z")),
        ..Clock::default()
    };
    ticket.last_note = Some(NoteLine { by: "tomasz".into(), at: at("2026-11-22T10:00:00Z"), excerpt: "ask for DHCP log".into() });
    ticket
}

pub(crate) fn around() -> Around {
    Around {
        contact: ContactFacts {
            tickets: 8,
            open: 2,
            since: Some(at("2024-10-02T09:00:00Z")),
            good: 4,
            ..ContactFacts::default()
        },
        ..Around::default()
    }
}

pub(crate) fn message(from: &str, text: &str) -> MessageEntry {
    MessageEntry {
        id: EventId::of_request("message"),
        direction: Direction::In,
        from: from.into(),
        to: vec!["support@fernhill.example".into()],
        subject: "Re: Probe drops off Wi-Fi every night".into(),
        text: text.into(),
        cut: String::new(),
        cut_is_news: false,
        signature: String::new(),
        message_id: None,
        in_reply_to: None,
        attachments: Vec::new(),
        machine: None,
        unproven: false,
        held: false,
        at: at(NOW),
        raw: Some(RawHash([9; 32])),
        answers_to: None,
    }
}

pub(crate) fn file(name: &str, bytes: u64, part: u32) -> Attachment {
    Attachment { name: name.into(), content_type: "text/plain".into(), bytes, inline: false, content_id: None, part }
}

/// Dana's answer, with a log.
pub(crate) fn dana() -> MessageEntry {
    let text = "Thanks Tomasz. It happened again at 02:10, log attached.\nIs there firmware newer than 3.4.1?\n";
    let mut message = message("Dana Okafor <dana@northern-labs.example>", text);
    message.attachments = vec![file("probe-0210.log", 84_000, 2)];
    message
}

/// Every mail to an agent that there is, with the name of its expected form.
pub(crate) fn mails(policy: &Policy, ticket: &Ticket, message: &MessageEntry, to: &str) -> Vec<(&'static str, Send)> {
    let mut all = ticket_mails(policy, ticket, message, to);
    all.extend(desk_mails(policy, ticket, message, to));
    all
}

pub(crate) fn id(name: &str) -> EffectId {
    EffectId::new(EventId::of_request(name), 0)
}

pub(crate) fn ticket_mails(policy: &Policy, ticket: &Ticket, message: &MessageEntry, to: &str) -> Vec<(&'static str, Send)> {
    let desk = AgentDesk::of_ticket(policy, ticket).expect("agents work by mail");
    let to = &policy.agents[&to.into()];
    let northgate = "northgate".into();
    let person = &message.from;
    let why = Remark::plain(person);
    let causes = [
        ("replied", Cause::Wrote { message }),
        ("new", Cause::New { message }),
        ("noted", Cause::Noted { by: person, message }),
        ("answered", Cause::Answered { by: person, message }),
        ("acted", Cause::Acted { by: person, what: person }),
        ("joined", Cause::Joined { by: person, other: ticket }),
        ("assigned", Cause::Assigned { by: Some(person), message: Some(message), with: Some(message) }),
        ("vendor", Cause::VendorWrote { vendor: &northgate, message }),
        ("held", Cause::Held { message, why: &why }),
        ("failed", Cause::DeliveryFailed { to: &ticket.requester.address, reply: &message.text }),
        ("delayed", Cause::DeliveryDelayed { to: &ticket.requester.address, reply: &message.text }),
        ("unknown", Cause::DeliveryUnknown { to: &ticket.requester.address, reply: &message.text }),
        ("risk", Cause::AtRisk { due_at: at("2026-11-23T16:30:00Z") }),
        ("vendor_late", Cause::VendorLate { vendor: &northgate, due_at: at("2026-11-23T12:30:00Z") }),
        ("late", Cause::AtRisk { due_at: at("2026-11-23T12:30:00Z") }),
        ("step", Cause::StepIsYours { approve: false }),
        ("awake", Cause::Awake),
        ("practice", Cause::Practice { message }),
    ];
    let perhaps = [Suggestion {
        key: 'a',
        id: "KB-112".to_owned(),
        title: "KB-112 Probe loses Wi-Fi after DHCP renewal (wi-fi, probe)".to_owned(),
        has_page: true,
    }];
    let around = around();
    let mails = causes.into_iter().map(|(name, cause)| {
        let mail = TicketMail {
            desk,
            ticket,
            around: &around,
            to,
            why: Why::Owner,
            cause,
            perhaps: &perhaps,
            their_offset: Some(60),
            at: at(NOW),
        };
        (name, mail.send(id(name)))
    });
    let invite = ("invite", crate::desk_mail::invite(desk, to, at(NOW), id("invite")));
    mails.chain([invite]).collect()
}

pub(crate) fn desk_mails(policy: &Policy, ticket: &Ticket, message: &MessageEntry, to: &str) -> Vec<(&'static str, Send)> {
    let desk = AgentDesk::of_ticket(policy, ticket).expect("agents work by mail");
    let to = &policy.agents[&to.into()];
    let about = DeskMail { desk, to, ticket: Some(ticket), at: at(NOW) };
    let alone = DeskMail { ticket: None, ..about };
    let held = EventId::of_request("held");
    let (text, person) = (message.text.as_str(), message.from.as_str());
    let lines = [text.lines().next().unwrap_or_default().to_owned(), "asign tomasz".to_owned()];
    let mistake = Mistake {
        held,
        lines: &lines,
        wrong: 1,
        characters: (0, 5),
        what: "no such command; \"assign\" is close",
        meant: Some("assign tomasz"),
        has_text: true,
    };
    let answered = Answered { rev: 11, by: "aisha".into(), at: at("2026-11-23T14:02:00Z"), event: held, excerpt: String::new() };
    let tickets = [ticket.clone(), Ticket { no: TicketNo(4822), status: Status::Pending, ..ticket.clone() }];
    let done = [format!("close: {person}"), "tag +vpn".to_owned()];
    let digest = Digest { due_today: &tickets[..1], waiting_on_others: &tickets[1..], ..Digest::default() };
    let help = [("close [reason]", "Answered; a reply reopens."), ("take", "Become the owner."), ("wait", "They owe a word.")];
    let note = MessageEntry { direction: Direction::Note, from: "maya".into(), ..message.clone() };
    let undone = Undone { what: person.to_owned(), kept: vec!["status"], recalled: false, gone: true };
    vec![
        ("mistake", about.mistake(&mistake, id("mistake"))),
        ("unfit", about.unfit(held, &Remark::with(|say| say.layout, &[("line", person)]), id("unfit"))),
        ("overtaken", about.overtaken(held, &answered, true, text, id("overtaken"))),
        ("withdrawn", about.withdrawn(held, &Answered { excerpt: text.to_owned(), ..answered.clone() }, id("withdrawn"))),
        ("parts_differ", about.parts_differ(held, text, id("parts_differ"))),
        ("below_marker", about.below_marker(held, text, id("below_marker"))),
        ("verb_in_text", about.verb_in_text(held, text, id("verb_in_text"))),
        ("incomplete", about.incomplete(held, &["Router model", person].map(Remark::plain), id("incomplete"))),
        ("code", about.code(held, "spam", "4821-77", id("code"))),
        ("tag_only", about.tag_only(held, text, id("tag_only"))),
        ("challenge", about.challenge(held, person, text, Some(&ticket.requester.address), id("challenge"))),
        ("warning", about.outsider_warning(person, text, id("warning"))),
        ("receipt", about.receipt(&done, Some(at("2026-11-23T14:13:00Z")), true, id("receipt"))),
        ("undone", about.undone(&undone, id("undone"))),
        ("help", alone.help(None, help, id("help"))),
        (
            "listing",
            alone.listing(&Listing { query: person, tickets: &tickets, total: 44, looked_through: Some(2000) }, id("listing")),
        ),
        ("whole", about.whole(&[message.clone(), note], id("whole"))),
        ("away", alone.away(Some(at("2026-11-30T09:00:00Z")), id("away"))),
        ("digest", alone.digest(&digest, id("digest"))),
    ]
}

/// Fields and text of a mail, as they are expected.
pub(crate) fn shown(send: &Send) -> String {
    let letter = send.letter.as_deref().expect("a mail has a letter");
    let raw = mail::compose(letter);
    let raw = String::from_utf8_lossy(&raw).replace("\r\n", "\n");
    let head = raw.split("MIME-Version").next().unwrap_or_default();
    let enclosed: Vec<&str> = send.enclosed.iter().map(|file| file.name.as_str()).collect();
    format!("{head}Enclosed: {}\n\n{}", enclosed.join(", "), letter.text)
}

/// Compares with `fixtures/agent_mail/NAME.txt`; `UPDATE_EXPECT=1` writes it anew.
pub(crate) fn expect(name: &str, now: &str) {
    expect_file(&format!("{name}.txt"), now);
}

/// Compares with a file of `fixtures/agent_mail`; `UPDATE_EXPECT=1` writes it anew.
#[allow(clippy::disallowed_methods, reason = "expected texts lie beside the code")]
pub(crate) fn expect_file(name: &str, now: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/agent_mail");
    let file = folder.join(name);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder of ours");
        std::fs::write(&file, now).expect("written");
    }
    let expected = std::fs::read_to_string(&file).expect("UPDATE_EXPECT=1 writes it");
    assert_eq!(now, expected, "{name} differs; UPDATE_EXPECT=1 writes it anew");
}
