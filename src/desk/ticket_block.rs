//! Blocks about a ticket itself: what can be done, the step, the fields, the contact, where it stands.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use mail::compose::ExtraHeader;

use crate::agent_letter::{AgentDesk, short_date, short_span, short_time};
use crate::agent_page::{Block, Item, Line, act, clean, fill, fill_text, foreign, own};
use crate::agent_words::Words;
use crate::decision::{Direction, MessageEntry};
use crate::envelope::extra;
use crate::event::Around;
use crate::policy::{Agent, Field, Policy, Step, TicketType, Vendor};
use crate::ticket::{LinkKind, Status, Ticket};
use crate::ticket_mail::{Cause, NAME_CHARACTERS_MAX, Why, name_of, short_name};
use crate::token::Mode;

/// Vendors that a mail offers to ask.
const VENDORS_MAX: usize = 2;
/// Claims that are shown.
const CLAIMS_MAX: usize = 3;
/// Fields that are shown.
const FIELDS_MAX: usize = 12;
/// Items of a checklist that are shown.
const ITEMS_MAX: usize = 20;
/// Characters of a field's value.
const VALUE_CHARACTERS_MAX: usize = 60;
/// Titles of rows in any language, which no customer's name may stand for.
const TITLE_CHARACTERS_MAX: usize = 11;

/// A ticket as one agent reads it.
pub(crate) struct Facts<'a> {
    pub(crate) desk: &'a AgentDesk<'a>,
    pub(crate) ticket: &'a Ticket,
    pub(crate) to: &'a Agent,
    pub(crate) words: &'static Words,
    pub(crate) zone: &'a TimeZone,
    pub(crate) at: Timestamp,
}

