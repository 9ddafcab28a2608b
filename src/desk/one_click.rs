//! One-click mails: a link that composes a mail whose subject carries a verb and the proof that one agent may say it.
//!
//! The token stands in the subject, never in a plus address, since Outlook on the web breaks `%2B`. It is bound to one
//! agent, one ticket with its revision, the verb with its arguments and the day of issue, and nothing of it is stored: a
//! reader tries the days for which a link lives. Proof of the sender is still needed, and is the caller's business.

use jiff::Timestamp;

use crate::ids::{AgentName, EventId, TicketNo};
use crate::policy::Policy;
use crate::token::Choice;

/// A link lives so many days, the day of issue included.
pub const DAYS_MAX: i64 = 31;
/// Longest link; Outlook for Windows refuses some above 500.
pub const LINK_BYTES_MAX: usize = 450;
/// Tags that gateways put before a subject: more are none.
const TAGS_MAX: usize = 3;
/// Longest verb with its arguments.
const WORDS_BYTES_MAX: usize = 160;

/// A one-click mail, read and proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneClick {
    /// The ticket.
    pub ticket: TicketNo,
    /// Its revision when the link was written.
    pub rev: u32,
    /// The verb with its arguments: `snooze 1d`.
    pub words: String,
    /// To whom the link was given.
    pub agent: AgentName,
}

/// What an agent said about a held mail with one click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The event that held the mail.
    pub event: EventId,
    /// What they said.
    pub choice: Choice,
    /// To whom the link was given.
    pub agent: AgentName,
}

/// Where a link leads and what stands in the mail.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// Where agents write.
    pub to: &'a str,
    /// Subject.
    pub subject: &'a str,
    /// What follows the empty line at the top; one line without `~~~~`.
    pub below: Option<&'a str>,
}

/// The subject of a one-click mail on a ticket: `close T-4821.12 <token>`.
#[must_use]
pub fn subject(policy: &Policy, agent: &AgentName, claim: (TicketNo, u32), words: &str, at: Timestamp) -> String {
    let words = folded(words);
    let token = policy.keys.one_click_token(agent, claim, &words, day(at));
    format!("{words} {}.{} {token}", policy.reference(claim.0), claim.1)
}

/// The subject of a one-click mail about a held mail: `send <32 hex> <token>`.
#[must_use]
pub fn word_subject(policy: &Policy, agent: &AgentName, event: EventId, choice: Choice) -> String {
    format!("{} {event} {}", choice.word(), policy.keys.release_token(event, agent, choice))
}

/// Reads the subject of a mail as a one-click mail; `None` if no agent was given such a link within [`DAYS_MAX`] days.
#[must_use]
pub fn read(policy: &Policy, subject: &str, at: Timestamp) -> Option<OneClick> {
    let (claim, words, token) = parts(policy, subject)?;
    let today = day(at);
    let days = today - DAYS_MAX + 1..=today;
    let agent = policy.agents.keys().find(|agent| policy.keys.is_one_click_token(token, agent, claim, &words, days.clone()))?;
    Some(OneClick { ticket: claim.0, rev: claim.1, words, agent: agent.clone() })
}

/// Reads the subject of a mail as a word about a held mail.
#[must_use]
pub fn read_word(policy: &Policy, subject: &str) -> Option<Word> {
    let mut words = bare(policy, subject).split_whitespace();
    let (choice, event, token) = (words.next()?, words.next()?, words.next()?);
    let choice = Choice::from_word(choice).filter(|_| words.next().is_none())?;
    let event = EventId::from_hex(&event.to_ascii_lowercase())?;
    let agent = policy.agents.keys().find(|agent| policy.keys.is_release_token(token, event, agent, choice))?;
    Some(Word { event, choice, agent: agent.clone() })
}

/// The ticket that a subject claims to be a one-click mail of, unproven: enough to say that a link is too old.
#[must_use]
pub fn claimed(policy: &Policy, subject: &str) -> Option<TicketNo> {
    parts(policy, subject).map(|(claim, _, _)| claim.0)
}

/// The link; `None` where it would be too long for some client, or would need a plus sign.
#[must_use]
pub fn link(link: Link<'_>) -> Option<String> {
    let mut url = String::from("mailto:");
    push_encoded(&mut url, link.to);
    url.push_str("?subject=");
    push_encoded(&mut url, link.subject);
    if let Some(below) = link.below {
        url.push_str("&body=%0D%0A%0D%0A~~~~%20");
        push_encoded(&mut url, below);
        url.push_str("%20~~~~");
    }
    let is_safe = url.len() <= LINK_BYTES_MAX && !url.contains('+') && !url.contains("%2B");
    is_safe.then_some(url)
}

/// Days since 1970-01-01 UTC.
#[must_use]
pub fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(86_400)
}

