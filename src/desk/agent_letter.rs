//! Mails to agents: who they come from, where answers go, how they thread, and the body as a letter.

use data_encoding::BASE64;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use mail::compose::{ExtraHeader, Letter};
use mail::{Address, HeaderText, Mailbox, MessageId, ReturnPath};

use crate::agent_page::{self, Page};
use crate::agent_words::Words;
use crate::effect::{Enclosed, Purpose, Send, SendClass};
use crate::envelope::{extra, marks};
use crate::event::Actor;
use crate::ids::{EffectId, EventId, TicketNo};
use crate::one_click::{self, Link};
use crate::policy::{Agent, AgentMail, Carrier, Inbox, Policy};
use crate::ticket::Ticket;
use crate::ticket_mail::short_name;
use crate::token::{Choice, Claim, Mode};

/// Longest local part of an address (RFC 5321 §4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;
/// The place of the agents' root id among the effects of the event that made the ticket: none has so many.
const ROOT_INDEX: usize = usize::MAX;
/// The place of the conversation's identity for Outlook.
const CONVERSATION_INDEX: usize = usize::MAX - 1;
/// Seconds from 1601, where Windows counts from, to 1970.
const FILETIME_OFFSET_SECONDS: i64 = 11_644_473_600;

/// The desk as it writes to its agents: what every mail to them needs, checked once.
#[derive(Clone, Copy, Debug)]
pub struct AgentDesk<'a> {
    /// Names, keys, words.
    pub policy: &'a Policy,
    /// Where agents answer.
    pub mail: &'a AgentMail,
    /// The inbox in whose name it leaves.
    pub inbox: &'a Inbox,
}

impl<'a> AgentDesk<'a> {
    /// For mails about a ticket; `None` where agents do not work by mail, or where no inbox is left to send through.
    #[must_use]
    pub fn of_ticket(policy: &'a Policy, ticket: &Ticket) -> Option<Self> {
        let inbox = policy.inboxes.get(&ticket.inbox).or_else(|| policy.first_inbox(|_| true))?;
        Some(Self { policy, mail: policy.agent_mail.as_ref()?, inbox })
    }

    /// For mails about no ticket: the inbox of one of the agent's teams, else any.
    #[must_use]
    pub fn of_agent(policy: &'a Policy, agent: &Agent) -> Option<Self> {
        let is_theirs = |inbox: &Inbox| policy.teams.get(&inbox.team).is_some_and(|team| team.members.contains(&agent.name));
        let inbox = policy.first_inbox(is_theirs).or_else(|| policy.first_inbox(|_| true))?;
        Some(Self { policy, mail: policy.agent_mail.as_ref()?, inbox })
    }

    /// The zone in which an agent reads times: that of their calendar, else the company's.
    pub(crate) fn zone(&self, agent: &Agent) -> TimeZone {
        let calendar = agent.calendar.as_ref().and_then(|name| self.policy.calendars.get(name));
        calendar.map_or_else(|| self.policy.company.timezone.clone(), |calendar| calendar.zone.clone())
    }

    /// Where an answer goes: with the token in the address where the server keeps such addresses apart.
    pub(crate) fn reply_address(&self, detail: &str) -> Address {
        let address = &self.mail.address;
        let carrying = match self.mail.carrier {
            Carrier::Plus => format!("{}+{detail}@{}", address.local(), address.domain()),
            Carrier::Subdomain => format!("{detail}@{}.{}", address.local(), address.domain()),
            Carrier::Subject => return address.clone(),
        };
        let carrying = Address::new(&carrying).ok().filter(|carrying| carrying.local().len() <= LOCAL_BYTES_MAX);
        // Our Message-ID in the answer's references says the same.
        carrying.unwrap_or_else(|| address.clone())
    }

    /// A link that composes a mail to the desk; `None` where some client could not follow it.
    pub(crate) fn link(&self, subject: &str, below: Option<&str>) -> Option<String> {
        one_click::link(Link { to: self.mail.address.as_str(), subject, below })
    }

    /// A link with one verb for one ticket. What is written above the line in it is what `below` says.
    pub(crate) fn verb_link(
        &self,
        agent: &Agent,
        ticket: &Ticket,
        verb: &str,
        below: Option<&str>,
        at: Timestamp,
    ) -> Option<String> {
        let subject = one_click::subject(self.policy, &agent.name, (ticket.no, ticket.rev), verb, at);
        self.link(&subject, below).or_else(|| self.link(&subject, None))
    }

