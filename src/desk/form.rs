//! Mails that a web form wrote: who really asks, and what they filled in.
//!
//! A reader turns the body into keys with values; `maps` says what each key stands for. Keys that map to nothing are left
//! in the text. Whether the requester may be taken from a form (its sender must be proven) is for the caller to say.

use std::collections::BTreeMap;

use mail::Address;

use crate::field::{Said, fold, split_label};
use crate::ids::FieldId;
use crate::policy::{Form, FormReader};

/// Longest value of one key, in bytes; a message is longer than any field.
const VALUE_BYTES_MAX: usize = 256 * 1024;
/// Most keys read.
const KEYS_MAX: usize = 500;
/// Deepest JSON read.
const DEPTH_MAX: usize = 8;

/// What a form said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormReading {
    /// Who asks.
    pub requester: Option<Address>,
    /// Their name.
    pub requester_name: Option<String>,
    /// Subject for the ticket.
    pub subject: Option<String>,
    /// Text for the ticket.
    pub text: Option<String>,
    /// Fields, with byte ranges in the body.
    pub fields: BTreeMap<FieldId, Said>,
    /// Keys that the form maps to nothing, with their values, in order: shown, so that a renamed form key is noticed.
    pub unmapped: Vec<(String, String)>,
}

/// Reads a body (text as the reader gives it, with table rows as `a | b`; or the text of an attachment).
///
/// Total: a body that is not what `reads` says gives an empty reading. Of repeated keys the first with a value counts.
#[must_use]
pub fn read(form: &Form, body: &str) -> FormReading {
    let pairs = match form.reads {
        FormReader::Lines => lines(form, body),
        FormReader::Table => table(form, body),
        FormReader::Json => json(body),
        FormReader::UrlEncoded => url_encoded(body),
    };
    let targets: BTreeMap<String, &str> = form.maps.iter().map(|(key, target)| (fold(key), target.as_str())).collect();
    let mut reading = FormReading::default();
    for (key, said) in pairs.into_iter().take(KEYS_MAX) {
        match targets.get(&fold(&key)) {
            Some(target) if !said.value.is_empty() => reading.take(target, said),
            Some(_) => {}
            None => reading.unmapped.push((key, said.value)),
        }
    }
    reading
}

/// As [`read`]; where the body holds no object or encoded form, the first attached one that says something is read.
#[must_use]
pub fn read_with_attached(form: &Form, body: &str, attached: &[String]) -> FormReading {
    let reading = read(form, body);
    let may_be_attached = match form.reads {
        FormReader::Json | FormReader::UrlEncoded => true,
        FormReader::Lines | FormReader::Table => false,
    };
    if !may_be_attached || !reading.is_empty() {
        return reading;
    }
    attached.iter().map(|text| read(form, text)).find(|attached| !attached.is_empty()).unwrap_or(reading)
}

impl FormReading {
    /// Whether no key of the form was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { requester, requester_name, subject, text, fields, unmapped: _ } = self;
        requester.is_none() && requester_name.is_none() && subject.is_none() && text.is_none() && fields.is_empty()
    }

    fn take(&mut self, target: &str, said: Said) {
        match target {
            "requester" => {
                let bare = said.value.rsplit_once('<').map_or(said.value.as_str(), |(_, rest)| rest.trim_end_matches('>'));
                let bare = bare.strip_prefix("mailto:").unwrap_or(bare);
                self.requester = self.requester.take().or_else(|| Address::new(bare).ok());
            }
            "requester.name" => self.requester_name = self.requester_name.take().or(Some(one_line(&said.value))),
            "subject" => self.subject = self.subject.take().or(Some(one_line(&said.value))),
            "text" => self.text = self.text.take().or(Some(said.value)),
            field => {
                self.fields.entry(FieldId(field.to_owned())).or_insert(said);
            }
        }
    }
}

/// Without line ends and controls: these stand in headers later.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).collect()
}

fn said(value: &str, at: usize) -> Said {
    let lead = value.len() - value.trim_start().len();
    let mut end = value.trim().len().min(VALUE_BYTES_MAX);
    while !value.trim().is_char_boundary(end) {
        end -= 1;
    }
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Said { value: value.trim()[..end].to_owned(), span: (offset(at + lead), offset(at + lead + end)) }
}

