//! A ticket: one request, the fold of its events. Texts of messages are not here; they stand in the journal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mail::{Address, MessageId};
use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::effect::TimerKind;
use crate::help::Help;
use crate::ids::{AgentName, EventId, FieldId, InboxName, TeamName, TicketNo, TypeName, VendorName};
use crate::ledger::Ledger;
use crate::undo::Act;
use crate::vendor::SideThread;

/// Who owes the next word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has looked.
    #[default]
    New,
    /// We owe the next word.
    Open,
    /// The requester owes it.
    Pending,
    /// A vendor or a date owes it.
    OnHold,
    /// Answered; a reply reopens.
    Solved,
    /// Final; a reply makes a linked new ticket.
    Closed,
}

impl Status {
    /// All, in the order of a ticket's life.
    pub const ALL: [Self; 6] = [Self::New, Self::Open, Self::Pending, Self::OnHold, Self::Solved, Self::Closed];

    /// As written in configuration, JSON and mail.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Pending => "pending",
            Self::OnHold => "on_hold",
            Self::Solved => "solved",
            Self::Closed => "closed",
        }
    }

    /// Neither solved nor closed.
    #[must_use]
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Solved | Self::Closed)
    }
}

/// How soon it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// The default.
    #[default]
    Normal,
    /// Before normal ones.
    High,
    /// Now.
    Urgent,
}

impl Priority {
    /// All, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    /// As written in configuration, JSON and mail.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

/// The customer who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// Display name as they write it; may be empty.
    pub name: String,
    /// Their address.
    pub address: Address,
    /// Their first mail was proven to come from their domain.
    pub proven: bool,
}

/// A value with the place it was taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldValue {
    /// Normalised value.
    pub value: String,
    /// `form`, `label`, `answer`, `text`, `subject`, `attachment`, `rule` or `agent`.
    pub from: String,
    /// Byte range in the part named by `from`, where there is one.
    pub span: Option<(u32, u32)>,
    /// False for a value that was said but not understood: it is asked again once.
    pub valid: bool,
}

/// One SLA measure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// When the measure began.
    pub started_at: Option<Timestamp>,
    /// When it should be met; `None` where no target applies.
    pub due_at: Option<Timestamp>,
    /// When it was met.
    pub met_at: Option<Timestamp>,
    /// It was met late, or is late.
    pub breached: bool,
    /// Open time for which it stood still, in milliseconds.
    #[serde(default)]
    pub paused_ms: i64,
    /// Since when it stands still; `None` while it runs.
    #[serde(default)]
    pub paused_at: Option<Timestamp>,
    /// Hundredths of the target up to which people were told; a new period starts from 0.
    #[serde(default)]
    pub told_percent: u32,
}

/// How two tickets belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// The mail that made this ticket says that it belongs to the other; shown to agents only.
    Claims,
    /// The other ticket claims to belong to this one.
    ClaimedBy,
    /// This one continues the other, which was closed or long ago.
    Continues,
    /// The other continues this one.
    ContinuedBy,
    /// This one was merged into the other.
    MergedInto,
    /// The other was merged into this one.
    MergedFrom,
    /// This one was split off the other.
    SplitFrom,
    /// The other was split off this one.
    SplitInto,
    /// Both seem to be about one matter: merging is proposed.
    Resembles,
}

/// A link to another ticket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// How they belong together.
    pub kind: LinkKind,
    /// The other ticket.
    pub ticket: TicketNo,
}

/// One step of the ticket type that the work has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepState {
    /// `id` of the step.
    pub id: String,
    /// From entering it to its end.
    pub clock: Clock,
    /// Checklist items done, counted from 1.
    pub done: BTreeSet<u32>,
    /// Who does it, where that is not the ticket's owner.
    #[serde(default)]
    pub owner: Option<AgentName>,
    /// How it ended; `None` while it is under way.
    #[serde(default)]
    pub ended: Option<StepEnd>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepEnd {
    /// Everything of it was done, or approved.
    Done,
    /// It did not apply, or somebody went past it.
    Skipped,
    /// It was not approved.
    Rejected,
}

/// The silence of a requester who owes the next word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Since when it is counted: the answer, or the day they come back.
    pub since: Timestamp,
    /// Entries of `follow_up.silent` that were worked off.
    pub done: u32,
}

/// The time by which the requester was told to hear from us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promised {
    /// As they were told.
    pub until: Timestamp,
    /// How often that was put off.
    pub renewals: u8,
}

