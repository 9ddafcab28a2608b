//! Watching a maildir: files become UIDs, the rest is as with IMAP.
//!
//! `new` and `cur` are read, `tmp` is not. Files are moved or flagged after their commit alone.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use desk::Outcome;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::engine::{Fetched, Intake, RawMail};
use crate::store::Cursor;

use super::anchor::{Anchor, Keep, Origin};
use super::backoff::{Backoff, Class};
use super::error::IngestError;
use super::fetch::Listed;
use super::health::{Health, Phase, Progress};
use super::limits::{BATCH_BYTES_MAX, BATCH_MAILS_MAX, MAIL_BYTES_MAX, PIECE_BYTES, WHOLE_BYTES_MAX};
use super::pipeline::{Pipeline, ranges_of};
use super::uidlist::UidList;
use super::watcher::stopped;
use super::{Done, MaildirSettings};

/// Files by base name.
type Files = BTreeMap<String, PathBuf>;

struct Watch<I> {
    settings: Arc<MaildirSettings>,
    pipeline: Pipeline<I>,
    health: Arc<Health>,
    /// Seconds since 1970 at the start: UIDVALIDITY if the list has to be begun.
    fresh_validity: u32,
}

/// Watches until stopped or failed for good.
pub(super) async fn watch<I: Intake>(
    settings: Arc<MaildirSettings>,
    intake: I,
    health: Arc<Health>,
    mut stop: watch::Receiver<bool>,
) {
    let pipeline = Pipeline::new(intake, settings.mailbox.clone(), Arc::clone(&health));
    let fresh_validity = u32::try_from(health.now().as_second()).unwrap_or(u32::MAX);
    let mut watch = Watch { settings, pipeline, health, fresh_validity };
    let mut backoff = Backoff::new(0);
    loop {
        let failed = tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            result = watch.attend() => result,
        };
        let Err(failed) = failed else { continue };
        let mailbox = watch.settings.mailbox.clone();
        let (account, mailbox) = (mailbox.account.as_str(), mailbox.mailbox.as_str());
        if failed.is_final() {
            watch.health.failed(&failed, Phase::Failed);
            error!(account, mailbox, error = failed.chain(), remedy = ?failed.remedy(), "Maildir is no longer watched.");
            return;
        }
        if watch.health.failed(&failed, Phase::Waiting) {
            warn!(account, mailbox, error = failed.chain(), remedy = ?failed.remedy(), "Maildir is not watched.");
        }
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            () = sleep(backoff.next(Class::Retry, &watch.settings.deadlines)) => {}
        }
    }
    let limit = watch.settings.deadlines.stop;
    if let Ok(Err(failed)) = timeout(limit, watch.pipeline.finish()).await {
        warn!(error = failed.chain(), "The last mails were not taken in; they are read again.");
    }
    watch.health.stopped();
}

impl<I: Intake> Watch<I> {
    /// Reads what is there, again and again, until something fails.
    async fn attend(&mut self) -> Result<(), IngestError> {
        self.pipeline.finish().await?;
        let path = self.settings.path.clone();
        let fresh_validity = self.fresh_validity;
        let mut list = blocking("open", &path, move |path| open(path, fresh_validity)).await?;
        let mut anchor = None;
        loop {
            self.health.phase(Phase::Fetching);
            let (files, listed) = blocking("read", &path, move |path| scan(path, list)).await?;
            list = listed;
            let anchor = match &anchor {
                Some(anchor) => anchor,
                None => {
                    let found = self.enter(&list, &files).await?;
                    let mailbox = &self.settings.mailbox;
                    info!(account = mailbox.account.as_str(), mailbox = mailbox.mailbox, "Maildir is watched.");
                    self.health.opened();
                    anchor.insert(found)
                }
            };
            self.work_off(&list, &files, anchor).await?;
            self.file(&list, &files).await?;
            self.health.behind(false);
            self.health.progress(None);
            self.health.ok();
            self.health.phase(Phase::Polling);
            sleep(self.settings.poll.max(Duration::from_millis(10))).await;
        }
    }

