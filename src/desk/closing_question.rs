//! Closing questions of a type (`close_asks`): which are answered, which are open, which were waived.

use crate::change::Change;
use crate::command::{Closing, Command};
use crate::ids::AgentName;
use crate::policy::Policy;
use crate::process;
use crate::remark::Remark;
use crate::ticket::Ticket;

/// Answers that waive a question.
const WAIVED: [&str; 5] = ["-", "none", "waived", "keine", "n/a"];

/// The question needs no answer: somebody said so.
#[must_use]
pub fn is_waived(answer: &str) -> bool {
    WAIVED.iter().any(|word| word.eq_ignore_ascii_case(answer.trim()))
}

/// Nothing was solved that a cause could be asked of.
#[must_use]
pub fn is_exempt(ticket: &Ticket) -> bool {
    ticket.merged_into.is_some() || ticket.tags.contains("spam")
}

/// Questions of a solved or closed ticket that nobody has answered or waived.
#[must_use]
pub fn unanswered<'p>(policy: &'p Policy, ticket: &Ticket) -> Vec<&'p str> {
    if ticket.status.is_active() || is_exempt(ticket) {
        return Vec::new();
    }
    let asked = policy.types.get(&ticket.ticket_type).map_or(&[][..], |ticket_type| &ticket_type.close_asks);
    asked.iter().map(String::as_str).filter(|question| !ticket.closing.contains_key(*question)).collect()
}

/// Questions and steps that closing would leave open, where nobody has said why: asked about once.
#[must_use]
pub fn open_work(policy: &Policy, ticket: &Ticket, command: &Command) -> Option<Vec<Remark>> {
    let Command::Close(closing) = command else { return None };
    if closing.anyway.is_some() || !ticket.status.is_active() {
        return None;
    }
    let ticket_type = policy.types.get(&ticket.ticket_type)?;
    let required = ticket_type.fields.iter().filter(|field| field.required && ticket.missing.contains(&field.id));
    let steps = process::left_open(policy, ticket).map(|step| Remark::with(|say| say.open_step, &[("step", step)]));
    let open: Vec<Remark> = required.map(|field| Remark::plain(&field.ask)).chain(steps).collect();
    (!open.is_empty()).then_some(open)
}

/// The same as one text for lists.
#[must_use]
pub fn listed(open: &[Remark]) -> String {
    open.iter().map(Remark::to_string).collect::<Vec<_>>().join(", ")
}

/// Who is asked about them.
#[must_use]
pub fn lead<'p>(policy: &'p Policy, ticket: &Ticket) -> Option<&'p AgentName> {
    policy.teams.get(ticket.team.as_ref()?)?.lead.as_ref()
}

/// `close cause=…` on a ticket that is closed already answers its questions and does nothing else.
#[must_use]
pub fn is_answer(closing: &Closing) -> bool {
    !closing.answers.is_empty() && closing.reason.is_none() && closing.anyway.is_none()
}

/// Says which questions the closing leaves open, so that whoever closed it hears of them at once.
pub(crate) fn ask(change: &mut Change<'_>) {
    let open = unanswered(change.policy, &change.ticket).join(", ");
    if !open.is_empty() {
        change.tell("questions_open", "frontdesk", open);
    }
}

/// Writes the answers down.
pub(crate) fn answer(change: &mut Change<'_>, label: &str, closing: &Closing) {
    for (question, answer) in &closing.answers {
        let kind = if is_waived(answer) { "question_waived" } else { "question_answered" };
        change.tell(kind, label, format!("{question} = {answer}"));
        change.ticket.closing.insert(question.clone(), answer.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use crate::ticket::Status;

    #[test]
    fn a_question_is_open_until_it_is_answered_or_waived() {
        let mut policy = sample::policy();
        policy.types.get_mut(&"question".into()).expect("it is there").close_asks = vec!["cause".into(), "feature".into()];
        let mut ticket = sample::ticket();
        assert_eq!(unanswered(&policy, &ticket), Vec::<&str>::new(), "nobody is asked before it is closed");
        ticket.status = Status::Solved;
        assert_eq!(unanswered(&policy, &ticket), ["cause", "feature"]);
        ticket.closing.insert("cause".into(), "router".into());
        ticket.closing.insert("feature".into(), "-".into());
        assert_eq!(unanswered(&policy, &ticket), Vec::<&str>::new());
        ticket.closing.clear();
        ticket.tags.insert("spam".into());
        assert_eq!(unanswered(&policy, &ticket), Vec::<&str>::new());
        assert!(is_waived("None") && is_waived(" - ") && !is_waived("nonexistent"));
    }
}
