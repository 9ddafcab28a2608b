//! Which keys the state may have: most of what is asked for about a new mail is not there, and sled finds that out only by
//! reading a page for each. A Bloom filter in blocks of one cache line: it may say "perhaps" of a key that is not there,
//! never "no" of one that is.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::StoreError;
use super::file::failed;

/// Words of 64 bits in a block.
const BLOCK_WORDS: usize = 8;
/// Bits that a key sets in its block.
const PROBES: u32 = 6;
/// Bits for each key that is there at the start: as many more keys fit before one answer in fifty is a vain "perhaps".
const BITS_PER_KEY: usize = 20;
/// Not smaller than 1 MiB: half a million keys.
const BLOCKS_MIN: usize = (1 << 20) / (BLOCK_WORDS * 8);
const MAGIC: &[u8; 8] = b"FDKEYS01";

/// The filter of a state.
#[derive(Debug)]
pub(crate) struct KeyFilter {
    words: Vec<AtomicU64>,
    is_complete: AtomicBool,
}

impl KeyFilter {
    /// One that knows no key yet, with room for so many and as many more.
    pub(crate) fn new(keys: usize) -> Self {
        let blocks = (keys * BITS_PER_KEY / (BLOCK_WORDS * 64)).max(BLOCKS_MIN).next_power_of_two();
        let words = std::iter::repeat_with(AtomicU64::default).take(blocks * BLOCK_WORDS).collect();
        Self { words, is_complete: AtomicBool::new(false) }
    }

    /// Notes a key.
    pub(crate) fn add(&self, key: &[u8]) {
        for (word, bit) in self.places(key) {
            self.words[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// The state certainly does not have a key. Never so before [`KeyFilter::complete`].
    pub(crate) fn lacks(&self, key: &[u8]) -> bool {
        self.is_complete() && self.places(key).any(|(word, bit)| self.words[word].load(Ordering::Relaxed) & bit == 0)
    }

    /// All keys that the state had when the filter was made are noted, and every later one was.
    pub(crate) fn complete(&self) {
        self.is_complete.store(true, Ordering::Release);
    }

    /// Whether it may say "no".
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete.load(Ordering::Acquire)
    }

    fn places(&self, key: &[u8]) -> impl Iterator<Item = (usize, u64)> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let hash = hasher.finish();
        let blocks = self.words.len() / BLOCK_WORDS;
        let first = usize::try_from(hash & (blocks as u64 - 1)).unwrap_or(0) * BLOCK_WORDS;
        // Nine bits for each probe from the upper end; what chose the block is below them.
        (0..PROBES).map(move |probe| {
            let place = hash.rotate_left(9 * (probe + 1)) & 511;
            (first + usize::try_from(place / 64).unwrap_or(0), 1 << (place % 64))
        })
    }

    /// Writes it down for the next start; `position` says of which state it is.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub(crate) fn save(&self, path: &Path, position: &[u8]) -> Result<(), StoreError> {
        if !self.is_complete() {
            return Ok(());
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend((position.len() as u64).to_le_bytes());
        bytes.extend(position);
        for word in &self.words {
            bytes.extend(word.load(Ordering::Relaxed).to_le_bytes());
        }
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        std::fs::write(path, bytes).map_err(failed("write", path))
    }

    /// Reads what was written down of the state at `position`. `None` if there is none: the keys have to be read instead.
    pub(crate) fn load(path: &Path, position: &[u8], keys: usize) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        let (saved, crc) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(saved) != u32::from_le_bytes(*crc) {
            return None;
        }
        let rest = saved.strip_prefix(MAGIC)?.strip_prefix(&(position.len() as u64).to_le_bytes())?;
        let words = rest.strip_prefix(position)?.chunks_exact(8);
        let words: Vec<AtomicU64> =
            words.map(|word| AtomicU64::new(u64::from_le_bytes(std::array::from_fn(|index| word[index])))).collect();
        // One that has become too small for its keys is made anew.
        let fits = words.len() * 64 >= keys * BITS_PER_KEY / 2 && (words.len() / BLOCK_WORDS).is_power_of_two();
        fits.then(|| Self { words, is_complete: AtomicBool::new(true) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> Vec<u8> {
        desk::RawHash::of(&number.to_be_bytes()).0.to_vec()
    }

    #[test]
    fn what_was_added_is_never_lacking_and_most_else_is() {
        let filter = KeyFilter::new(0);
        assert!(!filter.lacks(&key(1)), "not before all keys are noted");
        (0..400_000).for_each(|number| filter.add(&key(number)));
        filter.complete();
        assert!((0..400_000).all(|number| !filter.lacks(&key(number))));
        let vain = (400_000..500_000).filter(|number| !filter.lacks(&key(*number))).count();
        assert!(vain < 2_000, "{vain} of 100000");
    }

    #[test]
    fn it_comes_back_for_the_same_state_only() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("keys");
        let filter = KeyFilter::new(0);
        filter.add(b"here");
        filter.save(&path, b"one").expect("nothing to save yet");
        assert!(KeyFilter::load(&path, b"one", 1).is_none(), "an unfinished one is not saved");
        filter.complete();
        filter.save(&path, b"one").expect("saved");
        let loaded = KeyFilter::load(&path, b"one", 1).expect("saved for it");
        assert!(!loaded.lacks(b"here") && loaded.lacks(b"there"));
        assert!(KeyFilter::load(&path, b"two", 1).is_none());
        assert!(KeyFilter::load(&path, b"one", 10_000_000).is_none(), "too small by now");
        let mut bytes = std::fs::read(&path).expect("read");
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).expect("write");
        assert!(KeyFilter::load(&path, b"one", 1).is_none());
    }
}
