//! What windows showed last, kept in this browser with the time at which it was confirmed, so that a page that opens without a network shows it, dated. What may be
//! kept at all is said in one place ([`allow`]) and asked wherever bytes are made or read ([`record`]). No clock, no browser: the edge has them.

pub mod allow;
pub mod keeper;
pub mod recall;
pub mod record;
pub mod shelf;

use std::sync::Arc;

use krateyard_shared::checksum::Checksum;
use krateyard_shared::rows::Row;
use serde_json::Value;

use crate::refresh::Target;

/// What a stream shows that is confirmed.
#[derive(Debug, Clone)]
pub enum Content {
    /// All of its rows.
    Rows(Vec<Arc<Row>>),
    /// Its object.
    Object(Arc<Value>),
}

/// By what one tells whether it is still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Stamp {
    Rows { count: usize, checksum: Checksum },
    Object { uid: String, version: String },
}

/// What there is to keep of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The stream.
    pub target: Target,
    /// What it shows, and when that was confirmed, in milliseconds since 1970; `None` where nothing is to be kept any more: it was refused, or is gone.
    pub what: Option<(Stamp, u64)>,
}
