//! A mail opens a ticket: form, fields, language, rules, clocks, acknowledgement.

use std::collections::BTreeSet;

use mail::Address;
use mail::machine::{MachineOutcome, Verdict};

use crate::arrival::{Incoming, ticket_subject};
use crate::article::Article;
use crate::change::Change;
use crate::decide::entry;
use crate::decision::{Decision, MessageEntry, Outcome};
use crate::effect::Effect;
use crate::event::{Actor, AgentState, SenderProof, Target};
use crate::form::FormReading;
use crate::ids::{EventId, FieldId};
use crate::letter::{AckRequest, acknowledgement};
use crate::policy::{Agent, Form, Policy};
use crate::rule::{AckAction, Actions, RuleView};
use crate::ticket::{Clock, Link, LinkKind, NoteLine, Promised, Requester, Status, Ticket};
use crate::ticket_mail::Cause;
use crate::trace::TraceLine;
use crate::{act, assign, field, fill_in, form, notice, opening_help, process, promise, sender, subject, vendor};

pub(crate) fn decide(mut mail: Incoming<'_>, verdict: &Verdict, earlier: Option<&Ticket>) -> Decision {
    let mut ticket = blank(&mail);
    let filled_in = read_form(&mut mail, &mut ticket);
    mail.trace(
        "who",
        "requester",
        sender::shown(&mail::Mailbox {
            name: Some(ticket.requester.name.clone()).filter(|name| !name.is_empty()),
            address: ticket.requester.address.clone(),
        }),
    );
    trace_cut(&mut mail);
    fill_fields(&mut mail, &mut ticket);
    carry_on(&mut mail, &mut ticket, earlier);
    let language = ticket.language.clone();
    mail.trace(
        "language",
        language.as_deref().unwrap_or("not known"),
        if language.is_some() { "" } else { "the first of the company's is used" },
    );
    let ruling = run_rules(&mut mail, &mut ticket, false);
    if let Some((rule, line)) = ruling.ignored {
        mail.trace("decide", "ignored", "a rule records it without a ticket");
        let mut decision = mail.finish(Outcome::Ignored { rule: rule.clone() }, None, None);
        if let Some(last) = decision.trace.last_mut() {
            (last.rule, last.line) = (Some(rule), Some(line));
        }
        return decision;
    }
    settle(&mut mail, &mut ticket);
    let what = format!("{} in {}", ticket.subject, ticket.inbox);
    let mut history = vec![entry(mail.event, "requester_wrote", ticket.requester.address.as_str(), what)];
    let maybe = opening_help::look_up(&mut mail, &mut ticket, &mut history);
    let given = give_owner(&mut mail, &mut ticket);
    history.extend(ruling.history);
    let mut people = Vec::new();
    mail.admit_people(&mut ticket, &mut people, false);
    history.extend(people);
    let mut effects = ruling.effects;
    if let Some((line, effect)) = given {
        history.push(line);
        effects.push(effect);
    }
    acknowledge(&mut mail, &mut ticket, verdict, ruling.ack.as_ref(), maybe, &mut effects, &mut history);
    let unproven = !mail.arrival.proof.is_proven();
    let mut message = mail.entry(verdict.class, unproven);
    if let Some(filled_in) = filled_in {
        filled_in.show(&ticket, &mut message);
    }
    let (policy, event, silent) = (mail.policy, mail.event, mail.arrival.silent);
    let before = ticket.clone();
    let mut decision = mail.finish(Outcome::NewTicket, Some(ticket), Some(message.clone()));
    decision.history = history;
    decision.effects = effects;
    let mut change = Change::resume(policy, event, &before, decision);
    process::advance(&mut change);
    if !silent {
        vendor::ask_by_rule(&mut change, &message);
        notice::tell(&mut change, &Cause::New { message: &message }, None);
    }
    change.finish(Outcome::NewTicket)
}

