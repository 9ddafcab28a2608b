//! The leaves of a mail.

/// One textual leaf of a mail, decoded, in the order of the mail.
///
/// A delivery status, a block of returned headers and an embedded message count as text: they are what reports are
/// made of. An embedded message is given whole, as raw text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextPart {
    /// `type/subtype`, lower case.
    pub content_type: String,
    /// Decoded text.
    pub text: String,
}
