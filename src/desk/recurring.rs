//! Matters that come again: new tickets that have more in common than chance would give them, and that come faster than
//! tickets of their kind did before.
//!
//! Tickets are compared by the words that they remember of their first mail ([`crate::gist`]), each weighted by how rare it
//! is among the tickets of the last 30 days (TF-IDF; a word counts once per ticket), by the shape of their subjects and by
//! the domain of their sender. Pure and bounded: only the newest tickets are compared.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::gist;
use crate::ids::{TeamName, TicketNo};
use crate::ticket::Ticket;

/// Tickets so old are the past that new ones are compared with.
pub const PAST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Tickets so new may be a cluster.
const NEW: SignedDuration = SignedDuration::from_hours(48);
/// The same in days, for people.
const NEW_DAYS: u32 = 2;
/// Tickets that are looked at; on a busy desk the newest of the past.
pub const COMPARED_MAX: usize = 20_000;
/// New tickets that are compared with each other.
const NEW_MAX: usize = 400;
/// Fewer tickets are no cluster.
const CLUSTER_MIN: usize = 4;
/// A cluster comes so many times as fast as its past.
const GROWTH: usize = 3;
/// Two tickets belong together from this part of their weight in common.
const ALIKE: f64 = 0.34;
/// … and from so many words, or one code.
const WORDS_MIN: usize = 2;
/// A word in more than this part of all tickets tells nothing.
const COMMON: f64 = 0.2;
/// Words that are shown.
const SHOWN_MAX: usize = 5;
/// What the same sender domain and the same shape of subject add.
const DOMAIN_BONUS: f64 = 0.08;
const SHAPE_BONUS: f64 = 0.15;
/// Domains where strangers share a name join nobody.
const FREEMAIL: [&str; 12] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "t-online.de",
    "proton.me",
];

/// What is looked at of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trait {
    /// Its number.
    pub no: TicketNo,
    /// Its revision, for links.
    pub rev: u32,
    /// When it came.
    pub at: Timestamp,
    /// Its subject.
    pub subject: String,
    /// Its team.
    pub team: Option<TeamName>,
    /// Domain of its requester.
    pub domain: String,
    /// Words that tell it apart.
    pub gist: Vec<String>,
    /// It may be part of a proposal: it is no case of a known issue, no spam, not merged.
    pub is_free: bool,
}

impl Trait {
    /// Of a ticket.
    #[must_use]
    pub fn of(ticket: &Ticket) -> Self {
        Self {
            no: ticket.no,
            rev: ticket.rev,
            at: ticket.created_at,
            subject: ticket.subject.clone(),
            team: ticket.team.clone(),
            domain: ticket.requester.address.organisational_domain().to_owned(),
            gist: ticket.help.gist.clone(),
            is_free: ticket.known_issue.is_none()
                && ticket.merged_into.is_none()
                && !ticket.private
                && !ticket.tags.contains("spam"),
        }
    }

    /// The subject without what differs from mail to mail: numbers become `#`.
    fn shape(&self) -> String {
        let mut shape = String::new();
        for c in self.subject.to_lowercase().chars() {
            match c {
                c if c.is_ascii_digit() && !shape.ends_with('#') => shape.push('#'),
                c if c.is_ascii_digit() => {}
                c => shape.push(c),
            }
        }
        shape
    }
}

/// Tickets that may have one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// What it is known by, so that it is proposed once: its most telling word.
    pub key: String,
    /// Its tickets with their subjects, newest first.
    pub tickets: Vec<(TicketNo, String)>,
    /// Revision of the newest one.
    pub rev: u32,
    /// The team that has most of them.
    pub team: Option<TeamName>,
    /// What joins them, most telling first, as it is compared.
    pub words: Vec<String>,
    /// The same as people write it, once it was [spelled](Cluster::spell).
    pub shown: Vec<String>,
    /// Within so many days.
    pub days: u32,
    /// How many such tickets came in as long a time before.
    pub before: usize,
}

/// Clusters among the new tickets, largest first. `traits` are those of the last 30 days in any order.
#[must_use]
pub fn clusters(traits: &[Trait], now: Timestamp) -> Vec<Cluster> {
    let since = now.checked_sub(NEW).unwrap_or(Timestamp::MIN);
    let mut new: Vec<&Trait> = traits.iter().filter(|one| one.at > since && one.at <= now && one.is_free).collect();
    new.sort_by_key(|one| std::cmp::Reverse((one.at, one.no)));
    new.truncate(NEW_MAX);
    if new.len() < CLUSTER_MIN {
        return Vec::new();
    }
    // The past alone says what is common: a storm would make its own words common.
    let past: Vec<&Trait> = traits.iter().filter(|one| one.at <= since).collect();
    let weights = Weights::new(&past, &new);
    let mut groups = group(&new, &weights);
    groups.retain(|group| group.len() >= CLUSTER_MIN);
    let mut found: Vec<Cluster> = groups.iter().filter_map(|group| cluster(group, &past, &weights, now)).collect();
    found.sort_by_key(|cluster| std::cmp::Reverse(cluster.tickets.len()));
    found
}

