//! The byte stream under a session: deadlines for every reply and every block, and a bound on reply lines.
//!
//! The protocol library knows no deadlines, and reads a line without end into memory. Both are guarded here, below it.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::limits;

/// How long the next reply may take; shared between a session, which knows the command, and its wire.
#[derive(Clone, Debug)]
pub(crate) struct ReplyLimit(Arc<AtomicU64>);

impl ReplyLimit {
    pub(crate) fn new(limit: Duration) -> Self {
        let shared = Self(Arc::default());
        shared.set(limit);
        shared
    }

    pub(crate) fn set(&self, limit: Duration) {
        self.0.store(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn get(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A guarded stream. The clock of a reply starts when its command is written, so a server that trickles gains nothing;
/// the clock of a write starts anew with each block that the peer takes.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    stream: S,
    peer: SocketAddr,
    /// Read before the stream: stands in for the greeting that does not come after STARTTLS (RFC 3207 §4.2).
    preface: &'static [u8],
    reply_limit: ReplyLimit,
    block_limit: Duration,
    reading: Timer,
    writing: Timer,
    line_bytes: usize,
}

/// What a wire is made of.
pub(crate) struct WireSettings {
    pub(crate) peer: SocketAddr,
    pub(crate) preface: &'static [u8],
    pub(crate) reply_limit: ReplyLimit,
    pub(crate) block_limit: Duration,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, settings: WireSettings) -> Self {
        Self {
            stream,
            peer: settings.peer,
            preface: settings.preface,
            reply_limit: settings.reply_limit,
            block_limit: settings.block_limit,
            reading: Timer::default(),
            writing: Timer::default(),
            line_bytes: 0,
        }
    }

    fn watch_lines(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line_bytes += piece.len();
            if self.line_bytes > limits::REPLY_LINE_BYTES_MAX {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the server's reply line does not end"));
            }
            if piece.ends_with(b"\n") {
                self.line_bytes = 0;
            }
        }
        Ok(())
    }
}

/// A deadline that is armed by the first wait and kept until it is cleared.
#[derive(Debug, Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Timer {
    fn clear(&mut self) {
        self.armed = false;
    }

    fn poll_expired(&mut self, context: &mut Context<'_>, limit: Duration, what: &'static str) -> Poll<io::Error> {
        if !self.armed {
            // A century stands for "no limit" where the sum would not fit.
            let deadline = Instant::now() + limit.min(Duration::from_secs(100 * 365 * 86_400));
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(deadline),
                None => self.sleep = Some(Box::pin(tokio::time::sleep_until(deadline))),
            }
            self.armed = true;
        }
        let sleep = self.sleep.as_mut().expect("armed above");
        ready!(sleep.as_mut().poll(context));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, what))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if !wire.preface.is_empty() {
            let length = wire.preface.len().min(buffer.remaining());
            buffer.put_slice(&wire.preface[..length]);
            wire.preface = &wire.preface[length..];
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        match Pin::new(&mut wire.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                let watched = wire.watch_lines(&buffer.filled()[before..]);
                if watched.is_err() {
                    // A failed read leaves the buffer as it was.
                    buffer.set_filled(before);
                }
                Poll::Ready(watched)
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let limit = wire.reply_limit.get();
                wire.reading.poll_expired(context, limit, "the server did not answer in time").map(Err)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    fn after_write<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(result) => {
                self.reading.clear();
                self.writing.clear();
                Poll::Ready(result)
            }
            Poll::Pending => self.writing.poll_expired(context, self.block_limit, "the server takes no more bytes").map(Err),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let written = Pin::new(&mut wire.stream).poll_write(context, bytes);
        wire.after_write(context, written)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let flushed = Pin::new(&mut wire.stream).poll_flush(context);
        wire.after_write(context, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let closed = Pin::new(&mut wire.stream).poll_shutdown(context);
        wire.after_write(context, closed)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin + Debug> AsyncTokioStream for Wire<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn wire(reply_limit: Duration) -> (Wire<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let settings = WireSettings {
            peer: ([127, 0, 0, 1], 25).into(),
            preface: b"220 hello\r\n",
            reply_limit: ReplyLimit::new(reply_limit),
            block_limit: Duration::from_millis(50),
        };
        (Wire::new(near, settings), far)
    }

    #[tokio::test]
    async fn the_preface_is_read_first() {
        let (mut wire, mut far) = wire(Duration::from_secs(5));
        far.write_all(b"250 ok\r\n").await.expect("room");
        drop(far);
        let mut all = String::new();
        wire.read_to_string(&mut all).await.expect("readable");
        assert_eq!(all, "220 hello\r\n250 ok\r\n");
    }

    #[tokio::test]
    async fn a_trickling_server_does_not_outlive_the_limit() {
        let (mut wire, mut far) = wire(Duration::from_millis(60));
        let trickle = tokio::spawn(async move {
            while far.write_all(b"2").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let mut all = Vec::new();
        let error = wire.read_to_end(&mut all).await.expect_err("too slow");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(wire);
        trickle.await.expect("ends");
    }

    #[tokio::test]
    async fn a_line_without_end_is_refused() {
        let (mut wire, mut far) = wire(Duration::from_secs(5));
        let flood = tokio::spawn(async move { while far.write_all(&[b'2'; 1024]).await.is_ok() {} });
        let mut all = Vec::new();
        let error = wire.read_to_end(&mut all).await.expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        drop(wire);
        flood.await.expect("ends");
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_left() {
        let (mut wire, _far) = wire(Duration::from_secs(5));
        let error = wire.write_all(&vec![b'x'; 1024 * 1024]).await.expect_err("stalled");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
