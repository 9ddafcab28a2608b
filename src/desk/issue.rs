//! Known issues: many tickets with one cause, which wait on it together.
//!
//! Issues of the file match new tickets; others are made by `issue new` and joined by hand. One command reaches every ticket
//! of an issue: its event leaves a [`Effect::Broadcast`], and the engine brings it to each ticket as an event of its own,
//! [`crate::EventKind::IssueNews`], so that a crash in between repeats and forgets nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::admit::Refusal;
use crate::change::Change;
use crate::command::{Command, IssueAct, IssueFact};
use crate::condition::RuleView;
use crate::customer_mail::{self, Text};
use crate::decision::{Decision, Outcome};
use crate::effect::Effect;
use crate::event::{Actor, Event};
use crate::help::{About, Asked};
use crate::ids::AgentName;
use crate::mistake::{close, nearest, unknown};
use crate::pattern::Pattern;
use crate::policy::Policy;
use crate::remark::Remark;
use crate::ticket::{Status, Ticket};
use crate::ticket_mail::Cause;
use crate::wrong_words::Noun;
use crate::{act, answer, letter, notice, promise};

/// Characters of an id that is made of a title.
const ID_CHARACTERS_MAX: usize = 40;
/// Patterns of words that an issue can be given.
const ENTRIES_MAX: usize = 20;
/// Characters of a title.
const TITLE_CHARACTERS_MAX: usize = 120;

/// What has become of an issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueState {
    /// For customers.
    pub title: String,
    /// When something first happened to it.
    pub opened_at: Timestamp,
    /// Who made it, or first spoke of it.
    pub opened_by: String,
    /// The newest words to its requesters.
    pub told: Option<String>,
    /// Since when it is solved.
    pub solved_at: Option<Timestamp>,
    /// Words by which new tickets are known as cases of it, given while it runs: those of one entry occur together.
    #[serde(default)]
    pub words: Vec<String>,
    /// What helps until it is solved, given while it runs.
    #[serde(default)]
    pub workaround: Option<String>,
    /// The cause that its tickets are closed with, given while it runs.
    #[serde(default)]
    pub cause: Option<String>,
}

impl IssueState {
    fn new(title: String, opened_at: Timestamp, opened_by: &str) -> Self {
        let opened_by = opened_by.to_owned();
        Self { title, opened_at, opened_by, told: None, solved_at: None, words: Vec::new(), workaround: None, cause: None }
    }
}

/// Issues around an event, those of the file among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Issues {
    /// What is stored of them, by id.
    pub states: BTreeMap<String, IssueState>,
    /// Ids of all that there are.
    pub names: BTreeSet<String>,
}

impl Issues {
    /// The issues of the file with what is stored.
    #[must_use]
    pub fn new(policy: &Policy, states: BTreeMap<String, IssueState>) -> Self {
        let of_file = policy.knowledge.issues.iter().map(|issue| issue.id.clone());
        Self { names: of_file.chain(states.keys().cloned()).collect(), states }
    }

    fn is_solved(&self, id: &str) -> bool {
        self.states.get(id).is_some_and(|state| state.solved_at.is_some())
    }
}

/// What every requester of an issue hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// How it stands.
    Update {
        /// In these words.
        text: String,
    },
    /// It is solved: did it work for them?
    Solved,
}

/// The issue that a new ticket is a case of.
pub(crate) struct Case {
    pub(crate) id: String,
    /// Line of the file that names it, where one does.
    pub(crate) line: Option<u32>,
    pub(crate) owner: Option<AgentName>,
    pub(crate) why: String,
}

