//! Lists of words that a line may begin or end with: a few bytes tell nearly every line apart from all of a list.

/// Bytes that are compared first.
const BYTES: usize = 3;

/// Beginnings, in lower case. None of them is shorter than the bytes that are compared first.
pub(crate) struct Beginnings<const HEAD: usize = BYTES> {
    /// Sorted by their heads; words of the same head keep the order of the list.
    words: Vec<&'static str>,
    /// First bytes of each word as a number.
    heads: Vec<u32>,
}

impl<const HEAD: usize> Beginnings<HEAD> {
    pub(crate) fn new(mut words: Vec<&'static str>) -> Self {
        assert!(words.iter().all(|word| word.len() >= HEAD), "a word is too short");
        words.sort_by_key(|word| word.as_bytes().first_chunk::<HEAD>());
        let heads = words.iter().filter_map(|word| word.as_bytes().first_chunk::<HEAD>().map(number)).collect();
        Self { words, heads }
    }

    /// Whether a text, whatever its case, may begin with one of the words.
    pub(crate) fn may_begin(&self, text: &str) -> bool {
        folded_head::<HEAD>(text).is_some_and(|head| self.heads.binary_search(&number(&head)).is_ok())
    }

    /// The words that a text in lower case begins with, in the order of the list.
    pub(crate) fn of(&self, lower: &str) -> impl Iterator<Item = &'static str> {
        let alike = lower.as_bytes().first_chunk::<HEAD>().map(number).map(|head| {
            let first = self.heads.partition_point(|other| *other < head);
            let count = self.heads[first..].iter().take_while(|other| **other == head).count();
            &self.words[first..first + count]
        });
        alike.unwrap_or_default().iter().copied().filter(move |word| lower.starts_with(word))
    }

    /// Whether a text in lower case is one of the words.
    pub(crate) fn contains(&self, lower: &str) -> bool {
        self.of(lower).any(|word| word == lower)
    }

    /// Whether a text in lower case begins with one of the words.
    pub(crate) fn begin(&self, lower: &str) -> bool {
        self.of(lower).next().is_some()
    }
}

/// Ends, as they are written.
pub(crate) struct Ends {
    words: Vec<&'static str>,
    /// Last bytes of the words, sorted.
    tails: Vec<[u8; BYTES]>,
}

impl Ends {
    pub(crate) fn new(words: Vec<&'static str>) -> Self {
        assert!(words.iter().all(|word| word.len() >= BYTES), "a word is too short");
        let mut tails: Vec<[u8; BYTES]> = words.iter().filter_map(|word| word.as_bytes().last_chunk().copied()).collect();
        tails.sort_unstable();
        Self { words, tails }
    }

    /// Whether a text ends with one of the words.
    pub(crate) fn end(&self, text: &str) -> bool {
        let tail = text.as_bytes().last_chunk();
        tail.is_some_and(|tail| self.tails.binary_search(tail).is_ok()) && self.words.iter().any(|word| text.ends_with(word))
    }
}

/// A few bytes as a number, which is compared at once.
fn number<const HEAD: usize>(head: &[u8; HEAD]) -> u32 {
    head.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// The first bytes of a text in lower case.
fn folded_head<const HEAD: usize>(text: &str) -> Option<[u8; HEAD]> {
    let mut head = *text.as_bytes().first_chunk::<HEAD>()?;
    if head.is_ascii() {
        head.make_ascii_lowercase();
        return Some(head);
    }
    // Folding may change the length, so that the bytes are taken one by one.
    let mut buffer = [0; 4];
    let mut length = 0;
    for c in text.chars().flat_map(char::to_lowercase) {
        for byte in c.encode_utf8(&mut buffer).bytes() {
            head[length] = byte;
            length += 1;
            if length == HEAD {
                return Some(head);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_at_their_end_of_a_text() {
        let beginnings: Beginnings = Beginnings::new(vec!["sent from my", "отправлено", "sent", "发自"]);
        for text in ["Sent from my phone", "ОТПРАВЛЕНО", "发自"] {
            assert!(beginnings.may_begin(text) && beginnings.begin(&text.to_lowercase()), "{text}");
        }
        assert_eq!(beginnings.of("sent from my phone").collect::<Vec<_>>(), ["sent from my", "sent"]);
        assert!(!beginnings.begin("senior") && !beginnings.may_begin("sea") && !beginnings.may_begin("Süden"));
        assert!(beginnings.contains("sent") && !beginnings.contains("sent from") && !beginnings.contains("se"));
        let ends = Ends::new(vec!["gesendet", "发送"]);
        assert!(ends.end("Von meinem iPhone gesendet") && ends.end("从我的发送") && !ends.end("et") && !ends.end("beendet"));
    }
}
