//! A short fuzz run on every machine: samples, damaged at random but alike each time. The long runs are in `fuzz/`.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, missing_docs, unused_crate_dependencies)]

use std::path::{Path, PathBuf};

const INPUTS: usize = 20_000;
/// Long mails are cut to this, so that the damage falls on headers and structure.
const BYTES_MAX: usize = 1_000;
const SEED: u64 = 0x005e_ed0f_ba5e;

/// xorshift64*: enough to choose places and bytes.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % limit.max(1)
    }
}

/// What structure is made of.
const PIECES: [&[u8]; 24] = [
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"--",
    b"=?utf-8?Q?=C3?=",
    b"=?iso-2022-jp?B?GyRC?=",
    b"\xff\xfe\xc3",
    b"\xe2\x80",
    b"\0",
    b"\"",
    b"<",
    b">",
    b"(",
    b";",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: text/html\r\n",
    b"Content-Type: application/ms-tnef\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"> ",
    b"\xf0\x9f\x94\x91",
    b"name*0*=",
    b"5.1.1 550 ",
    b"<!--",
];

fn damaged(mail: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = mail.to_vec();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..(at + random.below(40)).min(bytes.len()))),
            3 => {
                let from = random.below(other.len() + 1);
                let until = (from + random.below(300)).min(other.len());
                bytes.splice(at..at, other[from..until].iter().copied());
            }
            4 => {
                let until = (at + random.below(80)).min(bytes.len());
                let again = bytes[at..until].to_vec();
                bytes.splice(at..at, again);
            }
            _ => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

fn samples() -> Vec<Vec<u8>> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "eml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
        .iter()
        .map(|path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes.truncate(BYTES_MAX);
            bytes
        })
        .collect()
}

fn run(samples: &[Vec<u8>], seed: u64, inputs: usize) {
    let mut random = Random(seed);
    for _ in 0..inputs {
        let mail = &samples[random.below(samples.len())];
        let other = &samples[random.below(samples.len())];
        let bytes = damaged(mail, other, &mut random);
        let result = std::panic::catch_unwind(|| {
            let parsed = mail::parse(&bytes);
            let class = mail::machine::class_of(&parsed.message);
            mail::report::ParseLine::new(&parsed, class, "x")
        });
        assert!(result.is_ok(), "this mail makes the reader panic:\n{}", bytes.escape_ascii());
    }
}

#[test]
fn mutated_mail_never_panics() {
    let samples = samples();
    assert!(samples.len() > 500, "{} samples", samples.len());
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let samples = &samples;
            scope.spawn(move || run(samples, SEED + thread, INPUTS / 2));
        }
    });
}
