//! Placeholder until the real cut is merged: everything is new.

use crate::Reply;

/// What the cut looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct CutInput<'a> {
    /// The whole text.
    pub text: &'a str,
    /// The HTML body, if there is one.
    pub html: Option<&'a str>,
    /// Decoded subject.
    pub subject: &'a str,
    /// Display name of the sender.
    pub from_name: Option<&'a str>,
    /// `text` was made from `html`.
    pub is_text_from_html: bool,
}

/// Divides a body.
#[must_use]
pub fn cut(input: &CutInput<'_>) -> Reply {
    Reply { new_text: input.text.to_owned(), ..Reply::default() }
}
