//! What is on screen, reactive: tables published once per animation frame. Views read it, hold leases and send commands; they never write it.

mod may;
mod workspace;

pub use crate::refresh::Kinds;
pub use crate::runtime::{Counts, Effect, Failure, Input, ObjectState, Table};
pub use workspace::{Command, ObjectLease, TableLease, Workspace};
