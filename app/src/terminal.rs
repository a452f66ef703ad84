//! Shells: the machine that a session is (plain), and the terminal that shows it, the only place that names xterm.

pub mod session;
mod typed;
#[cfg(target_arch = "wasm32")]
pub mod xterm;

pub use session::{Session, Wanted};
