//! Channels besides mail, against a server that takes requests and keeps them: what it refuses for now comes again, what
//! it refuses for good is shown, and a telephone is not rung twice.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::harness::frontdesk::{Desk, inbox};

/// Longer than the first wait after a refusal.
const PATIENCE: Duration = Duration::from_secs(90);

/// A request as it came: its first line and header fields, and its body.
#[derive(Clone, Debug)]
struct Taken {
    head: String,
    body: String,
}

/// Takes requests one after the other and answers with these statuses, the last one again and again.
fn server(statuses: Vec<u16>) -> (String, Arc<Mutex<Vec<Taken>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
    let taken = Arc::new(Mutex::new(Vec::new()));
    let kept = taken.clone();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("the same connection"));
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a line");
                if line.trim().is_empty() {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a number");
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("the body");
            let status = statuses.get(number).or(statuses.last()).copied().unwrap_or(200);
            kept.lock().expect("no panic").push(Taken { head, body: String::from_utf8(body).expect("text") });
            write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").expect("answered");
        }
    });
    (url, taken)
}

fn config(channels: &str, tell: &str) -> String {
    format!(
        "version = 1\n[company]\nname = \"Acme\"\n[server]\nstore = {{ kind = \"sled\", path = \"state\" }}\n\
         key = {{ file = \"signing.key\" }}\n[account.main]\nimap = \"maildir:in\"\nsmtp = \"maildir:out\"\n\
         [inbox]\nsupport = {{ address = \"support@acme.example\" }}\n[agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n\
         [notify]\n{channels}\n[[rule]]\nname = \"fire\"\nwhen = {{ subject = \"fire\" }}\nthen = {{ priority = \"urgent\", tell = [{tell}] }}\n"
    )
}

fn told(desk: &Desk, channel: &str) -> Option<Value> {
    let rows = desk.json(&["outbox", "list", "--all"]);
    let to = format!("{channel}@notify.invalid");
    rows.as_array()?.iter().find(|row| row["to"] == to.as_str()).cloned()
}

#[test]
fn a_channel_is_told_until_it_listens_and_each_in_its_own_form() {
    let (busy, busy_taken) = server(vec![503, 200]);
    let (deaf, deaf_taken) = server(vec![404]);
    let channels = format!(
        "chat = {{ kind = \"slack\", url = \"{busy}\" }}\n\
         hook = {{ kind = \"webhook\", url = \"{busy}\", key = {{ file = \"hook.key\" }} }}\n\
         phone = {{ kind = \"ntfy\", url = \"{deaf}\" }}\n\
         boss = {{ kind = \"email\", to = \"boss@acme.example\" }}"
    );
    let desk = Desk::new(&config(&channels, "\"chat\", \"hook\", \"phone\", \"boss\""));
    desk.write("hook.key", "whsec_c2VjcmV0");
    desk.start();
    desk.wait_until("the maildir is watched", |status| inbox(status, "support")["live"] == true);
    desk.write("in/new/1.eml", "From: dana@x.example\nTo: support@acme.example\nSubject: Fire\n\nIt burns.\n");
    desk.wait_tickets(1);
    desk.wait_until_within(PATIENCE, "all of them were told", |_| {
        let phase = |name: &str| told(&desk, name).map(|row| row["state"].as_str().unwrap_or_default().to_owned());
        phase("chat").as_deref() == Some("accepted")
            && phase("hook").as_deref() == Some("accepted")
            && phase("phone").as_deref() == Some("failed")
    });
    let busy_taken = busy_taken.lock().expect("no panic").clone();
    assert_eq!(busy_taken.len(), 3, "one was refused for now and came again: {busy_taken:?}");
    let slack = busy_taken.iter().rfind(|taken| taken.body.starts_with("{\"text\"")).expect("Slack's form");
    assert!(slack.body.contains("T-1: Fire"), "{slack:?}");
    let signed = busy_taken.iter().rfind(|taken| taken.body.contains("ticket.alert")).expect("the webhook's form");
    assert!(signed.head.to_lowercase().contains("webhook-signature: v1,"), "{signed:?}");
    let deaf_taken = deaf_taken.lock().expect("no panic").clone();
    assert_eq!(deaf_taken.len(), 1, "what is refused for good is not tried again");
    assert!(deaf_taken[0].head.contains("Priority: 5") || deaf_taken[0].head.to_lowercase().contains("priority: 5"));
    let rows = desk.json(&["outbox", "list", "--all"]);
    let boss = rows.as_array().expect("rows").iter().find(|row| row["to"] == "boss@acme.example").expect("a mail");
    assert_eq!(boss["kind"], "note");
}

#[test]
fn a_channel_that_cannot_be_is_a_configuration_error() {
    let desk = Desk::new(&config("chat = { kind = \"slack\", url = \"http://chat.example/hook\" }", "\"chat\""));
    let checked = desk.cli(&["check"]);
    assert_eq!(checked.code, Some(78), "{checked:?}");
    assert!(checked.stderr.contains("channel \"chat\""), "{checked:?}");
}
