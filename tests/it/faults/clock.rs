//! The clock of the machine jumps while the desk runs: what time drives is held and somebody is told, what people write flows
//! on, and nothing leaves twice once it goes on.

use std::sync::Arc;

use desk::AccountName;
use desk::effect::{OutboxPhase, OutboxRow, OutboxStep};
use frontdesk::engine::outgoing::step_of;
use frontdesk::engine::read::read_here;
use frontdesk::engine::{Core, Live};
use frontdesk::store::Store as _;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::harness::bare::{Bare, live};
use crate::harness::mails;
use crate::harness::office::{Office, SUPPORT, all_live, letter, vouched};
use crate::harness::wait::wait_true;

const DANA: &str = "dana@x.example";
const ANA: &str = "ana@acme.example";
const SECTIONS: &str = "[inbox]\nsupport = { address = \"support@acme.example\", team = \"help\" }\n\
    [team]\nhelp = { members = [\"ana\", \"ben\"], lead = \"ana\" }\n\
    [follow_up]\nsilent = [{ after = \"24h\", send = \"nudge\" }, { after = \"2000h\", close = \"no answer\" }]\nhours = \"00:00-23:59\"\n\
    [agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\n\
    [[report]]\nname = \"the week\"\nevery = \"week\"\nto = [\"lead\"]\n";

fn write(office: &Office, from: &str, id: &str) {
    let from = format!("Somebody <{from}>");
    office.deliver(&vouched(mails::request(letter(&from, "The meter shows nothing", id), "It was fine yesterday.\n")));
}

/// Mails to somebody of which one of these words is in subject or text.
fn told(office: &Office, whom: &str, word: &str) -> usize {
    let mails = office.received(whom);
    let says = |raw: &Vec<u8>| {
        let message = mail::parse(raw).message;
        message.subject.contains(word) || message.text.contains(word)
    };
    mails.iter().filter(|raw| says(raw)).count()
}

/// Sets the clock while the desk runs, lets somebody write, and waits until the jump was noticed for the `count`th time.
fn jump(office: &Office, offset: &str, writer: &str, count: usize) {
    office.desk.shift_clock(offset);
    write(office, writer, &format!("jump-{count}@x.example"));
    wait_true("the desk notices", std::time::Duration::from_secs(90), || {
        office.desk.log().matches("The clock of this machine jumped").count() == count
    });
    assert_eq!(told(office, writer, "Your reference is"), 1, "mail goes on: {}", office.desk.log_tail());
    assert_eq!(told(office, ANA, "clock of the desk's machine jumped"), count, "whoever leads is told, once");
}

fn nudges(office: &Office) -> usize {
    office.outbox().iter().filter(|row| row["to"] == DANA && row["kind"] == "follow_up").count()
}

/// A desk whose clock can be set while it runs, with a request that an agent has answered.
#[track_caller]
fn answered() -> Office {
    let office = Office::with(SECTIONS);
    assert_eq!(office.desk.term(), Some(0));
    office.desk.shift_clock("+0");
    office.desk.start();
    office.desk.wait_until("every inbox is live", all_live);
    write(&office, DANA, "dana-1@x.example");
    let replied = office.act("T-1", "ana", &["reply", "Is the fuse whole?"]);
    assert_eq!(replied["status"], json!("pending"));
    assert_eq!(office.received(DANA).len(), 2);
    office
}

/// The calendar is looked at every two minutes, so this takes as long.
#[test]
fn a_jump_of_the_clock_holds_what_is_due_by_the_calendar() {
    let office = answered();
    jump(&office, "+20d", "eve@y.example", 1);
    wait_true("the calendar is looked at", std::time::Duration::from_secs(180), || {
        office.desk.log().contains("What is due by the calendar waits, since the clock jumped.")
    });
    assert_eq!((nudges(&office), told(&office, ANA, "open now.")), (0, 0));
}

