//! Answers of agents as their programs write them, and what the customer receives.
//!
//! `fixtures/mail/answer/NAME.eml` is the agent's mail and `NAME.txt` what leaves: text, body, files; or why nothing does.
//! `UPDATE_EXPECT=1` writes the latter.
#![allow(clippy::disallowed_methods, reason = "fixtures are files")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use mail::compose::{Enclosure, Letter, compose, reads_as};
use mail::{Address, ReturnPath};
use proptest::prelude::*;

use super::*;
use crate::change::Change;
use crate::event::{Around, Event, EventKind};
use crate::ids::{EffectId, EventId};
use crate::letter;
use crate::policy::{Agent, AgentMail, AgentProof, Carrier, Company, Inbox, Limits, Receipts};
use crate::rule::RuleBook;
use crate::template::Templates;
use crate::ticket::{Clock, Priority, Requester, Status, Ticket};
use crate::token::{Claim, Keys};
use crate::{Send, TimerKind};

const CANARY: &str = "INTERNAL-CANARY";

fn address(text: &str) -> Address {
    Address::new(text).expect("a test's address")
}

fn now() -> Timestamp {
    "2026-11-23T14:40:00Z".parse().expect("a test's instant")
}

fn policy() -> Policy {
    let inbox = Inbox {
        name: "support".into(),
        place: 0,
        address: address("support@fernhill.example"),
        label: "Fernhill Support".to_owned(),
        also: vec![],
        account: "main".into(),
        team: "support".into(),
        ticket_type: "question".into(),
        sla: None,
        ack: None,
        private: false,
        machines: vec![],
        language: None,
        pgp: None,
    };
    let maya = Agent {
        name: "maya".into(),
        label: "Maya Chen".to_owned(),
        email: address("maya@fernhill.example"),
        also: vec![],
        speaks: vec![],
        reports_only: false,
        pin: None,
        calendar: None,
    };
    let agent_mail = AgentMail {
        address: address("desk@fernhill.example"),
        carrier: Carrier::Plus,
        undo_send: SignedDuration::from_secs(60),
        receipts: Receipts::Commands,
        attach_bytes: 10_000_000,
        digest: None,
        proof: AgentProof::TokenSender,
    };
    Policy {
        company: Company {
            name: "Fernhill Instruments".to_owned(),
            timezone: jiff::tz::TimeZone::UTC,
            languages: vec!["en".to_owned(), "de".to_owned()],
            prefix: "T".to_owned(),
        },
        keys: Keys::new(&[7; 32]),
        inboxes: BTreeMap::from([("support".into(), inbox)]),
        agents: BTreeMap::from([("maya".into(), maya)]),
        agent_mail: Some(agent_mail),
        teams: BTreeMap::new(),
        vendors: BTreeMap::new(),
        types: BTreeMap::new(),
        slas: BTreeMap::new(),
        calendars: BTreeMap::new(),
        forms: vec![],
        rules: RuleBook::default(),
        limits: Limits::default(),
        templates: Templates::default(),
        follow_up: crate::policy::FollowUp::default(),
        channels: BTreeMap::new(),
        alerts: vec![],
        knowledge: crate::knowledge::Knowledge::default(),
        reopen_within: SignedDuration::from_hours(336),
        own_addresses: BTreeSet::new(),
        url: Some("https://desk.fernhill.example".to_owned()),
    }
}

fn ticket() -> Ticket {
    let ids = ["1@x.example", "2@x.example"].into_iter().filter_map(mail::MessageId::new);
    Ticket {
        no: TicketNo(4821),
        rev: 12,
        subject: "Probe drops off Wi-Fi every night".to_owned(),
        status: Status::Open,
        ticket_type: "question".into(),
        inbox: "support".into(),
        team: None,
        owner: None,
        priority: Priority::High,
        tags: BTreeSet::new(),
        requester: Requester { name: "Dana Okafor".to_owned(), address: address("dana@x.example"), proven: true },
        participants: BTreeSet::from([address("dana@x.example"), address("anna@northern-labs.example")]),
        waiting: BTreeSet::new(),
        language: Some("en".to_owned()),
        fields: BTreeMap::new(),
        missing: vec![],
        vendor: None,
        steps: vec![],
        first_response: Clock::default(),
        created_at: now(),
        updated_at: now(),
        solved_at: None,
        links: BTreeSet::new(),
        merged_into: None,
        thread_root: mail::MessageId::new("1@x.example"),
        references: ids.collect(),
        last_in: mail::MessageId::new("2@x.example"),
        requester_ids: vec![],
        first_subject: "Probe drops off Wi-Fi every night".to_owned(),
        private: false,
        acknowledged: true,
        muted_until: None,
        recent_mails: vec![],
        reopened: vec![],
        hold: None,
        events: 1,
        made_by: EventId::of_request("made"),
        watchers: BTreeSet::new(),
        muted_by: BTreeSet::new(),
        answered: None,
        last_note: None,
        acts: vec![],
        drafts: vec![],
        side_threads: BTreeMap::new(),
        snoozed_until: None,
        minutes: 0,
        closing: BTreeMap::new(),
        signed: false,
        ..Ticket::blank(
            Requester { name: String::new(), address: address("dana@x.example"), proven: true },
            "support".into(),
            "question".into(),
            EventId::of_request("t"),
            now(),
        )
    }
}

