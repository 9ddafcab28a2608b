//! The layer that is on its way into sled, kept in a file until it is there: a redo log of one entry.
//!
//! Values are whole, so putting them a second time changes nothing. A layer can therefore go into sled key by key, while
//! others read there, and still be all there or not at all for whoever opens the state after a crash.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::file::{failed, sync_data, sync_dir};
use super::sled::{Applied, Layer};

/// Its name in the directory of the state.
const NAME: &str = "redo";
/// CRC-32 of what follows, the position, the number of keys.
const HEAD_BYTES: usize = 4 + 4 + 8 + 32 + 4;
/// Length of a value that is removed.
const REMOVED: u32 = u32::MAX;

/// The file, open as long as the state is.
#[derive(Debug)]
pub(super) struct Redo {
    file: File,
    path: PathBuf,
}

impl Redo {
    /// Opens or creates it in the directory of the state, and reads the layer that did not get through, if one is whole:
    /// of a torn one nothing has gone into sled yet.
    pub(super) fn open(dir: &Path) -> Result<(Self, Option<(Applied, Layer)>), StoreError> {
        let path = dir.join(NAME);
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(failed("open", &path))?;
        if is_new {
            sync_dir(dir)?;
        }
        let bytes = std::fs::read(&path).map_err(failed("read", &path))?;
        Ok((Self { file, path }, decode(&bytes)))
    }

    /// Keeps a layer. It is durable on return.
    pub(super) fn keep(&self, position: Applied, layer: &Layer) -> Result<(), StoreError> {
        self.forget()?;
        self.file.write_all_at(&encode(position, layer), 0).map_err(failed("write", &self.path))?;
        sync_data(&self.file, &self.path)
    }

    /// The layer is in sled, durably.
    pub(super) fn forget(&self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(failed("empty", &self.path))
    }
}

fn encode(position: Applied, layer: &Layer) -> Vec<u8> {
    let size: usize = layer.iter().map(|(key, value)| 8 + key.len() + value.as_ref().map_or(0, Vec::len)).sum();
    let mut bytes = Vec::with_capacity(HEAD_BYTES + size);
    bytes.extend([0; 4]);
    bytes.extend(position.version.to_le_bytes());
    bytes.extend(position.seq.to_le_bytes());
    bytes.extend(position.hash);
    bytes.extend(length(layer.len()));
    for (key, value) in layer {
        bytes.extend(length(key.len()));
        bytes.extend(value.as_ref().map_or(REMOVED.to_le_bytes(), |value| length(value.len())));
        bytes.extend(key);
        bytes.extend(value.as_deref().unwrap_or_default());
    }
    let crc = crc32fast::hash(&bytes[4..]);
    bytes[..4].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Keys and values are far shorter than 4 GiB.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(REMOVED - 1).to_le_bytes()
}

fn decode(bytes: &[u8]) -> Option<(Applied, Layer)> {
    let mut rest = Rest(bytes);
    let crc = rest.number()?;
    if crc32fast::hash(rest.0) != crc {
        return None;
    }
    let version = rest.number()?;
    let seq = u64::from_le_bytes(rest.take(8)?.try_into().ok()?);
    let hash = rest.take(32)?.try_into().ok()?;
    let mut layer = Layer::new();
    for _ in 0..rest.number()? {
        let (key_bytes, value_bytes) = (rest.number()?, rest.number()?);
        let key = rest.take(key_bytes as usize)?.to_vec();
        let value = if value_bytes == REMOVED { None } else { Some(rest.take(value_bytes as usize)?.to_vec()) };
        layer.insert(key, value);
    }
    rest.0.is_empty().then_some((Applied { version, seq, hash }, layer))
}

/// Bytes that are not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> Layer {
        let value = |bytes: &[u8]| Some(bytes.to_vec());
        [(b"a".to_vec(), value(b"one")), (b"bb".to_vec(), None), (b"c".to_vec(), value(b""))].into()
    }

    const AT: Applied = Applied { version: 7, seq: 41, hash: [9; 32] };

    #[test]
    fn what_was_kept_is_found_until_it_is_forgotten() {
        let dir = tempfile::tempdir().expect("a directory");
        let (redo, found) = Redo::open(dir.path()).expect("opened");
        assert_eq!(found, None);
        redo.keep(AT, &Layer::from([(vec![1; 500], Some(vec![2; 5_000]))])).expect("kept");
        redo.keep(AT, &layer()).expect("kept");
        assert_eq!(Redo::open(dir.path()).expect("opened").1, Some((AT, layer())), "nothing of the longer one is left");
        redo.forget().expect("forgotten");
        assert_eq!(Redo::open(dir.path()).expect("opened").1, None);
    }

    #[test]
    fn a_torn_or_changed_one_is_none() {
        let whole = encode(AT, &layer());
        assert_eq!(decode(&whole), Some((AT, layer())));
        for cut in 0..whole.len() {
            assert_eq!(decode(&whole[..cut]), None, "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(decode(&changed), None, "changed at {at}");
        }
    }
}
