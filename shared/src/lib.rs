//! The wire and the words of Krateyard: what the proxy and the app both say, and the only place where they meet.
//!
//! No IO, no clock, no async, no framework. Modules stand in the order in which data meets them.

pub mod api;
pub mod attention;
pub mod checksum;
pub mod domain;
pub mod identity;
pub mod json_patch;
pub mod kinds;
pub mod logs;
pub mod masked;
pub mod objects;
pub mod quantity;
pub mod refusal;
pub mod rows;
pub mod scope;
pub mod selector;
pub mod shell;
pub mod status;
pub mod sync;
pub mod time;
pub mod watch;
