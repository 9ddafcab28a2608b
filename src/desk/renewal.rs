//! What the requester was promised will not be kept: they hear so, with a new time, while the old one still stands.
//!
//! The promise is what they were told, in the acknowledgement or by a word of theirs; what an SLA asks of us is another
//! matter and stays broken. Each new time is twice as far off as the one before, and there are few, so that nobody is put
//! off without end.

use jiff::{SignedDuration, Timestamp};

use crate::calendar::Span;
use crate::change::Change;
use crate::customer_mail::{self, Text};
use crate::follow_up;
use crate::policy::Policy;
use crate::promise::{self, Measure};
use crate::ticket::{Clock, Promised, Status, Ticket};

/// So many hundredths of the promised time have passed: an answer is still possible, but no longer likely. Where that
/// leaves no hour of the day at their place, earlier ones are tried.
const PERCENTS: [i128; 3] = [90, 80, 75];
/// So often a promise is put off at most.
const RENEWALS_MAX: u8 = 3;
/// So long before the promised time they hear at the latest, if they are to hear within their hours.
const AHEAD_MIN: SignedDuration = SignedDuration::from_mins(15);

/// The clock of the answer that is owed.
fn owed(ticket: &Ticket) -> Option<(Measure, &Clock)> {
    let clocks = [Measure::FirstResponse, Measure::NextResponse].map(|measure| (measure, measure.of(ticket)));
    clocks.into_iter().find(|(_, clock)| clock.started_at.is_some() && clock.met_at.is_none())
}

/// When the requester should hear of it: within the hours at their place if there are any before the time has come.
pub(crate) fn at(policy: &Policy, ticket: &Ticket) -> Option<Timestamp> {
    let promised = ticket.promised.as_ref().filter(|promised| promised.renewals < RENEWALS_MAX)?;
    let is_ours = matches!(ticket.status, Status::New | Status::Open | Status::OnHold);
    let (_, clock) = owed(ticket).filter(|_| is_ours)?;
    let calendar = promise::calendar_of(policy, ticket)?;
    let started_at = clock.started_at?;
    let whole = calendar.open_between(started_at, promised.until).as_millis();
    let reached = |percent: i128| {
        let part = SignedDuration::from_millis(i64::try_from(whole * percent / 100).ok()?);
        calendar.after(started_at, Span::Open(part))
    };
    let polite =
        |at: Timestamp| follow_up::in_hours(policy, ticket, at).filter(|at| at.duration_until(promised.until) >= AHEAD_MIN);
    PERCENTS.into_iter().filter_map(reached).find_map(polite).or_else(|| reached(PERCENTS[0]))
}

/// Tells the new time.
pub(crate) fn renew(change: &mut Change<'_>) {
    let Some(Promised { until, renewals }) = change.ticket.promised.clone() else { return };
    let Some(next) = next(change.policy, &change.ticket, (until.max(change.at()), renewals)) else { return };
    change.ticket.promised = Some(Promised { until: next, renewals: renewals.saturating_add(1) });
    let text = Text { promised: Some((until, next)), ..Text::default() };
    if customer_mail::send(change, "new-time", &text) {
        change.tell("promise_renewed", "frontdesk", format!("{until:.0} → {next:.0}"));
    }
}

/// A whole target after the old time, twice that the second time, and so on.
fn next(policy: &Policy, ticket: &Ticket, (until, renewals): (Timestamp, u8)) -> Option<Timestamp> {
    let calendar = promise::calendar_of(policy, ticket)?;
    let (measure, clock) = owed(ticket)?;
    let sla = promise::sla_of(policy, ticket)?;
    let targets = match measure {
        Measure::FirstResponse => &sla.first_response,
        Measure::NextResponse | Measure::Resolution => &sla.next_response,
    };
    let Some(target) = targets[ticket.priority as usize] else {
        // Nothing is asked of us any more: as long again as they have been put off already.
        return calendar.after(until, Span::Open(calendar.open_between(clock.started_at?, until)));
    };
    (0..1_u32 << renewals.min(RENEWALS_MAX)).try_fold(until, |at, _| calendar.after(at, target))
}
