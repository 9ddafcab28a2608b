//! A desk between a real Dovecot and a recording SMTP sink, with a book of what was sent in: the oracle for everything
//! that promises "nothing lost, nothing twice".

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::harness::dovecot::{self, Dovecot, password};
use crate::harness::frontdesk::{Desk, inbox};
use crate::harness::mails::{self, Basics};
use crate::harness::sink::{self, Sink};
use crate::harness::wait::wait_some;

/// The watched address.
pub(crate) const ADDRESS: &str = "support@acme.example";
/// Longest wait for a desk that has little to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A desk with its servers, and the book of what was sent in.
pub(crate) struct Scene {
    pub(crate) dovecot: Dovecot,
    pub(crate) sink: Sink,
    pub(crate) desk: Desk,
    book: Book,
}

/// What was sent in.
#[derive(Debug, Default)]
struct Book {
    /// Message-ID of each request, and who wrote it.
    requests: BTreeMap<String, String>,
    /// Message-ID of each reply, and who wrote it: the same as the request that it belongs to.
    replies: BTreeMap<String, String>,
    delivered: usize,
}

/// What became of the acknowledgement of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    /// How often the server took it.
    pub(crate) received: usize,
    /// The desk says that it was accepted.
    pub(crate) is_accepted: bool,
}

/// `frontdesk.toml` of a scene; `imap_port` may be a proxy's.
pub(crate) fn config(imap_port: u16, smtp_port: u16, done: &str) -> String {
    format!(
        "version = 1\n\
         [company]\nname = \"Acme\"\n\
         [server]\nstore = {{ kind = \"sled\", path = \"state\" }}\nkey = {{ file = \"signing.key\" }}\n\
         [account.main]\nimap = \"imap://127.0.0.1:{imap_port}\"\nsmtp = \"smtp://127.0.0.1:{smtp_port}\"\npoll = \"1s\"\n\
         auth = {{ kind = \"password\", user = \"support\", secret = {{ file = \"mail.password\" }} }}\n\
         [inbox]\nsupport = {{ address = \"{ADDRESS}\", done = {done} }}\n\
         [agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n\
         [limits]\nacks_per_sender_day = 100000\nacks_per_domain_day = 100000\nacks_per_freemail_day = 100000\n\
         acks_per_hour = 100000\nacks_per_day = 100000\n"
    )
}

/// The usual sink: it asks for the password of `support`.
pub(crate) fn sink() -> Sink {
    sink_of("support")
}

/// A server that takes the mail of this account.
pub(crate) fn sink_of(user: &str) -> Sink {
    Sink::start_with(sink::Options { auth: Some((user.to_owned(), password(user))), ..sink::Options::default() })
}

/// A desk with this configuration and the password of `support`; nothing runs yet.
pub(crate) fn desk(config: &str) -> Desk {
    let desk = Desk::new(config);
    desk.write("mail.password", &password("support"));
    desk
}

/// The inbox is being watched.
pub(crate) fn is_live(status: &Value) -> bool {
    inbox(status, "support")["live"] == true
}

impl Scene {
    /// A desk that files mail away and has looked at its empty mailbox once: whatever comes from now on is new.
    #[track_caller]
    pub(crate) fn new() -> Scene {
        Scene::with_done("{ move = \"Done\" }")
    }

    /// [`Scene::new`] with another `done`. The daemon runs.
    #[track_caller]
    pub(crate) fn with_done(done: &str) -> Scene {
        let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
        let sink = sink();
        let desk = desk(&config(dovecot.port(), sink.port(), done));
        let scene = Scene { dovecot, sink, desk, book: Book::default() };
        scene.start_live();
        scene
    }

    /// Starts the daemon and waits until it watches.
    #[track_caller]
    pub(crate) fn start_live(&self) {
        self.desk.start();
        self.desk.wait_until("the inbox is live", is_live);
    }

    /// A person whom nobody knows yet writes. Returns the person's address.
    pub(crate) fn request(&mut self) -> String {
        let number = self.book.requests.len() + 1;
        let (from, id) = (format!("dana{number}@x{number}.example"), format!("request-{number}@x.example"));
        let subject = format!("Meter {number} shows nothing");
        let basics = Basics { from: &from, to: ADDRESS, subject: &subject, id: &id };
        let mail = mails::request(basics, &format!("It was fine yesterday, number {number}.\n"));
        self.deliver(&mail.bytes());
        self.book.requests.insert(id, from.clone());
        from
    }

