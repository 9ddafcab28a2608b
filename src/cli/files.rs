//! Files of kept mails, for links that were signed.

use desk::decision::MessageEntry;
use desk::one_click::day;

use crate::clock::Clock;
use crate::engine::Engine;

/// Name and content of the file of a signed path; `None` if the path is not ours, was changed, is over, or if the file is gone.
pub(super) fn find(engine: &Engine, clock: &Clock, path: &str) -> Option<(String, Vec<u8>)> {
    let claim = engine.live().policy.keys.read_file_path(path, day(clock.now()))?;
    let store = engine.store();
    // The newest form of the message counts: where its words were taken out, its files are gone as well.
    let history = store.history(claim.ticket).ok()?;
    let mut messages = history.iter().rev().flat_map(|decided| decided.decision.messages());
    let message: MessageEntry = messages.find(|message| message.id == claim.event)?.clone();
    let file = message.attachments.into_iter().find(|file| file.part == claim.part)?;
    let raw = store.raw(&message.raw?).ok()?;
    let bytes = mail::part::attachment_bytes(&raw, claim.part)?;
    Some((file.name, bytes))
}
