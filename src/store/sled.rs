//! The state on disk: sled under a layer in memory that takes the writes.
//!
//! sled is slow to write and its own flush promises nothing, so it only ever follows the journal: writes are visible at
//! once in the layer, and a thread carries them over in coalesced layers, each with the journal position that it brings
//! the state to. A position never runs ahead of what the journal has made durable. sled's own batches would keep every
//! reader out until all of it is written; [`Redo`] makes a layer whole without.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::file;
use super::filter::Filter;
use super::journal::Tip;
use super::kv::{Entry, Read, Scan, Write};
use super::record::{STATE_VERSION, pack, unpack};
use super::redo::Redo;
use crate::failpoint;

/// Not part of the compared state: how far the journal is applied.
pub(crate) const APPLIED: &[u8] = b"A";
/// The layer is carried over after this time, or sooner when it holds [`DRAIN_KEYS`]; the same key costs one write.
const DRAIN_AFTER: Duration = Duration::from_millis(200);
const DRAIN_KEYS: usize = 5_000;
/// The writer waits while so many keys are waiting: memory stays bounded when sled is slower than the engine.
const WAITING_KEYS_MAX: usize = 10_000;
const _: () = assert!(WAITING_KEYS_MAX > DRAIN_KEYS);
/// Values that are remembered between two changes.
const LOOKED_AT_MAX: usize = 256;

pub(super) type Layer = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The position that the state has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Applied {
    pub(super) version: u32,
    pub(super) seq: u64,
    pub(super) hash: [u8; 32],
}

/// The state of one store.
#[derive(Debug)]
pub(crate) struct SledState {
    shared: Arc<Shared>,
    drainer: Option<JoinHandle<()>>,
    applied: Tip,
}

#[derive(Debug)]
struct Shared {
    db: sled::Db,
    file: PathBuf,
    redo: Redo,
    filter: Filter,
    layers: RwLock<Layers>,
    looked_at: Mutex<LookedAt>,
    signal: Mutex<Signal>,
    changed: Condvar,
}

/// Newest first: staged, flushed, on its way into sled.
#[derive(Debug, Default)]
struct Layers {
    staged: Layer,
    flushed: Layer,
    draining: Arc<Layer>,
    tip: Tip,
    /// Moves with every change.
    generation: u64,
}

/// What sled said since the last change: what an event asks for is asked again when its decision is applied.
#[derive(Debug, Default)]
struct LookedAt {
    generation: u64,
    values: HashMap<Vec<u8>, Option<Vec<u8>>>,
}

impl LookedAt {
    fn get(&self, generation: u64, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        self.values.get(key).filter(|_| self.generation == generation)
    }

    fn insert(&mut self, generation: u64, key: &[u8], value: Option<Vec<u8>>) {
        if self.generation != generation || self.values.len() >= LOOKED_AT_MAX {
            self.values.clear();
        }
        self.generation = generation;
        self.values.insert(key.to_vec(), value);
    }
}

#[derive(Debug, Default)]
struct Signal {
    waiting_keys: usize,
    stop: bool,
    failure: Option<String>,
}

fn state_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::State { what: error.to_string() }
}

