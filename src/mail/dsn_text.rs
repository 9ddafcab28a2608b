//! The notice for people: where it ends, whom it names, what it says about each.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::dsn_code::Codes;
use crate::part::TextPart;
use crate::trigram::{AnyOf, Trigrams};
use crate::{Message, dsn_original, dsn_phrase, dsn_report, parse};

/// Most of a notice that is read. Real notices stay below 16 KiB; returned mail is behind it.
const NOTICE_BYTES_MAX: usize = 64 * 1024;
/// Most lines looked at for recipients.
const NOTICE_LINES_MAX: usize = 2_000;
/// Most lines with an address that are looked at closely; each costs a dozen searches.
const ADDRESS_LINES_MAX: usize = 500;
/// What is kept of a diagnostic.
const DIAGNOSTIC_BYTES_MAX: usize = 1_000;

/// The text before the returned mail, and the text behind it where both are one part.
pub(crate) fn human_text(parts: &[TextPart]) -> (String, String) {
    let mut human = String::new();
    let mut tail = String::new();
    let end = parts.iter().position(|part| dsn_original::is_returned(&part.content_type)).unwrap_or(parts.len());
    let mut seen_plain = false;
    for part in &parts[..end] {
        if dsn_report::is_status(&part.content_type) || !part.content_type.starts_with("text/") {
            continue;
        }
        let is_html = part.content_type == "text/html";
        if is_html && seen_plain {
            continue;
        }
        seen_plain |= !is_html && !part.text.trim().is_empty();
        let text: Cow<'_, str> = if is_html { crate::dsn_html::plain(&part.text).into() } else { part.text.as_str().into() };
        let text = if text.contains('\r') { text.replace('\r', "").into() } else { text };
        let at = original_at(&text);
        human.push_str(clipped(&text[..at], NOTICE_BYTES_MAX.saturating_sub(human.len())));
        human.push('\n');
        if at < text.len() {
            tail.push_str(clipped(&text[at..], NOTICE_BYTES_MAX));
            break;
        }
    }
    (human, tail)
}

fn clipped(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Where the returned mail starts within the text; its length where none is returned.
fn original_at(text: &str) -> usize {
    // One of these is on every such line, and is found at the cost of reading the text.
    static STEMS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:original|returned|unsent|undelivered|rejected|failed|unsuccessful) ?(?:message|mail|e-?mail)|copy of (?:the|your)|",
            r"(?:message|original) (?:header|text|bod|content|transcript)|headers? (?:of|and) |forwarded|weitergeleitete|",
            r"below this line|summary of the|content-type:|received: |return-path: |dkim-signature: |arc-seal: |x-google-|",
            "元のメール|オリジナル"
        ))
        .expect("constant pattern")
    });
    static START: LazyLock<Regex> = LazyLock::new(|| {
        let words = [
            r"\W*(?:begin(?:ning)? of |start of |here (?:is|follows) )?(?:the |your )?(?:original|returned|unsent|undelivered|rejected|failed|unsuccessful) (?:message|mail|e-?mail)(?: headers?| text| body| info)?(?: follows?| is following| attached| below)?[\s.:\-=|*<>_]*$",
            r"\W*(?:the )?(?:message|original) (?:headers?|text|body|contents?|transcript) (?:removed|suppressed|follows?|below)",
            r"\W*(?:the )?headers? and (?:top|first)",
            r"\W*(?:unsent|undelivered|returned) (?:message|mail)",
            r"-+ ?(?:forwarded|weitergeleitete) ?(?:message|nachricht)",
            r"\W*below this line",
            r"-+ ?(?:original|returned|undelivered) ?(?:message|mail)",
            r"\W*(?:your )?(?:original |e-?mail )?message (?:headers?|text) (?:follow|is|are)",
            r"\W*a summary of the undelivered message",
            r"content-type: *(?:message/rfc822|text/rfc822-headers)",
            r"(?:received: |return-path: |x-received: |dkim-signature: |arc-seal: |x-google-)",
            r"-{3,}[- ]*(?:original mail info|元のメール|オリジナル)",
        ];
        Regex::new(&format!("^(?:{})", words.map(|word| format!("(?:{word})")).join("|"))).expect("constant pattern")
    });
    // Folding ASCII letters keeps every position.
    let folded = text.to_ascii_lowercase();
    let mut behind = 0;
    while let Some(end) = STEMS.shortest_match_at(&folded, behind) {
        let place = parse::line_around(&folded, end);
        let line = &folded[place.clone()];
        // A headline stands in the first line of some notices too; nothing before it would be left.
        if (START.is_match(line) || announces_copy(line)) && !text[..place.start].trim().is_empty() {
            return place.start;
        }
        behind = place.end;
    }
    text.len()
}

