//! What the store knows around an event, for the core to decide with: people, and what an agent's mail speaks of.

use std::collections::{BTreeMap, BTreeSet};

use desk::agent_desk::{Matches, Question};
use desk::agent_mail::{DraftMail, Found};
use desk::agent_proof::Token;
use desk::agent_request::Request;
use desk::courtesy::{self, Courtesy};
use desk::decision::{Direction, HistoryEntry, MessageEntry, newest_messages};
use desk::event::{AgentState, Around, OwnTickets, SenderProof};
use desk::issue::Issues;
use desk::policy::Assign;
use desk::report::Scope;
use desk::{AgentName, EventId, Status, Ticket, TicketNo, TimerKind, agent_mail, agent_request, vendor};
use jiff::Timestamp;
use mail::Address;

use super::core::Core;
use super::outgoing::is_unsent;
use super::read::{Reading, read_here};
use super::report::report;
use crate::engine::budget::{DAY, HOUR};
use crate::store::{BudgetKey, Cause, Decided, TicketFilter};

/// Lists of what is open that one sender gets in a day; after that a person answers.
const LISTS_PER_DAY: u64 = 3;
/// References that are looked up for an answer written straight to a customer.
const IDS_MAX: usize = 60;
/// Tickets that a question of an agent looks through, newest first.
const LOOKED_THROUGH_MAX: usize = 2_000;
/// The same where only those count that nobody has solved: these are what lists are for.
const ACTIVE_MAX: usize = 10_000;

/// Agents of whom anything is known, and the open tickets that each owns.
pub(super) struct People {
    states: BTreeMap<AgentName, AgentState>,
    loads: BTreeMap<AgentName, u64>,
}

impl Core {
    /// What is known of agents, where something can depend on it.
    pub(super) fn people(&self) -> Option<People> {
        let policy = &self.live.policy;
        let shares_work = policy.teams.values().any(|team| team.assign != Assign::Pull);
        (policy.agent_mail.is_some() || shares_work).then(|| {
            let known = self.store().agents();
            let loads = known.iter().map(|(name, (_, open))| (name.clone(), *open)).collect();
            People { states: known.into_iter().map(|(name, (state, _))| (name, state)).collect(), loads }
        })
    }

    /// Facts about people. Looked up only where something can depend on them.
    pub(super) fn around(&self, ticket: Option<&Ticket>, sender: Option<&Address>, now: Timestamp) -> Around {
        self.around_people(ticket, sender, self.people(), now)
    }

    /// The same, where the agents are known already.
    pub(super) fn around_people(
        &self,
        ticket: Option<&Ticket>,
        sender: Option<&Address>,
        people: Option<People>,
        now: Timestamp,
    ) -> Around {
        let policy = &self.live.policy;
        let contact = ticket.map(|ticket| &ticket.requester.address).or(sender);
        let asks_rating = ticket.is_some() && policy.follow_up.closed.is_some();
        let mut around = Around { issues: Issues::new(policy, self.issues.clone()), ..Around::default() };
        if let Some(ticket) = ticket {
            around.suppressed = self.store().suppressed(&ticket.requester.address.folded(), now);
        }
        if people.is_some() || asks_rating || policy.company.languages.len() > 1 {
            around.contact = contact.map(|address| self.store().contact(&address.folded())).unwrap_or_default();
        }
        around.notices = self.told.counts(&**self.store(), &policy.agents, now);
        if let Some(people) = people {
            let unsent = ticket.map(|ticket| self.store().outbox_of(ticket.no)).unwrap_or_default();
            (around.agents, around.loads) = (people.states, people.loads);
            around.unsent = unsent.iter().filter(|row| is_unsent(row)).map(|row| row.id).collect();
            around.next_ticket = self.store().next_ticket();
        }
        around
    }

    /// What a timer may need besides: the last words of both sides.
    pub(super) fn around_timer(&self, ticket: Option<&Ticket>, kind: TimerKind, now: Timestamp) -> Around {
        let around = self.around(ticket, None, now);
        let Some(ticket) = ticket else { return around };
        let last_out = if kind == TimerKind::FollowUp { self.last_out(ticket.no) } else { None };
        Around { last_in: self.last_in(ticket.no), last_out, ..around }
    }

    /// What a person of ours wrote last to the requester.
    fn last_out(&self, no: TicketNo) -> Option<MessageEntry> {
        let history = self.store().history(no).ok()?;
        let answers =
            history.into_iter().rev().filter(|decided| decided.decision.history.iter().any(|line| line.kind == "answered"));
        answers.filter_map(|decided| decided.decision.message).find(|message| message.direction == Direction::Out)
    }

    /// The newest message from outside on a ticket: some acts of people are about it.
    pub(super) fn last_in(&self, no: TicketNo) -> Option<MessageEntry> {
        let history = self.store().history(no).ok()?;
        let mut messages = history.iter().rev().flat_map(|decided| decided.decision.messages());
        messages.find(|message| message.direction == Direction::In && !message.held).cloned()
    }