impl SledState {
    /// Opens the state. `Ok(None)` if it is of another version, damaged, or makes sled panic: it has to be rebuilt.
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> Result<Option<Self>, StoreError> {
        file::create_dir(path)?;
        let (redo, unfinished) = Redo::open(path)?;
        let config = sled::Config::new().path(path).flush_every_ms(None).cache_capacity(cache_bytes).print_profile_on_drop(false);
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let db = config.open()?;
            if let Some((position, layer)) = &unfinished {
                finish(&db, *position, layer)?;
                db.flush()?;
            }
            let applied = db.get(APPLIED)?;
            let is_empty = db.is_empty();
            Ok::<_, sled::Error>((db, applied, is_empty))
        }));
        let (db, applied, is_empty) = match opened {
            Ok(Ok(opened)) => opened,
            // A full disk is no damage: a new state would not fit either.
            Ok(Err(sled::Error::Io(error))) if error.kind() == std::io::ErrorKind::StorageFull => {
                return Err(file::failed("open", path)(error));
            }
            Ok(Err(_)) | Err(_) => return Ok(None),
        };
        let file = path.join("db");
        if unfinished.is_some() {
            // Before anything else is on its way: of this layer only the redo log was durable.
            sync(&file)?;
            redo.forget()?;
        }
        let applied = match applied.map(|bytes| unpack::<Applied>(&bytes)) {
            Some(Ok(applied)) if applied.version == STATE_VERSION => Tip { seq: applied.seq, hash: applied.hash },
            None if is_empty => Tip::default(),
            Some(Ok(_) | Err(_)) | None => return Ok(None),
        };
        let filter = Filter::of(&db);
        let shared = Arc::new(Shared {
            db,
            file,
            redo,
            filter,
            layers: RwLock::new(Layers { tip: applied, ..Layers::default() }),
            looked_at: Mutex::default(),
            signal: Mutex::new(Signal::default()),
            changed: Condvar::new(),
        });
        let drained = Arc::clone(&shared);
        let drainer = std::thread::Builder::new().name("state".to_owned()).spawn(move || drained.run()).map_err(state_error)?;
        Ok(Some(Self { shared, drainer: Some(drainer), applied }))
    }

    /// The position that was reached when the state was opened.
    pub(crate) fn applied(&self) -> Tip {
        self.applied
    }

    /// Makes writes visible.
    pub(crate) fn stage(&self, writes: Vec<Write>) {
        writes.iter().for_each(|(key, _)| self.shared.filter.put(key));
        let mut layers = self.shared.layers_mut();
        layers.staged.extend(writes);
        layers.generation += 1;
    }

    /// What was staged is durable in the journal up to `tip`. Waits while too much is waiting for sled.
    pub(crate) fn flushed(&self, tip: Tip) -> Result<(), StoreError> {
        let waiting = {
            let mut layers = self.shared.layers_mut();
            let staged = std::mem::take(&mut layers.staged);
            layers.flushed.extend(staged);
            layers.tip = tip;
            layers.flushed.len()
        };
        let mut signal = self.shared.signal();
        signal.waiting_keys = waiting;
        if waiting >= DRAIN_KEYS {
            self.shared.changed.notify_all();
        }
        while signal.waiting_keys >= WAITING_KEYS_MAX && signal.failure.is_none() {
            signal = self.shared.changed.wait(signal).unwrap_or_else(PoisonError::into_inner);
        }
        signal.failure.as_ref().map_or(Ok(()), |failure| Err(state_error(failure)))
    }
}

impl Drop for SledState {
    fn drop(&mut self) {
        self.shared.signal().stop = true;
        self.shared.changed.notify_all();
        if let Some(drainer) = self.drainer.take() {
            // A panic in it is already noted as a failure.
            let _ = drainer.join();
        }
    }
}

impl Shared {
    fn layers(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn layers_mut(&self) -> RwLockWriteGuard<'_, Layers> {
        self.layers.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn looked_at(&self) -> MutexGuard<'_, LookedAt> {
        self.looked_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self) -> MutexGuard<'_, Signal> {
        self.signal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            let stop = {
                let signal = self.signal();
                let idle = |signal: &mut Signal| !signal.stop && signal.waiting_keys < DRAIN_KEYS;
                let waited = self.changed.wait_timeout_while(signal, DRAIN_AFTER, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0.stop
            };
            let drained = catch_unwind(AssertUnwindSafe(|| self.drain()));
            let failure = match drained {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("sled panicked".to_owned()),
            };
            let failed = failure.is_some();
            let mut signal = self.signal();
            signal.failure = failure.or(signal.failure.take());
            self.changed.notify_all();
            if stop || failed {
                return;
            }
        }
    }

    /// Carries the flushed layer over, all of it or nothing.
    fn drain(&self) -> Result<(), StoreError> {
        let (tip, batch) = {
            let mut layers = self.layers_mut();
            if layers.flushed.is_empty() {
                return Ok(());
            }
            layers.draining = Arc::new(std::mem::take(&mut layers.flushed));
            (layers.tip, Arc::clone(&layers.draining))
        };
        self.signal().waiting_keys = 0;
        let position = Applied { version: STATE_VERSION, seq: tip.seq, hash: tip.hash };
        self.redo.keep(position, &batch)?;
        failpoint::hit("state_kept");
        carry(&self.db, &batch).map_err(state_error)?;
        failpoint::hit("state_carried");
        self.db.insert(APPLIED, pack(&position)?).map_err(state_error)?;
        self.db.flush().map_err(state_error)?;
        sync(&self.file)?;
        failpoint::hit("state_applied");
        self.redo.forget()?;
        self.layers_mut().draining = Arc::default();
        Ok(())
    }
}