/// Whether a line in lower case says near its start that a copy follows.
fn announces_copy(line: &str) -> bool {
    static COPY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("copy of (?:the|your) (?:original |first )?(?:message|mail|part|header|e-?mail)").expect("constant pattern")
    });
    static HEADERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("headers? of (?:the|your) (?:original|returned|undelivered)? ?(?:message|mail)").expect("constant pattern")
    });
    let begins_within = |words: &Regex, characters: usize| {
        words.find(line).is_some_and(|found| line[..found.start()].chars().count() <= characters)
    };
    line.contains(" of ") && (begins_within(&COPY, 40) || begins_within(&HEADERS, 30))
}

/// Every address in a text, in order, as written.
pub(crate) fn addresses_in(text: &str) -> Vec<String> {
    ADDRESS.find_iter(text).filter_map(|found| tidy(found.as_str())).take(1_000).collect()
}

/// An address in running text: quoted local part or anything without separators, then a domain with a letter or a literal.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:"[^"\s<>@]+(?: [^"\s<>@]+)*"|[^\s<>()\[\]:;,"@=|\\&：；，、。（）「」『』【】“”]+(?:[=&][^\s<>()\[\]:;,"@|\\]+)?)@(?:\[[0-9A-Za-z.:]+\]|[^\s<>()\[\]:;,"'@=|\\/!?*#&%`：；，、。（）「」『』【】“”]+)"#).expect("constant pattern")
});

fn tidy(found: &str) -> Option<String> {
    let bare = found
        .trim_start_matches(['\'', '`', '.', '*', '-', '>', '•', '·', '–', '—', '“', '‘', '«', '「', '『'])
        .trim_end_matches(['.', '\'', '`', '-', '”', '’', '»', '」', '』', '、', '。', '…', '*']);
    let (local, domain) = bare.rsplit_once('@')?;
    let good = !local.is_empty() && !domain.is_empty() && bare.len() <= 320 && !local.starts_with("mailto");
    good.then(|| bare.to_owned())
}

/// What a notice says about one recipient, with the codes in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said<'a> {
    pub(crate) text: &'a str,
    pub(crate) codes: Codes,
}

/// A notice, read.
pub(crate) struct Notice<'a> {
    pub(crate) text: &'a str,
    /// The text in lower case; places in it may differ from those in `text`.
    pub(crate) folded: String,
    /// Addresses the notice names as not reached.
    pub(crate) found: Vec<String>,
    /// Addresses that only may be meant.
    pub(crate) weak: Vec<String>,
    /// Where each found address starts its paragraph.
    heads: Vec<(String, usize)>,
}

impl<'a> Notice<'a> {
    /// Looks for recipients line by line.
    pub(crate) fn read(text: &'a str, excluded: &BTreeSet<String>, message: &Message) -> Self {
        let folded = text.to_lowercase();
        let mut notice = Self { text, found: Vec::new(), weak: Vec::new(), heads: Vec::new(), folded: String::new() };
        let mut at = 0;
        let mut with_address = 0_usize;
        for (line, folded) in parse::lines(text).zip(parse::lines(&folded)).take(NOTICE_LINES_MAX) {
            if memchr::memchr(b'@', line.as_bytes()).is_some() {
                with_address += 1;
                if with_address > ADDRESS_LINES_MAX {
                    break;
                }
                notice.read_line(line, folded, at, excluded);
            }
            at += line.len() + 1;
        }
        if notice.found.is_empty() && message.header("x-failed-recipients").is_none() {
            notice.found.extend(bare_locals(text, &folded, message));
        }
        notice.folded = folded;
        notice
    }

