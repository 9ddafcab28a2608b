//! The seam under the state: ordered keys with small values, and its backend in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::RwLock;

use super::StoreError;

/// A key with its new value; `None` removes it.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);
/// A key with its value.
pub(crate) type Entry = (Vec<u8>, Vec<u8>);

/// Part of the key space, in either direction.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    /// First key, inclusive.
    pub(crate) from: Vec<u8>,
    /// Last key, exclusive.
    pub(crate) until: Vec<u8>,
    /// Highest key first.
    pub(crate) reverse: bool,
    /// At most so many entries.
    pub(crate) limit: usize,
}

impl Scan {
    /// Every key that begins so, lowest first.
    pub(crate) fn prefix(prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), until: after_prefix(prefix), reverse: false, limit: usize::MAX }
    }

    /// Highest key first.
    pub(crate) fn reversed(self) -> Self {
        Self { reverse: true, ..self }
    }

    /// At most so many.
    pub(crate) fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// The lowest key above every key that begins so.
pub(crate) fn after_prefix(prefix: &[u8]) -> Vec<u8> {
    let mut until = prefix.to_vec();
    while let Some(last) = until.pop() {
        if last < u8::MAX {
            until.push(last + 1);
            return until;
        }
    }
    vec![u8::MAX; prefix.len() + 1]
}

/// Reads of ordered keys.
pub(crate) trait Read {
    /// One value.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Entries of a range.
    fn scan(&self, scan: &Scan) -> Result<Vec<Entry>, StoreError>;
}

/// Keys in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryKv {
    map: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryKv {
    /// Applies writes in order.
    pub(crate) fn apply(&self, writes: Vec<Write>) {
        let mut map = self.map.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (key, value) in writes {
            match value {
                Some(value) => map.insert(key, value),
                None => map.remove(&key),
            };
        }
    }
}

impl Read for MemoryKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let map = self.map.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(map.get(key).cloned())
    }

    fn scan(&self, scan: &Scan) -> Result<Vec<Entry>, StoreError> {
        if scan.from >= scan.until {
            return Ok(Vec::new());
        }
        let map = self.map.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let range = map.range::<[u8], _>((Bound::Included(&scan.from[..]), Bound::Excluded(&scan.until[..])));
        let entry = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        Ok(if scan.reverse {
            range.rev().take(scan.limit).map(entry).collect()
        } else {
            range.take(scan.limit).map(entry).collect()
        })
    }
}
