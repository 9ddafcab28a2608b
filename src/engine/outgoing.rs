//! Mail that leaves, as the writer sees it: how it is composed, which rows are due and whose turn it is, and what became of
//! them.

use std::hash::{Hash as _, Hasher as _};

use desk::effect::{OutboxPhase, OutboxRow, OutboxStep, Purpose, Send};
use desk::event::EventKind;
use desk::{AccountName, EffectId, Event, EventId, RawHash, TicketNo, decide};
use jiff::Timestamp;

use super::core::Core;
use crate::store::{Cause, Record, StoreError};

/// A claimed row is not due again for so long: longer than any delivery takes.
const CLAIMED_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(2);

/// No mail waits longer for its next attempt, in a search for its traces, or for its writer to change their mind.
pub const WAIT_MAX: jiff::SignedDuration = jiff::SignedDuration::from_mins(2 * 60 + 12);

/// After a jump of the clock the traces of a mail in doubt are looked for so long again.
const SEARCHED_AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// Whoever wrote a mail hears so much later that it has not arrived.
const TOLD_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_hours(4);

fn delay_event(row: &OutboxRow) -> EventId {
    EventId::of_request(&format!("delivery of {} is delayed", row.id))
}

impl Core {
    /// Bytes of a mail of ours, read again before they may leave: exactly the recipient, the author and the id that were
    /// decided. `None`, loudly, if not: that is a bug or a trick, and neither may reach a customer.
    pub(super) fn compose(
        &mut self,
        event: &Event,
        id: EffectId,
        ticket: TicketNo,
        send: &mut Send,
    ) -> Option<(OutboxRow, Vec<u8>)> {
        let mut letter = send.letter.take()?;
        for file in &send.enclosed {
            let bytes = self.store.raw(&file.raw).ok().and_then(|raw| mail::part::attachment_bytes(&raw, file.part));
            let Some(data) = bytes else {
                tracing::error!(effect = %id, "A file that should go along cannot be read; the mail is not sent.");
                self.notices.push(("operator".to_owned(), format!("mail {id} was not sent: a file of it cannot be read")));
                return None;
            };
            letter.attachments.push(mail::compose::Enclosure {
                name: file.name.clone(),
                content_type: file.content_type.clone(),
                content_id: file.content_id.clone(),
                data,
            });
        }
        let raw = mail::compose::compose(&letter);
        let read = mail::parse::parse_headers(&raw);
        let is_as_decided = read.to.len() == 1
            && read.to[0].address == letter.to.address
            && letter.to.address == send.to
            && read.cc.iter().map(|mailbox| &mailbox.address).eq(letter.cc.iter().map(|mailbox| &mailbox.address))
            && read.from.len() == 1
            && read.from[0].address == letter.from.address
            && read.message_id.as_ref() == Some(&send.message_id);
        if !is_as_decided {
            tracing::error!(effect = %id, "A mail of ours does not read as it was decided; it is not sent.");
            self.notices.push(("operator".to_owned(), format!("mail {id} was not sent: its bytes do not read as decided")));
            return None;
        }
        let inbox = self.live.policy.inboxes.get(&send.inbox)?;
        let row = queued(event, id, ticket, send, inbox.account.clone(), RawHash::of(&raw));
        Some((row, raw))
    }

