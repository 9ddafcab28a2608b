//! What happens by itself: waiting, telling, keeping, and its bounds.

use desk::calendar::Span;
use jiff::civil::Time;

use super::RawWhen;
use crate::config::read::{At, OneOrMany, shape};
use crate::config::secret::Reference;
use crate::config::tree::Node;
use crate::config::value::{Length, Rate};

shape! {
    /// `[follow_up]`
    RawFollowUp = "follow_up" {
        /// What happens while a customer is silent.
        silent: Vec<RawSilent>,
        /// What follows a closing.
        closed: RawClosed,
        /// A question some time after closing.
        check_in: RawCheckIn,
        /// When a reply reopens.
        reopen: RawReopen,
        /// When customer mail leaves: `09:00-16:00`.
        hours: At<String>,
        /// Calendar of business days.
        calendar: At<String>,
    }
}

shape! {
    /// An entry of `follow_up.silent`
    RawSilent = "silent" {
        /// After so long. Required.
        after: At<Span>,
        /// Template to send.
        send: At<String>,
        /// Reason to close with.
        close: At<String>,
    }
}

shape! {
    /// `follow_up.closed`
    RawClosed = "closed" {
        /// Template to send.
        send: At<String>,
        /// How often a rating is asked of a person.
        rating: At<Rate>,
    }
}

shape! {
    /// `follow_up.check_in`
    RawCheckIn = "check_in" {
        /// After so long.
        after: At<Span>,
        /// Template to send.
        send: At<String>,
        /// Types it is asked for. Default: all.
        types: Vec<At<String>>,
    }
}

shape! {
    /// `follow_up.reopen`
    RawReopen = "reopen" {
        /// So long after solving. Default `14d`.
        within: At<Length>,
        /// Plain thanks change nothing. Default `true`.
        thanks_keeps_closed: At<bool>,
        /// Most reopenings by mail. Default `5 per 1d`.
        at_most: At<Rate>,
    }
}

shape! {
    /// `notify.NAME`
    RawNotify = "notify" {
        /// `slack mattermost discord teams ntfy sms pagerduty webhook email`. Required.
        kind: At<String>,
        /// Where to, as a text or a secret.
        url: Node,
        /// Address, for `email`.
        to: At<String>,
        /// Key that signs or logs in.
        key: At<Reference>,
        /// HTTP method, for `sms`.
        method: At<String>,
        /// Body with `{text}` and `{to}`, for `sms`.
        body: At<String>,
    }
}

shape! {
    /// An `[[alert]]`
    RawAlert = "alert" {
        /// For people. Required.
        name: At<String>,
        /// When. Required.
        when: RawWhen,
        /// Whom: `owner`, `lead`, `team`, agents, channels. Required.
        tell: OneOrMany<At<String>>,
        /// The ticket is at least that important from then on.
        raise: At<String>,
    }
}

shape! {
    /// `[articles]`
    RawArticles = "articles" {
        /// Folder of Markdown files.
        path: At<String>,
    }
}

shape! {
    /// `[retention]`
    RawRetention = "retention" {
        /// Tickets.
        tickets: At<Length>,
        /// Tickets of private inboxes.
        private: At<Length>,
        /// Original mail.
        raw: At<Length>,
        /// Backups.
        backup: RawBackup,
    }
}

shape! {
    /// `retention.backup`
    RawBackup = "backup" {
        /// Folder.
        to: At<String>,
        /// Time of day.
        at_: At<Time>,
        /// How many: `7d 4w 12m`.
        keep: At<String>,
    }
}

shape! {
    /// A `[[report]]`
    RawReport = "report" {
        /// For people.
        name: At<String>,
        /// `day`, `week` or `month`.
        every: At<String>,
        /// Time of day.
        at_: At<Time>,
        /// Who gets it: agents, `lead`.
        to: OneOrMany<At<String>>,
        /// Which team. Default: all.
        team: At<String>,
    }
}

shape! {
    /// `[limits]`
    RawLimits = "limits" {
        /// Acknowledgements per sender in 24 h. Default 3.
        acks_per_sender_day: At<u32>,
        /// Acknowledgements per domain in 24 h. Default 20.
        acks_per_domain_day: At<u32>,
        /// The same for domains where strangers share a name. Default 200.
        acks_per_freemail_day: At<u32>,
        /// Acknowledgements in all per hour. Default 60.
        acks_per_hour: At<u32>,
        /// Acknowledgements in all in 24 h. Default 300.
        acks_per_day: At<u32>,
        /// Reopenings of one ticket by mail in 24 h. Default 5.
        reopens_per_day: At<u32>,
        /// Notices to one agent per hour. Default 30.
        notices_per_agent_hour: At<u32>,
    }
}
