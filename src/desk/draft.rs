//! Agents' mails that were not carried out: held on the ticket until their writer says what to do with them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{AgentName, EventId};
use crate::remark::Remark;

/// A draft is kept for so long.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Drafts of one ticket: the oldest leaves first.
pub const DRAFTS_MAX: usize = 20;

/// One held mail of an agent. Its words stand in the mail itself, which the event names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The event that held it.
    pub event: EventId,
    /// Its writer; the registered address is asked, whoever really wrote it.
    pub agent: AgentName,
    /// When.
    pub at: Timestamp,
    /// Revision of the ticket that the mail was written against.
    pub rev: u32,
    /// Why it waits.
    pub why: Why,
    /// The event that asked about it once more, since the first answer was none.
    #[serde(default)]
    pub asked_again: Option<EventId>,
}

/// Why a mail of an agent waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Nothing proves that the agent wrote it: the registered address is asked.
    NotProven,
    /// A line of the command block cannot be carried out.
    Mistake {
        /// The line as written.
        line: String,
        /// What is wrong with it.
        what: Remark,
        /// The whole line as it was probably meant.
        meant: Option<String>,
        /// Where in the line without its mark, in characters: the first, and how many. `None`: all of it.
        #[serde(default)]
        place: Option<(usize, usize)>,
    },
    /// Somebody answered the customer while it was written.
    Overtaken,
    /// Its text and its HTML do not say the same.
    PartsDiffer,
    /// Something internal stands in it, or may.
    Internal {
        /// What.
        what: Remark,
    },
    /// Words stand below the line above which answers are written, where they would get lost.
    BelowMarker {
        /// The first line of them.
        line: String,
    },
    /// A known verb stands alone on a line within the text.
    VerbInText {
        /// The line.
        line: String,
    },
    /// Closing with open questions: asked once.
    Incomplete {
        /// Fields and steps that are open.
        open: Vec<Remark>,
    },
    /// A dangerous verb: a code is asked for.
    Code {
        /// The verb.
        verb: String,
    },
    /// Whether the text, which came with a subject tag only, is meant for the requester.
    TagOnly,
    /// The requester said meanwhile that they need no answer any more.
    Withdrawn,
}

/// Puts a draft on the list.
pub(crate) fn push(drafts: &mut Vec<Draft>, draft: Draft) {
    drafts.retain(|known| known.event != draft.event && known.at.duration_until(draft.at) < KEPT_FOR);
    if drafts.len() >= DRAFTS_MAX {
        drafts.remove(0);
    }
    drafts.push(draft);
}
