//! The simulator of everybody at once: agents, customers, people in copy, vendors and intruders write in random order, in
//! answer to anything that they got, as random programs quote it. After each step every byte that left is searched.
//!
//! `INTERNAL-CANARY` stands in all that is said inside; it must never be in a mail to somebody outside who is no vendor.
//! `SECRET-T7-END` stands in what is said on T-7; it must never be in a mail about another ticket.
//!
//! A seed that failed once stands in `fixtures/sim/canary.txt` with the reason, and runs first for ever.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use desk::event::Actor;
use desk::ticket::LinkKind;
use desk::{Command, TicketNo};
use frontdesk::engine::core::Live;
use frontdesk::engine::read::read_here;
use frontdesk::store::Store as _;
use jiff::SignedDuration;

use super::client::Client;
use super::{ANA, ANA_ADDRESS, BEN, BEN_ADDRESS, DANA, links, percent_decoded, press};
use crate::harness::bare::{Bare, Sent, live};
use crate::harness::mails::{self, Basics, Mail};
use crate::harness::office::{INBOX, SUPPORT, vouched};

/// Sequences of one run.
const SEQUENCES: u64 = 10_000;
/// Steps of each.
const STEPS: std::ops::RangeInclusive<u64> = 4..=7;
const CANARY: &str = "INTERNAL-CANARY";
const NORTHGATE: &str = "Northgate <servicedesk@northgate.example>";
const OUTSIDE: [&str; 5] =
    [DANA, "Anna Berg <anna@x.example>", "Karl Berg <karl@y.example>", "Bob <bob@elsewhere.example>", "Eve <eve@evil.example>"];
const SECTIONS: &str = "[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\nreceipts = \"all\"\n\
     [vendor.northgate]\nname = \"Northgate IT\"\nemail = \"servicedesk@northgate.example\"\ntheir_ref = '\\[NG#(\\d+)\\]'\n";
/// An address of an agent's that nobody has named.
const HOME: &str = "Ana Ruiz <ana@home.example>";

/// Chance that is the same every time.
struct Dice(u64);

impl Dice {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        // splitmix64: every seed gives a sequence of its own.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.below(all.len() as u64);
        all[usize::try_from(at).expect("an index")]
    }

    /// One time in `times`.
    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

struct World {
    desk: Bare,
    dice: Dice,
    mails: u64,
    checked: usize,
    /// What was done, for whoever has to understand a failure.
    story: Vec<String>,
}

impl World {
    fn new(live: &Arc<Live>, seed: u64) -> World {
        World { desk: Bare::new(live), dice: Dice(seed), mails: 0, checked: 0, story: Vec::new() }
    }

    fn run(&mut self) {
        self.customer_asks();
        let steps = *STEPS.start() + self.dice.below(STEPS.end() - STEPS.start() + 1);
        for _ in 0..steps {
            match self.dice.below(24) {
                0 => self.customer_asks(),
                1..=3 => self.somebody_answers(),
                4..=8 => self.agent_answers(),
                9..=11 => self.agent_commands(),
                12..=14 => self.agent_presses(),
                15 => self.vendor_answers(),
                16 => self.agent_forwards(),
                17 => self.agent_writes_directly(),
                18 => self.machine_answers(),
                19 => self.note_by_command_line(),
                20 => self.operator_lets_in(),
                21 => self.agent_answers_from_home(),
                22 => self.vendor_writes_by_number(),
                _ => self.time_passes(),
            }
            self.check();
        }
    }

    fn id(&mut self) -> String {
        self.mails += 1;
        format!("m{}@sim.example", self.mails)
    }

    fn deliver(&mut self, mail: Mail, is_vouched: bool) {
        let from = mails::header_of(&mail.bytes(), "From").unwrap_or_default();
        let mail = if is_vouched { vouched(mail) } else { mail };
        let outcome = self.desk.receive(&mail);
        self.story.push(format!("   {from}: {}", outcome.as_str()));
    }

    /// A mail that this address got, if it got any; the newest most often.
    fn got(&mut self, shown: &str) -> Option<Vec<u8>> {
        let address = shown.rsplit('<').next().unwrap_or(shown).trim_end_matches('>').to_owned();
        let all = self.desk.received(&address);
        let count = all.len() as u64;
        let back = if self.dice.one_in(2) { 0 } else { self.dice.below(count.max(1)) };
        let all = self.desk.received(&address);
        all.iter().rev().nth(usize::try_from(back).expect("an index")).map(|mail| mail.to_vec())
    }

