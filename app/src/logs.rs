//! Logs as plain values: what a line says, which lines are kept and shown, and how a follow goes on after a cut. No browser, no clock.

pub mod ansi;
pub mod buffer;
pub mod containers;
pub mod follow;
pub mod head;
pub mod layout;
pub mod level;
pub mod line;
pub mod picked;
pub mod shown;
pub mod sources;
pub mod stamp;
pub mod target;
pub mod trace;
pub mod whole;

pub use buffer::{Buffer, Entry, EntryId, Gap, Line};
pub use follow::Follow;
pub use level::Level;
pub use sources::{Source, Sources};
pub use stamp::Stamp;
