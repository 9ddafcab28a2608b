//! The practice ticket T-0: every answer to its mail is read, decided and told as on any ticket, and nothing of it is kept or
//! reaches anybody but the agent who practises.

use crate::agent_act;
use crate::agent_choice;
use crate::agent_mail::{DraftMail, Found};
use crate::agent_request::Request;
use crate::arrival::Incoming;
use crate::decide::nothing;
use crate::decision::{Decision, MessageEntry, Outcome};
use crate::desk_list::practice_ticket;
use crate::desk_mail::DeskMail;
use crate::draft::{Draft, Why};
use crate::effect::{Effect, Purpose};
use crate::ids::{AgentName, EffectId, TicketNo};
use crate::one_click::Word;
use crate::policy::Agent;
use crate::ticket::Ticket;
use crate::ticket_mail::AgentDesk;
use crate::trace::TraceLine;

/// Mails about no ticket bear the number 0 as well, but no revision.
const REV: u32 = 1;

/// Whether a mail answers the practice ticket, or presses a link of it.
pub(crate) fn is_asked(request: &Request) -> bool {
    let pressed = request.pressed.as_ref().map(|pressed| (pressed.ticket, pressed.rev));
    let claimed = pressed.or(request.claim.map(|claim| (claim.ticket, claim.rev)));
    claimed.is_some_and(|(ticket, rev)| ticket == TicketNo(0) && rev >= REV)
}

/// Whether a held mail was practice.
pub(crate) fn is_about(mail: &Incoming<'_>, source: &DraftMail) -> bool {
    agent_choice::request_of(mail, source).is_some_and(|request| is_asked(&request))
}

/// Decides about a mail of somebody who practises.
pub(crate) fn decide(mail: &mut Incoming<'_>, found: &Found, agent: &AgentName) -> Decision {
    let Some((desk, to)) = desk_of(mail, agent) else { return nothing("practice", "no agent of that name") };
    let (ticket, message) = practice_ticket(&desk, to, mail.event.at);
    let found = &Found { messages: vec![message], ..found.clone() };
    let decision = agent_act::decide(mail, found, &ticket, agent, agent_act::Extent::Everything);
    told(mail, &desk, to, &ticket, decision)
}

/// Decides about their word on a mail that waited.
pub(crate) fn choose(mail: &mut Incoming<'_>, found: &Found, word: &Word, source: &DraftMail) -> Decision {
    let Some((desk, to)) = desk_of(mail, &word.agent) else { return nothing("practice", "no agent of that name") };
    let (mut ticket, _) = practice_ticket(&desk, to, mail.event.at);
    // Nothing was kept, so the reason is found again.
    let why = agent_act::why_held(mail, found, &ticket, source, &word.agent).unwrap_or(Why::NotProven);
    let draft = Draft { event: word.event, agent: word.agent.clone(), at: mail.event.at, rev: REV, why, asked_again: None };
    ticket.drafts.push(draft.clone());
    let decision = agent_choice::decide_draft(mail, found, &ticket, word, &draft, source);
    let mut practice = told(mail, &desk, to, &ticket, decision);
    // One that nobody could prove waits on the list of held mails, and leaves it now.
    let waiting = source.message.clone().filter(|message| message.held);
    practice.message = waiting.map(|message| MessageEntry { held: false, ..message });
    practice
}

fn desk_of<'m>(mail: &Incoming<'m>, agent: &AgentName) -> Option<(AgentDesk<'m>, &'m Agent)> {
    let to = mail.policy.agents.get(agent)?;
    Some((AgentDesk::of_agent(mail.policy, to)?, to))
}

/// Of all that would follow, only mails to the agent; what would have been done is told in one of them.
fn told(mail: &Incoming<'_>, desk: &AgentDesk<'_>, to: &Agent, ticket: &Ticket, decision: Decision) -> Decision {
    let mut practice = nothing("practice", "nothing is kept");
    practice.trace = decision.trace;
    practice.trace.push(TraceLine::new("practice", "nothing kept", "the practice ticket"));
    let is_waiting = matches!(decision.outcome, Outcome::Held { .. });
    let asked = decision.history.iter().any(|line| line.kind == "asked_again" || line.kind == "nothing_said");
    let to_agent = |effect: &Effect| match effect {
        Effect::Send(send) => send.purpose == Purpose::AgentNotice && send.to == to.email,
        _ => false,
    };
    let mails: Vec<Effect> = decision.effects.into_iter().filter(to_agent).collect();
    let is_shown = decision.history.is_empty();
    if mails.is_empty() || !(is_waiting || asked || is_shown) {
        // A receipt of the desk's own would say that it was done.
        let done: Vec<String> =
            decision.history.iter().map(|line| format!("{}: {}", line.kind.replace('_', " "), line.what)).collect();
        let id = EffectId::new(mail.event.id, 0);
        let receipt = DeskMail { desk: *desk, to, ticket: Some(ticket), at: mail.event.at }.practised(&done, id);
        practice.effects.push(Effect::Send(Box::new(receipt)));
    } else {
        practice.effects.extend(mails);
    }
    practice
}
