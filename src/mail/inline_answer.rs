//! Answers written into the mail that is answered, where no quote mark tells the two apart: only the writer says so.

use std::sync::LazyLock;

use regex::Regex;

/// Whoever announces their answers says little more.
pub(crate) const WORDS_MAX: usize = 40;
/// What follows the announcement is a polite end.
const WORDS_BEHIND_MAX: usize = 8;

/// Whether a line names a place where answers may stand, as few lines do.
pub(crate) fn names_place(line: &str) -> bool {
    static PLACES: LazyLock<Regex> = LazyLock::new(|| {
        let places = "nline|n-line|n line|below|in red|in blue|in green|in bold|in cap|in col|in purple|in your |between the|\
                      interspers|embedded|in the text|unten|im text|in rot|in blau|in grün|in fett|in ihrer |in deiner |\
                      in Ihrer |in Deiner |in Rot|in Blau|in Grün|zwischen den|unterhalb|dans le |ci-dessous|en rouge|en bleu|\
                      en vert|en gras|abajo|debajo|entre líneas|en rojo|en azul|en verde|en negrita|en el texto|sotto|\
                      di seguito|in rosso|in blu|in verde|nel testo|abaixo|em vermelho|em azul|em verde|no texto|no corpo|\
                      hieronder|in het |in rood|in de |tussen de|poniżej|w tekście|na czerwono|na niebiesko|nedan|nedenfor|\
                      i texten|i teksten|med r|i r|med blått|níže|v textu|červeně|modře|ниже|в тексте|красным|синим";
        Regex::new(&places.split('|').map(regex::escape).collect::<Vec<_>>().join("|")).expect("constant pattern")
    });
    PLACES.is_match(line)
}

/// Whether a text of at most [`WORDS_MAX`] words says that its answers stand within the mail below it: "See my answers
/// inline.", "Antworten in Rot".
pub(crate) fn is_announced(text: &str) -> bool {
    static ANNOUNCED: LazyLock<Regex> = LazyLock::new(|| {
        let pairs = [
            (
                r"\b(?:answer|repl(?:y|ie)|comment|response)\w*",
                r"(?:in-?line|in line|below|in (?:red|blue|green|bold|capitals|caps|colou?r|purple|your (?:e-?)?(?:text|mail|message))|between the lines|interspersed|embedded|in the text)\b",
            ),
            (r"\b(?:see|please find|find)\b", r"(?:in-?line\b|in (?:red|blue|green|bold)\b)"),
            (r"\b(?:answered|replied|commented)\b", r"(?:in-?line|in line|below|between the lines|in (?:red|blue|green|bold))\b"),
            (
                r"(?:antwort|kommentar|anmerkung)\w*",
                r"(?:unten|inline|im text\b|in (?:rot|blau|grün|fett|ihrer (?:e-?)?mail|deiner (?:e-?)?mail|ihrer nachricht)\b|zwischen den zeilen|unterhalb)",
            ),
            (
                r"(?:réponse|commentaire|remarque)\w*",
                r"(?:dans le (?:texte|corps|message)|ci-dessous|en (?:rouge|bleu|vert|gras))",
            ),
            (r"(?:respuesta|comentario)\w*", r"(?:abajo|debajo|entre líneas|en (?:rojo|azul|verde|negrita|el texto))"),
            (r"(?:rispost[ea]|comment[oi])", r"(?:sotto|di seguito|in (?:rosso|blu|verde)|nel testo)"),
            (r"(?:resposta|comentário)\w*", r"(?:abaixo|em (?:vermelho|azul|verde)|no (?:texto|corpo))"),
            (
                r"(?:antwoord|opmerking|reactie)\w*",
                r"(?:hieronder|in (?:het )?(?:rood|blauw|groen)|in de (?:tekst|mail)|tussen de regels)",
            ),
            (r"(?:odpowiedzi|komentarze|uwagi)", r"(?:poniżej|w tekście|na czerwono|na niebiesko)"),
            (r"\b(?:svar|kommentar)\w*", r"(?:nedan|nedenfor|i texten|i teksten|med r[öø]dt?|i r[öø]t?d?t\b|med blått)"),
            (r"(?:odpověd|komentář)\w*", r"(?:níže|v textu|červeně|modře)"),
            (r"(?:ответ|комментари)\w*", r"(?:ниже|в тексте|красным|синим)"),
        ];
        let both = |(one, other): &(&str, &str)| format!(r"{one}[^.!?\n]{{0,40}}{other}");
        let pattern = pairs.iter().map(both).collect::<Vec<_>>().join("|");
        Regex::new(&format!(r"{pattern}|^(?:pl(?:ea)?s(?:e)? )?(?:see )?in-?line\b")).expect("constant pattern")
    });
    let lower = text.to_lowercase();
    let found = ANNOUNCED.find_iter(&lower).last();
    found.is_some_and(|found| {
        let before = lower[..found.start()].rsplit(char::is_whitespace).find(|word| !word.is_empty()).unwrap_or_default();
        !OF_OTHERS.contains(&before) && lower[found.end()..].split_whitespace().nth(WORDS_BEHIND_MAX).is_none()
    })
}

/// "Your answer below" is somebody else's.
const OF_OTHERS: [&str; 22] = [
    "your",
    "their",
    "his",
    "her",
    "customer's",
    "client's",
    "ihre",
    "ihrer",
    "ihrem",
    "eure",
    "deine",
    "deiner",
    "seine",
    "votre",
    "vos",
    "su",
    "sus",
    "tu",
    "tus",
    "vostra",
    "sua",
    "uw",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_says_where_the_answers_are() {
        for text in [
            "Hi Bob, please find my answers inline.",
            "See my replies in blue.",
            "Replies inline below.\n\nThanks\nAnn",
            "I have answered between the lines.",
            "Hallo, meine Antworten stehen unten in blau.",
            "Antworten siehe unten.",
            "Meine Antworten stehen in Ihrer Mail.",
            "Antworten in Rot",
            "Réponses dans le texte.",
            "Ver respuestas abajo.",
            "Zie mijn antwoorden hieronder.",
            "Inline.",
        ] {
            assert!(is_announced(text) && names_place(text), "{text}");
        }
        for text in [
            "see below",
            "Thanks for your answer.",
            "Thank you for your answers below.",
            "My answers are below:\n\n1. The X200, with the long handle.\n2. Since April, I think.",
            "The inline filter is broken. Please send a new one, and tell me what it costs.",
            "Yes, please. The comment on the page is gone.",
            "",
        ] {
            assert!(!is_announced(text), "{text}");
        }
    }
}
