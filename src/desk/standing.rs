//! Where a ticket stands, in plain words for its requester: whose turn it is, when they hear from us, which steps are done.
//! Nothing that stays inside is said: no notes, no checklists, no names of agents.

use jiff::Timestamp;

use crate::arrival::Incoming;
use crate::change::Change;
use crate::customer_mail::{self, Text};
use crate::decision::{Decision, Outcome};
use crate::event::OwnTickets;
use crate::ids::TicketNo;
use crate::ledger::Party;
use crate::policy::Policy;
use crate::ticket::{Promised, StepEnd, Ticket};
use crate::{follow_up, ledger, letter, process};

/// Tickets in one list.
const LISTED_MAX: usize = 20;
/// Characters of a subject in a list.
const SUBJECT_CHARACTERS_MAX: usize = 60;

/// Answers the question where a ticket stands.
pub(crate) fn tell(change: &mut Change<'_>, by: &str) {
    if change.ticket.private {
        return change.trace("status", "no", "the inbox is private");
    }
    let standing = Standing::of(change.policy, &change.ticket, change.at());
    let text = Text { lines: standing.lines(), ..Text::default() };
    change.message = None;
    if customer_mail::send(change, "status", &text) {
        change.tell("status_told", by, change.ticket.requester.address.to_string());
        if let (Some(until), None) = (standing.due, &change.ticket.promised) {
            change.ticket.promised = Some(Promised { until, renewals: 0 });
        }
    }
}

/// Answers somebody who asks, in a mail of its own, where everything of theirs stands: their own open tickets, and of no
/// private inbox. `None` if no answer can be sent; then the mail is one like any other.
pub(crate) fn list(mail: &mut Incoming<'_>, own: &OwnTickets) -> Option<Decision> {
    let (policy, event) = (mail.policy, mail.event);
    let mut asker = crate::opening::blank(mail);
    asker.no = TicketNo(0);
    // An answer to the list is a new request, so it has none of the marks of a ticket.
    let mut change = Change::new(policy, &asker, event);
    let mut shown: Vec<&Ticket> =
        own.tickets.iter().filter(|ticket| !ticket.private && ticket.status.is_active()).take(LISTED_MAX + 1).collect();
    let older = !own.is_all || shown.len() > LISTED_MAX;
    shown.truncate(LISTED_MAX);
    let lines = shown.into_iter().map(|ticket| {
        let standing = Standing::of(policy, ticket, event.at);
        let subject: String = ticket.subject.chars().take(SUBJECT_CHARACTERS_MAX).collect();
        format!("{} {subject}: {}", policy.reference(ticket.no), standing.in_short())
    });
    // Said to everybody, so that it tells nobody whether there is one.
    let unlisted = policy.inboxes.values().any(|inbox| inbox.private);
    let text = Text { lines: lines.collect(), unlisted, older, ..Text::default() };
    if !customer_mail::send(&mut change, "status-list", &text) {
        mail.lines.append(&mut change.trace);
        return None;
    }
    mail.trace("status", "told", format!("what is open for {}", asker.requester.address));
    mail.lines.append(&mut change.trace);
    let effects = std::mem::take(&mut change.effects);
    Some(Decision { effects, ..mail.ledger_line(Outcome::MachineLedger) })
}

/// What there is to say.
struct Standing {
    /// Whose turn it is.
    turn: String,
    /// When they hear from us.
    due: Option<Timestamp>,
    due_line: Option<String>,
    steps: Option<String>,
}

impl Standing {
    fn of(policy: &Policy, ticket: &Ticket, now: Timestamp) -> Self {
        let is_german = letter::languages(policy, ticket).first().is_some_and(|language| language.starts_with("de"));
        let language = if is_german { "de" } else { "en" };
        let zone = follow_up::zone(policy, ticket);
        let day = |at: Timestamp| letter::civil_day(&at.to_zoned(zone.clone()), language);
        let due = due(ticket).filter(|due| *due > now);
        let due_line = due
            .map(day)
            .map(|day| if is_german { format!("Sie hören von uns bis {day}.") } else { format!("You hear from us by {day}.") });
        Self { turn: turn(policy, ticket, is_german, day), due, due_line, steps: steps(policy, ticket, is_german) }
    }

