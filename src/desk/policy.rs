//! The configuration as the pure core sees it: compiled, every reference checked, nothing optional that has a default.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use mail::Address;

use crate::condition::FieldTest;
use crate::ids::{AccountName, AgentName, FieldId, InboxName, TeamName, TypeName, VendorName};
use crate::rule::RuleBook;
use crate::template::Templates;
use crate::token::Keys;

/// Everything a decision depends on besides ticket and event.
#[derive(Debug)]
pub struct Policy {
    /// Who we are.
    pub company: Company,
    /// Keys for tokens and our own Message-IDs; printed as `***`.
    pub keys: Keys,
    /// Shared addresses.
    pub inboxes: BTreeMap<InboxName, Inbox>,
    /// People who answer.
    pub agents: BTreeMap<AgentName, Agent>,
    /// How agents work by mail; `None` where they do not.
    pub agent_mail: Option<AgentMail>,
    /// Groups of them.
    pub teams: BTreeMap<TeamName, Team>,
    /// Outside companies that work on tickets.
    pub vendors: BTreeMap<VendorName, Vendor>,
    /// Processes.
    pub types: BTreeMap<TypeName, TicketType>,
    /// Promises.
    pub slas: BTreeMap<String, Sla>,
    /// Opening hours; `always` is among them.
    pub calendars: BTreeMap<String, crate::calendar::Calendar>,
    /// Web forms.
    pub forms: Vec<Form>,
    /// Rules top to bottom, with their patterns compiled into sets.
    pub rules: RuleBook,
    /// Hard bounds on automatic mail.
    pub limits: Limits,
    /// Texts of our mails.
    pub templates: Templates,
    /// What happens by itself.
    pub follow_up: FollowUp,
    /// Channels besides mail, `[notify]`.
    pub channels: BTreeMap<String, crate::channel::Channel>,
    /// Who is told when a promise comes near, besides the ladder.
    pub alerts: Vec<Alert>,
    /// Known issues, articles, reports.
    pub knowledge: crate::knowledge::Knowledge,
    /// How long a solved ticket can be reopened by a reply (`follow_up.reopen.within`).
    pub reopen_within: SignedDuration,
    /// Every address that is ours, lower case: inboxes, aliases, agent mail.
    pub own_addresses: BTreeSet<String>,
    /// Where links in mails lead; `None` while no page is served.
    pub url: Option<String>,
}

/// Who we are.
#[derive(Clone, Debug)]
pub struct Company {
    /// Shown in mails.
    pub name: String,
    /// IANA zone of the desk.
    pub timezone: jiff::tz::TimeZone,
    /// Languages of our texts; the first is the fallback.
    pub languages: Vec<String>,
    /// References read `T-4821`.
    pub prefix: String,
}

/// One shared address.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// Its key.
    pub name: InboxName,
    /// Its place in the file: where nothing else tells, the first inbox takes a mail.
    pub place: usize,
    /// Its address.
    pub address: Address,
    /// Shown name: `Fernhill Support`.
    pub label: String,
    /// Aliases.
    pub also: Vec<Address>,
    /// Account that it is watched and sent through.
    pub account: AccountName,
    /// Team of its tickets.
    pub team: TeamName,
    /// Type of its tickets.
    pub ticket_type: TypeName,
    /// Promise for its tickets; `None` = no clocks.
    pub sla: Option<String>,
    /// Template of the acknowledgement; `None` = none is sent.
    pub ack: Option<String>,
    /// Nothing of its tickets stands in automatic mail.
    pub private: bool,
    /// Senders that are machines but ask like people: `@monitor.example`.
    pub machines: Vec<String>,
    /// Language of our texts where nothing else tells it.
    pub language: Option<String>,
    /// Where its PGP key is, as customers read it.
    pub pgp: Option<String>,
}

/// How agents work by mail, `[agent_mail]`.
#[derive(Clone, Debug)]
pub struct AgentMail {
    /// Where agents answer; customers never see it.
    pub address: Address,
    /// How a reply address carries its token.
    pub carrier: Carrier,
    /// Mail to customers waits so long, so that it can be undone.
    pub undo_send: SignedDuration,
    /// Which acts are confirmed by a mail.
    pub receipts: Receipts,
    /// Larger files arrive as links, bytes.
    pub attach_bytes: u64,
    /// When the morning list is sent, in the company's zone.
    pub digest: Option<jiff::civil::Time>,
    /// What proves that an agent's mail is theirs.
    pub proof: AgentProof,
}

