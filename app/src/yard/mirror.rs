//! The document as plain data: read anew only where it changed, everything else keeps its allocation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::document::{Dirty, Document, StoredKrate, StoredWindow};
use super::layout::WINDOW_LEAST;
use super::state::{Krate, KrateId, Point, Size, Window, WindowId, YardState};

/// Nothing lies further out than this: the world has no edge, but numbers have.
const WORLD: f64 = 1_000_000.0;
/// No window is larger than this.
const WINDOW_MOST: f64 = 8_000.0;

/// What the document holds and what of it shows.
#[derive(Default)]
pub(crate) struct Mirror {
    krates: HashMap<KrateId, StoredKrate>,
    windows: HashMap<WindowId, StoredWindow>,
    /// The windows of each krate, in the order in which they tile.
    homes: HashMap<KrateId, BTreeSet<(i64, WindowId)>>,
    shown: BTreeMap<(i64, KrateId), Arc<Krate>>,
    state: Arc<YardState>,
}

impl Mirror {
    /// The Yard as it is.
    pub(crate) fn state(&self) -> &Arc<YardState> {
        &self.state
    }

    /// A krate as stored; `None` for one that was closed while somebody added a window to it: it shows, but is not stored.
    pub(crate) fn stored_krate(&self, id: &str) -> Option<&StoredKrate> {
        self.krates.get(id)
    }

    /// A window as stored.
    pub(crate) fn stored_window(&self, id: &str) -> Option<&StoredWindow> {
        self.windows.get(id)
    }

    /// Every window of a krate, those of unknown views included.
    pub(crate) fn windows_of(&self, krate: &str) -> impl Iterator<Item = &WindowId> {
        self.homes.get(krate).into_iter().flatten().map(|(_, id)| id)
    }

    /// The place after the last window of a krate.
    pub(crate) fn next_order(&self, krate: &str) -> i64 {
        self.homes.get(krate).and_then(|windows| windows.last()).map_or(0, |(order, _)| order.saturating_add(1))
    }

    /// The place in front of every krate.
    pub(crate) fn next_z(&self) -> i64 {
        self.shown.last_key_value().map_or(0, |((z, _), _)| z.saturating_add(1))
    }

    /// Whether a krate is in front already.
    pub(crate) fn is_in_front(&self, krate: &str) -> bool {
        self.shown.last_key_value().is_some_and(|((_, id), _)| &**id == krate)
    }

    /// Reads what changed. Says whether anything that shows did.
    pub(crate) fn refresh(&mut self, document: &Document, dirty: &Dirty) -> bool {
        let (krates, windows) = document.read(dirty);
        let mut stale = BTreeSet::new();
        for (id, krate) in krates {
            stale.insert(id.clone());
            self.hide(&id);
            match krate {
                Some(krate) => drop(self.krates.insert(id, krate)),
                None => drop(self.krates.remove(&id)),
            }
        }
        for (id, window) in windows {
            if let Some(old) = self.windows.remove(&id) {
                self.leave_home(&old, &id);
                stale.insert(old.home.krate);
            }
            if let Some(window) = window {
                stale.insert(window.home.krate.clone());
                self.homes.entry(window.home.krate.clone()).or_default().insert((window.home.order, id.clone()));
                self.windows.insert(id, window);
            }
        }
        for id in &stale {
            self.show(id);
        }
        self.publish()
    }

    fn leave_home(&mut self, window: &StoredWindow, id: &WindowId) {
        if let Some(home) = self.homes.get_mut(&window.home.krate) {
            home.remove(&(window.home.order, id.clone()));
            if home.is_empty() {
                self.homes.remove(&window.home.krate);
            }
        }
    }

    fn hide(&mut self, id: &KrateId) {
        let z = self.z(id);
        self.shown.remove(&(z, id.clone()));
    }

    fn z(&self, id: &KrateId) -> i64 {
        self.krates.get(id).map_or(0, |krate| krate.z)
    }

    /// A krate shows when it has windows that do, whether or not it is stored itself.
    fn show(&mut self, id: &KrateId) {
        let key = (self.z(id), id.clone());
        match self.compose(id) {
            Some(krate) => {
                if self.shown.get(&key).is_none_or(|shown| **shown != krate) {
                    self.shown.insert(key, Arc::new(krate));
                }
            }
            None => drop(self.shown.remove(&key)),
        }
    }

    fn compose(&self, id: &KrateId) -> Option<Krate> {
        let windows: Vec<(&WindowId, &StoredWindow)> =
            self.windows_of(id).filter_map(|window| self.windows.get_key_value(window)).filter(|(_, window)| window.content.is_some()).collect();
        let first = windows.first()?.1;
        let stored = self.krates.get(id);
        let subject = stored.map_or(&first.subject, |krate| &krate.subject).clone();
        let windows = windows.into_iter().filter_map(|(id, window)| {
            let content = window.content?;
            let size = clamp_size(window.size.unwrap_or(content.default_size()));
            Some(Window { id: id.clone(), content, subject: (window.subject != subject).then(|| window.subject.clone()), size })
        });
        Some(Krate {
            id: id.clone(),
            at: clamp_point(stored.map_or(first.home.at, |krate| krate.at)),
            minimised: stored.is_some_and(|krate| krate.minimised),
            windows: windows.collect(),
            subject,
        })
    }

    fn publish(&mut self) -> bool {
        let unchanged =
            self.state.krates.len() == self.shown.len() && self.state.krates.iter().zip(self.shown.values()).all(|(old, new)| Arc::ptr_eq(old, new));
        if !unchanged {
            self.state = Arc::new(YardState { krates: self.shown.values().cloned().collect() });
        }
        !unchanged
    }
}

fn clamp_point(point: Point) -> Point {
    Point::new(point.x.clamp(-WORLD, WORLD), point.y.clamp(-WORLD, WORLD))
}

pub(crate) fn clamp_size(size: Size) -> Size {
    Size::new(size.w.clamp(WINDOW_LEAST.w, WINDOW_MOST), size.h.clamp(WINDOW_LEAST.h, WINDOW_MOST)).rounded()
}
