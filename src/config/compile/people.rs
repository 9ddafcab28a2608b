//! Company, agents, teams and vendors.

use std::collections::BTreeMap;

use desk::policy::{Agent, AgentMail, AgentProof, Assign, Carrier, Company, Receipts, Team, Vendor};
use desk::{AccountName, AgentName, FieldId, InboxName, TeamName, VendorName};
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::{Compiler, Kind};
use crate::config::problem::{Code, Place};
use crate::config::raw::{RawAgent, RawAgentMail, RawCompany, RawTeam, RawVendor};
use crate::config::read::{At, Named, nearest};
use crate::config::settings::{Account, Done, Since, Watch};

/// Mail to customers waits so long, where the file says nothing.
const UNDO_SEND: SignedDuration = SignedDuration::from_secs(60);
/// Files up to this size go along with mail to agents, where the file says nothing.
const ATTACH_BYTES: u64 = 10_000_000;
/// Under this name the mailbox of agents' mail is shown where no inbox shares it. No inbox can be called so: keys of the
/// file hold no space.
const AGENT_MAIL: &str = "agent mail";
/// The team that is there where the file names none.
pub(super) const DEFAULT_TEAM: &str = "everyone";

impl Compiler<'_> {
    pub(super) fn company(&mut self, raw: Option<&RawCompany>) -> Company {
        let default = RawCompany::default();
        let present = raw.is_some();
        let raw = raw.unwrap_or(&default);
        if present {
            self.missing("name", &raw.keys, raw.at, "[company]");
        } else {
            self.report.add(Code::MissingKey, None, "the file has no [company]", "[company] name = \"Acme\"");
        }
        let mut languages: Vec<String> = Vec::new();
        for language in raw.languages.iter().flatten() {
            let good = language.value.len() >= 2 && language.value.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            if !good {
                let message = format!("\"{}\" is not a language", language.value);
                self.report.add(Code::BadValue, language.at, message, "two letters such as \"en\" or \"de\" (ISO 639-1)");
            } else if !languages.contains(&language.value) {
                languages.push(language.value.clone());
            }
        }
        if languages.is_empty() {
            languages.push("en".to_owned());
        }
        let prefix = raw.prefix.as_ref().map_or("T".to_owned(), |prefix| prefix.value.clone());
        if !(1..=8).contains(&prefix.len()) || !prefix.chars().all(|c| c.is_ascii_uppercase()) {
            let at = raw.prefix.as_ref().map(|prefix| prefix.at);
            self.report.add(
                Code::BadValue,
                at,
                format!("\"{prefix}\" is no prefix of references"),
                "one to eight letters A to Z",
            );
        }
        let name = raw.name.as_ref().map_or_else(String::new, |name| name.value.trim().to_owned());
        if let Some(empty) = raw.name.as_ref().filter(|_| name.is_empty() || name.chars().any(char::is_control)) {
            self.report.add(Code::BadValue, empty.at, "this is no name", "one line of text");
        }
        let timezone = raw.timezone.as_ref().and_then(|zone| self.zone(zone)).unwrap_or(TimeZone::UTC);
        Company { name, timezone, languages, prefix }
    }

    pub(super) fn zone(&mut self, name: &At<String>) -> Option<TimeZone> {
        let zone = TimeZone::get(&name.value).ok();
        if zone.is_none() {
            let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
            let label = match nearest(&name.value, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "an IANA name such as \"Europe/London\"".to_owned(),
            };
            self.report.add(Code::BadValue, name.at, format!("there is no time zone \"{}\"", name.value), label);
        }
        zone
    }

    pub(super) fn agents(&mut self, raw: Option<&Named<RawAgent>>, company: &Company) -> BTreeMap<AgentName, Agent> {
        let mut agents = BTreeMap::new();
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            let who = format!("agent \"{}\"", name.value);
            self.missing("email", &raw.keys, name.at, &who);
            let email = raw.email.as_ref().and_then(|email| self.own_address(email, &who));
            let also = raw.also.iter().flatten().filter_map(|also| self.own_address(also, &who)).collect();
            for language in raw.speaks.iter().flatten() {
                self.language(language, company);
            }
            if let Some(pin) = raw.pin.as_ref().filter(|pin| !pin.value.starts_with("$argon2id$")) {
                let label = "an Argon2id hash, $argon2id$…";
                self.report.add(Code::LiteralSecret, pin.at, "a PIN never stands in the file as it is", label);
            }
            if let Some(calendar) = &raw.calendar {
                self.reference(Kind::Calendar, calendar, &who);
            }
            let Some(email) = email else { continue };
            let speaks = match &raw.speaks {
                Some(speaks) => speaks.iter().map(|language| language.value.clone()).collect(),
                None => company.languages.iter().take(1).cloned().collect(),
            };
            let agent = Agent {
                name: AgentName(name.value.clone()),
                label: raw.name.as_ref().map_or_else(|| name.value.clone(), |label| label.value.clone()),
                email,
                also,
                speaks,
                reports_only: raw.reports_only.as_ref().is_some_and(|only| only.value),
                pin: raw.pin.as_ref().map(|pin| pin.value.clone()),
                calendar: raw.calendar.as_ref().map(|calendar| calendar.value.clone()),
            };
            agents.insert(agent.name.clone(), agent);
        }
        agents
    }

    pub(super) fn teams(
        &mut self,
        raw: Option<&Named<RawTeam>>,
        agents: &BTreeMap<AgentName, Agent>,
    ) -> BTreeMap<TeamName, Team> {
        let everyone: Vec<AgentName> =
            agents.values().filter(|agent| !agent.reports_only).map(|agent| agent.name.clone()).collect();
        let mut teams = BTreeMap::new();
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            let team = self.team(name, raw, &everyone, agents);
            teams.insert(team.name.clone(), team);
        }
        if teams.is_empty() {
            let name = TeamName(DEFAULT_TEAM.to_owned());
            let team = Team { name: name.clone(), lead: None, members: everyone, assign: Assign::Pull, max_open: None };
            teams.insert(name, team);
        }
        teams
    }

    fn team(&mut self, name: &At<String>, raw: &RawTeam, everyone: &[AgentName], agents: &BTreeMap<AgentName, Agent>) -> Team {
        let who = format!("team \"{}\"", name.value);
        let mut members: Vec<AgentName> = Vec::new();
        for member in raw.members.iter().flatten() {
            if !self.reference(Kind::Agent, member, &who) {
                continue;
            }
            let agent = AgentName(member.value.clone());
            if members.contains(&agent) {
                self.report.add(Code::Duplicate, member.at, format!("{who} has \"{agent}\" twice"), "once is enough");
            } else if agents.get(&agent).is_some_and(|agent| agent.reports_only) {
                let message = format!("{who} gives tickets to \"{agent}\", who gets reports only");
                self.report.add(Code::Contradiction, member.at, message, "`reports_only = true`");
            } else {
                members.push(agent);
            }
        }
        if raw.members.as_ref().is_some_and(Vec::is_empty) {
            self.report.add(Code::BadValue, name.at, format!("{who} has no members"), "nobody would get its tickets");
        }
        let lead = raw.lead.as_ref().filter(|lead| self.reference(Kind::Agent, lead, &who));
        const ASSIGN: [(&str, Assign); 3] =
            [("least-loaded", Assign::LeastLoaded), ("round-robin", Assign::RoundRobin), ("pull", Assign::Pull)];
        let assign = raw.assign.as_ref().and_then(|assign| self.word(assign, "assign", &ASSIGN)).unwrap_or_default();
        if let Some(max_open) = raw.max_open.as_ref().filter(|max| max.value == 0) {
            self.report.add(Code::BadValue, max_open.at, format!("{who} could take no ticket"), "1 or more");
        }
        Team {
            name: TeamName(name.value.clone()),
            lead: lead.map(|lead| AgentName(lead.value.clone())),
            members: if raw.has("members") { members } else { everyone.to_vec() },
            assign,
            max_open: raw.max_open.as_ref().map(|max| max.value),
        }
    }

    pub(super) fn vendors(&mut self, raw: Option<&Named<RawVendor>>) -> BTreeMap<VendorName, Vendor> {
        let mut vendors = BTreeMap::new();
        for (name, raw) in raw.iter().flat_map(|named| &named.0) {
            let who = format!("vendor \"{}\"", name.value);
            self.missing("email", &raw.keys, name.at, &who);
            let email = raw.email.as_ref().and_then(|email| self.own_address(email, &who));
            let their_ref = raw.their_ref.as_ref().and_then(|pattern| self.regex(pattern, &who));
            if let (Some(regex), Some(at)) = (&their_ref, &raw.their_ref)
                && regex.captures_len() < 2
            {
                let message = format!("{who} has a `their_ref` without a group");
                self.report.add(Code::Pattern, at.at, message, "the number stands in ( )");
            }
            for field in raw.sees.iter().flatten() {
                self.reference(Kind::Field, field, &who);
            }
            if let Some(calendar) = raw.reply.as_ref().and_then(|reply| reply.calendar.as_ref()) {
                self.reference(Kind::Calendar, calendar, &who);
            }
            let Some(email) = email else { continue };
            let vendor = Vendor {
                name: VendorName(name.value.clone()),
                label: raw.name.as_ref().map_or_else(|| name.value.clone(), |label| label.value.clone()),
                email,
                their_ref,
                sees: raw.sees.iter().flatten().map(|field| FieldId(field.value.clone())).collect(),
                within: raw.reply.as_ref().and_then(|reply| reply.within.as_ref()).map(|within| within.value),
                calendar: raw.reply.as_ref().and_then(|reply| reply.calendar.as_ref()).map(|calendar| calendar.value.clone()),
                chase: raw.reply.iter().flat_map(|reply| reply.chase.iter().flatten()).map(|span| span.value).collect(),
            };
            vendors.insert(vendor.name.clone(), vendor);
        }
        vendors
    }

    /// A regular expression that says itself whether case matters.
    pub(super) fn regex(&mut self, pattern: &At<String>, who: &str) -> Option<regex::Regex> {
        match desk::pattern::compile_exact(&pattern.value) {
            Ok(regex) => Some(regex),
            Err(error) => {
                self.pattern_error(pattern, &error, who);
                None
            }
        }
    }

    /// Puts the caret below the part of the pattern that is to blame, where the file shows it as it is.
    pub(super) fn pattern_error(&mut self, pattern: &At<String>, error: &desk::rule::PatternError, who: &str) {
        let written = self.report.text(pattern.at);
        let quotes = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quotes| written.starts_with(quotes)).map_or(0, str::len);
        let inner = written.get(quotes..written.len().saturating_sub(quotes)).unwrap_or("");
        let number = |at: usize| u32::try_from(at + quotes).unwrap_or(0);
        let at = match error.span {
            Some((from, to)) if inner == pattern.value => {
                Place { from: pattern.at.from + number(from), to: pattern.at.from + number(to), ..pattern.at }
            }
            _ => pattern.at,
        };
        self.report.add(Code::Pattern, at, format!("{who} has a pattern that does not compile"), error.message.clone());
    }

    pub(super) fn agent_mail(
        &mut self,
        raw: Option<&RawAgentMail>,
        accounts: &BTreeMap<AccountName, Account>,
        inboxes: &mut BTreeMap<InboxName, Watch>,
    ) -> Option<AgentMail> {
        const CARRIERS: [(&str, Carrier); 3] =
            [("plus", Carrier::Plus), ("subdomain", Carrier::Subdomain), ("subject", Carrier::Subject)];
        const RECEIPTS: [(&str, Receipts); 4] =
            [("none", Receipts::None), ("errors", Receipts::Errors), ("commands", Receipts::Commands), ("all", Receipts::All)];
        const PROOFS: [(&str, AgentProof); 3] =
            [("token+sender", AgentProof::TokenSender), ("token+pin", AgentProof::TokenPin), ("token", AgentProof::Token)];
        let raw = raw?;
        self.missing("address", &raw.keys, raw.at, "[agent_mail]");
        let carrier = raw.carrier.as_ref().and_then(|carrier| self.word(carrier, "carrier", &CARRIERS)).unwrap_or_default();
        let receipts = raw.receipts.as_ref().and_then(|word| self.word(word, "receipts", &RECEIPTS)).unwrap_or_default();
        let proof = raw.proof.as_ref().and_then(|proof| self.word(proof, "proof", &PROOFS)).unwrap_or_default();
        let account = match &raw.account {
            Some(name) if self.reference(Kind::Account, name, "[agent_mail]") => Some(AccountName(name.value.clone())),
            Some(_) => None,
            None => accounts.keys().next().cloned(),
        };
        let address = raw.address.as_ref().and_then(|address| self.own_address(address, "[agent_mail]"))?;
        if let Some(account) = account {
            let folder = raw.folder.as_ref().map_or("INBOX".to_owned(), |folder| folder.value.clone());
            // A mailbox that an inbox watches already is watched once, in that inbox's way.
            if !inboxes.values().any(|watch| watch.account == account && watch.folder == folder) {
                let watch = Watch { account, folder, done: Done::default(), since: Since::default() };
                inboxes.insert(InboxName(AGENT_MAIL.to_owned()), watch);
            }
        }
        Some(AgentMail {
            address,
            carrier,
            undo_send: raw.undo_send.as_ref().map_or(UNDO_SEND, |length| length.value.0),
            receipts,
            attach_bytes: raw.attach.as_ref().map_or(ATTACH_BYTES, |bytes| bytes.value.0),
            digest: raw.digest.as_ref().map(|time| time.value),
            proof,
        })
    }
}
