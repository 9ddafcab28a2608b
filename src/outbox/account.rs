//! The loop of one account. All of its state is here, in one task; what takes time runs beside it and reports back.

mod ending;
mod stopped;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use desk::EffectId;
use desk::effect::{OutboxPhase, OutboxRow, OutboxStep};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, warn};

use super::delivery::{Carrier, DialFailed, Done, Job, Shared, step_after_doubt};
use super::health::SendingState;
use super::open::OpenError;
use super::outcome::{AccountAfter, Ended, RowAfter, not_reached, outcome};
use super::pool::{Gate, Meter};
use super::reply::Meaning;
use super::sent::{Doubt, TraceSearch};
use super::session::Sent;
use super::{Login, Pause, limits};
use crate::engine::{Claimed, Outgoing};

/// A row that is in memory.
struct Flight {
    /// As it was handed out.
    row: OutboxRow,
    /// Set when content of this sending may be out.
    marked: Arc<AtomicBool>,
    again: bool,
    /// Only its traces are being looked for.
    looked_for: bool,
}

impl Flight {
    fn new(row: &OutboxRow, marked: &Arc<AtomicBool>) -> Self {
        Self { row: row.clone(), marked: Arc::clone(marked), again: false, looked_for: false }
    }

    /// In doubt since before it was handed out, and nothing was recorded about it since.
    fn is_old_doubt(&self) -> bool {
        self.row.phase == OutboxPhase::DataSent && !(self.again && self.marked.load(Ordering::SeqCst))
    }
}

/// The sending side of one account.
pub(crate) struct Account<O, S> {
    shared: Arc<Shared<O, S>>,
    tasks: JoinSet<Done>,
    /// Claimed, not yet begun.
    waiting: VecDeque<Job>,
    idle: Vec<Carrier>,
    /// Mails being sent, each with a connection of its own.
    busy: usize,
    dialing: usize,
    claiming: bool,
    /// Steps and releases being recorded.
    recording: usize,
    searching: bool,
    reading_login: bool,
    /// Rows in memory: waiting, being sent, being recorded, being looked for.
    flights: BTreeMap<EffectId, Flight>,
    /// In doubt, handed out while being looked for; their end is decided after that look.
    looked_for: BTreeMap<EffectId, Job>,
    gate: Gate,
    meter: Meter,
    /// Set while the login is refused: the credentials that were, if they could be read at all.
    refused_login: Option<Option<Login>>,
    next_claim: Instant,
    next_search: Instant,
    next_login_read: Instant,
    /// Set while the server proves nothing about itself: when it is looked at again.
    next_proof: Option<Instant>,
    /// No further connection before this: the server refused one more while others are open.
    next_dial: Instant,
}

impl<O: Outgoing, S: TraceSearch> Account<O, S> {
    pub(crate) fn new(shared: Arc<Shared<O, S>>) -> Self {
        let now = Instant::now();
        let meter = Meter::new(shared.settings.rate);
        Self {
            shared,
            tasks: JoinSet::new(),
            waiting: VecDeque::new(),
            idle: Vec::new(),
            busy: 0,
            dialing: 0,
            claiming: false,
            recording: 0,
            searching: false,
            reading_login: false,
            flights: BTreeMap::new(),
            looked_for: BTreeMap::new(),
            gate: Gate::default(),
            meter,
            refused_login: None,
            next_claim: now,
            next_search: now,
            next_login_read: now,
            next_proof: None,
            next_dial: now,
        }
    }

    /// Runs until `stop` turns true or its sender is gone.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let outgoing = self.shared.outgoing.clone();
        let mut woken = Box::pin(outgoing.woken());
        let stopped = async move {
            // An error means that nobody is left who could ask us to stop: the same as having asked.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        tokio::pin!(stopped);
        loop {
            self.shared.health.beat();
            self.begin_what_is_due();
            let until = self.next_turn();
            tokio::select! {
                biased;
                () = &mut stopped => break,
                Some(done) = self.tasks.join_next() => self.take(done),
                () = &mut woken => {
                    woken = Box::pin(outgoing.woken());
                    self.next_claim = Instant::now();
                }
                () = tokio::time::sleep_until(until) => {}
            }
            self.show();
        }
        self.finish().await;
    }

    fn begin_what_is_due(&mut self) {
        let now = Instant::now();
        self.begin_mails(now);
        self.begin_dial(now);
        self.begin_claim(now);
        self.begin_search(now);
        self.close_idle();
        self.begin_looks(now);
    }

    fn begin_mails(&mut self, now: Instant) {
        while self.gate.is_open(now) && !self.idle.is_empty() && self.meter.free(now) > 0 {
            let Some(job) = self.waiting.pop_front() else { return };
            let carrier = self.idle.pop().expect("checked above");
            self.meter.count(now);
            self.busy += 1;
            self.tasks.spawn(Arc::clone(&self.shared).deliver(job, carrier));
        }
    }

