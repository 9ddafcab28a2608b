//! The plain form of a mail to an agent, complete on its own.
//!
//! Lines with foreign words are broken here, so that no client breaks them: a new line begins with our own words or with
//! a bar.

use crate::agent_page::{Block, CodeLine, GLUE, Item, Line, Page, columns, mark, width};

/// Column in which the reason stands beside the place that it is about; on a narrow screen it stands close to it.
const REASON_COLUMN: usize = 23;
/// Columns of lines with foreign words, so that no client wraps them when it puts a quote mark before them.
const COLUMNS_MAX: usize = 76;
/// Columns of lines of our own words, which may be wrapped anywhere.
const OWN_COLUMNS_MAX: usize = 100;
/// Columns of quoted lines, `| ` included.
const QUOTE_COLUMNS_MAX: usize = 74;
/// A word longer than that is broken: links are kept whole, blobs are not.
const WORD_COLUMNS_MAX: usize = 400;
/// Characters of a command that are shown.
const CODE_CHARACTERS_MAX: usize = 60;
/// Where remarks about items begin.
const REMARK_COLUMN: usize = 46;
/// Where the values of a row begin, by the width of its title.
const ROW_COLUMNS: [usize; 2] = [12, 25];

impl Page {
    /// Plain text, LF line ends.
    pub(crate) fn text(&self) -> String {
        let mut out = format!("{}\n", self.marker);
        let mut above: Option<&Block> = None;
        for block in self.shown_blocks() {
            if !above.is_some_and(|above| block.is_close_to(above)) {
                out.push('\n');
            }
            self.push_block(&mut out, block);
            above = Some(block);
        }
        if self.footer.iter().any(|line| !line.is_empty()) {
            out.push('\n');
            let shown: Vec<String> = self.footer.iter().map(|line| unglued(&line.glued())).collect();
            push_line(&mut out, &shown.join(" · "));
        }
        out
    }

    fn push_block(&self, out: &mut String, block: &Block) {
        match block {
            Block::Quote(quote) => {
                quote.lines.iter().for_each(|line| push_quoted(out, line));
                if quote.is_shortened {
                    push_line(out, self.shortened);
                }
            }
            Block::Files(lines) => lines.iter().for_each(|line| push_item(out, line)),
            Block::Say(line) => push_flow(out, String::new(), 0, &line.glued(), COLUMNS_MAX),
            Block::Row { title, values } => push_row(out, title, values, COLUMNS_MAX),
            Block::Links { title, links } => push_row(out, title, links, OWN_COLUMNS_MAX),
            Block::Checklist { title, behind, items, links } => {
                push_row(out, title, behind, COLUMNS_MAX);
                for item in items {
                    push_checked(out, item);
                }
                if !links.is_empty() {
                    push_flow(out, " ".repeat(6), 6, &joined(links), COLUMNS_MAX);
                }
            }
            Block::List { title, lines } => {
                if !title.is_empty() {
                    push_line(out, title);
                }
                lines.iter().for_each(|line| push_item(out, line));
            }
            Block::Code(lines) => out.push_str(&code_text(lines, REASON_COLUMN)),
        }
    }
}

/// Commands as they are shown, with `^^^^^   no such command` under the wrong place, the reason in `reason_column` or later.
pub(crate) fn code_text(lines: &[CodeLine], reason_column: usize) -> String {
    let mut out = String::new();
    for line in lines {
        let characters: Vec<char> = line.text.chars().collect();
        let (first, length) = line.caret.as_ref().map_or((0, 0), |(first, length, _)| (*first, *length));
        // Of a long line, the part around the mistake.
        let start = if first + length > CODE_CHARACTERS_MAX { first.saturating_sub(CODE_CHARACTERS_MAX / 3) } else { 0 };
        let mut shown: String = characters.iter().skip(start).take(CODE_CHARACTERS_MAX).collect();
        if characters.len() > start + CODE_CHARACTERS_MAX {
            shown.push('…');
        }
        push_line(&mut out, &format!("{:>4}   {shown}", line.number));
        let Some((_, _, why)) = &line.caret else { continue };
        let before: usize = shown.chars().take(first - start).map(width).sum();
        let marked: usize = shown.chars().skip(first - start).take(length).map(width).sum();
        let carets = format!("{}{}", " ".repeat(7 + before), "^".repeat(marked.max(1)));
        let lead = format!("{carets:<reason_column$} ");
        let is_roomy = columns(&lead) + columns(why) <= COLUMNS_MAX;
        if is_roomy {
            push_line(&mut out, &format!("{lead}{why}"));
        } else {
            push_line(&mut out, &carets);
            push_flow(&mut out, " ".repeat(7), 7, &why.replace(' ', &GLUE.to_string()), COLUMNS_MAX);
        }
    }
    out
}

