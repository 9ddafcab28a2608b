//! HTML notices as lines: enough for reports, which use it for line breaks and tables only.

use std::cell::LazyCell;

/// Text with a line per block element; entities that notices use are decoded.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    // Folding ASCII letters keeps every position.
    let folded = LazyCell::new(|| html.to_ascii_lowercase());
    let mut rest = html;
    while let Some(open) = memchr::memchr(b'<', rest.as_bytes()) {
        for (index, line) in rest[..open].split(['\r', '\n']).enumerate() {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(line);
        }
        let after = &rest[open + 1..];
        let Some(close) = memchr::memchr(b'>', after.as_bytes()) else {
            rest = "";
            break;
        };
        let tag = after[..close].trim_start_matches('/');
        let name = &tag[..tag.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        let is_one_of = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        rest = &after[close + 1..];
        if is_one_of(&["style", "script", "title"]) && !after.starts_with('/') {
            let end = format!("</{}", name.to_ascii_lowercase());
            let skip = folded[html.len() - rest.len()..].find(&end).unwrap_or(rest.len());
            rest = &rest[skip..];
            continue;
        }
        if is_one_of(&["br", "p", "div", "tr", "li", "table", "h1", "h2", "h3", "pre", "hr", "td", "blockquote"]) {
            text.push('\n');
        } else if name.eq_ignore_ascii_case("a") && !after.starts_with('/') {
            // A name that links to its address; one that is written out needs no second.
            let shown = memchr::memmem::find(rest.as_bytes(), b"</").map_or(rest, |end| &rest[..end]);
            if let Some(address) = mailto(tag).filter(|_| !shown.contains('@')) {
                text.push('<');
                text.push_str(address);
                text.push_str("> ");
            }
        } else if tag.contains('@') && !tag.contains(['=', ' ']) {
            // An address in angle brackets that nobody escaped.
            text.push('<');
            text.push_str(tag);
            text.push('>');
        }
    }
    text.push_str(rest);
    for (entity, character) in
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#64;", "@"), ("&amp;", "&")]
    {
        if text.contains(entity) {
            text = text.replace(entity, character);
        }
    }
    text
}

/// The address of a link to one.
fn mailto(tag: &str) -> Option<&str> {
    const SCHEME: &str = "mailto:";
    let at = memchr::memchr_iter(b':', tag.as_bytes()).find_map(|colon| {
        let start = (colon + 1).checked_sub(SCHEME.len())?;
        tag.get(start..=colon)?.eq_ignore_ascii_case(SCHEME).then_some(colon + 1)
    })?;
    let rest = &tag[at..];
    let address = &rest[..rest.find(['"', '\'', '?', '&', '>', ' ']).unwrap_or(rest.len())];
    address.contains('@').then_some(address)
}