    /// One connection proves the server before others are opened.
    fn begin_dial(&mut self, now: Instant) {
        let open = self.idle.len() + self.busy;
        let most = self.shared.settings.connections.clamp(1, limits::CONNECTIONS_MAX);
        let wanted = if open == 0 { 1 } else { most.min(self.busy + self.waiting.len()) };
        let may = self.gate.is_open(now) && self.next_dial <= now && self.meter.free(now) > 0;
        if may && !self.waiting.is_empty() && self.idle.is_empty() && open + self.dialing < wanted {
            self.dialing += 1;
            self.tasks.spawn(Arc::clone(&self.shared).dial());
        }
    }

    fn begin_claim(&mut self, now: Instant) {
        let may = !self.claiming && self.gate.is_open(now) && self.next_claim <= now;
        if !may || self.waiting.len() > limits::CLAIM_ROWS_MAX / 2 {
            return;
        }
        let room = limits::CLAIM_ROWS_MAX - self.waiting.len();
        let limit = room.min(self.meter.free(now).saturating_sub(self.waiting.len()));
        let is_due = self.shared.outgoing.next_due(&self.shared.settings.account).is_some_and(|at| at <= self.shared.clock.now());
        if is_due && limit > 0 {
            self.claiming = true;
            self.tasks.spawn(Arc::clone(&self.shared).claim(limit));
        }
    }

    fn begin_search(&mut self, now: Instant) {
        if self.searching || self.next_search > now {
            return;
        }
        self.next_search = now + self.shared.settings.pacing.search_every;
        let mut rows = self.shared.outgoing.in_doubt(&self.shared.settings.account);
        rows.retain(|row| !self.flights.contains_key(&row.id));
        if rows.is_empty() {
            return;
        }
        self.searching = true;
        for row in &rows {
            self.flights.insert(row.id, Flight { looked_for: true, ..Flight::new(row, &Arc::default()) });
        }
        self.tasks.spawn(Arc::clone(&self.shared).look_for(rows));
    }

    fn close_idle(&mut self) {
        let most = self.shared.settings.pacing.idle;
        for carrier in self.idle.extract_if(.., |carrier| carrier.idle_for() >= most) {
            self.tasks.spawn(async {
                carrier.quit().await;
                Done::Nothing
            });
        }
    }

    fn next_turn(&mut self) -> Instant {
        let now = Instant::now();
        let mut turn = now + limits::SLEEP_MAX;
        let mut at = |instant: Option<Instant>| turn = turn.min(instant.unwrap_or(turn).max(now));
        at(self.gate.opens_at(now));
        at(self.meter.free_at(now));
        at(self.refused_login.as_ref().map(|_| self.next_login_read));
        at(self.next_proof);
        at((!self.searching).then_some(self.next_search));
        let idle_max = self.shared.settings.pacing.idle;
        at(self.idle.iter().map(|carrier| now + idle_max.saturating_sub(carrier.idle_for())).min());
        if self.gate.is_open(now) && !self.claiming && self.waiting.len() <= limits::CLAIM_ROWS_MAX / 2 {
            let due_at = self.shared.outgoing.next_due(&self.shared.settings.account);
            let wait = due_at.map(|due_at| due_at.duration_since(self.shared.clock.now()).max(jiff::SignedDuration::ZERO));
            let wait = wait.map(|wait| Duration::try_from(wait).unwrap_or(limits::SLEEP_MAX).min(limits::SLEEP_MAX));
            let blocked_by_rate = self.meter.free(now) <= self.waiting.len();
            at(wait.filter(|_| !blocked_by_rate).map(|wait| (now + wait).max(self.next_claim)));
        }
        turn
    }

    fn take(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done::Claimed(result)) => self.take_claimed(result),
            Ok(Done::Dialed(result)) => self.take_dialed(result),
            Ok(Done::Delivered { job, carrier, reused, sent }) => self.take_delivered(job, carrier, reused, &sent),
            Ok(Done::DoubtEnds { job, doubt }) => self.take_doubt(job, doubt),
            Ok(Done::Recorded { ids, error }) => {
                self.recording -= 1;
                for id in ids {
                    self.flights.remove(&id);
                }
                if let Some(error) = error {
                    self.pause(limits::STORE_PAUSE, SendingState::StoreFailing, &error.to_string());
                }
            }
            Ok(Done::Searched { ids, found }) => self.take_searched(ids, &found),
            Ok(Done::LoginRead(login)) => self.take_login(login),
            Ok(Done::Nothing) => {}
            // A bug in a task must not end the loop silently: the panic is shown by the supervisor of the daemon.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }

