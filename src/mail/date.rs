//! The Date field (RFC 5322 §3.3) and RFC 3339 for output. A date that cannot be is none: nothing is computed from rubbish.

use std::borrow::Cow;

use mail_parser::DateTime;

use crate::machine_facts;
use crate::message::SentDate;

/// Reads a Date value; `None` where it is no date, or one before 1970 or after 2999.
#[must_use]
pub fn read(text: &str) -> Option<SentDate> {
    let text = text.get(..text.len().min(200)).unwrap_or_default().trim();
    let text = tidied(text);
    let padded = |word: &str| word.len() == 3 && word.starts_with('0') && word.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(word) = text.split_whitespace().find(|word| padded(word)) {
        // `029 Apr`: the day, padded to three digits.
        return read(&text.replacen(word, &word[1..], 1));
    }
    if let Some(zoned) = with_zone(&text) {
        return read(&zoned);
    }
    let looks_iso = text.len() >= 19 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-';
    let date = if looks_iso {
        DateTime::parse_rfc3339(&iso(&text)).filter(is_real)?
    } else {
        let usual = is_usual(&text).then(|| DateTime::parse_rfc822(&text)).flatten().filter(is_real);
        usual.or_else(|| DateTime::parse_rfc822(&reordered(&text)?).filter(is_real))?
    };
    let minutes = i32::from(date.tz_hour) * 60 + i32::from(date.tz_minute);
    Some(SentDate { unix_seconds: date.to_timestamp(), offset_minutes: if date.tz_before_gmt { -minutes } else { minutes } })
}

/// The value without comments and the white space around colons (RFC 5322 §4.3), with `13.05.45` and `1:05 PM` as times.
fn tidied(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_odd = |at: usize| {
        let behind = &bytes[at + 1..];
        at.checked_sub(1).is_some_and(|before| bytes[before] == b':')
            || matches!(behind, [b':', ..] | [b'A' | b'P', b'M', ..] | [b'a' | b'p', b'm', ..])
    };
    if memchr::memchr2(b'(', b'.', bytes).is_none() && !memchr::memchr_iter(b' ', bytes).any(is_odd) {
        return text.into();
    }
    let bare = machine_facts::without_comments(text);
    let mut out = String::with_capacity(bare.len());
    for word in bare.split_whitespace() {
        if let Some(time) = in_whole_day(out.rsplit(' ').next().unwrap_or_default(), word) {
            out.truncate(out.rfind(' ').map_or(0, |at| at + 1));
            out.push_str(&time);
            continue;
        }
        if !out.is_empty() && !out.ends_with(':') && !word.starts_with(':') {
            out.push(' ');
        }
        let is_time = (2..=3).contains(&word.split('.').count())
            && word.split('.').enumerate().all(|(at, digits)| {
                (digits.len() == 2 || at == 0 && digits.len() == 1) && digits.bytes().all(|byte| byte.is_ascii_digit())
            });
        // A date with dots comes first.
        if is_time && out.bytes().filter(u8::is_ascii_digit).count() > 2 {
            out.push_str(&word.replace('.', ":"))
        } else {
            out.push_str(word)
        }
    }
    out.into()
}

/// A time of half a day, as one of the whole: `1:05` and `PM` make `13:05`.
fn in_whole_day(time: &str, half: &str) -> Option<String> {
    let is_afternoon = half.eq_ignore_ascii_case("pm");
    if !is_afternoon && !half.eq_ignore_ascii_case("am") {
        return None;
    }
    let (hour, rest) = time.split_once(':')?;
    let hour = hour.parse::<u8>().ok().filter(|hour| (1..=12).contains(hour))?;
    Some(format!("{:02}:{rest}", hour % 12 + if is_afternoon { 12 } else { 0 }))
}

/// Whether the value has the order of RFC 5322 §3.3, which the reader takes for granted.
fn is_usual(text: &str) -> bool {
    let rest = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut words = rest.split_whitespace().skip_while(|word| word.starts_with(|c: char| c.is_alphabetic()));
    let is_number = |word: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
    };
    words.next().is_some_and(|day| is_number(day, 1..=2))
        && words.next().is_some_and(|month| month.starts_with(|c: char| c.is_alphabetic()))
        && words.next().is_some_and(|year| is_number(year, 2..=4))
        && words.next().is_some_and(|time| time.contains(':'))
}

/// The value with its zone in digits, where it ends in `CEST`, `GMT+2`, `UTC+02:00` or `+02:00`. RFC 5322 §4.3 reads names
/// other than its own as no zone at all, but nobody who writes one means that.
fn with_zone(text: &str) -> Option<String> {
    let (rest, zone) = text.rsplit_once(' ')?;
    zone_in_digits(zone).map(|digits| format!("{rest} {digits}"))
}

