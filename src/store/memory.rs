//! A store that forgets: for `explain`, `test`, `plan`, simulations. Same records, same fold, same questions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use desk::glance::Glance;
use desk::{Effect, RawHash};

use super::answer::Answers;
use super::fold::fold;
use super::kv::{MemoryKv, Read};
use super::record::Location;
use super::{Decided, Record, StoreError};

/// Everything in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: MemoryKv,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    raw: BTreeMap<RawHash, Vec<u8>>,
    bodies: Vec<Decided>,
    seq: u64,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers for MemoryStore {
    fn state(&self) -> &dyn Read {
        &self.state
    }

    fn doubt(&self, _error: &StoreError) {}

    fn body(&self, at: Location) -> Result<Decided, StoreError> {
        let kept = self.kept();
        let index = usize::try_from(at.at).unwrap_or(usize::MAX);
        let body = kept.bodies.get(index);
        body.cloned().ok_or_else(|| StoreError::State { what: format!("decision {index} is missing") })
    }

    fn glance(&self, at: Location) -> Result<Glance, StoreError> {
        let wrong = |error: serde_json::Error| StoreError::State { what: format!("read a decision: {error}") };
        let body = serde_json::to_vec(&self.body(at)?).map_err(wrong)?;
        serde_json::from_slice(&body).map_err(wrong)
    }

    fn keep_all(&self, mails: &[(RawHash, &[u8])]) -> Result<Vec<bool>, StoreError> {
        let mut kept = self.kept();
        let keep = |(hash, mail): &(RawHash, &[u8])| {
            let was_known = kept.raw.contains_key(hash);
            kept.raw.entry(*hash).or_insert_with(|| mail.to_vec());
            was_known
        };
        Ok(mails.iter().map(keep).collect())
    }

    fn keep_one_file(&self, path: &Path) -> Result<RawHash, StoreError> {
        let failed = |source| StoreError::Io { act: "read", path: path.display().to_string(), source };
        let mail = std::fs::read(path).map_err(failed)?;
        let hash = RawHash::of(&mail);
        self.keep_all(&[(hash, &mail)])?;
        Ok(hash)
    }

    fn kept_raw(&self, hash: &RawHash) -> Result<Vec<u8>, StoreError> {
        self.kept().raw.get(hash).cloned().ok_or(StoreError::Raw { hash: *hash, what: "is missing" })
    }

    fn is_kept(&self, hash: &RawHash) -> Result<bool, StoreError> {
        Ok(self.kept().raw.contains_key(hash))
    }

    fn unfinished(&self) -> Vec<super::Suspect> {
        Vec::new()
    }

    fn stage_record(&self, record: Record, outgoing: &[(RawHash, Vec<u8>)]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        for (hash, bytes) in outgoing {
            kept.raw.entry(*hash).or_insert_with(|| bytes.clone());
        }
        let mut at = Location::default();
        if let Record::Decided(decided) = &record {
            at.at = kept.bodies.len() as u64;
            kept.bodies.push(as_stored(decided));
        }
        kept.seq += 1;
        drop(kept);
        self.state.apply(fold(&self.state, &record, at)?);
        Ok(())
    }

    fn flush_all(&self) -> Result<u64, StoreError> {
        Ok(self.kept().seq)
    }
}

/// Without what no store keeps: the letters, whose bytes are kept instead.
fn as_stored(decided: &Decided) -> Decided {
    let mut stored = decided.clone();
    for effect in &mut stored.decision.effects {
        if let Effect::Send(send) = effect {
            send.letter = None;
        }
    }
    stored
}
