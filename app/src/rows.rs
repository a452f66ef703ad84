//! Rows of one stream and what is made of them: reduced, filtered, ordered, told in columns, selected, exported. Plain Rust, no clock.

pub mod columns;
pub mod counts;
pub mod csv;
pub mod filter;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod line;
pub mod overview;
pub mod reduce;
pub mod selection;
pub mod sort;
pub mod tree;
pub mod usage;

pub use columns::{Align, Cell, Column, Tone, Width};
pub use filter::Filter;
pub use line::{Fold, Line, LineId};
pub use reduce::{Arrived, Changes, Rows};
pub use selection::{Reach, Selection};
pub use sort::{Direction, Order, Sorter};
pub use usage::Usage;
