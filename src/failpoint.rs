//! Places where a test makes the process die or an act fail: `FRONTDESK_FAILPOINT=name:n` acts at the n-th passing.
//!
//! Unset, a place costs one atomic load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

/// The environment variable that arms one place.
pub const VARIABLE: &str = "FRONTDESK_FAILPOINT";

const UNREAD: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNREAD);
static ARMED: OnceLock<(String, AtomicI64)> = OnceLock::new();

/// Ends the process without any clean-up, as SIGKILL would, if this place is armed and its count is reached.
pub fn hit(name: &str) {
    if reached(name) {
        std::process::abort();
    }
}

/// [`hit`], for what only some inputs pass: `is_here` is asked only when some place is armed.
pub fn hit_if(name: &str, is_here: impl FnOnce() -> bool) {
    if STATE.load(Ordering::Relaxed) != OFF && is_armed(name) && is_here() {
        hit(name);
    }
}

/// The armed failure happens at this passing; the caller turns it into its error.
#[must_use]
pub fn fails(name: &str) -> bool {
    #[cfg(test)]
    if thread::take(name) {
        return true;
    }
    reached(name)
}

fn reached(name: &str) -> bool {
    match STATE.load(Ordering::Relaxed) {
        OFF => false,
        ON => count_down(name),
        _ => {
            arm();
            reached(name)
        }
    }
}

fn is_armed(name: &str) -> bool {
    if STATE.load(Ordering::Acquire) == UNREAD {
        arm();
    }
    ARMED.get().is_some_and(|(armed, _)| armed == name)
}

fn arm() {
    let armed = std::env::var(VARIABLE).ok().and_then(|text| {
        let (name, count) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), AtomicI64::new(count.parse().ok()?)))
    });
    let state = if armed.is_some() { ON } else { OFF };
    if let Some(armed) = armed {
        // A second thread arriving here read the same variable; the first one's value stands.
        let _ = ARMED.set(armed);
    }
    STATE.store(state, Ordering::Release);
}

fn count_down(name: &str) -> bool {
    ARMED.get().is_some_and(|(armed, left)| armed == name && left.fetch_sub(1, Ordering::Relaxed) == 1)
}

#[cfg(test)]
pub(crate) mod thread {
    //! Failures for one thread only, so that tests can run side by side.
    use std::cell::RefCell;

    thread_local! {
        static NEXT: RefCell<Option<String>> = const { RefCell::new(None) };
    }

    /// The next passing of this place on this thread fails.
    pub(crate) fn arm(name: &str) {
        NEXT.with(|next| *next.borrow_mut() = Some(name.to_owned()));
    }

    pub(super) fn take(name: &str) -> bool {
        NEXT.with(|next| next.borrow_mut().take_if(|armed| armed == name).is_some())
    }
}
