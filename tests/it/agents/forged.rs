//! Mails that say they come from an agent and do not: none is carried out, none is sent on, each waits, and the registered
//! address hears of it once an hour.

use desk::{Outcome, Status};
use frontdesk::store::Store as _;
use jiff::SignedDuration;

use super::client::{Client, html_of};
use super::rights::hash_of;
use super::{ANA_ADDRESS, BEN_ADDRESS, DANA, DANA_ADDRESS, press};
use crate::harness::bare::{Bare, live};
use crate::harness::mails::{self, Basics, Mail};
use crate::harness::office::{INBOX, SUPPORT, letter, vouched};

const CARL: &str = "Carl Roth <carl@acme.example>";
const CARL_ADDRESS: &str = "carl@acme.example";
const EVIL: &str = "Eve <eve@evil.example>";
/// Words by which a forged mail is known wherever it turns up.
const WORDS: &str = "Wire the money to me";
const TRUSTED_PASS: &str = "mx.test.example; dmarc=pass header.from=acme.example";

/// A desk under a mode of proof, on which Dana has asked.
fn asked(proof: &str) -> Bare {
    let sections = format!(
        "{INBOX}[agent_mail]\naddress = \"desk@acme.example\"\nundo_send = \"0s\"\nproof = \"{proof}\"\n\
         [agent.carl]\nname = \"Carl Roth\"\nemail = \"{CARL_ADDRESS}\"\npin = \"{}\"\n",
        hash_of("246810")
    );
    let mut desk = Bare::new(&live(&sections));
    let question = mails::request(letter(DANA, "Probe drops off Wi-Fi", "dana-1@x.example"), "It happened again at 02:10.\n");
    assert_eq!(desk.receive(&vouched(question)), Outcome::NewTicket);
    desk
}

/// What a forger has got hold of.
struct Loot {
    /// Carl's own mail, with his own token in it; where the token alone is proof, one letter of it is missing.
    to_carl: Vec<u8>,
    /// The same, whole.
    whole: Vec<u8>,
    /// A colleague's.
    to_ana: Vec<u8>,
}

impl Loot {
    fn of(desk: &Bare, proof: &str) -> Loot {
        let (whole, to_ana) = (desk.newest(CARL_ADDRESS), desk.newest(ANA_ADDRESS));
        let to_carl = if proof == "token" { damaged(&whole) } else { whole.clone() };
        Loot { to_carl, whole, to_ana }
    }

    fn base(&self, number: usize) -> Mail {
        self.with(number, "#close")
    }

    fn with(&self, number: usize, command: &str) -> Mail {
        let typed = format!("{command}\n{WORDS}, number {number}.");
        Client::ThunderbirdText.answer(&self.to_carl, CARL, &format!("forged-{number}@evil.example"), &typed)
    }

    /// From somebody who is not Carl, with his whole token.
    fn from(&self, number: usize, from: &str) -> Mail {
        let typed = format!("#close\n{WORDS}, number {number}.");
        Client::ThunderbirdText.answer(&self.whole, from, &format!("forged-{number}@evil.example"), &typed)
    }

    /// The address that answers go to.
    fn reply_to(&self) -> String {
        mail::parse(&self.to_carl).message.reply_to[0].address.to_string()
    }
}

/// With another last letter in the token of every address and link.
fn damaged(mail: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(mail).into_owned();
    let reply_to = mail::parse(mail).message.reply_to[0].address.to_string();
    let local = reply_to.split('@').next().unwrap_or_default();
    let last = if local.ends_with('x') { 'y' } else { 'x' };
    let changed = format!("{}{last}@", &local[..local.len() - 1]);
    text.replace(&format!("{local}@"), &changed).into_bytes()
}

/// Forty mails, by what is tried.
fn forgeries(loot: &Loot, proof: &str) -> Vec<(&'static str, Mail)> {
    let mut all = by_verdict(loot);
    all.extend(by_sender(loot));
    all.extend(by_token(loot, proof));
    all.extend(by_form(loot));
    all
}

