//! What can happen, and what is known around it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mail::{Address, Parsed};
use serde::{Deserialize, Serialize};

use crate::chore::Chore;
use crate::command::Command;
use crate::decision::MessageEntry;
use crate::effect::{Effect, TimerKind};
use crate::ids::{AccountName, AgentName, EffectId, EventId, InboxName, RawHash, TicketNo};
use crate::issue::{Issues, News};
use crate::remark::Remark;
use crate::ticket::{LinkKind, Ticket};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Derived from the cause: a repeat is a no-op.
    pub id: EventId,
    /// When it happened, by the shell's clock.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// What the store knew around it.
    pub around: Around,
}

/// What the store knew around an event: facts about people, not about the ticket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Around {
    /// Agents of whom anything is known.
    pub agents: BTreeMap<AgentName, AgentState>,
    /// Tickets that each agent owns and that are neither solved nor closed.
    pub loads: BTreeMap<AgentName, u64>,
    /// Tickets of the requester, this one included where it exists.
    pub contact: ContactFacts,
    /// Mails of ours about the ticket that have not begun to leave.
    pub unsent: BTreeSet<EffectId>,
    /// The newest message from outside on the ticket; looked up for acts of people only.
    pub last_in: Option<MessageEntry>,
    /// Our newest message to the requester, where a timer may repeat it.
    pub last_out: Option<MessageEntry>,
    /// Why automatic mail to the requester is stopped, if it is.
    pub suppressed: Option<String>,
    /// Number for a new ticket.
    pub next_ticket: TicketNo,
    /// Known issues and what has become of them.
    pub issues: Issues,
    /// Mails about tickets that each agent got within the hour.
    pub notices: BTreeMap<AgentName, u32>,
    /// The ticket that a command joins this one to, where the command comes by no mail.
    pub joined_to: Option<Box<Ticket>>,
}

/// What is remembered of an agent besides the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentState {
    /// Away until then, by their own word or by their away notice.
    pub away_until: Option<Timestamp>,
    /// Addresses that they have said are theirs.
    #[serde(default)]
    pub addresses: BTreeSet<String>,
    /// When they were last asked whether a mail is theirs.
    #[serde(default)]
    pub challenged_at: Option<Timestamp>,
    /// When a ticket was last given to them.
    #[serde(default)]
    pub assigned_at: Option<Timestamp>,
    /// When they were last told of a mistake, by ticket.
    #[serde(default)]
    pub told_at: BTreeMap<TicketNo, Timestamp>,
    /// First lines of what stands below their quotes and is no answer, by their word: what a gateway adds.
    #[serde(default)]
    pub footers: Vec<String>,
    /// Held mails of which they were told that these are decided already, newest last: a link may be pressed twice.
    #[serde(default)]
    pub told_decided: Vec<EventId>,
    /// Tickets of which they were not told, since they had heard of too much within the hour; the next digest names them.
    #[serde(default)]
    pub untold: BTreeSet<TicketNo>,
    /// There were more of them than are kept: this is read with every event.
    #[serde(default)]
    pub untold_beyond: bool,
    /// When the first of them came.
    #[serde(default)]
    pub untold_since: Option<Timestamp>,
}

/// Tickets that are kept of those of which an agent was not told: as many as one mail lists.
pub const UNTOLD_MAX: usize = 40;

impl AgentState {
    /// The agent is not told of a ticket now.
    pub(crate) fn keep_back(&mut self, ticket: TicketNo, at: Timestamp) {
        self.untold.insert(ticket);
        if self.untold.len() > UNTOLD_MAX {
            self.untold.pop_first();
            self.untold_beyond = true;
        }
        self.untold_since.get_or_insert(at);
    }

    /// What is remembered of an agent by now: what effects have made of it, else what the store knew.
    pub(crate) fn of(agent: &AgentName, effects: &[Effect], known: &BTreeMap<AgentName, Self>) -> Self {
        let changed = effects.iter().rev().find_map(|effect| match effect {
            Effect::Agent { name, state } if name == agent => Some(state),
            _ => None,
        });
        changed.or_else(|| known.get(agent)).cloned().unwrap_or_default()
    }

