//! Fields of a request, taken from what people wrote. Every value remembers where it stood.
//!
//! Order: values of a form, `label: value` lines, `find` patterns in subject, text, file names. The first valid value
//! wins; where there is none, the first that was said is kept as not understood, so that it can be asked again.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::ids::FieldId;
use crate::kind::{VALUE_CHARACTERS_MAX, normalise};
use crate::policy::{Field, FieldKind, TicketType};
use crate::ticket::FieldValue;

/// A label stands within so many characters at the beginning of its line.
const LABEL_CHARACTERS_MAX: usize = 80;
/// Most matches of one pattern that are tried before giving up on a valid one.
const MATCHES_MAX: usize = 20;

/// A value with its byte range in the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// As written, trimmed.
    pub value: String,
    /// Where, in bytes.
    pub span: (u32, u32),
}

/// What fields are sought in.
#[derive(Clone, Debug, Default)]
pub struct FieldSources<'a> {
    /// Values that a form gave to fields.
    pub form: Option<&'a BTreeMap<FieldId, Said>>,
    /// Subject.
    pub subject: &'a str,
    /// New text.
    pub text: &'a str,
    /// File names.
    pub attachments: Vec<&'a str>,
    /// The sender's date: gives dates without a year theirs.
    pub today: Date,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Values by field, earlier ones included.
    pub fields: BTreeMap<FieldId, FieldValue>,
    /// Fields of the type that have no valid value, as [`missing`] orders them.
    pub missing: Vec<FieldId>,
}

/// Takes the fields of a ticket type out of a mail.
///
/// `known` are earlier values: a valid one is replaced only by a form or a label that says another valid one, since a
/// pattern that matches again by chance is no correction. Fields for agents alone are never filled from mail.
#[must_use]
pub fn extract(ticket_type: &TicketType, known: &BTreeMap<FieldId, FieldValue>, sources: &FieldSources<'_>) -> Extracted {
    let mut fields = known.clone();
    let lines = label_lines(sources.text);
    for field in ticket_type.fields.iter().filter(|field| !field.agents_only) {
        let is_known = known.get(&field.id).is_some_and(|value| value.valid);
        let found = find_value(field, sources, &lines, is_known);
        if let Some(value) = found.filter(|value| value.valid || !is_known) {
            fields.insert(field.id.clone(), value);
        }
    }
    let missing = missing(ticket_type, &fields);
    Extracted { fields, missing }
}

/// Fields without a valid value that a customer can be asked for: required ones first, then those that are wished for, each
/// in file order.
#[must_use]
pub fn missing(ticket_type: &TicketType, fields: &BTreeMap<FieldId, FieldValue>) -> Vec<FieldId> {
    let lacks = |field: &&Field| !field.agents_only && !fields.get(&field.id).is_some_and(|value| value.valid);
    let (required, wished): (Vec<&Field>, Vec<&Field>) =
        ticket_type.fields.iter().filter(lacks).partition(|field| field.required);
    required.into_iter().chain(wished).map(|field| field.id.clone()).collect()
}

/// Reads a value that somebody gave to a field by name: a rule, an agent, an answer.
#[must_use]
pub fn read_value(field: &Field, said: &str, from: &str, span: Option<(u32, u32)>, today: Date) -> FieldValue {
    let normal = normalise(field, said, today);
    let valid = normal.is_some();
    let value = normal.unwrap_or_else(|| said.trim().chars().take(VALUE_CHARACTERS_MAX).collect());
    FieldValue { value, from: from.to_owned(), span, valid }
}

fn find_value(field: &Field, sources: &FieldSources<'_>, lines: &[LabelLine<'_>], is_known: bool) -> Option<FieldValue> {
    let mut first_said = None;
    let mut keep = |value: FieldValue| {
        if value.valid {
            return Some(value);
        }
        first_said.get_or_insert(value);
        None
    };
    let form = sources.form.and_then(|form| form.get(&field.id)).filter(|said| !said.value.trim().is_empty());
    let form = form.map(|said| read_value(field, &said.value, "form", Some(said.span), sources.today));
    if let Some(value) = form.and_then(&mut keep) {
        return Some(value);
    }
    let names = if lines.is_empty() { Vec::new() } else { names_of(field) };
    for line in lines.iter().filter(|line| names.contains(&line.label)) {
        if let Some(value) = keep(label_value(field, line, sources.today)) {
            return Some(value);
        }
    }
    if !is_known && let Some(value) = by_pattern(field, sources) {
        // What a pattern finds was never said to be this field, so an invalid find is no find.
        return Some(value);
    }
    first_said
}

