//! Lines of our own mail to agents, as they come back quoted: which of them may be dropped silently, which hold an answer,
//! and what must stand in no mail to people outside.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::answer::Hold;
use crate::ids::TicketNo;
use crate::policy::Policy;
use crate::remark::Remark;
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
    /// The marker, which no program quoted: nothing below it is the writer's own but a signature.
    End,
    /// Something that only we and the agents should read. Nobody knows how much of it there is, so nothing is sent.
    Held,
}

/// Words of our frame that begin a line, in the languages that agents read.
const BEGINNINGS: [&str; 12] = [
    "your answer goes to",
    "your answer becomes a note",
    "do it with one mail",
    "check off with one mail",
    "all messages http",
    "ihre antwort geht an",
    "ihre antwort wird eine notiz",
    "mit einer mail ",
    "abhaken mit einer mail",
    "alle nachrichten http",
    "nothing was sent, nothing changed",
    "nothing proves that it comes from",
];
/// Words of our frame anywhere in a line.
const ANYWHERE: [&str; 3] = ["your answer stays inside", "ihre antwort bleibt intern", "x-frontdesk"];

/// `STATE       open · high`, `STEP 2 OF 3  DIAGNOSE`, `DANA        writes from … · 8 tickets`: two spaces and more, of which
/// HTML leaves one.
static TITLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:STEP \d+ OF \d+\b|SCHRITT \d+/\d+\b|(?:FACTS|PERHAPS|FAKTEN|VIELLEICHT)\s+\S|(?:STATE|CONTACT|KNOWN|STAND|KONTAKT)(?:\s{2,}\S|\s+\S.*·)|\p{Lu}[\p{Lu}\d' .-]{1,40}(?:\s{2,}|\t)\S.*·)",
    )
    .expect("a fixed pattern")
});
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
/// The subject of a one-click mail about a held mail: `send <32 digits> <16 characters>`.
static HELD_MAIL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b[0-9a-f]{32}\s+[0-9a-hjkmnp-tv-z]{16}\b").expect("a fixed pattern"));
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

/// Lines of an answer, one after the other.
pub(crate) struct Frame<'a> {
    policy: &'a Policy,
    mode: Mode,
    /// Letters of the lines with our bar in the HTML of the mail, which no program wraps.
    shown: BTreeSet<String>,
    /// Letters of the line with our bar that is being read, with those it was wrapped into.
    run: Option<String>,
}

impl<'a> Frame<'a> {
    /// `mode` is what an answer to the quoted mail is: only where that is a reply, the words it showed were the customer's.
    pub(crate) fn new(policy: &'a Policy, mode: Mode, html: Option<&str>) -> Self {
        let text = html.map(|html| mail::html::to_text(html).text).unwrap_or_default();
        let shown = text.lines().filter_map(|line| unquoted(line).0.strip_prefix('|')).map(letters).collect();
        Self { policy, mode, shown, run: None }
    }

    /// What becomes of the next line.
    pub(crate) fn fate(&mut self, line: &str) -> Fate {
        let (body, is_quoted) = unquoted(line);
        if is_marker(body) {
            self.run = None;
            return if is_quoted { Fate::Dropped } else { Fate::End };
        }
        let shown = if body == "|" { Some("") } else { body.strip_prefix("| ") };
        // A line that ends like it begins is a table of the writer's own.
        if let Some(shown) = shown.filter(|shown| is_quoted || !shown.ends_with('|')) {
            self.run = Some(letters(shown));
            return self.quote(shown);
        }
        if let Some(run) = self.run.take().filter(|_| is_quoted && !body.is_empty()) {
            let more = run + &letters(body);
            let is_wrapped = self.shown.range(more.clone()..).next().is_some_and(|shown| shown.starts_with(&more));
            if is_wrapped && !is_layout(body) {
                self.run = Some(more);
                return self.quote(body);
            }
        }
        if FILE.is_match(body) {
            return Fate::Dropped;
        }
        if is_layout(body) {
            return Fate::Held;
        }
        if names_our_address(body, self.policy) {
            return if is_quoted || ABOUT_MAIL.is_match(body) { Fate::Dropped } else { Fate::Held };
        }
        // Whatever else is quoted, it is not the customer's: they carry the bar.
        if is_quoted && !body.is_empty() { Fate::Held } else { Fate::Kept }
    }

