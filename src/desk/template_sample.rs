//! What a text is tried with before anybody gets it: everything that mails of its kind can say, and nothing of it.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::ValueKind;

/// Names that every text of a kind may use, filled and empty.
#[must_use]
pub(crate) fn contexts(name: &str) -> [BTreeMap<&'static str, Value>; 2] {
    let kind = kind_of(name);
    let known = ALL.iter().filter(|(_, kinds, _)| kinds.contains(&kind));
    let full: BTreeMap<&str, Value> = known.map(|(key, _, full)| (*key, full())).collect();
    let empty = full.iter().map(|(key, value)| (*key, emptied(key, value))).collect();
    [full, empty]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Acknowledgement,
    Questions,
    Signature,
    FollowUp,
    Issue,
    Article,
    Saved,
    List,
}

/// Texts of the operator are acknowledgements unless they take the name of another text, or of a saved answer.
fn kind_of(name: &str) -> Kind {
    match name {
        "questions" => Kind::Questions,
        "signature" => Kind::Signature,
        "nudge" | "closing-soon" | "closed" | "check-in" | "status" | "noted" | "issue-joined" | "issue-update"
        | "issue-solved" | "new-time" | "vendor-date" => Kind::FollowUp,
        "status-list" => Kind::List,
        "article" => Kind::Article,
        _ if name.starts_with("answer-") => Kind::Saved,
        _ if name == "issue" || name.starts_with("issue-") => Kind::Issue,
        _ => Kind::Acknowledgement,
    }
}

type Entry = (&'static str, &'static [Kind], fn() -> Value);

const ALL: [Entry; 37] = {
    use Kind::{
        Acknowledgement as A, Article as H, FollowUp as F, Issue as I, List as L, Questions as Q, Saved as R, Signature as S,
    };
    [
        ("name", &[A, Q, F, H, L, R], || Value::from("Dana")),
        ("reference", &[A, Q, F, S, R], || Value::from("T-4821")),
        ("due", &[A], || Value::from("Tuesday 24 November, 11:00 (your time)")),
        ("new_time", &[F], || Value::from("Wednesday 25 November, 10:00 (your time)")),
        ("promised", &[F], || Value::from("Tuesday 24 November, 10:00 (your time)")),
        ("vendor", &[F], || Value::from("Northgate IT")),
        ("opens", &[A], || Value::from("Tuesday 24 November, 09:00 (your time)")),
        ("questions", &[A, Q, F], || Value::from(vec!["Serial number on the back label", "Router model"])),
        ("quote", &[A], || Value::from("It drops off Wi-Fi every night")),
        ("signature", &[A, Q, F, L], || Value::from("Fernhill Support")),
        ("question", &[F], || Value::from("Which channel is it on?\nAnd which firmware?")),
        ("closes", &[F], || Value::from("Thursday 3 December")),
        ("done", &[F], || Value::from("Set the channel to 11.")),
        ("rating", &[F], || Value::from(true)),
        ("by_silence", &[F], || Value::from(true)),
        ("lines", &[F, L], || Value::from(vec!["We are working on it."])),
        ("unlisted", &[L], || Value::from(true)),
        ("older", &[L], || Value::from(true)),
        ("noted", &[F], || Value::from(vec!["Serial number: FH-20931"])),
        ("reopen_days", &[F], || Value::from(14)),
        ("maybe", &[A], || Value::from(BTreeMap::from([("title", "Probe loses Wi-Fi"), ("url", "https://help.example/112")]))),
        ("policy", &[A], || Value::from("Refunds take up to ten days.")),
        ("key", &[A], || Value::from("https://fernhill.example/security.asc")),
        ("people", &[A], || Value::from("Maya, Tomasz and Aisha · Mon-Fri 9:00-17:30 (London)")),
        ("known", &[A], || Value::from("Cloud sync is slow in Europe.")),
        ("issue", &[F], || Value::from("Cloud sync is slow in Europe")),
        ("words", &[F], || Value::from("It is faster again in most places.")),
        ("title", &[H, I], || Value::from("Probe loses Wi-Fi")),
        ("alone", &[H, R], || Value::from(true)),
        ("url", &[H], || Value::from("https://help.example/112")),
        ("text", &[H], || Value::from("Set the channel to 11.")),
        ("workaround", &[I], || Value::from("Upload at night.")),
        ("told", &[I], || Value::from("We found the cause.")),
        ("subject", &[R], || Value::from("Probe drops off Wi-Fi every night")),
        ("inbox", &[S, R], || Value::from("Fernhill Support")),
        ("company", &[S, R], || Value::from("Fernhill")),
        ("agent", &[S, R], || Value::from("Maya Chen")),
    ]
};

/// The same name with nothing in it. Whose mail it is, and about what, is always there.
fn emptied(key: &str, value: &Value) -> Value {
    match value.kind() {
        _ if matches!(key, "reference" | "signature" | "inbox" | "company" | "title" | "subject") => value.clone(),
        ValueKind::Seq => Value::from(Vec::<String>::new()),
        ValueKind::Bool => Value::from(false),
        ValueKind::String | ValueKind::Map => Value::from(()),
        _ => value.clone(),
    }
}
