//! HTML to readable text in one pass over a token stream, linear on any nesting.
//!
//! Every line of the text carries a [`LineMark`]: what the element around it says about who wrote it. The reply cut
//! reads those marks; nobody else needs them.
//!
//! What becomes of what: a block is a line, a paragraph has a blank line around it; list items get `- ` or `1. `; a table
//! row whose cells are single lines becomes one line with tabs between the cells (`Key: value` where the first cell ends
//! in a colon), any other table is layout and only gives blocks; a link keeps its text, and its address follows in
//! brackets where the text does not already show it; an image is dropped, unless its alternative text is an emoji;
//! everything a browser would not show is dropped. Of style sheets only the simplest rules hide text; see [`crate::html_sheet`].

use std::convert::Infallible;

use html5gum::Span;
use html5gum::emitters::callback::{Callback, CallbackEvent};

use crate::html_element::{Attributes, Element, Hint, Region, WhiteSpace};
use crate::html_line::LineWriter;
use crate::html_sheet::Sheet;
use crate::{charset, html_reader, limits};

/// The text of an HTML body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HtmlText {
    /// Lines ended by LF, without blank lines at either end.
    pub text: String,
    /// One mark for each line of `text`.
    pub marks: Vec<LineMark>,
    /// The HTML was longer than is read.
    pub truncated: bool,
}

/// What the markup says about one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineMark {
    /// Number of block quotes around the line; plain indentation does not count.
    pub quote_depth: u8,
    /// The kind of container.
    pub region: Region,
    /// A client put its "the history begins here" mark, or a horizontal rule, right before this line.
    pub history_starts: bool,
    /// A horizontal rule or a top border stands before this line.
    pub rule_before: bool,
}

/// Reads HTML as text. Never fails; input beyond [`limits::HTML_BYTES_MAX`] is not read.
#[must_use]
pub fn to_text(html: &str) -> HtmlText {
    let mut end = html.len().min(limits::HTML_BYTES_MAX);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    if end < html.len() {
        // Half a tag would show up as text.
        let open = html[..end].rfind('<').unwrap_or(end);
        if end - open < TAG_BYTES_MAX && !html[open..end].contains('>') {
            end = open;
        }
    }
    let (mut text, mut marks, has_sheet) = read(&html[..end], Builder::default());
    if text.is_empty() && has_sheet {
        // Nobody sends a mail that shows nothing.
        (text, marks, _) = read(&html[..end], Builder { ignores_sheets: true, ..Builder::default() });
    }
    HtmlText { text, marks, truncated: end < html.len() }
}

/// The text, its marks, and whether a style sheet hides something.
fn read(html: &str, mut builder: Builder) -> (String, Vec<LineMark>, bool) {
    html_reader::tokenize(html, Sink(&mut builder));
    let has_sheet = !builder.sheet.is_empty();
    let (text, marks) = builder.finish();
    (text, marks, has_sheet)
}

/// Real tags are shorter, data URLs aside.
const TAG_BYTES_MAX: usize = 64 * 1024;

struct Sink<'a>(&'a mut Builder);

impl Callback<Infallible, ()> for Sink<'_> {
    fn handle_event(&mut self, event: CallbackEvent<'_>, _span: Span<()>) -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => self.0.start_tag(name),
            CallbackEvent::AttributeName { name } => self.0.attributes.select(name),
            CallbackEvent::AttributeValue { value } => self.0.attributes.set(value),
            CallbackEvent::CloseStartTag { .. } => self.0.open(),
            CallbackEvent::EndTag { name } => self.0.close(name),
            CallbackEvent::String { value } => self.0.text(&charset::utf8(value)),
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
        None
    }
}

/// One open element.
#[derive(Clone, Copy)]
struct Open {
    element: Element,
    /// What `close` has to undo.
    hidden: bool,
    has_margin: bool,
    outer_region: Region,
    outer_white_space: WhiteSpace,
    counts_as_quote: bool,
    row_start: usize,
}

/// Gmail and Proton put the introduction, the quotes and the answers between them into one container.
#[derive(Clone, Copy)]
struct MixedContainer {
    level: usize,
    first_line: usize,
    has_quote: bool,
}

#[derive(Default)]
struct Builder {
    attributes: Attributes,
    element: Element,
    unknown_tag: Option<String>,
    stack: Vec<Open>,
    /// Elements opened beyond the nesting limit: they only add line breaks.
    beyond: usize,
    hidden: usize,
    white_space: WhiteSpace,
    lists: Vec<Option<u32>>,
    links: Vec<(String, usize)>,
    cells: Vec<usize>,
    mixed: Option<MixedContainer>,
    out: LineWriter,
    sheet: Sheet,
    in_sheet: bool,
    ignores_sheets: bool,
}

