//! Our own mails, as bytes.

use crate::{Address, Mailbox, MessageId};

/// A mail to be composed. One recipient; the same letter always gives the same bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    /// Author.
    pub from: Mailbox,
    /// The one recipient.
    pub to: Mailbox,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Mailbox>,
    /// Subject.
    pub subject: String,
    /// Our id.
    pub message_id: MessageId,
    /// What it answers.
    pub in_reply_to: Option<MessageId>,
    /// The thread, oldest first.
    pub references: Vec<MessageId>,
    /// Date, seconds since 1970.
    pub date_unix_seconds: i64,
    /// Further headers, names ASCII.
    pub headers: Vec<(String, String)>,
    /// Plain text, LF line ends.
    pub text: String,
    /// HTML form of the same.
    pub html: Option<String>,
}

#[allow(dead_code)]
fn _keep(_: &Address) {}
