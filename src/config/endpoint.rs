//! Where servers are: `imaps://host:port`. Not a general URL: no user, no path, no query.

use std::net::{IpAddr, SocketAddr};

use super::settings::{Host, Security};

/// Schemes of `account.imap` with their port and protection.
pub(super) const IMAP: &[(&str, u16, Security)] =
    &[("imaps", 993, Security::Tls), ("imap+starttls", 143, Security::StartTls), ("imap", 143, Security::Plain)];
/// Schemes of `account.smtp`.
pub(super) const SMTP: &[(&str, u16, Security)] =
    &[("smtps", 465, Security::Tls), ("submission", 587, Security::StartTls), ("smtp", 25, Security::Plain)];

/// Why a text names no server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotAnEndpoint {
    /// No `scheme://`, or an unknown one.
    Scheme,
    /// A user before the host.
    User,
    /// No name, or characters that no name has.
    Host,
    /// Not from 1 to 65535.
    Port,
    /// Something behind the port.
    Rest,
    /// Plain text to another machine.
    Plain,
}

/// Reads `scheme://host[:port]` with one of the schemes.
pub(super) fn read(text: &str, schemes: &[(&str, u16, Security)]) -> Result<Host, NotAnEndpoint> {
    let (scheme, rest) = text.trim().split_once("://").ok_or(NotAnEndpoint::Scheme)?;
    let known = schemes.iter().find(|(name, ..)| scheme.eq_ignore_ascii_case(name));
    let (_, default_port, security) = *known.ok_or(NotAnEndpoint::Scheme)?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('@') {
        return Err(NotAnEndpoint::User);
    }
    if rest.contains(['/', '?', '#']) {
        return Err(NotAnEndpoint::Rest);
    }
    let (name, port) = split_port(rest)?;
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(NotAnEndpoint::Port)?,
        None => default_port,
    };
    if !is_host(name) {
        return Err(NotAnEndpoint::Host);
    }
    if security == Security::Plain && !is_loopback(name) {
        return Err(NotAnEndpoint::Plain);
    }
    Ok(Host { name: name.to_lowercase(), port, security })
}

/// Host, without the brackets of an IPv6 address, and port.
fn split_port(text: &str) -> Result<(&str, Option<&str>), NotAnEndpoint> {
    if let Some(rest) = text.strip_prefix('[') {
        let (name, behind) = rest.split_once(']').ok_or(NotAnEndpoint::Host)?;
        return match behind.strip_prefix(':') {
            Some(port) => Ok((name, Some(port))),
            None if behind.is_empty() => Ok((name, None)),
            None => Err(NotAnEndpoint::Host),
        };
    }
    Ok(text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))))
}

fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(is_host_character)
    };
    name.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(label))
}

fn is_host_character(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '_'
}

/// This machine. A name is resolved by nobody here, so `localhost` is the only one that counts.
pub(super) fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Reads `127.0.0.1:8425`, `[::1]:8425` or `localhost:8425`.
pub(super) fn read_listen(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), port.parse().ok()?)),
        None => text.parse().ok(),
    }
}

/// Reads the address of a name server, `IP` or `IP:port`; 53 is the port where none is given.
pub(super) fn read_resolver(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, 53)))
}

/// Reads `https://host[:port][/path]`; gives it back without a slash at the end. `http://` is left for loopback.
pub(super) fn read_url(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    let (host, port) = split_port(authority).ok()?;
    let port_is_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let scheme_is_good = scheme == "https" || (scheme == "http" && is_loopback(host));
    let good = scheme_is_good && port_is_good && is_host(host) && !path.contains(char::is_whitespace) && text.is_ascii();
    good.then(|| text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_their_defaults() {
        for (text, port) in [("imaps://a.example", 993), ("imap+starttls://a.example/", 143), ("imap://127.0.0.1:1143", 1143)] {
            assert_eq!(read(text, IMAP).map(|host| host.port), Ok(port), "{text}");
        }
        assert_eq!(read("smtp://[::1]:2525", SMTP).map(|host| host.name), Ok("::1".to_owned()));
        assert_eq!(read("submission://a.example", SMTP).map(|host| host.security), Ok(Security::StartTls));
    }

    #[test]
    fn a_name_server_is_an_address_with_or_without_a_port() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(read_resolver(text), expect.map(|address| address.parse().expect("an address")), "{text}");
        };
        check("127.0.0.53", Some("127.0.0.53:53"));
        check("[::1]:5353", Some("[::1]:5353"));
        check("::1", Some("[::1]:53"));
        check("dns.acme.example", None);
        check("127.0.0.1:70000", None);
    }

    #[test]
    fn plain_connections_stay_on_this_machine() {
        for text in ["imap://mail.acme.example", "imap://10.0.0.1", "imap://127.0.0.1.evil.example"] {
            assert_eq!(read(text, IMAP), Err(NotAnEndpoint::Plain), "{text}");
        }
        assert!(read("imap://localhost", IMAP).is_ok());
    }

    #[test]
    fn anything_but_a_host_is_refused() {
        for text in ["imaps://", "imaps://a b", "imaps://a.example:0", "imaps://a.example:70000", "imaps://u@a.example"] {
            assert!(read(text, IMAP).is_err(), "{text}");
        }
        for text in ["imaps:a.example", "http://a.example", "imaps://a.example/INBOX", "imaps://[::1", "imaps://-a.example"] {
            assert!(read(text, IMAP).is_err(), "{text}");
        }
        assert_eq!(read_url("https://desk.acme.example/"), Some("https://desk.acme.example".to_owned()));
        for text in ["desk.acme.example", "http://desk.acme.example", "https://", "ftp://a.example"] {
            assert_eq!(read_url(text), None, "{text}");
        }
    }
}
