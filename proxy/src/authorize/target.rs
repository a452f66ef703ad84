use krateyard_shared::api::{AccessQuestion, SESSIONS};
use krateyard_shared::identity::Resource;
use krateyard_shared::kinds::Kind;
use krateyard_shared::sync::room::{Room, YARDS, YARDS_GROUP};

/// Something that a person may have if the cluster says yes to every question.
pub trait Target: Clone + Send + Sync + 'static {
    /// In RBAC's terms.
    fn questions(&self) -> Vec<AccessQuestion>;
}

/// The rows of a kind, live.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct WatchRows {
    pub kind: Kind,
    pub scope: RowScope,
}

/// What part of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowScope {
    /// Every object.
    All,
    /// The objects of one namespace.
    Namespace(String),
}

impl RowScope {
    /// Whether an object of this namespace belongs to it.
    pub fn holds(&self, namespace: Option<&str>) -> bool {
        match self {
            RowScope::All => true,
            RowScope::Namespace(own) => namespace == Some(own),
        }
    }
}

/// One object, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReadObject {
    pub resource: Resource,
    pub namespace: Option<String>,
    pub name: String,
}

/// A read of the API as somebody wrote it, taken apart: `path::api` reads it and writes it anew.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReadApi {
    /// Discovery, schemas, the version: the API server judges by itself who may have them.
    Document { segments: Vec<String>, parameters: Vec<(String, String)> },
    /// Objects. An empty name is a list. The namespace of a namespace is its own name, as in RBAC.
    Resource { resource: Resource, namespace: Option<String>, name: String, subresource: String, parameters: Vec<(String, String)> },
}

/// The logs of a pod, or of all pods of a namespace where `pod` is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ReadLogs {
    pub namespace: String,
    pub pod: String,
}

/// A shell in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct OpenShell {
    pub namespace: String,
    pub pod: String,
    pub container: String,
}

/// Everybody's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookAfterSessions {
    /// To see them.
    List,
    /// To end one.
    Delete,
}

impl Target for LookAfterSessions {
    fn questions(&self) -> Vec<AccessQuestion> {
        let sessions = Resource { group: YARDS_GROUP.into(), version: "v1".into(), plural: SESSIONS.into() };
        let verb = match self {
            LookAfterSessions::List => "list",
            LookAfterSessions::Delete => "delete",
        };
        vec![question(verb, &sessions, "", None, "")]
    }
}

/// A room of the shared Yard: to see it, and whatever is done in it from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct EnterRoom {
    pub room: Room,
    pub rule: RoomRule,
}

/// A room of the shared Yard: to change it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct ChangeRoom {
    pub room: Room,
    pub rule: RoomRule,
}

/// By which right a room is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomRule {
    /// Whoever may list pods where the room is may see and change it.
    Pods,
    /// The verbs `get` and `update` on `yards.krateyard.dev` count, since a binding names it there.
    Yards,
}

impl Target for EnterRoom {
    fn questions(&self) -> Vec<AccessQuestion> {
        room_question(&self.room, self.rule, "get")
    }
}

impl Target for ChangeRoom {
    fn questions(&self) -> Vec<AccessQuestion> {
        room_question(&self.room, self.rule, "update")
    }
}

/// None for a private room: whoever is signed in has one.
fn room_question(room: &Room, rule: RoomRule, verb: &str) -> Vec<AccessQuestion> {
    let yards = Resource { group: YARDS_GROUP.into(), version: "v1".into(), plural: YARDS.into() };
    match (room, rule) {
        (Room::Private, _) => Vec::new(),
        (_, RoomRule::Pods) => vec![question("list", &Kind::Pod.resource(), "", room.namespace(), "")],
        (_, RoomRule::Yards) => vec![question(verb, &yards, "", room.namespace(), "")],
    }
}

impl Target for WatchRows {
    /// `list` alone: without `watch` the same rows come by a list that is asked for again and again ([`WatchRows::watching`]).
    fn questions(&self) -> Vec<AccessQuestion> {
        vec![self.question("list")]
    }
}

impl WatchRows {
    /// What is asked before the rows are watched, and not polled.
    pub(crate) fn watching(&self) -> AccessQuestion {
        self.question("watch")
    }

    fn question(&self, verb: &str) -> AccessQuestion {
        let namespace = match &self.scope {
            RowScope::All => None,
            RowScope::Namespace(namespace) => Some(namespace.as_str()),
        };
        question(verb, &self.kind.source(), "", namespace, "")
    }
}

