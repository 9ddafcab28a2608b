//! Who wrote a mail.

use mail::{Address, Mailbox, Message};

/// Stands in for an author whom the mail does not name.
const UNKNOWN_SENDER: &str = "unknown@sender.invalid";

/// From if it names one address, else Sender, Reply-To, return path, else nobody.
pub(crate) fn sender_of(message: &Message) -> Mailbox {
    let path = match &message.return_path {
        Some(mail::ReturnPath::Address(address)) => Some(Mailbox { name: None, address: address.clone() }),
        Some(mail::ReturnPath::Null) | None => None,
    };
    message
        .from
        .first()
        .or(message.sender.as_ref())
        .or(message.reply_to.first())
        .cloned()
        .or(path)
        .unwrap_or_else(|| Mailbox { name: None, address: Address::new(UNKNOWN_SENDER).expect("a constant that is an address") })
}

/// Nobody can be answered there.
pub(crate) fn is_unknown(address: &Address) -> bool {
    address.as_str() == UNKNOWN_SENDER
}

pub(crate) fn shown(mailbox: &Mailbox) -> String {
    match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.to_string(),
    }
}
