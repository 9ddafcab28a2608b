//! Acts on the work itself: steps, fields, type, priority, tags, time.

use std::collections::BTreeSet;

use crate::act::looked_at;
use crate::change::Change;
use crate::command::Command;
use crate::event::Actor;
use crate::ids::{FieldId, TypeName};
use crate::process;
use crate::ticket::{Priority, StepEnd};
use crate::{field, kind};

pub(crate) fn carry_out(change: &mut Change<'_>, by: &Actor, command: &Command) {
    let label = by.label();
    match command {
        Command::Done { items } => process::check_off(change, by, items, true),
        Command::Undone { items } => process::check_off(change, by, items, false),
        Command::Reject { because } => {
            if let Some(id) = process::meant(change.policy, &change.ticket, by.agent()).map(|state| state.id.clone()) {
                process::finish(change, &id, StepEnd::Rejected, &label, because);
            }
        }
        Command::Skip { item, because } => {
            change.tell("item_skipped", &label, format!("{item} because {because}"));
            process::check_off(change, by, &[*item], true);
        }
        Command::Step { id } => {
            process::jump(change, id, &label);
        }
        Command::Set { field, value } => set(change, &label, field, value),
        Command::ChangeType { to } => change_type(change, &label, to),
        Command::SetPriority { priority } => set_priority(change, &label, *priority),
        Command::Tag { add, remove } => tag(change, &label, add, remove),
        Command::Time { minutes } => {
            change.tell("worked", &label, format!("{minutes} minutes"));
            change.ticket.minutes = change.ticket.minutes.saturating_add(*minutes);
        }
        _ => return,
    }
    if !matches!(command, Command::Tag { .. } | Command::Time { .. }) {
        looked_at(change);
    }
}

fn set(change: &mut Change<'_>, label: &str, id: &FieldId, value: &str) {
    change.tell("field_set", label, format!("{id} = {value}"));
    let policy = change.policy;
    let today = change.at().to_zoned(policy.company.timezone.clone()).date();
    let ticket_type = policy.types.get(&change.ticket.ticket_type);
    let Some(known) = ticket_type.and_then(|ticket_type| ticket_type.fields.iter().find(|known| known.id == *id)) else { return };
    let value = field::read_value(known, value, "agent", None, today);
    change.ticket.missing.retain(|missing| missing != id);
    change.ticket.fields.insert(id.clone(), value);
    process::advance(change);
}

/// Fields of the same id are kept; the work restarts at the first step.
fn change_type(change: &mut Change<'_>, label: &str, to: &TypeName) {
    let from = change.ticket.ticket_type.clone();
    change.tell("type_changed", label, format!("{from} → {to}"));
    let Some(ticket_type) = change.policy.types.get(to) else { return };
    let today = change.at().to_zoned(change.policy.company.timezone.clone()).date();
    let next = &mut change.ticket;
    next.ticket_type = to.clone();
    next.fields.retain(|id, value| {
        let known = ticket_type.fields.iter().find(|field| field.id == *id);
        known.is_some_and(|field| kind::normalise(field, &value.value, today).is_some())
    });
    next.missing = field::missing(ticket_type, &next.fields);
    process::restart(change);
}

fn set_priority(change: &mut Change<'_>, label: &str, priority: Priority) {
    change.tell("priority_changed", label, format!("{} → {}", change.ticket.priority.as_str(), priority.as_str()));
    change.ticket.priority = priority;
}

fn tag(change: &mut Change<'_>, label: &str, add: &[String], remove: &[String]) {
    let what = add.iter().map(|tag| format!("+{tag}")).chain(remove.iter().map(|tag| format!("-{tag}")));
    change.tell("tagged", label, what.collect::<Vec<_>>().join(" "));
    change.ticket.tags.extend(add.iter().cloned());
    let removed: BTreeSet<&String> = remove.iter().collect();
    change.ticket.tags.retain(|tag| !removed.contains(tag));
}
