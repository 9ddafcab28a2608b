//! What goes wrong between us and the server, and that we come back by ourselves.

use std::time::Duration;

use frontdesk::ingest::{Deadlines, Phase, Security, Since, WatchSettings};

use super::recorder::{Bench, Running, impatient, large, mail, settings, wait};
use crate::harness::certs::{Authority, Flaw};
use crate::harness::dovecot::Options;
use crate::harness::proxy::{Proxy, Way};

#[tokio::test]
async fn a_changed_uidvalidity_is_noticed_while_idling() {
    let bench = Bench::new(Options::default());
    bench.deliver(1);
    let old = bench.dovecot.uidvalidity("support", "INBOX");
    let running = Running::start(bench.settings(), &bench.recorder);
    bench.wait_count(&running, 1).await;
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    bench.dovecot.bump_uidvalidity("support");
    bench.deliver(2);
    // The engine recognises the first mail by its content.
    bench.wait_count(&running, 3).await;
    running.stop().await;
    let record = bench.recorder.lock();
    assert_eq!(record.opened, [old, old + 1]);
    let second: Vec<_> = record.taken.iter().filter(|taken| taken.uid_validity == old + 1).collect();
    assert_eq!(second.iter().map(|taken| taken.bytes.clone()).collect::<Vec<_>>(), [mail(1), mail(2)]);
}

#[tokio::test]
async fn old_mail_stays_old_when_its_uids_change() {
    let bench = Bench::new(Options::default());
    bench.deliver(1);
    bench.deliver(2);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let settings = WatchSettings { since: Since::Now, ..bench.settings() };
    let running = Running::start(settings.clone(), &bench.recorder);
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    running.stop().await;
    bench.dovecot.bump_uidvalidity("support");
    bench.deliver(3);
    let running = Running::start(settings, &bench.recorder);
    bench.wait_count(&running, 1).await;
    running.stop().await;
    assert_eq!(bench.recorder.lock().taken[0].bytes, mail(3));
}

#[tokio::test]
async fn a_lost_index_is_survived() {
    let bench = Bench::new(Options::default());
    bench.deliver(1);
    let running = Running::start(bench.settings(), &bench.recorder);
    bench.wait_count(&running, 1).await;
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    bench.dovecot.lose_index("support");
    bench.dovecot.kick("support");
    bench.deliver(2);
    wait("the new mail", || bench.recorder.lock().taken.iter().any(|taken| taken.bytes == mail(2))).await;
    running.stop().await;
}

#[tokio::test]
async fn mail_expunged_before_it_was_fetched_is_recorded_as_vanished() {
    let bench = Bench::new(Options::default());
    let proxy = Proxy::start(bench.dovecot.port());
    for number in 1..=3 {
        bench.deliver(number);
    }
    // The answer to the listing names a mail that somebody else has taken away meanwhile.
    proxy.replace(Way::Up, "UID FETCH 1:3 (UID BODY.PEEK[])", "UID FETCH 1,3 (UID BODY.PEEK[])", 1);
    let settings = settings("support", proxy.port(), bench.spool.path().to_owned());
    let running = Running::start(settings, &bench.recorder);
    bench.wait_count(&running, 2).await;
    wait("the record", || bench.recorder.vanished() == [(2, 2)]).await;
    assert_eq!(running.snapshot().vanished, 1);
    running.stop().await;
}

#[tokio::test]
async fn nil_instead_of_a_body_is_a_mail_that_is_gone() {
    let bench = Bench::new(Options::default());
    let proxy = Proxy::start(bench.dovecot.port());
    bench.dovecot.deliver("support", b"");
    bench.deliver(2);
    proxy.replace(Way::Down, "BODY[] \"\"", "BODY[] NIL", 1);
    proxy.replace(Way::Down, "BODY[] {0}", "BODY[] NIL", 1);
    let settings = settings("support", proxy.port(), bench.spool.path().to_owned());
    let running = Running::start(settings, &bench.recorder);
    wait("the second mail", || bench.recorder.lock().taken.iter().any(|taken| taken.bytes == mail(2))).await;
    running.stop().await;
}