/// The first issue that a mail is a case of: those of the file, then those that were given words while they run. Those that
/// are solved match no more.
pub(crate) fn matching(policy: &Policy, issues: &Issues, view: &RuleView<'_>) -> Option<Case> {
    let open = policy.knowledge.issues.iter().filter(|issue| !issues.is_solved(&issue.id));
    let of_file = open.filter_map(|issue| {
        let (why, _) = issue.when.explain(view).ok()?;
        Some(Case { id: issue.id.clone(), line: Some(issue.line), owner: issue.owner.clone(), why })
    });
    let told = issues.states.iter().filter(|(_, state)| state.solved_at.is_none() && !state.words.is_empty());
    let by_words = told.filter_map(|(id, state)| {
        let whole = format!("{}\n{}", view.subject, view.text);
        let fits = |entry: &&String| Pattern::new(entry).is_ok_and(|pattern| pattern.is_match(&whole, None));
        let entry = state.words.iter().find(fits)?;
        let owner = policy.knowledge.issue(id).and_then(|issue| issue.owner.clone());
        let owner = owner.or_else(|| policy.agents.keys().find(|name| name.as_str() == state.opened_by).cloned());
        Some(Case { id: id.clone(), line: None, owner, why: format!("it says: {entry}") })
    });
    of_file.chain(by_words).next()
}

/// The words in the acknowledgement of a ticket that waits on an issue.
pub(crate) fn line(policy: &Policy, ticket: &Ticket, issues: &Issues) -> Option<String> {
    let id = ticket.known_issue.as_ref()?;
    let state = issues.states.get(id);
    let issue = policy.knowledge.issue(id);
    let title = issue.map(|issue| &issue.title).or(state.map(|state| &state.title))?;
    let context = LineContext {
        title,
        workaround: state.and_then(|state| state.workaround.as_deref()).or(issue.and_then(|issue| issue.workaround.as_deref())),
        told: state.and_then(|state| state.told.as_deref()),
    };
    let template = issue.map_or(DEFAULT_LINE, |issue| issue.tell.as_str());
    let languages = letter::languages(policy, ticket);
    let rendered = policy.templates.render(template, &languages, &context);
    // An operator's text that cannot be rendered never keeps an acknowledgement back.
    let rendered = rendered.or_else(|_| policy.templates.render(DEFAULT_LINE, &languages, &context)).ok()?;
    let text = rendered.1.text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

/// The text that says what an issue is, where it names none of its own.
pub const DEFAULT_LINE: &str = "issue";

#[derive(Serialize)]
struct LineContext<'a> {
    title: &'a str,
    workaround: Option<&'a str>,
    told: Option<&'a str>,
}

/// Allows or refuses what depends on which issues there are.
///
/// # Errors
/// [`Refusal`] if there is no such issue, the act makes no sense for it, or is not theirs.
pub fn admit(policy: &Policy, issues: &Issues, ticket: &Ticket, by: &Actor, command: &Command) -> Result<(), Refusal> {
    let refuse = |why: Remark| Err(Refusal { why, allowed: Vec::new() });
    let Command::Issue(act) = command else { return Ok(()) };
    may_give_words(policy, issues, by, act)?;
    let issue = match act {
        IssueAct::New { title, .. } if title.trim().is_empty() => return refuse(Remark::of(|say| say.say_title)),
        IssueAct::New { words, .. } => return check_words(words).or_else(refuse),
        IssueAct::Join { issue }
        | IssueAct::Update { issue, .. }
        | IssueAct::Solved { issue }
        | IssueAct::Describe { issue, .. } => issue,
    };
    // An issue that went from the file while its cases wait can still be told of and ended.
    if !issues.names.contains(issue) && ticket.known_issue.as_ref() != Some(issue) {
        let names = || issues.names.iter().map(String::as_str).filter(|name| !issues.is_solved(name));
        return refuse(match nearest(issue, names()) {
            Some(near) => close(Noun::Issue, issue, near),
            None => unknown(Noun::Issue, issue, names()),
        });
    }
    if issues.is_solved(issue) {
        return refuse(Remark::with(|say| say.issue_solved, &[("issue", issue)]));
    }
    match act {
        IssueAct::Join { .. } if ticket.known_issue.as_ref() == Some(issue) => {
            let reference = policy.reference(ticket.no);
            refuse(Remark::with(|say| say.issue_already, &[("reference", &reference), ("issue", issue)]))
        }
        IssueAct::Update { text, .. } if text.trim().is_empty() => refuse(Remark::of(|say| say.say_told)),
        IssueAct::Update { text, .. } => match answer::leaks(text, None, policy, ticket.no) {
            Some(what) => refuse(what.around(|say| say.issue_leak)),
            None => Ok(()),
        },
        IssueAct::Describe { fact: IssueFact::Match, text, .. } => check_words(text).or_else(refuse),
        IssueAct::Describe { fact: IssueFact::Workaround, text, .. } => match answer::leaks(text, None, policy, ticket.no) {
            Some(what) => refuse(what.around(|say| say.issue_leak)),
            None => Ok(()),
        },
        IssueAct::Join { .. } | IssueAct::Solved { .. } | IssueAct::New { .. } | IssueAct::Describe { .. } => Ok(()),
    }
}

