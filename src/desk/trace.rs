//! The reasons of a decision, as `explain` prints them.

use serde::{Deserialize, Serialize};

/// One step of a decision. Steps come in the order in which they were taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceLine {
    /// What was asked: `duplicate`, `machine`, `proof`, `who`, `ticket`, `cut`, `form`, `field`, `language`, `rule`, `ack` …
    pub step: String,
    /// What it came to, one word where possible: `no`, `row 8`, `proven`, `new`, `matched`.
    pub outcome: String,
    /// Why, in a sentence or with the value that decided.
    pub detail: String,
    /// The rule that spoke, if one did.
    pub rule: Option<String>,
    /// Its line in the configuration file.
    pub line: Option<u32>,
}

impl TraceLine {
    /// A step without a rule.
    #[must_use]
    pub fn new(step: &str, outcome: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { step: step.to_owned(), outcome: outcome.into(), detail: detail.into(), rule: None, line: None }
    }
}
