//! HTML as a flat list of pieces: the elements that may be written again, text with how visible it is, breaks, images.
//!
//! One pass over the token stream, linear on any nesting. What is not on the list of [`Tag`] leaves its text and nothing
//! else; scripts, styles, comments and whatever a browser does not show leave nothing.

use std::convert::Infallible;

use html5gum::Span;
use html5gum::emitters::callback::{Callback, CallbackEvent};

use crate::html_element::{Attributes, Element, Hint, Region};
use crate::html_style::{Look, Style};
use crate::{html_reader, limits};

/// Elements. Those with a name in [`Tag::written`] may be written again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Paragraph,
    Division,
    Bold,
    Strong,
    Italic,
    Emphasis,
    Underline,
    Struck,
    Below,
    Above,
    Link,
    List,
    Numbered,
    Item,
    Quote,
    Preformatted,
    Code,
    Heading1,
    Heading2,
    Heading3,
    Heading4,
    Table,
    Row,
    Cell,
    HeadCell,
    Span,
    Font,
    Other,
}

impl Tag {
    fn of(name: &[u8]) -> Self {
        match name {
            b"p" => Self::Paragraph,
            b"b" => Self::Bold,
            b"strong" => Self::Strong,
            b"i" => Self::Italic,
            b"em" => Self::Emphasis,
            b"u" | b"ins" => Self::Underline,
            b"s" | b"strike" | b"del" => Self::Struck,
            b"sub" => Self::Below,
            b"sup" => Self::Above,
            b"a" => Self::Link,
            b"ul" | b"menu" | b"dir" => Self::List,
            b"ol" => Self::Numbered,
            b"li" => Self::Item,
            b"blockquote" => Self::Quote,
            b"pre" | b"xmp" | b"listing" | b"plaintext" | b"textarea" => Self::Preformatted,
            b"code" | b"tt" | b"kbd" | b"samp" => Self::Code,
            b"h1" => Self::Heading1,
            b"h2" => Self::Heading2,
            b"h3" => Self::Heading3,
            b"h4" | b"h5" | b"h6" => Self::Heading4,
            b"table" => Self::Table,
            b"tr" => Self::Row,
            b"td" => Self::Cell,
            b"th" => Self::HeadCell,
            b"span" => Self::Span,
            b"font" => Self::Font,
            _ if Element::of(name) == Element::Block => Self::Division,
            _ => Self::Other,
        }
    }

    /// The name under which the element is written again; `None` where only its content is.
    pub(crate) fn written(self) -> Option<&'static str> {
        match self {
            Self::Paragraph => Some("p"),
            Self::Division => Some("div"),
            Self::Bold => Some("b"),
            Self::Strong => Some("strong"),
            Self::Italic => Some("i"),
            Self::Emphasis => Some("em"),
            Self::Underline => Some("u"),
            Self::Struck => Some("s"),
            Self::Below => Some("sub"),
            Self::Above => Some("sup"),
            Self::Link => Some("a"),
            Self::List => Some("ul"),
            Self::Numbered => Some("ol"),
            Self::Item => Some("li"),
            Self::Quote => Some("blockquote"),
            Self::Preformatted => Some("pre"),
            Self::Code => Some("code"),
            Self::Heading1 => Some("h1"),
            Self::Heading2 => Some("h2"),
            Self::Heading3 => Some("h3"),
            Self::Heading4 => Some("h4"),
            Self::Table => Some("table"),
            Self::Row => Some("tr"),
            Self::Cell => Some("td"),
            Self::HeadCell => Some("th"),
            Self::Span | Self::Font | Self::Other => None,
        }
    }

    /// A line ends where it begins and where it ends.
    pub(crate) fn is_block(self) -> bool {
        match self {
            Self::Paragraph
            | Self::Division
            | Self::List
            | Self::Numbered
            | Self::Item
            | Self::Quote
            | Self::Preformatted
            | Self::Heading1
            | Self::Heading2
            | Self::Heading3
            | Self::Heading4
            | Self::Table
            | Self::Row
            | Self::Cell
            | Self::HeadCell => true,
            Self::Bold
            | Self::Strong
            | Self::Italic
            | Self::Emphasis
            | Self::Underline
            | Self::Struck
            | Self::Below
            | Self::Above
            | Self::Link
            | Self::Code
            | Self::Span
            | Self::Font
            | Self::Other => false,
        }
    }
}

