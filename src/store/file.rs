//! Files and directories of the store: created durably, synced once, errors with act and path.

use std::fs::{File, OpenOptions};
use std::path::Path;

use super::StoreError;
use crate::failpoint;

/// An [`StoreError::Io`] of an act on a path.
pub(crate) fn failed(act: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.display().to_string();
    move |source| StoreError::Io { act, path, source }
}

/// Creates a directory with its parents, for the owner alone.
pub(crate) fn create_dir(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("create", path))
}

/// A new file; it must not exist. Its name is durable on return.
pub(crate) fn create_file(path: &Path) -> Result<File, StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(path).map_err(failed("create", path))?;
    sync_all(&file, path)?;
    sync_dir(path.parent().unwrap_or(path))?;
    Ok(file)
}

/// An existing file, to be read and appended to.
pub(crate) fn open_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new().read(true).write(true).open(path).map_err(failed("open", path))
}

/// Makes a file's bytes durable. After an error the file must not be trusted: the pages are gone from the cache.
pub(crate) fn sync_data(file: &File, path: &Path) -> Result<(), StoreError> {
    if failpoint::fails("fsync_fails") {
        return Err(failed("sync", path)(std::io::Error::from_raw_os_error(5)));
    }
    file.sync_data().map_err(failed("sync", path))
}

/// Makes a file's bytes and length durable.
pub(crate) fn sync_all(file: &File, path: &Path) -> Result<(), StoreError> {
    file.sync_all().map_err(failed("sync", path))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> Result<(), StoreError> {
    let dir = File::open(path).map_err(failed("open", path))?;
    sync_all(&dir, path)
}

/// Length in bytes.
pub(crate) fn length(file: &File, path: &Path) -> Result<u64, StoreError> {
    Ok(file.metadata().map_err(failed("look at", path))?.len())
}

/// Numbers of files called `<number>.<extension>`, ascending.
pub(crate) fn numbered(dir: &Path, extension: &str) -> Result<Vec<u32>, StoreError> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed("list", dir))? {
        let path = entry.map_err(failed("list", dir))?.path();
        if path.extension().is_some_and(|found| found == extension) {
            numbers.extend(path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u32>().ok()));
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Bytes free for us on the file system of a path.
pub(crate) fn free_bytes(path: &Path) -> Result<u64, StoreError> {
    let stat = rustix::fs::statvfs(path).map_err(|error| failed("look at", path)(error.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
