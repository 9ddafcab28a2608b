//! The Date field (RFC 5322 §3.3) and RFC 3339 for output. A date that cannot be is none: nothing is computed from rubbish.

use mail_parser::DateTime;

use crate::message::SentDate;

/// Reads a Date value; `None` where it is no date, or one before 1970 or after 2999.
#[must_use]
pub fn read(text: &str) -> Option<SentDate> {
    let text = text.get(..text.len().min(200)).unwrap_or_default().trim();
    let padded = |word: &str| word.len() == 3 && word.starts_with('0') && word.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(word) = text.split_whitespace().find(|word| padded(word)) {
        // `029 Apr`: the day, padded to three digits.
        return read(&text.replacen(word, &word[1..], 1));
    }
    if let Some(zoned) = with_zone(text) {
        return read(&zoned);
    }
    let looks_iso = text.len() >= 19 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-';
    let date = if looks_iso {
        DateTime::parse_rfc3339(&iso(text)).filter(is_real)?
    } else {
        let again = || DateTime::parse_rfc822(&reordered(text)?).filter(is_real);
        DateTime::parse_rfc822(text).filter(is_real).or_else(again)?
    };
    let minutes = i32::from(date.tz_hour) * 60 + i32::from(date.tz_minute);
    Some(SentDate { unix_seconds: date.to_timestamp(), offset_minutes: if date.tz_before_gmt { -minutes } else { minutes } })
}

/// The value with its zone in digits, where it ends in `CEST`, `GMT+2`, `UTC+02:00` or `+02:00`. RFC 5322 §4.3 reads names
/// other than its own as no zone at all, but nobody who writes one means that.
fn with_zone(text: &str) -> Option<String> {
    let (rest, zone) = text.rsplit_once(' ')?;
    let named = NAMED_ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(zone));
    if let Some((_, digits)) = named {
        return Some(format!("{rest} {digits}"));
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
    (is_number(hours) && is_number(minutes)).then(|| format!("{rest} {sign}{hours:0>2}{minutes:0>2}"))
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

/// `Mon Jan  2 15:04:05 2006`, `Jan 2, 2006 3:04 +0100`, `2-Jan-06 …` put into the order of RFC 5322; no zone means UTC.
fn reordered(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let (mut day, mut month, mut year, mut time, mut zone) = (None, None, None, None, None);
    for word in text.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
        if matches!(word.as_bytes(), [b'+' | b'-', b'0'..=b'9', ..]) {
            zone = zone.or(Some(word));
            continue;
        }
        if word.contains(':') {
            time = time.or(Some(word));
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
            } else if time.is_some() && !piece.starts_with('(') {
                zone = zone.or(Some(piece));
            }
        }
    }
    let time = time.map(|time| if time.matches(':').count() == 1 { format!("{time}:00") } else { time.to_owned() })?;
    Some(format!("{} {} {} {time} {}", day?, MONTHS[month?], year?, zone.unwrap_or("+0000")))
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
    }

    #[test]
    fn what_is_no_date_is_none() {
        for bad in
            ["", "yesterday", "Wed, 31 Feb 2017 13:05:45 +0200", "Wed, 13 Sep 2017 25:05:45 +0200", "99999999999", "13 Sep"]
        {
            check(bad, None);
        }
    }

    #[test]
    fn a_written_date_reads_back() {
        assert_eq!(rfc5322(1_136_214_245), "Mon, 02 Jan 2006 15:04:05 +0000");
        assert_eq!(read(&rfc5322(1_795_000_000)).map(|date| date.unix_seconds), Some(1_795_000_000));
    }
}
