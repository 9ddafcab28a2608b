//! What a person sees on a terminal, through a real one that `script` opens.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::frontdesk::Desk;
use crate::harness::process;
use crate::harness::wait::wait_true;

const PROGRAM: &str = env!("CARGO_BIN_EXE_frontdesk");
/// What a busy machine may take for one step.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program on a terminal of its own.
struct Terminal {
    child: Child,
    input: ChildStdin,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn open(dir: &Path, arguments: &str) -> Terminal {
        let mut command = Command::new(process::require("/usr/bin/script", "bsdutils"));
        command.args(["-qefc", &format!("{PROGRAM} {arguments}"), "/dev/null"]).current_dir(dir).env("TERM", "xterm");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("start script");
        let (input, mut output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let shown = Arc::<Mutex<Vec<u8>>>::default();
        let into = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(size @ 1..) = output.read(&mut bytes) {
                into.lock().expect("no reader panics").extend_from_slice(&bytes[..size]);
            }
        });
        Terminal { child, input, shown }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("no reader panics")).into_owned()
    }

    /// Types a line once the program has asked.
    #[track_caller]
    fn answer(&mut self, question: &str, line: &str) {
        wait_true(&format!("{question:?} is asked"), PATIENCE, || self.shown().contains(question));
        writeln!(self.input, "{line}").expect("the terminal is open");
    }

    #[track_caller]
    fn end(mut self) -> (Option<i32>, String) {
        let status = process::exited_within(&mut self.child, PATIENCE);
        let code = status.and_then(|status| status.code());
        (code, self.shown())
    }
}

#[test]
fn seven_questions_on_a_terminal_make_a_desk_that_checks() {
    let desk = Desk::new("");
    let mut terminal = Terminal::open(desk.dir(), "--no-color init new --offline");
    // An empty answer takes what stands in brackets; a question without brackets is asked again.
    terminal.answer("1. What is the company called?", "");
    terminal.answer("1. What is the company called?", "Acme \"Tools\"");
    terminal.answer("2. Which address do customers write to?", "help@acme.example");
    terminal.answer("3. Where does its mail arrive? [imaps://mail.acme.example]", "imaps://imap.acme.example");
    terminal.answer("4. Where does mail leave? [smtps://imap.acme.example]", "");
    terminal.answer("5. Who logs in there? [help@acme.example]", "");
    terminal.answer("6. The password", "hunter2 with spaces");
    terminal.answer("7. Who answers first?", "Ana Ruiz <ana@acme.example>");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("hunter2"), "the password is shown:\n{shown}");
    assert!(shown.contains("written") && shown.contains("frontdesk run --config"), "{shown}");
    let config = fs::read_to_string(desk.path("new/frontdesk.toml")).expect("written");
    assert!(config.contains("imaps://imap.acme.example") && config.contains("smtps://imap.acme.example"), "{config}");
    assert_eq!(fs::read_to_string(desk.path("new/mail.password")).expect("written").trim_end(), "hunter2 with spaces");
    let check = desk.cli_bare(&["check", "--config", "new/frontdesk.toml"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.stdout.contains("W308") && check.stdout.contains("1 warning,"), "agents get no mail yet: {check:?}");
}

#[test]
fn questions_that_nobody_answers_write_nothing() {
    let desk = Desk::new("");
    let mut terminal = Terminal::open(desk.dir(), "--no-color init new --offline");
    terminal.answer("1. What is the company called?", "Acme");
    // What Ctrl-D types: the end of the input.
    terminal.answer("2. Which address do customers write to?", "\u{4}");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(1), "{shown}");
    assert!(!desk.path("new").exists());
}
