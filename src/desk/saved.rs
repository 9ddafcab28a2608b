//! Saved answers: texts of the operator that agents send by name, `#send NAME`.
//!
//! Each is a template `answer-NAME.txt`, so that it has languages, is linted with the others, and can say the requester's
//! name. It goes out as the agent's own answer; words of the same mail stand above it.

use serde::Serialize;

use crate::act;
use crate::agent_page::fill_text;
use crate::change::Change;
use crate::command::Command;
use crate::event::Actor;
use crate::letter::{self, Words};
use crate::mistake::{close, nearest, unknown};
use crate::policy::{Agent, Policy};
use crate::remark::Remark;
use crate::ticket::Ticket;
use crate::wrong_words::Noun;

/// What a saved answer can say.
#[derive(Serialize)]
struct AnswerContext<'a> {
    name: Option<String>,
    alone: bool,
    reference: String,
    subject: &'a str,
    agent: Option<&'a str>,
    inbox: Option<&'a str>,
    company: &'a str,
}

/// Its text for a ticket; with what greets where it stands `alone`.
///
/// # Errors
/// There is none of that name, or it cannot be written, in words.
pub(crate) fn text(policy: &Policy, ticket: &Ticket, agent: Option<&Agent>, name: &str, alone: bool) -> Result<String, Remark> {
    let all = policy.templates.saved_answers();
    if !all.contains(name) {
        let known = || all.iter().map(String::as_str);
        return Err(match (nearest(name, known()), all.is_empty()) {
            (Some(near), _) => close(Noun::SavedAnswer, name, near),
            (None, true) => {
                Remark::each(|say| fill_text(say.no_saved, &[("word", name)]) + &fill_text(say.saved_would_be, &[("name", name)]))
            }
            (None, false) => unknown(Noun::SavedAnswer, name, known()),
        });
    }
    let context = AnswerContext {
        name: letter::greeting_name(&ticket.requester.name),
        alone,
        reference: policy.reference(ticket.no),
        subject: &ticket.subject,
        agent: agent.map(|agent| agent.label.as_str()),
        inbox: policy.inboxes.get(&ticket.inbox).map(|inbox| inbox.label.as_str()),
        company: &policy.company.name,
    };
    let rendered = policy.templates.render(&format!("answer-{name}"), &letter::languages(policy, ticket), &context);
    let text = rendered.map(|(_, rendered)| rendered.text);
    let text = text.map_err(|problem| {
        let values = [("name", problem.name.as_str()), ("what", problem.what.as_str())];
        Remark::with(|say| say.saved_template, &values)
    })?;
    let is_empty = text.trim().is_empty();
    if is_empty { Err(Remark::with(|say| say.saved_empty, &[("name", name)])) } else { Ok(text) }
}

/// Sends it as the answer of whoever says so. Words of the same mail have taken it along.
pub(crate) fn send(change: &mut Change<'_>, by: &Actor, name: &str) {
    if !change.history.iter().any(|line| line.kind == "answered") {
        let agent = by.agent().and_then(|agent| change.policy.agents.get(agent));
        match text(change.policy, &change.ticket, agent, name, true) {
            Ok(text) => act::carry_out(change, by, &Command::Reply { text: text.clone() }, Some(&Words::plain(&text))),
            Err(why) => return change.trace("command", "nothing", why.to_string()),
        }
    }
    if change.history.iter().any(|line| line.kind == "answered") {
        change.tell("saved_answer_sent", &by.label(), name);
    }
}
