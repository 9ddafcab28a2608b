//! Working off a mailbox: new mail first, then what was there before, then large mails piece by piece.
//!
//! Each turn is one command, and after each turn new mail is looked for, so nothing new waits behind a first scan of
//! 20,000 mails or a mail of 100 MB, neither while it is fetched nor while it is kept and read.

use std::time::Duration;

use desk::Outcome;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::engine::{Fetched, Intake, RawMail};
use crate::failpoint;

use super::anchor::{Origin, file_stem};
use super::enter::View;
use super::error::IngestError;
use super::fetch::{Ask, Large, Listed, Step, bodies, list, plan};
use super::file_done;
use super::known::{Lane, Window};
use super::limits::{FILE_LATER_MAX, FILE_UIDS_MAX, STRIKES_MAX};
use super::pipeline::ranges_of;
use super::session::Session;
use super::watcher::Watch;

/// While there is old mail to fetch, a server that does not tell of new mail unasked is asked this often.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// While a large mail is kept and read and there is nothing else to do, new mail is asked for this often.
const LARGE_LOOK_EVERY: Duration = Duration::from_secs(1);

impl<I: Intake> Watch<I> {
    /// Fetches and hands over everything that is open. Returns when all of it is committed.
    pub(super) async fn work_off(&mut self, session: &mut Session, view: &mut View) -> Result<(), IngestError> {
        let mut asked_at = Instant::now();
        loop {
            if session.news {
                self.look(session, view).await?;
            }
            if let Some(batch) = view.live.pop_front() {
                self.fetch(session, view, &batch).await?;
            } else if let Some(window) = view.known.window(Lane::Live) {
                self.list(session, view, window, Lane::Live).await?;
            } else if self.old_work(session, view).await? {
                if asked_at.elapsed() >= ASK_EVERY {
                    session.noop().await?;
                    asked_at = Instant::now();
                }
            } else if self.pipeline.is_large_under_way() {
                self.pipeline.await_large(LARGE_LOOK_EVERY).await?;
                session.noop().await?;
            } else if view.large.is_empty() {
                break;
            }
        }
        self.pipeline.finish().await
    }