/// What the headers say about the sender.
fn by_verdict(loot: &Loot) -> Vec<(&'static str, Mail)> {
    let says = |number: usize, verdict: &str| loot.base(number).on_top("Authentication-Results", verdict);
    vec![
        ("nothing vouches for it", loot.base(1)),
        ("another host vouches", says(2, "mx.evil.example; dmarc=pass header.from=acme.example")),
        (
            "our host's words below a foreign Received",
            loot.base(3)
                .header("Received", "from evil.example by mail.evil.example; Mon, 16 Nov 2026 09:12:30 +0000")
                .header("Authentication-Results", TRUSTED_PASS),
        ),
        ("our host says fail", says(4, "mx.test.example; dmarc=fail header.from=acme.example")),
        ("our host says nothing but SPF", says(5, "mx.test.example; spf=pass smtp.mailfrom=acme.example")),
        ("our host proves another domain", says(6, "mx.test.example; dkim=pass header.d=evil.example")),
        ("our host speaks of another From", says(7, "mx.test.example; dmarc=pass header.from=evil.example")),
        ("a host that is named like ours", says(8, "mx.test.example.evil.example; dmarc=pass header.from=acme.example")),
        ("our host in a comment", says(9, "mx.evil.example (mx.test.example); dmarc=pass header.from=acme.example")),
        (
            "our host says fail above a pass",
            loot.base(10)
                .on_top("Authentication-Results", TRUSTED_PASS)
                .on_top("Authentication-Results", "mx.test.example; dmarc=fail header.from=acme.example"),
        ),
        ("pass in a comment", says(11, "mx.test.example; dmarc=none (dmarc=pass) header.from=acme.example")),
        (
            "a signature that nobody checked",
            loot.base(12).header("DKIM-Signature", "v=1; a=rsa-sha256; d=acme.example; s=x; h=from; bh=AAAA; b=AAAA"),
        ),
    ]
}

/// Who it says it is from.
fn by_sender(loot: &Loot) -> Vec<(&'static str, Mail)> {
    let proven_evil = |mail: Mail| mail.on_top("Authentication-Results", "mx.test.example; dmarc=pass header.from=evil.example");
    let two = |number: usize, from: &str| proven_evil(loot.base(number).set("From", from));
    vec![
        ("two authors, the agent first", two(13, "Carl Roth <carl@acme.example>, Eve <eve@evil.example>")),
        ("two authors, the agent last", two(14, "Eve <eve@evil.example>, Carl Roth <carl@acme.example>")),
        ("two From headers", loot.base(15).header("From", EVIL).on_top("Authentication-Results", TRUSTED_PASS)),
        ("the agent within a group", loot.base(16).set("From", "Desk: Carl Roth <carl@acme.example>;")),
        ("the agent as Sender", vouched(loot.from(17, EVIL).header("Sender", CARL))),
        ("the agent as a name", vouched(loot.from(18, "\"carl@acme.example\" <eve@evil.example>"))),
        ("a domain that begins like ours", vouched(loot.from(19, "Carl Roth <carl@acme.example.evil.example>"))),
        ("a domain below ours", vouched(loot.from(20, "Carl Roth <carl@mail.acme.example>"))),
        ("the agent in capitals", loot.base(21).set("From", "CARL <CARL@ACME.EXAMPLE>")),
        ("an encoded name", vouched(loot.from(22, "=?utf-8?q?carl=40acme=2Eexample?= <eve@evil.example>"))),
        ("a comment", loot.base(23).set("From", "carl@acme.example (eve@evil.example)")),
        ("answers wanted elsewhere", loot.base(24).header("Reply-To", EVIL)),
    ]
}

/// What it carries.
fn by_token(loot: &Loot, proof: &str) -> Vec<(&'static str, Mail)> {
    let reply_to = loot.reply_to();
    let detail = reply_to.split('@').next().unwrap_or_default().to_owned();
    let to = |number: usize, local: &str| loot.base(number).set("To", &format!("{local}@acme.example"));
    let bare = |number: usize| loot.base(number).set("To", "desk@acme.example").set("Delivered-To", "desk@acme.example");
    let pressed = press(&loot.whole, "close", CARL, "forged-25@evil.example", &format!("{WORDS}, number 25.\n"));
    // Where the token alone is proof, a link that was stolen whole acts; with another verb it does not.
    let pressed = if proof == "token" { pressed.set("Subject", "spam T-1.1 0123456789abcdef") } else { pressed };
    vec![
        ("a link that was stolen", pressed.set("References", "<none@evil.example>")),
        ("a link that was made up", loot.base(26).set("Subject", "close T-1.1 0123456789abcdef")),
        ("a tag in the subject alone", bare(27).without("References").without("In-Reply-To")),
        ("stolen references alone", bare(28)),
        ("In-Reply-To alone", bare(29).without("References")),
        (
            "a colleague's token",
            Client::Mutt.answer(&loot.to_ana, CARL, "forged-30@evil.example", &format!("#close\n{WORDS}, number 30.")),
        ),
        ("a token of another kind of mail", to(31, &detail.replacen("r-", "n-", 1))),
        ("a token of another state", to(32, &detail.replacen("-1r-", "-9r-", 1).replacen("-2r-", "-9r-", 1))),
        ("a token in Cc", bare(33).header("Cc", &reply_to)),
        ("a wrong PIN", loot.with(34, "pin: 000000\n#close")),
    ]
}

