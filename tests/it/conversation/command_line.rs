//! Every word of the command line against a running desk, and the shapes of what it prints.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{DANA_ADDRESS, first_mail, references, word};
use crate::harness::mails;
use crate::harness::office::{INBOX, Office, letter, vouched};
use crate::harness::wait::wait_true;

const RULES: &str = "[[rule]]\nname = \"meters are urgent\"\nwhen = { subject = \"meter\" }\nthen = { priority = \"high\", tags = [\"meter\"] }\n\
    [[test]]\nname = \"a meter is urgent\"\nmail = { from = \"dana@x.example\", to = \"support@acme.example\", subject = \"The meter\" }\n\
    want = { priority = \"high\", ack = true, machine = false }\n";

/// Asserts that an object has these keys; others are welcome.
#[track_caller]
fn has_keys(value: &Value, keys: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    let missing: Vec<&&str> = keys.iter().filter(|key| !object.contains_key(**key)).collect();
    assert!(missing.is_empty(), "{missing:?} missing in {value}");
}

/// The first of an array.
#[track_caller]
fn first(value: &Value) -> &Value {
    value.get(0).unwrap_or_else(|| panic!("an array with something in it: {value}"))
}

const TICKET: [&str; 19] = [
    "ref",
    "subject",
    "status",
    "type",
    "team",
    "owner",
    "priority",
    "tags",
    "requester",
    "participants",
    "inbox",
    "language",
    "fields",
    "missing",
    "step",
    "clocks",
    "created_at",
    "updated_at",
    "links",
];

#[test]
fn the_shapes_of_tickets_status_and_outbox_are_as_promised() {
    let sections = "[inbox]\nsupport = { address = \"support@acme.example\", type = \"fault\" }\n[type.fault]\nlabel = \"A fault\"\n\
        fields = [{ id = \"serial\", ask = \"Serial?\", kind = \"text\", find = 'FH-\\d{5}' }]\nsteps = [{ id = \"look\", do = [\"Look\"], within = \"4h\" }]\n";
    let office = Office::with(&(sections.to_owned() + RULES));
    let basics = letter("Dana Okafor <dana@x.example>", "The meter", "dana-1@x.example");
    let log =
        b"Content-Type: text/plain; name=a.log\r\nContent-Disposition: attachment; filename=a.log\r\n\r\n84 lines\r\n".to_vec();
    let text = mails::part("text/plain; charset=utf-8", "Serial FH-20931 is dark.\n");
    office.deliver(&vouched(mails::Mail::new(basics).parts("mixed", &[text, log])));
    office.act("T-1", "ana", &["note", "call her"]);

    let list = office.desk.json(&["ticket", "list"]);
    has_keys(first(&list), &TICKET);
    let ticket = office.desk.ticket("t-1");
    has_keys(&ticket, &TICKET);
    has_keys(&ticket["requester"], &["name", "address", "proven"]);
    assert_eq!(ticket["fields"]["serial"]["value"], json!("FH-20931"));
    has_keys(&ticket["fields"]["serial"], &["value", "from", "span"]);
    let span = &ticket["fields"]["serial"]["span"];
    assert_eq!(span, &json!([7, 15]), "byte offsets in the text");
    has_keys(&ticket["step"], &["id", "due_at"]);
    has_keys(&ticket["clocks"]["first_response"], &["due_at", "met_at", "breached"]);
    let keys = [
        "id",
        "direction",
        "from",
        "to",
        "subject",
        "text",
        "cut",
        "message_id",
        "in_reply_to",
        "attachments",
        "machine",
        "at",
        "raw",
    ];
    for message in ticket["messages"].as_array().expect("messages") {
        has_keys(message, &keys);
    }
    assert_eq!(first(&ticket["messages"][0]["attachments"]), &json!({ "name": "a.log", "bytes": 10, "type": "text/plain" }));
    assert!(word(&ticket["messages"][0]["raw"]).len() >= 32);
    for line in ticket["history"].as_array().expect("history") {
        has_keys(line, &["at", "kind", "by", "what", "rule"]);
    }
    let ruled = ticket["history"].as_array().and_then(|lines| lines.iter().find(|line| !line["rule"].is_null()));
    assert_eq!(ruled.map(|line| word(&line["rule"]["name"]).to_owned()).as_deref(), Some("meters are urgent"));
    assert!(ruled.is_some_and(|line| line["rule"]["line"].as_u64() > Some(10)));

    office.received(DANA_ADDRESS);
    let row = office.outbox()[0].clone();
    has_keys(&row, &["id", "ticket", "to", "kind", "state", "attempts", "next_at", "message_id"]);
    assert_eq!((&row["ticket"], &row["to"], &row["state"]), (&json!("T-1"), &json!(DANA_ADDRESS), &json!("accepted")));
    assert_eq!(office.desk.json(&["outbox", "list"]), json!([]));
    let status = office.desk.status().expect("a status");
    has_keys(&status, &["inboxes", "tickets", "held", "outbox", "breaker", "config", "version"]);
    has_keys(first(&status["inboxes"]), &["name", "live", "settled", "lag_seconds", "last_ok_at", "error"]);
    assert_eq!((&status["tickets"]["open"], &status["held"], &status["breaker"]), (&json!(1), &json!(0), &json!(null)));

    for (filter, count) in [("--status=open", 1), ("--status=closed", 0), ("--inbox=support", 1), ("--owner=ana", 0)] {
        assert_eq!(office.desk.json(&["ticket", "list", filter]).as_array().map(Vec::len), Some(count), "{filter}");
    }
}

