//! Words that an agent wrote between or below the lines of our mail. They are not cut from it with the certainty that an
//! answer to a customer needs, but nobody's words may get lost in silence: the mail that was answered is known, so whatever
//! stands in its quote and not in it is somebody's answer, and the agent is asked.

use crate::answer_layout::{is_marker, unquoted};

/// Lines of so many words are looked for anywhere below; fewer could stand there by chance, so these must follow at once.
const SURE_WORDS_MIN: usize = 3;
/// Words of ours that a program may have left out between two lines.
const GAP_WORDS_MAX: usize = 3;
/// Words of a quoted mail that are compared.
const WORDS_MAX: usize = 20_000;
/// Lines of a mail that are compared.
const LINES_MAX: usize = 4_000;

/// The first line of a mail that stands below our marker, is not of `ours` and is no footer: a line of ours follows it, or
/// the quote was cut short above it. `None` if there is none, or no marker tells where to look.
pub(crate) fn answer_in(text: &str, ours: &str) -> Option<String> {
    let mut ours = Ours::new(ours);
    let mut below = text.lines().take(LINES_MAX).skip_while(|line| !is_marker(unquoted(line).0)).peekable();
    below.peek()?;
    let lines: Vec<(&str, bool)> = below.skip(1).map(unquoted).filter(|(line, _)| !line.is_empty()).collect();
    let is_marked = lines.iter().any(|(_, is_quoted)| *is_quoted);
    let mut stray: Option<&str> = None;
    for (line, is_quoted) in lines {
        let words = words(line);
        if words.is_empty() || is_marker(line) {
            continue;
        }
        if ours.follow(&words) || is_marked && is_quoted {
            if let Some(stray) = stray {
                return Some(stray.to_owned());
            }
            continue;
        }
        if line == "--" && ours.is_at_end() {
            break;
        }
        stray = stray.or(Some(line));
    }
    // Behind the whole of our mail stand signatures and what gateways add.
    stray.filter(|_| !ours.is_at_end()).map(str::to_owned)
}

/// The words of the mail that was answered, and how far they have come back.
struct Ours {
    words: Vec<String>,
    at: usize,
}

impl Ours {
    fn new(text: &str) -> Self {
        let words = text.lines().skip_while(|line| !is_marker(line.trim())).skip(1).flat_map(words).take(WORDS_MAX).collect();
        Self { words, at: 0 }
    }

    /// Whether the line comes next, or further below where it is long enough to be known.
    fn follow(&mut self, line: &[String]) -> bool {
        let gap_max = if line.len() < SURE_WORDS_MIN { GAP_WORDS_MAX } else { self.words.len() };
        let rest = &self.words[self.at..];
        let found = rest.windows(line.len()).take(gap_max + 1).position(|words| words == line);
        if let Some(found) = found {
            self.at += found + line.len();
        }
        found.is_some()
    }

    /// The last line of ours came back: the words that follow are not between our lines.
    fn is_at_end(&self) -> bool {
        self.at + GAP_WORDS_MAX >= self.words.len()
    }
}

/// Letters and digits; addresses of links, which programs write behind their words, do not count.
fn words(line: &str) -> Vec<String> {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('<') {
        shown.push_str(before);
        let is_link = ["mailto:", "http:", "https:"].iter().any(|scheme| behind.starts_with(scheme));
        rest = match behind.split_once('>').filter(|_| is_link) {
            Some((_, after)) => after,
            None => behind,
        };
    }
    shown.push_str(rest);
    let words = shown.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "~~~~ T-1 · Dana asks · write above this line ~~~~\n\n| It drops every night.\n| Is there firmware newer \
        than 3.4.1? Yes or no?\n\nYour answer goes to Dana.\n\nSTATE       open · high · nobody owns it\n\nwhy: team · ref T-1.2\n";

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(answer_in(text, OURS).as_deref(), expect, "{text}");
    }

    /// Our mail, each line behind `mark`, with `words` behind the line that has `behind`.
    fn quoted(mark: &str, behind: &str, words: &str) -> String {
        let line =
            |line: &str| format!("{mark}{line}\n{}", if line.contains(behind) { format!("{words}\n") } else { String::new() });
        OURS.lines().map(line).collect()
    }

    #[test]
    fn words_between_the_lines_are_found_however_the_lines_are_quoted() {
        for mark in ["> ", ">", ""] {
            for words in ["3.5.0 is newer.", "\nYes, try 3.5.0.\n", "No.", "yes"] {
                let first = words.trim();
                check(&format!("See below.\n{}", quoted(mark, "3.4.1", words)), Some(first));
            }
            check(&format!("See below.\n{}", quoted(mark, "nothing of it", "")), None);
            check(&format!("Thanks.\n{}", quoted(mark, "why:", "\nAcme Ltd, London. This mail is confidential.")), None);
        }
    }

    #[test]
    fn words_below_a_quote_that_was_cut_short_are_found() {
        let text = "See below.\n> ~~~~ T-1 · Dana asks · write above this line ~~~~\n> | It drops every night.\n\nTry 3.5.0.\n";
        check(text, Some("Try 3.5.0."));
        check("Try 3.5.0.\n\n> It drops every night.\n\nRegards\n", None);
    }

    #[test]
    fn lines_that_a_program_wrapped_or_decorated_are_ours() {
        let wrapped = quoted("> ", "nothing of it", "").replace("newer than", "newer\nthan");
        check(&wrapped, None);
        check(&quoted("", "nothing of it", "").replace("Dana.", "Dana<mailto:desk+t1-2r-abc@x.example>."), None);
    }
}
