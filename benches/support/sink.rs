//! The other end of mail out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// An SMTP server that takes everything without delay, counts it, and notes when it did.
pub(crate) struct Sink {
    pub(crate) port: u16,
    pub(crate) accepted: Arc<AtomicU64>,
    /// When the newest was accepted.
    pub(crate) newest_at: Arc<Mutex<Option<Instant>>>,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let accepted = Arc::<AtomicU64>::default();
        let newest_at = Arc::<Mutex<Option<Instant>>>::default();
        let (counter, newest) = (Arc::clone(&accepted), Arc::clone(&newest_at));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).expect("a socket");
                tokio::spawn(converse(stream, Arc::clone(&counter), Arc::clone(&newest)));
            }
        });
        Self { port, accepted, newest_at, task }
    }
}

async fn converse(stream: TcpStream, accepted: Arc<AtomicU64>, newest_at: Arc<Mutex<Option<Instant>>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 sink\r\n").await?;
    let (mut line, mut in_mail) = (Vec::new(), false);
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let reply: &[u8] = match line.as_slice() {
            b".\r\n" if in_mail => {
                in_mail = false;
                *newest_at.lock().expect("not poisoned") = Some(Instant::now());
                accepted.fetch_add(1, Ordering::Release);
                b"250 2.0.0 queued\r\n"
            }
            _ if in_mail => continue,
            b"DATA\r\n" => {
                in_mail = true;
                b"354 go on\r\n"
            }
            [b'E', b'H', b'L', b'O', ..] => b"250-sink\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n",
            [b'A', b'U', b'T', b'H', ..] => b"235 2.7.0 welcome\r\n",
            [b'Q', b'U', b'I', b'T', ..] => {
                return stream.write_all(b"221 bye\r\n").await;
            }
            _ => b"250 2.0.0 ok\r\n",
        };
        stream.write_all(reply).await?;
    }
}
