//! The report in words: the sentences it opens with, as a table for terminals and mails, as CSV for other programs.

use jiff::tz::TimeZone;

use crate::agent_page::fill_text;
use crate::letter::weekday_and_month;
use crate::report::{Compared, Report, Spread, Waiting};
use crate::report_words::{ReportWords, words_in};

/// How time outside of our hours is called.
pub const CLOSED: &str = "outside our hours";

/// What matters most, in sentences.
pub(crate) fn sentences(report: &Report) -> Vec<String> {
    let words = words_in(&report.language);
    let mut sentences = Vec::new();
    let flow = &report.flow;
    let trend_of_arrivals = words.trend(flow.arrivals_before, flow.arrivals);
    let pause = if trend_of_arrivals.is_empty() { "" } else { "," };
    let came = format!("{}{trend_of_arrivals}{pause}", words.count(words.came, flow.arrivals));
    let (closed, open) = (words.count(words.closed, flow.closings), words.count(words.open_now, flow.open));
    sentences.push(fill_text(words.flow, &[("came", &came), ("closed", &closed), ("open", &open)]));
    sentences.extend(longest_wait(words, &report.waiting));
    sentences.extend(first_answers(words, &report.first_response));
    if let Some(step) = report.steps.iter().find(|step| step.who == "us" && !step.step.is_empty()) {
        let values: [(&str, &str); 3] = [("step", &step.step), ("type", &step.ticket_type), ("span", &words.span(step.seconds))];
        sentences.push(fill_text(words.own_time, &values));
    }
    if let Some(oldest) = report.ageing.first() {
        sentences.push(fill_text(words.oldest, &[("span", &words.span(oldest.oldest_seconds))]));
    }
    let (offered, solved): (u64, u64) =
        report.articles.iter().fold((0, 0), |(offered, solved), used| (offered + used.offered, solved + used.solved));
    if offered > 0 {
        let values: [(&str, &str); 2] = [("count", &offered.to_string()), ("requests", &words.count(words.requests, solved))];
        sentences.push(fill_text(words.articles[usize::from(offered != 1)], &values));
    }
    if report.without_cause_count > 0 {
        sentences.push(words.count(words.without_cause, report.without_cause_count));
    }
    sentences
}

/// `Half of the first answers took at most 42 min, 85 % at most 5.2 h; 75 % of 4 promises were kept.`
fn first_answers(words: &ReportWords, answers: &Compared) -> Option<String> {
    let (median, p85) = (answers.now.median_seconds?, answers.now.p85_seconds?);
    let kept = answers.now.kept_percent().map_or_else(String::new, |percent| {
        let before = answers.before.kept_percent();
        let before = before.map_or_else(String::new, |before| fill_text(words.kept_before, &[("percent", &before.to_string())]));
        let (count, percent) = (answers.now.promised.to_string(), percent.to_string());
        let kept = words.kept[usize::from(answers.now.promised != 1)];
        format!("{}{before}", fill_text(kept, &[("percent", &percent), ("count", &count)]))
    });
    let (median, most) = (at_most(words, median), at_most(words, p85));
    Some(fill_text(words.answers, &[("median", &median), ("most", &most), ("kept", &kept)]))
}

/// `41 % of all waiting was for Northgate: 9 tickets, 85th percentile 3.2 days, up 60 %.`
fn longest_wait(words: &ReportWords, waiting: &[Waiting]) -> Option<String> {
    let counted = || waiting.iter().filter(|waiting| waiting.who != CLOSED);
    let all: i64 = counted().map(|waiting| waiting.seconds).sum();
    let longest = counted().max_by_key(|waiting| waiting.seconds).filter(|longest| longest.seconds > 0)?;
    let before = u64::try_from(longest.seconds_before).unwrap_or(0);
    let values: [(&str, &str); 5] = [
        ("percent", &(longest.seconds * 100 / all.max(1)).to_string()),
        ("who", words.party(&longest.who)),
        ("tickets", &words.count(words.tickets, longest.tickets)),
        ("span", &words.span(longest.p85_seconds)),
        ("trend", &words.trend(before, u64::try_from(longest.seconds).unwrap_or(0))),
    ];
    Some(fill_text(words.wait, &values))
}

fn at_most(words: &ReportWords, seconds: i64) -> String {
    let span = words.span(seconds);
    if seconds < 60 { span } else { fill_text(words.at_most, &[("span", &span)]) }
}

