//! Placeholder until the real converter is merged: HTML to text by mail-parser.

/// Text of an HTML body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HtmlText {
    /// The text, LF line ends.
    pub text: String,
    /// What is known about each line.
    pub marks: Vec<LineMark>,
    /// Cut at a limit.
    pub truncated: bool,
}

/// What is known about a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineMark;

/// Converts HTML to text.
#[must_use]
pub fn to_text(html: &str) -> HtmlText {
    HtmlText { text: mail_parser::decoders::html::html_to_text(html), ..HtmlText::default() }
}
