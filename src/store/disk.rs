//! The store on disk: raw packs, journal and state put together.
//!
//! The order of every commit: bytes into the packs, packs synced, record into the journal, journal synced, state behind.
//! A crash anywhere leaves at most bytes that no record names.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read as _, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use desk::RawHash;
use desk::effect::{OutboxPhase, OutboxRow, OutboxStep};

use super::answer::Answers;
use super::backup;
use super::file::{self, failed};
use super::fold::{fold, raws};
use super::journal::{self, Entry, Journal};
use super::kv::Read;
use super::pack::Kind;
use super::raw::{self, Packs};
use super::record::{DecidedEntry, Location, Payload, with_json};
use super::sled::SledState;
use super::{Decided, Record, Store, StoreError, Suspect};

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Memory for the state's cache.
    pub cache_bytes: u64,
    /// Below this much free space nothing more is kept.
    pub reserve_bytes: u64,
    /// A pack of raw mail is closed at this size, at most 256 MiB.
    pub pack_bytes: u64,
    /// A segment of the journal is closed at this size, at most 16 MiB.
    pub segment_bytes: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            // New keys fall everywhere: pages are read again in any case, and more of them at hand cost memory only.
            cache_bytes: 1 << 20,
            reserve_bytes: 64 << 20,
            pack_bytes: raw::PACK_BYTES_MAX,
            segment_bytes: journal::SEGMENT_BYTES_MAX,
        }
    }
}

/// Records applied between two positions while the journal is read.
const REPLAY_GROUP: u64 = 1_000;
/// Records read again at every start, for the mails that they name: more than can be in work at once.
const NAMED_RECORDS: u64 = 10_000;
/// Outgoing mails held by one record.
const HOLD_STEPS: usize = 1_000;

/// A store in a directory, locked while it is open.
#[derive(Debug)]
pub struct DiskStore {
    pub(super) dir: PathBuf,
    pub(super) packs: Packs,
    journal: Mutex<Journal>,
    pub(super) state: SledState,
    suspects: Vec<Suspect>,
    poisoned: Arc<AtomicBool>,
    _lock: File,
}

impl DiskStore {
    /// Opens or creates a store: cuts a torn end, brings the state up to the journal, builds it anew where it is damaged.
    /// `progress` is told how many of how many journal bytes are read.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has it, [`StoreError::Damaged`], [`StoreError::Version`] and
    /// [`StoreError::Io`] without anything having been changed.
    pub fn open(dir: &Path, options: OpenOptions, progress: &mut dyn FnMut(u64, u64)) -> Result<Self, StoreError> {
        file::create_dir(dir)?;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(failed("protect", dir))?;
        let lock = lock(dir)?;
        let poisoned = Arc::new(AtomicBool::new(false));
        let mut packs = Packs::open(&dir.join("raw"), options, Arc::clone(&poisoned))?;
        let (state, replayed) = match open_state(dir, options)? {
            Some(state) => match replay(dir, options, &packs, &state, progress)? {
                Some(replayed) => (state, replayed),
                None => rebuild_state(dir, options, &packs, Some(state), progress)?,
            },
            None => rebuild_state(dir, options, &packs, None, progress)?,
        };
        let Replayed { journal, named, committed } = replayed;
        let mails = packs.index(committed)?;
        let first_named = mails.iter().position(|mail| named.contains(mail)).unwrap_or(0);
        let unnamed = mails.into_iter().skip(first_named).filter(|mail| !named.contains(mail));
        let suspects = unnamed.map(|raw| Suspect { raw }).collect();
        let store = Self { dir: dir.to_owned(), packs, journal: Mutex::new(journal), state, suspects, poisoned, _lock: lock };
        store.hold_if_restored()?;
        Ok(store)
    }

