//! What the engine does with one event: look up, decide, compose, stage. No thread, no clock, no waiting, so that
//! `explain` and `test` run the very same code on a store that forgets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use desk::command::Command;
use desk::decision::Decision;
use desk::effect::{Effect, OutboxPhase, OutboxRow, OutboxStep, Purpose};
use desk::event::{Actor, Around, Arrival, EventKind, Known, Place, SenderProof};
use desk::issue::IssueState;
use desk::thread::{Incoming, Lookup, place, signals};
use desk::{AccountName, EffectId, Event, EventId, InboxName, Outcome, Policy, RawHash, TicketNo, decide, subject};
use jiff::Timestamp;
use mail::Address;

use crate::engine::alike::Alike;
use crate::engine::budget::{self, Allowance};
use crate::engine::outgoing::{MailTurn, is_unsent, step_of, turn_of};
use crate::engine::read::Reading;
use crate::engine::told::Told;
use crate::engine::usual::Usual;
use crate::store::{BudgetKey, Cause, Decided, MailboxKey, Record, Store, StoreError};

/// Machines whose newest ticket is remembered.
const MACHINES_MAX: usize = 10_000;

/// The configuration as far as the engine is concerned; swapped whole on reload.
#[derive(Debug)]
pub struct Live {
    /// What decisions depend on.
    pub policy: Arc<Policy>,
    /// Watched mailboxes.
    pub mailboxes: BTreeMap<MailboxKey, Watched>,
    /// Hosts whose Authentication-Results are believed, per account.
    pub trusts: BTreeMap<AccountName, Vec<String>>,
}

/// One watched mailbox.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// Inboxes whose mail arrives there, in file order.
    pub inboxes: Vec<InboxName>,
    /// Mails are marked or moved after the commit.
    pub files: bool,
    /// It is the account's folder of sent mail.
    pub sent: bool,
}

/// A command on a ticket.
#[derive(Clone, Debug)]
pub struct Order {
    /// Identity of the request: a repeat is a no-op.
    pub request: String,
    /// Which ticket.
    pub ticket: TicketNo,
    /// Who asks.
    pub by: Actor,
    /// For what.
    pub command: Command,
}

/// An event in a few words, for those who follow along.
#[derive(Clone, Debug)]
pub struct Happening {
    /// Which; its decision is found in the store by it.
    pub event: EventId,
    /// When.
    pub at: Timestamp,
    /// Its outcome.
    pub outcome: String,
    /// Its ticket.
    pub ticket: Option<TicketNo>,
    /// Lines of history.
    pub history: Vec<desk::HistoryEntry>,
}

/// Decides and stages. One exists per store.
pub struct Core {
    pub(super) store: Arc<dyn Store>,
    /// Swapped on reload.
    pub live: Arc<Live>,
    /// Mails of ours that are not done, per ticket and recipient: they leave in order.
    pub(super) waiting: BTreeSet<MailTurn>,
    /// Rows that may fall due, per account, by the nanosecond of their next attempt and of their making. Kept here because in
    /// the state rows come and go at the front of this order, where every look would have to pass what is gone.
    pub(super) due: BTreeMap<AccountName, BTreeSet<(i64, i64, EffectId)>>,
    /// Outgoing mail may have fallen due since it was last asked.
    pub(super) has_new_rows: bool,
    /// Rows in doubt that the outbox was handed and has not answered about.
    pub(super) in_hand: BTreeSet<EffectId>,
    /// Some tickets may have still to hear of what was said to many.
    pub(super) has_errands: bool,
    /// When overdue timers of customer mail were worked off within the last minute.
    pub(super) late_mails: VecDeque<Timestamp>,
    /// How long first answers took lately.
    usual: Usual,
    /// How many mails each agent got within the hour.
    pub(super) told: Told,
    /// What is known of issues; every event is told.
    pub(super) issues: BTreeMap<String, IssueState>,
    /// The newest ticket of each machine that writes tickets; forgotten at a restart, which costs one ticket more.
    machine_tickets: BTreeMap<String, TicketNo>,
    /// Tickets of late, by requester and subject.
    alike: Alike,
    /// Notices of staged decisions, to be given out after the flush.
    pub(super) notices: Vec<(String, String)>,
    /// What was staged since it was last asked for.
    happenings: Vec<Happening>,
}

