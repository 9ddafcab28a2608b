//! Mail as files: for trying out and for staging (`maildir:PATH`).
//!
//! A file is named by the effect that decided the mail, so a repeat after a crash finds or replaces the same file, and
//! nothing is ever in doubt.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use desk::EffectId;

/// Makes `tmp`, `new` and `cur` under `directory`.
pub(crate) fn prepare(directory: &Path) -> io::Result<()> {
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(directory.join(folder))?;
    }
    Ok(())
}

/// Writes one mail durably: whole under `tmp`, then moved to `new`. A mail that is in `new` is replaced; one that a reader
/// moved to `cur` after an earlier attempt is left there, if `is_repeat` says to look.
pub(crate) fn write(directory: &Path, id: EffectId, raw: &[u8], is_repeat: bool) -> io::Result<String> {
    let name = format!("{id}.frontdesk");
    if is_repeat && was_read(directory, &name)? {
        return Ok(format!("cur/{name} is there already"));
    }
    let (draft, place) = (directory.join("tmp").join(&name), directory.join("new").join(&name));
    let mut file = File::create(&draft)?;
    file.write_all(raw)?;
    file.sync_all()?;
    fs::rename(&draft, &place)?;
    File::open(directory.join("new"))?.sync_all()?;
    Ok(format!("new/{name}"))
}

fn was_read(directory: &Path, name: &str) -> io::Result<bool> {
    for entry in fs::read_dir(directory.join("cur"))? {
        // A reader adds flags behind a colon.
        if entry?.file_name().to_string_lossy().split(':').next() == Some(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_leaves_one_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        prepare(path).expect("made");
        let id = EffectId([3; 16]);
        let first = write(path, id, b"one\r\n", false).expect("written");
        assert_eq!(first, write(path, id, b"one\r\n", true).expect("written"));
        assert_eq!(fs::read_dir(path.join("new")).expect("there").count(), 1);
        assert_eq!(fs::read_dir(path.join("tmp")).expect("there").count(), 0);
        assert_eq!(fs::read(path.join(&first)).expect("there"), b"one\r\n");
    }

    #[test]
    fn a_mail_that_was_read_is_not_written_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        prepare(path).expect("made");
        let id = EffectId([3; 16]);
        let first = write(path, id, b"one\r\n", false).expect("written");
        fs::rename(path.join(first), path.join("cur").join(format!("{id}.frontdesk:2,S"))).expect("moved");
        write(path, id, b"one\r\n", true).expect("noticed");
        assert_eq!(fs::read_dir(path.join("new")).expect("there").count(), 0);
    }
}
