//! The mail that tells an agent about a ticket: what is new first, what can be done with one mail, the facts last.
//!
//! Pure: the caller decides who is told of what; here is only how it is said. Blocks about the ticket itself are in
//! [`crate::ticket_block`], the other mails to agents in [`crate::desk_mail`].

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mail::compose::ExtraHeader;
use mail::{Address, HeaderText};

pub use crate::agent_letter::{AgentDesk, agent_root};
pub use crate::cause::{Cause, Why};

use crate::agent_letter::{Cover, send, short_bytes, short_time};
use crate::agent_page::{Block, Line, Page, Quote, act, clean, file_name, fill, fill_text, foreign, marker, own};
use crate::agent_words::{Words, words_of};
use crate::decision::{Direction, MessageEntry};
use crate::effect::{Enclosed, Send};
use crate::envelope::extra;
use crate::event::Around;
use crate::ids::{EffectId, TicketNo, VendorName};
use crate::letter::greeting_name;
use crate::one_click::day;
use crate::policy::Agent;
use crate::ticket::{LinkKind, Priority, Ticket};
use crate::ticket_block;
use crate::token::{Choice, FileClaim, Mode};

/// Bytes of HTML for the words of the message: with all other blocks full the mail stays within 40 KB.
pub(crate) const QUOTE_BYTES_MAX: usize = 16 * 1024;
/// HTML of what a message quotes or passes on.
const CUT_BYTES_MAX: usize = 8 * 1024;
/// Characters of the name in From, before what says that it is not the person itself.
const AUTHOR_CHARACTERS_MAX: usize = 32;
/// Characters of a name of somebody outside.
pub(crate) const NAME_CHARACTERS_MAX: usize = 60;
/// Characters of other foreign words in our lines.
pub(crate) const WORDS_CHARACTERS_MAX: usize = 160;
/// People copied in who are asked about in one mail.
const COPIED_MAX: usize = 4;
/// Characters of a note that comes with a ticket.
const NOTE_CHARACTERS_MAX: usize = 2_000;
/// Suggestions of one mail.
const SUGGESTIONS_MAX: usize = 3;
/// Files that are listed one by one.
const FILES_MAX: usize = 20;
/// Characters of the name of a file.
const FILE_CHARACTERS_MAX: usize = 48;
/// A link to a file opens for so many days.
const FILE_LINK_DAYS: i64 = 30;

/// Something that may help, offered with a letter: `#kb a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Its letter.
    pub key: char,
    /// Its id, by which links name it: what letter it has changes.
    pub id: String,
    /// Number and title.
    pub title: String,
    /// Customers can read it at an address of its own.
    pub has_page: bool,
}

/// One mail to one agent about one ticket.
#[derive(Clone, Copy, Debug)]
pub struct TicketMail<'a> {
    /// The desk that writes.
    pub desk: AgentDesk<'a>,
    /// The ticket as it is now.
    pub ticket: &'a Ticket,
    /// What is known around it.
    pub around: &'a Around,
    /// To whom.
    pub to: &'a Agent,
    /// Why to them.
    pub why: Why,
    /// What happened.
    pub cause: Cause<'a>,
    /// What may help.
    pub perhaps: &'a [Suggestion],
    /// The requester's offset from UTC in minutes, from the Date of their last mail, if known.
    pub their_offset: Option<i32>,
    /// When.
    pub at: Timestamp,
}

