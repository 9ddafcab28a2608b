//! Which commands are allowed. Commands can be refused, events cannot: what passes here becomes an event.

use crate::command::{Assignee, Command};
use crate::event::{Actor, EventKind};
use crate::policy::Policy;
use crate::ticket::{Status, Ticket};

/// Why a command is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, for the person who asked.
    pub why: String,
    /// Verbs that would be allowed now, where the status is the reason.
    pub allowed: Vec<&'static str>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)?;
        if !self.allowed.is_empty() {
            write!(f, "; possible now: {}", self.allowed.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Every verb, for messages.
const VERBS: [&str; 10] = ["reply", "note", "assign", "take", "release", "close", "reopen", "priority", "tag", "set"];

/// Allows or refuses a command on a ticket.
///
/// # Errors
/// [`Refusal`] if the status forbids it, a name does not exist, a text is empty, or the actor cannot do it.
pub fn admit(policy: &Policy, ticket: &Ticket, by: &Actor, command: Command) -> Result<EventKind, Refusal> {
    check_status(policy, ticket, &command)?;
    check_arguments(policy, ticket, by, &command)?;
    Ok(EventKind::Commanded { by: by.clone(), command })
}

fn check_status(policy: &Policy, ticket: &Ticket, command: &Command) -> Result<(), Refusal> {
    let verb = verb(command);
    let allowed: Vec<&'static str> = VERBS.into_iter().filter(|verb| is_allowed(ticket.status, verb)).collect();
    if allowed.contains(&verb) {
        return Ok(());
    }
    let why = format!("{} is {}: `{verb}` is not possible", policy.reference(ticket.no), ticket.status.as_str());
    Err(Refusal { why, allowed })
}

fn is_allowed(status: Status, verb: &str) -> bool {
    match status {
        Status::New | Status::Open | Status::Pending | Status::OnHold => {
            verb != "reopen" || status != Status::New && status != Status::Open
        }
        Status::Solved => verb != "close",
        Status::Closed => matches!(verb, "note" | "tag" | "release"),
    }
}

/// The word of a command.
#[must_use]
pub fn verb(command: &Command) -> &'static str {
    match command {
        Command::Reply { .. } => "reply",
        Command::Note { .. } => "note",
        Command::Take => "take",
        Command::Assign { .. } => "assign",
        Command::LetIn { .. } | Command::PutAway { .. } => "release",
        Command::Close { .. } => "close",
        Command::Reopen => "reopen",
        Command::SetPriority { .. } => "priority",
        Command::Tag { .. } => "tag",
        Command::Set { .. } => "set",
    }
}

fn check_arguments(policy: &Policy, ticket: &Ticket, by: &Actor, command: &Command) -> Result<(), Refusal> {
    let refuse = |why: String| Err(Refusal { why, allowed: Vec::new() });
    match command {
        Command::Reply { text } | Command::Note { text } if text.trim().is_empty() => refuse("the text is empty".to_owned()),
        Command::Reply { .. } if crate::arrival::is_unknown(&ticket.requester.address) => {
            refuse("the mail named no sender, so there is nobody to answer".to_owned())
        }
        Command::Take => match by {
            Actor::Agent(_) => Ok(()),
            Actor::Operator => refuse("say who takes it: `--as AGENT`".to_owned()),
        },
        Command::Assign { to: Assignee::Agent(name) } => match policy.agents.get(name) {
            Some(agent) if agent.reports_only => refuse(format!("{name} gets reports only")),
            Some(_) => Ok(()),
            None => refuse(unknown("agent", name.as_str(), policy.agents.keys().map(crate::AgentName::as_str))),
        },
        Command::Assign { to: Assignee::Team(name) } => match policy.teams.get(name) {
            Some(_) => Ok(()),
            None => refuse(unknown("team", name.as_str(), policy.teams.keys().map(crate::TeamName::as_str))),
        },
        Command::Tag { add, remove } if add.is_empty() && remove.is_empty() => refuse("say which tags: `+a -b`".to_owned()),
        Command::Set { field, value } => check_field(policy, ticket, field, value),
        Command::Reply { .. }
        | Command::Note { .. }
        | Command::Assign { to: Assignee::Nobody }
        | Command::LetIn { .. }
        | Command::PutAway { .. }
        | Command::Close { .. }
        | Command::Reopen
        | Command::SetPriority { .. }
        | Command::Tag { .. } => Ok(()),
    }
}

fn check_field(policy: &Policy, ticket: &Ticket, id: &crate::FieldId, value: &str) -> Result<(), Refusal> {
    let fields = policy.types.get(&ticket.ticket_type).map_or(&[][..], |ticket_type| &ticket_type.fields);
    let Some(field) = fields.iter().find(|field| field.id == *id) else {
        let why = unknown("field", id.as_str(), fields.iter().map(|field| field.id.as_str()));
        return Err(Refusal { why, allowed: Vec::new() });
    };
    // Any day serves: only whether it reads as a value is asked here.
    if crate::kind::normalise(field, value, jiff::civil::date(2000, 1, 1)).is_some() {
        return Ok(());
    }
    let expected = if field.options.is_empty() { field.ask.clone() } else { format!("one of {}", field.options.join(", ")) };
    Err(Refusal { why: format!("`{value}` is no value for {id} ({expected})"), allowed: Vec::new() })
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    if known.is_empty() {
        format!("there is no {what} `{name}`")
    } else {
        format!("there is no {what} `{name}`; there are: {}", known.join(", "))
    }
}