/// `Key: value` lines. A line without a key of the form continues the value above, blank lines included, so that a message
/// of several paragraphs stays whole; unknown keys continue too when they stand inside of a text.
fn lines(form: &Form, body: &str) -> Vec<(String, Said)> {
    let known: Vec<(String, bool)> = form.maps.iter().map(|(key, target)| (fold(key), target == "text")).collect();
    let mut open: Option<(String, usize, usize, bool)> = None;
    let mut pairs = Vec::new();
    let mut start = 0;
    for line in body.split_inclusive('\n') {
        let from = start;
        start += line.len();
        let key = key_of(line, &known).or_else(|| {
            let inside_text = open.as_ref().is_some_and(|(.., is_text)| *is_text);
            split_label(line).filter(|_| !inside_text).map(|(label, value)| (label, value, false))
        });
        match key {
            Some((label, value, is_text)) => {
                if let Some((key, at, end, _)) = open.take() {
                    pairs.push((key, said(&body[at..end], at)));
                }
                let at = from + (value.as_ptr() as usize - line.as_ptr() as usize);
                open = Some((label.to_owned(), at, at + value.len(), is_text));
            }
            None => {
                if let Some((_, at, end, is_text)) = open.as_mut() {
                    // A short value ends at the first blank line; a message goes on.
                    let goes_on = *is_text || (!line.trim().is_empty() && body[*end..from].matches('\n').count() <= 1);
                    if goes_on {
                        *end = start.max(*at);
                    } else if let Some((key, at, end, _)) = open.take() {
                        // Closed, so that no line is counted twice.
                        pairs.push((key, said(&body[at..end], at)));
                    }
                }
            }
        }
    }
    if let Some((key, at, end, _)) = open {
        pairs.push((key, said(&body[at..end], at)));
    }
    pairs
}

/// The key of the form that a line begins with, also where it holds a separator itself: `Serial no.: x`, `a=b: x`.
fn key_of<'a>(line: &'a str, known: &[(String, bool)]) -> Option<(&'a str, &'a str, bool)> {
    let (label, value) = split_label(line)?;
    let folded = fold(label);
    known.iter().find(|(key, _)| *key == folded).map(|(_, is_text)| (label, value, *is_text))
}

/// Rows `key | value`; behind a row with a key alone stands its value, as in definition lists and in tables whose cells
/// hold several lines. The text of the request goes on to the next key of the form, so that it stays whole.
fn table(form: &Form, body: &str) -> Vec<(String, Said)> {
    let known: Vec<String> = form.maps.keys().map(|key| fold(key)).collect();
    let is_known = |key: &str| known.contains(&fold(key));
    let is_text = |key: &str| form.maps.iter().any(|(known, target)| target == "text" && fold(known) == fold(key));
    let mut pairs: Vec<(String, Said)> = Vec::new();
    // A key alone, and where its value stands so far.
    let mut open: Option<(String, Option<(usize, usize)>)> = None;
    let mut start = 0;
    for line in body.split_inclusive('\n') {
        let from = start;
        start += line.len();
        let row = line.trim_matches(|c: char| c == '|' || c.is_whitespace());
        let at = from + (row.as_ptr() as usize - line.as_ptr() as usize);
        let cells = row.split_once('|').or_else(|| row.split_once('\t')).or_else(|| split_label(row));
        let ends_open = is_known(row) || cells.is_some_and(|(key, _)| is_known(&trim_key(key)));
        if let Some((key, value)) = open.as_mut().filter(|(key, value)| !ends_open && (value.is_none() || is_text(key))) {
            // A key that nobody maps ends nothing but a value that is missing.
            if value.is_some() || cells.is_none() || is_text(key) {
                if !row.is_empty() {
                    *value = Some((value.map_or(at, |(first, _)| first), at + row.len()));
                }
                continue;
            }
        }
        close_row(open.take(), body, &mut pairs);
        if is_known(row) {
            open = Some((trim_key(row), None));
        } else if let Some((key, value)) = cells {
            pairs.push((trim_key(key), said(value, at + (value.as_ptr() as usize - row.as_ptr() as usize))));
        }
    }
    close_row(open, body, &mut pairs);
    pairs
}

fn close_row(open: Option<(String, Option<(usize, usize)>)>, body: &str, pairs: &mut Vec<(String, Said)>) {
    if let Some((key, Some((first, end)))) = open {
        pairs.push((key, said(&body[first..end], first)));
    }
}

fn trim_key(key: &str) -> String {
    key.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | ':' | '=')).to_owned()
}