    /// Rows that are due, each with its attempt recorded; rows in doubt as they are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim(&mut self, now: Timestamp, account: &AccountName, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let mut claimed = Vec::new();
        let mut steps = Vec::new();
        for mut row in self.claimable(now, account, limit) {
            if row.phase == OutboxPhase::DataSent {
                self.in_hand.insert(row.id);
            } else {
                row.phase = OutboxPhase::Claimed;
                row.attempts += 1;
                // Out of the way of those that are due; whoever has it reports the next step.
                self.forget_due(&row);
                row.next_at = now.checked_add(CLAIMED_FOR).unwrap_or(now);
                self.note_due(&row, &row.phase, row.next_at);
                steps.push(step_of(&row, now));
            }
            claimed.push(row);
        }
        if !steps.is_empty() {
            self.store.stage(Record::Outbox(steps), &[])?;
        }
        Ok(claimed)
    }

    /// The clock may have been set back: what waits for longer than any mail does is due now, so that a mail does not wait
    /// once more for the time that was taken from the clock. Mail for hours of the day keeps to them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn clock_jumped(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let far = nanoseconds(now.checked_add(WAIT_MAX).unwrap_or(Timestamp::MAX));
        let behind = self.due.values().flat_map(|due| due.range((far, i64::MAX, EffectId([u8::MAX; 16]))..));
        let rows = behind.filter_map(|(_, _, id)| self.store.outbox_row(*id)).filter(|row| {
            let is_for_hours = || row.created_at.duration_until(row.next_at) > WAIT_MAX;
            match row.phase {
                OutboxPhase::Queued => !is_for_hours(),
                OutboxPhase::Deferred | OutboxPhase::DataSent => !self.in_hand.contains(&row.id),
                OutboxPhase::Claimed
                | OutboxPhase::Held
                | OutboxPhase::Accepted
                | OutboxPhase::Failed
                | OutboxPhase::Unknown
                | OutboxPhase::Dropped => false,
            }
        });
        let step = |row: OutboxRow| {
            let wait = if row.phase == OutboxPhase::DataSent { SEARCHED_AGAIN } else { jiff::SignedDuration::ZERO };
            OutboxStep { next_at: now.checked_add(wait).unwrap_or(now), ..step_of(&row, now) }
        };
        let steps: Vec<OutboxStep> = rows.map(step).collect();
        if steps.is_empty() { Ok(()) } else { self.steps(steps) }
    }

    /// Rows that are due and whose turn it is, at most `limit`.
    fn claimable(&self, now: Timestamp, account: &AccountName, limit: usize) -> Vec<OutboxRow> {
        let is_next = |row: &OutboxRow| {
            let (line, ..) = turn_of(row);
            let from = (line, i64::MIN, EffectId([0; 16]));
            let first = self.waiting.range(from..).next().filter(|turn| turn.0 == line);
            let is_free = row.phase != OutboxPhase::Claimed && !self.in_hand.contains(&row.id);
            is_free && first.is_none_or(|(_, _, id)| *id == row.id)
        };
        let due = self.due.get(account).into_iter().flatten().take_while(|(at, _, _)| *at <= nanoseconds(now));
        // Rows that wait for an earlier one stay due: however many there are, those behind them get their turn.
        due.filter_map(|(_, _, id)| self.store.outbox_row(*id)).filter(is_next).take(limit).collect()
    }

    pub(super) fn forget_due(&mut self, row: &OutboxRow) {
        if let Some(due) = self.due.get_mut(&row.account) {
            due.remove(&(nanoseconds(row.next_at), nanoseconds(row.created_at), row.id));
        }
    }

    pub(super) fn note_due(&mut self, row: &OutboxRow, phase: &OutboxPhase, next_at: Timestamp) {
        // A held mail waits for a person.
        if !phase.is_terminal() && *phase != OutboxPhase::Held {
            let due = self.due.entry(row.account.clone()).or_default();
            due.insert((nanoseconds(next_at), nanoseconds(row.created_at), row.id));
        }
    }

    /// A person's words wait for so long that whoever wrote them should know; they are told once.
    fn takes_long(&self, row: &OutboxRow, step: &OutboxStep) -> bool {
        step.phase == OutboxPhase::Deferred
            && matches!(row.purpose, Purpose::Answer | Purpose::VendorMail)
            && row.created_at.duration_until(step.at) >= TOLD_AFTER
            && !self.store.has_event(delay_event(row))
    }

    /// Records steps of outgoing mails; a mail that failed tells its ticket.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn steps(&mut self, steps: Vec<OutboxStep>) -> Result<(), StoreError> {
        let mut ended = Vec::new();
        for step in &steps {
            self.in_hand.remove(&step.id);
            let Some(row) = self.store.outbox_row(step.id) else { continue };
            self.forget_due(&row);
            self.note_due(&row, &step.phase, step.next_at);
            self.has_new_rows |= matches!(step.phase, OutboxPhase::Queued | OutboxPhase::Deferred) || step.phase.is_terminal();
            if self.takes_long(&row, step) {
                ended.push((row.clone(), step.clone()));
            }
            if step.phase.is_terminal() {
                self.waiting.remove(&turn_of(&row));
                if matches!(step.phase, OutboxPhase::Failed | OutboxPhase::Unknown) {
                    ended.push((row, step.clone()));
                }
            }
        }
        self.store.stage(Record::Outbox(steps), &[])?;
        for (row, step) in ended {
            let is_delay = step.phase == OutboxPhase::Deferred;
            let id = if is_delay { delay_event(&row) } else { EventId::of_delivery(row.id, step.attempts) };
            let result = if is_delay { desk::delivery::DELAYED } else { step.phase.as_str() };
            let kind = EventKind::DeliveryEnded {
                effect: row.id,
                to: row.to.clone(),
                result: result.to_owned(),
                reply: step.reply.unwrap_or_default(),
            };
            let ticket = self.store.ticket(row.ticket);
            let around = self.around(ticket.as_ref(), None, step.at);
            let event = Event { id, at: step.at, kind, around };
            let decision = decide::decide(&self.live.policy, ticket.as_ref(), &event);
            self.stage(&event, Cause::Delivery, decision)?;
        }
        Ok(())
    }
}

/// A row that was just decided.
pub(super) fn queued(
    event: &Event,
    id: EffectId,
    ticket: TicketNo,
    send: &Send,
    account: AccountName,
    raw: RawHash,
) -> OutboxRow {
    OutboxRow {
        id,
        ticket,
        purpose: send.purpose,
        class: send.class,
        account,
        inbox: send.inbox.clone(),
        to: send.to.clone(),
        envelope_from: send.envelope_from.clone(),
        message_id: send.message_id.clone(),
        raw,
        phase: OutboxPhase::Queued,
        attempts: 0,
        next_at: send.not_before.unwrap_or(event.at),
        created_at: event.at,
        last_reply: None,
    }
}

/// Not one byte of it has been offered to a server.
pub(super) fn is_unsent(row: &OutboxRow) -> bool {
    matches!(row.phase, OutboxPhase::Queued | OutboxPhase::Deferred | OutboxPhase::Held)
}

/// The place of a mail in the order in which mails leave: its ticket and recipient by hash, when it was made, itself. Small,
/// since one is kept for each mail that waits.
pub(super) type MailTurn = (u64, i64, EffectId);

/// When it is the turn of a mail. Mails with one hash only wait for each other.
pub(super) fn turn_of(row: &OutboxRow) -> MailTurn {
    let mut hasher = std::hash::DefaultHasher::new();
    (row.ticket, &row.to).hash(&mut hasher);
    (hasher.finish(), nanoseconds(row.created_at), row.id)
}

/// Nanoseconds since 1970, for the years 1678 to 2261 and else the nearest of them: half of what an instant takes.
pub(super) fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(if at.as_second() < 0 { i64::MIN } else { i64::MAX })
}

/// A step that leaves a row as it is.
#[must_use]
pub fn step_of(row: &OutboxRow, at: Timestamp) -> OutboxStep {
    OutboxStep {
        id: row.id,
        phase: row.phase.clone(),
        at,
        attempts: row.attempts,
        next_at: row.next_at,
        reply: row.last_reply.clone(),
    }
}
