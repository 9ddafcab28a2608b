//! Counting for the report: what each ticket adds to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::closing_question;
use crate::glance::{Glance, GlanceTicket};
use crate::help::Verdict;
use crate::ids::{AgentName, TicketNo};
use crate::ledger::{Ledger, Party, owed_by};
use crate::policy::Policy;
use crate::promise;
use crate::report::{
    Ageing, ArticleUse, Besides, Case, CauseCount, Compared, Counted, Day, Flow, Report, Scope, Spread, StepTime, Waiting,
    percentile,
};
use crate::report_text;
use crate::ticket::{Clock, Ticket};

/// References of tickets without a cause that are listed.
const WITHOUT_CAUSE_MAX: usize = 40;
/// Lines of every other list.
const LINES_MAX: usize = 25;

/// Which of the two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Now,
    Before,
}

#[derive(Default)]
struct Times {
    seconds: Vec<i64>,
    promised: u64,
    kept: u64,
}

impl Times {
    fn spread(mut self) -> Spread {
        Spread {
            count: self.seconds.len() as u64,
            median_seconds: percentile(&mut self.seconds, 50),
            p85_seconds: percentile(&mut self.seconds, 85),
            promised: self.promised,
            kept: self.kept,
        }
    }
}

#[derive(Default)]
struct Waits {
    tickets: Vec<i64>,
    before: i64,
}

