//! Plays the rows of the table side by side: each on a ticket of its own, all of one round together.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::table::{Row, Say};
use crate::agents::client::Client;
use crate::agents::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, press, text_of};
use crate::harness::mails::{self, Basics, Mail, header_of};
use crate::harness::office::{Office, SUPPORT};
use crate::harness::proof::Proof;

/// What a busy machine may take for one round.
const PATIENCE: Duration = Duration::from_secs(120);
/// Outside helper.
const NORTHGATE: &str = "servicedesk@northgate.example";

/// What came of it.
#[derive(Debug)]
pub(super) struct Played {
    tickets: Vec<Value>,
    /// Mails by recipient.
    mailboxes: BTreeMap<String, Vec<Vec<u8>>>,
    /// What agents had got of each ticket before the last round.
    before: BTreeMap<(String, usize), usize>,
}

/// The customer of a row.
pub(super) fn customer(number: usize) -> String {
    format!("dana@c{number}.example")
}

/// Plays all rows; the ticket of row `n`, counted from 1, is `T-n`.
#[track_caller]
pub(super) fn play(office: &Office, proof: Proof, rows: &[Row]) -> Played {
    let ask = |number: usize, row: &Row| {
        let (from, id) = (format!("Dana Okafor <{}>", customer(number)), format!("dana-1@c{number}.example"));
        let subject = format!("Probe of {}", row.name);
        let text = format!("It happened again, case {}.\n", row.name);
        mails::request(Basics { from: &from, to: SUPPORT, subject: &subject, id: &id }, &text)
    };
    let asked: Vec<Mail> = (1..).zip(rows).map(|(number, row)| proof.of(ask(number, row))).collect();
    office.deliver_all(&asked, PATIENCE);
    let mut before = BTreeMap::new();
    let rounds = rows.iter().map(|row| row.says.len()).max().unwrap_or(0);
    for round in 0..rounds {
        let boxes = mailboxes(office);
        let mut written = Vec::new();
        for (number, row) in (1..).zip(rows) {
            let Some(say) = row.says.get(round) else { continue };
            for who in [ANA_ADDRESS, BEN_ADDRESS] {
                before.insert((who.to_owned(), number), of_ticket(&boxes, who, number).len());
            }
            written.push(proof.of(mail_of(&boxes, number, round, say)));
        }
        office.deliver_all(&written, PATIENCE);
    }
    let tickets = (1..=rows.len()).map(|number| office.desk.ticket(&format!("T-{number}"))).collect();
    Played { tickets, mailboxes: mailboxes(office), before }
}

fn mailboxes(office: &Office) -> BTreeMap<String, Vec<Vec<u8>>> {
    let mut whose: Vec<String> = office.outbox().iter().filter_map(|row| row["to"].as_str().map(str::to_lowercase)).collect();
    whose.sort();
    whose.dedup();
    // The first one waits until everything has been filed.
    whose.into_iter().map(|who| (who.clone(), office.received(&who))).collect()
}

/// What somebody got of a ticket, oldest first.
fn of_ticket<'b>(boxes: &'b BTreeMap<String, Vec<Vec<u8>>>, who: &str, number: usize) -> Vec<&'b [u8]> {
    let tag = format!("[T-{number}]");
    let all = boxes.get(who).map_or(&[][..], Vec::as_slice);
    all.iter()
        .map(Vec::as_slice)
        .filter(|mail| header_of(mail, "Subject").is_some_and(|subject| subject.contains(&tag)))
        .collect()
}