/// One line of a list.
fn push_item(out: &mut String, line: &Line) {
    push_flow(out, "  ".to_owned(), 4, &line.glued(), COLUMNS_MAX);
}

/// An item of a checklist, with its remark in a column of its own where there is room.
fn push_checked(out: &mut String, item: &Item) {
    let line = format!("  {} {} {}", mark(item), item.number, item.text);
    let Some(remark) = &item.remark else { return push_line(out, &line) };
    if line.chars().count() + 2 <= REMARK_COLUMN && REMARK_COLUMN + remark.chars().count() <= COLUMNS_MAX {
        push_line(out, &format!("{line:REMARK_COLUMN$}{remark}"));
    } else {
        push_line(out, &line);
        push_line(out, &format!("{:8}{remark}", ""));
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

fn unglued(text: &str) -> String {
    text.replace(GLUE, " ")
}

/// A title and values with ` · ` between them. A further line begins with the dot.
fn push_row(out: &mut String, title: &str, values: &[Line], columns_max: usize) {
    let start = match title {
        "" => 0,
        title => ROW_COLUMNS.into_iter().find(|start| columns(title) < *start).unwrap_or(columns(title) + 2),
    };
    let lead = format!("{title}{}", " ".repeat(start - columns(title)));
    push_flow(out, lead, start, &joined(values), columns_max);
}

/// Values as one glued text that can be broken before each dot.
fn joined(values: &[Line]) -> String {
    let glue = GLUE.to_string();
    let values = values.iter().filter(|value| !value.is_empty()).map(|value| value.glued().replace(' ', &glue));
    values.collect::<Vec<_>>().join(&format!(" ·{GLUE}"))
}

/// Words in lines. A line begins with a word of ours, since foreign ones are glued to it; where they are too long for a
/// line, the next one carries the bar of foreign words.
fn push_flow(out: &mut String, lead: String, indent: usize, glued: &str, columns_max: usize) {
    let indent = " ".repeat(indent);
    let mut line = lead;
    // Columns of the line so far.
    let mut used = columns(&line);
    let mut is_fresh = true;
    for word in glued.split(' ').filter(|word| !word.is_empty()) {
        let wide = columns(word);
        if !is_fresh && used + 1 + wide > columns_max {
            push_line(out, &line);
            line.clone_from(&indent);
            used = indent.len();
        } else if !is_fresh {
            line.push(' ');
            used += 1;
        }
        is_fresh = false;
        if used + wide <= columns_max {
            line.extend(word.split(GLUE).flat_map(|part| [part, " "]));
            line.pop();
            used += wide;
            continue;
        }
        for (at, part) in word.split(GLUE).enumerate() {
            let wide = columns(part);
            if at > 0 && used + 1 + wide > columns_max {
                push_line(out, &line);
                line = format!("{indent}| ");
                used = indent.len() + 2;
            } else if at > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(part);
            used += wide;
        }
    }
    push_line(out, &line);
}

/// One line of foreign words, in as many lines as it needs, each with the bar.
fn push_quoted(out: &mut String, text: &str) {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let mut line = " ".repeat(indent.min(40));
    let start = line.len();
    for word in text.trim_start_matches(' ').split(' ') {
        if line.len() > start && columns(&line) + 1 + columns(word) > QUOTE_COLUMNS_MAX - 2 {
            push_line(out, &format!("| {line}"));
            line.clear();
        } else if line.len() > start {
            line.push(' ');
        }
        let mut used = 0;
        for c in word.chars() {
            used += width(c);
            if used > WORD_COLUMNS_MAX {
                push_line(out, &format!("| {line}"));
                line.clear();
                used = width(c);
            }
            line.push(c);
        }
    }
    push_line(out, &format!("| {line}"));
}
