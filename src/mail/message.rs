//! The shapes a mail is read into. All owned: the raw bytes are kept elsewhere and may be gone.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Address, Defect, Mailbox, MessageId};

/// A message with what was odd about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parsed {
    /// What the mail says.
    pub message: Message,
    /// What was odd; sorted, each once.
    pub defects: Vec<Defect>,
}

/// One mail, read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// All headers top to bottom, decoded and unfolded.
    pub headers: Vec<Header>,
    /// Authors; more than one is a defect for us, since nobody can be proven then.
    pub from: Vec<Mailbox>,
    /// RFC 5322 Sender.
    pub sender: Option<Mailbox>,
    /// Where answers are wanted. Never trusted for automatic mail.
    pub reply_to: Vec<Mailbox>,
    /// Primary recipients.
    pub to: Vec<Mailbox>,
    /// Copies.
    pub cc: Vec<Mailbox>,
    /// Topmost Return-Path.
    pub return_path: Option<ReturnPath>,
    /// Delivered-To, X-Original-To, Envelope-To: where the mail really went; each header in order, repeats kept.
    pub delivered_to: Vec<Address>,
    /// Decoded subject, as written (prefixes and tags kept).
    pub subject: String,
    /// This mail's own id.
    pub message_id: Option<MessageId>,
    /// Ids in In-Reply-To.
    pub in_reply_to: Vec<MessageId>,
    /// Ids in References, oldest first, the newest 50.
    pub references: Vec<MessageId>,
    /// The Date header.
    pub date: Option<SentDate>,
    /// The whole body as text, LF line ends.
    pub text: String,
    /// The body divided into what is new and what is not.
    pub reply: Reply,
    /// Files, inline ones included.
    pub attachments: Vec<Attachment>,
    /// Declared or detected charset of the main text, lower case.
    pub charset: Option<String>,
    /// ISO 639-1 code of the new text, where it is long enough to tell. `None` for delivery reports, which hosts write.
    pub language: Option<String>,
    /// METHOD of a calendar part, upper case (RFC 5546 §1.4).
    pub calendar_method: Option<String>,
    /// How sure the reader is of `language`, in percent.
    #[serde(default)]
    pub language_confidence: Option<u8>,
    /// Set where the mail reports failed or delayed delivery.
    pub bounce: Option<Bounce>,
    /// Set where the mail reports that a recipient called a mail spam.
    #[serde(default)]
    pub complaint: Option<Complaint>,
    /// Texts of attached JSON objects and url-encoded forms, which programs send instead of words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form_data: Vec<String>,
}

/// One header field, RFC 2047 decoded, unfolded, without controls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Name as written.
    pub name: String,
    /// Decoded value.
    pub value: String,
}

impl Message {
    /// The decoded values of every header of that name, top to bottom, names compared without case.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
    }

    /// The Message-ID of the mail that this one reports on: as undelivered, or as called spam.
    #[must_use]
    pub fn reported_id(&self) -> Option<&MessageId> {
        let bounced = self.bounce.as_ref().and_then(|bounce| bounce.original_message_id.as_ref());
        bounced.or_else(|| self.complaint.as_ref()?.original_message_id.as_ref())
    }

    /// The topmost value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
    }
}

/// The envelope sender as the last host recorded it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReturnPath {
    /// `<>`: whoever sent this wants no answer (RFC 5321 §4.5.5).
    Null,
    /// The address that gets bounces.
    Address(Address),
}

/// When the sender says the mail was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentDate {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: i64,
    /// The sender's offset from UTC, in minutes: the only hint at their time zone.
    pub offset_minutes: i32,
}

/// A body divided. `new_text`, `signature` and `elided` are disjoint; together they hold every word of the body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What the sender wrote now, without signature.
    pub new_text: String,
    /// Quoted history with its introduction.
    pub elided: String,
    /// The signature, delimiter included.
    pub signature: String,
    /// A forwarded mail within the body.
    pub forward: Option<Forward>,
    /// The cut could not be trusted, so `new_text` is the whole text.
    pub whole_kept: bool,
}

impl Reply {
    /// What the sender says and passes on: their own words, then the text of a mail that they forward.
    #[must_use]
    pub fn told(&self) -> Cow<'_, str> {
        match self.forward.as_ref().map(|forward| forward.text.as_str()).filter(|text| !text.trim().is_empty()) {
            Some(forwarded) if self.new_text.trim().is_empty() => Cow::Borrowed(forwarded),
            Some(forwarded) => Cow::Owned(format!("{}\n\n{forwarded}", self.new_text)),
            None => Cow::Borrowed(&self.new_text),
        }
    }
}

/// A forwarded mail, taken from its header block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    /// Original sender as written: `Name <a@b>`.
    pub from: Option<String>,
    /// Original recipients as written.
    pub to: Vec<String>,
    /// Original subject.
    pub subject: Option<String>,
    /// Original date as written.
    pub date: Option<String>,
    /// Text of the forwarded mail.
    pub text: String,
}

/// One file of a mail. Its bytes are taken from the raw mail by `part`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Safe base name: NFC, no path, no control or bidi character, ≤ 120 bytes. Made up where the mail gives none.
    pub name: String,
    /// `type/subtype`, lower case.
    pub content_type: String,
    /// Decoded size.
    pub bytes: u64,
    /// Shown within the text (Content-Disposition inline, or named by a cid link).
    pub inline: bool,
    /// Content-ID without brackets.
    pub content_id: Option<String>,
    /// Index of the part in the parser's flat list: the handle for taking the bytes out again.
    pub part: u32,
}

/// What kind of machine wrote a mail; names are those of `parse --json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineClass {
    /// Away notices and other automatic answers (RFC 3834).
    AutoReply,
    /// Failed or delayed delivery (RFC 3464 and its many ancestors).
    Bounce,
    /// Mailing lists and bulk mail.
    List,
    /// Read receipts, abuse feedback and other reports.
    Report,
    /// Calendar requests and answers.
    Calendar,
    /// "Prove that you are human."
    Challenge,
    /// Any other mail no person wrote.
    Other,
}

/// A delivery report, read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bounce {
    /// Each address reported, in order.
    pub recipients: Vec<BounceRecipient>,
    /// Message-ID of the mail that bounced, where the report shows it.
    pub original_message_id: Option<MessageId>,
    /// Subject of the mail that bounced.
    pub original_subject: Option<String>,
}

impl Bounce {
    /// The recipient that tells most of what became of the mail: the first that will never get it, else the first.
    #[must_use]
    pub fn gravest(&self) -> Option<&BounceRecipient> {
        self.recipients.iter().find(|one| one.permanent).or_else(|| self.recipients.first())
    }
}

/// One recipient of a delivery report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BounceRecipient {
    /// The address that was not reached, as the report writes it.
    pub address: String,
    /// Enhanced status code `5.1.1` (RFC 3463), stated or derived from the text.
    pub status: Option<String>,
    /// SMTP reply code, `550`.
    pub smtp_code: Option<u16>,
    /// No later try will succeed.
    pub permanent: bool,
    /// The words of the refusing host.
    pub diagnostic: Option<String>,
}

/// A feedback report (RFC 5965), read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complaint {
    /// `abuse`, `fraud`, `not-spam`, …, lower case; `None` where the report does not say.
    pub feedback_type: Option<String>,
    /// Who complained, as the report writes it; often taken out by its sender.
    pub recipients: Vec<String>,
    /// Message-ID of the mail complained about.
    pub original_message_id: Option<MessageId>,
    /// Subject of the mail complained about.
    pub original_subject: Option<String>,
}