#[test]
fn what_is_explained_beforehand_is_what_the_daemon_does() {
    let office = Office::with(&(INBOX.to_owned() + RULES));
    let mail = vouched(first_mail());
    let file = office.desk.path("one.eml");
    std::fs::write(&file, mail.bytes()).expect("a file");
    let file = file.display().to_string();
    let before = office.desk.json(&["explain", &file]);
    has_keys(&before, &["trace", "result", "sends"]);
    for line in before["trace"].as_array().expect("a trace") {
        has_keys(line, &["step", "outcome", "detail", "rule", "line"]);
    }
    has_keys(first(&before["sends"]), &["to", "kind", "subject"]);
    office.deliver(&mail);
    let after = office.desk.json(&["explain", "T-1"]);
    let steps = |shown: &Value| -> Vec<(String, String)> {
        let lines = shown["trace"].as_array().expect("a trace");
        lines.iter().map(|line| (word(&line["step"]).to_owned(), word(&line["outcome"]).to_owned())).collect()
    };
    assert_eq!(steps(first(&after)), steps(&before));
    assert_eq!(first(&after)["sends"], before["sends"]);
    let text = office.desk.cli(&["explain", "T-1"]);
    assert!(text.stdout.contains("meters are urgent, line"), "{}", text.stdout);

    let parsed = office.desk.json(&["parse", &file]);
    let keys = [
        "file",
        "from_addr",
        "from_name",
        "to",
        "cc",
        "reply_to",
        "subject",
        "message_id",
        "in_reply_to",
        "references",
        "date",
        "text",
        "reply_text",
        "elided",
        "signature",
        "forward",
        "attachments",
        "machine",
        "bounce",
        "charset",
        "language",
        "defects",
    ];
    has_keys(&parsed, &keys);
    assert_eq!((&parsed["from_addr"], &parsed["machine"]), (&json!(DANA_ADDRESS), &json!(null)));
    assert_eq!(office.desk.cli(&["parse", "no-such.eml"]).code, Some(65));
    assert_eq!(office.desk.cli(&["parse", "no-such.eml", &file]).code, Some(3));

    let tests = office.desk.json(&["test"]);
    assert_eq!(first(&tests)["passed"], json!(true), "{tests}");
    assert_eq!(office.desk.cli(&["test", "-k", "nothing of this name"]).code, Some(2));
    let tail = office.desk.cli(&["tail", "-n", "5", "--no-follow"]);
    assert!(tail.code == Some(0) && tail.stdout.contains("new_ticket T-1"), "{tail:?}");
    has_keys(&office.desk.json(&["tail", "-n", "1", "--no-follow"]), &["at", "outcome", "ticket", "history"]);
    assert_eq!(references(&office.desk), ["T-1"], "looking changes nothing");
}

