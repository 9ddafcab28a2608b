//! Scores the reading of delivery reports on the samples of two other projects.
//!
//! Where they contradict each other or us:
//! - Recipients: flufl takes Original-Recipient before Final-Recipient, sisimai the reverse. We follow flufl, since the
//!   original is the address we wrote to; sisimai's samples assert no address.
//! - "expanded from" and "generated from": flufl counts both ends, sisimai one. We follow flufl, since either may be the
//!   address of our participant; this costs one count of sisimai, which no threshold uses.
//! - Permanence: flufl calls a failed delivery permanent whatever its status, sisimai asks whether the address is dead
//!   ("hard"). We follow flufl: the question is whether this mail still has a chance.
//! - A person who forwards a report (sisimai 365) is a bounce to sisimai. To us it is a person who asks something, and a
//!   person must never be filed away.
//! - The count of sisimai 541 contradicts its single group of fields; we follow the fields.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests read fixtures, print scores, fail loudly"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mail::{Bounce, MachineClass, machine};
use serde_json::Value;

fn corpus(set: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/corpus").join(set)
}

/// Hits out of checks.
#[derive(Default)]
struct Score {
    hits: usize,
    checks: usize,
    misses: Vec<String>,
}

impl Score {
    fn check(&mut self, hit: bool, miss: impl FnOnce() -> String) {
        self.checks += 1;
        if hit { self.hits += 1 } else { self.misses.push(miss()) }
    }

    fn percent(&self) -> f64 {
        if self.checks == 0 { 100.0 } else { 100.0 * self.hits as f64 / self.checks as f64 }
    }
}

#[derive(Default)]
struct Scores {
    class: Score,
    recipients: Score,
    status: Score,
    code: Score,
    permanent: Score,
    count: Score,
}

/// Reads every message of a set and scores what the source asserts about it.
fn score(set: &str) -> Scores {
    let folder = corpus(set);
    let mut scores = Scores::default();
    for line in std::fs::read_to_string(folder.join("expected.jsonl")).unwrap().lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let file = expected["file"].as_str().unwrap();
        let name = format!("{file} {}", expected["source"].as_str().unwrap().rsplit('/').next().unwrap());
        let raw = std::fs::read(folder.join(file)).unwrap();
        let message = mail::parse(&raw).message;
        let bounce = message.bounce.clone();
        let class = machine::class_of(&message);
        for (field, kind) in [
            ("is_bounce", MachineClass::Bounce),
            ("is_auto_reply", MachineClass::AutoReply),
            ("is_feedback_report", MachineClass::Report),
        ] {
            if let Some(wanted) = expected[field].as_bool() {
                scores
                    .class
                    .check((class == Some(kind)) == wanted, || format!("{name}: {field} wanted {wanted}, class {class:?}"));
            }
        }
        check_bounce(&mut scores, &expected, &name, bounce.as_ref());
    }
    scores
}

fn check_bounce(scores: &mut Scores, expected: &Value, name: &str, bounce: Option<&Bounce>) {
    let recipients = bounce.map(|bounce| bounce.recipients.as_slice()).unwrap_or_default();
    let compare = |score: &mut Score, field: &str, got: BTreeSet<String>| {
        if let Some(list) = expected[field].as_array() {
            let wanted: BTreeSet<String> = list.iter().map(|value| value.as_str().unwrap().to_lowercase()).collect();
            score.check(wanted == got, || {
                format!(
                    "{name}: {field} wanted {wanted:?}, got {got:?} {:?}",
                    recipients.first().and_then(|one| one.diagnostic.clone())
                )
            });
        }
    };
    compare(&mut scores.recipients, "bounce_recipient", recipients.iter().map(|one| one.address.to_lowercase()).collect());
    compare(&mut scores.status, "bounce_status", recipients.iter().filter_map(|one| one.status.clone()).collect());
    compare(
        &mut scores.code,
        "bounce_smtp_code",
        recipients.iter().filter_map(|one| one.smtp_code.map(|code| code.to_string())).collect(),
    );
    if let Some(wanted) = expected["bounce_permanent"].as_bool() {
        let got = recipients.first().is_some_and(|one| one.permanent);
        scores.permanent.check(wanted == got, || format!("{name}: permanent wanted {wanted}, got {got}"));
    }
    if let Some(wanted) = expected["bounce_count"].as_u64() {
        scores.count.check(wanted == recipients.len() as u64, || {
            format!(
                "{name}: count wanted {wanted}, got {} {:?}",
                recipients.len(),
                recipients.iter().map(|one| &one.address).collect::<Vec<_>>()
            )
        });
    }
}

fn print(set: &str, scores: &Scores) {
    let rows = [
        ("class", &scores.class),
        ("recipients", &scores.recipients),
        ("status", &scores.status),
        ("smtp code", &scores.code),
        ("permanent", &scores.permanent),
        ("count", &scores.count),
    ];
    for (what, score) in rows.iter().filter(|(_, score)| score.checks > 0) {
        println!("{set:<14}{what:<12}{:>4} of {:>4}  {:>6.2} %", score.hits, score.checks, score.percent());
        for miss in &score.misses {
            println!("    {miss}");
        }
    }
}

#[test]
fn recipients_of_the_flufl_samples_are_found() {
    let scores = score("flufl_bounce");
    print("flufl_bounce", &scores);
    assert!(scores.recipients.percent() >= 99.0, "recipients {:.2} %", scores.recipients.percent());
    assert!(scores.class.percent() >= 98.0, "class {:.2} %", scores.class.percent());
    assert!(scores.permanent.percent() >= 98.0, "permanent {:.2} %", scores.permanent.percent());
}

#[test]
fn class_status_and_code_of_the_sisimai_samples_are_found() {
    let scores = score("sisimai");
    print("sisimai", &scores);
    assert!(scores.class.percent() >= 98.0, "class {:.2} %", scores.class.percent());
    assert!(scores.status.percent() >= 95.0, "status {:.2} %", scores.status.percent());
    assert!(scores.code.percent() >= 95.0, "SMTP code {:.2} %", scores.code.percent());
}
