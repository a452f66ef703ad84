//! What there is in the simulated cluster, how it changes, and what of it a person must see: read from the simulator's own store.

use std::cell::Cell;

use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;
use kubesim::Sim;
use serde_json::{Value, json};

use super::dice::Dice;
use crate::stage::{Account, Shown, sorted};

/// Where things come and go. The last one comes and goes itself.
pub(super) const NAMESPACES: [&str; 3] = ["payments", "web", REMADE];
/// The namespace that is deleted and made again.
pub(super) const REMADE: &str = "scratch";
/// Names in a namespace, so that things are changed and made again under their old names.
const NAMES: u64 = 12;
const RBAC: &str = "rbac.authorization.k8s.io/v1";
const DEFINITION: &str = "backups.data.example.com";

/// Kinds of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    Pod,
    Deployment,
    Service,
    ConfigMap,
    /// The cluster defines it itself.
    Backup,
}

pub(super) const THINGS: [Thing; 5] = [Thing::Pod, Thing::Deployment, Thing::Service, Thing::ConfigMap, Thing::Backup];

impl Thing {
    fn api_version(self) -> &'static str {
        match self {
            Thing::Pod | Thing::Service | Thing::ConfigMap => "v1",
            Thing::Deployment => "apps/v1",
            Thing::Backup => "data.example.com/v1",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Thing::Pod => "Pod",
            Thing::Deployment => "Deployment",
            Thing::Service => "Service",
            Thing::ConfigMap => "ConfigMap",
            Thing::Backup => "Backup",
        }
    }

    /// Its kind; a custom one once somebody has heard of it.
    pub(super) fn kind(self) -> Option<Kind> {
        match self {
            Thing::Pod => Some(Kind::Pod),
            Thing::Deployment => Some(Kind::Deployment),
            Thing::Service => Some(Kind::Service),
            Thing::ConfigMap => Some(Kind::ConfigMap),
            Thing::Backup => Kind::of_name("data.example.com", "Backup"),
        }
    }
}

/// The cluster, and how often it changed.
pub(super) struct Cluster {
    sim: Sim,
    changes: Cell<u64>,
    /// Whether the proxy serves it.
    is_served: Cell<bool>,
    definition: Value,
}

impl Cluster {
    pub(super) fn of(sim: Sim) -> Cluster {
        let definition = sim.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", DEFINITION).expect("the world defines backups");
        let cluster = Cluster { sim, changes: Cell::new(0), is_served: Cell::new(true), definition };
        cluster.make_namespace();
        cluster
    }

    /// The simulator, for faults.
    pub(super) fn sim(&self) -> &Sim {
        &self.sim
    }

    /// From now on it is one of the proxy's clusters, or none of them: then nobody may say that they know it.
    pub(super) fn serve(&self, is_served: bool) {
        self.is_served.set(is_served);
        self.changes.set(self.changes.get() + 1);
    }

    /// Counts changes.
    pub(super) fn changes(&self) -> u64 {
        self.changes.get()
    }

    fn apply(&self, object: Value) {
        self.sim.apply(object).expect("the simulator serves it");
        self.changes.set(self.changes.get() + 1);
    }

