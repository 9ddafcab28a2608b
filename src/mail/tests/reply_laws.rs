//! What holds for every body, however odd: nothing is lost, nothing panics, cutting again changes nothing.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, missing_docs, unused_crate_dependencies)]

mod support;

use std::collections::BTreeMap;

use mail::Reply;
use mail::reply_cut::{CutInput, cut};
use proptest::prelude::*;

/// How often each word occurs.
fn words(texts: &[&str]) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    let is_mark = |c: char| !c.is_alphanumeric();
    for word in texts.iter().flat_map(|text| text.split(is_mark)).filter(|word| !word.is_empty()) {
        *count.entry(word.to_owned()).or_default() += 1;
    }
    count
}

fn assert_no_word_lost(body: &str, reply: &Reply) {
    let kept = words(&[&reply.new_text, &reply.elided, &reply.signature]);
    assert_eq!(words(&[body]), kept, "body {body:?}\nreply {reply:?}");
}

fn input(text: &str) -> CutInput<'_> {
    CutInput { text, from_name: Some("Dana Miller"), ..CutInput::default() }
}

/// Lines that mails are made of, in any order.
fn line() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "Hello,",
        "> quoted",
        ">> deeper",
        ">",
        "-- ",
        "--",
        "---",
        "________________________________",
        "Dana",
        "Dana Miller",
        "Regards,",
        "Thanks!",
        "On Mon, Apr 2, 2012 at 6:26 PM, Megan One <xxx@x.example> wrote:",
        "Am 14.05.2024 um 09:58 schrieb Helpdesk <help@desk.example>:",
        "a écrit :",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "From: Bob <b@x.example>",
        "Sent: Monday",
        "To: a@x.example",
        "Subject: Hello",
        "*From:* Bob",
        "Von: Bob",
        "Gesendet: Montag",
        "Betreff: x",
        "Sent from my iPhone",
        "Gesendet von Outlook für Android",
        "CAUTION: external mail from outside",
        "> On Mon, 1 Jan 2024 10:00 Bob <b@x.example> wrote:",
        "##- Please type your reply above this line -##",
        "The printer on the second floor is broken again, please help.",
        "- Bob",
        "reply On Wed, Apr 4, 2012 at 3:59 PM, bob@x.example wrote:",
        "2024/05/14 9:58、Helpdesk <help@desk.example>のメール:",
        "<b@x.example",
        "> wrote:",
        ">From the start",
    ]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => "\\PC{0,30}", 1 => "[ >:@<\\-a-z0-9]{0,20}"]
}

fn body() -> impl Strategy<Value = String> {
    (prop::collection::vec(line(), 0..25), prop::sample::select(vec!["\n", "\r\n", "\r"]))
        .prop_map(|(lines, end)| lines.join(end))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_word_of_a_text_is_lost(body in body()) {
        let reply = cut(&input(&body));
        assert_no_word_lost(&body, &reply);
        if body.chars().any(char::is_alphanumeric) && reply.forward.is_none() {
            prop_assert!(reply.new_text.trim() != "", "{reply:?}");
        }
    }

    #[test]
    fn line_ends_do_not_matter(body in body()) {
        let unix = body.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(cut(&input(&unix)), cut(&input(&unix.replace('\n', "\r\n"))));
    }

    #[test]
    fn no_html_panics_and_its_words_stay(text in body(), noise in "[<>/a-z \"=&;!-]{0,80}") {
        let html = format!("{noise}<div>{}</div>", text.replace('<', "&lt;").replace('\n', "<br>"));
        let converted = mail::html::to_text(&html);
        prop_assert_eq!(converted.marks.len(), if converted.text.is_empty() { 0 } else { converted.text.split('\n').count() });
        let alone = CutInput { html: Some(&html), text: &converted.text, is_text_from_html: true, ..CutInput::default() };
        assert_no_word_lost(&converted.text, &cut(&alone));
        let both = CutInput { html: Some(&html), text: &text, ..CutInput::default() };
        assert_no_word_lost(if text.trim().is_empty() { &converted.text } else { &text }, &cut(&both));
    }

    #[test]
    fn the_text_above_a_quote_is_found_again(answer in "[A-Z][a-z]{2,9}( [a-z]{2,9}){2,12}\\.", body in body()) {
        let quoted = body.replace('\r', "\n").lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n");
        let mail = format!("{answer}\n\nOn Tue, May 14, 2024 at 9:58 AM Helpdesk <help@desk.example> wrote:\n{quoted}\n");
        prop_assert_eq!(cut(&input(&mail)).new_text, answer);
    }
}

#[test]
fn no_word_of_a_fixture_is_lost_and_new_text_is_cut_to_itself() {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let mut seen = 0;
    let mut folders = vec![folder.join("corpus"), folder.join("mail")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "eml") {
                for (_, mail) in support::versions(&std::fs::read(&path).unwrap()) {
                    assert_no_word_lost(&mail.body(), &mail.cut());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 300, "{seen}");
}
