//! Which ticket a mail belongs to.
//!
//! Four signals, strongest first: T1 a reply token in a recipient address, T2 one of our own Message-IDs, T3 a Message-ID
//! that we stored, T4 `[T-4821]` in the subject. What a signal is worth depends on who sends: a participant whose domain
//! vouches for the mail, a participant of whom nobody knows whether it is them, or a stranger. A guess by a stranger never
//! touches somebody's ticket.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mail::{Address, Message, MessageId};

use crate::event::{Placement, SenderProof, Target};
use crate::ids::TicketNo;
use crate::policy::Policy;
use crate::remark::Remark;
use crate::subject;
use crate::ticket::{LinkKind, Status, Ticket};
use crate::token;

/// After so long a new subject on an old reference is a new matter.
const OLD_REFERENCE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Most ids of one mail that are looked up.
const LOOKED_UP_MAX: usize = 60;

/// What a mail points at, before anything was looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// Details of recipient addresses that look like reply tokens, with the ticket each claims.
    pub details: Vec<(String, TicketNo)>,
    /// Tickets of our own ids, nearest reference first. Proven by their HMAC.
    pub own: Vec<TicketNo>,
    /// Ids to be looked up, nearest reference first.
    pub ids: Vec<MessageId>,
    /// Subject tags.
    pub tags: Vec<TicketNo>,
    /// The mail of ours whose return path it was sent to. Proven by its HMAC.
    pub returned: Option<TicketNo>,
}

impl Signals {
    /// Every ticket that must be loaded to judge the signals, apart from what [`Signals::ids`] leads to.
    pub fn tickets(&self) -> impl Iterator<Item = TicketNo> + '_ {
        self.details
            .iter()
            .map(|(_, ticket)| *ticket)
            .chain(self.own.iter().copied())
            .chain(self.tags.iter().copied())
            .chain(self.returned)
    }
}

/// Collects the signals of a mail.
#[must_use]
pub fn signals(policy: &Policy, message: &Message) -> Signals {
    let mut found = Signals { tags: subject::tags(&message.subject, &policy.company.prefix), ..Signals::default() };
    let recipients = message.to.iter().chain(&message.cc).map(|mailbox| &mailbox.address).chain(&message.delivered_to);
    for address in recipients {
        if let Some((_, detail)) = address.local().split_once('+')
            && let Some(claim) = token::read_detail(detail)
        {
            found.details.push((detail.to_owned(), claim.ticket));
        }
        if let Some((_, detail)) = address.local().split_once('+')
            && let Some(bounce) = policy.keys.read_bounce_detail(detail)
        {
            found.returned = found.returned.or(Some(bounce.ticket));
        }
    }
    found.details.dedup();
    let nearest_first = message.reported_id().into_iter().chain(&message.in_reply_to).chain(message.references.iter().rev());
    for id in nearest_first.take(LOOKED_UP_MAX) {
        match policy.keys.read_message_id(id) {
            Some(claim) if !found.own.contains(&claim.ticket) => found.own.push(claim.ticket),
            Some(_) => {}
            None if !found.ids.contains(id) => found.ids.push(id.clone()),
            None => {}
        }
    }
    found
}

/// What the store knows about the signals.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// Every ticket named by a signal or a stored id, and the successors of merged ones.
    pub tickets: BTreeMap<TicketNo, Ticket>,
    /// Stored ids with the newest ticket that has them.
    pub stored: Vec<(MessageId, TicketNo)>,
}

/// A mail as far as threading is concerned.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The mail.
    pub message: &'a Message,
    /// The one From address, if there is one.
    pub sender: Option<&'a Address>,
    /// Whether From is true.
    pub proof: &'a SenderProof,
    /// Now.
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Proven,
    Unproven,
    Stranger,
}