impl Facts<'_> {
    /// What can be done with one mail. Only what the status allows is offered.
    pub(crate) fn links(&self, cause: &Cause<'_>) -> Block {
        let (words, ticket) = (self.words, self.ticket);
        let is_mine = ticket.owner.as_ref() == Some(&self.to.name);
        let is_active = ticket.status.is_active();
        let is_closed = ticket.status == Status::Closed;
        let mut links: Vec<Line> = Vec::new();
        let mut offer = |is_offered: bool, label: &str, verb: &str, below: &str| {
            if is_offered {
                links.push(self.verb(label, verb, below));
            }
        };
        offer(!is_mine && !is_closed, words.take, "take", words.below_note);
        offer(cause.mode() == Mode::Note && !is_closed, words.reply, "reply", words.below_reply);
        offer(cause.mode() != Mode::Note, words.note, "note", words.below_note);
        offer(is_active, words.close, "close", words.below_reply);
        offer(is_active, words.wait, "wait", words.below_reply);
        offer(is_active, words.snooze, "snooze 1d", words.below_note);
        offer(ticket.status == Status::Solved, words.reopen, "reopen", words.below_note);
        if is_active {
            links.extend(self.vendors().map(|vendor| {
                let label = fill_text(words.ask, &[("name", &vendor.label)]);
                self.verb(&label, &format!("vendor {}", vendor.name), words.below_vendor)
            }));
        }
        links.push(self.verb(words.more, "help", words.below_nothing));
        Block::Links { title: words.do_it.to_owned(), links }
    }

    fn verb(&self, label: &str, verb: &str, below: &str) -> Line {
        act(label, self.desk.verb_link(self.to, self.ticket, verb, Some(below), self.at))
    }

    /// The ticket's own vendor first.
    fn vendors(&self) -> impl Iterator<Item = &Vendor> {
        let mine = self.ticket.vendor.as_ref();
        let vendors = &self.desk.policy.vendors;
        let others = vendors.values().filter(move |vendor| Some(&vendor.name) != mine);
        mine.and_then(|name| vendors.get(name)).into_iter().chain(others).take(VENDORS_MAX)
    }

    /// The step, its checklist and when it should be done.
    pub(crate) fn step(&self, news: Option<&MessageEntry>) -> Block {
        let words = self.words;
        let found = self.ticket_type().zip(crate::process::meant(self.desk.policy, self.ticket, Some(&self.to.name))).and_then(
            |(ticket_type, state)| {
                let index = ticket_type.steps.iter().position(|step| step.id == state.id)?;
                Some((ticket_type.steps.len(), index, &ticket_type.steps[index], state))
            },
        );
        let Some((count, index, step, state)) = found else {
            return Block::Row { title: String::new(), values: Vec::new() };
        };
        let place = fill_text(words.step, &[("number", &(index + 1).to_string()), ("count", &count.to_string())]);
        let title = format!("{place}  {}", step.id.to_uppercase());
        let mut behind: Vec<Line> = Vec::new();
        if let Some(due) = state.clock.due_at {
            let when = short_time(words, self.zone, due, self.at);
            let template = if due < self.at { words.overdue } else { words.due };
            behind.push(own(fill_text(template, &[("when", &when)])));
        }
        if let Some(waits_on) = self.waits_on(step) {
            behind.push(own(fill_text(words.waits_on, &[("name", &waits_on)])));
        }
        let items: Vec<Item> = step
            .todo
            .iter()
            .zip(1_u32..)
            .take(ITEMS_MAX)
            .map(|(text, number)| {
                let is_done = state.done.contains(&number);
                let remark = if is_done { None } else { self.arrived(text, news) };
                Item { number, is_done, text: clean(text, 120), remark }
            })
            .collect();
        let open: Vec<u32> = items.iter().filter(|item| !item.is_done).map(|item| item.number).collect();
        let mut links: Vec<Line> =
            open.iter().map(|number| self.verb(&number.to_string(), &format!("done {number}"), words.below_note)).collect();
        if let Some(first) = links.first_mut() {
            *first = own(format!("{} ", words.check_off)).and(std::mem::take(first));
        }
        if step.approve {
            links.push(self.verb(words.done, "done", words.below_note));
            links.push(self.verb(words.reject, "reject because not approved", words.below_note));
        }
        if items.is_empty() && links.is_empty() {
            return Block::Row { title, values: if behind.is_empty() { vec![own(words.no_items)] } else { behind } };
        }
        Block::Checklist { title, behind, items, links }
    }

    /// A file that has just come is named as what an item asks for: the word of the item, never one of the file's own.
    fn arrived(&self, item: &str, news: Option<&MessageEntry>) -> Option<String> {
        const LETTERS_MIN: usize = 3;
        let parts = |text: &str| text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect::<Vec<_>>();
        let files: Vec<String> = news
            .filter(|message| message.direction == Direction::In)?
            .attachments
            .iter()
            .flat_map(|file| parts(&file.name))
            .collect();
        let is_thing = |word: &String| word.chars().count() >= LETTERS_MIN && word.chars().any(char::is_alphabetic);
        let word = parts(item).into_iter().rev().find(|word| is_thing(word) && files.contains(word))?;
        Some(fill_text(self.words.arrived, &[("name", &clean(&word, 40))]))
    }

    fn waits_on(&self, step: &Step) -> Option<String> {
        let name = step.waits_on.as_deref()?;
        let vendor = self.desk.policy.vendors.values().find(|vendor| vendor.name.0 == name);
        Some(match (name, vendor) {
            (_, Some(vendor)) => vendor.label.clone(),
            ("customer", None) => short_name(&first_name(self.ticket)),
            (other, None) => other.to_owned(),
        })
    }

    /// Values, then what is missing.
    pub(crate) fn fields(&self) -> Block {
        let words = self.words;
        let fields = self.ticket_type().map(|ticket_type| ticket_type.fields.as_slice()).unwrap_or_default();
        let known = fields.iter().filter_map(|field| {
            let value = self.ticket.fields.get(&field.id)?;
            let line = own(format!("{} ", label(field))).and(foreign(&value.value, VALUE_CHARACTERS_MAX));
            Some(if value.valid { line } else { line.and(own(format!(" ({})", words.not_understood))) })
        });
        let mut values: Vec<Line> = known.take(FIELDS_MAX).collect();
        let missing: Vec<String> = fields
            .iter()
            .filter(|field| self.ticket.missing.contains(&field.id))
            .take(FIELDS_MAX)
            .map(|field| self.missing(field))
            .collect();
        if !missing.is_empty() {
            values.push(own(format!("{} {}", words.missing, missing.join(", "))));
        }
        Block::Row { title: words.facts.to_owned(), values }
    }

    /// A field without a value, and whether its requester was asked for it: at first by the acknowledgement.
    fn missing(&self, field: &Field) -> String {
        let (words, ticket) = (self.words, self.ticket);
        let asked = match ticket.rounds {
            _ if !ticket.asked.contains(&field.id) => return label(field),
            0 | 1 => fill_text(words.asked, &[("when", &short_date(words, self.zone, ticket.created_at))]),
            _ => words.asked_again.to_owned(),
        };
        format!("{} ({asked})", label(field))
    }

    /// What is known of the requester, under their first name where it can be no title of ours.
    pub(crate) fn contact(&self, around: &Around, cause: &Cause<'_>, offset_minutes: Option<i32>) -> Block {
        let words = self.words;
        let facts = around.contact;
        // A ticket that is just being made is not among those that are known.
        let is_new = matches!(cause, Cause::New { .. });
        let tickets = facts.tickets + u64::from(is_new);
        let others = facts.open.saturating_sub(u64::from(self.ticket.status.is_active() && !is_new));
        let mut values: Vec<Line> = vec![own(words.address).and(foreign(self.ticket.requester.address.as_str(), 120))];
        if !self.ticket.requester.proven {
            values.push(own(words.not_proven));
        }
        if let Cause::New { message } | Cause::Wrote { message } = cause
            && let Some(elsewhere) = message.answers_to.as_ref().filter(|to| !self.ticket.is_written_to(to))
        {
            values.push(own(format!("{} ", words.reply_to)).and(foreign(elsewhere.as_str(), 120)));
        }
        let count = tickets.to_string();
        match tickets {
            0 | 1 => values.push(own(words.first_ticket)),
            _ => values.push(own(match facts.since.and_then(|since| self.span_since(since)) {
                Some(span) => fill_text(words.tickets_in, &[("count", &count), ("span", &span)]),
                None => fill_text(words.tickets, &[("count", &count)]),
            })),
        }
        if others > 0 {
            values.push(own(fill_text(words.others_open, &[("count", &others.to_string())])));
        }
        if facts.good + facts.bad > 0 {
            let (good, bad) = (facts.good.to_string(), facts.bad.to_string());
            values.push(own(fill_text(words.rated, &[("good", &good), ("bad", &bad)])));
        }
        if let Some(local) = self.local_time(offset_minutes) {
            values.push(own(fill_text(words.local_time, &[("when", &local)])));
        }
        Block::Row { title: self.contact_title(), values }
    }

    /// How long ago that was, in whole months or years; `None` below two months, which is not worth a word.
    fn span_since(&self, since: Timestamp) -> Option<String> {
        let months = since.duration_until(self.at).as_hours() / (24 * 30);
        let (template, count) = match months {
            ..2 => return None,
            2..24 => (self.words.so_many_months, months),
            _ => (self.words.so_many_years, months / 12),
        };
        Some(fill_text(template, &[("count", &count.to_string())]))
    }

    /// Their time, where it is not ours.
    fn local_time(&self, offset_minutes: Option<i32>) -> Option<String> {
        let offset = Offset::from_seconds(offset_minutes?.checked_mul(60)?).ok()?;
        if self.zone.to_offset(self.at) == offset {
            return None;
        }
        let theirs = self.at.to_zoned(TimeZone::fixed(offset));
        Some(format!("{:02}:{:02}", theirs.hour(), theirs.minute()))
    }

    fn contact_title(&self) -> String {
        let name = crate::letter::greeting_name(&self.ticket.requester.name).map(|name| name.to_uppercase());
        let fits = |name: &String| name.chars().count() <= TITLE_CHARACTERS_MAX && !crate::agent_words::is_title(name);
        name.filter(fits).unwrap_or_else(|| self.words.contact.to_owned())
    }

    /// Where it stands.
    pub(crate) fn state(&self) -> Block {
        let (words, ticket) = (self.words, self.ticket);
        let mut values = vec![own(status_word(words, ticket.status)), own(words.priorities[ticket.priority as usize])];
        values.extend(ticket.team.as_ref().map(|team| own(team.0.clone())));
        let owner = ticket.owner.as_ref().map(|owner| short_name(&self.desk.person(owner.as_str())));
        values.push(own(match owner {
            Some(owner) => fill_text(words.owner, &[("name", &owner)]),
            None => words.nobody.to_owned(),
        }));
        values.extend(ticket.known_issue.as_ref().map(|issue| own(fill_text(words.known_issue, &[("name", &clean(issue, 60))]))));
        values.extend(self.first_response());
        values.extend(self.next_response());
        values.extend(self.claims());
        if let Some(until) = ticket.snoozed_until {
            values.push(own(fill_text(words.sleeps, &[("when", &short_time(words, self.zone, until, self.at))])));
        }
        for (name, thread) in ticket.side_threads.iter().take(VENDORS_MAX) {
            let vendor = self.desk.policy.vendors.get(name).map_or(name.as_str(), |vendor| vendor.label.as_str());
            let number = thread.their_ref.as_ref().map(|number| own(" ").and(foreign(number, 40))).unwrap_or_default();
            let asked = thread.asked_at.map(|asked| {
                let (sentence, at) = thread.expected_at.map_or((words.asked, asked), |at| (words.expected, at));
                let when = short_time(words, self.zone, at, self.at);
                own(" ").and(own(fill_text(sentence, &[("when", &when)])))
            });
            values.push(own(vendor).and(number).and(asked.unwrap_or_default()));
        }
        if !ticket.tags.is_empty() {
            let tags: Vec<String> = ticket.tags.iter().take(8).map(|tag| clean(tag, 30)).collect();
            values.push(own(fill_text(words.tags, &[("tags", &tags.join(" "))])));
        }
        if let Some(hold) = &ticket.hold {
            values.push(own(words.look_at).and(foreign(&crate::wrong_words::hold_in(words.language, hold), 120)));
        }
        if let Some(note) = &ticket.last_note {
            let by = self.desk.short_actor(self.words, words.last_note, &note.by);
            let excerpt = own("\"").and(foreign(&note.excerpt, 110)).and(own("\""));
            values.push(fill(words.last_note, &[("name", foreign(&by, NAME_CHARACTERS_MAX)), ("words", excerpt)]));
        }
        Block::Row { title: words.state.to_owned(), values }
    }

    /// When the next answer is owed, where the first line of a mail has no room for it: on another day.
    fn next_response(&self) -> Option<Line> {
        let clock = &self.ticket.next_response;
        let is_next = self.ticket.first_response.met_at.is_some() && clock.met_at.is_none();
        let is_owed = is_next && matches!(self.ticket.status, Status::New | Status::Open);
        let due_at = clock.due_at.filter(|_| is_owed)?;
        let sentence = if due_at < self.at { self.words.answer_late } else { self.words.answer_due };
        let when = short_time(self.words, self.zone, due_at, self.at);
        when.contains(' ').then(|| own(fill_text(sentence, &[("when", &when)])))
    }

    /// Tickets of which a mail of somebody else said that it belongs to them.
    fn claims(&self) -> Vec<Line> {
        let is_merged = |other| self.ticket.links.iter().any(|link| link.kind == LinkKind::MergedFrom && link.ticket == other);
        let said = self.ticket.links.iter().filter_map(|link| match link.kind {
            LinkKind::Claims => Some((self.words.claims, link.ticket)),
            LinkKind::ClaimedBy if !is_merged(link.ticket) => Some((self.words.claimed_by, link.ticket)),
            LinkKind::ClaimedBy
            | LinkKind::Continues
            | LinkKind::ContinuedBy
            | LinkKind::MergedInto
            | LinkKind::MergedFrom
            | LinkKind::SplitFrom
            | LinkKind::SplitInto
            | LinkKind::Resembles => None,
        });
        let line = |(template, other)| own(fill_text(template, &[("reference", &self.desk.policy.reference(other))]));
        said.take(CLAIMS_MAX).map(line).collect()
    }

    fn first_response(&self) -> Option<Line> {
        let (words, clock) = (self.words, &self.ticket.first_response);
        let (template, value) = match (clock.met_at, clock.due_at, clock.started_at) {
            (Some(met), _, Some(started)) => {
                let template = if clock.breached { words.response_was_late } else { words.response_kept };
                (template, short_span(words, started.duration_until(met)))
            }
            (Some(_), _, None) | (None, None, _) => return None,
            (None, Some(due), _) => {
                let template = if due < self.at { words.response_late } else { words.response_due };
                (template, short_time(words, self.zone, due, self.at))
            }
        };
        Some(own(fill_text(template, &[("when", &value)])))
    }

    fn ticket_type(&self) -> Option<&TicketType> {
        self.desk.policy.types.get(&self.ticket.ticket_type)
    }
}

