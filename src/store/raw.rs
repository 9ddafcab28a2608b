//! Raw mail and the bodies of decisions: append-only packs of compressed entries, found by the hash of their content.
//!
//! Mails are indexed by hash in memory: 16 bytes each and the table's slack. Bodies are found by the place that the journal
//! names. An entry is never changed; a torn end behind the last entry that the journal names is cut at start.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use desk::RawHash;
use sha2::{Digest, Sha256};

use super::file::{self, failed};
use super::pack::{self, Blob, HEADER_BYTES, Header, Kind};
use super::record::Location;
use super::{OpenOptions, StoreError};
use crate::failpoint;

/// A pack is closed when it has reached this size, unless the options say less.
pub(crate) const PACK_BYTES_MAX: u64 = 256 << 20;
/// Appended bytes held in memory before they are written.
const BUFFER_BYTES_MAX: usize = 1 << 20;
/// Free space is looked at after so many bytes.
const RESERVE_CHECK_BYTES: u64 = 4 << 20;
/// Begins the index of a full pack.
const INDEX_MAGIC: [u8; 8] = *b"FDINDEX1";
/// Bytes handled at a time of a large file.
const CHUNK_BYTES: usize = 256 << 10;

/// All packs of a store.
#[derive(Debug)]
pub(crate) struct Packs {
    dir: PathBuf,
    options: OpenOptions,
    inner: Mutex<Inner>,
    /// Only one thread syncs: an error is reported once per file, and a second thread must not take it for success.
    syncing: Mutex<()>,
    poisoned: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Inner {
    number: u32,
    file: Arc<File>,
    /// Bytes handed to the operating system.
    written: u64,
    /// Bytes known to be durable.
    synced: u64,
    /// Bytes after `written`.
    buffer: Vec<u8>,
    index: Index,
    others: BTreeMap<u32, Arc<File>>,
    unchecked_bytes: u64,
}

/// Where mails stand, by the first 8 bytes of their hash.
#[derive(Debug, Default)]
struct Index {
    by_prefix: HashMap<u64, (u32, u32)>,
    /// Mails whose hash begins like that of another one.
    collided: BTreeMap<RawHash, Location>,
}

pub(crate) fn pack_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}.pack"))
}

fn prefix(hash: &RawHash) -> u64 {
    u64::from_be_bytes(std::array::from_fn(|index| hash.0[index]))
}

impl Index {
    fn insert(&mut self, hash: &RawHash, at: Location) {
        // A pack is closed at 256 MiB, so every entry begins below 4 GiB.
        let place = (at.pack, u32::try_from(at.at).unwrap_or(u32::MAX));
        match self.by_prefix.entry(prefix(hash)) {
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(place);
            }
            std::collections::hash_map::Entry::Occupied(_) => {
                self.collided.insert(*hash, at);
            }
        }
    }

    /// Takes another index over, unless a mail of both begins alike: full hashes are needed then, from the headers.
    fn merge(&mut self, other: &Self) -> bool {
        if !other.collided.is_empty() || other.by_prefix.keys().any(|prefix| self.by_prefix.contains_key(prefix)) {
            return false;
        }
        self.by_prefix.extend(&other.by_prefix);
        true
    }

    /// Writes the index of a full pack beside it. It is made again when it is missing or damaged, so nothing is synced.
    fn save(&self, pack: &Path) -> Result<(), StoreError> {
        // With a collision the headers have to be read, which is what a missing file leads to.
        if !self.collided.is_empty() {
            return Ok(());
        }
        let mut bytes = INDEX_MAGIC.to_vec();
        for (prefix, (_, at)) in &self.by_prefix {
            bytes.extend(prefix.to_le_bytes());
            bytes.extend(at.to_le_bytes());
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        let path = pack.with_extension("idx");
        std::fs::write(&path, bytes).map_err(failed("write", &path))
    }

    /// Reads what [`Index::save`] wrote. `None` if the headers have to be read instead.
    fn load(pack: &Path, number: u32) -> Option<Self> {
        let bytes = std::fs::read(pack.with_extension("idx")).ok()?;
        let (entries, crc) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(entries) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut loaded = Self::default();
        let entries = entries.strip_prefix(&INDEX_MAGIC)?;
        for entry in entries.chunks_exact(12) {
            let prefix = u64::from_le_bytes(std::array::from_fn(|index| entry[index]));
            let at = u32::from_le_bytes(std::array::from_fn(|index| entry[8 + index]));
            loaded.by_prefix.insert(prefix, (number, at));
        }
        Some(loaded)
    }

    fn candidates(&self, hash: &RawHash) -> impl Iterator<Item = Location> {
        let first = self.by_prefix.get(&prefix(hash)).map(|(pack, at)| Location { pack: *pack, at: u64::from(*at) });
        first.into_iter().chain(self.collided.get(hash).copied())
    }
}

