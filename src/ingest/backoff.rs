//! How long to wait before the next attempt. Pure: the caller gives the seed of the jitter.

use std::time::Duration;

use super::{Deadlines, IngestError};

/// Which pause an error asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The line, the server or a file.
    Retry,
    /// The server asked for patience.
    Throttle,
    /// The credentials were refused.
    Login,
}

impl Class {
    /// The class of an error.
    pub(super) fn of(error: &IngestError) -> Self {
        match error {
            IngestError::Throttled { .. } => Self::Throttle,
            IngestError::Login { .. } => Self::Login,
            IngestError::Connect { .. }
            | IngestError::Tls { .. }
            | IngestError::NoTls { .. }
            | IngestError::PlainRefused { .. }
            | IngestError::Credentials { .. }
            | IngestError::NoMailbox { .. }
            | IngestError::Refused { .. }
            | IngestError::Lost { .. }
            | IngestError::Stalled { .. }
            | IngestError::Protocol { .. }
            | IngestError::File { .. }
            | IngestError::Store(_)
            | IngestError::Panicked { .. } => Self::Retry,
        }
    }
}

/// Counts failures in a row.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    class: Class,
    seed: u64,
}

impl Backoff {
    /// Starts without failures. Watchers of one server should have different seeds, or they come back all at once.
    pub(super) fn new(seed: u64) -> Self {
        Self { failures: 0, class: Class::Retry, seed }
    }

    /// It worked.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed: how long to wait. Doubles from the class's shortest to its longest pause, of which up to a quarter is
    /// taken off by jitter; the pause after a refused login is never shorter than its deadline.
    pub(super) fn next(&mut self, class: Class, deadlines: &Deadlines) -> Duration {
        if class != self.class {
            self.failures = 0;
            self.class = class;
        }
        let (min, max) = match class {
            Class::Retry => (deadlines.retry_min, deadlines.retry_max),
            Class::Throttle => (deadlines.throttle_min, deadlines.throttle_max),
            Class::Login => (deadlines.login, deadlines.login),
        };
        let doubled = min.saturating_mul(1_u32 << self.failures.min(20)).min(max);
        self.failures = self.failures.saturating_add(1);
        self.seed = scramble(self.seed);
        let quarter = doubled / 4;
        let share = u32::try_from(self.seed >> 32).unwrap_or(u32::MAX);
        let jitter = quarter.mul_f64(f64::from(share) / f64::from(u32::MAX));
        match class {
            Class::Retry | Class::Throttle => (doubled - jitter).max(min),
            Class::Login => doubled + jitter,
        }
    }
}

/// One step of SplitMix64 (Steele, Lea, Flood 2014): enough to spread, nothing secret hangs on it.
fn scramble(seed: u64) -> u64 {
    let next = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (next ^ (next >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(class: Class, count: usize) -> Vec<Duration> {
        let mut backoff = Backoff::new(7);
        (0..count).map(|_| backoff.next(class, &Deadlines::default())).collect()
    }

    #[test]
    fn pauses_double_from_one_second_to_five_minutes() {
        let pauses = pauses(Class::Retry, 20);
        assert_eq!(pauses[0], Duration::from_secs(1));
        for (index, pause) in pauses.iter().enumerate().skip(1) {
            let full = Duration::from_secs((1 << index.min(10)).min(300));
            assert!(*pause <= full && *pause >= full * 3 / 4, "{index}: {pause:?}");
        }
    }

    #[test]
    fn a_server_that_asks_for_patience_gets_it() {
        let pauses = pauses(Class::Throttle, 10);
        assert_eq!(pauses[0], Duration::from_secs(30));
        assert!(pauses[9] <= Duration::from_secs(900) && pauses[9] >= Duration::from_secs(675));
    }

    #[test]
    fn a_refused_login_is_never_repeated_within_five_minutes() {
        assert!(pauses(Class::Login, 5).iter().all(|pause| *pause >= Duration::from_secs(300)));
    }

    #[test]
    fn another_kind_of_failure_starts_anew() {
        let mut backoff = Backoff::new(1);
        let deadlines = Deadlines::default();
        for _ in 0..8 {
            backoff.next(Class::Throttle, &deadlines);
        }
        assert_eq!(backoff.next(Class::Retry, &deadlines), Duration::from_secs(1));
    }
}
