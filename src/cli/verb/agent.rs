//! `frontdesk agent invite|filters`.

use desk::AgentName;
use desk::agent_filter::{self, Program};

use super::{ask, setup};
use crate::cli::args::{AgentVerb, Common};
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::service::Request;
use crate::cli::verb::ticket::unique_request;

/// Does it.
///
/// # Errors
/// There is no such agent, or agents do not work by mail here; as [`ask`].
pub fn agent(common: &Common, verb: &AgentVerb, printer: &Printer) -> Result<Exit, Failure> {
    match verb {
        AgentVerb::Invite { name, request } => invite(common, name, request.as_deref(), printer),
        AgentVerb::Filters { name, program } => filters(common, name, program, printer),
    }
}

fn invite(common: &Common, name: &str, request: Option<&str>, printer: &Printer) -> Result<Exit, Failure> {
    if printer.dry_run {
        printer.line(&format!("would send {name} the practice ticket"));
        return Ok(Exit::Good);
    }
    let request = request.map_or_else(unique_request, |request| Ok(request.to_owned()))?;
    let done = ask(common, printer, Request::AgentInvite { agent: name.to_owned(), request })?;
    if printer.json {
        printer.value(&done);
    } else {
        printer.line(&format!("the practice ticket goes to {}", super::cell(&done["to"])));
    }
    Ok(Exit::Good)
}

fn filters(common: &Common, name: &str, program: &str, printer: &Printer) -> Result<Exit, Failure> {
    let setup = setup::load(&setup::config_path(common)?, printer, "Nothing was printed.")?;
    let policy = &setup.live.policy;
    let agent = policy.agents.get(&AgentName(name.to_owned())).ok_or_else(|| unknown(policy, name))?;
    let program = Program::ALL.into_iter().find(|known| known.as_str() == program);
    let text = program.and_then(|program| agent_filter::filters(policy, agent, program));
    let text = text.ok_or_else(no_mail)?;
    if printer.json {
        printer.value(&serde_json::json!({ "filters": text }));
    } else {
        printer.line(text.trim_end());
    }
    Ok(Exit::Good)
}

/// The failure for a name that nobody has.
#[must_use]
pub fn unknown(policy: &desk::Policy, name: &str) -> Failure {
    let known: Vec<&str> = policy.agents.keys().map(AgentName::as_str).collect();
    Failure::new(Exit::Usage, format!("there is no agent `{name}`; there are: {}", known.join(", ")))
}

/// The failure where agents do not work by mail.
#[must_use]
pub fn no_mail() -> Failure {
    Failure::new(Exit::NotAllowed, "agents do not work by mail here: the configuration has no `[agent_mail]`")
}