    /// Whether it was there.
    fn remove(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> bool {
        self.changes.set(self.changes.get() + 1);
        self.sim.remove(api_version, kind, namespace, name).is_ok()
    }

    /// One thing comes, changes or goes.
    pub(super) fn change(&self, dice: &mut Dice) {
        let (thing, namespace) = (dice.pick(&THINGS), dice.pick(&NAMESPACES));
        let is_there = (thing != Thing::Backup || self.is_defined()) && (namespace != REMADE || self.is_made());
        if !is_there {
            return;
        }
        let name = format!("thing-{}", dice.below(NAMES));
        match dice.below(5) {
            0 => drop(self.remove(thing.api_version(), thing.name(), namespace, &name)),
            // Made again under its name: another object.
            1 => {
                self.remove(thing.api_version(), thing.name(), namespace, &name);
                self.put(thing, namespace, &name, dice);
            }
            _ => self.put(thing, namespace, &name, dice),
        }
    }

    /// Creates or changes a pod.
    pub(super) fn put_pod(&self, namespace: &str, name: &str, dice: &mut Dice) {
        self.put(Thing::Pod, namespace, name, dice);
    }

    fn put(&self, thing: Thing, namespace: &str, name: &str, dice: &mut Dice) {
        let labels = json!({"tier": format!("t{}", dice.below(3)), "version": dice.below(1000).to_string()});
        let mut object = json!({"apiVersion": thing.api_version(), "kind": thing.name(), "metadata": {"name": name, "namespace": namespace, "labels": labels}});
        match thing {
            Thing::Pod => {
                object["spec"] = json!({"nodeName": format!("node-{}", dice.below(3)), "containers": [{"name": "main", "image": "registry.example/main:1"}]});
                object["status"] = json!({"phase": dice.pick(&["Pending", "Running", "Failed", "Succeeded"])});
            }
            Thing::Deployment => {
                object["spec"] = json!({"replicas": dice.below(5)});
                object["status"] = json!({"readyReplicas": dice.below(5)});
            }
            Thing::Service => object["spec"] = json!({"type": "ClusterIP", "clusterIP": format!("10.0.0.{}", dice.below(250))}),
            Thing::ConfigMap => object["data"] = json!({"a": "b"}),
            Thing::Backup => object["spec"] = json!({"database": "orders"}),
        }
        self.apply(object);
    }

    fn is_made(&self) -> bool {
        self.sim.get("v1", "Namespace", "", REMADE).is_some()
    }

    /// Makes the namespace that comes and goes, with somebody who may edit it.
    pub(super) fn make_namespace(&self) {
        self.apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": REMADE}, "status": {"phase": "Active"}}));
        self.grant(REMADE);
    }

    /// Deletes it with all that is in it, as the namespace controller does.
    pub(super) fn delete_namespace(&self) {
        for thing in THINGS {
            for object in self.list(thing, REMADE) {
                self.remove(thing.api_version(), thing.name(), REMADE, object["metadata"]["name"].as_str().unwrap_or_default());
            }
        }
        self.revoke(REMADE);
        self.remove("v1", "Namespace", "", REMADE);
    }

    fn is_defined(&self) -> bool {
        self.sim.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", DEFINITION).is_some()
    }

    /// Takes the definition of backups away, and all backups before it, as an API server does.
    pub(super) fn remove_definition(&self) {
        for object in self.list(Thing::Backup, "") {
            let meta = &object["metadata"];
            self.remove("data.example.com/v1", "Backup", meta["namespace"].as_str().unwrap_or_default(), meta["name"].as_str().unwrap_or_default());
        }
        self.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", DEFINITION);
    }

    /// Defines backups again.
    pub(super) fn restore_definition(&self) {
        if !self.is_defined() {
            let mut definition = self.definition.clone();
            if let Some(metadata) = definition["metadata"].as_object_mut() {
                metadata.retain(|field, _| field == "name");
            }
            self.apply(definition);
        }
    }

    /// Lets the editor into a namespace.
    pub(super) fn grant(&self, namespace: &str) {
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"});
        let editor = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "editor@example.com"});
        let metadata = json!({"name": binding(namespace), "namespace": namespace});
        self.apply(json!({"apiVersion": RBAC, "kind": "RoleBinding", "metadata": metadata, "roleRef": role, "subjects": [editor]}));
    }

    /// Takes that back.
    pub(super) fn revoke(&self, namespace: &str) {
        self.remove(RBAC, "RoleBinding", namespace, &binding(namespace));
    }

    fn list(&self, thing: Thing, namespace: &str) -> Vec<Value> {
        self.sim.list(thing.api_version(), thing.name(), namespace)
    }

    /// Where somebody may list; `None` is everywhere.
    fn readable(&self, account: Account) -> Option<Vec<&'static str>> {
        let is_bound = |namespace: &&str| self.sim.get(RBAC, "RoleBinding", namespace, &binding(namespace)).is_some();
        match account {
            Account::Admin => None,
            _ => Some(["payments", REMADE].into_iter().filter(is_bound).collect()),
        }
    }

    /// What somebody must see of things in a scope: `None` where they may not look, or where there are no such things.
    pub(super) fn truth(&self, account: Account, thing: Thing, scope: &Scope) -> Option<Vec<Shown>> {
        if !self.is_served.get() || (thing == Thing::Backup && !self.is_defined()) {
            return None;
        }
        let kind = thing.kind()?;
        let within = match (self.readable(account), scope.namespace()) {
            (None, namespace) => vec![namespace.unwrap_or_default()],
            (Some(readable), Some(namespace)) => readable.into_iter().filter(|readable| *readable == namespace).collect(),
            (Some(readable), None) => readable,
        };
        if within.is_empty() {
            return None;
        }
        let wanted = |object: &Value| match scope {
            Scope::Labels { selector, .. } => selector.strip_prefix("tier=").is_some_and(|tier| object["metadata"]["labels"]["tier"] == tier),
            Scope::Node { node, .. } => object["spec"]["nodeName"] == node.as_str(),
            _ => true,
        };
        let objects = within.into_iter().flat_map(|namespace| self.list(thing, namespace)).filter(wanted);
        Some(sorted(objects.map(|object| Shown::of_object(kind, &object)).collect()))
    }
}

/// What the world calls the binding of those who edit a namespace.
fn binding(namespace: &str) -> String {
    format!("{namespace}-editors")
}
