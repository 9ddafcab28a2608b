//! How long a customer waits: from the moment at which the IMAP server tells of a mail (IDLE) to the moment at which the SMTP
//! server has taken its acknowledgement. `cargo bench --bench latency`; `LATENCY_BENCH_MAILS` changes the number of mails.
//!
//! A relay between daemon and server notes when the server tells: servers gather news for up to half a second before, and
//! that time is theirs.

#[path = "../tests/it/harness/mod.rs"]
mod harness;
mod support;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::dovecot::{self, Dovecot};
use harness::frontdesk::Desk;
use support::sink::Sink;
use support::{config, mail, setting};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What must be reached.
const MEDIAN_MAX: Duration = Duration::from_millis(50);
const P99_MAX: Duration = Duration::from_millis(250);
/// Nothing takes so long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// When the server last told of a mail.
type Told = Arc<Mutex<Option<Instant>>>;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(measure(setting("LATENCY_BENCH_MAILS", 200)));
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
async fn measure(count: u32) {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
    let told = Told::default();
    let relay = relay(dovecot.port(), Arc::clone(&told)).await;
    let sink = Sink::start().await;
    let login = "auth = { kind = \"password\", user = \"support\", secret = { file = \"mail.password\" } }";
    let desk = Desk::new(&config(&format!("imap://127.0.0.1:{relay}"), &format!("smtp://127.0.0.1:{}", sink.port), login));
    desk.write("mail.password", &dovecot::password("support"));
    desk.start_ready();
    desk.wait_until("the empty mailbox is watched", |status| status["inboxes"][0]["live"] == true);
    let (mut from_told, mut from_delivery) = (Vec::new(), Vec::new());
    for number in 0..count {
        told.lock().expect("not poisoned").take();
        let delivered_at = Instant::now();
        dovecot.deliver("support", &mail(number));
        while sink.accepted.load(Ordering::Acquire) <= u64::from(number) {
            assert!(delivered_at.elapsed() < PATIENCE, "not acknowledged in time\n{}", desk.log_tail());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let accepted_at = sink.newest_at.lock().expect("not poisoned").expect("one was accepted");
        let told_at = told.lock().expect("not poisoned").expect("the server told of it");
        from_told.push(accepted_at.duration_since(told_at));
        from_delivery.push(accepted_at.duration_since(delivered_at));
    }
    desk.term();
    from_told.sort_unstable();
    from_delivery.sort_unstable();
    let at = |times: &[Duration], share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let (median, p99) = (at(&from_told, 50), at(&from_told, 99));
    println!(
        "{count} mails, one by one, from the server's word to the accepted acknowledgement: p50 {median:.1?} (wanted {MEDIAN_MAX:?}: \
         {}), p99 {p99:.1?} (wanted {P99_MAX:?}: {})",
        word(median <= MEDIAN_MAX),
        word(p99 <= P99_MAX),
    );
    println!(
        "from delivery, the server's own pause included: p50 {:.1?}, p99 {:.1?}",
        at(&from_delivery, 50),
        at(&from_delivery, 99)
    );
}

fn word(is_reached: bool) -> &'static str {
    if is_reached { "reached" } else { "MISSED" }
}

/// Passes bytes on and notes when the server tells of new mail. Returns its port.
async fn relay(to: u16, told: Told) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", to)).await.expect("dovecot listens");
            for stream in [&client, &server] {
                stream.set_nodelay(true).expect("a socket");
            }
            let ((mut client_in, mut client_out), (mut server_in, mut server_out)) = (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut client_in, &mut server_out).await });
            let told = Arc::clone(&told);
            tokio::spawn(async move {
                let mut bytes = vec![0; 64 * 1024];
                while let Ok(size @ 1..) = server_in.read(&mut bytes).await {
                    if memchr::memmem::find(&bytes[..size], b" EXISTS\r\n").is_some() {
                        told.lock().expect("not poisoned").get_or_insert_with(Instant::now);
                    }
                    if client_out.write_all(&bytes[..size]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}
