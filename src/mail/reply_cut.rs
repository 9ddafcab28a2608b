//! What the sender wrote now, apart from history, signature and notices.
//!
//! Each line of the body is given to one [`Part`]; nothing is rewritten, so that no word can get lost. Rules go from
//! certain to likely: our own marker, containers of clients, separators and header blocks, introductions, quote marks.
//! Where the rules would leave nothing, everything is kept and marked.

use crate::forward::{self, Found};
use crate::html::{self, HtmlText, LineMark};
use crate::html_element::Region;
use crate::quote::{self, Line};
use crate::signature::{self, Writer};
use crate::{Reply, armour, device_line, inline_answer, limits, reply_compare, reply_scan, words};

/// What the cut needs to know of a mail.
#[derive(Clone, Copy, Debug, Default)]
pub struct CutInput<'a> {
    /// The body as text.
    pub text: &'a str,
    /// The body as HTML, where the mail has one.
    pub html: Option<&'a str>,
    /// Decoded subject.
    pub subject: &'a str,
    /// Display name of the From header, and what else the author is called.
    pub from_name: Option<&'a str>,
    /// `text` was made from `html`, so there is nothing to compare.
    pub is_text_from_html: bool,
    /// Beginning of the line that our own mails put above the part to be cut.
    pub marker: Option<&'a str>,
    /// The mail names the mail that it answers (In-Reply-To or References).
    pub is_answer: bool,
    /// Legal notices learned from mails of the sender's domain.
    pub disclaimers: &'a [String],
}

/// Divides a body into new text, signature and history; see [`Reply`].
///
/// `forward` is set where the history begins with a header block or a "forwarded message" line. Outlook writes the same
/// block above a mail that is answered, so in an answer the block alone is no forward: the line, the subject or a body of
/// nothing else must say so.
#[must_use]
pub fn cut(input: &CutInput<'_>) -> Reply {
    let converted = input.html.filter(|html| !html.trim().is_empty()).map(html::to_text);
    cut_with(input, converted.as_ref())
}

/// As [`cut`], for callers that have converted the HTML already.
#[must_use]
pub fn cut_with(input: &CutInput<'_>, html: Option<&HtmlText>) -> Reply {
    let (text, text_rest) = first_lines(input.text);
    let (html_text, html_rest) = html.map(|html| first_lines(&html.text)).unwrap_or_default();
    if text_rest.is_empty() && html_rest.is_empty() {
        return cut_lines(input, html);
    }
    let html = html.map(|html| HtmlText { text: html_text.to_owned(), ..html.clone() });
    let mut reply = cut_lines(&CutInput { text, ..*input }, html.as_ref());
    let rest = if text.trim().is_empty() { html_rest } else { text_rest };
    let last = if reply.elided.is_empty() { &mut reply.new_text } else { &mut reply.elided };
    last.push('\n');
    last.push_str(rest.trim_end());
    reply
}

/// The text of a delivery report: what its notice says is new, the mail that it returns behind it is not.
///
/// A notice that is not the beginning of the text, since that was taken from elsewhere, divides nothing.
pub(crate) fn behind_notice(text: &str, notice: &str) -> Reply {
    let notice = notice.trim_end();
    let (notice, returned) =
        if text.starts_with(notice) && !notice.is_empty() { text.split_at(notice.len()) } else { (text, "") };
    let [mut new_text, mut elided] = [notice, returned].map(str::to_owned);
    trim_blank_lines(&mut new_text);
    trim_blank_lines(&mut elided);
    Reply { new_text, elided, ..Reply::default() }
}

/// The lines that are divided, and all that follow.
fn first_lines(text: &str) -> (&str, &str) {
    let end = memchr::memchr_iter(b'\n', text.as_bytes()).nth(limits::CUT_LINES_MAX - 1);
    end.map_or((text, ""), |end| (&text[..end], &text[end + 1..]))
}

fn cut_lines(input: &CutInput<'_>, html: Option<&HtmlText>) -> Reply {
    let Some(html) = html.filter(|html| !html.text.is_empty()) else {
        return divide(quote::lines(input.text, &[]), input).reply();
    };
    if input.is_text_from_html || input.text.trim().is_empty() {
        let same = input.text.trim().is_empty() || reply_compare::says_the_same(input.text, &html.text);
        let (text, marks) = if same { (html.text.as_str(), html.marks.as_slice()) } else { (input.text, [].as_slice()) };
        return divide(quote::lines(text, marks), input).reply();
    }
    let text_division = divide(quote::lines(input.text, &[]), input);
    let is_bare = html.marks.iter().all(|mark| *mark == LineMark::default());
    if is_bare && reply_compare::says_the_same(input.text, &html.text) {
        // Most mails: the markup says nothing that the text does not.
        return text_division.reply();
    }
    let html_division = divide(quote::lines(&html.text, &html.marks), input);
    reply_compare::choose(text_division, &html_division, input)
}

