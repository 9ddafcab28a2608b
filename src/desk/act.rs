//! Carrying out commands that were admitted. Each works on a [`Change`], so that the commands of one mail are one commit.

use std::collections::BTreeSet;

use crate::change::{Change, Undone};
use crate::command::{Assignee, Closing, Command};
use crate::decide::nothing;
use crate::decision::{Decision, Direction, MessageEntry, Outcome};
use crate::effect::Effect;
use crate::event::{Actor, Event};
use crate::ids::{AgentName, EffectId, VendorName};
use crate::letter::{self, Words};
use crate::policy::Policy;
use crate::ticket::{Answered, NoteLine, Status, Ticket};
use crate::undo::{self, Act};
use crate::{act_people, act_work, answer, follow_up, notice, promise, vendor};

pub(crate) fn decide(policy: &Policy, ticket: &Ticket, event: &Event, by: &Actor, command: &Command) -> Decision {
    if let Command::PutAway { .. } = command {
        return nothing("held", "a message is put away without its ticket");
    }
    let mut change = Change::new(policy, ticket, event);
    carry_out(&mut change, by, command, None);
    finish(change, by)
}

/// The end of every act: what reverses it is remembered, and those who should know are told.
pub(crate) fn finish(mut change: Change<'_>, by: &Actor) -> Decision {
    vendor::tell_fields(&mut change);
    match by {
        Actor::Agent(agent) => remember_act(&mut change, agent),
        Actor::Operator => remember_told(&mut change, &by.label()),
    }
    notice::of_act(&mut change, by);
    change.finish(Outcome::Changed)
}

/// Carries out one command. `words` are those of a mail, with their formatting and files; where there are none, the
/// command's own text counts.
pub(crate) fn carry_out(change: &mut Change<'_>, by: &Actor, command: &Command, words: Option<&Words>) {
    match command {
        Command::Reply { text } => reply(change, by, words.unwrap_or(&Words::plain(text))),
        Command::Note { text } => note(change, by, words.unwrap_or(&Words::plain(text))),
        Command::Take | Command::Drop | Command::Assign { .. } | Command::Watch | Command::Mute => own(change, by, command),
        Command::AskVendor { vendor, text } => ask_vendor(change, by, vendor, words.unwrap_or(&Words::plain(text))),
        Command::LetIn { message } => let_in(change, by, message),
        Command::Close(closing) => close(change, by, closing),
        Command::Wait | Command::Snooze { .. } | Command::Reopen => set_status(change, by, command),
        Command::Undo => undo(change, by),
        Command::Done { .. }
        | Command::Undone { .. }
        | Command::Reject { .. }
        | Command::Skip { .. }
        | Command::Step { .. }
        | Command::Set { .. }
        | Command::ChangeType { .. }
        | Command::SetPriority { .. }
        | Command::Tag { .. }
        | Command::Time { .. } => act_work::carry_out(change, by, command),
        Command::AddPerson { .. }
        | Command::RemovePerson { .. }
        | Command::SetRequester { .. }
        | Command::Merge { .. }
        | Command::Split
        | Command::Spam
        | Command::Redact
        | Command::Issue(_)
        | Command::Article { .. }
        | Command::SendSaved { .. }
        | Command::Ask { .. } => act_people::carry_out(change, by, command),
        // Answered by a mail to whoever asked, or carried out by what was confirmed.
        Command::Show | Command::Help { .. } | Command::Confirm { .. } | Command::PutAway { .. } => {}
    }
}

/// The agent's words go to the requester and to everybody outside who takes part: the first answer ends the first-response
/// clock, and the requester owes the next word.
fn reply(change: &mut Change<'_>, by: &Actor, words: &Words) {
    let label = by.label();
    let Some(inbox) = change.policy.inboxes.get(&change.ticket.inbox) else {
        return change.trace(
            "command",
            "nothing",
            "the ticket's inbox is no longer configured, so there is no address to answer from",
        );
    };
    // Whoever asked for it was told before; this is the last door, for every way in.
    if let Some(what) = answer::leaks(&words.text, words.html.as_deref(), change.policy, change.ticket.no) {
        return change.tell("not_sent", &label, format!("the answer has {what}"));
    }
    let agent = by.agent().and_then(|name| change.policy.agents.get(name));
    change.tell("answered", &label, excerpt(&words.told()));
    let from = change.ticket.status.as_str();
    let at = change.at();
    let next = &mut change.ticket;
    next.status = Status::Pending;
    next.snoozed_until = None;
    next.solved_at = None;
    // A person has taken over: nothing more is asked by itself.
    next.asked.clear();
    next.recent_mails.clear();
    next.muted_until = None;
    promise::answered(next, at);
    if next.owner.is_none() {
        next.owner = agent.map(|agent| agent.name.clone());
    }
    next.answered =
        Some(Answered { rev: next.rev, by: label.clone(), at, event: change.event.id, excerpt: sentence(&words.told()) });
    let people = next.recipients();
    let mut sent: Option<MessageEntry> = None;
    for person in &people {
        change.send(|change, id| letter::answer(change, id, inbox, person, agent, words));
        let Some(Effect::Send(send)) = change.effects.last() else { continue };
        let entry = sent.get_or_insert_with(|| MessageEntry {
            direction: Direction::Out,
            from: inbox.address.to_string(),
            subject: send.subject.clone(),
            message_id: Some(send.message_id.clone()),
            in_reply_to: change.before.last_in.clone(),
            attachments: words.attachments(),
            ..blank(change.event, by, &words.text)
        });
        entry.to.push(send.to.to_string());
    }
    if let Some(id) = sent.as_ref().and_then(|entry| entry.message_id.clone()) {
        letter::push_reference(&mut change.ticket.references, id);
    }
    if let Some(entry) = sent {
        change.add_message(entry);
    }
    change.ticket.signed = true;
    if from != Status::Pending.as_str() {
        change.tell("status_changed", &label, format!("{from} → pending"));
    }
}