impl Target for ReadObject {
    fn questions(&self) -> Vec<AccessQuestion> {
        vec![question("get", &self.resource, "", self.namespace.as_deref(), &self.name)]
    }
}

impl Target for ReadApi {
    fn questions(&self) -> Vec<AccessQuestion> {
        let ReadApi::Resource { resource, namespace, name, subresource, parameters } = self else { return Vec::new() };
        let (verb, name) = if name.is_empty() { ("list", selected(parameters)) } else { ("get", name.clone()) };
        vec![question(verb, resource, subresource, namespace.as_deref(), &name)]
    }
}

/// The one name that a list is of: an authorizer is asked for that (apiserver, `RequestInfo`).
fn selected(parameters: &[(String, String)]) -> String {
    let mut of = parameters.iter().filter(|(key, _)| key == "fieldSelector").flat_map(|(_, selector)| selector.split(','));
    let name = of.find_map(|one| one.strip_prefix("metadata.name=").map(|name| name.strip_prefix('=').unwrap_or(name)));
    name.filter(|name| !name.contains('\\')).unwrap_or_default().to_owned()
}

impl Target for ReadLogs {
    fn questions(&self) -> Vec<AccessQuestion> {
        vec![question("get", &Kind::Pod.resource(), "log", Some(&self.namespace), &self.pod)]
    }
}

impl Target for OpenShell {
    /// `create`, since on older clusters `get` alone opens a shell over WebSocket (recordings, surprise 62).
    fn questions(&self) -> Vec<AccessQuestion> {
        vec![question("create", &Kind::Pod.resource(), "exec", Some(&self.namespace), &self.pod)]
    }
}

fn question(verb: &str, resource: &Resource, subresource: &str, namespace: Option<&str>, name: &str) -> AccessQuestion {
    AccessQuestion {
        verb: verb.into(),
        group: resource.group.clone(),
        resource: resource.plural.clone(),
        subresource: subresource.into(),
        namespace: namespace.map(Into::into),
        name: name.into(),
    }
}

/// The resource of a question as RBAC and refusals write it: `pods`, `pods/exec`, `deployments.apps`.
pub(super) fn words(question: &AccessQuestion) -> String {
    let AccessQuestion { group, resource, subresource, .. } = question;
    let subresource = if subresource.is_empty() { String::new() } else { format!("/{subresource}") };
    if group.is_empty() { format!("{resource}{subresource}") } else { format!("{resource}{subresource}.{group}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(target: &impl Target) -> Vec<String> {
        target.questions().iter().map(|q| format!("{} {} in {:?} {:?}", q.verb, words(q), q.namespace, q.name)).collect()
    }

    #[test]
    fn each_target_asks_for_what_it_does() {
        let rows = |scope| WatchRows { kind: Kind::Deployment, scope };
        assert_eq!(asked(&rows(RowScope::All)), [r#"list deployments.apps in None """#]);
        assert_eq!(asked(&rows(RowScope::Namespace("web".into())))[0], r#"list deployments.apps in Some("web") """#);
        let (namespace, pod, container) = ("web".to_owned(), "a".to_owned(), "c".to_owned());
        let shell = OpenShell { namespace: namespace.clone(), pod: pod.clone(), container: container.clone() };
        assert_eq!(asked(&shell), [r#"create pods/exec in Some("web") "a""#]);
        assert_eq!(asked(&ReadLogs { namespace, pod }), [r#"get pods/log in Some("web") "a""#]);
        let web = || Room::Namespace("web".into());
        assert_eq!(asked(&EnterRoom { room: Room::Cluster, rule: RoomRule::Pods }), [r#"list pods in None """#]);
        assert_eq!(asked(&ChangeRoom { room: web(), rule: RoomRule::Pods }), [r#"list pods in Some("web") """#]);
        assert_eq!(asked(&EnterRoom { room: web(), rule: RoomRule::Yards }), [r#"get yards.krateyard.dev in Some("web") """#]);
        assert_eq!(asked(&ChangeRoom { room: Room::Cluster, rule: RoomRule::Yards }), [r#"update yards.krateyard.dev in None """#]);
        assert!(asked(&ChangeRoom { room: Room::Private, rule: RoomRule::Pods }).is_empty());
    }
}