/// What is known of the ticket whose matter this one continues need not be asked again; and a like one is proposed for merging.
fn carry_on(mail: &mut Incoming<'_>, ticket: &mut Ticket, earlier: Option<&Ticket>) {
    if let Some(other) = mail.arrival.known.alike {
        mail.trace("thread", "alike", format!("seems to be about {}: merging is proposed", mail.policy.reference(other)));
        ticket.links.insert(Link { kind: LinkKind::Resembles, ticket: other });
    }
    let folded = |text: &str| subject::folded(text, &mail.policy.company.prefix);
    let is_theirs = |earlier: &&Ticket| {
        let continues = Link { kind: LinkKind::Continues, ticket: earlier.no };
        let is_same = earlier.requester.address.folded() == ticket.requester.address.folded()
            && earlier.ticket_type == ticket.ticket_type
            && folded(&earlier.first_subject) == folded(&ticket.first_subject);
        ticket.links.contains(&continues) && is_same && ticket.requester.proven
    };
    let (Some(earlier), Some(ticket_type)) = (earlier.filter(is_theirs), mail.policy.types.get(&ticket.ticket_type)) else {
        return;
    };
    for field in ticket_type.fields.iter().filter(|field| !field.agents_only) {
        let known = earlier.fields.get(&field.id).filter(|value| value.valid);
        if let (Some(value), false) = (known, ticket.fields.get(&field.id).is_some_and(|value| value.valid)) {
            let from = mail.policy.reference(earlier.no);
            mail.trace("field", "known", format!("{} = {} (from {from})", field.id, value.value));
            ticket.fields.insert(field.id.clone(), value.clone());
        }
    }
    ticket.missing = field::missing(ticket_type, &ticket.fields);
}

/// Whoever the team's way of sharing work gives it to, unless a rule has named an owner.
fn give_owner(mail: &mut Incoming<'_>, ticket: &mut Ticket) -> Option<(crate::HistoryEntry, Effect)> {
    if ticket.owner.is_some() || mail.arrival.silent {
        return None;
    }
    let at = mail.event.at;
    let name = assign::owner_for(mail.policy, &mail.event.around, ticket, at)?;
    mail.trace("assign", name.as_str(), "by the team's way of sharing work");
    let state = mail.event.around.agents.get(&name).cloned().unwrap_or_default();
    let effect = Effect::Agent { name: name.clone(), state: AgentState { assigned_at: Some(at), ..state } };
    let line = entry(mail.event, "assigned", "frontdesk", format!("to {name}"));
    ticket.owner = Some(name);
    Some((line, effect))
}

/// A ticket that an agent makes for somebody else. Nobody proved the address, and the agent is in touch already: nothing is
/// sent to it until a person answers. What the agent says of it is a note.
pub(crate) fn for_customer(
    mail: &mut Incoming<'_>,
    agent: &Agent,
    requester: Requester,
    message: MessageEntry,
    note: Option<String>,
) -> Decision {
    let customer = requester.address.clone();
    let mut ticket = blank(mail);
    ticket.requester = requester;
    ticket.participants = BTreeSet::from([customer.clone()]);
    // The agent's own mail is none of the customer's thread.
    (ticket.thread_root, ticket.last_in) = (None, None);
    ticket.references.clear();
    ticket.requester_ids.clear();
    ticket.recent_mails.clear();
    let words = message.text.split_whitespace().take(8).collect::<Vec<_>>().join(" ");
    let forwarded = mail.arrival.parsed.message.reply.forward.as_ref().and_then(|forward| forward.subject.clone());
    ticket.subject = forwarded.unwrap_or_else(|| if words.is_empty() { "(no subject)".to_owned() } else { words });
    ticket.first_subject.clone_from(&ticket.subject);
    ticket.status = Status::Open;
    ticket.owner = Some(agent.name.clone());
    ticket.acknowledged = true;
    fill_fields_from(mail, &mut ticket, &message.text);
    let ruling = run_rules(mail, &mut ticket, false);
    settle(mail, &mut ticket);
    ticket.help.gist = crate::gist::of_mail(&ticket.subject, &message.text);
    ticket.help.suggested = crate::article::suggest(mail.policy, &ticket, &message.text).0;
    let what = format!("for {customer}, by {}", agent.name);
    let mut history = vec![entry(mail.event, "opened_for", agent.name.as_str(), what)];
    history.extend(ruling.history);
    let note = note.map(|text| {
        history.push(entry(mail.event, "noted", agent.name.as_str(), act::excerpt(&text)));
        let excerpt = act::shortened(&text);
        ticket.last_note = Some(NoteLine { by: agent.name.0.clone(), at: mail.event.at, excerpt });
        let id = EventId::of_note(mail.event.id, 0);
        MessageEntry { id, raw: message.raw, ..act::blank(mail.event, &Actor::Agent(agent.name.clone()), &text) }
    });
    let decision = Decision {
        history,
        effects: ruling.effects,
        notes: note.into_iter().collect(),
        trace: std::mem::take(&mut mail.lines),
        ..Decision::of(Outcome::NewTicket, Some(ticket.clone()), Some(message.clone()))
    };
    let mut change = Change::resume(mail.policy, mail.event, &ticket, decision);
    process::advance(&mut change);
    // The agent too: their mail of the ticket is what they answer to write to the customer.
    notice::tell(&mut change, &Cause::New { message: &message }, None);
    change.finish(Outcome::NewTicket)
}

