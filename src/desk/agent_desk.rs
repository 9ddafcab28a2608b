//! What agents ask of the desk without a ticket: lists, searches, new tickets for somebody else, being away.

use jiff::Timestamp;
use mail::machine::Verdict;
use mail::{Address, Message};

use crate::agent_mail::Found;
use crate::agent_request::Request;
use crate::argument::Line;
use crate::arrival::Incoming;
use crate::command::{Command, DeskCommand, Listing, Period};
use crate::command_block::{self, Block};
use crate::command_word::{self, Context, Names, Said};
use crate::decide::nothing;
use crate::decision::{Decision, MessageEntry, Outcome};
use crate::desk_mail::{DeskMail, Listing as Listed, Mistake};
use crate::effect::Effect;
use crate::event::{AgentState, Arrival};
use crate::ids::{AgentName, EffectId, InboxName, TeamName, TicketNo};
use crate::knowledge::Every;
use crate::opening;
use crate::policy::{Agent, Policy};
use crate::remark::Remark;
use crate::ticket::{Requester, Status, Ticket};
use crate::ticket_mail::{AgentDesk, address_of, name_of};
use crate::{agent_act, agent_hold, chore_mail, gist};

/// Tickets in one answer.
const LISTED_MAX: usize = 50;
/// An away notice without a date counts for so long.
const AWAY_DEFAULT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What an agent asks to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who asks.
    pub agent: AgentName,
    /// The teams that they are in.
    pub teams: Vec<TeamName>,
    /// What.
    pub what: Asked,
}

/// What can be asked to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Open tickets of a scope.
    List(Listing),
    /// Tickets that have all these words.
    Find(String),
    /// One ticket.
    Show(TicketNo),
}

/// The tickets that answer a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matches {
    /// The first of them, in order.
    pub tickets: Vec<Ticket>,
    /// How many there are.
    pub total: usize,
    /// So many were looked through, the newest ones, and there are more; `None` = all were.
    pub looked_through: Option<usize>,
}

impl Question {
    /// The one ticket that it is about.
    #[must_use]
    pub fn number(&self) -> Option<TicketNo> {
        match self.what {
            Asked::Show(no) => Some(no),
            Asked::List(_) | Asked::Find(_) => None,
        }
    }

    /// The statuses that its answers have; empty = any.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        match self.what {
            Asked::List(_) => Status::ALL.into_iter().filter(|status| status.is_active()).collect(),
            Asked::Find(_) | Asked::Show(_) => Vec::new(),
        }
    }

    /// The tickets that answer it, out of all, in their order.
    #[must_use]
    pub fn answer(&self, all: Vec<Ticket>, at: Timestamp) -> Matches {
        let mut matches = Matches::default();
        for ticket in all.into_iter().filter(|ticket| self.fits(ticket, at)) {
            matches.total += 1;
            if matches.tickets.len() < LISTED_MAX {
                matches.tickets.push(ticket);
            }
        }
        matches
    }

    fn fits(&self, ticket: &Ticket, at: Timestamp) -> bool {
        match &self.what {
            Asked::Show(no) => ticket.no == *no,
            Asked::List(which) => ticket.status.is_active() && self.is_in(which, ticket, at),
            Asked::Find(words) => {
                let text = searched(ticket);
                let words = words.to_lowercase();
                words.split_whitespace().all(|word| text.contains(word) || is_in_gist(ticket, word))
            }
        }
    }

    fn is_in(&self, which: &Listing, ticket: &Ticket, at: Timestamp) -> bool {
        match which {
            Listing::Mine => ticket.owner.as_ref() == Some(&self.agent),
            Listing::Team(Some(team)) => ticket.team.as_ref() == Some(team),
            Listing::Team(None) => ticket.team.as_ref().is_some_and(|team| self.teams.contains(team)),
            Listing::Overdue => crate::ticket_block::due(ticket).is_some_and(|due| due < at),
        }
    }
}

/// Everything on a ticket itself in which words are looked for, in lower case.
fn searched(ticket: &Ticket) -> String {
    let mut text = format!("{} {} {}", ticket.subject, ticket.requester.name, ticket.requester.address);
    let people = ticket.participants.iter().map(Address::as_str);
    let values = ticket.fields.values().map(|value| value.value.as_str());
    let noted = ticket.last_note.iter().map(|note| note.excerpt.as_str());
    let answered = ticket.answered.iter().map(|answered| answered.excerpt.as_str());
    for part in people.chain(values).chain(ticket.tags.iter().map(String::as_str)).chain(noted).chain(answered) {
        text.push(' ');
        text.push_str(part);
    }
    text.to_lowercase()
}

