//! The Yard: krates, windows, notes and arrows on one plane, as a yrs document for each room, kept in the browser and undone step by step.
//!
//! A view sends a [`YardAction`]; `transact` plans what it writes, `route` where; `mirror` reads the documents into one plain [`YardState`]; [`Yard`] is
//! the reactive handle that views hold. Only this module names yrs.

pub mod action;
pub mod collection;
pub mod core;
pub mod document;
mod encode;
pub mod file;
mod ground;
pub mod handle;
pub mod layout;
pub mod link;
mod mirror;
pub mod origin;
pub mod parcel;
pub mod persist;
pub mod rooms;
mod route;
pub mod state;
mod steps;
mod stored;
pub mod sync;
pub mod tabs;
pub mod transact;

pub use action::YardAction;
pub use collection::{Collection, Only};
pub use handle::{Persistence, Yard};
pub use parcel::Parcel;
pub use state::{Arrow, ArrowId, Content, Krate, KrateId, Note, NoteId, Point, Rect, Size, Subject, Window, WindowId, YardState};
