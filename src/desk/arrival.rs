//! What is decided about a mail that came in. Each step leaves one line of trace.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use mail::machine::{Around, MachineOutcome, Verdict};
use mail::{Address, Mailbox, Message};

use crate::change::Change;
use crate::courtesy::{self, Courtesy};
use crate::decide::entry;
use crate::decision::{Decision, Direction, MessageEntry, Outcome};
use crate::effect::Effect;
use crate::event::{Arrival, Event, EventKind, SenderProof, Target};
use crate::ids::TicketNo;
use crate::policy::Policy;
use crate::remark::Remark;
use crate::ticket::{LinkKind, Status, Ticket};
use crate::ticket_mail::Cause;
use crate::trace::TraceLine;
use crate::{
    agent_desk, agent_request, answer_layout, asked, assign, follow_up, notice, opening, promise, reply, sender, standing,
    subject, vendor,
};

/// So many mails of one sender on one ticket …
const BURST_MAILS: usize = 5;
/// … within so long, without an agent's act, mute automatic mail …
const BURST_SPAN: SignedDuration = SignedDuration::from_mins(10);
/// … for so long: two machines that answer each other stop here at the latest.
const MUTED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Recent mails that are remembered for the burst.
const RECENT_MAILS_MAX: usize = BURST_MAILS + 1;
/// A day, for the cap on reopenings.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Ids of the requester's own mails that are kept.
const REQUESTER_IDS_MAX: usize = 50;
/// Newest references kept; the root is kept apart.
const REFERENCES_MAX: usize = 10;
/// A hard bounce stops automatic mail to the address for so long.
const BOUNCED_FOR: SignedDuration = SignedDuration::from_hours(60 * 24);

pub(crate) fn decide(policy: &Policy, ticket: Option<&Ticket>, event: &Event, arrival: &Arrival) -> Decision {
    let mut mail = Incoming::new(policy, event, arrival);
    mail.trace("raw", "kept", format!("{} bytes, sha256 {}", arrival.raw_bytes, arrival.raw));
    if let Some(duplicate) = &arrival.known.duplicate {
        mail.trace("duplicate", duplicate.key.clone(), format!("the same mail as event {}", duplicate.event));
        return mail.duplicate(ticket);
    }
    mail.trace("duplicate", "no", "new by id, content and place");
    let verdict = mail::machine::classify(&arrival.parsed.message, &mail.around(ticket));
    mail.trace("machine", format!("row {}", verdict.row), verdict.detail.clone());
    mail.trace_proof();
    mail.trace("ticket", target_word(&arrival.known.placement.target), arrival.known.placement.reasons.join("; "));
    if arrival.sent && verdict.outcome != MachineOutcome::LoopLedger {
        return crate::sent::decide(mail, ticket);
    }
    let is_let_in = arrival.let_in.is_some() && matches!(verdict.outcome, MachineOutcome::Held | MachineOutcome::Spam);
    let outcome = if is_let_in { MachineOutcome::TicketNoAck } else { verdict.outcome };
    let by_person = matches!(outcome, MachineOutcome::TicketNoAck | MachineOutcome::TicketUnproven | MachineOutcome::Ticket);
    if let Some(found) = arrival.known.agent_mail.as_deref() {
        if by_person && let Some(decision) = crate::agent_mail::decide(&mut mail, found) {
            return decision;
        }
        if outcome == MachineOutcome::AttachCollapsed
            && let Some(decision) = agent_desk::away_notice(&mut mail, found, &verdict)
        {
            return decision;
        }
        if let Some(decision) = vendor::by_machine(&mut mail, found, outcome, &verdict) {
            return decision;
        }
    }
    match outcome {
        MachineOutcome::LoopLedger => mail.ledger(Outcome::LoopLedger),
        MachineOutcome::Held => mail.ledger(Outcome::Held { why: verdict.detail }),
        MachineOutcome::Spam => mail.ledger(Outcome::Spam),
        MachineOutcome::Bounce => mail.bounce(ticket, &verdict),
        MachineOutcome::Complaint => mail.complaint(ticket),
        MachineOutcome::Ledger => mail.ledger(Outcome::MachineLedger),
        MachineOutcome::Silent | MachineOutcome::AttachCollapsed => match ticket {
            Some(ticket) => mail.collapsed(ticket, &verdict),
            None => mail.ledger(Outcome::MachineLedger),
        },
        MachineOutcome::CoalescedTicket if ticket.is_none() && arrival.known.coalesce.is_some() => {
            let newest = arrival.known.coalesce.as_deref().expect("the guard saw it");
            mail.trace(
                "ticket",
                "coalesced",
                format!("this machine made its share of tickets; joins {}", policy.reference(newest.no)),
            );
            mail.collapsed(newest, &verdict)
        }
        MachineOutcome::CoalescedTicket | MachineOutcome::SilentTicket | MachineOutcome::LoopTicket => match ticket {
            // A person's answer through a mailing list is a person's answer.
            Some(ticket) if matches!(arrival.known.placement.target, Target::Attach { .. }) => match verdict.class {
                Some(mail::MachineClass::List) => mail.attach(ticket, &verdict),
                _ => mail.collapsed(ticket, &verdict),
            },
            Some(_) | None => opening::decide(mail, &verdict, ticket),
        },
        MachineOutcome::TicketNoAck | MachineOutcome::TicketUnproven | MachineOutcome::Ticket => {
            match (&arrival.known.placement.target, ticket) {
                (Target::Attach { .. }, Some(ticket)) => mail.attach(ticket, &verdict),
                (Target::Held { why, .. }, Some(ticket)) => mail.held_on(ticket, why),
                (Target::New | Target::NewLinked { .. } | Target::Attach { .. } | Target::Held { .. }, _) => {
                    match courtesy::of(mail.message()) {
                        Some(Courtesy::Stop) => mail.stop_word(),
                        Some(Courtesy::Status) if let Some(own) = &arrival.known.own => {
                            standing::list(&mut mail, own).unwrap_or_else(|| opening::decide(mail, &verdict, ticket))
                        }
                        _ => opening::decide(mail, &verdict, ticket),
                    }
                }
            }
        }
    }
}

