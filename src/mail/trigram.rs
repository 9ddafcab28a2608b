//! Pieces of three bytes: one reading of a text tells that most of many words cannot stand in it.

/// Bits of a set. A text of ordinary length leaves most of them empty.
const BITS: usize = 4_096;
/// Bytes of a piece.
const BYTES: usize = 3;

/// The pieces of a text. It may seem to have others too.
pub(crate) struct Trigrams([u64; BITS / 64]);

impl Trigrams {
    pub(crate) fn of(text: &str) -> Self {
        let mut set = [0; BITS / 64];
        for piece in text.as_bytes().windows(BYTES) {
            let slot = slot(piece);
            set[usize::from(slot / 64)] |= 1 << (slot % 64);
        }
        Self(set)
    }

    fn has(&self, slot: u16) -> bool {
        self.0[usize::from(slot / 64)] >> (slot % 64) & 1 != 0
    }
}

/// The upper bits of a product, which all bytes of the piece have a part in.
#[expect(clippy::cast_possible_truncation, reason = "twelve bits are left")]
fn slot(piece: &[u8]) -> u16 {
    let number = piece.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    (number.wrapping_mul(0x9e37_79b1) >> (u32::BITS - BITS.ilog2())) as u16
}

/// Words of which a text may have one. Kept flat, since all of them are looked at.
pub(crate) struct AnyOf {
    /// The pieces of all words, one word behind the other.
    slots: Vec<u16>,
    /// By word, where its pieces end.
    ends: Vec<usize>,
}

impl AnyOf {
    /// Words of three bytes or more, with `|` between them.
    pub(crate) fn new(words: &str) -> Self {
        let mut any = Self { slots: Vec::new(), ends: Vec::new() };
        for word in words.split('|') {
            assert!(word.len() >= BYTES, "`{word}` is too short");
            any.slots.extend(word.as_bytes().windows(BYTES).map(slot));
            any.ends.push(any.slots.len());
        }
        any
    }

    /// Whether a text with these pieces may have one of the words.
    pub(crate) fn may_be_in(&self, text: &Trigrams) -> bool {
        let mut start = 0;
        self.ends.iter().any(|end| {
            let word = &self.slots[start..*end];
            start = *end;
            word.iter().all(|slot| text.has(*slot))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: &str = "ube|retry |unknown user|不存在|не найден";

    proptest! {
        #[test]
        fn a_word_that_stands_there_is_never_ruled_out(before in ".{0,40}", word in 0..5_usize, behind in ".{0,40}") {
            let word = WORDS.split('|').nth(word).expect("there are five");
            let text = [before.as_str(), word, &behind].concat();
            prop_assert!(AnyOf::new(WORDS).may_be_in(&Trigrams::of(&text)));
        }
    }

    #[test]
    fn most_texts_are_ruled_out() {
        for text in ["", "ub", "retry", "the unknown is no user", "Your order 4711 has been shipped and will arrive on Monday."] {
            assert!(!AnyOf::new(WORDS).may_be_in(&Trigrams::of(text)), "{text:?}");
        }
    }
}
