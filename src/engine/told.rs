//! How many mails about tickets each agent got within the hour. The store counts them too, in whole hours; from there they
//! are taken up again after a restart.

use std::collections::{BTreeMap, VecDeque};

use desk::{AgentName, Policy};
use jiff::Timestamp;

use crate::engine::budget::HOUR;
use crate::store::{BudgetKey, Store};

/// Instants that are remembered of one agent; nobody sets a limit above it.
const KEPT: usize = 1_000;

/// Instants of the mails, newest last.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<AgentName, VecDeque<Timestamp>>);

impl Told {
    /// What the store counted within the hour, as if all of it had been just now.
    pub(super) fn load(store: &dyn Store, policy: &Policy, now: Timestamp) -> Self {
        let since = now.checked_sub(HOUR).unwrap_or(Timestamp::MIN);
        let count = |name: &AgentName| store.budget(&BudgetKey::Notice(name.0.clone()), since);
        let counted = policy.agents.keys().map(|name| (name, count(name))).filter(|(_, count)| *count > 0);
        let taken_up = |count: u64| usize::try_from(count).unwrap_or(KEPT).min(KEPT);
        Self(counted.map(|(name, count)| (name.clone(), std::iter::repeat_n(now, taken_up(count)).collect())).collect())
    }

    /// An agent is told of something.
    pub(super) fn note(&mut self, agent: &AgentName, at: Timestamp) {
        let instants = self.0.entry(agent.clone()).or_default();
        instants.push_back(at);
        // A clock that goes back must not give anybody a second helping, so only their number and their age let them go.
        if instants.len() > KEPT {
            instants.pop_front();
        }
        while instants.front().is_some_and(|first| first.duration_until(at) >= HOUR) {
            instants.pop_front();
        }
    }

    /// Who was told how often within the hour before `now`.
    pub(super) fn counts(&self, now: Timestamp) -> BTreeMap<AgentName, u32> {
        let recent = |instants: &VecDeque<Timestamp>| instants.iter().filter(|at| at.duration_until(now) < HOUR).count();
        let counts = self.0.iter().map(|(name, instants)| (name.clone(), u32::try_from(recent(instants)).unwrap_or(u32::MAX)));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn an_hour_counts_whichever_way_the_clock_goes() {
        let at = |minute: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute);
        let mut told = Told::default();
        for minute in [0, 30, 59, 10] {
            told.note(&"maya".into(), at(minute));
        }
        let count = |told: &Told, minute| told.counts(at(minute)).get(&"maya".into()).copied();
        assert_eq!(count(&told, 59), Some(4));
        assert_eq!(count(&told, 60), Some(3));
        assert_eq!(count(&told, 0), Some(4), "what lies ahead counts");
        assert_eq!(count(&told, 119), None);
    }
}
