//! Message identifiers (RFC 5322 §3.6.4): the header value, never a database key.

use serde::{Deserialize, Serialize};

use crate::limits;

/// One identifier without its angle brackets, free of white space and controls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    /// Takes what stood between the brackets. `None` if nothing usable is left.
    ///
    /// Real ids break the grammar in many ways (no `@`, spaces, brackets inside), so only what could harm a header is
    /// refused: white space, controls, angle brackets, and more than 998 octets.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let bare = text.trim().trim_start_matches('<').trim_end_matches('>').trim();
        let usable = !bare.is_empty()
            && bare.len() <= limits::MESSAGE_ID_BYTES_MAX
            && !bare.contains(|c: char| c.is_control() || c.is_whitespace() || c == '<' || c == '>');
        usable.then(|| Self(bare.to_owned()))
    }

    /// The id without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part right of the last `@`, if any.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.0.rsplit_once('@').map(|(_, domain)| domain)
    }
}

impl std::fmt::Display for MessageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
