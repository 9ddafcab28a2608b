//! Header blocks that Outlook and others put above history: `From: … Sent: … To: … Subject: …` in any language.

use std::borrow::Cow;

use crate::Forward;
use crate::attribution;
use crate::quote::Line;
use crate::words::{self, Field};

/// A header block: its lines and what it says.
#[derive(Debug)]
pub(crate) struct HeaderBlock<'a> {
    /// First line with a label.
    pub(crate) first: usize,
    /// First line behind the block.
    pub(crate) end: usize,
    fields: Vec<(Field, Cow<'a, str>)>,
}

/// Lines that a long value may take, and blank lines between fields.
const FOLDED_LINES_MAX: usize = 12;
const BLANK_LINES_MAX: usize = 2;
/// A list of recipients, each line of which ends in its separator.
const LIST_LINES_MAX: usize = 100;
const FIELDS_MAX: usize = 40;

/// Reads a header block that starts on line `first`. `is_marked` says that a separator stands above, so that less proof
/// is needed.
pub(crate) fn at<'a>(lines: &[Line<'a>], first: usize, is_marked: bool) -> Option<HeaderBlock<'a>> {
    read(lines, first, is_marked).ok()
}

/// As [`at`]; the error is the first line on which a block without a mark may begin after all, so that labels without
/// number are not read again and again.
pub(crate) fn read<'a>(lines: &[Line<'a>], first: usize, is_marked: bool) -> Result<HeaderBlock<'a>, usize> {
    let Some(start) = lines.get(first).filter(|line| line.label.is_some()) else { return Err(first + 1) };
    let depth = start.depth;
    let mut block = HeaderBlock { first, end: first, fields: Vec::new() };
    let mut index = first;
    let mut blanks = 0;
    let mut folded = 0;
    while let Some(line) = lines.get(index).filter(|line| line.depth == depth || line.is_blank()) {
        if index > first && begins_another(line)
            || !is_marked && line.label.is_some_and(|(field, value)| is_sentence(field, value))
        {
            break;
        }
        if line.is_blank() {
            blanks += 1;
            if blanks > BLANK_LINES_MAX || !block.goes_on_behind_blank(lines, index, is_marked) {
                break;
            }
            index += 1;
            continue;
        }
        if let Some((field, value)) = line.label {
            if block.fields.len() >= FIELDS_MAX {
                break;
            }
            push_fields(&mut block.fields, field, value);
            folded = 0;
        } else {
            folded += 1;
            let is_list = block.fields.last().is_some_and(|(_, value)| value.ends_with([';', ',']));
            if blanks > 0
                || folded > if is_list { LIST_LINES_MAX } else { FOLDED_LINES_MAX }
                || !block.takes_line(lines, index, depth)
            {
                break;
            }
            if let Some((_, value)) = block.fields.last_mut() {
                let value = value.to_mut();
                if !value.is_empty() {
                    value.push(' ');
                }
                value.push_str(line.body);
            }
        }
        blanks = 0;
        index += 1;
        block.end = index;
    }
    if block.is_proven(is_marked) {
        return Ok(block);
    }
    // From a later line the same lines are read, unless something that was seen here ended the block.
    let depends_on_start = block.fields.len() >= FIELDS_MAX || block.has(Field::Subject) && block.has(Field::From);
    Err(if depends_on_start { first + 1 } else { block.end.max(first + 1) })
}

/// Behind the header block in a language not listed that begins on the next line with text: labels, two mailboxes and a
/// time. Only below a separator is that enough.
pub(crate) fn unlisted_end(lines: &[Line<'_>], from: usize) -> Option<usize> {
    let first = (from..lines.len()).take(BLANK_LINES_MAX + 1).find(|index| !lines[*index].is_blank())?;
    let (mut end, mut mailboxes, mut has_time) = (first, 0, false);
    for line in lines[first..].iter().take(UNLISTED_FIELDS_MAX).take_while(|line| !line.is_blank() && line.depth == 0) {
        let field = line.body.split_once([':', '：']).filter(|(label, _)| label.chars().count() <= words::LABEL_CHARS_MAX);
        let Some((_, value)) = field else { break };
        mailboxes += usize::from(value.contains('@') && value.trim_end().ends_with('>'));
        has_time |= !value.contains('@') && value.matches(':').count() >= 1 && value.bytes().any(|byte| byte.is_ascii_digit());
        end += 1;
    }
    (mailboxes >= 2 && has_time).then_some(end)
}

/// Date, From, To, Cc, Subject and a few more.
const UNLISTED_FIELDS_MAX: usize = 8;

/// eM Client leaves the colons out: `From "Ann" <a@b.example>`, `Subject Printer`. Only below a separator.
pub(crate) fn without_colons<'l, 'a>(lines: &'l [Line<'a>], first: usize) -> Option<(Forward, &'l [Line<'a>])> {
    let mut block = HeaderBlock { first, end: first, fields: Vec::new() };
    for line in lines[first..].iter().take(UNLISTED_FIELDS_MAX) {
        let Some((label, value)) = line.body.split_once(' ') else { break };
        let Some(field) = field_of(label) else { break };
        block.fields.push((field, Cow::Borrowed(value.trim())));
        block.end += 1;
    }
    let is_block = block.value(Field::From).is_some_and(|from| from.contains('@')) && block.fields.len() >= 3;
    is_block.then(|| (block.forward(), &lines[block.end..]))
}

