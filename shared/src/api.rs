//! The REST API's bodies. Errors are [`crate::refusal::ErrorBody`].

use serde::{Deserialize, Serialize};

use crate::identity::ClusterName;
use crate::kinds::{CustomKind, Kind};
use crate::rows::Row;
use crate::watch::Position;

/// `POST /api/session`: sign in. Answered by a cookie and [`Session`].
#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    /// A Kubernetes bearer token.
    pub token: String,
}

/// `GET /api/session`: who am I.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// User name, as the cluster knows it.
    pub user: String,
    /// Groups, as the cluster knows them.
    pub groups: Vec<String>,
    /// When the session ends, in seconds since 1970.
    pub expires: i64,
}

/// `GET /api/sessions`: everybody who is signed in at this proxy, for who may `list` the virtual resource `sessions.krateyard.dev`. `DELETE /api/sessions/{id}`,
/// for who may `delete` it, ends one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sessions {
    /// By person, then by when they came.
    pub sessions: Vec<SessionInfo>,
}

/// One session, as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// As the cluster knows the person.
    pub user: String,
    /// Seconds since 1970.
    pub began: i64,
    /// Names it in logs and here; opens nothing.
    pub id: String,
    /// Seconds since 1970.
    pub expires: i64,
    /// Sockets that it has open: two for each page, and one for each log and shell.
    pub sockets: usize,
    /// A program with a token, and not a page.
    pub program: bool,
    /// The session that asks.
    pub own: bool,
}

/// Plural of the virtual resource by which RBAC rules who looks after sessions.
pub const SESSIONS: &str = "sessions";

/// `GET /api/about`: what the sign-in page says before anybody is signed in. No names but the cluster's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Name of the cluster that one signs in to.
    pub cluster: ClusterName,
    /// Kubernetes' version such as `1.36`; empty while it does not answer.
    pub kubernetes: String,
    /// Whether the cluster answers now.
    pub reachable: bool,
    /// Krateyard's version.
    pub version: String,
    /// Nobody signs in here: the program in the terminal prints a link that opens the page once.
    #[serde(default)]
    pub by_link: bool,
}

/// `GET /api/clusters`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clusters {
    /// Clusters, the default one first.
    pub clusters: Vec<ClusterInfo>,
}

/// One cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterInfo {
    /// Name.
    pub name: ClusterName,
    /// Kubernetes' version such as `v1.36.2`; empty while it does not answer.
    pub version: String,
    /// Whether the cluster answers now.
    pub reachable: bool,
    /// Whether it was asked at all: on a laptop none is that nobody opened.
    #[serde(default = "yes")]
    pub opened: bool,
    /// Whether it does not answer because it does not accept the credentials that the proxy has for it, or the proxy can get none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// Why it does not answer, in words; empty when it does, or was not asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// How soon its API answers the proxy; `None` before it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

/// How soon answers began, in microseconds: of the last ones, a half, 95 and 99 of 100 at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Latency {
    pub p50_us: u64,
    pub p95_us: u64,
    pub p99_us: u64,
    /// Of so many.
    pub answers: usize,
}

fn yes() -> bool {
    true
}

/// `GET /api/access?cluster=`: where the person may list, so that the app asks for what it may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// Plurals with group (`pods`, `deployments.apps`) that the person may list and watch cluster-wide.
    pub cluster_wide: Vec<String>,
    /// Namespaces in which the person may list and watch, and what; complete only for what is not cluster-wide.
    pub namespaces: Vec<NamespaceAccess>,
    /// Plurals with group of kinds that Krateyard knows and this cluster does not serve: there is nothing to ask for.
    #[serde(default)]
    pub unserved: Vec<String>,
    /// Kinds that the cluster defines itself.
    #[serde(default)]
    pub custom: Vec<CustomKind>,
    /// What discovery says of kinds beyond what Krateyard knows of them by itself: words by which people find them.
    #[serde(default)]
    pub words: Vec<KindWords>,
    /// Groups that do not answer now: what they serve may be missing from all of the above.
    #[serde(default)]
    pub failing: Vec<FailingGroup>,
}