impl AgentMail {
    /// The address whose answers carry a detail, by the carrier; the bare address where the subject carries it, and where
    /// the detail makes no address.
    #[must_use]
    pub fn reply_address(&self, detail: &str) -> Address {
        let (local, domain) = (self.address.local(), self.address.domain());
        let with_detail = match self.carrier {
            Carrier::Plus => Address::new(&format!("{local}+{detail}@{domain}")),
            Carrier::Subdomain => Address::new(&format!("{detail}@{local}.{domain}")),
            Carrier::Subject => Ok(self.address.clone()),
        };
        with_detail.unwrap_or_else(|_| self.address.clone())
    }
}

/// How a reply address carries its token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carrier {
    /// `desk+t4821-12r-<token>@fernhill.example` (RFC 5233).
    #[default]
    Plus,
    /// `t4821-12r-<token>@desk.fernhill.example`.
    Subdomain,
    /// `desk@fernhill.example`; the token is our Message-ID in the answer's references.
    Subject,
}

/// Which acts of agents are confirmed by a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receipts {
    /// None; what was not done is told all the same, since somebody has to decide what becomes of it.
    None,
    /// None but of mistakes.
    Errors,
    /// Batches of commands.
    #[default]
    Commands,
    /// Answers too.
    All,
}

/// What proves that an agent's mail is theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentProof {
    /// A token, and a sender whose domain vouches for the mail.
    #[default]
    TokenSender,
    /// A token, and a `pin:` line.
    TokenPin,
    /// A token; for loopback and maildirs only.
    Token,
}

/// A person who answers.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Key.
    pub name: AgentName,
    /// Shown name.
    pub label: String,
    /// Where their mail goes.
    pub email: Address,
    /// Further addresses of theirs.
    pub also: Vec<Address>,
    /// Languages.
    pub speaks: Vec<String>,
    /// Gets reports, never tickets.
    pub reports_only: bool,
    /// Argon2id hash of the PIN, in PHC format.
    pub pin: Option<String>,
    /// Calendar of the hours in which they work; `None` = always.
    pub calendar: Option<String>,
}

/// A group of agents.
#[derive(Clone, Debug)]
pub struct Team {
    /// Key.
    pub name: TeamName,
    /// Who leads it.
    pub lead: Option<AgentName>,
    /// Its members, in file order.
    pub members: Vec<AgentName>,
    /// How tickets find an owner.
    pub assign: Assign,
    /// Most open tickets per member.
    pub max_open: Option<u32>,
}

/// How tickets find an owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assign {
    /// Whoever has the fewest open tickets.
    LeastLoaded,
    /// One after the other.
    RoundRobin,
    /// Whoever takes it.
    #[default]
    Pull,
}

/// An outside company.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// Key.
    pub name: VendorName,
    /// Shown name.
    pub label: String,
    /// Where their side thread goes.
    pub email: Address,
    /// Pattern of their number; group 1 is the number.
    pub their_ref: Option<regex::Regex>,
    /// Fields that they may see.
    pub sees: Vec<FieldId>,
    /// How long an answer may take.
    pub within: Option<crate::calendar::Span>,
    /// Calendar that counts; `None` = the clock.
    pub calendar: Option<String>,
    /// When they are asked again, counted from the question.
    pub chase: Vec<crate::calendar::Span>,
}

/// A process.
#[derive(Clone, Debug)]
pub struct TicketType {
    /// Key.
    pub name: TypeName,
    /// For people.
    pub label: String,
    /// What is asked, in file order.
    pub fields: Vec<Field>,
    /// What is walked, in file order.
    pub steps: Vec<Step>,
    /// Questions at closing.
    pub close_asks: Vec<String>,
    /// What everybody who asks for this should know, by language; without a language for all others.
    pub policy: BTreeMap<String, String>,
}

/// One thing to know about a request.
#[derive(Clone, Debug)]
pub struct Field {
    /// Key.
    pub id: FieldId,
    /// The question, in the company's first language where there are several.
    pub ask: String,
    /// The question by language, where it was given for several.
    pub asks: BTreeMap<String, String>,
    /// What values look like.
    pub kind: FieldKind,
    /// Pattern that finds it in text; group `value`, else group 1, else the whole match.
    pub find: Option<regex::Regex>,
    /// Labels that announce it: `Serial: …`.
    pub labels: Vec<String>,
    /// Pattern that a value must match.
    pub matches: Option<regex::Regex>,
    /// Choices, for [`FieldKind::Choice`].
    pub options: Vec<String>,
    /// The request is incomplete without it.
    pub required: bool,
    /// Customers are never asked and their mails never fill it.
    pub agents_only: bool,
}

