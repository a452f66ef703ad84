//! The document of a room: what is stored, under which short names, and the only reads and writes of it.
//!
//! | root | key | fields |
//! | --- | --- | --- |
//! | `y` | | `v` schema version |
//! | `k` | krate | `s` subject, `p` \[x, y\], `z` order of painting, `m` minimised (absent: no) |
//! | `w` | window | `k` \[krate, order, x, y\], `c` letter of the view or `*`, `s` \[w, h\] (absent: the default), `a` subject |
//! | `n` | note | `p` \[x, y\], `t` text |
//! | `a` | arrow | `k` \[krate, krate\] |
//!
//! A position is ONE value and so is a size: a node that alternates two keys grows a document several times as fast. A window carries its own subject and
//! the place that its krate had when it came: a window that one person adds to a krate while another closes that krate is not lost.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use krateyard_shared::sync::gate;
use yrs::block::ClientID;
use yrs::branch::{Branch, BranchID};
use yrs::types::{DeepObservable, Events, PathSegment};
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, In, Map, MapPrelim, MapRef, OffsetKind, Options, Out, ReadTxn, StateVector, Transact, TransactionMut, Update};

use super::encode::{float, number, pair, pair_to_any, subject_from_any, subject_to_any};
use super::origin::Origin;
use super::state::{Point, Size};
use super::stored::{Home, StoredArrow, StoredKrate, StoredNote, StoredWindow, Write};

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

/// An update as it came out of a transaction, V1 encoding, and where that came from.
pub(crate) type Made = (Origin, Vec<u8>);

/// What changed since the mirror last looked.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) krates: Keys,
    pub(crate) windows: Keys,
    pub(crate) notes: Keys,
    pub(crate) arrows: Keys,
}

type Keys = BTreeSet<Arc<str>>;
/// The keys of one root.
type Part = fn(&mut Dirty) -> &mut Keys;
type Read<T> = HashMap<Arc<str>, T>;

/// The document with its roots.
pub(crate) struct Document {
    pub(crate) doc: Doc,
    krates: MapRef,
    windows: MapRef,
    notes: MapRef,
    arrows: MapRef,
    about: MapRef,
    changes: Arc<Mutex<Vec<Made>>>,
    dirty: Arc<Mutex<Dirty>>,
}