fn mail_of(boxes: &BTreeMap<String, Vec<Vec<u8>>>, number: usize, round: usize, say: &Say) -> Mail {
    let id = format!("says-{number}-{round}@acme.example");
    let got = |who: &str| of_ticket(boxes, who, number);
    let first = |who: &str| *got(who).first().unwrap_or_else(|| panic!("{who} got nothing of T-{number}"));
    let newest = |who: &str| *got(who).last().unwrap_or_else(|| panic!("{who} got nothing of T-{number}"));
    match say {
        Say::Ana(text) => Client::Gmail.answer(first(ANA_ADDRESS), ANA, &id, text),
        Say::Ben(text) => Client::Thunderbird.answer(first(BEN_ADDRESS), BEN, &id, text),
        Say::Again(text) => Client::OutlookWeb.answer(newest(ANA_ADDRESS), ANA, &id, text),
        Say::Press(label) => press(newest(ANA_ADDRESS), label, ANA, &id, ""),
        Say::PressWith(label, typed) => press(newest(ANA_ADDRESS), label, ANA, &id, typed),
        Say::Code => {
            let text = text_of(newest(ANA_ADDRESS)).split_whitespace().collect::<Vec<_>>().join(" ");
            let (_, behind) = text.split_once("#confirm ").unwrap_or_else(|| panic!("no code for T-{number} in {text}"));
            let code: String = behind.chars().take_while(char::is_ascii_alphanumeric).collect();
            Client::AppleMail.answer(first(ANA_ADDRESS), ANA, &id, &format!("#confirm {code}"))
        }
        Say::Dana(text) => {
            let (from, parent) = (format!("Dana Okafor <{}>", customer(number)), format!("dana-1@c{number}.example"));
            let basics =
                Basics { from: &from, to: SUPPORT, subject: "Re: Probe", id: &format!("dana-{round}2@c{number}.example") };
            mails::reply(basics, &parent, &[], text)
        }
        Say::Vendor(text) => Client::Yahoo.answer(
            newest(NORTHGATE),
            &format!("Northgate <{NORTHGATE}>"),
            &format!("ng-{number}@northgate.example"),
            text,
        ),
    }
}

impl Played {
    /// Mailboxes of people outside.
    pub(super) fn outside(&self) -> impl Iterator<Item = (&String, &Vec<Vec<u8>>)> {
        self.mailboxes.iter().filter(|(who, _)| !who.ends_with("@acme.example"))
    }

    /// Compares with what is expected of a row.
    pub(super) fn check(&self, number: usize, row: &Row) -> Result<(), String> {
        let ticket = &self.tickets[number - 1];
        for (pointer, expected) in &row.ticket {
            let found = ticket.pointer(pointer).unwrap_or(&Value::Null);
            if found != expected {
                return Err(format!("{pointer} is {found}, not {expected}: {}", ticket["history"]));
            }
        }
        let kinds: Vec<&str> =
            ticket["history"].as_array().into_iter().flatten().filter_map(|line| line["kind"].as_str()).collect();
        if let Some(missing) = row.history.iter().find(|kind| !kinds.contains(*kind)) {
            return Err(format!("no `{missing}` in {kinds:?}"));
        }
        let got: Vec<String> = self.mailboxes.get(&customer(number)).into_iter().flatten().map(|mail| text_of(mail)).collect();
        let beyond = &got[got.len().min(1)..];
        let fits =
            beyond.len() == row.customer.len() && beyond.iter().zip(&row.customer).all(|(text, words)| text.contains(words));
        if !fits {
            return Err(format!("the customer got {beyond:#?}, not {:?}; {}", row.customer, ticket["history"]));
        }
        for (who, words) in &row.mailboxes {
            let is_outside = !who.ends_with("@acme.example");
            let of_this = of_ticket(&self.mailboxes, who, number);
            let skip = self.before.get(&((*who).to_owned(), number)).copied().unwrap_or(0);
            let texts: Vec<String> = if is_outside && of_this.is_empty() {
                self.mailboxes.get(*who).into_iter().flatten().map(|mail| text_of(mail)).collect()
            } else {
                of_this.iter().skip(if is_outside { 0 } else { skip }).map(|mail| text_of(mail)).collect()
            };
            let flat = |text: &String| text.split_whitespace().collect::<Vec<_>>().join(" ");
            match words {
                Some(words) if !texts.iter().any(|text| flat(text).contains(words)) => {
                    return Err(format!("{who} did not get {words:?}: {texts:#?}; {}", ticket["history"]));
                }
                None if !texts.is_empty() => return Err(format!("{who} got {texts:#?}")),
                Some(_) | None => {}
            }
        }
        Ok(())
    }
}
