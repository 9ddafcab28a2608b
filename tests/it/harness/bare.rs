//! A desk without servers: the engine's own core on a store that forgets. Bytes of mails go in, bytes of mails come out, and
//! time is a value. What is decided is what the daemon would decide, thousands of times faster.

use std::path::Path;
use std::sync::Arc;

use desk::effect::{OutboxPhase, Purpose};
use desk::event::{Actor, Place};
use desk::{AccountName, Command, Outcome, Ticket, TicketNo};
use frontdesk::cli::setup;
use frontdesk::config::{self, Memory};
use frontdesk::engine::core::{Core, Live, Order};
use frontdesk::engine::outgoing::step_of;
use frontdesk::engine::read::read_here;
use frontdesk::store::{HeldItem, MemoryStore, Store as _};
use jiff::{SignedDuration, Timestamp};

use super::mails::Mail;
use super::office::TRUSTED;

/// When every bare desk begins: a Monday morning.
pub const BEGINNING: &str = "2026-11-16T10:00:00Z";

/// A mail that left.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Envelope recipient, folded.
    pub to: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Exactly what left.
    pub bytes: Vec<u8>,
}

/// The desk.
pub struct Bare {
    /// Looks up, decides, composes.
    pub core: Core,
    /// What it knows.
    pub store: Arc<MemoryStore>,
    /// Now.
    pub now: Timestamp,
    /// All that left, in order.
    pub sent: Vec<Sent>,
    live: Arc<Live>,
    uid: u32,
}

/// Compiles a configuration: one account, two agents, the saved answer `reset`, and these sections; one must be `[inbox]`.
#[track_caller]
pub fn live(sections: &str) -> Arc<Live> {
    live_with("", sections)
}

/// [`live`] with these keys of the account.
#[track_caller]
pub fn live_with(account: &str, sections: &str) -> Arc<Live> {
    live_of("signing.key", "", account, sections)
}

/// [`live_with`] under another key, `new.key`, and with these keys of the server.
#[track_caller]
pub fn live_of(key: &str, server: &str, account: &str, sections: &str) -> Arc<Live> {
    let file = format!(
        "version = 1\n[company]\nname = \"Acme\"\n[server]\nstore = {{ kind = \"sled\", path = \"state\" }}\n\
         key = {{ file = \"{key}\" }}\n{server}[account.main]\nimap = \"imap://127.0.0.1:1143\"\n\
         smtp = \"smtp://127.0.0.1:1025\"\ntrusts = [\"{TRUSTED}\"]\n\
         auth = {{ kind = \"password\", user = \"support\", secret = {{ file = \"mail.password\" }} }}\n{account}\
         [agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n\
         ben = {{ name = \"Ben Okri\", email = \"ben@acme.example\" }}\n{sections}"
    );
    let mut world = Memory::default();
    world.files.insert("/desk/frontdesk.toml".into(), file.into_bytes());
    world.files.insert("/desk/signing.key".into(), vec![b'k'; 48]);
    world.files.insert("/desk/new.key".into(), vec![b'n'; 48]);
    world.files.insert("/desk/mail.password".into(), b"hunter2\n".to_vec());
    let answer = b"{% if alone %}Hello {{ name }},\n\n{% endif %}hold the button for ten seconds.\n";
    world.files.insert("/desk/templates/en/answer-reset.txt".into(), answer.to_vec());
    let article =
        b"---\ntitle: Probe drops off Wi-Fi\ntags: probe, drops\nurl: https://help.acme.example/1\n---\nTake channel 6.\n";
    world.files.insert("/desk/articles/KB-1.md".into(), article.to_vec());
    match config::load(Path::new("/desk/frontdesk.toml"), &world) {
        Ok(loaded) => setup::finish(loaded).expect("the built-in texts are templates").live,
        Err(problems) => panic!("{}", problems.render(false, "")),
    }
}

impl Bare {
    /// An empty desk under a configuration.
    pub fn new(live: &Arc<Live>) -> Bare {
        let store = Arc::new(MemoryStore::new());
        let now: Timestamp = BEGINNING.parse().expect("an instant");
        let core = Core::new(store.clone(), live.clone(), now).expect("memory refuses nothing");
        Bare { core, store, now, sent: Vec::new(), live: live.clone(), uid: 0 }
    }

