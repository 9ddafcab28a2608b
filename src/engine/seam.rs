//! What the sides of mail in and mail out see of the engine, and no more.

use std::future::Future;
use std::path::PathBuf;

use desk::effect::{OutboxRow, OutboxStep};
use desk::{AccountName, Outcome};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::store::{Cursor, MailboxKey, StoreError};

/// A mail as fetched.
#[derive(Debug)]
pub struct Fetched {
    /// RFC 9051 UID.
    pub uid: u32,
    /// Its bytes.
    pub raw: RawMail,
    /// It was there before the first start and is imported silently: a ticket, no mail.
    pub silent: bool,
}

/// The bytes of a mail, in memory or, over 8 MiB, in a file that is deleted afterwards.
#[derive(Debug)]
pub enum RawMail {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file.
    File(PathBuf),
}

impl RawMail {
    /// How much memory it takes.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_) => 0,
        }
    }
}

/// The place of a batch among those of its mailbox: they are kept and read side by side, and decided in order.
#[derive(Debug)]
pub struct Turn {
    before: Option<After>,
    passed: oneshot::Sender<()>,
}

/// What the turn of the next batch waits for.
#[derive(Debug)]
pub struct After(oneshot::Receiver<()>);

impl Turn {
    /// The turn that comes after another one, or the first; and what the next one is made of.
    #[must_use]
    pub fn new(before: Option<After>) -> (Self, After) {
        let (passed, after) = oneshot::channel();
        (Self { before, passed }, After(after))
    }

    /// The turn of a batch that nobody waits for and that waits for nobody.
    #[must_use]
    pub fn alone() -> Self {
        Self::new(None).0
    }

    /// Waits for the batch before.
    ///
    /// # Errors
    /// [`StoreError::Earlier`] if that one failed: to go on would break the order.
    pub async fn come(&mut self) -> Result<(), StoreError> {
        match self.before.take() {
            Some(After(before)) => before.await.map_err(|_| StoreError::Earlier),
            None => Ok(()),
        }
    }

    /// The batch can no longer be overtaken.
    pub fn pass(self) {
        // Nobody has to be waiting.
        let _ = self.passed.send(());
    }
}

/// Takes mail in. The ingest side sees no more of the engine than this.
pub trait Intake: Clone + Send + Sync + 'static {
    /// What is settled of a mailbox.
    fn cursor(&self, mailbox: &MailboxKey) -> Cursor;

    /// Notes the UIDVALIDITY of a mailbox. If it differs from the known one, settled UIDs are forgotten; the mails
    /// themselves are recognised by content. Durable on return.
    fn opened(&self, mailbox: &MailboxKey, uid_validity: u32) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Keeps, reads, decides and commits mails of one mailbox. When it returns, every mail is durable with its outcome;
    /// outcomes come in the order of `mails`. An error means that nothing may be assumed: fetch again later. Several
    /// batches may be under way; nothing of this one is decided before its `turn` has come.
    fn receive(
        &self,
        mailbox: &MailboxKey,
        uid_validity: u32,
        mails: Vec<Fetched>,
        turn: Turn,
    ) -> impl Future<Output = Result<Vec<Outcome>, StoreError>> + Send;

    /// Settles UIDs without looking at them: [`Outcome::SeenBefore`] or [`Outcome::Vanished`]. Durable on return.
    fn settle(
        &self,
        mailbox: &MailboxKey,
        uid_validity: u32,
        ranges: Vec<(u32, u32)>,
        outcome: Outcome,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes that mails were marked or moved on the server.
    fn filed(
        &self,
        mailbox: &MailboxKey,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// An outgoing mail with its bytes.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its row, phase [`desk::effect::OutboxPhase::Claimed`] with `attempts` counted up; or, after a crash,
    /// [`desk::effect::OutboxPhase::DataSent`]: nobody knows whether the peer has it.
    pub row: OutboxRow,
    /// Exactly what is sent.
    pub raw: Vec<u8>,
}

/// Gives mail out. The outbox side sees no more of the engine than this.
pub trait Outgoing: Clone + Send + Sync + 'static {
    /// Rows of an account that are due, with the attempt recorded durably (phase `Claimed`) before they are returned.
    /// Rows in phase `DataSent` of an earlier run whose search time is over are returned unchanged.
    /// Order within one ticket and recipient is kept: a row is not returned while an earlier one is not terminal.
    fn claim(&self, account: &AccountName, limit: usize) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// Rows of an account in phase `DataSent` that were left by an earlier run (looked at once at start-up and while
    /// their search goes on).
    fn in_doubt(&self, account: &AccountName) -> Vec<OutboxRow>;

    /// Records a step. Durable on return.
    fn step(&self, step: OutboxStep) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Gives claimed rows back without an attempt having been made.
    fn release(&self, rows: Vec<OutboxRow>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// When the next row of an account falls due.
    fn next_due(&self, account: &AccountName) -> Option<Timestamp>;

    /// Returns when there may be something new to send: a commit with mail, a release, an operator's retry.
    fn woken(&self) -> impl Future<Output = ()> + Send;
}
