//! Rules: a condition on a mail or ticket, and what follows.
//!
//! All patterns of one target over all rules are sought in one pass, so the cost grows with the mail and not with the
//! number of rules times the mail. What a rule means for the ticket is the caller's business: [`RuleBook::run`] calls back
//! for each match and the caller changes the view, so that later rules see what earlier ones decided.

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use crate::condition::{AddressPattern, Compare, Comparison, Condition, FieldTest, People, Quantity, RuleView, Target, Test};
use crate::condition::{Finds, Notes};
use crate::ids::{AgentName, FieldId, InboxName, TeamName, TypeName, VendorName};
pub use crate::pattern::{Pattern, PatternError};
use crate::sieve::Sieve;
use crate::ticket::Priority;

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// For people, unique within the file.
    pub name: String,
    /// Line in the file that names it.
    pub line: u32,
    /// It runs on replies too (`on = "reply"`).
    pub on_reply: bool,
    /// What must hold.
    pub when: Condition,
    /// What follows.
    pub then: Actions,
}

/// What follows from a rule; what is `None` or empty stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// Move to that inbox, with its team, type, promise and acknowledgement where the rule names no other.
    pub inbox: Option<InboxName>,
    /// Give to that team.
    pub team: Option<TeamName>,
    /// Give to that agent.
    pub owner: Option<AgentName>,
    /// Follow that process.
    pub ticket_type: Option<TypeName>,
    /// Set how soon it matters.
    pub priority: Option<Priority>,
    /// Labels to add.
    pub tags: Vec<String>,
    /// Fields to set; `{name}` stands for what a group captured. See [`Actions::set_with`].
    pub set: BTreeMap<FieldId, String>,
    /// Ask that vendor.
    pub vendor: Option<VendorName>,
    /// Acknowledge with another template, or not at all.
    pub ack: Option<AckAction>,
    /// Channels and agents to tell; `owner`, `lead` and `team` stand for the ticket's.
    pub tell: Vec<String>,
    /// Keep it for a person to look at, for that reason.
    pub hold: Option<String>,
    /// Record it without a ticket, for that reason.
    pub ignore: Option<String>,
    /// No rule below runs.
    pub stop: bool,
}

/// What a rule says about the acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AckAction {
    /// None is sent.
    Off,
    /// That template.
    Template(String),
}

impl Actions {
    /// The values of `set` with captures filled in. A group that took no part in the match is empty.
    #[must_use]
    pub fn set_with(&self, captures: &[(String, String)]) -> BTreeMap<FieldId, String> {
        self.set.iter().map(|(id, value)| (id.clone(), fill(value, captures))).collect()
    }

    /// The names in braces in the values of `set`.
    pub fn placeholders(&self) -> impl Iterator<Item = (&FieldId, &str)> {
        self.set.iter().flat_map(|(id, value)| pieces(value).filter_map(move |(_, name)| Some((id, name?))))
    }
}

fn fill(value: &str, captures: &[(String, String)]) -> String {
    let mut filled = String::new();
    for (plain, name) in pieces(value) {
        filled.push_str(plain);
        let captured = captures.iter().find(|(group, _)| Some(group.as_str()) == name);
        filled.push_str(captured.map_or("", |(_, text)| text.trim()));
    }
    filled
}

/// Plain text and the name in braces that follows it, if one does.
fn pieces(value: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let named = text.find('{').and_then(|open| Some((open, open + text[open..].find('}')?)));
        match named {
            Some((open, close)) => {
                rest = Some(&text[close + 1..]);
                Some((&text[..open], Some(&text[open + 1..close])))
            }
            None => {
                rest = None;
                Some((text, None))
            }
        }
    })
}

/// All rules, top to bottom.
#[derive(Debug, Default)]
pub struct RuleBook {
    rules: Vec<Rule>,
    /// Indexed by [`Target`].
    sieves: [Option<Sieve>; 4],
}

/// What became of one rule on one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOutcome {
    /// Index into [`RuleBook::rules`].
    pub rule: usize,
    /// Its condition held.
    pub matched: bool,
    /// What matched, or the first key that did not.
    pub why: Cow<'static, str>,
}

/// A condition that held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleMatch {
    /// What matched.
    pub why: Cow<'static, str>,
    /// What named groups captured, each by its name.
    pub captures: Vec<(String, String)>,
}

