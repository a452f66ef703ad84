//! Undo of this person's own edits over all rooms, in the order of time: one action is one step, whatever rooms it touched; never someone else's.
//!
//! A step is what each thing was before and after. It is taken back as far as things still are as the step left them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use krateyard_shared::sync::room::Room;

use super::document::Dirty;
use super::mirror::Mirror;
use super::route::Routed;
use super::stored::{Item, StoredArrow, StoredKrate, StoredNote, StoredWindow, Write};

/// So many steps are kept.
const STEPS: usize = 500;

/// The steps that can be taken back and done again.
#[derive(Default)]
pub(crate) struct Steps {
    done: VecDeque<Step>,
    undone: Vec<Step>,
}

/// One action, or one undo of it.
#[derive(Debug, Default)]
pub(crate) struct Step {
    krates: Vec<Diff<StoredKrate>>,
    windows: Vec<Diff<StoredWindow>>,
    notes: Vec<Diff<StoredNote>>,
    arrows: Vec<Diff<StoredArrow>>,
}

/// What something was in a room before a step and after it.
#[derive(Debug)]
struct Diff<T> {
    room: Room,
    id: Arc<str>,
    before: Option<T>,
    after: Option<T>,
}

/// What the things that a step is about to touch are like.
pub(crate) struct Before(Step);

impl Steps {
    pub(crate) fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    pub(crate) fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// The person did something: there is nothing to do again any more.
    pub(crate) fn did(&mut self, step: Step) {
        if step.is_empty() {
            return;
        }
        self.undone.clear();
        self.push(step);
    }

    /// Takes steps out until one comes to something; gives what it writes.
    pub(crate) fn undo(&mut self, mirror: &Mirror) -> Option<Routed> {
        std::iter::from_fn(|| self.done.pop_back()).map(|step| step.back(mirror)).find(|writes| !writes.is_empty())
    }

    /// The same of what was undone.
    pub(crate) fn redo(&mut self, mirror: &Mirror) -> Option<Routed> {
        std::iter::from_fn(|| self.undone.pop()).map(|step| step.back(mirror)).find(|writes| !writes.is_empty())
    }

    /// A step was taken back.
    pub(crate) fn undid(&mut self, step: Step) {
        self.undone.push(step);
    }

    /// A step was done again.
    pub(crate) fn redid(&mut self, step: Step) {
        self.push(step);
    }

    /// A room is gone, and with it every step in it.
    pub(crate) fn forget(&mut self, room: &Room) {
        self.done.iter_mut().chain(&mut self.undone).for_each(|step| step.forget(room));
        self.done.retain(|step| !step.is_empty());
        self.undone.retain(|step| !step.is_empty());
    }

    fn push(&mut self, step: Step) {
        self.done.push_back(step);
        if self.done.len() > STEPS {
            self.done.pop_front();
        }
    }
}

impl Before {
    /// Looks at what is about to be written.
    pub(crate) fn of(mirror: &Mirror, writes: &Routed) -> Before {
        let mut step = Step::default();
        for (room, writes) in writes {
            let touched = touched(writes);
            step.krates.extend(begin(mirror, room, &touched.krates));
            step.windows.extend(begin(mirror, room, &touched.windows));
            step.notes.extend(begin(mirror, room, &touched.notes));
            step.arrows.extend(begin(mirror, room, &touched.arrows));
        }
        Before(step)
    }

    /// Looks again once it is written.
    pub(crate) fn after(self, mirror: &Mirror) -> Step {
        let Before(mut step) = self;
        end(mirror, &mut step.krates);
        end(mirror, &mut step.windows);
        end(mirror, &mut step.notes);
        end(mirror, &mut step.arrows);
        step
    }
}

