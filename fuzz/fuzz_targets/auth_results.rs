//! One Authentication-Results value, and a mail that carries it below a foreign Received.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &str| {
    let _ = mail::auth_results::parse_header(value);
    let raw = format!("Received: from a by b\r\nAuthentication-Results: {value}\r\nFrom: a@x.example\r\n\r\n");
    let message = mail::parse(raw.as_bytes()).message;
    let _ = mail::auth_results::proof_from_headers(raw.as_bytes(), &message, &["mx.example".to_owned()]);
});