impl Field {
    /// The question in the first of these languages that has one.
    #[must_use]
    pub fn question(&self, languages: &[&str]) -> &str {
        languages.iter().find_map(|language| self.asks.get(*language)).unwrap_or(&self.ask)
    }

    /// Every wording of the question.
    pub fn questions(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.ask).chain(self.asks.values()).map(String::as_str)
    }
}

/// What values look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum FieldKind {
    #[default]
    Text,
    Number,
    Money,
    Date,
    Choice,
    Email,
    Phone,
    Url,
    Bool,
}

/// One step of a process.
#[derive(Clone, Debug)]
pub struct Step {
    /// Key within the type.
    pub id: String,
    /// Checklist.
    pub todo: Vec<String>,
    /// How long it may take.
    pub within: Option<crate::calendar::Span>,
    /// Who it waits on: `customer`, a vendor or a team.
    pub waits_on: Option<String>,
    /// Team that does it; `None` = the ticket's.
    pub team: Option<TeamName>,
    /// Agent who does it; `None` = the ticket's owner, or somebody of the team.
    pub owner: Option<AgentName>,
    /// A second person does it, never the ticket's owner.
    pub by_other: bool,
    /// Skipped unless these fields are so.
    pub only_if: Vec<(FieldId, FieldTest)>,
    /// Ends with `done` or `reject`.
    pub approve: bool,
    /// What happens when it is late; `None` = its owner is told.
    pub on_late: Option<OnLate>,
    /// Steps that must have ended; `None` = the one before.
    pub after: Option<Vec<String>>,
}

impl Step {
    /// A step of which nothing is known but its name.
    #[must_use]
    pub fn named(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            todo: Vec::new(),
            within: None,
            waits_on: None,
            team: None,
            owner: None,
            by_other: false,
            only_if: Vec::new(),
            approve: false,
            on_late: None,
            after: None,
        }
    }
}

/// What happens when a step is late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnLate {
    /// Told: `owner`, `lead`, `team`, agents, teams, channels.
    pub tell: Vec<String>,
    /// Gets the ticket.
    pub assign: Option<String>,
    /// The new priority.
    pub priority: Option<crate::Priority>,
    /// Told after those.
    pub escalate: Vec<String>,
}

/// What happens by itself while customers are silent and after closing, `[follow_up]`.
#[derive(Clone, Debug)]
pub struct FollowUp {
    /// While the requester owes the next word, by time.
    pub silent: Vec<Silent>,
    /// What follows a closing; `None` = nothing is sent.
    pub closed: Option<ClosedMail>,
    /// The question after some time whether it is still fine.
    pub check_in: Option<CheckIn>,
    /// Plain thanks do not reopen.
    pub thanks_keeps_closed: bool,
    /// When customer mail leaves, at the customer's place.
    pub hours: (jiff::civil::Time, jiff::civil::Time),
    /// Calendar of business days; `None` = that of the promise, else Monday to Friday.
    pub calendar: Option<String>,
}

impl Default for FollowUp {
    fn default() -> Self {
        Self {
            silent: Vec::new(),
            closed: None,
            check_in: None,
            thanks_keeps_closed: true,
            hours: crate::follow_up::default_hours(),
            calendar: None,
        }
    }
}

/// An entry of `follow_up.silent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// After so long.
    pub after: crate::calendar::Span,
    /// What is done.
    pub then: Then,
}

/// What is done about a silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// A template is sent.
    Send(String),
    /// It is closed, for that reason.
    Close(String),
}

/// What follows a closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedMail {
    /// Template.
    pub send: String,
    /// A person is asked for a rating at most so often; `None` = never.
    pub rating_every: Option<SignedDuration>,
}

/// The question after closing whether it is still fine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckIn {
    /// After so long.
    pub after: crate::calendar::Span,
    /// Template.
    pub send: String,
    /// Types it is asked for; empty = all.
    pub types: BTreeSet<TypeName>,
}

/// An `[[alert]]` about promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// For people.
    pub name: String,
    /// Less than so many hundredths of a promise's time are left.
    pub left_percent: u32,
    /// Priorities it is for; empty = all.
    pub priorities: Vec<crate::Priority>,
    /// Told: `owner`, `lead`, `team`, agents, teams, channels.
    pub tell: Vec<String>,
    /// The ticket is at least that important from then on.
    pub raise: Option<crate::Priority>,
}