/// How it is written.
fn by_form(loot: &Loot) -> Vec<(&'static str, Mail)> {
    let html = html_of(&format!("#close\n{WORDS}, number 35."));
    let encoded = data_encoding::BASE64.encode(format!("#close\r\n{WORDS}, number 36.\r\n").as_bytes());
    let desk = |number: usize, text: &str| {
        let id = format!("forged-{number}@evil.example");
        let text = format!("{text}\n{WORDS}, number {number}.\n");
        mails::request(Basics { from: CARL, to: "desk@acme.example", subject: "please", id: &id }, &text)
    };
    vec![
        ("HTML alone", loot.base(35).typed("text/html; charset=utf-8", "8bit", html.into_bytes())),
        ("base64", loot.base(36).typed("text/plain; charset=utf-8", "base64", encoded.into_bytes())),
        ("it says that no machine wrote it", loot.base(37).header("Auto-Submitted", "no")),
        ("a new ticket for somebody", desk(38, "#new customer: eve@evil.example")),
        ("a list of the team's tickets", desk(39, "#list team")),
        (
            "an answer straight to the customer",
            mails::request(
                Basics { from: CARL, to: DANA, subject: "Re: Probe drops off Wi-Fi", id: "forged-40@evil.example" },
                &format!("{WORDS}, number 40.\n"),
            )
            .header("Cc", SUPPORT)
            .header("In-Reply-To", "<dana-1@x.example>"),
        ),
    ]
}

#[test]
fn forty_forgeries_under_three_modes_of_proof_do_nothing() {
    for proof in ["token+sender", "token+pin", "token"] {
        let mut desk = asked(proof);
        let loot = Loot::of(&desk, proof);
        let before = desk.sent.len();
        let all = forgeries(&loot, proof);
        assert_eq!(all.len(), 40);
        for (count, (what, forged)) in all.iter().enumerate() {
            let outcome = desk.receive(forged);
            assert!(matches!(outcome, Outcome::Held { .. }), "{proof}, {what}: {outcome:?}");
            assert_eq!(desk.held().len(), count + 1, "{proof}, {what}: each waits");
            let ticket = desk.ticket(1);
            assert_eq!((ticket.status, ticket.owner, desk.tickets()), (Status::New, None, 1), "{proof}, {what}");
        }
        let told = &desk.sent[before..];
        assert!(told.iter().all(|sent| sent.to == CARL_ADDRESS), "{proof}: nobody but the registered address hears of it");
        assert_eq!(told.len(), 1, "{proof}: once within the hour");
        desk.pass(SignedDuration::from_mins(61));
        desk.receive(&loot.base(41));
        desk.receive(&loot.base(42));
        assert_eq!(desk.sent.len(), before + 2, "{proof}: once more in the next hour");
        for who in [DANA_ADDRESS, ANA_ADDRESS, BEN_ADDRESS] {
            let all = desk.received(who).concat();
            assert!(!String::from_utf8_lossy(&all).contains(WORDS), "{proof}: forged words reached {who}");
        }
    }
}

#[test]
fn a_forgery_about_no_ticket_is_asked_about_too_and_released_by_one_mail() {
    let mut desk = asked("token+sender");
    let basics = Basics { from: CARL, to: "desk@acme.example", subject: "a call", id: "carl-1@acme.example" };
    let outcome = desk.receive(&mails::request(basics, "#new customer: karl@y.example\n\nKarl's meter is broken.\n"));
    assert!(matches!(outcome, Outcome::Held { .. }), "{outcome:?}");
    let question = desk.newest(CARL_ADDRESS);
    desk.receive(&press(&question, "it is me: release it", CARL, "carl-2@acme.example", ""));
    assert_eq!(desk.ticket(2).requester.address.to_string(), "karl@y.example");
    assert_eq!(desk.held().len(), 0, "nothing waits any more");
}

#[test]
fn an_away_notice_that_nobody_vouches_for_makes_nobody_away() {
    let mut desk = asked("token+sender");
    let loot = Loot::of(&desk, "token+sender");
    let (to, parent) = (loot.reply_to(), mails::id_of(&loot.whole).expect("an id"));
    let basics = Basics { from: CARL, to: &to, subject: "Automatic reply: [T-1]", id: "away@evil.example" };
    desk.receive(&mails::out_of_office(basics, &parent));
    let agents = desk.store.agents();
    assert!(agents.values().all(|(state, _)| state.away_until.is_none()), "{agents:?}");
}