    /// Shown name of an agent by key; any other name as it is.
    pub(crate) fn person(&self, name: &str) -> String {
        let agent = self.policy.agents.get(&name.into());
        agent.map_or_else(|| agent_page::clean(name, 60), |agent| agent.label.clone())
    }

    /// Whose act it was, for the name in `sentence`: an agent, or whoever works at the server, who has an article.
    pub(crate) fn actor(&self, words: &Words, sentence: &str, by: &str) -> String {
        self.operator(words, sentence, by).unwrap_or_else(|| self.person(by))
    }

    /// The same by a short name.
    pub(crate) fn short_actor(&self, words: &Words, sentence: &str, by: &str) -> String {
        self.operator(words, sentence, by).unwrap_or_else(|| short_name(&self.person(by)))
    }

    fn operator(&self, words: &Words, sentence: &str, by: &str) -> Option<String> {
        let is_operator = by == Actor::Operator.label() && !self.policy.agents.contains_key(&by.into());
        let mut letters = words.operator.chars();
        let is_first = sentence.starts_with('{');
        let first = letters.next().filter(|_| is_operator)?;
        Some(if is_first { first.to_uppercase().chain(letters).collect() } else { words.operator.to_owned() })
    }

    /// A link with one word about one held mail.
    pub(crate) fn choice_link(&self, agent: &Agent, event: EventId, choice: Choice) -> Option<String> {
        self.link(&one_click::word_subject(self.policy, &agent.name, event, choice), None)
    }
}

/// The one id that leads every References of the agents' thread of a ticket. Derived, so that it needs no storage; its mode
/// is a note, the least that an answer can be, for clients that keep nothing but the root.
#[must_use]
pub fn agent_root(policy: &Policy, mail: &AgentMail, ticket: &Ticket) -> MessageId {
    let claim = Claim { ticket: ticket.no, rev: 0, mode: Mode::Note };
    policy.keys.message_id(claim, EffectId::new(ticket.made_by, ROOT_INDEX), mail.address.domain())
}

/// What a mail to an agent needs besides its body.
#[derive(Clone, Debug)]
pub(crate) struct Cover<'a> {
    pub(crate) to: &'a Agent,
    /// `None` for mails about no ticket.
    pub(crate) ticket: Option<&'a Ticket>,
    /// What an answer is.
    pub(crate) mode: Mode,
    /// Shown name of the sender.
    pub(crate) from: String,
    /// Shown name of the reply address.
    pub(crate) answer: String,
    /// The held mail that an answer is about, which then decides where it goes.
    pub(crate) held: Option<EventId>,
    /// For mails about no ticket; those about a ticket have its subject for ever.
    pub(crate) subject: String,
    /// Further fields.
    pub(crate) fields: Vec<ExtraHeader>,
    pub(crate) enclosed: Vec<Enclosed>,
    pub(crate) at: Timestamp,
}

/// The mail.
pub(crate) fn send(desk: &AgentDesk<'_>, cover: Cover<'_>, page: &Page, id: EffectId) -> Send {
    let policy = desk.policy;
    let (number, rev) = cover.ticket.map_or((TicketNo(0), 0), |ticket| (ticket.no, ticket.rev));
    let claim = Claim { ticket: number, rev, mode: cover.mode };
    let message_id = policy.keys.message_id(claim, id, desk.mail.address.domain());
    let subject = match cover.ticket {
        Some(ticket) => format!("[{}] {}", policy.reference(ticket.no), ticket.subject),
        None => cover.subject.clone(),
    };
    let subject = HeaderText::new(&subject);
    let root = cover.ticket.map(|ticket| agent_root(policy, desk.mail, ticket));
    let detail = match (cover.held, cover.ticket) {
        (Some(event), _) => Some(policy.keys.release_detail(event, &cover.to.name)),
        (None, Some(_)) => Some(policy.keys.reply_detail(claim, cover.to.name.as_str())),
        (None, None) => None,
    };
    let reply_to = detail.map(|detail| Mailbox { name: Some(cover.answer.clone()), address: desk.reply_address(&detail) });
    let mut fields = list_fields(desk);
    fields.extend(marks(policy, &message_id, Some("auto-generated")));
    fields.extend(extra([("x-ms-reactions", "disallow")]));
    if let Some(ticket) = cover.ticket {
        let index = thread_index(ticket, cover.at, id);
        fields.extend(extra([("Thread-Topic", subject.as_str()), ("Thread-Index", index.as_str())]));
    }
    fields.extend(cover.fields);
    let letter = Letter {
        cc: Vec::new(),
        from: Mailbox { name: Some(cover.from), address: desk.mail.address.clone() },
        to: Mailbox { name: Some(cover.to.label.clone()), address: cover.to.email.clone() },
        reply_to,
        subject: subject.clone(),
        message_id: message_id.clone(),
        in_reply_to: root.clone(),
        references: root.into_iter().collect(),
        date_unix_seconds: cover.at.as_second(),
        extra: fields,
        text: page.text(),
        html: Some(crate::agent_page_html::html(page)),
        boundary_seed: message_id.to_string(),
        attachments: Vec::new(),
    };
    Send {
        purpose: Purpose::AgentNotice,
        class: SendClass::AtMostOnce,
        to: cover.to.email.clone(),
        envelope_from: ReturnPath::Address(crate::letter::bounce_address(policy, number, &desk.mail.address, id)),
        inbox: desk.inbox.name.clone(),
        message_id,
        subject: subject.as_str().to_owned(),
        not_before: None,
        enclosed: cover.enclosed,
        letter: Some(Box::new(letter)),
    }
}