/// Whether somebody may give an issue words by which new tickets become its cases: whoever leads a team, works on the issue
/// or made it.
fn may_give_words(policy: &Policy, issues: &Issues, by: &Actor, act: &IssueAct) -> Result<(), Refusal> {
    let (issue, has_words) = match act {
        IssueAct::Describe { issue, fact: IssueFact::Match, .. } => (Some(issue), true),
        IssueAct::New { words, .. } => (None, !words.is_empty()),
        IssueAct::Describe { .. } | IssueAct::Join { .. } | IssueAct::Update { .. } | IssueAct::Solved { .. } => (None, false),
    };
    let Some(agent) = by.agent().filter(|_| has_words) else { return Ok(()) };
    let leads = policy.teams.values().any(|team| team.lead.as_ref() == Some(agent));
    let works = issue.and_then(|id| policy.knowledge.issue(id)).is_some_and(|known| known.owner.as_ref() == Some(agent));
    let made = issue.and_then(|id| issues.states.get(id)).is_some_and(|state| state.opened_by == agent.as_str());
    if leads || works || made {
        return Ok(());
    }
    Err(Refusal { why: Remark::of(|say| say.issue_words), allowed: Vec::new() })
}

/// Carries out an act that was admitted.
pub(crate) fn carry_out(change: &mut Change<'_>, by: &Actor, act: &IssueAct) {
    let label = by.label();
    match act {
        IssueAct::Join { issue } => join(change, &label, issue),
        IssueAct::New { title, words } => {
            let title: String = title.trim().chars().take(TITLE_CHARACTERS_MAX).collect();
            let id = id_of(&title, &change.event.around.issues.names);
            change.tell("issue_made", &label, format!("{id}: {title}"));
            let state = IssueState { words: entries(words), ..IssueState::new(title, change.at(), &label) };
            change.effects.push(Effect::Issue { id: id.clone(), state });
            join(change, &label, &id);
        }
        IssueAct::Describe { issue, fact, text } => {
            change.tell("issue_described", &label, format!("{issue}: {} {}", fact.as_str(), act::excerpt(text)));
            let said = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            let state = state(change, &label, issue);
            let state = match fact {
                IssueFact::Match => IssueState { words: entries(text), ..state },
                IssueFact::Workaround => IssueState { workaround: said, ..state },
                IssueFact::Cause => IssueState { cause: said, ..state },
            };
            change.effects.push(Effect::Issue { id: issue.clone(), state });
        }
        IssueAct::Update { issue, text } => {
            change.tell("issue_updated", &label, format!("{issue}: {}", act::excerpt(text)));
            let state = IssueState { told: Some(text.trim().to_owned()), ..state(change, &label, issue) };
            change.effects.push(Effect::Issue { id: issue.clone(), state });
            broadcast(change, by, issue, News::Update { text: text.trim().to_owned() });
        }
        IssueAct::Solved { issue } => {
            change.tell("issue_solved", &label, issue.clone());
            let state = IssueState { solved_at: Some(change.at()), ..state(change, &label, issue) };
            change.effects.push(Effect::Issue { id: issue.clone(), state });
            broadcast(change, by, issue, News::Solved);
        }
    }
}

fn broadcast(change: &mut Change<'_>, by: &Actor, issue: &str, news: News) {
    change.effects.push(Effect::Broadcast { issue: issue.to_owned(), news, by: by.clone() });
}

