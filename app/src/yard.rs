//! The Yard: krates and windows, as a yrs document that is kept in the browser and undone step by step.
//!
//! A view sends a [`YardAction`]; `transact` writes it as one transaction; `mirror` reads the document into a plain [`YardState`]. Views never touch yrs.

pub mod action;
pub mod state;

pub use action::YardAction;
pub use state::{Collection, Content, Krate, KrateId, Point, Size, Subject, Window, WindowId, YardState};
