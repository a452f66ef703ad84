//! What a person does to the Yard. Every edit is one of these, one transaction, one step of undo.

use super::state::{Content, KrateId, Point, Size, Subject, WindowId};

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
    /// Takes back this browser's last step.
    Undo,
    /// Does it again.
    Redo,
}
