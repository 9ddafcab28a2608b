//! One Authentication-Results value: a host that is not trusted proves nothing, whatever it writes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::auth_results::{Proof, parse_header, proof_from_headers};

const TRUSTED: &str = "mx.example";

fn proof(head: &str) -> Proof {
    let raw = format!("{head}From: a@x.example\r\n\r\n");
    proof_from_headers(raw.as_bytes(), &mail::parse(raw.as_bytes()).message, &[TRUSTED.to_owned()])
}

fuzz_target!(|value: &str| {
    let value = value.replace(['\r', '\n'], " ");
    let header = format!("Authentication-Results: {value}\r\n");
    let on_top = proof(&header);
    let read = parse_header(&value);
    if read.as_ref().is_none_or(|results| results.authserv_id != TRUSTED) {
        assert!(matches!(on_top, Proof::NotProven { .. }), "{on_top:?}");
    }
    let says = |method: &str, result: &str| {
        read.iter().flat_map(|read| &read.results).any(|one| one.method == method && one.result == result)
    };
    match &on_top {
        Proof::Proven { .. } => assert!(says("dmarc", "pass") || says("dkim", "pass")),
        Proof::DmarcFailed { .. } => assert!(says("dmarc", "fail")),
        Proof::NotProven { .. } => assert!(!says("dmarc", "fail") || read.is_some_and(|read| read.authserv_id != TRUSTED)),
    }
    let below = proof(&format!("Received: from a.example by mx.foreign.example; now\r\n{header}"));
    assert!(matches!(below, Proof::NotProven { .. }), "{below:?}");
    let kind = std::mem::discriminant(&on_top);
    assert_eq!(std::mem::discriminant(&proof(&header.to_ascii_uppercase())), kind, "case decides nothing");
    assert_eq!(std::mem::discriminant(&proof(&header.replace(' ', "\r\n "))), kind, "folding decides nothing");
});
