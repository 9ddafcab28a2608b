//! The body of a mail to an agent, as blocks from which text and HTML are written: both say the same words.
//!
//! Foreign words enter through [`foreign`], [`name`] and [`Quote`] alone. They never begin a line: in a quote each line
//! carries `| `, in our own lines they are glued to the word before them. So whatever a customer writes, it cannot look
//! like the marker, a title, a row of links or a command. The HTML form is in [`crate::agent_page_html`].

use mail::HeaderText;
use mail::address::is_bidi_control;

/// What the marker line begins and ends with. Nothing below it is an agent's own.
pub(crate) const MARKER: &str = "~~~~";
/// Columns of the marker line, so that no client wraps it when it is quoted.
pub(crate) const MARKER_COLUMNS_MAX: usize = 66;
/// A name in the marker keeps so many columns, if it has them, before anything else is said.
const NAME_COLUMNS_MIN: usize = 12;
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
/// Where the values of a row begin, by the width of its title.
const ROW_COLUMNS: [usize; 2] = [12, 25];
/// Stands for a space at which no line may be broken.
const GLUE: char = '\u{1}';

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Our words, or the operator's.
    Own(String),
    /// Words of somebody else, cleaned.
    Foreign(String),
    /// A link that composes a mail; the text shows its label alone, since the address is hundreds of characters long.
    Act { label: String, url: String },
    /// A link to a page, shown as it is.
    Page(String),
}

/// Pieces that stand together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) Vec<Piece>);

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|piece| piece.shown().is_empty())
    }

    /// One line behind another.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// With spaces of foreign words, and the one before them, glued.
    fn glued(&self) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Own(text) => out.push_str(text),
                Piece::Foreign(_) | Piece::Act { .. } | Piece::Page(_) => {
                    if out.ends_with(' ') {
                        out.pop();
                        out.push(GLUE);
                    }
                    out.extend(piece.shown().chars().map(|c| if c == ' ' { GLUE } else { c }));
                }
            }
        }
        out
    }
}

impl Piece {
    /// The words that a reader sees, in text and in HTML.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Own(text) | Self::Foreign(text) | Self::Page(text) => text,
            Self::Act { label, .. } => label,
        }
    }
}

/// Our own words.
pub(crate) fn own(text: impl Into<String>) -> Line {
    Line(vec![Piece::Own(text.into())])
}

/// Words of somebody else: one line, no controls, at most so many characters.
pub(crate) fn foreign(text: &str, characters_max: usize) -> Line {
    Line(vec![Piece::Foreign(clean(text, characters_max))])
}

/// A link that composes a mail; the words alone where there is no link.
pub(crate) fn act(label: impl Into<String>, url: Option<String>) -> Line {
    let label = label.into();
    Line(vec![match url {
        Some(url) => Piece::Act { label, url },
        None => Piece::Own(label),
    }])
}

/// Fills `{name}` in a sentence of ours.
pub(crate) fn fill(template: &str, values: &[(&str, Line)]) -> Line {
    let mut line = Line::default();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        line.0.push(Piece::Own(before.to_owned()));
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        line.0.extend(value.iter().flat_map(|(_, value)| value.0.iter().cloned()));
        rest = behind;
    }
    line.0.push(Piece::Own(rest.to_owned()));
    line.0.retain(|piece| !piece.shown().is_empty());
    line
}

/// The same for headers, the marker and labels of links.
pub(crate) fn fill_text(template: &str, values: &[(&str, &str)]) -> String {
    let values: Vec<(&str, Line)> = values.iter().map(|(name, value)| (*name, own(*value))).collect();
    fill(template, &values).0.iter().map(Piece::shown).collect()
}

/// One clean line of foreign words: white space folded, no controls or direction marks, no marker, cut with `…`.
pub(crate) fn clean(text: &str, characters_max: usize) -> String {
    let mut end = text.len().min(characters_max.saturating_mul(16).max(1_024));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let visible: String = text[..end].chars().filter(|c| !is_invisible(*c)).collect();
    let folded = HeaderText::new(&visible);
    let tame = without_marker(folded.as_str());
    cut(&tame, characters_max)
}

