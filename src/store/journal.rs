//! The journal: append-only segments of chained records, the truth of the store.
//!
//! Record: `version u8 · kind u8 · payload length u32 · seq u64 · first seq of its group u64 · SHA-256 of the previous record
//! · payload · CRC-32 · end mark`, numbers little-endian. Records of one group become durable by one sync; a power cut may
//! leave any part of the newest group and only of it, so a hole is a torn end if what follows belongs to the same group, and
//! damage otherwise. Damage is never cut.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::StoreError;
use super::file::{self, failed};
use super::record::{JOURNAL_VERSION, Payload};
use crate::failpoint;

/// A segment is closed when it has reached this size, unless the options say less.
pub(crate) const SEGMENT_BYTES_MAX: u64 = 16 << 20;
const SEGMENT_MAGIC: [u8; 8] = *b"FDJRNL1\n";
const SEGMENT_HEADER_BYTES: usize = 16;
/// For a progress bar.
const RECORD_BYTES_TYPICAL: u64 = 250;
const HEAD_BYTES: usize = 54;
const TAIL_BYTES: usize = 5;
const END_MARK: u8 = 0xE5;
/// No record is larger: bodies are blobs, and the largest inline record names the UIDs of one mailbox.
const PAYLOAD_BYTES_MAX: usize = 64 << 20;

/// A record as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The end of the chain with it.
    pub(crate) tip: Tip,
    /// What it says.
    pub(crate) payload: Payload,
}

/// The end of the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tip {
    /// Newest record; 0 = none.
    pub(crate) seq: u64,
    /// Its hash; zeroes before the first.
    pub(crate) hash: [u8; 32],
}

/// The open end of the journal.
#[derive(Debug)]
pub(crate) struct Journal {
    dir: PathBuf,
    number: u32,
    file: File,
    written: u64,
    buffer: Vec<u8>,
    tip: Tip,
    group: u64,
    segment_bytes: u64,
}

pub(crate) fn segment_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.seg"))
}

fn segment_header(first_seq: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    header[..8].copy_from_slice(&SEGMENT_MAGIC);
    header[8..].copy_from_slice(&first_seq.to_le_bytes());
    header
}

fn encode(tip: &Tip, group: u64, kind: u8, payload: &[u8]) -> Result<Vec<u8>, StoreError> {
    let too_large = || StoreError::State { what: format!("a record of {} bytes is too large", payload.len()) };
    let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= PAYLOAD_BYTES_MAX).ok_or_else(too_large)?;
    let mut bytes = Vec::with_capacity(HEAD_BYTES + payload.len() + TAIL_BYTES);
    bytes.extend([JOURNAL_VERSION, kind]);
    bytes.extend(length.to_le_bytes());
    bytes.extend((tip.seq + 1).to_le_bytes());
    bytes.extend(group.to_le_bytes());
    bytes.extend(tip.hash);
    bytes.extend(payload);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes.push(END_MARK);
    Ok(bytes)
}

/// A whole record at the start of some bytes.
struct Frame<'a> {
    version: u8,
    kind: u8,
    seq: u64,
    group: u64,
    previous: [u8; 32],
    payload: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let head = bytes.get(..HEAD_BYTES)?;
        let length = usize::try_from(u32::from_le_bytes(head[2..6].try_into().ok()?)).ok()?;
        if length > PAYLOAD_BYTES_MAX {
            return None;
        }
        let payload_end = HEAD_BYTES + length;
        let bytes = bytes.get(..payload_end + TAIL_BYTES)?;
        let crc = u32::from_le_bytes(bytes[payload_end..payload_end + 4].try_into().ok()?);
        if bytes[payload_end + 4] != END_MARK || crc != crc32fast::hash(&bytes[..payload_end]) {
            return None;
        }
        Some(Self {
            version: head[0],
            kind: head[1],
            seq: u64::from_le_bytes(head[6..14].try_into().ok()?),
            group: u64::from_le_bytes(head[14..22].try_into().ok()?),
            previous: head[22..54].try_into().ok()?,
            payload: &bytes[HEAD_BYTES..payload_end],
            bytes,
        })
    }
}

