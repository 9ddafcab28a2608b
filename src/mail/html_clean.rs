//! What somebody wrote in their mail program, written again as HTML for somebody else: their words with their formatting,
//! and nothing else of the mail.
//!
//! The words are decided elsewhere, as text ([`crate::reply_cut`]); here the same words are looked for in the HTML of the
//! mail. What is found is written through a list of elements, without any attribute but where a link leads, where a list
//! begins to count and which enclosed image is shown. Then the result is read back: its words are exactly the wanted
//! ones, or there is no result and the caller makes HTML from the text. So whatever a mail holds beside those words
//! (history, signatures, hidden text, comments, trackers), no word of it can pass.
//!
//! Deliberately absent: colours and sizes, since people read in light and in dark, and images of the web, which tell
//! their owner who reads.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::html;
use crate::html_match::{Hay, Wanted, letters};
use crate::html_piece::{self, Piece, Sight, Tag};

/// Formatting that is fit to be sent on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CleanHtml {
    /// What stands within `body`: every element closed, every attribute of ours.
    pub html: String,
    /// Content-IDs of the images that it shows, in order, each once.
    pub content_ids: Vec<String>,
}

/// Why the HTML of a mail cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It does not say the same as the text.
    Differs,
    /// Some of the wanted words are in it, but hidden from whoever reads it: nobody knows whether they were meant.
    Hidden,
}

/// Every element that [`new_words`] writes.
pub const ELEMENTS: [&str; 28] = [
    "p",
    "div",
    "br",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "sub",
    "sup",
    "a",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "code",
    "h1",
    "h2",
    "h3",
    "h4",
    "table",
    "tr",
    "td",
    "th",
    "hr",
    "img",
];

/// The part of `html` that says `new_text` without the lines in `skip`, written again with its formatting.
///
/// `new_text` may come from the text part of the same mail: stars, bullets, quote marks, wrapping and the addresses that
/// programs write behind the words of a link do not count. `images` are the Content-IDs that may be shown.
///
/// # Errors
/// [`Unusable`] if the words are not in the HTML, all of them, in order, and in blocks of their own.
pub fn new_words(html: &str, new_text: &str, skip: &[&str], images: &[&str]) -> Result<CleanHtml, Unusable> {
    let pieces = html_piece::pieces(html);
    let skipped: BTreeSet<String> = skip.iter().map(|line| letters(line)).filter(|line| !line.is_empty()).collect();
    let skip_lines: BTreeSet<&str> = skip.iter().map(|line| line.trim()).collect();
    let lines: Vec<&str> = new_text.lines().filter(|line| !skip_lines.contains(line.trim())).collect();
    let wanted = lines.join("\n");
    let shown = without_addresses(&wanted, &pieces);
    let versions = if shown == wanted { vec![wanted.as_str()] } else { vec![shown.as_str(), wanted.as_str()] };
    for version in &versions {
        // An answer of an emoji alone has nothing to be found by.
        if letters(version).is_empty() && !version.trim().is_empty() {
            continue;
        }
        if let Some(blocks) = find(&pieces, version, &skipped, false) {
            let marks = version.lines().map(str::trim).filter(|line| !has_letters(line)).collect();
            let choice = Choice { blocks, marks, skip: &skipped, images };
            let clean = Writer::new(&pieces, &choice).write(true);
            let bare = Writer::new(&pieces, &choice).write(false);
            return if letters(&html::to_text(&bare.html).text) == letters(version) { Ok(clean) } else { Err(Unusable::Differs) };
        }
    }
    let is_hidden = versions.iter().any(|version| find(&pieces, version, &skipped, true).is_some());
    Err(if is_hidden { Unusable::Hidden } else { Unusable::Differs })
}

/// Whether every word of `text` stands in the HTML outside of what clients mark as history, in order and in blocks of its
/// own.
#[must_use]
pub fn is_outside_history(html: &str, text: &str) -> bool {
    let pieces = html_piece::pieces(html);
    let shown = without_addresses(text, &pieces);
    let skip = BTreeSet::new();
    let hay = Hay::new(&pieces, Wanted { history: false, hidden: false, skip: &skip });
    [shown.as_str(), text].into_iter().any(|text| hay.blocks_of(&paragraphs(text)).is_some())
}

/// Content-IDs of the images that stand neither in a quote nor in a signature, as far as clients mark those; in order.
#[must_use]
pub fn own_images(html: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for piece in html_piece::pieces(html) {
        if let Piece::Image { content_id, is_history: false } = piece
            && !ids.contains(&content_id)
            && ids.len() < IMAGES_MAX
        {
            ids.push(content_id);
        }
    }
    ids
}

/// Every Content-ID that the HTML shows as an image.
#[must_use]
pub fn shown_images(html: &str) -> BTreeSet<String> {
    let pieces = html_piece::pieces(html);
    pieces
        .into_iter()
        .filter_map(|piece| if let Piece::Image { content_id, .. } = piece { Some(content_id) } else { None })
        .collect()
}

