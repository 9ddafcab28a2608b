//! Addresses and mailboxes (RFC 5321 §4.1.2, RFC 5322 §3.4), checked once and then trusted.

use serde::{Deserialize, Serialize};

use crate::limits;

/// An address that can stand in an SMTP envelope: `local@domain`, no display name, no route, no control character.
///
/// The domain is lower case; the local part keeps its case, since only the receiving host may fold it
/// (RFC 5321 §2.4). Compare with [`Address::folded`] where people are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnAddress;

impl std::fmt::Display for NotAnAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not a mail address")
    }
}

impl std::error::Error for NotAnAddress {}

impl Address {
    /// Reads one bare address; surrounding white space and one pair of angle brackets are dropped.
    ///
    /// # Errors
    /// [`NotAnAddress`] if anything but a plain `local@domain` is left: spaces, controls, brackets, commas, two `@`
    /// outside quotes, an empty side, or more than 254 octets (RFC 5321 §4.5.3.1.3).
    pub fn new(text: &str) -> Result<Self, NotAnAddress> {
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(trimmed);
        let (local, domain) = bare.rsplit_once('@').ok_or(NotAnAddress)?;
        // Checked as it is kept: in lower case some letters become two, and what was taken once must be taken again.
        let mut address = String::with_capacity(bare.len());
        address.push_str(local);
        address.push('@');
        if domain.is_ascii() {
            address.push_str(domain);
            address[local.len()..].make_ascii_lowercase();
        } else {
            address.push_str(&domain.to_lowercase());
        }
        let domain = &address[local.len() + 1..];
        let local_is_good = !local.is_empty() && (is_quoted_local(local) || local.chars().all(is_local_character));
        let domain_is_good = !domain.is_empty()
            && !domain.starts_with(['.', '-'])
            && !domain.ends_with(['.', '-'])
            && !domain.contains("..")
            && (domain.chars().all(is_domain_character) || is_domain_literal(domain));
        if !local_is_good || !domain_is_good || address.len() > limits::ADDRESS_BYTES_MAX {
            return Err(NotAnAddress);
        }
        Ok(Self(address))
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `@`, as written.
    #[must_use]
    pub fn local(&self) -> &str {
        self.split().0
    }

    /// The part after the last `@`, lower case.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.split().1
    }

    /// For comparing people: the whole address in lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// For counting people: lower case without the `+detail` of the local part (RFC 5233).
    #[must_use]
    pub fn without_detail(&self) -> String {
        let (local, domain) = self.split();
        let base = match local.split_once('+') {
            Some((base, _)) if !base.is_empty() => base,
            _ => local,
        };
        format!("{}@{domain}", base.to_lowercase())
    }

    /// The domain under which the owner registers names, by the public suffix list: `mail.acme.co.uk` → `acme.co.uk`.
    #[must_use]
    pub fn organisational_domain(&self) -> &str {
        organisational_domain(self.domain())
    }

    fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('@').expect("`new` lets no address without @ pass")
    }
}

/// The registrable part of a domain, or the domain itself where the public suffix list knows none.
#[must_use]
pub fn organisational_domain(domain: &str) -> &str {
    psl::domain_str(domain).unwrap_or(domain)
}

fn is_quoted_local(local: &str) -> bool {
    local.len() >= 2
        && local.starts_with('"')
        && local.ends_with('"')
        && !local[1..local.len() - 1].contains(|c: char| c == '"' || c == '\\' || c.is_control())
}

fn is_local_character(c: char) -> bool {
    let is_mark = matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | '@' | '\\' | ',' | '"');
    if c.is_ascii() {
        return c.is_ascii_graphic() && !is_mark;
    }
    !(c.is_control() || c.is_whitespace() || is_bidi_control(c))
}

fn is_domain_character(c: char) -> bool {
    c.is_alphanumeric() || c == '.' || c == '-' || c == '_'
}

fn is_domain_literal(domain: &str) -> bool {
    domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inner| !inner.is_empty() && inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == ':'))
}

/// Characters that turn the reading direction and so can make one name look like another (Unicode UAX #9).
#[must_use]
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;
    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        Self::new(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

/// An address with the name its owner shows (RFC 5322 §3.4 `mailbox`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mailbox {
    /// Decoded display name without controls; `None` where none was given.
    pub name: Option<String>,
    /// Where mail goes.
    pub address: Address,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_local_at_domain_and_nothing_else() {
        for good in ["a@b.example", "<A.b+c@B.Example>", "\"a b\"@x.example", "o'neil@x.example", "ü@x.example", "a@[192.0.2.1]"]
        {
            assert!(Address::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "@x", "a@", "a b@x", "a@x\r\nBcc: c@d", "a@x>", "a,b@x", "a@.x", "a@x..y", "a\0@x", "\u{202e}a@x"] {
            assert!(Address::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_was_taken_once_is_taken_again() {
        assert!(Address::new("a@\u{130}.example").is_err(), "its lower case holds a combining dot");
        for text in ["A@B.Example", "\"a b\"@\u{3a3}\u{3a3}.example"] {
            let address = Address::new(text).expect("good");
            assert_eq!(Address::new(address.as_str()), Ok(address));
        }
    }

    #[test]
    fn people_are_counted_without_detail_and_case() {
        let address = Address::new("Dana+Shop@Mail.Acme.CO.UK").expect("good");
        assert_eq!(address.without_detail(), "dana@mail.acme.co.uk");
        assert_eq!(address.organisational_domain(), "acme.co.uk");
    }
}