impl TicketMail<'_> {
    /// The mail.
    #[must_use]
    pub fn send(&self, id: EffectId) -> Send {
        let words = words_of(self.desk.policy, self.to);
        let zone = self.desk.zone(self.to);
        let files = self.files();
        let page = Page {
            language: words.language,
            marker: self.marker(words, &zone),
            shortened: words.shortened,
            blocks: self.blocks(words, &zone, &files),
            footer: ticket_block::footer(&self.desk, words, self.ticket, self.why),
        };
        let reference = self.desk.policy.reference(self.ticket.no);
        let (answer, value) = match self.cause.mode() {
            Mode::Reply => (words.answer_name, self.first_name()),
            Mode::Note | Mode::Vendor | Mode::Command | Mode::Outside => (words.note_name, String::new()),
        };
        let held = if let Cause::Held { message, .. } = self.cause { Some(message.id) } else { None };
        let cover = Cover {
            to: self.to,
            ticket: Some(self.ticket),
            mode: self.cause.mode(),
            from: self.author(words),
            answer: fill_text(answer, &[("name", &value), ("reference", &reference)]),
            held,
            subject: String::new(),
            fields: self.fields(),
            enclosed: files.enclosed,
            at: self.at,
        };
        send(&self.desk, cover, &page, id)
    }

    fn blocks(&self, words: &'static Words, zone: &TimeZone, files: &Files) -> Vec<Block> {
        let mut blocks = self.news(words, zone);
        if let Some(message) = self.cause.message() {
            blocks.push(Block::Quote(Quote::of(&message.text, QUOTE_BYTES_MAX)));
            blocks.extend(cut_of(words, message, CUT_BYTES_MAX));
        }
        blocks.push(Block::Files(self.file_lines(words, files)));
        blocks.extend(self.given_with(words));
        blocks.push(Block::Say(self.where_answers_go(words)));
        blocks.push(self.choices(words));
        let facts = ticket_block::Facts { desk: &self.desk, ticket: self.ticket, to: self.to, words, zone, at: self.at };
        blocks.push(facts.links(&self.cause));
        blocks.push(facts.step(self.cause.message()));
        blocks.push(facts.fields());
        blocks.push(self.suggestions(words));
        blocks.push(facts.contact(self.around, &self.cause, self.their_offset));
        blocks.push(facts.state());
        blocks
    }

    /// What may help, each with what sends it.
    fn suggestions(&self, words: &Words) -> Block {
        let mut values = Vec::new();
        for one in self.perhaps.iter().take(SUGGESTIONS_MAX) {
            values.push(own(format!("{}  ", one.key)).and(foreign(&one.title, WORDS_CHARACTERS_MAX)));
            let link = |label: &str, form: &str| {
                let verb = format!("kb {} {form}", quoted(&one.id));
                let url = self.desk.verb_link(self.to, self.ticket, &verb, Some(words.below_reply), self.at);
                url.map(|url| act(label, Some(url)))
            };
            if self.cause.mode() == Mode::Reply {
                values.extend(one.has_page.then(|| link(words.insert_link, "link")).flatten());
                values.extend(link(words.insert_text, "text"));
            }
        }
        Block::Row { title: words.perhaps.to_owned(), values }
    }

    /// The middle of the marker: what happened, to be filled with one name.
    fn marker(&self, words: &Words, zone: &TimeZone) -> String {
        let due = self.due().map(|due| short_time(words, zone, due, self.at));
        // It follows the reference, so it begins no sentence.
        let short_actor = |by: &str| self.desk.short_actor(words, "", by);
        let (what, name) = match self.cause {
            Cause::New { .. } | Cause::Practice { .. } => (words.marker_new, self.writer()),
            Cause::Wrote { .. } if self.is_requester() => (words.marker_replied, self.writer()),
            Cause::Wrote { .. } => (words.marker_wrote, self.writer()),
            Cause::Noted { by, .. } => (words.marker_noted, short_actor(by)),
            Cause::Answered { by, .. } => (words.marker_answered, short_actor(by)),
            Cause::Acted { by, .. } | Cause::Joined { by, .. } => (words.marker_acted, short_actor(by)),
            Cause::Assigned { .. } if self.ticket.owner.is_none() => (words.marker_team, self.first_name()),
            Cause::Assigned { .. } => (words.marker_assigned, self.first_name()),
            Cause::VendorWrote { vendor, .. } => (words.marker_wrote, self.vendor_label(vendor)),
            Cause::Held { .. } => (words.marker_held, self.writer()),
            Cause::DeliveryFailed { to, .. } => (words.marker_failed, to.to_string()),
            Cause::DeliveryDelayed { to, .. } => (words.marker_delayed, to.to_string()),
            Cause::DeliveryUnknown { to, .. } => (words.marker_unknown, to.to_string()),
            Cause::AtRisk { due_at } if due_at <= self.at => (words.marker_late, String::new()),
            Cause::AtRisk { .. } => (words.marker_risk, String::new()),
            Cause::VendorLate { vendor, .. } => (words.marker_vendor_late, self.vendor_label(vendor)),
            Cause::StepIsYours { .. } => (words.marker_step, String::new()),
            Cause::Awake => (words.marker_awake, String::new()),
        };
        let (due, tail) = match self.cause.mode() {
            _ if matches!(self.cause, Cause::Held { .. }) => (None, ""),
            Mode::Reply => (due.map(|due| fill_text(words.due, &[("when", &due)])), words.write_above),
            Mode::Note | Mode::Vendor | Mode::Command | Mode::Outside => (None, words.stays_inside),
        };
        marker(&self.desk.policy.reference(self.ticket.no), what, due.as_deref(), &name, tail)
    }

    /// Sentences above the words of the message.
    fn news(&self, words: &Words, zone: &TimeZone) -> Vec<Block> {
        let address = self.cause.message().map(|message| address_of(&message.from)).unwrap_or_default();
        let person = ("person", foreign(address, WORDS_CHARACTERS_MAX));
        let mailbox = |to: &Address| ("person", foreign(to.as_str(), WORDS_CHARACTERS_MAX));
        let mut blocks = Vec::new();
        let mut say = |line: Line| blocks.push(Block::Say(line));
        let actor = |sentence: &str, by: &str| foreign(&self.desk.actor(words, sentence, by), NAME_CHARACTERS_MAX);
        match self.cause {
            Cause::New { .. } => {
                say(fill(words.says_new, std::slice::from_ref(&person)));
                for (kind, template) in [(LinkKind::Continues, words.says_continues), (LinkKind::Resembles, words.says_alike)] {
                    for other in self.linked(kind) {
                        say(fill(template, &[("reference", own(self.desk.policy.reference(other)))]));
                    }
                }
                for other in self.linked(LinkKind::Claims) {
                    let reference = ("reference", own(self.desk.policy.reference(other)));
                    say(fill(words.says_claims, &[person.clone(), reference]));
                }
            }
            Cause::Wrote { .. } if self.is_waiting() => say(fill(words.says_new_person, &[person])),
            Cause::Wrote { .. } | Cause::Noted { .. } | Cause::Answered { .. } => {}
            Cause::Acted { by, what } => {
                let what = foreign(what, WORDS_CHARACTERS_MAX);
                say(fill(words.says_acted, &[("name", actor(words.says_acted, by)), ("what", what)]));
            }
            Cause::Joined { by, other } => say(fill(
                words.says_joined,
                &[
                    ("name", actor(words.says_joined, by)),
                    ("reference", own(self.desk.policy.reference(other.no))),
                    ("subject", foreign(&other.subject, WORDS_CHARACTERS_MAX)),
                ],
            )),
            Cause::Assigned { by, .. } => {
                let [by_name, alone] = match self.ticket.owner {
                    Some(_) => [words.says_assigned_by, words.says_assigned],
                    None => [words.says_team_by, words.says_team],
                };
                let name = by.map(|by| ("name", actor(by_name, by)));
                say(name.map_or_else(|| own(alone), |name| fill(by_name, &[name])));
            }
            Cause::VendorWrote { .. } => say(own(words.says_vendor)),
            Cause::Held { why, .. } => {
                say(fill(words.says_held, &[person, ("why", foreign(why.told(words.language), WORDS_CHARACTERS_MAX))]))
            }
            Cause::DeliveryFailed { to, .. } => say(fill(words.says_failed, &[mailbox(to)])),
            Cause::DeliveryDelayed { to, .. } => say(fill(words.says_delayed, &[mailbox(to)])),
            Cause::DeliveryUnknown { to, .. } => say(fill(words.says_unknown, &[mailbox(to)])),
            Cause::AtRisk { due_at } => {
                let template = if due_at <= self.at { words.says_late } else { words.says_risk };
                say(fill(template, &[("when", own(short_time(words, zone, due_at, self.at)))]));
            }
            Cause::VendorLate { vendor, due_at } => {
                let when = own(short_time(words, zone, due_at, self.at));
                say(fill(words.says_vendor_late, &[("name", own(self.vendor_label(vendor))), ("when", when)]));
            }
            Cause::StepIsYours { approve: false } => say(own(words.says_step)),
            Cause::StepIsYours { approve: true } => say(own(words.says_step_approve)),
            Cause::Awake => say(own(words.says_awake)),
            Cause::Practice { .. } => say(own(words.says_practice)),
        }
        if self.cause.message().is_some_and(|message| message.unproven) {
            say(fill(words.says_unproven, &[("person", foreign(address, WORDS_CHARACTERS_MAX))]));
        }
        let copied = self.copied();
        if !copied.is_empty() {
            let list = copied.iter().enumerate().fold(Line::default(), |list, (index, person)| {
                let shown = foreign(person.as_str(), WORDS_CHARACTERS_MAX);
                if index == 0 { shown } else { list.and(own(", ")).and(shown) }
            });
            say(fill(words.says_copied, &[("people", list)]));
        }
        if let Cause::DeliveryFailed { reply, .. } | Cause::DeliveryDelayed { reply, .. } | Cause::DeliveryUnknown { reply, .. } =
            self.cause
        {
            blocks.push(Block::Quote(Quote::of(reply, 2 * 1024)));
        }
        blocks
    }

    /// What a colleague wrote as they gave it to this agent. A note is no quote: what stands in one may be quoted on to the
    /// requester, who has seen an answer anyway.
    fn given_with(&self, words: &Words) -> Vec<Block> {
        let Cause::Assigned { by: Some(by), with: Some(with), .. } = self.cause else { return Vec::new() };
        // All of these begin with the name.
        let name = ("name", foreign(&self.desk.short_actor(words, words.says_answered, by), NAME_CHARACTERS_MAX));
        match with.direction {
            Direction::Out => {
                let quote = Block::Quote(Quote::of(&with.text, NOTE_CHARACTERS_MAX));
                vec![Block::Say(fill(words.says_answered, &[name])), quote]
            }
            Direction::Note => {
                let note = ("words", foreign(&with.text, NOTE_CHARACTERS_MAX));
                vec![Block::Say(fill(words.says_noted, &[name, note]))]
            }
            Direction::In => Vec::new(),
        }
    }

    fn where_answers_go(&self, words: &Words) -> Line {
        if let Cause::Held { .. } = self.cause {
            return own(words.answer_yes);
        }
        if self.cause.mode() != Mode::Reply {
            return own(words.answer_stays);
        }
        let people = self.ticket.recipients();
        let shown = people.iter().enumerate().take(5).map(|(index, person)| {
            let is_requester = index == 0 && !self.ticket.requester.name.trim().is_empty();
            let shown = if is_requester { self.ticket.requester.name.as_str() } else { person.as_str() };
            let person = foreign(shown, WORDS_CHARACTERS_MAX);
            if index == 0 { person } else { own(words.and_to).and(person) }
        });
        let mut list = shown.fold(Line::default(), Line::and);
        if people.len() > 5 {
            list = list.and(own(fill_text(words.and_more, &[("count", &(people.len() - 5).to_string())])));
        }
        fill(words.answer_goes, &[("people", list)])
    }

    /// Links that this cause alone has.
    fn choices(&self, words: &Words) -> Block {
        let links = match self.cause {
            Cause::Held { message, .. } => {
                let link = |label: &str, choice| act(label, self.desk.choice_link(self.to, message.id, choice));
                vec![link(words.let_in, Choice::Release), link(words.put_away, Choice::PutAway)]
            }
            Cause::VendorWrote { message, .. } => {
                let label = fill_text(words.pass_on, &[("name", &self.first_name())]);
                vec![act(label, self.desk.choice_link(self.to, message.id, Choice::PassOn))]
            }
            Cause::Wrote { message } if self.is_waiting() => {
                let writer = self.include(words, address_of(&message.from));
                std::iter::once(writer).chain(self.copied().iter().map(|person| self.include(words, person.as_str()))).collect()
            }
            Cause::New { .. } | Cause::Wrote { .. } | Cause::Assigned { .. } => {
                self.copied().iter().map(|person| self.include(words, person.as_str())).collect()
            }
            Cause::Noted { .. }
            | Cause::Answered { .. }
            | Cause::Acted { .. }
            | Cause::Joined { .. }
            | Cause::DeliveryFailed { .. }
            | Cause::DeliveryDelayed { .. }
            | Cause::DeliveryUnknown { .. }
            | Cause::AtRisk { .. }
            | Cause::VendorLate { .. }
            | Cause::StepIsYours { .. }
            | Cause::Awake
            | Cause::Practice { .. } => Vec::new(),
        };
        Block::Links { title: String::new(), links }
    }

    /// A link that makes somebody take part.
    fn include(&self, words: &Words, address: &str) -> Line {
        // A quoted local part may hold anything, also more words of a command.
        let is_plain = Address::new(address).is_ok() && !address.contains(['"', ' ']);
        let url = is_plain.then(|| format!("cc {address}"));
        let url = url.and_then(|verb| self.desk.verb_link(self.to, self.ticket, &verb, Some(words.below_note), self.at));
        act(fill_text(words.include, &[("person", &clean(address, WORDS_CHARACTERS_MAX))]), url)
    }

    /// People that this message copied in and who wait for an agent's yes; its writer is asked about apart.
    fn copied(&self) -> Vec<Address> {
        let message = match self.cause {
            Cause::New { message } | Cause::Wrote { message } | Cause::Assigned { message: Some(message), .. } => message,
            Cause::Assigned { message: None, .. }
            | Cause::Noted { .. }
            | Cause::Answered { .. }
            | Cause::Acted { .. }
            | Cause::Joined { .. }
            | Cause::VendorWrote { .. }
            | Cause::VendorLate { .. }
            | Cause::Held { .. }
            | Cause::DeliveryFailed { .. }
            | Cause::DeliveryDelayed { .. }
            | Cause::DeliveryUnknown { .. }
            | Cause::AtRisk { .. }
            | Cause::StepIsYours { .. }
            | Cause::Awake
            | Cause::Practice { .. } => return Vec::new(),
        };
        let writer = address_of(&message.from).to_lowercase();
        let is_copied = |person: &&Address| {
            let folded = person.folded();
            folded != writer && message.to.iter().any(|to| to.to_lowercase() == folded)
        };
        self.ticket.waiting.iter().filter(is_copied).take(COPIED_MAX).cloned().collect()
    }

    fn linked(&self, kind: LinkKind) -> impl Iterator<Item = TicketNo> {
        self.ticket.links.iter().filter(move |link| link.kind == kind).map(|link| link.ticket)
    }

    /// Files go along as far as the limit allows; the rest is listed, with a link where pages are served.
    fn files(&self) -> Files {
        let mut files = Files::default();
        let Some(message) = self.cause.message() else { return files };
        let mut left = self.desk.mail.attach_bytes;
        for file in &message.attachments {
            match message.raw.filter(|_| file.bytes <= left) {
                Some(raw) => {
                    left -= file.bytes;
                    let (name, content_type) = (file.name.clone(), file.content_type.clone());
                    files.enclosed.push(Enclosed {
                        raw,
                        part: file.part,
                        name,
                        content_type,
                        bytes: file.bytes,
                        content_id: None,
                    });
                    files.is_enclosed.push(true);
                }
                None => files.is_enclosed.push(false),
            }
        }
        files
    }

    fn file_lines(&self, words: &Words, files: &Files) -> Vec<Line> {
        let Some(message) = self.cause.message() else { return Vec::new() };
        let listed = message.attachments.iter().zip(&files.is_enclosed).take(FILES_MAX);
        let mut lines: Vec<Line> = listed
            .map(|(file, is_enclosed)| {
                let size = short_bytes(file.bytes);
                let line = own("[").and(file_name(&file.name, FILE_CHARACTERS_MAX)).and(own(format!(" {size}")));
                let claim = FileClaim {
                    ticket: self.ticket.no,
                    event: message.id,
                    part: file.part,
                    last_day: day(self.at) + FILE_LINK_DAYS,
                };
                match &self.desk.policy.url {
                    _ if *is_enclosed => line.and(own("]")),
                    Some(url) => {
                        let url = format!("{}/a/{}", url.trim_end_matches('/'), self.desk.policy.keys.file_path(claim));
                        line.and(own(format!(", {}: ", words.too_large))).and(page(url)).and(own(" ]"))
                    }
                    None => line.and(own(format!(", {}]", words.too_large))),
                }
            })
            .collect();
        if message.attachments.len() > FILES_MAX {
            let count = (message.attachments.len() - FILES_MAX).to_string();
            lines.push(own(fill_text(words.more_files, &[("count", &count)])));
        }
        lines
    }

    fn fields(&self) -> Vec<ExtraHeader> {
        let importance = match self.ticket.priority {
            Priority::Urgent | Priority::High => "high",
            Priority::Normal | Priority::Low => "",
        };
        // Owners cannot leave, watchers can.
        let leave = match self.why {
            Why::Watching => self.desk.verb_link(self.to, self.ticket, "mute", None, self.at).unwrap_or_default(),
            Why::Owner | Why::Team | Why::Lead | Why::Step | Why::Asked | Why::Practice => String::new(),
        };
        let leave = if leave.is_empty() { leave } else { format!("<{leave}>") };
        let mut fields = extra([("Importance", importance), ("List-Unsubscribe", leave.as_str())]);
        fields.extend(ticket_block::header_fields(self.desk.policy, self.ticket, self.why));
        fields
    }

    /// When the next word is owed, while it is.
    fn due(&self) -> Option<Timestamp> {
        ticket_block::due(self.ticket)
    }

    /// `"Dana Okafor via Fernhill Support"`: the person whose words it brings, else the desk.
    fn author(&self, words: &Words) -> String {
        let person = match self.cause {
            Cause::Noted { by, .. } | Cause::Answered { by, .. } | Cause::Acted { by, .. } | Cause::Joined { by, .. } => {
                self.desk.actor(words, words.via, by)
            }
            Cause::VendorWrote { vendor, .. } => self.vendor_label(vendor),
            Cause::New { .. }
            | Cause::Wrote { .. }
            | Cause::Assigned { .. }
            | Cause::Held { .. }
            | Cause::DeliveryFailed { .. }
            | Cause::DeliveryDelayed { .. }
            | Cause::DeliveryUnknown { .. }
            | Cause::AtRisk { .. }
            | Cause::VendorLate { .. }
            | Cause::StepIsYours { .. }
            | Cause::Awake
            | Cause::Practice { .. } => self.outsider(),
        };
        // Short enough that what follows it is never cut off: nobody outside shall look like the desk itself.
        let person = clean(&person, AUTHOR_CHARACTERS_MAX);
        let label = &self.desk.inbox.label;
        if person.is_empty() {
            return label.clone();
        }
        HeaderText::new(&fill_text(words.via, &[("name", &person), ("inbox", label)])).as_str().to_owned()
    }

    /// First name of the requester, for sentences; their address where they gave no name.
    fn first_name(&self) -> String {
        ticket_block::first_name(self.ticket)
    }

    /// Short name of whoever wrote the message.
    fn writer(&self) -> String {
        short_name(&self.outsider())
    }

    /// Name of whoever outside wrote the message; the address of one who calls themselves like an agent of ours, and is not
    /// proven to be that colleague.
    fn outsider(&self) -> String {
        let Some(message) = self.cause.message() else { return String::new() };
        let name = name_of(&message.from);
        let folded = name.to_lowercase();
        let address = Address::new(address_of(&message.from)).ok();
        let themselves = address.and_then(|address| self.desk.policy.agent_by_address(&address)).filter(|_| !message.unproven);
        let is_taken =
            self.desk.policy.agents.values().any(|agent| {
                agent.label.to_lowercase() == folded && themselves.is_none_or(|colleague| colleague.name != agent.name)
            });
        if is_taken { clean(address_of(&message.from), NAME_CHARACTERS_MAX) } else { name }
    }

    fn vendor_label(&self, vendor: &VendorName) -> String {
        self.desk.policy.vendors.get(vendor).map_or_else(|| vendor.0.clone(), |vendor| vendor.label.clone())
    }

    fn is_requester(&self) -> bool {
        let address = self.cause.message().map(|message| address_of(&message.from).to_lowercase());
        address.is_some_and(|address| address == self.ticket.requester.address.folded())
    }

    fn is_waiting(&self) -> bool {
        let address = self.cause.message().map(|message| address_of(&message.from).to_lowercase()).unwrap_or_default();
        self.ticket.waiting.iter().any(|person| person.folded() == address)
    }
}

