//! Where the signature of a mail begins: delimiters, closings, device lines, names, contact blocks, legal notices.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::html_element::Region;
use crate::quote::Line;
use crate::small_word::{self, PackedMap};
use crate::{afterthought, contact_card, device_line, words};

/// What is known about the writer.
pub(crate) struct Writer<'a> {
    /// Display name of the From header, lower case, as words.
    pub(crate) name: Vec<String>,
    /// Legal notices learned from the domain, folded by [`fold`].
    pub(crate) disclaimers: &'a [String],
}

/// Most lines that a signature has, legal notice aside.
const LINES_MAX: usize = 30;
/// Most lines below a closing or a name.
const BLOCK_LINES_MAX: usize = 14;
/// Rounds of looking further up: a notice below a device line below a name below a closing.
const ROUNDS_MAX: usize = 6;

/// A way to reach somebody.
pub(crate) static CONTACT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\S@\S+\.\w|https?://|www\.|\+?\(?\d[\d ()/.-]{6,}\d|^(?:tel|phone|fax|mobile|mob|cell|skype|t|m|f|p|e|w)\s?[.:]\s?\S").expect("a fixed pattern")
});

/// The first line of the signature at the end of `lines`; `None` where there is none. Never 0 unless `may_be_whole`.
pub(crate) fn start(lines: &[Line<'_>], writer: &Writer<'_>, may_be_whole: bool) -> Option<usize> {
    let mut end = lines.len();
    for _ in 0..ROUNDS_MAX {
        let block = &lines[..end];
        let Some(found) = find(block, writer, may_be_whole).filter(|found| *found < end) else { break };
        let keeps_text = lines[..found].iter().any(|line| !line.is_blank());
        if !keeps_text && !may_be_whole {
            break;
        }
        end = found;
    }
    if end == lines.len() {
        return None;
    }
    // The logo above a signature is part of it, the frame of a table around it, and a rule that closes nothing.
    let is_frame = |body: &str| body.starts_with("[cid:") || body.bytes().all(|byte| matches!(byte, b'|' | b' '));
    let above = lines[..end].iter().rposition(|line| !line.is_blank());
    let opens = |above: usize| {
        let before = &lines[above.saturating_sub(BLOCK_LINES_MAX)..above];
        is_rule(lines[above].body) && !before.iter().any(|line| is_rule(line.body))
    };
    let frame = above.filter(|above| *above > 0 && (is_frame(lines[*above].body) || opens(*above)));
    Some(frame.unwrap_or(end))
}

fn find(lines: &[Line<'_>], writer: &Writer<'_>, may_be_whole: bool) -> Option<usize> {
    let last = lines.iter().rposition(|line| !line.is_blank())?;
    let lines = &lines[..=last];
    marked(lines)
        .or_else(|| delimiter(lines))
        .or_else(|| rule(lines))
        .or_else(|| framed(lines, writer))
        .or_else(|| closing(lines, writer, may_be_whole))
        .or_else(|| device(lines))
        .or_else(|| dashed_name(lines, writer))
        .or_else(|| own_name(lines, writer))
        .or_else(|| contact_card::start(lines, writer))
        .or_else(|| notice(lines, writer))
}

/// Lines that the client marked as signature, with a delimiter above.
fn marked(lines: &[Line<'_>]) -> Option<usize> {
    let is_marked = |line: &&Line<'_>| line.mark.region == Region::Signature || line.is_blank();
    let count = lines.iter().rev().take_while(is_marked).count();
    let mut first = lines.len() - count;
    while first < lines.len() && lines[first].is_blank() {
        first += 1;
    }
    if first == lines.len() {
        return None;
    }
    let above = lines[..first].iter().rposition(|line| !line.is_blank());
    Some(above.filter(|above| is_delimiter(lines[*above].body)).unwrap_or(first))
}

/// `-- ` of RFC 3676 §4.3, with or without the space, and its long-dash twins.
fn is_delimiter(body: &str) -> bool {
    // U+1427 is what a program that watches its mails leaves.
    matches!(body, "\u{1427}" | "--" | "—" | "– –" | "––" | "- -" | "**--**" | "*--*" | "--\u{a0}" | "- --" | "——" | "-- -")
}

/// A signature, and a notice below it.
const DELIMITERS_MAX: usize = 2;

/// Whether nothing but a signature begins with that line: a delimiter, a rule, a polite end.
pub(crate) fn opens(body: &str) -> bool {
    let nobody = Writer { name: Vec::new(), disclaimers: &[] };
    is_delimiter(body) || is_rule(body) || closing_kind(body, &nobody).is_some()
}

fn delimiter(lines: &[Line<'_>]) -> Option<usize> {
    let first = lines.len().saturating_sub(LINES_MAX * 2);
    let found = (first..lines.len()).find(|index| is_delimiter(lines[*index].body))?;
    let below = lines[found..].iter().filter(|line| !line.is_blank());
    // The client says where its signature ends, and text stands behind it.
    let is_text = |line: &Line<'_>| !line.is_blank() && line.mark.region != Region::Signature;
    if lines[found].mark.region == Region::Signature && lines[found..].iter().any(is_text) {
        return None;
    }
    // Comments in a dump are closed by it too.
    if lines[found..].iter().filter(|line| is_delimiter(line.body)).nth(DELIMITERS_MAX).is_some() {
        return None;
    }
    let goes_on = || afterthought::asks_below(&lines[found + 1..], is_notice);
    (below.count() <= LINES_MAX && !goes_on()).then_some(found)
}

/// A line of dashes or underscores with a short block of short lines below.
fn rule(lines: &[Line<'_>]) -> Option<usize> {
    let first = lines.len().saturating_sub(BLOCK_LINES_MAX * 2);
    let found = (first..lines.len()).rev().find(|index| is_rule(lines[*index].body))?;
    let below = &lines[found + 1..];
    let count = below.iter().filter(|line| !line.is_blank()).count();
    let is_block = (1..=BLOCK_LINES_MAX).contains(&count) && below.iter().all(|line| is_signature_line(line.body));
    // Numbers and parts lists stand below rules too.
    let names = |line: &Line<'_>| is_name(line.body) && !has_digit(line.body) || CONTACT.is_match(line.body);
    let is_block = is_block && below.iter().filter(|line| !line.is_blank()).any(names);
    // A table has its rule below its heading.
    let is_table = lines[..found].iter().rev().take(1).any(|line| !line.is_blank())
        && below.iter().take(2).all(|line| line.body.split_whitespace().count() > 3);
    // A closed frame is text.
    let is_frame = lines[first..found].iter().any(|line| is_rule(line.body));
    (is_block && !is_table && !is_frame).then_some(found)
}

/// A frame at the end with the writer's name and a way to reach them, as Japanese mails have it.
fn framed(lines: &[Line<'_>], writer: &Writer<'_>) -> Option<usize> {
    let last = lines.len().checked_sub(1).filter(|last| is_rule(lines[*last].body))?;
    let first = lines[..last].iter().rposition(|line| is_rule(line.body)).filter(|first| last - first <= BLOCK_LINES_MAX)?;
    let inner = &lines[first + 1..last];
    let names_writer = |line: &Line<'_>| name_words(line.body).iter().any(|word| writer.name.contains(word));
    let has_way = || inner.iter().any(|line| CONTACT.is_match(line.body));
    (inner.iter().any(names_writer) && has_way() && !ends_list_head(lines, first)).then_some(first)
}

/// No closing has more words.
const CLOSING_WORDS_MAX: usize = 9;

/// A polite end, with a name below or beside it.
fn closing(lines: &[Line<'_>], writer: &Writer<'_>, may_be_whole: bool) -> Option<usize> {
    let text_above = if may_be_whole { 0 } else { lines.iter().position(|line| !line.is_blank())? + 1 };
    let first = lines.len().saturating_sub(BLOCK_LINES_MAX * 2).max(text_above);
    for index in (first..lines.len()).rev() {
        let Some(kind) = closing_kind(lines[index].body, writer) else { continue };
        let below = &lines[index + 1..];
        let named = below.iter().find(|line| !line.is_blank());
        let good = match (kind, named) {
            (Closing::Named, None) => true,
            (Closing::Regards, None) => true,
            (Closing::Short, None) => true,
            (Closing::Thanks, None) => false,
            (_, Some(name)) => names_someone(kind, name.body, writer) && is_block(below),
        };
        if good {
            return Some(index);
        }
    }
    None
}

/// Whether the line below a closing is a name; below regards a title or department may stand too.
fn names_someone(kind: Closing, body: &str, writer: &Writer<'_>) -> bool {
    let head = body.split(['|', ',', '–', '•']).next().unwrap_or(body).trim();
    let is_short = body.split_whitespace().count() <= 7 && !body.ends_with(['.', '?', '!', ':']);
    // "Thanks again!" stands within a mail too, above a line that begins like a name.
    let is_sentence = matches!(kind, Closing::Thanks) && has_plain_word(body) && !is_own_name(head, writer);
    (is_name(body) || is_name(head)) && !is_sentence || is_own_name(head, writer) || matches!(kind, Closing::Regards) && is_short
}

/// A word behind the first that no name has: in lower case, and none of the small ones between names.
fn has_plain_word(body: &str) -> bool {
    let is_plain = |word: &str| word.starts_with(char::is_lowercase) && !PARTICLES.contains(&word);
    body.split_whitespace().skip(1).any(is_plain)
}

/// Small words within names and titles.
const PARTICLES: [&str; 26] = [
    "van", "von", "vom", "zu", "zum", "der", "den", "de", "di", "da", "do", "dos", "del", "della", "la", "le", "du", "bin",
    "ibn", "al", "el", "of", "and", "und", "y", "e",
];

#[derive(Clone, Copy)]
enum Closing {
    Regards,
    Thanks,
    /// "Kh", "LG": letters that mean something else too, so that a name must follow unless they end the mail.
    Short,
    /// With the name on the same line: "Regards, Bob".
    Named,
}

fn closing_kind(body: &str, writer: &Writer<'_>) -> Option<Closing> {
    if body.is_empty() || body.len() > 90 || !may_close(body) {
        return None;
    }
    if body.split_whitespace().nth(CLOSING_WORDS_MAX).is_some() {
        return None;
    }
    let strip = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let whole = strip(body);
    // Whatever stands behind it, a closing or thanks comes first.
    if !words::CLOSING_BEGINNINGS.begin(&whole) {
        return None;
    }
    let is_closing = |text: &str| words::CLOSING_SET.contains(text);
    if is_closing(&whole) {
        return Some(if whole.chars().count() <= SHORT_CHARS_MAX && whole.is_ascii() {
            Closing::Short
        } else {
            Closing::Regards
        });
    }
    if words::THANKS.contains(whole.as_str()) {
        return Some(Closing::Thanks);
    }
    if let Some((head, tail)) = body.split_once([',', '!']) {
        let head = strip(head);
        if (is_closing(&head) || words::THANKS.contains(head.as_str())) && is_name(tail.trim()) {
            return Some(Closing::Named);
        }
        // "Thanks & best regards from Berlin," and "Vielen Dank, mit freundlichen Grüßen".
        let tail = strip(tail);
        if (is_closing(&head) || words::THANKS.contains(head.as_str()))
            && (is_closing(&tail) || words::THANKS.contains(tail.as_str()))
        {
            return Some(Closing::Regards);
        }
    }
    // "LG Dana" and "Hilsen Dana".
    let is_named = |(space, _): (usize, &str)| is_own_name(&body[space..], writer) && is_closing(&strip(&body[..space]));
    if body.starts_with(char::is_uppercase) && body.match_indices(' ').any(is_named) {
        return Some(Closing::Named);
    }
    if is_double(&whole) {
        return Some(Closing::Regards);
    }
    // In two languages: "Mit freundlichen Grüßen / Kind regards".
    if let Some((head, tail)) = body.split_once(['/', '|'])
        && is_closing(&strip(head))
        && is_closing(&strip(tail))
    {
        return Some(Closing::Regards);
    }
    let few_words = whole.split_whitespace().count() <= 7;
    let ends_open = body.trim_end().ends_with([',', '!']);
    let goes_on = |space: usize| ends_open || FROM_PLACE.iter().any(|word| whole[space..].starts_with(word));
    let starts = || whole.match_indices(' ').any(|(space, _)| space > 8 && is_closing(&whole[..space]) && goes_on(space));
    (few_words && starts()).then_some(Closing::Regards)
}

/// "Many thanks and best wishes", "Vielen Dank und viele Grüße".
fn is_double(whole: &str) -> bool {
    let is_closing = |text: &str| words::CLOSING_SET.contains(text);
    let mut seen = [false; CONJUNCTIONS.len()];
    whole.match_indices(' ').any(|(space, _)| {
        let rest = &whole[space + 1..];
        let Some((word, tail)) = rest.split_once(' ') else { return false };
        let Some(conjunction) = CONJUNCTIONS.iter().position(|conjunction| *conjunction == word) else { return false };
        // Each divides the line where it stands first.
        if std::mem::replace(&mut seen[conjunction], true) {
            return false;
        }
        let head = whole[..space].trim_end_matches(',');
        (words::THANKS.contains(head) || is_closing(head)) && (is_closing(tail) || is_closing(&format!("mit {tail}")))
    })
}

const CONJUNCTIONS: [&str; 9] = ["and", "&", "und", "et", "y", "e", "en", "och", "og"];

/// Whether the first word is one that a closing begins with, or too long to tell so cheaply.
fn may_close(body: &str) -> bool {
    static FIRST_WORDS: LazyLock<PackedMap<()>> = LazyLock::new(|| {
        let closings = words::CLOSING_SET.iter().chain(words::THANKS.iter());
        let first_words: BTreeSet<u128> = closings.filter_map(|closing| small_word::packed(closing.split(' ').next()?)).collect();
        PackedMap::new(first_words.into_iter().map(|word| (word, ())))
    });
    let body = body.trim_start_matches(|c: char| !c.is_alphanumeric());
    let letters = body.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(body.len());
    let end = match body.as_bytes().get(letters) {
        None | Some(b' ' | b',' | b'!') => letters,
        Some(_) => body.find(|c: char| c.is_whitespace() || matches!(c, ',' | '!')).unwrap_or(body.len()),
    };
    let first = body[..end].trim_end_matches(|c: char| !c.is_alphanumeric());
    small_word::packed(first).is_none_or(|first| FIRST_WORDS.get(first).is_some())
}

/// Closings this short are also words, models and units.
const SHORT_CHARS_MAX: usize = 3;
/// "Freundliche Grüsse aus Zürich" needs no comma.
const FROM_PLACE: [&str; 6] = [" aus ", " from ", " de ", " från ", " fra ", " uit "];

/// "Sent from my iPhone", with a lone name above it.
fn device(lines: &[Line<'_>]) -> Option<usize> {
    let mut last = lines.len().checked_sub(1)?;
    if last > 0 && is_link(lines[last].body) {
        last -= 1;
    }
    if !device_line::is_device_line(lines[last].body) {
        let is_alone = last > 0 && lines[last - 1].is_blank();
        return (is_alone && device_line::names_a_program(lines[last].body)).then_some(last);
    }
    let mut first = last;
    while first > 0 && device_line::is_device_line(lines[first - 1].body) {
        first -= 1;
    }
    let above = first.checked_sub(1).map(|above| lines[above]);
    let is_paragraph = first >= 2 && lines[first - 2].is_blank();
    Some(if above.is_some_and(|line| is_paragraph && is_name(line.body)) { first - 1 } else { first })
}

/// A link and nothing else.
fn is_link(body: &str) -> bool {
    let bare = body.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let is_place = bare.is_some_and(|bare| bare.starts_with("http") || bare.starts_with('#'));
    is_place || body.starts_with("http") && !body.contains(' ')
}

/// `-roman`, `- Roman`, `/John` as the last line.
fn dashed_name(lines: &[Line<'_>], writer: &Writer<'_>) -> Option<usize> {
    let last = lines.len().checked_sub(1)?;
    let body = lines[last].body;
    let rest = body.strip_prefix(['-', '–', '—', '/', '~'])?;
    let name = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches(' ').trim_end_matches(['.', '!']);
    let count = name.split_whitespace().count();
    let letters = !name.is_empty() && name.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '\'' | '-'));
    // "-----END CERTIFICATE-----" names nobody.
    if !letters || name.ends_with('-') || count > 3 || name.chars().count() > 40 {
        return None;
    }
    let is_spaced = rest.starts_with(' ');
    let capitals = name.split_whitespace().all(|word| word.chars().next().is_some_and(char::is_uppercase));
    let is_name = is_own_name(name, writer) || count == 1 || capitals || !is_spaced;
    let above = lines[..last].iter().rev().find(|line| !line.is_blank())?;
    let in_list = above.body.starts_with(['-', '*', '•', '–', '—', '/']) || above.body.ends_with([':', ',']);
    (is_name && !in_list).then_some(last)
}

/// The writer's own name on a line of its own.
fn own_name(lines: &[Line<'_>], writer: &Writer<'_>) -> Option<usize> {
    let first = lines.len().saturating_sub(BLOCK_LINES_MAX).max(1);
    (first..lines.len()).find(|index| {
        let below = &lines[index + 1..];
        let body = lines[*index].body;
        let in_list = body.starts_with(['-', '*', '•']) && lines[index - 1].body.starts_with(['-', '*', '•']);
        // Right below another name it is one of a list.
        let above = lines[index - 1].body;
        let is_listed = || {
            let is_other = is_name(above) && !above.ends_with([',', '!', '.']) && !is_own_name(above, writer);
            is_other && closing_kind(above, writer).is_none()
        };
        (is_own_name(body, writer) || begins_with_own_name(body, writer))
            && !in_list
            && !is_listed()
            && !ends_list_head(lines, *index)
            && (below.is_empty() || is_block(below))
    })
}

/// Whether there is a digit of ASCII.
pub(crate) fn has_digit(body: &str) -> bool {
    body.bytes().any(|byte| byte.is_ascii_digit())
}

/// "The new address is"
const ANNOUNCING: [&str; 15] =
    [" is", " are", " now", " lautet", " ist", " est", " es", " è", " é", " for", " with", " says", " für", " mit", " pour"];

/// Whether the text above announces what follows: "ship it to:".
pub(crate) fn ends_list_head(lines: &[Line<'_>], index: usize) -> bool {
    let announces = |body: &str| body.ends_with([':', '：']) || ANNOUNCING.iter().any(|word| body.ends_with(word));
    lines[..index].iter().rev().find(|line| !line.is_blank()).is_some_and(|line| announces(line.body))
}

/// Legal notices: learned ones exactly, others by their words.
fn notice(lines: &[Line<'_>], writer: &Writer<'_>) -> Option<usize> {
    let first = lines.iter().rposition(Line::is_blank).map_or(0, |blank| blank + 1);
    // Scanners put links around their notice.
    let words = lines[first..].iter().map(|line| line.body).filter(|body| !is_link(body));
    let words: Vec<&str> = words.collect();
    let paragraph = if let [only] = words[..] { Cow::Borrowed(only) } else { Cow::Owned(words.join(" ")) };
    let is_learned = || {
        let folded = fold(&paragraph);
        folded.chars().count() > 20 && writer.disclaimers.iter().any(|known| !known.is_empty() && fold(known).contains(&folded))
    };
    if !is_notice(&paragraph) && (writer.disclaimers.is_empty() || !is_learned()) {
        return None;
    }
    // Scanners put a rule above their notice.
    let above = lines[..first].iter().rposition(|line| !line.is_blank());
    Some(above.filter(|above| is_delimiter(lines[*above].body) || is_rule(lines[*above].body)).unwrap_or(first))
}

/// Three or more of one kind of line.
fn is_rule(body: &str) -> bool {
    let is_dash =
        |c| matches!(c, '-' | '_' | '—' | '–' | '─' | '~' | '*' | '=' | '#' | '━' | '═' | '＝' | '－' | '＊' | '＿' | '～');
    body.starts_with(is_dash) && (body.chars().count() >= 3 || body == "__") && body.chars().all(is_dash)
}

fn is_notice(paragraph: &str) -> bool {
    let opening = paragraph.trim_start_matches(|c: char| !c.is_alphanumeric());
    if words::NOTICES.may_begin(opening) && words::NOTICES.begin(&opening.to_lowercase()) {
        return true;
    }
    if paragraph.len() < NOTICE_BYTES_MIN {
        return false;
    }
    let lower = paragraph.to_lowercase();
    // Most paragraphs have none of the words, which one search finds out.
    words::DISCLAIMER_WORD.is_match(&lower)
        && words::DISCLAIMER_WORDS.iter().filter(|word| lower.contains(*word)).nth(NOTICE_WORDS_MIN - 1).is_some()
}

/// One or two are in mails about all kinds of things.
const NOTICE_WORDS_MIN: usize = 3;
/// Shorter texts may hold the words of a notice by chance.
const NOTICE_BYTES_MIN: usize = 60;

/// Letters and digits in lower case, for comparing texts that were wrapped differently.
pub(crate) fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Short lines without sentences; behind the first way to reach the writer a slogan or notice may follow.
fn is_block(lines: &[Line<'_>]) -> bool {
    let mut contact = false;
    let mut count = 0;
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_blank()) {
        let body = line.body;
        if afterthought::is_postscript(body) || is_footnote(body) {
            return false;
        }
        if is_notice(body) {
            return true;
        }
        if !contact && afterthought::goes_on(lines, index) {
            return false;
        }
        contact |= CONTACT.is_match(body) || is_delimiter(body) || device_line::is_device_line(body);
        count += 1;
        if count > BLOCK_LINES_MAX && !contact || count > LINES_MAX || !contact && !is_signature_line(body) {
            return false;
        }
    }
    true
}

/// "[1] https://…": what the text above refers to, which its writer wrote.
fn is_footnote(body: &str) -> bool {
    let mark = body.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map(|(mark, _)| mark);
    mark.is_some_and(|mark| mark == "*" || (1..=2).contains(&mark.len()) && mark.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A line that is no sentence.
pub(crate) fn is_signature_line(body: &str) -> bool {
    let count = body.split_whitespace().count();
    let ends = body.ends_with(['.', '?', '!', ':', '。'])
        && !body.ends_with("inc.")
        && !body.ends_with("Inc.")
        && !body.ends_with("Ltd.");
    body.chars().count() <= 110 && (count <= 5 || count <= 12 && !ends)
}

/// Up to five words that begin like a name and end like none of a sentence.
pub(crate) fn is_name(body: &str) -> bool {
    let body = body.trim_matches(|c: char| matches!(c, '*' | '_' | '-' | '/' | '~') || c.is_whitespace());
    let count = body.split_whitespace().count();
    let begins = body.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase())
        || count == 1 && body.chars().next().is_some_and(char::is_alphabetic);
    let calm = !body.contains(['?', ':', '!', '@', ';']) || body.ends_with('!') && count == 1;
    let last = body.rsplit(' ').next().unwrap_or(body);
    let is_title = last.chars().count() <= 6 && last.chars().next().is_some_and(char::is_uppercase);
    let ends = body.ends_with('.') && count > 2 && !is_title;
    (1..=5).contains(&count) && body.chars().count() <= 50 && begins && calm && !ends
}

/// Whether a line is the writer's name, or the first or last of its words.
fn is_own_name(body: &str, writer: &Writer<'_>) -> bool {
    if writer.name.is_empty() || body.len() > 60 {
        return false;
    }
    // "i. A. Dana Okafor" signs for somebody, "Dana xx" sends kisses, a Korean signs "김민수 드림".
    let bare = ON_BEHALF.iter().find_map(|prefix| body.strip_prefix(prefix)).unwrap_or(body);
    let bare = bare.strip_suffix(" 드림").or_else(|| bare.strip_suffix(" 올림")).unwrap_or(bare);
    // "Dana Okafor (she/her)" and "Dana Okafor <dana@acme.example>".
    let behind = |close, open| bare.strip_suffix(close).and_then(|inner: &str| Some(inner.rsplit_once(open)?.0));
    let bare = behind(')', " (").or_else(|| behind('>', " <")).unwrap_or(bare);
    let is_known = |word: &str| writer.name.iter().any(|known| is_same(known, word));
    let mut words = bare.split(is_between).map(|word| word.trim_matches('-')).filter(|word| !word.is_empty());
    // Nearly all lines end here.
    if !words.next().is_some_and(is_known) {
        return false;
    }
    let mut words = name_words(bare);
    while words.len() > 1 && words.last().is_some_and(|word| word.chars().all(|c| c == 'x')) {
        words.pop();
    }
    // "Dana O."
    let is_initial = |word: &str| word.chars().count() == 1 && writer.name.iter().any(|name| name.starts_with(word));
    words.iter().all(|word| writer.name.contains(word) || is_initial(word)) && words.iter().any(|word| word.chars().count() > 1)
}

/// Whether a word is another one, which is in lower case.
fn is_same(lower: &str, word: &str) -> bool {
    if word.is_ascii() { lower.eq_ignore_ascii_case(word) } else { word.to_lowercase() == lower }
}

/// How Germans, and some others, sign for their company.
const ON_BEHALF: [&str; 7] = ["i. A. ", "i.A. ", "i. V. ", "i.V. ", "ppa. ", "p.p. ", "pp "];

/// "Dana Okafor | Head of IT": the whole name, then what she is.
fn begins_with_own_name(body: &str, writer: &Writer<'_>) -> bool {
    if body.is_ascii() && memchr::memchr(b'|', body.as_bytes()).is_none() {
        return false;
    }
    let Some((head, _)) = body.split_once(['|', '•', '·']) else { return false };
    head.split_whitespace().count() >= 2 && is_own_name(head.trim(), writer)
}

/// No part of a name.
fn is_between(c: char) -> bool {
    !(c.is_alphanumeric() || c == '\'' || c == '-')
}

/// The words of a name, lower case.
pub(crate) fn name_words(name: &str) -> Vec<String> {
    name.split(is_between).map(|word| word.trim_matches('-').to_lowercase()).filter(|word| !word.is_empty()).collect()
}