/// Finds the ticket.
#[must_use]
pub fn place(policy: &Policy, incoming: &Incoming<'_>, signals: &Signals, lookup: &Lookup) -> Placement {
    let mut reasons = Vec::new();
    let finder = Finder { policy, incoming, lookup };
    let found = finder.report(signals, &mut reasons).or_else(|| finder.token(signals, &mut reasons));
    let target = match found {
        Some(target) => target,
        None if is_forward(policy, incoming.message) => {
            reasons.push("a forward without a token is a new request".to_owned());
            Target::New
        }
        None => finder.references(signals, &mut reasons).or_else(|| finder.tag(signals, &mut reasons)).unwrap_or_default(),
    };
    if reasons.is_empty() {
        reasons.push("no token, no known reference, no tag".to_owned());
    }
    Placement { target, reasons }
}

fn is_forward(policy: &Policy, message: &Message) -> bool {
    let subject = subject::read(&message.subject, &policy.company.prefix);
    subject.is_forward && !subject.is_reply && message.reply.forward.is_some()
}

struct Finder<'a> {
    policy: &'a Policy,
    incoming: &'a Incoming<'a>,
    lookup: &'a Lookup,
}

impl Finder<'_> {
    /// A delivery or feedback report about a mail of ours belongs to that mail's ticket, whoever sends it: only the recipient's side
    /// ever saw the id.
    fn report(&self, signals: &Signals, reasons: &mut Vec<String>) -> Option<Target> {
        let message = self.incoming.message;
        let reported = message.reported_id().and_then(|id| self.policy.keys.read_message_id(id)).map(|claim| claim.ticket);
        // However a report is written, it comes to the return path of the mail that failed. A person who finds that address
        // in a header and writes to it reports nothing.
        let is_report = message.bounce.is_some() || message.return_path == Some(mail::ReturnPath::Null);
        let no = reported.or(signals.returned.filter(|_| is_report))?;
        let ticket = self.successor(self.lookup.tickets.get(&no)?);
        reasons.push(format!("a report about our mail of {}", self.policy.reference(ticket.no)));
        Some(Target::Attach { ticket: ticket.no, marked: false })
    }

    fn token(&self, signals: &Signals, reasons: &mut Vec<String>) -> Option<Target> {
        for (detail, claimed) in &signals.details {
            let Some(ticket) = self.lookup.tickets.get(claimed) else { continue };
            let people = ticket.participants.iter().map(Address::as_str);
            if self.policy.keys.read_reply_detail(detail, people).is_none() {
                reasons.push(format!("T1 token for {} is not valid", self.policy.reference(*claimed)));
                continue;
            }
            let ticket = self.successor(ticket);
            let reference = self.policy.reference(ticket.no);
            return Some(match self.standing(ticket) {
                Standing::Proven => {
                    reasons.push(format!("T1 token of {reference}, sender proven"));
                    self.attach(ticket, false, reasons)
                }
                Standing::Unproven => {
                    reasons.push(format!("T1 token of {reference}, sender not proven"));
                    self.attach(ticket, true, reasons)
                }
                Standing::Stranger => {
                    reasons.push(format!("T1 token of {reference} from a stranger"));
                    Target::Held { ticket: ticket.no, why: Remark::of(|say| say.stranger) }
                }
            });
        }
        None
    }

    fn references(&self, signals: &Signals, reasons: &mut Vec<String>) -> Option<Target> {
        if let Some(ticket) = signals.own.iter().find_map(|no| self.lookup.tickets.get(no)) {
            let ticket = self.successor(ticket);
            let reference = self.policy.reference(ticket.no);
            return Some(match self.standing_of_answer(ticket) {
                Standing::Proven => {
                    reasons.push(format!("T2 reply to our mail of {reference}, sender proven"));
                    self.attach(ticket, false, reasons)
                }
                Standing::Unproven => {
                    reasons.push(format!("T2 reply to our mail of {reference}, sender not proven"));
                    self.attach(ticket, true, reasons)
                }
                Standing::Stranger => {
                    reasons.push(format!("T2 reply to our mail of {reference} from a stranger"));
                    claims(ticket)
                }
            });
        }
        let (id, ticket) =
            self.lookup.stored.iter().find_map(|(id, no)| self.lookup.tickets.get(no).map(|ticket| (id, ticket)))?;
        let ticket = self.successor(ticket);
        let reference = self.policy.reference(ticket.no);
        Some(match self.standing_of_answer(ticket) {
            Standing::Proven => {
                reasons.push(format!("T3 reply to a mail of {reference}, sender proven"));
                self.attach(ticket, false, reasons)
            }
            Standing::Unproven if ticket.requester_ids.contains(id) && self.is_requester(ticket) => {
                reasons.push(format!("T3 reply to the sender's own mail of {reference}, sender not proven"));
                self.attach(ticket, true, reasons)
            }
            Standing::Unproven | Standing::Stranger => {
                reasons.push(format!("T3 reply to a mail of {reference}, sender not proven to take part"));
                claims(ticket)
            }
        })
    }

    fn tag(&self, signals: &Signals, reasons: &mut Vec<String>) -> Option<Target> {
        let ticket = signals.tags.iter().find_map(|no| self.lookup.tickets.get(no))?;
        let ticket = self.successor(ticket);
        let reference = self.policy.reference(ticket.no);
        Some(if self.standing(ticket) == Standing::Proven {
            reasons.push(format!("T4 tag [{reference}], sender proven"));
            self.attach(ticket, false, reasons)
        } else {
            reasons.push(format!("T4 tag [{reference}], sender not proven to take part"));
            claims(ticket)
        })
    }

    /// Attaches, unless the matter is closed or the reference is old and the subject new.
    fn attach(&self, ticket: &Ticket, marked: bool, reasons: &mut Vec<String>) -> Target {
        let continues = Target::NewLinked { ticket: ticket.no, link: LinkKind::Continues };
        if ticket.status == Status::Closed {
            reasons.push("it is closed: a new ticket continues it".to_owned());
            return continues;
        }
        let prefix = &self.policy.company.prefix;
        let is_new_subject =
            subject::folded(&self.incoming.message.subject, prefix) != subject::folded(&ticket.first_subject, prefix);
        if is_new_subject && ticket.last_word_at().duration_until(self.incoming.at) > OLD_REFERENCE {
            reasons.push("a new subject on a reference older than 14 days: a new ticket continues it".to_owned());
            return continues;
        }
        Target::Attach { ticket: ticket.no, marked }
    }

    fn standing(&self, ticket: &Ticket) -> Standing {
        let takes_part = self
            .incoming
            .sender
            .is_some_and(|sender| ticket.participants.iter().any(|participant| participant.folded() == sender.folded()));
        match (takes_part, self.incoming.proof.is_proven()) {
            (true, true) => Standing::Proven,
            (true, false) => Standing::Unproven,
            (false, _) => Standing::Stranger,
        }
    }

    /// Whoever was copied in by somebody who takes part answers what they were sent; agents read it with a word of warning, and
    /// decide whether they take part.
    fn standing_of_answer(&self, ticket: &Ticket) -> Standing {
        let is_waiting = |sender: &Address| ticket.waiting.iter().any(|person| person.folded() == sender.folded());
        match (self.standing(ticket), self.incoming.sender.is_some_and(is_waiting), self.incoming.proof.is_proven()) {
            (Standing::Stranger, true, true) => Standing::Proven,
            (Standing::Stranger, true, false) => Standing::Unproven,
            (standing, _, _) => standing,
        }
    }

    fn is_requester(&self, ticket: &Ticket) -> bool {
        self.incoming.sender.is_some_and(|sender| sender.folded() == ticket.requester.address.folded())
    }

    fn successor<'t>(&'t self, ticket: &'t Ticket) -> &'t Ticket {
        let mut current = ticket;
        // Merging never makes a circle, but a damaged store must not hang us.
        for _ in 0..self.lookup.tickets.len() {
            match current.merged_into.and_then(|no| self.lookup.tickets.get(&no)) {
                Some(next) => current = next,
                None => break,
            }
        }
        current
    }
}

fn claims(ticket: &Ticket) -> Target {
    Target::NewLinked { ticket: ticket.no, link: LinkKind::Claims }
}
