//! What a session knows of its mailbox: which UIDs still have to be looked at, and in which order. Pure.

use crate::store::Cursor;

use super::limits::WINDOW_UIDS;

/// Which work goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Mail that came after the mailbox was first (or newly) looked at: always first, in the order of arrival.
    Live,
    /// What was there before: as time permits.
    Scan,
}

/// UIDs to list with one command, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// The UIDs of a mailbox as far as this session knows them.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Settled in the store, or handed over in this session.
    taken: Cursor,
    /// Below `next`, not settled, and not on the server: looked at again by the reconciliation alone.
    absent: Cursor,
    /// All UIDs on the server are below this.
    next: u32,
    /// UIDs below this belong to the scan lane.
    scan_below: u32,
    window: u32,
}

impl Known {
    /// Begins with what is settled.
    pub(super) fn new(settled: Cursor, next: u32, scan_below: u32) -> Self {
        Self { taken: settled, absent: Cursor::default(), next: next.max(1), scan_below, window: WINDOW_UIDS }
    }

    /// The UID that the next mail will have at least.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// UIDs up to `next - 1` may be there.
    pub(super) fn grow(&mut self, next: u32) {
        self.next = self.next.max(next);
    }

    /// This UID needs no more attention in this session.
    pub(super) fn take(&mut self, from: u32, to: u32) {
        self.taken.settle(from, to);
    }

    /// This UID is still to be fetched.
    pub(super) fn is_open(&self, uid: u32) -> bool {
        !self.taken.is_settled(uid) && !self.absent.is_settled(uid)
    }

    /// Ranges that were not on the server when they were last listed.
    pub(super) fn absent(&self) -> &[(u32, u32)] {
        &self.absent.settled
    }

    /// What to list next.
    pub(super) fn window(&self, lane: Lane) -> Option<Window> {
        let (low, high) = match lane {
            Lane::Live => (self.scan_below.max(1), self.next - 1),
            Lane::Scan => (1, self.scan_below.min(self.next) - 1),
        };
        let from = self.first_open(low, high)?;
        Some(Window { from, to: from.saturating_add(self.window - 1).min(high) })
    }

    /// Takes the UIDs found in a window (ascending): those not found are absent from now on. Where UIDs are sparse the
    /// next window is larger, or a mailbox whose UIDs are times would be walked for days.
    pub(super) fn listed(&mut self, window: Window, found: &[u32]) {
        let mut from = window.from;
        for uid in found.iter().filter(|uid| (window.from..=window.to).contains(*uid)) {
            if from < *uid {
                self.mark_absent(from, uid - 1);
            }
            from = uid.saturating_add(1);
        }
        if from <= window.to {
            self.mark_absent(from, window.to);
        }
        let few = WINDOW_UIDS as usize / 8;
        self.window = if found.len() < few { self.window.saturating_mul(4) } else { WINDOW_UIDS };
    }

    /// Marks the open parts of a range.
    fn mark_absent(&mut self, from: u32, to: u32) {
        for (from, to) in self.open_ranges(from, to) {
            self.absent.settle(from, to);
        }
    }

    /// The parts of a range that are neither settled nor absent.
    pub(super) fn open_ranges(&self, from: u32, to: u32) -> Vec<(u32, u32)> {
        let mut ranges = Vec::new();
        let mut at = from;
        while let Some(start) = self.first_open(at, to) {
            let end = [&self.taken, &self.absent].iter().filter_map(|set| next_start(set, start)).min();
            let end = end.map_or(to, |start| (start - 1).min(to));
            ranges.push((start, end));
            let Some(after) = end.checked_add(1) else { break };
            at = after;
        }
        ranges
    }

    fn first_open(&self, from: u32, to: u32) -> Option<u32> {
        let mut uid = from;
        while uid <= to {
            match end_around(&self.taken, uid).or_else(|| end_around(&self.absent, uid)) {
                Some(end) => uid = end.checked_add(1)?,
                None => return Some(uid),
            }
        }
        None
    }
}

/// The end of the range that holds `uid`.
fn end_around(set: &Cursor, uid: u32) -> Option<u32> {
    let after = set.settled.partition_point(|(from, _)| *from <= uid);
    after.checked_sub(1).map(|at| set.settled[at].1).filter(|end| *end >= uid)
}

/// The start of the first range above `uid`.
fn next_start(set: &Cursor, uid: u32) -> Option<u32> {
    let after = set.settled.partition_point(|(from, _)| *from <= uid);
    set.settled.get(after).map(|(from, _)| *from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(ranges: &[(u32, u32)]) -> Cursor {
        Cursor { uid_validity: Some(1), settled: ranges.to_vec(), ..Cursor::default() }
    }

    #[test]
    fn windows_skip_what_is_settled_and_keep_new_mail_first() {
        let known = Known::new(cursor(&[(1, 10), (12, 20)]), 31, 25);
        assert_eq!(known.window(Lane::Live), Some(Window { from: 25, to: 30 }));
        assert_eq!(known.window(Lane::Scan), Some(Window { from: 11, to: 24 }));
    }

    #[test]
    fn uids_that_are_not_there_are_listed_once() {
        let mut known = Known::new(cursor(&[(1, 10)]), 21, 1);
        let window = known.window(Lane::Live).expect("ten UIDs are open");
        known.listed(window, &[12, 15]);
        assert_eq!(known.absent(), [(11, 11), (13, 14), (16, 20)]);
        assert!(known.is_open(12) && !known.is_open(13));
        known.take(12, 12);
        known.take(15, 15);
        assert_eq!(known.window(Lane::Live), None);
        known.grow(22);
        assert_eq!(known.window(Lane::Live), Some(Window { from: 21, to: 21 }));
    }

    #[test]
    fn sparse_mailboxes_are_crossed_in_few_steps() {
        let mut known = Known::new(Cursor::default(), 4_000_000_000, 1);
        let mut steps = 0;
        while let Some(window) = known.window(Lane::Live) {
            known.listed(window, &[]);
            steps += 1;
        }
        assert!(steps < 20, "{steps}");
    }

    #[test]
    fn open_ranges_are_the_complement() {
        let known = Known::new(cursor(&[(3, 4), (8, 8)]), 11, 1);
        assert_eq!(known.open_ranges(1, 10), [(1, 2), (5, 7), (9, 10)]);
        assert_eq!(known.open_ranges(3, 4), []);
        assert_eq!(Known::new(Cursor::default(), 0, 1).window(Lane::Live), None);
    }

    #[test]
    fn the_last_uid_of_all_is_no_trap() {
        let mut known = Known::new(cursor(&[(1, u32::MAX)]), u32::MAX, 1);
        assert_eq!(known.window(Lane::Live), None);
        known.listed(Window { from: u32::MAX, to: u32::MAX }, &[u32::MAX]);
        assert_eq!(known.open_ranges(1, u32::MAX), []);
    }
}
