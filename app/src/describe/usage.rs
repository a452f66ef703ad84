//! What a pod or a node uses now, beside what it may: from metrics.k8s.io/v1beta1.

use krateyard_shared::api::AccessQuestion;
use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::Kind;
use krateyard_shared::quantity;
use krateyard_shared::refusal::Refusal;
use serde_json::Value;

use super::read::{items, name};
use super::scaling::health_of_part;
use super::{Bar, Body, Section};

const TITLE: &str = "Resources, live";
/// The group that metrics-server serves.
const METRICS_GROUP: &str = "metrics.k8s.io";

/// What is known of an object's use.
#[derive(Debug, Clone, PartialEq)]
pub enum Use {
    /// As the metrics API gave it (`PodMetrics`, `NodeMetrics`).
    Measured(Value),
    /// There is none, and why.
    Off(Off),
}

/// Why there are no figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Off {
    /// The person may not read them.
    Refused(Refusal),
    /// The cluster does not serve them.
    NotInstalled,
    /// Not measured: it does not run, or only just began to.
    NotMeasured,
    /// Nobody answered.
    Silent(String),
}

impl Off {
    /// Whether asking again soon can help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Off::NotMeasured | Off::Silent(_))
    }

    /// The same for a person.
    pub fn words(&self) -> String {
        match self {
            Off::Refused(refusal) => format!("Off: {refusal}."),
            Off::NotInstalled => "Off: this cluster does not serve metrics.k8s.io; no metrics-server is installed.".into(),
            Off::NotMeasured => "Not measured yet: figures come some seconds after every container runs.".into(),
            Off::Silent(cause) => format!("The metrics API does not answer: {cause}. It is asked again by itself."),
        }
    }
}

/// Where an object's use is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseSource {
    /// The right that it takes.
    pub right: AccessQuestion,
    /// A list that holds at most the one: what is not measured is an empty list, and no error. Below an API server.
    pub path: String,
}

/// Where an object's use is read; `None` for kinds that are not measured.
pub fn use_source(object: &ObjectRef) -> Option<UseSource> {
    let (within, plural) = match (Kind::of_name(&object.group, &object.kind)?, &object.namespace) {
        (Kind::Pod, Some(namespace)) => (format!("namespaces/{namespace}/"), "pods"),
        (Kind::Node, None) => (String::new(), "nodes"),
        _ => return None,
    };
    let right = AccessQuestion {
        verb: "list".into(),
        group: METRICS_GROUP.into(),
        resource: plural.into(),
        subresource: String::new(),
        namespace: object.namespace.clone(),
        name: String::new(),
    };
    Some(UseSource { right, path: format!("apis/{METRICS_GROUP}/v1beta1/{within}{plural}?fieldSelector=metadata.name%3D{}", object.name) })
}

impl UseSource {
    /// What a list says.
    pub fn measured(&self, list: &Value) -> Use {
        items(&list["items"]).first().map_or(Use::Off(Off::NotMeasured), |one| Use::Measured(one.clone()))
    }

    /// What a person is told who lacks the right.
    pub fn forbidden(&self) -> Use {
        let AccessQuestion { verb, group, resource, namespace, .. } = &self.right;
        Use::Off(Off::Refused(Refusal::Forbidden { verb: verb.clone(), resource: format!("{resource}.{group}"), namespace: namespace.clone() }))
    }
}

/// Whether a list of API groups (`GET /apis`) has that of metrics.
pub fn serves_metrics(groups: &Value) -> bool {
    items(&groups["groups"]).iter().any(|group| group["name"] == METRICS_GROUP)
}

/// The section that says it.
pub fn use_section(object: &Value, known: &Use) -> Section {
    let body = match known {
        Use::Off(off) => Body::Words(off.words()),
        Use::Measured(measured) if measured["usage"].is_object() => Body::Bars(node_bars(object, measured)),
        Use::Measured(measured) => Body::Bars(pod_bars(object, measured)),
    };
    Section { title: TITLE, body, more: 0 }
}

