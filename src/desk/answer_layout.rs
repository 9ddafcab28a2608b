//! Lines of our own mail to agents, as they come back quoted: which of them may be dropped silently, which hold an answer,
//! and what must stand in no mail to people outside.

use std::sync::LazyLock;

use regex::Regex;

use crate::ids::TicketNo;
use crate::policy::Policy;
use crate::token::Mode;

/// What becomes of a line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The writer's own.
    Kept,
    /// A line of our frame that says nothing: it is left out.
    Dropped,
    /// The customer's own words, quoted out of our frame.
    Quote(String),
    /// Something that only we and the agents should read. Nobody knows how much of it there is, so nothing is sent.
    Held,
}

/// Words of our frame that begin a line.
const BEGINNINGS: [&str; 4] = ["your answer goes to", "do it with one mail", "all messages http", "your text is safe for"];
/// Words of our frame anywhere in a line.
const ANYWHERE: [&str; 2] = ["your answer stays inside", "x-frontdesk"];

/// `STATE       open · high`, `STEP 2 OF 3  DIAGNOSE`, `DANA        Northern Labs · 8 tickets`: two spaces and more, which
/// HTML makes one space, and no other writer sets in capitals before dots like these.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:STEP \d+ OF \d+\b|(?:STATE|FACTS|PERHAPS|KNOWN)(?:\s{2,}|[\t:]\s*|\s+\S.*·|$)|\p{Lu}[\p{Lu}\d' .-]{1,40}(?:\s{2,}|\t)\S.*·)")
        .expect("a fixed pattern")
});
/// `[x] 1 Confirm serial and firmware`.
static CHECKLIST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\[[ x]\] \d+ ").expect("a fixed pattern"));
/// `[probe-0210.log 84 KB]`: a file of the mail that we showed.
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\[(?P<name>[^\[\]]+?)[ ,·]+(?P<size>\d+(?:[.,]\d+)?) ?(?P<unit>bytes|B|kB|KB|MB|GB|KiB|MiB)\]$")
        .expect("a fixed pattern")
});
/// `ref T-4821.12`, whatever the company's prefix is.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)\bref \p{L}{1,10}-\d+\.\d+").expect("a fixed pattern"));
/// The detail of a reply address: `t4821-12r-<16 characters>`.
static DETAIL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bt\d{1,20}-\d{1,10}[rnvc]-[0-9a-hjkmnp-tv-z]{16}\b").expect("a fixed pattern"));
/// Our Message-ID.
static MESSAGE_ID: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bT\d{1,20}\.\d{1,10}\.[RNVC]\.[0-9a-hjkmnp-tv-z]{26}\b").expect("a fixed pattern"));
/// The subject of a one-click mail: `T-4821.12 <16 characters>`.
static ONE_CLICK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)-\d{1,20}\.\d{1,10}\s+[0-9a-hjkmnp-tv-z]{16}\b").expect("a fixed pattern"));
/// `From:`, `To:`, `Reply-To:` and their kin in other languages, or an introduction: a line about a mail, not of one.
static ABOUT_MAIL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[*_]?\p{L}[\p{L} -]{0,23}[*_]?\s?[:：]|[:：]$").expect("a fixed pattern"));

/// The frame that our mails put above the part to be cut.
const MARKER: &str = "~~~~";

/// A line without quote marks, and whether it had some.
pub(crate) fn unquoted(line: &str) -> (&str, bool) {
    let mut rest = line.trim();
    while let Some(behind) = rest.strip_prefix('>') {
        rest = behind.trim_start();
    }
    (rest, rest.len() < line.trim().len())
}

/// What becomes of a line. `mode` is what an answer to the quoted mail is: only where that is a reply, the words that the
/// mail showed were the customer's.
pub(crate) fn fate(line: &str, mode: Mode, policy: &Policy) -> Fate {
    let (body, is_quoted) = unquoted(line);
    let lower = body.to_lowercase();
    if body.starts_with(MARKER) || body.ends_with(MARKER) {
        return Fate::Dropped;
    }
    let shown = if body == "|" { Some("") } else { body.strip_prefix("| ") };
    // A line that ends like it begins is a table of the writer's own.
    if let Some(shown) = shown.filter(|shown| is_quoted || !shown.ends_with('|')) {
        return match mode {
            Mode::Reply => Fate::Quote(shown.trim_end().to_owned()),
            Mode::Note | Mode::Vendor | Mode::Command | Mode::Outside => Fate::Dropped,
        };
    }
    if FILE.is_match(body) {
        return Fate::Dropped;
    }
    let is_layout = BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning))
        || ANYWHERE.iter().any(|words| lower.contains(words))
        || TITLE.is_match(body)
        || is_quoted && CHECKLIST.is_match(body)
        || REFERENCE.is_match(body);
    if is_layout {
        return Fate::Held;
    }
    if names_our_address(body, policy) {
        return if is_quoted || ABOUT_MAIL.is_match(body) { Fate::Dropped } else { Fate::Held };
    }
    Fate::Kept
}

