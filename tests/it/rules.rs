//! Rules about the code, as tests: who may see whom, who reads the clock, what is shipped, how long a file may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use frontdesk::cli::Args;
use regex::Regex;

use crate::harness::frontdesk::Desk;

/// Longest file. A file about one thing, with its tests, fits.
const LINES_MAX: usize = 600;
/// Units and how high they stand: each sees lower ones only, so siblings never see each other.
const RANKS: [(&str, u8); 17] = [
    ("clock", 0),
    ("failpoint", 0),
    ("mail", 0),
    ("metrics", 0),
    ("desk", 1),
    ("supervisor", 1),
    ("telemetry", 1),
    ("config", 2),
    ("store", 2),
    ("engine", 3),
    ("ingest", 4),
    ("notify", 4),
    ("outbox", 4),
    ("web", 4),
    ("cli", 5),
    ("lib", 6),
    ("main", 6),
];
/// Where `cli` wires the siblings together; its other files see none of them.
const WIRING: [&str; 2] = ["src/cli/run.rs", "src/cli/wiring.rs"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below a directory, as paths relative to the root, in order.
fn files(below: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(below)];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a folder of ours").map(|entry| entry.expect("readable").path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|own| own == extension) || extension.is_empty() {
                found.push(entry.strip_prefix(root()).expect("below").to_owned());
            }
        }
    }
    found.sort();
    found
}

fn text(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(root().join(file)).expect("readable")).into_owned()
}

