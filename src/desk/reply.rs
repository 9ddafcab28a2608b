//! What follows from an answer of the customer besides the conversation: short answers that mean one thing, steps that
//! waited for it, ratings, the question where it stands.

use crate::arrival::{Incoming, excerpt};
use crate::change::Change;
use crate::courtesy::Courtesy;
use crate::decision::MessageEntry;
use crate::effect::Effect;
use crate::policy::Policy;
use crate::process;
use crate::ticket::{Answered, Rating, Status, Ticket};
use crate::{asked, fill_in, standing, withdrawal};

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

/// Whether the requester's word, which is the last one then, makes an answer needless that is being written.
pub(crate) fn read_withdrawal(mail: &mut Incoming<'_>, next: &mut Ticket, said: Option<Courtesy>) {
    if mail.sender.address.folded() != next.requester.address.folded() {
        return;
    }
    let is_over = asked::is_yes(next, said) || withdrawal::needs_no_answer(mail.message());
    if is_over {
        mail.trace("said", "over", "no answer is needed any more");
    }
    next.withdrawn = is_over.then(|| Answered {
        rev: next.rev,
        by: mail.sender.address.to_string(),
        at: mail.event.at,
        event: mail.event.id,
        excerpt: excerpt(mail.message()),
    });
}

/// What an answer brings about.
pub(crate) fn follow(change: &mut Change<'_>, said: Option<Courtesy>, message: &MessageEntry) {
    let by = change.ticket.requester.address.to_string();
    let by = if message.from.contains(&by) { by } else { message.from.clone() };
    let was = change.before.status;
    if asked::answered(change, said, &by) {
        return;
    }
    match said {
        Some(Courtesy::Stop) => {
            let address = change.ticket.requester.address.folded();
            change.tell("stopped", &by, "no automatic mail any more");
            change.effects.push(Effect::Suppress { address, reason: "asked us to stop".to_owned(), until: None });
            return;
        }
        Some(Courtesy::Status) => return standing::tell(change, &by),
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
    // What nobody vouches for is kept, and not sent to anybody.
    let asked = change.ticket.asked.iter().filter(|_| !message.unproven);
    let noted: Vec<crate::FieldId> = asked.filter(filled).cloned().collect();
    fill_in::follow(change, &noted);
}

pub(crate) fn rate(change: &mut Change<'_>, rating: Rating, by: &str) {
    change.ticket.rating = Some(rating);
    change.tell("rated", by, if rating == Rating::Good { "good: solved" } else { "bad: not solved" });
}
