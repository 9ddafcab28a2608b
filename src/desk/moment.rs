//! Moments and spans as people write them: `2h`, `1bd`, `mon`, `tue 9:00`, `tomorrow`, `1 Dec`, `2026-12-01 14:00`.
//!
//! English and German words; dates in ISO form or with the day first and dots. What has two readings (`03/04`) is
//! refused, since a ticket that sleeps a month too long is a customer lost.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _, Zoned};

use crate::calendar::{self, Calendar};
use crate::remark::Remark;

/// Nobody means a date so many days ahead; a year with a wrong digit is caught.
const DAYS_AHEAD_MAX: i64 = 3 * 366;
/// Where the calendar names no hour, a day begins here.
const MORNING: Time = Time::constant(9, 0, 0, 0);
/// Work that is reported at once: a day and a night.
const MINUTES_MAX: u32 = 24 * 60;

/// What a moment depends on.
#[derive(Clone, Debug)]
pub struct Now<'a> {
    /// Now.
    pub at: Timestamp,
    /// Zone in which hours are meant.
    pub zone: TimeZone,
    /// Calendar of business days.
    pub calendar: &'a Calendar,
}

/// Reads the words of a moment.
///
/// # Errors
/// What is wrong with them: no moment, two readings, in the past, too far ahead.
pub fn read(now: &Now<'_>, words: &[&str]) -> Result<Timestamp, Remark> {
    let lower: Vec<String> = words.iter().map(|word| word.trim_end_matches([',', ';', '!']).to_lowercase()).collect();
    let said = words.join(" ");
    let lower: Vec<&str> = lower.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
    if lower.is_empty() {
        return Err(Remark::of(|say| say.say_moment));
    }
    let at = match span(now, &lower) {
        Some(at) => at,
        None => day_and_time(now, &lower, &said)?,
    };
    let at = at.ok_or_else(|| Remark::with(|say| say.beyond, &[("said", &said)]))?;
    if at <= now.at {
        return Err(Remark::with(|say| say.past, &[("said", &said)]));
    }
    if now.at.duration_until(at) > SignedDuration::from_hours(24 * DAYS_AHEAD_MAX) {
        return Err(Remark::with(|say| say.too_far, &[("said", &said)]));
    }
    Ok(at)
}

/// Reads worked time into minutes: `15m`, `1h30`, `1:30`, `1.5h`, `90`.
#[must_use]
pub fn minutes(words: &[&str]) -> Option<u32> {
    let joined = words.concat().to_lowercase().replace(',', ".");
    let minutes = match joined.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => number(hours)? * 60 + number(minutes).filter(|minutes| *minutes < 60)?,
        Some(_) => return None,
        None => match joined.split_once('.') {
            Some((whole, rest)) => fraction_of_hours(whole, rest)?,
            None => units(&joined)?,
        },
    };
    (1..=MINUTES_MAX).contains(&minutes).then_some(minutes)
}

/// `1` and `5h` of `1.5h`, in minutes; minutes have no fractions.
fn fraction_of_hours(whole: &str, rest: &str) -> Option<u32> {
    let digits = rest.trim_end_matches(char::is_alphabetic);
    if unit(&rest[digits.len()..]) != Some(Unit::Hour) || digits.is_empty() || digits.len() > 2 {
        return None;
    }
    let hundredths = number(digits)? * if digits.len() == 1 { 10 } else { 1 };
    Some(number(whole)? * 60 + (hundredths * 60).div_ceil(100))
}

/// `1h30m`, `1h30`, `45 min`, `90`.
fn units(text: &str) -> Option<u32> {
    let mut rest = text;
    let mut minutes = 0;
    let mut is_behind_hours = false;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let value = number(&rest[..digits])?;
        rest = &rest[digits..];
        let letters = rest.len() - rest.trim_start_matches(char::is_alphabetic).len();
        minutes += match (&rest[..letters], unit(&rest[..letters])) {
            (_, Some(Unit::Hour)) => value * 60,
            (_, Some(Unit::Minute)) => value,
            ("", _) if letters == rest.len() && (minutes == 0 || is_behind_hours) => value,
            _ => return None,
        };
        is_behind_hours = unit(&rest[..letters]) == Some(Unit::Hour);
        rest = &rest[letters..];
    }
    Some(minutes)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
    BusinessDay,
    Week,
    Month,
}