    fn quote(&self, shown: &str) -> Fate {
        match self.mode {
            Mode::Reply => Fate::Quote(shown.trim_end().to_owned()),
            Mode::Note | Mode::Vendor | Mode::Command | Mode::Outside => Fate::Dropped,
        }
    }
}

/// Why a line waits for its writer.
pub(crate) fn why_held(line: &str, policy: &Policy) -> Hold {
    let body = unquoted(line).0;
    if !is_layout(body) && names_our_address(body, policy) {
        return Hold::Leak { what: Remark::of(|say| say.secret_address) };
    }
    Hold::Layout { line: short(line) }
}

/// A line of the frame that our mails put above the part to be cut.
pub(crate) fn is_marker(body: &str) -> bool {
    body.starts_with(MARKER) || body.ends_with(MARKER)
}

/// Whether words stand right below a quoted line: then they may be the end of it that lost its mark.
pub(crate) fn has_wrapped_quote(text: &str) -> bool {
    let lines: Vec<(&str, bool)> = text.lines().map(unquoted).collect();
    lines.windows(2).any(|pair| matches!(pair, [(above, true), (below, false)] if !above.is_empty() && !below.is_empty()))
}

/// Outlook writes the address of a link behind the same address: `https://x.example<https://x.example>`.
pub(crate) fn without_echo(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("<http") {
        out.push_str(before);
        let Some((address, after)) = behind.split_once('>') else {
            out.push_str("<http");
            rest = behind;
            continue;
        };
        let shown = out.trim_end_matches('/');
        if !shown.ends_with(&format!("http{}", address.trim_end_matches('/'))) {
            out.push_str(&format!("<http{address}>"));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A line that only our mails to agents have.
fn is_layout(body: &str) -> bool {
    let lower = body.to_lowercase();
    BEGINNINGS.iter().any(|beginning| lower.starts_with(beginning))
        || ANYWHERE.iter().any(|words| lower.contains(words))
        || [&TITLE, &REFERENCE].iter().any(|pattern| pattern.is_match(body))
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A `pin: 123456` line, which proves who wrote and is in no copy.
pub(crate) fn is_pin(line: &str) -> bool {
    static PIN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)^#?\s*pin\s*[:=]?\s*\d{4,12}$").expect("a fixed pattern"));
    PIN.is_match(unquoted(line).0.trim_matches(['*', '_', '`', ' ']))
}

/// A text without its PIN lines: nobody but the desk may read them.
pub(crate) fn without_pin(text: &str) -> String {
    if !text.lines().any(is_pin) {
        return text.to_owned();
    }
    text.lines().filter(|line| !is_pin(line)).collect::<Vec<_>>().join("\n")
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
pub(crate) fn secret_in(text: &str, policy: &Policy, ticket: TicketNo) -> Option<Remark> {
    let decoded = percent_decoded(text);
    let texts = [text, decoded.as_str()];
    let any = |pattern: &Regex| texts.iter().any(|text| pattern.is_match(text));
    if any(&DETAIL) || any(&ONE_CLICK) || any(&HELD_MAIL) {
        return Some(Remark::of(|say| say.secret_link));
    }
    if any(&MESSAGE_ID) {
        return Some(Remark::of(|say| say.secret_id));
    }
    if texts.iter().any(|text| names_our_address(text, policy)) {
        return Some(Remark::of(|say| say.secret_address));
    }
    if texts.iter().any(|text| text.contains(MARKER)) {
        return Some(Remark::of(|say| say.secret_marker));
    }
    let lower = decoded.to_lowercase();
    if lower.contains("x-frontdesk") || lower.contains("data-fd") {
        return Some(Remark::of(|say| say.secret_mark));
    }
    let revision = format!("{}.", policy.reference(ticket)).to_lowercase();
    let is_revision = |at: usize| lower[at + revision.len()..].starts_with(|c: char| c.is_ascii_digit());
    if any(&REFERENCE) || lower.match_indices(&revision).any(|(at, _)| is_revision(at)) {
        return Some(Remark::of(|say| say.secret_reference));
    }
    let pages = policy.url.as_ref().map(|url| url.trim_end_matches('/').to_lowercase());
    if pages.is_some_and(|url| ["/t/", "/a/"].iter().any(|page| lower.contains(&format!("{url}{page}")))) {
        return Some(Remark::of(|say| say.secret_page));
    }
    text.lines()
        .find(|line| is_layout(unquoted(line).0))
        .map(|line| Remark::with(|say| say.secret_line, &[("line", &short(line))]))
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
