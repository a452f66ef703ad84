//! Which kinds the server serves: the built-in ones from a table, custom ones from their definitions.

use std::sync::{Arc, OnceLock, RwLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One served resource, as discovery describes it.
#[derive(Clone, Debug, Deserialize)]
pub struct Kind {
    /// API group; empty for the core group.
    pub group: String,
    /// Version within the group.
    pub version: String,
    /// Plural name, as in paths: `pods`.
    pub plural: String,
    /// Singular name: `pod`.
    pub singular: String,
    /// `Pod`.
    pub kind: String,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Verbs that the resource knows, in discovery's order.
    pub verbs: Vec<String>,
    /// Short names: `po`.
    #[serde(default)]
    pub short: Vec<String>,
    /// Categories: `all`.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Storage version hash of the legacy discovery document.
    #[serde(default)]
    pub hash: Option<String>,
    /// Served subresources.
    #[serde(default)]
    pub subresources: Vec<Subresource>,
    /// Defined by a CustomResourceDefinition.
    #[serde(default)]
    pub custom: bool,
    /// The columns that its definition adds to a Table.
    #[serde(default)]
    pub columns: Vec<PrinterColumn>,
}

/// One of a definition's `additionalPrinterColumns`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PrinterColumn {
    /// Title.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Format; mostly empty.
    pub format: String,
    /// Description; empty when the definition has none.
    pub description: String,
    /// 0 for columns that are always shown.
    pub priority: i64,
    /// Where in the object the value is.
    pub json_path: String,
}

/// One subresource of a [`Kind`].
#[derive(Clone, Debug, Deserialize)]
pub struct Subresource {
    /// `log`, `scale`, ...
    pub name: String,
    /// Group of the answer's kind; empty when it is the parent's.
    #[serde(default)]
    pub group: String,
    /// Version of the answer's kind; empty when it is the parent's.
    #[serde(default)]
    pub version: String,
    /// Kind of the answer.
    pub kind: String,
    /// Verbs that the subresource knows.
    pub verbs: Vec<String>,
}

impl Kind {
    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }

    /// `pods` or `deployments.apps`: how errors name the resource.
    pub fn group_resource(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether the resource knows this verb.
    pub fn knows(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// The subresource of this name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    fn is(&self, group: &str, plural: &str) -> bool {
        self.group == group && self.plural == plural
    }
}

/// `v1` or `apps/v1`.
pub(crate) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn built_in() -> &'static [Arc<Kind>] {
    static KINDS: OnceLock<Vec<Arc<Kind>>> = OnceLock::new();
    KINDS.get_or_init(|| {
        serde_json::from_str(include_str!("data/kinds.json")).map(|kinds: Vec<Kind>| kinds.into_iter().map(Arc::new).collect()).unwrap_or_default()
    })
}

/// Groups that a real 1.36 server serves and this one does not: asked for, they are refused with 501 instead of a 404 that would be a lie.
pub(crate) const GROUPS_NOT_SIMULATED: &[&str] = &["events.k8s.io"];

/// Resources of served groups that a real 1.36 server serves and this one does not.
pub(crate) const RESOURCES_NOT_SIMULATED: &[&str] = &["bindings", "componentstatuses"];

/// Subresources of served kinds that a real 1.36 server serves and this one does not.
pub(crate) const SUBRESOURCES_NOT_SIMULATED: &[&str] = &["approval", "binding", "ephemeralcontainers", "finalize", "portforward", "proxy", "resize", "token"];

/// All kinds served at the moment.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    /// Built-in kinds that this cluster lacks, as `plural.group`.
    unserved: Vec<String>,
    custom: RwLock<Vec<Arc<Kind>>>,
    /// What other API servers would serve behind this one.
    aggregated: RwLock<Vec<Arc<Kind>>>,
    /// Group and version of those that do not answer.
    dead: RwLock<Vec<(String, String)>>,
}

impl Registry {
    /// All built-in kinds but these (`plural.group`).
    pub(crate) fn without(unserved: Vec<String>) -> Self {
        Self { unserved, ..Self::default() }
    }

    fn built_in(&self) -> impl Iterator<Item = &Arc<Kind>> {
        built_in().iter().filter(|kind| !self.unserved.contains(&kind.group_resource()))
    }

