//! The control socket: one request as a line of JSON, one answer as a line of JSON. Mode 0600, so that only the daemon's
//! own user and root can ask.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};

use crate::cli::output::{Exit, Failure};
use crate::cli::service::{Request, Service};

/// Longest request: an answer to a customer fits many times.
const REQUEST_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Longest path of a socket.
const SOCKET_PATH_BYTES_MAX: usize = 100;
/// Connections at a time.
const CONNECTIONS_MAX: usize = 32;
/// How long a peer may take to state its request.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Good(Value),
    Bad(Failure),
}

/// Where the socket of a store is.
#[must_use]
pub fn path(store: &Path) -> PathBuf {
    store.join("control.sock")
}

/// The socket under a name short enough for the kernel (108 bytes with the final zero, unix(7)): a long directory is named
/// by an open handle instead. The handle must live as long as the name is used.
fn reachable(store: &Path) -> io::Result<(Option<File>, PathBuf)> {
    let direct = path(store);
    if direct.as_os_str().len() < SOCKET_PATH_BYTES_MAX {
        return Ok((None, direct));
    }
    let handle = File::open(store)?;
    let name = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    Ok((Some(handle), path(&name)))
}

/// Opens the socket, replacing one that a dead daemon left. The store's lock proves that no other daemon runs.
///
/// # Errors
/// The directory cannot be written to.
pub fn listen(store: &Path) -> io::Result<UnixListener> {
    let (_handle, path) = reachable(store)?;
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers until `stop` turns true.
pub async fn serve(listener: UnixListener, service: Service, mut stop: watch::Receiver<bool>) {
    let room = std::sync::Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let (Ok((stream, _)), Ok(permit)) = (accepted, room.clone().acquire_owned().await) else { continue };
        let service = service.clone();
        tokio::spawn(async move {
            if let Err(error) = converse(stream, &service).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "Control connection ended.");
            }
            drop(permit);
        });
    }
}

async fn converse(stream: UnixStream, service: &Service) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(REQUEST_BYTES_MAX));
    tokio::time::timeout(REQUEST_TIME_MAX, reader.read_line(&mut line)).await.map_err(io::Error::other)??;
    let reply = match serde_json::from_str::<Request>(&line) {
        Ok(request) => match service.answer(request).await {
            Ok(value) => Reply::Good(value),
            Err(failure) => Reply::Bad(failure),
        },
        Err(error) => Reply::Bad(Failure::new(Exit::Usage, format!("the request cannot be understood: {error}"))),
    };
    let mut answer = serde_json::to_vec(&reply)?;
    answer.push(b'\n');
    write.write_all(&answer).await?;
    write.shutdown().await
}

/// Asks a running daemon. `None` if none listens.
///
/// # Errors
/// The daemon's own failure, or that it broke off.
pub async fn ask(store: &Path, request: &Request) -> Option<Result<Value, Failure>> {
    let (_handle, path) = reachable(store).ok()?;
    let stream = UnixStream::connect(path).await.ok()?;
    Some(exchange(stream, request).await.unwrap_or_else(|error| {
        Err(Failure::new(Exit::Unavailable, format!("the daemon broke off: {error}; look at its log and ask again")))
    }))
}

async fn exchange(mut stream: UnixStream, request: &Request) -> io::Result<Result<Value, Failure>> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(match serde_json::from_slice(&answer)? {
        Reply::Good(value) => Ok(value),
        Reply::Bad(failure) => Err(failure),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_directory_does_not_keep_the_socket_from_opening() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let deep = dir.path().join("d".repeat(80)).join("e".repeat(80));
        std::fs::create_dir_all(&deep).expect("made");
        let listener = listen(&deep).expect("listens");
        let (_handle, name) = reachable(&deep).expect("named");
        let (client, server) = tokio::join!(UnixStream::connect(name), listener.accept());
        assert!(client.is_ok() && server.is_ok());
        assert!(path(&deep).exists());
    }
}
