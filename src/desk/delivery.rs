//! What follows when a mail of ours did not arrive: whoever works on the ticket hears of it by mail, in the server's words.

use mail::Address;

use crate::change::Change;
use crate::decide::changed;
use crate::decision::Decision;
use crate::effect::Effect;
use crate::event::Event;
use crate::notice;
use crate::policy::Policy;
use crate::ticket::Ticket;
use crate::ticket_mail::{AgentDesk, Cause};

/// What is told of a mail that is still tried.
pub const DELAYED: &str = "delayed";

/// A mail came to its end without being accepted, or nobody knows, or it takes long.
pub(crate) fn ended(policy: &Policy, ticket: &Ticket, event: &Event, mail: &Failed<'_>) -> Decision {
    let what = format!("mail to {} {}: {}", mail.to, mail.result, mail.reply);
    let kind = if mail.result == DELAYED { "delivery_delayed" } else { "delivery_ended" };
    let decision = changed(ticket, event, kind, "frontdesk", what.clone());
    tell(policy, ticket, event, decision, mail, &what)
}

/// The mail that failed.
pub(crate) struct Failed<'a> {
    /// To whom it was.
    pub(crate) to: &'a Address,
    /// `failed`, `unknown` or [`DELAYED`].
    pub(crate) result: &'a str,
    /// The server's words.
    pub(crate) reply: &'a str,
}

/// Adds who is told of it. A mail to an agent that failed is told to the operator alone: the next one would fail as well,
/// and so on for ever.
pub(crate) fn tell(
    policy: &Policy,
    ticket: &Ticket,
    event: &Event,
    mut decision: Decision,
    mail: &Failed<'_>,
    what: &str,
) -> Decision {
    let text = format!("{}: {what}", policy.reference(ticket.no));
    if policy.agent_by_address(mail.to).is_some() {
        decision.effects.push(Effect::Notify { to: "operator".to_owned(), text });
        return decision;
    }
    if AgentDesk::of_ticket(policy, ticket).is_none() {
        // Where agents do not work by mail, one sentence has to do.
        let to = ticket.owner.as_ref().map_or_else(|| "team".to_owned(), |owner| owner.0.clone());
        decision.effects.push(Effect::Notify { to, text });
        return decision;
    }
    let outcome = decision.outcome.clone();
    let mut change = Change::resume(policy, event, ticket, decision);
    let cause = match mail.result {
        DELAYED => Cause::DeliveryDelayed { to: mail.to, reply: mail.reply },
        "unknown" => Cause::DeliveryUnknown { to: mail.to, reply: mail.reply },
        _ => Cause::DeliveryFailed { to: mail.to, reply: mail.reply },
    };
    notice::tell(&mut change, &cause, None);
    change.finish(outcome)
}
