//! The report: figures from small cases, and laws that hold for any.

mod support;

use desk::decision::{Decision, HistoryEntry};
use desk::glance::Glance;
use desk::help::{Offer, Verdict};
use desk::ledger::owed_by;
use desk::policy::Vendor;
use desk::report::{Besides, Case, Report, Scope, compute};
use desk::rule::RuleBook;
use desk::ticket::{Clock, Requester, Status, Ticket};
use desk::vendor::SideThread;
use desk::{EventId, Outcome, Policy, TicketNo, report_html, report_text};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const BEFORE: &str = "2026-11-09T00:00:00Z";
const FROM: &str = "2026-11-16T00:00:00Z";
const UNTIL: &str = "2026-11-23T00:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn scope() -> Scope {
    Scope { before: at(BEFORE), from: at(FROM), until: at(UNTIL), now: at(UNTIL), team: None }
}

fn policy() -> Policy {
    let mut policy = support::policy(RuleBook::default());
    let email = mail::Address::new("desk@northgate.example").expect("an address");
    let (their_ref, sees, chase) = (None, vec![], vec![]);
    let northgate = Vendor {
        name: "northgate".into(),
        label: "Northgate".into(),
        email,
        their_ref,
        sees,
        within: None,
        calendar: None,
        chase,
    };
    policy.vendors.insert("northgate".into(), northgate);
    policy.types.get_mut(&"question".into()).expect("it is there").close_asks = vec!["cause".into()];
    policy
}

/// A ticket with a life of its own, told event by event.
struct Life {
    ticket: Ticket,
    events: Vec<Glance>,
}

impl Life {
    fn new(no: u64, created_at: &str) -> Self {
        let address = mail::Address::new("dana@x.example").expect("an address");
        let requester = Requester { name: "Dana".into(), address, proven: true };
        let made_by = EventId::of_request(&no.to_string());
        let mut ticket = Ticket::blank(requester, "support".into(), "question".into(), made_by, at(created_at));
        ticket.no = TicketNo(no);
        let due = at(created_at) + SignedDuration::from_hours(4);
        ticket.first_response = Clock { started_at: Some(at(created_at)), due_at: Some(due), ..Clock::default() };
        let mut life = Self { ticket, events: Vec::new() };
        life.tell(created_at, &["requester_wrote"], |_| {});
        life
    }

    /// Something happens: lines of history, and what it does to the ticket. Read back as the store reads it.
    fn tell(&mut self, when: &str, kinds: &[&str], change: impl FnOnce(&mut Ticket)) -> &mut Self {
        let now = at(when);
        let owed = owed_by(&self.ticket);
        self.ticket.ledger.write(now, owed, None);
        change(&mut self.ticket);
        self.ticket.updated_at = now;
        let line = |kind: &&str| {
            let (kind, what) = kind.split_once(": ").unwrap_or((kind, ""));
            HistoryEntry { at: now, kind: kind.to_owned(), by: "maya".to_owned(), what: what.to_owned(), rule: None }
        };
        let decision = Decision {
            outcome: Outcome::Changed,
            ticket: Some(self.ticket.clone()),
            message: None,
            notes: Vec::new(),
            history: kinds.iter().map(line).collect(),
            effects: vec![],
            link_back: None,
            also: vec![],
            trace: vec![],
        };
        let stored = serde_json::json!({ "event": EventId::of_request(when), "at": now, "decision": decision });
        self.events.push(serde_json::from_value(stored).expect("a glance reads what is stored"));
        self
    }

    fn case(&self) -> Case {
        Case { ticket: self.ticket.clone(), events: self.events.clone() }
    }
}

fn ask_vendor(ticket: &mut Ticket, asked_at: &str) {
    ticket.status = Status::OnHold;
    ticket.side_threads.insert("northgate".into(), SideThread { asked_at: Some(at(asked_at)), ..SideThread::default() });
}

fn report(lives: &[Life]) -> Report {
    compute(&policy(), &scope(), lives.iter().map(Life::case), &Besides::default())
}