impl Inner {
    fn end(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn write_out(&mut self, dir: &Path) -> Result<(), StoreError> {
        if !self.buffer.is_empty() {
            let path = pack_path(dir, self.number);
            self.file.write_all_at(&self.buffer, self.written).map_err(failed("write", &path))?;
            self.written += self.buffer.len() as u64;
            self.buffer.clear();
            self.buffer.shrink_to(BUFFER_BYTES_MAX);
            failpoint::hit("raw_written");
        }
        Ok(())
    }
}

impl Packs {
    /// Opens or creates the packs, to be read by place; nothing is found by hash before [`Packs::index`].
    pub(crate) fn open(dir: &Path, options: OpenOptions, poisoned: Arc<AtomicBool>) -> Result<Self, StoreError> {
        file::create_dir(dir)?;
        let mut numbers = file::numbered(dir, "pack")?;
        let number = numbers.pop().unwrap_or(1);
        let path = pack_path(dir, number);
        let newest = if path.exists() { file::open_file(&path)? } else { file::create_file(&path)? };
        let written = file::length(&newest, &path)?;
        let mut others = BTreeMap::new();
        for full in numbers {
            others.insert(full, Arc::new(file::open_file(&pack_path(dir, full))?));
        }
        let (file, index, unchecked_bytes) = (Arc::new(newest), Index::default(), RESERVE_CHECK_BYTES);
        let inner = Inner { number, file, written, synced: written, buffer: Vec::new(), index, others, unchecked_bytes };
        Ok(Self { dir: dir.to_owned(), options, inner: Mutex::new(inner), syncing: Mutex::new(()), poisoned })
    }

    /// Finds all mails. `committed` is the last place that the journal names: a torn end behind it is cut, damage before it
    /// is an error. Returns the mails that came in, of the two newest packs, in order.
    pub(crate) fn index(&mut self, committed: Option<Location>) -> Result<Vec<RawHash>, StoreError> {
        let inner = self.inner.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut seen = Vec::new();
        for (number, file) in &inner.others {
            let path = pack_path(&self.dir, *number);
            let saved = if number + 1 == inner.number { None } else { Index::load(&path, *number) };
            if saved.is_some_and(|saved| inner.index.merge(&saved)) {
                continue;
            }
            seen.clear();
            let mut own = Index::default();
            let end = read_headers(file, &path, *number, &mut own, &mut seen)?;
            if end != file::length(file, &path)? {
                return Err(damaged(&path, end, "a full pack is not whole"));
            }
            own.save(&path)?;
            if !inner.index.merge(&own) {
                read_headers(file, &path, *number, &mut inner.index, &mut Vec::new())?;
            }
        }
        let path = pack_path(&self.dir, inner.number);
        let named = committed.filter(|at| at.pack == inner.number).map(|at| at.at);
        inner.written = cut_torn_end(&inner.file, &path, named)?;
        inner.synced = inner.written;
        read_headers(&inner.file, &path, inner.number, &mut inner.index, &mut seen)?;
        Ok(seen)
    }