fn target_word(target: &Target) -> &'static str {
    match target {
        Target::New => "new",
        Target::NewLinked { .. } => "new, linked",
        Target::Attach { .. } => "attach",
        Target::Held { .. } => "hold",
    }
}

/// A mail on its way to a decision, with the trace so far.
pub(crate) struct Incoming<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) event: &'a Event,
    pub(crate) arrival: &'a Arrival,
    /// The one author, or who comes nearest.
    pub(crate) sender: Mailbox,
    pub(crate) lines: Vec<TraceLine>,
    /// What a web form gave to fields.
    pub(crate) form: BTreeMap<crate::FieldId, crate::field::Said>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(policy: &'a Policy, event: &'a Event, arrival: &'a Arrival) -> Self {
        Self {
            policy,
            event,
            arrival,
            sender: sender::sender_of(&arrival.parsed.message),
            lines: Vec::with_capacity(16),
            form: BTreeMap::new(),
        }
    }

    pub(crate) fn message(&self) -> &'a Message {
        &self.arrival.parsed.message
    }

    pub(crate) fn trace(&mut self, step: &str, outcome: impl Into<String>, detail: impl Into<String>) {
        self.lines.push(TraceLine::new(step, outcome, detail));
    }

    fn trace_proof(&mut self) {
        let (outcome, detail) = match &self.arrival.proof {
            SenderProof::Proven { by } => ("proven", by.clone()),
            SenderProof::NotProven { why } => ("not proven", why.clone()),
            SenderProof::Failed { why } => ("failed", why.clone()),
        };
        self.trace("proof", outcome, detail);
    }

    /// The facts around the mail that the machine table asks for.
    fn around(&self, ticket: Option<&Ticket>) -> Around {
        let message = self.message();
        let inbox = self.policy.inboxes.get(&self.arrival.inbox);
        Around {
            ours: is_ours(self.policy, message),
            own_addresses: self.policy.own_addresses.clone(),
            machines: inbox.map(|inbox| inbox.machines.clone()).unwrap_or_default(),
            calendar_method: message.calendar_method.clone(),
            junk_mailbox: false,
            dmarc_failed: matches!(self.arrival.proof, SenderProof::Failed { .. }),
            budget_spent: self.arrival.known.budget.ack_refused.is_some(),
            muted: ticket.and_then(|ticket| ticket.muted_until).is_some_and(|until| until > self.event.at),
        }
    }

    /// The same for a mail that is answered besides.
    pub(crate) fn ledger_line(&mut self, outcome: Outcome) -> Decision {
        let mut decision = crate::decide::nothing("outcome", outcome.as_str());
        decision.trace = std::mem::take(&mut self.lines);
        decision.trace.push(TraceLine::new("outcome", outcome.as_str(), ""));
        Decision { outcome, ..decision }
    }

    /// The mail ends in a list that operators can read; no ticket changes.
    fn ledger(self, outcome: Outcome) -> Decision {
        let message = matches!(outcome, Outcome::Held { .. } | Outcome::Spam)
            .then(|| MessageEntry { held: true, ..self.entry(None, true) });
        self.finish(outcome, None, message)
    }

    fn duplicate(self, ticket: Option<&Ticket>) -> Decision {
        let place = &self.arrival.place;
        let what = format!("delivered again as {}/{} uid {}", place.account, place.mailbox, place.uid);
        let line = entry(self.event, "delivered_again", "frontdesk", what);
        let mut decision = self.finish(Outcome::Duplicate, ticket.cloned(), None);
        if decision.ticket.is_some() {
            decision.history.push(line);
        }
        decision
    }

    /// Kept on the ticket, folded away: no reopening, no owner, no clock, no follow-up changes.
    fn collapsed(self, ticket: &Ticket, verdict: &Verdict) -> Decision {
        let message = self.entry(verdict.class, false);
        let what = match &verdict.return_on {
            Some(date) => format!("{}; back on {date}", verdict.detail),
            None => verdict.detail.clone(),
        };
        let line = entry(self.event, "machine_wrote", self.sender.address.as_str(), what);
        let mut next = ticket.clone();
        next.rev += 1;
        // A reaction and a note of delivery are made by machines too, and mean no absence.
        let is_generated =
            self.message().header("Auto-Submitted").is_some_and(|value| value.trim().starts_with("auto-generated"));
        let is_away = verdict.class == Some(mail::MachineClass::AutoReply) && !(is_generated && verdict.return_on.is_none());
        if is_away && self.sender.address.folded() == ticket.requester.address.folded() {
            let back_on = verdict.return_on.as_deref().and_then(|date| date.parse().ok());
            follow_up::shift(&mut next, self.policy, self.event.at, back_on);
        }
        let (policy, event) = (self.policy, self.event);
        let mut decision = self.finish(Outcome::Attached, Some(next), Some(message));
        decision.history.push(line);
        Change::resume(policy, event, ticket, decision).finish(Outcome::Attached)
    }

    /// One word that is no request: its sender gets no automatic mail any more. It can only stop mail to itself, and
    /// whoever forges it stops nothing but that.
    fn stop_word(self) -> Decision {
        let address = self.sender.address.folded();
        let mut decision = self.ledger(Outcome::MachineLedger);
        decision.effects = vec![Effect::Suppress { address, reason: "asked us to stop".to_owned(), until: None }];
        decision
    }

    /// A report about a mail of ours tells the ticket; any other goes to the ledger.
    fn bounce(self, ticket: Option<&Ticket>, verdict: &Verdict) -> Decision {
        let Some(ticket) = ticket.filter(|_| matches!(self.arrival.known.placement.target, Target::Attach { .. })) else {
            return self.ledger(Outcome::BounceLedger);
        };
        let bounce = self.message().bounce.clone().unwrap_or_default();
        let (policy, event) = (self.policy, self.event);
        let mut decision = self.collapsed(ticket, verdict);
        decision.history.clear();
        for recipient in &bounce.recipients {
            let kind = if recipient.permanent { "bounced" } else { "delayed" };
            let words = recipient.diagnostic.as_deref().unwrap_or("no reason given");
            let status = recipient.status.as_deref().unwrap_or("no status");
            decision.history.push(entry(event, kind, "frontdesk", format!("{}: {status}, {words}", recipient.address)));
            // A report can be forged by whoever was sent our id, so it can stop mail only to people of that ticket.
            let takes_part = |address: &Address| ticket.participants.iter().any(|person| person.folded() == address.folded());
            if recipient.permanent
                && let Ok(address) = Address::new(&recipient.address)
                && takes_part(&address)
            {
                decision.effects.push(Effect::Suppress {
                    address: address.folded(),
                    reason: format!("bounced: {status}"),
                    until: event.at.checked_add(BOUNCED_FOR).ok(),
                });
            }
        }
        let permanent = bounce.recipients.iter().find(|recipient| recipient.permanent);
        let Some(recipient) = permanent.filter(|_| ticket.hold.is_none()) else { return decision };
        if let Some(next) = &mut decision.ticket {
            next.hold = Some(Remark::of(|say| say.hold_bounced).to_string());
        }
        let to = Address::new(&recipient.address).unwrap_or_else(|_| ticket.requester.address.clone());
        let reply = recipient.diagnostic.as_deref().or(recipient.status.as_deref()).unwrap_or("no reason given");
        let what = format!("our mail to {to} came back");
        let failed = crate::delivery::Failed { to: &to, result: "failed", reply };
        crate::delivery::tell(policy, ticket, event, decision, &failed, &what)
    }

    /// Somebody called a mail of ours spam: they get no automatic mail any more. Only our own id within the report proves
    /// that it is about a mail of ours; without it an operator is told and nothing stops.
    fn complaint(self, ticket: Option<&Ticket>) -> Decision {
        let text = "a recipient reported a mail of ours as spam".to_owned();
        let mut effects = vec![Effect::Notify { to: "operator".to_owned(), text }];
        if let Some(ticket) = ticket.filter(|_| matches!(self.arrival.known.placement.target, Target::Attach { .. })) {
            let address = ticket.requester.address.folded();
            effects.push(Effect::Suppress { address, reason: "reported as spam".to_owned(), until: None });
        }
        let mut decision = self.ledger(Outcome::MachineLedger);
        decision.effects = effects;
        decision
    }

    /// Kept on the ticket for its owner's yes; not part of the conversation.
    pub(crate) fn held_on(&mut self, ticket: &Ticket, why: &Remark) -> Decision {
        let message = MessageEntry { held: true, ..self.entry(None, true) };
        let outcome = Outcome::Held { why: why.to_string() };
        let mut change = Change::new(self.policy, ticket, self.event);
        change.trace.append(&mut self.lines);
        change.tell("held", self.sender.address.as_str(), why.to_string());
        change.message = Some(message.clone());
        // Nobody has worked on it.
        change.ticket.updated_at = ticket.updated_at;
        notice::tell(&mut change, &Cause::Held { message: &message, why }, None);
        change.finish(outcome)
    }

    /// A mail that waits for a person without being on a ticket.
    pub(crate) fn held_aside(&mut self, why: String) -> Decision {
        let message = MessageEntry { held: true, ..self.entry(None, true) };
        let lines = std::mem::take(&mut self.lines);
        let mut decision = crate::decide::nothing("held", &why);
        decision.trace = lines;
        decision.trace.push(TraceLine::new("outcome", "held", why.clone()));
        decision.outcome = Outcome::Held { why };
        decision.message = Some(message);
        decision
    }

    /// The customer, or somebody who takes part, writes again.
    fn attach(mut self, ticket: &Ticket, verdict: &Verdict) -> Decision {
        let marked = matches!(self.arrival.known.placement.target, Target::Attach { marked: true, .. });
        let (policy, event, at) = (self.policy, self.event, self.event.at);
        let mut next = ticket.clone();
        next.rev += 1;
        next.updated_at = at;
        let mut history = vec![entry(self.event, "requester_wrote", self.sender.address.as_str(), excerpt(self.message()))];
        self.remember(&mut next);
        self.admit_people(&mut next, &mut history, marked);
        let said = self.courtesy(&next);
        reply::read_withdrawal(&mut self, &mut next, said);
        self.read_zone(&mut next);
        if !reply::is_settled(said, ticket.status, policy) && !asked::is_yes(ticket, said) {
            let is_owed = matches!(next.status, Status::Pending | Status::OnHold | Status::Solved);
            if is_owed {
                self.reopen(&mut next, &mut history);
            }
            if next.status.is_active() {
                self.pass_by_absent(&mut next, &mut history);
            }
            promise::asked(&mut next, at);
        }
        self.count_burst(&mut next, &mut history);
        opening::fill_fields(&mut self, &mut next);
        let view_line = opening::run_rules(&mut self, &mut next, true);
        history.extend(view_line.history);
        self.trace("ack", "no", "a ticket is acknowledged once");
        let message = self.entry(verdict.class, marked || !self.arrival.proof.is_proven());
        let mut decision = self.finish(Outcome::Attached, Some(next), Some(message.clone()));
        decision.history = history;
        decision.effects = view_line.effects;
        let mut change = Change::resume(policy, event, ticket, decision);
        reply::follow(&mut change, said, &message);
        vendor::tell_fields(&mut change);
        if matches!(change.ticket.status, Status::New | Status::Open) {
            assign::without_the_away(&mut change);
        }
        notice::tell(&mut change, &Cause::Wrote { message: &message }, None);
        change.finish(Outcome::Attached)
    }

    /// What a short answer of the requester means. A stranger's word is a mail like any other; whoever answers in the
    /// requester's name without proof knows an id that only they were sent, and can do no more than keep things quiet.
    fn courtesy(&mut self, ticket: &Ticket) -> Option<Courtesy> {
        let is_requester = self.sender.address.folded() == ticket.requester.address.folded();
        let said = courtesy::of(self.message()).filter(|_| is_requester)?;
        self.trace("said", format!("{said:?}").to_lowercase(), "a short answer");
        Some(said)
    }

    /// The requester's zone, as far as a proven mail's Date tells it, and that they are there.
    fn read_zone(&self, next: &mut Ticket) {
        let is_requester = self.sender.address.folded() == next.requester.address.folded();
        if is_requester {
            // Whoever writes is back.
            next.back_at = None;
            next.utc_offset_minutes = self.proven_offset().or(next.utc_offset_minutes);
        }
    }

    /// Minutes from UTC in the Date of a proven mail.
    pub(crate) fn proven_offset(&self) -> Option<i16> {
        let date = self.message().date.filter(|_| self.arrival.proof.is_proven())?;
        i16::try_from(date.offset_minutes).ok()
    }

    fn reopen(&mut self, next: &mut Ticket, history: &mut Vec<crate::HistoryEntry>) {
        let at = self.event.at;
        let was_solved = next.status == Status::Solved;
        if was_solved {
            next.reopened.retain(|earlier| earlier.duration_until(at) < DAY);
            if next.reopened.len() >= self.policy.limits.reopens_per_day as usize {
                self.trace("status", "kept", "reopened too often today");
                next.hold = Some(Remark::of(|say| say.hold_reopened).to_string());
                return;
            }
            next.reopened.push(at);
            next.solved_at = None;
        }
        next.snoozed_until = None;
        let from = next.status.as_str();
        next.status = Status::Open;
        self.trace("status", "open", format!("was {from}; the requester wrote"));
        history.push(entry(
            self.event,
            if was_solved { "reopened" } else { "status_changed" },
            "frontdesk",
            format!("{from} → open"),
        ));
    }

    /// An owner who is away hears of it too late: the team has the ticket until somebody takes it.
    fn pass_by_absent(&mut self, next: &mut Ticket, history: &mut Vec<crate::HistoryEntry>) {
        let Some(owner) = next.owner.clone() else { return };
        let is_away = self.event.around.agents.get(&owner).is_some_and(|state| state.is_away(self.event.at));
        let is_gone = !self.policy.agents.contains_key(&owner);
        let has_others = self.policy.members(next.team.as_ref()).any(|member| member.name != owner);
        if (is_away || is_gone) && has_others {
            next.owner = None;
            let why = if is_away { "is away" } else { "works here no more" };
            history.push(entry(self.event, "returned", "frontdesk", format!("{owner} {why}")));
            self.trace("owner", "the team", format!("{owner} {why}"));
        }
    }

    fn count_burst(&mut self, next: &mut Ticket, history: &mut Vec<crate::HistoryEntry>) {
        let at = self.event.at;
        next.recent_mails.retain(|(_, earlier)| earlier.duration_until(at) < BURST_SPAN);
        next.recent_mails.push((self.sender.address.clone(), at));
        let of_sender = next.recent_mails.iter().filter(|(address, _)| *address == self.sender.address).count();
        if of_sender > BURST_MAILS && next.muted_until.is_none_or(|until| until <= at) {
            next.muted_until = at.checked_add(MUTED_FOR).ok();
            history.push(entry(
                self.event,
                "muted",
                "frontdesk",
                "too many mails in ten minutes: no automatic mail for 24 hours",
            ));
            self.trace("burst", "muted", format!("{of_sender} mails in ten minutes"));
        }
        let surplus = next.recent_mails.len().saturating_sub(RECENT_MAILS_MAX);
        next.recent_mails.drain(..surplus);
    }

    /// Notes the ids of the mail for threading and for our own References.
    pub(crate) fn remember(&self, next: &mut Ticket) {
        let message = self.message();
        let Some(id) = &message.message_id else { return };
        if next.thread_root.is_none() {
            next.thread_root = Some(message.references.first().unwrap_or(id).clone());
        }
        push_newest(&mut next.references, id, REFERENCES_MAX);
        next.last_in = Some(id.clone());
        if self.sender.address.folded() == next.requester.address.folded() {
            push_newest(&mut next.requester_ids, id, REQUESTER_IDS_MAX);
        }
    }

    /// People copied in: those of the requester's own organisation take part, others wait for an agent's yes. Only a
    /// proven mail of the requester can bring anybody in.
    pub(crate) fn admit_people(&self, next: &mut Ticket, history: &mut Vec<crate::HistoryEntry>, marked: bool) {
        let is_requester = self.sender.address.folded() == next.requester.address.folded();
        let message = self.message();
        for copied in message.to.iter().chain(&message.cc).map(|mailbox| &mailbox.address) {
            let is_known = self.policy.own_addresses.contains(&copied.without_detail())
                || agent_request::agent_of(self.policy, &self.event.around.agents, copied).is_some()
                || next.participants.iter().chain(&next.waiting).any(|known| known.folded() == copied.folded());
            if is_known {
                continue;
            }
            let is_colleague = copied.organisational_domain() == next.requester.address.organisational_domain();
            if is_requester && is_colleague && !marked && self.arrival.proof.is_proven() {
                history.push(entry(self.event, "joined", self.sender.address.as_str(), format!("{copied} takes part")));
                next.participants.insert(copied.clone());
            } else {
                next.waiting.insert(copied.clone());
            }
        }
    }

    /// What it says, without the PIN of an agent.
    fn shown_text(&self) -> String {
        let text = &self.message().reply.new_text;
        let is_agents = self.policy.agent_mail.is_some() && self.policy.agent_by_address(&self.sender.address).is_some();
        if is_agents { answer_layout::without_pin(text) } else { text.clone() }
    }

    /// Whether nobody here can have seen what the mail quotes: it is forwarded, or no ticket has what came before.
    fn cut_is_news(&self) -> bool {
        let opens = match self.arrival.known.placement.target {
            Target::New | Target::NewLinked { .. } => true,
            Target::Attach { .. } | Target::Held { .. } => false,
        };
        opens || self.message().reply.forward.is_some()
    }

    /// The message as `ticket show` prints it.
    pub(crate) fn entry(&self, machine: Option<mail::MachineClass>, unproven: bool) -> MessageEntry {
        let message = self.message();
        MessageEntry {
            id: self.arrival.let_in.unwrap_or(self.event.id),
            direction: Direction::In,
            from: sender::shown(&self.sender),
            to: message.to.iter().chain(&message.cc).map(|mailbox| mailbox.address.to_string()).collect(),
            subject: message.subject.clone(),
            text: self.shown_text(),
            cut: message.reply.elided.clone(),
            cut_is_news: self.cut_is_news(),
            signature: message.reply.signature.clone(),
            message_id: message.message_id.clone(),
            in_reply_to: message.in_reply_to.first().cloned(),
            attachments: message.attachments.clone(),
            machine,
            unproven,
            held: false,
            at: self.event.at,
            raw: Some(self.arrival.raw),
            answers_to: sender::answers_to(message, &self.sender.address, self.policy),
        }
    }

    pub(crate) fn finish(self, outcome: Outcome, ticket: Option<Ticket>, message: Option<MessageEntry>) -> Decision {
        let mut lines = self.lines;
        let detail = ticket.as_ref().map_or_else(String::new, |ticket| self.policy.reference(ticket.no));
        lines.push(TraceLine::new("outcome", outcome.as_str(), detail));
        let link_back = match (&outcome, &self.arrival.known.placement.target, &ticket) {
            (Outcome::NewTicket, Target::NewLinked { ticket: other, link }, Some(_)) => Some((*other, reverse(*link))),
            _ => None,
        };
        Decision { link_back, trace: lines, ..Decision::of(outcome, ticket, message) }
    }
}

