use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use bytes::Bytes;
use krateyard_shared::json_patch;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::watch::{Freshness, Position};

use super::table::{Tally, Uid};

/// The longest object of which a copy is kept, to tell the next one by what is different. Few are as long as 30 KB; a larger one is told whole each time.
const MOST_KEPT: usize = 256 * 1024;
/// Rows in one message.
const CHUNK_ROWS: usize = 500;
/// Bytes of rows in one message, about.
const CHUNK_BYTES: usize = 256 * 1024;

/// What waits for one subscriber: of each object only its latest state, so that a slow one costs no more than what it looks at.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// What a subscriber is told next.
#[derive(Debug, PartialEq)]
pub(crate) enum Batch {
    Ack {
        position: Position,
        resumed: bool,
    },
    Reset {
        reason: String,
        position: Position,
    },
    Rows {
        rows: Vec<Bytes>,
        done: bool,
    },
    Delta {
        from_seq: u64,
        to_seq: u64,
        upserts: Vec<Bytes>,
        deletes: Vec<Uid>,
    },
    Object(Option<String>),
    /// What changed of the object.
    ObjectPatch(String),
    Freshness(Freshness),
    End(End),
}

/// How a subscription ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    Denied(Refusal),
    Complete(String),
}

#[derive(Default)]
struct Waiting {
    /// Whether the reader knows that something waits.
    woken: bool,
    /// The position, and whether the subscriber goes on from where it was.
    ack: Option<(Position, bool)>,
    reset: Option<(String, Position)>,
    snapshot: Snapshot,
    rows: VecDeque<Bytes>,
    changes: HashMap<Uid, Option<Bytes>>,
    /// The sequence number of what was sent.
    sent_seq: u64,
    /// Which rows the subscriber has by what was sent, if that is known: not while changes of one number are told in pieces.
    sent_tally: Option<Tally>,
    /// With what waits.
    reached: Reached,
    object: Option<Option<String>>,
    /// Whether the subscriber takes patches of it.
    patches: bool,
    /// What it has, where a patch may follow.
    told: Option<String>,
    /// What is known of its own upstream, and of that of what stands between a workload and its pods.
    own: Option<Freshness>,
    between: Option<Freshness>,
    /// The worse of them, with the sequence number at which it was so.
    freshness: Option<(Freshness, u64)>,
    end: Option<End>,
}

#[derive(Default, PartialEq, Eq, Clone, Copy)]
enum Snapshot {
    /// None under way.
    #[default]
    None,
    /// More rows are to come.
    Open,
    /// All rows wait or were sent; the reader has not been told so.
    Complete,
}

/// How far a subscriber is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) seq: u64,
    /// Of the rows in its scope.
    pub(crate) tally: Tally,
}

impl Queue {
    /// An empty queue; `wake` is called when something waits, and not again before the reader has found nothing.
    pub(crate) fn new(wake: impl Fn() + Send + Sync + 'static) -> Queue {
        Queue { waiting: Mutex::default(), wake: Box::new(wake) }
    }

    /// Begins with an Ack and what is there; `complete` = that is all.
    pub(super) fn begin(&self, position: Position, rows: VecDeque<Bytes>, complete: bool, tally: Tally) {
        self.change_waiting(|waiting| {
            waiting.ack = Some((position, false));
            waiting.begin_snapshot(rows, complete, Reached { seq: position.seq, tally });
        });
    }

    /// Begins for who has all rows up to `from_seq`, with an Ack and what changed since.
    pub(super) fn resume(&self, from_seq: u64, position: Position, changes: Vec<(Uid, Option<Bytes>)>, tally: Tally) {
        self.change_waiting(|waiting| {
            waiting.ack = Some((position, true));
            waiting.changes = changes.into_iter().collect();
            waiting.reached = Reached { seq: position.seq, tally };
            waiting.sent_seq = from_seq;
            waiting.sent_tally = waiting.changes.is_empty().then_some(tally);
        });
    }