    fn customer_asks(&mut self) {
        let (who, id) = (self.dice.of(&OUTSIDE), self.id());
        let no = self.desk.store.next_ticket().0;
        let subject = self.dice.of(&["Probe drops off", "Meter broken", "Invoice", "[T-1] Probe", "Fwd: Probe"]);
        // A number in the subject may lead it to that ticket.
        let secret = if subject.contains('[') { String::new() } else { format!("SECRET-T{no}-END") };
        let text = format!("It happened again. {secret}\n#close\n");
        let mut mail = mails::request(Basics { from: who, to: SUPPORT, subject, id: &id }, &text);
        if self.dice.one_in(4) {
            mail = mail.header("Cc", self.dice.of(&OUTSIDE));
        }
        if self.dice.one_in(8) {
            mail = mail.header("Cc", self.dice.of(&[ANA, BEN, "desk@acme.example"]));
        }
        self.story.push(format!("{who} asks for T-{no}"));
        let proven = !self.dice.one_in(5);
        self.deliver(mail, proven);
    }

    /// Somebody outside answers a mail of theirs, or one of an agent's that came into their hands.
    fn somebody_answers(&mut self) {
        let who = self.dice.of(&OUTSIDE);
        let whose = if self.dice.one_in(6) { self.dice.of(&[ANA, BEN]) } else { who };
        let Some(original) = self.got(whose) else { return };
        // What they quote of a mail that was not for them is theirs to know by then; the desk must not spread it.
        let original = without_canary(&original);
        let no = ticket_of(&original);
        let (client, id) = (self.dice.of(&Client::ALL), self.id());
        let typed = self.dice.of(&["Still broken.", "#close\nThanks", "yes", "#note hello", ""]);
        // Whoever takes part no more opens a ticket with what they write, and says what they like there.
        let ticket = self.desk.store.ticket(TicketNo(no));
        let takes_part = ticket.is_some_and(|ticket| ticket.participants.iter().any(|person| who.contains(person.as_str())));
        let typed = if takes_part { format!("{typed} SECRET-T{no}-END") } else { typed.to_owned() };
        let mut mail = client.answer(&original, who, &id, &typed);
        if self.dice.one_in(4) {
            mail = mail.header("Cc", self.dice.of(&OUTSIDE));
        }
        self.story.push(format!("{who} answers a mail to {whose} about T-{no} with {client:?}"));
        let proven = !self.dice.one_in(4);
        self.deliver(mail, proven);
    }

    fn agent(&mut self) -> (&'static str, Option<Vec<u8>>) {
        let who = self.dice.of(&[ANA, BEN]);
        let whose = if self.dice.one_in(8) { self.dice.of(&[ANA, BEN]) } else { who };
        (who, self.got(whose))
    }

    /// Words fit for the customer where an answer goes there, and words for inside where it does not.
    fn agent_answers(&mut self) {
        let (who, Some(original)) = self.agent() else { return };
        let (client, id) = (self.dice.of(&Client::ALL), self.id());
        let stays_inside = !is_reply(&original);
        // Whoever says yes to words that are shown to them means it.
        let may_say_yes = !shows_canary(&original);
        let typed = match (stays_inside, self.dice.below(4)) {
            (true, 0) if may_say_yes => self.dice.of(&["yes", "no", "send", "note", "take"]).to_owned(),
            (true, _) => format!("{CANARY}: I will ring them."),
            (false, 0) => format!("#note\n{CANARY}: they restart it twice."),
            (false, 1) => format!("Please try firmware 3.5.0.\n\n#note {CANARY} watch this one"),
            (false, _) => "Please try firmware 3.5.0.".to_owned(),
        };
        self.story.push(format!("{who} answers with {client:?}: {typed:?}"));
        let mail = client.answer(&original, who, &id, &typed);
        let proven = !self.dice.one_in(8);
        self.deliver(mail, proven);
    }

