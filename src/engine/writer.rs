//! The one writer: a thread that takes work from bounded queues, stages it through [`Core`], flushes the group and only
//! then answers. While a flush runs, the next group gathers. Here is what others see of it; its loop is in `group`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use desk::effect::{OutboxPhase, OutboxRow, OutboxStep};
use desk::event::{Place, SenderProof};
use desk::{AccountName, AgentName, EventId, Outcome, RawHash, TicketNo};
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::engine::child::ChildReader;
use crate::engine::chore::{Job, jobs};
use crate::engine::core::{Core, Happening, Live, Order};
use crate::engine::group::{Answer, Arrived, Outbound, Work, queues, write};
use crate::engine::morning;
use crate::engine::outgoing::step_of;
use crate::engine::proof::{DkimCheck, DkimOutcome};
use crate::engine::read::{Caution, Reading, found_unreadable, read};
use crate::engine::seam::{Claimed, Fetched, Intake, Outgoing, RawMail, Turn};
use crate::engine::timer::{JUMPED, Pace};
use crate::failpoint;
use crate::store::{Cursor, MailboxKey, Record, Store, StoreError};

/// Work items that may wait; whoever brings more waits in turn.
const QUEUE_MAX: usize = 64;
/// Mails that one reading task takes at a time: enough to be worth a switch of threads.
const READ_CHUNK: usize = 16;
/// Reading tasks at a time beside one for each processor: some wait for a child that reads a dangerous mail.
const READERS_MORE: usize = 2;
/// After DNS did not answer, it is left alone for so long.
const DNS_PAUSE_SECONDS: i64 = 60;
/// Between two looks at what is due by the calendar. The look reads the tickets of the last month.
const CHORES_EVERY: std::time::Duration = std::time::Duration::from_secs(120);
/// Events that are remembered for those who follow along.
const HAPPENINGS_MAX: usize = 1_000;

/// What the engine needs besides its store.
pub struct EngineOptions {
    /// The configuration at the start.
    pub live: Arc<Live>,
    /// The clock.
    pub clock: Clock,
    /// Reads dangerous mail.
    pub child: ChildReader,
    /// Proves senders by DKIM where no trusted host has; `None` leaves them unproven.
    pub dkim: Option<Arc<DkimCheck>>,
}

/// The running engine. Clones share it.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    store: Arc<dyn Store>,
    pub(super) live: ArcSwap<Live>,
    pub(super) clock: Clock,
    pub(super) child: ChildReader,
    dkim: Option<Arc<DkimCheck>>,
    work: Outbound,
    pub(super) outgoing: Notify,
    pub(super) timers: Notify,
    /// When the next outgoing mail of each account falls due.
    due: Mutex<BTreeMap<AccountName, Timestamp>>,
    /// The newest events with their number, for those who follow along.
    happenings: Mutex<VecDeque<(u64, Happening)>>,
    /// The wall clock against the time that passes.
    pace: Mutex<Pace>,
    /// Mails that an earlier run may have died of.
    suspects: Mutex<BTreeSet<RawHash>>,
    /// Until then (seconds since 1970) DNS is not asked, since it did not answer.
    dns_down_until: AtomicI64,
    /// Who may read: more threads than processors only hold more memory.
    reading: Semaphore,
    /// Moves whenever the writer has worked: the watchdog's proof of life.
    pub(super) heartbeat: AtomicU64,
    /// Set once, when the store has failed: the process must end.
    pub(super) failed: watch::Sender<Option<Arc<StoreError>>>,
}