/// The last line of a mail about a ticket.
pub(crate) fn footer(desk: &AgentDesk<'_>, words: &Words, ticket: &Ticket, why: Why) -> Vec<Line> {
    // TODO(when a page serves `/t/N`): a link to all messages; until then `more` and `show` send them.
    let reference = desk.policy.reference(ticket.no);
    vec![own(fill_text(words.why, &[("why", words.why_of(why))])), own(format!("ref {reference}.{}", ticket.rev))]
}

/// Fields by which clients can sort and colour.
pub(crate) fn header_fields(policy: &Policy, ticket: &Ticket, why: Why) -> Vec<ExtraHeader> {
    let reference = policy.reference(ticket.no);
    let rev = ticket.rev.to_string();
    let due = due(ticket).map(|due| due.to_string()).unwrap_or_default();
    let team = ticket.team.as_ref().map_or("", |team| team.as_str());
    let owner = ticket.owner.as_ref().map_or("", |owner| owner.as_str());
    extra([
        ("X-Frontdesk-Ticket", reference.as_str()),
        ("X-Frontdesk-Inbox", ticket.inbox.as_str()),
        ("X-Frontdesk-Team", team),
        ("X-Frontdesk-Type", ticket.ticket_type.as_str()),
        ("X-Frontdesk-Status", ticket.status.as_str()),
        ("X-Frontdesk-Priority", ticket.priority.as_str()),
        ("X-Frontdesk-Owner", owner),
        ("X-Frontdesk-Why", why.as_str()),
        ("X-Frontdesk-Due", &due),
        ("X-Frontdesk-Rev", &rev),
    ])
}

