//! Who is told of what by mail, and why. Nobody gets mail about their own act, and nobody twice about one event.

use std::collections::BTreeMap;

use crate::change::Change;
use crate::event::Actor;
use crate::ids::AgentName;
use crate::ticket_mail::{self, Cause, Why};

/// Tells everybody who should know of an event, except whoever caused it.
pub(crate) fn tell(change: &mut Change<'_>, cause: &Cause<'_>, author: Option<&AgentName>) {
    if change.policy.agent_mail.is_none() {
        return;
    }
    for (name, why) in audience(change, cause) {
        if Some(&name) == author {
            continue;
        }
        let Some(agent) = change.policy.agents.get(&name) else { continue };
        change.trace("notice", name.as_str(), why.as_str());
        change.send(|change, id| ticket_mail::write(change, id, agent, why, cause));
    }
}

/// After an act of an agent or an operator.
pub(crate) fn of_act(change: &mut Change<'_>, by: &Actor) {
    let author = by.agent();
    let label = by.label();
    let text = change.message.as_ref().map(|message| message.text.clone()).unwrap_or_default();
    let did = |change: &Change<'_>, kind: &str| change.history.iter().any(|line| line.kind == kind);
    if did(change, "noted") {
        tell(change, &Cause::Noted { by: &label, text: &text }, author);
    } else if did(change, "assigned") {
        tell(change, &Cause::Assigned { by: &label }, author);
    } else if did(change, "answered") {
        tell(change, &Cause::Answered { by: &label, text: &text }, author);
    }
}

/// The owner, those who read along, and where nobody owns it the whole team. Who muted it hears of it only as its owner.
fn audience(change: &Change<'_>, cause: &Cause<'_>) -> BTreeMap<AgentName, Why> {
    let (policy, ticket) = (change.policy, &change.ticket);
    let mut audience: BTreeMap<AgentName, Why> = BTreeMap::new();
    let is_for_owner_alone = matches!(cause, Cause::Assigned { .. });
    if !is_for_owner_alone {
        audience.extend(ticket.watchers.iter().map(|name| (name.clone(), Why::Watching)));
    }
    // Colleagues' answers concern those who read along, and the owner.
    let is_for_team = !matches!(cause, Cause::Answered { .. } | Cause::Noted { .. });
    if ticket.owner.is_none() && is_for_team {
        audience.extend(policy.members(ticket.team.as_ref()).map(|agent| (agent.name.clone(), Why::Team)));
    }
    audience.retain(|name, _| !ticket.muted_by.contains(name));
    audience.extend(ticket.owner.iter().map(|name| (name.clone(), Why::Owner)));
    audience.retain(|name, _| policy.agents.get(name).is_some_and(|agent| !agent.reports_only));
    audience
}