    /// Another configuration takes the place of the one before, as `frontdesk reload` does it.
    pub fn reload(&mut self, live: &Arc<Live>) {
        self.live = live.clone();
        self.core.live = live.clone();
    }

    /// A mail comes in; what follows leaves at once, as far as it may. A second passes.
    pub fn receive(&mut self, mail: &Mail) -> Outcome {
        self.receive_bytes(&mail.bytes())
    }

    /// [`Bare::receive`] for bytes.
    pub fn receive_bytes(&mut self, raw: &[u8]) -> Outcome {
        self.receive_in("INBOX", raw)
    }

    /// [`Bare::receive`] in another mailbox of the account.
    pub fn receive_in(&mut self, mailbox: &str, raw: &[u8]) -> Outcome {
        self.uid += 1;
        let account = self.account();
        let trusts = self.live.trusts.get(&account).cloned().unwrap_or_default();
        let hash = self.store.keep(&[raw]).expect("memory keeps all")[0];
        let place = Place { account, mailbox: mailbox.to_owned(), uid_validity: 1, uid: self.uid };
        let outcome = self.core.mail(self.now, &place, false, read_here(hash, raw, &trusts)).expect("memory refuses nothing");
        self.settle();
        self.pass(SignedDuration::from_secs(1));
        outcome
    }

    /// An agent, or the operator, does something on the command line. `false` if it was refused.
    pub fn command(&mut self, ticket: TicketNo, by: Actor, command: Command) -> bool {
        self.uid += 1;
        let order = Order { request: format!("bare {}", self.uid), ticket, by, command };
        let done = self.core.command(self.now, order).expect("memory refuses nothing").is_ok();
        self.settle();
        done
    }

    /// Time passes; timers fire and what waited leaves.
    pub fn pass(&mut self, span: SignedDuration) {
        self.now = self.now.checked_add(span).expect("tests last for years at most");
        // One timer may start another that is due as well; what has to wait its turn waits.
        while self.core.timers(self.now, 100).expect("memory refuses nothing") > 0 {}
        self.core.mornings(self.now).expect("memory refuses nothing");
        self.settle();
    }

    /// Everything that may leave leaves.
    fn settle(&mut self) {
        self.store.flush().expect("memory refuses nothing");
        let account = self.account();
        loop {
            let rows = self.core.claim(self.now, &account, 100).expect("memory refuses nothing");
            if rows.is_empty() {
                break;
            }
            let taken = |row| desk::effect::OutboxStep { phase: OutboxPhase::Accepted, ..step_of(row, self.now) };
            let steps = rows.iter().map(taken).collect();
            self.sent.extend(rows.iter().map(|row| Sent {
                to: row.to.folded(),
                purpose: row.purpose,
                bytes: self.store.raw(&row.raw).expect("what is sent is kept"),
            }));
            self.core.steps(steps).expect("memory refuses nothing");
        }
        self.core.take_notices();
        self.core.take_happenings();
        self.core.take_new_rows();
    }

    fn account(&self) -> AccountName {
        AccountName("main".to_owned())
    }

    /// What somebody got, oldest first.
    pub fn received(&self, who: &str) -> Vec<&[u8]> {
        self.sent.iter().filter(|sent| sent.to == who).map(|sent| sent.bytes.as_slice()).collect()
    }

    /// The newest mail that somebody got.
    #[track_caller]
    pub fn newest(&self, who: &str) -> Vec<u8> {
        self.received(who).pop().unwrap_or_else(|| panic!("nothing for {who}")).to_vec()
    }

    /// A ticket.
    #[track_caller]
    pub fn ticket(&self, no: u64) -> Ticket {
        self.store.ticket(TicketNo(no)).unwrap_or_else(|| panic!("there is no T-{no}"))
    }

    /// How many tickets there are.
    pub fn tickets(&self) -> usize {
        self.store.tickets(&frontdesk::store::TicketFilter::default()).len()
    }

    /// What waits for a person.
    pub fn held(&self) -> Vec<HeldItem> {
        self.store.held()
    }

    /// Kinds of all lines of history of a ticket, oldest first.
    pub fn kinds(&self, no: u64) -> Vec<String> {
        let history = self.store.history(TicketNo(no)).expect("memory reads back");
        history.into_iter().flat_map(|decided| decided.decision.history).map(|line| line.kind).collect()
    }
}
