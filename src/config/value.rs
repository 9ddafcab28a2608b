//! Values with units: `90s 15m 4h 3d 2bd`, `25MB`, `25 per 1m`. A number without its unit is refused: nobody remembers it.

use desk::calendar::Span;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};

use super::problem::{Code, Place, Report};
use super::read::{Read, wrong};
use super::tree::{Node, Value};

/// Longest span accepted; larger ones are typing mistakes and would overflow sums of instants.
const SECONDS_MAX: i64 = 100 * 366 * 86_400;
/// Most business days accepted, within what a calendar looks ahead.
const BUSINESS_DAYS_MAX: u32 = 260;
/// Largest size accepted: 1 TB.
const BYTES_MAX: u64 = 1_000_000_000_000;

/// A span on the clock: `90s`, `15m`, `4h`, `3d`, `2w`, `3y`; `1h30m` is their sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length(pub(super) SignedDuration);

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) u64);

/// So many within a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In which time.
    pub per: SignedDuration,
}

/// Reads `4h`; 1y is 365 days, since it bounds keeping and needs no calendar.
pub(super) fn read_length(text: &str) -> Option<SignedDuration> {
    let mut rest = text.trim();
    let mut seconds: i64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
        let unit = &rest[digits..];
        let unit = &unit[..unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len())];
        let scale: i64 = match unit.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            "y" => 365 * 86_400,
            _ => return None,
        };
        let amount: i64 = rest[..digits].parse().ok()?;
        seconds = seconds.checked_add(amount.checked_mul(scale)?).filter(|sum| *sum <= SECONDS_MAX)?;
        rest = rest[digits + unit.len()..].trim_start();
    }
    Some(SignedDuration::from_secs(seconds))
}

/// Writes what [`read_length`] reads, in the largest units that fit.
#[must_use]
pub fn write_length(length: SignedDuration) -> String {
    let mut left = length.as_secs();
    let mut text = String::new();
    for (unit, scale) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if left >= scale {
            text.push_str(&format!("{}{unit}", left / scale));
            left %= scale;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads `4h` or `2bd`.
pub(super) fn read_span(text: &str) -> Option<Span> {
    match text.trim().strip_suffix("bd") {
        Some(days) => days.trim().parse().ok().filter(|days| *days <= BUSINESS_DAYS_MAX).map(Span::BusinessDays),
        None => read_length(text).map(Span::Open),
    }
}

/// Writes what [`read_span`] reads.
#[must_use]
pub fn write_span(span: Span) -> String {
    match span {
        Span::Open(length) => write_length(length),
        Span::BusinessDays(days) => format!("{days}bd"),
    }
}

/// Reads `25MB`: powers of ten, as mail providers state them; `MiB` are powers of two.
pub(super) fn read_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
    let scale = match text[digits..].trim() {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(scale).filter(|bytes| *bytes <= BYTES_MAX)
}

/// Reads `25 per 1m`.
pub(super) fn read_rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once(" per ")?;
    let rate = Rate { count: count.trim().parse().ok()?, per: read_length(per)? };
    (rate.count > 0 && rate.per > SignedDuration::ZERO).then_some(rate)
}

/// Reads `09:00`; `24:00` is the end of the day.
pub(super) fn read_time(text: &str) -> Option<Time> {
    if text.trim() == "24:00" {
        return Some(Time::MAX);
    }
    let (hour, minute) = text.trim().split_once(':')?;
    let good = hour.len() <= 2 && minute.len() == 2 && format!("{hour}{minute}").bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()).flatten()
}

/// Reads `2026-12-24` or `2026-12-24..2027-01-01`, both ends included.
pub(super) fn read_days(text: &str) -> Option<Vec<Date>> {
    let (from, to) = text.split_once("..").unwrap_or((text, text));
    let (from, to): (Date, Date) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    let days: Vec<Date> = from.series(jiff::Span::new().days(1)).take_while(|day| *day <= to).take(367).collect();
    (!days.is_empty() && days.len() <= 366).then_some(days)
}