/// Whether a reader sees a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Shown,
    /// In the colour of its background: some programs do that by mistake.
    Faint,
    /// Hidden by its style.
    Hidden,
}

/// One piece. Pieces of text with the same block stand on one line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// An element begins; for a link with where it leads.
    Open(Tag, Option<String>),
    /// The innermost open element ends.
    Close(Tag),
    /// Words.
    Text { block: usize, text: String, sight: Sight, is_history: bool, is_preformatted: bool },
    /// The number of an item, which the browser writes.
    Number { block: usize, number: u32, is_history: bool },
    /// A forced line end.
    Break,
    /// A line end within preformatted text.
    Newline,
    /// A rule.
    Rule,
    /// An image of the same mail, by its Content-ID.
    Image { content_id: String, is_history: bool },
}

/// Reads HTML as pieces. Never fails; input beyond [`limits::HTML_BYTES_MAX`] is not read.
pub(crate) fn pieces(html: &str) -> Vec<Piece> {
    let html = crate::parse::prefix(html, limits::HTML_BYTES_MAX);
    let mut reader = Reader::default();
    html_reader::tokenize(html, Sink(&mut reader));
    reader.close_to(0);
    reader.out
}

struct Sink<'a>(&'a mut Reader);

impl Callback<Infallible, ()> for Sink<'_> {
    fn handle_event(&mut self, event: CallbackEvent<'_>, _span: Span<()>) -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => self.0.start_tag(name),
            CallbackEvent::AttributeName { name } => self.0.attribute(name),
            CallbackEvent::AttributeValue { value } => self.0.value(value),
            CallbackEvent::CloseStartTag { .. } => self.0.open(),
            CallbackEvent::EndTag { name } => self.0.close(Tag::of(name)),
            CallbackEvent::String { value } => self.0.text(&String::from_utf8_lossy(value)),
            CallbackEvent::Comment { .. } | CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
        None
    }
}

/// One open element.
struct Open {
    tag: Tag,
    is_written: bool,
    is_hidden: bool,
    is_history: bool,
    /// Gmail and Proton put the introduction, the quotes and the answers between them into one container.
    is_mixed: bool,
    look: Look,
}

#[derive(Default)]
struct Reader {
    element: Element,
    tag: Option<Tag>,
    unknown_tag: Option<String>,
    attributes: Attributes,
    style: Style,
    source: Option<String>,
    reads_source: bool,
    stack: Vec<Open>,
    beyond: usize,
    hidden: usize,
    history: usize,
    /// A client's mark says that all below is history.
    history_below: bool,
    preformatted: usize,
    lists: Vec<Option<u32>>,
    number: Option<u32>,
    block: usize,
    out: Vec<Piece>,
}

impl Reader {
    fn start_tag(&mut self, name: &[u8]) {
        self.attributes.clear();
        self.style.clear();
        self.source = None;
        self.reads_source = false;
        self.element = Element::of(name);
        self.tag = Some(Tag::of(name));
        // `<name@host>` is text that nobody escaped.
        let is_text = self.element == Element::Other && name.iter().any(|byte| matches!(byte, b'@' | b'.'));
        let is_office = name.starts_with(b"o:") || name.starts_with(b"v:") || name.starts_with(b"w:");
        self.unknown_tag = (is_text && !is_office).then(|| String::from_utf8_lossy(name).into_owned());
    }

    fn attribute(&mut self, name: &[u8]) {
        self.attributes.select(name);
        self.style.select(name);
        self.reads_source = name == b"src";
        // Our own ticket mail marks where it begins; within a quote the quote says where it ends.
        self.history_below |= name == b"data-fd" && self.history == 0;
    }

