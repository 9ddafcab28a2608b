//! Conversations in `fixtures/scenario`: dated mails, commands and passing time in; history, timers and mail out.
//!
//! `NAME.scn` is played on the engine with a store that forgets and a clock that stands; what happens is compared with
//! `NAME.out`, which `UPDATE_EXPECT=1` writes anew. The language is told in `fixtures/scenario/README.md`.

mod play;
mod script;

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

fn first_difference(expected: &str, now: &str) -> String {
    let at = expected.lines().zip(now.lines()).take_while(|(left, right)| left == right).count();
    let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
    format!("  line {}: expected {}\n           now      {}", at + 1, line(expected), line(now))
}
