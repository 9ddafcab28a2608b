//! A TCP proxy between the daemon and a server, whose network a test can damage while it runs.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::port::Port;
use super::wait::wait_true;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the daemon to the server.
    Up,
    /// From the server to the daemon.
    Down,
}

/// A running proxy. Dropping it closes everything.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    target: SocketAddr,
    /// New connections are refused: nobody listens.
    refusing: bool,
    /// Set by the accepting thread while its socket listens.
    listening: bool,
    /// Nothing is forwarded, not even the end of a connection.
    stalled: bool,
    stopped: bool,
    ways: [Damage; 2],
    connections: Vec<Option<Connection>>,
    /// Bytes forwarded so far.
    bytes: [u64; 2],
}

#[derive(Debug, Default)]
struct Damage {
    /// Bytes that may still pass; then all connections are cut.
    cut_after: Option<usize>,
    /// Bytes at a time, and the pause between.
    trickle: Option<(usize, Duration)>,
    replacements: Vec<Replacement>,
    dropped_lines: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Replacement {
    from: Vec<u8>,
    to: Vec<u8>,
    times: usize,
}

#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: TcpStream,
}

impl Proxy {
    /// A proxy that forwards everything to `port` on loopback.
    pub fn start(port: u16) -> Proxy {
        let target = SocketAddr::from(([127, 0, 0, 1], port));
        let port = Port::reserve();
        let state = State {
            target,
            refusing: false,
            listening: false,
            stalled: false,
            stopped: false,
            ways: [Damage::default(), Damage::default()],
            connections: Vec::new(),
            bytes: [0; 2],
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let (accepting, addr) = (Arc::clone(&shared), port.addr());
        std::thread::spawn(move || accept(addr, &accepting));
        let proxy = Proxy { port, shared };
        proxy.wait_listening(true);
        proxy
    }

    /// Port it listens on.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Takes all damage back. Stalled bytes flow on; cut connections stay cut.
    pub fn heal(&self) {
        self.change(|state| {
            state.ways = [Damage::default(), Damage::default()];
            state.stalled = false;
            state.refusing = false;
        });
        self.wait_listening(true);
    }

    /// Sends new connections to another port.
    pub fn retarget(&self, port: u16) {
        self.change(|state| state.target.set_port(port));
    }

    /// Cuts all connections, with a reset where bytes were unread.
    pub fn drop_all(&self) {
        self.change(cut);
    }

    /// Refuses new connections; open ones go on.
    pub fn refuse(&self) {
        self.change(|state| state.refusing = true);
        // Wakes the accepting thread.
        TcpStream::connect(self.port.addr()).ok();
        self.wait_listening(false);
    }

    /// Stops forwarding and keeps everything open, new connections included: a black hole.
    pub fn stall(&self) {
        self.change(|state| state.stalled = true);
    }

    /// The server's side of all connections is closed, the daemon's side stays open and silent: half-open TCP.
    /// Ends with [`Proxy::drop_all`]; [`Proxy::heal`] lets the end of the connection through.
    pub fn half_open(&self) {
        self.change(|state| {
            state.stalled = true;
            for connection in state.connections.iter().flatten() {
                connection.server.shutdown(Shutdown::Both).ok();
            }
        });
    }

    /// After `bytes` more bytes this way, cuts all connections, once.
    pub fn cut_after(&self, way: Way, bytes: usize) {
        self.change(|state| state.ways[way as usize].cut_after = Some(bytes));
    }

    /// Forwards `bytes` at a time with a `pause` after each.
    pub fn trickle(&self, way: Way, bytes: usize, pause: Duration) {
        assert!(bytes > 0, "zero bytes at a time is a stall");
        self.change(|state| state.ways[way as usize].trickle = Some((bytes, pause)));
    }

    /// Replaces the next `times` occurrences of `from`, which must lie within one line: lies about sizes and the like.
    pub fn replace(&self, way: Way, from: &str, to: &str, times: usize) {
        let replacement = Replacement { from: from.as_bytes().to_vec(), to: to.as_bytes().to_vec(), times };
        self.change(|state| state.ways[way as usize].replacements.push(replacement));
    }

    /// Swallows lines that contain `needle`, `EXISTS` for instance: keepalives come, news does not.
    pub fn drop_lines(&self, way: Way, needle: &str) {
        self.change(|state| state.ways[way as usize].dropped_lines.push(needle.as_bytes().to_vec()));
    }

    /// Sends bytes to every connected client, as if the server had said them.
    pub fn inject(&self, bytes: &[u8]) {
        self.change(|state| {
            for connection in state.connections.iter().flatten() {
                (&connection.client).write_all(bytes).ok();
            }
        });
    }

    /// Connections accepted so far.
    pub fn accepted(&self) -> usize {
        self.shared.state.lock().unwrap().connections.len()
    }

    /// Connections open now.
    pub fn open(&self) -> usize {
        self.shared.state.lock().unwrap().connections.iter().flatten().count()
    }

    /// Bytes forwarded this way.
    pub fn bytes(&self, way: Way) -> u64 {
        self.shared.state.lock().unwrap().bytes[way as usize]
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.shared.state.lock().unwrap());
        self.shared.changed.notify_all();
    }

