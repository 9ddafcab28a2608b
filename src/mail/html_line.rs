//! Writing lines of text with their marks: white space, pending breaks, table rows.

use crate::html::LineMark;
use crate::html_element::{Region, WhiteSpace};

/// Collects lines. White space folds as in a browser.
#[derive(Default)]
pub(crate) struct LineWriter {
    /// The mark that the next content gets.
    pub(crate) mark: LineMark,
    lines: Vec<(String, LineMark)>,
    current: String,
    current_mark: LineMark,
    has_content: bool,
    wants_blank: bool,
    prefix: Option<String>,
    history_starts: bool,
    rule_before: bool,
    written: usize,
}

impl LineWriter {
    pub(crate) fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Bytes written so far: a place to come back to.
    pub(crate) fn text_length(&self) -> usize {
        self.written
    }

    /// What the current line got since `start`; `None` if that was on an earlier line.
    pub(crate) fn current_since(&self, start: usize) -> Option<&str> {
        let length = self.written.checked_sub(start)?;
        self.current.get(self.current.len().checked_sub(length)?..)
    }

    pub(crate) fn prefix(&mut self, prefix: String) {
        self.prefix = Some(prefix);
    }

    pub(crate) fn history_starts(&mut self) {
        self.end_line();
        self.history_starts = true;
    }

    pub(crate) fn rule(&mut self) {
        self.end_line();
        self.rule_before = true;
    }

    pub(crate) fn want_blank(&mut self) {
        self.wants_blank = !self.lines.is_empty();
    }

    pub(crate) fn inline_text(&mut self, text: &str, white_space: WhiteSpace) {
        if white_space == WhiteSpace::Normal {
            return self.folded_text(text);
        }
        // A character reference can put a CR anywhere.
        for (index, line) in text.replace("\r\n", "\n").replace('\r', " ").split('\n').enumerate() {
            if index > 0 {
                self.line_break();
            }
            if white_space == WhiteSpace::Lines {
                self.folded_text(line);
            } else if !line.is_empty() {
                self.begin();
                self.push(line);
            }
        }
    }

    fn folded_text(&mut self, text: &str) {
        let has_hard_space = !text.is_ascii() && text.contains('\u{a0}');
        let mut rest = text;
        while !rest.is_empty() {
            let word = rest.bytes().position(|byte| !is_space(byte)).unwrap_or(rest.len());
            if word > 0 {
                if self.has_content && !self.current.ends_with([' ', '\t']) {
                    self.push(" ");
                }
                rest = &rest[word..];
                continue;
            }
            self.begin();
            let end = if has_hard_space {
                let end = rest.bytes().position(is_space).unwrap_or(rest.len());
                self.push(&rest[..end].replace('\u{a0}', " "));
                end
            } else {
                let end = folded_length(rest.as_bytes());
                self.push(&rest[..end]);
                end
            };
            rest = &rest[end..];
        }
    }

    fn push(&mut self, text: &str) {
        self.written += text.len();
        self.current.push_str(text);
    }

    /// First content of a line: settles what was pending.
    fn begin(&mut self) {
        if self.has_content {
            return;
        }
        if std::mem::take(&mut self.wants_blank) && self.lines.last().is_some_and(|(line, _)| !line.trim().is_empty()) {
            self.lines.push((String::new(), self.mark));
        }
        self.has_content = true;
        self.current_mark = self.mark;
        self.current_mark.history_starts = std::mem::take(&mut self.history_starts);
        self.current_mark.rule_before = std::mem::take(&mut self.rule_before);
        if let Some(prefix) = self.prefix.take() {
            self.push(&prefix);
        }
    }

    /// Ends the line if it has content, as the edge of a block does.
    pub(crate) fn end_line(&mut self) {
        if self.has_content {
            let mut line = std::mem::take(&mut self.current);
            self.has_content = false;
            if !line.is_ascii() && line.contains(['\u{34f}', '\u{200c}']) {
                line = without_filler(&line);
                if line.is_empty() {
                    return;
                }
            }
            self.lines.push((line, self.current_mark));
        }
    }

