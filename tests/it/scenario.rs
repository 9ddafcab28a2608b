//! Conversations in `fixtures/scenario`: dated mails, commands and passing time in; history, timers and mail out.
//!
//! `NAME.scn` is played on the engine with a store that forgets and a clock that stands; what happens is compared with
//! `NAME.out`, which `UPDATE_EXPECT=1` writes anew. The language is told in `fixtures/scenario/README.md`.

mod play;
mod script;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenario")
}

/// Every conversation there is, in order of name.
fn all() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder())
        .expect("a folder of ours")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "scn"))
        .collect();
    found.sort();
    found
}

/// What happens in a conversation, as text.
fn played(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a script of ours");
    let script = script::read(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
    play::play(&folder(), &script).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()))
}

#[test]
fn conversations_go_as_expected() {
    let mut wrong = Vec::new();
    for path in all() {
        let now = played(&path);
        let file = path.with_extension("out");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&file, &now).expect("written");
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if now != expected {
            wrong.push(format!("{}\n{}", path.display(), first_difference(&expected, &now)));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_EXPECT=1 writes these anew; read the difference:\n{}", wrong.join("\n"));
}

/// Names in backticks in the second column of a table.
fn named(readme: &str) -> BTreeSet<String> {
    let table = readme.split_once("## What shows what").map_or("", |(_, table)| table);
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let shown = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit_once(" | ").map(|(_, shown)| shown));
    shown.flat_map(|shown| shown.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_row_names_conversations_that_there_are_and_none_is_left_out() {
    let readme = fs::read_to_string(folder().join("README.md")).expect("a file of ours");
    let named = named(&readme);
    let played: BTreeSet<String> = all().iter().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    let missing: Vec<_> = named.difference(&played).collect();
    let unnamed: Vec<_> = played.difference(&named).collect();
    assert!(missing.is_empty() && unnamed.is_empty(), "not there: {missing:?}; in no row: {unnamed:?}");
}

fn first_difference(expected: &str, now: &str) -> String {
    let at = expected.lines().zip(now.lines()).take_while(|(left, right)| left == right).count();
    let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
    format!("  line {}: expected {}\n           now      {}", at + 1, line(expected), line(now))
}
