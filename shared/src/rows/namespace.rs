use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::objects::NamespaceStatus;

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct NamespaceFacts {
    /// `Active` or `Terminating`.
    #[n(0)]
    pub phase: String,
}

pub(super) fn facts(status: NamespaceStatus) -> NamespaceFacts {
    NamespaceFacts { phase: status.phase }
}
