//! Mails made to hurt, through the whole daemon: it lives, the next mail flows, and the bomb is there for people to see.

// The figures are worth seeing when the test passes too.
#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::bombs;
use crate::harness::dovecot::{self, Dovecot};
use crate::harness::frontdesk::{Desk, settled};
use crate::harness::mails::{self, Basics};
use crate::harness::sink::{self, Sink};
use crate::harness::wait::wait_some;

const TO: &str = "support@acme.example";
/// Promised for the mail after a bomb.
const NEXT_MAIL_MAX: Duration = Duration::from_secs(30);
/// The daemon's own memory; what reads a bomb is another process with a limit of its own.
const MEMORY_BYTES_MAX: u64 = 500 * 1024 * 1024;

/// A desk on one mailbox; whoever passed `mx.acme.example` with `dmarc=pass` is proven.
fn config(imap: &Dovecot, smtp: &Sink) -> String {
    format!(
        "version = 1\n[company]\nname = \"Acme\"\n\
         [server]\nstore = {{ kind = \"sled\", path = \"state\" }}\nkey = {{ file = \"signing.key\" }}\n\
         [account.main]\nimap = \"{}\"\nsmtp = \"{}\"\ntrusts = [\"mx.acme.example\"]\n\
         auth = {{ kind = \"password\", user = \"support\", secret = {{ file = \"mail.password\" }} }}\n\
         [inbox]\nsupport = {{ address = \"{TO}\" }}\n\
         [agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n\
         [limits]\nacks_per_sender_day = 1000\nacks_per_domain_day = 1000\n",
        imap.url(),
        smtp.url()
    )
}

/// An SMTP server for the account of the mailbox.
fn sink() -> Sink {
    let auth = Some(("support".to_owned(), dovecot::password("support")));
    Sink::start_with(sink::Options { auth, ..sink::Options::default() })
}

/// A daemon that watches an empty mailbox.
fn desk(imap: &Dovecot, smtp: &Sink) -> Desk {
    let desk = Desk::new(&config(imap, smtp));
    desk.write("mail.password", &dovecot::password("support"));
    desk.start();
    desk.wait_until("the inbox is live", |status| status["inboxes"][0]["live"] == true);
    desk
}

/// Delivers a mail of an ordinary person and waits for its acknowledgement.
#[track_caller]
fn next_mail_flows(imap: &Dovecot, smtp: &Sink, desk: &Desk, name: &str) -> Duration {
    let from = format!("dana@after-{name}.example");
    let id = format!("after-{name}@x.example");
    let mail = Basics { from: &from, to: TO, subject: "The meter shows nothing", id: &id };
    let delivered_at = Instant::now();
    imap.deliver("support", &mails::request(mail, "It was fine yesterday.\n").bytes());
    let ack = wait_some(NEXT_MAIL_MAX, || smtp.received(&from).pop());
    assert!(ack.is_some(), "no acknowledgement within {NEXT_MAIL_MAX:?} for the mail after `{name}`\n{}", desk.log_tail());
    delivered_at.elapsed()
}

/// Names of header fields, lower case.
fn header_names(mail: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(mail).into_owned();
    let header = text.split("\r\n\r\n").next().unwrap_or_default();
    let fields = header.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    fields.map(|line| line.split(':').next().unwrap_or_default().to_ascii_lowercase()).collect()
}

#[test]
fn no_bomb_stops_the_desk_or_goes_unseen() {
    let (imap, smtp) = (Dovecot::start(dovecot::Options::default()), sink());
    let desk = desk(&imap, &smtp);
    let mut delivered = 0;
    for bomb in bombs::all(TO) {
        imap.deliver("support", &bomb.bytes);
        let took = next_mail_flows(&imap, &smtp, &desk, bomb.name);
        delivered += 2;
        let all = format!("`{}` has its outcome", bomb.name);
        desk.wait_until(&all, |status| settled(status) >= delivered);
        println!("{:<22} {:>9} bytes, next mail acknowledged after {took:?}", bomb.name, bomb.bytes.len());
    }
    let peak = desk.memory_peak_bytes().expect("the daemon runs");
    println!("peak memory {} MB", peak >> 20);
    assert!(peak < MEMORY_BYTES_MAX, "{} MB", peak >> 20);
    let visible = desk.tickets().len() + desk.json(&["held", "list"]).as_array().map_or(0, Vec::len);
    assert_eq!(visible as u64, delivered, "every bomb is a ticket or a held item");
    assert_eq!(desk.term(), Some(0));
}

#[test]
fn line_breaks_in_names_inject_nothing() {
    let (imap, smtp) = (Dovecot::start(dovecot::Options::default()), sink());
    let desk = desk(&imap, &smtp);
    next_mail_flows(&imap, &smtp, &desk, "nothing");
    let usual = header_names(&smtp.accepted()[0].bytes);
    let not_proven = Basics { from: "mallory@bomb.example", to: TO, subject: "", id: "one@bomb.example" };
    let proven = Basics { from: "eve@bomb.example", id: "two@bomb.example", ..not_proven };
    imap.deliver("support", &bombs::line_breaks_in_names(not_proven));
    let verdict = b"Authentication-Results: mx.acme.example; dmarc=pass header.from=bomb.example\r\n";
    imap.deliver("support", &[verdict.as_slice(), &bombs::line_breaks_in_names(proven)].concat());
    let accepted = smtp.wait_for(3, NEXT_MAIL_MAX);
    for mail in &accepted[1..] {
        let names = header_names(&mail.bytes);
        assert!(names.is_subset(&usual), "{names:?} are not all among {usual:?}");
        let to = mail::parse::parse_headers(&mail.bytes).to;
        assert!(to.len() == 1 && to[0].address.domain() == "bomb.example", "only the sender is written to: {to:?}");
        assert!(mail.envelope.recipients.iter().all(|to| to.ends_with("@bomb.example")), "{:?}", mail.envelope);
    }
    assert_eq!(smtp.count(), 3);
    for ticket in desk.wait_tickets(3) {
        let shown = desk.ticket(ticket["ref"].as_str().unwrap_or_default());
        assert_no_line_breaks(&shown["subject"]);
        assert_no_line_breaks(&shown["requester"]);
    }
}

/// Nor any other control character, in any text within.
#[track_caller]
fn assert_no_line_breaks(value: &Value) {
    let texts: Vec<&str> = match value {
        Value::Object(map) => map.values().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    };
    assert!(!texts.is_empty(), "{value}");
    assert!(texts.iter().all(|text| !text.contains(char::is_control)), "{value}");
}
