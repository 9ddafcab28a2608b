//! Ticket types with fields and steps, and forms.

use std::collections::BTreeMap;

use desk::policy::{Field, FieldKind, Form, FormReader, OnLate, Step, TicketType};
use desk::{AgentName, FieldId, TeamName, TypeName};

use super::{Compiler, Kind};
use crate::config::problem::Code;
use crate::config::raw::{RawField, RawForm, RawStep, RawType};
use crate::config::read::{At, Named, OneOrMany};
use crate::config::tree::{Node, Value};

/// The type that is there where the file names none.
pub(super) const DEFAULT_TYPE: &str = "request";

const KINDS: [(&str, FieldKind); 9] = [
    ("text", FieldKind::Text),
    ("number", FieldKind::Number),
    ("money", FieldKind::Money),
    ("date", FieldKind::Date),
    ("choice", FieldKind::Choice),
    ("email", FieldKind::Email),
    ("phone", FieldKind::Phone),
    ("url", FieldKind::Url),
    ("bool", FieldKind::Bool),
];
const READERS: [(&str, FormReader); 4] = [
    ("lines", FormReader::Lines),
    ("table", FormReader::Table),
    ("json", FormReader::Json),
    ("urlencoded", FormReader::UrlEncoded),
];
/// What a form's key may stand for besides a field.
const FORM_TARGETS: [&str; 4] = ["requester", "requester.name", "subject", "text"];

