//! What can be asked of a desk, running or not: requests and their answers.

use std::path::PathBuf;
use std::sync::Arc;

use desk::effect::{OutboxPhase, OutboxStep};
use desk::event::Actor;
use desk::{AgentName, EffectId, Policy, Status, TicketNo, closing_question, command_word};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::cli::output::{Exit, Failure};
use crate::cli::{verb, view};
use crate::clock::Clock;
use crate::engine::core::Order;
use crate::engine::outgoing::step_of;
use crate::engine::{Engine, Outgoing as _};
use crate::store::{Record, TicketFilter};

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// How the desk is doing.
    Status,
    /// Tickets, newest first.
    TicketList {
        /// Any of these; empty = all.
        status: Vec<String>,
        /// Of this team.
        team: Option<String>,
        /// Of this owner.
        owner: Option<String>,
        /// Of this inbox.
        inbox: Option<String>,
        /// At most so many; 0 = all.
        limit: usize,
    },
    /// One ticket with its history.
    TicketShow {
        /// Reference.
        ticket: String,
    },
    /// A command on a ticket.
    Act {
        /// Reference.
        ticket: String,
        /// Its words.
        words: Vec<String>,
        /// As which agent; `None` = operator.
        agent: Option<String>,
        /// Identity of the request.
        request: String,
    },
    /// The practice ticket for an agent.
    AgentInvite {
        /// Name of the agent.
        agent: String,
        /// Identity of the request.
        request: String,
    },
    /// Outgoing mail.
    OutboxList {
        /// Also what has left or failed.
        all: bool,
    },
    /// A change to outgoing mail.
    OutboxChange {
        /// Which change.
        change: OutboxChange,
        /// Which mails; empty = all that can be.
        ids: Vec<String>,
    },
    /// What waits for a person.
    HeldList,
    /// One of them.
    HeldShow {
        /// Its id.
        id: String,
    },
    /// Let one in, or put it away.
    HeldDecide {
        /// Its id.
        id: String,
        /// Let it in.
        release: bool,
    },
    /// Why a ticket's mails were decided as they are.
    Explain {
        /// Reference.
        ticket: String,
    },
    /// Put the changed configuration in force.
    Reload,
    /// What that would change.
    Plan,
    /// Let automatic mail go again after the breaker opened.
    BreakerReset,
    /// Events after a number.
    Events {
        /// The newest number already seen; `None` = the last `limit`.
        after: Option<u64>,
        /// At most so many.
        limit: usize,
    },
    /// The report of a time.
    Report(ReportRequest),
    /// Copy the store.
    Backup {
        /// Where to, absolute.
        dir: PathBuf,
    },
}

/// Which report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportRequest {
    /// The last whole one of these.
    pub every: desk::knowledge::Every,
    /// From this day on instead.
    pub since: Option<String>,
    /// Only of this team.
    pub team: Option<String>,
    /// Send it, to an agent; empty = to the leads.
    pub mail: Option<String>,
    /// Identity of the request.
    pub request: String,
}

/// What happens to outgoing mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxChange {
    /// Try now.
    Retry,
    /// Stop.
    Hold,
    /// Throw away.
    Drop,
}

impl OutboxChange {
    /// The phase it leads to, from phases where nothing is on its way.
    fn phase(self, from: &OutboxPhase) -> Option<OutboxPhase> {
        match (self, from) {
            (Self::Retry, OutboxPhase::Deferred | OutboxPhase::Held) => Some(OutboxPhase::Queued),
            (Self::Hold, OutboxPhase::Deferred | OutboxPhase::Queued) => Some(OutboxPhase::Held),
            (Self::Drop, OutboxPhase::Deferred | OutboxPhase::Held | OutboxPhase::Queued) => Some(OutboxPhase::Dropped),
            _ => None,
        }
    }
}

/// What a process knows besides its engine; the daemon has more to tell than a store that was opened for one command.
pub trait Surroundings: Send + Sync + 'static {
    /// State of inboxes and sending, for `status`.
    fn health(&self) -> Health;
    /// Reads the configuration anew and puts it in force. What changed, in words.
    ///
    /// # Errors
    /// All of its problems, in words; the old one stays.
    fn reload(&self) -> Result<Vec<String>, Failure>;
    /// What [`Surroundings::reload`] would change.
    ///
    /// # Errors
    /// As there.
    fn plan(&self) -> Result<Vec<String>, Failure>;
}

