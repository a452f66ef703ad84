//! What is on screen, reactive: tables published once per animation frame. Views read it, hold leases and send commands; they never write it.

use std::sync::Arc;

use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::Row;

use crate::stream::StreamState;

/// The rows of one lease, as a view sees them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Rows in no order; an unchanged row keeps its allocation from one table to the next.
    pub rows: Vec<Arc<Row>>,
    /// How its streams do, together: the worst of them.
    pub state: StreamState,
    /// Whether all rows of the first load are here.
    pub complete: bool,
    /// What is missing because it was refused: the rest is shown all the same.
    pub missing: Vec<Refusal>,
    /// When the rows were last confirmed, in milliseconds since 1970; 0 for never.
    pub as_of_ms: u64,
}

/// One object whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObjectState {
    /// The object as the API server gives it; kept when it is gone.
    pub object: Option<Arc<serde_json::Value>>,
    /// How its stream does; `Gone` when it was deleted.
    pub state: StreamState,
}