/// What people call a kind, as discovery reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindWords {
    /// Plural with group, such as `deployments.apps`.
    pub resource: String,
    /// Singular and short names that are not among [`crate::kinds::KindEntry::aliases`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Categories, such as `all`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
}

/// A group whose API does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingGroup {
    /// API group.
    pub group: String,
    /// Why, in words that can follow `GROUP: `.
    pub why: String,
}

impl Access {
    /// Whether the cluster serves a kind, as far as is known: one that it defined itself may be gone.
    pub fn serves(&self, kind: Kind) -> bool {
        match kind {
            Kind::Custom(_) => {
                let entry = kind.entry();
                self.custom.iter().any(|custom| custom.group == entry.group && custom.plural == entry.plural)
            }
            kind => self.unserved.is_empty() || !self.unserved.contains(&kind.resource().to_string()),
        }
    }

    /// The kinds that a word means to discovery, beyond what Krateyard knows by itself: a short name, or a category (then they may be many).
    pub fn kinds_of_word(&self, word: &str) -> Vec<Kind> {
        let is = |words: &[String]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        let found = self.words.iter().filter(|words| is(&words.aliases) || is(&words.categories));
        found.filter_map(|words| Kind::of_plural(&words.resource)).collect()
    }
}

/// What a person may list and watch in one namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceAccess {
    /// Namespace.
    pub namespace: String,
    /// Plurals with group.
    pub resources: Vec<String>,
}

/// `POST /api/access?cluster=`: may I do these?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessQuestions {
    /// At most [`MAX_QUESTIONS`].
    pub questions: Vec<AccessQuestion>,
}

/// The most questions of one request.
pub const MAX_QUESTIONS: usize = 100;

/// One question, in RBAC's terms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AccessQuestion {
    /// Such as `get` or `create`.
    pub verb: String,
    /// API group, empty for core.
    pub group: String,
    /// Plural.
    pub resource: String,
    /// Such as `exec` or `log`; empty for none.
    #[serde(default)]
    pub subresource: String,
    /// `None` is cluster-wide.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Name; empty for any.
    #[serde(default)]
    pub name: String,
}

/// The answers, in the order of the questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessAnswers {
    /// Allowed or not.
    pub allowed: Vec<bool>,
}

/// `GET /api/clusters/{cluster}/resources/{group}/{version}/{plural}?namespace=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct List {
    /// The rows that a subscription would begin with.
    pub items: Vec<Row<()>>,
    /// Where that is in the hub's history.
    pub position: Position,
}

/// `POST /api/clusters/{cluster}/secrets/{namespace}/{name}/reveal`: one value of a secret. Answered by [`Revealed`], which nobody may store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reveal {
    /// The key of `data`.
    pub key: String,
    /// `metadata.uid` of the secret that the person looks at; empty for whichever has the name now.
    #[serde(default)]
    pub uid: String,
}

/// A value of a secret. It has no `Debug`: no log line can hold it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// As the API server gives it: base64.
    pub value: String,
    /// Whether `value` is decoded already: never, since what it decodes to may be no text.
    pub decoded: bool,
}

/// `GET /api/resources?cluster=`: the kinds that have rows, as the cluster serves them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Each, in Krateyard's order.
    pub resources: Vec<ResourceInfo>,
}

/// One kind, in [`Resources`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceInfo {
    /// API group, empty for core.
    pub group: String,
    /// API version.
    pub version: String,
    /// Plural.
    pub plural: String,
    /// The word in `kind:`.
    pub kind: String,
    /// Singular and short names.
    pub aliases: Vec<String>,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
}

/// `GET /api/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The process answers.
    pub alive: bool,
    /// It can serve people: at least one cluster answers.
    pub ready: bool,
    /// Clusters and whether they answer.
    pub upstreams: Vec<Upstream>,
}

/// One cluster, in [`Health`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// Name.
    pub cluster: ClusterName,
    /// Whether it answers now.
    pub reachable: bool,
}
