//! What an operator relies on besides the mail itself: copies that come back, and pages for machines.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::harness::frontdesk::{Desk, inbox};
use crate::harness::port::Port;

fn config(server: &str) -> String {
    format!(
        "version = 1\n[company]\nname = \"Acme\"\n[server]\nstore = {{ kind = \"sled\", path = \"state\" }}\n\
         key = {{ file = \"signing.key\" }}\n{server}[account.main]\nimap = \"maildir:in\"\nsmtp = \"maildir:out\"\n\
         [inbox]\nsupport = {{ address = \"support@acme.example\" }}\n[agent]\nana = {{ name = \"Ana Ruiz\", email = \"ana@acme.example\" }}\n"
    )
}

/// A running desk with one ticket.
fn with_a_ticket(server: &str) -> Desk {
    let desk = Desk::run(&config(server));
    desk.wait_until("the maildir is watched", |status| inbox(status, "support")["live"] == true);
    desk.write("in/new/1.eml", "From: dana@x.example\nTo: support@acme.example\nSubject: Hello\n\nIt is broken.\n");
    desk.wait_tickets(1);
    desk.wait_until("its acknowledgement has left", |status| status["outbox"] == 0);
    desk
}

#[test]
fn a_copy_made_while_the_desk_runs_comes_back_with_everything() {
    let desk = with_a_ticket("");
    let before = desk.ticket("T-1");
    assert_eq!(desk.cli(&["backup", "create", "kept"]).code, Some(0));
    assert_eq!(desk.cli(&["backup", "verify", "kept"]).code, Some(0));
    assert_ne!(desk.cli(&["backup", "create", "kept"]).code, Some(0), "a copy is never written over");
    assert_ne!(desk.cli(&["backup", "restore", "kept"]).code, Some(0), "nor a store that is in use");
    assert_eq!(desk.term(), Some(0));
    fs::rename(desk.path("state"), desk.path("lost")).expect("moved away");
    let restored = desk.cli(&["backup", "restore", "kept"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    desk.start();
    desk.wait_until("the maildir is watched", |status| inbox(status, "support")["live"] == true);
    assert_eq!(desk.ticket("T-1"), before);
    assert_eq!(desk.status().expect("a status")["tickets"]["new"], json!(1), "the mail is known: no second ticket");
    assert_eq!(fs::read_dir(desk.path("out/new")).expect("made").count(), 1, "nor a second acknowledgement");
    // One flipped byte, and the copy is refused.
    let pack = desk.path("kept/raw/000001.pack");
    let mut bytes = fs::read(&pack).expect("there");
    bytes[80] ^= 1;
    fs::write(&pack, bytes).expect("written");
    assert_ne!(desk.cli(&["backup", "verify", "kept"]).code, Some(0));
}

#[test]
fn the_pages_for_machines_tell_of_the_running_desk() {
    let port = Port::reserve();
    let desk = with_a_ticket(&format!("listen = \"{}\"\n", port.addr()));
    let get = |path: &str| {
        let mut stream = TcpStream::connect(port.addr()).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    };
    for path in ["/healthz", "/readyz"] {
        assert!(get(path).starts_with("HTTP/1.1 200"), "{path}: {}", get(path));
    }
    let metrics = get("/metrics");
    assert!(metrics.contains("frontdesk_mails_settled_total{outcome=\"new_ticket\"} 1"), "{metrics}");
    assert!(!metrics.contains("dana") && !metrics.contains("Hello"), "a person in the figures:\n{metrics}");
    assert_eq!(desk.term(), Some(0));
    assert!(!port.answers());
}
