//! The other mails to agents: what was not done and why, what is asked back, what was done.
//!
//! Each asks for one decision and offers every way out as a link. A word about a held mail is proven by a token of its
//! own ([`Choice`]), and the address that an answer goes to names the held mail, so that an answer in words works too.

use jiff::Timestamp;
use mail::Address;

use crate::agent_letter::{Cover, send, short_time};
use crate::agent_page::{Block, CodeLine, Line, Page, Quote, act, clean, fill, fill_text, foreign, marker, own};
use crate::agent_words::{Words, words_of};
use crate::change::Undone;
use crate::decision::HistoryEntry;
use crate::effect::Send;
use crate::ids::{EffectId, EventId};
use crate::policy::Agent;
use crate::remark::Remark;
use crate::ticket::{Answered, Ticket};
use crate::ticket_block::{first_name, footer, header_fields};
use crate::ticket_mail::{AgentDesk, NAME_CHARACTERS_MAX, QUOTE_BYTES_MAX, WORDS_CHARACTERS_MAX, Why};
use crate::token::{Choice, Mode};

pub use crate::desk_list::{Digest, Listing, invite, practice_ticket};

/// Bytes of HTML for the first words of a mail that may be somebody else's.
const FIRST_WORDS_BYTES_MAX: usize = 1_024;
/// First words of a mail that may be somebody else's.
const FIRST_WORDS_MAX: usize = 12;
/// Lines of commands that are shown again.
const CODE_LINES_MAX: usize = 40;
/// Lines of a receipt.
const RECEIPT_LINES_MAX: usize = 40;

/// One mail to one agent, about a ticket or about none.
#[derive(Clone, Copy, Debug)]
pub struct DeskMail<'a> {
    /// The desk that writes.
    pub desk: AgentDesk<'a>,
    /// To whom.
    pub to: &'a Agent,
    /// About which ticket; `None` = about none.
    pub ticket: Option<&'a Ticket>,
    /// When.
    pub at: Timestamp,
}

/// A mistake in a block of commands.
#[derive(Clone, Copy, Debug)]
pub struct Mistake<'a> {
    /// The event that held the mail.
    pub held: EventId,
    /// All lines of the block as written, without their number signs.
    pub lines: &'a [String],
    /// Which is wrong, counted from 0.
    pub wrong: usize,
    /// The wrong characters of that line: the first one and their number.
    pub characters: (usize, usize),
    /// What is wrong: `no such command; "assign" is close`.
    pub what: &'a str,
    /// The whole line as it was probably meant.
    pub meant: Option<&'a str>,
    /// There are words for the requester besides the commands.
    pub has_text: bool,
}

/// What a mail says, before it has a frame.
pub(crate) struct Body {
    /// The middle of the marker; `{name}` becomes the requester's first name.
    pub(crate) marker: &'static str,
    /// What fills `{name}` instead.
    pub(crate) name: Option<String>,
    /// The end of the marker.
    pub(crate) tail: &'static str,
    /// The held mail that it is about.
    pub(crate) held: Option<EventId>,
    pub(crate) subject: String,
    pub(crate) blocks: Vec<Block>,
}