    /// A forced break: an empty line counts too.
    pub(crate) fn line_break(&mut self) {
        if self.has_content {
            self.end_line();
        } else {
            self.wants_blank = false;
            self.lines.push((String::new(), self.mark));
        }
    }

    /// Makes one line of a row whose cells are single lines.
    pub(crate) fn join_cells(&mut self, row_start: usize, cells: &[usize]) {
        let row_is_plain =
            cells.len() >= 2 && cells.len() <= CELLS_JOINED_MAX && cells.first().is_some_and(|first| *first >= row_start);
        if !row_is_plain || self.lines.len() <= row_start + 1 {
            return;
        }
        let ends = cells.iter().skip(1).copied().chain([self.lines.len()]);
        let is_single = cells.iter().zip(ends).all(|(start, end)| {
            end >= *start
                && self
                    .lines
                    .get(*start..end)
                    .is_some_and(|lines| lines.iter().filter(|(line, _)| !line.trim().is_empty()).nth(1).is_none())
        });
        if !is_single {
            return;
        }
        let mark = self.lines[row_start].1;
        let mut joined = String::new();
        for (line, _) in self.lines.drain(row_start..).filter(|(line, _)| !line.trim().is_empty()) {
            if !joined.is_empty() {
                joined.push(if joined.ends_with([':', '：']) { ' ' } else { '\t' });
            }
            joined.push_str(line.trim());
        }
        self.lines.push((joined, mark));
    }

    /// Changes the region of the lines from `first` on.
    pub(crate) fn relabel(&mut self, first: usize, from: Region, to: Region) {
        self.end_line();
        for (_, mark) in self.lines.iter_mut().skip(first).filter(|(_, mark)| mark.region == from) {
            mark.region = to;
        }
    }

    pub(crate) fn finish(mut self) -> (String, Vec<LineMark>) {
        self.end_line();
        let is_empty = |(line, _): &&(String, LineMark)| line.trim().is_empty();
        let leading = self.lines.iter().take_while(is_empty).count();
        let trailing = self.lines[leading..].iter().rev().take_while(is_empty).count();
        let kept = &self.lines[leading..self.lines.len() - trailing];
        let mut text = String::with_capacity(self.written + kept.len());
        let mut marks = Vec::with_capacity(kept.len());
        for (line, mark) in kept {
            if !marks.is_empty() {
                text.push('\n');
            }
            text.push_str(line.trim_end());
            marks.push(*mark);
        }
        (text, marks)
    }
}

/// Newsletters fill the preview of their mail with joiners between spaces; between letters a joiner is part of a word.
fn without_filler(line: &str) -> String {
    let is_filler = |c: char| matches!(c, '\u{34f}' | '\u{200c}' | '\u{200b}' | '\u{feff}' | '\u{2007}') || c.is_whitespace();
    let mut out = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        let joins = out.ends_with(char::is_alphanumeric) && characters.peek().is_some_and(|next| next.is_alphanumeric());
        if joins || !matches!(c, '\u{34f}' | '\u{200c}') {
            out.push(c);
        }
    }
    out.truncate(out.trim_end_matches(is_filler).len());
    out
}

/// Length of the words at the start of a text that have single spaces between them, as a browser shows them.
fn folded_length(text: &[u8]) -> usize {
    let mut is_behind_space = false;
    let end = text.iter().position(|&byte| {
        let is_unfolded = is_space(byte) && (is_behind_space || byte != b' ');
        is_behind_space = byte == b' ';
        is_unfolded
    });
    let words = &text[..end.unwrap_or(text.len())];
    words.strip_suffix(b" ").unwrap_or(words).len()
}

/// White space that HTML folds.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | 0xc)
}

/// Wider rows are grids of pictures, not data.
const CELLS_JOINED_MAX: usize = 32;
