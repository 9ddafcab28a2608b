//! What the desk knows: issues, articles, reports.

use std::collections::BTreeMap;

use desk::article::{self, Article, Articles};
use desk::issue::DEFAULT_LINE;
use desk::knowledge::{Every, Knowledge, KnownIssue, ReportPlan};
use desk::{AgentName, TeamName};
use jiff::civil::Time;

use super::{Compiler, Kind};
use crate::config::problem::{Code, Place};
use crate::config::raw::{RawArticles, RawFile, RawKnownIssue, RawReport};
use crate::config::source::beside;

/// Articles of one desk; more are no help.
const ARTICLES_MAX: usize = 5_000;
/// Largest article in bytes.
const ARTICLE_BYTES_MAX: usize = 256 * 1024;

impl Compiler<'_> {
    /// Issues, articles and reports; and the articles as they were read, since they are part of the configuration.
    pub(super) fn knowledge(&mut self, raw: &RawFile, languages: &[String]) -> (Knowledge, BTreeMap<String, String>) {
        let mut issues: Vec<KnownIssue> = Vec::new();
        for raw in raw.known_issue.iter().flatten() {
            issues.extend(self.known_issue(raw, &issues));
        }
        let (articles, sources) = raw.articles.as_ref().map(|raw| self.articles(raw, languages)).unwrap_or_default();
        let mut reports: Vec<ReportPlan> = Vec::new();
        for raw in raw.report.iter().flatten() {
            reports.extend(self.report_plan(raw, &reports));
        }
        (Knowledge { issues, articles: Articles::new(articles), reports }, sources)
    }

    fn known_issue(&mut self, raw: &RawKnownIssue, known: &[KnownIssue]) -> Option<KnownIssue> {
        let who = raw.id.as_ref().map_or("a known issue".to_owned(), |id| format!("known issue \"{}\"", id.value));
        for key in ["id", "title", "when"] {
            self.missing(key, &raw.keys, raw.at, &who);
        }
        let when = raw.when.as_ref().map(|when| self.condition(when, &who, false));
        if let Some(owner) = &raw.owner {
            self.reference(Kind::Agent, owner, &who);
        }
        let id = raw.id.as_ref()?;
        let is_name = |id: &str| !id.is_empty() && id.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
        if !is_name(&id.value) || id.value == "new" {
            let message = format!("\"{}\" is no id of a known issue", id.value);
            self.report.add(Code::BadValue, id.at, message, "letters, digits, - and _; `new` makes one");
        }
        if let Some(first) = known.iter().find(|issue| issue.id == id.value) {
            let label = format!("first on line {}", first.line);
            self.report.add(Code::Duplicate, id.at, format!("two known issues are called \"{}\"", id.value), label);
        }
        let tell = raw.tell.as_ref().map(|tell| {
            self.template(tell, &who);
            // Only a text that is there; otherwise ours, which the check has noted.
            if self.templates.keys().any(|(name, _)| *name == tell.value) { tell.value.clone() } else { DEFAULT_LINE.to_owned() }
        });
        let text = |value: &Option<crate::config::read::At<String>>| value.as_ref().map(|value| value.value.trim().to_owned());
        Some(KnownIssue {
            id: id.value.clone(),
            line: self.report.line(id.at),
            title: text(&raw.title)?,
            when: when?,
            tell: tell.unwrap_or_else(|| DEFAULT_LINE.to_owned()),
            workaround: text(&raw.workaround).filter(|text| !text.is_empty()),
            owner: raw.owner.as_ref().map(|owner| AgentName(owner.value.clone())),
            cause: text(&raw.cause).filter(|text| !text.is_empty()),
        })
    }

    /// Reads every `.md` file of the folder. A file that is no article is left out and named; the others serve.
    fn articles(&mut self, raw: &RawArticles, languages: &[String]) -> (Vec<Article>, BTreeMap<String, String>) {
        self.missing("path", &raw.keys, raw.at, "[articles]");
        let Some(path) = &raw.path else { return Default::default() };
        let folder = beside(path.at, &path.value, &self.report);
        let mut files = match self.environment.list(&folder) {
            Ok(files) => files,
            Err(error) => {
                let message = format!("the folder of articles {} cannot be read", path.value);
                self.report.add(Code::Article, path.at, message, error.to_string());
                return Default::default();
            }
        };
        files.retain(|file| file.extension().is_some_and(|ending| ending == "md"));
        files.sort();
        if files.len() > ARTICLES_MAX {
            let message = format!("{} holds {} articles", path.value, files.len());
            self.report.add(Code::Article, path.at, message, format!("the first {ARTICLES_MAX} are used"));
            files.truncate(ARTICLES_MAX);
        }
        let (mut articles, mut sources) = (Vec::new(), BTreeMap::new());
        for file in files {
            let Some(id) = file.file_stem().and_then(|stem| stem.to_str()) else { continue };
            let name = format!("{}/{id}.md", path.value);
            let text = match self.environment.read(&file).map(String::from_utf8) {
                Ok(Ok(text)) if text.len() <= ARTICLE_BYTES_MAX => text,
                Ok(Ok(_)) => {
                    self.left_out(path.at, &name, 1, &format!("it is larger than {} KB", ARTICLE_BYTES_MAX / 1024));
                    continue;
                }
                Ok(Err(_)) => {
                    self.left_out(path.at, &name, 1, "it is not UTF-8");
                    continue;
                }
                Err(error) => {
                    self.left_out(path.at, &name, 1, &error.to_string());
                    continue;
                }
            };
            match article::parse(id, &text) {
                Ok(article) => {
                    let language = article.language.clone().or_else(|| languages.first().cloned());
                    articles.push(Article { language, ..article });
                    sources.insert(id.to_owned(), text);
                }
                Err(problem) => self.left_out(path.at, &name, problem.line, &problem.what),
            }
        }
        (articles, sources)
    }

    fn left_out(&mut self, at: Place, name: &str, line: u32, what: &str) {
        self.report.add(Code::Article, at, format!("the article {name} is left out"), format!("line {line}: {what}"));
    }

    fn report_plan(&mut self, raw: &RawReport, known: &[ReportPlan]) -> Option<ReportPlan> {
        let name = raw.name.as_ref().map_or_else(|| "report".to_owned(), |name| name.value.clone());
        let who = format!("report \"{name}\"");
        let every = raw
            .every
            .as_ref()
            .map(|every| self.word(every, "every", &[("day", Every::Day), ("week", Every::Week), ("month", Every::Month)]));
        for person in raw.to.iter().flat_map(|to| &to.0) {
            self.reference_any(&[Kind::Agent, Kind::Team], &["lead"], person, &who);
        }
        if let Some(team) = &raw.team {
            self.reference(Kind::Team, team, &who);
        }
        self.missing("to", &raw.keys, raw.at, &who);
        if known.iter().any(|plan| plan.name == name) {
            let label = "the name tells them apart: whether one was sent is remembered by it";
            self.report.add(Code::Duplicate, raw.at, format!("two reports are called \"{name}\""), label);
        }
        Some(ReportPlan {
            name,
            every: every.unwrap_or(Some(Every::Week))?,
            at: raw.at_.as_ref().map_or(Time::constant(8, 0, 0, 0), |at| at.value),
            to: raw.to.as_ref()?.0.iter().map(|person| person.value.clone()).collect(),
            team: raw.team.as_ref().map(|team| TeamName(team.value.clone())),
        })
    }
}
