//! What happens by itself while a customer is silent and after a matter is closed: nudges, closing, the question whether it
//! is still fine.
//!
//! All of it is automatic mail: never to whoever asked us to stop, never while a ticket is muted, never outside of the hours
//! at the customer's place, and never more than the file lists in one silence.

use std::borrow::Cow;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::act;
use crate::calendar::{Calendar, SCAN_DAYS_MAX};
use crate::change::Change;
use crate::customer_mail::{self, Text};
use crate::decision::Direction;
use crate::policy::{FollowUp, Policy, Then};
use crate::promise;
use crate::ticket::{Silence, Status, Ticket};

/// What an away notice without a date moves a silence by.
const AWAY_FOR: SignedDuration = SignedDuration::from_hours(72);

/// When the next entry of `follow_up.silent` is due.
pub(crate) fn next_at(policy: &Policy, ticket: &Ticket) -> Option<Timestamp> {
    let silence = ticket.silence.as_ref().filter(|_| ticket.status == Status::Pending && ticket.snoozed_until.is_none())?;
    let entry = policy.follow_up.silent.get(silence.done as usize)?;
    in_hours(policy, ticket, business(policy, ticket).after(silence.since, entry.after)?)
}

/// When it is asked whether it is still fine.
pub(crate) fn check_in_at(policy: &Policy, ticket: &Ticket) -> Option<Timestamp> {
    let check_in = policy.follow_up.check_in.as_ref()?;
    let applies = ticket.status == Status::Solved && !ticket.checked_in && ticket.rating.is_none();
    if !applies || (!check_in.types.is_empty() && !check_in.types.contains(&ticket.ticket_type)) {
        return None;
    }
    let at = in_hours(policy, ticket, business(policy, ticket).after(ticket.solved_at?, check_in.after)?)?;
    // A ticket that nobody can reopen any more is not asked about.
    let ends_at = ticket.solved_at?.checked_add(policy.reopen_within).ok()?;
    (at < ends_at).then_some(at)
}

/// Works off the newest entry that is due. Those that it has overtaken are not made up for.
pub(crate) fn work_off(change: &mut Change<'_>) {
    let policy = change.policy;
    let Some(silence) = change.ticket.silence.clone() else { return };
    let calendar = business(policy, &change.ticket);
    let is_due = |entry: &&crate::policy::Silent| calendar.after(silence.since, entry.after).is_some_and(|at| at <= change.at());
    let due = policy.follow_up.silent.iter().take_while(is_due).count();
    let last = due.max(silence.done as usize + 1).min(policy.follow_up.silent.len());
    let skipped = last.saturating_sub(silence.done as usize + 1);
    if skipped > 0 {
        change.trace("follow_up", "skipped", format!("{skipped} overtaken by a later one"));
    }
    let Some(entry) = policy.follow_up.silent.get(last - 1) else { return };
    change.ticket.silence = Some(Silence { done: u32::try_from(last).unwrap_or(u32::MAX), ..silence });
    match &entry.then {
        Then::Send(template) => {
            let text = Text { closes_at: closes_at(policy, &change.ticket), ..question(change) };
            if customer_mail::send(change, template, &text) {
                change.tell("nudged", "frontdesk", format!("{template} to {}", change.ticket.requester.address));
            }
        }
        Then::Close(reason) => close(change, reason),
    }
}

/// The next entry that closes, for the customer to know.
fn closes_at(policy: &Policy, ticket: &Ticket) -> Option<Timestamp> {
    let silence = ticket.silence.as_ref()?;
    let entry = policy.follow_up.silent.iter().find(|entry| matches!(entry.then, Then::Close(_)))?;
    in_hours(policy, ticket, business(policy, ticket).after(silence.since, entry.after)?)
}

fn close(change: &mut Change<'_>, reason: &str) {
    let from = change.ticket.status.as_str();
    change.tell("solved", "frontdesk", format!("{from} → solved: {reason}"));
    change.ticket.status = Status::Solved;
    change.ticket.solved_at = Some(change.at());
    // Who did not answer is not asked again whether it is still fine.
    change.ticket.checked_in = true;
    closing_mail(change, true);
    act::remember_told(change, "frontdesk");
}

