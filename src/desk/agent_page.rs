//! The body of a mail to an agent, as blocks from which text and HTML are written: both say the same words.
//!
//! Foreign words enter through [`foreign`], [`name`] and [`Quote`] alone. They never begin a line: in a quote each line
//! carries `| `, in our own lines they are glued to the word before them. So whatever a customer writes, it cannot look
//! like the marker, a title, a row of links or a command. The forms are in [`crate::agent_page_text`] and
//! [`crate::agent_page_html`].

use mail::HeaderText;
use mail::address::is_bidi_control;

/// What the marker line begins and ends with. Nothing below it is an agent's own.
pub(crate) const MARKER: &str = "~~~~";
/// Columns of the marker line, so that no client wraps it when it is quoted.
pub(crate) const MARKER_COLUMNS_MAX: usize = 66;
/// A name in the marker keeps so many columns, if it has them, before anything else is said.
const NAME_COLUMNS_MIN: usize = 12;
/// Stands for a space at which no line may be broken.
pub(crate) const GLUE: char = '\u{1}';

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
    pub(crate) fn glued(&self) -> String {
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
/// `more` is left out where there is no room for it. `what` may hold `{name}`, which gives way next; then `what` is cut,
/// since `tail`, where there is one, says what to do.
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
    // Before U+0300, whose first byte is 0xCC, each character takes one: their first bytes are counted.
    if text.bytes().all(|byte| byte < 0xcc) {
        return text.bytes().filter(|byte| !matches!(byte, 0x80..=0xbf)).count();
    }
    text.chars().map(width).sum()
}

pub(crate) fn width(c: char) -> usize {
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
    /// What has just happened to it.
    pub(crate) remark: Option<String>,
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
}

/// Whether an item is done, in a form that needs no colour.
pub(crate) fn mark(item: &Item) -> &'static str {
    if item.is_done { "[x]" } else { "[ ]" }
}
