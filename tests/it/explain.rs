//! `explain` tells what the daemon did: over all fixtures, its answer equals the decision in the daemon's store.

// The figures are worth seeing when the test passes too.
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use desk::{RawHash, TraceLine};
use frontdesk::cli::output::Printer;
use frontdesk::cli::setup::{self, Setup};
use frontdesk::cli::trial::Trial;
use frontdesk::store::{Cause, Decided, DiskStore, OpenOptions, Store, TicketFilter};

use crate::harness::frontdesk::{Desk, settled};
use crate::harness::mails;

/// Budgets are no part of this: a thousand mails at once would use them up, and a mail alone never does.
const CONFIG: &str = r#"version = 1
[company]
name = "Acme"
[server]
store = { kind = "sled", path = "state" }
key = { file = "signing.key" }
[account.main]
imap = "maildir:in"
smtp = "maildir:out"
trusts = ["mx.acme.example"]
[inbox]
support = { address = "support@acme.example" }
billing = { address = "billing@acme.example" }
[agent]
ana = { name = "Ana Ruiz", email = "ana@acme.example" }
[team]
money = { members = ["ana"] }
[[rule]]
name = "money"
when = { any_text = ["invoice", "refund", "rechnung"] }
then = { team = "money", priority = "high" }
[[rule]]
name = "files"
when = { attachments = "any" }
then = { tags = ["file"] }
[limits]
acks_per_sender_day = 100000
acks_per_domain_day = 100000
acks_per_freemail_day = 100000
acks_per_hour = 100000
acks_per_day = 100000
"#;
/// For a debug build beside other tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// Every mail below a directory, in order of its path.
fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).expect("fixtures").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "eml") {
            found.push(path);
        }
    }
}

/// A mail as it is delivered. Its DKIM signature is renamed: to check it takes a name server, and tests have none.
fn fixture(path: &Path) -> Vec<u8> {
    let raw = fs::read(path).expect("a fixture");
    let mut out = Vec::with_capacity(raw.len());
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line.to_ascii_lowercase().starts_with(b"dkim-signature:") {
            out.extend_from_slice(b"X-");
        }
        out.extend_from_slice(line);
    }
    out
}

/// The fixtures, each content once.
fn fixtures() -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut paths = Vec::new();
    collect(&root.join("corpus"), &mut paths);
    collect(&root.join("mail"), &mut paths);
    let mut seen = BTreeSet::new();
    let all = paths.into_iter().map(|path| (path.clone(), fixture(&path)));
    all.filter(|(_, raw)| !raw.is_empty() && seen.insert(RawHash::of(raw).to_string())).collect()
}

/// A desk that has taken in all of these, in this order, and stopped.
fn desk_that_read(mails: &[(PathBuf, Vec<u8>)]) -> Desk {
    let desk = Desk::run(CONFIG);
    desk.wait_until("the inbox is live", |status| status["inboxes"][0]["live"] == true);
    for (number, (_, raw)) in mails.iter().enumerate() {
        // The UID follows the number at the beginning of the name.
        let name = format!("{}.x", 1_000_000 + number);
        fs::write(desk.path("in/tmp").join(&name), raw).expect("written");
        fs::rename(desk.path("in/tmp").join(&name), desk.path("in/new").join(&name)).expect("delivered");
    }
    let count = mails.len() as u64;
    desk.wait_until_within(PATIENCE, "all mails are settled", |status| settled(status) >= count);
    desk
}

/// Decisions about mails that are part of a ticket's history, by the mail.
fn decisions(store: &dyn Store) -> BTreeMap<String, Decided> {
    let tickets = store.tickets(&TicketFilter::default());
    let histories = tickets.iter().flat_map(|ticket| store.history(ticket.no).expect("a history"));
    let by_mail = histories.filter_map(|decided| match &decided.cause {
        Cause::Mail { raw, .. } => Some((raw.to_string(), decided.clone())),
        Cause::Request | Cause::Timer { .. } | Cause::Delivery | Cause::Errand { .. } => None,
    });
    by_mail.collect()
}

/// Outcome and trace, without what depends on where a mail lay: the ids of events, and the number of the ticket.
fn compared(decided: &Decided) -> (String, Vec<TraceLine>) {
    let own = decided.decision.ticket.as_ref().map_or_else(String::new, |ticket| format!("T-{}", ticket.no.0));
    let mask = |line: &TraceLine| {
        let is_own = |word: &&str| !own.is_empty() && word.contains(own.as_str());
        let is_event = |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let words = line.detail.split(' ').map(|word| if is_own(&word) || is_event(&word) { "…" } else { word });
        TraceLine { detail: words.collect::<Vec<_>>().join(" "), ..line.clone() }
    };
    (decided.decision.outcome.as_str().to_owned(), decided.decision.trace.iter().map(mask).collect())
}

