//! Alerts about inboxes that are not reached: watched beside the tickets, told once for each time they are down.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use desk::{InboxName, Policy};

use crate::config::InboxAlarm;

/// What is down, since when, and what was told of it.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    down_since: BTreeMap<String, Instant>,
    told: BTreeSet<(String, String)>,
}

/// Something to tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Alarm {
    /// Agents and channels.
    pub(super) to: Vec<String>,
    /// One sentence.
    pub(super) text: String,
}

impl Alarms {
    /// A look at every inbox, live or not, with what is wrong. Gives what is to be told now.
    pub(super) fn look(
        &mut self,
        now: Instant,
        inboxes: &[(String, bool, String)],
        alarms: &[InboxAlarm],
        policy: &Policy,
    ) -> Vec<Alarm> {
        let mut due = Vec::new();
        for (inbox, is_live, error) in inboxes {
            if *is_live {
                self.down_since.remove(inbox);
                self.told.retain(|(_, told)| told != inbox);
                continue;
            }
            let since = *self.down_since.entry(inbox.clone()).or_insert(now);
            let down_for = now.saturating_duration_since(since);
            for alarm in alarms.iter().filter(|alarm| Duration::try_from(alarm.after).is_ok_and(|after| down_for >= after)) {
                if self.told.insert((alarm.name.clone(), inbox.clone())) {
                    let minutes = down_for.as_secs() / 60;
                    let text = format!("{}: inbox {inbox} is not reached for {minutes} min: {error}", alarm.name);
                    due.push(Alarm { to: people(policy, inbox, &alarm.tell), text });
                }
            }
        }
        due
    }
}

/// `lead` and `team` are those of the inbox; an inbox has no owner, so its lead stands in.
fn people(policy: &Policy, inbox: &str, tell: &[String]) -> Vec<String> {
    let team = policy.inboxes.get(&InboxName(inbox.to_owned())).and_then(|inbox| policy.teams.get(&inbox.team));
    let mut names = BTreeSet::new();
    for who in tell {
        let named = policy.teams.values().find(|team| team.name.as_str() == who);
        match (who.as_str(), named) {
            ("lead" | "owner", _) => names.extend(team.and_then(|team| team.lead.clone()).map(|lead| lead.0)),
            ("team", _) => names.extend(team.into_iter().flat_map(|team| team.members.iter().map(|name| name.0.clone()))),
            (_, Some(team)) => names.extend(team.members.iter().map(|name| name.0.clone())),
            (_, None) => {
                names.insert(who.clone());
            }
        }
    }
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn an_inbox_that_is_down_is_told_once_each_time() {
        let text = "version = 1\n[company]\nname = \"Acme\"\n[server]\nkey = { file = \"k\" }\n\
                    [account.main]\nimap = \"maildir:in\"\nsmtp = \"maildir:out\"\n[inbox]\nsupport = { address = \"s@acme.example\" }\n\
                    [agent]\nmaya = { email = \"maya@acme.example\" }\n[team]\nall = { lead = \"maya\", members = [\"maya\"] }\n";
        let mut world = crate::config::Memory::default();
        world.files.insert("/x/frontdesk.toml".into(), text.into());
        world.files.insert("/x/k".into(), vec![7; 32]);
        let loaded = crate::config::load("/x/frontdesk.toml".as_ref(), &world)
            .unwrap_or_else(|wrong| panic!("{}", wrong.render(false, "")));
        let policy = loaded.policy;
        let alarm =
            InboxAlarm { name: "quiet".into(), after: SignedDuration::from_mins(10), tell: vec!["chat".into(), "lead".into()] };
        let mut alarms = Alarms::default();
        let start = Instant::now();
        let mut look = |minutes: u64, is_live: bool| {
            let now = start + Duration::from_secs(minutes * 60);
            alarms.look(now, &[("support".into(), is_live, "refused".into())], std::slice::from_ref(&alarm), &policy)
        };
        assert_eq!(look(0, false), []);
        assert_eq!(look(9, false), []);
        let told = look(10, false);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].to, ["chat", "maya"]);
        assert_eq!(told[0].text, "quiet: inbox support is not reached for 10 min: refused");
        assert_eq!(look(30, false), [], "once");
        assert_eq!(look(31, true), []);
        assert_eq!(look(32, false), []);
        assert_eq!(look(50, false).len(), 1, "and again the next time");
    }
}
