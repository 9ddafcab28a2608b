//! DMARC alignment (RFC 7489 §3.1): whether a proven domain speaks for the domain in From.

use crate::address::organisational_domain;

/// Whether two domains belong to the same organisation: relaxed alignment, by the public suffix list.
///
/// Case and a trailing dot do not matter. Two different names right under a public suffix never align, nor does
/// anything empty.
#[must_use]
pub fn aligned(left: &str, right: &str) -> bool {
    let left = folded(left);
    let right = folded(right);
    if left.is_empty() || right.is_empty() {
        return false;
    }
    // A public suffix is its own organisation at most: `co.uk` must not speak for `shop.co.uk`.
    left == right || (has_owner(&left) && has_owner(&right) && organisational_domain(&left) == organisational_domain(&right))
}

/// Whether a domain lies below a public suffix, so that somebody registered it.
fn has_owner(domain: &str) -> bool {
    psl::domain(domain.as_bytes()).is_some()
}

/// Whether a host name may belong to anybody in the public DNS: it has dots, is no IP address, and does not end in a name
/// that only private networks use (RFC 6762 appendix G, and `.internal` as ICANN reserved it).
pub(crate) fn is_public(host: &str) -> bool {
    let host = folded(host);
    let Some((_, last)) = host.rsplit_once('.') else { return false };
    const PRIVATE: [&str; 9] = ["internal", "intranet", "private", "corp", "home", "lan", "local", "localdomain", "localhost"];
    !PRIVATE.contains(&last) && last.chars().any(char::is_alphabetic) && !host.contains(':')
}

fn folded(domain: &str) -> String {
    domain.trim().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_one_organisation_align_and_others_do_not() {
        for (left, right) in [
            ("acme.example", "acme.example"),
            ("mail.acme.example", "acme.example"),
            ("A.acme.co.uk", "b.ACME.co.uk."),
            ("acme.co.uk", "acme.co.uk"),
        ] {
            assert!(aligned(left, right), "{left} {right}");
            assert!(aligned(right, left), "{right} {left}");
        }
        for (left, right) in [
            ("acme.co.uk", "shop.co.uk"),
            ("co.uk", "acme.co.uk"),
            ("uk", "acme.uk"),
            ("acme.example", "acme.example.evil.example"),
            ("notacme.example", "acme.example"),
            ("a.github.io", "b.github.io"),
            ("", "acme.example"),
            ("", ""),
            (".", "."),
        ] {
            assert!(!aligned(left, right), "{left} {right}");
            assert!(!aligned(right, left), "{right} {left}");
        }
    }
}
