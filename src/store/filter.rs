//! What the state surely does not hold: a Bloom filter over all keys in sled. Most of what an event asks for is new to
//! us, and to learn that from the tree means reading a page of it.
//!
//! The filter is never stored. At start it is made beside the work, by one reading of all keys, and made anew, larger,
//! when it has become full; until it is ready the tree is asked.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwapOption;
use fastbloom::AtomicBloomFilter;

/// Keys of a new state's filter: 300 KB.
const KEYS_MIN: usize = 250_000;
/// A filter has room for so many times the keys that there are: it is made anew at so many times the tickets.
const GROWTH: usize = 4;
/// Questions about absent keys that are let through, where the filter is full.
const FALSE_POSITIVES: f64 = 0.02;

/// The filter of one state.
#[derive(Debug, Default)]
pub(super) struct Filter {
    shared: Arc<Shared>,
    maker: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    ready: ArcSwapOption<Bits>,
    /// One that is being made, and gets what is put meanwhile as well.
    coming: ArcSwapOption<Bits>,
    stop: AtomicBool,
}

#[derive(Debug)]
struct Bits {
    bloom: AtomicBloomFilter,
    keys: AtomicUsize,
    keys_max: usize,
}

impl Bits {
    fn new(keys_max: usize) -> Self {
        let bloom = AtomicBloomFilter::with_false_pos(FALSE_POSITIVES).expected_items(keys_max);
        Self { bloom, keys: AtomicUsize::new(0), keys_max }
    }

    fn put(&self, key: &[u8]) {
        if !self.bloom.insert(key) {
            self.keys.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_full(&self) -> bool {
        self.keys.load(Ordering::Relaxed) >= self.keys_max
    }
}

impl Filter {
    /// The filter of a state as it was found.
    pub(super) fn of(db: &sled::Db) -> Self {
        let filter = Self::default();
        filter.make(db);
        filter
    }

    /// Whether sled may hold a key that nobody puts right now.
    pub(super) fn may_hold(&self, key: &[u8]) -> bool {
        self.shared.ready.load().as_ref().is_none_or(|bits| bits.bloom.contains(key))
    }

    /// Notes a key that is in sled by now, and before whoever asks is sent there for it.
    pub(super) fn put(&self, key: &[u8]) {
        // In this order: one that is ready was coming before.
        for bits in [&self.shared.coming, &self.shared.ready] {
            if let Some(bits) = &*bits.load() {
                bits.put(key);
            }
        }
    }

    /// Has a larger one made, when this one is full.
    pub(super) fn grow(&self, db: &sled::Db) {
        if self.shared.ready.load().as_ref().is_some_and(|bits| bits.is_full()) {
            self.make(db);
        }
    }

    fn make(&self, db: &sled::Db) {
        let mut maker = self.maker.lock().unwrap_or_else(PoisonError::into_inner);
        if maker.as_ref().is_none_or(JoinHandle::is_finished) {
            let (shared, db) = (Arc::clone(&self.shared), db.clone());
            // Without a thread, sled goes on being asked for everything.
            *maker = std::thread::Builder::new().name("filter".to_owned()).spawn(move || shared.fill(&db)).ok();
        }
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        let running = self.maker.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Its thread holds sled open.
        running.map(JoinHandle::join);
    }
}

impl Shared {
    fn fill(&self, db: &sled::Db) {
        let keys_before = self.ready.load().as_ref().map_or(0, |bits| bits.keys.load(Ordering::Relaxed));
        let mut keys_max = KEYS_MIN.max(keys_before * GROWTH);
        loop {
            let bits = Arc::new(Bits::new(keys_max));
            self.coming.store(Some(Arc::clone(&bits)));
            for key in db.iter().keys() {
                match key {
                    Ok(key) if !self.stop.load(Ordering::Relaxed) => bits.put(&key),
                    // What cannot be read is told by whoever needs it; sled goes on being asked.
                    Ok(_) | Err(_) => return self.coming.store(None),
                }
            }
            if !bits.is_full() {
                self.ready.store(Some(bits));
                return self.coming.store(None);
            }
            keys_max = bits.keys.load(Ordering::Relaxed) * GROWTH;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_until(is_so: impl Fn() -> bool) {
        while !is_so() {
            std::thread::yield_now();
        }
    }

    fn is_ready(filter: &Filter) -> bool {
        filter.shared.ready.load().is_some() && filter.shared.coming.load().is_none()
    }

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
        wait_until(|| is_ready(&filter));
        assert!((0..4_000).all(|number| filter.may_hold(&key(number))));
        let wrong = (10_000..20_000).filter(|number| filter.may_hold(&key(*number))).count();
        assert!(wrong < 300, "{wrong} of 10,000 absent keys pass");
    }

    #[test]
    fn a_full_one_is_followed_by_a_larger_one() {
        let dir = tempfile::tempdir().expect("a directory");
        let db = sled::open(dir.path()).expect("opened");
        let filter = Filter::of(&db);
        wait_until(|| is_ready(&filter));
        let first = filter.shared.ready.load_full().expect("ready");
        first.keys.store(first.keys_max, Ordering::Relaxed);
        db.insert(b"early", b"").expect("put");
        filter.put(b"early");
        filter.grow(&db);
        db.insert(b"late", b"").expect("put");
        filter.put(b"late");
        let latest = || filter.shared.ready.load_full().expect("ready");
        wait_until(|| {
            filter.grow(&db);
            !Arc::ptr_eq(&latest(), &first) && is_ready(&filter)
        });
        let second = latest();
        assert!(second.keys_max > first.keys_max && second.keys.load(Ordering::Relaxed) >= 2);
        assert!(filter.may_hold(b"early") && filter.may_hold(b"late") && !filter.may_hold(b"never"));
    }
}
