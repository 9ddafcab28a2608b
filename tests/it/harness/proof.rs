//! The two ways in which a desk knows that a mail is from whom it says: results of a server that it trusts, and signatures
//! that it checks itself.

use std::sync::LazyLock;

use data_encoding::BASE64;
use mail_auth::common::crypto::Ed25519Key;
use mail_auth::common::headers::HeaderWriter as _;
use mail_auth::dkim::DkimSigner;

use super::dns::NameServer;
use super::mails::{self, Mail};
use super::office;

/// The selector under which every domain has the test key.
const SELECTOR: &str = "test";

/// The test key, made anew by every run.
static KEY: LazyLock<Vec<u8>> = LazyLock::new(|| Ed25519Key::generate_pkcs8().expect("a key").as_slice().to_vec());

/// How senders are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a DKIM signature (RFC 6376, RFC 8463), whose key the desk looks up.
    Dkim,
    /// By the `Authentication-Results` of a trusted server (RFC 8601).
    Results,
}

impl Proof {
    /// Both.
    pub const ALL: [Proof; 2] = [Proof::Dkim, Proof::Results];

    /// The mail with its proof.
    pub fn of(self, mail: Mail) -> Mail {
        match self {
            Self::Dkim => signed(mail),
            Self::Results => office::vouched(mail),
        }
    }
}

/// A server that knows the test key.
pub fn name_server() -> NameServer {
    let record = format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(&key().public_key()));
    NameServer::start(&format!("{SELECTOR}._domainkey."), &record)
}

fn key() -> Ed25519Key {
    Ed25519Key::from_pkcs8_maybe_unchecked_der(&KEY).expect("the key just made")
}

/// Signed as the server of the author's domain does it.
pub fn signed(mail: Mail) -> Mail {
    let bytes = mail.bytes();
    let from = mails::header_of(&bytes, "From").unwrap_or_default();
    let domain = from.rsplit('@').next().unwrap_or_default().trim_end_matches('>').to_owned();
    let signature = DkimSigner::from_key(key())
        .domain(&domain)
        .selector(SELECTOR)
        .headers(["From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version"])
        .sign(&bytes)
        .expect("a signature");
    let header = signature.to_header();
    let value = header.trim_end().strip_prefix("DKIM-Signature: ").expect("a header line");
    mail.on_top("DKIM-Signature", value)
}
