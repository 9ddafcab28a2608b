//! The daemon under test: its directory, its process, and its command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::process;
use super::wait::wait_some;

/// The binary that cargo built for these tests.
const PROGRAM: &str = env!("CARGO_BIN_EXE_frontdesk");
/// For what takes the daemon well below a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// A stop may wait for one mail in flight.
const STOP_PATIENCE: Duration = Duration::from_secs(40);
/// Library that fakes the clock of a process, Debian package `faketime`.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// What a command printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
}

/// A desk: a directory with `frontdesk.toml`, and at times a daemon that runs on it. Dropping it kills the daemon.
#[derive(Debug)]
pub struct Desk {
    dir: TempDir,
    env: Mutex<Vec<(String, String)>>,
    daemon: Mutex<Option<Child>>,
}

impl Desk {
    /// A directory with this `frontdesk.toml` and a signing key in `signing.key`; nothing runs yet.
    pub fn new(config: &str) -> Desk {
        let dir = tempfile::Builder::new().prefix("fd-desk-").tempdir().unwrap();
        let desk = Desk { dir, env: Mutex::default(), daemon: Mutex::new(None) };
        desk.write("signing.key", "0123456789abcdef0123456789abcdef\n");
        desk.write("frontdesk.toml", config);
        desk
    }

    /// [`Desk::new`], and the daemon runs.
    #[track_caller]
    pub fn run(config: &str) -> Desk {
        let desk = Desk::new(config);
        desk.start();
        desk
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A path in the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file of the desk, private as secrets have to be, and returns its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("below the directory")).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Sets a variable for daemons and commands started from now on: `FRONTDESK_FAILPOINT` and the like.
    pub fn set_env(&self, name: &str, value: &str) {
        self.unset_env(name);
        self.env.lock().unwrap().push((name.to_owned(), value.to_owned()));
    }

    /// Takes [`Desk::set_env`] back.
    pub fn unset_env(&self, name: &str) {
        self.env.lock().unwrap().retain(|(known, _)| known != name);
    }

    /// Shifts the wall clock of the daemon, for example by `+1h` or `-1y`; a running one follows within its next look
    /// at the clock, if it was started after the first call. The monotonic clock is left alone.
    ///
    /// # Panics
    /// If libfaketime is missing.
    pub fn shift_clock(&self, offset: &str) {
        assert!(Path::new(FAKETIME).exists(), "{FAKETIME} is missing: install the Debian package `faketime` (tests/run does)");
        let file = self.write("faketime", &format!("{offset}\n"));
        self.set_env("LD_PRELOAD", FAKETIME);
        self.set_env("FAKETIME_TIMESTAMP_FILE", &file.display().to_string());
        self.set_env("FAKETIME_NO_CACHE", "1");
        self.set_env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }

