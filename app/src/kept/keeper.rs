//! When what is written: a few seconds after it changed, a slice at a time, and all at once when the page is about to go.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::allow::may_keep;
use super::record::{Draft, Progress};
use super::shelf::{Age, Change};
use super::{Content, Shown, Stamp};
use crate::refresh::Target;

/// Changes are written at most this often, in milliseconds.
pub const EVERY_MS: u64 = 5_000;
/// What did not change and is confirmed again is written at most this often, in milliseconds.
const CONFIRM_MS: u64 = 60_000;
/// After something could not be written nothing is tried for so long, in milliseconds.
const REST_MS: u64 = 60_000;

/// What is kept, as far as this page knows.
#[derive(Debug, Default)]
pub struct Keeper {
    written: BTreeMap<Target, (Option<Stamp>, u64)>,
    /// What lay there when the page opened.
    found: BTreeSet<Target>,
    round: VecDeque<Shown>,
    draft: Option<(Shown, Draft)>,
    due_ms: u64,
    is_writing: bool,
}

/// The key of a stream's record. For whoever looks into the browser's storage it says what is there.
pub fn key_of(target: &Target) -> String {
    let scope = serde_json::to_string(&target.scope).unwrap_or_default();
    format!("{} {scope}", target.kind.resource())
}

impl Keeper {
    /// This lies there from before.
    pub fn found(&mut self, targets: impl IntoIterator<Item = Target>) {
        self.found.extend(targets);
    }

    /// Time passes, a few times a second; `shown` is told what lies there. Gives what is to be written; its end is to be told ([`Keeper::wrote`]) before there is more.
    pub fn tick(&mut self, shown: impl FnOnce(&BTreeSet<Target>) -> Vec<Shown>, content: impl FnOnce(&Target) -> Option<Content>, now_ms: u64) -> Vec<Change> {
        if self.is_writing {
            return Vec::new();
        }
        let changes = if self.draft.is_some() {
            self.draw()
        } else if let Some(shown) = self.round.pop_front() {
            self.begin(shown, content)
        } else if now_ms >= self.due_ms {
            self.due_ms = now_ms + EVERY_MS;
            let written = self.written.iter().filter(|(_, (stamp, _))| stamp.is_some()).map(|(target, _)| target.clone());
            let lies = written.chain(self.found.iter().cloned()).collect();
            self.look(shown(&lies))
        } else {
            Vec::new()
        };
        self.is_writing = !changes.is_empty();
        changes
    }

    /// The page is about to go, or out of sight: everything that is not written yet.
    pub fn hurry(&mut self, shown: Vec<Shown>, content: impl Fn(&Target) -> Option<Content>) -> Vec<Change> {
        (self.round, self.draft) = (VecDeque::new(), None);
        let mut changes = self.look(shown);
        while let Some(shown) = self.round.pop_front() {
            changes.extend(self.begin(shown, &content));
            while self.draft.is_some() {
                changes.extend(self.draw());
            }
        }
        changes
    }

    /// What was given last is written, or not: then it is tried again later.
    pub fn wrote(&mut self, changes: &[Change], is_ok: bool, now_ms: u64) {
        self.is_writing = false;
        let is_of = |target: &Target| changes.iter().any(|change| *change.key() == key_of(target));
        if is_ok {
            self.found.retain(|target| !is_of(target));
        } else {
            let failed: Vec<Target> = self.written.keys().filter(|target| is_of(target)).cloned().collect();
            failed.iter().for_each(|target| drop(self.written.remove(target)));
            // Of these nobody knows what lies there.
            self.found.extend(failed);
            self.due_ms = now_ms + REST_MS;
        }
    }

    /// What differs from what is kept: to be encoded, but for what needs no encoding.
    fn look(&mut self, shown: Vec<Shown>) -> Vec<Change> {
        let mut changes = Vec::new();
        for shown in shown {
            let key = || key_of(&shown.target);
            let known = self.written.get(&shown.target);
            match (&shown.what, known) {
                (None, Some((None, _))) => {}
                (None, _) => {
                    changes.push(Change::Remove { key: key() });
                    self.written.insert(shown.target, (None, 0));
                }
                (Some((stamp, as_of_ms)), Some((Some(known), kept_ms))) if stamp == known => {
                    if *as_of_ms >= kept_ms + CONFIRM_MS {
                        changes.push(Change::Confirm { key: key(), as_of_ms: *as_of_ms });
                        self.written.insert(shown.target, (Some(stamp.clone()), *as_of_ms));
                    }
                }
                (Some(_), _) => self.round.push_back(shown),
            }
        }
        changes
    }

    fn begin(&mut self, shown: Shown, content: impl FnOnce(&Target) -> Option<Content>) -> Vec<Change> {
        let draft = content(&shown.target).and_then(|content| Draft::of(shown.target.clone(), content));
        match draft {
            Some(draft) => {
                self.draft = Some((shown, draft));
                self.draw()
            }
            None => self.settle(shown, None),
        }
    }

    fn draw(&mut self) -> Vec<Change> {
        let Some((shown, mut draft)) = self.draft.take() else { return Vec::new() };
        match draft.step() {
            Progress::Underway => {
                self.draft = Some((shown, draft));
                Vec::new()
            }
            Progress::Done(record) => self.settle(shown, Some(record)),
            Progress::TooLarge => self.settle(shown, None),
        }
    }

    /// What is not kept is not looked at again before it changes; what was kept of it is older than what it shows.
    fn settle(&mut self, shown: Shown, record: Option<Vec<u8>>) -> Vec<Change> {
        let Some((stamp, as_of_ms)) = shown.what else { return Vec::new() };
        let key = key_of(&shown.target);
        let may_be_kept = may_keep(&shown.target);
        self.written.insert(shown.target, (Some(stamp), as_of_ms));
        match record {
            Some(record) => vec![Change::Put { key, age: Age { as_of_ms, bytes: record.len() }, record }],
            None if may_be_kept => vec![Change::Remove { key }],
            None => Vec::new(),
        }
    }
}

impl Change {
    /// Of which record.
    pub fn key(&self) -> &String {
        match self {
            Change::Put { key, .. } | Change::Confirm { key, .. } | Change::Remove { key } => key,
        }
    }
}

#[cfg(test)]
mod tests;
