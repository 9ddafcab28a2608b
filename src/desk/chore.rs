//! What the desk does by the calendar and on its own, about no single ticket: reports, closing questions that are open,
//! matters that come again and again. Each is one event whose id follows from what it is and from its day, so that it is done
//! once over any restart. What it says was gathered by the engine; here it becomes mail.

use jiff::civil::{Date, Time, time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::chore_mail;
use crate::decide::nothing;
use crate::decision::Decision;
use crate::desk_mail::DeskMail;
use crate::effect::Effect;
use crate::event::{AgentState, Event};
use crate::ids::{AgentName, EffectId, EventId, TicketNo};
use crate::knowledge::{Every, ReportPlan};
use crate::policy::Policy;
use crate::recurring::Cluster;
use crate::report::Report;
use crate::ticket::Ticket;
use crate::ticket_mail::AgentDesk;

/// When open closing questions are listed: on Mondays.
const QUESTIONS_AT: Time = time(8, 0, 0, 0);
/// What is not told one by one is told together, so much later.
const DIGEST_AFTER: SignedDuration = SignedDuration::from_mins(30);

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Chore {
    /// A report goes to people.
    Report {
        /// To whom.
        to: Vec<AgentName>,
        /// What it says.
        report: Box<Report>,
    },
    /// A lead is told which closing questions are open.
    OpenQuestions {
        /// Whom.
        to: AgentName,
        /// Which, newest ticket first.
        tickets: Vec<OpenQuestion>,
        /// How many there are in all.
        total: usize,
    },
    /// Whoever works on a known issue is told that its cases were promised an answer, which nobody has given yet.
    IssuePromise {
        /// Whom.
        to: AgentName,
        /// Which issue.
        issue: String,
        /// How many cases.
        cases: usize,
        /// When the first of them was promised one.
        due_at: Timestamp,
    },
    /// A lead is told of tickets that may have one cause.
    Recurring {
        /// Whom.
        to: AgentName,
        /// Which tickets, and what joins them.
        cluster: Cluster,
    },
    /// An agent was told of so much within the hour that the rest was kept back: here it is.
    Untold {
        /// Whom.
        to: AgentName,
        /// Those that something happened to, as they are now, newest first.
        tickets: Vec<Ticket>,
        /// There were more.
        beyond: bool,
    },
    /// Something is wrong with the desk itself.
    Alarm {
        /// Agents and channels.
        to: Vec<String>,
        /// What, in a sentence.
        text: String,
    },
}

/// A closed ticket with questions that nobody has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenQuestion {
    /// Its number.
    pub no: TicketNo,
    /// Its revision, for links.
    pub rev: u32,
    /// Its subject.
    pub subject: String,
    /// Who closed it, as far as that is known: its owner.
    pub owner: Option<AgentName>,
    /// Questions.
    pub questions: Vec<String>,
}

/// A time at which something is due by the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due<'p> {
    /// When.
    pub at: Timestamp,
    /// Day, for its identity.
    pub on: Date,
    /// What.
    pub what: DueKind<'p>,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DueKind<'p> {
    /// A report.
    Report(&'p ReportPlan),
    /// The list of open closing questions.
    Questions,
}

impl Due<'_> {
    /// The event that it is, for one of those whom it goes to.
    #[must_use]
    pub fn event(&self, to: &str) -> EventId {
        let on = self.on;
        EventId::of_request(&match self.what {
            DueKind::Report(plan) => format!("report {} {on}", plan.name),
            DueKind::Questions => format!("closing questions {to} {on}"),
        })
    }
}

fn plans(policy: &Policy) -> impl Iterator<Item = (DueKind<'_>, Every, Time)> {
    let asks = policy.types.values().any(|ticket_type| !ticket_type.close_asks.is_empty());
    let reports = policy.knowledge.reports.iter().map(|plan| (DueKind::Report(plan), plan.every, plan.at));
    reports.chain(asks.then_some((DueKind::Questions, Every::Week, QUESTIONS_AT)))
}

/// The newest of each thing that is due, unless it is so late that the next is nearer.
#[must_use]
pub fn due(policy: &Policy, now: Timestamp) -> Vec<Due<'_>> {
    let found = plans(policy).filter_map(|(what, every, time)| {
        let (on, at) = instants(policy, every, time, now).take_while(|(_, at)| *at <= now).last()?;
        let late_max = match every {
            Every::Day => SignedDuration::from_hours(12),
            Every::Week => SignedDuration::from_hours(84),
            Every::Month => SignedDuration::from_hours(360),
        };
        (at.duration_until(now) < late_max).then_some(Due { at, on, what })
    });
    found.collect()
}

/// When something falls due next.
#[must_use]
pub fn next_at(policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let next =
        plans(policy).filter_map(|(_, every, time)| instants(policy, every, time, now).map(|(_, at)| at).find(|at| *at > now));
    next.min()
}

