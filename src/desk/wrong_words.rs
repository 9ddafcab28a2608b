//! What is wrong with what an agent wrote, in each language: reasons of mistakes, of refusals and of holds.
//!
//! Both languages of a sentence stand side by side, so that none can be missing; words that are typed stay as they are typed.

/// One language.
#[derive(Debug)]
pub(crate) struct WrongWords {
    /// ISO 639-1, as in [`crate::agent_words::Words`].
    pub(crate) language: &'static str,
    pub(crate) sentences: &'static Sentences,
}

macro_rules! sentences {
    ($($name:ident: $english:literal, $german:literal;)*) => {
        /// Every sentence; `{name}` is filled with a value.
        #[derive(Debug)]
        pub(crate) struct Sentences { $(pub(crate) $name: &'static str,)* }

        const ENGLISH: Sentences = Sentences { $($name: $english,)* };
        const GERMAN: Sentences = Sentences { $($name: $german,)* };
    };
}

/// All languages; the first is the fallback.
pub(crate) const ALL: [WrongWords; 2] =
    [WrongWords { language: "en", sentences: &ENGLISH }, WrongWords { language: "de", sentences: &GERMAN }];

/// Why a person should look at a ticket, which is kept in English, in a language. A rule's words are its operator's.
pub(crate) fn hold_in(language: &str, kept: &str) -> String {
    let Some(told) = ALL.iter().find(|words| words.language == language) else { return kept.to_owned() };
    let pick: [fn(&Sentences) -> &'static str; 3] = [|say| say.hold_bounced, |say| say.hold_reopened, |say| say.hold_missing];
    let in_it = |pick: fn(&Sentences) -> &'static str| {
        let names = match pick(&ENGLISH).strip_prefix("{names}") {
            Some(end) => kept.strip_suffix(end)?,
            None => (kept == pick(&ENGLISH)).then_some("")?,
        };
        Some(crate::agent_page::fill_text(pick(told.sentences), &[("names", names)]))
    };
    pick.into_iter().find_map(in_it).unwrap_or_else(|| kept.to_owned())
}

/// What a name is of that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Noun {
    Agent,
    Article,
    Field,
    Issue,
    Priority,
    SavedAnswer,
    Step,
    Team,
    Type,
    Vendor,
}

impl Sentences {
    /// That there is none of that name.
    pub(crate) fn unknown(&self, noun: Noun) -> &'static str {
        match noun {
            Noun::Agent => self.no_agent,
            Noun::Article => self.no_article,
            Noun::Field => self.no_field,
            Noun::Issue => self.no_issue,
            Noun::Priority => self.no_priority,
            Noun::SavedAnswer => self.no_saved,
            Noun::Step => self.no_step,
            Noun::Team => self.no_team,
            Noun::Type => self.no_type,
            Noun::Vendor => self.no_vendor,
        }
    }
}