    #[track_caller]
    fn wait_listening(&self, expect: bool) {
        wait_true("the proxy's listening socket", Duration::from_secs(10), || {
            self.shared.state.lock().unwrap().listening == expect
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Ok(mut state) = self.shared.state.lock() {
            state.stopped = true;
            cut(&mut state);
        }
        self.shared.changed.notify_all();
        TcpStream::connect(self.port.addr()).ok();
    }
}

fn cut(state: &mut State) {
    for connection in state.connections.iter_mut().filter_map(Option::take) {
        connection.client.shutdown(Shutdown::Both).ok();
        connection.server.shutdown(Shutdown::Both).ok();
    }
}

fn accept(addr: SocketAddr, shared: &Arc<Shared>) {
    loop {
        let state = shared.state.lock().unwrap();
        let mut state = shared.changed.wait_while(state, |state| state.refusing && !state.stopped).unwrap();
        if state.stopped {
            return;
        }
        let listener = TcpListener::bind(addr).expect("a reserved port is free");
        state.listening = true;
        drop(state);
        accept_until_refusing(&listener, shared);
        drop(listener);
        shared.state.lock().unwrap().listening = false;
    }
}

fn accept_until_refusing(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        let Ok(client) = client else { continue };
        let state = shared.state.lock().unwrap();
        if state.refusing || state.stopped {
            return;
        }
        let target = state.target;
        drop(state);
        // A dead server closes the connection, which says what there is to say.
        if let Ok(server) = TcpStream::connect(target) {
            join(client, server, shared).ok();
        }
    }
}

fn join(client: TcpStream, server: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let connection = Connection { client: client.try_clone()?, server: server.try_clone()? };
    let mut state = shared.state.lock().unwrap();
    state.connections.push(Some(connection));
    let number = state.connections.len() - 1;
    drop(state);
    let up = (client.try_clone()?, server.try_clone()?, Arc::clone(shared));
    std::thread::spawn(move || copy(up.0, up.1, Way::Up, number, &up.2));
    let down = (server, client, Arc::clone(shared));
    std::thread::spawn(move || copy(down.0, down.1, Way::Down, number, &down.2));
    Ok(())
}

/// Forwards until one side ends, then passes the end on.
fn copy(mut from: TcpStream, mut to: TcpStream, way: Way, number: usize, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    let mut held = Vec::new();
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        if !shared.wait_unstalled() {
            return;
        }
        if count == 0 {
            // RFC 9293 §3.6: one direction ends, the other may go on.
            to.write_all(&held).ok();
            to.shutdown(Shutdown::Write).ok();
            shared.end(number, way);
            return;
        }
        held.extend_from_slice(&buffer[..count]);
        let ready = shared.damage(way, &mut held);
        if forward(&mut to, &ready, way, shared).is_err() {
            from.shutdown(Shutdown::Both).ok();
            shared.end(number, way);
            return;
        }
    }
}

