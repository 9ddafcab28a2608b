//! Prints what the mails named on the command line say, one line of JSON each.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr, unused_crate_dependencies)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for path in std::env::args().skip(1) {
        let raw = match std::fs::read(&path) {
            Ok(raw) => raw,
            Err(error) => {
                eprintln!("read {path}: {error}");
                code = ExitCode::FAILURE;
                continue;
            }
        };
        let parsed = mail::parse(&raw);
        let machine = mail::machine::class_of(&parsed.message);
        match serde_json::to_string(&mail::report::ParseLine::new(&parsed, machine, &path)) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("print {path}: {error}"),
        }
    }
    code
}
