//! What there is to keep of what is shown, and what was kept when the page was here last.

use std::collections::BTreeSet;
use std::sync::Arc;

use krateyard_shared::api::Access;
use krateyard_shared::watch::ServerMessage;

use super::subscription::{Phase, Seed, Subscription};
use super::tables::of_target;
use super::{Effect, Runtime};
use crate::kept::allow::may_stay;
use crate::kept::record::Record;
use crate::kept::{Content, Shown, Stamp};
use crate::refresh::{Target, plan};
use crate::rows::Rows;

impl Runtime {
    /// What the person might read and what was on screen when this page was here last, each with the time at which it was confirmed: shown, dimmed and dated, until
    /// the proxy says what is so now. Nothing, once it was heard.
    pub fn recall(&mut self, access: Access, records: impl IntoIterator<Item = (Record, u64)>, now_ms: u64) -> Vec<Effect> {
        if !self.rights.recall(access) {
            return Vec::new();
        }
        self.recalled.extend(records.into_iter().map(|(record, as_of_ms)| (record.target.clone(), (record, as_of_ms))));
        self.touch_all();
        self.settle(now_ms)
    }

    /// What the proxy said that the person may read.
    pub fn confirmed_access(&self) -> Option<&Arc<Access>> {
        self.rights.confirmed()
    }

    /// What there is to keep, of each stream that confirmed it or was refused it; and of what `lies` there and is not open what may not be read any more.
    pub fn shown(&self, lies: &BTreeSet<Target>) -> Vec<Shown> {
        let shown = |(target, stream): (&Target, &Subscription)| {
            let is_over = matches!(stream.phase(), Phase::Denied { .. }) || stream.object().1;
            (is_over || stream.is_own()).then(|| Shown { target: target.clone(), what: (!is_over).then(|| (stamp(stream), stream.as_of_ms())) })
        };
        let access = self.rights.confirmed();
        let is_refused = |target: &&Target| !self.subscriptions.contains_key(*target) && access.is_some_and(|access| !may_stay(target, access));
        let refused = lies.iter().filter(is_refused).map(|target| Shown { target: target.clone(), what: None });
        self.subscriptions.iter().filter_map(shown).chain(refused).collect()
    }

    /// What a stream shows.
    pub fn content(&self, target: &Target) -> Option<Content> {
        let stream = self.subscriptions.get(target)?;
        Some(stream.object().0.map_or_else(|| Content::Rows(stream.rows().list().to_vec()), |object| Content::Object(object.clone())))
    }

    /// What was kept of a target, or of a wider one. It stays: another window may ask for it.
    pub(super) fn recalled(&self, target: &Target) -> Option<Seed> {
        if let Some((record, as_of_ms)) = self.recalled.get(target) {
            return decode(record, *as_of_ms);
        }
        let (record, as_of_ms) = plan::wider(target).find_map(|wide| self.recalled.get(&wide))?;
        let seed = decode(record, *as_of_ms)?;
        Some(Seed { rows: of_target(target, &seed.rows)?, ..seed })
    }
}

fn decode(record: &Record, as_of_ms: u64) -> Option<Seed> {
    match record.message()? {
        ServerMessage::Rows { rows, .. } => {
            let rows: Rows = rows.iter().filter_map(|row| Some(Arc::new(row.decode().ok()?.of_kind(record.target.kind)))).collect();
            Some(Seed { rows, object: None, as_of_ms })
        }
        ServerMessage::Object { json: Some(json), .. } => {
            Some(Seed { rows: Rows::default(), object: Some(Arc::new(serde_json::from_str(&json).ok()?)), as_of_ms })
        }
        _ => None,
    }
}

fn stamp(stream: &Subscription) -> Stamp {
    match stream.object().0 {
        Some(object) => {
            let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
            Stamp::Object { uid: text("uid"), version: text("resourceVersion") }
        }
        None => Stamp::Rows { count: stream.rows().list().len(), checksum: stream.rows().checksum() },
    }
}
