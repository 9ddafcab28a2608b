//! Help articles: reading their files, and finding those that fit a request.
//!
//! The search is BM25 over title, tags and text with the words of the title counting most. Scores are divided by the weight
//! of a word that stands in one article alone, so that a limit means the same for ten articles and for a thousand.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::Change;
use crate::command::Command;
use crate::event::Actor;
use crate::gist::{self, Term};
use crate::help::{About, Asked, Offer, Suggested};
use crate::letter::{self, Words};
use crate::policy::Policy;
use crate::remark::Remark;
use crate::ticket::Ticket;
use crate::ticket_mail::Suggestion;
use crate::wrong_words::Noun;
use crate::{act, answer};

/// Articles that agents are offered.
const SUGGESTED_MAX: usize = 3;
/// Words that are given as the reason.
const REASON_WORDS_MAX: usize = 3;
/// From this score on agents are offered an article: about two telling words.
const LIKELY: f64 = 1.2;
/// From this score on, and with so many different words in common, a customer is.
const CLEAR: f64 = 3.0;
const CLEAR_WORDS_MIN: usize = 3;
/// The best one must be so much better than the next.
const CLEAR_LEAD: f64 = 1.25;
/// How soon a repeated word counts no more (BM25's k1), and how much a long article is held against it (b).
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// How much a word of the title, a tag and a word of the text counts.
const WEIGHTS: [f64; 3] = [3.0, 2.0, 1.0];

/// One article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// Name of its file without the ending.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Words that it should be found by.
    pub tags: Vec<String>,
    /// Its language, ISO 639-1; `None` = the company's first.
    pub language: Option<String>,
    /// Where customers can read it.
    pub url: Option<String>,
    /// Its text.
    pub text: String,
}

/// What is wrong with the file of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleProblem {
    /// Line, counted from 1.
    pub line: u32,
    /// What.
    pub what: String,
}

/// Reads the file of an article: lines `title: …`, `tags: a, b`, `language: en`, `url: https://…` between two lines `---`,
/// then its text.
///
/// # Errors
/// The first thing that keeps it from being used.
pub fn parse(id: &str, source: &str) -> Result<Article, ArticleProblem> {
    let wrong = |line: usize, what: String| ArticleProblem { line: u32::try_from(line).unwrap_or(u32::MAX), what };
    let source = source.trim_start_matches('\u{feff}');
    let mut lines = source.lines().enumerate();
    if lines.next().is_none_or(|(_, first)| first.trim_end() != "---") {
        return Err(wrong(1, "it does not begin with `---` and lines such as `title: …`".to_owned()));
    }
    let mut article =
        Article { id: id.to_owned(), title: String::new(), tags: Vec::new(), language: None, url: None, text: String::new() };
    let mut closed = false;
    for (index, line) in lines.by_ref() {
        if line.trim_end() == "---" {
            closed = true;
            break;
        }
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once(':') else {
            return Err(wrong(index + 1, format!("`{}` is no `key: value`", line.trim())));
        };
        let value = value.trim().trim_matches(['"', '\'']);
        match key.trim() {
            "title" => value.clone_into(&mut article.title),
            "tags" => {
                let tags = value.trim_matches(['[', ']']).split(',').map(|tag| tag.trim().trim_matches(['"', '\'']));
                article.tags = tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
            }
            "language" if (2..=8).contains(&value.len()) => article.language = Some(value.to_lowercase()),
            "language" => return Err(wrong(index + 1, format!("`{value}` is no language, such as `en`"))),
            "url" if value.starts_with("https://") && !value.contains(char::is_whitespace) => {
                article.url = Some(value.to_owned());
            }
            "url" => return Err(wrong(index + 1, format!("`{value}` is no address that begins with https://"))),
            other => return Err(wrong(index + 1, format!("there is no key `{other}`; there are title, tags, language, url"))),
        }
    }
    if !closed {
        return Err(wrong(1, "the second line `---` is missing".to_owned()));
    }
    if article.title.is_empty() {
        return Err(wrong(1, "it has no `title`".to_owned()));
    }
    article.text = lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n").trim().to_owned();
    Ok(article)
}

/// All articles, ready to be searched.
#[derive(Debug, Default)]
pub struct Articles {
    all: Vec<Article>,
    /// Number of terms by article.
    lengths: Vec<f64>,
    mean_length: f64,
    /// Articles in which a term stands, with its weighted count.
    places: BTreeMap<String, Vec<(usize, f64)>>,
}

