//! Which blocks of an HTML mail hold given words, all of them and no other.
//!
//! Compared are letters and digits alone: the text part of the same mail writes bold words with stars, bullets and quote
//! marks, and wraps its lines. Every search is one pass (Knuth, Morris, Pratt), so no repetition in a hostile mail costs
//! more than its length.

use std::collections::BTreeSet;

use crate::html_piece::{Piece, Sight};

/// Letters and digits, which are what two versions of one text have in common.
pub(crate) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The letters of the blocks of a mail in order.
pub(crate) struct Hay {
    letters: Vec<u8>,
    /// Where each block lies in `letters`: start, end, block. Blocks without letters are not listed.
    spans: Vec<(usize, usize, usize)>,
}

/// Which texts are part of a [`Hay`].
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// History and signature, as clients mark them, too.
    pub(crate) history: bool,
    /// Text that nobody sees, too.
    pub(crate) hidden: bool,
    /// Letters of lines that are left out.
    pub(crate) skip: &'a BTreeSet<String>,
}

impl Hay {
    pub(crate) fn new(pieces: &[Piece], wanted: Wanted<'_>) -> Self {
        let mut hay = Self { letters: Vec::new(), spans: Vec::new() };
        let mut current: Option<(usize, String)> = None;
        for piece in pieces {
            let (block, more, is_history, is_seen) = match piece {
                Piece::Text { block, text, sight, is_history, .. } => (block, letters(text), is_history, *sight == Sight::Shown),
                Piece::Number { block, number, is_history } => (block, number.to_string(), is_history, true),
                Piece::Open(..) | Piece::Close(_) | Piece::Break | Piece::Newline | Piece::Rule | Piece::Image { .. } => continue,
            };
            if more.is_empty() || (*is_history && !wanted.history) || (!is_seen && !wanted.hidden) {
                continue;
            }
            match &mut current {
                Some((open, text)) if open == block => text.push_str(&more),
                _ => {
                    hay.end_block(current.replace((*block, more)), wanted.skip);
                }
            }
        }
        hay.end_block(current, wanted.skip);
        hay
    }

    fn end_block(&mut self, block: Option<(usize, String)>, skip: &BTreeSet<String>) {
        let Some((block, text)) = block.filter(|(_, text)| !skip.contains(text)) else { return };
        let start = self.letters.len();
        self.letters.extend_from_slice(text.as_bytes());
        self.spans.push((start, self.letters.len(), block));
    }

    /// The blocks that hold these texts one after the other. Each text fills whole blocks that follow one another; between
    /// two texts blocks may be left out.
    pub(crate) fn blocks_of(&self, texts: &[String]) -> Option<BTreeSet<usize>> {
        let mut edges = vec![false; self.letters.len() + 1];
        for (start, end, _) in &self.spans {
            edges[*start] = true;
            edges[*end] = true;
        }
        let mut kept = BTreeSet::new();
        let mut from = 0;
        for text in texts.iter().filter(|text| !text.is_empty()) {
            let start = self.find(text.as_bytes(), from, &edges)?;
            let end = start + text.len();
            let first = self.spans.partition_point(|(span, _, _)| *span < start);
            kept.extend(self.spans[first..].iter().take_while(|(_, span, _)| *span <= end).map(|(_, _, block)| *block));
            from = end;
        }
        Some(kept)
    }

    /// The first place behind `from` where the text begins and ends at the edge of a block.
    fn find(&self, text: &[u8], from: usize, edges: &[bool]) -> Option<usize> {
        let failure = failure(text);
        let mut matched = 0;
        for (at, byte) in self.letters.iter().enumerate().skip(from) {
            while matched > 0 && (matched == text.len() || text[matched] != *byte) {
                matched = failure[matched - 1];
            }
            matched += usize::from(text[matched] == *byte);
            if matched == text.len() && edges[at + 1] && edges[at + 1 - matched] {
                return Some(at + 1 - matched);
            }
        }
        None
    }
}

/// For each prefix the length of its longest border.
fn failure(text: &[u8]) -> Vec<usize> {
    let mut failure = vec![0; text.len()];
    let mut length = 0;
    for at in 1..text.len() {
        while length > 0 && text[at] != text[length] {
            length = failure[length - 1];
        }
        length += usize::from(text[at] == text[length]);
        failure[at] = length;
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html_piece::pieces;

    fn found(html: &str, texts: &[&str]) -> Option<usize> {
        let skip = BTreeSet::new();
        let hay = Hay::new(&pieces(html), Wanted { history: true, hidden: false, skip: &skip });
        hay.blocks_of(&texts.iter().map(|text| letters(text)).collect::<Vec<_>>()).map(|blocks| blocks.len())
    }

    #[test]
    fn texts_fill_whole_blocks_in_order() {
        assert_eq!(found("<p>Yes, it <b>is</b>.</p><p>Bye</p>", &["Yes, it *is*."]), Some(1));
        assert_eq!(found("<p>Yes, it is.</p><p>Bye</p>", &["Yes, it"]), None);
        assert_eq!(found("<p>a</p><p>x</p><p>b</p>", &["a", "b"]), Some(2));
        assert_eq!(found("<p>a</p><p>x</p><p>b</p>", &["b", "a"]), None);
        assert_eq!(found("<ol start=3><li>c</ol>", &["3. c"]), Some(1));
        assert_eq!(found("<p>aa</p><p>aab</p><p>aaab</p>", &["aaab"]), Some(1));
    }

    #[test]
    fn repetition_costs_no_more_than_length() {
        let html = "<p>a</p>".repeat(100_000);
        assert_eq!(found(&html, &[&("a".repeat(50_000) + "b")]), None);
        assert_eq!(found(&html, &[&"a".repeat(50_000)]), Some(50_000));
    }
}