/// Reads a text by `read`, or reports what it should look like.
pub(super) fn parse<T>(node: &Node, wanted: &str, read: impl FnOnce(&str) -> Option<T>, report: &mut Report) -> Option<T> {
    match &node.value {
        Value::String(text) => parse_text(text, node.at, wanted, read, report),
        _ => wrong(node, wanted, report),
    }
}

/// The same for a text that was taken from its node.
pub(super) fn parse_text<T>(
    text: &str,
    at: Place,
    wanted: &str,
    read: impl FnOnce(&str) -> Option<T>,
    report: &mut Report,
) -> Option<T> {
    let value = read(text);
    if value.is_none() {
        report.add(Code::BadValue, at, format!("\"{text}\" is not {wanted}"), "cannot be read");
    }
    value
}

/// How to write each kind of value.
pub(super) const LENGTH: &str = "a duration such as \"90s\", \"15m\", \"4h\" or \"3d\"";
pub(super) const SPAN: &str = "a span such as \"4h\" or \"2bd\"";
pub(super) const SIZE: &str = "a size such as \"25MB\"";
pub(super) const RATE: &str = "a rate such as \"25 per 1m\"";
pub(super) const TIME: &str = "a time of day such as \"09:00\"";
pub(super) const DAYS: &str = "a date such as \"2026-12-24\" or a range \"2026-12-24..2027-01-01\"";

impl Read for Length {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        parse(node, LENGTH, read_length, report).map(Self)
    }
}

impl Read for Span {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        parse(node, SPAN, read_span, report)
    }
}

impl Read for Bytes {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        parse(node, SIZE, read_bytes, report).map(Self)
    }
}

impl Read for Rate {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        parse(node, RATE, read_rate, report)
    }
}

impl Read for Time {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        parse(node, TIME, read_time, report)
    }
}

/// Days on which a calendar stays closed, as a text or as TOML's own date.
#[derive(Clone, Debug)]
pub(super) struct Days(pub(super) Vec<Date>);

impl Read for Days {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Moment(text) => parse_text(text, node.at, DAYS, read_days, report).map(Self),
            _ => parse(node, DAYS, read_days, report).map(Self),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_without_unit_is_refused() {
        for text in ["", "4", "h", "4x", "4 h h", "-4h", "4.5h", "99999999999999999999d", "4000000w"] {
            assert_eq!(read_length(text), None, "{text}");
        }
        for text in ["25", "MB", "25Mb", "25 mb", "99999999999GB"] {
            assert_eq!(read_bytes(text), None, "{text}");
        }
        for text in ["25", "0 per 1m", "25 per 0s", "25 per"] {
            assert_eq!(read_rate(text), None, "{text}");
        }
    }

    #[test]
    fn values_carry_their_unit() {
        assert_eq!(read_length("1h30m"), Some(SignedDuration::from_mins(90)));
        assert_eq!(read_span("2bd"), Some(Span::BusinessDays(2)));
        assert_eq!(read_bytes("25MB"), Some(25_000_000));
        assert_eq!(read_rate("25 per 1m"), Some(Rate { count: 25, per: SignedDuration::from_mins(1) }));
        assert_eq!(read_time("9:00").map(|time| time.to_string()), Some("09:00:00".to_owned()));
        assert_eq!(read_days("2026-12-30..2027-01-02").map(|days| days.len()), Some(4));
    }

    proptest! {
        #[test]
        fn durations_read_back_as_written(seconds in 0..SECONDS_MAX) {
            let length = SignedDuration::from_secs(seconds);
            prop_assert_eq!(read_length(&write_length(length)), Some(length));
        }

        #[test]
        fn no_text_panics(text in ".{0,20}") {
            let _ = (read_length(&text), read_span(&text), read_bytes(&text), read_rate(&text), read_time(&text), read_days(&text));
        }
    }
}
