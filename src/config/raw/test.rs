//! Tests in the file.

use crate::config::read::{At, Named, OneOrMany, TextOrFlag, shape};
use crate::config::tree::Node;

shape! {
    /// A `[[test]]`
    RawTest = "test" {
        /// For people. Required.
        name: At<String>,
        /// An inline mail, or a file. Required.
        mail: Node,
        /// The ticket that is there before.
        have: RawHave,
        /// What must come out. Required.
        want: RawWant,
    }
}

shape! {
    /// `test.mail`
    RawMail = "mail" {
        /// Sender. Required.
        from: At<String>,
        /// Recipients. Default: the first inbox.
        to: OneOrMany<At<String>>,
        /// Copies.
        cc: OneOrMany<At<String>>,
        /// Subject.
        subject: At<String>,
        /// Body.
        text: At<String>,
        /// Further headers.
        header: Named<At<String>>,
        /// File names.
        attachments: OneOrMany<At<String>>,
        /// The sender is proven. Default `true`.
        authenticated: At<bool>,
    }
}

shape! {
    /// `test.have`
    RawHave = "have" {
        /// Its status.
        status: At<String>,
        /// Its inbox.
        inbox: At<String>,
        /// Its team.
        team: At<String>,
        /// Its owner.
        owner: At<String>,
        /// Its type.
        r#type: At<String>,
        /// Its priority.
        priority: At<String>,
        /// Its tags.
        tags: OneOrMany<At<String>>,
        /// Its fields.
        field: Named<At<String>>,
    }
}

shape! {
    /// `test.want`
    RawWant = "want" {
        /// Inbox in the end.
        inbox: At<String>,
        /// Team in the end.
        team: At<String>,
        /// Owner in the end, or `none`.
        owner: At<String>,
        /// Type in the end.
        r#type: At<String>,
        /// Priority in the end.
        priority: At<String>,
        /// All tags in the end.
        tags: OneOrMany<At<String>>,
        /// Status in the end.
        status: At<String>,
        /// Fields in the end.
        field: Named<At<String>>,
        /// Template of the acknowledgement, or `false`.
        ack: At<TextOrFlag>,
        /// Kinds of mail that leave, in order.
        sends: Vec<At<String>>,
        /// `new` or `attached`.
        thread: At<TextOrFlag>,
        /// Class of machine mail, or `false`.
        machine: At<TextOrFlag>,
        /// It is held: the reason, `true` or `false`.
        held: At<TextOrFlag>,
        /// It is ignored: the rule or reason, `true` or `false`.
        ignored: At<TextOrFlag>,
    }
}
