//! Short answers that mean one thing: thanks, yes, no, good, bad, `STOP`, `status`.
//!
//! Read strictly: one word that is not on the list, a question or a file makes it a mail like any other. A customer who is
//! read as saying more than they did costs a look; one who is not heard costs trust.

use mail::Message;

/// Words of a plain thanks at most.
const THANKS_WORDS_MAX: usize = 12;
/// A mail with more words says more than one thing: the longest answer, and the name below it.
pub(crate) const WORDS_MAX: usize = 16;
/// Words of a yes or no at most; what follows them is the customer's own business.
const ANSWER_WORDS_MAX: usize = 12;

/// What a short mail means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Courtesy {
    /// No automatic mail any more.
    Stop,
    /// Where does it stand?
    Status,
    /// It was good, it is solved.
    Good,
    /// It was not.
    Bad,
    /// Thanks and nothing else.
    Thanks,
    /// Yes and nothing else.
    Yes,
    /// It begins with a no.
    No,
}

const STOP: &[&str] = &["stop", "unsubscribe", "abmelden", "stopp"];
const STATUS: &[&str] = &["status"];
const GOOD: &[&str] =
    &["good", "solved", "gut", "gelöst", "bon", "résolu", "bien", "resuelto", "buono", "risolto", "goed", "opgelost"];
const BAD: &[&str] = &[
    "bad",
    "not solved",
    "schlecht",
    "nicht gelöst",
    "mauvais",
    "pas résolu",
    "mal",
    "no resuelto",
    "non risolto",
    "slecht",
    "niet opgelost",
];
pub(crate) const YES: &[&str] = &["yes", "yep", "yeah", "ja", "oui", "si", "sí", "sì", "sim", "ok", "okay", "jep", "tak", "da"];
const NO: &[&str] = &["no", "nope", "nein", "non", "nee", "não", "nej", "nie", "ne"];

/// Sentences that say that something of ours solved it.
const SOLVED: &[&str] = &[
    "this solved it",
    "that solved it",
    "it solved it",
    "solved it",
    "this helped",
    "that helped",
    "this worked",
    "that worked",
    "it works now",
    "it is solved",
    "das hat geholfen",
    "hat geholfen",
    "das hat geklappt",
    "hat geklappt",
    "es ist gelöst",
    "cela a résolu",
    "eso lo resolvió",
];