impl RuleBook {
    /// Puts rules into one book.
    ///
    /// # Errors
    /// [`PatternError`] if the patterns of one target are too large together.
    pub fn new(mut rules: Vec<Rule>) -> Result<Self, PatternError> {
        let mut sieves = [const { None }; 4];
        for target in Target::SIFTED {
            let mut patterns: Vec<_> = rules.iter_mut().flat_map(|rule| rule.when.patterns_mut(target)).collect();
            if !patterns.is_empty() {
                sieves[target as usize] = Some(Sieve::new(&mut patterns)?);
            }
        }
        Ok(Self { rules, sieves })
    }

    /// The rules in file order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Runs the rules top to bottom: all of them on a new ticket, those with `on = "reply"` on a reply.
    ///
    /// `apply` is called for each match with the rule, what matched and the view, which it changes so that later rules see
    /// it. A match with `stop` ends the list; rules below it have no outcome.
    pub fn run<'a>(
        &self,
        view: &mut RuleView<'a>,
        on_reply: bool,
        mut apply: impl FnMut(&Rule, &RuleMatch, &mut RuleView<'a>),
    ) -> Vec<RuleOutcome> {
        let finds = self.sift(view);
        let mut outcomes = Vec::with_capacity(self.rules.len());
        for (index, rule) in self.rules.iter().enumerate().filter(|(_, rule)| rule.on_reply || !on_reply) {
            // As most rules on most mails.
            if let Some(key) = rule.when.ruled_out(&finds) {
                debug_assert!(rule.when.check(view, &finds, &mut None).is_err_and(|failed| failed == key), "a shortcut");
                outcomes.push(RuleOutcome { rule: index, matched: false, why: Cow::Borrowed(key) });
                continue;
            }
            match rule.matches(view, &finds) {
                Err(key) => outcomes.push(RuleOutcome { rule: index, matched: false, why: key }),
                Ok(found) => {
                    apply(rule, &found, view);
                    outcomes.push(RuleOutcome { rule: index, matched: true, why: found.why });
                    if rule.then.stop {
                        break;
                    }
                }
            }
        }
        outcomes
    }

    fn sift(&self, view: &RuleView<'_>) -> Finds {
        let mut finds = Finds::default();
        for (target, text) in Target::SIFTED.into_iter().zip([view.subject, view.text, view.any_text]) {
            finds[target as usize] = self.sieves[target as usize].as_ref().map(|sieve| sieve.sift(text));
        }
        finds
    }
}

