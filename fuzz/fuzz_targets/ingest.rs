//! The whole reading, its line, and every file taken out again.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parsed = mail::parse(bytes);
    let class = mail::machine::class_of(&parsed.message);
    let _ = mail::report::ParseLine::new(&parsed, class, "x");
    assert!(parsed.message.text.len() <= mail::limits::TEXT_BYTES_MAX);
    for file in &parsed.message.attachments {
        let taken = mail::part::attachment_bytes(bytes, file.part).map(|bytes| bytes.len() as u64);
        assert_eq!(taken, Some(file.bytes), "a listed file has the size it was listed with");
    }
});