    /// Away at that instant.
    #[must_use]
    pub fn is_away(&self, at: Timestamp) -> bool {
        self.away_until.is_some_and(|until| until > at)
    }
}

/// What is known of a person outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactFacts {
    /// When they were last asked what they thought of our work.
    #[serde(default)]
    pub rating_asked_at: Option<Timestamp>,
    /// Tickets ever.
    pub tickets: u64,
    /// Those that are neither solved nor closed.
    pub open: u64,
    /// Since when they have been asking us.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Tickets that they called good.
    #[serde(default)]
    pub good: u64,
    /// Tickets that they called bad.
    #[serde(default)]
    pub bad: u64,
    /// Language of the newest ticket whose language was known, as two letters of ISO 639-1.
    #[serde(default)]
    pub language: Option<[u8; 2]>,
}

impl ContactFacts {
    /// The language, as a tag.
    #[must_use]
    pub fn language(&self) -> Option<String> {
        self.language.and_then(|letters| String::from_utf8(letters.to_vec()).ok())
    }

    /// The same person after a ticket in some language.
    #[must_use]
    pub fn speaking(self, language: Option<&str>) -> Self {
        let letters = language.and_then(|tag| <[u8; 2]>::try_from(tag.as_bytes()).ok());
        Self { language: letters.or(self.language), ..self }
    }
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// A mail came in.
    MailArrived(Box<Arrival>),
    /// Somebody was allowed to do something.
    Commanded {
        /// Who.
        by: Actor,
        /// What.
        command: Command,
    },
    /// A timer fell due.
    TimerFired {
        /// Which.
        kind: TimerKind,
        /// When it was due, which may be long before now.
        due_at: Timestamp,
    },
    /// The configuration is another one: promises and timers follow it.
    PolicyChanged,
    /// Something is told to every ticket of a known issue; this is the event of one of them.
    IssueNews {
        /// Which issue.
        issue: String,
        /// What.
        news: News,
        /// Who says so.
        by: Actor,
    },
    /// Something is done by the calendar, or because the desk noticed something by itself; about no single ticket.
    Chore(Box<Chore>),
    /// A mail of ours could not be delivered, or nobody knows, or it takes long.
    DeliveryEnded {
        /// Which mail.
        effect: EffectId,
        /// To whom.
        to: Address,
        /// `failed`, `unknown` or `delayed`.
        result: String,
        /// The server's words.
        reply: String,
    },
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// An agent.
    Agent(AgentName),
    /// Whoever runs the command line on the daemon's machine.
    Operator,
}

impl Actor {
    /// The agent, if it is one.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentName> {
        match self {
            Self::Agent(name) => Some(name),
            Self::Operator => None,
        }
    }

    /// For histories.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Agent(name) => name.0.clone(),
            Self::Operator => "operator".to_owned(),
        }
    }
}

/// Where a mail was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Account that was logged in.
    pub account: AccountName,
    /// Mailbox name, or the folder of a maildir.
    pub mailbox: String,
    /// RFC 9051 UIDVALIDITY; a maildir has its own counter.
    pub uid_validity: u32,
    /// RFC 9051 UID.
    pub uid: u32,
}

/// How sure we are that the From address is true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderProof {
    /// The domain of From vouches for the mail.
    Proven {
        /// What proved it: `dmarc=pass by mx.acme.example`, `dkim d=acme.example`.
        by: String,
    },
    /// Nothing vouches for it.
    NotProven {
        /// Why not.
        why: String,
    },
    /// The domain of From says that it is not theirs (DMARC fail).
    Failed {
        /// What said so.
        why: String,
    },
}

impl SenderProof {
    /// Only `Proven` is.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        matches!(self, Self::Proven { .. })
    }
}

