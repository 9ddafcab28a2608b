//! A decision as far as reports need it: read out of the same bytes, many times faster than the whole.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::ids::{AgentName, TicketNo, VendorName};
use crate::ledger::Ledger;
use crate::ticket::{Clock, Status, StepEnd};

/// One event of a ticket.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Glance {
    /// When.
    pub at: Timestamp,
    /// What was decided.
    pub decision: GlanceDecision,
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct GlanceDecision {
    /// Lines of the history.
    #[serde(default)]
    pub history: Vec<GlanceLine>,
    /// The ticket after it.
    pub ticket: Option<GlanceTicket>,
}

/// A line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GlanceLine {
    /// `solved`, `reopened`, `rated` …
    pub kind: String,
    /// In a sentence.
    #[serde(default)]
    pub what: String,
}

/// A ticket after an event.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct GlanceTicket {
    /// Its number: one event can be in the history of two tickets.
    pub no: TicketNo,
    /// Who owed the next word.
    pub status: Status,
    /// Who was responsible.
    pub owner: Option<AgentName>,
    /// Who was waited on so far.
    #[serde(default)]
    pub ledger: Ledger,
    /// Where the work stood.
    #[serde(default)]
    pub steps: Vec<GlanceStep>,
    /// The answer that was owed after the first.
    #[serde(default)]
    pub next_response: Clock,
    /// Vendors that were asked.
    #[serde(default)]
    pub side_threads: BTreeMap<VendorName, GlanceThread>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct GlanceStep {
    /// Its id.
    pub id: String,
    /// How it ended.
    #[serde(default)]
    pub ended: Option<StepEnd>,
}

/// A side thread.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct GlanceThread {
    /// Since when an answer is awaited.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
}

impl GlanceTicket {
    /// The step under way that was entered first.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        self.steps.iter().find(|step| step.ended.is_none()).map(|step| step.id.as_str())
    }

    /// The vendor that is waited on.
    #[must_use]
    pub fn vendor(&self) -> Option<&VendorName> {
        self.side_threads.iter().find(|(_, thread)| thread.asked_at.is_some()).map(|(name, _)| name)
    }
}
