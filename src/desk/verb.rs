//! The verbs of commands: one table, from which reader, help and one-click mails are made.
//!
//! The words are English and always understood. Languages add aliases, ours in `templates/<language>/verbs.txt` and the
//! operator's in a file of the same name; every language is understood at once, since a desk speaks several.

use std::collections::BTreeMap;

use crate::mistake::nearest;
use crate::verb_words;

/// Aliases that are built in: language, source.
const BUILT_IN: [(&str, &str); 2] =
    [("en", include_str!("../../config/templates/en/verbs.txt")), ("de", include_str!("../../config/templates/de/verbs.txt"))];

/// Words of other tools that are no verbs here, and what their users look for. Only ever suggested: what they did there
/// is not exactly what is done here.
const SYNONYMS: [(&str, Verb); 38] = [
    ("answer", Verb::Reply),
    ("public", Verb::Reply),
    ("respond", Verb::Reply),
    ("comment", Verb::Note),
    ("internal", Verb::Note),
    ("private", Verb::Note),
    ("article", Verb::Kb),
    ("macro", Verb::Send),
    ("template", Verb::Send),
    ("claim", Verb::Take),
    ("grab", Verb::Take),
    ("mine", Verb::Take),
    ("steal", Verb::Take),
    ("release", Verb::Drop),
    ("unassign", Verb::Drop),
    ("delegate", Verb::Assign),
    ("owner", Verb::Assign),
    ("follow", Verb::Watch),
    ("subscribe", Verb::Watch),
    ("unfollow", Verb::Mute),
    ("unwatch", Verb::Mute),
    ("archive", Verb::Close),
    ("fixed", Verb::Close),
    ("resolve", Verb::Close),
    ("resolved", Verb::Close),
    ("solve", Verb::Close),
    ("solved", Verb::Close),
    ("pending", Verb::Wait),
    ("defer", Verb::Snooze),
    ("hold", Verb::Snooze),
    ("later", Verb::Snooze),
    ("remind", Verb::Snooze),
    ("open", Verb::Reopen),
    ("field", Verb::Set),
    ("escalate", Verb::Priority),
    ("urgent", Verb::Priority),
    ("label", Verb::Tag),
    ("search", Verb::Find),
];

/// Which part of the work a verb belongs to; help is sorted by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Words to the requester, or inside.
    Say,
    /// Who is responsible.
    Own,
    /// Who owes the next word.
    Status,
    /// The work itself.
    Work,
    /// Who takes part.
    People,
    /// What the ticket is.
    Shape,
    /// Commands about commands.
    Meta,
    /// To the desk, without a ticket.
    Desk,
}

impl Group {
    /// As written in help.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Say => "say",
            Self::Own => "own",
            Self::Status => "status",
            Self::Work => "work",
            Self::People => "people",
            Self::Shape => "shape",
            Self::Meta => "meta",
            Self::Desk => "desk",
        }
    }
}

/// Every verb, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // the table says what each is
pub enum Verb {
    Note,
    Reply,
    Kb,
    Send,
    Ask,
    Take,
    Drop,
    Assign,
    Watch,
    Mute,
    Close,
    Wait,
    Snooze,
    Reopen,
    Done,
    Undone,
    /// `reject`
    Reject,
    Skip,
    Step,
    Set,
    Type,
    Priority,
    Tag,
    Time,
    Cc,
    Uncc,
    Vendor,
    Customer,
    Merge,
    Split,
    Issue,
    Spam,
    Redact,
    Undo,
    Confirm,
    Help,
    Show,
    List,
    Find,
    New,
    Away,
    Forget,
    Report,
}

/// What is known of a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub verb: Verb,
    /// Its word.
    pub word: &'static str,
    /// Where it stands in help.
    pub group: Group,
    /// How it is written, without `#`; brackets are for what may be left out.
    pub usage: &'static str,
    /// What it does, one line.
    pub help: &'static str,
    /// It is carried out only after a code that was sent to the agent comes back.
    pub asks_code: bool,
    /// The requester sees something of it, so it waits `undo_send`.
    pub is_visible: bool,
    /// A link in the ticket mail may stand for it.
    pub is_one_click: bool,
    /// It is complete without arguments.
    pub stands_alone: bool,
}

const fn entry(verb: Verb, word: &'static str, group: Group, usage: &'static str, help: &'static str) -> Entry {
    Entry { verb, word, group, usage, help, asks_code: false, is_visible: false, is_one_click: false, stands_alone: false }
}

