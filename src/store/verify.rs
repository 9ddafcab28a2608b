//! The proof that nothing but the journal and the packs is needed: the state is built again and compared.

use std::path::Path;

use super::disk::{DiskStore, OpenOptions, load, lock, set_aside, state_dir};
use super::fold::fold;
use super::kv::{Read, Scan};
use super::sled::SledState;
use super::{Store, StoreError, journal};

/// Differences that are told one by one.
const DIFFERENCES_MAX: usize = 20;
/// Keys compared at a time.
const PAGE: usize = 10_000;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Journal records read; the chain holds over all of them.
    pub records: u64,
    /// Mails and decisions read and compared with their hash.
    pub blobs: u64,
    /// Keys of the state compared.
    pub keys: u64,
    /// What is not as it should be, the first of each kind; empty = all good.
    pub differences: Vec<String>,
}

/// Throws the state away and builds it from the journal. The store must not be open.
///
/// # Errors
/// As [`DiskStore::open`].
pub fn rebuild(dir: &Path, options: OpenOptions, progress: &mut dyn FnMut(u64, u64)) -> Result<DiskStore, StoreError> {
    let held = lock(dir)?;
    set_aside(dir)?;
    drop(held);
    DiskStore::open(dir, options, progress)
}

impl DiskStore {
    /// Reads the whole journal and every blob, builds a second state and compares it with the live one, key by key. Commits
    /// wait meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and [`StoreError::Version`] from the journal, [`StoreError::Io`].
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verification, StoreError> {
        self.flush()?;
        let held = self.journal();
        let mut found = Verification::default();
        let dir = state_dir(&self.dir).with_extension("verify");
        if dir.exists() {
            std::fs::remove_dir_all(&dir).map_err(super::file::failed("remove", &dir))?;
        }
        let fresh = SledState::open(&dir, OpenOptions::default().cache_bytes)?
            .ok_or_else(|| StoreError::State { what: "a second state could not be opened".to_owned() })?;
        let tip = journal::read(&self.dir.join("journal"), progress, &mut |entry| {
            let (record, at) = load(&self.packs, &entry)?;
            fresh.stage(fold(&fresh, &record, at)?);
            found.records += 1;
            if found.records.is_multiple_of(1_000) { fresh.flushed(entry.tip) } else { Ok(()) }
        })?;
        fresh.flushed(tip)?;
        compare(&self.state, &fresh, &mut found)?;
        drop(fresh);
        std::fs::remove_dir_all(&dir).map_err(super::file::failed("remove", &dir))?;
        self.packs.read_all(&mut |at, header, is_whole| {
            found.blobs += 1;
            if !is_whole && found.differences.len() < DIFFERENCES_MAX {
                found.differences.push(format!("pack {} byte {}: {} is damaged", at.pack, at.at, header.hash));
            }
        })?;
        drop(held);
        Ok(found)
    }
}

fn compare(live: &SledState, fresh: &SledState, found: &mut Verification) -> Result<(), StoreError> {
    // The position is the lowest key and depends on when the layer was carried over.
    let mut from = super::kv::after_prefix(super::sled::APPLIED);
    loop {
        let scan = Scan { from: from.clone(), until: vec![u8::MAX], reverse: false, limit: PAGE };
        let (ours, theirs) = (live.scan(&scan)?, fresh.scan(&scan)?);
        for index in 0..ours.len().max(theirs.len()) {
            let (our, their) = (ours.get(index), theirs.get(index));
            if our != their {
                let shown = |entry: Option<&(Vec<u8>, Vec<u8>)>| {
                    entry.map_or_else(String::new, |(key, _)| key.escape_ascii().to_string())
                };
                found.differences.push(format!("state: live key `{}`, rebuilt key `{}`", shown(our), shown(their)));
                if found.differences.len() >= DIFFERENCES_MAX {
                    return Ok(());
                }
            }
        }
        found.keys += ours.len() as u64;
        let Some((last, _)) = ours.last().max(theirs.last()) else { return Ok(()) };
        from.clone_from(last);
        from.push(0);
    }
}