    /// An error about an entry.
    pub(crate) fn damaged_at(&self, at: Location, what: &str) -> StoreError {
        damaged(&pack_path(&self.dir, at.pack), at.at, what)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps mails durably, each once. Says of each whether it was there.
    pub(crate) fn keep(&self, mails: &[(RawHash, &[u8])]) -> Result<Vec<bool>, StoreError> {
        let bytes: u64 = mails.iter().map(|(_, mail)| mail.len() as u64).sum();
        self.check_reserve(bytes)?;
        let known =
            mails.iter().map(|(hash, mail)| self.append_mail(Kind::Mail, *hash, mail)).collect::<Result<Vec<bool>, _>>()?;
        self.sync()?;
        Ok(known)
    }

    /// Keeps a mail unless it is there; not yet durable. Says whether it was.
    pub(crate) fn append_mail(&self, kind: Kind, hash: RawHash, bytes: &[u8]) -> Result<bool, StoreError> {
        if self.find(&hash)?.is_some() {
            return Ok(true);
        }
        let blob = self.compress(kind, hash, bytes)?;
        let at = self.append(&blob)?;
        self.inner().index.insert(&hash, at);
        Ok(false)
    }

    /// Keeps the JSON of a decision; not yet durable.
    pub(crate) fn append_body(&self, bytes: &[u8]) -> Result<(Location, RawHash), StoreError> {
        let hash = RawHash::of(bytes);
        let blob = self.compress(Kind::Body, hash, bytes)?;
        Ok((self.append(&blob)?, hash))
    }

    fn compress(&self, kind: Kind, hash: RawHash, bytes: &[u8]) -> Result<Blob, StoreError> {
        Blob::new(kind, hash, bytes).map_err(failed("compress for", &self.dir))
    }

    fn append(&self, blob: &Blob) -> Result<Location, StoreError> {
        let mut inner = self.inner();
        if inner.end() >= self.options.pack_bytes.min(PACK_BYTES_MAX) {
            self.begin_pack(&mut inner)?;
        }
        let at = Location { pack: inner.number, at: inner.end() };
        inner.buffer.extend_from_slice(&blob.header.encode());
        inner.buffer.extend_from_slice(&blob.data);
        inner.unchecked_bytes += blob.header.entry_bytes();
        if inner.buffer.len() >= BUFFER_BYTES_MAX {
            inner.write_out(&self.dir)?;
        }
        Ok(at)
    }

    fn begin_pack(&self, inner: &mut Inner) -> Result<(), StoreError> {
        inner.write_out(&self.dir)?;
        file::sync_data(&inner.file, &pack_path(&self.dir, inner.number))?;
        let number = inner.number + 1;
        let next = Arc::new(file::create_file(&pack_path(&self.dir, number))?);
        let full = std::mem::replace(&mut inner.file, next);
        inner.others.insert(inner.number, full);
        (inner.number, inner.written, inner.synced) = (number, 0, 0);
        Ok(())
    }

    /// Reads every entry of every pack and says whether it is whole. Stops at an end that is not whole.
    pub(crate) fn read_all(&self, visit: &mut dyn FnMut(Location, &Header, bool)) -> Result<(), StoreError> {
        let (last, end) = {
            let inner = self.inner();
            (inner.number, inner.end())
        };
        let numbers: Vec<u32> = self.inner().others.keys().copied().chain([last]).collect();
        for pack in numbers {
            let mut place = Location { pack, at: 0 };
            while pack != last || place.at < end {
                let Some(header) = self.header(place)? else { break };
                visit(place, &header, self.blob(place)?.is_some());
                place.at += header.entry_bytes();
            }
        }
        Ok(())
    }

    /// Makes everything appended so far durable.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        let (number, end) = {
            let mut inner = self.inner();
            inner.write_out(&self.dir)?;
            (inner.number, inner.written)
        };
        let syncing = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.poisoned.load(Ordering::Acquire) {
            return Err(poisoned(&self.dir));
        }
        let (file, number_now, written) = {
            let inner = self.inner();
            if (inner.number, inner.synced) >= (number, end) {
                return Ok(());
            }
            (Arc::clone(&inner.file), inner.number, inner.written)
        };
        if let Err(error) = file::sync_data(&file, &pack_path(&self.dir, number_now)) {
            self.poisoned.store(true, Ordering::Release);
            return Err(error);
        }
        failpoint::hit("raw_synced");
        let mut inner = self.inner();
        if inner.number == number_now {
            inner.synced = inner.synced.max(written);
        }
        drop(syncing);
        Ok(())
    }

    fn check_reserve(&self, bytes: u64) -> Result<(), StoreError> {
        let mut inner = self.inner();
        if inner.unchecked_bytes + bytes < RESERVE_CHECK_BYTES {
            return Ok(());
        }
        let free_bytes = file::free_bytes(&self.dir)?;
        if free_bytes < self.options.reserve_bytes.saturating_add(bytes) {
            inner.unchecked_bytes = RESERVE_CHECK_BYTES;
            return Err(StoreError::Full { path: self.dir.display().to_string(), free_bytes });
        }
        inner.unchecked_bytes = 0;
        Ok(())
    }

