//! Hands mail over while the next batches are on their way: some are kept and read while another is decided and one more
//! is fetched; they are decided in the order in which they were handed over.
//! Beside them one large mail may be on its way in: to keep and read it takes seconds, and nobody waits for it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use desk::Outcome;
use tokio::task::{JoinError, JoinHandle};
use tracing::warn;

use crate::engine::{After, Fetched, Intake, RawMail, Turn};
use crate::store::{MailboxKey, StoreError};

use super::error::IngestError;
use super::health::Health;
use super::limits::{BATCH_BYTES_MAX, BATCHES_MAX};

/// The receiving end of a watcher. Survives its sessions, so that a commit in flight is never abandoned.
pub(super) struct Pipeline<I> {
    pub(super) intake: I,
    pub(super) mailbox: MailboxKey,
    health: Arc<Health>,
    /// Batches that are being handed over, with their bytes, oldest first.
    inflight: VecDeque<(HandOver, u64)>,
    /// What the next batch waits for.
    last: Option<After>,
    /// A large mail that is being handed over.
    large: Option<HandOver>,
    /// Committed mails that still have to be marked or moved on the server.
    pub(super) filing: Vec<u32>,
}

type HandOver = JoinHandle<Result<Received, StoreError>>;

/// What a hand-over brought.
struct Received {
    mails: u64,
    vanished: u64,
    to_file: Vec<u32>,
}

impl<I: Intake> Pipeline<I> {
    pub(super) fn new(intake: I, mailbox: MailboxKey, health: Arc<Health>) -> Self {
        Self { intake, mailbox, health, inflight: VecDeque::new(), last: None, large: None, filing: Vec::new() }
    }

    /// Hands mails over as soon as few enough are under way. Returns when that has begun.
    pub(super) async fn push(&mut self, uid_validity: u32, mails: Vec<Fetched>, vanished: Vec<u32>) -> Result<(), IngestError> {
        if mails.is_empty() && vanished.is_empty() {
            return Ok(());
        }
        let bytes = mails.iter().map(|mail| mail.raw.held_bytes()).sum();
        self.room(bytes).await?;
        let (intake, mailbox) = (self.intake.clone(), self.mailbox.clone());
        let (turn, after) = Turn::new(self.last.take());
        self.last = Some(after);
        let batch = Batch { uid_validity, mails, vanished, turn };
        self.inflight.push_back((tokio::spawn(hand_over(intake, mailbox, batch)), bytes));
        Ok(())
    }

    /// Waits until so many bytes more may be under way.
    pub(super) async fn room(&mut self, bytes: u64) -> Result<(), IngestError> {
        while self.is_full(bytes) {
            self.finish_oldest().await?;
        }
        Ok(())
    }

    fn is_full(&self, more: u64) -> bool {
        let held: u64 = self.inflight.iter().map(|(_, bytes)| bytes).sum();
        self.inflight.len() >= BATCHES_MAX || (!self.inflight.is_empty() && held + more > BATCH_BYTES_MAX)
    }

    /// Hands a large mail over, beside the batches. The previous one must be done, else this waits for it.
    pub(super) async fn push_large(&mut self, uid_validity: u32, mail: Fetched) -> Result<(), IngestError> {
        self.finish_large().await?;
        let (intake, mailbox) = (self.intake.clone(), self.mailbox.clone());
        let batch = Batch { uid_validity, mails: vec![mail], vanished: Vec::new(), turn: Turn::alone() };
        self.large = Some(tokio::spawn(hand_over(intake, mailbox, batch)));
        Ok(())
    }

    /// A large mail is still on its way in.
    pub(super) fn is_large_under_way(&self) -> bool {
        self.large.as_ref().is_some_and(|task| !task.is_finished())
    }

    /// Waits for the large mail on its way in, but no longer than `limit`.
    pub(super) async fn await_large(&mut self, limit: Duration) -> Result<(), IngestError> {
        tokio::time::timeout(limit, self.finish_large()).await.unwrap_or(Ok(()))
    }

    /// Waits until everything handed over is committed. Cancelling loses nothing.
    pub(super) async fn finish(&mut self) -> Result<(), IngestError> {
        let (batch, large) = (self.finish_batch().await, self.finish_large().await);
        batch.and(large)
    }

    /// Waits until all batches handed over are committed. Tells of the first trouble; batches behind it only follow it.
    pub(super) async fn finish_batch(&mut self) -> Result<(), IngestError> {
        let mut first = Ok(());
        while !self.inflight.is_empty() {
            match self.finish_oldest().await {
                Ok(()) | Err(IngestError::Store(StoreError::Earlier)) => {}
                Err(error) => first = first.and(Err(error)),
            }
        }
        // Whatever broke the order, what comes next is fetched anew.
        self.last = None;
        first
    }

