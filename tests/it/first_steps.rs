//! What a person does first: try the demonstration, make a configuration, type something wrong.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::frontdesk::{Desk, inbox};
use crate::harness::process;

const PROGRAM: &str = env!("CARGO_BIN_EXE_frontdesk");

const MAILDIRS: &str = "version = 1\n\
    [company]\nname = \"Acme\"\n\
    [server]\nstore = { kind = \"sled\", path = \"state\" }\nkey = { file = \"signing.key\" }\n\
    [account.main]\nimap = \"maildir:in\"\nsmtp = \"maildir:out\"\n\
    [inbox]\nsupport = { address = \"support@acme.example\" }\n\
    [agent]\nana = { name = \"Ana Ruiz\", email = \"ana@acme.example\" }\n";

#[test]
fn the_demonstration_shows_the_main_job_and_ends() {
    let desk = Desk::new("");
    let output = desk.cli_bare(&["demo", "--once", "here"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    let shown = &output.stdout;
    for needle in [
        "Subject: Motor cuts out on hills",
        "mx.larkfield.example: dmarc=pass",
        "frame = LC-204417 (label)",
        "\"danger comes first\" (line ",
        "T-2 · new · urgent · team workshop · owner emil · #dealer · #safety",
        "Ihr Zeichen ist T-2",
        "Auto-Submitted: auto-replied",
        "T-1 · pending",
        "(and 3 lines quoted)",
        "T-1 · open",
    ] {
        assert!(shown.contains(needle), "no {needle:?} in:\n{shown}");
    }
    let widest = shown.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?} columns:\n{shown}");
    assert!(!shown.contains('\u{1b}'), "colours although nobody looks");
    // Two acknowledgements and one answer.
    assert_eq!(fs::read_dir(desk.path("here/out/new")).expect("made").count(), 3);
    // The same directory again: nothing twice.
    let again = desk.cli_bare(&["demo", "--once", "here"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(fs::read_dir(desk.path("here/out/new")).expect("made").count(), 3);
    // A directory of somebody else stays as it is.
    desk.write("theirs/letter.txt", "Dear all");
    assert_eq!(desk.cli_bare(&["demo", "--once", "theirs"]).code, Some(65));
}

#[test]
fn the_demonstration_takes_mails_until_it_is_interrupted() {
    let desk = Desk::new("");
    let mut command = Command::new(PROGRAM);
    command.args(["demo", "here"]).current_dir(desk.dir()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("start the demonstration");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "Ctrl-C ends it."));
    let mail = "From: you@example.org\nTo: support@larkfield.example\nSubject: A question\n\nMy brake squeaks.\n";
    fs::write(desk.path("here/in/new/mine.eml"), mail).expect("written");
    assert!(lines.any(|line| line.contains("My brake squeaks.")));
    assert!(lines.any(|line| line.starts_with("went out")));
    process::signal(&child, Signal::INT);
    let status = process::exited_within(&mut child, Duration::from_secs(40));
    child.kill().ok();
    assert_eq!(status.and_then(|status| status.code()), Some(0));
}

#[test]
fn seven_answers_make_a_desk_that_checks() {
    let desk = Desk::new("");
    let answers = "company = \"Acme \\\"Tools\\\"\"\naddress = \"support@acme.example\"\nimap = \"imaps://127.0.0.1:1\"\n\
                   smtp = \"smtps://127.0.0.1:1\"\nuser = \"support\"\npassword = \"hunter2\"\nagent = \"Ana Ruiz <ana@acme.example>\"\n";
    desk.write("answers.toml", answers);
    let online = desk.cli_bare(&["init", "new", "--answers", "answers.toml"]);
    assert_eq!(online.code, Some(1), "nobody listens there: {online:?}");
    assert!(!desk.path("new/frontdesk.toml").exists());
    let offline = desk.cli_bare(&["init", "new", "--answers", "answers.toml", "--offline"]);
    assert_eq!(offline.code, Some(0), "{offline:?}");
    for name in ["signing.key", "mail.password", "frontdesk.toml"] {
        let mode = fs::metadata(desk.path("new").join(name)).expect("written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::read(desk.path("new/signing.key")).expect("written").len(), 32);
    assert!(desk.path("new/frontdesk.service.d/local.conf").exists() && desk.path("new/dns-to-check.txt").exists());
    let check = desk.cli_bare(&["check", "--config", "new/frontdesk.toml"]);
    assert_eq!(check.code, Some(0), "{check:?}");
    assert!(check.stdout.contains("W308") && check.stdout.contains("1 warning,"), "agents get no mail yet: {check:?}");
    let before = fs::read(desk.path("new/signing.key")).expect("there");
    let again = desk.cli_bare(&["init", "new", "--answers", "answers.toml", "--offline"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("exist already and are not overwritten"), "{again:?}");
    assert_eq!(fs::read(desk.path("new/signing.key")).expect("there"), before);
    desk.write("half.toml", "company = \"Acme\"\ncolour = \"red\"\n");
    let half = desk.cli_bare(&["init", "other", "--answers", "half.toml", "--offline"]);
    assert_eq!(half.code, Some(65), "{half:?}");
    assert!(half.stderr.contains("colour") && half.stderr.contains("`imap` is missing"), "{half:?}");
}

#[test]
fn exit_codes_are_those_of_the_table() {
    let desk = Desk::new(MAILDIRS);
    let check = |desk: &Desk, args: &[&str], code: i32| {
        let output = desk.cli(args);
        assert_eq!(output.code, Some(code), "{args:?}: {output:?}");
        assert!(code == 0 || !output.stderr.is_empty() || code == 4, "{args:?} says nothing");
    };
    check(&desk, &["check"], 0);
    check(&desk, &["nonsense"], 2);
    check(&desk, &["ticket", "act", "T-1", "nonsense"], 69);
    check(&desk, &["ticket", "list"], 69);
    check(&desk, &["tail"], 69);
    check(&desk, &["reload"], 69);
    check(&desk, &["parse", "no-such.eml"], 65);
    check(&desk, &["explain", "--subject", "no sender"], 2);
    check(&desk, &["explain", "no-such.eml"], 65);
    let failing = "[[test]]\nname = \"wrong\"\nmail = { from = \"a@b.example\" }\nwant = { priority = \"urgent\" }\n";
    desk.write("frontdesk.toml", &format!("{MAILDIRS}{failing}"));
    check(&desk, &["test"], 4);
    check(&desk, &["test", "-k", "no such"], 2);
    check(&desk, &["check"], 4);
    desk.write("frontdesk.toml", "version = 1\nnonsense = true\n");
    check(&desk, &["check"], 78);
    check(&desk, &["run"], 78);
    assert_eq!(desk.cli_bare(&["check", "--config", "no-such.toml"]).code, Some(78));
    desk.write("frontdesk.toml", MAILDIRS);
    desk.start();
    desk.wait_until("the maildir is watched", |status| inbox(status, "support")["live"] == true);
    desk.write("in/new/1.eml", "From: dana@x.example\nTo: support@acme.example\nSubject: Hello\n\nIt is broken.\n");
    desk.wait_tickets(1);
    check(&desk, &["ticket", "act", "T-1", "nonsense"], 2);
    check(&desk, &["ticket", "act", "T-1", "take"], 77);
    check(&desk, &["ticket", "act", "--as", "ana", "T-1", "take"], 0);
    check(&desk, &["ticket", "show", "T-99"], 1);
    // Another daemon on the same store has to wait for its turn.
    check(&desk, &["run"], 75);
    assert_eq!(desk.term(), Some(0));
}