/// When the next word is owed: the answer, else the step; nothing while somebody else owes it.
pub(crate) fn due(ticket: &Ticket) -> Option<Timestamp> {
    match ticket.status {
        Status::New | Status::Open => {}
        Status::Pending | Status::OnHold | Status::Solved | Status::Closed => return None,
    }
    let answers = [&ticket.first_response, &ticket.next_response].into_iter();
    let answer = answers.filter(|clock| clock.met_at.is_none()).find_map(|clock| clock.due_at);
    answer.or_else(|| ticket.step().and_then(|step| step.clock.due_at))
}

/// First name of the requester; their address where they gave no name.
pub(crate) fn first_name(ticket: &Ticket) -> String {
    let name = ticket.requester.name.trim();
    if name.is_empty() { name_of(ticket.requester.address.as_str()) } else { short_name(name) }
}

pub(crate) fn status_word(words: &Words, status: Status) -> &'static str {
    match status {
        Status::New => words.statuses[0],
        Status::Open => words.statuses[1],
        Status::Pending => words.statuses[2],
        Status::OnHold => words.statuses[3],
        Status::Solved => words.statuses[4],
        Status::Closed => words.statuses[5],
    }
}

/// The first label of a field, else its id: short, where its question is long.
fn label(field: &Field) -> String {
    let label = field.labels.first().map_or(field.id.as_str(), String::as_str);
    let mut characters = label.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    clean(&format!("{first}{}", characters.as_str()), 40)
}