/// Words that thank.
pub(crate) const THANKS: &[&str] = &[
    "thanks",
    "thank",
    "thx",
    "ty",
    "cheers",
    "danke",
    "dank",
    "dankeschön",
    "merci",
    "gracias",
    "grazie",
    "obrigado",
    "obrigada",
    "bedankt",
    "dankjewel",
    "tack",
    "takk",
    "tak",
    "kiitos",
    "dzięki",
    "dziękuję",
    "děkuji",
    "díky",
    "köszönöm",
    "mulțumesc",
    "ευχαριστώ",
    "спасибо",
    "дякую",
    "teşekkürler",
    "ありがとう",
    "ありがとうございます",
    "谢谢",
    "謝謝",
    "감사합니다",
];
/// Words that may stand beside a thanks without adding anything.
pub(crate) const COURTEOUS: &[&str] = &[
    "you",
    "so",
    "very",
    "much",
    "many",
    "a",
    "lot",
    "again",
    "for",
    "the",
    "your",
    "help",
    "quick",
    "fast",
    "kind",
    "great",
    "perfect",
    "excellent",
    "super",
    "awesome",
    "brilliant",
    "fantastic",
    "wonderful",
    "that",
    "this",
    "it",
    "all",
    "works",
    "worked",
    "working",
    "now",
    "solved",
    "fixed",
    "is",
    "was",
    "and",
    "hi",
    "hello",
    "dear",
    "best",
    "regards",
    "bye",
    "have",
    "nice",
    "good",
    "day",
    "weekend",
    "evening",
    "answer",
    "reply",
    "support",
    "team",
    "everyone",
    "guys",
    "everything",
    "fine",
    "ok",
    "okay",
    "did",
    "trick",
    "vielen",
    "schönen",
    "herzlichen",
    "für",
    "die",
    "ihre",
    "eure",
    "schnelle",
    "hilfe",
    "antwort",
    "gut",
    "alles",
    "klar",
    "funktioniert",
    "jetzt",
    "läuft",
    "es",
    "das",
    "hallo",
    "liebe",
    "grüße",
    "grüsse",
    "gruß",
    "viele",
    "beste",
    "mit",
    "freundlichen",
    "grüßen",
    "tag",
    "schönes",
    "wochenende",
    "beaucoup",
    "bien",
    "pour",
    "votre",
    "aide",
    "réponse",
    "rapide",
    "bonjour",
    "cordialement",
    "parfait",
    "bonne",
    "journée",
    "muchas",
    "mil",
    "por",
    "su",
    "ayuda",
    "la",
    "respuesta",
    "saludos",
    "un",
    "cordial",
    "saludo",
    "perfecto",
    "mille",
    "molte",
    "per",
    "il",
    "vostro",
    "aiuto",
    "saluti",
    "cordiali",
    "perfetto",
    "muito",
    "pela",
    "ajuda",
    "hartelijk",
    "voor",
    "de",
    "hulp",
    "snelle",
    "reactie",
    "groeten",
    "vriendelijke",
    "met",
    "groet",
    "prima",
    "jättebra",
    "mycket",
    // It works, it was quick, it was kind.
    "perfectly",
    "really",
    "quickly",
    "sorted",
    "resolved",
    "done",
    "lovely",
    "amazing",
    "cool",
    "glad",
    "happy",
    "appreciate",
    "appreciated",
    "helpful",
    "helped",
    "that's",
    "it's",
    "i'm",
    "we're",
    "fantastisch",
    "top",
    "toll",
    "klasse",
    "wunderbar",
    "perfekt",
    "bestens",
    "wieder",
    "ging",
    "geht",
    "schnell",
    "sehr",
    "wirklich",
    "nochmal",
    "nochmals",
    "erledigt",
    "passt",
    "hat",
    "geholfen",
    "geklappt",
    "dir",
    "euch",
    "ihnen",
    "lieben",
    "besten",
    "abend",
    "einen",
    "marche",
    "fonctionne",
    "maintenant",
    "tout",
    "ça",
    "c'est",
    "est",
    "réglé",
    "résolu",
    "rapidement",
    "vous",
    "à",
    "tous",
    "funciona",
    "ahora",
    "todo",
    "ya",
    "está",
    "resuelto",
    "rápida",
    "funziona",
    "ora",
    "adesso",
    "tutto",
    "risolto",
    "werkt",
    "nu",
    "weer",
    "het",
    "opgelost",
    "snel",
    "jullie",
    "goed",
    "agora",
    "tudo",
    "certo",
    "resolvido",
    "działa",
    "już",
    "teraz",
    "bardzo",
    "za",
    "pomoc",
    "fungerar",
    "igen",
    "bra",
    "för",
    "hjälpen",
];
/// Words after which a name may stand: `thank you Maya`.
const ADDRESSING: &[&str] = &["you", "dir", "ihnen", "vous", "lieber", "liebe", "hi", "hello", "hallo", "dear"];
/// A mail of these alone is a thanks, as a reaction is.
const GLAD: &[char] = &[
    '👍', '👌', '🙏', '🎉', '❤', '♥', '💙', '💚', '😀', '😁', '😃', '😄', '😊', '🙂', '😍', '🥰', '🤩', '👏', '💪', '✅', '🙌',
    '🤝',
];