/// Whether a phone or a mail program added this line: `Sent from my iPhone`.
#[must_use]
pub fn is_device_line(line: &str) -> bool {
    crate::device_line::is_device_line(line.trim())
}

/// More pictures than a person puts into one mail.
const IMAGES_MAX: usize = 200;

/// The blocks that hold the words: outside of what clients mark as history if possible, in one run if possible.
fn find(pieces: &[Piece], wanted: &str, skip: &BTreeSet<String>, hidden: bool) -> Option<BTreeSet<usize>> {
    let whole = [letters(wanted)];
    let paragraphs = paragraphs(wanted);
    [false, true].into_iter().find_map(|history| {
        let hay = Hay::new(pieces, Wanted { history, hidden, skip });
        hay.blocks_of(&whole).or_else(|| hay.blocks_of(&paragraphs))
    })
}

/// The letters of each paragraph.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        if line.trim_start_matches(['>', ' ']).is_empty() {
            paragraphs.push(String::new());
        } else if let Some(last) = paragraphs.last_mut() {
            last.push_str(&letters(line));
        }
    }
    paragraphs
}

/// What programs write into the text part for a link or an image, which the HTML shows in another way.
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[<(\[]((?:https?://|mailto:)[^\s<>()\[\]]*)[>)\]]").expect("a fixed pattern"));
static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\[cid:[^\]\s]*\]|\[image: [^\]\n]*\]|<[^<>\n]{1,120}\.(?:png|jpe?g|gif|heic|webp|bmp)>")
        .expect("a fixed pattern")
});

fn without_addresses(text: &str, pieces: &[Piece]) -> String {
    let leads =
        pieces.iter().filter_map(|piece| if let Piece::Open(Tag::Link, Some(href)) = piece { Some(letters(href)) } else { None });
    let leads: BTreeSet<String> = leads.collect();
    let text = ADDRESS.replace_all(text, |found: &regex::Captures<'_>| {
        let is_link = leads.contains(&letters(&found[1]));
        if is_link { String::new() } else { found[0].to_owned() }
    });
    IMAGE.replace_all(&text, "").into_owned()
}

/// An element of the source that is open.
struct Open<'a> {
    tag: Tag,
    link: Option<&'a str>,
    is_written: bool,
    /// The number of its newest item.
    number: u32,
}

/// What is written.
struct Choice<'a> {
    blocks: BTreeSet<usize>,
    /// Wanted lines without a letter, such as an emoji, which belong to the words beside them.
    marks: BTreeSet<&'a str>,
    skip: &'a BTreeSet<String>,
    images: &'a [&'a str],
}

/// Writes the pieces of chosen blocks, with the elements around them.
struct Writer<'a> {
    pieces: &'a [Piece],
    choice: &'a Choice<'a>,
    stack: Vec<Open<'a>>,
    out: CleanHtml,
    with_links: bool,
    last_block: Option<usize>,
    /// Something that ends a line was written behind the last words.
    is_separated: bool,
}

impl<'a> Writer<'a> {
    fn new(pieces: &'a [Piece], choice: &'a Choice<'a>) -> Self {
        Self {
            pieces,
            choice,
            stack: Vec::new(),
            out: CleanHtml::default(),
            with_links: true,
            last_block: None,
            is_separated: true,
        }
    }

    fn write(mut self, with_links: bool) -> CleanHtml {
        self.with_links = with_links;
        let around = self.neighbours();
        for (piece, (before, behind)) in self.pieces.iter().zip(around) {
            match piece {
                Piece::Open(tag, link) => {
                    self.stack.push(Open { tag: *tag, link: link.as_deref(), is_written: false, number: 1 });
                }
                Piece::Close(_) => self.close(),
                Piece::Number { block, number, .. } => {
                    if let Some(list) = self.stack.iter_mut().rev().find(|open| open.tag == Tag::Numbered) {
                        list.number = *number;
                    }
                    if self.choice.blocks.contains(block) {
                        self.begin(*block);
                    }
                }
                Piece::Text { block, text, sight, is_preformatted, .. } => {
                    let has_words = text.chars().any(|c| !c.is_whitespace());
                    let is_within = self.choice.blocks.contains(block) && (has_words || self.last_block == Some(*block));
                    let is_beside = match (before, behind) {
                        (Near::Kept, Near::Kept) => true,
                        (Near::Kept, _) | (_, Near::Kept) => self.choice.marks.contains(text.trim()),
                        (Near::Nothing | Near::Left, Near::Nothing | Near::Left) => false,
                    };
                    let is_mark = has_words && !has_letters(text) && is_beside;
                    if *sight == Sight::Shown && (is_within || is_mark) {
                        self.begin(*block);
                        self.text(text, *is_preformatted);
                    }
                }
                Piece::Break | Piece::Newline | Piece::Rule => self.line_end(piece, before, behind),
                Piece::Image { content_id, is_history } => self.image(content_id, *is_history, before, behind),
            }
        }
        while !self.stack.is_empty() {
            self.close();
        }
        self.out
    }

