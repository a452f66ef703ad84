//! Who may see and change the rooms of a Yard: whoever may list pods there, unless a binding names the virtual resource `yards.krateyard.dev`, which then rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::room::{Room, YARDS, YARDS_GROUP};
use kube::ResourceExt;
use kube::runtime::watcher::Event;
use tokio::sync::watch;

use super::{ChangeRoom, EnterRoom, Permit, RoomRule, authorize};
use crate::authenticate::Session;
use crate::clusters::Cluster;
use crate::relay::Entry;

/// Asks for the right to see a room.
///
/// # Errors
/// `Forbidden` for who may not; what the cluster says where it does not answer; `NotFound` for a room that cannot be.
pub(crate) async fn see_room(cluster: &Arc<Cluster>, session: &Arc<Session>, room: &Room) -> Result<Permit<EnterRoom>, Refusal> {
    if !room.is_valid() {
        return Err(Refusal::NotFound { what: "this room".into() });
    }
    let rule = if *room == Room::Private { RoomRule::Pods } else { cluster.yards.rule(cluster, room.namespace()).await? };
    authorize(cluster, session, EnterRoom { room: room.clone(), rule }).await
}

/// Asks for the right to a room: to see it, and to change it.
///
/// # Errors
/// As [`see_room`].
pub(crate) async fn enter_room(cluster: &Arc<Cluster>, session: &Arc<Session>, room: &Room) -> Result<Entry, Refusal> {
    let enter = see_room(cluster, session, room).await?;
    let EnterRoom { room, rule } = enter.target().clone();
    let change = match authorize(cluster, session, ChangeRoom { room, rule }).await {
        Ok(change) => Some(change),
        Err(Refusal::Forbidden { .. }) => None,
        Err(refusal) => return Err(refusal),
    };
    Ok(Entry { enter, change })
}

/// Which kinds of rights there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    Role,
    ClusterRole,
    RoleBinding,
    ClusterRoleBinding,
}

const RIGHTS: [Right; 4] = [Right::Role, Right::ClusterRole, Right::RoleBinding, Right::ClusterRoleBinding];

/// A role or a binding; the namespace is empty for those of the cluster.
type Name = (String, String);

/// Of all roles those that name yards, and all bindings.
#[derive(Default)]
pub(crate) struct Yards {
    known: Mutex<Known>,
    /// Kinds of rights that were listed, or cannot be.
    complete: watch::Sender<BTreeSet<Right>>,
}

#[derive(Default)]
struct Known {
    roles: BTreeSet<Name>,
    /// With the role that each binds.
    bindings: BTreeMap<Name, Name>,
    /// What a list under way has named.
    named: BTreeMap<Right, BTreeSet<Name>>,
}

/// What counts of a role or a binding.
pub(super) trait Counts {
    const RIGHT: Right;
    /// Whether a role names yards; the role that a binding binds.
    fn fact(&self) -> Fact;
}

pub(super) enum Fact {
    Names(bool),
    Binds(Name),
}

impl Counts for Role {
    const RIGHT: Right = Right::Role;

    fn fact(&self) -> Fact {
        Fact::Names(self.rules.iter().flatten().any(names_yards))
    }
}

impl Counts for ClusterRole {
    const RIGHT: Right = Right::ClusterRole;

    fn fact(&self) -> Fact {
        Fact::Names(self.rules.iter().flatten().any(names_yards))
    }
}

impl Counts for RoleBinding {
    const RIGHT: Right = Right::RoleBinding;

    fn fact(&self) -> Fact {
        Fact::Binds(role_of(&self.role_ref, &self.namespace().unwrap_or_default()))
    }
}

impl Counts for ClusterRoleBinding {
    const RIGHT: Right = Right::ClusterRoleBinding;

    fn fact(&self) -> Fact {
        Fact::Binds(role_of(&self.role_ref, ""))
    }
}

fn role_of(role: &RoleRef, namespace: &str) -> Name {
    let namespace = if role.kind == "ClusterRole" { "" } else { namespace };
    (namespace.to_owned(), role.name.clone())
}

/// By name: that an administrator's `*` allows everything is no word about yards.
fn names_yards(rule: &PolicyRule) -> bool {
    let has = |words: &Option<Vec<String>>, word: &str| words.iter().flatten().any(|known| known == word);
    has(&rule.api_groups, YARDS_GROUP) && (has(&rule.resources, YARDS) || has(&rule.resources, "*"))
}

impl Yards {
    /// Takes in what the watch of a kind of rights tells.
    pub(super) fn hear<K: Counts + ResourceExt>(&self, event: &Event<K>) {
        let mut known = self.known.lock().expect("no panic while held");
        match event {
            Event::Init => drop(known.named.insert(K::RIGHT, BTreeSet::new())),
            Event::InitApply(object) => {
                let name = known.put(object);
                known.named.entry(K::RIGHT).or_default().insert(name);
            }
            Event::Apply(object) => drop(known.put(object)),
            Event::Delete(object) => known.remove(K::RIGHT, &name_of(object)),
            Event::InitDone => {
                let named = known.named.remove(&K::RIGHT).unwrap_or_default();
                for gone in known.of(K::RIGHT).filter(|name| !named.contains(*name)).cloned().collect::<Vec<_>>() {
                    known.remove(K::RIGHT, &gone);
                }
                drop(known);
                self.complete(K::RIGHT);
            }
        }
    }

