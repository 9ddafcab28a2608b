//! The world around one desk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use desk::command::Closing;
use desk::effect::{OutboxPhase, OutboxRow, OutboxStep, SendClass};
use desk::event::{Actor, Place, SenderProof};
use desk::{Command, Status};
use frontdesk::cli::output::Printer;
use frontdesk::cli::setup;
use frontdesk::engine::Live;
use frontdesk::engine::core::{Core, Order, step_of};
use frontdesk::engine::read::read_here;
use frontdesk::store::{DiskStore, MailboxKey, OpenOptions, Record, Store, StoreError, TicketFilter};
use jiff::{SignedDuration, Timestamp};

use crate::harness::wait::wait_some;

/// Longest wait for a lock.
const PATIENCE: Duration = Duration::from_secs(10);
/// People who write.
const CUSTOMERS: u64 = 5;
/// Mails that a batch of intake takes.
const BATCH: usize = 4;
/// Rounds in which everything has to come to rest.
const ROUNDS_MAX: usize = 3_000;

/// Numbers from a seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }
}

/// A mail as the receiving server has it.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) row: OutboxRow,
}

pub(super) struct World {
    dice: Dice,
    dir: tempfile::TempDir,
    live: Arc<Live>,
    /// Gone while the desk is down.
    desk: Option<(Core, Arc<DiskStore>)>,
    pub(super) now: Timestamp,
    key: MailboxKey,
    uid_validity: u32,
    next_uid: u32,
    /// The mailbox on the server.
    mailbox: BTreeMap<u32, Vec<u8>>,
    /// Every mail that was ever there, by its bytes.
    pub(super) shown: BTreeSet<Vec<u8>>,
    /// What the receiving server took.
    pub(super) received: Vec<Received>,
    written: u64,
    asked: u64,
    faults: bool,
}

fn load() -> Arc<Live> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenario/process.toml");
    setup::load(&path, &Printer::plain(), "").unwrap_or_else(|failure| panic!("{}", failure.message)).live
}

