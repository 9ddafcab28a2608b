//! An SMTP server inside the test that accepts everything, and fails exactly where a script says.
//!
//! For what Postfix never does on request: a 421 in the middle, a dropped connection after the dot, a
//! 250 that comes late or is followed by a reset. It keeps every accepted mail and every command.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::certs::Identity;
use super::port::Port;
use super::sink_session;
use super::wait::wait_some;

/// Where in a session a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Instead of the greeting.
    Connect,
    /// At EHLO.
    Ehlo,
    /// At STARTTLS.
    StartTls,
    /// At AUTH.
    Auth,
    /// At MAIL FROM.
    Mail,
    /// At RCPT TO.
    Rcpt,
    /// At the DATA command.
    Data,
    /// Amid the mail's lines.
    Body,
    /// After the final dot, before the answer.
    Dot,
}

/// What happens instead of the good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This reply, for instance `451 4.3.0 try later`; after the dot the mail is not kept.
    Reply(String),
    /// The connection closes without a reply; after the dot the mail is not kept.
    Drop,
    /// Like `Drop`, but after the dot the mail *is* kept: the sender cannot know.
    KeepThenDrop,
    /// The good answer, this much later.
    Slow(Duration),
    /// The good answer, then the connection is closed at once.
    GoodThenDrop,
    /// No answer for as long as the sink lives.
    Hang,
}

/// A fault, where it strikes, how often, and for whom.
#[derive(Debug, Clone)]
pub struct Rule {
    phase: Phase,
    fault: Fault,
    times: Option<usize>,
    skip: usize,
    recipient: Option<String>,
}

impl Rule {
    /// Strikes once, at the next opportunity.
    pub fn once(phase: Phase, fault: Fault) -> Rule {
        Rule { phase, fault, times: Some(1), skip: 0, recipient: None }
    }

    /// Strikes each time.
    pub fn always(phase: Phase, fault: Fault) -> Rule {
        Rule { times: None, ..Rule::once(phase, fault) }
    }

    /// A reply, once.
    pub fn reply(phase: Phase, text: &str) -> Rule {
        Rule::once(phase, Fault::Reply(text.to_owned()))
    }

    /// Strikes this often, then never.
    #[must_use]
    pub fn times(self, times: usize) -> Rule {
        Rule { times: Some(times), ..self }
    }

    /// Lets this many opportunities pass first.
    #[must_use]
    pub fn after(self, skip: usize) -> Rule {
        Rule { skip, ..self }
    }

    /// Strikes only when the envelope names this recipient (from [`Phase::Rcpt`] on).
    #[must_use]
    pub fn only_for(self, recipient: &str) -> Rule {
        Rule { recipient: Some(recipient.to_lowercase()), ..self }
    }
}

/// Who a mail is from and to, as the commands said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// MAIL FROM, empty for the null path.
    pub sender: String,
    /// Parameters of MAIL FROM, as sent.
    pub sender_params: String,
    /// RCPT TO, in order, lower case.
    pub recipients: Vec<String>,
    /// Parameters of each RCPT TO, as sent.
    pub recipient_params: Vec<String>,
}

/// A mail that the sink took responsibility for.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Who from, who to.
    pub envelope: Envelope,
    /// The mail with its CR LF, dots unstuffed.
    pub bytes: Vec<u8>,
    /// Whether the connection was encrypted.
    pub tls: bool,
    /// Who had signed in, if someone had.
    pub user: Option<String>,
    /// Number of the connection, from 0.
    pub session: usize,
    /// When the dot came.
    pub at: Instant,
}

/// A command and the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Number of the connection, from 0.
    pub session: usize,
    /// The command line; `<mail>` for the mail itself, `<connect>` for the start.
    pub command: String,
    /// The reply; empty when none was given.
    pub reply: String,
}

/// How a [`Sink`] differs from the usual one.
#[derive(Debug, Default)]
pub struct Options {
    /// Certificate for STARTTLS, or for TLS from the start with `implicit_tls`.
    pub tls: Option<Identity>,
    /// TLS from the first byte (RFC 8314 §3.3).
    pub implicit_tls: bool,
    /// Name and password; AUTH is offered and then required.
    pub auth: Option<(String, String)>,
}

/// A running sink. Dropping it closes all its connections.
#[derive(Debug)]
pub struct Sink {
    port: Port,
    shared: Arc<Shared>,
    implicit_tls: bool,
}

/// What sessions and the test share.
#[derive(Debug)]
pub struct Shared {
    pub(super) options: Options,
    pub(super) tls: Option<Arc<rustls::ServerConfig>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    accepted: Vec<Accepted>,
    exchanges: Vec<Exchange>,
    sockets: Vec<Option<TcpStream>>,
    stopped: bool,
}

impl Sink {
    /// A plain sink that accepts everything.
    pub fn start() -> Sink {
        Sink::start_with(Options::default())
    }

