//! The words of one command line: verb, then words, "quoted words" and `name=value`.
//!
//! Mail programs replace quotation marks, spaces and hyphens and add characters that nobody sees. They are read as what
//! was typed; the places stay those of the line as it came, so that a caret points at the right letter.

use std::ops::Range;

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The word, or what stands between the quotation marks, or the value behind `name=`.
    pub text: String,
    /// Lower case, of `name=value`.
    pub name: Option<String>,
    /// The whole argument, in bytes of the line.
    pub span: Range<usize>,
    /// The word or value without its name, in bytes of the line.
    pub value_span: Range<usize>,
    /// It stood between quotation marks.
    pub is_quoted: bool,
    /// Its quotation marks have no end.
    pub is_unclosed: bool,
}

/// A command line, divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line without `#` and without white space around.
    pub text: &'a str,
    /// The verb as written, without what nobody sees and without `:`; may be empty.
    pub verb: String,
    /// Where the verb stands in `text`.
    pub verb_span: Range<usize>,
    /// Everything behind verb and colon, as written and trimmed.
    pub rest: &'a str,
    /// What `rest` is made of.
    pub arguments: Vec<Argument>,
}

impl<'a> Line<'a> {
    /// Divides a line, with or without its `#`.
    #[must_use]
    pub fn new(line: &'a str) -> Self {
        let text = strip_mark(line).unwrap_or(line);
        let text = trim(text);
        let verb_end = text.find(|c: char| c.is_whitespace() || is_colon(c)).unwrap_or(text.len());
        let behind = trim_start(&text[verb_end..]);
        let rest = trim(behind.strip_prefix(is_colon).unwrap_or(behind));
        // `text` is trimmed, so nothing stands behind the rest.
        let offset = text.len() - rest.len();
        Self {
            text,
            verb: visible(&text[..verb_end]),
            verb_span: 0..verb_end,
            rest,
            arguments: if rest.is_empty() { Vec::new() } else { arguments(rest, offset) },
        }
    }

    /// The line as it should be shown and compared: one blank between words, straight quotation marks.
    #[must_use]
    pub fn normal(&self) -> String {
        normal(self.text)
    }
}

/// What stands behind the `#` of a line that begins with one; full-width and small forms count.
#[must_use]
pub fn strip_mark(line: &str) -> Option<&str> {
    let rest = trim_start(line).strip_prefix(['#', '＃', '﹟'])?;
    Some(trim_start(rest))
}

/// Words as the command line of a shell gives them, as one line that reads back as the same arguments.
#[must_use]
pub fn line_of(words: &[String]) -> String {
    let needs_marks = |word: &String| word.is_empty() || word.contains(char::is_whitespace);
    let quote = |(at, word): (usize, &String)| {
        // The first word is the verb; a single word behind it may be a whole text, which is taken as it is.
        if at == 0 || words.len() == 2 || !needs_marks(word) || word.contains(is_quotation_mark) {
            return word.clone();
        }
        match word.split_once('=').filter(|(name, _)| is_name(name)) {
            Some((name, value)) => format!("{name}=\"{value}\""),
            None => format!("\"{word}\""),
        }
    };
    words.iter().enumerate().map(quote).collect::<Vec<_>>().join(" ")
}

/// One blank between words, straight quotation marks, nothing that nobody sees.
pub(crate) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if c.is_whitespace() {
            if !out.ends_with(' ') && !out.is_empty() {
                out.push(' ');
            }
        } else {
            out.push(plain(c));
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn arguments(rest: &str, offset: usize) -> Vec<Argument> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = rest[at..].find(|c: char| !c.is_whitespace() && !is_invisible(c)) {
        let start = at + start;
        let (argument, end) = argument(rest, start, offset);
        found.push(argument);
        at = end;
    }
    found
}

