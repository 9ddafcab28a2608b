//! The layer that is on its way into sled, kept in a file until it is there: a redo log of one entry.
//!
//! Values are whole, so putting them a second time changes nothing. A layer can therefore go into sled key by key, while
//! others read there, and still be all there or not at all for whoever opens the state after a crash.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::file::{failed, sync_data, sync_dir};
use super::record::{pack, unpack};
use super::sled::{Applied, Layer};

/// Its name in the directory of the state.
const NAME: &str = "redo";

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
        self.file.write_all_at(&encode(position, layer)?, 0).map_err(failed("write", &self.path))?;
        sync_data(&self.file, &self.path)
    }

    /// The layer is in sled, durably.
    pub(super) fn forget(&self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(failed("empty", &self.path))
    }
}

fn encode(position: Applied, layer: &Layer) -> Result<Vec<u8>, StoreError> {
    let mut bytes = pack(&(position, layer))?;
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Option<(Applied, Layer)> {
    let (packed, crc) = bytes.split_last_chunk()?;
    let is_whole = crc32fast::hash(packed) == u32::from_le_bytes(*crc);
    unpack(packed).ok().filter(|_| is_whole)
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
        let whole = encode(AT, &layer()).expect("packed");
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