/// A vendor is asked, and what they were asked is kept with the ticket's messages.
fn ask_vendor(change: &mut Change<'_>, by: &Actor, name: &VendorName, words: &Words) {
    vendor::ask(change, &by.label(), name, words);
    let to = change.policy.vendors.get(name).map(|vendor| vendor.email.to_string()).into_iter().collect();
    change.add_message(MessageEntry { to, attachments: words.attachments(), ..blank(change.event, by, &words.text) });
}

/// Words that stay inside.
fn note(change: &mut Change<'_>, by: &Actor, words: &Words) {
    let label = by.label();
    let told = words.told();
    change.tell("noted", &label, excerpt(&told));
    change.add_message(MessageEntry { attachments: words.attachments(), ..blank(change.event, by, &words.text) });
    change.ticket.last_note = Some(NoteLine { by: label, at: change.at(), excerpt: shortened(&told) });
    looked_at(change);
}

fn own(change: &mut Change<'_>, by: &Actor, command: &Command) {
    let label = by.label();
    let myself = by.agent().cloned();
    match (command, myself) {
        (Command::Take, Some(name)) => assign(change, &label, &Assignee::Agent(name)),
        (Command::Drop, _) => assign(change, &label, &Assignee::Nobody),
        (Command::Assign { to }, _) => assign(change, &label, to),
        (Command::Watch, Some(name)) => {
            change.tell("watching", &label, format!("{name} reads along"));
            change.ticket.muted_by.remove(&name);
            change.ticket.watchers.insert(name);
        }
        (Command::Mute, Some(name)) => {
            change.tell("muted", &label, format!("{name} wants no notices"));
            change.ticket.watchers.remove(&name);
            change.ticket.muted_by.insert(name);
        }
        _ => change.trace("command", "nothing", "only an agent can do that"),
    }
}

fn assign(change: &mut Change<'_>, label: &str, to: &Assignee) {
    let what = match to {
        Assignee::Agent(name) => format!("to {name}"),
        Assignee::Team(name) => format!("to team {name}"),
        Assignee::Nobody => "to nobody".to_owned(),
    };
    change.tell("assigned", label, what);
    let next = &mut change.ticket;
    match to {
        Assignee::Agent(name) => next.owner = Some(name.clone()),
        Assignee::Team(name) => {
            next.team = Some(name.clone());
            next.owner = None;
        }
        Assignee::Nobody => next.owner = None,
    }
    looked_at(change);
}

/// A person vouches for a message that was held: it joins the conversation, and its writer is heard from now on.
fn let_in(change: &mut Change<'_>, by: &Actor, message: &MessageEntry) {
    change.tell("let_in", &by.label(), format!("the message of {}", message.from));
    let next = &mut change.ticket;
    if matches!(next.status, Status::Pending | Status::OnHold | Status::Solved) {
        next.status = Status::Open;
        next.solved_at = None;
    }
    promise::asked(next, change.event.at);
    change.message = Some(MessageEntry { held: false, ..message.clone() });
}

fn close(change: &mut Change<'_>, by: &Actor, closing: &Closing) {
    let label = by.label();
    if !change.ticket.status.is_active() {
        return crate::closing_question::answer(change, &label, closing);
    }
    let from = change.ticket.status.as_str();
    let reason = closing.reason.as_deref();
    change.tell("solved", &label, reason.map_or_else(|| format!("{from} → solved"), |reason| format!("solved: {reason}")));
    if let Some(because) = &closing.anyway {
        change.tell("closed_anyway", &label, because.clone());
    }
    let at = change.at();
    let next = &mut change.ticket;
    next.status = Status::Solved;
    next.solved_at = Some(at);
    next.snoozed_until = None;
    next.hold = None;
    next.closing.extend(closing.answers.iter().cloned());
    follow_up::closing_mail(change, false);
    crate::closing_question::ask(change);
}

