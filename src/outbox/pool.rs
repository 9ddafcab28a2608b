//! What an account may do now: how many connections, how many mails, and whether it has to wait.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::{Pause, Rate};

/// Counts mails against `at_most`. Mails of the time before a restart are forgotten.
#[derive(Debug)]
pub(crate) struct Meter {
    rate: Option<Rate>,
    sent_at: VecDeque<Instant>,
}

impl Meter {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        Self { rate, sent_at: VecDeque::new() }
    }

    /// How many mails may begin now.
    pub(crate) fn free(&mut self, now: Instant) -> usize {
        let Some(rate) = self.rate else { return usize::MAX };
        while self.sent_at.front().is_some_and(|sent_at| now.duration_since(*sent_at) >= rate.per) {
            self.sent_at.pop_front();
        }
        (rate.mails as usize).saturating_sub(self.sent_at.len())
    }

    /// When the next mail may begin, if none may now.
    pub(crate) fn free_at(&mut self, now: Instant) -> Option<Instant> {
        let rate = self.rate?;
        if self.free(now) > 0 {
            return None;
        }
        self.sent_at.front().map(|sent_at| *sent_at + rate.per)
    }

    /// One mail begins.
    pub(crate) fn count(&mut self, now: Instant) {
        if self.rate.is_some() {
            self.sent_at.push_back(now);
        }
    }
}

/// Closed while an account has to wait. Waits double with each trouble in a row.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed_until: Option<Instant>,
    troubles: u32,
}

impl Gate {
    /// Closed for good, as far as anyone waits.
    pub(crate) fn shut(until: Instant) -> Self {
        Self { closed_until: Some(until), troubles: 0 }
    }

    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.closed_until.is_none_or(|until| until <= now)
    }

    pub(crate) fn opens_at(&self, now: Instant) -> Option<Instant> {
        self.closed_until.filter(|until| *until > now)
    }

    /// Closes for the first pause, doubled for each trouble in a row; returns for how long. A gate that is closed stays as it is:
    /// several mails on their way report one trouble.
    pub(crate) fn close(&mut self, now: Instant, pause: Pause) -> Option<Duration> {
        if !self.is_open(now) {
            return None;
        }
        let wait = pause.first.saturating_mul(2u32.saturating_pow(self.troubles.min(16))).min(pause.most.max(pause.first));
        self.troubles += 1;
        self.closed_until = Some(now + wait);
        Some(wait)
    }

    /// Something went well.
    pub(crate) fn well(&mut self) {
        self.troubles = 0;
    }

    pub(crate) fn open(&mut self) {
        self.closed_until = None;
        self.troubles = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits;
    use super::*;

    #[test]
    fn no_window_of_the_rate_holds_more_than_the_rate() {
        let start = Instant::now();
        let mut meter = Meter::new(Some(Rate { mails: 3, per: Duration::from_secs(60) }));
        let mut sent = Vec::new();
        for second in 0..600 {
            let now = start + Duration::from_secs(second);
            while meter.free(now) > 0 {
                meter.count(now);
                sent.push(second);
            }
        }
        assert_eq!(sent.len(), 30);
        assert!(sent.windows(4).all(|window| window[3] - window[0] >= 60), "{sent:?}");
        assert_eq!(Meter::new(None).free(start), usize::MAX);
    }

    #[test]
    fn pauses_double_to_their_limit_and_begin_anew_after_success() {
        let mut now = Instant::now();
        let mut gate = Gate::default();
        let mut waits = Vec::new();
        for _ in 0..8 {
            let wait = gate.close(now, limits::SLOW_PAUSE).expect("it is open");
            assert_eq!(gate.close(now, limits::SLOW_PAUSE), None, "it is closed");
            waits.push(wait.as_secs() / 60);
            now += wait;
            assert!(gate.is_open(now));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        gate.well();
        assert_eq!(gate.close(now, limits::SLOW_PAUSE), Some(limits::SLOW_PAUSE.first));
    }
}