/// The mail below the history begins with a block of its own.
fn begins_another(line: &Line<'_>) -> bool {
    line.mark.history_starts || line.mark.rule_before && line.label.is_some_and(|(field, _)| field == Field::From)
}

/// Programs that know no line breaks put the whole block on one line: `From: a@b.example Sent: Monday To: …`.
fn push_fields<'a>(fields: &mut Vec<(Field, Cow<'a, str>)>, field: Field, value: &'a str) {
    let mut rest = value;
    let mut found = Vec::new();
    let mut current = field;
    let mut start = 0;
    for (colon, _) in value.match_indices(": ") {
        // Yahoo leaves out the space too: `<a@b.example>To: …`.
        let label = value[..colon].rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
        let at = colon - label.len();
        let next =
            words::field(&label.to_lowercase()).filter(|_| label.chars().next().is_some_and(char::is_uppercase) && at > start);
        if let Some(next) = next {
            found.push((current, value[start..at].trim()));
            current = next;
            start = colon + 2;
            rest = &value[start..];
        }
    }
    // A subject may well hold "Re: To: …"; three labels, among them an author's, are a block.
    let has_author = current == Field::From || found.iter().any(|(field, _)| *field == Field::From);
    // "From: Leeds, to: Bergen. Sent: three parcels." names no address and no day.
    let last = (current, rest);
    let tells = |(field, value): &(Field, &str)| {
        value.contains('@') || *field == Field::Sent && value.bytes().any(|byte| byte.is_ascii_digit())
    };
    if found.len() >= INLINE_FIELDS_MIN && has_author && found.iter().chain([&last]).any(tells) {
        fields.extend(found.into_iter().map(|(field, value)| (field, Cow::Borrowed(value))));
        fields.push((current, Cow::Borrowed(rest.trim())));
    } else {
        fields.push((field, Cow::Borrowed(value)));
    }
}

const INLINE_FIELDS_MIN: usize = 2;

/// "From: Leeds, to: Bergen, by train, please." names nobody and no time.
fn is_sentence(field: Field, value: &str) -> bool {
    let may_tell = match field {
        Field::From | Field::To | Field::Cc | Field::ReplyTo => true,
        Field::Sent => !value.bytes().any(|byte| byte.is_ascii_digit()),
        Field::Subject | Field::Other => false,
    };
    let words_min = if field == Field::Sent { DATE_WORDS_MAX + 1 } else { SENTENCE_WORDS_MIN };
    may_tell && value.ends_with(['.', '?', '!', '。']) && value.split_whitespace().count() >= words_min
}

/// Shorter blocks have a date or three known labels.
const LINES_MIN: usize = 3;
/// A weekday, a day, a time, a zone in words.
const DATE_LINE_WORDS_MAX: usize = 14;
/// A date without digits is a weekday.
const DATE_WORDS_MAX: usize = 2;
/// Names of companies may end in a full stop too.
const SENTENCE_WORDS_MIN: usize = 5;

/// A value that is continued: an open bracket or a list that ends in its separator.
fn is_open(value: &str) -> bool {
    value.ends_with([',', ';', '<', ':']) || value.matches('<').count() > value.matches('>').count()
}

/// A word alone without a number.
fn is_weekday(sent: &str) -> bool {
    !sent.is_empty() && !sent.contains(|c: char| c == ' ' || c.is_ascii_digit())
}

