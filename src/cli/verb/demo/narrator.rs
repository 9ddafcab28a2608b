//! Tells what happens: what came in, what was decided and why, what went out.

use std::time::Duration;

use desk::TicketNo;
use desk::decision::{Direction, MessageEntry};
use desk::trace::TraceLine;

use crate::cli::output::{Failure, Printer, Style};
use crate::cli::view;
use crate::engine::Engine;
use crate::store::{Cause, Decided};

/// Columns of the smallest terminal.
const WIDTH: usize = 79;
/// Where text begins, beside the heading of its part.
const INDENT: usize = 11;
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a mail of ours may take to become a file before it is shown as waiting.
const LEAVES_WITHIN: Duration = Duration::from_secs(10);
/// Lines of a mail that are shown.
const LINES_MAX: usize = 24;
/// Steps that are of no interest as long as nothing comes of them.
const SILENT_NO: [&str; 4] = ["duplicate", "form", "rule", "field"];
/// Steps that say what was said before.
const SILENT: [&str; 4] = ["raw", "who", "cut", "outcome"];

/// Follows an engine.
pub(super) struct Narrator {
    engine: Engine,
    printer: Printer,
    /// Newest event that was told.
    seen: u64,
}

impl Narrator {
    /// Follows from now on.
    pub(super) fn new(engine: Engine, printer: Printer) -> Self {
        let seen = engine.happenings(None, 1).last().map_or(0, |(seq, _)| *seq);
        Self { engine, printer, seen }
    }

    /// How a ticket is called.
    pub(super) fn reference(&self, no: TicketNo) -> String {
        self.engine.live().policy.reference(no)
    }