/// A report under way.
pub(crate) struct Builder<'a> {
    policy: &'a Policy,
    scope: &'a Scope,
    report: Report,
    days: BTreeMap<Date, (u64, u64)>,
    first: [Times; 2],
    next: [Times; 2],
    waits: BTreeMap<String, Waits>,
    steps: BTreeMap<(String, String, String), i64>,
    ages: BTreeMap<(String, String), Vec<i64>>,
    articles: BTreeMap<String, ArticleUse>,
    causes: BTreeMap<(String, String), u64>,
    gaps: BTreeMap<String, u64>,
    wishes: BTreeMap<String, u64>,
    without_cause: BTreeSet<TicketNo>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(policy: &'a Policy, scope: &'a Scope) -> Self {
        let report = Report { from: scope.from, until: scope.until, team: scope.team.clone(), ..Report::default() };
        Self {
            policy,
            scope,
            report,
            days: BTreeMap::new(),
            first: Default::default(),
            next: Default::default(),
            waits: BTreeMap::new(),
            steps: BTreeMap::new(),
            ages: BTreeMap::new(),
            articles: BTreeMap::new(),
            causes: BTreeMap::new(),
            gaps: BTreeMap::new(),
            wishes: BTreeMap::new(),
            without_cause: BTreeSet::new(),
        }
    }

    fn when(&self, at: Timestamp) -> Option<When> {
        if (self.scope.from..self.scope.until).contains(&at) {
            Some(When::Now)
        } else if (self.scope.before..self.scope.from).contains(&at) {
            Some(When::Before)
        } else {
            None
        }
    }

    fn day(&mut self, at: Timestamp) -> &mut (u64, u64) {
        let on = at.to_zoned(self.policy.company.timezone.clone()).date();
        self.days.entry(on).or_default()
    }

    /// Counts one ticket.
    pub(crate) fn add(&mut self, case: &Case) {
        let ticket = &case.ticket;
        match self.when(ticket.created_at) {
            Some(When::Now) => {
                self.report.flow.arrivals += 1;
                self.day(ticket.created_at).0 += 1;
            }
            Some(When::Before) => self.report.flow.arrivals_before += 1,
            None => {}
        }
        let mut waits: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let mut before: Option<&GlanceTicket> = None;
        let mut is_answered = false;
        let mut closed_now = false;
        let mut owner: Option<&AgentName> = None;
        for event in &case.events {
            let after = event.decision.ticket.as_ref().filter(|after| after.no == ticket.no);
            let answers = event.decision.history.iter().any(|line| matches!(line.kind.as_str(), "answered" | "issue_told"));
            self.lines(event, &mut closed_now);
            if answers && !is_answered {
                is_answered = true;
                self.first_response(ticket, event.at);
            }
            if let (Some(before), Some(after)) = (before, after) {
                self.moved(ticket, before, after, answers, &mut waits);
            }
            // From one person to another, whether or not it lay with the team in between.
            if let Some(now) = after.and_then(|after| after.owner.as_ref()) {
                let is_other = owner.is_some_and(|owner| owner != now);
                self.report.hand_overs += u64::from(is_other && self.when(event.at) == Some(When::Now));
                owner = Some(now);
            }
            before = after.or(before);
        }
        if let Some(last) = before {
            self.rest(ticket, last, &mut waits);
        }
        if ticket.status.is_active() {
            self.unanswered(ticket, is_answered);
        }
        for (who, (now, earlier)) in waits {
            let sum = self.waits.entry(who).or_default();
            if now > 0 {
                sum.tickets.push(now);
            }
            sum.before += earlier;
        }
        if ticket.status.is_active() {
            self.age(ticket);
        }
        self.offers(ticket);
        if closed_now && !ticket.status.is_active() {
            self.closing(ticket);
        }
    }

    /// What the lines of one event say.
    fn lines(&mut self, event: &Glance, closed_now: &mut bool) {
        let Some(when) = self.when(event.at) else { return };
        for line in &event.decision.history {
            match (line.kind.as_str(), when) {
                ("solved", When::Now) => {
                    *closed_now = true;
                    self.report.flow.closings += 1;
                    self.day(event.at).1 += 1;
                }
                ("solved", When::Before) => self.report.flow.closings_before += 1,
                ("reopened", When::Now) => self.report.reopened += 1,
                ("rated", When::Now) => {
                    self.report.ratings.count += 1;
                    self.report.ratings.good += u64::from(line.what.starts_with("good"));
                }
                _ => {}
            }
        }
    }

    /// The first answer of a person. A ticket that ended without one promised nothing in vain.
    fn first_response(&mut self, ticket: &Ticket, at: Timestamp) {
        let Some(when) = self.when(at) else { return };
        let clock = &ticket.first_response;
        note(&mut self.first[when as usize], ticket.created_at, at, clock.due_at);
    }

    /// Promises that broke and are still not kept: who was never answered must not make the figures better.
    fn unanswered(&mut self, ticket: &Ticket, is_answered: bool) {
        let broke = |clock: &Clock| clock.due_at.filter(|due| clock.met_at.is_none() && *due < self.scope.now);
        let first = broke(&ticket.first_response).filter(|_| !is_answered).and_then(|due| self.when(due));
        let next = broke(&ticket.next_response).and_then(|due| self.when(due));
        if let Some(when) = first {
            self.first[when as usize].promised += 1;
        }
        if let Some(when) = next {
            self.next[when as usize].promised += 1;
        }
    }

    /// What one event changed: who was waited on since the one before, an answer.
    fn moved(
        &mut self,
        ticket: &Ticket,
        before: &GlanceTicket,
        after: &GlanceTicket,
        answers: bool,
        waits: &mut BTreeMap<String, (i64, i64)>,
    ) {
        let (was, is) = (&before.next_response, &after.next_response);
        if answers
            && was.met_at.is_none()
            && let (Some(started), Some(met)) = (was.started_at, is.met_at)
            && is.started_at == Some(started)
            && let Some(when) = self.when(met)
        {
            note(&mut self.next[when as usize], started, met, is.due_at.or(was.due_at));
        }
        self.stretch(ticket, before, &after.ledger, waits);
    }

    /// From the last event until now, or until the time ends.
    fn rest(&mut self, ticket: &Ticket, last: &GlanceTicket, waits: &mut BTreeMap<String, (i64, i64)>) {
        if !ticket.status.is_active() {
            return;
        }
        let mut ledger = last.ledger;
        ledger.write(self.scope.now.min(self.scope.until), owed_by(ticket), promise::calendar_of(self.policy, ticket));
        self.stretch(ticket, last, &ledger, waits);
    }

    /// The time between two states of the ledger, as far as it lies in one of the two times. Where it lies in them in part,
    /// each party's share is taken to be spread evenly.
    fn stretch(&mut self, ticket: &Ticket, before: &GlanceTicket, after: &Ledger, waits: &mut BTreeMap<String, (i64, i64)>) {
        let (start, end) = (before.ledger.until, after.until);
        let whole = start.duration_until(end).as_millis();
        if whole <= 0 {
            return;
        }
        let part = |from: Timestamp, until: Timestamp| {
            let (from, until) = (start.max(from), end.min(until));
            from.duration_until(until).as_millis().max(0)
        };
        let shares = [part(self.scope.from, self.scope.until), part(self.scope.before, self.scope.from)];
        if shares == [0, 0] {
            return;
        }
        let step = before.step().unwrap_or_default();
        for ((party, then), (_, now)) in before.ledger.shares().into_iter().zip(after.shares()) {
            let passed = now.saturating_sub(then).as_millis();
            if passed <= 0 || party == Party::Nobody {
                continue;
            }
            let who = self.who(party, before);
            let of = |share: i128| i64::try_from(passed * share / whole / 1_000).unwrap_or(0);
            let sum = waits.entry(who.clone()).or_default();
            sum.0 += of(shares[0]);
            sum.1 += of(shares[1]);
            if shares[0] > 0 {
                *self.steps.entry((ticket.ticket_type.0.clone(), step.to_owned(), who)).or_default() += of(shares[0]);
            }
        }
    }

    fn who(&self, party: Party, ticket: &GlanceTicket) -> String {
        match party {
            Party::Us => "us".to_owned(),
            Party::Requester => "requesters".to_owned(),
            Party::Closed => report_text::CLOSED.to_owned(),
            Party::Nobody => "nobody".to_owned(),
            Party::Vendor => {
                let vendor = ticket.vendor();
                let label = vendor.and_then(|name| self.policy.vendors.get(name)).map(|vendor| vendor.label.clone());
                label.or_else(|| vendor.map(|name| name.0.clone())).unwrap_or_else(|| "vendors".to_owned())
            }
        }
    }

    fn age(&mut self, ticket: &Ticket) {
        self.report.flow.open += 1;
        let age = seconds(ticket.created_at.duration_until(self.scope.now)).max(0);
        let step = ticket.step().map_or_else(String::new, |step| step.id.clone());
        self.ages.entry((ticket.ticket_type.0.clone(), step)).or_default().push(age);
    }

    fn offers(&mut self, ticket: &Ticket) {
        for offer in &ticket.help.offers {
            if self.when(offer.at) != Some(When::Now) {
                continue;
            }
            let used = self.articles.entry(offer.id.clone()).or_default();
            used.offered += 1;
            match offer.said {
                Some(Verdict::Solved) => used.solved += 1,
                Some(Verdict::Refused) => {
                    used.refused += 1;
                    *self.gaps.entry(format!("{} did not help", offer.id)).or_default() += 1;
                }
                None => {}
            }
        }
    }

    /// Answers to the closing questions of a ticket that was closed.
    fn closing(&mut self, ticket: &Ticket) {
        if closing_question::is_exempt(ticket) {
            return;
        }
        let answer = |question: &str| ticket.closing.get(question).filter(|answer| !closing_question::is_waived(answer));
        if let Some(cause) = answer("cause") {
            *self.causes.entry((cause.clone(), ticket.ticket_type.0.clone())).or_default() += 1;
        } else if closing_question::unanswered(self.policy, ticket).contains(&"cause") {
            self.report.without_cause_count += 1;
            self.without_cause.insert(ticket.no);
            // The newest stay, in whatever order the tickets come.
            if self.without_cause.len() > WITHOUT_CAUSE_MAX {
                self.without_cause.pop_first();
            }
        }
        // An article that there is has served; any other is one that people looked for.
        let wished = answer("article").filter(|id| self.policy.knowledge.articles.get(id).is_none());
        if let Some(wished) = wished {
            *self.gaps.entry(wished.clone()).or_default() += 1;
        }
        if let Some(feature) = answer("feature") {
            *self.wishes.entry(feature.clone()).or_default() += 1;
        }
    }

    pub(crate) fn finish(self, besides: &Besides) -> Report {
        let mut report = self.report;
        let mails = |outcome: &str| besides.mails.get(outcome).copied().unwrap_or(0);
        (report.loops, report.held, report.held_now) = (mails("loop"), mails("held"), besides.held);
        let days = self.days.into_iter();
        let days = days.map(|(on, (arrivals, closings))| Day { on, arrivals, closings }).collect();
        report.flow = Flow { days, ..report.flow };
        report.first_response = compared(self.first);
        report.next_response = compared(self.next);
        report.waiting = waiting(self.waits);
        let steps = self.steps.into_iter().filter(|(_, seconds)| *seconds > 0);
        report.steps = steps.map(|((ticket_type, step, who), seconds)| StepTime { ticket_type, step, who, seconds }).collect();
        report.steps.sort_by_key(|time| std::cmp::Reverse(time.seconds));
        report.steps.truncate(LINES_MAX);
        report.ageing = ageing(self.ages);
        report.articles = self.articles.into_iter().map(|(id, used)| ArticleUse { id, ..used }).collect();
        report.articles.sort_by_key(|used| std::cmp::Reverse((used.solved, used.offered)));
        report.articles.truncate(LINES_MAX);
        let causes = self.causes.into_iter();
        report.causes = causes.map(|((cause, ticket_type), count)| CauseCount { cause, ticket_type, count }).collect();
        report.causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
        report.causes.truncate(LINES_MAX);
        report.without_cause = self.without_cause.into_iter().map(|no| self.policy.reference(no)).collect();
        (report.gaps, report.wishes) = (counted(self.gaps), counted(self.wishes));
        report.language = self.policy.company.languages.first().cloned().unwrap_or_default();
        report.sentences = report_text::sentences(&report);
        report
    }
}