/// A labelled value, narrowed by `find` where the whole is not valid: `Serial: it is FH-20931, I think`.
fn label_value(field: &Field, line: &LabelLine<'_>, today: Date) -> FieldValue {
    let whole = read_value(field, line.value, "label", Some(span(line.at, line.value.len())), today);
    let narrowed = field.find.as_ref().and_then(|find| first_valid(field, find, line.value, "label", today));
    match narrowed {
        Some(mut value) if !whole.valid || field.kind == FieldKind::Text => {
            value.span = value.span.map(|(from, to)| (from + offset(line.at), to + offset(line.at)));
            value
        }
        Some(_) | None => whole,
    }
}

fn by_pattern(field: &Field, sources: &FieldSources<'_>) -> Option<FieldValue> {
    let find = field.find.as_ref()?;
    let texts = [("subject", sources.subject), ("text", sources.text)];
    let names = sources.attachments.iter().map(|name| ("attachment", *name));
    texts.into_iter().chain(names).find_map(|(part, text)| first_valid(field, find, text, part, sources.today))
}

fn first_valid(field: &Field, find: &regex::Regex, text: &str, part: &str, today: Date) -> Option<FieldValue> {
    // In most texts there is none, and to learn that needs no room for groups.
    if !find.is_match(text) {
        return None;
    }
    find.captures_iter(text).take(MATCHES_MAX).find_map(|captures| {
        let group = captures.name("value").or_else(|| captures.get(1)).or_else(|| captures.get(0))?;
        let value = read_value(field, group.as_str(), part, Some(span(group.start(), group.len())), today);
        value.valid.then_some(value)
    })
}

fn span(from: usize, length: usize) -> (u32, u32) {
    (offset(from), offset(from + length))
}

/// Texts are bounded by megabytes long before.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// One line of the form `label: value`.
struct LabelLine<'a> {
    /// Folded.
    label: String,
    value: &'a str,
    /// Offset of the value in the text.
    at: usize,
}

/// Lines with a label: `Serial: x`, `**Serial:** x`, `Serial = x`, `- Serial: x`; a value on the next line counts if
/// nothing follows the label.
fn label_lines(text: &str) -> Vec<LabelLine<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut waiting: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let from = start;
        start += line.len();
        match split_label(line) {
            Some((label, value)) => {
                let at = from + (value.as_ptr() as usize - line.as_ptr() as usize);
                waiting = value.is_empty().then_some(label);
                if !value.is_empty() {
                    lines.push(LabelLine { label: fold(label), value, at });
                }
            }
            None => {
                let value = line.trim();
                if let Some(label) = waiting.take().filter(|_| !value.is_empty()) {
                    let at = from + (line.len() - line.trim_start().len());
                    lines.push(LabelLine { label: fold(label), value, at });
                }
            }
        }
    }
    lines
}

/// Label and value of a line; the value is a slice of the line.
pub(crate) fn split_label(line: &str) -> Option<(&str, &str)> {
    // Most lines have none of the signs.
    if !line.bytes().fold(false, |found, byte| found | matches!(byte, b':' | b'=' | b'\t' | 0xef)) {
        return None;
    }
    let end = line.char_indices().nth(LABEL_CHARACTERS_MAX).map_or(line.len(), |(at, _)| at);
    let at = line[..end].find([':', '=', '\t', '：'])?;
    let sign = line[at..].chars().next()?;
    let rest = &line[at + sign.len_utf8()..];
    // `https://…` and times of day are no labels.
    if sign == ':'
        && (rest.starts_with("//")
            || (rest.starts_with(|c: char| c.is_ascii_digit()) && line[..at].ends_with(|c: char| c.is_ascii_digit())))
    {
        return None;
    }
    let ornament = |c: char| c.is_whitespace() || matches!(c, '*' | '_' | '-' | '•' | '·' | '#' | '>' | '|');
    let label = line[..at].trim_matches(ornament);
    let value = rest.trim_start_matches(['*', ':', '=', ' ', '\t', '\u{a0}', '|']).trim().trim_end_matches(['*', '|']).trim_end();
    (!label.is_empty() && label.chars().any(char::is_alphanumeric)).then_some((label, value))
}

/// What a label may say to mean the field, folded: its labels, its question in every language, its id.
pub(crate) fn names_of(field: &Field) -> Vec<String> {
    field.labels.iter().map(String::as_str).chain(field.questions()).chain([field.id.as_str()]).map(fold).collect()
}

