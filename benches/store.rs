//! What a mail costs in the store: `cargo bench --bench store`. Mails in groups of 100, each with 24 KB of raw bytes, a
//! decision of about 6 KB and an acknowledgement of 2 KB. `STORE_BENCH_MAILS` changes their number.

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use desk::event::Place;
use desk::{EffectId, EventId, RawHash, TicketNo};
use frontdesk::store::{BudgetKey, Cause, ContentKeys, Decided, DiskStore, OpenOptions, Record, Store};
use serde_json::json;

const GROUP: u32 = 100;

/// Processor time of the whole process, from the kernel's ticks of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// Half text, half what cannot be compressed, as mail with attachments is.
fn raw_mail(uid: u32) -> Vec<u8> {
    let mut mail = format!("From: c{uid}@example.org\r\nSubject: Mail {uid}\r\n\r\n").into_bytes();
    let words = b"The printer on the second floor has stopped again and nobody knows why it did. ";
    while mail.len() < 12_000 {
        mail.extend_from_slice(words);
        mail.extend_from_slice(mail.len().to_string().as_bytes());
    }
    let mut state = u64::from(uid) + 1;
    while mail.len() < 24_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        mail.push(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(state >> 58) as usize]);
    }
    mail
}

fn ack(uid: u32) -> Vec<u8> {
    let mut mail = format!("To: c{uid}@example.org\r\nMessage-ID: <a{uid}@example.com>\r\n\r\n").into_bytes();
    while mail.len() < 2_000 {
        mail.extend_from_slice(b"We have your message and will answer within four hours. ");
    }
    mail
}

fn ticket(uid: u32) -> serde_json::Value {
    json!({
        "no": uid, "rev": 1, "subject": format!("Printer {uid}"), "status": "new", "ticket_type": "request", "inbox": "support",
        "team": "first", "owner": null, "priority": "normal", "tags": ["printer"],
        "requester": {"name": "Carla Customer", "address": format!("c{uid}@example.org"), "proven": true},
        "participants": [format!("c{uid}@example.org")], "waiting": [], "language": "en",
        "fields": {"order": {"value": "4711", "from": "text", "span": [10, 14], "valid": true}}, "missing": [], "vendor": null,
        "step": null,
        "first_response": {"started_at": "2026-11-22T09:00:00Z", "due_at": "2026-11-22T13:00:00Z", "met_at": null, "breached": false},
        "created_at": "2026-11-22T09:00:00Z", "updated_at": "2026-11-22T09:00:00Z", "solved_at": null, "links": [],
        "merged_into": null, "thread_root": format!("root{uid}@example.com"), "references": [format!("m{uid}@example.org")],
        "last_in": format!("m{uid}@example.org"), "requester_ids": [format!("m{uid}@example.org")],
        "first_subject": format!("Printer {uid}"), "private": false, "acknowledged": true, "muted_until": null,
        "recent_mails": [], "reopened": [], "hold": null, "events": 1, "made_by": "00".repeat(16),
    })
}

fn decided(template: &serde_json::Value, uid: u32) -> Decided {
    let event = EventId::of_mail(&"support".into(), "INBOX", 7, uid);
    let mut value = template.clone();
    value["event"] = json!(event);
    value["decision"]["ticket"] = ticket(uid);
    value["decision"]["message"]["id"] = json!(event);
    value["decision"]["message"]["message_id"] = json!(format!("m{uid}@example.org"));
    let mut decided: Decided = serde_json::from_value(value).expect("the shape of a decision");
    let mut k3 = [0; 16];
    k3.copy_from_slice(&RawHash::of(&uid.to_be_bytes()).0[..16]);
    let k2 = k3.map(|byte| !byte);
    decided.cause = Cause::Mail {
        place: Place { account: "support".into(), mailbox: "INBOX".to_owned(), uid_validity: 7, uid },
        raw: RawHash::of(&raw_mail(uid)),
        keys: Some(ContentKeys { k2: Some(k2), k3 }),
        to_file: true,
        inbox: None,
    };
    decided.outbox = vec![outbox_row(event, uid)];
    let sender = format!("c{uid}@example.org");
    decided.budget = vec![BudgetKey::Sender(sender), BudgetKey::Domain(format!("d{}.example", uid % 1000)), BudgetKey::All];
    decided
}

fn outbox_row(event: EventId, uid: u32) -> desk::effect::OutboxRow {
    serde_json::from_value(json!({
        "id": EffectId::new(event, 0), "ticket": TicketNo(u64::from(uid)), "purpose": "acknowledgement", "class": "at_most_once",
        "account": "support", "inbox": "support", "to": format!("c{uid}@example.org"), "envelope_from": "Null",
        "message_id": format!("a{uid}@example.com"), "raw": RawHash::of(&ack(uid)), "phase": "queued", "attempts": 0,
        "next_at": "2026-11-22T09:00:00Z", "created_at": "2026-11-22T09:00:00Z", "last_reply": null,
    }))
    .expect("the shape of a row")
}

