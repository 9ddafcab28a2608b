//! Playing a script on the engine, with a store that forgets and a clock that stands.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use desk::effect::{Effect, OutboxRow};
use desk::event::{Actor, Place, SenderProof};
use desk::{AgentName, RawHash, TicketNo};
use frontdesk::cli::{service, setup, view};
use frontdesk::config::{Environment, System};
use frontdesk::engine::core::{Core, Order};
use frontdesk::engine::read::read_here;
use frontdesk::store::{MemoryStore, Store, TicketFilter};
use jiff::Timestamp;

use super::script::{Act, Script, Step};

/// Timers that fire before somebody looks at why.
const TIMERS_MAX: usize = 500;

struct Desk {
    core: Core,
    store: Arc<MemoryStore>,
    now: Timestamp,
    mails: u32,
    out: String,
}

/// What happens, step by step.
pub(super) fn play(folder: &Path, script: &Script) -> Result<String, String> {
    let live = load(folder, &script.config)?;
    let store = Arc::new(MemoryStore::new());
    let core = Core::new(store.clone(), live, script.begins_at).map_err(|error| error.to_string())?;
    let mut desk = Desk { core, store, now: script.begins_at, mails: 0, out: String::new() };
    for step in &script.steps {
        desk.step(folder, step).map_err(|wrong| format!("{}: {wrong}", step.line))?;
        // So that it is clear what came after what.
        desk.now += jiff::SignedDuration::from_secs(1);
    }
    Ok(desk.out)
}

fn load(folder: &Path, config: &str) -> Result<Arc<frontdesk::engine::Live>, String> {
    let path = match config {
        "reference" => folder.join("../../config/frontdesk.toml"),
        other => folder.join(format!("{other}.toml")),
    };
    let pretended = Pretended { credentials: folder.join("credentials") };
    let loaded = frontdesk::config::load(&path, &pretended).map_err(|problems| problems.render(false, ""))?;
    setup::finish(loaded).map(|setup| setup.live).map_err(|failure| failure.message)
}

/// This machine, with credentials of its own.
struct Pretended {
    credentials: PathBuf,
}

impl Environment for Pretended {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        System.read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        System.list(folder)
    }

    fn variable(&self, name: &str) -> Option<String> {
        (name == "CREDENTIALS_DIRECTORY").then(|| self.credentials.display().to_string())
    }

    fn others_can_read(&self, _: &Path) -> bool {
        false
    }
}

impl Desk {
    fn step(&mut self, folder: &Path, step: &Step) -> Result<(), String> {
        match &step.act {
            Act::Until(at) => self.pass(*at)?,
            Act::Wait(span) => self.pass(self.now + *span)?,
            Act::Down(at) => self.now = *at,
            Act::Mail { .. } | Act::Reply { .. } | Act::Command { .. } | Act::Reload(_) | Act::Show(_) | Act::Read(_) => {}
        }
        writeln!(self.out, "{} {}", self.shown(self.now), step.line).expect("memory");
        match &step.act {
            Act::Until(_) | Act::Wait(_) => Ok(()),
            Act::Down(at) => self.pass(*at),
            Act::Mail { from, to, subject, proven } => {
                let raw = self.compose(from, to, subject, step, &[]);
                self.mail(&raw, *proven)
            }
            Act::Reply { from, on, proven } => {
                let requester =
                    on.and_then(|no| self.store.ticket(TicketNo(no))).map(|ticket| ticket.requester.address.to_string());
                let row = self.newest_to(requester.as_deref().unwrap_or(from)).ok_or("nobody wrote to them")?;
                let sent = self.store.raw(&row.raw).map_err(|error| error.to_string())?;
                let sent = mail::parse(&sent).message;
                let to = sent.reply_to.first().or(sent.from.first()).map(|to| to.address.to_string()).unwrap_or_default();
                let subject =
                    if sent.subject.starts_with("Re:") { sent.subject.clone() } else { format!("Re: {}", sent.subject) };
                let raw = self.compose(from, &to, &subject, step, &[row.message_id.as_str()]);
                self.mail(&raw, *proven)
            }
            Act::Command { by, ticket, words } => self.command(by.as_deref(), *ticket, words, &step.text),
            Act::Reload(config) => {
                self.core.live = load(folder, config)?;
                self.core.settle_some(self.now, TicketNo(1), usize::MAX).map_err(|error| error.to_string())?;
                self.tell()
            }
            Act::Show(no) => self.show(*no),
            Act::Read(who) => {
                let row = self.newest_to(who).ok_or("nobody wrote to them")?;
                let raw = self.store.raw(&row.raw).map_err(|error| error.to_string())?;
                let message = mail::parse(&raw).message;
                writeln!(self.out, "    Subject: {}", message.subject).expect("memory");
                for line in message.text.lines() {
                    writeln!(self.out, "    {line}").expect("memory");
                }
                Ok(())
            }
        }
    }

