//! From raw shapes to settings and policy. Every part reports what is wrong with it and goes on, so that one run shows all.

mod condition;
mod follow;
mod know;
mod later;
mod mail;
mod notify;
mod people;
mod process;
mod test;
mod time;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ::mail::Address;
use desk::calendar::Calendar;
use desk::policy::Limits;
use desk::template::Templates;
use desk::token::Keys;
use desk::{InboxName, Policy};
use jiff::SignedDuration;

use super::problem::{Code, Place, Report};
use super::raw::RawFile;
use super::read::{At, Named, list, nearest};
use super::settings::Config;
use super::source::{Environment, beside};

/// How long a reply reopens, where `follow_up.reopen.within` says nothing.
const REOPEN_WITHIN: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Templates that are built in.
const BUILT_IN_TEMPLATES: [&str; 6] = ["ack", "nudge", "closing-soon", "closed", "check-in", "issue"];

/// Things that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Account,
    Inbox,
    Agent,
    Team,
    Vendor,
    Calendar,
    Sla,
    Type,
    Field,
    Notify,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Inbox => "inbox",
            Self::Agent => "agent",
            Self::Team => "team",
            Self::Vendor => "vendor",
            Self::Calendar => "calendar",
            Self::Sla => "sla",
            Self::Type => "type",
            Self::Field => "field",
            Self::Notify => "notify",
        }
    }

    fn a_word(self) -> String {
        match self {
            Self::Account | Self::Inbox | Self::Agent => format!("an {}", self.word()),
            Self::Sla => "an SLA".to_owned(),
            Self::Notify => "a channel of [notify]".to_owned(),
            Self::Team | Self::Vendor | Self::Calendar | Self::Type | Self::Field => format!("a {}", self.word()),
        }
    }
}

/// What is shared while compiling.
pub(super) struct Compiler<'e> {
    pub(super) report: Report,
    pub(super) environment: &'e dyn Environment,
    /// Every name that is defined, with its place; `None` for built-in ones.
    pub(super) names: BTreeMap<Kind, BTreeMap<String, Option<Place>>>,
    /// Who has an address, folded.
    addresses: BTreeMap<String, (String, Place)>,
    /// Templates of the operator: (name, language).
    templates: BTreeMap<(String, String), String>,
    /// Calendars, for conditions.
    calendars: BTreeMap<String, Calendar>,
    /// Addresses of inboxes without detail, for `to`.
    inbox_addresses: BTreeMap<InboxName, Vec<String>>,
    /// SLAs that something names.
    used_slas: BTreeSet<String>,
    /// Templates whose stand-in was noted.
    fallen_back: BTreeSet<String>,
    /// Keys that are checked and whose behaviour comes later.
    later: BTreeMap<String, Place>,
}

/// Compiles; what comes out is only good if the report has no errors.
pub(super) fn compile(
    path: &Path,
    raw: RawFile,
    report: Report,
    environment: &dyn Environment,
) -> (Option<(Config, Policy)>, Report) {
    let mut compiler = Compiler {
        report,
        environment,
        names: BTreeMap::new(),
        addresses: BTreeMap::new(),
        templates: BTreeMap::new(),
        calendars: BTreeMap::new(),
        inbox_addresses: BTreeMap::new(),
        used_slas: BTreeSet::new(),
        fallen_back: BTreeSet::new(),
        later: BTreeMap::new(),
    };
    let result = compiler.file(path, raw);
    compiler.note_later();
    (result, compiler.report)
}

