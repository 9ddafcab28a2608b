//! Who writes to the desk, and what. Nothing with [`CANARY`] in it may ever reach a customer.

use desk::effect::{OutboxRow, Purpose};
use frontdesk::store::Store;

use super::dice::Dice;

/// Stands in everything that is not for customers.
pub(super) const CANARY: &str = "INTERNAL-CANARY";
/// Header of mails whose sender is not who it says.
pub(super) const FORGED: &str = "X-Sim-Forged";
/// Header of mails that kill whoever reads them in the desk's own process.
pub(super) const POISON: &str = "X-Sim-Poison";
/// People who write.
const CUSTOMERS: u64 = 5;
/// The agent who answers by mail.
const MAYA: &str = "maya@fernhill.example";
const NORTHGATE: &str = "servicedesk@northgate.example";

/// Whether an address is that of a customer.
pub(super) fn is_customer(address: &str) -> bool {
    address.starts_with('c') && address.contains("@x")
}

/// A mail by somebody; `received` is what our own server took from the desk, newest last.
pub(super) fn letter(dice: &mut Dice, number: u64, received: &[OutboxRow], store: Option<&dyn Store>) -> Vec<u8> {
    match dice.roll(16) {
        0 | 1 => agent(dice, number, received, store),
        2 => vendor(dice, number, received, store),
        3 => forged_agent(dice, number, received, store),
        _ => customer(dice, number, received),
    }
}

fn customer(dice: &mut Dice, number: u64, received: &[OutboxRow]) -> Vec<u8> {
    let who = format!("c{}@x{}.example", dice.roll(CUSTOMERS), dice.roll(3));
    let newest = received.iter().rev().find(|row| row.to.as_str() == who).map(|row| row.message_id.to_string());
    let answers = newest.filter(|_| dice.chance(70));
    let inbox = *dice.pick(&["support", "billing", "info", "it"]);
    let (extra, text) = match dice.roll(9) {
        0 => ("Auto-Submitted: auto-replied\r\n".to_owned(), "I am away until 2 December 2026.".to_owned()),
        1 => (String::new(), "Thanks!".to_owned()),
        2 => (String::new(), "Yes".to_owned()),
        3 => (String::new(), format!("1: Leeds\r\n2: thing {number}")),
        4 if dice.chance(20) => (String::new(), "STOP".to_owned()),
        5 if dice.chance(50) => (String::new(), "status".to_owned()),
        6 if dice.chance(30) => (format!("{POISON}: 1\r\n"), format!("Thing {number}.")),
        7 if dice.chance(30) => (format!("{FORGED}: 1\r\n"), format!("Thing {number} is broken, says {CANARY}.")),
        _ => (String::new(), format!("Thing {number} is broken, invoice {}.", 20_000 + number)),
    };
    let subject = if answers.is_some() { "Re: something".to_owned() } else { format!("Request {number}") };
    mail(&who, &format!("{inbox}@fernhill.example"), &subject, number, (answers.as_deref(), &extra), &text)
}

/// An agent answers the newest mail about a ticket: to the customer, as a note, with a command.
fn agent(dice: &mut Dice, number: u64, received: &[OutboxRow], store: Option<&dyn Store>) -> Vec<u8> {
    let (to, id) =
        reply_to(received, store, |row| row.purpose == Purpose::AgentNotice && row.to.as_str() == MAYA && row.ticket.0 > 0)
            .unwrap_or(("desk@fernhill.example".to_owned(), "nothing@fernhill.example".to_owned()));
    let text = match dice.roll(4) {
        0 => format!("#note {CANARY} note {number}"),
        1 => format!("Answer by mail {number}.\r\n\r\n#close"),
        _ => format!("Answer by mail {number}."),
    };
    // What answers a mail of steps or of vendors stays inside, so its words are marked.
    let is_inside = to.split('-').nth(1).is_some_and(|mode| mode.ends_with('n'));
    let text = if is_inside { format!("{CANARY} inside {number}.") } else { text };
    mail(&format!("Maya Chen <{MAYA}>"), &to, "Re: something", number, (Some(&id), ""), &text)
}

fn vendor(dice: &mut Dice, number: u64, received: &[OutboxRow], store: Option<&dyn Store>) -> Vec<u8> {
    let (to, id) = reply_to(received, store, |row| row.purpose == Purpose::VendorMail)
        .unwrap_or(("support@fernhill.example".to_owned(), "nothing@fernhill.example".to_owned()));
    let date = if dice.chance(40) { "\r\nETA: 2027-01-15" } else { "" };
    let forged = if dice.chance(20) { format!("{FORGED}: 1\r\n") } else { String::new() };
    mail(NORTHGATE, &to, "Re: something", number, (Some(&id), &forged), &format!("{CANARY} vendor {number}.{date}"))
}

/// Somebody writes in an agent's name, or as themselves, to an address that only the agent was given.
fn forged_agent(dice: &mut Dice, number: u64, received: &[OutboxRow], store: Option<&dyn Store>) -> Vec<u8> {
    let (to, id) =
        reply_to(received, store, |row| row.purpose == Purpose::AgentNotice && row.to.as_str() == MAYA && row.ticket.0 > 0)
            .unwrap_or(("desk@fernhill.example".to_owned(), "nothing@fernhill.example".to_owned()));
    let from = if dice.chance(70) { MAYA } else { "eve@evil.example" };
    let text = format!("{CANARY} forged {number}.\r\n\r\n#close");
    mail(from, &to, "Re: [T-1] something", number, (Some(&id), &format!("{FORGED}: 1\r\n")), &text)
}

/// Where an answer to the newest such mail goes, and what it answers.
fn reply_to(received: &[OutboxRow], store: Option<&dyn Store>, is_it: impl Fn(&OutboxRow) -> bool) -> Option<(String, String)> {
    let row = received.iter().rev().find(|row| is_it(row))?;
    let message = mail::parse(&store?.raw(&row.raw).ok()?).message;
    let to = message.reply_to.first().or(message.from.first())?.address.to_string();
    Some((to, row.message_id.to_string()))
}

fn mail(from: &str, to: &str, subject: &str, number: u64, (answers, extra): (Option<&str>, &str), text: &str) -> Vec<u8> {
    let thread = answers.map_or_else(String::new, |id| format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n"));
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <w{number}@client.example>\r\n{thread}{extra}\r\n{text}\r\n"
    )
    .into_bytes()
}