fn unit(word: &str) -> Option<Unit> {
    Some(match word.trim_end_matches('.') {
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" => Unit::Minute,
        "h" | "hr" | "hrs" | "hour" | "hours" | "std" | "stunde" | "stunden" => Unit::Hour,
        "d" | "day" | "days" | "t" | "tag" | "tage" | "tagen" => Unit::Day,
        "bd" | "werktag" | "werktage" | "werktagen" | "arbeitstag" | "arbeitstage" => Unit::BusinessDay,
        "w" | "week" | "weeks" | "wk" | "woche" | "wochen" => Unit::Week,
        "month" | "months" | "monat" | "monate" | "monaten" => Unit::Month,
        _ => return None,
    })
}

/// `2h`, `2 hours`, `in 1 day`, `3 business days`, `1h30m`. The outer `None` means: this is no span.
fn span(now: &Now<'_>, words: &[&str]) -> Option<Option<Timestamp>> {
    let words = match words {
        ["in" | "for" | "für", rest @ ..] => rest,
        whole => whole,
    };
    let (count, unit) = match words {
        [one] => {
            let digits = one.len() - one.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            match unit(&one[digits..]) {
                Some(unit) => (number(&one[..digits])?, unit),
                None if one.contains('h') => (units(one)?, Unit::Minute),
                None => return None,
            }
        }
        ["a" | "an" | "one" | "ein" | "eine" | "einen" | "einem" | "einer", unit_word] => (1, unit(unit_word)?),
        [count, "business" | "working", "day" | "days"] => (number(count)?, Unit::BusinessDay),
        [count, unit_word] => (number(count)?, unit(unit_word)?),
        _ => return None,
    };
    let civil = |span: Span| -> Option<Timestamp> {
        let local: Zoned = now.at.to_zoned(now.zone.clone());
        local.checked_add(span).ok().map(|then| then.timestamp())
    };
    let count_wide = i64::from(count);
    Some(match unit {
        Unit::Minute => now.at.checked_add(SignedDuration::from_mins(count_wide)).ok(),
        Unit::Hour => now.at.checked_add(SignedDuration::from_hours(count_wide)).ok(),
        Unit::Day => Span::new().try_days(count_wide).ok().and_then(civil),
        Unit::Week => Span::new().try_weeks(count_wide).ok().and_then(civil),
        Unit::Month => Span::new().try_months(count_wide).ok().and_then(civil),
        Unit::BusinessDay => now.calendar.after(now.at, calendar::Span::BusinessDays(count)),
    })
}

/// A day, a time, or both, in any order. The inner `None` means: the instant does not exist.
fn day_and_time(now: &Now<'_>, words: &[&str], said: &str) -> Result<Option<Timestamp>, Remark> {
    let no_moment = || Remark::with(|say| say.no_moment, &[("said", said)]);
    let local = now.at.to_zoned(now.zone.clone());
    let today = local.date();
    let mut day: Option<Day> = None;
    let mut time: Option<Time> = None;
    let mut is_next = false;
    let mut rest = words;
    while let Some((first, behind)) = rest.split_first() {
        let taken =
            if matches!(*first, "until" | "till" | "til" | "to" | "on" | "at" | "bis" | "um" | "den" | "zum" | "uhr" | "the") {
                1
            } else if matches!(*first, "next" | "nächsten" | "nächste" | "nächster") {
                is_next = true;
                1
            } else if let Some((found, taken)) = read_day(rest, today) {
                if day.replace(found?).is_some() {
                    return Err(no_moment());
                }
                taken
            } else if let Some((found, taken)) = read_time(rest) {
                if time.replace(found).is_some() {
                    return Err(no_moment());
                }
                taken
            } else if *first == "am" && !behind.is_empty() {
                // German "am Montag"; behind a number it was read with the time.
                1
            } else {
                return Err(no_moment());
            };
        rest = &rest[taken..];
    }
    let date = match (day, time) {
        (Some(Day::Date(date)), _) => date,
        (Some(Day::Weekday(weekday)), time) => {
            let is_still_today = !is_next && time.is_some_and(|time| time > local.time()) && today.weekday() == weekday;
            if is_still_today { today } else { following(today, weekday) }
        }
        (Some(Day::Week), _) => following(today, Weekday::Monday),
        (None, Some(time)) if time > local.time() => today,
        (None, Some(_)) => today.checked_add(1.day()).map_err(|_| no_moment())?,
        (None, None) => return Err(no_moment()),
    };
    let time = time.unwrap_or_else(|| opening(now, date));
    Ok(now.zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok())
}

