//! The mails that a decision sends, as letters ready to be composed.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use mail::compose::Letter;
use mail::{Address, HeaderText, Mailbox, Message, ReturnPath};
use serde::Serialize;

use crate::article::Article;
use crate::calendar::Span;
use crate::change::Change;
use crate::effect::{Enclosed, Purpose, Send, SendClass};
use crate::envelope::marks;
use crate::event::Event;
use crate::ids::{EffectId, TicketNo};
use crate::issue;
use crate::policy::{Agent, Carrier, Inbox, Policy};
use crate::template::{TemplateProblem, html_of, page};
use crate::ticket::Ticket;
use crate::token::{Claim, Mode};
use crate::{answer, fill_in, promise};

/// Characters of the customer's own words that are shown back to them.
const QUOTE_CHARACTERS_MAX: usize = 80;
/// People of a team that are named; a larger one is just the team.
const PEOPLE_MAX: usize = 6;
/// References that a mail of ours carries besides the root.
const REFERENCES_MAX: usize = 10;

#[derive(Serialize)]
struct AckContext<'a> {
    name: Option<String>,
    reference: String,
    due: Option<String>,
    opens: Option<String>,
    questions: Vec<String>,
    quote: Option<String>,
    maybe: Option<MaybeLine<'a>>,
    known: Option<String>,
    policy: Option<&'a str>,
    key: Option<&'a str>,
    people: Option<String>,
    signature: String,
}

/// An article that should help.
#[derive(Serialize)]
struct MaybeLine<'a> {
    title: &'a str,
    url: &'a str,
}

/// What the acknowledgement depends on besides policy and ticket.
pub(crate) struct AckRequest<'a> {
    pub(crate) event: &'a Event,
    pub(crate) index: usize,
    pub(crate) template: &'a str,
    pub(crate) message: &'a Message,
    pub(crate) proven: bool,
    pub(crate) usual_response: Option<SignedDuration>,
    /// An article that clearly fits.
    pub(crate) maybe: Option<&'a Article>,
}

impl AckRequest<'_> {
    /// It repeats nothing and offers nothing: nobody proved who gets it, or its inbox is private.
    pub(crate) fn is_plain(&self, ticket: &Ticket) -> bool {
        !self.proven || ticket.private
    }
}

/// What a customer is told: the target, or what was usual lately where that is later and the file says so.
fn promised_at(policy: &Policy, ticket: &Ticket, usual: Option<SignedDuration>) -> Option<Timestamp> {
    let target = ticket.first_response.due_at?;
    let is_measured = promise::sla_of(policy, ticket).is_some_and(|sla| sla.promises_measured);
    let calendar = promise::calendar_of(policy, ticket)?;
    let usual = usual.filter(|_| is_measured).and_then(|usual| calendar.after(ticket.created_at, Span::Open(usual)));
    Some(usual.map_or(target, |usual| usual.max(target)))
}