/// The mail that says that it is closed, how to reopen it, and asks what they thought.
pub(crate) fn closing_mail(change: &mut Change<'_>, by_silence: bool) {
    let policy = change.policy;
    let Some(closed) = &policy.follow_up.closed else { return };
    let done = if by_silence { None } else { change.ticket.answered.as_ref().map(|answered| answered.excerpt.clone()) };
    let rated_at = change.event.around.contact.rating_asked_at;
    let asks_rating = closed.rating_every.is_some_and(|every| {
        !by_silence && rated_at.is_none_or(|asked| asked.duration_until(change.at()) >= every) && change.ticket.rating.is_none()
    });
    let text = Text { done, asks_rating, by_silence, undoable: !by_silence, ..Text::default() };
    if customer_mail::send(change, &closed.send, &text) {
        change.tell("closing_mailed", "frontdesk", change.ticket.requester.address.to_string());
        if asks_rating {
            change.ask_rating();
        }
    }
}

/// Asks once, some time after closing, whether it is still fine.
pub(crate) fn check_in(change: &mut Change<'_>) {
    let policy = change.policy;
    let Some(check_in) = policy.follow_up.check_in.as_ref().filter(|_| change.ticket.status == Status::Solved) else { return };
    change.ticket.checked_in = true;
    if customer_mail::send(change, &check_in.send, &Text::default()) {
        change.tell("checked_in", "frontdesk", change.ticket.requester.address.to_string());
    }
}

/// The requester is away: their silence counts from the day they are back, also one that begins meanwhile. Nothing else
/// changes.
pub(crate) fn shift(ticket: &mut Ticket, policy: &Policy, at: Timestamp, returns_on: Option<Date>) {
    let zone = zone(policy, ticket);
    let back_at = returns_on.and_then(|date| date.to_zoned(zone).ok()).map(|zoned| zoned.timestamp());
    let back_at = back_at.or_else(|| at.checked_add(AWAY_FOR).ok()).unwrap_or(at);
    ticket.back_at = Some(back_at);
    if let Some(silence) = &mut ticket.silence {
        silence.since = silence.since.max(back_at);
    }
}

/// What was asked last, for a nudge to repeat. Nothing of a private inbox stands in automatic mail.
fn question(change: &Change<'_>) -> Text {
    let last_out = change.event.around.last_out.as_ref().filter(|message| message.direction == Direction::Out);
    let question = last_out.filter(|_| !change.ticket.private).map(|message| message.text.clone());
    let excerpt = change.ticket.answered.as_ref().filter(|_| !change.ticket.private).map(|answered| answered.excerpt.clone());
    Text { question: question.or(excerpt).filter(|text| !act::excerpt(text).is_empty()), ..Text::default() }
}

/// The calendar that counts business days: the file's, else that of the promise, else Monday to Friday.
fn business<'p>(policy: &'p Policy, ticket: &Ticket) -> Cow<'p, Calendar> {
    let named = policy.follow_up.calendar.as_ref().and_then(|name| policy.calendars.get(name));
    match named.or_else(|| promise::calendar_of(policy, ticket).filter(|calendar| calendar.name != "always")) {
        Some(calendar) => Cow::Borrowed(calendar),
        None => Cow::Owned(Calendar::weekdays(policy.company.timezone.clone())),
    }
}

/// The zone of the customer, as far as their mail told it.
pub(crate) fn zone(policy: &Policy, ticket: &Ticket) -> TimeZone {
    let offset = ticket.utc_offset_minutes.and_then(|minutes| Offset::from_seconds(i32::from(minutes) * 60).ok());
    offset.map_or_else(|| policy.company.timezone.clone(), TimeZone::fixed)
}

/// The first instant from `at` on within the hours at the customer's place, on a day on which we are open.
pub(crate) fn in_hours(policy: &Policy, ticket: &Ticket, at: Timestamp) -> Option<Timestamp> {
    let FollowUp { hours: (opens, closes), .. } = &policy.follow_up;
    let (zone, calendar) = (zone(policy, ticket), business(policy, ticket));
    let start = at.to_zoned(zone.clone());
    let mut date = start.date();
    for day in 0..SCAN_DAYS_MAX {
        let is_first = day == 0;
        let too_late = is_first && start.time() >= *closes;
        if is_business_day(&calendar, date) && !too_late {
            if is_first && start.time() >= *opens {
                return Some(at);
            }
            return zone.to_ambiguous_timestamp(date.to_datetime(*opens)).compatible().ok();
        }
        date = date.checked_add(1.day()).ok()?;
    }
    None
}

fn is_business_day(calendar: &Calendar, date: Date) -> bool {
    calendar.opens_on(date) && (calendar.name != "always" || !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday))
}

/// When customer mail leaves, where the file does not say.
#[must_use]
pub(crate) fn default_hours() -> (Time, Time) {
    (Time::constant(9, 0, 0, 0), Time::constant(16, 0, 0, 0))
}
