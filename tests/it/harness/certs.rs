//! A private certificate authority and the certificates of the test servers, good and bad.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tempfile::TempDir;

/// An authority that nobody but the test trusts.
#[derive(Debug)]
pub struct Authority {
    dir: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// Paths of a certificate and its key, PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The server's certificate.
    pub cert: PathBuf,
    /// Its private key, PKCS #8.
    pub key: PathBuf,
}

/// What is right or wrong about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Valid for `localhost` and `127.0.0.1`.
    None,
    /// Valid, but for `other.example`.
    WrongName,
    /// For `localhost`, but its time ended in 2020.
    Expired,
}

impl Authority {
    /// Makes an authority; its files vanish with it.
    pub fn new() -> Authority {
        let dir = tempfile::tempdir().unwrap();
        // Servers read their certificate as root, but Postfix' TLS manager looks as its own user.
        super::dovecot::open_dir(dir.path());
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Frontdesk test authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { dir, issuer }
    }

    /// The authority's certificate, PEM: what `tls = { ca = … }` wants.
    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// A certificate signed by this authority.
    pub fn issue(&self, flaw: Flaw) -> Identity {
        let names = match flaw {
            Flaw::None | Flaw::Expired => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            Flaw::WrongName => vec!["other.example".to_owned()],
        };
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "frontdesk test server");
        if flaw == Flaw::Expired {
            params.not_before = rcgen::date_time_ymd(2019, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let identity = Identity {
            cert: self.dir.path().join(format!("{flaw:?}.cert.pem")),
            key: self.dir.path().join(format!("{flaw:?}.key.pem")),
        };
        std::fs::write(&identity.cert, cert.pem()).unwrap();
        std::fs::write(&identity.key, key.serialize_pem()).unwrap();
        identity
    }

    /// A TLS client that trusts this authority alone.
    pub fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.ca()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    }
}

impl Identity {
    /// A TLS server that shows this certificate.
    pub fn server(&self) -> Arc<ServerConfig> {
        let certs = vec![CertificateDer::from_pem_file(&self.cert).unwrap()];
        let key = PrivateKeyDer::from_pem_file(&self.key).unwrap();
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(certs, key).unwrap())
    }

    /// Puts this certificate where `other` was: what a renewal does.
    pub fn replace(&self, other: &Identity) {
        copy(&self.cert, &other.cert);
        copy(&self.key, &other.key);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
