//! The world as a configuration sees it: files, variables. Tests have their own.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::problem::{Code, Place, Report, Source};
use super::tree::{self, Entry, Node, Value};

/// Largest file read; a configuration is written by people.
const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most files of one configuration.
const FILES_MAX: usize = 200;

/// What a configuration may ask of the machine.
pub trait Environment {
    /// Bytes of a file.
    ///
    /// # Errors
    /// As the file system reports them.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Files of a folder.
    ///
    /// # Errors
    /// As the file system reports them.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;

    /// Somebody besides owner and group may read the file.
    fn others_can_read(&self, path: &Path) -> bool;
}

/// This machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Environment for System {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn others_can_read(&self, path: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o004 != 0)
    }
}

/// Files and variables in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Path to bytes.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// Name to value.
    pub variables: BTreeMap<String, String>,
    /// Files that everybody can read.
    pub open: Vec<PathBuf>,
}

impl Environment for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.files.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn others_can_read(&self, path: &Path) -> bool {
        self.open.iter().any(|open| open == path)
    }
}

/// A path as the file that names it means it.
pub(super) fn beside(at: Place, path: &str, report: &Report) -> PathBuf {
    let folder = report.sources.get(at.file as usize).and_then(|source| source.path.parent());
    folder.map_or_else(|| PathBuf::from(path), |folder| plain(&folder.join(path)))
}

/// Without `.` and inner `..`, so that one file has one name. Links are not followed: no need to touch the disk.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// Reads the file with everything it includes into one tree.
pub(super) fn read_all(path: &Path, environment: &dyn Environment, report: &mut Report) -> Option<Node> {
    let name = path.display().to_string();
    let mut whole = read_one(path, name, None, environment, report)?;
    let mut waiting = take_includes(&mut whole, report);
    while !waiting.is_empty() {
        let (at, pattern) = waiting.remove(0);
        for (path, name) in matching(at, &pattern, environment, report) {
            if let Some(known) = report.sources.iter().find(|source| source.path == path) {
                let label = format!("{} was read before", known.name);
                report.add(Code::Include, at, "a file is included twice, or includes itself", label);
                continue;
            }
            if report.sources.len() >= FILES_MAX {
                report.add(Code::Include, at, format!("more than {FILES_MAX} files are included"), "too many");
                return Some(whole);
            }
            let Some(mut node) = read_one(&path, name, Some(at), environment, report) else { continue };
            waiting.extend(take_includes(&mut node, report));
            tree::merge(&mut whole, node, report);
        }
    }
    Some(whole)
}

fn read_one(
    path: &Path,
    name: String,
    included_at: Option<Place>,
    environment: &dyn Environment,
    report: &mut Report,
) -> Option<Node> {
    let failed = |why: String, report: &mut Report| {
        let code = if included_at.is_some() { Code::Include } else { Code::Unreadable };
        report.add(code, included_at, format!("the file {name} cannot be read"), why);
        None
    };
    let bytes = match environment.read(path) {
        Ok(bytes) if bytes.len() > FILE_BYTES_MAX => {
            return failed(format!("it is larger than {} MiB", FILE_BYTES_MAX >> 20), report);
        }
        Ok(bytes) => bytes,
        Err(error) => return failed(unread(&error), report),
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return failed(format!("byte {} is not UTF-8", error.utf8_error().valid_up_to()), report),
    };
    let file = u32::try_from(report.sources.len()).unwrap_or(u32::MAX);
    let source = Arc::new(Source { name, path: plain(path), text });
    report.sources.push(Arc::clone(&source));
    Some(tree::parse(&source.text, file, report))
}

/// Why a file was not read, and what can be done about it where its owner is the reason.
pub(super) fn unread(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => format!("{error}; run this as the user that the daemon runs as, or as root"),
        _ => error.to_string(),
    }
}

/// Takes the includes of one file out of its tree, since they are relative to it.
fn take_includes(node: &mut Node, report: &mut Report) -> Vec<(Place, String)> {
    let Value::Table(entries) = &mut node.value else { return Vec::new() };
    let Some(index) = entries.iter().position(|entry| entry.key == "include") else { return Vec::new() };
    let Entry { node, .. } = entries.remove(index);
    let items = match node.value {
        Value::Array(items) => items,
        other => vec![Node { value: other, at: node.at }],
    };
    let mut includes = Vec::new();
    for item in items {
        match item.value {
            Value::String(pattern) => includes.push((item.at, pattern)),
            other => {
                report.add(Code::WrongType, item.at, "this must be a file name or a pattern", format!("is {}", other.kind()))
            }
        }
    }
    includes
}

/// The files that an include names, sorted by name. `*` stands within the file name only.
fn matching(at: Place, pattern: &str, environment: &dyn Environment, report: &mut Report) -> Vec<(PathBuf, String)> {
    let path = beside(at, pattern, report);
    let shown = |path: &Path| match (pattern.rsplit_once('/'), path.file_name()) {
        (Some((folder, _)), Some(name)) => format!("{folder}/{}", name.to_string_lossy()),
        (None, Some(name)) => name.to_string_lossy().into_owned(),
        (_, None) => path.display().to_string(),
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    if folder.to_string_lossy().contains('*') {
        report.add(Code::Include, at, "`*` stands in the file name only", "for example \"conf.d/*.toml\"");
        return Vec::new();
    }
    if !name.contains('*') {
        let shown = shown(&path);
        return vec![(path, shown)];
    }
    // A folder that is not there has no files: the reference file may name `conf.d` before anybody made it.
    let mut files = environment.list(&folder).unwrap_or_default();
    files.retain(|file| file.file_name().is_some_and(|file| fits(&name, &file.to_string_lossy())));
    files.sort();
    files.into_iter().map(|file| (plain(&file), shown(&file))).collect()
}

/// `*` stands for any characters; hidden files are never meant.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(pieces.next().unwrap_or("")) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last) && (!name.starts_with('.') || pattern.starts_with('.'))
}