/// The ticket before anything was read out of the mail.
pub(crate) fn blank(mail: &Incoming<'_>) -> Ticket {
    let (policy, message) = (mail.policy, mail.message());
    let inbox = policy.inboxes.get(&mail.arrival.inbox);
    let links = match &mail.arrival.known.placement.target {
        Target::NewLinked { ticket, link } => BTreeSet::from([Link { kind: *link, ticket: *ticket }]),
        Target::New | Target::Attach { .. } | Target::Held { .. } => BTreeSet::new(),
    };
    let at = mail.event.at;
    let requester = Requester {
        name: mail.sender.name.clone().unwrap_or_default(),
        address: mail.sender.address.clone(),
        proven: mail.arrival.proof.is_proven(),
    };
    let ticket_type = inbox.map(|inbox| inbox.ticket_type.clone()).unwrap_or_default();
    let mut ticket = Ticket {
        no: mail.arrival.known.next_ticket,
        subject: ticket_subject(policy, message),
        team: inbox.map(|inbox| inbox.team.clone()),
        language: message.language.clone().or_else(|| content_language(message)).or_else(|| mail.event.around.contact.language()),
        links,
        first_subject: message.subject.trim().to_owned(),
        private: inbox.is_some_and(|inbox| inbox.private),
        recent_mails: vec![(mail.sender.address.clone(), at)],
        utc_offset_minutes: mail.proven_offset(),
        ..Ticket::blank(requester, mail.arrival.inbox.clone(), ticket_type, mail.event.id, at)
    };
    mail.remember(&mut ticket);
    ticket
}

/// RFC 3282; the first of a list, the language without its region.
fn content_language(message: &mail::Message) -> Option<String> {
    let first = message.header("Content-Language")?.split(',').next()?.trim();
    let base = first.split('-').next()?.to_ascii_lowercase();
    (base.len() == 2 && base.bytes().all(|b| b.is_ascii_lowercase())).then_some(base)
}

fn trace_cut(mail: &mut Incoming<'_>) {
    let reply = &mail.message().reply;
    let outcome = if reply.whole_kept { "whole text kept" } else { "cut" };
    let detail =
        format!("{} characters new, {} quoted, {} signature", reply.new_text.len(), reply.elided.len(), reply.signature.len());
    mail.trace("cut", outcome, detail);
}

/// The form that a mail was written by, with what it says.
fn form_of<'p>(mail: &Incoming<'p>, ticket: &Ticket) -> Option<(&'p Form, FormReading)> {
    let form = mail.policy.forms.iter().find(|form| form.when.holds(&view(mail, ticket)))?;
    Some((form, form::read_with_attached(form, &mail.message().text, &mail.message().form_data)))
}

/// Who asks by a form that vouches for it; `None` for a mail that no such form wrote.
pub(crate) fn asks_by_form(mail: &Incoming<'_>) -> Option<Address> {
    if mail.policy.forms.is_empty() || !mail.arrival.proof.is_proven() {
        return None;
    }
    form_of(mail, &blank(mail))?.1.requester
}

/// A web form's mail tells who really asks. Believed only when the form's own sender is proven; then what it says is shown in
/// place of its lines.
fn read_form(mail: &mut Incoming<'_>, ticket: &mut Ticket) -> Option<FilledIn> {
    let Some((form, mut filled)) = form_of(mail, ticket) else {
        mail.trace("form", "no", "no form matches");
        return None;
    };
    mail.lines.push(TraceLine {
        rule: Some(form.name.clone()),
        line: Some(form.line),
        ..TraceLine::new("form", "read", format!("{} values", filled.fields.len()))
    });
    mail.form = std::mem::take(&mut filled.fields);
    if let Some(subject) = filled.subject {
        ticket.subject = subject;
    }
    match (filled.requester, mail.arrival.proof.is_proven()) {
        (Some(address), true) => {
            ticket.participants = BTreeSet::from([address.clone()]);
            ticket.requester.name = filled.requester_name.unwrap_or_default();
            ticket.requester.address = address;
            // The form vouches for the text, not for the address that was typed into it.
            ticket.requester.proven = false;
            let values = mail.form.iter().map(|(id, said)| (id.clone(), said.value.clone())).collect();
            Some(FilledIn { text: filled.text, values, unmapped: filled.unmapped })
        }
        (Some(_), false) => {
            mail.trace("form", "requester kept", "the form's sender is not proven");
            None
        }
        (None, _) => None,
    }
}