    /// Reads a line that holds an address; `folded` is the line in lower case.
    fn read_line(&mut self, line: &str, folded: &str, at: usize, excluded: &BTreeSet<String>) {
        let trimmed = folded.trim_start_matches([' ', '\t', '*', '-', '>', '|']);
        if is_about_others(trimmed) {
            return;
        }
        let copy_label = ["to:", "cc:", "an:", "para:", "à:"].iter().any(|label| trimmed.starts_with(label));
        let named = if copy_label { None } else { named_in(line, folded) };
        match named {
            Some(addresses) => {
                for address in addresses {
                    let own = excluded.contains(&address.to_lowercase()) || is_helper_address(&address);
                    if own {
                        push_new(&mut self.weak, &address);
                    } else {
                        push_new(&mut self.found, &address);
                        self.heads.push((address, at));
                    }
                }
            }
            None => {
                for address in addresses_in(line) {
                    if !excluded.contains(&address.to_lowercase()) && !is_helper_address(&address) {
                        push_new(&mut self.weak, &address);
                    }
                }
            }
        }
    }

    /// Later tries are announced.
    pub(crate) fn is_delayed(&self) -> bool {
        is_delayed(&self.folded)
    }

    /// It speaks of failure.
    pub(crate) fn says_failure(&self) -> bool {
        dsn_phrase::says_failure(&self.folded)
    }

    /// Whether it names somebody and a reply that refuses.
    pub(crate) fn states_refusal(&self) -> bool {
        !(self.found.is_empty() && self.weak.is_empty()) && Codes::of(self.text).smtp.is_some()
    }

    /// Whether it is about mail, not about parcels.
    pub(crate) fn speaks_of_mail(&self) -> bool {
        dsn_phrase::speaks_of_mail(&self.folded)
    }

    /// The words about one recipient: its own paragraph where that holds a code, else the lines that name it, else
    /// what the session says after naming it, else the whole notice where it is the only one.
    pub(crate) fn about(&self, address: &str, alone: bool) -> Said<'a> {
        let wide = if alone || self.found.len() <= 1 {
            [Some(self.text), None]
        } else {
            // A list of addresses with one reason for all, below or above it.
            [self.heads.last().map(|(_, last)| &self.text[*last..]), self.heads.first().map(|(_, first)| &self.text[..*first])]
        };
        let folded = address.to_lowercase();
        let near = self.paragraphs(address).chain(self.naming_blocks(&folded));
        let far = std::iter::once_with(|| self.session(address)).chain(wide).flatten();
        let mut with_status = None;
        for text in near.chain(far) {
            let codes = Codes::of(text);
            if codes.smtp.is_some() {
                return Said { text, codes };
            }
            if with_status.is_none() && codes.status.is_some() {
                with_status = Some(Said { text, codes });
            }
        }
        with_status.unwrap_or_else(|| {
            let own = self.paragraphs(address).next().filter(|text| text.trim().len() > address.len() + 4);
            own.map_or_else(
                || Said { text: self.text, codes: Codes::of(self.text) },
                |text| Said { text, codes: Codes::default() },
            )
        })
    }

    /// The paragraphs headed by the address, each up to the next other address.
    fn paragraphs(&self, address: &str) -> impl Iterator<Item = &'a str> {
        let own = self.heads.iter().enumerate().filter(|(_, (head, _))| head.eq_ignore_ascii_case(address));
        own.map(|(index, (_, at))| {
            let end = self.heads[index + 1..]
                .iter()
                .find(|(other, _)| !other.eq_ignore_ascii_case(address))
                .map_or(self.text.len(), |(_, end)| *end);
            &self.text[*at..end.max(*at)]
        })
    }

    /// Blocks of lines that mention the address, which is in lower case.
    fn naming_blocks(&self, folded: &str) -> impl Iterator<Item = &'a str> {
        let holds = move |block: &&str| {
            if block.is_ascii() { contains_folded(block, folded) } else { block.to_lowercase().contains(folded) }
        };
        self.text.split("\n\n").filter(holds).take(50)
    }

    /// The part of an SMTP session after `RCPT TO:<address>`.
    fn session(&self, address: &str) -> Option<&'a str> {
        if !self.folded.contains("rcpt to:<") {
            return None;
        }
        let folded = self.text.to_ascii_lowercase();
        let start = folded.find(&format!("rcpt to:<{}>", address.to_ascii_lowercase()))?;
        let end = folded[start + 4..].find(">>> ").map_or(self.text.len(), |offset| start + 4 + offset);
        self.text.get(start..end)
    }
}

