//! Loopback ports that no other test takes, in this process or another.
//!
//! A port found by binding port 0 can be handed to someone else between our close and the server's
//! bind, or while a server restarts. So ports come from below the range from which the kernel draws
//! outgoing ones, and a locked file reserves each for as long as its [`Port`] lives; the lock dies with
//! the process.

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::sync::atomic::{AtomicU16, Ordering};

/// First port; the kernel's outgoing range begins at 32768.
const FIRST: u16 = 16_000;
/// How many ports there are to choose from.
const COUNT: u16 = 16_000;

/// A loopback port, ours until dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// Reserves a port on which nothing listens now.
    pub fn reserve() -> Port {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let start = u16::try_from(std::process::id() * 97 % u32::from(COUNT)).expect("COUNT fits");
        for _ in 0..COUNT {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let number = FIRST + u16::try_from((u32::from(start) + u32::from(step)) % u32::from(COUNT)).expect("COUNT fits");
            if let Some(lock) = lock(number)
                && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()
            {
                return Port { number, _lock: lock };
            }
        }
        panic!("no free loopback port from {FIRST} on");
    }

    /// The number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// `127.0.0.1` with this port.
    pub fn addr(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.number))
    }

    /// Whether somebody accepts connections here.
    pub fn answers(&self) -> bool {
        std::net::TcpStream::connect(self.addr()).is_ok()
    }
}

fn lock(number: u16) -> Option<File> {
    let dir = std::env::temp_dir().join("frontdesk-test-ports");
    std::fs::create_dir_all(&dir).expect("create the directory of port locks");
    // Shared by all accounts of the machine; only its owner may set the mode.
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o1777)).ok();
    let file = OpenOptions::new().create(true).append(true).mode(0o666).open(dir.join(number.to_string())).ok()?;
    file.try_lock().is_ok().then_some(file)
}
