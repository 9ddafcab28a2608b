//! Timers that are due, worked off one by one. Which run is told by the tickets; here is only when there is time for them.

use std::time::{Duration, Instant};

use desk::{Event, EventId, EventKind, Ticket, TicketNo, TimerKind, decide};
use jiff::{SignedDuration, Timestamp};

use super::core::Core;
use crate::clock::Clock;
use crate::store::{Cause, StoreError};

/// A timer that is so late was missed: nobody could look.
const MISSED_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Missed timers that may write to customers, worked off in a minute: after a long downtime nobody gets a flood.
const MISSED_PER_MINUTE: usize = 10;
/// Due timers that are looked at for those whose turn it is.
const LOOKED_AT_MAX: usize = 4_096;

/// The wall clock moved by so much more or less than time did.
const JUMP: SignedDuration = SignedDuration::from_mins(5);
/// Nothing that is driven by time is done for so long after a jump: somebody may set the clock right again.
const HELD_FOR: Duration = Duration::from_secs(600);
/// What those who look after the desk are told of a jump.
pub(super) const JUMPED: &str = "The clock of the desk's machine jumped. Nothing that is driven by time is done for 10 minutes.";

/// Compares the wall clock with the time that passes.
pub(super) struct Pace {
    wall: Timestamp,
    passed: Instant,
    held_until: Option<Instant>,
}

impl Pace {
    pub(super) fn new(clock: &Clock) -> Self {
        Self { wall: clock.now(), passed: Instant::now(), held_until: None }
    }

    /// The time, whether it jumped since the last look, and whether what it drives is held.
    pub(super) fn look(&mut self, clock: &Clock) -> (Timestamp, bool, bool) {
        let (wall, passed) = (clock.now(), Instant::now());
        let has_jumped = clock.is_system() && self.has_jumped(wall, passed);
        (wall, has_jumped, self.is_held(passed))
    }

    /// The clock jumped since the last look, which holds everything for a while.
    fn has_jumped(&mut self, wall: Timestamp, passed: Instant) -> bool {
        let should = SignedDuration::try_from(passed.duration_since(self.passed)).unwrap_or_default();
        let off = self.wall.duration_until(wall).saturating_sub(should).abs();
        (self.wall, self.passed) = (wall, passed);
        let has_jumped = off > JUMP;
        if has_jumped {
            self.held_until = Some(passed + HELD_FOR);
        }
        has_jumped
    }

    fn is_held(&self, passed: Instant) -> bool {
        self.held_until.is_some_and(|until| passed < until)
    }
}

impl Core {
    /// Works off timers that are due. Returns how many; 0 while those that are left have to wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn timers(&mut self, now: Timestamp, at_most: usize) -> Result<usize, StoreError> {
        let mut done = 0;
        for (due_at, no, kind) in self.store.due_timers(now, LOOKED_AT_MAX) {
            if done >= at_most {
                break;
            }
            if self.may_fire(now, due_at, kind) {
                self.fire(now, due_at, no, kind)?;
                done += 1;
            }
        }
        Ok(done)
    }

    fn may_fire(&mut self, now: Timestamp, due_at: Timestamp, kind: TimerKind) -> bool {
        if !kind.is_for_customers() || due_at.duration_until(now) < MISSED_AFTER {
            return true;
        }
        let minute = SignedDuration::from_mins(1);
        self.late_mails.retain(|earlier| earlier.duration_until(now).abs() < minute);
        if self.late_mails.len() >= MISSED_PER_MINUTE {
            return false;
        }
        self.late_mails.push_back(now);
        true
    }

    fn fire(&mut self, now: Timestamp, due_at: Timestamp, no: TicketNo, kind: TimerKind) -> Result<(), StoreError> {
        let ticket = self.store.ticket(no);
        let event = Event {
            id: self.timer_event(ticket.as_ref(), no, kind, due_at)?,
            at: now,
            kind: EventKind::TimerFired { kind, due_at },
            around: self.around_timer(ticket.as_ref(), kind, now),
        };
        let mut decision = decide::decide(&self.live.policy, ticket.as_ref(), &event);
        // Whatever was decided, this timer has fired.
        if decision.ticket.is_none() {
            decision.ticket = ticket;
        }
        if let Some(ticket) = decision.ticket.as_mut().filter(|ticket| ticket.timers.get(&kind) == Some(&due_at)) {
            ticket.timers.remove(&kind);
        }
        self.stage(&event, Cause::Timer { kind }, decision)
    }

    /// The identity of a firing. A timer that is set again for an instant at which it has fired, which takes a clock that
    /// went back, is another one: by the decisions about its ticket so far, since each firing is one more.
    fn timer_event(
        &self,
        ticket: Option<&Ticket>,
        no: TicketNo,
        kind: TimerKind,
        due_at: Timestamp,
    ) -> Result<EventId, StoreError> {
        let id = EventId::of_timer(no, kind.as_str(), due_at);
        if ticket.is_none() || !self.store.has_event(id) {
            return Ok(id);
        }
        let decisions = self.store.glances(no)?.len();
        Ok(EventId::of_request(&format!("{id} again {decisions}")))
    }

    /// Brings the promises and timers of some tickets, by number from `from` on, to what the configuration says. Returns
    /// where to go on; `None` after the last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settle_some(&mut self, now: Timestamp, from: TicketNo, at_most: usize) -> Result<Option<TicketNo>, StoreError> {
        let end = self.store.next_ticket();
        let mut no = from;
        for _ in 0..at_most {
            if no >= end {
                return Ok(None);
            }
            if let Some(ticket) = self.store.ticket(no).filter(|ticket| ticket.status != desk::Status::Closed) {
                let id = EventId::of_request(&format!("policy {} {now}", no.0));
                let event = Event { id, at: now, kind: EventKind::PolicyChanged, around: desk::event::Around::default() };
                let decision = decide::decide(&self.live.policy, Some(&ticket), &event);
                if decision.ticket.is_some() {
                    self.stage(&event, Cause::Request, decision)?;
                }
            }
            no = TicketNo(no.0 + 1);
        }
        Ok(Some(no))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock as it is after so many seconds have passed, and whether that is a jump and what is held by then.
    fn check(looks: &[(u64, i64)], expect: &[(bool, bool)]) {
        let (from, start) = (Timestamp::UNIX_EPOCH, Instant::now());
        let mut pace = Pace { wall: from, passed: start, held_until: None };
        let seen = looks.iter().map(|(passed, wall)| {
            let now = start + Duration::from_secs(*passed);
            let has_jumped = pace.has_jumped(from + SignedDuration::from_secs(*wall), now);
            (has_jumped, pace.is_held(now))
        });
        assert_eq!(seen.collect::<Vec<_>>(), expect, "{looks:?}");
    }

    #[test]
    fn a_jump_either_way_holds_for_ten_minutes_and_no_longer() {
        const WEEKS: i64 = 20 * 86_400;
        check(&[(60, 60), (120, 420), (180, 480)], &[(false, false); 3]);
        let jumped = [(true, true), (false, true), (false, true), (false, false)];
        check(&[(60, 60 + WEEKS), (120, 120 + WEEKS), (659, 659 + WEEKS), (660, 660 + WEEKS)], &jumped);
        check(&[(60, 60 - 86_400), (120, 120 - 86_400), (659, 659 - 86_400), (660, 660 - 86_400)], &jumped);
        // Whoever sets it right again makes it jump once more.
        let twice = [(true, true), (true, true), (false, true), (false, false)];
        check(&[(0, WEEKS), (300, 300), (899, 899), (900, 900)], &twice);
    }
}
