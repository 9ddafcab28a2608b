//! Conditions: a closed set of tests on a mail and its ticket. No variables, no code.
//!
//! A condition holds where all of its tests hold; a test with several values holds where one of them does. Each test
//! that fails says so in a few words that need no allocation, since most rules fail on most mails.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use mail::Address;

use crate::calendar::Calendar;
use crate::ids::{AgentName, FieldId, InboxName, TeamName, TypeName};
use crate::kind::{Amount, amount_of};
use crate::pattern::Pattern;
use crate::sieve::Found;
use crate::ticket::{FieldValue, Priority, Status};

/// What a condition may look at. The mail's side never changes while rules run; the ticket's side is changed by the caller
/// between rules, so that later rules see what earlier ones decided.
#[derive(Clone, Debug)]
pub struct RuleView<'a> {
    /// Authors.
    pub from: Vec<&'a Address>,
    /// To and the addresses it was delivered to.
    pub to: Vec<&'a Address>,
    /// Cc.
    pub cc: Vec<&'a Address>,
    /// The inbox that the mail came to; stays when a rule moves the ticket.
    pub arrived_at: InboxName,
    /// Subject as written.
    pub subject: &'a str,
    /// New text only.
    pub text: &'a str,
    /// The whole body, quotes included.
    pub any_text: &'a str,
    /// File names with sizes in bytes.
    pub attachments: Vec<(&'a str, u64)>,
    /// All headers.
    pub headers: &'a [mail::Header],
    /// Size of the mail in bytes.
    pub bytes: u64,
    /// The sender is proven.
    pub authenticated: bool,
    /// When it came.
    pub at: Timestamp,
    /// Tickets that the sender had before.
    pub contact_tickets: u64,
    /// Language of the new text, ISO 639-1.
    pub language: Option<&'a str>,
    /// Type so far.
    pub ticket_type: TypeName,
    /// Team so far.
    pub team: Option<TeamName>,
    /// Inbox so far.
    pub inbox: InboxName,
    /// Priority so far.
    pub priority: Priority,
    /// Status.
    pub status: Status,
    /// Tags so far.
    pub tags: BTreeSet<String>,
    /// Owner so far.
    pub owner: Option<AgentName>,
    /// Fields so far.
    pub fields: BTreeMap<FieldId, FieldValue>,
}

/// What must hold: all of its tests, in file order. Empty = always.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    /// The tests.
    pub tests: Vec<Test>,
}

/// A text that patterns are sought in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The subject as written.
    Subject,
    /// New text.
    Text,
    /// Text with quotes.
    AnyText,
    /// Each file name for itself.
    Attachment,
}

impl Target {
    /// Those that are one text each and so can be sifted; file names are few and short.
    pub(crate) const SIFTED: [Self; 3] = [Self::Subject, Self::Text, Self::AnyText];

    /// Its key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::AnyText => "any_text",
            Self::Attachment => "attachment",
        }
    }
}

/// Which header of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum People {
    /// From.
    From,
    /// To.
    To,
    /// Cc.
    Cc,
}

/// One key of a condition with its values.
#[derive(Clone, Debug)]
pub enum Test {
    /// `from`, `to`, `cc`.
    Address(People, Vec<AddressPattern>),
    /// `subject`, `text`, `any_text`, `attachment`.
    Pattern(Target, Vec<Pattern>),
    /// `header`: name and patterns.
    Header(String, Vec<Pattern>),
    /// `type`.
    Type(Vec<TypeName>),
    /// `team`.
    Team(Vec<TeamName>),
    /// `inbox`.
    Inbox(Vec<InboxName>),
    /// `priority`.
    Priority(Vec<Priority>),
    /// `status`.
    Status(Vec<Status>),
    /// `tags`: one of them is there.
    Tags(Vec<String>),
    /// `language`.
    Language(Vec<String>),
    /// `owner`; `None` in the list is nobody.
    Owner(Vec<Option<AgentName>>),
    /// `field`: id and what its value must be.
    Field(FieldId, Vec<FieldTest>),
    /// `attachments`.
    Attachments(Quantity),
    /// `size` of the whole mail.
    Size(Comparison),
    /// `authenticated`.
    Authenticated(bool),
    /// `time`: the calendar is open, or closed.
    Time(Box<Calendar>, bool),
    /// `contact.tickets`.
    ContactTickets(Comparison),
    /// `contact.known`: the sender had a ticket before.
    ContactKnown(bool),
    /// `not`.
    Not(Condition),
    /// `any`.
    Any(Vec<Condition>),
}

