//! Whose logs a window shows: of containers of a pod, of the pods of a workload, of the pods that a service selects.

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::logs::LogQuery;
use krateyard_shared::rows::{Facts, Row};

/// The entry of a picker for all containers of a pod. No container is called so.
pub const ALL_CONTAINERS: &str = "All containers";
/// The entry of a picker for all pods. No pod is called so.
pub const ALL_PODS: &str = "All pods";

/// What to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Target {
    /// Not known yet: the object's row tells.
    #[default]
    Unknown,
    /// There is nothing to ask for, and why.
    Nothing(&'static str),
    /// This, from the beginning.
    Logs(LogQuery),
}

/// Whether an object's log is that of several pods.
pub fn has_pods(object: &ObjectRef) -> bool {
    !(object.group.is_empty() && object.kind == "Pod")
}

/// What to ask for an object's log. `picked`: the container, of a pod. `late`: no row came in time; who may read logs may not be allowed to list pods.
pub fn target(object: &ObjectRef, row: Option<&Row>, picked: &str, late: bool) -> Target {
    let query = LogQuery { cluster: object.cluster.0.clone(), ns: object.namespace.clone().unwrap_or_default(), ..LogQuery::default() };
    match object.kind.as_str() {
        _ if !has_pods(object) && picked.is_empty() && !late => Target::Unknown,
        _ if !has_pods(object) => {
            let container = Some(picked).filter(|picked| !picked.is_empty() && *picked != ALL_CONTAINERS).map(Into::into);
            Target::Logs(LogQuery { pod: Some(object.name.clone()), container, ..query })
        }
        "Service" => match row.map(|row| &row.facts) {
            Some(Facts::Service(service)) if service.selector.is_empty() => Target::Nothing("It selects no pods."),
            Some(Facts::Service(service)) => {
                let selector = service.selector.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
                Target::Logs(LogQuery { selector: Some(selector), ..query })
            }
            _ => Target::Unknown,
        },
        kind => {
            let group = if object.group.is_empty() { String::new() } else { format!("{}/", object.group) };
            Target::Logs(LogQuery { workload: Some(format!("{group}{}/{kind}/{}", object.version, object.name)), ..query })
        }
    }
}

#[cfg(test)]
mod tests {
    use krateyard_shared::identity::ClusterName;
    use krateyard_shared::kinds::Kind;
    use krateyard_shared::rows::ServiceFacts;

    use super::*;

    fn object(group: &str, kind: &str) -> ObjectRef {
        let text = String::from;
        ObjectRef {
            cluster: ClusterName(text("c")),
            group: text(group),
            version: text("v1"),
            kind: text(kind),
            namespace: Some(text("web")),
            name: text("a"),
            uid: String::new(),
        }
    }

    fn service(selector: &[(&str, &str)]) -> Row {
        let selector = selector.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        let facts = ServiceFacts { kind: "ClusterIP".into(), cluster_ip: String::new(), external: vec![], ports: vec![], selector };
        Row {
            kind: Kind::Service,
            uid: String::new(),
            namespace: Some("web".into()),
            name: "a".into(),
            created: 0,
            deleting: None,
            labels: vec![],
            owner: None,
            facts: Facts::Service(facts),
        }
    }

    fn asked(target: Target) -> (Option<String>, Option<String>, Option<String>, Option<String>) {
        let Target::Logs(query) = target else { panic!("{target:?}") };
        assert_eq!((query.cluster.as_str(), query.ns.as_str()), ("c", "web"));
        (query.pod, query.container, query.workload, query.selector)
    }

    #[test]
    fn a_pod_is_asked_for_once_its_container_is_known_or_no_row_came() {
        let pod = object("", "Pod");
        assert_eq!(target(&pod, None, "", false), Target::Unknown);
        assert_eq!(asked(target(&pod, None, "", true)), (Some("a".into()), None, None, None));
        assert_eq!(asked(target(&pod, None, "app", false)), (Some("a".into()), Some("app".into()), None, None));
        assert_eq!(asked(target(&pod, None, ALL_CONTAINERS, false)), (Some("a".into()), None, None, None));
    }

    #[test]
    fn workloads_are_named_and_services_select() {
        assert_eq!(asked(target(&object("apps", "Deployment"), None, "", false)).2.as_deref(), Some("apps/v1/Deployment/a"));
        let of = |row: Option<&Row>| target(&object("", "Service"), row, "", true);
        assert_eq!(asked(of(Some(&service(&[("app", "web"), ("tier", "back")])))).3.as_deref(), Some("app=web,tier=back"));
        assert_eq!(of(None), Target::Unknown);
        assert!(matches!(of(Some(&service(&[]))), Target::Nothing(_)));
    }
}
