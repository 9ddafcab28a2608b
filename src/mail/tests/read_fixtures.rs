//! Bounces, machine mail, charsets and odd MIME as hosts send them, with what the printed line must say of each.
//!
//! `fixtures/mail/KIND/NAME.eml` is the mail and `NAME.json` holds the keys of its line that are asserted; white space
//! within texts does not count.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, missing_docs, unused_crate_dependencies)]

use std::path::{Path, PathBuf};

use serde_json::Value;

const KINDS: [&str; 4] = ["bounce", "machine", "charset", "mime"];

/// Each kind has at least so many, so that none is lost without a failure.
const FIXTURES_MIN: usize = 10;

fn fold(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        Value::Array(list) => Value::Array(list.iter().map(fold).collect()),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), fold(value))).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Every key of `wanted` as `got` has it, and those that differ.
fn compare(path: &str, wanted: &Value, got: &Value, failures: &mut Vec<String>) {
    if let (Value::Object(wanted), Value::Object(got)) = (wanted, got) {
        for (key, value) in wanted {
            compare(&format!("{path} {key}"), value, got.get(key).unwrap_or(&Value::Null), failures);
        }
    } else if fold(wanted) != fold(got) {
        failures.push(format!("{path}: wanted {wanted}, got {got}"));
    }
}

fn line_of(path: &Path) -> Value {
    let parsed = mail::parse(&std::fs::read(path).unwrap());
    let machine = mail::machine::class_of(&parsed.message);
    serde_json::to_value(mail::report::ParseLine::new(&parsed, machine, "")).unwrap()
}

#[test]
fn each_mail_says_what_stands_beside_it() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mail");
    let mut failures = Vec::new();
    for kind in KINDS {
        let mut seen = 0;
        for entry in std::fs::read_dir(root.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "eml") {
                continue;
            }
            let wanted: Value = serde_json::from_str(&std::fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
            compare(&format!("{kind}/{}", path.file_stem().unwrap().to_string_lossy()), &wanted, &line_of(&path), &mut failures);
            seen += 1;
        }
        assert!(seen >= FIXTURES_MIN, "only {seen} fixtures in {kind}");
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