/// A mail with everything that `decide` needs to know about it and around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Where it was found.
    pub place: Place,
    /// The inbox it is for.
    pub inbox: InboxName,
    /// Its bytes.
    pub raw: RawHash,
    /// Their number.
    pub raw_bytes: u64,
    /// What it says.
    pub parsed: Parsed,
    /// Whether From is true.
    pub proof: SenderProof,
    /// A person let it in after it was held by that event.
    pub let_in: Option<EventId>,
    /// It is part of the first scan of an old mailbox: a ticket, but no mail.
    pub silent: bool,
    /// It lies in the account's own folder of sent mail.
    pub sent: bool,
    /// What the engine looked up.
    pub known: Known,
}

/// Open tickets of whoever asks where everything of theirs stands.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnTickets {
    /// The newest of them.
    pub tickets: Vec<Ticket>,
    /// There are no others.
    pub is_all: bool,
}

/// What the store knew when the mail was decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Number for a new ticket.
    pub next_ticket: TicketNo,
    /// The same mail (K2 or K3) came before.
    pub duplicate: Option<Duplicate>,
    /// The newest ticket of this machine, once it has made more than its share within the hour.
    pub coalesce: Option<Box<Ticket>>,
    /// Where the mail belongs.
    pub placement: Placement,
    /// Tickets this sender has, closed ones included.
    pub contact_tickets: u64,
    /// What may still be sent.
    pub budget: BudgetFacts,
    /// The total of the day is reached: the breaker opens with this event.
    pub budget_exhausted: bool,
    /// Within this open time four of five recent requests to the inbox got their first answer, where that is measured.
    pub usual_response: Option<jiff::SignedDuration>,
    /// Open tickets of a proven sender who asks where everything of theirs stands; `None` if they do not, or too often.
    pub own: Option<OwnTickets>,
    /// What an agent's mail needs; `None` if it is none.
    pub agent_mail: Option<Box<crate::agent_mail::Found>>,
    /// An open ticket of the same sender that a new one seems to be about.
    pub alike: Option<TicketNo>,
}

/// The earlier delivery of the same mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// `K2` (id, sender, body) or `K3` (whole mail without trace headers).
    pub key: String,
    /// Ticket that has it, if any.
    pub ticket: Option<TicketNo>,
    /// The event that first had it.
    pub event: EventId,
}

/// Which ticket a mail belongs to, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// What happens with it.
    pub target: Target,
    /// Signals with their outcome, for the trace.
    pub reasons: Vec<String>,
}

/// Where a mail goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A ticket of its own.
    #[default]
    New,
    /// A ticket of its own that is linked to another.
    NewLinked {
        /// The other ticket.
        ticket: TicketNo,
        /// How.
        link: LinkKind,
    },
    /// An existing ticket.
    Attach {
        /// Which.
        ticket: TicketNo,
        /// The sender is not proven, and the message is marked so.
        marked: bool,
    },
    /// Kept on an existing ticket until its owner says yes.
    Held {
        /// Which.
        ticket: TicketNo,
        /// Why.
        why: Remark,
    },
}

/// What the budgets say at this instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetFacts {
    /// Automatic mail to this sender is stopped, with the reason; `None` = it may be sent.
    pub ack_refused: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_keeps_the_newest_tickets_and_says_that_there_were_more() {
        let mut state = AgentState::default();
        let at = |minute: i64| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_mins(minute);
        let most = UNTOLD_MAX as u64;
        (1..=most).for_each(|no| state.keep_back(TicketNo(no), at(1)));
        state.keep_back(TicketNo(most), at(2));
        assert!(!state.untold_beyond, "the same ticket is kept once");
        state.keep_back(TicketNo(most + 1), at(3));
        assert!(state.untold_beyond && state.untold.len() == UNTOLD_MAX && !state.untold.contains(&TicketNo(1)));
        assert_eq!(state.untold_since, Some(at(1)));
    }
}
