//! Gathering what the desk does by the calendar and on its own. It reads only, so it runs beside the writer; what comes of it
//! is decided there, once per identity.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use desk::chore::{Chore, Due, DueKind, OpenQuestion, digest_at, due, recipients};
use desk::recurring::{COMPARED_MAX, Cluster, PAST, Trait, clusters};
use desk::report::Scope;
use desk::{AgentName, Event, EventId, EventKind, Policy, Status, Ticket, TicketNo, closing_question, decide};
use jiff::{Timestamp, ToSpan as _};

use super::core::Core;
use super::report::report;
use crate::store::{Cause, Store, StoreError};

/// Tickets in one list of open closing questions; the mail says how many there are.
const LISTED_MAX: usize = 40;
/// Tickets of a cluster whose first mails tell how its words are written.
const SPELLED_MAX: usize = 10;
/// A matter is proposed once in so many days.
const PROPOSED_ONCE_IN_DAYS: i64 = 7;

/// Something to do, with the identity under which it is done once.
#[derive(Clone, Debug)]
pub struct Job {
    /// Identity.
    pub event: EventId,
    /// What.
    pub chore: Chore,
}

/// Everything that is to be done now and was not done yet. Whether a matter comes again is looked at where `new_tickets` have
/// come since the last look.
///
/// # Errors
/// [`StoreError`] if a ticket's events cannot be read.
pub fn jobs(store: &Arc<dyn Store>, policy: &Policy, now: Timestamp, new_tickets: bool) -> Result<Vec<Job>, StoreError> {
    let mut jobs = Vec::new();
    // A desk that has just begun owes nobody a report of the time before.
    let Some(first) = store.ticket(TicketNo(1)) else { return Ok(jobs) };
    for due in due(policy, now).into_iter().filter(|due| due.at > first.created_at) {
        match due.what {
            DueKind::Report(plan) => {
                let to = recipients(policy, plan);
                if to.is_empty() || store.has_event(due.event("")) {
                    continue;
                }
                let Some(scope) = Scope::last(plan.every, due.at, &policy.company.timezone, plan.team.clone()) else { continue };
                let report = report(store, policy, &Scope { now, ..scope })?;
                jobs.push(Job { event: due.event(""), chore: Chore::Report { to, report: Box::new(report) } });
            }
            DueKind::Questions => open_questions(store, policy, &due, &mut jobs),
        }
    }
    issue_promises(store, policy, now, &mut jobs);
    digests(store, now, &mut jobs);
    if new_tickets {
        recurring(store, policy, now, &mut jobs);
    }
    Ok(jobs)
}

/// One list for each lead whose team has closed tickets with open questions.
fn open_questions(store: &Arc<dyn Store>, policy: &Policy, due: &Due<'_>, jobs: &mut Vec<Job>) {
    let leads: Vec<&AgentName> = policy.teams.values().filter_map(|team| team.lead.as_ref()).collect();
    if leads.iter().all(|lead| store.has_event(due.event(lead.as_str()))) {
        return;
    }
    let mut lists: BTreeMap<&AgentName, (Vec<OpenQuestion>, usize)> = BTreeMap::new();
    for no in (1..store.next_ticket().0).rev() {
        let Some(ticket) = store.ticket(TicketNo(no)) else { continue };
        let questions = closing_question::unanswered(policy, &ticket);
        let Some(lead) = closing_question::lead(policy, &ticket).filter(|_| !questions.is_empty()) else { continue };
        let (tickets, total) = lists.entry(lead).or_default();
        *total += 1;
        if tickets.len() < LISTED_MAX {
            let questions = questions.into_iter().map(str::to_owned).collect();
            let (rev, owner) = (ticket.rev, ticket.owner.clone());
            tickets.push(OpenQuestion { no: ticket.no, rev, subject: ticket.subject, owner, questions });
        }
    }
    for lead in leads {
        let event = due.event(lead.as_str());
        // Also where there is nothing to list, so that the tickets are looked through once a week.
        if !store.has_event(event) && !jobs.iter().any(|job| job.event == event) {
            let (tickets, total) = lists.remove(lead).unwrap_or_default();
            jobs.push(Job { event, chore: Chore::OpenQuestions { to: lead.clone(), tickets, total } });
        }
    }
}

/// Agents who were told of too much: the rest in one mail each.
fn digests(store: &Arc<dyn Store>, now: Timestamp, jobs: &mut Vec<Job>) {
    for (to, (state, _)) in store.agents() {
        let Some(at) = digest_at(&state).filter(|at| *at <= now) else { continue };
        let event = EventId::of_request(&format!("digest {to} {at}"));
        let tickets: Vec<Ticket> = state.untold.iter().rev().filter_map(|no| store.ticket(*no)).collect();
        if !tickets.is_empty() && !store.has_event(event) {
            jobs.push(Job { event, chore: Chore::Untold { to, tickets, beyond: state.untold_beyond } });
        }
    }
}

