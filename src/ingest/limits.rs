//! How much of anything the mail server may make us hold or wait for.

/// A mail up to this size is fetched whole, in a batch.
pub(super) const WHOLE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// A larger mail is fetched in pieces of this size: one piece is what a slow line can bring within a deadline.
pub(super) const PIECE_BYTES: u64 = 4 * 1024 * 1024;
/// A mail above this size is cut to its first piece: headers and the beginning of the text.
pub(super) const MAIL_BYTES_MAX: u64 = 150 * 1024 * 1024;
/// Mails in one FETCH; more gains little (measured) and holds more.
pub(super) const BATCH_MAILS_MAX: usize = 100;
/// Bytes in one FETCH by announced size, and in all batches under way together. One more is being fetched meanwhile.
pub(super) const BATCH_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Batches under way: some wait for the disk, are read, are decided.
pub(super) const BATCHES_MAX: usize = 3;
/// UIDs in one listing to begin with; grows where UIDs are sparse.
pub(super) const WINDOW_UIDS: u32 = 2_000;
/// UIDs marked or moved by one command: the command line stays far below the 8,000 octets of RFC 7162 §4.
pub(super) const FILE_UIDS_MAX: usize = 200;
/// Marking waits until so many are due while there is still mail to fetch.
pub(super) const FILE_LATER_MAX: usize = 2_000;

/// A line outside of literals. The longest we ask for is a SEARCH over one window.
pub(super) const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Opening parentheses in one response. What we ask for needs three; the parser recurses, and 400 end the process.
pub(super) const PARENS_MAX: u32 = 64;
/// A literal where no mail was asked for: a mailbox name.
pub(super) const NAME_LITERAL_BYTES_MAX: u64 = 1_024;
/// Announced sizes are wrong by some line ends on many servers; this is the room for it, next to a quarter.
pub(super) const SIZE_SLACK_BYTES: u64 = 64 * 1024;
/// The slowest line we wait for, beside [`super::Deadlines::stall`].
pub(super) const BYTES_PER_SECOND_MIN: u64 = 16 * 1024;
/// Times a mail may break the session before it is left for the next reconciliation.
pub(super) const STRIKES_MAX: u32 = 3;

const _: () = assert!(PIECE_BYTES < WHOLE_BYTES_MAX);
const _: () = assert!(WHOLE_BYTES_MAX <= BATCH_BYTES_MAX);
const _: () = assert!(MAIL_BYTES_MAX < u32::MAX as u64);
// A SEARCH reply names each UID of a window with up to 10 digits and a space.
const _: () = assert!((WINDOW_UIDS as u64) * 11 + 64 < LINE_BYTES_MAX);