/// A name as one argument.
fn quoted(name: &str) -> String {
    if name.contains(char::is_whitespace) { format!("\"{name}\"") } else { name.to_owned() }
}

/// Which files of the message go along.
#[derive(Debug, Default)]
struct Files {
    enclosed: Vec<Enclosed>,
    is_enclosed: Vec<bool>,
}

pub(crate) fn page(url: String) -> Line {
    Line(vec![crate::agent_page::Piece::Page(url)])
}

/// The address in `Name <address>`, or the whole.
pub(crate) fn address_of(shown: &str) -> &str {
    let inner = shown.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    inner.unwrap_or(shown).trim()
}

/// The name in `Name <address>`, or the address.
pub(crate) fn name_of(shown: &str) -> String {
    let name = shown.rsplit_once('<').map_or("", |(name, _)| name).trim().trim_matches('"');
    clean(if name.is_empty() { address_of(shown) } else { name }, NAME_CHARACTERS_MAX)
}

/// `Dana` of `Dana Okafor`; the whole where it is no name.
pub(crate) fn short_name(name: &str) -> String {
    greeting_name(name).unwrap_or_else(|| clean(name, NAME_CHARACTERS_MAX))
}

/// What a message quotes or passes on, where nobody here has seen it.
pub(crate) fn cut_of(words: &Words, message: &MessageEntry, bytes_max: usize) -> Vec<Block> {
    if !message.cut_is_news || message.cut.trim().is_empty() {
        return Vec::new();
    }
    vec![Block::Say(own(words.says_cut)), Block::Quote(Quote::of(&message.cut, bytes_max))]
}