impl Entry {
    const fn code(self) -> Self {
        Self { asks_code: true, ..self }
    }

    const fn visible(self) -> Self {
        Self { is_visible: true, ..self }
    }

    const fn click(self) -> Self {
        Self { is_one_click: true, ..self }
    }

    const fn alone(self) -> Self {
        Self { stands_alone: true, ..self }
    }
}

/// The table; an entry stands at the place of its verb.
#[rustfmt::skip]
pub const TABLE: [Entry; 43] = [
    entry(Verb::Note, "note", Group::Say, "note [words]", "Keep words inside; without words, the text of the mail.").click().alone(),
    entry(Verb::Reply, "reply", Group::Say, "reply [words]", "Answer the requester; without words, with the text of the mail.").visible().click().alone(),
    entry(Verb::Kb, "kb", Group::Say, "kb a [text]", "Send a help article from the list, as a link or as its text.").visible().click(),
    entry(Verb::Send, "send", Group::Say, "send NAME", "Send a saved answer.").visible(),
    entry(Verb::Ask, "ask", Group::Say, "ask [FIELD …]", "Ask the requester for fields with the fill-in form; without names, for all that are missing.").visible().click().alone(),
    entry(Verb::Take, "take", Group::Own, "take", "Become the owner.").click().alone(),
    entry(Verb::Drop, "drop", Group::Own, "drop", "Give it back to the team.").click().alone(),
    entry(Verb::Assign, "assign", Group::Own, "assign @agent | team:NAME | none", "Hand it over.").click(),
    entry(Verb::Watch, "watch", Group::Own, "watch", "Read along.").click().alone(),
    entry(Verb::Mute, "mute", Group::Own, "mute", "No more notices to me, unless I own it.").click().alone(),
    entry(Verb::Close, "close", Group::Status, "close [reason] [cause=… article=… feature=…]", "It is solved; a reply reopens. `close anyway because …` closes with open questions.").visible().click().alone(),
    entry(Verb::Wait, "wait", Group::Status, "wait", "The requester owes the next word.").click().alone(),
    entry(Verb::Snooze, "snooze", Group::Status, "snooze WHEN", "Sleep until then: 2h, 3d, 1bd, mon, tue 9:00, 2026-12-01.").click(),
    entry(Verb::Reopen, "reopen", Group::Status, "reopen", "Work on it again.").click().alone(),
    entry(Verb::Done, "done", Group::Work, "done [2 3 …]", "Items of the step's checklist are done; without numbers, all of the step.").click(),
    entry(Verb::Undone, "undone", Group::Work, "undone 2 [3 …]", "They are not done after all."),
    entry(Verb::Reject, "reject", Group::Work, "reject because …", "The step is not approved: the work goes back.").click(),
    entry(Verb::Skip, "skip", Group::Work, "skip 2 because …", "An item is not needed, and why."),
    entry(Verb::Step, "step", Group::Work, "step NAME", "Go to a step of the process."),
    entry(Verb::Set, "set", Group::Work, "set field=value", "Give a field a value."),
    entry(Verb::Type, "type", Group::Work, "type NAME", "Follow another process."),
    entry(Verb::Priority, "priority", Group::Work, "priority low | normal | high | urgent", "Change how soon it matters."),
    entry(Verb::Tag, "tag", Group::Work, "tag +a -b", "Add and remove labels."),
    entry(Verb::Time, "time", Group::Work, "time 15m", "Time that was worked."),
    entry(Verb::Cc, "cc", Group::People, "cc a@b", "Somebody outside takes part."),
    entry(Verb::Uncc, "uncc", Group::People, "uncc a@b", "Somebody outside no longer takes part."),
    entry(Verb::Vendor, "vendor", Group::People, "vendor NAME [words]", "Ask a vendor in a side thread; without words, the text of the mail.").click(),
    entry(Verb::Customer, "customer", Group::People, "customer a@b", "Say who the requester is, after a forward or a call."),
    entry(Verb::Merge, "merge", Group::Shape, "merge T-4700", "This ticket becomes part of another.").code(),
    entry(Verb::Split, "split", Group::Shape, "split", "The newest message becomes a ticket of its own.").code().alone(),
    entry(Verb::Issue, "issue", Group::Shape, "issue NAME [update: … | match: … | workaround: … | cause: … | solved] | issue new \"title\" [match: …]", "Join a known issue, tell its tickets, say which are its cases, or make one.").code().visible(),
    entry(Verb::Spam, "spam", Group::Shape, "spam", "Close it; its sender gets no automatic mail.").code().alone(),
    entry(Verb::Redact, "redact", Group::Shape, "redact", "Take the newest message out of what is shown.").code().alone(),
    entry(Verb::Undo, "undo", Group::Meta, "undo", "Reverse my last act of the last 24 hours.").click().alone(),
    entry(Verb::Confirm, "confirm", Group::Meta, "confirm [CODE]", "Carry out what waits for my yes.").click().alone(),
    entry(Verb::Help, "help", Group::Meta, "help [verb]", "Send me the commands, or one of them.").click().alone(),
    entry(Verb::Show, "show", Group::Meta, "show [T-n]", "Send me the whole ticket.").click().alone(),
    entry(Verb::List, "list", Group::Desk, "list [mine | team | overdue]", "Send me a list of tickets.").click().alone(),
    entry(Verb::Find, "find", Group::Desk, "find words", "Send me the tickets in which the words stand."),
    entry(Verb::New, "new", Group::Desk, "new [a@b]", "Make a ticket of this mail, for that customer."),
    entry(Verb::Away, "away", Group::Desk, "away until WHEN | away off", "I get no tickets until then."),
    entry(Verb::Forget, "forget", Group::Desk, "forget a@b", "That address, which I once said is mine, is mine no longer."),
    entry(Verb::Report, "report", Group::Desk, "report [week | month]", "Send me the report.").alone(),
];

