//! Decisions on a store that forgets: for `test` and `explain`. The engine's own [`Core`] decides, so what is shown is what
//! the daemon would do.

use std::sync::Arc;

use desk::event::{Place, SenderProof};
use desk::{AccountName, EventId, Policy, RawHash, Status};
use mail::{Address, HeaderText, Mailbox, MessageId};

use crate::cli::output::{Exit, Failure};
use crate::cli::setup::Setup;
use crate::clock::Clock;
use crate::config::{ConfigTest, InlineMail, TestHave, TestMail};
use crate::engine::child::ChildReader;
use crate::engine::core::{Core, Order};
use crate::engine::read::{Caution, Reading, read};
use crate::store::{Decided, MemoryStore, Store};

/// A desk for one question.
pub struct Trial {
    core: Core,
    store: Arc<MemoryStore>,
    clock: Clock,
    policy: Arc<Policy>,
    account: AccountName,
    trusts: Vec<String>,
    mails: u32,
}

impl Trial {
    /// An empty desk under a configuration.
    ///
    /// # Errors
    /// The store refuses, which memory does not.
    pub fn new(setup: &Setup) -> Result<Self, Failure> {
        let store = Arc::new(MemoryStore::new());
        let clock = Clock::fixed(Clock::system().now());
        let core = Core::new(store.clone(), setup.live.clone(), clock.now())?;
        let account = setup.config.accounts.keys().next().cloned().unwrap_or_default();
        let trusts = setup.live.trusts.get(&account).cloned().unwrap_or_default();
        Ok(Self { core, store, clock, policy: setup.live.policy.clone(), account, trusts, mails: 0 })
    }

    /// What is decided about a mail as it was received.
    ///
    /// # Errors
    /// The mail cannot be kept.
    pub fn raw(&mut self, raw: &[u8], proven: Option<bool>) -> Result<Decided, Failure> {
        let hash = self.store.keep(&[raw])?.first().copied().unwrap_or_else(|| RawHash::of(raw));
        let reading = read(hash, raw, &self.trusts, Caution::Normal, &ChildReader::of_this_program());
        self.reading(reading, proven)
    }

    fn reading(&mut self, mut reading: Reading, proven: Option<bool>) -> Result<Decided, Failure> {
        match proven {
            Some(true) => reading.proof = SenderProof::Proven { by: "taken as proven".to_owned() },
            Some(false) => reading.proof = SenderProof::NotProven { why: "taken as not proven".to_owned() },
            None => {}
        }
        let place = self.place(&reading);
        let id = EventId::of_mail(&place.account, &place.mailbox, place.uid_validity, place.uid);
        self.core.mail(self.clock.now(), &place, false, reading)?;
        self.store.flush()?;
        let decided = self.store.decided(id)?;
        decided.ok_or_else(|| Failure::new(Exit::Failed, "the decision was not found again"))
    }

    /// The mailbox of the inbox that the mail names.
    fn place(&mut self, reading: &Reading) -> Place {
        self.mails += 1;
        let message = &reading.parsed.message;
        let recipients = message.to.iter().chain(&message.cc).map(|mailbox| &mailbox.address).chain(&message.delivered_to);
        let named = recipients.filter_map(|address| self.policy.inbox_by_address(address)).next().map(|inbox| inbox.name.clone());
        let live = self.core.live.clone();
        let found = live.mailboxes.iter().find(|(_, watched)| named.as_ref().is_some_and(|name| watched.inboxes.contains(name)));
        let key = found.or_else(|| live.mailboxes.iter().next()).map(|(key, _)| key.clone());
        let (account, mailbox) = key.map_or_else(|| (self.account.clone(), "INBOX".to_owned()), |key| (key.account, key.mailbox));
        Place { account, mailbox, uid_validity: 1, uid: self.mails }
    }

    /// Runs one test of the configuration: the ticket it begins with, then its mail.
    ///
    /// # Errors
    /// The test's mail makes no mail.
    pub fn test(&mut self, test: &ConfigTest) -> Result<(Decided, Arc<Policy>), Failure> {
        let answers = match &test.have {
            Some(have) => Some(self.have(have, &test.mail)?),
            None => None,
        };
        let decided = match &test.mail {
            TestMail::File { raw, .. } => {
                let raw = answers.map_or_else(|| raw.clone(), |id| with_in_reply_to(raw, &id));
                self.raw(&raw, None)?
            }
            TestMail::Inline(mail) => {
                let raw = compose(mail, answers.as_ref())?;
                self.raw(&raw, Some(mail.authenticated))?
            }
        };
        Ok((decided, self.policy.clone()))
    }

