//! What the benches share: a mixture of mails like real ones, and figures of a process from the kernel.

// Each bench uses its part.
#![allow(dead_code)]

pub(crate) mod sink;

use std::fmt::Write as _;
use std::time::Duration;

/// As in the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Words of people who write to a shared inbox.
const WORDS: [&str; 40] = [
    "the",
    "printer",
    "on",
    "second",
    "floor",
    "has",
    "stopped",
    "again",
    "and",
    "nobody",
    "knows",
    "why",
    "it",
    "did",
    "please",
    "order",
    "invoice",
    "number",
    "delivery",
    "was",
    "late",
    "because",
    "customer",
    "meter",
    "shows",
    "nothing",
    "since",
    "yesterday",
    "could",
    "you",
    "send",
    "a",
    "new",
    "one",
    "to",
    "our",
    "office",
    "in",
    "Hamburg",
    "thanks",
];
/// A sixth of all mails bring a file; the others are text, or text and HTML, as mail programs write them.
const KINDS: u64 = 20;

/// A number from the environment, or its default.
pub(crate) fn setting(name: &str, default: u32) -> u32 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The sender of a mail: everybody writes once, from many domains, so that no budget is reached.
pub(crate) fn sender(number: u32) -> String {
    format!("c{number}@d{}.example", number % 5_000)
}

/// Mail `number`: about 24 KB in the mean over many. 11 of 20 are plain text of some KB, 6 text and HTML, 3 carry a file.
pub(crate) fn mail(number: u32) -> Vec<u8> {
    let mut noise = Noise(u64::from(number) + 1);
    let text = prose(&mut noise, 1_000 + usize::try_from(number % 7).unwrap_or(0) * 800);
    let mut mail = head(number);
    match u64::from(number) * 7 % KINDS {
        0..=10 => {
            mail.push_str("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
            mail.push_str(&text);
        }
        11..=16 => {
            mail.push_str("Content-Type: multipart/alternative; boundary=\"=_alt\"\r\n\r\n");
            alternative(&mut mail, "=_alt", &text);
        }
        _ => {
            mail.push_str("Content-Type: multipart/mixed; boundary=\"=_mix\"\r\n\r\n--=_mix\r\n");
            mail.push_str("Content-Type: multipart/alternative; boundary=\"=_alt\"\r\n\r\n");
            alternative(&mut mail, "=_alt", &text);
            mail.push_str("--=_mix\r\nContent-Type: application/pdf; name=\"scan.pdf\"\r\n");
            mail.push_str("Content-Disposition: attachment; filename=\"scan.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n");
            let lines = 600 + noise.next() % 1_800;
            (0..lines).for_each(|_| base64_line(&mut mail, &mut noise));
            mail.push_str("--=_mix--\r\n");
        }
    }
    mail.into_bytes()
}

fn head(number: u32) -> String {
    let from = sender(number);
    format!(
        "Return-Path: <{from}>\r\nDelivered-To: support@acme.example\r\n\
         Received: from mail.example (mail.example [192.0.2.25])\r\n\tby mx.acme.example (Postfix) with ESMTPS id 4X{number}\r\n\
         \tfor <support@acme.example>; Mon, 16 Nov 2026 09:12:33 +0000 (UTC)\r\n\
         Received: from [192.0.2.77] (client.example [192.0.2.77])\r\n\tby mail.example (Postfix) with ESMTPSA id 9Q{number};\r\n\
         \tMon, 16 Nov 2026 09:12:31 +0000 (UTC)\r\n\
         Date: Mon, 16 Nov 2026 10:12:31 +0100\r\nFrom: Carla Customer <{from}>\r\nTo: Support <support@acme.example>\r\n\
         Subject: Order {number} has not arrived\r\nMessage-ID: <m{number}.4711@mail.example>\r\nMIME-Version: 1.0\r\n\
         User-Agent: Mozilla Thunderbird\r\nAccept-Language: en-GB, de\r\n"
    )
}

fn alternative(mail: &mut String, boundary: &str, text: &str) {
    write!(mail, "--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n")
        .expect("a String takes everything");
    write!(
        mail,
        "--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<html><body>\r\n"
    )
    .expect("a String takes everything");
    for line in text.lines() {
        write!(
            mail,
            "<p style=\"margin:0;font-family:Arial,sans-serif;font-size:11pt\"><span lang=\"EN-GB\">{line}</span></p>\r\n"
        )
        .expect("a String takes everything");
    }
    write!(mail, "</body></html>\r\n--{boundary}--\r\n").expect("a String takes everything");
}

fn prose(noise: &mut Noise, bytes: usize) -> String {
    let mut text = String::from("Hello,\r\n\r\n");
    let mut line = 0;
    while text.len() < bytes {
        let word = WORDS[usize::try_from(noise.next() % WORDS.len() as u64).unwrap_or(0)];
        text.push_str(word);
        line += word.len() + 1;
        text.push_str(if line > 66 { "\r\n" } else { " " });
        line = if line > 66 { 0 } else { line };
    }
    text.push_str("\r\n\r\nKind regards\r\nCarla Customer\r\n");
    text
}

fn base64_line(mail: &mut String, noise: &mut Noise) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for _ in 0..19 {
        let word = noise.next();
        (0..4).for_each(|index| mail.push(char::from(LETTERS[usize::try_from(word >> (index * 6) & 63).unwrap_or(0)])));
    }
    mail.push_str("\r\n");
}

/// Xorshift: the same in every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Processor time of a process (`self` or its number), from the kernel's ticks of 10 ms.
pub(crate) fn cpu(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// `VmRSS:` or `VmHWM:` of a process, MB.
pub(crate) fn memory(process: &str, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// The configuration under test: one inbox, budgets out of the way.
pub(crate) fn config(imap: &str, smtp: &str, more: &str) -> String {
    format!(
        "version = 1\n[company]\nname = \"Acme\"\n[server]\nstore = {{ kind = \"sled\", path = \"state\" }}\n\
         key = {{ file = \"signing.key\" }}\n[account.main]\nimap = \"{imap}\"\nsmtp = \"{smtp}\"\n{more}\n\
         [inbox]\nsupport = {{ address = \"support@acme.example\", done = \"keep\" }}\n\
         [agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n\
         [limits]\nacks_per_sender_day = 4000000\nacks_per_domain_day = 4000000\nacks_per_freemail_day = 4000000\n\
         acks_per_hour = 4000000\nacks_per_day = 4000000\n"
    )
}
