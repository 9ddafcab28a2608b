//! What an element is and what its attributes say: block or not, hidden or not, whose container.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::charset;
use crate::html_sheet::Sheet;

/// The kind of container a line stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    /// Nothing special: the sender's own words until proven otherwise.
    #[default]
    Body,
    /// The line that introduces a quote, marked so by the client.
    Attribution,
    /// History, marked so by the client.
    Quote,
    /// A block quote that no client signed: history only where the text agrees.
    WeakQuote,
    /// A quote made by hand with the editor's quote button: history only below an attribution.
    Indented,
    /// The header block above the history; all below it is history.
    Header,
    /// A forwarded mail, marked so by the client.
    Forward,
    /// The signature, marked so by the client.
    Signature,
}

/// Elements by what they do to text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Element {
    #[default]
    Other,
    /// Never has an end tag and shows nothing.
    Void,
    Dropped,
    Break,
    Rule,
    Image,
    Link,
    Block,
    Paragraph,
    Heading,
    Pre,
    Quote,
    List,
    OrderedList,
    Item,
    Table,
    Row,
    Cell,
    /// Inline elements that matter for matching end tags only.
    Span,
    Bold,
    Font,
}

impl Element {
    pub(crate) fn of(name: &[u8]) -> Self {
        match name {
            b"div" | b"section" | b"article" | b"header" | b"footer" | b"main" | b"center" | b"form" | b"fieldset"
            | b"address" | b"figure" | b"figcaption" | b"details" | b"summary" | b"dt" | b"dd" | b"dl" | b"aside" | b"nav"
            | b"caption" | b"legend" | b"option" | b"select" => Self::Block,
            b"p" => Self::Paragraph,
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => Self::Heading,
            b"pre" | b"xmp" | b"listing" | b"plaintext" | b"textarea" => Self::Pre,
            b"blockquote" => Self::Quote,
            b"ul" | b"menu" | b"dir" => Self::List,
            b"ol" => Self::OrderedList,
            b"li" => Self::Item,
            b"table" => Self::Table,
            b"tr" => Self::Row,
            b"td" | b"th" => Self::Cell,
            b"br" => Self::Break,
            b"hr" => Self::Rule,
            b"img" => Self::Image,
            b"a" => Self::Link,
            b"span" => Self::Span,
            b"b" | b"strong" => Self::Bold,
            b"font" => Self::Font,
            b"script" | b"style" | b"title" | b"noscript" | b"iframe" | b"noembed" | b"noframe" | b"template" | b"object"
            | b"svg" | b"audio" | b"video" | b"map" => Self::Dropped,
            b"meta" | b"link" | b"base" | b"input" | b"area" | b"col" | b"embed" | b"source" | b"track" | b"wbr" | b"param"
            | b"html" | b"head" | b"body" | b"tbody" | b"thead" | b"tfoot" | b"colgroup" => Self::Void,
            _ => Self::Other,
        }
    }

    pub(crate) fn is_block(self) -> bool {
        matches!(
            self,
            Self::Block
                | Self::Paragraph
                | Self::Heading
                | Self::Pre
                | Self::Quote
                | Self::List
                | Self::OrderedList
                | Self::Item
                | Self::Table
                | Self::Row
                | Self::Cell
        )
    }

    pub(crate) fn has_margin(self) -> bool {
        matches!(self, Self::Paragraph | Self::Heading | Self::Pre | Self::Quote)
    }
}

/// What an element's attributes tell the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    None,
    /// All below is history.
    HistoryBelow,
    TopBorder,
    /// Introduction, quotes and answers in one container.
    Mixed,
    Region(Region),
}

/// What becomes of white space (the CSS property of that name).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WhiteSpace {
    /// Folds.
    #[default]
    Normal,
    /// Folds within lines.
    Lines,
    /// Stays.
    Kept,
}

/// The attributes read, of the tag being read.
#[derive(Default)]
pub(crate) struct Attributes {
    selected: Selected,
    class: String,
    id: String,
    name: String,
    style: String,
    kind: String,
    marker: String,
    cite: bool,
    hidden: bool,
    /// Target of a link.
    pub(crate) href: String,
    /// Alternative text of an image.
    pub(crate) alt: String,
    /// First number of an ordered list.
    pub(crate) number: Option<u32>,
}

#[derive(Clone, Copy, Default)]
enum Selected {
    #[default]
    None,
    Class,
    Id,
    Name,
    Style,
    Kind,
    Marker,
    Href,
    Alt,
    Start,
}

/// Longer values are data, not structure.
const VALUE_BYTES_MAX: usize = 4096;

impl Attributes {
    pub(crate) fn clear(&mut self) {
        self.selected = Selected::None;
        for value in [&mut self.class, &mut self.id, &mut self.name, &mut self.style, &mut self.kind, &mut self.marker] {
            value.clear();
        }
        self.href.clear();
        self.alt.clear();
        self.cite = false;
        self.hidden = false;
        self.number = None;
    }