/// A `pin: 123456` line, which proves who wrote and is in no copy.
pub(crate) fn is_pin(line: &str) -> bool {
    static PIN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)^#?\s*pin\s*[:=]?\s*\d{4,12}$").expect("a fixed pattern"));
    PIN.is_match(unquoted(line).0.trim_matches(['*', '_', '`', ' ']))
}

/// Files that our mail showed, as name and size were written.
pub(crate) fn shown_files(text: &str) -> impl Iterator<Item = (&str, String)> {
    text.lines().filter_map(|line| {
        let found = FILE.captures(unquoted(line).0)?;
        Some((found.name("name")?.as_str(), format!("{} {}", &found["size"], &found["unit"])))
    })
}

/// Whether a size of a file rounds to what was written.
pub(crate) fn is_size(bytes: u64, written: &str) -> bool {
    let Some((number, unit)) = written.split_once(' ') else { return false };
    let Ok(number) = number.replace(',', ".").parse::<f64>() else { return false };
    let units: &[f64] = match unit {
        "kB" | "KB" => &[1_000.0, 1_024.0],
        "KiB" => &[1_024.0],
        "MB" => &[1_000_000.0, 1_048_576.0],
        "MiB" => &[1_048_576.0],
        "GB" => &[1_000_000_000.0, 1_073_741_824.0],
        _ => &[1.0],
    };
    let step = if written.contains(['.', ',']) { 0.1 } else { 1.0 };
    #[allow(clippy::cast_precision_loss)] // No mail is so large.
    let bytes = bytes as f64;
    units.iter().any(|unit| (bytes / unit - number).abs() < step)
}

/// What stands in a text that people outside must never read; `None` is the only good answer.
///
/// `text` is searched as it is and with `%40` and its like resolved, as links write them.
pub(crate) fn secret_in(text: &str, policy: &Policy, ticket: TicketNo) -> Option<String> {
    let decoded = percent_decoded(text);
    let texts = [text, decoded.as_str()];
    let any = |pattern: &Regex| texts.iter().any(|text| pattern.is_match(text));
    if any(&DETAIL) || any(&ONE_CLICK) {
        return Some("an address or a link of ours that acts for an agent".to_owned());
    }
    if any(&MESSAGE_ID) {
        return Some("the id of a mail of ours".to_owned());
    }
    if texts.iter().any(|text| names_our_address(text, policy)) {
        return Some("the address that agents write to".to_owned());
    }
    if texts.iter().any(|text| text.contains(MARKER)) {
        return Some("the line that our own mails begin with".to_owned());
    }
    let lower = decoded.to_lowercase();
    if lower.contains("x-frontdesk") || lower.contains("data-fd") {
        return Some("a mark that our own mails carry".to_owned());
    }
    let revision = format!("{}.", policy.reference(ticket)).to_lowercase();
    let is_revision = |at: usize| lower[at + revision.len()..].starts_with(|c: char| c.is_ascii_digit());
    if any(&REFERENCE) || lower.match_indices(&revision).any(|(at, _)| is_revision(at)) {
        return Some("a reference that only our own mails carry".to_owned());
    }
    let pages = policy.url.as_ref().map(|url| format!("{}/t/", url.trim_end_matches('/')).to_lowercase());
    if pages.is_some_and(|pages| lower.contains(&pages)) {
        return Some("a link to a page for agents".to_owned());
    }
    let held = |line: &&str| fate(line, Mode::Reply, policy) == Fate::Held;
    text.lines().find(held).map(|line| format!("a line of our own mail to agents: \"{}\"", short(line)))
}

/// The first words of a line.
pub(crate) fn short(line: &str) -> String {
    let words = unquoted(line).0.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(60).collect()
}

/// A token of ours, or the address that agents write to, with or without a detail.
fn names_our_address(text: &str, policy: &Policy) -> bool {
    if DETAIL.is_match(text) {
        return true;
    }
    let Some(agent_mail) = &policy.agent_mail else { return false };
    let is_inbox = policy.inbox_by_address(&agent_mail.address).is_some();
    let (local, domain) = (agent_mail.address.local().to_lowercase(), agent_mail.address.domain());
    let lower = text.to_lowercase();
    let end = format!("@{domain}");
    // Where agents write to an inbox, its address is no secret; its tokens are.
    !is_inbox && lower.match_indices(&end).any(|(at, _)| ends_in_address(&lower[..at], &local))
}

/// Whether a text ends in that local part or in `local+detail`.
fn ends_in_address(before: &str, local: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    let start = before.rfind(|c: char| !is_part(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let found = &before[start..];
    found == local || found.strip_prefix(local).is_some_and(|detail| detail.starts_with('+'))
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).and_then(|code| std::str::from_utf8(code).ok());
        match code.filter(|_| bytes[at] == b'%').and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
