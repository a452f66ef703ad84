//! The edge to the browser itself: storage, other tabs, preferences, clipboard, clock, what the screen is like. No thinking here.

pub mod address;
pub mod base64;
pub mod camera_memory;
pub mod clipboard;
pub mod clock;
pub mod columns_memory;
pub mod dom;
pub mod file_pick;
pub mod ids;
pub mod kinds_memory;
pub mod last_seen;
pub mod locale;
pub mod offline;
pub mod picture;
pub mod preferences;
pub mod recent_memory;
pub mod regexp;
pub mod screen;
pub mod shelf;
pub mod storage;
pub mod tabs;
pub mod unsent_memory;
pub mod yard_home;

pub use yard_home::open_yard;
