//! The report in words: the sentences it opens with, as a table for terminals and mails, as CSV for other programs.

use jiff::tz::TimeZone;

use crate::report::{Compared, Report, Spread, Waiting};

/// How time outside of our hours is called.
pub const CLOSED: &str = "outside our hours";

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What matters most, in sentences.
pub(crate) fn sentences(report: &Report) -> Vec<String> {
    let mut sentences = Vec::new();
    let flow = &report.flow;
    let trend_of_arrivals = trend(flow.arrivals_before, flow.arrivals);
    let pause = if trend_of_arrivals.is_empty() { "" } else { "," };
    sentences.push(format!(
        "{} came{trend_of_arrivals}{pause} and {} {} closed; {} {} open now.",
        requests(flow.arrivals),
        flow.closings,
        if flow.closings == 1 { "was" } else { "were" },
        flow.open,
        if flow.open == 1 { "is" } else { "are" },
    ));
    sentences.extend(longest_wait(&report.waiting));
    let first = &report.first_response.now;
    if let (Some(median), Some(p85)) = (first.median_seconds, first.p85_seconds) {
        let kept = first.kept_percent().map_or_else(String::new, |percent| {
            let before = report.first_response.before.kept_percent();
            let before = before.map_or_else(String::new, |before| format!(" ({before} % before)"));
            format!("; {percent} % of {} kept{before}", promises(first.promised))
        });
        sentences.push(format!("Half of the first answers took {}, 85 % {}{kept}.", at_most(median), at_most(p85)));
    }
    if let Some(step) = report.steps.iter().find(|step| step.who == "us" && !step.step.is_empty()) {
        sentences.push(format!(
            "Most of our own time went into the step {} of {}: {}.",
            step.step,
            step.ticket_type,
            span(step.seconds)
        ));
    }
    if let Some(oldest) = report.ageing.first() {
        sentences.push(format!("The oldest open ticket is {} old.", span(oldest.oldest_seconds)));
    }
    let (offered, solved): (u64, u64) =
        report.articles.iter().fold((0, 0), |(offered, solved), used| (offered + used.offered, solved + used.solved));
    if offered > 0 {
        let offered = if offered == 1 { "once".to_owned() } else { format!("{offered} times") };
        sentences.push(format!("Articles were offered {offered} and solved {}.", requests(solved)));
    }
    if report.without_cause_count > 0 {
        sentences.push(format!("{} closed without a cause.", closed(report.without_cause_count)));
    }
    sentences
}

/// `41 % of all waiting was for Northgate: 9 tickets, 85th percentile 3.2 days, up 60 %.`
fn longest_wait(waiting: &[Waiting]) -> Option<String> {
    let counted = || waiting.iter().filter(|waiting| waiting.who != CLOSED);
    let all: i64 = counted().map(|waiting| waiting.seconds).sum();
    let longest = counted().max_by_key(|waiting| waiting.seconds).filter(|longest| longest.seconds > 0)?;
    let before = u64::try_from(longest.seconds_before).unwrap_or(0);
    Some(format!(
        "{} % of all waiting was for {}: {}, 85th percentile {}{}.",
        longest.seconds * 100 / all.max(1),
        longest.who,
        tickets(longest.tickets),
        span(longest.p85_seconds),
        trend(before, u64::try_from(longest.seconds).unwrap_or(0)),
    ))
}

fn requests(count: u64) -> String {
    if count == 1 { "1 request".to_owned() } else { format!("{count} requests") }
}

fn tickets(count: u64) -> String {
    if count == 1 { "1 ticket".to_owned() } else { format!("{count} tickets") }
}

fn promises(count: u64) -> String {
    if count == 1 { "1 promise was".to_owned() } else { format!("{count} promises were") }
}

fn closed(count: u64) -> String {
    if count == 1 { "1 ticket was".to_owned() } else { format!("{count} tickets were") }
}

/// `, up 60 %`; nothing where there was nothing before.
fn trend(before: u64, now: u64) -> String {
    if before == 0 {
        return String::new();
    }
    let percent = (u128::from(now) * 100 + u128::from(before) / 2) / u128::from(before);
    match percent {
        100 => ", as before".to_owned(),
        0..100 => format!(", down {} %", 100 - percent),
        _ => format!(", up {} %", percent - 100),
    }
}

fn at_most(seconds: i64) -> String {
    if seconds < MINUTE { span(seconds) } else { format!("at most {}", span(seconds)) }
}

/// `42 min`, `5.2 h`, `3.2 days`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let tenths = |unit: i64| format!("{}.{}", seconds / unit, seconds % unit * 10 / unit);
    match seconds {
        ..MINUTE => "under a minute".to_owned(),
        MINUTE..5_400 => format!("{} min", seconds / MINUTE),
        5_400..129_600 => format!("{} h", tenths(HOUR)),
        _ => format!("{} days", tenths(DAY)),
    }
}