enum Day {
    Date(Date),
    Weekday(Weekday),
    /// `next week`.
    Week,
}

/// The next such day after today.
fn following(today: Date, weekday: Weekday) -> Date {
    today.nth_weekday(1, weekday).unwrap_or(today)
}

/// When the calendar opens on that day, else nine o'clock.
fn opening(now: &Now<'_>, date: Date) -> Time {
    let midnight = now.zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight())).compatible();
    let opens = midnight.ok().and_then(|midnight| now.calendar.next_opening(midnight));
    let opens = opens.map(|opens| opens.to_zoned(now.zone.clone()));
    let opens = opens.filter(|opens| opens.date() == date && opens.time() != Time::midnight());
    opens.map_or(MORNING, |opens| opens.time())
}

/// A day at the front of the words, and how many words it takes.
fn read_day(words: &[&str], today: Date) -> Option<(Result<Day, Remark>, usize)> {
    let first = words.first()?;
    let beyond = || Remark::with(|say| say.beyond, &[("said", first)]);
    let days_ahead = |days: i64| today.checked_add(days.days()).map(Day::Date).map_err(|_| beyond());
    let simple = match *first {
        "today" | "heute" => days_ahead(0),
        "tomorrow" | "tmrw" | "morgen" => days_ahead(1),
        "übermorgen" | "uebermorgen" => days_ahead(2),
        "week" | "woche" => Ok(Day::Week),
        word => match (weekday(word), numeric_date(word, today)) {
            (Some(weekday), _) => Ok(Day::Weekday(weekday)),
            (None, Some(date)) => date.map(Day::Date),
            (None, None) => {
                let (date, taken) = named_date(words, today)?;
                return Some((date.map(Day::Date), taken));
            }
        },
    };
    Some((simple, 1))
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word.trim_end_matches('.') {
        "mon" | "monday" | "mo" | "montag" => Weekday::Monday,
        "tue" | "tues" | "tuesday" | "di" | "dienstag" => Weekday::Tuesday,
        "wed" | "weds" | "wednesday" | "mi" | "mittwoch" => Weekday::Wednesday,
        "thu" | "thur" | "thurs" | "thursday" | "do" | "donnerstag" => Weekday::Thursday,
        "fri" | "friday" | "fr" | "freitag" => Weekday::Friday,
        "sat" | "saturday" | "sa" | "samstag" | "sonnabend" => Weekday::Saturday,
        "sun" | "sunday" | "so" | "sonntag" => Weekday::Sunday,
        _ => return None,
    })
}

/// `2026-12-01`, `1.12.2026`, `1.12.`; a date with slashes is refused with the reason.
fn numeric_date(word: &str, today: Date) -> Option<Result<Date, Remark>> {
    let wrong = || Remark::with(|say| say.no_date, &[("word", word)]);
    if word.contains('/') && word.chars().all(|c| c.is_ascii_digit() || c == '/') {
        return Some(Err(Remark::with(|say| say.two_readings, &[("word", word)])));
    }
    let (separator, is_iso) = if word.contains('-') { ('-', true) } else { ('.', false) };
    let parts: Vec<&str> = word.split(separator).filter(|part| !part.is_empty()).collect();
    let numbers: Vec<i16> =
        parts.iter().map_while(|part| part.parse().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()))).collect();
    if numbers.len() != parts.len() || !word.contains(separator) {
        return None;
    }
    match (numbers.as_slice(), is_iso) {
        ([year, month, day], true) => Some(civil(*year, *month, *day).ok_or_else(wrong)),
        ([day, month, year], false) => {
            let year = if *year < 100 { 2000 + year } else { *year };
            Some(civil(year, *month, *day).ok_or_else(wrong))
        }
        // `9.30` is a time of day; a date without a year ends in a dot.
        ([day, month], false) if word.ends_with('.') => Some(coming(*month, *day, today).ok_or_else(wrong)),
        ([_, _], true) => Some(Err(wrong())),
        _ => None,
    }
}

