//! An answer in a whole sentence: `The invoice number is 44871.`, `Die Rechnungsnummer lautet 44871`, `It's 44871`.
//!
//! Read strictly: the sentence names the field, or one question alone is open and it says `it`; what it says must be a value of
//! the field. A question, a no or a doubt is no answer: whoever is asked once more loses a minute, a wrong value costs days.

use jiff::civil::Date;

use crate::field::{fold, names_of, read_value};
use crate::policy::{Field, FieldKind};
use crate::ticket::FieldValue;

/// Words of a value that nothing describes: more are prose.
const LOOSE_WORDS_MAX: usize = 3;
/// Words in which a field is named, at most.
const SUBJECT_WORDS_MAX: usize = 8;
/// Lines of a reply in which `it` is what was asked.
const LINES_MAX: usize = 5;

/// Between what is asked and its value.
const VERBS: &[&str] = &["is", "was", "reads", "ist", "war", "lautet", "heißt", "heisst"];
/// Stand for what was asked.
const IT: &[&str] = &[
    "it",
    "that",
    "this",
    "es",
    "das",
    "sie",
    "er",
    "dies",
    "the number",
    "the answer",
    "number",
    "answer",
    "die nummer",
    "die antwort",
    "nummer",
    "antwort",
];
/// The same with their verb.
const IT_IS: &[&str] = &["it's", "its", "that's", "thats"];
/// Before the name of a field.
const ARTICLES: &[&str] = &[
    "the", "my", "our", "your", "this", "der", "die", "das", "mein", "meine", "unser", "unsere", "ihr", "ihre", "a", "an", "of",
    "for",
];
/// Before a sentence that answers.
const LEADS: &[&str] =
    &["yes", "ok", "okay", "sure", "so", "and", "well", "sorry", "ah", "oh", "ja", "also", "und", "hi", "hello", "hallo"];
/// Before a choice.
const PLACES: &[&str] = &["in", "at", "from", "the", "im", "am", "zu", "bei", "der", "die", "das"];
/// Who is somewhere, where a choice is asked for.
const WE_ARE: &[&str] = &["i am", "i'm", "we are", "we're", "ich bin", "wir sind"];
/// A sentence with one of these gives no value.
const DENYING: &[&str] = &[
    "not",
    "no",
    "never",
    "none",
    "cannot",
    "cant",
    "dont",
    "wrong",
    "incorrect",
    "missing",
    "lost",
    "unknown",
    "or",
    "if",
    "unless",
    "whether",
    "neither",
    "instead",
    "nicht",
    "kein",
    "keine",
    "keinen",
    "keiner",
    "nie",
    "falsch",
    "fehlt",
    "unbekannt",
    "oder",
    "wenn",
    "falls",
    "ob",
    "weder",
];

/// With a no: nobody knows.
const KNOWING: &[&str] = &["know", "idea", "clue", "find", "sure", "weiß", "weiss", "ahnung", "finde", "sicher"];

/// What the new text of a reply says to a field. `is_only`: no other question is open.
pub(crate) fn answer(field: &Field, text: &str, is_only: bool, today: Date) -> Option<FieldValue> {
    let is_short = text.lines().filter(|line| !line.trim().is_empty()).count() <= LINES_MAX;
    let names = names_of(field);
    sentences(text)
        .filter(|sentence| !sentence.contains(['?', '？']) && !denies(sentence))
        .find_map(|sentence| said_in(field, &names, sentence, is_only && is_short, today))
}

/// Whether words say that the value is not known, or speak of the field without one. Any other words may be a text.
pub(crate) fn has_none(field: &Field, text: &str) -> bool {
    let said = format!(" {} ", fold(text));
    let has = |words: &[&str]| words.iter().any(|word| said.contains(&format!(" {word} ")));
    denies(text) && (has(KNOWING) || names_of(field).iter().any(|name| !name.is_empty() && said.contains(&format!(" {name} "))))
}

/// Whether words say that something is not so, or not known.
fn denies(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        // `No. 44871` denies nothing.
        let is_number = word.eq_ignore_ascii_case("no.");
        let word = plain(word);
        !is_number && (DENYING.contains(&word.as_str()) || word.ends_with("n't"))
    })
}

/// A line that ends in the middle of a sentence ends it: people who answer in one line do not wrap it.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split_inclusive(". ").flat_map(|part| part.split_inclusive("! ")))
        .flat_map(|part| part.split_inclusive("? "))
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty())
}

