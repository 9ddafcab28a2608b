//! Sections that are checked now and act later, and warnings about the whole.

use std::collections::BTreeMap;

use desk::AccountName;

use super::{Compiler, Kind};
use crate::config::problem::Code;
use crate::config::raw::{RawFile, RawKnownIssue, RawSla};
use crate::config::read::Named;
use crate::config::settings::Account;
use crate::config::value::read_length;

impl Compiler<'_> {
    /// Checks the rest of the file.
    pub(super) fn later_sections(&mut self, raw: &RawFile) {
        for issue in raw.known_issue.iter().flatten() {
            self.known_issue(issue);
        }
        if let Some(articles) = &raw.articles {
            self.comes_later("articles", articles.at);
            self.missing("path", &articles.keys, articles.at, "[articles]");
        }
        self.retention(raw);
        for report in raw.report.iter().flatten() {
            self.comes_later("report", report.at);
            if let Some(every) = &report.every {
                self.word(every, "every", &[("day", ()), ("week", ()), ("month", ())]);
            }
            for person in report.to.iter().flat_map(|to| &to.0) {
                self.reference_any(&[Kind::Agent, Kind::Team], &["lead"], person, "a report");
            }
            if let Some(team) = &report.team {
                self.reference(Kind::Team, team, "a report");
            }
        }
    }

    fn known_issue(&mut self, raw: &RawKnownIssue) {
        self.comes_later("known_issue", raw.at);
        let who = raw.id.as_ref().map_or("a known issue".to_owned(), |id| format!("known issue \"{}\"", id.value));
        for key in ["id", "title", "when"] {
            self.missing(key, &raw.keys, raw.at, &who);
        }
        if let Some(when) = &raw.when {
            self.condition(when, &who, false);
        }
        if let Some(owner) = &raw.owner {
            self.reference(Kind::Agent, owner, &who);
        }
    }

    fn retention(&mut self, raw: &RawFile) {
        let Some(retention) = &raw.retention else { return };
        self.comes_later("retention", retention.at);
        let Some(backup) = &retention.backup else { return };
        self.missing("to", &backup.keys, backup.at, "`retention.backup`");
        let Some(keep) = &backup.keep else { return };
        let counted =
            |part: &str| read_length(part).is_some() || part.strip_suffix('m').is_some_and(|n| n.parse::<u32>().is_ok());
        if !keep.value.split_whitespace().all(counted) || keep.value.trim().is_empty() {
            let message = format!("\"{}\" says not how many backups are kept", keep.value);
            self.report.add(Code::BadValue, keep.at, message, "such as \"7d 4w 12m\": days, weeks, months");
        }
    }

    pub(super) fn warn_unused(&mut self, slas: Option<&Named<RawSla>>) {
        for (name, _) in slas.iter().flat_map(|named| &named.0) {
            if !self.used_slas.contains(&name.value) {
                let message = format!("nobody uses the SLA \"{}\"", name.value);
                self.report.add(Code::Unused, name.at, message, "no inbox names it");
            }
        }
    }

    /// Agents are believed by proof of their sender: someone has to give it.
    pub(super) fn warn_trust(&mut self, raw: &RawFile, accounts: &BTreeMap<AccountName, Account>) {
        let Some(agent_mail) = &raw.agent_mail else { return };
        let proof = agent_mail.proof.as_ref();
        if let Some(proof) = proof.filter(|proof| proof.value == "token") {
            let remote = accounts.values().any(Account::is_remote);
            let message = "whoever has a mail to an agent can act as that agent";
            if remote {
                self.report.add(Code::Contradiction, proof.at, message, "\"token\" is for loopback and maildirs");
            } else {
                self.report.add(Code::WeakProof, proof.at, message, "good for trying out only");
            }
            return;
        }
        let none_trusts = accounts.values().all(|account| account.trusts.is_empty());
        if proof.is_none_or(|proof| proof.value == "token+sender") && none_trusts && !accounts.is_empty() {
            let hint = "account.trusts = [\"name in your provider's Authentication-Results\"]";
            let message = "no account trusts anybody's Authentication-Results";
            let label = "agents are believed by DKIM alone";
            self.report.hint(Code::NoTrust, agent_mail.at, message, label, hint);
        }
    }
}
