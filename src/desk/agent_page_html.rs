//! The HTML form of a mail to an agent.
//!
//! No colour of text is set at all: the client's own colours have contrast in light and in dark, whatever it does to
//! either, and so nothing can be meant by colour alone. Structure is by words and weight. Styles are inline, since some
//! clients drop the sheet; Outlook on Windows gets its width from a table that others do not see. Titles and values share
//! one line of markup, so a client that makes text of it starts no line with foreign words.

use crate::agent_page::{Block, Item, Line, Page, Piece, Quote, mark};
use crate::agent_page_text::code_text;

/// A quoted line costs so many bytes besides its words.
pub(crate) const QUOTED_LINE_BYTES: usize = "<div dir=\"auto\">| </div>\n".len();
/// Hanging, so that what is wrapped stands under the words and not under the bar.
const QUOTE: &str = "margin:0 0 0 14px;text-indent:-14px";
const ROW: &str = "margin:0 0 6px 96px;text-indent:-96px";
const TITLE: &str = "display:inline-block;min-width:92px;text-indent:0";
/// Far enough apart for fingers.
const LINKS: &str = "line-height:1.9";
const ITEMS_END: &str = "margin:0 0 6px 28px;text-indent:-14px;line-height:1.9";
const ITEM: &str = "margin:0 0 0 28px;text-indent:-14px";
const LINKED_ITEM: &str = "margin:0 0 0 28px;text-indent:-14px;line-height:1.9";
/// A label of one or two characters is too narrow for a finger.
const NARROW_LABEL: &str = "white-space:nowrap;padding:4px 8px";
const NARROW_CHARACTERS_MAX: usize = 2;
const MARK: &str = "border-bottom:1px solid #888;padding:0 0 8px;font-weight:bold;font-size:14px";
const FOOTER: &str = "border-top:1px solid #888;padding-top:8px;font-size:14px";
/// A longer label may be broken, lest a narrow screen be left.
const LABEL_CHARACTERS_MAX: usize = 30;
const CODE: &str = "margin:0;font:14px/1.5 Consolas,Menlo,monospace;white-space:pre-wrap";

/// The whole document.
pub(crate) fn html(page: &Page) -> String {
    let mut body = String::with_capacity(8_192);
    body.push_str("<div data-fd=\"");
    push_escaped(&mut body, &page.marker);
    body.push_str(&format!("\" style=\"{MARK}\">"));
    push_escaped(&mut body, &page.marker);
    body.push_str("</div>\n");
    let blocks: Vec<&Block> = page.shown_blocks().collect();
    for (index, block) in blocks.iter().enumerate() {
        let is_close = index > 0 && block.is_close_to(blocks[index - 1]);
        // An empty line and no margin: it is there in clients without styles too.
        body.push_str(if is_close { "" } else { "<br>\n" });
        push_block(&mut body, page, block);
    }
    if page.footer.iter().any(|line| !line.is_empty()) {
        body.push_str("<br>\n");
        push_div(&mut body, FOOTER, |body| push_values(body, &page.footer));
    }
    let (language, direction) = (page.language, "ltr");
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\" dir=\"{direction}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"supported-color-schemes\" content=\"light dark\">\
         <style>:root{{color-scheme:light dark}}</style></head>\n\
         <body style=\"margin:0;padding:12px\">\n\
         <!--[if mso]><table role=\"presentation\" width=\"600\"><tr><td><![endif]-->\n\
         <div style=\"max-width:600px;font:16px/1.45 'Segoe UI',system-ui,-apple-system,Roboto,Arial,sans-serif;\
         overflow-wrap:anywhere;word-wrap:break-word\">\n{body}</div>\n\
         <!--[if mso]></td></tr></table><![endif]-->\n</body>\n</html>\n"
    )
}

fn push_block(body: &mut String, page: &Page, block: &Block) {
    match block {
        Block::Quote(quote) => push_quote(body, page, quote),
        Block::Files(lines) => push_lines(body, lines),
        Block::Say(line) => push_div(body, "", |body| push_pieces(body, line)),
        Block::Row { title, values } => push_row(body, ROW, title, values),
        Block::Links { title, links } => push_row(body, LINKS, title, links),
        Block::Checklist { title, behind, items, links } => {
            push_row(body, ROW, title, behind);
            items.iter().for_each(|item| push_item(body, item));
            if !links.is_empty() {
                push_div(body, ITEMS_END, |body| push_values(body, links));
            }
        }
        Block::List { title, lines } => {
            if !title.is_empty() {
                push_div(body, "font-weight:bold", |body| push_escaped(body, title));
            }
            push_lines(body, lines);
        }
        Block::Code(lines) => {
            body.push_str(&format!("<pre style=\"{CODE}\">"));
            push_escaped(body, &code_text(lines, 0));
            body.push_str("</pre>\n");
        }
    }
}