/// The acknowledgement of a new ticket, and the time that it promises. Where the sender is not proven, or the inbox is
/// private, it repeats nothing that the mail says, since it may carry a stranger's words to somebody else's address.
///
/// # Errors
/// The template cannot be rendered: an operator's text names something that does not exist.
pub(crate) fn acknowledgement(
    policy: &Policy,
    ticket: &Ticket,
    inbox: &Inbox,
    request: &AckRequest<'_>,
) -> Result<(Send, Option<Timestamp>), TemplateProblem> {
    let is_plain = request.is_plain(ticket);
    let maybe = request.maybe.filter(|_| !is_plain);
    let zone = customer_zone(policy, request.message, request.proven);
    let languages = languages(policy, ticket);
    let language = languages.first().copied().unwrap_or("en").to_owned();
    let when = |at: Timestamp| civil_time(&at.to_zoned(zone.clone()), &language, request.proven);
    let promised = promised_at(policy, ticket, request.usual_response);
    let due = promised.map(when);
    let context = AckContext {
        name: (!is_plain).then(|| greeting_name(&ticket.requester.name)).flatten(),
        reference: policy.reference(ticket.no),
        due: due.clone(),
        opens: opens_at(policy, inbox, request.event.at).map(when),
        questions: fill_in::questions(policy, ticket).into_iter().map(|field| field.question(&languages).to_owned()).collect(),
        quote: (!is_plain).then(|| quote_of(&request.message.reply.new_text)).flatten(),
        maybe: maybe.and_then(|article| Some(MaybeLine { title: &article.title, url: article.url.as_deref()? })),
        known: (!is_plain).then(|| issue::line(policy, ticket, &request.event.around.issues)).flatten(),
        policy: policy_text(policy, ticket, &languages),
        key: inbox.pgp.as_deref().filter(|_| ticket.private),
        people: (!is_plain).then(|| people(policy, inbox, &language)).flatten(),
        signature: inbox.label.clone(),
    };
    let name =
        if is_plain { plain_name(policy, request.template) } else { policy.templates.serving(request.template).to_owned() };
    let (language, rendered) = policy.templates.render(&name, &languages, &context)?;
    let subject = rendered.subject.unwrap_or_else(|| reply_subject(&ticket.first_subject));
    // An operator's text may leave it out.
    let is_told = due.is_some_and(|due| rendered.text.contains(&due));
    let mut send = envelope(policy, ticket, inbox, EffectId::new(request.event.id, request.index), Purpose::Acknowledgement);
    send.envelope_from = ReturnPath::Null;
    send.to = ack_recipient(ticket, request.message);
    send.subject.clone_from(&subject);
    send.letter = Some(Box::new(Letter {
        from: Mailbox { name: Some(inbox.label.clone()), address: inbox.address.clone() },
        to: Mailbox {
            name: (!is_plain).then(|| ticket.requester.name.clone()).filter(|name| !name.is_empty()),
            address: send.to.clone(),
        },
        cc: Vec::new(),
        reply_to: None,
        subject: HeaderText::new(&subject),
        message_id: send.message_id.clone(),
        in_reply_to: ticket.last_in.clone(),
        references: references(ticket),
        date_unix_seconds: request.event.at.as_second(),
        extra: marks(policy, &send.message_id, Some("auto-replied")),
        boundary_seed: send.message_id.to_string(),
        attachments: Vec::new(),
        html: Some(html_of(&rendered.text, &language)),
        text: rendered.text,
    }));
    Ok((send, promised.filter(|_| is_told)))
}

/// What a person wrote, for whoever it is sent to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// Plain text with LF line ends, our scaffolding and the writer's own signature removed.
    pub(crate) text: String,
    /// The same in HTML, already cleaned, without the document around it; `None` = made from the text.
    pub(crate) html: Option<String>,
    /// Files that go along.
    pub(crate) enclosed: Vec<Enclosed>,
}

impl Words {
    /// Text alone.
    pub(crate) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// The text, or the names of the files where they say it all.
    pub(crate) fn told(&self) -> String {
        if self.text.trim().is_empty() {
            self.enclosed.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(", ")
        } else {
            self.text.clone()
        }
    }

    /// The files as a message lists them.
    pub(crate) fn attachments(&self) -> Vec<mail::Attachment> {
        let listed = self.enclosed.iter().map(|file| mail::Attachment {
            name: file.name.clone(),
            content_type: file.content_type.clone(),
            bytes: file.bytes,
            inline: file.content_id.is_some(),
            content_id: file.content_id.clone(),
            part: file.part,
        });
        listed.collect()
    }
}

/// A person's answer to one of the people outside: their words as written, nothing of ours but the thread, and the team's
/// signature the first time. The others who get a copy of their own are named, so that all can answer all.
pub(crate) fn answer(
    change: &Change<'_>,
    id: EffectId,
    inbox: &Inbox,
    person: &Address,
    agent: Option<&Agent>,
    words: &Words,
) -> Send {
    let (policy, ticket) = (change.policy, &change.ticket);
    let mut send = envelope(policy, ticket, inbox, id, Purpose::Answer);
    send.class = SendClass::AtLeastOnce;
    send.to = person.clone();
    send.envelope_from = ReturnPath::Address(bounce_address(policy, ticket.no, &inbox.address, id));
    send.enclosed.clone_from(&words.enclosed);
    // It can be undone for a moment, where agents work by mail.
    send.not_before = policy.agent_mail.as_ref().and_then(|desk| change.at().checked_add(desk.undo_send).ok());
    let name = match agent {
        Some(agent) => format!("{}, {}", agent.label.split_whitespace().next().unwrap_or(&agent.label), inbox.label),
        None => inbox.label.clone(),
    };
    let (text, html) = signed(policy, ticket, inbox, agent, words);
    let others = ticket.recipients().into_iter().filter(|other| other.folded() != person.folded());
    send.letter = Some(Box::new(Letter {
        from: Mailbox { name: Some(name), address: inbox.address.clone() },
        to: named(ticket, send.to.clone()),
        cc: others.map(|other| named(ticket, other)).collect(),
        reply_to: None,
        subject: HeaderText::new(&send.subject),
        message_id: send.message_id.clone(),
        in_reply_to: ticket.last_in.clone(),
        references: references(ticket),
        date_unix_seconds: change.at().as_second(),
        extra: marks(policy, &send.message_id, None),
        boundary_seed: send.message_id.to_string(),
        attachments: Vec::new(),
        html: Some(html),
        text,
    }));
    send
}

