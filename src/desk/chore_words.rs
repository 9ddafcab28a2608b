//! What the mails say that no single ticket causes, in each language. Every sentence is here.

/// The words of one language.
pub(crate) struct ChoreWords {
    pub(crate) language: &'static str,
    pub(crate) report: &'static str,
    pub(crate) report_subject: &'static str,
    pub(crate) questions: &'static str,
    pub(crate) questions_say: &'static str,
    pub(crate) questions_more: &'static str,
    pub(crate) questions_subject: [&'static str; 2],
    pub(crate) waive: &'static str,
    pub(crate) issue: &'static str,
    pub(crate) issue_waiting: [&'static str; 2],
    pub(crate) issue_say: &'static str,
    pub(crate) issue_subject: &'static str,
    pub(crate) recurring: &'static str,
    pub(crate) recurring_say: &'static str,
    pub(crate) recurring_before: &'static str,
    pub(crate) recurring_do: &'static str,
    pub(crate) recurring_subject: &'static str,
    pub(crate) make_it: &'static str,
    pub(crate) times: [&'static str; 3],
    pub(crate) untold: &'static str,
    pub(crate) untold_say: &'static str,
    pub(crate) untold_subject: [&'static str; 2],
    pub(crate) untold_many: &'static str,
    pub(crate) untold_more: &'static str,
}

const ENGLISH: ChoreWords = ChoreWords {
    language: "en",
    report: "report",
    report_subject: "{company}: report, {title}",
    questions: "closing questions",
    questions_say: "These tickets were closed with questions that nobody has answered. Answer the mail of a ticket with \
                    `#close cause=…`; `-` as an answer waives a question.",
    questions_more: "There are {count} in all; the newest are shown.",
    questions_subject: ["1 closed ticket with open questions", "{count} closed tickets with open questions"],
    waive: "waive",
    issue: "known issue",
    issue_waiting: ["1 ticket waits", "{count} tickets wait"],
    issue_say: "{waiting} on the known issue {issue}, and nobody has told the requesters how it stands. The first was promised \
                an answer by {when}. Answer the mail of any of these tickets with your words and `#issue {issue} update` below \
                them: each requester gets them once. `#issue {issue} solved` ends it.",
    issue_subject: "{waiting} on {issue}: an answer is due {when}",
    recurring: "recurring",
    recurring_say: "{count} tickets within {days} days may have one cause. What joins them: ",
    recurring_before: ". In as long a time before that: {times}.",
    recurring_do: "If they have: make a known issue with `#issue new \"title\"` on one of them, and join the others with \
                   `#issue NAME`. With `match: words` behind the title, new ones join by themselves. ",
    recurring_subject: "{count} tickets about {words}",
    make_it: "make it",
    times: ["never", "once", "{count} times"],
    untold: "more than usual",
    untold_say: "You were told of so much within the hour that these tickets were kept for this one mail. Something new \
                 happened to each of them:",
    untold_subject: ["1 more ticket with news", "{count} more tickets with news"],
    untold_many: "more than {count} tickets with news",
    untold_more: "These are the newest; there was news of others too. Write `list mine` or `list team` as the subject of a mail \
                  to this address to see all that is open.",
};

const GERMAN: ChoreWords = ChoreWords {
    language: "de",
    report: "Bericht",
    report_subject: "{company}: Bericht, {title}",
    questions: "Fragen zum Abschluss",
    questions_say: "Diese Anfragen wurden geschlossen, ohne dass jemand die Fragen beantwortet hat. Antworten Sie auf die Mail \
                    einer Anfrage mit `#close cause=…`; `-` als Antwort lässt eine Frage weg.",
    questions_more: "Es sind {count} insgesamt; die neuesten stehen hier.",
    questions_subject: ["1 geschlossene Anfrage mit offenen Fragen", "{count} geschlossene Anfragen mit offenen Fragen"],
    waive: "weglassen",
    issue: "bekannte Störung",
    issue_waiting: ["1 Anfrage wartet", "{count} Anfragen warten"],
    issue_say: "{waiting} auf die bekannte Störung {issue}, und niemand hat den Fragenden gesagt, wie es steht. Der ersten ist \
                eine Antwort bis {when} zugesagt. Antworten Sie auf die Mail einer dieser Anfragen mit Ihren Worten und \
                `#issue {issue} update` darunter: Jeder bekommt sie einmal. `#issue {issue} solved` beendet sie.",
    issue_subject: "{waiting} auf {issue}: Antwort fällig {when}",
    recurring: "kommt wieder",
    recurring_say: "{count} Anfragen in {days} Tagen haben vielleicht eine Ursache. Das haben sie gemeinsam: ",
    recurring_before: ". Vorher kam so etwas in gleicher Zeit {times} vor.",
    recurring_do: "Wenn ja: Machen Sie mit `#issue new \"Titel\"` an einer davon eine bekannte Störung, und fügen Sie die \
                   anderen mit `#issue NAME` hinzu. Mit `match: Wörter` hinter dem Titel kommen neue von selbst dazu. ",
    recurring_subject: "{count} Anfragen zu {words}",
    make_it: "anlegen",
    times: ["nie", "einmal", "{count}-mal"],
    untold: "mehr als sonst",
    untold_say: "Sie bekamen in einer Stunde so viele Mails, dass diese Anfragen hier zusammen stehen. Bei jeder gibt es etwas \
                 Neues:",
    untold_subject: ["1 weitere Anfrage mit Neuem", "{count} weitere Anfragen mit Neuem"],
    untold_many: "mehr als {count} Anfragen mit Neuem",
    untold_more: "Das sind die neuesten; auch bei anderen gab es Neues. Eine Mail an diese Adresse mit dem Betreff `list mine` \
                  oder `list team` zeigt alles, was offen ist.",
};

/// The words of a language of [`crate::agent_words`]; English where there are none.
pub(crate) fn words_in(language: &str) -> &'static ChoreWords {
    [&GERMAN].into_iter().find(|words| words.language == language).unwrap_or(&ENGLISH)
}

impl ChoreWords {
    /// The form for a number: one, or more.
    pub(crate) fn counted(forms: &[&'static str; 2], count: usize) -> String {
        forms[usize::from(count != 1)].replace("{count}", &count.to_string())
    }

    /// How often something came.
    pub(crate) fn how_often(&self, count: usize) -> String {
        self.times[count.min(2)].replace("{count}", &count.to_string())
    }
}