    /// The first opening after a restore: what was not at its end when the backup was taken may have been sent since.
    fn hold_if_restored(&self) -> Result<(), StoreError> {
        let marker = self.dir.join(backup::HELD_MARKER);
        if !marker.exists() {
            return Ok(());
        }
        let hold = |row: OutboxRow| OutboxStep {
            id: row.id,
            phase: OutboxPhase::Held,
            at: row.next_at,
            attempts: row.attempts,
            next_at: row.next_at,
            reply: Some("restored from a backup: it may have been sent since".to_owned()),
        };
        let unsent: Vec<OutboxStep> = self.outbox(false, usize::MAX).into_iter().map(hold).collect();
        for steps in unsent.chunks(HOLD_STEPS) {
            self.stage_record(Record::Outbox(steps.to_vec()), &[])?;
        }
        self.flush_all()?;
        std::fs::remove_file(&marker).map_err(failed("remove", &marker))?;
        file::sync_dir(&self.dir)
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.poisoned.load(Ordering::Acquire) { Err(raw::poisoned(&self.dir)) } else { Ok(()) }
    }

    /// After an error nothing that follows may be trusted: an fsync that failed once may succeed without the data.
    fn or_poison<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_err() {
            self.poisoned.store(true, Ordering::Release);
        }
        result
    }
}

impl Answers for DiskStore {
    fn state(&self) -> &dyn Read {
        &self.state
    }

    fn doubt(&self, error: &StoreError) {
        tracing::error!(error = error as &dyn std::error::Error, "State could not be read.");
        self.poisoned.store(true, Ordering::Release);
    }

    fn body(&self, at: Location) -> Result<Decided, StoreError> {
        read_body(&self.packs, at, None)
    }

    fn glance(&self, at: Location) -> Result<desk::glance::Glance, StoreError> {
        let (_, bytes) = self.packs.body(at)?;
        serde_json::from_slice(&bytes).map_err(|error| self.packs.damaged_at(at, &error.to_string()))
    }

    fn keep_all(&self, mails: &[(RawHash, &[u8])]) -> Result<Vec<bool>, StoreError> {
        self.check()?;
        self.packs.keep(mails)
    }

    fn keep_one_file(&self, path: &Path) -> Result<RawHash, StoreError> {
        self.check()?;
        self.packs.keep_file(path)
    }

    fn kept_raw(&self, hash: &RawHash) -> Result<Vec<u8>, StoreError> {
        self.packs.mail(hash)
    }

    fn is_kept(&self, hash: &RawHash) -> Result<bool, StoreError> {
        self.packs.has(hash)
    }

    fn unfinished(&self) -> Vec<Suspect> {
        self.suspects.clone()
    }

    fn stage_record(&self, record: Record, outgoing: &[(RawHash, Vec<u8>)]) -> Result<(), StoreError> {
        self.check()?;
        let mut journal = self.journal();
        let staged = (|| {
            for (hash, bytes) in outgoing {
                self.packs.append_mail(Kind::Sent, *hash, bytes)?;
            }
            let (at, payload) = match &record {
                Record::Decided(decided) => {
                    let (body, body_hash) = with_json(decided, |bytes| self.packs.append_body(bytes))??;
                    (body, Payload::Decided(DecidedEntry { event: decided.event, body, body_hash, raws: raws(decided) }))
                }
                _ => (Location::default(), Payload::Inline(record.clone())),
            };
            let writes = fold(&self.state, &record, at)?;
            journal.append(&payload)?;
            self.state.stage(writes);
            Ok(())
        })();
        self.or_poison(staged)
    }

    fn flush_all(&self) -> Result<u64, StoreError> {
        self.check()?;
        let mut journal = self.journal();
        let flushed = self.packs.sync().and_then(|()| journal.flush()).and_then(|()| self.state.flushed(journal.tip()));
        self.or_poison(flushed)?;
        Ok(journal.tip().seq)
    }
}

/// Takes the lock of a store directory; it is held as long as the file is open.
pub(super) fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.read(true).write(true).create(true).truncate(false).open(&path).map_err(failed("open", &path))?;
    if let Err(error) = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK {
            return Err(failed("lock", &path)(error.into()));
        }
        let mut pid = String::new();
        file.read_to_string(&mut pid).map_err(failed("read", &path))?;
        return Err(StoreError::Busy { path: dir.display().to_string(), pid: pid.trim().to_owned() });
    }
    file.set_len(0).map_err(failed("write", &path))?;
    file.rewind().map_err(failed("write", &path))?;
    writeln!(file, "{}", std::process::id()).map_err(failed("write", &path))?;
    Ok(file)
}

pub(super) fn state_dir(dir: &Path) -> PathBuf {
    dir.join("state")
}

