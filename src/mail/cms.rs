//! The text inside an S/MIME message that is signed in one piece (RFC 8551 §3.5.2, RFC 5652 §5): a container of BER around
//! an ordinary mail part.
//!
//! Only the way to the content is read. Signatures are not checked here, and encrypted messages stay closed.

use crate::limits;

/// BER elements within elements that are followed; signed data needs seven.
const DEPTH_MAX: usize = 16;
/// `id-signedData`, 1.2.840.113549.1.7.2.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];

const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PIECES: u8 = 0x24;
const SEQUENCE: u8 = 0x30;
const EXPLICIT: u8 = 0xa0;

/// The signed content. `None` where the data is anything else, or signs something that lies elsewhere.
#[must_use]
pub(crate) fn signed_content(data: &[u8]) -> Option<Vec<u8>> {
    let mut info = Elements(within(Elements(data).next_of(SEQUENCE)?));
    if info.next_of(OBJECT_IDENTIFIER)? != SIGNED_DATA {
        return None;
    }
    let mut signed = Elements(Elements(info.next_of(EXPLICIT)?).next_of(SEQUENCE)?);
    // The version and the digests in use stand before the content.
    signed.next()?;
    signed.next()?;
    let mut content = Elements(signed.next_of(SEQUENCE)?);
    content.next_of(OBJECT_IDENTIFIER)?;
    let mut out = Vec::new();
    let wrapped = content.next_of(EXPLICIT)?;
    let (tag, octets) = Elements(wrapped).next()?;
    push_octets(tag, octets, 0, &mut out)?;
    Some(out)
}

fn within(content: &[u8]) -> &[u8] {
    &content[..content.len().min(limits::MAIL_BYTES_MAX)]
}

/// An octet string, whole or in pieces of pieces.
fn push_octets(tag: u8, content: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    match tag {
        OCTETS => out.extend_from_slice(content),
        OCTETS_IN_PIECES if depth < DEPTH_MAX => {
            let mut pieces = Elements(content);
            while let Some((tag, piece)) = pieces.next() {
                push_octets(tag, piece, depth + 1, out)?;
            }
        }
        _ => return None,
    }
    Some(())
}

/// BER elements one behind the other (X.690 §8.1).
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The tag and content of the next element.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, content, rest) = element(self.0, 0)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next element, which must have that tag.
    fn next_of(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

/// Tag, content and what follows. A length that is not told ends at two zero bytes behind whole elements.
fn element(data: &[u8], depth: usize) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, data) = data.split_first()?;
    let (&first, data) = data.split_first()?;
    if first == 0x80 {
        if depth >= DEPTH_MAX {
            return None;
        }
        let mut rest = data;
        while !rest.starts_with(&[0, 0]) {
            rest = element(rest, depth + 1)?.2;
        }
        return Some((tag, &data[..data.len() - rest.len()], &rest[2..]));
    }
    let (length, data) = if first < 0x80 {
        (usize::from(first), data)
    } else {
        let (digits, data) = data.split_at_checked(usize::from(first & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), data)
    };
    let (content, rest) = data.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    }

    fn open(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80][..], content, &[0, 0]].concat()
    }

    fn signed(wrap: fn(u8, &[u8]) -> Vec<u8>, octets: &[u8]) -> Vec<u8> {
        let content = wrap(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, b"\x2a"), wrap(EXPLICIT, octets)].concat());
        let data = [tlv(0x02, b"\x01"), tlv(0x31, b""), content, tlv(0x31, b"signers")].concat();
        let whole = [tlv(OBJECT_IDENTIFIER, SIGNED_DATA), wrap(EXPLICIT, &wrap(SEQUENCE, &data))].concat();
        wrap(SEQUENCE, &whole)
    }

    #[test]
    fn the_content_is_found_whole_and_in_pieces() {
        assert_eq!(signed_content(&signed(tlv, &tlv(OCTETS, b"hello"))).as_deref(), Some(&b"hello"[..]));
        let pieces = open(OCTETS_IN_PIECES, &[tlv(OCTETS, b"hel"), tlv(OCTETS_IN_PIECES, &tlv(OCTETS, b"lo"))].concat());
        assert_eq!(signed_content(&signed(open, &pieces)).as_deref(), Some(&b"hello"[..]));
    }

    #[test]
    fn anything_else_is_none() {
        let whole = signed(tlv, &tlv(OCTETS, b"hello"));
        for end in 0..whole.len() - 20 {
            assert_eq!(signed_content(&whole[..end]), None);
        }
        assert_eq!(signed_content(&[0x30, 0x80].repeat(100_000)), None);
        assert_eq!(signed_content(&tlv(SEQUENCE, &tlv(OBJECT_IDENTIFIER, b"\x2a\x86"))), None);
    }
}
