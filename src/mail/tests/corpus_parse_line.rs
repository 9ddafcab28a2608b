//! Scores the printed line of `parse --json` on every sample, the way somebody outside would who sees nothing else.
//!
//! The other corpus tests look at single readers; this one goes through the bytes of the mail and the shape that is printed,
//! so that what happens between the readers is seen too. What is missed today is listed; nothing else may be.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stdout, missing_docs, unused_crate_dependencies)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Where a source asserts what we do not follow: set, kind of assertion, and how many of them may fail. Everything else
/// holds without exception. The reasons stand in the tests of the single readers.
const MISSES_MAX: &[(&str, &str, usize)] = &[
    // A notice of a mail host that the source takes for an automatic answer names a refused recipient.
    ("chatwoot", "is_auto_reply", 1),
    ("chatwoot", "attachment_count", 1),
    ("crisp_reply", "reply_text", 3),
    ("php_mime_mail_parser", "attachments", 1),
    ("quotequail", "reply_text", 1),
    ("quotequail", "elided", 1),
    ("sisimai", "is_bounce", 1),
    ("sisimai", "bounce_status", 1),
    ("sisimai", "bounce_smtp_code", 1),
    ("stalwart_mime", "attachment_count", 10),
    ("talon", "reply_text", 2),
];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus")
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_default()
}

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(fold).collect()
}

/// One line as printed.
fn printed(raw: &[u8], file: &str) -> Value {
    let parsed = mail::parse(raw);
    let machine = mail::machine::class_of(&parsed.message);
    serde_json::to_value(mail::report::ParseLine::new(&parsed, machine, file)).unwrap()
}

/// Kind of assertion, whether it holds, and what to say if not.
type Check = (&'static str, bool, String);

fn same(key: &'static str, wanted: &str, got: &str) -> Check {
    (key, fold(wanted) == fold(got), format!("wanted {wanted:?}, got {got:?}"))
}

fn header_checks(expected: &Value, line: &Value) -> Vec<Check> {
    let mut checks = Vec::new();
    for key in ["subject", "from_addr", "from_name", "message_id", "reply_to", "date"] {
        if let Some(wanted) = expected[key].as_str() {
            checks.push(same(key, wanted, text(line, key)));
        }
    }
    for key in ["to", "cc", "references"] {
        if expected[key].is_array() {
            let (wanted, got) = (list(&expected[key]), list(&line[key]));
            checks.push((key, wanted == got, format!("wanted {wanted:?}, got {got:?}")));
        }
    }
    if let Some(wanted) = expected["to_first"].as_str() {
        checks.push(same("to_first", wanted, line["to"][0].as_str().unwrap_or_default()));
    }
    let answered = expected["in_reply_to_first"].as_str().or(expected["in_reply_to"][0].as_str());
    if let Some(wanted) = answered {
        checks.push(same("in_reply_to", wanted, text(line, "in_reply_to")));
    }
    checks
}

fn body_checks(expected: &Value, line: &Value) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(wanted) = expected["body_text"].as_str() {
        checks.push(same("body_text", wanted, text(line, "text")));
    }
    let whole = fold(text(line, "text"));
    for part in list(&expected["text_contains"]) {
        checks.push(("text_contains", whole.contains(&part), format!("{part:?} is not in the text")));
    }
    let files = line["attachments"].as_array().unwrap();
    if expected["attachments"].is_array() {
        let wanted = list(&expected["attachments"]);
        let got: Vec<String> = files.iter().map(|file| fold(text(file, "name"))).collect();
        checks.push(("attachments", wanted == got, format!("wanted {wanted:?}, got {got:?}")));
    }
    if let Some(wanted) = expected["attachment_count"].as_u64() {
        checks.push(("attachment_count", wanted == files.len() as u64, format!("wanted {wanted}, got {}", files.len())));
    }
    checks
}

