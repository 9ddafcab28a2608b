//! Where history begins and ends in a body: one pass over its lines, from certain signs to likely ones.

use crate::forward::{self, Separator};
use crate::html_element::Region;
use crate::quote::{self, Line};
use crate::reply_cut::{CutInput, Part};
use crate::signature::{self, Writer};
use crate::{attribution, banner, header_block, notes_block, words};

/// The part of each line, signatures still among the new ones, and whether a client's container told it.
pub(crate) fn parts(lines: &[Line<'_>], input: &CutInput<'_>) -> (Vec<Part>, bool) {
    let mut scan = Scan::new(lines, input);
    scan.run();
    if scan.is_first_mail && !scan.found_strong && !scan.is_structural && scan.are_marks_own() {
        scan.keep_marks();
    }
    scan.settle_weak_quotes();
    scan.keep_answered_quotes();
    (scan.parts, scan.is_structural)
}

/// An introduction may begin behind the sender's last words on the same line.
pub(crate) fn split_shared(lines: Vec<Line<'_>>) -> Vec<Line<'_>> {
    let is_shared = |line: &Line<'_>| may_be_shared(line) && history_at(line).or_else(|| text_at(line)).is_some();
    let Some(first) = lines.iter().position(is_shared) else { return lines };
    let mut split = Vec::with_capacity(lines.len() + 2);
    split.extend_from_slice(&lines[..first]);
    for line in &lines[first..] {
        let rest = history_at(line).map_or(*line, |at| {
            split.push(quote::line(&line.text[..at], line.mark));
            quote::line(&line.text[at..], line.mark)
        });
        if let Some(at) = text_at(&rest) {
            split.push(quote::line(&rest.text[..at], rest.mark));
            split.push(quote::line(&rest.text[at..], rest.mark));
        } else {
            split.push(rest);
        }
    }
    split
}

/// Whether a line has a bracket of an address, the dashes of a separator or the end of an introduction.
fn may_be_shared(line: &Line<'_>) -> bool {
    line.depth == 0 && (memchr::memchr3(b'-', b'>', b')', line.text.as_bytes()).is_some() || attribution::may_share(line.text))
}

/// Where an introduction or a separator begins within a line.
fn history_at(line: &Line<'_>) -> Option<usize> {
    if line.depth > 0 {
        return None;
    }
    attribution::shares_line(line.text).or_else(|| forward::shares_line(line.text))
}

/// Where the quoted text or its header block begins on the line of its introduction.
fn text_at(line: &Line<'_>) -> Option<usize> {
    if line.depth > 0 {
        return None;
    }
    attribution::text_behind(line.text).or_else(|| forward::block_behind(line.text))
}

struct Scan<'l, 'a> {
    lines: &'l [Line<'a>],
    parts: Vec<Part>,
    /// Lines before this are settled.
    at: usize,
    /// Behind this everything is history by our marker.
    end: usize,
    is_structural: bool,
    /// No line before this has text of the sender.
    textless: usize,
    /// No header block begins before this line, unless it is marked.
    blockless: usize,
    /// Some rule found history, quote marks aside.
    found_strong: bool,
    /// The subject says that the mail is a forward.
    is_forward: bool,
    is_first_mail: bool,
    /// The last line that closes a forwarded mail, once it was looked for.
    forward_end: Option<Option<usize>>,
}

impl<'l, 'a> Scan<'l, 'a> {
    fn new(lines: &'l [Line<'a>], input: &CutInput<'_>) -> Self {
        let end = (0..lines.len()).find(|index| is_marker(lines, *index, input.marker)).map_or(lines.len(), |marker| {
            let above = lines[..marker].iter().rposition(|line| !line.is_blank());
            above.filter(|above| forward::separator(lines[*above].body) == Some(Separator::Rule)).unwrap_or(marker)
        });
        let mut parts = vec![Part::New; lines.len()];
        parts[end..].fill(Part::History);
        let at = banner::end(&lines[..end]);
        parts[..at].fill(Part::History);
        Self {
            lines,
            parts,
            at,
            end,
            is_structural: false,
            textless: 0,
            blockless: 0,
            found_strong: end < lines.len(),
            is_forward: forward::is_forward_subject(input.subject),
            is_first_mail: is_first_mail(input),
            forward_end: None,
        }
    }

    fn run(&mut self) {
        while self.at < self.end {
            let line = self.lines[self.at];
            if line.is_blank() {
                if line.is_quoted() {
                    self.parts[self.at] = Part::History;
                }
            } else if !self.step(line) {
                return;
            }
            self.at += 1;
        }
    }

    /// Settles one line that is not blank; `false` if all below it is settled too.
    fn step(&mut self, line: Line<'a>) -> bool {
        let region = line.mark.region;
        if region == Region::Forward
            && let Some(behind) = self.behind_forward()
        {
            self.is_structural = true;
            self.found_strong = true;
            let above = self.include_rules_above(self.at);
            self.parts[above..behind].fill(Part::History);
            self.at = behind - 1;
            return true;
        }
        if line.mark.history_starts || matches!(region, Region::Header | Region::Forward) {
            self.is_structural = true;
            return self.swallow(self.at);
        }
        let separator = forward::separator(line.body);
        if region == Region::Attribution {
            self.is_structural = true;
            self.found_strong = true;
            if self.next_line(self.at + 1).is_some_and(|line| line.mark.region == Region::WeakQuote) {
                return self.open_history(self.at, self.at + 1);
            }
            self.parts[self.at] = Part::History;
            return !matches!(separator, Some(Separator::Forward | Separator::Announcement)) || self.swallow(self.at);
        }
        if attribution::is_framed(line.text) {
            return self.open_history(self.at, self.at + 1);
        }
        if line.depth == GROUPWISE_DEPTH && self.introduces_unmarked() {
            return self.swallow(self.at);
        }
        if line.is_quoted() {
            self.is_structural |= region == Region::Quote;
            let above = self.include_rules_above(self.at);
            self.parts[above..=self.at].fill(Part::History);
            return true;
        }
        match separator {
            // A line that a sentence goes on below is part of it.
            Some(Separator::Forward | Separator::Original) if self.goes_on_below() => return true,
            Some(Separator::Forward) if self.closes_forward() => return true,
            Some(Separator::Forward | Separator::Original) => return self.open_history(self.at, self.behind_block(self.at + 1)),
            Some(Separator::Announcement) if self.is_announced(self.at + 1) => {
                return self.open_history(self.at, self.behind_block(self.at + 1));
            }
            Some(Separator::Rule) => return true,
            Some(Separator::Announcement) | None => {}
        }
        if forward::is_dashed(line.body)
            && let Some(behind) = header_block::unlisted_end(&self.lines[..self.end], self.at + 1)
        {
            return self.open_history(self.at, behind);
        }
        if let Some(first) = notes_block::around(&self.lines[..self.end], self.at).filter(|_| self.has_text_above()) {
            return self.swallow(first);
        }
        let is_marked = line.mark.rule_before;
        if line.label.is_some() && !self.is_pasted(is_marked) && (is_marked || self.at >= self.blockless) {
            match header_block::read(&self.lines[..self.end], self.at, is_marked) {
                Ok(block) if self.is_forward || self.has_text_above() || self.is_above_marker(block.end) => {
                    return self.open_history(block.first, block.end);
                }
                Ok(block) => {
                    // With nothing above it, a block separates nothing: a web form begins like that, and so does pasted mail.
                    self.at = block.end - 1;
                    return true;
                }
                Err(next) => self.blockless = next,
            }
        }
        let quote_follows = || self.next_line(self.at + 1).is_some_and(Line::may_be_quoted);
        if let Some(first) = attribution::ending_at(&self.lines[..self.end], self.at, quote_follows) {
            if self.leads_to_nothing(first) {
                return true;
            }
            let first = (first..=self.at).find(|index| self.parts[*index] == Part::New).unwrap_or(self.at);
            return self.open_history(self.include_fields_above(first), self.at + 1);
        }
        true
    }

    /// `>>> Ann <a@b.example> schrieb am 14.05.2024 um 09:58 in Nachricht <id>:` stands above text without marks.
    fn introduces_unmarked(&self) -> bool {
        let is_marked = |line: &Line<'_>| line.may_be_quoted();
        self.lines[self.at].text.starts_with(">>> ")
            && self.next_line(self.at + 1).is_some_and(|line| !is_marked(line))
            && attribution::tells_when(self.lines, self.at)
    }

    /// Right below stands a line that begins in lower case and is no field.
    fn goes_on_below(&self) -> bool {
        let below = self.lines[..self.end].get(self.at + 1);
        below.is_some_and(|line| line.text.starts_with(char::is_lowercase) && line.label.is_none() && !line.may_be_quoted())
    }

    /// Where the sender goes on behind the container of a forwarded mail.
    fn behind_forward(&self) -> Option<usize> {
        (self.at..self.end).find(|index| self.lines[*index].mark.region == Region::Body && !self.lines[*index].is_blank())
    }

    /// With nothing above it and no mark below, an introduction that another quote follows further down is told by the sender.
    fn leads_to_nothing(&self, first: usize) -> bool {
        let is_quote =
            |line: &Line<'_>| line.may_be_quoted() || line.mark.history_starts || line.mark.region == Region::Attribution;
        let is_followed = self.next_line(self.at + 1).is_some_and(is_quote);
        let has_text = self.parts[..first].iter().zip(self.lines).any(|(part, line)| *part == Part::New && !line.is_blank());
        !is_followed && !has_text && self.lines[self.at + 1..self.end].iter().any(is_quote)
    }

    /// Somebody shows a header block instead of answering a mail: indented like code, in lower case, among lines that only
    /// the source of a mail has, or below words of a first mail that lead to it.
    fn is_pasted(&self, is_marked: bool) -> bool {
        let line = &self.lines[self.at];
        if is_marked {
            return is_indented(line.text);
        }
        let above = self.lines[..self.at].iter().rev();
        let paragraph = above.clone().take_while(|line| !line.is_blank());
        let is_led_to = || {
            let last = above.clone().find(|line| !line.is_blank());
            self.is_first_mail && last.is_some_and(|line| line.label.is_none() && line.body.ends_with([':', '：']))
        };
        is_indented(line.text)
            || line.body.starts_with(|c: char| c.is_ascii_lowercase())
            || paragraph.take(SOURCE_LINES_MAX).any(|line| is_source(line.body))
            || is_led_to()
    }

    /// Behind the header block that begins on the next line with text, or `from` if there is none.
    fn behind_block(&self, from: usize) -> usize {
        let next = (from..self.end).find(|index| !self.lines[*index].is_blank() && !self.lines[*index].is_quoted());
        let block = next.and_then(|next| header_block::at(&self.lines[..self.end], next, true));
        block.filter(|block| (from..block.first).all(|index| self.lines[index].is_blank())).map_or(from, |block| block.end)
    }

    /// Our marker is the next line with text: whatever stands right above it was put there by the program that quoted it.
    fn is_above_marker(&self, from: usize) -> bool {
        self.end < self.lines.len() && self.lines[from..self.end].iter().all(Line::is_blank)
    }

    /// A line that is history stays it, so nothing above the first text seen last time is looked at again.
    fn has_text_above(&mut self) -> bool {
        let is_text = |index: usize| {
            let line = &self.lines[index];
            self.parts[index] == Part::New && !line.is_blank() && forward::separator(line.body) != Some(Separator::Rule)
        };
        let first = (self.textless..self.at).find(|index| is_text(*index));
        self.textless = first.unwrap_or(self.at);
        first.is_some()
    }

    /// Whether a header block or a quote follows an announcement.
    fn is_announced(&self, from: usize) -> bool {
        let Some(next) = (from..self.end).find(|index| !self.lines[*index].is_blank()) else { return false };
        self.lines[next].may_be_quoted() || header_block::at(&self.lines[..self.end], next, true).is_some()
    }

    fn next_line(&self, from: usize) -> Option<&'l Line<'a>> {
        self.lines[..self.end].iter().skip(from).find(|line| !line.is_blank())
    }

    /// History begins with lines `first..behind`. Where quote marks follow, they say how far it goes; otherwise to the end.
    fn open_history(&mut self, first: usize, behind: usize) -> bool {
        self.found_strong = true;
        let above = self.include_rules_above(first);
        let is_inside = self.lines[first].is_quoted() && !attribution::is_framed(self.lines[first].text);
        if is_inside || !self.next_line(behind).is_some_and(Line::may_be_quoted) {
            return self.swallow(above);
        }
        self.parts[above..behind].fill(Part::History);
        let mut index = behind;
        while index < self.end && (self.lines[index].may_be_quoted() || self.lines[index].is_blank()) {
            self.parts[index] = Part::History;
            index += 1;
        }
        self.at = index.max(self.at + 1) - 1;
        true
    }

    /// Everything from `first` to the end is history.
    fn swallow(&mut self, first: usize) -> bool {
        self.found_strong = true;
        let above = self.include_rules_above(first);
        self.parts[above..self.end].fill(Part::History);
        self.at = self.end;
        false
    }

    /// Whether a line says where the forwarded mails end that begin here; then the sender goes on behind it.
    fn closes_forward(&mut self) -> bool {
        let is_end = |line: &Line<'_>| line.depth == 0 && forward::ends_forward(line.body);
        let last = *self.forward_end.get_or_insert_with(|| self.lines[..self.end].iter().rposition(is_end));
        let Some(last) = last.filter(|last| *last > self.at) else { return false };
        self.found_strong = true;
        let above = self.include_rules_above(self.at);
        self.parts[above..=last].fill(Part::History);
        self.at = last;
        true
    }

    /// Yandex puts a rule, the recipients and the subject above its introduction.
    fn include_fields_above(&self, first: usize) -> usize {
        let is_field = |index: &usize| self.parts[*index] == Part::New && self.lines[*index].label.is_some();
        let top = (0..first).rev().take(FIELDS_ABOVE_MAX).take_while(is_field).last().unwrap_or(first);
        let has_rule = top > 0 && forward::separator(self.lines[top - 1].body) == Some(Separator::Rule);
        if has_rule { top } else { first }
    }

    fn include_rules_above(&self, first: usize) -> usize {
        let mut above = first;
        for index in (0..first).rev() {
            let line = self.lines[index];
            match forward::separator(line.body) {
                Some(_) if self.parts[index] == Part::New => above = index,
                // A separator in a language not listed, or one without its dashes.
                None if self.parts[index] == Part::New
                    && (forward::is_dashed(line.body)
                        || forward::is_bare_original(line.body)
                        || notes_block::is_headline(line.body)) =>
                {
                    above = index
                }
                _ if line.is_blank() && first - index <= 3 => {}
                _ => break,
            }
        }
        above
    }

    /// Where nothing was answered, whoever writes "the page says:" above a quote, or `>30 kg`, marks something of their own.
    fn are_marks_own(&self) -> bool {
        let is_marked = |line: &Line<'_>| line.depth > 0;
        let begins = |index: &usize| is_marked(&self.lines[*index]) && !self.lines[..*index].last().is_some_and(is_marked);
        let is_led_to = |index: usize| {
            let above = self.lines[..index].iter().rev().find(|line| !line.is_blank());
            above.is_some_and(|line| line.body.ends_with([':', '：']))
        };
        let is_glued =
            |line: &Line<'_>| line.text.strip_prefix('>').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let is_own =
            |index: usize| is_led_to(index) || is_glued(&self.lines[index]) || self.lines[index].text.starts_with(">>> ");
        let says_who =
            |index: usize| self.lines[index].label.is_some() || attribution::ending_at(self.lines, index, || true).is_some();
        (0..self.end).filter(begins).all(|index| is_own(index) && !says_who(index))
    }

    fn keep_marks(&mut self) {
        for (part, line) in self.parts.iter_mut().zip(self.lines) {
            if line.is_quoted() {
                *part = Part::New;
            }
        }
    }

    /// An unsigned block quote is history if an introduction precedes it (settled already) or if it is the last one of
    /// a mail that shows no other history.
    fn settle_weak_quotes(&mut self) {
        if self.found_strong || self.is_first_mail || self.parts.contains(&Part::History) {
            return;
        }
        let is_weak = |line: &Line<'_>| line.mark.region == Region::WeakQuote && line.mark.quote_depth > 0;
        let Some(last) = self.lines.iter().rposition(is_weak) else { return };
        let count = self.lines[..=last].iter().rev().take_while(|line| is_weak(line) || line.is_blank()).count();
        let first = last + 1 - count;
        // "The manual says:" above and an answer below: the sender quotes for a reason of theirs.
        let is_led_to =
            self.lines[..first].iter().rev().find(|line| !line.is_blank()).is_some_and(|line| line.body.ends_with(':'));
        if is_led_to && self.lines[last + 1..].iter().any(|line| !line.is_blank()) {
            return;
        }
        self.parts[first..=last].fill(Part::History);
    }

    /// Answers written between quotes make no sense without them.
    fn keep_answered_quotes(&mut self) {
        if !self.lines.iter().zip(&self.parts).any(|(line, part)| *part == Part::History && line.is_quoted()) {
            return;
        }
        let runs = self.quoted_runs();
        let answered: Vec<(usize, usize)> = runs
            .iter()
            .enumerate()
            .filter(|(index, run)| {
                let until = runs.get(index + 1).map_or(self.end, |next| next.0);
                self.is_answered(run.1, until)
            })
            .map(|(_, run)| *run)
            .collect();
        let keeps_single = answered.len() == 1 && !self.is_introduced(answered[0].0);
        if answered.len() < 2 && !keeps_single {
            return;
        }
        for (first, behind) in answered {
            for index in self.behind_introduction(first, behind)..behind {
                self.parts[index] = Part::New;
            }
            for index in (behind..self.end).take_while(|index| self.lines[*index].is_blank() && !self.lines[*index].is_quoted()) {
                self.parts[index] = Part::New;
            }
        }
    }

    /// Runs of quoted lines, without introductions and blank lines at their ends.
    fn quoted_runs(&self) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for index in 0..self.end {
            let line = &self.lines[index];
            if self.parts[index] != Part::History || line.is_blank() || !line.may_be_quoted() {
                continue;
            }
            match runs.last_mut() {
                Some(run) if (run.1..index).all(|between| self.lines[between].is_blank()) => run.1 = index + 1,
                _ => runs.push((index, index + 1)),
            }
        }
        runs
    }

    fn is_answered(&self, from: usize, until: usize) -> bool {
        let between: Vec<Line<'a>> =
            (from..until).filter(|index| self.parts[*index] == Part::New).map(|index| self.lines[index]).collect();
        let writer = Writer { name: Vec::new(), disclaimers: &[] };
        let text = signature::start(&between, &writer, true).map_or(between.len(), |start| start);
        between[..text].iter().any(|line| !line.is_blank())
    }

    /// Apple puts the introduction inside the quote.
    fn behind_introduction(&self, first: usize, behind: usize) -> usize {
        let last = (first..behind.min(first + INTRODUCTION_LINES_MAX)).rev();
        let mut found = last
            .filter(|last| attribution::ending_at(&self.lines[..self.end], *last, || true).is_some_and(|start| start >= first));
        let Some(last) = found.next() else { return first };
        (last + 1..behind).find(|index| !self.lines[*index].is_blank()).unwrap_or(behind)
    }

    /// An introduction above, or nothing at all.
    fn is_introduced(&self, first: usize) -> bool {
        let announces = forward::separator(self.lines[first].body).is_some_and(|kind| kind != Separator::Rule)
            || header_block::at(&self.lines[..self.end], first, false).is_some();
        let above = (0..first).rev().find(|index| !self.lines[*index].is_blank());
        announces || above.is_none_or(|above| self.parts[above] == Part::History)
    }
}

