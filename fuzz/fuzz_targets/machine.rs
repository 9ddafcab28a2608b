//! Class of a mail whose headers are the input; the names of headers have no case.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut message = mail::parse(bytes).message;
    let verdict = mail::machine::classify(&message, &mail::machine::Around::default());
    assert!((1..=18).contains(&verdict.row));
    for header in &mut message.headers {
        header.name = header.name.to_ascii_uppercase();
    }
    assert_eq!(mail::machine::classify(&message, &mail::machine::Around::default()), verdict);
});