impl Builder {
    fn start_tag(&mut self, name: &[u8]) {
        self.attributes.clear();
        self.element = Element::of(name);
        self.in_sheet = name == b"style" && !self.ignores_sheets;
        // `<name@host>` and `<https://…>` are text that nobody escaped.
        let is_text = self.element == Element::Other && name.iter().any(|byte| matches!(byte, b'@' | b':' | b'.'));
        let is_word = is_text && !name.starts_with(b"o:") && !name.starts_with(b"v:") && !name.starts_with(b"w:");
        self.unknown_tag = is_word.then(|| String::from_utf8_lossy(name).into_owned());
    }

    fn open(&mut self) {
        if let Some(name) = self.unknown_tag.take().filter(|name| name.contains(['@', '.'])) {
            return self.text(&format!("<{name}>"));
        }
        let element = self.element;
        match element {
            Element::Break if self.hidden == 0 => return self.out.line_break(),
            Element::Rule if self.hidden == 0 => return self.out.rule(),
            Element::Image if self.hidden == 0 => return self.image(),
            Element::Break | Element::Rule | Element::Image | Element::Void => return,
            _ => {}
        }
        self.close_implied(element);
        if self.stack.len() >= limits::HTML_DEPTH_MAX {
            self.beyond += 1;
            if self.hidden == 0 && element.is_block() {
                self.out.end_line();
            }
            return;
        }
        let hidden =
            element == Element::Dropped || self.attributes.is_hidden(element) || self.attributes.is_hidden_by(&self.sheet);
        let mut open = Open {
            element,
            hidden,
            has_margin: element.has_margin() && !self.attributes.is_word_paragraph(),
            outer_region: self.out.mark.region,
            outer_white_space: self.white_space,
            counts_as_quote: false,
            row_start: self.out.line_count(),
        };
        self.hidden += usize::from(hidden);
        if self.hidden == 0 {
            self.enter(&mut open);
        }
        self.stack.push(open);
    }

    /// The effects of an element that is shown.
    fn enter(&mut self, open: &mut Open) {
        if open.element.is_block() {
            self.out.end_line();
        }
        if open.has_margin {
            self.out.want_blank();
        }
        self.enter_hint(open.element);
        match open.element {
            Element::Quote => self.enter_quote(open),
            Element::OrderedList => self.lists.push(Some(self.attributes.number.unwrap_or(1))),
            Element::List => self.lists.push(None),
            Element::Item => self.item(),
            Element::Pre => self.white_space = WhiteSpace::Kept,
            Element::Link => self.links.push((std::mem::take(&mut self.attributes.href), self.out.text_length())),
            Element::Row => self.cells.clear(),
            Element::Cell => self.cells.push(self.out.line_count()),
            _ => {}
        }
        self.white_space = self.attributes.white_space().unwrap_or(self.white_space);
        open.row_start = self.out.line_count();
    }

    fn enter_hint(&mut self, element: Element) {
        match self.attributes.hint(element) {
            Hint::None => {}
            Hint::HistoryBelow => self.out.history_starts(),
            Hint::TopBorder => self.out.rule(),
            Hint::Mixed => {
                if self.mixed.is_none() {
                    self.mixed =
                        Some(MixedContainer { level: self.stack.len(), first_line: self.out.line_count(), has_quote: false });
                    self.set_region(Region::Attribution);
                }
            }
            Hint::Region(region) => {
                if region == Region::Header {
                    self.out.history_starts();
                }
                self.set_region(region);
            }
        }
    }

    /// A container inside history stays history.
    fn set_region(&mut self, region: Region) {
        if !matches!(self.out.mark.region, Region::Quote) {
            self.out.mark.region = region;
        }
    }

    fn enter_quote(&mut self, open: &mut Open) {
        if self.attributes.is_indentation() {
            return;
        }
        open.counts_as_quote = true;
        self.out.mark.quote_depth = self.out.mark.quote_depth.saturating_add(1);
        let in_mixed = self.mixed.is_some();
        if let Some(mixed) = &mut self.mixed {
            mixed.has_quote = true;
        }
        let region = if in_mixed || self.attributes.is_cited() {
            Region::Quote
        } else if self.attributes.has_class("gmail_quote") {
            Region::Indented
        } else {
            Region::WeakQuote
        };
        self.set_region(region);
    }

