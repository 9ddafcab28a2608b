//! `frontdesk parse`: what the mail reader makes of mails, one JSON line each.

use std::io::Read as _;
use std::path::Path;

use mail::report::ParseLine;

use crate::cli::args::ParseArgs;
use crate::cli::output::{Exit, Failure, Printer};
use crate::engine::child::ChildReader;
use crate::engine::read::{Caution, read};

/// Does it. A file that cannot be opened is said and skipped.
///
/// # Errors
/// None of the files could be read.
pub fn parse(options: &ParseArgs, printer: &Printer) -> Result<Exit, Failure> {
    let child = ChildReader::of_this_program();
    let mut missed = 0;
    for file in &options.files {
        let raw = match read_file(file) {
            Ok(raw) => raw,
            Err(error) => {
                printer.failure(&Failure::new(Exit::BadInput, format!("{}: {error}", file.display())));
                missed += 1;
                continue;
            }
        };
        let reading = read(desk::RawHash::of(&raw), &raw, &[], Caution::Normal, &child);
        let machine = mail::machine::class_of(&reading.parsed.message);
        let line = ParseLine::new(&reading.parsed, machine, &file.display().to_string());
        printer.line(&serde_json::to_string(&line).map_err(|error| Failure::from_error(Exit::Failed, &error))?);
    }
    Ok(match missed {
        0 => Exit::Good,
        missed if missed == options.files.len() => Exit::BadInput,
        _ => Exit::Partly,
    })
}

fn read_file(file: &Path) -> std::io::Result<Vec<u8>> {
    if file.as_os_str() == "-" {
        let mut raw = Vec::new();
        std::io::stdin().lock().read_to_end(&mut raw)?;
        return Ok(raw);
    }
    std::fs::read(file)
}
