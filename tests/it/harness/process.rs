//! Processes and accounts of the machine, for servers that change to another user.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::wait::wait_some;

/// User and group of an account of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Numeric user id.
    pub uid: u32,
    /// Numeric group id.
    pub gid: u32,
}

/// Looks up a system account in `/etc/passwd`.
pub fn account(name: &str) -> Account {
    let text = std::fs::read_to_string("/etc/passwd").expect("read /etc/passwd");
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    let fields: Vec<&str> = line.unwrap_or_else(|| panic!("no account `{name}` in /etc/passwd")).split(':').collect();
    Account { uid: fields[2].parse().expect("a numeric uid"), gid: fields[3].parse().expect("a numeric gid") }
}

/// Numeric id of a group in `/etc/group`.
pub fn group(name: &str) -> u32 {
    let text = std::fs::read_to_string("/etc/group").expect("read /etc/group");
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("no group `{name}` in /etc/group"));
    line.split(':').nth(2).expect("a third field").parse().expect("a numeric gid")
}

/// The path of a server's program.
///
/// # Panics
/// If it is missing, or if we are not root: both servers drop privileges by themselves and must start with them.
#[track_caller]
pub fn require(program: &str, package: &str) -> PathBuf {
    let path = PathBuf::from(program);
    assert!(path.exists(), "{program} is missing: this test needs the Debian package `{package}` (tests/run installs it)");
    assert!(
        rustix::process::getuid().is_root(),
        "{program} can only be started by root: run the tests as root or through tests/run, which uses sudo"
    );
    path
}

/// Sends `signal` to a child that was not waited for yet.
pub fn signal(child: &Child, signal: Signal) {
    // A child that has just exited is a zombie until waited for, so its id cannot belong to another.
    rustix::process::kill_process(Pid::from_child(child), signal).ok();
}

/// Ends a child: TERM, after `patience` KILL, then reaps it.
pub fn end(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    signal(child, Signal::TERM);
    if let Some(status) = exited_within(child, patience) {
        return Some(status);
    }
    let orphans = descendants(child.id());
    child.kill().ok();
    kill_all(&orphans);
    child.wait().ok()
}

/// Kills a child and everything that it started at once, as a crash of the machine would.
pub fn kill_tree(child: &mut Child) {
    // Stopped first, so that it starts no more while we count.
    signal(child, Signal::STOP);
    let family = descendants(child.id());
    child.kill().ok();
    kill_all(&family);
    child.wait().ok();
}

/// Waits for the child's exit.
pub fn exited_within(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    wait_some(patience, || child.try_wait().ok().flatten())
}

fn kill_all(pids: &BTreeSet<u32>) {
    for pid in pids {
        if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
            rustix::process::kill_process(pid, Signal::KILL).ok();
        }
    }
}

/// Every process below `root`, without `root`.
fn descendants(root: u32) -> BTreeSet<u32> {
    let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
        .expect("read /proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((pid, parent(pid)?)))
        .collect();
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        found.extend(
            parents
                .iter()
                .filter(|(_, parent)| *parent == root || found.contains(parent))
                .map(|(pid, _)| *pid)
                .collect::<Vec<_>>(),
        );
        if found.len() == before {
            return found;
        }
    }
}

fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses and may contain anything, parentheses included.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Gives a file or directory to an account.
pub fn chown(path: &Path, owner: Account) {
    std::os::unix::fs::chown(path, Some(owner.uid), Some(owner.gid))
        .unwrap_or_else(|err| panic!("chown {}: {err}", path.display()));
}

/// The last lines of a log, for panic messages.
pub fn tail(path: &Path, lines: usize) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
