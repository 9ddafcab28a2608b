//! Answers to the questions that we asked: read out of a reply in the four ways in which people answer a form by mail, and
//! asked again once.
//!
//! After the colon inside the quoted question, as `1: …`, as `label: …`, or as the whole reply where one question is open.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::change::Change;
use crate::customer_mail::{self, Text};
use crate::field::{self, Said, fold, split_label};
use crate::ids::FieldId;
use crate::policy::{Field, FieldKind, Policy, TicketType};
use crate::remark::Remark;
use crate::ticket::{FieldValue, Status, Ticket};
use crate::{letter, sentence};

/// Most questions in one mail: more are not answered.
pub(crate) const QUESTIONS_MAX: usize = 3;
/// Mails that ask by themselves; after them a person should call.
const ROUNDS_MAX: u8 = 2;
/// A whole reply with more words is a sentence and no value.
const WHOLE_WORDS_MAX: usize = 8;

/// Fields that a customer can be asked for now, required ones first, at most [`QUESTIONS_MAX`].
pub(crate) fn questions<'p>(policy: &'p Policy, ticket: &Ticket) -> Vec<&'p Field> {
    let Some(ticket_type) = policy.types.get(&ticket.ticket_type) else { return Vec::new() };
    let missing = ticket.missing.iter().filter_map(|id| ticket_type.fields.iter().find(|field| field.id == *id));
    missing.filter(|field| !field.agents_only).take(QUESTIONS_MAX).collect()
}

/// What a reply says to the questions that were asked, by field.
pub(crate) fn read(
    ticket_type: &TicketType,
    ticket: &Ticket,
    new_text: &str,
    quoted: &str,
    today: Date,
) -> BTreeMap<FieldId, FieldValue> {
    let asked: Vec<&Field> =
        ticket.asked.iter().filter_map(|id| ticket_type.fields.iter().find(|field| field.id == *id)).collect();
    let mut found = BTreeMap::new();
    if asked.is_empty() {
        return found;
    }
    let quoted_lines = quoted.lines().map(|line| line.trim_start_matches(['>', '|', ' ']).trim_end());
    let lines: Vec<&str> = new_text.lines().chain(quoted_lines).collect();
    for (index, field) in asked.iter().enumerate() {
        let said = lines.iter().find_map(|line| answer_in(line, index + 1, field));
        if let Some(said) = said {
            found.insert(field.id.clone(), value_of(field, said, today));
        }
    }
    let open: Vec<&&Field> = asked.iter().filter(|field| ticket.missing.contains(&field.id)).collect();
    for field in &open {
        if !found.contains_key(&field.id)
            && let Some(value) = sentence::answer(field, new_text, open.len() == 1, today)
        {
            found.insert(field.id.clone(), value);
        }
    }
    if let ([only], true) = (open.as_slice(), found.is_empty())
        && let Some(said) = whole(new_text)
    {
        let value = value_of(only, said, today);
        // Any words are a text; only where a value has a shape can it be told that this is none. Whoever says that they do
        // not know says no value.
        let is_answer = only.kind != FieldKind::Text || (value.valid && !sentence::has_none(only, said));
        if is_answer {
            found.insert(only.id.clone(), value);
        }
    }
    found
}

fn value_of(field: &Field, said: &str, today: Date) -> FieldValue {
    let said = Said { value: said.to_owned(), span: (0, 0) };
    let whole = field::read_value(field, &said.value, "answer", None, today);
    if whole.valid {
        return whole;
    }
    // `it is FH-20931, I think`: the value within the words.
    let within = field.find.as_ref().and_then(|find| find.captures(&said.value));
    let within = within.and_then(|found| {
        found.name("value").or_else(|| found.get(1)).or_else(|| found.get(0)).map(|group| group.as_str().to_owned())
    });
    within.map(|text| field::read_value(field, &text, "answer", None, today)).filter(|value| value.valid).unwrap_or(whole)
}

