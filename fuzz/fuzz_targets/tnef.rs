//! The bytes of a `winmail.dat` and of the compressed RTF in it: no more comes out than was put in.
#![no_main]

use frontdesk_fuzz as law;
use libfuzzer_sys::fuzz_target;
use mail::{limits, rtf, tnef};

fuzz_target!(|bytes: &[u8]| {
    // Nearly all random bytes lack the signature.
    let signed = [&0x223e_9f78_u32.to_le_bytes(), bytes].concat();
    for winmail in [bytes, &signed] {
        let Some(read) = tnef::read(winmail) else { continue };
        assert!(read.files.len() <= limits::TNEF_FILES_MAX);
        let files: usize = read.files.iter().map(|file| file.data.len()).sum();
        assert!(files <= winmail.len());
        // An RTF reference of two bytes stands for 17; a byte of a code page may need three in UTF-8.
        let texts: usize = [&read.text, &read.html].into_iter().flatten().map(String::len).sum();
        assert!(texts <= 64 * winmail.len() + 1024, "{texts} of {}", winmail.len());
        assert_eq!(tnef::read(winmail), Some(read));
    }
    if let Some(plain) = rtf::decompress(bytes) {
        assert!(plain.len() <= 9 * bytes.len() + 256, "{} of {}", plain.len(), bytes.len());
        let _ = rtf::to_text(&plain);
    }
    let _ = rtf::to_text(bytes);

    let raw = [b"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: 8bit\n\n", signed.as_slice()].concat();
    let parsed = mail::parse(&raw);
    law::assert_read(&parsed);
    law::assert_files(&raw, &parsed.message);
});