#[tokio::test]
async fn a_restarted_server_is_found_again() {
    let bench = Bench::new(Options::default());
    let running = Running::start(bench.settings(), &bench.recorder);
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    bench.dovecot.stop();
    wait("the failure", || running.snapshot().phase == Phase::Waiting && running.error().contains("refused")).await;
    assert!(!running.snapshot().live);
    bench.deliver(1);
    bench.dovecot.restart();
    bench.wait_count(&running, 1).await;
    assert!(running.snapshot().live);
    assert_eq!(running.error(), "");
    running.stop().await;
}

#[tokio::test]
async fn a_deleted_mailbox_is_shown_and_a_new_one_is_watched() {
    let bench = Bench::new(Options::default());
    bench.dovecot.create_mailbox("support", "Requests");
    let mut settings = bench.settings();
    settings.mailbox.mailbox = "Requests".to_owned();
    let running = Running::start(settings, &bench.recorder);
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    bench.dovecot.deliver_to("support", "Requests", &mail(1));
    bench.wait_count(&running, 1).await;
    bench.dovecot.delete_mailbox("support", "Requests");
    wait("the failure", || running.error().starts_with("open mailbox `Requests`")).await;
    bench.dovecot.create_mailbox("support", "Requests");
    bench.dovecot.deliver_to("support", "Requests", &mail(2));
    bench.wait_count(&running, 2).await;
    running.stop().await;
}

#[tokio::test]
async fn a_connection_cut_within_a_mail_hands_nothing_half_over() {
    let bench = Bench::new(Options::default());
    let proxy = Proxy::start(bench.dovecot.port());
    let mails: Vec<_> = (1..=40).map(|number| large(number, 20_000)).collect();
    bench.dovecot.deliver_many("support", &mails);
    proxy.cut_after(Way::Down, 300_000);
    let settings = settings("support", proxy.port(), bench.spool.path().to_owned());
    let running = Running::start(settings, &bench.recorder);
    bench.wait_count(&running, 40).await;
    running.stop().await;
    assert!(proxy.accepted() > 1);
    let record = bench.recorder.lock();
    assert!(record.taken.iter().zip(&mails).all(|(taken, mail)| taken.bytes == *mail));
}

#[tokio::test]
async fn a_large_mail_goes_on_where_it_was_cut() {
    let bench = Bench::new(Options::default());
    let proxy = Proxy::start(bench.dovecot.port());
    let big = large(1, 30 * 1024 * 1024);
    bench.dovecot.deliver("support", &big);
    proxy.cut_after(Way::Down, 18 * 1024 * 1024);
    let settings = settings("support", proxy.port(), bench.spool.path().to_owned());
    let running = Running::start(settings, &bench.recorder);
    bench.wait_count(&running, 1).await;
    running.stop().await;
    assert!(bench.recorder.lock().taken[0].bytes == big);
    assert!(proxy.bytes(Way::Down) < 40 * 1024 * 1024, "{}", proxy.bytes(Way::Down));
}

#[tokio::test]
async fn a_server_that_announces_too_much_is_not_believed() {
    let bench = Bench::new(Options::default());
    let proxy = Proxy::start(bench.dovecot.port());
    bench.deliver(1);
    let bytes = mail(1).len();
    proxy.replace(Way::Down, &format!("{{{bytes}}}"), "{2000000000}", 1);
    let settings = settings("support", proxy.port(), bench.spool.path().to_owned());
    let running = Running::start(settings, &bench.recorder);
    bench.wait_count(&running, 1).await;
    running.stop().await;
    assert!(proxy.accepted() > 1);
    assert_eq!(bench.recorder.lock().taken[0].bytes, mail(1));
}

#[tokio::test]
async fn a_silent_connection_is_given_up() {
    let bench = Bench::new(Options::default());
    let proxy = Proxy::start(bench.dovecot.port());
    let deadlines = Deadlines { status_poll: Duration::from_secs(1), idle_done: Duration::from_secs(1), ..impatient() };
    let base = settings("support", proxy.port(), bench.spool.path().to_owned());
    let running = Running::start(WatchSettings { deadlines, ..base }, &bench.recorder);
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    proxy.half_open();
    bench.deliver(1);
    wait("the failure", || running.error().contains("no answer within")).await;
    proxy.heal();
    bench.wait_count(&running, 1).await;
    running.stop().await;
}

