//! What there is in the simulated cluster, how it changes, and where somebody may look: read from the simulator's own store.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use krateyard_shared::kinds::Kind;
use kubesim::Sim;
use serde_json::{Value, json};

use super::dice::Dice;
use crate::stage::Account;

/// Where things come and go. The last one comes and goes itself.
pub(super) const NAMESPACES: [&str; 3] = ["payments", "web", REMADE];
/// The namespace that is deleted and made again.
pub(super) const REMADE: &str = "scratch";
/// Names in a namespace, so that things are changed and made again under their old names.
const NAMES: u64 = 6;
/// As many of them control something.
const OWNERS: u64 = 2;
/// As many nodes have pods.
const NODES: u64 = 3;
const RBAC: &str = "rbac.authorization.k8s.io/v1";
const DEFINITION: &str = "backups.data.example.com";

/// Kinds of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Thing {
    Pod,
    Deployment,
    ReplicaSet,
    Service,
    ConfigMap,
    /// The cluster defines it itself.
    Backup,
}

pub(super) const THINGS: [Thing; 6] = [Thing::Pod, Thing::Deployment, Thing::ReplicaSet, Thing::Service, Thing::ConfigMap, Thing::Backup];

impl Thing {
    fn api_version(self) -> &'static str {
        match self {
            Thing::Pod | Thing::Service | Thing::ConfigMap => "v1",
            Thing::Deployment | Thing::ReplicaSet => "apps/v1",
            Thing::Backup => "data.example.com/v1",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Thing::Pod => "Pod",
            Thing::Deployment => "Deployment",
            Thing::ReplicaSet => "ReplicaSet",
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
            Thing::ReplicaSet => Some(Kind::ReplicaSet),
            Thing::Service => Some(Kind::Service),
            Thing::ConfigMap => Some(Kind::ConfigMap),
            Thing::Backup => Kind::of_name("data.example.com", "Backup"),
        }
    }
}

type Listed = Rc<Vec<Value>>;

/// The cluster, and how often it changed.
pub(super) struct Cluster {
    sim: Sim,
    changes: Cell<u64>,
    /// Whether the proxy serves it.
    is_served: Cell<bool>,
    definition: Value,
    /// What there was of a thing after so many changes.
    lists: RefCell<HashMap<Thing, (u64, Listed)>>,
}

impl Cluster {
    pub(super) fn of(sim: Sim) -> Cluster {
        let definition = sim.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", DEFINITION).expect("the world defines backups");
        let cluster = Cluster { sim, changes: Cell::new(0), is_served: Cell::new(true), definition, lists: RefCell::default() };
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
        let name = if thing == Thing::ReplicaSet { an_owner(dice) } else { a_thing(dice) };
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
                object["spec"] = json!({"nodeName": a_node(dice), "containers": [{"name": "main", "image": "registry.example/main:1"}]});
                object["status"] = json!({"phase": dice.pick(&["Pending", "Running", "Failed", "Succeeded"])});
                let owner = dice.pick(&[None, Some("StatefulSet"), Some("ReplicaSet"), Some("ReplicaSet"), Some("ReplicaSet")]);
                if let Some(owner) = owner {
                    self.give_owner(&mut object, owner, dice);
                }
            }
            Thing::ReplicaSet => {
                object["spec"] = json!({"replicas": dice.below(5)});
                object["status"] = json!({"readyReplicas": dice.below(5)});
                self.give_owner(&mut object, "Deployment", dice);
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

    /// It is controlled by another: the one that there is of a name, or one that went.
    fn give_owner(&self, object: &mut Value, kind: &str, dice: &mut Dice) {
        let (namespace, name) = (object["metadata"]["namespace"].as_str().unwrap_or_default(), an_owner(dice));
        let owner = self.sim.get("apps/v1", kind, namespace, &name);
        let uid = owner.map_or_else(|| json!(format!("{name}-that-went")), |owner| owner["metadata"]["uid"].clone());
        object["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid, "controller": true}]);
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
            for object in self.list(thing).iter().filter(|object| object["metadata"]["namespace"] == REMADE) {
                self.remove(thing.api_version(), thing.name(), REMADE, object["metadata"]["name"].as_str().unwrap_or_default());
            }
        }
        self.revoke(REMADE);
        self.remove("v1", "Namespace", "", REMADE);
    }

    /// Whether it defines backups.
    pub(super) fn is_defined(&self) -> bool {
        self.sim.get("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", DEFINITION).is_some()
    }

    /// Takes the definition of backups away, and all backups before it, as an API server does.
    pub(super) fn remove_definition(&self) {
        for object in self.list(Thing::Backup).iter() {
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

    /// What there is of things.
    pub(super) fn list(&self, thing: Thing) -> Listed {
        let (mut lists, changes) = (self.lists.borrow_mut(), self.changes.get());
        let known = lists.entry(thing).or_insert_with(|| (u64::MAX, Rc::default()));
        if known.0 != changes {
            *known = (changes, Rc::new(self.sim.list(thing.api_version(), thing.name(), "")));
        }
        known.1.clone()
    }

    /// A thing, if it is there.
    pub(super) fn get(&self, thing: Thing, namespace: &str, name: &str) -> Option<Value> {
        self.sim.get(thing.api_version(), thing.name(), namespace, name)
    }

    /// Whether the proxy serves it.
    pub(super) fn is_served(&self) -> bool {
        self.is_served.get()
    }

    /// Where somebody may list; `None` is everywhere.
    pub(super) fn readable(&self, account: Account) -> Option<Vec<&'static str>> {
        let is_bound = |namespace: &&str| self.sim.get(RBAC, "RoleBinding", namespace, &binding(namespace)).is_some();
        match account {
            Account::Admin => None,
            _ => Some(["payments", REMADE].into_iter().filter(is_bound).collect()),
        }
    }
}

/// The name of a thing.
pub(super) fn a_thing(dice: &mut Dice) -> String {
    format!("thing-{}", dice.below(NAMES))
}

/// The name of a thing that controls others.
pub(super) fn an_owner(dice: &mut Dice) -> String {
    format!("thing-{}", dice.below(OWNERS))
}

/// The name of a node that pods are on.
pub(super) fn a_node(dice: &mut Dice) -> String {
    format!("node-{}", dice.below(NODES))
}

/// What the world calls the binding of those who edit a namespace.
fn binding(namespace: &str) -> String {
    format!("{namespace}-editors")
}