    fn shown(&self, at: Timestamp) -> String {
        at.strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    /// Time passes; what falls due on the way is done when it is due.
    fn pass(&mut self, until: Timestamp) -> Result<(), String> {
        for _ in 0..TIMERS_MAX {
            let Some(due) = self.store.next_timer().filter(|due| *due <= until) else {
                self.now = until;
                return Ok(());
            };
            self.now = self.now.max(due);
            let done = self.core.timers(self.now, 64).map_err(|error| error.to_string())?;
            self.store.flush().map_err(|error| error.to_string())?;
            let happened = self.out.len();
            self.tell()?;
            if self.out.len() > happened {
                let at = self.shown(self.now);
                self.out.insert_str(happened, &format!("{at} …\n"));
            }
            if done == 0 {
                self.now += jiff::SignedDuration::from_secs(6);
            }
        }
        Err("timers fire without end".to_owned())
    }

    fn compose(&mut self, from: &str, to: &str, subject: &str, step: &Step, answers: &[&str]) -> Vec<u8> {
        self.mails += 1;
        let date = self.now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let mut raw =
            format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <m{}@client.example>\r\n", self.mails);
        for id in answers {
            write!(raw, "In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n").expect("memory");
        }
        if !step.fields.iter().any(|(name, _)| name == "Date") {
            write!(raw, "Date: {date}\r\n").expect("memory");
        }
        for (name, value) in &step.fields {
            write!(raw, "{name}: {value}\r\n").expect("memory");
        }
        raw.push_str("Content-Type: text/plain; charset=utf-8\r\n\r\n");
        raw.push_str(&step.text.replace('\n', "\r\n"));
        raw.into_bytes()
    }

    fn mail(&mut self, raw: &[u8], proven: bool) -> Result<(), String> {
        let hash =
            self.store.keep(&[raw]).map_err(|error| error.to_string())?.first().copied().unwrap_or_else(|| RawHash::of(raw));
        let mut reading = read_here(hash, raw, &[]);
        reading.proof = if proven {
            SenderProof::Proven { by: "dkim".to_owned() }
        } else {
            SenderProof::NotProven { why: "nobody vouches for it".to_owned() }
        };
        let live = self.core.live.clone();
        let (key, _) = live.mailboxes.iter().next().ok_or("no mailbox is watched")?;
        let place = Place { account: key.account.clone(), mailbox: key.mailbox.clone(), uid_validity: 1, uid: self.mails };
        self.core.mail(self.now, &place, false, reading).map_err(|error| error.to_string())?;
        self.tell()
    }

    fn command(&mut self, by: Option<&str>, no: u64, words: &[String], text: &str) -> Result<(), String> {
        let ticket = self.store.ticket(TicketNo(no)).ok_or("there is no such ticket")?;
        let agent = by.map(AgentName::from);
        let mut words = words.to_vec();
        if !text.is_empty() {
            words.push(text.to_owned());
        }
        let policy = self.core.live.policy.clone();
        let command = match service::read_command(&policy, &ticket, agent.as_ref(), self.now, &words) {
            Ok(command) => command,
            Err(failure) => {
                writeln!(self.out, "    not read: {}", failure.message).expect("memory");
                return Ok(());
            }
        };
        self.mails += 1;
        let by = agent.map_or(Actor::Operator, Actor::Agent);
        let order = Order { request: format!("step {}", self.mails), ticket: ticket.no, by, command };
        if let Err(refusal) = self.core.command(self.now, order).map_err(|error| error.to_string())? {
            writeln!(self.out, "    refused: {refusal}").expect("memory");
        }
        self.tell()
    }

    /// What has happened since the last step.
    fn tell(&mut self) -> Result<(), String> {
        self.store.flush().map_err(|error| error.to_string())?;
        let policy = self.core.live.policy.clone();
        for happening in self.core.take_happenings() {
            let Some(decided) = self.store.decided(happening.event).map_err(|error| error.to_string())? else { continue };
            let ticket = decided.decision.ticket.as_ref().map_or_else(String::new, |ticket| policy.reference(ticket.no));
            if decided.decision.history.is_empty() && decided.outbox.is_empty() && decided.decision.effects.is_empty() {
                if happening.outcome != "changed" {
                    writeln!(self.out, "    {} {ticket}", happening.outcome).expect("memory");
                }
                continue;
            }
            for line in &decided.decision.history {
                writeln!(self.out, "    {ticket} {} by {}: {}", line.kind, line.by, line.what).expect("memory");
            }
            for effect in &decided.decision.effects {
                match effect {
                    Effect::Send(send) => {
                        writeln!(self.out, "    → {} to {}: {}", send.purpose.as_str(), send.to, send.subject).expect("memory")
                    }
                    Effect::Notify { to, text } => writeln!(self.out, "    ! {to}: {text}").expect("memory"),
                    Effect::Suppress { address, reason, .. } => {
                        writeln!(self.out, "    no automatic mail to {address}: {reason}").expect("memory")
                    }
                    Effect::Recall { .. } | Effect::Agent { .. } | Effect::AskedRating { .. } => {}
                }
            }
            if let Some(ticket) = &decided.decision.ticket {
                let status = ticket.status.as_str();
                let owner = ticket.owner.as_ref().map_or("nobody", AgentName::as_str);
                let timers: Vec<String> =
                    ticket.timers.iter().map(|(kind, due)| format!("{} {}", kind.as_str(), self.shown(*due))).collect();
                let timers = if timers.is_empty() { String::new() } else { format!(" · {}", timers.join(" · ")) };
                let step = ticket.step().map_or_else(String::new, |step| format!(" · step {}", step.id));
                writeln!(self.out, "    = {status}, {owner}{step}{timers}").expect("memory");
            }
        }
        self.core.take_notices();
        Ok(())
    }

    fn show(&mut self, no: u64) -> Result<(), String> {
        let ticket = self.store.ticket(TicketNo(no)).ok_or("there is no such ticket")?;
        let policy = self.core.live.policy.clone();
        let shown = view::ticket(&policy, &ticket);
        for key in
            ["subject", "status", "type", "priority", "team", "owner", "fields", "missing", "step", "clocks", "ledger", "rating"]
        {
            writeln!(self.out, "    {key}: {}", shown.get(key).cloned().unwrap_or_default()).expect("memory");
        }
        Ok(())
    }

    fn newest_to(&self, who: &str) -> Option<OutboxRow> {
        let address = mail::Address::new(who.rsplit_once('<').map_or(who, |(_, address)| address.trim_end_matches('>'))).ok()?;
        let tickets = self.store.tickets(&TicketFilter::default());
        let rows = tickets.iter().flat_map(|ticket| self.store.outbox_of(ticket.no));
        rows.filter(|row| row.to.folded() == address.folded()).max_by_key(|row| (row.created_at, row.ticket))
    }
}
