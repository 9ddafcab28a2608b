//! Which commands are allowed. Commands can be refused, events cannot: what passes here becomes an event.

use crate::agent_page::fill_text;
use crate::command::{Assignee, Command};
use crate::event::{Actor, EventKind};
use crate::mistake::unknown;
use crate::policy::Policy;
use crate::process;
use crate::remark::Remark;
use crate::ticket::{Status, Ticket};
use crate::wrong_words::Noun;

/// Why a command is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, for the person who asked.
    pub why: Remark,
    /// Verbs that would be allowed now, where the status is the reason.
    pub allowed: Vec<&'static str>,
}

impl Refusal {
    /// What is wrong and what would be possible.
    #[must_use]
    pub fn told(&self) -> Remark {
        if self.allowed.is_empty() {
            return self.why.clone();
        }
        let possible = Remark::with(|say| say.possible, &[("all", &self.allowed.join(", "))]);
        self.why.clone().and(&possible)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.told())
    }
}

impl std::error::Error for Refusal {}

/// Every verb of people that a status can forbid, for messages.
const VERBS: [&str; 28] = [
    "reply", "note", "take", "drop", "assign", "watch", "mute", "close", "wait", "snooze", "reopen", "done", "undone", "reject",
    "skip", "step", "set", "type", "priority", "tag", "time", "cc", "uncc", "vendor", "customer", "merge", "split", "spam",
];

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
    let is_answer = matches!(command, Command::Close(closing) if crate::closing_question::is_answer(closing));
    if is_allowed(ticket.status, verb) || is_answer {
        return Ok(());
    }
    let why = status_forbids(policy, ticket, verb);
    let allowed: Vec<&'static str> = VERBS.into_iter().filter(|verb| is_allowed(ticket.status, verb)).collect();
    Err(Refusal { why, allowed })
}

fn status_forbids(policy: &Policy, ticket: &Ticket, verb: &str) -> Remark {
    let reference = policy.reference(ticket.no);
    Remark::by_language(|language, say| {
        let status = crate::agent_words::in_language(language).status(ticket.status);
        fill_text(say.status, &[("reference", &reference), ("status", status), ("verb", verb)])
    })
}

fn is_allowed(status: Status, verb: &str) -> bool {
    // What changes nothing of the matter is possible for ever.
    if matches!(verb, "note" | "tag" | "release" | "watch" | "mute" | "time" | "show" | "help" | "undo" | "confirm" | "redact") {
        return true;
    }
    match status {
        Status::New | Status::Open | Status::Pending | Status::OnHold => {
            verb != "reopen" || status != Status::New && status != Status::Open
        }
        Status::Solved => !matches!(verb, "close" | "snooze"),
        Status::Closed => false,
    }
}

/// The word of a command.
#[must_use]
pub fn verb(command: &Command) -> &'static str {
    match command {
        Command::Reply { .. } => "reply",
        Command::Note { .. } => "note",
        Command::Article { .. } => "kb",
        Command::SendSaved { .. } => "send",
        Command::Take => "take",
        Command::Drop => "drop",
        Command::Assign { .. } => "assign",
        Command::Watch => "watch",
        Command::Mute => "mute",
        Command::LetIn { .. } | Command::PutAway { .. } => "release",
        Command::Close(_) => "close",
        Command::Wait => "wait",
        Command::Snooze { .. } => "snooze",
        Command::Reopen => "reopen",
        Command::Done { .. } => "done",
        Command::Undone { .. } => "undone",
        Command::Reject { .. } => "reject",
        Command::Skip { .. } => "skip",
        Command::Step { .. } => "step",
        Command::Set { .. } => "set",
        Command::ChangeType { .. } => "type",
        Command::SetPriority { .. } => "priority",
        Command::Tag { .. } => "tag",
        Command::Time { .. } => "time",
        Command::AddPerson { .. } => "cc",
        Command::RemovePerson { .. } => "uncc",
        Command::AskVendor { .. } => "vendor",
        Command::SetRequester { .. } => "customer",
        Command::Merge { .. } => "merge",
        Command::Split => "split",
        Command::Spam => "spam",
        Command::Redact => "redact",
        Command::Issue(_) => "issue",
        Command::Ask { .. } => "ask",
        Command::Undo => "undo",
        Command::Confirm { .. } => "confirm",
        Command::Show => "show",
        Command::Help { .. } => "help",
    }
}