    /// For each piece whether the nearest words before and behind it are kept.
    fn neighbours(&self) -> Vec<(Near, Near)> {
        let near = |piece: &Piece| match piece {
            Piece::Text { block, text, sight, .. } if *sight == Sight::Shown && has_letters(text) => {
                if self.choice.blocks.contains(block) {
                    Some(Near::Kept)
                } else if self.choice.skip.contains(&letters(text)) {
                    None
                } else {
                    Some(Near::Left)
                }
            }
            Piece::Text { .. }
            | Piece::Open(..)
            | Piece::Close(_)
            | Piece::Number { .. }
            | Piece::Break
            | Piece::Newline
            | Piece::Rule
            | Piece::Image { .. } => None,
        };
        let mut around: Vec<(Near, Near)> = Vec::with_capacity(self.pieces.len());
        let mut last = Near::Nothing;
        for piece in self.pieces {
            around.push((last, Near::Nothing));
            last = near(piece).unwrap_or(last);
        }
        let mut next = Near::Nothing;
        for (piece, (_, behind)) in self.pieces.iter().zip(&mut around).rev() {
            *behind = next;
            next = near(piece).unwrap_or(next);
        }
        around
    }

    /// Opens what stands around words of that block.
    fn begin(&mut self, block: usize) {
        let opens_block = self.stack.iter().any(|open| !open.is_written && open.tag.is_block());
        if !opens_block && !self.is_separated && self.last_block.is_some_and(|last| last != block) {
            self.out.html.push_str("<br>\n");
        }
        self.last_block = Some(block);
        self.open_all();
        self.is_separated = false;
    }

    fn open_all(&mut self) {
        for open in self.stack.iter_mut().filter(|open| !open.is_written) {
            open.is_written = true;
            let Some(name) = open.tag.written() else { continue };
            self.out.html.push('<');
            self.out.html.push_str(name);
            if let Some(link) = open.link.filter(|_| self.with_links) {
                push_attribute(&mut self.out.html, "href", link);
            }
            if open.tag == Tag::Numbered && open.number != 1 {
                push_attribute(&mut self.out.html, "start", &open.number.to_string());
            }
            self.out.html.push('>');
        }
    }

    fn close(&mut self) {
        let Some(open) = self.stack.pop() else { return };
        let Some(name) = open.tag.written().filter(|_| open.is_written) else { return };
        self.out.html.push_str("</");
        self.out.html.push_str(name);
        self.out.html.push('>');
        if open.tag.is_block() {
            self.is_separated = true;
            if !self.stack.iter().any(|outer| outer.tag == Tag::Preformatted) {
                self.out.html.push('\n');
            }
        }
    }

    fn text(&mut self, text: &str, is_preformatted: bool) {
        if is_preformatted {
            return push_escaped(&mut self.out.html, text);
        }
        let mut rest = text;
        while !rest.is_empty() {
            let words = rest.trim_start_matches(WHITE_SPACE);
            if words.len() < rest.len() {
                self.out.html.push(' ');
            }
            let end = words.find(WHITE_SPACE).unwrap_or(words.len());
            push_escaped(&mut self.out.html, &words[..end]);
            rest = &words[end..];
        }
    }

    fn line_end(&mut self, piece: &Piece, before: Near, behind: Near) {
        if before != Near::Kept || behind != Near::Kept {
            return;
        }
        self.open_all();
        self.out.html.push_str(match piece {
            Piece::Rule => "<hr>\n",
            Piece::Newline => "\n",
            _ => "<br>\n",
        });
        self.is_separated = true;
    }

    /// An image goes along with the words above it; one on top of everything with those below.
    fn image(&mut self, content_id: &str, is_history: bool, before: Near, behind: Near) {
        let is_own = before == Near::Kept
            || before == Near::Nothing && behind != Near::Left
            || self.choice.blocks.is_empty() && before == Near::Nothing;
        let is_kept = is_own && !is_history && self.choice.images.contains(&content_id) && is_plain_id(content_id);
        if !is_kept {
            return;
        }
        self.open_all();
        self.out.html.push_str("<img");
        push_attribute(&mut self.out.html, "src", &format!("cid:{content_id}"));
        push_attribute(&mut self.out.html, "alt", "");
        self.out.html.push('>');
        self.is_separated = false;
        if !self.out.content_ids.iter().any(|known| known == content_id) {
            self.out.content_ids.push(content_id.to_owned());
        }
    }
}

/// The nearest words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Near {
    Nothing,
    Kept,
    Left,
}

const WHITE_SPACE: [char; 5] = [' ', '\n', '\r', '\t', '\u{c}'];

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// An id that needs no escaping in a header or a link.
fn is_plain_id(id: &str) -> bool {
    let has_good_bytes = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@.-_$+=".contains(&byte));
    !id.is_empty() && id.len() <= 200 && has_good_bytes
}

fn push_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    push_escaped(out, value);
    out.push('"');
}

/// Without controls, and without the characters that turn the reading direction and so could show another text.
fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            '\t' => out.push(c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ if c.is_control() => {}
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
#[path = "html_clean_tests.rs"]
mod tests;
