//! Which parts are the text and which are files (the algorithm of RFC 8621 §4.1.4), and the text they give.

use crate::html::HtmlText;
use crate::parse::prefix;
use crate::part::{self, Part};
use crate::{
    Attachment, Defect, calendar, charset, cms, file_name, flowed, header, html, limits, parse, rtf, stand_in, tnef, transfer,
    uuencode,
};

/// Indexes of parts by their role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roles {
    /// Shown where text is wanted, in order; HTML where there is nothing else, media where it is inline.
    pub(crate) text: Vec<usize>,
    /// Shown where HTML is wanted.
    pub(crate) html: Vec<usize>,
    /// Files.
    pub(crate) files: Vec<usize>,
}

/// The text of a mail with where it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Body {
    /// Whole text, LF line ends, without empty lines at the end.
    pub(crate) text: String,
    /// The HTML body, joined where it has several parts.
    pub(crate) html: Option<String>,
    /// The HTML as text, where the text was sought in it.
    pub(crate) converted: Option<HtmlText>,
    /// Signs stand in the text that are no quote marks; see [`flowed::unmark`].
    pub(crate) has_stuffed_signs: bool,
    /// `text` was made from `html`.
    pub(crate) is_text_from_html: bool,
    /// The part that `html` is, where it is one alone.
    pub(crate) html_part: Option<usize>,
    /// The part that `text` is, where it is one alone and as it stands.
    pub(crate) text_part: Option<usize>,
    /// Charset of the first text part.
    pub(crate) charset: Option<String>,
}

/// Assigns every leaf its role.
pub(crate) fn roles(parts: &[Part<'_>]) -> Roles {
    let mut roles = Roles::default();
    let wants = Wants { text: true, html: true };
    assign(parts, &[0], Within { multipart: "mixed", start: None, in_alternative: false }, wants, &mut roles);
    roles
}

/// Which of the two bodies are still looked for.
#[derive(Clone, Copy)]
struct Wants {
    text: bool,
    html: bool,
}

/// The multipart that siblings stand in.
#[derive(Clone, Copy)]
struct Within<'a> {
    /// Its subtype.
    multipart: &'a str,
    /// Its parameter of that name.
    start: Option<&'a str>,
    /// Whether it or one around it is a choice.
    in_alternative: bool,
}