/// An article that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit<'a> {
    /// Which.
    pub article: &'a Article,
    /// How well it fits: about one for each telling word in common.
    pub score: f64,
    /// The words in common, most telling first.
    pub because: Vec<String>,
}

impl Articles {
    /// Takes them in; of two with one id the first counts.
    #[must_use]
    pub fn new(articles: Vec<Article>) -> Self {
        let mut known = BTreeSet::new();
        let all: Vec<Article> = articles.into_iter().filter(|article| known.insert(article.id.to_lowercase())).collect();
        let mut articles = Self { all, ..Self::default() };
        for (index, article) in articles.all.iter().enumerate() {
            let (counts, length) = counted(article);
            articles.lengths.push(length);
            for (term, times) in counts {
                articles.places.entry(term).or_default().push((index, times));
            }
        }
        articles.mean_length = articles.lengths.iter().sum::<f64>() / count(articles.all.len().max(1));
        articles
    }

    /// All of them, in the order of their files.
    #[must_use]
    pub fn all(&self) -> &[Article] {
        &self.all
    }

    /// The one with that id, in any case.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Article> {
        self.all.iter().find(|article| article.id.eq_ignore_ascii_case(id))
    }

    /// Those that have words of the query, best first. Articles in another language than the wanted one are left out.
    #[must_use]
    pub fn search(&self, query: &[Term], language: Option<&str>) -> Vec<Hit<'_>> {
        let mut words: BTreeMap<&str, &str> = BTreeMap::new();
        for term in query {
            words.entry(&term.stem).or_insert(&term.word);
        }
        let rarest = self.weight(1);
        let mut parts: BTreeMap<usize, Vec<(f64, &str)>> = BTreeMap::new();
        for (stem, word) in words {
            let Some(places) = self.places.get(stem) else { continue };
            let weight = self.weight(places.len()) / rarest;
            for (index, times) in places {
                let stretch = K1 * (1.0 - B + B * self.lengths[*index] / self.mean_length.max(1.0));
                parts.entry(*index).or_default().push((weight * times * (K1 + 1.0) / (times + stretch), word));
            }
        }
        let is_wanted = |article: &Article| match (language, &article.language) {
            (Some(wanted), Some(own)) => base(wanted) == base(own),
            (Some(_) | None, _) => true,
        };
        let found = parts.into_iter().map(|(index, parts)| (&self.all[index], parts));
        let mut hits: Vec<Hit<'_>> =
            found.filter(|(article, _)| is_wanted(article)).map(|(article, parts)| hit(article, parts)).collect();
        hits.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| one.article.id.cmp(&other.article.id)));
        hits
    }

    /// How much a term tells that stands in so many articles.
    fn weight(&self, articles: usize) -> f64 {
        let (all, with) = (count(self.all.len()), count(articles));
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }
}

/// Exact for any number of articles that fits into memory.
fn count(number: usize) -> f64 {
    number as f64
}

fn base(language: &str) -> &str {
    language.split('-').next().unwrap_or(language)
}

fn hit<'a>(article: &'a Article, mut parts: Vec<(f64, &str)>) -> Hit<'a> {
    parts.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
    let score = parts.iter().map(|(part, _)| part).sum();
    Hit { article, score, because: parts.iter().map(|(_, word)| (*word).to_owned()).collect() }
}

/// The terms of an article, each with how often it stands there by weight, and how many there are.
fn counted(article: &Article) -> (BTreeMap<String, f64>, f64) {
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    let mut length = 0.0;
    let tags = article.tags.join(" ");
    for (text, weight) in [article.title.as_str(), &tags, &article.text].into_iter().zip(WEIGHTS) {
        for term in gist::terms(text) {
            *counts.entry(term.stem).or_default() += weight;
            length += 1.0;
        }
    }
    (counts, length)
}