/// State of inboxes and sending.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Watched inboxes.
    pub inboxes: Vec<Value>,
    /// Sending accounts.
    pub accounts: Vec<Value>,
    /// Short hash of the configuration in force.
    pub config: String,
    /// Since when the daemon runs; `None` where none does.
    pub started_at: Option<Timestamp>,
}

/// Answers requests.
#[derive(Clone)]
pub struct Service {
    /// The engine.
    pub engine: Engine,
    /// The clock.
    pub clock: Clock,
    /// The store's directory, where there is one.
    pub store_dir: Option<PathBuf>,
    /// The rest of the process.
    pub surroundings: Arc<dyn Surroundings>,
}

type Answer = Result<Value, Failure>;

impl Service {
    /// Answers one request.
    ///
    /// # Errors
    /// A failure for the person who asked.
    pub async fn answer(&self, request: Request) -> Answer {
        match request {
            Request::Status => Ok(self.status()),
            Request::TicketList { status, team, owner, inbox, limit } => self.ticket_list(&status, &[team, owner, inbox], limit),
            Request::TicketShow { ticket } => self.ticket_show(&ticket),
            Request::Act { ticket, words, agent, request } => self.act(&ticket, &words, agent, request).await,
            Request::AgentInvite { agent, request } => self.invite(&agent, request).await,
            Request::OutboxList { all } => {
                let policy = self.policy();
                Ok(self.engine.store().outbox(all, 0).iter().map(|row| view::outbox_row(&policy, row)).collect())
            }
            Request::OutboxChange { change, ids } => self.outbox_change(change, &ids).await,
            Request::HeldList => {
                let policy = self.policy();
                Ok(self.engine.store().held().iter().map(|item| view::held(&policy, item)).collect())
            }
            Request::HeldShow { id } => self.held_show(&id),
            Request::HeldDecide { id, release } => self.held_decide(&id, release).await,
            Request::Explain { ticket } => self.explain(&ticket),
            Request::Reload => self.surroundings.reload().map(|changes| json!({ "changes": changes })),
            Request::Plan => self.surroundings.plan().map(|changes| json!({ "changes": changes })),
            Request::BreakerReset => {
                self.engine.record(vec![Record::Breaker { reason: None, at: self.clock.now() }]).await?;
                Ok(json!({ "breaker": null }))
            }
            Request::Events { after, limit } => self.events(after, limit),
            Request::Report(request) => super::service_report::answer(self, request).await,
            Request::Backup { dir } => self.backup(dir).await,
        }
    }

    fn policy(&self) -> Arc<Policy> {
        self.engine.live().policy.clone()
    }

    fn status(&self) -> Value {
        let store = self.engine.store();
        let counts = store.counts();
        let health = self.surroundings.health();
        let tickets: Map<String, Value> =
            Status::ALL.iter().zip(counts.tickets).map(|(status, count)| (status.as_str().to_owned(), count.into())).collect();
        json!({
            "inboxes": health.inboxes,
            "accounts": health.accounts,
            "tickets": tickets,
            "settled": counts.settled,
            "held": counts.held,
            "outbox": counts.outbox,
            "breaker": store.breaker(),
            "config": health.config,
            "started_at": health.started_at,
            "version": env!("CARGO_PKG_VERSION"),
        })
    }

    /// `wanted`: team, owner, inbox.
    fn ticket_list(&self, status: &[String], wanted: &[Option<String>; 3], limit: usize) -> Answer {
        let policy = self.policy();
        let status = status.iter().map(|word| read_status(word)).collect::<Result<Vec<_>, _>>()?;
        let is_filtered = wanted.iter().any(Option::is_some);
        let filter = TicketFilter { status, limit: if is_filtered { 0 } else { limit }, requester: None };
        let is_wanted = |ticket: &desk::Ticket| {
            let has =
                [ticket.team.as_ref().map(|team| &team.0), ticket.owner.as_ref().map(|owner| &owner.0), Some(&ticket.inbox.0)];
            wanted.iter().zip(has).all(|(wanted, has)| wanted.is_none() || wanted.as_ref() == has)
        };
        let at_most = if limit == 0 { usize::MAX } else { limit };
        let tickets = self.engine.store().tickets(&filter).into_iter().filter(is_wanted).take(at_most);
        Ok(tickets.map(|ticket| Value::Object(view::ticket(&policy, &ticket))).collect())
    }