    fn value(&mut self, value: &[u8]) {
        self.attributes.set(value);
        self.style.set(value);
        if std::mem::take(&mut self.reads_source) {
            self.source = Some(String::from_utf8_lossy(value).trim().to_owned());
        }
    }

    fn open(&mut self) {
        let Some(tag) = self.tag.take() else { return };
        if let Some(name) = self.unknown_tag.take() {
            return self.text(&format!("<{name}>"));
        }
        match self.element {
            Element::Break => return self.line_end(Piece::Break),
            Element::Rule => return self.line_end(Piece::Rule),
            Element::Image => return self.image(),
            Element::Void => return,
            _ => {}
        }
        self.close_implied(tag);
        if self.stack.len() >= limits::HTML_DEPTH_MAX {
            self.beyond += 1;
            self.block += usize::from(tag.is_block());
            return;
        }
        let hint = self.attributes.hint(self.element);
        self.history_below |= hint == Hint::HistoryBelow || matches!(hint, Hint::Region(Region::Header | Region::Forward));
        let is_cited = tag == Tag::Quote && (self.attributes.is_cited() || self.attributes.has_class("gmail_quote"));
        let is_mixed = hint == Hint::Mixed && tag != Tag::Quote;
        let is_history = is_cited || is_mixed || matches!(hint, Hint::Region(_));
        let is_hidden =
            self.element == Element::Dropped || self.attributes.is_hidden(self.element) || self.style.hides(self.element);
        let outer = self.stack.last().map(|open| open.look).unwrap_or_default();
        let link = (tag == Tag::Link).then(|| web_address(&self.attributes.href)).flatten();
        let is_written = tag.written().is_some() && (tag != Tag::Link || link.is_some());
        self.stack.push(Open { tag, is_written, is_hidden, is_history, is_mixed, look: self.style.look(outer) });
        self.hidden += usize::from(is_hidden);
        self.history += usize::from(is_history);
        self.enter(tag);
        if is_written {
            self.out.push(Piece::Open(tag, link));
        }
    }

    fn enter(&mut self, tag: Tag) {
        self.block += usize::from(tag.is_block());
        match tag {
            Tag::Numbered => self.lists.push(Some(self.attributes.number.unwrap_or(1))),
            Tag::List => self.lists.push(None),
            Tag::Item => {
                self.number = self.lists.last().copied().flatten();
                if let Some(Some(next)) = self.lists.last_mut() {
                    *next = next.saturating_add(1);
                }
            }
            Tag::Preformatted => self.preformatted += 1,
            _ => {}
        }
    }

    fn close_implied(&mut self, tag: Tag) {
        let (closes, stops): (&[Tag], &[Tag]) = match tag {
            Tag::Item => (&[Tag::Item], &[Tag::List, Tag::Numbered]),
            Tag::Cell | Tag::HeadCell => (&[Tag::Cell, Tag::HeadCell], &[Tag::Row, Tag::Table]),
            Tag::Row => (&[Tag::Row], &[Tag::Table]),
            _ if tag.is_block() && self.stack.last().is_some_and(|open| open.tag == Tag::Paragraph) => (&[Tag::Paragraph], &[]),
            _ => return,
        };
        let mut innermost = self.stack.iter().enumerate().rev();
        let found = innermost.find(|(_, open)| closes.contains(&open.tag) || stops.contains(&open.tag));
        if let Some((index, open)) = found
            && closes.contains(&open.tag)
        {
            self.close_to(index);
        }
    }

    fn close(&mut self, tag: Tag) {
        self.block += usize::from(tag.is_block());
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        // Only a table's own end tag may close elements across a table.
        let is_cell = |tag: Tag| matches!(tag, Tag::Cell | Tag::HeadCell);
        let is_table_part = matches!(tag, Tag::Table | Tag::Row) || is_cell(tag);
        let mut innermost = self.stack.iter().enumerate().rev();
        let within = innermost.by_ref().take_while(|(_, open)| is_table_part || open.tag == tag || !is_cell(open.tag));
        if let Some(index) = within.filter(|(_, open)| open.tag == tag).map(|(index, _)| index).next() {
            self.close_to(index);
        }
    }