/// Whether an ASCII text holds words, in lower case, however the text is written.
fn contains_folded(text: &str, words: &str) -> bool {
    // Of all that an address holds, this stands in the fewest places.
    let anchor = words.find('@').unwrap_or(0);
    let byte = words.as_bytes().get(anchor).copied().unwrap_or(b' ');
    memchr::memchr2_iter(byte, byte.to_ascii_uppercase(), text.as_bytes())
        .filter_map(|at| text.get(at.checked_sub(anchor)?..)?.get(..words.len()))
        .any(|found| found.eq_ignore_ascii_case(words))
}

fn push_new(list: &mut Vec<String>, address: &str) {
    if !list.iter().any(|known| known.eq_ignore_ascii_case(address)) && list.len() < crate::limits::ADDRESSES_MAX {
        list.push(address.to_owned());
    }
}

/// Lines that name the sender, helpers or headers rather than a recipient.
fn is_about_others(folded: &str) -> bool {
    const STARTS: [&str; 14] = [
        "from:",
        "sender:",
        "reply-to:",
        "return-path:",
        "message-id:",
        "mail from",
        "references:",
        "in-reply-to:",
        "reporting-mta",
        "system contact",
        ">>> mail from",
        "x-",
        "envelope sender",
        "a message from",
    ];
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        let words =
            "contact <|please contact|envelope-from|envelope sender|for assistance|for further|send mail to <postmaster|mailto:";
        Regex::new(words).expect("constant pattern")
    });
    STARTS.iter().any(|start| folded.starts_with(start)) || WORDS.is_match(folded)
}

/// Addresses that notices offer as help.
fn is_helper_address(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_lowercase();
    ["postmaster", "mailer-daemon", "abuse", "helpdesk", "support", "hostmaster"].contains(&local.as_str())
}

/// The addresses a line names as recipients, `None` if it only mentions some. `folded` is the line in lower case.
fn named_in(line: &str, folded: &str) -> Option<Vec<String>> {
    static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(shapes);
    let pieces = LazyCell::new(|| Trigrams::of(folded));
    let may_fit = |shape: &Shape| shape.words.as_ref().is_none_or(|words| words.may_be_in(&pieces));
    let mut found = Vec::new();
    for address in ADDRESS.find_iter(line).take(ADDRESS_LINES_MAX) {
        // `SMTP=a@b` and `recipient=a@b` look like an address as a whole.
        let sign = address.as_str().find('=').map(|sign| address.start() + sign + 1);
        let starts = [Some(address.start()), sign];
        let start = starts.into_iter().flatten().find(|start| {
            let (before, behind) = (&line[..*start], &line[address.end()..]);
            let fits = |shape: &Shape| shape.before.is_match(before) && shape.behind.is_none_or(|test| test(behind));
            SHAPES.iter().any(|shape| may_fit(shape) && fits(shape))
        });
        if let Some(named) = start.and_then(|start| tidy(&line[start..address.end()])) {
            push_new(&mut found, &named);
        }
    }
    (!found.is_empty()).then_some(found)
}

/// One way in which a line names a recipient.
struct Shape {
    /// One of these words is in every such line, which is far cheaper to find out than what the patterns say.
    words: Option<AnyOf>,
    /// How the line ends before the address.
    before: Before,
    /// How it goes on behind it.
    behind: Option<fn(&str) -> bool>,
}

/// What stands before an address.
enum Before {
    /// Nothing but marks of lists and quotes, and the type of the address.
    Head,
    /// A name and the bracket in which the address stands.
    Name,
    Words(Regex),
}

impl Before {
    fn is_match(&self, before: &str) -> bool {
        match self {
            Self::Head => is_head(before),
            Self::Name => is_name(before),
            Self::Words(words) => words.is_match(before),
        }
    }
}

