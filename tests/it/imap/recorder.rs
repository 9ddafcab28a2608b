//! An intake that writes down what it is given, and a watcher to give it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use desk::Outcome;
use frontdesk::clock::Clock;
use frontdesk::engine::{Fetched, Intake, RawMail, Turn};
use frontdesk::ingest::{Auth, Deadlines, Done, Health, Security, Server, Since, Snapshot, WatchSettings, Watcher};
use frontdesk::store::{Cursor, MailboxKey, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harness::dovecot::{Dovecot, password};

/// Long enough for a busy machine; passed tests do not wait for it.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A mail that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) uid_validity: u32,
    pub(crate) uid: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) silent: bool,
}

#[derive(Default)]
pub(crate) struct Record {
    pub(crate) cursors: BTreeMap<MailboxKey, Cursor>,
    pub(crate) taken: Vec<Taken>,
    pub(crate) settled: Vec<(Vec<(u32, u32)>, Outcome)>,
    pub(crate) filed: Vec<u32>,
    pub(crate) opened: Vec<u32>,
    /// How often `receive` still says that the disk is full.
    pub(crate) full: u32,
    /// `receive` says that the journal is damaged.
    pub(crate) damaged: bool,
    /// How long a commit takes.
    pub(crate) pause: Duration,
}

/// The intake.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Record>>);

impl Recorder {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().expect("no test panics while recording")
    }

    /// Number of mails handed over.
    pub(crate) fn count(&self) -> usize {
        self.lock().taken.len()
    }

    /// UIDs settled as vanished.
    pub(crate) fn vanished(&self) -> Vec<(u32, u32)> {
        let record = self.lock();
        record
            .settled
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Vanished)
            .flat_map(|(ranges, _)| ranges.clone())
            .collect()
    }
}

impl Intake for Recorder {
    fn cursor(&self, mailbox: &MailboxKey) -> Cursor {
        self.lock().cursors.get(mailbox).cloned().unwrap_or_default()
    }

    async fn opened(&self, mailbox: &MailboxKey, uid_validity: u32) -> Result<(), StoreError> {
        let mut record = self.lock();
        record.opened.push(uid_validity);
        let cursor = record.cursors.entry(mailbox.clone()).or_default();
        if cursor.uid_validity != Some(uid_validity) {
            *cursor = Cursor { uid_validity: Some(uid_validity), ..Cursor::default() };
        }
        Ok(())
    }

    async fn receive(
        &self,
        mailbox: &MailboxKey,
        uid_validity: u32,
        mails: Vec<Fetched>,
        mut turn: Turn,
    ) -> Result<Vec<Outcome>, StoreError> {
        turn.come().await?;
        let pause = self.lock().pause;
        tokio::time::sleep(pause).await;
        let mut record = self.lock();
        if record.damaged {
            return Err(StoreError::Damaged { path: "1.seg".to_owned(), offset: 7, what: "torn".to_owned() });
        }
        if record.full > 0 {
            record.full -= 1;
            return Err(StoreError::Full { path: "store".to_owned(), free_bytes: 1 });
        }
        let mut outcomes = Vec::new();
        for Fetched { uid, raw, silent } in mails {
            let bytes = match raw {
                RawMail::Bytes(bytes) => bytes,
                RawMail::File(path) => std::fs::read(path).expect("the file is there"),
            };
            let cursor = record.cursors.get_mut(mailbox).expect("opened first");
            assert_eq!(cursor.uid_validity, Some(uid_validity));
            assert!(!cursor.is_settled(uid), "UID {uid} was handed over twice");
            cursor.settle(uid, uid);
            cursor.to_file.push(uid);
            record.taken.push(Taken { uid_validity, uid, bytes, silent });
            outcomes.push(Outcome::NewTicket);
        }
        turn.pass();
        Ok(outcomes)
    }

    async fn settle(
        &self,
        mailbox: &MailboxKey,
        _uid_validity: u32,
        ranges: Vec<(u32, u32)>,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let mut record = self.lock();
        let cursor = record.cursors.get_mut(mailbox).expect("opened first");
        for (from, to) in &ranges {
            cursor.settle(*from, *to);
        }
        record.settled.push((ranges, outcome));
        Ok(())
    }