/// What is known of an issue, or the beginning of it.
fn state(change: &Change<'_>, label: &str, id: &str) -> IssueState {
    change.event.around.issues.states.get(id).cloned().unwrap_or_else(|| {
        let title = change.policy.knowledge.issue(id).map_or_else(|| id.to_owned(), |issue| issue.title.clone());
        IssueState::new(title, change.at(), label)
    })
}

/// `sync slow, "upload stops"` → two entries: the words of one occur together.
fn entries(text: &str) -> Vec<String> {
    let plain = |entry: &str| entry.split_whitespace().map(|word| word.trim_matches('"')).collect::<Vec<_>>().join(" ");
    text.split([',', ';', '\n']).map(plain).filter(|entry| !entry.is_empty()).take(ENTRIES_MAX).collect()
}

/// Each entry is a pattern of words.
fn check_words(text: &str) -> Result<(), Remark> {
    for entry in entries(text) {
        let has_word = entry.chars().filter(|c| c.is_alphanumeric()).count() >= 3;
        if entry.starts_with('~') || !has_word {
            return Err(Remark::with(|say| say.links_too_much, &[("entry", &entry)]));
        }
        Pattern::new(&entry).map_err(|error| Remark::plain(error.to_string()))?;
    }
    Ok(())
}

/// The ticket is a case of the issue and waits on it. Its requester hears of it, unless the same mail answers them; who
/// cannot be told is left to a person.
fn join(change: &mut Change<'_>, label: &str, id: &str) {
    change.tell("issue_joined", label, id.to_owned());
    change.ticket.known_issue = Some(id.to_owned());
    let is_answered = change.history.iter().any(|line| line.kind == "answered");
    let made_now = change.effects.iter().find_map(|effect| match effect {
        Effect::Issue { id: made, state } if made == id => Some(state.title.clone()),
        _ => None,
    });
    let known = line(change.policy, &change.ticket, &change.event.around.issues);
    if !is_answered {
        let text = Text { issue: made_now, words: known, undoable: true, ..Text::default() };
        if !customer_mail::send(change, "issue-joined", &text) {
            let why = customer_mail::stopped(change).unwrap_or_else(|| "the mail could not be written".to_owned());
            return change.tell("issue_not_told", "frontdesk", format!("{id}: {why}"));
        }
        change.tell("issue_told", label, change.ticket.requester.address.to_string());
        // Somebody has looked at it and told them.
        let at = change.at();
        promise::answered(&mut change.ticket, at);
    }
    wait(change, label);
}

/// On hold until it is solved; whoever writes meanwhile is heard by a person.
fn wait(change: &mut Change<'_>, label: &str) {
    let from = change.ticket.status;
    if !from.is_active() || from == Status::OnHold {
        return;
    }
    change.ticket.status = Status::OnHold;
    change.ticket.snoozed_until = None;
    change.tell("status_changed", label, format!("{} → on_hold", from.as_str()));
}

/// Brings news of an issue to one of its tickets.
pub(crate) fn decide(policy: &Policy, ticket: &Ticket, event: &Event, id: &str, news: &News, by: &Actor) -> Decision {
    let mut change = Change::new(policy, ticket, event);
    let label = by.label();
    let is_case = ticket.known_issue.as_deref() == Some(id) && ticket.status.is_active() && ticket.merged_into.is_none();
    if !is_case {
        return crate::decide::nothing("issue", "the ticket waits on it no more");
    }
    let title = policy.knowledge.issue(id).map(|issue| issue.title.clone());
    let title = title.or_else(|| event.around.issues.states.get(id).map(|state| state.title.clone()));
    match news {
        News::Update { text } => {
            let text = Text { issue: title, words: Some(text.clone()), ..Text::default() };
            tell(&mut change, &label, "issue-update", &text, id);
        }
        News::Solved => solved(&mut change, &label, id, title),
    }
    change.finish(Outcome::Changed)
}