/// `None` if the state has to be rebuilt; it is out of the way then.
fn open_state(dir: &Path, options: OpenOptions) -> Result<Option<SledState>, StoreError> {
    SledState::open(&state_dir(dir), options.cache_bytes)
}

/// Moves a state out of the way. Only the newest one is kept for a look: it holds nothing that the journal does not.
pub(super) fn set_aside(dir: &Path) -> Result<(), StoreError> {
    let mut older = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed("list", dir))? {
        let path = entry.map_err(failed("list", dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        older.extend(
            name.strip_prefix("state.damaged-").and_then(|number| number.parse::<u64>().ok()).map(|number| (number, path)),
        );
    }
    let next = older.iter().map(|(number, _)| *number).max().unwrap_or(0) + 1;
    for (_, path) in older {
        std::fs::remove_dir_all(&path).map_err(failed("remove", &path))?;
    }
    let state = state_dir(dir);
    let aside = dir.join(format!("state.damaged-{next}"));
    if state.exists() { std::fs::rename(&state, aside).map_err(failed("set aside", &state)) } else { Ok(()) }
}

fn rebuild_state(
    dir: &Path,
    options: OpenOptions,
    packs: &Packs,
    old: Option<SledState>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(SledState, Replayed), StoreError> {
    drop(old);
    set_aside(dir)?;
    tracing::warn!("State is rebuilt from the journal.");
    let again = || StoreError::State { what: "a new state could not be opened".to_owned() };
    let state = open_state(dir, options)?.ok_or_else(again)?;
    let replayed = replay(dir, options, packs, &state, progress)?.ok_or_else(again)?;
    Ok((state, replayed))
}

/// The journal as it was found at start.
struct Replayed {
    journal: Journal,
    /// Mails that the newest records name.
    named: HashSet<RawHash>,
    /// The last place that a record names.
    committed: Option<Location>,
}

/// Reads the journal and applies what the state does not have. `None` if the state belongs to another journal.
fn replay(
    dir: &Path,
    options: OpenOptions,
    packs: &Packs,
    state: &SledState,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Option<Replayed>, StoreError> {
    let applied = state.applied();
    let (mut named, mut committed, mut is_other) = (HashSet::new(), None, false);
    let journal = Journal::open(
        &dir.join("journal"),
        applied.seq.saturating_sub(NAMED_RECORDS),
        options.segment_bytes,
        progress,
        &mut |entry: Entry| {
            is_other |= entry.tip.seq == applied.seq && entry.tip.hash != applied.hash;
            if let Payload::Decided(decided) = &entry.payload {
                named.extend(decided.raws.iter().copied());
                committed = Some(decided.body);
            }
            if entry.tip.seq > applied.seq && !is_other {
                let (record, at) = load(packs, &entry)?;
                state.stage(fold(state, &record, at)?);
                if entry.tip.seq.is_multiple_of(REPLAY_GROUP) {
                    state.flushed(entry.tip)?;
                }
            }
            Ok(())
        },
    )?;
    if is_other || applied.seq > journal.tip().seq {
        return Ok(None);
    }
    state.flushed(journal.tip())?;
    Ok(Some(Replayed { journal, named, committed }))
}

/// The record of a journal entry, its decision read from the packs.
pub(super) fn load(packs: &Packs, entry: &Entry) -> Result<(Record, Location), StoreError> {
    match &entry.payload {
        Payload::Decided(decided) => {
            let body = read_body(packs, decided.body, Some(decided.body_hash))?;
            Ok((Record::Decided(Box::new(body)), decided.body))
        }
        Payload::Inline(record) => Ok((record.clone(), Location::default())),
    }
}

fn read_body(packs: &Packs, at: Location, expected: Option<RawHash>) -> Result<Decided, StoreError> {
    let (hash, bytes) = packs.body(at)?;
    let decided = serde_json::from_slice(&bytes).map_err(|error| error.to_string());
    let decided = decided.and_then(|decided| {
        if expected.is_some_and(|expected| expected != hash) {
            Err("its hash is not the journal's".to_owned())
        } else {
            Ok(decided)
        }
    });
    decided.map_err(|what| packs.damaged_at(at, &what))
}
