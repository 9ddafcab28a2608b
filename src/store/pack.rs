//! One entry of a pack: a header of fixed size and zstd bytes.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::LazyLock;

use desk::RawHash;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{get_dict_id_from_dict, get_dict_id_from_frame};

/// Bytes of a header.
pub(crate) const HEADER_BYTES: usize = 64;
const MAGIC: [u8; 4] = *b"FDP1";
/// zstd's fastest ordinary level: mail is written once and read rarely, and the processor is what is short.
pub(crate) const LEVEL: i32 = 1;
/// Where a dictionary says most of it, a level that is faster yet writes little more.
const DICTIONARY_LEVEL: i32 = -5;
/// What decisions have in common, and what mails of ours, as zstd's trainer found it in those of made-up tickets: a third of
/// the bytes and of the time. The number of the one that is needed stands in every frame, so none may ever change; a better
/// one is another file beside them.
const DICTIONARIES: [&[u8]; 2] = [include_bytes!("body.dict"), include_bytes!("sent.dict")];

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A mail that came in.
    Mail,
    /// The JSON of a decision.
    Body,
    /// A mail of ours.
    Sent,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Mail => 1,
            Self::Body => 2,
            Self::Sent => 3,
        }
    }

    /// The dictionary that fits it; mails of others have little in common.
    fn dictionary(self) -> Option<usize> {
        match self {
            Self::Mail => None,
            Self::Body => Some(0),
            Self::Sent => Some(1),
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Mail, Self::Body, Self::Sent].into_iter().find(|kind| kind.code() == code)
    }
}

/// What stands before the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// What it is.
    pub(crate) kind: Kind,
    /// SHA-256 of the bytes before compression.
    pub(crate) hash: RawHash,
    /// Their number before compression.
    pub(crate) raw_bytes: u64,
    /// Their number in the pack.
    pub(crate) stored_bytes: u64,
    /// CRC-32 of the bytes in the pack.
    pub(crate) crc: u32,
}

impl Header {
    /// Its bytes.
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = self.kind.code();
        bytes[8..40].copy_from_slice(&self.hash.0);
        bytes[40..48].copy_from_slice(&self.raw_bytes.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.stored_bytes.to_le_bytes());
        bytes[56..60].copy_from_slice(&self.crc.to_le_bytes());
        let own = crc32fast::hash(&bytes[..60]);
        bytes[60..].copy_from_slice(&own.to_le_bytes());
        bytes
    }

    /// The reverse; `None` if the bytes are no whole header.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|index| bytes[at + index]));
        if bytes[..4] != MAGIC || u32_at(60) != crc32fast::hash(&bytes[..60]) {
            return None;
        }
        let hash = RawHash(std::array::from_fn(|index| bytes[8 + index]));
        Some(Self { kind: Kind::from_code(bytes[4])?, hash, raw_bytes: u64_at(40), stored_bytes: u64_at(48), crc: u32_at(56) })
    }

    /// Header and bytes together.
    pub(crate) fn entry_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + self.stored_bytes
    }
}

/// An entry ready to be appended.
#[derive(Debug)]
pub(crate) struct Blob {
    /// Its header.
    pub(crate) header: Header,
    /// Its compressed bytes.
    pub(crate) data: Vec<u8>,
}

/// Contexts of a thread: without a dictionary, and with each. One is 1 MB of tables; making it costs more than compressing
/// a mail.
type Contexts<T> = [RefCell<Option<T>>; 1 + DICTIONARIES.len()];

thread_local! {
    static COMPRESSORS: Contexts<Compressor<'static>> = const { [const { RefCell::new(None) }; 1 + DICTIONARIES.len()] };
    static DECOMPRESSORS: Contexts<Decompressor<'static>> = const { [const { RefCell::new(None) }; 1 + DICTIONARIES.len()] };
}

