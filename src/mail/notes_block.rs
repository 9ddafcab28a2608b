//! The columns that Notes puts above history, as its text version leaves them: the author, the day, then each label on a
//! line of its own.
//!
//! ```text
//! Ann Berg <ann@acme.example>
//! 14/05/2024 09:58
//!
//! To
//! Dana Okafor/ACME
//! cc
//!
//! Subject
//! Printer
//! ```

use crate::quote::Line;
use crate::words::{self, Field};
use crate::{attribution, header_block};

/// Lines between the day and the subject.
const BLOCK_LINES_MAX: usize = 24;
/// The author, who sent it for them, whom to answer, the day.
const AUTHOR_LINES_MAX: usize = 4;

/// Where history begins whose columns have their day on line `at`.
pub(crate) fn around(lines: &[Line<'_>], at: usize) -> Option<usize> {
    if !attribution::is_day_and_time(lines[at].body) {
        return None;
    }
    let below = lines[at + 1..].iter().take(BLOCK_LINES_MAX);
    let mut fields = below.filter_map(|line| field_of(line.body)).filter(|field| matches!(field, Field::To | Field::Subject));
    let has_both = fields.next() == Some(Field::To) && fields.any(|field| field == Field::Subject);
    let author = lines[..at].iter().rev().take(AUTHOR_LINES_MAX).take_while(|line| !line.is_blank()).count();
    let begins_paragraph = at == author || lines[at - author - 1].is_blank();
    (has_both && (1..AUTHOR_LINES_MAX).contains(&author) && begins_paragraph).then_some(at - author)
}

/// `Ann Berg ---14/05/2024 09:58:01---Printer`, which Notes puts above a header block, and what a screen reader says of it.
pub(crate) fn is_headline(body: &str) -> bool {
    let Some(at) = body.find("---").filter(|at| *at > 0) else { return false };
    let Some((day, _)) = body[at..].trim_start_matches('-').split_once("---") else { return false };
    attribution::is_day_and_time(day.trim())
}

/// The field of a label alone on its line, or before a colon.
fn field_of(body: &str) -> Option<Field> {
    if body.is_empty() || body.len() > words::LABEL_CHARS_MAX * 4 {
        return None;
    }
    header_block::label_of(body).map(|(field, _)| field).or_else(|| words::field(&body.to_lowercase()))
}