/// The answer to question `number` in a line: `1. Serial number: FH-20931`, `1: FH-20931`, `1) FH-20931`.
fn answer_in<'l>(line: &'l str, number: usize, field: &Field) -> Option<&'l str> {
    let line = line.trim();
    let after_number = numbered(line, number);
    if let Some(rest) = after_number {
        // The question itself may stand between number and answer.
        let behind = |question: &str| {
            let question = question.trim().trim_end_matches([':', '?']);
            rest.get(..question.len()).filter(|start| start.eq_ignore_ascii_case(question)).map(|_| &rest[question.len()..])
        };
        if let Some(answer) = field.questions().find_map(behind) {
            let answer = answer.trim_start_matches([':', '?', ' ', '\u{a0}']).trim();
            return Some(answer).filter(|answer| !answer.is_empty());
        }
        return Some(rest).filter(|rest| !rest.is_empty());
    }
    let (label, value) = split_label(line)?;
    let is_named = field::names_of(field).contains(&fold(label));
    Some(value.trim()).filter(|value| is_named && !value.is_empty())
}

/// What stands after `1.`, `1:`, `1)` at the beginning of a line.
fn numbered(line: &str, number: usize) -> Option<&str> {
    let rest = line.strip_prefix(&number.to_string())?;
    let rest = rest.strip_prefix([':', ')', '.'])?;
    // `1.5 bar` is no numbered line.
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some(rest.trim())
}

/// A reply that is a value: one short line without a question, greetings and names left aside.
fn whole(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.find(|line| !is_greeting(line))?;
    let rest: Vec<&str> = lines.collect();
    let is_short = rest.len() <= 1 && rest.iter().all(|line| line.split_whitespace().count() <= 3);
    (is_short && line.split_whitespace().count() <= WHOLE_WORDS_MAX && !line.contains('?')).then_some(line)
}

fn is_greeting(line: &str) -> bool {
    line.split_whitespace().count() <= 4 && line.ends_with([',', '!'])
}

/// The acknowledgement asked for what is missing: the first round.
pub(crate) fn asked_in_acknowledgement(ticket: &mut Ticket, questions: &[&Field]) {
    if !questions.is_empty() {
        ticket.asked = questions.iter().map(|field| field.id.clone()).collect();
        ticket.rounds = 1;
    }
}

