//! What people may ask for. Commands can be refused; see [`crate::admit`].

use serde::{Deserialize, Serialize};

use crate::event::MessageEntry;
use crate::ids::{AgentName, FieldId, TeamName};
use crate::ticket::Priority;

/// One command on one ticket; the words are the same in mail and on the command line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Answer the requester.
    Reply {
        /// What is sent, as written.
        text: String,
    },
    /// Keep words inside.
    Note {
        /// The words.
        text: String,
    },
    /// Become the owner.
    Take,
    /// Hand over.
    Assign {
        /// To whom.
        to: Assignee,
    },
    /// Let a held message join the conversation.
    LetIn {
        /// The message as it was held.
        message: Box<MessageEntry>,
    },
    /// Take a held message off the list; its bytes stay kept.
    PutAway {
        /// The message as it was held.
        message: Box<MessageEntry>,
    },
    /// Answered; a reply reopens.
    Close {
        /// Why, if told.
        reason: Option<String>,
    },
    /// Work on it again.
    Reopen,
    /// Change how soon it matters.
    SetPriority {
        /// The new priority.
        priority: Priority,
    },
    /// Add and remove labels.
    Tag {
        /// Added.
        add: Vec<String>,
        /// Removed.
        remove: Vec<String>,
    },
    /// Give a field a value.
    Set {
        /// Which field.
        field: FieldId,
        /// The value as written.
        value: String,
    },
}

/// Who gets a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// An agent.
    Agent(AgentName),
    /// A team; nobody owns it then.
    Team(TeamName),
    /// Nobody.
    Nobody,
}