    /// Notes what was there first, and tells the store of the maildir.
    async fn enter(&mut self, list: &UidList, files: &Files) -> Result<Anchor, IngestError> {
        let (path, mailbox) = (&self.settings.path, &self.settings.mailbox);
        let settled = self.pipeline.intake.cursor(mailbox).uid_validity;
        let old = Anchor::load(path, mailbox).await;
        let anchor = match (old, settled) {
            (Some(old), _) if old.uid_validity == list.uid_validity => old,
            (_, Some(settled)) if settled == list.uid_validity => Anchor::none(list.uid_validity),
            (_, None) => {
                let newest_at = files.values().filter_map(|file| modified_at(file)).max();
                let anchor = Anchor::first(list.uid_validity, list.next(), self.settings.since, newest_at);
                anchor.save(path, mailbox).await?;
                anchor
            }
            (old, Some(_)) => {
                warn!(account = mailbox.account.as_str(), "The UIDs of this maildir were lost: everything is looked at again.");
                let anchor = Anchor::renumber(old, list.uid_validity, list.next(), self.settings.since);
                anchor.save(path, mailbox).await?;
                anchor
            }
        };
        if settled != Some(list.uid_validity) {
            self.pipeline.intake.opened(mailbox, list.uid_validity).await.map_err(IngestError::Store)?;
            self.pipeline.filing.clear();
        }
        let cursor = self.pipeline.intake.cursor(mailbox);
        self.pipeline.filing.extend_from_slice(&cursor.to_file);
        Ok(anchor)
    }

    /// Hands over what is not settled, in the order of UIDs.
    async fn work_off(&mut self, list: &UidList, files: &Files, anchor: &Anchor) -> Result<(), IngestError> {
        let cursor = self.pipeline.intake.cursor(&self.settings.mailbox);
        let work = work(list, files, &cursor, anchor);
        let validity = list.uid_validity;
        self.pipeline.settle(validity, ranges_of(&work.before), Outcome::SeenBefore).await?;
        if !work.vanished.is_empty() {
            self.pipeline.push(validity, Vec::new(), work.vanished).await?;
        }
        if work.wanted.is_empty() {
            return self.pipeline.finish().await;
        }
        self.health.behind(true);
        if work.wanted.iter().any(|mail| mail.silent) {
            self.health.progress(Some(Progress { done: 0, total: work.wanted.len() as u64 }));
        }
        let tmp = self.settings.path.join("tmp");
        let mut wanted = work.wanted.into_iter().peekable();
        while wanted.peek().is_some() {
            let mut batch = Vec::new();
            let mut bytes = 0;
            while let Some(mail) = wanted
                .next_if(|mail| batch.is_empty() || (batch.len() < BATCH_MAILS_MAX && bytes + mail.bytes <= BATCH_BYTES_MAX))
            {
                bytes += mail.bytes;
                batch.push(mail);
            }
            let read = blocking("read mails of", &tmp, move |tmp| read_batch(tmp, batch)).await?;
            self.pipeline.push(validity, read.mails, read.vanished).await?;
        }
        self.pipeline.finish().await
    }

    /// Moves or flags the files of committed mails.
    async fn file(&mut self, list: &UidList, files: &Files) -> Result<(), IngestError> {
        if self.pipeline.filing.is_empty() {
            return Ok(());
        }
        let mut uids = std::mem::take(&mut self.pipeline.filing);
        uids.sort_unstable();
        uids.dedup();
        let sources: Vec<PathBuf> = list
            .iter()
            .filter(|(_, uid)| uids.binary_search(uid).is_ok())
            .filter_map(|(name, _)| files.get(name).cloned())
            .collect();
        let done = self.settings.done.clone();
        let path = self.settings.path.clone();
        let filed =
            blocking("file mails of", &path, move |path| sources.iter().try_for_each(|source| file_one(path, source, &done)));
        match filed.await {
            Ok(()) => {
                self.health.filing(None);
                let mailbox = &self.settings.mailbox;
                let owed = self.pipeline.intake.cursor(mailbox).to_file;
                uids.retain(|uid| owed.contains(uid));
                if !uids.is_empty() {
                    let noted = self.pipeline.intake.filed(mailbox, list.uid_validity, uids).await;
                    noted.map_err(IngestError::Store)?;
                }
            }
            Err(failed) => {
                self.pipeline.filing = uids;
                if self.health.filing(Some(failed.chain())) {
                    warn!(error = failed.chain(), "Mails cannot be filed for now.");
                }
            }
        }
        Ok(())
    }
}