impl DeskMail<'_> {
    /// A command could not be read: nothing was sent, nothing changed, and here is the line.
    #[must_use]
    pub fn mistake(&self, mistake: &Mistake<'_>, id: EffectId) -> Send {
        let words = self.words();
        let lines = mistake.lines.iter().enumerate().take(CODE_LINES_MAX).map(|(index, line)| CodeLine {
            number: index + 1,
            text: clean(line, WORDS_CHARACTERS_MAX),
            caret: (index == mistake.wrong).then(|| {
                let (first, length) = mistake.characters;
                (first.min(WORDS_CHARACTERS_MAX), length.min(40), clean(mistake.what, WORDS_CHARACTERS_MAX))
            }),
        });
        let mut links = Vec::new();
        if let Some(meant) = mistake.meant {
            let label = fill_text(words.use_line, &[("line", &clean(meant, WORDS_CHARACTERS_MAX))]);
            links.push(self.choice(label, mistake.held, Choice::Use));
        }
        if mistake.has_text {
            links.push(self.choice(words.text_only, mistake.held, Choice::TextOnly));
            links.push(self.choice(words.keep_note, mistake.held, Choice::Note));
        }
        links.push(self.choice(words.throw_away, mistake.held, Choice::Drop));
        let marker = if mistake.has_text { words.marker_not_sent } else { words.marker_not_done };
        let blocks = vec![Block::Code(lines.collect()), Block::Say(own(words.mistake_sent)), row(links)];
        self.send(Body { held: Some(mistake.held), ..body(marker, "", blocks) }, Mode::Command, id)
    }

    /// Something in an answer must not go outside: what it is.
    #[must_use]
    pub fn unfit(&self, held: EventId, what: &Remark, id: EffectId) -> Send {
        let words = self.words();
        let links = vec![self.choice(words.keep_note, held, Choice::Note), self.choice(words.throw_away, held, Choice::Drop)];
        let text = Remark::of(|say| say.your_answer).told(words.language).to_owned();
        let what = clean(what.told(words.language), WORDS_CHARACTERS_MAX);
        let line = CodeLine { number: 1, caret: Some((0, text.chars().count(), what)), text };
        let blocks = vec![Block::Code(vec![line]), Block::Say(own(words.unfit)), row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_unfit, "", blocks) }, Mode::Command, id)
    }

    /// Somebody answered the requester while this agent wrote.
    #[must_use]
    pub fn overtaken(&self, held: EventId, seen: &Answered, is_answer: bool, their_text: &str, id: EffectId) -> Send {
        let words = self.words();
        let when = short_time(words, &self.desk.zone(self.to), seen.at, self.at);
        let sentence = if is_answer { words.overtaken } else { words.overtaken_by_act };
        let by = self.actor_name(sentence, &seen.by);
        let said = fill(sentence, &[("name", foreign(&by, NAME_CHARACTERS_MAX)), ("to", self.person()), ("when", own(when))]);
        let links = vec![
            self.choice(words.send_too, held, Choice::Send),
            self.choice(words.make_note, held, Choice::Note),
            self.choice(words.throw_away, held, Choice::Drop),
        ];
        let blocks = vec![Block::Say(said), Block::Quote(Quote::of(their_text, QUOTE_BYTES_MAX)), row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_overtaken, "", blocks) }, Mode::Command, id)
    }

    /// The requester said while this agent wrote that they need no answer any more.
    #[must_use]
    pub fn withdrawn(&self, held: EventId, said: &Answered, id: EffectId) -> Send {
        let words = self.words();
        let when = short_time(words, &self.desk.zone(self.to), said.at, self.at);
        let sentence = fill(words.withdrawn, &[("to", self.person()), ("when", own(when))]);
        let links = vec![
            self.choice(words.send_as_is, held, Choice::Send),
            self.choice(words.make_note, held, Choice::Note),
            self.choice(words.throw_away, held, Choice::Drop),
        ];
        let blocks = vec![Block::Say(sentence), Block::Quote(Quote::of(&said.excerpt, QUOTE_BYTES_MAX)), row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_asked, "", blocks) }, Mode::Command, id)
    }

    /// Text and HTML of the agent's mail do not say the same.
    #[must_use]
    pub fn parts_differ(&self, held: EventId, text: &str, id: EffectId) -> Send {
        let words = self.words();
        let links = vec![
            self.choice(words.send_as_text, held, Choice::Send),
            self.choice(words.keep_note, held, Choice::Note),
            self.choice(words.throw_away, held, Choice::Drop),
        ];
        let blocks = vec![Block::Say(own(words.parts_differ)), Block::Quote(Quote::of(text, QUOTE_BYTES_MAX)), row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_asked, "", blocks) }, Mode::Command, id)
    }

    /// Words stand between the lines of our mail or below them, where nobody knows for certain whose they are.
    #[must_use]
    pub fn below_marker(&self, held: EventId, line: &str, id: EffectId) -> Send {
        let words = self.words();
        let links = vec![self.choice(words.send_above, held, Choice::Send), self.choice(words.throw_away, held, Choice::Drop)];
        let quote = Block::Quote(Quote::of(line, FIRST_WORDS_BYTES_MAX));
        let blocks = vec![Block::Say(own(words.below_marker)), quote, row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_asked, "", blocks) }, Mode::Command, id)
    }

    /// A known verb stands alone on a line in the middle of the text.
    #[must_use]
    pub fn verb_in_text(&self, held: EventId, line: &str, id: EffectId) -> Send {
        let words = self.words();
        let links = vec![
            self.choice(words.send_as_is, held, Choice::Send),
            self.choice(words.keep_note, held, Choice::Note),
            self.choice(words.throw_away, held, Choice::Drop),
        ];
        let said = fill(words.verb_in_text, &[("to", self.person())]);
        let blocks = vec![Block::Say(said), Block::Quote(Quote::of(line, FIRST_WORDS_BYTES_MAX)), row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_asked, "", blocks) }, Mode::Command, id)
    }

    /// Closing although fields are missing or steps are open; `open` are their names.
    #[must_use]
    pub fn incomplete(&self, held: EventId, open: &[Remark], id: EffectId) -> Send {
        let words = self.words();
        let lines =
            open.iter().take(CODE_LINES_MAX).map(|name| own("- ").and(foreign(name.told(words.language), WORDS_CHARACTERS_MAX)));
        let subject = crate::one_click::word_subject(self.desk.policy, &self.to.name, held, Choice::Confirm);
        let links = vec![
            act(words.close_anyway, self.desk.link(&subject, Some(words.below_because))),
            self.choice(words.throw_away, held, Choice::Drop),
        ];
        let list = Block::List { title: String::new(), lines: lines.collect() };
        let blocks = vec![Block::Say(own(words.incomplete)), list, row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_not_closed, "", blocks) }, Mode::Command, id)
    }

    /// A verb that cannot be undone asks for a code, which only the registered address gets.
    #[must_use]
    pub fn code(&self, held: EventId, verb: &str, code: &str, id: EffectId) -> Send {
        let words = self.words();
        let values = [("verb", foreign(verb, WORDS_CHARACTERS_MAX)), ("code", foreign(code, 40))];
        let links = vec![self.choice(words.do_it_now, held, Choice::Confirm), self.choice(words.do_not, held, Choice::Drop)];
        let blocks = vec![Block::Say(fill(words.code, &values)), row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_code, "", blocks) }, Mode::Command, id)
    }

    /// An agent's mail came with a subject tag alone and became a note: perhaps it was meant for the requester.
    #[must_use]
    pub fn tag_only(&self, held: EventId, text: &str, id: EffectId) -> Send {
        let words = self.words();
        let name = self.ticket.map(first_name).unwrap_or_default();
        let links = vec![
            self.choice(fill_text(words.send_to, &[("name", &name)]), held, Choice::Send),
            self.choice(words.keep_note, held, Choice::Note),
        ];
        let said = fill(words.tag_only, &[("to", self.person())]);
        let blocks = vec![Block::Say(said), Block::Quote(Quote::of(text, QUOTE_BYTES_MAX)), row(links)];
        self.send(Body { held: Some(held), ..body(words.marker_asked, "", blocks) }, Mode::Command, id)
    }

    /// To the registered address: somebody wrote as this agent, unproven. Of the mail only its subject and first words are
    /// repeated, in which there is no room for a lure, and no link of it.
    ///
    /// `stranger` is the address that it came from, where it can become the agent's own.
    #[must_use]
    pub fn challenge(&self, held: EventId, subject: &str, text: &str, stranger: Option<&Address>, id: EffectId) -> Send {
        let words = self.words();
        let said = fill(words.challenge, &[("reference", own(self.reference()))]);
        let about = fill(words.its_subject, &[("subject", foreign(&harmless(subject), WORDS_CHARACTERS_MAX))]);
        let mut links = vec![self.choice(words.it_is_me, held, Choice::Mine)];
        let mut blocks =
            vec![Block::Say(said), Block::Quote(Quote::of(&first_words(text), FIRST_WORDS_BYTES_MAX)), Block::Say(about)];
        if let Some(stranger) = stranger {
            blocks.push(Block::Say(fill(words.it_came_from, &[("address", foreign(stranger.as_str(), WORDS_CHARACTERS_MAX))])));
            links.push(self.choice(words.remember_it, held, Choice::Remember));
        }
        links.push(self.choice(words.not_me, held, Choice::NotMine));
        blocks.push(row(links));
        self.send(Body { held: Some(held), ..body(words.marker_challenge, "", blocks) }, Mode::Command, id)
    }

    /// An outsider wrote to the reply address that this agent alone was given.
    #[must_use]
    pub fn outsider_warning(&self, from: &str, text: &str, id: EffectId) -> Send {
        let words = self.words();
        let values = [("person", foreign(from, WORDS_CHARACTERS_MAX)), ("reference", own(self.reference()))];
        let quote = Block::Quote(Quote::of(&first_words(text), FIRST_WORDS_BYTES_MAX));
        let blocks = vec![Block::Say(fill(words.warning, &values)), quote];
        self.send(body(words.marker_warning, words.no_answer, blocks), Mode::Note, id)
    }

    /// A colleague answered a question that was put to somebody else. `is_theirs` if this mail is for the one who was asked.
    #[must_use]
    pub fn wrong_person(&self, other: &str, text: &str, is_theirs: bool, id: EffectId) -> Send {
        let words = self.words();
        let values = [("person", foreign(other, WORDS_CHARACTERS_MAX)), ("reference", own(self.reference()))];
        let said = fill(if is_theirs { words.another_answered } else { words.asked_of_another }, &values);
        let quote = Block::Quote(Quote::of(&first_words(text), FIRST_WORDS_BYTES_MAX));
        self.send(body(words.marker_nothing_done, words.no_answer, vec![Block::Say(said), quote]), Mode::Note, id)
    }

    /// A link about a held mail was pressed when that was decided already; `settled` is what was done with it.
    #[must_use]
    pub(crate) fn decided(&self, settled: Option<&HistoryEntry>, id: EffectId) -> Send {
        let words = self.words();
        let what = match settled.map(|line| line.kind.as_str()) {
            Some("answered") => words.decided_sent,
            Some("noted") => words.decided_noted,
            Some("thrown_away") => words.decided_thrown,
            Some("let_in") => words.decided_let_in,
            Some(_) | None => words.decided_done,
        };
        let mut blocks = vec![Block::Say(own(what))];
        if let Some(line) = settled {
            let by = foreign(&self.actor_name(words.decided_by, &line.by), NAME_CHARACTERS_MAX);
            let when = own(short_time(words, &self.desk.zone(self.to), line.at, self.at));
            blocks.push(Block::Say(fill(words.decided_by, &[("name", by), ("when", when)])));
        }
        self.send(body(words.marker_nothing_done, words.no_answer, blocks), Mode::Note, id)
    }

    /// What a batch of commands did. `leaves_at` is when a mail to the requester goes out, where one does.
    #[must_use]
    pub fn receipt(&self, done: &[String], leaves_at: Option<Timestamp>, can_undo: bool, id: EffectId) -> Send {
        let words = self.words();
        let lines = done.iter().take(RECEIPT_LINES_MAX).map(|line| own("- ").and(foreign(line, WORDS_CHARACTERS_MAX)));
        let mut blocks = vec![Block::Say(own(words.receipt)), Block::List { title: String::new(), lines: lines.collect() }];
        if let Some(leaves_at) = leaves_at {
            let when = exact_time(&self.desk, self.to, leaves_at);
            blocks.push(Block::Say(own(fill_text(words.leaves_at, &[("when", &when)]))));
        }
        if let Some(ticket) = self.ticket.filter(|_| can_undo) {
            blocks.push(row(vec![act(
                words.undo,
                self.desk.verb_link(self.to, ticket, "undo", Some(words.below_nothing), self.at),
            )]));
        }
        self.send(body(words.marker_receipt, words.no_answer, blocks), Mode::Note, id)
    }

    /// A line of a receipt: an instant in it is read by a person.
    pub(crate) fn done(&self, line: &HistoryEntry) -> String {
        let until = self.ticket.and_then(|ticket| ticket.snoozed_until).filter(|_| line.kind == "snoozed");
        let what = until.map(|until| {
            let words = self.words();
            fill_text(words.sleeps, &[("when", &short_time(words, &self.desk.zone(self.to), until, self.at))])
        });
        let words = self.words();
        what.unwrap_or_else(|| format!("{}: {}", words.act(&line.kind), words.turn(&line.what)))
    }

    /// What became of an undone act.
    #[must_use]
    pub(crate) fn undone(&self, undone: &Undone, id: EffectId) -> Send {
        let words = self.words();
        let template = match (undone.gone, undone.recalled) {
            (true, _) => words.undone_gone,
            (false, true) => words.undone_recalled,
            (false, false) if undone.kept.is_empty() => words.undone_all,
            (false, false) => words.undone_part,
        };
        let named = |acts: &str| acts.split(", ").map(|act| words.act(&act.replace(' ', "_"))).collect::<Vec<_>>().join(", ");
        let mut blocks = vec![Block::Say(fill(template, &[("what", foreign(&named(&undone.what), WORDS_CHARACTERS_MAX))]))];
        if !undone.kept.is_empty() {
            blocks.push(Block::Say(own(fill_text(words.undone_kept, &[("what", &named(&undone.kept.join(", ")))]))));
        }
        self.send(body(words.marker_undone, words.no_answer, blocks), Mode::Note, id)
    }

    pub(crate) fn words(&self) -> &'static Words {
        words_of(self.desk.policy, self.to)
    }

    fn choice(&self, label: impl Into<String>, held: EventId, choice: Choice) -> Line {
        act(label, self.desk.choice_link(self.to, held, choice))
    }

    /// The requester as people speak of them.
    fn person(&self) -> Line {
        foreign(&self.ticket.map(first_name).unwrap_or_default(), NAME_CHARACTERS_MAX)
    }

    /// Whose act it was, for the name in `sentence`.
    pub(crate) fn actor_name(&self, sentence: &str, by: &str) -> String {
        self.desk.short_actor(self.words(), sentence, by)
    }

    pub(crate) fn reference(&self) -> String {
        match self.ticket {
            Some(ticket) => self.desk.policy.reference(ticket.no),
            None => self.desk.mail.address.local().to_owned(),
        }
    }

    pub(crate) fn send(&self, body: Body, mode: Mode, id: EffectId) -> Send {
        let words = self.words();
        let name = body.name.unwrap_or_else(|| self.ticket.map(first_name).unwrap_or_default());
        let page = Page {
            language: words.language,
            marker: marker(&self.reference(), body.marker, None, &name, body.tail),
            shortened: words.shortened,
            blocks: body.blocks,
            footer: self.ticket.map(|ticket| footer(&self.desk, words, ticket, Why::Asked)).unwrap_or_default(),
        };
        let reference = self.reference();
        let answer = match (self.ticket, body.held) {
            (None, _) => words.desk_subject,
            (Some(_), Some(_)) => words.held_name,
            (Some(_), None) => words.note_name,
        };
        let subject = if body.subject.is_empty() { words.desk_subject.to_owned() } else { body.subject };
        let cover = Cover {
            to: self.to,
            ticket: self.ticket,
            mode,
            from: self.desk.inbox.label.clone(),
            answer: fill_text(answer, &[("reference", &reference)]),
            held: body.held,
            subject,
            fields: self.ticket.map(|ticket| header_fields(self.desk.policy, ticket, Why::Asked)).unwrap_or_default(),
            enclosed: Vec::new(),
            at: self.at,
        };
        send(&self.desk, cover, &page, id)
    }
}

