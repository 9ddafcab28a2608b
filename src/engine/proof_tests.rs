//! Signatures made in the test, keys from a filled cache: nothing leaves the machine.

use data_encoding::BASE64;
use mail::{Address, Mailbox};
use mail_auth::common::crypto::Ed25519Key;
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::DkimSigner;

use super::*;

const BODY: &str =
    "From: Dana <dana@acme.example>\r\nTo: support@shop.example\r\nSubject: Broken lamp\r\n\r\nThe lamp does not turn on.\r\n";
const NOW: i64 = 1_700_000_000;

/// How a test mail is signed.
struct Signing<'a> {
    domain: &'a str,
    selector: &'a str,
    headers: &'a [&'a str],
}

const USUAL: Signing<'_> = Signing { domain: "acme.example", selector: "k1", headers: &["From", "To", "Subject"] };

/// A signed mail and the record of its key.
fn signed(signing: &Signing<'_>) -> (String, String) {
    let pair = Ed25519Key::generate_pkcs8().expect("a key");
    let key = Ed25519Key::from_pkcs8_maybe_unchecked_der(&pair).expect("the key just made");
    let record = format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(&key.public_key()));
    let signature = DkimSigner::from_key(key)
        .domain(signing.domain)
        .selector(signing.selector)
        .headers(signing.headers.iter().copied())
        .sign(BODY.as_bytes())
        .expect("a signature");
    (format!("{}{BODY}", signature.to_header()), record)
}

fn author() -> Message {
    let address = Address::new("dana@acme.example").expect("good");
    Message { from: vec![Mailbox { name: None, address }], ..Message::default() }
}

async fn outcome(raw: &str, records: &[(&str, &str)]) -> DkimOutcome {
    let check = DkimCheck::with_records(records.iter().copied()).expect("an idle resolver");
    check.check(raw.as_bytes(), &author(), NOW).await
}

#[tokio::test]
async fn an_aligned_signature_proves_the_author() {
    let (raw, record) = signed(&USUAL);
    assert_eq!(
        outcome(&raw, &[("k1._domainkey.acme.example", &record)]).await,
        DkimOutcome::Aligned { domain: "acme.example".to_owned() }
    );
    let (raw, record) = signed(&Signing { domain: "mail.acme.example", ..USUAL });
    assert_eq!(
        outcome(&raw, &[("K1._domainkey.mail.acme.example.", &record)]).await,
        DkimOutcome::Aligned { domain: "mail.acme.example".to_owned() }
    );
}

#[tokio::test]
async fn a_changed_mail_is_not_proven() {
    let (raw, record) = signed(&USUAL);
    for (from, to) in [("turn on", "turn off"), ("Broken", "Whole"), ("Dana <", "Eve <")] {
        let changed = raw.replace(from, to);
        assert!(
            matches!(outcome(&changed, &[("k1._domainkey.acme.example", &record)]).await, DkimOutcome::Failed { .. }),
            "{to}"
        );
    }
}

#[tokio::test]
async fn a_missing_or_foreign_key_fails() {
    let (raw, _) = signed(&USUAL);
    let (_, other) = signed(&USUAL);
    assert!(matches!(outcome(&raw, &[]).await, DkimOutcome::Failed { .. }));
    assert!(matches!(outcome(&raw, &[("k1._domainkey.acme.example", &other)]).await, DkimOutcome::Failed { .. }));
    assert!(matches!(outcome(&raw, &[("k1._domainkey.acme.example", "v=DKIM1; p=")]).await, DkimOutcome::Failed { .. }));
}

#[tokio::test]
async fn signatures_that_prove_nothing_cost_no_lookup() {
    for signing in [Signing { domain: "evil.example", ..USUAL }, Signing { headers: &["To", "Subject"], ..USUAL }] {
        let (raw, _) = signed(&signing);
        let check = DkimCheck::with_records([]).expect("an idle resolver");
        check.set_dns_down(true);
        assert_eq!(check.check(raw.as_bytes(), &author(), NOW).await, DkimOutcome::None);
    }
    assert_eq!(outcome(BODY, &[]).await, DkimOutcome::None);
}

#[tokio::test]
async fn dns_down_is_not_a_failure() {
    let (raw, record) = signed(&USUAL);
    let check = DkimCheck::with_records([("k1._domainkey.acme.example", record.as_str())]).expect("an idle resolver");
    check.set_dns_down(true);
    assert_eq!(check.check(raw.as_bytes(), &author(), NOW).await, DkimOutcome::DnsDown);
    check.set_dns_down(false);
    assert!(matches!(check.check(raw.as_bytes(), &author(), NOW).await, DkimOutcome::Aligned { .. }));
}

#[test]
fn the_cache_stays_within_its_size_and_forgets_by_age() {
    let cache = KeyCache::new(false);
    let entry = || Txt::Error(Error::Dns(DnsError::RecordNotFound(ResponseCode::NXDomain)));
    cache.insert("old.".into(), entry(), Instant::now());
    assert!(cache.get::<str>("old.").is_none());
    cache.insert("new.".into(), entry(), Instant::now() + Duration::from_secs(60));
    assert!(cache.get::<str>("new.").is_some());
    for index in 0..KEYS_CACHED_MAX {
        cache.keep(&format!("{index}."), entry(), None);
    }
    assert!(cache.lock().entries.len() <= KEYS_CACHED_MAX);
}