/// Indented like code.
fn is_indented(text: &str) -> bool {
    text.starts_with("    ") || text.starts_with('\t')
}

/// A line of the source of a mail, or of an SMTP session, which no program shows above an answer.
fn is_source(body: &str) -> bool {
    const STARTS: [&str; 9] = [
        "Received:",
        "DKIM-Signature:",
        "Return-Path:",
        "Delivered-To:",
        "MIME-Version:",
        "Authentication-Results:",
        "RCPT TO:",
        "MAIL FROM:",
        "DATA",
    ];
    STARTS.iter().any(|start| body.starts_with(start))
}

const SOURCE_LINES_MAX: usize = 40;

/// Neither the header nor the subject says that the mail answers or forwards one. A mail without a subject says nothing.
fn is_first_mail(input: &CutInput<'_>) -> bool {
    let subject = input.subject.trim_start();
    let prefix =
        subject.char_indices().take(PREFIX_CHARS_MAX).find(|(_, c)| matches!(c, ':' | '：')).map(|(colon, _)| &subject[..colon]);
    let is_prefix =
        |prefix: &str| prefix.rsplit([' ', ']']).next().is_some_and(|word| word.chars().count() <= PREFIX_WORD_CHARS_MAX);
    !subject.is_empty() && !input.is_answer && !prefix.is_some_and(is_prefix)
}

