//! The date that a vendor gives: `ETA: Friday`, `It will be fixed by 1 December`, `Fertig bis 1.12.2026`.
//!
//! Read strictly, since customers are told: behind a word that announces a date the line must hold a moment and nothing
//! else, and a mail with two different dates has none.

use jiff::Timestamp;

use crate::moment::{self, Now};

/// What announces a date, lower case. The longest that fits is taken.
const ANNOUNCED: [&str; 20] = [
    "eta:",
    "eta",
    "expected:",
    "expected on",
    "expected by",
    "done by",
    "fixed by",
    "solved by",
    "repaired by",
    "delivered by",
    "finished by",
    "ready by",
    "ready on",
    "termin:",
    "voraussichtlich:",
    "voraussichtlich am",
    "voraussichtlich bis",
    "fertig bis",
    "fertig am",
    "erledigt bis",
];
/// Lines that are looked at.
const LINES_MAX: usize = 60;

/// The date in a vendor's new words; `None` where there is none, or more than one.
pub(crate) fn read(now: &Now<'_>, text: &str) -> Option<Timestamp> {
    let mut dates = text.lines().take(LINES_MAX).filter_map(|line| of_line(now, line));
    let first = dates.next()?;
    dates.all(|date| date == first).then_some(first)
}

fn of_line(now: &Now<'_>, line: &str) -> Option<Timestamp> {
    let lower = line.trim().trim_end_matches(['!', ',']).to_lowercase();
    ANNOUNCED.iter().find_map(|word| {
        let at = lower.find(word)?;
        let stands_alone = lower[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let rest = lower[at + word.len()..].trim();
        let moment = |text: &str| moment::read(now, &text.split_whitespace().collect::<Vec<_>>()).ok();
        // `1.12.` needs its dot, `Friday.` does not.
        if stands_alone { moment(rest).or_else(|| moment(rest.trim_end_matches('.'))) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::calendar::Calendar;

    /// Wednesday 25 November 2026, 10:00 in London.
    fn check(text: &str, expect: Option<&str>) {
        let zone = TimeZone::get("Europe/London").expect("bundled");
        let calendar = Calendar::weekdays(zone.clone());
        let now = Now { at: "2026-11-25T10:00:00Z".parse().expect("instant"), zone: zone.clone(), calendar: &calendar };
        let found = read(&now, text).map(|at| at.to_zoned(zone).strftime("%Y-%m-%d").to_string());
        assert_eq!(found.as_deref(), expect, "{text}");
    }

    #[test]
    fn an_announced_date_is_read() {
        check("Hi,\nETA: Friday\nBye", Some("2026-11-27"));
        check("We ordered the part. It will be fixed by 1 December.", Some("2026-12-01"));
        check("Expected on 2026-12-03", Some("2026-12-03"));
        check("Das ist fertig bis 1.12.", Some("2026-12-01"));
        check("ETA Friday\nAs I said: done by Friday.", Some("2026-11-27"));
    }

    #[test]
    fn what_is_not_clear_is_no_date() {
        check("We saw it on Friday.", None);
        check("It should be done by Friday if the part comes.", None);
        check("ETA: Friday\nETA: Monday", None);
        check("ETA: soon", None);
        check("ETA: 2026-11-01", None);
        check("beta Friday", None);
    }
}