struct Weights<'a> {
    in_past: BTreeMap<&'a str, usize>,
    in_new: BTreeMap<&'a str, usize>,
    past: usize,
}

impl<'a> Weights<'a> {
    fn new(past: &[&'a Trait], new: &[&'a Trait]) -> Self {
        let count = |traits: &[&'a Trait]| {
            let mut counts: BTreeMap<&'a str, usize> = BTreeMap::new();
            for word in traits.iter().flat_map(|one| one.gist.iter()) {
                *counts.entry(word).or_default() += 1;
            }
            counts
        };
        Self { in_past: count(past), in_new: count(new), past: past.len() }
    }

    /// How much a word tells; nothing where it stands in every fifth ticket of the past, or in one new ticket alone.
    fn of(&self, word: &str) -> f64 {
        let (past, all) = (number(self.in_past.get(word).copied().unwrap_or(0)), number(self.past));
        let is_common = self.past >= 20 && past > all * COMMON;
        if is_common || self.in_new.get(word).copied().unwrap_or(0) < 2 {
            return 0.0;
        }
        ((all + 2.0) / (past + 1.0)).ln().max(0.1)
    }
}

/// Exact for any number of tickets that is compared.
fn number(count: usize) -> f64 {
    count as f64
}

fn is_code(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit())
}

/// Each ticket joins the first group whose first ticket it is like; the groups are made from the newest on.
fn group<'a>(new: &[&'a Trait], weights: &Weights<'_>) -> Vec<Vec<&'a Trait>> {
    let mut groups: Vec<Vec<&'a Trait>> = Vec::new();
    for one in new {
        let fitting = groups.iter_mut().find(|group| group.iter().take(3).any(|other| is_alike(one, other, weights)));
        match fitting {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

fn is_alike(one: &Trait, other: &Trait, weights: &Weights<'_>) -> bool {
    let theirs: BTreeSet<&str> = other.gist.iter().map(String::as_str).collect();
    let shared: Vec<&str> =
        one.gist.iter().map(String::as_str).filter(|word| theirs.contains(word) && weights.of(word) > 0.0).collect();
    let has_code = shared.iter().any(|word| is_code(word));
    if shared.len() < WORDS_MIN && !has_code {
        return false;
    }
    // Words that nobody else has say nothing for or against, so only those count that some other new ticket has.
    let weigh = |gist: &[String]| gist.iter().map(|word| weights.of(word)).sum::<f64>();
    let in_common: f64 = shared.iter().map(|word| weights.of(word) * if is_code(word) { 2.0 } else { 1.0 }).sum();
    let smaller = weigh(&one.gist).min(weigh(&other.gist)).max(f64::MIN_POSITIVE);
    let mut alike = in_common / smaller;
    if one.domain == other.domain && !FREEMAIL.contains(&one.domain.as_str()) {
        alike += DOMAIN_BONUS;
    }
    if one.shape() == other.shape() {
        alike += SHAPE_BONUS;
    }
    alike >= ALIKE
}

fn cluster(group: &[&Trait], past: &[&Trait], weights: &Weights<'_>, now: Timestamp) -> Option<Cluster> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in group.iter().flat_map(|one| one.gist.iter()) {
        *counts.entry(word).or_default() += 1;
    }
    // What joins them stands in at least half of them.
    let mut joining: Vec<(&str, f64)> = counts
        .into_iter()
        .filter(|(_, count)| count * 2 >= group.len())
        .map(|(word, count)| (word, weights.of(word) * number(count)))
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    joining.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(other.0)));
    let words: Vec<String> = joining.iter().take(SHOWN_MAX).map(|(word, _)| (*word).to_owned()).collect();
    let needed = words.len().min(WORDS_MIN);
    if words.is_empty() {
        return None;
    }
    let is_same = |one: &&&Trait| words.iter().filter(|word| one.gist.contains(word)).count() >= needed;
    let earlier = past.iter().filter(is_same).count();
    // The past is many times as long as the time in which the cluster came.
    let spans = past.iter().map(|one| one.at).min().map_or(1, |first| {
        let hours = first.duration_until(now).as_hours() - NEW.as_hours();
        usize::try_from(hours / NEW.as_hours()).unwrap_or(0).max(1)
    });
    let before = earlier.div_ceil(spans);
    if group.len() < before.max(1) * GROWTH {
        return None;
    }
    let mut teams: BTreeMap<&TeamName, usize> = BTreeMap::new();
    for team in group.iter().filter_map(|one| one.team.as_ref()) {
        *teams.entry(team).or_default() += 1;
    }
    Some(Cluster {
        key: words.first()?.clone(),
        tickets: group.iter().map(|one| (one.no, one.subject.clone())).collect(),
        rev: group.first().map_or(0, |one| one.rev),
        team: teams.into_iter().max_by_key(|(_, count)| *count).map(|(team, _)| team.clone()),
        shown: words.clone(),
        words,
        days: NEW_DAYS,
        before,
    })
}

