//! Calendars and SLAs.

use std::collections::{BTreeMap, BTreeSet};

use desk::calendar::{Calendar, Span};
use desk::policy::Sla;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::{Compiler, Kind};
use crate::config::problem::Code;
use crate::config::raw::{RawCalendar, RawSla, RawTargets};
use crate::config::read::{At, Named, OneOrMany};
use crate::config::source::beside;
use crate::config::value::read_time;

/// Yearly holidays are counted so many years from their first.
const YEARS_AHEAD: i16 = 60;
/// An event longer than a year is a mistake.
const EVENT_DAYS_MAX: i32 = 366;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Compiler<'_> {
    pub(super) fn calendars(&mut self, raw: Option<&Named<RawCalendar>>, zone: &TimeZone) -> BTreeMap<String, Calendar> {
        let mut calendars = BTreeMap::new();
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            let who = format!("calendar \"{}\"", name.value);
            if name.value == "always" {
                self.report.add(Code::Duplicate, name.at, "the calendar \"always\" is built in", "give yours another name");
                continue;
            }
            self.missing("hours", &raw.keys, name.at, &who);
            let zone = raw.timezone.as_ref().and_then(|zone| self.zone(zone)).unwrap_or_else(|| zone.clone());
            let hours = raw.hours.as_ref().map_or_else(Default::default, |hours| self.hours(hours, &who));
            let mut closed: BTreeSet<Date> = raw.closed.iter().flatten().flat_map(|days| days.value.0.iter().copied()).collect();
            if let Some(ics) = &raw.ics {
                closed.extend(self.holidays(ics, &who));
            }
            let calendar = Calendar { name: name.value.clone(), zone, hours, closed };
            calendars.insert(name.value.clone(), calendar);
        }
        calendars.insert("always".to_owned(), Calendar::always(zone.clone()));
        calendars
    }

    /// Days of a file of holidays (RFC 5545): every all-day event closes its days, yearly ones for the years around.
    fn holidays(&mut self, file: &At<String>, who: &str) -> Vec<Date> {
        let path = beside(file.at, &file.value, &self.report);
        let text = match self.environment.read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => {
                self.report.add(Code::Unreadable, file.at, format!("the calendar file of {who} is not UTF-8"), "");
                return Vec::new();
            }
            Err(error) => {
                self.report.add(
                    Code::Unreadable,
                    file.at,
                    format!("the calendar file of {who} cannot be read"),
                    error.to_string(),
                );
                return Vec::new();
            }
        };
        let days = closed_days(&text);
        if days.is_empty() {
            let label = "expected VEVENTs with DTSTART;VALUE=DATE";
            self.report.add(Code::BadValue, file.at, format!("the calendar file of {who} closes no day"), label);
        }
        days
    }

    fn hours(&mut self, raw: &Named<OneOrMany<At<String>>>, who: &str) -> [Vec<(Time, Time)>; 7] {
        let mut hours: [Vec<(Time, Time)>; 7] = Default::default();
        for (days, spans) in &raw.0 {
            let Some(days) = self.days(days) else { continue };
            for span in &spans.0 {
                let read = span.value.split_once('-').and_then(|(from, to)| Some((read_time(from)?, read_time(to)?)));
                let Some((from, to)) = read.filter(|(from, to)| from < to) else {
                    let message = format!("\"{}\" are no hours", span.value);
                    self.report.add(Code::BadValue, span.at, message, "from and to on the same day, such as \"09:00-17:30\"");
                    continue;
                };
                for day in &days {
                    if hours[*day].iter().any(|(open, close)| from < *close && *open < to) {
                        let message = format!("{who} opens twice at the same time on {}", DAYS[*day]);
                        self.report.add(Code::Contradiction, span.at, message, "the spans overlap");
                        break;
                    } else {
                        hours[*day].push((from, to));
                    }
                }
            }
        }
        for day in &mut hours {
            day.sort();
        }
        hours
    }

    /// `mon`, `mon-thu`, `fri-mon`, with commas between.
    fn days(&mut self, key: &At<String>) -> Option<Vec<usize>> {
        let day = |name: &str| DAYS.iter().position(|day| *day == name.trim().to_lowercase());
        let mut all = Vec::new();
        for part in key.value.split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (Some(from), Some(to)) = (day(from), day(to)) else {
                let message = format!("\"{}\" are no days of the week", key.value);
                self.report.add(Code::BadValue, key.at, message, "such as mon, mon-thu; mon tue wed thu fri sat sun");
                return None;
            };
            let length = (to + 7 - from) % 7;
            all.extend((0..=length).map(|step| (from + step) % 7));
        }
        Some(all)
    }

    pub(super) fn slas(&mut self, raw: Option<&Named<RawSla>>) -> BTreeMap<String, Sla> {
        let mut slas = BTreeMap::new();
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            let who = format!("SLA \"{}\"", name.value);
            if let Some(calendar) = &raw.calendar {
                self.reference(Kind::Calendar, calendar, &who);
            }
            if let Some(promise) = &raw.promise {
                self.word(promise, "promise", &[("target", ()), ("measured", ())]);
            }
            for person in raw.escalate.iter().flatten() {
                self.reference_any(&[Kind::Agent, Kind::Team, Kind::Notify], &["owner", "lead", "team"], person, &who);
            }
            if ["first_response", "next_response", "resolution"].iter().all(|key| !raw.has(key)) {
                self.report.add(Code::MissingKey, name.at, format!("{who} promises nothing"), "give it `first_response`");
            }
            let sla = Sla {
                name: name.value.clone(),
                calendar: raw.calendar.as_ref().map_or("always".to_owned(), |calendar| calendar.value.clone()),
                first_response: self.targets(raw.first_response.as_ref(), &who),
                next_response: self.targets(raw.next_response.as_ref(), &who),
                resolution: self.targets(raw.resolution.as_ref(), &who),
                escalate: raw.escalate.iter().flatten().map(|person| person.value.clone()).collect(),
                promises_measured: raw.promise.as_ref().is_some_and(|promise| promise.value == "measured"),
            };
            slas.insert(name.value.clone(), sla);
        }
        slas
    }

    /// Indexed by priority, low first. A promise to an urgent ticket that is longer than one to a low one is a mistake.
    fn targets(&mut self, raw: Option<&RawTargets>, who: &str) -> [Option<Span>; 4] {
        let Some(raw) = raw else { return [None; 4] };
        let all = [&raw.low, &raw.normal, &raw.high, &raw.urgent];
        for pair in all.iter().filter_map(|target| target.as_ref()).collect::<Vec<_>>().windows(2) {
            let (Span::Open(slow), Span::Open(fast)) = (pair[0].value, pair[1].value) else { continue };
            if fast > slow {
                let message = format!("{who} gives a more urgent ticket more time");
                self.report.add(Code::Contradiction, pair[1].at, message, "longer than for the priority below");
            }
        }
        for target in all.into_iter().flatten() {
            if target.value == Span::Open(SignedDuration::ZERO) {
                self.report.add(Code::BadValue, target.at, format!("{who} promises what nobody can keep"), "more than 0");
            }
        }
        all.map(|target| target.as_ref().map(|target| target.value))
    }
}

/// The days that all-day events cover, yearly ones for the years to come.
fn closed_days(text: &str) -> Vec<Date> {
    let read = |text: &str| Date::strptime("%Y%m%d", text).ok();
    let mut days = Vec::new();
    for event in mail::calendar::all_day_events(text) {
        let Some(first) = read(&event.start) else { continue };
        let end = event.end.as_deref().and_then(read);
        let count = end.and_then(|end| first.until(end).ok()).map_or(1, |span| span.get_days()).clamp(1, EVENT_DAYS_MAX);
        for year in 0..if event.yearly { YEARS_AHEAD } else { 1 } {
            let Ok(first) = first.checked_add(jiff::Span::new().years(year)) else { break };
            days.extend((0..count).filter_map(|day| first.checked_add(jiff::Span::new().days(day)).ok()));
        }
    }
    days
}