fn check_arguments(policy: &Policy, ticket: &Ticket, by: &Actor, command: &Command) -> Result<(), Refusal> {
    match command {
        Command::Reply { text } | Command::Note { text } if text.trim().is_empty() => refuse(Remark::of(|say| say.text_empty)),
        Command::Reply { .. } if crate::sender::is_unknown(&ticket.requester.address) => refuse(Remark::of(|say| say.no_sender)),
        Command::Reply { .. } if policy.agent_by_address(&ticket.requester.address).is_some() => {
            refuse(Remark::of(|say| say.requester_is_agent))
        }
        Command::Take | Command::Watch | Command::Mute | Command::Undo if by.agent().is_none() => {
            refuse(Remark::of(|say| say.say_who))
        }
        Command::Assign { to } => check_assignee(policy, to),
        Command::Tag { add, remove } if add.is_empty() && remove.is_empty() => refuse(Remark::of(|say| say.say_tags)),
        Command::Set { field, value } => check_field(policy, ticket, field, value),
        Command::ChangeType { to } => known(Noun::Type, to.as_str(), policy.types.keys().map(crate::TypeName::as_str)),
        Command::AskVendor { vendor, text } => {
            known(Noun::Vendor, vendor.as_str(), policy.vendors.keys().map(crate::VendorName::as_str))?;
            if text.trim().is_empty() {
                refuse(Remark::with(|say| say.say_question, &[("vendor", vendor.as_str())]))
            } else {
                Ok(())
            }
        }
        Command::Done { items } | Command::Undone { items } => check_items(policy, ticket, by, items),
        Command::Skip { item, .. } => check_items(policy, ticket, by, &[*item]),
        Command::Reject { .. } => check_items(policy, ticket, by, &[]),
        Command::Step { id } => {
            let steps = policy.types.get(&ticket.ticket_type).map_or(&[][..], |ticket_type| &ticket_type.steps);
            known(Noun::Step, id, steps.iter().map(|step| step.id.as_str()))
        }
        Command::Article { which, .. } => crate::article::find(policy, ticket, which).map(|_| ()).or_else(refuse),
        Command::AddPerson { address } | Command::SetRequester { address } => check_outsider(policy, address),
        Command::RemovePerson { address } if address.folded() == ticket.requester.address.folded() => {
            refuse(Remark::of(|say| say.requester_stays))
        }
        Command::SendSaved { name } => {
            let agent = by.agent().and_then(|agent| policy.agents.get(agent));
            crate::saved::text(policy, ticket, agent, name, true).map(|_| ()).or_else(refuse)
        }
        Command::Merge { into } if *into == ticket.no => refuse(Remark::of(|say| say.into_itself)),
        Command::Undo => match by.agent().and_then(|name| ticket.acts.iter().find(|act| act.agent == *name)) {
            Some(_) => Ok(()),
            None => refuse(Remark::of(|say| say.nothing_to_undo)),
        },
        _ => Ok(()),
    }
}

fn refuse(why: Remark) -> Result<(), Refusal> {
    Err(Refusal { why, allowed: Vec::new() })
}

fn known<'a>(noun: Noun, name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Result<(), Refusal> {
    if names.clone().any(|one| one == name) { Ok(()) } else { refuse(unknown(noun, name, names)) }
}

fn check_assignee(policy: &Policy, to: &Assignee) -> Result<(), Refusal> {
    match to {
        Assignee::Agent(name) => match policy.agents.get(name) {
            Some(agent) if agent.reports_only => refuse(Remark::with(|say| say.reports_only, &[("name", name.as_str())])),
            Some(_) => Ok(()),
            None => refuse(unknown(Noun::Agent, name.as_str(), policy.agents.keys().map(crate::AgentName::as_str))),
        },
        Assignee::Team(name) => known(Noun::Team, name.as_str(), policy.teams.keys().map(crate::TeamName::as_str)),
        Assignee::Nobody => Ok(()),
    }
}

/// Items are counted from 1 within the step that the ticket is in.
fn check_items(policy: &Policy, ticket: &Ticket, by: &Actor, items: &[u32]) -> Result<(), Refusal> {
    let steps = process::steps_of(policy, ticket);
    let meant = process::meant(policy, ticket, by.agent());
    let Some(step) = meant.and_then(|state| steps.iter().find(|step| step.id == state.id)) else {
        return refuse(Remark::of(|say| say.no_step_now));
    };
    if step.by_other && by.agent().is_some() && by.agent() == ticket.owner.as_ref() {
        return refuse(Remark::with(|say| say.second_person, &[("step", step.id.as_str())]));
    }
    let Some(wrong) = items.iter().find(|item| **item == 0 || **item as usize > step.todo.len()) else { return Ok(()) };
    let (count, item) = (step.todo.len().to_string(), wrong.to_string());
    refuse(Remark::with(|say| say.item_beyond, &[("step", step.id.as_str()), ("count", &count), ("item", &item)]))
}

/// Agents and our own addresses never take part as customers: what is said inside would reach the thread outside.
fn check_outsider(policy: &Policy, address: &mail::Address) -> Result<(), Refusal> {
    if policy.agent_by_address(address).is_some() {
        refuse(Remark::with(|say| say.is_agent, &[("address", address.as_str())]))
    } else if policy.own_addresses.contains(&address.without_detail()) {
        refuse(Remark::with(|say| say.is_ours, &[("address", address.as_str())]))
    } else {
        Ok(())
    }
}

fn check_field(policy: &Policy, ticket: &Ticket, id: &crate::FieldId, value: &str) -> Result<(), Refusal> {
    let fields = policy.types.get(&ticket.ticket_type).map_or(&[][..], |ticket_type| &ticket_type.fields);
    let Some(field) = fields.iter().find(|field| field.id == *id) else {
        return refuse(unknown(Noun::Field, id.as_str(), fields.iter().map(|field| field.id.as_str())));
    };
    // Any day serves: only whether it reads as a value is asked here.
    if crate::kind::normalise(field, value, jiff::civil::date(2000, 1, 1)).is_some() {
        return Ok(());
    }
    refuse(crate::command_work::no_value(field, value))
}
