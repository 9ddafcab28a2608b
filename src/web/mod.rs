//! The pages: today those for machines, and files too large for a mail ([`file`]). `/healthz`: the process is there. `/readyz`: it does its work, or says what is in
//! the way. `/metrics`: figures.
//!
//! A reverse proxy stands in front of people's pages; these are for the machine and its monitoring. Still everything is
//! bounded: connections, heads, and time. Nothing here sees the store: what is shown comes from closures.

mod counted;
pub mod file;
pub mod limits;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, warn};

use counted::Counted;

/// Says whether the daemon does its work, or in words what is in the way.
pub type Ready = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// Figures as text.
pub type Figures = Arc<dyn Fn() -> String + Send + Sync>;

/// Pages for machines.
pub fn machine_pages(ready: Ready, figures: Figures) -> Router {
    let readyz = move || {
        let ready = ready();
        async move {
            match ready {
                Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
                Err(words) => (StatusCode::SERVICE_UNAVAILABLE, format!("{words}\n")),
            }
        }
    };
    let metrics = move || {
        let text = figures();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response() }
    };
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found\n") })
}

/// Serves pages until `stop` turns true or its sender is gone; answers under way are finished within
/// [`limits::STOP_MAX`]. `beats` moves with every turn, idle ones included.
pub async fn serve(listener: TcpListener, pages: Router, beats: Arc<AtomicU64>, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        beats.fetch_add(1, Ordering::Relaxed);
        tokio::select! {
            biased;
            () = asked_to_stop(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = accept(&listener, &places) => {
                if let Some((stream, place)) = accepted {
                    connections.spawn(converse(stream, pages.clone(), place, stop.clone()));
                }
            }
            () = tokio::time::sleep(limits::SLEEP_MAX) => {}
        }
    }
    drop(listener);
    let finished = tokio::time::timeout(limits::STOP_MAX, async { while connections.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        connections.abort_all();
    }
}

/// Takes one connection as soon as there is a place for it; others wait in the kernel's queue.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            // Out of file handles, most likely: that passes, and a loop without a pause would not help.
            warn!(error = &error as &dyn std::error::Error, "Connection not accepted.");
            tokio::time::sleep(limits::ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn converse(stream: TcpStream, pages: Router, place: OwnedSemaphorePermit, mut stop: watch::Receiver<bool>) {
    let _place = place;
    let (stream, sent) = Counted::new(stream);
    let service = TowerToHyperService::new(pages);
    let mut connection = Box::pin(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::HEAD_MAX)
            .max_headers(limits::HEADERS_MAX)
            .max_buf_size(limits::HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service),
    );
    let conversation = async {
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = asked_to_stop(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    tokio::select! {
        ended = conversation => match ended {
            Ok(()) => {}
            // The peer's business, and often a port scan.
            Err(error) => debug!(error = &error as &dyn std::error::Error, "Connection ended early."),
        },
        () = no_progress(&sent, limits::CONVERSATION_MAX, limits::DOWNLOAD_MAX) => debug!("Connection took too long."),
    }
}

/// Returns when a connection has lived long enough: after a `turn` in which fewer than [`limits::PROGRESS_BYTES_MIN`] octets
/// left, or after the `longest` time.
async fn no_progress(sent: &AtomicU64, turn: Duration, longest: Duration) {
    let ends_at = Instant::now() + longest;
    let mut before = 0;
    while Instant::now() < ends_at {
        tokio::time::sleep(turn).await;
        let now = sent.load(Ordering::Relaxed);
        if now - before < limits::PROGRESS_BYTES_MIN {
            break;
        }
        before = now;
    }
}

async fn asked_to_stop(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left who could ask: the same as having been asked.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    struct Pages {
        address: SocketAddr,
        trouble: Arc<Mutex<Option<String>>>,
        beats: Arc<AtomicU64>,
        stop: watch::Sender<bool>,
        server: tokio::task::JoinHandle<()>,
    }

    async fn pages() -> Pages {
        let trouble: Arc<Mutex<Option<String>>> = Arc::default();
        let asked = Arc::clone(&trouble);
        let ready: Ready = Arc::new(move || match &*asked.lock().expect("not poisoned") {
            None => Ok(()),
            Some(words) => Err(words.clone()),
        });
        let figures: Figures = Arc::new(|| "frontdesk_tickets_open 3\n".to_owned());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let beats = Arc::<AtomicU64>::default();
        let (stop, stopped) = watch::channel(false);
        let server = tokio::spawn(serve(listener, machine_pages(ready, figures), Arc::clone(&beats), stopped));
        Pages { address, trouble, beats, stop, server }
    }

    impl Pages {
        async fn say(&self, request: &[u8]) -> String {
            let mut stream = TcpStream::connect(self.address).await.expect("it listens");
            stream.write_all(request).await.expect("it reads");
            let mut answer = Vec::new();
            // A server that refuses a request may reset the connection after its answer.
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        }

        async fn get(&self, path: &str) -> (String, String) {
            let answer = self.say(format!("GET {path} HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n").as_bytes()).await;
            let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
            (head.lines().next().unwrap_or_default().to_owned(), body.to_owned())
        }
    }

    #[tokio::test]
    async fn three_pages_and_nothing_else() {
        let pages = pages().await;
        assert_eq!(pages.get("/healthz").await, ("HTTP/1.1 200 OK".to_owned(), "alive\n".to_owned()));
        assert_eq!(pages.get("/readyz").await.0, "HTTP/1.1 200 OK");
        assert_eq!(pages.get("/metrics").await.1, "frontdesk_tickets_open 3\n");
        for path in ["/", "/metrics/", "/../etc/passwd", "/healthz/x"] {
            assert_eq!(pages.get(path).await.0, "HTTP/1.1 404 Not Found", "{path}");
        }
        *pages.trouble.lock().expect("not poisoned") = Some("inbox \"support\" is down since 10:00".to_owned());
        let (status, words) = pages.get("/readyz").await;
        assert_eq!(
            (status.as_str(), words.as_str()),
            ("HTTP/1.1 503 Service Unavailable", "inbox \"support\" is down since 10:00\n")
        );
        assert_eq!(pages.get("/healthz").await.0, "HTTP/1.1 200 OK", "alive, if not ready");
        assert!(pages.beats.load(Ordering::Relaxed) > 5);
    }

    #[tokio::test]
    async fn heads_are_bounded() {
        let pages = pages().await;
        let many = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(limits::HEADERS_MAX + 1));
        let long = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(2 * limits::HEAD_BYTES_MAX));
        for request in [many, long] {
            let answer = pages.say(request.as_bytes()).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        }
        assert!(pages.say(b"\x16\x03\x01 nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400"));
        assert_eq!(pages.get("/healthz").await.0, "HTTP/1.1 200 OK");
    }

    #[tokio::test]
    async fn a_connection_lives_for_as_long_as_enough_leaves_it() {
        const TURN: Duration = Duration::from_millis(100);
        let lives = async |bytes_each: u64, longest: Duration| {
            let sent = AtomicU64::new(0);
            let begun = Instant::now();
            let moves = async {
                for _ in 0..20 {
                    sent.fetch_add(bytes_each, Ordering::Relaxed);
                    tokio::time::sleep(TURN / 2).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = no_progress(&sent, TURN, longest) => {}
                () = moves => {}
            }
            begun.elapsed()
        };
        let enough = limits::PROGRESS_BYTES_MIN;
        assert!(lives(enough, limits::DOWNLOAD_MAX).await >= TURN * 10, "while it moves");
        assert!(lives(1000, limits::DOWNLOAD_MAX).await < TURN * 5, "a page for machines is no download");
        assert!(lives(enough, TURN * 3).await < TURN * 8, "nothing lives for ever");
    }

    #[tokio::test]
    async fn what_leaves_a_connection_is_counted() {
        let (mut client, server) = tokio::io::duplex(1024);
        let (mut stream, sent) = Counted::new(server);
        stream.write_all(b"twelve bytes").await.expect("there is room");
        let mut buffer = [0; 12];
        client.read_exact(&mut buffer).await.expect("they are there");
        assert_eq!((&buffer, sent.load(Ordering::Relaxed)), (b"twelve bytes", 12));
    }

    #[tokio::test]
    async fn more_connections_than_places_wait_and_are_served() {
        let pages = pages().await;
        let mut held = Vec::new();
        for _ in 0..limits::CONNECTIONS_MAX {
            held.push(TcpStream::connect(pages.address).await.expect("it listens"));
        }
        let waiting = tokio::time::timeout(Duration::from_millis(200), pages.get("/healthz")).await;
        assert!(waiting.is_err(), "there is no place");
        held.truncate(10);
        assert_eq!(pages.get("/healthz").await.0, "HTTP/1.1 200 OK");
    }

    #[tokio::test]
    async fn it_ends_when_asked_with_idle_connections_open() {
        let pages = pages().await;
        let _idle = TcpStream::connect(pages.address).await.expect("it listens");
        assert_eq!(pages.get("/healthz").await.0, "HTTP/1.1 200 OK");
        pages.stop.send_replace(true);
        tokio::time::timeout(limits::STOP_MAX * 2, pages.server).await.expect("it ends").expect("well");
        assert!(TcpStream::connect(pages.address).await.is_err());
    }
}
