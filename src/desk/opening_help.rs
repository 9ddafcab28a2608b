//! What a new ticket has in common with what is known: issues of which it is a case, articles that may solve it.

use crate::arrival::Incoming;
use crate::article::{self, Article};
use crate::decide::entry;
use crate::decision::HistoryEntry;
use crate::ticket::{Status, Ticket};
use crate::{gist, issue, opening};

/// Finds the issue and the articles. Returns the article that the acknowledgement may name: none where the issue is known
/// already.
pub(crate) fn look_up<'a>(mail: &mut Incoming<'a>, ticket: &mut Ticket, history: &mut Vec<HistoryEntry>) -> Option<&'a Article> {
    let policy = mail.policy;
    let text = &*mail.message().reply.told();
    ticket.help.gist = gist::of_mail(&ticket.subject, text);
    let issues = &mail.event.around.issues;
    let has_issues = !policy.knowledge.issues.is_empty() || !issues.states.is_empty();
    let found = if has_issues { issue::matching(policy, issues, &opening::view(mail, ticket)) } else { None };
    if let Some(case) = &found {
        mail.trace("issue", case.id.clone(), case.why.clone());
        let mut line = entry(mail.event, "issue_linked", "frontdesk", format!("{}: {}", case.id, case.why));
        line.rule = case.line.map(|line| (case.id.clone(), line));
        history.push(line);
        ticket.known_issue = Some(case.id.clone());
        // Whoever works on the issue has its cases, unless a rule has named somebody.
        if ticket.owner.is_none() && case.owner.is_some() {
            ticket.owner.clone_from(&case.owner);
        }
    } else if has_issues {
        mail.trace("issue", "no", "it is no case of a known one");
    }
    let (suggested, maybe) = article::suggest(policy, ticket, text);
    for one in &suggested {
        mail.trace("article", one.id.clone(), format!("has {}", one.because));
    }
    ticket.help.suggested = suggested;
    maybe.filter(|_| found.is_none())
}

/// The requester was told by the acknowledgement: a case of an issue waits on it, and an article may be said to have helped.
/// Who was told nothing is answered by a person.
pub(crate) fn told(mail: &mut Incoming<'_>, ticket: &mut Ticket, maybe: Option<&Article>, history: &mut Vec<HistoryEntry>) {
    if let Some(issue) = &ticket.known_issue {
        history.push(entry(mail.event, "waits", "frontdesk", format!("new → on_hold: on issue {issue}")));
        mail.trace("issue", "waits", format!("until {issue} is solved"));
        ticket.status = Status::OnHold;
    }
    if let Some(article) = maybe {
        history.push(entry(mail.event, "article_offered", "frontdesk", format!("{} {}", article.id, article.title)));
        article::note_offer(ticket, &article.id, "frontdesk", mail.event);
    }
}
