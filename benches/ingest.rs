//! What the daemon does with a full mailbox, beside what a bare fetch of it costs: `cargo bench --bench ingest`.
//!
//! One Dovecot on this machine, once without and once with TLS. Everything runs on the same processors at the same time:
//! server, daemon, SMTP server and this measurement. `INGEST_BENCH_MAILS` changes the number of mails, and
//! `INGEST_BENCH_ONLY=plain|tls` leaves one half out.

#[path = "../tests/it/harness/mod.rs"]
mod harness;
mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use frontdesk::cli::control;
use frontdesk::cli::service::Request;
use futures_util::StreamExt as _;
use harness::certs::{Authority, Flaw};
use harness::dovecot::{self, Dovecot};
use harness::frontdesk::Desk;
use rustls::pki_types::ServerName;
use serde_json::Value;
use support::sink::Sink;
use support::{config, cpu, mail, memory, setting};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Mails in one FETCH of the bare client, as many as the daemon asks for.
const BATCH: u32 = 100;
/// Nothing takes so long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(600);
/// What must be reached: a share of the bare fetch, and acknowledged mails where it does 10,000 a second.
const QUEUED_SHARE_MIN: f64 = 0.30;
const ACKED_SHARE_MIN: f64 = 1_350.0 / 10_000.0;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let only = std::env::var("INGEST_BENCH_ONLY").unwrap_or_default();
    runtime.block_on(async {
        for tls in [false, true] {
            if only.is_empty() || (only == "tls") == tls {
                measure(tls, setting("INGEST_BENCH_MAILS", 5_000)).await;
            }
        }
    });
}

/// One mailbox, fetched bare, then taken in without and with an SMTP server.
#[expect(clippy::print_stdout, reason = "a bench prints")]
async fn measure(tls: bool, count: u32) {
    let authority = Authority::new();
    let identity = tls.then(|| authority.issue(Flaw::None));
    let dovecot = Dovecot::start(dovecot::Options { tls: identity, ..dovecot::Options::users(&["support"]) });
    let sink = Sink::start().await;
    // Nobody listens on the reserved port: acknowledgements stay in the outbox.
    let nowhere = harness::port::Port::reserve();
    let queued = desk(&dovecot, &authority, tls, nowhere.number());
    let acked = desk(&dovecot, &authority, tls, sink.port);
    for desk in [&queued, &acked] {
        // The first look tells old mail from new, which alone is acknowledged.
        desk.start_ready();
        desk.wait_until("the empty mailbox is watched", |status| status["inboxes"][0]["live"] == true);
        desk.term();
    }
    let mut bytes = 0;
    for number in 0..count {
        let mail = mail(number);
        bytes += mail.len();
        dovecot.deliver("support", &mail);
    }
    let name = if tls { "TLS" } else { "plain" };
    println!("{name}: {count} mails, mean {:.1} KB", bytes as f64 / f64::from(count) / 1_000.0);

    // The first one builds the server's index.
    let mut fetches = Vec::new();
    for _ in 0..4 {
        fetches.push(bare(&dovecot, &authority, tls, count).await);
    }
    let bare = fetches[1..].iter().copied().fold(0.0, f64::max);
    println!("  bare fetch             {bare:>7.0} mails/s  (best of 3; first, which builds the index, {:.0})", fetches[0]);
    let rate = run(&queued, count, |status| settled(status) >= u64::from(count)).await;
    report("ticket, ack queued  ", rate, bare, QUEUED_SHARE_MIN);
    let accepted = Arc::clone(&sink.accepted);
    let rate = run(&acked, count, |_| accepted.load(Ordering::Relaxed) >= u64::from(count)).await;
    report("ticket, ack accepted", rate, bare, ACKED_SHARE_MIN);
    sink.task.abort();
}