    async fn filed(&self, mailbox: &MailboxKey, _uid_validity: u32, uids: Vec<u32>) -> Result<(), StoreError> {
        let mut record = self.lock();
        if let Some(cursor) = record.cursors.get_mut(mailbox) {
            cursor.to_file.retain(|uid| !uids.contains(uid));
        }
        record.filed.extend(uids);
        Ok(())
    }
}

/// A watcher under test. Dropping it without [`Running::stop`] ends it as a crash does.
pub(crate) struct Running {
    pub(crate) health: Arc<Health>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(settings: WatchSettings, recorder: &Recorder) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (task, health) = Watcher::spawn(settings, recorder.clone(), Clock::system(), stopped);
        Self { health, stop, task }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.health.snapshot()
    }

    /// The error shown now, or an empty text.
    pub(crate) fn error(&self) -> String {
        self.snapshot().error.unwrap_or_default()
    }

    /// Stops it and demands that it ends in time.
    pub(crate) async fn stop(self) {
        self.stop.send(true).expect("the watcher listens");
        tokio::time::timeout(SOON, self.task).await.expect("the watcher stops").expect("the watcher does not panic");
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(self) -> Snapshot {
        tokio::time::timeout(SOON, self.task).await.expect("the watcher ends").expect("the watcher does not panic");
        self.health.snapshot()
    }
}

/// Patience for tests: the shape of the real one, in seconds.
pub(crate) fn impatient() -> Deadlines {
    Deadlines {
        connect: Duration::from_secs(5),
        stall: Duration::from_secs(3),
        idle_done: Duration::from_secs(3),
        status_poll: Duration::from_secs(60),
        retry_min: Duration::from_millis(100),
        retry_max: Duration::from_secs(1),
        throttle_min: Duration::from_millis(200),
        login: Duration::from_secs(300),
        login_look: Duration::from_millis(100),
        ..Deadlines::default()
    }
}

/// Watches `user`'s INBOX on a plain port.
pub(crate) fn settings(user: &str, port: u16, spool: PathBuf) -> WatchSettings {
    let auth = Auth::Password { user: user.to_owned(), secret: password(user) };
    WatchSettings {
        mailbox: MailboxKey { account: user.into(), mailbox: "INBOX".to_owned() },
        server: Server { host: "127.0.0.1".to_owned(), port, security: Security::Plain, ca: None },
        auth: Arc::new(move || Ok(auth.clone())),
        poll: Duration::from_millis(200),
        done: Done::Keep,
        since: Since::All,
        spool,
        deadlines: impatient(),
    }
}

/// A small mail.
pub(crate) fn mail(number: usize) -> Vec<u8> {
    format!(
        "From: Dana <dana@x.example>\r\nTo: support@acme.example\r\nMessage-ID: <{number}@x.example>\r\n\
         Subject: Question {number}\r\n\r\nThe meter shows nothing, number {number}.\r\n"
    )
    .into_bytes()
}

/// A mail of about so many bytes.
pub(crate) fn large(number: usize, bytes: usize) -> Vec<u8> {
    let mut mail = mail(number);
    let line = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n";
    mail.extend(line.iter().copied().cycle().take(bytes / line.len() * line.len()));
    mail
}

/// Everything a simple test needs.
pub(crate) struct Bench {
    pub(crate) dovecot: Dovecot,
    pub(crate) recorder: Recorder,
    pub(crate) spool: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(options: crate::harness::dovecot::Options) -> Self {
        let spool = tempfile::tempdir().expect("a temporary directory");
        Self { dovecot: Dovecot::start(options), recorder: Recorder::default(), spool }
    }

    pub(crate) fn settings(&self) -> WatchSettings {
        settings("support", self.dovecot.port(), self.spool.path().to_owned())
    }

    pub(crate) fn deliver(&self, number: usize) {
        self.dovecot.deliver("support", &mail(number));
    }

    /// Waits until `count` mails were handed over.
    pub(crate) async fn wait_count(&self, running: &Running, count: usize) {
        wait(&format!("{count} mails, {:?}", running.snapshot()), || self.recorder.count() >= count).await;
        assert_eq!(self.recorder.count(), count);
    }
}

/// Waits for a condition without blocking the watcher.
pub(crate) async fn wait(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + SOON;
    while !condition() {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
