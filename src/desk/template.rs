//! Texts of our mails: minijinja files, one per text and language, built in and overridable.
//!
//! A template may begin with a line `Subject: …` and an empty line. Rendering is pure and bounded by fuel; a name that is
//! not in the context is an error, so a typing mistake is found at `check`. Blank lines that empty blocks leave are folded.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::template_sample;
use crate::verb::Verbs;

/// Texts that are built in: name, language, source.
const BUILT_IN: [(&str, &str, &str); 36] = [
    ("ack", "en", include_str!("../../config/templates/en/ack.txt")),
    ("questions", "en", include_str!("../../config/templates/en/questions.txt")),
    ("questions", "de", include_str!("../../config/templates/de/questions.txt")),
    ("ack-unproven", "en", include_str!("../../config/templates/en/ack-unproven.txt")),
    ("ack", "de", include_str!("../../config/templates/de/ack.txt")),
    ("ack-unproven", "de", include_str!("../../config/templates/de/ack-unproven.txt")),
    ("nudge", "en", include_str!("../../config/templates/en/nudge.txt")),
    ("nudge", "de", include_str!("../../config/templates/de/nudge.txt")),
    ("closing-soon", "en", include_str!("../../config/templates/en/closing-soon.txt")),
    ("closing-soon", "de", include_str!("../../config/templates/de/closing-soon.txt")),
    ("closed", "en", include_str!("../../config/templates/en/closed.txt")),
    ("closed", "de", include_str!("../../config/templates/de/closed.txt")),
    ("check-in", "en", include_str!("../../config/templates/en/check-in.txt")),
    ("check-in", "de", include_str!("../../config/templates/de/check-in.txt")),
    ("status", "en", include_str!("../../config/templates/en/status.txt")),
    ("status", "de", include_str!("../../config/templates/de/status.txt")),
    ("new-time", "en", include_str!("../../config/templates/en/new-time.txt")),
    ("new-time", "de", include_str!("../../config/templates/de/new-time.txt")),
    ("vendor-date", "en", include_str!("../../config/templates/en/vendor-date.txt")),
    ("vendor-date", "de", include_str!("../../config/templates/de/vendor-date.txt")),
    ("status-list", "en", include_str!("../../config/templates/en/status-list.txt")),
    ("status-list", "de", include_str!("../../config/templates/de/status-list.txt")),
    ("noted", "en", include_str!("../../config/templates/en/noted.txt")),
    ("noted", "de", include_str!("../../config/templates/de/noted.txt")),
    ("issue", "en", include_str!("../../config/templates/en/issue.txt")),
    ("issue", "de", include_str!("../../config/templates/de/issue.txt")),
    ("issue-joined", "en", include_str!("../../config/templates/en/issue-joined.txt")),
    ("issue-joined", "de", include_str!("../../config/templates/de/issue-joined.txt")),
    ("issue-update", "en", include_str!("../../config/templates/en/issue-update.txt")),
    ("issue-update", "de", include_str!("../../config/templates/de/issue-update.txt")),
    ("issue-solved", "en", include_str!("../../config/templates/en/issue-solved.txt")),
    ("issue-solved", "de", include_str!("../../config/templates/de/issue-solved.txt")),
    ("article", "en", include_str!("../../config/templates/en/article.txt")),
    ("article", "de", include_str!("../../config/templates/de/article.txt")),
    ("signature", "en", include_str!("../../config/templates/en/signature.txt")),
    ("signature", "de", include_str!("../../config/templates/de/signature.txt")),
];

/// Begins the names of saved answers, which agents send by the rest of the name.
const SAVED_ANSWER: &str = "answer-";

/// The name of the files that hold aliases of commands, not a text.
const ALIASES: &str = "verbs";

/// Steps that one rendering may take: thousands of times what ours need, far from a stalled desk.
const FUEL: u64 = 200_000;

/// All texts.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    names: BTreeMap<String, Vec<String>>,
    saved_answers: BTreeSet<String>,
    verbs: Verbs,
}

/// A text that is no template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateProblem {
    /// Name.
    pub name: String,
    /// Language.
    pub language: String,
    /// Line in the file, counted from 1.
    pub line: Option<u32>,
    /// What is wrong.
    pub what: String,
}

/// A rendered text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The subject that the template sets, if it does.
    pub subject: Option<String>,
    /// Plain text, LF line ends, one at the end.
    pub text: String,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new(&BTreeMap::new()).expect("the built-in texts are tested")
    }
}