#[test]
fn a_jump_of_the_clock_holds_what_time_drives_and_nothing_leaves_twice() {
    let office = answered();

    // Weeks ahead: the reminder is due at once, and waits.
    jump(&office, "+20d", "eve@y.example", 1);
    let timers = office.desk.ticket("T-1")["timers"].to_string();
    assert!(timers.contains("follow_up"), "{timers}");
    assert_eq!((nudges(&office), told(&office, ANA, "open now.")), (0, 0), "held");

    // A day back, which is a jump of its own.
    jump(&office, "+19d", "fred@z.example", 2);
    assert_eq!((nudges(&office), told(&office, ANA, "open now.")), (0, 0), "held for as long again");
    // What an agent does is not driven by time.
    office.act("T-2", "ana", &["reply", "Turn it off and on."]);
    assert_eq!(told(&office, "eve@y.example", "Turn it off"), 1);

    // Whoever looked at the clock starts the desk anew: it goes on, each thing once.
    office.desk.restart();
    office.desk.wait_until("every inbox is live", all_live);
    office.wait_ticket("T-1", "the reminder went out", |ticket| {
        ticket["history"].as_array().is_some_and(|lines| lines.iter().any(|line| line["kind"] == "nudged"))
    });
    wait_true("the report goes out", std::time::Duration::from_secs(30), || told(&office, ANA, "open now.") > 0);
    office.desk.restart();
    office.desk.wait_until("every inbox is live", all_live);
    write(&office, DANA, "dana-2@x.example");
    assert_eq!((nudges(&office), told(&office, ANA, "open now.")), (1, 1));
    assert_eq!(told(&office, ANA, "clock of the desk's machine jumped"), 2);
    let rows: Vec<Value> = office.outbox();
    assert!(rows.iter().all(|row| row["state"] == "accepted"), "{rows:#?}");
    assert_eq!(office.desk.tickets().len(), 4, "{SUPPORT} got four requests");
}

/// A mail came in an hour ago, and its acknowledgement has reached `phase`, to go on in `wait`.
fn waiting(live: &Arc<Live>, phase: &OutboxPhase, wait: SignedDuration) -> Bare {
    let mut desk = Bare::new(live);
    let raw = vouched(mails::request(letter("Dana <dana@x.example>", "The meter", "dana-1@x.example"), "Dark.\n")).bytes();
    let hash = desk.store.keep(&[raw.as_slice()]).expect("memory keeps all")[0];
    let account = AccountName("main".to_owned());
    let place = desk::event::Place { account, mailbox: "INBOX".to_owned(), uid_validity: 1, uid: 1 };
    let trusts = live.trusts.values().next().cloned().unwrap_or_default();
    desk.core.mail(desk.now, &place, false, read_here(hash, &raw, &trusts)).expect("memory refuses nothing");
    let rows = claimed(&mut desk);
    assert_eq!(rows.len(), 1, "the acknowledgement");
    let next_at = desk.now + wait;
    let steps = rows.iter().map(|row| OutboxStep { phase: phase.clone(), next_at, ..step_of(row, desk.now) }).collect();
    desk.core.steps(steps).expect("memory refuses nothing");
    desk.store.flush().expect("memory refuses nothing");
    desk
}

fn claimed(desk: &mut Bare) -> Vec<OutboxRow> {
    desk.core.claim(desk.now, &AccountName("main".to_owned()), 100).expect("memory refuses nothing")
}

#[test]
fn a_mail_that_waits_does_not_wait_for_the_time_that_was_taken_from_the_clock() {
    let day = SignedDuration::from_hours(24);
    let hour = SignedDuration::from_hours(1);
    let live = live("[inbox]\nsupport = { address = \"support@acme.example\" }\n");
    for restarts in [false, true] {
        let mut desk = waiting(&live, &OutboxPhase::Deferred, hour);
        desk.now -= day;
        if restarts {
            desk.core = Core::new(desk.store.clone(), live.clone(), desk.now).expect("memory refuses nothing");
        } else {
            assert_eq!(claimed(&mut desk).len(), 0, "before anybody notices");
            desk.core.clock_jumped(desk.now).expect("memory refuses nothing");
        }
        assert_eq!(claimed(&mut desk).len(), 1, "tried at once, restarted: {restarts}");
    }
    // Ahead, or back by less than a mail may wait, the table holds.
    for (jump, due) in [(-hour, false), (hour, true)] {
        let mut desk = waiting(&live, &OutboxPhase::Deferred, hour);
        desk.now += jump;
        desk.core.clock_jumped(desk.now).expect("memory refuses nothing");
        assert_eq!(claimed(&mut desk).len() == 1, due, "{jump}");
    }
    // In doubt, it is looked for once more before that counts.
    let mut desk = waiting(&live, &OutboxPhase::DataSent, SignedDuration::from_mins(15));
    desk.core = Core::new(desk.store.clone(), live.clone(), desk.now - day).expect("memory refuses nothing");
    desk.now -= day;
    assert_eq!(claimed(&mut desk).len(), 0);
    desk.now += SignedDuration::from_mins(15);
    assert_eq!(claimed(&mut desk).len(), 1, "the search is over");
}
