//! Listing sizes, planning batches, fetching bodies: whole in batches, large ones in pieces to a file.

use std::path::{Path, PathBuf};

use async_imap::imap_proto::{AttributeValue, Response};
use jiff::Timestamp;
use tokio::io::AsyncWriteExt;

use super::error::IngestError;
use super::guard::Allowance;
use super::limits::{BATCH_BYTES_MAX, BATCH_MAILS_MAX, MAIL_BYTES_MAX, PIECE_BYTES, SIZE_SLACK_BYTES, WHOLE_BYTES_MAX};
use super::pipeline::set_of;
use super::session::Session;

/// A mail on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) uid: u32,
    /// Announced size; `None` if the server does not tell.
    pub(super) bytes: Option<u64>,
    /// When the server received it, if that was asked for.
    pub(super) received_at: Option<Timestamp>,
}

/// What a listing asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Uids,
    Sizes,
    SizesAndDates,
}

/// Lists UIDs of a set, ascending. Answers about others, which servers send unasked, are left out by the caller.
pub(super) async fn list(session: &mut Session, set: &str, ask: Ask) -> Result<Vec<Listed>, IngestError> {
    let items = match ask {
        Ask::Uids => "UID",
        Ask::Sizes => "UID RFC822.SIZE",
        Ask::SizesAndDates => "UID RFC822.SIZE INTERNALDATE",
    };
    let mut found = Vec::new();
    let text = format!("UID FETCH {set} ({items})");
    session
        .command("list mails", &text, Allowance::NO_MAIL, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let mut listed = Listed { uid: 0, bytes: None, received_at: None };
            let mut unasked = false;
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(uid) => listed.uid = *uid,
                    AttributeValue::Rfc822Size(bytes) => listed.bytes = Some(u64::from(*bytes)),
                    AttributeValue::InternalDate(date) => listed.received_at = instant(date),
                    AttributeValue::Flags(_) => unasked = true,
                    _ => {}
                }
            }
            // A change of flags is told in the same shape; with a size it answers our question all the same.
            if listed.uid > 0 && (!unasked || listed.bytes.is_some()) {
                found.push(listed);
            }
        })
        .await?;
    found.sort_unstable_by_key(|listed| listed.uid);
    found.dedup_by_key(|listed| listed.uid);
    Ok(found)
}

/// INTERNALDATE, RFC 9051 §9 `date-time`: ` 7-Jul-2026 02:44:25 -0700`.
fn instant(date: &str) -> Option<Timestamp> {
    Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", date.trim_start()).ok()
}

/// Work for one command each.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) batches: Vec<Vec<Listed>>,
    pub(super) large: Vec<Listed>,
}

/// Cuts mails into batches; those for which `alone` holds, and all too large for a batch, are fetched in pieces.
pub(super) fn plan(mails: &[Listed], alone: impl Fn(u32) -> bool) -> Plan {
    let mut plan = Plan::default();
    let mut batch: Vec<Listed> = Vec::new();
    let mut batch_bytes = 0;
    for mail in mails {
        let bytes = match mail.bytes {
            Some(bytes) if bytes <= WHOLE_BYTES_MAX && !alone(mail.uid) => bytes,
            Some(_) | None => {
                plan.large.push(*mail);
                continue;
            }
        };
        if batch.len() == BATCH_MAILS_MAX || (!batch.is_empty() && batch_bytes + bytes > BATCH_BYTES_MAX) {
            plan.batches.push(std::mem::take(&mut batch));
            batch_bytes = 0;
        }
        batch.push(*mail);
        batch_bytes += bytes;
    }
    if !batch.is_empty() {
        plan.batches.push(batch);
    }
    plan
}

/// What a batch brought.
#[derive(Debug, Default)]
pub(super) struct Bodies {
    /// Whole mails, ascending by UID.
    pub(super) found: Vec<(u32, Vec<u8>)>,
    /// Expunged between listing and fetching.
    pub(super) gone: Vec<u32>,
    /// The server refused to give some: these are to be tried alone.
    pub(super) doubtful: Vec<u32>,
}

