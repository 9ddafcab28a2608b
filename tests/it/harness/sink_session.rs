//! One SMTP session of the [`super::sink::Sink`] (RFC 5321), one thread.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use data_encoding::BASE64;
use rustls::{ServerConnection, StreamOwned};

use super::sink::{Accepted, Envelope, Fault, Phase, Shared};

/// A mail larger than this is a mistake of the test.
const MAIL_BYTES_MAX: usize = 512 * 1024 * 1024;

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

struct Session<'a> {
    number: usize,
    shared: &'a Shared,
    stream: BufReader<Box<dyn Stream>>,
    tls: bool,
    user: Option<String>,
    envelope: Envelope,
    in_transaction: bool,
    /// Set when the next reply is to be the last thing we say.
    closing: bool,
}

/// Whether the session goes on.
type Flow = io::Result<ControlFlow<()>>;

const GO_ON: Flow = Ok(ControlFlow::Continue(()));
const OVER: Flow = Ok(ControlFlow::Break(()));

/// Serves one connection until either side ends it.
///
/// # Errors
/// If the connection breaks.
pub fn run(socket: TcpStream, number: usize, shared: &Arc<Shared>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    if shared.options.implicit_tls {
        let stream = encrypt(Box::new(socket), shared)?;
        return talk(stream, true, number, shared).map(|_| ());
    }
    let rest = talk(Box::new(socket), false, number, shared)?;
    match rest {
        // STARTTLS was agreed on: the session begins anew, without a greeting.
        Some(stream) => resume(encrypt(stream, shared)?, number, shared),
        None => Ok(()),
    }
}

fn encrypt(stream: Box<dyn Stream>, shared: &Shared) -> io::Result<Box<dyn Stream>> {
    let config = shared.tls.clone().expect("TLS is only offered with a certificate");
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    Ok(Box::new(StreamOwned::new(connection, stream)))
}

/// Returns the stream when the client may now start TLS.
fn talk(stream: Box<dyn Stream>, tls: bool, number: usize, shared: &Shared) -> io::Result<Option<Box<dyn Stream>>> {
    let mut session = Session::new(stream, tls, number, shared);
    if session.answer(Phase::Connect, "<connect>", "220 sink.test.example ESMTP")?.is_break() {
        return Ok(None);
    }
    session.serve()
}

fn resume(stream: Box<dyn Stream>, number: usize, shared: &Shared) -> io::Result<()> {
    Session::new(stream, true, number, shared).serve().map(|_| ())
}

impl<'a> Session<'a> {
    fn new(stream: Box<dyn Stream>, tls: bool, number: usize, shared: &'a Shared) -> Self {
        let stream = BufReader::new(stream);
        Session { number, shared, stream, tls, user: None, envelope: Envelope::default(), in_transaction: false, closing: false }
    }

    fn serve(mut self) -> io::Result<Option<Box<dyn Stream>>> {
        loop {
            let Some(line) = self.read_line()? else { return Ok(None) };
            let command = line.trim_end().to_owned();
            if command.eq_ignore_ascii_case("STARTTLS") && self.shared.tls.is_some() && !self.tls {
                if self.answer(Phase::StartTls, &command, "220 2.0.0 begin")?.is_break() {
                    return Ok(None);
                }
                return Ok(Some(self.stream.into_inner()));
            }
            if self.command(&command)?.is_break() {
                return Ok(None);
            }
        }
    }