fn damaged(path: &Path, offset: usize, what: &str) -> StoreError {
    let what = format!("{what}; nothing was changed, `frontdesk backup restore` brings back the last backup");
    StoreError::Damaged { path: path.display().to_string(), offset: offset as u64, what }
}

/// Reads whole records of one segment from `tip` on. Returns the offset behind the last whole one; `tip` follows.
fn read_segment(
    path: &Path,
    bytes: &[u8],
    tip: &mut Tip,
    visit: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
) -> Result<usize, StoreError> {
    let mut at = SEGMENT_HEADER_BYTES;
    if bytes.len() <= at && bytes != segment_header(tip.seq + 1) {
        // The crash came before the header of a new segment was durable.
        return Ok(0);
    }
    if bytes[..at] != segment_header(tip.seq + 1) {
        return Err(damaged(path, 0, "the segment does not continue the one before"));
    }
    while let Some(frame) = Frame::read(&bytes[at..]) {
        if frame.version > JOURNAL_VERSION {
            return Err(StoreError::Version { version: frame.version });
        }
        if frame.seq != tip.seq + 1 || frame.previous != tip.hash {
            return Err(damaged(path, at, "a record does not continue the one before"));
        }
        let payload =
            Payload::decode(frame.kind, frame.payload).ok_or_else(|| damaged(path, at, "a whole record cannot be understood"))?;
        *tip = Tip { seq: frame.seq, hash: Sha256::digest(frame.bytes).into() };
        visit(Entry { tip: *tip, payload })?;
        at += frame.bytes.len();
    }
    Ok(at)
}

/// Somewhere behind `at` stands a whole record of a later group than the one that is not whole.
fn later_group_follows(bytes: &[u8], at: usize, tip: &Tip) -> bool {
    let plausible = |offset: &usize| {
        let frame = Frame::read(&bytes[*offset..]);
        frame.is_some_and(|frame| frame.seq > tip.seq && frame.group > tip.seq + 1 && frame.group <= frame.seq)
    };
    (at + 1..bytes.len().saturating_sub(HEAD_BYTES + TAIL_BYTES - 1)).find(plausible).is_some()
}

/// The newest segment that begins at or before a record, with the tip before its first record.
fn start_at(dir: &Path, numbers: &[u32], seq: u64) -> Result<(u32, Tip), StoreError> {
    for number in numbers.iter().rev() {
        let path = segment_path(dir, *number);
        let file = File::open(&path).map_err(failed("open", &path))?;
        let mut bytes = [0; SEGMENT_HEADER_BYTES + HEAD_BYTES];
        if file::length(&file, &path)? < bytes.len() as u64 {
            continue;
        }
        file.read_exact_at(&mut bytes, 0).map_err(failed("read", &path))?;
        let first = u64::from_le_bytes(std::array::from_fn(|index| bytes[8 + index]));
        if first > 1 && first <= seq {
            let hash = std::array::from_fn(|index| bytes[SEGMENT_HEADER_BYTES + 22 + index]);
            return Ok((*number, Tip { seq: first - 1, hash }));
        }
    }
    Ok((1, Tip::default()))
}

/// Reads segments in order from the one that holds record `from` on. Returns the newest one's number, the length of its
/// whole part, and the tip.
fn read_all(
    dir: &Path,
    from: u64,
    progress: &mut dyn FnMut(u64, u64),
    visit: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
) -> Result<(u32, u64, Tip), StoreError> {
    let numbers = file::numbered(dir, "seg")?;
    let (first, mut tip) = start_at(dir, &numbers, from)?;
    let last = numbers.last().copied().unwrap_or(first);
    let total = u64::from(last - first + 1) * SEGMENT_BYTES_MAX;
    let (mut whole, mut done) = (0, 0);
    for number in first..=last {
        let path = segment_path(dir, number);
        if !numbers.contains(&number) {
            return Err(damaged(&path, 0, "the segment is missing"));
        }
        let bytes = std::fs::read(&path).map_err(failed("read", &path))?;
        let mut count = 0u64;
        whole = read_segment(&path, &bytes, &mut tip, &mut |entry| {
            count += 1;
            if count.is_multiple_of(1_000) {
                progress((done + count * RECORD_BYTES_TYPICAL).min(total), total);
            }
            visit(entry)
        })?;
        if whole < bytes.len() && (number != last || later_group_follows(&bytes, whole, &tip)) {
            return Err(damaged(&path, whole, "a record in the middle is not whole"));
        }
        done += SEGMENT_BYTES_MAX;
    }
    progress(total, total);
    Ok((last, whole as u64, tip))
}

