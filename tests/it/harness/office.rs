//! A desk between a real Dovecot and a real Postfix, ready to be written to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::dns::NameServer;
use super::dovecot::{self, Dovecot, password};
use super::frontdesk::{Desk, inbox};
use super::mails::{self, Basics, Mail};
use super::postfix::{self, Postfix};
use super::proof::{self, Proof};
use super::wait::{wait_some, wait_true};

/// The watched address.
pub const SUPPORT: &str = "support@acme.example";
/// Whose Authentication-Results the desk believes.
pub const TRUSTED: &str = "mx.test.example";
/// What a busy machine may take for one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// The servers, and the daemon that runs between them. Counts what is delivered through it.
#[derive(Debug)]
pub struct Office {
    /// Where mail comes from; the user is `support`.
    pub dovecot: Dovecot,
    /// Where mail goes to.
    pub postfix: Postfix,
    /// The daemon.
    pub desk: Desk,
    /// Where it looks for DKIM keys; `None` where it trusts the results of a server.
    pub names: Option<NameServer>,
    delivered: AtomicU64,
}

/// The configuration up to its people; a test adds what it is about.
pub fn base(dovecot: &Dovecot, postfix: &Postfix) -> String {
    format!(
        "version = 1\n[company]\nname = \"Acme\"\n[server]\nstore = {{ kind = \"sled\", path = \"state\" }}\n\
         key = {{ file = \"signing.key\" }}\n[account.main]\nimap = \"{}\"\nsmtp = \"{}\"\ntrusts = [\"{TRUSTED}\"]\n\
         auth = {{ kind = \"password\", user = \"support\", secret = {{ file = \"mail.password\" }} }}\n\
         [agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n\
         ben = {{ name = \"Ben Okri\", email = \"ben@acme.example\" }}\n",
        dovecot.url(),
        postfix.url()
    )
}

/// The usual inbox.
pub const INBOX: &str = "[inbox]\nsupport = { address = \"support@acme.example\" }\n";

impl Office {
    /// A desk with one inbox and two agents.
    #[track_caller]
    pub fn open() -> Office {
        Office::with(INBOX)
    }

    /// A desk with these sections at the end of its configuration; one must be `[inbox]`.
    #[track_caller]
    pub fn with(sections: &str) -> Office {
        let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
        Office::around(dovecot, sections)
    }

    /// [`Office::with`] with these keys of the server.
    #[track_caller]
    pub fn with_server(keys: &str, sections: &str) -> Office {
        let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
        Office::start(dovecot, |dovecot, postfix| {
            base(dovecot, postfix).replace("[server]\n", &format!("[server]\n{keys}")) + sections
        })
    }

    /// [`Office::with`] around a server that was prepared, with these keys of the account.
    #[track_caller]
    pub fn with_account(dovecot: Dovecot, keys: &str, sections: &str) -> Office {
        Office::start(dovecot, |dovecot, postfix| {
            base(dovecot, postfix).replace("[account.main]\n", &format!("[account.main]\n{keys}")) + sections
        })
    }

    /// [`Office::with`] around a server that was prepared.
    #[track_caller]
    pub fn around(dovecot: Dovecot, sections: &str) -> Office {
        Office::start(dovecot, |dovecot, postfix| base(dovecot, postfix) + sections)
    }

    /// [`Office::with`] where senders are proven in one way and no other, with these files beside the configuration.
    #[track_caller]
    pub fn proven_by(proof: Proof, sections: &str, files: &[(&str, &str)]) -> Office {
        let names = (proof == Proof::Dkim).then(proof::name_server);
        let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
        let postfix = Office::postfix(&dovecot);
        let mut config = base(&dovecot, &postfix) + sections;
        if let Some(names) = &names {
            config = config.replace(&format!("trusts = [\"{TRUSTED}\"]\n"), "");
            config = config.replace("[server]\n", &format!("[server]\nresolver = \"{}\"\n", names.addr()));
        }
        let office = Office { desk: Desk::new(&config), dovecot, postfix, names, delivered: AtomicU64::new(0) };
        for (name, text) in files {
            office.desk.write(name, text);
        }
        office.run();
        office
    }

    fn postfix(dovecot: &Dovecot) -> Postfix {
        Postfix::start(&postfix::Options { auth: Some(dovecot.auth_socket()), ..postfix::Options::default() })
    }

    #[track_caller]
    fn run(&self) {
        self.desk.write("mail.password", &password("support"));
        self.desk.start();
        self.desk.wait_until("every inbox is live", all_live);
    }

