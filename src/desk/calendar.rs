//! Opening hours: when time counts.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// A calendar that opens on no day within so many days never opens for us.
pub const SCAN_DAYS_MAX: u32 = 400;

/// Days of the week as customers read them, Monday first.
const DAYS_EN: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAYS_DE: [&str; 7] = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"];

/// A target: `4h` of open time, or `2bd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Open time.
    Open(SignedDuration),
    /// The same time of day, so many open days later.
    BusinessDays(u32),
}

/// Weekly hours with exceptions, in one time zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Key; `always` is built in.
    pub name: String,
    /// Zone in which the hours are meant.
    pub zone: TimeZone,
    /// Open spans per weekday, Monday first, ascending and disjoint. An end of midnight is `24:00`, kept as `Time::MAX`.
    pub hours: [Vec<(Time, Time)>; 7],
    /// Days on which it stays closed.
    pub closed: BTreeSet<Date>,
}

impl Calendar {
    /// The calendar that never closes.
    #[must_use]
    pub fn always(zone: TimeZone) -> Self {
        Self {
            name: "always".to_owned(),
            zone,
            hours: std::array::from_fn(|_| vec![(Time::midnight(), Time::MAX)]),
            closed: BTreeSet::new(),
        }
    }

    /// Open from midnight to midnight, Monday to Friday.
    #[must_use]
    pub fn weekdays(zone: TimeZone) -> Self {
        let mut calendar = Self::always(zone);
        calendar.name = "weekdays".to_owned();
        calendar.hours[5].clear();
        calendar.hours[6].clear();
        calendar
    }

    /// Open at that instant.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone()).datetime();
        self.spans(local.date()).iter().any(|(from, to)| *from <= local.time() && local.time() < *to)
    }

    /// The instant at which `span` has passed since `start`.
    ///
    /// `None` if the calendar does not open within [`SCAN_DAYS_MAX`] days. Never earlier than `start`.
    #[must_use]
    pub fn after(&self, start: Timestamp, span: Span) -> Option<Timestamp> {
        match span {
            Span::Open(length) => self.after_open_time(start, length),
            Span::BusinessDays(days) => self.after_business_days(start, days),
        }
    }

    /// The first instant from `start` on at which it is open.
    #[must_use]
    pub fn next_opening(&self, start: Timestamp) -> Option<Timestamp> {
        self.open_spans(start).next().map(|(from, _)| from)
    }

    /// Open time between two instants; zero where `to` is not later. At most [`SCAN_DAYS_MAX`] days are looked at.
    #[must_use]
    pub fn open_between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let mut open = SignedDuration::ZERO;
        for (opens, closes) in self.open_spans(from).take_while(|(opens, _)| *opens < to) {
            open = open.saturating_add(opens.duration_until(closes.min(to)));
        }
        open
    }

    /// `Mon-Thu 9:00-17:30, Fri 9:00-16:00 (London)`; `None` where it never closes or never opens.
    #[must_use]
    pub fn in_words(&self, language: &str) -> Option<String> {
        let days = if language.starts_with("de") { DAYS_DE } else { DAYS_EN };
        if self.name == "always" {
            return None;
        }
        let time =
            |time: Time| if time == Time::MAX { "24:00".to_owned() } else { format!("{}:{:02}", time.hour(), time.minute()) };
        let mut parts = Vec::new();
        let mut first = 0;
        while first < self.hours.len() {
            let hours = &self.hours[first];
            let last = (first..self.hours.len()).take_while(|day| self.hours[*day] == *hours).last().unwrap_or(first);
            let spans: Vec<String> = hours.iter().map(|(from, to)| format!("{}-{}", time(*from), time(*to))).collect();
            let whole = if last > first { format!("{}-{}", days[first], days[last]) } else { days[first].to_owned() };
            if !spans.is_empty() {
                parts.push(format!("{whole} {}", spans.join(" + ")));
            }
            first = last + 1;
        }
        let zone = self.zone.iana_name().map(|name| name.rsplit('/').next().unwrap_or(name).replace('_', " "));
        let zone = zone.map_or_else(String::new, |zone| format!(" ({zone})"));
        (!parts.is_empty()).then(|| format!("{}{zone}", parts.join(", ")))
    }

    /// Open at some time of that day.
    #[must_use]
    pub fn opens_on(&self, date: Date) -> bool {
        !self.spans(date).is_empty()
    }

    fn after_open_time(&self, start: Timestamp, length: SignedDuration) -> Option<Timestamp> {
        let mut left = length;
        for (from, to) in self.open_spans(start) {
            let open = from.duration_until(to);
            if left <= open {
                return Some(from + left);
            }
            left = left.saturating_sub(open);
        }
        None
    }

    /// The same time of day on the n-th open day after the day of `start`, pulled into that day's hours. A start outside
    /// of the hours counts from the next opening.
    fn after_business_days(&self, start: Timestamp, days: u32) -> Option<Timestamp> {
        let from = self.next_opening(start)?.to_zoned(self.zone.clone());
        let mut date = from.date();
        let mut left = days;
        for _ in 0..SCAN_DAYS_MAX {
            if left == 0 {
                break;
            }
            date = date.checked_add(1.day()).ok()?;
            if !self.spans(date).is_empty() {
                left -= 1;
            }
        }
        if left > 0 {
            return None;
        }
        let spans = self.spans(date);
        let wanted = from.time();
        let time = spans
            .iter()
            .find(|(_, to)| wanted < *to)
            .map(|(open, _)| wanted.max(*open))
            .or_else(|| spans.last().map(|(_, to)| *to))?;
        Some(self.instant(date, time))
    }

    /// Open spans as instants, ascending, the first one cut at `start`.
    fn open_spans(&self, start: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let first = start.to_zoned(self.zone.clone()).date();
        (0..SCAN_DAYS_MAX)
            .filter_map(move |day| first.checked_add(i64::from(day).days()).ok())
            .flat_map(move |date| {
                self.spans(date).iter().map(move |(from, to)| (self.instant(date, *from), self.instant_of_end(date, *to)))
            })
            .filter_map(move |(from, to)| {
                let from = from.max(start);
                (from < to).then_some((from, to))
            })
    }

    fn spans(&self, date: Date) -> &[(Time, Time)] {
        if self.closed.contains(&date) { &[] } else { &self.hours[weekday_index(date.weekday())] }
    }

    /// The civil time in this zone; in a gap of daylight saving the time after it (RFC 5545 §3.3.5).
    fn instant(&self, date: Date, time: Time) -> Timestamp {
        self.zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().unwrap_or(Timestamp::MAX)
    }

    fn instant_of_end(&self, date: Date, time: Time) -> Timestamp {
        if time == Time::MAX {
            let next = date.checked_add(1.day()).unwrap_or(date);
            return self.instant(next, Time::midnight());
        }
        self.instant(date, time)
    }
}

