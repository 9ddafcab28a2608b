//! The bytes of a mail as they go through DATA.

use std::borrow::Cow;

/// Gives every line its CRLF (RFC 5321 §2.3.8): a bare CR or LF means different things to different servers, and that
/// difference is how a second mail is smuggled in. Bytes that are right already are borrowed.
///
/// The last CRLF is left away, since the end-of-data mark brings its own; dots are doubled by the connection.
#[must_use]
pub(crate) fn lines_for_data(raw: &[u8]) -> Cow<'_, [u8]> {
    let whole = if has_bare_ends(raw) { Cow::Owned(with_crlf(raw)) } else { Cow::Borrowed(raw) };
    match whole {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.strip_suffix(b"\r\n").unwrap_or(bytes)),
        Cow::Owned(mut bytes) => {
            if bytes.ends_with(b"\r\n") {
                bytes.truncate(bytes.len() - 2);
            }
            Cow::Owned(bytes)
        }
    }
}

fn has_bare_ends(raw: &[u8]) -> bool {
    let mut previous = 0u8;
    for &byte in raw {
        if (byte == b'\n') != (previous == b'\r') {
            return true;
        }
        previous = byte;
    }
    previous == b'\r'
}

fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(raw.len() + raw.len() / 32);
    let mut previous = 0u8;
    for &byte in raw {
        match byte {
            b'\r' => lines.extend_from_slice(b"\r\n"),
            b'\n' if previous == b'\r' => {}
            b'\n' => lines.extend_from_slice(b"\r\n"),
            other => lines.push(other),
        }
        previous = byte;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_bytes_are_borrowed_and_bad_ends_are_mended() {
        assert!(matches!(lines_for_data(b"a\r\n\r\nb\r\n"), Cow::Borrowed(b"a\r\n\r\nb")));
        for (raw, lines) in [
            (&b"a\nb\n"[..], &b"a\r\nb"[..]),
            (b"a\rb", b"a\r\nb"),
            (b"a\n.\r\nMAIL", b"a\r\n.\r\nMAIL"),
            (b"a\r\r\nb", b"a\r\n\r\nb"),
            (b"a\r", b"a"),
            (b"", b""),
        ] {
            assert_eq!(lines_for_data(raw).as_ref(), lines, "{:?}", String::from_utf8_lossy(raw));
        }
    }

    proptest! {
        #[test]
        fn no_bare_end_is_left_and_no_other_byte_is_changed(raw in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..200)) {
            let lines = lines_for_data(&raw);
            prop_assert!(!has_bare_ends(&lines));
            let plain = |bytes: &[u8]| bytes.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect::<Vec<u8>>();
            prop_assert_eq!(plain(&lines), plain(&raw));
            let again = lines_for_data(&lines);
            prop_assert!(again.len() == lines.len() || again.len() + 2 == lines.len());
        }
    }
}
