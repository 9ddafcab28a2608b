//! The line that `parse --json` prints for one mail. Names and nesting are promised to scripts; absent fields are null.

use serde::Serialize;

use crate::{Address, Bounce, Complaint, Defect, Forward, MachineClass, Mailbox, MessageId, Parsed, address_list, date};

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParseLine {
    /// The file as given.
    pub file: String,
    /// Address of the first author; the bare word where From holds no address.
    pub from_addr: Option<String>,
    /// Name of the first author.
    pub from_name: Option<String>,
    /// Addresses of primary recipients.
    pub to: Vec<String>,
    /// Addresses of copies.
    pub cc: Vec<String>,
    /// First address of Reply-To.
    pub reply_to: Option<String>,
    /// Decoded subject.
    pub subject: Option<String>,
    /// Own id without brackets.
    pub message_id: Option<String>,
    /// First id in In-Reply-To.
    pub in_reply_to: Option<String>,
    /// Ids in References.
    pub references: Vec<String>,
    /// RFC 3339 in the sender's offset.
    pub date: Option<String>,
    /// Whole body.
    pub text: String,
    /// New text without signature.
    pub reply_text: String,
    /// Quoted history.
    pub elided: String,
    /// Signature.
    pub signature: String,
    /// A forwarded mail within the body.
    pub forward: Option<Forward>,
    /// Files.
    pub attachments: Vec<AttachmentLine>,
    /// Kind of machine mail; null for a person's.
    pub machine: Option<MachineClass>,
    /// A delivery report.
    pub bounce: Option<BounceLine>,
    /// Charset of the main text.
    pub charset: Option<String>,
    /// ISO 639-1 code.
    pub language: Option<String>,
    /// How sure the reader is of it, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_confidence: Option<u8>,
    /// A report that somebody called a mail spam.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complaint: Option<Complaint>,
    /// What was odd.
    pub defects: Vec<Defect>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttachmentLine {
    /// Safe name.
    pub name: String,
    /// Media type.
    #[serde(rename = "type")]
    pub content_type: String,
    /// Decoded size.
    pub bytes: u64,
}

/// A delivery report, its details those of the gravest recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BounceLine {
    /// Addresses not reached, as far as the report names them.
    pub recipients: Vec<String>,
    /// Enhanced status code.
    pub status: Option<String>,
    /// SMTP reply code.
    pub smtp_code: Option<u16>,
    /// No later try will succeed.
    pub permanent: bool,
}

impl ParseLine {
    /// The line of one mail. `machine` is the verdict of the machine reader, which sees more than the mail.
    #[must_use]
    pub fn new(parsed: &Parsed, machine: Option<MachineClass>, file: &str) -> Self {
        let message = &parsed.message;
        let addresses = |list: &[Mailbox]| list.iter().map(|mailbox| mailbox.address.to_string()).collect();
        let (from_addr, from_name) = match message.from.first() {
            Some(mailbox) => (Some(mailbox.address.to_string()), mailbox.name.clone()),
            None => message.header("from").map_or((None, None), address_list::bare_word),
        };
        Self {
            file: file.to_owned(),
            from_addr,
            from_name,
            to: addresses(&message.to),
            cc: addresses(&message.cc),
            reply_to: message.reply_to.first().map(|mailbox| Address::to_string(&mailbox.address)),
            subject: message.header("subject").map(str::to_owned),
            message_id: message.message_id.as_ref().map(MessageId::to_string),
            in_reply_to: message.in_reply_to.first().map(MessageId::to_string),
            references: message.references.iter().map(MessageId::to_string).collect(),
            date: message.date.map(date::rfc3339),
            text: message.text.clone(),
            reply_text: message.reply.new_text.clone(),
            elided: message.reply.elided.clone(),
            signature: message.reply.signature.clone(),
            forward: message.reply.forward.clone(),
            attachments: message
                .attachments
                .iter()
                .map(|file| AttachmentLine {
                    name: file.name.clone(),
                    content_type: file.content_type.clone(),
                    bytes: file.bytes,
                })
                .collect(),
            machine,
            bounce: message.bounce.as_ref().map(BounceLine::from),
            charset: message.charset.clone(),
            language: message.language.clone(),
            language_confidence: message.language_confidence,
            complaint: message.complaint.clone(),
            defects: parsed.defects.clone(),
        }
    }
}

impl From<&Bounce> for BounceLine {
    fn from(bounce: &Bounce) -> Self {
        let gravest = bounce.gravest();
        Self {
            recipients: bounce
                .recipients
                .iter()
                .map(|recipient| recipient.address.clone())
                .filter(|address| !address.is_empty())
                .collect(),
            status: gravest.and_then(|recipient| recipient.status.clone()),
            smtp_code: gravest.and_then(|recipient| recipient.smtp_code),
            permanent: gravest.is_some_and(|recipient| recipient.permanent),
        }
    }
}