    /// A kind of rights was listed, or the proxy may not.
    pub(super) fn complete(&self, right: Right) {
        self.complete.send_if_modified(|complete| complete.insert(right));
    }

    /// By which right a room of a namespace, or of the cluster, is judged. On a laptop, where rights are not watched, and where the proxy may not watch them,
    /// it is always pods.
    ///
    /// # Errors
    /// `UpstreamDown` while that is not known.
    async fn rule(&self, cluster: &Cluster, namespace: Option<&str>) -> Result<RoomRule, Refusal> {
        if !cluster.is_own() {
            let all = |complete: &BTreeSet<Right>| complete.len() == RIGHTS.len();
            let mut complete = self.complete.subscribe();
            let known = tokio::time::timeout(cluster.limits.upstream_timeout, complete.wait_for(all)).await;
            known
                .map_err(|_| Refusal::UpstreamDown { cause: "its roles and bindings are not known yet".into() })?
                .expect("the sender is of the cluster, which is held");
        }
        let ruled = self.known.lock().expect("no panic while held").is_ruled(namespace);
        Ok(if ruled { RoomRule::Yards } else { RoomRule::Pods })
    }
}

impl Known {
    fn is_ruled(&self, namespace: Option<&str>) -> bool {
        let counts = |of: &str| of.is_empty() || Some(of) == namespace;
        self.bindings.iter().any(|((of, _), role)| counts(of) && self.roles.contains(role))
    }

    fn put<K: Counts + ResourceExt>(&mut self, object: &K) -> Name {
        let name = name_of(object);
        match object.fact() {
            Fact::Names(true) => drop(self.roles.insert(name.clone())),
            Fact::Names(false) => drop(self.roles.remove(&name)),
            Fact::Binds(role) => drop(self.bindings.insert(name.clone(), role)),
        }
        name
    }

    fn remove(&mut self, right: Right, name: &Name) {
        match right {
            Right::Role | Right::ClusterRole => drop(self.roles.remove(name)),
            Right::RoleBinding | Right::ClusterRoleBinding => drop(self.bindings.remove(name)),
        }
    }

    /// Those of a kind of rights: of the cluster is what has no namespace.
    fn of(&self, right: Right) -> impl Iterator<Item = &Name> {
        let is_of_cluster = matches!(right, Right::ClusterRole | Right::ClusterRoleBinding);
        let is_role = matches!(right, Right::Role | Right::ClusterRole);
        let roles = self.roles.iter().filter(move |_| is_role);
        let bindings = self.bindings.keys().filter(move |_| !is_role);
        roles.chain(bindings).filter(move |(namespace, _)| namespace.is_empty() == is_of_cluster)
    }
}

fn name_of(object: &impl ResourceExt) -> Name {
    (object.namespace().unwrap_or_default(), object.name_any())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of<K: serde::de::DeserializeOwned>(value: serde_json::Value) -> K {
        serde_json::from_value(value).unwrap()
    }

    fn role(name: &str, group: &str, resource: &str) -> ClusterRole {
        of(json!({"metadata": {"name": name}, "rules": [{"apiGroups": [group], "resources": [resource], "verbs": ["get"]}]}))
    }

    fn binding(namespace: &str, name: &str, role: &str) -> RoleBinding {
        of(
            json!({"metadata": {"namespace": namespace, "name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}}),
        )
    }

    fn ruled(yards: &Yards, namespace: Option<&str>) -> bool {
        let known = yards.known.lock().unwrap();
        known.is_ruled(namespace)
    }

    #[test]
    fn yards_rule_where_a_binding_names_them_and_an_administrators_star_names_nothing() {
        let yards = Yards::default();
        yards.hear(&Event::Apply(role("yard-readers", YARDS_GROUP, "*")));
        yards.hear(&Event::Apply(role("admin", "*", "*")));
        yards.hear(&Event::Apply(binding("web", "admins", "admin")));
        assert!(!ruled(&yards, Some("web")) && !ruled(&yards, None));
        yards.hear(&Event::Apply(binding("web", "readers", "yard-readers")));
        assert!(ruled(&yards, Some("web")) && !ruled(&yards, Some("shop")) && !ruled(&yards, None));
        let whole: ClusterRoleBinding =
            of(json!({"metadata": {"name": "all"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "yard-readers"}}));
        yards.hear(&Event::Apply(whole.clone()));
        assert!(ruled(&yards, Some("shop")) && ruled(&yards, None));
        yards.hear(&Event::Delete(whole));
        yards.hear(&Event::Apply(role("yard-readers", "", "pods")));
        assert!(!ruled(&yards, Some("web")), "the role names them no more");
    }

    #[test]
    fn what_a_list_does_not_name_is_gone_and_other_kinds_of_rights_are_left() {
        let yards = Yards::default();
        yards.hear(&Event::Apply(role("r", YARDS_GROUP, YARDS)));
        yards.hear(&Event::Apply(binding("web", "old", "r")));
        yards.hear(&Event::<RoleBinding>::Init);
        yards.hear(&Event::InitApply(binding("shop", "new", "r")));
        yards.hear(&Event::<RoleBinding>::InitDone);
        assert!(!ruled(&yards, Some("web")) && ruled(&yards, Some("shop")));
        assert_eq!(*yards.complete.borrow(), [Right::RoleBinding].into());
    }
}
