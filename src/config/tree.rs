//! The file as a tree with the place of every key and value, in file order. Syntax errors are all reported.

use toml::de::{DeTable, DeValue};

use super::problem::{Code, Place, Report};

/// Deepest nesting followed; the reference needs five.
const DEPTH_MAX: usize = 32;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: Place,
}

/// The kinds of TOML values.
#[derive(Clone, Debug)]
pub(super) enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// Dates and times as written.
    Moment(String),
    Array(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Place,
    pub(super) node: Node,
}

impl Value {
    /// For messages: `a text`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Moment(_) => "a date or time",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// Without places, for the hash: equal meaning gives equal text.
    pub(super) fn canonical(&self, out: &mut String) {
        use std::fmt::Write as _;
        let written = match self {
            Self::String(text) => write!(out, "{text:?}"),
            Self::Integer(number) => write!(out, "{number}"),
            Self::Float(number) => write!(out, "{number:?}"),
            Self::Boolean(yes) => write!(out, "{yes}"),
            Self::Moment(text) => write!(out, "@{text}"),
            Self::Array(items) => {
                out.push('[');
                for item in items {
                    item.value.canonical(out);
                    out.push(',');
                }
                write!(out, "]")
            }
            Self::Table(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.key.cmp(&b.key));
                out.push('{');
                for entry in sorted {
                    let _ = write!(out, "{:?}=", entry.key);
                    entry.node.value.canonical(out);
                    out.push(',');
                }
                write!(out, "}}")
            }
        };
        debug_assert!(written.is_ok(), "a String takes every text");
    }
}

/// Parses one file; `None` of it is lost to a syntax error elsewhere in it.
pub(super) fn parse(text: &str, file: u32, report: &mut Report) -> Node {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        report.add(Code::Syntax, place(file, span), "this is not TOML", error.message().replace('\n', ", "));
    }
    let span = document.span();
    Node { value: table(document.get_ref(), file, 0, report), at: place(file, span) }
}

fn place(file: u32, span: std::ops::Range<usize>) -> Place {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Place { file, from: number(span.start), to: number(span.end) }
}

fn table(table: &DeTable<'_>, file: u32, depth: usize, report: &mut Report) -> Value {
    let mut entries = Vec::new();
    for (key, value) in table {
        let key_at = place(file, key.span());
        let node = node(value.get_ref(), place(file, value.span()), file, depth + 1, report);
        entries.push(Entry { key: key.get_ref().to_string(), key_at, node });
    }
    // The parser sorts by name; people expect the order of the file.
    entries.sort_by_key(|entry| entry.key_at.from);
    Value::Table(entries)
}

fn node(value: &DeValue<'_>, at: Place, file: u32, depth: usize, report: &mut Report) -> Node {
    if depth > DEPTH_MAX {
        report.add(Code::Syntax, at, format!("nothing is nested deeper than {DEPTH_MAX} levels"), "too deep");
        return Node { value: Value::Boolean(false), at };
    }
    let value = match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                report.add(Code::BadValue, at, "this number is out of range", "64 bits at most");
                Value::Integer(0)
            }
        },
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(yes) => Value::Boolean(*yes),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(items) => {
            let each = |item: &serde_spanned::Spanned<DeValue<'_>>, report: &mut Report| {
                node(item.get_ref(), place(file, item.span()), file, depth + 1, report)
            };
            Value::Array(items.iter().map(|item| each(item, report)).collect())
        }
        DeValue::Table(entries) => table(entries, file, depth, report),
    };
    Node { value, at }
}

/// Adds the tables of an included file. Tables are joined, lists of tables are continued; any other key may stand once.
pub(super) fn merge(into: &mut Node, from: Node, report: &mut Report) {
    let (Value::Table(target), Value::Table(entries)) = (&mut into.value, from.value) else { return };
    for entry in entries {
        let Some(known) = target.iter_mut().find(|known| known.key == entry.key) else {
            target.push(entry);
            continue;
        };
        match (&mut known.node.value, entry.node.value) {
            (Value::Array(items), Value::Array(more)) if items.iter().chain(&more).all(is_table) => items.extend(more),
            (Value::Table(_), value @ Value::Table(_)) => {
                merge(&mut known.node, Node { value, at: entry.node.at }, report);
            }
            _ => {
                let message = format!("\"{}\" is set in two files", entry.key);
                let label = format!("set before: {}", report.line_seen_from(known.key_at, entry.key_at));
                report.add(Code::Duplicate, entry.key_at, message, label);
            }
        }
    }
}

fn is_table(node: &Node) -> bool {
    matches!(node.value, Value::Table(_))
}
