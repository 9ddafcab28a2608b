//! Vendors: outside companies that work on a ticket in a side thread of their own. The customer's thread never quotes it,
//! and it never quotes the customer's thread.

use jiff::Timestamp;
use mail::compose::Letter;
use mail::machine::{MachineOutcome, Verdict};
use mail::{HeaderText, Mailbox, Message, MessageId, ReturnPath};
use serde::{Deserialize, Serialize};

use crate::agent_mail::Found;
use crate::agent_page::clean;
use crate::agent_proof::Token;
use crate::arrival::Incoming;
use crate::calendar::{Calendar, Span};
use crate::change::Change;
use crate::customer_mail::{self, Text, VendorDate};
use crate::decision::{Decision, Direction, MessageEntry, Outcome};
use crate::effect::{Effect, Purpose, Send, SendClass};
use crate::envelope::marks;
use crate::ids::{EffectId, FieldId, VendorName};
use crate::letter::{Words, push_reference};
use crate::moment::Now;
use crate::policy::{Inbox, Policy, Vendor};
use crate::remark::Remark;
use crate::ticket::{NoteLine, Status, Ticket};
use crate::ticket_mail::Cause;
use crate::token::{Claim, Mode};
use crate::{agent_request, notice, promise, vendor_date};

/// Characters of a vendor's number with what stands around it.
const NUMBER_CHARACTERS_MAX: usize = 60;

/// The thread with one vendor about one ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideThread {
    /// One id that leads every References of this thread.
    pub root: Option<MessageId>,
    /// The newest ids, oldest first, at most 10.
    pub references: Vec<MessageId>,
    /// The vendor's last mail: what ours replies to.
    pub last_in: Option<MessageId>,
    /// Their number for the matter as they write it, `[NG#5512]`, once they have told it.
    pub their_ref: Option<String>,
    /// Since when they owe us a word; `None` if they do not.
    pub asked_at: Option<Timestamp>,
    /// How often they were asked again.
    pub chased: u32,
    /// When they say that it is done, as their newest mail with a date says.
    #[serde(default)]
    pub expected_at: Option<Timestamp>,
}

/// The vendor and the number of theirs that a mail bears, by its From and its subject.
#[must_use]
pub fn number_of<'p>(policy: &'p Policy, message: &Message) -> Option<(&'p Vendor, String)> {
    let [author] = message.from.as_slice() else { return None };
    let vendor = policy.vendors.values().find(|vendor| vendor.email.folded() == author.address.folded())?;
    let number = vendor.their_ref.as_ref()?.captures(&message.subject)?.get(1)?.as_str().to_owned();
    Some((vendor, number))
}

/// Whether a ticket has that number at that vendor.
#[must_use]
pub fn has_number(ticket: &Ticket, vendor: &Vendor, number: &str) -> bool {
    let known = ticket.side_threads.get(&vendor.name).and_then(|thread| thread.their_ref.as_ref());
    let read = |known: &String| Some(vendor.their_ref.as_ref()?.captures(known)?.get(1)?.as_str() == number);
    known.and_then(read).unwrap_or(false)
}

/// Remembers their number for the matter, if this is the first mail that tells it.
fn learn(thread: &mut SideThread, vendor: &Vendor, subject: &str, text: &str) -> bool {
    let Some(pattern) = vendor.their_ref.as_ref().filter(|_| thread.their_ref.is_none()) else { return false };
    let found = pattern.captures(subject).or_else(|| pattern.captures(text));
    let found = found.filter(|captures| captures.get(1).is_some()).and_then(|captures| captures.get(0));
    thread.their_ref = found.map(|found| clean(found.as_str(), NUMBER_CHARACTERS_MAX));
    thread.their_ref.is_some()
}