/// Which addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressPattern {
    /// `a@b`: this one, in any case.
    Exact(String),
    /// `@domain`: that domain, not the ones below it.
    Domain(String),
    /// `@*.domain`: the domains below it, not itself.
    Below(String),
    /// The name of an inbox with its addresses, for `to`: the mail came to it or names it.
    Inbox(InboxName, Vec<String>),
}

/// What a field's value must be.
#[derive(Clone, Debug)]
pub enum FieldTest {
    /// There is no valid value.
    Missing,
    /// There is a valid value.
    Present,
    /// Equal, in any case.
    Equals(String),
    /// A number or an amount compares. Another currency never matches; a value without currency counts as the same one,
    /// since an approval that is asked for once too often does less harm than one that is not.
    Compares(Comparison, Option<String>),
    /// A pattern matches.
    Matches(Pattern),
}

/// How many files, or how large.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantity {
    /// At least one.
    Any,
    /// None.
    None,
    /// So many.
    Count(Comparison),
    /// So many bytes together.
    Bytes(Comparison),
}

/// `> 10`, `<= 3`, `5`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// How.
    pub how: Compare,
    /// With what.
    pub with: f64,
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names say it
pub enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Comparison {
    /// Splits `"> 500 GBP"` into how and the rest; without a sign it is equality.
    #[must_use]
    pub fn split(text: &str) -> (Compare, &str) {
        let signs = [(">=", Compare::AtLeast), ("<=", Compare::AtMost), (">", Compare::More), ("<", Compare::Less)];
        let text = text.trim();
        for (sign, how) in signs.into_iter().chain([("=", Compare::Equal)]) {
            if let Some(rest) = text.strip_prefix(sign) {
                return (how, rest.trim());
            }
        }
        (Compare::Equal, text)
    }

    /// `value` compares so.
    #[must_use]
    pub fn holds(self, value: f64) -> bool {
        match self.how {
            Compare::Less => value < self.with,
            Compare::AtMost => value <= self.with,
            Compare::Equal => (value - self.with).abs() < f64::EPSILON,
            Compare::AtLeast => value >= self.with,
            Compare::More => value > self.with,
        }
    }
}

impl AddressPattern {
    /// Reads `a@b`, `@domain`, `@*.domain`; `None` for anything else.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let domain = |domain: &str| Address::new(&format!("x@{domain}")).ok().map(|address| address.domain().to_owned());
        if let Some(below) = text.strip_prefix("@*.") {
            return domain(below).map(Self::Below);
        }
        match text.strip_prefix('@') {
            Some(rest) => domain(rest).map(Self::Domain),
            None => Address::new(text).ok().map(|address| Self::Exact(address.folded())),
        }
    }

    fn fits(&self, address: &Address) -> bool {
        match self {
            Self::Exact(exact) => {
                let text = address.as_str();
                if text.is_ascii() { text.eq_ignore_ascii_case(exact) } else { address.folded() == *exact }
            }
            Self::Domain(domain) => address.domain() == domain,
            Self::Below(domain) => address.domain().strip_suffix(domain.as_str()).is_some_and(|head| head.ends_with('.')),
            Self::Inbox(_, addresses) => {
                let plain = address.without_detail();
                addresses.contains(&plain)
            }
        }
    }
}

