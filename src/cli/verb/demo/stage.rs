//! The directory in which the demonstration lives.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use mail::MessageId;

use crate::cli::args::DemoArgs;
use crate::cli::output::{Exit, Failure, Printer};

/// The first line of our configuration: by it a directory is known again.
const MARK: &str = "# Written by `frontdesk demo`.";
const CONFIG: &str = include_str!("../../../../config/demo/frontdesk.toml");

/// Mails that are shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    Request,
    Urgent,
    Away,
    Reply,
}

impl Sample {
    fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Request => ("1-request.eml", include_str!("../../../../config/demo/1-request.eml")),
            Self::Urgent => ("2-urgent.eml", include_str!("../../../../config/demo/2-urgent.eml")),
            Self::Away => ("3-away.eml", include_str!("../../../../config/demo/3-away.eml")),
            Self::Reply => ("4-reply.eml", include_str!("../../../../config/demo/4-reply.eml")),
        }
    }
}

/// The directory and what is known of it.
#[derive(Debug)]
pub(super) struct Stage {
    /// Absolute.
    pub(super) dir: PathBuf,
    /// Nothing was played here before.
    pub(super) is_fresh: bool,
    /// Nobody named it.
    pub(super) is_temporary: bool,
}

impl Stage {
    /// Makes the directory, or recognises one of an earlier demonstration.
    ///
    /// # Errors
    /// It holds something else, or cannot be written to.
    pub(super) fn prepare(options: &DemoArgs) -> Result<Self, Failure> {
        let is_temporary = options.dir.is_none();
        let dir = match &options.dir {
            Some(dir) => std::path::absolute(dir).map_err(|error| failure(dir, &error))?,
            None => std::env::temp_dir().join(format!("frontdesk-demo-{}", random_hex::<4>()?)),
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|error| failure(&dir, &error))?;
        let stage = Self { is_fresh: is_empty(&dir).map_err(|error| failure(&dir, &error))?, is_temporary, dir };
        if stage.is_fresh {
            stage.furnish().map_err(|error| failure(&stage.dir, &error))?;
        } else if !fs::read_to_string(stage.config()).is_ok_and(|text| text.starts_with(MARK)) {
            let message = format!("{} is not empty and no earlier demonstration; name an empty directory", stage.dir.display());
            return Err(Failure::new(Exit::BadInput, message));
        }
        Ok(stage)
    }

    fn furnish(&self) -> io::Result<()> {
        for folder in ["in/tmp", "in/new", "in/cur", "out/tmp", "out/new", "out/cur"] {
            fs::create_dir_all(self.dir.join(folder))?;
        }
        let key = random_hex::<32>().map_err(|failure| io::Error::other(failure.message))?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.dir.join("signing.key"))?;
        file.write_all(key.as_bytes())?;
        fs::write(self.config(), CONFIG)
    }

    /// The configuration file.
    pub(super) fn config(&self) -> PathBuf {
        self.dir.join("frontdesk.toml")
    }

    /// The daemon's log.
    pub(super) fn log(&self) -> PathBuf {
        self.dir.join("frontdesk.log")
    }

    /// Puts a sample into the mailbox, whole at once.
    ///
    /// # Errors
    /// The directory cannot be written to.
    pub(super) fn deliver(&self, sample: Sample, now: Timestamp, answers: Option<&MessageId>) -> Result<(), Failure> {
        let (name, text) = sample.file();
        let answers = answers.map_or_else(String::new, |id| format!("<{id}>"));
        let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let mail = text.replace("{date}", &date).replace("{answers}", &answers).replace('\n', "\r\n");
        let (draft, place) = (self.dir.join("in/tmp").join(name), self.dir.join("in/new").join(name));
        fs::write(&draft, mail).and_then(|()| fs::rename(&draft, &place)).map_err(|error| failure(&place, &error))
    }

    /// Clears up what nobody asked to keep.
    pub(super) fn leave(&self, is_over: bool, printer: &Printer) {
        if self.is_temporary && is_over {
            match fs::remove_dir_all(&self.dir) {
                Ok(()) => {}
                Err(error) => printer.hint(&format!("{} could not be removed: {error}", self.dir.display())),
            }
        } else {
            printer.hint(&format!("The desk is kept in {0}; `frontdesk demo {0}` goes on with it.", self.dir.display()));
        }
    }
}

/// How this program was called, for commands that a person can paste.
pub(super) fn program() -> String {
    let Ok(own) = std::env::current_exe() else { return "frontdesk".to_owned() };
    let near = std::env::current_dir().ok().and_then(|here| own.strip_prefix(here).ok().map(Path::to_owned));
    near.unwrap_or(own).display().to_string()
}

fn is_empty(dir: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(dir)?.next().is_none())
}

fn random_hex<const BYTES: usize>() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Exit::Failed, format!("the machine gives no random bytes: {error}")))?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("{}: {error}", path.display()))
}