impl Templates {
    /// Built-in texts with an operator's own put over them, keyed by name and language.
    ///
    /// # Errors
    /// Every text that does not compile.
    pub fn new(overrides: &BTreeMap<(String, String), String>) -> Result<Self, Vec<TemplateProblem>> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let mut sources: BTreeMap<(String, String), String> = BUILT_IN
            .iter()
            .map(|(name, language, source)| (((*name).to_owned(), (*language).to_owned()), (*source).to_owned()))
            .collect();
        let (aliases, texts): (Vec<_>, Vec<_>) = overrides.iter().partition(|((name, _), _)| name == ALIASES);
        sources.extend(texts.into_iter().map(|(key, source)| (key.clone(), source.clone())));
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut problems = Vec::new();
        let verbs = Verbs::new(aliases.into_iter().map(|((_, language), text)| (language.as_str(), text.as_str())));
        let verbs = verbs.unwrap_or_else(|wrong| {
            problems.extend(wrong.into_iter().map(|wrong| TemplateProblem {
                name: ALIASES.to_owned(),
                language: wrong.language,
                line: Some(wrong.line),
                what: wrong.what,
            }));
            Verbs::default()
        });
        for ((name, language), source) in sources {
            match environment.add_template_owned(format!("{name}.{language}.txt"), source) {
                Ok(()) => names.entry(name).or_default().push(language),
                Err(error) => problems.push(problem(&name, &language, &error)),
            }
        }
        let saved_answers = names.keys().filter_map(|name| name.strip_prefix(SAVED_ANSWER)).map(str::to_owned).collect();
        if problems.is_empty() { Ok(Self { environment, names, saved_answers, verbs }) } else { Err(problems) }
    }

    /// The verbs of commands with their aliases, an operator's own among them.
    #[must_use]
    pub fn verbs(&self) -> &Verbs {
        &self.verbs
    }

    /// Names of saved answers: `reset` for `answer-reset.txt`.
    #[must_use]
    pub fn saved_answers(&self) -> &BTreeSet<String> {
        &self.saved_answers
    }

    /// There is a text of that name in some language.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// The text that serves where a name has none of its own: `ack` for `ack-billing`.
    #[must_use]
    pub fn serving<'n>(&self, name: &'n str) -> &'n str {
        if self.has(name) {
            return name;
        }
        name.rmatch_indices('-').map(|(at, _)| &name[..at]).find(|shorter| self.has(shorter)).unwrap_or(name)
    }

    /// Languages in which a text exists.
    #[must_use]
    pub fn languages(&self, name: &str) -> &[String] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// All texts, in order of name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// A text as it reads with everything in it.
    ///
    /// # Errors
    /// As [`Templates::render`].
    pub fn render_sample(&self, name: &str, language: &str) -> Result<(String, Rendered), TemplateProblem> {
        let [full, _] = template_sample::contexts(name);
        self.render(name, &[language], &full)
    }

    /// Every text that names something that its mails never say, or cannot do without something that they may lack.
    #[must_use]
    pub fn lint(&self) -> Vec<TemplateProblem> {
        let mut found = Vec::new();
        for (name, languages) in &self.names {
            for language in languages {
                let tried = template_sample::contexts(name).into_iter().map(|context| self.render(name, &[language], &context));
                found.extend(tried.filter_map(Result::err).take(1));
            }
        }
        found
    }

    /// Renders a text in the first of the wanted languages that it has, else in English, else in any.
    ///
    /// # Errors
    /// The text does not exist, or names something that the context lacks.
    pub fn render(&self, name: &str, wanted: &[&str], context: &impl Serialize) -> Result<(String, Rendered), TemplateProblem> {
        let languages = self.languages(name);
        let language = wanted
            .iter()
            .find_map(|want| languages.iter().find(|have| have.eq_ignore_ascii_case(want)))
            .or_else(|| languages.iter().find(|have| *have == "en"))
            .or_else(|| languages.first())
            .ok_or_else(|| TemplateProblem {
                name: name.to_owned(),
                language: String::new(),
                line: None,
                what: "no such text".to_owned(),
            })?;
        let rendered = self
            .environment
            .get_template(&format!("{name}.{language}.txt"))
            .and_then(|template| template.render(minijinja::value::Serde(context)))
            .map_err(|error| problem(name, language, &error))?;
        Ok((language.clone(), split_subject(&rendered)))
    }
}

fn problem(name: &str, language: &str, error: &minijinja::Error) -> TemplateProblem {
    TemplateProblem {
        name: name.to_owned(),
        language: language.to_owned(),
        line: error.line().and_then(|line| u32::try_from(line).ok()),
        what: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
    }
}

fn split_subject(rendered: &str) -> Rendered {
    let (subject, body) = match rendered.strip_prefix("Subject:").and_then(|rest| rest.split_once('\n')) {
        Some((subject, body)) => (Some(subject.trim().to_owned()), body),
        None => (None, rendered),
    };
    Rendered { subject, text: tidy(body) }
}

