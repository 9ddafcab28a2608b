//! Every limit of the reader with its reason. Over-limit mail is never lost: what is beyond is not read.

/// RFC 5321 §4.5.3.1.3 allows 256 octets with the brackets of a path.
pub const ADDRESS_BYTES_MAX: usize = 254;
/// RFC 5322 §2.1.1: no line is longer, so no id can be.
pub const MESSAGE_ID_BYTES_MAX: usize = 990;
/// Longest header block read. Real ones stay below 64 KiB even with ARC chains.
pub const HEADER_BYTES_MAX: usize = 256 * 1024;
/// Most header lines read.
pub const HEADER_LINES_MAX: usize = 1_000;
/// Longest value written into a header of ours.
pub const HEADER_TEXT_CHARACTERS_MAX: usize = 500;
/// Longest display name written; a longer one makes lines that some hosts refuse.
pub const NAME_CHARACTERS_MAX: usize = 64;
/// Longest folded field read as a structure or decoded; beyond it nobody reads on.
pub const FIELD_BYTES_MAX: usize = 64 * 1024;
/// Parameters and RFC 2231 pieces read of one Content-Type or Content-Disposition.
pub const PARAMETERS_MAX: usize = 500;
/// Most addresses kept over From, To, Cc and Reply-To together.
pub const ADDRESSES_MAX: usize = 1_000;
/// The newest references are the ones that matter for threading.
pub const REFERENCES_MAX: usize = 50;
/// MIME levels read.
pub const MIME_DEPTH_MAX: usize = 20;
/// Messages within messages that are opened.
pub const NESTED_MESSAGES_MAX: usize = 5;
/// Parts parsed.
pub const PARTS_MAX: usize = 10_000;
/// Attachments listed.
pub const ATTACHMENTS_LISTED_MAX: usize = 200;
/// Text looked at to tell its language: a hundred words and more settle it, and the cost is per byte.
pub const LANGUAGE_BYTES_MAX: usize = 1_000;
/// Decoded text of one part handed to the readers of reports.
pub const REPORT_TEXT_BYTES_MAX: usize = 256 * 1024;
/// Size up to which a mail is read in the daemon's own process.
pub const MAIL_WHOLE_BYTES_MAX: usize = 50 * 1024 * 1024;
/// Bytes of a mail that are read at all; its headers and first text lie within.
pub const MAIL_BYTES_MAX: usize = 150 * 1024 * 1024;
/// Content of a `winmail.dat`: files listed.
pub const TNEF_FILES_MAX: usize = 100;
/// Decoded text kept of one mail.
pub const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Attached forms that are read; a form service sends one.
pub const FORM_PARTS_MAX: usize = 5;
/// Bytes of an attached form that is read. Longer ones hold data, not a request.
pub const FORM_BYTES_MAX: u64 = 256 * 1024;
/// Lines of a body that are divided into new text, history and signature: 400 pages. What follows goes where the last of
/// them went.
pub const CUT_LINES_MAX: usize = 20_000;
/// HTML read of one mail.
pub const HTML_BYTES_MAX: usize = 1024 * 1024;
/// HTML nesting read as structure.
pub const HTML_DEPTH_MAX: usize = 256;
/// A file name must fit every file system with room for a prefix.
pub const FILE_NAME_BYTES_MAX: usize = 120;

const _: () = assert!(HTML_BYTES_MAX <= TEXT_BYTES_MAX);
const _: () = assert!(MAIL_WHOLE_BYTES_MAX <= MAIL_BYTES_MAX);
const _: () = assert!(FIELD_BYTES_MAX <= HEADER_BYTES_MAX);
const _: () = assert!(REPORT_TEXT_BYTES_MAX <= TEXT_BYTES_MAX);
// The handle of a file inside a `winmail.dat` keeps the part in its lower 16 bits.
const _: () = assert!(PARTS_MAX < 1 << 16);
const _: () = assert!(ATTACHMENTS_LISTED_MAX <= PARTS_MAX);
