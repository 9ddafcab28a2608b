//! Automatic mail to a customer about their ticket: nudges, closing, check-in, status, what was noted.

use jiff::Timestamp;
use mail::compose::{ExtraHeader, Letter};
use mail::{HeaderText, Mailbox, ReturnPath};
use serde::Serialize;

use crate::act;
use crate::change::Change;
use crate::decision::{Direction, MessageEntry};
use crate::effect::{Effect, Purpose, SendClass};
use crate::envelope::marks;
use crate::follow_up;
use crate::ids::EffectId;
use crate::letter;
use crate::policy::Inbox;
use crate::template::{TemplateProblem, html_of};

/// Characters of an earlier answer that are repeated.
const QUESTION_CHARACTERS_MAX: usize = 1_500;

/// What a text can say besides who it is from and about what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    /// What we asked last.
    pub(crate) question: Option<String>,
    /// When it will be closed.
    pub(crate) closes_at: Option<Timestamp>,
    /// What was done, in one sentence.
    pub(crate) done: Option<String>,
    /// Asks what they thought.
    pub(crate) asks_rating: bool,
    /// Closed since nobody answered.
    pub(crate) by_silence: bool,
    /// Where it stands, a sentence each.
    pub(crate) lines: Vec<String>,
    /// There are private inboxes, whose requests no list names.
    pub(crate) unlisted: bool,
    /// There are older ones that the list does not name.
    pub(crate) older: bool,
    /// Values that were noted, `question: value`.
    pub(crate) noted: Vec<String>,
    /// It follows an agent's act, which can be undone for a moment.
    pub(crate) undoable: bool,
    /// What is still to be known.
    pub(crate) questions: Vec<String>,
    /// When they were promised to hear from us, and when they will.
    pub(crate) promised: Option<(Timestamp, Timestamp)>,
    /// When a vendor will be done.
    pub(crate) vendor_date: Option<VendorDate>,
    /// What a known issue is called.
    pub(crate) issue: Option<String>,
    /// Words of a person to everybody whom it concerns.
    pub(crate) words: Option<String>,
}

/// A vendor's date.
#[derive(Clone, Debug)]
pub(crate) struct VendorDate {
    /// Who.
    pub(crate) vendor: String,
    /// The date that the requester knows.
    pub(crate) before: Option<Timestamp>,
    /// The new one.
    pub(crate) expected_at: Timestamp,
}

#[derive(Serialize)]
struct Context {
    vendor: Option<String>,
    name: Option<String>,
    reference: String,
    question: Option<String>,
    closes: Option<String>,
    done: Option<String>,
    rating: bool,
    by_silence: bool,
    lines: Vec<String>,
    unlisted: bool,
    older: bool,
    noted: Vec<String>,
    questions: Vec<String>,
    promised: Option<String>,
    new_time: Option<String>,
    issue: Option<String>,
    words: Option<String>,
    reopen_days: i64,
    signature: String,
}

/// Sends a text to the requester, unless automatic mail to them is stopped. True if it goes out.
pub(crate) fn send(change: &mut Change<'_>, template: &str, text: &Text) -> bool {
    if let Some(why) = stopped(change) {
        change.trace("automatic mail", "no", format!("{template}: {why}"));
        return false;
    }
    let Some(inbox) = change.policy.inboxes.get(&change.ticket.inbox) else {
        change.trace("automatic mail", "no", "the ticket's inbox is no longer configured");
        return false;
    };
    match compose(change, inbox, template, text) {
        Ok((send, entry)) => {
            change.trace("automatic mail", "yes", format!("template {template}, to {}", send.to));
            change.message.get_or_insert(entry);
            let id = send.message_id.clone();
            change.effects.push(Effect::Send(Box::new(send)));
            letter::push_reference(&mut change.ticket.references, id);
            true
        }
        Err(problem) => {
            let what = format!("template {}.{}: {}", problem.name, problem.language, problem.what);
            change.trace("automatic mail", "no", what.clone());
            change.effects.push(Effect::Notify { to: "operator".to_owned(), text: what });
            false
        }
    }
}

/// Why nothing automatic goes to the requester.
pub(crate) fn stopped(change: &Change<'_>) -> Option<String> {
    let (policy, ticket) = (change.policy, &change.ticket);
    let address = &ticket.requester.address;
    if let Some(reason) = &change.event.around.suppressed {
        return Some(reason.clone());
    }
    if ticket.muted_until.is_some_and(|until| until > change.at()) {
        return Some("the ticket is muted".to_owned());
    }
    if crate::sender::is_unknown(address) {
        return Some("the mail named no sender".to_owned());
    }
    // A colleague who asks another team is a requester like any other.
    let works_on_it = |agent: &crate::policy::Agent| crate::agent_mail::works_on(policy, ticket, &agent.name);
    if policy.own_addresses.contains(&address.without_detail()) || policy.agent_by_address(address).is_some_and(works_on_it) {
        return Some("the requester is one of us".to_owned());
    }
    // Nobody proved that the mail was theirs, and no person has answered it since: it may be somebody else's address.
    if !ticket.requester.proven && ticket.answered.is_none() {
        return Some("the requester is not proven".to_owned());
    }
    None
}

