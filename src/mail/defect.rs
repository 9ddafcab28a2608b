//! What was odd about a mail. Never an error: the message is read all the same.

use serde::{Deserialize, Serialize};

/// One oddity. The name is stable: it is printed by `parse --json` and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// The header block is over its byte or line limit; the rest was not read.
    HeaderTooLarge,
    /// More MIME levels, nested messages or parts than are read.
    TooDeep,
    /// More parts than are read.
    TooManyParts,
    /// Decoded text or HTML was cut at its limit.
    TextTruncated,
    /// HTML nests deeper than its limit and was read as plain text.
    HtmlTooDeep,
    /// A multipart whose closing boundary is missing.
    UnclosedMultipart,
    /// The declared charset is unknown or does not fit the bytes.
    CharsetMismatch,
    /// A header holds raw 8-bit bytes.
    RawEightBitHeader,
    /// A transfer encoding is unknown or its data is broken.
    BrokenTransferEncoding,
    /// No From, or none that holds an address.
    NoSender,
    /// More than one From header or more than one address in it.
    SeveralSenders,
    /// A header that must be single is repeated.
    RepeatedHeader,
    /// The Date header is missing or is no date.
    BadDate,
    /// An address or name held CR, LF, NUL or a control character.
    ControlInHeader,
    /// More addresses or references than are kept.
    ListTruncated,
    /// The text and HTML parts do not say the same.
    PartsDisagree,
    /// Cutting the quotes would have left nothing, so the whole text was kept.
    CutLeftNothing,
    /// A `winmail.dat` that could not be opened.
    BrokenTnef,
    /// The mail could not be read at all.
    Unreadable,
}
