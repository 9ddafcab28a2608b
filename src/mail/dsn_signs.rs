//! What makes a mail a delivery report: its headers, the types of its parts, and what its notice sounds like.
//!
//! A mail taken for a report is never a ticket, so a person's must not be. One sign can be an accident, and people write
//! about reports, forward them and answer them.

use std::cell::OnceCell;
use std::sync::LazyLock;

use regex::Regex;

use crate::dsn_text::Notice;
use crate::{Message, ReturnPath, dsn_json, dsn_phrase, dsn_report, machine_words};

/// What the headers say about a mail being a report.
pub(crate) struct Signs<'a> {
    pub(crate) message: &'a Message,
    /// In lower case, as the subject.
    content_type: String,
    folded_subject: String,
    subject: OnceCell<bool>,
    status_part: bool,
    /// It tells what became of a mail that was delivered (RFC 8098).
    receipt: bool,
    null_path: bool,
    pub(crate) daemon: bool,
}

impl<'a> Signs<'a> {
    pub(crate) fn of<'b>(message: &'a Message, content_types: impl IntoIterator<Item = &'b str>) -> Self {
        let content_type = message.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let (mut status_part, mut receipt) = (false, content_type.contains("disposition-notification"));
        for part in content_types {
            status_part |= dsn_report::is_status(part);
            receipt |= part.starts_with("message/disposition-notification");
        }
        Self {
            message,
            content_type,
            folded_subject: message.subject.to_lowercase(),
            subject: OnceCell::new(),
            status_part,
            receipt,
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

    /// It answers a mail by itself, and what it answers or quotes may speak of reports.
    fn is_automatic_reply(&self) -> bool {
        let is_by_person = || !self.report_type() && !self.has_machine_author();
        !self.daemon
            && (machine_words::is_marked_away(&self.message.subject)
                || (self.auto_replied() && (!self.subject() || is_by_person())))
    }

    fn has_machine_author(&self) -> bool {
        self.message.from.iter().any(|mailbox| machine_words::is_machine_local(mailbox.address.local()))
    }

    fn is_automatic(&self) -> bool {
        self.message.header_values("auto-submitted").any(|value| !starts_with_folded(value.trim_start(), "no"))
    }

    /// The envelope sender is the author, who so wants to hear what becomes of the mail.
    fn has_own_path(&self) -> bool {
        let Some(ReturnPath::Address(path)) = &self.message.return_path else { return false };
        self.message.from.first().is_some_and(|author| author.address.folded() == path.folded())
    }

    /// The author has a name, and not that of a system.
    fn has_personal_name(&self) -> bool {
        const SYSTEM_WORDS: [&str; 12] = [
            "mail",
            "system",
            "server",
            "service",
            "gateway",
            "daemon",
            "admin",
            "deliver",
            "notif",
            "virus",
            "filter",
            "postmaster",
        ];
        let name = self.message.from.first().and_then(|author| author.name.as_deref()).map(str::to_lowercase);
        name.is_some_and(|name| !name.is_empty() && !name.contains('@') && !SYSTEM_WORDS.iter().any(|word| name.contains(word)))
    }

    /// A person sends under a name and an address of their own.
    fn is_named_person(&self) -> bool {
        self.has_personal_name() && self.has_own_path() && !self.is_automatic() && !self.has_machine_author()
    }

    /// Postmasters and administrators are people too.
    fn may_be_postmaster_in_person(&self) -> bool {
        !self.report_type() && !self.status_part && !self.is_automatic() && !is_mailer(self.message)
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
        if self.receipt && !self.status_part {
            // Some hosts refuse by receipt.
            return self.folded_subject.contains("reject");
        }
        let machine = self.null_path || self.daemon;
        if (reported && (self.report_type() || self.status_part || machine)) || failed_header {
            return true;
        }
        if self.is_automatic_reply() {
            return false;
        }
        let notice = notice();
        if notice.is_about_incoming() {
            return false;
        }
        let subject = self.subject();
        let personal_subject = is_personal(self.message, &self.folded_subject);
        if machine {
            // A pager's gateway answers under the subject of the mail too.
            let answers = || personal_subject && (self.has_personal_name() || notice.quotes());
            let own = || self.has_own_path() && (answers() || (!subject && notice.asks()));
            if self.may_be_postmaster_in_person() && (notice.sounds_personal() || own()) {
                return false;
            }
            return (subject && !personal_subject)
                || (notice.says_failure() && (self.daemon || self.report_type() || !notice.found.is_empty()))
                || (self.daemon && is_mailer(self.message) && notice.states_refusal());
        }
        let shaped = !notice.found.is_empty() || self.report_type();
        if !subject || !shaped || personal_subject || notice.sounds_personal() {
            return false;
        }
        let personal = || self.is_named_person() || notice.asks() || notice.speaks_of_own_mail();
        (self.report_type() || !personal()) && notice.says_failure() && notice.speaks_of_mail()
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

/// No person has the name or the envelope sender of a mailer.
fn is_mailer(message: &Message) -> bool {
    let is_named =
        |text: &str| ["mailer-daemon", "mailerdaemon", "mail-daemon"].iter().any(|name| starts_with_folded(text, name));
    static MAILER_NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new("(?-u)(?i:mailer-?daemon|mail[ .]delivery|delivery subsystem)").expect("constant pattern"));
    message.return_path == Some(ReturnPath::Null)
        || message
            .header("return-path")
            .is_some_and(|value| is_named(value.trim_matches(['<', '>', ' '])) || value.trim() == "<>")
        || message.from.iter().any(|mailbox| is_named(mailbox.address.local()))
        || message.header("from").is_some_and(|from| MAILER_NAME.is_match(from))
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