    /// This mail is kept, though perhaps not yet durably.
    pub(crate) fn has(&self, hash: &RawHash) -> Result<bool, StoreError> {
        Ok(self.find(hash)?.is_some())
    }

    /// The bytes of a mail, verified.
    pub(crate) fn mail(&self, hash: &RawHash) -> Result<Vec<u8>, StoreError> {
        let at = self.find(hash)?.ok_or(StoreError::Raw { hash: *hash, what: "is missing" })?;
        self.blob(at)?
            .filter(|(header, _)| header.hash == *hash)
            .map(|(_, bytes)| bytes)
            .ok_or(StoreError::Raw { hash: *hash, what: "is damaged" })
    }

    /// The JSON of a decision, verified.
    pub(crate) fn body(&self, at: Location) -> Result<(RawHash, Vec<u8>), StoreError> {
        let read = self.blob(at)?.filter(|(header, _)| header.kind == Kind::Body);
        read.map(|(header, bytes)| (header.hash, bytes)).ok_or_else(|| self.damaged_at(at, "a decision is not whole"))
    }

    fn find(&self, hash: &RawHash) -> Result<Option<Location>, StoreError> {
        let candidates: Vec<Location> = self.inner().index.candidates(hash).collect();
        for at in candidates {
            if self.header(at)?.is_some_and(|header| header.hash == *hash) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn header(&self, at: Location) -> Result<Option<Header>, StoreError> {
        let mut bytes = [0; HEADER_BYTES];
        Ok(if self.read(at.pack, at.at, &mut bytes)? { Header::decode(&bytes) } else { None })
    }

    fn blob(&self, at: Location) -> Result<Option<(Header, Vec<u8>)>, StoreError> {
        let Some(header) = self.header(at)? else { return Ok(None) };
        let Ok(size) = usize::try_from(header.stored_bytes) else { return Ok(None) };
        let mut data = vec![0; size];
        if !self.read(at.pack, at.at + HEADER_BYTES as u64, &mut data)? {
            return Ok(None);
        }
        Ok(pack::restore(&header, &data).map(|bytes| (header, bytes)))
    }

    /// Fills the buffer from a pack, also with what is not written yet. False if the pack ends before.
    fn read(&self, number: u32, at: u64, into: &mut [u8]) -> Result<bool, StoreError> {
        let file = {
            let inner = self.inner();
            if number == inner.number && at >= inner.written {
                let start = usize::try_from(at - inner.written).unwrap_or(usize::MAX);
                let bytes = inner.buffer.get(start..).and_then(|rest| rest.get(..into.len()));
                return Ok(bytes.is_some_and(|bytes| {
                    into.copy_from_slice(bytes);
                    true
                }));
            }
            if number == inner.number { Some(Arc::clone(&inner.file)) } else { inner.others.get(&number).map(Arc::clone) }
        };
        let Some(file) = file else { return Ok(false) };
        match file.read_exact_at(into, at) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(failed("read", &pack_path(&self.dir, number))(error)),
        }
    }

    /// Keeps a large mail durably with bounded memory.
    pub(crate) fn keep_file(&self, path: &Path) -> Result<RawHash, StoreError> {
        let mut source = File::open(path).map_err(failed("open", path))?;
        self.check_reserve(file::length(&source, path)?)?;
        let spool_path = self.dir.join("spool");
        let mut spool = tempfile_in(&spool_path)?;
        let header = compress_file(&mut source, path, &mut spool, &spool_path)?;
        if self.find(&header.hash)?.is_none() {
            let at = self.append_spooled(&header, &mut spool, &spool_path)?;
            self.inner().index.insert(&header.hash, at);
        }
        self.sync()?;
        Ok(header.hash)
    }

    fn append_spooled(&self, header: &Header, spool: &mut File, spool_path: &Path) -> Result<Location, StoreError> {
        spool.rewind().map_err(failed("read", spool_path))?;
        let mut inner = self.inner();
        if inner.end() >= self.options.pack_bytes.min(PACK_BYTES_MAX) {
            self.begin_pack(&mut inner)?;
        }
        let at = Location { pack: inner.number, at: inner.end() };
        inner.buffer.extend_from_slice(&header.encode());
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let size = spool.read(&mut chunk).map_err(failed("read", spool_path))?;
            if size == 0 {
                break;
            }
            inner.buffer.extend_from_slice(&chunk[..size]);
            inner.write_out(&self.dir)?;
        }
        inner.unchecked_bytes += header.entry_bytes();
        Ok(at)
    }
}