#[derive(Serialize)]
struct QuestionsContext {
    name: Option<String>,
    reference: String,
    questions: Vec<String>,
    signature: String,
}

/// The fill-in form: questions that the requester answers after the colons.
///
/// # Errors
/// The template cannot be rendered.
pub(crate) fn questions(change: &Change<'_>, inbox: &Inbox, questions: &[String]) -> Result<Send, TemplateProblem> {
    let (policy, ticket) = (change.policy, &change.ticket);
    let context = QuestionsContext {
        name: greeting_name(&ticket.requester.name),
        reference: policy.reference(ticket.no),
        questions: questions.iter().take(fill_in::QUESTIONS_MAX).cloned().collect(),
        signature: inbox.label.clone(),
    };
    let (language, rendered) = policy.templates.render("questions", &languages(policy, ticket), &context)?;
    let id = EffectId::new(change.event.id, change.effects.len());
    let mut send = envelope(policy, ticket, inbox, id, Purpose::Answer);
    send.not_before = policy.agent_mail.as_ref().and_then(|desk| change.at().checked_add(desk.undo_send).ok());
    send.letter = Some(Box::new(Letter {
        from: Mailbox { name: Some(inbox.label.clone()), address: inbox.address.clone() },
        to: named(ticket, send.to.clone()),
        cc: Vec::new(),
        reply_to: None,
        subject: HeaderText::new(&send.subject),
        message_id: send.message_id.clone(),
        in_reply_to: ticket.last_in.clone(),
        references: references(ticket),
        date_unix_seconds: change.at().as_second(),
        extra: marks(policy, &send.message_id, Some("auto-generated")),
        boundary_seed: send.message_id.to_string(),
        attachments: Vec::new(),
        html: Some(html_of(&rendered.text, &language)),
        text: rendered.text,
    }));
    Ok(send)
}

/// Only the requester's name is known.
pub(crate) fn named(ticket: &Ticket, address: Address) -> Mailbox {
    let is_requester = address.folded() == ticket.requester.address.folded();
    Mailbox { name: Some(ticket.requester.name.clone()).filter(|name| is_requester && !name.is_empty()), address }
}

#[derive(Serialize)]
struct SignatureContext<'a> {
    inbox: &'a str,
    company: &'a str,
    agent: Option<&'a str>,
    reference: String,
}

/// The words as text and as a document, with the team's signature if the thread has not had it.
fn signed(policy: &Policy, ticket: &Ticket, inbox: &Inbox, agent: Option<&Agent>, words: &Words) -> (String, String) {
    let languages = languages(policy, ticket);
    let language = ticket.language.as_deref().or(languages.first().copied()).unwrap_or("en");
    let mut text = words.text.replace("\r\n", "\n").trim_end().to_owned();
    let mut body = words.html.clone().unwrap_or_else(|| answer::html_of_words(&text));
    text.push('\n');
    if !ticket.signed {
        let context = SignatureContext {
            inbox: &inbox.label,
            company: &policy.company.name,
            agent: agent.map(|agent| agent.label.as_str()),
            reference: policy.reference(ticket.no),
        };
        // An answer is never kept back by the text below it.
        let rendered = policy.templates.render("signature", &languages, &context);
        let signature = rendered.map_or_else(|_| inbox.label.clone(), |(_, rendered)| rendered.text);
        let signature = signature.trim_end();
        if !signature.is_empty() {
            // RFC 3676 §4.3: mail programs know this line and leave what is below out of their quotes.
            text.push_str(&format!("\n-- \n{signature}\n"));
            body.push_str(&answer::html_of_words(&format!("-- \n{signature}")));
        }
    }
    (text, page(&body, language))
}

/// An address of our own for each mail, where the desk's host delivers `name+detail`; the bare one where it does not, or where
/// the result would be longer than a local part may be (RFC 5321 §4.5.3.1.1).
pub(crate) fn bounce_address(policy: &Policy, ticket: TicketNo, address: &Address, id: EffectId) -> Address {
    const LOCAL_BYTES_MAX: usize = 64;
    let can_plus = policy.agent_mail.as_ref().is_some_and(|agent_mail| match agent_mail.carrier {
        Carrier::Plus => true,
        Carrier::Subdomain | Carrier::Subject => false,
    });
    let local = format!("{}+{}", address.local(), policy.keys.bounce_detail(ticket, id));
    if !can_plus || address.local().contains(['+', '"']) || local.len() > LOCAL_BYTES_MAX {
        return address.clone();
    }
    Address::new(&format!("{local}@{}", address.domain())).unwrap_or_else(|_| address.clone())
}

