//! What makes a mail a delivery report: its headers, the types of its parts, and what its notice sounds like.
//!
//! A mail taken for a report is never a ticket, so a person's must not be. One sign can be an accident, and people write
//! about reports, forward them and answer them.

use std::cell::OnceCell;
use std::sync::LazyLock;

use regex::Regex;

use crate::dsn_text::Notice;
use crate::{Message, ReturnPath, dsn_json, dsn_phrase, dsn_report};

/// What the headers say about a mail being a report.
pub(crate) struct Signs<'a> {
    pub(crate) message: &'a Message,
    /// In lower case, as the subject.
    content_type: String,
    folded_subject: String,
    subject: OnceCell<bool>,
    status_part: bool,
    null_path: bool,
    pub(crate) daemon: bool,
}

impl<'a> Signs<'a> {
    pub(crate) fn of<'b>(message: &'a Message, content_types: impl IntoIterator<Item = &'b str>) -> Self {
        Self {
            message,
            content_type: message.header("content-type").unwrap_or_default().to_ascii_lowercase(),
            folded_subject: message.subject.to_lowercase(),
            subject: OnceCell::new(),
            status_part: content_types.into_iter().any(dsn_report::is_status),
            null_path: has_null_path(message),
            daemon: is_daemon(message),
        }
    }

    pub(crate) fn report_type(&self) -> bool {
        self.content_type.starts_with("multipart/report") && !self.content_type.contains("feedback-report")
    }

    pub(crate) fn multipart(&self) -> bool {
        self.content_type.starts_with("multipart/")
    }

    fn subject(&self) -> bool {
        *self.subject.get_or_init(|| dsn_phrase::is_report_subject(&self.folded_subject))
    }

    fn failed_header(&self) -> bool {
        self.message.header("x-failed-recipients").is_some()
    }

    fn auto_replied(&self) -> bool {
        self.message.header_values("auto-submitted").any(|value| starts_with_folded(value.trim_start(), "auto-replied"))
    }

    /// What costs the most is asked last.
    pub(crate) fn worth_reading(&self) -> bool {
        self.report_type()
            || self.status_part
            || self.null_path
            || self.daemon
            || self.failed_header()
            || dsn_json::is_candidate(self.message)
            || self.subject()
    }

    /// One sign can be an accident; a report has a stated status or two signs that agree.
    pub(crate) fn enough<'n>(&self, reported: bool, failed_header: bool, notice: impl FnOnce() -> &'n Notice<'n>) -> bool {
        if self.content_type.contains("disposition-notification") && self.folded_subject.contains("reject") {
            return true;
        }
        let machine = self.null_path || self.daemon;
        if (reported && (self.report_type() || self.status_part || machine)) || failed_header {
            return true;
        }
        let subject = self.subject();
        if !subject && !self.daemon && self.auto_replied() {
            return false;
        }
        let notice = notice();
        let personal_subject = is_personal(self.message, &self.folded_subject);
        if machine {
            return (subject && !personal_subject) || notice.says_failure();
        }
        let shaped = !notice.found.is_empty() || self.report_type();
        !personal_subject && !notice.sounds_personal() && subject && notice.says_failure() && shaped && notice.speaks_of_mail()
    }
}

/// A person who answers or forwards a report: the prefix of a forward, or of an answer that names what it answers.
fn is_personal(message: &Message, subject: &str) -> bool {
    let subject = subject.trim_start();
    let answers = message.header("in-reply-to").is_some() || message.header("references").is_some();
    ["fw:", "fwd:", "wg:", "tr:", "rv:"].iter().any(|prefix| subject.starts_with(prefix))
        || (answers && ["re:", "aw:", "sv:", "vs:"].iter().any(|prefix| subject.starts_with(prefix)))
}

/// The envelope sender is empty or a mailer's own.
fn has_null_path(message: &Message) -> bool {
    let raw_path = message.header("return-path").map(|value| value.trim_matches(['<', '>', ' ']));
    raw_path.is_some_and(|path| path.is_empty() || starts_with_folded(path, "mailer-daemon"))
        || match &message.return_path {
            Some(ReturnPath::Null) => true,
            Some(ReturnPath::Address(address)) => is_daemon_local(address.local()),
            None => false,
        }
}

/// The author is software that carries mail, by its address or its name.
fn is_daemon(message: &Message) -> bool {
    static SYSTEM_NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("(?-u)(?i:mailer-?daemon|mail[ .]delivery|post_?master|(?:system|mail) administrator|delivery subsystem)")
            .expect("constant pattern")
    });
    message.from.iter().any(|mailbox| is_daemon_local(mailbox.address.local()))
        || message.header("from").is_some_and(|from| SYSTEM_NAME.is_match(from))
}

fn is_daemon_local(local: &str) -> bool {
    ["mailer-daemon", "mailerdaemon", "postmaster", "post_master", "mail-daemon", "mmdf", "bounce-handler", "microsoftexchange"]
        .iter()
        .any(|name| starts_with_folded(local, name))
}

fn starts_with_folded(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}
