//! Words of a text that tell its matter apart: for finding articles, and for finding tickets with one cause.
//!
//! A term is a word folded to lower case, without an ending that only grammar asks for; words that stand in every text are
//! left out. Codes, such as `E214` or `0x80070005`, are kept whole.

use std::collections::BTreeSet;

/// Characters of a text that are read.
const CHARACTERS_MAX: usize = 8_000;
/// Characters of a mail's text that are read.
const MAIL_CHARACTERS_MAX: usize = 1_500;
/// Terms that a ticket remembers.
const GIST_MAX: usize = 24;
/// Codes among them.
const CODES_MAX: usize = 6;
/// Longer words are no words.
const WORD_CHARACTERS_MAX: usize = 40;
/// Parts of a word with hyphens that stand for themselves: `Wi-Fi` is one word, `Firmware-Update` two more.
const PART_CHARACTERS_MIN: usize = 4;
/// A word is not cut shorter than this.
const STEM_CHARACTERS_MIN: usize = 3;

/// A term with the word it was read from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// Folded and cut; what is compared.
    pub stem: String,
    /// As written, lower case; what people are shown.
    pub word: String,
    /// It is a code: letters and digits together.
    pub is_code: bool,
}

/// Words that stand in every text, sorted by their bytes.
#[rustfmt::skip]
const STOP_WORDS: [&str; 263] = [
    "a", "aber", "about", "after", "again", "all", "alle", "allem", "allen", "aller", "alles", "als", "also", "am", "an", "and",
    "anfrage", "any", "are", "as", "at", "auch", "auf", "aus", "be", "been", "before", "bei", "beim", "being", "best", "bin",
    "bis", "bitte", "but", "by", "can", "could", "da", "damit", "danke", "dann", "das", "dass", "dear", "dein", "dem", "den",
    "der", "des", "did", "die", "dies", "diese", "diesem", "diesen", "dieser", "do", "doch", "does", "doing", "done", "dort",
    "du", "durch", "ein", "eine", "einem", "einen", "einer", "eines", "er", "es", "euch", "for", "frage", "frau",
    "freundlichen", "from", "für", "gegen", "geht", "get", "gibt", "got", "gruß", "grüße", "grüßen", "gut", "guten", "habe",
    "haben", "had", "hallo", "has", "hat", "hatte", "have", "having", "he", "hello", "help", "her", "here", "herr", "hi",
    "hilfe", "him", "his", "how", "i", "ich", "if", "ihm", "ihn", "ihnen", "ihr", "ihre", "ihrem", "ihren", "ihrer", "im", "in",
    "into", "is", "issue", "ist", "it", "its", "ja", "jetzt", "just", "kann", "kein", "keine", "kind", "know", "können",
    "liebe", "like", "man", "me", "mehr", "mein", "meine", "mich", "mir", "mit", "more", "most", "muss", "my", "nach", "need",
    "nicht", "no", "noch", "not", "now", "nun", "nur", "ob", "oder", "of", "off", "ohne", "on", "once", "only", "or", "other",
    "our", "out", "over", "please", "problem", "question", "regards", "same", "schon", "sehr", "sein", "seine", "seit", "she",
    "should", "sich", "sie", "since", "sincerely", "sind", "so", "some", "still", "such", "tag", "team", "than", "thank",
    "thanks", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "through", "to", "too", "um",
    "und", "under", "uns", "unser", "unsere", "unter", "until", "up", "us", "very", "viel", "viele", "vielen", "vom", "von",
    "vor", "wann", "want", "war", "warum", "was", "we", "weil", "wenn", "wer", "werden", "were", "what", "when", "where",
    "which", "while", "who", "why", "wie", "wieder", "will", "wir", "wird", "with", "wo", "would", "you", "your", "yours", "zu",
    "zum", "zur", "über",
];

fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// The terms of a text in order, repeats among them.
#[must_use]
pub fn terms(text: &str) -> Vec<Term> {
    let end = text.char_indices().nth(CHARACTERS_MAX).map_or(text.len(), |(at, _)| at);
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'' | '’');
    let mut terms = Vec::new();
    for piece in text[..end].split(|c: char| !is_inner(c)) {
        let piece = piece.trim_matches(['-', '_', '\'', '’']);
        if is_code(piece) {
            let word = piece.to_lowercase();
            terms.push(Term { stem: word.clone(), word, is_code: true });
            continue;
        }
        let parts: Vec<&str> = piece.split(['-', '_']).filter(|part| !part.is_empty()).collect();
        if parts.len() > 1 {
            push_word(&mut terms, &parts.concat(), piece);
        }
        for part in parts.iter().filter(|part| parts.len() == 1 || part.chars().count() >= PART_CHARACTERS_MIN) {
            push_word(&mut terms, part, part);
        }
    }
    terms
}

