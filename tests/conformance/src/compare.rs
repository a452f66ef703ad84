//! What differs between two answers, place by place, and what of it is known.

use serde_json::{Value, json};

use crate::known::{How, Known};

/// One place in which two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A JSON pointer.
    pub at: String,
    /// What kubesim has there; none when nothing is there.
    pub simulated: Option<Value>,
    /// What the real cluster has.
    pub real: Option<Value>,
}

/// Every place in which two values differ. Arrays are compared item by item. Those of different lengths or names are compared by the names of their items where these
/// have names of their own (`/items/pods`), and then the order of those that both have (`/items/`, an empty step); others as a whole.
pub fn differences(simulated: &Value, real: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    collect(String::new(), Some(simulated), Some(real), &mut found);
    found
}

fn collect(at: String, simulated: Option<&Value>, real: Option<&Value>, found: &mut Vec<Difference>) {
    match (simulated, real) {
        (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
            let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
            for name in names {
                collect(format!("{at}/{}", step(name)), ours.get(name), theirs.get(name), found);
            }
        }
        (Some(Value::Array(ours)), Some(Value::Array(theirs))) if ours.len() == theirs.len() && !are_of_others(ours, theirs) => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                collect(format!("{at}/{index}"), Some(ours), Some(theirs), found);
            }
        }
        _ if simulated == real => {}
        (Some(Value::Array(ours)), Some(Value::Array(theirs))) => match (named(ours), named(theirs)) {
            (Some(ours), Some(theirs)) => {
                let find = |items: &[(&str, &Value)], name: &str| items.iter().position(|(known, _)| *known == name);
                for (name, item) in &ours {
                    let other = find(&theirs, name).map(|index| theirs[index].1);
                    collect(format!("{at}/{}", step(name)), Some(item), other, found);
                }
                for (name, item) in theirs.iter().filter(|(name, _)| find(&ours, name).is_none()) {
                    collect(format!("{at}/{}", step(name)), None, Some(item), found);
                }
                let common = |items: &[(&str, &Value)], others: &[(&str, &Value)]| -> Value {
                    items.iter().map(|(name, _)| *name).filter(|name| find(others, name).is_some()).collect()
                };
                collect(format!("{at}/"), Some(&json!(common(&ours, &theirs).to_string())), Some(&json!(common(&theirs, &ours).to_string())), found);
            }
            _ => found.push(Difference { at, simulated: simulated.cloned(), real: real.cloned() }),
        },
        _ => found.push(Difference { at, simulated: simulated.cloned(), real: real.cloned() }),
    }
}

/// Whether some of the items are of names that the other side does not have: then it is chance that they are as many.
fn are_of_others(ours: &[Value], theirs: &[Value]) -> bool {
    let names =
        |items: Option<Vec<(&str, &Value)>>| items.map(|items| items.into_iter().map(|(name, _)| name.to_owned()).collect::<std::collections::BTreeSet<_>>());
    matches!((names(named(ours)), names(named(theirs))), (Some(ours), Some(theirs)) if ours != theirs)
}

/// A step of a JSON pointer.
fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Items by their names, if each has one of its own.
fn named(items: &[Value]) -> Option<Vec<(&str, &Value)>> {
    let named: Vec<(&str, &Value)> = items.iter().map(|item| Some((name_of(item)?, item))).collect::<Option<_>>()?;
    let names: std::collections::BTreeSet<&str> = named.iter().map(|(name, _)| *name).collect();
    (names.len() == named.len()).then_some(named)
}

fn name_of(item: &Value) -> Option<&str> {
    ["/name", "/metadata/name", "/resource", "/subresource", "/version"].iter().find_map(|pointer| item.pointer(pointer)?.as_str())
}

/// Which of the known differences accounts for this one: its place in the list, and that of the answer's name in its own.
pub fn explained(known: &[Known], answer: &str, difference: &Difference) -> Option<(usize, usize)> {
    let so = |known: &Known| known.how == How::Anyhow || difference.simulated.is_none();
    known
        .iter()
        .enumerate()
        .filter(|(_, known)| so(known) && known.at.iter().any(|at| covers(at, &difference.at)))
        .find_map(|(index, known)| Some((index, known.about(answer)?)))
}

/// Whether a place lies at or under this one; `*` stands for one step.
fn covers(known: &str, at: &str) -> bool {
    let mut steps = at.split('/');
    known.split('/').all(|wanted| steps.next().is_some_and(|step| wanted == "*" || wanted == step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_found_place_by_place() {
        let found = differences(&json!({"a": 1, "b": [1, {"c": 2}], "d": [1]}), &json!({"a": 1, "b": [1, {"c": 3}], "d": [1, 2], "e": null}));
        assert_eq!(found.iter().map(|found| found.at.as_str()).collect::<Vec<_>>(), ["/b/1/c", "/d", "/e"]);
        assert_eq!(differences(&json!({"a": [1]}), &json!({"a": [1]})), []);
        let named = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Value>();
        let found = differences(&named(&["a", "b"]), &named(&["b", "a", "c"]));
        assert_eq!(found.iter().map(|found| found.at.as_str()).collect::<Vec<_>>(), ["/c", "/"]);
    }

    #[test]
    fn a_known_place_covers_what_is_under_it_and_nothing_beside() {
        assert!(covers("/body/items/*/spec", "/body/items/3/spec/a"));
        assert!(covers("", "/body"));
        assert!(!covers("/body/spec", "/body/specs"));
        assert!(!covers("/body/spec", "/body"));
    }
}