/// `1 Dec`, `Dec 1`, `1. Dezember 2026`.
fn named_date(words: &[&str], today: Date) -> Option<(Result<Date, Remark>, usize)> {
    let day_of = |word: &str| {
        let digits = word.trim_end_matches(['.', ',']).trim_end_matches(char::is_alphabetic);
        number(digits).filter(|day| (1..=31).contains(day) && !word.contains(':')).and_then(|day| i16::try_from(day).ok())
    };
    let (first, second) = (words.first()?, words.get(1)?);
    let (day, month) = match (month(first), month(second)) {
        (Some(month), _) => (day_of(second)?, month),
        (None, Some(month)) => (day_of(first)?, month),
        (None, None) => return None,
    };
    let year =
        words.get(2).filter(|word| word.len() == 4).and_then(|word| number(word)).and_then(|year| i16::try_from(year).ok());
    let date = match year {
        Some(year) => civil(year, month, day),
        None => coming(month, day, today),
    };
    let taken = if year.is_some() { 3 } else { 2 };
    let wrong = || Remark::with(|say| say.no_date, &[("word", &format!("{first} {second}"))]);
    Some((date.ok_or_else(wrong), taken))
}

fn month(word: &str) -> Option<i16> {
    const NAMES: [&str; 12] = [
        "january januar jänner",
        "february februar feber",
        "march märz maerz mrz",
        "april",
        "may mai",
        "june juni",
        "july juli",
        "august",
        "september sept",
        "october oktober",
        "november",
        "december dezember",
    ];
    let word = word.trim_end_matches(['.', ',']);
    let fits = |name: &str| name == word || (word.chars().count() == 3 && name.starts_with(word));
    let found = NAMES.iter().position(|names| names.split(' ').any(fits))?;
    i16::try_from(found + 1).ok()
}

/// The next such day from today on.
fn coming(month: i16, day: i16, today: Date) -> Option<Date> {
    (0..=4).filter_map(|years| civil(today.year() + years, month, day)).find(|date| *date >= today)
}

fn civil(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A time of day at the front of the words, and how many words it takes: `9:00`, `9.30`, `9am`, `9 am`, `14h`, `14 uhr`.
fn read_time(words: &[&str]) -> Option<(Time, usize)> {
    let first = words.first()?;
    match *first {
        "noon" | "midday" | "mittag" | "mittags" => return Time::new(12, 0, 0, 0).ok().map(|time| (time, 1)),
        _ => {}
    }
    let digits = first.trim_end_matches(|c: char| c.is_alphabetic() || c == '.');
    let (suffix, taken) = match (&first[digits.len()..], words.get(1).copied()) {
        ("", Some(half @ ("am" | "pm" | "a.m." | "p.m." | "uhr"))) => (half, 2),
        (suffix, _) => (suffix, 1),
    };
    let (hour, minute) = match digits.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (number(hour)?, number(minute)?),
        Some(_) => return None,
        // A bare number may be an hour, a day or a count: it is asked for again.
        None if suffix.is_empty() => return None,
        None => (number(digits)?, 0),
    };
    let hour = match suffix {
        "am" | "a.m." => (1..=12).contains(&hour).then_some(hour % 12)?,
        "pm" | "p.m." => (1..=12).contains(&hour).then_some(hour % 12 + 12)?,
        "" | "h" | "uhr" => hour,
        _ => return None,
    };
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok().map(|time| (time, taken))
}

