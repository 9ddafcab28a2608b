//! What our own mail host found out about a sender: `Authentication-Results` (RFC 8601).
//!
//! Anybody can write this header. It counts only where its host is one the operator trusts, where it is the topmost of
//! that host, and where it stands above every trace of a foreign host; everything below could have come with the mail.
//! SPF alone proves nothing: the mail is seen long after the connection it speaks of.
//!
//! Whether the host removes forged headers that carry its own name cannot be seen in a mail. That must be tested before
//! a host is trusted.

use std::net::IpAddr;

use crate::Message;
use crate::alignment::{aligned, is_public};
use crate::raw_header::{self, RawHeader};

/// Most results read from one header.
const RESULTS_MAX: usize = 100;
/// Most properties read of one result.
const PROPERTIES_MAX: usize = 50;

/// One header, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthResults {
    /// The host that checked, lower case. Empty where the host names none, as Microsoft 365 does.
    pub authserv_id: String,
    /// Version, where stated; only 1 exists.
    pub version: Option<u32>,
    /// Results in order; none where the host checked nothing.
    pub results: Vec<AuthResult>,
}

/// One method's result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthResult {
    /// `dkim`, `spf`, `dmarc`, …, lower case.
    pub method: String,
    /// `pass`, `fail`, `none`, …, lower case.
    pub result: String,
    /// Why, in the words of the host.
    pub reason: Option<String>,
    /// What was checked.
    pub properties: Vec<Property>,
}

/// One `ptype.name=value`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Property {
    /// `smtp`, `header`, `body`, `policy`; empty where the host wrote none.
    pub kind: String,
    /// Name, lower case.
    pub name: String,
    /// Value as written, quotes removed.
    pub value: String,
}

impl AuthResult {
    /// The value of a property.
    #[must_use]
    pub fn property(&self, kind: &str, name: &str) -> Option<&str> {
        self.properties
            .iter()
            .find(|property| property.kind == kind && property.name == name)
            .map(|property| property.value.as_str())
    }
}

/// Whether the sender is who it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The domain in From is proven.
    Proven {
        /// What proved it.
        by: ProvenBy,
        /// For the trace.
        detail: String,
    },
    /// Nothing proves it.
    NotProven {
        /// For the trace.
        why: String,
    },
    /// The domain's own policy says that this mail is not from it.
    DmarcFailed {
        /// For the trace.
        detail: String,
    },
}

/// What proved a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProvenBy {
    /// A trusted host saw DMARC pass.
    Dmarc,
    /// A trusted host saw an aligned DKIM signature pass.
    TrustedDkim,
    /// Our own check of an aligned DKIM signature.
    OwnDkim,
}

/// Looks for proof in the headers a trusted host wrote.
///
/// `raw` is the whole mail as received, `message` the same mail read (for From), `trusts` the authserv-ids of hosts that
/// are trusted, compared without case. An empty string in `trusts` accepts headers without an id.
#[must_use]
pub fn proof_from_headers(raw: &[u8], message: &Message, trusts: &[String]) -> Proof {
    let not_proven = |why: &str| Proof::NotProven { why: why.to_owned() };
    let fields = raw_header::fields(raw);
    if fields.iter().filter(|field| field.is("from")).count() != 1 {
        return not_proven("not exactly one From header");
    }
    let [author] = message.from.as_slice() else { return not_proven("not exactly one author") };
    if trusts.is_empty() {
        return not_proven("no host is trusted");
    }
    match topmost_trusted(&fields, trusts) {
        Some(results) => judge(&results, author.address.domain()),
        None => not_proven("no Authentication-Results of a trusted host above foreign ones"),
    }
}