    /// Everything that an agent's mail speaks of; `None` if the mail has nothing to do with agents.
    pub(super) fn agent_mail(&self, now: Timestamp, reading: &Reading, people: Option<&People>) -> Option<Found> {
        let policy = &self.live.policy;
        policy.agent_mail.as_ref()?;
        let states = &people?.states;
        let message = &reading.parsed.message;
        let mut request = agent_request::read(policy, states, message, now);
        let is_free = |request: &Request| request.from.is_none() && matches!(request.token, Token::None | Token::Bad);
        if request.as_ref().is_none_or(is_free) {
            request = self.by_their_number(reading).or(request);
        }
        let mut request = request?;
        let mut found = Found { bad_tokens: self.bad_tokens(message, now), ..Found::default() };
        let mut spoken_of = request.ticket();
        // What a held mail asked for, since that is what happens if its writer says so.
        let mut asked = None;
        if let Some(word) = &request.choice {
            let (draft, ticket) = self.draft(word.event);
            asked = draft.as_ref().and_then(|draft| {
                let held = &draft.parsed.message;
                agent_request::read(policy, states, held, now).map(|request| (request, held.clone()))
            });
            found.drafts.extend(draft.map(|draft| (word.event, draft)));
            spoken_of = ticket.or(spoken_of);
        }
        if request.direct {
            // An answer written straight to somebody refers to their mail, which we know.
            let ids = message.in_reply_to.iter().chain(message.references.iter().rev()).take(IDS_MAX);
            spoken_of = spoken_of.or_else(|| ids.filter_map(|id| self.store().find_by_message_id(id).last().copied()).next());
        }
        found.ticket = spoken_of.and_then(|no| self.successor(no));
        if let Some(ticket) = &found.ticket {
            if request.to_desk && request.choice.is_none() {
                request.choice = agent_request::word_by_id(policy, ticket, message);
            }
            // A code may be about any of the writer's own, and what was held may be a word about one.
            let own = ticket.drafts.iter().filter(|draft| Some(&draft.agent) == request.from.as_ref());
            for draft in own {
                if !found.drafts.contains_key(&draft.event) {
                    found.drafts.extend(self.draft(draft.event).0.map(|mail| (draft.event, mail)));
                }
            }
        }
        // A yes carries out what a held mail says.
        let read = std::iter::once(message).chain(found.drafts.values().map(|draft| &draft.parsed.message));
        let named: BTreeSet<TicketNo> = read.flat_map(|message| agent_mail::references(policy, message)).collect();
        found.tickets.extend(named.into_iter().filter_map(|no| self.successor(no).map(|ticket| (no, ticket))));
        let (asking, asked_in) = asked.as_ref().map_or((&request, message), |(request, held)| (request, held));
        if let Some(question) = agent_mail::question(policy, asking, asked_in, now) {
            found.listing = self.matches(&question, now);
        }
        if let Some(every) = agent_mail::wants_report(policy, &request, message, now) {
            let scope = Scope::last(every, now, &policy.company.timezone, None);
            found.report = scope.and_then(|scope| report(self.store(), policy, &scope).ok()).map(Box::new);
        }
        let shown = found.ticket.as_ref().or(found.listing.tickets.first()).map(|ticket| ticket.no);
        let history = shown.and_then(|no| self.store().history(no).ok()).unwrap_or_default();
        let answered =
            found.ticket.as_ref().and_then(|ticket| ticket.seen_of_others(request.from.as_ref())).map(|seen| seen.event);
        found.answered = history
            .iter()
            .find(|decided| Some(decided.event) == answered)
            .and_then(|decided| decided.decision.message.as_ref().map(|message| message.text.clone()));
        let decisions = history.iter().map(|decided| &decided.decision);
        found.messages = newest_messages(decisions).into_iter().cloned().collect();
        found.quoted = found.ticket.as_ref().and_then(|_| self.quoted(&history, message));
        found.html = self.store().raw(&reading.raw).ok().and_then(|raw| mail::part::html_of(&raw));
        let pin = agent_mail::pin(policy, &request, message, now).map(|(pin, hash)| is_pin(&pin, &hash));
        (found.pin_valid, found.pin_wrong) = (pin == Some(true), pin == Some(false));
        found.request = Some(request);
        Some(found)
    }

    /// The tickets that answer what an agent asks.
    fn matches(&self, question: &Question, now: Timestamp) -> Matches {
        if let Some(no) = question.number() {
            return question.answer(self.store().ticket(no).into_iter().collect(), now);
        }
        let status = question.statuses();
        let limit = if status.is_empty() { LOOKED_THROUGH_MAX } else { ACTIVE_MAX };
        let all = self.store().tickets(&TicketFilter { status, limit, requester: None });
        let looked_through = (all.len() >= limit).then_some(limit);
        Matches { looked_through, ..question.answer(all, now) }
    }