/// Whether a word stands in what a ticket remembers of its first mail.
fn is_in_gist(ticket: &Ticket, word: &str) -> bool {
    gist::terms(word).iter().any(|term| ticket.help.gist.contains(&term.stem))
}

/// The question that a mail to the desk asks, if it asks one.
#[must_use]
pub(crate) fn question(policy: &Policy, request: &Request, message: &Message, at: Timestamp) -> Option<Question> {
    let agent = request.from.as_ref()?;
    let block = read(policy, agent, message, at);
    let Said::Desk(command) = &block.commands.first()?.said else { return None };
    let what = match command {
        DeskCommand::List { which } => Asked::List(which.clone()),
        DeskCommand::Find { words } => Asked::Find(words.clone()),
        DeskCommand::Show { ticket } => Asked::Show(*ticket),
        DeskCommand::New { .. }
        | DeskCommand::Away { .. }
        | DeskCommand::Forget { .. }
        | DeskCommand::Report { .. }
        | DeskCommand::Help { .. } => {
            return None;
        }
    };
    let teams = policy.teams.values().filter(|team| team.members.contains(agent)).map(|team| team.name.clone()).collect();
    Some(Question { agent: agent.clone(), teams, what })
}

/// How long the report covers that a mail to the desk asks for, if it asks for one.
pub(crate) fn wants_report(policy: &Policy, request: &Request, message: &Message, at: Timestamp) -> Option<Every> {
    let block = read(policy, request.from.as_ref()?, message, at);
    match &block.commands.first()?.said {
        Said::Desk(DeskCommand::Report { period: Period::Week }) => Some(Every::Week),
        Said::Desk(DeskCommand::Report { period: Period::Month }) => Some(Every::Month),
        Said::Desk(_) | Said::Ticket(_) => None,
    }
}

fn read(policy: &Policy, agent: &AgentName, message: &Message, at: Timestamp) -> Block {
    let context = Context { policy, ticket: None, agent: Some(agent), at, names: Names::default() };
    let mut block = command_block::read(&context, &agent_act::divide(message, None).new_text);
    if !block.is_empty() {
        return block;
    }
    // A mail to the desk alone may say its word in the subject: `list mine`.
    let by_subject = command_block::read(&context, &format!("#{}", message.subject.trim().trim_start_matches('#')));
    // A subject is a command by its first word; a mistake behind that is told, where the mail says nothing else.
    let is_mistake = || !by_subject.mistakes.is_empty() && is_verb(policy, &message.subject) && block.message.trim().is_empty();
    if by_subject.commands.is_empty() && !is_mistake() {
        return block;
    }
    let message = block.message;
    block = by_subject;
    block.message = message;
    block
}

fn is_verb(policy: &Policy, line: &str) -> bool {
    command_word::find_verb(policy.templates.verbs(), &Line::new(line).verb).is_some()
}

/// Decides about a mail of a proven agent that is about no ticket.
pub(crate) fn decide(mail: &mut Incoming<'_>, found: &Found, agent: &AgentName) -> Option<Decision> {
    let policy = mail.policy;
    let agent = policy.agents.get(agent)?;
    let message = &mail.arrival.parsed.message;
    let block = read(policy, &agent.name, message, mail.event.at);
    if let Some(wrong) = block.mistakes.first() {
        let mistake = &wrong.mistake;
        return Some(wrong_at(mail, agent, &wrong.text, &mistake.what, mistake.place(&wrong.text)));
    }
    if let Some(customer) = named_customer(&block) {
        return Some(new_ticket(mail, agent, Some(&customer), &block));
    }
    let Some(line) = block.commands.first() else {
        // An agent who writes to the customers' address without a ticket asks like anybody.
        let to_desk = found.request.as_ref()?.to_desk;
        return to_desk.then(|| help(mail, agent, None));
    };
    Some(match &line.said {
        Said::Desk(command) => carry_out(mail, found, agent, command, &block),
        Said::Ticket(_) => wrong_line(mail, agent, &line.text, &Remark::of(|say| say.which_ticket)),
    })
}