/// `+0200` for a zone written in another way; `None` where RFC 5322 writes it so too.
fn zone_in_digits(zone: &str) -> Option<String> {
    let is_named = zone.starts_with(|c: char| c.is_ascii_alphabetic());
    if let Some((_, digits)) = NAMED_ZONES.iter().find(|(name, _)| is_named && name.eq_ignore_ascii_case(zone)) {
        return Some((*digits).to_owned());
    }
    let bare = zone.strip_prefix("GMT").or_else(|| zone.strip_prefix("UTC")).unwrap_or(zone);
    let sign = bare.chars().next().filter(|sign| matches!(sign, '+' | '-'))?;
    let offset = &bare[1..];
    let (hours, minutes) = match offset.split_once(':') {
        Some(divided) => divided,
        // As RFC 5322 has it.
        None if bare == zone => return None,
        None => (offset.get(..offset.len().min(2))?, offset.get(2..).filter(|minutes| !minutes.is_empty()).unwrap_or("00")),
    };
    let is_number = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(hours) && is_number(minutes)).then(|| format!("{sign}{hours:0>2}{minutes:0>2}"))
}

/// Zones that one offset goes by and no other.
const NAMED_ZONES: [(&str, &str); 22] = [
    ("WEST", "+0100"),
    ("BST", "+0100"),
    ("CET", "+0100"),
    ("MET", "+0100"),
    ("MEZ", "+0100"),
    ("CEST", "+0200"),
    ("MEST", "+0200"),
    ("MESZ", "+0200"),
    ("EET", "+0200"),
    ("EEST", "+0300"),
    ("MSK", "+0300"),
    ("SGT", "+0800"),
    ("HKT", "+0800"),
    ("AWST", "+0800"),
    ("JST", "+0900"),
    ("KST", "+0900"),
    ("AEST", "+1000"),
    ("AEDT", "+1100"),
    ("NZST", "+1200"),
    ("NZDT", "+1300"),
    ("AKST", "-0900"),
    ("HST", "-1000"),
];

/// `2017-09-13 13:05:45 +0200` as RFC 3339 has it.
fn iso(text: &str) -> String {
    let mut out = text.replacen(' ', "T", 1).replace(' ', "");
    let zone = out.len().saturating_sub(5);
    if out.is_ascii() && matches!(out.as_bytes()[zone], b'+' | b'-') && !out[zone..].contains(':') {
        out.insert(zone + 3, ':');
    }
    out
}

/// `Mon Jan  2 15:04:05 2006`, `Jan 2, 2006 3:04 +0100`, `2-Jan-06 …`, `2006/1/2 …` put into the order of RFC 5322; no zone
/// means UTC.
fn reordered(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (mut day, mut month, mut year, mut time, mut zone) = (None, None, None, None, None);
    for word in text.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
        if matches!(word.as_bytes(), [b'+' | b'-', b'0'..=b'9', ..]) {
            zone = zone.or_else(|| Some(word.to_owned()));
            continue;
        }
        if let Some(digits) = zone_in_digits(word) {
            zone = zone.or(Some(digits));
            continue;
        }
        if word.contains(':') {
            time = time.or(Some(word));
            continue;
        }
        if let Some((of_month, of_year, whole)) = in_numbers(word) {
            (day, month, year) = (Some(of_month), Some(usize::from(of_year) - 1), Some(whole));
            continue;
        }
        for piece in word.split(['-', '/']) {
            let lower = piece.to_ascii_lowercase();
            if let Ok(number) = piece.parse::<u16>() {
                match number {
                    1..=31 if day.is_none() => day = Some(number),
                    1900.. if year.is_none() => year = Some(number),
                    // RFC 5322 §4.3.
                    0..=49 if year.is_none() && month.is_some() => year = Some(2000 + number),
                    50..=999 if year.is_none() && month.is_some() => year = Some(1900 + number),
                    _ => {}
                }
            } else if let Some(index) = MONTHS.iter().position(|month| lower.starts_with(month)) {
                month = month.or(Some(index));
            } else if time.is_some() {
                zone = zone.or_else(|| Some(piece.to_owned()));
            }
        }
    }
    let time = time.map(|time| if time.matches(':').count() == 1 { format!("{time}:00") } else { time.to_owned() })?;
    let zone = zone.unwrap_or_else(|| "+0000".to_owned());
    Some(format!("{} {} {} {time} {zone}", day?, MONTHS[month?], year?))
}

/// Day, month and year of `2006/1/2`, `17-6-2008` or `6/17/2008`; `None` where day and month could be taken for each other
/// and slashes say nothing about it.
fn in_numbers(word: &str) -> Option<(u16, u16, u16)> {
    let separator = word.chars().find(|c| matches!(c, '/' | '-' | '.'))?;
    let mut numbers = word.split(separator).map(|piece| piece.parse::<u16>().ok());
    let (first, second, third) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let found = match (first, second, third) {
        (1900.., month, day) => (day, month, first),
        (13.., month, 1900..) => (first, month, third),
        (month, 13.., 1900..) => (second, month, third),
        (day, month, 1900..) if separator != '/' => (day, month, third),
        _ => return None,
    };
    let is_whole = numbers.next().is_none() && (1..=12).contains(&found.1);
    is_whole.then_some(found)
}