    fn take_searched(&mut self, ids: Vec<EffectId>, found: &BTreeSet<EffectId>) {
        self.searching = false;
        for id in ids {
            match self.looked_for.remove(&id) {
                Some(job) if !found.contains(&id) => {
                    if let Some(flight) = self.flights.get_mut(&id) {
                        flight.looked_for = false;
                    }
                    self.tasks.spawn(Arc::clone(&self.shared).last_look(job));
                }
                Some(_) | None => {
                    self.flights.remove(&id);
                }
            }
        }
    }

    fn take_claimed(&mut self, result: Result<Vec<Claimed>, crate::store::StoreError>) {
        self.claiming = false;
        let claimed = match result {
            Ok(claimed) => claimed,
            Err(error) => return self.pause(limits::STORE_PAUSE, SendingState::StoreFailing, &error.to_string()),
        };
        let mut fresh = 0;
        for Claimed { row, raw } in claimed {
            let in_doubt = row.phase == OutboxPhase::DataSent;
            if let Some(flight) = self.flights.get(&row.id) {
                // On its way here, which ends it, or being looked for.
                if in_doubt && flight.looked_for {
                    self.looked_for.insert(row.id, Job { row, raw, again: false, marked: Arc::default() });
                }
                continue;
            }
            fresh += 1;
            let marked = Arc::default();
            self.flights.insert(row.id, Flight::new(&row, &marked));
            let job = Job { row, raw, again: false, marked };
            if in_doubt {
                self.tasks.spawn(Arc::clone(&self.shared).last_look(job));
            } else {
                self.waiting.push_back(job);
            }
        }
        if fresh == 0 {
            self.next_claim = Instant::now() + limits::EMPTY_CLAIM_PAUSE;
        }
        if !self.gate.is_open(Instant::now()) {
            self.give_back_waiting();
        }
    }

    fn take_dialed(&mut self, result: Result<Carrier, DialFailed>) {
        self.dialing -= 1;
        match result {
            Ok(carrier) => {
                self.refused_login = None;
                if self.next_proof.take().is_some() {
                    self.go_on("The server proves itself again.");
                }
                self.idle.push(carrier);
                self.shared.health.update(|health| {
                    health.state = SendingState::Live;
                    health.error = None;
                });
            }
            Err(failed) if !self.idle.is_empty() || self.busy > 0 => {
                // Others work, so the server wants no more of us at once.
                debug!(error = %failed.error, "One more connection was refused.");
                self.next_dial = Instant::now() + self.shared.settings.pacing.slow.first;
            }
            Err(failed) => self.not_dialed(failed),
        }
    }

    fn not_dialed(&mut self, failed: DialFailed) {
        let pacing = self.shared.settings.pacing.clone();
        let words = failed.error.to_string();
        let (pause, state) = match &failed.error {
            OpenError::Login { .. } => {
                self.refused_login = Some(failed.login);
                self.next_login_read = Instant::now() + pacing.login_recheck;
                (Pause { first: pacing.login, most: limits::SLOW_PAUSE.most }, SendingState::LoginRefused)
            }
            OpenError::Unsafe { .. } => {
                self.next_proof = Some(Instant::now() + pacing.login_recheck);
                (Pause { first: pacing.login, most: limits::SLOW_PAUSE.most }, SendingState::Unsafe)
            }
            OpenError::Refused { reply, .. } if reply.meaning() == Meaning::SlowAccount => (pacing.slow, SendingState::Slowed),
            OpenError::Refused { .. } | OpenError::Unreachable { .. } => (pacing.unreachable, SendingState::Unreachable),
        };
        let is_rows_attempt = matches!(failed.error, OpenError::Refused { .. } | OpenError::Unreachable { .. });
        if is_rows_attempt && let Some(at) = self.waiting.iter().position(|job| !job.again) {
            let job = self.waiting.remove(at).expect("found above");
            self.record(not_reached(&job.row, &words, self.shared.clock.now()));
        }
        self.pause(pause, state, &words);
    }

    fn take_delivered(&mut self, job: Job, carrier: Option<Carrier>, reused: bool, sent: &Sent) {
        self.busy -= 1;
        self.idle.extend(carrier);
        let marked = job.marked.load(Ordering::SeqCst);
        let closed_between_mails = match sent {
            Sent::LostBefore(_) => true,
            Sent::Refused(reply) => reply.code == 421,
            Sent::Accepted(_) | Sent::Impossible(_) | Sent::InDoubt(_) | Sent::Unrecorded(_) => false,
        };
        if reused && closed_between_mails && !marked {
            // The server closed a connection that was kept: nothing was tried yet.
            self.waiting.push_front(job);
            return;
        }
        let ended = Ended {
            row: &job.row,
            again: job.again,
            marked,
            sent,
            now: self.shared.clock.now(),
            search_max: self.shared.settings.pacing.search_max,
        };
        let (row, account) = outcome(&ended);
        match row {
            RowAfter::Step(step) => self.record(step),
            RowAfter::GiveBack if job.again => self.leave_in_doubt(job.row.id),
            RowAfter::GiveBack => {
                self.release(vec![job.row]);
            }
        }
        self.take_account_after(account);
    }

