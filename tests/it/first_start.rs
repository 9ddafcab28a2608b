//! A mailbox with a history: the first look at it, and a mail of 100 MB. Bounded memory, and nothing new has to wait.

// The figures are worth seeing when the test passes too.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::dovecot::{self, Dovecot};
use crate::harness::frontdesk::{Desk, settled};
use crate::harness::mails::{self, Basics};
use crate::harness::sink::{self, Sink};
use crate::harness::wait::{wait_for, wait_some};

const TO: &str = "support@acme.example";
/// Mails that are there first; the promise is about 20,000 (`FRONTDESK_TEST_MAILS=20000`).
const MAILS: u64 = 5_000;
/// For the first scan in a debug build beside other tests.
const SCAN_MAX: Duration = Duration::from_secs(15 * 60);
/// The whole daemon, in a debug build, during and after a first scan.
const MEMORY_BYTES_MAX: u64 = 250 * 1024 * 1024;
/// What a mail of 100 MB may add.
const LARGE_MAIL_MEMORY_BYTES_MAX: u64 = 300 * 1024 * 1024;
/// New mail beside old or large mail is answered within this.
const NEW_MAIL_MAX: Duration = Duration::from_secs(10);

fn desk(imap: &Dovecot, smtp: &Sink, since: &str) -> Desk {
    let config = format!(
        "version = 1\n[company]\nname = \"Acme\"\n\
         [server]\nstore = {{ kind = \"sled\", path = \"state\" }}\nkey = {{ file = \"signing.key\" }}\n\
         [account.main]\nimap = \"{}\"\nsmtp = \"{}\"\n\
         auth = {{ kind = \"password\", user = \"support\", secret = {{ file = \"mail.password\" }} }}\n\
         [inbox]\nsupport = {{ address = \"{TO}\", since = \"{since}\" }}\n\
         [agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n\
         [limits]\nacks_per_hour = 100000\nacks_per_day = 100000\n",
        imap.url(),
        smtp.url()
    );
    let desk = Desk::new(&config);
    desk.write("mail.password", &dovecot::password("support"));
    desk
}

/// An SMTP server for the account of the mailbox.
fn sink() -> Sink {
    let auth = Some(("support".to_owned(), dovecot::password("support")));
    Sink::start_with(sink::Options { auth, ..sink::Options::default() })
}

fn number_of_mails() -> u64 {
    std::env::var("FRONTDESK_TEST_MAILS").ok().and_then(|text| text.parse().ok()).unwrap_or(MAILS)
}

fn request(number: u64, who: &str) -> Vec<u8> {
    let (from, id) = (format!("{who}@{who}{number}.example"), format!("{who}-{number}@x.example"));
    let subject = format!("Request {number}");
    mails::request(Basics { from: &from, to: TO, subject: &subject, id: &id }, "The meter shows nothing.\n").bytes()
}

