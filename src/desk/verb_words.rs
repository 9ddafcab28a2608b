//! Usage and help of the verbs in other languages than English, each at the place of its verb in [`crate::verb::TABLE`].
//!
//! What is typed stays as it is typed: the verbs, and the words that follow them. Placeholders are told in the language.

/// Usage and help of a verb.
pub(crate) type Lines = [(&'static str, &'static str); crate::verb::TABLE.len()];

/// The table of a language; `None` where the one of the verbs itself serves.
pub(crate) fn lines(language: &str) -> Option<&'static Lines> {
    (language == "de").then_some(&GERMAN)
}

#[rustfmt::skip]
static GERMAN: Lines = [
    ("note [Worte]", "Worte intern behalten; ohne Worte den Text der Mail."),
    ("reply [Worte]", "Der Kundin oder dem Kunden antworten; ohne Worte mit dem Text der Mail."),
    ("kb a [text]", "Einen Hilfeartikel der Liste senden, als Link oder mit seinem Text."),
    ("send NAME", "Eine gespeicherte Antwort senden."),
    ("ask [FELD …]", "Mit dem Formular nach Feldern fragen; ohne Namen nach allen, die fehlen."),
    ("take", "Zuständig werden."),
    ("drop", "Dem Team zurückgeben."),
    ("assign @person | team:NAME | none", "Übergeben."),
    ("watch", "Mitlesen."),
    ("mute", "Keine Nachrichten mehr an mich, außer ich bin zuständig."),
    ("close [Grund] [cause=… article=… feature=…]", "Es ist gelöst; eine Antwort öffnet es wieder. `close anyway because …` schließt trotz offener Fragen."),
    ("wait", "Die Kundin oder der Kunde ist am Zug."),
    ("snooze WANN", "Bis dahin ruhen: 2h, 3d, 1bd, mo, di 9:00, 2026-12-01."),
    ("reopen", "Wieder daran arbeiten."),
    ("done [2 3 …]", "Punkte der Liste des Schritts sind erledigt; ohne Nummern der ganze Schritt."),
    ("undone 2 [3 …]", "Sie sind doch nicht erledigt."),
    ("reject because …", "Der Schritt wird nicht freigegeben: Die Arbeit geht zurück."),
    ("skip 2 because …", "Ein Punkt ist nicht nötig, und warum."),
    ("step NAME", "Zu einem Schritt des Ablaufs gehen."),
    ("set feld=wert", "Einem Feld einen Wert geben."),
    ("type NAME", "Einem anderen Ablauf folgen."),
    ("priority low | normal | high | urgent", "Ändern, wie dringend es ist."),
    ("tag +a -b", "Marken dazugeben und wegnehmen."),
    ("time 15m", "Zeit, die gearbeitet wurde."),
    ("cc a@b", "Jemand von außen nimmt teil."),
    ("uncc a@b", "Jemand von außen nimmt nicht mehr teil."),
    ("vendor NAME [Worte]", "Einen Dienstleister daneben fragen; ohne Worte mit dem Text der Mail."),
    ("customer a@b", "Sagen, wer gefragt hat, nach einer Weiterleitung oder einem Anruf."),
    ("merge T-4700", "Dieses Ticket wird Teil eines anderen."),
    ("split", "Die neueste Nachricht wird ein eigenes Ticket."),
    ("issue NAME [update: … | match: … | workaround: … | cause: … | solved] | issue new \"Titel\" [match: …]", "Zu einer bekannten Störung gehören, ihren Tickets etwas sagen, ihre Fälle beschreiben oder eine anlegen."),
    ("spam", "Schließen; der Absender bekommt keine automatischen Mails."),
    ("redact", "Die neueste Nachricht aus dem nehmen, was gezeigt wird."),
    ("undo", "Zurücknehmen, was ich in den letzten 24 Stunden zuletzt getan habe."),
    ("confirm [CODE]", "Ausführen, was auf mein Ja wartet."),
    ("help [Befehl]", "Mir die Befehle schicken, oder einen davon."),
    ("show [T-n]", "Mir das ganze Ticket schicken."),
    ("list [mine | team | overdue]", "Mir eine Liste von Tickets schicken."),
    ("find Worte", "Mir die Tickets schicken, in denen die Worte stehen."),
    ("new [a@b]", "Aus dieser Mail ein Ticket für diese Person machen."),
    ("away until WANN | away off", "Bis dahin bekomme ich keine Tickets."),
    ("forget a@b", "Diese Adresse, die ich einmal als meine genannt habe, ist nicht mehr meine."),
    ("report [week | month]", "Mir den Bericht schicken."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::TABLE;

    /// Brackets, bars, quotation marks and examples are typed, and so the same in all languages.
    fn shape(usage: &str) -> String {
        usage.chars().filter(|c| !c.is_alphabetic() && !c.is_whitespace()).collect()
    }

    #[test]
    fn each_line_stands_at_the_place_of_its_verb_and_says_the_same() {
        let german = lines("de").expect("there is one");
        for (entry, (usage, help)) in TABLE.iter().zip(german) {
            assert_eq!(usage.split_whitespace().next(), Some(entry.word));
            assert_eq!(shape(usage), shape(entry.usage), "{}", entry.word);
            assert!(help.ends_with('.') && *help != entry.help, "{}", entry.word);
        }
    }

    #[test]
    fn every_language_of_mails_to_agents_has_help() {
        for words in &crate::agent_words::ALL[1..] {
            assert!(lines(words.language).is_some(), "{}", words.language);
        }
    }
}