/// Claim, words and token of `words… T-4821.12 token`.
fn parts<'s>(policy: &Policy, subject: &'s str) -> Option<((TicketNo, u32), String, &'s str)> {
    let mut from_end = bare(policy, subject).rsplitn(3, char::is_whitespace);
    let (token, reference, words) = (from_end.next()?, from_end.next()?, from_end.next()?);
    let (reference, rev) = reference.rsplit_once('.')?;
    let ticket = crate::subject::tags(&format!("[{reference}]"), &policy.company.prefix).first().copied()?;
    let is_number = rev.bytes().all(|byte| byte.is_ascii_digit()) && words.len() <= WORDS_BYTES_MAX;
    let rev = is_number.then(|| rev.parse().ok()).flatten()?;
    Some(((ticket, rev), folded(words), token))
}

/// Without `Re:` and `[EXTERNAL]`: clients and gateways put them before the subject of a mail that nobody answered.
fn bare<'s>(policy: &Policy, subject: &'s str) -> &'s str {
    let mut rest = crate::subject::read(subject, &policy.company.prefix).bare;
    for _ in 0..TAGS_MAX {
        match rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
            Some((_, behind)) => rest = crate::subject::read(behind, &policy.company.prefix).bare,
            None => break,
        }
    }
    rest
}

fn folded(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// RFC 6068 §2: whatever is not unreserved is percent-encoded, but `@`, `:` and `,`, which are allowed and more readable.
fn push_encoded(url: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    url.reserve(text.len() * 3 / 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@:,".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.extend(['%', char::from(DIGITS[usize::from(byte >> 4)]), char::from(DIGITS[usize::from(byte & 15)])]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("instant")
    }

    const CLAIM: (TicketNo, u32) = (TicketNo(4821), 12);

    #[test]
    fn a_link_is_one_agents_one_act_for_a_month() {
        let policy = sample::policy();
        let written = subject(&policy, &"maya".into(), CLAIM, "Snooze  1d", at("2026-11-23T10:00:00Z"));
        assert!(written.starts_with("snooze 1d T-4821.12 "), "{written}");
        let read_at = |subject: &str, when: &str| read(&policy, subject, at(when));
        let expect = OneClick { ticket: TicketNo(4821), rev: 12, words: "snooze 1d".into(), agent: "maya".into() };
        for subject in [written.clone(), format!("Re: [EXTERNAL] {written}"), written.to_uppercase(), format!(" {written} ")] {
            assert_eq!(read_at(&subject, "2026-12-23T23:59:59Z"), Some(expect.clone()), "{subject}");
        }
        assert_eq!(read_at(&written, "2026-12-24T00:00:00Z"), None, "a month later");
        assert_eq!(claimed(&policy, &written), Some(TicketNo(4821)), "but one can say what it was");
        assert_eq!(read_at(&written, "2026-11-22T10:00:00Z"), None, "before it was written");
        for (from, to) in [("snooze", "close"), ("1d", "2d"), ("4821", "4822"), (".12", ".13")] {
            assert_eq!(read_at(&written.replacen(from, to, 1), "2026-11-23T11:00:00Z"), None, "{from} → {to}");
        }
        for nonsense in ["", "close", "close T-4821.12", "close T-4821.x yyyy", "a b c d", "T-4821.12 x"] {
            assert_eq!(read_at(nonsense, "2026-11-23T11:00:00Z"), None, "{nonsense}");
        }
    }

    #[test]
    fn a_word_about_a_held_mail_reads_back() {
        let policy = sample::policy();
        let event = EventId::of_request("held");
        let written = word_subject(&policy, &"maya".into(), event, Choice::TextOnly);
        assert!(written.starts_with("text-only "), "{written}");
        let expect = Word { event, choice: Choice::TextOnly, agent: "maya".into() };
        assert_eq!(read_word(&policy, &format!("Re: {written}")), Some(expect));
        assert_eq!(read_word(&policy, &written.replacen("text-only", "send", 1)), None);
        assert_eq!(read_word(&policy, "send me your money now"), None);
    }

    #[test]
    fn a_link_survives_every_client() {
        let good = link(Link { to: "desk@x.example", subject: "assign @tomasz T-1.2 abc", below: Some("write above") });
        let expect = "mailto:desk@x.example?subject=assign%20@tomasz%20T-1.2%20abc&body=%0D%0A%0D%0A~~~~%20write%20above%20~~~~";
        assert_eq!(good.as_deref(), Some(expect));
        assert_eq!(link(Link { to: "desk+a@x.example", subject: "a", below: None }), None);
        assert_eq!(link(Link { to: "desk@x.example", subject: "tag +a", below: None }), None);
        assert_eq!(link(Link { to: "desk@x.example", subject: &"x".repeat(450), below: None }), None);
    }
}
