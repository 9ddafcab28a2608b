//! A body as lines: their `>` depth, what is behind it, and what the markup said.

use crate::html::LineMark;
use crate::html_element::Region;
use crate::words::Field;
use crate::{attribution, header_block};

/// One line of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// The line without trailing white space.
    pub(crate) text: &'a str,
    /// What follows the quote marks, trimmed.
    pub(crate) body: &'a str,
    /// Number of quote marks.
    pub(crate) depth: usize,
    /// What `body` is where it is a header field: read once, since rules ask for it again and again.
    pub(crate) label: Option<(Field, &'a str)>,
    pub(crate) mark: LineMark,
}

impl Line<'_> {
    pub(crate) fn is_blank(&self) -> bool {
        self.body.is_empty()
    }

    /// Quoted by marks in the text or by a client's container.
    pub(crate) fn is_quoted(&self) -> bool {
        self.depth > 0 || self.mark.region == Region::Quote
    }

    /// Quoted, or in a block quote that might be one.
    pub(crate) fn may_be_quoted(&self) -> bool {
        self.is_quoted() || matches!(self.mark.region, Region::WeakQuote | Region::Indented)
    }
}

/// Divides a text into lines; `marks` are those of its HTML, or empty.
pub(crate) fn lines<'a>(text: &'a str, marks: &[LineMark]) -> Vec<Line<'a>> {
    let mut lines = Vec::with_capacity(memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1);
    for raw in split_lines(text) {
        let mark = marks.get(lines.len()).copied().unwrap_or_default();
        lines.push(line(raw, mark));
    }
    join_wrapped(&mut lines);
    mark_other_quotes(&mut lines);
    lines
}

/// Programs that quote with initials (`MB> text`), bars (`| text`) or colons (`: text`) say so by an introduction right above; without one
/// such lines are what a console shows, or a table.
fn mark_other_quotes(lines: &mut [Line<'_>]) {
    let mut known: Option<&str> = None;
    for index in 0..lines.len() {
        let Some((mark, body)) = other_mark(&lines[index]) else { continue };
        if known != Some(mark) {
            let above = (index.saturating_sub(OTHER_MARK_ABOVE_MAX)..index).rev().find(|above| !lines[*above].is_blank());
            let is_introduced = |above: usize| {
                attribution::tells_when(lines, above)
                    || are_initials(mark, lines[above].body) && attribution::names_author(lines, above)
            };
            if !above.is_some_and(is_introduced) {
                continue;
            }
            known = Some(mark);
        }
        lines[index].depth = 1;
        lines[index].body = body;
        lines[index].label = header_block::label_of(body);
    }
}

/// Whether the mark has the first letters of the words of a name in an introduction: `MB` in "Maya Berg wrote:".
fn are_initials(mark: &str, introduction: &str) -> bool {
    let mut words = introduction.split_whitespace().filter_map(|word| word.trim_start_matches(['"', '\'', '(']).chars().next());
    mark.chars().count() >= 2 && mark.chars().all(|letter| letter.is_uppercase() && words.any(|first| first == letter))
}

/// Blank lines between an introduction and its quote.
const OTHER_MARK_ABOVE_MAX: usize = 3;

/// Initials with their bracket, a bar or a colon, and what follows.
fn other_mark<'a>(line: &Line<'a>) -> Option<(&'a str, &'a str)> {
    if line.depth > 0 {
        return None;
    }
    if let Some(rest) = line.body.strip_prefix('|') {
        return Some(("|", rest.trim_start()));
    }
    if let Some(rest) = line.body.strip_prefix(": ").or_else(|| (line.body == ":").then_some("")) {
        return Some((":", rest.trim_start()));
    }
    let end = line.body.as_bytes().iter().take(INITIALS_BYTES_MAX + 1).position(|byte| *byte == b'>')?;
    let (initials, rest) = (line.body.get(..end)?, line.body.get(end + 1..)?);
    let is_mark = !initials.is_empty() && initials.chars().all(char::is_uppercase);
    let body = rest.trim_start_matches('>').trim_start();
    // Initials are letters: a line of nothing else is not blank.
    (is_mark && (rest.is_empty() || rest.starts_with([' ', '>'])))
        .then_some((initials, if body.is_empty() { line.body } else { body }))
}

/// Three initials of two bytes each.
const INITIALS_BYTES_MAX: usize = 6;

/// CRLF, LF and a lone CR all end a line.
fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr::memchr2(b'\n', b'\r', text.as_bytes()) else { return rest.take() };
        let width = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + width..]);
        Some(&text[..end])
    })
}

