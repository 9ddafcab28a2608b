//! Which DKIM signatures (RFC 6376) would prove anything if they verified.
//!
//! A signature can be valid and prove nothing: it may cover another From than the one shown, a part of the body only,
//! or be that of somebody else. These checks need no DNS, and a mail whose signatures fail them costs none.

use crate::Message;
use crate::alignment::aligned;
use crate::raw_header;

/// Most signatures of one mail that are looked at; each costs a lookup.
const SIGNATURES_MAX: usize = 5;

/// A signature worth verifying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimCandidate {
    /// Which `DKIM-Signature` it is, counted from the top, from 0.
    pub index: usize,
    /// The signing domain, lower case. It is aligned with From.
    pub domain: String,
    /// The selector of its key.
    pub selector: String,
}

/// Signatures worth verifying, and why others are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DkimGuard {
    /// In the order of the mail.
    pub candidates: Vec<DkimCandidate>,
    /// For the trace.
    pub refused: Vec<String>,
}

/// Chooses the signatures that would prove the domain in From.
///
/// `raw` is the whole mail as received, `message` the same mail read, `now_unix` the present in seconds since 1970. No
/// candidate is left where the mail has not exactly one From with one address, since nobody can tell then which one a
/// reader is shown.
#[must_use]
pub fn signatures_worth_verifying(raw: &[u8], message: &Message, now_unix: i64) -> DkimGuard {
    let mut guard = DkimGuard::default();
    let fields = raw_header::fields(raw);
    let [author] = message.from.as_slice() else {
        guard.refused.push("not exactly one author".to_owned());
        return guard;
    };
    if fields.iter().filter(|field| field.is("from")).count() != 1 {
        guard.refused.push("not exactly one From header".to_owned());
        return guard;
    }
    let signatures = fields.iter().filter(|field| field.is("dkim-signature"));
    for (index, signature) in signatures.enumerate() {
        if guard.candidates.len() == SIGNATURES_MAX {
            guard.refused.push("further signatures were not looked at".to_owned());
            break;
        }
        match candidate(&signature.value, index, author.address.domain(), now_unix) {
            Ok(candidate) => guard.candidates.push(candidate),
            Err(why) => guard.refused.push(format!("signature {index}: {why}")),
        }
    }
    guard
}

fn candidate(value: &str, index: usize, from_domain: &str, now_unix: i64) -> Result<DkimCandidate, &'static str> {
    let tags = tags(value).ok_or("its tags cannot be read")?;
    let tag = |name: &str| tags.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if tag("v") != Some("1") {
        return Err("its version is not 1");
    }
    match tag("a").map(str::to_ascii_lowercase).as_deref() {
        Some("rsa-sha256" | "ed25519-sha256") => {}
        Some("rsa-sha1") => return Err("rsa-sha1 proves nothing any more (RFC 8301)"),
        Some(_) | None => return Err("its algorithm is unknown"),
    }
    if tag("l").is_some() {
        return Err("it covers only a part of the body (l=)");
    }
    let signs_from = tag("h").is_some_and(|list| list.split(':').any(|name| name.trim().eq_ignore_ascii_case("from")));
    if !signs_from {
        return Err("it does not sign From");
    }
    if tag("b").is_none_or(str::is_empty) || tag("bh").is_none_or(str::is_empty) {
        return Err("it has no signature or no body hash");
    }
    let domain = tag("d").unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let selector = tag("s").unwrap_or_default().to_owned();
    if domain.is_empty() || selector.is_empty() {
        return Err("it names no domain or no selector");
    }
    if let Some(identity) = tag("i") {
        let identity = identity.rsplit_once('@').map_or(identity, |(_, domain)| domain).to_ascii_lowercase();
        let within = identity == domain || identity.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'));
        if !within {
            return Err("its identity lies outside its domain");
        }
    }
    let number = |name: &str| tag(name).map(|value| value.parse::<i64>().map_err(|_| "a time in it is no number")).transpose();
    if let Some(expires) = number("x")?
        && (expires <= now_unix || number("t")?.is_some_and(|signed| expires < signed))
    {
        return Err("it has expired");
    }
    if !aligned(&domain, from_domain) {
        return Err("its domain is not that of From");
    }
    Ok(DkimCandidate { index, domain, selector })
}

/// Reads a tag list (RFC 6376 §3.2) without its white space. `None` if a tag stands twice or has no name.
fn tags(value: &str) -> Option<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for part in value.split(';') {
        if part.trim().is_empty() {
            continue;
        }
        let (key, content) = part.split_once('=')?;
        let key = key.trim().to_owned();
        let content: String = content.chars().filter(|c| !c.is_whitespace()).collect();
        if key.is_empty() || found.iter().any(|(known, _)| *known == key) || found.len() > 50 {
            return None;
        }
        found.push((key, content));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, Mailbox};

    const GOOD: &str = "v=1; a=rsa-sha256; d=acme.example; s=k1; h=From:To:Subject; bh=abc=; b=def=";

    fn check(headers: &str, expected: Result<&str, &str>) {
        let raw = format!("{headers}From: Dana <dana@acme.example>\nSubject: x\n\nbody\n");
        let address = Address::new("dana@acme.example").expect("good");
        let message = Message { from: vec![Mailbox { name: None, address }], ..Message::default() };
        let guard = signatures_worth_verifying(raw.as_bytes(), &message, 1_700_000_000);
        match expected {
            Ok(domain) => {
                assert_eq!(guard.candidates.first().map(|one| one.domain.as_str()), Some(domain), "{headers} {guard:?}")
            }
            Err(why) => {
                assert!(guard.candidates.is_empty(), "{headers}");
                assert!(guard.refused.iter().any(|refused| refused.contains(why)), "{headers} {guard:?}");
            }
        }
    }

    #[test]
    fn only_signatures_that_would_prove_the_author_are_verified() {
        let signed = |change: (&str, &str)| format!("DKIM-Signature: {}\n", GOOD.replace(change.0, change.1));
        check(&signed(("", "")), Ok("acme.example"));
        check(&signed(("d=acme.example", "d=Mail.ACME.example")), Ok("mail.acme.example"));
        check(&signed(("a=rsa-sha256", "a=ed25519-sha256; x=1700000001")), Ok("acme.example"));
        check(&signed(("h=From:To", "h=to : FROM ")), Ok("acme.example"));
        check(&signed(("h=From", "i=@news.acme.example; h=From")), Ok("acme.example"));
        check(&signed(("rsa-sha256", "rsa-sha1")), Err("rsa-sha1"));
        check(&signed(("h=From:", "h=")), Err("does not sign From"));
        check(&signed(("bh=", "l=10; bh=")), Err("l="));
        check(&signed(("bh=", "x=1699999999; bh=")), Err("expired"));
        check(&signed(("bh=", "x=never; bh=")), Err("no number"));
        check(&signed(("d=acme.example", "d=evil.example")), Err("not that of From"));
        check(&signed(("d=acme.example", "d=example")), Err("not that of From"));
        check(&signed(("h=From", "i=@evil.example; h=From")), Err("outside"));
        check(&signed(("v=1", "v=2")), Err("version"));
        check(&signed(("s=k1", "s=")), Err("selector"));
        check(&signed(("s=k1", "s=k1; d=evil.example")), Err("tags"));
        check(&format!("From: evil@evil.example\n{}", signed(("", ""))), Err("one From"));
    }
}