    /// One more row of an open snapshot.
    pub(super) fn row(&self, uid: &Uid, row: Bytes) {
        self.change_waiting(|waiting| {
            // Changes are told after the rows: that it went, before it came again, is not said any more.
            waiting.changes.remove(uid);
            waiting.rows.push_back(row);
        });
    }

    /// The open snapshot is complete.
    pub(super) fn loaded(&self, tally: Tally) {
        self.change_waiting(|waiting| {
            waiting.snapshot = Snapshot::Complete;
            waiting.reached.tally = tally;
            waiting.sent_tally = waiting.changes.is_empty().then_some(tally);
        });
    }

    /// The latest state of objects; `None` = gone. `false` = more than `limit` objects wait: the subscriber must be reset.
    #[must_use]
    pub(super) fn change(&self, changes: impl IntoIterator<Item = (Uid, Option<Bytes>)>, reached: Reached, limit: usize) -> bool {
        self.change_waiting(|waiting| {
            waiting.changes.extend(changes);
            waiting.reached = reached;
            waiting.changes.len() <= limit
        })
    }

    /// Forgets what waits, and begins anew with what is there.
    pub(super) fn reset(&self, reason: String, position: Position, rows: VecDeque<Bytes>, tally: Tally) {
        self.change_waiting(|waiting| {
            match &mut waiting.ack {
                Some(ack) => *ack = (position, false),
                None => waiting.reset = Some((reason, position)),
            }
            waiting.changes.clear();
            waiting.begin_snapshot(rows, true, Reached { seq: position.seq, tally });
        });
    }

    /// Begins a subscription of one object, for who takes patches or not.
    pub(crate) fn begin_object(&self, position: Position, patches: bool) {
        self.change_waiting(|waiting| (waiting.ack, waiting.patches) = (Some((position, false)), patches));
    }

    /// The object of a subscription to one, as it is now.
    pub(crate) fn object(&self, json: Option<String>) {
        self.change_waiting(|waiting| waiting.object = Some(json));
    }

    /// What is known of the upstream.
    pub(crate) fn freshness(&self, freshness: Freshness) {
        self.change_waiting(|waiting| {
            waiting.own = Some(freshness);
            waiting.say_freshness();
        });
    }

    /// What is known of the upstream of what stands between a workload and its pods: these are no fresher.
    pub(super) fn between(&self, freshness: Freshness) {
        self.change_waiting(|waiting| {
            waiting.between = Some(freshness);
            waiting.say_freshness();
        });
    }

    /// Ends the subscription: nothing that waits is told any more.
    pub(crate) fn end(&self, end: End) {
        self.change_waiting(|waiting| *waiting = Waiting { woken: waiting.woken, end: Some(end), ..Waiting::default() });
    }

    /// What to tell next.
    pub(crate) fn next(&self) -> Option<Batch> {
        let mut waiting = self.waiting.lock().expect("no panic while held");
        let batch = waiting.next();
        waiting.woken = batch.is_some();
        batch
    }

    /// How far the subscriber is, if it has all rows of its last snapshot.
    pub(crate) fn sent(&self) -> Option<Reached> {
        let waiting = self.waiting.lock().expect("no panic while held");
        let tally = waiting.sent_tally.filter(|_| waiting.snapshot == Snapshot::None && waiting.ack.is_none())?;
        Some(Reached { seq: waiting.sent_seq, tally })
    }

    fn change_waiting<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        let (result, wake) = {
            let mut waiting = self.waiting.lock().expect("no panic while held");
            (change(&mut waiting), !std::mem::replace(&mut waiting.woken, true))
        };
        if wake {
            (self.wake)();
        }
        result
    }
}

impl Waiting {
    fn begin_snapshot(&mut self, rows: VecDeque<Bytes>, complete: bool, reached: Reached) {
        self.rows = rows;
        self.snapshot = if complete { Snapshot::Complete } else { Snapshot::Open };
        self.reached = reached;
        (self.sent_seq, self.sent_tally) = (reached.seq, Some(reached.tally));
    }