/// Words that a person wrote, in the ticket's own thread. They count as their answer to whoever waits on the issue; a question
/// that was asked meanwhile is still owed one.
fn tell(change: &mut Change<'_>, label: &str, template: &str, text: &Text, id: &str) -> bool {
    let is_told = customer_mail::send(change, template, text);
    if is_told {
        change.tell("issue_told", label, format!("{id}: {}", change.ticket.requester.address));
        let at = change.at();
        if !is_owed(&change.ticket) {
            promise::answered(&mut change.ticket, at);
        }
    } else {
        let why = customer_mail::stopped(change).unwrap_or_else(|| "the mail could not be written".to_owned());
        change.tell("issue_not_told", label, format!("{id}: {why}"));
    }
    is_told
}

/// Asks whether it worked. Whoever cannot be asked is left to a person.
fn solved(change: &mut Change<'_>, label: &str, id: &str, title: Option<String>) {
    let from = change.ticket.status;
    let text = Text { issue: title, ..Text::default() };
    let is_told = tell(change, label, "issue-solved", &text, id);
    if !is_told {
        if from == Status::OnHold {
            (change.ticket.status, change.ticket.snoozed_until) = (Status::Open, None);
            change.tell("status_changed", label, "on_hold → open");
            notice::tell(change, &Cause::Awake, by_agent(change.policy, label).as_ref());
        }
        return;
    }
    change.ticket.help.asked = Some(Asked { about: About::Issue(id.to_owned()), at: change.at(), event: change.event.id });
    let told = change.event.around.issues.states.get(id).and_then(|state| state.cause.clone());
    if let Some(cause) = told.or_else(|| change.policy.knowledge.issue(id).and_then(|issue| issue.cause.clone())) {
        change.ticket.closing.entry("cause".to_owned()).or_insert(cause);
    }
    if from == Status::OnHold {
        (change.ticket.status, change.ticket.snoozed_until) = (Status::Pending, None);
        change.tell("status_changed", label, "on_hold → pending");
    }
}

/// The requester wrote and waits for a person.
fn is_owed(ticket: &Ticket) -> bool {
    matches!(ticket.status, Status::New | Status::Open)
}

fn by_agent(policy: &Policy, label: &str) -> Option<AgentName> {
    policy.agents.keys().find(|name| name.as_str() == label).cloned()
}

/// `Cloud sync is slow` → `cloud-sync-is-slow`, with a number where that is taken.
fn id_of(title: &str, taken: &BTreeSet<String>) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase);
    let mut id = String::new();
    for word in words {
        if !id.is_empty() && id.chars().count() + word.chars().count() >= ID_CHARACTERS_MAX {
            break;
        }
        if !id.is_empty() {
            id.push('-');
        }
        id.extend(word.chars().take(ID_CHARACTERS_MAX));
    }
    if id.is_empty() || id == "new" {
        id = "issue".to_owned();
    }
    if !taken.contains(&id) {
        return id;
    }
    (2..).map(|number| format!("{id}-{number}")).find(|id| !taken.contains(id)).unwrap_or(id)
}

/// Words without a place of their own in a mail are those of the mail: `#issue NAME update` above them.
pub(crate) fn take_words(commands: &mut [(String, Command)], words: &str) -> bool {
    let empty = commands.iter_mut().find_map(|(_, command)| match command {
        Command::Issue(IssueAct::Update { text, .. }) if text.trim().is_empty() => Some(text),
        _ => None,
    });
    match empty {
        Some(text) if !words.trim().is_empty() => {
            words.trim().clone_into(text);
            true
        }
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_readable_and_free() {
        let taken = BTreeSet::from(["cloud-sync-is-slow".to_owned(), "issue".to_owned()]);
        assert_eq!(id_of("Cloud sync: is slow!", &taken), "cloud-sync-is-slow-2");
        assert_eq!(id_of("Störung der Zählung", &taken), "störung-der-zählung");
        assert_eq!(id_of("???", &taken), "issue-2");
        assert_eq!(id_of("new", &BTreeSet::new()), "issue");
        assert!(id_of(&"word ".repeat(40), &taken).chars().count() <= ID_CHARACTERS_MAX);
    }
}