/// What fits a request: three for agents, and one for the requester where it clearly fits and can be read by them.
pub(crate) fn suggest<'p>(policy: &'p Policy, ticket: &Ticket, text: &str) -> (Vec<Suggested>, Option<&'p Article>) {
    let articles = &policy.knowledge.articles;
    if articles.all.is_empty() {
        return (Vec::new(), None);
    }
    let language = ticket.language.as_deref();
    let hits = articles.search(&gist::terms_of_mail(&ticket.subject, text), language);
    let likely = hits.iter().filter(|hit| hit.score >= LIKELY).take(SUGGESTED_MAX);
    let suggested = likely.map(|hit| Suggested {
        id: hit.article.id.clone(),
        because: hit.because.iter().take(REASON_WORDS_MAX).cloned().collect::<Vec<_>>().join(", "),
    });
    let next = hits.get(1).map_or(0.0, |hit| hit.score);
    let clear = hits.first().filter(|best| {
        best.score >= CLEAR
            && best.because.len() >= CLEAR_WORDS_MIN
            && best.score >= next * CLEAR_LEAD
            && best.article.url.is_some()
    });
    (suggested.collect(), clear.map(|hit| hit.article))
}

/// For the mail to an agent: letters, titles, reasons.
pub(crate) fn perhaps(policy: &Policy, ticket: &Ticket) -> Vec<Suggestion> {
    let known = ticket.help.suggested.iter().zip('a'..).filter_map(|(suggested, key)| {
        let article = policy.knowledge.articles.get(&suggested.id)?;
        let title = format!("{} {} ({})", article.id, article.title, suggested.because);
        Some(Suggestion { key, id: article.id.clone(), title, has_page: article.url.is_some() })
    });
    known.collect()
}

/// The article that a letter or an id means on a ticket.
///
/// # Errors
/// There is none; in words.
pub(crate) fn find<'p>(policy: &'p Policy, ticket: &Ticket, which: &str) -> Result<&'p Article, Remark> {
    let articles = &policy.knowledge.articles;
    let mut letters = ticket.help.suggested.iter().zip('a'..);
    let by_letter = letters.find(|(_, letter)| which.eq_ignore_ascii_case(&letter.to_string()));
    let id = by_letter.map_or(which, |(suggested, _)| suggested.id.as_str());
    articles.get(id).ok_or_else(|| {
        if articles.all.is_empty() {
            return Remark::of(|say| say.no_articles);
        }
        let near = crate::mistake::nearest(id, articles.all.iter().map(|article| article.id.as_str()));
        let unknown = || Remark::with(|say| say.no_article, &[("word", which)]);
        near.map_or_else(unknown, |near| crate::mistake::close(Noun::Article, which, near))
    })
}

/// Sends an article as the answer of whoever says so, and remembers that it was offered.
pub(crate) fn send(change: &mut Change<'_>, by: &Actor, which: &str, whole: bool) {
    let article = match find(change.policy, &change.ticket, which) {
        Ok(article) => article,
        Err(why) => return change.trace("command", "nothing", why.to_string()),
    };
    // Words of the same mail have taken it along.
    let is_answered = change.history.iter().any(|line| line.kind == "answered");
    if !is_answered {
        match text(change.policy, &change.ticket, article, whole, true) {
            Ok(text) => act::carry_out(change, by, &Command::Reply { text: text.clone() }, Some(&Words::plain(&text))),
            Err(what) => return change.trace("command", "nothing", what),
        }
    }
    if change.history.iter().any(|line| line.kind == "answered") {
        let label = by.label();
        change.tell("article_sent", &label, format!("{} {}", article.id, article.title));
        offered(change, &article.id, &label);
    }
}

/// What a mail says to the requester, with the articles and saved answers that it sends besides: one mail, not several. `None`
/// if that is nothing.
pub(crate) fn enclose(
    policy: &Policy,
    ticket: &Ticket,
    by: &Actor,
    commands: &[(String, Command)],
    words: Option<&Words>,
) -> Option<Words> {
    let agent = by.agent().and_then(|name| policy.agents.get(name));
    let mut all = words.cloned();
    for (_, command) in commands {
        let alone = all.is_none();
        let text = match command {
            Command::Article { which, whole } => {
                find(policy, ticket, which).ok().and_then(|article| text(policy, ticket, article, *whole, alone).ok())
            }
            Command::SendSaved { name } => crate::saved::text(policy, ticket, agent, name, alone).ok(),
            _ => continue,
        };
        // What cannot be sent is refused when its command is carried out, and nothing of the mail is done then.
        let Some(text) = text else { continue };
        all = Some(match all {
            None => Words::plain(text.trim_end()),
            Some(mut words) => {
                words.text = format!("{}\n\n{}", words.text.trim_end(), text.trim_end());
                if let Some(html) = &mut words.html {
                    html.push_str(&answer::html_of_words(text.trim_end()));
                }
                words
            }
        });
    }
    all
}

