//! The JSON shapes of the command line: stable, additions allowed.

use desk::decision::{MessageEntry, REDACTED, newest_messages, redacted};
use desk::effect::OutboxRow;
use desk::{Effect, Policy, Ticket};
use serde_json::{Map, Value, json};

use crate::store::{Decided, HeldItem};

/// A ticket without its messages and history, as `ticket list` prints it.
#[must_use]
pub fn ticket(policy: &Policy, ticket: &Ticket) -> Map<String, Value> {
    let fields: Map<String, Value> = ticket
        .fields
        .iter()
        .map(|(id, field)| {
            let value = json!({ "value": field.value, "from": field.from, "span": field.span, "valid": field.valid });
            (id.0.clone(), value)
        })
        .collect();
    let links: Vec<Value> =
        ticket.links.iter().map(|link| json!({ "kind": link.kind, "ref": policy.reference(link.ticket) })).collect();
    let clock = |clock: &desk::ticket::Clock| json!({ "started_at": clock.started_at, "due_at": clock.due_at, "met_at": clock.met_at, "breached": clock.breached });
    let mut clocks = Map::from_iter([("first_response".to_owned(), clock(&ticket.first_response))]);
    for (name, other) in [("next_response", &ticket.next_response), ("resolution", &ticket.resolution)] {
        if other.started_at.is_some() && (other.due_at.is_some() || name == "next_response") {
            clocks.insert(name.to_owned(), clock(other));
        }
    }
    let step = |state: &desk::ticket::StepState| {
        json!({
            "id": state.id, "due_at": state.clock.due_at, "owner": state.owner, "done": state.done, "ended": state.ended,
            "entered_at": state.clock.started_at,
        })
    };
    let ledger: Map<String, Value> = ticket
        .ledger
        .shares()
        .into_iter()
        .map(|(party, time)| (format!("{}_seconds", party.as_str()), json!(time.as_secs())))
        .collect();
    let value = json!({
        "ref": policy.reference(ticket.no),
        "subject": ticket.subject,
        "status": ticket.status,
        "type": ticket.ticket_type,
        "team": ticket.team,
        "owner": ticket.owner,
        "priority": ticket.priority,
        "tags": ticket.tags,
        "requester": {
            "name": ticket.requester.name, "address": ticket.requester.address, "proven": ticket.requester.proven,
        },
        "participants": ticket.participants,
        "waiting": ticket.waiting,
        "inbox": ticket.inbox,
        "language": ticket.language,
        "fields": fields,
        "missing": ticket.missing,
        "vendor": ticket.vendor,
        "step": ticket.step().map(step),
        "steps": ticket.steps.iter().map(step).collect::<Vec<_>>(),
        "clocks": clocks,
        "ledger": ledger,
        "timers": ticket.timers,
        "rating": ticket.rating,
        "known_issue": ticket.known_issue,
        "articles": { "suggested": ticket.help.suggested, "offered": ticket.help.offers },
        "closing": ticket.closing,
        "snoozed_until": ticket.snoozed_until,
        "solved_at": ticket.solved_at,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "links": links,
        "hold": ticket.hold,
    });
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// A ticket with its messages and history, as `ticket show` prints it.
#[must_use]
pub fn ticket_whole(policy: &Policy, shown: &Ticket, decisions: &[Decided]) -> Value {
    let mut map = ticket(policy, shown);
    let all = || decisions.iter().map(|decided| &decided.decision);
    let messages: Vec<Value> = newest_messages(all()).into_iter().map(message).collect();
    let redacted = redacted(all());
    let mut history: Vec<Value> = Vec::new();
    for decided in decisions {
        let is_redaction = decided.decision.history.iter().any(|line| line.kind == REDACTED);
        let is_redacted = !is_redaction && decided.decision.messages().any(|message| redacted.contains(&message.id));
        history.extend(decided.decision.history.iter().map(|entry| {
            let rule = entry.rule.as_ref().map(|(name, line)| json!({ "name": name, "line": line }));
            // These lines begin with what was written.
            let quotes = is_redacted && (entry.kind == "answered" || entry.kind.ends_with("_wrote"));
            let what = if quotes { "(redacted)" } else { &entry.what };
            json!({ "at": entry.at, "kind": entry.kind, "by": entry.by, "what": what, "rule": rule })
        }));
    }
    map.insert("messages".to_owned(), Value::Array(messages));
    map.insert("history".to_owned(), Value::Array(history));
    Value::Object(map)
}

/// One message.
#[must_use]
pub fn message(message: &MessageEntry) -> Value {
    let attachments: Vec<Value> = message
        .attachments
        .iter()
        .map(|file| json!({ "name": file.name, "bytes": file.bytes, "type": file.content_type }))
        .collect();
    json!({
        "id": message.id,
        "direction": message.direction,
        "from": message.from,
        "to": message.to,
        "subject": message.subject,
        "text": message.text,
        "cut": message.cut,
        "signature": message.signature,
        "message_id": message.message_id,
        "in_reply_to": message.in_reply_to,
        "attachments": attachments,
        "machine": message.machine,
        "unproven": message.unproven,
        "held": message.held,
        "at": message.at,
        "raw": message.raw,
    })
}

/// One outgoing mail.
#[must_use]
pub fn outbox_row(policy: &Policy, row: &OutboxRow) -> Value {
    json!({
        "id": row.id,
        "ticket": policy.reference(row.ticket),
        "to": row.to,
        "kind": row.purpose.as_str(),
        "state": row.phase.as_str(),
        "attempts": row.attempts,
        "next_at": row.next_at,
        "message_id": row.message_id,
        "account": row.account,
        "reply": row.last_reply,
    })
}

/// Something that waits for a person.
#[must_use]
pub fn held(policy: &Policy, item: &HeldItem) -> Value {
    json!({
        "id": item.event,
        "ticket": item.ticket.map(|no| policy.reference(no)),
        "from": item.from,
        "subject": item.subject,
        "why": item.why,
        "raw": item.raw,
        "at": item.at,
    })
}

/// The trace and result of a decision, as `explain --json` prints it.
#[must_use]
pub fn explanation(policy: &Policy, decided: &Decided) -> Value {
    let sends: Vec<Value> = decided
        .decision
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(send) => Some(json!({ "to": send.to, "kind": send.purpose.as_str(), "subject": send.subject })),
            Effect::Suppress { .. }
            | Effect::AskedRating { .. }
            | Effect::Issue { .. }
            | Effect::Broadcast { .. }
            | Effect::Recall { .. }
            | Effect::Agent { .. }
            | Effect::Notify { .. } => None,
        })
        .collect();
    let result = decided.decision.ticket.as_ref().map(|shown| Value::Object(ticket(policy, shown)));
    let outcome = decided.decision.outcome.as_str();
    json!({ "trace": decided.decision.trace, "result": result, "sends": sends, "outcome": outcome, "event": decided.event })
}
