//! What a mail says.
//!
//! Pure functions over bytes: no clock, no file, no network, no randomness. [`parse::parse`] is total, so a broken byte
//! never costs a customer their ticket; what was odd is listed as [`Defect`]s.
//!
//! Start at [`message`] for the shapes, then [`parse`] for how bytes become one.

pub mod address;
mod attribution;
pub mod defect;
mod forward;
mod header_block;
pub mod html;
mod html_element;
mod html_line;
pub mod language;
pub mod limits;
pub mod message;
pub mod message_id;
mod quote;
mod reply_compare;
pub mod reply_cut;
mod reply_scan;
mod signature;
mod words;

pub use address::{Address, Mailbox};
pub use defect::Defect;
pub use message::{
    Attachment, Bounce, BounceRecipient, Forward, Header, MachineClass, Message, Parsed, Reply, ReturnPath, SentDate,
};
pub use message_id::MessageId;
