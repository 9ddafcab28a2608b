//! Who was waited on, second by second: the one account that promises, reports and status pages are made from.
//!
//! Every millisecond of a ticket belongs to exactly one of [`Party`]; what a policy promises never changes it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::ticket::{Status, Ticket};

/// Whose time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// We owe the next word, and the calendar is open.
    #[default]
    Us,
    /// The requester owes it.
    Requester,
    /// A vendor owes it.
    Vendor,
    /// We owe it, and the calendar is closed.
    Closed,
    /// It is solved: nobody owes anything.
    Nobody,
}

impl Party {
    /// All, in the order of [`Ledger::shares`].
    pub const ALL: [Self; 5] = [Self::Us, Self::Requester, Self::Vendor, Self::Closed, Self::Nobody];

    /// As written in JSON and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Requester => "requester",
            Self::Vendor => "vendor",
            Self::Closed => "closed",
            Self::Nobody => "nobody",
        }
    }
}

/// Time by party, in milliseconds, up to an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Up to when it is written.
    pub until: Timestamp,
    /// Our open time.
    pub us_ms: i64,
    /// The requester's time.
    pub requester_ms: i64,
    /// Vendors' time.
    pub vendor_ms: i64,
    /// Time at which we owed a word and were closed.
    pub closed_ms: i64,
    /// Time after it was solved.
    pub nobody_ms: i64,
}

impl Ledger {
    /// Nothing is written yet.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self { until: at, ..Self::default() }
    }

    /// Writes the time up to `at` for whoever owed the next word meanwhile. A clock that goes back writes nothing.
    pub fn write(&mut self, at: Timestamp, party: Party, calendar: Option<&Calendar>) {
        let passed = millis(self.until.duration_until(at));
        if passed <= 0 {
            return;
        }
        match party {
            Party::Us | Party::Closed => {
                let open = calendar.map_or(passed, |calendar| millis(calendar.open_between(self.until, at)).min(passed));
                self.us_ms += open;
                self.closed_ms += passed - open;
            }
            Party::Requester => self.requester_ms += passed,
            Party::Vendor => self.vendor_ms += passed,
            Party::Nobody => self.nobody_ms += passed,
        }
        self.until = at;
    }

    /// Time by party.
    #[must_use]
    pub fn shares(&self) -> [(Party, SignedDuration); 5] {
        let times = [self.us_ms, self.requester_ms, self.vendor_ms, self.closed_ms, self.nobody_ms];
        std::array::from_fn(|index| (Party::ALL[index], SignedDuration::from_millis(times[index])))
    }
}

fn millis(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Who owes the next word. A date that we set ourselves is our own time.
#[must_use]
pub fn owed_by(ticket: &Ticket) -> Party {
    let asked_vendor = ticket.side_threads.values().any(|thread| thread.asked_at.is_some());
    match ticket.status {
        Status::New | Status::Open => Party::Us,
        Status::Pending => Party::Requester,
        Status::OnHold if asked_vendor => Party::Vendor,
        Status::OnHold => Party::Us,
        Status::Solved | Status::Closed => Party::Nobody,
    }
}