    /// Somebody who was answered answers. `pick` chooses among them; `None` if nobody was answered yet.
    pub(crate) fn reply(&mut self, pick: usize) -> Option<String> {
        let accepted = self.sink.accepted();
        let ack = accepted.get(pick.checked_rem(accepted.len())?)?;
        let from = ack.envelope.recipients.first()?.clone();
        let parent = mails::id_of(&ack.bytes)?;
        let number = self.book.replies.len() + 1;
        let id = format!("reply-{number}@x.example");
        let subject = mails::header_of(&ack.bytes, "Subject").unwrap_or_default();
        let basics = Basics { from: &from, to: ADDRESS, subject: &subject, id: &id };
        let mail = mails::reply(basics, &parent, &[], &format!("Here is more, part {number}.\n"));
        self.deliver(&mail.bytes());
        self.book.replies.insert(id, from.clone());
        Some(from)
    }

    fn deliver(&mut self, mail: &[u8]) {
        self.dovecot.deliver("support", mail);
        self.book.delivered += 1;
    }

    /// How many mails were sent in.
    pub(crate) fn delivered(&self) -> usize {
        self.book.delivered
    }

    /// Outgoing mails, as `outbox list --all` shows them.
    #[track_caller]
    pub(crate) fn outbox(&self) -> Vec<Value> {
        outbox(&self.desk)
    }

    /// Waits until everything has its outcome: mail in is settled and filed, mail out has left or is in doubt.
    #[track_caller]
    pub(crate) fn wait_quiet(&self) {
        let quiet = wait_some(PATIENCE, || {
            let is_filed = self.dovecot.messages("support", "INBOX").is_empty();
            let is_settled = || {
                let settled =
                    self.desk.status().is_some_and(|status| inbox(&status, "support")["settled"] == self.book.delivered);
                settled && self.outbox().iter().all(|row| row["state"] == "accepted" || row["state"] == "data_sent")
            };
            (is_filed && is_settled()).then_some(())
        });
        assert!(
            quiet.is_some(),
            "not quiet after {PATIENCE:?}: {} delivered, status {:?}, outbox {:#?}, {} still in the INBOX\n{}",
            self.book.delivered,
            self.desk.status(),
            self.outbox(),
            self.dovecot.messages("support", "INBOX").len(),
            self.desk.log_tail()
        );
    }

    /// Nothing lost, nothing twice: each request has exactly one ticket, each reply is on the ticket of its request, and
    /// no acknowledgement was taken twice by the server. Returns what became of each acknowledgement, by recipient.
    #[track_caller]
    pub(crate) fn check(&self) -> BTreeMap<String, Ack> {
        let tickets = self.desk.tickets();
        let requesters: BTreeSet<&str> = tickets.iter().filter_map(|ticket| ticket["requester"]["address"].as_str()).collect();
        let expected: BTreeSet<&str> = self.book.requests.values().map(String::as_str).collect();
        assert_eq!(requesters, expected, "who has a ticket, and who wrote");
        assert_eq!(tickets.len(), self.book.requests.len(), "duplicate tickets: {tickets:#?}");
        self.check_messages(&tickets);
        self.check_acks()
    }

    fn check_messages(&self, tickets: &[Value]) {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ticket in tickets {
            let whole = self.desk.ticket(ticket["ref"].as_str().unwrap_or_default());
            let requester = ticket["requester"]["address"].as_str().unwrap_or_default();
            for message in whole["messages"].as_array().into_iter().flatten() {
                if message["direction"] == "in"
                    && let Some(id) = message["message_id"].as_str()
                {
                    found.entry(id.trim_matches(['<', '>']).to_owned()).or_default().push(requester.to_owned());
                }
            }
        }
        let expected: BTreeMap<String, Vec<String>> =
            self.book.requests.iter().chain(&self.book.replies).map(|(id, from)| (id.clone(), vec![from.clone()])).collect();
        assert_eq!(found, expected, "each mail is on one ticket, once");
    }

    fn check_acks(&self) -> BTreeMap<String, Ack> {
        let mut acks: BTreeMap<String, Ack> = BTreeMap::new();
        for row in self.outbox() {
            let to = row["to"].as_str().unwrap_or_default().to_owned();
            let received = self.sink.received(&to).len();
            let is_accepted = row["state"] == "accepted";
            assert!(is_accepted || row["state"] == "data_sent", "{row:#}");
            assert!(received <= 1, "{received} acknowledgements to {to}");
            assert!(!is_accepted || received == 1, "the desk believes that {to} has an answer: {row:#}");
            assert!(acks.insert(to, Ack { received, is_accepted }).is_none(), "two answers for one request: {row:#}");
        }
        let answered: BTreeSet<&String> = acks.keys().collect();
        assert_eq!(answered, self.book.requests.values().collect(), "who is answered, and who wrote");
        assert_eq!(self.sink.count(), acks.values().map(|ack| ack.received).sum::<usize>(), "nobody else is written to");
        acks
    }
}

/// Outgoing mails, as `outbox list --all` shows them.
#[track_caller]
pub(crate) fn outbox(desk: &Desk) -> Vec<Value> {
    match desk.json(&["outbox", "list", "--all"]) {
        Value::Array(rows) => rows,
        other => panic!("`outbox list` printed no array: {other}"),
    }
}