/// What somebody filled in, to be shown as their message.
struct FilledIn {
    text: Option<String>,
    values: Vec<(FieldId, String)>,
    unmapped: Vec<(String, String)>,
}

impl FilledIn {
    /// The request, then what no field of the ticket shows. The form's own lines stay beside it.
    fn show(self, ticket: &Ticket, message: &mut MessageEntry) {
        let name = Some(ticket.requester.name.clone()).filter(|name| !name.is_empty());
        message.from = sender::shown(&mail::Mailbox { name, address: ticket.requester.address.clone() });
        message.unproven = true;
        let Some(text) = self.text else { return };
        let is_lost = |(id, _): &(FieldId, String)| !ticket.fields.contains_key(id);
        let lost = self.values.into_iter().filter(is_lost).map(|(id, value)| (id.0, value));
        let rest: Vec<String> = lost.chain(self.unmapped).map(|(key, value)| format!("{key}: {value}")).collect();
        message.cut = std::mem::replace(&mut message.text, text);
        if !rest.is_empty() {
            message.text.push_str("\n\n");
            message.text.push_str(&rest.join("\n"));
        }
    }
}

/// Seeks the fields of the ticket's type. A valid value stays unless a form or a label says another.
pub(crate) fn fill_fields(mail: &mut Incoming<'_>, ticket: &mut Ticket) {
    fill_fields_from(mail, ticket, &mail.message().reply.told());
}

/// The same in words that are not those at the top of the mail.
fn fill_fields_from(mail: &mut Incoming<'_>, ticket: &mut Ticket, text: &str) {
    let Some(ticket_type) = mail.policy.types.get(&ticket.ticket_type) else { return };
    let message = mail.message();
    let sources = field::FieldSources {
        form: Some(&mail.form),
        subject: &message.subject,
        text,
        attachments: message.attachments.iter().map(|file| file.name.as_str()).collect(),
        today: mail.event.at.to_zoned(mail.policy.company.timezone.clone()).date(),
    };
    let extracted = field::extract(ticket_type, &ticket.fields, &sources);
    for (id, value) in &extracted.fields {
        if ticket.fields.get(id) != Some(value) {
            let word = if value.valid { "found" } else { "said, not understood" };
            mail.lines.push(TraceLine::new("field", word, format!("{id} = {} ({})", value.value, value.from)));
        }
    }
    ticket.fields = extracted.fields;
    let reply = &message.reply;
    let answers = fill_in::read(ticket_type, ticket, &reply.new_text, &reply.elided, sources.today);
    for (id, value) in answers {
        let is_better = value.valid || !ticket.fields.get(&id).is_some_and(|known| known.valid);
        if is_better && ticket.fields.get(&id).is_none_or(|known| known.value != value.value || !known.valid) {
            mail.lines.push(TraceLine::new("field", "answered", format!("{id} = {}", value.value)));
            ticket.fields.insert(id, value);
        }
    }
    ticket.missing = field::missing(ticket_type, &ticket.fields);
}

/// What the rules said besides changing the ticket.
#[derive(Default)]
pub(crate) struct Ruling {
    pub(crate) history: Vec<crate::HistoryEntry>,
    pub(crate) effects: Vec<Effect>,
    ack: Option<AckAction>,
    ignored: Option<(String, u32)>,
}

