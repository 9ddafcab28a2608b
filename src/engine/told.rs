//! How many mails about tickets each agent got within the hour. The store counts them too, in whole hours; from there they
//! are taken up again after a restart.

use std::collections::{BTreeMap, VecDeque};

use desk::AgentName;
use desk::policy::Agent;
use jiff::{SignedDuration, Timestamp};

use crate::engine::budget::HOUR;
use crate::store::{BudgetKey, Store};

/// Hours ahead of the clock that are looked at one by one.
const LOOKED_AHEAD: usize = 26;

type Agents = BTreeMap<AgentName, Agent>;

/// Instants that are remembered of one agent.
const KEPT: usize = desk::policy::NOTICES_PER_HOUR_MAX as usize;

/// Instants of the mails, newest last.
#[derive(Debug, Default)]
pub(super) struct Told {
    instants: BTreeMap<AgentName, VecDeque<Timestamp>>,
    /// The clock at the newest of them, or at the start. Where the clock is not within an hour after it, it may have jumped,
    /// and only the store knows what was told by that clock.
    newest_at: Timestamp,
}

impl Told {
    /// What the store counted within the hour before and since, each as late as it may have been.
    pub(super) fn load(store: &dyn Store, agents: &Agents, now: Timestamp) -> Self {
        let told = counted(store, agents, now).into_keys().map(|name| {
            let instants = instants(store, &name, now);
            (name, instants)
        });
        Self { instants: told.collect(), newest_at: now }
    }

    /// An agent is told of something.
    pub(super) fn note(&mut self, store: &dyn Store, agents: &Agents, agent: &AgentName, at: Timestamp) {
        if self.may_have_jumped(at) {
            *self = Self::load(store, agents, at);
        }
        let instants = self.instants.entry(agent.clone()).or_default();
        instants.push_back(at);
        if instants.len() > KEPT {
            instants.pop_front();
        }
        self.newest_at = at;
    }

    fn may_have_jumped(&self, now: Timestamp) -> bool {
        !(SignedDuration::ZERO..HOUR).contains(&self.newest_at.duration_until(now))
    }

    /// Who was told how often within the hour before `now`.
    pub(super) fn counts(&self, store: &dyn Store, agents: &Agents, now: Timestamp) -> BTreeMap<AgentName, u32> {
        if self.may_have_jumped(now) {
            return counted(store, agents, now);
        }
        // In order, so the old ones stand first.
        let recent = |told: &VecDeque<Timestamp>| told.len() - told.partition_point(|at| at.duration_until(now) >= HOUR);
        let counts = self.instants.iter().map(|(name, all)| (name.clone(), u32::try_from(recent(all)).unwrap_or(u32::MAX)));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

/// The store counts by the hour, and a clock that went back finds counts ahead of itself.
fn instants(store: &dyn Store, agent: &AgentName, now: Timestamp) -> VecDeque<Timestamp> {
    let key = BudgetKey::Notice(agent.0.clone());
    let mut found = VecDeque::new();
    let mut since = now.saturating_sub(HOUR).unwrap_or(Timestamp::MIN);
    for step in 0..=LOOKED_AHEAD {
        let ends_at = hour_after(since);
        let rest = if step < LOOKED_AHEAD { store.budget(&key, ends_at) } else { 0 };
        let here = store.budget(&key, since).saturating_sub(rest);
        let room = KEPT.saturating_sub(found.len());
        found.extend(std::iter::repeat_n(ends_at, usize::try_from(here).unwrap_or(KEPT).min(room)));
        since = ends_at;
        if rest == 0 {
            break;
        }
    }
    found
}

/// The beginning of the next whole hour.
fn hour_after(at: Timestamp) -> Timestamp {
    Timestamp::from_second((at.as_second().div_euclid(3600) + 1) * 3600).unwrap_or(Timestamp::MAX)
}

fn counted(store: &dyn Store, agents: &Agents, now: Timestamp) -> BTreeMap<AgentName, u32> {
    let since = now.checked_sub(HOUR).unwrap_or(Timestamp::MIN);
    let count = |name: &AgentName| u32::try_from(store.budget(&BudgetKey::Notice(name.0.clone()), since)).unwrap_or(u32::MAX);
    agents.keys().map(|name| (name.clone(), count(name))).filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[test]
    fn an_hour_counts_and_no_longer() {
        let at = |minute: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let (store, agents) = (MemoryStore::new(), Agents::new());
        let mut told = Told::load(&store, &agents, at(0));
        for minute in [0, 30, 59] {
            told.note(&store, &agents, &"maya".into(), at(minute));
        }
        let count = |minute| told.counts(&store, &agents, at(minute)).get(&"maya".into()).copied();
        assert_eq!([59, 60, 89, 90, 118].map(count), [Some(3), Some(2), Some(2), Some(1), Some(1)]);
        assert_eq!(count(119), None);
    }
}