impl Rule {
    /// What matched, or the first key that did not.
    fn matches(&self, view: &RuleView<'_>, finds: &Finds) -> Result<RuleMatch, Cow<'static, str>> {
        self.when.check(view, finds, &mut None)?;
        // Again with notes: rare, since few rules match.
        let mut notes = Some(Notes::default());
        let held = self.when.check(view, finds, &mut notes);
        debug_assert!(held.is_ok(), "a condition is a pure function of the view");
        let notes = notes.unwrap_or_default();
        let why = if notes.why.is_empty() { Cow::Borrowed("it has no condition") } else { Cow::Owned(notes.why.join("; ")) };
        Ok(RuleMatch { why, captures: notes.captures.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use mail::Address;

    use super::*;
    use crate::ticket::Status;

    fn view<'a>(from: &'a Address, subject: &'a str, text: &'a str) -> RuleView<'a> {
        RuleView {
            from: vec![from],
            to: Vec::new(),
            cc: Vec::new(),
            arrived_at: "support".into(),
            subject,
            text,
            any_text: text,
            attachments: vec![("invoice 4711.pdf", 6_000_000)],
            headers: &[],
            bytes: 8_000_000,
            authenticated: true,
            at: jiff::Timestamp::UNIX_EPOCH,
            contact_tickets: 0,
            language: Some("en"),
            ticket_type: "question".into(),
            team: None,
            inbox: "support".into(),
            priority: Priority::Normal,
            status: Status::New,
            tags: BTreeSet::new(),
            owner: None,
            fields: BTreeMap::new(),
        }
    }

    fn pattern(target: Target, source: &str) -> Test {
        Test::Pattern(target, vec![Pattern::new(source).expect("compiles")])
    }

    fn rule(name: &str, tests: Vec<Test>, then: Actions) -> Rule {
        Rule { name: name.to_owned(), line: 1, on_reply: false, when: Condition { tests }, then }
    }

    fn dana() -> Address {
        Address::new("Dana@Sub.Northern-Labs.example").expect("good")
    }

    fn why(tests: Vec<Test>) -> String {
        let from = dana();
        let view = view(&from, "Order 12 is late", "Please refund my order. The VPN, too.");
        match (Condition { tests }).explain(&view) {
            Ok((why, _)) => why,
            Err(failed) => format!("no: {failed}"),
        }
    }

    #[test]
    fn every_test_says_what_held_or_which_key_failed() {
        let from = |text: &str| vec![Test::Address(People::From, AddressPattern::new(text).into_iter().collect())];
        assert_eq!(why(from("@*.northern-labs.example")), "from Dana@sub.northern-labs.example is @*.northern-labs.example");
        assert_eq!(why(from("@northern-labs.example")), "no: from");
        assert_eq!(
            why(from("dana@sub.northern-labs.example")),
            "from Dana@sub.northern-labs.example is dana@sub.northern-labs.example"
        );
        assert_eq!(why(vec![pattern(Target::Attachment, "~ ^invoice \\d+")]), "attachment has \"invoice 4711\"");
        assert_eq!(
            why(vec![Test::Attachments(Quantity::Bytes(Comparison { how: Compare::More, with: 5e6 }))]),
            "attachments 1, 6000000 bytes"
        );
        assert_eq!(why(vec![Test::ContactKnown(true)]), "no: contact");
        let never = Condition { tests: vec![Test::Authenticated(false)] };
        assert_eq!(why(vec![Test::Not(never.clone())]), "not (authenticated)");
        let or = Test::Any(vec![never, Condition { tests: vec![pattern(Target::Subject, "late")] }]);
        assert_eq!(why(vec![or, Test::Language(vec!["en".into()])]), "subject has \"late\"; language en");
        assert_eq!(why(vec![Test::Owner(vec![None]), Test::Status(vec![Status::Open])]), "no: status");
        assert_eq!(why(vec![Test::Field("serial".into(), vec![FieldTest::Missing])]), "field serial is missing");
    }

    #[test]
    fn later_rules_see_what_earlier_ones_decided_and_stop_ends_the_list() {
        let to_billing = Actions { ticket_type: Some("invoice".into()), ..Actions::default() };
        let stop = Actions { stop: true, ..Actions::default() };
        let book = RuleBook::new(vec![
            rule("refunds", vec![pattern(Target::Text, "order refund")], to_billing),
            rule("questions", vec![Test::Type(vec!["question".into()])], Actions::default()),
            rule("invoices", vec![Test::Type(vec!["invoice".into()])], stop),
            rule("never", Vec::new(), Actions::default()),
        ]);
        let from = dana();
        let mut view = view(&from, "x", "Refund my order");
        let outcomes = book.expect("small").run(&mut view, false, |rule, _, view| {
            if let Some(name) = &rule.then.ticket_type {
                view.ticket_type = name.clone();
            }
        });
        let shown: Vec<String> =
            outcomes.iter().map(|outcome| format!("{} {} {}", outcome.rule, outcome.matched, outcome.why)).collect();
        assert_eq!(shown, ["0 true text has \"order refund\"", "1 false type", "2 true type invoice"]);
    }

    #[test]
    fn replies_meet_only_rules_that_ask_for_them_and_captures_fill_fields() {
        let set = BTreeMap::from([("order".into(), "No. {no}{none}".to_owned())]);
        let mut captures =
            rule("orders", vec![pattern(Target::Subject, r"~ order (?<no>\d+)")], Actions { set, ..Actions::default() });
        captures.on_reply = true;
        let book = RuleBook::new(vec![rule("new only", Vec::new(), Actions::default()), captures]).expect("small");
        let from = dana();
        let mut filled = BTreeMap::new();
        let outcomes = book.run(&mut view(&from, "Order 12", ""), true, |rule, found, _| {
            filled = rule.then.set_with(&found.captures);
        });
        assert_eq!((outcomes.len(), outcomes[0].rule), (1, 1));
        assert_eq!(filled[&"order".into()], "No. 12");
    }

    #[test]
    fn amounts_compare_within_their_currency() {
        let from = dana();
        let mut view = view(&from, "", "");
        let test = FieldTest::Compares(Comparison { how: Compare::More, with: 500.0 }, Some("GBP".into()));
        let condition = Condition { tests: vec![Test::Field("refund".into(), vec![test])] };
        for (value, expect) in [("500.01 GBP", true), ("500.00 GBP", false), ("900.00 EUR", false), ("900.00", true)] {
            let value = crate::ticket::FieldValue { value: value.into(), from: "agent".into(), span: None, valid: true };
            view.fields.insert("refund".into(), value.clone());
            assert_eq!(condition.holds(&view), expect, "{}", value.value);
        }
    }
}