/// CPU in millicores, memory in bytes: how a resource is named, read and written.
type Resource = (&'static str, &'static str, fn(&str) -> Option<i64>, fn(i64) -> String);
const RESOURCES: [Resource; 2] = [("CPU", "cpu", quantity::milli, quantity::cores), ("Memory", "memory", quantity::whole, quantity::bytes)];

fn node_bars(node: &Value, measured: &Value) -> Vec<Bar> {
    let of = |(label, key, read, written): Resource| {
        let (used, room) = (read(name(&measured["usage"][key]))?, read(name(&node["status"]["allocatable"][key])));
        let part = part(used, room);
        let words = room.map_or_else(|| written(used), |room| format!("{} of {}", written(used), written(room)));
        Some(Bar { label: label.into(), part, tick: None, words, health: health_of_part(part) })
    };
    RESOURCES.into_iter().filter_map(of).collect()
}

fn pod_bars(pod: &Value, measured: &Value) -> Vec<Bar> {
    let spec = &pod["spec"];
    // Sidecars run beside the others (init containers with restart policy Always).
    let sidecars = items(&spec["initContainers"]).iter().filter(|container| container["restartPolicy"] == "Always");
    let containers: Vec<_> = sidecars.chain(items(&spec["containers"])).collect();
    let of = |(label, key, read, written): Resource| {
        let used_by = |own: &Value| items(&measured["containers"]).iter().find(|m| m["name"] == *own).and_then(|m| read(name(&m["usage"][key])));
        let bound = |container: &Value, bound: &str| read(name(&container["resources"][bound][key]));
        let used: i64 = items(&measured["containers"]).iter().filter_map(|m| read(name(&m["usage"][key]))).sum();
        let requested: i64 = containers.iter().filter_map(|container| bound(container, "requests")).sum();
        // One container without a limit may use what the node has: then the pod has none.
        let limit: Option<i64> = containers.iter().map(|container| bound(container, "limits")).sum();
        let limit = limit.filter(|limit| *limit > 0);
        // A limit binds each container for itself: the worst of them counts.
        let worst = containers.iter().filter_map(|container| part(used_by(&container["name"])?, bound(container, "limits")));
        let health = health_of_part(worst.reduce(f64::max));
        let scale = limit.unwrap_or_else(|| used.max(requested) * 5 / 4);
        let words = match (limit, requested) {
            (Some(limit), _) => format!("{} of {}", written(used), written(limit)),
            (None, 0) => written(used),
            (None, requested) => format!("{}, {} asked", written(used), written(requested)),
        };
        let tick = part(requested, Some(scale)).filter(|_| requested > 0);
        Bar { label: label.into(), part: part(used, Some(scale)), tick, words, health }
    };
    if items(&measured["containers"]).is_empty() { Vec::new() } else { RESOURCES.into_iter().map(of).collect() }
}

fn part(used: i64, of: Option<i64>) -> Option<f64> {
    of.filter(|of| *of > 0).map(|of| used as f64 / of as f64)
}

#[cfg(test)]
mod tests {
    use krateyard_shared::identity::ClusterName;
    use krateyard_shared::status::Health;
    use serde_json::json;

    use super::*;

    /// A bar without a colour of its own.
    const GREY: Health = Health::Ok;

    /// Label, percent filled, percent of the tick, words, health.
    type Drawn = (String, Option<i64>, Option<i64>, String, Health);

    fn bars(section: Section) -> Vec<Drawn> {
        let percent = |part: Option<f64>| part.map(|part| (part * 100.0).round() as i64);
        let Body::Bars(bars) = section.body else { panic!("{section:?}") };
        bars.into_iter().map(|bar| (bar.label, percent(bar.part), percent(bar.tick), bar.words, bar.health)).collect()
    }

    fn pod(resources: Value) -> Value {
        json!({"spec": {"containers": [{"name": "api", "resources": resources}, {"name": "log", "resources": {"limits": {"cpu": "500m", "memory": "128Mi"}}}]}})
    }

