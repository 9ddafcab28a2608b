//! The unit file is checked by systemd itself, and names verbs that exist.

use std::path::{Path, PathBuf};
use std::process::Command;

/// 0 is safest, 10 is none at all.
const EXPOSURE_MAX: f64 = 1.5;

fn unit_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/frontdesk.service")
}

/// Values of a key, in order.
fn values(key: &str) -> Vec<String> {
    let text = std::fs::read_to_string(unit_file()).expect("the unit file is shipped");
    let lines = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_service_is_exposed_as_little_as_promised() {
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(unit_file())
        .output()
        .expect("systemd-analyze runs (package `systemd`)");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let level =
        report.rsplit_once("Overall exposure level").and_then(|(_, rest)| rest.split_whitespace().nth(2).map(str::to_owned));
    let level: f64 = level.and_then(|level| level.parse().ok()).unwrap_or_else(|| panic!("no level in:\n{report}"));
    assert!(level <= EXPOSURE_MAX, "exposure {level}:\n{report}");
}

#[test]
fn systemd_knows_every_key() {
    let output = Command::new("systemd-analyze")
        .arg("verify")
        .arg(unit_file())
        .output()
        .expect("systemd-analyze runs (package `systemd`)");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // The program and its manual are not installed where tests run; all else must be silence.
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| {
            line.contains("frontdesk.service") && !line.contains("/usr/bin/frontdesk") && !line.contains("Command 'man")
        })
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn its_commands_exist() {
    for key in ["ExecStart", "ExecReload"] {
        let commands = values(key);
        assert_eq!(commands.len(), 1, "{key}");
        let mut words = commands[0].split_whitespace();
        assert_eq!(words.next(), Some("/usr/bin/frontdesk"));
        let verb = words.next().expect("a verb");
        let output = Command::new(env!("CARGO_BIN_EXE_frontdesk")).args([verb, "--help"]).output().expect("the program runs");
        assert!(output.status.success(), "{key}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn it_starts_under_the_watchdog_and_reloads_by_the_command_that_can_refuse() {
    assert_eq!(values("Type"), ["notify"]);
    assert_eq!(values("WatchdogSec").len(), 1);
    assert_eq!(values("StateDirectoryMode"), ["0700"]);
    assert_eq!(values("DynamicUser"), ["yes"]);
}