impl std::fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(exact) => f.write_str(exact),
            Self::Domain(domain) => write!(f, "@{domain}"),
            Self::Below(domain) => write!(f, "@*.{domain}"),
            Self::Inbox(name, _) => write!(f, "inbox {name}"),
        }
    }
}

/// What the sieves found, one place per [`Target`]; none for file names.
pub(crate) type Finds = [Option<Found>; 4];

/// What is collected of a condition that holds.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) why: Vec<String>,
    pub(crate) captures: BTreeMap<String, String>,
}

/// Why a test does not hold.
pub(crate) type Failed = Cow<'static, str>;

impl Condition {
    /// It holds for that mail and ticket. Linear in the mail.
    #[must_use]
    pub fn holds(&self, view: &RuleView<'_>) -> bool {
        self.check(view, &Finds::default(), &mut None).is_ok()
    }

    /// Why it holds and what it captured, or why not.
    ///
    /// # Errors
    /// The first key that fails, in words.
    pub fn explain(&self, view: &RuleView<'_>) -> Result<(String, BTreeMap<String, String>), String> {
        let mut notes = Some(Notes::default());
        self.check(view, &Finds::default(), &mut notes).map_err(Cow::into_owned)?;
        let notes = notes.unwrap_or_default();
        Ok((notes.why.join("; "), notes.captures))
    }

