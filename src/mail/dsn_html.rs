//! HTML notices as lines: enough for reports, which use it for line breaks and tables only.

/// Text with a line per block element; entities that notices use are decoded.
pub(crate) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    // Folding ASCII letters keeps every position.
    let folded = html.to_ascii_lowercase();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open].replace(['\r', '\n'], " "));
        let after = &rest[open + 1..];
        let Some(close) = after.find('>') else {
            rest = "";
            break;
        };
        let tag = after[..close].trim_start_matches('/');
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        rest = &after[close + 1..];
        if matches!(name.as_str(), "style" | "script" | "title") && !after.starts_with('/') {
            let end = format!("</{name}");
            let skip = folded[html.len() - rest.len()..].find(&end).unwrap_or(rest.len());
            rest = &rest[skip..];
            continue;
        }
        if matches!(
            name.as_str(),
            "br" | "p" | "div" | "tr" | "li" | "table" | "h1" | "h2" | "h3" | "pre" | "hr" | "td" | "blockquote"
        ) {
            text.push('\n');
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
        text = text.replace(entity, character);
    }
    text
}