/// Usage and help of every verb in a language, in the order of the table.
pub fn help_lines(language: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let told = verb_words::lines(language);
    TABLE.iter().enumerate().map(move |(at, entry)| told.map_or((entry.usage, entry.help), |lines| lines[at]))
}

impl Verb {
    /// What is known of it.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// How it is written, in a language.
    #[must_use]
    pub fn usage(self, language: &str) -> &'static str {
        verb_words::lines(language).map_or(self.entry().usage, |lines| lines[self as usize].0)
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.entry().word
    }
}

/// The verbs with their aliases in all languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verbs {
    /// Every word that is understood, folded.
    words: BTreeMap<String, Verb>,
    /// Aliases by language, as they stand in the files; for help.
    aliases: BTreeMap<String, Vec<(String, Verb)>>,
}

/// A line of a `verbs.txt` that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasProblem {
    /// Language of the file.
    pub language: String,
    /// Line, counted from 1.
    pub line: u32,
    /// What is wrong.
    pub what: String,
}

impl Default for Verbs {
    fn default() -> Self {
        Self::new([]).expect("the built-in aliases are tested")
    }
}

impl Verbs {
    /// The table, our aliases, and an operator's own, as language and text of a `verbs.txt`: lines `alias = verb`, where
    /// `;` begins a remark.
    ///
    /// # Errors
    /// Every line that is no alias, names no verb, or takes a word that means something else already.
    pub fn new<'a>(own: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<AliasProblem>> {
        let words = TABLE.iter().map(|entry| (entry.word.to_owned(), entry.verb)).collect();
        let mut verbs = Self { words, aliases: BTreeMap::new() };
        let mut problems = Vec::new();
        for (language, text) in BUILT_IN.into_iter().chain(own) {
            for (line, number) in text.lines().zip(1..) {
                if let Err(what) = verbs.add(language, line) {
                    problems.push(AliasProblem { language: language.to_owned(), line: number, what });
                }
            }
        }
        if problems.is_empty() { Ok(verbs) } else { Err(problems) }
    }

    fn add(&mut self, language: &str, line: &str) -> Result<(), String> {
        let line = line.split(';').next().unwrap_or("").trim();
        if line.is_empty() {
            return Ok(());
        }
        let Some((alias, word)) = line.split_once('=') else { return Err(format!("`{line}` is no `alias = verb`")) };
        let (alias, word) = (fold(alias.trim()), fold(word.trim()));
        if alias.is_empty() || !alias.chars().all(|c| c.is_alphabetic() || c == '-') || alias.starts_with('-') {
            return Err(format!("`{alias}` is no alias: one word of letters"));
        }
        let Some(verb) = TABLE.iter().find(|entry| entry.word == word).map(|entry| entry.verb) else {
            let hint = self.near(&word).map_or_else(String::new, |verb| format!("; `{}` is close", verb.word()));
            return Err(format!("there is no command `{word}`{hint}"));
        };
        match self.words.get(&alias) {
            Some(known) if *known != verb => return Err(format!("`{alias}` already means `{}`", known.word())),
            Some(_) => {}
            None => {
                self.words.insert(alias.clone(), verb);
                self.aliases.entry(language.to_owned()).or_default().push((alias, verb));
            }
        }
        Ok(())
    }

    /// The verb of a word in any language; case is ignored.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<Verb> {
        self.words.get(&fold(word)).copied()
    }

    /// The verb that was probably meant by a word that is none: a word of another tool, or a typing mistake.
    #[must_use]
    pub fn near(&self, word: &str) -> Option<Verb> {
        let word = fold(word);
        let synonym = SYNONYMS.iter().find(|(known, _)| *known == word).map(|(_, verb)| *verb);
        synonym.or_else(|| self.find(nearest(&word, self.words.keys().map(String::as_str))?))
    }

    /// A word that is no verb was surely meant as one: another tool's, or with one mistake of typing.
    #[must_use]
    pub fn is_meant(&self, word: &str) -> bool {
        let word = fold(word);
        let is_synonym = SYNONYMS.iter().any(|(known, _)| *known == word);
        let close = nearest(&word, self.words.keys().map(String::as_str));
        let is_typo = close.is_some_and(|close| strsim::damerau_levenshtein(&word, close) == 1);
        is_synonym || word.chars().count() >= 4 && is_typo
    }

    /// The aliases of a language, for help.
    #[must_use]
    pub fn aliases(&self, language: &str) -> &[(String, Verb)] {
        self.aliases.get(language).map_or(&[], Vec::as_slice)
    }
}

