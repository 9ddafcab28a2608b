//! Who wrote a mail.

use mail::{Address, Mailbox, Message};

use crate::policy::Policy;

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

/// Where a mail asks for answers, if that is neither its author nor one of ours. Nothing goes there: the header proves
/// nothing, and anybody can point it anywhere.
pub(crate) fn answers_to(message: &Message, author: &Address, policy: &Policy) -> Option<Address> {
    let to = &message.reply_to.first()?.address;
    let is_known = to.folded() == author.folded() || policy.own_addresses.contains(&to.without_detail());
    (!is_known).then(|| to.clone())
}

pub(crate) fn shown(mailbox: &Mailbox) -> String {
    match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.to_string(),
    }
}
