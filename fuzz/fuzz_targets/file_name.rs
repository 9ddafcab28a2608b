//! A declared file name, alone and in a mail: what is kept of it can be shown and stored anywhere.
#![no_main]

use std::fmt::Write as _;

use frontdesk_fuzz as law;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    let safe = mail::file_name::safe(name);
    safe.iter().for_each(|safe| law::assert_file_name(safe));
    law::assert_file_name(&mail::file_name::made_up(name.len(), name));

    // RFC 2231 §4: any name fits into a header this way.
    let mut encoded = String::new();
    for byte in name.bytes() {
        let _ = write!(encoded, "%{byte:02x}");
    }
    let raw = format!("Content-Type: a/b\nContent-Disposition: attachment; filename*=utf-8''{encoded}\n\nx");
    let files = mail::parse(raw.as_bytes()).message.attachments;
    files.iter().for_each(|file| law::assert_file_name(&file.name));
    // Programs put encoded words into parameters of RFC 2231 too, so what looks like one is read as one.
    let is_plain = !name.contains(char::is_control) && !name.contains("=?");
    if !name.trim().is_empty() && is_plain && safe.is_some() {
        assert_eq!(files.first().map(|file| file.name.as_str()), safe.as_deref(), "{name:?}");
    }
});
