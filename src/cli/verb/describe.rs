//! `frontdesk describe`: the configuration in sentences, for people who do not read TOML. Made from what was compiled, so
//! it never says anything else than what happens.

use desk::policy::{Assign, Policy, Step, Then};
use desk::{Priority, TypeName};

use super::setup;
use crate::cli::args::Common;
use crate::cli::output::{Exit, Failure, Printer};
use crate::config::{write_length, write_span};

/// Does it.
///
/// # Errors
/// The configuration cannot be used.
pub fn describe(common: &Common, printer: &Printer) -> Result<Exit, Failure> {
    let setup = setup::load(&setup::config_path(common)?, printer, "Nothing was described.")?;
    let text = described(&setup.live.policy);
    if printer.json {
        printer.value(&serde_json::json!({ "text": text }));
    } else {
        printer.line(text.trim_end());
    }
    Ok(Exit::Good)
}

/// The whole as Markdown.
#[must_use]
pub fn described(policy: &Policy) -> String {
    let mut lines = vec![format!("# {}", policy.company.name), String::new()];
    for inbox in policy.inboxes.values() {
        lines.push(format!("## Mail to {}", inbox.address));
        let also: Vec<String> = inbox.also.iter().map(ToString::to_string).collect();
        if !also.is_empty() {
            lines.push(format!("Also reached as {}.", also.join(", ")));
        }
        lines.push(format!("It becomes a ticket of type `{}` for team `{}`.", inbox.ticket_type, inbox.team));
        lines.push(match &inbox.ack {
            Some(ack) => format!("The sender gets the text `{}` at once.", policy.templates.serving(ack)),
            None => "The sender gets no acknowledgement.".to_owned(),
        });
        if inbox.private {
            lines.push("Nothing of it stands in automatic mail.".to_owned());
        }
        lines.extend(promises(policy, inbox.sla.as_deref()));
        lines.push(String::new());
    }
    for name in policy.types.keys() {
        lines.extend(process(policy, name));
    }
    lines.extend(people(policy));
    lines.extend(rules(policy));
    lines.extend(follow_ups(policy));
    lines.join("\n")
}

fn promises(policy: &Policy, sla: Option<&str>) -> Vec<String> {
    let Some(sla) = sla.and_then(|name| policy.slas.get(name)) else { return vec!["Nothing is promised.".to_owned()] };
    let measures =
        [("a first answer", sla.first_response), ("each further answer", sla.next_response), ("the end", sla.resolution)];
    let in_words = |targets: [Option<desk::calendar::Span>; 4]| {
        let of = |priority: Priority| Some(format!("{} if {}", write_span(targets[priority as usize]?), priority.as_str()));
        Priority::ALL.into_iter().rev().filter_map(of).collect::<Vec<_>>().join(", ")
    };
    let lines = measures.into_iter().map(|(what, targets)| (what, in_words(targets))).filter(|(_, words)| !words.is_empty());
    lines.map(|(what, words)| format!("Promised for {what}: {words} (calendar `{}`).", sla.calendar)).collect()
}

fn process(policy: &Policy, name: &TypeName) -> Vec<String> {
    let kind = &policy.types[name];
    let mut lines = vec![format!("## {} (`{name}`)", kind.label)];
    let asked: Vec<String> = kind
        .fields
        .iter()
        .filter(|field| !field.agents_only)
        .map(|field| if field.required { format!("**{}**", field.ask) } else { field.ask.clone() })
        .collect();
    if !asked.is_empty() {
        lines.push(format!("Asked for: {} (bold: required).", asked.join(", ")));
    }
    for (number, step) in kind.steps.iter().enumerate() {
        lines.push(format!("{}. {}", number + 1, in_words(step)));
    }
    if !kind.close_asks.is_empty() {
        lines.push(format!("Closing asks for {}.", kind.close_asks.join(", ")));
    }
    lines.push(String::new());
    lines
}

fn in_words(step: &Step) -> String {
    let mut parts =
        vec![format!("`{}`: {}", step.id, if step.todo.is_empty() { "no checklist".to_owned() } else { step.todo.join("; ") })];
    parts.extend(step.within.map(|within| format!("within {}", write_span(within))));
    parts.extend(step.waits_on.as_ref().map(|who| format!("waits on {who}")));
    parts.extend(step.owner.as_ref().map(|who| format!("done by {who}")));
    parts.extend(step.team.as_ref().map(|who| format!("done by team {who}")));
    if step.by_other {
        parts.push("never by the ticket's owner".to_owned());
    }
    if !step.only_if.is_empty() {
        let fields: Vec<&str> = step.only_if.iter().map(|(field, _)| field.as_str()).collect();
        parts.push(format!("only if {} asks for it", fields.join(", ")));
    }
    if step.approve {
        parts.push("ends with done or reject".to_owned());
    }
    parts.join(", ")
}

fn people(policy: &Policy) -> Vec<String> {
    let mut lines = vec!["## People".to_owned()];
    for team in policy.teams.values() {
        let members: Vec<&str> = team.members.iter().map(desk::AgentName::as_str).collect();
        let how = match team.assign {
            Assign::LeastLoaded => "given to whoever has the fewest open tickets",
            Assign::RoundRobin => "given to one after the other",
            Assign::Pull => "for whoever takes them",
        };
        let most = team.max_open.map_or_else(String::new, |most| format!(", at most {most} each"));
        lines.push(format!("Team `{}`: {}. New tickets are {how}{most}.", team.name, members.join(", ")));
    }
    lines.push(String::new());
    lines
}

fn rules(policy: &Policy) -> Vec<String> {
    let rules = policy.rules.rules();
    if rules.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["## Rules, top to bottom".to_owned()];
    for (number, rule) in rules.iter().enumerate() {
        let when = if rule.on_reply { "on replies too" } else { "on new mail" };
        lines.push(format!("{}. {} (line {}, {when})", number + 1, rule.name, rule.line));
    }
    lines.push(String::new());
    lines
}

fn follow_ups(policy: &Policy) -> Vec<String> {
    let mut lines = vec!["## What happens by itself".to_owned()];
    for silent in &policy.follow_up.silent {
        let after = write_span(silent.after);
        lines.push(match &silent.then {
            Then::Send(text) => format!("- The customer is silent for {after}: the text `{}`.", policy.templates.serving(text)),
            Then::Close(reason) => format!("- The customer is silent for {after}: closed, {reason}."),
        });
    }
    if let Some(check_in) = &policy.follow_up.check_in {
        lines.push(format!(
            "- {} after closing: the text `{}`.",
            write_span(check_in.after),
            policy.templates.serving(&check_in.send)
        ));
    }
    lines.push(format!("- An answer within {} after closing reopens.", write_length(policy.reopen_within)));
    lines
}
