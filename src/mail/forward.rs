//! Separators between the sender's words and an older mail, and the forwarded mail below one.

use crate::Forward;
use crate::header_block::{self, HeaderBlock};
use crate::html_element::Region;
use crate::quote::{self, Line};
use crate::{attribution, words};

/// What a separator line announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// "----- Original Message -----": what was answered.
    Original,
    /// "---------- Forwarded message ---------" and "Begin forwarded message:".
    Forward,
    /// The same in words alone, as "Forwarded message:": only with a header block or a quote below.
    Announcement,
    /// Dashes or underscores alone: only with a header block below.
    Rule,
}

/// Separators are short.
const SEPARATOR_BYTES_MAX: usize = 160;

/// What kind of separator a line is.
pub(crate) fn separator(body: &str) -> Option<Separator> {
    if body.len() < 3 || body.len() > SEPARATOR_BYTES_MAX || is_plain(body) {
        return None;
    }
    let inner = body.trim_matches(|c: char| is_dash(c) || c.is_whitespace());
    if inner.is_empty() {
        return (body.chars().filter(|c| is_dash(*c)).count() >= 3).then_some(Separator::Rule);
    }
    let has_dashes = body.starts_with("--")
        || body.starts_with("__")
        || body.starts_with("==")
        || body.starts_with(['—', '–', '─', '━', '‐', '‑', '‒', '―', '−'])
        || body.starts_with("*-")
        || body.starts_with("***")
        || body.starts_with("##");
    let has_colon = inner.ends_with([':', '：']);
    if !has_dashes && !has_colon || inner.chars().count() > 110 {
        return None;
    }
    // Whoever writes about such a line goes on behind it.
    if has_dashes && !has_colon && !body.ends_with(is_dash) && inner.contains("-----") {
        return None;
    }
    let folded = inner.trim_matches([' ', ':', '：', '>', '<', '\u{a0}', '|']).to_lowercase().replace('\u{307}', "");
    if has_dashes && words::ORIGINAL.begin(&folded) || folded == "original" {
        return Some(Separator::Original);
    }
    if folded.split_whitespace().count() > if has_dashes { 14 } else { 6 } {
        return None;
    }
    let is_whole = words::FORWARD_WHOLE.contains(&folded.as_str());
    let names_forward = is_whole || words::FORWARD_STEMS.is_match(&folded) && words::MESSAGE_STEMS.is_match(&folded);
    let kind = if has_dashes || is_whole { Separator::Forward } else { Separator::Announcement };
    names_forward.then_some(kind)
}

/// What separators are drawn with.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '_' | '—' | '–' | '=' | '*' | '~' | '─' | '━' | '#' | '‐' | '‑' | '‒' | '―' | '−')
}

/// Whether a line neither begins nor ends like a separator, as nearly all lines do.
fn is_plain(body: &str) -> bool {
    !body.starts_with(|c: char| is_dash(c) || c.is_whitespace())
        && !body.ends_with(|c: char| is_dash(c) || c.is_whitespace() || matches!(c, ':' | '：'))
}

/// Where the header block begins on the line of its separator: "----- Forwarded Message ----- From: …".
pub(crate) fn block_behind(text: &str) -> Option<usize> {
    let start = text.len() - text.trim_start().len();
    let inner = text[start..].strip_prefix("--")?.trim_start_matches('-');
    let close = inner.bytes().zip(inner.bytes().skip(1)).take(SEPARATOR_BYTES_MAX + 1).position(|pair| pair == (b'-', b'-'))?;
    let behind = inner[close..].trim_start_matches('-');
    let at = text.len() - behind.len();
    header_block::label_of(behind.trim())?;
    separator(text[..at].trim()).filter(|kind| *kind != Separator::Rule).map(|_| at)
}

/// Where a separator stands within a line behind the sender's words, as programs leave it that know no line breaks.
pub(crate) fn shares_line(text: &str) -> Option<usize> {
    let dashes = memchr::memchr_iter(b'-', text.as_bytes()).find(|dash| text[*dash..].starts_with("-----"));
    let start = dashes.filter(|start| *start > 0)?;
    let inner = text[start..].trim_start_matches('-');
    let close = inner.find("-----").filter(|close| *close <= SEPARATOR_BYTES_MAX)?;
    let words = &inner[..close];
    let at = separator(&format!("-----{words}-----"));
    let is_name = matches!(at, Some(Separator::Original | Separator::Forward));
    // Whoever writes about such a line goes on behind it.
    let behind = inner[close..].trim_start_matches('-').trim();
    let leads_on = behind.is_empty() || memchr::memchr(b':', &behind.as_bytes()[..behind.len().min(LABEL_BYTES_MAX)]).is_some();
    (is_name && leads_on && !text[..start].trim_matches([' ', '>']).is_empty()).then_some(start)
}