/// What a mail of the customer means, if it is one of the short answers. Only what is new of it counts.
#[must_use]
pub fn of(message: &Message) -> Option<Courtesy> {
    let text = message.reply.new_text.as_str();
    // Nothing longer is one of them, and every mail is looked at.
    let is_short = text.split_whitespace().nth(WORDS_MAX).is_none();
    if !is_short || !message.attachments.iter().all(|file| file.inline) {
        return None;
    }
    if is_glad(text) {
        return Some(Courtesy::Thanks);
    }
    let said = words(text);
    let subject = words(&message.subject);
    // A mail with no words of its own says what its subject says.
    let whole = if said.is_empty() { &subject } else { &said };
    let joined = whole.join(" ");
    let is = |list: &[&str]| list.contains(&joined.as_str());
    if is(STOP) {
        Some(Courtesy::Stop)
    } else if is(STATUS) || (subject.len() == 1 && STATUS.contains(&subject[0].as_str()) && said.len() <= 3) {
        Some(Courtesy::Status)
    } else if text.contains(['?', '？', '؟']) {
        None
    } else if is(BAD) {
        Some(Courtesy::Bad)
    } else if is(GOOD) || is_solved(&said) {
        Some(Courtesy::Good)
    } else if is_thanks(&said) {
        Some(Courtesy::Thanks)
    } else {
        yes_or_no(&said)
    }
}

/// The first word says no.
#[must_use]
pub fn begins_with_no(text: &str) -> bool {
    words(text).first().is_some_and(|first| NO.contains(&first.as_str()))
}

/// Nothing but signs of joy, whatever their colour and shape.
fn is_glad(text: &str) -> bool {
    let is_shape = |c: char| matches!(c, '\u{fe0e}' | '\u{fe0f}' | '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}');
    text.contains(GLAD) && text.chars().all(|c| GLAD.contains(&c) || is_shape(c) || c.is_whitespace())
}

fn is_thanks(said: &[String]) -> bool {
    let known =
        |word: &String| THANKS.contains(&word.as_str()) || COURTEOUS.contains(&word.as_str()) || YES.contains(&word.as_str());
    said.len() <= THANKS_WORDS_MAX && said.iter().any(|word| THANKS.contains(&word.as_str())) && said.iter().all(known)
}

/// A sentence that says that it is solved now, and nothing else but courtesies.
fn is_solved(said: &[String]) -> bool {
    let joined = said.join(" ");
    let is_short = said.len() <= ANSWER_WORDS_MAX;
    let Some(rest) = SOLVED.iter().find_map(|phrase| joined.strip_prefix(phrase)).filter(|_| is_short) else { return false };
    let known = |word: &str| COURTEOUS.contains(&word) || THANKS.contains(&word) || YES.contains(&word);
    (rest.is_empty() || rest.starts_with(' ')) && rest.split_whitespace().all(known)
}

/// A yes alone or with courtesies; a no at the beginning, whatever follows.
fn yes_or_no(said: &[String]) -> Option<Courtesy> {
    let first = said.first()?;
    if NO.contains(&first.as_str()) {
        return (said.len() <= ANSWER_WORDS_MAX).then_some(Courtesy::No);
    }
    let known =
        |word: &String| YES.contains(&word.as_str()) || COURTEOUS.contains(&word.as_str()) || THANKS.contains(&word.as_str());
    (said.len() <= ANSWER_WORDS_MAX && said.iter().any(|word| YES.contains(&word.as_str())) && said.iter().all(known))
        .then_some(Courtesy::Yes)
}

/// Lower case, without punctuation. A name below the words (`Dana`) is left out: it stands on a line of its own.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_name = |line: &str| {
        let first = line.chars().next().is_some_and(char::is_uppercase);
        first
            && line.split_whitespace().count() <= 2
            && line.chars().all(|c| c.is_alphabetic() || c == ' ' || c == '-' || c == '.')
    };
    let is_courtesy = |line: &str| {
        let word = line.trim_end_matches(['.', '!', ',']).to_lowercase();
        [STOP, STATUS, GOOD, BAD, YES, NO, THANKS].iter().any(|list| list.contains(&word.as_str()))
    };
    if lines.len() > 1 && lines.last().is_some_and(|line| is_name(line) && !is_courtesy(line)) {
        lines.pop();
    }
    lines.into_iter().flat_map(words_of_line).collect()
}

