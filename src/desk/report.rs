//! The report of a time: what came, what was answered, who was waited on, what was learnt. Pure: tickets and their events
//! come as an iterator, one at a time, so that memory grows with what is shown and not with the store.
//!
//! Medians and percentiles, never means: one ticket that slept for a year says nothing about the others. There is no table
//! of people. The shapes are written by [`crate::report_text`] and [`crate::report_html`]; what is counted where is in
//! [`crate::report_build`].

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};
use serde::{Deserialize, Serialize};

use crate::glance::Glance;
use crate::ids::TeamName;
use crate::knowledge::Every;
use crate::policy::Policy;
use crate::report_build::Builder;
use crate::ticket::Ticket;

/// Which time a report is about, and which it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Where the time before begins.
    pub before: Timestamp,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
    /// When it is made: what is open is shown as of then.
    pub now: Timestamp,
    /// Of which team; `None` = of all.
    pub team: Option<TeamName>,
}

impl Scope {
    /// The last whole day, week (from Monday on) or month before an instant, in a zone.
    #[must_use]
    pub fn last(every: Every, now: Timestamp, zone: &TimeZone, team: Option<TeamName>) -> Option<Self> {
        let today = now.to_zoned(zone.clone()).date();
        let until = match every {
            Every::Day => today,
            Every::Week => today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?,
            Every::Month => today.first_of_month(),
        };
        let back = |date: Date| match every {
            Every::Day => date.checked_sub(1.day()).ok(),
            Every::Week => date.checked_sub(7.days()).ok(),
            Every::Month => date.checked_sub(1.month()).ok(),
        };
        let from = back(until)?;
        let start = |date: Date| date.to_zoned(zone.clone()).ok().map(|at: Zoned| at.timestamp());
        Some(Self { before: start(back(from)?)?, from: start(from)?, until: start(until)?, now, team })
    }

    /// From a day on until now, compared with as long a time before.
    #[must_use]
    pub fn since(date: Date, now: Timestamp, zone: &TimeZone, team: Option<TeamName>) -> Option<Self> {
        let from = date.to_zoned(zone.clone()).ok()?.timestamp();
        if from >= now {
            return None;
        }
        let before = from.checked_sub(from.duration_until(now)).ok()?;
        Some(Self { before, from, until: now, now, team })
    }

    /// Whether a ticket can stand in the report at all: most of an old store cannot.
    #[must_use]
    pub fn concerns(&self, ticket: &Ticket) -> bool {
        let is_of_team = self.team.is_none() || self.team == ticket.team;
        is_of_team
            && ticket.created_at < self.now.max(self.until)
            && (ticket.status.is_active() || ticket.updated_at >= self.before)
    }
}

/// A ticket with its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The ticket as it is now.
    pub ticket: Ticket,
    /// Its events, oldest first.
    pub events: Vec<Glance>,
}

/// What is known besides tickets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Besides {
    /// Mails of the time by outcome.
    pub mails: BTreeMap<String, u64>,
    /// Mails that wait for a person now.
    pub held: u64,
}

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
    /// Of which team; `None` = of all.
    pub team: Option<TeamName>,
    /// In which language it is said.
    #[serde(default)]
    pub language: String,
    /// What matters most, in sentences.
    pub sentences: Vec<String>,
    /// Arrivals and closings.
    pub flow: Flow,
    /// From creation to the first answer of a person.
    pub first_response: Compared,
    /// From the oldest unanswered message to the next answer of a person.
    pub next_response: Compared,
    /// Who was waited on, longest first.
    pub waiting: Vec<Waiting>,
    /// Time in steps by who was waited on, longest first.
    pub steps: Vec<StepTime>,
    /// Open work by step, as of now.
    pub ageing: Vec<Ageing>,
    /// Solved tickets that were opened again.
    pub reopened: u64,
    /// Tickets that went from one person to another.
    pub hand_overs: u64,
    /// What articles did.
    pub articles: Vec<ArticleUse>,
    /// What requesters thought.
    pub ratings: Ratings,
    /// Causes by type, most frequent first.
    pub causes: Vec<CauseCount>,
    /// References of closed tickets whose cause nobody named; the newest of them.
    pub without_cause: Vec<String>,
    /// How many there are.
    pub without_cause_count: u64,
    /// What help is missing: articles that did not help, and those that people wished for.
    pub gaps: Vec<Counted>,
    /// Features that were wished for.
    pub wishes: Vec<Counted>,
    /// Our own mails that came back.
    pub loops: u64,
    /// Mails that were held.
    pub held: u64,
    /// Mails that wait for a person now.
    pub held_now: u64,
}