/// Names by which mails may find each other: sender, ids, and the ids they answer.
fn relations(raw: &[u8]) -> BTreeSet<String> {
    let message = mail::parse::parse_headers(raw);
    let senders = message.from.iter().map(|from| from.address.folded());
    let values = ["Message-ID", "In-Reply-To", "References"].iter().filter_map(|name| mails::header_of(raw, name));
    let ids: Vec<String> = values.flat_map(|value| value.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    senders.chain(ids).collect()
}

/// Mails that share none of their [`relations`] with another.
fn loners(mails: &[(PathBuf, Vec<u8>)]) -> Vec<&(PathBuf, Vec<u8>)> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for name in mails.iter().flat_map(|(_, raw)| relations(raw)) {
        *uses.entry(name).or_default() += 1;
    }
    mails.iter().filter(|(_, raw)| relations(raw).iter().all(|name| uses[name] == 1)).collect()
}

#[test]
fn explaining_a_file_tells_what_the_daemon_does_with_it() {
    let mails = fixtures();
    let desk = desk_that_read(&mails);
    let setup = setup::load(&desk.path("frontdesk.toml"), &Printer::plain(), "").expect("the configuration holds");
    same_on_the_command_line(&desk, &mails);
    assert_eq!(desk.term(), Some(0));
    let store = DiskStore::open(&desk.path("state"), OpenOptions::default(), &mut |_, _| ()).expect("the store opens");
    let done = decisions(&store);
    let mut differing = alone(&setup, &mails, &done);
    differing.extend(in_order(&setup, &mails, &done));
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n\n"));
}

/// Mails about which a fresh desk decides otherwise than the daemon did, each mail on a desk of its own.
fn alone(setup: &Setup, mails: &[(PathBuf, Vec<u8>)], done: &BTreeMap<String, Decided>) -> Vec<String> {
    let mut differing = Vec::new();
    let mut equal = 0;
    for (path, raw) in loners(mails) {
        let Some(by_daemon) = done.get(&RawHash::of(raw).to_string()) else { continue };
        let explained = Trial::new(setup).and_then(|mut trial| trial.raw(raw, None)).expect("a decision");
        equal += usize::from(same(path, &explained, by_daemon, &mut differing));
    }
    println!("{} mails, {} on tickets; alone: {equal} equal, {} not", mails.len(), done.len(), differing.len());
    assert!(equal >= 50, "only {equal} mails were compared");
    differing
}

/// The same for all mails on one desk that forgets, in the order in which the daemon had them: now related mails count too.
fn in_order(setup: &Setup, mails: &[(PathBuf, Vec<u8>)], done: &BTreeMap<String, Decided>) -> Vec<String> {
    let mut trial = Trial::new(setup).expect("an empty desk");
    let mut differing = Vec::new();
    let mut equal = 0;
    for (path, raw) in mails {
        let explained = trial.raw(raw, None).expect("a decision");
        if let Some(by_daemon) = done.get(&RawHash::of(raw).to_string()) {
            equal += usize::from(same(path, &explained, by_daemon, &mut differing));
        }
    }
    println!("in order: {equal} equal, {} not", differing.len());
    assert!(equal >= 400, "only {equal} mails were compared");
    differing
}

fn same(path: &Path, explained: &Decided, by_daemon: &Decided, differing: &mut Vec<String>) -> bool {
    let (explained, by_daemon) = (compared(explained), compared(by_daemon));
    if explained != by_daemon {
        differing.push(format!("{}\nexplain: {explained:#?}\ndaemon: {by_daemon:#?}", path.display()));
    }
    explained == by_daemon
}

/// The same through the program itself, for a few: `explain T-n` of the running daemon against `explain FILE`.
fn same_on_the_command_line(desk: &Desk, mails: &[(PathBuf, Vec<u8>)]) {
    let tickets = desk.tickets();
    let mut compared = 0;
    for (_, raw) in loners(mails).into_iter().step_by(8) {
        let file = desk.path("one.eml");
        fs::write(&file, raw).expect("written");
        let hash = RawHash::of(raw).to_string();
        let explained = desk.json(&["explain", &file.display().to_string()]);
        if explained["outcome"] != "new_ticket" {
            continue;
        }
        let references = tickets.iter().filter(|ticket| ticket["subject"] == explained["result"]["subject"]);
        let with_raw = references.filter_map(|ticket| ticket["ref"].as_str()).find(|reference| {
            let shown = desk.ticket(reference);
            shown["messages"][0]["raw"] == hash.as_str()
        });
        let reference = with_raw.expect("the mail has its ticket");
        let decisions = desk.json(&["explain", reference]);
        let texts = [&explained["trace"], &decisions[0]["trace"]].map(|trace| {
            let lines = trace.as_array().expect("a trace").iter();
            let shown =
                |line: &serde_json::Value| format!("{} {} {} {}", line["step"], line["outcome"], line["rule"], line["line"]);
            lines.map(shown).collect::<Vec<_>>()
        });
        assert_eq!(texts[0], texts[1], "{reference}");
        compared += 1;
    }
    println!("{compared} compared on the command line");
    assert!(compared >= 5, "only {compared}");
}