    fn command(&mut self, command: &str) -> Flow {
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "HELO" => {
                let capabilities = self.capabilities();
                self.answer(Phase::Ehlo, command, &capabilities)
            }
            "AUTH" => self.auth(command),
            "MAIL" => self.mail(command),
            "RCPT" => self.rcpt(command),
            "DATA" => self.data(command),
            "RSET" => {
                self.reset();
                self.say(command, "250 2.0.0 ok")
            }
            "NOOP" => self.say(command, "250 2.0.0 ok"),
            "QUIT" => {
                self.closing = true;
                self.say(command, "221 2.0.0 bye")
            }
            _ => self.say(command, "500 5.5.1 what?"),
        }
    }

    fn capabilities(&self) -> String {
        let mut lines =
            vec!["sink.test.example", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES", "DSN", "SIZE 500000000"];
        if self.shared.tls.is_some() && !self.tls {
            lines.push("STARTTLS");
        }
        if self.shared.options.auth.is_some() {
            lines.push("AUTH PLAIN LOGIN");
        }
        let last = lines.pop().expect("a fixed list");
        lines.iter().map(|line| format!("250-{line}\r\n")).collect::<String>() + "250 " + last
    }

    fn auth(&mut self, command: &str) -> Flow {
        let mut words = command.split_whitespace().skip(1);
        let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
        let initial = words.next().map(str::to_owned);
        let given = match mechanism.as_str() {
            "PLAIN" => {
                let Some(line) = self.or_ask(initial, "334 ")? else { return OVER };
                // RFC 4616: identity NUL name NUL password.
                let mut fields = line.split('\0').skip(1).map(str::to_owned);
                (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
            }
            "LOGIN" => {
                let Some(name) = self.or_ask(initial, "334 VXNlcm5hbWU6")? else { return OVER };
                let Some(password) = self.or_ask(None, "334 UGFzc3dvcmQ6")? else { return OVER };
                (name, password)
            }
            _ => return self.say("AUTH", "504 5.5.4 unknown mechanism"),
        };
        let shown = format!("AUTH {mechanism} ***");
        if self.shared.options.auth.as_ref() == Some(&given) {
            self.user = Some(given.0);
            return self.answer(Phase::Auth, &shown, "235 2.7.0 welcome");
        }
        self.say(&shown, "535 5.7.8 bad name or password")
    }

    /// The decoded argument, asked for if it did not come with the command.
    fn or_ask(&mut self, initial: Option<String>, prompt: &str) -> io::Result<Option<String>> {
        let line = match initial {
            Some(line) => line,
            None => {
                self.write(prompt)?;
                let Some(line) = self.read_line()? else { return Ok(None) };
                line
            }
        };
        let bytes = BASE64.decode(line.trim().as_bytes()).unwrap_or_default();
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn mail(&mut self, command: &str) -> Flow {
        if self.shared.options.auth.is_some() && self.user.is_none() {
            return self.say(command, "530 5.7.0 sign in first");
        }
        let (sender, params) = path(command);
        self.reset();
        self.envelope.sender = sender;
        self.envelope.sender_params = params;
        self.in_transaction = true;
        self.answer(Phase::Mail, command, "250 2.1.0 ok")
    }

    fn rcpt(&mut self, command: &str) -> Flow {
        if !self.in_transaction {
            return self.say(command, "503 5.5.1 MAIL first");
        }
        let (recipient, params) = path(command);
        self.envelope.recipients.push(recipient.to_lowercase());
        self.envelope.recipient_params.push(params);
        let fault = self.shared.fault(Phase::Rcpt, &self.envelope.recipients[self.envelope.recipients.len() - 1..]);
        if matches!(fault, Some(Fault::Reply(_))) {
            // Refused: it is not part of the envelope.
            self.envelope.recipients.pop();
            self.envelope.recipient_params.pop();
        }
        self.strike(fault, command, "250 2.1.5 ok")
    }

    fn data(&mut self, command: &str) -> Flow {
        if self.envelope.recipients.is_empty() {
            return self.say(command, "503 5.5.1 RCPT first");
        }
        let fault = self.shared.fault(Phase::Data, &self.envelope.recipients);
        let refused = matches!(fault, Some(Fault::Reply(_)));
        if self.strike(fault, command, "354 go on")?.is_break() {
            return OVER;
        }
        if refused {
            return GO_ON;
        }
        let fault = self.shared.fault(Phase::Body, &self.envelope.recipients);
        let Some(bytes) = self.read_mail(fault.as_ref())? else {
            self.shared.record(self.number, "<mail>", "");
            return OVER;
        };
        self.dot(bytes)
    }

    fn dot(&mut self, bytes: Vec<u8>) -> Flow {
        let fault = self.shared.fault(Phase::Dot, &self.envelope.recipients);
        let keep = !matches!(fault, Some(Fault::Reply(_) | Fault::Drop));
        let mail = Accepted {
            envelope: std::mem::take(&mut self.envelope),
            bytes,
            tls: self.tls,
            user: self.user.clone(),
            session: self.number,
            at: Instant::now(),
        };
        self.reset();
        // Kept before it is answered: what the sender was told is never more than what we have.
        if keep {
            self.shared.keep(mail);
        }
        self.strike(fault, "<mail>", "250 2.0.0 queued")
    }

    /// Reads up to the final dot, or `None` if a fault or the peer ended the session before.
    fn read_mail(&mut self, fault: Option<&Fault>) -> io::Result<Option<Vec<u8>>> {
        let mut mail = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line)? == 0 || mail.len() > MAIL_BYTES_MAX {
                return Ok(None);
            }
            if line == b".\r\n" {
                return Ok(Some(mail));
            }
            match fault {
                Some(Fault::Slow(span)) if mail.is_empty() => self.shared.pause(Some(*span))?,
                Some(Fault::Hang) if mail.is_empty() => self.shared.pause(None)?,
                Some(Fault::Drop | Fault::KeepThenDrop | Fault::GoodThenDrop | Fault::Reply(_)) => return Ok(None),
                Some(Fault::Slow(_) | Fault::Hang) | None => {}
            }
            mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    /// Gives the good answer unless a fault strikes.
    fn answer(&mut self, phase: Phase, command: &str, good: &str) -> Flow {
        let fault = self.shared.fault(phase, &self.envelope.recipients);
        self.strike(fault, command, good)
    }

    fn strike(&mut self, fault: Option<Fault>, command: &str, good: &str) -> Flow {
        match fault {
            None => self.say(command, good),
            Some(Fault::Reply(text)) => {
                // RFC 5321 §3.8: after 421 the server closes.
                self.closing |= text.starts_with("421");
                self.say(command, &text)
            }
            Some(Fault::Drop | Fault::KeepThenDrop) => {
                self.shared.record(self.number, command, "");
                OVER
            }
            Some(Fault::Slow(span)) => {
                self.shared.pause(Some(span))?;
                self.say(command, good)
            }
            Some(Fault::GoodThenDrop) => {
                self.closing = true;
                self.say(command, good)
            }
            Some(Fault::Hang) => {
                self.shared.pause(None)?;
                self.say(command, good)
            }
        }
    }

    fn say(&mut self, command: &str, reply: &str) -> Flow {
        self.shared.record(self.number, command, reply);
        self.write(reply)?;
        if self.closing { OVER } else { GO_ON }
    }

    fn write(&mut self, reply: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{reply}\r\n").as_bytes())?;
        stream.flush()
    }

    fn read_line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let count = self.stream.read_until(b'\n', &mut line)?;
        Ok((count > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
    }

    fn reset(&mut self) {
        self.envelope = Envelope::default();
        self.in_transaction = false;
    }
}

/// The address between `<` and `>`, and the parameters after it.
fn path(command: &str) -> (String, String) {
    let inside = command.split_once('<').map_or("", |(_, rest)| rest);
    let (address, params) = inside.split_once('>').unwrap_or((inside, ""));
    (address.to_owned(), params.trim().to_owned())
}
