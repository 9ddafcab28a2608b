//! The bytes of a winmail.dat.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = mail::tnef::read(bytes);
});