    #[track_caller]
    fn start(dovecot: Dovecot, config: impl FnOnce(&Dovecot, &Postfix) -> String) -> Office {
        let postfix = Office::postfix(&dovecot);
        let desk = Desk::new(&config(&dovecot, &postfix));
        let office = Office { dovecot, postfix, desk, names: None, delivered: AtomicU64::new(0) };
        office.run();
        office
    }

    /// Puts a mail into the INBOX and waits until it reached its outcome.
    #[track_caller]
    pub fn deliver(&self, mail: &Mail) {
        self.deliver_to("INBOX", mail);
    }

    /// [`Office::deliver`] for bytes.
    #[track_caller]
    pub fn deliver_bytes(&self, bytes: &[u8]) {
        self.dovecot.deliver_to("support", "INBOX", bytes);
        let count = self.delivered.fetch_add(1, Ordering::SeqCst) + 1;
        self.desk.wait_settled(count);
    }

    /// [`Office::deliver`] into another mailbox.
    #[track_caller]
    pub fn deliver_to(&self, mailbox: &str, mail: &Mail) {
        self.dovecot.deliver_to("support", mailbox, &mail.bytes());
        let count = self.delivered.fetch_add(1, Ordering::SeqCst) + 1;
        self.desk.wait_settled(count);
    }

    /// Puts many mails into the INBOX and waits until all reached their outcome.
    #[track_caller]
    pub fn deliver_all(&self, mails: &[Mail], patience: Duration) {
        self.dovecot.deliver_many("support", mails.iter().map(Mail::bytes));
        let count = self.delivered.fetch_add(mails.len() as u64, Ordering::SeqCst) + mails.len() as u64;
        let what = format!("{count} mails settled");
        self.desk.wait_until_within(patience, &what, |status| super::frontdesk::settled(status) >= count);
    }

    /// Waits until all that shall leave has left and Postfix has filed it; then what came for `recipient`.
    #[track_caller]
    pub fn received(&self, recipient: &str) -> Vec<Vec<u8>> {
        self.desk.wait_until("the outbox is empty", |status| status["outbox"] == 0);
        let sent = self.outbox().iter().filter(|row| row["state"] == "accepted").count();
        wait_true("Postfix files what it accepted", PATIENCE, || self.postfix.delivered().len() >= sent);
        assert_eq!(self.postfix.delivered().len(), sent, "Postfix delivered what the desk does not know of");
        self.postfix.received(recipient)
    }

    /// Every outgoing mail, what has left included.
    #[track_caller]
    pub fn outbox(&self) -> Vec<Value> {
        self.desk.json(&["outbox", "list", "--all"]).as_array().expect("an array").clone()
    }

    /// Does `ticket act`, which must succeed, and returns the ticket.
    #[track_caller]
    pub fn act(&self, reference: &str, agent: &str, words: &[&str]) -> Value {
        self.desk.json(&[&["ticket", "act", "--as", agent, reference], words].concat())
    }

    /// Waits until a ticket fulfils `condition` and returns it.
    #[track_caller]
    pub fn wait_ticket(&self, reference: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let found = wait_some(PATIENCE, || Some(self.desk.ticket(reference)).filter(|ticket| condition(ticket)));
        found.unwrap_or_else(|| panic!("{reference} never {what}: {}\n{}", self.desk.ticket(reference), self.desk.log_tail()))
    }
}

/// Whether all inboxes of a `status` are live.
pub fn all_live(status: &Value) -> bool {
    status["inboxes"].as_array().is_some_and(|inboxes| !inboxes.is_empty() && inboxes.iter().all(|inbox| inbox["live"] == true))
}

/// The words of an inbox's trouble, if it has any.
pub fn trouble(status: &Value, name: &str) -> String {
    inbox(status, name)["error"].as_str().unwrap_or_default().to_owned()
}

/// A mail that the provider vouches for, as its topmost header says (RFC 8601).
pub fn vouched(mail: Mail) -> Mail {
    let from = mails::header_of(&mail.bytes(), "From").unwrap_or_default();
    let domain = from.rsplit('@').next().unwrap_or_default().trim_end_matches('>').to_owned();
    mail.on_top("Authentication-Results", &format!("{TRUSTED};\r\n\tdmarc=pass header.from={domain}"))
}

/// From whom, about what; to [`SUPPORT`].
pub fn letter<'a>(from: &'a str, subject: &'a str, id: &'a str) -> Basics<'a> {
    Basics { from, to: SUPPORT, subject, id }
}