/// For comparing labels: lower case, words only, without a number in front.
pub(crate) fn fold(label: &str) -> String {
    let mut words = label.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let Some(first) = words.next() else { return String::new() };
    let mut folded = String::with_capacity(label.len());
    if words.peek().is_none() || !first.bytes().all(|byte| byte.is_ascii_digit()) {
        folded.push_str(&first.to_lowercase());
    }
    for word in words {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word.to_lowercase());
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::compile_exact;

    fn field(id: &str, kind: FieldKind) -> Field {
        Field {
            id: id.into(),
            ask: String::new(),
            asks: std::collections::BTreeMap::new(),
            kind,
            find: None,
            labels: Vec::new(),
            matches: None,
            options: Vec::new(),
            required: true,
            agents_only: false,
        }
    }

    fn question() -> TicketType {
        let serial = Field {
            find: compile_exact(r"\bFH-\d{5}\b").ok(),
            labels: vec!["Serial".into(), "S/N".into()],
            ask: "Serial number on the back label".into(),
            ..field("serial", FieldKind::Text)
        };
        let firmware = Field {
            find: compile_exact(r"(?i)\bfirmware\s+v?(?<value>\d+(?:\.\d+)+)").ok(),
            ..field("firmware", FieldKind::Text)
        };
        let refund = Field { agents_only: true, required: false, ..field("refund", FieldKind::Money) };
        let when = Field { required: false, ..field("when", FieldKind::Date) };
        let fields = vec![serial, firmware, refund, when];
        TicketType {
            name: "question".into(),
            label: String::new(),
            fields,
            steps: Vec::new(),
            close_asks: Vec::new(),
            policy: BTreeMap::new(),
        }
    }

    fn check(subject: &str, text: &str, attachments: &[&str], expect: &str) {
        let today = jiff::civil::date(2026, 11, 22);
        let sources = FieldSources { form: None, subject, text, attachments: attachments.to_vec(), today };
        let extracted = extract(&question(), &BTreeMap::new(), &sources);
        let mut shown = String::new();
        for (id, value) in &extracted.fields {
            let at = value.span.map_or(String::new(), |(from, to)| {
                let part = match value.from.as_str() {
                    "subject" => subject,
                    "attachment" => attachments[0],
                    _ => text,
                };
                part[from as usize..to as usize].to_owned()
            });
            shown.push_str(&format!("{id}={} ({} \"{at}\"{}) ", value.value, value.from, if value.valid { "" } else { " ?" }));
        }
        let missing: Vec<_> = extracted.missing.iter().map(ToString::to_string).collect();
        assert_eq!(format!("{shown}missing {}", missing.join(",")), expect);
    }

    #[test]
    fn a_label_comes_before_a_pattern_and_a_subject_before_the_text() {
        check("FH-11111", "S/N: FH-20931\n", &[], "serial=FH-20931 (label \"FH-20931\") missing firmware,when");
        check(
            "FH-11111",
            "and FH-22222, Firmware v3.4.1",
            &[],
            "firmware=3.4.1 (text \"3.4.1\") serial=FH-11111 (subject \"FH-11111\") missing when",
        );
        check("", "see file", &["log FH-33333 x.txt"], "serial=FH-33333 (attachment \"FH-33333\") missing firmware,when");
    }

    #[test]
    fn labels_come_in_many_dresses() {
        for text in [
            "**Serial:** FH-20931",
            "- serial = FH-20931",
            "1. Serial: FH-20931",
            "SERIAL:\n  FH-20931",
            "Serial number on the back label?: FH-20931",
        ] {
            check("", text, &[], "serial=FH-20931 (label \"FH-20931\") missing firmware,when");
        }
    }

    #[test]
    fn what_was_not_understood_is_kept_and_still_missing() {
        check("", "When: soon, please", &[], "when=soon, please (label \"soon, please\" ?) missing serial,firmware,when");
        check("", "When: 23.11.2026", &[], "when=2026-11-23 (label \"23.11.2026\") missing serial,firmware");
    }

    #[test]
    fn customers_never_fill_fields_of_agents() {
        check("", "Refund: 500 GBP\nsee https://refund:80/", &[], "missing serial,firmware,when");
    }

    #[test]
    fn a_chance_match_does_not_replace_what_is_known() {
        let sources = FieldSources { text: "FH-99999", ..FieldSources::default() };
        let value = FieldValue { value: "FH-20931".into(), from: "label".into(), span: None, valid: true };
        let known = BTreeMap::from([("serial".into(), value.clone())]);
        assert_eq!(extract(&question(), &known, &sources).fields[&"serial".into()], value);
        let said = FieldSources { text: "Serial: FH-99999", ..FieldSources::default() };
        assert_eq!(extract(&question(), &known, &said).fields[&"serial".into()].value, "FH-99999");
    }
}
