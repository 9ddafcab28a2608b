//! Marks or moves mails on the server after their commit. Each act may be repeated without harm.

use async_imap::imap_proto::{AttributeValue, Response};

use super::error::IngestError;
use super::guard::Allowance;
use super::pipeline::set_of;
use super::session::{KEYWORD, Selected, Session};
use super::{Done, utf7};

/// Files mails (ascending UIDs) as wished. Mails that are gone count as filed.
///
/// # Errors
/// [`IngestError::Refused`] leaves the session usable: try again later.
pub(super) async fn file(session: &mut Session, selected: &Selected, done: &Done, uids: &[u32]) -> Result<(), IngestError> {
    match done {
        // Without a place for the keyword there is nothing to do: the store knows what is settled.
        Done::Keep if selected.read_only || !selected.keyword => Ok(()),
        Done::Keep => store(session, uids, KEYWORD).await,
        Done::Seen => store(session, uids, "\\Seen").await,
        Done::Move(target) => relocate(session, target, uids).await,
    }
}

async fn store(session: &mut Session, uids: &[u32], flag: &str) -> Result<(), IngestError> {
    let text = format!("UID STORE {} +FLAGS.SILENT ({flag})", set_of(uids));
    session.command("mark mails", &text, Allowance::NO_MAIL, |_| {}).await
}

async fn relocate(session: &mut Session, target: &str, uids: &[u32]) -> Result<(), IngestError> {
    let act = "move mails";
    let name = utf7::quoted(target)
        .ok_or_else(|| IngestError::Refused { act, text: "the name of the target holds a line end".to_owned() })?;
    if session.can("MOVE") {
        // RFC 6851 §3.1: UIDs that are gone are passed over.
        return with_target(session, act, &format!("UID MOVE {} {name}", set_of(uids)), &name).await;
    }
    // A mail that has \Deleted already was copied before a crash.
    let waiting = without_deleted(session, uids).await?;
    if !waiting.is_empty() {
        with_target(session, act, &format!("UID COPY {} {name}", set_of(&waiting)), &name).await?;
        store(session, &waiting, "\\Deleted").await?;
    }
    if session.can("UIDPLUS") {
        // RFC 4315 §2.1. A plain EXPUNGE would take away what others marked, so without UIDPLUS the mark has to do.
        let text = format!("UID EXPUNGE {}", set_of(uids));
        session.command(act, &text, Allowance::NO_MAIL, |_| {}).await?;
    }
    Ok(())
}

/// Runs a command that needs its target; if it is refused, makes the target and tries once more.
async fn with_target(session: &mut Session, act: &'static str, text: &str, target: &str) -> Result<(), IngestError> {
    match session.command(act, text, Allowance::NO_MAIL, |_| {}).await {
        Err(IngestError::Refused { text: why, .. }) => {
            match session.command("make the target", &format!("CREATE {target}"), Allowance::NO_MAIL, |_| {}).await {
                Ok(()) => session.command(act, text, Allowance::NO_MAIL, |_| {}).await,
                // It exists: the first answer tells more.
                Err(IngestError::Refused { .. }) => Err(IngestError::Refused { act, text: why }),
                Err(error) => Err(error),
            }
        }
        result => result,
    }
}

async fn without_deleted(session: &mut Session, uids: &[u32]) -> Result<Vec<u32>, IngestError> {
    let mut waiting = Vec::new();
    let text = format!("UID FETCH {} (UID FLAGS)", set_of(uids));
    session
        .command("look at flags", &text, Allowance::NO_MAIL, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let mut uid = None;
            let mut deleted = true;
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(value) => uid = Some(*value),
                    AttributeValue::Flags(flags) => deleted = flags.iter().any(|flag| flag.eq_ignore_ascii_case("\\Deleted")),
                    _ => {}
                }
            }
            if let Some(uid) = uid.filter(|uid| !deleted && uids.binary_search(uid).is_ok()) {
                waiting.push(uid);
            }
        })
        .await?;
    waiting.sort_unstable();
    waiting.dedup();
    Ok(waiting)
}
