//! Mails made to hurt a parser. Generated, because some are larger than this repository.
//!
//! Each is legal enough to pass a mail server. Where nesting is needed, lines stay short: servers fold or refuse others.

use super::mails::{Basics, Mail, part};

/// A bomb and the name by which a failing test calls it.
#[derive(Debug)]
pub struct Bomb {
    /// What it attacks.
    pub name: &'static str,
    /// The mail.
    pub bytes: Vec<u8>,
}

/// All bombs, the small ones first. `to` is the watched address.
pub fn all(to: &str) -> Vec<Bomb> {
    let bomb = |name: &'static str, make: fn(Basics<'_>) -> Vec<u8>| {
        let id = format!("bomb-{name}@bomb.example");
        Bomb { name, bytes: make(Basics { from: "mallory@bomb.example", to, subject: name, id: &id }) }
    };
    vec![
        bomb("line-breaks-in-names", line_breaks_in_names),
        bomb("parentheses", parentheses),
        bomb("encoded-words", encoded_words),
        bomb("quotes", quotes),
        bomb("divs", divs),
        bomb("references", references),
        bomb("addresses", addresses),
        bomb("nested-messages", nested_messages),
        bomb("nested-multiparts", nested_multiparts),
        bomb("parts", parts),
        bomb("parameter-pieces", parameter_pieces),
        bomb("header", header),
    ]
}

/// CR LF inside encoded display names, file names and the subject: header injection, if repeated unchecked.
pub fn line_breaks_in_names(basics: Basics<'_>) -> Vec<u8> {
    // "Eve\r\nBcc: victim@x.example\r\n" and the like, in base64 and in quoted-printable.
    let name = "=?utf-8?B?RXZlDQpCY2M6IHZpY3RpbUB4LmV4YW1wbGUNCg==?=";
    let file = "=?utf-8?Q?a=0D=0AX-Injected:_yes=0D=0A.txt?=";
    let attachment = format!(
        "Content-Type: text/plain; name=\"{file}\"\r\nContent-Disposition: attachment; filename*=utf-8''a%0D%0AX-Injected%3A%20yes%00.txt\r\n\r\ntext\r\n"
    );
    let parts = [part("text/plain", "Hello.\n"), attachment.into_bytes()];
    let mail =
        Mail::new(basics).set("From", &format!("{name} <{}>", basics.from)).set("Reply-To", &format!("{name} <{}>", basics.from));
    mail.set("Subject", "=?utf-8?Q?Hello=0D=0ABcc:_victim@x.example=0D=0A=0D=0Abody?=").parts("mixed", &parts).bytes()
}

/// 1 MB of `(` where comments are allowed.
pub fn parentheses(basics: Basics<'_>) -> Vec<u8> {
    Mail::new(basics).header("Cc", &folded("(", 1_000_000)).text("Hello.\n").bytes()
}

/// 1 MB of `=?`: the beginning of encoded words without an end.
pub fn encoded_words(basics: Basics<'_>) -> Vec<u8> {
    Mail::new(basics).set("Subject", &folded("=?", 500_000)).text("Hello.\n").bytes()
}

/// 1 MB of `"` in an address list.
pub fn quotes(basics: Basics<'_>) -> Vec<u8> {
    Mail::new(basics).header("Cc", &folded("\"", 1_000_000)).text("Hello.\n").bytes()
}

/// 100,000 open `<div>`.
pub fn divs(basics: Basics<'_>) -> Vec<u8> {
    let html = "<div>\r\n".repeat(100_000) + "deep";
    Mail::new(basics).typed("text/html; charset=utf-8", "7bit", html.into_bytes()).bytes()
}

/// 20,000 References.
pub fn references(basics: Basics<'_>) -> Vec<u8> {
    let ids: Vec<String> = (0..20_000).map(|number| format!("<{number}@bomb.example>")).collect();
    Mail::new(basics).header("References", &ids.join("\r\n ")).text("Hello.\n").bytes()
}

/// 100,000 addresses in Cc.
pub fn addresses(basics: Basics<'_>) -> Vec<u8> {
    let list: Vec<String> = (0..100_000).map(|number| format!("a{number}@bomb.example")).collect();
    Mail::new(basics).header("Cc", &list.join(",\r\n ")).text("Hello.\n").bytes()
}

/// 30,000 messages, each within the one before.
pub fn nested_messages(basics: Basics<'_>) -> Vec<u8> {
    let body = "Content-Type: message/rfc822\r\n\r\n".repeat(30_000) + "Subject: innermost\r\n\r\ndeep\r\n";
    Mail::new(basics).typed("message/rfc822", "7bit", body.into_bytes()).bytes()
}

/// 20,000 multiparts, each within the one before.
pub fn nested_multiparts(basics: Basics<'_>) -> Vec<u8> {
    let levels = (1..20_000).map(|level| format!("--b{}\r\nContent-Type: multipart/mixed; boundary=b{level}\r\n\r\n", level - 1));
    let body: String = levels.collect();
    Mail::new(basics).typed("multipart/mixed; boundary=b0", "7bit", body.into_bytes()).bytes()
}

/// 200,000 parts side by side.
pub fn parts(basics: Basics<'_>) -> Vec<u8> {
    let body = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(200_000) + "--b--\r\n";
    Mail::new(basics).typed("multipart/mixed; boundary=b", "7bit", body.into_bytes()).bytes()
}

/// A file name in 1,000,000 pieces (RFC 2231 §3).
pub fn parameter_pieces(basics: Basics<'_>) -> Vec<u8> {
    let mut value = String::from("attachment");
    for number in 0..1_000_000 {
        value += &format!(";\r\n n*{number}=a");
    }
    Mail::new(basics).header("Content-Disposition", &value).text("Hello.\n").bytes()
}

/// A header of 50 MB.
pub fn header(basics: Basics<'_>) -> Vec<u8> {
    Mail::new(basics).header("X-Long", &folded("x", 50_000_000)).text("Hello.\n").bytes()
}

/// `count` times `unit`, folded into lines that servers let pass.
fn folded(unit: &str, count: usize) -> String {
    let per_line = 900 / unit.len();
    let line = unit.repeat(per_line) + "\r\n ";
    line.repeat(count / per_line) + &unit.repeat(count % per_line)
}
