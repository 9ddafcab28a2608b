//! What was in a mailbox before we came, remembered beside the spool.
//!
//! The store knows which UIDs are settled; it does not know which of the others were there first. Without this note a
//! crash during the first scan would turn the rest of an old mailbox into new requests, and so would a changed
//! UIDVALIDITY. Instants are the server's own, so our clock plays no part.

use std::io::Write;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::MailboxKey;

use super::Since;
use super::error::IngestError;
use super::fetch::Listed;

/// The note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Anchor {
    /// UIDVALIDITY that `below` belongs to.
    pub(super) uid_validity: u32,
    /// UIDs below this were there when the mailbox was first (or newly) looked at.
    pub(super) below: u32,
    /// What becomes of them.
    pub(super) keep: Keep,
    /// When the newest mail of the very first look reached the server; `None` if there was none.
    pub(super) newest_at: Option<Timestamp>,
    /// UIDVALIDITY changed since the first look: which mails were there first is told by their dates alone.
    pub(super) renumbered: bool,
    /// No note of the first look was found when UIDVALIDITY changed.
    pub(super) forgotten: bool,
}

/// `since`, as it was at the first look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Keep {
    /// Nothing.
    Nothing,
    /// Everything, silently.
    All,
    /// Mail of that day or later, silently.
    From(jiff::civil::Date),
}

/// What a listed mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Came after us.
    New,
    /// There first; wanted.
    Silent,
    /// There first; not wanted.
    Before,
}

impl Anchor {
    /// At the first look.
    pub(super) fn first(uid_validity: u32, below: u32, since: Since, newest_at: Option<Timestamp>) -> Self {
        let keep = match since {
            Since::Now => Keep::Nothing,
            Since::All => Keep::All,
            Since::Date(date) => Keep::From(date),
        };
        Self { uid_validity, below, keep, newest_at, renumbered: false, forgotten: false }
    }

    /// After UIDVALIDITY changed.
    pub(super) fn renumber(old: Option<Self>, uid_validity: u32, below: u32, since: Since) -> Self {
        match old {
            Some(old) => Self { uid_validity, below, renumbered: true, ..old },
            None => Self { renumbered: true, forgotten: true, ..Self::first(uid_validity, below, since, None) },
        }
    }

    /// Nothing was there first.
    pub(super) fn none(uid_validity: u32) -> Self {
        Self::first(uid_validity, 1, Since::All, None)
    }

    /// What a mail is. After a renumbering, mail that cannot be told apart by date counts as new and is recognised by
    /// content; where even the note is lost it is taken in silently, for an unwanted answer is worse than a missing one.
    pub(super) fn origin(&self, mail: &Listed) -> Origin {
        if mail.uid >= self.below {
            return Origin::New;
        }
        if self.renumbered {
            if self.forgotten {
                return Origin::Silent;
            }
            match (mail.received_at, self.newest_at) {
                (Some(received_at), Some(newest_at)) if received_at <= newest_at => {}
                _ => return Origin::New,
            }
        }
        match self.keep {
            Keep::Nothing => Origin::Before,
            // Those before the date were settled by a search, unless the dates are all there is.
            Keep::From(date) if self.renumbered => match mail.received_at {
                Some(at) if at.to_zoned(jiff::tz::TimeZone::UTC).date() < date => Origin::Before,
                _ => Origin::Silent,
            },
            Keep::All | Keep::From(_) => Origin::Silent,
        }
    }

    /// Reads the note; a missing or unreadable one is `None`.
    pub(super) async fn load(spool: &Path, mailbox: &MailboxKey) -> Option<Self> {
        let bytes = tokio::fs::read(path_of(spool, mailbox)).await.ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Writes the note. Durable on return.
    pub(super) async fn save(&self, spool: &Path, mailbox: &MailboxKey) -> Result<(), IngestError> {
        let path = path_of(spool, mailbox);
        let shown = path.display().to_string();
        let bytes = serde_json::to_vec(self).map_err(|error| IngestError::File {
            act: "write",
            path: shown.clone(),
            source: error.into(),
        })?;
        let written = tokio::task::spawn_blocking(move || write_durably(&path, &bytes)).await;
        written.map_err(|_| IngestError::Panicked { act: "writing a note" })?.map_err(|source| IngestError::File {
            act: "write",
            path: shown,
            source,
        })
    }
}

/// A short name for a mailbox, safe in file names.
pub(super) fn file_stem(mailbox: &MailboxKey) -> String {
    let mut hash = Sha256::new();
    hash.update(mailbox.account.as_str());
    hash.update([0]);
    hash.update(&mailbox.mailbox);
    HEXLOWER.encode(&hash.finalize()[..8])
}

fn path_of(spool: &Path, mailbox: &MailboxKey) -> PathBuf {
    spool.join(format!("first-{}.json", file_stem(mailbox)))
}

/// Replaces a file so that after a power loss it is the old or the new one.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    let temporary = path.with_extension("tmp");
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(anchor: &Anchor, uid: u32, received_at: Option<&str>, expect: Origin) {
        let received_at = received_at.map(|at| at.parse().expect("a timestamp"));
        assert_eq!(anchor.origin(&Listed { uid, bytes: None, received_at }), expect);
    }

    #[test]
    fn mail_of_before_is_told_by_uid_and_after_a_renumbering_by_date() {
        let newest = "2026-01-05T00:00:00Z";
        let first = Anchor::first(7, 100, Since::Now, Some(newest.parse().expect("a timestamp")));
        check(&first, 99, None, Origin::Before);
        check(&first, 100, None, Origin::New);
        let renumbered = Anchor::renumber(Some(first), 8, 50, Since::Now);
        check(&renumbered, 10, Some(newest), Origin::Before);
        check(&renumbered, 10, Some("2026-01-05T00:00:01Z"), Origin::New);
        check(&renumbered, 10, None, Origin::New);
        check(&renumbered, 50, Some(newest), Origin::New);
        check(&Anchor::renumber(None, 8, 50, Since::Now), 10, Some(newest), Origin::Silent);
    }

    #[tokio::test]
    async fn a_note_survives() {
        let directory = tempfile::tempdir().expect("a directory");
        let mailbox = MailboxKey { account: "a".into(), mailbox: "INBOX".to_owned() };
        assert_eq!(Anchor::load(directory.path(), &mailbox).await, None);
        let anchor = Anchor::first(1, 2, Since::Date(jiff::civil::date(2026, 1, 2)), None);
        anchor.save(directory.path(), &mailbox).await.expect("written");
        assert_eq!(Anchor::load(directory.path(), &mailbox).await, Some(anchor));
    }
}
