//! What the requester was promised will not be kept: they hear so, with a new time, while the old one still stands.
//!
//! The promise is what they were told, in the acknowledgement or by a word of theirs; what an SLA asks of us is another
//! matter and stays broken. It is renewed once for each wait, so that nobody is put off without end.

use jiff::{SignedDuration, Timestamp};

use crate::calendar::Span;
use crate::change::Change;
use crate::customer_mail::{self, Text};
use crate::follow_up;
use crate::policy::Policy;
use crate::promise::{self, Measure};
use crate::ticket::{Clock, Promised, Status, Ticket};

/// So many hundredths of the promised time have passed: an answer is still possible, but no longer likely.
const PERCENT: i128 = 90;

/// The clock of the answer that is owed.
fn owed(ticket: &Ticket) -> Option<(Measure, &Clock)> {
    let clocks = [Measure::FirstResponse, Measure::NextResponse].map(|measure| (measure, measure.of(ticket)));
    clocks.into_iter().find(|(_, clock)| clock.started_at.is_some() && clock.met_at.is_none())
}

/// When the requester should hear of it: within the hours at their place if there are any before the time has come.
pub(crate) fn at(policy: &Policy, ticket: &Ticket) -> Option<Timestamp> {
    let promised = ticket.promised.as_ref().filter(|promised| !promised.renewed)?;
    let is_ours = matches!(ticket.status, Status::New | Status::Open | Status::OnHold);
    let (_, clock) = owed(ticket).filter(|_| is_ours)?;
    let calendar = promise::calendar_of(policy, ticket)?;
    let whole = calendar.open_between(clock.started_at?, promised.until).as_millis();
    let part = SignedDuration::from_millis(i64::try_from(whole * PERCENT / 100).ok()?);
    let at = calendar.after(clock.started_at?, Span::Open(part))?;
    let polite = follow_up::in_hours(policy, ticket, at);
    Some(polite.filter(|polite| *polite < promised.until).unwrap_or(at))
}

/// Tells the new time: as long again as was promised for the answer that is owed.
pub(crate) fn renew(change: &mut Change<'_>) {
    let Some(Promised { until, renewed: false }) = change.ticket.promised.clone() else { return };
    let Some(next) = next(change.policy, &change.ticket, until, change.at()) else { return };
    change.ticket.promised = Some(Promised { until: next, renewed: true });
    let text = Text { promised: Some((until, next)), ..Text::default() };
    if customer_mail::send(change, "new-time", &text) {
        change.tell("promise_renewed", "frontdesk", format!("{until} → {next}"));
    }
}

/// The first instant that lies a whole target after the old one, and ahead.
fn next(policy: &Policy, ticket: &Ticket, until: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let calendar = promise::calendar_of(policy, ticket)?;
    let (measure, clock) = owed(ticket)?;
    let sla = promise::sla_of(policy, ticket)?;
    let targets = match measure {
        Measure::FirstResponse => &sla.first_response,
        Measure::NextResponse | Measure::Resolution => &sla.next_response,
    };
    let whole = Span::Open(calendar.open_between(clock.started_at?, until));
    calendar.after(until.max(now), targets[ticket.priority as usize].unwrap_or(whole))
}
