//! What should be open: from what the screen leases, what the person may read and how each stream does, to what is to be done next. Pure: no clock, no IO.

pub mod backoff;
pub mod lease;
pub mod plan;
pub mod refresher;

pub use lease::{Kinds, Lease, LeaseId, Scopes};
pub use plan::{Step, Target};
