//! Words of a text that tell its matter apart: for finding articles, and for finding tickets with one cause.
//!
//! A term is a word folded to lower case, without an ending that only grammar asks for; words that stand in every text are
//! left out. Codes, such as `E214` or `0x80070005`, are kept whole.

/// Characters of a text that are read.
const CHARACTERS_MAX: usize = 8_000;
/// Characters of a mail's text in which articles and codes are sought.
const MAIL_CHARACTERS_MAX: usize = 1_500;
/// Characters of it whose words a ticket may remember: what it is about stands near its beginning.
const GIST_CHARACTERS_MAX: usize = 600;
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
    // Most words begin like few others: those alone are compared.
    let Some(first) = word.bytes().next() else { return false };
    let [from, until] = [usize::from(first), usize::from(first) + 1].map(|index| usize::from(STARTS[index]));
    STOP_WORDS[from..until].contains(&word)
}

/// Where the stop words with each first byte begin.
const STARTS: [u16; 257] = {
    let mut starts = [0; 257];
    let mut index = 0;
    while index < STOP_WORDS.len() {
        starts[STOP_WORDS[index].as_bytes()[0] as usize + 1] += 1;
        index += 1;
    }
    let mut byte = 1;
    while byte < starts.len() {
        starts[byte] += starts[byte - 1];
        byte += 1;
    }
    starts
};

/// A term as it is read, before anybody keeps it.
struct Seen<'a> {
    /// Folded and cut.
    stem: &'a str,
    /// As written, lower case.
    word: &'a str,
    /// It is a code.
    is_code: bool,
}

/// What of a text is looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// Only the codes among the terms.
    Codes,
    /// Words and codes.
    All,
}

/// Room for the words that are looked at, since most of them are not kept.
#[derive(Default)]
struct Reader {
    folded: String,
    stem: String,
}

/// The terms of a text in order, repeats among them.
#[must_use]
pub fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut keep = |seen: Seen<'_>| {
        terms.push(Term { stem: seen.stem.to_owned(), word: seen.word.to_owned(), is_code: seen.is_code });
        Wanted::All
    };
    Reader::default().read(beginning(text, CHARACTERS_MAX), Wanted::All, &mut keep);
    terms
}

fn beginning(text: &str, characters: usize) -> &str {
    if text.len() <= characters {
        return text;
    }
    let first = text.char_indices().nth(characters).map_or(text, |(at, _)| &text[..at]);
    // Half a word is another word.
    first.rfind(char::is_whitespace).filter(|_| first.len() < text.len()).map_or(first, |at| &first[..at])
}

impl Reader {
    /// Shows each term; `see` says what of the rest is wanted.
    fn read(&mut self, text: &str, mut wanted: Wanted, see: &mut impl FnMut(Seen<'_>) -> Wanted) {
        // Most texts have no codes, and digits are found faster than words.
        if wanted == Wanted::Codes && !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return;
        }
        let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\'' | '’');
        for piece in text.split(|c: char| !is_inner(c)) {
            let piece = piece.trim_matches(['-', '_', '\'', '’']);
            // As most are: neither a code nor made of parts.
            if piece.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                if wanted == Wanted::All {
                    fold(piece, &mut self.folded);
                    wanted = self.folded_word(None, see);
                }
            } else if is_code(piece) {
                fold(piece, &mut self.folded);
                wanted = wanted.min(see(Seen { stem: &self.folded, word: &self.folded, is_code: true }));
            } else if wanted == Wanted::Codes {
                continue;
            } else if piece.contains(['-', '_']) {
                let parts: Vec<&str> = piece.split(['-', '_']).filter(|part| !part.is_empty()).collect();
                wanted = wanted.min(self.word(&parts.concat(), piece, see));
                for part in parts.iter().filter(|part| part.chars().count() >= PART_CHARACTERS_MIN) {
                    wanted = wanted.min(self.word(part, part, see));
                }
            } else {
                wanted = wanted.min(self.word(piece, piece, see));
            }
        }
    }

    /// A word, which is shown as it is written in `shown`.
    fn word(&mut self, word: &str, shown: &str, see: &mut impl FnMut(Seen<'_>) -> Wanted) -> Wanted {
        let bare = |word: &str, folded: &mut String| fold(word.split(['\'', '’']).next().unwrap_or(word), folded);
        bare(word, &mut self.folded);
        if shown == word {
            return self.folded_word(None, see);
        }
        let mut written = String::new();
        bare(shown, &mut written);
        self.folded_word(Some(&written), see)
    }

    /// What stands in `folded`, unless it is no word or stands in every text.
    fn folded_word(&mut self, shown: Option<&str>, see: &mut impl FnMut(Seen<'_>) -> Wanted) -> Wanted {
        let folded = self.folded.as_str();
        let is_word = (2..=WORD_CHARACTERS_MAX).contains(&folded.chars().count()) && folded.chars().any(char::is_alphabetic);
        if !is_word || is_stop_word(folded) {
            return Wanted::All;
        }
        stem(folded, &mut self.stem);
        see(Seen { stem: &self.stem, word: shown.unwrap_or(folded), is_code: false })
    }
}

/// Lower case.
fn fold(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.push_str(word);
        folded.make_ascii_lowercase();
    } else {
        // Not letter by letter: a sigma at the end of a word is folded by its place.
        folded.push_str(&word.to_lowercase());
    }
}