/// `a=b&c=d` (application/x-www-form-urlencoded), over several lines if the mailer folded it. Spans are those of the
/// encoded value.
fn url_encoded(body: &str) -> Vec<(String, Said)> {
    let mut pairs = Vec::new();
    let mut start = 0;
    for part in body.split_inclusive('&') {
        let from = start;
        start += part.len();
        let Some((key, value)) = part.trim_end_matches('&').split_once('=') else { continue };
        let at = from + key.len() + 1;
        let mut decoded = said(&percent_decode(value), at);
        decoded.span = (u32::try_from(at).unwrap_or(u32::MAX), u32::try_from(at + value.trim_end().len()).unwrap_or(u32::MAX));
        pairs.push((percent_decode(key).trim().to_owned(), decoded));
    }
    pairs
}

fn percent_decode(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
                continue;
            }
            (b'+', ..) => decoded.push(b' '),
            // A folded line.
            (b'\r' | b'\n', ..) => {}
            (other, ..) => decoded.push(other),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// A JSON object; nested ones give `outer.inner` and `inner`, lists are joined by commas. Spans are those of the value as
/// written.
fn json(body: &str) -> Vec<(String, Said)> {
    let from = body.find('{').unwrap_or(body.len());
    let mut reader = Json { text: body, at: from, pairs: Vec::new() };
    if reader.value("", 0).is_none() {
        return Vec::new();
    }
    reader.pairs
}

/// A reader of its own, since spans are wanted and the crate needs no other JSON. Strict enough for forms (RFC 8259).
struct Json<'a> {
    text: &'a str,
    at: usize,
    pairs: Vec<(String, Said)>,
}