impl Compiler<'_> {
    fn file(&mut self, path: &Path, raw: RawFile) -> Option<(Config, Policy)> {
        match &raw.version {
            Some(version) if version.value != 1 => {
                self.report.add(Code::BadValue, version.at, "this program reads version 1 of the file", "write 1");
            }
            None if !raw.has("version") => {
                self.report.add(Code::MissingKey, None, "the file has no `version`", "write `version = 1` as its first line");
            }
            Some(_) | None => {}
        }
        self.collect_names(&raw);
        let company = self.company(raw.company.as_ref());
        self.load_templates(path, &company.languages);
        let calendars = self.calendars(raw.calendar.as_ref(), &company.timezone);
        self.calendars = calendars.clone();
        let (server, key) = self.server(raw.server.as_ref());
        let accounts = self.accounts(raw.account.as_ref());
        let agents = self.agents(raw.agent.as_ref(), &company);
        let teams = self.teams(raw.team.as_ref(), &agents);
        let types = self.types(raw.r#type.as_ref(), &company.languages);
        let (inboxes, mut watches) = self.inboxes(&raw, &company, &accounts);
        let vendors = self.vendors(raw.vendor.as_ref());
        let slas = self.slas(raw.sla.as_ref());
        let forms = self.forms(raw.form.as_ref());
        let rules = self.rules(raw.rule.as_deref().unwrap_or_default());
        let limits = self.limits(raw.limits.as_ref());
        let agent_mail = self.agent_mail(raw.agent_mail.as_ref(), &accounts, &mut watches);
        let follow_up = self.follow_up(raw.follow_up.as_ref());
        let (reopen_within, reopens_per_day) = self.reopening(raw.follow_up.as_ref());
        let limits = match reopens_per_day {
            Some(reopens_per_day) => Limits { reopens_per_day, ..limits },
            None => limits,
        };
        let (alerts, inbox_alarms) = self.alerts(raw.alert.as_deref().unwrap_or_default());
        let (channels, channel_targets) = self.channels(raw.notify.as_ref());
        let (knowledge, article_sources) = self.knowledge(&raw, &company.languages);
        self.later_sections(&raw);
        let tests = self.tests(raw.test.as_deref().unwrap_or_default(), &inboxes);
        self.warn_unused(raw.sla.as_ref());
        self.warn_trust(&raw, &accounts);
        self.warn_agent_mail(&raw);
        let own_addresses = inboxes
            .values()
            .flat_map(|inbox| std::iter::once(&inbox.address).chain(&inbox.also))
            .chain(agent_mail.as_ref().map(|desk| &desk.address))
            .map(Address::folded)
            .collect();
        let (server, key) = (server?, key?);
        let policy = Policy {
            company,
            keys: match &server.old_key {
                Some((old, _)) => Keys::rotated(key.expose_bytes(), old.expose_bytes()),
                None => Keys::new(key.expose_bytes()),
            },
            inboxes,
            agents,
            agent_mail,
            teams,
            vendors,
            types,
            slas,
            calendars,
            forms,
            rules: rules?,
            limits,
            templates: Templates::default(),
            follow_up,
            channels,
            alerts,
            knowledge,
            reopen_within: reopen_within.unwrap_or(REOPEN_WITHIN),
            own_addresses,
            url: server.url.clone(),
        };
        let template_sources = std::mem::take(&mut self.templates);
        let path = path.to_owned();
        let channels = channel_targets;
        let config =
            Config { path, server, accounts, inboxes: watches, template_sources, article_sources, channels, inbox_alarms, tests };
        Some((config, policy))
    }

    fn collect_names(&mut self, raw: &RawFile) {
        self.define(Kind::Account, raw.account.as_ref());
        self.define(Kind::Inbox, raw.inbox.as_ref());
        self.define(Kind::Agent, raw.agent.as_ref());
        self.define(Kind::Team, raw.team.as_ref());
        self.define(Kind::Vendor, raw.vendor.as_ref());
        self.define(Kind::Calendar, raw.calendar.as_ref());
        self.define(Kind::Sla, raw.sla.as_ref());
        self.define(Kind::Type, raw.r#type.as_ref());
        self.define(Kind::Notify, raw.notify.as_ref());
        self.names.entry(Kind::Calendar).or_default().insert("always".to_owned(), None);
        for (kind, default) in [(Kind::Team, people::DEFAULT_TEAM), (Kind::Type, process::DEFAULT_TYPE)] {
            let names = self.names.entry(kind).or_default();
            if names.is_empty() {
                names.insert(default.to_owned(), None);
            }
        }
        let mut fields = BTreeMap::new();
        for (_, ticket_type) in raw.r#type.iter().flat_map(|types| &types.0) {
            for id in ticket_type.fields.iter().flatten().filter_map(|field| field.id.as_ref()) {
                fields.entry(id.value.clone()).or_insert(Some(id.at));
            }
        }
        self.names.insert(Kind::Field, fields);
    }

    fn define<T>(&mut self, kind: Kind, named: Option<&Named<T>>) {
        let mut names = BTreeMap::new();
        for (name, _) in named.iter().flat_map(|named| &named.0) {
            let good = !name.value.is_empty() && name.value.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
            if !good {
                let message = format!("\"{}\" is no name for {}", name.value, kind.a_word());
                self.report.add(Code::BadValue, name.at, message, "letters, digits, - and _");
            }
            names.insert(name.value.clone(), Some(name.at));
        }
        self.names.insert(kind, names);
    }

    /// Checks that a name is defined; `who` names it.
    pub(super) fn reference(&mut self, kind: Kind, name: &At<String>, who: &str) -> bool {
        let names = self.names.entry(kind).or_default();
        if names.contains_key(&name.value) {
            return true;
        }
        let label = match nearest(&name.value, names.keys().map(String::as_str)) {
            Some(near) => {
                let place = names.get(near).copied().flatten();
                let line = place.map_or_else(String::new, |place| format!(" ({})", self.report.line_seen_from(place, name.at)));
                format!("no such {}; did you mean \"{near}\"?{line}", kind.word())
            }
            None => format!("no such {}; defined: {}", kind.word(), list(names.keys().map(String::as_str))),
        };
        self.report.add(Code::Reference, name.at, format!("{who} names {} that does not exist", kind.a_word()), label);
        false
    }

    /// Checks that a name is one of several kinds, or one of some words.
    pub(super) fn reference_any(&mut self, kinds: &[Kind], words: &[&str], name: &At<String>, who: &str) -> bool {
        let defined = |kind: &Kind| self.names.get(kind).is_some_and(|names| names.contains_key(&name.value));
        if words.contains(&name.value.as_str()) || kinds.iter().any(defined) {
            return true;
        }
        let all = || {
            let named = kinds.iter().filter_map(|kind| self.names.get(kind)).flat_map(|names| names.keys().map(String::as_str));
            words.iter().copied().chain(named)
        };
        let label = match nearest(&name.value, all()) {
            Some(near) => format!("not defined; did you mean \"{near}\"?"),
            None => format!("not defined; possible: {}", list(all())),
        };
        self.report.add(Code::Reference, name.at, format!("{who} names \"{}\", which does not exist", name.value), label);
        false
    }

    /// One of a closed set of words.
    pub(super) fn word<T: Clone>(&mut self, value: &At<String>, key: &str, words: &[(&str, T)]) -> Option<T> {
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == value.value) {
            return Some(meaning.clone());
        }
        let known = || words.iter().map(|(word, _)| *word);
        let label = match nearest(&value.value, known()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("one of {}", list(known())),
        };
        self.report.add(Code::BadValue, value.at, format!("`{key}` cannot be \"{}\"", value.value), label);
        None
    }

    /// A key that must be there. A value that could not be read was reported before.
    pub(super) fn missing(&mut self, key: &str, keys: &[String], at: Place, who: &str) {
        if !keys.iter().any(|known| known == key) {
            self.report.add(Code::MissingKey, at, format!("{who} has no `{key}`"), format!("`{key}` is required"));
        }
    }

    /// A mail address.
    pub(super) fn address(&mut self, text: &At<String>) -> Option<Address> {
        let address = Address::new(&text.value).ok().filter(|address| address.as_str().is_ascii() || !text.value.contains(' '));
        if address.is_none() {
            self.report.add(
                Code::BadAddress,
                text.at,
                format!("\"{}\" is not a mail address", text.value),
                "expected name@domain",
            );
        }
        address
    }

    /// A mail address that belongs to nobody else.
    pub(super) fn own_address(&mut self, text: &At<String>, who: &str) -> Option<Address> {
        let address = self.address(text)?;
        match self.addresses.get(&address.folded()) {
            Some((owner, place)) => {
                let label = format!("{} has it ({})", owner, self.report.line_seen_from(*place, text.at));
                self.report.add(Code::Duplicate, text.at, format!("{address} belongs to {owner} and to {who}"), label);
            }
            None => {
                self.addresses.insert(address.folded(), (who.to_owned(), text.at));
            }
        }
        Some(address)
    }

    /// Notes that a key is checked but does nothing yet.
    pub(super) fn comes_later(&mut self, key: &str, at: Place) {
        self.later.entry(key.to_owned()).or_insert(at);
    }

    fn note_later(&mut self) {
        if self.later.is_empty() {
            return;
        }
        let keys = self.later.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let message = "these keys are accepted and checked, but this version does not act on them yet";
        self.report.add(Code::Later, None, message, keys);
    }

    /// Reads `templates/<language>/*.txt` beside the main file.
    fn load_templates(&mut self, path: &Path, languages: &[String]) {
        for language in languages {
            let place = Place::default();
            let folder = if self.report.sources.is_empty() {
                path.with_file_name("templates").join(language)
            } else {
                beside(place, &format!("templates/{language}"), &self.report)
            };
            // No folder is the usual case: our own texts serve.
            let files = self.environment.list(&folder).unwrap_or_default();
            for file in files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "txt")) {
                let Some(name) = file.file_stem().and_then(|stem| stem.to_str()) else { continue };
                match self.environment.read(file).map(String::from_utf8) {
                    Ok(Ok(text)) => {
                        self.templates.insert((name.to_owned(), language.clone()), text);
                    }
                    Ok(Err(_)) => {
                        self.report.add(Code::Unreadable, None, format!("the template {} is not UTF-8", file.display()), "");
                    }
                    Err(error) => {
                        let message = format!("the template {} cannot be read", file.display());
                        self.report.add(Code::Unreadable, None, message, error.to_string());
                    }
                }
            }
        }
        let names: BTreeSet<String> = self.templates.keys().map(|(name, _)| name.clone()).collect();
        for name in names.iter().filter(|name| !BUILT_IN_TEMPLATES.contains(&name.as_str())) {
            let without = languages.iter().filter(|language| !self.templates.contains_key(&(name.clone(), (*language).clone())));
            let without: Vec<&str> = without.map(String::as_str).collect();
            if !without.is_empty() {
                let label = format!("missing: {}", list(without));
                self.report.add(Code::NoLanguage, None, format!("the template \"{name}\" is not there in every language"), label);
            }
        }
    }

    /// Checks that a template is there or has a stand-in.
    pub(super) fn template(&mut self, name: &At<String>, who: &str) {
        let known =
            |name: &str| BUILT_IN_TEMPLATES.contains(&name) || self.templates.keys().any(|(template, _)| template == name);
        if known(&name.value) {
            return;
        }
        if let Some(built_in) = BUILT_IN_TEMPLATES.iter().find(|built_in| name.value.starts_with(&format!("{built_in}-"))) {
            if !self.fallen_back.insert(name.value.clone()) {
                return;
            }
            let message = format!("there is no template \"{}\"; \"{built_in}\" serves instead", name.value);
            let hint = format!("write templates/<language>/{}.txt", name.value);
            self.report.hint(Code::Fallback, name.at, message, "", hint);
            return;
        }
        let all = || BUILT_IN_TEMPLATES.into_iter().chain(self.templates.keys().map(|(template, _)| template.as_str()));
        let label = match nearest(&name.value, all()) {
            Some(near) => format!("no such template; did you mean \"{near}\"?"),
            None => format!("no such template; there are {}", list(all())),
        };
        self.report.add(Code::Reference, name.at, format!("{who} names a template that does not exist"), label);
    }
}
