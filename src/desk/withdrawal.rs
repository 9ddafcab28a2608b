//! A requester who needs no answer any more: `never mind`, `it is solved, thanks`. An answer that was being written meanwhile is
//! held, as one that a colleague has overtaken is.
//!
//! Read strictly, as [`crate::courtesy`] is: whoever says more gets the answer.

use mail::Message;

use crate::courtesy::{COURTEOUS, THANKS, WORDS_MAX, YES, words};

/// Words that say that nothing is owed any more; a longer one stands before those that begin it.
const OVER: &[&str] = &[
    "never mind",
    "nevermind",
    "forget about it",
    "forget it",
    "no longer needed",
    "not needed any more",
    "not needed anymore",
    "please ignore",
    "please disregard",
    "solved itself",
    "resolved itself",
    "solved",
    "sorted",
    "resolved",
    "fixed",
    "works again",
    "working again",
    "works now",
    "working now",
    "found it",
    "hat sich erledigt",
    "hat sich geklärt",
    "hat sich gelöst",
    "schon erledigt",
    "erledigt",
    "geklärt",
    "gelöst",
    "nicht mehr nötig",
    "vergessen sie es",
    "vergiss es",
    "geht wieder",
    "läuft wieder",
    "funktioniert wieder",
    "funktioniert jetzt",
    "résolu",
    "réglé",
    "resuelto",
    "risolto",
    "opgelost",
];
/// Words that may stand beside them.
const BESIDE: &[&str] = &[
    "i",
    "i've",
    "we",
    "we've",
    "have",
    "has",
    "had",
    "its",
    "myself",
    "ourselves",
    "please",
    "my",
    "our",
    "mail",
    "last",
    "found",
    "email",
    "message",
    "request",
    "question",
    "ticket",
    "problem",
    "issue",
    "just",
    "already",
    "meanwhile",
    "in",
    "since",
    "sorry",
    "noise",
    "trouble",
    "bother",
    "about",
    "ich",
    "wir",
    "habe",
    "haben",
    "selbst",
    "selber",
    "schon",
    "inzwischen",
    "bereits",
    "sich",
    "ist",
    "bitte",
    "meine",
    "mein",
    "anfrage",
    "nachricht",
    "frage",
    "entschuldigung",
    "entschuldigen",
    "sie",
    "störung",
    "der",
    "dem",
];
/// Words by which a question begins.
const ASKING: &[&str] = &["is", "are", "was", "were", "has", "have", "did", "does"];

/// Whether a mail says in so many words that no answer is needed any more: never mind, it is solved. Thanks alone do not, nor
/// does anything that says more.
#[must_use]
pub(crate) fn needs_no_answer(message: &Message) -> bool {
    let text = message.reply.new_text.as_str();
    let has_files = !message.attachments.iter().all(|file| file.inline);
    if has_files || text.contains(['?', '？', '؟']) || text.split_whitespace().nth(WORDS_MAX).is_some() {
        return false;
    }
    let said = words(text);
    // `is it solved`, without the sign of a question.
    if said.first().is_some_and(|first| ASKING.contains(&first.as_str())) {
        return false;
    }
    let said = format!(" {} ", said.join(" "));
    let Some(phrase) = OVER.iter().find(|phrase| said.contains(&format!(" {phrase} "))) else { return false };
    let rest = said.replacen(&format!(" {phrase} "), " ", 1);
    let known = [COURTEOUS, THANKS, YES, BESIDE].concat();
    rest.split_whitespace().all(|word| known.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: bool) {
        let raw = format!("From: dana@x.example\r\nSubject: Re: Probe\r\n\r\n{text}\r\n");
        assert_eq!(needs_no_answer(&mail::parse(raw.as_bytes()).message), expect, "{text}");
    }

    #[test]
    fn who_says_that_it_is_over_needs_no_answer() {
        for text in [
            "Never mind.",
            "Never mind, I found it myself!",
            "Solved, thanks.",
            "Hi Maya, it's solved already. Sorry for the noise.",
            "Thanks, it works again.",
            "Please ignore my last mail.\r\n\r\nDana",
            "We fixed it ourselves, thank you.",
            "No longer needed.",
            "Hat sich erledigt, danke!",
            "Das Problem hat sich inzwischen gelöst.",
            "Funktioniert wieder. Vielen Dank",
            "Bitte vergessen Sie es.",
        ] {
            check(text, true);
        }
    }

    #[test]
    fn who_says_anything_else_gets_the_answer() {
        for text in [
            "Thanks!",
            "Thank you very much",
            "Never mind the colour, but what about the size",
            "It is not solved.",
            "Is it solved",
            "Never mind?",
            "It works again, but slowly.",
            "When it is fixed, tell me.",
            "Das ist nicht erledigt.",
            "It happened again.",
        ] {
            check(text, false);
        }
    }
}