/// A file without a name: it is gone with the process.
fn tempfile_in(path: &Path) -> Result<File, StoreError> {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let path = path.with_extension(format!("{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let mut options = std::fs::OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(true).open(&path).map_err(failed("create", &path))?;
    std::fs::remove_file(&path).map_err(failed("remove", &path))?;
    Ok(file)
}

fn compress_file(source: &mut File, path: &Path, spool: &mut File, spool_path: &Path) -> Result<Header, StoreError> {
    let mut encoder = zstd::stream::write::Encoder::new(&mut *spool, pack::LEVEL).map_err(failed("write", spool_path))?;
    let (mut hasher, mut raw_bytes, mut chunk) = (Sha256::new(), 0u64, vec![0; CHUNK_BYTES]);
    loop {
        let size = source.read(&mut chunk).map_err(failed("read", path))?;
        if size == 0 {
            break;
        }
        hasher.update(&chunk[..size]);
        raw_bytes += size as u64;
        encoder.write_all(&chunk[..size]).map_err(failed("write", spool_path))?;
    }
    encoder.finish().map_err(failed("write", spool_path))?;
    let (mut crc, mut stored_bytes) = (crc32fast::Hasher::new(), 0u64);
    spool.rewind().map_err(failed("read", spool_path))?;
    loop {
        let size = spool.read(&mut chunk).map_err(failed("read", spool_path))?;
        if size == 0 {
            break;
        }
        crc.update(&chunk[..size]);
        stored_bytes += size as u64;
    }
    Ok(Header { kind: Kind::Mail, hash: RawHash(hasher.finalize().into()), raw_bytes, stored_bytes, crc: crc.finalize() })
}

/// Everything after an error of a sync: the process must end.
pub(crate) fn poisoned(path: &Path) -> StoreError {
    failed("write after a failed sync of", path)(std::io::Error::other("the process must end"))
}

fn damaged(path: &Path, offset: u64, what: &str) -> StoreError {
    let what = format!("{what}; nothing was changed, `frontdesk backup restore` brings back the last backup");
    StoreError::Damaged { path: path.display().to_string(), offset, what }
}

/// Indexes the mails of a pack by its headers. Returns where the last whole entry ends.
fn read_headers(file: &File, path: &Path, number: u32, index: &mut Index, seen: &mut Vec<RawHash>) -> Result<u64, StoreError> {
    let end = file::length(file, path)?;
    let mut at = 0;
    while let Some(header) = pack::header_at(file, at, end).map_err(failed("read", path))? {
        let place = Location { pack: number, at };
        match header.kind {
            Kind::Mail => {
                index.insert(&header.hash, place);
                seen.push(header.hash);
            }
            Kind::Sent => index.insert(&header.hash, place),
            Kind::Body => {}
        }
        at += header.entry_bytes();
    }
    Ok(at)
}

/// Cuts what a crash left half written behind the last entry that the journal names. Returns the length that is left.
fn cut_torn_end(file: &File, path: &Path, named: Option<u64>) -> Result<u64, StoreError> {
    let end = file::length(file, path)?;
    let mut at = 0;
    while let Some(header) = pack::header_at(file, at, end).map_err(failed("read", path))? {
        let may_be_torn = named.is_none_or(|named| at > named);
        if may_be_torn && !pack::is_whole(file, at, &header).map_err(failed("read", path))? {
            break;
        }
        at += header.entry_bytes();
    }
    if named.is_some_and(|named| at <= named) {
        return Err(damaged(path, at, "an entry that the journal names is not whole"));
    }
    if at < end {
        file.set_len(at).map_err(failed("cut", path))?;
        file::sync_all(file, path)?;
    }
    Ok(at)
}
