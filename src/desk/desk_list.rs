//! Mails to agents that list things: help, tickets found, a whole ticket, the morning, and the practice ticket.

use jiff::Timestamp;
use mail::Address;

use crate::agent_letter::short_time;
use crate::agent_page::{Block, Line, Quote, act, fill, fill_text, foreign, own};
use crate::agent_words::{Words, words_of};
use crate::decision::{Direction, MessageEntry};
use crate::desk_mail::{Body, DeskMail, body};
use crate::effect::Send;
use crate::event::Around;
use crate::ids::{EffectId, EventId};
use crate::policy::Agent;
use crate::ticket::{Requester, Status, StepState, Ticket};
use crate::ticket_block::{due, first_name, status_word};
use crate::ticket_mail::{AgentDesk, Cause, TicketMail, WORDS_CHARACTERS_MAX, Why, cut_of};
use crate::token::Mode;

/// Tickets in one list, each with a link of up to 450 characters.
const TICKETS_MAX: usize = 40;
/// Tickets in each list of the morning.
const MORNING_TICKETS_MAX: usize = 12;
/// Commands in one help.
const HELP_LINES_MAX: usize = 120;
/// Messages of a whole ticket; the newest are shown.
const MESSAGES_MAX: usize = 20;
/// Bytes of HTML for all messages of a whole ticket together.
const MESSAGES_BYTES_MAX: usize = 16 * 1024;
/// Characters of the people of a message.
const PEOPLE_CHARACTERS_MAX: usize = 100;

/// Tickets that answer a question.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// The question as asked.
    pub query: &'a str,
    /// What was found, in order.
    pub tickets: &'a [Ticket],
    /// How many there are in all.
    pub total: usize,
    /// So many were looked through, the newest ones, where there are more.
    pub looked_through: Option<usize>,
}

/// The morning of one agent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Digest<'a> {
    /// Promises of today.
    pub due_today: &'a [Ticket],
    /// Others on which the agent owes the next word.
    pub waiting_on_you: &'a [Ticket],
    /// Those on which somebody else does.
    pub waiting_on_others: &'a [Ticket],
    /// Those with something held.
    pub held: &'a [Ticket],
}