    /// Starts the daemon; does not wait until it is ready.
    pub fn start(&self) {
        let mut daemon = self.daemon.lock().unwrap();
        assert!(daemon.is_none(), "the daemon runs already");
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = self.command(&["run"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        *daemon = Some(command.spawn().expect("start frontdesk"));
    }

    /// Starts the daemon and waits until `status` answers.
    #[track_caller]
    pub fn start_ready(&self) {
        self.start();
        // Without a daemon the command opens the store itself; only a daemon knows since when it runs.
        self.wait_until("the daemon answers", |status| status["started_at"].is_string());
    }

    /// Kills the daemon on the spot.
    pub fn kill9(&self) {
        if let Some(mut daemon) = self.daemon.lock().unwrap().take() {
            daemon.kill().ok();
            daemon.wait().ok();
        }
    }

    /// Asks the daemon to end and returns its exit code; `None` when a signal ended it.
    ///
    /// # Panics
    /// If it still runs after 40 s.
    #[track_caller]
    pub fn term(&self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.wait_exit()
    }

    /// Sends a signal to the daemon, `HUP` for a reload.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let daemon = self.daemon.lock().unwrap();
        process::signal(daemon.as_ref().expect("the daemon runs"), signal);
    }

    /// Waits until the daemon ends by itself and returns its exit code; `None` when a signal ended it.
    ///
    /// # Panics
    /// If it still runs after 40 s.
    #[track_caller]
    pub fn wait_exit(&self) -> Option<i32> {
        let mut daemon = self.daemon.lock().unwrap().take().expect("the daemon runs");
        match process::exited_within(&mut daemon, STOP_PATIENCE) {
            Some(status) => status.code(),
            None => {
                daemon.kill().ok();
                daemon.wait().ok();
                panic!("the daemon did not end within {STOP_PATIENCE:?}\n{}", self.log_tail())
            }
        }
    }

    /// Whether the daemon runs.
    pub fn running(&self) -> bool {
        self.daemon.lock().unwrap().as_mut().is_some_and(|daemon| matches!(daemon.try_wait(), Ok(None)))
    }

    /// Process id of the daemon.
    pub fn pid(&self) -> Option<u32> {
        self.daemon.lock().unwrap().as_ref().map(Child::id)
    }

    /// Stops the daemon in order, if it runs, and starts it again.
    #[track_caller]
    pub fn restart(&self) {
        if self.pid().is_some() {
            self.term();
        }
        self.start_ready();
    }

    /// Runs `frontdesk ARGS --config …` and returns what came of it.
    pub fn cli(&self, args: &[&str]) -> Output {
        let output = self.command(args).stdin(Stdio::null()).output().expect("run frontdesk");
        Output {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }

    /// [`Desk::cli`] without `--config`: the environment or the words have to name one, or none is needed.
    pub fn cli_bare(&self, args: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.dir()).env("NO_COLOR", "1").envs(self.env.lock().unwrap().iter().cloned());
        let output = command.stdin(Stdio::null()).output().expect("run frontdesk");
        Output {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }

    /// [`Desk::cli`] with `--json`, which must succeed; the first JSON value that it printed.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.cli_json(args);
        let parsed = serde_json::from_str(output.stdout.trim());
        parsed.unwrap_or_else(|err| panic!("frontdesk {args:?} printed no JSON ({err}): {output:?}\n{}", self.log_tail()))
    }

    /// The `status` of the daemon; `None` while it does not answer.
    pub fn status(&self) -> Option<Value> {
        let output = self.cli_json(&["status"]);
        serde_json::from_str(output.stdout.trim()).ok().filter(|_| output.code == Some(0))
    }

    /// Every ticket, as `ticket list` shows it.
    #[track_caller]
    pub fn tickets(&self) -> Vec<Value> {
        match self.json(&["ticket", "list"]) {
            Value::Array(tickets) => tickets,
            other => panic!("`ticket list` printed no array: {other}"),
        }
    }

    /// One ticket, as `ticket show` shows it.
    #[track_caller]
    pub fn ticket(&self, reference: &str) -> Value {
        self.json(&["ticket", "show", reference])
    }

    /// Waits until `status` fulfils `condition`, and returns it.
    ///
    /// # Panics
    /// After 30 s, or as soon as the daemon ends, with the last status and the log.
    #[track_caller]
    pub fn wait_until(&self, what: &str, condition: impl FnMut(&Value) -> bool) -> Value {
        self.wait_until_within(PATIENCE, what, condition)
    }

    /// [`Desk::wait_until`] with a time limit of its own.
    #[track_caller]
    pub fn wait_until_within(&self, patience: Duration, what: &str, mut condition: impl FnMut(&Value) -> bool) -> Value {
        let mut last = None;
        let found = wait_some(patience, || {
            if self.pid().is_some() && !self.running() {
                panic!("the daemon ended while we waited for: {what}\n{}", self.log_tail());
            }
            last = self.status();
            last.clone().filter(|status| condition(status))
        });
        found.unwrap_or_else(|| panic!("waited {patience:?} in vain for: {what}; last status {last:?}\n{}", self.log_tail()))
    }

    /// Waits until `count` mails reached their outcome, over all inboxes and since the store began.
    #[track_caller]
    pub fn wait_settled(&self, count: u64) -> Value {
        self.wait_until(&format!("{count} mails settled"), |status| settled(status) >= count)
    }

    /// Waits for `count` tickets and returns them.
    #[track_caller]
    pub fn wait_tickets(&self, count: usize) -> Vec<Value> {
        let found = wait_some(PATIENCE, || {
            let tickets = self.cli_json(&["ticket", "list"]);
            serde_json::from_str::<Vec<Value>>(tickets.stdout.trim()).ok().filter(|tickets| tickets.len() >= count)
        });
        found.unwrap_or_else(|| panic!("waited {PATIENCE:?} in vain for {count} tickets\n{}", self.log_tail()))
    }

    /// Where the daemon's log goes, over all its starts.
    pub fn log_path(&self) -> PathBuf {
        self.path("daemon.log")
    }

    /// The daemon's whole log so far.
    pub fn log(&self) -> String {
        fs::read(self.log_path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Its last lines.
    pub fn log_tail(&self) -> String {
        format!("--- end of the daemon's log ---\n{}", process::tail(&self.log_path(), 40))
    }

    /// Resident memory of the daemon, in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        self.status_line("VmRSS:")
    }

    /// The most resident memory the daemon ever had, in bytes.
    pub fn memory_peak_bytes(&self) -> Option<u64> {
        self.status_line("VmHWM:")
    }

    fn status_line(&self, name: &str) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
    }

    fn cli_json(&self, args: &[&str]) -> Output {
        self.cli(&[&["--json"], args].concat())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        // Before the verb: `ticket act` takes every word after the reference.
        command.arg("--config").arg(self.path("frontdesk.toml")).args(args).current_dir(self.dir());
        command.env("NO_COLOR", "1").envs(self.env.lock().unwrap().iter().cloned());
        command
    }
}

/// Mails that reached their outcome, over all inboxes.
pub fn settled(status: &Value) -> u64 {
    status["inboxes"].as_array().into_iter().flatten().filter_map(|inbox| inbox["settled"].as_u64()).sum()
}

/// State of one inbox in a `status`.
pub fn inbox<'a>(status: &'a Value, name: &str) -> &'a Value {
    let inboxes = status["inboxes"].as_array().map(Vec::as_slice).unwrap_or_default();
    inboxes.iter().find(|inbox| inbox["name"] == name).unwrap_or(&Value::Null)
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.kill9();
    }
}