pub(crate) fn line(raw: &str, mark: LineMark) -> Line<'_> {
    let text = without_end(raw);
    let (depth, body) = strip_marks(text);
    Line { text, body, depth, label: header_block::label_of(body), mark }
}

/// A line without its trailing white space; editors also leave places without width on lines that show nothing.
pub(crate) fn without_end(raw: &str) -> &str {
    if raw.as_bytes().last().is_some_and(u8::is_ascii_graphic) {
        return raw;
    }
    raw.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}'))
}

/// Counts and removes leading `>` marks, with at most one space between two of them.
fn strip_marks(text: &str) -> (usize, &str) {
    // Most lines begin with a letter; nothing has to be trimmed from them, and their ends are trimmed already.
    if text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) {
        return (0, text);
    }
    let start = text.trim_start_matches([' ', '\t', '\u{a0}', '\u{feff}', '\u{200b}']);
    if text.len() - start.len() > 4 || !start.starts_with('>') || start.starts_with(">From ") {
        return (0, text.trim());
    }
    let mut rest = start;
    let mut depth = 0;
    while let Some(next) = rest.strip_prefix('>') {
        depth += 1;
        rest = next;
        let spaced = rest.trim_start_matches(' ');
        if rest.len() - spaced.len() <= 1 && spaced.starts_with('>') {
            rest = spaced;
        }
    }
    (depth, rest.trim())
}

/// A quoted line that a mail program wrapped once more leaves its end without a mark; it still is quoted.
fn join_wrapped(lines: &mut [Line<'_>]) {
    if lines.iter().all(|line| line.depth == 0) {
        return;
    }
    for index in 1..lines.len() {
        if lines[index].depth == 1 && closes_address(&lines[..index], lines[index].body) {
            lines[index].depth = 0;
            lines[index].body = lines[index].text.trim();
            lines[index].label = header_block::label_of(lines[index].body);
        }
    }
    for index in 1..lines.len().saturating_sub(1) {
        let (before, here, after) = (&lines[index - 1], &lines[index], &lines[index + 1]);
        let between_quotes = before.depth > 0 && here.depth == 0 && !here.is_blank() && after.depth > 0;
        if between_quotes && (is_continuation(before.body, here.text) || is_inside_header(&lines[..=index + 1])) {
            lines[index].depth = before.depth;
        }
    }
}

/// An address was wrapped before its closing bracket, which now looks like a quote mark: `<bob@x.example` and `> wrote:`.
fn closes_address(above: &[Line<'_>], body: &str) -> bool {
    if !body.ends_with([':', '：']) || body.split_whitespace().count() > 3 {
        return false;
    }
    let mut open = 0_i64;
    for line in above.iter().rev().take(3).take_while(|line| line.depth == 0 && !line.is_blank()) {
        for byte in line.text.bytes() {
            open += i64::from(byte == b'<') - i64::from(byte == b'>');
        }
    }
    open > 0
}

/// Between two fields of a quoted header block, behind a recipient that others follow, or the end of its subject. Answers
/// to a quoted form stand below a label without an address.
fn is_inside_header(lines: &[Line<'_>]) -> bool {
    let [above @ .., before, here, after] = lines else { return false };
    let Some((field, value)) = before.label.filter(|_| here.label.is_none()) else { return false };
    let ends_block = || {
        let mut above = above.iter().rev().take(FIELDS_ABOVE_MAX).take_while(|line| line.depth > 0);
        let has_block = above.any(|line| line.label.is_some_and(|(_, value)| value.contains('@')));
        field == Field::Subject && after.is_blank() && has_block && here.body.split_whitespace().count() <= SUBJECT_REST_WORDS_MAX
    };
    value.contains('@') && after.label.is_some() || value.ends_with([';', ',']) || ends_block()
}

/// From, Sent, To and a wrapped line.
const FIELDS_ABOVE_MAX: usize = 4;
/// More words than these are an answer.
const SUBJECT_REST_WORDS_MAX: usize = 3;

fn is_continuation(before: &str, here: &str) -> bool {
    let ends_sentence = before.ends_with(['.', '!', '?', ':', '…']);
    let open_bracket = before.matches(['(', '<', '[']).count() > before.matches([')', '>', ']']).count();
    let starts_lower = here.trim_start().chars().next().is_some_and(char::is_lowercase);
    if before.is_empty() {
        return here.trim_start().starts_with("(http");
    }
    let is_link = here.trim_start().starts_with(['(', '<']) || here.trim_start().starts_with("http");
    open_bracket || is_link || (!ends_sentence && starts_lower && before.chars().count() >= WRAP_CHARS_MIN)
}

/// Programs wrap at about 72 columns; a shorter line was ended by its writer.
const WRAP_CHARS_MIN: usize = 55;