    pub(crate) fn select(&mut self, name: &[u8]) {
        self.selected = match name {
            b"class" => Selected::Class,
            b"id" => Selected::Id,
            b"name" => Selected::Name,
            b"style" => Selected::Style,
            b"type" => Selected::Kind,
            b"data-marker" | b"data-smartmail" => Selected::Marker,
            b"href" => Selected::Href,
            b"alt" => Selected::Alt,
            b"start" => Selected::Start,
            _ => Selected::None,
        };
        self.cite |= name == b"cite";
        self.hidden |= name == b"hidden";
    }

    pub(crate) fn set(&mut self, value: &[u8]) {
        if matches!(self.selected, Selected::None) {
            return;
        }
        let value = charset::utf8(&value[..value.len().min(VALUE_BYTES_MAX)]);
        match self.selected {
            Selected::None => {}
            Selected::Class => self.class = value.into_owned(),
            Selected::Id => self.id = value.into_owned(),
            Selected::Name => self.name = value.into_owned(),
            Selected::Style => {
                value.split(char::is_whitespace).for_each(|word| self.style.push_str(word));
                self.style.make_ascii_lowercase();
            }
            Selected::Kind => self.kind = value.to_ascii_lowercase(),
            Selected::Marker => self.marker = value.into_owned(),
            Selected::Href => self.href = value.trim().to_owned(),
            Selected::Alt => self.alt = value.into_owned(),
            Selected::Start => self.number = value.trim().parse().ok(),
        }
    }

    /// Hidden by an inline style or the attribute: preheaders of newsletters, and trackers.
    pub(crate) fn is_hidden(&self, element: Element) -> bool {
        // Newsletters hide the line that inboxes preview by a style sheet, under this name.
        let is_preview = matches!(element, Element::Span | Element::Block) && self.has_class("preheader");
        if self.hidden || is_preview {
            return true;
        }
        let may_hide = self.style.contains("none") || self.style.contains("hid") || self.style.contains(":0");
        if !may_hide {
            return false;
        }
        // Newsletters set tables to no font size and their texts to a real one again, so that alone hides nothing.
        let is_table_part = matches!(element, Element::Table | Element::Row | Element::Cell);
        let (mut has_no_size, mut is_cut_off) = (false, false);
        for rule in self.style.as_bytes().split(|&byte| byte == b';') {
            let Some(colon) = rule.iter().position(|&byte| byte == b':') else { continue };
            let (name, value) = rule.split_at(colon);
            let is_set = match name {
                b"display" => has_value(value, ":none"),
                b"visibility" | b"overflow" => has_value(value, ":hidden"),
                b"mso-hide" => has_value(value, ":all"),
                b"max-height" | b"opacity" | b"font-size" | b"line-height" => has_value(value, ":0"),
                _ => false,
            };
            match name {
                _ if !is_set => {}
                b"font-size" => has_no_size = true,
                b"line-height" | b"overflow" => is_cut_off = true,
                _ => return true,
            }
        }
        has_no_size && is_cut_off && !is_table_part
    }