    fn ticket_show(&self, reference: &str) -> Answer {
        let policy = self.policy();
        let no = read_reference(&policy, reference)?;
        let ticket = self.engine.store().ticket(no).ok_or_else(|| unknown_ticket(&policy, no))?;
        Ok(view::ticket_whole(&policy, &ticket, &self.engine.store().history(no)?))
    }

    async fn act(&self, reference: &str, words: &[String], agent: Option<String>, request: String) -> Answer {
        let policy = self.policy();
        let ticket = read_reference(&policy, reference)?;
        let by = match agent.map(AgentName) {
            Some(name) if policy.agents.contains_key(&name) => Actor::Agent(name),
            Some(name) => {
                let known: Vec<&str> = policy.agents.keys().map(AgentName::as_str).collect();
                return Err(Failure::new(Exit::Usage, format!("there is no agent `{name}`; there are: {}", known.join(", "))));
            }
            None => Actor::Operator,
        };
        let shown = self.engine.store().ticket(ticket).ok_or_else(|| unknown_ticket(&policy, ticket))?;
        let command = read_command(&policy, &shown, by.agent(), self.clock.now(), words)?;
        if let Some(open) = closing_question::open_work(&policy, &shown, &command) {
            let reference = policy.reference(ticket);
            let message = format!(
                "{reference} was not closed, since something is open: {}; to close it all the same: close anyway because REASON",
                closing_question::listed(&open)
            );
            return Err(Failure::new(Exit::NotAllowed, message));
        }
        let order = Order { request, ticket, by, command };
        match self.engine.order(order).await? {
            Ok(()) => self.ticket_show(reference),
            Err(refusal) => Err(Failure::new(Exit::NotAllowed, refusal.to_string())),
        }
    }

    async fn invite(&self, name: &str, request: String) -> Answer {
        let policy = self.policy();
        let agent = policy.agents.get(&AgentName(name.to_owned())).ok_or_else(|| verb::agent::unknown(&policy, name))?;
        if !self.engine.invite(agent.name.clone(), request).await? {
            return Err(verb::agent::no_mail());
        }
        Ok(json!({ "to": agent.email }))
    }

    async fn outbox_change(&self, change: OutboxChange, ids: &[String]) -> Answer {
        let now = self.clock.now();
        let read = |id: &String| {
            EffectId::from_hex(id).ok_or_else(|| Failure::new(Exit::Usage, format!("`{id}` is no id of an outgoing mail")))
        };
        let wanted: Vec<EffectId> = ids.iter().map(read).collect::<Result<_, _>>()?;
        let mut changed = Vec::new();
        for row in self.engine.store().outbox(false, 0) {
            let Some(phase) = change.phase(&row.phase) else { continue };
            if wanted.is_empty() || wanted.contains(&row.id) {
                self.engine.step(OutboxStep { phase, next_at: now, ..step_of(&row, now) }).await?;
                changed.push(row.id);
            }
        }
        if changed.is_empty() && !wanted.is_empty() {
            return Err(Failure::new(Exit::Failed, "no such mail is waiting, or it is on its way right now"));
        }
        Ok(json!({ "changed": changed }))
    }

    fn held_show(&self, id: &str) -> Answer {
        let policy = self.policy();
        let item = self.held_item(id)?;
        let mut shown = view::held(&policy, &item);
        if let (Some(decided), Some(map)) = (self.engine.store().decided(item.event)?, shown.as_object_mut()) {
            map.insert("message".to_owned(), decided.decision.message.as_ref().map_or(Value::Null, view::message));
            map.insert("trace".to_owned(), json!(decided.decision.trace));
        }
        Ok(shown)
    }

    async fn held_decide(&self, id: &str, release: bool) -> Answer {
        let item = self.held_item(id)?;
        let ticket = self.engine.let_in(item.event, release).await?;
        let reference = ticket.map(|no| self.policy().reference(no));
        Ok(if release { json!({ "released": item.event, "ticket": reference }) } else { json!({ "discarded": item.event }) })
    }