/// At most so many characters, with `…` where some are missing.
fn cut(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(characters_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A file name, cut in the middle, since its end says what it is.
pub(crate) fn file_name(name: &str, characters_max: usize) -> Line {
    let name = clean(name, 255);
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= characters_max {
        return Line(vec![Piece::Foreign(name)]);
    }
    let end: String = characters[characters.len() - 10..].iter().collect();
    let start: String = characters[..characters_max.saturating_sub(11)].iter().collect();
    Line(vec![Piece::Foreign(format!("{}…{}", start.trim_end(), end.trim_start()))])
}

/// At most so many columns, with `…` where some are missing.
fn cut_columns(text: &str, columns_max: usize) -> String {
    if columns(text) <= columns_max {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += width(c);
        if used > columns_max {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

/// Four tildes are ours; foreign words have three.
fn without_marker(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    for c in text.chars() {
        run = if c == '~' { run + 1 } else { 0 };
        if run < MARKER.len() {
            out.push(c);
        }
    }
    out
}

/// Characters without a shape that break up a word for machines and not for people.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{ad}' | '\u{e0000}'..='\u{e007f}')
}

/// The marker line: `~~~~ T-4821 · Dana replied, due 16:30 · write above this line ~~~~`, never over 66 columns.
///
/// `more` is left out where there is no room for it. `what` may hold `{name}`, which gives way first; then `what` is cut, since `tail`, where there is one, says what to do.
pub(crate) fn marker(reference: &str, what: &str, more: Option<&str>, name: &str, tail: &str) -> String {
    let reference = cut_columns(reference, 24);
    let tail = if tail.is_empty() { String::new() } else { format!(" · {tail}") };
    let frame = columns(&format!("{MARKER} {reference} · {tail} {MARKER}"));
    let room = MARKER_COLUMNS_MAX.saturating_sub(frame);
    let name = clean(name, MARKER_COLUMNS_MAX);
    let fixed = columns(&fill_text(what, &[("name", "")]));
    let more = more.map(|more| format!(", {more}")).unwrap_or_default();
    let has_room = fixed + columns(&name).min(NAME_COLUMNS_MIN) + columns(&more) <= room;
    let more = if has_room { more.as_str() } else { "" };
    let name = cut_columns(&name, room.saturating_sub(fixed + columns(more)).max(4));
    let what = cut_columns(&format!("{}{more}", fill_text(what, &[("name", &name)])), room.max(8));
    format!("{MARKER} {reference} · {what}{tail} {MARKER}")
}

/// Columns of a text in a font of equal widths.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

fn width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f | 0x1f3fb..=0x1f3ff => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// What somebody else wrote, line by line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) lines: Vec<String>,
    /// There was more.
    pub(crate) is_shortened: bool,
}

impl Quote {
    /// Takes as many lines as fit into `bytes_max` of HTML. Runs of blank lines become one.
    pub(crate) fn of(text: &str, bytes_max: usize) -> Self {
        let mut quote = Self::default();
        let mut left = bytes_max;
        let is_end = |c: char| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}');
        for raw in text.trim_start_matches(is_end).split(is_end) {
            let cost = crate::agent_page_html::QUOTED_LINE_BYTES;
            if left <= cost {
                quote.is_shortened = true;
                break;
            }
            left -= cost;
            let (line, is_whole) = quoted_line(raw, &mut left);
            if !(line.is_empty() && quote.lines.last().is_none_or(String::is_empty)) {
                quote.lines.push(line);
            }
            if !is_whole {
                quote.is_shortened = true;
                break;
            }
        }
        while quote.lines.last().is_some_and(String::is_empty) {
            quote.lines.pop();
        }
        quote
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// One line without controls, and whether all of it fitted.
fn quoted_line(raw: &str, left: &mut usize) -> (String, bool) {
    let mut line = String::new();
    for c in raw.chars() {
        let c = if c == '\t' { ' ' } else { c };
        // Marks of right-to-left writing are kept; what overrides the direction is not.
        let is_override = is_bidi_control(c) && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}');
        if c.is_control() || is_override || is_invisible(c) {
            continue;
        }
        let cost = crate::agent_page_html::escaped_bytes(c);
        if cost > *left {
            return (without_marker(&line), false);
        }
        *left -= cost;
        line.push(c);
    }
    (without_marker(line.trim_end()), true)
}

/// An item of a checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) number: u32,
    pub(crate) is_done: bool,
    pub(crate) text: String,
}

/// A line that somebody wrote as a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CodeLine {
    pub(crate) number: usize,
    pub(crate) text: String,
    /// What is wrong with it: first character, number of characters, and why.
    pub(crate) caret: Option<(usize, usize, String)>,
}

/// A block of the body. Blocks without content vanish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Words of somebody else.
    Quote(Quote),
    /// `  [name 84 KB]`, one a line.
    Files(Vec<Line>),
    /// A paragraph of ours; begins with our own words.
    Say(Line),
    /// A title and values in a row; rows stand close together.
    Row { title: String, values: Vec<Line> },
    /// Links in a row, with or without a title. The first word is ours.
    Links { title: String, links: Vec<Line> },
    /// A title, what stands behind it, and items to check off.
    Checklist {
        title: String,
        behind: Vec<Line>,
        items: Vec<Item>,
        /// Links for the items that are open.
        links: Vec<Line>,
    },
    /// Lines under a title, each beginning with our own words.
    List { title: String, lines: Vec<Line> },
    /// Commands with a mark under the mistake.
    Code(Vec<CodeLine>),
}

