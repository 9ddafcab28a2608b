//! Limits of the pages, each with its reason.

use std::time::Duration;

/// Connections at once. A proxy needs a handful; more than this is an attack or a mistake, and waits.
pub const CONNECTIONS_MAX: usize = 256;

/// How long a request's head may take, idle time between requests included: slow heads are the cheapest attack there is.
pub const HEAD_MAX: Duration = Duration::from_secs(10);

/// Header lines of a request. Browsers behind two proxies send about 40.
pub const HEADERS_MAX: usize = 64;

/// Octets of a request's head.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// How long one connection lives unless it carries a large file: places come free, and a proxy opens another.
pub const CONVERSATION_MAX: Duration = Duration::from_secs(60);

/// A connection lives on past [`CONVERSATION_MAX`] for as long as so many octets leave within each further one: a download on
/// the slowest of lines, and more than pages for machines ever say.
pub const PROGRESS_BYTES_MIN: u64 = 64 * 1024;

/// But never longer than this.
pub const DOWNLOAD_MAX: Duration = Duration::from_secs(6 * 60 * 60);

/// When asked to stop, answers under way are finished within this.
pub const STOP_MAX: Duration = Duration::from_secs(5);

/// Longest sleep of the loop: its heartbeat must be seen by the watchdog.
pub const SLEEP_MAX: Duration = Duration::from_secs(5);

/// After a connection that could not be accepted.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

const _: () = assert!(DOWNLOAD_MAX.as_secs() > CONVERSATION_MAX.as_secs(), "a download may take longer than a page");
const _: () = assert!(HEAD_BYTES_MAX >= 8192, "the HTTP library takes no smaller buffer");

/// Files that are read from the store at once; each may be as large as the largest mail.
pub const FILES_AT_ONCE: usize = 2;
