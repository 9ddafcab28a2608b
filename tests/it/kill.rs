//! Killed at any instant, nothing is lost and nothing happens twice.

// The seed and the figures of a run are what one wants to see when it failed.
#![allow(clippy::print_stdout)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::harness::wait::{until_random_moment, wait_some};
use crate::scene::{Ack, Scene};

/// Chance that can be repeated: splitmix64.
struct Dice(u64);

impl Dice {
    /// From `FRONTDESK_SEED`, or from the clock; the seed is printed where a failing test shows it.
    fn new() -> Dice {
        let given = std::env::var("FRONTDESK_SEED").ok().and_then(|seed| seed.parse().ok());
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos();
        let seed = given.unwrap_or(u64::try_from(clock & u128::from(u32::MAX)).expect("cut to 32 bits"));
        println!("repeat with FRONTDESK_SEED={seed}");
        Dice(seed)
    }

    /// Below `end`.
    fn roll(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)) % end
    }

    fn pause(&mut self, from_millis: u64, to_millis: u64) {
        until_random_moment(Duration::from_millis(from_millis + self.roll(to_millis - from_millis)));
    }
}

fn send_some(scene: &mut Scene, dice: &mut Dice) {
    for _ in 0..dice.roll(3) {
        scene.request();
    }
    if dice.roll(2) == 0 {
        let pick = usize::try_from(dice.roll(1 << 20)).expect("small");
        scene.reply(pick);
    }
}

#[test]
fn sixty_kills_at_random_lose_nothing_and_repeat_nothing() {
    let cycles = std::env::var("FRONTDESK_KILL_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let mut dice = Dice::new();
    let mut scene = Scene::new();
    for _ in 0..cycles {
        // Half of the kills strike a desk that watches, half one that is still finding its feet.
        let accepted = scene.sink.count();
        send_some(&mut scene, &mut dice);
        if dice.roll(2) == 0 {
            dice.pause(1, 150);
        } else {
            // It works: the next moments are full of commits and dots.
            wait_some(Duration::from_secs(2), || (scene.sink.count() > accepted).then_some(()));
            send_some(&mut scene, &mut dice);
            dice.pause(1, 120);
        }
        scene.desk.kill9();
        send_some(&mut scene, &mut dice);
        scene.desk.start();
        dice.pause(50, 600);
    }
    scene.desk.kill9();
    scene.desk.start_ready();
    scene.wait_quiet();
    let acks = scene.check();
    let count = |wanted: &dyn Fn(&Ack) -> bool| acks.values().filter(|ack| wanted(ack)).count();
    println!(
        "{cycles} kills, {} mails, {} acknowledged, {} in doubt of which {} arrived",
        scene.delivered(),
        count(&|ack| ack.is_accepted),
        count(&|ack| !ack.is_accepted),
        count(&|ack| !ack.is_accepted && ack.received == 1)
    );
    assert!(count(&|ack| ack.is_accepted) > 0, "the desk never got as far as an acknowledgement");
}

/// Every place at which the process can be made to die, in the order of one mail's way. With it: how often the server may
/// have taken the acknowledgement when the desk does not know; empty where the desk must know.
const PLACES: [(&str, &[usize]); 16] = [
    ("raw_written", &[]),
    ("raw_synced", &[]),
    ("raw_kept", &[]),
    // What is filed and what is sent go side by side, so these strike at any moment of the sending.
    ("journal_written", &[0, 1]),
    ("journal_synced", &[0, 1]),
    ("state_kept", &[0, 1]),
    ("state_carried", &[0, 1]),
    ("state_applied", &[0, 1]),
    ("mail_committed", &[]),
    ("mail_filed", &[0, 1]),
    ("filing_recorded", &[0, 1]),
    ("attempt_recorded", &[]),
    ("data_sent_recorded", &[0]),
    ("before_the_dot", &[0]),
    ("server_answered", &[1]),
    ("outcome_recorded", &[]),
];
/// Passings of one place that are tried: one mail passes none more often.
const PASSINGS_MAX: u32 = 12;

/// Lets one mail through a desk that dies at a place. Returns whether it did, and who wrote.
fn dies_at(scene: &mut Scene, place: &str, passing: u32) -> (bool, String) {
    let accepted = scene.sink.count();
    scene.desk.set_env("FRONTDESK_FAILPOINT", &format!("{place}:{passing}"));
    let from = scene.request();
    scene.desk.start();
    wait_some(Duration::from_secs(10), || {
        let is_through = scene.sink.count() > accepted && scene.dovecot.messages("support", "INBOX").is_empty();
        (!scene.desk.running() || is_through).then_some(())
    });
    // What is recorded after the last visible act is recorded by now, or while it stops.
    wait_some(Duration::from_millis(150), || (!scene.desk.running()).then_some(()));
    let code = if scene.desk.running() { scene.desk.term() } else { scene.desk.wait_exit() };
    scene.desk.unset_env("FRONTDESK_FAILPOINT");
    assert!(code.is_none_or(|code| code == 0), "{place}:{passing} ended with {code:?}\n{}", scene.desk.log_tail());
    (code.is_none(), from)
}

#[test]
fn a_death_at_every_station_is_repaired() {
    let mut scene = Scene::new();
    assert_eq!(scene.desk.term(), Some(0));
    let mut deaths = 0;
    for (place, in_doubt) in PLACES {
        for passing in 1..=PASSINGS_MAX {
            let (died, from) = dies_at(&mut scene, place, passing);
            assert!(died || passing > 1 || place.starts_with("state_"), "{place} is never passed");
            scene.desk.start_ready();
            scene.wait_quiet();
            let ack = scene.check()[&from];
            let is_right = ack.is_accepted || (died && in_doubt.contains(&ack.received));
            assert!(is_right, "{place}:{passing}: {ack:?}, in doubt may be {in_doubt:?}");
            scene.desk.kill9();
            if !died {
                break;
            }
            deaths += 1;
        }
    }
    println!("{deaths} deaths, {} mails", scene.delivered());
}