/// Without comments, so that a mention is no import.
fn code(file: &Path) -> String {
    text(file).lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The unit of a file: the first name below `src`.
fn unit(file: &Path) -> String {
    let first = file.components().nth(1).expect("below src").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// What a file names of other units, by paths anywhere in its code.
fn seen(file: &Path) -> BTreeSet<String> {
    let code = code(file);
    let own = unit(file);
    let pure = matches!(own.as_str(), "mail" | "desk");
    let mut seen = BTreeSet::new();
    // `use crate::{a, b::c}` and `crate::a::b`; in the program itself, `frontdesk::a`.
    let paths = Regex::new(r"\b(?:crate|frontdesk)::(\{[^;]*?\};|[a-z_]+)").expect("good");
    let name = Regex::new(r"(?:^\{|,)\s*([a-z_]+)").expect("good");
    for found in paths.captures_iter(&code).filter(|_| !pure) {
        if found[1].starts_with('{') {
            // Names within inner braces are taken for units too, where they happen to be called like one.
            seen.extend(name.captures_iter(&found[1]).map(|found| found[1].to_owned()));
        } else {
            seen.insert(found[1].to_owned());
        }
    }
    let crates = Regex::new(r"(?:^|[^:\w])(mail|desk)::").expect("good");
    seen.extend(crates.captures_iter(&code).map(|found| found[1].to_owned()));
    seen.remove(&own);
    seen.retain(|name| RANKS.iter().any(|(known, _)| known == name));
    seen
}

#[test]
fn imports_go_downwards_and_are_as_written_down() {
    let mut table: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files("src", "rs") {
        if !file.components().any(|part| part.as_os_str() == "tests") {
            table.entry(unit(&file)).or_default().extend(seen(&file));
        }
    }
    let rank = |name: &str| RANKS.iter().find(|(known, _)| *known == name).map(|(_, rank)| *rank);
    for (from, to) in &table {
        let own = rank(from).unwrap_or_else(|| panic!("src/{from} has no place in the table of RANKS"));
        for name in to {
            assert!(rank(name) < Some(own), "src/{from} must not see {name}");
        }
    }
    let lines: Vec<String> = table
        .iter()
        .map(|(from, to)| format!("{from:<11}{}", to.iter().cloned().collect::<Vec<_>>().join(" ")).trim_end().to_owned())
        .collect();
    compare("tests/it/rules/imports.txt", &(lines.join("\n") + "\n"));
}

/// With `UPDATE_EXPECT=1` the file is written anew; read the difference.
fn compare(file: &str, now: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(root().join(file), now).expect("writable");
    }
    let expected = fs::read_to_string(root().join(file)).unwrap_or_default();
    assert_eq!(now, expected, "{file} differs; UPDATE_EXPECT=1 writes it anew");
}

#[test]
fn only_the_wiring_sees_intake_sending_and_pages_at_once() {
    for file in files("src/cli", "rs") {
        let siblings: Vec<String> =
            seen(&file).into_iter().filter(|name| RANKS.iter().any(|(known, rank)| known == name && *rank == 4)).collect();
        let may = WIRING.iter().any(|known| Path::new(known) == file);
        assert!(may || siblings.is_empty(), "{} sees {siblings:?}", file.display());
    }
}

#[test]
fn the_clock_is_read_in_one_file() {
    // Monotonic instants are no dates: they bound waits in the shell and never reach an event.
    let wall = Regex::new(r"\b(Timestamp|Zoned|SystemTime|Utc|Local)::now\b").expect("good");
    let instant = Regex::new(r"\bInstant::now\b").expect("good");
    for file in files("src", "rs").into_iter().filter(|file| file != Path::new("src/clock.rs")) {
        let code = code(&file);
        assert!(!wall.is_match(&code), "{} reads the clock", file.display());
        let decides = matches!(unit(&file).as_str(), "mail" | "desk" | "store" | "config");
        assert!(!(decides && instant.is_match(&code)), "{} measures time", file.display());
    }
}

#[test]
fn no_file_is_too_long() {
    for file in files("src", "rs").into_iter().chain(files("tests", "rs")) {
        let lines = text(&file).lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines; {LINES_MAX} are allowed", file.display());
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let needles = [concat!("/wo", "rk/"), concat!("/ro", "ot/.cargo"), concat!("/ho", "me/")];
    let folders = ["src", "tests", "config", "systemd", "benches", ".ci"];
    let mut all: Vec<PathBuf> = folders.iter().flat_map(|folder| files(folder, "")).collect();
    all.extend(["Cargo.toml", "README.md"].map(PathBuf::from));
    for file in all {
        let text = text(&file);
        for needle in needles {
            assert!(!text.contains(needle), "{} contains {needle}", file.display());
        }
    }
}

#[test]
fn the_readme_names_every_folder_and_both_commands() {
    let readme = text(Path::new("README.md"));
    for entry in fs::read_dir(root()).expect("readable").map(|entry| entry.expect("readable")) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_ours = entry.path().is_dir() && !matches!(name.as_str(), "target" | ".git");
        assert!(!is_ours || readme.contains(&format!("`{name}/")), "README.md does not name `{name}/`");
    }
    for needle in ["cargo run --release -- demo", "tests/run", "config/frontdesk.toml", "## Speed", "## Changes"] {
        assert!(readme.contains(needle), "README.md does not say {needle}");
    }
}

#[test]
fn the_manual_and_the_completions_know_every_verb() {
    let desk = Desk::new("");
    let man = desk.cli(&["man"]).stdout;
    let shells = ["bash", "zsh", "fish"].map(|shell| desk.cli(&["completions", shell]).stdout);
    for verb in Args::command().get_subcommands() {
        let name = verb.get_name();
        // The manual writes a hyphen as `\-`.
        assert!(man.contains(&format!("frontdesk\\-{name}")), "the manual does not know {name}");
        for completions in &shells {
            assert!(completions.contains(name), "completions do not know {name}");
        }
    }
}

/// A desk that finds the secrets which the reference configuration names.
fn with_credentials() -> Desk {
    let desk = Desk::new("");
    for name in ["m365-secret", "signing-key", "slack-url"] {
        desk.write(&format!("credentials/{name}"), "https://hooks.example/0123456789abcdef0123456789abcdef\n");
    }
    desk.set_env("CREDENTIALS_DIRECTORY", &desk.path("credentials").display().to_string());
    desk
}

/// What `describe` says of the reference company.
#[test]
fn the_reference_company_is_described_in_sentences() {
    let desk = with_credentials();
    desk.set_env("FRONTDESK_CONFIG", &root().join("config/frontdesk.toml").display().to_string());
    let output = desk.cli_bare(&["--quiet", "describe"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    compare("fixtures/describe.md", &output.stdout);
}

/// The examples load, and their tests pass through the real pipeline.
#[test]
fn the_shipped_configurations_are_good() {
    let desk = with_credentials();
    for name in ["config/frontdesk.toml", "config/demo/frontdesk.toml", "config/minimal.toml"] {
        desk.write("mail.password", "secret\n");
        let mut path = root().join(name);
        if name != "config/frontdesk.toml" {
            // Their secrets lie beside them.
            path = desk.write("shipped.toml", &text(Path::new(name)));
        }
        desk.set_env("FRONTDESK_CONFIG", &path.display().to_string());
        for verb in ["check", "test"] {
            let output = desk.cli_bare(&[verb]);
            assert_eq!(output.code, Some(0), "{verb} {name}: {output:?}");
            assert!(!output.stdout.contains("error"), "{verb} {name}: {output:?}");
        }
    }
}