fn carry_out(mail: &mut Incoming<'_>, found: &Found, agent: &Agent, command: &DeskCommand, block: &Block) -> Decision {
    match command {
        DeskCommand::List { .. } | DeskCommand::Find { .. } => {
            let query = block.commands.first().map_or("", |line| line.text.as_str()).to_owned();
            answer(mail, agent, |desk_mail, id| {
                let Matches { tickets, total, looked_through } = &found.listing;
                let listed = Listed { query: &query, tickets, total: *total, looked_through: *looked_through };
                desk_mail.listing(&listed, id)
            })
        }
        DeskCommand::Show { ticket } => match found.listing.tickets.first() {
            Some(shown) => {
                answer(mail, agent, |desk_mail, id| DeskMail { ticket: Some(shown), ..*desk_mail }.whole(&found.messages, id))
            }
            None => wrong_line(mail, agent, &format!("show {}", mail.policy.reference(*ticket)), &Remark::of(|say| say.absent)),
        },
        DeskCommand::New { customer } => new_ticket(mail, agent, customer.as_ref(), block),
        DeskCommand::Away { until } => away(mail, agent, *until),
        DeskCommand::Forget { address } => forget(mail, agent, address),
        DeskCommand::Report { .. } => match &found.report {
            Some(report) => answer(mail, agent, |desk_mail, id| chore_mail::report(desk_mail, report, id)),
            None => wrong_line(mail, agent, "report", &Remark::of(|say| say.no_report)),
        },
        DeskCommand::Help { verb } => help(mail, agent, verb.as_deref()),
    }
}

fn help(mail: &mut Incoming<'_>, agent: &Agent, verb: Option<&str>) -> Decision {
    answer(mail, agent, |desk_mail, id| desk_mail.commands(verb, id))
}

/// Nothing is held, since nothing but the line was said: the agent writes it again. Where they were told of a mistake within
/// ten minutes they are not told once more, so the mail waits on the list of held ones.
fn wrong_line(mail: &mut Incoming<'_>, agent: &Agent, line: &str, what: &Remark) -> Decision {
    wrong_at(mail, agent, line, what, (0, line.chars().count()))
}

fn wrong_at(mail: &mut Incoming<'_>, agent: &Agent, line: &str, what: &Remark, characters: (usize, usize)) -> Decision {
    let known = mail.event.around.agents.get(&agent.name).cloned().unwrap_or_default();
    let Some(state) = agent_hold::told_at_desk(&known, mail.event.at) else {
        mail.trace("notice", "no", "told of a mistake at the desk within ten minutes");
        return mail.held_aside(format!("`{line}`: {what}"));
    };
    let lines = [line.to_owned()];
    let held = mail.event.id;
    let mut decision = answer(mail, agent, |desk_mail, id| {
        let what = what.told(desk_mail.words().language);
        desk_mail.mistake(&Mistake { held, lines: &lines, wrong: 0, characters, what, meant: None, has_text: false }, id)
    });
    decision.effects.push(Effect::Agent { name: agent.name.clone(), state });
    decision
}

/// One mail back, and nothing else.
fn answer(mail: &mut Incoming<'_>, agent: &Agent, build: impl FnOnce(&DeskMail<'_>, EffectId) -> crate::Send) -> Decision {
    mail.trace("decide", "answered", format!("to {}", agent.email));
    let mut decision = nothing("agent", "a question to the desk");
    decision.trace = std::mem::take(&mut mail.lines);
    if let Some(desk) = AgentDesk::of_agent(mail.policy, agent) {
        let send = build(&DeskMail { desk, to: agent, ticket: None, at: mail.event.at }, EffectId::new(mail.event.id, 0));
        decision.effects.push(Effect::Send(Box::new(send)));
    }
    decision
}

fn away(mail: &mut Incoming<'_>, agent: &Agent, until: Option<Timestamp>) -> Decision {
    let state = mail.event.around.agents.get(&agent.name).cloned().unwrap_or_default();
    let mut decision = answer(mail, agent, |desk_mail, id| desk_mail.away(until, id));
    let state = AgentState { away_until: until, ..state };
    decision.effects.push(Effect::Agent { name: agent.name.clone(), state });
    decision
}

