//! SMTP servers that refuse, break off and do not answer: the promise of each class of mail, on the running desk.

use std::time::Duration;

use crate::harness::sink::{Fault, Phase, Rule};
use crate::harness::wait::{stays, wait_for};
use crate::scene::{PATIENCE, Scene};

/// State and count of the acknowledgement of the only request.
fn row(scene: &Scene) -> Option<(String, usize)> {
    let rows = scene.outbox();
    let row = rows.first()?;
    let to = row["to"].as_str()?;
    Some((row["state"].as_str()?.to_owned(), scene.sink.received(to).len()))
}

fn refused(reply: &str) -> Fault {
    Fault::Reply(reply.to_owned())
}

/// One request meets this fault; its acknowledgement gets into this state, and the server has taken it so often.
#[track_caller]
fn check(phase: Phase, fault: Fault, expect: (&str, usize)) {
    let mut scene = Scene::new();
    let what = format!("{phase:?} {fault:?}");
    scene.sink.script([Rule::once(phase, fault)]);
    scene.request();
    let expect = (expect.0.to_owned(), expect.1);
    wait_for(&format!("{what}: {expect:?}"), PATIENCE, || (row(&scene) == Some(expect.clone())).then_some(()));
    stays(&what, Duration::from_millis(500), Some(expect), || row(&scene));
    assert_eq!(scene.desk.tickets().len(), 1, "{what}");
    if phase == Phase::Dot {
        // Not even a restart sends it again.
        let before = row(&scene);
        scene.desk.kill9();
        scene.start_live();
        stays(&what, Duration::from_millis(500), before, || row(&scene));
    }
}

#[test]
fn refusals_for_now_are_deferred() {
    for phase in [Phase::Mail, Phase::Rcpt, Phase::Data, Phase::Dot] {
        check(phase, refused("451 4.3.0 try later"), ("deferred", 0));
    }
}

#[test]
fn refusals_for_good_are_failures() {
    for phase in [Phase::Mail, Phase::Rcpt, Phase::Dot] {
        check(phase, refused("550 5.1.1 never"), ("failed", 0));
    }
}

#[test]
fn a_connection_that_breaks_before_the_dot_is_no_doubt() {
    for phase in [Phase::Mail, Phase::Rcpt, Phase::Data] {
        check(phase, Fault::Drop, ("deferred", 0));
    }
}

#[test]
fn a_connection_that_breaks_at_the_dot_is_a_doubt_and_never_repeated() {
    check(Phase::Dot, Fault::Drop, ("data_sent", 0));
    check(Phase::Dot, Fault::KeepThenDrop, ("data_sent", 1));
}

#[test]
fn a_good_answer_counts_however_late_and_whatever_follows() {
    check(Phase::Dot, Fault::Slow(Duration::from_secs(2)), ("accepted", 1));
    check(Phase::Dot, Fault::GoodThenDrop, ("accepted", 1));
}

/// An agent's answer in doubt is sent a second time, byte for byte, once the time for looking is over, and never a third.
#[test]
fn an_agents_answer_in_doubt_is_sent_once_more() {
    let mut scene = Scene::new();
    scene.desk.shift_clock("+0");
    scene.desk.restart();
    let from = scene.request();
    scene.sink.wait_for(1, PATIENCE);
    scene.wait_quiet();
    let ticket = scene.desk.tickets()[0]["ref"].as_str().unwrap_or_default().to_owned();
    // The agents get mail as well: they are told that the clock jumped.
    scene.sink.script([Rule::once(Phase::Dot, Fault::KeepThenDrop).times(2).only_for(&from)]);
    let act = ["ticket", "act", "--as", "ana", "--request", "one", &ticket, "reply", "Turn it off and on."];
    assert_eq!(scene.desk.cli(&act).code, Some(0));
    assert_eq!(scene.desk.cli(&act).code, Some(0), "the same request again changes nothing");
    let state = |scene: &Scene| {
        let states = scene.outbox().into_iter();
        let of_agent = states.filter(|row| row["kind"] != "acknowledgement" && row["to"] == from.as_str());
        of_agent.map(|row| row["state"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let copies = |scene: &Scene| scene.sink.received(&from).len() - 1;
    let reach = |scene: &Scene, what: &str, expect: (&str, usize)| {
        wait_for(what, PATIENCE, || (state(scene) == [expect.0] && copies(scene) == expect.1).then_some(()));
    };
    reach(&scene, "doubt", ("data_sent", 1));
    scene.desk.kill9();
    scene.start_live();
    stays("the doubt", Duration::from_secs(1), 1, || copies(&scene));
    scene.desk.shift_clock("+16m");
    reach(&scene, "the second sending", ("data_sent", 2));
    scene.desk.kill9();
    scene.start_live();
    scene.desk.shift_clock("+40m");
    reach(&scene, "the end", ("unknown", 2));
    let mails = scene.sink.received(&from);
    assert!(mails[1] == mails[2], "byte for byte");
}
