//! What a mail carries of an agent's: the desk's address, reply tokens, our ids, links that were pressed. Read before
//! anything is looked up, so that the shell knows which tickets to load.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mail::{Address, Message};

use crate::agent_proof::Token;
use crate::agent_words;
use crate::command_word::find_verb;
use crate::event::AgentState;
use crate::ids::{AgentName, EffectId, EventId, TicketNo, VendorName};
use crate::one_click::{self, OneClick, Word};
use crate::policy::{Carrier, Policy};
use crate::subject;
use crate::ticket::Ticket;
use crate::token::{Choice, Claim, Mode};
use crate::verb::Verb;

/// What a mail says about itself as an agent's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The agent whose address From bears.
    pub from: Option<AgentName>,
    /// It was sent to the address where agents answer.
    pub to_desk: bool,
    /// What it carries, strongest first.
    pub token: Token,
    /// The ticket, revision and kind of answer that the token, or one of our ids, speaks of.
    pub claim: Option<Claim>,
    /// The ticket of a subject tag: routes, never authorises.
    pub tag: Option<TicketNo>,
    /// A link that was pressed, proven by its token.
    pub pressed: Option<OneClick>,
    /// A choice about a held mail, proven by its token.
    pub choice: Option<Word>,
    /// It also went to people outside: an answer written straight to them.
    pub direct: bool,
    /// It carries something like a token that we did not make.
    pub bad_token: bool,
}

impl Request {
    /// The ticket it speaks of.
    #[must_use]
    pub fn ticket(&self) -> Option<TicketNo> {
        let pressed = self.pressed.as_ref().map(|pressed| pressed.ticket);
        pressed.or(self.claim.map(|claim| claim.ticket)).or(self.tag)
    }
}

/// The request of a vendor's mail that bears their number for a ticket, and no token.
#[must_use]
pub fn of_vendor(vendor: &VendorName, ticket: &Ticket) -> Request {
    Request {
        from: None,
        to_desk: true,
        token: Token::Vendor(vendor.clone()),
        claim: Some(Claim { ticket: ticket.no, rev: ticket.rev, mode: Mode::Vendor }),
        tag: None,
        pressed: None,
        choice: None,
        direct: false,
        bad_token: false,
    }
}

/// The agent of an address, by the configuration or by their own word.
#[must_use]
pub fn agent_of(policy: &Policy, states: &BTreeMap<AgentName, AgentState>, address: &Address) -> Option<AgentName> {
    let configured = policy.agent_by_address(address).map(|agent| agent.name.clone());
    let folded = address.folded();
    // Who has left the desk has taken their word along.
    let is_theirs =
        |(name, state): &(&AgentName, &AgentState)| state.addresses.contains(&folded) && policy.agents.contains_key(*name);
    configured.or_else(|| states.iter().find(is_theirs).map(|(name, _)| name.clone()))
}

/// Reads the request of a mail; `None` if it has nothing to do with agents.
#[must_use]
pub fn read(policy: &Policy, states: &BTreeMap<AgentName, AgentState>, message: &Message, at: Timestamp) -> Option<Request> {
    let desk = policy.agent_mail.as_ref()?;
    // Where several are named, one of them is enough to be asked; [`crate::agent_mail`] believes none of them.
    let from = message.from.iter().find_map(|author| agent_of(policy, states, &author.address));
    let recipients: Vec<&Address> =
        message.to.iter().chain(&message.cc).map(|mailbox| &mailbox.address).chain(&message.delivered_to).collect();
    let details: Vec<&str> = recipients.iter().filter_map(|address| detail_of(&desk.address, desk.carrier, address)).collect();
    let to_desk = !details.is_empty();
    let own = claim_of_ids(policy, message);
    let is_outside = |address: &Address| {
        !policy.own_addresses.contains(&address.without_detail()) && agent_of(policy, states, address).is_none()
    };
    let direct = !to_desk && message.to.iter().chain(&message.cc).any(|mailbox| is_outside(&mailbox.address));
    let tag = subject::tags(&message.subject, &policy.company.prefix).first().copied();
    let tag = tag.or_else(|| quoted_reference(policy, message).filter(|_| from.is_some()));
    if !to_desk && (from.is_none() || own.is_none() && tag.is_none() && !direct && !hands_over(policy, message)) {
        return None;
    }
    let agents: Vec<&str> = policy.agents.keys().map(AgentName::as_str).collect();
    let vendors: Vec<String> = policy.vendors.keys().map(vendor_person).collect();
    let (token, claim) = token_of(policy, &details, &agents, &vendors, own);
    let pressed = to_desk.then(|| one_click::read(policy, &message.subject, at)).flatten();
    let choice = to_desk.then(|| choice_of(policy, message, &details)).flatten();
    let token = match (&pressed, token) {
        (Some(pressed), Token::None | Token::Unbound | Token::Bad) => Token::Bound(pressed.agent.clone()),
        (_, token) => token,
    };
    let is_detail = |detail: &&str| detail.starts_with(['y', 'Y']) && detail.len() > HELD_DETAIL_BYTES_MIN;
    let last = message.subject.split_whitespace().next_back().unwrap_or_default();
    let is_claimed = last.len() == LINK_TOKEN_BYTES && one_click::claimed(policy, &message.subject).is_some();
    let is_link = to_desk && is_claimed && pressed.is_none();
    let bad_token = token == Token::Bad || is_link || choice.is_none() && details.iter().any(is_detail);
    Some(Request { from, to_desk, token, claim, tag, pressed, choice, direct, bad_token })
}