    fn say_freshness(&mut self) {
        let worse = self.own.iter().chain(&self.between).max_by_key(|freshness| badness(freshness));
        self.freshness = worse.map(|worse| (worse.clone(), self.reached.seq));
    }

    fn next(&mut self) -> Option<Batch> {
        if let Some((position, resumed)) = self.ack.take() {
            return Some(Batch::Ack { position, resumed });
        }
        if let Some((reason, position)) = self.reset.take() {
            return Some(Batch::Reset { reason, position });
        }
        if let Some((freshness, _)) = self.freshness.take_if(|(freshness, seq)| !is_early(freshness, *seq, &self.changes, self.sent_seq)) {
            return Some(Batch::Freshness(freshness));
        }
        if !self.rows.is_empty() || self.snapshot == Snapshot::Complete {
            let rows = self.chunk_of_rows();
            let done = self.snapshot == Snapshot::Complete && self.rows.is_empty();
            if done {
                self.rows = VecDeque::new();
                self.snapshot = Snapshot::None;
            }
            return Some(Batch::Rows { rows, done });
        }
        if let Some(json) = self.object.take() {
            return Some(self.tell_object(json));
        }
        // A resume that changes nothing moves the position all the same.
        if self.snapshot == Snapshot::None && (!self.changes.is_empty() || self.sent_seq != self.reached.seq) {
            return Some(self.delta());
        }
        self.end.take().map(Batch::End)
    }

    fn tell_object(&mut self, json: Option<String>) -> Batch {
        let patch = self.told.take().and_then(|told| patch(&told, json.as_deref()?));
        self.told = json.as_ref().filter(|json| self.patches && json.len() <= MOST_KEPT).cloned();
        patch.map_or(Batch::Object(json), Batch::ObjectPatch)
    }

    fn chunk_of_rows(&mut self) -> Vec<Bytes> {
        let mut bytes = 0;
        let fits = |row: &&Bytes| {
            let fits = bytes < CHUNK_BYTES;
            bytes += row.len();
            fits
        };
        let count = self.rows.iter().take(CHUNK_ROWS).take_while(fits).count();
        self.rows.drain(..count).collect()
    }

    /// Changes, some at a time: all but the last delta of several stay at the sequence number that was sent, so that nobody resumes in between.
    fn delta(&mut self) -> Batch {
        let (mut upserts, mut deletes, mut bytes, mut taken) = (Vec::new(), Vec::new(), 0, 0);
        let fits = |_: &Uid, row: &mut Option<Bytes>| {
            let fits = bytes < CHUNK_BYTES && taken < CHUNK_ROWS;
            bytes += row.as_ref().map_or(0, Bytes::len);
            taken += 1;
            fits
        };
        for (uid, row) in self.changes.extract_if(fits) {
            match row {
                Some(row) => upserts.push(row),
                None => deletes.push(uid),
            }
        }
        let from_seq = self.sent_seq;
        self.sent_tally = None;
        if self.changes.is_empty() {
            self.changes = HashMap::new();
            (self.sent_seq, self.sent_tally) = (self.reached.seq, Some(self.reached.tally));
        }
        Batch::Delta { from_seq, to_seq: self.sent_seq, upserts, deletes }
    }
}

/// Good news of changes come after these; bad news at once.
fn is_early(freshness: &Freshness, seq: u64, changes: &HashMap<Uid, Option<Bytes>>, sent_seq: u64) -> bool {
    !matches!(freshness, Freshness::Stale { .. } | Freshness::CatchingUp) && !changes.is_empty() && sent_seq < seq
}

fn badness(freshness: &Freshness) -> u8 {
    match freshness {
        Freshness::Live => 0,
        Freshness::Polled { .. } => 1,
        Freshness::CatchingUp => 2,
        Freshness::Stale { .. } => 3,
    }
}

/// What makes the one of the other, if that is shorter.
fn patch(told: &str, json: &str) -> Option<String> {
    let patch = json_patch::diff(&serde_json::from_str(told).ok()?, &serde_json::from_str(json).ok()?).to_string();
    (patch.len() < json.len()).then_some(patch)
}

#[cfg(test)]
mod tests;
