//! Who is who: a cluster, a kind, an object. Never a bare string, never guessed from a kind and a name.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The name under which the proxy serves a cluster, such as `prod-eu-1`: unique within one proxy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct ClusterName(#[n(0)] pub String);

impl std::fmt::Display for ClusterName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A served resource: API group (empty for core), version and plural, as in the path of a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
pub struct Resource {
    /// API group, empty for core.
    #[n(0)]
    pub group: String,
    /// API version, such as `v1`.
    #[n(1)]
    pub version: String,
    /// Plural name, such as `pods`.
    #[n(2)]
    pub plural: String,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.group.is_empty() { write!(f, "{}", self.plural) } else { write!(f, "{}.{}", self.plural, self.group) }
    }
}

/// One object of one cluster. `uid` tells an object from a later one of the same name; it is empty only where a person typed a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The cluster that holds it.
    #[n(0)]
    pub cluster: ClusterName,
    /// API group, empty for core.
    #[n(1)]
    pub group: String,
    /// API version.
    #[n(2)]
    pub version: String,
    /// Kind, such as `Pod`.
    #[n(3)]
    pub kind: String,
    /// Namespace; `None` for cluster-scoped kinds.
    #[n(4)]
    pub namespace: Option<String>,
    /// Name.
    #[n(5)]
    pub name: String,
    /// `metadata.uid`.
    #[n(6)]
    pub uid: String,
}
