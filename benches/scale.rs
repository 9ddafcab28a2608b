//! Memory, start-up and speed as a desk grows: `cargo bench --bench scale`. Mails are read, decided and committed as the
//! daemon does it, without servers; `SCALE_BENCH_TICKETS` changes how many tickets there are in the end.

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use frontdesk::cli::output::Printer;
use frontdesk::cli::setup;
use frontdesk::clock::Clock;
use frontdesk::engine::{Fetched, Intake as _, RawMail, Turn};
use frontdesk::store::{DiskStore, MailboxKey, OpenOptions, Store};
use support::{config, cpu, mail, memory, setting};

/// Mails handed over at a time, as the watcher of a mailbox does.
const GROUP: u32 = 100;
/// Times that the figures are shown on the way.
const STEPS: u32 = 5;

fn main() {
    let count = setting("SCALE_BENCH_TICKETS", 100_000);
    let dir = tempfile::tempdir_in("target").expect("a directory on a real disk");
    let path = write_config(dir.path());
    let runtime = frontdesk::cli::run::runtime().unwrap_or_else(|failure| panic!("{}", failure.message));
    runtime.block_on(grow(dir.path(), &path, count));
    runtime.shutdown_timeout(std::time::Duration::from_secs(10));
    start(dir.path());
}

fn write_config(dir: &Path) -> PathBuf {
    std::fs::write(dir.join("signing.key"), "0123456789abcdef0123456789abcdef\n").expect("a key");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(dir.join("signing.key"), private).expect("private");
    let path = dir.join("frontdesk.toml");
    std::fs::write(&path, config("imap://127.0.0.1:1", "smtp://127.0.0.1:2", "")).expect("a configuration");
    path
}

/// Takes mails in and shows how it goes at every step.
#[expect(clippy::print_stdout, reason = "a bench prints")]
async fn grow(dir: &Path, config: &Path, count: u32) {
    let setup = setup::load(config, &Printer::plain(), "").unwrap_or_else(|failure| panic!("{}", failure.message));
    let store = DiskStore::open(&dir.join("state"), OpenOptions::default(), &mut |_, _| {}).expect("a new store");
    let engine =
        setup::start_engine(Arc::new(store), &setup, Clock::system()).unwrap_or_else(|failure| panic!("{}", failure.message));
    let mailbox = MailboxKey { account: "main".into(), mailbox: "INBOX".to_owned() };
    engine.opened(&mailbox, 1).await.expect("recorded");
    let step = (count / STEPS).max(GROUP);
    let (mut done, mut busy, mut before) = (0, std::time::Duration::ZERO, cpu("self"));
    println!("empty: resident {} MB", memory("self", "VmRSS:"));
    let mut next = batch(1);
    while done < count {
        let begun = Instant::now();
        // As a watcher does, the next mails come in while these are worked on.
        let receive = engine.receive(&mailbox, 1, next, Turn::alone());
        let (received, made) = tokio::join!(receive, tokio::task::spawn_blocking(move || batch(done + GROUP + 1)));
        received.expect("committed");
        busy += begun.elapsed();
        next = made.expect("mails");
        done += GROUP;
        if done % step < GROUP {
            let spent = cpu("self");
            println!(
                "{done} tickets: {:.0}/s (the making of the mails included), cpu {:.2} ms each, resident {} MB, highest {} MB",
                f64::from(step) / busy.as_secs_f64(),
                (spent - before).as_secs_f64() * 1_000.0 / f64::from(step),
                memory("self", "VmRSS:"),
                memory("self", "VmHWM:"),
            );
            (busy, before) = (std::time::Duration::ZERO, spent);
        }
    }
    // The engine of a running daemon lives as long as it; here its writer ends with the last handle.
    drop(engine);
}

fn batch(first: u32) -> Vec<Fetched> {
    (first..first + GROUP).map(|uid| Fetched { uid, raw: RawMail::Bytes(mail(uid)), silent: false }).collect()
}

/// Opens what was written, and says how long that takes and how much there is.
#[expect(clippy::print_stdout, reason = "a bench prints")]
fn start(dir: &Path) {
    let open = || {
        // The writer of the engine before may still be letting go of the store.
        for _ in 0..200 {
            match DiskStore::open(&dir.join("state"), OpenOptions::default(), &mut |_, _| {}) {
                Ok(store) => return store,
                Err(frontdesk::store::StoreError::Busy { .. }) => std::thread::sleep(std::time::Duration::from_millis(50)),
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the store is not let go of")
    };
    drop(open());
    let begun = Instant::now();
    let store = open();
    println!("start: {} ms, next ticket {}", begun.elapsed().as_millis(), store.next_ticket().0);
    let size = std::process::Command::new("du").args(["-sm", "raw", "journal", "state"]).current_dir(dir.join("state")).output();
    println!("on disk, MB: {}", String::from_utf8_lossy(&size.expect("du").stdout).replace('\n', "  "));
}