    /// A vendor's mail that bears their number for one of the newest tickets; a number can be guessed, so its sender is proven.
    fn by_their_number(&self, reading: &Reading) -> Option<Request> {
        let (vendor, number) = vendor::number_of(&self.live.policy, &reading.parsed.message)?;
        if !reading.proof.is_proven() {
            return None;
        }
        let newest = self.store().tickets(&TicketFilter { limit: LOOKED_THROUGH_MAX, ..TicketFilter::default() });
        let ticket = newest.into_iter().find(|ticket| vendor::has_number(ticket, vendor, &number))?;
        Some(agent_request::of_vendor(&vendor.name, &ticket))
    }

    /// Open tickets of whoever asks, in a mail of its own and proven, where everything of theirs stands. `None` where the mail
    /// asks nothing of the kind, or they asked often enough today.
    pub(super) fn own_tickets(
        &self,
        now: Timestamp,
        message: &mail::Message,
        sender: Option<&Address>,
        proof: &SenderProof,
    ) -> Option<OwnTickets> {
        let asks = proof.is_proven() && courtesy::of(message) == Some(Courtesy::Status);
        let sender = sender.filter(|_| asks)?.folded();
        let since = now.checked_sub(DAY).unwrap_or(Timestamp::MIN);
        let is_stopped = self.store().breaker().is_some() || self.store().suppressed(&sender, now).is_some();
        let contact = self.store().contact(&sender);
        if is_stopped || contact.tickets == 0 {
            return None;
        }
        if self.store().budget(&BudgetKey::Status(sender.clone()), since) >= LISTS_PER_DAY {
            return None;
        }
        let status = vec![Status::New, Status::Open, Status::Pending, Status::OnHold];
        let open = usize::try_from(contact.open).unwrap_or(usize::MAX);
        if open == 0 {
            return Some(OwnTickets { tickets: Vec::new(), is_all: true });
        }
        // How many there are is known, so that nothing older than the oldest of them is read.
        let mut tickets = self.store().tickets(&TicketFilter { status, requester: Some(sender), limit: open });
        let is_all = tickets.len() >= open;
        tickets.retain(|ticket| ticket.requester.proven);
        Some(OwnTickets { tickets, is_all })
    }

    /// Tokens within the hour that came from the sender of a mail and that we did not make.
    fn bad_tokens(&self, message: &mail::Message, now: Timestamp) -> u64 {
        let sender = message.from.first().map(|sender| sender.address.folded());
        let since = now.checked_sub(HOUR).unwrap_or(Timestamp::MIN);
        sender.map_or(0, |sender| self.store().budget(&BudgetKey::BadToken(sender), since))
    }

    /// The mail of a draft, read again, and its ticket.
    fn draft(&self, event: EventId) -> (Option<DraftMail>, Option<TicketNo>) {
        let Ok(Some(decided)) = self.store().decided(event) else { return (None, None) };
        let ticket = decided.decision.ticket.as_ref().map(|ticket| ticket.no);
        let message = decided.decision.message;
        let Cause::Mail { raw, .. } = decided.cause else { return (None, ticket) };
        let draft = self.store().raw(&raw).ok().map(|bytes| {
            let reading = read_here(raw, &bytes, &[]);
            let history = ticket.and_then(|no| self.store().history(no).ok()).unwrap_or_default();
            let quoted = self.quoted(&history, &reading.parsed.message);
            let settled = settled(&history, event);
            let html = mail::part::html_of(&bytes);
            DraftMail { parsed: reading.parsed, raw, html, quoted, message: message.clone(), settled }
        });
        (draft, ticket)
    }

    /// The text of the mail of ours that a mail answers, among those of a ticket's history.
    fn quoted(&self, history: &[Decided], message: &mail::Message) -> Option<String> {
        let answered = message.in_reply_to.last().or(message.references.last())?;
        let rows = history.iter().rev().flat_map(|decided| &decided.outbox);
        let raw = rows.filter(|row| row.message_id == *answered).map(|row| row.raw).next()?;
        let raw = self.store().raw(&raw).ok()?;
        Some(mail::parse(&raw).message.text)
    }

    /// A ticket, or where it went when it was merged.
    pub(super) fn successor(&self, no: TicketNo) -> Option<Ticket> {
        let mut ticket = self.store().ticket(no)?;
        // Merging never makes a circle, but a damaged store must not hang us.
        for _ in 0..16 {
            match ticket.merged_into.and_then(|next| self.store().ticket(next)) {
                Some(next) => ticket = next,
                None => break,
            }
        }
        Some(ticket)
    }
}

/// Argon2id, as the hash itself says; a hash that cannot be read fits no PIN.
fn is_pin(pin: &str, hash: &str) -> bool {
    use argon2::password_hash::{PasswordHash, PasswordVerifier as _};
    PasswordHash::new(hash).is_ok_and(|hash| argon2::Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok())
}

/// What was done with a held mail: a later act put its words in place of it.
fn settled(history: &[Decided], held: EventId) -> Option<HistoryEntry> {
    let is_about = |decided: &&Decided| {
        let mut messages = decided.decision.message.iter().chain(&decided.decision.notes);
        decided.event != held && messages.any(|message| message.id == held && !message.held)
    };
    history.iter().rev().find(is_about)?.decision.history.first().cloned()
}