pub(crate) fn envelope(policy: &Policy, ticket: &Ticket, inbox: &Inbox, id: EffectId, purpose: Purpose) -> Send {
    let claim = Claim { ticket: ticket.no, rev: ticket.rev, mode: Mode::Outside };
    let message_id = policy.keys.message_id(claim, id, inbox.address.domain());
    Send {
        purpose,
        class: SendClass::AtMostOnce,
        to: ticket.requester.address.clone(),
        envelope_from: ReturnPath::Address(inbox.address.clone()),
        inbox: inbox.name.clone(),
        message_id,
        subject: reply_subject(&ticket.first_subject),
        not_before: None,
        enclosed: Vec::new(),
        letter: None,
    }
}

/// The thread's root first, then the newest ids.
pub(crate) fn references(ticket: &Ticket) -> Vec<mail::MessageId> {
    let newest = &ticket.references[ticket.references.len().saturating_sub(REFERENCES_MAX)..];
    let root = ticket.thread_root.iter().filter(|root| !newest.contains(root));
    root.chain(newest).cloned().collect()
}

/// The newest id of the thread; the oldest make room.
pub(crate) fn push_reference(references: &mut Vec<mail::MessageId>, id: mail::MessageId) {
    references.push(id);
    let surplus = references.len().saturating_sub(REFERENCES_MAX);
    references.drain(..surplus);
}

/// The customer's own subject for ever, with one `Re:`.
fn reply_subject(subject: &str) -> String {
    let subject = subject.trim();
    if subject.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:")) {
        subject.to_owned()
    } else {
        format!("Re: {subject}")
    }
}

/// The return path if it is the same organisation's, else From; never a Reply-To, which anybody can point anywhere.
fn ack_recipient(ticket: &Ticket, message: &Message) -> mail::Address {
    match &message.return_path {
        Some(ReturnPath::Address(path)) if path.organisational_domain() == ticket.requester.address.organisational_domain() => {
            path.clone()
        }
        Some(ReturnPath::Address(_) | ReturnPath::Null) | None => ticket.requester.address.clone(),
    }
}

/// An operator's `x` without an `x-unproven` beside it falls back to the built-in plain text.
fn plain_name(policy: &Policy, template: &str) -> String {
    let own = format!("{template}-unproven");
    if policy.templates.has(&own) { own } else { "ack-unproven".to_owned() }
}

/// Wanted languages, best first: the ticket's (`de-AT` also as `de`), that of its inbox, then the company's.
pub(crate) fn languages<'a>(policy: &'a Policy, ticket: &'a Ticket) -> Vec<&'a str> {
    let of_inbox = || policy.inboxes.get(&ticket.inbox).and_then(|inbox| inbox.language.as_deref());
    let own = ticket.language.as_deref().or_else(of_inbox);
    let spoken = own.into_iter().chain(own.and_then(|tag| tag.split_once('-')).map(|(base, _)| base));
    let known = spoken.filter(|tag| policy.company.languages.iter().any(|known| known.eq_ignore_ascii_case(tag)));
    known.chain(policy.company.languages.iter().map(String::as_str)).collect()
}

/// The zone of the customer's Date header; the company's where the mail is not proven or has none.
fn customer_zone(policy: &Policy, message: &Message, proven: bool) -> TimeZone {
    message
        .date
        .filter(|_| proven)
        .and_then(|date| Offset::from_seconds(date.offset_minutes.checked_mul(60)?).ok())
        .map_or_else(|| policy.company.timezone.clone(), TimeZone::fixed)
}

fn opens_at(policy: &Policy, inbox: &Inbox, now: Timestamp) -> Option<Timestamp> {
    let calendar = policy.calendars.get(&policy.slas.get(inbox.sla.as_ref()?)?.calendar)?;
    if calendar.is_open(now) { None } else { calendar.next_opening(now) }
}

/// `Dana` of `Dana Okafor` and of `Okafor, Dana`; nothing where the name is no name.
pub(crate) fn greeting_name(name: &str) -> Option<String> {
    let given = name.split_once(',').map_or(name, |(_, given)| given);
    let word = given.split_whitespace().next()?;
    let is_name = word.chars().count() <= 30 && word.chars().all(|c| c.is_alphabetic() || c == '-' || c == '\'' || c == '’');
    is_name.then(|| word.to_owned())
}

