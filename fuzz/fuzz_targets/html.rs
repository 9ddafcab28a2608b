//! HTML to text: one mark for every line.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|html: &str| {
    let converted = mail::html::to_text(html);
    let lines = if converted.text.is_empty() { 0 } else { converted.text.split('\n').count() };
    assert_eq!(converted.marks.len(), lines);
});