fn touched(writes: &[Write]) -> Dirty {
    let mut touched = Dirty::default();
    for write in writes {
        use Write::*;
        let (keys, id) = match write {
            PutKrate(id, _) | MoveKrate(id, _) | RaiseKrate(id, _) | MinimiseKrate(id, _) | SetKrateSubject(id, _) | RemoveKrate(id) => {
                (&mut touched.krates, id)
            }
            PutWindow(id, _) | MoveWindow(id, _) | ShowInWindow(id, _) | SetWindowSubject(id, _) | ResizeWindow(id, _) | RemoveWindow(id) => {
                (&mut touched.windows, id)
            }
            PutNote(id, _) | MoveNote(id, _) | EditNote(id, _) | RemoveNote(id) => (&mut touched.notes, id),
            PutArrow(id, _) | RemoveArrow(id) => (&mut touched.arrows, id),
        };
        keys.insert(id.clone());
    }
    touched
}

fn begin<T: Item>(mirror: &Mirror, room: &Room, ids: &BTreeSet<Arc<str>>) -> impl Iterator<Item = Diff<T>> {
    ids.iter().map(|id| Diff { room: room.clone(), id: id.clone(), before: T::layers(mirror).of(room, id).cloned(), after: None })
}

fn end<T: Item>(mirror: &Mirror, diffs: &mut Vec<Diff<T>>) {
    diffs.iter_mut().for_each(|diff| diff.after = T::layers(mirror).of(&diff.room, &diff.id).cloned());
    diffs.retain(|diff| diff.before != diff.after);
}

impl Step {
    fn is_empty(&self) -> bool {
        self.krates.is_empty() && self.windows.is_empty() && self.notes.is_empty() && self.arrows.is_empty()
    }

    fn forget(&mut self, room: &Room) {
        forget(&mut self.krates, room);
        forget(&mut self.windows, room);
        forget(&mut self.notes, room);
        forget(&mut self.arrows, room);
    }

    /// What takes it back.
    fn back(&self, mirror: &Mirror) -> Routed {
        let mut writes = BTreeMap::<Room, Vec<Write>>::new();
        back(mirror, &self.krates, &mut writes);
        back(mirror, &self.windows, &mut writes);
        back(mirror, &self.notes, &mut writes);
        back(mirror, &self.arrows, &mut writes);
        writes
    }
}

/// A room is gone: what this step took out of it or put into it can not be taken back.
fn forget<T>(diffs: &mut Vec<Diff<T>>, room: &Room) {
    let gone: BTreeSet<Arc<str>> = diffs.iter().filter(|diff| diff.room == *room).map(|diff| diff.id.clone()).collect();
    diffs.retain(|diff| !gone.contains(&diff.id));
}

fn back<T: Item>(mirror: &Mirror, diffs: &[Diff<T>], out: &mut BTreeMap<Room, Vec<Write>>) {
    for diff in diffs {
        // What went from one room to another goes back as a whole: where it is still there, and only if both may be changed.
        let moved: Vec<&Diff<T>> = diffs.iter().filter(|other| other.id == diff.id).collect();
        if !moved.iter().all(|diff| mirror.may_write(&diff.room)) {
            continue;
        }
        let layers = T::layers(mirror);
        let now = layers.of(&diff.room, &diff.id);
        let writes = match (&diff.before, &diff.after, now) {
            (None, Some(_), Some(_)) => vec![T::remove(&diff.id)],
            (Some(before), None, None) => {
                let came: Vec<&Room> = moved.iter().filter(|diff| diff.before.is_none() && diff.after.is_some()).map(|diff| &diff.room).collect();
                let is_there = came.iter().all(|room| layers.of(room, &diff.id).is_some());
                let is_elsewhere = layers.rooms(&diff.id).any(|room| !came.contains(&room));
                if is_there && !is_elsewhere { vec![before.put(&diff.id)] } else { Vec::new() }
            }
            (Some(before), Some(after), Some(now)) => T::change(&diff.id, after, before, now),
            _ => Vec::new(),
        };
        if !writes.is_empty() {
            out.entry(diff.room.clone()).or_default().extend(writes);
        }
    }
}