pub(crate) fn body(marker: &'static str, tail: &'static str, blocks: Vec<Block>) -> Body {
    Body { marker, name: None, tail, held: None, subject: String::new(), blocks }
}

/// Links without a title.
pub(crate) fn row(links: Vec<Line>) -> Block {
    Block::Links { title: String::new(), links }
}

/// With seconds, since undoing is a matter of seconds.
fn exact_time(desk: &AgentDesk<'_>, to: &Agent, at: Timestamp) -> String {
    let local = at.to_zoned(desk.zone(to));
    format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())
}

/// The first words, without any that clients make a link of.
fn first_words(text: &str) -> String {
    let mut words = harmless(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let is_more = words.len() > FIRST_WORDS_MAX;
    words.truncate(FIRST_WORDS_MAX);
    let shown = clean(&words.join(" "), 100);
    if is_more && !shown.ends_with('…') { format!("{shown} …") } else { shown }
}

/// Words that clients would make links of are left out: whoever wrote the mail may want them to be clicked.
fn harmless(text: &str) -> String {
    let is_link = |word: &&str| {
        let lower = word.to_ascii_lowercase();
        lower.contains("://") || lower.contains("www.") || lower.contains('@') || looks_like_host(&lower)
    };
    let shown = text.split_whitespace().take(4 * FIRST_WORDS_MAX).map(|word| if is_link(&word) { "(…)" } else { word });
    shown.collect::<Vec<_>>().join(" ")
}

/// `x.example/path`: a dot between letters.
fn looks_like_host(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.windows(3).any(|three| three[1] == b'.' && three[0].is_ascii_alphanumeric() && three[2].is_ascii_alphabetic())
}
