//! An outbox in memory that records every step, with the rules of the real one: attempts are counted by the claim, and
//! order within one ticket and recipient is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use desk::effect::{OutboxPhase, OutboxRow, OutboxStep, Purpose, SendClass};
use desk::{AccountName, EffectId, RawHash, TicketNo};
use frontdesk::clock::Clock;
use frontdesk::engine::{Claimed, Outgoing};
use frontdesk::store::StoreError;
use jiff::{SignedDuration, Timestamp};
use mail::{Address, MessageId, ReturnPath};
use tokio::sync::Notify;

use crate::harness::wait::wait_some;

/// The account of all rows.
pub(crate) const ACCOUNT: &str = "acme";

/// A recording outbox. Clones share it.
#[derive(Clone)]
pub(crate) struct Ledger {
    clock: Clock,
    state: Arc<Mutex<State>>,
    woken: Arc<Notify>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<u64, (OutboxRow, Vec<u8>)>,
    steps: Vec<OutboxStep>,
    claims: Vec<EffectId>,
    released: Vec<EffectId>,
    /// In doubt, handed out, and not answered about: not handed out again.
    in_hand: Vec<EffectId>,
    /// Steps into this phase fail while set.
    refuses: Option<OutboxPhase>,
}

/// A mail to be put in.
pub(crate) struct Outgo<'a> {
    pub(crate) to: &'a str,
    pub(crate) ticket: u64,
    pub(crate) class: SendClass,
    pub(crate) raw: &'a [u8],
}

impl Default for Outgo<'_> {
    fn default() -> Self {
        Self { to: "dana@acme.example", ticket: 1, class: SendClass::AtMostOnce, raw: b"Subject: hello\r\n\r\nHello.\r\n" }
    }
}

impl Ledger {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), state: Arc::default(), woken: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds this")
    }

    /// Puts a mail in, due now; returns its number.
    pub(crate) fn put(&self, mail: Outgo<'_>) -> u64 {
        let mut state = self.lock();
        let number = state.rows.len() as u64;
        let now = self.clock.now();
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        let row = OutboxRow {
            id: EffectId(id),
            ticket: TicketNo(mail.ticket),
            purpose: Purpose::Acknowledgement,
            class: mail.class,
            account: AccountName::from(ACCOUNT),
            inbox: "support".into(),
            to: Address::new(mail.to).expect("an address"),
            envelope_from: ReturnPath::Address(Address::new("support@acme.example").expect("an address")),
            message_id: MessageId::new(&format!("{number}@acme.example")).expect("an id"),
            raw: RawHash::of(mail.raw),
            phase: OutboxPhase::Queued,
            attempts: 0,
            next_at: now,
            created_at: now,
            last_reply: None,
        };
        state.rows.insert(number, (row, mail.raw.to_vec()));
        drop(state);
        self.woken.notify_one();
        number
    }

    /// Changes a stored row, as an earlier run would have left it.
    pub(crate) fn change(&self, number: u64, change: impl FnOnce(&mut OutboxRow)) {
        change(&mut self.lock().rows.get_mut(&number).expect("put in before").0);
        self.woken.notify_one();
    }

    pub(crate) fn refuse_steps_into(&self, phase: Option<OutboxPhase>) {
        self.lock().refuses = phase;
    }

    pub(crate) fn row(&self, number: u64) -> OutboxRow {
        self.lock().rows[&number].0.clone()
    }

    pub(crate) fn steps(&self) -> Vec<OutboxStep> {
        self.lock().steps.clone()
    }

    pub(crate) fn released(&self) -> usize {
        self.lock().released.len()
    }

    pub(crate) fn claims(&self) -> usize {
        self.lock().claims.len()
    }

    pub(crate) fn count(&self, phase: &OutboxPhase) -> usize {
        self.lock().rows.values().filter(|(row, _)| row.phase == *phase).count()
    }

    /// Moves the clock and tells the outbox.
    pub(crate) fn forward(&self, span: SignedDuration) {
        self.clock.set(self.clock.now() + span);
        self.woken.notify_one();
    }

    /// Waits until a row is in a phase and returns it.
    #[track_caller]
    pub(crate) fn wait(&self, number: u64, phase: &OutboxPhase) -> OutboxRow {
        let reached = || Some(self.row(number)).filter(|row| row.phase == *phase);
        wait_some(Duration::from_secs(10), reached)
            .unwrap_or_else(|| panic!("row {number} did not become {phase:?}: {:?}", self.row(number)))
    }

    /// Waits until a row has its outcome of this attempt: it left the phases in which something is under way.
    #[track_caller]
    pub(crate) fn settle(&self, number: u64) -> OutboxRow {
        let settled = |row: &OutboxRow| {
            let under_way = row.last_reply.as_deref().is_some_and(|words| words.ends_with("content is on its way"));
            !matches!(row.phase, OutboxPhase::Queued | OutboxPhase::Claimed) && !under_way
        };
        wait_some(Duration::from_secs(10), || Some(self.row(number)).filter(settled))
            .unwrap_or_else(|| panic!("row {number} did not settle: {:?}", self.row(number)))
    }
}

