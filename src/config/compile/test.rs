//! `[[test]]`: mails with what must become of them.

use std::collections::BTreeMap;

use desk::InboxName;
use desk::policy::Inbox;

use super::{Compiler, Kind};
use crate::config::problem::{Code, Place};
use crate::config::raw::{RawHave, RawMail, RawTest, RawWant};
use crate::config::read::{At, Named, OneOrMany, Read as _, TextOrFlag};
use crate::config::settings::{ConfigTest, Expect, InlineMail, TestHave, TestMail, TestWant};
use crate::config::source::beside;
use crate::config::tree::{Node, Value};

type Text = Option<At<String>>;

impl Compiler<'_> {
    pub(super) fn tests(&mut self, raw: &[RawTest], inboxes: &BTreeMap<InboxName, Inbox>) -> Vec<ConfigTest> {
        let mut names: BTreeMap<String, Place> = BTreeMap::new();
        let mut tests = Vec::new();
        for raw in raw {
            let who = raw.name.as_ref().map_or("a test".to_owned(), |name| format!("test \"{}\"", name.value));
            for key in ["name", "mail", "want"] {
                self.missing(key, &raw.keys, raw.at, &who);
            }
            let Some(name) = &raw.name else { continue };
            if let Some(first) = names.insert(name.value.clone(), name.at) {
                let label = format!("first on {}", self.report.line_seen_from(first, name.at));
                self.report.add(Code::Duplicate, name.at, format!("two tests are called \"{}\"", name.value), label);
            }
            let have = raw.have.as_ref().map(|have| self.have(have, &who));
            let want = raw.want.as_ref().map(|want| self.want(want, &who));
            let mail = raw.mail.as_ref().and_then(|mail| self.test_mail(mail, inboxes, &who));
            if let (Some(mail), Some(want)) = (mail, want) {
                tests.push(ConfigTest { name: name.value.clone(), line: self.report.line(name.at), mail, have, want });
            }
        }
        tests
    }

    fn test_mail(&mut self, node: &Node, inboxes: &BTreeMap<InboxName, Inbox>, who: &str) -> Option<TestMail> {
        if let Value::String(path) = &node.value {
            let file = beside(node.at, path, &self.report);
            return match self.environment.read(&file) {
                Ok(raw) => Some(TestMail::File { path: file, raw }),
                Err(error) => {
                    self.report.add(Code::Test, node.at, format!("the mail of {who} cannot be read"), error.to_string());
                    None
                }
            };
        }
        let raw = RawMail::read(node, &mut self.report)?;
        self.missing("from", &raw.keys, raw.at, &format!("the mail of {who}"));
        let mut to: Vec<String> = many(&raw.to).iter().map(|to| to.value.clone()).collect();
        if to.is_empty() {
            to.extend(inboxes.values().next().map(|inbox| inbox.address.to_string()));
        }
        for address in raw.from.iter().chain(many(&raw.to)).chain(many(&raw.cc)) {
            let bare = address.value.rsplit_once('<').map_or(address.value.as_str(), |(_, bare)| bare.trim_end_matches('>'));
            self.address(&At { value: bare.to_owned(), at: address.at });
        }
        let text = |value: &Text| value.as_ref().map_or_else(String::new, |value| value.value.clone());
        let all = |values: &Option<OneOrMany<At<String>>>| many(values).iter().map(|value| value.value.clone()).collect();
        let headers = raw.header.iter().flat_map(|headers| &headers.0);
        Some(TestMail::Inline(Box::new(InlineMail {
            from: raw.from.as_ref()?.value.clone(),
            to,
            cc: all(&raw.cc),
            subject: text(&raw.subject),
            text: text(&raw.text),
            headers: headers.map(|(name, value)| (name.value.clone(), value.value.clone())).collect(),
            attachments: all(&raw.attachments),
            authenticated: raw.authenticated.as_ref().is_none_or(|authenticated| authenticated.value),
        })))
    }

    fn have(&mut self, raw: &RawHave, who: &str) -> TestHave {
        self.test_references(who, [&raw.inbox, &raw.team, &raw.r#type], &raw.owner, raw.field.as_ref());
        TestHave {
            status: raw.status.as_ref().and_then(|status| self.status(status)),
            inbox: plain(&raw.inbox),
            team: plain(&raw.team),
            owner: plain(&raw.owner),
            ticket_type: plain(&raw.r#type),
            priority: raw.priority.as_ref().and_then(|priority| self.priority(priority)),
            tags: many(&raw.tags).iter().map(|tag| tag.value.clone()).collect(),
            fields: fields(raw.field.as_ref()),
        }
    }

    fn want(&mut self, raw: &RawWant, who: &str) -> TestWant {
        if raw.keys.is_empty() {
            self.report.add(Code::Test, raw.at, format!("{who} wants nothing"), "`want` is empty");
        }
        self.test_references(who, [&raw.inbox, &raw.team, &raw.r#type], &raw.owner, raw.field.as_ref());
        if let Some(At { value: TextOrFlag::Text(name), at }) = &raw.ack {
            self.template(&At { value: name.clone(), at: *at }, who);
        }
        if let Some(At { value: TextOrFlag::Text(word), at }) = &raw.thread {
            self.word(&At { value: word.clone(), at: *at }, "thread", &[("new", ()), ("attached", ()), ("linked", ())]);
        }
        TestWant {
            inbox: plain(&raw.inbox),
            team: plain(&raw.team),
            owner: plain(&raw.owner),
            ticket_type: plain(&raw.r#type),
            priority: raw.priority.as_ref().and_then(|priority| self.priority(priority)),
            tags: raw.tags.as_ref().map(|tags| {
                let mut tags: Vec<String> = tags.0.iter().map(|tag| tag.value.clone()).collect();
                tags.sort();
                tags
            }),
            status: raw.status.as_ref().and_then(|status| self.status(status)),
            fields: fields(raw.field.as_ref()),
            ack: expect(&raw.ack),
            sends: raw.sends.as_ref().map(|sends| sends.iter().map(|send| send.value.clone()).collect()),
            thread: expect(&raw.thread),
            machine: expect(&raw.machine),
            held: expect(&raw.held),
            ignored: expect(&raw.ignored),
        }
    }

    fn test_references(&mut self, who: &str, names: [&Text; 3], owner: &Text, fields: Option<&Named<At<String>>>) {
        for (kind, name) in [Kind::Inbox, Kind::Team, Kind::Type].into_iter().zip(names) {
            if let Some(name) = name {
                self.reference(kind, name, who);
            }
        }
        if let Some(owner) = owner {
            self.reference_any(&[Kind::Agent], &["none"], owner, who);
        }
        for (field, _) in fields.iter().flat_map(|fields| &fields.0) {
            self.reference(Kind::Field, field, who);
        }
    }
}

fn many(values: &Option<OneOrMany<At<String>>>) -> &[At<String>] {
    values.as_ref().map_or(&[], |values| values.0.as_slice())
}

fn plain(value: &Text) -> Option<String> {
    value.as_ref().map(|value| value.value.clone())
}

fn fields(raw: Option<&Named<At<String>>>) -> BTreeMap<String, String> {
    raw.iter().flat_map(|fields| &fields.0).map(|(id, value)| (id.value.clone(), value.value.clone())).collect()
}

fn expect(value: &Option<At<TextOrFlag>>) -> Option<Expect> {
    value.as_ref().map(|value| match &value.value {
        TextOrFlag::Text(text) => Expect::Text(text.clone()),
        TextOrFlag::Flag(flag) => Expect::Flag(*flag),
    })
}