fn desk(dovecot: &Dovecot, authority: &Authority, tls: bool, smtp: u16) -> Desk {
    let imap = if tls { dovecot.tls_url() } else { dovecot.url() };
    let login = format!(
        "auth = {{ kind = \"password\", user = \"support\", secret = {{ file = \"mail.password\" }} }}\ntls = {{ ca = \"{}\" }}",
        authority.ca().display()
    );
    let desk = Desk::new(&config(&imap, &format!("smtp://127.0.0.1:{smtp}"), &login));
    desk.write("mail.password", &dovecot::password("support"));
    desk
}

/// What one run came to.
struct Run {
    per_second: f64,
    cpu_each: Duration,
    memory_peak: u64,
}

/// Starts the daemon and measures from its first answer until `done`.
async fn run(desk: &Desk, count: u32, done: impl Fn(&Value) -> bool) -> Run {
    desk.start_ready();
    let pid = desk.pid().expect("it runs").to_string();
    let (begun, before) = (Instant::now(), cpu(&pid));
    let store = desk.path("state");
    let already = settled(&status(&store).await);
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if done(&status(&store).await) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "not done in time\n{}", desk.log_tail());
    }
    let took = begun.elapsed();
    let done_here = f64::from(count) - already as f64;
    let cpu_each = (cpu(&pid) - before).div_f64(done_here);
    let memory_peak = memory(&pid, "VmHWM:");
    desk.term();
    Run { per_second: done_here / took.as_secs_f64(), cpu_each, memory_peak }
}

async fn status(store: &std::path::Path) -> Value {
    control::ask(store, &Request::Status).await.and_then(Result::ok).unwrap_or_default()
}

fn settled(status: &Value) -> u64 {
    status["inboxes"][0]["settled"].as_u64().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn report(name: &str, run: Run, bare: f64, wanted: f64) {
    let share = run.per_second / bare;
    println!(
        "  {name}   {:>7.0} mails/s  {:>5.1} % of the fetch (wanted {:.1} %: {})  cpu {:.2} ms each  peak {} MB",
        run.per_second,
        share * 100.0,
        wanted * 100.0,
        if share >= wanted { "reached" } else { "MISSED" },
        run.cpu_each.as_secs_f64() * 1_000.0,
        run.memory_peak,
    );
}

/// Fetches everything with the library that the daemon uses and does nothing with it. Returns mails a second.
async fn bare(dovecot: &Dovecot, authority: &Authority, tls: bool, count: u32) -> f64 {
    let port = if tls { dovecot.tls_port() } else { dovecot.port() };
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("dovecot listens");
    stream.set_nodelay(true).expect("a socket");
    if tls {
        let name = ServerName::try_from("localhost").expect("a host name");
        let connector = tokio_rustls::TlsConnector::from(authority.client());
        fetch(connector.connect(name, stream).await.expect("TLS"), count).await
    } else {
        fetch(stream, count).await
    }
}

async fn fetch<S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug>(stream: S, count: u32) -> f64 {
    let mut client = async_imap::Client::new(stream);
    client.read_response().await.expect("a greeting").expect("a greeting");
    let mut session = client.login("support", dovecot::password("support")).await.map_err(|(error, _)| error).expect("login");
    session.select("INBOX").await.expect("the mailbox");
    let (begun, mut mails, mut bytes) = (Instant::now(), 0, 0);
    for first in (1..=count).step_by(BATCH as usize) {
        let last = (first + BATCH - 1).min(count);
        let mut fetched = session.uid_fetch(format!("{first}:{last}"), "(UID BODY.PEEK[])").await.expect("FETCH");
        while let Some(mail) = fetched.next().await {
            bytes += mail.expect("a mail").body().unwrap_or_default().len();
            mails += 1;
        }
    }
    let took = begun.elapsed();
    assert!(mails == count && bytes > 0, "{mails} of {count} mails were fetched");
    session.logout().await.expect("logout");
    f64::from(count) / took.as_secs_f64()
}