/// A long last value whose rest stands alone on the next line.
fn is_wrapped(value: &str, lines: &[Line<'_>], index: usize) -> bool {
    value.chars().count() >= WRAP_CHARS_MIN && lines.get(index + 1).is_none_or(Line::is_blank)
}

/// Programs wrap headers at 70 to 80 columns.
const WRAP_CHARS_MIN: usize = 50;

/// Whether the line is followed, without a blank line, by another field.
fn goes_on_below(lines: &[Line<'_>], index: usize, depth: usize) -> bool {
    for line in lines.iter().skip(index).take(FOLDED_LINES_MAX) {
        if line.is_blank() || line.depth != depth {
            return false;
        }
        if line.label.is_some() {
            return true;
        }
    }
    false
}

impl HeaderBlock<'_> {
    /// A blank line inside the block is forgiven where the next field follows it and something is still missing.
    fn goes_on_behind_blank(&self, lines: &[Line<'_>], index: usize, is_marked: bool) -> bool {
        let next = lines.get(index + 1..).unwrap_or_default().iter().take(BLANK_LINES_MAX).find(|line| !line.is_blank());
        let is_complete = self.has(Field::Subject) && self.has(Field::From);
        // "To: do list is full." above a block of its own is the sender's last sentence.
        !is_complete && next.and_then(|line| line.label).is_some_and(|(field, _)| is_marked || field != Field::From)
    }

    /// Whether a line without a label is the rest of the value above it.
    fn takes_line(&self, lines: &[Line<'_>], index: usize, depth: usize) -> bool {
        let is_rest = |value: &str| value.is_empty() || is_open(value) || is_wrapped(value, lines, index);
        // The address of a name that stands at the end of a line.
        let body = lines[index].body;
        let is_address = body.starts_with('<') && body.ends_with('>') && body.contains('@');
        let lacks_address = |value: &str| is_address && !value.ends_with('>');
        let last = self.fields.last();
        last.is_some_and(|(_, value)| is_rest(value) || lacks_address(value)) || goes_on_below(lines, index, depth)
    }

    fn has(&self, field: Field) -> bool {
        self.fields.iter().any(|(found, _)| *found == field)
    }

    fn value(&self, field: Field) -> Option<&str> {
        self.fields.iter().find(|(found, _)| *found == field).map(|(_, value)| value.as_ref())
    }

    /// A traveller writes "From: Berlin, To: Paris, Date: Monday" too: an address, a subject or a separator must prove it.
    fn is_proven(&self, is_marked: bool) -> bool {
        let kinds = [Field::From, Field::Sent, Field::To, Field::Subject, Field::ReplyTo]
            .iter()
            .filter(|field| self.has(**field))
            .count();
        let names_people = |field: Field| !matches!(field, Field::Subject | Field::Sent);
        let has_address = self.fields.iter().any(|(field, value)| names_people(*field) && value.contains('@'));
        if is_marked {
            return kinds >= 1 && (self.has(Field::From) || kinds >= 2);
        }
        let has_frame = self.has(Field::From) || self.has(Field::Sent) && self.has(Field::To);
        // Forms and freight papers have the same labels, and neither an address nor a time.
        let is_short = |sent: &str| sent.split_whitespace().nth(DATE_LINE_WORDS_MAX).is_none();
        let is_day = |sent: &str| attribution::tells_time(sent) && is_short(sent) || is_weekday(sent);
        let is_told = |(field, value): &(Field, Cow<'_, str>)| *field == Field::Sent && is_day(value);
        let says_when = || self.has(Field::Subject) && self.fields.iter().any(is_told);
        // Two lines are how people speak of a sender and a subject.
        let is_enough = kinds >= 3 || kinds == 2 && (self.has(Field::Sent) || self.end - self.first >= LINES_MIN);
        is_enough && has_frame && (has_address || says_when())
    }

    /// Says who wrote to whom and when, which no web form does by chance.
    pub(crate) fn is_full(&self) -> bool {
        self.value(Field::From).is_some_and(|from| from.contains('@')) && self.has(Field::Sent) && self.has(Field::To)
    }

    /// The forwarded mail without its text.
    pub(crate) fn forward(&self) -> Forward {
        let text = |field: Field| self.value(field).map(str::to_owned).filter(|value: &String| !value.is_empty());
        Forward {
            // Gmail writes names in bold.
            from: text(Field::From).map(|from| from.replace('*', "")),
            to: self.value(Field::To).map(mailboxes).unwrap_or_default(),
            subject: text(Field::Subject),
            date: text(Field::Sent),
            text: String::new(),
        }
    }
}

/// The field and value of `Label: value`, with bold marks and odd spaces around the label, or of a row of a table,
/// `| Label | value |`.
pub(crate) fn label_of(body: &str) -> Option<(Field, &str)> {
    if let Some(row) = body.strip_prefix('|')
        && let Some((label, value)) = row.split_once('|')
        && let Some(field) = field_of(label.trim())
    {
        return Some((field, value.trim_end_matches('|').trim()));
    }
    let body = body.trim_start_matches(['*', '_', ' ', '\u{a0}', '|', '\u{200e}', '\u{200f}', '\u{202b}', '\u{feff}']);
    let (index, width) = label_colon(body)?;
    let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '*' | '_' | '\t' | '\u{3000}' | '\u{200e}' | '\u{200f}');
    let label = body[..index].trim_matches(is_space);
    let field = field_of(label)?;
    let value = body[index + width..].trim_matches(is_space);
    Some((field, value))
}

/// Where the colon is that ends a label, and its width.
fn label_colon(body: &str) -> Option<(usize, usize)> {
    const CHARS_MAX: usize = words::LABEL_CHARS_MAX + 2;
    // Most lines have no colon near enough, in either width.
    let near = &body.as_bytes()[..body.len().min(CHARS_MAX * 4)];
    let first = memchr::memchr2(b':', WIDE_COLON_FIRST, near)?;
    if near[first] == b':' && near[..first].is_ascii() {
        return (first < CHARS_MAX).then_some((first, 1));
    }
    let (index, colon) = body.char_indices().take(CHARS_MAX).find(|(_, c)| matches!(c, ':' | '：'))?;
    Some((index, colon.len_utf8()))
}

/// The first byte of `：`.
const WIDE_COLON_FIRST: u8 = 0xef;

fn field_of(label: &str) -> Option<Field> {
    let mut buffer = [0_u8; words::LABEL_CHARS_MAX + 1];
    if label.len() > words::LABEL_CHARS_MAX * 4 {
        return None;
    }
    if let Some(lower) = buffer.get_mut(..label.len()).filter(|_| label.is_ascii()) {
        // Every line is asked, so most are asked without an allocation.
        lower.copy_from_slice(label.as_bytes());
        lower.make_ascii_lowercase();
        return words::field(std::str::from_utf8(lower).ok()?);
    }
    let folded: String = label
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| *c != '\u{307}')
        .map(|c| if matches!(c, '\u{a0}' | '\u{202f}') { ' ' } else { c })
        .collect();
    words::field(&folded)
}

/// Divides a list of mailboxes at commas and semicolons outside quotes and brackets.
pub(crate) fn mailboxes(list: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = String::new();
    let (mut quoted, mut bracket) = (false, 0_u32);
    for c in list.chars() {
        match c {
            '"' => quoted = !quoted,
            '<' | '(' | '[' => bracket += 1,
            '>' | ')' | ']' => bracket = bracket.saturating_sub(1),
            _ => {}
        }
        if matches!(c, ',' | ';') && !quoted && bracket == 0 && (c == ';' || current.contains('@')) {
            found.push(std::mem::take(&mut current));
        } else {
            current.push(c);
        }
    }
    found.push(current);
    found.iter().map(|mailbox| mailbox.trim().to_owned()).filter(|mailbox| !mailbox.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::quote;

    const LINES: [&str; 14] = [
        "From: Ann <a@x.example>",
        "From: Ann",
        "Sent: Monday",
        "To: Bob",
        "To: Bob <b@x.example>,",
        "Subject: a",
        "Cc: c@x.example",
        "Importance: high",
        "text",
        "and a line that is long enough to have been wrapped by its program",
        "",
        "",
        "> From: Ann <a@x.example>",
        "To: do is a sentence that ends.",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_block_begins_on_a_line_that_is_skipped(picks in prop::collection::vec(prop::sample::select(LINES.to_vec()), 1..60)) {
            let text = picks.join("\n");
            let lines = quote::lines(&text, &[]);
            for first in 0..lines.len() {
                if let Err(next) = super::read(&lines, first, false) {
                    prop_assert!((first + 1..next).all(|skipped| at(&lines, skipped, false).is_none()), "{}: {:?}", first, text);
                }
            }
        }
    }

    fn read(text: &str) -> Option<Forward> {
        at(&quote::lines(text, &[]), 0, false).map(|block| block.forward())
    }

    #[test]
    fn a_block_is_read_in_any_language_with_bold_labels_and_folds() {
        let forward = read("*From:* Bob <b@x.example>\n*Sent:* Monday\n*To:* A <a@x.example>; C, D <c@x.example>\n*Subject:* Long\nsubject\n*Cc:* x@x.example\n\ntext").expect("block");
        assert_eq!(forward.from.as_deref(), Some("Bob <b@x.example>"));
        assert_eq!(forward.to, ["A <a@x.example>", "C, D <c@x.example>"]);
        assert_eq!(forward.subject.as_deref(), Some("Long subject"));
        for text in [
            "Von: a@x.example\nGesendet: Montag\nAn: b",
            "De\u{a0}: A\nEnvoyé\u{a0}: lundi\nObjet\u{a0}: x",
            "发件人: A <a@x.example>\n发送时间: 2017年\n收件人: B\n主题: C",
        ] {
            assert!(read(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_journey_is_no_header_block() {
        for text in ["From: Berlin\nTo: Paris\nDate: 12 May", "To: do list", "Subject: maths", "Name: a\nEmail: b@x.example"] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
