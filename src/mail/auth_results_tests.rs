//! Forged, broken and real headers.

use super::*;
use crate::{Address, Mailbox};

const TRUSTS: [&str; 1] = ["mx.shop.example"];

fn proof_with(headers: &str, trusts: &[&str]) -> Proof {
    let raw = format!(
        "{headers}From: Dana <dana@acme.example>\nSubject: x\n\nbody\nAuthentication-Results: mx.shop.example; dmarc=pass\n"
    );
    let address = Address::new("dana@acme.example").expect("good");
    let message = Message { from: vec![Mailbox { name: None, address }], ..Message::default() };
    let trusts: Vec<String> = trusts.iter().map(|&trusted| trusted.to_owned()).collect();
    proof_from_headers(raw.as_bytes(), &message, &trusts)
}

fn check(headers: &str, expected: &str) {
    let proof = match proof_with(headers, &TRUSTS) {
        Proof::Proven { by: ProvenBy::Dmarc, .. } => "dmarc",
        Proof::Proven { by: ProvenBy::TrustedDkim, .. } => "dkim",
        Proof::Proven { by: ProvenBy::OwnDkim, .. } => "own",
        Proof::DmarcFailed { .. } => "failed",
        Proof::NotProven { .. } => "none",
    };
    assert_eq!(proof, expected, "{headers}");
}

#[test]
fn a_trusted_host_proves_the_sender() {
    check("Authentication-Results: mx.shop.example; dmarc=pass header.from=acme.example\n", "dmarc");
    check(
        "authentication-results: MX.SHOP.EXAMPLE 1;\n\tspf=pass smtp.mailfrom=x@y.example;\n dmarc=pass (p=reject dis=none) header.from=acme.example\n",
        "dmarc",
    );
    check("Authentication-Results: mx.shop.example; dkim=pass header.d=mail.acme.example header.s=k1\n", "dkim");
    check("Authentication-Results: mx.shop.example; dkim = pass header.i = @acme.example\n", "dkim");
    check(
        "Authentication-Results: mx.shop.example; dkim=fail header.d=a.example; dkim=pass (2048-bit key) header.i=\"dana@acme.example\"\n",
        "dkim",
    );
    check("Authentication-Results: mx.shop.example; dmarc=none; dkim=pass header.d=acme.example\n", "dkim");
}

#[test]
fn a_field_that_a_host_may_not_see_as_one_proves_nothing() {
    let result = "mx.shop.example; dmarc=pass header.from=acme.example\n";
    check(&format!("no field, so the body begins here\nAuthentication-Results: {result}"), "none");
    check(&format!("Authentication-Results : {result}"), "none");
    check(&format!("From dana@acme.example Mon Dec 02\nAuthentication-Results: {result}"), "dmarc");
}

#[test]
fn what_proves_nothing() {
    check("", "none");
    check("Authentication-Results: mx.shop.example; none\n", "none");
    check("Authentication-Results: mx.shop.example; spf=pass smtp.mailfrom=acme.example\n", "none");
    check("Authentication-Results: mx.shop.example; dkim=pass header.d=evil.example\n", "none");
    check("Authentication-Results: mx.shop.example; dmarc=pass header.from=evil.example\n", "none");
    check("Authentication-Results: mx.shop.example; dmarc=bestguesspass header.from=acme.example\n", "none");
    check("Authentication-Results: mx.shop.example; dmarc=temperror\n", "none");
    check(
        "Authentication-Results: mx.shop.example; dmarc=fail (p=none) header.from=acme.example; dkim=pass header.d=acme.example\n",
        "failed",
    );
    check("Authentication-Results: mx.shop.example; dmarc=pass; dmarc=fail\n", "failed");
    check("From: other@evil.example\nAuthentication-Results: mx.shop.example; dmarc=pass\n", "none");
}

