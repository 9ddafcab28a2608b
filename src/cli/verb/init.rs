//! `frontdesk init`: a first configuration from seven answers. Everything is written beside its place, checked there, and
//! moved only when it is good; nothing that exists is ever overwritten.

mod answer;
mod draft;

use std::fs;
use std::path::Path;

use crate::cli::args::InitArgs;
use crate::cli::output::{Exit, Failure, Printer, Style};
use crate::cli::{online, setup};

use answer::Answers;
use draft::Draft;

/// Does it.
///
/// # Errors
/// An answer cannot be used, a login fails, or a file is there already; nothing has been written then.
pub fn init(options: &InitArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dir = std::path::absolute(&options.dir).map_err(|error| failure(&options.dir, &error))?;
    // Before anybody answers seven questions in vain.
    draft::refuse_existing(&dir)?;
    let answers = match &options.answers {
        Some(file) => Answers::read(file)?,
        None => Answers::ask(printer)?,
    };
    let draft = Draft::new(&dir, &answers)?;
    if printer.dry_run {
        for (name, _) in draft.files() {
            printer.line(&format!("would write {}", dir.join(name).display()));
        }
        return Ok(Exit::Good);
    }
    fs::create_dir_all(&dir).map_err(|error| failure(&dir, &error))?;
    let trial = dir.join(format!(".frontdesk-init-{}", std::process::id()));
    let outcome = try_out(&draft, &trial, options, printer).and_then(|()| draft.put_in_place(&trial, &dir));
    let cleared = fs::remove_dir_all(&trial);
    outcome?;
    cleared.map_err(|error| failure(&trial, &error))?;
    report(&draft, &dir, printer);
    Ok(Exit::Good)
}

/// Writes the draft where it does no harm, loads it as the daemon would, and logs in.
fn try_out(draft: &Draft, trial: &Path, options: &InitArgs, printer: &Printer) -> Result<(), Failure> {
    draft.write(trial)?;
    let config = trial.join(draft::CONFIG);
    let setup = setup::load(&config, printer, "Nothing was written.")
        .map_err(|failure| Failure::new(Exit::BadInput, format!("these answers make no desk\n{}", failure.message)))?;
    if options.offline {
        return Ok(());
    }
    match online::log_in_everywhere(&setup, &config, printer)? {
        0 => Ok(()),
        failed => {
            let message = format!(
                "{failed} logins failed; nothing was written. Check names and ports (IMAP is mostly 993, SMTP 465 or 587), or write \
                 without logging in: --offline"
            );
            Err(Failure::new(Exit::Failed, message))
        }
    }
}

fn report(draft: &Draft, dir: &Path, printer: &Printer) {
    if printer.json {
        let files: Vec<String> = draft.files().iter().map(|(name, _)| dir.join(name).display().to_string()).collect();
        printer.value(&serde_json::json!({ "written": files }));
        return;
    }
    for (name, _) in draft.files() {
        printer.line(&format!("{} {}", printer.paint(Style::Green, "written"), dir.join(name).display()));
    }
    printer.hint("");
    printer.hint(draft.dns().trim_end());
    printer.hint("");
    printer.hint(&format!(
        "Next:  frontdesk check --config {0}/{1}\n       frontdesk run --config {0}/{1}\n\
         Then:  an address where agents answer, in [agent_mail]; until then no agent gets mail.",
        dir.display(),
        draft::CONFIG
    ));
}

fn failure(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("{}: {error}", path.display()))
}