impl Engine {
    /// Starts the writer on a store.
    ///
    /// # Errors
    /// [`StoreError`] if what an earlier run left cannot be taken over.
    pub fn start(store: Arc<dyn Store>, options: EngineOptions) -> Result<Self, StoreError> {
        let core = Core::new(store.clone(), options.live.clone(), options.clock.now())?;
        let suspects = store.suspects().into_iter().map(|suspect| suspect.raw).collect();
        let (work, inbound) = queues(QUEUE_MAX);
        let shared = Arc::new(Shared {
            store,
            live: ArcSwap::new(options.live),
            pace: Mutex::new(Pace::new(&options.clock)),
            clock: options.clock,
            child: options.child,
            dkim: options.dkim,
            work,
            outgoing: Notify::new(),
            timers: Notify::new(),
            due: Mutex::new(core.next_due()),
            happenings: Mutex::default(),
            suspects: Mutex::new(suspects),
            dns_down_until: AtomicI64::new(0),
            reading: Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from) + READERS_MORE),
            heartbeat: AtomicU64::new(0),
            failed: watch::channel(None).0,
        });
        let writer = Arc::downgrade(&shared);
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || write(core, inbound, &writer))
            .map_err(|source| StoreError::Io { act: "start", path: "writer thread".to_owned(), source })?;
        Ok(Self { shared })
    }

    /// The store, for reading.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// The configuration in force.
    #[must_use]
    pub fn live(&self) -> Arc<Live> {
        self.shared.live.load_full()
    }

    /// Puts another configuration in force. Work that is already queued is decided under the new one.
    pub fn replace(&self, live: Arc<Live>) {
        self.shared.live.store(live);
        self.shared.outgoing.notify_waiters();
    }

    /// Turns a request into an event, if it is allowed. Durable on return.
    ///
    /// # Errors
    /// The outer error is the store's, the inner one the refusal.
    pub async fn order(&self, order: Order) -> Result<Result<(), desk::admit::Refusal>, Arc<StoreError>> {
        let order = Box::new(order);
        let done = self.ask(|answer| Work::Order { order, answer }).await?;
        self.shared.outgoing.notify_waiters();
        self.shared.timers.notify_waiters();
        Ok(done)
    }

    /// Lets a held mail in (`release`) or puts it away. Returns the ticket it is on by then. Durable on return.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn let_in(&self, held: EventId, release: bool) -> Result<Option<TicketNo>, Arc<StoreError>> {
        let ticket = self.ask(|answer| Work::LetIn { held, release, answer }).await?;
        self.shared.outgoing.notify_waiters();
        Ok(ticket)
    }

    /// Sends an agent the practice ticket; a repeat of a request sends nothing. `false` if there is no such agent, or if
    /// agents do not work by mail here. Durable on return.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invite(&self, agent: AgentName, request: String) -> Result<bool, Arc<StoreError>> {
        let done = self.ask(|answer| Work::Invite { agent, request, answer }).await?;
        self.shared.outgoing.notify_waiters();
        Ok(done)
    }

    /// The newest events, oldest first: those after a number, or the last `limit`.
    #[must_use]
    pub fn happenings(&self, after: Option<u64>, limit: usize) -> Vec<(u64, Happening)> {
        let all = self.shared.happenings.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = all.iter().filter(|(seq, _)| after.is_none_or(|after| *seq > after)).count();
        let skipped = if after.is_some() { all.len() - newer } else { all.len().saturating_sub(limit) };
        all.iter().skip(skipped).take(limit).cloned().collect()
    }

    /// Journals records that no ticket is concerned by, such as a reset breaker. Durable on return.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, records: Vec<Record>) -> Result<(), Arc<StoreError>> {
        self.ask(|answer| Work::Records { records, answer }).await?;
        self.shared.outgoing.notify_waiters();
        Ok(())
    }

    /// Works off timers as they fall due, until `stop` turns true.
    pub async fn run_timers(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let Ok((now, is_held)) = self.look_at_the_clock().await else { return };
            let morning = morning::next(&self.shared.live.load().policy, &*self.shared.store, now);
            let wait = match self.shared.store.next_timer().into_iter().chain(morning).min() {
                Some(due) if due <= now && is_held => jiff::SignedDuration::from_secs(10),
                Some(due) if due <= now => {
                    let Ok(done) = self.ask(|answer| Work::Timers { answer }).await else { return };
                    self.shared.outgoing.notify_waiters();
                    if done > 0 {
                        continue;
                    }
                    // Missed ones wait for their turn.
                    jiff::SignedDuration::from_secs(6)
                }
                Some(due) => now.duration_until(due).min(jiff::SignedDuration::from_mins(1)),
                None => jiff::SignedDuration::from_mins(1),
            };
            let wait = std::time::Duration::try_from(wait).unwrap_or_default().max(std::time::Duration::from_millis(1));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.shared.timers.notified() => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// The time, and whether what it drives has to wait since the clock jumped. Whoever sees a jump first tells of it.
    async fn look_at_the_clock(&self) -> Result<(Timestamp, bool), Arc<StoreError>> {
        let (now, has_jumped, is_held) = self.shared.pace.lock().unwrap_or_else(PoisonError::into_inner).look(&self.shared.clock);
        if has_jumped {
            tracing::error!("The clock of this machine jumped: nothing that is driven by time is done for 10 minutes.");
            self.ask(|answer| Work::ClockJumped { answer }).await?;
            self.tell(format!("clock jumped to {now}"), self.leads(), JUMPED.to_owned()).await?;
        }
        Ok((now, is_held))
    }

    /// Whoever leads a team, or everybody where nobody does: told of what is wrong with the desk itself.
    fn leads(&self) -> Vec<String> {
        let live = self.live();
        let leads: BTreeSet<&AgentName> = live.policy.teams.values().filter_map(|team| team.lead.as_ref()).collect();
        let told = if leads.is_empty() { live.policy.agents.keys().collect() } else { leads };
        told.into_iter().map(ToString::to_string).collect()
    }

    /// Tells agents and channels something that is about no ticket. A repeat of a request changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell(&self, request: String, to: Vec<String>, text: String) -> Result<(), Arc<StoreError>> {
        self.ask(|answer| Work::Tell { request, to, text, answer }).await?;
        self.shared.outgoing.notify_waiters();
        Ok(())
    }

    /// Does a job, unless it was done before. Durable on return; true if it was done now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn chore(&self, job: Job) -> Result<bool, Arc<StoreError>> {
        let job = Box::new(job);
        let done = self.ask(|answer| Work::Chore { job, answer }).await?;
        self.shared.outgoing.notify_waiters();
        Ok(done)
    }

    /// Does what is due by the calendar and what the desk notices by itself, until `stop` turns true. What is to be done is
    /// gathered beside the writer, since it may read many tickets.
    pub async fn run_chores(&self, mut stop: watch::Receiver<bool>) {
        let mut looked_at = TicketNo(0);
        while !*stop.borrow() {
            let Ok((now, is_held)) = self.look_at_the_clock().await else { return };
            if is_held {
                tracing::info!("What is due by the calendar waits, since the clock jumped.");
            } else if self.do_chores(now, &mut looked_at).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(CHORES_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn do_chores(&self, now: Timestamp, looked_at: &mut TicketNo) -> Result<(), Arc<StoreError>> {
        let (store, policy, newest) = (self.shared.store.clone(), self.live().policy.clone(), self.shared.store.next_ticket());
        let has_new = std::mem::replace(looked_at, newest) != newest;
        match blocking(move || jobs(&store, &policy, now, has_new)).await {
            Ok(jobs) => {
                for job in jobs {
                    self.chore(job).await?;
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "What is due by the calendar cannot be gathered.");
            }
        }
        Ok(())
    }

    /// Brings the promises and timers of all tickets to what the configuration says, a few at a time between other work.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_all(&self) -> Result<(), Arc<StoreError>> {
        let mut next = Some(TicketNo(1));
        while let Some(from) = next {
            next = self.ask(|answer| Work::Settle { from, answer }).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// A figure that moves whenever the writer has worked.
    #[must_use]
    pub fn heartbeat(&self) -> u64 {
        self.shared.heartbeat.load(Ordering::Relaxed)
    }

    /// Proves that the writer is alive by a round trip through it.
    ///
    /// # Errors
    /// [`StoreError`] once the store has failed.
    pub async fn probe(&self) -> Result<(), Arc<StoreError>> {
        self.ask(|answer| Work::Records { records: Vec::new(), answer }).await
    }

    /// Resolves when the store has failed and the process must end.
    pub async fn failed(&self) -> Arc<StoreError> {
        let mut failed = self.shared.failed.subscribe();
        match failed.wait_for(Option::is_some).await {
            Ok(error) => error.clone().expect("waited for it"),
            Err(_) => std::future::pending().await,
        }
    }

    async fn ask<T>(&self, make: impl FnOnce(Answer<T>) -> Work) -> Result<T, Arc<StoreError>> {
        let (answer, answered) = oneshot::channel();
        self.shared.work.urgent.send(make(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Has mails decided, after all that were handed to the writer before.
    async fn commit(&self, mails: Vec<Arrived>, mut turn: Turn) -> Result<Vec<Outcome>, StoreError> {
        turn.come().await?;
        let (answer, answered) = oneshot::channel();
        self.shared.work.mails.send(Work::Mails { mails, answer }).await.map_err(|_| own(gone()))?;
        turn.pass();
        answered.await.map_err(|_| own(gone()))?.map_err(own)
    }

    /// Keeps the bytes of mails, durably, then reads them side by side. The raw entry without a record is the mark that an
    /// attempt was made: whoever finds it at start-up knows that reading it may have killed us.
    async fn keep_and_read(&self, account: &AccountName, mails: Vec<RawMail>) -> Result<Vec<Reading>, StoreError> {
        let shared = self.shared.clone();
        let kept = blocking(move || keep(&*shared.store, mails)).await?;
        failpoint::hit("raw_kept");
        let trusts = Arc::new(self.shared.live.load().trusts.get(account).cloned().unwrap_or_default());
        let mut tasks = JoinSet::new();
        let mut kept = kept.into_iter().enumerate();
        loop {
            let chunk: Vec<_> = kept.by_ref().take(READ_CHUNK).collect();
            if chunk.is_empty() {
                break;
            }
            let (shared, trusts) = (self.shared.clone(), trusts.clone());
            tasks.spawn(async move {
                let chunk_shared = shared.clone();
                let permit = shared.reading.acquire().await.map_err(|_| own(gone()))?;
                let readings = blocking(move || {
                    let read_one = |(at, Kept { hash, raw, was_known }): (usize, Kept)| {
                        let suspects = chunk_shared.suspects.lock().unwrap_or_else(PoisonError::into_inner);
                        let caution = if suspects.contains(&hash) { Caution::Suspect } else { Caution::Normal };
                        drop(suspects);
                        let reading = match was_known.then(|| found_unreadable(&*chunk_shared.store, hash, &raw)) {
                            Some(Some(unreadable)) => unreadable,
                            Some(None) | None => read(hash, &raw, &trusts, caution, &chunk_shared.child),
                        };
                        let wants_dkim = matches!(reading.proof, SenderProof::NotProven { .. })
                            && chunk_shared.dkim.is_some()
                            && reading.parsed.message.header("DKIM-Signature").is_some();
                        (at, reading, wants_dkim.then_some(raw))
                    };
                    Ok(chunk.into_iter().map(read_one).collect::<Vec<_>>())
                })
                .await?;
                drop(permit);
                let proven = readings.into_iter().map(|(at, mut reading, raw)| {
                    let shared = shared.clone();
                    async move {
                        if let Some(raw) = raw {
                            reading.proof = shared.dkim_proof(&raw, &reading.parsed.message, reading.proof).await;
                        }
                        (at, reading)
                    }
                });
                // Side by side: each may wait for DNS.
                Ok::<_, StoreError>(futures_util::future::join_all(proven).await)
            });
        }
        let mut readings = Vec::new();
        while let Some(joined) = tasks.join_next().await {
            readings.extend(joined.map_err(|error| StoreError::State { what: format!("reading task: {error}") })??);
        }
        readings.sort_by_key(|(at, _)| *at);
        Ok(readings.into_iter().map(|(_, reading)| reading).collect())
    }
}

impl Shared {
    /// Our own DKIM check, where no trusted host has proven the sender. While DNS does not answer nobody waits for it again:
    /// mail flows on, not proven for now.
    async fn dkim_proof(&self, raw: &[u8], message: &mail::Message, before: SenderProof) -> SenderProof {
        let down = || SenderProof::NotProven { why: "DKIM could not be checked for now: DNS does not answer".to_owned() };
        let now = self.clock.now();
        let Some(dkim) = &self.dkim else { return before };
        if now.as_second() < self.dns_down_until.load(Ordering::Relaxed) {
            return down();
        }
        match dkim.check(raw, message, now.as_second()).await {
            DkimOutcome::Aligned { domain } => SenderProof::Proven { by: format!("our own DKIM check: d={domain}") },
            DkimOutcome::None => before,
            DkimOutcome::DnsDown => {
                self.dns_down_until.store(now.as_second() + DNS_PAUSE_SECONDS, Ordering::Relaxed);
                down()
            }
            DkimOutcome::Failed { why } => SenderProof::NotProven { why: format!("DKIM: {why}") },
        }
    }

    /// Says when outgoing mail falls due by now.
    pub(super) fn note_due(&self, core: &Core) {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = core.next_due();
    }

    pub(super) fn remember(&self, happenings: Vec<Happening>) {
        let mut all = self.happenings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seq = all.back().map_or(0, |(seq, _)| *seq);
        for happening in happenings {
            seq += 1;
            all.push_back((seq, happening));
        }
        let surplus = all.len().saturating_sub(HAPPENINGS_MAX);
        all.drain(..surplus);
    }
}

/// A mail whose bytes are durable.
struct Kept {
    hash: RawHash,
    raw: Vec<u8>,
    /// They were before, or may have been.
    was_known: bool,
}

fn keep(store: &dyn Store, mails: Vec<RawMail>) -> Result<Vec<Kept>, StoreError> {
    let read_file = |path: &std::path::Path| {
        std::fs::read(path).map_err(|source| StoreError::Io { act: "read", path: path.display().to_string(), source })
    };
    let small: Vec<(RawHash, &[u8])> = mails
        .iter()
        .filter_map(|mail| match mail {
            RawMail::Bytes(bytes) => Some((RawHash::of(bytes), bytes.as_slice())),
            RawMail::File(_) => None,
        })
        .collect();
    let known = if small.is_empty() { Vec::new() } else { store.keep_hashed(&small)? };
    let hashed: Vec<(RawHash, bool)> = small.iter().map(|(hash, _)| *hash).zip(known).collect();
    let mut hashed = hashed.into_iter();
    let mut kept = Vec::with_capacity(mails.len());
    for mail in mails {
        match mail {
            RawMail::Bytes(raw) => {
                let (hash, was_known) = hashed.next().expect("one hash per mail");
                kept.push(Kept { hash, raw, was_known });
            }
            RawMail::File(path) => {
                let hash = store.keep_file(&path)?;
                kept.push(Kept { hash, raw: read_file(&path)?, was_known: true });
            }
        }
    }
    Ok(kept)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::State { what: format!("task: {error}") }),
    }
}

fn gone() -> Arc<StoreError> {
    Arc::new(StoreError::State { what: "the writer has ended".to_owned() })
}

/// The seam's error is the store's own; one that other waiters share is told in words.
fn own(error: Arc<StoreError>) -> StoreError {
    Arc::try_unwrap(error).unwrap_or_else(|shared| StoreError::State { what: shared.to_string() })
}

impl Intake for Engine {
    fn cursor(&self, mailbox: &MailboxKey) -> Cursor {
        self.shared.store.cursor(mailbox)
    }

    async fn opened(&self, mailbox: &MailboxKey, uid_validity: u32) -> Result<(), StoreError> {
        if self.shared.store.cursor(mailbox).uid_validity == Some(uid_validity) {
            return Ok(());
        }
        let record = Record::MailboxOpened { mailbox: mailbox.clone(), uid_validity, at: self.shared.clock.now() };
        self.record(vec![record]).await.map_err(own)
    }

    async fn receive(
        &self,
        mailbox: &MailboxKey,
        uid_validity: u32,
        mails: Vec<Fetched>,
        turn: Turn,
    ) -> Result<Vec<Outcome>, StoreError> {
        let heads: Vec<(Place, bool)> = mails
            .iter()
            .map(|mail| {
                let (account, mailbox) = (mailbox.account.clone(), mailbox.mailbox.clone());
                (Place { account, mailbox, uid_validity, uid: mail.uid }, mail.silent)
            })
            .collect();
        let raws = mails.into_iter().map(|mail| mail.raw).collect();
        let readings = self.keep_and_read(&mailbox.account, raws).await?;
        let hashes: Vec<RawHash> = readings.iter().map(|reading| reading.raw).collect();
        let mails = heads.into_iter().zip(readings).map(|((place, silent), reading)| (place, silent, reading)).collect();
        let outcomes = self.commit(mails, turn).await?;
        failpoint::hit("mail_committed");
        let mut suspects = self.shared.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        if !suspects.is_empty() {
            for hash in &hashes {
                suspects.remove(hash);
            }
        }
        Ok(outcomes)
    }

    async fn settle(
        &self,
        mailbox: &MailboxKey,
        uid_validity: u32,
        ranges: Vec<(u32, u32)>,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let record = Record::Settled { mailbox: mailbox.clone(), uid_validity, ranges, outcome, at: self.shared.clock.now() };
        self.record(vec![record]).await.map_err(own)
    }

    async fn filed(&self, mailbox: &MailboxKey, uid_validity: u32, uids: Vec<u32>) -> Result<(), StoreError> {
        self.record(vec![Record::Filed { mailbox: mailbox.clone(), uid_validity, uids }]).await.map_err(own)
    }
}

impl Outgoing for Engine {
    async fn claim(&self, account: &AccountName, limit: usize) -> Result<Vec<Claimed>, StoreError> {
        let account = account.clone();
        let rows = self.ask(|answer| Work::Claim { account, limit, answer }).await.map_err(own)?;
        failpoint::hit("attempt_recorded");
        let shared = self.shared.clone();
        blocking(move || rows.into_iter().map(|row| Ok(Claimed { raw: shared.store.raw(&row.raw)?, row })).collect()).await
    }

    fn in_doubt(&self, account: &AccountName) -> Vec<OutboxRow> {
        let rows = self.shared.store.outbox(false, 0).into_iter();
        rows.filter(|row| row.account == *account && row.phase == OutboxPhase::DataSent).collect()
    }

    async fn step(&self, step: OutboxStep) -> Result<(), StoreError> {
        let is_end = step.phase.is_terminal();
        self.ask(|answer| Work::Steps { steps: vec![step], answer }).await.map_err(own)?;
        failpoint::hit(if is_end { "outcome_recorded" } else { "data_sent_recorded" });
        Ok(())
    }

    async fn release(&self, rows: Vec<OutboxRow>) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let steps = rows
            .iter()
            .map(|row| OutboxStep {
                phase: OutboxPhase::Queued,
                attempts: row.attempts.saturating_sub(1),
                next_at: now,
                ..step_of(row, now)
            })
            .collect();
        self.ask(|answer| Work::Steps { steps, answer }).await.map_err(own)
    }

    fn next_due(&self, account: &AccountName) -> Option<Timestamp> {
        self.shared.due.lock().unwrap_or_else(PoisonError::into_inner).get(account).copied()
    }

    fn woken(&self) -> impl Future<Output = ()> + Send {
        // Made at once, so that nothing is missed between this call and the first poll.
        self.shared.outgoing.notified()
    }
}
