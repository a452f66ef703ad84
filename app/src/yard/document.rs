//! The document: what is stored, under which short names, and the only reads and writes of it.
//!
//! | root | key | fields |
//! | --- | --- | --- |
//! | `y` | | `v` schema version |
//! | `k` | krate | `s` subject, `p` \[x, y\], `z` order of painting, `m` minimised (absent: no) |
//! | `w` | window | `k` \[krate, order, x, y\], `c` letter of the view or `*`, `s` \[w, h\] (absent: the default), `a` subject |
//!
//! A position is ONE value and so is a size: a node that alternates two keys grows a document several times as fast. A window carries its own subject and
//! the place that its krate had when it came: a window that one person adds to a krate while another closes that krate is not lost.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use yrs::types::{DeepObservable, Events, PathSegment};
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, In, Map, MapPrelim, MapRef, Out, ReadTxn, StateVector, Transact, TransactionMut, Update};

use super::encode::{content_from_any, content_to_any, float, number, pair, pair_to_any, subject_from_any, subject_to_any};
use super::origin::Origin;
use super::state::{Content, KrateId, Point, Size, Subject, WindowId};

/// The schema that this program writes.
pub const SCHEMA: i64 = 1;

/// What went wrong with a document or an update of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// A newer program wrote it: it is not touched.
    #[error("this Yard was written by a newer Krateyard (schema {found}, this one knows {SCHEMA}): reload the page")]
    Newer {
        /// Its schema.
        found: i64,
    },
    /// An update could not be read.
    #[error("decode update: {0}")]
    Decode(String),
    /// An update could not be put into the document.
    #[error("apply update: {0}")]
    Apply(String),
}

/// A krate as stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredKrate {
    pub(crate) subject: Subject,
    pub(crate) at: Point,
    pub(crate) z: i64,
    pub(crate) minimised: bool,
}

/// A window as stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredWindow {
    pub(crate) home: Home,
    /// `None` for a view that this program does not know: kept, not shown.
    pub(crate) content: Option<Content>,
    pub(crate) size: Option<Size>,
    pub(crate) subject: Subject,
}

/// Where a window belongs: one value, so that concurrent moves leave it in one krate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Home {
    pub(crate) krate: KrateId,
    /// Its place among the krate's windows; equal ones go by the window's key.
    pub(crate) order: i64,
    /// Where the krate was.
    pub(crate) at: Point,
}

/// One write. An action is a list of these, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Write {
    PutKrate(KrateId, StoredKrate),
    MoveKrate(KrateId, Point),
    RaiseKrate(KrateId, i64),
    MinimiseKrate(KrateId, bool),
    SetKrateSubject(KrateId, Subject),
    RemoveKrate(KrateId),
    PutWindow(WindowId, StoredWindow),
    MoveWindow(WindowId, Home),
    ShowInWindow(WindowId, Content),
    SetWindowSubject(WindowId, Subject),
    ResizeWindow(WindowId, Size),
    RemoveWindow(WindowId),
}

/// An update as it came out of a transaction, V1 encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who made it.
    pub origin: Origin,
    /// The update.
    pub update: Vec<u8>,
}

/// What changed since the mirror last looked.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) krates: BTreeSet<KrateId>,
    pub(crate) windows: BTreeSet<WindowId>,
}

/// The document with its two roots.
pub(crate) struct Document {
    pub(crate) doc: Doc,
    pub(crate) krates: MapRef,
    pub(crate) windows: MapRef,
    about: MapRef,
    changes: Arc<Mutex<Vec<Change>>>,
    dirty: Arc<Mutex<Dirty>>,
}

impl Document {
    /// An empty document. `client` is a random number below 2^53, never used twice.
    pub(crate) fn new(client: u64) -> Document {
        let doc = Doc::with_client_id(client & ((1 << 53) - 1));
        let (about, krates, windows) = (doc.get_or_insert_map("y"), doc.get_or_insert_map("k"), doc.get_or_insert_map("w"));
        let document = Document { doc, krates, windows, about, changes: Arc::default(), dirty: Arc::default() };
        document.observe();
        document
    }

