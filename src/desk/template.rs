//! Texts of our mails.

/// All texts.
#[derive(Debug, Default)]
pub struct Templates {}
