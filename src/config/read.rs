//! From the tree to raw shapes: one trait, and a macro that writes a shape's reader, so that no key is forgotten.
//!
//! A shape takes what it can and reports the rest; reading never stops at the first problem. That is why this is not
//! serde: it has no way to go on after an error.

use super::problem::{Code, Place, Report};
use super::tree::{Entry, Node, Value};

/// Can be read from a value; `None` after a problem was reported.
pub(super) trait Read: Sized {
    fn read(node: &Node, report: &mut Report) -> Option<Self>;
}

/// A value that remembers where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) at: Place,
}

impl<T: Read> Read for At<T> {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        Some(Self { value: T::read(node, report)?, at: node.at })
    }
}

/// Named things, in file order: `[vendor.northgate]`.
#[derive(Clone, Debug)]
pub(super) struct Named<T>(pub(super) Vec<(At<String>, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Read> Read for Named<T> {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        let entries = table(node, report)?;
        let mut named = Vec::new();
        for entry in entries {
            report.within.push(entry.key.clone());
            let item = T::read(&entry.node, report);
            report.within.pop();
            if let Some(item) = item {
                named.push((At { value: entry.key.clone(), at: entry.key_at }, item));
            }
        }
        Some(Self(named))
    }
}

/// A list; what cannot be read of it is reported and left out.
impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Array(items) => Some(items.iter().filter_map(|item| T::read(item, report)).collect()),
            _ => wrong(node, "a list", report),
        }
    }
}

impl<T: Read> Read for Box<T> {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        T::read(node, report).map(Self::new)
    }
}

/// One value or a list of them.
#[derive(Clone, Debug, Default)]
pub(super) struct OneOrMany<T>(pub(super) Vec<T>);

impl<T: Read> Read for OneOrMany<T> {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Array(_) => Vec::read(node, report).map(Self),
            _ => T::read(node, report).map(|one| Self(vec![one])),
        }
    }
}

impl Read for String {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::String(text) => Some(text.clone()),
            _ => wrong(node, "a text in quotes", report),
        }
    }
}

impl Read for bool {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Boolean(yes) => Some(*yes),
            _ => wrong(node, "true or false", report),
        }
    }
}

impl Read for u32 {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::Integer(number) => match Self::try_from(*number) {
                Ok(number) => Some(number),
                Err(_) => {
                    report.add(Code::BadValue, node.at, "this number is out of range", "from 0 to 4294967295");
                    None
                }
            },
            _ => wrong(node, "a whole number", report),
        }
    }
}

/// Any value, for keys whose shape depends on others.
impl Read for Node {
    fn read(node: &Node, _report: &mut Report) -> Option<Self> {
        Some(node.clone())
    }
}

/// A text, or `false` for "none".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextOrFlag {
    Text(String),
    Flag(bool),
}

impl Read for TextOrFlag {
    fn read(node: &Node, report: &mut Report) -> Option<Self> {
        match &node.value {
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Boolean(flag) => Some(Self::Flag(*flag)),
            _ => wrong(node, "a text, or true or false", report),
        }
    }
}

/// The entries of a table.
pub(super) fn table<'n>(node: &'n Node, report: &mut Report) -> Option<&'n [Entry]> {
    match &node.value {
        Value::Table(entries) => Some(entries),
        _ => wrong(node, "a table { … }", report),
    }
}

/// Reports a value of the wrong kind.
pub(super) fn wrong<T>(node: &Node, wanted: &str, report: &mut Report) -> Option<T> {
    report.add(Code::WrongType, node.at, format!("this must be {wanted}"), format!("is {}", node.value.kind()));
    None
}

/// The nearest of the known names, if one is near enough to be meant.
pub(super) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = name.to_lowercase();
    let ranked = known.into_iter().map(|known| (strsim::damerau_levenshtein(&lower, &known.to_lowercase()), known));
    let (distance, best) = ranked.min()?;
    (distance <= (name.chars().count().max(best.chars().count()) / 3).max(1)).then_some(best)
}

/// `"a", "b", "c"`, cut after eight.
pub(super) fn list<'k>(known: impl IntoIterator<Item = &'k str>) -> String {
    let all: Vec<String> = known.into_iter().map(|name| format!("\"{name}\"")).collect();
    match all.len() {
        0 => "none".to_owned(),
        1..=8 => all.join(", "),
        more => format!("{} and {} more", all[..8].join(", "), more - 8),
    }
}