#[test]
fn a_changed_file_is_put_in_force_and_a_bad_one_is_not() {
    let office = Office::with(&(INBOX.to_owned() + RULES));
    let good = std::fs::read_to_string(office.desk.path("frontdesk.toml")).expect("the file of the desk");
    let running = |office: &Office| office.desk.status().map(|status| word(&status["config"]).to_owned());
    let old = running(&office).expect("a status");

    let urgent = good.replace("priority = \"high\"", "priority = \"urgent\"");
    office.desk.write("frontdesk.toml", &urgent);
    let plan = office.desk.cli(&["plan"]);
    assert!(plan.code == Some(0) && plan.stdout.contains("meters are urgent"), "{plan:?}");
    assert_eq!(running(&office).as_deref(), Some(old.as_str()), "a plan changes nothing");
    let changes = office.desk.json(&["reload"]);
    assert!(changes["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{changes}");
    let new = running(&office).expect("a status");
    assert_ne!(new, old);
    assert_eq!(office.desk.json(&["reload"]), json!({ "changes": [] }), "equal configuration is a no-op");
    office.deliver(&first_mail());
    assert_eq!(office.desk.ticket("T-1")["priority"], json!("urgent"));

    // A file with two mistakes, then one whose tests fail: both are said, neither gets in force.
    let bad = urgent.replace("name = \"Acme\"", "nmae = \"Acme\"").replace("tags = [\"meter\"]", "team = \"nobody\"");
    office.desk.write("frontdesk.toml", &bad);
    let refused = office.desk.cli(&["reload"]);
    assert_eq!(refused.code, Some(78), "{refused:?}");
    for words in ["nmae", "nobody", "-->", "^", "The running configuration was kept."] {
        assert!(refused.stderr.contains(words), "`{words}` in {}", refused.stderr);
    }
    assert_eq!(running(&office).as_deref(), Some(new.as_str()), "a bad file keeps nobody from asking");
    office.desk.signal(Signal::HUP);
    wait_true("the refusal is logged", std::time::Duration::from_secs(10), || office.desk.log().contains("not reloaded"));
    let failing = urgent.replace("want = { priority = \"urgent\"", "want = { priority = \"low\"");
    office.desk.write("frontdesk.toml", &failing);
    let refused = office.desk.cli(&["reload"]);
    assert!(refused.code == Some(4) && refused.stderr.contains("a meter is urgent"), "{refused:?}");
    assert_eq!(running(&office).as_deref(), Some(new.as_str()));
    let basics = letter("Eve <eve@y.example>", "Another meter", "eve-1@y.example");
    office.deliver(&mails::request(basics, "It is dark too.\n"));
    assert_eq!(office.desk.ticket("T-2")["priority"], json!("urgent"), "the old rules still hold");

    office.desk.write("frontdesk.toml", &good);
    office.desk.signal(Signal::HUP);
    office.desk.wait_until("the first file is in force again", |status| status["config"] == json!(old));
}

#[test]
fn held_mail_is_listed_shown_let_in_or_put_away() {
    let office = Office::open();
    let hops = |id, from| {
        let hop = "from a.example by b.example; Mon, 16 Nov 2026 09:12:33 +0000";
        (0..26).fold(mails::request(letter(from, "Round and round", id), "Hello?\n"), |mail, _| mail.on_top("Received", hop))
    };
    office.deliver(&hops("r-1@x.example", "Dana Okafor <dana@x.example>"));
    office.deliver(&hops("r-2@y.example", "Eve <eve@y.example>"));
    let held = office.desk.json(&["held", "list"]);
    assert_eq!(held.as_array().map(Vec::len), Some(2));
    has_keys(first(&held), &["id", "ticket", "from", "subject", "why", "raw", "at"]);
    assert_eq!(office.desk.status().expect("a status")["held"], json!(2));
    assert_eq!(office.desk.tickets().len(), 0);
    let id = |from: &str| {
        let held = office.desk.json(&["held", "list"]);
        let item = held.as_array().expect("an array").iter().find(|item| word(&item["from"]).contains(from)).cloned();
        word(&item.expect("it is held")["id"]).to_owned()
    };
    let (dana, eve) = (id("dana"), id("eve"));
    let shown = office.desk.json(&["held", "show", &dana[..8]]);
    assert_eq!(word(&shown["message"]["text"]).trim(), "Hello?");
    assert_eq!(office.desk.cli(&["--dry-run", "held", "release", &dana]).code, Some(0));
    assert_eq!(office.desk.status().expect("a status")["held"], json!(2), "a dry run changes nothing");
    assert_eq!(office.desk.json(&["held", "release", &dana])["ticket"], json!("T-1"));
    assert_eq!(office.desk.json(&["held", "discard", &eve])["discarded"], json!(eve));
    assert_eq!(office.desk.json(&["held", "list"]), json!([]));
    assert_eq!(references(&office.desk), ["T-1"]);
    assert_eq!(office.desk.ticket("T-1")["requester"]["address"], json!(DANA_ADDRESS));
    assert_eq!(office.received("eve@y.example").len(), 0);
    assert_eq!(office.desk.cli(&["held", "show", &eve]).code, Some(1));
    office.desk.restart();
    assert_eq!(office.desk.json(&["held", "list"]), json!([]), "decided is decided");
    assert_eq!(references(&office.desk), ["T-1"]);
}