/// What the requester thought of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// It was solved.
    Good,
    /// It was not.
    Bad,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub no: TicketNo,
    /// Counts the commits that changed it, from 1. Part of our Message-IDs.
    pub rev: u32,
    /// Subject of the first mail, prefixes removed.
    pub subject: String,
    /// Who owes the next word.
    pub status: Status,
    /// The process it follows.
    pub ticket_type: TypeName,
    /// The shared address it came to.
    pub inbox: InboxName,
    /// The team that works on it.
    pub team: Option<TeamName>,
    /// The agent responsible.
    pub owner: Option<AgentName>,
    /// How soon it matters.
    pub priority: Priority,
    /// Free labels.
    pub tags: BTreeSet<String>,
    /// The customer.
    pub requester: Requester,
    /// Outside people who take part, the requester among them.
    pub participants: BTreeSet<Address>,
    /// People copied in who wait for an agent's yes.
    pub waiting: BTreeSet<Address>,
    /// Language for our texts, ISO 639-1.
    pub language: Option<String>,
    /// Structured values.
    pub fields: BTreeMap<FieldId, FieldValue>,
    /// Fields that a customer can still be asked for, those that are required first.
    pub missing: Vec<FieldId>,
    /// A vendor that works on it.
    pub vendor: Option<VendorName>,
    /// Steps that the work has come to, in the order in which they were entered.
    #[serde(default)]
    pub steps: Vec<StepState>,
    /// From creation to the first human answer.
    pub first_response: Clock,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Since when it is solved.
    pub solved_at: Option<Timestamp>,
    /// Related tickets.
    pub links: BTreeSet<Link>,
    /// Where it went when it was merged.
    pub merged_into: Option<TicketNo>,
    /// One id that leads every References of the customer's thread.
    pub thread_root: Option<MessageId>,
    /// The newest ids of the thread, oldest first, at most 10.
    pub references: Vec<MessageId>,
    /// The customer's last mail: what an answer replies to.
    pub last_in: Option<MessageId>,
    /// Ids of the requester's own mails, newest 50: a reply to one's own mail needs no further proof.
    pub requester_ids: Vec<MessageId>,
    /// The customer's first subject as written, for answers.
    pub first_subject: String,
    /// Its inbox is private: nothing of it stands in automatic mail.
    pub private: bool,
    /// An acknowledgement was decided (sent or not): there is never a second.
    pub acknowledged: bool,
    /// No automatic mail until then.
    pub muted_until: Option<Timestamp>,
    /// Instants of recent mails of outside senders since the last agent's act, newest 6.
    pub recent_mails: Vec<(Address, Timestamp)>,
    /// Instants of recent reopenings by mail, newest 6.
    pub reopened: Vec<Timestamp>,
    /// A person should look at something before going on.
    pub hold: Option<String>,
    /// Events in order: the ticket's history in the journal.
    pub events: u32,
    /// The event that made it.
    pub made_by: EventId,
    /// Agents who read along.
    #[serde(default)]
    pub watchers: BTreeSet<AgentName>,
    /// Agents who want no notices about it.
    #[serde(default)]
    pub muted_by: BTreeSet<AgentName>,
    /// The newest thing that the customer saw of us besides automatic mail.
    #[serde(default)]
    pub answered: Option<Answered>,
    /// The newest note, for the facts of a ticket mail.
    #[serde(default)]
    pub last_note: Option<NoteLine>,
    /// The last act of each agent within a day, with what reverses it.
    #[serde(default)]
    pub acts: Vec<Act>,
    /// Agents' mails that wait for their writer's yes.
    #[serde(default)]
    pub drafts: Vec<Draft>,
    /// Side threads with vendors.
    #[serde(default)]
    pub side_threads: BTreeMap<VendorName, SideThread>,
    /// When it comes back, while it sleeps.
    #[serde(default)]
    pub snoozed_until: Option<Timestamp>,
    /// Minutes of work that agents reported.
    #[serde(default)]
    pub minutes: u32,
    /// Answers to the closing questions.
    #[serde(default)]
    pub closing: BTreeMap<String, String>,
    /// The team's signature went out once on this thread.
    #[serde(default)]
    pub signed: bool,
    /// Who was waited on, and how long.
    #[serde(default)]
    pub ledger: Ledger,
    /// From the customer's oldest unanswered message, after the first answer, to the next answer.
    #[serde(default)]
    pub next_response: Clock,
    /// From creation until it is solved.
    #[serde(default)]
    pub resolution: Clock,
    /// The requester's silence, while they owe the next word.
    #[serde(default)]
    pub silence: Option<Silence>,
    /// When the requester is back, as their away notice says; `None` once they have written themselves.
    #[serde(default)]
    pub back_at: Option<Timestamp>,
    /// Timers that run for it.
    #[serde(default)]
    pub timers: BTreeMap<TimerKind, Timestamp>,
    /// The requester's offset from UTC in minutes, from the Date of their last proven mail.
    #[serde(default)]
    pub utc_offset_minutes: Option<i16>,
    /// Fields that were asked for, in the order of the questions, while an answer is awaited.
    #[serde(default)]
    pub asked: Vec<FieldId>,
    /// How often missing fields were asked for.
    #[serde(default)]
    pub rounds: u8,
    /// What the requester thought of it.
    #[serde(default)]
    pub rating: Option<Rating>,
    /// It was asked after closing whether it is still fine.
    #[serde(default)]
    pub checked_in: bool,
    /// The known issue of which it is a case.
    #[serde(default)]
    pub known_issue: Option<String>,
    /// Articles that were offered, what was asked, the words by which it is compared.
    #[serde(default)]
    pub help: Help,
    /// When the requester was told to hear from us, until they do.
    #[serde(default)]
    pub promised: Option<Promised>,
    /// What an agent's act has sent to people outside last, besides answers: questions, a closing mail.
    #[serde(default)]
    pub told: Option<Answered>,
    /// The requester's last word, where it says that no answer is needed any more.
    #[serde(default)]
    pub withdrawn: Option<Answered>,
}