/// A label of a header block, or an introduction, has its colon within these.
const LABEL_BYTES_MAX: usize = 120;

/// Words between dashes, as separators are in any language: "-------- Upprunaleg skilaboð --------".
pub(crate) fn is_dashed(body: &str) -> bool {
    let is_framed = body.starts_with("---") && body.ends_with("---") && body.len() <= SEPARATOR_BYTES_MAX;
    is_framed && {
        let words = body.trim_matches('-').trim_start();
        // Certificates and keys that somebody sends have lines like it.
        words.contains(char::is_alphabetic) && !words.starts_with("BEGIN ") && !words.starts_with("END ")
    }
}

/// "Original Message" as a line of its own without any dashes, as some phones write it above a header block.
pub(crate) fn is_bare_original(body: &str) -> bool {
    let body = body.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(body);
    let body = body.strip_suffix(':').unwrap_or(body);
    body.len() <= SEPARATOR_BYTES_MAX && words::ORIGINAL.may_begin(body) && words::ORIGINAL.contains(&body.to_lowercase())
}

/// A forwarded mail, or one that looks alike.
pub(crate) struct Found {
    pub(crate) forward: Forward,
    /// A line or container says that this was forwarded. Without one it may as well be the mail that is answered.
    pub(crate) is_named: bool,
}

/// The forwarded mail at the top of a piece of history, where a separator or a header block announces it.
pub(crate) fn read(history: &[Line<'_>]) -> Option<Found> {
    let first = history.iter().position(|line| !line.is_blank())?;
    let depth = history[first].depth;
    // The marker may stand above the quoted mail, or inside the quote.
    let mut index = first;
    let mut announced = false;
    let mut is_named = history[first].mark.region == Region::Forward;
    let mut is_announced = false;
    while let Some(line) = history.get(index).filter(|_| index < first + MARKER_LINES_MAX) {
        let kind = separator(line.body);
        announced |= matches!(kind, Some(Separator::Forward | Separator::Announcement | Separator::Original));
        is_named |= matches!(kind, Some(Separator::Forward | Separator::Announcement));
        // A marker in a language not listed still stands right above the header block; one between dashes may name an original.
        let may_announce = index == first && line.body.ends_with([':', '：']) && line.label.is_none();
        is_announced |= may_announce;
        if line.is_blank() || kind.is_some() || may_announce || index == first && is_dashed(line.body) {
            index += 1;
        } else {
            break;
        }
    }
    let inner = history.get(index..)?;
    let inner_depth = inner.iter().find(|line| !line.is_blank()).map_or(depth, |line| line.depth);
    // What is less deep than the header block comes from the sender again.
    let end = if inner_depth > 0 {
        inner.iter().position(|line| line.depth < inner_depth && !line.is_blank()).unwrap_or(inner.len())
    } else {
        inner.len()
    };
    let inner = &inner[..end];
    let has_block = inner.iter().position(|line| !line.is_blank());
    let block = has_block.and_then(|start| header_block::at(inner, start, announced));
    if !announced && block.is_none() {
        return None;
    }
    let (mut forward, rest) = match (block, has_block) {
        (Some(block), _) => (block.forward(), &inner[block.end..]),
        (None, Some(start)) => {
            introduced(inner, start).or_else(|| header_block::without_colons(inner, start)).unwrap_or((Forward::default(), inner))
        }
        (None, None) => (Forward::default(), inner),
    };
    let rest = without_end(&rest[closing_line(rest, history[first].body)..]);
    // Proton quotes the text below its header block and not the block.
    let depth = rest.iter().filter(|line| !line.is_blank()).map(|line| line.depth).min().unwrap_or(0);
    forward.text = unquoted(rest, depth.max(inner_depth));
    // What introduces a quote says that this was answered.
    let is_introduction = || attribution::ending_at(history, first, || true).is_some();
    Some(Found { forward, is_named: is_named || is_announced && !is_introduction() })
}

/// Yandex puts an introduction below its separator: `14.05.2024, 09:58, "Ann" <a@b.example>:`.
fn introduced<'l, 'a>(inner: &'l [Line<'a>], start: usize) -> Option<(Forward, &'l [Line<'a>])> {
    attribution::ending_at(inner, start, || false)?;
    let line = inner[start].body.trim_end_matches([':', '：']);
    let (head, address) = line.split_at(line.find('<')?);
    let (date, name) = head.rsplit_once(", ")?;
    let forward = Forward { from: Some(format!("{name}{address}")), date: Some(date.to_owned()), ..Forward::default() };
    Some((forward, &inner[start + 1..]))
}

