//! Sections that are checked now and act later, and warnings about the whole.

use std::collections::BTreeMap;

use desk::AccountName;

use super::Compiler;
use crate::config::problem::Code;
use crate::config::raw::{RawFile, RawSla};
use crate::config::read::Named;
use crate::config::settings::Account;
use crate::config::value::read_length;

impl Compiler<'_> {
    /// Checks the rest of the file.
    pub(super) fn later_sections(&mut self, raw: &RawFile) {
        self.retention(raw);
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

    /// Without their own address agents hear of nothing: what came in is seen in the mailbox and by `frontdesk ticket` alone.
    pub(super) fn warn_agent_mail(&mut self, raw: &RawFile) {
        // A section that is wrong is no section that is missing.
        if raw.agent_mail.is_some() || self.report.has_errors() {
            return;
        }
        let Some((name, _)) = raw.agent.iter().flat_map(|named| &named.0).next() else { return };
        let hint = "[agent_mail] with address = \"desk@...\", an address of its own in the same account";
        let message = "there is no [agent_mail]: agents get no mail about tickets and cannot answer by mail";
        self.report.hint(Code::NoAgentMail, name.at, message, "nobody is told of a new ticket", hint);
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