/// What the customer saw of a person of ours last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The ticket's revision with it: answers written against an older one are held.
    pub rev: u32,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The event, for its text.
    pub event: EventId,
    /// Its first words.
    pub excerpt: String,
}

/// A note in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteLine {
    /// Who wrote it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Its first words.
    pub excerpt: String,
}

impl Ticket {
    /// When somebody last wrote to or from outside, as far as the ticket remembers; what the desk does by itself is no word.
    #[must_use]
    pub fn last_word_at(&self) -> Timestamp {
        let theirs = self.recent_mails.iter().map(|(_, at)| *at);
        let ours = [&self.answered, &self.told].into_iter().flatten().map(|said| said.at);
        theirs.chain(ours).fold(self.created_at, Timestamp::max)
    }

    /// What people outside saw last of somebody else than this agent: an answer, or what an act has sent.
    #[must_use]
    pub fn seen_of_others(&self, agent: Option<&AgentName>) -> Option<&Answered> {
        let seen = [&self.answered, &self.told].into_iter().flatten();
        seen.filter(|seen| agent.is_none_or(|agent| seen.by != agent.as_str())).max_by_key(|seen| seen.rev)
    }

    /// Whether an answer goes to this address.
    #[must_use]
    pub fn is_written_to(&self, address: &Address) -> bool {
        self.recipients().iter().any(|known| known.folded() == address.folded())
    }

    /// That the requester has said, after a revision, that they need no answer any more.
    #[must_use]
    pub fn withdrawn_since(&self, rev: Option<u32>) -> Option<&Answered> {
        self.withdrawn.as_ref().filter(|said| rev.is_some_and(|rev| said.rev > rev))
    }

    /// A ticket of which nothing is known yet but who asks and where.
    #[must_use]
    pub fn blank(requester: Requester, inbox: InboxName, ticket_type: TypeName, made_by: EventId, at: Timestamp) -> Self {
        Self {
            no: TicketNo(0),
            rev: 1,
            subject: String::new(),
            status: Status::New,
            ticket_type,
            inbox,
            team: None,
            owner: None,
            priority: Priority::Normal,
            tags: BTreeSet::new(),
            participants: BTreeSet::from([requester.address.clone()]),
            requester,
            waiting: BTreeSet::new(),
            language: None,
            fields: BTreeMap::new(),
            missing: Vec::new(),
            vendor: None,
            steps: Vec::new(),
            first_response: Clock::default(),
            created_at: at,
            updated_at: at,
            solved_at: None,
            links: BTreeSet::new(),
            merged_into: None,
            thread_root: None,
            references: Vec::new(),
            last_in: None,
            requester_ids: Vec::new(),
            first_subject: String::new(),
            private: false,
            acknowledged: false,
            muted_until: None,
            recent_mails: Vec::new(),
            reopened: Vec::new(),
            hold: None,
            events: 0,
            made_by,
            watchers: BTreeSet::new(),
            muted_by: BTreeSet::new(),
            answered: None,
            last_note: None,
            acts: Vec::new(),
            drafts: Vec::new(),
            side_threads: BTreeMap::new(),
            snoozed_until: None,
            minutes: 0,
            closing: BTreeMap::new(),
            signed: false,
            ledger: Ledger::new(at),
            next_response: Clock::default(),
            resolution: Clock { started_at: Some(at), ..Clock::default() },
            silence: None,
            back_at: None,
            timers: BTreeMap::new(),
            utc_offset_minutes: None,
            asked: Vec::new(),
            rounds: 0,
            rating: None,
            checked_in: false,
            known_issue: None,
            help: Help::default(),
            promised: None,
            told: None,
            withdrawn: None,
        }
    }

    /// The step under way that was entered first: the one that facts and lists show.
    #[must_use]
    pub fn step(&self) -> Option<&StepState> {
        self.steps.iter().find(|state| state.ended.is_none())
    }

    /// People outside who get answers: the requester first.
    #[must_use]
    pub fn recipients(&self) -> Vec<Address> {
        let requester = self.requester.address.folded();
        let others = self.participants.iter().filter(|person| person.folded() != requester);
        std::iter::once(&self.requester.address).chain(others).cloned().collect()
    }
}