impl Json<'_> {
    fn value(&mut self, path: &str, depth: usize) -> Option<String> {
        self.space();
        let start = self.at;
        let value = match self.peek()? {
            '{' if depth < DEPTH_MAX => {
                self.object(path, depth)?;
                return Some(String::new());
            }
            '[' if depth < DEPTH_MAX => self.array(depth)?,
            '"' => self.string()?,
            _ => self.scalar()?,
        };
        if !path.is_empty() {
            let span = (u32::try_from(start).ok()?, u32::try_from(self.at).ok()?);
            let said = Said { value: said(&value, 0).value, span };
            self.pairs.push((path.to_owned(), said.clone()));
            if let Some((_, last)) = path.rsplit_once('.') {
                self.pairs.push((last.to_owned(), said));
            }
        }
        Some(value)
    }

    fn object(&mut self, path: &str, depth: usize) -> Option<()> {
        self.at += 1;
        self.space();
        while self.peek()? != '}' {
            let key = self.string()?;
            self.space();
            self.expect(':')?;
            let inner = if path.is_empty() { key } else { format!("{path}.{key}") };
            self.value(&inner, depth + 1)?;
            self.space();
            if self.peek()? == ',' {
                self.at += 1;
                self.space();
            }
        }
        self.at += 1;
        Some(())
    }

    fn array(&mut self, depth: usize) -> Option<String> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        while self.peek()? != ']' {
            items.push(self.value("", depth + 1)?);
            self.space();
            if self.peek()? == ',' {
                self.at += 1;
                self.space();
            }
        }
        self.at += 1;
        Some(items.join(", "))
    }

    fn string(&mut self) -> Option<String> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            let next = self.peek()?;
            self.at += next.len_utf8();
            match next {
                '"' => return Some(text),
                '\\' => {
                    let escaped = self.peek()?;
                    self.at += escaped.len_utf8();
                    match escaped {
                        'n' => text.push('\n'),
                        't' => text.push('\t'),
                        'r' | 'b' | 'f' => {}
                        'u' => text.push(self.unicode()?),
                        other => text.push(other),
                    }
                }
                other => text.push(other),
            }
        }
    }

    /// `\u0041`, and pairs of surrogates.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) || !self.text[self.at..].starts_with("\\u") {
            return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        self.at += 2;
        let second = self.hex()?;
        let joined = 0x10000 + ((first - 0xd800) << 10) + second.wrapping_sub(0xdc00) % 0x400;
        Some(char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Numbers, true, false; null is no value.
    fn scalar(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        (!word.is_empty()).then(|| if word == "null" { String::new() } else { word.to_owned() })
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += wanted.len_utf8())
    }

    fn space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rule::Condition;

    fn form(reads: FormReader) -> Form {
        let maps = [
            ("Your e-mail", "requester"),
            ("Your name", "requester.name"),
            ("Topic", "subject"),
            ("Message", "text"),
            ("Serial no.", "serial"),
        ];
        let maps = maps.into_iter().map(|(key, target)| (key.to_owned(), target.to_owned())).collect();
        Form { name: "contact".into(), line: 1, when: Condition::default(), reads, maps }
    }

    fn check(reads: FormReader, body: &str) {
        let reading = read(&form(reads), body);
        assert_eq!(reading.requester.as_ref().map(Address::as_str), Some("dana@x.example"), "{body}\n{reading:?}");
        assert_eq!(reading.requester_name.as_deref(), Some("Dana Okafor"), "{body}\n{reading:?}");
        assert_eq!(reading.subject.as_deref(), Some("Probe drops off"), "{body}\n{reading:?}");
        assert_eq!(reading.text.as_deref(), Some("Hello,\n\nNote: it happens at night.\nThanks"), "{body}\n{reading:?}");
        let serial = &reading.fields[&"serial".into()];
        assert_eq!(serial.value, "FH-20931");
        assert_eq!(&body[serial.span.0 as usize..serial.span.1 as usize].replace('"', ""), "FH-20931");
    }

    #[test]
    fn lines_are_read_with_continuations() {
        check(
            FormReader::Lines,
            "New enquiry\n\nYour e-mail: Dana <dana@x.example>\n**Your name**: Dana\n Okafor\nTopic = Probe drops off\nIP: 192.0.2.1\n\
             Serial no.:\tFH-20931\n\nMessage:\nHello,\n\nNote: it happens at night.\nThanks\n",
        );
    }

    #[test]
    fn tables_are_read_from_their_rows() {
        let reading = read(
            &form(FormReader::Table),
            "Your e-mail | dana@x.example\n| Your name | Dana Okafor |\nTopic\n  Probe drops off\nSerial no. | FH-20931\n",
        );
        assert_eq!(reading.requester.as_ref().map(Address::as_str), Some("dana@x.example"));
        assert_eq!(
            (reading.subject.as_deref(), reading.requester_name.as_deref()),
            (Some("Probe drops off"), Some("Dana Okafor"))
        );
        assert_eq!(reading.fields[&"serial".into()].value, "FH-20931");
    }

    #[test]
    fn a_message_in_a_cell_of_its_own_stays_whole() {
        check(
            FormReader::Table,
            "Your e-mail\n\ndana@x.example\n\nYour name\n\nDana Okafor\n\nTopic:\tProbe drops off\nSerial no.\n\nFH-20931\n\n\
             Message\n\nHello,\n\nNote: it happens at night.\nThanks\n",
        );
    }

    #[test]
    fn an_attached_form_is_read_where_the_body_holds_none() {
        let attached = ["no object".to_owned(), r#"{"Topic":"Probe"}"#.to_owned()];
        let subject = |reads, body: &str| read_with_attached(&form(reads), body, &attached).subject;
        assert_eq!(subject(FormReader::Json, "See the attached form.").as_deref(), Some("Probe"));
        assert_eq!(subject(FormReader::Json, r#"{"Topic":"Lamp"}"#).as_deref(), Some("Lamp"));
        assert_eq!(subject(FormReader::Lines, "See the attached form."), None);
    }

    #[test]
    fn json_and_url_encoding_are_read() {
        check(
            FormReader::Json,
            r#"{"Your e-mail":"dana@x.example","meta":{"Your name":"Dana Okafor","n":null},"topic":"Probe drops off",
               "Message":"Hello,\n\nNote: it happens at night.\nThanks","list":[1,"b"],"Serial no.":"FH-20931"}"#,
        );
        check(
            FormReader::UrlEncoded,
            "Your+e-mail=dana%40x.example&Your%20name=Dana+Okafor&Topic=Probe+drops+off&Serial+no.=FH-20931&\
             Message=Hello%2C%0A%0ANote%3A+it+happens+at+night.%0AThanks",
        );
    }

    #[test]
    fn keys_that_map_to_nothing_are_listed() {
        assert_eq!(read(&form(FormReader::Lines), "Phone: 1\nTopic: x").unmapped, [("Phone".to_owned(), "1".to_owned())]);
    }

    proptest! {
        #[test]
        fn no_body_panics_and_spans_lie_within(body in "[ -~\näß€|:=&%{}\\[\\]\"\\\\]{0,200}") {
            for reads in [FormReader::Lines, FormReader::Table, FormReader::Json, FormReader::UrlEncoded] {
                for said in read(&form(reads), &body).fields.values() {
                    prop_assert!(body.get(said.span.0 as usize..said.span.1 as usize).is_some());
                }
            }
        }
    }
}
