//! What a mail says.
//!
//! Pure functions over bytes: no clock, no file, no network, no randomness. [`parse::parse`] is total, so a broken byte
//! never costs a customer their ticket; what was odd is listed as [`Defect`]s.
//!
//! Start at [`message`] for the shapes, then [`parse`] for how bytes become one.

pub mod address;
pub mod alignment;
pub mod auth_results;
pub mod defect;
pub mod dkim_guard;
pub mod dsn;
mod dsn_code;
mod dsn_html;
mod dsn_json;
mod dsn_original;
mod dsn_phrase;
mod dsn_report;
mod dsn_text;
pub mod limits;
pub mod machine;
mod machine_facts;
mod machine_return;
mod machine_words;
pub mod message;
pub mod message_id;
pub mod part;
mod raw_header;

pub use address::{Address, Mailbox};
pub use defect::Defect;
pub use message::{
    Attachment, Bounce, BounceRecipient, Forward, Header, MachineClass, Message, Parsed, Reply, ReturnPath, SentDate,
};
pub use message_id::MessageId;
