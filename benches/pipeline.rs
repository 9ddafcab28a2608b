//! What reading and deciding cost without any I/O: `cargo bench --bench pipeline`. Mails are read and decided into a store
//! in memory; `PIPELINE_BENCH_MAILS` changes their number.

mod support;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::RawHash;
use desk::event::Place;
use frontdesk::cli::output::Printer;
use frontdesk::cli::setup;
use frontdesk::engine::core::Core;
use frontdesk::engine::read::{Reading, read_here};
use frontdesk::store::MemoryStore;
use support::{config, mail, setting};

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn main() {
    let count = setting("PIPELINE_BENCH_MAILS", 5_000);
    let mails: Vec<Vec<u8>> = (0..count).map(mail).collect();
    let bytes: usize = mails.iter().map(Vec::len).sum();
    println!("{count} mails, mean {:.1} KB", bytes as f64 / f64::from(count) / 1_000.0);
    let rate = |time: Duration| f64::from(count) / time.as_secs_f64();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(count);

    let begun = Instant::now();
    let readings: Vec<Reading> = mails.iter().map(|mail| read_here(RawHash([0; 32]), mail, &[])).collect();
    let reading = begun.elapsed();
    println!("read      1 thread   {:>7.0} mails/s  {:>6.1} us each", rate(reading), each(reading));

    let dir = tempfile::tempdir().expect("a directory");
    let (decided, outcomes) = decide(dir.path(), readings);
    println!("decide    1 thread   {:>7.0} mails/s  {:>6.1} us each  ({outcomes} tickets)", rate(decided), each(decided));
    println!("both      1 thread   {:>7.0} mails/s", rate(reading + decided));

    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for chunk in mails.chunks(mails.len().div_ceil(cores)) {
            scope.spawn(move || chunk.iter().for_each(|mail| drop(black_box(read_here(RawHash([0; 32]), mail, &[])))));
        }
    });
    let parallel = begun.elapsed();
    println!("read      {cores} threads  {:>7.0} mails/s, {:.0} per core", rate(parallel), rate(parallel) / cores as f64);
}

/// Decides all of them as one writer does. Returns the time and the number of tickets.
fn decide(dir: &std::path::Path, readings: Vec<Reading>) -> (Duration, u64) {
    std::fs::write(dir.join("signing.key"), "0123456789abcdef0123456789abcdef\n").expect("a key");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(dir.join("signing.key"), private).expect("private");
    let path = dir.join("frontdesk.toml");
    std::fs::write(&path, config("imap://127.0.0.1:1", "smtp://127.0.0.1:2", "")).expect("a configuration");
    let setup = setup::load(&path, &Printer::plain(), "").unwrap_or_else(|failure| panic!("{}", failure.message));
    let now: jiff::Timestamp = "2026-11-23T09:00:00Z".parse().expect("an instant");
    let mut core = Core::new(Arc::new(MemoryStore::new()), setup.live, now).expect("an empty store");
    let begun = Instant::now();
    for (reading, uid) in readings.into_iter().zip(1..) {
        let place = Place { account: "main".into(), mailbox: "INBOX".to_owned(), uid_validity: 1, uid };
        core.mail(now, &place, false, reading).expect("decided");
    }
    let took = begun.elapsed();
    (took, core.store().next_ticket().0 - 1)
}
