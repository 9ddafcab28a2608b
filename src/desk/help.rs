//! What a ticket remembers of help: articles that were offered and what came of them, what a yes of the requester would mean,
//! the words by which tickets are compared.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Help around one ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    /// Articles that agents are offered, in the order of their letters.
    #[serde(default)]
    pub suggested: Vec<Suggested>,
    /// Articles that the requester was offered, oldest first.
    #[serde(default)]
    pub offers: Vec<Offer>,
    /// What the requester was asked by us, until they write or a person answers.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// Words that tell the matter apart, most telling first; see [`crate::gist`].
    #[serde(default)]
    pub gist: Vec<String>,
}

/// An article that agents are offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggested {
    /// Its id.
    pub id: String,
    /// Words that it shares with the request, for people.
    pub because: String,
}

/// An article that the requester was offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: String,
    /// By whom: `frontdesk` in the acknowledgement, else the agent who sent it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they said of it.
    pub said: Option<Verdict>,
}

/// What the requester said of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It solved the matter.
    Solved,
    /// It did not.
    Refused,
}

/// What the requester was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// About what.
    pub about: About,
    /// When. An answer of a person since then makes it void.
    pub at: Timestamp,
    /// The event that asked, which may be an answer itself.
    pub event: crate::ids::EventId,
}

/// What a yes is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Whether the end of a known issue was the end of the matter.
    Issue(String),
    /// Whether an article solved it.
    Article(String),
}
