//! What a reload changes, in plain sentences.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use desk::Policy;
use desk::knowledge::KnownIssue;
use desk::policy::Form;

use super::settings::{Account, Config, ConfigTest, StoreKind};
use super::value::write_length;

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The settings.
    pub config: &'a Config,
}

/// What changes from `old` to `new`, most drastic first; empty if nothing does. No secret stands in it.
#[must_use]
pub fn diff(old: Side<'_>, new: Side<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    server(old.config, new.config, &mut lines);
    accounts(&old.config.accounts, &new.config.accounts, &mut lines);
    named("inbox", &old.policy.inboxes, &new.policy.inboxes, &mut lines);
    for (name, watch) in &new.config.inboxes {
        if old.config.inboxes.get(name).is_some_and(|before| before != watch) {
            lines.push(format!("inbox \"{name}\" watches folder \"{}\" of account \"{}\" anew", watch.folder, watch.account));
        }
    }
    named("agent", &old.policy.agents, &new.policy.agents, &mut lines);
    named("team", &old.policy.teams, &new.policy.teams, &mut lines);
    named("vendor", &old.policy.vendors, &new.policy.vendors, &mut lines);
    named("type", &old.policy.types, &new.policy.types, &mut lines);
    named("SLA", &old.policy.slas, &new.policy.slas, &mut lines);
    named("calendar", &old.policy.calendars, &new.policy.calendars, &mut lines);
    // The line is where a form stands, not what it says.
    let shown = |form: &Form| format!("{:?} {:?} {:?}", form.when, form.reads, form.maps);
    let forms = |policy: &Policy| policy.forms.iter().map(|form| (form.name.clone(), shown(form))).collect();
    let (before, after): (BTreeMap<_, _>, BTreeMap<_, _>) = (forms(old.policy), forms(new.policy));
    named("form", &before, &after, &mut lines);
    named("article", &old.config.article_sources, &new.config.article_sources, &mut lines);
    // The line is where an issue stands, not what it says.
    let issues = |policy: &Policy| -> BTreeMap<String, String> {
        let each = policy.knowledge.issues.iter().map(|issue| KnownIssue { line: 0, ..issue.clone() });
        each.map(|issue| (issue.id.clone(), without_slots(&format!("{issue:?}")))).collect()
    };
    named("known issue", &issues(old.policy), &issues(new.policy), &mut lines);
    let reports = |policy: &Policy| -> BTreeMap<String, desk::knowledge::ReportPlan> {
        policy.knowledge.reports.iter().map(|plan| (plan.name.clone(), plan.clone())).collect()
    };
    named("report", &reports(old.policy), &reports(new.policy), &mut lines);
    rules(old.policy, new.policy, &mut lines);
    rest(old, new, &mut lines);
    lines
}

fn server(old: &Config, new: &Config, lines: &mut Vec<String>) {
    if old.server.store != new.server.store {
        let place = match &new.server.store {
            StoreKind::Sled { path } => path.display().to_string(),
            StoreKind::Postgres { .. } => "postgres".to_owned(),
        };
        lines.push(format!("state moves to {place}: only a restart does this"));
    }
    if old.server.key != new.server.key {
        lines.push("the signing key changes: links and reply addresses of old mail stop working".to_owned());
    }
    if old.server.listen != new.server.listen {
        let place = new.server.listen.map_or("nowhere".to_owned(), |address| address.to_string());
        lines.push(format!("pages are served at {place}: only a restart does this"));
    }
    if old.server.resolver != new.server.resolver {
        let place = new.server.resolver.map_or("the name servers of this machine".to_owned(), |address| address.to_string());
        lines.push(format!("DKIM keys are looked up at {place}: only a restart does this"));
    }
    if old.server.url != new.server.url {
        lines.push(format!("links lead to {}", new.server.url.as_deref().unwrap_or("nothing: mails have none")));
    }
}

