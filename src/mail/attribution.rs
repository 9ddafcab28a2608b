//! Introductions of quotes: "On Monday … Bob wrote:" in any language, on up to five lines.
//!
//! Instead of a pattern per language and client, each candidate collects evidence: a verb of writing, a date, a time, an
//! address, an opening word, the colon. That also covers combinations no list would hold.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::LazyLock;

use regex::Regex;

use crate::quote::Line;
use crate::words;

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|\D)[0-2]?\d[:.hH][0-5]\d|\d{1,2}\s?[時时點点시]|\d\s?[aApP]\.?[mM]\b|\d{1,2} (?:Uhr|h\b)")
        .expect("a fixed pattern")
});
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|\D)(?:19|20)\d\d(?:\D|$)|\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}|\d{1,2}\s?[月월]").expect("a fixed pattern")
});
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[^\s<>()\[\]@:;,]+@[^\s<>()\[\]@:;,]+\.\w[^\s<>()\[\]@:;,]*").expect("a fixed pattern"));
static BRACKETED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[<(\[]\s*(?:mailto:)?[^\s<>()\[\]@]+@[^\s<>()\[\]@]+").expect("a fixed pattern"));
static DIGIT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\p{Nd}").expect("a fixed pattern"));
static SHARED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:\s|[-—]{2,}\s*|^)(?:On (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d|\d{1,4}[ ./-])|(?:Am|Le|El|Il|Op|Em|Den) (?:\p{L}+\.?,? )?\d{1,2}[. /-])")
        .expect("a fixed pattern")
});

static BARE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:\d{4}[/-]\d{1,2}[/-]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})\s[^<>]{2,80}<[^\s<>@]+@[^\s<>@]+>$")
        .expect("a fixed pattern")
});

/// The colon in its widths.
const COLONS: [char; 3] = [':', '：', '﹕'];

/// No introduction has more lines or bytes.
const LINES_MAX: usize = 6;
const BYTES_MAX: usize = 600;

/// Beside a verb, so many signs make a candidate an introduction.
const POINTS_MIN: usize = 3;