    /// What an inline style says about white space; programs that send what was typed into a form leave its line ends to it.
    pub(crate) fn white_space(&self) -> Option<WhiteSpace> {
        static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("white-space"));
        // Most elements have no style or a short one.
        if self.style.len() < "white-space:pre".len() || NAME.find(self.style.as_bytes()).is_none() {
            return None;
        }
        let mut found = None;
        for rule in self.style.split(';') {
            let Some((name, value)) = rule.split_once(':') else { continue };
            let value = value.trim_end_matches("!important");
            found = match (name, value) {
                ("white-space", "pre" | "pre-wrap" | "break-spaces") => Some(WhiteSpace::Kept),
                ("white-space-collapse", "preserve" | "break-spaces") => Some(WhiteSpace::Kept),
                ("white-space", "pre-line") | ("white-space-collapse", "preserve-breaks") => Some(WhiteSpace::Lines),
                ("white-space", "normal" | "nowrap") | ("white-space-collapse", "collapse") => Some(WhiteSpace::Normal),
                _ => found,
            };
        }
        found
    }

    /// Hidden by a style sheet.
    pub(crate) fn is_hidden_by(&self, sheet: &Sheet) -> bool {
        !sheet.is_empty() && sheet.hides(&self.class, &self.id, &self.style)
    }

    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.class.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(class))
    }

    /// Word writes each line as a paragraph without margins.
    pub(crate) fn is_word_paragraph(&self) -> bool {
        self.class.split_ascii_whitespace().any(|word| word.starts_with("Mso") || word.starts_with("x_Mso") || word == "p1")
            || self.style.contains("margin:0")
            || self.style.contains("margin-top:0") && self.style.contains("margin-bottom:0")
    }

    /// Editors indent with block quotes that show no border.
    pub(crate) fn is_indentation(&self) -> bool {
        self.kind != "cite" && (self.style.contains("border:none") || self.style.contains("border:0"))
            || self.class.contains("webkit-indent-blockquote")
    }

    /// A block quote that says it cites a mail.
    pub(crate) fn is_cited(&self) -> bool {
        self.kind == "cite"
            || self.cite
            || QUOTE_CLASSES.iter().any(|class| self.class.contains(class))
            || self.id.starts_with("replyBlockquote")
    }

    pub(crate) fn hint(&self, element: Element) -> Hint {
        if self.class.is_empty() && self.id.is_empty() && self.name.is_empty() && self.marker.is_empty() {
            return self.border(element);
        }
        let id = self.id.trim_start_matches("x_").trim_start_matches("x_");
        // Outlook's phone programs close their container behind the header block.
        let is_divider = self.marker == "__DIVIDER__" || self.class.contains("ms-outlook-mobile-reference-message");
        if HISTORY_BELOW_IDS.contains(&id) || is_divider {
            return Hint::HistoryBelow;
        }
        if id.starts_with("divRplyFwdMsg") || self.class.contains("OutlookMessageHeader") {
            return Hint::Region(Region::Header);
        }
        if matches!(element, Element::Quote) {
            return Hint::None;
        }
        let has = |classes: &[&str]| classes.iter().any(|class| self.class.contains(class));
        if self.class.contains("gmail_attr")
            || self.class.contains("yahoo-quoted-begin")
            || self.class.contains("moz-cite-prefix")
            || self.class.contains("moz-email-headers-table")
            || id == "reply-intro"
        {
            return Hint::Region(Region::Attribution);
        }
        if has(&SIGNATURE_CLASSES)
            || SIGNATURE_IDS.contains(&id)
            || self.name == "messageSignatureSection"
            || self.marker == "gmail_signature"
            || self.marker.starts_with("__SIG_")
        {
            return Hint::Region(Region::Signature);
        }
        if self.class.contains("moz-forward-container") {
            return Hint::Region(Region::Forward);
        }
        if self.has_class("gmail_quote") || self.class.contains("protonmail_quote") {
            return Hint::Mixed;
        }
        let is_history = has(&QUOTE_CLASSES)
            || QUOTE_IDS.iter().any(|prefix| id.starts_with(prefix))
            || matches!(self.name.as_str(), "messageReplySection" | "quote" | "quoted-content")
            || self.marker == "__QUOTED_TEXT__";
        if is_history {
            return Hint::Region(Region::Quote);
        }
        self.border(element)
    }

    /// Outlook draws a line above the header block.
    fn border(&self, element: Element) -> Hint {
        let has_border = element == Element::Block
            && self.style.contains("border-top")
            && (self.style.contains("border-top:solid")
                || self.style.contains("border-top:1")
                || self.style.contains("border-top-style:solid"));
        if has_border { Hint::TopBorder } else { Hint::None }
    }
}

/// Whether a rule has this value, with or without a unit.
fn has_value(found: &[u8], value: &str) -> bool {
    let Some(mut rest) = found.strip_prefix(value.as_bytes()) else { return false };
    for unit in [b"px", b"pt"] {
        while let Some(behind) = rest.strip_prefix(unit) {
            rest = behind;
        }
    }
    rest.is_empty() || rest.starts_with(b"!")
}

const HISTORY_BELOW_IDS: [&str; 3] = ["appendonsend", "stopSpelling", "zwchr"];

const QUOTE_IDS: [&str; 6] = [
    "OLK_SRC_BODY_SECTION",
    "mail-editor-reference-message-container",
    "yahoo_quoted",
    "isReplyContent",
    "replySection",
    "tutanota_quote",
];

const QUOTE_CLASSES: [&str; 15] = [
    "iosymail",
    "yahoo_quoted",
    "yahoo-quoted",
    "zmail_extra",
    "tutanota_quote",
    "front-blockquote",
    "missive_quote",
    "freshdesk_quote",
    "fairemail_quote",
    "zendesk_quote",
    "isReplyContent",
    "hs_reply",
    "x_yahoo_quoted",
    "quoted-mail",
    "protonmail_quote",
];

const SIGNATURE_IDS: [&str; 8] = [
    "Signature",
    "signature",
    "ms-outlook-mobile-signature",
    "AppleMailSignature",
    "composer_signature",
    "Zm-_Id_-Sgn",
    "Zm-_Id_-Sgn1",
    "tutanota_signature",
];

const SIGNATURE_CLASSES: [&str; 8] = [
    "gmail_signature",
    "moz-signature",
    "ms-outlook-mobile-signature",
    "protonmail_signature_block",
    "zmail_signature",
    "front-signature",
    "tutanota_signature",
    "fairemail_signature",
];
