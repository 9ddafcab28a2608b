//! What the desk knows besides its tickets, as the file says it: issues, articles, reports. What becomes of an issue stands
//! in the store ([`crate::issue::IssueState`]).

use jiff::civil::Time;

use crate::article::Articles;
use crate::condition::Condition;
use crate::ids::{AgentName, TeamName};

/// All of it.
#[derive(Debug, Default)]
pub struct Knowledge {
    /// Issues of the file, in its order.
    pub issues: Vec<KnownIssue>,
    /// Help articles.
    pub articles: Articles,
    /// Reports on a schedule.
    pub reports: Vec<ReportPlan>,
}

impl Knowledge {
    /// The issue of the file with that id.
    #[must_use]
    pub fn issue(&self, id: &str) -> Option<&KnownIssue> {
        self.issues.iter().find(|issue| issue.id == id)
    }
}

/// A `[[known_issue]]`.
#[derive(Clone, Debug)]
pub struct KnownIssue {
    /// Key.
    pub id: String,
    /// Line in the file that names it.
    pub line: u32,
    /// For customers.
    pub title: String,
    /// Which new tickets are cases of it.
    pub when: Condition,
    /// Template of the words in the acknowledgement.
    pub tell: String,
    /// What helps until it is solved.
    pub workaround: Option<String>,
    /// Agent who works on it.
    pub owner: Option<AgentName>,
    /// The cause that its tickets are closed with.
    pub cause: Option<String>,
}

/// A `[[report]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPlan {
    /// For people; unique within the file.
    pub name: String,
    /// How often; a report covers the last whole one.
    pub every: Every,
    /// Time of day in the company's zone: each day, each Monday, each first of a month.
    pub at: Time,
    /// Who gets it: agents, teams, `lead`.
    pub to: Vec<String>,
    /// Of which team; `None` = of all.
    pub team: Option<TeamName>,
}

/// How often something is done by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each day.
    Day,
    /// Each Monday.
    Week,
    /// Each first of a month.
    Month,
}