static ENCODERS: LazyLock<[EncoderDictionary<'static>; DICTIONARIES.len()]> =
    LazyLock::new(|| DICTIONARIES.map(|bytes| EncoderDictionary::copy(bytes, DICTIONARY_LEVEL)));
static DECODERS: LazyLock<[DecoderDictionary<'static>; DICTIONARIES.len()]> =
    LazyLock::new(|| DICTIONARIES.map(DecoderDictionary::copy));

fn compress(bytes: &[u8], dictionary: Option<usize>) -> std::io::Result<Vec<u8>> {
    COMPRESSORS.with(|slots| {
        let mut slot = slots[dictionary.map_or(0, |index| index + 1)].borrow_mut();
        let compressor = match (slot.take(), dictionary) {
            (Some(compressor), _) => compressor,
            (None, Some(index)) => Compressor::with_prepared_dictionary(&ENCODERS[index])?,
            (None, None) => Compressor::new(LEVEL)?,
        };
        slot.insert(compressor).compress(bytes)
    })
}

fn decompress(data: &[u8], size: usize) -> std::io::Result<Vec<u8>> {
    // A dictionary that we do not have is refused by zstd itself.
    let wanted = get_dict_id_from_frame(data);
    let dictionary = DICTIONARIES.iter().position(|bytes| wanted.is_some() && wanted == get_dict_id_from_dict(bytes));
    DECOMPRESSORS.with(|slots| {
        let mut slot = slots[dictionary.map_or(0, |index| index + 1)].borrow_mut();
        let decompressor = match (slot.take(), dictionary) {
            (Some(decompressor), _) => decompressor,
            (None, Some(index)) => Decompressor::with_prepared_dictionary(&DECODERS[index])?,
            (None, None) => Decompressor::new()?,
        };
        slot.insert(decompressor).decompress(data, size)
    })
}

impl Blob {
    /// Hashes and compresses.
    pub(crate) fn new(kind: Kind, hash: RawHash, bytes: &[u8]) -> std::io::Result<Self> {
        let data = compress(bytes, kind.dictionary())?;
        let crc = crc32fast::hash(&data);
        let header = Header { kind, hash, raw_bytes: bytes.len() as u64, stored_bytes: data.len() as u64, crc };
        Ok(Self { header, data })
    }
}

/// The bytes of an entry, verified against its hash.
pub(crate) fn restore(header: &Header, data: &[u8]) -> Option<Vec<u8>> {
    let size = usize::try_from(header.raw_bytes).ok()?;
    if crc32fast::hash(data) != header.crc {
        return None;
    }
    let bytes = decompress(data, size).ok()?;
    (RawHash::of(&bytes) == header.hash).then_some(bytes)
}

/// Reads one header; `None` where there is no whole one or its bytes end behind `end`.
pub(crate) fn header_at(file: &File, at: u64, end: u64) -> std::io::Result<Option<Header>> {
    if at.checked_add(HEADER_BYTES as u64).is_none_or(|after| after > end) {
        return Ok(None);
    }
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact_at(&mut bytes, at)?;
    Ok(Header::decode(&bytes).filter(|header| at.checked_add(header.entry_bytes()).is_some_and(|after| after <= end)))
}

/// The stored bytes of the entry at `at` are those that were written.
pub(crate) fn is_whole(file: &File, at: u64, header: &Header) -> std::io::Result<bool> {
    let mut hasher = crc32fast::Hasher::new();
    let mut chunk = vec![0; 256 << 10];
    let (mut from, end) = (at + HEADER_BYTES as u64, at + header.entry_bytes());
    while from < end {
        let size = usize::try_from(end - from).unwrap_or(usize::MAX).min(chunk.len());
        file.read_exact_at(&mut chunk[..size], from)?;
        hasher.update(&chunk[..size]);
        from += size as u64;
    }
    Ok(hasher.finalize() == header.crc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_stay_what_stored_frames_need() {
        assert_eq!(DICTIONARIES.map(crc32fast::hash), [0x726faabe, 0x7ee026f1], "stores could not be read any more");
    }

    #[test]
    fn every_kind_comes_back_with_and_without_its_dictionary() {
        let bytes = br#"{"event":"e1","decision":{"outcome":"new_ticket"}}"#.repeat(9);
        for kind in [Kind::Mail, Kind::Body, Kind::Sent] {
            let blob = Blob::new(kind, RawHash::of(&bytes), &bytes).expect("compressed");
            assert_eq!(restore(&blob.header, &blob.data).as_deref(), Some(&bytes[..]), "{kind:?}");
            // What an earlier version stored.
            let data = compress(&bytes, None).expect("compressed");
            let header = Header { crc: crc32fast::hash(&data), stored_bytes: data.len() as u64, ..blob.header };
            assert_eq!(restore(&header, &data).as_deref(), Some(&bytes[..]), "{kind:?}");
        }
    }
}