/// What everybody who asks for this should know.
fn policy_text<'p>(policy: &'p Policy, ticket: &Ticket, languages: &[&str]) -> Option<&'p str> {
    let texts = &policy.types.get(&ticket.ticket_type)?.policy;
    let text = languages.iter().find_map(|language| texts.get(*language)).or_else(|| texts.get(""))?;
    Some(text.as_str()).filter(|text| !text.is_empty())
}

/// `Maya, Tomasz and Aisha · Mon-Thu 9:00-17:30, Fri 9:00-16:00 (London)`: who reads it, and when.
fn people(policy: &Policy, inbox: &Inbox, language: &str) -> Option<String> {
    let first = |agent: &Agent| agent.label.split_whitespace().next().unwrap_or(&agent.label).to_owned();
    let mut names: Vec<String> = policy.members(Some(&inbox.team)).take(PEOPLE_MAX + 1).map(first).collect();
    let who = match names.pop() {
        _ if names.len() >= PEOPLE_MAX => None,
        Some(last) if names.is_empty() => Some(last),
        Some(last) => Some(format!("{} {} {last}", names.join(", "), if language.starts_with("de") { "und" } else { "and" })),
        None => None,
    };
    let calendar = inbox.sla.as_ref().and_then(|sla| policy.calendars.get(&policy.slas.get(sla)?.calendar));
    let hours = calendar.and_then(|calendar| calendar.in_words(language));
    let parts: Vec<String> = who.into_iter().chain(hours).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn quote_of(text: &str) -> Option<String> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.is_empty() {
        return None;
    }
    let short: String = folded.chars().take(QUOTE_CHARACTERS_MAX).collect();
    Some(if short.len() < folded.len() {
        format!("{}…", short.trim_end_matches([' ', ',', ';', ':', '-', '–']))
    } else {
        short
    })
}

/// `Tuesday 24 November`.
pub(crate) fn civil_day(at: &Zoned, language: &str) -> String {
    let (weekday, month) = weekday_and_month(at, language);
    if language.starts_with("de") {
        format!("{weekday}, {}. {month}", at.day())
    } else {
        format!("{weekday} {} {month}", at.day())
    }
}

/// `Tuesday 24 November, 11:00 (your time)`.
pub(crate) fn civil_time(at: &Zoned, language: &str, is_theirs: bool) -> String {
    let (hour, minute) = (at.hour(), at.minute());
    let day = civil_day(at, language);
    match (language.starts_with("de"), is_theirs) {
        (true, true) => format!("{day}, {hour:02}:{minute:02} Uhr (Ihre Zeit)"),
        (true, false) => format!("{day}, {hour:02}:{minute:02} Uhr ({})", zone_label(at)),
        (false, true) => format!("{day}, {hour:02}:{minute:02} (your time)"),
        (false, false) => format!("{day}, {hour:02}:{minute:02} ({})", zone_label(at)),
    }
}

/// Weekday and month in words.
pub(crate) fn weekday_and_month(at: &Zoned, language: &str) -> (&'static str, &'static str) {
    let (weekdays, months): ([&'static str; 7], [&'static str; 12]) = if language.starts_with("de") {
        (
            ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
            [
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
        )
    } else {
        (
            ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
            [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
        )
    };
    let weekday = weekdays[crate::calendar::weekday_index(at.weekday())];
    (weekday, months[usize::try_from(at.month() - 1).unwrap_or(0).min(11)])
}

/// `London` of `Europe/London`, else the offset.
pub(crate) fn zone_label(at: &Zoned) -> String {
    match at.time_zone().iana_name() {
        Some(name) => name.rsplit('/').next().unwrap_or(name).replace('_', " "),
        None => format!("UTC{}", at.offset()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plausible_name_is_greeted() {
        assert_eq!(greeting_name("Dana Okafor").as_deref(), Some("Dana"));
        assert_eq!(greeting_name("Okafor, Dana").as_deref(), Some("Dana"));
        assert_eq!(greeting_name("http://spam.example buy"), None);
        assert_eq!(greeting_name(""), None);
    }

    #[test]
    fn one_re_is_enough() {
        assert_eq!(reply_subject("RE: x"), "RE: x");
        assert_eq!(reply_subject("x"), "Re: x");
    }

    #[test]
    fn times_read_as_people_write_them() {
        let at: Timestamp = "2026-11-24T11:00:00Z".parse().expect("instant");
        let london = at.to_zoned(TimeZone::get("Europe/London").expect("bundled"));
        assert_eq!(civil_time(&london, "en", false), "Tuesday 24 November, 11:00 (London)");
        assert_eq!(civil_time(&london, "de", true), "Dienstag, 24. November, 11:00 Uhr (Ihre Zeit)");
    }
}
