//! What reading a mail costs, beside the bare MIME parse of the same mails by `mail_parser`.
//!
//! Both are measured over all samples in `fixtures/corpus`; the ratio is printed and its ceiling checked within one run, so
//! that the speed of the machine does not matter.
#![expect(clippy::print_stdout, reason = "a bench reports")]
#![allow(missing_docs, unused_crate_dependencies, reason = "made by the macro")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};

/// The whole reading costs at most this many bare parses.
const RATIO_MAX: f64 = 4.0;
/// Rounds over the samples; the fastest counts, since others only measure the neighbours.
const ROUNDS: usize = 15;

fn main() {
    let mails = samples(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/corpus"));
    let bare = |raw: &[u8]| {
        black_box(mail_parser::MessageParser::default().parse(black_box(raw)));
    };
    let whole = |raw: &[u8]| {
        black_box(mail::parse(black_box(raw)));
    };
    let (bare_time, whole_time) = (fastest(&mails, bare), fastest(&mails, whole));
    let ratio = whole_time.as_secs_f64() / bare_time.as_secs_f64();
    println!("{} mails: bare {bare_time:?}, whole {whole_time:?}, ratio {ratio:.2} (at most {RATIO_MAX})", mails.len());
    print_growth();

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("corpus");
    group.throughput(Throughput::Bytes(mails.iter().map(|raw| raw.len() as u64).sum()));
    group.sample_size(10);
    group.bench_function("bare", |bencher| bencher.iter(|| mails.iter().for_each(|raw| bare(raw))));
    group.bench_function("whole", |bencher| bencher.iter(|| mails.iter().for_each(|raw| whole(raw))));
    group.finish();
    criterion.final_summary();
    assert!(ratio <= RATIO_MAX, "reading costs {ratio:.2} bare parses, at most {RATIO_MAX} are allowed");
}

/// Text and HTML of growing size: the time per megabyte stays the same.
fn print_growth() {
    let line = "The printer on the second floor of building 4 shows E42 again, please have a look.";
    for (kind, line) in
        [("plain", format!("{line}\r\n")), ("html", format!("<p>{line} <a href=\"https://x.example\">more</a></p>\r\n"))]
    {
        for kilobytes in [100, 1_000, 5_000] {
            let body = line.repeat(kilobytes * 1_000 / line.len());
            let mail = format!("From: a@x.example\r\nSubject: x\r\nContent-Type: text/{kind}\r\n\r\n{body}").into_bytes();
            let time = fastest(&[mail], |raw| {
                black_box(mail::parse(raw));
            });
            println!(
                "{kind} {kilobytes} kB: {time:?}, {:.1} ms/MB",
                time.as_secs_f64() * 1e6 / f64::from(u32::try_from(kilobytes).unwrap_or(1))
            );
        }
    }
}

/// The fastest of several rounds over all mails.
fn fastest(mails: &[Vec<u8>], read: impl Fn(&[u8])) -> Duration {
    let round = || {
        let start = Instant::now();
        mails.iter().for_each(|raw| read(raw));
        start.elapsed()
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

/// All mails below a folder, in the order of their names.
fn samples(folder: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the samples are part of the repository").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "eml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|path| std::fs::read(path).expect("the sample is a file")).collect()
}