    fn agent_commands(&mut self) {
        const COMMANDS: [&str; 28] = [
            "#take",
            "#drop",
            "#assign @ben",
            "#watch",
            "#mute",
            "#close",
            "#wait",
            "#snooze 1d",
            "#reopen",
            "#tag +a",
            "#priority high",
            "#time 15m",
            "#cc anna@x.example",
            "#cc bob@elsewhere.example",
            "#uncc anna@x.example",
            "#vendor northgate Is it down? INTERNAL-CANARY",
            "#vendor northgate",
            "#merge T-1",
            "#split",
            "#redact",
            "#undo",
            "#show",
            "#asign ben",
            "#customer karl@y.example",
            "#send reset",
            "#ask",
            "#note INTERNAL-CANARY aside",
            "#reply Please send the log.",
        ];
        let (who, Some(original)) = self.agent() else { return };
        let (client, id) = (self.dice.of(&Client::ALL), self.id());
        let (first, second) = (self.dice.of(&COMMANDS), self.dice.of(&COMMANDS));
        let words = if is_reply(&original) { "Please try firmware 3.5.0." } else { "INTERNAL-CANARY: later." };
        let typed = match self.dice.below(4) {
            0 => format!("{first}\n{second}"),
            1 => format!("{first}\n\n{words}"),
            2 => format!("{words}\n\n{first}"),
            _ => first.to_owned(),
        };
        self.story.push(format!("{who} commands with {client:?}: {typed:?}"));
        let mail = client.answer(&original, who, &id, &typed);
        self.deliver(mail, true);
    }

    fn agent_presses(&mut self) {
        let (who, Some(original)) = self.agent() else { return };
        // Whoever sends what is shown to them means it.
        let sends = |label: &str| label.contains("pass on") || label.contains("send");
        let shows_canary = shows_canary(&original);
        let all: Vec<(String, String)> =
            links(&original).into_iter().filter(|(label, _)| !shows_canary || !sends(label)).collect();
        if all.is_empty() {
            return;
        }
        let at = usize::try_from(self.dice.below(all.len() as u64)).expect("an index");
        let (label, href) = &all[at];
        let becomes_note = percent_decoded(href).contains("becomes a note");
        let typed = if becomes_note && self.dice.one_in(2) { format!("{CANARY}: note.\n") } else { String::new() };
        let id = self.id();
        self.story.push(format!("{who} presses {label:?} with {typed:?}"));
        let mail = press(&original, label, who, &id, &typed);
        let proven = !self.dice.one_in(8);
        self.deliver(mail, proven);
    }

    /// From an address that is nobody's until she says that it is hers.
    fn agent_answers_from_home(&mut self) {
        let Some(original) = self.got(ANA_ADDRESS) else { return };
        let (client, id) = (self.dice.of(&Client::ALL), self.id());
        self.story.push(format!("Ana answers from home with {client:?}"));
        let mail = client.answer(&without_canary(&original), HOME, &id, "Please try firmware 3.6.0.");
        let proven = !self.dice.one_in(4);
        self.deliver(mail, proven);
    }

    fn vendor_writes_by_number(&mut self) {
        let no = 1 + self.dice.below(self.desk.store.next_ticket().0);
        let (id, subject, to) = (self.id(), format!("[NG#{no}] Update"), self.dice.of(&[SUPPORT, "desk@acme.example"]));
        self.story.push(format!("the vendor writes by its number for T-{no}"));
        let mail = mails::request(Basics { from: NORTHGATE, to, subject: &subject, id: &id }, "INTERNAL-CANARY: we closed it.\n");
        let proven = !self.dice.one_in(4);
        self.deliver(mail, proven);
    }

    fn vendor_answers(&mut self) {
        let Some(original) = self.got(NORTHGATE) else { return };
        let (client, id) = (self.dice.of(&Client::ALL), self.id());
        let typed = if self.dice.one_in(2) { format!("{CANARY}: it is our fault.") } else { "It is up again.".to_owned() };
        self.story.push(format!("the vendor answers with {client:?}: {typed:?}"));
        let mut mail = client.answer(&original, NORTHGATE, &id, &typed);
        if self.dice.one_in(2) {
            let no = ticket_of(&original);
            mail = mail.set("Subject", &format!("Re: [T-{no}] [NG#{no}] Probe"));
        }
        let proven = !self.dice.one_in(4);
        self.deliver(mail, proven);
    }

