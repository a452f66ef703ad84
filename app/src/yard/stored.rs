//! What a document holds, as it holds it, and the writes that change it.

use std::sync::Arc;

use super::mirror::{Layers, Mirror};
use super::state::{ArrowId, Content, KrateId, NoteId, Point, Size, Subject, WindowId};

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
    /// Its letter; one that this program does not know is kept, and the window not shown.
    pub(crate) content: Arc<str>,
    /// `None` is the content's own.
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

/// A note as stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredNote {
    pub(crate) at: Point,
    pub(crate) text: Arc<str>,
}

/// An arrow as stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredArrow {
    pub(crate) from: KrateId,
    pub(crate) to: KrateId,
}

/// One write. An action is a list of these for each room that it touches, in one transaction each.
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
    ShowInWindow(WindowId, Arc<str>),
    SetWindowSubject(WindowId, Subject),
    ResizeWindow(WindowId, Option<Size>),
    RemoveWindow(WindowId),
    PutNote(NoteId, StoredNote),
    MoveNote(NoteId, Point),
    EditNote(NoteId, Arc<str>),
    RemoveNote(NoteId),
    PutArrow(ArrowId, StoredArrow),
    RemoveArrow(ArrowId),
}

/// What can be put, changed and removed by its key.
pub(crate) trait Item: Clone + PartialEq {
    /// Where the mirror has them.
    fn layers(mirror: &Mirror) -> &Layers<Self>;
    /// The write that puts it.
    fn put(&self, id: &Arc<str>) -> Write;
    /// The write that removes it.
    fn remove(id: &Arc<str>) -> Write;
    /// Writes what differs between `from` and `to`, as far as it is still `from`'s in `now`. The order of painting is left alone.
    fn change(id: &Arc<str>, from: &Self, to: &Self, now: &Self) -> Vec<Write>;
}

/// A field that was changed, is still what it was changed to, and what it goes back to.
fn back<T: PartialEq + Clone>(from: &T, to: &T, now: &T, write: impl FnOnce(T) -> Write) -> Option<Write> {
    (from != to && now == from).then(|| write(to.clone()))
}

impl Item for StoredKrate {
    fn layers(mirror: &Mirror) -> &Layers<Self> {
        &mirror.krates
    }

    fn put(&self, id: &Arc<str>) -> Write {
        Write::PutKrate(id.clone(), self.clone())
    }

    fn remove(id: &Arc<str>) -> Write {
        Write::RemoveKrate(id.clone())
    }

    fn change(id: &Arc<str>, from: &Self, to: &Self, now: &Self) -> Vec<Write> {
        let writes = [
            back(&from.subject, &to.subject, &now.subject, |subject| Write::SetKrateSubject(id.clone(), subject)),
            back(&from.at, &to.at, &now.at, |at| Write::MoveKrate(id.clone(), at)),
            back(&from.minimised, &to.minimised, &now.minimised, |minimised| Write::MinimiseKrate(id.clone(), minimised)),
        ];
        writes.into_iter().flatten().collect()
    }
}

impl Item for StoredWindow {
    fn layers(mirror: &Mirror) -> &Layers<Self> {
        &mirror.windows
    }

    fn put(&self, id: &Arc<str>) -> Write {
        Write::PutWindow(id.clone(), self.clone())
    }

    fn remove(id: &Arc<str>) -> Write {
        Write::RemoveWindow(id.clone())
    }

    fn change(id: &Arc<str>, from: &Self, to: &Self, now: &Self) -> Vec<Write> {
        let writes = [
            back(&from.home, &to.home, &now.home, |home| Write::MoveWindow(id.clone(), home)),
            back(&from.content, &to.content, &now.content, |content| Write::ShowInWindow(id.clone(), content)),
            back(&from.size, &to.size, &now.size, |size| Write::ResizeWindow(id.clone(), size)),
            back(&from.subject, &to.subject, &now.subject, |subject| Write::SetWindowSubject(id.clone(), subject)),
        ];
        writes.into_iter().flatten().collect()
    }
}

impl Item for StoredNote {
    fn layers(mirror: &Mirror) -> &Layers<Self> {
        &mirror.notes
    }

    fn put(&self, id: &Arc<str>) -> Write {
        Write::PutNote(id.clone(), self.clone())
    }

    fn remove(id: &Arc<str>) -> Write {
        Write::RemoveNote(id.clone())
    }

    fn change(id: &Arc<str>, from: &Self, to: &Self, now: &Self) -> Vec<Write> {
        let writes = [
            back(&from.at, &to.at, &now.at, |at| Write::MoveNote(id.clone(), at)),
            back(&from.text, &to.text, &now.text, |text| Write::EditNote(id.clone(), text)),
        ];
        writes.into_iter().flatten().collect()
    }
}

impl Item for StoredArrow {
    fn layers(mirror: &Mirror) -> &Layers<Self> {
        &mirror.arrows
    }

    fn put(&self, id: &Arc<str>) -> Write {
        Write::PutArrow(id.clone(), self.clone())
    }

    fn remove(id: &Arc<str>) -> Write {
        Write::RemoveArrow(id.clone())
    }

    fn change(_: &Arc<str>, _: &Self, _: &Self, _: &Self) -> Vec<Write> {
        Vec::new()
    }
}

/// The letter of a content.
pub(crate) fn letter(content: Content) -> Arc<str> {
    match content {
        Content::View(view) => view.letter().to_string().into(),
        Content::Collection => "*".into(),
    }
}

/// The content of a letter; `None` for one of a later program.
pub(crate) fn content_of(letter: &str) -> Option<Content> {
    match letter {
        "*" => Some(Content::Collection),
        letter => letter.chars().next().filter(|_| letter.len() == 1).and_then(krateyard_shared::kinds::View::from_letter).map(Content::View),
    }
}
