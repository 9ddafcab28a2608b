//! A safe name is short, has no path and is its own safe name.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    if let Some(safe) = mail::file_name::safe(name) {
        assert!(!safe.is_empty() && safe.len() <= 120 && !safe.contains(['/', '\\', '\0']));
        assert_eq!(mail::file_name::safe(&safe).as_deref(), Some(safe.as_str()));
    }
});
