//! Mailbox names in modified UTF-7, RFC 3501 §5.1.3, and as quoted strings.

use data_encoding::BASE64_NOPAD;

/// A decoded name as it goes over the wire, with quotes. `None` if it holds CR, LF or NUL, which no mailbox name may.
pub(super) fn quoted(name: &str) -> Option<String> {
    if name.contains(['\r', '\n', '\0']) {
        return None;
    }
    Some(format!("\"{}\"", encode(name).replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Modified UTF-7: printable ASCII stands for itself, `&` is `&-`, all else is base64 of UTF-16BE with `,` for `/`.
pub(super) fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut wide: Vec<u8> = Vec::new();
    for character in name.chars() {
        if matches!(character, ' '..='~') {
            close(&mut out, &mut wide);
            out.push(character);
            if character == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0_u16; 2];
            for unit in character.encode_utf16(&mut units) {
                wide.extend_from_slice(&unit.to_be_bytes());
            }
        }
    }
    close(&mut out, &mut wide);
    out
}

/// Writes pending wide characters.
fn close(out: &mut String, wide: &mut Vec<u8>) {
    if !wide.is_empty() {
        out.push('&');
        out.push_str(&BASE64_NOPAD.encode(wide).replace('/', ","));
        out.push('-');
        wide.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_rfc_3501_shows() {
        assert_eq!(encode("INBOX"), "INBOX");
        assert_eq!(encode("R&D"), "R&-D");
        assert_eq!(encode("Entwürfe"), "Entw&APw-rfe");
        assert_eq!(encode("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(encode("😀"), "&2D3eAA-");
    }

    #[test]
    fn quoting_keeps_the_command_line_whole() {
        assert_eq!(quoted(r#"a"b\c"#).as_deref(), Some(r#""a\"b\\c""#));
        assert_eq!(quoted("a\r\nLOGOUT"), None);
    }
}