fn is_head(before: &str) -> bool {
    let bare = before.strip_suffix('<').unwrap_or(before);
    let bare = bare.strip_suffix(['\'', '"']).unwrap_or(bare);
    let bare = bare.strip_suffix("rfc822; ").or_else(|| bare.strip_suffix("rfc822;")).unwrap_or(bare);
    bare.chars().all(|c| c.is_whitespace() || matches!(c, '>' | '*' | '•' | '·' | '|' | '–' | '—' | '-'))
}

fn is_name(before: &str) -> bool {
    /// Longer ones are sentences.
    const NAME_CHARACTERS_MAX: usize = 60;
    static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\w .,'-]+$").expect("constant pattern"));
    let Some(lead) = before.strip_suffix('<') else { return false };
    let name = lead.trim();
    let quoted = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(inner) => !inner.contains('"'),
        None if name.is_empty() => lead.contains(' '),
        None => name.chars().count() <= NAME_CHARACTERS_MAX && NAME.is_match(name),
    }
}

/// The address heads its line: behind it come a colon, dots, a code, a name in brackets, or nothing.
fn ends_head(behind: &str) -> bool {
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^['"]?>?['"]?(?:\s*$|\s*[:;,](?:\s|$)|:\S|\s*\.\.\.|\s+on \w|\s*\(|\s+<[^>]+>\s*$|\s+-\s|\s*\[|\s+\d{3}[ -]|\s+#\d|\s{2,}\S)"#)
            .expect("constant pattern")
    });
    let bare = behind.strip_prefix(['\'', '"']).unwrap_or(behind);
    let bare = bare.strip_prefix('>').unwrap_or(bare);
    // Most often nothing is left.
    bare.trim().is_empty() || BEHIND.is_match(behind)
}

/// A bracket closes the line.
fn ends_bracket(behind: &str) -> bool {
    behind.strip_prefix('>').is_some_and(|rest| rest.chars().all(|c| c.is_whitespace() || c == ':'))
}

/// The ways in which a line names a recipient.
fn shapes() -> Vec<Shape> {
    let shape = |words: &str, before: &str, behind: Option<fn(&str) -> bool>| Shape {
        words: Some(AnyOf::new(words)),
        before: Before::Words(Regex::new(before).expect("constant pattern")),
        behind,
    };
    vec![
        // The address heads the line: qmail, Postfix, Exim, Courier, Sendmail, Exchange, most lists of recipients.
        Shape { words: None, before: Before::Head, behind: Some(ends_head) },
        // A name and its address alone on a line.
        Shape { words: None, before: Before::Name, behind: Some(ends_bracket) },
        // X.400 in Exchange: c=US;…SMTP=a@b;
        shape("smtp=|smtp:", r"(?i)SMTP[=:]$", None),
        // A labelled recipient.
        shape(
            "recipient|address|user|mailbox|error-for|rcpt to|deliver|attempts|failed for|dest|empf|ontvanger|получатель|宛先|收件人",
            r#"(?i)(?:recipients?|addresse?s?|users?|userid|addressee|mailbox|error-for|recipient address|rcpt to|deliver(?:ed|y)? to|attempts|failed for|destinataires?|empf(?:ä|ae)nger|destinatarios?|dest(?:inat)?ari[oa]|ontvanger|получатель|宛先|收件人)[\w ]{0,20}\s*[:=：]\s*(?:rfc822;\s*)?['"<]*$"#,
            None,
        ),
        // A sentence about delivery to an address.
        shape(
            "message|mail|deliver|relay|sent|address|delivre|fail|return|forward|send|envoy|zustell|attempt",
            r#"(?i)(?:messages?|mail|e-?mails?|deliver\w*|relay\w*|sent|addressed|undeliverable|delivrer?|failed|failure|returned|forward\w*|send|sending|envoy\w*|zustell\w*|attempt\w*)(?-u:\b)[^@<>]{0,40}?(?-u:\b)(?:to|for|an|a|para|til|do|till|address)(?-u:\b):?\s+(?:(?:the|following|recipient|address|user|email|e-mail|group|mailbox|our|local|destinataire|empfänger)\s+){0,4}['"<(]*$"#,
            None,
        ),
        shape(
            "envoy|delivr|message|mail",
            r#"(?i)(?:messages?|mail|envoy\w*|delivrer?)(?-u:\b)[^@<>]{0,40}?\sà\s+(?:(?:destinataire)\s+)?['"<(]*$"#,
            None,
        ),
        // Aliases: both ends are meant.
        shape(
            "expanded|generated|forwarded|redirected",
            r"(?i)(?:expanded|generated|forwarded|redirected) (?:from|by)[:\s]+<?$",
            None,
        ),
        shape(
            "quota|violation|gateway|account|inbox|mailbox|user",
            r"(?i)(?:quota|violation|gateway|account|inbox|mailbox|unknown user|no such user|user)(?-u:\b)[^@<>:]{0,20}?(?:(?-u:\b)for|(?-u:\b)of)?\s+<?$",
            None,
        ),
        shape("rcpt to:", r"(?i)(?-u:\b)rcpt to:\s*<?$", None),
    ]
}

