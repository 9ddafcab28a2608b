//! UIDs for the files of a maildir, which have none: counted up, never used twice, kept beside the mails.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::anchor::write_durably;

/// First word of the file, with its version.
const MAGIC: &str = "frontdesk-uidlist-1";
const FILE: &str = "frontdesk-uidlist";

/// Which file has which UID.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UidList {
    /// Changes when the list was lost, for then old UIDs would be given away again.
    pub(super) uid_validity: u32,
    next: u32,
    by_name: BTreeMap<String, u32>,
    path: PathBuf,
}

impl UidList {
    /// Reads the list of a maildir, or begins one. A list that cannot be read is begun anew: its mails are recognised by
    /// content. `fresh_validity` must differ from all earlier ones; seconds since 1970 do.
    pub(super) fn open(maildir: &Path, fresh_validity: u32) -> io::Result<Self> {
        let path = maildir.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) => String::new(),
            Err(error) => return Err(error),
        };
        if let Some(list) = Self::parse(&text, &path) {
            return Ok(list);
        }
        let list = Self { uid_validity: fresh_validity.max(1), next: 1, by_name: BTreeMap::new(), path };
        list.rewrite()?;
        Ok(list)
    }

    /// Lines are `UID NAME`; a torn last line is left out, and its UID with it: it was never handed over.
    fn parse(text: &str, path: &Path) -> Option<Self> {
        let (head, rest) = text.split_once('\n')?;
        let mut words = head.split(' ');
        let (magic, validity, next) = (words.next()?, words.next()?, words.next()?);
        let mut list = Self {
            uid_validity: validity.parse().ok().filter(|_| magic == MAGIC)?,
            next: next.parse().ok()?,
            by_name: BTreeMap::new(),
            path: path.to_owned(),
        };
        let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
        for line in whole.lines() {
            let (uid, name) = line.split_once(' ')?;
            let uid: u32 = uid.parse().ok()?;
            list.next = list.next.max(uid.checked_add(1)?);
            list.by_name.insert(name.to_owned(), uid);
        }
        Some(list)
    }

    fn rewrite(&self) -> io::Result<()> {
        let mut text = format!("{MAGIC} {} {}\n", self.uid_validity, self.next);
        for (name, uid) in &self.by_name {
            text.push_str(&format!("{uid} {name}\n"));
        }
        write_durably(&self.path, text.as_bytes())
    }

    /// The next UID.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// The UID of a file, by its base name.
    pub(super) fn uid(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// Gives UIDs to new names, in their order. Durable on return, so a UID is never seen with two mails.
    pub(super) fn assign(&mut self, names: &[String]) -> io::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        let mut lines = String::new();
        let mut next = self.next;
        for name in names {
            lines.push_str(&format!("{next} {name}\n"));
            next = next.checked_add(1).ok_or_else(|| io::Error::other("the UIDs of this maildir are used up"))?;
        }
        let mut file = fs::OpenOptions::new().append(true).open(&self.path)?;
        let before = file.metadata()?.len();
        let written = file.write_all(lines.as_bytes()).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Half a line would join the next one: away with it, or else the list is read as torn there.
            file.set_len(before)?;
            return Err(error);
        }
        for name in names {
            self.by_name.insert(name.clone(), self.next);
            self.next += 1;
        }
        Ok(())
    }

    /// Forgets names that are gone for good, when they have become most of the list.
    pub(super) fn forget(&mut self, is_there: impl Fn(&str) -> bool, there: usize) -> io::Result<()> {
        if self.by_name.len() <= 2 * there + 1_000 {
            return Ok(());
        }
        self.by_name.retain(|name, _| is_there(name));
        self.rewrite()
    }

    /// Names and UIDs, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.by_name.iter().map(|(name, uid)| (name.as_str(), *uid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn uids_stay_over_restarts_and_torn_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut list = UidList::open(directory.path(), 7).expect("a new list");
        list.assign(&names(&["b", "a"])).expect("written");
        assert_eq!((list.uid("b"), list.uid("a"), list.next()), (Some(1), Some(2), 3));
        let file = directory.path().join(FILE);
        let mut torn = fs::read(&file).expect("the list");
        torn.extend_from_slice(b"3 half-a-na");
        fs::write(&file, torn).expect("written");
        let again = UidList::open(directory.path(), 99).expect("the same list");
        assert_eq!(again, list);
    }

    #[test]
    fn a_damaged_list_is_begun_anew_under_another_validity() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join(FILE), b"\xff\xfe").expect("written");
        assert_eq!(UidList::open(directory.path(), 9).expect("a new list").uid_validity, 9);
    }
}
