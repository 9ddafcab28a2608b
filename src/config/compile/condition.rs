//! Conditions, actions and rules.

use std::collections::BTreeMap;

use desk::condition::{AddressPattern, Comparison, Condition, FieldTest, People, Quantity, Target, Test};
use desk::pattern::Pattern;
use desk::rule::{AckAction, Actions, Rule, RuleBook};
use desk::{AgentName, FieldId, InboxName, Priority, Status, TeamName, TypeName, VendorName};

use super::{Compiler, Kind};
use crate::config::problem::{Code, Place};
use crate::config::raw::{RawRule, RawThen, RawWhen};
use crate::config::read::{At, OneOrMany, TextOrFlag, list};
use crate::config::tree::{Node, Value};
use crate::config::value::read_bytes;

type Texts = Option<OneOrMany<At<String>>>;

fn texts(values: &Texts) -> impl Iterator<Item = &At<String>> {
    values.iter().flat_map(|values| &values.0)
}

impl Compiler<'_> {
    pub(super) fn rules(&mut self, raw: &[RawRule]) -> Option<RuleBook> {
        let mut rules = Vec::new();
        let mut names: BTreeMap<String, Place> = BTreeMap::new();
        let mut stopped: Option<(String, Place)> = None;
        for raw in raw {
            let name = raw.name.as_ref().map_or_else(String::new, |name| name.value.clone());
            let at = raw.name.as_ref().map_or(raw.at, |name| name.at);
            let who = if name.is_empty() { "a rule".to_owned() } else { format!("rule \"{name}\"") };
            self.missing("name", &raw.keys, raw.at, &who);
            self.missing("then", &raw.keys, at, &who);
            if let Some(first) = names.insert(name.clone(), at) {
                let label = format!("first on {}", self.report.line_seen_from(first, at));
                self.report.add(Code::Duplicate, at, format!("two rules are called \"{name}\""), label);
            }
            let on_reply = raw.on.as_ref().and_then(|on| self.word(on, "on", &[("reply", true), ("new", false)]));
            let when = raw.when.as_ref().map(|when| self.condition(when, &who, false)).unwrap_or_default();
            let then = raw.then.as_ref().map(|then| self.actions(then, &who)).unwrap_or_default();
            self.placeholders(raw.then.as_ref(), &then, &when, &who);
            if let Some((stopper, place)) = &stopped {
                let label = format!("rule \"{stopper}\" stops always ({})", self.report.line_seen_from(*place, at));
                self.report.add(Code::NeverMatches, at, format!("{who} can never match"), label);
            }
            let on_reply = on_reply.unwrap_or(false);
            if then.stop && when.tests.is_empty() && stopped.is_none() && (!on_reply || raw.when.is_none()) {
                stopped = Some((name.clone(), at));
            }
            rules.push(Rule { name, line: self.report.line(at), on_reply, when, then });
        }
        match RuleBook::new(rules) {
            Ok(book) => Some(book),
            Err(error) => {
                let label = "write fewer or simpler ones";
                self.report.add(Code::Pattern, None, format!("the patterns of the rules: {error}"), label);
                None
            }
        }
    }

    fn placeholders(&mut self, raw: Option<&RawThen>, then: &Actions, when: &Condition, who: &str) {
        let groups = when.group_names();
        for (id, name) in then.placeholders().filter(|(_, name)| !groups.contains(*name)) {
            let values = raw.and_then(|then| then.set.as_ref()).map_or(&[][..], |set| set.0.as_slice());
            let at = values.iter().find(|(key, _)| key.value == id.0).map(|(_, value)| value.at);
            let label = format!("groups: {}", list(groups.iter().map(String::as_str)));
            self.report.add(Code::Reference, at, format!("{who} uses {{{name}}}, which no pattern of it captures"), label);
        }
    }

    /// Compiles a condition; `alert` allows the keys that only alerts have.
    pub(super) fn condition(&mut self, raw: &RawWhen, who: &str, alert: bool) -> Condition {
        let mut tests = Vec::new();
        self.people(raw, &mut tests);
        self.patterns(raw, who, &mut tests);
        self.ticket_tests(raw, who, &mut tests);
        for (id, values) in raw.field.iter().flat_map(|fields| &fields.0) {
            self.reference(Kind::Field, id, who);
            let wanted = values.0.iter().filter_map(|value| self.field_test(value, who)).collect();
            tests.push(Test::Field(FieldId(id.value.clone()), wanted));
        }
        self.quantities(raw, &mut tests);
        tests.extend(raw.authenticated.as_ref().map(|wanted| Test::Authenticated(wanted.value)));
        if let Some(time) = &raw.time {
            self.missing("calendar", &time.keys, time.at, &format!("`time` of {who}"));
            let open = time.open.as_ref().is_none_or(|open| open.value);
            if let Some(name) = &time.calendar
                && self.reference(Kind::Calendar, name, who)
                && let Some(calendar) = self.calendars.get(&name.value)
            {
                tests.push(Test::Time(Box::new(calendar.clone()), open));
            }
        }
        if let Some(contact) = &raw.contact {
            let count = contact.tickets.as_ref().and_then(|text| self.comparison(text, "a count such as \"> 10\"", read_count));
            tests.extend(count.map(Test::ContactTickets));
            tests.extend(contact.known.as_ref().map(|known| Test::ContactKnown(known.value)));
        }
        if let Some(not) = &raw.not {
            tests.push(Test::Not(self.condition(not, who, alert)));
        }
        if let Some(any) = &raw.any {
            tests.push(Test::Any(any.iter().map(|one| self.condition(one, who, alert)).collect()));
        }
        self.alert_keys(raw, who, alert);
        tests
            .iter()
            .any(|test| matches!(test, Test::Any(list) if list.is_empty()))
            .then(|| self.report.add(Code::BadValue, raw.at, format!("`any` of {who} is empty"), "it could never match"));
        Condition { tests }
    }

    fn alert_keys(&mut self, raw: &RawWhen, who: &str, alert: bool) {
        if let Some(left) = raw.sla_left.as_ref() {
            let share = |text: &str| text.strip_suffix('%')?.trim().parse().ok().filter(|part| (0.0..=100.0).contains(part));
            self.comparison(left, "a share such as \"< 25%\"", share);
        }
        let places = [raw.sla_left.as_ref().map(|left| left.at), raw.inbox_down.as_ref().map(|down| down.at)];
        for (key, at) in ["sla_left", "inbox_down"].into_iter().zip(places) {
            if let Some(at) = at.filter(|_| !alert) {
                self.report.add(Code::UnknownKey, at, format!("{who} uses `{key}`"), "only [[alert]] knows this");
            }
        }
    }

    fn people(&mut self, raw: &RawWhen, tests: &mut Vec<Test>) {
        for (people, values) in [(People::From, &raw.from), (People::To, &raw.to), (People::Cc, &raw.cc)] {
            if values.is_none() {
                continue;
            }
            let mut patterns = Vec::new();
            for value in texts(values) {
                let inbox = InboxName(value.value.clone());
                if people == People::To && !value.value.contains('@') {
                    if self.reference(Kind::Inbox, value, "`to`") {
                        let addresses = self.inbox_addresses.get(&inbox).cloned().unwrap_or_default();
                        patterns.push(AddressPattern::Inbox(inbox, addresses));
                    }
                    continue;
                }
                patterns.extend(self.address_pattern(value));
            }
            tests.push(Test::Address(people, patterns));
        }
    }

    pub(super) fn address_pattern(&mut self, value: &At<String>) -> Option<AddressPattern> {
        let pattern = AddressPattern::new(&value.value);
        if pattern.is_none() {
            let message = format!("\"{}\" names no sender or recipient", value.value);
            self.report.add(Code::BadAddress, value.at, message, "a@b.example, @domain or @*.domain");
        }
        pattern
    }

    fn patterns(&mut self, raw: &RawWhen, who: &str, tests: &mut Vec<Test>) {
        let targets = [
            (Target::Subject, &raw.subject),
            (Target::Text, &raw.text),
            (Target::AnyText, &raw.any_text),
            (Target::Attachment, &raw.attachment),
        ];
        for (target, values) in targets {
            if values.is_some() {
                let patterns = texts(values).filter_map(|value| self.pattern(value, who)).collect();
                tests.push(Test::Pattern(target, patterns));
            }
        }
        for (name, values) in raw.header.iter().flat_map(|headers| &headers.0) {
            if name.value.is_empty() || !name.value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
                let message = format!("\"{}\" is no name of a header", name.value);
                self.report.add(Code::BadValue, name.at, message, "such as \"X-Priority\" (RFC 5322 §2.2)");
            }
            let patterns = values.0.iter().filter_map(|value| self.pattern(value, who)).collect();
            tests.push(Test::Header(name.value.clone(), patterns));
        }
    }

    fn pattern(&mut self, value: &At<String>, who: &str) -> Option<Pattern> {
        match Pattern::new(&value.value) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.pattern_error(value, &error, who);
                None
            }
        }
    }

    fn ticket_tests(&mut self, raw: &RawWhen, who: &str, tests: &mut Vec<Test>) {
        let names = |values: &Texts| texts(values).map(|value| value.value.clone()).collect::<Vec<_>>();
        for (kind, values) in [(Kind::Type, &raw.r#type), (Kind::Team, &raw.team), (Kind::Inbox, &raw.inbox)] {
            for value in texts(values) {
                self.reference(kind, value, who);
            }
        }
        if raw.r#type.is_some() {
            tests.push(Test::Type(names(&raw.r#type).into_iter().map(TypeName).collect()));
        }
        if raw.team.is_some() {
            tests.push(Test::Team(names(&raw.team).into_iter().map(TeamName).collect()));
        }
        if raw.inbox.is_some() {
            tests.push(Test::Inbox(names(&raw.inbox).into_iter().map(InboxName).collect()));
        }
        if raw.priority.is_some() {
            tests.push(Test::Priority(texts(&raw.priority).filter_map(|value| self.priority(value)).collect()));
        }
        if raw.status.is_some() {
            tests.push(Test::Status(texts(&raw.status).filter_map(|value| self.status(value)).collect()));
        }
        if raw.tags.is_some() {
            tests.push(Test::Tags(names(&raw.tags)));
        }
        if raw.language.is_some() {
            tests.push(Test::Language(names(&raw.language).into_iter().map(|name| name.to_lowercase()).collect()));
        }
        if raw.owner.is_some() {
            let mut owners = Vec::new();
            for value in texts(&raw.owner) {
                self.reference_any(&[Kind::Agent], &["none"], value, who);
                owners.push((value.value != "none").then(|| AgentName(value.value.clone())));
            }
            tests.push(Test::Owner(owners));
        }
    }

    pub(super) fn priority(&mut self, value: &At<String>) -> Option<Priority> {
        self.word(value, "priority", &Priority::ALL.map(|priority| (priority.as_str(), priority)))
    }

    pub(super) fn status(&mut self, value: &At<String>) -> Option<Status> {
        self.word(value, "status", &Status::ALL.map(|status| (status.as_str(), status)))
    }

    fn quantities(&mut self, raw: &RawWhen, tests: &mut Vec<Test>) {
        if let Some(text) = &raw.attachments {
            let (_, rest) = Comparison::split(&text.value);
            let quantity = match text.value.trim() {
                "any" => Some(Quantity::Any),
                "none" => Some(Quantity::None),
                _ if read_count(rest).is_some() => self.comparison(text, "", read_count).map(Quantity::Count),
                _ => self.comparison(text, "\"any\", \"none\", \"> 3\" or \"> 5MB\"", read_size).map(Quantity::Bytes),
            };
            tests.extend(quantity.map(Test::Attachments));
        }
        if let Some(text) = &raw.size {
            tests.extend(self.comparison(text, "a size such as \"> 5MB\"", read_size).map(Test::Size));
        }
    }

    fn comparison(&mut self, text: &At<String>, wanted: &str, read: impl Fn(&str) -> Option<f64>) -> Option<Comparison> {
        let (how, rest) = Comparison::split(&text.value);
        let with = read(rest);
        if with.is_none() {
            self.report.add(
                Code::BadValue,
                text.at,
                format!("\"{}\" compares nothing", text.value),
                format!("expected {wanted}"),
            );
        }
        with.map(|with| Comparison { how, with })
    }

    /// `"missing"`, `"any"`, `"> 500 GBP"`, `"~ regex"`, or a value.
    pub(super) fn field_test(&mut self, node: &Node, who: &str) -> Option<FieldTest> {
        let text = match &node.value {
            Value::String(text) => text.trim(),
            Value::Boolean(flag) => return Some(FieldTest::Equals(flag.to_string())),
            Value::Integer(number) => return Some(FieldTest::Equals(number.to_string())),
            other => {
                let label = format!("is {}", other.kind());
                self.report.add(Code::WrongType, node.at, format!("{who} compares a field with this"), label);
                return None;
            }
        };
        match text {
            "missing" => return Some(FieldTest::Missing),
            "any" => return Some(FieldTest::Present),
            _ if text.starts_with('~') => {
                return self.pattern(&At { value: text.to_owned(), at: node.at }, who).map(FieldTest::Matches);
            }
            _ if !text.starts_with(['<', '>', '=']) => return Some(FieldTest::Equals(text.to_owned())),
            _ => {}
        }
        let (how, rest) = Comparison::split(text);
        let amount = desk::kind::amount_of(rest);
        if amount.is_none() {
            let message = format!("\"{text}\" compares nothing");
            self.report.add(Code::BadValue, node.at, message, "expected a number or an amount such as \"> 500 GBP\"");
        }
        amount.map(|amount| FieldTest::Compares(Comparison { how, with: amount.number }, amount.currency))
    }

    fn actions(&mut self, raw: &RawThen, who: &str) -> Actions {
        if raw.keys.is_empty() {
            self.report.add(Code::MissingKey, raw.at, format!("{who} does nothing"), "`then` is empty");
        }
        let references = [
            (Kind::Inbox, &raw.inbox),
            (Kind::Team, &raw.team),
            (Kind::Agent, &raw.owner),
            (Kind::Type, &raw.r#type),
            (Kind::Vendor, &raw.vendor),
        ];
        for (kind, name) in references {
            if let Some(name) = name {
                self.reference(kind, name, who);
            }
        }
        for (field, _) in raw.set.iter().flat_map(|set| &set.0) {
            self.reference(Kind::Field, field, who);
        }
        for person in texts(&raw.tell) {
            self.reference_any(&[Kind::Agent, Kind::Team, Kind::Notify], &["owner", "lead", "team"], person, who);
        }
        if let (Some(hold), Some(_)) = (&raw.hold, &raw.ignore) {
            self.report.add(Code::Contradiction, hold.at, format!("{who} holds and ignores"), "`hold` or `ignore`");
        }
        let ack = raw.ack.as_ref().and_then(|ack| match &ack.value {
            TextOrFlag::Flag(true) => None,
            TextOrFlag::Flag(false) => Some(AckAction::Off),
            TextOrFlag::Text(name) => {
                self.template(&At { value: name.clone(), at: ack.at }, who);
                Some(AckAction::Template(name.clone()))
            }
        });
        let text = |value: &Option<At<String>>| value.as_ref().map(|value| value.value.clone());
        Actions {
            inbox: text(&raw.inbox).map(InboxName),
            team: text(&raw.team).map(TeamName),
            owner: text(&raw.owner).map(AgentName),
            ticket_type: text(&raw.r#type).map(TypeName),
            priority: raw.priority.as_ref().and_then(|priority| self.priority(priority)),
            tags: texts(&raw.tags).map(|tag| tag.value.clone()).collect(),
            set: raw
                .set
                .iter()
                .flat_map(|set| &set.0)
                .map(|(id, value)| (FieldId(id.value.clone()), value.value.clone()))
                .collect(),
            vendor: text(&raw.vendor).map(VendorName),
            ack,
            tell: texts(&raw.tell).map(|tell| tell.value.clone()).collect(),
            hold: text(&raw.hold),
            ignore: text(&raw.ignore),
            stop: raw.stop.as_ref().is_some_and(|stop| stop.value),
        }
    }
}

fn read_count(text: &str) -> Option<f64> {
    text.parse::<u32>().ok().map(f64::from)
}

/// Exact up to 2^53 bytes.
fn read_size(text: &str) -> Option<f64> {
    read_bytes(text).map(|bytes| bytes as f64)
}
