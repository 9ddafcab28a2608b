//! The report as a document: sentences, charts, tables. It stands alone: no script, no picture, nothing is fetched.

use jiff::tz::TimeZone;

use crate::report::Report;
use crate::report_svg;
use crate::report_text::{self, Table};
use crate::report_words::words_in;
use crate::template::{page, push_escaped};

/// The document.
#[must_use]
pub fn html(report: &Report, company: &str, zone: &TimeZone) -> String {
    let words = words_in(&report.language);
    let mut body = String::from("<h1 style=\"font-size:20px\">");
    push_escaped(&mut body, &format!("{company}: {}", report_text::title(report, zone)));
    body.push_str("</h1>\n");
    for sentence in &report.sentences {
        body.push_str("<p>");
        push_escaped(&mut body, sentence);
        body.push_str("</p>\n");
    }
    report_svg::flow(&mut body, words, &report.flow);
    report_svg::waiting(&mut body, words, &report.waiting);
    for table in report_text::tables(report) {
        push_table(&mut body, &table);
    }
    page(&body, words.language)
}

fn push_table(body: &mut String, table: &Table) {
    // A word that is broken to fit its column reads badly: on a narrow screen the table scrolls instead.
    body.push_str("<div style=\"overflow-x:auto;overflow-wrap:break-word;margin:0 0 1em\">");
    body.push_str("<table style=\"margin:0;font-size:13px\"><caption style=\"text-align:left;font-weight:bold\">");
    push_escaped(body, table.title);
    body.push_str("</caption>\n<tr>");
    for head in &table.heads {
        body.push_str("<th scope=\"col\" style=\"text-align:left;padding:2px 4px\">");
        push_escaped(body, head);
        body.push_str("</th>");
    }
    body.push_str("</tr>\n");
    for row in &table.rows {
        body.push_str("<tr>");
        for cell in row {
            body.push_str("<td style=\"padding:2px 4px\">");
            push_escaped(body, cell);
            body.push_str("</td>");
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</table></div>\n");
}