/// Letters and digits in one: `E214`, `FH-20931`, `0x80070005`.
fn is_code(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        && (3..=WORD_CHARACTERS_MAX).contains(&word.chars().count())
        && word.chars().any(char::is_alphabetic)
}

/// Without the endings of English and German that only grammar asks for. Crude on purpose: both sides of a comparison are
/// cut alike.
fn stem(word: &str, stem: &mut String) {
    stem.clear();
    if word.is_ascii() {
        stem.push_str(word);
    } else {
        for c in word.chars() {
            match c {
                'ä' => stem.push('a'),
                'ö' => stem.push('o'),
                'ü' => stem.push('u'),
                'ß' => stem.push_str("ss"),
                other => stem.push(other),
            }
        }
    }
    let long_enough = |rest: &&str| rest.chars().count() >= STEM_CHARACTERS_MIN;
    let rest = endings(stem).iter().find_map(|ending| stem.strip_suffix(ending).filter(long_enough)).map(str::len);
    stem.truncate(rest.unwrap_or(stem.len()));
}

/// The endings that a word may have by its last letter, longest first.
fn endings(word: &str) -> &'static [&'static str] {
    match word.as_bytes().last() {
        Some(b's') => &["ings", "ies", "es", "s"],
        Some(b'n') => &["ern", "en", "n"],
        Some(b'y') => &["edly", "ly"],
        Some(b'g') => &["ing"],
        Some(b'd') => &["ed"],
        Some(b'r') => &["er"],
        Some(b'm') => &["em"],
        Some(b'e') => &["e"],
        Some(_) | None => &[],
    }
}

/// The terms of a mail: those of its subject, then those of its text.
#[must_use]
pub fn terms_of_mail(subject: &str, text: &str) -> Vec<Term> {
    let mut all = terms(subject);
    all.extend(terms(beginning(text, MAIL_CHARACTERS_MAX)));
    all
}

/// What a ticket remembers of its first mail: codes first, then the words of its subject, then those of its text.
#[must_use]
pub fn of_mail(subject: &str, text: &str) -> Vec<String> {
    let (mut codes, mut words): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut keep = |seen: Seen<'_>| {
        let (kept, most) = if seen.is_code { (&mut codes, CODES_MAX) } else { (&mut words, GIST_MAX) };
        if kept.len() < most && kept.iter().all(|stem| stem != seen.stem) {
            kept.push(seen.stem.to_owned());
        }
        if words.len() < GIST_MAX { Wanted::All } else { Wanted::Codes }
    };
    let mut reader = Reader::default();
    reader.read(subject, Wanted::All, &mut keep);
    let first = beginning(text, GIST_CHARACTERS_MAX);
    reader.read(first, Wanted::All, &mut keep);
    reader.read(&beginning(text, MAIL_CHARACTERS_MAX)[first.len()..], Wanted::Codes, &mut keep);
    words.retain(|word| !codes.contains(word));
    codes.extend(words);
    codes.truncate(GIST_MAX);
    codes
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
        let gist = of_mail("Sync fails with E42", "It fails with E42 since the update");
        assert_eq!(gist, ["e42", "sync", "fail", "updat"]);
        let long = (0..500).map(|number| format!("word{} ", "x".repeat(number % 30))).collect::<String>();
        assert!(of_mail("", &long).len() <= GIST_MAX);
    }

    #[test]
    fn a_code_where_reading_ends_is_whole_or_not_there() {
        for pad in 590..=600 {
            let gist = of_mail("", &format!("{}E21456 and more words", "word ".repeat(200)[..pad].to_owned() + " "));
            assert!(
                gist.contains(&"e21456".to_owned()) && !gist.iter().any(|term| term.starts_with("e2") && term.len() < 6),
                "{gist:?}"
            );
        }
    }

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
        assert!(is_stop_word("the") && is_stop_word("für") && !is_stop_word("probe"));
    }
}
