//! Comparing what is on the server with what is settled, whatever IDLE and EXISTS told or did not tell.

use std::collections::VecDeque;

use desk::Outcome;
use tokio::time::Instant;
use tracing::warn;

use crate::engine::Intake;
use crate::store::Cursor;

use super::enter::View;
use super::error::IngestError;
use super::fetch::{Ask, list};
use super::known::{Known, Lane};
use super::session::Session;
use super::watcher::Watch;

impl<I: Intake> Watch<I> {
    /// Asks for UIDNEXT. True if the mailbox has to be opened anew: another UIDVALIDITY, or mail that this session does
    /// not see.
    pub(super) async fn look_around(&mut self, session: &mut Session, view: &mut View) -> Result<bool, IngestError> {
        let status = session.status(&self.settings.mailbox.mailbox).await?;
        if status.uid_validity.is_some_and(|value| value != view.selected.uid_validity) {
            return Ok(true);
        }
        // A server that does not tell UIDNEXT is asked for the mail itself.
        let next = status.uid_next.unwrap_or(u32::MAX);
        if next > view.known.next() || session.news {
            self.look(session, view).await?;
        }
        if status.uid_next.is_some() && next > view.known.next() {
            if next > view.expected {
                return Ok(true);
            }
            // Opened anew for it already: those UIDs were given away and taken back.
            view.known.grow(next);
        }
        Ok(false)
    }

    /// Lists all UIDs and compares them with the outcomes. A gap is fetched and told.
    pub(super) async fn reconcile(&mut self, session: &mut Session, view: &mut View) -> Result<(), IngestError> {
        self.pipeline.finish().await?;
        self.reconciled_at = Instant::now();
        let mailbox = self.settings.mailbox.clone();
        let settled = self.pipeline.intake.cursor(&mailbox);
        if settled.uid_validity != Some(view.selected.uid_validity) {
            return Ok(());
        }
        let mut gaps: u64 = 0;
        let mut present = Cursor::default();
        // A walk over all UIDs: nothing counts as settled, so every window is listed.
        let mut walk = Known::new(Cursor::default(), view.known.next(), view.known.next());
        while let Some(window) = walk.window(Lane::Scan) {
            let found = list(session, &format!("{}:{}", window.from, window.to), Ask::Uids).await?;
            let uids: Vec<u32> = found.iter().map(|mail| mail.uid).collect();
            walk.listed(window, &uids);
            walk.take(window.from, window.to);
            for uid in uids.into_iter().filter(|uid| (window.from..=window.to).contains(uid)) {
                present.settle(uid, uid);
                gaps += u64::from(!settled.is_settled(uid) && !self.strikes.contains_key(&uid));
            }
        }
        if gaps > 0 {
            self.health.gaps(gaps);
            warn!(
                account = mailbox.account.as_str(),
                mailbox = mailbox.mailbox,
                gaps,
                "Mails without outcome were found and are fetched."
            );
        }
        // UIDs that were absent an hour ago and still are: whoever had them is gone.
        let mut vanished = Vec::new();
        for (from, to) in view.known.absent() {
            let still = Known::new(present.clone(), *to, 1);
            vanished.extend(still.open_ranges(*from, *to));
        }
        self.pipeline.settle(view.selected.uid_validity, vanished, Outcome::Vanished).await?;
        self.strikes.clear();
        self.health.unreadable(0);
        let settled = self.pipeline.intake.cursor(&mailbox);
        view.known = Known::new(settled, view.known.next(), view.anchor.below);
        if let Some(large) = &self.large {
            view.known.take(large.uid, large.uid);
        }
        (view.live, view.scan, view.large) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        Ok(())
    }
}