/// The instants around now, earliest first.
fn instants(policy: &Policy, every: Every, time: Time, now: Timestamp) -> impl Iterator<Item = (Date, Timestamp)> {
    let zone = policy.company.timezone.clone();
    let today = now.to_zoned(zone.clone()).date();
    let (first, step) = match every {
        Every::Day => (today.checked_sub(1.day()).unwrap_or(today), 1.day()),
        Every::Week => {
            let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).unwrap_or(today);
            (monday.checked_sub(7.days()).unwrap_or(monday), 7.days())
        }
        Every::Month => (today.first_of_month().checked_sub(1.month()).unwrap_or(today), 1.month()),
    };
    let mut date = Some(first);
    let dates = std::iter::from_fn(move || {
        let this = date?;
        date = this.checked_add(step).ok();
        Some(this)
    });
    dates.take(4).filter_map(move |date| Some((date, date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp())))
}

/// The agents behind the recipients of a report: agents, teams, `lead` of its team or of all teams.
#[must_use]
pub fn recipients(policy: &Policy, plan: &ReportPlan) -> Vec<AgentName> {
    let mut found: Vec<AgentName> = Vec::new();
    let mut add = |name: &AgentName| {
        if !found.contains(name) && policy.agents.contains_key(name) {
            found.push(name.clone());
        }
    };
    for who in &plan.to {
        if who == "lead" {
            let teams = policy.teams.values().filter(|team| plan.team.is_none() || plan.team.as_ref() == Some(&team.name));
            teams.filter_map(|team| team.lead.as_ref()).for_each(&mut add);
        }
        policy.agents.keys().filter(|name| name.as_str() == who).for_each(&mut add);
        let teams = policy.teams.values().filter(|team| team.name.as_str() == who);
        teams.flat_map(|team| &team.members).for_each(&mut add);
    }
    found
}

/// Writes the mails.
#[must_use]
pub(crate) fn decide(policy: &Policy, event: &Event, chore: &Chore) -> Decision {
    let mut decision = nothing("chore", "by the calendar");
    match chore {
        Chore::Alarm { to, text } => {
            decision.effects = to.iter().map(|to| Effect::Notify { to: to.clone(), text: text.clone() }).collect();
            return decision;
        }
        Chore::Untold { to, tickets, .. } => decision.effects.extend(caught_up(event, to, tickets)),
        Chore::Report { .. } | Chore::OpenQuestions { .. } | Chore::IssuePromise { .. } | Chore::Recurring { .. } => {}
    }
    // Nothing is open: that this was looked at is remembered, nobody is told.
    if matches!(chore, Chore::OpenQuestions { tickets, .. } if tickets.is_empty()) {
        return decision;
    }
    let to: &[AgentName] = match chore {
        Chore::Report { to, .. } => to,
        Chore::OpenQuestions { to, .. }
        | Chore::Recurring { to, .. }
        | Chore::IssuePromise { to, .. }
        | Chore::Untold { to, .. } => std::slice::from_ref(to),
        Chore::Alarm { .. } => &[],
    };
    for agent in to.iter().filter_map(|name| policy.agents.get(name)) {
        let Some(desk) = AgentDesk::of_agent(policy, agent) else {
            let text = format!("{}: there is no [agent_mail] to send it from", name(chore));
            decision.effects.push(Effect::Notify { to: agent.name.0.clone(), text });
            continue;
        };
        let mail = DeskMail { desk, to: agent, ticket: None, at: event.at };
        let id = EffectId::new(event.id, decision.effects.len());
        let send = match chore {
            Chore::Report { report, .. } => chore_mail::report(&mail, report, id),
            Chore::OpenQuestions { tickets, total, .. } => chore_mail::questions(&mail, tickets, *total, id),
            Chore::IssuePromise { issue, cases, due_at, .. } => chore_mail::promise(&mail, issue, *cases, *due_at, id),
            Chore::Recurring { cluster, .. } => chore_mail::recurring(&mail, cluster, id),
            Chore::Untold { tickets, beyond, .. } => chore_mail::untold(&mail, tickets, *beyond, id),
            Chore::Alarm { .. } => continue,
        };
        decision.effects.push(Effect::Send(Box::new(send)));
        decision.trace.push(crate::trace::TraceLine::new("chore", name(chore), format!("to {}", agent.name)));
    }
    decision
}

fn name(chore: &Chore) -> &'static str {
    match chore {
        Chore::Report { .. } => "report",
        Chore::OpenQuestions { .. } => "open closing questions",
        Chore::IssuePromise { .. } => "promise to the cases of an issue",
        Chore::Recurring { .. } => "recurring matter",
        Chore::Untold { .. } => "digest of what was not told",
        Chore::Alarm { .. } => "alarm",
    }
}

