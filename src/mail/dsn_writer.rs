//! Who wrote a notice, and to whom: what people write and mailers do not.

use std::sync::LazyLock;

use regex::Regex;

use crate::dsn_text::Notice;
use crate::{parse, words};

impl Notice<'_> {
    /// Whether a person greets and asks, which no mailer does both.
    pub(crate) fn sounds_personal(&self) -> bool {
        words::greets(self.text.trim_start()) && self.asks()
    }

    /// Whether there is a question outside quoted lines.
    pub(crate) fn asks(&self) -> bool {
        // What a charset lost is a row of question marks, and a link may end with one.
        let ends_question = |word: &str| {
            let bare = word.trim_end_matches(['?', '？', '!', ')']);
            bare.len() < word.len()
                && word[bare.len()..].contains(['?', '？'])
                && bare.contains(char::is_alphabetic)
                && !bare.contains('?')
                && !bare.contains("://")
        };
        let own = parse::lines(self.text).filter(|line| !line.trim_start().starts_with('>'));
        self.text.contains(['?', '？']) && own.flat_map(str::split_whitespace).any(ends_question)
    }

    /// Whether lines are quoted as in an answer; sessions are quoted with three marks.
    pub(crate) fn quotes(&self) -> bool {
        parse::lines(self.text).any(|line| line.starts_with('>') && !line.starts_with(">>>"))
    }

    /// Whether the writer tells of a mail of their own; a mailer tells of yours.
    pub(crate) fn speaks_of_own_mail(&self) -> bool {
        static OWN: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(concat!(
                r"\b(?:my (?:e-?mails?|messages?|mail to)|meine (?:e-?mails?|nachricht|mail)|(?:mon|mes) (?:e-?mails?|courriels?|messages?|mails?)|",
                r"mis? (?:correos?|mensajes?|e-?mails?)|mi[ao] (?:e-?mail|messaggio|mail)|minha mensagem|meu e-?mail|mijn (?:e-?mail|bericht|mail)|",
                r"(?:mitt|min) (?:mejl|mail|e-?post|meddelande|besked)|moj[aą] wiadomość|мо[йёе] (?:письмо|сообщение)|",
                r"i (?:just |always |only |still )?(?:get|got|received|wrote|keep getting|am getting)|ich (?:bekomme|bekam|erhalte|erhielt|habe)|",
                r"je reçois|j'ai (?:reçu|écrit)|ho (?:ricevuto|scritto)|he (?:recibido|escrito)|ik (?:krijg|kreeg|heb)|jag (?:får|fick)|jeg (?:får|fik|fikk))\b"
            ))
            .expect("constant pattern")
        });
        OWN.is_match(&self.folded)
    }

    /// Whether it tells of a mail to its reader that a filter kept, not of one from its reader.
    pub(crate) fn is_about_incoming(&self) -> bool {
        static INCOMING: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"not (?:been )?delivered to you\b|\b(?:in|from) (?:an?|the|this|\d+) (?:e-?mails?|messages?|mail)(?: that| which)?(?: was| were)? (?:sent|addressed) to you\b|\b(?:e-?mails?|messages?|mail) addressed to you\b|an sie (?:gerichtete|gesendete|adressierte)").expect("constant pattern")
        });
        // Hardly any notice has these words, and finding that out is cheaper.
        [" to you", "an sie "].iter().any(|words| self.folded.contains(words)) && INCOMING.is_match(&self.folded)
    }
}