/// A machine of a vendor writes into their thread, by its token or their number. An automatic answer, and the first mail that
/// tells their number, are kept and change nothing else: we still wait for a person. Whatever else their system sends is
/// their word. `None` if it is no such mail.
pub(crate) fn by_machine(mail: &mut Incoming<'_>, found: &Found, outcome: MachineOutcome, verdict: &Verdict) -> Option<Decision> {
    let is_reply = outcome == MachineOutcome::AttachCollapsed;
    if !is_reply && !matches!(outcome, MachineOutcome::CoalescedTicket | MachineOutcome::SilentTicket) {
        return None;
    }
    let Token::Vendor(name) = &found.request.as_ref()?.token else { return None };
    let (ticket, vendor) = (found.ticket.as_ref()?, mail.policy.vendors.get(name)?);
    let message = mail.message();
    let mut change = Change::new(mail.policy, ticket, mail.event);
    let thread = change.ticket.side_threads.entry(name.clone()).or_default();
    let is_first = learn(thread, vendor, &message.subject, &message.reply.new_text);
    if !is_reply && !is_first && is_theirs(mail, Some(ticket), name) {
        return wrote(mail, ticket, name);
    }
    change.trace.append(&mut mail.lines);
    let number = change.ticket.side_threads.get(name).and_then(|thread| thread.their_ref.clone());
    let what = match number.filter(|_| is_first) {
        Some(number) => format!("{}: their number is {number}", vendor.label),
        None => format!("{}: an automatic answer", vendor.label),
    };
    change.tell("machine_wrote", mail.sender.address.as_str(), what);
    change.message =
        Some(MessageEntry { direction: Direction::Note, from: vendor.label.clone(), ..mail.entry(verdict.class, false) });
    Some(change.finish(Outcome::Attached))
}

/// Whether the sender speaks for a vendor: it is their address, or somebody of their organisation who takes no part in the
/// ticket, or a person of ours has let the mail in. Whether that is proven is said beside it.
pub(crate) fn is_theirs(mail: &Incoming<'_>, ticket: Option<&Ticket>, name: &VendorName) -> bool {
    let Some(vendor) = mail.policy.vendors.get(name) else { return false };
    let sender = &mail.sender.address;
    let takes_part = ticket.is_some_and(|ticket| ticket.participants.iter().any(|person| person.folded() == sender.folded()));
    mail.arrival.let_in.is_some()
        || sender.folded() == vendor.email.folded()
        || !takes_part && sender.organisational_domain() == vendor.email.organisational_domain()
}

/// Somebody else writes to the address that a vendor was given: kept on the ticket for its owner's yes.
pub(crate) fn outsider(mail: &mut Incoming<'_>, ticket: &Ticket, name: &VendorName) -> Decision {
    let label = mail.policy.vendors.get(name).map_or(name.as_str(), |vendor| &vendor.label);
    mail.held_on(ticket, &Remark::with(|say| say.vendors_address, &[("vendor", label)]))
}

/// A vendor writes: it reaches the owner as a note, and the customer's thread never sees it.
pub(crate) fn wrote(mail: &mut Incoming<'_>, ticket: &Ticket, name: &VendorName) -> Option<Decision> {
    let vendor = mail.policy.vendors.get(name)?;
    let message = &mail.arrival.parsed.message;
    let unproven = !mail.arrival.proof.is_proven();
    let entry = MessageEntry { direction: Direction::Note, from: vendor.label.clone(), ..mail.entry(None, unproven) };
    let mut change = Change::new(mail.policy, ticket, mail.event);
    change.trace.append(&mut mail.lines);
    let excerpt = crate::act::shortened(&entry.text);
    change.tell("vendor_wrote", mail.sender.address.as_str(), crate::act::excerpt(&entry.text));
    let at = change.at();
    let thread = change.ticket.side_threads.entry(name.clone()).or_default();
    thread.asked_at = None;
    thread.last_in.clone_from(&message.message_id);
    if let Some(id) = &message.message_id {
        push_reference(&mut thread.references, id.clone());
    }
    learn(thread, vendor, &message.subject, &entry.text);
    change.ticket.last_note = Some(NoteLine { by: vendor.label.clone(), at, excerpt });
    if gave_date(&mut change, vendor, &entry.text, unproven) {
        // They go on working: nobody here owes a word before that date.
    } else if change.ticket.status == Status::OnHold && change.ticket.snoozed_until.is_none() {
        change.tell("status_changed", "frontdesk", "on_hold → open");
        change.ticket.status = Status::Open;
    }
    change.message = Some(entry.clone());
    notice::tell(&mut change, &Cause::VendorWrote { message: &entry, vendor: name }, None);
    Some(change.finish(Outcome::Attached))
}

