//! Which mail no person wrote, and what may be done about it.
//!
//! One function over one table, [`ROWS`]: the first row that fits decides. The order is the policy. Reports come before
//! automatic answers, since they are automatic answers too; marks of people's mail come last. In doubt there is a ticket
//! and no mail.
//!
//! Header names and values are compared without case, comments (RFC 5322 §3.2.2) count for nothing, and of repeated
//! headers the most suppressing counts. What a mail cannot say about itself arrives in [`Around`] as plain facts, so
//! that the same mail in the same surroundings always gets the same verdict.

use std::collections::BTreeSet;

use crate::machine_facts::Facts;
use crate::{MachineClass, Message, calendar, machine_return};

/// What is known around a mail; [`Around::default`] knows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The Message-ID or loop header carries our own valid HMAC.
    pub ours: bool,
    /// Every address of ours, as [`crate::Address::folded`].
    pub own_addresses: BTreeSet<String>,
    /// Senders whose automatic mail is wanted as normal tickets: `a@b.example`, or `@b.example` for a whole domain.
    pub machines: Vec<String>,
    /// `METHOD` of a calendar part, where the caller knows better than [`Message::calendar_method`].
    pub calendar_method: Option<String>,
    /// The mail lay in the junk mailbox of the provider.
    pub junk_mailbox: bool,
    /// DMARC was checked and failed.
    pub dmarc_failed: bool,
    /// Mails that may be sent to this address or on this ticket are spent.
    pub budget_spent: bool,
    /// Somebody muted the thread.
    pub muted: bool,
}

/// What a mail is and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The row that decided, 1–18.
    pub row: u8,
    /// What kind of machine wrote the mail; `None` for people's.
    pub class: Option<MachineClass>,
    /// What becomes of the mail.
    pub outcome: MachineOutcome,
    /// Which header or value decided, for the trace.
    pub detail: String,
    /// When an absent person says they will answer again, `YYYY-MM-DD`. Only with automatic replies.
    pub return_on: Option<String>,
}

/// What becomes of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MachineOutcome {
    /// Our own mail came back: counted, no ticket.
    LoopLedger,
    /// Kept for an operator, with an alert.
    Held,
    /// An event on the ticket of the mail that bounced, else the bounce ledger.
    Bounce,
    /// Noted, nothing else.
    Ledger,
    /// All automatic mail to that address stops, the operator is told.
    Complaint,
    /// Attached without a word where it belongs, else a silent ticket. Its links are never followed.
    Silent,
    /// Attached and collapsed: nothing reopens, no owner, clock or follow-up changes. Without a ticket: ledger.
    AttachCollapsed,
    /// A ticket that sends nothing; new ones of one sender are coalesced above a rate.
    CoalescedTicket,
    /// A ticket that sends nothing.
    SilentTicket,
    /// A ticket that sends nothing, counted as a loop.
    LoopTicket,
    /// On the list of spam; nothing is sent.
    Spam,
    /// A normal ticket without acknowledgement.
    TicketNoAck,
    /// A normal ticket marked "sender not proven", without acknowledgement.
    TicketUnproven,
    /// A normal ticket with acknowledgement.
    Ticket,
}

/// Why a row fits.
pub(crate) struct Hit {
    class: Option<MachineClass>,
    outcome: MachineOutcome,
    detail: String,
}