    /// All patterns of one target, to be put into a sieve.
    pub(crate) fn patterns_mut(&mut self, target: Target) -> Vec<&mut Pattern> {
        let mut all = Vec::new();
        for test in &mut self.tests {
            match test {
                Test::Pattern(of, patterns) if *of == target => all.extend(patterns.iter_mut()),
                Test::Not(condition) => all.extend(condition.patterns_mut(target)),
                Test::Any(conditions) => {
                    for condition in conditions {
                        all.extend(condition.patterns_mut(target));
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// Names of groups that it captures whenever it holds or may capture when one alternative does.
    #[must_use]
    pub fn group_names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for test in &self.tests {
            match test {
                Test::Pattern(_, patterns) | Test::Header(_, patterns) => {
                    names.extend(patterns.iter().flat_map(Pattern::group_names).map(str::to_owned));
                }
                Test::Any(conditions) => names.extend(conditions.iter().flat_map(Self::group_names)),
                _ => {}
            }
        }
        names
    }

    /// The key of its first test, where what was found in the texts is enough to know that it does not hold.
    pub(crate) fn ruled_out(&self, finds: &Finds) -> Option<&'static str> {
        let Test::Pattern(target, patterns) = self.tests.first()? else { return None };
        let found = finds[*target as usize].as_ref()?;
        (!patterns.iter().any(|pattern| pattern.may_match(found))).then_some(target.as_str())
    }

    pub(crate) fn check(&self, view: &RuleView<'_>, finds: &Finds, notes: &mut Option<Notes>) -> Result<(), Failed> {
        self.tests.iter().try_for_each(|test| test.check(view, finds, notes))
    }
}

impl Test {
    fn check(&self, view: &RuleView<'_>, finds: &Finds, notes: &mut Option<Notes>) -> Result<(), Failed> {
        match self {
            Self::Address(people, patterns) => check_people(*people, patterns, view, notes),
            Self::Pattern(target, patterns) => check_pattern(*target, patterns, view, finds, notes),
            Self::Header(name, patterns) => check_header(name, patterns, view, notes),
            Self::Type(names) => value(names.contains(&view.ticket_type), "type", || view.ticket_type.to_string(), notes),
            Self::Team(names) => {
                let team = view.team.as_ref().filter(|team| names.contains(team));
                value(team.is_some(), "team", || team.map(ToString::to_string).unwrap_or_default(), notes)
            }
            Self::Inbox(names) => value(names.contains(&view.inbox), "inbox", || view.inbox.to_string(), notes),
            Self::Priority(list) => value(list.contains(&view.priority), "priority", || view.priority.as_str().to_owned(), notes),
            Self::Status(list) => value(list.contains(&view.status), "status", || view.status.as_str().to_owned(), notes),
            Self::Tags(list) => {
                let tag = list.iter().find(|tag| view.tags.contains(*tag));
                value(tag.is_some(), "tags", || tag.cloned().unwrap_or_default(), notes)
            }
            Self::Language(list) => {
                let language = view.language.unwrap_or("");
                value(list.iter().any(|one| one == language), "language", || language.to_owned(), notes)
            }
            Self::Owner(list) => {
                let shown = || view.owner.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
                value(list.contains(&view.owner), "owner", shown, notes)
            }
            Self::Field(id, tests) => check_field(id, tests, view, notes),
            Self::Attachments(quantity) => check_attachments(quantity, view, notes),
            Self::Size(size) => value(size.holds(to_float(view.bytes)), "size", || format!("{} bytes", view.bytes), notes),
            Self::Authenticated(wanted) => value(view.authenticated == *wanted, "authenticated", || wanted.to_string(), notes),
            Self::Time(calendar, open) => {
                let shown = || format!("{} is {}", calendar.name, if *open { "open" } else { "closed" });
                value(calendar.is_open(view.at) == *open, "time", shown, notes)
            }
            Self::ContactTickets(count) => {
                let shown = || format!("{} tickets", view.contact_tickets);
                value(count.holds(to_float(view.contact_tickets)), "contact", shown, notes)
            }
            Self::ContactKnown(known) => {
                let shown = || if *known { "known" } else { "not known" }.to_owned();
                value((view.contact_tickets > 0) == *known, "contact", shown, notes)
            }
            Self::Not(condition) => match condition.check(view, finds, &mut None) {
                Ok(()) => Err(Cow::Borrowed("not: it holds")),
                Err(failed) => {
                    note(notes, || format!("not ({failed})"));
                    Ok(())
                }
            },
            Self::Any(conditions) => check_any(conditions, view, finds, notes),
        }
    }
}

fn note(notes: &mut Option<Notes>, why: impl FnOnce() -> String) {
    if let Some(notes) = notes {
        notes.why.push(why());
    }
}

/// A test on one value: fails with the key alone, holds with the value.
fn value(holds: bool, key: &'static str, shown: impl FnOnce() -> String, notes: &mut Option<Notes>) -> Result<(), Failed> {
    if !holds {
        return Err(Cow::Borrowed(key));
    }
    note(notes, || format!("{key} {}", shown()));
    Ok(())
}

fn check_any(conditions: &[Condition], view: &RuleView<'_>, finds: &Finds, notes: &mut Option<Notes>) -> Result<(), Failed> {
    // Tried without notes first: a branch that fails half-way must leave none.
    let branch = conditions.iter().find(|condition| condition.check(view, finds, &mut None).is_ok());
    match branch {
        Some(condition) if notes.is_some() => condition.check(view, finds, notes),
        Some(_) => Ok(()),
        None => Err(Cow::Borrowed("any")),
    }
}

fn check_people(
    people: People,
    patterns: &[AddressPattern],
    view: &RuleView<'_>,
    notes: &mut Option<Notes>,
) -> Result<(), Failed> {
    let (key, addresses) = match people {
        People::From => ("from", &view.from),
        People::To => ("to", &view.to),
        People::Cc => ("cc", &view.cc),
    };
    for pattern in patterns {
        if let AddressPattern::Inbox(name, _) = pattern
            && *name == view.arrived_at
        {
            note(notes, || format!("{key} inbox {name}"));
            return Ok(());
        }
        if let Some(address) = addresses.iter().find(|address| pattern.fits(address)) {
            note(notes, || format!("{key} {address} is {pattern}"));
            return Ok(());
        }
    }
    Err(Cow::Borrowed(key))
}

fn check_pattern(
    target: Target,
    patterns: &[Pattern],
    view: &RuleView<'_>,
    finds: &Finds,
    notes: &mut Option<Notes>,
) -> Result<(), Failed> {
    let names;
    let texts: &[&str] = match target {
        Target::Subject => &[view.subject],
        Target::Text => &[view.text],
        Target::AnyText => &[view.any_text],
        Target::Attachment => {
            names = view.attachments.iter().map(|(name, _)| *name).collect::<Vec<_>>();
            &names
        }
    };
    let found = finds[target as usize].as_ref();
    for pattern in patterns {
        if let Some(text) = texts.iter().find(|text| pattern.is_match(text, found)) {
            explain_pattern(target.as_str(), pattern, text, notes);
            return Ok(());
        }
    }
    Err(Cow::Borrowed(target.as_str()))
}

fn explain_pattern(key: &str, pattern: &Pattern, text: &str, notes: &mut Option<Notes>) {
    if let Some(notes) = notes {
        let (shown, groups) = pattern.explain(text);
        notes.why.push(format!("{key} has \"{shown}\""));
        notes.captures.extend(groups);
    }
}

fn check_header(name: &str, patterns: &[Pattern], view: &RuleView<'_>, notes: &mut Option<Notes>) -> Result<(), Failed> {
    for header in view.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)) {
        if let Some(pattern) = patterns.iter().find(|pattern| pattern.is_match(&header.value, None)) {
            explain_pattern(&format!("header {name}"), pattern, &header.value, notes);
            return Ok(());
        }
    }
    Err(Cow::Borrowed("header"))
}

/// The first of these fields that is not as asked for; `None` if all are.
#[must_use]
pub fn first_unmet<'t>(tests: &'t [(FieldId, FieldTest)], fields: &BTreeMap<FieldId, FieldValue>) -> Option<&'t FieldId> {
    let current = |id: &FieldId| fields.get(id).filter(|field| field.valid).map(|field| field.value.as_str());
    tests.iter().find(|(id, test)| !field_holds(test, current(id))).map(|(id, _)| id)
}