fn accounts(old: &BTreeMap<desk::AccountName, Account>, new: &BTreeMap<desk::AccountName, Account>, lines: &mut Vec<String>) {
    for (name, account) in new {
        let Some(before) = old.get(name) else {
            lines.push(format!("account \"{name}\" is new: it is connected"));
            continue;
        };
        let reconnects =
            [before.imap != account.imap, before.smtp != account.smtp, before.auth != account.auth, before.ca != account.ca];
        if reconnects.contains(&true) {
            lines.push(format!("account \"{name}\" reconnects"));
        }
        if before.trusts != account.trusts {
            lines.push(format!("account \"{name}\" believes Authentication-Results of {}", joined(&account.trusts)));
        }
        if before.poll != account.poll {
            lines.push(format!("account \"{name}\" looks every {}", write_length(account.poll)));
        }
        if (before.send_rate, before.send_bytes_max) != (account.send_rate, account.send_bytes_max) {
            lines.push(format!("account \"{name}\" sends at another rate or size"));
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        lines.push(format!("account \"{name}\" goes: its mail stays where it is"));
    }
}

/// Things that are compared whole: their debug text has every field, and none of them holds a secret.
fn named<K: Ord + Display, V: Debug>(kind: &str, old: &BTreeMap<K, V>, new: &BTreeMap<K, V>, lines: &mut Vec<String>) {
    for (name, value) in new {
        match old.get(name) {
            None => lines.push(format!("{kind} \"{name}\" is new")),
            Some(before) if format!("{before:?}") != format!("{value:?}") => lines.push(format!("{kind} \"{name}\" changes")),
            Some(_) => {}
        }
    }
    lines.extend(old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("{kind} \"{name}\" goes")));
}

fn rules(old: &Policy, new: &Policy, lines: &mut Vec<String>) {
    // The line is where a rule stands, not what it says.
    let shown = |policy: &Policy| -> Vec<(String, String)> {
        let each = policy.rules.rules().iter();
        each.map(|rule| (rule.name.clone(), format!("{} {:?} {:?}", rule.on_reply, rule.when, rule.then))).collect()
    };
    let (before, after) = (shown(old), shown(new));
    let maps = |rules: &[(String, String)]| rules.iter().cloned().collect::<BTreeMap<String, String>>();
    let (old_map, new_map) = (maps(&before), maps(&after));
    for (name, text) in &after {
        match old_map.get(name) {
            None => lines.push(format!("rule \"{name}\" is new")),
            Some(other) if without_slots(other) != without_slots(text) => lines.push(format!("rule \"{name}\" changes")),
            Some(_) => {}
        }
    }
    lines.extend(before.iter().filter(|(name, _)| !new_map.contains_key(name)).map(|(name, _)| format!("rule \"{name}\" goes")));
    let kept = |rules: &[(String, String)], other: &BTreeMap<String, String>| -> Vec<String> {
        rules.iter().map(|(name, _)| name.clone()).filter(|name| other.contains_key(name)).collect()
    };
    if kept(&before, &new_map) != kept(&after, &old_map) {
        lines.push("rules run in another order".to_owned());
    }
}

/// A pattern's place in the common pass depends on its neighbours and says nothing about the rule.
fn without_slots(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some(at) = rest.find("slot: Some(") {
        plain.push_str(&rest[..at]);
        rest = rest[at..].find(')').map_or("", |close| &rest[at + close + 1..]);
    }
    plain + rest
}

fn rest(old: Side<'_>, new: Side<'_>, lines: &mut Vec<String>) {
    if old.policy.limits != new.policy.limits {
        lines.push(format!("limits of automatic mail become {:?}", new.policy.limits));
    }
    if old.policy.reopen_within != new.policy.reopen_within {
        lines.push(format!("a reply reopens within {}", write_length(new.policy.reopen_within)));
    }
    let (before, after) = (&old.policy.company, &new.policy.company);
    if format!("{before:?}") != format!("{after:?}") {
        lines.push("[company] changes".to_owned());
    }
    let names = |config: &Config| config.template_sources.keys().cloned().collect::<BTreeSet<_>>();
    for (name, language) in names(old.config).union(&names(new.config)) {
        let key = (name.clone(), language.clone());
        if old.config.template_sources.get(&key) != new.config.template_sources.get(&key) {
            lines.push(format!("template \"{name}\" in \"{language}\" changes"));
        }
    }
    let tests = |config: &Config| config.tests.iter().cloned().map(|test| ConfigTest { line: 0, ..test }).collect::<Vec<_>>();
    if tests(old.config) != tests(new.config) {
        lines.push("tests change".to_owned());
    }
}

fn joined(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}