/// Whether a text in lower case announces later tries.
fn is_delayed(text: &str) -> bool {
    static DELAYED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"has(?: not| been)? (?:yet )?(?:been )?delayed|warning message only|not yet (?:been delivered|be )|(?:delivery )?attempts will (?:be )?continue|",
            r"will (?:continue (?:to )?(?:try|attempt)|keep trying|be retried|retry)|still (?:being retried|trying)|do(?:es)? not need to resend|retried for|",
            r"temporar(?:y|ily) (?:delayed|failure; will)|your message is delayed|message is delayed:|has not been delivered yet|",
            r"wird weiter versucht|weitere zustellversuche|noch nicht zugestellt|n'a pas encore été|nouvelles tentatives|",
            r"(?:todavía|aún) no se ha|se seguirá intentando|seguiremos intentando|ainda não foi|continuar(?:á|emos) (?:a )?tentar|",
            r"non è ancora stat|ulteriori tentativi|nog niet (?:worden )?(?:bezorgd|afgeleverd)|ännu inte (?:kunnat )?levere|endnu ikke leveret|",
            r"jeszcze nie (?:został|dostarczon)|(?:пока|ещё|еще) не доставлен|попытки (?:доставки )?(?:будут )?продолж|спроби .{0,20}продовж|",
            "まだ配(?:信|達|送)|引き続き(?:配信|配送|送信)|继续(?:重试|尝试|投递)|繼續(?:重試|嘗試|投遞)|계속 (?:재?시도)"
        ))
        .expect("constant pattern")
    });
    static FINAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"permanent (?:error|failure)|failed permanently|(?:was|been) blocked by|giving up|no further (?:delivery )?attempts|not (?:going to )?try again").expect("constant pattern")
    });
    DELAYED.is_match(text) && !FINAL.is_match(text)
}

/// Recipients given without a domain: those of the reporting host (AOL and others write only the screen name).
/// `folded` is the text in lower case.
fn bare_locals(text: &str, folded: &str, message: &Message) -> Option<String> {
    static HEADLINE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?im)^.*(?:following (?:recipient|address|user)|recipient\(?s\)?)[^\n]*(?:\n[^\n@]*\S)?:?\s*\n(?:\s*\n)*[ \t]+([A-Za-z0-9][A-Za-z0-9._-]{1,60})[ \t]*$").expect("constant pattern")
    });
    let domain = message.from.first()?.address.domain();
    if !folded.contains("following") && !folded.contains("recipient") {
        return None;
    }
    // Few notices have a line that is nothing but a name, and without one the search reads all of them for nothing.
    if !parse::lines(text).any(is_indented_word) {
        return None;
    }
    let local = HEADLINE.captures(text)?.get(1)?;
    Some(format!("{}@{domain}", local.as_str()))
}

fn is_indented_word(line: &str) -> bool {
    let word = line.trim_matches([' ', '\t']);
    line.starts_with([' ', '\t'])
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A diagnostic on one line, at most 1,000 bytes.
pub(crate) fn shortened(text: &str) -> String {
    let mut joined = String::with_capacity(text.len().min(DIAGNOSTIC_BYTES_MAX));
    for word in text.split_whitespace() {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(word);
        if joined.len() >= DIAGNOSTIC_BYTES_MAX {
            break;
        }
    }
    joined.truncate(clipped(&joined, DIAGNOSTIC_BYTES_MAX).len());
    joined
}