/// A row of the table.
struct Row {
    number: u8,
    test: fn(&Facts<'_>) -> Option<Hit>,
}

/// The policy. The first row that fits decides; the last fits always.
const ROWS: [Row; 18] = [
    Row { number: 1, test: our_own },
    Row { number: 2, test: circling },
    Row { number: 3, test: delivery_report },
    Row { number: 4, test: read_receipt },
    Row { number: 5, test: feedback_report },
    Row { number: 6, test: challenge },
    Row { number: 7, test: calendar },
    Row { number: 8, test: automatic_reply },
    Row { number: 9, test: automatic_mail },
    Row { number: 10, test: null_path },
    Row { number: 11, test: list_mail },
    Row { number: 12, test: machine_address },
    Row { number: 13, test: from_ourselves },
    Row { number: 14, test: spam },
    Row { number: 15, test: suppressed },
    Row { number: 16, test: unproven },
    Row { number: 17, test: spent },
    Row { number: 18, test: anything },
];

/// More Received headers than any honest way through the world leaves.
const RECEIVED_MAX: usize = 25;

/// Decides about one mail.
///
/// [`Message::bounce`] must be set where the mail is a delivery report; see [`crate::dsn::read`].
#[must_use]
pub fn classify(message: &Message, around: &Around) -> Verdict {
    let facts = Facts::of(message, around);
    let (row, hit) =
        ROWS.iter().find_map(|row| (row.test)(&facts).map(|hit| (row.number, hit))).expect("the last row fits always");
    let return_on = (hit.outcome == MachineOutcome::AttachCollapsed).then(|| machine_return::date(message)).flatten();
    Verdict { row, class: hit.class, outcome: hit.outcome, detail: hit.detail, return_on }
}

/// What kind of machine wrote a mail of which nothing else is known; `None` for people's mail.
#[must_use]
pub fn class_of(message: &Message) -> Option<MachineClass> {
    classify(message, &Around::default()).class
}

/// The `METHOD` of the first calendar part (RFC 5546 §1.4) that states one, upper case.
///
/// `parts` are the textual leaves of the mail.
#[must_use]
pub fn calendar_method(parts: &[crate::part::TextPart]) -> Option<String> {
    parts.iter().filter(|part| part.content_type == "text/calendar").find_map(|part| calendar::read(&part.text)?.method)
}

fn hit(class: Option<MachineClass>, outcome: MachineOutcome, detail: impl Into<String>) -> Option<Hit> {
    Some(Hit { class, outcome, detail: detail.into() })
}

fn our_own(facts: &Facts<'_>) -> Option<Hit> {
    if !facts.around.ours {
        return None;
    }
    hit(Some(MachineClass::Other), MachineOutcome::LoopLedger, "our own mail came back")
}

fn circling(facts: &Facts<'_>) -> Option<Hit> {
    if facts.received > RECEIVED_MAX {
        return hit(None, MachineOutcome::Held, format!("{} Received headers", facts.received));
    }
    let twice = facts.own_delivered_twice()?;
    hit(None, MachineOutcome::Held, format!("delivered twice to {twice}"))
}

fn delivery_report(facts: &Facts<'_>) -> Option<Hit> {
    if let Some(bounce) = &facts.message.bounce {
        let detail = match bounce.gravest() {
            Some(gravest) => format!(
                "delivery report: {} {}",
                gravest.status.as_deref().unwrap_or("no status"),
                if gravest.permanent { "failed" } else { "delayed" }
            ),
            None => "delivery report".to_owned(),
        };
        return hit(Some(MachineClass::Bounce), MachineOutcome::Bounce, detail);
    }
    if facts.report_type.as_deref() != Some("delivery-status") {
        return None;
    }
    hit(Some(MachineClass::Report), MachineOutcome::Ledger, "delivery report without failure")
}

fn read_receipt(facts: &Facts<'_>) -> Option<Hit> {
    let told =
        facts.report_type.as_deref() == Some("disposition-notification") || facts.has_part("message/disposition-notification");
    if !told {
        return None;
    }
    hit(Some(MachineClass::Report), MachineOutcome::Ledger, "disposition-notification")
}

fn feedback_report(facts: &Facts<'_>) -> Option<Hit> {
    let told = facts.report_type.as_deref() == Some("feedback-report")
        || facts.has_part("message/feedback-report")
        || facts.message.complaint.is_some();
    if !told {
        return None;
    }
    hit(Some(MachineClass::Report), MachineOutcome::Complaint, "feedback-report")
}

fn challenge(facts: &Facts<'_>) -> Option<Hit> {
    let detail = facts.challenge()?;
    hit(Some(MachineClass::Challenge), MachineOutcome::Silent, detail)
}

fn calendar(facts: &Facts<'_>) -> Option<Hit> {
    let method = facts.calendar_method()?;
    let outcome = match method.as_str() {
        "REPLY" | "COUNTER" | "CANCEL" | "REFRESH" | "DECLINECOUNTER" => MachineOutcome::Silent,
        _ => MachineOutcome::SilentTicket,
    };
    hit(Some(MachineClass::Calendar), outcome, format!("calendar {method}"))
}

fn automatic_reply(facts: &Facts<'_>) -> Option<Hit> {
    if let Some(detail) = facts.reaction() {
        return hit(Some(MachineClass::Other), MachineOutcome::AttachCollapsed, detail);
    }
    let detail = facts.auto_reply.clone().or_else(|| facts.away_subject())?;
    hit(Some(MachineClass::AutoReply), MachineOutcome::AttachCollapsed, detail)
}

/// Automatic mail of a sender the operator named is a normal ticket, but a machine is never acknowledged (RFC 3834 §2).
fn automatic(facts: &Facts<'_>, class: MachineClass, outcome: MachineOutcome, detail: String) -> Option<Hit> {
    match facts.named_machine() {
        Some(name) => hit(Some(class), MachineOutcome::TicketNoAck, format!("{detail}; {name} is a named machine")),
        None => hit(Some(class), outcome, detail),
    }
}

fn automatic_mail(facts: &Facts<'_>) -> Option<Hit> {
    // Many help desks call their answers "auto-generated"; what answers a mail is an automatic reply all the same.
    let class = if facts.answers { MachineClass::AutoReply } else { MachineClass::Other };
    automatic(facts, class, MachineOutcome::CoalescedTicket, facts.auto_generated.clone()?)
}

fn null_path(facts: &Facts<'_>) -> Option<Hit> {
    if !facts.null_path {
        return None;
    }
    automatic(facts, MachineClass::Other, MachineOutcome::SilentTicket, "null return path".to_owned())
}

fn list_mail(facts: &Facts<'_>) -> Option<Hit> {
    automatic(facts, MachineClass::List, MachineOutcome::SilentTicket, facts.list()?)
}

fn machine_address(facts: &Facts<'_>) -> Option<Hit> {
    automatic(facts, MachineClass::Other, MachineOutcome::SilentTicket, facts.machine_address()?)
}

fn from_ourselves(facts: &Facts<'_>) -> Option<Hit> {
    let own = facts.message.from.iter().find(|mailbox| facts.around.own_addresses.contains(&mailbox.address.folded()))?;
    hit(Some(MachineClass::Other), MachineOutcome::LoopTicket, format!("From is our own {}", own.address))
}

fn spam(facts: &Facts<'_>) -> Option<Hit> {
    let detail = if facts.around.junk_mailbox { Some("in the junk mailbox".to_owned()) } else { facts.spam.clone() }?;
    hit(None, MachineOutcome::Spam, detail)
}

fn suppressed(facts: &Facts<'_>) -> Option<Hit> {
    hit(None, MachineOutcome::TicketNoAck, facts.suppress.clone()?)
}

fn unproven(facts: &Facts<'_>) -> Option<Hit> {
    if !facts.around.dmarc_failed {
        return None;
    }
    hit(None, MachineOutcome::TicketUnproven, "DMARC failed")
}

fn spent(facts: &Facts<'_>) -> Option<Hit> {
    if facts.around.muted {
        return hit(None, MachineOutcome::TicketNoAck, "the thread is muted");
    }
    if !facts.around.budget_spent {
        return None;
    }
    hit(None, MachineOutcome::TicketNoAck, "the budget of automatic mail is spent")
}

#[expect(clippy::unnecessary_wraps, reason = "a row of the table")]
fn anything(_: &Facts<'_>) -> Option<Hit> {
    Some(Hit { class: None, outcome: MachineOutcome::Ticket, detail: "no sign of a machine".to_owned() })
}
