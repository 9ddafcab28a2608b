//! The desk and the world around it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use desk::command::Closing;
use desk::effect::{OutboxPhase, OutboxRow, OutboxStep, SendClass};
use desk::event::{Actor, Place, SenderProof};
use desk::policy::AgentProof;
use desk::{Command, EffectId, Outcome, RawHash, Status};
use frontdesk::cli::output::Printer;
use frontdesk::cli::setup;
use frontdesk::engine::Live;
use frontdesk::engine::child::ChildReader;
use frontdesk::engine::chore::jobs;
use frontdesk::engine::core::{Core, Order};
use frontdesk::engine::outgoing::step_of;
use frontdesk::engine::read::{Caution, Reading, found_unreadable, read, read_here};
use frontdesk::outbox::{Meaning, Next, Reply, after_refusal};
use frontdesk::store::{DiskStore, MailboxKey, OpenOptions, Record, Store, StoreError, TicketFilter};
use jiff::{SignedDuration, Timestamp};

use super::dice::Dice;
use super::imap;
use super::people::{self, CANARY, FORGED, POISON};
use super::smtp::{self, Heard};
use crate::harness::wait::wait_some;

/// Longest wait for a lock.
const PATIENCE: Duration = Duration::from_secs(10);
/// Mails that a batch of intake takes.
const BATCH: usize = 4;
/// Rounds in which everything has to come to rest.
const ROUNDS_MAX: usize = 3_000;
/// Notices to one agent within an hour; few, so that worlds reach it.
pub(super) const NOTICES_MAX: u32 = 8;

pub(super) struct World {
    dice: Dice,
    dir: tempfile::TempDir,
    live: Arc<Live>,
    /// Gone while the desk is down.
    desk: Option<(Core, Arc<DiskStore>)>,
    pub(super) now: Timestamp,
    key: MailboxKey,
    pub(super) mailbox: imap::Server,
    pub(super) peer: smtp::Server,
    /// Mails that had an outcome after a flush: no crash may take it back.
    pub(super) durable: BTreeSet<(u32, u32)>,
    /// Mails that were known at the last start to have been read when the desk died.
    suspects: BTreeSet<RawHash>,
    /// How often each mail killed the desk that read it.
    pub(super) deaths: BTreeMap<RawHash, u32>,
    /// Mails that were sent a second time after a doubt.
    again: BTreeSet<EffectId>,
    written: u64,
    asked: u64,
    faults: bool,
}