impl Cluster {
    /// What joins the tickets is compared without the endings of words; people read the words as these texts have them.
    pub fn spell<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        let terms: Vec<gist::Term> = texts.flat_map(gist::terms).collect();
        for shown in &mut self.shown {
            if let Some(term) = terms.iter().find(|term| term.stem == *shown) {
                shown.clone_from(&term.word);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-27T12:00:00Z";

    fn ticket(no: u64, hours_ago: i64, subject: &str, text: &str) -> Trait {
        let now: Timestamp = NOW.parse().expect("instant");
        Trait {
            no: TicketNo(no),
            rev: 1,
            at: now - SignedDuration::from_hours(hours_ago),
            subject: subject.to_owned(),
            team: Some("support".into()),
            domain: format!("d{no}.example"),
            gist: gist::of_mail(subject, text),
            is_free: true,
        }
    }

    /// A quiet month about many things.
    fn past() -> Vec<Trait> {
        const THINGS: [&str; 8] = [
            "the invoice has a wrong address",
            "please send another probe holder",
            "display is scratched after delivery",
            "password of the portal forgotten",
            "calibration certificate is missing",
            "delivery is late, order not arrived",
            "licence for two more seats wanted",
            "cable is broken near the plug",
        ];
        (0..120).map(|no| ticket(no, 60 + no as i64 * 5, "A request", THINGS[no as usize % 8])).collect()
    }

    fn check(new: Vec<Trait>, expect: &[&str]) {
        let traits: Vec<Trait> = past().into_iter().chain(new).collect();
        let found = clusters(&traits, NOW.parse().expect("instant"));
        let shown: Vec<String> = found
            .iter()
            .map(|cluster| {
                let numbers: Vec<u64> = cluster.tickets.iter().map(|(no, _)| no.0).collect();
                format!("{numbers:?} {} before {}", cluster.words.join(","), cluster.before)
            })
            .collect();
        assert_eq!(shown, expect);
    }

    #[test]
    fn tickets_with_one_error_are_found_among_others() {
        check(
            vec![
                ticket(201, 9, "Sync fails", "Upload stops with error E42 since this morning"),
                ticket(202, 8, "Help", "my upload ends with E42, the cloud is empty"),
                ticket(203, 7, "Invoice", "the invoice has a wrong address"),
                ticket(204, 5, "E42", "what does E42 mean? The upload never ends"),
                ticket(205, 2, "Cloud", "E42 when I upload measurements to the cloud"),
            ],
            &["[205, 204, 202, 201] e42,upload,cloud,end before 0"],
        );
    }

    #[test]
    fn people_read_whole_words() {
        let new = ["my probes lost their calibration", "calibration of the probe lost", "probe: firmware lost its calibration"];
        let new: Vec<Trait> = (0..4).map(|no| ticket(201 + no, 4, "Lost", new[no as usize % 3])).collect();
        let traits: Vec<Trait> = past().into_iter().chain(new).collect();
        let mut found = clusters(&traits, NOW.parse().expect("instant"));
        let cluster = found.first_mut().expect("a cluster");
        assert!(cluster.shown.contains(&"calibratio".to_owned()), "{:?}", cluster.shown);
        cluster.spell(["Lost", "my probes lost their calibration"].into_iter());
        assert!(cluster.shown.contains(&"calibration".to_owned()) && !cluster.shown.contains(&"calibratio".to_owned()));
    }

    #[test]
    fn what_always_came_so_often_is_no_news() {
        let usual = (0..4).map(|no| ticket(300 + no, 3 + no as i64, "A request", "password of the portal forgotten"));
        check(usual.collect(), &[]);
    }

    #[test]
    fn few_or_unlike_tickets_and_cases_of_a_known_issue_are_none() {
        let three = (0..3).map(|no| ticket(400 + no, 1, "Sync", "upload stops with E42"));
        check(three.collect(), &[]);
        check(
            vec![
                ticket(501, 1, "One", "my router is blue"),
                ticket(502, 1, "Two", "the lamp hums loudly"),
                ticket(503, 1, "Three", "where is your shop"),
                ticket(504, 1, "Four", "may I visit the factory"),
            ],
            &[],
        );
        let known = (0..6).map(|no| Trait { is_free: false, ..ticket(600 + no, 1, "Sync", "upload stops with E42") });
        check(known.collect(), &[]);
    }
}
