//! Playing a script on the engine, with a store that forgets and a clock that stands.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use desk::effect::{Effect, OutboxPhase, OutboxRow, OutboxStep};
use desk::event::{Actor, Place, SenderProof};
use desk::{AgentName, EventId, RawHash, TicketNo};
use frontdesk::cli::{service, setup, view};
use frontdesk::config::{Environment, System};
use frontdesk::engine::chore::jobs;
use frontdesk::engine::core::{Core, Order};
use frontdesk::engine::outgoing::step_of;
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
    /// The newest event.
    newest: Option<EventId>,
    out: String,
}

/// What happens, step by step.
pub(super) fn play(folder: &Path, script: &Script) -> Result<String, String> {
    let live = load(folder, &script.config)?;
    let store = Arc::new(MemoryStore::new());
    let core = Core::new(store.clone(), live, script.begins_at).map_err(|error| error.to_string())?;
    let mut desk = Desk { core, store, now: script.begins_at, mails: 0, newest: None, out: String::new() };
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

/// The next time at which agents get their morning lists.
fn morning_after(policy: &desk::Policy, now: Timestamp) -> Option<Timestamp> {
    let today = desk::morning::date(policy, now);
    let dates = [Some(today), today.tomorrow().ok()].into_iter().flatten();
    dates.filter_map(|date| desk::morning::due_at(policy, date)).find(|due| *due > now)
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
            Act::Mail { .. }
            | Act::Reply { .. }
            | Act::Command { .. }
            | Act::Reload(_)
            | Act::Show(_)
            | Act::Read(_)
            | Act::Head(_)
            | Act::Bounce { .. }
            | Act::Defer(_)
            | Act::Why
            | Act::Restart => {}
        }
        writeln!(self.out, "{} {}", self.shown(self.now), step.line).expect("memory");
        match &step.act {
            Act::Until(_) | Act::Wait(_) => Ok(()),
            Act::Down(at) => self.pass(*at),
            Act::Mail { from, to, subject, proven } => {
                let raw = self.compose(from, to, subject, step, &[]);
                self.mail(&raw, *proven)
            }
            Act::Reply { from, of, on, subject, proven, late } => {
                let requester =
                    on.and_then(|no| self.store.ticket(TicketNo(no))).map(|ticket| ticket.requester.address.to_string());
                let receiver = of.as_deref().or(requester.as_deref()).unwrap_or(from);
                let row = self.mails_to(receiver).nth(usize::from(*late)).ok_or("nobody wrote to them")?;
                let sent = self.store.raw(&row.raw).map_err(|error| error.to_string())?;
                let sent = mail::parse(&sent).message;
                let to = sent.reply_to.first().or(sent.from.first()).map(|to| to.address.to_string()).unwrap_or_default();
                let subject = match subject {
                    Some(subject) => subject.clone(),
                    None if sent.subject.starts_with("Re:") => sent.subject.clone(),
                    None => format!("Re: {}", sent.subject),
                };
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
            Act::Head(who) => self.head(who),
            Act::Bounce { to, permanent } => {
                let row = self.newest_to(to).ok_or("nobody wrote to them")?;
                let raw = self.bounce(&row, *permanent);
                self.mail(&raw, false)
            }
            Act::Defer(who) => {
                let row = self.newest_to(who).ok_or("nobody wrote to them")?;
                let reply = Some("451 4.3.0 try later".to_owned());
                let step = OutboxStep { phase: OutboxPhase::Deferred, reply, ..step_of(&row, self.now) };
                self.core.steps(vec![step]).map_err(|error| error.to_string())?;
                self.tell()
            }
            Act::Why => self.why(),
            Act::Restart => {
                let live = self.core.live.clone();
                self.core = Core::new(self.store.clone(), live, self.now).map_err(|error| error.to_string())?;
                Ok(())
            }
        }
    }

    /// What a mail program and a mail server see of the newest mail to somebody.
    fn head(&mut self, who: &str) -> Result<(), String> {
        let row = self.newest_to(who).ok_or("nobody wrote to them")?;
        let raw = self.store.raw(&row.raw).map_err(|error| error.to_string())?;
        let message = mail::parse(&raw).message;
        let envelope = match &row.envelope_from {
            mail::ReturnPath::Null => "<>".to_owned(),
            mail::ReturnPath::Address(address) if address.as_str().contains("+b") => "VERP".to_owned(),
            mail::ReturnPath::Address(address) => address.to_string(),
        };
        writeln!(self.out, "    envelope: {envelope} → {}", row.to).expect("memory");
        for name in ["From", "To", "Cc", "Subject", "Auto-Submitted", "X-Auto-Response-Suppress", "List-Unsubscribe"] {
            if let Some(value) = message.header(name) {
                let link = if value.contains("subject=") && value.contains("%20T-") { "<mailto: one click>" } else { value };
                writeln!(self.out, "    {name}: {link}").expect("memory");
            }
        }
        let marks = message.header("X-Frontdesk-Loop").is_some();
        writeln!(self.out, "    loop mark: {marks}, references: {}", message.references.len()).expect("memory");
        Ok(())
    }

    /// A delivery report (RFC 3464) about a mail of ours.
    fn bounce(&mut self, row: &OutboxRow, permanent: bool) -> Vec<u8> {
        self.mails += 1;
        let (action, status, words) = if permanent {
            ("failed", "5.1.1", "550 5.1.1 No such user")
        } else {
            ("delayed", "4.2.2", "452 4.2.2 Mailbox full")
        };
        let to = match &row.envelope_from {
            mail::ReturnPath::Address(address) => address.to_string(),
            mail::ReturnPath::Null => "support@fernhill.example".to_owned(),
        };
        let date = self.now.strftime("%a, %d %b %Y %H:%M:%S +0000");
        format!(
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Delivery Status\r\nDate: {date}\r\n\
             Message-ID: <bounce{}@mx.example>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nYour mail was not delivered.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
             Final-Recipient: rfc822; {}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {words}\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{}>\r\nSubject: x\r\n--b--\r\n",
            self.mails, row.to, row.message_id
        )
        .into_bytes()
    }

    fn why(&mut self) -> Result<(), String> {
        let newest = self.newest.ok_or("nothing has happened")?;
        let decided = self.store.decided(newest).map_err(|error| error.to_string())?.ok_or("it is not kept")?;
        for line in decided.decision.trace.iter().filter(|line| line.step != "raw") {
            let rule = line.rule.as_ref().map_or_else(String::new, |rule| format!(" [{rule}]"));
            writeln!(self.out, "    {}: {}{rule} · {}", line.step, line.outcome, line.detail).expect("memory");
        }
        Ok(())
    }

    fn shown(&self, at: Timestamp) -> String {
        at.strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    /// Time passes; what falls due on the way is done when it is due.
    fn pass(&mut self, until: Timestamp) -> Result<(), String> {
        for _ in 0..TIMERS_MAX {
            let policy = self.core.live.policy.clone();
            let chores = [desk::chore::next_at(&policy, self.now), morning_after(&policy, self.now)];
            let chore_at = chores.into_iter().flatten().min().filter(|at| *at <= until);
            let timer_at = self.store.next_timer().filter(|due| *due <= until);
            if let Some(at) = chore_at.filter(|at| timer_at.is_none_or(|due| *at < due)) {
                self.now = at;
                self.chores()?;
                continue;
            }
            let Some(due) = timer_at else {
                self.now = until;
                return self.chores();
            };
            self.now = self.now.max(due);
            let done = self.core.timers(self.now, 64).map_err(|error| error.to_string())?;
            self.store.flush().map_err(|error| error.to_string())?;
            self.tell_later()?;
            if done == 0 {
                self.now += jiff::SignedDuration::from_secs(6);
            }
        }
        Err("timers fire without end".to_owned())
    }

    /// What is due by the calendar, and what the desk notices by itself.
    fn chores(&mut self) -> Result<(), String> {
        let store: Arc<dyn Store> = self.store.clone();
        let policy = self.core.live.policy.clone();
        self.core.mornings(self.now).map_err(|error| error.to_string())?;
        self.tell_later()?;
        for job in jobs(&store, &policy, self.now, true).map_err(|error| error.to_string())? {
            self.core.chore(self.now, job).map_err(|error| error.to_string())?;
            self.tell_later()?;
        }
        Ok(())
    }

    /// What has happened meanwhile, under the time at which it did.
    fn tell_later(&mut self) -> Result<(), String> {
        let happened = self.out.len();
        self.tell()?;
        if self.out.len() > happened {
            let at = self.shown(self.now);
            self.out.insert_str(happened, &format!("{at} …\n"));
        }
        Ok(())
    }

    fn compose(&mut self, from: &str, to: &str, subject: &str, step: &Step, answers: &[&str]) -> Vec<u8> {
        self.mails += 1;
        let date = self.now.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let mut raw = format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\n");
        if !step.fields.iter().any(|(name, _)| name == "Message-ID") {
            write!(raw, "Message-ID: <m{}@client.example>\r\n", self.mails).expect("memory");
        }
        for id in answers {
            write!(raw, "In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n").expect("memory");
        }
        if !step.fields.iter().any(|(name, _)| name == "Date") {
            write!(raw, "Date: {date}\r\n").expect("memory");
        }
        for (name, value) in &step.fields {
            write!(raw, "{name}: {value}\r\n").expect("memory");
        }
        if !step.fields.iter().any(|(name, _)| name == "Content-Type") {
            raw.push_str("Content-Type: text/plain; charset=utf-8\r\n");
        }
        raw.push_str("\r\n");
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
        while self.core.errands(self.now, 64).map_err(|error| error.to_string())? > 0 {}
        self.store.flush().map_err(|error| error.to_string())?;
        let policy = self.core.live.policy.clone();
        for happening in self.core.take_happenings() {
            self.newest = Some(happening.event);
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
                    Effect::Recall { .. }
                    | Effect::Agent { .. }
                    | Effect::AskedRating { .. }
                    | Effect::Issue { .. }
                    | Effect::Broadcast { .. } => {}
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
        self.mails_to(who).next()
    }

    /// What we wrote to somebody, newest first.
    fn mails_to(&self, who: &str) -> impl Iterator<Item = OutboxRow> {
        let address = who.rsplit_once('<').map_or(who, |(_, address)| address.trim_end_matches('>')).to_lowercase();
        let tickets = self.store.tickets(&TicketFilter::default());
        let rows = tickets.iter().map(|ticket| ticket.no).chain([TicketNo(0)]).flat_map(|no| self.store.outbox_of(no));
        let mut rows: Vec<OutboxRow> = rows.filter(|row| row.to.folded() == address).collect();
        rows.sort_by_key(|row| (row.created_at, row.ticket));
        rows.into_iter().rev()
    }
}
