//! Replies, inline answers, forwards and reactions as real clients build them, with the new text expected of each.
//!
//! `fixtures/mail/reply/NAME.eml` is the mail and `NAME.txt` its new text. Both are compared line by line without
//! trailing white space.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, missing_docs, unused_crate_dependencies)]

mod support;

use std::path::PathBuf;

fn fold(text: &str) -> String {
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[test]
fn each_client_leaves_its_new_text() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mail/reply");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    names.sort();
    assert!(names.len() >= 40, "only {} fixtures", names.len());
    let mut failures = Vec::new();
    for path in &names {
        let expect = fold(&std::fs::read_to_string(path.with_extension("txt")).unwrap());
        let raw = std::fs::read(path).unwrap();
        for (version, mail) in support::versions(&raw) {
            let got = fold(&mail.cut().new_text);
            if got != expect {
                failures.push(format!(
                    "{} ({version}): {got:?}\n    expected {expect:?}",
                    path.file_stem().unwrap().to_string_lossy()
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn introductions_are_known_where_the_quote_has_no_marks() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mail/reply");
    let mut failures = Vec::new();
    for language in "bg cs da de en es et fi fr hr hu it ja ko nb nl pl pt ro ru sk sl sv tr uk zh".split(' ') {
        let path = folder.join(format!("gmail_{language}.eml"));
        let expect = fold(&std::fs::read_to_string(path.with_extension("txt")).unwrap());
        let mut mail = support::Bodies::read(&std::fs::read(&path).unwrap());
        mail.html = None;
        mail.text = mail.text.map(|text| text.lines().map(|line| format!("{}\n", line.trim_start_matches(['>', ' ']))).collect());
        let got = fold(&mail.cut().new_text);
        if got != expect {
            failures.push(format!("{language}: {got:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