/// Fetches a batch. What comes of `room` is waited for while the server gets the mails ready, and before they are read.
pub(super) async fn bodies(
    session: &mut Session,
    batch: &[Listed],
    room: impl Future<Output = Result<(), IngestError>>,
) -> Result<Bodies, IngestError> {
    let uids: Vec<u32> = batch.iter().map(|mail| mail.uid).collect();
    let text = format!("UID FETCH {} (UID BODY.PEEK[])", set_of(&uids));
    let mut found: Vec<Option<Option<Vec<u8>>>> = vec![None; uids.len()];
    let (act, allowance) = ("fetch mails", allowance(batch));
    let tag = session.send(act, &text, allowance).await?;
    let has_room = room.await;
    let result = session
        .answer(act, &tag, allowance, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            if let Some((uid, body)) = body_of(attributes)
                && let Ok(at) = uids.binary_search(&uid)
            {
                found[at].get_or_insert_with(|| body.map(<[u8]>::to_vec));
            }
        })
        .await;
    has_room?;
    let refused = match result {
        Ok(()) => false,
        // RFC 5530 §3: some were expunged by another session; those are simply not there any more.
        Err(IngestError::Refused { text, .. }) => !text.to_ascii_uppercase().contains("[EXPUNGEISSUED]"),
        Err(error) => return Err(error),
    };
    let mut bodies = Bodies::default();
    for (uid, body) in uids.into_iter().zip(found) {
        match body {
            Some(Some(bytes)) => bodies.found.push((uid, bytes)),
            Some(None) => bodies.gone.push(uid),
            None if refused => bodies.doubtful.push(uid),
            None => bodies.gone.push(uid),
        }
    }
    Ok(bodies)
}

/// UID and body of a FETCH response; `None` inside for NIL: the mail is gone.
fn body_of<'a>(attributes: &'a [AttributeValue<'_>]) -> Option<(u32, Option<&'a [u8]>)> {
    let mut uid = None;
    let mut body = None;
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(value) => uid = Some(*value),
            AttributeValue::BodySection { section: None, data, .. } => body = Some(data.as_deref()),
            _ => {}
        }
    }
    Some((uid?, body?))
}

/// Room for the announced sizes, which many servers get slightly wrong.
fn allowance(batch: &[Listed]) -> Allowance {
    let room = |bytes: u64| bytes + bytes / 4 + SIZE_SLACK_BYTES;
    let sizes = || batch.iter().map(|mail| room(mail.bytes.unwrap_or(0)));
    Allowance { literal_bytes_max: sizes().max().unwrap_or(0), literals_bytes_max: sizes().sum() }
}

/// A mail that is being fetched in pieces. Outlives its session: the next one goes on where this one was cut.
#[derive(Debug)]
pub(super) struct Large {
    pub(super) uid: u32,
    pub(super) uid_validity: u32,
    pub(super) path: PathBuf,
    /// When the server received it, if known.
    pub(super) received_at: Option<Timestamp>,
    bytes: u64,
    cut: bool,
}

/// What a piece was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    Whole,
    Gone,
}

impl Large {
    /// Begins a file in `spool`.
    pub(super) async fn begin(spool: &Path, name: &str, uid_validity: u32, mail: Listed) -> Result<Self, IngestError> {
        let path = spool.join(format!("{name}-{uid_validity}-{}.part", mail.uid));
        let failed = |source| IngestError::File { act: "begin", path: path.display().to_string(), source };
        tokio::fs::create_dir_all(spool).await.map_err(failed)?;
        tokio::fs::File::create(&path).await.map_err(failed)?;
        let cut = mail.bytes.is_some_and(|bytes| bytes > MAIL_BYTES_MAX);
        Ok(Self { uid: mail.uid, uid_validity, path, received_at: mail.received_at, bytes: 0, cut })
    }