    fn item(&mut self) {
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(8));
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                let bullet = format!("{indent}{number}. ");
                *number = number.saturating_add(1);
                bullet
            }
            _ => format!("{indent}- "),
        };
        self.out.prefix(bullet);
    }

    /// Emoji are often images whose alternative text is the character.
    fn image(&mut self) {
        let alt = self.attributes.alt.trim();
        if !alt.is_empty() && alt.chars().count() <= 8 && !alt.is_ascii() && !alt.chars().any(char::is_alphanumeric) {
            let alt = alt.to_owned();
            self.out.inline_text(&alt, self.white_space);
        }
    }

    fn text(&mut self, text: &str) {
        if self.in_sheet {
            return self.sheet.push(text);
        }
        if self.hidden > 0 || self.white_space != WhiteSpace::Normal && self.is_between_items(text) {
            return;
        }
        // A soft hyphen is a place to break a line, not a character.
        if !text.is_ascii() && text.contains('\u{ad}') {
            self.out.inline_text(&text.replace('\u{ad}', ""), self.white_space);
        } else {
            self.out.inline_text(text, self.white_space);
        }
    }

    /// White space between rows, cells and items is never shown.
    fn is_between_items(&self, text: &str) -> bool {
        let holds_items =
            |open: &Open| matches!(open.element, Element::Table | Element::Row | Element::List | Element::OrderedList);
        self.stack.last().is_some_and(holds_items) && text.trim_ascii().is_empty()
    }

    fn close_implied(&mut self, element: Element) {
        let (closes, stops): (&[Element], &[Element]) = match element {
            Element::Item => (&[Element::Item], &[Element::List, Element::OrderedList]),
            Element::Cell => (&[Element::Cell], &[Element::Row, Element::Table]),
            Element::Row => (&[Element::Row], &[Element::Table]),
            _ if element.is_block() && self.stack.last().is_some_and(|open| open.element == Element::Paragraph) => {
                (&[Element::Paragraph], &[])
            }
            _ => return,
        };
        for (index, open) in self.stack.iter().enumerate().rev() {
            if closes.contains(&open.element) {
                return self.close_to(index);
            }
            if stops.contains(&open.element) {
                return;
            }
        }
    }

    fn close(&mut self, name: &[u8]) {
        if std::mem::take(&mut self.in_sheet) {
            self.sheet.end();
        }
        let element = Element::of(name);
        if self.beyond > 0 {
            self.beyond -= 1;
            if self.hidden == 0 && element.is_block() {
                self.out.end_line();
            }
            return;
        }
        // Only a table's own end tag may close elements across a table.
        let is_table_part = matches!(element, Element::Table | Element::Row | Element::Cell);
        let found = self
            .stack
            .iter()
            .enumerate()
            .rev()
            .take_while(|(_, open)| is_table_part || open.element == element || open.element != Element::Cell)
            .find(|(_, open)| open.element == element)
            .map(|(index, _)| index);
        match found {
            Some(index) => self.close_to(index),
            None if self.hidden == 0 && element == Element::Paragraph => self.out.end_line(),
            None => {}
        }
    }

    fn close_to(&mut self, index: usize) {
        while self.stack.len() > index {
            let Some(open) = self.stack.pop() else { return };
            if self.hidden == 0 {
                self.leave(&open);
            }
            self.hidden -= usize::from(open.hidden);
        }
    }

    fn leave(&mut self, open: &Open) {
        match open.element {
            Element::OrderedList | Element::List => drop(self.lists.pop()),
            Element::Link => self.end_link(),
            Element::Row => {
                self.out.end_line();
                let cells = std::mem::take(&mut self.cells);
                self.out.join_cells(open.row_start, &cells);
            }
            Element::Table => self.cells.clear(),
            _ => {}
        }
        if open.element.is_block() {
            self.out.end_line();
        }
        if open.has_margin {
            self.out.want_blank();
        }
        self.white_space = open.outer_white_space;
        if open.counts_as_quote {
            self.out.mark.quote_depth = self.out.mark.quote_depth.saturating_sub(1);
        }
        let mut region = open.outer_region;
        if let Some(mixed) = self.mixed {
            if mixed.level == self.stack.len() {
                self.mixed = None;
                if !mixed.has_quote {
                    self.out.relabel(mixed.first_line, Region::Attribution, Region::Quote);
                }
            } else if mixed.has_quote && self.out.mark.quote_depth == 0 && region == Region::Attribution {
                // Behind the first quote of such a container the sender's own words may follow.
                region = Region::Body;
            }
        }
        self.out.mark.region = region;
    }

    fn end_link(&mut self) {
        let Some((href, start)) = self.links.pop() else { return };
        let in_history = self.out.mark.quote_depth > 0 || self.out.mark.region != Region::Body;
        let Some(shown) = self.out.current_since(start) else { return };
        let shown = shown.trim();
        let is_web = href.starts_with("http://") || href.starts_with("https://");
        if in_history || shown.is_empty() || !is_web || href.len() > LINK_BYTES_MAX || shows_address(shown, &href) {
            return;
        }
        self.out.inline_text(&format!(" ({href})"), WhiteSpace::Normal);
    }

    fn finish(mut self) -> (String, Vec<LineMark>) {
        self.close_to(0);
        self.out.finish()
    }
}

/// Longer addresses are tracking links, which tell a reader nothing.
const LINK_BYTES_MAX: usize = 200;

