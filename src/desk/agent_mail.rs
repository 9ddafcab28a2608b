//! Mail that agents write, or that says so: who may act, what they ask, what follows.
//!
//! What the mail carries is read by [`crate::agent_request`], who may act is [`crate::agent_proof`], what is asked is
//! [`crate::command_block`]. Here it becomes one commit, or a draft that waits for its writer.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mail::Message;

use crate::agent_desk::Matches;
use crate::agent_proof::{Facts, Right, Sender, Token};
use crate::agent_request::Request;
use crate::arrival::Incoming;
use crate::command_word::{Context, Names};
use crate::decision::{Decision, HistoryEntry, MessageEntry};
use crate::ids::{AgentName, EventId, RawHash, TicketNo};
use crate::knowledge::Every;
use crate::policy::Policy;
use crate::report::Report;
use crate::ticket::Ticket;
use crate::{agent_act, agent_choice, agent_desk, agent_hold, agent_practice, agent_proof, command_block, sent, subject, vendor};

/// Tokens that one address may guess within an hour.
const BAD_TOKENS_MAX: u64 = 5;

/// What the engine found about a mail that an agent wrote, or that says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// What it carries.
    pub request: Option<Request>,
    /// The ticket that it speaks of; where that was merged, its successor.
    pub ticket: Option<Ticket>,
    /// Other tickets that its commands name, by the number they name.
    pub tickets: BTreeMap<TicketNo, Ticket>,
    /// Drafts that it speaks of: the mails in which the acts were asked for.
    pub drafts: BTreeMap<EventId, DraftMail>,
    /// Its HTML, for its formatting.
    pub html: Option<String>,
    /// The text of the mail of ours that it answers.
    pub quoted: Option<String>,
    /// Tickets that answer its question.
    pub listing: Matches,
    /// It holds the agent's PIN.
    pub pin_valid: bool,
    /// It holds a PIN that is not theirs.
    pub pin_wrong: bool,
    /// What the customer was answered last on that ticket.
    pub answered: Option<String>,
    /// All messages of the ticket that was asked to be shown.
    pub messages: Vec<MessageEntry>,
    /// The report that was asked for.
    pub report: Option<Box<Report>>,
    /// Tokens within the hour that came from this address and that we did not make.
    pub bad_tokens: u64,
}

/// The mail of a draft, read again.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftMail {
    /// What it says.
    pub parsed: mail::Parsed,
    /// Its bytes.
    pub raw: RawHash,
    /// Its HTML.
    pub html: Option<String>,
    /// The text of the mail of ours that it answers.
    pub quoted: Option<String>,
    /// The message as it was decided.
    pub message: Option<MessageEntry>,
    /// What became of it on its ticket since, if anything: the first line of the history of that act.
    pub settled: Option<HistoryEntry>,
}

/// Decides about a mail of a person that has to do with agents. `None` if it is a mail like any other after all.
pub(crate) fn decide(mail: &mut Incoming<'_>, found: &Found) -> Option<Decision> {
    let request = found.request.as_ref()?;
    let ticket = found.ticket.as_ref();
    let takes_part = ticket.is_some_and(|ticket| takes_part(ticket, &mail.sender.address));
    if takes_part && !request.to_desk {
        mail.trace("agent", "customer", "writes as somebody who takes part, not to the agents' address");
        return None;
    }
    let sender = sender(mail, request, takes_part);
    if request.bad_token {
        mail.trace("token", "bad", "something like a token that we did not make");
    } else if found.pin_wrong && !mail.arrival.proof.is_proven() {
        mail.trace("token", "bad", "not the PIN of that agent");
    }
    // A right guess after wrong ones is a guess too.
    if found.bad_tokens >= BAD_TOKENS_MAX && !matches!(sender, Sender::Agent { proven: true, .. }) {
        return Some(mail.held_aside("this address has tried too many tokens within the hour".to_owned()));
    }
    let works_on_it = match (&sender, ticket) {
        (Sender::Agent { name, .. }, Some(ticket)) => works_on(mail.policy, ticket, name),
        _ => false,
    };
    let mode = mail.policy.agent_mail.as_ref()?.proof;
    let is_vendors = match &request.token {
        Token::Vendor(vendor) => vendor::is_theirs(mail, ticket, vendor),
        Token::Bound(_) | Token::Unbound | Token::Bad | Token::None => false,
    };
    let facts = Facts { works_on_it, pin_valid: found.pin_valid, is_vendors };
    if let Some(word) = &request.choice {
        mail.trace("agent", "choice", format!("`{}` about the held mail {}, as {}", word.choice.word(), word.event, word.agent));
        let right = agent_proof::right(mode, &sender, &Token::Bound(word.agent.clone()), facts);
        trace_right(mail, &right);
        return Some(agent_choice::decide(mail, found, word, &sender, right));
    }
    let right = agent_proof::right(mode, &sender, &request.token, facts);
    trace_right(mail, &right);
    match right {
        Right::Note(agent) | Right::Act(agent) if ticket.is_none() && agent_practice::is_asked(request) => {
            Some(agent_practice::decide(mail, found, &agent))
        }
        Right::Ordinary => None,
        Right::Vendor(vendor) => vendor::wrote(mail, ticket?, &vendor),
        Right::Hold => match &request.token {
            Token::Vendor(vendor) => Some(vendor::outsider(mail, ticket?, vendor)),
            Token::Bound(_) | Token::Unbound | Token::Bad | Token::None => Some(agent_hold::outsider(mail, ticket?)),
        },
        Right::Challenge(_) if ticket.is_none() && !request.to_desk => None,
        Right::Challenge(agent) => Some(agent_hold::challenge(mail, found, &agent)),
        Right::Note(agent) | Right::Act(agent) if ticket.is_none() => agent_desk::decide(mail, found, &agent),
        Right::Note(agent) if request.direct => sent::answered(mail, ticket?, Some(&agent)),
        Right::Note(agent) => Some(agent_act::decide(mail, found, ticket?, &agent, agent_act::Extent::NoteOnly)),
        Right::Act(agent) => Some(agent_act::decide(mail, found, ticket?, &agent, agent_act::Extent::Everything)),
    }
}