    fn measured(api_kib: u64) -> Use {
        Use::Measured(
            json!({"containers": [{"name": "api", "usage": {"cpu": "3200000n", "memory": format!("{api_kib}Ki")}}, {"name": "log", "usage": {"cpu": "800u", "memory": "1Mi"}}]}),
        )
    }

    #[test]
    fn a_pod_is_held_against_its_limits_with_a_tick_at_what_it_requests() {
        let limited = pod(json!({"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}));
        let said = bars(use_section(&limited, &measured(70 * 1024)));
        assert_eq!(said[0], ("CPU".into(), Some(1), Some(25), "5m of 1".into(), GREY));
        assert_eq!(said[1], ("Memory".into(), Some(28), Some(50), "71Mi of 256Mi".into(), GREY));
        // 100 of 128 is above 75 %, although the pod is far from the sum of its limits.
        assert_eq!(bars(use_section(&limited, &measured(100 * 1024)))[1].4, Health::Warn);
        assert_eq!(bars(use_section(&limited, &measured(120 * 1024)))[1].4, Health::Bad);
    }

    #[test]
    fn a_container_without_a_limit_has_the_node_for_itself() {
        let free = pod(json!({"requests": {"memory": "100Mi"}}));
        let said = bars(use_section(&free, &measured(199 * 1024)));
        assert_eq!(said[1], ("Memory".into(), Some(80), Some(40), "200Mi, 100Mi asked".into(), GREY));
        assert_eq!(said[0], ("CPU".into(), Some(83), None, "5m".into(), GREY));
    }

    #[test]
    fn a_node_is_held_against_what_it_has_for_pods() {
        let node = json!({"status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}});
        let used = Use::Measured(json!({"usage": {"cpu": "3100000000n", "memory": "7864320Ki"}}));
        let said = bars(use_section(&node, &used));
        assert_eq!(said[0], ("CPU".into(), Some(78), None, "3100m of 4".into(), Health::Warn));
        assert_eq!(said[1], ("Memory".into(), Some(94), None, "7.5Gi of 8Gi".into(), Health::Bad));
    }

    #[test]
    fn no_rights_no_metrics_server_and_no_figures_are_three_different_things() {
        let refusal = Refusal::Forbidden { verb: "list".into(), resource: "pods.metrics.k8s.io".into(), namespace: Some("web".into()) };
        let words = |off| match use_section(&json!({}), &Use::Off(off)).body {
            Body::Words(words) => words,
            body => panic!("{body:?}"),
        };
        assert_eq!(words(Off::Refused(refusal)), "Off: you may not list pods.metrics.k8s.io in web.");
        assert!(words(Off::NotInstalled).contains("no metrics-server is installed"));
        assert!(words(Off::NotMeasured).starts_with("Not measured yet"));
        assert!(bars(use_section(&json!({}), &Use::Measured(json!({"containers": []})))).is_empty());
    }

    #[test]
    fn only_pods_and_nodes_are_measured() {
        let about = |group: &str, kind: &str, namespace: Option<&str>| ObjectRef {
            cluster: ClusterName("c".into()),
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: "x".into(),
            uid: String::new(),
        };
        let of = |about: &ObjectRef| use_source(about).map(|source| source.path);
        let pod = about("", "Pod", Some("web"));
        assert_eq!(of(&pod).as_deref(), Some("apis/metrics.k8s.io/v1beta1/namespaces/web/pods?fieldSelector=metadata.name%3Dx"));
        assert_eq!(of(&about("", "Node", None)).as_deref(), Some("apis/metrics.k8s.io/v1beta1/nodes?fieldSelector=metadata.name%3Dx"));
        assert_eq!(of(&about("apps", "Deployment", Some("web"))), None);
        let source = use_source(&pod).unwrap();
        assert_eq!(source.measured(&json!({"items": []})), Use::Off(Off::NotMeasured));
        assert_eq!(source.measured(&json!({"items": [{"a": 1}]})), Use::Measured(json!({"a": 1})));
        assert!(serves_metrics(&json!({"groups": [{"name": "apps"}, {"name": "metrics.k8s.io"}]})) && !serves_metrics(&json!({"groups": [{"name": "apps"}]})));
    }
}