impl Document {
    /// An empty document. `client` is a random number below 2^53, never used twice.
    pub(crate) fn new(client: u64) -> Document {
        // As JavaScript counts, and everybody else: what is heard may hold texts, and yrs panics at halves of letters.
        let doc = Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(client & ((1 << 53) - 1))) });
        let [about, krates, windows, notes, arrows] = ["y", "k", "w", "n", "a"].map(|root| doc.get_or_insert_map(root));
        let document = Document { doc, krates, windows, notes, arrows, about, changes: Arc::default(), dirty: Arc::default() };
        document.observe();
        document
    }

    fn observe(&self) {
        let changes = self.changes.clone();
        let observed = self.doc.observe_update_v1("yard", move |txn, event| {
            lock(&changes).push((Origin::of(txn.origin()), event.update.clone()));
        });
        debug_assert!(observed.is_ok(), "no transaction is open on a document just made");
        let roots: [(&MapRef, Part); 4] = [
            (&self.krates, |dirty| &mut dirty.krates),
            (&self.windows, |dirty| &mut dirty.windows),
            (&self.notes, |dirty| &mut dirty.notes),
            (&self.arrows, |dirty| &mut dirty.arrows),
        ];
        for (root, keys) in roots {
            let dirty = self.dirty.clone();
            root.observe_deep("yard", move |txn, events| keys(&mut lock(&dirty)).extend(touched(txn, events)));
        }
    }

    /// Its number among all copies.
    pub(crate) fn client(&self) -> u64 {
        self.doc.client_id().get()
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
                let mut fields = vec![("k", home_to_any(&window.home)), ("a", subject_to_any(&window.subject)), ("c", Any::String(window.content.clone()))];
                fields.extend(window.size.map(|size| ("s", pair_to_any(size.w, size.h))));
                self.windows.insert(txn, id.clone(), fields.into_iter().collect::<MapPrelim>());
            }
            Write::MoveWindow(id, home) => self.set(txn, &self.windows, id, "k", home_to_any(home)),
            Write::ShowInWindow(id, content) => self.set(txn, &self.windows, id, "c", Any::String(content.clone())),
            Write::ResizeWindow(id, Some(size)) => self.set(txn, &self.windows, id, "s", pair_to_any(size.w, size.h)),
            Write::ResizeWindow(id, None) => {
                if let Some(Out::YMap(entry)) = self.windows.get(txn, id) {
                    entry.remove(txn, "s");
                }
            }
            Write::RemoveWindow(id) => drop(self.windows.remove(txn, id)),
            Write::PutNote(id, note) => {
                let fields = [("p", pair_to_any(note.at.x, note.at.y)), ("t", Any::String(note.text.clone()))];
                self.notes.insert(txn, id.clone(), fields.into_iter().collect::<MapPrelim>());
            }
            Write::MoveNote(id, at) => self.set(txn, &self.notes, id, "p", pair_to_any(at.x, at.y)),
            Write::EditNote(id, text) => self.set(txn, &self.notes, id, "t", Any::String(text.clone())),
            Write::RemoveNote(id) => drop(self.notes.remove(txn, id)),
            Write::PutArrow(id, arrow) => {
                let ends = Any::from(vec![Any::String(arrow.from.clone()), Any::String(arrow.to.clone())]);
                self.arrows.insert(txn, id.clone(), [("k", ends)].into_iter().collect::<MapPrelim>());
            }
            Write::RemoveArrow(id) => drop(self.arrows.remove(txn, id)),
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

    /// How much is here of what a client wrote.
    pub(crate) fn known(&self, client: ClientID) -> u32 {
        self.doc.transact().state_vector().get(&client)
    }

    /// Whether an update has something of somebody that comes after what is neither here nor in it.
    pub(crate) fn leaves_gap(&self, update: &[u8]) -> bool {
        let known = self.doc.transact().state_vector();
        gate::update_onto(update, |client| known.get(&ClientID::new(client)).into()).is_ok_and(|facts| facts.gap)
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

    /// Every key that it holds.
    pub(crate) fn keys(&self) -> Dirty {
        let txn = self.doc.transact();
        let keys = |root: &MapRef| root.keys(&txn).map(Arc::from).collect();
        Dirty { krates: keys(&self.krates), windows: keys(&self.windows), notes: keys(&self.notes), arrows: keys(&self.arrows) }
    }

    /// Reads what is named, as far as it is there.
    #[allow(clippy::type_complexity)]
    pub(crate) fn read(&self, keys: &Dirty) -> (Read<StoredKrate>, Read<StoredWindow>, Read<StoredNote>, Read<StoredArrow>) {
        let txn = self.doc.transact();
        let krates = keys.krates.iter().filter_map(|id| Some((id.clone(), self.krate(&txn, id)?))).collect();
        let windows = keys.windows.iter().filter_map(|id| Some((id.clone(), self.window(&txn, id)?))).collect();
        let notes = keys.notes.iter().filter_map(|id| Some((id.clone(), self.note(&txn, id)?))).collect();
        let arrows = keys.arrows.iter().filter_map(|id| Some((id.clone(), self.arrow(&txn, id)?))).collect();
        (krates, windows, notes, arrows)
    }

    /// What of it a copy with this state vector has never heard of.
    pub(crate) fn keys_after(&self, vector: &StateVector) -> Dirty {
        let txn = self.doc.transact();
        let new = |root: &MapRef| {
            let is_new = |entry: &Out| match entry {
                Out::YMap(entry) => matches!(AsRef::<Branch>::as_ref(entry).id(), BranchID::Nested(id) if id.clock >= vector.get(&id.client)),
                _ => false,
            };
            root.iter(&txn).filter(|(_, entry)| is_new(entry)).map(|(key, _)| Arc::from(key)).collect()
        };
        Dirty { krates: new(&self.krates), windows: new(&self.windows), notes: new(&self.notes), arrows: new(&self.arrows) }
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
            content: text(entry.get(txn, "c")).unwrap_or_default(),
            size: entry.get(txn, "s").as_ref().and_then(pair).map(|(w, h)| Size { w, h }),
            subject: subject_from_any(&entry.get(txn, "a")?)?,
        })
    }

    fn note<T: ReadTxn>(&self, txn: &T, id: &str) -> Option<StoredNote> {
        let Out::YMap(entry) = self.notes.get(txn, id)? else { return None };
        let (x, y) = pair(&entry.get(txn, "p")?)?;
        Some(StoredNote { at: Point { x, y }, text: text(entry.get(txn, "t"))? })
    }

    fn arrow<T: ReadTxn>(&self, txn: &T, id: &str) -> Option<StoredArrow> {
        let Out::YMap(entry) = self.arrows.get(txn, id)? else { return None };
        let Out::Any(Any::Array(ends)) = entry.get(txn, "k")? else { return None };
        let [Any::String(from), Any::String(to)] = &ends[..] else { return None };
        Some(StoredArrow { from: from.clone(), to: to.clone() })
    }

    /// What changed since the last call.
    pub(crate) fn take_dirty(&self) -> Dirty {
        std::mem::take(&mut lock(&self.dirty))
    }

    /// The updates of all transactions since the last call.
    pub(crate) fn take_changes(&self) -> Vec<Made> {
        std::mem::take(&mut lock(&self.changes))
    }

    /// Whether both hold the same, deletions included.
    pub(crate) fn is_same(&self, other: &Document) -> bool {
        self.doc.transact().snapshot() == other.doc.transact().snapshot()
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

fn text(value: Option<Out>) -> Option<Arc<str>> {
    if let Some(Out::Any(Any::String(text))) = value { Some(text) } else { None }
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
