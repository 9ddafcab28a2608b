//! Ticket types, their fields and steps, and the forms that fill them.

use desk::calendar::Span;

use super::RawWhen;
use crate::config::read::{At, Named, OneOrMany, shape};
use crate::config::tree::Node;

shape! {
    /// `[type.NAME]`
    RawType = "type" {
        /// For people. Default: the key.
        label: At<String>,
        /// Public form at `/f/NAME`.
        form: At<String>,
        /// What is asked.
        fields: Vec<RawField>,
        /// What is walked.
        steps: Vec<RawStep>,
        /// Questions at closing.
        close_asks: Vec<At<String>>,
        /// What everybody who asks for this should know, for the acknowledgement: a text, or one by language.
        policy: Node,
    }
}

shape! {
    /// An entry of `type.NAME.fields`
    RawField = "field" {
        /// Key. Required.
        id: At<String>,
        /// The question: a text, or one by language. Default: the key.
        ask: Node,
        /// `text number money date choice email phone url bool`. Default `text`.
        kind: At<String>,
        /// Pattern that finds it; group `value`, else group 1, else the whole match.
        find: At<String>,
        /// Labels that announce it.
        labels: Vec<At<String>>,
        /// Pattern that a value must match.
        r#match: At<String>,
        /// Choices, for `choice`.
        options: Vec<At<String>>,
        /// The request is incomplete without it. Default `false`.
        required: At<bool>,
        /// Customers are never asked, and their mails never fill it. Default `false`.
        agents_only: At<bool>,
    }
}

shape! {
    /// An entry of `type.NAME.steps`
    RawStep = "step" {
        /// Key. Required.
        id: At<String>,
        /// Checklist.
        r#do: Vec<At<String>>,
        /// How long it may take.
        within: At<Span>,
        /// Team that does it.
        team: At<String>,
        /// Agent who does it.
        owner: At<String>,
        /// `not-owner`: a second person.
        by: At<String>,
        /// Skipped unless these fields match.
        only_if: Named<Node>,
        /// `customer`, a vendor or a team.
        waits_on: At<String>,
        /// Ends with done or reject. Default `false`.
        approve: At<bool>,
        /// What happens when it is late.
        on_late: RawOnLate,
        /// Steps that must be done. Default: the one before.
        after: OneOrMany<At<String>>,
    }
}

shape! {
    /// `on_late` of a step
    RawOnLate = "on_late" {
        /// Whom to tell.
        tell: OneOrMany<At<String>>,
        /// Whom to give it to.
        assign: At<String>,
        /// The new priority.
        priority: At<String>,
        /// Whom to tell, one after the other.
        escalate: OneOrMany<At<String>>,
    }
}

shape! {
    /// `[form.NAME]`
    RawForm = "form" {
        /// Which mails. Required.
        when: RawWhen,
        /// `lines`, `table`, `json` or `urlencoded`. Default `lines`.
        reads: At<String>,
        /// Key in the mail to `requester`, `requester.name`, `subject`, `text` or a field. Required.
        maps: Named<At<String>>,
    }
}