/// A table of the report.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) heads: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Every table that has rows, in the order in which they are read.
pub(crate) fn tables(report: &Report) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut add = |title, heads: &[&'static str], rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            tables.push(Table { title, heads: heads.to_vec(), rows });
        }
    };
    let flow = &report.flow;
    let number = |count: u64| count.to_string();
    add(
        "Arrivals and closings",
        &["", "now", "before"],
        vec![
            vec!["arrivals".into(), number(flow.arrivals), number(flow.arrivals_before)],
            vec!["closings".into(), number(flow.closings), number(flow.closings_before)],
            vec!["opened again".into(), number(report.reopened), String::new()],
            vec!["handed over".into(), number(report.hand_overs), String::new()],
        ],
    );
    let answers = [("first response", &report.first_response), ("next response", &report.next_response)];
    let rows = answers.into_iter().flat_map(|(name, compared)| spread_rows(name, compared)).collect();
    add("Answers", &["", "count", "median", "85 %", "kept"], rows);
    let rows = report.waiting.iter().map(|waiting| {
        vec![
            waiting.who.clone(),
            number(waiting.tickets),
            span(waiting.seconds),
            span(waiting.p85_seconds),
            trend(u64::try_from(waiting.seconds_before).unwrap_or(0), u64::try_from(waiting.seconds).unwrap_or(0))
                .trim_start_matches(", ")
                .to_owned(),
        ]
    });
    add("Who was waited on", &["", "tickets", "in all", "85 %", "trend"], rows.collect());
    let step = |step: &str| if step.is_empty() { "-".to_owned() } else { step.to_owned() };
    let rows =
        report.steps.iter().map(|time| vec![time.ticket_type.clone(), step(&time.step), time.who.clone(), span(time.seconds)]);
    add("Time in steps", &["type", "step", "waited on", "time"], rows.collect());
    let rows = report.ageing.iter().map(|age| {
        vec![
            age.ticket_type.clone(),
            step(&age.step),
            number(age.open),
            span(age.median_seconds),
            span(age.p85_seconds),
            span(age.oldest_seconds),
        ]
    });
    add("Open work", &["type", "step", "open", "median", "85 %", "oldest"], rows.collect());
    let rows =
        report.articles.iter().map(|used| vec![used.id.clone(), number(used.offered), number(used.solved), number(used.refused)]);
    add("Articles", &["", "offered", "solved it", "did not"], rows.collect());
    if report.ratings.count > 0 {
        let ratings = &report.ratings;
        let row = vec![format!("{} %", ratings.good * 100 / ratings.count), number(ratings.count)];
        add("Ratings", &["good", "n"], vec![row]);
    }
    let rows = report.causes.iter().map(|cause| vec![cause.cause.clone(), cause.ticket_type.clone(), number(cause.count)]);
    add("Causes", &["cause", "type", "closed"], rows.collect());
    let rows = |counted: &[crate::report::Counted]| counted.iter().map(|one| vec![one.what.clone(), number(one.count)]).collect();
    add("Help that is missing", &["what", "times"], rows(&report.gaps));
    add("Features wished for", &["what", "times"], rows(&report.wishes));
    if report.without_cause_count > 0 {
        let more = report.without_cause_count.saturating_sub(report.without_cause.len() as u64);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        add("Closed without a cause", &["tickets"], vec![vec![format!("{}{more}", report.without_cause.join(", "))]]);
    }
    add(
        "Mail",
        &["own mail that came back", "held", "waiting for a person"],
        vec![vec![number(report.loops), number(report.held), number(report.held_now)]],
    );
    tables
}

fn spread_rows(name: &str, compared: &Compared) -> Vec<Vec<String>> {
    let row = |name: String, spread: &Spread| {
        let shown = |seconds: Option<i64>| seconds.map_or_else(|| "-".to_owned(), span);
        let kept = spread.kept_percent().map_or_else(|| "-".to_owned(), |percent| format!("{percent} % of {}", spread.promised));
        vec![name, spread.count.to_string(), shown(spread.median_seconds), shown(spread.p85_seconds), kept]
    };
    let mut rows = vec![row(name.to_owned(), &compared.now)];
    if compared.before.count > 0 {
        rows.push(row(format!("{name}, before"), &compared.before));
    }
    rows
}

/// `23 November 2026 to 29 November 2026, team support`.
#[must_use]
pub fn title(report: &Report, zone: &TimeZone) -> String {
    let day = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string();
    let last = report.until.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(report.until);
    let team = report.team.as_ref().map_or_else(String::new, |team| format!(", team {team}"));
    let (from, last) = (day(report.from), day(last));
    if from == last { format!("{from}{team}") } else { format!("{from} to {last}{team}") }
}