/// What the requester reads of an article; with a greeting where it stands alone.
fn text(policy: &Policy, ticket: &Ticket, article: &Article, whole: bool, alone: bool) -> Result<String, String> {
    let context = ArticleContext {
        name: letter::greeting_name(&ticket.requester.name),
        alone,
        title: &article.title,
        url: article.url.as_deref(),
        text: (whole || article.url.is_none()).then_some(article.text.as_str()),
    };
    let rendered = policy.templates.render("article", &letter::languages(policy, ticket), &context);
    rendered.map(|(_, rendered)| rendered.text).map_err(|problem| format!("template {}: {}", problem.name, problem.what))
}

/// Remembers that the requester was offered an article and may say whether it helped.
pub(crate) fn offered(change: &mut Change<'_>, id: &str, by: &str) {
    let event = change.event;
    note_offer(&mut change.ticket, id, by, event);
}

/// The same on a ticket that is being made.
pub(crate) fn note_offer(ticket: &mut Ticket, id: &str, by: &str, event: &crate::Event) {
    let at = event.at;
    ticket.help.offers.push(Offer { id: id.to_owned(), by: by.to_owned(), at, said: None });
    ticket.help.asked = Some(Asked { about: About::Article(id.to_owned()), at, event: event.id });
}

#[derive(serde::Serialize)]
struct ArticleContext<'a> {
    name: Option<String>,
    alone: bool,
    title: &'a str,
    url: Option<&'a str>,
    text: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIFI: &str = "---\ntitle: Probe loses Wi-Fi at night\ntags: [wifi, dhcp, disconnect]\nlanguage: en\n\
                        url: https://help.fernhill.example/wifi\n---\nSet the channel of the router to 6 and renew the lease.\n";
    const INVOICE: &str = "---\ntitle: Where to find an invoice\ntags: invoice, billing\n---\nInvoices are in your account.\n";
    const NIGHT: &str = "---\ntitle: Messfühler verliert nachts das WLAN\nlanguage: de\n---\nKanal 6 wählen.\n";

    fn shelf() -> Articles {
        let read = |id: &str, text: &str| parse(id, text).expect("good");
        Articles::new(vec![read("KB-1", WIFI), read("KB-2", INVOICE), read("KB-3", NIGHT)])
    }

    fn check(text: &str, language: Option<&str>, expect: &[&str]) {
        let shelf = shelf();
        let hits = shelf.search(&gist::terms(text), language);
        let shown: Vec<String> =
            hits.iter().map(|hit| format!("{} {:.1} {}", hit.article.id, hit.score, hit.because.join(","))).collect();
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn articles_are_found_by_their_words_and_language() {
        check("My probe drops off the Wi-Fi every night", Some("en"), &["KB-1 4.5 wi-fi,night,probe"]);
        check("Wi-Fi invoice", None, &["KB-2 1.9 invoice", "KB-1 1.7 wi-fi"]);
        check("Der Messfühler hat nachts kein WLAN", Some("de"), &["KB-3 5.0 messfühler,nachts,wlan"]);
        check("Nothing of the kind", Some("en"), &[]);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_line() {
        let check = |text: &str, line: u32, what: &str| {
            assert_eq!(parse("x", text), Err(ArticleProblem { line, what: what.to_owned() }), "{text}");
        };
        check("Text alone", 1, "it does not begin with `---` and lines such as `title: …`");
        check("---\ntags: a\n---\nText", 1, "it has no `title`");
        check("---\ntitle: A\nText", 3, "`Text` is no `key: value`");
        check("---\ntitle: A\n", 1, "the second line `---` is missing");
        check("---\ntitle: A\nurl: http://x\n---\n", 3, "`http://x` is no address that begins with https://");
        check("---\ntitle: A\nauthor: B\n---\n", 3, "there is no key `author`; there are title, tags, language, url");
        check("---\ntitle: A\nlanguage: Klingonisch\n---\n", 3, "`Klingonisch` is no language, such as `en`");
    }

    #[test]
    fn a_repeated_id_and_an_empty_shelf_do_no_harm() {
        let twice = Articles::new(vec![parse("a", INVOICE).expect("good"), parse("A", WIFI).expect("good")]);
        assert_eq!(twice.all().len(), 1);
        assert_eq!(Articles::default().search(&gist::terms("invoice"), None), []);
    }
}
