//! What the state surely does not hold: a Bloom filter over all keys in sled and in the layers above it. Most of what an
//! event asks for is new to us, and to learn that from the tree means reading a page of it.
//!
//! The filter is never stored. At start it is filled beside the work, by one reading of all keys; until then the tree is
//! asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use fastbloom::AtomicBloomFilter;

/// Bits of the filter: 2 MiB. Of the questions about absent keys one in sixty is let through needlessly at 100,000 tickets,
/// half at a million.
const BITS: usize = 16 << 20;
/// Bits per key.
const HASHES: u32 = 2;

/// The filter of one state.
#[derive(Debug)]
pub(super) struct Filter {
    shared: Arc<Shared>,
    filler: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    bits: AtomicBloomFilter,
    is_ready: AtomicBool,
    stop: AtomicBool,
}

impl Filter {
    /// The filter of a state as it was found.
    pub(super) fn of(db: &sled::Db) -> Self {
        let bits = AtomicBloomFilter::with_num_bits(BITS).hashes(HASHES);
        let shared = Arc::new(Shared { bits, is_ready: AtomicBool::new(false), stop: AtomicBool::new(false) });
        let (filled, db) = (Arc::clone(&shared), db.clone());
        // Without a thread, sled is asked for everything.
        let filler = std::thread::Builder::new().name("filter".to_owned()).spawn(move || filled.fill(&db)).ok();
        Self { shared, filler }
    }

    /// Whether the state may hold a key that nobody puts right now.
    pub(super) fn may_hold(&self, key: &[u8]) -> bool {
        !self.shared.is_ready.load(Ordering::Acquire) || self.shared.bits.contains(key)
    }

    /// Notes a key before it can be found.
    pub(super) fn put(&self, key: &[u8]) {
        self.shared.bits.insert(key);
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // It holds sled open.
        self.filler.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn fill(&self, db: &sled::Db) {
        for key in db.iter().keys() {
            match key {
                Ok(key) if !self.stop.load(Ordering::Relaxed) => drop(self.bits.insert(&*key)),
                // What cannot be read is told by whoever needs it.
                Ok(_) | Err(_) => return,
            }
        }
        self.is_ready.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_passes_and_most_of_the_rest_does_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let db = sled::open(dir.path()).expect("opened");
        let key = |number: u32| number.to_be_bytes();
        (0..2_000).for_each(|number| drop(db.insert(key(number), b"").expect("put")));
        let filter = Filter::of(&db);
        for number in 2_000..4_000 {
            db.insert(key(number), b"").expect("put");
            filter.put(&key(number));
        }
        while !filter.shared.is_ready.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        assert!((0..4_000).all(|number| filter.may_hold(&key(number))));
        let wrong = (10_000..20_000).filter(|number| filter.may_hold(&key(*number))).count();
        assert!(wrong < 100, "{wrong} of 10,000 absent keys pass");
    }
}
