//! Mail out, against a server that fails where a script says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use desk::AccountName;
use desk::effect::{OutboxPhase, OutboxRow, SendClass};
use frontdesk::clock::Clock;
use frontdesk::outbox::{
    Deadlines, Health, Login, NoTraces, Outbox, OutboxSettings, Pacing, Pause, Rate, Security, SendingState, SmtpServer, Target,
    Trace, TraceSearch, login_from,
};
use jiff::SignedDuration;
use mail::MessageId;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harness::certs::{Authority, Flaw};
use crate::harness::port::Port;
use crate::harness::sink::{Fault, Options, Phase, Rule, Sink};
use crate::harness::wait::{stays, wait_true};
use crate::ledger::{ACCOUNT, Ledger, Outgo};

const PATIENCE: Duration = Duration::from_secs(10);

/// One account's sending side in front of a sink.
struct Desk {
    ledger: Ledger,
    health: Arc<Health>,
    stop: watch::Sender<bool>,
    handle: Option<JoinHandle<()>>,
    runtime: Runtime,
}

fn settings(sink: &Sink) -> OutboxSettings {
    let server = SmtpServer { host: "127.0.0.1".to_owned(), port: sink.port(), security: Security::PlainLoopback };
    let short = Duration::from_millis(400);
    let mut settings = OutboxSettings::new(AccountName::from(ACCOUNT), Target::Smtp(server));
    settings.deadlines = Deadlines { connect: short, greeting: short, command: short, data: short, block: short, last: short };
    settings.pacing = Pacing {
        slow: Pause { first: Duration::from_secs(1), most: Duration::from_secs(2) },
        unreachable: Pause { first: Duration::from_millis(50), most: Duration::from_millis(200) },
        search_every: Duration::from_millis(50),
        login_recheck: Duration::from_millis(50),
        ..Pacing::default()
    };
    settings
}

impl Desk {
    fn start(settings: OutboxSettings) -> Self {
        Self::start_with(settings, NoTraces, |_| {})
    }

    fn start_with<S: TraceSearch>(settings: OutboxSettings, search: S, before: impl FnOnce(&Ledger)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let clock = Clock::fixed("2026-11-22T10:00:00Z".parse().expect("a timestamp"));
        let ledger = Ledger::new(&clock);
        before(&ledger);
        let (stop, stopped) = watch::channel(false);
        let _guard = runtime.enter();
        let (handle, health) = Outbox::spawn(settings, ledger.clone(), search, clock, stopped);
        Self { ledger, health, stop, handle: Some(handle), runtime }
    }

    fn send(&self, mail: Outgo<'_>) -> u64 {
        self.ledger.put(mail)
    }

    fn stop(&mut self) {
        self.stop.send_replace(true);
        if let Some(handle) = self.handle.take() {
            self.runtime.block_on(handle).expect("the loop ends well");
        }
    }

