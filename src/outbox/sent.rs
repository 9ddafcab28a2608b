//! Did it go out? What is done with a mail of which nobody knows whether the server has it.

use std::future::Future;

use desk::SendClass;
use desk::effect::OutboxRow;
use mail::MessageId;

/// What a look for traces of a mail brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// It lies in the Sent folder, or a bounce or answer names it: the server had it.
    Found,
    /// It does not lie there, now.
    NotFound,
    /// One could not look.
    Unavailable,
}

/// Looks for a mail of ours where a server that took it would have left traces.
pub trait TraceSearch: Send + Sync + 'static {
    /// Looks once for a Message-ID.
    fn find(&self, message_id: &MessageId) -> impl Future<Output = Trace> + Send;
}

/// For accounts whose Sent folder cannot be read.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTraces;

impl TraceSearch for NoTraces {
    async fn find(&self, _message_id: &MessageId) -> Trace {
        Trace::Unavailable
    }
}

/// How a doubt ends when the time for looking is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The server has it.
    Accepted,
    /// It is sent once more, byte for byte.
    SendAgain,
    /// It stays unknown and is shown.
    Unknown,
}

/// Begins the words of a row that is sent for the second time; kept in front of all later words of that row.
const AGAIN: &str = "second sending:";

/// Decides by the row's class and what the last look brought.
pub(crate) fn after_search(row: &OutboxRow, last: Trace) -> Doubt {
    match (last, row.class) {
        (Trace::Found, _) => Doubt::Accepted,
        (Trace::NotFound | Trace::Unavailable, SendClass::AtMostOnce) => Doubt::Unknown,
        (Trace::NotFound | Trace::Unavailable, SendClass::AtLeastOnce) if was_sent_again(row) => Doubt::Unknown,
        (Trace::NotFound | Trace::Unavailable, SendClass::AtLeastOnce) => Doubt::SendAgain,
    }
}

/// It was in doubt before and has been sent once more since.
fn was_sent_again(row: &OutboxRow) -> bool {
    row.last_reply.as_deref().is_some_and(|words| words.starts_with(AGAIN))
}

/// Words for a row, so that it is known ever after that it is or was sent again.
//
// TODO(a stored row may carry more fields): a field of its own would say this better than a prefix.
pub(crate) fn words_for(row: &OutboxRow, again: bool, words: &str) -> String {
    if again || was_sent_again(row) { format!("{AGAIN} {words}") } else { words.to_owned() }
}