pub(crate) fn view<'a>(mail: &Incoming<'a>, ticket: &Ticket) -> RuleView<'a> {
    let message = mail.message();
    // Who writes nothing below the subject has said everything in it.
    let is_bare = message.text.trim().is_empty();
    RuleView {
        from: message.from.iter().map(|mailbox| &mailbox.address).collect(),
        to: message.to.iter().map(|mailbox| &mailbox.address).chain(&message.delivered_to).collect(),
        cc: message.cc.iter().map(|mailbox| &mailbox.address).collect(),
        arrived_at: mail.arrival.inbox.clone(),
        subject: &message.subject,
        text: if is_bare { &message.subject } else { &message.reply.new_text },
        any_text: if is_bare { &message.subject } else { &message.text },
        attachments: message.attachments.iter().map(|file| (file.name.as_str(), file.bytes)).collect(),
        headers: &message.headers,
        bytes: mail.arrival.raw_bytes,
        authenticated: mail.arrival.proof.is_proven(),
        at: mail.event.at,
        contact_tickets: mail.arrival.known.contact_tickets,
        language: message.language.as_deref(),
        ticket_type: ticket.ticket_type.clone(),
        team: ticket.team.clone(),
        inbox: ticket.inbox.clone(),
        priority: ticket.priority,
        status: ticket.status,
        tags: ticket.tags.clone(),
        owner: ticket.owner.clone(),
        fields: ticket.fields.clone(),
    }
}

/// Runs the rules; later ones see what earlier ones decided.
pub(crate) fn run_rules(mail: &mut Incoming<'_>, ticket: &mut Ticket, on_reply: bool) -> Ruling {
    let policy = mail.policy;
    let mut ruling = Ruling::default();
    if policy.rules.rules().is_empty() {
        return ruling;
    }
    let mut view = view(mail, ticket);
    let mut wish = Wish::default();
    let outcomes = policy.rules.run(&mut view, on_reply, |rule, found, view| {
        apply(policy, &rule.then, &found.captures, view, &mut wish);
        if rule.then.ignore.is_some() {
            ruling.ignored = Some((rule.name.clone(), rule.line));
        }
        let mut line = entry(mail.event, "rule_matched", "frontdesk", format!("{}: {}", rule.name, found.why));
        line.rule = Some((rule.name.clone(), rule.line));
        ruling.history.push(line);
    });
    for outcome in outcomes {
        let rule = &policy.rules.rules()[outcome.rule];
        let word = if outcome.matched { "matched" } else { "no" };
        mail.lines.push(TraceLine {
            rule: Some(rule.name.clone()),
            line: Some(rule.line),
            ..TraceLine::new("rule", word, outcome.why.into_owned())
        });
    }
    let type_changed = view.ticket_type != ticket.ticket_type;
    ticket.ticket_type = view.ticket_type;
    ticket.team = view.team;
    if view.inbox != ticket.inbox {
        ticket.private = policy.inboxes.get(&view.inbox).is_some_and(|inbox| inbox.private);
    }
    ticket.inbox = view.inbox;
    ticket.priority = view.priority;
    ticket.tags = view.tags;
    ticket.owner = view.owner;
    ticket.fields = view.fields;
    ticket.vendor = wish.vendor.or(ticket.vendor.take());
    ticket.hold = wish.hold.or(ticket.hold.take());
    if type_changed {
        // Another type asks other questions of the same words.
        fill_fields(mail, ticket);
    }
    ruling.ack = wish.ack;
    let reference = policy.reference(ticket.no);
    ruling.effects =
        wish.tell.into_iter().map(|to| Effect::Notify { to, text: format!("{reference}: {}", ticket.subject) }).collect();
    ruling
}

/// What rules wish that the view does not hold.
#[derive(Default)]
struct Wish {
    vendor: Option<crate::VendorName>,
    hold: Option<String>,
    ack: Option<AckAction>,
    tell: Vec<String>,
}

fn apply(policy: &Policy, then: &Actions, captures: &[(String, String)], view: &mut RuleView<'_>, wish: &mut Wish) {
    if let Some(inbox) = then.inbox.as_ref().and_then(|name| policy.inboxes.get(name)) {
        view.inbox = inbox.name.clone();
        view.team = Some(inbox.team.clone());
        view.ticket_type = inbox.ticket_type.clone();
    }
    if let Some(team) = &then.team {
        view.team = Some(team.clone());
    }
    if let Some(owner) = &then.owner {
        view.owner = Some(owner.clone());
    }
    if let Some(ticket_type) = &then.ticket_type {
        view.ticket_type = ticket_type.clone();
    }
    if let Some(priority) = then.priority {
        view.priority = priority;
    }
    view.tags.extend(then.tags.iter().cloned());
    for (id, value) in then.set_with(captures) {
        view.fields.insert(id, crate::ticket::FieldValue { value, from: "rule".to_owned(), span: None, valid: true });
    }
    if then.vendor.is_some() {
        wish.vendor.clone_from(&then.vendor);
    }
    if then.hold.is_some() {
        wish.hold.clone_from(&then.hold);
    }
    if then.ack.is_some() {
        wish.ack.clone_from(&then.ack);
    }
    wish.tell.extend(then.tell.iter().cloned());
}

