//! Watching a mailbox of a real Dovecot.

mod fault;
mod maildir;
mod recorder;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use desk::Outcome;
use frontdesk::ingest::{Auth, Done, Phase, Since, WatchSettings};

use self::recorder::{Bench, Running, large, mail, wait};
use crate::harness::dovecot::{Options, password};

#[tokio::test]
async fn new_mail_arrives_within_seconds_through_idle() {
    let bench = Bench::new(Options::default());
    let running = Running::start(bench.settings(), &bench.recorder);
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    for number in 1..=3 {
        let started = Instant::now();
        bench.deliver(number);
        bench.wait_count(&running, number).await;
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
    {
        let record = bench.recorder.lock();
        assert_eq!(record.taken.iter().map(|taken| taken.bytes.clone()).collect::<Vec<_>>(), [mail(1), mail(2), mail(3)]);
        assert!(record.taken.iter().all(|taken| !taken.silent));
    }
    wait("the keyword", || bench.dovecot.messages("support", "INBOX").iter().all(|stored| stored.flags == ["$Frontdesk"])).await;
    assert!(running.snapshot().live);
    running.stop().await;
}

#[tokio::test]
async fn since_now_passes_over_what_was_there() {
    let bench = Bench::new(Options::default());
    bench.deliver(1);
    bench.deliver(2);
    let settings = WatchSettings { since: Since::Now, ..bench.settings() };
    let running = Running::start(settings.clone(), &bench.recorder);
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    bench.deliver(3);
    bench.wait_count(&running, 1).await;
    running.stop().await;
    assert_eq!(bench.recorder.lock().settled, [(vec![(1, 2)], Outcome::SeenBefore)]);

    // A crash between noting the mailbox and settling it must not make requests of old mail.
    bench.recorder.lock().cursors.values_mut().for_each(|cursor| cursor.settled.clear());
    let running = Running::start(settings, &bench.recorder);
    bench.wait_count(&running, 2).await;
    running.stop().await;
    assert!(bench.recorder.lock().taken.iter().all(|taken| taken.uid == 3));
}

#[tokio::test]
async fn since_all_takes_old_mail_silently_and_new_mail_aloud() {
    let bench = Bench::new(Options::default());
    for number in 1..=250 {
        bench.deliver(number);
    }
    let running = Running::start(bench.settings(), &bench.recorder);
    bench.wait_count(&running, 250).await;
    bench.deliver(251);
    bench.wait_count(&running, 251).await;
    running.stop().await;
    let record = bench.recorder.lock();
    assert!(record.taken.iter().all(|taken| taken.silent == (taken.uid <= 250)));
    assert!(record.taken.windows(2).all(|pair| pair[0].uid < pair[1].uid), "in the order of arrival");
}

#[tokio::test]
async fn since_a_date_takes_mail_of_that_day_and_later() {
    let bench = Bench::new(Options::default());
    bench.deliver(1);
    bench.deliver(2);
    let tomorrow = jiff::Zoned::now().date().checked_add(jiff::Span::new().days(2)).expect("not the end of time");
    let settings = WatchSettings { since: Since::Date(tomorrow), ..bench.settings() };
    let running = Running::start(settings, &bench.recorder);
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    assert_eq!(bench.recorder.lock().settled, [(vec![(1, 2)], Outcome::SeenBefore)]);
    running.stop().await;

    let bench = Bench::new(Options::default());
    bench.deliver(1);
    let settings = WatchSettings { since: Since::Date(jiff::civil::date(2020, 1, 1)), ..bench.settings() };
    let running = Running::start(settings, &bench.recorder);
    bench.wait_count(&running, 1).await;
    running.stop().await;
    assert!(bench.recorder.lock().taken[0].silent);
}

#[tokio::test]
async fn a_restart_fetches_only_what_is_not_settled() {
    let bench = Bench::new(Options::default());
    bench.deliver(1);
    let running = Running::start(bench.settings(), &bench.recorder);
    bench.wait_count(&running, 1).await;
    running.stop().await;
    bench.deliver(2);
    bench.deliver(3);
    let running = Running::start(bench.settings(), &bench.recorder);
    bench.wait_count(&running, 3).await;
    running.stop().await;
    assert!(!bench.recorder.lock().taken[1].silent);
}

#[tokio::test]
async fn a_server_without_idle_is_polled() {
    let bench = Bench::new(Options { idle: false, ..Options::default() });
    let running = Running::start(bench.settings(), &bench.recorder);
    wait("polling", || running.snapshot().phase == Phase::Polling).await;
    bench.deliver(1);
    bench.wait_count(&running, 1).await;
    running.stop().await;
}

#[tokio::test]
async fn a_large_mail_comes_in_pieces_and_new_mail_does_not_wait_for_it() {
    let bench = Bench::new(Options::default());
    let (big, edge) = (large(1, 21 * 1024 * 1024), large(2, 8 * 1024 * 1024 + 4096));
    bench.dovecot.deliver("support", &big);
    bench.dovecot.deliver("support", &edge);
    let running = Running::start(bench.settings(), &bench.recorder);
    bench.wait_count(&running, 2).await;
    running.stop().await;
    let record = bench.recorder.lock();
    assert!(record.taken[0].bytes == big && record.taken[1].bytes == edge);
    let left: Vec<_> = std::fs::read_dir(bench.spool.path()).expect("a spool").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 1, "only the note of the first look stays: {left:?}");
}