/// List-Id lets people sort without rules about subjects. There is no List-Post: Thunderbird would ignore Reply-To.
fn list_fields(desk: &AgentDesk<'_>) -> Vec<ExtraHeader> {
    let address = &desk.mail.address;
    let label = agent_page::clean(&desk.inbox.label, 60).replace(['<', '>', '"'], "");
    extra([("List-Id", format!("{label} desk <{}.{}.{}>", desk.inbox.name, address.local(), address.domain()).as_str())])
}

/// Outlook's own threading: 22 bytes that are the same for the whole ticket, then five for this mail (MS-OXOMSG §2.2.1.3).
/// What Outlook draws at random is taken from ids, so that the same mail has the same bytes.
pub(crate) fn thread_index(ticket: &Ticket, at: Timestamp, id: EffectId) -> String {
    let ticks = |instant: Timestamp| {
        let seconds = instant.as_second().saturating_add(FILETIME_OFFSET_SECONDS).max(0);
        u64::try_from(seconds).unwrap_or(0).saturating_mul(10_000_000)
    };
    // The first byte of a FILETIME of our time is the 01 that the format asks for.
    let head = ticks(ticket.created_at) >> 16;
    let mut index = head.to_be_bytes()[2..].to_vec();
    index.extend(EffectId::new(ticket.made_by, CONVERSATION_INDEX).0);
    let passed = ticks(at).saturating_sub(head << 16);
    // Over 1.7 years the first bit is set and the rest is coarser.
    let delta = if passed < 1 << 49 { passed >> 18 } else { ((passed >> 23) & 0x7fff_ffff) | 0x8000_0000 };
    index.extend(&delta.to_be_bytes()[4..]);
    index.push(id.0[0] & 0xf0);
    BASE64.encode(&index)
}

/// `16:30` today, `Tue 24 Nov 9:00` on other days.
pub(crate) fn short_time(words: &Words, zone: &TimeZone, at: Timestamp, now: Timestamp) -> String {
    let (local, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let time = format!("{:02}:{:02}", local.hour(), local.minute());
    if local.date() == today.date() {
        return time;
    }
    let weekday = words.weekdays[crate::calendar::weekday_index(local.weekday())];
    let year = if local.year() == today.year() { String::new() } else { format!(" {}", local.year()) };
    format!("{weekday} {}{year} {time}", short_date(words, zone, at))
}

/// `21 Nov`.
pub(crate) fn short_date(words: &Words, zone: &TimeZone, at: Timestamp) -> String {
    let local = at.to_zoned(zone.clone());
    let month = words.months[usize::try_from(local.month() - 1).unwrap_or(0).min(11)];
    format!("{}{} {month}", local.day(), words.day_mark)
}

/// `2 h 10 m`, `3 d 4 h`, `5 m`.
pub(crate) fn short_span(words: &Words, span: SignedDuration) -> String {
    let minutes = span.as_mins().max(0);
    let (days, hours, rest) = (minutes / 1_440, minutes % 1_440 / 60, minutes % 60);
    let parts = if days > 0 { [(days, words.days), (hours, "h")] } else { [(hours, "h"), (rest, "m")] };
    let shown: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    if shown.is_empty() { "0 m".to_owned() } else { shown.join(" ") }
}

/// `84 KB`.
pub(crate) fn short_bytes(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
        1_000_000..10_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