    /// The next decision.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn next(&mut self) -> Result<Decided, Failure> {
        loop {
            if let Some((seq, happening)) = self.engine.happenings(Some(self.seen), 1).into_iter().next() {
                self.seen = seq;
                if let Some(decided) = self.engine.store().decided(happening.event)? {
                    return Ok(decided);
                }
            } else {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Tells one decision, and what left because of it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(super) async fn show(&self, title: Option<&str>, decided: &Decided) -> Result<(), Failure> {
        if self.printer.json {
            self.printer.value(&view::explanation(&self.engine.live().policy, decided));
            return Ok(());
        }
        let title = title.map_or_else(|| own_title(decided), str::to_owned);
        let rule = "─".repeat(WIDTH.saturating_sub(title.chars().count() + 4));
        self.printer.line("");
        self.printer.line(&self.printer.paint(Style::Bold, &format!("── {title} {rule}")));
        if let Some(message) = &decided.decision.message
            && message.direction == Direction::In
        {
            self.incoming(message);
        }
        self.decision(decided);
        self.outgoing(decided).await
    }

    fn incoming(&self, message: &MessageEntry) {
        self.part("came in", &format!("From: {}", message.from));
        self.row(&format!("To: {}", message.to.join(", ")));
        self.row(&format!("Subject: {}", message.subject));
        self.letter(&message.text);
        if !message.cut.trim().is_empty() {
            self.dim(&format!("  (and {} lines quoted)", message.cut.trim().lines().count()));
        }
    }

    fn decision(&self, decided: &Decided) {
        let mut heading = "decided";
        for line in decided.decision.trace.iter().filter(|line| is_telling(line)) {
            let head = format!("{:<9} {:<10} ", line.step, line.outcome);
            let at = line.line.map_or_else(String::new, |at| format!(" (line {at})"));
            let named = line.rule.as_ref().map_or_else(String::new, |rule| format!("\"{rule}\"{at}: "));
            let style = if line.rule.is_some() { Style::Yellow } else { Style::Dim };
            let detail = format!("{named}{}", line.detail);
            let room = WIDTH - INDENT - head.chars().count().min(WIDTH / 2);
            for (index, text) in wrap(&detail, room).into_iter().enumerate() {
                let lead = if index == 0 { head.clone() } else { " ".repeat(head.chars().count()) };
                self.part(std::mem::take(&mut heading), &format!("{lead}{}", self.printer.paint(style, &text)));
            }
        }
        let Some(ticket) = &decided.decision.ticket else { return };
        let mut words = vec![self.reference(ticket.no), ticket.status.as_str().to_owned(), ticket.priority.as_str().to_owned()];
        words.extend(ticket.team.iter().map(|team| format!("team {}", team.as_str())));
        words.extend(ticket.owner.iter().map(|owner| format!("owner {}", owner.as_str())));
        words.extend(ticket.tags.iter().map(|tag| format!("#{tag}")));
        self.part("ticket", &self.printer.paint(Style::Green, &words.join(" · ")));
        for (id, field) in &ticket.fields {
            self.row(&format!("{} = {}", id.as_str(), field.value));
        }
    }

    async fn outgoing(&self, decided: &Decided) -> Result<(), Failure> {
        if decided.outbox.is_empty() {
            self.part("went out", "nothing");
        }
        for row in &decided.outbox {
            let state = self.left(row).await;
            let raw = self.engine.store().raw(&row.raw)?;
            let message = mail::parse(&raw).message;
            self.part("went out", &format!("To: {}", row.to));
            self.row(&format!("Subject: {}", message.subject));
            self.letter(&message.text);
            if state != "accepted" {
                self.dim(&format!("  ({state})"));
            }
        }
        Ok(())
    }

    /// Waits until a mail has left, and says how it stands.
    async fn left(&self, row: &desk::effect::OutboxRow) -> &'static str {
        let wait = async {
            loop {
                match self.engine.store().outbox_row(row.id) {
                    Some(now) if now.phase.is_terminal() => return now.phase.as_str(),
                    Some(_) => tokio::time::sleep(LOOK_EVERY).await,
                    None => return "accepted",
                }
            }
        };
        tokio::time::timeout(LEAVES_WITHIN, wait).await.unwrap_or("still waiting to leave")
    }

    /// Text of a mail, without its empty lines at the ends.
    fn letter(&self, text: &str) {
        let lines: Vec<String> = text.trim().lines().flat_map(|line| wrap(line.trim_end(), WIDTH - INDENT - 2)).collect();
        for line in lines.iter().take(LINES_MAX) {
            let bar = self.printer.paint(Style::Dim, "│");
            self.part("", format!("{bar} {line}").trim_end());
        }
        if lines.len() > LINES_MAX {
            self.dim(&format!("  ({} lines more)", lines.len() - LINES_MAX));
        }
    }

    fn part(&self, heading: &str, text: &str) {
        let heading = self.printer.paint(Style::Bold, &format!("{heading:<INDENT$}"));
        self.printer.line(format!("{heading}{text}").trim_end());
    }

    fn row(&self, text: &str) {
        for line in wrap(text, WIDTH - INDENT) {
            self.part("", &line);
        }
    }

    fn dim(&self, text: &str) {
        self.part("", &self.printer.paint(Style::Dim, text));
    }
}

fn own_title(decided: &Decided) -> String {
    match decided.cause {
        Cause::Mail { .. } => "A mail came in".to_owned(),
        Cause::Request => "Somebody acted".to_owned(),
        Cause::Timer { .. } => "A time was reached".to_owned(),
        Cause::Delivery => "A delivery ended".to_owned(),
        Cause::Errand { .. } => "News of a known issue".to_owned(),
    }
}

fn is_telling(line: &TraceLine) -> bool {
    let step = line.step.as_str();
    !(SILENT.contains(&step) || SILENT_NO.contains(&step) && line.outcome == "no")
}

/// Breaks text at spaces into lines of at most `width` characters; a word that is longer stays whole. Words of strangers
/// cannot steer the terminal: controls are shown as `·`. Empty text is one empty line.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let visible = |c: char| if c.is_control() || mail::address::is_bidi_control(c) { '·' } else { c };
    let text: String = text.chars().map(visible).collect();
    if text.chars().count() <= width {
        return vec![text];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_spaces_and_cannot_steer_the_terminal() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
        assert_eq!(wrap("averylongword x", 5), ["averylongword", "x"]);
        assert_eq!(wrap("a\u{7}b \u{1b}[2J", 80), ["a·b ·[2J"]);
    }
}