fn sent(policy: &Policy, ticket: &Ticket, person: &str, words: &Words) -> Send {
    let kind = EventKind::TimerFired { kind: TimerKind::Wake, due_at: now() };
    let event = Event { id: EventId::of_request("answer"), at: now(), kind, around: Around::default() };
    let change = Change::new(policy, ticket, &event);
    let inbox = &policy.inboxes[&"support".into()];
    letter::answer(&change, EffectId::new(event.id, 0), inbox, &address(person), policy.agents.get(&"maya".into()), words)
}

/// The letter with its files.
fn whole(send: &Send, raw: &[u8]) -> Letter {
    let mut letter = *send.letter.clone().expect("an answer has a letter");
    letter.attachments = send
        .enclosed
        .iter()
        .map(|file| Enclosure {
            name: file.name.clone(),
            content_type: file.content_type.clone(),
            data: mail::part::attachment_bytes(raw, file.part).expect("the part is there"),
            content_id: file.content_id.clone(),
        })
        .collect();
    letter
}

/// Unbroken runs of `#` lines at either end.
fn command_lines(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().take_while(|line| line.starts_with('#')).count();
    let last = lines[first..].iter().rev().take_while(|line| line.starts_with('#')).count();
    lines[..first].iter().chain(&lines[lines.len() - last..]).copied().collect()
}

fn fixtures() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mail/answer");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("fixtures").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    assert!(paths.len() >= 25, "only {} fixtures", paths.len());
    paths
}

/// What the desk makes of a mail of an agent.
fn made(raw: &[u8], mode: Mode) -> Result<Words, Hold> {
    let parsed = mail::parse(raw);
    let html = mail::parse::html(raw);
    let message = &parsed.message;
    let text = own_text(message, html.as_deref());
    let skip = command_lines(&text);
    let (policy, raw) = (policy(), RawHash::of(raw));
    words(&policy, &Written { message, html: html.as_deref(), text: &text, skip: &skip, raw, mode, ticket: TicketNo(4821) })
}