#[test]
fn forged_headers_are_ignored() {
    // Another host, or one that only looks like ours.
    check("Authentication-Results: evil.example; dmarc=pass\n", "none");
    check("Authentication-Results: mx.shop.example.evil.example; dmarc=pass\n", "none");
    // Below a line of a foreign host.
    check("Received: from a by relay.evil.example; x\nAuthentication-Results: mx.shop.example; dmarc=pass\n", "none");
    // Behind the line below the border: it came with the mail.
    check(
        "Received: from evil.example (evil.example [192.0.2.1]) by mx.shop.example; x\nReceived: from mx.shop.example by mx.shop.example; x\nAuthentication-Results: mx.shop.example; dmarc=pass\n",
        "none",
    );
    // The host claims to be ours, its address says otherwise.
    check(
        "Received: from mx.shop.example (evil.example [192.0.2.1]) by mx.shop.example; x\nReceived: from localhost by mx.shop.example; x\nAuthentication-Results: mx.shop.example; dmarc=pass\n",
        "none",
    );
    // The host's own finding stands on top of a forged one.
    check("Authentication-Results: mx.shop.example; dmarc=fail\nAuthentication-Results: mx.shop.example; dmarc=pass\n", "failed");
    check("Authentication-Results: mx.shop.example; dmarc=none\nAuthentication-Results: mx.shop.example; dmarc=pass\n", "none");
    // Words of the sender within a trusted header.
    check("Authentication-Results: mx.shop.example; spf=fail smtp.mailfrom=\"x; dmarc=pass\"@evil.example\n", "none");
    check("Authentication-Results: mx.shop.example; spf=fail (x; dmarc=pass) smtp.mailfrom=evil.example\n", "none");
    check("Authentication-Results: mx.shop.example; spf=fail reason=\"dmarc=pass\" smtp.helo=evil.example\n", "none");
    check("Authentication-Results: mx.shop.example; spf=fail smtp.mailfrom==?utf-8?q?=3B_dmarc=3Dpass?=@evil.example\n", "none");
}

#[test]
fn the_zone_of_our_own_hosts_follows_real_deliveries() {
    // Dovecot behind Postfix.
    check(
        "Return-Path: <dana@acme.example>\nDelivered-To: support@shop.example\nReceived: from mx.shop.example by store.shop.example with LMTP; x\nAuthentication-Results: mx.shop.example; dmarc=pass header.from=acme.example\nReceived: from out.acme.example (out.acme.example [192.0.2.1]) by mx.shop.example (Postfix); x\n",
        "dmarc",
    );
    // Gmail writes its results below the line with which it took the mail.
    check(
        "Received: by 2002:a05:6a10:1234:: with SMTP id x; y\nReceived: from out.acme.example (out.acme.example. [192.0.2.1]) by mx.shop.example with ESMTPS id x; y\nReceived-SPF: pass\nAuthentication-Results: mx.shop.example; dkim=pass header.i=@acme.example; dmarc=pass (p=NONE) header.from=acme.example\n",
        "dmarc",
    );
    // Hosts of a private name are inner ones.
    check(
        "Received: from store1.internal (store1 [10.0.0.1]) by mail.internal (Cyrus); x\nAuthentication-Results: mx.shop.example; dmarc=pass\n",
        "dmarc",
    );
}

#[test]
fn microsoft_names_no_host() {
    let headers = "Received: from A.eurprd01.prod.outlook.com (2603::1) by B.eurprd01.prod.outlook.com (2603::2) with HTTPS; x\nReceived: from out.acme.example (192.0.2.1) by C.mail.protection.outlook.com (10.1.1.1) with SMTP; x\nAuthentication-Results: spf=pass (sender IP is 192.0.2.1)\n smtp.mailfrom=acme.example; dkim=pass (signature was verified)\n header.d=acme.example;dmarc=pass action=none\n header.from=acme.example;compauth=pass reason=100\n";
    assert!(matches!(proof_with(headers, &[""]), Proof::Proven { by: ProvenBy::Dmarc, .. }));
    assert!(matches!(proof_with(headers, &TRUSTS), Proof::NotProven { .. }));
    assert!(matches!(proof_with(headers, &[]), Proof::NotProven { .. }));
}

#[test]
fn the_grammar_of_the_rfc_is_read() {
    let read = parse_header(" example.org 1 (by foo); dkim/1 = pass reason=\"good; signature\" header.d=a.example (comment (nested \\) ) ) body.x=\"q\\\"uote\"; iprev=pass policy.iprev=192.0.2.1").expect("good");
    assert_eq!((read.authserv_id.as_str(), read.version, read.results.len()), ("example.org", Some(1), 2));
    assert_eq!(read.results[0].reason.as_deref(), Some("good; signature"));
    assert_eq!(read.results[0].property("header", "d"), Some("a.example"));
    assert_eq!(read.results[0].property("body", "x"), Some("q\"uote"));
    assert_eq!(read.results[1].property("policy", "iprev"), Some("192.0.2.1"));
    assert_eq!(
        parse_header("\"quoted.example\"; none").map(|read| (read.authserv_id, read.results.len())),
        Some(("quoted.example".to_owned(), 0))
    );
    for broken in [
        "",
        ";",
        "host 2; dmarc=pass",
        "host x; dmarc=pass",
        "a b c; dmarc=pass",
        "host; dmarc=\"pass",
        "host; (dmarc=pass",
        "host; dmarc=pass \\",
    ] {
        let read = parse_header(broken);
        assert!(read.is_none() || broken.ends_with('\\'), "{broken:?} {read:?}");
    }
    assert_eq!(parse_header("host; =pass; dmarc=; x").map(|read| read.results), Some(vec![]));
}