#[test]
fn it_opens_with_who_was_waited_on_and_how_that_changed() {
    // Two days for the vendor the week before, three and a bit in the week.
    let mut earlier = Life::new(1, "2026-11-10T00:00:00Z");
    earlier.tell("2026-11-10T00:00:00Z", &["vendor_asked"], |ticket| ask_vendor(ticket, "2026-11-10T00:00:00Z"));
    earlier.tell("2026-11-12T00:00:00Z", &["vendor_wrote"], |ticket| {
        ticket.status = Status::Open;
        ticket.side_threads.clear();
    });
    earlier.tell("2026-11-12T06:00:00Z", &["solved"], |ticket| {
        ticket.status = Status::Solved;
        ticket.closing.insert("cause".into(), "router".into());
    });
    // From Saturday before the week to Thursday of it: four of its five days lie within.
    let mut later = Life::new(2, "2026-11-14T00:00:00Z");
    later.tell("2026-11-14T23:00:00Z", &["vendor_asked"], |ticket| ask_vendor(ticket, "2026-11-14T23:00:00Z"));
    later.tell("2026-11-19T23:00:00Z", &["vendor_wrote", "answered"], |ticket| {
        ticket.status = Status::Pending;
        ticket.side_threads.clear();
        ticket.first_response.met_at = Some(at("2026-11-19T23:00:00Z"));
    });
    let made = report(&[earlier, later]);
    assert_eq!(
        made.sentences,
        [
            "0 requests came, down 100 %, and 0 were closed; 1 is open now.",
            "56 % of all waiting was for Northgate: 1 ticket, 85th percentile 3.9 days, up 30 %.",
            "Half of the first answers took at most 5.9 days, 85 % at most 5.9 days; 0 % of 1 promise was kept.",
            "The oldest open ticket is 9.0 days old.",
        ]
    );
}

#[test]
fn answers_count_against_their_promises_and_unanswered_ones_too() {
    let answered = |no: u64, created: &str, met: &str| {
        let mut life = Life::new(no, created);
        life.tell(met, &["answered"], |ticket| {
            ticket.status = Status::Pending;
            ticket.first_response.met_at = Some(at(met));
        });
        life
    };
    let mut lives = vec![
        answered(1, "2026-11-16T08:00:00Z", "2026-11-16T09:00:00Z"),
        answered(2, "2026-11-16T08:00:00Z", "2026-11-16T10:00:00Z"),
        answered(3, "2026-11-16T08:00:00Z", "2026-11-17T08:00:00Z"),
        answered(4, "2026-11-12T08:00:00Z", "2026-11-12T09:00:00Z"),
    ];
    // Nobody ever answered this one.
    lives.push(Life::new(5, "2026-11-18T08:00:00Z"));
    // Closed by an article: nobody had to answer.
    let mut deflected = Life::new(6, "2026-11-18T08:00:00Z");
    deflected.ticket.help.offers =
        vec![Offer { id: "KB-1".into(), by: "frontdesk".into(), at: at("2026-11-18T08:00:00Z"), said: Some(Verdict::Solved) }];
    deflected.tell("2026-11-18T09:00:00Z", &["article_solved", "solved"], |ticket| {
        ticket.status = Status::Solved;
        ticket.closing.insert("cause".into(), "article KB-1".into());
    });
    lives.push(deflected);
    let made = report(&lives);
    let first = &made.first_response;
    assert_eq!((first.now.count, first.now.promised, first.now.kept, first.now.kept_percent()), (3, 4, 2, Some(50)));
    assert_eq!((first.now.median_seconds, first.now.p85_seconds), (Some(7_200), Some(86_400)));
    assert_eq!((first.before.count, first.before.kept), (1, 1));
    assert_eq!((made.articles[0].offered, made.articles[0].solved), (1, 1));
}

#[test]
fn what_was_closed_says_why_or_is_listed() {
    let closed = |no: u64, cause: Option<&str>, kinds: &[&str]| {
        let mut life = Life::new(no, "2026-11-17T08:00:00Z");
        life.tell("2026-11-17T10:00:00Z", kinds, |ticket| {
            ticket.status = Status::Solved;
            ticket.closing.extend(cause.map(|cause| ("cause".to_owned(), cause.to_owned())));
        });
        life
    };
    let mut again = closed(5, Some("router"), &["solved"]);
    again.tell("2026-11-18T10:00:00Z", &["reopened"], |ticket| ticket.status = Status::Open);
    let made = report(&[
        closed(1, Some("router"), &["solved"]),
        closed(2, Some("router"), &["solved", "rated: good: solved"]),
        closed(3, None, &["solved", "rated: bad: not solved"]),
        closed(4, Some("-"), &["solved"]),
        again,
    ]);
    assert_eq!((made.causes.len(), made.causes[0].cause.as_str(), made.causes[0].count), (1, "router", 2));
    assert_eq!((made.without_cause, made.without_cause_count), (vec!["T-3".to_owned()], 1));
    assert_eq!((made.ratings.count, made.ratings.good), (2, 1));
    assert_eq!((made.flow.closings, made.reopened, made.flow.open), (5, 1, 1));
}