/// Whether the words of a link already show where it leads.
fn shows_address(shown: &str, href: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
        text.trim_end_matches('/').to_lowercase()
    };
    let (shown, href) = (bare(shown), bare(href));
    shown == href
        || href.starts_with(&shown) && shown.contains('.')
        || shown.contains('@')
        || shown.contains('.') && !shown.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expect: &str) {
        assert_eq!(to_text(html).text, expect, "{html}");
        assert_eq!(to_text(html).marks.len(), if expect.is_empty() { 0 } else { expect.lines().count() }, "{html}");
    }

    #[test]
    fn blocks_break_lines_as_a_browser_does() {
        check("a<br>b<br><br>c", "a\nb\n\nc");
        check("<div>a</div><div><br></div><div>b</div>", "a\n\nb");
        check("<div>a<br></div><div>b</div>", "a\nb");
        check("<p>a</p><p>b</p>", "a\n\nb");
        check("<p class=MsoNormal>a<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>b</p>", "a\n\nb");
        check("  a \n  b&nbsp;&amp; c ", "a b & c");
        check("<pre>a\n  b</pre>", "a\n  b");
        check("<pre>a&#13;b&#xD;\nc</pre>", "a b\nc");
    }

    #[test]
    fn white_space_is_kept_where_a_style_keeps_it() {
        for value in ["pre", "pre-wrap", "break-spaces !important"] {
            check(&format!("<p style='color: red; white-space: {value}'>a\n\n  b</p>\nc\nd"), "a\n\n  b\n\nc d");
        }
        check("<div style='white-space:pre-line'>a\n  b   c</div>", "a\nb c");
        check("<span style='white-space-collapse: preserve'>a\nb</span>\nc", "a\nb c");
        check("<div style='white-space:pre-wrap'>a\nb<div style='white-space:normal'>c\nd</div></div>", "a\nb\nc d");
        check("<pre style='white-space:normal'>a\nb</pre>", "a b");
        check("<div style='line-break:after-white-space'>a\nb</div>", "a b");
        check(
            "<table style='white-space:pre-wrap'>\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n<tr><td>c</td></tr></table>",
            "a\tb\nc",
        );
    }

    #[test]
    fn lists_tables_and_links_stay_readable() {
        check("<ul><li>a<li>b<ol><li>c</li></ol></ul>", "- a\n- b\n  1. c");
        check("<table><tr><td>a<td>b<tr><td>Key:<td>c</table>", "a\tb\nKey: c");
        check("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\n\nb\n\nc");
        check(
            "<a href='https://x.example/a'>here</a> <a href='https://x.example/'>x.example</a>",
            "here (https://x.example/a) x.example",
        );
    }

    #[test]
    fn what_a_browser_hides_is_dropped() {
        check("<head><title>t</title><style>s</style></head><body>a<script>b</script><span style='display: none'>c</span>", "a");
        check("<table><tr><td style='font-size:0px'><div style='font-size:13px'>shown</div></td></tr></table>", "shown");
        check("<div style='max-height:0; overflow:hidden'>pre<div>header</div></div>a<img src=x alt=logo>", "a");
    }

    #[test]
    fn what_a_style_sheet_hides_is_dropped() {
        let sheet = "<style>.pre{display:none !important} #top{display:none}</style>";
        check(&format!("{sheet}<div class='x pre'>a</div><span id=top>b</span><p>c</p>"), "c");
        check(&format!("{sheet}<div class=pre style='display: block'>a</div>"), "a");
        check(&format!("{sheet}<div class=pre>a</div>"), "a");
    }

    #[test]
    fn text_that_only_looks_like_markup_is_kept() {
        check("1 < 2 and a <b@c.example> d", "1 < 2 and a <b@c.example> d");
        check("", "");
    }

    #[test]
    fn nesting_costs_no_more_than_length() {
        let deep = format!("{}x{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
        assert_eq!(to_text(&deep).text, "x");
        let unclosed = "<b>".repeat(200_000) + "x";
        assert_eq!(to_text(&unclosed).text, "x");
    }

    #[test]
    fn containers_of_clients_mark_their_lines() {
        let gmail = "<div>new</div><div class=gmail_quote><div class=gmail_attr>On x wrote:</div><blockquote class=gmail_quote>\
                     old</blockquote><div>inline</div><blockquote class=gmail_quote>old</blockquote></div>";
        let regions: Vec<Region> = to_text(gmail).marks.iter().map(|mark| mark.region).collect();
        assert!(regions.contains(&Region::Attribution), "{regions:?}");
        assert_eq!(regions.first(), Some(&Region::Body));
        assert_eq!(regions.last(), Some(&Region::Quote));
        assert!(regions.iter().filter(|region| **region == Region::Body).count() >= 2, "{regions:?}");
    }
}
