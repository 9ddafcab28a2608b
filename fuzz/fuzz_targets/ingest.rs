//! The whole reading of a mail, and that no rewriting of it changes what it says.
#![no_main]

use frontdesk_fuzz as law;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let parsed = mail::parse(raw);
    law::assert_read(&parsed);
    let _ = mail::report::ParseLine::new(&parsed, mail::machine::class_of(&parsed.message), "x");
    // One more reading for each input, or the target would be slow: which one follows from the input.
    let plain = law::is_plain(raw);
    match raw.len() % 5 {
        0 => law::assert_files(raw, &parsed.message),
        1 => assert_eq!(mail::parse(raw), parsed),
        2 if plain => {
            let unix = law::with_line_feeds(raw);
            assert_eq!(law::essence(&law::with_carriage_returns(&unix)), law::essence(&unix));
        }
        3 if plain => {
            let unix = law::with_line_feeds(raw);
            assert_eq!(law::essence(&law::with_upper_names(&unix)), law::essence(&unix));
        }
        4 if plain => {
            let unix = law::with_line_feeds(raw);
            assert_eq!(law::essence(&law::with_folding(&unix)), law::essence(&unix));
        }
        _ => {}
    }
});