/// The vendor says when it will be done: the matter stays theirs until then, and the requester hears of each new date. True
/// if they did. What nobody vouches for tells customers nothing.
fn gave_date(change: &mut Change<'_>, vendor: &Vendor, text: &str, unproven: bool) -> bool {
    let policy = change.policy;
    let calendar = calendar_of(policy, &change.ticket, vendor);
    let Some(calendar) = calendar.filter(|_| !unproven && change.ticket.status.is_active()) else { return false };
    let now = Now { at: change.at(), zone: policy.company.timezone.clone(), calendar };
    let Some(expected_at) = vendor_date::read(&now, text) else { return false };
    let at = change.at();
    let thread = change.ticket.side_threads.entry(vendor.name.clone()).or_default();
    let before = thread.expected_at.replace(expected_at);
    (thread.asked_at, thread.chased) = (Some(at), 0);
    if before == Some(expected_at) {
        return true;
    }
    change.tell("vendor_date", &vendor.label, format!("expects to be done by {expected_at}"));
    if change.ticket.private {
        change.trace("automatic mail", "no", "vendor-date: the inbox is private");
        return true;
    }
    let date = VendorDate { vendor: vendor.label.clone(), before, expected_at };
    let text = Text { vendor_date: Some(date), ..Text::default() };
    if customer_mail::send(change, "vendor-date", &text) {
        change.tell("vendor_date_told", "frontdesk", change.ticket.requester.address.to_string());
    }
    true
}

/// Asks a vendor in a thread of its own: the question in these words, with their files, and only those fields that the vendor
/// may see. Nothing that the requester wrote goes along unless it stands in the words.
pub(crate) fn ask(change: &mut Change<'_>, by: &str, name: &VendorName, words: &Words) {
    let policy = change.policy;
    let (Some(vendor), Some(inbox)) = (policy.vendors.get(name), policy.inboxes.get(&change.ticket.inbox)) else {
        return change.trace("command", "nothing", "the vendor or the inbox is no longer configured");
    };
    change.tell("vendor_asked", by, format!("{}: {}", vendor.label, crate::act::excerpt(&words.text)));
    let at = change.at();
    change.ticket.vendor = Some(name.clone());
    change.send(|change, id| question_letter(change, id, inbox, vendor, words));
    let Some(Effect::Send(send)) = change.effects.last() else { return };
    let message_id = send.message_id.clone();
    let thread = change.ticket.side_threads.entry(name.clone()).or_default();
    thread.root.get_or_insert(message_id.clone());
    push_reference(&mut thread.references, message_id);
    thread.asked_at = Some(at);
    thread.chased = 0;
    thread.expected_at = None;
    change.ticket.status = Status::OnHold;
    change.ticket.solved_at = None;
}

/// A rule has named a vendor for a new ticket: they are asked with its words, unless a step of its process asks them in its
/// turn.
pub(crate) fn ask_by_rule(change: &mut Change<'_>, message: &MessageEntry) {
    let Some(name) = change.ticket.vendor.clone() else { return };
    let steps = crate::process::steps_of(change.policy, &change.ticket);
    let is_asked_later = steps.iter().any(|step| step.waits_on.as_deref() == Some(name.as_str()));
    if !is_asked_later && !change.ticket.side_threads.contains_key(&name) {
        ask(change, "frontdesk", &name, &Words::plain(request_of(message)));
    }
}

/// A step waits on a vendor: they are asked with its checklist. The request goes along where a rule has named this vendor for it
/// and the step is its first; else nothing that a customer wrote does, besides the fields that the vendor may see.
pub(crate) fn ask_for_step(change: &mut Change<'_>, name: &VendorName, todo: &[String]) {
    let words = words_by_rule(change, name).unwrap_or_else(|| "Please look at this.".to_owned());
    let items = todo.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n");
    ask(change, "frontdesk", name, &Words::plain(format!("{words}\n\n{items}").trim()));
}

