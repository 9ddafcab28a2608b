//! Reading a mail: everything about it that needs no store. Pure but for the child process that reads dangerous mail.

use desk::RawHash;
use desk::event::SenderProof;
use mail::{Defect, Message, Parsed};
use serde::{Deserialize, Serialize};

use crate::engine::{child, content};
use crate::failpoint;
use crate::store::{ContentKeys, Store};

/// Subject of what stands in for an unreadable mail.
const UNREADABLE_SUBJECT: &str = "(unreadable mail)";
/// Name under which its bytes are shown.
const UNREADABLE_FILE: &str = "unreadable.eml";

/// A mail, read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reading {
    /// Its bytes.
    pub raw: RawHash,
    /// Their number.
    pub raw_bytes: u64,
    /// What it says.
    pub parsed: Parsed,
    /// For recognising it again.
    pub keys: ContentKeys,
    /// Whether From is true, as far as the headers tell.
    pub proof: SenderProof,
}

/// How a mail may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// In this process, unless the pre-scan says otherwise.
    Normal,
    /// It was being read when the process died: in a child process only.
    Suspect,
}

/// Reads a mail. Never fails: a mail that cannot be read becomes an unreadable one, with its bytes kept.
#[must_use]
pub fn read(hash: RawHash, raw: &[u8], trusts: &[String], caution: Caution, child: &child::ChildReader) -> Reading {
    let is_risky = caution == Caution::Suspect || matches!(mail::pre_scan(raw).verdict(), mail::Verdict::Risky(_));
    if is_risky {
        return child.read(raw, trusts).map_or_else(
            |_| unreadable(hash, raw),
            |mut reading| {
                reading.raw = hash;
                reading
            },
        );
    }
    read_here(hash, raw, trusts)
}

/// Reads a mail in this process.
#[must_use]
pub fn read_here(hash: RawHash, raw: &[u8], trusts: &[String]) -> Reading {
    failpoint::hit_if("poison_read", || mail::parse::parse_headers(raw).header("X-Poison-Test").is_some());
    let parsed = mail::parse(raw);
    let keys = content::keys(raw, &parsed.message);
    let proof = header_proof(raw, &parsed.message, trusts);
    Reading { raw: hash, raw_bytes: raw.len() as u64, parsed, keys, proof }
}

/// What stands in for a mail, if these very bytes were found unreadable before: whoever read them again, because the
/// server shows them under another UID, would die again.
#[must_use]
pub fn found_unreadable(store: &dyn Store, hash: RawHash, raw: &[u8]) -> Option<Reading> {
    let reading = unreadable(hash, raw);
    let first = store.find_by_content(&reading.keys)?;
    let message = store.decided(first.event).ok()??.decision.message?;
    let is_stand_in = message.subject == UNREADABLE_SUBJECT
        && message.attachments.first().is_some_and(|file| file.name == UNREADABLE_FILE)
        && message.raw == Some(hash);
    is_stand_in.then_some(reading)
}

/// What stands in for a mail that killed its reader twice: a ticket that shows the raw file.
fn unreadable(hash: RawHash, raw: &[u8]) -> Reading {
    let message = Message {
        subject: UNREADABLE_SUBJECT.to_owned(),
        text: "This mail could not be read. Its bytes are kept and attached.".to_owned(),
        reply: mail::Reply {
            new_text: "This mail could not be read. Its bytes are kept and attached.".to_owned(),
            ..mail::Reply::default()
        },
        attachments: vec![mail::Attachment {
            name: UNREADABLE_FILE.to_owned(),
            content_type: "message/rfc822".to_owned(),
            bytes: raw.len() as u64,
            inline: false,
            content_id: None,
            part: 0,
        }],
        ..Message::default()
    };
    let keys = content::keys(raw, &message);
    Reading {
        raw: hash,
        raw_bytes: raw.len() as u64,
        parsed: Parsed { message, defects: vec![Defect::Unreadable] },
        keys,
        proof: SenderProof::NotProven { why: "the mail could not be read".to_owned() },
    }
}

/// What the receiving host's own verdict says. Only the topmost header of a trusted host counts.
fn header_proof(raw: &[u8], message: &Message, trusts: &[String]) -> SenderProof {
    use mail::auth_results::Proof;
    match mail::auth_results::proof_from_headers(raw, message, trusts) {
        Proof::Proven { by: _, detail } => SenderProof::Proven { by: detail },
        Proof::NotProven { why } => SenderProof::NotProven { why },
        Proof::DmarcFailed { detail } => SenderProof::Failed { why: detail },
    }
}
