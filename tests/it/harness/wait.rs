//! Waiting for a condition: the only place in the tests where a thread sleeps.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Between two looks at the condition.
const POLL: Duration = Duration::from_millis(20);

/// Calls `probe` until it yields a value and returns that.
///
/// # Panics
/// After `timeout`, naming `what` was awaited.
#[track_caller]
pub fn wait_for<T>(what: &str, timeout: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    match wait_some(timeout, &mut probe) {
        Some(value) => value,
        None => panic!("waited {timeout:?} in vain for: {what}"),
    }
}

/// [`wait_for`] with a yes-or-no condition.
#[track_caller]
pub fn wait_true(what: &str, timeout: Duration, mut probe: impl FnMut() -> bool) {
    wait_for(what, timeout, || probe().then_some(()));
}

/// Like [`wait_for`], `None` when the time is over: for callers with more to say in their panic.
pub fn wait_some<T>(timeout: Duration, mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(value) = probe() {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(POLL);
    }
}

/// Looks at `probe` for the whole `span` and demands that it never changes from `expect`:
/// for promises of the form "and nothing else happens".
///
/// # Panics
/// As soon as the value differs.
#[track_caller]
pub fn stays<T: PartialEq + Debug>(what: &str, span: Duration, expect: T, mut probe: impl FnMut() -> T) {
    let deadline = Instant::now() + span;
    loop {
        let value = probe();
        assert_eq!(value, expect, "{what} did not stay as it was");
        if Instant::now() >= deadline {
            return;
        }
        std::thread::sleep(POLL);
    }
}

/// Lets time pass until a moment that means nothing: for crashes at random.
pub fn until_random_moment(span: Duration) {
    std::thread::sleep(span);
}