/// A folder in memory where there is one: thousands of flushes need no disk.
fn folder() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let live = load();
        let key = live.mailboxes.keys().next().expect("a mailbox is watched").clone();
        let mut world = Self {
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            dir: folder(),
            live,
            desk: None,
            now: "2026-11-23T09:00:00Z".parse().expect("an instant"),
            key,
            uid_validity: 1,
            next_uid: 1,
            mailbox: BTreeMap::new(),
            shown: BTreeSet::new(),
            received: Vec::new(),
            written: 0,
            asked: 0,
            faults: true,
        };
        world.start();
        world
    }

    /// The desk comes up on what it left.
    fn start(&mut self) {
        if self.desk.is_some() {
            return;
        }
        let options = OpenOptions { cache_bytes: 1 << 20, reserve_bytes: 0, ..OpenOptions::default() };
        // A child that another test starts at this very moment holds every lock of this process until it is its own program.
        let store = wait_some(PATIENCE, || match DiskStore::open(self.dir.path(), options, &mut |_, _| {}) {
            Err(StoreError::Busy { .. }) => None,
            opened => Some(opened.expect("the store opens again")),
        });
        let store = store.expect("the store is let go of");
        let store = Arc::new(store);
        let core = Core::new(store.clone(), self.live.clone(), self.now).expect("it takes over");
        self.desk = Some((core, store));
    }

    pub(super) fn store(&self) -> Arc<DiskStore> {
        self.desk.as_ref().expect("it is up").1.clone()
    }

    pub(super) fn key(&self) -> &MailboxKey {
        &self.key
    }

    /// With faults on, the desk may die at this place. True if it did.
    fn dies(&mut self) -> bool {
        let dies = self.faults && self.dice.chance(4);
        if dies {
            self.desk = None;
        }
        dies
    }

    /// One thing happens.
    pub(super) fn step(&mut self) {
        match self.dice.roll(12) {
            0..=2 => self.somebody_writes(),
            3 | 4 => self.pass_time(),
            5 => self.agent_acts(),
            6 | 7 => self.take_in(),
            8 | 9 => self.send_out(),
            10 => self.server_trouble(),
            _ => {
                self.start();
                self.fire();
            }
        }
    }

    fn pass_time(&mut self) {
        let minutes = [1, 10, 60, 600, 1_500, 5_000][usize::try_from(self.dice.roll(6)).expect("small")];
        self.now += SignedDuration::from_mins(minutes);
    }

    fn server_trouble(&mut self) {
        match self.dice.roll(4) {
            // The server numbers its mails anew.
            0 => {
                self.uid_validity += 1;
                let mails: Vec<Vec<u8>> = std::mem::take(&mut self.mailbox).into_values().collect();
                for raw in mails {
                    self.deliver(raw);
                }
            }
            // A mail is delivered twice.
            1 => {
                if let Some(raw) = self.mailbox.values().next_back().cloned() {
                    self.deliver(raw);
                }
            }
            2 => self.desk = None,
            // The clock goes back an hour, and nobody notices.
            _ => self.now -= SignedDuration::from_hours(1),
        }
    }

    fn deliver(&mut self, raw: Vec<u8>) {
        self.shown.insert(raw.clone());
        self.mailbox.insert(self.next_uid, raw);
        self.next_uid += 1;
    }

    fn somebody_writes(&mut self) {
        self.written += 1;
        let who = format!("c{}@x{}.example", self.dice.roll(CUSTOMERS), self.dice.roll(3));
        let answered =
            self.received.iter().rev().filter(|mail| mail.row.to.as_str() == who).map(|mail| mail.row.message_id.to_string());
        let answers = answered.into_iter().next().filter(|_| self.dice.chance(70));
        let inbox = ["support", "billing", "info", "it"][usize::try_from(self.dice.roll(4)).expect("small")];
        let number = self.written;
        let (extra, text) = match self.dice.roll(8) {
            0 => ("Auto-Submitted: auto-replied\r\n", "I am away until 2 December 2026.".to_owned()),
            1 => ("", "Thanks!".to_owned()),
            2 => ("", "Yes".to_owned()),
            3 => ("", format!("1: Leeds\r\n2: thing {number}")),
            4 if self.dice.chance(20) => ("", "STOP".to_owned()),
            _ => ("", format!("Thing {number} is broken, invoice {}.", 20_000 + number)),
        };
        let subject = if answers.is_some() { "Re: something".to_owned() } else { format!("Request {number}") };
        let thread = answers.map_or_else(String::new, |id| format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n"));
        let raw = format!(
            "From: {who}\r\nTo: {inbox}@fernhill.example\r\nSubject: {subject}\r\nMessage-ID: <w{number}@client.example>\r\n\
             {thread}{extra}\r\n{text}\r\n"
        );
        self.deliver(raw.into_bytes());
    }

    fn agent_acts(&mut self) {
        self.start();
        let (_, store) = self.desk.as_mut().expect("it is up");
        let tickets = store.tickets(&TicketFilter::default());
        if tickets.is_empty() {
            return;
        }
        let ticket = &tickets[usize::try_from(self.dice.roll(tickets.len() as u64)).expect("small")];
        let command = match (self.dice.roll(6), ticket.status) {
            (_, Status::Closed) => return,
            (0 | 1, _) => Command::Reply { text: format!("Answer {}", self.asked) },
            (2, status) if status.is_active() => Command::Close(Closing::default()),
            (3, _) => Command::Take,
            (4, status) if status.is_active() => Command::Snooze { until: self.now + SignedDuration::from_hours(20) },
            _ => Command::Done { items: Vec::new() },
        };
        self.asked += 1;
        let order =
            Order { request: format!("order {}", self.asked), ticket: ticket.no, by: Actor::Agent("maya".into()), command };
        // Whoever asks again after a crash asks for the same.
        for _ in 0..2 {
            let Some((core, store)) = self.desk.as_mut() else { break };
            let _refused = core.command(self.now, order.clone()).expect("the store holds");
            store.flush().expect("the store holds");
        }
        self.dies();
    }

    /// Intake: what is not settled is kept, decided, made durable.
    fn take_in(&mut self) {
        self.start();
        let (_, store) = self.desk.as_ref().expect("it is up");
        let store = store.clone();
        let opened = Record::MailboxOpened { mailbox: self.key.clone(), uid_validity: self.uid_validity, at: self.now };
        if store.cursor(&self.key).uid_validity != Some(self.uid_validity) {
            store.stage(opened, &[]).expect("the store holds");
            store.flush().expect("the store holds");
        }
        let cursor = store.cursor(&self.key);
        let is_new = |uid: &u32| !cursor.settled.iter().any(|(from, to)| from <= uid && uid <= to);
        let batch: Vec<(u32, Vec<u8>)> =
            self.mailbox.iter().filter(|(uid, _)| is_new(uid)).take(BATCH).map(|(uid, raw)| (*uid, raw.clone())).collect();
        let raws: Vec<&[u8]> = batch.iter().map(|(_, raw)| raw.as_slice()).collect();
        let hashes = store.keep(&raws).expect("the store holds");
        if self.dies() {
            return;
        }
        for ((uid, raw), hash) in batch.iter().zip(hashes) {
            let mut reading = read_here(hash, raw, &[]);
            reading.proof = SenderProof::Proven { by: "dkim".to_owned() };
            let place = Place {
                account: self.key.account.clone(),
                mailbox: self.key.mailbox.clone(),
                uid_validity: self.uid_validity,
                uid: *uid,
            };
            let (core, _) = self.desk.as_mut().expect("it is up");
            core.mail(self.now, &place, false, reading).expect("the store holds");
            if self.dies() {
                return;
            }
        }
        store.flush().expect("the store holds");
        self.dies();
    }

    fn fire(&mut self) -> usize {
        let (core, store) = self.desk.as_mut().expect("it is up");
        let done = core.timers(self.now, 8).expect("the store holds");
        if self.faults && self.dice.chance(4) {
            self.desk = None;
            return done;
        }
        store.flush().expect("the store holds");
        done
    }

    /// Sending: claimed, handed over, recorded; the receiving server may take it and nobody hears of it.
    fn send_out(&mut self) {
        self.start();
        let accounts = ["main".into(), desk::channel::account("chat")];
        for account in accounts {
            let Some((core, store)) = self.desk.as_mut() else { return };
            let rows = core.claim(self.now, &account, 4).expect("the store holds");
            store.flush().expect("the store holds");
            for row in rows {
                if self.hand_over(row) {
                    return;
                }
            }
        }
    }

    /// True if the desk died over it.
    fn hand_over(&mut self, row: OutboxRow) -> bool {
        if row.phase == OutboxPhase::DataSent {
            let phase = self.in_doubt(&row);
            return self.record(&row, phase, self.now);
        }
        if self.dies() {
            return true;
        }
        if self.faults && self.dice.chance(15) {
            return self.record(&row, OutboxPhase::Deferred, self.now + SignedDuration::from_mins(5));
        }
        if self.faults && self.dice.chance(3) {
            return self.record(&row, OutboxPhase::Failed, self.now);
        }
        if self.record(&row, OutboxPhase::DataSent, self.now + SignedDuration::from_mins(15)) {
            return true;
        }
        let is_taken = !self.faults || self.dice.chance(90);
        if is_taken {
            self.received.push(Received { row: row.clone() });
        }
        if self.dies() {
            return true;
        }
        if is_taken {
            self.record(&row, OutboxPhase::Accepted, self.now)
        } else {
            self.record(&row, self.unheard(&row), self.now)
        }
    }

    /// Nobody knows whether the peer has it: its traces are looked for, then the class of the mail decides.
    fn in_doubt(&self, row: &OutboxRow) -> OutboxPhase {
        let is_found = self.received.iter().any(|mail| mail.row.message_id == row.message_id);
        if is_found { OutboxPhase::Accepted } else { self.unheard(row) }
    }

    fn unheard(&self, row: &OutboxRow) -> OutboxPhase {
        match row.class {
            SendClass::AtMostOnce => OutboxPhase::Unknown,
            SendClass::AtLeastOnce => OutboxPhase::Queued,
        }
    }

    fn record(&mut self, row: &OutboxRow, phase: OutboxPhase, next_at: Timestamp) -> bool {
        let Some((core, store)) = self.desk.as_mut() else { return true };
        let step = OutboxStep { phase, next_at, ..step_of(row, self.now) };
        core.steps(vec![step]).expect("the store holds");
        store.flush().expect("the store holds");
        self.dies()
    }

    /// No more faults and no more mails: everything has to come to rest.
    pub(super) fn settle(&mut self) {
        self.faults = false;
        self.start();
        for _ in 0..ROUNDS_MAX {
            self.take_in();
            self.send_out();
            let fired = self.fire();
            let store = self.store();
            let is_calm = store.outbox(false, 0).is_empty() && store.next_timer().is_none() && self.is_taken_in();
            if is_calm {
                return;
            }
            let next = [store.next_timer(), store.outbox(false, 0).iter().map(|row| row.next_at).min()];
            match next.into_iter().flatten().min() {
                Some(at) if at > self.now => self.now = at,
                // Missed timers wait for their turn.
                _ if fired == 0 => self.now += SignedDuration::from_secs(7),
                _ => {}
            }
        }
        let store = self.store();
        panic!("it does not settle: outbox {:?}, next timer {:?}", store.outbox(false, 3), store.next_timer());
    }

    fn is_taken_in(&self) -> bool {
        let cursor = self.store().cursor(&self.key);
        self.mailbox.keys().all(|uid| cursor.settled.iter().any(|(from, to)| from <= uid && uid <= to))
    }
}