/// Monday is 0.
#[must_use]
pub fn weekday_index(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn office() -> Calendar {
        let day = vec![(time(9, 0, 0, 0), time(17, 30, 0, 0))];
        let friday = vec![(time(9, 0, 0, 0), time(16, 0, 0, 0))];
        Calendar {
            name: "office".into(),
            zone: TimeZone::get("Europe/London").expect("bundled"),
            hours: [day.clone(), day.clone(), day.clone(), day, friday, vec![], vec![]],
            closed: [date(2026, 12, 25)].into(),
        }
    }

    fn check(start: &str, span: Span, expect: &str) {
        let start: Timestamp = start.parse().expect("instant");
        assert_eq!(office().after(start, span).expect("opens").to_string(), expect);
    }

    #[test]
    fn hours_count_only_while_open() {
        let four_hours = Span::Open(SignedDuration::from_hours(4));
        check("2026-11-23T09:00:00Z", four_hours, "2026-11-23T13:00:00Z");
        check("2026-11-23T15:30:00Z", four_hours, "2026-11-24T11:00:00Z");
        check("2026-11-27T15:00:00Z", four_hours, "2026-11-30T12:00:00Z");
    }

    #[test]
    fn a_business_day_is_the_same_time_on_the_next_open_day() {
        check("2026-11-23T10:15:00Z", Span::BusinessDays(1), "2026-11-24T10:15:00Z");
        check("2026-11-26T17:00:00Z", Span::BusinessDays(1), "2026-11-27T16:00:00Z");
        check("2026-12-24T10:00:00Z", Span::BusinessDays(1), "2026-12-28T10:00:00Z");
        check("2026-11-22T10:00:00Z", Span::BusinessDays(1), "2026-11-24T09:00:00Z");
    }

    #[test]
    fn daylight_saving_moves_the_instant_but_not_the_clock_on_the_wall() {
        check("2026-10-23T14:00:00Z", Span::BusinessDays(1), "2026-10-26T15:00:00Z");
    }

    #[test]
    fn open_time_is_what_lies_within_the_hours() {
        let open = |from: &str, to: &str| {
            let at = |text: &str| text.parse::<Timestamp>().expect("instant");
            office().open_between(at(from), at(to)).as_secs() / 60
        };
        assert_eq!(open("2026-11-23T09:00:00Z", "2026-11-23T13:00:00Z"), 240);
        assert_eq!(open("2026-11-27T15:00:00Z", "2026-11-30T10:00:00Z"), 120, "over a weekend");
        assert_eq!(open("2026-11-23T13:00:00Z", "2026-11-23T09:00:00Z"), 0, "backwards");
        // The clocks go back on 25 October: the night is an hour longer, the days are not.
        assert_eq!(open("2026-10-23T08:00:00Z", "2026-10-26T17:30:00Z"), 420 + 510);
    }

    #[test]
    fn always_is_open_across_midnight() {
        let always = Calendar::always(TimeZone::UTC);
        let start: Timestamp = "2026-11-22T23:30:00Z".parse().expect("instant");
        let due = always.after(start, Span::Open(SignedDuration::from_hours(2))).expect("opens");
        assert_eq!(due.to_string(), "2026-11-23T01:30:00Z");
    }
}
