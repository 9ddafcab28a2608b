//! Files of kept mails, for links that were signed.

use std::sync::Arc;

use desk::event::MessageEntry;
use desk::one_click::day;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::web::file::{File, Files};

/// Finds the file of a signed path in an engine's store.
#[must_use]
pub(super) fn of(engine: Engine, clock: Clock) -> Files {
    Arc::new(move |path| find(&engine, path, day(clock.now())))
}

fn find(engine: &Engine, path: &str, today: i64) -> Option<File> {
    let claim = engine.live().policy.keys.read_file_path(path, today)?;
    let store = engine.store();
    // The newest form of the message counts: where its words were taken out, its files are gone as well.
    let history = store.history(claim.ticket).ok()?;
    let mut messages = history.into_iter().rev().filter_map(|decided| decided.decision.message);
    let message: MessageEntry = messages.find(|message| message.id == claim.event)?;
    let file = message.attachments.into_iter().find(|file| file.part == claim.part)?;
    let raw = store.raw(&message.raw?).ok()?;
    let bytes = mail::part::attachment_bytes(&raw, claim.part)?;
    Some(File { name: file.name, bytes })
}
