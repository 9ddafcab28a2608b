//! The writer's loop: what waits is staged in groups, each group is flushed, and only then are its answers given.
//!
//! Two queues lead here. Whoever holds a connection to a mail server or a person in front of a terminal is served first,
//! and between a few mails of a batch at any time: the group ends there and becomes durable at once. Mails keep their order.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use desk::effect::{OutboxRow, OutboxStep};
use desk::event::Place;
use desk::{AccountName, AgentName, EventId, Outcome, TicketNo};
use tokio::sync::{mpsc, oneshot};

use crate::engine::chore::Job;
use crate::engine::core::{Core, Order};
use crate::engine::read::{Caution, Reading, read};
use crate::engine::writer::Shared;
use crate::store::{Record, StoreError};

/// Most work items that share one flush.
const GROUP_MAX: usize = 256;
/// A batch of mails that ends a group of so many is made durable at once: its mailbox goes on with the next one, which
/// would wait if all batches that are under way shared one flush.
const GROUP_ENOUGH: usize = 50;
/// Mails decided before somebody who waits is looked after: two or three milliseconds of work.
const SLICE: usize = 16;
/// Timers worked off at a time.
const TIMERS_MAX: usize = 64;
/// Tickets looked at in one go after the configuration has changed.
const SETTLED_MAX: usize = 64;

pub(super) type Answer<T> = oneshot::Sender<Result<T, Arc<StoreError>>>;

/// What the writer is asked for.
pub(super) enum Work {
    Mails { mails: Vec<Arrived>, answer: Answer<Vec<Outcome>> },
    Records { records: Vec<Record>, answer: Answer<()> },
    Order { order: Box<Order>, answer: Answer<Result<(), desk::admit::Refusal>> },
    Claim { account: AccountName, limit: usize, answer: Answer<Vec<OutboxRow>> },
    Steps { steps: Vec<OutboxStep>, answer: Answer<()> },
    Timers { answer: Answer<usize> },
    ClockJumped { answer: Answer<()> },
    Tell { request: String, to: Vec<String>, text: String, answer: Answer<()> },
    Chore { job: Box<Job>, answer: Answer<bool> },
    Settle { from: TicketNo, answer: Answer<Option<TicketNo>> },
    LetIn { held: EventId, release: bool, answer: Answer<Option<TicketNo>> },
    Invite { agent: AgentName, request: String, answer: Answer<bool> },
}

/// A mail at its place, `silent` or not, read.
pub(super) type Arrived = (Place, bool, Reading);

/// Where work comes from.
pub(super) struct Inbound {
    /// Somebody waits for it.
    pub(super) urgent: mpsc::Receiver<Work>,
    /// Mails, batch by batch.
    pub(super) mails: mpsc::Receiver<Work>,
}

/// Where work goes to.
pub(super) struct Outbound {
    pub(super) urgent: mpsc::Sender<Work>,
    pub(super) mails: mpsc::Sender<Work>,
}

/// Both ends; so much may wait in each, and whoever brings more waits in turn.
pub(super) fn queues(most: usize) -> (Outbound, Inbound) {
    let ((urgent, urgent_in), (mails, mails_in)) = (mpsc::channel(most), mpsc::channel(most));
    (Outbound { urgent, mails }, Inbound { urgent: urgent_in, mails: mails_in })
}

impl Inbound {
    /// Waits for work; `None` once nobody can bring any.
    async fn next(&mut self) -> Option<Work> {
        tokio::select! {
            biased;
            Some(work) = self.urgent.recv() => Some(work),
            Some(work) = self.mails.recv() => Some(work),
            else => None,
        }
    }
}

/// A batch of mails that is partly decided.
struct Batch {
    rest: std::vec::IntoIter<Arrived>,
    outcomes: Vec<Outcome>,
    answer: Answer<Vec<Outcome>>,
}

/// The answer to something staged, given after the flush.
type Answered = Box<dyn FnOnce(Result<(), Arc<StoreError>>)>;

fn later<T: 'static>(answer: Answer<T>, value: T) -> Answered {
    // Whoever asked may be gone; the work is done all the same.
    Box::new(move |flushed| drop(answer.send(flushed.map(|()| value))))
}