    /// A sink with TLS or passwords.
    pub fn start_with(options: Options) -> Sink {
        let port = Port::reserve();
        let listener = TcpListener::bind(port.addr()).expect("a reserved port is free");
        let implicit_tls = options.implicit_tls;
        let tls = options.tls.as_ref().map(Identity::server);
        let shared = Arc::new(Shared { options, tls, state: Mutex::default(), changed: Condvar::new() });
        let sessions = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &sessions));
        Sink { port, shared, implicit_tls }
    }

    /// Port it listens on.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// URL as a configuration names it: `smtp:`, `submission:` with a certificate, `smtps:` with TLS from the start.
    pub fn url(&self) -> String {
        match (&self.shared.tls, self.implicit_tls) {
            (None, _) => format!("smtp://127.0.0.1:{}", self.port()),
            (Some(_), false) => format!("submission://localhost:{}", self.port()),
            (Some(_), true) => format!("smtps://localhost:{}", self.port()),
        }
    }

    /// Adds to the script. The first rule that fits is used, one rule for each opportunity.
    pub fn script(&self, rules: impl IntoIterator<Item = Rule>) {
        self.shared.state.lock().unwrap().rules.extend(rules);
    }

    /// Ends all faults, and wakes what hangs or is slow: those sessions are answered well.
    pub fn heal(&self) {
        self.shared.state.lock().unwrap().rules.clear();
        self.shared.changed.notify_all();
    }

    /// All mails accepted so far, in order.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.shared.state.lock().unwrap().accepted.clone()
    }

    /// How many mails were accepted.
    pub fn count(&self) -> usize {
        self.shared.state.lock().unwrap().accepted.len()
    }

    /// The mails accepted for one address.
    pub fn received(&self, recipient: &str) -> Vec<Vec<u8>> {
        let recipient = recipient.to_lowercase();
        let state = self.shared.state.lock().unwrap();
        state
            .accepted
            .iter()
            .filter(|mail| mail.envelope.recipients.contains(&recipient))
            .map(|mail| mail.bytes.clone())
            .collect()
    }

    /// Everything that was said, in order.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.state.lock().unwrap().exchanges.clone()
    }

    /// How often a command that begins with `verb` was given, `DATA` for instance.
    pub fn commands(&self, verb: &str) -> usize {
        let state = self.shared.state.lock().unwrap();
        state.exchanges.iter().filter(|exchange| exchange.command.to_uppercase().starts_with(&verb.to_uppercase())).count()
    }

    /// Connections so far.
    pub fn sessions(&self) -> usize {
        self.shared.state.lock().unwrap().sockets.len()
    }

    /// Waits until at least `count` mails were accepted, and returns them.
    ///
    /// # Panics
    /// After `timeout`, with the last exchanges.
    #[track_caller]
    pub fn wait_for(&self, count: usize, timeout: Duration) -> Vec<Accepted> {
        wait_some(timeout, || (self.count() >= count).then(|| self.accepted())).unwrap_or_else(|| {
            let exchanges = self.exchanges();
            let last = &exchanges[exchanges.len().saturating_sub(20)..];
            panic!("{count} mails did not come in {timeout:?}, {} did; last exchanges: {last:#?}", self.count())
        })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Not `unwrap`: after a panicked session the lock is poisoned, and a panic here would abort.
        if let Ok(mut state) = self.shared.state.lock() {
            state.stopped = true;
            for socket in state.sockets.iter().flatten() {
                socket.shutdown(Shutdown::Both).ok();
            }
        }
        self.shared.changed.notify_all();
        // Wakes the accepting thread, which then sees that it is over.
        TcpStream::connect(self.port.addr()).ok();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for socket in listener.incoming() {
        let Ok(socket) = socket else { continue };
        let Some(session) = shared.open(&socket) else { return };
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A broken connection is the peer's right, and often the point of the test.
            sink_session::run(socket, session, &shared).ok();
            shared.close(session);
        });
    }
}

impl Shared {
    fn open(&self, socket: &TcpStream) -> Option<usize> {
        let mut state = self.state.lock().unwrap();
        if state.stopped {
            return None;
        }
        state.sockets.push(socket.try_clone().ok());
        Some(state.sockets.len() - 1)
    }

    fn close(&self, session: usize) {
        if let Some(socket) = self.state.lock().unwrap().sockets[session].take() {
            socket.shutdown(Shutdown::Both).ok();
        }
    }

    /// The fault that strikes now, if any, used up by this call.
    pub(super) fn fault(&self, phase: Phase, recipients: &[String]) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let fits = |rule: &Rule| rule.phase == phase && rule.recipient.as_ref().is_none_or(|wanted| recipients.contains(wanted));
        for rule in state.rules.iter_mut().filter(|rule| fits(rule)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            match &mut rule.times {
                Some(0) => continue,
                Some(times) => *times -= 1,
                None => {}
            }
            return Some(rule.fault.clone());
        }
        None
    }

    pub(super) fn keep(&self, mail: Accepted) {
        self.state.lock().unwrap().accepted.push(mail);
    }

    pub(super) fn record(&self, session: usize, command: &str, reply: &str) {
        let exchange = Exchange { session, command: command.to_owned(), reply: reply.trim_end().to_owned() };
        self.state.lock().unwrap().exchanges.push(exchange);
    }

    /// Waits for `span`, or without one until [`Sink::heal`] or the end of the sink.
    ///
    /// # Errors
    /// If the sink was dropped meanwhile.
    pub(super) fn pause(&self, span: Option<Duration>) -> io::Result<()> {
        let deadline = span.map(|span| Instant::now() + span);
        let mut state = self.state.lock().unwrap();
        // Cleared rules are the sign that the test healed us.
        while !state.stopped && !state.rules.is_empty() {
            let left = deadline.map_or(Duration::from_secs(3600), |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                break;
            }
            state = self.changed.wait_timeout(state, left).unwrap().0;
        }
        if state.stopped { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}
