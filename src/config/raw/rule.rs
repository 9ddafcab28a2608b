//! Conditions, actions, and what is made of them.

use crate::config::read::{At, Named, OneOrMany, TextOrFlag, shape};
use crate::config::tree::Node;
use crate::config::value::Length;

shape! {
    /// A condition.
    RawWhen = "when" {
        /// Sender: `a@b`, `@domain`, `@*.domain`.
        from: OneOrMany<At<String>>,
        /// Recipients, or the inbox.
        to: OneOrMany<At<String>>,
        /// Copies.
        cc: OneOrMany<At<String>>,
        /// Patterns in the subject.
        subject: OneOrMany<At<String>>,
        /// Patterns in the new text.
        text: OneOrMany<At<String>>,
        /// Patterns in the text with quotes.
        any_text: OneOrMany<At<String>>,
        /// Patterns in file names.
        attachment: OneOrMany<At<String>>,
        /// Patterns in headers.
        header: Named<OneOrMany<At<String>>>,
        /// Ticket types.
        r#type: OneOrMany<At<String>>,
        /// Teams.
        team: OneOrMany<At<String>>,
        /// Inboxes.
        inbox: OneOrMany<At<String>>,
        /// Priorities.
        priority: OneOrMany<At<String>>,
        /// Statuses.
        status: OneOrMany<At<String>>,
        /// Tags.
        tags: OneOrMany<At<String>>,
        /// Languages.
        language: OneOrMany<At<String>>,
        /// Owners, or `none`.
        owner: OneOrMany<At<String>>,
        /// Fields.
        field: Named<OneOrMany<Node>>,
        /// How many files, or how large: `any`, `none`, `> 3`, `> 5MB`.
        attachments: At<String>,
        /// Size of the mail: `> 5MB`.
        size: At<String>,
        /// The sender is proven.
        authenticated: At<bool>,
        /// `{ calendar = "office", open = false }`.
        time: RawTime,
        /// What is known of the sender.
        contact: RawContact,
        /// Must not hold.
        not: Box<RawWhen>,
        /// One of them must hold.
        any: Vec<RawWhen>,
        /// Part of a promise that is left, for alerts: `< 25%`.
        sla_left: At<String>,
        /// An inbox is not reached for so long, for alerts.
        inbox_down: At<Length>,
    }
}

shape! {
    /// `when.time`
    RawTime = "time" {
        /// Which calendar. Required.
        calendar: At<String>,
        /// Open or closed. Default `true`.
        open: At<bool>,
    }
}

shape! {
    /// `when.contact`
    RawContact = "contact" {
        /// Tickets they had: `> 10`.
        tickets: At<String>,
        /// They had one.
        known: At<bool>,
    }
}

shape! {
    /// `then` of a rule
    RawThen = "then" {
        /// Move to that inbox.
        inbox: At<String>,
        /// Give to that team.
        team: At<String>,
        /// Give to that agent.
        owner: At<String>,
        /// Follow that process.
        r#type: At<String>,
        /// `low normal high urgent`.
        priority: At<String>,
        /// Labels to add.
        tags: OneOrMany<At<String>>,
        /// Fields to set; `{name}` is what a group captured.
        set: Named<At<String>>,
        /// Ask that vendor.
        vendor: At<String>,
        /// Another acknowledgement, or `false`.
        ack: At<TextOrFlag>,
        /// Channels and agents to tell.
        tell: OneOrMany<At<String>>,
        /// Keep for a person, for that reason.
        hold: At<String>,
        /// Record without a ticket, for that reason.
        ignore: At<String>,
        /// No rule below runs.
        stop: At<bool>,
    }
}

shape! {
    /// A `[[rule]]`
    RawRule = "rule" {
        /// For people. Required.
        name: At<String>,
        /// What must hold. Default: nothing, so it always matches.
        when: RawWhen,
        /// What follows. Required.
        then: RawThen,
        /// `reply`: it runs on replies too. Default `new`.
        on: At<String>,
    }
}

shape! {
    /// A `[[known_issue]]`
    RawKnownIssue = "known_issue" {
        /// Key. Required.
        id: At<String>,
        /// For customers. Required.
        title: At<String>,
        /// Which tickets. Required.
        when: RawWhen,
        /// Template that joins the acknowledgement.
        tell: At<String>,
        /// What helps until it is solved.
        workaround: At<String>,
        /// Agent who works on it.
        owner: At<String>,
        /// The cause that its tickets are closed with.
        cause: At<String>,
    }
}
