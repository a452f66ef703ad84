//! The canvas without a browser: where the camera is, what it sees, how the world maps to the screen and the minimap.

pub mod arrow;
pub mod camera;
pub mod drawn;
pub mod flight;
pub mod gesture;
pub mod minimap;
pub mod namespace_hue;
pub mod neighbour;
pub mod picture;
pub mod sight;

pub use camera::{Camera, Detail};
pub use flight::Flight;