impl DeskMail<'_> {
    /// The commands, or one of them, in the language of the agent.
    #[must_use]
    pub fn commands(&self, verb: Option<&str>, id: EffectId) -> Send {
        self.help(verb, crate::verb::help_lines(self.words().language), id)
    }

    /// The same of given lines: usage and what it does, without number signs.
    #[must_use]
    pub fn help<'l>(&self, verb: Option<&str>, lines: impl IntoIterator<Item = (&'l str, &'l str)>, id: EffectId) -> Send {
        let words = self.words();
        let all: Vec<(&str, &str)> = lines.into_iter().take(HELP_LINES_MAX).collect();
        let is_about = |usage: &str| verb.is_none_or(|verb| usage.split_whitespace().next() == Some(verb));
        let mut shown: Vec<&(&str, &str)> = all.iter().filter(|(usage, _)| is_about(usage)).collect();
        let mut blocks = vec![Block::Say(own(words.help))];
        if shown.is_empty() {
            blocks.push(Block::Say(own(words.help_unknown)));
            shown = all.iter().collect();
        }
        let lines = shown.into_iter().map(|(usage, help)| own(format!("{usage}: {help}")));
        blocks.push(Block::List { title: String::new(), lines: lines.collect() });
        let subject = words.help_subject.to_owned();
        self.send(Body { subject, ..body(words.marker_help, words.no_answer, blocks) }, Mode::Note, id)
    }

    /// Tickets that were asked for.
    #[must_use]
    pub fn listing(&self, listing: &Listing<'_>, id: EffectId) -> Send {
        let words = self.words();
        let query = ("query", foreign(listing.query, WORDS_CHARACTERS_MAX));
        let template = if listing.tickets.is_empty() { words.found_none } else { words.found };
        let mut blocks =
            vec![Block::Say(fill(template, std::slice::from_ref(&query))), self.tickets("", listing.tickets, TICKETS_MAX)];
        let shown = listing.tickets.len().min(TICKETS_MAX);
        if listing.total > shown {
            blocks.push(Block::Say(own(fill_text(words.found_more, &[("count", &(listing.total - shown).to_string())]))));
        }
        if let Some(count) = listing.looked_through {
            blocks.push(Block::Say(own(fill_text(words.found_newest, &[("count", &count.to_string())]))));
        }
        let query = crate::agent_page::clean(listing.query, 60);
        let subject = fill_text(words.list_subject, &[("query", &query)]);
        self.send(Body { subject, name: Some(query), ..body(words.marker_list, words.no_answer, blocks) }, Mode::Note, id)
    }

    /// The whole ticket: its messages, newest first, `messages` being in the order of events.
    #[must_use]
    pub fn whole(&self, messages: &[MessageEntry], id: EffectId) -> Send {
        let words = self.words();
        let zone = self.desk.zone(self.to);
        let shown: Vec<&MessageEntry> = messages.iter().rev().filter(|message| !message.held).take(MESSAGES_MAX).collect();
        let each = MESSAGES_BYTES_MAX / shown.len().max(1);
        let mut blocks = Vec::new();
        for message in &shown {
            let (template, person) = match message.direction {
                Direction::In => (words.wrote_at, message.from.clone()),
                Direction::Out => (words.sent_at, message.to.join(", ")),
                Direction::Note => (words.noted_at, self.actor_name(words.noted_at, &message.from)),
            };
            let when = own(short_time(words, &zone, message.at, self.at));
            blocks.push(Block::Say(fill(template, &[("person", foreign(&person, PEOPLE_CHARACTERS_MAX)), ("when", when)])));
            blocks.push(Block::Quote(Quote::of(&message.text, each)));
            blocks.extend(cut_of(words, message, each / 2));
        }
        let earlier = messages.iter().filter(|message| !message.held).count() - shown.len();
        if earlier > 0 {
            blocks.push(Block::Say(own(fill_text(words.earlier, &[("count", &earlier.to_string())]))));
        }
        if let Some(ticket) = self.ticket {
            let zone = self.desk.zone(self.to);
            let facts = crate::ticket_block::Facts { desk: &self.desk, ticket, to: self.to, words, zone: &zone, at: self.at };
            blocks.extend([facts.step(None), facts.fields(), facts.state()]);
        }
        self.send(body(words.marker_whole, words.stays_inside, blocks), Mode::Note, id)
    }

    /// Away until then, or back.
    #[must_use]
    pub fn away(&self, until: Option<Timestamp>, id: EffectId) -> Send {
        let words = self.words();
        let said = match until {
            Some(until) => {
                let when = short_time(words, &self.desk.zone(self.to), until, self.at);
                fill_text(words.away_until, &[("when", &when)])
            }
            None => words.away_back.to_owned(),
        };
        let subject = words.away_subject.to_owned();
        let blocks = vec![Block::Say(own(said))];
        self.send(Body { subject, ..body(words.marker_away, words.no_answer, blocks) }, Mode::Note, id)
    }

    /// An address is theirs no longer.
    #[must_use]
    pub(crate) fn forgotten(&self, address: &Address, id: EffectId) -> Send {
        let words = self.words();
        let said = fill(words.forgotten, &[("address", foreign(address.as_str(), WORDS_CHARACTERS_MAX))]);
        let subject = words.forgotten_subject.to_owned();
        let blocks = vec![Block::Say(said)];
        self.send(Body { subject, ..body(words.marker_forgotten, words.no_answer, blocks) }, Mode::Note, id)
    }

    /// What would have been done, had it not been practice.
    #[must_use]
    pub fn practised(&self, done: &[String], id: EffectId) -> Send {
        let words = self.words();
        let lines = done.iter().map(|line| own("- ").and(foreign(line, WORDS_CHARACTERS_MAX)));
        let blocks = vec![
            Block::Say(own(words.says_practice)),
            Block::Say(own(words.receipt)),
            Block::List { title: String::new(), lines: lines.collect() },
        ];
        self.send(body(words.marker_receipt, words.no_answer, blocks), Mode::Note, id)
    }

    /// The morning list.
    #[must_use]
    pub fn digest(&self, digest: &Digest<'_>, id: EffectId) -> Send {
        let words = self.words();
        let parts = [
            (words.digest_due, digest.due_today),
            (words.digest_yours, digest.waiting_on_you),
            (words.digest_others, digest.waiting_on_others),
            (words.digest_held, digest.held),
        ];
        let mut blocks: Vec<Block> =
            parts.iter().map(|(title, tickets)| self.tickets(title, tickets, MORNING_TICKETS_MAX)).collect();
        if parts.iter().all(|(_, tickets)| tickets.is_empty()) {
            blocks.push(Block::Say(own(words.digest_none)));
        }
        let (due, yours) = (digest.due_today.len().to_string(), digest.waiting_on_you.len().to_string());
        let subject = fill_text(words.digest_subject, &[("due", &due), ("yours", &yours)]);
        self.send(Body { subject, ..body(words.marker_digest, words.no_answer, blocks) }, Mode::Note, id)
    }

    pub(crate) fn tickets(&self, title: &str, tickets: &[Ticket], tickets_max: usize) -> Block {
        let words = self.words();
        let mut lines: Vec<Line> = tickets.iter().take(tickets_max).map(|ticket| self.ticket_line(words, ticket)).collect();
        if tickets.len() > tickets_max && !title.is_empty() {
            lines.push(own(fill_text(words.more_tickets, &[("count", &(tickets.len() - tickets_max).to_string())])));
        }
        Block::List { title: title.to_owned(), lines }
    }

    /// `T-4821  Probe drops off Wi-Fi · Dana · open · due 16:30`: the number opens a mail that asks for the whole ticket.
    fn ticket_line(&self, words: &Words, ticket: &Ticket) -> Line {
        let reference = self.desk.policy.reference(ticket.no);
        let line = act(reference, self.desk.verb_link(self.to, ticket, "show", None, self.at))
            .and(own("  "))
            .and(foreign(&ticket.subject, 48))
            .and(own(" · "))
            .and(foreign(&first_name(ticket), 24))
            .and(own(format!(" · {}", status_word(words, ticket.status))));
        let Some(due) = due(ticket) else { return line };
        let when = short_time(words, &self.desk.zone(self.to), due, self.at);
        let template = if due < self.at { words.overdue } else { words.due };
        line.and(own(format!(" · {}", fill_text(template, &[("when", &when)]))))
    }
}