    fn observe(&self) {
        let changes = self.changes.clone();
        let observed = self.doc.observe_update_v1("yard", move |txn, event| {
            lock(&changes).push(Change { origin: Origin::of(txn.origin()), update: event.update.clone() });
        });
        debug_assert!(observed.is_ok(), "no transaction is open on a document just made");
        let dirty = self.dirty.clone();
        self.krates.observe_deep("yard", move |txn, events| lock(&dirty).krates.extend(touched(txn, events)));
        let dirty = self.dirty.clone();
        self.windows.observe_deep("yard", move |txn, events| lock(&dirty).windows.extend(touched(txn, events)));
    }

    /// Writes in one transaction. Nothing to write is no transaction.
    pub(crate) fn write(&self, origin: Origin, writes: &[Write]) {
        if writes.is_empty() {
            return;
        }
        let mut txn = self.doc.transact_mut_with(origin);
        if self.about.get(&txn, "v").is_none() {
            self.about.insert(&mut txn, "v", SCHEMA);
        }
        for write in writes {
            self.write_one(&mut txn, write);
        }
    }

    fn write_one(&self, txn: &mut TransactionMut, write: &Write) {
        match write {
            Write::PutKrate(id, krate) => {
                let mut fields = vec![("s", subject_to_any(&krate.subject)), ("p", pair_to_any(krate.at.x, krate.at.y)), ("z", Any::from(krate.z))];
                fields.extend(krate.minimised.then(|| ("m", Any::from(true))));
                self.krates.insert(txn, id.clone(), fields.into_iter().collect::<MapPrelim>());
            }
            Write::MoveKrate(id, at) => self.set(txn, &self.krates, id, "p", pair_to_any(at.x, at.y)),
            Write::RaiseKrate(id, z) => self.set(txn, &self.krates, id, "z", Any::from(*z)),
            Write::MinimiseKrate(id, minimised) => self.set(txn, &self.krates, id, "m", Any::from(*minimised)),
            Write::SetKrateSubject(id, subject) => self.set(txn, &self.krates, id, "s", subject_to_any(subject)),
            Write::SetWindowSubject(id, subject) => self.set(txn, &self.windows, id, "a", subject_to_any(subject)),
            Write::RemoveKrate(id) => drop(self.krates.remove(txn, id)),
            Write::PutWindow(id, window) => {
                let mut fields = vec![("k", home_to_any(&window.home)), ("a", subject_to_any(&window.subject))];
                fields.extend(window.content.map(|content| ("c", content_to_any(content))));
                fields.extend(window.size.map(|size| ("s", pair_to_any(size.w, size.h))));
                self.windows.insert(txn, id.clone(), fields.into_iter().collect::<MapPrelim>());
            }
            Write::MoveWindow(id, home) => self.set(txn, &self.windows, id, "k", home_to_any(home)),
            Write::ShowInWindow(id, content) => self.set(txn, &self.windows, id, "c", content_to_any(*content)),
            Write::ResizeWindow(id, size) => self.set(txn, &self.windows, id, "s", pair_to_any(size.w, size.h)),
            Write::RemoveWindow(id) => drop(self.windows.remove(txn, id)),
        }
    }

    fn set(&self, txn: &mut TransactionMut, root: &MapRef, id: &str, field: &str, value: Any) {
        if let Some(Out::YMap(entry)) = root.get(txn, id) {
            entry.insert(txn, field, In::Any(value));
        }
    }

    /// Takes an update in.
    pub(crate) fn apply(&self, origin: Origin, update: &[u8]) -> Result<(), DocumentError> {
        let update = Update::decode_v1(update).map_err(|error| DocumentError::Decode(error.to_string()))?;
        self.doc.transact_mut_with(origin).apply_update(update).map_err(|error| DocumentError::Apply(error.to_string()))?;
        self.migrate()
    }

    /// Whether an update waits for one that it builds on.
    pub(crate) fn waits(&self) -> bool {
        let txn = self.doc.transact();
        txn.store().pending_update().is_some() || txn.store().pending_ds().is_some_and(|deletes| !deletes.is_empty())
    }

    /// Brings an older schema up to this one; refuses a newer one. There is only one so far.
    fn migrate(&self) -> Result<(), DocumentError> {
        match self.about.get(&self.doc.transact(), "v").as_ref().and_then(number) {
            Some(found) if found > SCHEMA as f64 => Err(DocumentError::Newer { found: found as i64 }),
            _ => Ok(()),
        }
    }