/// Runs file work on the blocking pool.
async fn blocking<T: Send + 'static>(
    act: &'static str,
    path: &Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, IngestError> {
    let (path, shown) = (path.to_owned(), path.display().to_string());
    let result = tokio::task::spawn_blocking(move || work(&path)).await;
    result.map_err(|_| IngestError::Panicked { act: "file work" })?.map_err(|source| IngestError::File {
        act,
        path: shown,
        source,
    })
}

fn open(path: &Path, fresh_validity: u32) -> io::Result<UidList> {
    for sub in ["new", "cur", "tmp"] {
        fs::create_dir_all(path.join(sub))?;
    }
    UidList::open(path, fresh_validity)
}

/// Lists files and gives UIDs to those that have none, by time of delivery as their names tell it.
fn scan(path: &Path, mut list: UidList) -> io::Result<(Files, UidList)> {
    let mut files = Files::new();
    for sub in ["new", "cur"] {
        for entry in fs::read_dir(path.join(sub))? {
            let entry = entry?;
            let name = entry.file_name();
            // Names that are not UTF-8 or hold a line end are nobody's mail.
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.') && !name.contains('\n')) else { continue };
            if entry.file_type()?.is_file() {
                files.insert(base(name).to_owned(), entry.path());
            }
        }
    }
    let mut fresh: Vec<String> = files.keys().filter(|name| list.uid(name).is_none()).cloned().collect();
    fresh.sort_by_cached_key(|name| order(name));
    list.assign(&fresh)?;
    list.forget(|name| files.contains_key(name), files.len())?;
    Ok((files, list))
}

/// A file's name without its flags.
fn base(name: &str) -> &str {
    name.split_once(":2,").map_or(name, |(base, _)| base)
}

/// Seconds, microseconds and the whole name: delivery agents write `SECONDS.M<microseconds>…`.
fn order(name: &str) -> (u64, u64, String) {
    let number = |text: &str| {
        let digits = text.len() - text.trim_start_matches(|each: char| each.is_ascii_digit()).len();
        text[..digits].parse().unwrap_or(0)
    };
    let (seconds, rest) = name.split_once('.').unwrap_or((name, ""));
    (number(seconds), rest.strip_prefix('M').map_or(0, number), name.to_owned())
}

fn modified_at(file: &Path) -> Option<Timestamp> {
    Timestamp::try_from(fs::metadata(file).ok()?.modified().ok()?).ok()
}

/// A mail to be read.
struct Wanted {
    uid: u32,
    bytes: u64,
    path: PathBuf,
    silent: bool,
}

#[derive(Default)]
struct Work {
    wanted: Vec<Wanted>,
    before: Vec<u32>,
    vanished: Vec<u32>,
}

/// What is to be done with each UID that is not settled, ascending.
fn work(list: &UidList, files: &Files, cursor: &Cursor, anchor: &Anchor) -> Work {
    let mut work = Work::default();
    let mut open: Vec<(u32, &str)> =
        list.iter().filter(|(_, uid)| !cursor.is_settled(*uid)).map(|(name, uid)| (uid, name)).collect();
    open.sort_unstable();
    for (uid, name) in open {
        let Some(path) = files.get(name) else {
            work.vanished.push(uid);
            continue;
        };
        let bytes = fs::metadata(path).map_or(0, |meta| meta.len());
        let listed = Listed { uid, bytes: Some(bytes), received_at: modified_at(path) };
        match origin(anchor, &listed) {
            Origin::Before => work.before.push(uid),
            origin => work.wanted.push(Wanted { uid, bytes, path: path.clone(), silent: origin == Origin::Silent }),
        }
    }
    work
}

