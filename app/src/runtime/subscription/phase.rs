use krateyard_shared::refusal::Refusal;

use crate::rows::Arrived;

/// Where a stream is.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Not asked for yet: there is no socket.
    Waiting,
    /// The first rows come, and are shown as they do.
    Loading,
    /// Confirmed up to date.
    Live,
    /// All rows come anew; the old ones stay until the new ones are complete.
    Resyncing {
        /// Why.
        cause: String,
        /// What came so far.
        incoming: Vec<Arrived>,
    },
    /// The rows are those of its position; what changed since is on its way.
    Resuming {
        /// The sequence number up to which that goes.
        until: u64,
    },
    /// The proxy has no news from the cluster.
    Stale {
        /// Since when.
        since_ms: u64,
        /// Why.
        cause: String,
    },
    /// Refused for good.
    Denied {
        /// Why.
        refusal: Refusal,
        /// Generation of the rights under which it was refused.
        rights: u64,
        /// Where the rights say otherwise: when it is asked for again.
        retry_ms: Option<u64>,
    },
    /// Ended by the proxy; asked for again later.
    Ended {
        /// Why.
        cause: String,
        /// When it is asked for again.
        retry_ms: u64,
    },
}