/// No white space at line ends, at most one empty line in a row, none at the start, one line end at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty_lines = 0;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        if empty_lines > 0 && !out.is_empty() {
            out.push('\n');
        }
        empty_lines = 0;
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The HTML form of a plain text of ours: one column, no images, light and dark, links where the text has addresses.
///
/// `When: …` at the start of a paragraph is set apart, so both forms always say the same.
#[must_use]
pub fn html_of(text: &str, language: &str) -> String {
    let mut body = String::with_capacity(text.len() * 2);
    for paragraph in text.split("\n\n").map(str::trim_end).filter(|paragraph| !paragraph.trim().is_empty()) {
        body.push_str("<p>");
        for (at, line) in paragraph.lines().enumerate() {
            if at > 0 {
                body.push_str("<br>\n");
            }
            push_line(&mut body, line, at == 0);
        }
        body.push_str("</p>\n");
    }
    page(&body, language)
}

/// The document around a body of ours: one column, no images, light and dark, lines around tables and quotes.
pub(crate) fn page(body: &str, language: &str) -> String {
    let is_tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let language = if language.chars().all(is_tag) { language } else { "en" };
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\" dir=\"auto\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <style>:root{{color-scheme:light dark}}body{{margin:0;padding:16px}}\
         div{{max-width:600px;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}}p{{margin:0 0 1em}}\
         blockquote{{margin:0 0 1em;padding-left:1em;border-left:2px solid}}\
         table{{border-collapse:collapse;margin:0 0 1em}}td,th{{border:1px solid;padding:2px 8px}}img{{max-width:100%}}</style></head>\n\
         <body><div>\n{body}</div></body>\n</html>\n"
    )
}

fn push_line(body: &mut String, line: &str, is_first: bool) {
    let trimmed = line.trim_start();
    for _ in 0..line.len() - trimmed.len() {
        body.push_str("&nbsp;");
    }
    let label = trimmed
        .split_once(": ")
        .filter(|(label, _)| is_first && label.chars().count() <= 12 && label.chars().all(|c| c.is_alphabetic() || c == ' '));
    match label {
        Some((label, rest)) => {
            body.push_str("<b>");
            push_escaped(body, label);
            body.push_str("</b>: ");
            push_linked(body, rest);
        }
        None => push_linked(body, trimmed),
    }
}

pub(crate) fn push_linked(body: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find("https://") {
        push_escaped(body, &rest[..at]);
        let end = rest[at..].find(|c: char| c.is_whitespace() || "<>\"".contains(c)).map_or(rest.len(), |end| at + end);
        let url = rest[at..end].trim_end_matches(['.', ',', ')', ';']);
        body.push_str("<a href=\"");
        push_escaped(body, url);
        body.push_str("\">");
        push_escaped(body, url);
        body.push_str("</a>");
        rest = &rest[at + url.len()..];
    }
    push_escaped(body, rest);
}

pub(crate) fn push_escaped(body: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => body.push_str("&amp;"),
            '<' => body.push_str("&lt;"),
            '>' => body.push_str("&gt;"),
            '"' => body.push_str("&quot;"),
            other => body.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_without_content_leave_no_gap() {
        assert_eq!(tidy("\n\na  \n\n\n\nb\n"), "a\n\nb\n");
    }

    #[test]
    fn a_wrong_name_in_a_text_is_an_error_with_its_line() {
        let overrides = [(("ack".to_owned(), "en".to_owned()), "Hi\n{{ nobody }}".to_owned())].into();
        let templates = Templates::new(&overrides).expect("compiles");
        let error = templates.render("ack", &["en"], &BTreeMap::<String, String>::new()).expect_err("strict");
        assert_eq!((error.name.as_str(), error.line), ("ack", Some(2)));
        assert!(Templates::new(&[(("x".to_owned(), "en".to_owned()), "{% if %}".to_owned())].into()).is_err());
    }

    #[test]
    fn our_own_texts_say_only_what_their_mails_know() {
        assert_eq!(Templates::default().lint(), []);
        let overrides = [(("nudge".to_owned(), "en".to_owned()), "Due {{ due }}".to_owned())].into();
        assert_eq!(Templates::new(&overrides).expect("compiles").lint().len(), 1, "a nudge knows no due time");
    }

    #[test]
    fn saved_answers_are_named_by_their_files_and_say_only_what_they_know() {
        let saved = |text: &str| {
            let overrides = [(("answer-slow wifi".to_owned(), "en".to_owned()), text.to_owned())].into();
            Templates::new(&overrides).expect("compiles")
        };
        let good = saved(
            "{% if alone %}Hello {{ name }}, {% endif %}{{ reference }} {{ subject }} {{ agent }} {{ inbox }} {{ company }}",
        );
        assert_eq!(good.saved_answers().iter().collect::<Vec<_>>(), ["slow wifi"]);
        assert_eq!(good.lint(), []);
        assert_eq!(saved("Due {{ due }}").lint().len(), 1, "an answer knows no due time");
    }

    #[test]
    fn html_says_the_same_and_cannot_be_injected_into() {
        let html = html_of("When: by <b>noon</b> & https://x.example/a?b=1.\n\nBye\n", "en");
        assert!(html.contains("<p><b>When</b>: by &lt;b&gt;noon&lt;/b&gt; &amp; <a href=\"https://x.example/a?b=1\">"), "{html}");
    }
}