#[test]
fn every_form_says_the_same_and_carries_nobodys_markup() {
    let mut life = Life::new(1, "2026-11-17T08:00:00Z");
    life.tell("2026-11-18T10:00:00Z", &["answered"], |ticket| ticket.status = Status::Pending);
    life.tell("2026-11-18T20:00:00Z", &["solved"], |ticket| {
        ticket.status = Status::Solved;
        ticket.closing.insert("cause".into(), "=1+1, \"<b>\"".into());
    });
    let made = report(&[life]);
    let zone = jiff::tz::TimeZone::UTC;
    let text = report_text::text(&made, &zone);
    assert!(
        text.starts_with("16 November 2026 to 22 November 2026\n\n1 request came and 1 was closed; 0 are open now.\n"),
        "{text}"
    );
    let csv = report_text::csv(&made);
    assert!(csv.contains("cause,\"'=1+1, \"\"<b>\"\"\",question,closed,1\r\n"), "{csv}");
    let html = report_html::html(&made, "Fern & Hill", &zone);
    assert!(html.contains("Fern &amp; Hill") && html.contains("&lt;b&gt;") && !html.contains("<b>"), "{html}");
    assert!(html.contains("<svg role=\"img\" aria-labelledby=\"waiting-title waiting-desc\""), "{html}");
    assert_eq!(html.matches("<desc ").count(), html.matches("<svg ").count());
    let back: Report = serde_json::from_str(&serde_json::to_string(&made).expect("JSON")).expect("reads back");
    assert_eq!(back, made);
}

#[test]
fn an_empty_desk_has_an_empty_report() {
    let made = report(&[]);
    assert_eq!(made.sentences, ["0 requests came and 0 were closed; 0 are open now."]);
    assert_eq!((made.waiting.len(), made.first_response.now.median_seconds), (0, None));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waiting_adds_up_to_the_time_that_the_ticket_was_open(
        start in 0..400_i64,
        steps in prop::collection::vec((1..60_i64, 0..5_usize), 0..12),
    ) {
        let hour = |hours: i64| (at("2026-11-05T00:00:00Z") + SignedDuration::from_hours(hours)).to_string();
        let mut life = Life::new(1, &hour(start));
        let (mut now, mut open) = (start, Vec::new());
        let mut since = Some(start);
        for (hours, status) in steps {
            now += hours;
            let status = [Status::New, Status::Open, Status::Pending, Status::OnHold, Status::Solved][status];
            life.tell(&hour(now), &["status_changed"], |ticket| ticket.status = status);
            match (since, status.is_active()) {
                (Some(from), false) => { open.push((from, now)); since = None; }
                (None, true) => since = Some(now),
                (Some(_), true) | (None, false) => {}
            }
        }
        let scope = scope();
        let hours = |instant: Timestamp| at("2026-11-05T00:00:00Z").duration_until(instant).as_hours();
        let end = hours(scope.until);
        open.extend(since.filter(|from| *from < end).map(|from| (from, end.max(now.min(end)))));
        let within = |from: i64, until: i64| (until.min(end) - from.max(hours(scope.from))).max(0);
        let expect: i64 = open.iter().map(|(from, until)| within(*from, *until)).sum();
        let made = compute(&policy(), &scope, std::iter::once(life.case()), &Besides::default());
        let waited: i64 = made.waiting.iter().map(|waiting| waiting.seconds).sum();
        let in_steps: i64 = made.steps.iter().map(|step| step.seconds).sum();
        // Each stretch is cut to whole seconds.
        prop_assert!((waited - expect * 3_600).abs() <= 40, "{} {}", waited, expect * 3_600);
        prop_assert_eq!(waited, in_steps);
    }
}