    fn take_account_after(&mut self, account: AccountAfter) {
        let pacing = &self.shared.settings.pacing;
        let login_pause = Pause { first: pacing.login, most: limits::SLOW_PAUSE.most };
        let (slow, unreachable) = (pacing.slow, pacing.unreachable);
        match account {
            AccountAfter::Well => self.gate.well(),
            AccountAfter::Shaken(words) if self.idle.is_empty() && self.busy == 0 => {
                self.pause(unreachable, SendingState::Unreachable, &words);
            }
            AccountAfter::Shaken(words) => self.shared.health.update(|health| health.error = Some(words)),
            AccountAfter::Slow(words) => self.pause(slow, SendingState::Slowed, &words),
            AccountAfter::LoginRefused(words) => {
                self.refused_login = Some(None);
                self.next_login_read = Instant::now() + login_pause.first;
                self.pause(login_pause, SendingState::LoginRefused, &words);
            }
            AccountAfter::StoreFails(words) => self.pause(limits::STORE_PAUSE, SendingState::StoreFailing, &words),
        }
    }

    fn take_doubt(&mut self, mut job: Job, doubt: Doubt) {
        match step_after_doubt(&job.row, doubt, self.shared.clock.now()) {
            Some(step) => self.record(step),
            None => {
                warn!(effect = %job.row.id, ticket_id = job.row.ticket.0, "A mail in doubt is sent once more.");
                job.again = true;
                job.row.attempts += 1;
                if let Some(flight) = self.flights.get_mut(&job.row.id) {
                    flight.again = true;
                    flight.marked = Arc::clone(&job.marked);
                }
                self.waiting.push_back(job);
                if !self.gate.is_open(Instant::now()) {
                    self.give_back_waiting();
                }
            }
        }
    }

    fn record(&mut self, step: OutboxStep) {
        self.count(&step);
        self.recording += 1;
        self.tasks.spawn(Arc::clone(&self.shared).record(step));
    }

    fn count(&self, step: &OutboxStep) {
        let words = step.reply.as_deref().unwrap_or_default();
        let (effect, attempt) = (step.id, step.attempts);
        match step.phase {
            OutboxPhase::Accepted => debug!(%effect, attempt, "Mail accepted."),
            OutboxPhase::Deferred => warn!(%effect, attempt, words, "Delivery deferred."),
            OutboxPhase::DataSent => warn!(%effect, attempt, words, "Delivery in doubt."),
            OutboxPhase::Failed | OutboxPhase::Unknown => {
                tracing::error!(%effect, attempt, words, phase = step.phase.as_str(), "Delivery ended without success.");
            }
            OutboxPhase::Queued | OutboxPhase::Claimed | OutboxPhase::Held | OutboxPhase::Dropped => {}
        }
        self.shared.health.update(|health| match step.phase {
            OutboxPhase::Accepted => {
                health.accepted += 1;
                health.last_ok_at = Some(step.at);
                health.state = SendingState::Live;
                health.error = None;
            }
            OutboxPhase::Deferred => health.deferred += 1,
            OutboxPhase::Failed => health.failed += 1,
            OutboxPhase::Unknown => health.unknown += 1,
            OutboxPhase::DataSent => health.in_doubt += 1,
            OutboxPhase::Queued | OutboxPhase::Claimed | OutboxPhase::Held | OutboxPhase::Dropped => {}
        });
    }

    /// The account waits; what has not begun goes back.
    fn pause(&mut self, pause: Pause, state: SendingState, words: &str) {
        let Some(wait) = self.gate.close(Instant::now(), pause) else { return };
        let until = jiff::SignedDuration::try_from(wait).ok().and_then(|wait| self.shared.clock.now().checked_add(wait).ok());
        match state {
            SendingState::LoginRefused | SendingState::Unsafe => {
                tracing::error!(account = %self.shared.settings.account, words, seconds = wait.as_secs(), "Sending stopped.");
            }
            _ => warn!(account = %self.shared.settings.account, words, seconds = wait.as_secs(), "Sending pauses."),
        }
        self.shared.health.update(|health| {
            health.state = state;
            health.error = Some(words.to_owned());
            health.paused_until = until;
        });
        self.give_back_waiting();
    }

    fn show(&self) {
        let (connections, in_flight) = (self.idle.len() + self.busy, self.flights.len());
        let is_open = self.gate.is_open(Instant::now());
        self.shared.health.update(|health| {
            health.connections = connections;
            health.in_flight = in_flight;
            if is_open {
                health.paused_until = None;
            }
        });
    }
}