    /// An agent forwards a mail of ours, notes and all, to one of the desk's own addresses.
    fn agent_forwards(&mut self) {
        let (who, Some(original)) = self.agent() else { return };
        let message = mail::parse(&original).message;
        let to = self.dice.of(&[SUPPORT, "desk@acme.example"]);
        let typed =
            self.dice.of(&["", "#new customer: karl@y.example", "#customer karl@y.example", "INTERNAL-CANARY look at this"]);
        let id = self.id();
        let body = format!(
            "{typed}\n\n---------- Forwarded message ---------\nFrom: {} <desk@acme.example>\nDate: Mon, 16 Nov 2026 at 10:30\n\
             Subject: {}\nTo: {who}\n\n{}",
            message.from.first().and_then(|from| from.name.clone()).unwrap_or_default(),
            message.subject,
            message.text
        );
        let subject = format!("Fwd: {}", message.subject);
        self.story.push(format!("{who} forwards to {to}: {typed:?}"));
        let mail = mails::request(Basics { from: who, to, subject: &subject, id: &id }, &body);
        self.deliver(mail, true);
    }

    /// An agent writes straight to a customer, with the inbox in copy.
    fn agent_writes_directly(&mut self) {
        let (who, to) = (self.dice.of(&[ANA, BEN]), self.dice.of(&OUTSIDE));
        let Some(theirs) = self.got(to) else { return };
        let (no, parent, id) = (ticket_of(&theirs), mails::id_of(&theirs).unwrap_or_default(), self.id());
        let text = format!("Please ring me. SECRET-T{no}-END\n");
        self.story.push(format!("{who} writes straight to {to} about T-{no}"));
        let mail = mails::request(Basics { from: who, to, subject: "Re: Probe drops off", id: &id }, &text);
        let mail = mail.header("Cc", SUPPORT).header("In-Reply-To", &format!("<{parent}>"));
        self.deliver(mail, true);
    }

    fn machine_answers(&mut self) {
        let who = self.dice.of(&[ANA, BEN, DANA, NORTHGATE]);
        let Some(original) = self.got(who) else { return };
        let message = mail::parse(&original).message;
        let to = message.reply_to.first().or(message.from.first()).map(|to| to.address.to_string()).unwrap_or_default();
        let (id, parent) = (self.id(), mails::id_of(&original).unwrap_or_default());
        self.story.push(format!("a machine answers for {who}"));
        let mail = mails::out_of_office(Basics { from: who, to: &to, subject: "Automatic reply", id: &id }, &parent);
        self.deliver(mail, true);
    }

    fn note_by_command_line(&mut self) {
        let count = self.desk.store.next_ticket().0.saturating_sub(1);
        if count == 0 {
            return;
        }
        let no = TicketNo(1 + self.dice.below(count));
        self.story.push(format!("a note on T-{} by command line", no.0));
        let text = format!("{CANARY}: said on the phone.");
        self.desk.command(no, Actor::Agent("ana".into()), Command::Note { text });
    }

    fn operator_lets_in(&mut self) {
        let held = self.desk.held();
        if held.is_empty() {
            return;
        }
        let item = &held[usize::try_from(self.dice.below(held.len() as u64)).expect("an index")];
        self.story.push(format!("the operator lets in {} of {}", item.event, item.from));
        let now = self.desk.now;
        let read = |hash, raw: &[u8]| read_here(hash, raw, &[]);
        self.desk.core.let_in(now, item.event, true, read).expect("memory refuses nothing");
        self.desk.pass(SignedDuration::from_secs(1));
    }

    fn time_passes(&mut self) {
        let minutes = i64::try_from(1 + self.dice.below(3_000)).expect("small");
        self.story.push(format!("{minutes} minutes pass"));
        self.desk.pass(SignedDuration::from_mins(minutes));
    }

    /// Every byte that left since the last look.
    fn check(&mut self) {
        for at in self.checked..self.desk.sent.len() {
            if let Some(wrong) = self.wrong_with(&self.desk.sent[at]) {
                let sent = &self.desk.sent[at];
                let story = self.story.join("\n");
                panic!("{wrong}, to {}:\n{}\n{story}", sent.to, String::from_utf8_lossy(&sent.bytes));
            }
        }
        self.checked = self.desk.sent.len();
    }