/// A name that ends an address (`Thank you Maya!`) is left out.
fn words_of_line(line: &str) -> Vec<String> {
    let is_kept = |c: char| c.is_alphanumeric() || c == '\'' || c == '’';
    let mut words: Vec<String> = Vec::new();
    let mut rest = line;
    while let Some(from) = rest.find(is_kept) {
        rest = &rest[from..];
        let (word, after) = rest.split_at(rest.find(|c| !is_kept(c)).unwrap_or(rest.len()));
        rest = after;
        let ends = after.trim_start().chars().next().is_none_or(|c| matches!(c, '.' | ',' | '!' | '。' | '！' | '-' | '–'));
        let is_addressed = |last: &String| ADDRESSING.contains(&last.as_str()) || THANKS.contains(&last.as_str());
        let is_name = word.chars().next().is_some_and(char::is_uppercase) && word.chars().all(char::is_alphabetic);
        if !(ends && is_name && words.last().is_some_and(is_addressed)) {
            words.push(word.to_lowercase().replace('’', "'"));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(subject: &str, text: &str, expect: Option<Courtesy>) {
        let raw = format!("From: dana@x.example\r\nSubject: {subject}\r\n\r\n{text}\r\n");
        let parsed = mail::parse(raw.as_bytes());
        assert_eq!(of(&parsed.message), expect, "{subject} / {text}");
    }

    #[test]
    fn thanks_alone_is_thanks() {
        for text in [
            "Thanks!",
            "Thank you so much, it works now.",
            "Vielen Dank für die schnelle Hilfe!",
            "Merci beaucoup\n\nDana",
            "thx",
            "Perfect, works now. Thank you Maya!",
            "Thanks Maya, all sorted.",
            "Vielen Dank, das ging ja schnell!",
            "Danke, funktioniert jetzt wieder.",
            "Lieben Dank Ihnen, es läuft wieder",
            "Merci, ça marche maintenant !",
            "Gracias, ya funciona todo",
            "Bedankt, het werkt weer!",
            "👍",
            "👍🏽 ❤️",
        ] {
            check("Re: Probe", text, Some(Courtesy::Thanks));
        }
    }

    #[test]
    fn thanks_with_anything_else_is_a_mail() {
        for text in [
            "Thanks, but it still fails.",
            "Thanks! Can you also send the invoice?",
            "Thanks, the printer is broken",
            "Danke, geht wieder nicht",
            "Thanks, it works again but slowly",
            "Danke, der Drucker geht noch immer nicht.",
            "Thank you, Friday then",
            "👍 and the other one",
            "Thank you for your help, I will try it tomorrow and write again when I know more about it",
        ] {
            check("Re: Probe", text, None);
        }
    }

    #[test]
    fn one_word_is_enough() {
        check("STOP", "", Some(Courtesy::Stop));
        check("Re: Probe", "stop", Some(Courtesy::Stop));
        check("Re: Probe", "Stop the pump when it is hot", None);
        check("status", "", Some(Courtesy::Status));
        check("Re: Probe", "Status?", Some(Courtesy::Status));
        check("Re: Probe", "good", Some(Courtesy::Good));
        check("Re: Probe", "Not solved.", Some(Courtesy::Bad));
        check("Re: Probe", "This solved it, thank you!", Some(Courtesy::Good));
        check("Re: Probe", "This solved it but the printer is dead", None);
        check("Re: Probe", "Ja, danke!", Some(Courtesy::Thanks));
        check("Re: Probe", "Yes", Some(Courtesy::Yes));
        check("Re: Probe", "No, it broke again", Some(Courtesy::No));
        check("Re: Probe", "No idea where to begin with that but let me tell you a long story of it", None);
    }
}