    /// One turn of what can wait. False if there is none.
    async fn old_work(&mut self, session: &mut Session, view: &mut View) -> Result<bool, IngestError> {
        if self.pipeline.filing.len() >= FILE_LATER_MAX {
            self.file_later(session, view).await?;
        }
        if self.large.is_some() {
            self.large_piece(session, view).await?;
        } else if let Some(batch) = view.scan.pop_front() {
            self.fetch(session, view, &batch).await?;
        } else if !self.pipeline.is_large_under_way()
            && let Some(mail) = view.large.pop_front()
        {
            self.begin_large(view, mail).await?;
        } else if let Some(window) = view.known.window(Lane::Scan) {
            self.list(session, view, window, Lane::Scan).await?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Looks for mail above all we know of.
    pub(super) async fn look(&mut self, session: &mut Session, view: &mut View) -> Result<(), IngestError> {
        session.news = false;
        let next = view.known.next();
        let mut found = list(session, &format!("{next}:*"), Ask::Sizes).await?;
        // RFC 9051 §9: `*` is the last mail, and `n:*` with n above it means that mail, which we know.
        found.retain(|mail| mail.uid >= next);
        let Some(last) = found.last() else { return Ok(()) };
        let window = Window { from: next, to: last.uid };
        view.known.grow(last.uid.saturating_add(1));
        self.enqueue(view, window, found, Lane::Live).await
    }

    async fn list(&mut self, session: &mut Session, view: &mut View, window: Window, lane: Lane) -> Result<(), IngestError> {
        let dated = lane == Lane::Scan && view.anchor.renumbered;
        let ask = if dated { Ask::SizesAndDates } else { Ask::Sizes };
        let found = list(session, &format!("{}:{}", window.from, window.to), ask).await?;
        self.enqueue(view, window, found, lane).await
    }

    /// Plans the open mails of a window.
    async fn enqueue(&mut self, view: &mut View, window: Window, found: Vec<Listed>, lane: Lane) -> Result<(), IngestError> {
        let uids: Vec<u32> = found.iter().map(|mail| mail.uid).collect();
        view.known.listed(window, &uids);
        let mut before = Vec::new();
        let mut wanted = Vec::new();
        for mail in found {
            if !(window.from..=window.to).contains(&mail.uid) || !view.known.is_open(mail.uid) {
                continue;
            }
            view.known.take(mail.uid, mail.uid);
            if self.strikes.get(&mail.uid).is_some_and(|strikes| *strikes >= STRIKES_MAX) {
                continue;
            }
            if view.anchor.origin(&mail) == Origin::Before { before.push(mail.uid) } else { wanted.push(mail) }
        }
        if !wanted.is_empty() {
            self.health.behind(true);
        }
        let strikes = &self.strikes;
        let plan = plan(&wanted, |uid| strikes.contains_key(&uid));
        match lane {
            Lane::Live => view.live.extend(plan.batches),
            Lane::Scan => view.scan.extend(plan.batches),
        }
        view.large.extend(plan.large);
        self.health.advance(before.len() as u64);
        self.pipeline.settle(view.selected.uid_validity, ranges_of(&before), Outcome::SeenBefore).await
    }

    async fn fetch(&mut self, session: &mut Session, view: &mut View, batch: &[Listed]) -> Result<(), IngestError> {
        self.current = batch.iter().map(|mail| mail.uid).collect();
        let announced = batch.iter().filter_map(|mail| mail.bytes).sum();
        let mut bodies = bodies(session, batch, self.pipeline.room(announced)).await?;
        self.current.clear();
        if !bodies.doubtful.is_empty() {
            self.strike(&bodies.doubtful);
            view.large.extend(batch.iter().filter(|mail| bodies.doubtful.contains(&mail.uid)));
        }
        let mails = std::mem::take(&mut bodies.found).into_iter().map(|(uid, bytes)| {
            let silent = batch.iter().any(|mail| mail.uid == uid && view.anchor.origin(mail) == Origin::Silent);
            Fetched { uid, raw: RawMail::Bytes(bytes), silent }
        });
        self.pipeline.push(view.selected.uid_validity, mails.collect(), bodies.gone).await
    }

    async fn begin_large(&mut self, view: &View, mail: Listed) -> Result<(), IngestError> {
        let name = file_stem(&self.settings.mailbox);
        let large = Large::begin(&self.settings.spool, &name, view.selected.uid_validity, mail).await?;
        if large.is_cut() {
            warn!(uid = mail.uid, bytes = mail.bytes, "Mail is too large: only its beginning is taken in.");
        }
        self.large = Some(large);
        Ok(())
    }

    async fn large_piece(&mut self, session: &mut Session, view: &mut View) -> Result<(), IngestError> {
        let Some(large) = &mut self.large else { return Ok(()) };
        let uid = large.uid;
        self.current = vec![uid];
        let had = large.bytes();
        let step = match large.step(session).await {
            Ok(step) => step,
            Err(IngestError::Refused { text, .. }) => {
                self.current.clear();
                return self.large_refused(view, uid, &text).await;
            }
            Err(error) => return Err(error),
        };
        self.current.clear();
        if large.bytes() > had {
            self.health.ok();
        }
        if step == Step::More {
            return Ok(());
        }
        let Some(large) = self.large.take() else { return Ok(()) };
        let validity = view.selected.uid_validity;
        if step == Step::Gone {
            large.discard().await;
            return self.pipeline.push(validity, Vec::new(), vec![uid]).await;
        }
        let silent = view.anchor.origin(&Listed { uid, bytes: None, received_at: large.received_at }) == Origin::Silent;
        let raw = large.into_raw().await?;
        self.pipeline.push_large(validity, Fetched { uid, raw, silent }).await
    }

    /// The server said NO to a single mail.
    async fn large_refused(&mut self, view: &mut View, uid: u32, text: &str) -> Result<(), IngestError> {
        let Some(large) = self.large.take() else { return Ok(()) };
        large.discard().await;
        if text.to_ascii_uppercase().contains("[EXPUNGEISSUED]") {
            return self.pipeline.push(view.selected.uid_validity, Vec::new(), vec![uid]).await;
        }
        self.strike(&[uid]);
        if self.strikes.get(&uid).is_some_and(|strikes| *strikes < STRIKES_MAX) {
            view.large.push_back(Listed { uid, bytes: None, received_at: large.received_at });
        }
        Ok(())
    }

    /// Marks or moves what is committed. A refusal is shown and tried again later; the ticket stands.
    pub(super) async fn file_later(&mut self, session: &mut Session, view: &View) -> Result<(), IngestError> {
        self.pipeline.finish_batch().await?;
        let mut uids = std::mem::take(&mut self.pipeline.filing);
        uids.sort_unstable();
        uids.dedup();
        let mailbox = self.settings.mailbox.clone();
        let owed = if uids.is_empty() { Vec::new() } else { self.pipeline.intake.cursor(&mailbox).to_file };
        for chunk in uids.chunks(FILE_UIDS_MAX) {
            match file_done::file(session, &view.selected, &self.settings.done, chunk).await {
                Ok(()) => {
                    failpoint::hit("mail_filed");
                    let filed: Vec<u32> = chunk.iter().filter(|uid| owed.contains(uid)).copied().collect();
                    if !filed.is_empty() {
                        let noted = self.pipeline.intake.filed(&mailbox, view.selected.uid_validity, filed).await;
                        noted.map_err(IngestError::Store)?;
                        failpoint::hit("filing_recorded");
                    }
                    if self.health.filing(None) {
                        info!(account = mailbox.account.as_str(), mailbox = mailbox.mailbox, "Mails are filed again.");
                    }
                }
                Err(failed @ (IngestError::Refused { .. } | IngestError::Throttled { .. })) => {
                    let at = uids.iter().position(|uid| Some(uid) == chunk.first()).unwrap_or(0);
                    self.pipeline.filing.extend_from_slice(&uids[at..]);
                    if self.health.filing(Some(failed.chain())) {
                        let account = mailbox.account.as_str();
                        warn!(account, mailbox = mailbox.mailbox, error = failed.chain(), "Mails cannot be filed for now.");
                    }
                    break;
                }
                Err(failed) => {
                    self.pipeline.filing = uids;
                    return Err(failed);
                }
            }
        }
        Ok(())
    }
}