#[rustfmt::skip]
sentences! {
    // The block.
    pin_place: "the PIN stands in the first or the last line", "die PIN steht in der ersten oder letzten Zeile";
    too_many: "too many commands in one mail", "zu viele Befehle in einer Mail";
    wrapped: "your mail program may have wrapped this line: put an empty line below it", "Ihr Mailprogramm hat diese Zeile vielleicht umgebrochen: Lassen Sie darunter eine Zeile leer";
    no_ticket: "this mail is about no ticket: answer a ticket's mail, or begin with `new`", "diese Mail gehört zu keinem Ticket: Antworten Sie auf die Mail eines Tickets, oder beginnen Sie mit `new`";
    note_and_reply: "the mail cannot be a note and a reply: give one of them its words on the line", "die Mail kann nicht Notiz und Antwort sein: Geben Sie einer davon ihre Worte in der Zeile";
    // The line.
    no_command: "no command", "kein Befehl";
    blank_missing: "a blank is missing", "ein Leerzeichen fehlt";
    unknown_near: "no such command; \"{near}\" is close", "diesen Befehl gibt es nicht; \"{near}\" ist ähnlich";
    unknown_verb: "no such command; `help` lists them", "diesen Befehl gibt es nicht; `help` zählt alle auf";
    no_such_command: "there is no command `{word}`", "es gibt keinen Befehl `{word}`";
    too_long: "this line is too long", "diese Zeile ist zu lang";
    one_command: "one command per line", "ein Befehl je Zeile";
    quote_open: "the quotation mark has no end", "das schließende Anführungszeichen fehlt";
    stands_alone: "`{word}` stands alone", "`{word}` steht allein";
    other_ticket: "this mail is about {reference}: write to the other ticket", "diese Mail gehört zu {reference}: Schreiben Sie an das andere Ticket";
    nothing_more: "nothing more is expected here: `{usage}`", "hier folgt nichts mehr: `{usage}`";
    desk_only: "this is asked without a ticket: write it to the desk's own address", "das wird ohne Ticket gefragt: Schreiben Sie es an die Adresse des Desks selbst";
    said_alone: "this is said alone, in a mail of its own", "das steht allein, in einer eigenen Mail";
    link_old: "this link cannot be read any more", "dieser Verweis lässt sich nicht mehr lesen";
    // What a command needs.
    say_address: "say whose address", "sagen Sie, wessen Adresse";
    say_article: "say which article, by its letter or id", "sagen Sie, welcher Artikel, mit Buchstabe oder Kennung";
    say_field: "say which field", "sagen Sie, welches Feld";
    say_find: "say what to look for", "sagen Sie, was gesucht wird";
    say_into: "say into which ticket", "sagen Sie, mit welchem Ticket";
    say_issue: "say which known issue", "sagen Sie, welche bekannte Störung";
    say_item: "say which item, and why", "sagen Sie, welcher Punkt, und warum";
    say_items: "say which items", "sagen Sie, welche Punkte";
    say_labels: "say which labels", "sagen Sie, welche Marken";
    say_long: "say how long", "sagen Sie, wie lange";
    say_priority: "say which priority", "sagen Sie, welche Dringlichkeit";
    say_saved: "say which saved answer", "sagen Sie, welche gespeicherte Antwort";
    say_step: "say which step", "sagen Sie, welcher Schritt";
    say_ticket: "say which ticket", "sagen Sie, welches Ticket";
    say_title: "say what it is called", "sagen Sie, wie sie heißt";
    say_type: "say which type", "sagen Sie, welche Art";
    say_until: "say until when", "sagen Sie, bis wann";
    say_value: "say its value", "sagen Sie, welcher Wert";
    say_vendor: "say which vendor", "sagen Sie, welcher Dienstleister";
    say_whom: "say to whom", "sagen Sie, an wen";
    say_why: "say why", "sagen Sie, warum";
    say_why_anyway: "say why: `close anyway because …`", "sagen Sie, warum: `close anyway because …`";
    say_told: "say what its requesters are told", "sagen Sie, was die Betroffenen erfahren sollen";
    say_who: "say who does it: `--as AGENT`", "sagen Sie, wer es tut: `--as AGENT`";
    say_tags: "say which tags: `+a -b`", "sagen Sie, welche Marken: `+a -b`";
    say_question: "say what to ask: `vendor {vendor} words`", "sagen Sie, was gefragt wird: `vendor {vendor} Worte`";
    say_customer: "say who the customer is: `new customer: a@b`", "sagen Sie, wer der Kunde ist: `new customer: a@b`";
    // Names.
    no_agent: "there is no agent `{word}`", "es gibt keine Person `{word}` im Team";
    no_article: "there is no article `{word}`", "es gibt keinen Artikel `{word}`";
    no_field: "there is no field `{word}`", "es gibt kein Feld `{word}`";
    no_issue: "there is no known issue `{word}`", "es gibt keine bekannte Störung `{word}`";
    no_priority: "there is no priority `{word}`", "es gibt keine Dringlichkeit `{word}`";
    no_saved: "there is no saved answer `{word}`", "es gibt keine gespeicherte Antwort `{word}`";
    no_step: "there is no step `{word}`", "es gibt keinen Schritt `{word}`";
    no_team: "there is no team `{word}`", "es gibt kein Team `{word}`";
    no_type: "there is no type `{word}`", "es gibt keine Art `{word}`";
    no_vendor: "there is no vendor `{word}`", "es gibt keinen Dienstleister `{word}`";
    there_are: "; there are: {all}", "; es gibt: {all}";
    is_close: "; `{near}` is close", "; `{near}` ist ähnlich";
    and_more: "{all} and {count} more", "{all} und {count} weitere";
    type_has_none: ": the ticket's type has none", ": Die Art des Tickets hat keine Felder";
    saved_would_be: ": templates/<language>/answer-{name}.txt would be it", ": templates/<language>/answer-{name}.txt wäre sie";
    no_articles: "there are no articles: `[articles] path` names their folder", "es gibt keine Artikel: `[articles] path` nennt ihren Ordner";
    saved_template: "template {name}: {what}", "Vorlage {name}: {what}";
    saved_empty: "the saved answer `{name}` says nothing", "die gespeicherte Antwort `{name}` sagt nichts";
    never_asked: "customers are never asked for `{field}`", "nach `{field}` werden Kunden nie gefragt";
    names_no_ticket: "`{word}` names no ticket; write {example}", "`{word}` nennt kein Ticket; schreiben Sie {example}";
    absent_ticket: "there is no ticket {reference}", "es gibt kein Ticket {reference}";
    absent: "there is no such ticket", "dieses Ticket gibt es nicht";
    which_ticket: "which ticket? Answer its mail, or name it in the subject: [T-1]", "welches Ticket? Antworten Sie auf seine Mail, oder nennen Sie es im Betreff: [T-1]";
    no_address: "`{word}` is no mail address", "`{word}` ist keine Mailadresse";
    one_address: "one address per line", "eine Adresse je Zeile";
    only_address: "only an address is expected here", "hier steht nur eine Adresse";
    not_address: "this is no mail address", "das ist keine Mailadresse";
    address_configured: "this address stands in the configuration, where an operator can change it", "diese Adresse steht in der Konfiguration, wo der Betrieb sie ändern kann";
    address_unknown: "no such address was remembered as yours", "diese Adresse ist nicht als Ihre vermerkt";
    // Values.
    article_form: "an article is sent as `link` or `text`", "ein Artikel wird als `link` oder `text` gesendet";
    question_empty: "`{name}` has no value", "`{name}` hat keinen Wert";
    question_twice: "`{name}` is answered twice", "`{name}` ist zweimal beantwortet";
    no_question: "`{name}` is no closing question; there are: {all}", "`{name}` ist keine Frage zum Abschluss; es gibt: {all}";
    wait_date: "`wait` has no date; `snooze` has", "`wait` hat kein Datum; `snooze` hat eines";
    no_item: "`{word}` is no number of an item: `{usage}`", "`{word}` ist keine Nummer eines Punkts: `{usage}`";
    items_range: "step {step} has items 1 to {count}", "Schritt {step} hat die Punkte 1 bis {count}";
    item_beyond: "step {step} has items 1 to {count}, not {item}", "Schritt {step} hat die Punkte 1 bis {count}, nicht {item}";
    one_field: "one field per line", "ein Feld je Zeile";
    no_value: "`{value}` is no value for {field} ({expected})", "`{value}` ist kein Wert für {field} ({expected})";
    one_of: "one of {all}", "eines von {all}";
    no_label: "`{word}` is no label: letters, digits, `-`, `_`", "`{word}` ist keine Marke: Buchstaben, Ziffern, `-`, `_`";
    both_labels: "the same label is added and removed", "dieselbe Marke kommt dazu und geht weg";
    no_time: "this is no time worked: 15m, 1h30, 90 (minutes), at most a day", "das ist keine Arbeitszeit: 15m, 1h30, 90 (Minuten), höchstens ein Tag";
    into_itself: "a ticket cannot be merged into itself", "ein Ticket lässt sich nicht mit sich selbst zusammenführen";
    issue_form: "after the name stands nothing, `update: …`, `match: …`, `workaround: …`, `cause: …` or `solved`", "nach dem Namen steht nichts, `update: …`, `match: …`, `workaround: …`, `cause: …` oder `solved`";
    no_code: "this is no code: letters and digits", "das ist kein Code: Buchstaben und Ziffern";
    wrong_code: "this is not the code that was sent", "das ist nicht der gesendete Code";
    nothing_waits: "nothing of yours waits for that", "nichts von Ihnen wartet darauf";
    lists: "lists are: mine, team, overdue", "Listen sind: mine, team, overdue";
    reports: "reports are of a week or a month", "Berichte sind über eine Woche (week) oder einen Monat (month)";
    no_report: "the report could not be made; `frontdesk report` says why", "der Bericht ließ sich nicht erstellen; `frontdesk report` sagt, warum";
    // Moments.
    say_moment: "say until when: 2h, 3d, 1bd, mon, tue 9:00, 2026-12-01", "sagen Sie, bis wann: 2h, 3d, 1bd, mo, di 9:00, 2026-12-01";
    beyond: "`{said}` is beyond the calendar", "`{said}` liegt außerhalb des Kalenders";
    past: "`{said}` is in the past", "`{said}` ist vorbei";
    too_far: "`{said}` is more than three years ahead", "`{said}` liegt mehr als drei Jahre voraus";
    no_moment: "`{said}` is no moment: 2h, 3d, 1bd, mon, tue 9:00, tomorrow, 2026-12-01 14:00", "`{said}` ist kein Zeitpunkt: 2h, 3d, 1bd, mo, di 9:00, morgen, 2026-12-01 14:00";
    no_date: "`{word}` is no date; write it as 2026-12-01", "`{word}` ist kein Datum; schreiben Sie es als 2026-12-01";
    two_readings: "`{word}` has two readings; write it as 2026-12-01", "`{word}` lässt sich auf zwei Arten lesen; schreiben Sie es als 2026-12-01";
    // Refusals.
    status: "{reference} is {status}: `{verb}` is not possible", "{reference} hat den Stand {status}: `{verb}` ist nicht möglich";
    possible: "; possible now: {all}", "; jetzt möglich: {all}";
    text_empty: "the text is empty", "der Text ist leer";
    no_sender: "the mail named no sender, so there is nobody to answer", "die Mail nannte keinen Absender, also gibt es niemanden, dem zu antworten wäre";
    requester_is_agent: "the requester is an agent: say who the customer is, `customer a@b`", "die Anfrage kommt aus dem Team: Sagen Sie, wer der Kunde ist, `customer a@b`";
    requester_stays: "the requester cannot leave; `customer a@b` names another one", "wer gefragt hat, kann nicht ausscheiden; `customer a@b` nennt jemand anderen";
    nothing_to_undo: "you did nothing on this ticket within a day that could be undone", "Sie haben an diesem Ticket seit einem Tag nichts getan, was sich zurücknehmen ließe";
    reports_only: "{name} gets reports only", "{name} bekommt nur Berichte";
    no_step_now: "this ticket has no step under way", "an diesem Ticket läuft kein Schritt";
    second_person: "step {step} needs a second person: whoever owns the ticket cannot do it", "Schritt {step} braucht eine zweite Person: Wer für das Ticket zuständig ist, kann ihn nicht tun";
    is_agent: "{address} is an agent: `assign` or `watch` is for agents", "{address} gehört zum Team: Dafür gibt es `assign` oder `watch`";
    is_ours: "{address} is an address of this desk", "{address} ist eine Adresse dieses Desks";
    issue_solved: "issue {issue} is solved; `issue new \"title\"` makes another", "die Störung {issue} ist behoben; `issue new \"Titel\"` legt eine neue an";
    issue_already: "{reference} is a case of {issue} already", "{reference} ist schon ein Fall von {issue}";
    issue_words: "only who leads a team, works on the issue or made it can say which tickets are its cases", "welche Tickets ihre Fälle sind, sagt nur, wer ein Team leitet, an der Störung arbeitet oder sie angelegt hat";
    links_too_much: "`{entry}` would link too much; write the words that stand in such mails, with commas between them", "`{entry}` träfe zu viel; schreiben Sie die Worte, die in solchen Mails stehen, mit Kommas dazwischen";
    // What keeps words inside.
    your_answer: "your answer", "Ihre Antwort";
    layout: "a line of our own mail stands in it: \"{line}\"", "eine Zeile unserer eigenen Mail steht darin: \"{line}\"";
    hidden: "it has text that is not visible", "sie hat Text, den man nicht sieht";
    whole_mail: "\"{name}\" is a whole mail, which may hold more than is meant", "\"{name}\" ist eine ganze Mail, in der mehr stehen kann als gemeint";
    too_large: "\"{name}\" is larger than servers take", "\"{name}\" ist größer, als Server annehmen";
    leak: "it has {what}", "darin steht {what}";
    issue_leak: "the words for its requesters have {what}", "in den Worten für die Betroffenen steht {what}";
    secret_link: "an address or a link of ours that acts for an agent", "eine Adresse oder ein Verweis von uns, der für jemanden im Team handelt";
    secret_id: "the id of a mail of ours", "die Kennung einer Mail von uns";
    secret_address: "the address that agents write to", "die Adresse, an die das Team schreibt";
    secret_marker: "the line that our own mails begin with", "die Zeile, mit der unsere eigenen Mails beginnen";
    secret_mark: "a mark that our own mails carry", "ein Zeichen, das unsere eigenen Mails tragen";
    secret_reference: "a reference that only our own mails carry", "ein Bezug, den nur unsere eigenen Mails tragen";
    secret_page: "a link to a page for agents", "ein Verweis auf eine Seite für das Team";
    secret_line: "a line of our own mail to agents: \"{line}\"", "eine Zeile unserer eigenen Mail an das Team: \"{line}\"";
    open_step: "step {step}", "Schritt {step}";
    // Why a person should look at a ticket.
    hold_bounced: "our mail to the requester bounced", "unsere Mail kam zurück";
    hold_reopened: "reopened by mail too often: a person should look", "zu oft per Mail wieder geöffnet";
    hold_missing: "{names} is still missing after two questions: please call", "{names} fehlt nach zwei Fragen noch: bitte anrufen";
    // Why a message of somebody else waits for a yes.
    stranger: "a stranger used a participant's reply address", "jemand Fremdes hat die Antwortadresse einer beteiligten Person benutzt";
    vendors_address: "it came to the address that {vendor} was given, and its sender does not speak for them", "sie kam an die Adresse, die {vendor} bekommen hat, und ihr Absender spricht nicht für diesen Dienstleister";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of values in all sentences, in their order.
    fn names(sentences: &Sentences) -> Vec<Vec<String>> {
        let debug = format!("{sentences:#?}");
        let of_line = |line: &str| {
            let mut names: Vec<String> =
                line.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
            names.sort();
            names
        };
        debug.lines().skip(1).map(of_line).collect()
    }

    #[test]
    fn languages_have_the_same_values_in_the_same_sentences() {
        assert_eq!(names(&ENGLISH), names(&GERMAN));
    }

    #[test]
    fn reasons_to_look_are_told_in_the_language_of_the_agent() {
        for (kept, told) in [
            ("our mail to the requester bounced", "unsere Mail kam zurück"),
            ("Serial is still missing after two questions: please call", "Serial fehlt nach zwei Fragen noch: bitte anrufen"),
            ("ask the lawyers", "ask the lawyers"),
        ] {
            assert_eq!(hold_in("de", kept), told);
            assert_eq!((hold_in("en", kept).as_str(), hold_in("fr", kept).as_str()), (kept, kept));
        }
    }

    #[test]
    fn every_language_of_mails_to_agents_has_them() {
        let languages = crate::agent_words::ALL.map(|words| words.language);
        assert_eq!(ALL.map(|words| words.language), languages);
    }
}