fn push_quote(body: &mut String, page: &Page, quote: &Quote) {
    body.push_str(&format!("<div style=\"{QUOTE}\">\n"));
    for line in &quote.lines {
        body.push_str("<div dir=\"auto\">| ");
        push_spaced(body, line);
        body.push_str("</div>\n");
    }
    body.push_str("</div>\n");
    if quote.is_shortened {
        push_div(body, "", |body| push_escaped(body, page.shortened));
    }
}

fn push_lines(body: &mut String, lines: &[Line]) {
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let is_linked = line.0.iter().any(|piece| matches!(piece, Piece::Act { .. }));
        push_div(body, if is_linked { LINKED_ITEM } else { ITEM }, |body| push_pieces(body, line));
    }
}

fn push_item(body: &mut String, item: &Item) {
    push_div(body, ITEM, |body| {
        push_escaped(body, &format!("{} {} {}", mark(item), item.number, item.text));
        if let Some(remark) = &item.remark {
            body.push_str(" · <b>");
            push_escaped(body, remark);
            body.push_str("</b>");
        }
    });
}

fn push_row(body: &mut String, style: &str, title: &str, values: &[Line]) {
    push_div(body, style, |body| {
        if !title.is_empty() {
            body.push_str(&format!("<b style=\"{TITLE}\">"));
            push_escaped(body, title);
            body.push_str("</b> ");
        }
        push_values(body, values);
    });
}

fn push_values(body: &mut String, values: &[Line]) {
    let mut is_first = true;
    for value in values.iter().filter(|value| !value.is_empty()) {
        if !is_first {
            body.push_str(" · ");
        }
        push_pieces(body, value);
        is_first = false;
    }
}

fn push_pieces(body: &mut String, line: &Line) {
    for piece in &line.0 {
        match piece {
            Piece::Own(text) => push_escaped(body, text),
            // Isolated, so that a name in another script turns nothing around it.
            Piece::Foreign(text) if text.is_ascii() => push_escaped(body, text),
            Piece::Foreign(text) => {
                body.push_str("<bdi>");
                push_escaped(body, text);
                body.push_str("</bdi>");
            }
            Piece::Act { label, url } => push_link(body, label, url),
            Piece::Page(url) => push_link(body, url, url),
        }
    }
}

fn push_link(body: &mut String, label: &str, url: &str) {
    body.push_str("<a href=\"");
    push_escaped(body, url);
    let characters = label.chars().count();
    if characters <= NARROW_CHARACTERS_MAX {
        body.push_str(&format!("\" style=\"{NARROW_LABEL}\">"));
    } else if characters <= LABEL_CHARACTERS_MAX {
        body.push_str("\" style=\"white-space:nowrap\">");
    } else {
        body.push_str("\">");
    }
    push_escaped(body, label);
    body.push_str("</a>");
}

fn push_div(body: &mut String, style: &str, content: impl FnOnce(&mut String)) {
    if style.is_empty() {
        body.push_str("<div>");
    } else {
        body.push_str(&format!("<div style=\"{style}\">"));
    }
    content(body);
    body.push_str("</div>\n");
}

/// Bytes of a character once it is escaped.
pub(crate) fn escaped_bytes(c: char) -> usize {
    match c {
        '&' => "&amp;".len(),
        '<' => "&lt;".len(),
        '>' => "&gt;".len(),
        '"' => "&quot;".len(),
        // It may become a no-break space.
        ' ' => '\u{a0}'.len_utf8(),
        other => other.len_utf8(),
    }
}

fn push_escaped(body: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => body.push_str("&amp;"),
            '<' => body.push_str("&lt;"),
            '>' => body.push_str("&gt;"),
            '"' => body.push_str("&quot;"),
            other => body.push(other),
        }
    }
}

/// The same with spaces in a row kept: whoever indents means something.
fn push_spaced(body: &mut String, text: &str) {
    let mut after_space = true;
    let mut buffer = [0; 4];
    for c in text.chars() {
        push_escaped(body, if c == ' ' && after_space { "\u{a0}" } else { c.encode_utf8(&mut buffer) });
        after_space = c == ' ';
    }
}
