//! Everything a person sees of Krateyard, and everything that thinks.
//!
//! Layers import only leftwards: `stream`, `rows`, `refresh`, `yard`, `canvas`, `spotlight`, `logs` (plain Rust, tested natively) <- `store` (reactive,
//! no web API) <- `view`; at the edge `browser`, `connection` and `terminal`, the only places that talk to the browser's interfaces. What only a browser can
//! run is compiled only for it: natively there is nothing to test of it, and it is most of what there is to compile.

#[cfg(target_arch = "wasm32")]
pub mod browser;
pub mod canvas;
#[cfg(target_arch = "wasm32")]
pub mod connection;
pub mod describe;
pub mod kept;
pub mod logs;
pub mod people;
pub mod refresh;
pub mod rows;
pub mod runtime;
pub mod spotlight;
pub mod store;
pub mod stream;
pub mod terminal;
#[cfg(target_arch = "wasm32")]
pub mod view;
pub mod yaml;
pub mod yard;
