//! Promises: the clocks of a ticket, when they fall due, and what is done on the way there.
//!
//! Response clocks start when somebody begins to wait for us and end with a person's answer. The clocks of steps and of the
//! resolution stand still while somebody else owes the next word, so that a ticket never comes back late already. A change
//! of priority or of the policy keeps the time that has passed: targets always count from the start of the period.

use jiff::{SignedDuration, Timestamp};

use crate::calendar::{Calendar, Span};
use crate::policy::{Policy, Sla};
use crate::ticket::{Clock, Status, Ticket};

/// Which clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// From creation to the first human answer.
    FirstResponse,
    /// From the oldest unanswered message of the customer to the next human answer.
    NextResponse,
    /// From creation until it is solved.
    Resolution,
}

impl Measure {
    /// As written in JSON and histories.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextResponse => "next_response",
            Self::Resolution => "resolution",
        }
    }

    /// The clock of a ticket.
    #[must_use]
    pub fn of(self, ticket: &Ticket) -> &Clock {
        match self {
            Self::FirstResponse => &ticket.first_response,
            Self::NextResponse => &ticket.next_response,
            Self::Resolution => &ticket.resolution,
        }
    }

    pub(crate) fn of_mut(self, ticket: &mut Ticket) -> &mut Clock {
        match self {
            Self::FirstResponse => &mut ticket.first_response,
            Self::NextResponse => &mut ticket.next_response,
            Self::Resolution => &mut ticket.resolution,
        }
    }
}

/// The promise that a ticket's inbox makes.
#[must_use]
pub fn sla_of<'p>(policy: &'p Policy, ticket: &Ticket) -> Option<&'p Sla> {
    policy.slas.get(policy.inboxes.get(&ticket.inbox)?.sla.as_ref()?)
}

/// The calendar whose open time counts for a ticket; `always` where its inbox promises nothing.
#[must_use]
pub fn calendar_of<'p>(policy: &'p Policy, ticket: &Ticket) -> Option<&'p Calendar> {
    sla_of(policy, ticket).and_then(|sla| policy.calendars.get(&sla.calendar)).or_else(|| policy.calendars.get("always"))
}

/// Sets the due times of a ticket's clocks anew, from the policy, the priority and what has passed.
pub(crate) fn set_due(policy: &Policy, ticket: &mut Ticket) {
    let Some(calendar) = calendar_of(policy, ticket) else { return };
    let sla = sla_of(policy, ticket);
    let priority = ticket.priority as usize;
    let targets = [
        (Measure::FirstResponse, sla.and_then(|sla| sla.first_response[priority])),
        (Measure::NextResponse, sla.and_then(|sla| sla.next_response[priority])),
        (Measure::Resolution, sla.and_then(|sla| sla.resolution[priority])),
    ];
    for (measure, target) in targets {
        let clock = measure.of_mut(ticket);
        if clock.met_at.is_none() {
            clock.due_at = target.and_then(|target| due(calendar, clock, target));
        }
    }
    let steps = policy.types.get(&ticket.ticket_type).map_or(&[][..], |ticket_type| &ticket_type.steps);
    for state in ticket.steps.iter_mut().filter(|state| state.ended.is_none()) {
        let within = steps.iter().find(|step| step.id == state.id).and_then(|step| step.within);
        state.clock.due_at = within.and_then(|within| due(calendar, &state.clock, within));
    }
}

/// The end of a target that began with the clock, moved by the time that it stood still.
fn due(calendar: &Calendar, clock: &Clock, target: Span) -> Option<Timestamp> {
    let due = calendar.after(clock.started_at?, target)?;
    moved(calendar, clock, due)
}

fn moved(calendar: &Calendar, clock: &Clock, at: Timestamp) -> Option<Timestamp> {
    if clock.paused_ms == 0 { Some(at) } else { calendar.after(at, Span::Open(SignedDuration::from_millis(clock.paused_ms))) }
}

/// The instant at which so many hundredths of a target have passed: 100 is the due time itself.
#[must_use]
pub fn reached_at(calendar: &Calendar, clock: &Clock, percent: u32) -> Option<Timestamp> {
    let (started, due) = (clock.started_at?, clock.due_at?);
    if percent == 100 {
        return Some(due);
    }
    let standing = SignedDuration::from_millis(clock.paused_ms);
    let whole = calendar.open_between(started, due).saturating_sub(standing);
    let part = whole.as_millis() * i128::from(percent) / 100;
    let part = SignedDuration::from_millis(i64::try_from(part).ok()?);
    moved(calendar, clock, calendar.after(started, Span::Open(part))?)
}

/// Stops, pauses and resumes clocks after a change.
pub(crate) fn turn(policy: &Policy, ticket: &mut Ticket, at: Timestamp) {
    let now_ours = matches!(ticket.status, Status::New | Status::Open);
    if ticket.status.is_active() && ticket.resolution.met_at.take().is_some() {
        // Solved too early: the promise is not kept yet, and the time since counts as standing still.
        ticket.resolution.breached = false;
    }
    let calendar = calendar_of(policy, ticket);
    let running = ticket.steps.iter_mut().filter(|state| state.ended.is_none()).map(|state| &mut state.clock);
    let mut pausing: Vec<&mut Clock> = running.collect();
    if ticket.resolution.met_at.is_none() {
        pausing.push(&mut ticket.resolution);
    }
    for clock in pausing {
        match (now_ours, clock.paused_at) {
            (false, None) => clock.paused_at = Some(at),
            (true, Some(since)) => {
                let open = calendar.map_or(SignedDuration::ZERO, |calendar| calendar.open_between(since, at));
                clock.paused_ms += i64::try_from(open.as_millis()).unwrap_or(0);
                clock.paused_at = None;
            }
            (true, None) | (false, Some(_)) => {}
        }
    }
    if !ticket.status.is_active() {
        end(&mut ticket.resolution, at);
    }
}

/// A person answered: whoever waited for us waits no more.
pub(crate) fn answered(ticket: &mut Ticket, at: Timestamp) {
    ticket.promised = None;
    end(&mut ticket.first_response, at);
    end(&mut ticket.next_response, at);
}

/// The customer wrote: the next answer is owed since their oldest message that has none.
pub(crate) fn asked(ticket: &mut Ticket, at: Timestamp) {
    let is_first = ticket.first_response.met_at.is_none();
    let is_running = ticket.next_response.started_at.is_some() && ticket.next_response.met_at.is_none();
    if !is_first && !is_running {
        ticket.next_response = Clock { started_at: Some(at), ..Clock::default() };
    }
}

pub(crate) fn end(clock: &mut Clock, at: Timestamp) {
    if clock.started_at.is_some() && clock.met_at.is_none() {
        clock.met_at = Some(at);
        clock.breached = clock.due_at.is_some_and(|due| at > due);
    }
}

/// Whether a clock runs: started, not ended, not standing still, with a target.
#[must_use]
pub fn runs(clock: &Clock) -> bool {
    clock.started_at.is_some() && clock.due_at.is_some() && clock.met_at.is_none() && clock.paused_at.is_none()
}