/// Up to six decimal digits.
fn number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn office() -> Calendar {
        let day = vec![(time(8, 30, 0, 0), time(17, 30, 0, 0))];
        Calendar {
            name: "office".into(),
            zone: TimeZone::get("Europe/London").expect("bundled"),
            hours: [day.clone(), day.clone(), day.clone(), day.clone(), day, vec![], vec![]],
            closed: [date(2026, 12, 25)].into(),
        }
    }

    /// Wednesday 25 November 2026, 10:00 in London.
    fn check(said: &str, expect: &str) {
        let calendar = office();
        let now = Now { at: "2026-11-25T10:00:00Z".parse().expect("instant"), zone: calendar.zone.clone(), calendar: &calendar };
        let words: Vec<&str> = said.split_whitespace().collect();
        let shown = match read(&now, &words) {
            Ok(at) => at.to_zoned(now.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
            Err(what) => what.to_string(),
        };
        assert_eq!(shown, expect, "{said}");
    }

    #[test]
    fn spans_count_from_now() {
        check("2h", "2026-11-25 12:00");
        check("90 minutes", "2026-11-25 11:30");
        check("1h30m", "2026-11-25 11:30");
        check("1 day", "2026-11-26 10:00");
        check("in 2 Wochen", "2026-12-09 10:00");
        check("3bd", "2026-11-30 10:00");
        check("1 business day", "2026-11-26 10:00");
        check("a week", "2026-12-02 10:00");
        check("200d", "2027-06-13 10:00");
    }

    #[test]
    fn days_begin_when_the_desk_opens() {
        check("mon", "2026-11-30 08:30");
        check("until Monday", "2026-11-30 08:30");
        check("wed", "2026-12-02 08:30");
        check("wed 17:00", "2026-11-25 17:00");
        check("next wed 17:00", "2026-12-02 17:00");
        check("tue 9:00", "2026-12-01 09:00");
        check("tomorrow", "2026-11-26 08:30");
        check("tomorrow at 2pm", "2026-11-26 14:00");
        check("next week", "2026-11-30 08:30");
        check("sat", "2026-11-28 09:00");
        check("am Montag um 14 Uhr", "2026-11-30 14:00");
        check("9 am", "2026-11-26 09:00");
        check("16.30", "2026-11-25 16:30");
    }

    #[test]
    fn dates_have_one_reading_or_none() {
        check("2026-12-01", "2026-12-01 08:30");
        check("2026-12-01 14:00", "2026-12-01 14:00");
        check("1.12.", "2026-12-01 08:30");
        check("1.12.2026 7:15", "2026-12-01 07:15");
        check("1 Dec", "2026-12-01 08:30");
        check("Dec 1st 9am", "2026-12-01 09:00");
        check("1. Februar", "2027-02-01 08:30");
        check("03/04/2027", "`03/04/2027` has two readings; write it as 2026-12-01");
        check("2026-13-01", "`2026-13-01` is no date; write it as 2026-12-01");
    }

    #[test]
    fn what_is_no_moment_to_come_is_refused() {
        let hint = "is no moment: 2h, 3d, 1bd, mon, tue 9:00, tomorrow, 2026-12-01 14:00";
        check("", "say until when: 2h, 3d, 1bd, mon, tue 9:00, 2026-12-01");
        check("soon", &format!("`soon` {hint}"));
        check("9", &format!("`9` {hint}"));
        check("mon tue", &format!("`mon tue` {hint}"));
        check("today 9:00", "`today 9:00` is in the past");
        check("2025-12-01", "`2025-12-01` is in the past");
        check("2062-12-01", "`2062-12-01` is more than three years ahead");
        check("0h", "`0h` is in the past");
        check("999999d", "`999999d` is more than three years ahead");
    }

    #[test]
    fn daylight_saving_keeps_the_clock_on_the_wall() {
        let calendar = office();
        let at: Timestamp = "2027-03-27T12:00:00Z".parse().expect("instant");
        let now = Now { at, zone: calendar.zone.clone(), calendar: &calendar };
        assert_eq!(read(&now, &["1d"]).expect("read").to_string(), "2027-03-28T11:00:00Z");
        assert_eq!(read(&now, &["24h"]).expect("read").to_string(), "2027-03-28T12:00:00Z");
        assert_eq!(read(&now, &["sun", "1:30"]).expect("read").to_string(), "2027-03-28T01:30:00Z");
    }

    #[test]
    fn worked_time_is_read_into_minutes() {
        for (said, expect) in [
            ("15m", Some(15)),
            ("90", Some(90)),
            ("1h30", Some(90)),
            ("1h 30m", Some(90)),
            ("1:30", Some(90)),
            ("1.5h", Some(90)),
            ("1,25 h", Some(75)),
            ("2 hours", Some(120)),
            ("0m", None),
            ("25h", None),
            ("1.5", None),
            ("-5m", None),
            ("long", None),
            ("", None),
        ] {
            let words: Vec<&str> = said.split_whitespace().collect();
            assert_eq!(minutes(&words), expect, "{said}");
        }
    }
}