/// "Re", "AW", "Antw", "[ticket] Re" and the like.
const PREFIX_CHARS_MAX: usize = 24;
const PREFIX_WORD_CHARS_MAX: usize = 8;

/// GroupWise marks its introductions with so many.
const GROUPWISE_DEPTH: usize = 3;

/// To, Cc, Subject and one more.
const FIELDS_ABOVE_MAX: usize = 4;

/// Introductions inside a quote are looked for in its first lines.
const INTRODUCTION_LINES_MAX: usize = 3;

fn is_marker(lines: &[Line<'_>], index: usize, marker: Option<&str>) -> bool {
    let line = &lines[index];
    let is_ours = marker
        .map(str::trim)
        .is_some_and(|marker| !marker.is_empty() && line.body.trim_start_matches(['*', '_', ' ']).starts_with(marker));
    if is_ours || line.body.len() < 16 || line.body.len() > 240 {
        return is_ours;
    }
    // One dash before a sentence is a list; a frame is longer or stands on both sides.
    let is_mark =
        |c: char| matches!(c, '#' | '-' | '=' | '~' | '*' | '_' | '(' | ')' | '[' | ']' | '<' | '>' | '—' | '–' | '/' | '|');
    let before = line.body.chars().take_while(|c| is_mark(*c) || matches!(c, ' ' | '.')).filter(|c| *c != ' ').count();
    let after = line.body.chars().rev().take_while(|c| is_mark(*c) || *c == ' ').filter(|c| *c != ' ').count();
    // Some programs quote with bars.
    let has_frame = before >= 2 || after >= 2 || before == 1 && after == 1 || line.depth > 0 || line.body.starts_with('|');
    // Jira puts its rule on a line of its own.
    let is_rule = |above: &Line<'_>| {
        !above.body.starts_with(char::is_alphanumeric) && forward::separator(above.body) == Some(Separator::Rule)
    };
    let has_rule = || lines[..index].last().is_some_and(is_rule);
    // "Reply above this line." as a paragraph.
    let is_alone = || {
        let is_blank = |line: Option<&Line<'_>>| line.is_none_or(Line::is_blank);
        let is_short = line.body.len() <= ALONE_BYTES_MAX && line.body.starts_with(char::is_uppercase);
        is_short && index > 0 && is_blank(lines.get(index - 1)) && is_blank(lines.get(index + 1))
    };
    let found = |lower: &str| {
        words::REPLY_ABOVE.find(lower).is_some_and(|found| has_frame || has_rule() || found.start() == 0 && is_alone())
    };
    let may_mark = has_frame || has_rule() || is_alone();
    may_mark && found(&line.body.to_lowercase())
}

/// A marker without a frame says nothing else.
const ALONE_BYTES_MAX: usize = 40;
