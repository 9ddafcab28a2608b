//! The one type through which foreign words reach a header that we write.

use serde::{Deserialize, Serialize};

use crate::address::is_bidi_control;
use crate::limits;

/// Text without line ends, NUL, control or direction characters, white space squeezed, limited in length.
///
/// Whatever stood in a customer's subject or name, a header made of this is one header. Sanitising twice is sanitising
/// once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct HeaderText(String);

impl HeaderText {
    /// Cleans a value such as a subject; at most [`limits::HEADER_TEXT_CHARACTERS_MAX`] characters are kept.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(clean(text, limits::HEADER_TEXT_CHARACTERS_MAX))
    }

    /// Cleans a display name; at most [`limits::NAME_CHARACTERS_MAX`] characters are kept. Double quotes become single
    /// ones, since half of the readers keep the first pair they meet and half drop it.
    #[must_use]
    pub fn name(text: &str) -> Self {
        Self(clean(&text.replace('"', "'"), limits::NAME_CHARACTERS_MAX))
    }

    /// The clean text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing was left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for HeaderText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&str> for HeaderText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl std::fmt::Display for HeaderText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn clean(text: &str, characters_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(characters_max * 4));
    let mut gap = false;
    let mut count = 0;
    for c in text.chars() {
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        if c.is_control() || is_bidi_control(c) || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}') {
            continue;
        }
        let needed = 1 + usize::from(gap && count > 0);
        if count + needed > characters_max {
            break;
        }
        if needed == 2 {
            out.push(' ');
        }
        out.push(c);
        count += needed;
        gap = false;
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_breaks_a_header_is_left() {
        assert_eq!(HeaderText::new(" a\r\nBcc: b\0\u{202e}c\u{85}\t d ").as_str(), "a Bcc: bc d");
        assert_eq!(HeaderText::name("\"x\"").as_str(), "'x'");
        assert_eq!(HeaderText::name(&"n".repeat(100)).as_str().len(), limits::NAME_CHARACTERS_MAX);
    }

    proptest! {
        #[test]
        fn sanitising_twice_is_sanitising_once(text in any::<String>()) {
            let once = HeaderText::new(&text);
            prop_assert_eq!(HeaderText::new(once.as_str()), once.clone());
            prop_assert!(!once.as_str().contains(|c: char| c.is_control()));
            let name = HeaderText::name(&text);
            prop_assert_eq!(HeaderText::name(name.as_str()), name);
        }
    }
}
