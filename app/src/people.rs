//! Who else is on this Yard, where, and with what; and what of this tab the others are told. Pure: clocks and rooms are passed in.

pub mod others;
pub mod own;

pub use others::{Person, Tab, gather};
pub use own::{Doing, Sharing};
