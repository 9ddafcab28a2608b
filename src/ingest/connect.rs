//! From a host name to a greeted client, protected as asked.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_imap::Client;
use async_imap::imap_proto::{Response, Status};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::error::IngestError;
use super::guard::Guard;
use super::session::{is_throttle, lost, of_library, stalled, tidy};
use super::{Deadlines, Security, Server};

/// What the IMAP client speaks over.
pub(super) type Wire = Guard<Transport>;

/// The socket, protected or not.
#[derive(Debug)]
pub(super) enum Transport {
    /// Loopback, or before STARTTLS.
    Plain(TcpStream),
    /// TLS 1.2 or 1.3.
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

/// Connects, protects the connection and reads the greeting. Nothing secret is sent.
pub(super) async fn connect(server: &Server, deadlines: &Deadlines) -> Result<Client<Wire>, IngestError> {
    let limit = deadlines.connect;
    let socket = timeout(limit, dial(server)).await.map_err(|_| stalled("connect", limit))??;
    match server.security {
        Security::Plain => greeted(Transport::Plain(socket), deadlines).await,
        Security::Tls => {
            let stream = protect(server, socket, limit).await?;
            greeted(stream, deadlines).await
        }
        Security::StartTls => {
            let client = greeted(Transport::Plain(socket), deadlines).await?;
            let socket = timeout(limit, start_tls(client, server)).await.map_err(|_| stalled("ask for STARTTLS", limit))??;
            let stream = protect(server, socket, limit).await?;
            // RFC 9051 §6.2.1: no second greeting, and what was known before is void.
            Ok(Client::new(Guard::new(stream, deadlines.stall)))
        }
    }
}

fn name_of(server: &Server) -> String {
    format!("{}:{}", server.host, server.port)
}

async fn dial(server: &Server) -> Result<TcpStream, IngestError> {
    let failed = |source| IngestError::Connect { server: name_of(server), source };
    let socket = TcpStream::connect((server.host.as_str(), server.port)).await.map_err(failed)?;
    if server.security == Security::Plain && !socket.peer_addr().map_err(failed)?.ip().is_loopback() {
        return Err(IngestError::PlainRefused { server: name_of(server) });
    }
    socket.set_nodelay(true).map_err(failed)?;
    // A peer that vanished without a word is noticed by the kernel after about two minutes of an IDLE.
    let keepalive =
        socket2::TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(20)).with_retries(3);
    socket2::SockRef::from(&socket).set_tcp_keepalive(&keepalive).map_err(failed)?;
    Ok(socket)
}

/// Reads the greeting.
async fn greeted(stream: Transport, deadlines: &Deadlines) -> Result<Client<Wire>, IngestError> {
    let act = "wait for the greeting";
    let mut client = Client::new(Guard::new(stream, deadlines.connect));
    let greeting = timeout(deadlines.connect, client.read_response())
        .await
        .map_err(|_| stalled(act, deadlines.connect))?
        .map_err(|error| lost(act, &error))?
        .ok_or_else(|| IngestError::Lost { act, text: "the server hung up".to_owned() })?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok, .. } => Ok(client),
        Response::Data { status: Status::Bye, outcome } => {
            let text = outcome.information.as_deref().unwrap_or_default();
            let (throttled, text) = (is_throttle(text), tidy(text));
            // A server that is still starting says goodbye too.
            Err(if throttled { IngestError::Throttled { act, text } } else { IngestError::Lost { act, text } })
        }
        // PREAUTH would make STARTTLS impossible, and whose mailbox it is nobody said.
        _ => Err(IngestError::Protocol { act, what: "this is not an IMAP greeting".to_owned() }),
    }
}

/// Asks for TLS; whatever the server sent ahead in plain text is thrown away with the client.
async fn start_tls(mut client: Client<Wire>, server: &Server) -> Result<TcpStream, IngestError> {
    let act = "ask for STARTTLS";
    match client.run_command_and_check_ok("STARTTLS", None).await {
        Ok(()) => {}
        Err(async_imap::error::Error::No(text) | async_imap::error::Error::Bad(text)) => {
            return Err(IngestError::NoTls { server: name_of(server), text: tidy(&text) });
        }
        Err(error) => return Err(of_library(act, &error)),
    }
    match client.into_inner().into_inner() {
        Transport::Plain(socket) => Ok(socket),
        Transport::Tls(_) => Err(IngestError::Protocol { act, what: "the connection is protected already".to_owned() }),
    }
}

async fn protect(server: &Server, socket: TcpStream, limit: Duration) -> Result<Transport, IngestError> {
    let failed = |why: String| IngestError::Tls { server: name_of(server), why };
    let config = match &server.ca {
        Some(pem) => client_config(roots_of(pem).map_err(failed)?),
        None => {
            let roots = tokio::task::spawn_blocking(native_roots).await;
            client_config(roots.map_err(|_| IngestError::Panicked { act: "reading the trust store" })?.map_err(failed)?)
        }
    }
    .map_err(failed)?;
    let name = ServerName::try_from(server.host.clone()).map_err(|_| failed("the host is not a name or address".to_owned()))?;
    let handshake = TlsConnector::from(Arc::new(config)).connect(name, socket);
    let stream = timeout(limit, handshake).await.map_err(|_| stalled("set up TLS", limit))?;
    stream.map(|stream| Transport::Tls(Box::new(stream))).map_err(|error| failed(tidy(&error.to_string())))
}

fn roots_of(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("the private authority is not PEM: {error}"))?;
        roots.add(certificate).map_err(|error| format!("the private authority cannot be used: {error}"))?;
    }
    if roots.is_empty() { Err("the private authority holds no certificate".to_owned()) } else { Ok(roots) }
}

fn native_roots() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 { Err("this machine's trust store is empty".to_owned()) } else { Ok(roots) }
}

fn client_config(roots: RootCertStore) -> Result<ClientConfig, String> {
    // The provider is named, so that nothing depends on what main installed.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
        .map_err(|error| error.to_string())
}
