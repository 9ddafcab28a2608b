//! What a mail says.
//!
//! Pure functions over bytes: no clock, no file, no network, no randomness. [`parse::parse`] is total, so a broken byte
//! never costs a customer their ticket; what was odd is listed as [`Defect`]s.
//!
//! Start at [`message`] for the shapes, then [`parse`] for how bytes become one.

pub mod address;
pub mod address_list;
pub mod alignment;
mod attribution;
pub mod auth_results;
mod body;
pub mod calendar;
pub mod charset;
pub mod compose;
pub mod date;
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
pub mod encoded_word;
pub mod file_name;
pub mod flowed;
mod forward;
pub mod header;
mod header_block;
pub mod header_text;
pub mod html;
pub mod html_clean;
mod html_element;
mod html_line;
mod html_match;
mod html_piece;
mod html_style;
pub mod language;
pub mod limits;
pub mod machine;
mod machine_facts;
mod machine_return;
mod machine_words;
pub mod message;
pub mod message_id;
pub mod param;
pub mod parse;
pub mod part;
pub mod pre_scan;
mod quote;
mod raw_header;
mod reply_compare;
pub mod reply_cut;
mod reply_scan;
pub mod report;
pub mod rtf;
mod signature;
pub mod tnef;
pub mod transfer;
pub mod uuencode;
mod words;

pub use address::{Address, Mailbox};
pub use compose::compose;
pub use defect::Defect;
pub use header_text::HeaderText;
pub use message::{
    Attachment, Bounce, BounceRecipient, Forward, Header, MachineClass, Message, Parsed, Reply, ReturnPath, SentDate,
};
pub use message_id::MessageId;
pub use parse::parse;
pub use pre_scan::{PreScan, Verdict, pre_scan};