    /// By its id, or the beginning of one that is unique.
    fn held_item(&self, id: &str) -> Result<crate::store::HeldItem, Failure> {
        let id = id.to_ascii_lowercase();
        let mut found = self.engine.store().held().into_iter().filter(|item| item.event.to_string().starts_with(&id));
        match (found.next(), found.next()) {
            (Some(item), None) => Ok(item),
            (Some(_), Some(_)) => Err(Failure::new(Exit::Usage, format!("several ids begin with {id}"))),
            (None, _) => Err(Failure::new(Exit::Failed, format!("nothing with id {id} waits"))),
        }
    }

    fn explain(&self, reference: &str) -> Answer {
        let policy = self.policy();
        let no = read_reference(&policy, reference)?;
        let history = self.engine.store().history(no)?;
        if history.is_empty() {
            return Err(unknown_ticket(&policy, no));
        }
        Ok(history.iter().map(|decided| view::explanation(&policy, decided)).collect())
    }

    fn events(&self, after: Option<u64>, limit: usize) -> Answer {
        let policy = self.policy();
        let shown = |(seq, event): &(u64, crate::engine::Happening)| {
            let reference = event.ticket.map(|no| policy.reference(no));
            json!({ "seq": seq, "at": event.at, "outcome": event.outcome, "ticket": reference, "history": event.history })
        };
        Ok(self.engine.happenings(after, limit).iter().map(shown).collect())
    }

    async fn backup(&self, dir: PathBuf) -> Answer {
        let Some(store) = self.store_dir.clone() else {
            return Err(Failure::new(Exit::Failed, "this desk keeps nothing on disk"));
        };
        let target = dir.clone();
        let made = tokio::task::spawn_blocking(move || crate::store::backup::create(&store, &target, &mut |_, _| ()));
        made.await.map_err(|error| Failure::from_error(Exit::Failed, &error))??;
        Ok(json!({ "backup": dir }))
    }
}

/// The words of a command: the same as in mail, with or without `#`. The words of an answer or a note are taken as they are.
///
/// # Errors
/// What is wrong with them, with what was probably meant.
pub fn read_command(
    policy: &Policy,
    ticket: &desk::Ticket,
    agent: Option<&AgentName>,
    at: jiff::Timestamp,
    words: &[String],
) -> Result<desk::Command, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let (verb, rest) = words.split_first().ok_or_else(|| usage("say what to do; `help` lists it".to_owned()))?;
    match verb.trim_start_matches('#').trim_end_matches(':').to_lowercase().as_str() {
        "reply" => return Ok(desk::Command::Reply { text: rest.join(" ") }),
        "note" => return Ok(desk::Command::Note { text: rest.join(" ") }),
        _ => {}
    }
    let context = command_word::Context { policy, ticket: Some(ticket), agent, at, names: command_word::Names::of(policy) };
    match command_word::read(&context, &words.join(" ")) {
        Ok(command_word::Said::Ticket(command)) => Ok(command),
        Ok(command_word::Said::Desk(_)) => Err(usage(format!("`{verb}` is about no ticket"))),
        Err(mistake) => Err(usage(mistake.to_string())),
    }
}

fn unknown_ticket(policy: &Policy, no: TicketNo) -> Failure {
    Failure::new(Exit::Failed, format!("there is no ticket {}", policy.reference(no)))
}

/// `T-4821`, `t-4821` or `4821`.
fn read_reference(policy: &Policy, reference: &str) -> Result<TicketNo, Failure> {
    let prefix = format!("{}-", policy.company.prefix);
    let digits = match reference.get(..prefix.len()) {
        Some(start) if start.eq_ignore_ascii_case(&prefix) => &reference[prefix.len()..],
        _ => reference,
    };
    let number = digits.parse().map(TicketNo);
    number.map_err(|_| Failure::new(Exit::Usage, format!("`{reference}` is no reference; they read {prefix}4821")))
}

fn read_status(word: &str) -> Result<Status, Failure> {
    let known = Status::ALL.into_iter().find(|status| status.as_str() == word.replace('-', "_"));
    known.ok_or_else(|| {
        let all = Status::ALL.map(Status::as_str).join(", ");
        Failure::new(Exit::Usage, format!("`{word}` is no status; there are: {all}"))
    })
}
