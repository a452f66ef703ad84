//! What changed of a JSON document, as JSON Patch (RFC 6902) with `add`, `remove` and `replace`: a change of status is some hundred bytes of a pod's twenty
//! thousand.
//!
//! The crate `json-patch`, which kube brings, tells more: it compares the items of two arrays place by place, so that where the first of five conditions or addresses goes, all five
//! are told anew. Here what stays at both ends stays, and nothing else comes into the page.

use serde_json::{Value, json};

/// A patch that is none, or is of another document than this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the patch does not fit at {path:?}")]
pub struct Misfit {
    /// Where, as a JSON pointer.
    pub path: String,
}

/// The patch that makes `to` of `from`.
pub fn diff(from: &Value, to: &Value) -> Value {
    let mut operations = Vec::new();
    walk(&mut String::new(), from, to, &mut operations);
    Value::Array(operations)
}

/// Patches a document. One that does not fit leaves it half patched.
///
/// # Errors
/// With the first path that is not there, or an operation that [`diff`] does not use.
pub fn apply(document: &mut Value, patch: &Value) -> Result<(), Misfit> {
    let misfit = |path: &str| Misfit { path: path.to_owned() };
    for operation in patch.as_array().ok_or_else(|| misfit(""))? {
        let path = operation["path"].as_str().unwrap_or_default();
        step(document, operation["op"].as_str().unwrap_or_default(), path, operation.get("value")).ok_or_else(|| misfit(path))?;
    }
    Ok(())
}

fn step(document: &mut Value, op: &str, path: &str, value: Option<&Value>) -> Option<()> {
    let Some((parent, token)) = path.rsplit_once('/') else {
        // The whole document.
        *document = value.filter(|_| path.is_empty() && op == "replace")?.clone();
        return Some(());
    };
    match (op, document.pointer_mut(parent)?) {
        ("add", Value::Object(fields)) => drop(fields.insert(unescaped(token), value?.clone())),
        ("replace", Value::Object(fields)) => *fields.get_mut(&unescaped(token))? = value?.clone(),
        ("remove", Value::Object(fields)) => drop(fields.remove(&unescaped(token))?),
        ("add", Value::Array(items)) => {
            let at = token.parse().ok().filter(|at| *at <= items.len())?;
            items.insert(at, value?.clone());
        }
        ("replace", Value::Array(items)) => *items.get_mut(token.parse::<usize>().ok()?)? = value?.clone(),
        ("remove", Value::Array(items)) => drop(items.remove(token.parse().ok().filter(|at| *at < items.len())?)),
        _ => return None,
    }
    Some(())
}

fn walk(path: &mut String, from: &Value, to: &Value, operations: &mut Vec<Value>) {
    match (from, to) {
        (from, to) if from == to => {}
        (Value::Object(from), Value::Object(to)) => {
            for (key, before) in from {
                match to.get(key) {
                    Some(after) => at(path, &escaped(key), |path| walk(path, before, after, operations)),
                    None => at(path, &escaped(key), |path| operations.push(json!({"op": "remove", "path": path}))),
                }
            }
            for (key, after) in to.iter().filter(|(key, _)| !from.contains_key(*key)) {
                at(path, &escaped(key), |path| operations.push(json!({"op": "add", "path": path, "value": after})));
            }
        }
        (Value::Array(from), Value::Array(to)) => items(path, from, to, operations),
        (_, to) => operations.push(json!({"op": "replace", "path": path, "value": to})),
    }
}

/// Items that stay at both ends stay; between them each becomes its counterpart, and what is over goes or comes.
fn items(path: &mut String, from: &[Value], to: &[Value], operations: &mut Vec<Value>) {
    let first = from.iter().zip(to).take_while(|(from, to)| from == to).count();
    let last = from[first..].iter().rev().zip(to[first..].iter().rev()).take_while(|(from, to)| from == to).count();
    let (from, to) = (&from[first..from.len() - last], &to[first..to.len() - last]);
    let both = from.len().min(to.len());
    for (n, (before, after)) in from.iter().zip(to).enumerate() {
        at(path, &(first + n).to_string(), |path| walk(path, before, after, operations));
    }
    for n in (both..from.len()).rev() {
        at(path, &(first + n).to_string(), |path| operations.push(json!({"op": "remove", "path": path})));
    }
    for (n, after) in to.iter().enumerate().skip(both) {
        at(path, &(first + n).to_string(), |path| operations.push(json!({"op": "add", "path": path, "value": after})));
    }
}

fn at(path: &mut String, token: &str, step: impl FnOnce(&mut String)) {
    let end = path.len();
    path.push('/');
    path.push_str(token);
    step(path);
    path.truncate(end);
}

/// RFC 6901, section 3.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn unescaped(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..4_i64).prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
            "[a-c~/\"é]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map("[ab~/0-9é]{0,2}", inner, 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_sequence_of_documents_arrives_exactly(documents in proptest::collection::vec(document(), 2..6)) {
            let mut copy = documents[0].clone();
            for pair in documents.windows(2) {
                // As it goes over the wire.
                let patch: Value = serde_json::from_str(&diff(&pair[0], &pair[1]).to_string()).unwrap();
                apply(&mut copy, &patch).unwrap();
                prop_assert_eq!(copy.to_string(), pair[1].to_string());
            }
        }

        #[test]
        fn a_patch_of_another_document_is_refused_or_applied_and_nothing_else(document in document(), patch in document(), from in document(), to in document()) {
            let _ = apply(&mut document.clone(), &patch);
            let _ = apply(&mut document.clone(), &diff(&from, &to));
        }
    }

    #[test]
    fn a_change_of_status_is_told_alone() {
        let from = json!({"spec": {"a/b": [1, 2, 3, 4]}, "status": {"phase": "Pending", "gone": true}});
        let to = json!({"spec": {"a/b": [1, 3, 4]}, "status": {"phase": "Running", "come": null}});
        let patch = json!([
            {"op": "remove", "path": "/spec/a~1b/1"},
            {"op": "remove", "path": "/status/gone"},
            {"op": "replace", "path": "/status/phase", "value": "Running"},
            {"op": "add", "path": "/status/come", "value": null},
        ]);
        assert_eq!(diff(&from, &to), patch);
        assert_eq!(diff(&to, &to), json!([]));
    }

    #[test]
    fn what_does_not_fit_is_said_with_its_path() {
        let of = |patch: Value| apply(&mut json!({"a": [1]}), &patch).map_err(|misfit| misfit.path);
        for (patch, path) in [
            (json!([{"op": "replace", "path": "/b", "value": 1}]), "/b"),
            (json!([{"op": "remove", "path": "/a/1"}]), "/a/1"),
            (json!([{"op": "add", "path": "/a/2", "value": 1}]), "/a/2"),
            (json!([{"op": "add", "path": "/b/c", "value": 1}]), "/b/c"),
            (json!([{"op": "add", "path": "/a/0"}]), "/a/0"),
            (json!([{"op": "move", "path": "/a", "from": "/b"}]), "/a"),
            (json!([{"op": "replace", "path": "a", "value": 1}]), "a"),
            (json!({}), ""),
        ] {
            assert_eq!(of(patch.clone()), Err(path.to_owned()), "{patch}");
        }
    }
}
