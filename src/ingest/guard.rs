//! A wall between the socket and the IMAP parser: what the server may make us buffer, and how long it may keep silent.
//!
//! The parser allocates whatever a literal announces, re-reads long lines again and again, and recurses on parentheses
//! until the stack ends. So bytes are looked at before it sees them: lengths of lines and literals, the sum of a
//! command's answer, and the number of opening parentheses. A literal is let through only where both sides must agree
//! that it is one, because whatever hides in a literal is not looked at.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::limits::{LINE_BYTES_MAX, NAME_LITERAL_BYTES_MAX, PARENS_MAX};

/// What the answer to the current command may bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// Longest literal.
    pub(super) literal_bytes_max: u64,
    /// All literals of the answer together.
    pub(super) literals_bytes_max: u64,
}

impl Allowance {
    /// No mail is asked for.
    pub(super) const NO_MAIL: Self = Self { literal_bytes_max: 0, literals_bytes_max: 0 };
}

/// The server broke a limit. Travels inside an [`io::Error`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Breach {
    /// A line without end.
    #[error("the server sent a line of more than {LINE_BYTES_MAX} bytes")]
    Line,
    /// More parentheses than any answer we asked for has.
    #[error("the server sent more than {PARENS_MAX} opening parentheses in one response")]
    Parens,
    /// A literal larger than what was asked for.
    #[error("the server announced {announced} bytes where at most {allowed} were asked for")]
    Literal {
        /// Announced size.
        announced: u64,
        /// Largest size allowed.
        allowed: u64,
    },
    /// A literal where none belongs.
    #[error("the server sent a literal where none belongs")]
    Misplaced,
    /// No byte came for so long.
    #[error("no byte within {0:?}")]
    Stalled(Duration),
}

impl From<Breach> for io::Error {
    fn from(breach: Breach) -> Self {
        let kind = if matches!(breach, Breach::Stalled(_)) { io::ErrorKind::TimedOut } else { io::ErrorKind::InvalidData };
        Self::new(kind, breach)
    }
}

/// What stands at the beginning of a response, as far as literals are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `* n FETCH (`
    Fetch,
    /// `* STATUS ` or `* LIST `: may carry a name.
    Named,
    /// Anything else: no literal.
    Other,
}

/// Follows the bytes of responses.
#[derive(Debug)]
struct Scan {
    allowance: Allowance,
    /// Bytes of the current literal still to come.
    literal_left: u64,
    /// Literal bytes of the current command so far.
    literals_bytes: u64,
    /// The line so far, at most [`HEAD`] bytes of its beginning.
    head: Vec<u8>,
    /// The last bytes of the line so far, at most [`TAIL`].
    tail: Vec<u8>,
    line_bytes: u64,
    /// Opening parentheses of the response so far.
    opened: u32,
    /// Open minus closed.
    depth: i64,
    quoted: bool,
    /// Known once the first line of the response reached a literal.
    kind: Option<Kind>,
}

const HEAD: usize = 32;
const TAIL: usize = 32;

