//! Hard bounds on automatic mail: whether an acknowledgement may go, and what it costs.

use desk::event::BudgetFacts;
use desk::policy::Limits;
use desk::{Decision, Effect, Outcome, TraceLine};
use jiff::{SignedDuration, Timestamp};
use mail::Address;

use crate::store::{BudgetKey, Store};

/// For budgets of a day.
pub const DAY: SignedDuration = SignedDuration::from_hours(24);
/// For budgets of an hour.
pub const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// New tickets that one machine may make within an hour; further mails join its newest.
pub const MACHINE_TICKETS_PER_HOUR: u64 = 5;

/// Domains in which strangers share a name, so that many senders of one domain are no sign of an attack.
const FREEMAIL: [&str; 40] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "yahoo.co.uk",
    "yahoo.de",
    "yahoo.fr",
    "ymail.com",
    "outlook.com",
    "outlook.de",
    "hotmail.com",
    "hotmail.co.uk",
    "hotmail.de",
    "hotmail.fr",
    "live.com",
    "msn.com",
    "aol.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "gmx.de",
    "gmx.net",
    "gmx.at",
    "gmx.ch",
    "web.de",
    "t-online.de",
    "freenet.de",
    "mail.ru",
    "yandex.ru",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "fastmail.com",
    "zoho.com",
    "qq.com",
    "163.com",
    "126.com",
    "orange.fr",
    "free.fr",
    "libero.it",
    "wp.pl",
];

/// An answer about the budgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// It may go.
    Allowed,
    /// It may not, for that reason.
    Refused(String),
    /// The day's total is reached: all automatic mail stops until an operator looks.
    Exhausted(String),
}

impl Allowance {
    /// As the core wants to know it.
    #[must_use]
    pub fn facts(&self) -> BudgetFacts {
        BudgetFacts {
            ack_refused: match self {
                Self::Allowed => None,
                Self::Refused(why) | Self::Exhausted(why) => Some(why.clone()),
            },
        }
    }
}

/// Whether an acknowledgement to `sender` about `subject` (folded) may go at `now`.
pub fn acknowledgement(store: &dyn Store, limits: &Limits, sender: &Address, subject: &str, now: Timestamp) -> Allowance {
    let since = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
    if let Some(reason) = store.breaker() {
        return Allowance::Refused(format!("the breaker is open: {reason}"));
    }
    if let Some(reason) = store.suppressed(&sender.folded(), now) {
        return Allowance::Refused(format!("automatic mail to this address is stopped: {reason}"));
    }
    let keys = keys(sender, subject);
    let [by_sender, by_domain, by_subject, all] = &keys;
    if store.budget(by_subject, since(DAY)) >= 1 {
        return Allowance::Refused("same sender and subject within 24 hours".to_owned());
    }
    if store.budget(by_sender, since(DAY)) >= u64::from(limits.acks_per_sender_day) {
        return Allowance::Refused(format!("{} acknowledgements to this sender within 24 hours", limits.acks_per_sender_day));
    }
    let per_domain = if FREEMAIL.contains(&sender.domain()) { limits.acks_per_freemail_day } else { limits.acks_per_domain_day };
    if store.budget(by_domain, since(DAY)) >= u64::from(per_domain) {
        return Allowance::Refused(format!("{per_domain} acknowledgements to {} within 24 hours", sender.domain()));
    }
    if store.budget(all, since(DAY)) >= u64::from(limits.acks_per_day) {
        return Allowance::Exhausted(format!("{} acknowledgements within 24 hours", limits.acks_per_day));
    }
    if store.budget(all, since(HOUR)) >= u64::from(limits.acks_per_hour) {
        return Allowance::Refused(format!("{} acknowledgements within the hour", limits.acks_per_hour));
    }
    Allowance::Allowed
}

/// What one acknowledgement is counted under.
#[must_use]
pub fn keys(sender: &Address, subject: &str) -> [BudgetKey; 4] {
    let person = sender.without_detail();
    let subject = desk::EventId::of_request(&format!("{person}\n{subject}"));
    [
        BudgetKey::Sender(person),
        BudgetKey::Domain(sender.domain().to_owned()),
        BudgetKey::SenderSubject(subject.to_string()),
        BudgetKey::All,
    ]
}

/// A new ticket by row 9 of the machine table: automatic mail that is neither an answer nor a list.
pub(super) fn made_by_machine(decision: &Decision) -> bool {
    let is_row = |line: &TraceLine| line.step == "machine" && line.outcome == "row 9";
    decision.outcome == Outcome::NewTicket && decision.trace.iter().any(is_row)
}

/// Somebody was told where everything of theirs stands.
pub(super) fn is_list(decision: &Decision) -> bool {
    decision.outcome == Outcome::MachineLedger && decision.effects.iter().any(|effect| matches!(effect, Effect::Send(_)))
}

/// It carried something like a token that we did not make.
pub(super) fn has_bad_token(decision: &Decision) -> bool {
    decision.trace.iter().any(|line| line.step == "token" && line.outcome == "bad")
}