/// Cases of a known issue wait in silence, so whoever works on it hears when answers to them fall due: once a day.
fn issue_promises(store: &Arc<dyn Store>, policy: &Policy, now: Timestamp, jobs: &mut Vec<Job>) {
    let states = store.issues();
    let ids = policy.knowledge.issues.iter().map(|issue| &issue.id).chain(states.keys()).collect::<BTreeSet<_>>();
    let today = now.to_zoned(policy.company.timezone.clone()).date();
    for id in ids {
        let event = EventId::of_request(&format!("issue promise {id} {today}"));
        let is_solved = states.get(id).is_some_and(|state| state.solved_at.is_some());
        if is_solved || store.has_event(event) {
            continue;
        }
        let cases = store.issue_tickets(id).into_iter().filter_map(|no| store.ticket(no));
        let near: Vec<Ticket> = cases.filter(|ticket| is_promise_near(policy, ticket, now)).collect();
        let Some(first) = near.iter().min_by_key(|ticket| ticket.first_response.due_at) else { continue };
        let owner = policy.knowledge.issue(id).and_then(|issue| issue.owner.clone());
        let maker =
            states.get(id).map(|state| AgentName(state.opened_by.clone())).filter(|name| policy.agents.contains_key(name));
        let to = owner.or(maker).or_else(|| closing_question::lead(policy, first).cloned());
        let (Some(to), Some(due_at)) = (to, first.first_response.due_at) else { continue };
        jobs.push(Job { event, chore: Chore::IssuePromise { to, issue: id.clone(), cases: near.len(), due_at } });
    }
}

/// It waits on the issue, and three quarters of the time for its first answer have passed.
fn is_promise_near(policy: &Policy, ticket: &Ticket, now: Timestamp) -> bool {
    const NEAR_PERCENT: u32 = 75;
    let clock = &ticket.first_response;
    let calendar = desk::promise::calendar_of(policy, ticket);
    let reached = calendar.and_then(|calendar| desk::promise::reached_at(calendar, clock, NEAR_PERCENT));
    ticket.status == Status::OnHold && clock.met_at.is_none() && reached.is_some_and(|at| at <= now)
}

/// A proposal for each cluster that nobody was told of within a week, by any of the words that join it.
fn recurring(store: &Arc<dyn Store>, policy: &Policy, now: Timestamp, jobs: &mut Vec<Job>) {
    if policy.teams.values().all(|team| team.lead.is_none()) {
        return;
    }
    let since = now.checked_sub(PAST).unwrap_or(Timestamp::MIN);
    let newest = (1..store.next_ticket().0).rev().filter_map(|no| store.ticket(TicketNo(no)));
    let traits: Vec<Trait> =
        newest.take_while(|ticket| ticket.created_at > since).take(COMPARED_MAX).map(|ticket| Trait::of(&ticket)).collect();
    let today = now.to_zoned(policy.company.timezone.clone()).date();
    let event = |word: &str, date: jiff::civil::Date| EventId::of_request(&format!("recurring {word} {date}"));
    for mut cluster in clusters(&traits, now) {
        let days = (0..PROPOSED_ONCE_IN_DAYS).filter_map(|days| today.checked_sub(days.days()).ok());
        let was_told =
            days.flat_map(|date| cluster.words.iter().map(move |word| event(word, date))).any(|id| store.has_event(id));
        let Some(to) = lead_of(policy, &cluster).filter(|_| !was_told) else { continue };
        let first = |no: TicketNo| Some(store.history(no).ok()?.first()?.decision.message.as_ref()?.text.clone());
        let texts: Vec<String> = cluster.tickets.iter().take(SPELLED_MAX).filter_map(|(no, _)| first(*no)).collect();
        let subjects: Vec<String> = cluster.tickets.iter().map(|(_, subject)| subject.clone()).collect();
        cluster.spell(subjects.iter().chain(&texts).map(String::as_str));
        jobs.push(Job { event: event(&cluster.key, today), chore: Chore::Recurring { to: to.clone(), cluster } });
    }
}

fn lead_of<'p>(policy: &'p Policy, cluster: &Cluster) -> Option<&'p AgentName> {
    let own = cluster.team.as_ref().and_then(|team| policy.teams.get(team)?.lead.as_ref());
    own.or_else(|| policy.teams.values().find_map(|team| team.lead.as_ref()))
}

impl Core {
    /// Does a job, unless it was done before. True if it was done now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn chore(&mut self, now: Timestamp, job: Job) -> Result<bool, StoreError> {
        if self.store.has_event(job.event) {
            return Ok(false);
        }
        let around = self.around(None, None, now);
        let event = Event { id: job.event, at: now, kind: EventKind::Chore(Box::new(job.chore)), around };
        let decision = decide::decide(&self.live.policy, None, &event);
        self.stage(&event, Cause::Request, decision)?;
        Ok(true)
    }
}