/// The first mail to a new agent: the practice ticket.
#[must_use]
pub fn invite(desk: AgentDesk<'_>, to: &Agent, at: Timestamp, id: EffectId) -> Send {
    let (ticket, message) = practice_ticket(&desk, to, at);
    let mail = TicketMail {
        desk,
        ticket: &ticket,
        around: &Around::default(),
        to,
        why: Why::Practice,
        cause: Cause::Practice { message: &message },
        perhaps: &[],
        their_offset: None,
        at,
    };
    mail.send(id)
}

/// The practice ticket of one agent and the mail in it: T-0, which is never stored and on which every command is safe.
#[must_use]
pub fn practice_ticket(desk: &AgentDesk<'_>, to: &Agent, at: Timestamp) -> (Ticket, MessageEntry) {
    let words = words_of(desk.policy, to);
    let event = EventId::of_request(&format!("practice {}", to.name));
    // RFC 2606: nobody has this address.
    let address = Address::new("dana@practice.example").expect("local part, @, domain");
    let message = MessageEntry {
        id: event,
        direction: Direction::In,
        from: format!("Dana Okafor <{address}>"),
        to: vec![desk.inbox.address.to_string()],
        subject: words.practice_subject.to_owned(),
        text: words.practice_text.to_owned(),
        cut: String::new(),
        cut_is_news: false,
        signature: String::new(),
        message_id: None,
        in_reply_to: None,
        attachments: Vec::new(),
        machine: None,
        unproven: false,
        held: false,
        at,
        raw: None,
        answers_to: None,
    };
    let ticket_type = desk.policy.types.get(&desk.inbox.ticket_type);
    let requester = Requester { name: "Dana Okafor".to_owned(), address, proven: true };
    let mut ticket = Ticket::blank(requester, desk.inbox.name.clone(), desk.inbox.ticket_type.clone(), event, at);
    ticket.subject = words.practice_subject.to_owned();
    ticket.first_subject = words.practice_subject.to_owned();
    ticket.status = Status::Open;
    ticket.team = Some(desk.inbox.team.clone());
    ticket.owner = Some(to.name.clone());
    let first = ticket_type.and_then(|ticket_type| ticket_type.steps.first());
    ticket.steps = first.map(|step| StepState { id: step.id.clone(), ..StepState::default() }).into_iter().collect();
    (ticket, message)
}
