//! The Yard: krates and windows, as a yrs document that is kept in the browser and undone step by step.
//!
//! A view sends a [`YardAction`]; `transact` plans what it writes, as one transaction; `mirror` reads the document into a plain [`YardState`]; [`Yard`] is
//! the reactive handle that views hold. Only this module names yrs.

pub mod action;
pub mod collection;
pub mod core;
pub mod document;
mod encode;
mod ground;
pub mod handle;
pub mod layout;
mod mirror;
pub mod origin;
pub mod persist;
pub mod state;
pub mod tabs;
pub mod transact;
mod undo;

pub use action::YardAction;
pub use collection::{Collection, Only};
pub use handle::{Persistence, Yard};
pub use state::{Content, Krate, KrateId, Point, Rect, Size, Subject, Window, WindowId, YardState};