/// Sources that keep signatures in the reply are compared with both, in the order of the mail.
fn reply_checks(expected: &Value, line: &Value) -> Vec<Check> {
    let mut checks = Vec::new();
    let got = if expected["signature"] == "kept" {
        format!("{}\n{}", text(line, "reply_text"), text(line, "signature"))
    } else {
        text(line, "reply_text").to_owned()
    };
    if let Some(wanted) = expected["reply_text"].as_str() {
        let holds = if expected["compare"] == "no-space" { squeeze(wanted) == squeeze(&got) } else { fold(wanted) == fold(&got) };
        checks.push(("reply_text", holds, format!("wanted {wanted:?}, got {got:?}")));
    }
    for part in list(&expected["reply_contains"]) {
        checks.push(("reply_contains", fold(&got).contains(&part), format!("{part:?} is not in {got:?}")));
    }
    for part in list(&expected["reply_not_contains"]) {
        checks.push(("reply_not_contains", !fold(&got).contains(&part), format!("{part:?} is in {got:?}")));
    }
    if let Some(wanted) = expected["signature_text"].as_str() {
        checks.push(same("signature_text", wanted, text(line, "signature")));
    }
    if let Some(wanted) = expected["elided"].as_str() {
        checks.push(same("elided", wanted, text(line, "elided")));
    }
    let forward = &line["forward"];
    if expected["has_forward"] == true {
        checks.push(("has_forward", forward.is_object(), "no forward".to_owned()));
    }
    for key in ["from", "subject", "date", "text"] {
        if let Some(wanted) = expected["forward"][key].as_str() {
            checks.push(same("forward", wanted, text(forward, key)));
        }
    }
    checks
}

fn machine_checks(expected: &Value, line: &Value) -> Vec<Check> {
    let mut checks = Vec::new();
    for (key, class) in [("is_bounce", "bounce"), ("is_auto_reply", "auto_reply"), ("is_feedback_report", "report")] {
        if let Some(wanted) = expected[key].as_bool() {
            checks.push((key, (line["machine"] == class) == wanted, format!("wanted {wanted}, got {}", line["machine"])));
        }
    }
    let bounce = &line["bounce"];
    if expected["bounce_recipient"].is_array() {
        let sorted = |value: &Value| {
            let mut list: Vec<String> = list(value).iter().map(|one| one.to_lowercase()).collect();
            list.sort();
            list.dedup();
            list
        };
        let (wanted, got) = (sorted(&expected["bounce_recipient"]), sorted(&bounce["recipients"]));
        checks.push(("bounce_recipient", wanted == got, format!("wanted {wanted:?}, got {got:?}")));
    }
    // The line has one status and code, so it is asked for one of those the source saw.
    if let Some(wanted) = expected["bounce_status"].as_array() {
        checks.push((
            "bounce_status",
            wanted.contains(&bounce["status"]),
            format!("wanted {wanted:?}, got {}", bounce["status"]),
        ));
    }
    if expected["bounce_smtp_code"].is_array() {
        let wanted = list(&expected["bounce_smtp_code"]);
        let got = bounce["smtp_code"].as_u64().map(|code| code.to_string()).unwrap_or_default();
        let holds = wanted.contains(&got) || wanted.is_empty() && got.is_empty();
        checks.push(("bounce_smtp_code", holds, format!("wanted {wanted:?}, got {got:?}")));
    }
    if let Some(wanted) = expected["bounce_permanent"].as_bool() {
        checks.push(("bounce_permanent", bounce["permanent"] == wanted, format!("wanted {wanted}, got {}", bounce["permanent"])));
    }
    checks
}

#[test]
fn the_printed_line_says_what_the_sources_say() {
    let mut scores: BTreeMap<(String, &'static str), (usize, usize)> = BTreeMap::new();
    let mut misses = Vec::new();
    let mut sets: Vec<PathBuf> = std::fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path()).collect();
    sets.retain(|path| path.is_dir());
    sets.sort();
    for folder in sets {
        let set = folder.file_name().unwrap().to_string_lossy().into_owned();
        for expected in std::fs::read_to_string(folder.join("expected.jsonl")).unwrap().lines() {
            let expected: Value = serde_json::from_str(expected).unwrap();
            let file = expected["file"].as_str().unwrap();
            let line = printed(&std::fs::read(folder.join(file)).unwrap(), file);
            let readers = [header_checks, body_checks, reply_checks, machine_checks];
            for (kind, holds, miss) in readers.iter().flat_map(|reader| reader(&expected, &line)) {
                let score = scores.entry((set.clone(), kind)).or_default();
                score.0 += usize::from(holds);
                score.1 += 1;
                if !holds {
                    misses.push(format!("{set}/{file} {kind}: {miss}"));
                }
            }
        }
    }
    println!("{}", misses.join("\n"));
    let mut low = Vec::new();
    for ((set, kind), (hits, all)) in &scores {
        println!("{set:<22}{kind:<20}{hits:>4} of {all:>4}");
        let allowed = MISSES_MAX.iter().find(|miss| miss.0 == set && miss.1 == *kind).map_or(0, |miss| miss.2);
        if all - hits > allowed {
            low.push(format!("{set} {kind}: {} misses, {allowed} allowed", all - hits));
        }
    }
    assert!(low.is_empty(), "{}\n{}", low.join("\n"), misses.join("\n"));
}
