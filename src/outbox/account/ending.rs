//! How rows leave the memory of an account without having been sent: when it pauses, and when it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use desk::EffectId;
use desk::effect::{OutboxRow, OutboxStep};
use tokio::time::Instant;
use tracing::warn;

use super::super::delivery::Carrier;
use super::super::health::SendingState;
use super::super::limits;
use super::super::pool::Gate;
use super::super::sent::TraceSearch;
use super::{Account, Flight};
use crate::engine::Outgoing;

impl<O: Outgoing, S: TraceSearch> Account<O, S> {
    /// Gives back what has not begun, finishes what has, says goodbye.
    pub(super) async fn finish(mut self) {
        let deadline = Instant::now() + self.shared.settings.pacing.stop;
        self.gate = Gate::shut(deadline);
        self.give_back_waiting();
        while self.busy > 0 || self.claiming || self.recording > 0 {
            match tokio::time::timeout_at(deadline, self.tasks.join_next()).await {
                Ok(Some(done)) => self.take(done),
                Ok(None) | Err(_) => break,
            }
            // A claim that was under way, a connection that was closed: nothing begins any more.
            self.give_back_waiting();
        }
        self.tasks.abort_all();
        let (doubts, rest): (Vec<Flight>, Vec<Flight>) =
            std::mem::take(&mut self.flights).into_values().partition(Flight::is_old_doubt);
        for flight in doubts.iter().filter(|flight| !flight.looked_for || self.looked_for.contains_key(&flight.row.id)) {
            if let Err(error) = self.shared.outgoing.step(self.unchanged(&flight.row)).await {
                warn!(error = &error as &dyn std::error::Error, "A mail in doubt is looked at again after the next start.");
            }
        }
        let unsent = rest.into_iter().filter(|flight| !flight.again && !flight.marked.load(Ordering::SeqCst));
        let unsent: Vec<OutboxRow> = unsent.map(|flight| flight.row).collect();
        if !unsent.is_empty()
            && let Err(error) = self.shared.outgoing.release(unsent).await
        {
            warn!(error = &error as &dyn std::error::Error, "Claimed mails not given back; the next start does it.");
        }
        futures_util::future::join_all(self.idle.drain(..).map(Carrier::quit)).await;
        self.shared.health.update(|health| {
            health.state = SendingState::Stopped;
            health.connections = 0;
        });
    }

    pub(super) fn give_back_waiting(&mut self) {
        let mut rows = Vec::new();
        for job in std::mem::take(&mut self.waiting) {
            if job.again {
                self.leave_in_doubt(job.row.id);
            } else {
                rows.push(job.row);
            }
        }
        if !rows.is_empty() {
            self.release(rows);
        }
    }

    /// A row in doubt is not decided now. The store hands it out again once it has been answered about it.
    pub(super) fn leave_in_doubt(&mut self, id: EffectId) {
        let Some(flight) = self.flights.get(&id) else { return };
        let step = self.unchanged(&flight.row);
        self.recording += 1;
        self.tasks.spawn(Arc::clone(&self.shared).record(step));
    }

    fn unchanged(&self, row: &OutboxRow) -> OutboxStep {
        let now = self.shared.clock.now();
        let soon = now.saturating_add(limits::DOUBT_AGAIN).unwrap_or(jiff::Timestamp::MAX);
        OutboxStep {
            id: row.id,
            phase: row.phase.clone(),
            at: now,
            attempts: row.attempts,
            next_at: row.next_at.max(soon),
            reply: row.last_reply.clone(),
        }
    }

    pub(super) fn release(&mut self, rows: Vec<OutboxRow>) {
        self.recording += 1;
        self.tasks.spawn(Arc::clone(&self.shared).release(rows));
    }
}