/// What follows from type, inbox and priority once the rules have spoken.
fn settle(mail: &mut Incoming<'_>, ticket: &mut Ticket) {
    let policy = mail.policy;
    ticket.first_response = Clock { started_at: Some(ticket.created_at), ..Clock::default() };
    promise::set_due(policy, ticket);
    if let Some(ticket_type) = policy.types.get(&ticket.ticket_type) {
        ticket.missing = field::missing(ticket_type, &ticket.fields);
    }
    let due = ticket.first_response.due_at.map_or_else(|| "no promise".to_owned(), |due| format!("first response due {due:.0}"));
    let team = ticket.team.as_ref().map_or("nobody", crate::TeamName::as_str);
    mail.trace(
        "decide",
        "new ticket",
        format!("{}, type {}, team {team}, {}, {due}", policy.reference(ticket.no), ticket.ticket_type, ticket.priority.as_str()),
    );
}

fn acknowledge(
    mail: &mut Incoming<'_>,
    ticket: &mut Ticket,
    verdict: &Verdict,
    wish: Option<&AckAction>,
    maybe: Option<&Article>,
    effects: &mut Vec<Effect>,
    history: &mut Vec<crate::HistoryEntry>,
) {
    let policy = mail.policy;
    let inbox = policy.inboxes.get(&ticket.inbox);
    let template = match wish {
        Some(AckAction::Off) => None,
        Some(AckAction::Template(name)) => Some(name.as_str()),
        None => inbox.and_then(|inbox| inbox.ack.as_deref()),
    };
    ticket.acknowledged = true;
    let why_not = no_ack_because(mail, ticket, verdict, template);
    let (Some(inbox), Some(template), None) = (inbox, template, &why_not) else {
        let why = why_not.unwrap_or_else(|| "the inbox has none".to_owned());
        mail.trace("ack", "no", why);
        return;
    };
    // A form proves itself, not the address that somebody typed into it.
    let proven = mail.arrival.proof.is_proven() && ticket.requester.proven;
    let request = AckRequest {
        event: mail.event,
        index: effects.len(),
        template,
        message: mail.message(),
        proven,
        usual_response: mail.arrival.known.usual_response,
        maybe,
    };
    match acknowledgement(policy, ticket, inbox, &request) {
        Ok((send, promised)) => {
            ticket.promised = promised.map(|until| Promised { until, renewals: 0 });
            let form = if proven { "proven" } else { "plain" };
            mail.trace("ack", "yes", format!("template {template}, {form} form, to {}", send.to));
            history.push(entry(mail.event, "acknowledged", "frontdesk", format!("to {}", send.to)));
            effects.push(Effect::Send(Box::new(send)));
            if !request.is_plain(ticket) {
                fill_in::asked_in_acknowledgement(ticket, &fill_in::questions(policy, ticket));
                opening_help::told(mail, ticket, maybe, history);
            }
        }
        Err(problem) => {
            let what = format!("template {}.{}: {}", problem.name, problem.language, problem.what);
            mail.trace("ack", "no", what.clone());
            effects.push(Effect::Notify { to: "operator".to_owned(), text: what });
        }
    }
}

/// The first reason against an acknowledgement; `None` if it may go.
fn no_ack_because(mail: &Incoming<'_>, ticket: &Ticket, verdict: &Verdict, template: Option<&str>) -> Option<String> {
    if template.is_none() {
        return Some("switched off".to_owned());
    }
    if verdict.outcome != MachineOutcome::Ticket {
        let budget = mail.arrival.known.budget.ack_refused.clone().filter(|_| verdict.row == 17);
        return Some(budget.unwrap_or_else(|| format!("row {} of the machine table: {}", verdict.row, verdict.detail)));
    }
    if mail.arrival.silent {
        return Some("imported silently".to_owned());
    }
    if sender::is_unknown(&ticket.requester.address) {
        return Some("the mail names no sender".to_owned());
    }
    if matches!(mail.arrival.proof, SenderProof::Failed { .. }) {
        return Some("the sender's domain disowns the mail".to_owned());
    }
    if mail.policy.own_addresses.contains(&ticket.requester.address.without_detail()) {
        return Some("the requester is an address of ours".to_owned());
    }
    if mail.message().from.len() > 1 {
        return Some("more than one sender".to_owned());
    }
    None
}
