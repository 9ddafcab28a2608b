//! The harness against itself: what the other tests rely on.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::harness::certs::{Authority, Flaw};
use crate::harness::dovecot::{self, Dovecot, password};
use crate::harness::frontdesk::Desk;
use crate::harness::mails::{self, Basics};
use crate::harness::postfix::{self, Postfix};
use crate::harness::proxy::{Proxy, Way};
use crate::harness::sink::{self, Fault, Phase, Rule, Sink};
use crate::harness::wait::{wait_for, wait_true};
use crate::harness::{bombs, port::Port};

const SOON: Duration = Duration::from_secs(20);

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn basics<'a>(to: &'a str, id: &'a str) -> Basics<'a> {
    Basics { from: "Dana Okafor <dana@x.example>", to, subject: "The meter shows nothing", id }
}

fn a_mail(id: &str) -> Vec<u8> {
    mails::request(basics("support@acme.example", id), "It was fine yesterday.\n").bytes()
}

/// Signs in and returns every mail of the INBOX, by UID.
async fn read_all<S>(stream: S, user: &str) -> async_imap::error::Result<Vec<Vec<u8>>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + std::fmt::Debug,
{
    let mut client = async_imap::Client::new(stream);
    client.read_response().await?.expect("a greeting");
    let mut session = client.login(user, password(user)).await.map_err(|(err, _)| err)?;
    session.select("INBOX").await?;
    let mut mails = Vec::new();
    let mut fetched = session.uid_fetch("1:*", "(UID BODY.PEEK[])").await?;
    while let Some(mail) = fetched.next().await {
        mails.push(mail?.body().unwrap_or_default().to_vec());
    }
    drop(fetched);
    session.logout().await?;
    Ok(mails)
}

async fn plain(port: u16) -> std::io::Result<tokio::net::TcpStream> {
    tokio::net::TcpStream::connect(("127.0.0.1", port)).await
}

async fn encrypted(
    port: u16,
    config: Arc<ClientConfig>,
) -> std::io::Result<tokio_rustls::client::TlsStream<tokio::net::TcpStream>> {
    let name = ServerName::try_from("localhost").expect("a host name");
    tokio_rustls::TlsConnector::from(config).connect(name, plain(port).await?).await
}

#[tokio::test]
async fn a_mail_delivered_on_disk_is_read_by_imap() -> Outcome {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support", "billing"]));
    let mail = a_mail("1@x.example");
    dovecot.deliver("support", &mail);
    assert_eq!(read_all(plain(dovecot.port()).await?, "support").await?, vec![mail.clone()]);
    assert!(read_all(plain(dovecot.port()).await?, "billing").await?.is_empty());

    dovecot.add_flags("support", "INBOX", "\\Seen $Frontdesk", &["all"]);
    let stored = dovecot.messages("support", "INBOX");
    assert_eq!(
        (stored[0].flags.as_slice(), &stored[0].bytes),
        (["$Frontdesk".to_owned(), "\\Seen".to_owned()].as_slice(), &mail)
    );
    Ok(())
}

