//! What follows from an answer of the customer besides the conversation: short answers that mean one thing, steps that
//! waited for it, ratings, the question where it stands.

use crate::change::Change;
use crate::courtesy::Courtesy;
use crate::customer_mail::{self, Text};
use crate::effect::Effect;
use crate::event::MessageEntry;
use crate::ledger::Party;
use crate::policy::Policy;
use crate::process;
use crate::ticket::{Rating, Status};
use crate::{field, fill_in, follow_up, ledger, letter};

/// Whether an answer leaves the ticket as it is: nobody owes a word because of it.
pub(crate) fn is_settled(said: Option<Courtesy>, status: Status, policy: &Policy) -> bool {
    let is_over = status == Status::Solved;
    match said {
        Some(Courtesy::Stop | Courtesy::Status) => true,
        Some(Courtesy::Thanks) => {
            policy.follow_up.thanks_keeps_closed && matches!(status, Status::Solved | Status::Pending | Status::OnHold)
        }
        Some(Courtesy::Good | Courtesy::Yes) => is_over,
        Some(Courtesy::Bad | Courtesy::No) | None => false,
    }
}

/// What an answer brings about.
pub(crate) fn follow(change: &mut Change<'_>, said: Option<Courtesy>, message: &MessageEntry) {
    let by = change.ticket.requester.address.to_string();
    let by = if message.from.contains(&by) { by } else { message.from.clone() };
    let was = change.before.status;
    match said {
        Some(Courtesy::Stop) => {
            let address = change.ticket.requester.address.folded();
            change.tell("stopped", &by, "no automatic mail any more");
            change.effects.push(Effect::Suppress { address, reason: "asked us to stop".to_owned(), until: None });
            return;
        }
        Some(Courtesy::Status) => return tell_status(change, &by),
        Some(Courtesy::Thanks) if was == Status::Solved => change.tell("thanked", &by, "it stays solved"),
        Some(Courtesy::Thanks) => change.tell("thanked", &by, "nothing else was said"),
        Some(Courtesy::Good | Courtesy::Yes) if was == Status::Solved => rate(change, Rating::Good, &by),
        Some(Courtesy::Bad | Courtesy::No) if was == Status::Solved => rate(change, Rating::Bad, &by),
        Some(Courtesy::Good | Courtesy::Yes | Courtesy::Bad | Courtesy::No) | None => {}
    }
    if was == Status::Pending || matches!(said, Some(Courtesy::Yes | Courtesy::No)) {
        process::customer_answered(change, said, &by);
    }
    process::advance(change);
    let filled = |id: &&crate::FieldId| {
        change.ticket.fields.get(*id).is_some_and(|value| value.valid)
            && !change.before.fields.get(*id).is_some_and(|value| value.valid)
    };
    let noted: Vec<crate::FieldId> = change.ticket.asked.iter().filter(filled).cloned().collect();
    fill_in::follow(change, &noted);
}

fn rate(change: &mut Change<'_>, rating: Rating, by: &str) {
    change.ticket.rating = Some(rating);
    change.tell("rated", by, if rating == Rating::Good { "good: solved" } else { "bad: not solved" });
}

/// Answers the question where it stands, in plain words and with nothing that stays inside.
fn tell_status(change: &mut Change<'_>, by: &str) {
    if change.ticket.private {
        return change.trace("status", "no", "the inbox is private");
    }
    let text = Text { lines: status_lines(change), ..Text::default() };
    change.message = None;
    if customer_mail::send(change, "status", &text) {
        change.tell("status_told", by, change.ticket.requester.address.to_string());
    }
}

fn status_lines(change: &Change<'_>) -> Vec<String> {
    let (policy, ticket) = (change.policy, &change.ticket);
    let is_german = letter::languages(policy, ticket).first().is_some_and(|language| language.starts_with("de"));
    let zone = follow_up::zone(policy, ticket);
    let when = |at: jiff::Timestamp| letter::civil_day(&at.to_zoned(zone.clone()), if is_german { "de" } else { "en" });
    let vendor = ticket.side_threads.iter().find(|(_, thread)| thread.asked_at.is_some()).map(|(name, _)| name);
    let vendor = vendor.and_then(|name| policy.vendors.get(name)).map_or("", |vendor| vendor.label.as_str());
    let mut lines = Vec::new();
    lines.push(match (ticket.status, ledger::owed_by(ticket), is_german) {
        (Status::Solved | Status::Closed, _, false) => "It is solved. Answer this mail if it is not.".to_owned(),
        (Status::Solved | Status::Closed, _, true) => "Es ist gelöst. Antworten Sie, falls nicht.".to_owned(),
        (_, Party::Requester, false) => "We wait for your answer.".to_owned(),
        (_, Party::Requester, true) => "Wir warten auf Ihre Antwort.".to_owned(),
        (_, Party::Vendor, false) => format!("We wait for {vendor}."),
        (_, Party::Vendor, true) => format!("Wir warten auf {vendor}."),
        (_, Party::Us | Party::Closed | Party::Nobody, false) => "We are working on it.".to_owned(),
        (_, Party::Us | Party::Closed | Party::Nobody, true) => "Wir arbeiten daran.".to_owned(),
    });
    let due = [&ticket.first_response, &ticket.next_response].into_iter().find(|clock| clock.met_at.is_none());
    if let Some(due) = due.and_then(|clock| clock.due_at).filter(|due| *due > change.at()) {
        let day = when(due);
        lines.push(if is_german { format!("Sie hören von uns bis {day}.") } else { format!("You hear from us by {day}.") });
    }
    let steps = process::steps_of(policy, ticket);
    if !steps.is_empty() {
        let ended = ticket.steps.iter().filter(|state| state.ended.is_some()).count();
        let count = steps.len();
        lines.push(match (ticket.step(), is_german) {
            (Some(step), false) => format!("Step {} of {count}: {}.", (ended + 1).min(count), field::fold(&step.id)),
            (Some(step), true) => format!("Schritt {} von {count}: {}.", (ended + 1).min(count), field::fold(&step.id)),
            (None, false) => format!("{ended} of {count} steps are done."),
            (None, true) => format!("{ended} von {count} Schritten sind erledigt."),
        });
    }
    lines
}