fn forward(to: &mut TcpStream, mut bytes: &[u8], way: Way, shared: &Shared) -> io::Result<()> {
    while !bytes.is_empty() {
        let (count, pause, cut_now) = shared.allowance(way, bytes.len());
        to.write_all(&bytes[..count])?;
        if cut_now {
            cut(&mut shared.state.lock().unwrap());
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        bytes = &bytes[count..];
        if let Some(pause) = pause {
            shared.pause(pause);
        }
    }
    Ok(())
}

impl Shared {
    /// Whether to go on; waits while stalled.
    fn wait_unstalled(&self) -> bool {
        let state = self.state.lock().unwrap();
        !self.changed.wait_while(state, |state| state.stalled && !state.stopped).unwrap().stopped
    }

    /// Waits, but no longer than the proxy lives or the trickle lasts.
    fn pause(&self, span: Duration) {
        let deadline = Instant::now() + span;
        let state = self.state.lock().unwrap();
        let trickles = |state: &mut State| !state.stopped && state.ways.iter().any(|way| way.trickle.is_some());
        let left = deadline.saturating_duration_since(Instant::now());
        drop(self.changed.wait_timeout_while(state, left, trickles).unwrap());
    }

    /// How many of `bytes` to send now, the pause after them, and whether that is the end.
    fn allowance(&self, way: Way, bytes: usize) -> (usize, Option<Duration>, bool) {
        let mut state = self.state.lock().unwrap();
        let damage = &mut state.ways[way as usize];
        let mut count = damage.trickle.map_or(bytes, |(at_a_time, _)| bytes.min(at_a_time));
        let pause = damage.trickle.map(|(_, pause)| pause);
        let mut cut_now = false;
        if let Some(left) = &mut damage.cut_after {
            count = count.min(*left);
            *left -= count;
            cut_now = *left == 0;
        }
        if cut_now {
            damage.cut_after = None;
        }
        state.bytes[way as usize] += count as u64;
        (count, pause, cut_now)
    }

    /// Applies replacements and dropped lines; what may still change with the next bytes stays in `held`.
    fn damage(&self, way: Way, held: &mut Vec<u8>) -> Vec<u8> {
        let mut state = self.state.lock().unwrap();
        let damage = &mut state.ways[way as usize];
        if damage.replacements.is_empty() && damage.dropped_lines.is_empty() {
            return std::mem::take(held);
        }
        // Both look at whole lines; protocol lines are short and end soon.
        let end = held.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rest = held.split_off(end);
        let whole = std::mem::replace(held, rest);
        let mut ready = Vec::with_capacity(whole.len());
        for line in whole.split_inclusive(|byte| *byte == b'\n') {
            if damage.dropped_lines.iter().any(|needle| position(line, needle).is_some()) {
                continue;
            }
            ready.extend(damage.replacements.iter_mut().fold(line.to_vec(), apply));
        }
        ready
    }

    fn end(&self, number: usize, way: Way) {
        let mut state = self.state.lock().unwrap();
        // The server's end is the end of an IMAP or SMTP session; the client's end still awaits answers.
        if way == Way::Down
            && let Some(connection) = state.connections[number].take()
        {
            connection.client.shutdown(Shutdown::Both).ok();
            connection.server.shutdown(Shutdown::Both).ok();
        }
    }
}

fn apply(mut line: Vec<u8>, replacement: &mut Replacement) -> Vec<u8> {
    while replacement.times > 0
        && let Some(at) = position(&line, &replacement.from)
    {
        line.splice(at..at + replacement.from.len(), replacement.to.iter().copied());
        replacement.times -= 1;
        if position(&replacement.to, &replacement.from).is_some() {
            // The new text contains the old one: once for each line, else it would never end.
            break;
        }
    }
    line
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len().max(1)).position(|window| window == needle)
}
