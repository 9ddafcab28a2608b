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

/// A footer begins within so many lines; a longer text behind the whole of our mail is none that somebody typed there.
const REMARK_LINES_MAX: usize = 6;
/// A remark has no more words.
const REMARK_WORDS_MAX: usize = 60;
/// So many digits make a telephone number or one of a register.
const DIGITS_MAX: usize = 6;
/// What gateways, programs and lawyers write below mails.
const FOOTER_WORDS: [&str; 48] = [
    "confidential",
    "confidentiality",
    "vertraulich",
    "vertrauliche",
    "intended",
    "recipient",
    "recipients",
    "empfänger",
    "disclaimer",
    "privileged",
    "virus",
    "viruses",
    "viren",
    "virenfrei",
    "malware",
    "scanned",
    "scan",
    "sent",
    "gesendet",
    "outlook",
    "unsubscribe",
    "abbestellen",
    "registered",
    "company",
    "gmbh",
    "ltd",
    "limited",
    "inc",
    "llc",
    "plc",
    "kg",
    "handelsregister",
    "amtsgericht",
    "geschäftsführer",
    "geschäftsführung",
    "director",
    "environment",
    "umwelt",
    "printing",
    "ausdrucken",
    "external",
    "caution",
    "encrypted",
    "verschlüsselt",
    "subscribed",
    "group",
    "datenschutz",
    "privacy",
];
/// Words that end a mail and say nothing.
const CLOSING_WORDS: [&str; 22] = [
    "best",
    "regards",
    "kind",
    "warm",
    "cheers",
    "thanks",
    "thank",
    "you",
    "sincerely",
    "yours",
    "many",
    "mit",
    "freundlichen",
    "freundlichem",
    "grüßen",
    "gruß",
    "viele",
    "grüße",
    "beste",
    "liebe",
    "danke",
    "lg",
];

/// Words that stand where nothing is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    /// The first line of them.
    pub(crate) line: String,
    /// They stand behind the whole of our mail, where programs write as well.
    pub(crate) is_behind: bool,
}

/// The first line of a mail that stands below our marker, is not of `ours` and is no footer: a line of ours follows it, the
/// quote was cut short above it, or it reads like the remark of a person. `None` if there is none, or no marker tells where
/// to look. `name` is the writer's.
pub(crate) fn answer_in(text: &str, ours: &str, name: &str) -> Option<Stray> {
    let mut ours = Ours::new(ours);
    let mut below = text.lines().take(LINES_MAX).skip_while(|line| !is_marker(unquoted(line).0)).peekable();
    below.peek()?;
    let lines: Vec<(&str, bool)> = below.skip(1).map(unquoted).filter(|(line, _)| !line.is_empty()).collect();
    let is_marked = lines.iter().any(|(_, is_quoted)| *is_quoted);
    let mut strays: Vec<&str> = Vec::new();
    for (line, is_quoted) in lines {
        let words = words(line);
        // A rule below our last line begins a signature, or what a gateway adds.
        if words.is_empty() && ours.is_at_end() && line.chars().count() > 1 && line.chars().all(|c| "-_=*—–".contains(c)) {
            break;
        }
        if words.is_empty() || is_marker(line) {
            continue;
        }
        if ours.follow(&words) || is_marked && is_quoted {
            if let Some(stray) = strays.first() {
                return Some(Stray { line: (*stray).to_owned(), is_behind: false });
            }
            continue;
        }
        strays.push(line);
    }
    if ours.is_at_end() {
        return remark(&strays, name).map(|line| Stray { line: line.to_owned(), is_behind: true });
    }
    strays.first().map(|line| Stray { line: (*line).to_owned(), is_behind: false })
}

/// The first line of what somebody typed behind the whole of our mail, where signatures stand and what gateways add. Those
/// have addresses, numbers, names and the words of lawyers; a remark is short and reads like a sentence.
fn remark<'t>(lines: &[&'t str], name: &str) -> Option<&'t str> {
    let all: Vec<String> = lines.iter().flat_map(|line| words(line)).collect();
    let is_long = lines.len() > REMARK_LINES_MAX || all.len() > REMARK_WORDS_MAX;
    let is_link = |line: &&&str| line.contains('@') || line.contains("://") || line.contains("www.") || line.contains(" | ");
    let is_number = |line: &&&str| line.chars().filter(char::is_ascii_digit).count() >= DIGITS_MAX;
    let is_footer = all.iter().any(|word| FOOTER_WORDS.contains(&word.as_str()));
    if is_long || is_footer || lines.iter().any(|line| is_link(&line) || is_number(&line)) {
        return None;
    }
    let names = words(name);
    let says_nothing = |word: &String| names.contains(word) || CLOSING_WORDS.contains(&word.as_str());
    lines.iter().copied().find(|line| !words(line).iter().all(says_nothing) && reads_like_a_sentence(line))
}

/// It ends like one, or most of its words are no names.
fn reads_like_a_sentence(line: &str) -> bool {
    let begins: Vec<char> = line.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric())).collect();
    let small = begins.iter().filter(|first| first.is_lowercase()).count();
    line.ends_with(['.', '!', '?']) || 2 * small > begins.len()
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
        let found = answer_in(text, OURS, "Maya Chen").map(|stray| stray.line);
        assert_eq!(found.as_deref(), expect, "{text}");
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
    fn remarks_behind_the_whole_of_our_mail_are_found_and_footers_are_none() {
        let behind = |words: &str| format!("See below.\n{}", quoted("> ", "why:", words));
        for words in ["Please call him tomorrow.", "call him tomorrow", "Ja, morgen.", "By the way, the lamp is new!", "no"] {
            check(&behind(&format!("\n{words}")), Some(words));
            check(&behind(&format!("\n{words}\n\nBest regards\nMaya")), Some(words));
        }
        for footer in [
            "Maya",
            "Best regards,\nMaya Chen",
            "Maya Chen\nHead of Support\nFernhill Instruments",
            "LG Maya",
            "Sent from my iPhone",
            "Gesendet von meinem Mobilgerät",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
            "Virus-free. www.avast.com",
            "Diese E-Mail wurde auf Viren geprüft.",
            "Fernhill Instruments",
            "Fernhill Instruments GmbH, Amtsgericht Leeds",
            "--\nI like fish.",
            "-- \nI like fish.",
            "________________________________\nPlease think before you print.",
            "Tel. +44 113 4960 123",
            "Please consider the environment before printing this mail.",
            "maya@fernhill.example writes to you.",
            "This message is for the named person only; it may be privileged. Delete it if you are not the one.",
            "You received this message because you are subscribed to the list.",
        ] {
            check(&behind(&format!("\n{footer}")), None);
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