/// Arrivals and closings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// New tickets.
    pub arrivals: u64,
    /// Closings; a ticket that is closed twice counts twice.
    pub closings: u64,
    /// New tickets of the time before.
    pub arrivals_before: u64,
    /// Closings of the time before.
    pub closings_before: u64,
    /// Tickets that are neither solved nor closed, as of now.
    pub open: u64,
    /// By day in the company's zone, without days on which nothing happened.
    pub days: Vec<Day>,
}

/// One day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// Which.
    pub on: Date,
    /// New tickets.
    pub arrivals: u64,
    /// Closings.
    pub closings: u64,
}

/// How long something took, and which part of its promises was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// How many.
    pub count: u64,
    /// Half took no longer, in seconds on the clock on the wall.
    pub median_seconds: Option<i64>,
    /// 85 of 100 took no longer.
    pub p85_seconds: Option<i64>,
    /// How many had a promise.
    pub promised: u64,
    /// How many of those kept it.
    pub kept: u64,
}

impl Spread {
    /// The part of promises that was kept, in hundredths.
    #[must_use]
    pub fn kept_percent(&self) -> Option<u64> {
        (self.promised > 0).then(|| self.kept * 100 / self.promised)
    }
}

/// A spread with that of the time before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Of the time.
    pub now: Spread,
    /// Of the time before.
    pub before: Spread,
}

/// Waiting for somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// `us`, `requesters`, `nobody: closed`, or a vendor.
    pub who: String,
    /// Tickets that waited.
    pub tickets: u64,
    /// All of it in seconds.
    pub seconds: i64,
    /// In the time before.
    pub seconds_before: i64,
    /// 85 of 100 tickets waited no longer.
    pub p85_seconds: i64,
}

/// Time in a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTime {
    /// Ticket type.
    pub ticket_type: String,
    /// The step; empty = outside of any.
    pub step: String,
    /// Who was waited on.
    pub who: String,
    /// For so long.
    pub seconds: i64,
}

/// Open work in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ageing {
    /// Ticket type.
    pub ticket_type: String,
    /// The step; empty = outside of any.
    pub step: String,
    /// Tickets.
    pub open: u64,
    /// Half are no older, in seconds.
    pub median_seconds: i64,
    /// 85 of 100 are no older.
    pub p85_seconds: i64,
    /// The oldest.
    pub oldest_seconds: i64,
}

/// One article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleUse {
    /// Its id.
    pub id: String,
    /// So often offered.
    pub offered: u64,
    /// So often it solved the matter, by the requester's word.
    pub solved: u64,
    /// So often it did not, by their word.
    pub refused: u64,
}

/// What requesters thought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratings {
    /// How many said something.
    pub count: u64,
    /// It was good.
    pub good: u64,
}

/// A cause of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseCount {
    /// The cause as written.
    pub cause: String,
    /// Ticket type.
    pub ticket_type: String,
    /// How often.
    pub count: u64,
}

/// Something with its number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// What.
    pub what: String,
    /// How often.
    pub count: u64,
}

/// Makes a report. The cases may come in any order; those of another team or of another time are passed over.
pub fn compute(policy: &Policy, scope: &Scope, cases: impl Iterator<Item = Case>, besides: &Besides) -> Report {
    let mut builder = Builder::new(policy, scope);
    for case in cases {
        if scope.concerns(&case.ticket) {
            builder.add(&case);
        }
    }
    builder.finish(besides)
}

/// The value that so many hundredths of the values do not exceed, by nearest rank; `None` of none. Sorts them.
#[must_use]
pub fn percentile(values: &mut [i64], hundredths: usize) -> Option<i64> {
    values.sort_unstable();
    let rank = (values.len() * hundredths).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}
