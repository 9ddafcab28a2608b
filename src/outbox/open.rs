//! Opening a session: connect without delay, encrypt, greet, log in.
//!
//! Credentials and mail never cross a connection that is not encrypted, unless both ends are this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::Ehlo;
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::reply::{Meaning, Reply, words};
use super::session::{Offer, Session, reply_of_error};
use super::wire::{ReplyLimit, Wire, WireSettings};
use super::{Deadlines, Login, Security, SmtpServer, limits};
use crate::store::Remedy;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection, or it broke before the login was through.
    #[error("reach `{server}`: {words}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// What the network said.
        words: String,
    },
    /// Going on would be unsafe: no encryption where it is required, or a certificate that proves nothing.
    #[error("talk safely to `{server}`: {words}")]
    Unsafe {
        /// Host and port.
        server: String,
        /// What is wrong.
        words: String,
    },
    /// The server refuses us before any mail.
    #[error("greet `{server}`: {}", reply.words)]
    Refused {
        /// Host and port.
        server: String,
        /// Its words.
        reply: Reply,
    },
    /// The credentials are refused, missing, or of a kind the server does not take.
    #[error("log in to `{server}`: {words}")]
    Login {
        /// Host and port.
        server: String,
        /// What the server, or the reader of the credentials, said.
        words: String,
    },
}

impl OpenError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable { .. } | Self::Refused { .. } => Remedy::Retry,
            Self::Unsafe { .. } | Self::Login { .. } => Remedy::FixConfig,
        }
    }
}

/// Everything a session is opened with.
pub(crate) struct Opening<'a> {
    pub(crate) server: &'a SmtpServer,
    pub(crate) hello: &'a str,
    pub(crate) login: &'a Login,
    pub(crate) deadlines: &'a Deadlines,
}