fn set_status(change: &mut Change<'_>, by: &Actor, command: &Command) {
    let label = by.label();
    let from = change.ticket.status.as_str();
    match command {
        Command::Wait => {
            change.tell("status_changed", &label, format!("{from} → pending"));
            change.ticket.status = Status::Pending;
        }
        Command::Snooze { until } => {
            change.tell("snoozed", &label, format!("until {until:.0}"));
            change.ticket.status = Status::OnHold;
            change.ticket.snoozed_until = Some(*until);
        }
        _ => {
            change.tell("reopened", &label, format!("{from} → open"));
            change.ticket.status = Status::Open;
        }
    }
    change.ticket.solved_at = None;
    if !matches!(command, Command::Snooze { .. }) {
        change.ticket.snoozed_until = None;
    }
    change.ticket.recent_mails.clear();
}

/// Reverses the agent's last act. What somebody changed since stays, and a mail that has left cannot be called back: both
/// are said.
fn undo(change: &mut Change<'_>, by: &Actor) {
    let Some(act) = by.agent().and_then(|name| change.ticket.acts.iter().find(|act| act.agent == *name)).cloned() else {
        return change.trace("command", "nothing", "there is no act to undo");
    };
    let (reverted, kept) = undo::revert(&mut change.ticket, &act.turned);
    let unsent = &change.event.around.unsent;
    let (recalled, gone): (Vec<EffectId>, Vec<EffectId>) = act.sends.iter().partition(|id| unsent.contains(id));
    let mut parts = Vec::new();
    if !reverted.is_empty() {
        parts.push(format!("{} as before", reverted.join(", ")));
    }
    if !kept.is_empty() {
        parts.push(format!("{} changed since, so it stays", kept.join(", ")));
    }
    if !recalled.is_empty() {
        parts.push("the mail was not sent".to_owned());
    }
    if !gone.is_empty() {
        parts.push("the mail is out and cannot be called back".to_owned());
    }
    change.tell("undone", &by.label(), format!("{}: {}", act.what, parts.join("; ")));
    change.undone =
        Some(Undone { what: act.what.clone(), kept: kept.clone(), recalled: !recalled.is_empty(), gone: !gone.is_empty() });
    if gone.is_empty() && change.ticket.answered.as_ref().is_some_and(|answered| answered.event == act.event) {
        change.ticket.answered = None;
    }
    if gone.is_empty() && change.ticket.told.as_ref().is_some_and(|told| told.event == act.event) {
        change.ticket.told = None;
    }
    change.effects.extend(recalled.into_iter().map(|mail| Effect::Recall { mail }));
    change.ticket.acts.retain(|known| known.event != act.event);
}

fn remember_act(change: &mut Change<'_>, agent: &AgentName) {
    let turned = undo::difference(change.before, &change.ticket);
    let sends = sent_outside(change);
    let is_undo = change.history.iter().any(|line| line.kind == "undone");
    if is_undo || (turned.is_empty() && sends.is_empty()) {
        return;
    }
    let what = done_in_words(change);
    remember_told(change, agent.as_str());
    let act = Act { event: change.event.id, agent: agent.clone(), at: change.at(), what, turned, sends };
    undo::remember(&mut change.ticket, act);
}

/// Mails to people outside that it sent.
fn sent_outside(change: &Change<'_>) -> Vec<EffectId> {
    let outside: BTreeSet<String> = change.ticket.participants.iter().map(mail::Address::folded).collect();
    let sends = change.effects.iter().enumerate().filter_map(|(index, effect)| match effect {
        Effect::Send(send) if outside.contains(&send.to.folded()) => Some(EffectId::new(change.event.id, index)),
        _ => None,
    });
    sends.collect()
}

fn done_in_words(change: &Change<'_>) -> String {
    let what = change.history.iter().filter(|line| line.kind != "status_changed").map(|line| line.kind.replace('_', " "));
    what.collect::<Vec<_>>().join(", ")
}

/// People outside got a mail besides an answer: whoever writes without knowing of it might repeat it, or say the opposite.
pub(crate) fn remember_told(change: &mut Change<'_>, by: &str) {
    let is_answer = change.ticket.answered.as_ref().is_some_and(|answered| answered.event == change.event.id);
    if is_answer || sent_outside(change).is_empty() {
        return;
    }
    let (rev, by, at, excerpt) = (change.ticket.rev, by.to_owned(), change.at(), done_in_words(change));
    change.ticket.told = Some(Answered { rev, by, at, event: change.event.id, excerpt });
}