/// Runs until the last engine is dropped or the store fails.
pub(super) fn write(mut core: Core, mut inbound: Inbound, shared: &std::sync::Weak<Shared>) {
    // Only queues are waited for, so it needs neither clock nor network.
    let Ok(waiter) = tokio::runtime::Builder::new_current_thread().build() else { return };
    let mut begun = None;
    loop {
        let first = if begun.is_some() || core.has_errands() { None } else { waiter.block_on(inbound.next()) };
        let Some(shared) = shared.upgrade().filter(|_| first.is_some() || begun.is_some() || core.has_errands()) else { return };
        core.live = shared.live.load_full();
        let mut group = Group { core: &mut core, shared: &shared, begun: &mut begun, answers: Vec::new(), staged: 0 };
        let staged = group.fill(first, &mut inbound);
        let answers = std::mem::take(&mut group.answers);
        let result = match staged {
            Err(error) => Err(Arc::new(error)),
            Ok(()) => core.store().flush().map(|_| ()).map_err(Arc::new),
        };
        shared.note_due(&core);
        for answer in answers {
            answer(result.clone());
        }
        shared.remember(core.take_happenings());
        for (to, text) in core.take_notices() {
            tracing::warn!(to, text, "Somebody should know.");
        }
        shared.heartbeat.fetch_add(1, Ordering::Relaxed);
        if core.take_new_rows() {
            shared.outgoing.notify_waiters();
        }
        shared.timers.notify_waiters();
        if let Err(error) = result {
            tracing::error!(error = &*error as &dyn std::error::Error, "The store has failed; nothing more is taken in.");
            shared.failed.send_replace(Some(error));
            return;
        }
    }
}

/// What is staged between two flushes.
struct Group<'a> {
    core: &'a mut Core,
    shared: &'a Shared,
    begun: &'a mut Option<Batch>,
    answers: Vec<Answered>,
    staged: usize,
}

impl Group<'_> {
    /// Stages what waits: all that is urgent, or mails until something urgent comes.
    fn fill(&mut self, first: Option<Work>, inbound: &mut Inbound) -> Result<(), StoreError> {
        let mut next = first;
        let mut somebody_waits = false;
        if self.core.has_errands() {
            self.staged += self.core.errands(self.shared.clock.now(), SLICE)?;
        }
        while self.staged < GROUP_MAX {
            if let Some(work) = next.take().or_else(|| inbound.urgent.try_recv().ok()) {
                somebody_waits |= !matches!(work, Work::Mails { .. });
                self.stage(work)?;
            } else if somebody_waits || (self.begun.is_none() && self.staged >= GROUP_ENOUGH) {
                break;
            } else if self.begun.is_some() {
                self.slice()?;
            } else if let Ok(work) = inbound.mails.try_recv() {
                self.stage(work)?;
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Decides some mails of the batch that was begun.
    fn slice(&mut self) -> Result<(), StoreError> {
        let Some(batch) = self.begun.as_mut() else { return Ok(()) };
        let now = self.shared.clock.now();
        for (place, silent, reading) in batch.rest.by_ref().take(SLICE) {
            batch.outcomes.push(self.core.mail(now, &place, silent, reading)?);
            self.staged += 1;
        }
        if batch.rest.len() == 0
            && let Some(Batch { outcomes, answer, .. }) = self.begun.take()
        {
            self.answers.push(later(answer, outcomes));
        }
        Ok(())
    }

    /// Stages one item.
    fn stage(&mut self, work: Work) -> Result<(), StoreError> {
        let (core, now) = (&mut *self.core, self.shared.clock.now());
        self.staged += 1;
        let answered = match work {
            Work::Mails { mails, answer } => {
                // Batches come one by one: the one before is decided when the next is taken from its queue.
                let outcomes = Vec::with_capacity(mails.len());
                *self.begun = Some(Batch { rest: mails.into_iter(), outcomes, answer });
                return Ok(());
            }
            Work::Records { records, answer } => {
                for record in records {
                    core.store().stage(record, &[])?;
                }
                later(answer, ())
            }
            Work::Order { order, answer } => {
                let done = core.command(now, *order)?;
                later(answer, done)
            }
            Work::Claim { account, limit, answer } => {
                let rows = core.claim(now, &account, limit)?;
                later(answer, rows)
            }
            Work::Steps { steps, answer } => {
                core.steps(steps)?;
                later(answer, ())
            }
            Work::LetIn { held, release, answer } => {
                let child = &self.shared.child;
                let ticket = core.let_in(now, held, release, |hash, raw| read(hash, raw, &[], Caution::Suspect, child))?;
                later(answer, ticket)
            }
            Work::ClockJumped { answer } => {
                core.clock_jumped(now)?;
                later(answer, ())
            }
            Work::Tell { request, to, text, answer } => {
                core.tell(now, &request, &to, &text)?;
                later(answer, ())
            }
            Work::Settle { from, answer } => {
                let next = core.settle_some(now, from, SETTLED_MAX)?;
                later(answer, next)
            }
            Work::Chore { job, answer } => {
                let done = core.chore(now, *job)?;
                later(answer, done)
            }
            Work::Invite { agent, request, answer } => {
                let done = core.invite(now, &agent, &request)?;
                later(answer, done)
            }
            Work::Timers { answer } => {
                let done = core.timers(now, TIMERS_MAX)? + core.mornings(now)?;
                later(answer, done)
            }
        };
        self.answers.push(answered);
        Ok(())
    }
}
