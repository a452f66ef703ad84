//! JSON patch (RFC 6902).

use serde_json::Value;

use crate::failure::Failure;

/// One operation.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Add(Pointer, Value),
    Remove(Pointer),
    Replace(Pointer, Value),
    Test(Pointer, Value),
    Move { from: Pointer, to: Pointer },
    Copy { from: Pointer, to: Pointer },
}

/// A JSON pointer (RFC 6901), decoded.
#[derive(Clone, Debug)]
pub(crate) struct Pointer(Vec<String>);

impl Pointer {
    fn read(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self(Vec::new())),
            text => Some(Self(text.strip_prefix('/')?.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect())),
        }
    }
}

/// The patch does not fit the object. The server says no more of it: recordings writing/patch-json-*.
struct DoesNotFit;

/// Reads the list of operations.
///
/// # Errors
/// 400 for anything else, 422 for operations that are none.
pub(super) fn read(body: Value) -> Result<Vec<Operation>, Failure> {
    let what = match &body {
        Value::Array(_) => None,
        Value::Object(_) => Some("object"),
        Value::String(_) => Some("string"),
        Value::Number(_) => Some("number"),
        Value::Bool(_) => Some("bool"),
        Value::Null => return Ok(Vec::new()),
    };
    if let Some(what) = what {
        return Err(Failure::bad_request(format!("error decoding patch: json: cannot unmarshal {what} into Go value of type []handlers.jsonPatchOp")));
    }
    body.as_array().into_iter().flatten().map(|one| operation(one).ok_or_else(rejected)).collect()
}

fn operation(value: &Value) -> Option<Operation> {
    let pointer = |field: &str| Pointer::read(value[field].as_str()?);
    let (path, given) = (pointer("path")?, value.get("value").cloned());
    Some(match value["op"].as_str()? {
        "add" => Operation::Add(path, given.unwrap_or_default()),
        "remove" => Operation::Remove(path),
        "replace" => Operation::Replace(path, given.unwrap_or_default()),
        "test" => Operation::Test(path, given.unwrap_or_default()),
        "move" => Operation::Move { from: pointer("from")?, to: path },
        "copy" => Operation::Copy { from: pointer("from")?, to: path },
        _ => return None,
    })
}

fn rejected() -> Failure {
    Failure::new(422, Some("Invalid"), "the server rejected our request due to an error in our request").details(serde_json::json!({}))
}

/// Takes all operations, or none.
///
/// # Errors
/// 422 when one of them does not fit.
pub(super) fn apply(object: &mut Value, operations: &[Operation]) -> Result<(), Failure> {
    let mut changed = object.clone();
    for operation in operations {
        take(&mut changed, operation).map_err(|DoesNotFit| rejected())?;
    }
    *object = changed;
    Ok(())
}

fn take(object: &mut Value, operation: &Operation) -> Result<(), DoesNotFit> {
    match operation {
        Operation::Add(path, value) => add(object, path, value.clone()),
        Operation::Remove(path) => remove(object, path).map(|_| ()),
        Operation::Replace(path, value) => {
            *find(object, &path.0)? = value.clone();
            Ok(())
        }
        Operation::Test(path, value) => match find(object, &path.0) {
            Ok(found) if found == value => Ok(()),
            // what is not there is null
            Err(DoesNotFit) if value.is_null() => Ok(()),
            _ => Err(DoesNotFit),
        },
        Operation::Move { from, to } => {
            let value = remove(object, from)?;
            add(object, to, value)
        }
        Operation::Copy { from, to } => {
            let value = find(object, &from.0)?.clone();
            add(object, to, value)
        }
    }
}

fn find<'a>(object: &'a mut Value, path: &[String]) -> Result<&'a mut Value, DoesNotFit> {
    path.iter().try_fold(object, |value, part| match value {
        Value::Object(fields) => fields.get_mut(part).ok_or(DoesNotFit),
        Value::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get_mut(index)).ok_or(DoesNotFit),
        _ => Err(DoesNotFit),
    })
}

fn parent<'a, 'p>(object: &'a mut Value, path: &'p Pointer) -> Result<(&'a mut Value, &'p str), DoesNotFit> {
    let (last, before) = path.0.split_last().ok_or(DoesNotFit)?;
    Ok((find(object, before)?, last))
}

fn add(object: &mut Value, path: &Pointer, value: Value) -> Result<(), DoesNotFit> {
    if path.0.is_empty() {
        *object = value;
        return Ok(());
    }
    match parent(object, path)? {
        (Value::Object(fields), last) => {
            fields.insert(last.to_owned(), value);
        }
        (Value::Array(items), "-") => items.push(value),
        (Value::Array(items), last) => {
            let index = last.parse().ok().filter(|index| *index <= items.len()).ok_or(DoesNotFit)?;
            items.insert(index, value);
        }
        _ => return Err(DoesNotFit),
    }
    Ok(())
}

fn remove(object: &mut Value, path: &Pointer) -> Result<Value, DoesNotFit> {
    match parent(object, path)? {
        (Value::Object(fields), last) => fields.remove(last).ok_or(DoesNotFit),
        (Value::Array(items), last) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => Ok(items.remove(index)),
            _ => Err(DoesNotFit),
        },
        _ => Err(DoesNotFit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(mut object: Value, patch: Value) -> Option<Value> {
        apply(&mut object, &read(patch).unwrap()).ok().map(|()| object)
    }

    #[test]
    fn operations_are_those_of_the_rfc() {
        let object = json!({"a": {"b": 1}, "list": [1, 2, 3], "x/y": {"~": 0}});
        for (patch, expected) in [
            (json!([{"op": "add", "path": "/list/1", "value": 9}]), json!([1, 9, 2, 3])),
            (json!([{"op": "add", "path": "/list/-", "value": 9}]), json!([1, 2, 3, 9])),
            (json!([{"op": "remove", "path": "/list/0"}]), json!([2, 3])),
            (json!([{"op": "move", "from": "/list/2", "path": "/list/0"}]), json!([3, 1, 2])),
            (json!([{"op": "copy", "from": "/a", "path": "/list"}]), json!({"b": 1})),
            (json!([{"op": "test", "path": "/x~1y/~0", "value": 0}, {"op": "replace", "path": "/list", "value": []}]), json!([])),
        ] {
            assert_eq!(patched(object.clone(), patch.clone()).unwrap()["list"], expected, "{patch}");
        }
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let object = json!({"a": {"b": 1}, "list": [1]});
        for patch in [
            json!([{"op": "remove", "path": "/a/c"}]),
            json!([{"op": "replace", "path": "/c", "value": 1}]),
            json!([{"op": "add", "path": "/c/d", "value": 1}]),
            json!([{"op": "add", "path": "/list/2", "value": 1}]),
            json!([{"op": "add", "path": "/c", "value": 1}, {"op": "test", "path": "/a/b", "value": 2}]),
        ] {
            let mut changed = object.clone();
            assert!(apply(&mut changed, &read(patch.clone()).unwrap()).is_err(), "{patch}");
            assert_eq!(changed, object, "{patch}");
        }
    }
}
