//! Logs as plain values: what a line says, which lines are kept and shown, and how a follow goes on after every cut. No browser, no clock.

pub mod ansi;
pub mod buffer;
pub mod follow;
pub mod head;
pub mod layout;
pub mod level;
pub mod line;
pub mod picked;
pub mod seen;
pub mod shown;
pub mod stamp;
pub mod trace;

pub use buffer::{Buffer, Entry, EntryId, Gap, Line};
pub use follow::Follow;
pub use level::Level;