/// A message of ours without anything but its text.
pub(crate) fn blank(event: &Event, by: &Actor, text: &str) -> MessageEntry {
    MessageEntry {
        id: event.id,
        direction: Direction::Note,
        from: by.label(),
        to: Vec::new(),
        subject: String::new(),
        text: text.to_owned(),
        cut: String::new(),
        cut_is_news: false,
        signature: String::new(),
        message_id: None,
        in_reply_to: None,
        attachments: Vec::new(),
        machine: None,
        unproven: false,
        held: false,
        at: event.at,
        raw: None,
        answers_to: None,
    }
}

/// An agent acted, so the ticket is no longer new, and machines that wrote in bursts start from nought.
pub(crate) fn looked_at(change: &mut Change<'_>) {
    if change.ticket.status == Status::New {
        change.ticket.status = Status::Open;
    }
    change.ticket.recent_mails.clear();
}

/// The same for people: one that is not all of the text ends with `…`.
pub(crate) fn shortened(text: &str) -> String {
    let short = excerpt(text);
    let is_all = text.split_whitespace().map(|word| word.chars().count() + 1).sum::<usize>() == short.chars().count() + 1;
    if is_all || short.is_empty() { short } else { format!("{} …", short.trim_end_matches([',', ';', ':'])) }
}

pub(crate) fn excerpt(text: &str) -> String {
    let words = text.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
    words.chars().take(100).collect()
}

/// What an answer says in one sentence: its first one, without a greeting. One that is too long ends with `…`.
pub(crate) fn sentence(text: &str) -> String {
    /// Longer ones are cut.
    const CHARACTERS_MAX: usize = 160;
    /// More words are no greeting.
    const GREETING_WORDS_MAX: usize = 4;
    let mut paragraphs = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    let first = paragraphs.next().unwrap_or_default();
    let (head, rest) = first.split_once('\n').unwrap_or((first, ""));
    let head = head.trim();
    let is_greeting = head.ends_with([',', '!', ':']) && head.split_whitespace().count() <= GREETING_WORDS_MAX;
    let behind = if rest.trim().is_empty() { paragraphs.next().unwrap_or(first) } else { rest };
    let words: Vec<&str> = (if is_greeting { behind } else { first }).split_whitespace().collect();
    let ends = |index: usize| {
        let is_begun = words.get(index + 1).is_none_or(|next| !next.starts_with(char::is_lowercase));
        // `1.` and `z.` end no sentence.
        words[index].ends_with(['.', '!', '?']) && words[index].chars().count() > 2 && is_begun
    };
    let end = (0..words.len()).find(|index| ends(*index)).map_or(words.len(), |last| last + 1);
    let mut said = String::new();
    for word in &words[..end] {
        let blank = usize::from(!said.is_empty());
        if said.chars().count() + blank + word.chars().count() > CHARACTERS_MAX {
            said.extend(said.is_empty().then(|| word.chars().take(CHARACTERS_MAX).collect::<String>()));
            return format!("{} …", said.trim_end_matches([',', ';', ':']));
        }
        said.push_str(if blank == 1 { " " } else { "" });
        said.push_str(word);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::{sentence, shortened};

    #[test]
    fn an_answer_in_one_sentence() {
        let check = |text: &str, expect: &str| assert_eq!(sentence(text), expect, "{text}");
        let long = "Hold the button for ten seconds. Then the light turns green, and you can use it again.";
        check(long, "Hold the button for ten seconds.");
        check(&format!("Hello Dana,\n\n{long}"), "Hold the button for ten seconds.");
        check(&format!("Hello Dana,\n{long}"), "Hold the button for ten seconds.");
        check(
            "Hello Dana, please take 3.5.0 (e.g. from our\nsite). It is new.",
            "Hello Dana, please take 3.5.0 (e.g. from our site).",
        );
        check("1. Hold it.\n2. Let go.", "1. Hold it.");
        check("It is done", "It is done");
        check("Hello!", "Hello!");
        check("", "");
        let endless = "one, two ".repeat(40);
        let said = sentence(&endless);
        assert!(said.ends_with(" …") && said.chars().count() <= 162 && !said.contains(", …"), "{said}");
        assert!(sentence(&"x".repeat(400)).ends_with('…'));
    }

    #[test]
    fn a_note_that_is_longer_than_what_is_shown_says_so() {
        assert_eq!(shortened("ask for\n DHCP log"), "ask for DHCP log");
        assert_eq!(
            shortened("one two three four five six seven eight nine ten eleven twelve, x"),
            "one two three four five six seven eight nine ten eleven twelve …"
        );
        assert_eq!(shortened(""), "");
    }
}