/// The introduction that ends on line `last`: its first line, and whether it is certain without a quote below.
pub(crate) fn ending_at(lines: &[Line<'_>], last: usize, quote_follows: impl FnOnce() -> bool) -> Option<usize> {
    let line = lines.get(last)?;
    if !may_end(line.body) {
        return None;
    }
    let quote_follows = quote_follows();
    let mut joined = String::new();
    let mut bare = None;
    for first in (last.saturating_sub(LINES_MAX - 1)..=last).rev() {
        let here = lines[first];
        if here.is_blank() && joined.starts_with('<') {
            continue;
        }
        if here.is_blank() || here.depth > line.depth && first != last || bare.is_some() && ends_sentence(here.body) {
            break;
        }
        joined = if joined.is_empty() { here.body.to_owned() } else { [here.body, " ", &joined].concat() };
        if joined.len() > BYTES_MAX {
            break;
        }
        let evidence = Evidence::of(&joined, here.body);
        let is_unlisted = || quote_follows && evidence.may_be_unlisted() && leads_to_quote(lines, last, here.body);
        if !evidence.is_sure(quote_follows) && !is_unlisted() {
            continue;
        }
        if evidence.opens {
            return Some(with_author(lines, first, evidence.bracketed));
        }
        if bare.is_none() && !here.body.starts_with('<') && evidence.names_someone() {
            bare = Some(with_author(lines, first, evidence.bracketed));
        }
    }
    bare
}

/// Whether quote marks follow and the line begins with its date or nothing stands below them: "The log of 14.05.2024 09:58
/// says:" leads to a quote too, about which its writer goes on.
fn leads_to_quote(lines: &[Line<'_>], last: usize, body: &str) -> bool {
    let below = &lines[last + 1..];
    let is_marked = below.iter().find(|line| !line.is_blank()).is_none_or(Line::is_quoted);
    let behind = || below.iter().find(|line| !line.is_blank() && !line.is_quoted());
    let starts_with_date = body.starts_with(|c: char| c.is_ascii_digit());
    is_marked && (starts_with_date || behind().is_none_or(|line| line.body == "--"))
}

/// An introduction may have been wrapped behind its author, who then begins the paragraph.
fn with_author(lines: &[Line<'_>], first: usize, has_author: bool) -> usize {
    let Some(above) = first.checked_sub(1).filter(|_| !has_author) else { return first };
    let begins_paragraph = above == 0 || lines[above - 1].is_blank();
    let body = lines[above].body;
    let is_author =
        begins_paragraph && lines[above].depth == lines[first].depth && !ends_sentence(body) && BRACKETED.is_match(body);
    if is_author { above } else { first }
}

/// What stands above an introduction and ends like this is the sender's, even where it begins like one.
fn ends_sentence(body: &str) -> bool {
    body.ends_with(['.', '!', '?', '。']) && !(DATE.is_match(body) && TIME.is_match(body))
}

/// Whether an introduction ends on this line that names a day and a time, as no sentence does that leads to a table.
pub(crate) fn tells_when(lines: &[Line<'_>], last: usize) -> bool {
    let Some(line) = lines.get(last).filter(|line| may_end(line.body)) else { return false };
    let above = last.checked_sub(1).map(|above| lines[above].body).unwrap_or_default();
    [line.body.to_owned(), format!("{above} {}", line.body)].iter().any(|joined| {
        let evidence = Evidence::of(joined, joined);
        evidence.colon && evidence.date() && evidence.time() && evidence.has_placed_verb()
    })
}

/// Whether the value of a date field tells a time of day, as programs write it and people seldom do.
pub(crate) fn tells_time(value: &str) -> bool {
    static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\d[:hH]\d\d|\d{4}\D{1,8}\d{1,2}\.\d\d|kl(?:o|\.)? ?\d|\d\s?[aApP]\.?[mM]\b|\d\s?[時时點点시]|\d Uhr")
            .expect("a fixed pattern")
    });
    CLOCK.is_match(value)
}

/// Whether a line says nothing but when: "14/05/2024 09:58".
pub(crate) fn is_day_and_time(body: &str) -> bool {
    let is_short = body.len() <= DAY_AND_TIME_BYTES_MAX && body.starts_with(|c: char| c.is_ascii_digit());
    is_short && DATE.is_match(body) && TIME.is_match(body) && body.split_whitespace().count() <= 4
}

/// A date, a time, a zone.
const DAY_AND_TIME_BYTES_MAX: usize = 32;

/// Whether this line may be an introduction without a date: "Maya Berg wrote:".
pub(crate) fn names_author(lines: &[Line<'_>], index: usize) -> bool {
    let body = lines[index].body;
    may_end(body) && {
        let evidence = Evidence::of(body, body);
        evidence.colon && evidence.has_placed_verb()
    }
}

/// Where an introduction begins within a line that starts with the sender's words.
pub(crate) fn shares_line(text: &str) -> Option<usize> {
    // What has neither an address nor a number is none: digits of all scripts count.
    let may_tell = |byte: u8| matches!(byte, b'@' | b'0'..=b'9') || !byte.is_ascii();
    if !may_share(text) || !text.bytes().any(may_tell) {
        return None;
    }
    let found = SHARED.find_iter(text).last()?;
    let start = found.start();
    if text[..start].trim().trim_matches('-').is_empty() {
        return None;
    }
    let evidence = Evidence::of(&text[start..], text[start..].trim_start_matches([' ', '-', '—']));
    (evidence.is_sure(false) && evidence.verb().is_some()).then_some(start)
}

/// Whether a line ends as introductions do that share it.
pub(crate) fn may_share(text: &str) -> bool {
    let stripped = text.trim_end_matches([' ', '\u{a0}', '*', '_', '-']);
    text.len() <= BYTES_MAX && (stripped.ends_with(':') || stripped.ends_with("wrote"))
}

/// Where the quoted text begins on the line of its introduction, as Yahoo's phone programs write it.
pub(crate) fn text_behind(text: &str) -> Option<usize> {
    let bracket = memchr::memchr2(b'>', b')', &text.as_bytes()[..BYTES_MAX.min(text.len())])?;
    memchr::memchr(b'@', &text.as_bytes()[..bracket])?;
    let behind = &text[bracket + 1..];
    let colon = behind
        .char_indices()
        .take(30)
        .find(|(_, c)| matches!(c, ':' | '：'))
        .map(|(index, c)| bracket + 1 + index + c.len_utf8())?;
    if text[colon..].trim().is_empty() {
        return None;
    }
    let evidence = Evidence::of(&text[..colon], text);
    (evidence.opens && evidence.date() && evidence.time() && evidence.bracketed && evidence.has_placed_verb()).then_some(colon)
}

/// Whether a line may be the last of an introduction: cheap, so that ordinary lines cost nothing.
fn may_end(body: &str) -> bool {
    if body.len() > BYTES_MAX || body.is_empty() {
        return false;
    }
    let stripped = trim_decoration(body);
    if stripped.ends_with(COLONS) || is_bare(stripped) {
        return true;
    }
    // Zoho and some others leave the colon out.
    let ends_with_either = || ["napisał(a)", "napsal(a)", "napísal(a)", "написал(а)"].iter().any(|verb| stripped.ends_with(verb));
    let is_framed = || body.starts_with("--") && body.ends_with("--") && memchr::memchr(b'@', body.as_bytes()).is_some();
    stripped.starts_with("Quoting ")
        || body.starts_with("news:") && body.ends_with("...")
        || is_framed()
        || stripped.ends_with(')') && ends_with_either()
        || (body.ends_with("--") || stripped.ends_with(|c: char| c.is_alphabetic())) && ends_with_verb(stripped)
}

/// "2013/10/2 Ann <a@b.example>", as Gmail wrote it for years.
fn is_bare(text: &str) -> bool {
    text.ends_with('>') && text.starts_with(|c: char| c.is_ascii_digit()) && BARE.is_match(text)
}

fn trim_decoration(text: &str) -> &str {
    text.trim_matches(|c| {
        matches!(c, ' ' | '\u{a0}' | '*' | '_' | '-' | '—' | '–' | '"' | '=' | '#' | '\u{200b}' | '\u{feff}') || is_direction(c)
    })
}

/// Marks that only say in which direction text runs (Unicode Annex 9); right-to-left clients put them around every name.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `>>> Ann <a@b.example> 5/14/2024 9:58 AM >>>`, as GroupWise puts above an unmarked quote.
pub(crate) fn is_framed(text: &str) -> bool {
    let inner = text.strip_suffix(" >>>").and_then(|rest| rest.trim_start().strip_prefix(">>> "));
    inner.is_some_and(|inner| inner.len() <= BYTES_MAX && TIME.is_match(inner) && DATE.is_match(inner))
}

fn ends_with_verb(text: &str) -> bool {
    let tail = memchr::memrchr3(b' ', b'>', b')', text.as_bytes()).map_or(0, |before| before + 1);
    matches!(
        &text[tail..],
        "wrote"
            | "schrieb"
            | "écrit"
            | "escribió"
            | "escreveu"
            | "scritto"
            | "schreef"
            | "skrev"
            | "napisał"
            | "napisal"
            | "napsal"
            | "menulis"
            | "написал"
            | "написав"
            | "kirjoitti"
            | "geschreven"
    )
}

struct Evidence<'t> {
    text: Cow<'t, str>,
    has_digit: bool,
    /// Sought when something depends on it, as the verb is.
    date: OnceCell<bool>,
    time: OnceCell<bool>,
    address: bool,
    bracketed: bool,
    opens: bool,
    colon: bool,
    dashes: bool,
    bare: bool,
    ends_in_address: bool,
}

/// The last verb of writing.
struct Verb {
    /// It ends the line or is followed by nothing but a name, an address or a date.
    is_placed: bool,
    /// It stands before the date: a client that writes so gives an address, a person need not.
    tells_when: bool,
}

impl<'t> Evidence<'t> {
    fn of(joined: &'t str, first: &str) -> Self {
        let (plain, first) = (with_plain_digits(joined), with_plain_digits(first));
        let dashes = plain.trim_start().starts_with("--") && plain.trim_end().ends_with("--");
        let text = match plain {
            Cow::Borrowed(plain) => Cow::Borrowed(trim_decoration(plain)),
            Cow::Owned(plain) => Cow::Owned(trim_decoration(&plain).to_owned()),
        };
        // "wrote in message news:…", as newsreaders end it.
        let colon = text.ends_with(COLONS) || text.ends_with("...") && text.contains(" news:");
        let has_digit = has_digit(&text);
        let address = text.contains('@') && ADDRESS.is_match(&text);
        Self {
            has_digit,
            date: OnceCell::new(),
            time: OnceCell::new(),
            address,
            bracketed: address && BRACKETED.is_match(&text),
            opens: has_digit && opens(trim_decoration(&first)),
            colon,
            dashes,
            bare: is_bare(&text),
            ends_in_address: address && colon && text.rsplit(' ').next().is_some_and(|word| word.contains('@')),
            text,
        }
    }

    fn date(&self) -> bool {
        *self.date.get_or_init(|| self.has_digit && DATE.is_match(&self.text))
    }

    fn time(&self) -> bool {
        *self.time.get_or_init(|| self.has_digit && TIME.is_match(&self.text))
    }

    /// A name and a verb are all that an introduction without a date and an address has.
    fn is_sentence(&self) -> bool {
        let is_bare = || !self.address && !self.date();
        let text = self.text.trim_end_matches(COLONS);
        let lower = || text.split_whitespace().filter(|word| word.starts_with(char::is_lowercase)).count();
        is_bare() && (text.contains(['?', '!']) || lower() > LOWER_WORDS_MAX)
    }

    /// Whether it tells of somebody whom writer and reader know: "your colleague wrote:".
    fn tells_of_somebody(&self) -> bool {
        // "Mon" is a day, and so is "ma".
        const POSSESSIVES: [&str; 14] = [
            "your", "my", "our", "ihr", "ihre", "unser", "unsere", "mein", "meine", "votre", "notre", "vuestro", "vostro",
            "nostro",
        ];
        let is_one = |word: &str| POSSESSIVES.iter().any(|known| word.eq_ignore_ascii_case(known));
        !self.address && self.text.split(|c: char| !c.is_alphabetic()).any(is_one)
    }

    /// Sought last: it costs more than all the rest, and most candidates lack the rest.
    fn verb(&self) -> Option<Verb> {
        let after = &self.text[words::VERB.find_iter(&self.text).last()?.end()..];
        Some(Verb { is_placed: is_name_or_date(after), tells_when: has_digit(after) })
    }

    fn has_placed_verb(&self) -> bool {
        self.verb().is_some_and(|verb| verb.is_placed)
    }

    fn names_someone(&self) -> bool {
        self.text.chars().take_while(|c| *c != '<').any(char::is_alphabetic) && self.text.len() > 8
    }

    /// In a language not listed, somebody's program still says when.
    fn may_be_unlisted(&self) -> bool {
        let is_short = || self.text.split_whitespace().count() <= SHORT_WORDS_MAX;
        self.colon && self.date() && self.time() && is_short() && self.verb().is_none()
    }

    fn is_sure(&self, quote_follows: bool) -> bool {
        // Many languages have no verb: "ср, 30 апр. 2025 г. в 15:19, Ann <a@b.example>:".
        // Tutanota leaves the brackets out too: "14 May 2024, 09:58 by ann@b.example:".
        let without_verb = self.colon && self.opens && self.ends_in_address && self.date() && self.time()
            || (self.colon || self.bare) && self.bracketed && (self.opens || quote_follows) && (self.date() || self.time());
        let leads_on = self.dashes || quote_follows && (self.colon && !self.is_sentence() || self.date() && self.time());
        // A name and a date without more is how people tell a story too.
        let has_frame = self.opens || self.bracketed;
        let has_points = has_frame && {
            let found = [self.date(), self.time(), self.address, self.bracketed, self.opens, self.colon];
            found.iter().filter(|found| **found).count() >= POINTS_MIN
        };
        if !without_verb && !leads_on && !has_points {
            return false;
        }
        let Some(verb) = self.verb() else { return without_verb };
        verb.is_placed && (leads_on || has_points && (self.bracketed || !verb.tells_when)) && !self.tells_of_somebody()
    }
}

/// The verb, and small words within names.
const LOWER_WORDS_MAX: usize = 4;

/// Whether a line begins as introductions do, with a word of theirs or a number, and tells a number.
fn opens(first: &str) -> bool {
    let is_address = || first.split(' ').next().is_some_and(|word| word.contains('@') || word.starts_with('<'));
    let first_word = || first.split([' ', '\u{a0}', ',']).next().unwrap_or_default().to_lowercase();
    has_digit(first) && !is_address() && (has_early_digit(first) || words::STARTERS.contains(&first_word().as_str()))
}

/// Whether a digit of any script is among the first characters.
fn has_early_digit(text: &str) -> bool {
    let end = text.char_indices().nth(EARLY_CHARS).map_or(text.len(), |(end, _)| end);
    has_digit(&text[..end]) || !text[..end].is_ascii() && DIGIT.is_match(&text[..end])
}

/// "El mié, 8 mar 2023" and the like.
const EARLY_CHARS: usize = 14;

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A day, a time, a name and what is between them.
const SHORT_WORDS_MAX: usize = 14;

/// Digits of Arabic and Persian as European ones, and no marks of direction, which clients put between them.
fn with_plain_digits(text: &str) -> Cow<'_, str> {
    let is_other = |c: char| matches!(c, '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}') || is_direction(c);
    if text.is_ascii() || !text.contains(is_other) {
        return Cow::Borrowed(text);
    }
    let plain = |c: char| match c {
        '\u{660}'..='\u{669}' => char::from(b'0' + (c as u32 - 0x660) as u8),
        '\u{6f0}'..='\u{6f9}' => char::from(b'0' + (c as u32 - 0x6f0) as u8),
        c => c,
    };
    Cow::Owned(text.chars().filter(|c| !is_direction(*c)).map(plain).collect())
}

/// What may follow the verb: nothing, or a name, an address, a date. Sentences go on with more words.
fn is_name_or_date(after: &str) -> bool {
    let after = after.trim_matches([' ', ':', '：', '*', '_', '"', ')', '-', '\u{a0}']);
    if after.is_empty() {
        return true;
    }
    // "He wrote me a ticket:"
    if ["me ", "us ", "him ", "her ", "them ", "to me", "to us", "to you", "a ", "an ", "that "]
        .iter()
        .any(|word| after.starts_with(word))
    {
        return false;
    }
    let without_address = after.split(['<', '(', '[']).next().unwrap_or(after);
    without_address.split_whitespace().count() <= 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote;

    fn first_line(text: &str, quote_follows: bool) -> Option<usize> {
        let lines = quote::lines(text, &[]);
        ending_at(&lines, lines.len() - 1, || quote_follows)
    }

    #[test]
    fn introductions_are_found_in_every_language_and_shape() {
        for text in [
            "On Mon, Apr 2, 2012 at 6:26 PM, Megan One <xxx@x.example> wrote:",
            "02.04.2012 14:20 пользователь \"bob@x.example\" <\nbob@x.example> написал:",
            "Am 25.06.2015 um 10:55 schrieb Test user:",
            "Le lun. 15 nov. 2021 à 19:42, John - Acme <john@x.example>\na écrit :",
            "Il giovedì 8 dicembre 2016, Company <questions@x.example>\nha scritto:",
            "Op 17-feb.-2015, om 13:18 heeft Julius Caesar <p@rome.example> het volgende geschreven:",
            "El mié, 8 mar 2023 a las 10:11, Ana (<ana@x.example>) escribió:",
            "Em qua., 8 de mar. de 2023 às 10:11, Ana <ana@x.example> escreveu:",
            "tir. 18. apr. 2017 kl. 13:09 skrev Test user <test@x.example>:",
            "pe 20. lokakuuta 2017 klo 17.50 John Coe\n<s@x.example> kirjoitti:",
            "W dniu 2015-01-07 14:23, p@x.example pisze:",
            "st 8. 3. 2023 v 10:11 odesílatel Jan Novák <jan@x.example> napsal:",
            "Jan Novák <jan@x.example> ezt írta (időpont: 2023. márc. 8., Sze, 10:11):",
            "În mie., 8 mar. 2023 la 10:11, Ana <ana@x.example> a scris:",
            "8 Mar 2023 Çar 10:11 tarihinde Ali Veli <ali@x.example> şunu yazdı:",
            "2023年3月8日(水) 10:11 田中太郎 <taro@x.example>:",
            "在 2016年11月8日，下午2:23，Test user <test@x.example> 写道：",
            "2016. 11. 8. 오후 12:39 Test user <test@x.example> 작성:",
            "ср, 30 апр. 2025 г. в 15:19, John Doe <doe@x.example>:",
            "На ср, 8.03.2023 г. в 10:11 Ана <ana@x.example> написа:",
            "Test user <test@x.example> schrieb:",
            "---- John Smith wrote ----",
            "On Nov 26, 2013 you wrote:",
            "2013/10/2 Ann <ann@x.example>",
            "In a message dated 5/14/2024 9:58:01 A.M. Eastern Daylight Time, help@x.example writes:",
            "2024. 05. 14. 9:58 keltezéssel, Helpdesk írta:",
            "Dne 14.05.2024 v 9:58 Helpdesk napsal(a):",
            "Oseba Helpdesk <help@x.example> je 14. maj 2024 ob 09:58 napisala:",
            "Helpdesk <help@x.example> schrieb am Di., 14. Mai 2024, 09:58:",
            "No dia 14/05/2024, às 09:58, Helpdesk <help@x.example> escreveu:",
            "Dana 14. 5. 2024. u 09:58 Helpdesk <help@x.example> je napisao/la:",
            "On 14 May 2024 at 09:58:01, Helpdesk (help@x.example) wrote:",
            "On Tue, May 14, 2024 at 9:58 AM, Helpdesk < help@x.example > wrote:",
            "El martes, 14 de mayo de 2024 09:58:01 CEST, Helpdesk escribió:",
            "14. mai 2024, kell 09:58 kirjutas Helpdesk <help@x.example>:",
            "14 May 2024, 09:58 by help@x.example:",
            "Helpdesk of the Fernhill Support Team <help@x.example>\nwrote on 14.05.2024 09:58:01:",
            "في الثلاثاء، ١٤ مايو ٢٠٢٤ في ٩:٥٨ ص تمت كتابة ما يلي بواسطة \u{202a}Helpdesk\u{202c}\u{200f} <\u{202a}help@x.example\u{202c}\u{200f}>:",
            "Wiadomość napisana przez Helpdesk <help@x.example> w dniu 14 maj 2024, o godz. 09:58:",
            "\u{202b}בתאריך יום ג׳, 14 במאי 2024 ב-9:58 מאת \u{202a}Helpdesk\u{202c}\u{200f} <\u{202a}help@x.example\u{202c}\u{200f}>:\u{202c}",
        ] {
            assert_eq!(first_line(text, false), Some(0), "{text}");
        }
    }

    #[test]
    fn above_a_quote_a_day_and_a_time_are_enough_in_any_language() {
        for text in [
            "Li 14.05.2024 a 09:58, Helpdesk a scrît:",
            "14.05.24 09:58, Helpdesk:",
            "2024-05-14 오전 9:58에 Helpdesk 이(가) 쓴 글:",
            "Helpdesk 写于 2024/5/14 9:58:",
            "2024-05-14 09:58, je Helpdesk napisal",
            "Quoting Helpdesk (2024-05-14 09:58:01)",
            "Excerpts from Helpdesk's message of May 14, 2024 9:58 am:",
        ] {
            assert_eq!(first_line(text, true), Some(0), "{text}");
        }
        // What is not part of it stays: the author's line is, a sentence above it is none.
        assert_eq!(first_line("On floor 2 nothing prints.\nHelpdesk <help@x.example> wrote:", true), Some(1));
        assert_eq!(first_line("Yes.\n\nHelpdesk <help@x.example>\nwrote on 14.05.2024 09:58:", true), Some(2));
        assert_eq!(first_line("The log of the printer says:", true), None);
    }

    #[test]
    fn sentences_are_no_introductions() {
        for text in [
            "As I wrote on 12.03.2024:",
            "I wrote on 12 May 2024 at 10:00:",
            "On Monday I wrote at 10:00 on 12 May 2024:",
            "On the surface, this looks like a quote header:",
            "On 12/03/2024 at 14:30 your colleague told me:",
            "Here are different formats that might cause issues:",
            "On 12.03.2024 I wrote to your shop and asked whether the parcel had left the warehouse yet, with this text:",
            "2024-01-15 14:30:25",
        ] {
            assert_eq!(first_line(text, false), None, "{text}");
        }
    }

    #[test]
    fn an_introduction_may_share_its_line_with_the_reply() {
        assert_eq!(shares_line("reply On Wed, Apr 4, 2012 at 3:59 PM, bob@x.example wrote:"), Some(5));
        assert_eq!(shares_line("On Wed, Apr 4, 2012 at 3:59 PM, bob@x.example wrote:"), None);
    }
}