fn load() -> Arc<Live> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenario/process.toml");
    let loaded = setup::load(&path, &Printer::plain(), "").unwrap_or_else(|failure| panic!("{}", failure.message));
    let mut live = loaded.live;
    let changed = Arc::get_mut(&mut live).expect("nobody else has it yet");
    changed.mailboxes.values_mut().for_each(|watched| watched.files = true);
    let policy = Arc::get_mut(&mut changed.policy).expect("nobody else has it yet");
    policy.limits.notices_per_agent_hour = NOTICES_MAX;
    // Forgers may have tokens.
    policy.agent_mail.as_mut().expect("agents work by mail").proof = AgentProof::TokenSender;
    live
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
            dice: Dice::new(seed),
            dir: folder(),
            live,
            desk: None,
            now: "2026-11-23T09:00:00Z".parse().expect("an instant"),
            key,
            mailbox: imap::Server::new(),
            peer: smtp::Server::default(),
            durable: BTreeSet::new(),
            suspects: BTreeSet::new(),
            deaths: BTreeMap::new(),
            again: BTreeSet::new(),
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
        let store = Arc::new(store.expect("the store is let go of"));
        self.suspects = store.suspects().into_iter().map(|suspect| suspect.raw).collect();
        let core = Core::new(store.clone(), self.live.clone(), self.now).expect("it takes over");
        self.desk = Some((core, store));
        self.nothing_durable_is_lost();
    }

    /// I3: what had its outcome after a flush, and may be filed since, has it for ever.
    fn nothing_durable_is_lost(&self) {
        let cursor = self.store().cursor(&self.key);
        let (uid_validity, _) = self.mailbox.select();
        if cursor.uid_validity != Some(uid_validity) {
            return;
        }
        let settled = |uid: u32| cursor.settled.iter().any(|(from, to)| *from <= uid && uid <= *to);
        for (_, uid) in self.durable.iter().filter(|(validity, _)| *validity == uid_validity) {
            assert!(settled(*uid), "uid {uid} was settled before the crash and is not after it");
        }
    }

    pub(super) fn store(&self) -> Arc<DiskStore> {
        self.desk.as_ref().expect("it is up").1.clone()
    }

    pub(super) fn key(&self) -> &MailboxKey {
        &self.key
    }

    /// With faults on, the desk may die at this place. True if it did.
    fn dies(&mut self) -> bool {
        let dies = self.faults && self.dice.chance(3);
        if dies {
            self.desk = None;
        }
        dies
    }

    /// Everything staged becomes durable; true if the desk died over it.
    fn flush(&mut self) -> bool {
        if self.dies() {
            return true;
        }
        let store = self.store();
        store.flush().expect("the store holds");
        let cursor = store.cursor(&self.key);
        if let Some(uid_validity) = cursor.uid_validity {
            self.durable.extend(cursor.settled.iter().flat_map(|(from, to)| (*from..=*to).map(|uid| (uid_validity, uid))));
        }
        self.dies()
    }

    /// One thing happens.
    pub(super) fn step(&mut self) {
        match self.dice.roll(13) {
            0..=2 => self.somebody_writes(),
            3 | 4 => self.pass_time(),
            5 => self.agent_acts(),
            6 | 7 => self.take_in(),
            8 | 9 => self.send_out(),
            10 => self.trouble_outside(),
            11 => self.file(),
            _ => {
                self.start();
                self.fire();
            }
        }
    }

    fn pass_time(&mut self) {
        let minutes = *self.dice.pick(&[1, 10, 60, 600, 1_500, 5_000]);
        self.now += SignedDuration::from_mins(minutes);
    }

    fn trouble_outside(&mut self) {
        match self.dice.roll(7) {
            0 => self.mailbox.renumber(),
            1 => self.mailbox.repeat(),
            2 => {
                let uids = self.mailbox.uids();
                if !uids.is_empty() {
                    self.mailbox.take_away(*self.dice.pick(&uids));
                }
            }
            3 => self.desk = None,
            // The clock jumps, and nobody notices.
            4 => self.now -= SignedDuration::from_hours(1),
            5 => self.now += SignedDuration::from_hours(1),
            _ => {
                let year = SignedDuration::from_hours(365 * 24);
                self.now = if self.dice.chance(50) { self.now + year } else { self.now - year };
            }
        }
    }

    fn somebody_writes(&mut self) {
        self.written += 1;
        let store = self.desk.as_ref().map(|(_, store)| store.clone());
        let store = store.as_deref().map(|store| store as &dyn Store);
        let raw = people::letter(&mut self.dice, self.written, &self.peer.received, store);
        self.mailbox.deliver(raw);
    }

    fn agent_acts(&mut self) {
        self.start();
        let tickets = self.store().tickets(&TicketFilter::default());
        if tickets.is_empty() {
            return;
        }
        let ticket = self.dice.pick(&tickets).clone();
        let command = match (self.dice.roll(7), ticket.status) {
            (_, Status::Closed) => return,
            (0 | 1, _) => Command::Reply { text: format!("Answer {}", self.asked) },
            (2, status) if status.is_active() => Command::Close(Closing::default()),
            (3, _) => Command::Take,
            (4, status) if status.is_active() => Command::Snooze { until: self.now + SignedDuration::from_hours(20) },
            (5, _) => Command::Note { text: format!("{CANARY} said inside {}", self.asked) },
            _ => Command::Done { items: Vec::new() },
        };
        self.asked += 1;
        let order =
            Order { request: format!("order {}", self.asked), ticket: ticket.no, by: Actor::Agent("maya".into()), command };
        // Whoever asks again after a crash asks for the same.
        for _ in 0..2 {
            let Some((core, _)) = self.desk.as_mut() else { break };
            let _refused = core.command(self.now, order.clone()).expect("the store holds");
            self.flush();
        }
    }

    /// Intake: what is not settled is fetched, kept, decided, made durable.
    fn take_in(&mut self) {
        self.start();
        let store = self.store();
        let (uid_validity, uid_next) = self.mailbox.select();
        if store.cursor(&self.key).uid_validity != Some(uid_validity) {
            let opened = Record::MailboxOpened { mailbox: self.key.clone(), uid_validity, at: self.now };
            store.stage(opened, &[]).expect("the store holds");
            if self.flush() {
                return;
            }
        }
        let cursor = store.cursor(&self.key);
        let is_open = |uid: &u32| !cursor.settled.iter().any(|(from, to)| from <= uid && uid <= to);
        let listed = self.mailbox.uids();
        let wanted: Vec<u32> = listed.iter().copied().filter(is_open).take(BATCH).collect();
        if self.faults && self.dice.chance(2) {
            // Between SELECT and FETCH.
            self.mailbox.renumber();
        }
        let faults = self.faults;
        let fetched = self.mailbox.fetch(uid_validity, &wanted, if faults { Some(&mut self.dice) } else { None });
        // A literal that did not end is no mail.
        drop(fetched.torn);
        let arrived: BTreeSet<u32> = fetched.whole.iter().map(|(uid, _)| *uid).collect();
        if self.take_in_mails(uid_validity, &fetched.whole) {
            return;
        }
        if !fetched.is_complete {
            return;
        }
        // Asked for and not there, or never listed: somebody had them before us.
        let below = wanted.iter().copied().filter(|uid| !arrived.contains(uid));
        let never_listed = (1..uid_next).filter(|uid| is_open(uid) && !listed.contains(uid));
        for uid in below.chain(never_listed).collect::<Vec<_>>() {
            let (mailbox, ranges) = (self.key.clone(), vec![(uid, uid)]);
            let gone = Record::Settled { mailbox, uid_validity, ranges, outcome: Outcome::Vanished, at: self.now };
            store.stage(gone, &[]).expect("the store holds");
        }
        self.flush();
    }

    /// True if the desk died over it.
    fn take_in_mails(&mut self, uid_validity: u32, mails: &[(u32, Vec<u8>)]) -> bool {
        let store = self.store();
        let raws: Vec<&[u8]> = mails.iter().map(|(_, raw)| raw.as_slice()).collect();
        let hashes = store.keep(&raws).expect("the store holds");
        if self.dies() {
            return true;
        }
        for ((uid, raw), hash) in mails.iter().zip(hashes) {
            let Some(reading) = self.read(hash, raw) else { return true };
            let place = Place { account: self.key.account.clone(), mailbox: self.key.mailbox.clone(), uid_validity, uid: *uid };
            let (core, _) = self.desk.as_mut().expect("it is up");
            core.mail(self.now, &place, false, reading).expect("the store holds");
            if self.dies() {
                return true;
            }
        }
        self.flush()
    }

    /// Reads a mail as the engine does; `None` if that killed the desk.
    fn read(&mut self, hash: RawHash, raw: &[u8]) -> Option<Reading> {
        let is_poison = mail::parse::parse_headers(raw).header(POISON).is_some();
        let known = found_unreadable(&*self.store(), hash, raw);
        let mut reading = if let Some(reading) = known {
            reading
        } else if self.suspects.contains(&hash) && is_poison {
            // The child dies of it as well.
            read(hash, raw, &[], Caution::Suspect, &ChildReader { program: PathBuf::from("/bin/false") })
        } else if is_poison {
            *self.deaths.entry(hash).or_default() += 1;
            self.desk = None;
            return None;
        } else {
            read_here(hash, raw, &[])
        };
        let is_forged = raw.windows(FORGED.len()).any(|window| window == FORGED.as_bytes());
        reading.proof = if is_forged || is_poison {
            SenderProof::NotProven { why: "nobody vouches for it".to_owned() }
        } else {
            SenderProof::Proven { by: "dkim".to_owned() }
        };
        Some(reading)
    }

    /// What is committed is moved away on the server. The answer may be lost; then it is tried again.
    fn file(&mut self) {
        self.start();
        let store = self.store();
        let cursor = store.cursor(&self.key);
        let (Some(uid_validity), false) = (cursor.uid_validity, cursor.to_file.is_empty()) else { return };
        let faults = self.faults;
        if !self.mailbox.file(uid_validity, &cursor.to_file, if faults { Some(&mut self.dice) } else { None }) || self.dies() {
            return;
        }
        let filed = Record::Filed { mailbox: self.key.clone(), uid_validity, uids: cursor.to_file };
        store.stage(filed, &[]).expect("the store holds");
        self.flush();
    }

    /// What is due by the clock and the calendar.
    fn fire(&mut self) -> usize {
        let (core, store) = self.desk.as_mut().expect("it is up");
        let mut done = core.timers(self.now, 8).expect("the store holds");
        if self.dice.chance(20) || !self.faults {
            let shared: Arc<dyn Store> = store.clone();
            for job in jobs(&shared, &self.live.policy, self.now, false).expect("gathered") {
                done += usize::from(core.chore(self.now, job).expect("the store holds"));
            }
        }
        while core.errands(self.now, 8).expect("the store holds") > 0 {}
        self.flush();
        done
    }

    /// Sending: claimed, spoken phase by phase, recorded before the content.
    fn send_out(&mut self) {
        self.start();
        let accounts = ["main".into(), desk::channel::account("chat")];
        for account in accounts {
            let Some((core, _)) = self.desk.as_mut() else { return };
            let rows = core.claim(self.now, &account, 4).expect("the store holds");
            if self.flush() {
                return;
            }
            for row in rows {
                if self.transact(&row) {
                    return;
                }
            }
        }
    }

    /// One mail. True if the desk died over it.
    fn transact(&mut self, row: &OutboxRow) -> bool {
        if row.phase == OutboxPhase::DataSent {
            return self.end_doubt(row);
        }
        for phase in smtp::BEFORE {
            let faults = self.faults;
            let heard = self.peer.say(phase, if faults { Some(&mut self.dice) } else { None });
            match heard {
                Heard::Good => {}
                Heard::Refused(reply) => return self.refused(row, &reply),
                Heard::Nothing => return self.later(row),
            }
            if self.dies() {
                return true;
            }
        }
        if self.record(row, OutboxPhase::DataSent, self.now + SignedDuration::from_mins(15)) {
            return true;
        }
        let faults = self.faults;
        let heard = self.peer.dot(row, if faults { Some(&mut self.dice) } else { None });
        if self.dies() {
            return true;
        }
        match heard {
            Heard::Good => self.record(row, OutboxPhase::Accepted, self.now),
            Heard::Refused(reply) => self.refused(row, &reply),
            Heard::Nothing => self.record(row, OutboxPhase::DataSent, self.now + SignedDuration::from_mins(15)),
        }
    }

    fn refused(&mut self, row: &OutboxRow, reply: &Reply) -> bool {
        match reply.meaning() {
            Meaning::FailMail => self.record(row, OutboxPhase::Failed, self.now),
            Meaning::DeferMail | Meaning::SlowAccount | Meaning::StopAccount => self.later(row),
        }
    }

    fn later(&mut self, row: &OutboxRow) -> bool {
        match after_refusal(row.id, row.attempts, row.created_at, self.now) {
            Next::RetryAt(at) => self.record(row, OutboxPhase::Deferred, at),
            Next::GiveUp => self.record(row, OutboxPhase::Failed, self.now),
        }
    }

    /// Nobody knows whether the peer has it: its traces are looked for, then the class of the mail decides.
    fn end_doubt(&mut self, row: &OutboxRow) -> bool {
        let phase = if self.peer.has(row) {
            OutboxPhase::Accepted
        } else if row.class == SendClass::AtLeastOnce && self.again.insert(row.id) {
            OutboxPhase::Queued
        } else {
            OutboxPhase::Unknown
        };
        self.record(row, phase, self.now)
    }

    fn record(&mut self, row: &OutboxRow, phase: OutboxPhase, next_at: Timestamp) -> bool {
        let Some((core, _)) = self.desk.as_mut() else { return true };
        let step = OutboxStep { phase, next_at, ..step_of(row, self.now) };
        core.steps(vec![step]).expect("the store holds");
        self.flush()
    }

    /// No more faults and no more mails: everything has to come to rest.
    pub(super) fn settle(&mut self) {
        self.faults = false;
        self.start();
        for _ in 0..ROUNDS_MAX {
            self.take_in();
            // What killed the desk is read apart once it is up again.
            self.start();
            self.file();
            self.send_out();
            let fired = self.fire();
            let store = self.store();
            let waiting = store.outbox(false, 0);
            if waiting.is_empty() && store.next_timer().is_none() && self.is_taken_in() && !self.has_untold() {
                return;
            }
            let digest = store.agents().into_values().filter_map(|(state, _)| desk::chore::digest_at(&state)).min();
            if fired > 0 {
                continue;
            }
            if !store.due_timers(self.now, 1).is_empty() {
                // Missed timers wait for their turn.
                self.now += SignedDuration::from_secs(7);
                continue;
            }
            // A mail that waits for an earlier one to the same recipient is due already.
            let next = waiting.iter().map(|row| row.next_at).chain(store.next_timer()).chain(digest);
            self.now = next.filter(|at| *at > self.now).min().unwrap_or(self.now + SignedDuration::from_secs(7));
        }
        let store = self.store();
        let cursor = store.cursor(&self.key);
        panic!(
            "it does not settle at {}: {} mails wait, deaths {:?}, on the server {:?} under {}, settled {:?} under {:?}, to file {:?}, due timers {:?}",
            self.now,
            store.outbox(false, 0).len(),
            self.deaths,
            self.mailbox.uids(),
            self.mailbox.select().0,
            cursor.settled,
            cursor.uid_validity,
            cursor.to_file,
            store.due_timers(self.now, 5)
        );
    }

    fn has_untold(&self) -> bool {
        self.store().agents().values().any(|(state, _)| !state.untold.is_empty())
    }

    fn is_taken_in(&self) -> bool {
        let cursor = self.store().cursor(&self.key);
        let is_settled = |uid: &u32| cursor.settled.iter().any(|(from, to)| from <= uid && uid <= to);
        self.mailbox.uids().iter().all(is_settled) && cursor.to_file.is_empty()
    }
}