/// Lower case, and one spelling for what keyboards without umlauts write.
fn fold(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars().flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_stands_at_the_place_of_its_verb() {
        for entry in &TABLE {
            assert_eq!(entry.verb.entry(), entry, "{}", entry.word);
            assert!(entry.usage.starts_with(entry.word), "{}", entry.word);
            assert!(entry.help.ends_with('.'), "{}", entry.word);
        }
    }

    #[test]
    fn verbs_that_ask_for_a_code_are_no_click_away() {
        let codes: Vec<&str> = TABLE.iter().filter(|entry| entry.asks_code).map(|entry| entry.word).collect();
        assert_eq!(codes, ["merge", "split", "issue", "spam", "redact"]);
        assert!(TABLE.iter().all(|entry| !(entry.asks_code && entry.is_one_click)));
    }

    #[test]
    fn aliases_are_read_with_and_without_umlauts() {
        let verbs = Verbs::default();
        for word in ["close", "Schließen", "SCHLIESSEN", "schließen"] {
            assert_eq!(verbs.find(word), Some(Verb::Close), "{word}");
        }
        assert_eq!(verbs.find("übernehmen"), verbs.find("uebernehmen"));
        assert!(verbs.aliases("de").iter().any(|(alias, verb)| alias == "notiz" && *verb == Verb::Note));
    }

    #[test]
    fn an_operator_adds_aliases_and_hears_of_wrong_ones() {
        let verbs = Verbs::new([("nl", "sluiten = close ; what Dutch colleagues write\n\nneem = take\n")]).expect("good");
        assert_eq!(verbs.find("Sluiten"), Some(Verb::Close));
        assert_eq!(verbs.near("sluitn"), Some(Verb::Close));
        let problems = Verbs::new([("nl", "take = drop\nzend = snd\nwhat\na b = take")]).expect_err("bad");
        let said: Vec<String> = problems.iter().map(|problem| format!("{}: {}", problem.line, problem.what)).collect();
        assert_eq!(
            said,
            [
                "1: `take` already means `take`",
                "2: there is no command `snd`; `send` is close",
                "3: `what` is no `alias = verb`",
                "4: `a b` is no alias: one word of letters",
            ]
        );
    }

    #[test]
    fn near_words_are_typing_mistakes_and_words_of_other_tools() {
        let verbs = Verbs::default();
        for (word, expect) in [
            ("asign", Some(Verb::Assign)),
            ("snoze", Some(Verb::Snooze)),
            ("resolve", Some(Verb::Close)),
            ("everybody", None),
            ("thanks", None),
        ] {
            assert_eq!(verbs.near(word), expect, "{word}");
        }
        assert!(verbs.is_meant("asign") && verbs.is_meant("resolve") && !verbs.is_meant("thanks") && !verbs.is_meant("close"));
    }
}
