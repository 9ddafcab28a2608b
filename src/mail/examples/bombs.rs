//! Reads mails made to hurt a reader, each in a process of its own, and prints the time and memory that each took:
//! `cargo run --release -p mail --example bombs`. Fails where one takes a second of processor time or 200 MB.
//!
//! Memory is the most that the process ever had resident, the mail itself included. Needs `/proc`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, unused_crate_dependencies)]

use std::process::{Command, ExitCode};

use mail::machine::{self, Around};

/// Of one reading.
const MILLISECONDS_MAX: u64 = 1_000;
const MEGABYTES_MAX: u64 = 200;
/// Bytes of a mail that is as long as one may be that is read in the daemon's own process.
const LONG: usize = mail::limits::MAIL_WHOLE_BYTES_MAX - 4_096;
/// Bytes of a text or HTML that is longer than what is read of it.
const BODY: usize = 5_000_000;

/// A piece repeated up to a size, as a header field or as a body of some type.
type Bomb = (&'static str, fn() -> Vec<u8>);

fn main() -> ExitCode {
    let name = std::env::args().nth(1);
    if let Some((_, make)) = BOMBS.iter().find(|(known, _)| Some(*known) == name.as_deref()) {
        let raw = make();
        let before = processor_milliseconds();
        let parsed = mail::parse(&raw);
        let row = machine::classify(&parsed.message, &Around::default()).row;
        println!("{} {} {} {row}", raw.len() / 1_000, processor_milliseconds() - before, peak_megabytes());
        return ExitCode::SUCCESS;
    }
    println!("{:<34}{:>9}{:>7}{:>6}", "bomb", "kB", "ms", "MB");
    let mut code = ExitCode::SUCCESS;
    for (name, _) in BOMBS {
        let Some([kilobytes, milliseconds, megabytes]) = figures(name) else {
            eprintln!("{name}: the reader died");
            code = ExitCode::FAILURE;
            continue;
        };
        let is_over = milliseconds >= MILLISECONDS_MAX || megabytes >= MEGABYTES_MAX;
        println!("{name:<34}{kilobytes:>9}{milliseconds:>7}{megabytes:>6}{}", if is_over { "  too much" } else { "" });
        if is_over {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// Kilobytes, milliseconds and megabytes of one bomb, read by a child; `None` if it died.
fn figures(name: &str) -> Option<[u64; 3]> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).arg(name).output().ok().filter(|output| output.status.success())?;
    let line = String::from_utf8(output.stdout).ok()?;
    let mut numbers = line.split_whitespace().map_while(|word| word.parse().ok());
    Some([numbers.next()?, numbers.next()?, numbers.next()?])
}

fn processor_milliseconds() -> u64 {
    let counted = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    counted.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<u64>().ok()).unwrap_or(0) / 1_000_000
}

fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

fn with_header(rest: &str) -> Vec<u8> {
    format!("From: Dana <dana@x.example>\r\nSubject: Broken key\r\nDate: Tue, 14 May 2024 10:12:00 +0200\r\n{rest}").into_bytes()
}

fn field(name: &str, piece: &str, bytes: usize) -> Vec<u8> {
    with_header(&format!("{name}: {}\r\n\r\nbody", piece.repeat(bytes / piece.len())))
}

fn body(content: &str, piece: &str, bytes: usize) -> Vec<u8> {
    with_header(&format!("Content-Type: {content}\r\n\r\n{}", piece.repeat(bytes / piece.len())))
}

fn plain(piece: &str) -> Vec<u8> {
    body("text/plain; charset=utf-8", piece, BODY)
}

fn html(piece: &str) -> Vec<u8> {
    body("text/html; charset=utf-8", piece, BODY)
}

fn report(piece: &str) -> Vec<u8> {
    let head = "Return-Path: <>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nYour mail could not be delivered.\r\n\r\n";
    with_header(&format!("{head}{}", piece.repeat(BODY / piece.len())))
}

fn status(piece: &str) -> Vec<u8> {
    let head =
        "Return-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n";
    let part = "--b\r\nContent-Type: message/delivery-status\r\n\r\n";
    with_header(&format!("{head}{part}{}\r\n--b--\r\n", piece.repeat(BODY / piece.len())))
}

fn away(piece: &str) -> Vec<u8> {
    with_header(&format!("Auto-Submitted: auto-replied\r\n\r\n{}", piece.repeat(BODY / piece.len())))
}

/// Lines of numbers from 0, each different, so that no memo and no cache helps.
fn numbered(head: &str, count: usize, line: fn(usize) -> String) -> Vec<u8> {
    with_header(&format!("{head}{}", (0..count).map(line).collect::<String>()))
}

fn tnef(attributes: usize) -> Vec<u8> {
    let mut raw = with_header("Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    raw.extend_from_slice(&[0x78, 0x9f, 0x3e, 0x22, 1, 0]);
    for _ in 0..attributes {
        raw.extend_from_slice(&[2, 0x02, 0x90, 6, 0, 14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    raw
}

const BOMBS: [Bomb; 71] = [
    ("nested messages", || with_header(&"Content-Type: message/rfc822\r\n\r\n".repeat(1_000_000))),
    ("nested multiparts", || {
        numbered("", 100_000, |level| format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"))
    }),
    ("parts", || body("multipart/mixed; boundary=b", "--b\r\nContent-Type: a/b\r\n\r\nx\r\n", LONG)),
    ("parts of text", || body("multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n", LONG)),
    ("boundaries that never come", || {
        numbered("Content-Type: multipart/mixed; boundary=b\r\n\r\n", 100_000, |index| {
            format!("--b\r\nContent-Type: multipart/mixed; boundary=never{index}\r\n\r\nx\r\n")
        })
    }),
    ("dashes", || body("multipart/mixed; boundary=b", "--b-\r\n", LONG)),
    ("RFC 2231 pieces", || numbered("Content-Type: text/plain", 1_000_000, |index| format!(";\r\n name*{index}=a"))),
    ("header lines", || with_header(&"X-Line: value\r\n".repeat(LONG / 15))),
    ("one header line", || field("X-Line", "value ", LONG)),
    ("open comments", || field("To", "(", 1_000_000)),
    ("open quotes", || field("To", "\"", 1_000_000)),
    ("open brackets", || field("To", "<", 1_000_000)),
    ("addresses", || field("To", "a@b.example,", 1_000_000)),
    ("names and addresses", || field("To", "\"a\" <", 1_000_000)),
    ("encoded words", || field("Subject", "=?utf-8?Q?a?= ", 1_000_000)),
    ("encoded words of many charsets", || field("Subject", "=?utf-8?B?YQ==?= =?koi8-r?Q?=C1?= ", 1_000_000)),
    ("open encoded words", || field("Subject", "=?utf-8?B?a", 1_000_000)),
    ("references", || field("References", "<a@b> ", 1_000_000)),
    ("parameters", || field("Content-Type", ";a=\"b\"", 1_000_000)),
    ("Authentication-Results", || field("Authentication-Results", "mx.example; dkim=pass (", 1_000_000)),
    ("Received", || with_header(&"Received: from a by b; Tue, 14 May 2024 10:12:00 +0200\r\n".repeat(5_000))),
    ("one line of text", || plain("word ")),
    ("lines of text", || plain("a word\r\n")),
    ("empty lines", || plain("\n")),
    ("quote marks", || plain("> ")),
    ("quoted lines", || plain("> a\r\n")),
    ("quotes and answers", || plain("> a\r\nb\r\n\r\n")),
    ("introductions", || plain("On Mon, Apr 2, 2012 at 6:26 PM, Ann <ann@x.example> wrote:\r\n")),
    ("half introductions", || plain("On Mon, Apr 2, 2012 wrote:\r\n")),
    ("long introductions", || plain("On Mon, Apr 2, 2012 at 6:26 PM wrote wrote wrote wrote wrote wrote wrote\r\n")),
    ("From lines", || plain("From: Ann\r\n")),
    ("To and Subject lines", || plain("To: a\r\nSubject: b\r\nx\r\n")),
    ("open header values", || plain("To: a <b,\r\n")),
    ("header blocks", || plain("From: Ann <a@x.example>\r\nSent: Monday\r\nTo: Bob\r\n\r\n")),
    ("forwards", || plain("---------- Forwarded message ---------\r\n")),
    ("rules", || plain("-----\r\n")),
    ("signatures", || plain("-- \r\nAnn Other\r\n")),
    ("regards", || plain("\r\nKind regards\r\n")),
    ("device lines", || plain("Sent from my iPhone\r\n\r\n")),
    ("bars", || plain("| wrote:\r\n")),
    ("initials", || plain("AB> wrote:\r\n")),
    ("uuencoded files", || plain("begin 644 a\r\n#86)C\r\n`\r\nend\r\n")),
    ("open uuencoded files", || plain("begin 644 a\r\n")),
    ("flowed lines", || body("text/plain; format=flowed; delsp=yes", "> a \r\n", BODY)),
    ("soft line breaks", || body("text/plain\r\nContent-Transfer-Encoding: quoted-printable", "=\r\n", LONG)),
    ("base64", || body("text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", "YWJj", LONG)),
    ("base64 of a file", || body("a/b\r\nContent-Transfer-Encoding: base64", "YWJjZGVm\r\n", LONG)),
    ("undeclared bytes", || [with_header("\r\n"), [0xe4_u8, 0xf6, 0xfc, 0x20].repeat(BODY / 4)].concat()),
    ("UTF-7", || body("text/plain; charset=utf-7", "+AOQ-", BODY)),
    ("shifts of ISO-2022-JP", || body("text/plain; charset=iso-2022-jp", "\u{1b}$B$\"\u{1b}(B", BODY)),
    ("elements", || html("<div>")),
    ("block quotes", || html("<blockquote>x")),
    ("table cells", || html("<table><tr><td>x")),
    ("joined cells", || html("<table><tr><td>a</td><td>b</td></tr></table>")),
    ("list items", || html("<ol><li>x")),
    ("attributes", || with_header(&format!("Content-Type: text/html\r\n\r\n<p {}>x", "a=\"b\" ".repeat(700_000)))),
    ("attributes without value", || with_header(&format!("Content-Type: text/html\r\n\r\n<p {}>x", "a=\"\" ".repeat(800_000)))),
    ("one style", || with_header(&format!("Content-Type: text/html\r\n\r\n<p style=\"{}\">x", "color:red;".repeat(400_000)))),
    ("styles", || html("<p style=\"color:red;font-size:0;display:x\">a")),
    ("character references", || html("&amp;&nbsp;&#8199;")),
    ("open comments of HTML", || html("<!--")),
    ("open tags", || html("<a <b ")),
    ("links", || html("<a href=\"https://x.example/y\">z</a>")),
    ("recipients of a notice", || report("<bob@acme.example>: 550 5.1.1 unknown user wrote 450\r\n")),
    ("different recipients of a notice", || {
        let head = "Return-Path: <>\r\n\r\nYour mail could not be delivered to the following recipients:\r\n\r\n";
        numbered(head, 200_000, |index| format!("<b{index}@acme.example>: user unknown\r\n"))
    }),
    ("different recipients of a report", || {
        let head = "Return-Path: <>\r\nContent-Type: message/delivery-status\r\n\r\n";
        numbered(head, 200_000, |index| format!("Final-Recipient: rfc822; b{index}@acme.example\r\nStatus: 5.0.0\r\n\r\n"))
    }),
    ("codes of a notice", || report("550 5.1.1 450 4.2.2 said: ")),
    ("words of a notice", || report("host server said mailbox user unknown relay exceeded too many \r\n")),
    ("recipients of a report", || status("Final-Recipient: rfc822; bob@acme.example\r\nAction: failed\r\n\r\n")),
    ("dates of an away notice", || away("until 1 May 2024 back to ")),
    ("TNEF attributes", || tnef(400_000)),
];