    fn lines(&self) -> Vec<String> {
        [Some(self.turn.clone()), self.due_line.clone(), self.steps.clone()].into_iter().flatten().collect()
    }

    fn in_short(&self) -> String {
        [Some(self.turn.as_str()), self.due_line.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// When the next answer is owed: what they were told, where that is later than the target.
fn due(ticket: &Ticket) -> Option<Timestamp> {
    let clocks = [&ticket.first_response, &ticket.next_response];
    let owed = clocks.into_iter().find(|clock| clock.started_at.is_some() && clock.met_at.is_none())?;
    let promised = ticket.promised.as_ref().map(|promised| promised.until);
    owed.due_at.max(promised)
}

fn turn(policy: &Policy, ticket: &Ticket, is_german: bool, day: impl Fn(Timestamp) -> String) -> String {
    if !ticket.status.is_active() {
        let lines = ["It is solved. Answer this mail if it is not.", "Es ist gelöst. Antworten Sie, falls nicht."];
        return lines[usize::from(is_german)].to_owned();
    }
    let asked = ticket.side_threads.iter().find_map(|(name, thread)| Some((name, thread, thread.asked_at?)));
    match (ledger::owed_by(ticket), asked) {
        (Party::Requester, _) => ["We wait for your answer.", "Wir warten auf Ihre Antwort."][usize::from(is_german)].to_owned(),
        (Party::Vendor, Some((name, thread, since))) => {
            let label = policy.vendors.get(name).map_or(name.as_str(), |vendor| vendor.label.as_str());
            let since = day(since);
            match (thread.expected_at.map(&day), is_german) {
                (None, false) => format!("We wait for {label} since {since}."),
                (Some(until), false) => format!("{label} works on it and expects to be done by {until}."),
                (None, true) => format!("Wir warten seit {since} auf {label}."),
                (Some(until), true) => format!("{label} arbeitet daran und will bis {until} fertig sein."),
            }
        }
        _ => match (ticket.snoozed_until.map(day), is_german) {
            (None, false) => "We are working on it.".to_owned(),
            (Some(until), false) => format!("We go on with it on {until}."),
            (None, true) => "Wir arbeiten daran.".to_owned(),
            (Some(until), true) => format!("Wir machen am {until} damit weiter."),
        },
    }
}

/// `Done: understand. Now: diagnose. Next: confirm.`
fn steps(policy: &Policy, ticket: &Ticket, is_german: bool) -> Option<String> {
    let steps = process::steps_of(policy, ticket);
    let plain = |id: &str| id.replace(['-', '_'], " ");
    let ended = |id: &str| ticket.steps.iter().find(|state| state.id == id).map(|state| state.ended);
    let (mut done, mut now, mut next) = (Vec::new(), Vec::new(), Vec::new());
    for step in steps {
        match ended(&step.id) {
            Some(Some(StepEnd::Done)) => done.push(plain(&step.id)),
            // What was passed over is none of their business.
            Some(Some(StepEnd::Skipped | StepEnd::Rejected)) => {}
            Some(None) => now.push(plain(&step.id)),
            None => next.push(plain(&step.id)),
        }
    }
    let words = if is_german { ["Erledigt", "Jetzt", "Danach"] } else { ["Done", "Now", "Next"] };
    let said = words.into_iter().zip([done, now, next]).filter(|(_, steps)| !steps.is_empty());
    let said = said.map(|(word, steps)| format!("{word}: {}.", steps.join(", "))).collect::<Vec<_>>().join(" ");
    (!said.is_empty()).then_some(said)
}
