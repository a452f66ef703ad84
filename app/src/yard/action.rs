//! What a person does to the Yard. Every edit is one of these, one transaction for each room that it touches, one step of undo. What this person may not change
//! stays as it is: an action on it comes to nothing.

use std::sync::Arc;

use krateyard_shared::sync::room::Room;

use super::parcel::Parcel;
use super::state::{ArrowId, Content, KrateId, NoteId, Point, Size, Subject, WindowId, YardState};

/// One edit.
#[derive(Debug, Clone, PartialEq)]
pub enum YardAction {
    /// Opens a window: in the krate named, else in the krate about the subject, else in a new one placed near `near`. A window of the same content that is
    /// there already is not doubled.
    Open {
        /// What it is about.
        subject: Subject,
        /// What it shows.
        content: Content,
        /// Add it to this krate, whatever that is about.
        into: Option<KrateId>,
        /// Where a new krate should go: it lands on the nearest free place.
        near: Point,
    },
    /// A krate was dropped here; it lands on the nearest free place.
    MoveKrate {
        /// Which.
        krate: KrateId,
        /// Top left corner.
        to: Point,
    },
    /// Several krates were dropped together: all of them by the same way, to the nearest ground where none of them covers another.
    MoveKrates {
        /// Which.
        krates: Vec<KrateId>,
        /// How far.
        by: Point,
    },
    /// A window got a new size.
    ResizeWindow {
        /// Which.
        window: WindowId,
        /// Its new size.
        size: Size,
    },
    /// Minimised, or brought back.
    Minimise {
        /// Which.
        krate: KrateId,
        /// Minimised?
        minimised: bool,
    },
    /// A tab was chosen: the window shows another view.
    Switch {
        /// Which.
        window: WindowId,
        /// What it shows from now on.
        content: Content,
    },
    /// A window is about something else from now on, such as a list of other namespaces. A krate that was about the same goes along.
    Retarget {
        /// Which.
        window: WindowId,
        /// What it is about.
        subject: Subject,
    },
    /// A window was dragged out to the canvas: a krate of its own.
    TearOff {
        /// Which.
        window: WindowId,
        /// Where.
        to: Point,
    },
    /// A window was dragged into another krate.
    Join {
        /// Which.
        window: WindowId,
        /// Its new krate.
        krate: KrateId,
    },
    /// A window was closed; the last one takes its krate along.
    CloseWindow {
        /// Which.
        window: WindowId,
    },
    /// A krate was closed.
    CloseKrate {
        /// Which.
        krate: KrateId,
    },
    /// Several krates were closed together.
    CloseKrates {
        /// Which.
        krates: Vec<KrateId>,
    },
    /// A krate was touched: it comes to the front. Not a step of undo.
    Raise {
        /// Which.
        krate: KrateId,
    },
    /// A note was written.
    PutNote {
        /// Top left corner.
        at: Point,
        /// What it says.
        text: String,
        /// The krate that it is about: who sees that sees the note. Without one the cluster's room has it.
        beside: Option<KrateId>,
    },
    /// A note says something else.
    EditNote {
        /// Which.
        note: NoteId,
        /// What it says; only so much of it as a note may hold.
        text: String,
    },
    /// A note was dropped here.
    MoveNote {
        /// Which.
        note: NoteId,
        /// Top left corner.
        to: Point,
    },
    /// A note was taken away.
    RemoveNote {
        /// Which.
        note: NoteId,
    },
    /// An arrow was drawn. One that is there already is not doubled.
    PutArrow {
        /// Where it begins.
        from: KrateId,
        /// Where it points.
        to: KrateId,
    },
    /// An arrow was taken away.
    RemoveArrow {
        /// Which.
        arrow: ArrowId,
    },
    /// Puts what a link or a file holds, under new keys, where it was if nothing is there; else beside it, all of it by the same way. What is of rooms that
    /// this person may not change is left out.
    Place {
        /// What.
        parcel: Arc<Parcel>,
        /// Its middle goes near here, rather than where it was.
        near: Option<Point>,
    },
    /// Takes back this browser's last step.
    Undo,
    /// Does it again.
    Redo,
}

impl YardAction {
    /// The room that stands in the way of it: one that this person may not change, and what it is about is of that.
    pub fn barred<'a>(&self, state: &'a YardState) -> Option<&'a Room> {
        let krate = |id: &str| state.krate(id).map(|krate| (&krate.room, krate.writable));
        let window = |id: &str| state.window(id).map(|(krate, _)| (&krate.room, krate.writable));
        let note = |id: &str| state.notes.iter().find(|note| &*note.id == id).map(|note| (&note.room, note.writable));
        let found = match self {
            YardAction::MoveKrates { krates, .. } | YardAction::CloseKrates { krates } => {
                [krates.iter().filter_map(|id| krate(id)).find(|(_, writable)| !writable), None]
            }
            YardAction::MoveKrate { krate: id, .. } | YardAction::Minimise { krate: id, .. } | YardAction::CloseKrate { krate: id } => [krate(id), None],
            YardAction::ResizeWindow { window: id, .. }
            | YardAction::Switch { window: id, .. }
            | YardAction::Retarget { window: id, .. }
            | YardAction::TearOff { window: id, .. }
            | YardAction::CloseWindow { window: id } => [window(id), None],
            YardAction::Join { window: id, krate: into } => [window(id), krate(into)],
            YardAction::EditNote { note: id, .. } | YardAction::MoveNote { note: id, .. } | YardAction::RemoveNote { note: id } => [note(id), None],
            YardAction::RemoveArrow { arrow: id } => [state.arrows.iter().find(|arrow| arrow.id == *id).map(|arrow| (&arrow.room, arrow.writable)), None],
            // What is new goes to where it may be put, and nobody minds what is in front.
            YardAction::Open { .. } | YardAction::PutNote { .. } | YardAction::PutArrow { .. } | YardAction::Place { .. } => return None,
            YardAction::Raise { .. } | YardAction::Undo | YardAction::Redo => return None,
        };
        found.into_iter().flatten().find(|(_, writable)| !writable).map(|(room, _)| room)
    }
}