/// As text: sentences, then tables.
#[must_use]
pub fn text(report: &Report, zone: &TimeZone) -> String {
    let mut out = format!("{}\n\n", title(report, zone));
    for sentence in &report.sentences {
        out.push_str(sentence);
        out.push('\n');
    }
    for table in tables(report) {
        out.push_str(&format!("\n{}\n", table.title.to_uppercase()));
        push_rows(&mut out, &table);
    }
    out
}

fn push_rows(out: &mut String, table: &Table) {
    let heads: Vec<String> = table.heads.iter().map(|head| (*head).to_owned()).collect();
    let width = |column: usize| {
        let cells = std::iter::once(&heads).chain(&table.rows).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    for row in std::iter::once(&heads).chain(&table.rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        out.push_str("  ");
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// As CSV (RFC 4180): one measure a line, numbers bare, times in seconds.
#[must_use]
pub fn csv(report: &Report) -> String {
    let mut lines: Vec<[String; 5]> = vec![["section", "name", "detail", "measure", "value"].map(str::to_owned)];
    let mut add = |section: &str, name: &str, detail: &str, measure: &str, value: String| {
        lines.push([section.to_owned(), name.to_owned(), detail.to_owned(), measure.to_owned(), value]);
    };
    let flow = &report.flow;
    for (name, value) in [
        ("arrivals", flow.arrivals),
        ("arrivals_before", flow.arrivals_before),
        ("closings", flow.closings),
        ("closings_before", flow.closings_before),
        ("open", flow.open),
        ("reopened", report.reopened),
        ("hand_overs", report.hand_overs),
        ("ratings", report.ratings.count),
        ("ratings_good", report.ratings.good),
        ("without_cause", report.without_cause_count),
        ("loops", report.loops),
        ("held", report.held),
        ("held_now", report.held_now),
    ] {
        add("flow", name, "", "count", value.to_string());
    }
    for day in &flow.days {
        add("day", &day.on.to_string(), "", "arrivals", day.arrivals.to_string());
        add("day", &day.on.to_string(), "", "closings", day.closings.to_string());
    }
    for (name, compared) in [("first_response", &report.first_response), ("next_response", &report.next_response)] {
        for (when, spread) in [("now", &compared.now), ("before", &compared.before)] {
            add("response", name, when, "count", spread.count.to_string());
            let seconds = [("median_seconds", spread.median_seconds), ("p85_seconds", spread.p85_seconds)];
            for (measure, value) in seconds.into_iter().filter_map(|(measure, value)| Some((measure, value?))) {
                add("response", name, when, measure, value.to_string());
            }
            add("response", name, when, "promised", spread.promised.to_string());
            add("response", name, when, "kept", spread.kept.to_string());
        }
    }
    for waiting in &report.waiting {
        add("waiting", &waiting.who, "", "tickets", waiting.tickets.to_string());
        add("waiting", &waiting.who, "", "seconds", waiting.seconds.to_string());
        add("waiting", &waiting.who, "", "seconds_before", waiting.seconds_before.to_string());
        add("waiting", &waiting.who, "", "p85_seconds", waiting.p85_seconds.to_string());
    }
    for time in &report.steps {
        add("step", &format!("{}/{}", time.ticket_type, time.step), &time.who, "seconds", time.seconds.to_string());
    }
    for age in &report.ageing {
        let name = format!("{}/{}", age.ticket_type, age.step);
        add("open", &name, "", "count", age.open.to_string());
        add("open", &name, "", "median_seconds", age.median_seconds.to_string());
        add("open", &name, "", "oldest_seconds", age.oldest_seconds.to_string());
    }
    for used in &report.articles {
        add("article", &used.id, "", "offered", used.offered.to_string());
        add("article", &used.id, "", "solved", used.solved.to_string());
        add("article", &used.id, "", "refused", used.refused.to_string());
    }
    for cause in &report.causes {
        add("cause", &cause.cause, &cause.ticket_type, "closed", cause.count.to_string());
    }
    for (section, list) in [("gap", &report.gaps), ("wish", &report.wishes)] {
        for one in list {
            add(section, &one.what, "", "count", one.count.to_string());
        }
    }
    lines.iter().map(|line| line.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n").collect()
}

/// Quoted where it must be. What spreadsheets would take for a formula is marked as text: causes are written by people.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '@', '\t']) || (cell.starts_with('-') && cell.parse::<i64>().is_err());
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        for (seconds, expect) in
            [(5, "under a minute"), (2_520, "42 min"), (18_900, "5.2 h"), (276_480, "3.2 days"), (129_600, "1.5 days")]
        {
            assert_eq!(span(seconds), expect);
        }
        assert_eq!(trend(100, 160), ", up 60 %");
        assert_eq!(trend(100, 41), ", down 59 %");
        assert_eq!((trend(0, 5), trend(7, 7)), (String::new(), ", as before".to_owned()));
    }

    #[test]
    fn cells_of_people_are_no_formulas() {
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("-5"), "-5");
        assert_eq!(quoted("- router"), "'- router");
    }
}
