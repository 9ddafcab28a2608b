//! One request over one connection: HTTP/1.1 (RFC 9112) with TLS, deadlines and a bounded answer. Redirects are not
//! followed: whoever moved a webhook tells its owner.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request as HttpRequest;
use hyper::Uri;
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{ChannelSettings, Request};

/// All of it may take so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read.
const ANSWER_MAX: usize = 64 * 1024;
/// Characters of an answer that are kept.
const SHOWN_MAX: usize = 200;

/// What a channel answers.
#[derive(Debug)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// Seconds after which it may be tried again, if it says so (RFC 9110 §10.2.3).
    pub(super) retry_after: Option<SignedDuration>,
    words: String,
}

impl Answer {
    /// For the outbox.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.status, self.words).trim().to_owned()
    }
}

/// Why nothing was answered.
#[derive(Debug, Error)]
pub(super) enum PostError {
    /// The address is none.
    #[error("read the channel's url")]
    Url,
    /// No connection.
    #[error("connect to the channel: {0}")]
    Connect(std::io::Error),
    /// The talk broke off.
    #[error("talk to the channel: {0}")]
    Talk(hyper::Error),
    /// It took too long.
    #[error("wait for the channel: no answer within {} s", PATIENCE.as_secs())]
    Late,
}

/// Posts a request.
pub(super) async fn post(settings: &ChannelSettings, request: &Request) -> Result<Answer, PostError> {
    tokio::time::timeout(PATIENCE, exchange(settings, request)).await.unwrap_or(Err(PostError::Late))
}

async fn exchange(settings: &ChannelSettings, request: &Request) -> Result<Answer, PostError> {
    let uri: Uri = settings.url.parse().map_err(|_| PostError::Url)?;
    let authority = uri.authority().ok_or(PostError::Url)?;
    let is_tls = uri.scheme_str() == Some("https");
    let host = authority.host().trim_matches(['[', ']']);
    let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await.map_err(PostError::Connect)?;
    if !is_tls {
        return talk(stream, &uri, request).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| PostError::Url)?;
    let stream = TlsConnector::from(settings.tls.clone()).connect(name, stream).await.map_err(PostError::Connect)?;
    talk(stream, &uri, request).await
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    request: &Request,
) -> Result<Answer, PostError> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(PostError::Talk)?;
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut head = HttpRequest::builder().method(request.method.as_str()).uri(path);
    head = head.header("Host", uri.authority().map_or("", |authority| authority.as_str())).header("User-Agent", "frontdesk");
    for (name, value) in &request.fields {
        head = head.header(name, value);
    }
    let body = Body::new(Full::new(Bytes::from(request.body.clone())));
    let request = head.body(body).map_err(|_| PostError::Url)?;
    let answer = sender.send_request(request).await.map_err(PostError::Talk)?;
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    // What it says is for people; whether it can be read to its end changes nothing.
    let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
    let bytes = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    driver.abort();
    let words = String::from_utf8_lossy(&bytes).chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect();
    Ok(Answer { status, retry_after: retry_after.map(SignedDuration::from_secs), words })
}