/// The request that opens the ticket, for the vendor that a rule has named for it.
fn words_by_rule(change: &Change<'_>, name: &VendorName) -> Option<String> {
    let is_by_rule = change.ticket.vendor.as_ref() == Some(name) && !change.ticket.side_threads.contains_key(name);
    // What was written later was not before the rule, and an agent who has come to the step can say more.
    let is_opening = change.ticket.made_by == change.event.id;
    let message = change.message.as_ref().filter(|message| is_by_rule && is_opening && message.direction == Direction::In)?;
    Some(request_of(message).to_owned()).filter(|words| !words.is_empty())
}

/// What a message asks: its words, or what it passes on without a word of its own.
fn request_of(message: &MessageEntry) -> &str {
    let text = message.text.trim();
    if text.is_empty() && message.cut_is_news { message.cut.trim() } else { text }
}

/// Vendors who were asked before, and may see what has become known since, hear of it.
pub(crate) fn tell_fields(change: &mut Change<'_>) {
    let policy = change.policy;
    let valid =
        |ticket: &Ticket, id: &FieldId| ticket.fields.get(id).filter(|value| value.valid).map(|value| value.value.clone());
    let is_news = |vendor: &Vendor| {
        vendor.sees.iter().any(|id| {
            let now = valid(&change.ticket, id);
            now.is_some() && now != valid(change.before, id)
        })
    };
    let waits = |name: &VendorName| {
        let asked_at = |ticket: &Ticket| ticket.side_threads.get(name).and_then(|thread| thread.asked_at);
        asked_at(change.before).is_some() && asked_at(&change.ticket) == asked_at(change.before)
    };
    let told: Vec<&Vendor> = policy.vendors.values().filter(|vendor| waits(&vendor.name) && is_news(vendor)).collect();
    for vendor in told {
        let Some(inbox) = policy.inboxes.get(&change.ticket.inbox) else { continue };
        change.tell("vendor_told", "frontdesk", format!("{}: what has become known", vendor.label));
        change.send(|change, id| question_letter(change, id, inbox, vendor, &Words::plain("We know more by now:")));
        let Some(Effect::Send(send)) = change.effects.last() else { continue };
        let message_id = send.message_id.clone();
        if let Some(thread) = change.ticket.side_threads.get_mut(&vendor.name) {
            push_reference(&mut thread.references, message_id);
        }
    }
}

/// Spans after a question at which something is done about a vendor's silence: the owner is told, then they are asked again.
fn patience(vendor: &Vendor) -> Vec<Span> {
    vendor.within.into_iter().chain(vendor.chase.iter().copied()).collect()
}

fn late_at(policy: &Policy, ticket: &Ticket, name: &VendorName, thread: &SideThread) -> Option<Timestamp> {
    let vendor = policy.vendors.get(name)?;
    let calendar = calendar_of(policy, ticket, vendor)?;
    let asked_at = thread.asked_at?;
    // Who has given a date is left in peace until then, and counted from it.
    let since = thread.expected_at.map_or(asked_at, |expected_at| expected_at.max(asked_at));
    match patience(vendor).get(thread.chased as usize) {
        Some(span) => calendar.after(since, *span),
        None => (thread.chased == 0).then_some(thread.expected_at).flatten(),
    }
}

fn calendar_of<'p>(policy: &'p Policy, ticket: &Ticket, vendor: &Vendor) -> Option<&'p Calendar> {
    let own = vendor.calendar.as_ref().and_then(|name| policy.calendars.get(name));
    own.or_else(|| promise::calendar_of(policy, ticket))
}

/// When something is next done about a vendor's silence.
pub(crate) fn next_at(policy: &Policy, ticket: &Ticket) -> Option<Timestamp> {
    if !ticket.status.is_active() {
        return None;
    }
    ticket.side_threads.iter().filter_map(|(name, thread)| late_at(policy, ticket, name, thread)).min()
}

