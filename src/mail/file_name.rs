//! File names that can be shown and stored: a base name, NFC, without anything that deceives or that a system forbids.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::address::is_bidi_control;
use crate::limits;

/// Makes a declared name safe. `None` if nothing is left of it.
///
/// Sanitising twice gives the same as once.
#[must_use]
pub fn safe(name: &str) -> Option<String> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = base
        .chars()
        .map(|c| if c == '\t' || c == '\n' { ' ' } else { c })
        .filter(|&c| !(c.is_control() || is_bidi_control(c) || is_invisible(c)))
        .collect();
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&visible);
    let squeezed = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = shortened(without_drive(&squeezed));
    // Dots and spaces at the end vanish on some systems and turn `a.exe.` into `a.exe`.
    let bare = short.trim_end_matches(is_fleeting);
    if bare.is_empty() {
        return None;
    }
    let safe = if is_device(bare) { format!("_{bare}") } else { bare.to_owned() };
    Some(shortened(&safe).trim_end_matches(is_fleeting).to_owned())
}

fn is_fleeting(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// `c:a.txt` names a file on another drive, not one called `c:a.txt`. Dots and spaces at the start hide a file, or what
/// follows them.
fn without_drive(name: &str) -> &str {
    let mut name = name.trim_start_matches(is_fleeting);
    while let [letter, b':', ..] = name.as_bytes()
        && letter.is_ascii_alphabetic()
    {
        name = name[2..].trim_start_matches(is_fleeting);
    }
    name
}

/// A name for the `number`-th file that has none: `attachment-2.eml`.
#[must_use]
pub fn made_up(number: usize, content_type: &str) -> String {
    format!("attachment-{number}.{}", extension(content_type))
}

/// Zero-width characters and the byte order mark make two names look alike.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{2028}' | '\u{2029}')
}

/// Cuts the stem, not the extension, since that decides what opens the file.
fn shortened(name: &str) -> String {
    if name.len() <= limits::FILE_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let extension =
        name.rfind('.').map(|at| &name[at..]).filter(|extension| (2..=16).contains(&extension.len())).unwrap_or_default();
    let stem = &name[..name.len() - extension.len()];
    let mut end = limits::FILE_NAME_BYTES_MAX - extension.len();
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", stem[..end].trim_end())
}

/// Names that Windows takes for devices, with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered =
        |prefix: &str| stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit());
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

fn extension(content_type: &str) -> &'static str {
    match content_type {
        "message/rfc822" | "message/global" => "eml",
        "message/delivery-status" | "message/disposition-notification" | "message/feedback-report" | "text/plain" => "txt",
        "text/rfc822-headers" => "txt",
        "text/html" => "html",
        "text/calendar" | "application/ics" => "ics",
        "text/csv" => "csv",
        "text/rtf" | "application/rtf" => "rtf",
        "text/vcard" | "text/x-vcard" => "vcf",
        "text/xml" | "application/xml" => "xml",
        "application/json" => "json",
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/tiff" => "tif",
        "image/bmp" => "bmp",
        "image/heic" => "heic",
        "image/svg+xml" => "svg",
        "audio/mpeg" => "mp3",
        "audio/wav" | "audio/x-wav" => "wav",
        "audio/ogg" => "ogg",
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        "application/pdf" => "pdf",
        "application/zip" | "application/x-zip-compressed" => "zip",
        "application/gzip" | "application/x-gzip" => "gz",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "application/pgp-signature" => "asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "p7m",
        "application/ms-tnef" | "application/vnd.ms-tnef" => "dat",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(name: &str, expect: Option<&str>) {
        assert_eq!(safe(name).as_deref(), expect, "{name:?}");
    }

    #[test]
    fn a_name_is_one_plain_base_name() {
        check("../../etc/passwd", Some("passwd"));
        check("C:\\dir\\a.pdf", Some("a.pdf"));
        check("a\u{202e}fdp.exe", Some("afdp.exe"));
        check("a\r\nb\0.txt", Some("a b.txt"));
        check("re\u{301}sume\u{301}.pdf", Some("r\u{e9}sum\u{e9}.pdf"));
        check("...", None);
        check(".htaccess", Some("htaccess"));
        check("con.txt", Some("_con.txt"));
        check("LPT1", Some("_LPT1"));
        check("c:a.txt", Some("a.txt"));
        check(" .c:\0. d:a.txt", Some("a.txt"));
        check("\u{212a}:a.txt", Some("a.txt"));
        check("Re: why?.eml", Some("Re: why?.eml"));
        check("", None);
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = safe(&format!("{}.pdf", "\u{e4}".repeat(200))).expect("something is left");
        assert!(name.len() <= limits::FILE_NAME_BYTES_MAX && name.ends_with(".pdf"));
    }

    proptest! {
        #[test]
        fn sanitising_twice_is_sanitising_once(name in any::<String>()) {
            if let Some(once) = safe(&name) {
                prop_assert!(once.len() <= limits::FILE_NAME_BYTES_MAX);
                prop_assert_eq!(safe(&once), Some(once));
            }
        }
    }
}