impl Journal {
    /// Reads the records of the segment that holds record `from` and of all later ones, cuts a torn end, and opens the
    /// journal for appending.
    pub(crate) fn open(
        dir: &Path,
        from: u64,
        segment_bytes: u64,
        progress: &mut dyn FnMut(u64, u64),
        visit: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        file::create_dir(dir)?;
        if file::numbered(dir, "seg")?.is_empty() {
            let file = begin_segment(dir, 1, 1)?;
            let written = SEGMENT_HEADER_BYTES as u64;
            return Ok(Self {
                dir: dir.to_owned(),
                number: 1,
                file,
                written,
                buffer: Vec::new(),
                tip: Tip::default(),
                group: 1,
                segment_bytes,
            });
        }
        let (number, whole, tip) = read_all(dir, from, progress, visit)?;
        let path = segment_path(dir, number);
        let file = file::open_file(&path)?;
        let mut written = whole;
        if whole < SEGMENT_HEADER_BYTES as u64 {
            // The crash came before the new segment's header was durable.
            file.write_all_at(&segment_header(tip.seq + 1), 0).map_err(failed("write", &path))?;
            written = SEGMENT_HEADER_BYTES as u64;
        }
        if written != file::length(&file, &path)? || whole != written {
            file.set_len(written).map_err(failed("cut", &path))?;
            file::sync_all(&file, &path)?;
        }
        Ok(Self { dir: dir.to_owned(), number, file, written, buffer: Vec::new(), tip, group: tip.seq + 1, segment_bytes })
    }

    /// The end of the chain, staged records included.
    pub(crate) fn tip(&self) -> Tip {
        self.tip
    }

    /// Adds a record to the group.
    pub(crate) fn append(&mut self, payload: &Payload) -> Result<u64, StoreError> {
        let (kind, bytes) = payload.encode()?;
        let record = encode(&self.tip, self.group, kind, &bytes)?;
        self.tip = Tip { seq: self.tip.seq + 1, hash: Sha256::digest(&record).into() };
        self.buffer.extend(record);
        Ok(self.tip.seq)
    }

    /// Writes and syncs the group.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let path = segment_path(&self.dir, self.number);
        self.file.write_all_at(&self.buffer, self.written).map_err(failed("write", &path))?;
        failpoint::hit("journal_written");
        file::sync_data(&self.file, &path)?;
        failpoint::hit("journal_synced");
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        self.group = self.tip.seq + 1;
        if self.written >= self.segment_bytes.min(SEGMENT_BYTES_MAX) {
            self.file = begin_segment(&self.dir, self.number + 1, self.tip.seq + 1)?;
            self.number += 1;
            self.written = SEGMENT_HEADER_BYTES as u64;
        }
        Ok(())
    }
}

fn begin_segment(dir: &Path, number: u32, first_seq: u64) -> Result<File, StoreError> {
    let path = segment_path(dir, number);
    let file = file::create_file(&path)?;
    file.write_all_at(&segment_header(first_seq), 0).map_err(failed("write", &path))?;
    file::sync_all(&file, &path)?;
    Ok(file)
}

/// Reads the whole journal without changing it. Returns the tip.
pub(crate) fn read(
    dir: &Path,
    progress: &mut dyn FnMut(u64, u64),
    visit: &mut dyn FnMut(Entry) -> Result<(), StoreError>,
) -> Result<Tip, StoreError> {
    Ok(read_all(dir, 0, progress, visit)?.2)
}
