//! A mail server as an IMAP client sees it (RFC 9051): one mailbox, and what can go wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;

/// The mailbox and what became of its mails.
#[derive(Default)]
pub(super) struct Server {
    pub(super) uid_validity: u32,
    next_uid: u32,
    mails: BTreeMap<u32, Vec<u8>>,
    /// Every mail that was ever delivered, by its bytes.
    pub(super) shown: BTreeSet<Vec<u8>>,
    /// Mails that somebody took away before any client had fetched them whole.
    pub(super) taken_away: BTreeSet<Vec<u8>>,
    /// Mails that a client had whole.
    fetched: BTreeSet<Vec<u8>>,
    /// Mails that the desk has filed, by UIDVALIDITY and UID.
    pub(super) filed: BTreeSet<(u32, u32)>,
}

/// What came of a FETCH.
#[derive(Default)]
pub(super) struct Fetched {
    /// Literals that arrived whole.
    pub(super) whole: Vec<(u32, Vec<u8>)>,
    /// The beginning of a literal, when the connection broke.
    pub(super) torn: Option<(u32, Vec<u8>)>,
    /// The command ended with OK: what was asked for and did not come is not there.
    pub(super) is_complete: bool,
}

impl Server {
    pub(super) fn new() -> Self {
        Self { uid_validity: 1, next_uid: 1, ..Self::default() }
    }

    /// APPEND by whoever delivers mail.
    pub(super) fn deliver(&mut self, raw: Vec<u8>) {
        self.shown.insert(raw.clone());
        self.mails.insert(self.next_uid, raw);
        self.next_uid += 1;
    }

    /// SELECT: UIDVALIDITY and UIDNEXT.
    pub(super) fn select(&self) -> (u32, u32) {
        (self.uid_validity, self.next_uid)
    }

    /// UID SEARCH ALL.
    pub(super) fn uids(&self) -> Vec<u32> {
        self.mails.keys().copied().collect()
    }

    /// UID FETCH of some mails, under the UIDVALIDITY that the client has selected.
    pub(super) fn fetch(&mut self, uid_validity: u32, uids: &[u32], trouble: Option<&mut Dice>) -> Fetched {
        let mut fetched = Fetched::default();
        if uid_validity != self.uid_validity {
            // The server ended the session when it renumbered.
            return fetched;
        }
        let mut dice = trouble;
        let trouble = dice.as_mut().map_or(9, |dice| dice.roll(10));
        let broken_at = dice.as_mut().map_or(0, |dice| dice.roll(uids.len() as u64 + 1));
        for (place, uid) in (0..).zip(uids) {
            if trouble == 0 && place == broken_at {
                return fetched;
            }
            if trouble == 1 && place == broken_at {
                // Somebody else expunges it while the command runs.
                self.take_away(*uid);
            }
            let Some(raw) = self.mails.get(uid) else { continue };
            if trouble == 2 && place == broken_at {
                fetched.torn = Some((*uid, raw[..raw.len() / 2].to_vec()));
                return fetched;
            }
            self.fetched.insert(raw.clone());
            fetched.whole.push((*uid, raw.clone()));
        }
        // The last literal came, its OK did not.
        fetched.is_complete = trouble != 3;
        fetched
    }

    /// Another client expunges or moves a mail.
    pub(super) fn take_away(&mut self, uid: u32) {
        if let Some(raw) = self.mails.remove(&uid)
            && !self.fetched.contains(&raw)
            && !self.mails.values().any(|other| *other == raw)
        {
            self.taken_away.insert(raw);
        }
    }

    /// UID MOVE of mails that the desk is done with. False if the answer is lost; the mails are moved all the same.
    pub(super) fn file(&mut self, uid_validity: u32, uids: &[u32], trouble: Option<&mut Dice>) -> bool {
        if uid_validity != self.uid_validity {
            return false;
        }
        for uid in uids {
            self.mails.remove(uid);
            self.filed.insert((uid_validity, *uid));
        }
        !trouble.is_some_and(|dice| dice.chance(15))
    }

    /// All mails get other UIDs, as after a restored backup.
    pub(super) fn renumber(&mut self) {
        self.uid_validity += 1;
        self.next_uid = 1;
        for raw in std::mem::take(&mut self.mails).into_values() {
            self.deliver(raw);
        }
    }

    /// The newest mail is delivered once more.
    pub(super) fn repeat(&mut self) {
        if let Some(raw) = self.mails.values().next_back().cloned() {
            self.deliver(raw);
        }
    }
}