impl Opening<'_> {
    /// Connects, encrypts, greets and logs in.
    pub(crate) async fn open(self) -> Result<Session, OpenError> {
        let (tcp, peer) = self.connect().await?;
        let reply_limit = ReplyLimit::new(self.deadlines.greeting);
        let settings = WireSettings { peer, preface: b"", reply_limit: reply_limit.clone(), block_limit: self.deadlines.block };
        let stream: Box<dyn AsyncTokioStream> = match &self.server.security {
            Security::PlainLoopback if peer.ip().is_loopback() => Box::new(Wire::new(tcp, settings)),
            Security::PlainLoopback => {
                return Err(self.not_safe(format!("{} is not this machine, and the connection is not encrypted", peer.ip())));
            }
            Security::Tls(config) => Box::new(Wire::new(self.encrypt(tcp, config).await?, settings)),
            Security::StartTls(config) => {
                let tcp = self.ask_for_tls(tcp).await?;
                // The greeting was read before; the library waits for one.
                let settings = WireSettings { preface: b"220 encrypted\r\n", ..settings };
                Box::new(Wire::new(self.encrypt(tcp, config).await?, settings))
            }
        };
        let client = ClientId::Domain(self.hello.to_owned());
        let mut connection =
            AsyncSmtpConnection::connect_with_transport(stream, &client).await.map_err(|error| self.refused(&error))?;
        reply_limit.set(self.deadlines.command);
        // Asked twice, since the library keeps no more than four of the extensions.
        let hello = connection.command(Ehlo::new(client)).await.map_err(|error| self.refused(&error))?;
        let offer = Offer::read(hello.message());
        self.log_in(&mut connection, &offer).await?;
        Ok(Session::new(connection, offer, reply_limit, self.deadlines.clone()))
    }

    async fn connect(&self) -> Result<(TcpStream, SocketAddr), OpenError> {
        let (host, port) = (self.server.host.as_str(), self.server.port);
        let limit = self.deadlines.connect;
        let lookup = tokio::time::timeout(limit, tokio::net::lookup_host((host, port))).await;
        let addresses = lookup.map_err(|_| self.unreachable("the name is not resolved in time"))?;
        let mut last = self.unreachable("the name has no address");
        for address in addresses.map_err(|error| self.unreachable(&error.to_string()))? {
            match tokio::time::timeout(limit, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // Without this every command waits for the peer's delayed acknowledgement, some 40 ms.
                    tcp.set_nodelay(true).map_err(|error| self.unreachable(&error.to_string()))?;
                    return Ok((tcp, address));
                }
                Ok(Err(error)) => last = self.unreachable(&format!("{address}: {error}")),
                Err(_) => last = self.unreachable(&format!("{address}: no connection in time")),
            }
        }
        Err(last)
    }

    async fn encrypt(
        &self,
        tcp: TcpStream,
        config: &Arc<rustls::ClientConfig>,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, OpenError> {
        let name = ServerName::try_from(self.server.host.clone())
            .map_err(|_| self.not_safe(format!("`{}` is no name a certificate can prove", self.server.host)))?;
        let handshake = TlsConnector::from(Arc::clone(config)).connect(name, tcp);
        match tokio::time::timeout(self.deadlines.command, handshake).await {
            Ok(Ok(stream)) => Ok(stream),
            // A certificate that is wrong needs a person; a connection that breaks needs patience.
            Ok(Err(error)) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
                Err(self.not_safe(error.to_string()))
            }
            Ok(Err(error)) => Err(self.unreachable(&format!("encrypting: {error}"))),
            Err(_) => Err(self.unreachable("encrypting took too long")),
        }
    }

    /// The part of the dialogue that is in the clear: greeting, EHLO, STARTTLS (RFC 3207).
    async fn ask_for_tls(&self, mut tcp: TcpStream) -> Result<TcpStream, OpenError> {
        self.expect_reply(&mut tcp, self.deadlines.greeting, 220).await?;
        self.send(&mut tcp, &format!("EHLO {}\r\n", self.hello)).await?;
        let hello = self.expect_reply(&mut tcp, self.deadlines.command, 250).await?;
        if !Offer::read(hello.iter().map(String::as_str)).start_tls {
            return Err(self.not_safe("the server offers no STARTTLS, or somebody between removed the offer".to_owned()));
        }
        self.send(&mut tcp, "STARTTLS\r\n").await?;
        self.expect_reply(&mut tcp, self.deadlines.command, 220).await?;
        Ok(tcp)
    }

    async fn send(&self, tcp: &mut TcpStream, line: &str) -> Result<(), OpenError> {
        tcp.write_all(line.as_bytes()).await.map_err(|error| self.unreachable(&error.to_string()))
    }

    async fn expect_reply(&self, tcp: &mut TcpStream, limit: Duration, code: u16) -> Result<Vec<String>, OpenError> {
        let read = tokio::time::timeout(limit, read_reply(tcp)).await;
        let read = read.map_err(|_| self.unreachable("the server did not answer in time"))?;
        let (found, lines) = read.map_err(|error| self.unreachable(&error.to_string()))?;
        if found == code {
            return Ok(lines);
        }
        Err(OpenError::Refused { server: self.name(), reply: Reply::new(found, &lines.join(" ")) })
    }

    async fn log_in(&self, connection: &mut AsyncSmtpConnection, offer: &Offer) -> Result<(), OpenError> {
        let lines = match self.login {
            Login::None => return Ok(()),
            Login::Password { user, password } if offer.auth_plain => {
                vec![format!("AUTH PLAIN {}", BASE64.encode(format!("\0{user}\0{password}").as_bytes()))]
            }
            Login::Password { user, password } if offer.auth_login => {
                vec!["AUTH LOGIN".to_owned(), BASE64.encode(user.as_bytes()), BASE64.encode(password.as_bytes())]
            }
            Login::Bearer { user, token } if offer.auth_xoauth2 => {
                let words = format!("user={user}\x01auth=Bearer {token}\x01\x01");
                // The empty line answers the challenge in which a refusal is explained; then comes the refusal itself.
                vec![format!("AUTH XOAUTH2 {}", BASE64.encode(words.as_bytes())), String::new()]
            }
            Login::Password { .. } | Login::Bearer { .. } => {
                let words = "the server offers no way to log in with credentials of this kind".to_owned();
                return Err(OpenError::Login { server: self.name(), words });
            }
        };
        for line in lines {
            match connection.command(format!("{line}\r\n")).await {
                Ok(response) if response.has_code(334) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(self.login_refused(&error)),
            }
        }
        Err(OpenError::Login { server: self.name(), words: "the server asks for more than it said".to_owned() })
    }

    fn login_refused(&self, error: &lettre::transport::smtp::Error) -> OpenError {
        match reply_of_error(error) {
            // RFC 4954 §4.7.12 and friends: not now is not never.
            Some(reply) if reply.code < 500 => OpenError::Refused { server: self.name(), reply },
            Some(reply) => OpenError::Login { server: self.name(), words: reply.words },
            None => self.unreachable(&error.to_string()),
        }
    }

    fn refused(&self, error: &lettre::transport::smtp::Error) -> OpenError {
        match reply_of_error(error) {
            Some(reply) if reply.meaning() == Meaning::StopAccount => {
                OpenError::Login { server: self.name(), words: reply.words }
            }
            Some(reply) => OpenError::Refused { server: self.name(), reply },
            None => self.unreachable(&error.to_string()),
        }
    }

    fn name(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }

    fn unreachable(&self, text: &str) -> OpenError {
        OpenError::Unreachable { server: self.name(), words: words(text) }
    }

    fn not_safe(&self, text: String) -> OpenError {
        OpenError::Unsafe { server: self.name(), words: words(&text) }
    }
}

/// Reads one whole reply in the clear. Bytes after it are refused: they were put there to be believed after TLS has
/// begun (RFC 3207 §6).
async fn read_reply(tcp: &mut TcpStream) -> std::io::Result<(u16, Vec<String>)> {
    let bad = |what: &'static str| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
    let mut bytes = Vec::with_capacity(512);
    loop {
        if tcp.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if bytes.len() > limits::REPLY_BYTES_MAX {
            return Err(bad("the server's reply does not end"));
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.split_inclusive('\n');
        let ends = |line: &str| line.ends_with('\n') && line.as_bytes().get(3) != Some(&b'-');
        let Some(last) = lines.by_ref().find(|line| ends(line)) else { continue };
        if lines.next().is_some() {
            return Err(bad("the server sent bytes that nobody asked for"));
        }
        let code = last.get(..3).and_then(|digits| digits.parse().ok()).ok_or_else(|| bad("not a reply of a mail server"))?;
        return Ok((code, text.lines().map(|line| line.get(4..).unwrap_or_default().to_owned()).collect()));
    }
}