#[tokio::test]
async fn mail_that_nobody_tells_of_is_found() {
    let bench = Bench::new(Options::default());
    let proxy = Proxy::start(bench.dovecot.port());
    proxy.drop_lines(Way::Down, " EXISTS");
    let deadlines = Deadlines { status_poll: Duration::from_secs(1), settle: Duration::from_millis(300), ..impatient() };
    let base = settings("support", proxy.port(), bench.spool.path().to_owned());
    let running = Running::start(WatchSettings { deadlines, ..base }, &bench.recorder);
    wait("idle", || running.snapshot().phase == Phase::Idling).await;
    bench.deliver(1);
    bench.wait_count(&running, 1).await;
    running.stop().await;
}

#[tokio::test]
async fn mail_that_was_missed_is_found_by_the_reconciliation() {
    let bench = Bench::new(Options::default());
    let deadlines = Deadlines { status_poll: Duration::from_secs(1), reconcile: Duration::from_secs(2), ..impatient() };
    let running = Running::start(WatchSettings { deadlines, ..bench.settings() }, &bench.recorder);
    bench.deliver(1);
    bench.deliver(2);
    bench.wait_count(&running, 2).await;
    // As if a commit had been lost.
    bench.recorder.lock().cursors.values_mut().for_each(|cursor| cursor.settled = vec![(2, 2)]);
    wait("the gap", || bench.recorder.count() == 3).await;
    assert_eq!(running.snapshot().gaps, 1);
    running.stop().await;
}

#[tokio::test]
async fn tls_is_used_as_asked_or_not_at_all() {
    let authority = Authority::new();
    let ca = std::fs::read(authority.ca()).expect("the authority");
    let bench = Bench::new(Options { tls: Some(authority.issue(Flaw::None)), ..Options::default() });
    bench.deliver(1);
    let mut settings = bench.settings();
    settings.server.host = "localhost".to_owned();
    settings.server.ca = Some(ca);
    settings.server.security = Security::StartTls;
    let running = Running::start(settings.clone(), &bench.recorder);
    bench.wait_count(&running, 1).await;
    running.stop().await;

    settings.server.security = Security::Tls;
    settings.server.port = bench.dovecot.tls_port();
    let running = Running::start(settings.clone(), &bench.recorder);
    bench.deliver(2);
    bench.wait_count(&running, 2).await;
    running.stop().await;

    // The machine's own authorities do not know this one.
    settings.server.ca = Some(std::fs::read(Authority::new().ca()).expect("another authority"));
    let running = Running::start(settings, &bench.recorder);
    wait("the refusal", || running.error().contains("invalid peer certificate")).await;
    assert!(running.error().starts_with("set up TLS with localhost:"), "{}", running.error());
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_or_expired_certificate_is_refused() {
    let authority = Authority::new();
    for (flaw, expect) in [(Flaw::WrongName, "not valid for name"), (Flaw::Expired, "xpired")] {
        let bench = Bench::new(Options { tls: Some(authority.issue(flaw)), ..Options::default() });
        let mut settings = bench.settings();
        settings.server.host = "localhost".to_owned();
        settings.server.ca = Some(std::fs::read(authority.ca()).expect("the authority"));
        settings.server.security = Security::Tls;
        settings.server.port = bench.dovecot.tls_port();
        let running = Running::start(settings, &bench.recorder);
        wait("the refusal", || running.error().contains(expect)).await;
        running.stop().await;
    }
}

#[tokio::test]
async fn stripped_starttls_is_an_error_and_no_secret_leaves() {
    // This server knows no TLS at all: what a thief in the middle pretends.
    let bench = Bench::new(Options::default());
    let mut settings = bench.settings();
    settings.server.security = Security::StartTls;
    let running = Running::start(settings, &bench.recorder);
    wait("the refusal", || running.error().contains("refuses STARTTLS")).await;
    running.stop().await;
    assert!(!bench.dovecot.log_tail().contains("Login"), "{}", bench.dovecot.log_tail());
}
