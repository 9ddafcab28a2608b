//! HTML to text: linear in its input, and only what a browser shows.
#![no_main]

use frontdesk_fuzz as law;
use libfuzzer_sys::fuzz_target;
use mail::html::{HtmlText, to_text};

/// An element whose content no browser shows, with the input as its content.
fn hidden(tag: &str, content: &str) -> String {
    // Only an end tag can end it, and a comment within a script changes what ends it.
    let content = content.replace('<', "");
    format!("<{tag}>{content}</{tag}>seen")
}

fuzz_target!(|html: &str| {
    let HtmlText { text, marks, .. } = to_text(html);
    assert_eq!(marks.len(), if text.is_empty() { 0 } else { text.split('\n').count() }, "one mark for each line");
    assert!(text.len() <= 8 * html.len() + 64, "{} bytes of {}", text.len(), html.len());
    assert!(!text.contains('\r'));
    match html.len() % 4 {
        0 => assert_eq!((to_text(html).text, to_text(html).marks), (text, marks)),
        1 => {
            for tag in ["script", "style", "title"] {
                assert_eq!(to_text(&hidden(tag, html)).text, "seen", "{tag}");
            }
        }
        2 => {
            let comment = html.replace(['-', '>'], "");
            assert_eq!(to_text(&format!("<!-- {comment} -->seen")).text, "seen");
        }
        _ => {
            let escaped = html.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            // A soft hyphen is a place to break a line.
            let shown = html.replace('\u{ad}', "");
            assert_eq!(law::words(&[&to_text(&escaped).text]), law::words(&[&shown]), "text keeps its words");
        }
    }
});
