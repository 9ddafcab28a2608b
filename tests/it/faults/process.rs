//! A second daemon, a mail that kills its reader, a stop at any moment.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::mails::{self, Basics};
use crate::harness::wait::{until_random_moment, wait_true};
use crate::scene::{ADDRESS, Scene};

#[test]
fn a_second_daemon_on_the_same_store_is_refused() {
    let mut scene = Scene::new();
    let second = scene.desk.cli(&["run"]);
    assert_eq!(second.code, Some(75), "{second:?}");
    let pid = scene.desk.pid().expect("the first runs").to_string();
    assert!(second.stderr.contains("in use by process") && second.stderr.contains(&pid), "{second:?}");
    scene.request();
    scene.wait_quiet();
    scene.check();
}

#[test]
fn a_poison_mail_strikes_twice_and_the_next_mail_flows() {
    let scene = Scene::new();
    let mail = |id: &str, poison: bool| {
        let from = format!("{id}@x.example");
        let id = format!("{id}@x.example");
        let mail = mails::request(Basics { from: &from, to: ADDRESS, subject: "Meter", id: &id }, "It is dead.\n");
        if poison { mail.header("X-Poison-Test", "yes").bytes() } else { mail.bytes() }
    };
    assert_eq!(scene.desk.term(), Some(0));
    scene.desk.set_env("FRONTDESK_FAILPOINT", "poison_read:1");
    scene.dovecot.deliver("support", &mail("before", false));
    scene.dovecot.deliver("support", &mail("poison", true));
    scene.dovecot.deliver("support", &mail("after", false));
    scene.desk.start();
    assert_eq!(scene.desk.wait_exit(), None, "the first strike kills the desk");
    let started = Instant::now();
    scene.desk.start();
    let tickets = scene.desk.wait_tickets(3);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    let subjects: Vec<&str> = tickets.iter().filter_map(|ticket| ticket["subject"].as_str()).collect();
    assert_eq!(subjects.iter().filter(|subject| subject.contains("unreadable")).count(), 1, "{subjects:?}");
    assert!(scene.desk.running(), "the second strike killed a child only");

    // Shown again under another UID it is not read in the desk either.
    scene.dovecot.deliver("support", &mail("poison", true));
    scene.dovecot.deliver("support", &mail("last", false));
    scene.desk.wait_settled(5);
    assert!(scene.desk.running());
    assert_eq!(scene.desk.tickets().len(), 4);
    assert_eq!(scene.sink.wait_for(3, crate::scene::PATIENCE).len(), 3, "nobody is written to about the unreadable one");
}

#[test]
fn a_stop_or_a_reload_at_any_moment_ends_well() {
    let mut scene = Scene::new();
    for round in 0..12_u64 {
        for _ in 0..3 {
            scene.request();
        }
        if round % 3 == 0 {
            let config = std::fs::read_to_string(scene.desk.path("frontdesk.toml")).expect("written before");
            scene.desk.write("frontdesk.toml", &format!("{config}# round {round}\n"));
            scene.desk.signal(Signal::HUP);
        }
        until_random_moment(Duration::from_millis(round * 23 % 160));
        let stopped = Instant::now();
        assert_eq!(scene.desk.term(), Some(0), "round {round}\n{}", scene.desk.log_tail());
        assert!(stopped.elapsed() < Duration::from_secs(30), "round {round}: {:?}", stopped.elapsed());
        scene.start_live();
    }
    scene.wait_quiet();
    let acks = scene.check();
    assert!(acks.values().all(|ack| ack.is_accepted), "an orderly stop leaves no doubt: {acks:?}");
}

#[test]
fn a_stop_waits_for_the_dot_in_flight() {
    use crate::harness::sink::{Fault, Phase, Rule};
    let mut scene = Scene::new();
    scene.sink.script([Rule::once(Phase::Dot, Fault::Slow(Duration::from_secs(3)))]);
    scene.request();
    wait_true("the content is out", crate::scene::PATIENCE, || scene.sink.commands("DATA") == 1);
    assert_eq!(scene.desk.term(), Some(0));
    scene.start_live();
    scene.wait_quiet();
    assert!(scene.check().values().all(|ack| ack.is_accepted && ack.received == 1));
}