fn template() -> serde_json::Value {
    let text = "My printer has stopped again, and this is what it says on its display. ".repeat(40);
    let line = |step: &str| json!({"step": step, "outcome": "no", "detail": "nothing of that kind was found", "rule": null, "line": null});
    let steps = ["duplicate", "machine", "proof", "who", "ticket", "cut", "form", "field", "language", "rule", "ack"];
    let trace: Vec<serde_json::Value> = steps.iter().map(|step| line(step)).collect();
    json!({
        "event": "00".repeat(16), "at": "2026-11-22T09:00:00Z", "cause": "request", "outbox": [], "budget": [],
        "decision": {
            "outcome": "new_ticket", "ticket": null, "effects": [], "link_back": null, "history": [],
            "message": {
                "id": "00".repeat(16), "direction": "in", "from": "Carla <c@example.org>", "to": ["support@example.com"],
                "subject": "Printer", "text": text, "cut": "", "signature": "-- \nCarla", "message_id": null, "in_reply_to": null,
                "attachments": [], "machine": null, "unproven": false, "held": false, "at": "2026-11-22T09:00:00Z", "raw": null,
            },
            "trace": trace,
        },
    })
}

struct Times {
    wall: Duration,
    cpu: Duration,
    keep: Duration,
    stage: Duration,
    flush: Duration,
}

fn run(store: &DiskStore, first: u32, mails: u32) -> Times {
    let template = template();
    let mut times =
        Times { wall: Duration::ZERO, cpu: Duration::ZERO, keep: Duration::ZERO, stage: Duration::ZERO, flush: Duration::ZERO };
    for group in 0..mails / GROUP {
        let uids = first + group * GROUP..first + (group + 1) * GROUP;
        let raws: Vec<Vec<u8>> = uids.clone().map(raw_mail).collect();
        let records: Vec<_> = uids.map(|uid| (decided(&template, uid), [(RawHash::of(&ack(uid)), ack(uid))])).collect();
        let views: Vec<&[u8]> = raws.iter().map(Vec::as_slice).collect();
        let (wall, processor) = (Instant::now(), cpu());
        black_box(store.keep(&views).expect("keep"));
        let kept = wall.elapsed();
        for (decided, outgoing) in records {
            store.stage(Record::Decided(Box::new(decided)), &outgoing).expect("stage");
        }
        let staged = wall.elapsed();
        store.flush().expect("flush");
        let flushed = wall.elapsed();
        times.keep += kept;
        times.stage += staged - kept;
        times.flush += flushed - staged;
        times.wall += flushed;
        times.cpu += cpu().saturating_sub(processor);
    }
    times
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn main() {
    let mails = std::env::var("STORE_BENCH_MAILS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000u32);
    let dir = tempfile::tempdir_in("target").expect("a directory on a real disk");
    let store = DiskStore::open(dir.path(), OpenOptions::default(), &mut |_, _| {}).expect("a new store");
    let begun = cpu();
    let times = run(&store, 1, mails);
    let each = |time: Duration| time.as_micros() / u128::from(mails);
    println!(
        "{mails} mails: {:.0}/s; per mail, us: wall {}, keep {}, stage {}, flush {}, cpu {} (whole run {})",
        f64::from(mails) / times.wall.as_secs_f64(),
        each(times.wall),
        each(times.keep),
        each(times.stage),
        each(times.flush),
        each(times.cpu),
        each(cpu() - begun)
    );
    for task in std::fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let name = stat.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
        let fields: Vec<u64> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
        println!("thread {name}: {} us per mail", (fields[11] + fields[12]) * 10_000 / u64::from(mails));
    }
    println!("resident {} MB, highest {} MB", memory("VmRSS"), memory("VmHWM"));
    let begun = Instant::now();
    drop(store);
    println!("close {} ms", begun.elapsed().as_millis());
    let begun = Instant::now();
    let store = DiskStore::open(dir.path(), OpenOptions::default(), &mut |_, _| {}).expect("open");
    println!("open {} ms, next ticket {}", begun.elapsed().as_millis(), store.next_ticket().0);
    drop(store);
    std::fs::remove_dir_all(dir.path().join("state")).expect("remove the state");
    let begun = Instant::now();
    let store = DiskStore::open(dir.path(), OpenOptions::default(), &mut |_, _| {}).expect("open");
    println!("rebuild {} ms; resident {} MB", begun.elapsed().as_millis(), memory("VmRSS"));
    drop(store);
    parts();
}

#[expect(clippy::print_stdout, reason = "a bench prints")]
fn parts() {
    let (raw, body) = (raw_mail(1), serde_json::to_vec(&decided(&template(), 1)).expect("JSON"));
    let time = |name: &str, act: &mut dyn FnMut()| {
        let begun = Instant::now();
        (0..1000).for_each(|_| act());
        println!("{name}: {:.1} us", begun.elapsed().as_secs_f64() * 1000.0);
    };
    let decided = decided(&template(), 1);
    println!("body {} bytes", body.len());
    time("sha256 of 24 KB", &mut || {
        black_box(RawHash::of(&raw));
    });
    time("zstd of 24 KB", &mut || {
        black_box(zstd::bulk::compress(&raw, 1).expect("compress"));
    });
    time("body to JSON", &mut || {
        black_box(serde_json::to_vec(&decided).expect("JSON"));
    });
    time("zstd of body", &mut || {
        black_box(zstd::bulk::compress(&body, 1).expect("compress"));
    });
}