impl Core {
    /// Takes over a store. Outgoing mails that an earlier run had claimed are provably unsent and queued again.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be recorded.
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>, now: Timestamp) -> Result<Self, StoreError> {
        let mut core = Self {
            store,
            live,
            waiting: BTreeSet::new(),
            due: BTreeMap::new(),
            has_new_rows: true,
            in_hand: BTreeSet::new(),
            has_errands: true,
            late_mails: VecDeque::new(),
            usual: Usual::default(),
            told: Told::default(),
            issues: BTreeMap::new(),
            notices: Vec::new(),
            happenings: Vec::new(),
            machine_tickets: BTreeMap::new(),
            alike: Alike::default(),
        };
        core.alike = Alike::new(&*core.store, &core.live.policy.company.prefix);
        core.usual = Usual::load(&*core.store, &core.live.policy);
        core.told = Told::load(&*core.store, &core.live.policy.agents, now);
        core.issues = core.store.issues();
        let rows = core.store.outbox(false, 0);
        let claimed: Vec<OutboxStep> = rows
            .iter()
            .filter(|row| row.phase == OutboxPhase::Claimed)
            .map(|row| OutboxStep { phase: OutboxPhase::Queued, next_at: now, ..step_of(row, now) })
            .collect();
        for row in &rows {
            core.waiting.insert(turn_of(row));
            let next_at = if row.phase == OutboxPhase::Claimed { now } else { row.next_at };
            core.note_due(row, &row.phase, next_at);
        }
        if !claimed.is_empty() {
            core.store.stage(Record::Outbox(claimed), &[])?;
            core.store.flush()?;
        }
        core.clock_jumped(now)?;
        Ok(core)
    }

    /// The store it works on.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Who was to be told since the last call: channel or agent, and the sentence.
    pub fn take_notices(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.notices)
    }

    /// Outgoing mail may have fallen due since the last call.
    pub fn take_new_rows(&mut self) -> bool {
        std::mem::take(&mut self.has_new_rows)
    }

    /// When the next outgoing mail of each account falls due.
    #[must_use]
    pub fn next_due(&self) -> BTreeMap<AccountName, Timestamp> {
        let first = |(account, rows): (&AccountName, &BTreeSet<(i64, i64, EffectId)>)| {
            let at = Timestamp::from_nanosecond(i128::from(rows.first()?.0)).ok()?;
            Some((account.clone(), at))
        };
        self.due.iter().filter_map(first).collect()
    }

    /// What was staged since the last call.
    pub fn take_happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    /// Decides about a mail and stages the decision. A mail that was decided before gives its outcome again.
    ///
    /// # Errors
    /// [`StoreError`]: nothing of it may be assumed.
    pub fn mail(&mut self, now: Timestamp, place: &Place, silent: bool, reading: Reading) -> Result<Outcome, StoreError> {
        let mut id = EventId::of_mail(&place.account, &place.mailbox, place.uid_validity, place.uid);
        if let Some(before) = self.store.decided(id)? {
            let is_same = matches!(&before.cause, Cause::Mail { raw, .. } if *raw == reading.raw);
            if is_same {
                return Ok(before.decision.outcome);
            }
            // A server that was restored from a backup gives the same UID to another mail.
            id = EventId::of_request(&format!("{id} {}", reading.raw));
        }
        let key = MailboxKey { account: place.account.clone(), mailbox: place.mailbox.clone() };
        let to_file = self.live.mailboxes.get(&key).is_some_and(|watched| watched.files);
        let (raw, keys) = (reading.raw, Some(reading.keys.clone()));
        let (event, ticket) = self.arrival(now, id, place, silent, reading);
        let inbox = match &event.kind {
            EventKind::MailArrived(arrival) => Some(arrival.inbox.clone()),
            EventKind::Commanded { .. }
            | EventKind::TimerFired { .. }
            | EventKind::PolicyChanged
            | EventKind::IssueNews { .. }
            | EventKind::Chore(_)
            | EventKind::DeliveryEnded { .. } => None,
        };
        let cause = Cause::Mail { place: place.clone(), raw, keys, to_file, inbox };
        let decision = decide::decide(&self.live.policy, ticket.as_ref(), &event);
        let outcome = decision.outcome.clone();
        self.stage(&event, cause, decision)?;
        Ok(outcome)
    }

    /// Everything that is known about a mail when it is decided.
    fn arrival(
        &self,
        now: Timestamp,
        id: EventId,
        place: &Place,
        silent: bool,
        reading: Reading,
    ) -> (Event, Option<desk::Ticket>) {
        let policy = &self.live.policy;
        let message = &reading.parsed.message;
        let sender = (message.from.len() == 1).then(|| &message.from[0].address);
        let duplicate = self.store.find_by_content(&reading.keys);
        let (placement, tickets) = match duplicate {
            Some(_) => (desk::event::Placement::default(), BTreeMap::new()),
            None => self.placement(now, message, sender, &reading.proof),
        };
        let people = self.people();
        let agent_mail = if duplicate.is_some() { None } else { self.agent_mail(now, &reading, people.as_ref()) };
        let ticket = match (&duplicate, &agent_mail) {
            (Some(duplicate), _) => duplicate.ticket.and_then(|no| self.store.ticket(no)),
            (None, Some(found)) if found.ticket.is_some() => found.ticket.clone(),
            (None, _) => desk::arrival::placed_ticket(&placement.target).and_then(|no| tickets.get(&no).cloned()),
        };
        // A mail that makes a ticket of its own is about its sender, whatever other ticket it points at.
        let is_linked = matches!(placement.target, desk::event::Target::NewLinked { .. });
        let is_agents = agent_mail.as_ref().is_some_and(|found| found.ticket.is_some());
        let about = ticket.as_ref().filter(|_| is_agents || !is_linked);
        let mut around = self.around_people(about, sender, people, now);
        around.last_in = agent_mail.as_ref().and_then(|found| self.last_in(found.ticket.as_ref()?.no));
        let inbox = self.inbox_of(place, message);
        let allowance = match (about.is_none(), sender) {
            (true, Some(sender)) => {
                let subject = subject::folded(&message.subject, &policy.company.prefix);
                budget::acknowledgement(&*self.store, &policy.limits, sender, &subject, now)
            }
            _ => Allowance::Allowed,
        };
        let is_new = about.is_none() && duplicate.is_none() && !is_linked;
        let alike = sender.filter(|_| is_new && around.contact.open > 0);
        let alike = alike.and_then(|sender| self.alike.find(&*self.store, sender, message, &policy.company.prefix));
        let known = Known {
            next_ticket: self.store.next_ticket(),
            coalesce: sender.and_then(|sender| self.coalesce(sender, now)),
            duplicate,
            placement,
            contact_tickets: sender.map_or(0, |sender| self.store.contact(&sender.folded()).tickets),
            budget: allowance.facts(),
            budget_exhausted: matches!(allowance, Allowance::Exhausted(_)),
            own: if about.is_none() { self.own_tickets(now, message, sender, &reading.proof) } else { None },
            usual_response: if about.is_none() { self.usual.of(&self.live.policy, &inbox) } else { None },
            agent_mail: agent_mail.map(Box::new),
            alike,
        };
        let arrival = Arrival {
            place: place.clone(),
            inbox,
            raw: reading.raw,
            raw_bytes: reading.raw_bytes,
            proof: reading.proof,
            let_in: None,
            sent: self.is_sent(place),
            silent,
            known,
            parsed: reading.parsed,
        };
        let opens = about.is_none();
        let mut event = Event { id, at: now, kind: EventKind::MailArrived(Box::new(arrival)), around };
        if let Some(asker) = desk::arrival::asks_by_form(policy, &event).filter(|_| opens) {
            event.around.contact = self.store.contact(&asker.folded());
        }
        (event, ticket)
    }

    /// The newest ticket of a machine that has made its share within the hour.
    fn coalesce(&self, sender: &Address, now: Timestamp) -> Option<Box<desk::Ticket>> {
        let newest = self.machine_tickets.get(&sender.folded())?;
        let since = now.checked_sub(budget::HOUR).unwrap_or(Timestamp::MIN);
        let made = self.store.budget(&BudgetKey::Machine(sender.folded()), since);
        if made < budget::MACHINE_TICKETS_PER_HOUR { None } else { self.store.ticket(*newest).map(Box::new) }
    }

    fn placement(
        &self,
        now: Timestamp,
        message: &mail::Message,
        sender: Option<&Address>,
        proof: &SenderProof,
    ) -> (desk::event::Placement, BTreeMap<TicketNo, desk::Ticket>) {
        let policy = &self.live.policy;
        let signals = signals(policy, message);
        let mut lookup = Lookup::default();
        for id in &signals.ids {
            if let Some(newest) = self.store.find_by_message_id(id).last() {
                lookup.stored.push((id.clone(), *newest));
            }
        }
        let mut wanted: Vec<TicketNo> = signals.tickets().chain(lookup.stored.iter().map(|(_, no)| *no)).collect();
        while let Some(no) = wanted.pop() {
            if !lookup.tickets.contains_key(&no)
                && let Some(ticket) = self.store.ticket(no)
            {
                wanted.extend(ticket.merged_into);
                lookup.tickets.insert(no, ticket);
            }
        }
        let incoming = Incoming { message, sender, proof, at: now };
        (place(policy, &incoming, &signals, &lookup), lookup.tickets)
    }

    fn is_sent(&self, place: &Place) -> bool {
        let key = MailboxKey { account: place.account.clone(), mailbox: place.mailbox.clone() };
        self.live.mailboxes.get(&key).is_some_and(|watched| watched.sent)
    }

    /// The inbox that a mail is for: among those of its mailbox the first that it names.
    fn inbox_of(&self, place: &Place, message: &mail::Message) -> InboxName {
        let key = MailboxKey { account: place.account.clone(), mailbox: place.mailbox.clone() };
        let watched = self.live.mailboxes.get(&key).map_or(&[][..], |watched| &watched.inboxes);
        let recipients = message.to.iter().chain(&message.cc).map(|mailbox| &mailbox.address).chain(&message.delivered_to);
        let named = recipients
            .filter_map(|address| self.live.policy.inbox_by_address(address))
            .find(|inbox| watched.is_empty() || watched.contains(&inbox.name));
        named
            .map(|inbox| inbox.name.clone())
            .or_else(|| self.live.policy.first_inbox(|inbox| watched.contains(&inbox.name)).map(|inbox| inbox.name.clone()))
            .or_else(|| self.live.policy.first_inbox(|_| true).map(|inbox| inbox.name.clone()))
            .unwrap_or_default()
    }

    /// Carries out a command, if it is allowed. A repeat of a request changes nothing.
    ///
    /// # Errors
    /// The outer error is the store's, the inner one the refusal.
    pub fn command(&mut self, now: Timestamp, order: Order) -> Result<Result<(), desk::admit::Refusal>, StoreError> {
        let refuse = |why: String| Ok(Err(desk::admit::Refusal { why: desk::remark::Remark::plain(why), allowed: Vec::new() }));
        let id = EventId::of_request(&order.request);
        if self.store.has_event(id) {
            return Ok(Ok(()));
        }
        let Some(ticket) = self.store.ticket(order.ticket) else {
            return refuse(format!("there is no ticket {}", self.live.policy.reference(order.ticket)));
        };
        let joined_to = match &order.command {
            Command::Merge { into } => self.successor(*into).map(Box::new),
            _ => None,
        };
        let around = Around { last_in: self.last_in(ticket.no), joined_to, ..self.around(Some(&ticket), None, now) };
        let is_known = desk::issue::admit(&self.live.policy, &around.issues, &ticket, &order.by, &order.command);
        let admitted = is_known.and_then(|()| desk::admit::admit(&self.live.policy, &ticket, &order.by, order.command));
        let kind = match admitted {
            Ok(kind) => kind,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let event = Event { id, at: now, kind, around };
        let decision = decide::decide(&self.live.policy, Some(&ticket), &event);
        self.stage(&event, Cause::Request, decision)?;
        Ok(Ok(()))
    }

    /// Lets a held mail in, or puts it away. Returns the ticket it is on by then.
    ///
    /// # Errors
    /// [`StoreError`]; among them that the raw mail is gone.
    pub fn let_in(
        &mut self,
        now: Timestamp,
        held: EventId,
        release: bool,
        read: impl FnOnce(RawHash, &[u8]) -> Reading,
    ) -> Result<Option<TicketNo>, StoreError> {
        let Some(before) = self.store.decided(held)? else { return Ok(None) };
        let word = if release { "release" } else { "discard" };
        let id = EventId::of_request(&format!("{word} {held}"));
        let Some(message) = before.decision.message.clone() else { return Ok(None) };
        if !release {
            let kind = EventKind::Commanded { by: Actor::Operator, command: Command::PutAway { message: Box::new(message) } };
            let event = Event { id, at: now, kind, around: self.around(None, None, now) };
            let decision = decide::decide(&self.live.policy, None, &event);
            self.stage(&event, Cause::Request, decision)?;
            return Ok(None);
        }
        let ticket = before.decision.ticket.as_ref().and_then(|ticket| self.store.ticket(ticket.no));
        if let Some(ticket) = ticket {
            let kind = EventKind::Commanded { by: Actor::Operator, command: Command::LetIn { message: Box::new(message) } };
            let event = Event { id, at: now, kind, around: self.around(Some(&ticket), None, now) };
            let decision = decide::decide(&self.live.policy, Some(&ticket), &event);
            self.stage(&event, Cause::Request, decision)?;
            return Ok(Some(ticket.no));
        }
        let Cause::Mail { place, raw, .. } = &before.cause else { return Ok(None) };
        let bytes = self.store.raw(raw)?;
        let (mut event, ticket) = self.arrival(now, id, place, false, read(*raw, &bytes));
        if let EventKind::MailArrived(arrival) = &mut event.kind {
            arrival.let_in = Some(held);
            arrival.known.duplicate = None;
        }
        let decision = decide::decide(&self.live.policy, ticket.as_ref(), &event);
        let no = decision.ticket.as_ref().map(|ticket| ticket.no);
        self.stage(&event, Cause::Request, decision)?;
        Ok(no)
    }

    /// Composes what the decision sends, and stages all of it as one record.
    pub(super) fn stage(&mut self, event: &Event, cause: Cause, mut decision: Decision) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        let mut bytes = Vec::new();
        let mut counted = Vec::new();
        let mut suppressed = Vec::new();
        let mut recalled = Vec::new();
        let no = decision.ticket.as_ref().map_or(TicketNo(0), |ticket| ticket.no);
        for (index, effect) in decision.effects.iter_mut().enumerate() {
            match effect {
                Effect::Send(send) => {
                    let id = EffectId::new(event.id, index);
                    let Some((row, raw)) = self.compose(event, id, no, send) else { continue };
                    if send.purpose == Purpose::Acknowledgement {
                        let requester = decision.ticket.as_ref().map_or(&send.to, |ticket| &ticket.requester.address);
                        let subject = decision.ticket.as_ref().map_or("", |ticket| &ticket.first_subject);
                        let folded = subject::folded(subject, &self.live.policy.company.prefix);
                        counted.extend(budget::keys(requester, &folded));
                    }
                    bytes.push((row.raw, raw));
                    rows.push(row);
                }
                Effect::Suppress { address, reason, until } => {
                    suppressed.push(Record::Suppressed { address: address.clone(), reason: Some(reason.clone()), until: *until })
                }
                Effect::Notify { to, text } => {
                    let id = EffectId::new(event.id, index);
                    match self.note(event, id, decision.ticket.as_ref(), to, text) {
                        Some((row, raw)) => {
                            bytes.push((row.raw, raw));
                            rows.push(row);
                        }
                        None => self.notices.push((to.clone(), text.clone())),
                    }
                }
                Effect::Recall { mail } => recalled.extend(self.store.outbox_row(*mail)),
                Effect::Broadcast { .. } => self.has_errands = true,
                Effect::Agent { .. } | Effect::AskedRating { .. } | Effect::Issue { .. } => {}
            }
        }
        if let Some(ticket) = &decision.ticket {
            self.usual.note(&self.live.policy, ticket, event.at);
        }
        if let (Some(ticket), Outcome::NewTicket) = (&decision.ticket, &decision.outcome) {
            self.alike.note(ticket, &self.live.policy.company.prefix);
        }
        if let (Some(ticket), true) = (&decision.ticket, budget::made_by_machine(&decision)) {
            let sender = ticket.requester.address.folded();
            if self.machine_tickets.len() >= MACHINES_MAX {
                self.machine_tickets.pop_first();
            }
            self.machine_tickets.insert(sender.clone(), ticket.no);
            counted.push(BudgetKey::Machine(sender));
        }
        for agent in desk::notice::told(&decision) {
            self.told.note(&*self.store, &self.live.policy.agents, &agent, event.at);
            counted.push(BudgetKey::Notice(agent.0));
        }
        if let (EventKind::MailArrived(arrival), true) = (&event.kind, budget::is_list(&decision)) {
            counted.extend(arrival.parsed.message.from.first().map(|from| BudgetKey::Status(from.address.folded())));
        }
        if let (EventKind::MailArrived(arrival), true) = (&event.kind, budget::has_bad_token(&decision)) {
            counted.extend(arrival.parsed.message.from.first().map(|from| BudgetKey::BadToken(from.address.folded())));
        }
        for (row, place) in rows.iter_mut().zip(0_i64..) {
            // What is decided together leaves in the order in which it was decided.
            let apart = jiff::SignedDuration::from_nanos(place);
            row.created_at = row.created_at.checked_add(apart).unwrap_or(row.created_at);
            self.waiting.insert(turn_of(row));
            self.note_due(row, &row.phase, row.next_at);
            self.has_new_rows = true;
        }
        let latch = match &event.kind {
            EventKind::MailArrived(arrival) if arrival.known.budget_exhausted => arrival.known.budget.ack_refused.clone(),
            _ => None,
        };
        self.happenings.push(Happening {
            event: event.id,
            at: event.at,
            outcome: decision.outcome.as_str().to_owned(),
            ticket: decision.ticket.as_ref().map(|ticket| ticket.no),
            history: decision.history.clone(),
        });
        for effect in &decision.effects {
            if let Effect::Issue { id, state } = effect {
                self.issues.insert(id.clone(), state.clone());
            }
        }
        let decided = Decided { event: event.id, at: event.at, cause, decision, outbox: rows, budget: counted };
        self.store.stage(Record::Decided(Box::new(decided)), &bytes)?;
        for record in suppressed {
            self.store.stage(record, &[])?;
        }
        recalled.retain(is_unsent);
        if !recalled.is_empty() {
            let drop = |row: &OutboxRow| OutboxStep {
                phase: OutboxPhase::Dropped,
                reply: Some("undone before it was sent".to_owned()),
                ..step_of(row, event.at)
            };
            self.steps(recalled.iter().map(drop).collect())?;
        }
        if let Some(reason) = latch {
            self.notices.push(("operator".to_owned(), format!("all automatic mail has stopped: {reason}")));
            self.store.stage(Record::Breaker { reason: Some(reason), at: event.at }, &[])?;
        }
        Ok(())
    }
}