/// The first header of a trusted host within the part of the block our own hosts wrote.
///
/// Hosts add their headers on top. A host's own results may stand right below the Received line with which it took the
/// mail from outside, so that one line may be passed; the next one was there before.
fn topmost_trusted(fields: &[RawHeader], trusts: &[String]) -> Option<AuthResults> {
    let mut border_passed = false;
    for field in fields {
        if field.is("received") {
            match hop(&field.value, trusts) {
                Hop::Foreign => return None,
                Hop::Border if border_passed => return None,
                Hop::Inner if border_passed => return None,
                Hop::Border => border_passed = true,
                Hop::Inner => {}
            }
        } else if field.is("authentication-results")
            // A host removes forgeries from what it takes for the header; a field it may not have seen there proves nothing.
            && field.is_plain
            && let Some(results) = parse_header(&field.value)
            && trusts.iter().any(|trusted| trusted.trim().eq_ignore_ascii_case(&results.authserv_id))
        {
            return Some(results);
        }
    }
    None
}

/// Where a Received line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hop {
    /// By a host of somebody else.
    Foreign,
    /// By our host, taking the mail from outside.
    Border,
    /// Between our own hosts.
    Inner,
}

fn hop(value: &str, trusts: &[String]) -> Hop {
    let bare = crate::machine_facts::without_comments(value);
    let words: Vec<&str> = bare.split([' ', '\t', ';']).filter(|word| !word.is_empty()).collect();
    let after =
        |key: &str| words.iter().position(|word| word.eq_ignore_ascii_case(key)).and_then(|at| words.get(at + 1)).copied();
    let by = after("by").unwrap_or_default();
    let is_ours = |host: &str| {
        let named: Vec<&String> = trusts.iter().filter(|trusted| !trusted.trim().is_empty()).collect();
        // Without a name to compare with, the host that wrote the topmost line is as good as any.
        named.is_empty() || named.iter().any(|trusted| aligned(trusted, host))
    };
    if is_public(by) && !is_ours(by) {
        return Hop::Foreign;
    }
    let Some(from) = after("from") else { return Hop::Inner };
    // The name after "from" is what the client claims; the host's own finding stands in the comment behind it.
    let clause_end = value.to_ascii_lowercase().find(" by ").unwrap_or(value.len());
    let clause = value.get(..clause_end).unwrap_or_default();
    let words: Vec<&str> = clause.split(['(', ')', '[', ']', ' ', '\t', '=']).chain([from]).collect();
    let mut names = words.iter().filter(|word| is_public(word)).peekable();
    let inner = if names.peek().is_some() {
        names.all(|name| is_public(by) && aligned(name, by))
    } else {
        words.iter().filter_map(|word| address_of(word)).all(|address| is_private(&address))
    };
    if inner { Hop::Inner } else { Hop::Border }
}

fn address_of(word: &str) -> Option<IpAddr> {
    let bare = word.trim_matches(['[', ']', ',', ';']);
    bare.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:")).map_or(bare, |_| &bare[5..]).parse().ok()
}

/// Addresses that do not come from the public network (RFC 1918, RFC 4193, RFC 4291).
fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local() || address.is_unspecified()
        }
    }
}

/// What trusted results say about the domain in From.
fn judge(results: &AuthResults, from_domain: &str) -> Proof {
    let dmarc: Vec<&AuthResult> = results.results.iter().filter(|result| result.method == "dmarc").collect();
    let speaks_of_from = |result: &&AuthResult| {
        let named = result.property("header", "from").map(domain_of);
        named.is_none_or(|domain| aligned(domain, from_domain))
    };
    if let Some(failed) = dmarc.iter().find(|result| result.result == "fail") {
        let policy = failed.property("", "action").or_else(|| failed.property("policy", "dmarc")).unwrap_or("unknown");
        return Proof::DmarcFailed { detail: format!("{}: dmarc=fail, action {policy}", results.authserv_id) };
    }
    if !dmarc.is_empty() && dmarc.iter().all(|result| result.result == "pass") && dmarc.iter().all(speaks_of_from) {
        return Proof::Proven { by: ProvenBy::Dmarc, detail: format!("{}: dmarc=pass for {from_domain}", results.authserv_id) };
    }
    let signatures = results.results.iter().filter(|result| result.method == "dkim" && result.result == "pass");
    for signature in signatures {
        let signer = signature.property("header", "d").or_else(|| signature.property("header", "i").map(domain_of));
        if let Some(signer) = signer.filter(|signer| aligned(signer, from_domain)) {
            return Proof::Proven {
                by: ProvenBy::TrustedDkim,
                detail: format!("{}: dkim=pass by {signer}", results.authserv_id),
            };
        }
    }
    Proof::NotProven { why: format!("{}: neither DMARC nor an aligned DKIM signature passed", results.authserv_id) }
}

