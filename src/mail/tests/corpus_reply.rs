//! Scores the reply cut on messages with expected results from other projects' test suites.
//!
//! Texts are compared after folding white space. `signature: kept` means that the source leaves signatures in the reply,
//! so new text and signature are compared together, in that order; `stripped` compares the new text alone.
//!
//! The sources contradict each other and us in places. What we follow:
//! - A forward is not the sender's own text (quotequail, crisp); talon leaves it in the reply (062).
//! - A mail that is nothing but a quote is kept whole (talon, and our rule that no mail may come out empty); quotequail
//!   expects an empty reply (012).
//! - A mail that begins with a header block, without a forward's subject or separator, is text (mail_parser_reply 014, and
//!   web forms look like that); quotequail takes the block for a forward with nothing above it (026). `forward` is set.
//! - A closing with a name is signature (talon, crisp "with_regards", mail_parser_reply); crisp keeps "Sincerely" and a
//!   company name (034).
//! - "-Name" as last line is signature (talon, email_reply_parser, mail_parser_reply); crisp keeps it (001).
//! - A line that lost its quote mark to wrapping and begins a sentence of its own is kept (crisp 005 drops it).
//! - Within a mail whose whole content is one block quote, what stands above the introduction is new; talon keeps all (077).
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stdout, missing_docs, unused_crate_dependencies)]

mod support;

use std::path::PathBuf;

use mail::{Forward, Reply};
use serde_json::Value;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus")
}

fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
}

fn read(raw: &[u8], headers_are_real: bool) -> Reply {
    let mut mail = support::Bodies::read(raw);
    if !headers_are_real {
        mail.subject.clear();
        mail.from_name = None;
    }
    mail.cut()
}

/// The reply as the source counts it.
fn reply_text(expected: &Value, reply: &Reply) -> String {
    if expected["signature"] == "kept" { format!("{}\n{}", reply.new_text, reply.signature) } else { reply.new_text.clone() }
}

fn forward_agrees(expected: &Value, forward: &Forward) -> bool {
    let text = |key: &str| expected.get(key).and_then(Value::as_str).map(fold);
    let agrees = |key: &str, value: Option<&str>| text(key).is_none_or(|wanted| value.map(fold) == Some(wanted));
    agrees("from", forward.from.as_deref())
        && agrees("subject", forward.subject.as_deref())
        && agrees("date", forward.date.as_deref())
        && agrees("text", Some(&forward.text))
        && text("to").is_none_or(|wanted| fold(&forward.to.join(", ")) == wanted)
}

/// Every check that one message makes, by name, with whether it holds.
fn checks(expected: &Value, reply: &Reply) -> Vec<(String, bool)> {
    let mut checks = Vec::new();
    let got = reply_text(expected, reply);
    if let Some(wanted) = expected["reply_text"].as_str() {
        let same = if expected["compare"] == "no-space" { squeeze(&got) == squeeze(wanted) } else { fold(&got) == fold(wanted) };
        checks.push((format!("reply_text {got:?} is not {wanted:?}"), same));
    }
    for needle in expected["reply_contains"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        checks.push((format!("{needle:?} is not in {got:?}"), fold(&got).contains(&fold(needle))));
    }
    for needle in expected["reply_not_contains"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        checks.push((format!("{needle:?} is in {got:?}"), !fold(&got).contains(&fold(needle))));
    }
    if let Some(wanted) = expected["signature_text"].as_str() {
        checks.push((format!("signature {:?} is not {wanted:?}", reply.signature), fold(&reply.signature) == fold(wanted)));
    }
    if let Some(wanted) = expected["elided"].as_str() {
        checks.push((format!("elided {:?} is not {wanted:?}", reply.elided), fold(&reply.elided) == fold(wanted)));
    }
    if expected["has_forward"] == true {
        checks.push(("no forward".to_owned(), reply.forward.is_some()));
    }
    if let Some(wanted) = expected.get("forward") {
        let agrees = reply.forward.as_ref().is_some_and(|forward| forward_agrees(wanted, forward));
        checks.push((format!("forward {:?} is not {wanted}", reply.forward), agrees));
    }
    if let Some(wanted) = expected["forward_before"].as_str() {
        // Text below the forward is the sender's too; the source only says what stands above.
        let above = fold(&format!("{}\n{}", reply.new_text, reply.signature));
        checks.push((
            format!("{:?} does not begin with {wanted:?}", reply.new_text),
            above.starts_with(&fold(wanted)) && (!wanted.is_empty() || above.is_empty()),
        ));
    }
    checks
}

struct Score {
    good: usize,
    all: usize,
    failures: Vec<String>,
}

/// Scores a set by messages, or by single checks.
fn score(set: &str, by_check: bool) -> Score {
    let folder = corpus().join(set);
    let expected = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let mut score = Score { good: 0, all: 0, failures: Vec::new() };
    for line in expected.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let file = expected["file"].as_str().unwrap();
        let reply = read(&std::fs::read(folder.join(file)).unwrap(), expected["synthetic_headers"] != true);
        let checks = checks(&expected, &reply);
        let failed: Vec<String> =
            checks.iter().filter(|(_, good)| !good).map(|(name, _)| format!("{set}/{file}: {name}")).collect();
        if by_check {
            score.all += checks.len();
            score.good += checks.len() - failed.len();
        } else if !checks.is_empty() {
            score.all += 1;
            score.good += usize::from(failed.is_empty());
        }
        score.failures.extend(failed);
    }
    score
}

#[test]
fn the_cut_agrees_with_the_sources() {
    // Set, percent required, whether single checks are counted.
    let required = [
        ("talon", 97, false),
        ("talon_signature", 90, false),
        ("email_reply_parser", 100, false),
        ("crisp_reply", 85, false),
        ("willdurand_reply", 85, false),
        ("quotequail", 90, false),
        ("mail_parser_reply", 95, true),
        ("zapier_reply", 100, false),
    ];
    let mut table = String::from("set                   good   all  percent  required\n");
    let mut short = Vec::new();
    let mut failures = Vec::new();
    for (set, percent, by_check) in required {
        let score = score(set, by_check);
        #[allow(clippy::cast_precision_loss)]
        let reached = 100.0 * score.good as f64 / score.all as f64;
        table += &format!("{set:<20} {:>5} {:>5} {reached:>8.1} {percent:>9}\n", score.good, score.all);
        failures.extend(score.failures);
        if score.good * 100 < percent * score.all {
            short.push(set);
        }
    }
    println!("{table}\n{}", failures.join("\n"));
    assert!(short.is_empty(), "below the required share: {short:?}\n{table}");
}
