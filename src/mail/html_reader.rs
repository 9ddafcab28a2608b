//! The bytes of an HTML text for the tokenizer, with pauses.
//!
//! From one attribute in double quotes to the next, html5gum calls deeper and deeper, and returns only where a read fails:
//! some ten thousand attributes in one tag end the process. So a read fails now and then, which loses nothing: the
//! tokenizer keeps its state, and goes on with the same read when it is asked again.

use std::convert::Infallible;
use std::fmt;

use html5gum::{Emitter, Readable, Reader, StringReader, Tokenizer};

/// Reads of attribute values between two pauses. Each attribute takes one or two and less than a kilobyte of stack.
const READS_MAX: u16 = 256;

/// Hands all tokens of a text to the emitter.
pub(crate) fn tokenize<E: Emitter<Token = Infallible>>(html: &str, emitter: E) {
    let reader = PacedReader { inner: html.to_reader(), reads: 0 };
    // Nothing but pauses comes out here.
    Tokenizer::new_with_emitter(reader, emitter).for_each(drop);
}

struct PacedReader<'a> {
    inner: StringReader<'a>,
    reads: u16,
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

impl From<Infallible> for Pause {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Reader for PacedReader<'_> {
    type Error = Pause;

    fn read_byte(&mut self) -> Result<Option<u8>, Pause> {
        Ok(self.inner.read_byte()?)
    }

    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> Result<bool, Pause> {
        Ok(self.inner.try_read_string(text, case_sensitive)?)
    }

    fn read_until<'b>(&'b mut self, needle: &[u8], buffer: &'b mut [u8; 4]) -> Result<Option<&'b [u8]>, Pause> {
        // Only the state within such a value looks for a double quote first, and it has nothing to lose.
        if needle.first() == Some(&b'"') {
            self.reads += 1;
            if self.reads == READS_MAX {
                self.reads = 0;
                return Err(Pause);
            }
        }
        Ok(self.inner.read_until(needle, buffer)?)
    }
}

#[cfg(test)]
mod tests {
    use html5gum::Span;
    use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

    use super::*;

    #[test]
    fn every_attribute_is_read_once_on_a_small_stack() {
        for value in ["", "b"] {
            let html = format!("<p {}>x", format!("a=\"{value}\" ").repeat(100_000));
            let (mut names, mut values, mut text) = (0, 0, 0);
            let emitter = CallbackEmitter::<_, Infallible>::new(|event: CallbackEvent<'_>, _: Span<()>| {
                match event {
                    CallbackEvent::AttributeName { .. } => names += 1,
                    CallbackEvent::AttributeValue { value: found } => values += usize::from(found == value.as_bytes()),
                    CallbackEvent::String { value } => text += value.len(),
                    _ => {}
                }
                None
            });
            tokenize(&html, emitter);
            assert_eq!((names, text), (100_000, 1));
            assert!(values == 100_000 || value.is_empty());
        }
    }
}
