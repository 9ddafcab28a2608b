//! Placeholder until the real reader of reports is merged.

use crate::part::TextPart;
use crate::{Bounce, Message};

/// Reads a delivery report.
#[must_use]
pub fn read(_raw: &[u8], _message: &Message, _parts: &[TextPart]) -> Option<Bounce> {
    None
}