/// As [`Anchor::origin`]; no search settled what is older than a date, so that is told here.
fn origin(anchor: &Anchor, mail: &Listed) -> Origin {
    let origin = anchor.origin(mail);
    match (anchor.keep, mail.received_at) {
        (Keep::From(date), Some(at)) if origin == Origin::Silent && at.to_zoned(jiff::tz::TimeZone::UTC).date() < date => {
            Origin::Before
        }
        _ => origin,
    }
}

struct Read {
    mails: Vec<Fetched>,
    vanished: Vec<u32>,
}

fn read_batch(tmp: &Path, batch: Vec<Wanted>) -> io::Result<Read> {
    let mut read = Read { mails: Vec::with_capacity(batch.len()), vanished: Vec::new() };
    for mail in batch {
        match read_one(tmp, &mail) {
            Ok(raw) => read.mails.push(Fetched { uid: mail.uid, raw, silent: mail.silent }),
            // Gone, or renamed by a mail reader after it was listed: the next look tells which.
            Err(error) if error.kind() == io::ErrorKind::NotFound => match renamed(&mail.path) {
                Some(_) => {}
                None => read.vanished.push(mail.uid),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The file under another name or in `cur`.
fn renamed(path: &Path) -> Option<PathBuf> {
    let name = base(path.file_name()?.to_str()?);
    let maildir = path.parent()?.parent()?;
    let entries = ["new", "cur"].iter().filter_map(|sub| fs::read_dir(maildir.join(sub)).ok()).flatten().flatten();
    entries.into_iter().find(|entry| entry.file_name().to_str().map(base) == Some(name)).map(|entry| entry.path())
}

/// Small mails in memory; large ones as a second name of the same file, since the receiver removes what it is given.
fn read_one(tmp: &Path, mail: &Wanted) -> io::Result<RawMail> {
    if mail.bytes <= WHOLE_BYTES_MAX {
        return fs::read(&mail.path).map(RawMail::Bytes);
    }
    let copy = tmp.join(format!("frontdesk-{}.part", mail.uid));
    match fs::remove_file(&copy) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if mail.bytes > MAIL_BYTES_MAX {
        warn!(uid = mail.uid, bytes = mail.bytes, "Mail is too large: only its beginning is taken in.");
        let mut beginning = io::Read::take(fs::File::open(&mail.path)?, PIECE_BYTES);
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut beginning, &mut bytes)?;
        return Ok(RawMail::Bytes(bytes));
    }
    // Hard links do not cross file systems and some have none.
    if fs::hard_link(&mail.path, &copy).is_err() {
        fs::copy(&mail.path, &copy)?;
    }
    Ok(RawMail::File(copy))
}

/// Moves or flags one file. One that is gone counts as filed.
fn file_one(maildir: &Path, source: &Path, done: &Done) -> io::Result<()> {
    let Some(name) = source.file_name().and_then(|name| name.to_str()) else { return Ok(()) };
    let (base, flags) = name.split_once(":2,").unwrap_or((name, ""));
    let is_new = source.parent().is_some_and(|sub| sub.ends_with("new"));
    let target = match done {
        Done::Keep if !is_new => return Ok(()),
        Done::Keep => maildir.join("cur").join(format!("{base}:2,{flags}")),
        Done::Seen if flags.contains('S') => return Ok(()),
        Done::Seen => {
            // Flags stand in ASCII order.
            let mut letters: Vec<char> = flags.chars().chain(['S']).collect();
            letters.sort_unstable();
            maildir.join("cur").join(format!("{base}:2,{}", letters.into_iter().collect::<String>()))
        }
        Done::Move(folder) => {
            let folder = maildir.join(format!(".{}", folder.replace(['/', '\0'], "_")));
            for sub in ["new", "cur", "tmp"] {
                fs::create_dir_all(folder.join(sub))?;
            }
            folder.join("cur").join(format!("{base}:2,{flags}"))
        }
    };
    match fs::rename(source, target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