impl Read for SledState {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.shared.filter.may_hold(key) {
            return Ok(None);
        }
        let generation = {
            let layers = self.shared.layers();
            let found = layers.staged.get(key).or_else(|| layers.flushed.get(key)).or_else(|| layers.draining.get(key));
            if let Some(found) = found {
                return Ok(found.clone());
            }
            layers.generation
        };
        if let Some(known) = self.shared.looked_at().get(generation, key) {
            return Ok(known.clone());
        }
        let value = self.shared.db.get(key).map_err(state_error)?.map(|value| value.to_vec());
        self.shared.looked_at().insert(generation, key, value.clone());
        Ok(value)
    }

    fn scan(&self, scan: &Scan) -> Result<Vec<Entry>, StoreError> {
        if scan.from >= scan.until {
            return Ok(Vec::new());
        }
        // The lock is held throughout, so that a layer cannot move into sled unseen between the two.
        let layers = self.shared.layers();
        let bounds = (Bound::Included(&scan.from[..]), Bound::Excluded(&scan.until[..]));
        let mut sources: Vec<Source<'_>> = Vec::with_capacity(4);
        for layer in [&layers.staged, &layers.flushed, &*layers.draining] {
            let range = layer.range::<[u8], _>(bounds).map(|(key, value)| Ok((key.clone(), value.clone())));
            sources.push(Source::new(range, scan.reverse));
        }
        let stored = self.shared.db.range::<&[u8], _>(bounds);
        sources.push(Source::new(
            stored.map(|entry| entry.map(|(key, value)| (key.to_vec(), Some(value.to_vec()))).map_err(state_error)),
            scan.reverse,
        ));
        merge(sources, scan)
    }
}

/// Puts a layer that an earlier run did not get through; one that is older than the state has been.
fn finish(db: &sled::Db, position: Applied, layer: &Layer) -> sled::Result<()> {
    let applied = db.get(APPLIED)?.and_then(|bytes| unpack::<Applied>(&bytes).ok());
    if position.version != STATE_VERSION || applied.is_some_and(|applied| applied.seq > position.seq) {
        return Ok(());
    }
    carry(db, layer)?;
    let position = pack(&position).map_err(|error| sled::Error::Unsupported(error.to_string()))?;
    db.insert(APPLIED, position).map(drop)
}

/// Makes durable what sled has flushed, which it only writes. Its file is only trusted again after a crash if it was synced
/// in between.
fn sync(file: &Path) -> Result<(), StoreError> {
    let opened = std::fs::File::open(file).map_err(file::failed("open", file))?;
    file::sync_data(&opened, file)
}

fn carry(db: &sled::Db, layer: &Layer) -> sled::Result<()> {
    for (key, value) in layer {
        match value {
            Some(value) => drop(db.insert(key.as_slice(), value.as_slice())?),
            // What came and went between two layers costs a look only.
            None if db.contains_key(key.as_slice())? => drop(db.remove(key.as_slice())?),
            None => {}
        }
    }
    Ok(())
}

type Item = Result<(Vec<u8>, Option<Vec<u8>>), StoreError>;

/// One of several sorted inputs, with its next entry looked at.
struct Source<'a> {
    rest: Box<dyn Iterator<Item = Item> + 'a>,
    next: Option<Item>,
}

impl<'a> Source<'a> {
    fn new(entries: impl DoubleEndedIterator<Item = Item> + 'a, reverse: bool) -> Self {
        let mut rest: Box<dyn Iterator<Item = Item> + 'a> = if reverse { Box::new(entries.rev()) } else { Box::new(entries) };
        let next = rest.next();
        Self { rest, next }
    }