    /// The keys of all krates and windows.
    #[cfg(test)]
    pub(crate) fn keys(&self) -> Dirty {
        let txn = self.doc.transact();
        Dirty { krates: self.krates.keys(&txn).map(Arc::from).collect(), windows: self.windows.keys(&txn).map(Arc::from).collect() }
    }

    /// Reads what is named.
    #[allow(clippy::type_complexity)]
    pub(crate) fn read(&self, keys: &Dirty) -> (Vec<(KrateId, Option<StoredKrate>)>, Vec<(WindowId, Option<StoredWindow>)>) {
        let txn = self.doc.transact();
        let krates = keys.krates.iter().map(|id| (id.clone(), self.krate(&txn, id))).collect();
        let windows = keys.windows.iter().map(|id| (id.clone(), self.window(&txn, id))).collect();
        (krates, windows)
    }

    fn krate<T: ReadTxn>(&self, txn: &T, id: &str) -> Option<StoredKrate> {
        let Out::YMap(entry) = self.krates.get(txn, id)? else { return None };
        let (x, y) = pair(&entry.get(txn, "p")?)?;
        Some(StoredKrate {
            subject: subject_from_any(&entry.get(txn, "s")?)?,
            at: Point { x, y },
            z: entry.get(txn, "z").as_ref().and_then(number).unwrap_or_default() as i64,
            minimised: matches!(entry.get(txn, "m"), Some(Out::Any(Any::Bool(true)))),
        })
    }

    fn window<T: ReadTxn>(&self, txn: &T, id: &str) -> Option<StoredWindow> {
        let Out::YMap(entry) = self.windows.get(txn, id)? else { return None };
        Some(StoredWindow {
            home: home_from_any(&entry.get(txn, "k")?)?,
            content: entry.get(txn, "c").as_ref().and_then(content_from_any),
            size: entry.get(txn, "s").as_ref().and_then(pair).map(|(w, h)| Size { w, h }),
            subject: subject_from_any(&entry.get(txn, "a")?)?,
        })
    }

    /// What changed since the last call.
    pub(crate) fn take_dirty(&self) -> Dirty {
        std::mem::take(&mut lock(&self.dirty))
    }

    /// The updates of all transactions since the last call.
    pub(crate) fn take_changes(&self) -> Vec<Change> {
        std::mem::take(&mut lock(&self.changes))
    }

    /// The whole document as one update.
    pub(crate) fn snapshot(&self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v1(&StateVector::default())
    }
}

/// Updates as one, without what was deleted since. What waits for something missing is kept as it is.
pub(crate) fn merge(updates: &[&[u8]]) -> Result<Vec<u8>, DocumentError> {
    let merged = yrs::merge_updates_v1(updates).map_err(|error| DocumentError::Decode(error.to_string()))?;
    // Never writes, so its number never shows.
    let document = Document::new(0);
    match document.apply(Origin::Restored, &merged) {
        Ok(()) if !document.waits() => Ok(document.snapshot()),
        Ok(()) | Err(DocumentError::Newer { .. }) => Ok(merged),
        Err(error) => Err(error),
    }
}

fn home_to_any(home: &Home) -> Any {
    Any::from(vec![Any::from(home.krate.clone()), Any::from(home.order), Any::from(home.at.x as i64), Any::from(home.at.y as i64)])
}

fn home_from_any(value: &Out) -> Option<Home> {
    let Out::Any(Any::Array(parts)) = value else { return None };
    let [Any::String(krate), Any::Number(order), Any::Number(x), Any::Number(y), ..] = &parts[..] else { return None };
    Some(Home { krate: krate.clone(), order: float(*order) as i64, at: Point::new(float(*x), float(*y)) })
}

/// The keys of the entries that events of a root tell of.
fn touched(txn: &TransactionMut, events: &Events) -> Vec<Arc<str>> {
    let mut keys = Vec::new();
    for event in events.iter() {
        match (event.path().front(), event) {
            (Some(PathSegment::Key(key)), _) => keys.push(key.clone()),
            (None, yrs::types::Event::Map(map)) => keys.extend(map.keys(txn).keys().cloned()),
            _ => {}
        }
    }
    keys
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