/// Whether an agent's mail to the customers' address says that it is somebody else's request: `#customer a@b` above a mail that
/// they pass on.
fn hands_over(policy: &Policy, message: &Message) -> bool {
    let verbs = policy.templates.verbs();
    let lines = message.reply.new_text.lines().filter_map(|line| line.trim_start().strip_prefix(['#', '＃']));
    let verb = |line: &str| {
        let word = line.trim_start().split([' ', ':', '\t']).next().unwrap_or_default().to_lowercase();
        matches!(find_verb(verbs, &word), Some(Verb::Customer | Verb::New))
    };
    lines.take(HANDED_LINES_MAX).any(verb)
}

/// Command lines of a mail that are looked at for one that hands it over.
const HANDED_LINES_MAX: usize = 20;
/// A token in the subject of a one-click mail.
const LINK_TOKEN_BYTES: usize = 16;
/// Shorter details are no address about a held mail: `y<32 hex>-<token>`.
const HELD_DETAIL_BYTES_MIN: usize = 40;

/// Under which name a vendor's tokens are made: no agent can have it, since names hold no colon.
#[must_use]
pub fn vendor_person(vendor: &VendorName) -> String {
    format!("vendor:{vendor}")
}

/// The detail of one of the desk's addresses; empty for the bare address. `None` if it is another address.
fn detail_of<'a>(desk: &Address, carrier: Carrier, address: &'a Address) -> Option<&'a str> {
    let (local, domain) = (address.local(), address.domain());
    if domain == desk.domain() {
        let (base, detail) = local.split_once('+').unwrap_or((local, ""));
        return base.eq_ignore_ascii_case(desk.local()).then_some(detail);
    }
    let host = domain.strip_suffix(desk.domain())?.strip_suffix('.')?;
    (carrier == Carrier::Subdomain && host.eq_ignore_ascii_case(desk.local())).then_some(local)
}

/// The ticket of the last line of a mail of ours, quoted: `why: owner · ref T-4821.12`. Words of others stand behind a bar, so
/// none of theirs is such a line. It says where a mail belongs, and no more.
fn quoted_reference(policy: &Policy, message: &Message) -> Option<TicketNo> {
    let mark = format!(" · ref {}-", policy.company.prefix);
    let in_line = |line: &str| {
        let line = line.trim_start_matches(['>', ' ', '\t']);
        let (why, behind) = line.split_once(&mark)?;
        let is_ours = agent_words::whys().any(|begin| why.starts_with(begin));
        let (number, rev) = behind.trim_end().split_once('.')?;
        let is_number = |text: &str| !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
        (is_ours && is_number(number) && is_number(rev)).then(|| number.parse().ok().map(TicketNo)).flatten()
    };
    message.text.lines().find_map(in_line)
}

/// The nearest of our own ids that it answers.
fn claim_of_ids(policy: &Policy, message: &Message) -> Option<Claim> {
    let nearest_first = message.in_reply_to.iter().chain(message.references.iter().rev());
    nearest_first.take(60).find_map(|id| policy.keys.read_message_id(id))
}

/// The held mail of a ticket that a mail answers, by the id of our question about it: what tells where the server has no
/// address to carry a token. Whoever answers still has to be its writer, proven.
#[must_use]
pub fn word_by_id(policy: &Policy, ticket: &Ticket, message: &Message) -> Option<Word> {
    let asked = |id: &mail::MessageId, event: EventId| {
        (0..QUESTION_INDEX_MAX).any(|index| policy.keys.is_id_of(id, EffectId::new(event, index)))
    };
    let nearest_first = message.in_reply_to.iter().chain(message.references.iter().rev());
    let ids = nearest_first.take(60).filter(|id| policy.keys.read_message_id(id).is_some_and(|claim| claim.ticket == ticket.no));
    let draft = ids.take(1).find_map(|id| {
        ticket.drafts.iter().find(|draft| asked(id, draft.event) || draft.asked_again.is_some_and(|event| asked(id, event)))
    })?;
    Some(Word { event: draft.event, choice: Choice::Answer, agent: draft.agent.clone() })
}

/// A question is among the first effects of the event that asks it.
const QUESTION_INDEX_MAX: usize = 16;

fn token_of(
    policy: &Policy,
    details: &[&str],
    agents: &[&str],
    vendors: &[String],
    own: Option<Claim>,
) -> (Token, Option<Claim>) {
    let mut bad = None;
    for detail in details.iter().filter(|detail| !detail.is_empty()) {
        if let Some((claim, agent)) = policy.keys.read_reply_detail(detail, agents.iter().copied()) {
            return (Token::Bound(agent.into()), Some(claim));
        }
        if let Some((claim, vendor)) = policy.keys.read_reply_detail(detail, vendors.iter().map(String::as_str)) {
            return (Token::Vendor(vendor.trim_start_matches("vendor:").into()), Some(claim));
        }
        bad = bad.or_else(|| crate::token::read_detail(detail));
    }
    match (own, bad) {
        // Only ids of mails to agents let anything be done; one of a customer's thread says which ticket, no more.
        (Some(claim), _) if claim.mode.is_for_agents() => (Token::Unbound, Some(claim)),
        (_, Some(claim)) => (Token::Bad, Some(claim)),
        (own, None) => (Token::None, own),
    }
}

/// A word about a held mail: in the subject of a link that was pressed, or in an answer to the mail that asked.
fn choice_of(policy: &Policy, message: &Message, details: &[&str]) -> Option<Word> {
    one_click::read_word(policy, &message.subject).or_else(|| {
        let (event, agent) = details.iter().find_map(|detail| policy.keys.read_release_detail(detail, policy.agents.keys()))?;
        Some(Word { event, choice: Choice::Answer, agent: agent.clone() })
    })
}