fn is_real(date: &DateTime) -> bool {
    let leap = date.year.is_multiple_of(4) && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400));
    let days = match date.month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1970..3000).contains(&date.year)
        && (1..=days).contains(&date.day)
        && date.hour < 24
        && date.minute < 60
        && date.second <= 60
        && date.tz_hour < 24
        && date.tz_minute < 60
}

/// RFC 3339 in the sender's own offset.
#[must_use]
pub fn rfc3339(date: SentDate) -> String {
    let offset = i64::from(date.offset_minutes);
    let local = DateTime::from_timestamp(date.unix_seconds + offset * 60);
    let zone = if offset == 0 {
        "Z".to_owned()
    } else {
        format!("{}{:02}:{:02}", if offset < 0 { '-' } else { '+' }, offset.abs() / 60, offset.abs() % 60)
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}",
        local.year, local.month, local.day, local.hour, local.minute, local.second
    )
}

/// The Date field for an instant, in UTC.
#[must_use]
pub fn rfc5322(unix_seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let date = DateTime::from_timestamp(unix_seconds);
    let weekday = usize::try_from(unix_seconds.div_euclid(86_400).rem_euclid(7)).unwrap_or(0);
    let month = MONTHS[usize::from(date.month.clamp(1, 12)) - 1];
    format!(
        "{}, {:02} {month} {:04} {:02}:{:02}:{:02} +0000",
        DAYS[weekday], date.day, date.year, date.hour, date.minute, date.second
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expect: Option<&str>) {
        assert_eq!(read(input).map(rfc3339).as_deref(), expect, "{input}");
    }

    #[test]
    fn dates_are_read_in_the_senders_offset() {
        check("Wed, 13 Sep 2017 13:05:45 +0200", Some("2017-09-13T13:05:45+02:00"));
        check("13 Sep 2017 13:05:45 -0330 (NST)", Some("2017-09-13T13:05:45-03:30"));
        check("Wed, 13 Sep 17 13:05 GMT", Some("2017-09-13T13:05:00Z"));
        check("Wed, 13 Sep 2017 13:05:45 EST", Some("2017-09-13T13:05:45-05:00"));
        check("Tue, 029 Apr 2019 23:34:45 -0800 (PST)", Some("2019-04-29T23:34:45-08:00"));
        check("Sep 13, 2017 9:05 -0700", Some("2017-09-13T09:05:00-07:00"));
        check("13-Sep-17 13:05:45 EDT", Some("2017-09-13T13:05:45-04:00"));
        check("2017-09-13T13:05:45+02:00", Some("2017-09-13T13:05:45+02:00"));
        check("2017-09-13 13:05:45 +0200", Some("2017-09-13T13:05:45+02:00"));
        check("Mon Jan  2 15:04:05 2006", Some("2006-01-02T15:04:05Z"));
        check("Wed, 13 Sep 2017 13:05:45 CEST", Some("2017-09-13T13:05:45+02:00"));
        check("Wed, 13 Sep 2017 13:05:45 GMT+02:00", Some("2017-09-13T13:05:45+02:00"));
        check("Wed, 13 Sep 2017 13:05:45 UTC-5", Some("2017-09-13T13:05:45-05:00"));
        check("Wed, 13 Sep 2017 13:05:45 +05:30", Some("2017-09-13T13:05:45+05:30"));
        check("Wed, 13 Sep 2017 13:05:45 UTC", Some("2017-09-13T13:05:45Z"));
        check("Wed, 13 Sep 2017 13.05.45 +0200", Some("2017-09-13T13:05:45+02:00"));
        check("Wed, 13 Sep 2017 13(hours) :  05 : 45 +0200 (CEST)", Some("2017-09-13T13:05:45+02:00"));
        check("Wed Sep 13 2017 13:05:45 GMT+0200 (CEST)", Some("2017-09-13T13:05:45+02:00"));
        check("Wed Sep 13 13:05:45 CEST 2017", Some("2017-09-13T13:05:45+02:00"));
        check("2017/09/13 13:05:45 +0900", Some("2017-09-13T13:05:45+09:00"));
        check("13.9.2017 13:05", Some("2017-09-13T13:05:00Z"));
        check("9/13/2017 1:05:45 PM", Some("2017-09-13T13:05:45Z"));
        check("Wed, 13 Sep 2017 12:05:45 am +0200", Some("2017-09-13T00:05:45+02:00"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for bad in [
            "",
            "yesterday",
            "Wed, 31 Feb 2017 13:05:45 +0200",
            "Wed, 13 Sep 2017 25:05:45 +0200",
            "99999999999",
            "13 Sep",
            "9/8/2017 13:05:45",
            "2017/13/09 13:05:45",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn a_written_date_reads_back() {
        assert_eq!(rfc5322(1_136_214_245), "Mon, 02 Jan 2006 15:04:05 +0000");
        assert_eq!(read(&rfc5322(1_795_000_000)).map(|date| date.unix_seconds), Some(1_795_000_000));
    }
}
