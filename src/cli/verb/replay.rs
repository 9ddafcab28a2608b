//! `frontdesk replay`: old mail against a new file. Every mail is decided anew on a store that forgets, under both
//! configurations, and the differences are shown; nothing is sent and nothing changes.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::setup;
use crate::cli::args::{Common, ReplayArgs};
use crate::cli::output::{Exit, Failure, Printer};
use crate::cli::setup::Setup;
use crate::cli::trial::Trial;
use crate::cli::view;
use crate::store::{Cause, Decided, TicketFilter};

/// What is compared.
const KEYS: [&str; 7] = ["inbox", "team", "type", "priority", "owner", "tags", "status"];

/// One mail to decide again.
struct Old {
    /// A file, or a reference.
    name: String,
    raw: Vec<u8>,
    /// What was decided then, where a store knows it.
    before: Option<Decided>,
}

/// Does it.
///
/// # Errors
/// A configuration or the mail cannot be used.
pub fn replay(common: &Common, options: &ReplayArgs, printer: &Printer) -> Result<Exit, Failure> {
    let new = setup::load(&setup::config_path(common)?, printer, "Nothing was replayed.")?;
    let mails = match (&options.from, options.last) {
        (Some(path), _) => from_path(path)?,
        (None, Some(count)) => from_store(&new, count, printer)?,
        (None, None) => return Err(Failure::new(Exit::Usage, "name a folder or an mbox of old mail, or say --last N")),
    };
    let old = match &options.against {
        Some(path) => Some(setup::load(path, printer, "Nothing was replayed.")?),
        None => None,
    };
    if old.is_none() && options.from.is_some() {
        let message =
            "say what to compare with: --against OLD.toml (mail from the store, --last N, is compared with what was decided)";
        return Err(Failure::new(Exit::Usage, message));
    }
    let mut differences = Vec::new();
    for mail in &mails {
        let after = shown(&new, &Trial::new(&new)?.raw(&mail.raw, proven(mail))?);
        let before = match (&old, &mail.before) {
            (Some(old), _) => shown(old, &Trial::new(old)?.raw(&mail.raw, proven(mail))?),
            (None, Some(before)) => shown(&new, before),
            (None, None) => continue,
        };
        differences.extend(compare(&mail.name, &before, &after));
    }
    tell(printer, mails.len(), &differences);
    Ok(if differences.is_empty() { Exit::Good } else { Exit::Findings })
}

/// Whoever was believed then is believed now.
fn proven(mail: &Old) -> Option<bool> {
    let requester = mail.before.as_ref()?.decision.ticket.as_ref()?;
    Some(requester.requester.proven)
}

fn shown(setup: &Setup, decided: &Decided) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("outcome".to_owned(), decided.decision.outcome.as_str().into());
    if let Some(ticket) = &decided.decision.ticket {
        let whole = view::ticket(&setup.live.policy, ticket);
        for key in KEYS {
            shown.insert(key.to_owned(), whole.get(key).cloned().unwrap_or_default());
        }
    }
    let ack = decided.decision.trace.iter().find(|line| line.step == "ack");
    shown.insert("ack".to_owned(), ack.map_or(Value::Null, |line| line.outcome.clone().into()));
    shown
}

fn compare(name: &str, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Value> {
    let keys = ["outcome"].into_iter().chain(KEYS).chain(["ack"]);
    let differs = keys.filter(|key| before.get(*key) != after.get(*key));
    let value = |map: &Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
    differs.map(|key| json!({ "mail": name, "key": key, "before": value(before, key), "after": value(after, key) })).collect()
}

fn tell(printer: &Printer, count: usize, differences: &[Value]) {
    if printer.json {
        return printer.value(&Value::Array(differences.to_vec()));
    }
    let rows: Vec<Vec<String>> = differences
        .iter()
        .map(|one| ["mail", "key", "before", "after"].iter().map(|key| super::cell(&one[*key])).collect())
        .collect();
    if !rows.is_empty() {
        printer.table(&["MAIL", "WHAT", "BEFORE", "AFTER"], &rows);
    }
    printer.hint(&format!("{count} mails replayed, {} differences; nothing was sent", differences.len()));
}

/// Mails of a folder (maildir or `.eml` files, as deep as it goes), or of an mbox file (RFC 4155).
fn from_path(path: &Path) -> Result<Vec<Old>, Failure> {
    let failed = |path: &Path, error: std::io::Error| Failure::new(Exit::BadInput, format!("{}: {error}", path.display()));
    if path.is_file() {
        let bytes = std::fs::read(path).map_err(|error| failed(path, error))?;
        if !bytes.starts_with(b"From ") {
            return Ok(vec![Old { name: path.display().to_string(), raw: bytes, before: None }]);
        }
        let mails = split_mbox(&bytes);
        let name = |at: usize| format!("{}#{}", path.display(), at + 1);
        return Ok(mails.into_iter().enumerate().map(|(at, raw)| Old { name: name(at), raw, before: None }).collect());
    }
    let mut found: Vec<PathBuf> = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).map_err(|error| failed(&dir, error))? {
            let path = entry.map_err(|error| failed(&dir, error))?.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    let read = |path: PathBuf| {
        let raw = std::fs::read(&path).map_err(|error| failed(&path, error))?;
        Ok(Old { name: path.display().to_string(), raw, before: None })
    };
    found.into_iter().map(read).collect()
}

/// A mail begins at a line `From `; a `>` before such a line in a mail is taken off (mboxrd).
fn split_mbox(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut mails: Vec<Vec<u8>> = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"From ") {
            mails.push(Vec::new());
            continue;
        }
        let Some(mail) = mails.last_mut() else { continue };
        let quotes = line.iter().take_while(|byte| **byte == b'>').count();
        let is_quoted = quotes > 0 && line[quotes..].starts_with(b"From ");
        mail.extend_from_slice(if is_quoted { &line[1..] } else { line });
    }
    mails
}

/// The mails that made the newest tickets, with what was decided then.
fn from_store(setup: &Setup, count: usize, printer: &Printer) -> Result<Vec<Old>, Failure> {
    let dir = setup::store_dir(&setup.config)?;
    if !dir.join("journal").exists() {
        return Err(Failure::new(Exit::Unavailable, format!("no desk has run yet in {}", dir.display())));
    }
    let store = setup::open_store(&dir, printer)?;
    let mut mails = Vec::new();
    for ticket in store.tickets(&TicketFilter { limit: count, ..TicketFilter::default() }) {
        let Some(before) = store.decided(ticket.made_by)? else { continue };
        let Cause::Mail { raw, .. } = &before.cause else { continue };
        let name = setup.live.policy.reference(ticket.no);
        mails.push(Old { name, raw: store.raw(raw)?, before: Some(before) });
    }
    Ok(mails)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_mbox_is_cut_at_its_lines() {
        let mails = split_mbox(b"From a\nSubject: 1\n\n>From here\n\nFrom b\nSubject: 2\n\nx\n");
        assert_eq!(mails.len(), 2);
        assert_eq!(mails[0], b"Subject: 1\n\nFrom here\n\n");
    }
}
