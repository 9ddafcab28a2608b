//! Watching a maildir.

use std::fs;
use std::path::Path;
use std::time::Duration;

use desk::Outcome;
use frontdesk::clock::Clock;
use frontdesk::ingest::{Done, MaildirSettings, Since, Watcher};
use frontdesk::store::MailboxKey;
use tokio::sync::watch;

use super::recorder::{Recorder, SOON, impatient, large, mail, wait};

fn settings(path: &Path) -> MaildirSettings {
    MaildirSettings {
        mailbox: MailboxKey { account: "demo".into(), mailbox: "in".to_owned() },
        path: path.to_owned(),
        poll: Duration::from_millis(50),
        done: Done::Keep,
        since: Since::All,
        deadlines: impatient(),
    }
}

fn drop_mail(path: &Path, name: &str, bytes: &[u8]) {
    fs::create_dir_all(path.join("tmp")).expect("a maildir");
    fs::create_dir_all(path.join("new")).expect("a maildir");
    fs::write(path.join("tmp").join(name), bytes).expect("written");
    fs::rename(path.join("tmp").join(name), path.join("new").join(name)).expect("delivered");
}

/// Watches until `condition` holds, then stops.
async fn watch_until(settings: MaildirSettings, recorder: &Recorder, mut condition: impl FnMut() -> bool) {
    let (stop, stopped) = watch::channel(false);
    let (task, health) = Watcher::spawn_maildir(settings, recorder.clone(), Clock::system(), stopped);
    wait(&format!("the maildir, {:?}", health.snapshot()), &mut condition).await;
    stop.send(true).expect("the watcher listens");
    tokio::time::timeout(SOON, task).await.expect("it stops").expect("it does not panic");
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn files_are_taken_once_and_in_order_over_restarts() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, recorder) = (directory.path().join("in"), Recorder::default());
    drop_mail(&path, "20.b", &mail(2));
    drop_mail(&path, "3.M9.c", &mail(1));
    watch_until(settings(&path), &recorder, || recorder.lock().filed.len() == 2).await;
    assert_eq!(names(&path.join("cur")), ["20.b:2,", "3.M9.c:2,"]);
    assert!(names(&path.join("new")).is_empty());
    drop_mail(&path, "30.d", &mail(3));
    watch_until(settings(&path), &recorder, || recorder.lock().filed.len() == 3).await;
    let record = recorder.lock();
    let taken: Vec<_> = record.taken.iter().map(|taken| (taken.uid, taken.silent, taken.bytes.clone())).collect();
    assert_eq!(taken, [(1, true, mail(1)), (2, true, mail(2)), (3, false, mail(3))]);
}

#[tokio::test]
async fn old_files_are_passed_over_and_gone_ones_recorded() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, recorder) = (directory.path().join("in"), Recorder::default());
    drop_mail(&path, "1.a", &mail(1));
    let settings = MaildirSettings { since: Since::Now, done: Done::Move("done".to_owned()), ..settings(&path) };
    watch_until(settings.clone(), &recorder, || !recorder.lock().settled.is_empty()).await;
    assert_eq!(recorder.lock().settled, [(vec![(1, 1)], Outcome::SeenBefore)]);
    drop_mail(&path, "2.b", &mail(2));
    watch_until(settings.clone(), &recorder, || recorder.lock().filed == [2]).await;
    assert_eq!(names(&path.join(".done/cur")), ["2.b:2,"]);
    assert_eq!(names(&path.join("new")), ["1.a"]);

    // As if the daemon had died between giving the UID and handing the mail over, and somebody took the file away.
    recorder.lock().cursors.values_mut().for_each(|cursor| cursor.settled = vec![(1, 1)]);
    watch_until(settings, &recorder, || recorder.vanished() == [(2, 2)]).await;
}

#[tokio::test]
async fn a_large_file_is_handed_over_without_being_lost() {
    let directory = tempfile::tempdir().expect("a directory");
    let (path, recorder) = (directory.path().join("in"), Recorder::default());
    let big = large(1, 9 * 1024 * 1024);
    drop_mail(&path, "1.a", &big);
    watch_until(settings(&path), &recorder, || recorder.lock().filed == [1]).await;
    assert!(recorder.lock().taken[0].bytes == big);
    assert_eq!(names(&path.join("cur")), ["1.a:2,"]);
    assert!(names(&path.join("tmp")).is_empty());
}