/// Whose words a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    New,
    History,
    Signature,
}

/// A body with each line given to a part.
pub(crate) struct Division<'a> {
    pub(crate) lines: Vec<Line<'a>>,
    pub(crate) parts: Vec<Part>,
    pub(crate) forward: Option<Found>,
    /// Whether a header block that nothing calls a forward may be one.
    pub(crate) takes_blocks: bool,
    /// A client's container said where the history is.
    pub(crate) is_structural: bool,
    pub(crate) whole_kept: bool,
}

/// Gives each line to a part.
pub(crate) fn divide<'a>(lines: Vec<Line<'a>>, input: &CutInput<'_>) -> Division<'a> {
    let lines = reply_scan::split_shared(lines);
    let (parts, is_structural) = reply_scan::parts(&lines, input);
    finish(
        Division {
            lines,
            parts,
            forward: None,
            takes_blocks: !input.is_answer || forward::is_forward_subject(input.subject),
            is_structural,
            whole_kept: false,
        },
        input,
    )
}

/// Signature, forward and the safety net, once it is known where the history is.
pub(crate) fn finish<'a>(mut division: Division<'a>, input: &CutInput<'_>) -> Division<'a> {
    let first_history =
        division.parts.iter().zip(&division.lines).position(|(part, line)| *part == Part::History && !line.is_blank());
    division.forward = first_history.and_then(|first| {
        let history = &division.lines[first..];
        let is_history = |(line, part): &(&Line<'a>, &Part)| **part == Part::History || line.is_blank();
        let count = history.iter().zip(&division.parts[first..]).take_while(is_history).count();
        forward::read(&history[..count])
    });
    if first_history.is_none() {
        division.forward = forward::read_whole(&division.lines);
    }
    let has_forward = division.forward.is_some();
    let unsigned = division.parts.clone();
    mark_signatures(&mut division, input);
    if !division.has(Part::New) && division.has(Part::Signature) && !has_forward {
        division.parts.clone_from(&unsigned);
        let device_only = division
            .lines
            .iter()
            .zip(&unsigned)
            .all(|(line, part)| *part != Part::New || line.is_blank() || device_line::is_device_line(line.body));
        if device_only && division.has(Part::History) {
            division.parts.fill(Part::New);
            division.whole_kept = true;
        }
    }
    if !division.has(Part::New) && !has_forward && division.has(Part::History) {
        division.parts.fill(Part::New);
        division.whole_kept = true;
    }
    if division.has(Part::Signature) && division.only_greets() {
        division.parts.clone_from(&unsigned);
    }
    if division.has(Part::History) && division.announces_answers(input.marker) {
        division.parts.fill(Part::New);
        division.forward = None;
        division.whole_kept = true;
    }
    division
}

fn mark_signatures(division: &mut Division<'_>, input: &CutInput<'_>) {
    let writer = Writer { name: input.from_name.map(signature::name_words).unwrap_or_default(), disclaimers: input.disclaimers };
    if let Some(armour) = armour::find(&division.lines) {
        division.parts[armour.head].fill(Part::Signature);
        division.parts[armour.proof].fill(Part::Signature);
    }
    cut_behind_device_line(division);
    let mut segments = new_segments(division);
    if segments.len() > 2 {
        segments.drain(1..segments.len() - 1);
    }
    for (index, (start, end)) in segments.iter().copied().enumerate() {
        // A quote that is answered may end in the signature of its own writer.
        let own = division.lines[start..end].iter().rposition(Line::is_quoted).map_or(start, |quoted| start + quoted + 1);
        let is_trailing = index > 0
            || own > start
            || division.lines[..start].iter().zip(&division.parts).any(|(line, part)| *part == Part::History && !line.is_blank());
        if let Some(found) = signature::start(&division.lines[own..end], &writer, is_trailing).map(|found| own + found) {
            let part = if is_trailing && division.forward.is_some() && found == start { Part::History } else { Part::Signature };
            division.parts[found..end].fill(part);
        }
    }
}

/// Stretches of new lines between history.
fn new_segments(division: &Division<'_>) -> Vec<(usize, usize)> {
    let mut segments: Vec<(usize, usize)> = Vec::new();
    let mut open = false;
    for (index, part) in division.parts.iter().enumerate() {
        let line = &division.lines[index];
        if *part != Part::New {
            open &= line.is_blank() && !line.is_quoted();
        } else if !line.is_blank() || open {
            match segments.last_mut() {
                Some(segment) if open => segment.1 = index + 1,
                _ => segments.push((index, index + 1)),
            }
            open = true;
        }
    }
    segments
}

/// Phones put their line between the reply and history without any quote mark.
fn cut_behind_device_line(division: &mut Division<'_>) {
    let segments = new_segments(division);
    let [(start, end)] = segments[..] else { return };
    if end != division.lines.len() {
        return;
    }
    let lines = &division.lines[start..end];
    let stands_alone =
        |found: usize| found > 0 && lines[found - 1].is_blank() && lines.get(found + 1).is_some_and(Line::is_blank);
    let is_device = |line: &Line<'_>| !line.is_quoted() && device_line::is_device_line(line.body);
    let Some(found) = (0..lines.len()).find(|found| stands_alone(*found) && is_device(&lines[*found])) else { return };
    let has_text = |lines: &[Line<'_>]| lines.iter().any(|line| !line.is_blank());
    // An afterthought is short and greets nobody.
    let is_mail = |below: &[Line<'_>]| {
        let first = below.iter().find(|line| !line.is_blank());
        first.is_some_and(|line| words::greets(line.body))
            || below.iter().flat_map(|line| line.body.split_whitespace()).nth(AFTERTHOUGHT_WORDS_MAX).is_some()
    };
    // Only the first of all counts.
    if has_text(&lines[..found])
        && is_mail(&lines[found + 1..])
        && words::DEVICE.is_match(lines[found].body)
        && !lines[..found].iter().any(is_device)
    {
        division.parts[start + found + 1..end].fill(Part::History);
    }
}

/// "Good morning Ms Berg,"
const GREETING_WORDS_MAX: usize = 4;
/// A name, a street, a town.
const CARD_LINES_MIN: usize = 3;

/// Nobody adds more words below their phone's line.
const AFTERTHOUGHT_WORDS_MAX: usize = 40;

impl Division<'_> {
    pub(crate) fn has(&self, part: Part) -> bool {
        self.lines.iter().zip(&self.parts).any(|(line, found)| *found == part && !line.is_blank())
    }

    /// What would be left is a greeting, and a card without a polite end stands below: that was asked for.
    fn only_greets(&self) -> bool {
        let of = |wanted: Part| {
            let lines = self.lines.iter().zip(&self.parts).filter(move |(line, part)| **part == wanted && !line.is_blank());
            lines.map(|(line, _)| line.body)
        };
        let mut new = of(Part::New);
        let greeting = new.next().filter(|_| new.next().is_none());
        let greets = greeting.is_some_and(|line| line.split_whitespace().count() <= GREETING_WORDS_MAX && words::greets(line));
        greets
            && of(Part::Signature).count() >= CARD_LINES_MIN
            && of(Part::Signature).any(|line| line.bytes().any(|byte| byte.is_ascii_digit()))
            && of(Part::Signature).next().is_some_and(|first| !signature::opens(first))
    }

    /// The writer answers within the mail below, and nothing tells their words from those.
    fn announces_answers(&self, marker: Option<&str>) -> bool {
        let is_new = |part: &&Part| **part == Part::New;
        let new = || self.lines.iter().zip(&self.parts).filter(|(_, part)| **part == Part::New).map(|(line, _)| line.body);
        if new().flat_map(str::split_whitespace).nth(inline_answer::WORDS_MAX).is_some() || !new().any(inline_answer::names_place)
        {
            return false;
        }
        // Below our own marker stands what only agents may see.
        if marker.is_some_and(|marker| self.lines.iter().any(|line| line.body.contains(marker.trim()))) {
            return false;
        }
        let is_above = self.parts.iter().skip_while(is_new).all(|part| *part != Part::New);
        is_above && inline_answer::is_announced(&self.text(Part::New))
    }

    /// The lines of one part; where another part lay between, a blank line stays.
    pub(crate) fn text(&self, part: Part) -> String {
        let lengths =
            self.lines.iter().zip(&self.parts).filter(|(_, found)| **found == part).map(|(line, _)| line.text.len() + 1);
        let mut text = String::with_capacity(lengths.sum());
        if text.capacity() == 0 {
            return text;
        }
        let mut skipped = false;
        for (line, found) in self.lines.iter().zip(&self.parts) {
            if *found != part {
                skipped = true;
                continue;
            }
            if skipped && !text.is_empty() {
                if line.is_blank() {
                    continue;
                }
                text.truncate(text.trim_end().len());
                text.push_str("\n\n");
            }
            skipped = false;
            // Quotes of HTML have no marks of their own.
            if part == Part::New && !self.whole_kept && line.depth == 0 && line.mark.region == Region::Quote && !line.is_blank() {
                text.push_str("> ");
            }
            text.push_str(line.text);
            text.push('\n');
        }
        trim_blank_lines(&mut text);
        text
    }

    /// No history was found, so the forward is the whole body.
    fn is_block_alone(&self) -> bool {
        !self.has(Part::History)
    }

    pub(crate) fn reply(self) -> Reply {
        let new_text = self.text(Part::New);
        // Outlook writes the same header block above what is answered.
        let is_forward = |found: &Found| found.is_named || self.takes_blocks || !self.has(Part::New) || self.is_block_alone();
        let forward = self.forward.as_ref().filter(|found| is_forward(found)).map(|found| found.forward.clone());
        Reply {
            new_text,
            elided: self.text(Part::History),
            signature: self.text(Part::Signature),
            whole_kept: self.whole_kept,
            forward,
        }
    }
}

/// Removes blank lines at either end; the first line keeps its indentation.
fn trim_blank_lines(text: &mut String) {
    text.truncate(text.trim_end().len());
    let leading: usize = text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    text.drain(..leading);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_marker_ends_the_new_text() {
        let text = "Yes.\n\n==== please answer above ====\nHello Dana,\nis it on?\n";
        let input = CutInput { text, marker: Some("==== please answer"), ..CutInput::default() };
        assert_eq!(cut(&input).new_text, "Yes.");
        assert_eq!(cut(&CutInput { marker: None, ..input }).new_text, text.trim_end());
    }

    #[test]
    fn a_learned_notice_is_signature() {
        let known = ["Acme prints since 1900.\nVisit our shop in Mill Lane any day.".to_owned()];
        let text = "Yes.\n\nAcme prints since 1900. Visit our shop in Mill Lane\nany day.\n";
        let reply = cut(&CutInput { text, disclaimers: &known, ..CutInput::default() });
        assert_eq!((reply.new_text.as_str(), reply.signature.is_empty()), ("Yes.", false));
    }

    #[test]
    fn a_body_of_very_many_lines_is_cut_in_its_beginning_and_kept_whole() {
        let reply =
            cut(&CutInput { text: &format!("Yes.\n> a\n{}", "b\n\n".repeat(limits::CUT_LINES_MAX)), ..CutInput::default() });
        assert_eq!(reply.new_text.matches('b').count() + reply.elided.matches('b').count(), limits::CUT_LINES_MAX);
        let quoted = cut(&CutInput { text: &format!("Yes.\n{}", "> a\n".repeat(limits::CUT_LINES_MAX)), ..CutInput::default() });
        assert_eq!((quoted.new_text.as_str(), quoted.elided.matches('a').count()), ("Yes.", limits::CUT_LINES_MAX));
    }

    #[test]
    fn markup_tells_where_text_alone_does_not() {
        let text = "Yes.\n\nHello Dana,\nis the printer on the second floor switched on?\n";
        let html = "<div>Yes.</div><div class=\"yahoo_quoted\"><div>Hello Dana,</div><div>is the printer on the second floor switched on?</div></div>";
        assert_eq!(cut(&CutInput { text, html: Some(html), ..CutInput::default() }).new_text, "Yes.");
    }

    #[test]
    fn parts_that_disagree_are_kept_whole() {
        let text = "Please read this mail in a program that shows pictures.";
        let html = "<p>The printer on the second floor is broken.</p><blockquote type=cite>old</blockquote>";
        let reply = cut(&CutInput { text, html: Some(html), ..CutInput::default() });
        assert_eq!((reply.new_text.as_str(), reply.whole_kept), (text, true));
    }

    #[test]
    fn initials_without_a_text_behind_them_are_not_lost() {
        let text = "Yes.\n\nAm 14.05.2024 um 09:58 schrieb Desk <d@x.example>:\n\nN> Is it on?\n--\nDana:\n\nN>";
        let reply = cut(&CutInput { text, ..CutInput::default() });
        let kept = [reply.new_text, reply.elided, reply.signature].concat();
        assert_eq!(kept.matches("N>").count(), 2, "{kept}");
    }

    #[test]
    fn a_quote_alone_is_kept_whole() {
        let text = "On Mon, 1 Jan 2024 at 10:00, Bob <b@x.example> wrote:\n> Hello";
        let reply = cut(&CutInput { text, ..CutInput::default() });
        assert_eq!((reply.new_text.as_str(), reply.whole_kept), (text, true));
    }
}
