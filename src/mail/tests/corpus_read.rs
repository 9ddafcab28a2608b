//! Scores the reader on mails that the test suites of other free software assert things about.
//!
//! Fixtures lie in `fixtures/corpus`, each set with its licence. Texts are compared after folding white space.

#![expect(clippy::disallowed_methods, reason = "fixtures are files; the crate itself touches none")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mail::Message;
use mail::report::ParseLine;
use serde_json::Value;

/// RFC 2046 §5.1.1 compares whole delimiters.
const PREFIX: &str = "the source takes a delimiter for another that is its prefix, and so makes text a file";
/// RFC 2046 §5.1.2: the delimiter of an outer multipart ends every inner one.
const UNCLOSED: &str = "the source overlooks the outer delimiter within an unclosed or equally named inner multipart";

/// Assertions of the sources that we do not follow, each with the reason.
const NOT_FOLLOWED: &[(&str, &str, &str)] = &[
    ("chatwoot/015.eml", "attachment_count", "the source keeps at most 15 files of a mail; this one has 30"),
    ("php_mime_mail_parser/016.eml", "attachments", "a file without a name gets one made up; the source counts it too"),
    ("stalwart_mime/026.eml", "attachment_count", "a text whose base64 is broken stays text instead of becoming a file"),
    ("stalwart_mime/007.eml", "attachment_count", PREFIX),
    ("stalwart_mime/008.eml", "attachment_count", PREFIX),
    ("stalwart_mime/009.eml", "attachment_count", PREFIX),
    ("stalwart_mime/017.eml", "attachment_count", PREFIX),
    ("stalwart_mime/004.eml", "attachment_count", UNCLOSED),
    ("stalwart_mime/010.eml", "attachment_count", UNCLOSED),
    ("stalwart_mime/012.eml", "attachment_count", UNCLOSED),
    ("stalwart_mime/013.eml", "attachment_count", UNCLOSED),
    ("stalwart_mime/039.eml", "attachment_count", "three messages are attached; the source loses two to their unclosed parts"),
];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus")
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What was asked and what was found, for one assertion.
struct Check {
    key: String,
    expect: String,
    found: String,
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
}

fn string_checks(expect: &Value, line: &ParseLine, message: &Message) -> Vec<Check> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let found: [(&str, String); 8] = [
        ("subject", text(&line.subject)),
        ("from_addr", text(&line.from_addr)),
        ("from_name", text(&line.from_name)),
        ("to_first", line.to.first().cloned().unwrap_or_default()),
        ("message_id", text(&line.message_id)),
        ("in_reply_to_first", text(&line.in_reply_to)),
        ("reply_to", text(&line.reply_to)),
        ("body_text", message.text.clone()),
    ];
    let checks = found.into_iter().filter_map(|(key, found)| {
        let expect = expect.get(key)?.as_str()?;
        Some(Check { key: key.to_owned(), expect: fold(expect), found: fold(&found) })
    });
    checks.collect()
}

fn list_checks(expect: &Value, line: &ParseLine, message: &Message) -> Vec<Check> {
    let names: Vec<String> = line.attachments.iter().map(|file| file.name.clone()).collect();
    let in_reply_to: Vec<String> = message.in_reply_to.iter().map(ToString::to_string).collect();
    let found: [(&str, &[String]); 5] = [
        ("to", &line.to),
        ("cc", &line.cc),
        ("references", &line.references),
        ("in_reply_to", &in_reply_to),
        ("attachments", &names),
    ];
    let mut checks: Vec<Check> = found
        .into_iter()
        .filter(|(key, _)| expect.get(key).is_some_and(Value::is_array))
        .map(|(key, found)| Check {
            key: key.to_owned(),
            expect: fold(&strings(&expect[key]).join("|")),
            found: fold(&found.join("|")),
        })
        .collect();
    if let Some(count) = expect.get("attachment_count").and_then(Value::as_u64) {
        checks.push(Check { key: "attachment_count".to_owned(), expect: count.to_string(), found: names.len().to_string() });
    }
    let whole = fold(&message.text);
    for part in expect.get("text_contains").map(strings).unwrap_or_default() {
        let part = fold(&part);
        let found = if whole.contains(&part) { part.clone() } else { whole.chars().take(300).collect() };
        checks.push(Check { key: "text_contains".to_owned(), expect: part, found });
    }
    checks
}

/// Checks one set and returns (passed, asked) and the failures in words.
fn score(set: &str) -> (usize, usize, Vec<String>) {
    let folder = corpus().join(set);
    let list = std::fs::read_to_string(folder.join("expected.jsonl")).expect("the fixtures are part of the repository");
    let (mut passed, mut asked, mut failures) = (0, 0, Vec::new());
    for expect in list.lines().filter(|line| !line.trim().is_empty()) {
        let expect: Value = serde_json::from_str(expect).expect("one object per line");
        let file = expect["file"].as_str().expect("every line names its file").to_owned();
        let raw = std::fs::read(folder.join(&file)).expect("the named file exists");
        let parsed = mail::parse(&raw);
        let line = ParseLine::new(&parsed, None, &file);
        let mut checks = string_checks(&expect, &line, &parsed.message);
        checks.extend(list_checks(&expect, &line, &parsed.message));
        for check in checks {
            if NOT_FOLLOWED.iter().any(|(place, key, _)| *place == format!("{set}/{file}") && *key == check.key) {
                continue;
            }
            asked += 1;
            if check.found == check.expect {
                passed += 1;
            } else {
                failures.push(format!("{set}/{file} {}: expected {:?}, found {:?}", check.key, check.expect, check.found));
            }
        }
    }
    (passed, asked, failures)
}

#[test]
fn headers_text_and_attachments_of_foreign_samples_are_read() {
    let mut report = BTreeMap::new();
    let mut all_failures = Vec::new();
    for set in ["chatwoot", "php_imap", "php_mime_mail_parser", "stalwart_mime"] {
        let (passed, asked, failures) = score(set);
        report.insert(set, (passed, asked));
        all_failures.extend(failures);
    }
    let low = report.iter().filter(|(_, (passed, asked))| passed * 100 < asked * 99).count();
    assert!(low == 0, "below 99 %: {report:?}\n{}", all_failures.join("\n"));
}