/// The agent has heard of these tickets now; what came meanwhile is told next time.
fn caught_up(event: &Event, to: &AgentName, tickets: &[Ticket]) -> Option<Effect> {
    let mut state = event.around.agents.get(to)?.clone();
    state.untold.retain(|no| tickets.iter().all(|ticket| ticket.no != *no));
    state.untold_beyond = false;
    state.untold_since = if state.untold.is_empty() { None } else { Some(event.at) };
    Some(Effect::Agent { name: to.clone(), state })
}

/// When an agent who was told too much gets the digest of the rest.
#[must_use]
pub fn digest_at(state: &AgentState) -> Option<Timestamp> {
    state.untold_since?.checked_add(DIGEST_AFTER).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn plan(name: &str, every: Every) -> ReportPlan {
        ReportPlan { name: name.to_owned(), every, at: time(8, 30, 0, 0), to: vec!["lead".into(), "aisha".into()], team: None }
    }

    fn policy() -> Policy {
        let mut policy = sample::policy();
        policy.knowledge.reports = vec![plan("daily", Every::Day), plan("weekly", Every::Week), plan("monthly", Every::Month)];
        policy.types.values_mut().for_each(|ticket_type| ticket_type.close_asks.clear());
        policy
    }

    fn check(now: &str, due_now: &[&str], next: &str) {
        let (policy, now) = (policy(), sample::at(now));
        let shown: Vec<String> = due(&policy, now)
            .iter()
            .map(|due| match due.what {
                DueKind::Report(plan) => format!("{} {} {}", plan.name, due.on, due.at),
                DueKind::Questions => format!("questions {} {}", due.on, due.at),
            })
            .collect();
        assert_eq!(shown, due_now, "{now}");
        assert_eq!(next_at(&policy, now), Some(sample::at(next)), "{now}");
    }

    #[test]
    fn each_is_due_at_its_time_and_not_when_the_next_is_nearer() {
        check(
            "2026-11-23T08:30:00Z",
            &["daily 2026-11-23 2026-11-23T08:30:00Z", "weekly 2026-11-23 2026-11-23T08:30:00Z"],
            "2026-11-24T08:30:00Z",
        );
        check("2026-11-23T08:29:59Z", &[], "2026-11-23T08:30:00Z");
        // Half a day late is too late for a daily one, half a week for a weekly one.
        check(
            "2026-11-26T20:29:00Z",
            &["daily 2026-11-26 2026-11-26T08:30:00Z", "weekly 2026-11-23 2026-11-23T08:30:00Z"],
            "2026-11-27T08:30:00Z",
        );
        check("2026-11-26T20:30:00Z", &[], "2026-11-27T08:30:00Z");
        check(
            "2026-12-01T09:00:00Z",
            &[
                "daily 2026-12-01 2026-12-01T08:30:00Z",
                "weekly 2026-11-30 2026-11-30T08:30:00Z",
                "monthly 2026-12-01 2026-12-01T08:30:00Z",
            ],
            "2026-12-02T08:30:00Z",
        );
    }

    #[test]
    fn the_time_of_day_is_that_of_the_company_on_both_sides_of_summer() {
        // London: 08:30 is 07:30 UTC until the last Sunday of October.
        check("2026-10-24T08:00:00Z", &["daily 2026-10-24 2026-10-24T07:30:00Z"], "2026-10-25T08:30:00Z");
    }

    #[test]
    fn recipients_are_agents_leads_and_teams_once_each() {
        let mut policy = policy();
        let team = policy.teams.get_mut(&"support".into()).expect("it is there");
        team.lead = Some("maya".into());
        let names = |plan: &ReportPlan| recipients(&policy, plan).into_iter().map(|name| name.0).collect::<Vec<_>>();
        assert_eq!(names(&plan("x", Every::Day)), ["maya", "aisha"]);
        let to = vec!["support".to_owned(), "maya".to_owned(), "nobody".to_owned()];
        assert_eq!(names(&ReportPlan { to, ..plan("x", Every::Day) }), ["maya", "tomasz", "aisha"]);
    }

    #[test]
    fn where_agents_have_no_mail_somebody_is_told_all_the_same() {
        let mut policy = policy();
        policy.agent_mail = None;
        let event = Event {
            id: EventId::of_request("x"),
            at: sample::at("2026-11-23T08:30:00Z"),
            kind: crate::event::EventKind::PolicyChanged,
            around: crate::event::Around::default(),
        };
        let chore = Chore::Report { to: vec!["maya".into()], report: Box::default() };
        let effects = decide(&policy, &event, &chore).effects;
        assert!(matches!(&effects[..], [Effect::Notify { to, .. }] if to == "maya"), "{effects:?}");
    }
}