    fn key(&self) -> Option<&[u8]> {
        self.next.as_ref()?.as_ref().ok().map(|(key, _)| key.as_slice())
    }

    fn advance(&mut self) -> Option<Item> {
        std::mem::replace(&mut self.next, self.rest.next())
    }
}

/// Merges sources, the first of which wins where keys are equal; removed keys are left out.
fn merge(mut sources: Vec<Source<'_>>, scan: &Scan) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    while entries.len() < scan.limit {
        let failed = sources.iter_mut().find(|source| matches!(source.next, Some(Err(_))));
        if let Some(Err(error)) = failed.and_then(Source::advance) {
            return Err(error);
        }
        let keys = sources.iter().filter_map(Source::key);
        let Some(next) = (if scan.reverse { keys.max() } else { keys.min() }).map(<[u8]>::to_vec) else { break };
        let mut newest = None;
        for source in sources.iter_mut().filter(|source| source.key() == Some(&next)) {
            let item = source.advance().transpose()?;
            newest = newest.or(item);
        }
        if let Some((key, Some(value))) = newest {
            entries.push((key, value));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CACHE_BYTES: u64 = 1 << 20;

    fn open(dir: &Path) -> SledState {
        SledState::open(dir, CACHE_BYTES).expect("readable").expect("whole")
    }

    fn write(key: &[u8], value: &[u8]) -> Write {
        (key.to_vec(), Some(value.to_vec()))
    }

    #[test]
    fn a_layer_that_got_half_through_is_finished_and_one_that_is_older_is_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let before = Tip { seq: 1, hash: [1; 32] };
        let state = open(dir.path());
        state.stage(vec![write(b"a", b"old"), write(b"gone", b"old"), write(b"kept", b"old")]);
        state.flushed(before).expect("flushed");
        drop(state);
        assert_eq!(open(dir.path()).applied(), before);

        let position = Applied { version: STATE_VERSION, seq: 2, hash: [2; 32] };
        let layer: Layer = [write(b"a", b"new"), write(b"b", b"new"), (b"gone".to_vec(), None)].into();
        let die_half_through = || {
            let (redo, found) = Redo::open(dir.path()).expect("opened");
            assert_eq!(found, None, "a stopped state leaves nothing to be done");
            redo.keep(position, &layer).expect("kept");
            let db = sled::Config::new().path(dir.path()).open().expect("opened");
            db.insert(b"a", b"new").expect("put");
            db.flush().expect("written");
        };
        let all = |state: &SledState| -> Vec<Entry> { state.scan(&Scan::prefix(b"")).expect("readable") };
        let entry = |key: &[u8], value: &[u8]| (key.to_vec(), value.to_vec());
        die_half_through();
        let state = open(dir.path());
        assert_eq!(state.applied(), Tip { seq: 2, hash: [2; 32] });
        let found: Vec<Entry> = all(&state).into_iter().filter(|(key, _)| key != APPLIED).collect();
        assert_eq!(found, [entry(b"a", b"new"), entry(b"b", b"new"), entry(b"kept", b"old")]);

        // What was finished is durable before the next layer takes its place in the redo log.
        let copy = tempfile::tempdir().expect("a directory");
        for name in ["db", "conf"] {
            std::fs::copy(dir.path().join(name), copy.path().join(name)).expect("copied");
        }
        let next = Applied { version: STATE_VERSION, seq: 3, hash: [3; 32] };
        Redo::open(copy.path()).expect("opened").0.keep(next, &[write(b"c", b"new")].into()).expect("kept");
        let crashed = open(copy.path());
        assert_eq!((crashed.applied().seq, crashed.get(b"b").expect("readable").as_deref()), (3, Some(&b"new"[..])));
        drop(crashed);

        state.stage(vec![write(b"b", b"newest")]);
        state.flushed(Tip { seq: 3, hash: [3; 32] }).expect("flushed");
        drop(state);
        die_half_through();
        let state = open(dir.path());
        assert_eq!(state.applied().seq, 3);
        assert_eq!(state.get(b"b").expect("readable").as_deref(), Some(&b"newest"[..]));
    }
}
