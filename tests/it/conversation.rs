//! A desk at work: what people write becomes tickets, what agents write reaches people, and what is guessed touches nobody.

mod command_line;
mod thread;
mod work;

use serde_json::Value;

use crate::harness::frontdesk::Desk;
use crate::harness::mails::{self, Mail};
use crate::harness::office::{Office, letter};

const DANA: &str = "Dana Okafor <dana@x.example>";
const DANA_ADDRESS: &str = "dana@x.example";

/// Dana's first mail.
fn first_mail() -> Mail {
    mails::request(letter(DANA, "The meter shows nothing", "dana-1@x.example"), "Hello,\nthe meter shows nothing.\n\nDana\n")
}

/// An office in which Dana has written, with her ticket and the id of the acknowledgement that she got.
#[track_caller]
fn acknowledged(mail: &Mail) -> (Office, String) {
    let office = Office::open();
    office.deliver(mail);
    let mails = office.received(DANA_ADDRESS);
    assert_eq!(mails.len(), 1, "one acknowledgement");
    let id = mails::id_of(&mails[0]).expect("an id");
    (office, id)
}

/// `messages` of a ticket by their Message-ID, notes as `note`.
fn message_ids(ticket: &Value) -> Vec<String> {
    let messages = ticket["messages"].as_array().expect("messages");
    messages.iter().map(|message| message["message_id"].as_str().unwrap_or("note").to_owned()).collect()
}

/// Links of a ticket as `kind ref`.
fn links(ticket: &Value) -> Vec<String> {
    let links = ticket["links"].as_array().expect("links");
    links.iter().map(|link| format!("{} {}", word(&link["kind"]), word(&link["ref"]))).collect()
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// References of every ticket, oldest first.
fn references(desk: &Desk) -> Vec<String> {
    let mut all: Vec<String> = desk.tickets().iter().map(|ticket| word(&ticket["ref"]).to_owned()).collect();
    all.sort();
    all
}