/// The argument that begins at `start`, and where it ends within `rest`. Nothing behind its end is looked at, so that a
/// line is read once however many arguments it has.
fn argument(rest: &str, start: usize, offset: usize) -> (Argument, usize) {
    let name_end = end_of(rest, start, |c| !is_name_character(c) && !is_invisible(c));
    let name = visible(&rest[start..name_end]).to_lowercase();
    let sign = rest[name_end..].chars().next().filter(|c| matches!(c, '=' | '＝') && is_name(&name));
    let value = sign.map_or(start, |sign| name_end + sign.len_utf8());
    let first = rest[value..].char_indices().find(|(_, c)| !is_invisible(*c));
    let quoted = first.filter(|(_, c)| is_quotation_mark(*c));
    let (inner, end, is_unclosed) = match quoted {
        Some((at, mark)) => {
            let from = value + at + mark.len_utf8();
            let to = end_of(rest, from, is_quotation_mark);
            let end = rest[to..].chars().next().map_or(to, |mark| to + mark.len_utf8());
            (from..to, end, to == rest.len())
        }
        None => {
            let end = end_of(rest, value, char::is_whitespace);
            (value..end, end, false)
        }
    };
    let inside = &rest[inner];
    let text = match quoted {
        Some(_) => inside.chars().filter(|c| !is_invisible(*c)).collect(),
        None => visible(inside),
    };
    let argument = Argument {
        text,
        name: sign.map(|_| name),
        span: offset + start..offset + end,
        value_span: offset + value..offset + end,
        is_quoted: quoted.is_some(),
        is_unclosed,
    };
    (argument, end)
}

fn end_of(text: &str, from: usize, is_end: impl Fn(char) -> bool) -> usize {
    text[from..].find(|c: char| is_end(c)).map_or(text.len(), |at| from + at)
}

/// The name of `name=value`: letters, digits, `-` and `_`, a letter first.
fn is_name(text: &str) -> bool {
    text.starts_with(char::is_alphabetic) && text.chars().all(is_name_character)
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// What a person sees of a word, with the signs of a keyboard.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).map(plain).collect()
}

fn plain(c: char) -> char {
    match c {
        '’' | '‘' | '‚' | '`' | '´' => '\'',
        '\u{2010}'..='\u{2012}' | '\u{2212}' => '-',
        mark if is_quotation_mark(mark) => '"',
        // Full-width forms stand in the order of ASCII.
        wide @ '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(wide) - 0xfee0).unwrap_or(wide),
        other => other,
    }
}

fn is_colon(c: char) -> bool {
    matches!(c, ':' | '：')
}

fn is_quotation_mark(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '＂')
}

/// Takes no room on a screen: zero-width spaces and joiners, soft hyphens, marks of direction, variation selectors.
pub(crate) fn is_invisible(c: char) -> bool {
    let is_joiner = matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{34f}' | '\u{180e}');
    is_joiner || matches!(c, '\u{ad}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}') || mail::address::is_bidi_control(c)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// Without white space and without what nobody sees, at both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_blank)
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: &str) {
        let line = Line::new(line);
        let mut shown = format!("<{}>", line.verb);
        for argument in &line.arguments {
            let name = argument.name.as_ref().map_or(String::new(), |name| format!("{name}="));
            let place = &line.text[argument.span.clone()];
            shown.push_str(&format!(" {name}[{}]@{place}", argument.text));
        }
        assert_eq!(shown, expect);
    }

    #[test]
    fn words_quotes_and_names_are_told_apart() {
        check("#close", "<close>");
        check("# Note: call him", "<Note> [call]@call [him]@him");
        check("note:now", "<note> [now]@now");
        check("note : now", "<note> [now]@now");
        check("#close cause=\"bad firmware\" done", "<close> cause=[bad firmware]@cause=\"bad firmware\" [done]@done");
        check(
            "find \"two words\" https://x.example/?a=b",
            "<find> [two words]@\"two words\" [https://x.example/?a=b]@https://x.example/?a=b",
        );
    }

    #[test]
    fn what_mail_programs_put_in_is_read_as_what_was_typed() {
        check("＃\u{200b}clo\u{ad}se\u{a0}cause=„bad firmware“", "<close> cause=[bad firmware]@cause=„bad firmware“");
        check("\u{feff}  #tag +a \u{2212}b", "<tag> [+a]@+a [-b]@\u{2212}b");
        check("#step don’t", "<step> [don't]@don’t");
    }

    #[test]
    fn quotes_without_an_end_are_marked() {
        let line = Line::new("close \"all of it");
        assert!(line.arguments[0].is_unclosed);
        assert_eq!(line.arguments[0].text, "all of it");
    }

    #[test]
    fn words_of_a_shell_read_back() {
        let words = ["close".to_owned(), "cause=bad firmware".to_owned(), "all done".to_owned()];
        assert_eq!(line_of(&words), "close cause=\"bad firmware\" \"all done\"");
        assert_eq!(line_of(&["note".to_owned(), "call him \"now\"".to_owned()]), "note call him \"now\"");
    }
}