    /// Only its beginning is fetched.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Fetches the next piece.
    pub(super) async fn step(&mut self, session: &mut Session) -> Result<Step, IngestError> {
        let (uid, offset) = (self.uid, self.bytes);
        let text = format!("UID FETCH {uid} (UID BODY.PEEK[]<{offset}.{PIECE_BYTES}>)");
        let allowance = Allowance { literal_bytes_max: PIECE_BYTES, literals_bytes_max: PIECE_BYTES };
        let mut piece: Option<Option<Vec<u8>>> = None;
        session
            .command("fetch a large mail", &text, allowance, |response| {
                if let Response::Fetch(_, attributes) = response
                    && let Some((found, body)) = body_of(attributes)
                    && found == uid
                {
                    piece.get_or_insert_with(|| body.map(<[u8]>::to_vec));
                }
            })
            .await?;
        let Some(Some(piece)) = piece else {
            // RFC 9051 §6.4.5: beyond the end comes an empty string; some servers say NIL there.
            return Ok(if piece.is_some() && offset > 0 { Step::Whole } else { Step::Gone });
        };
        self.append(&piece).await?;
        let last = (piece.len() as u64) < PIECE_BYTES || self.cut || self.bytes + PIECE_BYTES > MAIL_BYTES_MAX;
        Ok(if last { Step::Whole } else { Step::More })
    }

    async fn append(&mut self, piece: &[u8]) -> Result<(), IngestError> {
        let failed = |source| IngestError::File { act: "append to", path: self.path.display().to_string(), source };
        let mut file = tokio::fs::OpenOptions::new().write(true).open(&self.path).await.map_err(failed)?;
        // What an interrupted write may have left is written over.
        file.set_len(self.bytes).await.map_err(failed)?;
        tokio::io::AsyncSeekExt::seek(&mut file, std::io::SeekFrom::Start(self.bytes)).await.map_err(failed)?;
        file.write_all(piece).await.map_err(failed)?;
        file.flush().await.map_err(failed)?;
        self.bytes += piece.len() as u64;
        Ok(())
    }

    /// The file, for the store. Small ones are read into memory and the file is removed.
    pub(super) async fn into_raw(self) -> Result<crate::engine::RawMail, IngestError> {
        if self.bytes > WHOLE_BYTES_MAX {
            return Ok(crate::engine::RawMail::File(self.path));
        }
        let failed = |source| IngestError::File { act: "read back", path: self.path.display().to_string(), source };
        let bytes = tokio::fs::read(&self.path).await.map_err(failed)?;
        self.discard().await;
        Ok(crate::engine::RawMail::Bytes(bytes))
    }

    /// Removes the file.
    pub(super) async fn discard(&self) {
        // A file left over is removed at the next start.
        let _ = tokio::fs::remove_file(&self.path).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(uid: u32, bytes: u64) -> Listed {
        Listed { uid, bytes: Some(bytes), received_at: None }
    }

    fn check(mails: &[Listed], batches: &[&[u32]], large: &[u32]) {
        let plan = plan(mails, |uid| uid == 999);
        let uids = |mails: &[Listed]| mails.iter().map(|mail| mail.uid).collect::<Vec<_>>();
        assert_eq!(plan.batches.iter().map(|batch| uids(batch)).collect::<Vec<_>>(), batches);
        assert_eq!(uids(&plan.large), large);
    }

    #[test]
    fn batches_end_at_sixteen_megabytes_and_large_mails_go_alone() {
        let mib = 1024 * 1024;
        check(&[mail(1, 8 * mib), mail(2, 8 * mib), mail(3, 1), mail(4, 8 * mib + 1)], &[&[1, 2], &[3]], &[4]);
        check(&[mail(998, 5), mail(999, 5)], &[&[998]], &[999]);
        check(&[Listed { uid: 5, bytes: None, received_at: None }], &[], &[5]);
        check(&[], &[], &[]);
    }

    #[test]
    fn batches_end_at_a_hundred_mails() {
        let mails: Vec<_> = (1..=250).map(|uid| mail(uid, 10)).collect();
        let plan = plan(&mails, |_| false);
        assert_eq!(plan.batches.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
    }

    #[test]
    fn internal_dates_are_read() {
        assert_eq!(instant(" 7-Jul-2026 02:44:25 -0700").map(|at| at.to_string()).as_deref(), Some("2026-07-07T09:44:25Z"));
        assert_eq!(instant("17-Jul-1996 02:44:25 +0000").map(|at| at.to_string()).as_deref(), Some("1996-07-17T02:44:25Z"));
        assert_eq!(instant("yesterday"), None);
    }
}