    fn close_to(&mut self, index: usize) {
        while self.stack.len() > index {
            let Some(open) = self.stack.pop() else { return };
            self.block += usize::from(open.tag.is_block());
            self.hidden -= usize::from(open.is_hidden);
            self.history -= usize::from(open.is_history);
            if open.tag == Tag::Quote && open.is_history {
                self.end_introduction();
            }
            match open.tag {
                Tag::Numbered | Tag::List => drop(self.lists.pop()),
                Tag::Item => self.number = None,
                Tag::Preformatted => self.preformatted -= 1,
                _ => {}
            }
            if open.is_written {
                self.out.push(Piece::Close(open.tag));
            }
        }
    }

    /// Behind the first quote of a mixed container the writer's own words may follow.
    fn end_introduction(&mut self) {
        if let Some(mixed) = self.stack.iter_mut().rev().find(|open| open.is_mixed)
            && std::mem::take(&mut mixed.is_history)
        {
            self.history -= 1;
        }
    }

    fn line_end(&mut self, piece: Piece) {
        if self.hidden == 0 {
            self.block += 1;
            self.out.push(piece);
        }
    }

    /// An image of the same mail, or an emoji that its client sent as an image of the web.
    fn image(&mut self) {
        if self.hidden > 0 || self.attributes.is_hidden(Element::Image) || self.style.hides(Element::Image) {
            return;
        }
        let source = self.source.take().unwrap_or_default();
        if let Some(id) = source.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("cid:")).map(|_| &source[4..]) {
            let content_id = id.trim_matches(['<', '>']).to_owned();
            return self.out.push(Piece::Image { content_id, is_history: self.is_history() });
        }
        let alt = self.attributes.alt.trim();
        if !alt.is_empty() && alt.chars().count() <= 8 && !alt.is_ascii() && !alt.chars().any(char::is_alphanumeric) {
            let alt = alt.to_owned();
            self.text(&alt);
        }
    }

    fn text(&mut self, text: &str) {
        if self.preformatted == 0 {
            return self.line(text);
        }
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.line_end(Piece::Newline);
            }
            self.line(line.trim_end_matches('\r'));
        }
    }

    fn line(&mut self, text: &str) {
        if text.is_empty() || self.element_is_dropped() {
            return;
        }
        let is_faint = self.stack.last().is_some_and(|open| open.look.is_faint());
        let sight = match (self.hidden > 0, is_faint) {
            (true, _) => Sight::Hidden,
            (false, true) => Sight::Faint,
            (false, false) => Sight::Shown,
        };
        let (block, is_history) = (self.block, self.is_history());
        if sight == Sight::Shown
            && text.chars().any(|c| !c.is_whitespace())
            && let Some(number) = self.number.take()
        {
            self.out.push(Piece::Number { block, number, is_history });
        }
        let is_preformatted = self.preformatted > 0;
        self.out.push(Piece::Text { block, text: text.to_owned(), sight, is_history, is_preformatted });
    }

    /// Scripts and styles are no words, hidden or not.
    fn element_is_dropped(&self) -> bool {
        self.stack.last().is_some_and(|open| open.tag == Tag::Other && open.is_hidden)
    }

    fn is_history(&self) -> bool {
        self.history_below || self.history > 0
    }
}

/// Where a link may lead. `None` for everything that is no page and no address.
fn web_address(href: &str) -> Option<String> {
    /// Longer links are data.
    const BYTES_MAX: usize = 2_000;
    let starts = |scheme: &str| href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_allowed = starts("http://") || starts("https://") || starts("mailto:");
    let is_plain = !href.contains(|c: char| c.is_control() || c.is_whitespace());
    (is_allowed && is_plain && href.len() <= BYTES_MAX).then(|| href.to_owned())
}