fn reverse(link: LinkKind) -> LinkKind {
    match link {
        LinkKind::Claims => LinkKind::ClaimedBy,
        LinkKind::ClaimedBy => LinkKind::Claims,
        LinkKind::Continues => LinkKind::ContinuedBy,
        LinkKind::ContinuedBy => LinkKind::Continues,
        LinkKind::MergedInto => LinkKind::MergedFrom,
        LinkKind::MergedFrom => LinkKind::MergedInto,
        LinkKind::SplitFrom => LinkKind::SplitInto,
        LinkKind::SplitInto => LinkKind::SplitFrom,
        LinkKind::Resembles => LinkKind::Resembles,
    }
}

/// The mail is one of ours: its own id, or its loop mark, proves it.
fn is_ours(policy: &Policy, message: &Message) -> bool {
    let Some(id) = &message.message_id else { return false };
    policy.keys.read_message_id(id).is_some()
        || message.header_values("X-Frontdesk-Loop").any(|mark| policy.keys.is_loop_mark(mark, id))
}

/// The first words, for histories.
pub(crate) fn excerpt(message: &Message) -> String {
    let words = message.reply.told().split_whitespace().take(12).collect::<Vec<_>>().join(" ");
    words.chars().take(100).collect()
}

fn push_newest(ids: &mut Vec<mail::MessageId>, id: &mail::MessageId, at_most: usize) {
    ids.retain(|known| known != id);
    ids.push(id.clone());
    let surplus = ids.len().saturating_sub(at_most);
    ids.drain(..surplus);
}

/// The subject of a new ticket: bare, with something to show where the mail has none.
pub(crate) fn ticket_subject(policy: &Policy, message: &Message) -> String {
    let bare = subject::read(&message.subject, &policy.company.prefix).bare;
    if bare.is_empty() { "(no subject)".to_owned() } else { bare.to_owned() }
}

/// Who asks, where that is not who sent the mail: the person that a proven web form names.
#[must_use]
pub fn asks_by_form(policy: &Policy, event: &Event) -> Option<Address> {
    let EventKind::MailArrived(arrival) = &event.kind else { return None };
    opening::asks_by_form(&Incoming::new(policy, event, arrival))
}

/// The number that a placement points at.
#[must_use]
pub fn placed_ticket(target: &Target) -> Option<TicketNo> {
    match target {
        Target::New => None,
        Target::NewLinked { ticket, .. } | Target::Attach { ticket, .. } | Target::Held { ticket, .. } => Some(*ticket),
    }
}