/// After a reply of the customer: what was noted is confirmed and what is required is asked once more; then a person should
/// call. `noted` are the fields that this reply filled.
pub(crate) fn follow(change: &mut Change<'_>, noted: &[FieldId]) {
    let (policy, status) = (change.policy, change.ticket.status);
    let Some(ticket_type) = policy.types.get(&change.ticket.ticket_type) else { return };
    if change.ticket.asked.is_empty() || matches!(status, Status::Solved | Status::Closed) {
        return;
    }
    let is_required = |id: &FieldId| ticket_type.fields.iter().any(|field| field.id == *id && field.required);
    let open: Vec<FieldId> = change.ticket.missing.iter().filter(|id| is_required(id)).cloned().collect();
    let languages = letter::languages(policy, &change.ticket);
    let shown = |id: &FieldId| {
        let field = ticket_type.fields.iter().find(|field| field.id == *id)?;
        let question = field.question(&languages);
        let colon = if question.ends_with(['?', ':']) { "" } else { ":" };
        Some(format!("{question}{colon} {}", change.ticket.fields.get(id)?.value))
    };
    let noted: Vec<String> = noted.iter().filter_map(shown).collect();
    if open.is_empty() {
        change.ticket.asked.clear();
        if !noted.is_empty() && customer_mail::send(change, "noted", &Text { noted, ..Text::default() }) {
            change.tell("noted_values", "frontdesk", "told to the requester");
        }
        return;
    }
    if change.ticket.rounds >= ROUNDS_MAX {
        change.ticket.asked.clear();
        let names = open.iter().map(FieldId::as_str).collect::<Vec<_>>().join(", ");
        change.tell("still_missing", "frontdesk", format!("{names}: asked twice; somebody should call"));
        let reason = || Remark::with(|say| say.hold_missing, &[("names", &names)]).to_string();
        change.ticket.hold.get_or_insert_with(reason);
        return;
    }
    let fields: Vec<&Field> = ticket_type.fields.iter().filter(|field| open.contains(&field.id)).take(QUESTIONS_MAX).collect();
    let questions = fields.iter().map(|field| field.question(&languages).to_owned()).collect();
    if customer_mail::send(change, "noted", &Text { noted, questions, ..Text::default() }) {
        change.ticket.asked = fields.iter().map(|field| field.id.clone()).collect();
        change.ticket.rounds += 1;
        let names = fields.iter().map(|field| field.id.as_str()).collect::<Vec<_>>().join(", ");
        change.tell("asked", "frontdesk", names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(id: &str, ask: &str, kind: FieldKind) -> Field {
        Field {
            id: id.into(),
            ask: ask.into(),
            asks: std::collections::BTreeMap::new(),
            kind,
            find: None,
            labels: vec![],
            matches: None,
            options: vec![],
            required: true,
            agents_only: false,
        }
    }

    fn check(asked: &[&str], text: &str, quoted: &str, expect: &str) {
        let fields = vec![
            field("serial", "Serial number on the back label", FieldKind::Text),
            field("bought", "When did you buy it", FieldKind::Date),
        ];
        let kind = TicketType {
            name: "q".into(),
            label: String::new(),
            fields,
            steps: vec![],
            close_asks: vec![],
            policy: BTreeMap::new(),
        };
        let mut ticket = crate::sample::ticket();
        ticket.asked = asked.iter().map(|id| (*id).into()).collect();
        ticket.missing.clone_from(&ticket.asked);
        let found = read(&kind, &ticket, text, quoted, jiff::civil::date(2026, 11, 22));
        let shown: Vec<String> =
            found.iter().map(|(id, value)| format!("{id}={}{}", value.value, if value.valid { "" } else { " ?" })).collect();
        assert_eq!(shown.join(" "), expect, "{text}");
    }

    #[test]
    fn answers_come_in_four_ways() {
        let both = ["serial", "bought"];
        let quoted = "> Help us:\n>   1. Serial number on the back label: FH-20931\n>   2. When did you buy it: 3 Nov 2026\n";
        check(&both, "see below", quoted, "bought=2026-11-03 serial=FH-20931");
        check(&both, "1: FH-20931\n2: 3 Nov 2026", "", "bought=2026-11-03 serial=FH-20931");
        check(&both, "1) FH-20931", "", "serial=FH-20931");
        check(&both, "Serial number on the back label: FH-20931", "", "serial=FH-20931");
        check(&["serial"], "FH-20931\n\nDana", "", "serial=FH-20931");
    }

    #[test]
    fn what_is_no_answer_fills_nothing() {
        check(&["serial", "bought"], "I do not know where to look.", "", "");
        check(&["serial"], "Where do I find it?", "", "");
        check(&["serial"], "I don't know the serial number", "", "");
        check(&["serial"], "The serial number on the back label is worn off", "", "");
        check(&["serial"], "It's 44871.", "", "serial=44871");
        check(&["serial"], "The serial number on the back label is 44871.", "", "serial=44871");
        check(&["serial", "bought"], "It's 44871.", "", "");
        check(&["serial", "bought"], "Thanks. The serial number on the back label is 44871.", "", "serial=44871");
        check(&["bought"], "last spring I think", "", "bought=last spring I think ?");
        check(&[], "1: FH-20931", "", "");
        check(&["serial"], "1.5 bar is the pressure\nand more\nand more", "", "");
        check(&["serial"], "", ">   1. Serial number on the back label:\n", "");
    }
}