fn note(times: &mut Times, from: Timestamp, until: Timestamp, due: Option<Timestamp>) {
    times.seconds.push(seconds(from.duration_until(until)).max(0));
    times.promised += u64::from(due.is_some());
    times.kept += u64::from(due.is_some_and(|due| until <= due));
}

fn seconds(span: SignedDuration) -> i64 {
    span.as_secs()
}

fn compared([now, before]: [Times; 2]) -> Compared {
    Compared { now: now.spread(), before: before.spread() }
}

fn waiting(waits: BTreeMap<String, Waits>) -> Vec<Waiting> {
    let summed = waits.into_iter().map(|(who, mut waits)| Waiting {
        who,
        tickets: waits.tickets.len() as u64,
        seconds: waits.tickets.iter().sum(),
        seconds_before: waits.before,
        p85_seconds: percentile(&mut waits.tickets, 85).unwrap_or(0),
    });
    let mut waiting: Vec<Waiting> = summed.filter(|waiting| waiting.seconds > 0).collect();
    waiting.sort_by_key(|waiting| std::cmp::Reverse(waiting.seconds));
    waiting
}

fn ageing(ages: BTreeMap<(String, String), Vec<i64>>) -> Vec<Ageing> {
    let summed = ages.into_iter().map(|((ticket_type, step), mut ages)| Ageing {
        ticket_type,
        step,
        open: ages.len() as u64,
        median_seconds: percentile(&mut ages, 50).unwrap_or(0),
        p85_seconds: percentile(&mut ages, 85).unwrap_or(0),
        oldest_seconds: ages.last().copied().unwrap_or(0),
    });
    let mut ageing: Vec<Ageing> = summed.collect();
    ageing.sort_by_key(|ageing| std::cmp::Reverse(ageing.oldest_seconds));
    ageing
}

fn counted(counts: BTreeMap<String, u64>) -> Vec<Counted> {
    let mut counted: Vec<Counted> = counts.into_iter().map(|(what, count)| Counted { what, count }).collect();
    counted.sort_by_key(|one| std::cmp::Reverse(one.count));
    counted.truncate(LINES_MAX);
    counted
}