impl Compiler<'_> {
    pub(super) fn types(&mut self, raw: Option<&Named<RawType>>, languages: &[String]) -> BTreeMap<TypeName, TicketType> {
        let mut types = BTreeMap::new();
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            let who = format!("type \"{}\"", name.value);
            let fields = self.fields(raw.fields.as_deref().unwrap_or_default(), &who, languages);
            let steps = self.steps(raw.steps.as_deref().unwrap_or_default(), &who);
            if let Some(form) = &raw.form {
                self.comes_later("type.form", form.at);
            }
            let ticket_type = TicketType {
                name: TypeName(name.value.clone()),
                label: raw.label.as_ref().map_or_else(|| name.value.clone(), |label| label.value.clone()),
                fields,
                steps,
                close_asks: raw.close_asks.iter().flatten().map(|ask| ask.value.clone()).collect(),
                policy: raw.policy.as_ref().map(|policy| self.texts(policy, &format!("the policy of {who}"))).unwrap_or_default(),
            };
            types.insert(ticket_type.name.clone(), ticket_type);
        }
        if types.is_empty() {
            let name = TypeName(DEFAULT_TYPE.to_owned());
            let label = "A request".to_owned();
            let ticket_type = TicketType {
                name: name.clone(),
                label,
                fields: Vec::new(),
                steps: Vec::new(),
                close_asks: Vec::new(),
                policy: BTreeMap::new(),
            };
            types.insert(name, ticket_type);
        }
        types
    }

    /// A text for everybody, or a table of one by language.
    fn texts(&mut self, node: &Node, what: &str) -> BTreeMap<String, String> {
        let wrong = |this: &mut Self, at| {
            let label = "a text, or such as { en = \"…\", de = \"…\" }";
            this.report.add(Code::BadValue, at, format!("{what} is no text"), label);
        };
        let mut texts = BTreeMap::new();
        match &node.value {
            Value::String(text) => drop(texts.insert(String::new(), text.trim().to_owned())),
            Value::Table(entries) => {
                for entry in entries {
                    match &entry.node.value {
                        Value::String(text) => drop(texts.insert(entry.key.clone(), text.trim().to_owned())),
                        _ => wrong(self, entry.node.at),
                    }
                }
            }
            _ => wrong(self, node.at),
        }
        texts
    }

    /// A question, or one by language: that of the first language where there are several, and all of these. One that is not
    /// there in every language is asked in the first.
    fn question(&mut self, node: &Node, who: &str, languages: &[String]) -> (Option<String>, BTreeMap<String, String>) {
        let mut texts = self.texts(node, &format!("the question of {who}"));
        if let Some(text) = texts.remove("") {
            return (Some(text), texts);
        }
        for (language, text) in &texts {
            if !languages.contains(language) || text.is_empty() {
                let message = format!("the question of {who} cannot be asked in \"{language}\"");
                self.report.add(Code::BadValue, node.at, message, format!("a text for each of {}", languages.join(", ")));
            }
        }
        let without: Vec<&str> = languages.iter().filter(|language| !texts.contains_key(*language)).map(String::as_str).collect();
        if !without.is_empty() && matches!(node.value, Value::Table(_)) {
            let message = format!("the question of {who} is not there in every language");
            self.report.add(Code::NoLanguage, node.at, message, format!("missing: {}", without.join(", ")));
        }
        let first = languages.iter().find_map(|language| texts.get(language)).or(texts.values().next());
        (first.cloned(), texts)
    }

    /// Ids are unique within their list.
    fn unique(&mut self, id: &At<String>, seen: &mut Vec<At<String>>, who: &str) -> bool {
        if let Some(known) = seen.iter().find(|known| known.value == id.value) {
            let label = format!("first on {}", self.report.line_seen_from(known.at, id.at));
            self.report.add(Code::Duplicate, id.at, format!("{who} has \"{}\" twice", id.value), label);
            return false;
        }
        seen.push(id.clone());
        true
    }

    fn fields(&mut self, raw: &[RawField], who: &str, languages: &[String]) -> Vec<Field> {
        let mut seen = Vec::new();
        let mut fields = Vec::new();
        for raw in raw {
            self.missing("id", &raw.keys, raw.at, &format!("a field of {who}"));
            let Some(id) = &raw.id else { continue };
            let who = format!("field \"{}\" of {who}", id.value);
            if self.unique(id, &mut seen, &who) {
                fields.push(self.field(id, raw, &who, languages));
            }
        }
        fields
    }

    fn field(&mut self, id: &At<String>, raw: &RawField, who: &str, languages: &[String]) -> Field {
        let kind = raw.kind.as_ref().and_then(|kind| self.word(kind, "kind", &KINDS)).unwrap_or_default();
        let options: Vec<String> = raw.options.iter().flatten().map(|option| option.value.clone()).collect();
        if kind == FieldKind::Choice && options.len() < 2 {
            self.report.add(Code::MissingKey, id.at, format!("{who} has nothing to choose from"), "`options` names two or more");
        }
        if kind != FieldKind::Choice && !options.is_empty() {
            let at = raw.kind.as_ref().map_or(id.at, |kind| kind.at);
            self.report.add(Code::Contradiction, at, format!("{who} has `options` but is no choice"), "kind = \"choice\"");
        }
        let (required, agents_only) = (is_true(&raw.required), is_true(&raw.agents_only));
        if required && agents_only {
            let message = format!("{who} is required of customers, who are never asked for it");
            self.report.add(Code::Contradiction, id.at, message, "`required` or `agents_only`");
        }
        let (ask, asks) = raw.ask.as_ref().map(|ask| self.question(ask, who, languages)).unwrap_or_default();
        Field {
            id: FieldId(id.value.clone()),
            ask: ask.unwrap_or_else(|| id.value.clone()),
            asks,
            kind,
            find: raw.find.as_ref().and_then(|pattern| self.regex(pattern, who)),
            labels: raw.labels.iter().flatten().map(|label| label.value.clone()).collect(),
            matches: raw.r#match.as_ref().and_then(|pattern| self.regex(pattern, who)),
            options,
            required,
            agents_only,
        }
    }

    fn steps(&mut self, raw: &[RawStep], who: &str) -> Vec<Step> {
        let ids: Vec<String> = raw.iter().filter_map(|step| step.id.as_ref()).map(|id| id.value.clone()).collect();
        let mut seen = Vec::new();
        let mut steps = Vec::new();
        for raw in raw {
            self.missing("id", &raw.keys, raw.at, &format!("a step of {who}"));
            let Some(id) = &raw.id else { continue };
            let who = format!("step \"{}\" of {who}", id.value);
            if !self.unique(id, &mut seen, &who) {
                continue;
            }
            self.step_references(raw, &ids, &who);
            let only_if = raw.only_if.iter().flat_map(|named| &named.0);
            let only_if =
                only_if.filter_map(|(field, node)| Some((FieldId(field.value.clone()), self.field_test(node, &who)?))).collect();
            let all = |list: &Option<OneOrMany<At<String>>>| -> Vec<String> {
                list.iter().flat_map(|list| &list.0).map(|item| item.value.clone()).collect()
            };
            let on_late = raw.on_late.as_ref().map(|late| OnLate {
                tell: all(&late.tell),
                assign: late.assign.as_ref().map(|assign| assign.value.clone()),
                priority: late.priority.as_ref().and_then(|priority| self.priority(priority)),
                escalate: all(&late.escalate),
            });
            steps.push(Step {
                id: id.value.clone(),
                todo: raw.r#do.iter().flatten().map(|item| item.value.clone()).collect(),
                within: raw.within.as_ref().map(|within| within.value),
                waits_on: raw.waits_on.as_ref().map(|waits_on| waits_on.value.clone()),
                team: raw.team.as_ref().map(|team| TeamName(team.value.clone())),
                owner: raw.owner.as_ref().map(|owner| AgentName(owner.value.clone())),
                by_other: raw.by.is_some(),
                only_if,
                approve: is_true(&raw.approve),
                on_late,
                after: raw.after.as_ref().map(|_| all(&raw.after)),
            });
        }
        steps
    }

    fn step_references(&mut self, raw: &RawStep, ids: &[String], who: &str) {
        for (kind, name) in [(Kind::Team, &raw.team), (Kind::Agent, &raw.owner)] {
            if let Some(name) = name {
                self.reference(kind, name, who);
            }
        }
        if let Some(by) = &raw.by {
            self.word(by, "by", &[("not-owner", ())]);
        }
        if let Some(waits_on) = &raw.waits_on {
            self.reference_any(&[Kind::Vendor, Kind::Team], &["customer"], waits_on, who);
        }
        for (field, _) in raw.only_if.iter().flat_map(|named| &named.0) {
            self.reference(Kind::Field, field, who);
        }
        for after in raw.after.iter().flat_map(|after| &after.0) {
            if !ids.contains(&after.value) {
                let message = format!("{who} comes after \"{}\", which is no step of it", after.value);
                self.report.add(Code::Reference, after.at, message, format!("steps: {}", ids.join(", ")));
            }
        }
        let Some(late) = &raw.on_late else { return };
        let people = late.tell.iter().chain(&late.escalate).flat_map(|tell| &tell.0).chain(&late.assign);
        for person in people {
            self.reference_any(&[Kind::Agent, Kind::Team, Kind::Notify], &["owner", "lead", "team"], person, who);
        }
    }

    pub(super) fn forms(&mut self, raw: Option<&Named<RawForm>>) -> Vec<Form> {
        let mut forms = Vec::new();
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            let who = format!("form \"{}\"", name.value);
            self.missing("when", &raw.keys, name.at, &who);
            self.missing("maps", &raw.keys, name.at, &who);
            let reads = raw.reads.as_ref().and_then(|reads| self.word(reads, "reads", &READERS)).unwrap_or_default();
            let mut maps = BTreeMap::new();
            for (key, target) in raw.maps.iter().flat_map(|maps| &maps.0) {
                self.reference_any(&[Kind::Field], &FORM_TARGETS, target, &who);
                maps.insert(key.value.clone(), target.value.clone());
            }
            let when = raw.when.as_ref().map(|when| self.condition(when, &who, false)).unwrap_or_default();
            if when.tests.is_empty() && raw.when.is_some() {
                self.report.add(Code::BadValue, name.at, format!("{who} would read every mail"), "`when` names its sender");
            }
            forms.push(Form { name: name.value.clone(), line: self.report.line(name.at), when, reads, maps });
        }
        forms
    }
}

fn is_true(flag: &Option<At<bool>>) -> bool {
    flag.as_ref().is_some_and(|flag| flag.value)
}
