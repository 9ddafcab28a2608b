//! What people may ask for. Commands can be refused; see [`crate::admit`].

use jiff::Timestamp;
use mail::Address;
use serde::{Deserialize, Serialize};

use crate::decision::MessageEntry;
use crate::ids::{AgentName, EventId, FieldId, TeamName, TicketNo, TypeName, VendorName};
use crate::ticket::Priority;

/// One command on one ticket; the words are the same in mail and on the command line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Answer the requester.
    Reply {
        /// What is sent, as written; empty = the words of the mail that says so.
        text: String,
    },
    /// Keep words inside.
    Note {
        /// The words; empty = those of the mail that says so.
        text: String,
    },
    /// Send a help article.
    Article {
        /// Its letter in the list of the ticket mail, or its id.
        which: String,
        /// Its whole text instead of a link.
        whole: bool,
    },
    /// Send a saved answer.
    SendSaved {
        /// Its name.
        name: String,
    },
    /// Become the owner.
    Take,
    /// Give it back to the team.
    Drop,
    /// Hand over.
    Assign {
        /// To whom.
        to: Assignee,
    },
    /// Read along.
    Watch,
    /// No more notices to me, unless I own it.
    Mute,
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
    Close(Closing),
    /// The requester owes the next word.
    Wait,
    /// Sleep until a date.
    Snooze {
        /// When it comes back.
        until: Timestamp,
    },
    /// Work on it again.
    Reopen,
    /// Items of the step's checklist are done, counted from 1.
    Done {
        /// Which.
        items: Vec<u32>,
    },
    /// They are not done after all.
    Undone {
        /// Which.
        items: Vec<u32>,
    },
    /// The step is not approved: the work goes back.
    Reject {
        /// Why.
        because: String,
    },
    /// An item is not needed.
    Skip {
        /// Which.
        item: u32,
        /// Why.
        because: String,
    },
    /// Go to a step of the type.
    Step {
        /// Its id.
        id: String,
    },
    /// Give a field a value.
    Set {
        /// Which field.
        field: FieldId,
        /// The value as written.
        value: String,
    },
    /// Follow another process.
    ChangeType {
        /// Which.
        to: TypeName,
    },
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
    /// Time that was worked.
    Time {
        /// Minutes.
        minutes: u32,
    },
    /// Somebody outside takes part.
    AddPerson {
        /// Who.
        address: Address,
    },
    /// Somebody outside no longer takes part.
    RemovePerson {
        /// Who.
        address: Address,
    },
    /// Ask a vendor in a side thread.
    AskVendor {
        /// Whom.
        vendor: VendorName,
        /// What they are asked; empty = the customer's last message.
        text: String,
    },
    /// Somebody else is the requester: after a forward, or a phone call.
    SetRequester {
        /// Who.
        address: Address,
    },
    /// This ticket becomes part of another.
    Merge {
        /// Which goes on.
        into: TicketNo,
    },
    /// The newest message of the requester becomes a ticket of its own.
    Split,
    /// It is spam: closed, and its sender gets no automatic mail.
    Spam,
    /// Words of the newest message are taken out of what is shown.
    Redact,
    /// Something about a known issue.
    Issue(IssueAct),
    /// Ask the requester for fields, by the fill-in form.
    Ask {
        /// Which; empty = all that are missing.
        fields: Vec<FieldId>,
    },
    /// Reverse this person's last act.
    Undo,
    /// Send a held act of mine after all.
    Confirm {
        /// The mail in which it was asked for.
        draft: EventId,
        /// The code, for those that ask for one.
        code: Option<String>,
    },
    /// Send me the whole ticket.
    Show,
    /// Send me the commands, or one of them.
    Help {
        /// Which.
        verb: Option<String>,
    },
}

/// What is done about a known issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueAct {
    /// This ticket is one of its cases.
    Join {
        /// Its id.
        issue: String,
    },
    /// It is a new one, with this ticket as its first case.
    New {
        /// What it is called.
        title: String,
        /// Words by which new tickets are its cases, as written; empty = none is linked by itself.
        #[serde(default)]
        words: String,
    },
    /// Something is said of it for the desk itself; nobody is told.
    Describe {
        /// Its id.
        issue: String,
        /// What it is about.
        fact: IssueFact,
        /// The words; empty takes back what was said.
        text: String,
    },
    /// Every requester of its tickets is told.
    Update {
        /// Its id.
        issue: String,
        /// What they are told; empty = the words of the mail that says so.
        text: String,
    },
    /// It is solved; every requester is asked whether it works for them.
    Solved {
        /// Its id.
        issue: String,
    },
}

/// What can be said of a known issue while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueFact {
    /// Words by which new tickets are its cases.
    Match,
    /// What helps until it is solved.
    Workaround,
    /// The cause that its tickets are closed with.
    Cause,
}

impl IssueFact {
    /// As written in a command.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Workaround => "workaround",
            Self::Cause => "cause",
        }
    }
}

/// One command to the desk itself, about no ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskCommand {
    /// Send me a list of tickets.
    List {
        /// Which.
        which: Listing,
    },
    /// Send me the tickets in which words stand.
    Find {
        /// The words, as written.
        words: String,
    },
    /// Send me a ticket.
    Show {
        /// Which.
        ticket: TicketNo,
    },
    /// Make a ticket of this mail.
    New {
        /// For whom; without, a `customer` line says it, or the mail that was forwarded.
        customer: Option<Address>,
    },
    /// I get no tickets until then.
    Away {
        /// When I am back; `None` = I am back.
        until: Option<Timestamp>,
    },
    /// An address that was remembered as mine is mine no longer.
    Forget {
        /// Which.
        address: Address,
    },
    /// Send me the report.
    Report {
        /// Of which time.
        period: Period,
    },
    /// Send me the commands, or one of them.
    Help {
        /// Which.
        verb: Option<String>,
    },
}

/// Which tickets are listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listing {
    /// Those I own.
    Mine,
    /// Those of a team; `None` = of my teams.
    Team(Option<TeamName>),
    /// Those that are late.
    Overdue,
}

/// The time that a report covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The last whole week.
    Week,
    /// The last whole month.
    Month,
}

/// How a ticket is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// What was done, if told.
    pub reason: Option<String>,
    /// Answers to the closing questions of the type: `cause`, `article`, `feature`.
    #[serde(default)]
    pub answers: Vec<(String, String)>,
    /// Close although fields are missing or steps are open, and why.
    #[serde(default)]
    pub anyway: Option<String>,
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
