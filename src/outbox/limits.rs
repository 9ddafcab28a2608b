//! Limits of the outbox, each with its reason.

use std::time::Duration;

use super::Pause;

/// Rows claimed at once and held in memory with their bytes: one group commit for the lot, and with mails of a few
/// kilobytes still far below a megabyte.
pub const CLAIM_ROWS_MAX: usize = 64;

/// Connections of one account where nothing else is configured. Large providers allow 3 to 20.
pub const CONNECTIONS_DEFAULT: usize = 4;

/// More connections than this are hostile to any server.
pub const CONNECTIONS_MAX: usize = 32;

/// Mails over one connection before it is renewed; below the limit of every common server.
pub const MAILS_PER_CONNECTION_MAX: u32 = 500;

/// An idle connection is closed after this: long enough for a burst, shorter than the patience of servers.
pub const IDLE_MAX: Duration = Duration::from_secs(30);

/// How long traces of a mail in doubt are looked for. Sent folders and bounces appear within minutes or not at all.
pub const SEARCH_MAX: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

/// A mail in doubt that could not be decided about, since the account pauses or the program ends, comes up again after this.
pub const DOUBT_AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// Between two looks for the same mail.
pub const SEARCH_EVERY: Duration = Duration::from_secs(30);

/// An account whose server asks for patience (421, 4.7.x).
pub const SLOW_PAUSE: Pause = Pause { first: Duration::from_secs(60), most: Duration::from_secs(30 * 60) };

/// An account whose server does not answer: a restart takes seconds, and one mail pays for each new try.
pub const UNREACHABLE_PAUSE: Pause = Pause { first: Duration::from_secs(5), most: Duration::from_secs(5 * 60) };

/// Outcomes cannot be recorded; the store says more in its own place.
pub const STORE_PAUSE: Pause = Pause { first: Duration::from_secs(1), most: Duration::from_secs(60) };

/// Least time between two logins with the same credentials after one was refused: providers lock accounts that hammer.
pub const LOGIN_PAUSE: Duration = Duration::from_secs(5 * 60);

/// While the login is refused, how often the credentials are read again to see whether they were changed.
pub const LOGIN_RECHECK: Duration = Duration::from_secs(15);

/// Longest sleep of the loop: its heartbeat must be seen by the watchdog, and a clock that jumps must not leave due mail.
pub const SLEEP_MAX: Duration = Duration::from_secs(5);

/// After a claim that brought nothing although something was due: rows may be held back for their order.
pub const EMPTY_CLAIM_PAUSE: Duration = Duration::from_millis(250);

/// When asked to stop, mails on their way are finished within this (the supervisor kills later).
pub const STOP_MAX: Duration = Duration::from_secs(30);

/// QUIT is a courtesy; a server that does not answer it is not waited for.
pub const QUIT_MAX: Duration = Duration::from_secs(2);

/// Tries to record an outcome before it is left to the search for traces.
pub const RECORD_TRIES_MAX: u32 = 5;

/// Octets of content written at once; the deadline for a block counts for each.
pub const BLOCK_BYTES: usize = 64 * 1024;

/// Characters kept of a server's words.
pub const WORDS_CHARS_MAX: usize = 400;

/// Octets of one reply line. RFC 5321 §4.5.3.1.5 allows 512; real servers exceed it.
pub const REPLY_LINE_BYTES_MAX: usize = 4096;

/// Octets of a whole reply before TLS.
pub const REPLY_BYTES_MAX: usize = 32 * 1024;

const _: () = assert!(CONNECTIONS_DEFAULT <= CONNECTIONS_MAX && CONNECTIONS_MAX <= CLAIM_ROWS_MAX);
const _: () = assert!(SLEEP_MAX.as_secs() * 2 <= UNREACHABLE_PAUSE.most.as_secs());
const _: () = assert!(SEARCH_EVERY.as_secs() < SEARCH_MAX.as_secs() as u64);
