//! Files too large for a mail to an agent arrive as links, which the desk's own pages serve.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::{ANA, ANA_ADDRESS, DANA, DESK, answer, newest, text_of};
use crate::harness::mails::{self, header_of};
use crate::harness::office::{INBOX, Office, letter, vouched};
use crate::harness::port::Port;

/// Head and body of a page.
fn get(port: &Port, path: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(port.addr()).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("answered");
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let body = all.split_off(end + 4);
    (String::from_utf8_lossy(&all).into_owned(), body)
}

/// The addresses of files in a mail.
fn file_links(mail: &[u8]) -> Vec<String> {
    let text = text_of(mail);
    text.split_whitespace().filter(|word| word.starts_with("https://desk.acme.example/a/")).map(str::to_owned).collect()
}

#[test]
fn a_large_file_is_a_link_that_saves_it_under_its_name_until_its_last_day() {
    let port = Port::reserve();
    let keys = format!("listen = \"{}\"\nurl = \"https://desk.acme.example\"\n", port.addr());
    let office = Office::with_server(&keys, &format!("{INBOX}{DESK}attach = \"100kB\"\n"));
    let basics = letter(DANA, "The log", "dana-1@x.example");
    office.deliver(&vouched(mails::with_attachment(basics, "probe 02:10.log", 1)));
    let to_ana = newest(&office, ANA_ADDRESS);
    assert!(to_ana.len() < 60_000, "the file itself does not go along: {} bytes", to_ana.len());
    let links = file_links(&to_ana);
    assert_eq!(links.len(), 1, "{}", text_of(&to_ana));
    let path = links[0].trim_start_matches("https://desk.acme.example");
    let (head, body) = get(&port, path);
    let lower = head.to_lowercase();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    for expected in
        ["content-type: application/octet-stream", "x-content-type-options: nosniff", "content-disposition: attachment;"]
    {
        assert!(lower.contains(expected), "{expected}: {head}");
    }
    assert!(lower.contains(".log\""), "its name: {head}");
    assert_eq!(body.len(), 1_000_000, "all of it");
    // The same bytes as in the mail.
    let raw = mails::with_attachment(basics, "probe 02:10.log", 1).bytes();
    let part = mail::parse(&raw).message.attachments[0].part;
    assert_eq!(mail::part::attachment_bytes(&raw, part), Some(body));

    // Whatever is changed, and whatever is guessed, is not there.
    let parts: Vec<&str> = path.split('/').collect();
    let with = |at: usize, value: &str| {
        let mut changed = parts.clone();
        changed[at] = value;
        changed.join("/")
    };
    let forged = [
        with(2, "2"),
        with(3, "00000000000000000000000000000000"),
        with(4, "1"),
        with(5, "99999"),
        with(6, "0123456789abcdef"),
        "/a/".to_owned(),
        "/a/../metrics".to_owned(),
        format!("{path}/x"),
        "/a/%2e%2e/%2e%2e/etc/passwd".to_owned(),
    ];
    for path in forged {
        let (head, body) = get(&port, &path);
        assert!(head.starts_with("HTTP/1.1 404") || head.starts_with("HTTP/1.1 400"), "{path}: {head}");
        assert!(body.len() < 200, "{path}");
    }
    // The link itself never leaves with an answer that quotes it.
    office.deliver(&vouched(answer(&to_ana, ANA, "ana-1@acme.example", "I have it, thank you.")));
    let sent = newest(&office, "dana@x.example");
    assert!(header_of(&sent, "In-Reply-To").is_some());
    assert!(!String::from_utf8_lossy(&sent).contains("/a/1/"), "{}", text_of(&sent));

    // Months later the link is over.
    office.desk.term();
    office.desk.shift_clock("+40d");
    office.desk.start_ready();
    assert!(get(&port, path).0.starts_with("HTTP/1.1 404"));
}

#[test]
fn an_agent_is_invited_and_gets_rules_by_the_command_line() {
    let office = Office::with(&format!("{INBOX}{DESK}"));
    let done = office.desk.json(&["agent", "invite", "ana", "--request", "first"]);
    assert_eq!(done["to"], serde_json::json!("ana@acme.example"));
    office.desk.json(&["agent", "invite", "ana", "--request", "first"]);
    let mails = office.received(ANA_ADDRESS);
    assert_eq!(mails.len(), 1, "a repeat sends nothing");
    assert_eq!(header_of(&mails[0], "X-Frontdesk-Ticket").as_deref(), Some("T-0"));
    office.deliver(&vouched(answer(&mails[0], ANA, "ana-1@acme.example", "Please try 3.5.0.\n\n#close")));
    assert!(text_of(&newest(&office, ANA_ADDRESS)).contains("solved"));
    assert_eq!(office.desk.tickets().len(), 0);

    let unknown = office.desk.cli(&["agent", "invite", "anna"]);
    assert_ne!(unknown.code, Some(0), "{unknown:?}");
    let sieve = office.desk.cli(&["agent", "filters", "ana", "--for", "sieve"]);
    assert_eq!(sieve.code, Some(0), "{sieve:?}");
    let list = header_of(&mails[0], "List-Id").unwrap_or_default();
    let id = list.rsplit('<').next().unwrap_or_default().trim_end_matches('>').to_owned();
    assert!(format!("{sieve:?}").contains(&id), "{id}: {sieve:?}");
}