impl Alert {
    /// Whether it is about that ticket.
    #[must_use]
    pub fn concerns(&self, ticket: &crate::Ticket) -> bool {
        self.priorities.is_empty() || self.priorities.contains(&ticket.priority)
    }
}

/// Targets per priority.
#[derive(Clone, Debug)]
pub struct Sla {
    /// Key.
    pub name: String,
    /// Calendar whose open time counts.
    pub calendar: String,
    /// To the first human answer; indexed by [`crate::Priority`] as `usize`, low first.
    pub first_response: [Option<crate::calendar::Span>; 4],
    /// To the next human answer.
    pub next_response: [Option<crate::calendar::Span>; 4],
    /// To the end.
    pub resolution: [Option<crate::calendar::Span>; 4],
    /// Told one after the other from the target on; empty = the owner, then the lead.
    pub escalate: Vec<String>,
    /// Customers are told the later of the target and what was usual lately.
    pub promises_measured: bool,
}

/// A mail that a web form writes.
#[derive(Clone, Debug)]
pub struct Form {
    /// Key.
    pub name: String,
    /// Line in the file.
    pub line: u32,
    /// Which mails.
    pub when: crate::rule::Condition,
    /// How the body is read.
    pub reads: FormReader,
    /// Key in the mail → `requester`, `requester.name`, `subject`, `text` or a field.
    pub maps: BTreeMap<String, String>,
}

/// How the body of a form mail is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FormReader {
    /// `Key: value` lines.
    #[default]
    Lines,
    /// HTML tables and definition lists.
    Table,
    /// A JSON object.
    Json,
    /// `a=b&c=d`.
    UrlEncoded,
}

/// Most notices within an hour that can be allowed: so many instants are remembered of each agent, whatever the clock does.
pub const NOTICES_PER_HOUR_MAX: u32 = 256;

/// Hard bounds on automatic mail, `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Acknowledgements per sender (detail folded) in 24 h.
    pub acks_per_sender_day: u32,
    /// Acknowledgements per domain in 24 h.
    pub acks_per_domain_day: u32,
    /// The same for domains where strangers share a name.
    pub acks_per_freemail_day: u32,
    /// Acknowledgements in all, per hour.
    pub acks_per_hour: u32,
    /// Acknowledgements in all, per 24 h; past it the breaker latches.
    pub acks_per_day: u32,
    /// Reopenings of one ticket by mail in 24 h.
    pub reopens_per_day: u32,
    /// Notices to one agent per hour.
    pub notices_per_agent_hour: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            acks_per_sender_day: 3,
            acks_per_domain_day: 20,
            acks_per_freemail_day: 200,
            acks_per_hour: 60,
            acks_per_day: 300,
            reopens_per_day: 5,
            notices_per_agent_hour: 30,
        }
    }
}

impl Policy {
    /// The first inbox of the file, of those that fit.
    pub fn first_inbox(&self, fits: impl Fn(&Inbox) -> bool) -> Option<&Inbox> {
        self.inboxes.values().filter(|inbox| fits(inbox)).min_by_key(|inbox| inbox.place)
    }

    /// The reference customers see: `T-4821`.
    #[must_use]
    pub fn reference(&self, ticket: crate::TicketNo) -> String {
        format!("{}-{}", self.company.prefix, ticket.0)
    }

    /// The agent with that address, if any.
    #[must_use]
    pub fn agent_by_address(&self, address: &Address) -> Option<&Agent> {
        let folded = address.folded();
        self.agents.values().find(|agent| agent.email.folded() == folded || agent.also.iter().any(|also| also.folded() == folded))
    }

    /// Agents who work on a ticket of that team, in the team's order; all agents where the team is not known.
    pub fn members(&self, team: Option<&TeamName>) -> impl Iterator<Item = &Agent> {
        let team = team.and_then(|name| self.teams.get(name));
        let in_team = team.into_iter().flat_map(|team| team.members.iter().filter_map(|name| self.agents.get(name)));
        let all = self.agents.values().filter(move |_| team.is_none());
        in_team.chain(all).filter(|agent| !agent.reports_only)
    }

    /// The inbox with that address or alias, if any; `+detail` is ignored.
    #[must_use]
    pub fn inbox_by_address(&self, address: &Address) -> Option<&Inbox> {
        let folded = address.without_detail();
        self.inboxes
            .values()
            .find(|inbox| inbox.address.folded() == folded || inbox.also.iter().any(|also| also.folded() == folded))
    }
}