fn trace_right(mail: &mut Incoming<'_>, right: &Right) {
    let (word, detail) = match right {
        Right::Act(agent) => ("acts", format!("as {agent}")),
        Right::Note(agent) => ("note only", format!("as {agent}")),
        Right::Challenge(agent) => ("held", format!("the registered address of {agent} is asked")),
        Right::Hold => ("held", "somebody outside used a reply address that is not theirs".to_owned()),
        Right::Vendor(vendor) => ("vendor", vendor.to_string()),
        Right::Ordinary => ("no", "a mail like any other".to_owned()),
    };
    mail.trace("agent", word, detail);
}

fn sender(mail: &Incoming<'_>, request: &Request, takes_part: bool) -> Sender {
    if let Some(name) = &request.from {
        // Of two authors nobody can be vouched for.
        let proven = mail.arrival.proof.is_proven() && mail.message().from.len() == 1;
        return Sender::Agent { name: name.clone(), proven };
    }
    let is_vendor = mail.policy.vendors.values().any(|vendor| vendor.email.folded() == mail.sender.address.folded());
    if takes_part {
        Sender::Participant
    } else if is_vendor || mail.arrival.known.contact_tickets > 0 {
        Sender::Known
    } else {
        Sender::Unknown
    }
}

fn takes_part(ticket: &Ticket, address: &mail::Address) -> bool {
    ticket.participants.iter().any(|person| person.folded() == address.folded())
}

/// Of its team, its owner, or reading along.
pub(crate) fn works_on(policy: &Policy, ticket: &Ticket, agent: &AgentName) -> bool {
    ticket.owner.as_ref() == Some(agent)
        || ticket.watchers.contains(agent)
        || policy.members(ticket.team.as_ref()).any(|member| member.name == *agent)
}

/// The tickets that the new text of a mail names, for its commands.
#[must_use]
pub fn references(policy: &Policy, message: &Message) -> BTreeSet<TicketNo> {
    let prefix = &policy.company.prefix;
    let lines = message.reply.new_text.lines().map(str::trim_start).filter(|line| line.starts_with(['#', '＃']));
    let mut found: BTreeSet<TicketNo> = lines.flat_map(|line| subject::named(line, prefix)).take(REFERENCES_MAX).collect();
    found.extend(subject::tags(&message.subject, prefix));
    found
}

/// Tickets that the commands of one mail can name.
const REFERENCES_MAX: usize = 20;

/// The question that a mail to the desk asks, if it asks one.
#[must_use]
pub fn question(policy: &Policy, request: &Request, message: &Message, at: Timestamp) -> Option<agent_desk::Question> {
    request.to_desk.then(|| agent_desk::question(policy, request, message, at)).flatten()
}

/// How long the report covers that a mail to the desk asks for, if it asks for one.
#[must_use]
pub fn wants_report(policy: &Policy, request: &Request, message: &Message, at: Timestamp) -> Option<Every> {
    request.to_desk.then(|| agent_desk::wants_report(policy, request, message, at)).flatten()
}

/// The `pin:` line of a mail with the hash it has to fit.
#[must_use]
pub fn pin(policy: &Policy, request: &Request, message: &Message, at: Timestamp) -> Option<(String, String)> {
    let agent = policy.agents.get(request.from.as_ref()?)?;
    let context = Context { policy, ticket: None, agent: Some(&agent.name), at, names: Names::default() };
    let pin = command_block::read(&context, &agent_act::divide(message, None).new_text).pin?;
    Some((pin.0, agent.pin.clone()?))
}
