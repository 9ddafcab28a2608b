//! The bytes of an HTML text for the tokenizer, with pauses.
//!
//! From one attribute in double quotes to the next, html5gum calls deeper and deeper, and returns only where a read fails:
//! some ten thousand attributes in one tag end the process. So a read fails now and then, which loses nothing: the
//! tokenizer keeps its state, and goes on with the same read when it is asked again.

use std::convert::Infallible;
use std::fmt;

use html5gum::emitters::callback::{Callback, CallbackEmitter};
use html5gum::{Emitter, ForwardingEmitter, Reader, Tokenizer};

/// Reads of attribute values between two pauses. Each attribute takes one or two and less than a kilobyte of stack.
const READS_MAX: u16 = 256;

/// Hands all tokens of a text to the callback; what stands in scripts, styles and the like is text.
pub(crate) fn tokenize<C: Callback<Infallible, ()>>(html: &str, callback: C) {
    let mut emitter = CallbackEmitter::<_, Infallible>::new(callback);
    emitter.naively_switch_states(true);
    // Nothing but pauses comes out here.
    Tokenizer::new_with_emitter(PacedReader::new(html.as_bytes()), Quiet(emitter)).for_each(drop);
}

/// Without errors: nobody asks for them, and they cost a look at every byte.
struct Quiet<E>(E);

impl<E: Emitter> ForwardingEmitter for Quiet<E> {
    type Token = E::Token;

    fn inner(&mut self) -> &mut impl Emitter<Token = E::Token> {
        &mut self.0
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }
}

struct PacedReader<'a> {
    rest: &'a [u8],
    /// NUL and CR, for which every state of the tokenizer looks, stand nowhere in the text.
    is_plain: bool,
    reads: u16,
}

impl<'a> PacedReader<'a> {
    fn new(html: &'a [u8]) -> Self {
        Self { rest: html, is_plain: memchr::memchr2(b'\0', b'\r', html).is_none(), reads: 0 }
    }

    /// Where the first of some bytes stands.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        debug_assert!(!bytes.iter().any(u8::is_ascii_alphanumeric));
        match *bytes {
            [one, b'\0', b'\r'] if self.is_plain => memchr::memchr(one, self.rest),
            [one, other, b'\0', b'\r'] if self.is_plain => memchr::memchr2(one, other, self.rest),
            // No state looks for a letter or a digit, and names are made of them.
            _ => self.rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && bytes.contains(byte)),
        }
    }
}

/// Not an error: read again.
#[derive(Debug)]
struct Pause;

impl fmt::Display for Pause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("pause")
    }
}

impl std::error::Error for Pause {}

impl Reader for PacedReader<'_> {
    type Error = Pause;

    fn read_byte(&mut self) -> Result<Option<u8>, Pause> {
        Ok(self.rest.split_off_first().copied())
    }

    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> Result<bool, Pause> {
        let Some((start, rest)) = self.rest.split_at_checked(text.len()) else { return Ok(false) };
        let is_found = start == text || (!case_sensitive && start.eq_ignore_ascii_case(text));
        if is_found {
            self.rest = rest;
        }
        Ok(is_found)
    }

    fn read_until<'b>(&'b mut self, needle: &[u8], _buffer: &'b mut [u8; 4]) -> Result<Option<&'b [u8]>, Pause> {
        // Only the state within such a value looks for a double quote first, and it has nothing to lose.
        if needle.first() == Some(&b'"') {
            self.reads += 1;
            if self.reads == READS_MAX {
                self.reads = 0;
                return Err(Pause);
            }
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        // A byte that is sought is read alone.
        let length = self.find(needle).map_or(self.rest.len(), |at| at.max(1));
        Ok(self.rest.split_off(..length))
    }
}

#[cfg(test)]
mod tests {
    use html5gum::Span;
    use html5gum::emitters::callback::CallbackEvent;

    use super::*;

    #[test]
    fn every_attribute_is_read_once_on_a_small_stack() {
        for value in ["", "b"] {
            let html = format!("<p {}>x", format!("a=\"{value}\" ").repeat(100_000));
            let (mut names, mut values, mut text) = (0, 0, 0);
            tokenize(&html, |event: CallbackEvent<'_>, _: Span<()>| {
                match event {
                    CallbackEvent::AttributeName { .. } => names += 1,
                    CallbackEvent::AttributeValue { value: found } => values += usize::from(found == value.as_bytes()),
                    CallbackEvent::String { value } => text += value.len(),
                    _ => {}
                }
                None
            });
            assert_eq!((names, text), (100_000, 1));
            assert!(values == 100_000 || value.is_empty());
        }
    }
}