#[tokio::test]
async fn only_a_good_certificate_of_the_private_authority_is_believed() -> Outcome {
    let authority = Authority::new();
    for (flaw, good) in [(Flaw::None, true), (Flaw::WrongName, false), (Flaw::Expired, false)] {
        let options = dovecot::Options { tls: Some(authority.issue(flaw)), ..dovecot::Options::users(&["support"]) };
        let dovecot = Dovecot::start(options);
        dovecot.deliver("support", &a_mail("1@x.example"));
        let stream = encrypted(dovecot.tls_port(), authority.client()).await;
        assert_eq!(stream.is_ok(), good, "{flaw:?}");
        if let Ok(stream) = stream {
            assert_eq!(read_all(stream, "support").await?.len(), 1);
            assert!(
                encrypted(dovecot.tls_port(), Authority::new().client()).await.is_err(),
                "a foreign authority is not believed"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn dovecot_can_be_stopped_restarted_and_killed_on_the_same_port() -> Outcome {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
    dovecot.deliver("support", &a_mail("1@x.example"));
    for kill in [false, true] {
        if kill {
            dovecot.kill()
        } else {
            dovecot.stop()
        }
        assert!(plain(dovecot.port()).await.is_err(), "nobody listens");
        dovecot.restart();
        assert_eq!(read_all(plain(dovecot.port()).await?, "support").await?.len(), 1);
    }
    dovecot.set_password("support", "another");
    let refused = read_all(plain(dovecot.port()).await?, "support").await;
    assert!(matches!(refused, Err(async_imap::error::Error::No(_))), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn mailboxes_can_be_changed_behind_the_daemons_back() -> Outcome {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
    dovecot.create_mailbox("support", "Archive");
    dovecot.deliver_many("support", (0..3).map(|number| a_mail(&format!("{number}@x.example"))));
    dovecot.move_mails("support", "INBOX", "Archive", &["uid", "1"]);
    dovecot.expunge("support", "INBOX", &["uid", "2"]);
    assert_eq!((dovecot.messages("support", "INBOX").len(), dovecot.messages("support", "Archive").len()), (1, 1));

    dovecot.rename_mailbox("support", "Archive", "Old");
    assert_eq!(dovecot.mailboxes("support"), ["INBOX", "Old"]);
    dovecot.delete_mailbox("support", "Old");
    assert_eq!(dovecot.mailboxes("support"), ["INBOX"]);

    let before = dovecot.uidvalidity("support", "INBOX");
    dovecot.bump_uidvalidity("support");
    let bumped = dovecot.uidvalidity("support", "INBOX");
    assert_eq!(bumped, before + 1);
    dovecot.lose_index("support");
    assert_eq!(read_all(plain(dovecot.port()).await?, "support").await?.len(), 1, "a lost index loses no mail");
    Ok(())
}

#[tokio::test]
async fn an_idle_session_hears_of_a_mail_and_of_the_end() -> Outcome {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
    let proxy = Proxy::start(dovecot.port());
    let mut client = async_imap::Client::new(plain(proxy.port()).await?);
    client.read_response().await?.expect("a greeting");
    let mut session = client.login("support", password("support")).await.map_err(|(err, _)| err)?;
    session.select("INBOX").await?;
    let mut idle = session.idle();
    idle.init().await?;
    // Dovecot says EXISTS and RECENT; one sign is enough.
    proxy.drop_lines(Way::Down, "RECENT");
    dovecot.deliver("support", &a_mail("1@x.example"));
    let (wait, _stop) = idle.wait_with_timeout(SOON);
    let news = wait.await?;
    assert!(matches!(news, async_imap::extensions::idle::IdleResponse::NewData(_)), "{news:?}");

    // Keepalives pass, news does not: only a look of our own finds the mail.
    proxy.drop_lines(Way::Down, "EXISTS");
    dovecot.deliver("support", &a_mail("2@x.example"));
    proxy.inject(b"* OK Still here\r\n");
    let (wait, _stop) = idle.wait_with_timeout(Duration::from_secs(2));
    let silence = wait.await?;
    assert!(matches!(silence, async_imap::extensions::idle::IdleResponse::Timeout), "{silence:?}");
    proxy.drop_all();
    wait_true("the connection is gone", SOON, || proxy.open() == 0);
    Ok(())
}

#[tokio::test]
async fn an_open_session_sees_that_uidvalidity_changed() -> Outcome {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
    dovecot.deliver("support", &a_mail("1@x.example"));
    let mut client = async_imap::Client::new(plain(dovecot.port()).await?);
    client.read_response().await?.expect("a greeting");
    let mut session = client.login("support", password("support")).await.map_err(|(err, _)| err)?;
    let before = session.select("INBOX").await?.uid_validity;
    dovecot.bump_uidvalidity("support");
    let after = session.select("INBOX").await?.uid_validity;
    assert!(before.is_some() && after > before, "{before:?} {after:?}");
    Ok(())
}

#[tokio::test]
async fn capabilities_can_be_withheld() -> Outcome {
    for (idle, moving) in [(true, true), (false, true), (true, false)] {
        let dovecot = Dovecot::start(dovecot::Options { idle, moving, ..dovecot::Options::users(&["support"]) });
        let mut client = async_imap::Client::new(plain(dovecot.port()).await?);
        client.read_response().await?.expect("a greeting");
        let mut session = client.login("support", password("support")).await.map_err(|(err, _)| err)?;
        let offered = session.capabilities().await?;
        assert_eq!((offered.has_str("IDLE"), offered.has_str("MOVE"), offered.has_str("UIDPLUS")), (idle, moving, moving));
    }
    Ok(())
}

fn connect(port: u16) -> Result<SmtpConnection, lettre::transport::smtp::Error> {
    SmtpConnection::connect(("127.0.0.1", port), Some(SOON), &ClientId::Domain("test.example".into()), None, None)
}

fn envelope(to: &str) -> lettre::address::Envelope {
    lettre::address::Envelope::new(
        Some("support@acme.example".parse().expect("an address")),
        vec![to.parse().expect("an address")],
    )
    .expect("a recipient")
}

#[test]
fn a_mail_sent_to_postfix_is_found_by_its_recipient() -> Outcome {
    let postfix = Postfix::start(&postfix::Options::default());
    let mut connection = connect(postfix.port())?;
    for id in ["1@acme.example", "2@acme.example"] {
        connection.send(&envelope("Dana@x.example"), &a_mail(id))?;
    }
    let mails = postfix.wait_for("dana@x.example", 2, SOON);
    let mut ids: Vec<_> = mails.iter().filter_map(|mail| mails::id_of(mail)).collect();
    ids.sort();
    assert_eq!(ids, ["1@acme.example", "2@acme.example"]);
    assert_eq!(mails::header_of(&mails[0], "Subject").as_deref(), Some("The meter shows nothing"));
    assert_eq!(postfix.delivered()[0].sender, "support@acme.example");

    postfix.stop();
    assert!(connect(postfix.port()).is_err());
    postfix.restart();
    connect(postfix.port())?.send(&envelope("dana@x.example"), &a_mail("3@acme.example"))?;
    postfix.wait_for("dana@x.example", 3, SOON);
    Ok(())
}

#[test]
fn postfix_asks_dovecot_for_passwords_and_routes_into_its_mailboxes() -> Outcome {
    let dovecot = Dovecot::start(dovecot::Options::users(&["support"]));
    let routes = vec![postfix::route("support@acme.example", &dovecot, "support")];
    let postfix = Postfix::start(&postfix::Options { auth: Some(dovecot.auth_socket()), routes, ..postfix::Options::default() });
    let refused = connect(postfix.port())?.send(&envelope("support@acme.example"), &a_mail("1@x.example"));
    assert!(refused.is_err_and(|err| err.is_permanent()));

    let mut connection = connect(postfix.port())?;
    let wrong = Credentials::new("support".into(), "wrong".into());
    assert!(connection.auth(&[Mechanism::Plain], &wrong).is_err());
    let mut connection = connect(postfix.port())?;
    connection.auth(&[Mechanism::Plain], &Credentials::new("support".into(), password("support")))?;
    connection.send(&envelope("support@acme.example"), &a_mail("1@x.example"))?;
    let stored = wait_for("the routed mail", SOON, || dovecot.messages("support", "INBOX").pop());
    assert_eq!(mails::id_of(&stored.bytes).as_deref(), Some("1@x.example"));
    assert!(postfix.delivered().is_empty());
    Ok(())
}

/// Starts TLS on an SMTP port, implicitly or by command, and returns what EHLO then says.
fn ehlo_encrypted(port: u16, implicit: bool, config: &Arc<ClientConfig>) -> std::io::Result<String> {
    let mut socket = TcpStream::connect(("127.0.0.1", port))?;
    socket.set_read_timeout(Some(SOON))?;
    if !implicit {
        let mut lines = BufReader::new(socket.try_clone()?).lines();
        socket.write_all(b"EHLO test.example\r\n")?;
        lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("250 "));
        socket.write_all(b"STARTTLS\r\n")?;
        assert!(lines.next().expect("a reply")?.starts_with("220"));
    }
    let connection = ClientConnection::new(Arc::clone(config), ServerName::try_from("localhost").expect("a host name"));
    let mut stream = StreamOwned::new(connection.map_err(std::io::Error::other)?, socket);
    stream.write_all(b"EHLO test.example\r\nQUIT\r\n")?;
    let mut said = String::new();
    let ended = stream.read_to_string(&mut said);
    // A server may close without saying so in TLS; what counts came before.
    if said.contains("221 ") { Ok(said) } else { ended.map(|_| said) }
}

#[test]
fn smtp_servers_speak_tls_both_ways() -> Outcome {
    let authority = Authority::new();
    let identity = authority.issue(Flaw::None);
    let postfix = Postfix::start(&postfix::Options { tls: Some(identity.clone()), ..postfix::Options::default() });
    let sink = Sink::start_with(sink::Options { tls: Some(identity.clone()), ..sink::Options::default() });
    let implicit = Sink::start_with(sink::Options { tls: Some(identity), implicit_tls: true, ..sink::Options::default() });
    for (port, kind) in [(postfix.port(), false), (postfix.tls_port(), true), (sink.port(), false), (implicit.port(), true)] {
        assert!(ehlo_encrypted(port, kind, &authority.client())?.contains("8BITMIME"));
        assert!(ehlo_encrypted(port, kind, &Authority::new().client()).is_err());
    }
    Ok(())
}

#[test]
fn the_sink_fails_where_the_script_says_and_keeps_the_rest() -> Outcome {
    let sink = Sink::start();
    let send = || {
        connect(sink.port())
            .and_then(|mut connection| connection.send(&envelope("dana@x.example"), b"Subject: x\r\n\r\n..dot\r\n"))
    };
    for phase in [Phase::Mail, Phase::Rcpt, Phase::Data, Phase::Dot] {
        sink.script([
            Rule::reply(phase, "451 4.3.0 later"),
            Rule::reply(phase, "550 5.1.1 never"),
            Rule::once(phase, Fault::Drop),
        ]);
        assert!(send().is_err_and(|err| err.is_transient()), "{phase:?}");
        assert!(send().is_err_and(|err| err.is_permanent()), "{phase:?}");
        assert!(send().is_err_and(|err| err.status().is_none()), "{phase:?}");
    }
    for phase in [Phase::Connect, Phase::Ehlo] {
        sink.script([Rule::reply(phase, "421 4.3.2 closing"), Rule::once(phase, Fault::Drop)]);
        assert!(send().is_err() && send().is_err(), "{phase:?}");
    }
    sink.script([Rule::once(Phase::Body, Fault::Drop)]);
    assert!(send().is_err());
    assert_eq!(sink.count(), 0, "nothing was accepted so far");

    sink.script([Rule::once(Phase::Dot, Fault::KeepThenDrop)]);
    assert!(send().is_err());
    sink.script([Rule::once(Phase::Dot, Fault::GoodThenDrop), Rule::once(Phase::Dot, Fault::Slow(Duration::from_millis(50)))]);
    send()?;
    send()?;
    sink.script([Rule::always(Phase::Rcpt, Fault::Reply("550 5.1.1 no".into())).only_for("other@x.example")]);
    send()?;
    let accepted = sink.wait_for(4, SOON);
    assert_eq!(accepted[0].envelope.recipients, ["dana@x.example"]);
    // lettre ends every mail with a line break of its own.
    assert_eq!(sink.received("dana@x.example")[3], b"Subject: x\r\n\r\n..dot\r\n\r\n");
    Ok(())
}

#[test]
fn the_sink_asks_for_a_password_and_hangs_until_healed() -> Outcome {
    let sink = Sink::start_with(sink::Options { auth: Some(("support".into(), "secret".into())), ..sink::Options::default() });
    assert!(connect(sink.port())?.send(&envelope("dana@x.example"), b"x\r\n").is_err());
    for mechanism in [Mechanism::Plain, Mechanism::Login] {
        assert!(connect(sink.port())?.auth(&[mechanism], &Credentials::new("support".into(), "wrong".into())).is_err());
        connect(sink.port())?.auth(&[mechanism], &Credentials::new("support".into(), "secret".into()))?;
    }
    sink.script([Rule::once(Phase::Mail, Fault::Hang)]);
    let mut connection = connect(sink.port())?;
    connection.auth(&[Mechanism::Plain], &Credentials::new("support".into(), "secret".into()))?;
    connection.set_timeout(Some(Duration::from_millis(100)))?;
    assert!(connection.send(&envelope("dana@x.example"), b"x\r\n").is_err());
    sink.heal();
    wait_true("the hanging answer", SOON, || sink.commands("MAIL") == 2);
    Ok(())
}

/// An echo that answers each line with itself.
fn echo() -> Port {
    let port = Port::reserve();
    let listener = std::net::TcpListener::bind(port.addr()).expect("a reserved port is free");
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || std::io::copy(&mut socket.try_clone()?, &mut &socket));
        }
    });
    port
}

fn through(proxy: &Proxy) -> std::io::Result<TcpStream> {
    let socket = TcpStream::connect(("127.0.0.1", proxy.port()))?;
    socket.set_read_timeout(Some(SOON))?;
    Ok(socket)
}

fn say(mut socket: &TcpStream, text: &str, expect: &str) -> std::io::Result<()> {
    socket.write_all(text.as_bytes())?;
    let mut answer = vec![0; expect.len()];
    socket.read_exact(&mut answer)?;
    assert_eq!(String::from_utf8_lossy(&answer), expect);
    Ok(())
}

#[test]
fn the_proxy_damages_what_passes() -> Outcome {
    let server = echo();
    let proxy = Proxy::start(server.number());
    let socket = through(&proxy)?;
    say(&socket, "hello\n", "hello\n")?;
    proxy.replace(Way::Down, "{5}", "{500000000}", 1);
    proxy.drop_lines(Way::Down, "EXISTS");
    say(&socket, "* 3 EXISTS\n* BODY {5}\n* BODY {5}\n", "* BODY {500000000}\n* BODY {5}\n")?;
    proxy.inject(b"* BYE\r\n");
    say(&socket, "", "* BYE\r\n")?;
    proxy.heal();
    proxy.trickle(Way::Down, 1, Duration::from_millis(5));
    say(&socket, "slow\n", "slow\n")?;
    proxy.heal();
    proxy.cut_after(Way::Down, 4);
    say(&socket, "cut here\n", "cut ")?;
    assert!(matches!((&socket).read(&mut [0; 9]), Ok(0) | Err(_)), "the connection is gone");
    assert_eq!(proxy.open(), 0);
    Ok(())
}

#[test]
fn the_proxy_stalls_refuses_and_recovers() -> Outcome {
    let server = echo();
    let proxy = Proxy::start(server.number());
    let socket = through(&proxy)?;
    say(&socket, "one\n", "one\n")?;
    proxy.stall();
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    assert!(say(&socket, "two\n", "two\n").is_err(), "a black hole says nothing");
    proxy.heal();
    socket.set_read_timeout(Some(SOON))?;
    say(&socket, "", "two\n")?;

    proxy.half_open();
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    let silence = (&socket).read(&mut [0; 9]);
    assert!(silence.is_err_and(|err| err.kind() == std::io::ErrorKind::WouldBlock), "half-open: no end is seen");
    proxy.heal();

    proxy.refuse();
    assert!(through(&proxy).is_err());
    proxy.heal();
    let socket = through(&proxy)?;
    say(&socket, "three\n", "three\n")?;
    proxy.drop_all();
    assert!(matches!((&socket).read(&mut [0; 9]), Ok(0) | Err(_)));
    Ok(())
}

#[test]
fn bombs_are_as_large_as_they_claim() {
    let bombs = bombs::all("support@acme.example");
    let bytes = |name: &str| bombs.iter().find(|bomb| bomb.name == name).map(|bomb| bomb.bytes.len());
    assert!(
        bytes("header") > Some(50_000_000)
            && bytes("parameter-pieces") > Some(12_000_000)
            && bytes("parentheses") > Some(1_000_000)
    );
    for bomb in &bombs {
        let long = bomb.bytes.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
        assert!(long < Some(999), "{}: RFC 5321 §4.5.3.1.6 allows 1,000 bytes a line", bomb.name);
    }
}

#[test]
fn mails_carry_the_headers_that_their_kind_is_known_by() {
    let base = basics("support@acme.example", "7@x.example");
    let reply = mails::reply(base, "<ack-1@acme.example>", &["0@x.example"], "Thanks.\n").bytes();
    assert_eq!(mails::header_of(&reply, "in-reply-to").as_deref(), Some("<ack-1@acme.example>"));
    assert_eq!(mails::header_of(&reply, "References").as_deref(), Some("<0@x.example> <ack-1@acme.example>"));
    let away = mails::out_of_office(base, "ack-1@acme.example").bytes();
    assert_eq!(mails::header_of(&away, "Auto-Submitted").as_deref(), Some("auto-replied"));
    let bounce = mails::bounce(base, "dana@x.example", "5.1.1", &reply).bytes();
    assert!(mails::header_of(&bounce, "Content-Type").is_some_and(|value| value.contains("report-type=delivery-status")));
    let large = mails::with_attachment(base, "log.bin", 3).bytes();
    assert!((4_000_000..4_400_000).contains(&large.len()), "{}", large.len());
}

#[test]
fn a_desk_keeps_its_files_private_and_runs_commands_in_its_directory() {
    let desk = Desk::new("version = 1\n");
    let output = desk.cli(&["--version"]);
    assert!(output.code.is_some(), "the binary runs: {output:?}");
    assert!(!desk.running());
}