fn push_word(terms: &mut Vec<Term>, word: &str, shown: &str) {
    let bare = |word: &str| word.split(['\'', '’']).next().unwrap_or(word).to_lowercase();
    let folded = bare(word);
    let is_word = (2..=WORD_CHARACTERS_MAX).contains(&folded.chars().count()) && folded.chars().any(char::is_alphabetic);
    if is_word && !is_stop_word(&folded) {
        let stem = stem(&folded);
        let word = if shown == word { folded } else { bare(shown) };
        terms.push(Term { stem, word, is_code: false });
    }
}

/// Letters and digits in one: `E214`, `FH-20931`, `0x80070005`.
fn is_code(word: &str) -> bool {
    let length = word.chars().count();
    (3..=WORD_CHARACTERS_MAX).contains(&length)
        && word.chars().any(|c| c.is_ascii_digit())
        && word.chars().any(char::is_alphabetic)
}

/// Without the endings of English and German that only grammar asks for. Crude on purpose: both sides of a comparison are
/// cut alike.
fn stem(word: &str) -> String {
    const ENDINGS: [&str; 14] = ["ings", "ing", "ies", "ern", "edly", "ed", "ly", "es", "en", "er", "em", "s", "e", "n"];
    let folded: String = word
        .chars()
        .flat_map(|c| match c {
            'ä' => ['a', '\0'],
            'ö' => ['o', '\0'],
            'ü' => ['u', '\0'],
            'ß' => ['s', 's'],
            other => [other, '\0'],
        })
        .filter(|c| *c != '\0')
        .collect();
    let long_enough = |rest: &&str| rest.chars().count() >= STEM_CHARACTERS_MIN;
    let cut = ENDINGS.iter().find_map(|ending| folded.strip_suffix(ending).filter(long_enough));
    cut.unwrap_or(&folded).to_owned()
}

/// The terms of a mail: those of its subject, then those of its text.
#[must_use]
pub fn of_mail(subject: &str, text: &str) -> Vec<Term> {
    let mut all = terms(subject);
    // What a mail is about stands near its beginning, and this is done for every mail.
    let end = text.char_indices().nth(MAIL_CHARACTERS_MAX).map_or(text.len(), |(at, _)| at);
    all.extend(terms(&text[..end]));
    all
}

/// What a ticket remembers of its first mail: codes first, then the words of its subject, then those of its text.
#[must_use]
pub fn of(all: &[Term]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let codes = all.iter().filter(|term| term.is_code);
    let mut gist: Vec<String> = Vec::new();
    for term in codes {
        if gist.len() < CODES_MAX && seen.insert(&term.stem) {
            gist.push(term.stem.clone());
        }
    }
    for term in all.iter().filter(|term| !term.is_code) {
        if gist.len() < GIST_MAX && seen.insert(&term.stem) {
            gist.push(term.stem.clone());
        }
    }
    gist
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_meet_in_their_stems_and_codes_stay_whole() {
        let stems = |text: &str| terms(text).into_iter().map(|term| term.stem).collect::<Vec<_>>();
        assert_eq!(stems("The probes are losing Wi-Fi"), stems("probe loses WiFi"));
        assert_eq!(stems("Die Messfühler verlieren die Verbindungen"), ["messfuhl", "verlier", "verbindung"]);
        assert_eq!(stems("Error E214 (0x80070005)!"), ["error", "e214", "0x80070005"]);
        assert_eq!(stems("Hello, thanks for your help. 12 34"), Vec::<String>::new());
    }

    #[test]
    fn a_gist_is_short_and_begins_with_codes() {
        let gist = of(&of_mail("Sync fails with E42", "It fails with E42 since the update"));
        assert_eq!(gist, ["e42", "sync", "fail", "updat"]);
        let long = (0..500).map(|number| format!("word{} ", "x".repeat(number % 30))).collect::<String>();
        assert!(of(&of_mail("", &long)).len() <= GIST_MAX);
    }

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
        assert!(is_stop_word("the") && is_stop_word("für") && !is_stop_word("probe"));
    }
}
