//! When a refused mail is tried again. Pure: no clock, no randomness; jitter comes from the row's id.

use desk::EffectId;
use jiff::{SignedDuration, Timestamp};

use crate::engine::outgoing::WAIT_MAX;

/// Waits after the first attempts; later ones wait [`REGULAR`].
const FIRST: [SignedDuration; 4] =
    [SignedDuration::from_mins(1), SignedDuration::from_mins(5), SignedDuration::from_mins(15), SignedDuration::from_mins(60)];

/// Wait after every later attempt, plus jitter.
pub(crate) const REGULAR: SignedDuration = SignedDuration::from_hours(2);

/// Jitter added to [`REGULAR`], exclusive: mails refused together shall not come back together.
pub(crate) const JITTER_MAX: SignedDuration = SignedDuration::from_mins(12);

const _: () = assert!(REGULAR.as_secs() + JITTER_MAX.as_secs() <= WAIT_MAX.as_secs());

/// A mail older than this is given up (RFC 5321 §4.5.4.1 asks for at least 4 to 5 days).
pub(crate) const AGE_MAX: SignedDuration = SignedDuration::from_hours(5 * 24);

/// No mail is given up before this many attempts, so that a clock that jumps forward fails nothing: the table needs
/// more than half a day for them.
pub(crate) const ATTEMPTS_MIN: u32 = 10;

/// What follows a refusal for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not before this instant.
    RetryAt(Timestamp),
    /// Enough.
    GiveUp,
}

/// What follows a refusal for now, after `attempts` (the refused one included) of a mail decided at `created_at`.
///
/// 1, 5, 15, 60 minutes, then 2 hours with jitter; after 5 days nothing.
#[must_use]
pub fn after_refusal(id: EffectId, attempts: u32, created_at: Timestamp, now: Timestamp) -> Next {
    if now.duration_since(created_at) >= AGE_MAX && attempts >= ATTEMPTS_MIN {
        return Next::GiveUp;
    }
    let index = attempts.saturating_sub(1) as usize;
    let wait = FIRST.get(index).copied().unwrap_or_else(|| REGULAR + jitter(id, attempts));
    Next::RetryAt(now.saturating_add(wait).unwrap_or(Timestamp::MAX))
}

/// The same for the same row and attempt, spread evenly over rows.
fn jitter(id: EffectId, attempts: u32) -> SignedDuration {
    let seed = id.0.iter().fold(u64::from(attempts), |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let mixed = seed ^ (seed >> 32);
    let span = JITTER_MAX.as_secs().unsigned_abs();
    SignedDuration::from_secs(i64::try_from(mixed % span).expect("less than the span"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn waits(id: EffectId, attempts: std::ops::RangeInclusive<u32>) -> Vec<SignedDuration> {
        let now = at("2026-11-22T10:00:00Z");
        attempts
            .map(|attempt| match after_refusal(id, attempt, now, now) {
                Next::RetryAt(next_at) => next_at.duration_since(now),
                Next::GiveUp => panic!("a fresh mail is given up"),
            })
            .collect()
    }

    #[test]
    fn the_first_four_waits_are_exact() {
        let minutes: Vec<i64> = waits(EffectId([7; 16]), 1..=4).iter().map(SignedDuration::as_mins).collect();
        assert_eq!(minutes, [1, 5, 15, 60]);
    }

    #[test]
    fn later_waits_are_two_hours_with_jitter_that_repeats_for_the_same_row() {
        let mut seen = std::collections::BTreeSet::new();
        for byte in 0..50 {
            let id = EffectId([byte; 16]);
            let later = waits(id, 5..=60);
            assert!(later.iter().all(|wait| *wait >= REGULAR && *wait < REGULAR + JITTER_MAX));
            assert_eq!(later, waits(id, 5..=60));
            seen.insert(later[0]);
        }
        assert!(seen.len() > 30, "fifty rows share {} waits", seen.len());
    }

    #[test]
    fn a_mail_is_given_up_after_five_days() {
        let (created_at, id) = (at("2026-11-22T10:00:00Z"), EffectId([1; 16]));
        assert!(matches!(after_refusal(id, 50, created_at, at("2026-11-27T09:59:59Z")), Next::RetryAt(_)));
        assert_eq!(after_refusal(id, 50, created_at, at("2026-11-27T10:00:00Z")), Next::GiveUp);
    }

    #[test]
    fn a_clock_that_jumps_a_year_gives_nothing_up() {
        let (created_at, id) = (at("2026-11-22T10:00:00Z"), EffectId([1; 16]));
        assert!(matches!(after_refusal(id, 2, created_at, at("2027-11-22T10:00:00Z")), Next::RetryAt(_)));
        assert!(matches!(after_refusal(id, 2, created_at, at("2025-11-22T10:00:00Z")), Next::RetryAt(_)));
        assert_eq!(after_refusal(id, 0, created_at, Timestamp::MAX), Next::RetryAt(Timestamp::MAX));
    }
}