#[test]
fn each_program_leaves_what_its_writer_wrote() {
    let mut failures = Vec::new();
    for path in fixtures() {
        let raw = std::fs::read(&path).expect("a fixture");
        let got = match made(&raw, Mode::Reply) {
            Err(hold) => format!("held: {}\n", hold.what()),
            Ok(words) => {
                let send = sent(&policy(), &ticket(), "dana@x.example", &words);
                let letter = whole(&send, &raw);
                let html = letter.html.clone().expect("an answer has HTML");
                let body =
                    html.split_once("<body><div>\n").and_then(|(_, body)| body.rsplit_once("</div></body>")).expect("a body").0;
                let files = letter.attachments.iter().map(|file| {
                    let place = file.content_id.as_ref().map_or_else(String::new, |id| format!(" shown as {id}"));
                    format!("{} {} {}{place}\n", file.name, file.content_type, file.data.len())
                });
                let how = if words.html.is_some() { "as formatted" } else { "made from the text" };
                format!("{}\n======== {how}\n{body}======== files\n{}", letter.text, files.collect::<String>())
            }
        };
        let expect_path = path.with_extension("txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expect_path, &got).expect("the expectation can be written");
        }
        let expect = std::fs::read_to_string(&expect_path).unwrap_or_default();
        if got != expect {
            failures.push(format!("{}:\n{got}\n", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The law: whatever stood in the ticket mail, in a colleague's mail or in the signature, none of it leaves.
#[test]
fn nothing_internal_stands_in_the_bytes_that_leave() {
    for path in fixtures() {
        let raw = std::fs::read(&path).expect("a fixture");
        assert!(memchr_find(&raw, CANARY) || path.to_string_lossy().contains("inline"), "{} has no canary", path.display());
        for mode in [Mode::Reply, Mode::Note] {
            let Ok(words) = made(&raw, mode) else { continue };
            let send = sent(&policy(), &ticket(), "dana@x.example", &words);
            let letter = whole(&send, &raw);
            let bytes = compose(&letter);
            assert!(reads_as(&bytes, &letter));
            let read = mail::parse(&bytes).message;
            let html = mail::parse::html(&bytes).unwrap_or_default();
            let texts = [String::from_utf8_lossy(&bytes).into_owned(), read.text.clone(), html, letter.text.clone()];
            for text in &texts {
                for secret in [CANARY, "~~~~", "desk@", "desk+", "data-fd", "KB-112", "maya@", "tomasz@", "STATE", "482913"] {
                    assert!(!text.contains(secret), "{secret} in {}: {text}", path.display());
                }
            }
            assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 999));
        }
    }
}

fn memchr_find(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn everybody_outside_gets_a_letter_of_their_own_that_names_the_others() {
    let (policy, mut ticket) = (policy(), ticket());
    let send = sent(&policy, &ticket, "dana@x.example", &Words::plain("Yes.\n"));
    let letter = send.letter.clone().expect("a letter");
    assert_eq!(letter.from.name.as_deref(), Some("Maya, Fernhill Support"));
    assert_eq!((letter.to.address.as_str(), letter.to.name.as_deref()), ("dana@x.example", Some("Dana Okafor")));
    assert_eq!(letter.cc.iter().map(|cc| cc.address.as_str()).collect::<Vec<_>>(), ["anna@northern-labs.example"]);
    assert_eq!(letter.subject.as_str(), "Re: Probe drops off Wi-Fi every night");
    assert_eq!(letter.in_reply_to.as_ref().map(mail::MessageId::as_str), Some("2@x.example"));
    assert_eq!(letter.references.first().map(mail::MessageId::as_str), Some("1@x.example"));
    assert_eq!(letter.text, "Yes.\n\n-- \nFernhill Support\n");
    assert!(letter.extra.iter().all(|header| !format!("{header:?}").contains("Auto-Submitted")));
    let ReturnPath::Address(path) = &send.envelope_from else { panic!("an answer has a return path") };
    let claim = policy.keys.read_bounce_detail(path.local().split_once('+').expect("a detail").1).expect("ours");
    assert!(claim.ticket == TicketNo(4821) && claim.is_of(EffectId::new(EventId::of_request("answer"), 0)));
    let other = sent(&policy, &ticket, "anna@northern-labs.example", &Words::plain("Yes.")).letter.expect("a letter");
    assert_eq!((other.to.name, other.cc[0].name.as_deref()), (None, Some("Dana Okafor")));
    ticket.signed = true;
    ticket.language = Some("de".to_owned());
    let second = sent(&policy, &ticket, "dana@x.example", &Words::plain("Ja.")).letter.expect("a letter");
    assert_eq!(second.text, "Ja.\n");
    assert!(second.html.expect("HTML").contains("lang=\"de\""));
}

#[test]
fn without_plus_addresses_the_inbox_gets_the_bounces() {
    let mut policy = policy();
    policy.agent_mail = None;
    let send = sent(&policy, &ticket(), "dana@x.example", &Words::plain("Yes."));
    assert_eq!(send.envelope_from, ReturnPath::Address(address("support@fernhill.example")));
}

#[test]
fn what_is_ours_alone_is_found_however_it_is_written() {
    let policy = policy();
    let no = TicketNo(4821);
    let token = policy.keys.reply_detail(Claim { ticket: no, rev: 12, mode: Mode::Reply }, "maya@fernhill.example");
    let one_click = format!("close T-4821.12 {}", "0123456789abcdef");
    for secret in [
        format!("write to desk+{token}@fernhill.example"),
        "write to DESK@Fernhill.example.".to_owned(),
        "mailto:desk%40fernhill.example".to_owned(),
        one_click.replace(' ', "%20"),
        one_click,
        "~~~~ T-4821".to_owned(),
        "see ref T-4821.12".to_owned(),
        "see t-4821.12".to_owned(),
        "X-Frontdesk-Why: owner".to_owned(),
        "https://desk.fernhill.example/t/4821".to_owned(),
        "Your answer goes to Dana".to_owned(),
        "STATE       open · high".to_owned(),
    ] {
        assert!(leaks(&secret, None, &policy, no).is_some(), "{secret}");
        assert!(leaks("", Some(&format!("<p>{secret}</p>")), &policy, no).is_some(), "{secret}");
    }
    // HTML leaves one of these spaces, which anybody may write.
    assert!(leaks("DANA        Northern Labs · 8 tickets", None, &policy, no).is_some());
    assert!(leaks("", Some("<p>desk@<b>fernhill</b>.example</p>"), &policy, no).is_some());
    for plain in [
        "Your reference is T-4821. See T-4700 too.",
        "It is T-4821.",
        "Write to helpdesk@fernhill.example or desk@other.example or support@fernhill.example.",
        "The state of the art: 3.4.2 · 3.5",
        "https://desk.fernhill.example/s/m3abc",
        "| a | b |",
    ] {
        assert_eq!(leaks(plain, Some(&format!("<p>{plain}</p>")), &policy, no), None, "{plain}");
    }
}

fn plain(text: &str, mode: Mode) -> Result<String, Hold> {
    let (policy, message) = (policy(), Message::default());
    let raw = RawHash::of(b"x");
    let written = Written { message: &message, html: None, text, skip: &["#take"], raw, mode, ticket: TicketNo(4821) };
    words(&policy, &written).map(|words| words.text)
}

#[test]
fn empty_frames_are_taken_off_and_full_ones_hold_the_answer() {
    let reply = |text: &str| plain(text, Mode::Reply);
    assert_eq!(reply("#take\n\nYes.\npin: 123456\n\nSent from my iPhone").as_deref(), Ok("Yes."));
    assert_eq!(
        reply("> ~~~~ T-4821 · x ~~~~\n> | Is it on?\n\nYes.\n\n> [probe.log 84 KB]").as_deref(),
        Ok("> Is it on?\n\nYes.")
    );
    assert_eq!(plain("> | a colleague's note\n\nYes.", Mode::Note).as_deref(), Ok("Yes."));
    assert_eq!(reply("Yes.\n\n~~~~ text above this line ~~~~\n\nMaya").as_deref(), Ok("Yes."));
    assert_eq!(reply("| a | b |\n| c | d |").as_deref(), Ok("| a | b |\n| c | d |"));
    assert_eq!(reply("On Monday Dana <desk+t4821-12r-0123456789abcdef@fernhill.example> wrote:\nYes.").as_deref(), Ok("Yes."));
    for held in [
        "Yes.\n\nYour answer goes to Dana Okafor.",
        "Yes.\n\nSTATE       open · high · support",
        "Yes.\n\nDO IT WITH ONE MAIL      take · note",
        "> last note: Tomasz, be careful\n\nYes.",
        "Yes.\nwhy: owner · ref T-4821.12",
        "Ja.\n\nFAKTEN      Serial FH-20931",
        "Please write to desk@fernhill.example next time.",
    ] {
        assert!(reply(held).is_err(), "{held}");
    }
}

#[test]
fn files_that_do_not_fit_are_named_largest_first() {
    let file = |name: &str, bytes: u64| Enclosed {
        raw: RawHash::of(b"x"),
        part: 1,
        name: name.to_owned(),
        content_type: "application/pdf".to_owned(),
        bytes,
        content_id: None,
    };
    let words =
        Words { enclosed: vec![file("small", 1_000), file("huge", 30_000_000), file("large", 15_000_000)], ..Words::plain("x") };
    let names = |limit: u64| too_large(&words, limit).into_iter().map(|file| file.name).collect::<Vec<_>>();
    assert_eq!(names(100_000_000), Vec::<String>::new());
    assert_eq!(names(25_000_000), ["huge"]);
    assert_eq!(names(10_000_000), ["huge", "large"]);
}

#[test]
fn a_text_keeps_its_lines_in_html() {
    assert_eq!(
        html_of_words("Hello <b>,\n  two  spaces\n\n> quoted\n> more\nsee https://x.example/a."),
        "<p>Hello &lt;b&gt;,<br>\n&nbsp;&nbsp;two&nbsp; spaces</p>\n<blockquote><p>quoted<br>\nmore</p></blockquote>\n\
         <p>see <a href=\"https://x.example/a\">https://x.example/a</a>.</p>\n"
    );
}

proptest! {
    /// Whatever an agent writes above, below or between lines of ours: those lines leave the house in no way.
    #[test]
    fn no_line_of_ours_passes(before in "[a-zA-Z >|#.\n]{0,40}", mark in "(> ){0,2}", pick in 0_usize..8, after in "[a-zA-Z >|#.\n]{0,40}") {
        let ours = [
            "~~~~ T-4821 · Dana replied, due 16:30 · write above this line ~~~~",
            "Your answer goes to Dana Okafor and to INTERNAL-CANARY.",
            "DO IT WITH ONE MAIL      take · note · INTERNAL-CANARY",
            "STEP 2 OF 3  DIAGNOSE    INTERNAL-CANARY",
            "FACTS       Serial INTERNAL-CANARY",
            "DANA        INTERNAL-CANARY · 8 tickets",
            "STATE       open · INTERNAL-CANARY",
            "All messages https://desk.fernhill.example/t/4821        why: INTERNAL-CANARY · ref T-4821.12",
        ];
        let text = format!("{before}\n{mark}{}\n{after}", ours[pick]);
        for mode in [Mode::Reply, Mode::Note] {
            if let Ok(text) = plain(&text, mode) {
                prop_assert!(!text.contains(CANARY) && !text.contains("~~~~"), "{}", text);
            }
        }
    }
}
