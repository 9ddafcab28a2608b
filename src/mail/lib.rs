//! What a mail says: its headers, its text, what is new in it, its files, who sent it, and whether a machine did.
//!
//! Pure functions over bytes: no clock, no file, no network, no randomness. [`parse()`] is total, so a broken byte never
//! costs a customer their ticket; what was odd is listed as [`Defect`]s. Time and memory are linear in the size of the
//! mail, and everything has a limit with its reason in [`limits`].
//!
//! ```
//! let raw = "From: =?utf-8?Q?J=C3=BCrgen?= <j@acme.example>\r\n\
//!            Subject: Re: Printer\r\n\
//!            Content-Type: text/plain; charset=utf-8\r\n\
//!            \r\n\
//!            Yes, it is on.\r\n\
//!            \r\n\
//!            Sent from my phone\r\n\
//!            On Tue, May 14, 2024 at 9:58 AM Maya <maya@desk.example> wrote:\r\n\
//!            > Is it on?\r\n";
//! let parsed = mail::parse(raw.as_bytes());
//! let message = &parsed.message;
//! assert_eq!(message.from[0].name.as_deref(), Some("Jürgen"));
//! assert_eq!(message.reply.new_text, "Yes, it is on.");
//! assert_eq!(message.reply.signature, "Sent from my phone");
//! assert_eq!(mail::machine::class_of(message), None);
//! assert_eq!(parsed.defects, [mail::Defect::BadDate]);
//! ```
//!
//! # Where to look
//!
//! | Question | Answer |
//! |---|---|
//! | What does the mail say? | [`parse()`], [`Message`] |
//! | What is new in a body that I have already? | [`reply_cut::cut`] |
//! | Which mail did not arrive, and why? | [`Message::bounce`], [`dsn`] (RFC 3464 and what came before it) |
//! | Who called which mail spam? | [`Message::complaint`] (RFC 5965) |
//! | Did a machine write it, and which kind? | [`machine::classify`] (RFC 3834 and a table) |
//! | Is From true? | [`auth_results`] (RFC 8601), [`alignment`] (RFC 7489), [`dkim_guard`] (RFC 6376) |
//! | Give me the bytes of a file. | [`part::attachment_bytes`] |
//! | May I read it in this process? | [`pre_scan()`] |
//! | How do I write one? | [`compose()`] |
//!
//! Start at [`message`] for the shapes, then [`mod@parse`] for how bytes become one. Deliberately absent: DNS, cryptography,
//! anything that remembers; what is learned ([`disclaimer`]) is state that the caller keeps.

pub mod address;
pub mod address_list;
mod afterthought;
pub mod alignment;
mod arf;
mod armour;
mod attached;
mod attribution;
pub mod auth_results;
mod banner;
mod beginning;
mod body;
pub mod calendar;
pub mod charset;
mod cms;
mod code_page;
pub mod compose;
mod contact_card;
pub mod date;
pub mod defect;
mod device_line;
pub mod disclaimer;
pub mod dkim_guard;
pub mod dsn;
mod dsn_code;
mod dsn_html;
mod dsn_json;
mod dsn_original;
mod dsn_phrase;
mod dsn_report;
mod dsn_signs;
mod dsn_text;
mod dsn_writer;
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
mod html_reader;
mod html_sheet;
mod html_style;
mod inline_answer;
pub mod language;
pub mod limits;
pub mod machine;
mod machine_facts;
mod machine_return;
mod machine_words;
pub mod message;
pub mod message_id;
mod notes_block;
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
mod small_word;
mod stand_in;
pub mod tnef;
pub mod transfer;
mod trigram;
pub mod uuencode;
mod words;

pub use address::{Address, Mailbox};
pub use compose::compose;
pub use defect::Defect;
pub use header_text::HeaderText;
pub use message::{
    Attachment, Bounce, BounceRecipient, Complaint, Forward, Header, MachineClass, Message, Parsed, Reply, ReturnPath, SentDate,
};
pub use message_id::MessageId;
pub use parse::parse;
pub use pre_scan::{PreScan, Verdict, pre_scan};
