//! Opening the mailbox: what is settled, what was there first, what has changed since.

use std::collections::VecDeque;

use async_imap::imap_proto::{MailboxDatum, Response};
use desk::Outcome;
use tracing::warn;

use crate::engine::Intake;

use super::anchor::{Anchor, Keep};
use super::error::IngestError;
use super::fetch::{Ask, Listed, list};
use super::guard::Allowance;
use super::health::Progress;
use super::known::{Known, Lane, Window};
use super::limits::WINDOW_UIDS;
use super::session::{Selected, Session};
use super::watcher::Watch;

/// A mailbox while it is open.
pub(super) struct View {
    pub(super) selected: Selected,
    pub(super) known: Known,
    pub(super) anchor: Anchor,
    /// Batches of new mail, in order.
    pub(super) live: VecDeque<Vec<Listed>>,
    /// Batches of mail that was there first, in order.
    pub(super) scan: VecDeque<Vec<Listed>>,
    /// Mails to be fetched in pieces.
    pub(super) large: VecDeque<Listed>,
    /// Something came since IDLE was last found quiet: look at UIDNEXT soon.
    pub(super) fresh: bool,
    /// UIDNEXT that this view was opened for though the server shows no mail below it.
    pub(super) expected: u32,
}

/// Mails whose dates tell when the mailbox was last filled before the first look.
const NEWEST_UIDS: u32 = 200;

impl<I: Intake> Watch<I> {
    /// Selects the mailbox and finds out what is to be done in it.
    pub(super) async fn enter(&mut self, session: &mut Session) -> Result<View, IngestError> {
        self.pipeline.finish().await?;
        let mailbox = self.settings.mailbox.clone();
        let selected = session.select(&mailbox.mailbox).await?;
        let next = match selected.uid_next {
            Some(next) => next,
            None => list(session, "*", Ask::Uids).await?.last().map_or(1, |mail| mail.uid.saturating_add(1)),
        };
        let cursor = self.pipeline.intake.cursor(&mailbox);
        let anchor = self.anchor(session, &selected, next, cursor.uid_validity).await?;
        if cursor.uid_validity != Some(selected.uid_validity) {
            if let Some(was) = cursor.uid_validity {
                let (account, uid_validity) = (mailbox.account.as_str(), selected.uid_validity);
                warn!(
                    account,
                    mailbox = mailbox.mailbox,
                    was,
                    uid_validity,
                    "UIDVALIDITY changed: everything is looked at again."
                );
            }
            self.pipeline.intake.opened(&mailbox, selected.uid_validity).await.map_err(IngestError::Store)?;
            self.pipeline.filing.clear();
            self.strikes.clear();
        }
        let cursor = self.pipeline.intake.cursor(&mailbox);
        self.pipeline.filing.extend_from_slice(&cursor.to_file);
        let known = Known::new(cursor, next, anchor.below);
        let (live, scan, large) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        let mut view = View { selected, known, anchor, live, scan, large, fresh: true, expected: next };
        self.set_aside(session, &mut view).await?;
        self.resume_large(&mut view).await;
        if view.known.window(Lane::Scan).is_some() {
            self.health.progress(Some(Progress { done: 0, total: u64::from(view.selected.exists) }));
        }
        Ok(view)
    }

    /// The note of what was there first: the one we have, or a new one, written before the store is told of the mailbox.
    async fn anchor(
        &self,
        session: &mut Session,
        selected: &Selected,
        next: u32,
        settled: Option<u32>,
    ) -> Result<Anchor, IngestError> {
        let (spool, mailbox) = (&self.settings.spool, &self.settings.mailbox);
        let uid_validity = selected.uid_validity;
        let old = Anchor::load(spool, mailbox).await;
        let anchor = match (old, settled) {
            (Some(old), _) if old.uid_validity == uid_validity => return Ok(old),
            (_, Some(settled)) if settled == uid_validity => return Ok(Anchor::none(uid_validity)),
            (_, None) => {
                let from = next.saturating_sub(NEWEST_UIDS).max(1);
                let newest = list(session, &format!("{from}:*"), Ask::SizesAndDates).await?;
                let newest_at = newest.iter().filter_map(|mail| mail.received_at).max();
                Anchor::first(uid_validity, next, self.settings.since, newest_at)
            }
            (old, Some(_)) => Anchor::renumber(old, uid_validity, next, self.settings.since),
        };
        anchor.save(spool, mailbox).await?;
        Ok(anchor)
    }

    /// Settles what was there first and is not wanted.
    async fn set_aside(&mut self, session: &mut Session, view: &mut View) -> Result<(), IngestError> {
        if view.anchor.renumbered || view.anchor.below <= 1 {
            return Ok(());
        }
        let unwanted = match view.anchor.keep {
            Keep::All => return Ok(()),
            Keep::Nothing => view.known.open_ranges(1, view.anchor.below - 1),
            Keep::From(date) => before(session, &view.known, view.anchor.below - 1, date).await?,
        };
        for (from, to) in &unwanted {
            view.known.take(*from, *to);
        }
        self.pipeline.settle(view.selected.uid_validity, unwanted, Outcome::SeenBefore).await
    }

    /// Goes on with a large mail if it is still the same mail.
    async fn resume_large(&mut self, view: &mut View) {
        let Some(large) = self.large.take() else { return };
        if large.uid_validity == view.selected.uid_validity && view.known.is_open(large.uid) {
            view.known.take(large.uid, large.uid);
            self.large = Some(large);
        } else {
            large.discard().await;
        }
    }
}

/// Open ranges up to `last` without the mails that the server received on `date` or later.
async fn before(
    session: &mut Session,
    known: &Known,
    last: u32,
    date: jiff::civil::Date,
) -> Result<Vec<(u32, u32)>, IngestError> {
    let mut unwanted = Vec::new();
    for (low, high) in known.open_ranges(1, last) {
        let mut from = low;
        while from <= high {
            let window = Window { from, to: from.saturating_add(WINDOW_UIDS - 1).min(high) };
            let mut at = window.from;
            for uid in search_since(session, window, date).await? {
                if at < uid {
                    unwanted.push((at, uid - 1));
                }
                at = uid + 1;
            }
            if at <= window.to {
                unwanted.push((at, window.to));
            }
            let Some(after) = window.to.checked_add(1) else { break };
            from = after;
        }
    }
    Ok(unwanted)
}

/// UIDs of a window received on `date` or later, ascending. Windows keep the answer, one line, short.
async fn search_since(session: &mut Session, window: Window, date: jiff::civil::Date) -> Result<Vec<u32>, IngestError> {
    let text = format!("UID SEARCH UID {}:{} SINCE {}", window.from, window.to, date.strftime("%-d-%b-%Y"));
    let mut found = Vec::new();
    session
        .command("search by date", &text, Allowance::NO_MAIL, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend(uids.iter().filter(|uid| (window.from..=window.to).contains(*uid)));
            }
        })
        .await?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