fn compose(
    change: &Change<'_>,
    inbox: &Inbox,
    template: &str,
    text: &Text,
) -> Result<(crate::effect::Send, MessageEntry), TemplateProblem> {
    let (policy, ticket) = (change.policy, &change.ticket);
    let languages = letter::languages(policy, ticket);
    let language = languages.first().copied().unwrap_or("en").to_owned();
    let zone = follow_up::zone(policy, ticket);
    let question = text.question.as_ref().filter(|_| !ticket.private);
    let day = |at: Timestamp| letter::civil_day(&at.to_zoned(zone.clone()), &language);
    let time = |at: Timestamp| letter::civil_time(&at.to_zoned(zone.clone()), &language, ticket.utc_offset_minutes.is_some());
    let context = Context {
        name: letter::greeting_name(&ticket.requester.name).filter(|_| !ticket.private),
        reference: policy.reference(ticket.no),
        question: question.map(|question| question.chars().take(QUESTION_CHARACTERS_MAX).collect()),
        closes: text.closes_at.map(day),
        done: text.done.clone().filter(|_| !ticket.private),
        rating: text.asks_rating,
        by_silence: text.by_silence,
        lines: text.lines.clone(),
        unlisted: text.unlisted,
        older: text.older,
        noted: text.noted.clone(),
        questions: text.questions.clone(),
        vendor: text.vendor_date.as_ref().map(|date| date.vendor.clone()),
        promised: text.promised.map(|(until, _)| time(until)).or(text.vendor_date.as_ref().and_then(|date| date.before).map(day)),
        new_time: text.promised.map(|(_, next)| time(next)).or(text.vendor_date.as_ref().map(|date| day(date.expected_at))),
        issue: text.issue.clone(),
        words: text.words.clone(),
        reopen_days: policy.reopen_within.as_hours() / 24,
        signature: inbox.label.clone(),
    };
    let (language, rendered) = policy.templates.render(template, &languages, &context)?;
    let id = EffectId::new(change.event.id, change.effects.len());
    let mut send = letter::envelope(policy, ticket, inbox, id, Purpose::FollowUp);
    send.class = SendClass::AtMostOnce;
    let undo_send = policy.agent_mail.as_ref().filter(|_| text.undoable).map(|desk| desk.undo_send);
    send.not_before = undo_send.and_then(|wait| change.at().checked_add(wait).ok());
    if text.vendor_date.is_some() {
        // Whenever the vendor writes, the requester hears of it in their own day.
        send.not_before = follow_up::in_hours(policy, ticket, change.at());
    }
    send.envelope_from = ReturnPath::Address(letter::bounce_address(policy, ticket.no, &inbox.address, id));
    let mut extra = marks(policy, &send.message_id, Some("auto-generated"));
    extra.push(unsubscribe(inbox));
    send.letter = Some(Box::new(Letter {
        from: Mailbox { name: Some(inbox.label.clone()), address: inbox.address.clone() },
        to: letter::named(ticket, send.to.clone()),
        cc: Vec::new(),
        reply_to: None,
        subject: HeaderText::new(&send.subject),
        message_id: send.message_id.clone(),
        in_reply_to: ticket.last_in.clone(),
        references: letter::references(ticket),
        date_unix_seconds: change.at().as_second(),
        extra,
        boundary_seed: send.message_id.to_string(),
        attachments: Vec::new(),
        html: Some(html_of(&rendered.text, &language)),
        text: rendered.text.clone(),
    }));
    let entry = MessageEntry {
        direction: Direction::Out,
        from: inbox.address.to_string(),
        to: vec![send.to.to_string()],
        subject: send.subject.clone(),
        message_id: Some(send.message_id.clone()),
        in_reply_to: ticket.last_in.clone(),
        ..act::blank(change.event, &crate::event::Actor::Operator, &rendered.text)
    };
    Ok((send, entry))
}

/// RFC 2369 §3.2: a mail of one word stops it. The form for a press without a mail (RFC 8058) needs a page that is served.
fn unsubscribe(inbox: &Inbox) -> ExtraHeader {
    let value = format!("<mailto:{}?subject=STOP>", inbox.address);
    crate::envelope::extra([("List-Unsubscribe", value.as_str())]).remove(0)
}
