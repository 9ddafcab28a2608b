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

/// Ends a child: TERM, after `patience` KILL, then reaps it. What it started and left behind is killed too.
pub fn end(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let family = descendants(child.id());
    signal(child, Signal::TERM);
    let status = exited_within(child, patience).or_else(|| {
        child.kill().ok();
        child.wait().ok()
    });
    kill_all(&family);
    status
}

/// Kills a child and everything that it started at once, as a crash of the machine would.
pub fn kill_tree(child: &mut Child) {
    // Stopped first, so that it starts no more while we count.
    signal(child, Signal::STOP);
    let family = descendants(child.id());
    child.kill().ok();
    child.wait().ok();
    kill_all(&family);
}

/// Waits for the child's exit.
pub fn exited_within(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    wait_some(patience, || child.try_wait().ok().flatten())
}

/// A process, told apart from a later one with the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Process {
    pid: u32,
    parent: u32,
    /// Start of the process in clock ticks since boot.
    started: u64,
}

/// Kills these, unless they have ended, and waits until they have: their sockets are closed then.
fn kill_all(family: &[Process]) {
    let alive = |process: &Process| look(process.pid).is_some_and(|now| now.started == process.started);
    for process in family.iter().filter(|process| alive(process)) {
        if let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) {
            rustix::process::kill_process(pid, Signal::KILL).ok();
        }
    }
    // In vain only if the kernel is stuck, and then the next start will say what is wrong.
    let _gone = wait_some(Duration::from_secs(5), || (!family.iter().any(alive)).then_some(()));
}

/// Every process below `root`, without `root`.
fn descendants(root: u32) -> Vec<Process> {
    let ids = std::fs::read_dir("/proc").expect("read /proc").flatten();
    let all: Vec<Process> = ids.filter_map(|entry| look(entry.file_name().to_str()?.parse().ok()?)).collect();
    let mut family: BTreeSet<u32> = BTreeSet::from([root]);
    loop {
        let before = family.len();
        let children: Vec<u32> =
            all.iter().filter(|process| family.contains(&process.parent)).map(|process| process.pid).collect();
        family.extend(children);
        if family.len() == before {
            return all.into_iter().filter(|process| process.pid != root && family.contains(&process.pid)).collect();
        }
    }
}

/// A process that has not ended, from `/proc/PID/stat` (proc_pid_stat(5)).
fn look(pid: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses and may contain anything, parentheses included.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // A zombie holds nothing any more and waits for a parent that may never ask.
    (*fields.first()? != "Z").then_some(())?;
    Some(Process { pid, parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? })
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