    /// Makes the ticket that a test begins with, by the sender of its mail. Returns the id that the mail then answers.
    fn have(&mut self, have: &TestHave, mail: &TestMail) -> Result<MessageId, Failure> {
        let from = match mail {
            TestMail::Inline(mail) => mail.from.clone(),
            TestMail::File { raw, .. } => {
                mail::parse::parse_headers(raw).from.first().map_or_else(String::new, |from| from.address.to_string())
            }
        };
        let inbox = have.inbox.as_ref().and_then(|name| self.policy.inboxes.get(&desk::InboxName(name.clone())));
        let to =
            inbox.or_else(|| self.policy.inboxes.values().next()).map_or_else(String::new, |inbox| inbox.address.to_string());
        let first = InlineMail {
            from,
            to: vec![to],
            subject: "An earlier request".to_owned(),
            text: "This is what came before.".to_owned(),
            authenticated: true,
            ..InlineMail::default()
        };
        let decided = self.raw(&compose(&first, None)?, Some(true))?;
        let ticket = decided.decision.ticket.ok_or_else(|| Failure::new(Exit::Failed, "`have` made no ticket"))?;
        let mut wanted = have.clone();
        wanted.inbox = None;
        let words = orders(&wanted);
        for (at, command) in words.into_iter().enumerate() {
            let order = Order { request: format!("have {at}"), ticket: ticket.no, by: desk::event::Actor::Operator, command };
            if let Err(refusal) = self.core.command(self.clock.now(), order)? {
                return Err(Failure::new(Exit::Failed, format!("`have` cannot be made: {refusal}")));
            }
        }
        let answered = self.store.history(ticket.no)?.into_iter().rev().flat_map(|decided| decided.outbox).next();
        let id = answered.map(|row| row.message_id).or(ticket.last_in);
        id.ok_or_else(|| Failure::new(Exit::Failed, "`have` made a ticket without a mail to answer"))
    }
}

/// Commands that bring a fresh ticket to what a test begins with.
fn orders(have: &TestHave) -> Vec<desk::Command> {
    use desk::Command;
    let mut commands = Vec::new();
    commands.extend(have.priority.map(|priority| Command::SetPriority { priority }));
    if !have.tags.is_empty() {
        commands.push(Command::Tag { add: have.tags.clone(), remove: Vec::new() });
    }
    commands
        .extend(have.fields.iter().map(|(id, value)| Command::Set { field: desk::FieldId(id.clone()), value: value.clone() }));
    commands.extend(
        have.team.as_ref().map(|team| Command::Assign { to: desk::command::Assignee::Team(desk::TeamName(team.clone())) }),
    );
    commands.extend(
        have.owner.as_ref().map(|owner| Command::Assign { to: desk::command::Assignee::Agent(desk::AgentName(owner.clone())) }),
    );
    match have.status {
        Some(Status::Pending) => commands.push(Command::Reply { text: "An earlier answer.".to_owned() }),
        Some(Status::Solved | Status::Closed) => commands.push(Command::Close(desk::command::Closing::default())),
        Some(Status::Open) => commands.push(Command::Note { text: "An earlier note.".to_owned() }),
        Some(Status::New | Status::OnHold) | None => {}
    }
    commands
}

fn with_in_reply_to(raw: &[u8], id: &MessageId) -> Vec<u8> {
    let mut with = format!("In-Reply-To: <{id}>\r\n").into_bytes();
    with.extend_from_slice(raw);
    with
}

/// The bytes of a mail in a few words.
///
/// # Errors
/// A sender or recipient is no address.
pub fn compose(mail: &InlineMail, answers: Option<&MessageId>) -> Result<Vec<u8>, Failure> {
    let mailbox = |text: &str| {
        let (name, address) = match text.rsplit_once('<') {
            Some((name, address)) => (Some(name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()), address),
            None => (None, text),
        };
        let address = Address::new(address.trim_end_matches('>'));
        address
            .map(|address| Mailbox { name, address })
            .map_err(|_| Failure::new(Exit::BadInput, format!("`{text}` is no address")))
    };
    let from = mailbox(&mail.from)?;
    let to = mail.to.iter().map(|to| mailbox(to)).collect::<Result<Vec<_>, _>>()?;
    let first = to.first().cloned().ok_or_else(|| Failure::new(Exit::BadInput, "the mail has no recipient"))?;
    let seed = EventId::of_request(&format!("{mail:?}"));
    let id = MessageId::new(&format!("{seed}@{}", from.address.domain())).expect("hexadecimal and a domain make an id");
    let letter = mail::compose::Letter {
        from,
        to: first,
        cc: Vec::new(),
        reply_to: None,
        subject: HeaderText::new(&mail.subject),
        message_id: id,
        in_reply_to: answers.cloned(),
        references: answers.cloned().into_iter().collect(),
        date_unix_seconds: Clock::system().now().as_second(),
        extra: mail
            .headers
            .iter()
            .filter_map(|(name, value)| mail::compose::ExtraHeader::new(name, HeaderText::new(value)))
            .collect(),
        text: format!("{}\n", mail.text),
        html: None,
        boundary_seed: seed.to_string(),
        attachments: mail
            .attachments
            .iter()
            .map(|name| mail::compose::Enclosure {
                name: name.clone(),
                content_type: "application/octet-stream".to_owned(),
                data: b"sample".to_vec(),
                content_id: None,
            })
            .collect(),
    };
    let mut raw = Vec::new();
    let more = to.iter().skip(1).map(|mailbox| mailbox.address.to_string()).chain(mail.cc.iter().cloned()).collect::<Vec<_>>();
    if !more.is_empty() {
        raw.extend_from_slice(format!("Cc: {}\r\n", more.join(", ")).as_bytes());
    }
    raw.extend_from_slice(&mail::compose(&letter));
    Ok(raw)
}