impl Outgoing for Ledger {
    async fn claim(&self, _account: &AccountName, limit: usize) -> Result<Vec<Claimed>, StoreError> {
        let now = self.clock.now();
        let mut state = self.lock();
        let mut blocked: Vec<(TicketNo, Address)> = Vec::new();
        let mut claimed = Vec::new();
        let State { rows, in_hand, .. } = &mut *state;
        for (row, raw) in rows.values_mut() {
            let key = (row.ticket, row.to.clone());
            if claimed.len() < limit && row.next_at <= now && !blocked.contains(&key) {
                match row.phase {
                    OutboxPhase::Queued | OutboxPhase::Deferred => {
                        row.phase = OutboxPhase::Claimed;
                        row.attempts += 1;
                        claimed.push(Claimed { row: row.clone(), raw: raw.clone() });
                    }
                    OutboxPhase::DataSent if !in_hand.contains(&row.id) => {
                        in_hand.push(row.id);
                        claimed.push(Claimed { row: row.clone(), raw: raw.clone() });
                    }
                    _ => {}
                }
            }
            if !row.phase.is_terminal() {
                blocked.push(key);
            }
        }
        state.claims.extend(claimed.iter().map(|claimed| claimed.row.id));
        Ok(claimed)
    }

    fn in_doubt(&self, _account: &AccountName) -> Vec<OutboxRow> {
        let state = self.lock();
        state.rows.values().map(|(row, _)| row).filter(|row| row.phase == OutboxPhase::DataSent).cloned().collect()
    }

    async fn step(&self, step: OutboxStep) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.refuses.as_ref() == Some(&step.phase) {
            return Err(StoreError::State { what: "refused by the test".to_owned() });
        }
        state.in_hand.retain(|id| *id != step.id);
        let row = state.rows.values_mut().map(|(row, _)| row).find(|row| row.id == step.id).expect("a row of ours");
        assert!(!row.phase.is_terminal(), "{step:?} after the end: {row:?}");
        row.phase = step.phase.clone();
        row.attempts = step.attempts;
        row.next_at = step.next_at;
        row.last_reply.clone_from(&step.reply);
        state.steps.push(step);
        drop(state);
        self.woken.notify_one();
        Ok(())
    }

    async fn release(&self, rows: Vec<OutboxRow>) -> Result<(), StoreError> {
        let mut state = self.lock();
        for released in rows {
            let row = state.rows.values_mut().map(|(row, _)| row).find(|row| row.id == released.id).expect("a row of ours");
            assert_eq!(row.phase, OutboxPhase::Claimed, "only claimed rows are given back");
            row.phase = OutboxPhase::Queued;
            row.attempts -= 1;
            state.released.push(released.id);
        }
        drop(state);
        self.woken.notify_one();
        Ok(())
    }

    fn next_due(&self, _account: &AccountName) -> Option<Timestamp> {
        let state = self.lock();
        let waits = |row: &&OutboxRow| matches!(row.phase, OutboxPhase::Queued | OutboxPhase::Deferred | OutboxPhase::DataSent);
        state.rows.values().map(|(row, _)| row).filter(waits).map(|row| row.next_at).min()
    }

    async fn woken(&self) {
        self.woken.notified().await;
    }
}
