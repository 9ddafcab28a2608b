//! Lines of OpenPGP that stand around a signed text (RFC 9580 §7).
//!
//! They are the sender's proof, not words: they go where signatures go. The text between keeps its dashes escaped, as
//! written. Deliberately absent: whether the proof holds.

use crate::quote::Line;

/// First and last line of a signed text's head, and of the proof behind it.
pub(crate) struct Armour {
    /// Lines of the head, from 0 on the first of them.
    pub(crate) head: std::ops::Range<usize>,
    /// Lines of the proof.
    pub(crate) proof: std::ops::Range<usize>,
}

const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const PROOF: &str = "-----BEGIN PGP SIGNATURE-----";
const PROOF_END: &str = "-----END PGP SIGNATURE-----";

/// The first signed text that is no quote. A proof that does not end is none, since text may follow it.
pub(crate) fn find(lines: &[Line<'_>]) -> Option<Armour> {
    let is = |line: &Line<'_>, wanted: &str| line.depth == 0 && line.body == wanted;
    let first = lines.iter().position(|line| is(line, SIGNED))?;
    let text_at = first + 1 + lines[first + 1..].iter().position(Line::is_blank)?;
    let is_head =
        |line: &Line<'_>| line.body.split_once(':').is_some_and(|(key, _)| matches!(key, "Hash" | "Charset" | "NotDashEscaped"));
    if !lines[first + 1..text_at].iter().all(is_head) {
        return None;
    }
    let proof = text_at + lines[text_at..].iter().position(|line| is(line, PROOF))?;
    let end = proof + lines[proof..].iter().position(|line| is(line, PROOF_END))?;
    let is_data =
        |line: &Line<'_>| !line.body.contains(' ') || line.body.starts_with("Version: ") || line.body.starts_with("Comment: ");
    if !lines[proof + 1..end].iter().all(is_data) {
        return None;
    }
    Some(Armour { head: first..text_at, proof: proof..end + 1 })
}