/// The agent takes back that an address is theirs. Who may do so is the same as who may say anything in their name.
fn forget(mail: &mut Incoming<'_>, agent: &Agent, address: &Address) -> Decision {
    let mut state = mail.event.around.agents.get(&agent.name).cloned().unwrap_or_default();
    if !state.addresses.remove(&address.folded()) {
        let is_configured = mail.policy.agent_by_address(address).is_some_and(|known| known.name == agent.name);
        let what = if is_configured { Remark::of(|say| say.address_configured) } else { Remark::of(|say| say.address_unknown) };
        return wrong_line(mail, agent, &format!("forget {address}"), &what);
    }
    mail.trace("agent", "address forgotten", format!("{address} is no longer {}'s", agent.name));
    let mut decision = answer(mail, agent, |desk_mail, id| desk_mail.forgotten(address, id));
    decision.effects.push(Effect::Agent { name: agent.name.clone(), state });
    decision
}

/// An agent's own away notice makes them away: until the day it names, else for a day. Nothing else of it counts.
pub(crate) fn away_notice(mail: &mut Incoming<'_>, found: &Found, verdict: &Verdict) -> Option<Decision> {
    let name = found.request.as_ref()?.from.clone()?;
    if !mail.arrival.proof.is_proven() {
        return None;
    }
    let at = mail.event.at;
    let zone = &mail.policy.company.timezone;
    let back = verdict.return_on.as_ref().and_then(|date| date.to_string().parse::<jiff::civil::Date>().ok());
    let until = back.and_then(|date| date.at(8, 0, 0, 0).to_zoned(zone.clone()).ok()).map(|zoned| zoned.timestamp());
    let until = until.filter(|until| *until > at).or_else(|| at.checked_add(AWAY_DEFAULT).ok())?;
    mail.trace("agent", "away", format!("{name} is away until {until}"));
    let state = mail.event.around.agents.get(&name).cloned().unwrap_or_default();
    let mut decision = nothing("agent", "an away notice");
    decision.outcome = Outcome::MachineLedger;
    decision.trace = std::mem::take(&mut mail.lines);
    decision.effects.push(Effect::Agent { name, state: AgentState { away_until: Some(until), ..state } });
    Some(decision)
}

/// Whose request it is, where a line says so: `customer a@b`.
fn named_customer(block: &Block) -> Option<Address> {
    block.commands.iter().find_map(|line| match &line.said {
        Said::Ticket(Command::SetRequester { address }) => Some(address.clone()),
        Said::Ticket(_) | Said::Desk(_) => None,
    })
}

/// A ticket for somebody else: after a phone call, or for a mail that was forwarded. What is forwarded is the request; what the
/// agent says besides stays inside.
fn new_ticket(mail: &mut Incoming<'_>, agent: &Agent, customer: Option<&Address>, block: &Block) -> Decision {
    let forwarded = mail.arrival.parsed.message.reply.forward.as_ref();
    let author = forwarded.and_then(|forward| forward.from.as_deref());
    let from_forward = || Address::new(address_of(author?)).ok();
    let Some(customer) = customer.cloned().or_else(|| named_customer(block)).or_else(from_forward) else {
        return wrong_line(mail, agent, "new", &Remark::of(|say| say.say_customer));
    };
    let name = author.filter(|author| address_of(author).eq_ignore_ascii_case(customer.as_str())).map(name_of);
    let name = name.filter(|name| !name.contains('@')).unwrap_or_default();
    let said = block.message.trim();
    let (text, note) = match forwarded {
        Some(forward) => (forward.text.clone(), Some(said.to_owned()).filter(|said| !said.is_empty())),
        None => (block.message.clone(), None),
    };
    let from = if name.is_empty() { customer.to_string() } else { format!("{name} <{customer}>") };
    let mut entry = MessageEntry { from, text, cut_is_news: false, ..mail.entry(None, true) };
    entry.cut.clear();
    let requester = Requester { name, address: customer, proven: false };
    let arrival = Arrival { inbox: inbox_of(mail, agent), ..mail.arrival.clone() };
    let mut theirs = Incoming::new(mail.policy, mail.event, &arrival);
    theirs.lines = std::mem::take(&mut mail.lines);
    opening::for_customer(&mut theirs, agent, requester, entry, note)
}

/// The inbox of what an agent asks for somebody: the one that the mail names, else that of their team.
fn inbox_of(mail: &Incoming<'_>, agent: &Agent) -> InboxName {
    let message = mail.message();
    let mut recipients = message.to.iter().chain(&message.cc).map(|mailbox| &mailbox.address).chain(&message.delivered_to);
    let is_named = recipients.any(|address| mail.policy.inbox_by_address(address).is_some());
    let of_team = AgentDesk::of_agent(mail.policy, agent).filter(|_| !is_named);
    of_team.map_or_else(|| mail.arrival.inbox.clone(), |desk| desk.inbox.name.clone())
}