#[tokio::test]
async fn new_mail_does_not_wait_behind_the_first_scan() {
    let bench = Bench::new(Options::default());
    for number in 1..=3_000 {
        bench.deliver(number);
    }
    bench.recorder.lock().pause = Duration::from_millis(200);
    let running = Running::start(bench.settings(), &bench.recorder);
    wait("the scan", || bench.recorder.count() >= 100).await;
    bench.deliver(3_001);
    bench.wait_count(&running, 3_001).await;
    running.stop().await;
    let record = bench.recorder.lock();
    let place = record.taken.iter().position(|taken| taken.uid == 3_001).expect("it was taken");
    // The server is asked every two seconds, and what is under way by then comes first.
    assert!(place < 2_500, "{place}");
    assert!(!record.taken[place].silent);
}

#[tokio::test]
async fn done_seen_marks_and_done_keep_does_not() {
    let bench = Bench::new(Options::default());
    let settings = WatchSettings { done: Done::Seen, ..bench.settings() };
    let running = Running::start(settings, &bench.recorder);
    bench.deliver(1);
    bench.wait_count(&running, 1).await;
    wait("filing", || bench.recorder.lock().filed == [1]).await;
    assert_eq!(bench.dovecot.messages("support", "INBOX")[0].flags, ["\\Seen"]);
    running.stop().await;
}

#[tokio::test]
async fn done_move_moves_with_and_without_the_extensions() {
    for moving in [true, false] {
        let bench = Bench::new(Options { moving, ..Options::default() });
        let settings = WatchSettings { done: Done::Move("Erledigt".to_owned()), ..bench.settings() };
        let running = Running::start(settings, &bench.recorder);
        bench.deliver(1);
        bench.deliver(2);
        bench.wait_count(&running, 2).await;
        wait("filing", || bench.recorder.lock().filed.len() == 2).await;
        wait("the moved mails", || bench.dovecot.messages("support", "Erledigt").len() == 2).await;
        let left = bench.dovecot.messages("support", "INBOX");
        if moving {
            assert!(left.is_empty(), "{left:?}");
        } else {
            // Without UIDPLUS nothing may be expunged: others could have marked mails too.
            assert!(left.iter().all(|stored| stored.flags == ["\\Deleted"]), "{left:?}");
        }
        running.stop().await;
    }
}

#[tokio::test]
async fn a_commit_in_flight_ends_before_the_watcher_does() {
    let bench = Bench::new(Options::default());
    bench.recorder.lock().pause = Duration::from_millis(500);
    bench.deliver(1);
    let running = Running::start(bench.settings(), &bench.recorder);
    wait("the hand-over", || running.snapshot().lag > Duration::ZERO).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.stop().await;
    assert_eq!(bench.recorder.count(), 1);
}

#[tokio::test]
async fn a_full_store_is_tried_again_and_a_damaged_one_is_not() {
    let bench = Bench::new(Options::default());
    bench.recorder.lock().full = 3;
    bench.deliver(1);
    let running = Running::start(bench.settings(), &bench.recorder);
    bench.wait_count(&running, 1).await;
    bench.recorder.lock().damaged = true;
    bench.deliver(2);
    let snapshot = running.ended().await;
    assert_eq!(snapshot.phase, Phase::Failed);
    assert!(snapshot.error.is_some_and(|error| error.contains("is damaged")));
}

#[tokio::test]
async fn a_rotated_password_works_without_a_restart() {
    let bench = Bench::new(Options::default());
    let secret = Arc::new(Mutex::new("wrong".to_owned()));
    let shared = Arc::clone(&secret);
    let auth = move || Ok(Auth::Password { user: "support".to_owned(), secret: shared.lock().expect("unpoisoned").clone() });
    let settings = WatchSettings { auth: Arc::new(auth), ..bench.settings() };
    let running = Running::start(settings, &bench.recorder);
    wait("the refusal", || running.error().starts_with("log in to 127.0.0.1")).await;
    assert!(!running.error().contains("wrong"), "{}", running.error());
    password("support").clone_into(&mut secret.lock().expect("unpoisoned"));
    bench.deliver(1);
    bench.wait_count(&running, 1).await;
    assert_eq!(running.error(), "");
    running.stop().await;
}