fn tickets(status: &Value) -> u64 {
    status["tickets"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum()
}

/// How far the scan is: done, total.
fn progress(status: &Value) -> Option<(u64, u64)> {
    let progress = &status["inboxes"][0]["progress"];
    Some((progress["done"].as_u64()?, progress["total"].as_u64()?))
}

fn megabytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[test]
fn a_first_scan_is_silent_bounded_and_in_nobodys_way() {
    let count = number_of_mails();
    let (imap, smtp) = (Dovecot::start(dovecot::Options::default()), sink());
    imap.deliver_many("support", (0..count).map(|number| request(number, "old")));
    let desk = desk(&imap, &smtp, "all");
    let started_at = Instant::now();
    desk.start();
    let status = desk.wait_until_within(SCAN_MAX, "the scan is under way", |status| progress(status).is_some_and(|at| at.0 > 0));
    assert_eq!(progress(&status).map(|at| at.1), Some(count));

    let delivered_at = Instant::now();
    imap.deliver("support", &request(0, "new"));
    wait_for("the acknowledgement of the new mail", NEW_MAIL_MAX, || smtp.received("new@new0.example").pop());
    let waited = delivered_at.elapsed();
    let during = desk.status().expect("the daemon answers");
    let (done, total) = progress(&during).expect("the new mail did not wait for the end of the scan");
    assert!(done < total, "{done} of {total}");

    let status = desk.wait_until_within(SCAN_MAX, "all is settled", |status| settled(status) > count);
    let took = started_at.elapsed();
    assert_eq!(tickets(&status), count + 1);
    let status = desk.wait_until("the scan is over", |status| progress(status).is_none());
    assert_eq!(status["held"], 0);
    assert_eq!(smtp.count(), 1, "mail that was there first is not acknowledged");
    let peak = desk.memory_peak_bytes().expect("the daemon runs");
    println!("{count} mails in {took:?}; a new one acknowledged in {waited:?} at {done}/{total}; peak {} MB", megabytes(peak));
    assert!(peak < MEMORY_BYTES_MAX, "{} MB", megabytes(peak));
    assert_eq!(desk.term(), Some(0));
}

#[test]
fn old_mail_is_passed_over_by_default() {
    let count = number_of_mails();
    let (imap, smtp) = (Dovecot::start(dovecot::Options::default()), sink());
    imap.deliver_many("support", (0..count).map(|number| request(number, "old")));
    let desk = desk(&imap, &smtp, "now");
    desk.start();
    desk.wait_until("all is settled", |status| settled(status) == count);
    imap.deliver("support", &request(0, "new"));
    wait_for("the acknowledgement of the new mail", NEW_MAIL_MAX, || smtp.received("new@new0.example").pop());
    let status = desk.wait_settled(count + 1);
    assert_eq!(tickets(&status), 1);
    assert_eq!(status["settled"]["seen_before"], count);
    let peak = desk.memory_peak_bytes().expect("the daemon runs");
    println!("{count} mails passed over; peak {} MB", megabytes(peak));
    assert!(peak < MEMORY_BYTES_MAX, "{} MB", megabytes(peak));
}

#[test]
fn a_mail_of_a_hundred_megabytes_holds_up_nobody() {
    let (imap, smtp) = (Dovecot::start(dovecot::Options::default()), sink());
    let desk = desk(&imap, &smtp, "now");
    desk.start();
    desk.wait_until("the inbox is live", |status| status["inboxes"][0]["live"] == true);
    let before = desk.memory_bytes().expect("the daemon runs");
    let basics = Basics { from: "dana@large.example", to: TO, subject: "The recording", id: "large@x.example" };
    let large = mails::with_attachment(basics, "recording.bin", 73).bytes();
    assert!(large.len() >= 99_000_000, "{}", large.len());
    imap.deliver("support", &large);
    let large_at = Instant::now();

    // One new mail after the other, until the large one is done.
    let mut waits: Vec<Duration> = Vec::new();
    let mut number = 0;
    while smtp.received("dana@large.example").is_empty() {
        assert!(large_at.elapsed() < Duration::from_secs(240), "the large mail gets no ticket\n{}", desk.log_tail());
        let delivered_at = Instant::now();
        imap.deliver("support", &request(number, "new"));
        let to = format!("new@new{number}.example");
        let ack = wait_some(NEW_MAIL_MAX, || smtp.received(&to).pop());
        assert!(ack.is_some(), "new mail {number} waited longer than {NEW_MAIL_MAX:?}\n{}", desk.log_tail());
        waits.push(delivered_at.elapsed());
        number += 1;
    }
    let took = large_at.elapsed();
    let shown = desk.tickets().into_iter().find(|ticket| ticket["subject"] == "The recording").expect("a ticket of its own");
    let shown = desk.ticket(shown["ref"].as_str().expect("a reference"));
    let message = &shown["messages"][0];
    assert_eq!(message["attachments"][0]["name"], "recording.bin", "{message}");
    assert_eq!(message["attachments"][0]["bytes"], 73_000_000);
    assert_eq!(message["text"].as_str().map(str::trim), Some("The file is attached."));
    let peak = desk.memory_peak_bytes().expect("the daemon runs");
    let (longest, added) = (waits.iter().max(), megabytes(peak - before));
    println!("100 MB in {took:?}; {number} new mails meanwhile, the longest wait {longest:?}; memory +{added} MB");
    assert!(peak - before < LARGE_MAIL_MEMORY_BYTES_MAX, "+{added} MB");
}