/// The part of a `multipart/related` that the others belong to (RFC 2387 §3.2): the one that `start` names, else the first.
/// Some writers put their pictures first without a word about it.
fn root_of(parts: &[Part<'_>], siblings: &[u32], start: Option<&str>) -> usize {
    let child = |index: &u32| usize::try_from(*index).ok().and_then(|index| parts.get(index));
    let is_root = |part: &Part<'_>| part.is_multipart() || matches!(part.content_type.as_str(), "text/plain" | "text/html");
    let start = start.map(|id| id.trim_matches(|c: char| matches!(c, '<' | '>') || c.is_whitespace()));
    let named = start.and_then(|id| {
        siblings.iter().position(|index| child(index).is_some_and(|part| part.content_id.as_deref() == Some(id) && is_root(part)))
    });
    named.or_else(|| siblings.iter().position(|index| child(index).is_some_and(is_root))).unwrap_or(0)
}

/// Depth is at most [`limits::MIME_DEPTH_MAX`], so recursion is safe here.
fn assign(parts: &[Part<'_>], siblings: &[u32], within: Within<'_>, mut wants: Wants, roles: &mut Roles) {
    let Within { multipart, start, in_alternative } = within;
    let (text_before, html_before) = (roles.text.len(), roles.html.len());
    let first = if multipart == "related" { root_of(parts, siblings, start) } else { 0 };
    for (position, &index) in siblings.iter().enumerate() {
        let index = usize::try_from(index).unwrap_or(0);
        let Some(part) = parts.get(index) else { continue };
        if part.is_multipart() {
            let subtype = part.content_type.split_once('/').map_or("mixed", |(_, subtype)| subtype);
            let in_alternative = in_alternative || subtype == "alternative";
            assign(
                parts,
                &part.children,
                Within { multipart: subtype, start: part.parameters.get("start"), in_alternative },
                wants,
                roles,
            );
            continue;
        }
        let is_media = ["image/", "audio/", "video/"].iter().any(|kind| part.content_type.starts_with(kind));
        let is_text = matches!(part.content_type.as_str(), "text/plain" | "text/html");
        let is_inline = part.disposition.value != "attachment"
            && (is_text || is_media)
            && (position == first || (multipart != "related" && (is_media || part.declared_name().is_none())));
        if !is_inline || part.is_unopened {
            roles.files.push(index);
        }
        if !is_inline {
            continue;
        }
        if multipart == "alternative" {
            match part.content_type.as_str() {
                "text/plain" => roles.text.push(index),
                "text/html" => roles.html.push(index),
                _ => roles.files.push(index),
            }
            continue;
        }
        if in_alternative {
            match part.content_type.as_str() {
                "text/plain" => wants.html = false,
                "text/html" => wants.text = false,
                _ => {}
            }
        }
        if wants.text {
            roles.text.push(index);
        }
        if wants.html {
            roles.html.push(index);
        }
        if is_media {
            roles.files.push(index);
        }
    }
    if multipart == "alternative" && wants.text && wants.html {
        let (no_text, no_html) = (roles.text.len() == text_before, roles.html.len() == html_before);
        if no_text && !no_html {
            roles.text.extend_from_slice(&roles.html[html_before..]);
        } else if no_html && !no_text {
            roles.html.extend_from_slice(&roles.text[text_before..]);
        }
    }
}

/// Reads the text: plain parts where they say something, else the HTML, else a calendar or a `winmail.dat`.
pub(crate) fn read(parts: &[Part<'_>], roles: &Roles, defects: &mut Vec<Defect>) -> Body {
    let kind = |index: &usize| parts[*index].content_type.as_str();
    let html_parts: Vec<usize> = roles.html.iter().copied().filter(|index| kind(index) == "text/html").collect();
    let shown: Vec<usize> = roles.text.iter().copied().filter(|index| kind(index).starts_with("text/")).collect();
    let (html, html_charset) = html_of(parts, &html_parts, defects);
    let mut body = Body { html, ..Body::default() };
    if let [only] = html_parts.as_slice() {
        body.html_part = Some(*only);
    }
    let mut from_plain = false;
    // Where the HTML is all there is, it is converted below.
    let is_html_alone = shown == html_parts && !shown.is_empty();
    for part in shown.iter().filter(|_| !is_html_alone).map(|&index| &parts[index]) {
        let (text, charset) = if part.content_type == "text/html" {
            let (source, charset) = decoded(part, defects);
            (html_text(&source, defects), charset)
        } else {
            let (text, charset) = plain_text(part, defects);
            from_plain |= has_words(&text);
            (text, charset)
        };
        body.charset.get_or_insert(charset);
        append(&mut body.text, text, defects);
    }
    body.has_stuffed_signs =
        shown.iter().any(|&index| parts[index].parameters.get("format").is_some()) && flowed::has_stuffed_signs(&body.text);
    let is_choice = from_plain && !shown.iter().any(|index| html_parts.contains(index));
    // A report is read for its codes, and its HTML not at all.
    if is_choice && stand_in::is_candidate(&body.text) && !parts.iter().any(|part| part.content_type == "message/delivery-status")
    {
        body.converted = body.html.as_deref().map(|source| converted(source, defects));
        if let Some(converted) = body.converted.as_ref().filter(|html| stand_in::is_stand_in(&body.text, &html.text)) {
            body.text.clone_from(&converted.text);
            body.charset.clone_from(&html_charset);
            from_plain = false;
        }
    }
    if let [only] = shown.as_slice()
        && from_plain
        && parts[*only].parameters.get("format").is_none()
    {
        body.text_part = Some(*only);
    }
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).take(2).count();
    body.is_text_from_html = !from_plain && !html_parts.is_empty();
    if !has_words(&body.text) {
        body.converted = body.html.as_deref().map(|source| converted(source, defects));
        // One stray letter is no better than a plain text of rules or dashes.
        let says_more = |converted: &&HtmlText| letters(&converted.text) > body.text.trim().len().min(1) || is_html_alone;
        if let Some(converted) = body.converted.as_ref().filter(says_more) {
            body.text.clone_from(&converted.text);
            body.charset = html_charset;
        } else {
            body.is_text_from_html = false;
        }
    }
    if !has_words(&body.text)
        && let Some(text) = text_of_files(parts, roles).or_else(|| signed_text(parts, roles))
    {
        body.text = text;
        body.is_text_from_html = false;
    }
    body.text.truncate(body.text.trim_end().len());
    body
}

/// A text without a letter or digit says nothing, so the other part is asked.
fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn append(text: &mut String, more: String, defects: &mut Vec<Defect>) {
    if text.is_empty() && more.len() <= limits::TEXT_BYTES_MAX {
        *text = more;
        return;
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let room = limits::TEXT_BYTES_MAX.saturating_sub(text.len());
    if more.len() > room {
        defects.push(Defect::TextTruncated);
    }
    text.push_str(prefix(&more, room));
}

/// The HTML parts as one source, and the charset of the first.
fn html_of(parts: &[Part<'_>], html_parts: &[usize], defects: &mut Vec<Defect>) -> (Option<String>, Option<String>) {
    let mut html: Option<String> = None;
    let mut first_charset = None;
    for part in html_parts.iter().map(|&index| &parts[index]) {
        let (source, charset) = decoded(part, defects);
        first_charset.get_or_insert(charset);
        match &mut html {
            None => html = Some(source),
            Some(html) => {
                html.push('\n');
                html.push_str(prefix(&source, limits::TEXT_BYTES_MAX.saturating_sub(html.len())));
            }
        }
    }
    (html, first_charset)
}

/// HTML as text.
pub(crate) fn converted(source: &str, defects: &mut Vec<Defect>) -> HtmlText {
    let converted = html::to_text(source);
    if converted.truncated {
        defects.push(Defect::TextTruncated);
    }
    converted
}

fn html_text(source: &str, defects: &mut Vec<Defect>) -> String {
    converted(source, defects).text
}

fn plain_text(part: &Part<'_>, defects: &mut Vec<Defect>) -> (String, String) {
    let (text, charset) = decoded(part, defects);
    let is = |name: &str, value: &str| part.parameters.get(name).is_some_and(|found| found.eq_ignore_ascii_case(value));
    if is("format", "flowed") {
        return (flowed::unfold(&text, is("delsp", "yes")), charset);
    }
    (text, charset)
}

/// The text of one part with LF line ends, and the charset it was read in.
fn decoded(part: &Part<'_>, defects: &mut Vec<Defect>) -> (String, String) {
    // Four bytes of wrapping make at least one of text, whatever the encoding.
    let raw = &part.body[..part.body.len().min(limits::TEXT_BYTES_MAX * 4)];
    let (bytes, is_broken) = transfer::decode(raw, part.encoding);
    if is_broken {
        defects.push(Defect::BrokenTransferEncoding);
    }
    let bytes = if part.content_type == "text/plain" {
        let files = uuencode::files(&bytes);
        if files.is_empty() { bytes } else { uuencode::without(&bytes, &files).into_owned().into() }
    } else {
        bytes
    };
    let declared = part.parameters.get("charset");
    let meta = (part.content_type == "text/html" && !bytes.is_ascii()).then(|| meta_charset(&bytes)).flatten();
    let known = declared.and_then(charset::known);
    let label = declared.filter(|_| known.is_some()).or(meta.as_deref()).or(declared);
    let read = charset::decode(&bytes, label, meta.as_deref());
    if read.mismatch || (declared.is_some() && known.is_none()) {
        defects.push(Defect::CharsetMismatch);
    }
    let charset = known.filter(|_| !read.mismatch).unwrap_or_else(|| read.charset.into_owned());
    let text = parse::unix_lines(read.text);
    if text.len() > limits::TEXT_BYTES_MAX {
        defects.push(Defect::TextTruncated);
        return (prefix(&text, limits::TEXT_BYTES_MAX).to_owned(), charset);
    }
    (text, charset)
}

/// The charset an HTML head declares, within the first bytes as the HTML standard has it, or the head of an XHTML document.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = bytes[..bytes.len().min(2_048)].to_ascii_lowercase();
    let behind = |mark: &[u8]| memchr::memmem::find(&head, mark).map(|at| at + mark.len());
    let is_xml = head.trim_ascii_start().starts_with(b"<?xml ");
    let at = behind(b"charset=").or_else(|| behind(b"encoding=").filter(|_| is_xml))?;
    let rest = head[at..].strip_prefix(b"\"").or_else(|| head[at..].strip_prefix(b"'")).unwrap_or(&head[at..]);
    let length = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_:.".contains(byte))).unwrap_or(rest.len());
    let label = String::from_utf8_lossy(&rest[..length]).into_owned();
    // A head that claims UTF-16 cannot have been read as ASCII.
    (charset::is_known(&label) && !label.starts_with("utf-16")).then_some(label)
}

fn text_of_files(parts: &[Part<'_>], roles: &Roles) -> Option<String> {
    for part in roles.files.iter().map(|&index| &parts[index]) {
        if is_form_data(part) && part.disposition.value != "attachment" {
            let (text, _) = decoded(part, &mut Vec::new());
            return Some(text);
        }
        if is_other_text(part) {
            let (text, _) = decoded(part, &mut Vec::new());
            return Some(match part.content_type.as_str() {
                "text/html" => html_text(&text, &mut Vec::new()),
                _ if is_enriched(part) => without_tags(&text),
                _ => text,
            });
        }
        if matches!(part.content_type.as_str(), "text/rtf" | "application/rtf") && part.disposition.value != "attachment" {
            return Some(parse::unix_lines(rtf::to_text(&part.bytes().0).into()));
        }
        if part.content_type == "text/calendar" {
            let (text, _) = decoded(part, &mut Vec::new());
            if let Some(event) = calendar::read(&text) {
                return Some(calendar::in_words(&event));
            }
        } else if is_tnef(part)
            && let Some(tnef) = tnef::read(&part.bytes().0)
        {
            let text = tnef.text.map(|text| parse::unix_lines(text.into()));
            let text = text.filter(|text| has_words(text)).or_else(|| tnef.html.map(|source| html::to_text(&source).text));
            if text.is_some() {
                return text;
            }
        }
    }
    None
}

/// The text of a mail that is signed in one piece. What is signed within it stays closed, so this goes one level down.
fn signed_text(parts: &[Part<'_>], outer: &Roles) -> Option<String> {
    const KINDS: [&str; 2] = ["application/pkcs7-mime", "application/x-pkcs7-mime"];
    let is_container = |part: &&Part<'_>| {
        KINDS.contains(&part.content_type.as_str())
            || part.declared_name().is_some_and(|name| name.trim().eq_ignore_ascii_case("smime.p7m"))
    };
    let part = outer.files.iter().map(|&index| &parts[index]).find(is_container)?;
    let signed = cms::signed_content(&part.bytes().0)?;
    let inner = part::walk(&signed, &header::read_block(&signed), &mut Vec::new());
    let roles = roles(&inner);
    let shown = roles.text.iter().map(|&index| &inner[index]).filter(|part| part.content_type.starts_with("text/"));
    let mut text = String::new();
    for part in shown {
        let (source, _) =
            if part.content_type == "text/html" { decoded(part, &mut Vec::new()) } else { plain_text(part, &mut Vec::new()) };
        let more = if part.content_type == "text/html" { html_text(&source, &mut Vec::new()) } else { source };
        append(&mut text, more, &mut Vec::new());
    }
    has_words(&text).then_some(text)
}

/// Programs that write mails send what they know as an object or as a filled-in form.
fn is_form_data(part: &Part<'_>) -> bool {
    matches!(part.content_type.as_str(), "application/json" | "application/x-www-form-urlencoded" | "text/json")
        || part.content_type.starts_with("application/") && part.content_type.ends_with("+json")
        || part.content_type == "application/octet-stream"
            && part.declared_name().is_some_and(|name| name.to_ascii_lowercase().ends_with(".json"))
}

/// The texts of such parts among the files, at most [`limits::FORM_PARTS_MAX`] of at most [`limits::FORM_BYTES_MAX`]
/// each: a longer one is a file for people.
pub(crate) fn form_data(parts: &[Part<'_>], roles: &Roles) -> Vec<String> {
    let found = roles.files.iter().map(|&index| &parts[index]).filter(|part| is_form_data(part));
    found
        .filter(|part| part.file_size() <= limits::FORM_BYTES_MAX)
        .take(limits::FORM_PARTS_MAX)
        .map(|part| decoded(part, &mut Vec::new()).0)
        .collect()
}

/// Markdown, enriched text and kinds yet unknown: readable where a mail has nothing else.
fn is_other_text(part: &Part<'_>) -> bool {
    const NO_TEXT: [&str; 9] = [
        "text/calendar",
        "text/csv",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "text/css",
        "text/xml",
        "text/rfc822-headers",
        "text/rtf",
    ];
    part.content_type.starts_with("text/")
        && !NO_TEXT.contains(&part.content_type.as_str())
        && part.declared_name().is_none()
        && part.disposition.value != "attachment"
}

fn is_enriched(part: &Part<'_>) -> bool {
    matches!(part.content_type.as_str(), "text/enriched" | "text/richtext")
}

/// RFC 1896: commands stand in angle brackets, `<<` is one bracket, the content of `<param>` is no text.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        rest = &rest[open + 1..];
        if let Some(tail) = rest.strip_prefix('<') {
            out.push('<');
            rest = tail;
            continue;
        }
        let Some(close) = rest.find('>') else { break };
        let is_parameter = rest[..close].eq_ignore_ascii_case("param");
        rest = &rest[close + 1..];
        if is_parameter {
            rest = rest.find("</").map_or("", |end| &rest[end..]);
        }
    }
    out.push_str(rest);
    out
}

fn is_tnef(part: &Part<'_>) -> bool {
    matches!(part.content_type.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef")
        || part.declared_name().is_some_and(|name| name.trim().eq_ignore_ascii_case("winmail.dat"))
}

/// Lists the files of a mail; a `winmail.dat` is replaced by what it holds.
pub(crate) fn attachments(parts: &[Part<'_>], roles: &Roles, html: Option<&str>, defects: &mut Vec<Defect>) -> Vec<Attachment> {
    let mut out = Vec::new();
    for &index in roles.text.iter().filter(|&&index| parts[index].content_type == "text/plain") {
        push_uuencoded(&mut out, index, &parts[index]);
    }
    for &index in &roles.files {
        if out.len() >= limits::ATTACHMENTS_LISTED_MAX {
            defects.push(Defect::TooManyParts);
            break;
        }
        let part = &parts[index];
        if is_tnef(part) {
            match tnef::read(&part.bytes().0) {
                // One without files is listed itself, so that nothing of a mail is out of reach.
                Some(tnef) if tnef.files.is_empty() => {}
                Some(tnef) => {
                    push_tnef(&mut out, index, tnef.files);
                    continue;
                }
                None => defects.push(Defect::BrokenTnef),
            }
        }
        let linked = part.content_id.as_deref().is_some_and(|id| html.is_some_and(|html| is_linked(html, id)));
        out.push(Attachment {
            name: name_of(part.declared_name(), out.len() + 1, &part.content_type),
            content_type: part.content_type.clone(),
            bytes: part.file_size(),
            inline: part.disposition.value == "inline" || linked,
            content_id: part.content_id.clone(),
            part: u32::try_from(index).unwrap_or(u32::MAX),
        });
    }
    out
}

/// Files written into a text.
fn push_uuencoded(out: &mut Vec<Attachment>, index: usize, part: &Part<'_>) {
    if memchr::memmem::find(part.body, b"begin ").is_none() {
        return;
    }
    for (position, file) in uuencode::files(&part.bytes().0).into_iter().enumerate() {
        if out.len() >= limits::ATTACHMENTS_LISTED_MAX {
            break;
        }
        let content_type = "application/octet-stream".to_owned();
        out.push(Attachment {
            name: name_of(Some(&file.name), out.len() + 1, &content_type),
            content_type,
            bytes: u64::try_from(file.data.len()).unwrap_or(u64::MAX),
            inline: false,
            content_id: None,
            part: tnef::handle(index, position),
        });
    }
}

fn push_tnef(out: &mut Vec<Attachment>, part: usize, files: Vec<tnef::File>) {
    for (position, file) in files.into_iter().enumerate() {
        if out.len() >= limits::ATTACHMENTS_LISTED_MAX {
            break;
        }
        let content_type = file.content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
        out.push(Attachment {
            name: name_of(file.name.as_deref(), out.len() + 1, &content_type),
            content_type,
            bytes: u64::try_from(file.data.len()).unwrap_or(u64::MAX),
            inline: file.content_id.is_some(),
            content_id: file.content_id,
            part: tnef::handle(part, position),
        });
    }
}

fn name_of(declared: Option<&str>, number: usize, content_type: &str) -> String {
    declared.and_then(file_name::safe).unwrap_or_else(|| file_name::made_up(number, content_type))
}

fn is_linked(html: &str, id: &str) -> bool {
    memchr::memmem::find_iter(html.as_bytes(), b"cid:").any(|at| html[at + 4..].starts_with(id))
}