impl Scan {
    fn new() -> Self {
        Self {
            allowance: Allowance::NO_MAIL,
            literal_left: 0,
            literals_bytes: 0,
            head: Vec::with_capacity(HEAD),
            tail: Vec::with_capacity(2 * TAIL),
            line_bytes: 0,
            opened: 0,
            depth: 0,
            quoted: false,
            kind: None,
        }
    }

    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Breach> {
        while !bytes.is_empty() {
            if self.literal_left > 0 {
                let skipped = usize::try_from(self.literal_left).unwrap_or(usize::MAX).min(bytes.len());
                self.literal_left -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            let (line, rest) = bytes.split_at(end);
            self.line(line)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Takes a piece of a line, up to and including its end.
    fn line(&mut self, piece: &[u8]) -> Result<(), Breach> {
        self.line_bytes += piece.len() as u64;
        if self.line_bytes > LINE_BYTES_MAX {
            return Err(Breach::Line);
        }
        for byte in piece {
            match byte {
                b'(' => {
                    self.opened += 1;
                    self.depth += 1;
                }
                b')' => self.depth -= 1,
                b'"' => self.quoted = true,
                _ => {}
            }
        }
        if self.opened > PARENS_MAX {
            return Err(Breach::Parens);
        }
        let room = HEAD - self.head.len();
        self.head.extend_from_slice(&piece[..room.min(piece.len())]);
        self.tail.extend_from_slice(&piece[piece.len().saturating_sub(TAIL)..]);
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        if piece.last() == Some(&b'\n') { self.end_of_line() } else { Ok(()) }
    }

    fn end_of_line(&mut self) -> Result<(), Breach> {
        let announced = announced(&self.tail);
        let kind = *self.kind.get_or_insert_with(|| kind_of(&self.head));
        match announced {
            Some(announced) => {
                self.admit(kind, announced)?;
                self.literal_left = announced;
            }
            None => {
                self.opened = 0;
                self.depth = 0;
                self.quoted = false;
                self.kind = None;
                self.head.clear();
            }
        }
        self.line_bytes = 0;
        self.tail.clear();
        Ok(())
    }

    /// Whether a literal may stand here.
    ///
    /// In a FETCH only directly after a section, one parenthesis deep, with no quote before it: then no way of reading
    /// the line makes it anything but a literal. (The parser takes unknown attributes up to the next parenthesis.)
    fn admit(&mut self, kind: Kind, announced: u64) -> Result<(), Breach> {
        let allowed = match kind {
            Kind::Fetch => {
                let before = &self.tail[..self.tail.iter().rposition(|byte| *byte == b'{').unwrap_or(0)];
                let section = before.ends_with(b"] ") || before.ends_with(b"> ");
                if !section || self.depth != 1 || self.quoted {
                    return Err(Breach::Misplaced);
                }
                self.allowance.literal_bytes_max.min(self.allowance.literals_bytes_max.saturating_sub(self.literals_bytes))
            }
            Kind::Named => NAME_LITERAL_BYTES_MAX,
            Kind::Other => return Err(Breach::Misplaced),
        };
        if announced > allowed {
            return Err(Breach::Literal { announced, allowed });
        }
        self.literals_bytes += announced;
        Ok(())
    }
}

/// The size in `{n}` or `{n+}` at the end of a line; a number too large to be one counts as huge.
fn announced(tail: &[u8]) -> Option<u64> {
    let line = tail.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_suffix(b"}")?;
    let line = line.strip_suffix(b"+").unwrap_or(line);
    let start = line.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    let digits = &line[start..];
    if digits.is_empty() || (start > 0 && line[start - 1] != b'{') {
        return None;
    }
    Some(std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX))
}

/// What a response is, by its beginning.
fn kind_of(head: &[u8]) -> Kind {
    let Some(rest) = head.strip_prefix(b"* ") else { return Kind::Other };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let word = |bytes: &[u8], word: &[u8]| bytes.len() >= word.len() && bytes[..word.len()].eq_ignore_ascii_case(word);
    if digits > 0 && word(&rest[digits..], b" FETCH (") {
        Kind::Fetch
    } else if word(rest, b"STATUS ") || word(rest, b"LIST ") {
        Kind::Named
    } else {
        Kind::Other
    }
}

/// The guarded stream. Writes are held until flushed, so that a command leaves in one packet.
pub(super) struct Guard<T> {
    inner: T,
    scan: Scan,
    out: Vec<u8>,
    sent: usize,
    stall: Option<Duration>,
    alarm: Pin<Box<Sleep>>,
    waiting: bool,
}

impl<T> Guard<T> {
    /// Guards a stream; nothing but lines is allowed until [`Guard::allow`].
    pub(super) fn new(inner: T, stall: Duration) -> Self {
        Self {
            inner,
            scan: Scan::new(),
            out: Vec::new(),
            sent: 0,
            stall: Some(stall),
            alarm: Box::pin(tokio::time::sleep(Duration::ZERO)),
            waiting: false,
        }
    }

    /// Says what the answer to the next command may bring.
    pub(super) fn allow(&mut self, allowance: Allowance) {
        self.scan.allowance = allowance;
        self.scan.literals_bytes = 0;
    }

    /// Says how long the peer may be silent; `None` while idling.
    pub(super) fn set_stall(&mut self, stall: Option<Duration>) {
        self.stall = stall;
        self.waiting = false;
    }

    /// The stream without its guard.
    pub(super) fn into_inner(self) -> T {
        self.inner
    }
}

impl<T> fmt::Debug for Guard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("stall", &self.stall).finish_non_exhaustive()
    }
}

