//! Values of the document and what they mean.

use std::sync::Arc;

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::View;
use yrs::any::Number;
use yrs::{Any, Out};

use super::state::{Collection, Content, Subject};

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

pub(crate) fn content_to_any(content: Content) -> Any {
    match content {
        Content::View(view) => Any::from(view.letter().to_string()),
        Content::Collection => Any::from("*"),
    }
}

pub(crate) fn content_from_any(value: &Out) -> Option<Content> {
    let Out::Any(Any::String(text)) = value else { return None };
    match &**text {
        "*" => Some(Content::Collection),
        letter => letter.chars().next().filter(|_| letter.len() == 1).and_then(View::from_letter).map(Content::View),
    }
}

/// `["o", cluster, group, version, kind, namespace?, name, uid]` or `["c", resource?, namespace?]`: lists, since the names of fields would be most of it.
pub(crate) fn subject_to_any(subject: &Subject) -> Any {
    let text = |text: &str| Any::String(Arc::from(text));
    let maybe = |text: &Option<String>| text.as_deref().map_or(Any::Null, |text| Any::String(Arc::from(text)));
    Any::from(match subject {
        Subject::Object(o) => {
            vec![text("o"), text(&o.cluster.0), text(&o.group), text(&o.version), text(&o.kind), maybe(&o.namespace), text(&o.name), text(&o.uid)]
        }
        Subject::Collection(c) => vec![text("c"), maybe(&c.resource), maybe(&c.namespace)],
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
        "c" => Some(Subject::Collection(Collection { resource: text(1), namespace: text(2) })),
        _ => None,
    }
}
