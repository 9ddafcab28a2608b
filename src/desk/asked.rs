//! Questions of ours that a word of the requester answers: did it work for you, did the article solve it?
//!
//! A yes closes the ticket, a no leaves it to a person. The question is void once a person has answered since: a later yes
//! belongs to that answer.

use crate::change::Change;
use crate::courtesy::Courtesy;
use crate::help::{About, Asked, Verdict};
use crate::reply;
use crate::ticket::{Rating, Status, Ticket};

/// What the requester was asked and has not answered.
fn open(ticket: &Ticket) -> Option<&Asked> {
    let asked = ticket.help.asked.as_ref().filter(|_| ticket.status.is_active())?;
    let is_since = |answered: &crate::ticket::Answered| answered.event != asked.event && answered.at >= asked.at;
    (!ticket.answered.as_ref().is_some_and(is_since)).then_some(asked)
}

/// The answer; `None` where the words are none. Thanks for an article that came with the acknowledgement say nothing of it.
fn verdict(about: &About, said: Option<Courtesy>) -> Option<bool> {
    match (about, said?) {
        (_, Courtesy::Yes | Courtesy::Good) | (About::Issue(_), Courtesy::Thanks) => Some(true),
        (_, Courtesy::No | Courtesy::Bad) => Some(false),
        (About::Article(_), Courtesy::Thanks) | (_, Courtesy::Stop | Courtesy::Status) => None,
    }
}

/// The words close the ticket, so that nobody owes an answer to them.
pub(crate) fn is_yes(ticket: &Ticket, said: Option<Courtesy>) -> bool {
    open(ticket).is_some_and(|asked| verdict(&asked.about, said) == Some(true))
}

/// What follows from the requester's words. True if they closed the ticket.
pub(crate) fn answered(change: &mut Change<'_>, said: Option<Courtesy>, by: &str) -> bool {
    if matches!(said, Some(Courtesy::Stop | Courtesy::Status)) {
        return false;
    }
    let asked = open(change.before).cloned();
    change.ticket.help.asked = None;
    let Some(Asked { about, .. }) = asked else { return false };
    match (verdict(&about, said), &about) {
        (Some(true), About::Issue(id)) => close(change, by, &format!("issue {id} is solved for them")),
        (Some(true), About::Article(id)) => {
            note(change, id, Verdict::Solved);
            change.tell("article_solved", by, id.clone());
            change.ticket.closing.entry("cause".to_owned()).or_insert_with(|| format!("article {id}"));
            change.ticket.closing.entry("article".to_owned()).or_insert_with(|| id.clone());
            close(change, by, &format!("article {id}"));
            if said == Some(Courtesy::Good) {
                reply::rate(change, Rating::Good, by);
            }
        }
        (Some(false), About::Issue(id)) => {
            change.tell("issue_not_solved", by, id.clone());
            change.ticket.closing.remove("cause");
        }
        (Some(false), About::Article(id)) => {
            note(change, id, Verdict::Refused);
            change.tell("article_refused", by, id.clone());
        }
        (None, _) => {}
    }
    !change.ticket.status.is_active()
}

fn note(change: &mut Change<'_>, id: &str, verdict: Verdict) {
    if let Some(offer) = change.ticket.help.offers.iter_mut().rev().find(|offer| offer.id == id) {
        offer.said = Some(verdict);
    }
}

/// Whoever ends it with their own word is not told that we believe it solved, nor asked whether it is.
fn close(change: &mut Change<'_>, by: &str, why: &str) {
    let from = change.before.status.as_str();
    change.tell("solved", by, format!("{from} → solved: {why}"));
    change.ticket.status = Status::Solved;
    change.ticket.solved_at = Some(change.at());
    change.ticket.snoozed_until = None;
}
