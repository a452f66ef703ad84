//! Kubernetes' JSONPath as printer columns use it: fields, indices, `[*]` and filters by equality. Column paths are simple by rule (apiextensions validates
//! them); what is not understood finds nothing.

use serde_json::Value;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    /// From the end where it is negative.
    Index(i64),
    Every,
    /// The elements in which a path finds this value (or, negated, another or none).
    Where {
        path: Vec<Step>,
        value: Value,
        negated: bool,
    },
}

/// The first value that a path finds.
pub(super) fn find<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    first(object, &parse(path)?)
}

fn first<'a>(value: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    match step {
        Step::Field(name) => first(value.get(name)?, rest),
        Step::Index(index) => {
            let items = value.as_array()?;
            let at = if *index < 0 { items.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)? } else { usize::try_from(*index).ok()? };
            first(items.get(at)?, rest)
        }
        Step::Every => match value {
            Value::Array(items) => items.iter().find_map(|item| first(item, rest)),
            Value::Object(fields) => fields.values().find_map(|field| first(field, rest)),
            _ => None,
        },
        Step::Where { path, value: wanted, negated } => {
            let holds = |item: &&Value| (first(item, path) == Some(wanted)) != *negated;
            value.as_array()?.iter().filter(holds).find_map(|item| first(item, rest))
        }
    }
}

/// `None` for what is not understood.
fn parse(path: &str) -> Option<Vec<Step>> {
    let path = path.trim().strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(path.trim());
    let mut left = path.strip_prefix('$').unwrap_or(path);
    let mut steps = Vec::new();
    while !left.is_empty() {
        if let Some(inside) = left.strip_prefix('[') {
            let end = closing(inside)?;
            steps.push(bracket(inside[..end].trim())?);
            left = &inside[end + 1..];
        } else {
            let (name, rest) = field(left.strip_prefix('.')?);
            match name.as_str() {
                "" if rest.starts_with('[') => {}
                "" if rest.is_empty() && steps.is_empty() => {}
                "" => return None,
                "*" => steps.push(Step::Every),
                _ => steps.push(Step::Field(name)),
            }
            left = rest;
        }
    }
    Some(steps)
}

/// A field's name, in which `\.` is a dot, and what follows it.
fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.extend(letters.next().map(|(_, escaped)| escaped)),
            '.' | '[' => return (name, &text[at..]),
            letter => name.push(letter),
        }
    }
    (name, "")
}

/// Where the bracket ends: not within quotes, nor within brackets of its own.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_u32, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Option<Step> {
    if inside == "*" {
        return Some(Step::Every);
    }
    if let Some(name) = unquoted(inside) {
        return Some(Step::Field(name.to_owned()));
    }
    if let Some(filter) = inside.strip_prefix("?(").and_then(|filter| filter.strip_suffix(')')) {
        let (negated, (path, value)) = match filter.split_once("==") {
            Some(sides) => (false, sides),
            None => (true, filter.split_once("!=")?),
        };
        let value = value.trim();
        let value = unquoted(value).map_or_else(|| serde_json::from_str(value).ok(), |text| Some(Value::from(text)))?;
        return Some(Step::Where { path: parse(path.trim().strip_prefix('@')?)?, value, negated });
    }
    inside.parse().ok().map(Step::Index)
}

fn unquoted(text: &str) -> Option<&str> {
    ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_of_printer_columns_find_what_kubectl_prints() {
        let object = json!({
            "metadata": {"annotations": {"a.b/c": "dotted"}},
            "spec": {"size": 3, "hosts": ["a", "b"], "empty": []},
            "status": {"conditions": [{"type": "Synced", "status": "True"}, {"type": "Ready", "status": "False", "n": 2}]},
        });
        for (path, expected) in [
            (".spec.size", json!(3)),
            ("$.spec.size", json!(3)),
            ("{.spec.size}", json!(3)),
            (".spec.hosts", json!(["a", "b"])),
            (".spec.hosts[0]", json!("a")),
            (".spec.hosts[-1]", json!("b")),
            (".spec.hosts[*]", json!("a")),
            (".spec['size']", json!(3)),
            (r".metadata.annotations.a\.b/c", json!("dotted")),
            (".metadata.annotations['a.b/c']", json!("dotted")),
            (".status.conditions[?(@.type==\"Ready\")].status", json!("False")),
            (".status.conditions[?(@.type=='Ready')].status", json!("False")),
            (".status.conditions[?(@.type != 'Synced')].type", json!("Ready")),
            (".status.conditions[?(@.n == 2)].type", json!("Ready")),
        ] {
            assert_eq!(find(&object, path), Some(&expected), "{path}");
        }
        for nothing in [
            ".spec.absent",
            ".spec.hosts[7]",
            ".spec.hosts[-7]",
            ".spec.empty[*]",
            ".status.conditions[?(@.type==\"No\")].status",
            ".spec.size.deeper",
            "spec",
            ".a[",
            ".a[?(x)]",
            "..a",
        ] {
            assert_eq!(find(&object, nothing), None, "{nothing}");
        }
    }
}