fn field_holds(test: &FieldTest, current: Option<&str>) -> bool {
    match test {
        FieldTest::Missing => current.is_none(),
        FieldTest::Present => current.is_some(),
        FieldTest::Equals(wanted) => current.is_some_and(|value| value.to_lowercase() == wanted.to_lowercase()),
        FieldTest::Compares(comparison, currency) => {
            current.and_then(amount_of).is_some_and(|Amount { number, currency: of }| {
                let same = currency.is_none() || of.is_none() || of == *currency;
                same && comparison.holds(number)
            })
        }
        FieldTest::Matches(pattern) => current.is_some_and(|value| pattern.is_match(value, None)),
    }
}

fn check_field(id: &FieldId, tests: &[FieldTest], view: &RuleView<'_>, notes: &mut Option<Notes>) -> Result<(), Failed> {
    let current = view.fields.get(id).filter(|field| field.valid).map(|field| field.value.as_str());
    match tests.iter().find(|test| field_holds(test, current)) {
        Some(FieldTest::Matches(pattern)) => {
            explain_pattern(&format!("field {id}"), pattern, current.unwrap_or(""), notes);
            Ok(())
        }
        Some(_) => {
            note(notes, || format!("field {id} is {}", current.unwrap_or("missing")));
            Ok(())
        }
        None => Err(Cow::Owned(format!("field {id}"))),
    }
}

fn check_attachments(quantity: &Quantity, view: &RuleView<'_>, notes: &mut Option<Notes>) -> Result<(), Failed> {
    let count = view.attachments.len();
    let bytes: u64 = view.attachments.iter().map(|(_, bytes)| bytes).sum();
    let holds = match quantity {
        Quantity::Any => count > 0,
        Quantity::None => count == 0,
        Quantity::Count(comparison) => comparison.holds(to_float(count as u64)),
        Quantity::Bytes(comparison) => comparison.holds(to_float(bytes)),
    };
    value(holds, "attachments", || format!("{count}, {bytes} bytes"), notes)
}

/// Exact up to 2^53, far above any size of a mail.
fn to_float(number: u64) -> f64 {
    number as f64
}