impl Block {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Quote(quote) => quote.is_empty(),
            Self::Files(lines) | Self::List { lines, .. } => lines.iter().all(Line::is_empty),
            Self::Say(line) => line.is_empty(),
            Self::Row { values, .. } => values.iter().all(Line::is_empty),
            Self::Links { links, .. } => links.iter().all(Line::is_empty),
            Self::Checklist { items, .. } => items.is_empty(),
            Self::Code(lines) => lines.is_empty(),
        }
    }

    /// Stands close to a block of the same kind above it.
    pub(crate) fn is_close_to(&self, above: &Self) -> bool {
        let is_row = |block: &Self| matches!(block, Self::Row { .. } | Self::Checklist { .. });
        is_row(self) && is_row(above) || matches!((above, self), (Self::Quote(_), Self::Files(_)))
    }
}

/// The whole body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// ISO 639-1.
    pub(crate) language: &'static str,
    /// The whole marker line.
    pub(crate) marker: String,
    /// Said where a quote was cut.
    pub(crate) shortened: &'static str,
    pub(crate) blocks: Vec<Block>,
    /// Parts of the last line.
    pub(crate) footer: Vec<Line>,
}

impl Page {
    /// Blocks that have something to say.
    pub(crate) fn shown_blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| !block.is_empty())
    }

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
            // The link stands apart, so that clients do not take what follows for a part of it.
            let gap = " ".repeat(8);
            let shown: Vec<String> = self.footer.iter().map(|line| unglued(&line.glued())).collect();
            let line = match shown.split_first() {
                Some((first, rest)) if !rest.is_empty() => format!("{first}{gap}{}", rest.join(" · ")),
                _ => shown.concat(),
            };
            push_line(&mut out, &line);
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
                    push_line(out, &format!("  {} {} {}", mark(item), item.number, item.text));
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
            Block::Code(lines) => out.push_str(&code_text(lines)),
        }
    }
}

/// Whether an item is done, in a form that needs no colour.
pub(crate) fn mark(item: &Item) -> &'static str {
    if item.is_done { "[x]" } else { "[ ]" }
}

/// Commands as they are shown, with `^^^^^   no such command` under the wrong place.
pub(crate) fn code_text(lines: &[CodeLine]) -> String {
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
        let lead = format!("{carets:<23} ");
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
    let mut is_fresh = true;
    for word in glued.split(' ').filter(|word| !word.is_empty()) {
        if !is_fresh && columns(&line) + 1 + columns(word) > columns_max {
            push_line(out, &line);
            line.clone_from(&indent);
        } else if !is_fresh {
            line.push(' ');
        }
        is_fresh = false;
        if columns(&line) + columns(word) <= columns_max {
            line.push_str(&unglued(word));
            continue;
        }
        for (at, part) in word.split(GLUE).enumerate() {
            if at > 0 && columns(&line) + 1 + columns(part) > columns_max {
                push_line(out, &line);
                line = format!("{indent}| ");
            } else if at > 0 {
                line.push(' ');
            }
            line.push_str(part);
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