/// Keys that people look for under another name, or that were renamed: shape, key, and what is right.
const OTHER_NAMES: &[(&str, &str, &str)] = &[
    ("file", "inboxes", "inbox"),
    ("file", "agents", "agent"),
    ("file", "teams", "team"),
    ("file", "vendors", "vendor"),
    ("file", "accounts", "account"),
    ("file", "rules", "rule"),
    ("file", "tests", "test"),
    ("file", "mailbox", "inbox"),
    ("file", "user", "agent"),
    ("file", "followup", "follow_up"),
    ("server", "bind", "listen"),
    ("server", "database", "store"),
    ("server", "data_dir", "store"),
    ("server", "secret", "key"),
    ("account", "password", "auth"),
    ("account", "login", "auth"),
    ("account", "host", "imap"),
    ("account", "interval", "poll"),
    ("account", "ssl", "tls"),
    ("auth", "username", "user"),
    ("auth", "password", "secret"),
    ("auth", "client_id", "client"),
    ("auth", "client_secret", "secret"),
    ("inbox", "email", "address"),
    ("inbox", "mailbox", "folder"),
    ("inbox", "aliases", "also"),
    ("inbox", "group", "team"),
    ("inbox", "template", "ack"),
    ("agent", "address", "email"),
    ("agent", "mail", "email"),
    ("agent", "languages", "speaks"),
    ("team", "agents", "members"),
    ("team", "leader", "lead"),
    ("vendor", "address", "email"),
    ("calendar", "holidays", "closed"),
    ("calendar", "open", "hours"),
    ("sla", "response", "first_response"),
    ("sla", "reply", "next_response"),
    ("rule", "if", "when"),
    ("rule", "match", "when"),
    ("rule", "actions", "then"),
    ("when", "body", "text"),
    ("when", "sender", "from"),
    ("when", "recipient", "to"),
    ("when", "headers", "header"),
    ("when", "files", "attachments"),
    ("then", "assign", "owner"),
    ("then", "tag", "tags"),
    ("then", "notify", "tell"),
    ("then", "drop", "ignore"),
    ("then", "queue", "team"),
    ("field", "name", "id"),
    ("field", "pattern", "find"),
    ("field", "type", "kind"),
    ("field", "label", "labels"),
    ("field", "regex", "match"),
];

/// Reports a key that no shape has, with the nearest one.
pub(super) fn unknown_key(entry: &Entry, shape: &str, keys: &[(&str, &str)], report: &mut Report) {
    let key = entry.key.as_str();
    if let Some((_, _, right)) = OTHER_NAMES.iter().find(|(of, wrong, _)| *of == shape && *wrong == key) {
        let message = format!("\"{key}\" in {} is called \"{right}\" here", article(shape, &report.within));
        report.add(Code::RenamedKey, entry.key_at, message, format!("write \"{right}\""));
        return;
    }
    let tampers = ["verif", "insecure", "skip", "accept", "danger", "check"].iter().any(|word| key.contains(word));
    if shape == "tls" && tampers {
        let label = "a private authority is trusted by `ca = \"file.pem\"`";
        report.add(Code::Verification, entry.key_at, "the check of certificates cannot be switched off", label);
        return;
    }
    let known = || keys.iter().map(|(name, _)| plain(name));
    let label = match nearest(key, known()) {
        Some(near) => format!("no such key; did you mean \"{near}\"?"),
        None => format!("no such key; known: {}", list(known())),
    };
    report.add(Code::UnknownKey, entry.key_at, format!("unknown key \"{key}\" in {}", article(shape, &report.within)), label);
}

/// `[agent.maya]`; what has no name of its own is called by its kind.
fn article(shape: &str, within: &[String]) -> String {
    match (shape, within.first()) {
        ("file", _) => "the file".to_owned(),
        ("then" | "when", _) => format!("`{shape}`"),
        ("account" | "inbox" | "agent" | "team" | "vendor" | "calendar" | "sla" | "type" | "form", Some(name)) => {
            format!("[{shape}.{name}]")
        }
        _ => format!("[{shape}]"),
    }
}

/// Rust's raw identifiers without their mark; `_` at the end keeps keywords apart that cannot be raw.
pub(super) fn plain(field: &str) -> &str {
    field.strip_prefix("r#").unwrap_or(field).trim_end_matches('_')
}

/// Writes a raw shape: every key is optional, unknown keys are reported, and the keys with their docs are listed.
macro_rules! shape {
    ($(#[doc = $about:literal])* $name:ident = $what:literal { $($(#[doc = $doc:literal])* $field:ident: $type:ty,)* }) => {
        $(#[doc = $about])*
        #[allow(dead_code)] // a shape mirrors the file, also where nothing acts on a key yet
        #[derive(Clone, Debug, Default)]
        pub(in crate::config) struct $name {
            pub(in crate::config) at: $crate::config::problem::Place,
            /// Keys that are there, whether they could be read or not.
            pub(in crate::config) keys: Vec<String>,
            $($(#[doc = $doc])* pub(in crate::config) $field: Option<$type>,)*
        }

        impl $name {
            /// Every key with what it means.
            pub(in crate::config) const KEYS: &'static [(&'static str, &'static str)] = &[$((stringify!($field), concat!($($doc),*)),)*];

            /// The key is there, maybe with a value that was reported.
            #[allow(dead_code)] // not every shape is asked
            pub(in crate::config) fn has(&self, key: &str) -> bool {
                self.keys.iter().any(|known| known == key)
            }
        }

        impl $crate::config::read::Read for $name {
            fn read(node: &$crate::config::tree::Node, report: &mut $crate::config::problem::Report) -> Option<Self> {
                let mut shape = Self { at: node.at, ..Self::default() };
                for entry in $crate::config::read::table(node, report)? {
                    shape.keys.push(entry.key.clone());
                    $(if entry.key == $crate::config::read::plain(stringify!($field)) {
                        shape.$field = $crate::config::read::Read::read(&entry.node, report);
                        continue;
                    })*
                    $crate::config::read::unknown_key(entry, $what, Self::KEYS, report);
                }
                Some(shape)
            }
        }
    };
}
pub(super) use shape;
