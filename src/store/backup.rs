//! Backups: journal and raw packs as they were at one record. The state is not part of it, since it is built anew.
//!
//! A backup is taken beside a running daemon without asking it: the journal is copied first and the packs after it, and
//! bytes stand in the packs before a record names them. What is full is linked where the file system can, else copied.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StoreError;
use super::file::{self, failed};
use super::journal;

/// In a restored store until it is opened for the first time: everything unsent is held then.
pub(crate) const HELD_MARKER: &str = "restored";
const MANIFEST: &str = "manifest.json";
const MANIFEST_VERSION: u32 = 1;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this shape.
    pub version: u32,
    /// Newest record.
    pub seq: u64,
    /// Its hash in hexadecimal: the end of the chain.
    pub tip: String,
    /// All files.
    pub files: Vec<BackupFile>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Path below the backup.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Copies a store, running or not, to a new directory. `progress` is told how many of how many bytes are done.
///
/// # Errors
/// [`StoreError::Io`], also if `to` exists; [`StoreError::Damaged`] if the journal is.
pub fn create(store: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Manifest, StoreError> {
    new_dir(to)?;
    let total = size(&store.join("journal"))? + size(&store.join("raw"))?;
    let mut done = 0;
    let mut files = Vec::new();
    for (part, extension) in [("journal", "seg"), ("raw", "pack")] {
        let (source, target) = (store.join(part), to.join(part));
        file::create_dir(&target)?;
        let numbers = file::numbered(&source, extension)?;
        for number in &numbers {
            let path =
                if part == "raw" { super::raw::pack_path(&source, *number) } else { journal::segment_path(&source, *number) };
            let Some(name) = path.file_name() else { continue };
            let is_full = Some(number) != numbers.last();
            let copy = target.join(name);
            copy_or_link(&path, &copy, is_full)?;
            let written = describe(&copy, format!("{part}/{}", name.to_string_lossy()))?;
            done += written.bytes;
            progress(done.min(total), total);
            files.push(written);
        }
        file::sync_dir(&target)?;
    }
    let tip = journal::read(&to.join("journal"), &mut |_, _| {}, &mut |_| Ok(()))?;
    let manifest = Manifest { version: MANIFEST_VERSION, seq: tip.seq, tip: HEXLOWER.encode(&tip.hash), files };
    write_manifest(to, &manifest)?;
    Ok(manifest)
}

/// Checks every file of a backup and the chain of its journal.
///
/// # Errors
/// [`StoreError::Damaged`] naming the first file that is not as it was; [`StoreError::Version`] for a newer backup.
pub fn verify(backup: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Manifest, StoreError> {
    let path = backup.join(MANIFEST);
    let text = std::fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => std::io::Error::other("it is not there, so this is no backup, or an unfinished one"),
        _ => error,
    });
    let text = text.map_err(failed("read", &path))?;
    let unreadable = |error: serde_json::Error| damaged(&path, &error.to_string());
    let manifest: Manifest = serde_json::from_slice(&text).map_err(unreadable)?;
    if manifest.version > MANIFEST_VERSION {
        return Err(StoreError::Version { version: u8::try_from(manifest.version).unwrap_or(u8::MAX) });
    }
    let total = manifest.files.iter().map(|file| file.bytes).sum();
    let mut done = 0;
    for expected in &manifest.files {
        let path = inside(backup, &expected.name)?;
        if describe(&path, expected.name.clone())? != *expected {
            return Err(damaged(&path, "it is not the file that was backed up"));
        }
        done += expected.bytes;
        progress(done, total);
    }
    let tip = journal::read(&backup.join("journal"), &mut |_, _| {}, &mut |_| Ok(()))?;
    if (tip.seq, HEXLOWER.encode(&tip.hash)) != (manifest.seq, manifest.tip.clone()) {
        return Err(damaged(&path, "the journal does not end where the manifest says"));
    }
    Ok(manifest)
}

/// Makes a new store from a backup, after checking it. The store starts held: at its first opening every outgoing mail that
/// was not at its end waits for an operator, since it may have been sent after the backup was taken.
///
/// # Errors
/// As [`verify`]; [`StoreError::Io`] also if `store` exists.
pub fn restore(backup: &Path, store: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Manifest, StoreError> {
    let manifest = verify(backup, &mut |_, _| {})?;
    new_dir(store)?;
    // First, so that a half restored store can never send.
    file::create_file(&store.join(HELD_MARKER))?;
    let total = manifest.files.iter().map(|file| file.bytes).sum();
    let mut done = 0;
    for entry in &manifest.files {
        let (source, target) = (inside(backup, &entry.name)?, inside(store, &entry.name)?);
        let parent = target.parent().unwrap_or(store);
        file::create_dir(parent)?;
        copy_or_link(&source, &target, false)?;
        file::sync_dir(parent)?;
        done += entry.bytes;
        progress(done, total);
    }
    file::sync_dir(store)?;
    Ok(manifest)
}

fn new_dir(path: &Path) -> Result<(), StoreError> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        file::create_dir(parent)?;
    }
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(path).map_err(failed("create", path))
}

/// A manifest is data: its names must not lead out of the directory.
fn inside(dir: &Path, name: &str) -> Result<PathBuf, StoreError> {
    let is_plain = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if is_plain { Ok(dir.join(name)) } else { Err(damaged(&dir.join(MANIFEST), "it names a file outside of the backup")) }
}

fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged { path: path.display().to_string(), offset: 0, what: what.to_owned() }
}

fn size(dir: &Path) -> Result<u64, StoreError> {
    let mut total = 0;
    for entry in std::fs::read_dir(dir).map_err(failed("list", dir))? {
        let entry = entry.map_err(failed("list", dir))?;
        total += entry.metadata().map_err(failed("look at", dir))?.len();
    }
    Ok(total)
}

fn copy_or_link(from: &Path, to: &Path, may_link: bool) -> Result<(), StoreError> {
    if may_link && std::fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    std::fs::copy(from, to).map_err(failed("copy", from))?;
    let copy = File::open(to).map_err(failed("open", to))?;
    file::sync_all(&copy, to)
}

fn describe(path: &Path, name: String) -> Result<BackupFile, StoreError> {
    let mut source = File::open(path).map_err(failed("open", path))?;
    let (mut hasher, mut bytes, mut chunk) = (Sha256::new(), 0, vec![0; 256 << 10]);
    loop {
        let read = source.read(&mut chunk).map_err(failed("read", path))?;
        if read == 0 {
            return Ok(BackupFile { name, bytes, sha256: HEXLOWER.encode(&hasher.finalize()) });
        }
        hasher.update(&chunk[..read]);
        bytes += read as u64;
    }
}

fn write_manifest(to: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let path = to.join(MANIFEST);
    let text = serde_json::to_vec_pretty(manifest).map_err(|error| damaged(&path, &error.to_string()))?;
    std::fs::write(&path, text).map_err(failed("write", &path))?;
    let written = File::open(&path).map_err(failed("open", &path))?;
    file::sync_all(&written, &path)?;
    file::sync_dir(to)
}