/// Vendors who owe a word for too long: first the owner hears of it, then the vendor is asked again.
pub(crate) fn chase(change: &mut Change<'_>) {
    let policy = change.policy;
    let late: Vec<(VendorName, Timestamp)> = change
        .ticket
        .side_threads
        .iter()
        .filter_map(|(name, thread)| Some((name.clone(), late_at(policy, &change.ticket, name, thread)?)))
        .filter(|(_, at)| *at <= change.at())
        .collect();
    for (name, due_at) in late {
        let (Some(vendor), Some(inbox)) = (policy.vendors.get(&name), policy.inboxes.get(&change.ticket.inbox)) else { continue };
        let Some(thread) = change.ticket.side_threads.get_mut(&name) else { continue };
        let is_first = thread.chased == 0 && (vendor.within.is_some() || vendor.chase.is_empty());
        thread.chased += 1;
        if is_first {
            change.tell("vendor_late", "frontdesk", format!("{} owes a word since {due_at:.0}", vendor.label));
            notice::tell(change, &Cause::VendorLate { vendor: &name, due_at }, None);
            continue;
        }
        change.tell("vendor_chased", "frontdesk", vendor.label.clone());
        let reference = policy.reference(change.ticket.no);
        let text = format!("Is there any news about {reference}? Please answer this mail.");
        let words = Words::plain(&text);
        change.send(|change, id| question_letter(change, id, inbox, vendor, &words));
        let Some(Effect::Send(send)) = change.effects.last() else { continue };
        let message_id = send.message_id.clone();
        if let Some(thread) = change.ticket.side_threads.get_mut(&name) {
            push_reference(&mut thread.references, message_id);
        }
    }
}

/// The mail to the vendor. It leaves in the inbox's name; answers come back to the desk by a token of this thread alone.
fn question_letter(change: &Change<'_>, id: EffectId, inbox: &Inbox, vendor: &Vendor, question: &Words) -> Send {
    let (policy, ticket) = (change.policy, &change.ticket);
    let thread = ticket.side_threads.get(&vendor.name).cloned().unwrap_or_default();
    let claim = Claim { ticket: ticket.no, rev: ticket.rev, mode: Mode::Vendor };
    let message_id = policy.keys.message_id(claim, id, inbox.address.domain());
    let reference = policy.reference(ticket.no);
    let number = thread.their_ref.as_ref().map_or_else(String::new, |number| format!(" {number}"));
    let subject = format!("[{reference}]{number} {}", ticket.subject);
    let mut text = format!("{}\n", question.text.trim_end());
    let seen: Vec<String> = vendor.sees.iter().filter_map(|id| Some(format!("{id}: {}", ticket.fields.get(id)?.value))).collect();
    if !seen.is_empty() {
        text.push_str(&format!("\n{}\n", seen.join("\n")));
    }
    text.push_str(&format!("\n{}\n", inbox.label));
    let reply_to = policy.agent_mail.as_ref().map(|desk| Mailbox {
        name: Some(inbox.label.clone()),
        address: desk.reply_address(&policy.keys.reply_detail(claim, &agent_request::vendor_person(&vendor.name))),
    });
    let root = thread.root.iter().filter(|root| !thread.references.contains(root));
    let letter = Letter {
        from: Mailbox { name: Some(inbox.label.clone()), address: inbox.address.clone() },
        to: Mailbox { name: Some(vendor.label.clone()), address: vendor.email.clone() },
        cc: Vec::new(),
        reply_to,
        subject: HeaderText::new(&subject),
        message_id: message_id.clone(),
        in_reply_to: thread.last_in.clone(),
        references: root.chain(&thread.references).cloned().collect(),
        date_unix_seconds: change.at().as_second(),
        extra: marks(policy, &message_id, None),
        boundary_seed: message_id.to_string(),
        attachments: Vec::new(),
        html: None,
        text,
    };
    Send {
        purpose: Purpose::VendorMail,
        class: SendClass::AtLeastOnce,
        to: vendor.email.clone(),
        envelope_from: ReturnPath::Address(inbox.address.clone()),
        inbox: inbox.name.clone(),
        message_id,
        subject,
        not_before: None,
        enclosed: question.enclosed.clone(),
        letter: Some(Box::new(letter)),
    }
}