    #[track_caller]
    fn wait_state(&self, state: SendingState) {
        wait_true("the account's state", PATIENCE, || self.health.snapshot().state == state);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A panicking test need not wait for a clean end.
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

fn minutes_until_next(row: &OutboxRow) -> i64 {
    row.next_at.duration_since("2026-11-22T10:00:00Z".parse().expect("a timestamp")).as_mins()
}

#[test]
fn a_mail_is_accepted_with_every_step_recorded() {
    let sink = Sink::start();
    let desk = Desk::start(settings(&sink));
    let number = desk.send(Outgo::default());
    let row = desk.ledger.wait(number, &OutboxPhase::Accepted);
    assert_eq!(row.last_reply.as_deref(), Some("250 2.0.0 queued"));
    assert_eq!(row.attempts, 1);
    let phases: Vec<&str> = desk
        .ledger
        .steps()
        .iter()
        .map(|step| step.phase.as_str())
        .map(|phase| match phase {
            "data_sent" => "data_sent",
            "accepted" => "accepted",
            _ => "other",
        })
        .collect();
    assert_eq!(phases, ["data_sent", "accepted"]);
    let mail = &sink.accepted()[0];
    assert_eq!(mail.bytes, b"Subject: hello\r\n\r\nHello.\r\n");
    assert_eq!(mail.envelope.sender, "support@acme.example");
    assert_eq!(mail.envelope.recipients, ["dana@acme.example"]);
    assert_eq!(mail.envelope.recipient_params, [""], "reports are not asked for automatic mail");
}

#[test]
fn a_persons_answer_asks_for_reports() {
    let sink = Sink::start();
    let desk = Desk::start(settings(&sink));
    let number = desk.send(Outgo { class: SendClass::AtLeastOnce, ..Outgo::default() });
    desk.ledger.wait(number, &OutboxPhase::Accepted);
    let envelope = sink.accepted()[0].envelope.clone();
    assert!(envelope.sender_params.contains("RET=HDRS ENVID=0000000000000000"), "{envelope:?}");
    assert!(envelope.sender_params.contains("SIZE=26"), "{envelope:?}");
    assert_eq!(envelope.recipient_params, ["NOTIFY=FAILURE,DELAY ORCPT=rfc822;dana@acme.example"]);
}

#[test]
fn refusals_end_as_the_table_says_and_the_next_mail_goes_out() {
    for phase in [Phase::Mail, Phase::Rcpt, Phase::Data, Phase::Dot] {
        for (reply, expect) in [("451 4.3.0 later", OutboxPhase::Deferred), ("550 5.1.1 never", OutboxPhase::Failed)] {
            let sink = Sink::start();
            sink.script([Rule::reply(phase, reply)]);
            let desk = Desk::start(settings(&sink));
            let refused = desk.send(Outgo::default());
            let row = desk.ledger.settle(refused);
            assert_eq!((&row.phase, row.last_reply.as_deref()), (&expect, Some(reply)), "{phase:?}");
            if expect == OutboxPhase::Deferred {
                assert_eq!(minutes_until_next(&row), 1, "{phase:?}");
            }
            let next = desk.send(Outgo { ticket: 2, ..Outgo::default() });
            desk.ledger.wait(next, &OutboxPhase::Accepted);
            assert_eq!(sink.sessions(), 1, "a refusal does not cost the connection");
        }
    }
}

#[test]
fn a_connection_lost_before_the_dot_is_a_deferral_and_after_it_a_doubt() {
    let before = [Phase::Connect, Phase::Ehlo, Phase::Mail, Phase::Rcpt, Phase::Data, Phase::Body];
    let cases = before.map(|phase| (phase, Fault::Drop, OutboxPhase::Deferred, 1));
    let after = [
        (Phase::Dot, Fault::Drop, OutboxPhase::DataSent, 15),
        (Phase::Dot, Fault::KeepThenDrop, OutboxPhase::DataSent, 15),
        (Phase::Dot, Fault::Hang, OutboxPhase::DataSent, 15),
        (Phase::Mail, Fault::Hang, OutboxPhase::Deferred, 1),
        (Phase::Data, Fault::Hang, OutboxPhase::Deferred, 1),
        (Phase::Connect, Fault::Reply("554 5.3.2 closed today".to_owned()), OutboxPhase::Deferred, 1),
        (Phase::Dot, Fault::GoodThenDrop, OutboxPhase::Accepted, 0),
        (Phase::Dot, Fault::Slow(Duration::from_millis(200)), OutboxPhase::Accepted, 0),
    ];
    for (phase, fault, expect, minutes) in cases.into_iter().chain(after) {
        let sink = Sink::start();
        sink.script([Rule::once(phase, fault.clone())]);
        let desk = Desk::start(settings(&sink));
        // Large enough that the content does not fit into the buffers between us.
        let raw = [b"Subject: large\r\n\r\n".as_slice(), &b"0123456789\r\n".repeat(1_000_000)].concat();
        let small = Outgo::default().raw.to_vec();
        let number = desk.send(Outgo { raw: if phase == Phase::Body { &raw } else { &small }, ..Outgo::default() });
        let row = desk.ledger.settle(number);
        assert_eq!((&row.phase, minutes_until_next(&row)), (&expect, minutes), "{phase:?} {fault:?}: {row:?}");
        sink.heal();
        let next = desk.send(Outgo { ticket: 2, ..Outgo::default() });
        desk.ledger.wait(next, &OutboxPhase::Accepted);
    }
}

#[test]
fn a_deferred_mail_goes_out_when_its_time_has_come() {
    let sink = Sink::start();
    sink.script([Rule::reply(Phase::Rcpt, "451 4.3.0 later").times(2)]);
    let desk = Desk::start(settings(&sink));
    let number = desk.send(Outgo::default());
    assert_eq!(desk.ledger.settle(number).attempts, 1);
    desk.ledger.forward(SignedDuration::from_secs(61));
    wait_true("the second attempt", PATIENCE, || desk.ledger.row(number).attempts == 2);
    assert_eq!(minutes_until_next(&desk.ledger.settle(number)), 6);
    desk.ledger.forward(SignedDuration::from_secs(301));
    assert_eq!(desk.ledger.wait(number, &OutboxPhase::Accepted).attempts, 3);
}

#[test]
fn a_kept_connection_that_the_server_closed_costs_nothing() {
    let sink = Sink::start();
    let desk = Desk::start(settings(&sink));
    for number in 0..5 {
        sink.script([Rule::once(Phase::Dot, Fault::GoodThenDrop)]);
        desk.send(Outgo { ticket: number, ..Outgo::default() });
        let row = desk.ledger.wait(number, &OutboxPhase::Accepted);
        assert_eq!(row.attempts, 1);
    }
    assert_eq!(sink.count(), 5);
    assert_eq!(desk.ledger.steps().iter().filter(|step| step.phase == OutboxPhase::Deferred).count(), 0);
}

#[test]
fn one_bad_recipient_blocks_no_other() {
    let sink = Sink::start();
    sink.script([
        Rule::always(Phase::Rcpt, Fault::Reply("550 5.1.1 unknown".to_owned())).only_for("gone@acme.example"),
        Rule::always(Phase::Rcpt, Fault::Reply("452 4.2.2 full".to_owned())).only_for("full@acme.example"),
    ]);
    let desk = Desk::start(settings(&sink));
    for ticket in 0..30 {
        let to = ["gone@acme.example", "full@acme.example", "good@acme.example"][ticket as usize % 3];
        desk.send(Outgo { to, ticket, ..Outgo::default() });
    }
    wait_true("all mails settle", PATIENCE, || {
        let count = |phase| desk.ledger.count(&phase);
        (count(OutboxPhase::Accepted), count(OutboxPhase::Failed), count(OutboxPhase::Deferred)) == (10, 10, 10)
    });
    assert!(sink.sessions() <= 4, "{} connections", sink.sessions());
}

#[test]
fn a_server_that_asks_for_patience_slows_the_whole_account() {
    for reply in ["421 4.3.2 too busy", "450 4.7.28 too much from you"] {
        let sink = Sink::start();
        sink.script([Rule::reply(Phase::Rcpt, reply)]);
        let mut settings = settings(&sink);
        settings.connections = 1;
        let desk = Desk::start(settings);
        let first = desk.send(Outgo::default());
        let row = desk.ledger.settle(first);
        assert_eq!((&row.phase, row.last_reply.as_deref()), (&OutboxPhase::Deferred, Some(reply)));
        desk.wait_state(SendingState::Slowed);
        let next = desk.send(Outgo { ticket: 2, ..Outgo::default() });
        stays("nothing is tried while the account pauses", Duration::from_millis(400), 0, || sink.count());
        desk.ledger.wait(next, &OutboxPhase::Accepted);
        desk.wait_state(SendingState::Live);
    }
}

#[test]
fn order_within_a_ticket_and_recipient_is_kept() {
    let sink = Sink::start();
    sink.script([Rule::reply(Phase::Rcpt, "451 4.3.0 later")]);
    let desk = Desk::start(settings(&sink));
    let first = desk.send(Outgo { raw: b"Subject: one\r\n\r\n", ..Outgo::default() });
    desk.ledger.settle(first);
    let second = desk.send(Outgo { raw: b"Subject: two\r\n\r\n", ..Outgo::default() });
    stays("the second waits", Duration::from_millis(300), OutboxPhase::Queued, || desk.ledger.row(second).phase);
    desk.ledger.forward(SignedDuration::from_secs(61));
    desk.ledger.wait(second, &OutboxPhase::Accepted);
    let bodies: Vec<Vec<u8>> = sink.accepted().into_iter().map(|mail| mail.bytes).collect();
    assert_eq!(bodies, [b"Subject: one\r\n\r\n", b"Subject: two\r\n\r\n"]);
}

#[test]
fn content_arrives_as_it_was_with_every_line_end_whole() {
    let sink = Sink::start();
    let desk = Desk::start(settings(&sink));
    let cases: [(&[u8], &[u8]); 6] = [
        (b"a: b\r\n\r\n.\r\n..\r\n.x\r\n", b"a: b\r\n\r\n.\r\n..\r\n.x\r\n"),
        (b".first\r\n", b".first\r\n"),
        (b"a: b\n\n.\nMAIL FROM:<x@y>\n", b"a: b\r\n\r\n.\r\nMAIL FROM:<x@y>\r\n"),
        (b"a: b\r\n\r\nx\r.\r\n.\ry", b"a: b\r\n\r\nx\r\n.\r\n.\r\ny\r\n"),
        (b"a: b\r\n\r\nno end", b"a: b\r\n\r\nno end\r\n"),
        ("a: b\r\n\r\nGrüße\r\n".as_bytes(), "a: b\r\n\r\nGrüße\r\n".as_bytes()),
    ];
    for (number, (raw, expect)) in cases.into_iter().enumerate() {
        let number = desk.send(Outgo { raw, ticket: number as u64, ..Outgo::default() });
        desk.ledger.wait(number, &OutboxPhase::Accepted);
        let last = sink.accepted().pop().expect("one came");
        assert_eq!(last.bytes, expect, "{:?}", String::from_utf8_lossy(raw));
    }
    assert!(sink.accepted()[5].envelope.sender_params.contains("BODY=8BITMIME"));
}

#[test]
fn without_starttls_nothing_is_said() {
    let authority = Authority::new();
    // It offers AUTH, but the offer of STARTTLS was removed on the way.
    let sink = Sink::start_with(Options { auth: Some(("maya".to_owned(), "secret".to_owned())), ..Options::default() });
    let mut settings = settings(&sink);
    settings.login = login_from(|| Ok(Login::Password { user: "maya".to_owned(), password: "secret".to_owned() }));
    settings.target = Target::Smtp(SmtpServer {
        host: "localhost".to_owned(),
        port: sink.port(),
        security: Security::StartTls(authority.client()),
    });
    let desk = Desk::start(settings);
    let number = desk.send(Outgo::default());
    desk.wait_state(SendingState::Unsafe);
    wait_true("the row is given back", PATIENCE, || desk.ledger.row(number).phase == OutboxPhase::Queued);
    assert_eq!(desk.ledger.row(number).attempts, 0);
    assert!(sink.exchanges().iter().all(|exchange| exchange.command.starts_with("EHLO") || exchange.command == "<connect>"));
    assert!(desk.health.snapshot().error.expect("shown").contains("no STARTTLS"));
}

#[test]
fn a_certificate_that_proves_nothing_stops_the_account() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (flaw, trusts) in [(Flaw::WrongName, &authority), (Flaw::Expired, &authority), (Flaw::None, &stranger)] {
        for implicit_tls in [false, true] {
            let sink = Sink::start_with(Options { tls: Some(authority.issue(flaw)), implicit_tls, ..Options::default() });
            let mut settings = settings(&sink);
            let config = trusts.client();
            let security = if implicit_tls { Security::Tls(config) } else { Security::StartTls(config) };
            settings.target = Target::Smtp(SmtpServer { host: "localhost".to_owned(), port: sink.port(), security });
            let desk = Desk::start(settings);
            desk.send(Outgo::default());
            desk.wait_state(SendingState::Unsafe);
            assert_eq!(sink.commands("MAIL"), 0);
            assert_eq!(desk.ledger.count(&OutboxPhase::Failed), 0);
        }
    }
}

#[test]
fn mail_goes_out_encrypted_and_logged_in() {
    let authority = Authority::new();
    for implicit_tls in [false, true] {
        let auth = Some(("maya".to_owned(), "secret".to_owned()));
        let sink = Sink::start_with(Options { tls: Some(authority.issue(Flaw::None)), implicit_tls, auth });
        let mut settings = settings(&sink);
        let security = if implicit_tls { Security::Tls(authority.client()) } else { Security::StartTls(authority.client()) };
        settings.target = Target::Smtp(SmtpServer { host: "localhost".to_owned(), port: sink.port(), security });
        settings.login = login_from(|| Ok(Login::Password { user: "maya".to_owned(), password: "secret".to_owned() }));
        let desk = Desk::start(settings);
        let number = desk.send(Outgo::default());
        desk.ledger.wait(number, &OutboxPhase::Accepted);
        let mail = &sink.accepted()[0];
        assert!(mail.tls);
        assert_eq!(mail.user.as_deref(), Some("maya"));
    }
}

#[test]
fn a_refused_login_stops_the_account_until_the_password_is_changed() {
    let sink = Sink::start_with(Options { auth: Some(("maya".to_owned(), "new".to_owned())), ..Options::default() });
    let password = Arc::new(Mutex::new("old".to_owned()));
    let read = Arc::clone(&password);
    let mut settings = settings(&sink);
    settings.login =
        login_from(move || Ok(Login::Password { user: "maya".to_owned(), password: read.lock().expect("not poisoned").clone() }));
    let desk = Desk::start(settings);
    let number = desk.send(Outgo::default());
    desk.wait_state(SendingState::LoginRefused);
    stays("no hammering", Duration::from_millis(500), 1, || sink.commands("AUTH"));
    let row = desk.ledger.row(number);
    assert_eq!((row.phase, row.attempts), (OutboxPhase::Queued, 0), "the mail is not at fault");
    "new".clone_into(&mut password.lock().expect("not poisoned"));
    desk.ledger.wait(number, &OutboxPhase::Accepted);
    assert_eq!(sink.commands("AUTH"), 2);
}

/// Finds what it is told to find, and counts how often it was asked.
#[derive(Clone, Default)]
struct Traces {
    found: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<usize>>,
}

impl TraceSearch for Traces {
    async fn find(&self, message_id: &MessageId) -> Trace {
        *self.asked.lock().expect("not poisoned") += 1;
        let found = self.found.lock().expect("not poisoned").iter().any(|found| found == message_id.as_str());
        if found { Trace::Found } else { Trace::NotFound }
    }
}

#[test]
fn a_doubt_ends_by_the_class_of_the_mail() {
    for (class, expect, arrived) in
        [(SendClass::AtMostOnce, OutboxPhase::Unknown, 1), (SendClass::AtLeastOnce, OutboxPhase::Accepted, 2)]
    {
        let sink = Sink::start();
        sink.script([Rule::once(Phase::Dot, Fault::KeepThenDrop)]);
        let traces = Traces::default();
        let desk = Desk::start_with(settings(&sink), traces.clone(), |_| {});
        let number = desk.send(Outgo { class, ..Outgo::default() });
        assert_eq!(desk.ledger.settle(number).phase, OutboxPhase::DataSent);
        wait_true("it is looked for", PATIENCE, || *traces.asked.lock().expect("not poisoned") > 2);
        desk.ledger.forward(SignedDuration::from_secs(14 * 60));
        stays("it is looked for 15 minutes", Duration::from_millis(200), OutboxPhase::DataSent, || desk.ledger.row(number).phase);
        desk.ledger.forward(SignedDuration::from_secs(61));
        desk.ledger.wait(number, &expect);
        assert_eq!(sink.count(), arrived, "{class:?}");
        assert!(sink.accepted().iter().all(|mail| mail.bytes == sink.accepted()[0].bytes));
    }
}

#[test]
fn a_mail_that_is_found_is_not_sent_again() {
    let sink = Sink::start();
    sink.script([Rule::once(Phase::Dot, Fault::KeepThenDrop)]);
    let traces = Traces::default();
    let desk = Desk::start_with(settings(&sink), traces.clone(), |_| {});
    let number = desk.send(Outgo { class: SendClass::AtLeastOnce, ..Outgo::default() });
    assert_eq!(desk.ledger.settle(number).phase, OutboxPhase::DataSent);
    traces.found.lock().expect("not poisoned").push(format!("{number}@acme.example"));
    desk.ledger.wait(number, &OutboxPhase::Accepted);
    assert_eq!(sink.count(), 1);
}

#[test]
fn a_second_doubt_is_not_followed_by_a_third_sending() {
    let sink = Sink::start();
    sink.script([Rule::always(Phase::Dot, Fault::KeepThenDrop)]);
    let desk = Desk::start(settings(&sink));
    let number = desk.send(Outgo { class: SendClass::AtLeastOnce, ..Outgo::default() });
    assert_eq!(desk.ledger.settle(number).phase, OutboxPhase::DataSent);
    desk.ledger.forward(SignedDuration::from_mins(16));
    wait_true("the second sending", PATIENCE, || sink.count() == 2);
    wait_true("its doubt", PATIENCE, || {
        desk.ledger.settle(number).next_at > desk.ledger.row(number).created_at + SignedDuration::from_mins(20)
    });
    desk.ledger.forward(SignedDuration::from_mins(16));
    desk.ledger.wait(number, &OutboxPhase::Unknown);
    assert_eq!(sink.count(), 2);
}

#[test]
fn what_an_earlier_run_left_in_doubt_is_looked_for_at_start() {
    for class in [SendClass::AtMostOnce, SendClass::AtLeastOnce] {
        let sink = Sink::start();
        let traces = Traces::default();
        let desk = Desk::start_with(settings(&sink), traces.clone(), |ledger| {
            let number = ledger.put(Outgo { class, ..Outgo::default() });
            ledger.change(number, |row| {
                row.phase = OutboxPhase::DataSent;
                row.attempts = 1;
                row.next_at += SignedDuration::from_mins(15);
            });
        });
        wait_true("it is looked for", PATIENCE, || *traces.asked.lock().expect("not poisoned") > 0);
        assert_eq!(sink.sessions(), 0);
        desk.ledger.forward(SignedDuration::from_mins(15));
        let expect = if class == SendClass::AtMostOnce { OutboxPhase::Unknown } else { OutboxPhase::Accepted };
        desk.ledger.wait(0, &expect);
    }
}

#[test]
fn a_doubt_that_could_not_be_ended_comes_up_again() {
    let sink = Sink::start();
    sink.script([Rule::once(Phase::Connect, Fault::Drop)]);
    let desk = Desk::start_with(settings(&sink), NoTraces, |ledger| {
        let number = ledger.put(Outgo { class: SendClass::AtLeastOnce, ..Outgo::default() });
        ledger.change(number, |row| row.phase = OutboxPhase::DataSent);
    });
    wait_true("there is no connection", PATIENCE, || desk.ledger.row(0).next_at > desk.ledger.row(0).created_at);
    assert_eq!(desk.ledger.row(0).phase, OutboxPhase::DataSent, "it may have arrived before, so it is not merely deferred");
    desk.ledger.forward(SignedDuration::from_secs(31));
    desk.ledger.wait(0, &OutboxPhase::Accepted);
    assert_eq!(sink.count(), 1);
}

#[test]
fn nothing_is_sent_that_could_not_be_recorded() {
    let sink = Sink::start();
    let desk = Desk::start_with(settings(&sink), NoTraces, |ledger| ledger.refuse_steps_into(Some(OutboxPhase::DataSent)));
    let number = desk.send(Outgo::default());
    desk.wait_state(SendingState::StoreFailing);
    assert_eq!(sink.count(), 0);
    desk.ledger.refuse_steps_into(None);
    desk.ledger.wait(number, &OutboxPhase::Accepted);
}

#[test]
fn stopping_finishes_the_dot_and_gives_the_rest_back() {
    let sink = Sink::start();
    sink.script([Rule::once(Phase::Dot, Fault::Slow(Duration::from_millis(300)))]);
    let mut settings = settings(&sink);
    settings.connections = 1;
    let mut desk = Desk::start(settings);
    for ticket in 0..20 {
        desk.send(Outgo { ticket, ..Outgo::default() });
    }
    wait_true("the first is on its way", PATIENCE, || desk.ledger.count(&OutboxPhase::DataSent) == 1);
    desk.stop();
    assert_eq!(desk.ledger.count(&OutboxPhase::Accepted), 1);
    assert_eq!(desk.ledger.count(&OutboxPhase::Queued), 19);
    assert_eq!(desk.ledger.released() + 1, desk.ledger.claims());
    assert_eq!(desk.health.snapshot().state, SendingState::Stopped);
    assert_eq!(sink.commands("QUIT"), 1);
}

#[test]
fn stopping_does_not_wait_for_a_server_that_hangs() {
    let sink = Sink::start();
    sink.script([Rule::once(Phase::Rcpt, Fault::Hang), Rule::once(Phase::Dot, Fault::Hang).only_for("dot@acme.example")]);
    let mut settings = settings(&sink);
    settings.deadlines = Deadlines::default();
    settings.pacing.stop = Duration::from_millis(300);
    let mut desk = Desk::start(settings);
    let before = desk.send(Outgo::default());
    wait_true("it hangs before the dot", PATIENCE, || sink.commands("MAIL") == 1);
    desk.stop();
    let row = desk.ledger.row(before);
    assert_eq!((row.phase, row.attempts), (OutboxPhase::Queued, 0));
}

#[test]
fn the_rate_is_kept() {
    let sink = Sink::start();
    let mut settings = settings(&sink);
    settings.rate = Some(Rate { mails: 5, per: Duration::from_secs(1) });
    let desk = Desk::start(settings);
    for ticket in 0..12 {
        desk.send(Outgo { ticket, ..Outgo::default() });
    }
    let mails = sink.wait_for(12, PATIENCE);
    for window in mails.windows(6) {
        // The sink sees a mail a little after we began it, so a little less than the span may lie between.
        assert!(window[5].at.duration_since(window[0].at) > Duration::from_millis(800));
    }
}

#[test]
fn an_idle_connection_is_closed_with_a_goodbye() {
    let sink = Sink::start();
    let mut settings = settings(&sink);
    settings.pacing.idle = Duration::from_millis(100);
    let desk = Desk::start(settings);
    let number = desk.send(Outgo::default());
    desk.ledger.wait(number, &OutboxPhase::Accepted);
    wait_true("QUIT", PATIENCE, || sink.commands("QUIT") == 1);
    wait_true("no connection is left", PATIENCE, || desk.health.snapshot().connections == 0);
}

#[test]
fn a_server_that_is_down_is_tried_again_and_nothing_is_lost() {
    let sink = Sink::start();
    // Nobody listens there, and no other test will while we hold it.
    let port = Port::reserve();
    let mut settings = settings(&sink);
    settings.target =
        Target::Smtp(SmtpServer { host: "127.0.0.1".to_owned(), port: port.number(), security: Security::PlainLoopback });
    let desk = Desk::start(settings);
    let numbers: Vec<u64> = (0..3).map(|ticket| desk.send(Outgo { ticket, ..Outgo::default() })).collect();
    wait_true("every row has been tried once", PATIENCE, || desk.ledger.count(&OutboxPhase::Deferred) == numbers.len());
    desk.wait_state(SendingState::Unreachable);
    assert!(desk.ledger.row(0).last_reply.expect("said").contains("refused"));
}

#[test]
fn mail_for_a_maildir_becomes_a_file_named_by_its_effect() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = OutboxSettings::new(AccountName::from(ACCOUNT), Target::Maildir(directory.path().to_owned()));
    let desk = Desk::start(settings);
    for ticket in 0..40 {
        desk.send(Outgo { ticket, ..Outgo::default() });
    }
    wait_true("all are written", PATIENCE, || desk.ledger.count(&OutboxPhase::Accepted) == 40);
    let names: Vec<String> = std::fs::read_dir(directory.path().join("new"))
        .expect("there")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names.len(), 40);
    assert!(names.contains(&format!("{}.frontdesk", desk.ledger.row(0).id)));
    assert!(desk.ledger.steps().iter().all(|step| step.phase == OutboxPhase::Accepted), "a file is never in doubt");
}
