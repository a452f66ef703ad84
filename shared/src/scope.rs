//! What a subscription covers, canonicalised once, at the socket.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What a subscription covers, within one cluster and one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scope {
    /// Every object of the kind: needs cluster-wide rights for namespaced kinds.
    #[n(0)]
    All,
    /// The objects of one namespace.
    #[n(1)]
    Namespace(#[n(0)] String),
    /// One object whole, under the viewer's own rights: answered by `Object` messages instead of rows.
    #[n(2)]
    #[serde(rename_all = "camelCase")]
    Object {
        /// Namespace; `None` for cluster-scoped kinds.
        #[n(0)]
        namespace: Option<String>,
        /// Name.
        #[n(1)]
        name: String,
    },
}

impl Scope {
    /// The namespace that this scope stays within, if it stays within one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Scope::All => None,
            Scope::Namespace(namespace) => Some(namespace),
            Scope::Object { namespace, .. } => namespace.as_deref(),
        }
    }
}