/// Without the line that closes a forwarded mail.
fn without_end<'l, 'a>(lines: &'l [Line<'a>]) -> &'l [Line<'a>] {
    let Some(last) = lines.iter().rposition(|line| !line.is_blank()) else { return lines };
    let body = lines[last].body;
    let is_end = ends_forward(body) || body.len() >= CLOSING_RULE_MIN && body.bytes().all(|byte| byte == b'-');
    if is_end { &lines[..last] } else { lines }
}

/// Shorter rules close a list or a table.
const CLOSING_RULE_MIN: usize = 30;

/// "----- End forwarded message -----", behind which the sender may go on.
pub(crate) fn ends_forward(body: &str) -> bool {
    body.starts_with("--") && separator(body) == Some(Separator::Forward) && {
        let words = body.trim_matches(|c| matches!(c, '-' | ' ')).to_lowercase();
        let first = words.split(' ').next().unwrap_or_default();
        ["end", "ende", "fin", "fine", "fim", "einde", "slut", "slutt", "konec", "koniec", "конец", "кінець", "край"]
            .contains(&first)
    }
}

/// Whether a subject says that the mail is a forward: "Fwd: …", "WG: …", "[Fwd: …]".
pub(crate) fn is_forward_subject(subject: &str) -> bool {
    let bare = subject.trim_start_matches(['[', ' ', '(']);
    let mut beginning = bare.char_indices().take_while(|(index, _)| *index <= PREFIX_BYTES_MAX);
    let colon = beginning.find(|(_, c)| matches!(c, ':' | '：'));
    colon.is_some_and(|(colon, _)| words::FORWARD_PREFIXES.contains(bare[..colon].trim().to_lowercase().as_str()))
}

/// No prefix is longer.
const PREFIX_BYTES_MAX: usize = 24;

/// The forwarded mail of a body that begins with a full header block and has no text of its own.
pub(crate) fn read_whole(lines: &[Line<'_>]) -> Option<Found> {
    let first = lines.iter().position(|line| !line.is_blank() && separator(line.body) != Some(Separator::Rule))?;
    header_block::at(lines, first, false).filter(HeaderBlock::is_full)?;
    read(lines)
}

/// Behind the line that closes a header block: Zoho repeats the one that opened it. Another block below is one of its own.
fn closing_line(rest: &[Line<'_>], opener: &str) -> usize {
    let mut shown = rest.iter().enumerate().filter(|(_, line)| !line.is_blank());
    let closes = shown.next().filter(|(_, line)| line.body == opener && separator(opener).is_some());
    let text_follows = shown.next().is_none_or(|(_, line)| line.label.is_none());
    closes.filter(|_| text_follows).map_or(0, |(index, _)| index + 1)
}

/// Blank lines and separators above a header block.
const MARKER_LINES_MAX: usize = 8;

/// The text of lines without `depth` quote marks.
fn unquoted(lines: &[Line<'_>], depth: usize) -> String {
    let mut text = String::new();
    for line in lines {
        let mut rest = line.text;
        for _ in 0..depth {
            let Some(next) = rest.trim_start().strip_prefix('>') else { break };
            rest = next;
        }
        if depth > 0 {
            rest = rest.strip_prefix(' ').unwrap_or(rest);
        }
        text.push_str(quote::without_end(rest));
        text.push('\n');
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_known_in_many_languages() {
        for text in [
            "-----Original Message-----",
            "-------- Oprindelig besked --------",
            "------------------ 原始邮件 ------------------",
            "-----original message-----",
            "-------- Izvorna poruka --------",
            "--- Treść oryginalnej wiadomości ---",
            "-------- Початкове повідомлення --------",
            "-------- 原始消息 --------",
        ] {
            assert_eq!(separator(text), Some(Separator::Original), "{text}");
        }
        for text in [
            "---------- Forwarded message ---------",
            "Begin forwarded message:",
            "-------- Message transféré --------",
            "---------- Vidarebefordrat meddelande ----------",
            "-------- Пересылаемое сообщение --------",
            "---------- 転送メッセージ ----------",
            "-------- Missatge reenviat --------",
            "-------- Προωθημένο μήνυμα --------",
            "----------  Edasi saadetud kiri  ----------",
            "----- Weitergeleitet von Bob/Acme am 01.02.2023 10:00 -----",
        ] {
            assert_eq!(separator(text), Some(Separator::Forward), "{text}");
        }
        for text in [
            "Anfang der weitergeleiteten Nachricht:",
            "Début du message réexpédié :",
            "Start på videresendt besked:",
            "Please forward this mail:",
        ] {
            assert_eq!(separator(text), Some(Separator::Announcement), "{text}");
        }
        for text in
            ["Please forward this message:  we need it before the end of the week and thank you", "--", "- a point", "hello"]
        {
            assert_eq!(separator(text), None, "{text}");
        }
        assert_eq!(separator("________________________________"), Some(Separator::Rule));
    }
}