    async fn finish_oldest(&mut self) -> Result<(), IngestError> {
        let Some((task, _)) = self.inflight.front_mut() else { return Ok(()) };
        let result = task.await;
        self.inflight.pop_front();
        self.collect(result)
    }

    async fn finish_large(&mut self) -> Result<(), IngestError> {
        let Some(task) = &mut self.large else { return Ok(()) };
        let result = task.await;
        self.large = None;
        self.collect(result)
    }

    fn collect(&mut self, result: Result<Result<Received, StoreError>, JoinError>) -> Result<(), IngestError> {
        let received = result.map_err(|_| IngestError::Panicked { act: "handing mail over" })?.map_err(IngestError::Store)?;
        self.health.received(received.mails, received.vanished);
        self.health.advance(received.mails + received.vanished);
        self.filing.extend(received.to_file);
        Ok(())
    }

    /// Settles UIDs without looking at them.
    pub(super) async fn settle(
        &mut self,
        uid_validity: u32,
        ranges: Vec<(u32, u32)>,
        outcome: Outcome,
    ) -> Result<(), IngestError> {
        if ranges.is_empty() {
            return Ok(());
        }
        self.finish_batch().await?;
        self.intake.settle(&self.mailbox, uid_validity, ranges, outcome).await.map_err(IngestError::Store)
    }
}

/// What is handed over together.
struct Batch {
    uid_validity: u32,
    mails: Vec<Fetched>,
    vanished: Vec<u32>,
    turn: Turn,
}

async fn hand_over<I: Intake>(intake: I, mailbox: MailboxKey, batch: Batch) -> Result<Received, StoreError> {
    let Batch { uid_validity, mails, vanished, mut turn } = batch;
    let uids: Vec<u32> = mails.iter().map(|mail| mail.uid).collect();
    let files: Vec<PathBuf> = mails
        .iter()
        .filter_map(|mail| match &mail.raw {
            RawMail::File(path) => Some(path.clone()),
            RawMail::Bytes(_) => None,
        })
        .collect();
    let mut to_file = Vec::new();
    if mails.is_empty() {
        turn.come().await?;
        turn.pass();
    } else {
        let outcomes = intake.receive(&mailbox, uid_validity, mails, turn).await;
        for path in files {
            // Kept in the store by now, or fetched again: the file is of no use either way. It may be gone already.
            let _ = tokio::fs::remove_file(&path).await;
        }
        let outcomes = outcomes?;
        if outcomes.len() != uids.len() {
            warn!(handed_over = uids.len(), outcomes = outcomes.len(), "Outcomes do not match the mails.");
        }
        to_file = uids.iter().zip(&outcomes).filter(|(_, outcome)| is_filed(outcome)).map(|(uid, _)| *uid).collect();
    }
    if !vanished.is_empty() {
        let ranges = ranges_of(&vanished);
        intake.settle(&mailbox, uid_validity, ranges, Outcome::Vanished).await?;
    }
    Ok(Received { mails: uids.len() as u64, vanished: vanished.len() as u64, to_file })
}

/// Mail with this outcome is marked or moved on the server.
fn is_filed(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::SeenBefore | Outcome::Vanished => false,
        Outcome::NewTicket
        | Outcome::Attached
        | Outcome::Duplicate
        | Outcome::LoopLedger
        | Outcome::BounceLedger
        | Outcome::MachineLedger
        | Outcome::Held { .. }
        | Outcome::Ignored { .. }
        | Outcome::Spam
        | Outcome::Changed => true,
    }
}

/// Ascending UIDs as inclusive ranges.
pub(super) fn ranges_of(uids: &[u32]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(*uid) => *to = *uid,
            _ => ranges.push((*uid, *uid)),
        }
    }
    ranges
}

/// Ascending UIDs as an IMAP set: `1:3,7`.
pub(super) fn set_of(uids: &[u32]) -> String {
    let mut set = String::new();
    for (from, to) in ranges_of(uids) {
        if !set.is_empty() {
            set.push(',');
        }
        set.push_str(&if from == to { from.to_string() } else { format!("{from}:{to}") });
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_join_neighbours_only() {
        assert_eq!(set_of(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(set_of(&[]), "");
        assert_eq!(ranges_of(&[u32::MAX - 1, u32::MAX]), [(u32::MAX - 1, u32::MAX)]);
    }
}
