//! Rows of one stream and what is made of them: reduced, filtered, ordered, told in columns. Plain Rust, no clock.

pub mod columns;
pub mod filter;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod reduce;
pub mod sort;

pub use columns::{Align, Cell, Column, Tone, Width};
pub use filter::Filter;
pub use reduce::{Changes, Rows};
pub use sort::{Direction, Order, Sorter};