    /// Every kind, built-in ones first, in discovery's order.
    pub(crate) fn all(&self) -> Vec<Arc<Kind>> {
        let custom = self.custom.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let aggregated = self.aggregated.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.built_in().chain(custom.iter()).chain(aggregated.iter()).cloned().collect()
    }

    /// Serves a kind as an aggregated API would, with the verbs that it names.
    pub(crate) fn aggregate(&self, kind: Kind) {
        self.aggregated.write().unwrap_or_else(std::sync::PoisonError::into_inner).push(Arc::new(kind));
    }

    /// A group and version whose API server does not answer: discovery names it as stale.
    pub(crate) fn set_dead(&self, group: &str, version: &str) {
        self.dead.write().unwrap_or_else(std::sync::PoisonError::into_inner).push((group.to_owned(), version.to_owned()));
    }

    /// Groups and versions whose API servers do not answer.
    pub(crate) fn dead(&self) -> Vec<(String, String)> {
        self.dead.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The kind behind a path.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        if let Some(kind) = self.built_in().find(|kind| kind.is(group, plural) && kind.version == version) {
            return Some(kind.clone());
        }
        self.all().into_iter().find(|kind| kind.is(group, plural) && kind.version == version)
    }

    /// The kind of a group's plural name, in any of its versions.
    pub(crate) fn served(&self, group: &str, plural: &str) -> Option<Arc<Kind>> {
        self.all().into_iter().find(|kind| kind.is(group, plural))
    }

    /// The kind of an object's own `apiVersion` and `kind`.
    pub(crate) fn of_object(&self, api_version: &str, kind: &str) -> Option<Arc<Kind>> {
        self.all().into_iter().find(|known| known.kind == kind && known.api_version() == api_version)
    }

    /// Takes over the versions that the stored CustomResourceDefinitions serve; answers kinds of which no version is served any more.
    pub(crate) fn set_custom(&self, definitions: &[Value]) -> Vec<Arc<Kind>> {
        let kinds: Vec<_> = definitions.iter().flat_map(custom_kinds).map(Arc::new).collect();
        let mut gone = std::mem::replace(&mut *self.custom.write().unwrap_or_else(std::sync::PoisonError::into_inner), kinds.clone());
        gone.retain(|old| !kinds.iter().any(|kind| kind.is(&old.group, &old.plural)));
        gone
    }
}

/// A built-in kind by its plural name within its group.
///
/// # Panics
/// When the table does not have it: the name is a constant of this crate.
pub(crate) fn built_in_kind(group: &str, plural: &str) -> Arc<Kind> {
    match built_in().iter().find(|kind| kind.is(group, plural)) {
        Some(kind) => kind.clone(),
        None => panic!("kinds.json lacks {plural}.{group}"),
    }
}

/// apiserver's StorageVersionHash: eight bytes of SHA-256.
fn storage_version_hash(group: &str, version: &str, kind: &str) -> String {
    let digest = Sha256::digest(format!("{group}/{version}/{kind}"));
    BASE64_STANDARD.encode(&digest[..8])
}

fn custom_kinds(definition: &Value) -> Vec<Kind> {
    let spec = &definition["spec"];
    let names = &spec["names"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().map(|items| items.iter().map(&text).collect::<Vec<_>>()).unwrap_or_default();
    let served = |version: &&Value| version["served"].as_bool() == Some(true);
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    versions
        .iter()
        .filter(served)
        .map(|version| {
            let kind = text(&names["kind"]);
            let sub = |name: &str| Subresource {
                name: name.to_owned(),
                group: String::new(),
                version: String::new(),
                kind: kind.clone(),
                verbs: ["get", "patch", "update"].map(str::to_owned).to_vec(),
            };
            Kind {
                group: text(&spec["group"]),
                version: text(&version["name"]),
                plural: text(&names["plural"]),
                singular: text(&names["singular"]),
                kind: kind.clone(),
                namespaced: spec["scope"] == "Namespaced",
                // the order in which the server lists them for custom resources: recordings discovery/apis-shop.example.com-v1
                verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"].map(str::to_owned).to_vec(),
                short: list(&names["shortNames"]),
                categories: list(&names["categories"]),
                hash: Some(storage_version_hash(&text(&spec["group"]), &text(&version["name"]), &kind)),
                subresources: if version["subresources"]["status"].is_object() { vec![sub("status")] } else { Vec::new() },
                custom: true,
                columns: serde_json::from_value(version["additionalPrinterColumns"].clone()).unwrap_or_default(),
            }
        })
        .collect()
}
