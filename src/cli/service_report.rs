//! The report as an answer: read beside the writer, and sent by it where that is asked for.

use desk::chore::Chore;
use desk::report::Scope;
use desk::{AgentName, EventId, Policy, TeamName};
use serde_json::{Value, json};

use super::output::{Exit, Failure};
use super::service::{ReportRequest, Service};
use crate::engine::chore::Job;
use crate::engine::report::report;

/// Answers it.
///
/// # Errors
/// The team or agent does not exist, the date is none, or the store cannot be read.
pub(super) async fn answer(service: &Service, request: ReportRequest) -> Result<Value, Failure> {
    let policy = service.engine.live().policy.clone();
    let scope = scope(&policy, &request, service.clock.now())?;
    let to = request.mail.as_ref().map(|to| recipients(&policy, to, scope.team.as_ref())).transpose()?;
    let (store, shared) = (service.engine.store().clone(), policy.clone());
    let made = tokio::task::spawn_blocking(move || report(&store, &shared, &scope));
    let report = made.await.map_err(|error| Failure::from_error(Exit::Failed, &error))??;
    if let Some(to) = to {
        let event = EventId::of_request(&request.request);
        let names: Vec<String> = to.iter().map(|name| name.0.clone()).collect();
        service.engine.chore(Job { event, chore: Chore::Report { to, report: Box::new(report) } }).await?;
        return Ok(json!({ "mailed": names }));
    }
    let zone = policy.company.timezone.iana_name().unwrap_or("UTC");
    Ok(json!({ "report": report, "company": policy.company.name, "timezone": zone }))
}

fn scope(policy: &Policy, request: &ReportRequest, now: jiff::Timestamp) -> Result<Scope, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let team = request.team.clone().map(TeamName);
    if let Some(team) = team.as_ref().filter(|team| !policy.teams.contains_key(team)) {
        let known: Vec<&str> = policy.teams.keys().map(TeamName::as_str).collect();
        return Err(usage(format!("there is no team `{team}`; there are: {}", known.join(", "))));
    }
    let zone = &policy.company.timezone;
    let Some(since) = &request.since else {
        return Scope::last(request.every, now, zone, team).ok_or_else(|| usage("there is no such time".to_owned()));
    };
    let date = since.parse().map_err(|_| usage(format!("`{since}` is no date, such as 2026-11-01")))?;
    Scope::since(date, now, zone, team).ok_or_else(|| usage(format!("{since} is not in the past")))
}

/// An agent by name; without a name the leads, of the team that is asked for or of all.
fn recipients(policy: &Policy, to: &str, team: Option<&TeamName>) -> Result<Vec<AgentName>, Failure> {
    if policy.agent_mail.is_none() {
        return Err(Failure::new(Exit::NotAllowed, "there is no [agent_mail] to send a report from"));
    }
    if !to.is_empty() {
        let name = AgentName(to.to_owned());
        return if policy.agents.contains_key(&name) {
            Ok(vec![name])
        } else {
            let known: Vec<&str> = policy.agents.keys().map(AgentName::as_str).collect();
            Err(Failure::new(Exit::Usage, format!("there is no agent `{to}`; there are: {}", known.join(", "))))
        };
    }
    let teams = policy.teams.values().filter(|one| team.is_none_or(|team| one.name == *team));
    let mut leads: Vec<AgentName> = teams.filter_map(|team| team.lead.clone()).collect();
    leads.sort();
    leads.dedup();
    if leads.is_empty() {
        return Err(Failure::new(Exit::Usage, "no team has a lead: say to whom, `--mail AGENT`"));
    }
    Ok(leads)
}
