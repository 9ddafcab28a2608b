//! Charts of the report as inline SVG: bars with a title and a description for those who hear them, no script, no font of
//! ours, colours that hold on light and dark. Every figure of a chart stands in a table too.

use std::fmt::Write as _;

use crate::agent_page::fill_text;
use crate::report::{Flow, Waiting};
use crate::report_words::ReportWords;
use crate::template::push_escaped;

/// As wide as a phone shows, so that letters stay as large there as they are said to be.
const WIDTH: i64 = 330;
/// On a wide screen it grows to this.
const WIDTH_MAX: i64 = 450;
const CHART_HEIGHT: i64 = 140;
const BAR_HEIGHT: i64 = 22;
/// Room for names beside bars.
const NAME_WIDTH: i64 = 130;
/// Room for figures behind bars.
const VALUE_WIDTH: i64 = 70;
/// Days that fit beside each other.
const DAYS_MAX: usize = 62;
/// Characters of a name beside a bar.
const NAME_CHARACTERS_MAX: usize = 18;
const COMING: &str = "#3f7fbf";
const GOING: &str = "#5a9e5a";

/// Arrivals and closings by day.
pub(crate) fn flow(out: &mut String, words: &ReportWords, flow: &Flow) {
    let days = &flow.days[flow.days.len().saturating_sub(DAYS_MAX)..];
    let highest = days.iter().map(|day| day.arrivals.max(day.closings)).max().unwrap_or(0);
    if days.len() < 2 || highest == 0 {
        return;
    }
    let values: [(&str, &str); 4] = [
        ("days", &days.len().to_string()),
        ("came", &flow.arrivals.to_string()),
        ("closed", &flow.closings.to_string()),
        ("highest", &highest.to_string()),
    ];
    let described = fill_text(words.chart_flow_says, &values);
    open(out, "flow", words.chart_flow, &described, CHART_HEIGHT + 20);
    let slot = WIDTH / i64::try_from(days.len()).unwrap_or(WIDTH).max(1);
    let bar = (slot / 3).clamp(1, 24);
    let scaled = |count: u64| i64::try_from(count * CHART_HEIGHT.unsigned_abs() / highest).unwrap_or(0);
    for (day, index) in days.iter().zip(0_i64..) {
        for (count, colour, offset, what) in
            [(day.arrivals, COMING, 0, words.chart_bars[0]), (day.closings, GOING, bar, words.chart_bars[1])]
        {
            let (height, x) = (scaled(count), index * slot + offset);
            let y = CHART_HEIGHT - height;
            write!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{bar}\" height=\"{height}\" fill=\"{colour}\">").expect("memory");
            let title = fill_text(what, &[("day", &day.on.to_string()), ("count", &count.to_string())]);
            writeln!(out, "<title>{title}</title></rect>").expect("memory");
        }
    }
    let ends = [(0, "start", days.first()), (WIDTH, "end", days.last())];
    for (x, anchor, day) in ends.into_iter().filter_map(|(x, anchor, day)| Some((x, anchor, day?))) {
        writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"12\" fill=\"currentColor\">{}</text>",
            CHART_HEIGHT + 16,
            day.on
        )
        .expect("memory");
    }
    out.push_str("</svg>\n");
}

/// Who was waited on.
pub(crate) fn waiting(out: &mut String, words: &ReportWords, waiting: &[Waiting]) {
    let longest = waiting.iter().map(|waiting| waiting.seconds).max().unwrap_or(0);
    if waiting.len() < 2 || longest <= 0 {
        return;
    }
    let described: Vec<String> =
        waiting.iter().map(|waiting| format!("{} {}", words.party(&waiting.who), words.span(waiting.seconds))).collect();
    let height = BAR_HEIGHT * i64::try_from(waiting.len()).unwrap_or(1);
    open(out, "waiting", words.waiting_title, &format!("{}.", described.join(", ")), height);
    for (one, index) in waiting.iter().zip(0_i64..) {
        let y = index * BAR_HEIGHT;
        let width = i128::from(one.seconds) * i128::from(WIDTH - NAME_WIDTH - VALUE_WIDTH) / i128::from(longest);
        let width = i64::try_from(width).unwrap_or(0).max(1);
        let name: String = words.party(&one.who).chars().take(NAME_CHARACTERS_MAX).collect();
        write!(out, "<text x=\"0\" y=\"{}\" font-size=\"13\" fill=\"currentColor\">", y + 15).expect("memory");
        push_escaped(out, &name);
        writeln!(
            out,
            "</text>\n<rect x=\"{NAME_WIDTH}\" y=\"{}\" width=\"{width}\" height=\"{}\" fill=\"{COMING}\"/>",
            y + 3,
            BAR_HEIGHT - 6
        )
        .expect("memory");
        writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" font-size=\"13\" fill=\"currentColor\">{}</text>",
            NAME_WIDTH + width + 6,
            y + 15,
            words.span(one.seconds)
        )
        .expect("memory");
    }
    out.push_str("</svg>\n");
}

fn open(out: &mut String, id: &str, title: &str, described: &str, height: i64) {
    write!(
        out,
        "<svg role=\"img\" aria-labelledby=\"{id}-title {id}-desc\" viewBox=\"0 0 {WIDTH} {height}\" width=\"100%\" \
         style=\"max-width:{WIDTH_MAX}px\" xmlns=\"http://www.w3.org/2000/svg\">\n<title id=\"{id}-title\">"
    )
    .expect("memory");
    push_escaped(out, title);
    write!(out, "</title>\n<desc id=\"{id}-desc\">").expect("memory");
    push_escaped(out, described);
    out.push_str("</desc>\n");
}