/// A table of the report.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) heads: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Every table that has rows, in the order in which they are read.
pub(crate) fn tables(report: &Report) -> Vec<Table> {
    let words = words_in(&report.language);
    let span = |seconds: i64| words.span(seconds);
    let mut tables = Vec::new();
    let mut add = |title, heads: &[&'static str], rows: Vec<Vec<String>>| {
        if !rows.is_empty() {
            tables.push(Table { title, heads: heads.to_vec(), rows });
        }
    };
    let flow = &report.flow;
    let number = |count: u64| count.to_string();
    add(
        words.flow_title,
        &["", words.now, words.before_head],
        vec![
            vec![words.flow_rows[0].into(), number(flow.arrivals), number(flow.arrivals_before)],
            vec![words.flow_rows[1].into(), number(flow.closings), number(flow.closings_before)],
            vec![words.flow_rows[2].into(), number(report.reopened), String::new()],
            vec![words.flow_rows[3].into(), number(report.hand_overs), String::new()],
        ],
    );
    let answers = words.answers_rows.into_iter().zip([&report.first_response, &report.next_response]);
    let rows = answers.flat_map(|(name, compared)| spread_rows(words, name, compared)).collect();
    add(words.answers_title, &headed(words.answers_heads), rows);
    let rows = report.waiting.iter().map(|waiting| {
        vec![
            words.party(&waiting.who).to_owned(),
            number(waiting.tickets),
            span(waiting.seconds),
            span(waiting.p85_seconds),
            words
                .trend(u64::try_from(waiting.seconds_before).unwrap_or(0), u64::try_from(waiting.seconds).unwrap_or(0))
                .trim_start_matches(", ")
                .to_owned(),
        ]
    });
    add(words.waiting_title, &headed(words.waiting_heads), rows.collect());
    let step = |step: &str| if step.is_empty() { "-".to_owned() } else { step.to_owned() };
    let rows = report
        .steps
        .iter()
        .map(|time| vec![time.ticket_type.clone(), step(&time.step), words.party(&time.who).to_owned(), span(time.seconds)]);
    add(words.steps_title, &words.steps_heads, rows.collect());
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
    add(words.ageing_title, &words.ageing_heads, rows.collect());
    let rows =
        report.articles.iter().map(|used| vec![used.id.clone(), number(used.offered), number(used.solved), number(used.refused)]);
    add(words.articles_title, &headed(words.articles_heads), rows.collect());
    if report.ratings.count > 0 {
        let ratings = &report.ratings;
        let row = vec![format!("{} %", ratings.good * 100 / ratings.count), number(ratings.count)];
        add(words.ratings_title, &words.ratings_heads, vec![row]);
    }
    let rows = report.causes.iter().map(|cause| vec![cause.cause.clone(), cause.ticket_type.clone(), number(cause.count)]);
    add(words.causes_title, &words.causes_heads, rows.collect());
    let rows = |counted: &[crate::report::Counted]| counted.iter().map(|one| vec![one.what.clone(), number(one.count)]).collect();
    add(words.gaps_title, &words.counted_heads, rows(&report.gaps));
    add(words.wishes_title, &words.counted_heads, rows(&report.wishes));
    if report.without_cause_count > 0 {
        let more = report.without_cause_count.saturating_sub(report.without_cause.len() as u64);
        let more = if more > 0 { fill_text(words.and_more, &[("count", &more.to_string())]) } else { String::new() };
        let row = vec![format!("{}{more}", report.without_cause.join(", "))];
        add(words.without_cause_title, &[words.without_cause_head], vec![row]);
    }
    add(words.mail_title, &words.mail_heads, vec![vec![number(report.loops), number(report.held), number(report.held_now)]]);
    tables
}

/// Heads of a table whose first column names its rows.
fn headed<const N: usize>(heads: [&'static str; N]) -> Vec<&'static str> {
    std::iter::once("").chain(heads).collect()
}

fn spread_rows(words: &ReportWords, name: &str, compared: &Compared) -> Vec<Vec<String>> {
    let row = |name: String, spread: &Spread| {
        let shown = |seconds: Option<i64>| seconds.map_or_else(|| "-".to_owned(), |seconds| words.span(seconds));
        let kept = spread.kept_percent().map_or_else(
            || "-".to_owned(),
            |percent| fill_text(words.share_of, &[("percent", &percent.to_string()), ("count", &spread.promised.to_string())]),
        );
        vec![name, spread.count.to_string(), shown(spread.median_seconds), shown(spread.p85_seconds), kept]
    };
    let mut rows = vec![row(name.to_owned(), &compared.now)];
    if compared.before.count > 0 {
        rows.push(row(fill_text(words.before, &[("name", name)]), &compared.before));
    }
    rows
}

/// `23 November 2026 to 29 November 2026, team support`.
#[must_use]
pub fn title(report: &Report, zone: &TimeZone) -> String {
    let words = words_in(&report.language);
    let day = |at: jiff::Timestamp| {
        let local = at.to_zoned(zone.clone());
        let (_, month) = weekday_and_month(&local, words.language);
        let (day, year) = (local.day().to_string(), local.year().to_string());
        fill_text(words.day, &[("day", &day), ("month", month), ("year", &year)])
    };
    let last = report.until.checked_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(report.until);
    let team = report.team.as_ref().map_or_else(String::new, |team| fill_text(words.team, &[("team", team.as_str())]));
    let (from, last) = (day(report.from), day(last));
    let span = if from == last { from } else { fill_text(words.span_of_days, &[("from", &from), ("last", &last)]) };
    format!("{span}{team}")
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
        let (english, german) = (words_in("en"), words_in("de"));
        for (seconds, expect, expect_german) in [
            (5, "under a minute", "unter einer Minute"),
            (2_520, "42 min", "42 Min."),
            (18_900, "5.2 h", "5,2 Std."),
            (276_480, "3.2 days", "3,2 Tage"),
            (129_600, "1.5 days", "1,5 Tage"),
        ] {
            assert_eq!((english.span(seconds), german.span(seconds)), (expect.to_owned(), expect_german.to_owned()));
        }
        assert_eq!((english.trend(100, 160), german.trend(100, 160)), (", up 60 %".to_owned(), ", 60 % mehr".to_owned()));
        assert_eq!((english.trend(100, 41), german.trend(100, 41)), (", down 59 %".to_owned(), ", 59 % weniger".to_owned()));
        assert_eq!((english.trend(0, 5), german.trend(7, 7)), (String::new(), ", wie zuvor".to_owned()));
    }

    #[test]
    fn cells_of_people_are_no_formulas() {
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("-5"), "-5");
        assert_eq!(quoted("- router"), "'- router");
    }
}
