//! Everything a person sees of Krateyard, and everything that thinks.
//!
//! Layers import only leftwards: `stream`, `rows`, `refresh`, `yard`, `canvas`, `spotlight`, `logs` (plain Rust, tested natively) <- `store` (reactive,
//! no web API) <- `view`; at the edge `browser`, `connection` and `terminal`, the only places that talk to the browser's interfaces.

pub mod browser;
pub mod canvas;
pub mod connection;
pub mod describe;
pub mod logs;
pub mod refresh;
pub mod rows;
pub mod runtime;
pub mod spotlight;
pub mod store;
pub mod stream;
pub mod terminal;
pub mod view;
pub mod yaml;
pub mod yard;
