//! Undoing: every act of an agent keeps what reverses it, for a day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use mail::Address;
use serde::{Deserialize, Serialize};

use crate::ids::{AgentName, EffectId, EventId, FieldId, TeamName, TypeName};
use crate::ticket::{FieldValue, Priority, Requester, Status, StepState, Ticket};

/// An act can be undone for so long.
pub const UNDO_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// The last act of one agent on a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The event.
    pub event: EventId,
    /// Who.
    pub agent: AgentName,
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub what: String,
    /// What it changed, with the values before and after.
    pub turned: Vec<Turned>,
    /// Mails to people outside that it sent.
    pub sends: Vec<EffectId>,
}

/// One value that an act changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turned {
    /// Who owes the next word.
    Status(Values<(Status, Option<Timestamp>)>),
    /// The agent responsible.
    Owner(Values<Option<AgentName>>),
    /// The team.
    Team(Values<Option<TeamName>>),
    /// How soon it matters.
    Priority(Values<Priority>),
    /// The process.
    Type(Values<TypeName>),
    /// Labels.
    Tags(Values<BTreeSet<String>>),
    /// Where the work stands.
    Steps(Values<Vec<StepState>>),
    /// Structured values.
    Fields(Values<BTreeMap<FieldId, FieldValue>>),
    /// People outside who take part.
    Participants(Values<BTreeSet<Address>>),
    /// Who asked.
    Requester(Values<Requester>),
    /// Who reads along.
    Watchers(Values<BTreeSet<AgentName>>),
    /// Who wants no notices.
    MutedBy(Values<BTreeSet<AgentName>>),
    /// When it comes back.
    SnoozedUntil(Values<Option<Timestamp>>),
    /// Minutes of work.
    Minutes(Values<u32>),
    /// The known issue of which it is a case.
    KnownIssue(Values<Option<String>>),
}

/// A value before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values<T> {
    /// Before the act.
    pub before: T,
    /// After it.
    pub after: T,
}

/// Where one kind of value stands in a ticket.
macro_rules! turned {
    ($($variant:ident: $word:literal, $get:expr, $set:expr;)+) => {
        /// Every value in which two states of a ticket differ.
        #[must_use]
        pub fn difference(before: &Ticket, after: &Ticket) -> Vec<Turned> {
            let mut found = Vec::new();
            $({
                let get = $get;
                let values = Values { before: get(before), after: get(after) };
                if values.before != values.after {
                    found.push(Turned::$variant(values));
                }
            })+
            found
        }

        /// Puts values back, but only those that nobody changed since. Returns what was put back and what was not, in words.
        pub fn revert(ticket: &mut Ticket, turned: &[Turned]) -> (Vec<&'static str>, Vec<&'static str>) {
            let (mut reverted, mut kept) = (Vec::new(), Vec::new());
            for one in turned {
                match one {
                    $(Turned::$variant(values) => {
                        let get = $get;
                        if get(ticket) == values.after {
                            let set = $set;
                            set(ticket, values.before.clone());
                            reverted.push($word);
                        } else {
                            kept.push($word);
                        }
                    })+
                }
            }
            (reverted, kept)
        }
    };
}

turned! {
    Status: "status", |t: &Ticket| (t.status, t.solved_at), |t: &mut Ticket, (status, solved_at)| { t.status = status; t.solved_at = solved_at; };
    Owner: "owner", |t: &Ticket| t.owner.clone(), |t: &mut Ticket, v| t.owner = v;
    Team: "team", |t: &Ticket| t.team.clone(), |t: &mut Ticket, v| t.team = v;
    Priority: "priority", |t: &Ticket| t.priority, |t: &mut Ticket, v| t.priority = v;
    Type: "type", |t: &Ticket| t.ticket_type.clone(), |t: &mut Ticket, v| t.ticket_type = v;
    Tags: "tags", |t: &Ticket| t.tags.clone(), |t: &mut Ticket, v| t.tags = v;
    Steps: "step", |t: &Ticket| t.steps.clone(), |t: &mut Ticket, v| t.steps = v;
    Fields: "fields", |t: &Ticket| t.fields.clone(), |t: &mut Ticket, v| t.fields = v;
    Participants: "people", |t: &Ticket| t.participants.clone(), |t: &mut Ticket, v| t.participants = v;
    Requester: "requester", |t: &Ticket| t.requester.clone(), |t: &mut Ticket, v| t.requester = v;
    Watchers: "watching", |t: &Ticket| t.watchers.clone(), |t: &mut Ticket, v| t.watchers = v;
    MutedBy: "muting", |t: &Ticket| t.muted_by.clone(), |t: &mut Ticket, v| t.muted_by = v;
    SnoozedUntil: "snooze", |t: &Ticket| t.snoozed_until, |t: &mut Ticket, v| t.snoozed_until = v;
    Minutes: "time", |t: &Ticket| t.minutes, |t: &mut Ticket, v| t.minutes = v;
    KnownIssue: "known issue", |t: &Ticket| t.known_issue.clone(), |t: &mut Ticket, v| t.known_issue = v;
}

/// Remembers an act in place of the agent's earlier one; acts older than a day are forgotten.
pub(crate) fn remember(ticket: &mut Ticket, act: Act) {
    ticket.acts.retain(|known| known.agent != act.agent && known.at.duration_until(act.at) < UNDO_WITHIN);
    ticket.acts.push(act);
}