impl<T> Guard<T> {
    /// Counts silence from the first time the peer had nothing for us.
    fn poll_stalled(&mut self, cx: &mut Context<'_>) -> Option<Breach> {
        let stall = self.stall?;
        if !self.waiting {
            self.waiting = true;
            self.alarm.as_mut().reset(Instant::now() + stall);
        }
        self.alarm.as_mut().poll(cx).is_ready().then_some(Breach::Stalled(stall))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Guard<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.inner).poll_read(cx, buf) {
            Poll::Pending => match this.poll_stalled(cx) {
                Some(breach) => Poll::Ready(Err(breach.into())),
                None => Poll::Pending,
            },
            Poll::Ready(Ok(())) => {
                this.waiting = false;
                let checked = this.scan.feed(&buf.filled()[before..]);
                if checked.is_err() {
                    buf.set_filled(before);
                }
                Poll::Ready(checked.map_err(io::Error::from))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Guard<T> {
    fn poll_write(self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().out.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.sent < this.out.len() {
            let written = ready!(Pin::new(&mut this.inner).poll_write(cx, &this.out[this.sent..]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            this.sent += written;
        }
        this.out.clear();
        this.sent = 0;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `input` in pieces of every size from 1 to 7 and whole; all must agree.
    fn check(allowance: Allowance, input: &[u8], expect: Result<(), Breach>) {
        for size in (1..=7).chain([input.len().max(1)]) {
            let mut scan = Scan::new();
            scan.allowance = allowance;
            let found = input.chunks(size).try_for_each(|piece| scan.feed(piece));
            assert_eq!(found, expect, "in pieces of {size}: {:?}", String::from_utf8_lossy(&input[..input.len().min(200)]));
        }
    }

    const MAIL: Allowance = Allowance { literal_bytes_max: 100, literals_bytes_max: 150 };

    #[test]
    fn an_ordinary_answer_passes() {
        check(MAIL, b"* 1 FETCH (UID 7 BODY[] {5}\r\n((((()\r\n* 2 FETCH (BODY[]<0> {3}\r\nabc UID 8)\r\nA1 OK done\r\n", Ok(()));
        check(MAIL, b"* 1 FETCH (UID 7 BODY[] {5}\r\n((((( FLAGS (\\Seen))\r\n* 2 EXISTS\r\nA1 OK done\r\n", Ok(()));
        check(MAIL, b"* STATUS {5}\r\nINBOX (UIDNEXT 4)\r\n* OK [ALERT] it's \"odd\r\n", Ok(()));
    }

    #[test]
    fn a_literal_larger_than_asked_for_is_refused_before_it_comes() {
        check(MAIL, b"* 1 FETCH (BODY[] {101}\r\n", Err(Breach::Literal { announced: 101, allowed: 100 }));
        check(
            MAIL,
            b"* 1 FETCH (BODY[] {99999999999999999999999}\r\n",
            Err(Breach::Literal { announced: u64::MAX, allowed: 100 }),
        );
        let mut two = b"* 1 FETCH (BODY[] {100}\r\n".to_vec();
        two.extend([b'x'; 100]);
        two.extend_from_slice(b")\r\n* 2 FETCH (BODY[] {51}\r\n");
        check(MAIL, &two, Err(Breach::Literal { announced: 51, allowed: 50 }));
        check(Allowance::NO_MAIL, b"* 1 FETCH (BODY[] {1}\r\n", Err(Breach::Literal { announced: 1, allowed: 0 }));
    }

    #[test]
    fn nothing_hides_in_what_only_looks_like_a_literal() {
        for line in [
            "* OK text {5}\r\n",
            "A1 NO {5}\r\n",
            "+ {5}\r\n",
            "* 1 FETCH (X (a BODY[] {5}\r\n",
            "* 1 FETCH (X \")\" Y (b BODY[] {5}\r\n",
            "* 1 FETCH (X {5}\r\n",
            "* 1 FETCH ENVELOPE {5}\r\n",
        ] {
            check(MAIL, line.as_bytes(), Err(Breach::Misplaced));
        }
    }

    #[test]
    fn endless_lines_and_nested_lists_are_refused() {
        check(MAIL, &vec![b'x'; usize::try_from(LINE_BYTES_MAX).expect("fits") + 1], Err(Breach::Line));
        check(MAIL, format!("* 1 FETCH (BODYSTRUCTURE {}", "(".repeat(400)).as_bytes(), Err(Breach::Parens));
        let many = "* 1 FETCH (UID 1)\r\n".repeat(200);
        check(MAIL, many.as_bytes(), Ok(()));
    }

    #[tokio::test]
    async fn a_silent_peer_is_given_up() {
        use tokio::io::AsyncReadExt;
        let (near, _far) = tokio::io::duplex(64);
        let mut guard = Guard::new(near, Duration::from_millis(10));
        let error = guard.read_u8().await.expect_err("nothing was sent");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
