//! Agents who have nothing but a mail program: what they write reaches whom it should, and nobody else.

mod answering;
mod canary;
mod client;
mod commands;
mod files;
mod first_day;
mod forged;
mod hijack;
mod knowing;
mod links;
mod quoted;
mod returned;
mod rights;
mod told;
mod verbs;
mod waiting;
mod ways;
mod who;

use crate::harness::mails::{self, Basics, Mail, header_of};
use crate::harness::office::{INBOX, Office, letter, vouched};

pub(crate) const ANA: &str = "Ana Ruiz <ana@acme.example>";
pub(crate) const BEN: &str = "Ben Okri <ben@acme.example>";
pub(crate) const ANA_ADDRESS: &str = "ana@acme.example";
pub(crate) const BEN_ADDRESS: &str = "ben@acme.example";
pub(crate) const DANA: &str = "Dana Okafor <dana@x.example>";
pub(crate) const DANA_ADDRESS: &str = "dana@x.example";

/// How agents work in most tests; answers leave at once.
pub(crate) const DESK: &str = "[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\n";

/// An office with agents' mail in which Dana has asked, and everybody has the first mails.
#[track_caller]
pub(crate) fn asked() -> Office {
    asked_with(DESK)
}

/// [`asked`] with these sections besides the inbox.
#[track_caller]
pub(crate) fn asked_with(sections: &str) -> Office {
    let office = Office::with(&format!("{INBOX}{sections}"));
    let mail = mails::request(
        letter(DANA, "Probe drops off Wi-Fi", "dana-1@x.example"),
        "Hello,\nit happened again at 02:10.\nIs there firmware newer than 3.4.1?\n\nDana\n",
    );
    office.deliver(&vouched(mail));
    // Postfix files mails side by side: what comes later shall be the newest.
    office.received(DANA_ADDRESS);
    office
}

/// The newest mail that somebody got.
#[track_caller]
pub(crate) fn newest(office: &Office, recipient: &str) -> Vec<u8> {
    office.received(recipient).pop().unwrap_or_else(|| panic!("nothing for {recipient}\n{}", office.desk.log_tail()))
}

/// What was sent, as a person reads it.
pub(crate) fn text_of(bytes: &[u8]) -> String {
    mail::parse(bytes).message.text
}

/// An answer to a mail of the desk's, top-posted as Thunderbird writes it, to where its Reply-To points.
pub(crate) fn answer(to_mail: &[u8], from: &str, id: &str, text: &str) -> Mail {
    let parsed = mail::parse(to_mail).message;
    let to = parsed.reply_to.first().or(parsed.from.first()).map(|mailbox| mailbox.address.to_string()).unwrap_or_default();
    let subject = format!("Re: {}", header_of(to_mail, "Subject").unwrap_or_default());
    let quoted: String = parsed.text.lines().map(|line| format!("> {line}\n")).collect();
    let parent = mails::id_of(to_mail).unwrap_or_default();
    let body = format!("{text}\n\nOn 16/11/2026 09:12, Dana Okafor via Acme Support wrote:\n{quoted}");
    mails::request(Basics { from, to: &to, subject: &subject, id }, &body)
        .header("In-Reply-To", &format!("<{parent}>"))
        .header("References", &format!("<{parent}>"))
}

/// The links of a mail of ours, by their words.
pub(crate) fn links(bytes: &[u8]) -> Vec<(String, String)> {
    let html = mail::part::html_of(bytes).unwrap_or_default();
    let mut found = Vec::new();
    for piece in html.split("<a ").skip(1) {
        let href = piece.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let words = piece.split_once('>').and_then(|(_, rest)| rest.split('<').next()).unwrap_or_default();
        if href.starts_with("mailto:") {
            found.push((words.trim().replace("&quot;", "\""), href.replace("&amp;", "&")));
        }
    }
    found
}

/// Presses a link: the mail that a mail program writes for it, with something typed on top.
#[track_caller]
pub(crate) fn press(bytes: &[u8], words: &str, from: &str, id: &str, typed: &str) -> Mail {
    let all = links(bytes);
    let (_, href) = all.iter().find(|(label, _)| label == words).unwrap_or_else(|| panic!("no link `{words}` among {all:?}"));
    let rest = href.trim_start_matches("mailto:");
    let (to, query) = rest.split_once('?').unwrap_or((rest, ""));
    let value = |key: &str| {
        let prefix = format!("{key}=");
        query.split('&').find_map(|pair| pair.strip_prefix(&prefix)).map(percent_decoded).unwrap_or_default()
    };
    let body = format!("{typed}{}", value("body"));
    mails::request(Basics { from, to: &percent_decoded(to), subject: &value("subject"), id }, &body)
}

pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
