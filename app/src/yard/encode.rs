//! Values of the document and what they mean.

use std::sync::Arc;

use krateyard_shared::identity::{ClusterName, ObjectRef};
use yrs::any::Number;
use yrs::{Any, Out};

use super::collection::{Collection, Only};
use super::state::Subject;

pub(crate) fn pair_to_any(a: f64, b: f64) -> Any {
    Any::from(vec![Any::from(a.round() as i64), Any::from(b.round() as i64)])
}

pub(crate) fn pair(value: &Out) -> Option<(f64, f64)> {
    let Out::Any(Any::Array(parts)) = value else { return None };
    let [Any::Number(a), Any::Number(b)] = &parts[..] else { return None };
    let (a, b) = (float(*a), float(*b));
    (a.is_finite() && b.is_finite()).then_some((a, b))
}

pub(crate) fn number(value: &Out) -> Option<f64> {
    let Out::Any(Any::Number(number)) = value else { return None };
    Some(float(*number))
}

pub(crate) fn float(number: Number) -> f64 {
    match number {
        Number::Int(value) => value as f64,
        Number::Float(value) => value,
    }
}

/// `["o", cluster, group, version, kind, namespace?, name, uid]` or `["c", resource?, namespaces?, only?]`: lists, since the names of fields would be most of it.
pub(crate) fn subject_to_any(subject: &Subject) -> Any {
    let text = |text: &str| Any::String(Arc::from(text));
    let maybe = |text: &Option<String>| text.as_deref().map_or(Any::Null, |text| Any::String(Arc::from(text)));
    Any::from(match subject {
        Subject::Object(o) => {
            vec![text("o"), text(&o.cluster.0), text(&o.group), text(&o.version), text(&o.kind), maybe(&o.namespace), text(&o.name), text(&o.uid)]
        }
        Subject::Collection(c) => {
            let mut parts = vec![text("c"), maybe(&c.resource), namespaces_to_any(&c.namespaces)];
            parts.extend(c.only.as_ref().map(only_to_any));
            parts
        }
    })
}

pub(crate) fn subject_from_any(value: &Out) -> Option<Subject> {
    let Out::Any(Any::Array(parts)) = value else { return None };
    let text = |at: usize| match parts.get(at) {
        Some(Any::String(text)) => Some(text.to_string()),
        _ => None,
    };
    match text(0)?.as_str() {
        "o" => Some(Subject::Object(ObjectRef {
            cluster: ClusterName(text(1)?),
            group: text(2)?,
            version: text(3)?,
            kind: text(4)?,
            namespace: text(5),
            name: text(6)?,
            uid: text(7)?,
        })),
        "c" => Some(Subject::Collection(Collection {
            resource: text(1),
            namespaces: parts.get(2).map(texts).unwrap_or_default(),
            // A part that this program does not know is not shown as the whole.
            only: match parts.get(3) {
                None | Some(Any::Null) => None,
                Some(only) => Some(only_from_any(only)?),
            },
        })),
        _ => None,
    }
}

/// None is every namespace; one is a text, as it always was.
fn namespaces_to_any(namespaces: &[String]) -> Any {
    match namespaces {
        [] => Any::Null,
        [one] => Any::from(one.as_str()),
        several => Any::from(several.iter().map(|namespace| Any::from(namespace.as_str())).collect::<Vec<_>>()),
    }
}

/// `["n", node]`, `["w", kind, name]`, `["l", selector]`, `["a"]` or `["o"]`.
fn only_to_any(only: &Only) -> Any {
    let parts: &[&str] = match only {
        Only::Node(node) => &["n", node],
        Only::Workload { kind, name } => &["w", kind, name],
        Only::Labels(selector) => &["l", selector],
        Only::Attention => &["a"],
        Only::Overview => &["o"],
    };
    Any::from(parts.iter().map(|part| Any::from(*part)).collect::<Vec<_>>())
}

fn only_from_any(value: &Any) -> Option<Only> {
    match &texts(value)[..] {
        [tag, node] if tag == "n" => Some(Only::Node(node.clone())),
        [tag, kind, name] if tag == "w" => Some(Only::Workload { kind: kind.clone(), name: name.clone() }),
        [tag, selector] if tag == "l" => Some(Only::Labels(selector.clone())),
        [tag] if tag == "a" => Some(Only::Attention),
        [tag] if tag == "o" => Some(Only::Overview),
        _ => None,
    }
}

fn texts(value: &Any) -> Vec<String> {
    let text = |value: &Any| if let Any::String(text) = value { Some(text.to_string()) } else { None };
    match value {
        Any::Array(parts) => parts.iter().filter_map(text).collect(),
        value => text(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use krateyard_shared::kinds::Kind;

    use super::*;

    #[test]
    fn a_collection_reads_back_and_documents_of_before_open() {
        let pods = Collection::of_kind(Kind::Pod, Some("web".into()));
        let workload = Only::Workload { kind: "Deployment".into(), name: "api".into() };
        let several = pods.in_namespaces(["shop".into(), "web".into()]);
        for collection in [
            pods.clone(),
            Collection::everything(None),
            Collection::attention(),
            Collection::overview().in_namespaces(["web".into()]),
            several.clone(),
            several.with_labels("app in (a,b)".into()),
            Collection { only: Some(workload), ..pods.clone() },
            Collection { only: Some(Only::Node("node-a".into())), namespaces: vec![], ..pods.clone() },
        ] {
            let subject = Subject::Collection(collection);
            assert_eq!(subject_from_any(&Out::Any(subject_to_any(&subject))), Some(subject));
        }
        let before = Any::from(vec![Any::from("c"), Any::from("pods"), Any::from("web")]);
        assert_eq!(subject_from_any(&Out::Any(before)), Some(Subject::Collection(pods)));
        let everywhere = Any::from(vec![Any::from("c"), Any::from("pods"), Any::Null]);
        assert_eq!(subject_from_any(&Out::Any(everywhere)), Some(Subject::Collection(Collection::of_kind(Kind::Pod, None))));
        let newer = Any::from(vec![Any::from("c"), Any::from("pods"), Any::Null, Any::from(vec![Any::from("?"), Any::from("x")])]);
        assert_eq!(subject_from_any(&Out::Any(newer)), None, "not shown as the whole");
    }
}