fn said_in(field: &Field, names: &[String], sentence: &str, may_be_it: bool, today: Date) -> Option<FieldValue> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let leads = words.iter().take_while(|word| LEADS.contains(&plain(word).as_str())).count();
    let words = &words[leads..];
    let first = plain(words.first()?);
    if may_be_it && IT_IS.contains(&first.as_str()) {
        return value(field, &words[1..], today);
    }
    let pair = words.get(1).map(|second| format!("{first} {}", plain(second))).unwrap_or_default();
    let is_there = field.kind == FieldKind::Choice && may_be_it;
    if is_there && WE_ARE.contains(&first.as_str()) {
        return value(field, &words[1..], today);
    }
    if is_there && WE_ARE.contains(&pair.as_str()) {
        return value(field, &words[2..], today);
    }
    let verb = words.iter().position(|word| VERBS.contains(&plain(word).as_str()))?;
    let (before, after) = (&words[..verb], &words[verb + 1..]);
    if before.is_empty() || before.len() > SUBJECT_WORDS_MAX {
        return None;
    }
    let subject = before.iter().map(|word| plain(word)).collect::<Vec<_>>().join(" ");
    if (may_be_it && IT.contains(&subject.as_str())) || is_named(before, names) {
        return value(field, after, today);
    }
    // `44871 is the invoice number`.
    is_named(after, names).then(|| value(field, before, today)).flatten()
}

fn is_named(words: &[&str], names: &[String]) -> bool {
    let articles = words.iter().take_while(|word| ARTICLES.contains(&plain(word).as_str())).count();
    let folded = fold(&words[articles..].join(" "));
    !folded.is_empty() && names.contains(&folded)
}

/// The value that words are, if they are one; what a comma separates from it is said beside it.
fn value(field: &Field, words: &[&str], today: Date) -> Option<FieldValue> {
    let whole = words.join(" ");
    let parts = [whole.as_str(), whole.split([',', ';', '(']).next().unwrap_or_default()];
    parts.into_iter().find_map(|part| {
        let part = part.trim().trim_end_matches(['.', '!', ',', ';', ':']).trim_matches(['"', '\'', '“', '”', '„', '*']).trim();
        checked(field, part, today)
    })
}

fn checked(field: &Field, said: &str, today: Date) -> Option<FieldValue> {
    let read = |said: &str| Some(read_value(field, said, "answer", None, today)).filter(|value| value.valid && !said.is_empty());
    match field.kind {
        FieldKind::Bool => None,
        FieldKind::Choice => {
            let words: Vec<&str> = said.split_whitespace().collect();
            let places = words.iter().take_while(|word| PLACES.contains(&plain(word).as_str())).count();
            read(said).or_else(|| read(&words[places..].join(" ")))
        }
        FieldKind::Text => {
            if let Some(found) = field.find.as_ref().and_then(|find| find.captures(said)) {
                let group = found.name("value").or_else(|| found.get(1)).or_else(|| found.get(0))?;
                return read(group.as_str());
            }
            if field.matches.is_some() {
                return read(said);
            }
            // Nothing describes it, so only what looks like a number or a name of a thing is one.
            let is_like_a_value =
                said.split_whitespace().count() <= LOOSE_WORDS_MAX && said.contains(|c: char| c.is_ascii_digit());
            read(said).filter(|_| is_like_a_value && field.find.is_none())
        }
        FieldKind::Number | FieldKind::Money | FieldKind::Date | FieldKind::Email | FieldKind::Phone | FieldKind::Url => {
            read(said)
        }
    }
}