    fn wrong_with(&self, sent: &Sent) -> Option<String> {
        let is_inside = sent.to == ANA_ADDRESS || sent.to == BEN_ADDRESS || sent.to == "servicedesk@northgate.example";
        let words = if is_inside { plain_words(&sent.bytes) } else { all_words(&sent.bytes) };
        if !is_inside && words.contains(CANARY) {
            return Some(format!("{CANARY} left"));
        }
        let about = ticket_of(&sent.bytes);
        let allowed = self.family(about);
        // What an excerpt cuts off names no ticket.
        for (secret, _) in words.split("SECRET-T").skip(1).filter_map(|behind| behind.split_once("-END")) {
            let number = secret.parse().ok().filter(|number| !allowed.contains(number));
            if let Some(number) = number {
                let number: u64 = number;
                return Some(format!("a secret of T-{number} left in a mail about T-{about}"));
            }
        }
        None
    }

    /// A ticket with all that were merged with it, split from it, or that go on with it: one conversation.
    fn family(&self, no: u64) -> BTreeSet<u64> {
        let mut all = BTreeSet::new();
        let mut open = vec![no];
        while let Some(no) = open.pop() {
            if !all.insert(no) {
                continue;
            }
            let Some(ticket) = self.desk.store.ticket(TicketNo(no)) else { continue };
            let is_same = |kind: LinkKind| !matches!(kind, LinkKind::Claims | LinkKind::ClaimedBy);
            open.extend(ticket.links.iter().filter(|link| is_same(link.kind)).map(|link| link.ticket.0));
        }
        all
    }
}

/// The number in our Message-ID.
fn ticket_of(bytes: &[u8]) -> u64 {
    let id = mails::id_of(bytes).unwrap_or_default();
    id.trim_start_matches('T').split('.').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// An answer to it goes to the requester.
fn is_reply(bytes: &[u8]) -> bool {
    mails::id_of(bytes).is_some_and(|id| id.split('.').nth(2) == Some("R"))
}

/// Internal words stand where the agent reads them.
fn shows_canary(bytes: &[u8]) -> bool {
    mail::parse(bytes).message.text.contains(CANARY)
}

/// A mail of ours as it came into somebody's hands who should not have it: what is internal in it is no longer the desk's.
fn without_canary(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace(CANARY, "internal words").into_bytes()
}

/// All that a reader or a program could find in a mail.
fn all_words(bytes: &[u8]) -> String {
    let parsed = mail::parse(bytes).message;
    let html = mail::part::html_of(bytes).unwrap_or_default();
    let files: String = parsed
        .attachments
        .iter()
        .filter_map(|file| mail::part::attachment_bytes(bytes, file.part))
        .map(|data| String::from_utf8_lossy(&data).into_owned())
        .collect();
    format!(
        "{}\n{}\n{html}\n{}\n{files}\n{}",
        parsed.subject,
        parsed.text,
        mail::html::to_text(&html).text,
        String::from_utf8_lossy(bytes)
    )
}

/// The same, faster, for the many mails to agents: no letter of a secret is escaped where lines are only folded.
fn plain_words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.contains("Content-Transfer-Encoding: base64") { all_words(bytes) } else { text.replace("=\r\n", "") }
}

/// Seeds that failed once.
fn known_seeds() -> Vec<u64> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sim/canary.txt");
    let text = std::fs::read_to_string(path).expect("it is in the repository");
    text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
}

#[test]
fn nothing_internal_reaches_a_customer_in_ten_thousand_random_conversations() {
    let live = live(&format!("{INBOX}{SECTIONS}"));
    for seed in known_seeds() {
        World::new(&live, seed).run();
    }
    let (next, left) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < SEQUENCES) {
                    let mut world = World::new(&live, seed);
                    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.run()));
                    assert!(ran.is_ok(), "seed {seed}");
                    left.fetch_add(world.desk.sent.len() as u64, Ordering::Relaxed);
                }
            });
        }
    });
    let left = left.into_inner();
    assert!(left > 20 * SEQUENCES / 10, "only {left} mails left: the simulator does nothing");
}
