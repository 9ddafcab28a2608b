//! A name server on loopback that knows the DKIM key of every domain, and nothing else.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::port::Port;

/// RFC 1035 §3.2.2.
const TXT: u16 = 16;
/// Octets of a head (RFC 1035 §4.1.1).
const HEAD_BYTES: usize = 12;

/// The server; ends when dropped.
#[derive(Debug)]
pub struct NameServer {
    port: Port,
    asked: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// One that answers each question for TXT of a name that begins with `name` by `text`.
    pub fn start(name: &str, text: &str) -> NameServer {
        let port = Port::reserve();
        let socket = UdpSocket::bind(port.addr()).expect("the port is ours");
        socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a span");
        let (asked, stop) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (counts, stops) = (Arc::clone(&asked), Arc::clone(&stop));
        let (name, text) = (name.to_ascii_lowercase(), text.to_owned());
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while !stops.load(Ordering::Relaxed) {
                let Ok((bytes, from)) = socket.recv_from(&mut buffer) else { continue };
                if let Some(answer) = answer(&buffer[..bytes], &name, &text) {
                    counts.fetch_add(1, Ordering::Relaxed);
                    socket.send_to(&answer, from).expect("loopback takes it");
                }
            }
        });
        NameServer { port, asked, stop, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// The answer to a question; `None` if it is none that can be read.
fn answer(question: &[u8], known: &str, text: &str) -> Option<Vec<u8>> {
    let mut at = HEAD_BYTES;
    let mut name = String::new();
    loop {
        let length = usize::from(*question.get(at)?);
        if length == 0 {
            break;
        }
        name.push_str(&String::from_utf8_lossy(question.get(at + 1..=at + length)?).to_ascii_lowercase());
        name.push('.');
        at += length + 1;
    }
    let end = at + 5;
    let kind = u16::from_be_bytes([*question.get(at + 1)?, *question.get(at + 2)?]);
    let is_known = name.starts_with(known);
    // An answer, recursion available; "no such name" for what is not known.
    let flags: [u8; 2] = [0x85, if is_known { 0x80 } else { 0x83 }];
    let has_answer = is_known && kind == TXT;
    let mut out = question.get(..2)?.to_vec();
    out.extend_from_slice(&flags);
    out.extend_from_slice(&[0, 1, 0, u8::from(has_answer), 0, 0, 0, 0]);
    out.extend_from_slice(question.get(HEAD_BYTES..end)?);
    if has_answer {
        let length = u8::try_from(text.len()).expect("a short record");
        // The name of the question, TXT, IN, a minute.
        out.extend_from_slice(&[0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 60, 0, length + 1, length]);
        out.extend_from_slice(text.as_bytes());
    }
    Some(out)
}
