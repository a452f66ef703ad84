//! Why something was refused: for the person who asked, not for the operator's log. The same value in HTTP answers, close frames and watch messages.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::identity::ClusterName;

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Refusal {
    /// Nobody is signed in, or the token is wrong.
    #[error("sign in first")]
    #[n(0)]
    Unauthenticated,
    /// The session or its token ended.
    #[error("the session has ended: sign in again")]
    #[n(1)]
    Expired,
    /// The person's own rights do not allow it.
    #[error("you may not {verb} {resource}{}", in_namespace(namespace))]
    #[n(2)]
    #[allow(missing_docs)]
    Forbidden {
        #[n(0)]
        verb: String,
        /// As in RBAC: `pods`, `pods/exec`, `deployments.apps`.
        #[n(1)]
        resource: String,
        /// `None` is cluster-wide.
        #[n(2)]
        namespace: Option<String>,
    },
    /// The proxy's own rights do not allow it: an operator must act.
    #[error("krateyard itself may not {verb} {resource}{}", in_namespace(namespace))]
    #[n(3)]
    #[allow(missing_docs)]
    ProxyForbidden {
        #[n(0)]
        verb: String,
        #[n(1)]
        resource: String,
        #[n(2)]
        namespace: Option<String>,
    },
    /// A limit is reached.
    #[error("too many {which}: try again in {retry_after_secs} s")]
    #[n(4)]
    #[allow(missing_docs)]
    Limit {
        #[n(0)]
        which: String,
        #[n(1)]
        retry_after_secs: u32,
    },
    /// There is no such thing.
    #[error("{what} does not exist")]
    #[n(5)]
    #[allow(missing_docs)]
    NotFound {
        #[n(0)]
        what: String,
    },
    /// It was there and is gone.
    #[error("{what} is gone")]
    #[n(6)]
    #[allow(missing_docs)]
    Gone {
        #[n(0)]
        what: String,
    },
    /// The cluster does not answer, or answers with its own failure.
    #[error("the cluster does not answer: {cause}")]
    #[n(7)]
    #[allow(missing_docs)]
    UpstreamDown {
        #[n(0)]
        cause: String,
    },
    /// The request is malformed.
    #[error("{field}: {problem}")]
    #[n(8)]
    #[allow(missing_docs)]
    BadRequest {
        #[n(0)]
        field: String,
        #[n(1)]
        problem: String,
    },
    /// The request came from a page of another origin.
    #[error("requests from {origin} are not accepted")]
    #[n(9)]
    #[allow(missing_docs)]
    ForeignOrigin {
        #[n(0)]
        origin: String,
    },
    /// The API server refuses what the request asks for (a container that is not running, a conflict): its own words.
    #[error("{message}")]
    #[n(10)]
    #[allow(missing_docs)]
    Rejected {
        #[n(0)]
        message: String,
    },
    /// Where krateyard keeps something does not answer.
    #[error("the place where krateyard keeps {what} does not answer: try again in some seconds")]
    #[n(11)]
    #[allow(missing_docs)]
    StoreDown {
        /// `sessions`.
        #[n(0)]
        what: String,
    },
}

fn in_namespace(namespace: &Option<String>) -> String {
    namespace.as_ref().map_or_else(|| " cluster-wide".into(), |namespace| format!(" in {namespace}"))
}

impl Refusal {
    /// There is no cluster of this name, or no longer.
    pub fn no_cluster(name: &ClusterName) -> Refusal {
        Refusal::NotFound { what: format!("cluster {name}") }
    }

    /// Whether asking again, unchanged, can help: what is settled is not retried by itself.
    pub fn is_passing(&self) -> bool {
        matches!(self, Refusal::Limit { .. } | Refusal::UpstreamDown { .. } | Refusal::StoreDown { .. })
    }
}

/// The body of every error answer of the REST API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// Why.
    pub refusal: Refusal,
    /// The same as a sentence.
    pub message: String,
}

impl From<Refusal> for ErrorBody {
    fn from(refusal: Refusal) -> ErrorBody {
        ErrorBody { message: refusal.to_string(), refusal }
    }
}
