//! What a person does to the Yard. Every edit is one of these, one transaction for each room that it touches, one step of undo. What this person may not change
//! stays as it is: an action on it comes to nothing.

use super::state::{ArrowId, Content, KrateId, NoteId, Point, Size, Subject, WindowId};

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
    /// Takes back this browser's last step.
    Undo,
    /// Does it again.
    Redo,
}