/// The part behind the last `@`, or all of it.
fn domain_of(value: &str) -> &str {
    value.rsplit_once('@').map_or(value, |(_, domain)| domain)
}

/// Reads one header value (RFC 8601 §2.2), folded or not.
///
/// `None` if it is broken: a quoted string or comment without end, or an id that is none. A result that is broken is
/// left out, since hosts write more than the grammar allows; a version other than 1 makes the whole header unreadable.
#[must_use]
pub fn parse_header(value: &str) -> Option<AuthResults> {
    let mut sections = sections(value)?.into_iter();
    let head = sections.next()?;
    let (authserv_id, version, first) = match head.as_slice() {
        [id] if !id.contains('=') => (id.to_ascii_lowercase(), None, None),
        [id, version] if !id.contains('=') => (id.to_ascii_lowercase(), Some(version.parse::<u32>().ok()?), None),
        [first, ..] if first.contains('=') => (String::new(), None, Some(head.clone())),
        _ => return None,
    };
    if version.is_some_and(|version| version != 1) {
        return None;
    }
    let results = first.into_iter().chain(sections).take(RESULTS_MAX).filter_map(|words| result_of(&words)).collect();
    Some(AuthResults { authserv_id, version, results })
}

/// `method[/version]=result [reason=…] [ptype.property=…]…`
fn result_of(words: &[String]) -> Option<AuthResult> {
    let (method, result) = words.first()?.split_once('=')?;
    let method = method.split('/').next().unwrap_or_default().trim().to_ascii_lowercase();
    let result_value = result.trim().to_ascii_lowercase();
    if method.is_empty()
        || result_value.is_empty()
        || !method.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    {
        return None;
    }
    let mut read = AuthResult { method, result: result_value, reason: None, properties: Vec::new() };
    for word in words[1..].iter().take(PROPERTIES_MAX) {
        let Some((key, value)) = word.split_once('=') else { continue };
        if key.eq_ignore_ascii_case("reason") {
            read.reason = Some(value.to_owned());
            continue;
        }
        let (kind, name) = key.split_once('.').unwrap_or(("", key));
        read.properties.push(Property {
            kind: kind.to_ascii_lowercase(),
            name: name.to_ascii_lowercase(),
            value: value.to_owned(),
        });
    }
    Some(read)
}

/// Cuts a value at semicolons and white space that are neither quoted nor in comments. Blanks around `=`, `.` and `/`
/// join words. `None` if a quoted string or comment never ends.
fn sections(value: &str) -> Option<Vec<Vec<String>>> {
    let mut sections: Vec<Vec<String>> = vec![Vec::new()];
    let mut word = String::new();
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut characters = value.chars();
    // A word goes on behind a blank where one of its two sides is an equals sign.
    let mut blank = false;
    while let Some(c) = characters.next() {
        match c {
            '\\' if quoted => word.push(characters.next()?),
            '\\' if depth > 0 => {
                characters.next()?;
            }
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => word.push(c),
            '(' => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                blank = true;
            }
            _ if depth > 0 => {}
            ';' => {
                end_word(&mut sections, &mut word);
                blank = false;
                sections.push(Vec::new());
            }
            ' ' | '\t' | '\r' | '\n' => blank = true,
            _ => {
                if blank && !word.ends_with('=') && c != '=' {
                    end_word(&mut sections, &mut word);
                }
                blank = false;
                word.push(c);
            }
        }
    }
    end_word(&mut sections, &mut word);
    (depth == 0 && !quoted).then_some(sections)
}

fn end_word(sections: &mut [Vec<String>], word: &mut String) {
    if let Some(section) = sections.last_mut().filter(|_| !word.is_empty()) {
        section.push(std::mem::take(word));
    }
}

#[cfg(test)]
#[path = "auth_results_tests.rs"]
mod tests;