fn plain(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’').to_lowercase().replace('’', "'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::compile_exact;

    fn field(ask: &str, labels: &[&str], kind: FieldKind) -> Field {
        let options = if kind == FieldKind::Choice { vec!["Leeds".into(), "Bergen".into(), "Home".into()] } else { Vec::new() };
        Field {
            id: "x".into(),
            ask: ask.into(),
            asks: std::collections::BTreeMap::from([("de".to_owned(), "Rechnungsnummer".to_owned())]),
            kind,
            find: None,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            matches: None,
            options,
            required: true,
            agents_only: false,
        }
    }

    fn check(field: &Field, is_only: bool, text: &str, expect: Option<&str>) {
        let found = answer(field, text, is_only, jiff::civil::date(2026, 11, 22));
        assert_eq!(found.map(|value| value.value).as_deref(), expect, "{text:?}");
    }

    fn invoice() -> Field {
        Field { matches: compile_exact(r"^\d{4,6}$").ok(), ..field("Invoice number", &["Invoice no."], FieldKind::Text) }
    }

    #[test]
    fn a_sentence_that_names_the_field_answers_it() {
        for text in [
            "The invoice number is 44871.",
            "the invoice number is 44871",
            "Hi,\nour invoice number is 44871, thanks!\nDana",
            "Sorry, my invoice number was 44871.",
            "Invoice number is: 44871",
            "Thanks for asking. The invoice number is 44871. It came in March.",
            "44871 is the invoice number.",
            "Die Rechnungsnummer lautet 44871",
            "Die Rechnungsnummer ist 44871.",
            "Also, unsere Rechnungsnummer ist 44871",
            "44871 ist die Rechnungsnummer",
        ] {
            check(&invoice(), false, text, Some("44871"));
        }
    }

    #[test]
    fn it_is_what_was_asked_where_one_question_is_open() {
        for text in [
            "It's 44871",
            "It’s 44871.",
            "it is 44871",
            "That's \"44871\"",
            "Yes, it is 44871, thank you",
            "Es ist 44871.",
            "Sie lautet 44871",
            "Das ist 44871",
            "The number is 44871.",
            "Die Nummer lautet 44871",
            "Hello Maya,\n\nit's 44871.\n\nDana",
        ] {
            check(&invoice(), true, text, Some("44871"));
            check(&invoice(), false, text, None);
        }
    }

    #[test]
    fn a_question_a_no_or_a_doubt_is_no_answer() {
        for text in [
            "I don't know the invoice number",
            "My invoice number is wrong",
            "is it 44871?",
            "The invoice number is 44871?",
            "The invoice number is not 44871.",
            "The invoice number isn't 44871",
            "It's 44871 or 44872",
            "It's wrong",
            "It is late.",
            "My customer number is 44871.",
            "My order number is 44871",
            "The invoice number is missing",
            "If the invoice number is 44871, call me.",
            "The invoice number is on page 44871 of the book",
            "Ich weiß die Rechnungsnummer nicht",
            "Die Rechnungsnummer ist falsch",
            "Ist es 44871?",
            "Die Kundennummer lautet 44871",
            "It's 3 weeks ago",
            "It is broken. 44871 people wait.",
            "One\nTwo\nThree\nFour\nFive\nIt's 44871",
        ] {
            check(&invoice(), true, text, None);
        }
    }

    #[test]
    fn what_nothing_describes_must_look_like_a_value() {
        let device = field("Device", &[], FieldKind::Text);
        check(&device, true, "The device is a P-200", Some("a P-200"));
        check(&device, true, "The device is broken", None);
        check(&device, true, "It is broken since 3 days and nobody helps", None);
        let serial = Field { find: compile_exact(r"\bFH-\d{5}\b").ok(), ..field("Serial number", &["S/N"], FieldKind::Text) };
        check(&serial, false, "The serial number is FH-20931, I think", Some("FH-20931"));
        check(&serial, true, "It's worn off", None);
        check(&serial, false, "The S/N is FH-20931", Some("FH-20931"));
    }

    #[test]
    fn who_does_not_know_has_said_no_text() {
        let serial = field("Serial number", &["S/N"], FieldKind::Text);
        for text in
            ["I don't know", "I do not know.", "No idea, sorry", "My serial number is wrong", "Weiß ich nicht", "Keine Ahnung"]
        {
            assert!(has_none(&serial, text), "{text}");
        }
        for text in ["Left wheel missing", "Blue or green", "No. 7", "Not a Trail but a City", "FH-20931"] {
            assert!(!has_none(&serial, text), "{text}");
        }
    }

    #[test]
    fn other_kinds_are_read_as_themselves() {
        let site = field("Where are you?", &["Site"], FieldKind::Choice);
        for text in ["I'm in Leeds", "We are in Leeds.", "It's Leeds", "Ich bin in Leeds.", "The site is Leeds"] {
            check(&site, true, text, Some("Leeds"));
        }
        for text in ["I'm not in Leeds", "Leeds is closed", "I'm in Leeds or Bergen", "I am lost", "The Leeds office is dark"] {
            check(&site, true, text, None);
        }
        let bought = field("When did you buy it", &[], FieldKind::Date);
        check(&bought, true, "It was 3 Nov 2026.", Some("2026-11-03"));
        check(&bought, true, "It was a present.", None);
        check(&field("Amount", &["Betrag"], FieldKind::Money), false, "Der Betrag ist 500 EUR.", Some("500.00 EUR"));
        check(&field("Is it on", &[], FieldKind::Bool), true, "It is yes", None);
    }
}
