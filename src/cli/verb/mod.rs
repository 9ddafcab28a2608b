//! The verbs, one file each. A verb that reads or changes the desk goes through [`ask`].

pub mod agent;
pub mod backup;
pub mod check;
pub mod demo;
pub mod describe;
pub mod explain;
pub mod held;
pub mod init;
pub mod outbox;
pub mod parse;
pub mod plan;
pub mod rebuild;
pub mod reload;
pub mod replay;
pub mod report;
pub mod status;
pub mod tail;
pub mod template;
pub mod test;
pub mod ticket;

use std::path::PathBuf;
use std::sync::Arc;

use clap::CommandFactory as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::args::{Args, Common, Verb};
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::{Health, Request, Service, Surroundings};
use crate::cli::{control, run, setup};
use crate::clock::Clock;

/// Does what the command line says.
///
/// # Errors
/// What went wrong, for the person who typed it.
pub fn dispatch(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let common = &args.common;
    match &args.verb {
        Verb::Run => {
            crate::cli::start_log(common, printer)?;
            run::run(setup::config_path(common)?, printer)
        }
        Verb::Demo(options) => demo::demo(options, printer),
        Verb::Init(options) => init::init(options, printer),
        Verb::Check(options) => check::check(common, options, printer),
        Verb::Test(options) => test::test(common, options, printer),
        Verb::Explain(options) => explain::explain(common, options, printer),
        Verb::Parse(options) => parse::parse(options, printer),
        Verb::Plan => plan::plan(common, printer),
        Verb::Replay(options) => replay::replay(common, options, printer),
        Verb::Template(verb) => template::template(common, verb, printer),
        Verb::Describe => describe::describe(common, printer),
        Verb::Reload => reload::reload(common, printer),
        Verb::Status(options) => status::status(common, options, printer),
        Verb::Ticket(verb) => ticket::ticket(common, verb, printer),
        Verb::Agent(verb) => agent::agent(common, verb, printer),
        Verb::Outbox(verb) => outbox::outbox(common, verb, printer),
        Verb::Held(verb) => held::held(common, verb, printer),
        Verb::Rebuild(options) => rebuild::rebuild(common, options, printer),
        Verb::Backup(verb) => backup::backup(common, verb, printer),
        Verb::Report(options) => report::report(common, options, printer),
        Verb::Tail(options) => tail::tail(common, options, printer),
        Verb::Completions { shell } => {
            clap_complete::generate(*shell, &mut Args::command(), "frontdesk", &mut std::io::stdout());
            Ok(Exit::Good)
        }
        Verb::Man => {
            let page = clap_mangen::Man::new(Args::command());
            page.render(&mut std::io::stdout()).map_err(|error| Failure::from_error(Exit::Failed, &error))?;
            Ok(Exit::Good)
        }
    }
}

/// Asks the running daemon; where none runs, opens the store and answers from it.
///
/// # Errors
/// The configuration is invalid, the store cannot be opened, or the request fails.
pub fn ask(common: &Common, printer: &Printer, request: Request) -> Result<Value, Failure> {
    let path = setup::config_path(common)?;
    let runtime = run::runtime()?;
    let setup = match setup::load(&path, printer, "Nothing was done.") {
        Ok(setup) => setup,
        // A file that somebody is still editing keeps nobody from the daemon that runs.
        Err(failure) => {
            let dir = setup::store_dir_of_bad(&path);
            let answer = dir.and_then(|dir| runtime.block_on(control::ask(&dir, &request)));
            if answer.is_some() {
                printer.hint("the configuration file is not valid; the daemon runs with an earlier one (`frontdesk check`)");
            }
            return answer.unwrap_or(Err(failure));
        }
    };
    let dir = setup::store_dir(&setup.config)?;
    if let Some(answer) = runtime.block_on(control::ask(&dir, &request)) {
        return answer;
    }
    if !dir.join("journal").exists() {
        let message = format!("no desk has run yet in {}; start one with `frontdesk run`", dir.display());
        return Err(Failure::new(Exit::Unavailable, message));
    }
    let store = setup::open_store(&dir, printer)?;
    let answer = runtime.block_on(async {
        let engine = setup::start_engine(store, &setup, Clock::system())?;
        let alone = Alone { config: setup.hash.clone() };
        let service = Service { engine, clock: Clock::system(), store_dir: Some(dir), surroundings: Arc::new(alone) };
        service.answer(request).await
    });
    // The writer thread ends with its engine; the store closes when it has.
    drop(runtime);
    answer
}

const NOTHING_RUNS: &str = "no daemon runs, so there is nothing to compare with; `frontdesk run` reads the new file";

/// A store without a daemon.
struct Alone {
    config: String,
}

impl Surroundings for Alone {
    fn health(&self) -> Health {
        Health { config: self.config.clone(), ..Health::default() }
    }

    fn reload(&self) -> Result<Vec<String>, Failure> {
        Err(Failure::new(Exit::Unavailable, NOTHING_RUNS))
    }

    fn plan(&self) -> Result<Vec<String>, Failure> {
        Err(Failure::new(Exit::Unavailable, NOTHING_RUNS))
    }
}

/// The directory of the configured store.
///
/// # Errors
/// As [`setup::load`].
pub fn configured_store(common: &Common, printer: &Printer) -> Result<PathBuf, Failure> {
    let path = setup::config_path(common)?;
    setup::store_dir(&setup::load(&path, printer, "Nothing was done.")?.config)
}

/// Text of a JSON value in a column.
#[must_use]
pub fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            // Nobody reads parts of a second; programs ask for JSON.
            Ok(at) if text.contains('.') => format!("{at:.0}"),
            Ok(_) | Err(_) => text.clone(),
        },
        Value::Null => "-".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}
