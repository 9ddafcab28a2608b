//! How fast mail leaves over a few kept connections, without a store and without a network between.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use desk::effect::{OutboxPhase, OutboxRow, OutboxStep};
use desk::{AccountName, EffectId};
use frontdesk::clock::Clock;
use frontdesk::engine::{Claimed, Outgoing};
use frontdesk::outbox::{NoTraces, Outbox, OutboxSettings, Security, SmtpServer, Target};
use frontdesk::store::StoreError;
use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

use crate::ledger::{ACCOUNT, Ledger, Outgo};

/// Far below what is expected, so that a loaded machine does not fail the test; what it catches is a delayed
/// acknowledgement (25 mails a second for each connection).
const MAILS_PER_SECOND_MIN: f64 = 200.0;
const MAILS: usize = 4_000;

/// Gives rows out and forgets them; every step is durable at once.
#[derive(Clone, Default)]
struct Forgetful {
    rows: Arc<Mutex<VecDeque<Claimed>>>,
    accepted: Arc<AtomicUsize>,
    done: Arc<Notify>,
}

impl Outgoing for Forgetful {
    async fn claim(&self, _account: &AccountName, limit: usize) -> Result<Vec<Claimed>, StoreError> {
        let mut rows = self.rows.lock().expect("not poisoned");
        let count = limit.min(rows.len());
        Ok(rows.drain(..count).collect())
    }

    fn in_doubt(&self, _account: &AccountName) -> Vec<OutboxRow> {
        Vec::new()
    }

    async fn step(&self, step: OutboxStep) -> Result<(), StoreError> {
        if step.phase == OutboxPhase::Accepted && self.accepted.fetch_add(1, Ordering::SeqCst) + 1 == MAILS {
            self.done.notify_one();
        }
        Ok(())
    }

    async fn release(&self, _rows: Vec<OutboxRow>) -> Result<(), StoreError> {
        Ok(())
    }

    fn next_due(&self, _account: &AccountName) -> Option<Timestamp> {
        (!self.rows.lock().expect("not poisoned").is_empty()).then_some(Timestamp::UNIX_EPOCH)
    }

    async fn woken(&self) {
        std::future::pending().await
    }
}

/// Takes everything without looking.
async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("a socket");
        tokio::spawn(converse(stream));
    }
}

async fn converse(stream: TcpStream) -> std::io::Result<()> {
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
                b"250 2.0.0 queued\r\n"
            }
            _ if in_mail => continue,
            b"DATA\r\n" => {
                in_mail = true;
                b"354 go on\r\n"
            }
            [b'E', b'H', b'L', b'O', ..] => b"250-sink\r\n250 8BITMIME\r\n",
            _ => b"250 2.0.0 ok\r\n",
        };
        stream.write_all(reply).await?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mail_waits_for_a_delayed_acknowledgement() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    let sink = tokio::spawn(serve(listener));
    let clock = Clock::system();
    let template = Ledger::new(&clock);
    template.put(Outgo::default());
    // As large as a usual acknowledgement.
    let raw =
        [b"Subject: We have it\r\n\r\n".as_slice(), &b"A line of a usual length in an acknowledgement of ours.\r\n".repeat(34)]
            .concat();
    let outgoing = Forgetful::default();
    for number in 0..MAILS as u128 {
        let row = OutboxRow { id: EffectId(number.to_be_bytes()), phase: OutboxPhase::Claimed, attempts: 1, ..template.row(0) };
        outgoing.rows.lock().expect("not poisoned").push_back(Claimed { row, raw: raw.clone() });
    }
    let server = SmtpServer { host: "127.0.0.1".to_owned(), port, security: Security::PlainLoopback };
    let settings = OutboxSettings::new(AccountName::from(ACCOUNT), Target::Smtp(server));
    let (stop, stopped) = watch::channel(false);
    let begun = Instant::now();
    let (handle, _health) = Outbox::spawn(settings, outgoing.clone(), NoTraces, clock, stopped);
    tokio::time::timeout(Duration::from_secs(60), outgoing.done.notified()).await.expect("all are accepted");
    let rate = MAILS as f64 / begun.elapsed().as_secs_f64();
    stop.send_replace(true);
    handle.await.expect("the loop ends well");
    sink.abort();
    assert!(rate > MAILS_PER_SECOND_MIN, "{rate:.0} mails a second");
    eprintln!("{rate:.0} mails a second over 4 connections");
}
